//! The model behind the generation pipeline, wherever it runs.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use futures::stream::BoxStream;
use serde::Serialize;
use serde_json::Value;
use thiserror::Error;

use crate::ids::Namespace;
use crate::spec::Issue;

pub use super::Cause;

/// Streams a model's answers.
///
/// It only streams: a whole answer is the stream collected, so there is one loop instead of two.
#[cfg_attr(feature = "testing", mockall::automock)]
pub trait LlmPort: Send + Sync {
    /// Starts answering `request`. Nothing happens before the stream is polled; dropping it ends
    /// the work and closes the upstream connection.
    ///
    /// A stream ends after [`LlmEvent::End`] or after one error, whichever comes first; one that
    /// ends without either was cut.
    fn stream(&self, request: LlmRequest) -> BoxStream<'static, Result<LlmEvent, LlmError>>;

    /// Whether an answer with issues may be sent back for repair. An adapter whose answers do
    /// not depend on them says no, and its first answer is final.
    fn can_repair(&self) -> bool;

    fn identity(&self) -> Identity;

    /// The models there are to choose from, in the provider's order. That it answers is the best sign that a request
    /// would be answered, short of making one.
    fn models(&self) -> BoxFuture<'static, Result<Vec<String>, LlmError>>;

    /// The model that answers now, where another may be put in its place at any moment: work of several requests that
    /// one model is to finish holds on to it. Nothing where this port is one model for good.
    fn pinned(&self) -> Option<Arc<dyn LlmPort>> {
        None
    }
}

/// Which model answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Identity {
    /// Such as `offline`, `gemini`, `openai` or `anthropic`.
    pub provider: Cow<'static, str>,
    pub model: String,
}

/// One question to a model.
#[derive(Debug, Clone, PartialEq)]
pub struct LlmRequest {
    pub task: Task,
    /// What the person wrote, untouched.
    pub user_text: String,
    /// The document to change, for [`Task::Edit`] and [`Task::Repair`].
    pub document: Option<Value>,
    /// What is wrong with `document`, for [`Task::Repair`].
    pub issues: Vec<Issue>,
    /// The instructions a remote model gets; the offline composer reads none of it.
    pub system: String,
    /// The conversation, oldest first, as a remote model gets it.
    pub messages: Vec<Message>,
    /// The JSON Schema the answer must follow, for models that can be held to one.
    pub schema: Option<Value>,
    pub max_tokens: u32,
    /// How long the whole answer may take, from the first poll.
    pub deadline: Duration,
    pub account: Account,
    pub urgency: Urgency,
}

/// Who a request is for, and whose share of the model it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Account {
    Person,
    App(Namespace),
}

/// The first are served first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// A person looks at the answer as it comes.
    Interactive,
    /// A person will want the answer.
    Foreground,
    Background,
}

/// What the answer is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// A new document.
    Generate,
    /// Edit lines for a person's change.
    Edit,
    /// Edit lines for the faulty components.
    Repair,
    /// Plain text for a person.
    Chat,
    /// Plain text for an app.
    Ask,
}

/// One turn of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub role: Role,
    pub text: String,
}

/// Who wrote a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    User,
    Model,
}

/// One piece of a model's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LlmEvent {
    /// Part of the model's reasoning; never part of the answer.
    Thought(String),
    /// Part of the answer, in order; pieces split anywhere between two characters.
    Text(String),
    /// Tokens so far; the last one wins.
    Usage(Usage),
    /// The answer is over.
    End(EndReason),
}

/// Tokens a request took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Usage {
    pub input: u64,
    pub output: u64,
}

/// Why an answer is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndReason {
    /// The model said all it had to say.
    Stop,
    /// `max_tokens` was reached: the answer is cut.
    Length,
}

/// Why there is no answer, or no further one.
#[derive(Debug, Error)]
pub enum LlmError {
    /// The offline composer has no blueprint for this.
    #[error("{message}")]
    Declined { message: String, can_build: Vec<String> },
    #[error("the model refused to answer: {reason}")]
    Blocked { reason: String },
    #[error("the model provider asked for a pause")]
    RateLimited { retry_after: Option<Duration> },
    /// The provider has too much to do.
    #[error("the model provider is overloaded: {message}")]
    Overloaded {
        message: String,
        retry_after: Option<Duration>,
    },
    /// Too many requests wait for the model already.
    #[error("{message}; try again soon")]
    Busy { message: String },
    /// A budget of the day is used up.
    #[error("{message}")]
    BudgetSpent {
        message: String,
        /// Until there is a new one.
        retry_after: Duration,
    },
    /// Asking again would not help: a bad key, an unknown model, a request it cannot take.
    #[error("the model provider rejected the request: {message}")]
    Rejected { message: String },
    #[error("the model provider is unreachable")]
    Unavailable(#[source] Cause),
    #[error("the model did not answer in time")]
    TimedOut,
    /// Thoughts took all the tokens there were.
    #[error(
        "the model used up its tokens before it wrote anything; ask for less, or choose a model that thinks less"
    )]
    OutOfTokens,
    /// The provider's answer could not be understood.
    #[error("the model provider's answer was not understood")]
    Malformed(#[source] Cause),
}

impl LlmError {
    /// The code clients decide by.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Declined { .. } => "declined",
            Self::Blocked { .. } => "blocked",
            Self::RateLimited { .. } => "rate_limited",
            Self::Overloaded { .. } => "overloaded",
            Self::Busy { .. } => "busy",
            Self::BudgetSpent { .. } => "budget_spent",
            Self::Rejected { .. } => "model_rejected",
            Self::Unavailable(_) => "unavailable",
            Self::TimedOut => "deadline_exceeded",
            Self::OutOfTokens => "out_of_tokens",
            Self::Malformed(_) => "model_malformed",
        }
    }
}
