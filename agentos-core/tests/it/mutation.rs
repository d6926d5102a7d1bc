//! Valid documents raise nothing, and each of them, broken in each way the codes name, is caught:
//! the right code, at the right place, about the right component.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use agentos_core::compose;
use agentos_core::runtime::{App, Event, Opening, trial};
use agentos_core::spec::accept::accept;
use agentos_core::spec::catalog::{Children, ComponentEntry, ValueKind, component_kinds, example_app};
use agentos_core::spec::mend::{Loss, mend};
use agentos_core::spec::{Catalog, Code, Issue, Severity, UiSpec, bounds, check, edit, limits};
use serde_json::{Value, json};

/// Places at which one document is broken in one way.
const PLACES: usize = 4;
/// Runs that may wait for an answer at once.
const WAITING: usize = 32;
const NOON: f64 = 1_767_355_200_000.0;

/// Every blueprint as the composer fills it, and an app for every component.
fn apps() -> Vec<(String, Value)> {
    let mut blueprints = BTreeSet::new();
    let one_of_each = compose::examples().filter(move |(blueprint, _)| blueprints.insert(*blueprint));
    let composed = one_of_each.map(|(_, request)| {
        let app = compose::compose(request).unwrap_or_else(|declined| panic!("{request}: {declined}"));
        (request.to_owned(), app.document)
    });
    let components = catalog()
        .components()
        .map(|entry| (entry.name.to_string(), example_app(entry)));
    composed.chain(components).map(settled).collect()
}

/// The apps, and a call of every tool.
fn documents() -> Vec<(String, Value)> {
    let tools = catalog().tools().map(|tool| {
        let click = json!({"tool": tool.id, "args": tool.example_args});
        (tool.id.to_string(), calls(&click))
    });
    apps().into_iter().chain(tools.map(settled)).collect()
}

/// With the ids and the state that the example of a catalog leaves out.
fn settled((name, document): (String, Value)) -> (String, Value) {
    (name, mend(document, catalog(), Loss::Forbidden).doc)
}

/// A button that makes a call, beside a control for each id the examples of the catalog name.
fn calls(click: &Value) -> Value {
    let text = click.to_string();
    let mut components =
        vec![json!({"type": "button", "id": "go", "props": {"text": "Go"}, "on_event": {"click": click}})];
    let tool = click["tool"].as_str().and_then(|id| catalog().tool(id)).unwrap();
    let ids = tool
        .params
        .iter()
        .filter(|param| param.kind == ValueKind::ComponentId);
    let made: BTreeMap<String, &str> = ids
        .filter_map(|param| {
            let given = tool.example_args.get(param.name.as_ref());
            let id = given.or(param.default.as_ref())?.as_str()?.to_owned();
            Some((id, &*param.name))
        })
        .collect();
    components.extend(made.iter().map(|(id, argument)| match *argument {
        "tab_id" => json!({"type": "tabs", "props": {"label": "Tabs"}, "children": [
            {"type": "container", "id": id, "props": {"label": "Panel"}}]}),
        "modal_id" => json!({"type": "modal", "id": id, "props": {"title": "Modal"}}),
        "canvas_id" => json!({"type": "canvas", "id": id, "props": {"label": "Sheet"}}),
        "form_id" => json!({"type": "form", "id": id}),
        argument => match component_kinds(argument).first() {
            Some(kind) => {
                json!({"type": kind, "id": id, "props": {"label": "Media", "src": "https://example.org/a"}})
            }
            None => json!({"type": "container", "id": id}),
        },
    }));
    let mut document = json!({"type": "app", "title": "Tool", "components": components});
    if text.contains("ui.refresh") {
        document["data"] = json!({click["args"]["data"].as_str().unwrap_or("q"): {"tool": "storage.list"}});
    }
    if let Some(action) = click["args"]["action"].as_str() {
        document["actions"] = json!({action: {"tool": "system.log", "args": {"message": "ran"}}});
    }
    if text.contains("\"display\"") || text.contains("calc.") {
        document["state"] = json!({"display": "0"});
    }
    if text.contains("\"filter\"") {
        document["state"] = json!({"filter": "all"});
    }
    document
}

fn catalog() -> &'static Catalog {
    Catalog::builtin()
}

/// A document broken in one place, and where that must be told.
struct Broken {
    document: Value,
    at: String,
    id: Option<String>,
}

/// One way of breaking documents: every place where it can be done, one at a time.
struct Mutator {
    code: Code,
    door: Door,
    breaks: fn(&Value) -> Vec<Broken>,
}

