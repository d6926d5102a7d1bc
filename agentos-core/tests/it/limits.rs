//! Every bound of a document, at the bound and one beyond it.

use std::sync::Arc;

use agentos_core::runtime::expression::Expression;
use agentos_core::runtime::scope::Scope;
use agentos_core::runtime::{App, Opening, trial};
use agentos_core::spec::template::Source;
use agentos_core::spec::{Catalog, Issue, UiSpec, bounds, check, limits};
use agentos_core::value::Map;
use serde_json::{Value, json};

/// A limit, and what answers at it (nothing) and beyond it (something).
type Limit = (&'static str, fn() -> Option<String>, fn() -> Option<String>);

const LIMITS: [Limit; 17] = [
    (
        "DOCUMENT_BYTES",
        || text_of(limits::DOCUMENT_BYTES),
        || text_of(limits::DOCUMENT_BYTES + 1),
    ),
    (
        "JSON_DEPTH",
        || nested(limits::JSON_DEPTH),
        || nested(limits::JSON_DEPTH + 1),
    ),
    (
        "COMPONENT_DEPTH",
        || levels(limits::COMPONENT_DEPTH),
        || levels(limits::COMPONENT_DEPTH + 1),
    ),
    (
        "COMPONENTS",
        || components(limits::COMPONENTS),
        || components(limits::COMPONENTS + 1),
    ),
    (
        "COMPONENTS_BY_MODEL",
        || written(limits::COMPONENTS_BY_MODEL),
        || written(limits::COMPONENTS_BY_MODEL + 1),
    ),
    (
        "QUERIES",
        || queries(limits::QUERIES),
        || queries(limits::QUERIES + 1),
    ),
    (
        "QUERY_SECONDS",
        || repeated(limits::QUERY_SECONDS),
        || repeated(limits::QUERY_SECONDS - 0.1),
    ),
    ("ROWS", || rows(limits::ROWS), || rows(limits::ROWS + 1)),
    ("NODES", || shown(limits::NODES), || shown(limits::NODES + 1)),
    (
        "STATE_BYTES",
        || state(limits::STATE_BYTES),
        || state(limits::STATE_BYTES + 1),
    ),
    (
        "PROPERTY_BYTES",
        || property(limits::PROPERTY_BYTES),
        || property(limits::PROPERTY_BYTES + 1),
    ),
    (
        "EXPRESSION_BYTES",
        || source(limits::EXPRESSION_BYTES),
        || source(limits::EXPRESSION_BYTES + 1),
    ),
    (
        "EXPRESSION_FUEL",
        || evaluated("range(9000) | list | length"),
        || {
            evaluated(
                "range(9000) | map('string') | join | length ~ (range(9000) | map('string') | list | sort | join | length) ~ (range(9000) | map('string') | list | sort | join)",
            )
        },
    ),
    (
        "RESULT_BYTES",
        || evaluated("'0123456789abcdef' * 16000"),
        || evaluated("'0123456789abcdef' * 17000"),
    ),
    ("TRIAL_FUEL", || tried(1), || tried(3_000)),
    ("TRIAL_EVENTS", || None, || clicked(limits::TRIAL_EVENTS + 1)),
    ("TRIAL_WAKES", || None, woken),
];

fn message(issue: Result<(), Issue>) -> Option<String> {
    issue.err().map(|issue| issue.message)
}

fn text_of(bytes: usize) -> Option<String> {
    let frame = json!({"components": [], "x": {"pad": ""}}).to_string().len();
    let document = json!({"components": [], "x": {"pad": "a".repeat(bytes - frame)}});
    message(bounds::parse(&document.to_string()).map(drop))
}

fn nested(depth: usize) -> Option<String> {
    let value = (0..depth).fold(Value::Null, |value, _| json!([value]));
    message(bounds::parse(&value.to_string()).map(drop))
}

fn levels(depth: usize) -> Option<String> {
    let component = (1..depth).fold(
        json!({"type": "container"}),
        |inner, _| json!({"type": "container", "children": [inner]}),
    );
    message(bounds::verify(&json!({"components": [component]})))
}

fn components(count: usize) -> Option<String> {
    message(bounds::verify(
        &json!({"components": vec![json!({"type": "divider"}); count]}),
    ))
}

/// Through the generator, the one door that only models take.
fn written(count: usize) -> Option<String> {
    let document =
        json!({"type": "app", "title": "Many", "components": vec![json!({"type": "divider"}); count]});
    crate::generate::refusal_of(&document)
}

fn read(document: &Value) -> Option<String> {
    UiSpec::from_json(document)
        .err()
        .map(|issues| issues[0].message.clone())
}

fn queries(count: usize) -> Option<String> {
    let query = |n: usize| (format!("q{n}"), json!({"tool": "system.time"}));
    let data: serde_json::Map<String, Value> = (0..count).map(query).collect();
    read(&json!({"data": data, "components": []}))
}

fn repeated(seconds: f64) -> Option<String> {
    read(&json!({"data": {"now": {"tool": "system.time", "every": seconds}}, "components": []}))
}

fn app(document: &Value) -> App {
    let spec = UiSpec::from_json(document).unwrap();
    let opening = Opening {
        spec: &spec,
        catalog: Arc::new(Catalog::builtin().clone()),
        saved: None,
        now: 1.0,
        seed: 7,
        draft: false,
    };
    App::open(opening).0
}

/// Rows beyond the limit are not drawn.
fn rows(count: usize) -> Option<String> {
    let list: Vec<Value> = (0..count).map(|id| json!({"id": id})).collect();
    let app = app(&json!({"state": {"rows": list}, "components": [
        {"type": "list", "id": "all", "each": "rows", "children": [{"type": "divider"}]}]}));
    let (_, nodes) = app.view();
    let total = serde_json::to_value(nodes[0]).unwrap()["total"]
        .as_u64()
        .unwrap_or_default();
    (total < count as u64).then(|| format!("{total} rows"))
}

/// A list of rows of two, all asked for, and what is missing to `count` beside it.
fn shown(count: usize) -> Option<String> {
    let rows = (count - 2) / 2;
    let list: Vec<Value> = (0..rows).map(|id| json!({"id": id})).collect();
    let divider = json!({"type": "divider"});
    let mut components = vec![divider.clone(); count - 1 - rows * 2];
    components.push(json!({"type": "list", "id": "all", "each": "rows", "children": [divider, divider]}));
    let mut app = app(&json!({"state": {"rows": list}, "components": components}));
    let turn = app.range("all", &[], 0, rows, &[]).unwrap();
    turn.issues.first().map(|issue| issue.message.clone())
}

fn state(bytes: usize) -> Option<String> {
    let document = json!({"state": {"a": "x".repeat(bytes - r#"{"a":""}"#.len())}, "components": [{"type": "text", "props": {"content": "{{ a }}"}}]});
    let issues = check::check(&UiSpec::from_json(&document).unwrap(), Catalog::builtin());
    issues.first().map(|issue| issue.message.clone())
}

fn property(bytes: usize) -> Option<String> {
    let document = json!({"components": [{"type": "text", "props": {"content": "x".repeat(bytes - 2)}}]});
    message(bounds::verify(&document))
}

fn source(bytes: usize) -> Option<String> {
    let expression = format!("1+{}", "1".repeat(bytes - 2));
    read(&json!({"components": [{"type": "divider", "visible": expression}]}))
}

fn evaluated(source: &str) -> Option<String> {
    let expression = Expression::compile(&Source::parse(source).unwrap()).unwrap();
    expression
        .evaluate(&Scope::new(&Map::new(), &Map::new()))
        .err()
        .map(|error| error.to_string())
}

fn tried(texts: usize) -> Option<String> {
    let costly = json!({"type": "text", "props": {"content": "{{ (range(9000) | list | length) + 1 }}"}});
    let spec = UiSpec::from_json(&json!({"components": vec![costly; texts]})).unwrap();
    let report = trial::run(&spec, &Arc::new(Catalog::builtin().clone()), 1.0, 7);
    report.issues.first().map(|issue| issue.message.clone())
}

fn clicked(buttons: usize) -> Option<String> {
    let more = json!({"tool": "ui.increment", "args": {"path": "count"}});
    let button = json!({"type": "button", "props": {"text": "Go"}, "on_event": {"click": more}});
    let spec =
        UiSpec::from_json(&json!({"state": {"count": 0}, "components": vec![button; buttons]})).unwrap();
    let report = trial::run(&spec, &Arc::new(Catalog::builtin().clone()), 1.0, 7);
    (report.events == limits::TRIAL_EVENTS).then(|| format!("{} events", report.events))
}

fn woken() -> Option<String> {
    let more = json!({"tool": "ui.increment", "args": {"path": "count"}});
    let spec = UiSpec::from_json(&json!({"state": {"count": 0},
        "on": {"mount": {"tool": "timer.interval", "args": {"interval": 1000, "action": more}}},
        "components": [{"type": "text", "props": {"content": "{{ count }}"}}]}))
    .unwrap();
    let report = trial::run(&spec, &Arc::new(Catalog::builtin().clone()), 1.0, 7);
    (report.wakes == limits::TRIAL_WAKES).then(|| format!("{} wakes", report.wakes))
}

#[test]
fn every_limit_answers_beyond_it_and_not_at_it() {
    for (name, at, beyond) in LIMITS {
        assert_eq!(at(), None, "{name}");
        assert!(beyond().is_some(), "{name} was passed without a word");
    }
}

#[test]
fn no_limit_is_without_a_line_in_the_table() {
    let source = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/src/spec/limits.rs")).unwrap();
    let history =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/history.rs")).unwrap();
    let names = source
        .lines()
        .filter_map(|line| line.strip_prefix("pub const ")?.split(':').next());
    // Those of a document's edits are tripped where their history is.
    let declared: Vec<&str> = names
        .filter(|name| !history.contains(&format!("limits::{name}")))
        .collect();
    assert_eq!(LIMITS.map(|(name, _, _)| name).to_vec(), declared);
}
