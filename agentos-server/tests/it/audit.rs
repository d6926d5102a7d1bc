//! Promise A from outside: what is to be in the audit is in it, with who did it and to what, and nothing of what was
//! carried; what was acknowledged is in it after a kill.

use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::time::timeout;

use crate::machine::{Machine, Site};
use crate::process::Program;

fn worker(title: &str) -> Value {
    json!({
        "type": "app", "title": title, "services": ["ai", "files", "http", "ipc", "storage"],
        "components": [{ "type": "text", "props": { "content": "at work" } }]
    })
}

impl Machine {
    /// The rows after `after`.
    async fn audit(&self, after: u64) -> Vec<Value> {
        let mut rows = Vec::new();
        let mut last = after;
        loop {
            let page = self.ask("GET", &format!("/audit?after={last}&limit=1000")).await;
            rows.extend_from_slice(page["rows"].as_array().unwrap());
            match rows.last() {
                Some(row) if row["seq"] != last => last = row["seq"].as_u64().unwrap(),
                _ => return rows,
            }
        }
    }

    async fn last_row(&self) -> u64 {
        self.ask("GET", "/audit?limit=1").await["last"].as_u64().unwrap()
    }
}

/// What the audit gains by `done`, without when: all of it, so that nothing else can be there.
async fn audited(machine: &Machine, done: impl Future<Output = Value>) -> Vec<Value> {
    let before = machine.last_row().await;
    done.await;
    let mut rows = machine.audit(before).await;
    let records = rows.iter_mut().map(|row| {
        let record = row["record"].as_object_mut().unwrap();
        assert!(record.remove("time").is_some_and(|time| time.is_u64()));
        assert!(record.remove("boot").is_some_and(|boot| boot.is_string()));
        Value::Object(record.clone())
    });
    records.collect()
}

