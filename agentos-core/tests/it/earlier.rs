//! What documents of the earlier system could say: every component, prop, value and event keeps its meaning.

use agentos_core::spec::accept::accept;
use agentos_core::spec::mend::Loss;
use agentos_core::spec::{Catalog, Code, Issue, Severity};
use serde_json::{Map, Value, json};

const SIZES: &[&str] = &["small", "medium", "large"];
const FIELD_VARIANTS: &[&str] = &["default", "filled", "outline"];
const SPACINGS: &[&str] = &["none", "small", "medium", "large"];
const ROUNDED: &[&str] = &["none", "small", "medium", "large"];
const FITS: &[&str] = &["cover", "contain", "fill", "none"];
const LINK: &str = "https://example.org/a";

/// What a component must have to be whole, and every value of every prop the earlier renderer drew.
struct Earlier {
    kind: &'static str,
    needs: Value,
    props: Vec<(&'static str, Vec<Value>)>,
    events: &'static [&'static str],
}

fn one_of(name: &'static str, values: &[&str]) -> (&'static str, Vec<Value>) {
    (name, values.iter().map(|value| json!(value)).collect())
}

fn any_of<const N: usize>(name: &'static str, values: [Value; N]) -> (&'static str, Vec<Value>) {
    (name, values.to_vec())
}

fn flag(name: &'static str) -> (&'static str, Vec<Value>) {
    any_of(name, [json!(true), json!(false)])
}

fn text(name: &'static str) -> (&'static str, Vec<Value>) {
    any_of(name, [json!("Some text")])
}

fn number(name: &'static str) -> (&'static str, Vec<Value>) {
    any_of(name, [json!(40), json!("40")])
}

fn length(name: &'static str) -> (&'static str, Vec<Value>) {
    any_of(name, [json!(40), json!("40px"), json!("100%")])
}

fn error() -> (&'static str, Vec<Value>) {
    any_of("error", [json!(true), json!(false), json!("Too short")])
}

fn options() -> (&'static str, Vec<Value>) {
    any_of(
        "options",
        [
            json!(["a", "b"]),
            json!([{"value": "a", "label": "A"}, {"value": 2, "label": "Two"}]),
        ],
    )
}