/// Where the fault has to come to light.
#[derive(Clone, Copy)]
enum Door {
    /// Reading the text, which the function makes of the document.
    Text(fn(&str) -> String),
    Bounds,
    Check,
    Mend,
    Edit,
    Trial,
    /// Using the app more than once while it waits.
    Waiting,
    /// A code no document leads to; the reason says what it is for.
    Elsewhere,
}

/// The table, and a match over every code: one that is new does not compile before it has a line here.
macro_rules! mutators {
    ($($code:ident: $door:expr, $breaks:expr;)*) => {
        fn mutators() -> Vec<Mutator> {
            const fn is_listed(code: Code) {
                match code { $(Code::$code => (),)* }
            }
            vec![$({ is_listed(Code::$code); Mutator { code: Code::$code, door: $door, breaks: $breaks } },)*]
        }
    };
}

mutators! {
    JsonInvalid: Door::Text(|text| text.replacen('{', "{]", 1)), whole;
    JsonTruncated: Door::Text(|text| text[..text.len() - 1].to_owned()), whole;
    TooLarge: Door::Bounds, |doc| at_components(doc, |component, _, _| {
        component["props"]["text"] = json!("x".repeat(limits::PROPERTY_BYTES));
        Some("/props/text".into())
    });
    TooDeep: Door::Bounds, |doc| {
        let mut nested = json!({"type": "container"});
        for _ in 0..limits::COMPONENT_DEPTH {
            nested = json!({"type": "container", "children": [nested]});
        }
        let at = format!("{}{}", appended_at(doc), "/children/0".repeat(limits::COMPONENT_DEPTH));
        vec![Broken { document: appended(doc, nested), at, id: None }]
    };
    Schema: Door::Check, |doc| at_components(doc, |component, _, _| {
        component["zz_key"] = json!(1);
        Some("/zz_key".into())
    });
    UnknownType: Door::Check, |doc| at_components(doc, |component, _, _| {
        component["type"] = json!("zorgle");
        Some("/type".into())
    });
    UnknownProp: Door::Check, |doc| at_components(doc, |component, _, _| {
        component["props"]["zz_prop"] = json!(1);
        Some("/props/zz_prop".into())
    });
    PropType: Door::Check, |doc| at_props(doc, |kind| match kind {
        ValueKind::Flag => Some(json!("perhaps")),
        ValueKind::Number { .. } | ValueKind::Integer { .. } => Some(json!("many")),
        ValueKind::Text | ValueKind::Scalar => Some(json!(["a"])),
        ValueKind::List(_) => Some(json!(7)),
        _ => None,
    });
    PropEnum: Door::Check, |doc| at_props(doc, |kind| {
        matches!(kind, ValueKind::OneOf(_)).then(|| json!("zorgle"))
    });
    MissingProp: Door::Check, |doc| at_components(doc, |component, entry, _| {
        let required = entry.props.iter().find(|prop| prop.required)?;
        component["props"].as_object_mut()?.shift_remove(required.name.as_ref())?;
        Some(String::new())
    });
    DuplicateId: Door::Check, |doc| {
        let first = doc["components"][0]["id"].clone();
        at_components(doc, |component, _, at| {
            if at == "/components/0" { return None; }
            component["id"] = first.clone();
            Some("/id".into())
        })
    };
    NameCollision: Door::Check, |doc| {
        let reserved = with(doc, "state", "event", &json!(1));
        let twice = with(&with(doc, "state", "zz_name", &json!(1)), "computed", "zz_name", &json!("1"));
        vec![in_document(reserved, "/state/event"), in_document(twice, "/computed/zz_name")]
    };
    ExprSyntax: Door::Check, |doc| at_components(doc, |component, _, _| {
        component["visible"] = json!("1 +");
        Some("/visible".into())
    });
    ExprUnknownName: Door::Check, |doc| at_components(doc, |component, _, _| {
        component["visible"] = json!("zz_nobody > 1");
        Some("/visible".into())
    });
    ExprFailed: Door::Trial, |doc| {
        let broken = json!({"type": "text", "id": "zz_text", "props": {"content": "{{ 1 / 'a' }}"}});
        let at = format!("{}/props/content", appended_at(doc));
        vec![Broken { document: appended(doc, broken), at, id: Some("zz_text".into()) }]
    };
    DependencyCycle: Door::Check, |doc| {
        let one = with(doc, "computed", "zz_a", &json!("zz_b + 1"));
        let values = with(&one, "computed", "zz_b", &json!("zz_a + 1"));
        let actions = with(doc, "actions", "zz_again", &json!(["zz_again"]));
        vec![in_document(values, "/computed/zz_a"), in_document(actions, "/actions/zz_again")]
    };
    BindUnknownPath: Door::Check, |doc| at_components(doc, |component, entry, _| {
        let value = &entry.value.as_ref()?.name;
        component["props"][value.as_ref()] = json!({"$bind": "zz_nobody.name"});
        Some(format!("/props/{value}"))
    });
    PathForbidden: Door::Check, |doc| at_events(doc, &json!({"tool": "ui.toggle", "args": {"path": "a.__proto__"}}), "/args/path");
    ToolUnknown: Door::Check, |doc| at_events(doc, &json!({"tool": "ui.zorgle"}), "");
    ToolNotBound: Door::Check, |doc| {
        let mut doc = doc.clone();
        doc["services"] = json!(["storage"]);
        doc["service_bindings"] = json!({"storage": ["get"]});
        at_events(&doc, &json!({"tool": "storage.clear"}), "")
    };
    ToolFailed: Door::Trial, |doc| {
        let mut document = doc.clone();
        document["on"] = json!({"mount": {"tool": "calc.divide", "args": {"a": 1, "b": "{{ 'zorgle' }}"}}});
        vec![in_document(document, "/on/mount")]
    };
    ArgsInvalid: Door::Check, |doc| at_events(doc, &json!({"tool": "system.log", "args": {"message": "a", "zz_arg": 1}}), "/args/zz_arg");
    ActionUnknown: Door::Check, |doc| at_events(doc, &json!("zz_action"), "");
    EachNotList: Door::Check, |doc| at_containers(&with(doc, "state", "zz_rows", &json!("text")), "/each/in");
    EachNoKey: Door::Check, |doc| at_containers(&with(doc, "state", "zz_rows", &json!([{"name": "A"}])), "/each");
    UrlScheme: Door::Check, |doc| at_props(doc, |kind| {
        matches!(kind, ValueKind::Url(_)).then(|| json!("javascript:alert(1)"))
    });
    A11yLabel: Door::Check, |doc| at_components(doc, |component, entry, _| {
        if entry.named_by.is_empty() { return None; }
        component["a11y"] = json!({});
        for name in &entry.named_by {
            component["props"].as_object_mut()?.shift_remove(name.as_ref());
        }
        Some(String::new())
    });
    ControlDoesNothing: Door::Check, |doc| {
        let in_form = doc.to_string().contains("\"submit\"");
        at_components(doc, |component, entry, _| {
            if !entry.acts || in_form { return None; }
            component["on_event"] = json!({});
            for name in ["href", "disabled"] {
                component["props"].as_object_mut()?.shift_remove(name);
            }
            Some(String::new())
        })
    };
    WatchLoop: Door::Trial, |doc| {
        let more = json!({"tool": "ui.increment", "args": {"path": "zz_count"}});
        let mut document = with(&with(doc, "state", "zz_count", &json!(0)), "watch", "zz_count", &more);
        document["on"] = json!({"mount": more});
        vec![in_document(document, "/watch/zz_count")]
    };
    StateTooLarge: Door::Check, |doc| {
        let large = json!("x".repeat(limits::STATE_BYTES));
        vec![in_document(with(doc, "state", "zz_large", &large), "/state")]
    };
    Unused: Door::Check, |doc| ["state", "computed", "actions"].map(|section| {
        let value = if section == "actions" { json!({"tool": "system.undo"}) } else { json!("1") };
        in_document(with(doc, section, "zz_unused", &value), &format!("/{section}/zz_unused"))
    }).into();
    Mended: Door::Mend, |doc| at_components(doc, |component, entry, _| {
        let is_prop = entry.props.iter().any(|prop| prop.aliases.iter().any(|alias| alias == "visible"));
        if component.get("visible").is_some() || is_prop { return None; }
        component["props"]["visible"] = json!("1 < 2");
        Some("/props/visible".into())
    });
    Dropped: Door::Mend, |doc| at_components(doc, |component, _, _| {
        component["props"]["__proto__"] = json!(1);
        Some("/props/__proto__".into())
    });
    EditFailed: Door::Edit, whole;
    NotFound: Door::Elsewhere, |_| Vec::new();
    Busy: Door::Waiting, |doc| {
        let asking = (0..=WAITING).fold(doc.clone(), |document, at| {
            appended(&document, json!({"type": "button", "id": format!("zz{at}"), "props": {"text": "Ask"}, "on_event": {"click": {"tool": "system.confirm", "args": {"message": "Sure?"}}}}))
        });
        let last = asking["components"].as_array().unwrap().len() - 1;
        vec![Broken { document: asking, at: format!("/components/{last}/on_event/click"), id: Some(format!("zz{WAITING}")) }]
    };
}

