//! What an operator sees of the kernel over REST, and what he can do with it.

use serde_json::{Value, json};

use crate::apps::{counter, open};
use crate::server::Server;
use crate::services::keeper;
use crate::stream::Client;

/// The process of `app`, as the list has it.
async fn process_of(server: &Server, app: &str) -> Value {
    let list = server.get("/kernel/processes").await.body;
    let processes = list["processes"].as_array().unwrap();
    let own = processes.iter().find(|process| process["app_id"] == app);
    own.cloned().unwrap_or(Value::Null)
}

async fn keep(server: &Server, app: &str) -> String {
    let params = json!({ "key": "k", "value": 1 });
    let call = json!({ "tool_id": "storage.set", "params": params, "app_id": app });
    server.post("/services/execute", call).await.verdict()
}

async fn act(server: &Server, pid: &Value, verb: &str) -> String {
    let path = format!("/kernel/processes/{pid}/{verb}");
    server.post(&path, Value::Null).await.verdict()
}

#[tokio::test]
async fn a_process_is_seen_with_its_app_its_usage_and_its_limits() {
    let server = Server::start().await;
    let app = open(&server, keeper()).await;
    keep(&server, &app).await;
    let process = process_of(&server, &app).await;
    assert_eq!(process["title"], "Keeper");
    assert_eq!(process["parent"], 1);
    assert_eq!(
        (&process["state"], &process["profile"]),
        (&json!("running"), &json!("standard"))
    );
    assert_eq!(
        (&process["priority"], &process["usage"]["calls"]),
        (&json!(5), &json!(1))
    );
    assert_eq!(process["limits"]["memory_bytes"], 64 * 1024 * 1024);
    assert!(
        process["started_at"].as_str().unwrap().ends_with('Z'),
        "{process}"
    );

    let system = &server.get("/kernel/processes").await.body["processes"][0];
    assert_eq!((&system["pid"], &system["parent"]), (&json!(1), &Value::Null));
    assert!(system.get("app_id").is_none(), "{system}");
}

#[tokio::test]
async fn a_process_is_suspended_resumed_and_killed() {
    let server = Server::start().await;
    let app = open(&server, keeper()).await;
    let pid = process_of(&server, &app).await["pid"].clone();

    assert_eq!(act(&server, &pid, "suspend").await, "200 ok");
    assert_eq!(process_of(&server, &app).await["state"], "suspended");
    assert_eq!(keep(&server, &app).await, "503 unavailable");
    assert_eq!(act(&server, &pid, "resume").await, "200 ok");
    assert_eq!(keep(&server, &app).await, "200 ok");

    let killed = server
        .post(&format!("/kernel/processes/{pid}/kill"), Value::Null)
        .await;
    assert_eq!(killed.body, json!({ "killed": [pid] }));
    assert_eq!(process_of(&server, &app).await, Value::Null);
    for verb in ["suspend", "resume", "kill"] {
        assert_eq!(act(&server, &pid, verb).await, "404 not_found", "{verb}");
        assert_eq!(
            act(&server, &json!(1), verb).await,
            "422 invalid_argument",
            "{verb}"
        );
    }
    let none = server.post("/kernel/processes/first/kill", Value::Null).await;
    assert_eq!(none.verdict(), "404 not_found");
}

