//! `schema` prints the language as JSON Schema, without a server.

use crate::program::run;

#[test]
fn acceptance_is_what_it_prints_unasked() {
    let unasked = run(&["schema"], "");
    assert_eq!(unasked.code, 0, "{unasked:?}");
    assert_eq!(unasked.json()["title"], "UISpec");
    assert_eq!(unasked.out, run(&["schema", "--for", "acceptance"], "").out);
}

#[test]
fn generation_is_printed_in_the_order_a_model_plans() {
    let ended = run(&["schema", "--for", "generation"], "");
    let keys: Vec<String> = ended.json()["properties"]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    assert_eq!(
        keys,
        [
            "title",
            "state",
            "persist",
            "computed",
            "data",
            "actions",
            "components"
        ]
    );
}

#[test]
fn another_purpose_is_refused_with_those_there_are() {
    let ended = run(&["schema", "--for", "printing"], "");
    assert_eq!(ended.code, 2);
    assert!(ended.told.contains("acceptance, generation"), "{}", ended.told);
}
