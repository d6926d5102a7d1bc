//! A sentence becomes an app: over REST, and over `/stream` while it is drawn.

use std::time::Duration;

use serde_json::{Value, json};

use crate::apps::NOBODY;
use crate::server::Server;
use crate::stream::Client;

pub(crate) fn types(messages: &[Value]) -> Vec<&str> {
    let mut types: Vec<&str> = messages
        .iter()
        .map(|message| message["type"].as_str().unwrap())
        .collect();
    types.dedup();
    types
}

#[tokio::test]
async fn a_sentence_becomes_an_app_while_it_is_watched() {
    let server = Server::start().await;
    let mut client = Client::connect(&server).await;
    client
        .send(json!({ "type": "generate_ui", "message": "create a calculator", "id": "calc" }))
        .await;
    let messages = client.until_complete("calc").await;
    let types = types(&messages);
    assert_eq!(types.first(), Some(&"generation_start"), "{types:?}");
    assert_eq!(types[types.len() - 2..], ["ui_complete", "complete"], "{types:?}");
    assert!(types.contains(&"ui_patch"), "{types:?}");
    for (number, message) in (1..).zip(&messages) {
        assert_eq!(message["seq"], number, "{message}");
    }

    let complete = &messages[messages.len() - 2];
    let app = server
        .get(&format!("/apps/{}", complete["app_id"].as_str().unwrap()))
        .await
        .body;
    assert_eq!(app["ui_spec"], complete["ui_spec"]);
    assert_eq!(app["metadata"]["request"], "create a calculator");
    assert_eq!(app["state"], "active");
}

#[tokio::test]
async fn the_patches_alone_draw_the_finished_document() {
    let server = Server::start().await;
    let mut client = Client::connect(&server).await;
    client
        .send(json!({ "type": "generate_ui", "message": "a todo list", "id": "t" }))
        .await;
    let messages = client.until_complete("t").await;
    let mut drawn = json!({});
    for message in messages.iter().filter(|message| message["type"] == "ui_patch") {
        for operation in message["patch"].as_array().unwrap() {
            assert!(
                ["add", "replace"].contains(&operation["op"].as_str().unwrap()),
                "{operation}"
            );
        }
        let patch = agentos_core::spec::patch::parse(message["patch"].clone()).unwrap();
        agentos_core::spec::patch::apply(&mut drawn, &patch, |_| Ok(())).unwrap();
    }
    let complete = messages
        .iter()
        .find(|message| message["type"] == "ui_complete")
        .unwrap();
    assert_eq!(drawn, complete["ui_spec"]);
}

#[tokio::test]
async fn the_same_request_is_answered_whole_over_rest() {
    let server = Server::start().await;
    let made = server
        .post("/generate-ui", json!({ "message": "create a counter" }))
        .await;
    assert_eq!(made.verdict(), "200 ok", "{made:?}");
    assert!(!made.body["thoughts"].as_array().unwrap().is_empty(), "{made:?}");
    assert_eq!(made.body["report"]["cached"], false);
    let app = server
        .get(&format!("/apps/{}", made.body["app_id"].as_str().unwrap()))
        .await
        .body;
    assert_eq!(app["ui_spec"], made.body["ui_spec"]);
}

#[tokio::test]
async fn what_cannot_be_built_is_declined_with_what_can() {
    let server = Server::start().await;
    let request = "predict tomorrow's stock market with a neural network";
    let answer = server.post("/generate-ui", json!({ "message": request })).await;
    assert_eq!(answer.verdict(), "422 declined", "{answer:?}");
    assert!(
        answer.body["details"]["can_build"].as_array().unwrap().len() > 3,
        "{answer:?}"
    );

    let mut client = Client::connect(&server).await;
    client
        .send(json!({ "type": "generate_ui", "message": request, "id": "no" }))
        .await;
    let messages = client.until_complete("no").await;
    let error = &messages[messages.len() - 2];
    assert_eq!(
        (&error["type"], &error["code"]),
        (&json!("error"), &json!("declined"))
    );
    assert_eq!(error["details"], answer.body["details"]);
    assert_eq!(server.get("/apps").await.body["apps"], json!([]));
}

#[tokio::test]
async fn refuses_requests_nobody_can_build() {
    let server = Server::start().await;
    for (body, expected) in [
        (json!({ "message": "" }), "422 invalid_argument"),
        (json!({ "message": "  " }), "422 invalid_argument"),
        (json!({ "message": "x".repeat(40_000) }), "422 invalid_argument"),
        (json!({ "message": "x".repeat(1_100_000) }), "413 too_large"),
        (json!({ "message": 7 }), "422 invalid_body"),
        (json!({}), "422 invalid_body"),
        (json!([]), "422 invalid_body"),
        (
            json!({ "message": "a counter", "parent_id": NOBODY }),
            "404 not_found",
        ),
        (
            json!({ "message": "a counter", "context": { "parent_app_id": NOBODY } }),
            "404 not_found",
        ),
    ] {
        assert_eq!(server.post("/generate-ui", body).await.verdict(), expected);
    }
    assert_eq!(server.get("/apps").await.body["apps"], json!([]));
}

