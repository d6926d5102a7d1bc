//! The messages of `/stream`, and how a client's are read.

use std::borrow::Cow;
use std::fmt;

use agentos_core::ids::{AppId, EngineId};
use agentos_core::time::Millis;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::fault::Fault;
use crate::follow::Progress;
use crate::follow::chat::ChatContext;
use crate::make::Context;
use crate::wire::rfc3339;

/// Bytes of one message from a client; larger state goes by `PUT /apps/{id}/state`.
pub(super) const MESSAGE_BYTES: usize = 256 * 1024;

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum ClientMessage {
    GenerateUi {
        message: String,
        #[serde(default)]
        context: Context,
        id: Option<String>,
    },
    Chat {
        message: String,
        #[serde(default)]
        context: ChatContext,
        id: Option<String>,
    },
    Cancel {
        id: String,
    },
    /// Asks for the messages of a generation or chat after `seq`.
    Resume {
        id: String,
        seq: u64,
    },
    Attach {
        app_id: AppId,
        engine: EngineId,
    },
    AppState {
        app_id: AppId,
        engine: EngineId,
        base_rev: u64,
        ops: Value,
    },
    Subscribe {
        topics: Vec<Topic>,
        since: Option<u64>,
    },
    /// Lets in who sends it first, where the server asks for its token; else it changes nothing.
    Auth {
        token: Secret,
    },
    Ping,
}

/// A text of a client that no log may have.
#[derive(Deserialize)]
pub(super) struct Secret(pub(super) String);

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Secret(•••)")
    }
}

const TYPES: [&str; 9] = [
    "generate_ui",
    "chat",
    "cancel",
    "resume",
    "attach",
    "app_state",
    "subscribe",
    "auth",
    "ping",
];

impl ClientMessage {
    pub(super) fn read(text: &str) -> Result<Self, ErrorMessage> {
        if text.len() > MESSAGE_BYTES {
            let message = format!("a message takes at most {MESSAGE_BYTES} bytes; send larger state by PUT");
            return Err(ErrorMessage::new("too_large", message));
        }
        let value: Value = serde_json::from_str(text).map_err(|error| {
            ErrorMessage::new("json_invalid", format!("the message is not JSON: {error}"))
        })?;
        let id = value["id"].as_str().map(str::to_owned);
        let refuse = |code, message| ErrorMessage {
            id: id.clone(),
            ..ErrorMessage::new(code, message)
        };
        match value["type"].as_str() {
            None => {
                return Err(refuse(
                    "invalid_message",
                    "a message is an object with a `type`".to_owned(),
                ));
            }
            Some(name) if !TYPES.contains(&name) => {
                let name: String = name.chars().take(40).collect();
                let message = format!(
                    "there is no message type {name:?}; there are {}",
                    TYPES.join(", ")
                );
                return Err(refuse("unknown_type", message));
            }
            Some(_) => {}
        }
        Self::deserialize(&value).map_err(|error| {
            refuse(
                "invalid_message",
                format!("the message has the wrong shape: {error}"),
            )
        })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Topic {
    Apps,
    Kernel,
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum ServerMessage {
    System {
        message: &'static str,
        version: &'static str,
    },
    Pong,
    Error(ErrorMessage),
    AppStateAck {
        app_id: AppId,
        rev: u64,
    },
    AppStateConflict {
        app_id: AppId,
        rev: u64,
        reason: &'static str,
    },
    EngineReplaced {
        app_id: AppId,
    },
    Event {
        topic: Topic,
        seq: u64,
        kind: Value,
        data: Value,
    },
    Lagged {
        topic: Topic,
        missed: u64,
    },
}

impl ServerMessage {
    pub(super) fn text(&self, now: Millis) -> String {
        stamped(self, None, now)
    }
}

/// What is told last of one generation or chat.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Ending {
    Error(ErrorMessage),
    Complete,
    #[serde(untagged)]
    Progress(Progress),
}

/// A message of the generation or chat `id`.
pub(super) fn job_text(message: &impl Serialize, id: &str, seq: u64, now: Millis) -> String {
    stamped(message, Some((id, seq)), now)
}

#[derive(Serialize)]
struct Stamped<'a, T> {
    #[serde(flatten)]
    message: &'a T,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    place: Option<Place<'a>>,
    timestamp: String,
}

#[derive(Serialize)]
struct Place<'a> {
    id: &'a str,
    seq: u64,
}

fn stamped<T: Serialize>(message: &T, place: Option<(&str, u64)>, now: Millis) -> String {
    let place = place.map(|(id, seq)| Place { id, seq });
    let stamped = Stamped {
        message,
        place,
        timestamp: rfc3339(now),
    };
    serde_json::to_string(&stamped).unwrap_or_else(|error| {
        tracing::error!(%error, "a message cannot be written");
        r#"{"type":"error","code":"internal","error":"a message could not be written"}"#.to_owned()
    })
}

/// A failure: of a message that was not understood, of an app's state, or of a generation or chat.
#[derive(Debug, Serialize)]
pub(super) struct ErrorMessage {
    pub(super) error: String,
    pub(super) code: Cow<'static, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) details: Option<Box<Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) app_id: Option<AppId>,
}

impl ErrorMessage {
    pub(super) fn new(code: &'static str, error: impl Into<String>) -> Self {
        Self {
            error: error.into(),
            code: code.into(),
            details: None,
            id: None,
            app_id: None,
        }
    }
}

impl From<Fault> for ErrorMessage {
    fn from(fault: Fault) -> Self {
        Self {
            error: fault.message,
            code: fault.code,
            details: fault.details,
            id: None,
            app_id: None,
        }
    }
}
