//! The JSON Schemas, tried with a validator that is not ours.

use std::collections::BTreeSet;

use agentos_core::compose;
use agentos_core::spec::catalog::{Catalog, Children};
use agentos_core::spec::mend::{Loss, mend};
use agentos_core::spec::schema::{COMPONENT_LEVELS, acceptance, fold, generation, unfold};
use jsonschema::Validator;
use serde_json::{Value, json};

fn validator(schema: &Value) -> Validator {
    jsonschema::draft202012::new(schema).expect("a schema")
}

fn accepts() -> Validator {
    validator(&acceptance(Catalog::builtin()))
}

fn generates() -> Validator {
    validator(&generation(Catalog::builtin()))
}

#[track_caller]
fn holds(schema: &Validator, document: &Value, name: &str) {
    let faults: Vec<String> = schema
        .iter_errors(document)
        .map(|fault| format!("{}: {fault}", fault.instance_path()))
        .collect();
    assert!(faults.is_empty(), "{name}: {faults:#?}");
}

/// Every blueprint as the composer fills it, then every example of the catalog, as documents.
fn documents() -> Vec<(String, Value)> {
    let composed = compose::examples().map(|(_, request)| {
        let composed = compose::compose(request).unwrap_or_else(|declined| panic!("{request}: {declined}"));
        (request.to_owned(), composed.document)
    });
    let components = Catalog::builtin().components().map(|entry| {
        let example: Value = serde_json::from_str(&entry.example).expect(&entry.name);
        (
            entry.name.to_string(),
            json!({"title": entry.name, "components": [example]}),
        )
    });
    let tools = Catalog::builtin().tools().map(|tool| {
        let call = json!({"tool": tool.id, "args": tool.example_args});
        let button = json!({"type": "button", "props": {"text": "Go"}, "on_event": {"click": call}});
        (
            tool.id.to_string(),
            json!({"title": tool.id, "components": [button]}),
        )
    });
    composed.chain(components).chain(tools).collect()
}

#[test]
fn documents_that_need_no_mend_are_accepted() {
    let schema = accepts();
    let documents = documents();
    assert!(documents.len() > 100, "{}", documents.len());
    for (name, document) in documents {
        holds(&schema, &document, &name);
    }
}

#[test]
fn what_the_checker_refuses_by_shape_is_refused() {
    let schema = accepts();
    let app = |component: Value| json!({"components": [component]});
    let refused = [
        ("no components", json!({"title": "A"})),
        ("unknown key", json!({"components": [], "widgets": []})),
        ("unknown type", app(json!({"type": "buttn"}))),
        (
            "unknown prop",
            app(json!({"type": "divider", "props": {"colour": "red"}})),
        ),
        (
            "wrong type",
            app(json!({"type": "slider", "props": {"min": "low"}})),
        ),
        (
            "no such choice",
            app(json!({"type": "button", "props": {"text": "A", "variant": "loud"}})),
        ),
        (
            "missing prop",
            app(json!({"type": "select", "props": {"label": "A"}})),
        ),
        (
            "scheme",
            app(json!({"type": "image", "props": {"src": "javascript:alert(1)", "alt": ""}})),
        ),
        (
            "event",
            app(json!({"type": "divider", "on_event": {"click": "add"}})),
        ),
        (
            "children of a leaf",
            app(json!({"type": "divider", "children": [{"type": "divider"}]})),
        ),
        (
            "style",
            app(json!({"type": "divider", "props": {"style": {"position": "fixed"}}})),
        ),
        (
            "check",
            app(json!({"type": "input", "props": {"label": "A"}, "checks": [{"shorter": 3}]})),
        ),
        (
            "argument",
            app(json!({"type": "button", "props": {"text": "A"},
                "on_event": {"click": {"tool": "calc.add", "args": {"a": "x", "b": 2}}}})),
        ),
        (
            "tool and do",
            app(json!({"type": "button", "props": {"text": "A"},
                "on_event": {"click": {"tool": "calc.add", "do": "add"}}})),
        ),
    ];
    for (name, document) in refused {
        assert!(!schema.is_valid(&document), "{name}");
    }
}

