//! The typed document: what holds of every [`UiSpec`] is settled here, once.
//!
//! [`UiSpec::from_json`] is the only way in. It refuses what has the wrong shape; what a well
//! shaped document *means* (names, tools, types of properties) is for the checker.

use serde_json::{Map as JsonMap, Value as Json};

use super::action::{Action, Step};
use super::issue::{Code, Issue};
use super::limits;
use super::nearest;
use super::path::{Path, escaped};
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
    pub(super) fn refuse(&mut self, at: &str, message: impl Into<String>) {
        self.issues.push(Issue::error(Code::Schema, at, message));
    }

    fn keep<T>(&mut self, read: Result<T, Issue>) -> Option<T> {
        read.map_err(|issue| self.issues.push(issue)).ok()
    }

    fn document(&mut self, document: &Json) -> UiSpec {
        let empty = Object::new();
        let root = self.object(document, "").unwrap_or(&empty);
        self.known_keys(root, &DOCUMENT_KEYS, "");
        if root.get("type").is_some_and(|kind| kind != "app") {
            self.refuse("/type", "a document's `type` is \"app\"");
        }
        let on = self.lifecycle(root.get("on"));
        UiSpec {
            title: self.optional_text(root, "title", "").unwrap_or_default(),
            layout: self.layout(root.get("layout")),
            state: self.optional_object(root, "state", ""),
            persist: self.paths(root.get("persist"), "/persist"),
            computed: self.named(root, "computed", Reader::source),
            data: self.queries(root),
            actions: self.named(root, "actions", Self::action),
            on,
            watch: self.watch(root),
            components: self.components(root.get("components"), "", "c"),
            services: root
                .get("services")
                .map(|services| self.texts(services, "/services")),
            service_bindings: self.bindings(root),
            permissions: self.optional_object(root, "permissions", ""),
            style: self.optional_object(root, "style", ""),
            theme: self.optional_object(root, "theme", ""),
        }
    }

    fn layout(&mut self, json: Option<&Json>) -> Layout {
        match json.map(|json| json.as_str()) {
            None | Some(Some("vertical")) => Layout::Vertical,
            Some(Some("horizontal")) => Layout::Horizontal,
            Some(Some("grid")) => Layout::Grid,
            Some(_) => {
                self.refuse("/layout", "`layout` is \"vertical\", \"horizontal\" or \"grid\"");
                Layout::Vertical
            }
        }
    }

    fn lifecycle(&mut self, json: Option<&Json>) -> Lifecycle {
        let Some(hooks) = json.and_then(|json| self.object(json, "/on")) else {
            return Lifecycle::default();
        };
        self.known_keys(hooks, &["mount", "close", "focus", "blur"], "/on");
        let mut hook = |name: &str| {
            hooks
                .get(name)
                .and_then(|json| self.action(json, &format!("/on/{name}")))
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
                Some((self.path(&path, &format!("/watch/{}", escaped(&path)))?, action))
            })
            .collect()
    }

    fn bindings(&mut self, root: &Object) -> Vec<(String, Vec<String>)> {
        self.named(root, "service_bindings", |reader, json, at| match json {
            Json::String(tool) => Some(vec![tool.clone()]),
            _ => Some(reader.texts(json, at)),
        })
    }

    fn components(&mut self, json: Option<&Json>, parent_at: &str, parent_id: &str) -> Vec<Component> {
        let list_at = if parent_at.is_empty() {
            "/components".to_owned()
        } else {
            format!("{parent_at}/children")
        };
        let Some(json) = json else { return Vec::new() };
        let Some(items) = json.as_array() else {
            self.refuse(&list_at, "components are a list");
            return Vec::new();
        };
        items
            .iter()
            .enumerate()
            .filter_map(|(index, item)| {
                let position = if parent_id == "c" {
                    format!("c{index}")
                } else {
                    format!("{parent_id}_{index}")
                };
                self.component(item, format!("{list_at}/{index}"), position)
            })
            .collect()
    }

    fn component(&mut self, json: &Json, at: String, position: String) -> Option<Component> {
        let first = self.issues.len();
        let id = json.get("id").and_then(Json::as_str).filter(|id| !id.is_empty());
        let id = id.unwrap_or(&position).to_owned();
        let component = self.component_parts(json, at, position);
        for issue in &mut self.issues[first..] {
            issue.id.get_or_insert_with(|| id.clone());
        }
        component
    }

    fn component_parts(&mut self, json: &Json, at: String, position: String) -> Option<Component> {
        let object = self.object(json, &at)?;
        self.known_keys(object, &COMPONENT_KEYS, &at);
        let Some(kind) = object.get("type").and_then(Json::as_str) else {
            self.refuse(&at, "a component names its `type`");
            return None;
        };
        let props = self.optional_object(object, "props", &at);
        let props = props
            .iter()
            .filter_map(|(name, json)| {
                let template = Template::parse(json, &format!("{at}/props/{}", escaped(name)));
                Some((name.clone(), self.keep(template)?))
            })
            .collect();
        let on_event = match object.get("on_event") {
            None | Some(Json::Null) => Vec::new(),
            Some(_) => self.named_at(object, "on_event", &at, Self::action),
        };
        Some(Component {
            kind: kind.to_owned(),
            id: self
                .optional_text(object, "id", &at)
                .filter(|id| !id.is_empty())
                .unwrap_or_else(|| position.clone()),
            props,
            children: self.components(
                object.get("children").filter(|children| !children.is_null()),
                &at,
                &position,
            ),
            on_event,
            visible: object
                .get("visible")
                .and_then(|json| self.source(json, &format!("{at}/visible"))),
            each: object
                .get("each")
                .and_then(|json| self.each(json, &format!("{at}/each"))),
            checks: self.checks(object.get("checks"), &format!("{at}/checks")),
            a11y: self.optional_object(object, "a11y", &at),
            at,
        })
    }

    fn each(&mut self, json: &Json, at: &str) -> Option<Each> {
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
                self.refuse(&format!("{at}/key"), "`key` is the name of a member");
                None
            }
        };
        Some(Each {
            list: self.path(list, &format!("{at}/in"))?,
            name: self
                .optional_text(object, "as", at)
                .unwrap_or_else(|| "item".into()),
            key,
            filter: object
                .get("where")
                .and_then(|json| self.source(json, &format!("{at}/where"))),
        })
    }

    fn queries(&mut self, root: &Object) -> Vec<(String, DataQuery)> {
        let queries = self.named(root, "data", Self::query);
        for (name, _) in queries.iter().skip(limits::QUERIES) {
            self.refuse(
                &format!("/data/{}", escaped(name)),
                format!("a document has at most {} data queries", limits::QUERIES),
            );
        }
        queries
    }

    fn query(&mut self, json: &Json, at: &str) -> Option<DataQuery> {
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
                &format!("{at}/every"),
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
                .and_then(|json| self.source(json, &format!("{at}/pick"))),
            every_seconds: every.and_then(Json::as_f64),
            when: object
                .get("when")
                .and_then(|json| self.source(json, &format!("{at}/when"))),
            default: object.get("default").cloned().unwrap_or(Json::Null),
        })
    }

    fn checks(&mut self, json: Option<&Json>, at: &str) -> Vec<Check> {
        match json {
            None | Some(Json::Null) => Vec::new(),
            Some(Json::Array(items)) => items
                .iter()
                .enumerate()
                .flat_map(|(index, item)| self.check(item, &format!("{at}/{index}")))
                .collect(),
            Some(single) => self.check(single, at),
        }
    }

    /// One entry: a rule's name, or an object of rules with an optional message for them.
    fn check(&mut self, json: &Json, at: &str) -> Vec<Check> {
        let rules = match json {
            Json::String(name) => Object::from_iter([(name.clone(), Json::Bool(true))]),
            Json::Object(rules) => rules.clone(),
            _ => {
                self.refuse(at, "a check is a rule's name or an object of rules");
                return Vec::new();
            }
        };
        let message = rules.get("message").and_then(Json::as_str).map(str::to_owned);
        rules
            .iter()
            .filter(|(name, argument)| *name != "message" && **argument != Json::Bool(false))
            .filter_map(|(name, argument)| {
                let rule = self.rule(name, argument, &format!("{at}/{name}"))?;
                Some(Check {
                    rule,
                    message: message.clone(),
                })
            })
            .collect()
    }

    fn rule(&mut self, name: &str, argument: &Json, at: &str) -> Option<Rule> {
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

    pub(super) fn action(&mut self, json: &Json, at: &str) -> Option<Action> {
        Action::read(self, json, at, 0)
    }

    pub(super) fn source(&mut self, json: &Json, at: &str) -> Option<Source> {
        let read = match json {
            Json::String(text) => Source::parse(text),
            Json::Bool(_) | Json::Number(_) => Source::parse(&json.to_string()),
            _ => Err("an expression is text".to_owned()),
        };
        self.keep(read.map_err(|message| Issue::error(Code::ExprSyntax, at, message)))
    }

    pub(super) fn template(&mut self, json: &Json, at: &str) -> Option<Template> {
        let read = Template::parse(json, at);
        self.keep(read)
    }

    pub(super) fn path(&mut self, text: &str, at: &str) -> Option<Path> {
        let read =
            Path::parse(text).map_err(|error| Issue::error(Code::PathForbidden, at, error.to_string()));
        self.keep(read)
    }

    fn paths(&mut self, json: Option<&Json>, at: &str) -> Vec<Path> {
        let texts = json.map(|json| self.texts(json, at)).unwrap_or_default();
        texts
            .iter()
            .enumerate()
            .filter_map(|(index, text)| self.path(text, &format!("{at}/{index}")))
            .collect()
    }

    pub(super) fn templates(&mut self, object: &Object, key: &str, at: &str) -> Vec<(String, Template)> {
        self.named_at(object, key, at, Self::template)
    }

    fn named<T>(
        &mut self,
        object: &Object,
        key: &str,
        read: impl FnMut(&mut Self, &Json, &str) -> Option<T>,
    ) -> Vec<(String, T)> {
        self.named_at(object, key, "", read)
    }

    fn named_at<T>(
        &mut self,
        object: &Object,
        key: &str,
        at: &str,
        mut read: impl FnMut(&mut Self, &Json, &str) -> Option<T>,
    ) -> Vec<(String, T)> {
        let members = self.optional_object(object, key, at);
        members
            .iter()
            .filter_map(|(name, json)| {
                Some((
                    name.clone(),
                    read(self, json, &format!("{at}/{key}/{}", escaped(name)))?,
                ))
            })
            .collect()
    }

    pub(super) fn object<'a>(&mut self, json: &'a Json, at: &str) -> Option<&'a Object> {
        if json.is_object() {
            return json.as_object();
        }
        self.refuse(at, "an object was expected here");
        None
    }

    fn optional_object(&mut self, object: &Object, key: &str, at: &str) -> Object {
        match object.get(key) {
            None | Some(Json::Null) => Object::new(),
            Some(json) => self
                .object(json, &format!("{at}/{key}"))
                .cloned()
                .unwrap_or_default(),
        }
    }

    fn optional_text(&mut self, object: &Object, key: &str, at: &str) -> Option<String> {
        match object.get(key)? {
            Json::String(text) => Some(text.clone()),
            Json::Null => None,
            _ => {
                self.refuse(&format!("{at}/{key}"), format!("`{key}` is text"));
                None
            }
        }
    }

    fn texts(&mut self, json: &Json, at: &str) -> Vec<String> {
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

    pub(super) fn known_keys(&mut self, object: &Object, known: &[&str], at: &str) {
        for key in object.keys().filter(|key| !known.contains(&key.as_str())) {
            self.refuse(
                &format!("{at}/{}", escaped(key)),
                format!(
                    "`{key}` is not known here; known are {}; notes of your own go under `x`",
                    known.join(", ")
                ),
            );
        }
    }

    pub(super) fn step(&mut self, json: &Json, at: &str, depth: usize) -> Option<Step> {
        Step::read(self, json, at, depth)
    }
}
