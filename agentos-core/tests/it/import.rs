//! Documents of other formats, read and then used.

use agentos_core::engine::Engine;
use agentos_core::spec::Code;
use agentos_core::spec::import::{Dialect, import};
use serde_json::{Value, json};

use crate::user::User;

/// A surface whose root is a column of `components`; their helpers are listed after them.
fn surface(components: &[Value], helpers: &[Value], data: Value) -> Value {
    let ids: Vec<&Value> = components.iter().map(|component| &component["id"]).collect();
    let mut all = vec![json!({"id": "root", "component": "Column", "children": ids})];
    all.extend(components.iter().chain(helpers).cloned());
    json!([
        {"version": "v1.0", "createSurface": {"surfaceId": "main"}},
        {"version": "v1.0", "updateDataModel": {"surfaceId": "main", "value": data}},
        {"version": "v1.0", "updateComponents": {"surfaceId": "main", "components": all}},
    ])
}

/// The engine's own answer: mended and checked.
fn imported(payload: &Value) -> (Value, Vec<Value>) {
    let request = json!({"op": "import", "dialect": "a2ui", "payload": payload});
    let answer: Value = serde_json::from_str(&Engine::default().call(&request.to_string())).unwrap();
    let issues = answer["issues"].as_array().cloned();
    let issues = issues.unwrap_or_else(|| panic!("{answer:#}"));
    (answer["spec"].clone(), issues)
}

#[track_caller]
fn imports_whole(payload: &Value) -> Value {
    let (document, issues) = imported(payload);
    let worse: Vec<&Value> = issues
        .iter()
        .filter(|issue| issue["severity"] != "note")
        .collect();
    assert!(worse.is_empty(), "{worse:#?}\n{document:#}");
    document
}

fn one(component: Value) -> Value {
    let helpers = [
        json!({"id": "words", "component": "Text", "text": "Words"}),
        json!({"id": "sign", "component": "Icon", "name": "favorite"}),
        json!({"id": "line", "component": "Text", "text": {"path": "name"}}),
        json!({"id": "go", "component": "Button", "child": "words", "action": {"event": {"name": "go"}}}),
    ];
    let data =
        json!({"n": 3, "on": true, "text": "Ann", "picked": ["b"], "rows": [{"name": "x"}, {"name": "y"}]});
    surface(&[component], &helpers, data)
}

