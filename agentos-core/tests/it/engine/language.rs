//! What expressions come to, one table a subject, asked of the engine without an app.

use agentos_core::engine::Engine;
use serde_json::{Value, json};

use super::screen::call;

pub(super) fn answer(expr: &str) -> Value {
    let scope = json!({
        "a": {"n": null}, "s": "abc", "list": [3, null, 1], "empty": [], "f": 0.1,
        "rows": [{"x": 1.5}, {"x": 2}, {}], "most": i64::MAX,
        "moment": 1_767_355_200_000i64, "written": "2026-01-02T13:30:00+01:00",
    });
    call(
        &mut Engine::default(),
        &json!({"op": "eval", "expr": expr, "scope": scope}),
    )
}

#[track_caller]
pub(super) fn comes_to(table: &[(&str, Value)]) {
    for (expr, expected) in table {
        let answer = answer(expr);
        assert_eq!(answer.get("value"), Some(expected), "{expr}: {answer}");
    }
}

/// Fails, and says why with these words.
#[track_caller]
pub(super) fn fails(table: &[(&str, &str)]) {
    for (expr, words) in table {
        let answer = answer(expr);
        assert!(
            answer["error"]
                .as_str()
                .is_some_and(|error| error.contains(words)),
            "{expr} should say {words:?}: {answer}"
        );
    }
}

/// Everything that is nothing, by all the ways there are to it.
const NOTHING: [&str; 12] = [
    "none",
    "None",
    "a.n",
    "a.missing",
    "a.missing.deeper.still",
    "nobody",
    "s.member",
    "[][5]",
    "{}.x",
    "(1 if false)",
    "(empty | first)",
    "a.get('zz')",
];

#[test]
fn missing_is_null_however_one_comes_to_it() {
    for nothing in NOTHING {
        comes_to(&[
            (nothing, Value::Null),
            (&format!("{nothing} == none"), json!(true)),
            (&format!("none != {nothing}"), json!(false)),
            (&format!("{nothing} == a.n"), json!(true)),
            (&format!("{nothing} == ''"), json!(false)),
            (&format!("{nothing} == 0"), json!(false)),
            (&format!("{nothing} is none"), json!(true)),
            (&format!("{nothing} is not none"), json!(false)),
            (&format!("{nothing} is defined"), json!(false)),
            (&format!("{nothing} is undefined"), json!(true)),
            (&format!("{nothing} is eq none"), json!(true)),
            (&format!("{nothing} in [1, none]"), json!(true)),
            (&format!("{nothing} not in [none]"), json!(false)),
            (&format!("{nothing} in list"), json!(true)),
            (&format!("{nothing} in [1, '']"), json!(false)),
            (&format!("1 in {nothing}"), json!(false)),
            (&format!("{nothing} or 'else'"), json!("else")),
            (&format!("not {nothing}"), json!(true)),
            (&format!("{nothing} | default('d')"), json!("d")),
            (&format!("{nothing} | default(none)"), Value::Null),
            (
                &format!("[{nothing}, {{'k': {nothing}}}]"),
                json!([null, {"k": null}]),
            ),
            (&format!("{nothing}.deeper"), Value::Null),
            (&format!("{nothing} < 0"), json!(true)),
            (&format!("{nothing} <= none"), json!(true)),
        ]);
    }
}

#[test]
fn nothing_is_written_as_nothing_and_counts_as_an_empty_list() {
    for nothing in NOTHING {
        comes_to(&[
            (&format!("'<' ~ {nothing} ~ '>'"), json!("<>")),
            (&format!("{nothing} | string"), json!("")),
            (&format!("[1, {nothing}, 2] | join('-')"), json!("1--2")),
            (&format!("{nothing} | length"), json!(0)),
            (&format!("{nothing} | list"), json!([])),
            (&format!("{nothing} | sort"), json!([])),
            (&format!("{nothing} | map(attribute='x') | list"), json!([])),
            (&format!("{nothing} | selectattr('x') | list"), json!([])),
            (&format!("{nothing} | join(', ')"), json!("")),
            (&format!("{nothing} | sum"), json!(0)),
            (&format!("{nothing} | first"), Value::Null),
            (&format!("{nothing} | max"), Value::Null),
            (&format!("{nothing} | upper"), json!("")),
            (&format!("{nothing} | number"), json!("")),
            (&format!("{nothing} | currency"), json!("")),
            (&format!("{nothing} | percent"), json!("")),
            (&format!("{nothing} | date"), json!("")),
            (&format!("{nothing} | plural('item')"), json!("")),
        ]);
    }
    comes_to(&[
        ("list | sort", json!([null, 1, 3])),
        ("rows | map(attribute='x') | list", json!([1.5, 2, null])),
        ("rows | map(attribute='x') | select('defined') | sum", json!(3.5)),
        ("rows | selectattr('x', 'none') | list | length", json!(1)),
        ("rows | join(', ', attribute='x')", json!("1.5, 2, ")),
        ("'' | default('d')", json!("")),
        ("'' | default('d', true)", json!("d")),
        ("{'none': 1}.none", json!(1)),
        ("'none' ~ ' ~ '", json!("none ~ ")),
    ]);
}

