//! The generation pipeline over a scripted model: what comes out, in which order, and what is kept
//! when nothing does.

use std::sync::Arc;

use agentos_core::engine::Runner;
use agentos_core::generate::prompt::Style;
use agentos_core::generate::{
    ChangeRequest, Draft, Generated, GenerationEvent, GenerationFailure, GenerationRequest, Generator,
    MESSAGE_BYTES,
};
use agentos_core::ports::llm::{Account, EndReason, LlmError, LlmEvent, Task, Usage};
use agentos_core::spec::accept::accept;
use agentos_core::spec::mend::Loss;
use agentos_core::spec::reader::Reader;
use agentos_core::spec::{Catalog, Code, Issue, bounds, patch, schema};
use agentos_core::testing::llm::{ScriptedLlm, say, say_in_pieces};
use futures::StreamExt;
use futures::executor::block_on;
use serde_json::{Value, json};

const NOW: u64 = 1_790_000_000_000;

fn counter() -> Value {
    json!({
        "type": "app", "title": "Counter", "state": { "count": 0 },
        "components": [
            { "type": "text", "id": "shown", "props": { "content": "{{ count }}" } },
            { "type": "button", "id": "more", "props": { "text": "+" },
              "on_event": { "click": { "tool": "ui.increment", "args": { "path": "count" } } } }
        ]
    })
}

/// A counter whose button runs an action that does not exist.
fn broken_counter() -> Value {
    let mut document = counter();
    document["components"][1]["on_event"]["click"] = json!("count_one_more");
    document
}

fn request(message: &str) -> GenerationRequest {
    GenerationRequest {
        message: message.to_owned(),
        now: NOW,
        seed: 7,
        account: Account::Person,
    }
}

fn events(llm: &ScriptedLlm, message: &str) -> Vec<GenerationEvent> {
    let generator = Generator::new(Arc::new(llm.clone()), Arc::new(Catalog::builtin().clone()));
    block_on(generator.generate(request(message)).collect())
}

/// The document the patches draw.
fn drawn(events: &[GenerationEvent]) -> Value {
    events.iter().fold(json!({}), |mut document, event| {
        if let GenerationEvent::Patch(operations) = event {
            patch::apply(&mut document, operations, bounds::verify).unwrap();
        }
        document
    })
}

#[track_caller]
fn completed(events: Vec<GenerationEvent>) -> Generated {
    match events.into_iter().next_back() {
        Some(GenerationEvent::Completed(generated)) => *generated,
        other => panic!("{other:#?}"),
    }
}

#[track_caller]
fn failed(events: Vec<GenerationEvent>) -> GenerationFailure {
    match events.into_iter().next_back() {
        Some(GenerationEvent::Failed(failure)) => *failure,
        other => panic!("{other:#?}"),
    }
}

#[test]
fn a_document_is_drawn_while_it_is_written_and_completes() {
    let llm = ScriptedLlm::new([say_in_pieces(&counter().to_string(), 7)]);
    let events = events(&llm, "a counter");
    assert!(
        matches!(events.first(), Some(GenerationEvent::Started)),
        "{:?}",
        events.first()
    );
    let patches = events
        .iter()
        .filter(|event| matches!(event, GenerationEvent::Patch(_)))
        .count();
    assert!(patches > 3, "the document arrives in parts: {patches}");
    assert_eq!(drawn(&events), counter());
    let ends = events
        .iter()
        .filter(|event| matches!(event, GenerationEvent::Completed(_) | GenerationEvent::Failed(_)));
    assert_eq!(ends.count(), 1);
    let generated = completed(events);
    assert_eq!(generated.document, counter());
    assert!(
        generated.report.issues.is_empty() && generated.report.mended.is_empty(),
        "{:?}",
        generated.report
    );
}

#[track_caller]
fn reads(answer: &str) {
    for piece in [1, 5, 10_000] {
        let llm = ScriptedLlm::new([say_in_pieces(answer, piece)]);
        let generated = completed(events(&llm, "a counter"));
        assert_eq!(generated.document, counter(), "{answer}");
    }
}

#[test]
fn fences_and_prose_around_the_document_do_not_matter() {
    reads(&format!("```json\n{}\n```", counter()));
    reads(&format!("Sure! Here is your app:\n\n{}\n\nEnjoy.", counter()));
    reads(&counter().to_string().replace("}]}", "},]}"));
}

