//! The checker, one table a code.

use agentos_core::spec::check::check;
use agentos_core::spec::{Catalog, Issue, Severity, UiSpec};
use serde_json::{Value, json};

fn issues(doc: &Value) -> Vec<Issue> {
    let spec = UiSpec::from_json(doc).expect("a well shaped document");
    check(&spec, Catalog::builtin())
}

/// The issues that matter: notes about what is unused are told elsewhere.
fn told(doc: &Value) -> Vec<String> {
    let issues = issues(doc)
        .into_iter()
        .filter(|issue| issue.severity != Severity::Note);
    issues.map(|issue| summary(&issue)).collect()
}

fn summary(issue: &Issue) -> String {
    let json = serde_json::to_value(issue).expect("an issue is JSON");
    let hint = issue
        .hint
        .as_deref()
        .map(|hint| format!(" ({hint})"))
        .unwrap_or_default();
    format!(
        "{} {} {}{hint}",
        json["severity"].as_str().unwrap_or_default(),
        json["code"].as_str().unwrap_or_default(),
        issue.path
    )
}

/// One component beside a little state.
#[track_caller]
fn component(given: &Value, expected: &[&str]) {
    let doc = with(given, &json!({}));
    assert_eq!(told(&doc), expected, "{given}\n{:#?}", issues(&doc));
}

fn with(component: &Value, more: &Value) -> Value {
    let mut doc = json!({
        "state": {"name": "", "count": 1, "on": false, "todos": [{"id": "a", "text": "A"}], "plain": [{"text": "A"}], "form": {"title": ""}},
        "computed": {"double": "count * 2"},
        "actions": {"add": {"tool": "ui.increment", "args": {"path": "count"}}},
        "components": [component],
    });
    for (key, value) in more.as_object().into_iter().flatten() {
        doc[key] = value.clone();
    }
    doc
}

#[track_caller]
fn document(more: &Value, expected: &[&str]) {
    let doc = with(&json!({"type": "text", "props": {"content": "A"}}), more);
    assert_eq!(told(&doc), expected, "{more}\n{:#?}", issues(&doc));
}

#[track_caller]
fn click(step: &Value, expected: &[&str]) {
    component(
        &json!({"type": "button", "props": {"text": "A"}, "on_event": {"click": step}}),
        expected,
    );
}

#[test]
fn types() {
    component(&json!({"type": "divider"}), &[]);
    component(
        &json!({"type": "hologram", "props": {"x": "{{ count }}"}}),
        &["warning unknown_type /components/0/type"],
    );
    component(
        &json!({"type": "buttn", "props": {}}),
        &["warning unknown_type /components/0/type (button)"],
    );
    component(
        &json!({"type": "row"}),
        &["warning unknown_type /components/0/type (container)"],
    );
}

#[test]
fn props() {
    let text = |props: Value| json!({"type": "text", "props": props});
    component(&text(json!({"content": "A", "weight": "bold"})), &[]);
    component(
        &text(json!({"content": "{{ double }}", "weight": "{{ name }}"})),
        &[],
    );
    component(&text(json!({"content": null})), &[]);
    component(
        &text(json!({"content": ["A"]})),
        &["error prop_type /components/0/props/content"],
    );
    component(
        &text(json!({"weight": "heavy"})),
        &["error prop_enum /components/0/props/weight"],
    );
    component(
        &text(json!({"weight": "Bold"})),
        &["error prop_enum /components/0/props/weight (bold)"],
    );
    component(
        &text(json!({"glow": 1})),
        &["warning unknown_prop /components/0/props/glow"],
    );
    component(
        &text(json!({"contnet": "A"})),
        &["warning unknown_prop /components/0/props/contnet (content)"],
    );
    component(
        &json!({"type": "grid", "props": {"columns": 13}}),
        &["error prop_type /components/0/props/columns"],
    );
    component(
        &json!({"type": "select", "props": {"label": "A"}}),
        &["error missing_prop /components/0 (options)"],
    );
    component(
        &json!({"type": "select", "props": {"label": "A", "options": [{"label": "x"}]}}),
        &["error prop_type /components/0/props/options/0"],
    );
    component(
        &json!({"type": "select", "props": {"label": "A", "options": [{"value": "{{ name }}", "label": "x"}]}}),
        &[],
    );
    component(
        &json!({"type": "table", "props": {"columns": [{"key": "a", "algin": "left"}], "rows": []}}),
        &["error prop_type /components/0/props/columns/0 (align)"],
    );
    component(
        &json!({"type": "text", "props": {"style": {"colour": "red", "background": "url(x)", "color": "red"}}}),
        &[
            "warning unknown_prop /components/0/props/style/colour (color)",
            "error prop_type /components/0/props/style/background",
        ],
    );
}

