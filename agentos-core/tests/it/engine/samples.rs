//! The documents kept beside the project run as they were meant to.

use serde_json::{Value, json};

use super::screen::Screen;

fn sample(name: &str) -> Option<Value> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../shared/samples")
        .join(name);
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!("skipped: there is no {}", path.display());
        return None;
    };
    Some(serde_json::from_str(&text).unwrap())
}

#[test]
fn the_calculator_of_the_earlier_readme_takes_digits() {
    let Some(document) = sample("calculator-readme.json") else {
        return;
    };
    let mut screen = Screen::open(document);
    screen.click("btn-7");
    assert_eq!(screen.prop("display", "value"), "7");
}

#[test]
fn the_todo_list_works() {
    let Some(document) = sample("todo.json") else {
        return;
    };
    let mut screen = Screen::open(document);
    screen.enter("draft", "Milk");
    screen.submit("draft");
    screen.enter("draft", "Tea");
    screen.submit("draft");
    let rows = screen.children("items");
    assert_eq!(rows.len(), 2);
    let cells = screen.children(&rows[0]);
    assert_eq!(screen.prop(&cells[0], "label"), "Milk");
    screen.check(&cells[0], true);
    screen.click("clear");
    screen.succeed("system.confirm", json!(true));
    assert_eq!(screen.state["todos"].as_array().unwrap().len(), 1);
}

#[test]
fn the_dashboard_is_drawn_from_its_default_and_shows_what_failed() {
    let Some(mut document) = sample("dashboard.json") else {
        return;
    };
    document["components"][0]["children"][2]["id"] = json!("refresh");
    let mut screen = Screen::open(document.clone());
    let checked = screen.call(&json!({"op": "check", "spec": document}));
    assert_eq!(checked["valid"], true, "{checked}");
    let shown = |screen: &mut Screen| screen.ask(json!({"op": "view"}))["nodes"].to_string();
    screen.fail("http.get", "permission_denied");
    assert!(shown(&mut screen).contains("Could not load: http.get failed"));
    assert!(shown(&mut screen).contains("Highest"));
    assert!(shown(&mut screen).contains("\"temps\""));
    screen.click("refresh");
    let daily = json!({"time": ["2026-01-01", "2026-01-02"], "temperature_2m_max": [3, 5], "temperature_2m_min": [-1, 0]});
    let body = json!({"daily": daily});
    screen.succeed(
        "http.get",
        json!({"status": 200, "ok": true, "headers": {}, "body": body}),
    );
    let shown = shown(&mut screen);
    assert!(
        shown.contains("5 °C") && !shown.contains("Could not load"),
        "{shown}"
    );
}
