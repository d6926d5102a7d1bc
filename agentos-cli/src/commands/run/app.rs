//! One app in an engine of its own, with a person's place taken by a script.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::time::{SystemTime, UNIX_EPOCH};

use agentos_core::engine::Engine;
use anyhow::{Context, bail};
use serde_json::{Value, json};

use super::script::Step;

const APP: &str = "app";
/// An app that keeps asking for effects is stopped here.
const EFFECTS_PER_STEP: usize = 1_000;

pub(super) struct App {
    engine: Engine,
    view: Value,
    now: u64,
    wake_at: Option<u64>,
    is_sound: bool,
}

impl App {
    /// Opens the document `text`; an error lists why it cannot be.
    pub(super) fn open(text: &str) -> anyhow::Result<Self> {
        let spec: Value = serde_json::from_str(text).context("the document is not JSON")?;
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |elapsed| elapsed.as_millis() as u64);
        let mut app = Self {
            engine: Engine::default(),
            view: Value::Null,
            now,
            wake_at: None,
            is_sound: true,
        };
        let turn = app.call(json!({ "op": "open", "spec": spec, "now": now, "seed": now }))?;
        app.settle(turn)?;
        Ok(app)
    }

    /// What the app shows now, as the protocol's `view` tells it.
    pub(super) fn view(&self) -> Value {
        self.view.clone()
    }

    /// Whether no step failed.
    pub(super) fn is_sound(&self) -> bool {
        self.is_sound
    }

    pub(super) fn take(&mut self, step: &Step) -> anyhow::Result<()> {
        match step {
            Step::Click { id } => self.dispatch(id, "click", Value::Null),
            Step::Type { id, text } => {
                let value = self.value_for(id, text);
                self.dispatch(id, "change", json!({ "value": value }))
            }
            Step::Check { id } => self.dispatch(id, "change", json!({ "checked": true })),
            Step::Uncheck { id } => self.dispatch(id, "change", json!({ "checked": false })),
            Step::Submit { id } => self.dispatch(id, "submit", Value::Null),
            Step::Wait { ms } => self.wait(*ms),
        }
    }

    /// A slider's value is a number; every other control takes text.
    fn value_for(&self, id: &str, text: &str) -> Value {
        let is_slider = self.node(id).is_some_and(|node| node["type"] == "slider");
        let number = text.parse::<f64>().ok().filter(|_| is_slider);
        number.map_or_else(|| json!(text), |number| json!(number))
    }

    fn dispatch(&mut self, component: &str, kind: &str, payload: Value) -> anyhow::Result<()> {
        if let Some(node) = self.node(component) {
            must_take(node, component, kind)?;
        }
        let event = json!({ "component": component, "kind": kind, "payload": payload });
        let turn = self.call(json!({ "op": "dispatch", "event": event, "now": self.now }))?;
        self.settle(turn)
    }

    fn node(&self, id: &str) -> Option<&Value> {
        self.view["nodes"]
            .as_array()
            .into_iter()
            .flatten()
            .find(|node| node["id"] == id)
    }

    /// Moves the clock from one wake-up to the next, so that each timer sees its own time.
    fn wait(&mut self, ms: u64) -> anyhow::Result<()> {
        let until = self.now.saturating_add(ms);
        while let Some(wake_at) = self.wake_at.filter(|wake_at| *wake_at <= until) {
            self.now = self.now.max(wake_at);
            let turn = self.call(json!({ "op": "tick", "now": self.now }))?;
            self.settle(turn)?;
            if self.wake_at == Some(wake_at) {
                break;
            }
        }
        self.now = until;
        Ok(())
    }

    /// Performs what the turn asks of the outside, until nothing is left to do.
    fn settle(&mut self, turn: Value) -> anyhow::Result<()> {
        let mut waiting = VecDeque::new();
        self.note(&turn, &mut waiting)?;
        for _ in 0..EFFECTS_PER_STEP {
            let Some(effect) = waiting.pop_front() else {
                return self.look();
            };
            let mut request = json!({ "op": "resolve", "effect": effect["id"], "now": self.now });
            let (outcome, value) = perform(&effect)?;
            request[outcome] = value;
            let turn = self.call(request)?;
            self.note(&turn, &mut waiting)?;
        }
        bail!("the app asked for more than {EFFECTS_PER_STEP} effects in one step")
    }

    fn note(&mut self, turn: &Value, waiting: &mut VecDeque<Value>) -> io::Result<()> {
        self.wake_at = turn["wake_at"].as_f64().map(|at| at.ceil() as u64);
        waiting.extend(turn["effects"].as_array().into_iter().flatten().cloned());
        for issue in turn["issues"].as_array().into_iter().flatten() {
            self.is_sound &= issue["severity"] != "error";
            let text = |name: &str| issue[name].as_str().unwrap_or_default();
            writeln!(
                io::stderr(),
                "{}[{}] {}: {}",
                text("severity"),
                text("code"),
                text("path"),
                text("message")
            )?;
        }
        Ok(())
    }

    fn look(&mut self) -> anyhow::Result<()> {
        self.view = self.call(json!({ "op": "view" }))?;
        Ok(())
    }

    fn call(&mut self, mut request: Value) -> anyhow::Result<Value> {
        request["app"] = json!(APP);
        let answer: Value = serde_json::from_str(&self.engine.call(&request.to_string()))?;
        match answer["error"].as_str() {
            Some(error) => bail!("{error} ({})", answer["code"].as_str().unwrap_or("no code")),
            None => Ok(answer),
        }
    }
}

/// A person cannot use what is disabled, nor what has nothing to use.
fn must_take(node: &Value, component: &str, kind: &str) -> anyhow::Result<()> {
    if node["props"]["disabled"] == true {
        bail!("`{component}` is disabled");
    }
    let events: Vec<&str> = node["events"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    if !events.contains(&kind) {
        let taken = if events.is_empty() {
            "nothing".to_owned()
        } else {
            events.join(", ")
        };
        bail!("`{component}` takes no {kind}; it takes {taken}");
    }
    Ok(())
}

/// Plays the desktop and the server: a message is printed, a question is answered yes.
fn perform(effect: &Value) -> io::Result<(&'static str, Value)> {
    let tool = effect["tool"].as_str().unwrap_or_default();
    if effect["runs"] != "shell" {
        let message = format!("`{tool}` needs a server, and this run has none");
        return Ok(("error", json!({ "code": "unavailable", "message": message })));
    }
    let said = effect["args"]
        .as_object()
        .into_iter()
        .flat_map(|args| args.values())
        .find_map(Value::as_str);
    writeln!(io::stderr(), "{tool}: {}", said.unwrap_or_default())?;
    let answer = match tool {
        "system.confirm" => json!(true),
        "system.paste" | "clipboard.paste" => json!(""),
        _ => Value::Null,
    };
    Ok(("ok", answer))
}