#[tokio::test]
async fn a_grant_that_is_revoked_is_missed_and_the_denial_is_told_everywhere() {
    let server = Server::start().await;
    let app = open(&server, keeper()).await;
    open(&server, counter()).await;
    let pid = process_of(&server, &app).await["pid"].clone();
    let held = server.get(&format!("/kernel/grants?pid={pid}")).await.body["grants"].clone();
    let held = held.as_array().unwrap();
    assert!(held.iter().all(|grant| grant["holder"] == pid), "{held:?}");
    let all = server.get("/kernel/grants").await.body["grants"].clone();
    assert!(all.as_array().unwrap().len() > held.len());
    let storage = held
        .iter()
        .find(|grant| grant["capability"]["kind"] == "store")
        .unwrap();
    assert_eq!(
        (&storage["text"], &storage["rule"], &storage["parent"]),
        (&json!("use this storage"), &json!("allow"), &Value::Null)
    );

    let mut watcher = Client::connect(&server).await;
    watcher
        .send(json!({ "type": "subscribe", "topics": ["kernel"] }))
        .await;
    watcher.send(json!({ "type": "ping" })).await;
    while watcher.next().await["type"] != "pong" {}
    let grant = format!("/kernel/grants/{}", storage["id"]);
    assert_eq!(server.delete(&grant).await.verdict(), "200 ok");
    assert_eq!(server.delete(&grant).await.verdict(), "404 not_found");
    assert_eq!(keep(&server, &app).await, "403 permission_denied");

    assert_eq!(watcher.next().await["kind"], "grant_revoked");
    let denial = watcher.next().await;
    let past = server.get("/kernel/events?limit=1").await.body;
    let told = &past["events"][0];
    assert_eq!(
        (&told["kind"], &told["seq"]),
        (&json!("call_denied"), &past["newest"])
    );
    for part in ["kind", "seq", "data"] {
        assert_eq!(told[part], denial[part], "{part} is the same over both");
    }
    assert_eq!(
        (&told["data"]["pid"], &told["data"]["text"]),
        (&pid, &json!("was refused: use this storage"))
    );

    let stats = server.get("/kernel/stats").await.body;
    assert_eq!(
        (&stats["denials"], &stats["calls"]["permission_denied"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(
        (&stats["processes"], &stats["events"]),
        (&json!(3), &past["newest"])
    );
    let none = server.get("/kernel/grants?pid=99").await;
    assert_eq!(none.verdict(), "404 not_found");
}

#[tokio::test]
async fn events_are_told_from_where_the_reader_left() {
    let server = Server::start().await;
    for _ in 0..3 {
        open(&server, counter()).await;
    }
    let all = server.get("/kernel/events?since=0").await.body;
    let seqs: Vec<u64> = seqs(&all["events"]);
    assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>());
    assert_eq!((&all["missed"], &all["newest"]), (&json!(0), &json!(seqs.len())));
    let page = server.get("/kernel/events?since=1&limit=1").await.body;
    assert_eq!(page["events"], json!([all["events"][1]]));
    let of_an_earlier_start = server.get("/kernel/events?since=99").await.body;
    assert_eq!(of_an_earlier_start, all);
    for (query, expected) in [
        ("limit=0", "422 invalid_argument"),
        ("limit=1001", "422 invalid_argument"),
        ("since=-1", "422 invalid_query"),
    ] {
        let answer = server.get(&format!("/kernel/events?{query}")).await;
        assert_eq!(answer.verdict(), expected, "{query}");
    }
}

fn seqs(list: &Value) -> Vec<u64> {
    let list = list.as_array().unwrap();
    list.iter().map(|item| item["seq"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn the_audit_is_read_and_an_edit_of_it_is_told() {
    let server = Server::start().await;
    let app = open(&server, keeper()).await;
    keep(&server, &app).await;
    let all = server.get("/audit?after=0").await.body;
    assert_eq!(seqs(&all["rows"]), [1, 2], "{all}");
    assert_eq!(all["rows"][0]["record"]["action"], "spawn");
    assert_eq!(all["rows"][1]["record"]["action"], "store_put");
    assert_eq!(all["rows"][1]["hash"].as_str().unwrap().len(), 64);
    let last = server.get("/audit?limit=1").await.body;
    assert_eq!(last, json!({ "rows": [all["rows"][1]], "last": 2 }));
    for limit in ["0", "1001"] {
        let answer = server.get(&format!("/audit?limit={limit}")).await;
        assert_eq!(answer.verdict(), "422 invalid_query", "{limit}");
    }
    assert_eq!(
        server.get("/audit/verify").await.body,
        json!({ "holds": true, "rows": 2 })
    );

    let edit = "UPDATE audit SET record = 'nothing' WHERE seq = 2";
    sqlx::raw_sql(edit).execute(&server.database).await.unwrap();
    let verified = server.get("/audit/verify").await.body;
    assert_eq!(
        (&verified["holds"], &verified["seq"]),
        (&json!(false), &json!(2)),
        "{verified}"
    );
    assert_eq!(verified["fault"], "audit row 2 or one before it was edited");
    let edited = server.get("/audit?after=1").await.body;
    assert_eq!(edited["rows"][0]["record"], "nothing");
}

#[tokio::test]
async fn metrics_are_what_a_scraper_reads() {
    let server = Server::start().await;
    let app = open(&server, keeper()).await;
    keep(&server, &app).await;
    for (request, status) in [("a calculator", 200), ("a flight simulator", 422)] {
        let made = server.post("/generate-ui", json!({ "message": request })).await;
        assert_eq!(made.status, status, "{made:?}");
    }
    let _watcher = Client::connect(&server).await;
    let answer = server.request("GET", "/metrics").send().await.unwrap();
    assert_eq!(
        answer.headers()["content-type"],
        "text/plain; version=0.0.4; charset=utf-8"
    );
    let text = answer.text().await.unwrap();
    for sample in [
        "agentos_processes{state=\"running\"} 3",
        "agentos_denials_total 0",
        "agentos_operation_seconds_bucket{le=\"+Inf\"} 1",
        "agentos_operation_seconds_count 1",
        "agentos_generations_total{outcome=\"made\"} 1",
        "agentos_generations_total{outcome=\"declined\"} 1",
        "agentos_websocket_connections 1",
    ] {
        assert!(
            text.lines().any(|line| line == sample),
            "{sample} is not in:\n{text}"
        );
    }
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (name, value) = line.rsplit_once(' ').unwrap();
        let family = name.split('{').next().unwrap();
        let family = ["_bucket", "_sum", "_count"]
            .iter()
            .fold(family, |name, end| name.trim_end_matches(end));
        assert!(text.contains(&format!("# TYPE {family} ")), "{line}");
        value.parse::<f64>().unwrap();
    }
}
