//! The document of a running app edited, undone and done again over REST.

use serde_json::{Value, json};

use crate::apps::{NOBODY, counter, open, take_lease};
use crate::server::{Answer, Server, answer};
use crate::stream::Client;

async fn edit(server: &Server, app: &str, body: Value) -> Answer {
    server.post(&format!("/apps/{app}/edit"), body).await
}

async fn document(server: &Server, app: &str) -> Value {
    server.get(&format!("/apps/{app}")).await.body["ui_spec"].clone()
}

#[tokio::test]
async fn an_edit_is_kept_undone_and_done_again() {
    let server = Server::start().await;
    let app = open(&server, counter()).await;
    let original = document(&server, &app).await;
    let put = json!({ "state": { "n": 7 } });
    answer(server.request("PUT", &format!("/apps/{app}/state")).json(&put)).await;

    let lines = "{\"set\":{\"title\":\"Clicks\"}}\n{\"remove\":\"nobody\"}\n{\"state\":{\"step\":2}}";
    let edited = edit(
        &server,
        &app,
        json!({ "lines": lines, "message": "call it Clicks" }),
    )
    .await;
    assert_eq!(edited.verdict(), "200 ok", "{edited:?}");
    assert_eq!(edited.body["version"], 2);
    assert_eq!(edited.body["report"]["issues"][0]["code"], "edit_failed");
    assert_eq!(edited.body["patch"][0]["path"], "/title", "{edited:?}");
    let shown = server.get(&format!("/apps/{app}")).await.body;
    assert_eq!(
        (&shown["title"], &shown["version"]),
        (&json!("Clicks"), &json!(2))
    );
    assert_eq!(shown["ui_spec"], edited.body["ui_spec"]);
    let state = server.get(&format!("/apps/{app}/state")).await.body;
    assert_eq!(state["state"], json!({ "n": 7, "step": 2 }));

    let history = server.get(&format!("/apps/{app}/history")).await.body;
    assert_eq!(history["versions"][0]["text"], "call it Clicks");
    assert_eq!(
        history["versions"][0]["changes"],
        json!(["changed title to \"Clicks\"", "added state step"])
    );
    assert_eq!(
        (&history["can_undo"], &history["can_redo"]),
        (&json!(true), &json!(false))
    );
    let difference = server
        .get(&format!("/apps/{app}/history/diff?from=2&to=1"))
        .await
        .body;
    assert_eq!(
        difference["changes"],
        json!(["changed title to \"Counter\"", "removed state step"])
    );

    let undone = server.post(&format!("/apps/{app}/undo"), Value::Null).await;
    assert_eq!(
        (undone.verdict().as_str(), &undone.body["version"]),
        ("200 ok", &json!(1))
    );
    assert_eq!(document(&server, &app).await.to_string(), original.to_string());
    let state = server.get(&format!("/apps/{app}/state")).await.body;
    assert_eq!(state["state"], json!({ "n": 7 }));
    let redone = server.post(&format!("/apps/{app}/redo"), Value::Null).await;
    assert_eq!(
        redone.body["ui_spec"].to_string(),
        edited.body["ui_spec"].to_string()
    );
}

#[tokio::test]
async fn an_edit_that_is_refused_says_why_and_changes_nothing() {
    let server = Server::start().await;
    let app = open(&server, counter()).await;
    let before = document(&server, &app).await;
    for (body, expected) in [
        (json!({ "lines": "{\"remove\":\"nobody\"}" }), "422 edit_failed"),
        (json!({ "lines": "nothing" }), "422 edit_failed"),
        (
            json!({ "lines": "{\"upsert\":{\"id\":\"count\",\"props\":{\"content\":\"{{ m }}\"}}}" }),
            "422 expr_unknown_name",
        ),
        (json!({ "document": { "components": 7 } }), "422 schema"),
        (json!({ "document": { "remove": "count" } }), "422 schema"),
        (json!({}), "422 invalid_body"),
        (json!({ "lines": "x", "document": {} }), "422 invalid_body"),
        (
            json!({ "lines": "{\"set\":{\"title\":\"x\"}}", "version": 2 }),
            "409 stale_version",
        ),
        (
            json!({ "lines": "{\"set\":{\"title\":\"x\"}}", "engine": NOBODY }),
            "409 engine_replaced",
        ),
    ] {
        assert_eq!(
            edit(&server, &app, body.clone()).await.verdict(),
            expected,
            "{body}"
        );
    }
    let undo = server.post(&format!("/apps/{app}/undo"), Value::Null).await;
    assert_eq!(undo.verdict(), "409 nothing_to_undo");
    let redo = server.post(&format!("/apps/{app}/redo"), Value::Null).await;
    assert_eq!(redo.verdict(), "409 nothing_to_redo");
    let diff = server.get(&format!("/apps/{app}/history/diff?from=9")).await;
    assert_eq!(diff.verdict(), "404 not_found");
    assert_eq!(document(&server, &app).await, before);
    for (method, path) in [
        ("POST", "undo"),
        ("POST", "redo"),
        ("GET", "history"),
        ("GET", "history/diff"),
    ] {
        let answer = server
            .send(method, &format!("/apps/{NOBODY}/{path}"), Value::Null)
            .await;
        assert_eq!(answer.verdict(), "404 not_found", "{path}");
    }
    assert_eq!(
        edit(&server, NOBODY, json!({ "lines": "x" })).await.verdict(),
        "404 not_found"
    );
}