#[tokio::test]
async fn what_is_done_and_refused_is_told_with_who_and_what() {
    let site = Site::start().await;
    let machine = Machine::start(&[&format!("127.0.0.1:{}", site.port)]).await;
    let spawned = audited(&machine, async { json!(machine.open(worker("Worker")).await) }).await;
    let (app, pid) = {
        let list = machine.ask("GET", "/apps").await;
        let mut apps = list["apps"].as_array().unwrap().iter();
        let app = apps.find(|app| app["title"] == "Worker").unwrap();
        (app["id"].as_str().unwrap().to_owned(), app["sandbox_pid"].clone())
    };
    let namespace = spawned[0]["namespace"].clone();
    assert!(namespace.is_string());
    assert_eq!(
        spawned,
        [
            json!({ "pid": 1, "action": "spawn", "child": pid, "name": "Worker", "profile": "standard",
                 "namespace": namespace })
        ]
    );

    let calling = |tool: &'static str, params: Value| machine.call_of(&app, tool, params);
    let place = |path: &str| json!({ "path": path, "owner": namespace });
    let changed = |change: &str, path: &str, bytes: u64| json!({ "pid": pid, "action": "file", "change": change, "place": place(path), "bytes": bytes });
    let carried = |change: &str, from: &str, to: &str| {
        let mut record = changed(change, to, 0);
        record["from"] = place(from);
        record
    };
    for (tool, params, expected) in [
        (
            "storage.set",
            json!({ "key": "k", "value": "12345" }),
            json!({ "pid": pid, "action": "store_put", "namespace": namespace, "key": "k", "bytes": 7 }),
        ),
        (
            "storage.remove",
            json!({ "key": "k" }),
            json!({ "pid": pid, "action": "store_delete", "namespace": namespace, "key": "k" }),
        ),
        (
            "storage.clear",
            json!({}),
            json!({ "pid": pid, "action": "store_clear", "namespace": namespace }),
        ),
        (
            "files.write",
            json!({ "path": "a.txt", "content": "12345" }),
            changed("write", "home:a.txt", 5),
        ),
        (
            "files.append",
            json!({ "path": "a.txt", "content": "678" }),
            changed("append", "home:a.txt", 3),
        ),
        (
            "files.mkdir",
            json!({ "path": "d" }),
            changed("create_directory", "home:d", 0),
        ),
        (
            "files.copy",
            json!({ "from": "a.txt", "to": "d/b.txt" }),
            carried("copy", "home:a.txt", "home:d/b.txt"),
        ),
        (
            "files.move",
            json!({ "from": "a.txt", "to": "tmp:c.txt" }),
            carried("move", "home:a.txt", "tmp:c.txt"),
        ),
        (
            "files.delete",
            json!({ "path": "d/b.txt" }),
            changed("delete", "home:d/b.txt", 0),
        ),
        (
            "files.delete",
            json!({ "path": "d" }),
            changed("remove_directory", "home:d", 0),
        ),
    ] {
        assert_eq!(
            audited(&machine, calling(tool, params)).await,
            [expected],
            "{tool}"
        );
    }
    for (tool, params) in [
        ("storage.get", json!({ "key": "k" })),
        ("storage.list", json!({})),
        ("files.exists", json!({ "path": "a.txt" })),
        ("files.read", json!({ "path": "tmp:c.txt" })),
        ("files.list", json!({})),
    ] {
        assert_eq!(
            audited(&machine, calling(tool, params)).await,
            [] as [Value; 0],
            "{tool} only reads"
        );
    }

    let origin = format!("http://127.0.0.1:{}", site.port);
    let need = json!({ "kind": "net", "host": "127.0.0.1", "port": site.port });
    let get = || calling("http.get", json!({ "url": site.url("/weather?in=Rome") }));
    let asked = audited(&machine, get()).await;
    let approval = asked[0]["approval"].clone();
    assert_eq!(
        asked,
        [json!({ "pid": pid, "action": "approval_asked", "approval": approval, "need": need })]
    );
    let answered = audited(&machine, machine.answer("session")).await;
    let grant = answered[1]["grant"].clone();
    let capability = answered[1]["capability"].clone();
    assert_eq!(
        (&capability["kind"], &capability["host"]),
        (&json!("net"), &json!("127.0.0.1"))
    );
    assert_eq!(
        answered,
        [
            json!({ "pid": 1, "action": "approval_answered", "approval": approval, "process": pid, "need": need,
                    "answer": "session" }),
            json!({ "pid": 1, "action": "grant", "grant": grant, "to": pid, "capability": capability,
                    "rule": "allow" }),
        ]
    );
    assert_eq!(
        audited(&machine, get()).await,
        [json!({ "pid": pid, "action": "network_request", "method": "GET", "origin": origin, "bytes": 0 })]
    );
    let led_on = audited(
        &machine,
        calling(
            "http.post",
            json!({ "url": site.url("/?to=/here"), "data": "123" }),
        ),
    );
    let methods: Vec<Value> = led_on
        .await
        .iter()
        .map(|row| json!([row["method"], row["bytes"]]))
        .collect();
    assert_eq!(
        methods,
        [json!(["POST", 3]), json!(["GET", 0])],
        "each redirect is told of"
    );
    let access = format!("/apps/{app}/access");
    let shown = machine.post(&access, json!({ "url": site.url("/cat.png") }));
    assert_eq!(
        audited(&machine, shown).await,
        [json!({ "pid": pid, "action": "network_access", "origin": origin })]
    );
    let refused = audited(
        &machine,
        calling("http.get", json!({ "url": "http://10.0.0.1/" })),
    )
    .await;
    assert_eq!(
        (&refused[0]["pid"], &refused[0]["action"]),
        (&pid, &json!("denial"))
    );
    assert_eq!(
        (refused.len(), &refused[0]["need"]["host"]),
        (1, &json!("10.0.0.1"))
    );

    calling("ai.ask", json!({ "prompt": "say", "text": "hello" })).await;
    machine.answer("once").await;
    let asked = audited(
        &machine,
        calling("ai.ask", json!({ "prompt": "say", "text": "hello" })),
    )
    .await;
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert_eq!(
        (&asked[0]["pid"], &asked[0]["action"]),
        (&pid, &json!("llm_generate"))
    );

    let revoking = format!("/kernel/grants/{grant}");
    let revoked = audited(&machine, machine.ask("DELETE", &revoking)).await;
    assert_eq!(
        revoked,
        [json!({ "pid": 1, "action": "revoke", "grant": grant, "from": pid, "capability": capability })]
    );
    let ended = audited(
        &machine,
        machine.post(&format!("/kernel/processes/{pid}/kill"), Value::Null),
    )
    .await;
    assert_eq!(
        ended,
        [json!({ "pid": 1, "action": "end", "process": pid, "reason": "killed" })]
    );
    let closed = audited(&machine, machine.ask("DELETE", &format!("/apps/{}", machine.app))).await;
    assert_eq!(
        closed.iter().filter(|row| row["action"] == "end").count(),
        1,
        "{closed:?}"
    );
    let verified = machine.ask("GET", "/audit/verify").await;
    assert_eq!(verified["holds"], true, "{verified}");
}