#[test]
fn nothing_is_no_number() {
    for nothing in NOTHING {
        fails(&[
            (&format!("{nothing} + 1"), "null and number"),
            (&format!("2 * {nothing}"), "number and null"),
            (&format!("-{nothing}"), "invalid operation"),
            (&format!("{nothing} | round"), "null is not a number"),
        ]);
        comes_to(&[(&format!("({nothing} or 0) + 1"), json!(1))]);
    }
}

#[test]
fn text_is_joined_as_text_around_an_expression_is_written() {
    comes_to(&[
        ("(0.1 + 0.2) ~ ' kg'", json!("0.3 kg")),
        ("f * 3 ~ ' kg'", json!("0.3 kg")),
        ("6 / 2 ~ ''", json!("3")),
        ("2 ~ -f", json!("2-0.1")),
        ("true ~ '!'", json!("true!")),
        ("[1, none, 'x'] ~ ''", json!("[1,null,\"x\"]")),
        ("a ~ ''", json!("{\"n\":null}")),
        ("[0.1 + 0.2, 1.0] | join(' ')", json!("0.3 1")),
        ("s ~ 'd' == 'abcd' and 'a' ~ s in ['aabc']", json!(true)),
        ("s ~ 1 if s ~ 2 == 'abc2' else s ~ 3", json!("abc1")),
        ("{'k': 'a' ~ 1, 'l': ['b' ~ 2]}", json!({"k": "a1", "l": ["b2"]})),
        ("(rows | length) ~ ' ' ~ (s | upper)", json!("3 ABC")),
        ("rows | length ~ ' rows'", json!("3 rows")),
    ]);
    fails(&[("1 ~", "syntax"), ("~ 1", "syntax"), ("1 ~ ~ 2", "syntax")]);
}

#[test]
fn numbers_are_what_a_person_means() {
    comes_to(&[
        ("7 / 2", json!(3.5)),
        ("6 / 2", json!(3)),
        ("1 / 3", json!(0.333_333_333_333_333)),
        ("0.1 + 0.2", json!(0.3)),
        ("0.1 + 0.7", json!(0.8)),
        ("10 - 9.9", json!(0.1)),
        ("1000.1 - 1000", json!(0.1)),
        ("0.1 + 0.2 - 0.3 == 0", json!(true)),
        ("10 % 3.3", json!(0.1)),
        ("1e-20 - 3e-21", json!(7e-21)),
        ("4.35 * 100", json!(435)),
        ("100 * 1.1", json!(110)),
        ("7 // 2", json!(3)),
        ("-7 // 2", json!(-4)),
        ("-7 % 3", json!(2)),
        ("7 % -3", json!(-2)),
        ("2 ** 10", json!(1024)),
        ("2 ** -1", json!(0.5)),
        ("9007199254740993 + 0", json!(9_007_199_254_740_993i64)),
        ("most", json!(i64::MAX)),
        ("most + 1", json!(9.223_372_036_854_78e18)),
        ("-most - 2", json!(-9.223_372_036_854_78e18)),
        ("most * most", json!(8.507_059_173_023_46e37)),
        ("1 == 1.0", json!(true)),
        ("'5' == 5", json!(false)),
        ("'12' | int", json!(12)),
        ("' 12 ' | int", json!(12)),
        ("'1.9' | int", json!(1)),
        ("3.9 | int", json!(3)),
        ("'2.50' | float", json!(2.5)),
        ("'twelve' | int(7)", json!(7)),
    ]);
    fails(&[
        ("1 / 0", "1 / 0"),
        ("1 // 0", "1 // 0"),
        ("1 % 0", "1 % 0"),
        ("1.0 / 0.0", "1.0 / 0.0"),
        ("10 ** 400", "10 ** 400"),
        ("1e400", "finite"),
        ("'5' + 3", "string and number; `~` joins texts"),
        (
            "'twelve' | int",
            "`twelve` is no number; `int(0)` takes 0 instead",
        ),
        ("'1,5' | float", "`1,5` is no number"),
    ]);
}

