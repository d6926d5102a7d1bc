//! Apps over REST: made, listed, focused, moved, closed; their state and who may write it.

use serde_json::{Value, json};

use crate::server::{Answer, Server, answer};

pub(crate) const NOBODY: &str = "0190a0a0-0000-7000-8000-000000000000";

/// A field that is bound and kept, and a button that clears it.
pub(crate) fn note(title: &str) -> Value {
    json!({
        "type": "app", "title": title, "layout": "vertical",
        "state": { "text": "" }, "persist": ["text"],
        "components": [
            { "type": "input", "id": "field", "props": { "label": "Text", "value": { "$bind": "text" } } },
            { "type": "button", "id": "clear", "props": { "text": "Clear" },
              "on_event": { "click": { "tool": "ui.set_state", "args": { "path": "text", "value": "" } } } }
        ]
    })
}

/// A button that counts; keeps nothing.
pub(crate) fn counter() -> Value {
    json!({
        "type": "app", "title": "Counter", "layout": "vertical", "state": { "n": 0 },
        "components": [
            { "type": "text", "id": "count", "props": { "content": "{{ n }}" } },
            { "type": "button", "id": "more", "props": { "text": "More" },
              "on_event": { "click": { "tool": "ui.increment", "args": { "path": "n" } } } }
        ]
    })
}

/// Opens `document` and answers its id.
pub(crate) async fn open(server: &Server, document: Value) -> String {
    let answer = server.post("/apps", json!({ "ui_spec": document })).await;
    assert_eq!(answer.verdict(), "200 ok", "{answer:?}");
    answer.body["app_id"].as_str().unwrap().to_owned()
}

/// Takes the lease of `app` and answers the engine's name.
pub(crate) async fn take_lease(server: &Server, app: &str) -> String {
    let lease = server.post(&format!("/apps/{app}/engine"), Value::Null).await;
    assert_eq!(lease.verdict(), "200 ok", "{lease:?}");
    lease.body["engine"].as_str().unwrap().to_owned()
}