/// Gemini, the strict mode of `OpenAI` and llama.cpp all take these words of JSON Schema.
#[test]
fn the_generation_schema_uses_only_what_every_provider_takes() {
    const WORDS: [&str; 9] = [
        "$schema",
        "$defs",
        "$ref",
        "type",
        "properties",
        "required",
        "additionalProperties",
        "items",
        "anyOf",
    ];
    fn walk(schema: &Value, at: &str) {
        let Value::Object(members) = schema else {
            panic!("{at}: no schema")
        };
        for word in members.keys() {
            assert!(WORDS.contains(&word.as_str()) || word == "enum", "{at}: {word}");
        }
        if let Some(choices) = members.get("enum") {
            assert!(choices.as_array().expect(at).iter().all(Value::is_string), "{at}");
        }
        if members.get("type") == Some(&json!("object")) {
            let properties: Vec<&String> = members["properties"].as_object().expect(at).keys().collect();
            assert_eq!(members["required"], json!(properties), "{at}");
            assert_eq!(members["additionalProperties"], false, "{at}");
        }
        for key in ["properties", "$defs"] {
            for (name, part) in members.get(key).and_then(Value::as_object).into_iter().flatten() {
                walk(part, &format!("{at}/{key}/{name}"));
            }
        }
        if let Some(items) = members.get("items") {
            walk(items, &format!("{at}/items"));
        }
        for (index, part) in members
            .get("anyOf")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .enumerate()
        {
            walk(part, &format!("{at}/anyOf/{index}"));
        }
    }
    walk(&generation(Catalog::builtin()), "");
}

