//! The typed document: what holds of every [`UiSpec`] is settled here, once.
//!
//! [`UiSpec::from_json`] is the only way in. It refuses what has the wrong shape; what a well
//! shaped document *means* (names, tools, types of properties) is for the checker.

use serde_json::{Map as JsonMap, Value as Json};

use super::action::{Action, Step};
use super::issue::{Code, Issue};
use super::limits;
use super::location::Location;
use super::nearest;
use super::path::Path;
use super::template::{Source, Template};

type Object = JsonMap<String, Json>;

/// One app, completely.
#[derive(Debug, Clone, PartialEq)]
pub struct UiSpec {
    pub title: String,
    pub layout: Layout,
    /// The initial state.
    pub state: Object,
    /// Paths that outlive the window.
    pub persist: Vec<Path>,
    pub computed: Vec<(String, Source)>,
    pub data: Vec<(String, DataQuery)>,
    pub actions: Vec<(String, Action)>,
    pub on: Lifecycle,
    pub watch: Vec<(Path, Action)>,
    pub components: Vec<Component>,
    /// Services the app says it uses; derived from use when absent.
    pub services: Option<Vec<String>>,
    /// Service → tool names, with or without the service's prefix.
    pub service_bindings: Vec<(String, Vec<String>)>,
    /// What the app requests; asking grants nothing.
    pub permissions: Object,
    pub style: Object,
    pub theme: Object,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Layout {
    #[default]
    Vertical,
    Horizontal,
    Grid,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Component {
    /// Where it stands in the document, as a JSON Pointer.
    pub at: String,
    pub kind: String,
    /// Given by position (`c0`, `c0_1`, …) where the document names none.
    pub id: String,
    pub props: Vec<(String, Template)>,
    pub children: Vec<Component>,
    pub on_event: Vec<(String, Action)>,
    pub visible: Option<Source>,
    pub each: Option<Each>,
    pub checks: Vec<Check>,
    pub a11y: Object,
}

impl Component {
    pub fn prop(&self, name: &str) -> Option<&Template> {
        self.props
            .iter()
            .find_map(|(key, template)| (key == name).then_some(template))
    }

    pub fn handler(&self, event: &str) -> Option<&Action> {
        self.on_event
            .iter()
            .find_map(|(kind, action)| (kind == event).then_some(action))
    }
}

/// Repeats a container's children, one round of them for each row of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Each {
    pub list: Path,
    /// The loop variable; `item` where none is given.
    pub name: String,
    /// The member that names a row; `None` when the document gives no key.
    pub key: Option<String>,
    pub filter: Option<Source>,
}

/// A result of a reading tool, in scope by name.
#[derive(Debug, Clone, PartialEq)]
pub struct DataQuery {
    pub tool: String,
    pub args: Vec<(String, Template)>,
    pub pick: Option<Source>,
    pub every_seconds: Option<f64>,
    pub when: Option<Source>,
    pub default: Json,
}

/// What runs as the app's window lives.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Lifecycle {
    pub mount: Option<Action>,
    pub close: Option<Action>,
    pub focus: Option<Action>,
    pub blur: Option<Action>,
}

/// One demand on a control's value, with what the person is told when it does not hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    pub rule: Rule,
    pub message: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Rule {
    Required,
    Email,
    Url,
    Number,
    Integer,
    Min(f64),
    Max(f64),
    MinLength(usize),
    MaxLength(usize),
    Pattern(String),
    OneOf(Vec<Json>),
    /// Fails, with its message, when the expression is true.
    When(Source),
}

pub(super) const DOCUMENT_KEYS: [&str; 17] = [
    "type",
    "title",
    "layout",
    "components",
    "services",
    "service_bindings",
    "state",
    "persist",
    "computed",
    "data",
    "actions",
    "on",
    "watch",
    "permissions",
    "style",
    "theme",
    "x",
];
pub(super) const COMPONENT_KEYS: [&str; 10] = [
    "type", "id", "props", "children", "on_event", "visible", "each", "checks", "a11y", "x",
];

