//! A surface that draws nothing: it keeps what turns tell it, as the desktop does, and after each
//! turn checks that this is what the engine says when asked for everything.

use std::collections::BTreeMap;

use agentos_core::engine::Engine;
use agentos_core::spec::patch;
use serde_json::{Value, json};

/// Any moment will do; this one is in 2026.
pub(super) const START: f64 = 1_780_000_000_000.0;
const APP: &str = "app";

pub(super) struct Screen {
    engine: Engine,
    pub(super) now: f64,
    pub(super) root: Vec<String>,
    nodes: BTreeMap<String, Value>,
    pub(super) state: Value,
    /// The last turn.
    pub(super) turn: Value,
    /// Effects nobody has resolved yet, oldest first.
    pub(super) effects: Vec<Value>,
}

impl Screen {
    #[track_caller]
    pub(super) fn open(spec: Value) -> Self {
        Self::reopen(spec, Value::Null)
    }

    /// Opens an app with the state that was kept.
    #[track_caller]
    pub(super) fn reopen(spec: Value, state: Value) -> Self {
        let mut screen = Self {
            engine: Engine::default(),
            now: START,
            root: Vec::new(),
            nodes: BTreeMap::new(),
            state: Value::Null,
            turn: Value::Null,
            effects: Vec::new(),
        };
        let mut request = json!({"op": "open", "app": APP, "spec": spec, "now": START, "seed": 7});
        if !state.is_null() {
            request["state"] = state;
        }
        let answer = screen.ask(request);
        screen.state = answer["state"].clone();
        screen.take(&answer);
        screen.turn = answer;
        screen
    }

    /// The answer to any request, errors included.
    pub(super) fn call(&mut self, request: &Value) -> Value {
        call(&mut self.engine, request)
    }

    /// The answer to a request of this app that is carried out.
    #[track_caller]
    pub(super) fn ask(&mut self, mut request: Value) -> Value {
        request["app"] = json!(APP);
        let answer = self.call(&request);
        assert_eq!(answer.get("error"), None, "{request} is carried out: {answer}");
        answer
    }

    /// Makes the request a turn and draws it.
    #[track_caller]
    pub(super) fn play(&mut self, mut request: Value) -> &Value {
        request["now"] = json!(self.now);
        let turn = self.ask(request);
        let operations = patch::parse(turn["state_patch"].clone()).unwrap();
        patch::apply(&mut self.state, &operations, |_| Ok(())).unwrap();
        self.take(&turn);
        self.turn = turn;
        self.is_up_to_date();
        &self.turn
    }

    #[track_caller]
    pub(super) fn dispatch(&mut self, component: &str, kind: &str, payload: Value) -> &Value {
        self.play(
            json!({"op": "dispatch", "event": {"component": component, "kind": kind, "payload": payload}}),
        )
    }

    #[track_caller]
    pub(super) fn click(&mut self, component: &str) -> &Value {
        self.dispatch(component, "click", Value::Null)
    }

    #[track_caller]
    pub(super) fn enter(&mut self, component: &str, value: impl Into<Value>) -> &Value {
        self.dispatch(component, "change", json!({"value": value.into()}))
    }

    #[track_caller]
    pub(super) fn check(&mut self, component: &str, checked: bool) -> &Value {
        self.dispatch(component, "change", json!({"checked": checked}))
    }

    #[track_caller]
    pub(super) fn submit(&mut self, component: &str) -> &Value {
        self.dispatch(component, "submit", Value::Null)
    }

    /// Lets time pass with a host that ticks whenever the app asks for it.
    #[track_caller]
    pub(super) fn pass(&mut self, milliseconds: f64) {
        let until = self.now + milliseconds;
        while let Some(wake_at) = self.turn["wake_at"].as_f64().filter(|&wake_at| wake_at <= until) {
            assert!(wake_at >= self.now, "the app asks to be woken in the past");
            self.now = wake_at;
            self.play(json!({"op": "tick"}));
            assert!(
                self.turn["wake_at"].as_f64().is_none_or(|next| next > wake_at),
                "a tick makes progress"
            );
        }
        self.now = until;
    }

    /// Lets time pass with a host that slept: one tick at the end.
    #[track_caller]
    pub(super) fn sleep(&mut self, milliseconds: f64) {
        self.now += milliseconds;
        self.play(json!({"op": "tick"}));
    }

