//! The verbs that speak to a server, against a true one and against none.

use std::net::TcpListener as BlockingListener;
use std::path::Path;
use std::sync::Arc;

use agentos_adapters::database;
use agentos_adapters::kernel::{Host, LocalKernel, SqliteAppData, SqliteAudit};
use agentos_adapters::llm::OfflineLlm;
use agentos_adapters::storage::SqliteStorage;
use agentos_core::ids::BootId;
use agentos_core::kernel::KernelConfig;
use agentos_core::ports::ambient::Ambient;
use agentos_core::ports::kernel::KernelPort;
use agentos_core::services::Services;
use agentos_server::{Decision, Desk, Keys, Layer, Listeners, Llm, Machine, Settings, Source, Token, serve};
use sqlx::SqlitePool;
use tokio::net::TcpListener;

use crate::program::{Ended, program, with_input};

/// Where a server over a database in memory listens, for as long as the test runs.
pub(crate) async fn server() -> String {
    listening(desk().await).await
}

/// As [`server`], with settings that are kept in a folder.
async fn server_keeping(folder: &Path) -> String {
    let decision = Decision {
        llm: Llm::Offline,
        source: Source {
            layer: Layer::Default,
            place: String::new(),
        },
        choice: None,
        keys: Keys::default(),
    };
    let settings = Settings::open(decision, folder).unwrap();
    listening(desk().await.with_settings(settings)).await
}

/// As [`server`], for whoever has the token.
pub(crate) async fn server_asking_for(token: &Token) -> String {
    listening(desk().await.with_token(token)).await
}

pub(crate) async fn desk() -> Desk {
    desk_over(database::in_memory().await.unwrap())
}

/// As [`server`], over the database at `path`.
pub(crate) async fn server_over(path: &Path) -> String {
    listening(desk_over(database::open(path).await.unwrap())).await
}

fn desk_over(pool: SqlitePool) -> Desk {
    let ambient = Arc::new(Machine);
    let storage = Arc::new(SqliteStorage::new(pool.clone()));
    let host = Arc::new(Host::new(SqliteAppData::new(pool.clone())));
    let boot = BootId::new(ambient.now(), ambient.seed());
    let kernel: Arc<dyn KernelPort> =
        Arc::new(LocalKernel::start(KernelConfig::new(boot), ambient.clone(), host));
    let services = Services::new(&kernel, []).unwrap();
    Desk::new(kernel, services, storage, Arc::new(OfflineLlm), ambient).with_audit(SqliteAudit::new(pool))
}

pub(crate) async fn listening(desk: Desk) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let listeners = Listeners {
        http: listener,
        kernel: None,
        ai: None,
    };
    tokio::spawn(serve(listeners, Arc::new(desk), std::future::pending()));
    format!("http://{address}")
}

pub(crate) async fn run(server: &str, arguments: &[&str]) -> Ended {
    run_with(server, arguments, &[]).await
}

