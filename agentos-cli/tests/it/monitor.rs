//! What an operator sees of a true server from a terminal, and does with it.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use agentos_adapters::http::{Method, to_own_server};
use serde_json::{Value, json};

use crate::program::program;
use crate::server::{run, server};

async fn ask(server: &str, method: Method, path: &str, body: Value) -> Value {
    let request = to_own_server()
        .unwrap()
        .request(method, format!("{server}{path}"));
    request.json(&body).send().await.unwrap().json().await.unwrap()
}

/// Opens an app that keeps a value and fetches a page; answers its id.
async fn open(server: &str) -> String {
    let document = json!({ "title": "Keeper", "services": ["storage", "http"], "components": [{ "type": "text", "props": { "content": "hello" } }] });
    let made = ask(server, Method::POST, "/apps", json!({ "ui_spec": document })).await;
    made["app_id"].as_str().unwrap().to_owned()
}

async fn call(server: &str, app: &str, tool: &str, params: Value) -> Value {
    let call = json!({ "tool_id": tool, "params": params, "app_id": app });
    ask(server, Method::POST, "/services/execute", call).await
}

async fn keep(server: &str, app: &str) -> Value {
    call(server, app, "storage.set", json!({ "key": "k", "value": 1 })).await
}

/// What the program prints, which must end well.
async fn told(server: &str, arguments: &[&str]) -> String {
    let ended = run(server, arguments).await;
    assert_eq!((ended.code, ended.told.as_str()), (0, ""), "{ended:?}");
    ended.out
}

#[tokio::test]
async fn processes_are_listed_suspended_resumed_and_killed() {
    let server = server().await;
    let app = open(&server).await;
    keep(&server, &app).await;
    let list = told(&server, &["ps"]).await;
    let lines: Vec<&str> = list.lines().collect();
    assert_eq!(lines.len(), 3, "{list}");
    assert!(lines[0].starts_with("PID  PARENT  STATE"), "{list}");
    assert!(lines[1].ends_with("  system"), "{list}");
    assert!(
        lines[2].starts_with("  2       1  running  standard") && lines[2].ends_with("  Keeper"),
        "{list}"
    );
    assert!(lines[2].contains("2 B of 64 MiB"), "{list}");
    let processes = run(&server, &["ps", "--json"]).await.json();
    assert_eq!(processes["processes"][1]["app_id"], app);

    let suspended = told(&server, &["suspend", "2"]).await;
    assert_eq!(suspended, "Process 2 is suspended; `resume 2` lets it go on.\n");
    assert_eq!(keep(&server, &app).await["code"], "unavailable");
    assert!(told(&server, &["ps"]).await.contains("suspended"));
    assert_eq!(told(&server, &["resume", "2"]).await, "Process 2 goes on.\n");
    assert_eq!(keep(&server, &app).await["success"], true);
    assert_eq!(told(&server, &["kill", "2"]).await, "Process 2 is ended.\n");
    let gone = run(&server, &["kill", "2"]).await;
    assert_eq!(
        (gone.code, gone.told.as_str()),
        (1, "agentos-cli: there is no process 2\n"),
        "{gone:?}"
    );
}

#[tokio::test]
async fn what_is_no_number_is_told_where_numbers_are() {
    for (arguments, told) in [
        (
            ["kill", "abc"].as_slice(),
            "a process is named by its number, as `ps` shows it",
        ),
        (
            &["grants", "1.5"],
            "a process is named by its number, as `ps` shows it",
        ),
        (
            &["revoke", "abc"],
            "a grant is named by its number, as `grants` shows it",
        ),
        (
            &["approvals", "answer", "../x", "once"],
            "a question is named by its number, as `approvals` shows it",
        ),
    ] {
        let ended = run("http://127.0.0.1:1", arguments).await;
        assert_eq!(ended.code, 2, "{ended:?}");
        assert!(ended.told.contains(told), "{}", ended.told);
    }
}

#[tokio::test]
async fn top_is_one_look_on_a_pipe() {
    let server = server().await;
    keep(&server, &open(&server).await).await;
    let shown = told(&server, &["top"]).await;
    assert!(shown.starts_with("2 processes, 0 suspended, up "), "{shown}");
    assert!(shown.contains(" MiB held; "), "{shown}");
    assert!(
        shown.lines().last().unwrap().ends_with("  Keeper") || shown.contains("  Keeper\n"),
        "{shown}"
    );
    assert!(!shown.contains('\x1b'), "no commands for a terminal: {shown:?}");
    let look = run(&server, &["top", "--json"]).await.json();
    assert_eq!(
        (&look["stats"]["processes"], &look["processes"][1]["title"]),
        (&json!(2), &json!("Keeper"))
    );
}

