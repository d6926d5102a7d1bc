//! Tools over REST: listed, found by a wish, and run for an app as far as its document says.

use serde_json::{Value, json};

use crate::apps::{NOBODY, counter, open, take_lease};
use crate::server::Server;

/// An app that keeps one value and may not clear its storage.
pub(crate) fn keeper() -> Value {
    json!({
        "type": "app", "title": "Keeper", "layout": "vertical",
        "service_bindings": { "storage": ["get", "set"] },
        "components": [
            { "type": "button", "id": "keep", "props": { "text": "Keep" },
              "on_event": { "click": { "tool": "storage.set", "args": { "key": "k", "value": 1 } } } }
        ]
    })
}

#[tokio::test]
async fn the_catalog_is_listed_by_category() {
    let server = Server::start().await;
    let list = server.get("/services").await.body;
    let services = list["services"].as_array().unwrap();
    assert_eq!(list["stats"]["total_services"], services.len());
    let runs = |id: &str| {
        let tools = services
            .iter()
            .flat_map(|service| service["tools"].as_array().unwrap());
        tools
            .clone()
            .find(|tool| tool["id"] == id)
            .map(|tool| tool["runs"].clone())
    };
    assert_eq!(runs("calc.add"), Some(json!("engine")));
    assert_eq!(runs("system.alert"), Some(json!("shell")));
    assert_eq!(runs("storage.get"), Some(json!("service")));

    let category = services[0]["category"].as_str().unwrap();
    let some = server.get(&format!("/services?category={category}")).await.body;
    let some = some["services"].as_array().unwrap();
    assert!(!some.is_empty() && some.len() < services.len());
    assert!(some.iter().all(|service| service["category"] == category));
    assert_eq!(
        server.get("/services?category=none").await.body["services"],
        json!([])
    );
}

#[tokio::test]
async fn a_wish_finds_the_services_that_suit_it() {
    let server = Server::start().await;
    let found = server
        .post(
            "/services/discover",
            json!({ "message": "save a value and load it again" }),
        )
        .await
        .body;
    let services = found["services"].as_array().unwrap();
    assert!(services.len() <= 5 && services[0]["id"] == "storage", "{found}");
    assert_eq!(found["query"], "save a value and load it again");
    assert_eq!(
        server.post("/services/discover", json!({})).await.verdict(),
        "422 invalid_body"
    );
}

#[tokio::test]
async fn an_app_keeps_values_of_its_own() {
    let server = Server::start().await;
    let (first, second) = (open(&server, keeper()).await, open(&server, keeper()).await);
    let call = async |app: &str, tool: &str, params: Value| {
        server
            .post(
                "/services/execute",
                json!({ "tool_id": tool, "params": params, "app_id": app }),
            )
            .await
            .body
    };
    let kept = call(
        &first,
        "storage.set",
        json!({ "key": "k", "value": [1, { "two": 2 }] }),
    )
    .await;
    assert_eq!(kept["success"], true, "{kept}");
    let read = call(&first, "storage.get", json!({ "key": "k" })).await;
    assert_eq!(read, json!({ "success": true, "data": [1, { "two": 2 }] }));
    let other = call(&second, "storage.get", json!({ "key": "k" })).await;
    assert_ne!(other["data"], read["data"], "apps do not share data");
}

#[tokio::test]
async fn a_tool_without_a_capability_runs_for_nobody_in_particular() {
    let server = Server::start().await;
    let sum = server
        .post(
            "/services/execute",
            json!({ "tool_id": "calc.add", "params": { "a": 2, "b": 3 } }),
        )
        .await;
    assert_eq!(sum.body, json!({ "success": true, "data": 5 }));
}

