//! The 18 components of the basic catalog as components of ours.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::surface::Surface;
use super::value::{Rows, argument, bound_path, call, expression, path_expression, template};
use super::{Object, member};
use crate::spec::limits::{COMPONENT_DEPTH, COMPONENTS};
use crate::spec::{Code, Issue};

/// Where events that were meant for the agent are kept.
const SENT_EVENTS: &str = "sent_events";

pub(super) struct Components<'a> {
    surface: &'a Surface,
    pub(super) state: Object,
    pub(super) actions: Object,
    pub(super) issues: Vec<Issue>,
    rows: Rows,
    /// The components around the one that is read, so that none holds itself.
    open: Vec<String>,
    /// How often each was used: an id of ours is used once.
    uses: BTreeMap<String, usize>,
    made: usize,
}

impl<'a> Components<'a> {
    pub(super) fn new(surface: &'a Surface, state: Object, issues: Vec<Issue>) -> Self {
        Self {
            surface,
            state,
            actions: Object::new(),
            issues,
            rows: Rows::default(),
            open: Vec::new(),
            uses: BTreeMap::new(),
            made: 0,
        }
    }

    /// The component of that id with everything in it; nothing, and an issue, where there is none.
    pub(super) fn of(&mut self, id: &str) -> Option<Value> {
        let Some(component) = self.surface.components.get(id).and_then(Value::as_object) else {
            self.lost(id, "", "a component refers to it, and it was never sent");
            return None;
        };
        if self.open.iter().any(|above| above == id) {
            self.lost(id, "", "it stands inside itself, which has no end");
            return None;
        }
        if self.open.len() >= COMPONENT_DEPTH - 2 || self.made >= COMPONENTS {
            self.lost(id, "", "it is nested too deep, or one too many");
            return None;
        }
        self.made += 1;
        self.open.push(id.to_owned());
        let imported = self.component(id, component);
        self.open.pop();
        Some(imported)
    }

    fn component(&mut self, id: &str, source: &Object) -> Value {
        let kind = member(source, "component")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let mut made = Component::new(self.id(id));
        match kind {
            "Text" => self.text(id, source, &mut made),
            "Image" => self.image(id, source, &mut made),
            "Icon" => self.icon(id, source, &mut made),
            "Video" => {
                made.kind("video");
                self.copy(id, source, &mut made, &[("url", "src")]);
            }
            "AudioPlayer" => {
                made.kind("audio");
                self.copy(id, source, &mut made, &[("url", "src"), ("description", "label")]);
            }
            "Row" | "Column" => self.stack(id, source, kind == "Row", &mut made),
            "List" => {
                let is_horizontal = source
                    .get("direction")
                    .is_some_and(|direction| direction == "horizontal");
                self.stack(id, source, is_horizontal, &mut made);
                if !is_horizontal {
                    made.kind("list");
                    made.props.retain(|name, _| name == "style");
                }
            }
            "Card" => {
                made.kind("card");
                made.children = self.child(id, source, "child");
            }
            "Tabs" => self.tabs(id, source, &mut made),
            "Modal" => self.modal(id, source, &mut made),
            "Divider" => {
                made.kind("divider");
                if let Some(axis) = source.get("axis") {
                    made.set("orientation", axis.clone());
                }
            }
            "Button" => self.button(id, source, &mut made),
            "TextField" => self.text_field(id, source, &mut made),
            "CheckBox" => {
                made.kind("checkbox");
                self.copy(id, source, &mut made, &[("label", "label")]);
                self.value(id, source, "checked", &mut made);
                self.checks(id, source, &mut made);
            }
            "ChoicePicker" => self.choice_picker(id, source, &mut made),
            "Slider" => {
                made.kind("slider");
                self.copy(
                    id,
                    source,
                    &mut made,
                    &[("label", "label"), ("min", "min"), ("max", "max")],
                );
                self.value(id, source, "value", &mut made);
                self.checks(id, source, &mut made);
            }
            "DateTimeInput" => self.date(id, source, &mut made),
            other => {
                let message = format!("there is no component like `{other}`; its place is marked");
                self.lost(id, "component", &message);
                made.kind("alert");
                made.set("tone", "warning");
                made.set("text", format!("“{other}” has no equivalent here"));
            }
        }
        self.common(id, source, &mut made);
        made.into_value()
    }

