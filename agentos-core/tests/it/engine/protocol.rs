//! The protocol itself: requests that are answered with an error, and the ones that need no app.

use std::collections::BTreeMap;

use agentos_core::engine::Engine;
use serde_json::{Value, json};

use super::screen::call;
use super::todo::todo;

#[track_caller]
fn fails(engine: &mut Engine, request: &str, code: &str) {
    let answer: Value = serde_json::from_str(&engine.call(request)).unwrap();
    let told = answer["error"]
        .as_str()
        .unwrap_or_else(|| panic!("{request} fails: {answer}"));
    assert!(!told.is_empty());
    assert_eq!(answer["code"], code, "{request}: {answer}");
}

#[test]
fn hostile_requests_are_answered_and_the_engine_goes_on() {
    let mut engine = Engine::default();
    for request in [
        "",
        "{",
        "nonsense",
        "[1,2",
        "\u{0}",
        "{\"op\":\"open\"",
        "{\"op\":\"view\"} trailing",
    ] {
        fails(&mut engine, request, "invalid_request");
    }
    fails(&mut engine, &"[".repeat(100_000), "invalid_request");
    fails(
        &mut engine,
        &format!("{{\"op\":\"check\",\"spec\":{}", "{\"a\":".repeat(100_000)),
        "invalid_request",
    );
    for request in [
        json!({}),
        json!([]),
        json!(7),
        json!("open"),
        json!({"op": 7}),
        json!({"op": "explode"}),
        json!({"op": "open"}),
        json!({"op": "open", "app": "a", "now": 0}),
        json!({"op": "open", "app": "a", "spec": todo()}),
        json!({"op": "open", "app": "a", "spec": todo(), "now": "soon"}),
        json!({"op": "dispatch", "app": "a"}),
        json!({"op": "dispatch", "app": "a", "event": {"kind": "click"}, "now": 0}),
        json!({"op": "resolve", "app": "a", "effect": "x", "ok": 1, "now": 0}),
        json!({"op": "window", "app": "a", "state": "sideways", "now": 0}),
        json!({"op": "edit", "lines": "x"}),
        json!({"op": "patch", "doc": {}}),
        json!({"op": "eval"}),
    ] {
        fails(&mut engine, &request.to_string(), "invalid_request");
    }
    for op in ["view", "tick", "close", "range", "resolve"] {
        let request = json!({"op": op, "app": "nobody", "now": 0, "effect": 1, "ok": 1, "component": "c", "first": 0, "count": 1});
        fails(&mut engine, &request.to_string(), "app_not_found");
    }
    let opened = call(
        &mut engine,
        &json!({"op": "open", "app": "a", "spec": todo(), "now": 0}),
    );
    assert_eq!(opened.get("error"), None);
    for event in [
        json!({"component": "nobody", "kind": "click"}),
        json!({"component": "done@nobody", "kind": "click"}),
    ] {
        fails(
            &mut engine,
            &json!({"op": "dispatch", "app": "a", "event": event, "now": 1}).to_string(),
            "node_not_found",
        );
    }
    let view = call(&mut engine, &json!({"op": "view", "app": "a"}));
    assert_eq!(
        view["root"], opened["root"],
        "after all that the app is as it was"
    );
}

#[test]
fn an_answer_carries_the_id_of_its_request() {
    let mut engine = Engine::default();
    for id in [json!(7), json!("seven"), json!({"a": 1})] {
        assert_eq!(
            call(
                &mut engine,
                &json!({"id": id, "op": "eval", "expr": "1", "scope": {}})
            )["id"],
            id
        );
        assert_eq!(call(&mut engine, &json!({"id": id, "op": "explode"}))["id"], id);
    }
    assert_eq!(
        call(&mut engine, &json!({"op": "eval", "expr": "1", "scope": {}})).get("id"),
        None
    );
}

#[test]
fn documents_beyond_the_bounds_are_not_opened() {
    let mut engine = Engine::default();
    let mut refuses = |spec: Value, code: &str| {
        let answer = call(
            &mut engine,
            &json!({"op": "open", "app": "a", "spec": spec, "now": 0}),
        );
        assert_eq!(answer["code"], "spec_invalid", "{answer}");
        assert_eq!(answer["details"]["issues"][0]["code"], code, "{answer}");
        let checked = call(&mut engine, &json!({"op": "check", "spec": spec}));
        assert_eq!(checked["valid"], false);
        assert_eq!(checked["issues"][0]["code"], code);
    };
    refuses(
        json!({"title": "x".repeat(600 * 1024), "components": []}),
        "too_large",
    );
    let deep = (0..30).fold(
        json!({"type": "text"}),
        |child, _| json!({"type": "container", "children": [child]}),
    );
    refuses(json!({"title": "x", "components": [deep]}), "too_deep");
    let nested = (0..70).fold(json!(1), |inner, _| json!([inner]));
    refuses(
        json!({"title": "x", "state": {"a": nested}, "components": []}),
        "too_deep",
    );
    refuses(
        json!({"title": "x", "components": vec![json!({"type": "text"}); 5_001]}),
        "too_large",
    );
}

