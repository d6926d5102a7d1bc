//! Tokens to values, and to the patches that show them.

use serde_json::{Map, Number, Value};

use super::lexer::{Bracket, OpenText, Token};
use super::slips::Slips;
use crate::spec::document::DOCUMENT_KEYS;
use crate::spec::patch::{AddOperation, PatchOperation, PointerBuf, ReplaceOperation, is_forbidden_name};
use crate::spec::{Code, limits};

/// Names under which models wrap the document in another object.
const WRAPPER_KEYS: [&str; 5] = ["ui_spec", "uispec", "spec", "app", "document"];

/// Properties people read; they are shown while they are written.
const GROWING_PROPS: [&str; 5] = ["text", "content", "label", "title", "placeholder"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    Open,
    /// The document is closed.
    Whole,
    /// The document ended without being closed.
    Cut,
    /// The object was something else in the prose.
    NoDocument,
    TooDeep,
}

/// The containers that are open, outermost first.
#[derive(Debug, Default)]
pub(super) struct Tree {
    open: Vec<Container>,
    /// Whether the outermost object is known to be the document: it has a document's member.
    recognised: bool,
    root: Option<Value>,
    /// Bytes already shown of the text that is being written.
    grown: Option<usize>,
    patches: Vec<PatchOperation>,
}

#[derive(Debug)]
struct Container {
    role: Role,
    content: Content,
    /// Whether patches have added it; its members are then added one by one.
    shown: bool,
    /// Whether a comma came after the last value.
    comma: bool,
}

#[derive(Debug)]
enum Content {
    Object {
        members: Map<String, Value>,
        key: Option<String>,
        colon: bool,
    },
    Array(Vec<Value>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Document,
    Components,
    Component,
    Props,
    /// Shown when it is whole.
    Plain,
}

impl Container {
    fn new(bracket: Bracket, role: Role, shown: bool) -> Self {
        let content = match bracket {
            Bracket::Object => Content::Object {
                members: Map::new(),
                key: None,
                colon: false,
            },
            Bracket::Array => Content::Array(Vec::new()),
        };
        Self {
            role,
            content,
            shown,
            comma: false,
        }
    }

    fn bracket(&self) -> Bracket {
        match self.content {
            Content::Object { .. } => Bracket::Object,
            Content::Array(_) => Bracket::Array,
        }
    }

    fn is_empty(&self) -> bool {
        match &self.content {
            Content::Object { members, .. } => members.is_empty(),
            Content::Array(items) => items.is_empty(),
        }
    }

    fn key(&self) -> Option<&str> {
        match &self.content {
            Content::Object { key, .. } => key.as_deref(),
            Content::Array(_) => None,
        }
    }

    fn awaits_key(&self) -> bool {
        matches!(self.content, Content::Object { key: None, .. })
    }

    fn awaits_colon(&self) -> bool {
        matches!(
            self.content,
            Content::Object {
                key: Some(_),
                colon: false,
                ..
            }
        )
    }

    fn role_of_next(&self, bracket: Bracket) -> Role {
        match (self.role, self.key(), bracket) {
            (Role::Document, Some("components"), Bracket::Array)
            | (Role::Component, Some("children"), Bracket::Array) => Role::Components,
            (Role::Components, _, Bracket::Object) => Role::Component,
            (Role::Component, Some("props"), Bracket::Object) => Role::Props,
            _ => Role::Plain,
        }
    }

    /// Whether the value under way is a text that is shown while it grows.
    fn shows_growing(&self) -> bool {
        self.shown
            && match (self.role, self.key()) {
                (Role::Document, Some(key)) => key == "title",
                (Role::Props, Some(key)) => GROWING_PROPS.contains(&key),
                _ => false,
            }
    }

    /// Whether, cut here, it is not worth keeping: nothing of it is whole, or it is a component of
    /// an unknown type.
    fn says_nothing(&self) -> bool {
        !self.shown && (self.role == Role::Component || self.is_empty())
    }

