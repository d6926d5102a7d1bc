//! How expressions are read, and what each operator, filter, test and method of Jinja answers, one table a subject.

use serde_json::{Value, json};

use super::language::{comes_to, fails};

#[test]
fn operators_bind_as_in_jinja() {
    comes_to(&[
        ("1 + 2 * 3", json!(7)),
        ("(1 + 2) * 3", json!(9)),
        ("2 * 3 ** 2", json!(18)),
        ("2 ** 3 ** 2", json!(64)),
        ("-2 ** 2", json!(4)),
        ("10 - 4 - 3", json!(3)),
        ("100 / 10 / 5", json!(2)),
        ("2 * 3 ~ 4 * 5 == '620'", json!(true)),
        ("1 + 1 == 2 and 3 > 2", json!(true)),
        ("true or false and false", json!(true)),
        ("not true or true", json!(true)),
        ("not 1 == 2", json!(true)),
        ("not 3 in [1, 2]", json!(true)),
        ("3 not in [1, 2]", json!(true)),
        ("1 < 2 < 3", json!(true)),
        ("1 < 3 < 2", json!(false)),
        ("3 > 2 > 1", json!(true)),
        ("-3 | abs", json!(3)),
        ("1 + -3 | abs", json!(4)),
        ("[2, 1] | sort | first + 1", json!(2)),
        ("4 is even and not 4 is odd", json!(true)),
        ("3 + 1 is odd", json!(4)),
        ("1 if false else 2 if false else 3", json!(3)),
        ("'a' if 1 > 2 else 'b'", json!("b")),
        ("0 or 'y'", json!("y")),
        ("1 and 'y'", json!("y")),
        ("'' and 'y'", json!("")),
        ("0x1F + 0b11 + 0o17 + 1_000", json!(1049)),
        ("1e3 + 1. + 2.5e-1", json!(1001.25)),
        ("'\\u00e9\\x41\\t\\ud83d\\ude00\\z'", json!("éA\t😀\\z")),
        ("(1, 2) + [3]", json!([1, 2, 3])),
        ("(1,)", json!([1])),
        ("[1, 2,] | length", json!(2)),
        ("{'a': 1, 'a': 2, 3: 4}", json!({"a": 2, "3": 4})),
        ("[1] * 2 + [0]", json!([1, 1, 0])),
        ("'ab' * 2", json!("abab")),
        ("[] * 9223372036854775807", json!([])),
        ("'' * 9223372036854775807", json!("")),
    ]);
    fails(&[
        ("1 + 2 ~ 3", "number and string"),
        ("1 +", "unexpected end of input"),
        ("(1", "unexpected end of input, expected `)`"),
        ("1)", "unexpected input after expression"),
        ("1 2", "unexpected input after expression"),
        ("a b", "unexpected input after expression"),
        ("a.", "expected identifier"),
        ("a[]", "empty subscript"),
        ("{'a'}", "expected `:`"),
        ("a = 1", "unexpected input after expression"),
        ("1.5.x", "a number has no members"),
        ("f(x=1, 2)", "non-keyword arg after keyword arg"),
        ("if", "unexpected `if`"),
        ("0xZZ", "`0xZZ` is no number"),
        ("'\\ud83d'", "is no character"),
        ("1 is", "expected identifier"),
        ("1 |", "expected identifier"),
        ("(1)(2)", "only functions and methods can be called"),
    ]);
}

