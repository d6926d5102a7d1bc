//! The example apps over REST.

use agentos_core::gallery;
use serde_json::Value;

use crate::apps::open;
use crate::server::{Server, answer};

#[tokio::test]
async fn the_gallery_lists_every_example_without_its_document() {
    let server = Server::start().await;
    let list = server.get("/gallery").await.body;
    let apps = list["apps"].as_array().unwrap();
    assert_eq!(apps.len(), gallery::all().len());
    for app in apps {
        assert!(
            list["categories"].as_array().unwrap().contains(&app["category"]),
            "{app}"
        );
        for text in ["id", "title", "description", "icon"] {
            assert!(
                app[text].as_str().is_some_and(|text| !text.is_empty()),
                "{app}: {text}"
            );
        }
        assert_eq!(app.get("ui_spec"), None, "a list carries no documents");
    }
}

#[tokio::test]
async fn every_example_is_shown_and_opens_as_an_app_without_a_finding() {
    let server = Server::start().await;
    for app in gallery::all() {
        let shown = server.get(&format!("/gallery/{}", app.id)).await;
        assert_eq!(shown.verdict(), "200 ok", "{}", app.id);
        assert_eq!(shown.body["title"], app.title.as_str());
        let id = open(&server, shown.body["ui_spec"].clone()).await;
        let opened = server.get(&format!("/apps/{id}")).await.body;
        assert_eq!(opened["title"], app.title.as_str());
        let closed = answer(server.request("DELETE", &format!("/apps/{id}"))).await;
        assert_eq!(closed.verdict(), "200 ok", "{}", app.id);
    }
    assert_eq!(server.get("/apps").await.body["apps"], Value::Array(Vec::new()));
}

#[tokio::test]
async fn an_example_nobody_knows_is_not_found() {
    let server = Server::start().await;
    assert_eq!(server.get("/gallery/nothing").await.verdict(), "404 not_found");
}