    /// The oldest effect that waits for `tool`.
    #[track_caller]
    pub(super) fn effect(&self, tool: &str) -> Value {
        let waiting = self.effects.iter().find(|effect| effect["tool"] == tool);
        waiting
            .unwrap_or_else(|| panic!("no effect waits for {tool}: {:?}", self.effects))
            .clone()
    }

    #[track_caller]
    pub(super) fn succeed(&mut self, tool: &str, value: Value) -> &Value {
        let id = self.settle(tool);
        self.play(json!({"op": "resolve", "effect": id, "ok": value}))
    }

    #[track_caller]
    pub(super) fn fail(&mut self, tool: &str, code: &str) -> &Value {
        let id = self.settle(tool);
        self.play(json!({"op": "resolve", "effect": id, "error": {"code": code, "message": format!("{tool} failed")}}))
    }

    #[track_caller]
    fn settle(&mut self, tool: &str) -> Value {
        let id = self.effect(tool)["id"].clone();
        self.effects.retain(|effect| effect["id"] != id);
        id
    }

    #[track_caller]
    pub(super) fn node(&self, id: &str) -> &Value {
        self.nodes
            .get(id)
            .unwrap_or_else(|| panic!("`{id}` is on screen: {:?}", self.nodes.keys()))
    }

    pub(super) fn shows(&self, id: &str) -> bool {
        self.nodes.contains_key(id)
    }

    #[track_caller]
    pub(super) fn prop(&self, id: &str, name: &str) -> &Value {
        &self.node(id)["props"][name]
    }

    #[track_caller]
    pub(super) fn children(&self, id: &str) -> Vec<String> {
        serde_json::from_value(self.node(id)["children"].clone()).unwrap()
    }

    /// Ids of the nodes of one component in the rows of an `each`, in document order.
    pub(super) fn nodes_of(&self, component: &str) -> Vec<String> {
        let mut found = Vec::new();
        let mut open: Vec<String> = self.root.iter().rev().cloned().collect();
        while let Some(id) = open.pop() {
            open.extend(self.children(&id).into_iter().rev());
            if id.split('@').next() == Some(component) {
                found.push(id);
            }
        }
        found
    }

    /// Ids of the nodes the last turn brought, sorted.
    pub(super) fn changed(&self) -> Vec<&str> {
        let nodes = self.turn["nodes"].as_array().into_iter().flatten();
        let mut ids: Vec<&str> = nodes.filter_map(|node| node["id"].as_str()).collect();
        ids.sort_unstable();
        ids
    }

    /// Codes of the issues the last turn brought.
    pub(super) fn issues(&self) -> Vec<&str> {
        self.turn["issues"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|issue| issue["code"].as_str())
            .collect()
    }

    fn take(&mut self, answer: &Value) {
        for id in answer["removed"].as_array().into_iter().flatten() {
            self.nodes.remove(id.as_str().unwrap());
        }
        for node in answer["nodes"].as_array().into_iter().flatten() {
            self.nodes
                .insert(node["id"].as_str().unwrap().to_owned(), node.clone());
        }
        if let Some(root) = answer.get("root") {
            self.root = serde_json::from_value(root.clone()).unwrap();
        }
        self.effects
            .extend(answer["effects"].as_array().into_iter().flatten().cloned());
    }

    #[track_caller]
    fn is_up_to_date(&mut self) {
        let view = self.ask(json!({"op": "view"}));
        let nodes: BTreeMap<String, Value> = view["nodes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|node| (node["id"].as_str().unwrap().to_owned(), node.clone()))
            .collect();
        assert_eq!(json!(self.root), view["root"], "the roots that turns told");
        assert_eq!(self.nodes, nodes, "the nodes that turns told");
        assert_eq!(self.state, view["state"], "the state that patches told");
    }
}

pub(super) fn call(engine: &mut Engine, request: &Value) -> Value {
    serde_json::from_str(&engine.call(&request.to_string())).unwrap()
}

/// A document of these parts.
pub(super) fn app(parts: Value) -> Value {
    let mut document = json!({"type": "app", "title": "App", "components": []});
    for (key, value) in parts.as_object().unwrap() {
        document[key] = value.clone();
    }
    document
}

pub(super) fn button(id: &str, action: Value) -> Value {
    json!({"type": "button", "id": id, "props": {"text": id}, "on_event": {"click": action}})
}
