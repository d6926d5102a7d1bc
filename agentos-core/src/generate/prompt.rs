//! What a model is told: the language in short, every component and tool of the catalog, worked examples, and the
//! request last, fenced as data.
//!
//! The first part is the same bytes for one catalog, so that a provider can reuse what it made of it.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use crate::spec::bounds::json_bytes;
use crate::spec::catalog::{Catalog, Children, ComponentEntry, Field, Runs, ToolEntry, ValueKind};
use crate::spec::{Issue, schema};

/// Bytes of the faulty parts that go back to a model.
const FAULTY_BYTES: usize = 24 * 1024;
/// Bytes of a state that goes back to a model whole; of a larger one only the names do.
const STATE_BYTES: usize = 4 * 1024;
/// Issues that go back to a model at once.
const ISSUES: usize = 40;

const LANGUAGE: &str = r#"You write small apps as one JSON document. The document is data, never code; it runs by itself, without you.
Answer with the minified JSON document only: no prose, no fences. Members in this order: title, state, persist, computed, data, actions, components. Leave out what is empty, leave out ids nobody refers to.

state: what the app knows at first. Declare every path that is bound, written or read.
persist: list of state paths kept for next time.
computed: name -> expression, worked out again when what it reads changes.
data: name -> {tool,args,pick?,every?,when?,default?}, the result of a reading tool, in scope by its name; give a default of the kind it will have. _.name.loading and _.name.error say how it stands.
actions: name -> action.
components: [{type,id?,props?,children?,on_event?,visible?,each?,checks?}]

Values: "{{ expression }}" alone keeps its type, within text it is written out. {"$bind":"path"} on the value of a control goes both ways: every input, checkbox, select, slider a person changes needs one. A control with an id and no binding keeps its value in the state under that id.
Expressions are Jinja: and or not, x if y else z, a ~ b joins text, a | length, list | sum(attribute='x'), list | selectattr('done') | list, x | round(2), x | default(0), [a,b] | max. Own filters: number(digits) currency(symbol,digits) percent(digits) date(format) plural(one,many). No JavaScript: no &&, ||, ===, ?:, no function calls except now() and uuid() in arguments of actions. What is missing is none. Dividing by 0 fails: write a / b if b else 0.
visible, computed, each.where, if, when take an expression without braces. path, into, persist, each.in, $bind take a path: todos, user.name, t.done inside rows.

Actions: a step or a list of steps. A step is "action_name" or {"tool":"ui.set_state","args":{...}} or {"do":"action_name"}, with if?, confirm? (a question), into? (path for the result), then?, catch?, debounce? (ms). event.value, event.key, event.row, result, error, args, item are in scope. Steps stop at the first failure.
each: {"in":"todos","as":"t","where":"not t.done"} repeats the children of a container or list for each row; rows have an id, which ui.add_item gives to objects; ui.remove_item takes {"path":"todos","key":"{{ t.id }}"}.
checks on a control: required email url number integer {"min":1} {"max":9} {"min_length":2} {"max_length":40} {"pattern":"^[a-z]+$"} {"one_of":[..]} {"when":"end < start","message":"Ends before it begins"}. In a form, the submit action begins with {"tool":"form.validate"}; a button in a form without a click action submits it.
Every button does something. Every control has a label. Show what there is nothing of yet. No placeholders, no invented data unless asked for.
"#;

const SMALL_LANGUAGE: &str = r#"You write small apps as one JSON document without white space: title, state, persist, computed, data, actions, components, in this order. Plan the state first: everything a person enters and everything the app keeps.
state: [{name,value}]; a list or an object as JSON text, such as "[]". Every bound path is declared here.
persist: names of state that is kept for next time.
computed: [{name,expression}], worked out from state.
data: [] unless a tool below reads something.
actions: [{name,steps}]; a step is the name of an action or {tool,args:[{name,value}]}; leave the other members null or [].
components: [{type,id,props:[{name,value}],...}]. {name:"value",bind:"draft"} ties a control to the state both ways; every input, checkbox and select needs it. on_event: [{event,steps}]. each repeats the children for each row of a list in state: {in:"todos",as:"t",key:"id",where:null}.
A value "{{ expression }}" is worked out. Expressions are Jinja: and or not, x if y else z, a ~ b joins text, list | length, list | sum(attribute='price'), list | selectattr('done') | list, x | round(2), x | currency('€'). event.value, t.name inside rows, now() and uuid() in args.
ui.add_item gives a row an id; ui.remove_item takes path and key "{{ t.id }}".
Every button does something through on_event click; a button inside a form submits it. Every control has a label. Write nothing nobody asked for.
"#;