#[test]
fn the_components_of_the_basic_catalog_become_ours() {
    let cases = [
        (
            json!({"component": "Text", "text": "Hi", "variant": "h2"}),
            "text",
            json!({"content": "Hi", "variant": "h2"}),
        ),
        (
            json!({"component": "Text", "text": {"path": "/text"}}),
            "text",
            json!({"content": "{{ text }}", "format": "markdown"}),
        ),
        (
            json!({"component": "Image", "url": "https://example.org/a.png", "description": "A", "variant": "avatar", "fit": "scaleDown"}),
            "image",
            json!({"alt": "A", "src": "https://example.org/a.png", "fit": "contain", "width": 40, "rounded": "full"}),
        ),
        (
            json!({"component": "Icon", "name": "shoppingCart"}),
            "icon",
            json!({"name": "cart"}),
        ),
        (
            json!({"component": "Row", "children": ["words"], "justify": "spaceBetween", "align": "center"}),
            "container",
            json!({"layout": "horizontal", "align": "center", "justify": "between"}),
        ),
        (
            json!({"component": "Column", "children": ["words"]}),
            "container",
            json!(null),
        ),
        (
            json!({"component": "List", "children": {"componentId": "line", "path": "/rows"}}),
            "list",
            json!(null),
        ),
        (
            json!({"component": "Card", "child": "words"}),
            "card",
            json!(null),
        ),
        (
            json!({"component": "Tabs", "tabs": [{"title": "A", "child": "words"}]}),
            "tabs",
            json!(null),
        ),
        (
            json!({"component": "Modal", "trigger": "go", "content": "words"}),
            "container",
            json!(null),
        ),
        (
            json!({"component": "Divider", "axis": "vertical"}),
            "divider",
            json!({"orientation": "vertical"}),
        ),
        (
            json!({"component": "Button", "child": "words", "variant": "borderless", "action": {"event": {"name": "go"}}}),
            "button",
            json!({"text": "Words", "variant": "ghost"}),
        ),
        (
            json!({"component": "Button", "child": "sign", "action": {"event": {"name": "go"}}}),
            "button",
            json!({"icon": "heart", "label": "favorite"}),
        ),
        (
            json!({"component": "TextField", "label": "Name", "value": {"path": "/text"}, "variant": "obscured"}),
            "input",
            json!({"type": "password", "label": "Name", "value": {"$bind": "text"}}),
        ),
        (
            json!({"component": "TextField", "label": "Note", "value": {"path": "/text"}, "variant": "longText"}),
            "textarea",
            json!({"label": "Note", "value": {"$bind": "text"}}),
        ),
        (
            json!({"component": "CheckBox", "label": "On", "value": {"path": "/on"}}),
            "checkbox",
            json!({"label": "On", "checked": {"$bind": "on"}}),
        ),
        (
            json!({"component": "ChoicePicker", "label": "Pick", "value": {"path": "/picked"},
                "options": [{"label": "A", "value": "a"}, {"label": "B", "value": "b"}]}),
            "radio",
            json!({"label": "Pick", "options": [{"value": "a", "label": "A"}, {"value": "b", "label": "B"}],
                "value": {"$bind": "picked"}}),
        ),
        (
            json!({"component": "ChoicePicker", "label": "Pick", "variant": "multipleSelection", "value": {"path": "/picked"},
                "options": [{"label": "A", "value": "a"}]}),
            "container",
            json!({"role": "group"}),
        ),
        (
            json!({"component": "Slider", "label": "N", "min": 1, "max": 9, "value": {"path": "/n"}}),
            "slider",
            json!({"label": "N", "min": 1, "max": 9, "value": {"$bind": "n"}}),
        ),
        (
            json!({"component": "DateTimeInput", "value": {"path": "/text"}, "enableDate": true, "enableTime": true}),
            "date",
            json!({"type": "datetime-local", "label": "Date", "value": {"$bind": "text"}}),
        ),
    ];
    for (mut component, kind, props) in cases {
        component["id"] = "it".into();
        let document = imports_whole(&one(component.clone()));
        let made = &document["components"][0]["children"][0];
        assert_eq!(
            (&made["type"], &made["props"]),
            (&json!(kind), &props),
            "{component}"
        );
    }
}

#[test]
fn video_and_audio_keep_where_they_are() {
    for (component, kind) in [("Video", "video"), ("AudioPlayer", "audio")] {
        let source = json!({"id": "it", "component": component, "url": "https://example.org/a", "description": "Song"});
        let document = import(Dialect::A2ui, &one(source)).unwrap().document;
        let made = &document["components"][0]["children"][0];
        assert_eq!(made["type"], kind);
        assert_eq!(made["props"]["src"], "https://example.org/a");
    }
}

#[test]
fn the_functions_of_the_basic_catalog_become_expressions() {
    let data = json!({"n": 3, "price": 1234.56, "none": "", "name": "Ann", "at": "2026-01-16T14:30:00Z"});
    let cases = [
        (
            json!({"call": "formatString", "args": {"value": "Hi ${/name}, ${formatNumber(value: ${/price}, decimals: 1)} \\${x}"}}),
            "Hi Ann, 1,234.6 ${x}",
        ),
        (
            json!({"call": "formatNumber", "args": {"value": {"path": "/price"}, "decimals": 2}}),
            "1,234.56",
        ),
        (
            json!({"call": "formatNumber", "args": {"value": {"path": "/price"}, "decimals": 0, "grouping": false}}),
            "1235",
        ),
        (
            json!({"call": "formatCurrency", "args": {"value": {"path": "/price"}, "currency": "EUR"}}),
            "€1,234.56",
        ),
        (
            json!({"call": "formatCurrency", "args": {"value": {"path": "/price"}, "currency": "CHF"}}),
            "CHF 1,234.56",
        ),
        (
            json!({"call": "formatDate", "args": {"value": {"path": "/at"}, "format": "EEEE, d MMMM yyyy 'at' h:mm a"}}),
            "Friday, 16 January 2026 at 2:30 PM",
        ),
        (
            json!({"call": "pluralize", "args": {"value": {"path": "/n"}, "one": "day", "other": "days"}}),
            "days",
        ),
        (
            json!({"call": "required", "args": {"value": {"path": "/none"}}}),
            "false",
        ),
        (
            json!({"call": "length", "args": {"value": {"path": "/name"}, "min": 3, "max": 5}}),
            "true",
        ),
        (
            json!({"call": "numeric", "args": {"value": {"path": "/n"}, "max": 2}}),
            "false",
        ),
        (
            json!({"call": "and", "args": {"values": [true, {"call": "not", "args": {"value": false}}]}}),
            "true",
        ),
        (
            json!({"call": "or", "args": {"values": [false, {"path": "/missing"}]}}),
            "",
        ),
        (json!({"@path": "/name"}), "Ann"),
        (json!("{{ name }}"), "{{ name }}"),
    ];
    for (text, shown) in cases {
        let payload = surface(
            &[json!({"id": "it", "component": "Text", "text": text, "variant": "caption"})],
            &[],
            data.clone(),
        );
        let mut document = import(Dialect::A2ui, &payload).unwrap().document;
        document["state"]["missing"] = Value::Null;
        let user = User::opens(&document);
        let content = user
            .node("it")
            .unwrap()
            .props
            .member("content")
            .cloned()
            .unwrap_or_default();
        assert_eq!(content.display(), shown, "{text}");
    }
}