    fn common(&mut self, id: &str, source: &Object, made: &mut Component) {
        if let Some(Value::Object(accessibility)) = member(source, "accessibility") {
            for (name, value) in accessibility {
                match (name.as_str(), template(value, self.rows)) {
                    ("label" | "description", Ok(value)) => {
                        made.a11y.insert(name.clone(), value);
                    }
                    _ => self.lost(id, &format!("accessibility/{name}"), "this has no equivalent"),
                }
            }
        }
        if let Some(weight) = source.get("weight").and_then(Value::as_f64) {
            made.style("flexGrow", weight);
            made.style("flexBasis", 0);
        }
        for name in ["catalogId", "metadata"] {
            if member(source, name).is_some() {
                self.lost(
                    id,
                    name,
                    "only the basic catalog is read, and extensions are left out",
                );
            }
        }
    }

    fn text(&mut self, id: &str, source: &Object, made: &mut Component) {
        made.kind("text");
        self.copy(id, source, made, &[("text", "content")]);
        let variant = source.get("variant").and_then(Value::as_str).unwrap_or("body");
        match variant {
            "body" => made.set("format", "markdown"),
            "h1" | "h2" | "h3" | "caption" => made.set("variant", variant),
            "h4" | "h5" => {
                made.set("variant", "label");
                made.set("weight", "semibold");
            }
            other => self.lost(id, "variant", &format!("there is no variant like `{other}`")),
        }
    }

    fn image(&mut self, id: &str, source: &Object, made: &mut Component) {
        made.kind("image");
        made.set("alt", "");
        self.copy(id, source, made, &[("url", "src"), ("description", "alt")]);
        match source.get("fit").and_then(Value::as_str).unwrap_or("fill") {
            "scaleDown" => made.set("fit", "contain"),
            fit => made.set("fit", fit),
        }
        let (width, rounded) = match source
            .get("variant")
            .and_then(Value::as_str)
            .unwrap_or("mediumFeature")
        {
            "icon" => (24.into(), "none"),
            "avatar" => (40.into(), "full"),
            "smallFeature" => (96.into(), "medium"),
            "largeFeature" => (320.into(), "medium"),
            "header" => (json!("100%"), "none"),
            _ => (160.into(), "medium"),
        };
        made.set("width", width);
        made.set("rounded", rounded);
    }

    fn icon(&mut self, id: &str, source: &Object, made: &mut Component) {
        made.kind("icon");
        match source.get("name") {
            Some(Value::String(name)) => made.set("name", icon_name(name)),
            Some(Value::Object(drawn)) if drawn.contains_key("svgPath") => {
                self.lost(
                    id,
                    "name",
                    "a drawn path has no equivalent; a general sign stands for it",
                );
                made.set("name", "circle");
            }
            Some(dynamic) => self.dynamic(id, "name", dynamic, "name", made),
            None => made.set("name", "circle"),
        }
    }

    fn stack(&mut self, id: &str, source: &Object, is_row: bool, made: &mut Component) {
        made.kind("container");
        if is_row {
            made.set("layout", "horizontal");
        }
        if let Some(align) = source.get("align") {
            made.set("align", align.clone());
        }
        match source.get("justify").and_then(Value::as_str) {
            None | Some("start") => {}
            Some("spaceBetween") => made.set("justify", "between"),
            Some("spaceAround" | "spaceEvenly") => made.set("justify", "around"),
            Some("stretch") => self.near(id, "justify", "`stretch` along a line is `start` here"),
            Some(other) => made.set("justify", other),
        }
        match source.get("children") {
            Some(Value::Array(ids)) => {
                for child in ids.iter().filter_map(Value::as_str) {
                    made.children.extend(self.of(child));
                }
            }
            Some(Value::Object(repeated)) => self.repeated(id, repeated, made),
            _ => {}
        }
    }

    fn repeated(&mut self, id: &str, repeated: &Object, made: &mut Component) {
        let path = member(repeated, "path").and_then(Value::as_str);
        let list = path.and_then(|path| path_expression(path, self.rows).ok());
        let row = member(repeated, "componentId").and_then(Value::as_str);
        let (Some(list), Some(row)) = (list, row) else {
            self.lost(id, "children", "a repeated child needs `path` and `componentId`");
            return;
        };
        let around = self.rows;
        self.rows = around.within();
        let mut each = json!({"in": list, "as": self.rows.name()});
        if !self.has_keys(&list) {
            each["key"] = Value::Null;
        }
        made.each = Some(each);
        made.children.extend(self.of(row));
        self.rows = around;
    }

