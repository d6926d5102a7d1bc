//! `/schema`: the language as JSON Schema.

use crate::server::Server;

#[tokio::test]
async fn says_what_is_accepted_and_what_a_model_writes() {
    let server = Server::start().await;
    let accepted = server.get("/schema").await;
    assert_eq!(accepted.status, 200, "{accepted:?}");
    assert_eq!(accepted.body["title"], "UISpec");
    assert_eq!(accepted.body, server.get("/schema?for=acceptance").await.body);
    let generated = server.get("/schema?for=generation").await.body;
    assert_eq!(generated["additionalProperties"], false);
    assert_eq!(generated["required"][0], "title");
}

#[tokio::test]
async fn another_purpose_is_refused() {
    let server = Server::start().await;
    let answer = server.get("/schema?for=printing").await;
    assert_eq!(answer.status, 422, "{answer:?}");
    assert!(
        answer.body["error"].as_str().unwrap().contains("acceptance"),
        "{answer:?}"
    );
}

#[tokio::test]
async fn the_catalog_is_told_for_documentation() {
    let server = Server::start().await;
    let answer = server.get("/catalog").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.body["components"][0]["name"], "button");
    assert!(answer.body["tools"].as_array().unwrap().len() > 80);
}