#[test]
fn checks_become_rules_that_a_person_meets() {
    let field = |check: Value| json!({"id": "it", "component": "TextField", "label": "Name", "value": {"path": "/text"}, "checks": [check]});
    let value = json!({"path": "/text"});
    let cases = [
        (
            json!({"condition": {"call": "required", "args": {"value": value}}, "message": "M"}),
            json!({"required": true, "message": "M"}),
        ),
        (
            json!({"call": "email", "args": {"value": value}, "message": "M"}),
            json!({"email": true, "message": "M"}),
        ),
        (
            json!({"condition": {"call": "regex", "args": {"value": value, "pattern": "^a"}}, "message": "M"}),
            json!({"pattern": "^a", "message": "M"}),
        ),
        (
            json!({"condition": {"call": "length", "args": {"value": value, "min": 2}}, "message": "M"}),
            json!({"min_length": 2, "message": "M"}),
        ),
        (
            json!({"condition": {"call": "numeric", "args": {"value": value, "min": 2, "max": 4}}, "message": "M"}),
            json!({"min": 2, "max": 4, "message": "M"}),
        ),
        (
            json!({"condition": {"path": "/on"}, "message": "M"}),
            json!({"when": "not on", "message": "M"}),
        ),
    ];
    for (check, rule) in cases {
        let document = imports_whole(&one(field(check.clone())));
        assert_eq!(
            document["components"][0]["children"][0]["checks"],
            json!([rule]),
            "{check}"
        );
    }
}

#[test]
fn a_repeated_child_reads_its_row() {
    let list =
        json!({"id": "it", "component": "Column", "children": {"componentId": "line", "path": "/rows"}});
    let user = User::opens(&imports_whole(&one(list)));
    assert!(
        user.seen().contains('x') && user.seen().contains('y'),
        "{}",
        user.seen()
    );
}

#[test]
fn an_event_for_the_agent_is_kept_and_told() {
    let button = json!({"id": "it", "component": "Button", "child": "words", "action":
        {"event": {"name": "order", "context": {"who": {"path": "/text"}}}}});
    let mut user = User::opens(&imports_whole(&one(button)));
    user.clicks("Words");
    assert_eq!(
        user.state()["sent_events"],
        json!([{"name": "order", "context": {"who": "Ann"}}])
    );
    assert_eq!(user.effects, ["notification.show"]);
}

#[test]
fn several_choices_go_into_their_list_and_out_of_it() {
    let picker = json!({"id": "it", "component": "ChoicePicker", "variant": "multipleSelection", "value": {"path": "/picked"},
        "options": [{"label": "First", "value": "a"}, {"label": "Second", "value": "b"}]});
    let mut user = User::opens(&imports_whole(&one(picker)));
    user.ticks("First", true);
    assert_eq!(user.state()["picked"], json!(["b", "a"]));
    user.ticks("Second", false);
    assert_eq!(user.state()["picked"], json!(["a"]));
}

#[test]
fn a_modal_is_opened_by_its_trigger() {
    let modal = json!({"id": "it", "component": "Modal", "trigger": "go", "content": "line2"});
    let helpers = [
        json!({"id": "words", "component": "Text", "text": "More"}),
        json!({"id": "go", "component": "Button", "child": "words", "action": {"event": {"name": "go"}}}),
        json!({"id": "line2", "component": "Text", "text": "Inside"}),
    ];
    let mut user = User::opens(&imports_whole(&surface(&[modal], &helpers, json!({}))));
    user.clicks("More");
    assert!(
        user.node("it_dialog")
            .unwrap()
            .props
            .member("open")
            .unwrap()
            .is_true()
    );
}