#[tokio::test]
async fn a_grant_is_listed_and_taken_back() {
    let server = server().await;
    let app = open(&server).await;
    let list = told(&server, &["grants"]).await;
    assert!(list.contains("  may use this storage\n"), "{list}");
    assert!(
        list.lines().skip(1).all(|line| line.contains("  2  Keeper  ")),
        "{list}"
    );
    assert_eq!(told(&server, &["grants", "2"]).await, list);
    let grants = run(&server, &["grants", "2", "--json"]).await.json();
    let grants = grants["grants"].as_array().unwrap();
    let storage = grants
        .iter()
        .find(|grant| grant["capability"]["kind"] == "store")
        .unwrap();
    let id = storage["id"].to_string();
    assert_eq!(
        told(&server, &["revoke", &id]).await,
        format!("Grant {id} is taken back.\n")
    );
    assert_eq!(keep(&server, &app).await["code"], "permission_denied");
    assert_eq!(
        run(&server, &["revoke", &id]).await.told,
        format!("agentos-cli: there is no grant {id}\n")
    );
    assert_eq!(
        run(&server, &["grants", "99"]).await.told,
        "agentos-cli: there is no process 99\n"
    );
}

#[tokio::test]
async fn a_question_is_listed_and_answered() {
    let server = server().await;
    let app = open(&server).await;
    assert_eq!(
        told(&server, &["approvals"]).await,
        "Nothing waits for an answer.\n"
    );
    let url = json!({ "url": "http://example.com:8080/" });
    let refused = call(&server, &app, "http.get", url).await;
    assert_eq!(refused["code"], "approval_required", "{refused}");
    let list = told(&server, &["approvals"]).await;
    assert!(list.contains("  Keeper  contact example.com:8080  "), "{list}");
    let question = run(&server, &["approvals", "--json"]).await.json();
    let id = question["approvals"][0]["id"].as_str().unwrap();
    let answered = told(&server, &["approvals", "answer", id, "never"]).await;
    assert_eq!(answered, format!("Question {id} is answered: never.\n"));
    assert_eq!(
        told(&server, &["approvals"]).await,
        "Nothing waits for an answer.\n"
    );
    let standing = ask(
        &server,
        Method::GET,
        &format!("/apps/{app}/permissions"),
        json!({}),
    )
    .await;
    assert_eq!(standing["answers"][0]["allowed"], false, "{standing}");
    assert_eq!(
        run(&server, &["approvals", "answer", id, "perhaps"]).await.code,
        2
    );
}

/// The server goes on while the test waits for a line.
#[tokio::test(flavor = "multi_thread")]
async fn events_are_told_and_followed() {
    let server = server().await;
    open(&server).await;
    let all = told(&server, &["events"]).await;
    assert!(
        all.trim_end().ends_with("       1  process 2, Keeper, began"),
        "{all}"
    );
    assert_eq!(told(&server, &["events", "--since", "1"]).await, "");
    assert_eq!(told(&server, &["events", "--since", "50"]).await, all);
    let event = run(&server, &["events", "--json"]).await.json();
    assert_eq!(
        (&event["seq"], &event["kind"]),
        (&json!(1), &json!("process_spawned"))
    );

    let mut command = program(&["events", "--since", "50", "--follow"]);
    command.env("AGENTOS_SERVER", &server).stdout(Stdio::piped());
    let mut follower = command.spawn().unwrap();
    let mut lines = BufReader::new(follower.stdout.take().unwrap()).lines();
    let mut next = || lines.next().unwrap().unwrap();
    assert!(next().ends_with("process 2, Keeper, began"));
    told(&server, &["kill", "2"]).await;
    assert!(next().ends_with("process 2 ended: it was killed"));
    follower.kill().unwrap();
    follower.wait().unwrap();
}

#[tokio::test]
async fn the_audit_is_shown_verified_and_exported() {
    let server = server().await;
    keep(&server, &open(&server).await).await;
    let shown = told(&server, &["audit", "tail"]).await;
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(lines.len(), 2, "{shown}");
    assert!(
        lines[0].ends_with("       1  the system began process 2, standard: Keeper"),
        "{shown}"
    );
    assert!(
        lines[1].ends_with("       2  process 2 stored \"k\" (1 B)"),
        "{shown}"
    );
    assert_eq!(
        told(&server, &["audit", "tail", "-n", "1"]).await,
        format!("{}\n", lines[1])
    );
    let whole = told(&server, &["audit", "verify"]).await;
    assert_eq!(whole, "The audit is whole: 2 rows, none edited or removed.\n");
    let exported = told(&server, &["audit", "export"]).await;
    let rows: Vec<Value> = exported
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let page = run(&server, &["audit", "tail", "--json"]).await.json();
    assert_eq!(json!(rows), page["rows"]);
    assert_eq!(
        run(&server, &["audit", "verify", "--json"]).await.json()["holds"],
        true
    );
}