/// The rules of checks, each with what it takes.
pub(super) const RULES: [(&str, &str); 12] = [
    ("required", "nothing"),
    ("email", "nothing"),
    ("url", "nothing"),
    ("number", "nothing"),
    ("integer", "nothing"),
    ("min", "a number"),
    ("max", "a number"),
    ("min_length", "a whole number that is not negative"),
    ("max_length", "a whole number that is not negative"),
    ("pattern", "a pattern as text"),
    ("one_of", "a list of values"),
    ("when", "an expression that is true where the value is wrong"),
];

impl UiSpec {
    /// Reads a document within its bounds (`spec::bounds` settles them first).
    ///
    /// # Errors
    /// Every place whose shape is wrong, with its JSON Pointer.
    pub fn from_json(document: &Json) -> Result<Self, Vec<Issue>> {
        let (spec, issues) = Self::read(document);
        if issues.is_empty() { Ok(spec) } else { Err(issues) }
    }

    /// What of a document can be read, and every place whose shape is wrong.
    pub(super) fn read(document: &Json) -> (Self, Vec<Issue>) {
        let mut reader = Reader::default();
        let spec = reader.document(document);
        (spec, reader.issues)
    }

    /// Every component, parents before their children.
    pub fn walk(&self) -> impl Iterator<Item = &Component> {
        let mut stack: Vec<&Component> = self.components.iter().rev().collect();
        std::iter::from_fn(move || {
            let component = stack.pop()?;
            stack.extend(component.children.iter().rev());
            Some(component)
        })
    }
}

/// Reads the shapes and keeps going after a fault, so that all of them are told at once.
#[derive(Default)]
pub(super) struct Reader {
    issues: Vec<Issue>,
}

impl Reader {
    pub(super) fn refuse(&mut self, at: &Location, message: impl Into<String>) {
        self.issues.push(Issue::error(Code::Schema, at, message));
    }

    fn keep<T>(&mut self, read: Result<T, Issue>) -> Option<T> {
        read.map_err(|issue| self.issues.push(issue)).ok()
    }

    fn document(&mut self, document: &Json) -> UiSpec {
        let empty = Object::new();
        let root = self.object(document, &Location::ROOT).unwrap_or(&empty);
        self.known_keys(root, &DOCUMENT_KEYS, &Location::ROOT);
        if root.get("type").is_some_and(|kind| kind != "app") {
            self.refuse(&Location::at("/type"), "a document's `type` is \"app\"");
        }
        let on = self.lifecycle(root.get("on"));
        UiSpec {
            title: self
                .optional_text(root, "title", &Location::ROOT)
                .unwrap_or_default(),
            layout: self.layout(root.get("layout")),
            state: self.own_object(root, "state", &Location::ROOT),
            persist: self.paths(root.get("persist"), &Location::at("/persist")),
            computed: self.named(root, "computed", Reader::source),
            data: self.queries(root),
            actions: self.named(root, "actions", Self::action),
            on,
            watch: self.watch(root),
            components: self.components(root.get("components"), &Location::at("/components")),
            services: root
                .get("services")
                .map(|services| self.texts(services, &Location::at("/services"))),
            service_bindings: self.bindings(root),
            permissions: self.own_object(root, "permissions", &Location::ROOT),
            style: self.own_object(root, "style", &Location::ROOT),
            theme: self.own_object(root, "theme", &Location::ROOT),
        }
    }

    fn layout(&mut self, json: Option<&Json>) -> Layout {
        match json.map(|json| json.as_str()) {
            None | Some(Some("vertical")) => Layout::Vertical,
            Some(Some("horizontal")) => Layout::Horizontal,
            Some(Some("grid")) => Layout::Grid,
            Some(_) => {
                self.refuse(
                    &Location::at("/layout"),
                    "`layout` is \"vertical\", \"horizontal\" or \"grid\"",
                );
                Layout::Vertical
            }
        }
    }

    fn lifecycle(&mut self, json: Option<&Json>) -> Lifecycle {
        let Some(hooks) = json.and_then(|json| self.object(json, &Location::at("/on"))) else {
            return Lifecycle::default();
        };
        self.known_keys(hooks, &["mount", "close", "focus", "blur"], &Location::at("/on"));
        let mut hook = |name: &str| {
            hooks
                .get(name)
                .and_then(|json| self.action(json, &Location::ROOT.member("on").member(name)))
        };
        Lifecycle {
            mount: hook("mount"),
            close: hook("close"),
            focus: hook("focus"),
            blur: hook("blur"),
        }
    }

