//! Someone who uses an app: sees what is drawn, acts on it by its names, answers its questions.

use std::collections::BTreeMap;
use std::sync::Arc;

use agentos_core::runtime::{App, Event, Node, Opening, Turn};
use agentos_core::spec::{Catalog, UiSpec};
use agentos_core::value::{Value, map_from_json, map_to_json};
use serde_json::{Value as Json, json};

pub(crate) struct User {
    app: App,
    spec: UiSpec,
    nodes: BTreeMap<String, Node>,
    now: f64,
    wake_at: Option<f64>,
    /// Tools of the shell and of services the app used, in order.
    pub(crate) effects: Vec<String>,
}

impl User {
    /// Opens the app at noon of 2 January 2026, UTC.
    #[track_caller]
    pub(crate) fn opens(document: &Json) -> Self {
        Self::reopens(document, None, 1_767_355_200_000.0)
    }

    #[track_caller]
    pub(crate) fn reopens(document: &Json, saved: Option<&Json>, now: f64) -> Self {
        let spec = UiSpec::from_json(document).unwrap_or_else(|issues| panic!("{issues:#?}"));
        let opening = Opening {
            spec: &spec,
            catalog: Arc::new(Catalog::builtin().clone()),
            saved: saved.and_then(Json::as_object).map(map_from_json),
            now,
            seed: 42,
            draft: false,
        };
        let (app, turn) = App::open(opening);
        let mut user = Self {
            app,
            spec: spec.clone(),
            nodes: BTreeMap::new(),
            now,
            wake_at: None,
            effects: Vec::new(),
        };
        user.look(turn);
        user
    }

    pub(crate) fn state(&self) -> Json {
        Json::Object(map_to_json(self.app.state()))
    }

    pub(crate) fn now(&self) -> f64 {
        self.now
    }

    /// What the app would be given when it is opened again after its window closed.
    pub(crate) fn kept(&self) -> Json {
        let state = self.state();
        let kept = self
            .spec
            .persist
            .iter()
            .filter_map(|path| Some((path.root().to_string(), state.pointer(&path.pointer())?.clone())));
        Json::Object(kept.collect())
    }

    #[track_caller]
    pub(crate) fn clicks(&mut self, name: &str) {
        self.does(name, "click", json!({}));
    }

    #[track_caller]
    pub(crate) fn enters(&mut self, name: &str, value: impl Into<Json>) {
        self.does(name, "change", json!({ "value": value.into() }));
    }

    #[track_caller]
    pub(crate) fn ticks(&mut self, name: &str, checked: bool) {
        self.does(name, "change", json!({ "checked": checked }));
    }

    #[track_caller]
    pub(crate) fn presses_enter(&mut self, name: &str) {
        self.does(name, "submit", json!({}));
    }

    #[track_caller]
    pub(crate) fn does(&mut self, name: &str, kind: &str, payload: Json) {
        let id = self
            .find(name, kind)
            .unwrap_or_else(|| panic!("no {name:?} takes {kind}; there is:\n{}", self.seen()));
        let disabled = self.nodes[&id]
            .props
            .member("disabled")
            .is_some_and(Value::is_true);
        assert!(!disabled, "{name:?} is disabled");
        let event = Event {
            component: id,
            kind: kind.to_owned(),
            payload,
            item: Vec::new(),
        };
        let turn = self
            .app
            .dispatch(&event, self.now)
            .unwrap_or_else(|error| panic!("{name:?}: {error}"));
        self.look(turn);
    }

    /// Time passes with the host waking the app whenever it asks to be.
    pub(crate) fn waits(&mut self, ms: f64) {
        let until = self.now + ms;
        while let Some(due) = self.wake_at.filter(|due| *due <= until) {
            self.now = due.max(self.now);
            let turn = self.app.tick(self.now);
            self.look(turn);
        }
        self.now = until;
    }

    /// Time passes without a single tick, as in a tab that is hidden, then one comes.
    pub(crate) fn looks_away(&mut self, ms: f64) {
        self.now += ms;
        let turn = self.app.tick(self.now);
        self.look(turn);
    }

    /// Texts drawn by the component with this id; one for each row it stands in.
    #[track_caller]
    pub(crate) fn text_of(&self, id: &str) -> String {
        let node = self
            .nodes
            .get(id)
            .unwrap_or_else(|| panic!("no {id:?} is drawn; there is:\n{}", self.seen()));
        texts(&node.props).next().unwrap_or_default()
    }

    pub(crate) fn sees(&self, text: &str) -> bool {
        self.nodes
            .values()
            .any(|node| texts(&node.props).any(|seen| seen == text))
    }

    /// Everything that is drawn, by id.
    pub(crate) fn drawn(&self) -> impl Iterator<Item = &Node> {
        self.nodes.values()
    }

    pub(crate) fn node(&self, id: &str) -> Option<&Node> {
        self.nodes.get(id)
    }

    /// The names of everything of one kind, in the order in which it is drawn.
    pub(crate) fn all(&self, kind: &str) -> Vec<String> {
        let (_, nodes) = self.app.view();
        nodes
            .iter()
            .filter(|node| &*node.kind == kind)
            .map(|node| name(&node.props))
            .collect()
    }

    pub(crate) fn seen(&self) -> String {
        let (_, nodes) = self.app.view();
        let lines = nodes.iter().map(|node| {
            let called = name(&node.props);
            format!("{} {} {called:?} {:?}", node.id, node.kind, node.events)
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    fn find(&self, wanted: &str, kind: &str) -> Option<String> {
        let (_, nodes) = self.app.view();
        let takes = |node: &&Node| node.events.iter().any(|event| &**event == kind);
        let named = |node: &&Node| texts(&node.props).any(|text| text == wanted) || &*node.id == wanted;
        nodes
            .into_iter()
            .filter(|node| takes(node) && named(node))
            .map(|node| node.id.to_string())
            .next()
    }

    #[track_caller]
    fn look(&mut self, turn: Turn) {
        assert!(turn.issues.is_empty(), "the app said: {:#?}", turn.issues);
        for id in &turn.removed {
            self.nodes.remove(&**id);
        }
        self.nodes
            .extend(turn.nodes.into_iter().map(|node| (node.id.to_string(), node)));
        self.wake_at = turn.wake_at;
        for effect in turn.effects {
            self.effects.push(effect.tool.to_string());
            let answer = if &*effect.tool == "system.confirm" {
                Value::from(&json!(true))
            } else {
                Value::Null
            };
            let turn = self.app.resolve(effect.id, Ok(answer), self.now);
            self.look(turn);
        }
    }
}

/// What a person would call the node.
fn name(props: &Value) -> String {
    texts(props).next().unwrap_or_default()
}

fn texts(props: &Value) -> impl Iterator<Item = String> {
    const SHOWN: [&str; 6] = ["label", "text", "content", "title", "value", "placeholder"];
    SHOWN
        .into_iter()
        .filter_map(|prop| props.member(prop))
        .map(Value::display)
        .filter(|text| !text.is_empty())
}