    fn give_up_name(&mut self) -> Option<String> {
        match &mut self.content {
            Content::Object { key, colon, .. } => {
                *colon = false;
                key.take()
            }
            Content::Array(_) => None,
        }
    }

    fn into_value(self) -> Value {
        match self.content {
            Content::Object { members, .. } => Value::Object(members),
            Content::Array(items) => Value::Array(items),
        }
    }
}

impl Tree {
    /// After the opening brace of what may be the document.
    pub(super) fn start() -> Self {
        Self {
            open: vec![Container::new(Bracket::Object, Role::Document, false)],
            ..Self::default()
        }
    }

    pub(super) fn take_patches(&mut self) -> Vec<PatchOperation> {
        std::mem::take(&mut self.patches)
    }

    pub(super) fn take(&mut self, token: Token, slips: &mut Slips) -> Progress {
        match token {
            Token::Open(bracket) => self.open(bracket, slips),
            Token::Close(bracket) => self.close(bracket, slips),
            Token::Text(text) if self.top().awaits_key() => self.name(text, slips),
            Token::Text(text) => self.value(Value::String(text), slips),
            Token::Word(_) if self.top().awaits_key() && !self.recognised => Progress::NoDocument,
            Token::Word(word) if self.top().awaits_key() => {
                slips.note("a name without quotes was read as one");
                self.name(word, slips)
            }
            Token::Word(word) => self.value(word_value(word, slips), slips),
            Token::Colon => self.colon(slips),
            Token::Comma => self.comma(slips),
            Token::Fence => {
                if self.recognised {
                    Progress::Cut
                } else {
                    Progress::NoDocument
                }
            }
        }
    }

    /// Shows more of a text that is being written. Long texts are shown in steps that grow with
    /// them, so that showing costs no more than a few times the text.
    pub(super) fn show_growing(&mut self, text: &OpenText) {
        let visible = text.visible();
        let shown = self.grown.unwrap_or(0);
        if visible.len() > shown + shown / 8 && self.top().shows_growing() {
            let value = Value::from(visible);
            self.grow(value);
            self.grown = Some(visible.len());
        }
    }

    /// Closes everything, and leaves out what was only begun. Nothing when no document was
    /// recognised.
    pub(super) fn finish(&mut self, cut: Option<&OpenText>) -> Option<Value> {
        if !self.recognised {
            return None;
        }
        if let Some(text) = cut
            && self.top().shows_growing()
            && !text.visible().is_empty()
        {
            let visible = Value::from(text.visible());
            self.place(visible, false);
        }
        while let Some(container) = self.open.last() {
            if container.says_nothing() && self.open.len() > 1 {
                self.open.pop();
                self.top_mut().give_up_name();
            } else {
                self.close_top();
            }
        }
        self.root.take()
    }

    fn open(&mut self, bracket: Bracket, slips: &mut Slips) -> Progress {
        let top = self.top();
        if !self.recognised && self.open.len() == 1 {
            let wraps = top.key().is_some_and(|key| WRAPPER_KEYS.contains(&key));
            if bracket == Bracket::Object && (wraps || top.awaits_key()) {
                *self = Self::start();
                return Progress::Open;
            }
            if top.awaits_key() {
                return Progress::NoDocument;
            }
        }
        if self.open.len() == limits::JSON_DEPTH {
            return Progress::TooDeep;
        }
        self.tell_missing_separator(slips);
        let top = self.top();
        let role = top.role_of_next(bracket);
        let shown = top.shown && matches!(role, Role::Components | Role::Props);
        let container = Container::new(bracket, role, shown);
        if shown {
            let value = if bracket == Bracket::Array {
                Value::Array(Vec::new())
            } else {
                Map::new().into()
            };
            self.add(self.pointer(self.open.len()), value);
        }
        self.open.push(container);
        Progress::Open
    }

