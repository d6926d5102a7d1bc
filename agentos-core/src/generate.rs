//! From a sentence to a working app: request → model → document → check → mend → trial → repair.
//!
//! [`Generator::generate`] is one stream of [`GenerationEvent`]s; whoever wants a whole answer
//! collects it. It ends with [`GenerationEvent::Completed`] or [`GenerationEvent::Failed`],
//! exactly once. Dropping the stream cancels the generation and closes the request to the model.

mod answer;
mod cache;
mod draft;
pub mod prompt;
mod proof;
mod report;
mod run;

use std::sync::Arc;

use futures::channel::mpsc;
use futures::stream::{self, BoxStream, StreamExt};
use serde_json::Value;
use thiserror::Error;

pub use cache::CacheFigures;
pub use draft::Draft;
pub use report::Report;

use cache::Cache;
use prompt::Style;

use crate::ports::llm::{Account, LlmError, LlmPort};
use crate::spec::patch::PatchOperation;
use crate::spec::{Catalog, Issue, schema};
use crate::time::Millis;

/// Bytes of what a person may ask for at once.
pub const MESSAGE_BYTES: usize = 32 * 1024;
/// Times an answer with errors goes back to the model.
pub const REPAIR_ROUNDS: usize = 2;
/// Events that wait for a slow reader before the generation waits too.
const EVENTS_WAITING: usize = 32;

/// Makes apps with one model for the components and tools of one catalog.
#[derive(Clone)]
pub struct Generator {
    llm: Arc<dyn LlmPort>,
    catalog: Arc<Catalog>,
    /// What every request begins with.
    system: Arc<str>,
    /// What a new document is held to, where it is held to anything.
    schema: Option<Arc<Value>>,
    cache: Arc<Cache>,
}

/// One app to make.
#[derive(Debug, Clone, PartialEq)]
pub struct GenerationRequest {
    /// What the person wrote.
    pub message: String,
    /// The moment at which the trial run of the app begins.
    pub now: Millis,
    /// What ids and chances in the trial run come from.
    pub seed: u128,
    /// On whose account the model is asked.
    pub account: Account,
}

/// A change a person asks for in words.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangeRequest {
    /// The document as it is.
    pub document: Value,
    /// What the person wrote.
    pub message: String,
    /// The moment at which the trial run of the app begins.
    pub now: Millis,
    /// What ids and chances in the trial run come from.
    pub seed: u128,
}

/// What happens on the way.
#[derive(Debug)]
pub enum GenerationEvent {
    /// The model was asked.
    Started,
    /// A piece of the model's reasoning.
    Thought(String),
    /// A piece of what the model writes.
    Token(String),
    /// Changes of the document, which begins as `{}`: `add` and `replace` only, parents before
    /// their children.
    Patch(Vec<PatchOperation>),
    Completed(Box<Generated>),
    Failed(Box<GenerationFailure>),
}

/// A document that passed every gate.
#[derive(Debug, Clone, PartialEq)]
pub struct Generated {
    pub document: Value,
    /// What the model thought, one entry a line.
    pub thoughts: Vec<String>,
    pub report: Report,
}

/// Why there is no app, with what there was of it.
#[derive(Debug)]
pub struct GenerationFailure {
    pub error: GenerationError,
    /// The document as far as it came, or the text where it held none; null when nothing came.
    pub draft: Value,
    /// What is wrong with the draft.
    pub issues: Vec<Issue>,
}

#[derive(Debug, Error)]
pub enum GenerationError {
    #[error("the request has {bytes} bytes, at most {MESSAGE_BYTES} are allowed")]
    MessageTooLong { bytes: usize },
    #[error("the request is empty; say what app you need")]
    MessageEmpty,
    #[error(transparent)]
    Model(#[from] LlmError),
    /// The stream of the model's answer broke off within the document.
    #[error("the model's answer broke off before the document was whole")]
    Cut,
    #[error("the model's answer holds no document")]
    NoDocument,
    #[error("the model's answer is longer than {} bytes", answer::ANSWER_BYTES)]
    AnswerTooLong,
    /// The document has errors that neither mending nor the model could repair.
    #[error("the app does not work; errors that could not be repaired: {errors}")]
    NotWorking { errors: usize },
    /// An answer to a change that leaves the document as it is.
    #[error("the model changed nothing; say more exactly what should be different")]
    Unchanged,
}

impl GenerationError {
    /// The code clients decide by.
    pub fn code(&self) -> &'static str {
        match self {
            Self::MessageTooLong { .. } | Self::MessageEmpty => "invalid_argument",
            Self::Model(error) => error.code(),
            Self::Cut
            | Self::NoDocument
            | Self::AnswerTooLong
            | Self::NotWorking { .. }
            | Self::Unchanged => "generation_failed",
        }
    }
}

impl Generator {
    pub fn new(llm: Arc<dyn LlmPort>, catalog: Arc<Catalog>) -> Self {
        let system = prompt::system(&catalog, Style::Full).into();
        Self {
            llm,
            catalog,
            system,
            schema: None,
            cache: Arc::default(),
        }
    }

    /// One that tells the model as much as `style` says.
    #[must_use]
    pub fn with_style(self, style: Style) -> Self {
        let schema = match style {
            Style::Full => None,
            Style::Small => Some(Arc::new(schema::generation(&self.catalog))),
        };
        Self {
            system: prompt::system(&self.catalog, style).into(),
            schema,
            ..self
        }
    }

    /// Changes a document as `request` asks, through the same gates: what comes out is no worse than what went in.
    /// The document is whole; what did not change is as it was. Dropping the future closes the request to the model.
    ///
    /// # Errors
    /// The document stays as it is.
    pub async fn change(&self, request: ChangeRequest) -> Result<Generated, GenerationFailure> {
        run::change(&self.pinned(), &request).await
    }

    /// Has the cache keep half as much while memory is short.
    pub fn halve_cache(&self, halved: bool) {
        self.cache.set_halved(halved);
    }

    pub fn cache_figures(&self) -> CacheFigures {
        self.cache.figures()
    }

    pub fn llm(&self) -> &dyn LlmPort {
        &*self.llm
    }

    /// Makes the app `request` asks for. Nothing happens before the stream is polled.
    pub fn generate(&self, request: GenerationRequest) -> BoxStream<'static, GenerationEvent> {
        let generator = self.clone();
        let (events, receiver) = mpsc::channel(EVENTS_WAITING);
        let running = stream::once(async move { run::run(generator.pinned(), request, events).await });
        stream::select(receiver, running.filter_map(|()| async { None })).boxed()
    }

    /// With the model of this moment, so that an app is repaired by the model that wrote it and kept under its name.
    fn pinned(&self) -> Self {
        let mut generator = self.clone();
        if let Some(llm) = self.llm.pinned() {
            generator.llm = llm;
        }
        generator
    }
}
