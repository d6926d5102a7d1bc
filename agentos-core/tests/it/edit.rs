//! Edit lines: what each does, and that a failing one costs nothing but itself.

use agentos_core::spec::edit::{self, Edited};
use agentos_core::spec::{Code, Issue, bounds, patch};
use serde_json::{Value, json};

fn todo() -> Value {
    json!({
        "title": "Todo",
        "state": {"filter": "all", "todos": []},
        "computed": {"left": "todos | length"},
        "components": [
            {"type": "container", "id": "row", "children": [
                {"type": "input", "id": "draft", "props": {"label": "New", "value": {"$bind": "draft"}}},
                {"type": "button", "id": "add", "props": {"text": "Add", "variant": "primary"},
                 "on_event": {"click": "add", "focus": "hint"}}
            ]},
            {"type": "button", "id": "clear", "props": {"text": "Clear"}}
        ]
    })
}

/// Applies `lines` and checks that the patch leads to the same document.
#[track_caller]
fn edited(doc: &Value, lines: &str) -> Edited {
    let edited = edit::apply(doc, lines);
    let mut patched = doc.clone();
    patch::apply(&mut patched, &edited.patch, bounds::verify).unwrap();
    assert_eq!(patched, edited.doc, "the patch makes the edited document");
    edited
}

#[track_caller]
fn edits(lines: &str, change: impl FnOnce(&mut Value)) {
    let edited = edited(&todo(), lines);
    let mut expected = todo();
    change(&mut expected);
    assert_eq!(edited.issues, []);
    assert_eq!(edited.doc, expected);
}

#[track_caller]
fn skips(line: &str, says: &str, hint: Option<&str>) {
    let edited = edited(&todo(), line);
    assert_eq!(edited.doc, todo());
    assert_eq!(edited.patch, []);
    let [
        Issue {
            code: Code::EditFailed,
            message,
            hint: found,
            ..
        },
    ] = edited.issues.as_slice()
    else {
        panic!("one failing line: {:?}", edited.issues)
    };
    assert!(
        message.starts_with("line 1 was skipped: ") && message.contains(says),
        "{message:?} says {says:?}"
    );
    assert_eq!(found.as_deref(), hint);
}

/// The ids of the components of a list, in order.
fn order(list: &Value) -> Vec<&str> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|component| component["id"].as_str().unwrap())
        .collect()
}

#[test]
fn upsert_merges_into_a_component_and_null_deletes() {
    edits(
        r#"{"upsert":{"id":"clear","props":{"text":"Clear done","size":"large"}}}"#,
        |doc| {
            doc["components"][1]["props"] = json!({"text": "Clear done", "size": "large"});
        },
    );
    edits(
        r#"{"upsert":{"id":"add","props":{"variant":null},"on_event":{"focus":null,"blur":"x"},"visible":"a"}}"#,
        |doc| {
            let add = &mut doc["components"][0]["children"][1];
            add["props"] = json!({"text": "Add"});
            add["on_event"] = json!({"click": "add", "blur": "x"});
            add["visible"] = json!("a");
        },
    );
    edits(
        r#"{"upsert":{"id":"draft","props":{"value":{"$lit":1}}}}"#,
        |doc| {
            doc["components"][0]["children"][0]["props"]["value"] = json!({"$lit": 1});
        },
    );
}

