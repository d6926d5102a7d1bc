//! `validate` tells what is wrong as a compiler does.

use crate::program::{COUNTER, run};

#[test]
fn a_working_document_is_good() {
    let ended = run(&["validate", "-"], COUNTER);
    assert_eq!(
        (ended.code, ended.out.as_str()),
        (0, "-: no issues\n"),
        "{ended:?}"
    );
}

#[test]
fn an_error_names_its_code_place_and_remedy() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("counter.json");
    std::fs::write(&file, COUNTER.replace("{{ n }}", "{{ total }}")).unwrap();
    let ended = run(&["validate", file.to_str().unwrap()], "");
    assert_eq!(ended.code, 1, "{ended:?}");
    let place = format!("--> {}:/components/0/props/content (#count)", file.display());
    assert!(
        ended.out.starts_with("error[expr_unknown_name]: "),
        "{}",
        ended.out
    );
    assert!(ended.out.contains(&place), "{}", ended.out);
    assert!(ended.out.ends_with("counter.json: 1 error\n"), "{}", ended.out);
}

#[test]
fn json_is_for_programs() {
    let good = run(&["validate", "--json", "-"], COUNTER);
    assert_eq!((good.code, good.json()["valid"].clone()), (0, true.into()));
    let bad = run(&["--json", "validate", "-"], "{");
    assert_eq!(
        (bad.code, bad.json()["issues"][0]["code"].clone()),
        (1, "json_truncated".into())
    );
}

#[test]
fn hostile_texts_are_told_and_never_crash_it() {
    let app = |components: &str| format!(r#"{{"type":"app","title":"Hostile","components":{components}}}"#);
    let nested = (0..30).fold("[]".to_owned(), |children, _| {
        format!(r#"[{{"type":"container","children":{children}}}]"#)
    });
    for (text, code) in [
        (String::new(), "json_truncated"),
        ("create a calculator".to_owned(), "json_invalid"),
        (COUNTER[..200].to_owned(), "json_truncated"),
        (
            app(&format!(
                r#"[{{"type":"text","props":{{"content":"{}"}}}}]"#,
                "x".repeat(600 * 1024)
            )),
            "too_large",
        ),
        (app(&nested), "too_deep"),
        ("[".repeat(100_000), "too_deep"),
    ] {
        let ended = run(&["validate", "-"], &text);
        assert_eq!(ended.code, 1, "{ended:?}");
        assert!(ended.out.starts_with(&format!("error[{code}]: ")), "{ended:?}");
    }
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let ended = run(&["validate", "no-such.json"], "");
    assert_eq!(ended.code, 1);
    assert!(ended.told.contains("cannot read no-such.json"), "{}", ended.told);
}