#[tokio::test]
async fn requests_run_side_by_side_and_each_completes_once() {
    let server = Server::start().await;
    let mut client = Client::connect(&server).await;
    let ids: Vec<String> = (0..5).map(|number| format!("g{number}")).collect();
    for id in &ids {
        client
            .send(json!({ "type": "generate_ui", "message": "a counter", "id": id }))
            .await;
    }
    client.send(json!({ "type": "ping" })).await;
    let (mut complete, mut pongs) = (Vec::new(), 0);
    while complete.len() < ids.len() || pongs == 0 {
        let message = client.next().await;
        match message["type"].as_str().unwrap() {
            "complete" => complete.push(message["id"].as_str().unwrap().to_owned()),
            "pong" => pongs += 1,
            _ => {}
        }
    }
    complete.sort();
    assert_eq!(complete, ids);
    client.send(json!({ "type": "ping" })).await;
    assert_eq!(
        client.next().await["type"],
        "pong",
        "nothing comes after the ends"
    );
}

#[tokio::test]
async fn an_id_in_use_is_refused() {
    let server = Server::start().await;
    let mut client = Client::connect(&server).await;
    client
        .send(json!({ "type": "generate_ui", "message": "a counter", "id": "x" }))
        .await;
    client.until_complete("x").await;
    client
        .send(json!({ "type": "generate_ui", "message": "a counter", "id": "x" }))
        .await;
    assert_eq!(client.next().await["code"], "id_in_use");
    client
        .send(json!({ "type": "generate_ui", "message": "a counter", "id": "y".repeat(200) }))
        .await;
    assert_eq!(client.next().await["code"], "invalid_message");
}

#[tokio::test]
async fn a_request_without_an_id_is_given_one() {
    let server = Server::start().await;
    let mut client = Client::connect(&server).await;
    client
        .send(json!({ "type": "generate_ui", "message": "a counter" }))
        .await;
    let first = client.next().await;
    let id = first["id"].as_str().unwrap().to_owned();
    assert_eq!(types(&client.until_complete(&id).await).last(), Some(&"complete"));
}

#[tokio::test]
async fn another_connection_resumes_where_the_first_was_cut() {
    let server = Server::start().await;
    let mut first = Client::connect(&server).await;
    first
        .send(json!({ "type": "generate_ui", "message": "create a calculator", "id": "calc" }))
        .await;
    let all = first.until_complete("calc").await;
    drop(first);

    let mut second = Client::connect(&server).await;
    second
        .send(json!({ "type": "resume", "id": "calc", "seq": 2 }))
        .await;
    assert_eq!(second.until_complete("calc").await, all[2..]);
    second
        .send(json!({ "type": "resume", "id": "calc", "seq": 0 }))
        .await;
    assert_eq!(second.until_complete("calc").await, all);
    second
        .send(json!({ "type": "resume", "id": "never", "seq": 0 }))
        .await;
    let error = second.next().await;
    assert_eq!(
        (&error["code"], &error["id"]),
        (&json!("not_found"), &json!("never"))
    );
}

#[tokio::test]
async fn a_slow_model_can_be_cancelled_and_other_requests_are_answered_meanwhile() {
    let server = Server::with_model(Silent).await;
    let mut client = Client::connect(&server).await;
    client
        .send(json!({ "type": "generate_ui", "message": "a counter", "id": "slow" }))
        .await;
    assert_eq!(client.next().await["type"], "generation_start");
    client.send(json!({ "type": "ping" })).await;
    assert_eq!(client.next().await["type"], "pong");
    client.send(json!({ "type": "cancel", "id": "slow" })).await;
    let messages = client.until_complete("slow").await;
    assert_eq!(types(&messages), ["error", "complete"]);
    assert_eq!(messages[0]["code"], "cancelled");
    assert_eq!(server.get("/apps").await.body["apps"], json!([]));
}

#[tokio::test]
async fn one_connection_follows_a_bounded_number_of_times() {
    let server = Server::with_model(Silent).await;
    let mut client = Client::connect(&server).await;
    client
        .send(json!({ "type": "generate_ui", "message": "a counter", "id": "slow" }))
        .await;
    assert_eq!(client.next().await["type"], "generation_start");
    for _ in 0..100 {
        client
            .send(json!({ "type": "resume", "id": "slow", "seq": 1 }))
            .await;
    }
    client.send(json!({ "type": "ping" })).await;
    let mut refused = 0;
    loop {
        let message = client.next().await;
        match message["code"].as_str() {
            Some("busy") => refused += 1,
            _ => break assert_eq!(message["type"], "pong"),
        }
    }
    assert_eq!(refused, 37, "64 follow: the request itself and 63 of the others");
}

#[tokio::test]
async fn stopping_ends_a_slow_generation() {
    let server = Server::with_model(Silent).await;
    let mut client = Client::connect(&server).await;
    client
        .send(json!({ "type": "generate_ui", "message": "a counter", "id": "slow" }))
        .await;
    assert_eq!(client.next().await["type"], "generation_start");
    tokio::time::timeout(Duration::from_secs(4), server.stop())
        .await
        .expect("the server waits for the model");
}

/// A model that never says a word.
struct Silent;

impl agentos_core::ports::llm::LlmPort for Silent {
    fn stream(
        &self,
        _: agentos_core::ports::llm::LlmRequest,
    ) -> futures::stream::BoxStream<
        'static,
        Result<agentos_core::ports::llm::LlmEvent, agentos_core::ports::llm::LlmError>,
    > {
        Box::pin(futures::stream::pending())
    }

    fn can_repair(&self) -> bool {
        false
    }

    fn identity(&self) -> agentos_core::ports::llm::Identity {
        agentos_core::ports::llm::Identity {
            provider: "scripted".into(),
            model: "silence".to_owned(),
        }
    }

    fn models(
        &self,
    ) -> futures::future::BoxFuture<'static, Result<Vec<String>, agentos_core::ports::llm::LlmError>> {
        Box::pin(futures::future::ready(Ok(Vec::new())))
    }
}