fn whole(document: &Value) -> Vec<Broken> {
    vec![in_document(document.clone(), "")]
}

fn in_document(document: Value, at: &str) -> Broken {
    Broken {
        document,
        at: at.to_owned(),
        id: None,
    }
}

fn with(document: &Value, section: &str, name: &str, value: &Value) -> Value {
    let mut document = document.clone();
    if !document[section].is_object() {
        document[section] = json!({});
    }
    document[section][name] = value.clone();
    document
}

fn appended(document: &Value, component: Value) -> Value {
    let mut document = document.clone();
    document["components"].as_array_mut().unwrap().push(component);
    document
}

fn appended_at(document: &Value) -> String {
    format!("/components/{}", document["components"].as_array().unwrap().len())
}

/// Breaks each component for which `breaks` tells where below it the fault is.
fn at_components(
    document: &Value,
    breaks: impl Fn(&mut Value, &ComponentEntry, &str) -> Option<String>,
) -> Vec<Broken> {
    let broken = places(document).into_iter().filter_map(|at| {
        let mut component = document.pointer(&at)?.clone();
        let entry = catalog().component(component["type"].as_str()?)?;
        if !component["props"].is_object() {
            component["props"] = json!({});
        }
        let below = breaks(&mut component, entry, &at)?;
        Some((at, below, component))
    });
    let broken = broken.collect::<Vec<_>>();
    // An app of a hundred like components says nothing more than one of a few.
    let step = broken.len().div_ceil(PLACES).max(1);
    let broken = broken.into_iter().step_by(step).map(|(at, below, component)| {
        let mut document = document.clone();
        let id = component["id"].as_str().map(str::to_owned);
        *document.pointer_mut(&at).unwrap() = component;
        Broken {
            document,
            at: format!("{at}{below}"),
            id,
        }
    });
    broken.collect()
}