/// Where the bytes of `text` are among the files of the database and the log.
fn found(machine: &Machine, text: &str) -> Vec<String> {
    let holds = |path: &Path| {
        let bytes = std::fs::read(path).unwrap();
        bytes.windows(text.len()).any(|part| part == text.as_bytes())
    };
    let files = std::fs::read_dir(&machine.data_dir)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let databases = files.filter(|path| {
        path.file_name()
            .unwrap()
            .to_string_lossy()
            .starts_with("agentos.db")
    });
    let log = machine.data_dir.with_extension("log");
    let holding = databases.chain([log]).filter(|path| holds(path));
    holding
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect()
}

#[tokio::test]
async fn what_is_carried_is_in_neither_the_audit_nor_the_log() {
    let site = Site::start().await;
    let hosts = [format!("127.0.0.1:{}", site.port)];
    let loud = "info,agentos_server=trace,agentos_adapters=trace,agentos_core=trace";
    let machine = Machine::with(&[&hosts[0]], &[("RUST_LOG", loud)]).await;
    let (app, other) = (
        machine.open(worker("Worker")).await,
        machine.open(worker("Reader")).await,
    );
    let done = async |app: &str, tool: &str, params: Value| {
        if machine.code_of(app, tool, params.clone()).await == "approval_required" {
            machine.answer("session").await;
            return machine.call_of(app, tool, params).await;
        }
        json!({ "success": true })
    };
    let news = json!({ "topic": "news" });
    done(&other, "ipc.receive", news.clone()).await;
    let url = site.url("/path-6f1c?query=query-6f1c");
    for (tool, params) in [
        (
            "files.write",
            json!({ "path": "a.txt", "content": "content-6f1c" }),
        ),
        (
            "files.append",
            json!({ "path": "a.txt", "content": "appended-6f1c" }),
        ),
        (
            "storage.set",
            json!({ "key": "key-6f1c", "value": "stored-6f1c" }),
        ),
        (
            "http.post",
            json!({ "url": url, "headers": { "Authorization": "header-6f1c" }, "data": "body-6f1c" }),
        ),
        (
            "http.post",
            json!({ "url": "http://10.0.0.1/denied-6f1c", "data": "denied-6f1c" }),
        ),
        (
            "ipc.publish",
            json!({ "topic": "news", "message": { "text": "message-6f1c" } }),
        ),
        ("ai.ask", json!({ "prompt": "prompt-6f1c", "text": "text-6f1c" })),
        (
            "storage.set",
            json!({ "key": "huge", "value": "refused-6f1c".repeat(100_000) }),
        ),
    ] {
        done(&app, tool, params).await;
    }
    let heard = machine.call_of(&other, "ipc.receive", news).await;
    assert!(heard.to_string().contains("message-6f1c"), "{heard}");
    assert!(
        site.requests()
            .iter()
            .any(|request| request.contains("body-6f1c"))
    );

    let rows = machine.audit(0).await;
    let audit = json!(rows).to_string();
    let actions: Vec<&str> = rows
        .iter()
        .map(|row| row["record"]["action"].as_str().unwrap())
        .collect();
    for action in [
        "file",
        "store_put",
        "network_request",
        "denial",
        "llm_generate",
        "grant",
    ] {
        assert!(actions.contains(&action), "{action} is not in {actions:?}");
    }
    assert!(
        audit.contains("key-6f1c") && audit.contains("home:a.txt"),
        "places are told"
    );
    assert!(!audit.contains("stored-6f1c"), "{audit}");
    for carried in [
        "content-6f1c",
        "appended-6f1c",
        "path-6f1c",
        "query-6f1c",
        "header-6f1c",
        "body-6f1c",
        "denied-6f1c",
        "message-6f1c",
        "prompt-6f1c",
        "text-6f1c",
        "refused-6f1c",
    ] {
        assert_eq!(found(&machine, carried), [] as [String; 0], "{carried}");
    }
    assert_ne!(
        found(&machine, "stored-6f1c"),
        [] as [String; 0],
        "the search finds what is there"
    );
    assert!(!machine.program.log().contains("stored-6f1c"));
}