#[test]
fn elements_members_and_slices() {
    comes_to(&[
        ("rows[0].x", json!(1.5)),
        ("rows.0.x", json!(1.5)),
        ("rows[-1]", json!({})),
        ("rows[9]", Value::Null),
        ("rows[-9].x", Value::Null),
        ("a['n' ~ '']", Value::Null),
        ("{'k': [5]}['k'][0]", json!(5)),
        ("s[0] ~ s[-1] ~ s.1", json!("acb")),
        ("s[1:]", json!("bc")),
        ("s[:-1]", json!("ab")),
        ("s[::-1]", json!("cba")),
        ("[1, 2, 3, 4][1:3]", json!([2, 3])),
        ("[1, 2, 3, 4][::2]", json!([1, 3])),
        ("[1, 2, 3, 4][3:0:-2]", json!([4, 2])),
        ("[1, 2][5:]", json!([])),
        ("[1, 2][-9:9]", json!([1, 2])),
        (
            "[1, 2][9223372036854775807:-9223372036854775807:-1]",
            json!([2, 1]),
        ),
        ("range(3)[1]", json!(1)),
        ("range(10, 0, -4)", json!([10, 6, 2])),
        ("dict(a=1, b=2)", json!({"a": 1, "b": 2})),
        ("dict({'a': 1}, a=3)", json!({"a": 3})),
    ]);
    fails(&[
        ("[1][::0]", "step size of 0"),
        ("{}[1:]", "value of type map cannot be sliced"),
        ("[1]['a':]", "whole numbers"),
        ("range(100001)", "too many elements"),
        ("range(1, 2, 0)", "step of 0"),
        ("range(none)", "`start` is a whole number, not a null"),
        ("dict(1)", "dict takes an object"),
    ]);
}

#[test]
fn values_of_two_kinds_have_an_order_and_are_not_equal() {
    comes_to(&[
        (
            "[{}, [], 'a', 2, true, none] | sort",
            json!([null, true, 2, "a", [], {}]),
        ),
        ("['b', 'A', 'c'] | sort", json!(["A", "b", "c"])),
        (
            "['b', 'A', 'c'] | sort(case_sensitive=true, reverse=true)",
            json!(["c", "b", "A"]),
        ),
        ("[1, 2] < [1, 3]", json!(true)),
        ("[1, 2] == (1, 2)", json!(true)),
        ("{'a': 1} == {'a': 1.0}", json!(true)),
        ("{'a': none} == {'b': none}", json!(false)),
        ("'1' == 1", json!(false)),
        ("true == 1", json!(true)),
        ("1 in [1.0]", json!(true)),
        ("'b' in s and 'x' not in s", json!(true)),
        ("'n' in a and 'm' not in a", json!(true)),
        ("[1, '1', 1.0, 'A', 'a'] | unique", json!([1, "1", "A"])),
    ]);
    fails(&[("1 in 5", "containment check")]);
}

#[test]
fn filters_of_lists() {
    comes_to(&[
        ("[1, 2, 3] | batch(2)", json!([[1, 2], [3]])),
        ("[1, 2, 3] | batch(2, 0)", json!([[1, 2], [3, 0]])),
        ("[1, 2, 3] | slice(2)", json!([[1, 2], [3]])),
        ("[1, 2, 3] | slice(2, 0)", json!([[1, 2], [3, 0]])),
        ("rows | groupby('x') | map('first')", json!([null, 1.5, 2])),
        ("(rows | groupby('x'))[1].grouper", json!(1.5)),
        ("(rows | groupby('x', default=9) | last).list", json!([{}])),
        ("rows | map(attribute='x', default=0)", json!([1.5, 2, 0])),
        ("['a', 'b'] | map('upper') | join('-')", json!("A-B")),
        ("[[3, 1], [2]] | map('sort') | map('first')", json!([1, 2])),
        ("[1, 2, 3, 4] | select('gt', 2)", json!([3, 4])),
        ("[1, 2, 3, 4] | reject('even')", json!([1, 3])),
        ("[0, 1, none] | select", json!([1])),
        ("rows | selectattr('x', 'gt', 1.6)", json!([{"x": 2}])),
        ("rows | rejectattr('x') | length", json!(1)),
        ("rows | sum(attribute='x')", json!(3.5)),
        ("[[1], [2]] | sum(start=[])", json!([1, 2])),
        ("rows | max(attribute='x')", json!({"x": 2})),
        (
            "rows | sort(attribute='x', reverse=true) | map(attribute='x')",
            json!([2, 1.5, null]),
        ),
        (
            "[{'a': 1, 'b': 2}, {'a': 1, 'b': 1}] | sort(attribute='a,b') | map(attribute='b')",
            json!([1, 2]),
        ),
        ("{'b': 1, 'a': 2} | dictsort", json!([["a", 2], ["b", 1]])),
        (
            "{'b': 1, 'a': 2} | dictsort(by='value')",
            json!([["b", 1], ["a", 2]]),
        ),
        ("{'a': 1} | items", json!([["a", 1]])),
        ("{'a': 1} | list", json!(["a"])),
        ("'héé' | reverse", json!("ééh")),
        ("[1, 2] | zip(['a', 'b', 'c'])", json!([[1, "a"], [2, "b"]])),
        ("[1] | chain([2], [3])", json!([1, 2, 3])),
        ("'a,b' | split(',')", json!(["a", "b"])),
        ("' a  b ' | split", json!(["a", "b"])),
    ]);
    fails(&[
        ("[1] | batch(0)", "count cannot be 0"),
        ("['a'] | sum", "can only sum numbers"),
        ("5 | list", "number is not iterable"),
        ("5 | length", "cannot calculate length"),
        ("5 | split", "not a string"),
        ("[1] | map", "filter name is required"),
        ("[1] | map('shout')", "unknown filter: filter shout is unknown"),
        ("[1] | select('tall')", "unknown test: test tall is unknown"),
        ("1 | round(1, 'floor', 3)", "too many arguments"),
        ("'a' | replace('b')", "missing argument"),
        ("[1] | sort(by='x')", "unknown keyword argument `by`"),
    ]);
}