fn components() -> Vec<Earlier> {
    let of = |kind, needs, props, events| Earlier {
        kind,
        needs,
        props,
        events,
    };
    vec![
        of(
            "button",
            json!({"text": "Press"}),
            vec![
                text("text"),
                one_of(
                    "variant",
                    &["default", "primary", "secondary", "danger", "ghost", "outline"],
                ),
                one_of("size", SIZES),
                flag("fullWidth"),
            ],
            &["click"],
        ),
        of(
            "input",
            json!({"placeholder": "Name"}),
            vec![
                one_of(
                    "type",
                    &[
                        "text",
                        "number",
                        "password",
                        "email",
                        "search",
                        "tel",
                        "url",
                        "time",
                        "date",
                        "datetime-local",
                        "month",
                        "week",
                        "color",
                        "range",
                        "checkbox",
                    ],
                ),
                text("placeholder"),
                any_of("value", [json!("a"), json!(4)]),
                flag("readonly"),
                flag("disabled"),
                error(),
                one_of("variant", &["default", "filled", "outline", "underline"]),
                one_of("size", SIZES),
            ],
            &[],
        ),
        of(
            "text",
            json!({"content": "Hello"}),
            vec![
                text("content"),
                one_of("variant", &["h1", "h2", "h3", "body", "caption", "label"]),
                one_of("weight", &["normal", "medium", "semibold", "bold"]),
                one_of(
                    "color",
                    &["primary", "secondary", "accent", "muted", "error", "success"],
                ),
                one_of("align", &["left", "center", "right"]),
            ],
            &[],
        ),
        of(
            "container",
            json!({}),
            vec![
                one_of("layout", &["vertical", "horizontal"]),
                one_of("spacing", SPACINGS),
                one_of("padding", SPACINGS),
                one_of("align", &["start", "center", "end", "stretch"]),
                one_of("justify", &["start", "center", "end", "between", "around"]),
                number("gap"),
                number("itemHeight"),
                number("maxHeight"),
            ],
            &[],
        ),
        of(
            "grid",
            json!({}),
            vec![
                any_of("columns", [1, 2, 3, 4, 5, 6, 8, 12].map(|columns| json!(columns))),
                one_of("spacing", SPACINGS),
                number("gap"),
                flag("responsive"),
            ],
            &[],
        ),
        of(
            "select",
            json!({"options": ["a"], "placeholder": "Which"}),
            vec![
                any_of("value", [json!("a"), json!(2)]),
                options(),
                flag("disabled"),
                error(),
                one_of("variant", FIELD_VARIANTS),
                one_of("size", SIZES),
            ],
            &["change"],
        ),
        of(
            "checkbox",
            json!({"label": "Done"}),
            vec![
                text("label"),
                flag("checked"),
                flag("disabled"),
                one_of("variant", &["default", "primary"]),
                one_of("size", SIZES),
            ],
            &["change"],
        ),
        of(
            "radio",
            json!({"name": "colour", "value": "red", "label": "Red"}),
            vec![
                text("name"),
                any_of("value", [json!("red"), json!(2)]),
                text("label"),
                flag("disabled"),
                one_of("size", SIZES),
            ],
            &["change"],
        ),
        of(
            "textarea",
            json!({"placeholder": "Note"}),
            vec![
                text("placeholder"),
                text("value"),
                any_of("rows", [json!(4), json!("4")]),
                flag("disabled"),
                error(),
                one_of("variant", FIELD_VARIANTS),
                one_of("size", SIZES),
                one_of("resize", &["none", "vertical", "horizontal", "both"]),
            ],
            &["change"],
        ),
        of(
            "image",
            json!({"src": LINK, "alt": "A cat"}),
            vec![
                any_of("src", [json!(LINK)]),
                text("alt"),
                length("width"),
                length("height"),
                one_of("fit", FITS),
                one_of("rounded", &["none", "small", "medium", "large", "full"]),
            ],
            &["click"],
        ),
        of(
            "video",
            json!({"src": LINK}),
            vec![
                any_of("src", [json!(LINK)]),
                flag("controls"),
                flag("autoPlay"),
                flag("loop"),
                flag("muted"),
                length("width"),
                length("height"),
                one_of("fit", &["cover", "contain", "fill"]),
                one_of("rounded", ROUNDED),
            ],
            &[],
        ),
        of(
            "audio",
            json!({"src": LINK}),
            vec![
                any_of("src", [json!(LINK)]),
                flag("controls"),
                flag("autoPlay"),
                flag("loop"),
                one_of("variant", &["default", "minimal"]),
            ],
            &[],
        ),
        of(
            "canvas",
            json!({}),
            vec![
                number("width"),
                number("height"),
                flag("bordered"),
                any_of("onMount", [json!(true), json!("calc.clear")]),
            ],
            &["mount"],
        ),
        of(
            "iframe",
            json!({"src": LINK, "title": "A page"}),
            vec![
                any_of("src", [json!(LINK)]),
                text("title"),
                length("width"),
                length("height"),
                flag("bordered"),
                any_of("rounded", [json!(true), json!(false), json!("medium")]),
                any_of("sandbox", [json!("allow-scripts"), json!("")]),
            ],
            &[],
        ),
        of(
            "slider",
            json!({}),
            vec![
                number("min"),
                number("max"),
                number("step"),
                number("value"),
                flag("disabled"),
                one_of("variant", &["default", "primary"]),
                one_of("size", SIZES),
            ],
            &["change"],
        ),
        of(
            "progress",
            json!({"value": 1}),
            vec![
                number("value"),
                number("max"),
                one_of("variant", &["default", "primary", "success", "error"]),
                one_of("size", SIZES),
            ],
            &[],
        ),
        of(
            "badge",
            json!({"text": "New"}),
            vec![
                text("text"),
                text("content"),
                one_of(
                    "variant",
                    &["default", "primary", "secondary", "success", "error", "warning"],
                ),
                one_of("size", SIZES),
            ],
            &["click"],
        ),
        of(
            "divider",
            json!({}),
            vec![
                one_of("orientation", &["horizontal", "vertical"]),
                one_of("variant", &["solid", "dashed", "dotted"]),
            ],
            &[],
        ),
        of(
            "tabs",
            json!({}),
            vec![
                one_of("variant", &["default", "bordered", "pills"]),
                one_of("size", SIZES),
                any_of("defaultTab", [json!("inner")]),
            ],
            &["tabChange"],
        ),
        of(
            "modal",
            json!({"title": "More"}),
            vec![
                flag("open"),
                text("title"),
                one_of("size", &["small", "medium", "large", "fullscreen"]),
                flag("centered"),
            ],
            &["close"],
        ),
        of(
            "list",
            json!({}),
            vec![
                one_of("variant", &["default", "bordered", "striped"]),
                one_of("spacing", SPACINGS),
            ],
            &[],
        ),
        of("card", json!({}), vec![text("title"), text("footer")], &[]),
    ]
}

