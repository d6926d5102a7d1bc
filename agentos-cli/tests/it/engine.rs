//! `engine` answers each line, whatever it holds.

use serde_json::{Value, json};

use crate::program::{COUNTER, run};

fn answers(requests: &[String]) -> Vec<Value> {
    let ended = run(&["engine"], &requests.join("\n"));
    assert_eq!((ended.code, ended.told.as_str()), (0, ""), "{ended:?}");
    ended
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn an_app_is_opened_used_and_closed() {
    let spec: Value = serde_json::from_str(COUNTER).unwrap();
    let click = json!({ "id": 2, "op": "dispatch", "app": "a", "event": { "component": "more", "kind": "click" }, "now": 1 });
    let answers = answers(&[
        json!({ "id": 1, "op": "open", "app": "a", "spec": spec, "now": 0 }).to_string(),
        click.to_string(),
        json!({ "id": 3, "op": "close", "app": "a", "now": 2 }).to_string(),
    ]);
    assert_eq!(
        answers
            .iter()
            .map(|answer| answer["id"].as_u64().unwrap())
            .collect::<Vec<_>>(),
        [1, 2, 3]
    );
    assert_eq!(answers[1]["nodes"].as_array().unwrap().len(), 1, "{}", answers[1]);
    assert_eq!(answers[1]["nodes"][0]["props"]["content"], "1 ");
}

#[test]
fn a_bad_line_is_answered_and_the_next_one_too() {
    let deep = "[".repeat(100_000);
    let answers = answers(&[
        "{".to_owned(),
        "null".to_owned(),
        deep,
        r#"{"id":"x","op":"explode"}"#.to_owned(),
        String::new(),
        r#"{"id":"y","op":"view","app":"missing"}"#.to_owned(),
        r#"{"id":"z","op":"eval","expr":"1 + 1"}"#.to_owned(),
    ]);
    assert_eq!(answers.len(), 6, "an empty line is no request");
    for answer in &answers[..5] {
        assert!(
            answer["error"].is_string() && answer["code"].is_string(),
            "{answer}"
        );
    }
    assert_eq!(
        (&answers[3]["id"], &answers[4]["code"]),
        (&json!("x"), &json!("app_not_found"))
    );
    assert_eq!(answers[5], json!({ "id": "z", "value": 2 }));
}