#[tokio::test]
async fn refusals_beyond_ten_a_second_are_counted() {
    const REFUSALS: u64 = 60;
    let machine = Machine::start(&[]).await;
    let (before, began) = (machine.last_row().await, Instant::now());
    for _ in 0..REFUSALS {
        assert_eq!(machine.code("http://10.0.0.1/").await, "permission_denied");
    }
    let seconds = began.elapsed().as_secs() + 2;
    let told = async {
        loop {
            let rows = machine.audit(before).await;
            let of = |action: &'static str| {
                let records = rows.iter().map(|row| &row["record"]);
                records.filter(move |record| record["action"] == action)
            };
            let recorded = of("denial").count() as u64;
            let counted: u64 = of("more_denials")
                .map(|record| record["count"].as_u64().unwrap())
                .sum();
            if recorded + counted >= REFUSALS {
                return (recorded, counted);
            }
        }
    };
    let (recorded, counted) = timeout(Duration::from_secs(20), told)
        .await
        .expect("all are told of");
    assert_eq!(recorded + counted, REFUSALS);
    assert!(
        recorded <= 10 * seconds,
        "{recorded} are recorded one by one in {seconds} s"
    );
    assert!(
        recorded >= 10 && counted > 0,
        "{recorded} recorded, {counted} counted"
    );
}

#[tokio::test]
async fn what_was_acknowledged_before_a_kill_is_in_an_audit_that_is_whole() {
    let mut machine = Machine::start(&[]).await;
    let app = machine.open(worker("Worker")).await;
    let acknowledged = Mutex::new(Vec::new());
    let (client, url) = (
        machine.client.clone(),
        format!("{}/services/execute", machine.program.url),
    );
    let keeping = async |writer: u32| {
        for number in 0.. {
            let key = format!("{writer}-{number}");
            let params = json!({ "key": key, "value": number });
            let body = json!({ "tool_id": "storage.set", "params": params, "app_id": app });
            let Ok(answer) = client.post(&url).json(&body).send().await else {
                return;
            };
            let Ok(answer) = answer.json::<Value>().await else {
                return;
            };
            assert_eq!(answer["success"], true, "{answer}");
            acknowledged.lock().unwrap().push(key);
        }
    };
    let killing = async {
        while acknowledged.lock().unwrap().len() < 100 {
            tokio::task::yield_now().await;
        }
        machine.program.kill();
    };
    tokio::join!(keeping(0), keeping(1), keeping(2), keeping(3), killing);
    let acknowledged = acknowledged.into_inner().unwrap();

    machine.program = Program::start(&machine.data_dir);
    let verified = machine.ask("GET", "/audit/verify").await;
    assert_eq!(verified["holds"], true, "{verified}");
    let rows = machine.audit(0).await;
    let puts = rows
        .iter()
        .map(|row| &row["record"])
        .filter(|record| record["action"] == "store_put");
    let told: Vec<&str> = puts.map(|record| record["key"].as_str().unwrap()).collect();
    for key in &acknowledged {
        assert!(told.contains(&key.as_str()), "{key} was acknowledged");
    }
    machine.post(&format!("/apps/{app}/engine"), Value::Null).await;
    let kept = machine.call_of(&app, "storage.list", json!({})).await;
    assert_eq!(
        kept["data"].as_array().unwrap().len(),
        told.len(),
        "a change and its record come together"
    );
}
