//! A chat over `/stream`: answers in pieces, apps made and changed on the way, one conversation after another.

use std::time::Duration;

use agentos_core::ports::llm::LlmEvent;
use agentos_core::testing::llm::{ScriptedLlm, say, say_in_pieces};
use serde_json::{Value, json};

use crate::generation::types;
use crate::server::Server;
use crate::stream::Client;

fn tally() -> Value {
    json!({
        "title": "Tally", "state": { "count": 0 },
        "components": [
            { "type": "text", "id": "shown", "props": { "content": "{{ count }}" } },
            { "type": "button", "id": "more", "props": { "text": "Count" },
              "on_event": { "click": { "tool": "ui.increment", "args": { "path": "count" } } } }
        ]
    })
}

fn said(messages: &[Value]) -> String {
    let tokens = messages.iter().filter(|message| message["type"] == "token");
    tokens.map(|token| token["content"].as_str().unwrap()).collect()
}

async fn chat(client: &mut Client, id: &str, conversation: &str, message: &str) -> Vec<Value> {
    let context = json!({ "conversation_id": conversation });
    client
        .send(json!({ "type": "chat", "id": id, "message": message, "context": context }))
        .await;
    client.until_complete(id).await
}

#[tokio::test]
async fn an_app_is_made_and_changed_in_a_conversation_that_is_remembered() {
    let mut reply = vec![Ok(LlmEvent::Thought("They count.".to_owned()))];
    reply.extend(say_in_pieces("A tally it is.\n{\"make\":\"count things\"}", 5));
    let llm = ScriptedLlm::new([
        reply,
        say(&tally().to_string()),
        say("Green? I say it in words.\n{\"change\":1,\"request\":\"say One more\"}\n"),
        say(&json!({ "upsert": { "id": "more", "props": { "text": "One more" } } }).to_string()),
        say("Gladly."),
    ]);
    let server = Server::with_model(llm.clone()).await;
    let mut client = Client::connect(&server).await;

    let messages = chat(&mut client, "1", "ours", "I want to count").await;
    assert_eq!(types(&messages)[..2], ["thought", "token"]);
    assert_eq!(
        types(&messages)[2..4],
        ["generation_start", "token"],
        "{messages:?}"
    );
    assert!(
        said(&messages).starts_with("A tally it is.\n{\"title\""),
        "{messages:?}"
    );
    let complete = &messages[messages.len() - 2];
    assert_eq!(
        (&complete["type"], &complete["ui_spec"]["title"]),
        (&json!("ui_complete"), &json!("Tally"))
    );
    let app = format!("/apps/{}", complete["app_id"].as_str().unwrap());
    assert_eq!(server.get(&app).await.body["metadata"]["request"], "count things");

    let messages = chat(&mut client, "2", "ours", "in words, please").await;
    assert_eq!(
        types(&messages),
        ["token", "generation_start", "ui_complete", "complete"]
    );
    assert_eq!(server.get(&app).await.body["version"], 2);
    let history = server.get(&format!("{app}/history")).await.body;
    assert_eq!(history["versions"][0]["text"], "say One more");

    let messages = chat(&mut client, "3", "ours", "thanks").await;
    assert_eq!(
        (said(&messages).as_str(), types(&messages)),
        ("Gladly.", vec!["token", "complete"])
    );
    let asked = llm.transcript();
    let told: Vec<&str> = asked[4]
        .messages
        .iter()
        .map(|message| message.text.as_str())
        .collect();
    assert_eq!(told.len(), 5);
    assert_eq!(told[0], "I want to count");
    assert!(told[1].ends_with("{\"make\":\"count things\"}"), "{told:?}");
    assert!(
        told[4].contains("1 Tally\n") && told[4].contains("(What you ordered is done"),
        "{told:?}"
    );
}