#[tokio::test]
async fn a_whole_document_takes_the_place_of_another() {
    let server = Server::start().await;
    let app = open(&server, counter()).await;
    let mut other = counter();
    other["title"] = json!("Other");
    other["components"].as_array_mut().unwrap().remove(0);
    let edited = edit(&server, &app, json!({ "document": other })).await;
    assert_eq!(edited.verdict(), "200 ok", "{edited:?}");
    assert_eq!(
        document(&server, &app).await["components"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn the_engine_that_runs_the_app_is_told_and_goes_on_with_its_lease() {
    let server = Server::start().await;
    let app = open(&server, counter()).await;
    let engine = take_lease(&server, &app).await;
    let mut client = Client::connect(&server).await;
    client
        .send(json!({ "type": "attach", "app_id": app, "engine": engine }))
        .await;
    client
        .send(json!({ "type": "subscribe", "topics": ["apps"], "since": 0 }))
        .await;
    let edited = edit(&server, &app, json!({ "lines": "{\"state\":{\"step\":2}}" })).await;
    assert_eq!(edited.verdict(), "200 ok", "{edited:?}");
    loop {
        let message = client.next().await;
        if message["type"] == "event" && message["kind"] == "edited" {
            assert_eq!(message["data"], json!({ "app_id": app, "version": 2 }));
            break;
        }
    }
    // What it sends of the state before the edit is stale; its whole state is taken.
    let batch = json!([{ "op": "replace", "path": "/n", "value": 1 }]);
    client
        .send(json!({ "type": "app_state", "app_id": app, "engine": engine, "base_rev": 0, "ops": batch }))
        .await;
    loop {
        let message = client.next().await;
        if message["type"] == "app_state_conflict" {
            assert_eq!(
                (&message["reason"], &message["rev"]),
                (&json!("stale_rev"), &json!(1))
            );
            break;
        }
    }
    let whole = json!({ "state": { "n": 1, "step": 2 }, "engine": engine });
    let kept = answer(server.request("PUT", &format!("/apps/{app}/state")).json(&whole)).await;
    assert_eq!(kept.body, json!({ "rev": 2 }));
}

#[tokio::test]
async fn a_path_that_an_edit_persists_is_kept_as_it_is_then() {
    let server = Server::start().await;
    let app = open(&server, counter()).await;
    let put = json!({ "state": { "n": 7 } });
    answer(server.request("PUT", &format!("/apps/{app}/state")).json(&put)).await;
    let edited = edit(
        &server,
        &app,
        json!({ "lines": "{\"set\":{\"persist\":[\"n\"]}}" }),
    )
    .await;
    assert_eq!(edited.verdict(), "200 ok", "{edited:?}");
    let saved = server.post("/registry/save", json!({ "app_id": app })).await;
    server.delete(&format!("/apps/{app}")).await;
    let package = saved.body["package_id"].as_str().unwrap();
    let launched = server
        .post(&format!("/registry/apps/{package}/launch"), Value::Null)
        .await;
    let again = launched.body["app_id"].as_str().unwrap();
    let state = server.get(&format!("/apps/{again}/state")).await.body;
    assert_eq!(state["state"], json!({ "n": 7 }));
}