/// Pointers to every component.
fn places(document: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![(&document["components"], "/components".to_owned())];
    while let Some((list, at)) = open.pop() {
        for (index, component) in list.as_array().into_iter().flatten().enumerate() {
            let at = format!("{at}/{index}");
            open.push((&component["children"], format!("{at}/children")));
            found.push(at);
        }
    }
    found.sort();
    found
}

/// Writes what `wrong` says into each property of the kind, one at a time.
fn at_props(document: &Value, wrong: impl Fn(&ValueKind) -> Option<Value>) -> Vec<Broken> {
    let most = catalog()
        .components()
        .map(|entry| entry.props.len())
        .max()
        .unwrap();
    let each = (0..most).flat_map(|nth| {
        at_components(document, |component, entry, _| {
            let prop = entry.props.get(nth)?;
            component["props"][prop.name.as_ref()] = wrong(&prop.kind)?;
            Some(format!("/props/{}", prop.name))
        })
    });
    each.collect()
}

/// Has an event of each component run `action`.
fn at_events(document: &Value, action: &Value, below: &str) -> Vec<Broken> {
    at_components(document, |component, entry, _| {
        let event = &entry.events.first()?.name;
        component["on_event"] = json!({event.as_ref(): action});
        Some(format!("/on_event/{event}{below}"))
    })
}

/// Repeats the children of each container over `zz_rows`.
fn at_containers(document: &Value, below: &str) -> Vec<Broken> {
    at_components(document, |component, entry, _| {
        if entry.children == Children::None || component["children"].as_array().is_none_or(Vec::is_empty) {
            return None;
        }
        component["each"] = json!({"in": "zz_rows", "as": "zz_row"});
        Some(below.to_owned())
    })
}

