//! The real program killed without warning: what it acknowledged is there when it starts again.

use std::path::Path;

use serde_json::{Value, json};

use crate::process::{Program, place};
use crate::server::answer;
use crate::stream::Client;

/// One run of the program, ended by `kill -9` when dropped.
struct Run {
    program: Program,
    client: reqwest::Client,
}

impl Run {
    fn start(data_dir: &Path, storage: &str) -> Self {
        Self {
            program: Program::start_with(data_dir, &["--storage", storage], &[]),
            client: agentos_adapters::http::to_own_server().unwrap(),
        }
    }

    async fn get(&self, path: &str) -> Value {
        self.succeed(self.client.get(self.url(path))).await
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        self.succeed(self.client.post(self.url(path)).json(&body)).await
    }

    async fn delete(&self, path: &str) -> Value {
        self.succeed(self.client.delete(self.url(path))).await
    }

    async fn succeed(&self, request: reqwest::RequestBuilder) -> Value {
        let answer = answer(request).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.program.url)
    }

    /// An engine with the lease of `app`, bound to a connection of its own.
    async fn engine(&self, app: &str) -> Engine {
        let lease = self.post(&format!("/apps/{app}/engine"), json!({})).await;
        let mut connection = Client::connect_to(self.program.url.strip_prefix("http://").unwrap()).await;
        let id = lease["engine"].as_str().unwrap().to_owned();
        connection
            .send(json!({ "type": "attach", "app_id": app, "engine": id }))
            .await;
        let (rev, state) = (lease["rev"].as_u64().unwrap(), lease["state"].clone());
        Engine {
            app: app.to_owned(),
            id,
            rev,
            state,
            connection,
        }
    }
}

struct Engine {
    app: String,
    id: String,
    rev: u64,
    /// As it was when the lease was taken.
    state: Value,
    connection: Client,
}

impl Engine {
    async fn send(&mut self, ops: Value) {
        let message = json!({
            "type": "app_state", "app_id": self.app, "engine": self.id, "base_rev": self.rev, "ops": ops
        });
        self.connection.send(message).await;
    }

    async fn acknowledged(&mut self) {
        let ack = self.connection.next().await;
        assert_eq!(
            (&ack["type"], &ack["rev"]),
            (&json!("app_state_ack"), &json!(self.rev + 1)),
            "{ack}"
        );
        self.rev += 1;
    }
}

fn notes() -> Value {
    json!({
        "type": "app", "title": "Notes",
        "state": { "draft": "", "notes": [] }, "persist": ["notes"],
        "components": [
            { "type": "input", "id": "draft", "props": { "label": "Draft", "value": { "$bind": "draft" } } },
            { "type": "button", "id": "add", "props": { "text": "Add" },
              "on_event": { "click": { "tool": "ui.append", "args": { "path": "notes", "value": "{{ draft }}" } } } },
            { "type": "list", "id": "list", "each": { "in": "notes", "as": "n" },
              "children": [{ "type": "text", "props": { "content": "{{ n }}" } }] }
        ]
    })
}

fn add(note: u64) -> Value {
    json!([{ "op": "replace", "path": "/draft", "value": "" }, { "op": "add", "path": "/notes/-", "value": note }])
}

/// One test for each kind of storage.
macro_rules! in_both {
    ($test:ident) => {
        mod $test {
            #[tokio::test]
            async fn in_sqlite() {
                super::$test("sqlite").await;
            }

            #[tokio::test]
            async fn in_files() {
                super::$test("files").await;
            }
        }
    };
}

in_both!(an_app_goes_on_where_it_was_acknowledged_before_a_kill);

async fn an_app_goes_on_where_it_was_acknowledged_before_a_kill(storage: &str) {
    let (_place, data_dir) = place();
    let run = Run::start(&data_dir, storage);
    let made = run.post("/apps", json!({ "ui_spec": notes() })).await;
    let app = made["app_id"].as_str().unwrap().to_owned();
    let window = json!({ "position": { "x": 40.0, "y": 30.0 }, "size": { "width": 400.0, "height": 300.0 }, "state": "open" });
    run.post(&format!("/apps/{app}/window"), window.clone()).await;
    let mut engine = run.engine(&app).await;
    for note in 0..20 {
        engine.send(add(note)).await;
        engine.acknowledged().await;
    }
    let (old_lease, acknowledged) = (engine.id.clone(), engine.rev);
    // Whether this one arrives before the kill is anybody's guess.
    engine.send(add(20)).await;
    drop(run);

    let run = Run::start(&data_dir, storage);
    let listed = run.get("/apps").await;
    let suspended = &listed["apps"][0];
    assert_eq!(
        (&suspended["id"], &suspended["state"]),
        (&json!(app), &json!("suspended"))
    );
    assert_eq!(
        (&suspended["window"], &suspended["title"]),
        (&window, &json!("Notes"))
    );
    assert_eq!(suspended.get("sandbox_pid"), None);

    let mut engine = run.engine(&app).await;
    assert!(
        (acknowledged..=acknowledged + 1).contains(&engine.rev),
        "{}",
        engine.rev
    );
    assert_eq!(engine.state["notes"], json!((0..engine.rev).collect::<Vec<_>>()));
    assert_ne!(engine.id, old_lease);
    engine.send(add(99)).await;
    engine.acknowledged().await;
    let awake = run.get(&format!("/apps/{app}")).await;
    assert_eq!(
        (&awake["state"], awake["sandbox_pid"].is_u64()),
        (&json!("background"), true)
    );

    let mut stale = Engine {
        id: old_lease,
        ..run.engine(&app).await
    };
    stale.send(add(100)).await;
    let refused = stale.connection.next().await;
    assert_eq!(
        (&refused["type"], &refused["reason"]),
        (&json!("app_state_conflict"), &json!("engine_replaced"))
    );
}