    fn watch(&mut self, root: &Object) -> Vec<(Path, Action)> {
        let actions = self.named(root, "watch", Self::action);
        actions
            .into_iter()
            .filter_map(|(path, action)| {
                Some((
                    self.path(&path, &Location::ROOT.member("watch").member(&path))?,
                    action,
                ))
            })
            .collect()
    }

    fn bindings(&mut self, root: &Object) -> Vec<(String, Vec<String>)> {
        self.named(root, "service_bindings", |reader, json, at| match json {
            Json::String(tool) => Some(vec![tool.clone()]),
            _ => Some(reader.texts(json, at)),
        })
    }

    fn components(&mut self, json: Option<&Json>, at: &Location) -> Vec<Component> {
        let Some(json) = json else { return Vec::new() };
        let Some(items) = json.as_array() else {
            self.refuse(at, "components are a list");
            return Vec::new();
        };
        items
            .iter()
            .enumerate()
            .filter_map(|(index, item)| self.component(item, &at.item(index)))
            .collect()
    }

    fn component(&mut self, json: &Json, at: &Location) -> Option<Component> {
        let first = self.issues.len();
        let pointer = at.pointer();
        let component = self.component_parts(json, &Location::at(&pointer));
        let id = json.get("id").and_then(Json::as_str).filter(|id| !id.is_empty());
        for issue in &mut self.issues[first..] {
            issue
                .id
                .get_or_insert_with(|| id.map_or_else(|| position_id(&pointer), str::to_owned));
        }
        component
    }

    fn component_parts(&mut self, json: &Json, at: &Location) -> Option<Component> {
        let object = self.object(json, at)?;
        self.known_keys(object, &COMPONENT_KEYS, at);
        let Some(kind) = object.get("type").and_then(Json::as_str) else {
            self.refuse(at, "a component names its `type`");
            return None;
        };
        let props = self.templates(object, "props", at);
        let on_event = self.named_at(object, "on_event", at, Self::action);
        Some(Component {
            kind: kind.to_owned(),
            id: self
                .optional_text(object, "id", at)
                .filter(|id| !id.is_empty())
                .unwrap_or_else(|| position_id(&at.pointer())),
            props,
            children: self.components(
                object.get("children").filter(|children| !children.is_null()),
                &at.member("children"),
            ),
            on_event,
            visible: object
                .get("visible")
                .and_then(|json| self.source(json, &at.member("visible"))),
            each: object
                .get("each")
                .and_then(|json| self.each(json, &at.member("each"))),
            checks: self.checks(object.get("checks"), &at.member("checks")),
            a11y: self.own_object(object, "a11y", at),
            at: at.pointer(),
        })
    }

    fn each(&mut self, json: &Json, at: &Location) -> Option<Each> {
        if let Json::String(list) = json {
            return Some(Each {
                list: self.path(list, at)?,
                name: "item".into(),
                key: Some("id".into()),
                filter: None,
            });
        }
        let object = self.object(json, at)?;
        self.known_keys(object, &["in", "as", "key", "where"], at);
        let Some(list) = object.get("in").and_then(Json::as_str) else {
            self.refuse(at, "`each` names its list: `in` takes a path");
            return None;
        };
        let key = match object.get("key") {
            None => Some("id".to_owned()),
            Some(Json::Null) => None,
            Some(Json::String(key)) => Some(key.clone()),
            Some(_) => {
                self.refuse(&at.member("key"), "`key` is the name of a member");
                None
            }
        };
        Some(Each {
            list: self.path(list, &at.member("in"))?,
            name: self
                .optional_text(object, "as", at)
                .unwrap_or_else(|| "item".into()),
            key,
            filter: object
                .get("where")
                .and_then(|json| self.source(json, &at.member("where"))),
        })
    }

    fn queries(&mut self, root: &Object) -> Vec<(String, DataQuery)> {
        let queries = self.named(root, "data", Self::query);
        for (name, _) in queries.iter().skip(limits::QUERIES) {
            self.refuse(
                &Location::ROOT.member("data").member(name),
                format!("a document has at most {} data queries", limits::QUERIES),
            );
        }
        queries
    }