#[test]
fn the_request_reaches_the_model_untouched() {
    let llm = ScriptedLlm::new([say(&counter().to_string())]);
    events(&llm, "a counter for {{ sheep }}");
    let asked = &llm.transcript()[0];
    assert_eq!(
        (asked.task, asked.user_text.as_str()),
        (Task::Generate, "a counter for {{ sheep }}")
    );
}

#[test]
fn thoughts_and_usage_are_kept() {
    let mut reply = say(&counter().to_string());
    reply.insert(0, Ok(LlmEvent::Thought("They want ".into())));
    reply.insert(
        1,
        Ok(LlmEvent::Thought("a counter.\nOne button is enough.".into())),
    );
    reply.insert(2, Ok(LlmEvent::Usage(Usage { input: 1, output: 1 })));
    reply.insert(
        3,
        Ok(LlmEvent::Usage(Usage {
            input: 10,
            output: 20,
        })),
    );
    let generated = completed(events(&ScriptedLlm::new([reply]), "a counter"));
    assert_eq!(
        generated.thoughts,
        ["They want a counter.", "One button is enough."]
    );
    assert_eq!(
        generated.report.usage,
        Usage {
            input: 10,
            output: 20
        }
    );
}

#[test]
fn a_document_cut_at_the_token_limit_completes_with_a_warning_when_it_still_works() {
    let text = counter().to_string();
    let cut = text[..text.len() - 2].to_owned();
    let llm = ScriptedLlm::new([vec![
        Ok(LlmEvent::Text(cut)),
        Ok(LlmEvent::End(EndReason::Length)),
    ]]);
    let generated = completed(events(&llm, "a counter"));
    assert_eq!(generated.document, counter());
    assert!(
        generated
            .report
            .issues
            .iter()
            .any(|issue| issue.code == Code::JsonTruncated)
    );
}

#[test]
fn a_connection_that_breaks_within_the_document_keeps_the_draft() {
    let text = counter().to_string();
    let llm = ScriptedLlm::new([vec![Ok(LlmEvent::Text(text[..120].to_owned()))]]);
    let failure = failed(events(&llm, "a counter"));
    assert_eq!(failure.error.code(), "generation_failed");
    assert_eq!(failure.draft["title"], "Counter");
}

#[test]
fn an_error_in_mid_stream_keeps_the_draft() {
    let text = counter().to_string();
    let llm = ScriptedLlm::new([vec![
        Ok(LlmEvent::Text(text[..120].to_owned())),
        Err(LlmError::RateLimited { retry_after: None }),
    ]]);
    let failure = failed(events(&llm, "a counter"));
    assert_eq!(failure.error.code(), "rate_limited");
    assert_eq!(failure.draft["title"], "Counter");
}

#[test]
fn text_without_a_document_fails_and_is_kept() {
    let failure = failed(events(
        &ScriptedLlm::new([say("I am sorry, I cannot do that.")]),
        "a counter",
    ));
    assert_eq!(failure.error.code(), "generation_failed");
    assert_eq!(failure.draft, json!("I am sorry, I cannot do that."));
    assert!(
        failure.issues.iter().any(|issue| issue.code == Code::JsonInvalid),
        "{:?}",
        failure.issues
    );
}

#[test]
fn a_declined_request_says_what_can_be_built() {
    let declined = LlmError::Declined {
        message: "no".into(),
        can_build: vec!["a counter".into()],
    };
    let failure = failed(events(&ScriptedLlm::new([vec![Err(declined)]]), "a chess game"));
    assert_eq!(failure.error.code(), "declined");
    assert_eq!(failure.draft, Value::Null);
}

#[test]
fn a_request_out_of_bounds_never_reaches_the_model() {
    let llm = ScriptedLlm::default();
    assert_eq!(failed(events(&llm, "  ")).error.code(), "invalid_argument");
    assert_eq!(
        failed(events(&llm, &"x".repeat(MESSAGE_BYTES + 1))).error.code(),
        "invalid_argument"
    );
    assert!(llm.transcript().is_empty());
}

#[test]
fn an_answer_without_end_is_stopped_at_its_bound() {
    let piece = "x".repeat(64 * 1024);
    let endless = (0..64).map(|_| Ok(LlmEvent::Text(piece.clone()))).collect();
    let llm = ScriptedLlm::new([endless]);
    let failure = failed(events(&llm, "a counter"));
    assert_eq!(
        failure.error.to_string(),
        "the model's answer is longer than 1048576 bytes"
    );
    assert_eq!(llm.dropped_unfinished(), 1, "the request is closed");
}

