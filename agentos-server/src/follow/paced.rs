//! What a model writes, in pieces of a bearable size.

use std::sync::Arc;
use std::time::Duration;

use agentos_core::generate::Draft;
use agentos_core::spec::Catalog;
use agentos_core::spec::patch::PatchOperation;
use tokio::time::{Instant, sleep_until};

use super::{Follower, Progress};
use crate::fault::Fault;

/// What a model writes is passed on at most this often, in one piece.
const PACE: Duration = Duration::from_millis(40);

/// Gathers pieces for a follower.
pub(super) struct Paced<'a, F> {
    follower: &'a F,
    thought: String,
    token: String,
    patch: Vec<PatchOperation>,
    draft: Draft,
    due: Instant,
}

impl<'a, F: Follower> Paced<'a, F> {
    pub(super) fn new(follower: &'a F, catalog: Arc<Catalog>) -> Self {
        Self {
            follower,
            thought: String::new(),
            token: String::new(),
            patch: Vec::new(),
            draft: Draft::new(catalog),
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

    pub(super) async fn pass_on(&mut self) -> Result<(), Fault> {
        self.due = Instant::now() + PACE;
        let some_text = |text: &mut String| Some(std::mem::take(text)).filter(|text| !text.is_empty());
        let thought = some_text(&mut self.thought).map(|content| Progress::Thought { content });
        let token = some_text(&mut self.token).map(|content| Progress::Token { content });
        let written = Some(std::mem::take(&mut self.patch)).filter(|patch| !patch.is_empty());
        let drawn = written.map(|patch| self.draft.grow(&patch));
        let patch = drawn
            .filter(|patch| !patch.is_empty())
            .map(|patch| Progress::UiPatch { patch });
        for progress in thought.into_iter().chain(token).chain(patch) {
            self.follower.tell(progress).await?;
        }
        Ok(())
    }
}
