//! What a document asks for is a request: the app has its profile, whatever its document, its arguments or its
//! callers say.

use serde_json::{Value, json};

use crate::machine::{Machine, Site};
use crate::services::keeper;

/// Declares every service, and every permission somebody could dream of.
fn greedy() -> Value {
    json!({
        "type": "app", "title": "Greedy",
        "services": ["ai", "app", "files", "http", "ipc", "storage", "system"],
        "permissions": {
            "network": ["*"], "http": true, "ai": { "models": ["*"], "budget": 1_000_000 }, "ipc": ["*"],
            "files": ["/", "shared:", "home:../"], "spawn": true, "signal": true, "approve": true,
            "profile": "privileged", "sandbox_level": "PRIVILEGED", "pid": 1
        },
        "profile": "privileged", "grants": ["*"],
        "components": [{ "type": "text", "props": { "content": "more" } }]
    })
}

/// What the process of `app` holds, in words, without its own namespace.
async fn holdings(machine: &Machine, app: &str) -> Value {
    let pid = machine.pid_of(app).await;
    let list = machine.ask("GET", &format!("/kernel/grants?pid={pid}")).await;
    let grants = list["grants"].as_array().unwrap().iter();
    let told = |grant: &Value| json!([grant["capability"]["kind"], grant["text"], grant["rule"]]);
    grants.map(told).collect()
}

async fn process(machine: &Machine, app: &str) -> Value {
    let list = machine.ask("GET", "/kernel/processes").await;
    let mut processes = list["processes"].as_array().unwrap().iter();
    processes
        .find(|process| process["app_id"] == app)
        .unwrap()
        .clone()
}

#[tokio::test]
async fn a_document_that_asks_for_everything_gets_its_profile() {
    let site = Site::start().await;
    let machine = Machine::start(&[&format!("127.0.0.1:{}", site.port)]).await;
    let (plain, app) = (machine.open(keeper()).await, machine.open(greedy()).await);
    assert_eq!(holdings(&machine, &app).await, holdings(&machine, &plain).await);
    let (own, usual) = (process(&machine, &app).await, process(&machine, &plain).await);
    assert_eq!(
        (&own["profile"], &own["limits"]),
        (&usual["profile"], &usual["limits"])
    );

    for (tool, params) in [
        ("http.get", json!({ "url": site.url("/") })),
        ("http.post", json!({ "url": "https://example.org/", "data": "x" })),
        ("ai.ask", json!({ "prompt": "say hello" })),
        ("files.read", json!({ "path": "shared:r/a.txt" })),
        ("files.write", json!({ "path": "shared:w/a.txt", "content": "x" })),
        ("files.copy", json!({ "from": "shared:c/a.txt", "to": "a.txt" })),
        ("ipc.send", json!({ "to": plain, "message": 1 })),
        ("ipc.publish", json!({ "topic": "news", "message": 1 })),
        ("ipc.receive", json!({ "topic": "news" })),
    ] {
        assert_eq!(
            machine.code_of(&app, tool, params.clone()).await,
            "approval_required",
            "{tool} {params}"
        );
        machine.answer("never").await;
        assert_eq!(
            machine.code_of(&app, tool, params.clone()).await,
            "permission_denied",
            "{tool} {params}"
        );
    }
    let gained = holdings(&machine, &app).await;
    let gained = gained
        .as_array()
        .unwrap()
        .iter()
        .filter(|grant| grant[2] == "allow");
    assert_eq!(
        gained.count(),
        holdings(&machine, &plain).await.as_array().unwrap().len()
    );
    assert_eq!(site.requests(), [] as [String; 0]);
    for (tool, params) in [
        ("storage.set", json!({ "key": "k", "value": 1 })),
        ("files.write", json!({ "path": "a.txt", "content": "own" })),
        ("system.time", json!({})),
        ("system.info", json!({})),
        ("app.list", json!({})),
    ] {
        assert_eq!(
            machine.code_of(&app, tool, params).await,
            "ok",
            "its profile holds {tool}"
        );
    }
}