#[test]
fn urls() {
    let link = |href: &str| json!({"type": "link", "props": {"text": "A", "href": href}});
    component(&link("https://example.org"), &[]);
    component(&link("{{ name }}"), &[]);
    component(&link("#"), &["error url_scheme /components/0/props/href"]);
    component(&link("https://example.org/{{ name }}"), &[]);
    component(
        &link("javascript:alert(1)"),
        &["error url_scheme /components/0/props/href"],
    );
    component(
        &link("javascript:{{ name }}"),
        &["error url_scheme /components/0/props/href"],
    );
    component(
        &json!({"type": "image", "props": {"src": "data:image/png;base64,AA", "alt": ""}}),
        &[],
    );
    component(
        &json!({"type": "image", "props": {"src": "file:///etc/passwd", "alt": ""}}),
        &["error url_scheme /components/0/props/src"],
    );
    let get = |url: &str| json!({"tool": "http.get", "args": {"url": url}});
    for url in ["ftp://example.org", "www.example.org", "file:///{{ name }}"] {
        click(
            &get(url),
            &["error url_scheme /components/0/on_event/click/args/url"],
        );
    }
    click(&get("https://example.org/{{ name }}"), &[]);
    click(&get("{{ name }}"), &[]);
    click(
        &json!({"tool": "http.socket", "args": {"url": "https://example.org"}}),
        &["error url_scheme /components/0/on_event/click/args/url"],
    );
    document(
        &json!({"data": {"q": get("ftp://example.org")}}),
        &["error url_scheme /data/q/args/url"],
    );
}

#[test]
fn what_is_asked_for_and_what_is_used_agree() {
    #[track_caller]
    fn asks(permissions: &Value, step: &Value, expected: &[&str]) {
        let button = json!({"type": "button", "props": {"text": "A"}, "on_event": {"click": step}});
        let mut doc = with(&button, &json!({"state": {}, "computed": {}, "actions": {}}));
        doc["permissions"] = permissions.clone();
        let found: Vec<String> = issues(&doc).iter().map(summary).collect();
        assert_eq!(found, expected, "{permissions} {step}");
    }
    let get = |url: &str| json!({"tool": "http.get", "args": {"url": url}});
    let api = get("https://api.example.org/items");
    let step = "/components/0/on_event/click";
    asks(&json!({}), &api, &[]);
    for hosts in [
        json!(["api.example.org"]),
        json!(["*.example.org"]),
        json!(["https://API.example.org"]),
        json!(["*"]),
        json!(true),
    ] {
        asks(&json!({"http": hosts}), &api, &[]);
    }
    asks(
        &json!({"http": ["other.example.org"]}),
        &api,
        &[
            &format!("warning tool_not_bound {step} (\"permissions\": {{\"http\": [\"api.example.org\"]}})"),
            "note unused /permissions/http/0",
        ],
    );
    asks(
        &json!({"storage": true}),
        &api,
        &[
            &format!("warning tool_not_bound {step} (\"permissions\": {{\"http\": [\"…\"]}})"),
            "note unused /permissions/storage",
        ],
    );
    asks(
        &json!({"http": ["a.example.org"]}),
        &get("{{ 'https://' ~ 'a' }}"),
        &[],
    );
    asks(
        &json!({"http": ["a.example.org"]}),
        &json!({"tool": "storage.clear"}),
        &["note unused /permissions/http"],
    );
    asks(
        &json!({"htp": [], "camera": true}),
        &json!({"tool": "storage.clear"}),
        &[
            "warning tool_unknown /permissions/htp",
            "warning tool_unknown /permissions/camera",
        ],
    );
    let picture = json!({"type": "image", "props": {"src": "https://img.example.org/a.png", "alt": ""}});
    let mut doc = with(&picture, &json!({"state": {}, "computed": {}, "actions": {}}));
    doc["permissions"] = json!({"http": ["img.example.org"]});
    assert_eq!(issues(&doc), []);
}

#[test]
fn expressions() {
    let text = |content: &str| json!({"type": "text", "props": {"content": content}});
    component(&text("{{ count + double }} {{ name | upper }}"), &[]);
    component(
        &text("{{ count + }}"),
        &["error expr_syntax /components/0/props/content"],
    );
    component(
        &text("{{ cuont }}"),
        &["error expr_unknown_name /components/0/props/content (count)"],
    );
    component(
        &text("{{ name | shout }}"),
        &["error expr_unknown_name /components/0/props/content"],
    );
    component(
        &text("{{ item }}"),
        &["error expr_unknown_name /components/0/props/content"],
    );
    component(
        &text("{{ event.value }}"),
        &["error expr_unknown_name /components/0/props/content"],
    );
    component(
        &text("{{ now() }}"),
        &["error expr_unknown_name /components/0/props/content"],
    );
    component(
        &text("{{ _.wx.loading }}"),
        &["error expr_unknown_name /components/0/props/content"],
    );
    component(&text("{% if %}"), &[]);
    component(
        &json!({"type": "divider", "visible": "nope"}),
        &["error expr_unknown_name /components/0/visible"],
    );
    component(
        &json!({"type": "list", "each": {"in": "todos", "as": "t", "where": "t.x == y"}, "children": [text("{{ t.text }} {{ item }}")]}),
        &["error expr_unknown_name /components/0/each/where"],
    );
}

#[test]
fn bindings() {
    let input = |path: &str| json!({"type": "input", "props": {"label": "A", "value": {"$bind": path}}});
    component(&input("name"), &[]);
    component(&input("form.title"), &[]);
    component(
        &input("nmae"),
        &["error bind_unknown_path /components/0/props/value (name)"],
    );
    component(
        &input("double"),
        &["error bind_unknown_path /components/0/props/value"],
    );
    component(
        &json!({"type": "input", "props": {"label": {"$bind": "name"}}}),
        &["warning prop_type /components/0/props/label (value)"],
    );
    let rows = |list: &str| json!({"type": "list", "each": {"in": list, "as": "t"}, "children": [{"type": "checkbox", "props": {"label": "A", "checked": {"$bind": "t.done"}}}]});
    component(&rows("todos"), &[]);
    component(
        &rows("double"),
        &["error bind_unknown_path /components/0/children/0/props/checked"],
    );
    component(
        &rows("nothing"),
        &[
            "error bind_unknown_path /components/0/each/in",
            "error bind_unknown_path /components/0/children/0/props/checked",
        ],
    );
    document(
        &json!({"persist": ["name", "gone"]}),
        &["error bind_unknown_path /persist/1"],
    );
    document(
        &json!({"watch": {"gone": "add"}}),
        &["error bind_unknown_path /watch/gone"],
    );
}