    fn query(&mut self, json: &Json, at: &Location) -> Option<DataQuery> {
        let object = self.object(json, at)?;
        self.known_keys(object, &["tool", "args", "pick", "every", "when", "default"], at);
        let Some(tool) = object.get("tool").and_then(Json::as_str) else {
            self.refuse(at, "a data query names its `tool`");
            return None;
        };
        let every = object.get("every");
        if every.is_some_and(|every| {
            every
                .as_f64()
                .is_none_or(|seconds| seconds < limits::QUERY_SECONDS)
        }) {
            self.refuse(
                &at.member("every"),
                format!(
                    "`every` is a number of seconds, at least {}",
                    limits::QUERY_SECONDS
                ),
            );
        }
        Some(DataQuery {
            tool: tool.to_owned(),
            args: self.templates(object, "args", at),
            pick: object
                .get("pick")
                .and_then(|json| self.source(json, &at.member("pick"))),
            every_seconds: every.and_then(Json::as_f64),
            when: object
                .get("when")
                .and_then(|json| self.source(json, &at.member("when"))),
            default: object.get("default").cloned().unwrap_or(Json::Null),
        })
    }

    fn checks(&mut self, json: Option<&Json>, at: &Location) -> Vec<Check> {
        match json {
            None | Some(Json::Null) => Vec::new(),
            Some(Json::Array(items)) => items
                .iter()
                .enumerate()
                .flat_map(|(index, item)| self.check(item, &at.item(index)))
                .collect(),
            Some(single) => self.check(single, at),
        }
    }

    /// One entry: a rule's name, or an object of rules with an optional message for them.
    fn check(&mut self, json: &Json, at: &Location) -> Vec<Check> {
        let rules: Vec<(&str, &Json)> = match json {
            Json::String(name) => vec![(name, &Json::Bool(true))],
            Json::Object(rules) => rules.iter().map(|(name, rule)| (name.as_str(), rule)).collect(),
            _ => {
                self.refuse(at, "a check is a rule's name or an object of rules");
                return Vec::new();
            }
        };
        let message = json.get("message").and_then(Json::as_str);
        rules
            .into_iter()
            .filter(|(name, argument)| *name != "message" && **argument != Json::Bool(false))
            .filter_map(|(name, argument)| {
                let rule = self.rule(name, argument, &at.member(name))?;
                Some(Check {
                    rule,
                    message: message.map(str::to_owned),
                })
            })
            .collect()
    }

    fn rule(&mut self, name: &str, argument: &Json, at: &Location) -> Option<Rule> {
        let rule = match (name, argument) {
            ("required", _) => Rule::Required,
            ("email", _) => Rule::Email,
            ("url", _) => Rule::Url,
            ("number", _) => Rule::Number,
            ("integer", _) => Rule::Integer,
            ("min", Json::Number(bound)) => Rule::Min(bound.as_f64()?),
            ("max", Json::Number(bound)) => Rule::Max(bound.as_f64()?),
            ("min_length", Json::Number(length)) if length.is_u64() => {
                Rule::MinLength(length.as_u64()? as usize)
            }
            ("max_length", Json::Number(length)) if length.is_u64() => {
                Rule::MaxLength(length.as_u64()? as usize)
            }
            ("pattern", Json::String(pattern)) => Rule::Pattern(pattern.clone()),
            ("one_of", Json::Array(values)) => Rule::OneOf(values.clone()),
            ("when", condition) => Rule::When(self.source(condition, at)?),
            (known, argument) if RULES.iter().any(|(rule, _)| *rule == known) => {
                let takes = RULES
                    .iter()
                    .find(|(rule, _)| *rule == known)
                    .map_or("", |(_, takes)| takes);
                self.refuse(at, format!("`{name}` takes {takes}, found {argument}"));
                return None;
            }
            _ => {
                let rules: Vec<&str> = RULES.iter().map(|(rule, _)| *rule).collect();
                let issue = Issue::error(
                    Code::Schema,
                    at,
                    format!("there is no check `{name}`; there are {}", rules.join(", ")),
                );
                self.issues.push(match nearest::suggestion(name, rules) {
                    Some(meant) => issue.hint(meant),
                    None => issue,
                });
                return None;
            }
        };
        Some(rule)
    }

    pub(super) fn action(&mut self, json: &Json, at: &Location) -> Option<Action> {
        Action::read(self, json, at, 0)
    }