    /// Whether the rows of the data at `path` name themselves by an `id`; rows of objects without one
    /// are given one, so that what stands in a row stays with it.
    fn has_keys(&mut self, path: &str) -> bool {
        let root = path.split('.').next().unwrap_or_default();
        let Some(Value::Array(rows)) = self.state.get_mut(root).and_then(|held| held_at(held, path)) else {
            return false;
        };
        for (index, row) in rows.iter_mut().enumerate() {
            let Value::Object(row) = row else { return false };
            row.entry("id").or_insert_with(|| (index + 1).into());
        }
        true
    }

    fn child(&mut self, id: &str, source: &Object, name: &str) -> Vec<Value> {
        let Some(child) = source.get(name).and_then(Value::as_str) else {
            self.lost(id, name, "it names no component");
            return Vec::new();
        };
        self.of(child).into_iter().collect()
    }

    fn tabs(&mut self, id: &str, source: &Object, made: &mut Component) {
        made.kind("tabs");
        for tab in source.get("tabs").and_then(Value::as_array).into_iter().flatten() {
            let Some(tab) = tab.as_object() else { continue };
            let mut panel = Component::new(None);
            panel.kind("container");
            if let Some(title) = tab.get("title") {
                self.dynamic(id, "tabs", title, "label", &mut panel);
            }
            panel.children = self.child(id, tab, "child");
            made.children.push(panel.into_value());
        }
    }

    /// A trigger beside the dialog it opens.
    fn modal(&mut self, id: &str, source: &Object, made: &mut Component) {
        made.kind("container");
        let dialog = format!("{id}_dialog");
        let open = json!({"tool": "modal.open", "args": {"modal_id": dialog}});
        for mut trigger in self.child(id, source, "trigger") {
            let handlers = trigger.as_object_mut().and_then(|trigger| {
                trigger
                    .entry("on_event")
                    .or_insert_with(|| json!({}))
                    .as_object_mut()
            });
            if let Some(handlers) = handlers {
                let before = handlers.remove("click");
                let click = match before {
                    None => open.clone(),
                    Some(Value::Array(mut steps)) => {
                        steps.push(open.clone());
                        Value::Array(steps)
                    }
                    Some(step) => json!([step, open]),
                };
                handlers.insert("click".to_owned(), click);
            }
            made.children.push(trigger);
        }
        let content = self.child(id, source, "content");
        made.children.push(json!({
            "type": "modal", "id": dialog, "props": {"title": ""}, "a11y": {"label": "Dialog"}, "children": content,
        }));
    }