in_both!(a_saved_app_is_launched_with_its_data_after_a_kill);

async fn a_saved_app_is_launched_with_its_data_after_a_kill(storage: &str) {
    let (_place, data_dir) = place();
    let run = Run::start(&data_dir, storage);
    let made = run.post("/apps", json!({ "ui_spec": notes() })).await;
    let app = made["app_id"].as_str().unwrap().to_owned();
    let saved = run.post("/registry/save", json!({ "app_id": app })).await;
    let package = saved["package_id"].as_str().unwrap().to_owned();
    let mut engine = run.engine(&app).await;
    engine
        .send(json!([{ "op": "replace", "path": "/draft", "value": "not kept" }]))
        .await;
    engine.acknowledged().await;
    engine
        .send(json!([{ "op": "add", "path": "/notes/-", "value": "kept" }]))
        .await;
    engine.acknowledged().await;
    run.delete(&format!("/apps/{app}")).await;
    drop(run);

    let run = Run::start(&data_dir, storage);
    assert_eq!(run.get("/apps").await["apps"], json!([]));
    let launched = run
        .post(&format!("/registry/apps/{package}/launch"), json!({}))
        .await;
    let id = launched["app_id"].as_str().unwrap();
    let engine = run.engine(id).await;
    assert_eq!(engine.state, json!({ "draft": "", "notes": ["kept"] }));
    let again = run
        .post(&format!("/registry/apps/{package}/launch"), json!({}))
        .await;
    assert_eq!(again["app_id"], json!(id), "it persists, so it runs once");
}

in_both!(an_edit_and_the_way_back_from_it_survive_a_kill);

async fn an_edit_and_the_way_back_from_it_survive_a_kill(storage: &str) {
    let (_place, data_dir) = place();
    let run = Run::start(&data_dir, storage);
    let made = run.post("/apps", json!({ "ui_spec": notes() })).await;
    let app = made["app_id"].as_str().unwrap().to_owned();
    let lines = json!({ "lines": "{\"set\":{\"title\":\"Ideas\"}}", "message": "call it Ideas" });
    let edited = run.post(&format!("/apps/{app}/edit"), lines).await;
    drop(run);

    let run = Run::start(&data_dir, storage);
    let shown = run.get(&format!("/apps/{app}")).await;
    assert_eq!((&shown["title"], &shown["version"]), (&json!("Ideas"), &json!(2)));
    assert_eq!(shown["ui_spec"].to_string(), edited["ui_spec"].to_string());
    let undone = run.post(&format!("/apps/{app}/undo"), json!({})).await;
    assert_eq!(undone["ui_spec"].to_string(), made["ui_spec"].to_string());
    drop(run);

    let run = Run::start(&data_dir, storage);
    let history = run.get(&format!("/apps/{app}/history")).await;
    assert_eq!(
        (&history["version"], &history["can_redo"]),
        (&json!(1), &json!(true))
    );
    let redone = run.post(&format!("/apps/{app}/redo"), json!({})).await;
    assert_eq!(redone["ui_spec"].to_string(), edited["ui_spec"].to_string());
}

#[tokio::test]
async fn what_is_kept_in_files_is_not_in_the_database() {
    let (_place, data_dir) = place();
    let run = Run::start(&data_dir, "files");
    run.post("/apps", json!({ "ui_spec": notes() })).await;
    assert_eq!(run.get("/health").await["storage"]["connected"], json!(true));
    let records = data_dir.join("files/system/home/records");
    assert_eq!(std::fs::read_dir(records.join("apps")).unwrap().count(), 1);
    std::fs::remove_file(records.join("journal.json")).unwrap();
    let health = run.get("/health").await;
    assert_eq!(
        (&health["status"], &health["storage"]["connected"]),
        (&json!("degraded"), &json!(false))
    );
    drop(run);

    let (code, told) = Program::refused(&data_dir, &["--storage", "files"]);
    assert_eq!(code, Some(1));
    assert!(told.contains("the records cannot be opened"), "{told}");
    let run = Run::start(&data_dir, "sqlite");
    assert_eq!(run.get("/apps").await["apps"], json!([]));
}