    pub(super) fn source(&mut self, json: &Json, at: &Location) -> Option<Source> {
        let read = match json {
            Json::String(text) => Source::parse(text),
            Json::Bool(_) | Json::Number(_) => Source::parse(&json.to_string()),
            _ => Err("an expression is text".to_owned()),
        };
        self.keep(read.map_err(|message| Issue::error(Code::ExprSyntax, at, message)))
    }

    pub(super) fn template(&mut self, json: &Json, at: &Location) -> Option<Template> {
        let read = Template::parse(json, at);
        self.keep(read)
    }

    pub(super) fn path(&mut self, text: &str, at: &Location) -> Option<Path> {
        let read =
            Path::parse(text).map_err(|error| Issue::error(Code::PathForbidden, at, error.to_string()));
        self.keep(read)
    }

    fn paths(&mut self, json: Option<&Json>, at: &Location) -> Vec<Path> {
        let texts = json.map(|json| self.texts(json, at)).unwrap_or_default();
        texts
            .iter()
            .enumerate()
            .filter_map(|(index, text)| self.path(text, &at.item(index)))
            .collect()
    }

    pub(super) fn templates(&mut self, object: &Object, key: &str, at: &Location) -> Vec<(String, Template)> {
        self.named_at(object, key, at, Self::template)
    }

    fn named<T>(
        &mut self,
        object: &Object,
        key: &str,
        read: impl FnMut(&mut Self, &Json, &Location) -> Option<T>,
    ) -> Vec<(String, T)> {
        self.named_at(object, key, &Location::ROOT, read)
    }

    fn named_at<T>(
        &mut self,
        object: &Object,
        key: &str,
        at: &Location,
        mut read: impl FnMut(&mut Self, &Json, &Location) -> Option<T>,
    ) -> Vec<(String, T)> {
        let members = self.optional_object(object, key, at).into_iter().flatten();
        let at = at.member(key);
        members
            .filter_map(|(name, json)| Some((name.clone(), read(self, json, &at.member(name))?)))
            .collect()
    }

    pub(super) fn object<'a>(&mut self, json: &'a Json, at: &Location) -> Option<&'a Object> {
        if json.is_object() {
            return json.as_object();
        }
        self.refuse(at, "an object was expected here");
        None
    }

    fn optional_object<'a>(&mut self, object: &'a Object, key: &str, at: &Location) -> Option<&'a Object> {
        match object.get(key) {
            None | Some(Json::Null) => None,
            Some(json) => self.object(json, &at.member(key)),
        }
    }

    fn own_object(&mut self, object: &Object, key: &str, at: &Location) -> Object {
        self.optional_object(object, key, at).cloned().unwrap_or_default()
    }

    fn optional_text(&mut self, object: &Object, key: &str, at: &Location) -> Option<String> {
        match object.get(key)? {
            Json::String(text) => Some(text.clone()),
            Json::Null => None,
            _ => {
                self.refuse(&at.member(key), format!("`{key}` is text"));
                None
            }
        }
    }

    fn texts(&mut self, json: &Json, at: &Location) -> Vec<String> {
        let Some(items) = json.as_array() else {
            self.refuse(at, "a list of texts was expected here");
            return Vec::new();
        };
        let texts: Vec<String> = items.iter().filter_map(Json::as_str).map(str::to_owned).collect();
        if texts.len() < items.len() {
            self.refuse(at, "every entry of this list is text");
        }
        texts
    }

    pub(super) fn known_keys(&mut self, object: &Object, known: &[&str], at: &Location) {
        for key in object.keys().filter(|key| !known.contains(&key.as_str())) {
            self.refuse(
                &at.member(key),
                format!(
                    "`{key}` is not known here; known are {}; notes of your own go under `x`",
                    known.join(", ")
                ),
            );
        }
    }

    pub(super) fn step(&mut self, json: &Json, at: &Location, depth: usize) -> Option<Step> {
        Step::read(self, json, at, depth)
    }
}

/// The id of a component that is given none: `c0` for the first, `c0_1` for the second within it.
pub(super) fn position_id(pointer: &str) -> String {
    let indices: Vec<&str> = pointer.split('/').skip(2).step_by(2).collect();
    format!("c{}", indices.join("_"))
}