#[test]
fn themes() {
    document(
        &json!({"theme": {"accent": "#2f56d9", "density": "compact", "mode": "dark"}}),
        &[],
    );
    document(
        &json!({"theme": {"accent": "blue", "density": "dense", "mode": "drk", "colour": "#fff"}}),
        &[
            "warning prop_type /theme/accent",
            "warning prop_enum /theme/density",
            "warning prop_enum /theme/mode",
            "warning unknown_prop /theme/colour",
        ],
    );
}

#[test]
fn service_bindings() {
    document(
        &json!({"service_bindings": {"storage": ["get", "storage.set"], "http": ["*"]}}),
        &[],
    );
    document(
        &json!({"service_bindings": {"storag": ["get"], "storage": ["gett"]}}),
        &[
            "warning tool_unknown /service_bindings/storag (storage)",
            "warning tool_unknown /service_bindings/storage/0 (get)",
        ],
    );
}

#[test]
fn watches_that_set_each_other_off_are_a_loop() {
    let adds = |path: &str| json!({"tool": "ui.increment", "args": {"path": path}});
    let state = json!({"a": 0, "b": 0, "c": 0});
    let watched = |watch: Value, expected: &[&str]| {
        document(
            &json!({"state": state, "computed": {}, "actions": {}, "watch": watch}),
            expected,
        );
    };
    watched(json!({"a": adds("a")}), &["error watch_loop /watch/a (if)"]);
    watched(
        json!({"a": adds("b"), "b": [{"do": [adds("a")]}]}),
        &["error watch_loop /watch/a (if)"],
    );
    watched(json!({"a": adds("b"), "b": adds("c")}), &[]);
    let mut ended = adds("a");
    ended["if"] = json!("a < 3");
    watched(json!({"a": ended}), &[]);
    watched(
        json!({"a": {"tool": "ui.set_state", "args": {"path": "a", "value": "{{ [a, 9] | min }}"}}}),
        &[],
    );
}

#[test]
fn what_is_called_is_there() {
    let text = |source: &str, expected: &[&str]| {
        component(
            &json!({"type": "text", "props": {"content": format!("{{{{ {source} }}}}")}}),
            expected,
        );
    };
    text(
        "name is defined and count is not odd and name.upper().startswith('A')",
        &[],
    );
    text(
        "name is deffined",
        &["error expr_unknown_name /components/0/props/content (defined)"],
    );
    text(
        "name is not tall",
        &["error expr_unknown_name /components/0/props/content"],
    );
    text(
        "name.upcase()",
        &["error expr_unknown_name /components/0/props/content"],
    );
    text(
        "name.startsWith('a')",
        &["error expr_unknown_name /components/0/props/content (startswith)"],
    );
    text(
        "len(name)",
        &["error expr_unknown_name /components/0/props/content (x | length)"],
    );
    text(
        "max(count, 2)",
        &["error expr_unknown_name /components/0/props/content ([a, b] | max)"],
    );
    text(
        "Math.round(count)",
        &[
            "error expr_unknown_name /components/0/props/content (x | round, x | abs, [a, b] | max)",
            "error expr_unknown_name /components/0/props/content",
        ],
    );
    for foreign in [
        "count === 1",
        "count !== 1",
        "count || 1",
        "count && 1",
        "!count",
        "count ? 1 : 2",
    ] {
        text(foreign, &["error expr_syntax /components/0/props/content"]);
    }
}

#[test]
fn the_rest_of_a_document_is_checked_although_a_part_of_it_cannot_be_read() {
    let document = json!({
        "computed": {"c": [1]},
        "components": [
            {"type": "wizard"},
            {"type": "button", "props": {"text": "{{ c + unknown }}", "size": 9}, "on_event": {"click": {"do": 4}}},
            {"type": "text", "props": {"content": "{{ (1 }}"}, "checks": 4},
        ]
    });
    let refused = agentos_core::spec::accept::accept(
        document,
        Catalog::builtin(),
        agentos_core::spec::mend::Loss::Forbidden,
    )
    .unwrap_err();
    let serious: Vec<String> = refused
        .iter()
        .filter(|issue| issue.severity != Severity::Note)
        .map(summary)
        .collect();
    for expected in [
        "error expr_syntax /computed/c",
        "error schema /components/2/checks",
        "warning unknown_type /components/0/type",
        "error expr_syntax /components/2/props/content",
    ] {
        assert!(
            serious.iter().any(|told| told.starts_with(expected)),
            "{expected}: {serious:#?}"
        );
    }
    assert!(
        !serious.iter().any(|told| told.contains("unknown_name")),
        "{serious:#?}"
    );
}