async fn ids(server: &Server) -> Vec<String> {
    let list = server.get("/apps").await.body;
    list["apps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|app| app["id"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn an_app_is_listed_focused_and_shown() {
    let server = Server::start().await;
    assert_eq!(server.get("/apps").await.body["apps"], json!([]));
    let first = open(&server, note("First")).await;
    let second = open(&server, note("Second")).await;
    assert_eq!(ids(&server).await, [first.clone(), second.clone()]);

    assert_eq!(
        server.get("/apps").await.body["stats"]["focused_app_id"],
        json!(second)
    );
    assert_eq!(
        server
            .post(&format!("/apps/{first}/focus"), Value::Null)
            .await
            .body["app_id"],
        json!(first)
    );
    let list = server.get("/apps").await.body;
    assert_eq!(list["stats"]["focused_app_id"], json!(first));
    assert_eq!(
        (&list["stats"]["active_apps"], &list["stats"]["background_apps"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(list["stats"]["focused_app_hash"], list["apps"][0]["hash"]);

    let app = server.get(&format!("/apps/{first}")).await.body;
    assert_eq!(
        (&app["title"], &app["state"]),
        (&json!("First"), &json!("active"))
    );
    assert!(app["created_at"].as_str().unwrap().ends_with('Z'), "{app}");
    assert!(
        app["sandbox_pid"].as_u64().unwrap() > 1,
        "an app has a process of its own: {app}"
    );
}

#[tokio::test]
async fn closing_takes_the_descendants_along() {
    let server = Server::start().await;
    let parent = open(&server, counter()).await;
    let child = server
        .post("/apps", json!({ "ui_spec": counter(), "parent_id": parent }))
        .await;
    let child = child.body["app_id"].as_str().unwrap().to_owned();
    let other = open(&server, counter()).await;
    let closed = server.delete(&format!("/apps/{parent}")).await;
    assert_eq!(closed.body["closed"], json!([child, parent]));
    assert_eq!(ids(&server).await, [other]);
    assert_eq!(
        server.delete(&format!("/apps/{parent}")).await.verdict(),
        "404 not_found"
    );
}

#[tokio::test]
async fn a_window_is_kept_and_a_senseless_one_refused() {
    let server = Server::start().await;
    let app = open(&server, counter()).await;
    let window = json!({ "position": { "x": 10.5, "y": -20.0 }, "size": { "width": 300.0, "height": 200.0 }, "state": "minimised" });
    let path = format!("/apps/{app}/window");
    assert_eq!(server.post(&path, window.clone()).await.verdict(), "200 ok");
    assert_eq!(server.get(&format!("/apps/{app}")).await.body["window"], window);
    for wrong in [
        json!({ "position": { "x": 0.0, "y": 0.0 }, "size": { "width": 0.0, "height": 10.0 }, "state": "open" }),
        json!({ "position": { "x": 1e9, "y": 0.0 }, "size": { "width": 9.0, "height": 9.0 }, "state": "open" }),
        json!({ "position": { "x": 0.0, "y": 0.0 }, "size": { "width": 9.0, "height": 9.0 }, "state": "closed" }),
        json!({ "state": "open" }),
    ] {
        assert_eq!(
            server.post(&path, wrong.clone()).await.verdict(),
            "422 invalid_body",
            "{wrong}"
        );
    }
    assert_eq!(server.get(&format!("/apps/{app}")).await.body["window"], window);
}

#[tokio::test]
async fn the_newest_lease_writes_the_state_and_an_older_one_is_refused() {
    let server = Server::start().await;
    let app = open(&server, note("Note")).await;
    let path = format!("/apps/{app}/state");
    let older = take_lease(&server, &app).await;
    let newer = take_lease(&server, &app).await;

    let put = |body: Value| server.request("PUT", &path).json(&body);
    let refused = crate::server::answer(put(json!({ "state": { "text": "old" }, "engine": older }))).await;
    assert_eq!(refused.verdict(), "409 engine_replaced");
    let refused = crate::server::answer(put(json!({ "state": { "text": "no lease" } }))).await;
    assert_eq!(refused.verdict(), "409 engine_live");

    let kept = crate::server::answer(put(json!({ "state": { "text": "new" }, "engine": newer }))).await;
    assert_eq!(kept.body, json!({ "rev": 1 }));
    let stale = crate::server::answer(put(
        json!({ "state": { "text": "x" }, "engine": newer, "rev": 0 }),
    ))
    .await;
    assert_eq!(stale.verdict(), "409 stale_rev");
    assert_eq!(
        server.get(&path).await.body,
        json!({ "rev": 1, "state": { "text": "new" } })
    );
}

#[tokio::test]
async fn an_app_that_is_not_saved_tells_that_closing_it_would_destroy_data() {
    let server = Server::start().await;
    let app = open(&server, note("Note")).await;
    let shown = async || server.get(&format!("/apps/{app}")).await.body["has_data"].clone();
    assert_eq!(shown().await, json!(false));
    let kept = json!({ "state": { "text": "kept" } });
    let put = answer(server.request("PUT", &format!("/apps/{app}/state")).json(&kept)).await;
    assert_eq!(put.verdict(), "200 ok", "{put:?}");
    assert_eq!(shown().await, json!(true));
    server.post("/registry/save", json!({ "app_id": app })).await;
    assert_eq!(shown().await, json!(false));
}

#[tokio::test]
async fn routes_of_an_app_nobody_has_are_not_found() {
    let server = Server::start().await;
    for id in [NOBODY, "calculator", "..%2f..", "%00", "__proto__"] {
        for (method, path, body) in [
            ("GET", "", Value::Null),
            ("DELETE", "", Value::Null),
            ("POST", "/focus", Value::Null),
            ("POST", "/engine", Value::Null),
            ("GET", "/state", Value::Null),
            ("PUT", "/state", json!({ "state": {} })),
            (
                "POST",
                "/window",
                json!({ "position": { "x": 0, "y": 0 }, "size": { "width": 9, "height": 9 }, "state": "open" }),
            ),
        ] {
            let answer = server.send(method, &format!("/apps/{id}{path}"), body).await;
            assert_eq!(answer.verdict(), "404 not_found", "{method} {id}{path}");
        }
    }
}

#[tokio::test]
async fn a_state_that_cannot_be_kept_is_refused_whole() {
    let server = Server::start().await;
    let app = open(&server, note("Note")).await;
    let path = format!("/apps/{app}/state");
    let too_large = json!({ "state": { "text": "x".repeat(1_100_000) } });
    let mut deep = json!(1);
    for _ in 0..100 {
        deep = json!([deep]);
    }
    for (body, expected) in [
        (too_large, "422 state_too_large"),
        (json!({ "state": { "text": deep } }), "422 too_deep"),
        (json!({ "state": [1] }), "422 invalid_body"),
        (json!({ "state": {}, "colour": 1 }), "422 invalid_body"),
        (json!({}), "422 invalid_body"),
        (
            json!({ "state": { "text": "x".repeat(17 * 1024 * 1024) } }),
            "413 too_large",
        ),
    ] {
        assert_eq!(server.send("PUT", &path, body).await.verdict(), expected);
    }
    assert_eq!(
        server.get(&path).await.body,
        json!({ "rev": 0, "state": { "text": "" } })
    );
}

#[tokio::test]
async fn documents_beyond_the_bounds_are_not_opened() {
    let server = Server::start().await;
    for (document, code) in hostile_documents() {
        let answer = server
            .post_text("/apps", &format!(r#"{{"ui_spec":{document}}}"#))
            .await;
        assert_eq!(answer.verdict(), format!("422 {code}"), "{answer:?}");
    }
    assert_eq!(ids(&server).await, [""; 0]);
}

/// JSON texts that are no document any path may keep, with the code each gets.
pub(crate) fn hostile_documents() -> Vec<(String, &'static str)> {
    let app = |components: &str| format!(r#"{{"type":"app","title":"Hostile","components":{components}}}"#);
    let nested = (0..30).fold("[]".to_owned(), |children, _| {
        format!(r#"[{{"type":"container","children":{children}}}]"#)
    });
    let text = |length: usize| {
        app(&format!(
            r#"[{{"type":"text","props":{{"content":"{}"}}}}]"#,
            "x".repeat(length)
        ))
    };
    vec![
        (app(&nested), "too_deep"),
        (text(600 * 1024), "too_large"),
        (
            format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)),
            "json_invalid",
        ),
    ]
}

impl Server {
    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send("POST", path, body).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, Value::Null).await
    }

    /// A request with `body` as JSON, or without one for null.
    pub(crate) async fn send(&self, method: &str, path: &str, body: Value) -> Answer {
        let request = self.request(method, path);
        crate::server::answer(if body.is_null() {
            request
        } else {
            request.json(&body)
        })
        .await
    }

    pub(crate) async fn post_text(&self, path: &str, body: &str) -> Answer {
        let request = self
            .request("POST", path)
            .header("content-type", "application/json");
        crate::server::answer(request.body(body.to_owned())).await
    }
}
