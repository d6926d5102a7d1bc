//! The verbs against a server that asks for its token.

use agentos_server::Token;

use crate::server::{run, run_with, server, server_asking_for};

const TOKEN: &str = "a-token-of-the-test-0123456789-abcdef";
const WRONG: &str = "a-token-of-nobody-9876543210-fedcba";

async fn asking() -> String {
    server_asking_for(&Token::parse(TOKEN).unwrap()).await
}

/// Every verb that speaks to a server, and what it ends with for one that lets it in.
fn verbs(prompts: &str) -> Vec<(Vec<&str>, i32)> {
    let nobody = "01920000-0000-7000-8000-000000000000";
    vec![
        (vec!["health"], 0),
        (vec!["models"], 0),
        (vec!["settings"], 0),
        (vec!["settings", "test", "--provider", "offline"], 0),
        (vec!["settings", "set", "--provider", "offline"], 1),
        (vec!["ps"], 0),
        (vec!["top"], 0),
        (vec!["grants"], 0),
        (vec!["revoke", "4000"], 1),
        (vec!["kill", "4000"], 1),
        (vec!["suspend", "4000"], 1),
        (vec!["resume", "4000"], 1),
        (vec!["approvals"], 0),
        (vec!["approvals", "answer", "4000", "once"], 1),
        (vec!["events"], 0),
        (vec!["audit", "tail"], 0),
        (vec!["audit", "verify"], 0),
        (vec!["audit", "export"], 0),
        (vec!["generate", "a counter"], 0),
        (vec!["chat", "create a counter"], 0),
        (vec!["change", nobody, "make it green"], 1),
        (vec!["eval", prompts], 0),
    ]
}

#[tokio::test]
async fn every_verb_brings_the_token_and_says_where_to_find_it() {
    let server = asking().await;
    let place = tempfile::tempdir().unwrap();
    let prompts = place.path().join("prompts");
    std::fs::write(&prompts, "a counter").unwrap();
    for (verb, code) in verbs(prompts.to_str().unwrap()) {
        let ended = run(&server, &verb).await;
        assert_eq!(ended.code, 1, "{verb:?}: {ended:?}");
        let hint = "asks for its token; set AGENTOS_TOKEN, or name the file";
        assert!(ended.told.contains(hint), "{verb:?}: {ended:?}");

        let ended = run_with(&server, &verb, &[("AGENTOS_TOKEN", TOKEN)]).await;
        assert_eq!(ended.code, code, "{verb:?}: {ended:?}");
        assert!(!ended.told.contains("token"), "{verb:?}: {ended:?}");
    }
}

#[tokio::test]
async fn the_token_may_be_in_a_file() {
    let server = asking().await;
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("token");
    std::fs::write(&file, format!("{TOKEN}\n")).unwrap();
    let file = file.to_str().unwrap();
    assert_eq!(run(&server, &["ps", "--token-file", file]).await.code, 0);
    let by_variable = [("AGENTOS_TOKEN_FILE", file), ("AGENTOS_TOKEN", WRONG)];
    assert_eq!(run_with(&server, &["ps"], &by_variable).await.code, 0);

    let absent = run(&server, &["ps", "--token-file", "no-such-file"]).await;
    assert!(
        absent.code == 1 && absent.told.contains("cannot read no-such-file"),
        "{absent:?}"
    );
    std::fs::write(file, "secret").unwrap();
    let short = run(&server, &["ps", "--token-file", file]).await;
    assert!(
        short.code == 1 && short.told.contains("holds no token"),
        "{short:?}"
    );
    assert!(!short.told.contains("secret"), "{short:?}");
}

#[tokio::test]
async fn a_wrong_token_is_told_apart_and_one_too_many_does_no_harm() {
    let server_asking = asking().await;
    for verb in [["ps"].as_slice(), &["generate", "a counter"]] {
        let ended = run_with(&server_asking, verb, &[("AGENTOS_TOKEN", WRONG)]).await;
        assert!(
            ended.code == 1 && ended.told.contains("has another token"),
            "{ended:?}"
        );
        assert!(!ended.told.contains(WRONG), "{ended:?}");

        let open = server().await;
        let ended = run_with(&open, verb, &[("AGENTOS_TOKEN", TOKEN)]).await;
        assert_eq!(ended.code, 0, "{ended:?}");
    }
}

#[tokio::test]
async fn the_doctor_looks_with_the_token_too() {
    let server = asking().await;
    let shut_out = run(&server, &["doctor"]).await;
    assert!(shut_out.out.contains("asks for its token"), "{shut_out:?}");
    let let_in = run_with(&server, &["doctor"], &[("AGENTOS_TOKEN", TOKEN)]).await;
    assert!(let_in.out.contains("is healthy"), "{let_in:?}");
}
