//! The model is chosen while the program runs: what is asked then, what is kept, and who never learns the key.

use std::path::Path;

use serde_json::{Value, json};

use crate::process::{Program, place};
use crate::provider::{KEY, Provider};
use crate::server::{Server, answer};

/// The program with nothing said about the model.
fn undecided(data_dir: &Path) -> Program {
    started(data_dir, &[], &[])
}

fn started(data_dir: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Program {
    let nothing = [("AGENTOS_LLM", ""), ("RUST_LOG", "trace")];
    Program::start_with(data_dir, arguments, &[&nothing, variables].concat())
}

fn choice(provider: &Provider) -> Value {
    json!({"provider": "openai", "model": "other-model", "base_url": provider.url(), "api_key": KEY})
}

fn app(title: &str) -> String {
    json!({"title": title, "components": [{"type": "text", "props": {"content": "Hello"}}]}).to_string()
}

async fn generate(program: &Program) -> Value {
    let (status, made) = program
        .post("/generate-ui", json!({"message": "say hello"}))
        .await;
    assert_eq!(status, 200, "{made}");
    made["ui_spec"]["title"].clone()
}

#[tokio::test]
async fn a_chosen_model_is_asked_at_once_and_after_a_restart() {
    let provider = Provider::start([]).await;
    let (_place, data_dir) = place();
    let program = undecided(&data_dir);
    let before = program.get("/settings").await;
    assert_eq!(
        (&before["provider"], &before["source"], &before["has_key"]),
        (&json!("offline"), &json!("default"), &json!(false))
    );
    let names: Vec<_> = before["providers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|each| &each["name"])
        .collect();
    assert_eq!(names, ["offline", "gemini", "openai", "anthropic"]);

    let (status, chosen) = program.put("/settings", choice(&provider)).await;
    assert_eq!(status, 200, "{chosen}");
    let in_force = json!({
        "provider": "openai", "model": "other-model", "base_url": provider.url(), "has_key": true, "source": "page",
        "providers": before["providers"]
    });
    assert_eq!(chosen, in_force);
    provider.will_say(app("First"));
    assert_eq!(generate(&program).await, "First");

    drop(program);
    let program = undecided(&data_dir);
    assert_eq!(program.get("/settings").await, in_force);
    provider.will_say(app("Second"));
    assert_eq!(generate(&program).await, "Second");
    assert_eq!(provider.keys(), [KEY, KEY]);

    let (_, offline) = program.put("/settings", json!({"provider": "offline"})).await;
    assert_eq!(
        (&offline["provider"], &offline["base_url"], &offline["has_key"]),
        (&json!("offline"), &Value::Null, &json!(false))
    );
    let (_, declined) = program
        .post("/generate-ui", json!({"message": "say hello"}))
        .await;
    assert_eq!(declined["code"], "declined", "{declined}");
}

#[tokio::test]
async fn what_is_not_said_of_a_key_keeps_it_for_its_address_and_for_no_other() {
    let (mine, other) = (Provider::start([]).await, Provider::start([]).await);
    let (_place, data_dir) = place();
    let program = undecided(&data_dir);
    program.put("/settings", choice(&mine)).await;
    let without_key =
        |provider: &Provider| json!({"provider": "openai", "model": "x", "base_url": provider.url()});

    let (_, tried) = program.post("/settings/test", without_key(&mine)).await;
    assert_eq!(tried, json!({"models": ["other-model"], "model_is_there": false}));
    let (_, renamed) = program.put("/settings", without_key(&mine)).await;
    assert_eq!(
        (&renamed["model"], &renamed["has_key"]),
        (&json!("x"), &json!(true))
    );
    assert_eq!(mine.keys(), [KEY]);

    program.post("/settings/test", without_key(&other)).await;
    let (_, moved) = program.put("/settings", without_key(&other)).await;
    assert_eq!(moved["has_key"], false);
    program.get("/models").await;
    assert_eq!(other.keys(), ["", ""]);

    program.put("/settings", choice(&mine)).await;
    let mut emptied = choice(&mine);
    emptied["api_key"] = json!("");
    let (_, emptied) = program.put("/settings", emptied).await;
    assert_eq!(emptied["has_key"], false, "an empty key is none");
}

#[tokio::test]
async fn a_test_says_what_is_there_and_keeps_nothing() {
    let provider = Provider::start([]).await;
    let (_place, data_dir) = place();
    let program = undecided(&data_dir);
    let (status, tried) = program.post("/settings/test", choice(&provider)).await;
    assert_eq!(
        (status, tried),
        (200, json!({"models": ["other-model"], "model_is_there": true}))
    );
    let mut nameless = choice(&provider);
    nameless.as_object_mut().unwrap().remove("model");
    let (_, tried) = program.post("/settings/test", nameless).await;
    assert_eq!(
        tried["models"],
        json!(["other-model"]),
        "the list is there to choose from"
    );
    let (_, offline) = program
        .post("/settings/test", json!({"provider": "offline"}))
        .await;
    assert_eq!(offline, json!({"models": ["blueprints"], "model_is_there": true}));

    let gone = choice(&provider);
    drop(provider);
    let (status, refused) = program.post("/settings/test", gone.clone()).await;
    assert_eq!((status, &refused["code"]), (502, &json!("unavailable")));
    let told = refused["error"].as_str().unwrap();
    let url = gone["base_url"].as_str().unwrap();
    assert!(told.contains("no connection") && told.contains(url), "{told}");

    assert_eq!(program.get("/settings").await["provider"], "offline");
    assert!(!data_dir.join("settings.toml").exists());
}

async fn check_fixed(
    data_dir: &Path,
    arguments: &[&str],
    variables: &[(&str, &str)],
    source: &str,
    decided_by: &str,
) {
    let program = started(data_dir, arguments, variables);
    let settings = program.get("/settings").await;
    assert_eq!(
        (
            &settings["provider"],
            &settings["source"],
            &settings["decided_by"]
        ),
        (&json!("offline"), &json!(source), &json!(decided_by))
    );
    let (status, refused) = program.put("/settings", json!({"provider": "offline"})).await;
    assert_eq!((status, &refused["code"]), (409, &json!("settings_fixed")));
    assert_eq!(refused["error"], settings["fixed"]);
    assert!(
        settings["fixed"].as_str().unwrap().contains(decided_by),
        "{settings}"
    );
}

#[tokio::test]
async fn what_a_person_said_at_the_start_stands_and_is_named() {
    let provider = Provider::start([]).await;
    let (_place, data_dir) = place();
    drop({
        let program = undecided(&data_dir);
        program.put("/settings", choice(&provider)).await;
        program
    });
    check_fixed(&data_dir, &["--llm", "offline"], &[], "flag", "--llm").await;
    check_fixed(
        &data_dir,
        &[],
        &[("AGENTOS_LLM", "offline")],
        "environment",
        "AGENTOS_LLM",
    )
    .await;

    let program = started(&data_dir, &[], &[("GOOGLE_API_KEY", "a-key-for-google")]);
    assert_eq!(
        program.get("/settings").await["source"],
        "page",
        "a default is no decision"
    );
    let google = json!({"provider": "gemini"});
    let (_, chosen) = program.put("/settings", google).await;
    assert_eq!(chosen["has_key"], true, "the key that is there anyhow: {chosen}");
    let kept = std::fs::read_to_string(data_dir.join("settings.toml")).unwrap();
    assert_eq!(
        kept, "provider = \"gemini\"\n",
        "what the environment has is not copied"
    );
}

#[tokio::test]
async fn what_cannot_be_used_is_refused_with_its_field() {
    let (_place, data_dir) = place();
    let program = undecided(&data_dir);
    let url = "http://127.0.0.1:1/v1";
    for (body, field, words) in [
        (json!({"provider": "clippy"}), "provider", "no provider"),
        (
            json!({"provider": "openai", "base_url": url}),
            "model",
            "name of a model",
        ),
        (
            json!({"provider": "openai", "base_url": url, "model": "a b"}),
            "model",
            "not the name",
        ),
        (
            json!({"provider": "openai", "base_url": "http://example.org", "model": "m"}),
            "base_url",
            "not encrypted",
        ),
        (json!({"provider": "gemini"}), "api_key", "GOOGLE_API_KEY"),
        (
            json!({"provider": "gemini", "api_key": "two words"}),
            "api_key",
            "copy it once more",
        ),
    ] {
        let (status, refused) = program.put("/settings", body.clone()).await;
        assert_eq!(
            (status, &refused["code"]),
            (422, &json!("invalid_settings")),
            "{body}: {refused}"
        );
        assert_eq!(refused["details"]["field"], field, "{body}: {refused}");
        assert!(
            refused["error"].as_str().unwrap().contains(words),
            "{body}: {refused}"
        );
    }
    let (status, refused) = program
        .put("/settings", json!({"provider": "offline", "key": KEY}))
        .await;
    assert_eq!((status, &refused["code"]), (422, &json!("invalid_body")));
    assert!(!refused.to_string().contains(KEY), "{refused}");
    assert_eq!(program.get("/settings").await["provider"], "offline");
}

/// Whatever is asked: answers, log and data hold no key, but for the one file, which is its owner's alone.
#[tokio::test]
async fn nobody_learns_the_key() {
    let refusal = json!({"error": {"message": format!("Incorrect API key provided: {KEY}")}}).to_string();
    let provider = Provider::start([(200, app("Secretive")), (401, refusal)]).await;
    let (_place, data_dir) = place();
    let program = undecided(&data_dir);
    let mut answers = vec![
        program.post("/settings/test", choice(&provider)).await.1,
        program.put("/settings", choice(&provider)).await.1,
        program
            .post("/generate-ui", json!({"message": "say hello"}))
            .await
            .1,
        program
            .post("/generate-ui", json!({"message": "say goodbye"}))
            .await
            .1,
    ];
    assert_eq!(answers[3]["code"], "model_rejected", "{}", answers[3]);
    for path in [
        "/settings",
        "/models",
        "/health",
        "/apps",
        "/services",
        "/openapi.json",
    ] {
        answers.push(program.get(path).await);
    }
    for told in answers {
        assert!(!told.to_string().contains(KEY), "{told}");
    }
    assert!(
        provider.keys().iter().all(|key| key == KEY),
        "the provider was told each time"
    );
    let log = program.log();
    assert!(log.contains("another model was chosen"), "{log}");
    assert!(!log.contains(KEY), "the log at its most talkative");
    drop(program);
    for file in std::fs::read_dir(&data_dir).unwrap().map(Result::unwrap) {
        if file.file_type().unwrap().is_dir() {
            let kept = std::fs::read_dir(file.path()).unwrap();
            assert_eq!(kept.count(), 0, "no app has kept a file");
            continue;
        }
        let holds_key = String::from_utf8_lossy(&std::fs::read(file.path()).unwrap()).contains(KEY);
        assert_eq!(
            holds_key,
            file.file_name() == "settings.toml",
            "{:?}",
            file.file_name()
        );
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let kept = std::fs::metadata(data_dir.join("settings.toml")).unwrap();
        assert_eq!(kept.permissions().mode() & 0o777, 0o600);
    }
}

#[tokio::test]
async fn a_model_the_program_brought_stands() {
    let server = Server::start().await;
    let settings = server.get("/settings").await.body;
    assert_eq!(
        (&settings["provider"], &settings["source"]),
        (&json!("offline"), &json!("program"))
    );
    let refused = answer(
        server
            .request("PUT", "/settings")
            .json(&json!({"provider": "offline"})),
    )
    .await;
    assert_eq!(refused.verdict(), "409 settings_fixed");
}