#[test]
fn openurl_becomes_a_link() {
    let button = json!({"id": "it", "component": "Button", "child": "words", "action":
        {"functionCall": {"call": "openUrl", "args": {"url": "https://example.org"}}}});
    let document = imports_whole(&one(button));
    let made = &document["components"][0]["children"][0];
    assert_eq!(
        (&made["type"], &made["props"]["href"]),
        (&json!("link"), &json!("https://example.org"))
    );
}

#[test]
fn what_has_no_equivalent_is_reported_at_its_place() {
    let cases = [
        (json!({"component": "Hologram"}), "/components/it/component"),
        (
            json!({"component": "Icon", "name": {"svgPath": "M0 0"}}),
            "/components/it/name",
        ),
        (
            json!({"component": "Text", "text": {"call": "shout", "args": {}}}),
            "/components/it/text",
        ),
        (
            json!({"component": "Text", "text": {"call": "@index"}}),
            "/components/it/text",
        ),
        (
            json!({"component": "Card", "child": "nobody"}),
            "/components/nobody",
        ),
        (json!({"component": "Card", "child": "it"}), "/components/it"),
        (
            json!({"component": "Text", "text": "A", "catalogId": "mine"}),
            "/components/it/catalogId",
        ),
        (
            json!({"component": "Text", "text": "A", "accessibility": {"live": "polite"}}),
            "/components/it/accessibility/live",
        ),
        (
            json!({"component": "Button", "child": "words", "action": {"functionCall": {"call": "beep"}}}),
            "/components/it/action",
        ),
        (
            json!({"component": "ChoicePicker", "value": {"path": "/picked"}, "options": [], "filterable": true}),
            "/components/it/filterable",
        ),
    ];
    for (mut component, place) in cases {
        component["id"] = "it".into();
        let imported = import(Dialect::A2ui, &one(component.clone())).unwrap();
        let found = imported
            .issues
            .iter()
            .any(|issue| issue.path == place && issue.code == Code::Dropped);
        assert!(found, "{component}: {:#?}", imported.issues);
    }
}

#[test]
fn messages_come_as_lines_as_a_list_or_in_an_object() {
    let list = one(json!({"id": "it", "component": "Text", "text": "Hi"}));
    let lines: Vec<String> = list.as_array().unwrap().iter().map(Value::to_string).collect();
    let whole = import(Dialect::A2ui, &list).unwrap();
    assert_eq!(import(Dialect::A2ui, &lines.join("\n").into()).unwrap(), whole);
    assert_eq!(
        import(Dialect::A2ui, &json!({"name": "x", "messages": list})).unwrap(),
        whole
    );
    assert_eq!(import(Dialect::A2ui, &list.to_string().into()).unwrap(), whole);
}

#[test]
fn later_messages_change_what_earlier_ones_made() {
    let mut messages = one(json!({"id": "it", "component": "Text", "text": "Old"}));
    let more = [
        json!({"updateComponents": {"surfaceId": "main", "components": [{"id": "it", "component": "Text", "text": "New"}]}}),
        json!({"updateDataModel": {"surfaceId": "main", "path": "/rows/0/name", "value": "z"}}),
        json!({"updateDataModel": {"surfaceId": "main", "path": "/a/b", "value": 1}}),
        json!({"updateDataModel": {"surfaceId": "main", "path": "/n", "value": null}}),
    ];
    messages.as_array_mut().unwrap().extend(more);
    let document = import(Dialect::A2ui, &messages).unwrap().document;
    assert_eq!(
        document["components"][0]["children"][0]["props"]["content"],
        "New"
    );
    assert_eq!(document["state"]["rows"][0]["name"], "z");
    assert_eq!(document["state"]["a"], json!({"b": 1}));
    assert_eq!(document["state"].get("n"), None);
}

#[test]
fn what_is_no_conversation_is_refused_with_a_reason() {
    for (payload, says) in [
        (json!(7), "list of messages"),
        (json!("not json"), "line 1"),
        (json!([]), "root"),
        (
            json!([{"surfaceUpdate": {"surfaceId": "a", "components": []}}]),
            "0.9 and 1.0",
        ),
    ] {
        let refused = import(Dialect::A2ui, &payload).unwrap_err();
        assert!(refused.message.contains(says), "{payload}: {}", refused.message);
    }
}