#[test]
fn each() {
    let list = |each: Value| json!({"type": "list", "each": each, "children": [{"type": "divider"}]});
    component(&list(json!("todos")), &[]);
    component(&list(json!("plain")), &["warning each_no_key /components/0/each"]);
    component(&list(json!({"in": "plain", "key": "text"})), &[]);
    component(
        &list(json!("name")),
        &["error each_not_list /components/0/each/in"],
    );
    component(
        &list(json!({"in": "todos", "as": "event"})),
        &["error name_collision /components/0/each/as"],
    );
    component(
        &list(json!({"in": "todos", "as": "the todo"})),
        &["error schema /components/0/each/as"],
    );
    document(
        &json!({"state": {"rows": [{"id": 1}, {"id": 1}]}, "computed": {}, "actions": {}, "components": [list(json!("rows"))]}),
        &["warning duplicate_id /components/0/each"],
    );
    component(
        &json!({"type": "list", "each": "todos"}),
        &["warning schema /components/0/each"],
    );
    component(
        &json!({"type": "divider", "each": "todos"}),
        &[
            "error schema /components/0/each (container)",
            "warning schema /components/0/each",
        ],
    );
}

#[test]
fn members_of_rows_that_look_like_a_slip_are_told() {
    let list = |content: &str| {
        json!({"type": "list", "each": {"in": "todos", "as": "t"}, "children": [
            {"type": "text", "props": {"content": content}}]})
    };
    let slip = "warning expr_unknown_name /components/0/children/0/props/content";
    component(&list("{{ t.text }} {{ t.id }}"), &[]);
    component(&list("{{ t.txet }}"), &[&format!("{slip} (text)")]);
    component(&list("{{ t.Text }}"), &[&format!("{slip} (text)")]);
    component(&list("{{ t.price }}"), &[]);
    let adding = with(
        &list("{{ t.pirce }}"),
        &json!({"actions": {"add": {"tool": "ui.add_item", "args": {"path": "todos", "value": {"price": "{{ count }}"}}}}}),
    );
    assert!(
        told(&adding).contains(&format!("{slip} (price)")),
        "{:#?}",
        issues(&adding)
    );
    let unknown = with(
        &list("{{ t.txet }}"),
        &json!({"state": {"todos": [], "count": 1}}),
    );
    assert!(
        !told(&unknown).iter().any(|told| told.starts_with(slip)),
        "{:#?}",
        issues(&unknown)
    );
}

#[test]
fn members_of_the_state_that_look_like_a_slip_are_told() {
    #[track_caller]
    fn read(content: &str, more: &Value, expected: &[&str]) {
        let text = json!({"type": "text", "props": {"content": content}});
        let mut doc = with(
            &text,
            &json!({"state": {
            "u": {"name": "", "home": {"city": ""}, "line1": ""}, "todos": [{"id": "a", "title": "A"}], "mixed": [1, {"title": "B"}], "any": null, "key": "name"
        }, "computed": {}, "actions": {}}),
        );
        for (key, value) in more.as_object().into_iter().flatten() {
            doc[key] = value.clone();
        }
        let expected: Vec<String> = expected
            .iter()
            .map(|hint| format!("warning expr_unknown_name /components/0/props/content ({hint})"))
            .collect();
        assert_eq!(told(&doc), expected, "{content} with {more}\n{:#?}", issues(&doc));
    }
    let nothing = json!({});
    read("{{ u.nmae }}", &nothing, &["name"]);
    read("{{ u.home.ctiy }}", &nothing, &["city"]);
    read("{{ u.hmoe.city }}", &nothing, &["home"]);
    read("{{ todos[0].ttle }}", &nothing, &["title"]);
    read("{{ todos[-1].titel ~ todos.0.title }}", &nothing, &["title"]);
    read("{{ mixed[1].titel }}", &nothing, &["title"]);
    for fine in [
        "{{ u.name }} {{ u.home.city }} {{ u.home }}",
        "{{ todos[0].title }} {{ todos[0].id }}",
        "{{ u.nickname }} {{ u.line2 }} {{ any.nmae }} {{ u[key] }}",
        "{{ u.items() | length }} {{ u.name.upper() }}",
    ] {
        read(fine, &nothing, &[]);
    }
    let write = |step: Value| json!({"on": {"mount": step}});
    let set = |path: &str, value: Value| {
        write(json!({"tool": "ui.set_state", "args": {"path": path, "value": value}}))
    };
    for written in [
        set("u", json!({"nmae": 1})),
        set("u", json!("{{ any }}")),
        set("u.nmae", json!("{{ any }}")),
        set("u.{{ key }}", json!(1)),
        set("{{ key }}", json!(1)),
        write(json!({"tool": "ui.set_multiple", "args": {"values": {"u.nmae": 1}}})),
        write(json!({"tool": "ui.get_state", "args": {"path": "any"}, "into": "u"})),
        write(
            json!({"tool": "timer.set", "args": {"ms": 100, "action": {"do": [{"tool": "ui.toggle", "args": {"path": "u.nmae"}}]}}}),
        ),
    ] {
        read("{{ u.nmae }}", &written, &[]);
    }
    read(
        "{{ u.nmae }}",
        &set("todos", json!("{{ todos + [{'title': 'B'}] }}")),
        &["name"],
    );
    read(
        "{{ todos[0].titel }}",
        &set("todos", json!("{{ todos | sort }}")),
        &["title"],
    );
    let changed = |tool: &str, args: Value| write(json!({"tool": tool, "args": args}));
    let value = json!({"path": "todos", "key": "a", "value": {"titel": "C"}});
    read("{{ todos[0].titel }}", &changed("ui.update_item", value), &[]);
    let value = json!({"path": "todos", "value": "{{ any }}"});
    read("{{ todos[0].titel }}", &changed("ui.add_item", value), &[]);
    let flag = json!({"path": "todos", "item_id": "a", "field": "titel"});
    read("{{ todos[0].titel }}", &changed("list.toggle", flag), &[]);
}

