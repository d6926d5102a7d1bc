//! The catalog keeps its own rules.

use std::sync::Arc;

use agentos_core::engine::Runner;
use agentos_core::spec::accept::{accept, accept_text};
use agentos_core::spec::catalog::{
    ArgIssue, Catalog, ComponentEntry, Runs, ToolEntry, ValueKind, example_app, reference,
};
use agentos_core::spec::mend::Loss;
use agentos_core::spec::{Issue, Severity};
use serde_json::{Value, json};

fn catalog() -> &'static Catalog {
    Catalog::builtin()
}

#[track_caller]
fn tool(id: &str) -> &'static ToolEntry {
    catalog().tool(id).expect(id)
}

fn is_open(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.contains("{{")) || value.get("$bind").is_some()
}

#[test]
fn has_thirty_three_components_and_no_name_twice() {
    let mut names: Vec<_> = catalog()
        .components()
        .flat_map(|entry| std::iter::once(&entry.name).chain(entry.aliases.iter().map(|alias| &alias.name)))
        .collect();
    assert_eq!(catalog().components().count(), 33);
    names.sort();
    let all = names.len();
    names.dedup();
    assert_eq!(names.len(), all);
}

#[test]
fn every_component_example_keeps_to_its_entry() {
    for entry in catalog().components() {
        let example: Value = serde_json::from_str(&entry.example).expect(&entry.name);
        assert_eq!(example["type"], entry.name.as_ref());
        for (name, value) in example["props"].as_object().into_iter().flatten() {
            let prop = entry
                .prop(name)
                .unwrap_or_else(|| panic!("{} has no prop {name}", entry.name));
            assert_eq!(prop.kind.check(value, &is_open), Ok(()), "{}.{name}", entry.name);
        }
    }
}

#[test]
fn every_default_is_of_its_kind() {
    let fields = catalog().components().flat_map(|entry| &entry.props);
    for field in fields.chain(catalog().tools().flat_map(|entry| &entry.params)) {
        if let Some(default) = &field.default {
            assert_eq!(field.kind.check(default, &|_| false), Ok(()), "{}", field.name);
        }
    }
}

#[test]
fn every_tool_example_is_a_call_it_takes() {
    for tool in catalog().tools() {
        let args = tool.coerce_args(&tool.example_args);
        assert_eq!(tool.validate_args(&args), Ok(()), "{}", tool.id);
        assert!(tool.example_args.as_object().is_some_and(|args| {
            args.keys()
                .all(|name| tool.params.iter().any(|param| param.name == name.as_str()))
        }));
    }
}

#[test]
fn only_tools_outside_the_engine_have_a_deadline() {
    for tool in catalog().tools() {
        assert_eq!(tool.runs == Runs::Engine, tool.deadline_ms == 0, "{}", tool.id);
        assert!(
            tool.capability.is_none() || tool.runs == Runs::Service,
            "{}",
            tool.id
        );
    }
}

#[track_caller]
fn validates(id: &str, args: &Value, expected: Result<(), &[&str]>) {
    let tool = tool(id);
    let told = tool.validate_args(&tool.coerce_args(args));
    let told = told.map_err(|issues| issues.iter().map(ArgIssue::to_string).collect::<Vec<_>>());
    let expected = expected.map_err(|texts| texts.iter().map(ToString::to_string).collect::<Vec<_>>());
    assert_eq!(told, expected, "{id} {args}");
}

#[test]
fn arguments_are_checked_against_the_entry() {
    validates("calc.add", &json!({"a": "2", "b": 3}), Ok(()));
    validates("calc.add", &json!({"a": 2}), Err(&["argument \"b\" is missing"]));
    validates(
        "calc.add",
        &json!({"a": 2, "b": "x"}),
        Err(&["argument \"b\": expected a number, found the text \"x\""]),
    );
    validates(
        "calc.add",
        &json!({"a": 2, "b": 3, "c": 4}),
        Err(&["unknown argument \"c\""]),
    );
    validates("ui.set_state", &json!({"key": "x", "value": null}), Ok(()));
    validates("ui.set_state", &json!([1]), Err(&["arguments must be an object"]));
    validates(
        "timer.set",
        &json!({"delay": 10, "action": "tick"}),
        Err(&["argument \"delay\": expected a number of at least 50, found 10"]),
    );
    validates("data.sort", &json!({"data": [2, 1], "order": "DESC"}), Ok(()));
    validates(
        "ui.move_item",
        &json!({"path": "l", "key": "a", "to": "up"}),
        Ok(()),
    );
    validates(
        "ui.move_item",
        &json!({"path": "l", "key": "a", "to": -1}),
        Err(&["argument \"to\": expected a whole number of at least 0, found -1"]),
    );
}

#[test]
fn coercion_names_arguments_properly_and_fills_defaults() {
    let args = tool("ui.increment").coerce_args(&json!({"key": "count", "amount": "2"}));
    assert_eq!(args, json!({"path": "count", "by": 2}));
    let args = tool("ui.increment").coerce_args(&json!({"path": "count"}));
    assert_eq!(args, json!({"path": "count", "by": 1}));
}