/// As [`run`], with variables.
pub(crate) async fn run_with(server: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Ended {
    let mut command = program(arguments);
    command
        .env("AGENTOS_SERVER", server)
        .envs(variables.iter().copied());
    tokio::task::spawn_blocking(move || command.output().unwrap())
        .await
        .unwrap()
        .into()
}

async fn run_with_input(server: &str, arguments: &[&str], input: &'static str) -> Ended {
    let mut command = program(arguments);
    command.env("AGENTOS_SERVER", server);
    tokio::task::spawn_blocking(move || with_input(command, input))
        .await
        .unwrap()
}

#[tokio::test]
async fn health_tells_how_the_parts_are() {
    let server = server().await;
    let ended = run(&server, &["health"]).await;
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(
        ended.out.starts_with(&format!("{server} is healthy")),
        "{}",
        ended.out
    );
    assert!(ended.out.contains("offline"), "{}", ended.out);
    assert_eq!(
        run(&server, &["health", "--json"]).await.json()["status"],
        "healthy"
    );
}

#[tokio::test]
async fn models_marks_the_one_that_is_asked() {
    let server = server().await;
    let ended = run(&server, &["models"]).await;
    assert_eq!(
        (ended.code, ended.out.as_str()),
        (0, "offline:\n* blueprints\n"),
        "{ended:?}"
    );
    assert_eq!(
        run(&server, &["models", "--json"]).await.json()["models"],
        serde_json::json!(["blueprints"])
    );
}

#[tokio::test]
async fn a_chat_answers_makes_an_app_and_says_what_it_cannot() {
    let server = server().await;
    let ended = run(&server, &["chat", "create", "a", "calculator"]).await;
    assert_eq!(ended.code, 0, "{ended:?}");
    let lines: Vec<&str> = ended.out.lines().collect();
    assert_eq!(lines.len(), 2, "the answer, and the app: {ended:?}");
    assert!(lines[1].starts_with("Calculator  "), "{ended:?}");
    assert!(ended.told.contains("writing the app"), "{ended:?}");

    let ended = run_with_input(&server, &["chat"], "create a counter\n\nwhat is love?\n").await;
    assert_eq!(ended.code, 1, "the last one failed: {ended:?}");
    assert!(ended.out.contains("Counter  "), "{ended:?}");
    assert!(ended.told.contains("AGENTOS_LLM"), "{ended:?}");
}

#[tokio::test]
async fn another_model_is_chosen_with_a_key_that_is_no_argument() {
    let folder = tempfile::tempdir().unwrap();
    let server = server_keeping(folder.path()).await;
    let shown = run(&server, &["settings"]).await;
    assert_eq!(
        shown.out, "offline blueprints\n  decided by: default\n",
        "{shown:?}"
    );

    let url = "http://127.0.0.1:1/v1";
    let choice = [
        "--provider",
        "openai",
        "--model",
        "m",
        "--base-url",
        url,
        "--with-key",
    ];
    let set = run_with_input(
        &server,
        &[&["settings", "set"], choice.as_slice()].concat(),
        "a-secret\n",
    )
    .await;
    let in_force = format!("openai m\n  at {url}, with a key\n  decided by: page\n");
    assert_eq!((set.code, set.out.as_str()), (0, in_force.as_str()), "{set:?}");

    let tried = run(&server, &["settings", "test", "--provider", "offline"]).await;
    assert!(tried.out.contains("is among these:\n  blueprints"), "{tried:?}");
    let silent = run(&server, &[&["settings", "test"], &choice[..6]].concat()).await;
    assert!(silent.code == 1 && silent.told.contains(url), "{silent:?}");
    assert!(!format!("{set:?}{silent:?}").contains("a-secret"));
    let keyless = run_with_input(&server, &[&["settings", "set"], choice.as_slice()].concat(), "").await;
    assert!(
        keyless.told.contains("set AGENTOS_LLM_API_KEY or write"),
        "{keyless:?}"
    );
}

#[tokio::test]
async fn a_file_of_prompts_is_served_and_counted() {
    let server = server().await;
    let place = tempfile::tempdir().unwrap();
    let prompts = place.path().join("prompts.txt");
    std::fs::write(
        &prompts,
        "# three\n\na calculator\na spreadsheet with macros\na todo list\n",
    )
    .unwrap();
    let file = prompts.to_str().unwrap();
    let ended = run(&server, &["eval", file]).await;
    assert_eq!(ended.code, 0, "what is declined is no failure: {ended:?}");
    assert!(
        ended
            .out
            .contains("3 prompts: 2 work, 1 declined, 0 failed; 0 tokens"),
        "{}",
        ended.out
    );
    let rows = run(&server, &["eval", file, "--json"]).await.json();
    let outcomes: Vec<&str> = rows
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["outcome"].as_str().unwrap())
        .collect();
    assert_eq!(outcomes, ["works", "declined", "works"]);
    assert!(rows[0]["trial_events"].as_u64().unwrap() > 10, "{rows}");
    let health = run(&server, &["health", "--json"]).await.json();
    assert_eq!(
        health["app_manager"]["total_apps"], 0,
        "the apps it made are closed again"
    );
    let gone = run(&server, &["eval", "no-such-file"]).await;
    assert!(
        gone.code != 0 && gone.told.contains("cannot read no-such-file"),
        "{gone:?}"
    );
}

