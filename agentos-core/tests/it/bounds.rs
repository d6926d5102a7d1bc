//! Every bound of a document is met by an issue that says which and where.

use agentos_core::spec::{Code, bounds, limits};
use serde_json::{Value, json};

#[track_caller]
fn refuses(text: &str, code: Code, says: &str) {
    let issue = bounds::parse(text).expect_err("the document is refused");
    assert_eq!(issue.code, code, "{}", issue.message);
    assert!(issue.message.contains(says), "{:?} says {says:?}", issue.message);
}

/// `depth` components within each other.
fn nested_components(depth: usize) -> Value {
    let innermost = json!({"type": "text"});
    let outermost = (1..depth).fold(
        innermost,
        |child, _| json!({"type": "container", "children": [child]}),
    );
    json!({"title": "Deep", "components": [outermost]})
}

fn flat_components(count: usize) -> Value {
    json!({"components": vec![json!({"type": "text"}); count]})
}

#[test]
fn tells_where_the_text_is_no_json() {
    refuses(
        "{\"title\": \"A\",\n  oops}",
        Code::JsonInvalid,
        "line 2 column 3",
    );
    refuses("", Code::JsonTruncated, "line 1, column 0");
    refuses("{\"title\": \"A", Code::JsonTruncated, "line 1, column 12");
    refuses("[1, 2] tail", Code::JsonInvalid, "line 1 column 8");
}

#[test]
fn refuses_deep_text_without_recursing() {
    refuses(&"[".repeat(100_000), Code::TooDeep, "line 1, column 65");
    refuses(
        &format!("{{\"a\":\n{}", "{\"a\":".repeat(64)),
        Code::TooDeep,
        "line 2, column 316",
    );
    let brackets_in_a_text = json!({"title": "[".repeat(1_000), "components": []}).to_string();
    assert!(bounds::parse(&brackets_in_a_text).is_ok());
    let escaped_quote = format!(r#"{{"title": "\"{}", "components": []}}"#, "[".repeat(100));
    assert!(bounds::parse(&escaped_quote).is_ok());
}

#[test]
fn takes_a_document_at_its_bounds_and_refuses_the_next_one() {
    let at_depth = "[".repeat(limits::JSON_DEPTH) + &"]".repeat(limits::JSON_DEPTH);
    assert!(bounds::parse(&at_depth).is_ok());
    refuses(&format!("[{at_depth}]"), Code::TooDeep, "64 levels");

    let spaces = " ".repeat(limits::DOCUMENT_BYTES - 2);
    assert!(bounds::parse(&format!("{{{spaces}}}")).is_ok());
    refuses(&format!("{{{spaces} }}"), Code::TooLarge, "524289 bytes");

    assert!(bounds::verify(&nested_components(limits::COMPONENT_DEPTH)).is_ok());
    refuses(
        &nested_components(limits::COMPONENT_DEPTH + 1).to_string(),
        Code::TooDeep,
        "20 levels",
    );

    assert!(bounds::verify(&flat_components(limits::COMPONENTS)).is_ok());
    refuses(
        &flat_components(limits::COMPONENTS + 1).to_string(),
        Code::TooLarge,
        "5000 components",
    );

    let with_text =
        |bytes: usize| json!({"components": [{"type": "text", "props": {"content": "x".repeat(bytes - 2)}}]});
    assert!(bounds::verify(&with_text(limits::PROPERTY_BYTES)).is_ok());
    refuses(
        &with_text(limits::PROPERTY_BYTES + 1).to_string(),
        Code::TooLarge,
        "property `content`",
    );
}

#[test]
fn says_which_component_is_too_deep() {
    let issue = bounds::verify(&nested_components(21)).unwrap_err();
    assert!(
        issue.path.starts_with("/components/0/children/0"),
        "{}",
        issue.path
    );
    assert!(issue.path.ends_with("/children/0"), "{}", issue.path);
    let single_children = (0..21).fold(json!({"type": "text"}), |child, _| json!({"children": child}));
    assert_eq!(
        bounds::verify(&json!({"components": [single_children]}))
            .unwrap_err()
            .code,
        Code::TooDeep
    );
}

#[test]
fn verifies_a_value_that_came_in_another_way() {
    let deep = (0..=limits::JSON_DEPTH).fold(Value::Null, |inner, _| json!([inner]));
    assert_eq!(bounds::verify(&deep).unwrap_err().code, Code::TooDeep);
    assert_eq!(bounds::verify_state(&deep).unwrap_err().code, Code::TooDeep);
    let large = json!({"title": "x".repeat(limits::DOCUMENT_BYTES)});
    assert_eq!(bounds::verify(&large).unwrap_err().code, Code::TooLarge);
    assert!(
        bounds::verify_state(&large).is_ok(),
        "a state may be larger than a document"
    );
    let huge = json!({"log": "x".repeat(limits::STATE_BYTES)});
    assert_eq!(bounds::verify_state(&huge).unwrap_err().code, Code::StateTooLarge);
}

#[test]
fn a_member_that_stands_twice_is_refused_with_its_place() {
    let issue = bounds::parse(
        "{\"components\": [],\n \"state\": {\"a\": 1, \"b\": [{\"c\": 1}, {\"c\": 2}], \"a\": 2}}",
    )
    .unwrap_err();
    assert_eq!(issue.code, Code::JsonInvalid);
    assert!(
        issue.message.contains("\"a\" stands twice") && issue.message.contains("line 2"),
        "{}",
        issue.message
    );
}
