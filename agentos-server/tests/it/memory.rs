//! Memory that runs out: who ends, what is told of it, and what is kept.

use std::time::Duration;

use serde_json::{Value, json};

use crate::apps::{counter, note};
use crate::process::{Program, place};
use crate::provider::Provider;

async fn open(program: &Program, document: Value) -> String {
    let (status, answer) = program.post("/apps", json!({ "ui_spec": document })).await;
    assert_eq!(status, 200, "{answer}");
    answer["app_id"].as_str().unwrap().to_owned()
}

async fn state_of(program: &Program, app: &str) -> Value {
    program.get(&format!("/apps/{app}")).await["state"].clone()
}

#[tokio::test]
async fn the_app_in_the_background_that_holds_most_ends_and_loses_nothing() {
    let (_place, data_dir) = place();
    let program = Program::start_with(&data_dir, &["--memory-budget", "4194304"], &[]);
    let (front, light) = (
        open(&program, note("Front")).await,
        open(&program, counter()).await,
    );
    let mut heavy = Vec::new();
    for title in ["One", "Two", "Three"] {
        heavy.push(open(&program, note(title)).await);
    }
    let (status, _) = program.post(&format!("/apps/{front}/focus"), Value::Null).await;
    assert_eq!(status, 200);
    let text = "x".repeat(1_000_000);
    for app in heavy.iter().chain([&front]) {
        let put = json!({ "state": { "text": text } });
        let (status, answer) = program.put(&format!("/apps/{app}/state"), put).await;
        assert_eq!(status, 200, "{answer}");
    }

    // The fourth was too much, and of three alike the youngest ended.
    let processes = program.get("/kernel/processes").await;
    let running: Vec<&Value> = processes["processes"].as_array().unwrap().iter().collect();
    let pid_of = |app: &str| {
        running
            .iter()
            .find(|process| process["app_id"] == app)
            .map(|own| &own["pid"])
    };
    assert!(running.iter().any(|process| process["pid"] == 1));
    assert_eq!(pid_of(&heavy[2]), None);
    for app in [&front, &light, &heavy[0], &heavy[1]] {
        assert!(pid_of(app).is_some(), "{running:?}");
    }
    let events = program.get("/kernel/events").await;
    let told = |kind: &str| {
        let all = events["events"].as_array().unwrap().iter();
        all.filter(|event| event["kind"] == kind).collect::<Vec<_>>()
    };
    let ended = told("process_ended");
    assert_eq!(ended.len(), 1, "{events}");
    assert_eq!(ended[0]["data"]["reason"], "out_of_memory");
    let levels = told("memory_pressure")
        .into_iter()
        .map(|event| &event["data"]["level"]);
    assert_eq!(levels.collect::<Vec<_>>(), ["critical", "warning"]);
    let audit = program.get("/audit").await;
    let rows = audit["rows"].as_array().unwrap().iter().map(|row| &row["record"]);
    let ends: Vec<&Value> = rows.filter(|record| record["action"] == "end").collect();
    assert_eq!(ends.len(), 1, "{audit}");
    assert_eq!(
        (&ends[0]["reason"], &ends[0]["process"], &ends[0]["pid"]),
        (&json!("out_of_memory"), &ended[0]["data"]["pid"], &json!(1))
    );

    let stats = program.get("/kernel/stats").await;
    assert_eq!(stats["memory_budget_bytes"], 4_194_304);
    assert!(
        stats["memory_bytes"].as_u64().unwrap() < 4_194_304 * 80 / 100,
        "{stats}"
    );
    assert_eq!(state_of(&program, &front).await, "active");
    assert_eq!(state_of(&program, &heavy[2]).await, "suspended");
    let kept = program.get(&format!("/apps/{}/state", heavy[2])).await;
    assert_eq!(kept["state"]["text"], text);
}

/// What this machine has, as Linux tells it.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_quarter_of_the_machine_is_the_budget_and_half_a_gibibyte_at_most() {
    let facts = std::fs::read_to_string("/proc/meminfo").unwrap();
    let total = facts.lines().find(|line| line.starts_with("MemTotal:")).unwrap();
    let kib: u64 = total.split_whitespace().nth(1).unwrap().parse().unwrap();
    let (_place, data_dir) = place();
    let program = Program::start(&data_dir);
    let stats = program.get("/kernel/stats").await;
    let expected = (kib * 1_024 / 4).min(512 << 20);
    assert_eq!(stats["memory_budget_bytes"], expected, "{stats}");
}

#[tokio::test]
async fn while_memory_is_short_half_as_many_made_apps_are_kept() {
    // More than half of what is kept otherwise, and fewer apps than may be open.
    const MADE: usize = 140;
    const HALF: usize = 128;
    let document = counter().to_string();
    let provider = Provider::start(std::iter::repeat_n((200, document), MADE + 2)).await;
    let (_place, data_dir) = place();
    let budget = [("AGENTOS_MEMORY_BUDGET", "1048576")];
    let program = provider.program_with(&data_dir, &budget);
    let make = async |number: usize| {
        let wish = json!({ "message": format!("counter number {number}") });
        let (status, made) = program.post("/generate-ui", wish).await;
        assert_eq!(status, 200, "{made}");
    };
    let kept = async || program.get("/health").await["ai_service"]["cache"]["entries"].clone();
    for number in 0..MADE {
        make(number).await;
    }
    assert_eq!(kept().await, MADE);

    let app = open(&program, note("Large")).await;
    let hold = async |bytes: usize| {
        let put = json!({ "state": { "text": "x".repeat(bytes) } });
        let (status, answer) = program.put(&format!("/apps/{app}/state"), put).await;
        assert_eq!(status, 200, "{answer}");
    };
    let becomes = async |expected: usize| {
        while kept().await != expected {
            tokio::task::yield_now().await;
        }
    };
    hold(900_000).await;
    tokio::time::timeout(Duration::from_secs(10), becomes(HALF))
        .await
        .expect("half are let go");
    make(MADE).await;
    assert_eq!(kept().await, HALF);
    hold(1_000).await;
    let eased = async {
        while program.get("/kernel/stats").await["memory_level"] != "normal" {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), eased)
        .await
        .unwrap();
    make(MADE + 1).await;
    tokio::time::timeout(Duration::from_secs(10), becomes(HALF + 1))
        .await
        .expect("more are kept again");
}
