//! Installed apps over REST.

use serde_json::{Value, json};

use crate::apps::{NOBODY, counter, note, open};
use crate::server::Server;

async fn save(server: &Server, app: &str, name: &str) -> Value {
    let saved = server
        .post(
            "/registry/save",
            json!({ "app_id": app, "name": name, "category": "tools", "tags": ["paper"] }),
        )
        .await;
    assert_eq!(saved.verdict(), "200 ok", "{saved:?}");
    saved.body
}

#[tokio::test]
async fn a_saved_app_is_listed_shown_and_launched() {
    let server = Server::start().await;
    let app = open(&server, counter()).await;
    let saved = save(&server, &app, "My counter").await;
    assert_eq!(saved["version"], "1.0.0");
    let package = saved["package_id"].as_str().unwrap();

    let list = server.get("/registry/apps").await.body;
    assert_eq!(list["stats"]["total_packages"], 1);
    assert_eq!(list["stats"]["categories"], json!({ "tools": 1 }));
    assert_eq!(
        (&list["apps"][0]["name"], &list["apps"][0]["tags"]),
        (&json!("My counter"), &json!(["paper"]))
    );
    assert!(
        list["apps"][0].get("ui_spec").is_none(),
        "a list carries no documents"
    );

    let shown = server.get(&format!("/registry/apps/{package}")).await.body;
    assert_eq!(shown["ui_spec"]["title"], "Counter");
    let launched = server
        .post(&format!("/registry/apps/{package}/launch"), Value::Null)
        .await
        .body;
    assert_eq!(launched["title"], "Counter");
    let launched = server
        .get(&format!("/apps/{}", launched["app_id"].as_str().unwrap()))
        .await
        .body;
    assert_eq!(launched["metadata"]["package_id"], json!(package));
    assert_eq!(launched["metadata"]["from_registry"], true);
}

#[tokio::test]
async fn saving_again_makes_a_new_version() {
    let server = Server::start().await;
    let app = open(&server, counter()).await;
    let first = save(&server, &app, "Counter").await;
    let second = save(&server, &app, "Better counter").await;
    assert_eq!(first["package_id"], second["package_id"]);
    assert_eq!(second["version"], "1.0.1");
    let versions = server
        .get(&format!(
            "/registry/apps/{}/versions",
            first["package_id"].as_str().unwrap()
        ))
        .await
        .body;
    let versions: Vec<&str> = versions["versions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|kept| kept["version"].as_str().unwrap())
        .collect();
    assert_eq!(versions, ["1.0.1", "1.0.0"]);
}

#[tokio::test]
async fn a_package_that_keeps_data_runs_once_and_any_other_many_times() {
    let server = Server::start().await;
    for (document, instances) in [(note("Kept"), 1), (counter(), 3)] {
        let app = open(&server, document).await;
        let package = save(&server, &app, "It").await["package_id"]
            .as_str()
            .unwrap()
            .to_owned();
        let mut running = vec![app];
        for _ in 0..2 {
            let launched = server
                .post(&format!("/registry/apps/{package}/launch"), Value::Null)
                .await
                .body;
            running.push(launched["app_id"].as_str().unwrap().to_owned());
        }
        running.sort();
        running.dedup();
        assert_eq!(running.len(), instances);
    }
}

#[tokio::test]
async fn the_list_is_filtered_by_category_and_words() {
    let server = Server::start().await;
    let app = open(&server, counter()).await;
    save(&server, &app, "Tally marks").await;
    for (query, found) in [
        ("?category=tools", 1),
        ("?category=games", 0),
        ("?q=tally%20paper", 1),
        ("?q=tally%20sheet", 0),
        ("", 1),
    ] {
        let list = server.get(&format!("/registry/apps{query}")).await.body;
        assert_eq!(list["apps"].as_array().unwrap().len(), found, "{query}");
        assert_eq!(list["stats"]["total_packages"], 1, "the stats are of all");
    }
}

#[tokio::test]
async fn a_deleted_package_is_gone() {
    let server = Server::start().await;
    let app = open(&server, counter()).await;
    let package = save(&server, &app, "It").await["package_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("/registry/apps/{package}");
    assert_eq!(server.delete(&path).await.body["package_id"], json!(package));
    for (method, path) in [
        ("GET", path.clone()),
        ("DELETE", path.clone()),
        ("POST", format!("{path}/launch")),
        ("GET", format!("{path}/versions")),
    ] {
        assert_eq!(
            server.send(method, &path, Value::Null).await.verdict(),
            "404 not_found",
            "{method} {path}"
        );
    }
    assert_eq!(
        server.get(&format!("/apps/{app}")).await.status,
        200,
        "the open app stays"
    );
}

#[tokio::test]
async fn refuses_what_cannot_be_saved() {
    let server = Server::start().await;
    let app = open(&server, counter()).await;
    for (body, expected) in [
        (json!({ "app_id": NOBODY }), "404 not_found"),
        (json!({ "app_id": "x" }), "422 invalid_body"),
        (json!({}), "422 invalid_body"),
        (json!({ "app_id": app, "name": "  " }), "422 invalid_body"),
        (
            json!({ "app_id": app, "name": "x".repeat(101) }),
            "422 invalid_body",
        ),
        (
            json!({ "app_id": app, "tags": vec!["t"; 21] }),
            "422 invalid_body",
        ),
        (json!({ "app_id": app, "colour": "blue" }), "422 invalid_body"),
    ] {
        assert_eq!(
            server.post("/registry/save", body.clone()).await.verdict(),
            expected,
            "{body}"
        );
    }
    assert_eq!(server.get("/registry/apps").await.body["apps"], json!([]));
}