#[test]
fn check_takes_text_and_says_where_it_is_wrong() {
    let mut engine = Engine::default();
    let mut check = |text: &str| call(&mut engine, &json!({"op": "check", "text": text}));
    assert_eq!(check(&todo().to_string())["valid"], true);
    let invalid = check("{\"title\": \"A\",\n  oops}");
    assert_eq!(invalid["valid"], false);
    assert_eq!(invalid["issues"][0]["code"], "json_invalid");
    assert!(
        invalid["issues"][0]["message"]
            .as_str()
            .unwrap()
            .contains("line 2 column 3")
    );
    assert_eq!(check("{\"title\": \"A\"")["issues"][0]["code"], "json_truncated");
    assert_eq!(check(&"[".repeat(100_000))["issues"][0]["code"], "too_deep");
    assert_eq!(
        check(&format!("\"{}\"", "x".repeat(1_000_000)))["issues"][0]["code"],
        "too_large"
    );
}

#[test]
fn edit_patch_and_eval_need_no_app() {
    let mut engine = Engine::default();
    let edited = call(
        &mut engine,
        &json!({"op": "edit", "spec": todo(), "lines": "{\"set\":{\"title\":\"Tasks\"}}\n{\"remove\":\"nobody\"}"}),
    );
    assert_eq!(edited["spec"]["title"], "Tasks");
    assert_eq!(edited["issues"][0]["code"], "edit_failed");
    assert_eq!(edited["valid"], true);
    let broken = call(
        &mut engine,
        &json!({"op": "edit", "spec": todo(), "lines": "{\"set\":{\"computed\":{\"twice\":\"cout * 2\"}}}"}),
    );
    assert_eq!(broken["valid"], false);
    let codes: Vec<&Value> = broken["issues"]
        .as_array()
        .unwrap()
        .iter()
        .map(|issue| &issue["code"])
        .collect();
    assert!(codes.contains(&&json!("expr_unknown_name")), "{broken}");
    let half = call(
        &mut engine,
        &json!({"op": "edit", "spec": todo(), "lines": "{\"set\":{\"layout\":7}}"}),
    );
    assert_eq!(
        (&half["valid"], &half["spec"]["layout"]),
        (&json!(false), &json!(7))
    );
    let mended = call(
        &mut engine,
        &json!({"op": "edit", "spec": todo(), "lines": "{\"upsert\":{\"id\":\"more\",\"type\":\"btn\",\"props\":{\"text\":\"More\",\"onClick\":\"system.undo\"}}}"}),
    );
    assert_eq!(mended["valid"], true);
    let replayed = call(
        &mut engine,
        &json!({"op": "patch", "doc": todo(), "patch": mended["patch"]}),
    );
    assert_eq!(replayed["doc"], mended["spec"]);
    assert!(mended["spec"].to_string().contains("\"on_event\""), "{mended}");
    let patched = call(
        &mut engine,
        &json!({"op": "patch", "doc": todo(), "patch": edited["patch"]}),
    );
    assert_eq!(patched["doc"], edited["spec"]);
    let refused = call(
        &mut engine,
        &json!({"op": "patch", "doc": {}, "patch": [{"op": "add", "path": "/__proto__", "value": 1}]}),
    );
    assert_eq!(refused["code"], "patch_failed");
    assert_eq!(refused["details"]["issues"][0]["code"], "path_forbidden");
    let value = call(
        &mut engine,
        &json!({"op": "eval", "expr": "{{ a + b | length }}", "scope": {"a": 1, "b": [1, 2]}}),
    );
    assert_eq!(value["value"], 3);
    let failed = call(&mut engine, &json!({"op": "eval", "expr": "a +", "scope": {}}));
    assert_eq!(failed["code"], "expr_failed");
    let endless = call(
        &mut engine,
        &json!({"op": "eval", "expr": "range(100000) | map('string') | join | length", "scope": {}}),
    );
    assert!(endless["code"].is_string(), "{endless}");
}