/// What a small model is told of; it does better with fewer.
const SMALL_TOOLS: [&str; 8] = [
    "ai",
    "form",
    "http",
    "list",
    "notification",
    "storage",
    "timer",
    "ui",
];

const EDITS: &str = r#"
When you are asked to change or repair a document, answer with edit lines instead, one JSON object a line, nothing else:
{"upsert":{"id":"clear","props":{"text":"Clear done"}}} merges into that component; null deletes a member
{"upsert":{"type":"select","id":"prio","props":{}},"into":"row","at":"after:done"} adds one; at: first, last, before:ID, after:ID
{"remove":"clear"}
{"set":{"title":"Tasks","computed":{"left":"todos | length"},"actions":{"add":[]}}} merges into the document
{"state":{"filter":"open"}}
"#;

/// Documents that show the language at work; each passes every gate.
pub(super) const EXAMPLES: [(&str, &str); 2] = [
    (
        "a shopping list with prices",
        r#"{"title":"Shopping","state":{"draft":"","price":0,"items":[]},"persist":["items"],"computed":{"total":"items | rejectattr('bought') | sum(attribute='price')"},"actions":{"add":[{"tool":"form.validate"},{"tool":"ui.add_item","args":{"path":"items","value":{"text":"{{ draft }}","price":"{{ price }}","bought":false}}},{"tool":"ui.set_multiple","args":{"values":{"draft":"","price":0}}}]},"components":[{"type":"stat","props":{"label":"To pay","value":"{{ total | currency('€') }}"}},{"type":"form","on_event":{"submit":"add"},"children":[{"type":"input","props":{"label":"Item","value":{"$bind":"draft"}},"checks":["required"]},{"type":"input","props":{"label":"Price","type":"number","value":{"$bind":"price"}},"checks":[{"min":0}]},{"type":"button","props":{"text":"Add","variant":"primary"}}]},{"type":"list","props":{"empty":"Nothing to buy yet"},"each":{"in":"items","as":"i"},"children":[{"type":"container","props":{"layout":"horizontal","justify":"between"},"children":[{"type":"checkbox","props":{"label":"{{ i.text }}, {{ i.price | currency('€') }}","checked":{"$bind":"i.bought"}}},{"type":"button","props":{"text":"Remove","variant":"ghost"},"on_event":{"click":{"tool":"ui.remove_item","args":{"path":"items","key":"{{ i.id }}"}}}}]}]}]}"#,
    ),
    (
        "a timer that counts down",
        r#"{"title":"Timer","state":{"minutes":5,"left":0,"ends":0},"computed":{"clock":"(left // 60) ~ ':' ~ ('0' if left % 60 < 10 else '') ~ (left % 60)"},"actions":{"start":[{"tool":"ui.set_multiple","args":{"values":{"ends":"{{ now() + minutes * 60000 }}","left":"{{ minutes * 60 }}"}}},{"tool":"timer.interval","args":{"timer_id":"tick","interval":1000,"action":"tick"}}],"tick":[{"tool":"ui.set_state","args":{"path":"left","value":"{{ [((ends - now()) / 1000) | round | int, 0] | max }}"}},{"if":"left == 0","do":[{"tool":"timer.clear","args":{"timer_id":"tick"}},{"tool":"notification.show","args":{"message":"Time is up"}}]}]},"components":[{"type":"text","props":{"content":"{{ clock }}","variant":"h1"}},{"type":"slider","props":{"label":"Minutes","min":1,"max":60,"value":{"$bind":"minutes"}}},{"type":"button","props":{"text":"Start","variant":"primary"},"on_event":{"click":"start"}}]}"#,
    ),
];

/// How much a model is told, and in which form it answers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Style {
    /// The whole language; the answer is a document, held to no schema.
    #[default]
    Full,
    /// For small models: half as much, and the answer is held to the [generation schema](crate::spec::schema).
    Small,
}

/// The part that does not depend on the request.
pub fn system(catalog: &Catalog, style: Style) -> String {
    match style {
        Style::Full => full(catalog),
        Style::Small => small(catalog),
    }
}