#[test]
fn filters_and_methods_of_texts() {
    comes_to(&[
        ("'o\\'neil-smith ÉCOLE' | title", json!("O'neil-Smith École")),
        ("'éCOLE' | capitalize", json!("École")),
        ("'ß' | upper", json!("SS")),
        ("'xxaxx' | trim('x')", json!("a")),
        ("' a ' | trim", json!("a")),
        ("12 | replace(1, 9)", json!("92")),
        ("'aaa' | replace('a', 'b', 2)", json!("bba")),
        ("'abc'.replace('', '-')", json!("-a-b-c-")),
        ("'a-b-c'.split('-', 1)", json!(["a", "b-c"])),
        ("'a\\nb'.splitlines()", json!(["a", "b"])),
        ("', '.join([1, 'x', none])", json!("1, x, ")),
        (
            "'abc'.startswith(['x', 'a']) and 'abc'.endswith('c')",
            json!(true),
        ),
        ("'éa'.find('a') ~ 'aéa'.rfind('a') ~ 'a'.find('x')", json!("12-1")),
        ("'banana'.count('an') ~ [1, 1].count(1)", json!("22")),
        ("'  x'.lstrip() ~ 'xy'.strip('y') ~ 'x  '.rstrip()", json!("xxx")),
        (
            "['12'.isdigit(), 'a1'.isalnum(), 'a1'.isalpha(), ''.isspace()]",
            json!([true, true, false, false]),
        ),
        (
            "['aB'.islower(), 'ab'.islower(), 'AB'.isupper(), 'é'.isascii()]",
            json!([false, true, true, false]),
        ),
        (
            "{'a': 1}.get('b', 2) ~ {'a': 1}.keys()[0] ~ {'a': 1}.values()[0]",
            json!("2a1"),
        ),
        ("{'a': 1}.items()", json!([["a", 1]])),
        (
            "'%s is %d, %5.2f, %-3s|%05d %x %%' | format('a', 4.9, 3.14159, 'b', 42, 255)",
            json!("a is 4,  3.14, b  |00042 ff %"),
        ),
        ("'%(a)s%(a)s' | format(a=1)", json!("11")),
        ("'%s' | format(1, 2)", json!("1")),
        (
            "'{:>6.2f}|{:^5}|{:,}|{:05d}|{:+}|{:e}|{:#x}|{:.1%}'.format(3.14159, 'b', 1234567, -42, 3, 12345.678, 255, 0.125)",
            json!("  3.14|  b  |1,234,567|-0042|+3|1.234568e+04|0xff|12.5%"),
        ),
        ("'{a}{b[c]}{0}{{}}'.format(7, a=1, b={'c': 2})", json!("127{}")),
        (
            "'{:g} {:g} {:g}'.format(0.0001, 1234567.0, 2.5)",
            json!("0.0001 1.23457e+06 2.5"),
        ),
        ("'{:.70000f}'.format(1) | length", json!(1102)),
    ]);
    fails(&[
        ("'a'.shout()", "unknown method: string has no method named shout"),
        (
            "[1].append(2)",
            "unknown method: sequence has no method named append",
        ),
        ("'a'.upper(1)", "too many arguments"),
        ("'{} {}'.format(1)", "more fields than there are values"),
        ("'{'.format(1)", "single brace"),
        ("'%y' | format(1)", "before no field"),
        ("'%d' | format('x')", "`d` cannot write a string"),
        ("shout()", "unknown function: shout is unknown"),
        ("(range)", "missing its ()"),
    ]);
}