    fn button(&mut self, id: &str, source: &Object, made: &mut Component) {
        made.kind("button");
        self.caption(id, source, made);
        match source.get("variant").and_then(Value::as_str) {
            Some("primary") => made.set("variant", "primary"),
            Some("borderless") => made.set("variant", "ghost"),
            _ => {}
        }
        let refusals: Vec<String> = member(source, "checks")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|check| expression(condition(check)?, self.rows).ok())
            .collect();
        if !refusals.is_empty() {
            made.set("disabled", format!("{{{{ not ({}) }}}}", refusals.join(" and ")));
        }
        match source.get("action").and_then(Value::as_object) {
            Some(action) => self.action(id, action, made),
            None => self.lost(id, "action", "a button without an action does nothing"),
        }
    }

    /// A button says its words itself; a text or a sign inside it becomes them.
    fn caption(&mut self, id: &str, source: &Object, made: &mut Component) {
        let child = source.get("child").and_then(Value::as_str).unwrap_or_default();
        let inner = self.surface.components.get(child).and_then(Value::as_object);
        let kind = inner
            .and_then(|inner| member(inner, "component"))
            .and_then(Value::as_str);
        match (inner, kind) {
            (Some(inner), Some("Text")) => self.copy(child, inner, made, &[("text", "text")]),
            (Some(inner), Some("Icon")) => {
                let name = inner.get("name").and_then(Value::as_str).unwrap_or("circle");
                made.set("icon", icon_name(name));
                made.set("label", name);
            }
            _ => {
                self.lost(
                    id,
                    "child",
                    "a button holds a text or a sign; its id stands for what was in it",
                );
                made.set("text", child);
            }
        }
    }

    fn action(&mut self, id: &str, action: &Object, made: &mut Component) {
        if let Some(Value::Object(event)) = action.get("event") {
            self.event(id, event, made);
            return;
        }
        let function = action.get("functionCall").and_then(Value::as_object);
        match function.and_then(|function| Some((call(function)?, function))) {
            Some(("openUrl", function)) => {
                made.kind("link");
                made.props
                    .retain(|name, _| matches!(name.as_str(), "text" | "label"));
                if let Some(url) = argument(function, "url") {
                    self.dynamic(id, "action", url, "href", made);
                }
            }
            Some((name, _)) => self.lost(
                id,
                "action",
                &format!("the function `{name}` cannot be run by a button"),
            ),
            None => self.lost(id, "action", "this action says neither an event nor a function"),
        }
    }

    /// An event for the agent, which is not there: it is kept in the state, and the person is told.
    fn event(&mut self, id: &str, event: &Object, made: &mut Component) {
        let name = event
            .get("name")
            .and_then(Value::as_str)
            .unwrap_or("event")
            .to_owned();
        let mut context = Object::new();
        for (key, value) in event
            .get("context")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            match template(value, self.rows) {
                Ok(value) => {
                    context.insert(key.clone(), value);
                }
                Err(what) => self.lost(
                    id,
                    &format!("action/event/context/{key}"),
                    &format!("{what} has no equivalent"),
                ),
            }
        }
        let sent = json!({"name": name, "context": context});
        self.state.entry(SENT_EVENTS).or_insert_with(|| json!([]));
        made.events.insert(
            "click".to_owned(),
            json!([
                {"tool": "ui.append", "args": {"path": SENT_EVENTS, "value": sent}},
                {"tool": "notification.show", "args": {"message": name, "type": "success"}},
            ]),
        );
        self.near(
            id,
            "action/event",
            &format!("the event `{name}` was for an agent; it is kept in `{SENT_EVENTS}`"),
        );
    }

    fn text_field(&mut self, id: &str, source: &Object, made: &mut Component) {
        made.kind("input");
        match source.get("variant").and_then(Value::as_str) {
            Some("longText") => made.kind("textarea"),
            Some("number") => made.set("type", "number"),
            Some("obscured") => made.set("type", "password"),
            _ => {}
        }
        self.copy(
            id,
            source,
            made,
            &[("label", "label"), ("placeholder", "placeholder")],
        );
        self.value(id, source, "value", made);
        if let Some(pattern) = source.get("validationRegexp") {
            made.checks.push(json!({"pattern": pattern}));
        }
        self.checks(id, source, made);
    }

    fn date(&mut self, id: &str, source: &Object, made: &mut Component) {
        made.kind("date");
        let enabled = |name: &str| source.get(name) == Some(&Value::Bool(true));
        match (enabled("enableDate"), enabled("enableTime")) {
            (true, true) => made.set("type", "datetime-local"),
            (false, true) => made.set("type", "time"),
            _ => {}
        }
        made.set("label", "Date");
        self.copy(
            id,
            source,
            made,
            &[("label", "label"), ("min", "min"), ("max", "max")],
        );
        self.value(id, source, "value", made);
        self.checks(id, source, made);
    }

    fn choice_picker(&mut self, id: &str, source: &Object, made: &mut Component) {
        let is_multiple = source
            .get("variant")
            .is_some_and(|variant| variant == "multipleSelection");
        if is_multiple {
            self.several(id, source, made);
            return;
        }
        made.kind("radio");
        made.set("label", "Choice");
        self.copy(id, source, made, &[("label", "label")]);
        let mut options = Vec::new();
        for option in source
            .get("options")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            let label = option.get("label").unwrap_or(&Value::Null);
            let label = template(label, self.rows).unwrap_or_default();
            options.push(json!({"value": option["value"], "label": label}));
        }
        made.set("options", Value::Array(options));
        self.value(id, source, "value", made);
        if let Some(path) = source
            .get("value")
            .and_then(|value| bound_path(value, Rows::default()))
            && let Some(held) = self.state.get_mut(path.split('.').next().unwrap_or_default())
            && let Some(Value::Array(chosen)) = held_at(held, &path)
        {
            let only = chosen.first().cloned().unwrap_or_else(|| "".into());
            if let Some(held) = held_at(held, &path) {
                *held = only;
            }
            self.near(id, "value", "one choice is a value here, not a list of one");
        }
        self.leave(id, source, &["filterable", "displayStyle"]);
        self.checks(id, source, made);
    }

    /// One checkbox an option, each of which puts its value into the list or takes it out.
    fn several(&mut self, id: &str, source: &Object, made: &mut Component) {
        made.kind("container");
        made.set("role", "group");
        if let Some(label) = source.get("label") {
            let mut heading = Component::new(None);
            heading.kind("text");
            heading.set("variant", "label");
            self.dynamic(id, "label", label, "content", &mut heading);
            made.children.push(heading.into_value());
        }
        let Some(list) = source.get("value").and_then(|value| bound_path(value, self.rows)) else {
            self.lost(id, "value", "choices that are bound to no list cannot be changed");
            return;
        };
        if self.rows.0 == 0 && !list.contains(['.', '[']) {
            self.state.entry(list.clone()).or_insert_with(|| json!([]));
        }
        for option in source
            .get("options")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            let value = option["value"].as_str().unwrap_or_default();
            let quoted = super::value::quoted(value);
            let changed = format!(
                "{{{{ ({list} | reject(\"eq\", {quoted}) | list) if {quoted} in {list} else {list} + [{quoted}] }}}}"
            );
            let mut choice = Component::new(None);
            choice.kind("checkbox");
            let label = option.get("label").cloned().unwrap_or_else(|| value.into());
            self.dynamic(id, "options", &label, "label", &mut choice);
            choice.set("checked", format!("{{{{ {quoted} in {list} }}}}"));
            let set = json!({"tool": "ui.set_state", "args": {"path": list, "value": changed}});
            choice.events.insert("change".to_owned(), set);
            made.children.push(choice.into_value());
        }
        self.leave(id, source, &["filterable", "displayStyle", "checks"]);
    }

    /// Two-way where the value is a path, else as it is written.
    fn value(&mut self, id: &str, source: &Object, prop: &str, made: &mut Component) {
        let Some(value) = source.get("value") else { return };
        match bound_path(value, self.rows) {
            Some(path) => made.set(prop, json!({"$bind": path})),
            None => self.dynamic(id, "value", value, prop, made),
        }
    }

    fn copy(&mut self, id: &str, source: &Object, made: &mut Component, props: &[(&str, &str)]) {
        for (from, to) in props {
            if let Some(value) = source.get(*from) {
                self.dynamic(id, from, value, to, made);
            }
        }
    }

    fn dynamic(&mut self, id: &str, from: &str, value: &Value, to: &str, made: &mut Component) {
        match template(value, self.rows) {
            Ok(value) => made.set(to, value),
            Err(what) => self.lost(id, from, &format!("{what} has no equivalent")),
        }
    }

    fn checks(&mut self, id: &str, source: &Object, made: &mut Component) {
        for check in member(source, "checks")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            let message = check.get("message").cloned().unwrap_or_default();
            let rules = condition(check).and_then(|condition| {
                rules_of(condition.as_object()?).or_else(|| {
                    Some(json!({"when": format!("not {}", expression(condition, self.rows).ok()?)}))
                })
            });
            match rules {
                Some(mut rules) => {
                    if !message.is_null() {
                        rules["message"] = message;
                    }
                    made.checks.push(rules);
                }
                None => self.lost(id, "checks", "this condition has no equivalent"),
            }
        }
    }

    fn leave(&mut self, id: &str, source: &Object, names: &[&str]) {
        for name in names {
            if member(source, name).is_some_and(|value| *value != false) {
                self.lost(id, name, "this has no equivalent");
            }
        }
    }

    fn id(&mut self, id: &str) -> Option<String> {
        let uses = self.uses.entry(id.to_owned()).or_default();
        *uses += 1;
        (*uses == 1).then(|| id.to_owned())
    }

    fn lost(&mut self, id: &str, name: &str, message: &str) {
        self.issues
            .push(Issue::warning(Code::Dropped, place(id, name), message).about(id));
    }

    fn near(&mut self, id: &str, name: &str, message: &str) {
        self.issues
            .push(Issue::note(Code::Mended, place(id, name), message).about(id));
    }
}

