//! `run` uses an app by script and prints what it shows.

use crate::program::{COUNTER, Ended, run};

#[track_caller]
fn check(flags: &[&str], expected: &str) {
    let ended = used(flags);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_eq!(
        ended.out.lines().next().unwrap(),
        format!("text #count \"{expected}\""),
        "{flags:?}"
    );
}

fn used(flags: &[&str]) -> Ended {
    run(&[&["run", "-"], flags].concat(), COUNTER)
}

#[test]
fn the_flags_are_steps_in_the_order_they_are_written() {
    check(&[], "0 ");
    check(&["--click", "more", "--click", "more"], "2 ");
    check(&["--type", "field=a = b"], "0 a = b");
    check(&["--type", "field=typed", "--submit", "field"], "0 sent");
    check(&["--submit", "field", "--type", "field=typed"], "0 typed");
}

#[test]
fn time_passes_only_when_told() {
    check(&["--click", "later"], "0 ");
    check(&["--click", "later", "--wait", "99"], "0 ");
    check(&["--click", "later", "--wait", "99", "--wait", "1"], "42 ");
    check(&["--click", "later", "--wait", "100", "--click", "more"], "43 ");
}

#[test]
fn the_view_is_a_tree() {
    let ended = used(&["--type", "field=hello world"]);
    let expected = "text #count \"0 hello world\"\n\
                    button #more \"More\"\n\
                    input #field \"Text\" value=\"hello world\"\n\
                    button #later \"Later\"\n";
    assert_eq!(ended.out, expected);
}

#[test]
fn json_is_the_view_of_the_protocol() {
    let ended = used(&["--json", "--click", "more"]);
    let view = ended.json();
    assert_eq!(view["state"]["n"], 1);
    assert_eq!(view["root"][0], "count");
}

#[test]
fn a_file_holds_further_steps() {
    let place = tempfile::tempdir().unwrap();
    let script = place.path().join("steps.jsonl");
    let steps = r#"{"do":"click","id":"more"}

{"do":"type","id":"field","text":"x"}
{"do":"wait","ms":5}
"#;
    std::fs::write(&script, steps).unwrap();
    check(&["--click", "more", "--script", script.to_str().unwrap()], "2 x");

    std::fs::write(&script, "{\"do\":\"click\",\"id\":\"more\"}\n{\"do\":\"jump\"}\n").unwrap();
    let ended = used(&["--script", script.to_str().unwrap()]);
    assert_eq!(ended.code, 1);
    assert!(ended.told.contains("steps.jsonl:2: "), "{}", ended.told);
}

#[test]
fn a_step_that_cannot_be_taken_ends_the_run() {
    for (flags, expected) in [
        (["--click", "missing"], "node_not_found"),
        (["--click", "count"], "`count` takes no click; it takes nothing"),
        (["--type", "more=x"], "`more` takes no change; it takes click"),
    ] {
        let ended = used(&flags);
        assert_eq!(ended.code, 1, "{ended:?}");
        assert!(ended.told.contains(expected), "{ended:?}");
    }
    assert_eq!(used(&["--type", "field"]).code, 2);
    assert_eq!(used(&["--wait", "soon"]).code, 2);
}

#[test]
fn what_is_disabled_cannot_be_used() {
    let document = COUNTER.replace(
        r#""text": "More""#,
        r#""text": "More", "disabled": "{{ n >= 2 }}""#,
    );
    let click = |times: usize| {
        run(
            &[["run", "-"].as_slice(), &["--click", "more"].repeat(times)].concat(),
            &document,
        )
    };
    assert_eq!(click(2).code, 0);
    let ended = click(3);
    assert_eq!(ended.code, 1, "{ended:?}");
    assert!(ended.told.contains("`more` is disabled"), "{}", ended.told);
}

#[test]
fn what_needs_a_server_fails_visibly() {
    let document = r#"{
        "type": "app", "title": "Reader",
        "data": { "kept": { "tool": "storage.get", "args": { "key": "k" }, "default": "nothing" } },
        "components": [
            { "type": "text", "id": "kept", "props": { "content": "{{ kept }}" } },
            { "type": "alert", "id": "why", "visible": "_.kept.error", "props": { "text": "{{ _.kept.error.message }}" } }
        ]
    }"#;
    let ended = run(&["run", "-"], document);
    assert!(ended.out.contains("text #kept \"nothing\""), "{ended:?}");
    assert!(ended.out.contains("needs a server"), "{ended:?}");
}

#[test]
fn documents_that_cannot_be_opened_say_why() {
    let app = |components: &str| format!(r#"{{"type":"app","title":"Hostile","components":{components}}}"#);
    let nested = (0..30).fold("7".to_owned(), |children, _| {
        format!(r#"[{{"type":"container","children":{children}}}]"#)
    });
    for text in [
        String::new(),
        "hello".to_owned(),
        "7".to_owned(),
        app(&nested),
        "[".repeat(100_000),
    ] {
        let ended = run(&["run", "-"], &text);
        assert_eq!((ended.code, ended.out.as_str()), (1, ""), "{ended:?}");
        assert!(ended.told.starts_with("agentos-cli: "), "{ended:?}");
    }
}

#[test]
fn the_samples_are_drawn() {
    let samples = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/samples");
    let Ok(samples) = std::fs::read_dir(&samples) else {
        eprintln!("skipped: {} is not there", samples.display());
        return;
    };
    for sample in samples {
        let path = sample.unwrap().path();
        let ended = run(&["run", path.to_str().unwrap()], "");
        assert_eq!(ended.code, 0, "{}: {ended:?}", path.display());
        assert!(ended.out.lines().count() >= 2, "{}: {ended:?}", path.display());
    }
}
