//! Files of apps from outside: what the tools do, and promise F, that no call reads, writes, creates, deletes, lists or
//! reveals anything outside the granted folder, under any path, link layout or race.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use crate::apps::open;
use crate::server::{Answer, Server, answer};

#[cfg(unix)]
mod outside;

fn writer() -> Value {
    json!({
        "type": "app", "title": "Writer", "layout": "vertical", "services": ["files"], "state": { "text": "" },
        "components": [
            { "type": "text", "id": "shown", "props": { "content": "{{ text }}" } },
            { "type": "button", "id": "load", "props": { "text": "Load" }, "on_event": { "click":
                { "tool": "files.read", "args": { "path": "a.txt" }, "into": "text" } } }
        ]
    })
}

async fn call(server: &Server, app: &str, tool: &str, params: Value) -> Answer {
    let body = json!({ "tool_id": tool, "params": params, "app_id": app });
    server.post("/services/execute", body).await
}

#[tokio::test]
async fn every_tool_works_on_the_files_of_an_app() {
    let server = Server::start().await;
    let app = open(&server, writer()).await;
    let done = async |tool: &str, params: Value| {
        let answer = call(&server, &app, tool, params).await;
        assert_eq!(answer.body["success"], true, "{tool}: {answer:?}");
        answer.body["data"].clone()
    };
    let file = done("files.write", json!({ "path": "a.txt", "content": "Grüße" })).await;
    assert_eq!(
        (&file["path"], &file["kind"], &file["size"]),
        (&json!("home:a.txt"), &json!("file"), &json!(7))
    );
    let longer = done("files.append", json!({ "path": "home:a.txt", "content": "!" })).await;
    assert_ne!(longer["etag"], file["etag"]);
    assert_eq!(done("files.read", json!({ "path": "a.txt" })).await, "Grüße!");
    assert_eq!(done("files.stat", json!({ "path": "a.txt" })).await, longer);
    assert_eq!(done("files.exists", json!({ "path": "b.txt" })).await, false);
    assert_eq!(done("files.mkdir", json!({ "path": "d/e/f" })).await, true);
    assert_eq!(done("files.mkdir", json!({ "path": "d/e" })).await, false);
    assert_eq!(
        done("files.copy", json!({ "from": "a.txt", "to": "d/e/b.txt" })).await,
        true
    );
    assert_eq!(
        done("files.move", json!({ "from": "a.txt", "to": "tmp:c.txt" })).await,
        true
    );
    assert_eq!(done("files.exists", json!({ "path": "a.txt" })).await, false);
    let listed = done("files.list", json!({ "path": "d/e" })).await;
    let lines: Vec<_> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| {
            (
                entry["path"].as_str().unwrap(),
                entry["kind"].as_str().unwrap(),
                entry["size"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        lines,
        [("home:d/e/b.txt", "file", 8), ("home:d/e/f", "directory", 0)]
    );
    assert_eq!(done("files.list", json!({})).await[0]["name"], "d");
    assert_eq!(done("files.delete", json!({ "path": "d/e/b.txt" })).await, true);
    assert_eq!(done("files.delete", json!({ "path": "d/e/f" })).await, true);
    assert_eq!(done("files.delete", json!({ "path": "d/e/f" })).await, false);
}

#[tokio::test]
async fn what_fails_says_why_and_changes_nothing() {
    let server = Server::start().await;
    let app = open(&server, writer()).await;
    for (tool, params) in [
        ("files.write", json!({ "path": "a.txt", "content": "one" })),
        ("files.mkdir", json!({ "path": "d" })),
        ("files.write", json!({ "path": "d/b.txt", "content": "two" })),
    ] {
        let answer = call(&server, &app, tool, params).await;
        assert_eq!(answer.verdict(), "200 ok", "{answer:?}");
    }
    let home = home_of(&server);
    std::fs::write(home.join("picture"), [0xff, 0xd8, 0xff]).unwrap();
    let long = std::fs::File::create(home.join("long")).unwrap();
    long.set_len((2 << 20) + 1).unwrap();
    for (tool, params, expected) in [
        ("files.read", json!({ "path": "none.txt" }), "404 not_found"),
        ("files.read", json!({ "path": "d" }), "409 is_a_directory"),
        ("files.read", json!({ "path": "picture" }), "422 not_text"),
        ("files.read", json!({ "path": "long" }), "413 too_large"),
        ("files.read", json!({ "path": "../a.txt" }), "422 args_invalid"),
        (
            "files.write",
            json!({ "path": "e/c.txt", "content": "" }),
            "404 not_found",
        ),
        (
            "files.write",
            json!({ "path": "a.txt", "content": "x", "if_etag": "other" }),
            "409 conflict",
        ),
        (
            "files.write",
            json!({ "path": "d", "content": "x" }),
            "409 is_a_directory",
        ),
        (
            "files.append",
            json!({ "path": "a.txt/b", "content": "x" }),
            "409 not_a_directory",
        ),
        ("files.delete", json!({ "path": "d" }), "409 not_empty"),
        ("files.delete", json!({ "path": "home:" }), "422 args_invalid"),
        (
            "files.move",
            json!({ "from": "a.txt", "to": "d/b.txt" }),
            "409 already_exists",
        ),
        (
            "files.copy",
            json!({ "from": "a.txt", "to": "/b.txt" }),
            "422 args_invalid",
        ),
        ("files.mkdir", json!({ "path": "a.txt/d" }), "409 not_a_directory"),
        ("files.list", json!({ "path": "a.txt" }), "409 not_a_directory"),
        (
            "files.list",
            json!({ "path": "shared:" }),
            "403 approval_required",
        ),
        (
            "files.copy",
            json!({ "from": "a.txt", "to": "shared:a.txt" }),
            "403 approval_required",
        ),
    ] {
        let answer = call(&server, &app, tool, params.clone()).await;
        assert_eq!(answer.verdict(), expected, "{tool} {params}: {answer:?}");
    }
    assert_eq!(std::fs::read_to_string(home.join("a.txt")).unwrap(), "one");
    assert_eq!(std::fs::read_to_string(home.join("d/b.txt")).unwrap(), "two");
    let told = call(
        &server,
        &app,
        "files.copy",
        json!({ "from": "a.txt", "to": "con" }),
    )
    .await;
    assert!(
        told.body["error"].as_str().unwrap().contains("argument \"to\""),
        "{told:?}"
    );
}

/// The home of the one app that has one.
fn home_of(server: &Server) -> std::path::PathBuf {
    let files = server.data_dir.path().join("files");
    let owners = std::fs::read_dir(files)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let home = owners.map(|owner| owner.join("home")).find(|home| home.is_dir());
    home.unwrap()
}

#[tokio::test]
async fn files_are_data_that_closing_an_unsaved_app_destroys() {
    let server = Server::start().await;
    let has_data = async |app: &str| server.get(&format!("/apps/{app}")).await.body["has_data"].clone();
    let close = async |app: &str| {
        answer(server.request("DELETE", &format!("/apps/{app}")))
            .await
            .status
    };

    let app = open(&server, writer()).await;
    assert_eq!(has_data(&app).await, json!(false));
    let write = json!({ "path": "a.txt", "content": "kept" });
    let written = call(&server, &app, "files.write", write.clone()).await;
    assert_eq!(written.verdict(), "200 ok", "{written:?}");
    assert_eq!(has_data(&app).await, json!(true));
    let home = home_of(&server);
    assert!(home.join("a.txt").exists());
    assert_eq!(close(&app).await, 200);
    assert!(!home.join("a.txt").exists());

    let app = open(&server, writer()).await;
    call(&server, &app, "files.write", write).await;
    let saved = server.post("/registry/save", json!({ "app_id": app })).await;
    assert_eq!(has_data(&app).await, json!(false), "a saved app has them again");
    assert_eq!(close(&app).await, 200);
    let package = saved.body["package_id"].as_str().unwrap().to_owned();
    let launched = server
        .post(&format!("/registry/apps/{package}/launch"), json!({}))
        .await;
    let app = launched.body["app_id"].as_str().unwrap().to_owned();
    let read = call(&server, &app, "files.read", json!({ "path": "a.txt" })).await;
    assert_eq!(read.body["data"], json!("kept"), "{read:?}");
    assert_eq!(close(&app).await, 200);
    let deleted = answer(server.request("DELETE", &format!("/registry/apps/{package}"))).await;
    assert_eq!(deleted.status, 200, "{deleted:?}");
    let files = server.data_dir.path().join("files");
    let homes = std::fs::read_dir(files)
        .unwrap()
        .map(|owner| owner.unwrap().path().join("home"));
    let kept: Vec<_> = homes.filter(|home| home.join("a.txt").exists()).collect();
    assert!(kept.is_empty(), "{kept:?}");
}

/// Has the app read a file, and takes no more of the answer than its first byte.
async fn unread(server: &Server, app: &str, path: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    let mut stream = socket.connect(server.address.parse().unwrap()).await.unwrap();
    let body = json!({ "tool_id": "files.read", "params": { "path": path }, "app_id": app }).to_string();
    let head = format!(
        "POST /services/execute HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        server.address,
        body.len()
    );
    stream.write_all((head + &body).as_bytes()).await.unwrap();
    stream.read_u8().await.unwrap();
    stream
}

#[tokio::test]
async fn what_an_app_reads_is_held_for_it_until_the_client_took_it() {
    const LARGEST: usize = 2 << 20;
    const LIMIT: u64 = 64 << 20;
    let server = Server::start().await;
    let app = open(&server, writer()).await;
    let written = call(
        &server,
        &app,
        "files.write",
        json!({ "path": "a.txt", "content": "" }),
    )
    .await;
    assert_eq!(written.verdict(), "200 ok");
    // What two mebibytes become in JSON is more than a connection takes by itself.
    std::fs::write(home_of(&server).join("a.txt"), vec![b'"'; LARGEST]).unwrap();
    let held = async || {
        let list = server.get("/kernel/processes").await.body;
        let own = list["processes"]
            .as_array()
            .unwrap()
            .iter()
            .find(|process| process["app_id"] == *app);
        own.unwrap()["usage"]["memory_bytes"].as_u64().unwrap()
    };
    let before = held().await;
    let read = async || call(&server, &app, "files.read", json!({ "path": "a.txt" })).await;
    let mut connections = Vec::new();
    while held().await < LIMIT - LARGEST as u64 {
        connections.push(unread(&server, &app, "a.txt").await);
        assert_eq!(held().await, before + (connections.len() * LARGEST) as u64);
    }
    assert_eq!(read().await.verdict(), "429 quota_exceeded");
    drop(connections);
    let gone = async {
        while held().await > before {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), gone).await.unwrap();
    assert_eq!(read().await.verdict(), "200 ok");
}

#[tokio::test]
async fn what_is_shared_is_reached_as_the_person_allows_it() {
    let server = Server::start().await;
    let (app, other) = (open(&server, writer()).await, open(&server, writer()).await);
    let note = json!({ "path": "shared:notes/a.txt", "content": "for all" });
    let allow = async |need: Value, answer: &str| {
        let open = server.get("/kernel/approvals").await.body;
        let [question] = &open["approvals"].as_array().unwrap()[..] else {
            panic!("{open}");
        };
        assert_eq!(question["need"], need);
        let path = format!("/kernel/approvals/{}", question["id"].as_str().unwrap());
        let answered = server.post(&path, json!({ "answer": answer })).await;
        assert_eq!(answered.verdict(), "200 ok", "{answered:?}");
    };
    let notes = |rights: &str| json!({ "kind": "fs", "path": "shared:notes", "rights": rights });
    let refused = call(&server, &app, "files.mkdir", json!({ "path": "shared:notes" })).await;
    assert_eq!(refused.verdict(), "403 approval_required");
    allow(notes("read_write"), "always").await;
    for (tool, params) in [
        ("files.mkdir", json!({ "path": "shared:notes" })),
        ("files.write", note.clone()),
        (
            "files.move",
            json!({ "from": "shared:notes/a.txt", "to": "shared:notes/b.txt" }),
        ),
    ] {
        let answer = call(&server, &app, tool, params).await;
        assert_eq!(answer.verdict(), "200 ok", "{answer:?}");
    }
    let permissions = server.get(&format!("/apps/{app}/permissions")).await.body;
    assert_eq!(
        permissions["answers"],
        json!([{ "need": notes("read_write"), "allowed": true }])
    );

    let list = json!({ "path": "shared:notes" });
    let _ = call(&server, &other, "files.list", list.clone()).await;
    allow(notes("read"), "session").await;
    let listed = call(&server, &other, "files.list", list).await;
    assert_eq!(listed.body["data"][0]["path"], "shared:notes/b.txt", "{listed:?}");
    let read = call(
        &server,
        &other,
        "files.read",
        json!({ "path": "shared:notes/b.txt" }),
    )
    .await;
    assert_eq!(read.body["data"], "for all");
    let refused = call(&server, &other, "files.write", note).await;
    assert_eq!(
        refused.verdict(),
        "403 approval_required",
        "reading is not writing"
    );
}