#[tokio::test]
async fn refuses_what_an_app_may_not_call() {
    let server = Server::start().await;
    let app = open(&server, keeper()).await;
    let bare = open(&server, counter()).await;
    let lease = take_lease(&server, &app).await;
    take_lease(&server, &app).await;
    for (body, expected) in [
        (
            json!({ "tool_id": "storage.explode", "app_id": app }),
            "404 tool_unknown",
        ),
        (
            json!({ "tool_id": "__proto__", "app_id": app }),
            "404 tool_unknown",
        ),
        (
            json!({ "tool_id": "http.get", "params": { "url": "http://127.0.0.1" }, "app_id": app }),
            "403 tool_not_bound",
        ),
        (
            json!({ "tool_id": "storage.clear", "app_id": app }),
            "403 tool_not_bound",
        ),
        (
            json!({ "tool_id": "storage.get", "params": { "key": "k" }, "app_id": bare }),
            "403 tool_not_bound",
        ),
        (
            json!({ "tool_id": "storage.get", "params": {}, "app_id": app }),
            "422 args_invalid",
        ),
        (
            json!({ "tool_id": "storage.get", "params": { "key": "k", "colour": 1 }, "app_id": app }),
            "422 args_invalid",
        ),
        (
            json!({ "tool_id": "storage.get", "params": [], "app_id": app }),
            "422 args_invalid",
        ),
        (
            json!({ "tool_id": "storage.get", "params": { "key": "k" } }),
            "422 app_required",
        ),
        (
            json!({ "tool_id": "ui.set_state", "params": { "path": "n", "value": 1 } }),
            "422 app_required",
        ),
        (
            json!({ "tool_id": "storage.get", "params": { "key": "k" }, "app_id": app, "engine": lease }),
            "409 engine_replaced",
        ),
        (
            json!({ "tool_id": "storage.get", "params": { "key": "k" }, "app_id": NOBODY }),
            "404 not_found",
        ),
    ] {
        let answer = server.post("/services/execute", body.clone()).await;
        assert_eq!(answer.verdict(), expected, "{body}: {answer:?}");
        assert_eq!(answer.body["success"], false, "{body}");
    }
    assert_eq!(
        server
            .post("/services/execute", json!({ "params": {} }))
            .await
            .verdict(),
        "422 invalid_body"
    );
}

/// An app that opens and closes others.
fn opener() -> Value {
    json!({
        "type": "app", "title": "Opener", "services": ["app"],
        "components": [
            { "type": "button", "id": "open", "props": { "text": "Open" },
              "on_event": { "click": { "tool": "app.spawn", "args": { "request": "a tip calculator" } } } }
        ]
    })
}

#[tokio::test]
async fn an_app_opens_a_child_and_closes_only_what_is_its_own() {
    let server = Server::start().await;
    let (parent, stranger) = (open(&server, opener()).await, open(&server, opener()).await);
    let call = async |app: &str, tool: &str, params: Value| {
        let body = json!({ "tool_id": tool, "params": params, "app_id": app });
        server.post("/services/execute", body).await
    };
    let made = call(&parent, "app.spawn", json!({ "request": "a tip calculator" })).await;
    assert_eq!(made.body["success"], true, "{made:?}");
    let child = made.body["data"]["app_id"].as_str().unwrap().to_owned();
    let shown = server.get(&format!("/apps/{child}")).await.body;
    assert_eq!(
        (&shown["parent_id"], &shown["state"]),
        (&json!(parent), &json!("active"))
    );

    let foreign = call(&stranger, "app.close", json!({ "app_id": child })).await;
    assert_eq!(foreign.verdict(), "422 app_not_own");
    let focused = call(&parent, "app.focus", json!({})).await;
    assert_eq!(focused.body["data"], json!({ "app_id": parent }));
    let listed = call(&parent, "app.list", json!({})).await.body;
    assert_eq!(listed["data"].as_array().unwrap().len(), 2, "{listed}");
    let closed = call(&parent, "app.close", json!({ "app_id": child })).await.body;
    assert_eq!(closed["data"], json!({ "closed": [child] }));
    assert_eq!(
        server.get(&format!("/apps/{child}")).await.verdict(),
        "404 not_found"
    );
    let alone = call(&parent, "app.unfocus", json!({})).await.body;
    assert_eq!(alone["data"], json!({ "app_id": parent }));
    assert_eq!(
        server.get("/apps").await.body["stats"]["focused_app_id"],
        Value::Null
    );
}
