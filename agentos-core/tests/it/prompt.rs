//! What a model is told.

use agentos_core::gallery;
use agentos_core::generate::prompt::{self, Style};
use agentos_core::runtime::trial;
use agentos_core::spec::accept::accept_text;
use agentos_core::spec::mend::Loss;
use agentos_core::spec::{Catalog, Severity, edit, schema};
use serde_json::{Value, json};
use std::sync::Arc;

/// Tokens of the vocabulary o200k, which newer models share or come near.
const MOST_TOKENS: usize = 5_000;
const MOST_TOKENS_FOR_A_SMALL_MODEL: usize = 2_500;

fn system() -> String {
    prompt::system(Catalog::builtin(), Style::Full)
}

fn for_a_small_model() -> String {
    prompt::system(Catalog::builtin(), Style::Small)
}

fn tokens(text: &str) -> usize {
    tiktoken_rs::o200k_base_singleton().encode_ordinary(text).len()
}

#[test]
fn it_names_every_component_and_tool_in_5000_tokens() {
    let system = system();
    for entry in Catalog::builtin().components() {
        assert!(system.contains(&format!("\n{}(", entry.name)), "{}", entry.name);
    }
    for tool in Catalog::builtin().tools() {
        assert!(system.contains(&format!("{}{{", tool.id)), "{}", tool.id);
    }
    let tokens = tokens(&system);
    assert!(tokens <= MOST_TOKENS, "{tokens} tokens:\n{system}");
}

#[test]
fn a_small_model_is_told_every_component_in_2500_tokens() {
    let system = for_a_small_model();
    for entry in Catalog::builtin().components() {
        assert!(system.contains(&format!("{}(", entry.name)), "{}", entry.name);
    }
    assert!(system.contains("ui.add_item(path value)"), "{system}");
    let tokens = tokens(&system);
    assert!(
        tokens <= MOST_TOKENS_FOR_A_SMALL_MODEL,
        "{tokens} tokens:\n{system}"
    );
}

#[test]
fn a_small_model_is_shown_the_form_it_is_held_to() {
    let system = for_a_small_model();
    let example = system
        .lines()
        .find(|line| line.starts_with("{\"title\""))
        .unwrap();
    let written: Value = serde_json::from_str(example).unwrap();
    let schema = jsonschema::validator_for(&schema::generation(Catalog::builtin())).unwrap();
    assert!(schema.is_valid(&written), "{written:#}");
    let accepted = accept_text(example, Catalog::builtin(), Loss::Forbidden).unwrap();
    assert!(
        accepted.issues.iter().all(|issue| !issue.is_error()),
        "{:#?}",
        accepted.issues
    );
    assert_eq!(accepted.document["state"]["items"], json!([]));
}

#[test]
fn it_is_the_same_bytes_each_time() {
    assert_eq!(system(), system());
    assert_eq!(for_a_small_model(), for_a_small_model());
}

#[test]
fn its_examples_pass_every_gate_as_they_stand() {
    let system = system();
    let documents: Vec<&str> = system
        .lines()
        .filter(|line| line.starts_with("{\"title\""))
        .collect();
    assert_eq!(documents.len(), 2);
    for document in documents {
        let accepted = accept_text(document, Catalog::builtin(), Loss::Forbidden).unwrap();
        // Leaving ids out is what they show.
        let told: Vec<_> = accepted
            .issues
            .iter()
            .filter(|issue| issue.severity > Severity::Note || !issue.message.contains("id"))
            .collect();
        assert!(told.is_empty(), "{told:#?}");
        let report = trial::run(
            &accepted.spec,
            &Arc::new(Catalog::builtin().clone()),
            1_767_355_200_000.0,
            7,
        );
        assert!(report.passed && report.issues.is_empty(), "{:#?}", report.issues);
    }
}

/// What a model writes to change one text of a component, beside what it writes to make the app anew.
#[test]
fn an_edit_of_one_component_takes_at_most_15_percent_of_the_tokens_of_the_app() {
    let mut edits = 0;
    for app in gallery::all() {
        let anew = tokens(&app.document.to_string());
        let mut parts: Vec<&Value> = vec![&app.document["components"]];
        while let Some(part) = parts.pop() {
            parts.extend(part.as_array().into_iter().flatten());
            parts.extend(part.get("children"));
            let text = ["text", "content", "label"]
                .into_iter()
                .find(|prop| part["props"][prop].is_string());
            let (Some(id), Some(prop)) = (part["id"].as_str(), text) else {
                continue;
            };
            let words = format!("{}, but better", part["props"][prop].as_str().unwrap());
            let line = json!({ "upsert": { "id": id, "props": { prop: words } } }).to_string();
            let changed = edit::apply(&app.document, &line);
            assert!(changed.issues.is_empty(), "{}: {:?}", app.id, changed.issues);
            let share = tokens(&line) as f64 / anew as f64;
            assert!(
                share <= 0.15,
                "{}: {line} takes {share:.2} of {anew} tokens",
                app.id
            );
            edits += 1;
        }
    }
    assert!(edits > 100, "only {edits} edits were counted");
}