#[test]
fn a_half_is_rounded_away_from_zero_in_decimal_text() {
    comes_to(&[
        ("'%.2f' | format(1.005)", json!("1.01")),
        ("'{:.0f} {:.1f}'.format(2.5, -0.25)", json!("3 -0.3")),
        ("0.5 | round", json!(1)),
        ("1.5 | round", json!(2)),
        ("2.5 | round", json!(3)),
        ("-2.5 | round", json!(-3)),
        ("1234.5 | round", json!(1235)),
        ("2.675 | round(2)", json!(2.68)),
        ("1.005 | round(2)", json!(1.01)),
        ("-1.005 | round(precision=2)", json!(-1.01)),
        ("0.49999999999999994 | round", json!(1)),
        ("1250 | round(-2)", json!(1300)),
        ("-1250 | round(-2)", json!(-1300)),
        ("12 | round(2)", json!(12)),
        ("most | round", json!(i64::MAX)),
        ("1e300 | round(2)", json!(1e300)),
        ("1.5 | round(2147483647)", json!(1.5)),
        ("1.5 | round(-2147483648)", json!(0)),
        ("1234.567 | round(2, 'floor')", json!(1234.56)),
        ("-1.5 | round(0, 'floor')", json!(-2)),
        ("1234.561 | round(2, method='ceil')", json!(1234.57)),
        ("'2.5' | round", json!(3)),
        ("1234.5 | number(0)", json!("1,235")),
        ("2.675 | number(2)", json!("2.68")),
        ("2.675 | currency", json!("$2.68")),
        ("0.285 | percent", json!("29%")),
        ("'%.2f' | format(1.005)", json!("1.01")),
        ("'%.2f' | format(-2.675)", json!("-2.68")),
        ("'{:.1f}'.format(0.25)", json!("0.3")),
        ("'{:.1%}'.format(0.2825)", json!("28.3%")),
        ("'%.3f' | format(2)", json!("2.000")),
        ("10 % 3.3", json!(0.1)),
        ("-10 % 3.3", json!(3.2)),
        ("7.5 % 2", json!(1.5)),
        ("0.3 % 0.1", json!(0)),
        ("5.5 // 1.1", json!(5)),
    ]);
    fails(&[
        ("1.5 | round(1, 'up')", "common, ceil or floor"),
        ("'x' | round", "`x` is not a number"),
    ]);
}

#[test]
fn filters_write_as_their_rules_say() {
    comes_to(&[
        ("1234567.891 | number", json!("1,234,567.891")),
        ("999 | number", json!("999")),
        ("1000 | number", json!("1,000")),
        ("-1000 | number(1)", json!("-1,000.0")),
        ("-0.001 | number(1)", json!("0.0")),
        ("' 12.5 ' | number", json!("12.5")),
        ("1 | number(99)", json!("1.000000000000000")),
        ("1234.5 | currency", json!("$1,234.50")),
        ("-1234.5 | currency('€')", json!("-€1,234.50")),
        ("-0.001 | currency", json!("$0.00")),
        ("5 | currency('¥', 0)", json!("¥5")),
        ("0.25 | percent", json!("25%")),
        ("0.125 | percent(1)", json!("12.5%")),
        ("-0.5 | percent", json!("-50%")),
        ("12 | percent", json!("1,200%")),
        ("moment | date", json!("2026-01-02")),
        ("moment | date('%d.%m.%Y %H:%M')", json!("02.01.2026 12:00")),
        ("written | date('%H:%M')", json!("12:30")),
        ("'2026-02-28' | date('%A %-d %B')", json!("Saturday 28 February")),
        ("'2026-01-02T23:00:00' | date('%H')", json!("23")),
        ("0 | date('%Y-%m-%dT%H:%M:%S')", json!("1970-01-01T00:00:00")),
        ("-1 | date", json!("1969-12-31")),
        ("'' | date", json!("")),
        ("1 | plural('item')", json!("1 item")),
        ("0 | plural('item')", json!("0 items")),
        ("2 | plural('child', 'children')", json!("2 children")),
        ("1.0 | plural('child', 'children')", json!("1 child")),
        ("-1 | plural('point')", json!("-1 points")),
        ("1234 | plural('row')", json!("1,234 rows")),
    ]);
    fails(&[
        ("'x' | number", "`x` is not a number"),
        ("'yesterday' | date", "`yesterday` is no date"),
        ("1e300 | date", "out of range"),
        ("'many' | plural('item')", "`many` is not a number"),
        ("moment | date('%Q!')", "invalid operation"),
    ]);
}