    fn close(&mut self, bracket: Bracket, slips: &mut Slips) -> Progress {
        let top = self.top_mut();
        if std::mem::take(&mut top.comma) {
            slips.note("a trailing comma was left out");
        }
        if top.bracket() != bracket {
            return self.close_unmatched(bracket, slips);
        }
        self.drop_nameless(slips);
        self.close_top();
        self.progress_after_close()
    }

    /// A closing bracket ends the nearest container of its kind. It never ends the document itself,
    /// so that one brace too many does not cost everything that follows.
    fn close_unmatched(&mut self, bracket: Bracket, slips: &mut Slips) -> Progress {
        if !self.recognised {
            return Progress::NoDocument;
        }
        slips.warn(
            Code::JsonInvalid,
            "the brackets do not match; the nearest fitting one was closed",
        );
        let Some(matching) = self
            .open
            .iter()
            .rposition(|container| container.bracket() == bracket)
        else {
            return Progress::Open;
        };
        if matching > 0 {
            while self.open.len() > matching {
                self.close_top();
            }
        }
        Progress::Open
    }

    fn progress_after_close(&self) -> Progress {
        match (self.open.is_empty(), self.recognised) {
            (false, _) => Progress::Open,
            (true, true) => Progress::Whole,
            (true, false) => Progress::NoDocument,
        }
    }

    fn close_top(&mut self) {
        let Some(container) = self.open.pop() else { return };
        let shown = container.shown;
        let value = container.into_value();
        if self.open.is_empty() {
            self.root = Some(value);
        } else {
            self.place(value, shown);
        }
    }

    fn name(&mut self, name: String, slips: &mut Slips) -> Progress {
        if !self.top().is_empty() && !self.top().comma {
            slips.note("a missing comma was added");
        }
        if self.top().role != Role::Plain && is_forbidden_name(&name) {
            slips.warn(
                Code::PathForbidden,
                "a property with a forbidden name was left out",
            );
        }
        let names_document = self.open.len() == 1 && DOCUMENT_KEYS.contains(&name.as_str());
        let top = self.top_mut();
        top.comma = false;
        if let Content::Object { key, .. } = &mut top.content {
            *key = Some(name);
        }
        if names_document && !self.recognised {
            self.recognise();
        }
        Progress::Open
    }

    fn recognise(&mut self) {
        self.recognised = true;
        let document = &mut self.open[0];
        document.shown = true;
        if let Content::Object { members, .. } = &document.content {
            let early: Vec<_> = members
                .iter()
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect();
            for (key, value) in early {
                self.add(PointerBuf::from_tokens([&key]), value);
            }
        }
    }

    fn colon(&mut self, slips: &mut Slips) -> Progress {
        let recognised = self.recognised;
        match &mut self.top_mut().content {
            Content::Object {
                key: Some(_),
                colon: colon @ false,
                ..
            } => *colon = true,
            _ if recognised => slips.warn(Code::JsonInvalid, "a colon without a name was left out"),
            _ => return Progress::NoDocument,
        }
        Progress::Open
    }

    fn comma(&mut self, slips: &mut Slips) -> Progress {
        if !self.recognised && self.open.len() == 1 && self.top().awaits_colon() {
            return Progress::NoDocument;
        }
        self.drop_nameless(slips);
        let top = self.top_mut();
        if top.comma || top.is_empty() {
            slips.note("a comma too many was left out");
        }
        top.comma = true;
        Progress::Open
    }

    fn value(&mut self, value: Value, slips: &mut Slips) -> Progress {
        if self.top().awaits_colon() && !self.recognised {
            return Progress::NoDocument;
        }
        self.tell_missing_separator(slips);
        self.place(value, false);
        Progress::Open
    }

    fn tell_missing_separator(&mut self, slips: &mut Slips) {
        let top = self.top_mut();
        let missing_comma = matches!(top.content, Content::Array(_)) && !top.is_empty() && !top.comma;
        top.comma = false;
        if missing_comma {
            slips.note("a missing comma was added");
        }
        match &self.top().content {
            Content::Object { key: None, .. } => {
                slips.warn(Code::JsonInvalid, "a value without a name was left out");
            }
            Content::Object { colon: false, .. } => slips.note("a missing colon was added"),
            _ => {}
        }
    }

