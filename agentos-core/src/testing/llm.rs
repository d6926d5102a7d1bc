//! A model that answers from a script.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::FutureExt;
use futures::future::{self, BoxFuture};
use futures::stream::{self, BoxStream, StreamExt};

use crate::ports::llm::{EndReason, Identity, LlmError, LlmEvent, LlmPort, LlmRequest};

/// What a scripted model does with one request.
pub type Reply = Vec<Result<LlmEvent, LlmError>>;

/// Answers each request with the next reply of a queue and keeps what it was asked.
///
/// A request beyond the script fails as [`LlmError::Rejected`]. Clones share the script.
#[derive(Debug, Clone, Default)]
pub struct ScriptedLlm {
    script: Arc<Mutex<Script>>,
    never_repairs: bool,
}

#[derive(Debug, Default)]
struct Script {
    replies: VecDeque<(Reply, Ending)>,
    asked: Vec<LlmRequest>,
    dropped_unfinished: usize,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Ending {
    Closes,
    Hangs,
}

impl ScriptedLlm {
    pub fn new(replies: impl IntoIterator<Item = Reply>) -> Self {
        let llm = Self::default();
        llm.script().replies = replies.into_iter().map(|reply| (reply, Ending::Closes)).collect();
        llm
    }

    /// Adds a reply after which the stream stays open without another word.
    #[must_use]
    pub fn then_hangs_after(self, reply: Reply) -> Self {
        self.script().replies.push_back((reply, Ending::Hangs));
        self
    }

    /// Makes every answer final, as the offline composer's are.
    #[must_use]
    pub fn never_repairing(mut self) -> Self {
        self.never_repairs = true;
        self
    }

    /// Every request so far, oldest first.
    pub fn transcript(&self) -> Vec<LlmRequest> {
        self.script().asked.clone()
    }

    /// How many streams were dropped before their end.
    pub fn dropped_unfinished(&self) -> usize {
        self.script().dropped_unfinished
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LlmPort for ScriptedLlm {
    fn stream(&self, request: LlmRequest) -> BoxStream<'static, Result<LlmEvent, LlmError>> {
        let llm = self.clone();
        stream::once(async move {
            let next = {
                let mut script = llm.script();
                script.asked.push(request);
                script.replies.pop_front()
            };
            let (reply, ending) = next.unwrap_or_else(|| (vec![Err(beyond_the_script())], Ending::Closes));
            let watch = DropWatch { llm, finished: false };
            play(reply, ending, watch)
        })
        .flatten()
        .boxed()
    }

    fn can_repair(&self) -> bool {
        !self.never_repairs
    }

    fn identity(&self) -> Identity {
        Identity {
            provider: "scripted".into(),
            model: "script".to_owned(),
        }
    }

    fn models(&self) -> BoxFuture<'static, Result<Vec<String>, LlmError>> {
        future::ready(Ok(vec!["script".to_owned()])).boxed()
    }
}

fn play(reply: Reply, ending: Ending, watch: DropWatch) -> BoxStream<'static, Result<LlmEvent, LlmError>> {
    stream::unfold(
        (VecDeque::from(reply), watch),
        move |(mut left, watch)| async move {
            match left.pop_front() {
                Some(event) => Some((event, (left, watch))),
                None if ending == Ending::Hangs => std::future::pending().await,
                None => {
                    watch.finish();
                    None
                }
            }
        },
    )
    .boxed()
}

fn beyond_the_script() -> LlmError {
    LlmError::Rejected {
        message: "the script has no further reply".to_owned(),
    }
}

struct DropWatch {
    llm: ScriptedLlm,
    finished: bool,
}

impl DropWatch {
    fn finish(mut self) {
        self.finished = true;
    }
}

impl Drop for DropWatch {
    fn drop(&mut self) {
        if !self.finished {
            self.llm.script().dropped_unfinished += 1;
        }
    }
}

/// A whole answer in pieces of at most `piece` characters, with its end.
pub fn say_in_pieces(text: &str, piece: usize) -> Reply {
    let characters: Vec<char> = text.chars().collect();
    characters
        .chunks(piece.max(1))
        .map(|chunk| Ok(LlmEvent::Text(chunk.iter().collect())))
        .chain([Ok(LlmEvent::End(EndReason::Stop))])
        .collect()
}

/// A whole answer in one piece, with its end.
pub fn say(text: &str) -> Reply {
    vec![
        Ok(LlmEvent::Text(text.to_owned())),
        Ok(LlmEvent::End(EndReason::Stop)),
    ]
}