#[test]
fn dropping_the_stream_closes_the_request_to_the_model() {
    let llm = ScriptedLlm::default().then_hangs_after(vec![Ok(LlmEvent::Text("{\"type\":".into()))]);
    let generator = Generator::new(Arc::new(llm.clone()), Arc::new(Catalog::builtin().clone()));
    let mut stream = generator.generate(request("a counter"));
    block_on(async { while !matches!(stream.next().await, Some(GenerationEvent::Token(_))) {} });
    assert_eq!(llm.dropped_unfinished(), 0);
    drop(stream);
    assert_eq!(llm.dropped_unfinished(), 1);
}

#[test]
fn a_slip_is_mended_and_told_without_asking_the_model_again() {
    let mut document = counter();
    let click = document["components"][1]
        .as_object_mut()
        .unwrap()
        .remove("on_event")
        .unwrap();
    document["components"][1]["props"]["on_event"] = click;
    let llm = ScriptedLlm::new([say(&document.to_string())]);
    let events = events(&llm, "a counter");
    assert_eq!(drawn(&events), counter(), "what is drawn is what opens");
    let generated = completed(events);
    assert_eq!(generated.document, counter());
    assert!(
        generated
            .report
            .mended
            .iter()
            .any(|issue| issue.code == Code::Mended),
        "{:?}",
        generated.report
    );
    assert_eq!(llm.transcript().len(), 1);
}

#[test]
fn an_error_goes_back_to_the_model_which_repairs_it_by_edit_lines() {
    let line = json!({ "upsert": { "id": "more", "on_event": {
        "click": { "tool": "ui.increment", "args": { "path": "count" } } } } });
    let llm = ScriptedLlm::new([say(&broken_counter().to_string()), say(&line.to_string())]);
    let events = events(&llm, "a counter");
    assert_eq!(drawn(&events), counter());
    assert_eq!(completed(events).document, counter());
    let asked = llm.transcript();
    assert_eq!(asked.len(), 2);
    assert_eq!(asked[1].task, Task::Repair);
    assert!(
        asked[1]
            .issues
            .iter()
            .any(|issue| issue.code == Code::ActionUnknown),
        "{:?}",
        asked[1].issues
    );
    assert_eq!(asked[1].document.as_ref().unwrap()["title"], "Counter");
}

/// A counter that looks right and fails when it is used.
fn failing_counter() -> Value {
    let mut document = counter();
    let args = json!({ "path": "count", "by": "{{ 'one' }}" });
    document["components"][1]["on_event"]["click"] = json!({ "tool": "ui.increment", "args": args });
    document
}

#[test]
fn an_app_that_fails_when_it_is_used_never_completes() {
    let llm = ScriptedLlm::new([say(&failing_counter().to_string())]).never_repairing();
    let failure = failed(events(&llm, "a counter"));
    assert_eq!(failure.error.code(), "generation_failed");
    assert_eq!(failure.draft, failing_counter());
    assert!(failure.issues.iter().any(Issue::is_error), "{:?}", failure.issues);
}

#[test]
fn an_app_with_a_control_that_changes_nothing_never_completes_whatever_else_runs() {
    let mut document = counter();
    document["state"]["fixed"] = json!(1);
    document["actions"] = json!({ "tick": { "tool": "ui.increment", "args": { "path": "count" } } });
    document["on"] =
        json!({ "mount": { "tool": "timer.interval", "args": { "interval": 1000, "action": "tick" } } });
    document["components"][1]["on_event"]["click"] =
        json!({ "tool": "ui.set_state", "args": { "path": "fixed", "value": 1 } });
    document["components"][0]["props"]["content"] = json!("{{ count }} of {{ fixed }}");
    let llm = ScriptedLlm::new([say(&document.to_string())]);
    let failure = failed(events(&llm, "a counter"));
    let idle = |issue: &Issue| issue.code == Code::ControlDoesNothing && issue.id.as_deref() == Some("more");
    assert!(failure.issues.iter().any(idle), "{:?}", failure.issues);
}

#[test]
fn what_failed_in_the_trial_goes_back_to_the_model() {
    let line = json!({ "upsert": { "id": "more", "on_event": {
        "click": { "tool": "ui.increment", "args": { "path": "count" } } } } });
    let llm = ScriptedLlm::new([say(&failing_counter().to_string()), say(&line.to_string())]);
    let generated = completed(events(&llm, "a counter"));
    assert_eq!(generated.document, counter());
    assert!(generated.report.trial.is_some_and(|trial| trial.passed));
    assert!(!llm.transcript()[1].issues.is_empty());
}