#[test]
fn a_length_that_is_written_as_a_member_is_told() {
    #[track_caller]
    fn read(content: &str, expected: &[&str]) {
        let list = json!({"type": "list", "each": {"in": "todos", "as": "t"}, "children": [
            {"type": "text", "props": {"content": content}}]});
        let doc = with(
            &list,
            &json!({
                "state": {"todos": [{"id": "a", "title": "A", "tags": []}], "few": [], "film": {"length": 90}, "any": null},
                "computed": {"open": "todos | rejectattr('done') | list", "sizes": "{'length': 1}"},
                "actions": {}, "on": {"mount": {"tool": "ui.set_state", "args": {"path": "todos", "value": "{{ todos | sort }}"}}},
            }),
        );
        let at = "warning expr_unknown_name /components/0/children/0/props/content";
        let expected: Vec<String> = expected.iter().map(|hint| format!("{at} ({hint})")).collect();
        assert_eq!(told(&doc), expected, "{content}");
    }
    read("{{ todos.length }}", &["todos | length"]);
    read("{{ few.length > 0 }}", &["few | length"]);
    read(
        "{{ t.tags.length }} {{ t.title.length }}",
        &["t.tags | length", "t.title | length"],
    );
    read("{{ todos[0].tags.length }}", &["todos.0.tags | length"]);
    read("{{ open.length }}", &["open | length"]);
    for fine in [
        "{{ film.length }}",
        "{{ any.length }}",
        "{{ sizes.length }}",
        "{{ todos | length }}",
    ] {
        read(fine, &[]);
    }
}

#[test]
fn members_of_a_bound_path_are_there_or_can_come_there() {
    #[track_caller]
    fn bound(path: &str, expected: &[&str]) {
        let input = json!({"type": "input", "props": {"label": "A", "value": {"$bind": path}}});
        let state = json!({"u": {"name": "", "any": null, "home": {}}, "todos": [{"id": "a", "title": "A", "parts": [{"id": "b", "text": "B"}]}]});
        let rows = json!({"type": "list", "each": {"in": "todos", "as": "t"}, "children": [
            {"type": "list", "each": {"in": "t.parts", "as": "p"}, "children": [input]}]});
        let doc = with(&rows, &json!({"state": state, "computed": {}, "actions": {}}));
        assert_eq!(told(&doc), expected, "{path}\n{:#?}", issues(&doc));
    }
    let at = |severity: &str, hint: &str| {
        format!("{severity} bind_unknown_path /components/0/children/0/children/0/props/value{hint}")
    };
    bound("u.name", &[]);
    bound("u.any.name", &[]);
    bound("u.home.city", &[]);
    bound("u.nickname", &[]);
    bound("t.done", &[]);
    bound("p.text", &[]);
    bound("u.nmae", &[&at("warning", " (name)")]);
    bound("t.ttle", &[&at("warning", " (title)")]);
    bound("p.txet", &[&at("warning", " (text)")]);
    bound("todos.0.parts.0.txet", &[&at("warning", " (text)")]);
    bound("u.name.first", &[&at("error", "")]);
    bound("p.text.first", &[&at("error", "")]);
}

#[test]
fn names() {
    document(
        &json!({"computed": {"name": "1"}}),
        &["error name_collision /computed/name"],
    );
    document(
        &json!({"computed": {"the sum": "count"}}),
        &["warning schema /computed/the sum"],
    );
    component(
        &json!({"type": "input", "id": "event", "props": {"label": "A"}}),
        &["error name_collision /components/0/id"],
    );
    component(
        &json!({"type": "input", "id": "item", "props": {"label": "A"}}),
        &[],
    );
    document(
        &json!({"state": {"event": 1}, "actions": {}, "computed": {}}),
        &["error name_collision /state/event"],
    );
    document(
        &json!({"state": {"now": 1}, "actions": {}, "computed": {}, "on": {"mount": {"tool": "ui.set_state", "args": {"path": "now", "value": "{{ now() }}"}}}}),
        &["error name_collision /on/mount/args/value"],
    );
    document(
        &json!({"state": {"now": 1}, "actions": {}, "computed": {}, "on": {"mount": {"tool": "ui.set_state", "args": {"path": "now", "value": "{{ now + (1) }}"}}}}),
        &[],
    );
    document(
        &json!({"components": [{"type": "divider", "id": "a"}, {"type": "card", "id": "a"}]}),
        &["error duplicate_id /components/1/id"],
    );
    component(
        &json!({"type": "input", "id": "double", "props": {"label": "A"}}),
        &["error name_collision /components/0/id"],
    );
    component(
        &json!({"type": "input", "id": "double", "props": {"label": "A", "value": {"$bind": "name"}}}),
        &[],
    );
}

