//! Who runs an app: leases bound to connections, batches acknowledged, takeover, events.

use serde_json::{Value, json};

use crate::apps::{NOBODY, note, open, take_lease};
use crate::server::Server;
use crate::stream::Client;

fn replace_text(text: &str) -> Value {
    json!([{ "op": "replace", "path": "/text", "value": text }])
}

fn batch(app: &str, engine: &str, base_rev: u64, ops: &Value) -> Value {
    json!({ "type": "app_state", "app_id": app, "engine": engine, "base_rev": base_rev, "ops": ops })
}

#[tokio::test]
async fn a_batch_is_acknowledged_once_it_is_kept() {
    let server = Server::start().await;
    let app = open(&server, note("Note")).await;
    let engine = take_lease(&server, &app).await;
    let mut client = Client::connect(&server).await;
    client
        .send(json!({ "type": "attach", "app_id": app, "engine": engine }))
        .await;
    for rev in 0..3 {
        client
            .send(batch(&app, &engine, rev, &replace_text(&format!("draft {rev}"))))
            .await;
        let ack = client.next().await;
        assert_eq!(
            (&ack["type"], &ack["rev"], &ack["app_id"]),
            (&json!("app_state_ack"), &json!(rev + 1), &json!(app))
        );
        let state = server.get(&format!("/apps/{app}/state")).await.body;
        assert_eq!(
            state,
            json!({ "rev": rev + 1, "state": { "text": format!("draft {rev}") } })
        );
    }
}

#[tokio::test]
async fn a_batch_on_another_revision_is_a_conflict() {
    let server = Server::start().await;
    let app = open(&server, note("Note")).await;
    let engine = take_lease(&server, &app).await;
    let mut client = Client::connect(&server).await;
    for (base_rev, ops) in [
        (7, replace_text("from the future")),
        (
            0,
            json!([{ "op": "replace", "path": "/missing/deep", "value": 1 }]),
        ),
    ] {
        client.send(batch(&app, &engine, base_rev, &ops)).await;
        let conflict = client.next().await;
        assert_eq!(
            (&conflict["type"], &conflict["reason"]),
            (&json!("app_state_conflict"), &json!("stale_rev"))
        );
        assert_eq!(conflict["rev"], 0);
    }
    assert_eq!(server.get(&format!("/apps/{app}/state")).await.body["rev"], 0);
}

#[tokio::test]
async fn a_second_tab_takes_over_and_the_first_is_told() {
    let server = Server::start().await;
    let app = open(&server, note("Note")).await;
    let first_engine = take_lease(&server, &app).await;
    let mut first = Client::connect(&server).await;
    first
        .send(json!({ "type": "attach", "app_id": app, "engine": first_engine }))
        .await;
    first
        .send(batch(&app, &first_engine, 0, &replace_text("from the first")))
        .await;
    assert_eq!(first.next().await["type"], "app_state_ack");

    let lease = server
        .post(&format!("/apps/{app}/engine"), Value::Null)
        .await
        .body;
    assert_eq!(
        (&lease["rev"], &lease["state"]["text"]),
        (&json!(1), &json!("from the first"))
    );
    let told = first.next().await;
    assert_eq!(
        (&told["type"], &told["app_id"]),
        (&json!("engine_replaced"), &json!(app))
    );

    let second_engine = lease["engine"].as_str().unwrap();
    let mut second = Client::connect(&server).await;
    second
        .send(json!({ "type": "attach", "app_id": app, "engine": second_engine }))
        .await;
    second
        .send(batch(&app, second_engine, 1, &replace_text("from the second")))
        .await;
    assert_eq!(second.next().await["rev"], 2);

    first
        .send(batch(&app, &first_engine, 2, &replace_text("too late")))
        .await;
    let conflict = first.next().await;
    assert_eq!(
        (&conflict["reason"], &conflict["rev"]),
        (&json!("engine_replaced"), &json!(2))
    );
    first
        .send(json!({ "type": "attach", "app_id": app, "engine": first_engine }))
        .await;
    assert_eq!(first.next().await["type"], "engine_replaced");
    assert_eq!(
        server.get(&format!("/apps/{app}/state")).await.body["state"]["text"],
        "from the second"
    );
}