#[test]
fn an_expression_is_bounded_in_source_steps_and_result() {
    let of_length = |bytes: usize| format!("'{}'", "x".repeat(bytes - 2));
    comes_to(&[(&of_length(2_048), json!("x".repeat(2_046)))]);
    fails(&[
        (&of_length(2_049), "2048 bytes"),
        ("range(100000) | map('string') | list", "50000 steps"),
        ("'x' * 300000", "262144 bytes"),
        ("'x' * 1000000000", "steps"),
        ("range(60000) | join('xxxxx')", "bytes"),
        ("['x' * 200000, 'y' * 100000] | join", "bytes"),
        ("('x' * 200000) ~ ('y' * 100000)", "bytes"),
    ]);
    comes_to(&[("('x' * 200000) | length", json!(200_000))]);
}

/// Were the rest not looked at, the whole would count as what stands before it.
#[test]
fn what_cannot_be_read_behind_a_text_is_a_mistake() {
    comes_to(&[
        ("'a' 'b'", json!("ab")),
        ("'x' == \"x\" and not 'y' in ['z']", json!(true)),
        ("{'a': 'b'}['a'] if 'x' is string else 'y'", json!("b")),
        ("'a&b?!' | replace('&', '#')", json!("a#b?!")),
    ]);
    fails(&[
        ("'x' == 'x' && false", "write `and`"),
        ("'x' && false", "write `and`"),
        ("true && false", "write `and`"),
        ("not ('x' == 'y') && !true", "write `and`"),
        ("'x' == !true", "write `not`"),
        ("'x' == 'x' ? 'y' : 'z'", "write `x if condition else y`"),
        ("'x' ?? 'y'", "write `x if condition else y`"),
        ("'a' # c", "`#`"),
        ("'a' ; 'b'", "`;`"),
        ("'a' $b", "`$`"),
        ("'x' == 'x' \"y", "never closed"),
        ("'x' é", "stands behind"),
        ("'x' 12abc", "stands behind"),
        ("'x' b", "stands behind"),
    ]);
}

#[test]
fn a_format_takes_no_more_room_than_a_result_may() {
    comes_to(&[
        ("'{:>5}'.format('ab')", json!("   ab")),
        ("'{0} {1}'.format(1, 2)", json!("1 2")),
        ("'{:200000}'.format(1) | length", json!(200_000)),
        (
            "'No. 20261126120000 of {}'.format('A')",
            json!("No. 20261126120000 of A"),
        ),
        ("'{{20261126120000}} {}'.format('A')", json!("{20261126120000} A")),
    ]);
    fails(&[
        ("'{:18446744073709551615}'.format(1)", "wider"),
        ("'{:99999999999999999999999999}'.format(1)", "wider"),
        ("'{0:>4000000000}'.format('a')", "wider"),
        ("'{:.4000000000f}'.format(1.0)", "wider"),
        ("'{:200000}{:200000}'.format(1, 2)", "wider"),
        ("('{:100000}' * 100).format(1)", "wider"),
    ]);
}

#[test]
fn neither_time_nor_chance_is_in_reach_outside_of_arguments() {
    for name in ["now", "uuid", "random", "debug", "namespace", "lipsum", "cycler"] {
        let answer = answer(&format!("{name}()"));
        assert!(answer["error"].is_string(), "{name}: {answer}");
    }
}
