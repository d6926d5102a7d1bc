//! The conversations of all chats, as long as the server runs.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use agentos_core::chat::{CONVERSATION_MESSAGES, Conversation};
use agentos_core::ports::llm::{Message, Role};
use axum::http::StatusCode;
use serde::Deserialize;
use tokio::sync::Mutex as AsyncMutex;

use crate::fault::Fault;

/// Conversations that are kept; the one that rested longest goes first.
const KEPT: usize = 256;
const ID_CHARS: usize = 128;

/// A message as a client tells of it.
#[derive(Debug, Deserialize)]
pub(crate) struct Said {
    role: Speaker,
    text: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Speaker {
    User,
    Model,
}

impl From<Said> for Message {
    fn from(Said { role, text }: Said) -> Self {
        let role = match role {
            Speaker::User => Role::User,
            Speaker::Model => Role::Model,
        };
        Self { role, text }
    }
}

/// By their ids. Whoever answers in one holds its lock, so questions of one conversation wait for each other.
#[derive(Default)]
pub(crate) struct Conversations(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    by_id: HashMap<String, (u64, Arc<AsyncMutex<Conversation>>)>,
    uses: u64,
}

impl Conversations {
    /// The conversation `id`; one that is not known begins with `history`.
    pub(crate) fn open(
        &self,
        id: String,
        history: Vec<Said>,
    ) -> Result<Arc<AsyncMutex<Conversation>>, Fault> {
        if id.chars().count() > ID_CHARS || history.len() > CONVERSATION_MESSAGES {
            let message = format!(
                "a conversation has an id of at most {ID_CHARS} characters and a history of at most \
                 {CONVERSATION_MESSAGES} messages"
            );
            return Err(Fault::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "invalid_message",
                message,
            ));
        }
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.uses += 1;
        let uses = kept.uses;
        let known = kept.by_id.entry(id).or_insert_with(|| {
            let conversation = Conversation::from_messages(history.into_iter().map(Message::from));
            (uses, Arc::new(AsyncMutex::new(conversation)))
        });
        known.0 = uses;
        let conversation = Arc::clone(&known.1);
        kept.forget_beyond(KEPT);
        Ok(conversation)
    }
}

impl Kept {
    fn forget_beyond(&mut self, most: usize) {
        while self.by_id.len() > most {
            let rested = self.by_id.iter().min_by_key(|(_, (used, _))| *used);
            let Some(id) = rested.map(|(id, _)| id.clone()) else {
                return;
            };
            self.by_id.remove(&id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(role: Speaker, text: &str) -> Said {
        Said {
            role,
            text: text.to_owned(),
        }
    }

    #[tokio::test]
    async fn a_history_begins_only_what_is_not_known() {
        let conversations = Conversations::default();
        let history = || vec![said(Speaker::User, "Hello"), said(Speaker::Model, "Hi")];
        let open = |history| conversations.open("a".to_owned(), history).unwrap();
        assert_eq!(open(history()).lock().await.messages().len(), 2);
        assert_eq!(open(Vec::new()).lock().await.messages().len(), 2);
        open(Vec::new()).lock().await.add("And?", "So.");
        assert_eq!(open(history()).lock().await.messages().len(), 4);
    }

    #[tokio::test]
    async fn the_one_that_rested_longest_is_forgotten() {
        let conversations = Conversations::default();
        for number in 0..KEPT {
            let conversation = conversations.open(number.to_string(), Vec::new()).unwrap();
            conversation.lock().await.add("q", "a");
        }
        let length = async |id: &str| {
            let conversation = conversations.open(id.to_owned(), Vec::new()).unwrap();
            conversation.lock().await.messages().len()
        };
        assert_eq!(length("0").await, 2);
        assert_eq!(length("one more").await, 0);
        assert_eq!(length("0").await, 2, "used a moment ago");
        assert_eq!(length("1").await, 0, "forgotten");
    }

    #[test]
    fn ids_and_histories_are_bounded() {
        let conversations = Conversations::default();
        let long = "x".repeat(ID_CHARS + 1);
        assert_eq!(
            conversations.open(long, Vec::new()).unwrap_err().code,
            "invalid_message"
        );
        let history = (0..=CONVERSATION_MESSAGES)
            .map(|_| said(Speaker::User, "x"))
            .collect();
        assert_eq!(
            conversations.open("a".to_owned(), history).unwrap_err().code,
            "invalid_message"
        );
    }
}