#[test]
fn cycles() {
    document(
        &json!({"computed": {"a": "b", "b": "c + a", "c": "1"}}),
        &["error dependency_cycle /computed/a"],
    );
    document(
        &json!({"computed": {"a": "a"}}),
        &["error dependency_cycle /computed/a"],
    );
    document(
        &json!({"actions": {"a": "b", "b": ["a"]}}),
        &["error dependency_cycle /actions/a"],
    );
    document(
        &json!({"computed": {"a": "q"}, "data": {"q": {"tool": "storage.get", "args": {"key": "{{ a }}"}}}}),
        &["error dependency_cycle /computed/a"],
    );
    let again = json!({"tool": "timer.set", "args": {"delay": 1000, "action": "tick"}});
    document(&json!({"actions": {"tick": again}}), &[]);
}

#[test]
fn a_chain_as_long_as_a_document_is_walked() {
    let computed: serde_json::Map<String, Value> = (0..20_000)
        .map(|at| (format!("n{at}"), json!(format!("n{}", at + 1))))
        .collect();
    let doc = with(&json!({"type": "divider"}), &json!({"computed": computed}));
    assert_eq!(told(&doc), ["error expr_unknown_name /computed/n19999 (n10000)"]);
}

#[test]
fn tools() {
    click(&json!("add"), &[]);
    click(
        &json!("ad"),
        &["error action_unknown /components/0/on_event/click"],
    );
    click(
        &json!("addd"),
        &["error action_unknown /components/0/on_event/click (add)"],
    );
    click(
        &json!("append_digit"),
        &["error action_unknown /components/0/on_event/click (calc.append_digit)"],
    );
    click(
        &json!({"tool": "mail.send", "args": {"to": "{{ name }}"}}),
        &["warning tool_unknown /components/0/on_event/click"],
    );
    click(
        &json!({"tool": "app.save_state"}),
        &[
            "error tool_unknown /components/0/on_event/click (\"persist\": [\"path\"] keeps a value; storage.set)",
        ],
    );
    click(
        &json!({"tool": "app.load_state"}),
        &[
            "error tool_unknown /components/0/on_event/click (\"persist\": [\"path\"] brings it back; storage.get)",
        ],
    );
    for (former, now) in [
        ("move", "ui.set_state"),
        ("reset", "ui.reset"),
        ("score", "ui.increment"),
    ] {
        click(
            &json!({"tool": format!("game.{former}")}),
            &[&format!(
                "warning tool_unknown /components/0/on_event/click ({now})"
            )],
        );
    }
    click(
        &json!({"tool": "set_state"}),
        &["error tool_unknown /components/0/on_event/click (ui.set_state)"],
    );
    click(
        &json!({"tool": "ui.set_stat"}),
        &["error tool_unknown /components/0/on_event/click (ui.set_state)"],
    );
    click(
        &json!({"tool": "storage.set", "args": {"key": "a", "value": 1}}),
        &[],
    );
    let bound = |more: Value| {
        with(
            &json!({"type": "button", "props": {"text": "A"}, "on_event": {"click": {"tool": "storage.clear"}}}),
            &more,
        )
    };
    assert_eq!(told(&bound(json!({"services": ["storage"]}))), [""; 0]);
    assert_eq!(told(&bound(json!({"services": []}))), [""; 0]);
    assert_eq!(
        told(&bound(
            json!({"service_bindings": {"storage": ["storage.clear"]}})
        )),
        [""; 0]
    );
    assert_eq!(
        told(&bound(
            json!({"services": ["storage"], "service_bindings": {"storage": ["get"]}})
        )),
        [
            "error tool_not_bound /components/0/on_event/click (\"service_bindings\": {\"storage\": [\"clear\"]})"
        ]
    );
}

#[test]
fn engine_tools_need_no_binding() {
    let doc = with(
        &json!({"type": "button", "props": {"text": "A"}, "on_event": {"click": "system.undo"}}),
        &json!({"services": ["calc"], "service_bindings": {"calc": ["add"]}}),
    );
    assert_eq!(told(&doc), [""; 0]);
}

#[test]
fn arguments() {
    let toggle = |args: Value| json!({"tool": "ui.toggle", "args": args});
    click(&toggle(json!({"path": "on"})), &[]);
    click(&toggle(json!({"key": "on"})), &[]);
    click(&toggle(json!({"path": "{{ name }}"})), &[]);
    click(
        &toggle(json!({"path": "off"})),
        &["error bind_unknown_path /components/0/on_event/click/args/path"],
    );
    click(
        &toggle(json!({"path": "double"})),
        &["error bind_unknown_path /components/0/on_event/click/args/path"],
    );
    click(
        &toggle(json!({"path": "__proto__"})),
        &["error path_forbidden /components/0/on_event/click/args/path"],
    );
    click(
        &toggle(json!({})),
        &["error args_invalid /components/0/on_event/click/args ({\"path\":\"open\"})"],
    );
    click(
        &toggle(json!({"path": "on", "speed": 1})),
        &["error args_invalid /components/0/on_event/click/args/speed"],
    );
    click(
        &json!({"tool": "calc.add", "args": {"a": "{{ count }}", "b": "x"}, "into": "count"}),
        &["error args_invalid /components/0/on_event/click/args/b"],
    );
    click(
        &json!({"tool": "calc.add", "args": {"a": 1, "b": "2"}, "into": "gone"}),
        &["error bind_unknown_path /components/0/on_event/click/into"],
    );
    click(
        &json!({"tool": "ui.hide", "args": {"id": "ghost"}}),
        &["error args_invalid /components/0/on_event/click/args/id"],
    );
    click(
        &json!({"tool": "ui.refresh", "args": {"data": "ghost"}}),
        &["error args_invalid /components/0/on_event/click/args/data"],
    );
    click(
        &json!({"tool": "timer.set", "args": {"delay": 10, "action": "ghost"}}),
        &[
            "error args_invalid /components/0/on_event/click/args/delay",
            "error action_unknown /components/0/on_event/click/args/action",
        ],
    );
    click(
        &json!({"tool": "list.add", "args": {"list_id": "todos", "item": "A"}}),
        &[],
    );
    click(
        &json!({"tool": "list.add", "args": {"item": "A"}}),
        &["error bind_unknown_path /components/0/on_event/click/args/list_id"],
    );
    click(
        &json!({"tool": "ui.set_state", "args": {"path": "name", "value": "{{ uuid() }} {{ event.value }}"}}),
        &[],
    );
}

