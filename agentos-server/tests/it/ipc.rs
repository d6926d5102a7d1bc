//! `ipc.*`: two apps that know nothing of each other but a topic, and one that writes to another.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::timeout;

use crate::server::{Answer, Server};

/// Tells whoever wants to know when a time is over.
fn timer() -> Value {
    json!({
        "title": "Timer", "services": ["ipc"], "state": { "name": "Tea" },
        "components": [
            { "type": "input", "id": "name", "props": { "label": "What for", "value": { "$bind": "name" } } },
            { "type": "button", "id": "done", "props": { "text": "Time is up" }, "on_event": { "click":
                { "tool": "ipc.publish", "args": { "topic": "timer.done", "message": { "text": "{{ name }}" } } } } }
        ]
    })
}

/// Makes an entry of each time that is over.
fn todo() -> Value {
    json!({
        "title": "Todo", "services": ["ipc"], "state": { "todos": [], "news": [] },
        "actions": { "look": [
            { "tool": "ipc.receive", "args": { "topic": "timer.done" }, "into": "news" },
            { "if": "news | length > 0", "tool": "ui.set_state",
              "args": { "path": "todos", "value": "{{ todos + (news | map(attribute='message') | list) }}" } }
        ] },
        "on": { "mount": { "tool": "timer.interval", "args": { "timer_id": "look", "interval": 1000, "action": "look" } } },
        "components": [
            { "type": "list", "id": "todos_shown", "props": { "empty": "Nothing to do" }, "each": { "in": "todos", "as": "t" },
              "children": [{ "type": "text", "id": "todo", "props": { "content": "{{ t.text }}" } }] },
            { "type": "button", "id": "now", "props": { "text": "Look now" }, "on_event": { "click": "look" } }
        ]
    })
}

/// Shows what was sent to it, and sends to `to`.
fn postbox(to: &str) -> Value {
    json!({
        "title": "Postbox", "services": ["ipc"], "data": { "mail": { "tool": "ipc.receive", "args": { "wait": 4000 }, "every": 5, "default": [] } },
        "components": [
            { "type": "text", "id": "count", "props": { "content": "{{ mail | length }} new" } },
            { "type": "button", "id": "greet", "props": { "text": "Greet" }, "on_event": { "click":
                { "tool": "ipc.send", "args": { "to": to, "message": "hello" } } } }
        ]
    })
}

async fn app(server: &Server, document: Value) -> String {
    let made = server.post("/apps", json!({ "ui_spec": document })).await;
    assert_eq!(made.body["report"]["issues"], json!([]), "{made:?}");
    made.body["app_id"].as_str().unwrap().to_owned()
}

async fn execute(server: &Server, app: &str, tool: &str, params: Value) -> Answer {
    let body = json!({ "tool_id": tool, "params": params, "app_id": app });
    server.post("/services/execute", body).await
}

/// Has the tool ask the person, who then always allows it. Answers what was asked.
async fn allow(server: &Server, app: &str, tool: &str, params: Value) -> Value {
    let refused = execute(server, app, tool, params).await;
    assert_eq!(refused.body["code"], "approval_required", "{refused:?}");
    let open = server.get("/kernel/approvals").await.body;
    let [question] = &open["approvals"].as_array().unwrap()[..] else {
        panic!("{open}");
    };
    let path = format!("/kernel/approvals/{}", question["id"].as_str().unwrap());
    let answered = server.post(&path, json!({ "answer": "always" })).await;
    assert_eq!(answered.body["success"], true, "{answered:?}");
    question["need"].clone()
}

fn done() -> Value {
    json!({ "topic": "timer.done", "message": { "text": "Tea" } })
}

fn news() -> Value {
    json!({ "topic": "timer.done" })
}

#[tokio::test]
async fn a_timer_tells_a_todo_list_that_never_heard_of_it() {
    let server = Server::start().await;
    let (timer, todo) = (app(&server, timer()).await, app(&server, todo()).await);
    let asked = allow(&server, &todo, "ipc.receive", news()).await;
    assert_eq!(
        asked,
        json!({ "kind": "ipc", "topic": "timer.done", "rights": "receive" })
    );
    let asked = allow(&server, &timer, "ipc.publish", done()).await;
    assert_eq!(
        asked,
        json!({ "kind": "ipc", "topic": "timer.done", "rights": "send" })
    );

    let nothing = execute(&server, &todo, "ipc.receive", news()).await;
    assert_eq!(nothing.body["data"], json!([]), "{nothing:?}");
    let reached = execute(&server, &timer, "ipc.publish", done()).await;
    assert_eq!(reached.body["data"], 1, "{reached:?}");
    let told = execute(&server, &todo, "ipc.receive", news()).await;
    let from = json!({ "app_id": timer, "title": "Timer" });
    assert_eq!(
        told.body["data"],
        json!([{ "message": { "text": "Tea" }, "from": from, "lagged": 0 }])
    );
    let permissions = server.get(&format!("/apps/{todo}/permissions")).await.body;
    assert_eq!(permissions["services"], json!(["ipc"]));
    assert_eq!(permissions["answers"][0]["need"]["topic"], "timer.done");
}

#[tokio::test]
async fn who_waits_hears_at_once() {
    let server = Server::start().await;
    let (timer, todo) = (app(&server, timer()).await, app(&server, todo()).await);
    allow(&server, &todo, "ipc.receive", news()).await;
    allow(&server, &timer, "ipc.publish", done()).await;
    execute(&server, &todo, "ipc.receive", news()).await;
    let waiting = json!({ "topic": "timer.done", "wait": 20_000 });
    let telling = async {
        while server.get("/kernel/stats").await.body["calls_in_flight"] == 0 {}
        execute(&server, &timer, "ipc.publish", done()).await
    };
    let both = async { tokio::join!(execute(&server, &todo, "ipc.receive", waiting), telling) };
    let (told, _) = timeout(Duration::from_secs(10), both)
        .await
        .expect("it is heard before its wait is over");
    assert_eq!(told.body["data"][0]["message"]["text"], "Tea", "{told:?}");
    let waiting = json!({ "topic": "timer.done", "wait": 100 });
    let nothing = execute(&server, &todo, "ipc.receive", waiting).await;
    assert_eq!(nothing.body["data"], json!([]));
}

#[tokio::test]
async fn an_app_is_asked_about_by_its_title_and_forgotten_with_the_answer() {
    let server = Server::start().await;
    let other = app(&server, postbox("parent")).await;
    let own = app(&server, postbox(&other)).await;
    let greeting = || json!({ "to": other, "message": "hello" });
    let asked = allow(&server, &own, "ipc.send", greeting()).await;
    assert_eq!(
        (&asked["kind"], &asked["title"], &asked["rights"]),
        (&json!("ipc"), &json!("Postbox"), &json!("send"))
    );
    let sent = execute(&server, &own, "ipc.send", greeting()).await;
    assert_eq!(sent.body["data"], true, "{sent:?}");
    let mail = execute(&server, &other, "ipc.receive", json!({})).await;
    assert_eq!(mail.body["data"][0]["message"], "hello");
    assert_eq!(mail.body["data"][0]["from"]["app_id"], own);

    let forgotten = server.delete(&format!("/apps/{own}/permissions")).await;
    assert_eq!(forgotten.body["success"], true);
    let refused = execute(&server, &own, "ipc.send", greeting()).await;
    assert_eq!(refused.body["code"], "approval_required", "{refused:?}");
}
