//! What was said before.

use crate::ports::llm::{Message, Role};

/// Messages of one conversation that the model is told again.
pub const CONVERSATION_MESSAGES: usize = 60;
/// Bytes of them.
pub const CONVERSATION_BYTES: usize = 64 * 1024;

/// The last messages of a conversation, oldest first; what does not fit any more is forgotten from its beginning.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Conversation {
    messages: Vec<Message>,
    news: Option<String>,
}

impl Conversation {
    /// One that went before, as far as it fits.
    pub fn from_messages(messages: impl IntoIterator<Item = Message>) -> Self {
        let mut conversation = Self::default();
        conversation.messages.extend(messages);
        conversation.forget_the_oldest();
        conversation
    }

    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// What happened since the last answer.
    pub fn news(&self) -> Option<&str> {
        self.news.as_deref()
    }

    /// Adds what the person said and what the model answered.
    pub fn add(&mut self, message: &str, answer: &str) {
        let said = |role, text: &str| Message {
            role,
            text: text.to_owned(),
        };
        self.messages.push(said(Role::User, message));
        self.messages.push(said(Role::Model, answer));
        self.news = None;
        self.forget_the_oldest();
    }

    /// Tells the model with the next message how its order went.
    pub fn report(&mut self, news: String) {
        self.news = Some(news);
    }

    /// A conversation begins with the person: some providers refuse one that does not.
    fn forget_the_oldest(&mut self) {
        let mut bytes: usize = self.messages.iter().map(|message| message.text.len()).sum();
        let mut forgotten = 0;
        for message in &self.messages {
            let left = self.messages.len() - forgotten;
            let fits = left <= CONVERSATION_MESSAGES && bytes <= CONVERSATION_BYTES;
            if fits && message.role == Role::User {
                break;
            }
            bytes -= message.text.len();
            forgotten += 1;
        }
        self.messages.drain(..forgotten);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_are_forgotten_in_pairs() {
        let mut conversation = Conversation::default();
        for number in 0..CONVERSATION_MESSAGES {
            conversation.add(&format!("question {number}"), "answer");
        }
        assert_eq!(conversation.messages().len(), CONVERSATION_MESSAGES);
        assert_eq!(conversation.messages()[0].role, Role::User);
        assert_eq!(conversation.messages().last().unwrap().role, Role::Model);

        conversation.add("q", &"x".repeat(CONVERSATION_BYTES - 1));
        assert_eq!(conversation.messages().len(), 2);
        conversation.add("short", "answer");
        assert_eq!(conversation.messages().len(), 2, "the long one is gone");
        assert_eq!(conversation.messages()[0].text, "short");
        conversation.add("q", &"x".repeat(CONVERSATION_BYTES + 1));
        assert!(conversation.messages().is_empty());
    }

    #[test]
    fn news_are_told_once() {
        let mut conversation = Conversation::default();
        conversation.report("the app is open".to_owned());
        assert_eq!(conversation.news(), Some("the app is open"));
        conversation.add("thanks", "gladly");
        assert_eq!(conversation.news(), None);
    }
}
