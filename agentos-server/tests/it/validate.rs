//! `/validate`: an answer for every text, and nothing is opened.

use serde_json::{Value, json};

use crate::apps::{counter, hostile_documents, note};
use crate::server::Server;

async fn codes(server: &Server, text: &str) -> (bool, Vec<String>) {
    let answer = server.post_text("/validate", text).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let issues = answer.body["issues"].as_array().unwrap().clone();
    let codes = issues
        .iter()
        .map(|issue| issue["code"].as_str().unwrap().to_owned());
    (answer.body["valid"].as_bool().unwrap(), codes.collect())
}

#[tokio::test]
async fn a_working_document_is_valid() {
    let server = Server::start().await;
    for document in [note("Note"), counter()] {
        assert_eq!(
            codes(&server, &document.to_string()).await,
            (true, vec![]),
            "{document}"
        );
    }
    assert_eq!(
        server.get("/apps").await.body["apps"],
        json!([]),
        "nothing is opened"
    );
}

#[tokio::test]
async fn what_is_wrong_is_told_with_its_place() {
    let server = Server::start().await;
    let mut document = counter();
    document["components"][0]["props"]["content"] = json!("{{ m }}");
    document["components"][1]["on_event"]["click"]["tool"] = json!("ui.explode");
    let answer = server.post("/validate", document).await.body;
    assert_eq!(answer["valid"], false);
    let place_of = |code: &str| {
        let issues = answer["issues"].as_array().unwrap();
        issues
            .iter()
            .find(|issue| issue["code"] == code)
            .map_or(Value::Null, |issue| issue["path"].clone())
    };
    assert_eq!(
        place_of("expr_unknown_name"),
        "/components/0/props/content",
        "{answer}"
    );
    assert!(
        place_of("tool_unknown")
            .as_str()
            .unwrap()
            .starts_with("/components/1/on_event/click"),
        "{answer}"
    );
}

#[tokio::test]
async fn texts_that_are_no_document_are_answered_too() {
    let server = Server::start().await;
    let nested = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for (text, code) in [
        ("", "json_truncated"),
        ("create a calculator", "json_invalid"),
        (r#"{"type":"app","title":"Cut","#, "json_truncated"),
        ("[]", "schema"),
        ("7", "schema"),
        (&nested, "too_deep"),
    ] {
        let (valid, codes) = codes(&server, text).await;
        let shown: String = text.chars().take(40).collect();
        assert!(
            !valid && codes.iter().any(|found| found == code),
            "{shown:?}: {codes:?}"
        );
    }
    for (text, code) in hostile_documents()
        .into_iter()
        .filter(|(_, code)| *code != "json_invalid")
    {
        let (valid, codes) = codes(&server, &text).await;
        assert!(!valid && codes == [code], "{code}: {codes:?}");
    }
    let million = json!({ "type": "app", "title": "x".repeat(1_000_000), "components": [] });
    assert_eq!(
        codes(&server, &million.to_string()).await,
        (false, vec!["too_large".to_owned()])
    );
    assert_eq!(
        server
            .post_text("/validate", &" ".repeat(1_100_000))
            .await
            .verdict(),
        "413 too_large"
    );
}

#[tokio::test]
async fn hostile_parts_of_a_document_are_told_or_mended() {
    let server = Server::start().await;
    for (component, code) in [
        (
            json!({ "type": "link", "id": "a", "props": { "text": "x", "href": "javascript:alert(1)" } }),
            "url_scheme",
        ),
        (json!({ "type": "hologram", "id": "a" }), "unknown_type"),
        (
            json!({ "type": "button", "id": "a", "props": { "text": "x" }, "on_event": { "click": "os.format_disk" } }),
            "tool_unknown",
        ),
        (
            json!({ "type": "text", "id": "twice", "props": { "content": "x" } }),
            "mended",
        ),
        (
            json!({ "type": "input", "id": "a", "props": { "label": "x", "value": { "$bind": "__proto__.polluted" } } }),
            "path_forbidden",
        ),
    ] {
        let document = json!({ "type": "app", "title": "Hostile", "components": [
            { "type": "text", "id": "twice", "props": { "content": "first" } }, component,
        ] });
        let (_, codes) = codes(&server, &document.to_string()).await;
        assert!(codes.iter().any(|found| found == code), "{document}: {codes:?}");
        let opened = server.post("/apps", json!({ "ui_spec": document })).await;
        assert!(matches!(opened.status, 200 | 422), "{document}: {opened:?}");
        assert!(
            !opened.body["ui_spec"].to_string().contains("javascript:"),
            "{opened:?}"
        );
    }
}