/// The document with one component as a model of the earlier system wrote it.
fn document(earlier: &Earlier, prop: Option<(&str, &Value)>, event: Option<&str>) -> Value {
    let mut props = earlier.needs.clone();
    props["style"] = json!({"color": "red", "padding": "4px"});
    if let Some((name, value)) = prop {
        props[name] = value.clone();
    }
    if prop.is_some_and(|(name, _)| name == "content") {
        props.as_object_mut().unwrap().shift_remove("text");
    }
    let label = if earlier.kind == "tabs" {
        json!({"content": "Inside", "label": "Tab"})
    } else {
        json!({"content": "Inside"})
    };
    let child = json!({"type": "text", "id": "inner", "props": label, "children": [], "on_event": null});
    let inside = matches!(
        earlier.kind,
        "container" | "grid" | "tabs" | "modal" | "list" | "card"
    );
    let events: Map<String, Value> = event
        .map(|event| (event.to_owned(), json!("calc.clear")))
        .into_iter()
        .collect();
    let acts = if earlier.kind == "button" && events.is_empty() {
        json!({"click": "calc.clear"})
    } else if events.is_empty() {
        Value::Null
    } else {
        json!(events)
    };
    json!({
        "type": "app",
        "title": "Earlier",
        "layout": "vertical",
        "style": {},
        "services": [],
        "service_bindings": {},
        "lifecycle_hooks": {"on_mount": ["calc.clear"]},
        "components": [
            {"type": "input", "id": "display", "props": {"placeholder": "0", "value": "0", "readonly": true}, "children": [], "on_event": null},
            {"type": earlier.kind, "id": "one", "props": props, "children": if inside { json!([child]) } else { json!([]) }, "on_event": acts},
        ],
    })
}

/// What went wrong with a document; notes of lossless mends are none, nor is a name for a screen reader, which
/// the earlier form had no place for.
fn trouble(document: Value) -> Vec<String> {
    let issues = match accept(document, Catalog::builtin(), Loss::Forbidden) {
        Ok(accepted) => accepted.issues,
        Err(issues) => issues,
    };
    let told = issues
        .into_iter()
        .filter(|issue| issue.severity != Severity::Note && issue.code != Code::A11yLabel);
    told.map(|Issue { path, message, .. }| format!("{path}: {message}"))
        .collect()
}

#[test]
fn every_prop_and_event_of_the_earlier_renderer_is_kept() {
    let mut lost = Vec::new();
    let mut tried = 0;
    for earlier in components() {
        let props = earlier
            .props
            .iter()
            .flat_map(|(name, values)| values.iter().map(move |value| Some((*name, value))));
        for prop in props.chain([None]) {
            tried += 1;
            for told in trouble(document(&earlier, prop, None)) {
                lost.push(format!("{} {prop:?}: {told}", earlier.kind));
            }
        }
        for event in earlier.events {
            tried += 1;
            for told in trouble(document(&earlier, None, Some(event))) {
                lost.push(format!("{} {event}: {told}", earlier.kind));
            }
        }
    }
    assert!(tried > 200, "{tried}");
    assert_eq!(lost, Vec::<String>::new(), "{}", lost.join("\n"));
}

