//! A runner takes documents as they were accepted and has only the ops that run them.

use std::sync::Arc;

use agentos_core::engine::Runner;
use agentos_core::spec::Catalog;
use serde_json::{Value, json};

fn runner() -> Runner {
    Runner::new(Arc::new(Catalog::builtin().clone()))
}

fn call(runner: &mut Runner, request: &Value) -> Value {
    serde_json::from_str(&runner.call(&request.to_string())).unwrap()
}

fn app(component: &Value) -> Value {
    json!({"op": "open", "app": "a", "now": 0, "spec": {"type": "app", "title": "A", "components": [component]}})
}

#[test]
fn it_has_no_op_for_those_who_write_documents() {
    for op in [
        "check", "trial", "edit", "patch", "eval", "import", "read", "explode",
    ] {
        let answer = call(&mut runner(), &json!({"op": op, "id": 7, "text": "{}"}));
        assert_eq!(answer["code"], "invalid_request", "{answer}");
        assert_eq!(answer["id"], 7);
        let told = answer["error"].as_str().unwrap();
        assert!(
            told.contains("open dispatch") && !told.contains("trial "),
            "{told}"
        );
    }
}

#[test]
fn it_mends_nothing_and_refuses_what_has_no_shape() {
    let mut runner = runner();
    let opened = call(&mut runner, &app(&json!({"type": "row", "id": "r"})));
    assert_eq!(
        opened["nodes"][0]["type"], "unknown",
        "a name of before: {opened}"
    );
    assert_eq!(opened["issues"], json!([]));

    let refused = call(&mut runner, &app(&json!({"type": "text", "onClick": "x"})));
    assert_eq!(refused["code"], "spec_invalid", "{refused}");
    assert_eq!(refused["details"]["issues"][0]["path"], "/components/0/onClick");
    let huge = json!({"type": "text", "id": "t", "props": {"content": "x".repeat(600 * 1024)}});
    let refused = call(&mut runner, &app(&huge));
    assert_eq!(refused["details"]["issues"][0]["code"], "too_large");
    let view = call(&mut runner, &json!({"op": "view", "app": "a"}));
    assert_eq!(view["root"], json!(["r"]), "the app that was open goes on");
}

#[test]
fn a_draft_only_grows_and_a_patch_that_fails_changes_nothing() {
    let mut runner = runner();
    let mut draft = |patch: Value| call(&mut runner, &json!({"op": "draft", "app": "d", "patch": patch}));
    let text = |content: &str| json!({"type": "text", "props": {"content": content}});
    let add = |path: &str, value: Value| json!({"op": "add", "path": path, "value": value});
    let drawn = draft(json!([
        add("", json!({"components": []})),
        add("/state", json!({})),
        add("/state/a~1b~0", json!(7)),
        add("/components/-", text("second")),
        add("/components/0", text("first")),
        {"op": "replace", "path": "/components/1/props/content", "value": "last"},
    ]));
    let shown: Vec<_> = drawn["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| &node["props"]["content"])
        .collect();
    assert_eq!(shown, ["first", "last"], "{drawn}");
    for (operation, code) in [
        (json!({"op": "remove", "path": "/components/0"}), "edit_failed"),
        (
            json!({"op": "replace", "path": "/state/b", "value": 1}),
            "edit_failed",
        ),
        (
            json!({"op": "replace", "path": "/components/3", "value": 1}),
            "edit_failed",
        ),
        (add("/components/4", text("x")), "edit_failed"),
        (add("/nothing/here", text("x")), "edit_failed"),
        (add("components", json!([])), "edit_failed"),
        (json!({"op": "add", "path": "/title"}), "edit_failed"),
        (add("/state/__proto__", json!({})), "path_forbidden"),
        (add("/title", json!("x".repeat(600 * 1024))), "too_large"),
    ] {
        let refused = draft(json!([add("/components/-", text("third")), operation]));
        assert_eq!(refused["code"], "patch_failed", "{operation}: {refused}");
        assert_eq!(refused["details"]["issues"][0]["code"], code, "{operation}");
    }
    assert_eq!(draft(json!({}))["code"], "patch_failed");
    let grown = draft(json!([add("/components/-", text("third"))]));
    assert_eq!(grown["root"], json!(["c0", "c1", "c2"]), "{grown}");
}
