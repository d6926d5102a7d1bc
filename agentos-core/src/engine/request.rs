//! Requests as they come over the wire: read once, taken apart member by member.

use serde_json::{Map as JsonMap, Value as Json};

use super::{EngineError, REQUEST_BYTES};
use crate::runtime::{Event, Failure, WindowState};
use crate::value::Value;

/// One request; an op takes out of it what it needs.
#[derive(Debug, Default)]
pub(super) struct Request {
    /// What the answer carries too; null where there is none.
    pub(super) id: Json,
    op: Option<String>,
    members: JsonMap<String, Json>,
}

impl Request {
    pub(super) fn parse(text: &str) -> Result<Self, EngineError> {
        if text.len() > REQUEST_BYTES {
            return Err(EngineError::RequestTooLarge);
        }
        let request = serde_json::from_str(text).map_err(|error| EngineError::NotJson(error.to_string()))?;
        let Json::Object(members) = request else {
            return Err(EngineError::NoOp);
        };
        let mut request = Self {
            members,
            ..Self::default()
        };
        request.id = request.json("id");
        request.op = request.optional("op", "text", |op| Some(op.as_str()?.to_owned()))?;
        Ok(request)
    }

    pub(super) fn op(&self) -> Result<&str, EngineError> {
        self.op.as_deref().ok_or(EngineError::NoOp)
    }

    /// Any value; null where there is none.
    pub(super) fn json(&mut self, name: &str) -> Json {
        self.members.remove(name).unwrap_or_default()
    }

    pub(super) fn needed_json(&mut self, name: &str) -> Result<Json, EngineError> {
        self.needed(name, "a value", Some)
    }

    pub(super) fn text(&mut self, name: &str) -> Result<String, EngineError> {
        self.needed(name, "text", text)
    }

    pub(super) fn optional_text(&mut self, name: &str) -> Result<Option<String>, EngineError> {
        self.optional(name, "text", text)
    }

    pub(super) fn number(&mut self, name: &str) -> Result<f64, EngineError> {
        self.needed(name, "a number", |json| json.as_f64())
    }

    pub(super) fn optional_number(&mut self, name: &str) -> Result<Option<f64>, EngineError> {
        self.optional(name, "a number", |json| json.as_f64())
    }

    pub(super) fn count(&mut self, name: &str) -> Result<u64, EngineError> {
        self.needed(name, COUNT, |json| json.as_u64())
    }

    pub(super) fn optional_count(&mut self, name: &str) -> Result<Option<u64>, EngineError> {
        self.optional(name, COUNT, |json| json.as_u64())
    }

    pub(super) fn flag(&mut self, name: &str) -> Result<bool, EngineError> {
        let flag = self.optional(name, "true or false", |json| json.as_bool())?;
        Ok(flag.unwrap_or_default())
    }

    pub(super) fn object(&mut self, name: &str) -> Result<Option<JsonMap<String, Json>>, EngineError> {
        self.optional(name, "an object", object)
    }

    pub(super) fn texts(&mut self, name: &str) -> Result<Vec<String>, EngineError> {
        Ok(self.optional(name, "a list of texts", texts)?.unwrap_or_default())
    }

    pub(super) fn row_keys(&mut self, name: &str) -> Result<Vec<String>, EngineError> {
        let keys = self.optional(name, "a list of texts or numbers", row_keys)?;
        Ok(keys.unwrap_or_default())
    }

    pub(super) fn event(&mut self) -> Result<Event, EngineError> {
        const EVENT: &str = "an object with `component` and `kind`";
        self.needed("event", EVENT, |json| {
            let mut event = object(json)?;
            Some(Event {
                component: text(event.remove("component")?)?,
                kind: text(event.remove("kind")?)?,
                payload: event.remove("payload").unwrap_or_default(),
                item: event.remove("item").map_or(Some(Vec::new()), row_keys)?,
            })
        })
    }

    /// Why an effect failed: whole, or only a sentence.
    pub(super) fn failure(&mut self) -> Result<Option<Failure>, EngineError> {
        const FAILURE: &str = "text, or an object with `code` and `message`";
        self.optional("error", FAILURE, |json| match json {
            Json::String(message) => Some(Failure::new("failed", message)),
            json => {
                let mut failure = object(json)?;
                Some(Failure {
                    code: text(failure.remove("code")?)?,
                    message: text(failure.remove("message")?)?,
                    details: failure.remove("details").filter(|details| !details.is_null()),
                })
            }
        })
    }

    pub(super) fn window_state(&mut self) -> Result<WindowState, EngineError> {
        self.needed("state", "focused, open, minimised or frozen", |json| {
            Some(match json.as_str()? {
                "focused" => WindowState::Focused,
                "open" => WindowState::Open,
                "minimised" => WindowState::Minimised,
                "frozen" => WindowState::Frozen,
                _ => return None,
            })
        })
    }

    fn needed<T>(
        &mut self,
        name: &str,
        what: &'static str,
        take: impl FnOnce(Json) -> Option<T>,
    ) -> Result<T, EngineError> {
        let Some(json) = self.members.remove(name) else {
            return Err(EngineError::Malformed(format!(
                "`{name}` is missing; it is {what}"
            )));
        };
        take(json).ok_or_else(|| wrong(name, what))
    }

    fn optional<T>(
        &mut self,
        name: &str,
        what: &'static str,
        take: impl FnOnce(Json) -> Option<T>,
    ) -> Result<Option<T>, EngineError> {
        match self.json(name) {
            Json::Null => Ok(None),
            json => take(json).ok_or_else(|| wrong(name, what)).map(Some),
        }
    }
}

const COUNT: &str = "a whole number that is not negative";

fn wrong(name: &str, what: &str) -> EngineError {
    EngineError::Malformed(format!("`{name}` is {what}"))
}

fn text(json: Json) -> Option<String> {
    match json {
        Json::String(text) => Some(text),
        _ => None,
    }
}

fn object(json: Json) -> Option<JsonMap<String, Json>> {
    match json {
        Json::Object(members) => Some(members),
        _ => None,
    }
}

fn texts(json: Json) -> Option<Vec<String>> {
    match json {
        Json::Array(items) => items.into_iter().map(text).collect(),
        _ => None,
    }
}

fn row_keys(json: Json) -> Option<Vec<String>> {
    let Json::Array(keys) = json else { return None };
    keys.iter()
        .map(|key| match Value::from(key) {
            Value::List(_) | Value::Map(_) => None,
            key => Some(key.display()),
        })
        .collect()
}