fn small(catalog: &Catalog) -> String {
    let mut prompt = String::from(SMALL_LANGUAGE);
    prompt.push_str("\nComponents and their props, * marks the one that is bound:\n");
    let components: Vec<String> = catalog.components().map(small_component).collect();
    prompt.push_str(&components.join(" "));
    prompt.push_str("\nTools and what they need:\n");
    let tools = catalog.tools().filter(|tool| SMALL_TOOLS.contains(&tool.group()));
    let calls: Vec<String> = tools.map(small_call).collect();
    prompt.push_str(&calls.join(" "));
    prompt.push_str(EDITS);
    let (request, document) = EXAMPLES[0];
    let _ = writeln!(prompt, "\nFor \"{request}\":\n{}", in_generation_form(document));
    prompt
}

fn small_component(entry: &ComponentEntry) -> String {
    let value = entry.value.as_ref().map(|value| value.name.as_ref());
    let props: Vec<String> = effective_props(entry)
        .map(|prop| {
            format!(
                "{}{}",
                prop.name,
                if value == Some(&*prop.name) { "*" } else { "" }
            )
        })
        .collect();
    format!("{}({})", entry.name, props.join(" "))
}

fn small_call(tool: &ToolEntry) -> String {
    let needed = tool.params.iter().filter(|param| param.required);
    let needed: Vec<&str> = needed.map(|param| param.name.as_ref()).collect();
    format!("{}({})", tool.id, needed.join(" "))
}

/// An example as a model that is held to the schema writes it.
fn in_generation_form(document: &str) -> Value {
    let document: Value = serde_json::from_str(document).unwrap_or_default();
    schema::unfold(&document).unwrap_or(document)
}

fn full(catalog: &Catalog) -> String {
    let mut prompt = String::from(LANGUAGE);
    prompt.push_str("\nComponents, * marks the property that is bound, events after !:\n");
    for entry in catalog.components() {
        component(entry, &mut prompt);
    }
    prompt.push_str("\nTools, ? marks what may be left out:\n");
    for (place, runs) in [
        ("here", Runs::Engine),
        ("on the desktop", Runs::Shell),
        ("on the server", Runs::Service),
    ] {
        let mut tools: Vec<&ToolEntry> = catalog.tools().filter(|tool| tool.runs == runs).collect();
        tools.sort_by_key(|tool| tool.id.clone());
        let calls: Vec<String> = tools.into_iter().map(call).collect();
        // Writing into a text cannot fail.
        let _ = writeln!(prompt, "{place}: {}", calls.join(" "));
    }
    prompt.push_str(EDITS);
    for (request, document) in EXAMPLES {
        let _ = writeln!(prompt, "\nFor \"{request}\":\n{document}");
    }
    prompt
}

/// The request for a new app.
pub(super) fn generation(request: &str) -> String {
    format!(
        "{}\nAnswer with the document of this app.",
        fenced("request", request)
    )
}

/// A change to a document that is there.
pub(super) fn change(request: &str, document: &Value) -> String {
    format!(
        "{}\n{}\nAnswer with edit lines only, as few as do it. Everything that is not asked for stays.",
        fenced("document", &document.to_string()),
        fenced("request", request)
    )
}

/// What is wrong with a document, and the parts of it that are.
pub(super) fn repair(request: &str, document: &Value, issues: &[Issue]) -> String {
    let mut prompt = fenced("request", request);
    prompt.push_str("\nThe document you wrote does not work yet. What is wrong:\n");
    for issue in issues.iter().take(ISSUES) {
        let place = match &issue.id {
            Some(id) => format!("component {id}, {}", issue.path),
            None => issue.path.clone(),
        };
        let hint = issue
            .hint
            .as_deref()
            .map(|hint| format!(" Nearest: {hint}"))
            .unwrap_or_default();
        let _ = writeln!(prompt, "- {place}: {}{hint}", issue.message);
    }
    let names = |section: &str| -> Vec<&String> {
        let members = document.get(section).and_then(Value::as_object);
        members.into_iter().flat_map(Map::keys).collect()
    };
    let state = document
        .get("state")
        .filter(|state| json_bytes(state) <= STATE_BYTES);
    let state = state.cloned().unwrap_or_else(|| json!(names("state")));
    let known = json!({"state": state, "computed": names("computed"), "data": names("data"), "actions": names("actions")});
    let _ = writeln!(prompt, "{}", fenced("names", &known.to_string()));
    let faulty: Vec<String> = faulty_parts(document, issues);
    let _ = writeln!(prompt, "{}", fenced("faulty", &faulty.join("\n")));
    prompt.push_str("Answer with edit lines only.");
    prompt
}