#[test]
fn bare_tools_pick_from_the_event() {
    click(
        &json!("ui.toggle"),
        &[
            "error args_invalid /components/0/on_event/click ({\"tool\": \"ui.toggle\", \"args\": {\"path\":\"open\"}})",
        ],
    );
    click(
        &json!("calc.append_digit"),
        &["error bind_unknown_path /components/0/on_event/click/target"],
    );
    let display = json!({"type": "input", "id": "display", "props": {"label": "Result", "value": "0"}});
    let seven = json!({"type": "button", "props": {"text": "7"}, "on_event": {"click": "calc.append_digit"}});
    document(&json!({"components": [display, seven]}), &[]);
    let mute = json!({"type": "button", "props": {"icon": "7", "label": "7"}, "on_event": {"click": "calc.append_digit"}});
    document(
        &json!({"components": [display, mute]}),
        &[
            "error args_invalid /components/1/on_event/click ({\"tool\": \"calc.append_digit\", \"args\": {\"digit\":\"7\"}})",
        ],
    );
}

#[test]
fn queries() {
    let query = |query: Value| json!({"data": {"q": query}});
    document(
        &query(json!({"tool": "storage.get", "args": {"key": "a"}, "pick": "result.x", "when": "count"})),
        &[],
    );
    document(
        &query(json!({"tool": "storage.set", "args": {"key": "a", "value": 1}})),
        &["error args_invalid /data/q/tool"],
    );
    document(
        &query(json!({"tool": "storage.get"})),
        &["error args_invalid /data/q/args ({\"key\":\"draft\"})"],
    );
    document(
        &query(json!({"tool": "mail.read", "args": {"box": "{{ gone }}"}})),
        &[
            "warning tool_unknown /data/q/tool",
            "error expr_unknown_name /data/q/args/box",
        ],
    );
}

#[test]
fn controls_do_something() {
    component(
        &json!({"type": "button", "props": {"text": "A"}}),
        &["error control_does_nothing /components/0 (\"on_event\": {\"click\": …})"],
    );
    component(
        &json!({"type": "button", "props": {"text": "A"}, "on_event": {"click": []}}),
        &["error control_does_nothing /components/0 (\"on_event\": {\"click\": …})"],
    );
    component(
        &json!({"type": "button", "props": {"text": "A", "disabled": true}}),
        &[],
    );
    component(
        &json!({"type": "link", "props": {"text": "A"}}),
        &["error control_does_nothing /components/0 (\"on_event\": {\"click\": …})"],
    );
    let form = |handlers: Value| json!({"type": "form", "on_event": handlers, "children": [{"type": "card", "children": [{"type": "button", "props": {"text": "A"}}]}]});
    component(&form(json!({"submit": "add"})), &[]);
    component(
        &form(json!({})),
        &["error control_does_nothing /components/0/children/0/children/0 (\"on_event\": {\"click\": …})"],
    );
    component(
        &json!({"type": "button", "props": {"text": "A"}, "on_event": {"click": "add", "submit": "add"}}),
        &["warning unknown_prop /components/0/on_event/submit"],
    );
}

#[test]
fn accessible_names() {
    component(
        &json!({"type": "input"}),
        &["warning a11y_label /components/0 (label)"],
    );
    component(&json!({"type": "input", "a11y": {"label": "A"}}), &[]);
    component(
        &json!({"type": "button", "props": {"icon": "x"}, "on_event": {"click": "add"}}),
        &["warning a11y_label /components/0 (label)"],
    );
    component(
        &json!({"type": "image", "props": {"src": "https://x.org/a"}}),
        &["warning a11y_label /components/0 (alt)"],
    );
    component(
        &json!({"type": "tabs", "children": [{"type": "card", "props": {"title": "A"}}, {"type": "container"}]}),
        &["warning a11y_label /components/0/children/1 (label)"],
    );
}

#[test]
fn panels_hold_something() {
    for kind in ["tabs", "accordion"] {
        let hint = r#""children": [{"type": "container", "props": {"label": …}, "children": […]}]"#;
        component(
            &json!({"type": kind}),
            &[&format!("error schema /components/0 ({hint})")],
        );
    }
    component(
        &json!({"type": "tabs", "each": {"in": "todos", "as": "t"}, "children": [{"type": "card", "props": {"title": "{{ t.text }}"}}]}),
        &[],
    );
}

#[test]
fn unused_definitions_are_noted() {
    let doc = json!({
        "state": {"a": 1, "b": 2, "c": 3},
        "computed": {"sum": "a + 1", "other": "1"},
        "actions": {"go": {"tool": "ui.increment", "args": {"path": "b"}}, "never": "go"},
        "components": [{"type": "text", "props": {"content": "{{ sum }}"}}],
    });
    let notes: Vec<_> = issues(&doc).iter().map(summary).collect();
    assert_eq!(
        notes,
        [
            "note unused /state/c",
            "note unused /computed/other",
            "note unused /actions/never"
        ]
    );
}