fn place(id: &str, name: &str) -> String {
    let name = if name.is_empty() {
        String::new()
    } else {
        format!("/{name}")
    };
    format!("/components/{id}{name}")
}

/// A component as it comes together; what is empty is not written.
struct Component {
    kind: &'static str,
    id: Option<String>,
    props: Object,
    events: Object,
    each: Option<Value>,
    checks: Vec<Value>,
    a11y: Object,
    children: Vec<Value>,
}

impl Component {
    fn new(id: Option<String>) -> Self {
        Self {
            kind: "container",
            id,
            props: Object::new(),
            events: Object::new(),
            each: None,
            checks: Vec::new(),
            a11y: Object::new(),
            children: Vec::new(),
        }
    }

    fn kind(&mut self, kind: &'static str) {
        self.kind = kind;
    }

    fn set(&mut self, prop: &str, value: impl Into<Value>) {
        self.props.insert(prop.to_owned(), value.into());
    }

    fn style(&mut self, property: &str, value: impl Into<Value>) {
        let style = self.props.entry("style").or_insert_with(|| json!({}));
        style[property] = value.into();
    }

    fn into_value(self) -> Value {
        let mut component = Object::from_iter([("type".to_owned(), self.kind.into())]);
        if let Some(id) = self.id {
            component.insert("id".to_owned(), id.into());
        }
        for (key, members) in [
            ("props", self.props),
            ("on_event", self.events),
            ("a11y", self.a11y),
        ] {
            if !members.is_empty() {
                component.insert(key.to_owned(), Value::Object(members));
            }
        }
        if let Some(each) = self.each {
            component.insert("each".to_owned(), each);
        }
        for (key, items) in [("checks", self.checks), ("children", self.children)] {
            if !items.is_empty() {
                component.insert(key.to_owned(), Value::Array(items));
            }
        }
        Value::Object(component)
    }
}

