//! `import` turns a document of another format into one that runs.

use crate::program::run;

const MESSAGES: &str = r#"{"version":"v0.9","createSurface":{"surfaceId":"s","catalogId":"basic"}}
{"version":"v0.9","updateComponents":{"surfaceId":"s","components":[{"id":"root","component":"Column","children":["title","strange"]},{"id":"title","component":"Text","text":"Hello","variant":"h1"},{"id":"strange","component":"Hologram"}]}}
"#;

#[test]
fn what_it_prints_is_a_working_document() {
    let imported = run(&["import", "a2ui", "-"], MESSAGES);
    assert_eq!(imported.code, 0, "{imported:?}");
    assert_eq!(imported.json()["title"], "Hello");
    assert_eq!(run(&["validate", "-"], &imported.out).code, 0);
}

#[test]
fn what_has_no_equivalent_is_told_beside_it() {
    let imported = run(&["import", "a2ui", "-"], MESSAGES);
    assert!(
        imported
            .told
            .contains("warning[dropped]: there is no component like `Hologram`"),
        "{}",
        imported.told
    );
    assert!(
        imported.told.contains("/components/strange/component"),
        "{}",
        imported.told
    );
}

#[test]
fn what_is_no_conversation_is_refused() {
    let refused = run(&["import", "a2ui", "-"], "{}");
    assert_eq!(refused.code, 1);
    assert!(refused.told.contains("root"), "{}", refused.told);
}