#[test]
fn messages_read_like_a_compilers() {
    let doc = json!({"state": {"name": ""}, "components": [
        {"type": "input", "id": "who", "props": {"label": "Who", "value": {"$bind": "nmae"}, "size": "huge"}},
        {"type": "button", "id": "go", "props": {"text": "Go"}, "on_event": {"click": {"tool": "ui.set_stat"}}},
    ]});
    let told: Vec<_> = issues(&doc)
        .into_iter()
        .filter(Issue::is_error)
        .map(|issue| (issue.id, issue.message))
        .collect();
    assert_eq!(
        told,
        [
            (
                Some("who".to_owned()),
                "`nmae` cannot be bound: the state has no `nmae`".to_owned()
            ),
            (
                Some("who".to_owned()),
                "`size` of an input: expected one of small medium large, found \"huge\"".to_owned()
            ),
            (
                Some("go".to_owned()),
                format!("there is no tool `ui.set_stat`; `ui` has {}", ui_tools())
            ),
        ]
    );
}

fn ui_tools() -> String {
    let tools = Catalog::builtin().tools().filter(|tool| tool.group() == "ui");
    tools.map(|tool| tool.id.as_ref()).collect::<Vec<_>>().join(" ")
}

#[test]
fn an_app_that_shows_nothing_is_no_app() {
    assert_eq!(told(&json!({"components": []})), ["error schema /components"]);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the samples are files")]
fn the_samples_have_no_error() {
    let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/samples");
    let Ok(files) = std::fs::read_dir(samples) else {
        eprintln!("skipped: no samples beside this checkout");
        return;
    };
    for file in files {
        let path = file.expect("a readable folder").path();
        let text = std::fs::read_to_string(&path).expect("a readable sample");
        let doc: Value = serde_json::from_str(&text).expect("a sample is JSON");
        let errors: Vec<_> = issues(&doc).into_iter().filter(Issue::is_error).collect();
        assert_eq!(errors, [], "{}", path.display());
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the samples are files")]
fn the_dashboard_sample_raises_nothing() {
    let Ok(text) = std::fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../shared/samples/dashboard.json"
    )) else {
        eprintln!("skipped: no samples beside this checkout");
        return;
    };
    let told = told(&serde_json::from_str(&text).expect("a sample is JSON"));
    assert_eq!(told, [] as [&str; 0]);
}

#[test]
fn a_place_is_a_pointer_whatever_its_keys_hold() {
    let input = json!({"type": "input", "props": {"label": "A"}, "checks": [{"a/b": 1}]});
    let refused = UiSpec::from_json(&with(&input, &json!({}))).expect_err("no such check");
    assert_eq!(refused[0].path, "/components/0/checks/0/a~1b");
}

#[test]
fn a_tool_names_a_component_of_the_type_it_works_on() {
    let doc = |tool: &str, args: Value| {
        json!({"components": [
            {"type": "button", "props": {"text": "Go"}, "on_event": {"click": {"tool": tool, "args": args}}},
            {"type": "input", "id": "field", "props": {"label": "Field", "value": {"$bind": "name"}}},
            {"type": "modal", "id": "box", "props": {"title": "Box"}, "children": [{"type": "text", "props": {"content": "A"}}]},
            {"type": "tabs", "id": "views", "props": {"label": "Views"}, "children": [
                {"type": "container", "id": "day", "props": {"label": "Day"}, "children": [{"type": "text", "props": {"content": "A"}}]}]},
        ]})
    };
    let wrong =
        |name: &str, hint: &str| format!("error args_invalid /components/0/on_event/click/args/{name}{hint}");
    for (tool, args, expected) in [
        ("modal.open", json!({"modal_id": "box"}), None),
        ("modal.open", json!({"modal_id": "{{ name }}"}), None),
        (
            "modal.open",
            json!({"modal_id": "field"}),
            Some(wrong("modal_id", " (box)")),
        ),
        (
            "modal.close",
            json!({"modal_id": "views"}),
            Some(wrong("modal_id", " (box)")),
        ),
        ("tabs.switch", json!({"tab_id": "day"}), None),
        ("tabs.switch", json!({"tab_id": "day", "tabs_id": "views"}), None),
        (
            "tabs.switch",
            json!({"tab_id": "box"}),
            Some(wrong("tab_id", " (day)")),
        ),
        (
            "tabs.switch",
            json!({"tab_id": "day", "tabs_id": "box"}),
            Some(wrong("tabs_id", " (views)")),
        ),
        (
            "form.validate",
            json!({"form_id": "field"}),
            Some(wrong("form_id", "")),
        ),
        (
            "player.play",
            json!({"media_id": "field"}),
            Some(wrong("media_id", "")),
        ),
        ("player.play", json!({}), Some(wrong("media_id", ""))),
        (
            "canvas.clear",
            json!({"canvas_id": "field"}),
            Some(wrong("canvas_id", "")),
        ),
    ] {
        let doc = with(&json!({}), &doc(tool, args.clone()));
        let expected: Vec<String> = expected.into_iter().collect();
        assert_eq!(told(&doc), expected, "{tool} {args}\n{:#?}", issues(&doc));
    }
}