#[test]
fn a_model_that_fails_in_a_repair_does_not_take_the_app_with_it() {
    let llm = ScriptedLlm::new([say(&broken_counter().to_string()), vec![Err(LlmError::TimedOut)]]);
    let generated = completed(events(&llm, "a counter"));
    assert!(
        generated
            .report
            .mended
            .iter()
            .any(|issue| issue.code == Code::Dropped),
        "{:?}",
        generated.report
    );
}

/// What the pipeline says to a document of a model, when it refuses it.
pub(crate) fn refusal_of(document: &Value) -> Option<String> {
    let llm = ScriptedLlm::new([say(&document.to_string())]).never_repairing();
    let events = events(&llm, "many");
    let fails = events.iter().find_map(|event| match event {
        GenerationEvent::Failed(failure) => failure.issues.first(),
        _ => None,
    });
    fails.map(|issue| issue.message.clone())
}

#[test]
fn a_document_beyond_what_a_model_may_write_fails() {
    let texts: Vec<Value> = (0..2_001)
        .map(|_| json!({ "type": "text", "props": { "content": "x" } }))
        .collect();
    let document = json!({ "type": "app", "title": "Many", "components": texts });
    let llm = ScriptedLlm::new([say(&document.to_string())]).never_repairing();
    let failure = failed(events(&llm, "many"));
    assert!(
        failure.issues.iter().any(|issue| issue.code == Code::TooLarge),
        "{:?}",
        failure.issues
    );
}

#[test]
fn a_document_that_the_mends_make_too_large_fails() {
    let text = json!({ "type": "text", "props": { "content": "x".repeat(478) } });
    let document = json!({ "type": "app", "title": "Wall", "components": vec![text; 1_000] });
    assert!(
        bounds::verify(&document).is_ok(),
        "it is within its bounds until each text has an id"
    );
    let llm = ScriptedLlm::new([say(&document.to_string())]);
    let failure = failed(events(&llm, "a wall of text"));
    assert!(
        failure.issues.iter().any(|issue| issue.code == Code::TooLarge),
        "{:?}",
        failure.issues
    );
}

#[test]
fn nothing_of_a_repair_is_shown_before_it_is_applied() {
    let line = json!({ "upsert": { "id": "more", "on_event": {
        "click": { "tool": "ui.increment", "args": { "path": "count" } } } } });
    let llm = ScriptedLlm::new([
        say(&broken_counter().to_string()),
        say_in_pieces(&line.to_string(), 3),
    ]);
    let tokens = events(&llm, "a counter")
        .into_iter()
        .filter_map(|event| match event {
            GenerationEvent::Token(text) => Some(text),
            _ => None,
        })
        .collect::<String>();
    assert_eq!(tokens, broken_counter().to_string());
}

#[test]
fn there_are_at_most_two_rounds_of_repair() {
    let useless = || say(&json!({ "set": { "title": "Counter" } }).to_string());
    let llm = ScriptedLlm::new([
        say(&broken_counter().to_string()),
        useless(),
        useless(),
        useless(),
    ]);
    events(&llm, "a counter");
    assert_eq!(llm.transcript().len(), 3);
}

#[test]
fn the_answer_of_a_model_that_cannot_repair_is_final() {
    let llm = ScriptedLlm::new([say(&broken_counter().to_string())]).never_repairing();
    events(&llm, "a counter");
    assert_eq!(llm.transcript().len(), 1);
}

fn changed(llm: &ScriptedLlm, document: &Value, message: &str) -> Result<Generated, Box<GenerationFailure>> {
    let generator = Generator::new(Arc::new(llm.clone()), Arc::new(Catalog::builtin().clone()));
    block_on(generator.change(ChangeRequest {
        document: document.clone(),
        message: message.to_owned(),
        now: NOW,
        seed: 7,
    }))
    .map_err(Box::new)
}

