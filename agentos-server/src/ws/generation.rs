//! Generations under way: each outlives its connection for a while, for a client that comes back.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use agentos_core::generate::{Generated, GenerationEvent};
use agentos_core::ids::AppId;
use agentos_core::spec::patch::PatchOperation;
use futures::StreamExt;
use serde_json::json;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::log::Log;
use super::message::{ErrorMessage, GenerationMessage};
use crate::desk::Desk;
use crate::fault::Fault;
use crate::make::{Made, Order, begin, open_generated};

/// Generations whose messages are kept, ended ones included.
const KEPT: usize = 256;
const ID_CHARS: usize = 128;
/// What a model writes is passed on at most this often, in one piece.
const PACE: Duration = Duration::from_millis(40);

/// By the id their client gave them. One that ended stays until nobody may resume it.
#[derive(Debug, Default)]
pub(crate) struct Generations(Mutex<HashMap<String, Arc<Generation>>>);

#[derive(Debug)]
pub(crate) struct Generation {
    id: String,
    log: Log,
    cancelled: CancellationToken,
}

impl Generations {
    pub(super) fn get(&self, id: &str) -> Option<Arc<Generation>> {
        self.all().get(id).cloned()
    }

    fn begin(&self, id: String, cancelled: CancellationToken) -> Result<Arc<Generation>, ErrorMessage> {
        let mut all = self.all();
        let refuse = |code, error: String| {
            Err(ErrorMessage {
                id: Some(id.clone()),
                ..ErrorMessage::new(code, error)
            })
        };
        if id.chars().count() > ID_CHARS {
            return Err(ErrorMessage::new(
                "invalid_message",
                format!("an id has at most {ID_CHARS} characters"),
            ));
        }
        if all.contains_key(&id) {
            return refuse(
                "id_in_use",
                "another generation has this id; use a fresh one".to_owned(),
            );
        }
        if all.len() >= KEPT {
            return refuse(
                "busy",
                "too many generations began a moment ago; try again soon".to_owned(),
            );
        }
        let generation = Arc::new(Generation {
            id: id.clone(),
            log: Log::new(),
            cancelled,
        });
        all.insert(id, Arc::clone(&generation));
        Ok(generation)
    }

    fn forget(&self, id: &str) {
        self.all().remove(id);
    }

    fn all(&self) -> MutexGuard<'_, HashMap<String, Arc<Generation>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Begins to make an app; who wants to see it [follows](Log::follow) the log.
pub(super) fn start(
    desk: &Arc<Desk>,
    order: Order,
    id: Option<String>,
) -> Result<Arc<Generation>, ErrorMessage> {
    let id = id.unwrap_or_else(|| AppId::new(desk.ambient.now(), desk.ambient.seed()).to_string());
    let generation = desk.generations.begin(id, desk.stop.child_token())?;
    let (desk, running) = (Arc::clone(desk), Arc::clone(&generation));
    let tasks = desk.tasks.clone();
    tasks.spawn(async move {
        running.run(&desk, order).await;
        tokio::select! {
            () = running.log.abandoned() => {}
            () = desk.stop.cancelled() => {}
        }
        desk.generations.forget(&running.id);
    });
    Ok(generation)
}

impl Generation {
    pub(super) fn cancel(&self) {
        self.cancelled.cancel();
    }

    pub(super) fn log(&self) -> &Log {
        &self.log
    }

    /// Makes the app, or tells why not; the log is complete afterwards.
    async fn run(&self, desk: &Desk, order: Order) {
        let last = match self.make(desk, order).await {
            Ok(made) => GenerationMessage::UiComplete {
                ui_spec: made.ui_spec,
                app_id: made.app_id,
                report: made.report,
            },
            Err(fault) => GenerationMessage::Error(fault.into()),
        };
        let now = desk.ambient.now();
        let last = [last, GenerationMessage::Complete];
        self.log.finish(
            last.iter()
                .map(|message| move |seq| message.text(&self.id, seq, now)),
        );
    }

    async fn make(&self, desk: &Desk, order: Order) -> Result<Made, Fault> {
        let generated = tokio::select! {
            generated = self.generate(desk, &order) => generated?,
            () = self.cancelled.cancelled() => return Err(Fault::cancelled()),
            () = self.log.abandoned() => return Err(Fault::cancelled()),
        };
        // From here on it is not cancelled: there would be an app nobody was told of.
        open_generated(desk, order, generated).await
    }

    async fn generate(&self, desk: &Desk, order: &Order) -> Result<Generated, Fault> {
        let mut making = begin(desk, order).await?;
        let mut waiting = Waiting::default();
        let mut due = Instant::now();
        loop {
            tokio::select! {
                event = making.events.next() => match event {
                    Some(GenerationEvent::Started) => {
                        self.tell(desk, &GenerationMessage::GenerationStart { message: "writing the app" })?;
                    }
                    Some(GenerationEvent::Thought(text)) => waiting.thought.push_str(&text),
                    Some(GenerationEvent::Token(text)) => waiting.token.push_str(&text),
                    Some(GenerationEvent::Patch(operations)) => waiting.patch.extend(operations),
                    Some(GenerationEvent::Completed(generated)) => {
                        self.pass_on(desk, &mut waiting)?;
                        return Ok(*generated);
                    }
                    Some(GenerationEvent::Failed(failure)) => {
                        self.pass_on(desk, &mut waiting)?;
                        return Err((*failure).into());
                    }
                    None => return Err(Fault::unfinished()),
                },
                () = sleep_until(due), if !waiting.is_empty() => {
                    self.pass_on(desk, &mut waiting)?;
                    due = Instant::now() + PACE;
                }
            }
        }
    }

    fn pass_on(&self, desk: &Desk, waiting: &mut Waiting) -> Result<(), Fault> {
        for message in std::mem::take(waiting).into_messages() {
            self.tell(desk, &message)?;
        }
        Ok(())
    }

    fn tell(&self, desk: &Desk, message: &GenerationMessage) -> Result<(), Fault> {
        self.log
            .add(|seq| message.text(&self.id, seq, desk.ambient.now()))
            .map_err(|_| Fault::too_talkative())
    }
}

/// Pieces that are passed on together.
#[derive(Debug, Default)]
struct Waiting {
    thought: String,
    token: String,
    patch: Vec<PatchOperation>,
}

impl Waiting {
    fn is_empty(&self) -> bool {
        self.thought.is_empty() && self.token.is_empty() && self.patch.is_empty()
    }

    fn into_messages(self) -> impl Iterator<Item = GenerationMessage> {
        let some_text = |text: String| Some(text).filter(|text| !text.is_empty());
        let thought = some_text(self.thought).map(|content| GenerationMessage::Thought { content });
        let token = some_text(self.token).map(|content| GenerationMessage::Token { content });
        let patch = Some(self.patch).filter(|patch| !patch.is_empty());
        let patch = patch.map(|patch| GenerationMessage::UiPatch { patch: json!(patch) });
        thought.into_iter().chain(token).chain(patch)
    }
}