#[test]
fn tests_answer_yes_or_no() {
    let yes = [
        "true is boolean",
        "false is false",
        "3 is odd",
        "-2 is even",
        "9 is divisibleby 3",
        "9 is divisibleby(3)",
        "'abc' is startingwith 'a'",
        "'abc' is endingwith('bc')",
        "1 is eq 1",
        "1 is ne 2",
        "1 is lt 2",
        "2 is ge 2",
        "1 is in [1]",
        "[] is sequence",
        "s is string",
        "1.5 is float",
        "2 is integer",
        "2 is number",
        "a is mapping",
        "s is iterable",
        "'a' is lower",
        "'A' is upper",
        "1 is not none",
        "3 is not even",
        "nobody is undefined",
        "1 is sameas 1",
        "1 is not in [2]",
    ];
    for test in yes {
        comes_to(&[(test, json!(true)), (&format!("not ({test})"), json!(false))]);
    }
    fails(&[
        ("1 is tall", "unknown test: test tall is unknown"),
        ("1 is eq", "missing argument"),
    ]);
}

/// Nothing that fits into 2 KiB overflows the stack of a test, which is that of a thread: 2 MiB.
#[test]
fn nothing_nests_deeper_than_the_stack() {
    let times = |text: &str, bytes: usize| text.repeat(bytes / text.len());
    fails(&[
        (
            &format!("{}1{}", "(".repeat(101), ")".repeat(101)),
            "deeper than 100 levels",
        ),
        (&format!("{}true", "not ".repeat(500)), "deeper than 100 levels"),
        (&format!("{}1", "-".repeat(500)), "deeper than 100 levels"),
        (
            &format!("{}1", "1 if true else ".repeat(130)),
            "deeper than 100 levels",
        ),
        (&format!("1{}", times(" | batch(1)", 2000)), "not iterable"),
        (&format!("[1]{}", times("|batch(1)", 2000)), "nests too deep"),
        (
            &format!("'ab'|map({})", times("'map',", 2000)),
            "map nests deeper than 16 levels",
        ),
    ]);
    comes_to(&[
        (&format!("{}1{}", "(".repeat(99), ")".repeat(99)), json!(1)),
        (&format!("1{}", times("+1", 2000)), json!(1001)),
        (&format!("-1{}", times("|abs", 2000)), json!(1)),
        (&format!("a{}", times(".b", 2000)), Value::Null),
        (&format!("a{}", times("[0]", 2000)), Value::Null),
        (&format!("1{}", times(" is ne 0", 2000)), json!(true)),
        (&format!("'a'{}", times(".upper()", 2000)), json!("A")),
        (&format!("true{}", times(" and 1", 2000)), json!(1)),
        (
            &format!("[1]{0} == [1]{0}", times("|batch(1)", 1000)),
            json!(true),
        ),
    ]);
}