/// Text of another's that is not to be taken for instructions.
fn fenced(name: &str, text: &str) -> String {
    let inside = text.replace(&format!("</{name}>"), &format!("< /{name}>"));
    format!("<{name}>\n{inside}\n</{name}>")
}

/// The components and named members the issues are about, each once, as far as there is room.
fn faulty_parts(document: &Value, issues: &[Issue]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut room = FAULTY_BYTES;
    let mut parts = Vec::new();
    for pointer in issues
        .iter()
        .filter_map(|issue| part_around(document, &issue.path))
    {
        let Some(part) = document
            .pointer(&pointer)
            .filter(|_| seen.insert(pointer.clone()))
        else {
            continue;
        };
        let written = format!("{pointer} {part}");
        match room.checked_sub(written.len()) {
            Some(left) => {
                room = left;
                parts.push(written);
            }
            None => break,
        }
    }
    parts
}

/// The component a place lies in, or the named member of the document.
fn part_around(document: &Value, place: &str) -> Option<String> {
    if !place.starts_with("/components") {
        let parts: Vec<&str> = place.split('/').skip(1).take(2).collect();
        return Some(format!("/{}", parts.join("/"))).filter(|pointer| pointer.len() > 1);
    }
    let mut pointer = place;
    loop {
        if document
            .pointer(pointer)
            .is_some_and(|part| part.get("type").is_some())
        {
            return Some(pointer.to_owned());
        }
        pointer = &pointer[..pointer.rfind('/').filter(|at| *at > 0)?];
    }
}

fn component(entry: &ComponentEntry, prompt: &mut String) {
    let value = entry.value.as_ref().map(|value| value.name.as_ref());
    let props: Vec<String> = effective_props(entry)
        .map(|prop| {
            let bound = if value == Some(prop.name.as_ref()) {
                "*"
            } else {
                ""
            };
            format!("{}{bound}{}", prop.name, kind(&prop.kind))
        })
        .collect();
    let events: Vec<&str> = entry.events.iter().map(|event| event.name.as_ref()).collect();
    let children = match entry.children {
        Children::None => "",
        Children::Any => " children",
        Children::Panels => " children are panels, each with a label",
    };
    let events = if events.is_empty() {
        String::new()
    } else {
        format!(" !{}", events.join(" "))
    };
    let _ = writeln!(prompt, "{}({}){children}{events}", entry.name, props.join(" "));
}

fn effective_props(entry: &ComponentEntry) -> impl Iterator<Item = &Field> {
    let props = entry.props.iter();
    props.filter(|prop| !prop.summary.contains("without effect"))
}

fn call(tool: &ToolEntry) -> String {
    let params: Vec<String> = tool.params.iter().map(param).collect();
    format!("{}{{{}}}", tool.id, params.join(","))
}

fn param(param: &Field) -> String {
    let optional = if param.required { "" } else { "?" };
    match &param.kind {
        ValueKind::OneOf(_) | ValueKind::List(_) => format!("{}{optional}{}", param.name, kind(&param.kind)),
        _ => format!("{}{optional}", param.name),
    }
}

/// What a value may be, where its name does not say it.
fn kind(kind: &ValueKind) -> String {
    match kind {
        ValueKind::OneOf(choices) => format!("={}", choices.join("|")),
        ValueKind::Flag => "=bool".into(),
        ValueKind::Number { .. } | ValueKind::Integer { .. } => "=number".into(),
        ValueKind::List(of) => match &**of {
            ValueKind::Shape(fields) => format!("=[{{{}}}]", names(fields)),
            ValueKind::Either(kinds) => kinds
                .iter()
                .find_map(|kind| match kind {
                    ValueKind::Shape(fields) => Some(format!("=[{{{}}}]", names(fields))),
                    _ => None,
                })
                .unwrap_or_else(|| "=[]".into()),
            _ => "=[]".into(),
        },
        ValueKind::Shape(fields) => format!("={{{}}}", names(fields)),
        _ => String::new(),
    }
}

fn names(fields: &[Field]) -> String {
    let names: Vec<&str> = fields.iter().map(|field| field.name.as_ref()).collect();
    names.join(",")
}
