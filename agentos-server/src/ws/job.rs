//! Work under way for a client: each job outlives its connection for a while, for a client that comes back.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

use super::log::Log;
use super::message::{Ending, ErrorMessage, job_text};
use crate::desk::Desk;
use crate::fault::Fault;
use crate::follow::{Follower, Progress};

/// Jobs whose messages are kept, ended ones included.
const KEPT: usize = 256;
const ID_CHARS: usize = 128;

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

/// Begins what `work` does; who wants to see it [follows](Log::follow) the log. `work` tells its [`Teller`] what
/// happens, and answers what is told last, if there is anything.
pub(super) fn start<W>(
    desk: &Arc<Desk>,
    id: Option<String>,
    work: impl FnOnce(Arc<Desk>, Teller) -> W + Send + 'static,
) -> Result<Arc<Job>, ErrorMessage>
where
    W: Future<Output = Result<Option<Progress>, Fault>> + Send,
{
    let id = id.unwrap_or_else(|| desk.fresh_id());
    let job = desk.jobs.begin(id, desk.stop.child_token())?;
    let (desk, running) = (Arc::clone(desk), Arc::clone(&job));
    let tasks = desk.tasks.clone();
    tasks.spawn(async move {
        let teller = Teller {
            desk: Arc::clone(&desk),
            job: Arc::clone(&running),
        };
        let outcome = work(Arc::clone(&desk), teller).await;
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

    /// The log is complete afterwards.
    fn finish(&self, desk: &Desk, outcome: Result<Option<Progress>, Fault>) {
        let now = desk.ambient.now();
        let last: Vec<Ending> = match outcome {
            Ok(progress) => progress.map(Ending::Progress).into_iter().collect(),
            Err(fault) => vec![Ending::Error(fault.into())],
        };
        let last = last.into_iter().chain([Ending::Complete]);
        self.log
            .finish(last.map(|ending| move |seq| job_text(&ending, &self.id, seq, now)));
    }
}

/// Writes what happens into the log of a job.
pub(super) struct Teller {
    desk: Arc<Desk>,
    job: Arc<Job>,
}

impl Follower for Teller {
    async fn tell(&self, progress: Progress) -> Result<(), Fault> {
        let now = self.desk.ambient.now();
        self.job
            .log
            .add(|seq| job_text(&progress, &self.job.id, seq, now))
            .map_err(|_| Fault::too_talkative())
    }

    async fn gone(&self) {
        tokio::select! {
            () = self.job.cancelled.cancelled() => {}
            () = self.job.log.abandoned() => {}
        }
    }
}