#[test]
fn a_bare_tool_picks_what_it_knows_from_the_event() {
    let offered = json!({"componentId": "btn-7", "id": "btn-7", "text": "7", "digit": "7", "value": null});
    let offered = offered.as_object().expect("an object");
    assert_eq!(
        tool("calc.append_digit").pick_args(offered),
        json!({"digit": "7", "target": "display"})
    );
    assert_eq!(
        tool("calc.clear").pick_args(offered),
        json!({"target": "display"})
    );
}

#[test]
fn a_registered_tool_joins_and_replaces() {
    let weather = ToolEntry::service("weather.now", "The weather").returns("an object");
    let slower = tool("storage.get").clone().within_ms(60_000);
    let catalog = catalog().clone().with_tools([weather, slower]);
    assert!(catalog.has_group("weather"));
    assert_eq!(
        catalog.tool("storage.get").map(|tool| tool.deadline_ms),
        Some(60_000)
    );
    assert_eq!(catalog.tools().count(), Catalog::builtin().tools().count() + 1);
}

#[test]
fn a_row_is_a_horizontal_container() {
    let (entry, alias) = catalog().component_by_alias("row").expect("an alias");
    assert_eq!(entry.name, "container");
    assert_eq!(alias.implies, [("layout".into(), json!("horizontal"))]);
    assert_eq!(
        entry.prop("gap").map(|gap| &gap.kind),
        Some(&ValueKind::at_least(0.0))
    );
}

/// A file of the desktop that follows from the catalog.
#[track_caller]
#[expect(
    clippy::disallowed_methods,
    reason = "the file is the desktop's, and the test writes it when asked to"
)]
fn is_up_to_date(file: &str, text: &str) {
    let file = format!("{}/../ui/{file}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        std::fs::write(&file, text).expect("the desktop's sources can be written");
    }
    let written = std::fs::read_to_string(&file).expect("the desktop's sources are beside the core");
    assert!(
        written == text,
        "the catalog changed: `make types` writes {file} for the desktop again"
    );
}

#[test]
fn the_desktop_has_the_types_of_this_catalog() {
    is_up_to_date(
        "src/engine/catalog.ts",
        &agentos_core::spec::catalog::typescript(),
    );
}

#[test]
fn the_desktop_s_engine_has_this_catalog_without_its_prose() {
    let lean = catalog().lean();
    is_up_to_date("engine/src/catalog.json", &lean);
    let read = Catalog::read_lean(&lean).expect("what was written can be read");
    assert_eq!(read.lean(), lean);
    for entry in catalog().components() {
        let lean = read.component(&entry.name).expect(&entry.name);
        for props in [
            json!({}),
            json!({"min": 3}),
            json!({"type": "number"}),
            json!({"selection": "many"}),
        ] {
            let props = props.as_object().unwrap();
            assert_eq!(
                lean.empty_value(props),
                entry.empty_value(props),
                "{}",
                entry.name
            );
        }
        let kinds = |entry: &ComponentEntry| -> Vec<String> {
            let props = entry.props.iter();
            props
                .map(|prop| format!("{}: {}", prop.name, prop.kind))
                .collect()
        };
        assert_eq!(kinds(lean), kinds(entry), "{}", entry.name);
    }
    assert_eq!(Catalog::read_lean("[]").map(|_| ()), None);
}

#[test]
fn every_component_has_an_app_that_shows_it_and_works() {
    for entry in catalog().components() {
        let app = example_app(entry);
        // The documentation runs it as it stands.
        let mut runner = Runner::new(Arc::new(catalog().clone()));
        let open = json!({"op": "open", "app": "example", "spec": app, "now": 0});
        let opened: Value = serde_json::from_str(&runner.call(&open.to_string())).unwrap();
        assert_eq!(opened["issues"], json!([]), "{opened}");
        let nodes = opened["nodes"].as_array().unwrap();
        assert!(nodes.iter().any(|node| node["type"] == *entry.name), "{opened}");
        let accepted = accept(app, catalog(), Loss::Forbidden)
            .unwrap_or_else(|issues| panic!("{}: {issues:#?}", entry.name));
        assert!(
            accepted.issues.iter().all(is_note),
            "{}: {:#?}",
            entry.name,
            accepted.issues
        );
    }
}

#[test]
fn the_reference_tells_every_component_and_tool() {
    let reference = reference(catalog());
    assert_eq!(
        reference["components"].as_array().unwrap().len(),
        catalog().components().count()
    );
    assert_eq!(
        reference["tools"].as_array().unwrap().len(),
        catalog().tools().count()
    );
    let button = &reference["components"][0];
    assert_eq!(button["name"], "button");
    assert_eq!(button["example"]["type"], "button");
}

#[test]
fn the_documents_on_the_page_of_the_language_are_right() {
    let page = include_str!("../../../docs/language.md");
    let documents: Vec<&str> = page
        .split("```json\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .collect();
    assert_eq!(documents.len(), 2);
    for document in documents {
        let accepted = accept_text(document, catalog(), Loss::Forbidden)
            .unwrap_or_else(|issues| panic!("{document}: {issues:#?}"));
        assert!(
            accepted.issues.iter().all(is_note),
            "{document}: {:#?}",
            accepted.issues
        );
    }
}

fn is_note(issue: &Issue) -> bool {
    issue.severity == Severity::Note
}