/// What the door says about a broken document.
fn found(door: Door, broken: &Broken) -> Vec<Issue> {
    let checked = |document: &Value| match UiSpec::from_json(document) {
        Ok(spec) => check::check(&spec, catalog()),
        Err(issues) => issues,
    };
    match door {
        Door::Text(spoil) => bounds::parse(&spoil(&broken.document.to_string()))
            .err()
            .into_iter()
            .collect(),
        Door::Bounds => bounds::verify(&broken.document).err().into_iter().collect(),
        Door::Check => checked(&broken.document),
        Door::Mend => mend(broken.document.clone(), catalog(), Loss::Forbidden).issues,
        Door::Edit => edit::apply(&broken.document, r#"{"remove":"zz_nobody"}"#).issues,
        Door::Trial => {
            let spec = UiSpec::from_json(&broken.document).unwrap();
            trial::run(&spec, &Arc::new(catalog().clone()), NOON, 7).issues
        }
        Door::Waiting => waiting_too_often(&broken.document),
        Door::Elsewhere => Vec::new(),
    }
}

/// Asks for more at once than may wait.
fn waiting_too_often(document: &Value) -> Vec<Issue> {
    let spec = UiSpec::from_json(document).unwrap();
    let (mut app, _) = App::open(Opening {
        spec: &spec,
        catalog: Arc::new(catalog().clone()),
        saved: None,
        now: NOON,
        seed: 7,
        draft: false,
    });
    let click = |at: usize| Event {
        component: format!("zz{at}"),
        kind: "click".into(),
        payload: Value::Null,
        item: Vec::new(),
    };
    (0..=WAITING)
        .flat_map(|at| app.dispatch(&click(at), NOON + 1.0).unwrap().issues)
        .collect()
}

#[test]
fn valid_documents_raise_nothing() {
    let documents = documents();
    assert!(documents.len() >= 100, "{}", documents.len());
    let mut wrong = Vec::new();
    for (name, document) in documents {
        let accepted = accept(document.clone(), catalog(), Loss::Forbidden)
            .unwrap_or_else(|issues| panic!("{name}: {issues:#?}"));
        let told = accepted
            .issues
            .iter()
            .filter(|issue| issue.severity != Severity::Note);
        wrong.extend(told.map(|issue| format!("{name}: {:?} {} {}", issue.code, issue.path, issue.message)));
        assert_eq!(
            accepted.document.to_string(),
            document.to_string(),
            "{name}: left as it is, to the byte"
        );
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn good_apps_raise_no_error_when_they_are_used() {
    let catalog = Arc::new(catalog().clone());
    let mut wrong = Vec::new();
    for (name, document) in apps().into_iter().chain(samples()) {
        let spec = UiSpec::from_json(&document).unwrap_or_else(|issues| panic!("{name}: {issues:#?}"));
        let report = trial::run(&spec, &catalog, NOON, 7);
        let errors = report.issues.iter().filter(|issue| issue.is_error());
        wrong
            .extend(errors.map(|issue| format!("{name}: {:?} {} {}", issue.code, issue.path, issue.message)));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The designs' own documents, where they lie beside the checkout.
fn samples() -> Vec<(String, Value)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/samples");
    let Ok(files) = std::fs::read_dir(folder) else {
        eprintln!("skipped: no samples beside this checkout");
        return Vec::new();
    };
    let files = files.map(|file| {
        let path = file.unwrap().path();
        let document = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        (
            path.display().to_string(),
            mend(document, catalog(), Loss::Forbidden).doc,
        )
    });
    files.collect()
}

#[test]
fn a_broken_document_is_mended_once_and_for_all() {
    for (name, document) in documents().into_iter().step_by(5) {
        let broken = mutators()
            .into_iter()
            .filter(|mutator| matches!(mutator.door, Door::Check | Door::Mend));
        for broken in broken.flat_map(|mutator| (mutator.breaks)(&document)) {
            for loss in [Loss::Forbidden, Loss::Malformed, Loss::Allowed] {
                let once = mend(broken.document.clone(), catalog(), loss).doc;
                let twice = mend(once.clone(), catalog(), loss);
                assert_eq!(twice.issues, [], "{name} at {} with {loss:?}", broken.at);
                assert!(twice.doc == once, "{name} at {} with {loss:?}", broken.at);
            }
        }
    }
}

#[test]
fn every_defect_is_caught_where_it_is() {
    let documents = documents();
    let mut missed = Vec::new();
    for Mutator { code, door, breaks } in mutators() {
        let mut tried = 0;
        for (name, document) in &documents {
            for broken in breaks(document) {
                tried += 1;
                let issues = found(door, &broken);
                let is_told = issues.iter().any(|issue| {
                    issue.code == code
                        && issue.path == broken.at
                        && (broken.id.is_none() || issue.id == broken.id)
                });
                if !is_told {
                    let close: Vec<_> = issues
                        .iter()
                        .filter(|issue| issue.code == code)
                        .map(|issue| format!("{} {:?}", issue.path, issue.id))
                        .collect();
                    let others: Vec<_> = issues
                        .iter()
                        .take(3)
                        .map(|issue| format!("{:?} {} {}", issue.code, issue.path, issue.message))
                        .collect();
                    missed.push(format!(
                        "{code:?} in {name} at {} {:?}: {close:?} {others:?}",
                        broken.at, broken.id
                    ));
                }
            }
        }
        assert!(
            tried > 0 || matches!(door, Door::Elsewhere),
            "{code:?} was never tried"
        );
    }
    let some: Vec<_> = missed.iter().take(60).collect();
    assert!(missed.is_empty(), "{} missed: {some:#?}", missed.len());
}