#[tokio::test]
async fn a_reconnected_engine_goes_on_and_only_its_newest_connection_is_told() {
    let server = Server::start().await;
    let app = open(&server, note("Note")).await;
    let engine = take_lease(&server, &app).await;
    let mut before = Client::connect(&server).await;
    before
        .send(json!({ "type": "attach", "app_id": app, "engine": engine }))
        .await;
    let mut after = Client::connect(&server).await;
    after
        .send(json!({ "type": "attach", "app_id": app, "engine": engine }))
        .await;
    after
        .send(batch(&app, &engine, 0, &replace_text("still here")))
        .await;
    assert_eq!(after.next().await["type"], "app_state_ack");
    before.send(json!({ "type": "ping" })).await;
    assert_eq!(before.next().await["type"], "pong");

    take_lease(&server, &app).await;
    assert_eq!(after.next().await["type"], "engine_replaced");
    before.send(json!({ "type": "ping" })).await;
    assert_eq!(before.next().await["type"], "pong");
}

#[tokio::test]
async fn state_that_cannot_be_kept_names_its_app() {
    let server = Server::start().await;
    let app = open(&server, note("Note")).await;
    let engine = take_lease(&server, &app).await;
    let mut client = Client::connect(&server).await;
    for (ops, code) in [
        (json!({}), "patch_failed"),
        (json!([{ "op": "explode", "path": "/text" }]), "patch_failed"),
        (
            json!([{ "op": "replace", "path": "", "value": 7 }]),
            "invalid_body",
        ),
        (
            json!([{ "op": "add", "path": "/__proto__", "value": 1 }]),
            "patch_failed",
        ),
    ] {
        client.send(batch(&app, &engine, 0, &ops)).await;
        let error = client.next().await;
        assert_eq!(
            (&error["type"], &error["app_id"]),
            (&json!("error"), &json!(app)),
            "{ops}: {error}"
        );
        assert_eq!(error["code"], code, "{ops}: {error}");
    }
    client.send(batch(NOBODY, &engine, 0, &replace_text("x"))).await;
    assert_eq!(client.next().await["code"], "not_found");
    assert_eq!(
        server.get(&format!("/apps/{app}/state")).await.body,
        json!({ "rev": 0, "state": { "text": "" } })
    );
}

#[tokio::test]
async fn a_subscriber_hears_of_apps_and_processes() {
    let server = Server::start().await;
    let mut client = Client::connect(&server).await;
    client
        .send(json!({ "type": "subscribe", "topics": ["apps", "kernel"] }))
        .await;
    client.send(json!({ "type": "ping" })).await;
    assert_eq!(client.next().await["type"], "pong");
    let app = open(&server, note("Note")).await;
    server.delete(&format!("/apps/{app}")).await;
    let mut kinds: Vec<String> = Vec::new();
    while !["closed", "process_spawned", "process_ended"]
        .iter()
        .all(|kind| kinds.iter().any(|heard| heard == kind))
    {
        let event = client.next().await;
        assert_eq!(event["type"], "event", "{event}");
        kinds.push(event["kind"].as_str().unwrap().to_owned());
        if event["topic"] == "apps" && event["kind"] != "closed" {
            assert_eq!(event["data"]["app_id"], json!(app), "{event}");
        }
        if event["topic"] == "kernel" {
            assert!(event["data"]["pid"].is_u64(), "{event}");
        }
    }
}

#[tokio::test]
async fn a_subscriber_of_an_earlier_start_is_told_all() {
    let server = Server::start().await;
    open(&server, note("Note")).await;
    for topic in ["apps", "kernel"] {
        let mut client = Client::connect(&server).await;
        client
            .send(json!({ "type": "subscribe", "topics": [topic], "since": 50 }))
            .await;
        let first = client.next().await;
        assert_eq!((&first["topic"], &first["seq"]), (&json!(topic), &json!(1)));
    }
}

#[tokio::test]
async fn a_late_subscriber_gets_what_it_missed() {
    let server = Server::start().await;
    open(&server, note("Note")).await;
    let mut client = Client::connect(&server).await;
    client
        .send(json!({ "type": "subscribe", "topics": ["apps"], "since": 0 }))
        .await;
    let (spawned, focused) = (client.next().await, client.next().await);
    assert_eq!(
        (&spawned["kind"], &spawned["seq"]),
        (&json!("spawned"), &json!(1))
    );
    assert_eq!(
        (&focused["kind"], &focused["seq"]),
        (&json!("focused"), &json!(2))
    );
}