#[test]
fn no_definition_of_the_generation_schema_leads_back_to_itself() {
    fn references(schema: &Value, found: &mut Vec<String>) {
        match schema {
            Value::Object(members) => {
                if let Some(name) = members.get("$ref").and_then(Value::as_str) {
                    found.push(name.trim_start_matches("#/$defs/").to_owned());
                }
                members.values().for_each(|part| references(part, found));
            }
            Value::Array(parts) => parts.iter().for_each(|part| references(part, found)),
            _ => {}
        }
    }
    fn visit(name: &str, definitions: &Value, open: &mut Vec<String>, done: &mut BTreeSet<String>) {
        assert!(
            !open.iter().any(|above| above == name),
            "{name} leads back to itself: {open:?}"
        );
        if !done.insert(name.to_owned()) {
            return;
        }
        open.push(name.to_owned());
        let mut found = Vec::new();
        let definition = definitions
            .get(name)
            .unwrap_or_else(|| panic!("{name} is not defined"));
        references(definition, &mut found);
        for next in found {
            visit(&next, definitions, open, done);
        }
        open.pop();
    }
    let schema = generation(Catalog::builtin());
    let mut done = BTreeSet::new();
    visit(
        &format!("components_{COMPONENT_LEVELS}"),
        &schema["$defs"],
        &mut Vec::new(),
        &mut done,
    );
    for name in ["member", "computed", "query", "action"] {
        visit(name, &schema["$defs"], &mut Vec::new(), &mut done);
    }
    let defined: BTreeSet<String> = schema["$defs"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(done, defined, "every definition is used");
}

#[test]
fn a_document_is_written_in_the_order_in_which_a_model_plans() {
    let schema = generation(Catalog::builtin());
    let order: Vec<&String> = schema["properties"].as_object().unwrap().keys().collect();
    assert_eq!(
        order,
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

/// The document as a mend leaves it, so that both sides say the same thing in the same words.
fn settled(document: Value) -> Value {
    let mut settled = mend(document, Catalog::builtin(), Loss::Forbidden).doc;
    let root = settled.as_object_mut().unwrap();
    root.shift_remove("type");
    root.retain(|key, part| !(key == "layout" && part == "vertical"));
    root.retain(|_, part| {
        !(part.is_null() || part.as_object().is_some_and(serde_json::Map::is_empty))
            && part.as_array().is_none_or(|items| !items.is_empty())
    });
    without_what_says_nothing(&mut settled);
    settled
}

/// Empty lists and maps of a component, the parts of `each` that are its defaults, and a list of one step
/// where the step alone says the same.
fn without_what_says_nothing(value: &mut Value) {
    match value {
        Value::Object(members) => {
            if members.contains_key("type") {
                members.retain(|key, part| {
                    let optional = ["props", "on_event", "checks", "children"].contains(&key.as_str());
                    let is_empty = part.as_object().is_some_and(serde_json::Map::is_empty)
                        || part.as_array().is_some_and(Vec::is_empty);
                    !(optional && is_empty)
                });
            }
            if members.contains_key("type")
                && let Some(each) = members.get_mut("each")
            {
                if let Value::String(list) = each {
                    *each = json!({"in": list});
                }
                let each = each.as_object_mut().unwrap();
                each.entry("as").or_insert("item".into());
                each.entry("key").or_insert("id".into());
            }
            if let Some(Value::Array(checks)) = members.get_mut("checks") {
                let single = std::mem::take(checks).into_iter().flat_map(|check| match check {
                    Value::String(rule) => vec![json!({rule: true})],
                    Value::Object(rules) => {
                        let message = rules.get("message").cloned();
                        rules
                            .into_iter()
                            .filter(|(rule, _)| rule != "message")
                            .map(|(rule, argument)| {
                                let mut check = json!({rule: argument});
                                if let Some(message) = &message {
                                    check["message"] = message.clone();
                                }
                                check
                            })
                            .collect()
                    }
                    other => vec![other],
                });
                *checks = single.collect();
            }
            for key in ["args", "then", "catch"] {
                let says_nothing = members
                    .get(key)
                    .is_some_and(|part| part == &json!({}) || part == &json!([]));
                if says_nothing {
                    members.shift_remove(key);
                }
            }
            members.values_mut().for_each(without_what_says_nothing);
            for key in ["then", "catch"] {
                if let Some(part) = members.get_mut(key) {
                    alone(part);
                }
            }
            for key in ["actions", "on_event"] {
                for action in members
                    .get_mut(key)
                    .and_then(Value::as_object_mut)
                    .into_iter()
                    .flatten()
                {
                    alone(action.1);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(without_what_says_nothing),
        _ => {}
    }
}

fn alone(action: &mut Value) {
    if let Value::Array(steps) = action
        && steps.len() == 1
    {
        *action = steps.remove(0);
    }
}

#[test]
fn a_document_survives_the_generation_form() {
    let schema = generates();
    let mut survived = 0;
    for (name, document) in documents() {
        let document = settled(document);
        let Ok(mut written) = unfold(&document) else {
            continue;
        };
        holds(&schema, &written, &name);
        assert!(fold(&mut written), "{name}");
        assert_eq!(settled(written.clone()), document, "{name}");
        assert!(!fold(&mut written), "{name}: folding again changes nothing");
        survived += 1;
    }
    assert!(
        survived > 100,
        "only {survived} documents could be written in that form"
    );
}

#[test]
fn what_a_constrained_model_writes_opens() {
    let written = json!({
        "title": "Count",
        "state": [{"name": "n", "value": 0}, {"name": "log", "value": "[1, 2]"}, {"name": "text", "value": "{{ n }}"}],
        "persist": ["n"],
        "computed": [{"name": "double", "expression": "n * 2"}],
        "data": [],
        "actions": [{"name": "more", "steps": [
            {"tool": "ui.increment", "args": [{"name": "path", "value": "n"}]},
            {"tool": "ui.append", "do": null, "args": [{"name": "path", "value": "log"}, {"name": "value", "value": "{{ n }}"}],
             "if": "n > 1", "confirm": null, "into": null, "then": [], "catch": []},
        ]}],
        "components": [
            {"type": "text", "id": null, "visible": null,
             "props": [{"name": "content", "value": "{{ double }}"}], "on_event": []},
            {"type": "input", "id": "name", "visible": null, "props": [{"name": "label", "value": "Name"}, {"name": "value", "bind": "name"}],
             "on_event": [], "checks": [{"rule": "min_length", "argument": 2, "message": "Too short"}]},
            {"type": "button", "id": null, "visible": "n < 9", "props": [{"name": "text", "value": "More"}],
             "on_event": [{"event": "click", "steps": ["more"]}]},
        ],
    });
    holds(&generates(), &written, "counter");
    let mended = mend(written, Catalog::builtin(), Loss::Forbidden);
    assert_eq!(
        mended.doc["state"],
        json!({"n": 0, "log": [1, 2], "text": "{{ n }}", "name": ""})
    );
    assert_eq!(mended.doc["actions"]["more"][1]["if"], "n > 1");
    assert_eq!(
        mended.doc["components"][1]["props"]["value"],
        json!({"$bind": "name"})
    );
    assert_eq!(
        mended.doc["components"][1]["checks"],
        json!([{"min_length": 2, "message": "Too short"}])
    );
    assert_eq!(mended.doc["components"][2]["on_event"]["click"], "more");
}

#[test]
fn what_has_no_place_in_the_generation_form_is_named() {
    let deep = (0..=COMPONENT_LEVELS).fold(
        json!({"type": "text", "props": {"content": "x"}}),
        |inner, _| json!({"type": "card", "children": [inner]}),
    );
    for (document, what) in [
        (json!({"components": [], "watch": {"n": "more"}}), "`watch`"),
        (
            json!({"components": [deep]}),
            "components nested more than 5 deep",
        ),
    ] {
        let refused = unfold(&document).unwrap_err();
        assert_eq!(refused.what, what);
    }
}

#[test]
fn every_container_has_a_level_of_its_own() {
    let schema = generation(Catalog::builtin());
    for entry in Catalog::builtin().components() {
        let name = match entry.children {
            Children::None => entry.name.to_string(),
            _ => format!("{}_{COMPONENT_LEVELS}", entry.name),
        };
        assert!(schema["$defs"].get(&name).is_some(), "{name}");
    }
}