/// The condition of a check, which version 0.9 also writes without the object around it.
fn condition(check: &Value) -> Option<&Value> {
    let check_object = check.as_object()?;
    check_object
        .get("condition")
        .or_else(|| call(check_object).map(|_| check))
}

/// A check of the field's own value as our rules; nothing for a condition that is more than that.
fn rules_of(condition: &Object) -> Option<Value> {
    let bounds = |least: &str, most: &str| {
        let mut rules = json!({});
        for (from, to) in [("min", least), ("max", most)] {
            if let Some(bound) = argument(condition, from) {
                rules[to] = bound.as_f64().map(|_| bound.clone())?;
            }
        }
        Some(rules)
    };
    match call(condition)? {
        "required" => Some(json!({"required": true})),
        "email" => Some(json!({"email": true})),
        "regex" => Some(json!({"pattern": argument(condition, "pattern")?.as_str()?})),
        "length" => bounds("min_length", "max_length"),
        "numeric" => bounds("min", "max"),
        _ => None,
    }
}

/// The value at a dotted path below the key `held` stands at.
fn held_at<'a>(held: &'a mut Value, path: &str) -> Option<&'a mut Value> {
    path.split('.')
        .skip(1)
        .try_fold(held, |held, key| held.get_mut(key))
}

/// The sign of ours that means the same as one of the basic catalog.
fn icon_name(name: &str) -> String {
    let known = match name {
        "accountCircle" | "person" => "user",
        "arrowBack" => "arrow-left",
        "arrowForward" => "arrow-right",
        "attachFile" => "file",
        "calendarToday" | "event" => "calendar",
        "call" => "phone",
        "favorite" | "favoriteOff" => "heart",
        "locationOn" => "map-pin",
        "lockOpen" => "unlock",
        "moreVert" | "moreHoriz" => "more",
        "notifications" | "notificationsOff" => "bell",
        "payment" => "credit-card",
        "photo" => "image",
        "shoppingCart" => "cart",
        "starHalf" | "starOff" => "star",
        "visibility" => "eye",
        "visibilityOff" => "eye-off",
        "help" => "info",
        "volumeDown" | "volumeMute" | "volumeOff" | "volumeUp" => "music",
        "fastForward" | "skipNext" => "chevron-right",
        "rewind" | "skipPrevious" => "chevron-left",
        other => other,
    };
    known.to_owned()
}