#[test]
fn every_tool_of_the_earlier_system_is_kept_with_its_arguments() {
    let numbers = json!({"a": 1, "b": 2});
    let tools = [
        ("calc.add", numbers.clone()),
        ("calc.subtract", numbers.clone()),
        ("calc.multiply", numbers.clone()),
        ("calc.divide", numbers),
        ("calc.append_digit", json!({"digit": "7"})),
        ("calc.clear", json!({})),
        ("calc.evaluate", json!({})),
        ("ui.set_state", json!({"key": "note", "value": "A"})),
        ("ui.get_state", json!({"key": "note"})),
        ("ui.set_multiple", json!({"values": {"note": "A"}})),
        ("ui.add_todo", json!({})),
        ("ui.toggle_todo", json!({"id": "a"})),
        ("ui.delete_todo", json!({"id": "a"})),
        ("system.alert", json!({"message": "A"})),
        ("system.log", json!({"message": "A", "level": "info"})),
        ("system.undo", json!({})),
        ("system.redo", json!({})),
        ("system.get_history", json!({})),
        ("system.get_state_snapshot", json!({})),
        ("system.restore_state", json!({"snapshot": {"note": "A"}})),
        ("app.spawn", json!({"request": "make a counter"})),
        ("app.close", json!({"save_state": true})),
        ("app.list", json!({})),
        ("storage.set", json!({"key": "a", "value": 1})),
        ("storage.get", json!({"key": "a"})),
        ("storage.remove", json!({"key": "a"})),
        ("http.get", json!({"url": LINK})),
        ("http.post", json!({"url": LINK, "data": {"a": 1}})),
        ("timer.set", json!({"delay": 1000, "action": "clear"})),
        ("timer.interval", json!({"interval": 1000, "action": "clear"})),
        ("timer.clear", json!({"timer_id": "timer_1"})),
        ("canvas.init", json!({"canvas_id": "sheet"})),
        (
            "canvas.draw",
            json!({"canvas_id": "sheet", "operation": "stroke", "data": {"points": [{"x": 1, "y": 1}, {"x": 2, "y": 2}]}}),
        ),
        ("canvas.clear", json!({"canvas_id": "sheet"})),
        ("canvas.setTool", json!({"canvas_id": "sheet", "tool": "pen"})),
        (
            "canvas.setColor",
            json!({"canvas_id": "sheet", "color": "#ff0000"}),
        ),
        ("canvas.setBrushSize", json!({"canvas_id": "sheet", "size": 4})),
        ("browser.navigate", json!({"url": LINK})),
        ("browser.back", json!({})),
        ("browser.forward", json!({})),
        ("browser.refresh", json!({})),
        ("player.play", json!({"media_id": "song"})),
        ("player.pause", json!({"media_id": "song"})),
        ("player.stop", json!({"media_id": "song"})),
        ("player.seek", json!({"media_id": "song", "time": 3})),
        ("player.setVolume", json!({"media_id": "song", "volume": 50})),
        ("player.next", json!({"media_id": "song"})),
        ("player.previous", json!({"media_id": "song"})),
        ("clipboard.copy", json!({"text": "A"})),
        ("clipboard.paste", json!({})),
        (
            "notification.show",
            json!({"title": "A", "message": "B", "type": "info"}),
        ),
        ("form.validate", json!({"form_id": "entry"})),
        ("form.submit", json!({"form_id": "entry"})),
        ("form.reset", json!({"form_id": "entry"})),
        ("data.filter", json!({"data": [{"n": 1}], "filter": "1"})),
        ("data.filter", json!({"data": [{"n": 1}], "query": "1"})),
        ("data.search", json!({"data": [{"n": 1}], "query": "1"})),
        (
            "data.sort",
            json!({"data": [{"n": 1}], "field": "n", "order": "desc"}),
        ),
        ("list.add", json!({"list_id": "todos", "item": {"text": "A"}})),
        ("list.remove", json!({"list_id": "todos", "item_id": "a"})),
        ("list.toggle", json!({"list_id": "todos", "item_id": "a"})),
        ("list.clear", json!({"list_id": "todos"})),
        ("tabs.switch", json!({"tab_id": "second"})),
        ("modal.open", json!({"modal_id": "more"})),
        ("modal.close", json!({"modal_id": "more"})),
    ];
    let mut lost = Vec::new();
    for (tool, args) in tools {
        let document = json!({
            "title": "Earlier",
            "state": {"note": "", "display": "0", "task-input": "", "todos": [{"id": "a", "text": "A", "done": false}]},
            "actions": {"clear": "calc.clear"},
            "components": [
                {"type": "button", "id": "press", "props": {"text": "Press"}, "on_event": {"click": {"tool": tool, "args": args}}},
                {"type": "canvas", "id": "sheet", "props": {"label": "Sheet"}},
                {"type": "iframe", "id": "browser", "props": {"title": "Page", "src": LINK}},
                {"type": "audio", "id": "song", "props": {"src": LINK}},
                {"type": "form", "id": "entry", "children": []},
                {"type": "modal", "id": "more", "props": {"title": "More"}, "children": []},
                {"type": "tabs", "id": "views", "children": [
                    {"type": "container", "id": "first", "props": {"label": "First"}},
                    {"type": "container", "id": "second", "props": {"label": "Second"}},
                ]},
            ],
        });
        lost.extend(
            trouble(document)
                .into_iter()
                .map(|told| format!("{tool}: {told}")),
        );
    }
    assert_eq!(lost, Vec::<String>::new(), "{}", lost.join("\n"));
}