#[test]
fn upsert_puts_a_new_component_where_it_is_asked_to() {
    let order_after = |place: &str| {
        let line = format!(r#"{{"upsert":{{"id":"new","type":"text"}}{place}}}"#);
        let edited = edited(&todo(), &line);
        assert_eq!(edited.issues, []);
        let root = order(&edited.doc["components"]).join(" ");
        format!(
            "{root} / {}",
            order(&edited.doc["components"][usize::from(root.starts_with("new"))]["children"]).join(" ")
        )
    };
    assert_eq!(order_after(""), "row clear new / draft add");
    assert_eq!(order_after(r#","at":"first""#), "new row clear / draft add");
    assert_eq!(order_after(r#","into":"row""#), "row clear / draft add new");
    assert_eq!(
        order_after(r#","into":"row","at":"first""#),
        "row clear / new draft add"
    );
    assert_eq!(
        order_after(r#","into":"row","at":"after:draft""#),
        "row clear / draft new add"
    );
    assert_eq!(order_after(r#","at":"before:add""#), "row clear / draft new add");
    assert_eq!(order_after(r#","at":"after:row""#), "row new clear / draft add");
    assert_eq!(
        order_after(r#","into":"root","at":"last""#),
        "row clear new / draft add"
    );
}

#[test]
fn upsert_makes_the_list_of_a_parent_that_has_none() {
    edits(
        r#"{"upsert":{"id":"icon","type":"icon"},"into":"clear"}"#,
        |doc| {
            doc["components"][1]["children"] = json!([{"id": "icon", "type": "icon"}]);
        },
    );
    let bare = edited(&json!({"title": "A"}), r#"{"upsert":{"id":"t","type":"text"}}"#);
    assert_eq!(
        bare.doc,
        json!({"title": "A", "components": [{"id": "t", "type": "text"}]})
    );
}

#[test]
fn upsert_moves_a_component_that_is_there() {
    let moved = edited(
        &todo(),
        r#"{"upsert":{"id":"clear","props":{"text":"X"}},"into":"row","at":"before:add"}"#,
    );
    assert_eq!(
        order(&moved.doc["components"][0]["children"]),
        ["draft", "clear", "add"]
    );
    assert_eq!(moved.doc["components"][0]["children"][1]["props"]["text"], "X");
    let within = edited(&todo(), r#"{"upsert":{"id":"draft"},"into":"row","at":"last"}"#);
    assert_eq!(order(&within.doc["components"][0]["children"]), ["add", "draft"]);
    let to_root = edited(&todo(), r#"{"upsert":{"id":"add"},"at":"first"}"#);
    assert_eq!(order(&to_root.doc["components"]), ["add", "row", "clear"]);
    let into_sibling_behind = edited(&todo(), r#"{"upsert":{"id":"row"},"into":"clear"}"#);
    assert_eq!(
        order(&into_sibling_behind.doc["components"][0]["children"]),
        ["row"]
    );
    skips(
        r#"{"upsert":{"id":"row"},"into":"row"}"#,
        "cannot move into itself",
        None,
    );
    skips(
        r#"{"upsert":{"id":"row"},"at":"after:draft"}"#,
        "cannot move into itself",
        None,
    );
}

#[test]
fn remove_set_and_state_change_the_document() {
    edits(r#"{"remove":"clear"}"#, |doc| {
        doc["components"].as_array_mut().unwrap().pop();
    });
    edits(r#"{"remove":["draft","add"]}"#, |doc| {
        doc["components"][0]["children"] = json!([]);
    });
    edits(
        r#"{"set":{"title":"Tasks","computed":{"open":"left"},"persist":["todos"]}}"#,
        |doc| {
            doc["title"] = json!("Tasks");
            doc["computed"] = json!({"left": "todos | length", "open": "left"});
            doc["persist"] = json!(["todos"]);
        },
    );
    edits(
        r#"{"set":{"computed":{"left":null},"title":null,"layout":null}}"#,
        |doc| {
            doc["computed"] = json!({});
            doc.as_object_mut().unwrap().shift_remove("title");
        },
    );
    edits(
        r#"{"set":{"data":{"gone":null,"keys":{"tool":"storage.list"}},"watch":{"gone":null}}}"#,
        |doc| {
            doc["data"] = json!({"keys": {"tool": "storage.list"}});
        },
    );
    edits(r#"{"state":{"filter":"open","selected":null}}"#, |doc| {
        doc["state"] = json!({"filter": "open", "todos": [], "selected": null});
    });
    edits(r#"{"set":{"state":{"filter":null}},"state":{"a":1}}"#, |doc| {
        doc["state"] = json!({"filter": null, "todos": [], "a": 1});
    });
}

#[test]
fn reads_lines_as_models_write_them() {
    let wished = |doc: &mut Value| {
        doc["title"] = json!("Tasks");
        doc["state"]["filter"] = json!("open");
    };
    edits(
        "{\"set\":{\"title\":\"Tasks\"}}\n\n{\"state\":{\"filter\":\"open\"}}\n",
        wished,
    );
    edits(
        "Here you are:\n```json\n{\"set\":{\"title\":\"Tasks\"}}\n{\"state\":{\"filter\":\"open\"}}\n```\nDone.",
        wished,
    );
    edits(
        "[\n  {\"set\": {\n    \"title\": \"Tasks\"\n  }},\n  {\"state\": {\"filter\": \"open\"}}\n]",
        wished,
    );
    edits(
        "{\"set\":{\"title\":\"Tasks\"}} {\"state\":{\"filter\":\"open\"}}",
        wished,
    );
    edits(
        "{\"set\":{\"title\":\"Tasks\"},\"state\":{\"filter\":\"open\"}}",
        wished,
    );
}

#[test]
fn a_failing_line_is_told_and_the_others_stand() {
    let lines = "{\"remove\":\"clera\"}\n{\"upsert\":{\"id\":\"clear\",\"props\":{\"text\":\"X\"}}}\n{\"remove\":\n\n{\"set\":{\"title\":\"Y\"}}";
    let edited = edited(&todo(), lines);
    assert_eq!(edited.doc["components"][1]["props"]["text"], "X");
    assert_eq!(edited.doc["title"], "Y");
    let told: Vec<_> = edited.issues.iter().map(|issue| issue.message.as_str()).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!(told[0], "line 1 was skipped: there is no component `clera`");
    assert_eq!(edited.issues[0].hint.as_deref(), Some("did you mean `clear`?"));
    assert!(
        told[1].starts_with("line 3 was skipped: not a JSON object"),
        "{}",
        told[1]
    );
}

#[test]
fn says_why_a_line_was_skipped() {
    skips(
        r#"{"upsert":{"id":"clearr","props":{"text":"X"}}}"#,
        "needs its `type`",
        Some("did you mean `clear`?"),
    );
    skips(r#"{"upsert":{"type":"text"}}"#, "with its `id`", None);
    skips(
        r#"{"upsert":{"id":"n","type":"text"},"into":"raw"}"#,
        "no component `raw`",
        None,
    );
    skips(
        r#"{"upsert":{"id":"n","type":"text"},"into":"clear","at":"after:draft"}"#,
        "`draft` is not in `clear`",
        None,
    );
    skips(r#"{"upsert":{"id":"n","type":"text"},"at":2}"#, "before:ID", None);
    skips(
        r#"{"upsert":{"id":"n","type":"text"},"at":"under:row"}"#,
        "before:ID",
        None,
    );
    skips(r#"{"upsert":{"id":"add","type":null}}"#, "without a `type`", None);
    skips(
        r#"{"upsert":{"id":"add","props":{"__proto__":1}}}"#,
        "__proto__",
        None,
    );
    skips(r#"{"remove":7}"#, "`remove` takes the id", None);
    skips(r#"{"remove":"add","into":"row"}"#, "belong to `upsert`", None);
    skips(r#"{"set":{"components":{}}}"#, "does not take `components`", None);
    skips(r#"{"state":[1]}"#, "`state` takes an object", None);
    skips(r#"{"insert":{"id":"a"}}"#, "`insert` is no edit", None);
    skips("{}", "asks for nothing", None);
    skips(r#"{"upsert": {"id""#, "not a JSON object", None);
}

#[test]
fn a_whole_document_replaces_the_old_one_unless_it_is_cut() {
    let new = json!({"title": "New", "components": [{"type": "text", "id": "t"}]});
    for text in [
        new.to_string(),
        format!("```json\n{}\n```", serde_json::to_string_pretty(&new).unwrap()),
        new.to_string().replace('}', ",}"),
    ] {
        let edited = edited(&todo(), &text);
        assert_eq!(edited.doc, new, "{text}: {:?}", edited.issues);
        assert_eq!(edited.issues, []);
    }
    let text = new.to_string();
    skips(&text[..text.len() - 2], "not a JSON object", None);
}

#[test]
fn components_without_an_id_are_addressed_by_the_one_they_have_by_position() {
    let doc = json!({"components": [
        {"type": "card", "children": [{"type": "text", "id": "a"}, {"type": "badge"}]},
        {"type": "button"},
        {"type": "link", "id": "c1"},
    ]});
    let edited = edited(
        &doc,
        "{\"remove\":\"a\"}\n{\"upsert\":{\"id\":\"c0_1\",\"props\":{\"text\":\"X\"}}}",
    );
    assert_eq!(edited.issues, []);
    assert_eq!(
        edited.doc["components"],
        json!([
            {"type": "card", "id": "c0", "children": [{"type": "badge", "id": "c0_1", "props": {"text": "X"}}]},
            {"type": "button"},
            {"type": "link", "id": "c1"},
        ])
    );
}

#[test]
fn an_edit_keeps_the_bounds() {
    let large = "x".repeat(600 * 1024);
    let refused = edited(&todo(), &format!(r#"{{"set":{{"title":"{large}"}}}}"#));
    assert_eq!((refused.issues[0].code, refused.doc), (Code::TooLarge, todo()));

    let property = "x".repeat(65 * 1024);
    let refused = edited(
        &todo(),
        &format!(r#"{{"upsert":{{"id":"add","props":{{"text":"{property}"}}}}}}"#),
    );
    assert_eq!((refused.issues[0].code, refused.doc), (Code::TooLarge, todo()));

    let deeper: Vec<String> = (0..60)
        .map(|level| {
            let into = if level == 0 {
                "root".to_owned()
            } else {
                format!("l{}", level - 1)
            };
            format!("{{\"upsert\":{{\"id\":\"l{level}\",\"type\":\"card\"}},\"into\":\"{into}\"}}\n")
        })
        .collect();
    let refused = edited(&todo(), &deeper.concat());
    assert_eq!((refused.issues[0].code, refused.doc), (Code::TooDeep, todo()));

    let many = "{\"state\":{\"a\":1}}\n".repeat(edit::LINES) + "{\"set\":{\"title\":\"late\"}}";
    let edited = edited(&todo(), &many);
    assert_eq!(edited.doc["title"], "Todo");
    assert_eq!(edited.issues.len(), 1);
    assert!(
        edited.issues[0].message.contains("from line 1001 on"),
        "{}",
        edited.issues[0].message
    );
}

#[test]
fn text_without_lines_is_told() {
    for text in ["", "I made the buttons bigger.", "```\n```"] {
        let edited = edited(&todo(), text);
        assert_eq!((edited.doc, edited.issues[0].code), (todo(), Code::EditFailed));
        assert!(edited.issues[0].hint.is_some());
    }
}
