//! Work under way for a client: each job outlives its connection for a while, for a client that comes back.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use agentos_core::ids::AppId;
use agentos_core::spec::patch::PatchOperation;
use serde_json::json;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::log::Log;
use super::message::{ErrorMessage, JobMessage};
use crate::desk::Desk;
use crate::fault::Fault;

/// Jobs whose messages are kept, ended ones included.
const KEPT: usize = 256;
const ID_CHARS: usize = 128;
/// What a model writes is passed on at most this often, in one piece.
const PACE: Duration = Duration::from_millis(40);

/// By the id their client gave them. One that ended stays until nobody may resume it.
#[derive(Debug, Default)]
pub(crate) struct Jobs(Mutex<HashMap<String, Arc<Job>>>);

/// A generation or an answer in a chat.
#[derive(Debug)]
pub(crate) struct Job {
    id: String,
    log: Log,
    cancelled: CancellationToken,
}

impl Jobs {
    pub(super) fn get(&self, id: &str) -> Option<Arc<Job>> {
        self.all().get(id).cloned()
    }

    fn begin(&self, id: String, cancelled: CancellationToken) -> Result<Arc<Job>, ErrorMessage> {
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
                "another generation or chat has this id; use a fresh one".to_owned(),
            );
        }
        if all.len() >= KEPT {
            return refuse(
                "busy",
                "too many generations and chats began a moment ago; try again soon".to_owned(),
            );
        }
        let job = Arc::new(Job {
            id: id.clone(),
            log: Log::new(),
            cancelled,
        });
        all.insert(id, Arc::clone(&job));
        Ok(job)
    }

    fn forget(&self, id: &str) {
        self.all().remove(id);
    }

    fn all(&self) -> MutexGuard<'_, HashMap<String, Arc<Job>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Begins what `work` does; who wants to see it [follows](Log::follow) the log. `work` tells on the way what it is
/// given to tell with, and answers its last message, if there is one.
pub(super) fn start<W>(
    desk: &Arc<Desk>,
    id: Option<String>,
    work: impl FnOnce(Arc<Desk>, Arc<Job>) -> W + Send + 'static,
) -> Result<Arc<Job>, ErrorMessage>
where
    W: Future<Output = Result<Option<JobMessage>, Fault>> + Send,
{
    let id = id.unwrap_or_else(|| AppId::new(desk.ambient.now(), desk.ambient.seed()).to_string());
    let job = desk.jobs.begin(id, desk.stop.child_token())?;
    let (desk, running) = (Arc::clone(desk), Arc::clone(&job));
    let tasks = desk.tasks.clone();
    tasks.spawn(async move {
        let outcome = work(Arc::clone(&desk), Arc::clone(&running)).await;
        running.finish(&desk, outcome);
        tokio::select! {
            () = running.log.abandoned() => {}
            () = desk.stop.cancelled() => {}
        }
        desk.jobs.forget(&running.id);
    });
    Ok(job)
}

impl Job {
    pub(super) fn cancel(&self) {
        self.cancelled.cancel();
    }

    pub(super) fn log(&self) -> &Log {
        &self.log
    }

    /// What `work` comes to, unless it is cancelled or everybody who wanted it is gone.
    pub(super) async fn unless_cancelled<T>(
        &self,
        work: impl Future<Output = Result<T, Fault>>,
    ) -> Result<T, Fault> {
        tokio::select! {
            outcome = work => outcome,
            () = self.cancelled.cancelled() => Err(Fault::cancelled()),
            () = self.log.abandoned() => Err(Fault::cancelled()),
        }
    }

    pub(super) fn tell(&self, desk: &Desk, message: &JobMessage) -> Result<(), Fault> {
        self.log
            .add(|seq| message.text(&self.id, seq, desk.ambient.now()))
            .map_err(|_| Fault::too_talkative())
    }

    /// The log is complete afterwards.
    fn finish(&self, desk: &Desk, outcome: Result<Option<JobMessage>, Fault>) {
        let last = outcome.unwrap_or_else(|fault| Some(JobMessage::Error(fault.into())));
        let now = desk.ambient.now();
        let last: Vec<JobMessage> = last.into_iter().chain([JobMessage::Complete]).collect();
        self.log.finish(
            last.iter()
                .map(|message| move |seq| message.text(&self.id, seq, now)),
        );
    }
}

/// Passes on what a model writes, in pieces of a bearable size.
pub(super) struct Telling<'a> {
    desk: &'a Desk,
    job: &'a Job,
    thought: String,
    token: String,
    patch: Vec<PatchOperation>,
    due: Instant,
}

impl<'a> Telling<'a> {
    pub(super) fn new(desk: &'a Desk, job: &'a Job) -> Self {
        Self {
            desk,
            job,
            thought: String::new(),
            token: String::new(),
            patch: Vec::new(),
            due: Instant::now(),
        }
    }

    pub(super) fn thought(&mut self, text: &str) {
        self.thought.push_str(text);
    }

    pub(super) fn token(&mut self, text: &str) {
        self.token.push_str(text);
    }

    pub(super) fn patch(&mut self, operations: Vec<PatchOperation>) {
        self.patch.extend(operations);
    }

    /// Resolves when it is time to [pass on](Self::pass_on) what has come; never while there is nothing.
    pub(super) async fn due(&self) {
        if self.thought.is_empty() && self.token.is_empty() && self.patch.is_empty() {
            std::future::pending::<()>().await;
        }
        sleep_until(self.due).await;
    }

    pub(super) fn pass_on(&mut self) -> Result<(), Fault> {
        self.due = Instant::now() + PACE;
        let some_text = |text: &mut String| Some(std::mem::take(text)).filter(|text| !text.is_empty());
        let thought = some_text(&mut self.thought).map(|content| JobMessage::Thought { content });
        let token = some_text(&mut self.token).map(|content| JobMessage::Token { content });
        let patch = Some(std::mem::take(&mut self.patch)).filter(|patch| !patch.is_empty());
        let patch = patch.map(|patch| JobMessage::UiPatch { patch: json!(patch) });
        for message in thought.into_iter().chain(token).chain(patch) {
            self.job.tell(self.desk, &message)?;
        }
        Ok(())
    }
}