#[tokio::test]
async fn conversations_are_apart_and_one_that_is_not_known_begins_with_its_history() {
    let llm = ScriptedLlm::new([say("a"), say("b"), say("c"), say("d")]);
    let server = Server::with_model(llm.clone()).await;
    let mut client = Client::connect(&server).await;
    chat(&mut client, "1", "first", "one").await;
    chat(&mut client, "2", "second", "two").await;
    let history = json!([{ "role": "user", "text": "Hello" }, { "role": "model", "text": "Hi" }]);
    let context = json!({ "conversation_id": "third", "history": history });
    client
        .send(json!({ "type": "chat", "id": "3", "message": "three", "context": context }))
        .await;
    client.until_complete("3").await;
    client
        .send(json!({ "type": "chat", "id": "4", "message": "four" }))
        .await;
    client.until_complete("4").await;
    let counts: Vec<usize> = llm
        .transcript()
        .iter()
        .map(|asked| asked.messages.len())
        .collect();
    assert_eq!(counts, [1, 1, 3, 1]);
}

#[tokio::test]
async fn an_order_that_fails_says_so_to_the_person_and_the_model() {
    let llm = ScriptedLlm::new([
        say("{\"change\":1,\"request\":\"x\"}"),
        say("{\"make\":\"a thing\"}"),
        say("no document"),
        say("Sorry."),
    ]);
    let server = Server::with_model(llm.clone()).await;
    let mut client = Client::connect(&server).await;
    let messages = chat(&mut client, "1", "ours", "change it").await;
    assert_eq!(
        said(&messages),
        "{\"change\":1,\"request\":\"x\"}",
        "no such app: it is text"
    );

    let messages = chat(&mut client, "2", "ours", "make it").await;
    let error = &messages[messages.len() - 2];
    assert_eq!(
        (&error["type"], &error["code"]),
        (&json!("error"), &json!("generation_failed"))
    );
    assert_eq!(messages.last().unwrap()["type"], "complete");
    chat(&mut client, "3", "ours", "why?").await;
    let asked = llm.transcript();
    let told = &asked[3].messages.last().unwrap().text;
    assert!(
        told.contains("(What you ordered failed: the model's answer holds no document)"),
        "{told}"
    );
}

#[tokio::test]
async fn without_a_model_an_app_is_still_made_and_the_rest_says_what_it_needs() {
    let server = Server::start().await;
    let mut client = Client::connect(&server).await;
    let messages = chat(&mut client, "1", "ours", "create a calculator").await;
    assert_eq!(
        messages[messages.len() - 2]["type"],
        "ui_complete",
        "{messages:?}"
    );
    let messages = chat(&mut client, "2", "ours", "what is love?").await;
    assert_eq!(types(&messages), ["error", "complete"]);
    assert_eq!(messages[0]["code"], "declined");
    assert!(
        messages[0]["error"].as_str().unwrap().contains("AGENTOS_LLM"),
        "{messages:?}"
    );
}

#[tokio::test]
async fn a_cancelled_chat_hangs_up_and_the_next_question_of_the_conversation_is_answered() {
    let hanging = ScriptedLlm::default().then_hangs_after(vec![Ok(LlmEvent::Text("Well".to_owned()))]);
    let server = Server::with_model(hanging.clone()).await;
    let mut client = Client::connect(&server).await;
    client
        .send(json!({ "type": "chat", "id": "1", "message": "hello" }))
        .await;
    while client.next().await["type"] != "token" {}
    client.send(json!({ "type": "cancel", "id": "1" })).await;
    let messages = client.until_complete("1").await;
    assert_eq!(messages[0]["code"], "cancelled");
    let hung_up = async {
        while hanging.dropped_unfinished() == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), hung_up)
        .await
        .unwrap();
    client
        .send(json!({ "type": "chat", "id": "2", "message": "hello?" }))
        .await;
    let messages = client.until_complete("2").await;
    assert_eq!(
        messages[0]["code"], "model_rejected",
        "asked, and the script is over: {messages:?}"
    );
}