#[test]
fn a_change_is_edit_lines_and_the_rest_stays() {
    let llm = ScriptedLlm::new([say(r#"{"upsert":{"id":"more","props":{"text":"One more"}}}"#)]);
    let generated = changed(&llm, &counter(), "say it in words").unwrap();
    let mut expected = counter();
    expected["components"][1]["props"]["text"] = json!("One more");
    assert_eq!(generated.document, expected);
    let asked = &llm.transcript()[0];
    assert_eq!(asked.task, Task::Edit);
    assert!(asked.system.contains("edit lines"));
    assert!(
        asked.messages[0]
            .text
            .contains("<request>\nsay it in words\n</request>")
    );
    assert!(asked.messages[0].text.contains(r#""title":"Counter""#));
}

#[test]
fn a_change_that_breaks_the_app_is_repaired_or_refused() {
    let breaks = r#"{"upsert":{"id":"more","on_event":{"click":"count_down"}}}"#;
    let repairs =
        r#"{"set":{"actions":{"count_down":{"tool":"ui.increment","args":{"path":"count","by":-1}}}}}"#;
    let llm = ScriptedLlm::new([say(breaks), say(repairs)]);
    let generated = changed(&llm, &counter(), "count down").unwrap();
    assert_eq!(
        generated.document["components"][1]["on_event"]["click"],
        "count_down"
    );
    assert!(generated.report.trial.unwrap().passed);
    let asked = llm.transcript();
    assert_eq!(asked[1].task, Task::Repair);
    assert!(
        asked[1].messages[0].text.contains("count_down"),
        "{}",
        asked[1].messages[0].text
    );

    let llm = ScriptedLlm::new([say(breaks), say("{}"), say("no")]);
    let failure = changed(&llm, &counter(), "count down").unwrap_err();
    assert_eq!(failure.error.code(), "generation_failed");
    assert!(
        failure
            .issues
            .iter()
            .any(|issue| issue.code == Code::ActionUnknown),
        "{:#?}",
        failure.issues
    );
}

#[test]
fn a_change_answers_for_its_own_faults_only() {
    let mut document = counter();
    document["components"]
        .as_array_mut()
        .unwrap()
        .push(json!({"type": "button", "id": "idle", "props": {"text": "Idle"}}));
    let llm = ScriptedLlm::new([say(r#"{"set":{"title":"Counting"}}"#)]);
    let generated = changed(&llm, &document, "call it Counting").unwrap();
    assert_eq!(generated.document["title"], "Counting");
    assert_eq!(generated.document["components"][2]["id"], "idle");
}

#[test]
fn a_change_that_changes_nothing_is_no_change() {
    let llm = ScriptedLlm::new([say(r#"{"set":{"title":"Counter"}}"#)]);
    let failure = changed(&llm, &counter(), "make it nicer").unwrap_err();
    assert!(
        failure.error.to_string().contains("changed nothing"),
        "{}",
        failure.error
    );
    let llm = ScriptedLlm::new([vec![Err(LlmError::Rejected {
        message: "no".to_owned(),
    })]]);
    assert_eq!(
        changed(&llm, &counter(), "x").unwrap_err().error.code(),
        "model_rejected"
    );
    assert_eq!(
        changed(&llm, &counter(), " ").unwrap_err().error.code(),
        "invalid_argument"
    );
}

#[test]
fn the_same_request_is_answered_again_without_the_model() {
    let llm = ScriptedLlm::new([say(&counter().to_string()), say(&counter().to_string())]);
    let generator = Generator::new(Arc::new(llm.clone()), Arc::new(Catalog::builtin().clone()));
    let ask = |message: &str| block_on(generator.generate(request(message)).collect::<Vec<_>>());
    let first = completed(ask("Make me a counter."));
    assert!(!first.report.cached);
    let again = ask("make  me a COUNTER");
    assert_eq!(drawn(&again), counter());
    let again = completed(again);
    assert!(again.report.cached);
    assert_eq!(
        (again.document, again.report.usage),
        (first.document, Usage::default())
    );
    assert_eq!(llm.transcript().len(), 1);
    assert!(!completed(ask("make me a second counter")).report.cached);
    let figures = generator.cache_figures();
    assert_eq!((figures.entries, figures.hits, figures.misses), (2, 1, 2));
}

#[test]
fn what_failed_is_not_kept() {
    let nothing = || say("I cannot do that.");
    let llm = ScriptedLlm::new([nothing(), say(&counter().to_string())]);
    let generator = Generator::new(Arc::new(llm), Arc::new(Catalog::builtin().clone()));
    let ask = || block_on(generator.generate(request("a counter")).collect::<Vec<_>>());
    failed(ask());
    assert!(!completed(ask()).report.cached);
}

#[test]
fn who_asks_the_same_at_once_waits_for_the_first() {
    let llm = ScriptedLlm::new([say_in_pieces(&counter().to_string(), 3)]);
    let generator = Generator::new(Arc::new(llm.clone()), Arc::new(Catalog::builtin().clone()));
    let ask = || generator.generate(request("a counter")).collect::<Vec<_>>();
    let (first, second) = block_on(futures::future::join(ask(), ask()));
    let cached: Vec<bool> = [first, second]
        .map(|events| completed(events).report.cached)
        .to_vec();
    assert_eq!(cached, [false, true]);
    assert_eq!(llm.transcript().len(), 1);
}

#[test]
fn a_repair_is_shown_what_is_faulty_and_no_large_state() {
    let mut document = broken_counter();
    document["state"]["history"] = json!("x".repeat(10_000));
    let repair =
        r#"{"upsert":{"id":"more","on_event":{"click":{"tool":"ui.increment","args":{"path":"count"}}}}}"#;
    let llm = ScriptedLlm::new([say(&document.to_string()), say(repair)]);
    completed(events(&llm, "a counter"));
    let shown = &llm.transcript()[1].messages[0].text;
    assert!(
        shown.contains("count_one_more") && shown.contains(r#""state":["count","history"]"#),
        "{shown}"
    );
    assert!(
        !shown.contains("{{ count }}"),
        "what works is not sent back: {shown}"
    );
}

#[test]
fn a_small_model_is_held_to_a_schema_and_what_it_writes_is_drawn_as_it_comes() {
    let mut document = counter();
    document["components"][1]["visible"] = json!("count < 9");
    let written = schema::unfold(&document).unwrap().to_string();
    for piece in [1, 9, 4_000] {
        let llm = ScriptedLlm::new([say_in_pieces(&written, piece)]);
        let generator = Generator::new(Arc::new(llm.clone()), Arc::new(Catalog::builtin().clone()))
            .with_style(Style::Small);
        let events: Vec<GenerationEvent> = block_on(generator.generate(request("a counter")).collect());
        let asked = &llm.transcript()[0];
        assert_eq!(asked.schema, Some(schema::generation(Catalog::builtin())));
        let before_the_end = events.len() - 2;
        let draft = drawn(&events[..before_the_end]);
        assert_eq!(draft["state"], json!({ "count": 0 }), "{draft:#}");
        assert_eq!(
            draft["components"][0]["props"]["content"], "{{ count }}",
            "{draft:#}"
        );
        assert!(draft["components"][0].get("visible").is_none(), "{draft:#}");
        assert_eq!(draft["components"][1]["visible"], "count < 9");
        let generated = completed(events);
        assert_eq!(
            generated.document["components"][1]["on_event"],
            document["components"][1]["on_event"]
        );
    }
}

#[test]
fn a_draft_is_told_mended_and_only_ever_grows() {
    let document = json!({
        "title": "Shop", "state": {"n": 0},
        "components": [
            {"type": "row", "children": [
                {"type": "heading", "props": {"text": "Shop"}},
                {"type": "button", "id": "go", "props": {"text": "Go"}, "onClick": "ui.increment"}
            ]},
            {"type": "dropdown", "id": "size", "props": {"options": ["S", "M"], "label": "Size"}}
        ]
    });
    let catalog = Arc::new(Catalog::builtin().clone());
    let mut draft = Draft::new(catalog.clone());
    let mut reader = Reader::new();
    let mut runner = Runner::new(catalog.clone());
    let (mut drawn, mut turns) = (json!({}), 0);
    let text = document.to_string();
    let pieces = text
        .as_bytes()
        .chunks(9)
        .map(|piece| std::str::from_utf8(piece).unwrap());
    for piece in pieces {
        let patch = draft.grow(&reader.push(piece));
        let only_grows = |operation: &patch::PatchOperation| {
            matches!(
                operation,
                patch::PatchOperation::Add(_) | patch::PatchOperation::Replace(_)
            )
        };
        assert!(patch.iter().all(only_grows), "{patch:?}");
        patch::apply(&mut drawn, &patch, bounds::verify).unwrap();
        let turn = runner.call(&json!({"op": "draft", "app": "d", "patch": patch}).to_string());
        let turn: Value = serde_json::from_str(&turn).unwrap();
        assert_eq!(turn.get("error"), None, "{turn}");
        turns += turn["nodes"].as_array().unwrap().len();
    }
    let accepted = accept(document, &catalog, Loss::Malformed).unwrap();
    assert_eq!(drawn, accepted.document);
    assert_eq!(drawn["components"][0]["type"], "container");
    assert!(turns > 4, "it is drawn as it grows: {turns}");
}