#[test]
fn a_document_that_arrives_in_chunks_is_drawn_as_a_draft() {
    let text = format!(
        "Here it is:\n```json\n{}\n```",
        serde_json::to_string_pretty(&todo()).unwrap()
    );
    let characters: Vec<char> = text.chars().collect();
    let mut engine = Engine::default();
    let mut root = json!([]);
    let mut nodes = BTreeMap::new();
    let mut draw = |engine: &mut Engine, patches: &Value| {
        let turn = call(engine, &json!({"op": "draft", "app": "d", "patch": patches}));
        assert_eq!(turn.get("error"), None, "{patches}: {turn}");
        assert_eq!(turn["effects"], json!([]));
        assert_eq!(turn["issues"], json!([]), "a draft is not complained about");
        for id in turn["removed"].as_array().unwrap() {
            nodes.remove(id.as_str().unwrap());
        }
        for node in turn["nodes"].as_array().unwrap() {
            nodes.insert(node["id"].as_str().unwrap().to_owned(), node["type"].clone());
        }
        if let Some(changed) = turn.get("root") {
            root = changed.clone();
        }
    };
    for chunk in characters.chunks(17) {
        let chunk: String = chunk.iter().collect();
        let read = call(&mut engine, &json!({"op": "read", "reader": "r", "chunk": chunk}));
        draw(&mut engine, &read["patches"]);
    }
    let read = call(&mut engine, &json!({"op": "read", "reader": "r", "end": true}));
    assert_eq!(read["spec"], todo());
    assert_eq!(read["issues"], json!([]));
    draw(&mut engine, &read["patches"]);
    let clicked = call(
        &mut engine,
        &json!({"op": "dispatch", "app": "d", "event": {"component": "add", "kind": "click"}, "now": 0}),
    );
    assert!(
        clicked["code"].is_string(),
        "nothing is clickable in a draft: {clicked}"
    );
    let opened = call(
        &mut engine,
        &json!({"op": "open", "app": "d", "spec": todo(), "now": 0}),
    );
    assert_eq!(root, opened["root"], "what is drawn stays");
    let real: BTreeMap<String, Value> = opened["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| (node["id"].as_str().unwrap().to_owned(), node["type"].clone()))
        .collect();
    assert_eq!(nodes, real);
}

#[test]
fn a_patch_that_fails_leaves_the_draft_as_it_was() {
    let mut engine = Engine::default();
    let mut draft = |patch: Value| call(&mut engine, &json!({"op": "draft", "app": "d", "patch": patch}));
    draft(
        json!([{"op": "add", "path": "/components", "value": [{"type": "text", "props": {"content": "one"}}]}]),
    );
    let refused = draft(json!([{"op": "add", "path": "/components/7/props/content", "value": "x"}]));
    assert_eq!(refused["code"], "patch_failed");
    let grown = draft(json!([{"op": "replace", "path": "/components/0/props/content", "value": "one more"}]));
    assert_eq!(grown["nodes"][0]["props"]["content"], "one more", "{grown}");
}

#[test]
fn a_draft_draws_what_is_there_although_more_has_to_come() {
    let mut engine = Engine::default();
    let drawn = call(
        &mut engine,
        &json!({"op": "draft", "app": "d", "patch": [{"op": "add", "path": "/components", "value": [
            {"type": "button", "id": "go", "props": {"text": "Go"}},
            {"type": "text", "id": "soon", "props": {"content": "{{ soon }}!"}},
            {"type": "image", "id": "empty", "props": {}},
            {"type": "hologram", "id": "holo", "children": [{"type": "text", "id": "inside"}]},
        ]}]}),
    );
    assert_eq!(drawn["root"], json!(["go", "soon", "empty", "holo"]));
    let nodes = drawn["nodes"].as_array().unwrap();
    let soon = nodes.iter().find(|node| node["id"] == "soon").unwrap();
    assert_eq!(
        soon["props"],
        json!({"content": "!"}),
        "a name not yet known is nothing"
    );
    assert_eq!(drawn["issues"], json!([]));
}

#[test]
fn the_same_requests_give_the_same_bytes() {
    let requests = [
        json!({"op": "open", "app": "a", "spec": todo(), "now": 1_000, "seed": 5}),
        json!({"op": "dispatch", "app": "a", "event": {"component": "draft", "kind": "change", "payload": {"value": "Milk"}}, "now": 2_000}),
        json!({"op": "dispatch", "app": "a", "event": {"component": "add", "kind": "click"}, "now": 3_000}),
        json!({"op": "view", "app": "a"}),
    ];
    let run = |seed: u64| -> Vec<String> {
        let mut engine = Engine::default();
        requests
            .iter()
            .cloned()
            .map(|mut request| {
                if request["op"] == "open" {
                    request["seed"] = json!(seed);
                }
                engine.call(&request.to_string())
            })
            .collect()
    };
    assert_eq!(run(5), run(5));
    assert_ne!(run(5)[3], run(6)[3], "another seed gives other ids");
}