/// The component that `written` became beside its siblings, and what was told.
#[track_caller]
fn becomes(written: Value, expected: Value) {
    let components = if written.is_array() {
        written
    } else {
        json!([written])
    };
    let accepted = accept(
        json!({"title": "A", "components": components}),
        Catalog::builtin(),
        Loss::Forbidden,
    )
    .unwrap();
    assert_eq!(accepted.document["components"], expected);
    assert!(accepted.issues.iter().any(|issue| issue.code == Code::Mended));
}

#[test]
fn radios_of_one_name_are_one_choice() {
    let radio = |id: &str, value: &str, more: Value| {
        let mut radio = json!({"type": "radio", "id": id, "props": {"name": "size", "value": value, "label": value.to_uppercase()}});
        for (key, part) in more.as_object().unwrap() {
            radio[key] = part.clone();
        }
        radio
    };
    let options = json!([{"value": "s", "label": "S"}, {"value": "l", "label": "L"}]);
    becomes(
        json!([radio("a", "s", json!({})), {"type": "divider", "id": "d"}, radio("b", "l", json!({}))]),
        json!([
            {"type": "radio", "id": "a", "props": {"name": "size", "options": options}},
            {"type": "divider", "id": "d"},
        ]),
    );
    let clear = json!({"on_event": {"change": "calc.clear"}});
    becomes(
        json!([radio("a", "s", clear.clone()), radio("b", "l", clear.clone())]),
        json!([{"type": "radio", "id": "a", "props": {"name": "size", "options": options}, "on_event": {"change": "calc.clear"}}]),
    );
    becomes(
        json!([radio("a", "s", json!({})), radio("b", "l", clear)]),
        json!([{"type": "radio", "id": "a", "props": {"name": "size", "options": options}, "on_event": {"change": [
            {"if": "event.value == \"l\"", "do": ["calc.clear"]},
        ]}}]),
    );
    becomes(
        json!({"type": "radio", "id": "a", "props": {"value": "s", "label": "Small", "checked": true}}),
        json!([{"type": "radio", "id": "a", "props": {"value": "s", "label": "Small", "options": [{"value": "s", "label": "Small"}]}}]),
    );
}

#[test]
fn radios_without_a_name_are_one_choice_with_their_siblings() {
    let radio = |value: &str| json!({"type": "radio", "id": value, "props": {"value": value}});
    becomes(
        json!([radio("s"), radio("l")]),
        json!([{"type": "radio", "id": "s", "props": {
            "options": [{"value": "s", "label": "s"}, {"value": "l", "label": "l"}],
        }}]),
    );
}

#[test]
fn radios_whose_handlers_are_none_are_refused_and_not_run_into() {
    let radio = |handlers: Value| json!({"type": "radio", "props": {"name": "n", "value": "a"}, "on_event": handlers});
    for handlers in [
        json!(5),
        json!(true),
        json!("calc.clear"),
        json!([1]),
        json!({"change": 5}),
        json!(null),
    ] {
        for siblings in [
            json!([radio(handlers.clone()), radio(json!({"change": "calc.clear"}))]),
            json!([radio(json!({"change": "calc.clear"})), radio(handlers.clone())]),
        ] {
            for loss in [Loss::Forbidden, Loss::Malformed, Loss::Allowed] {
                let document = json!({"title": "A", "components": siblings});
                if let Ok(accepted) = accept(document, Catalog::builtin(), loss) {
                    assert!(accepted.document["components"].is_array(), "{handlers}");
                }
            }
        }
    }
}

#[test]
fn an_input_of_another_type_is_the_component_it_is() {
    becomes(
        json!({"type": "input", "id": "a", "props": {"type": "range", "placeholder": "How loud", "min": 1}}),
        json!([{"type": "slider", "id": "a", "props": {"min": 1, "label": "How loud"}}]),
    );
    becomes(
        json!({"type": "input", "id": "a", "props": {"type": "week", "label": "When"}}),
        json!([{"type": "date", "id": "a", "props": {"type": "week", "label": "When"}}]),
    );
    becomes(
        json!({"type": "input", "id": "a", "props": {"type": "checkbox", "label": "Done", "value": {"$bind": "done"}}}),
        json!([{"type": "checkbox", "id": "a", "props": {"label": "Done", "checked": {"$bind": "done"}}}]),
    );
}
