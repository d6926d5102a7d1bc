//! A calculator a person would use: every key does what is printed on it.

use serde_json::{Value, json};

use super::screen::Screen;

pub(super) fn calculator() -> Value {
    let key = |id: &str, text: &str, tool: &str| json!({"type": "button", "id": id, "props": {"text": text}, "on_event": {"click": tool}});
    let memory = |id: &str, text: &str, op: &str| {
        json!({"type": "button", "id": id, "props": {"text": text},
            "on_event": {"click": {"tool": "calc.memory", "args": {"op": op}}}})
    };
    let digits = (0..10).map(|digit| key(&format!("d{digit}"), &digit.to_string(), "calc.append_digit"));
    let keys = [
        key("plus", "+", "calc.append_operator"),
        key("minus", "−", "calc.append_operator"),
        key("times", "×", "calc.append_operator"),
        key("over", "÷", "calc.append_operator"),
        key("percent", "%", "calc.append_operator"),
        key("open", "(", "calc.append_operator"),
        key("shut", ")", "calc.append_operator"),
        key("point", ".", "calc.decimal"),
        key("sign", "±", "calc.negate"),
        key("back", "⌫", "calc.backspace"),
        key("clear", "C", "calc.clear"),
        key("equals", "=", "calc.evaluate"),
        memory("ms", "MS", "store"),
        memory("mr", "MR", "recall"),
        memory("madd", "M+", "add"),
        memory("msub", "M−", "subtract"),
        memory("mc", "MC", "clear"),
    ];
    json!({
        "type": "app",
        "title": "Calculator",
        "state": {"display": "0"},
        "components": [
            {"type": "text", "id": "shown", "props": {"content": "{{ display }}", "variant": "h1"}},
            {"type": "grid", "id": "keys", "props": {"columns": 4}, "children": digits.chain(keys).collect::<Value>()},
        ]
    })
}

/// Presses keys by what is printed on them and reads the display.
fn press(screen: &mut Screen, keys: &str) -> String {
    for key in keys.split_whitespace() {
        let id = match key {
            "+" => "plus",
            "-" => "minus",
            "*" => "times",
            "/" => "over",
            "%" => "percent",
            "(" => "open",
            ")" => "shut",
            "." => "point",
            "±" => "sign",
            "<" => "back",
            "C" => "clear",
            "=" => "equals",
            digit if digit.len() == 1 => &format!("d{digit}"),
            memory => memory,
        };
        screen.click(id);
        assert_eq!(screen.turn["issues"], json!([]), "{key} in {keys}");
    }
    screen.prop("shown", "content").as_str().unwrap().to_owned()
}

#[track_caller]
fn shows(keys: &str, expected: &str) {
    assert_eq!(press(&mut Screen::open(calculator()), keys), expected, "{keys}");
}

#[test]
fn digits_and_operators_work_as_printed() {
    shows("7", "7");
    shows("0 0 7", "7");
    shows("7 * 6 =", "42");
    shows("1 + 2 * 3 =", "7");
    shows("( 1 + 2 ) * 3 =", "9");
    shows("9 - 1 2 =", "-3");
    shows("1 0 / 4 =", "2.5");
    shows("6 / 2 =", "3");
    shows("7 * 6 = + 8 =", "50");
    shows("7 * 6", "7×6");
}

#[test]
fn decimals_are_exact_to_the_eye() {
    shows(". 1 + . 2 =", "0.3");
    shows("1 . 5 . 5", "1.55");
    shows("0 . 1 * 3 =", "0.3");
    shows("1 / 3 =", "0.333333333333333");
}

#[test]
fn what_is_typed_is_worked_out_as_it_is_written_on_paper() {
    for (typed, expected) in [
        ("10 − 9.9", "0.1"),
        ("1000.1 − 1000", "0.1"),
        ("0.1 + 0.2 − 0.3", "0"),
        ("1,234 + 1", "1235"),
        ("1 000 + 1", "1001"),
        ("12’345’678 × 1", "12345678"),
        ("1,234.5 × 2", "2469"),
        ("1,5 + 1", "Error"),
        ("1234,567", "Error"),
        ("1 2", "Error"),
        ("2(3 + 4)", "14"),
        ("(1 + 2)(3 + 4)", "21"),
        ("(2)3", "6"),
        ("1/2(3)", "1.5"),
        ("2^3^2", "512"),
        ("2^3 × 4", "32"),
        ("2*3^2+1", "19"),
        ("2^2(3)", "12"),
        ("(2^3)^2", "64"),
        ("2^(1 + 1)^2 − 1", "15"),
        ("2^-1", "0.5"),
        ("(2^3^2", "512"),
        ("200 / 10%", "2000"),
        ("(20 + 30)% × 4", "2"),
        ("10 % 3", "Error"),
        ("9 +", "9"),
        ("2 × -3", "-6"),
        (")", "Error"),
        (".", "Error"),
        ("now()", "Error"),
    ] {
        let mut doc = calculator();
        doc["state"]["display"] = typed.into();
        assert_eq!(press(&mut Screen::open(doc), "="), expected, "{typed}");
    }
}

#[test]
fn sign_percent_backspace_and_clear() {
    shows("5 ±", "-5");
    shows("5 ± ±", "5");
    shows("8 - 5 ± =", "13");
    shows("5 0 % =", "0.5");
    shows("2 0 0 * 1 0 % =", "20");
    shows("1 2 3 <", "12");
    shows("1 <", "0");
    shows("1 2 + 3 C", "0");
    shows("C", "0");
    shows("=", "0");
}

#[test]
fn division_by_zero_shows_error_and_the_app_goes_on() {
    shows("8 / 0 =", "Error");
    shows("8 / 0 = 7", "7");
    shows("8 / 0 = C 2 + 2 =", "4");
    shows("8 / 0 = 5 + 5 =", "10");
}

#[test]
fn memory_keeps_a_number_over_clear() {
    shows("5 ms C mr", "5");
    shows("5 ms C 3 madd C mr", "8");
    shows("5 ms C 2 msub C mr", "3");
    shows("5 ms mc C mr", "0");
    shows("4 2 ms C 8 + mr =", "50");
}

#[test]
fn a_key_press_changes_one_node() {
    let mut screen = Screen::open(calculator());
    screen.click("d7");
    assert_eq!(screen.changed(), ["shown"]);
    assert_eq!(
        screen.turn["state_patch"],
        json!([{"op": "replace", "path": "/display", "value": "7"}])
    );
    assert_eq!(screen.turn.get("root"), None);
    screen.click("clear");
    screen.click("clear");
    assert_eq!(screen.changed(), [] as [&str; 0]);
    assert_eq!(screen.turn["state_patch"], json!([]));
}

#[test]
fn the_earlier_form_keeps_its_display_under_its_id() {
    let mut screen = Screen::open(json!({
        "type": "app", "title": "Calculator", "layout": "vertical",
        "components": [
            {"type": "input", "id": "display", "props": {"value": "0", "readonly": true}},
            {"type": "button", "id": "btn-7", "props": {"text": "7"}, "on_event": {"click": "calc.append_digit"}}
        ],
        "services": ["calc"],
        "service_bindings": {"calc": ["append_digit", "add", "subtract", "multiply", "divide"]}
    }));
    assert_eq!(screen.prop("display", "value"), "0");
    screen.click("btn-7");
    screen.click("btn-7");
    assert_eq!(screen.prop("display", "value"), "77");
    assert_eq!(screen.state["display"], "77");
}