#[tokio::test]
async fn no_argument_reaches_what_is_anothers() {
    let machine = Machine::start(&[]).await;
    let (other, app) = (machine.open(greedy()).await, machine.open(greedy()).await);
    let kept = json!({ "key": "k", "value": "of the other" });
    assert_eq!(machine.code_of(&other, "storage.set", kept).await, "ok");
    let written = json!({ "path": "a.txt", "content": "of the other" });
    assert_eq!(machine.code_of(&other, "files.write", written).await, "ok");
    let pid = machine.pid_of(&other).await;
    let spawned = machine.ask("GET", "/audit?after=0").await;
    let rows = spawned["rows"].as_array().unwrap().iter();
    let spawn = rows
        .map(|row| &row["record"])
        .find(|record| record["child"] == pid);
    let namespace = spawn.unwrap()["namespace"].as_str().unwrap().to_owned();

    for (tool, params) in [
        ("storage.get", json!({ "key": "k", "namespace": namespace })),
        ("storage.get", json!({ "key": "k", "app_id": other })),
        ("storage.clear", json!({ "namespace": namespace })),
        ("storage.list", json!({ "prefix": "", "pid": pid })),
        ("files.read", json!({ "path": "a.txt", "owner": namespace })),
        ("files.read", json!({ "path": format!("{namespace}:a.txt") })),
        (
            "files.read",
            json!({ "path": format!("home:../../{namespace}/home/a.txt") }),
        ),
        (
            "files.read",
            json!({ "path": format!("../{namespace}/home/a.txt") }),
        ),
        ("files.list", json!({ "path": "/" })),
        ("files.list", json!({ "path": "shared:.." })),
        (
            "files.copy",
            json!({ "from": format!("tmp:../../{namespace}/home/a.txt"), "to": "b.txt" }),
        ),
        ("ipc.receive", json!({ "app_id": other })),
        ("http.get", json!({ "url": "file:///etc/passwd" })),
        (
            "http.get",
            json!({ "url": "https://h.test/", "operator_granted": true }),
        ),
        ("ai.ask", json!({ "prompt": "x", "account": "person" })),
        ("system.info", json!({ "pid": 1 })),
    ] {
        assert_eq!(
            machine.code_of(&app, tool, params.clone()).await,
            "args_invalid",
            "{tool} {params}"
        );
    }
    for key in [
        "k".to_owned(),
        format!("../{namespace}/k"),
        format!("{namespace}/k"),
        format!("{namespace}:k"),
        format!("{other}/k"),
        "../k".to_owned(),
    ] {
        let read = machine
            .call_of(&app, "storage.get", json!({ "key": key, "default": "nothing" }))
            .await;
        assert_eq!(read["data"], "nothing", "{key}");
        assert_eq!(
            machine
                .code_of(&app, "storage.set", json!({ "key": key, "value": "own" }))
                .await,
            "ok"
        );
    }
    for path in ["a.txt".to_owned(), format!("{namespace}/home/a.txt")] {
        assert_eq!(
            machine.code_of(&app, "files.read", json!({ "path": path })).await,
            "not_found",
            "{path}"
        );
    }
    for tool in ["app.close", "app.focus", "app.unfocus"] {
        let answer = machine.call_of(&app, tool, json!({ "app_id": other })).await;
        assert_eq!(answer["success"], false, "{tool}: {answer}");
    }
    let listed = machine.call_of(&app, "app.list", json!({})).await;
    assert!(!listed.to_string().contains(&other), "{listed}");

    let names = machine.call_of(&other, "storage.list", json!({})).await;
    assert_eq!(names["data"], json!(["k"]));
    let kept = machine
        .call_of(&other, "storage.get", json!({ "key": "k" }))
        .await;
    assert_eq!(kept["data"], "of the other");
    let written = machine.call_of(&other, "files.list", json!({})).await;
    assert_eq!(written["data"].as_array().unwrap().len(), 1, "{written}");
    let written = machine
        .call_of(&other, "files.read", json!({ "path": "a.txt" }))
        .await;
    assert_eq!(written["data"], "of the other");
}

#[tokio::test]
async fn another_apps_id_opens_only_what_that_apps_document_says() {
    let machine = Machine::start(&[]).await;
    let app = machine.open(keeper()).await;
    for (tool, params) in [
        ("storage.clear", json!({})),
        ("storage.list", json!({})),
        ("http.get", json!({ "url": "https://h.test/" })),
        ("files.read", json!({ "path": "a.txt" })),
        ("ai.ask", json!({ "prompt": "x" })),
        ("app.close", json!({})),
        ("ipc.receive", json!({})),
        ("system.info", json!({})),
    ] {
        assert_eq!(
            machine.code_of(&app, tool, params).await,
            "tool_not_bound",
            "{tool}"
        );
    }
    let execute = |body: Value| machine.post("/services/execute", body);
    let get = |app: Value| json!({ "tool_id": "storage.get", "params": { "key": "k" }, "app_id": app });
    for (body, expected) in [
        (get(Value::Null), "app_required"),
        (get(json!("0190a0a0-0000-7000-8000-000000000000")), "not_found"),
        (get(json!("1")), "invalid_body"),
        (get(json!(1)), "invalid_body"),
        (
            json!({ "tool_id": "storage.get", "params": { "key": "k" }, "pid": 1 }),
            "app_required",
        ),
    ] {
        assert_eq!(execute(body.clone()).await["code"], expected, "{body}");
    }
    assert_eq!(machine.questions().await, [] as [Value; 0]);
}