    /// Gives up a name that was followed by no value.
    fn drop_nameless(&mut self, slips: &mut Slips) {
        if self.top_mut().give_up_name().is_some() {
            slips.warn(Code::JsonInvalid, "a name without a value was left out");
        }
    }

    /// Puts a whole value into the innermost container; `shown` when its own patches did so already.
    fn place(&mut self, value: Value, shown: bool) {
        let grown = self.grown.take().is_some();
        let adds = self.top().shown && !shown;
        let patched = adds.then(|| (self.pointer(self.open.len()), value.clone()));
        let top = self.top_mut();
        let mut names_type = false;
        match &mut top.content {
            Content::Array(items) => items.push(value),
            Content::Object { members, key, colon } => {
                *colon = false;
                let Some(key) = key.take() else { return };
                if top.role != Role::Plain && is_forbidden_name(&key) {
                    return;
                }
                names_type = key == "type" && value.is_string();
                members.insert(key, value);
            }
        }
        match patched {
            Some((pointer, value)) if grown => self.replace(pointer, value),
            Some((pointer, value)) => self.add(pointer, value),
            None if names_type => self.show_component(),
            None => {}
        }
    }

    /// Adds the component that just got its type, with everything read of it so far.
    fn show_component(&mut self) {
        let depth = self.open.len() - 1;
        let Some(parent) = depth.checked_sub(1).map(|above| &self.open[above]) else {
            return;
        };
        let component = &self.open[depth];
        if component.role != Role::Component || component.shown || !parent.shown {
            return;
        }
        if let Content::Object { members, .. } = &component.content {
            let value = Value::Object(members.clone());
            self.add(self.pointer(depth), value);
            self.open[depth].shown = true;
        }
    }

    /// Where the value under way in the innermost of the first `depth` containers will be.
    fn pointer(&self, depth: usize) -> PointerBuf {
        let mut pointer = PointerBuf::new();
        for container in &self.open[..depth] {
            match &container.content {
                Content::Object { key, .. } => pointer.push_back(key.as_deref().unwrap_or_default()),
                Content::Array(items) => pointer.push_back(items.len()),
            }
        }
        pointer
    }

    fn grow(&mut self, value: Value) {
        let pointer = self.pointer(self.open.len());
        if self.grown.is_some() {
            self.replace(pointer, value);
        } else {
            self.add(pointer, value);
        }
    }

    fn add(&mut self, path: PointerBuf, value: Value) {
        self.patches
            .push(PatchOperation::Add(AddOperation { path, value }));
    }

    fn replace(&mut self, path: PointerBuf, value: Value) {
        self.patches
            .push(PatchOperation::Replace(ReplaceOperation { path, value }));
    }

    /// There is one as long as the document is open, and no token comes after that.
    fn top(&self) -> &Container {
        &self.open[self.open.len() - 1]
    }

    fn top_mut(&mut self) -> &mut Container {
        let innermost = self.open.len() - 1;
        &mut self.open[innermost]
    }
}

fn word_value(word: String, slips: &mut Slips) -> Value {
    match word.as_str() {
        "true" => return Value::Bool(true),
        "false" => return Value::Bool(false),
        "null" => return Value::Null,
        _ => {}
    }
    if let Ok(number) = serde_json::from_str::<Number>(&word) {
        return Value::Number(number);
    }
    slips.note("a literal that is not JSON was read as what it means");
    match word.as_str() {
        "True" => Value::Bool(true),
        "False" => Value::Bool(false),
        "None" | "undefined" | "NaN" | "Infinity" | "-Infinity" => Value::Null,
        _ => match word.parse::<f64>().ok().and_then(Number::from_f64) {
            Some(number) => Value::Number(number),
            None => Value::String(word),
        },
    }
}