/// More prompts of every kind than the sixty that are asked for, of which the composer fails none.
#[tokio::test]
async fn the_prompts_that_come_with_it_are_served_or_declined() {
    let server = server().await;
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/prompts.txt");
    let rows = run(&server, &["eval", file, "--json"]).await.json();
    let rows = rows.as_array().unwrap();
    assert!(rows.len() >= 60, "{}", rows.len());
    let failed: Vec<_> = rows.iter().filter(|row| row["outcome"] == "failed").collect();
    assert!(failed.is_empty(), "{failed:#?}");
    let works = rows.iter().filter(|row| row["outcome"] == "works").count();
    assert!(works * 2 > rows.len(), "{works} of {}", rows.len());
}

#[tokio::test]
async fn a_change_in_words_needs_a_model() {
    let server = server().await;
    let made = run(&server, &["generate", "a calculator", "--json"]).await.json();
    let app = made["app_id"].as_str().unwrap();
    let ended = run(&server, &["change", app, "make", "it", "green"]).await;
    assert!(ended.code != 0 && ended.told.contains("AGENTOS_LLM"), "{ended:?}");
}

#[tokio::test]
async fn a_sentence_becomes_an_app() {
    let server = server().await;
    let ended = run(&server, &["generate", "create", "a", "calculator"]).await;
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(ended.out.starts_with("Calculator  "), "{}", ended.out);
    assert!(
        ended.told.contains("drawing: "),
        "the way is shown: {}",
        ended.told
    );

    let made = run(&server, &["generate", "--json", "create a calculator"])
        .await
        .json();
    assert_eq!(made["ui_spec"]["title"], "Calculator");
    let health = run(&server, &["health", "--json"]).await.json();
    assert_eq!(health["app_manager"]["total_apps"], 2);
    assert_eq!(health["app_manager"]["focused_app_id"], made["app_id"]);
}

#[tokio::test]
async fn what_cannot_be_built_is_said_with_what_can() {
    let server = server().await;
    let ended = run(&server, &["generate", "predict tomorrow's stock market"]).await;
    assert_eq!((ended.code, ended.out.as_str()), (1, ""), "{ended:?}");
    assert!(ended.told.contains("\n  - a counter"), "{}", ended.told);
    let ended = run(
        &server,
        &["generate", "--json", "predict tomorrow's stock market"],
    )
    .await;
    assert_eq!((ended.code, ended.json()["code"].clone()), (1, "declined".into()));
}

#[tokio::test]
async fn an_absent_server_is_named_with_what_to_do() {
    for arguments in [["health"].as_slice(), &["generate", "a counter"]] {
        let ended = run("http://127.0.0.1:1", arguments).await;
        assert_eq!(ended.code, 1, "{ended:?}");
        assert_eq!(
            ended.told,
            "agentos-cli: no server answers at http://127.0.0.1:1; start one with `agentos-server`, \
             or name another with --server\n"
        );
    }
    assert_eq!(
        run("127.0.0.1:8000", &["health"]).await.code,
        2,
        "an address needs its scheme"
    );
}

#[tokio::test]
async fn what_is_not_agentos_is_told_apart() {
    let stranger = BlockingListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", stranger.local_addr().unwrap());
    std::thread::spawn(move || {
        use std::io::{Read, Write};
        for mut stream in stranger.incoming().flatten() {
            let _ = stream.read(&mut [0; 1024]);
            let _ =
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello");
        }
    });
    for arguments in [["health"].as_slice(), &["generate", "a counter"]] {
        let ended = run(&address, arguments).await;
        assert_eq!(ended.code, 1, "{ended:?}");
        assert!(ended.told.contains("is not AgentOS"), "{}", ended.told);
    }
}
