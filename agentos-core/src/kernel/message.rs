//! What processes tell each other, whom they may tell, and how both are named.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::CallId;
use super::error::SysError;
use super::process::Pid;
use crate::ids::Namespace;
use crate::time::Millis;

/// The most messages one [`Syscall::IpcReceive`](super::Syscall::IpcReceive) answers.
pub const RECEIVE_LIMIT: u32 = 100;
/// The most topics one process listens to.
pub const SUBSCRIPTIONS: usize = 32;

/// To whom something is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Peer {
    /// The process itself, for those above and below it; nobody is asked whether another may.
    Process(Pid),
    /// The app that owns this data: of its processes the one that started last.
    App(Namespace),
}

/// The name under which something is published: 1 to 128 ASCII letters, digits and `. _ - / :`, so that
/// a person who is asked about it reads what it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Topic(String);

impl Topic {
    pub const MAX_BYTES: usize = 128;

    pub fn parse(text: &str) -> Result<Self, SysError> {
        let fits = (1..=Self::MAX_BYTES).contains(&text.len());
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "._-/:".contains(letter);
        if fits && text.chars().all(is_plain) {
            Ok(Self(text.to_owned()))
        } else {
            Err(SysError::invalid("topic"))
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Topic {
    type Error = SysError;

    fn try_from(text: String) -> Result<Self, SysError> {
        Self::parse(&text)
    }
}

impl From<Topic> for String {
    fn from(topic: Topic) -> Self {
        topic.0
    }
}

/// Which messages a process may exchange with whom.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct IpcRule {
    #[serde(flatten)]
    pub with: Partner,
    pub rights: IpcRights,
}

/// The other side.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Partner {
    /// The app that owns this data.
    Peer(Namespace),
    Topic(Topic),
    /// One process, as long as it runs.
    Process(Pid),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IpcRights {
    /// Send, call and publish.
    Send,
    /// Subscribe. What was sent to a process itself it reads without a right.
    Receive,
    Both,
}

impl IpcRule {
    pub(super) fn send(with: Partner) -> Self {
        let rights = IpcRights::Send;
        Self { with, rights }
    }

    pub(super) fn receive(topic: Topic) -> Self {
        Self {
            with: Partner::Topic(topic),
            rights: IpcRights::Receive,
        }
    }

    pub(super) fn covers(&self, need: &Self) -> bool {
        self.with == need.with && (self.rights == IpcRights::Both || self.rights == need.rights)
    }
}

impl fmt::Display for IpcRule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.with, self.rights) {
            (Partner::Topic(topic), IpcRights::Send) => write!(formatter, "publish {}", topic.as_str()),
            (Partner::Topic(topic), _) => write!(formatter, "hear {}", topic.as_str()),
            (Partner::Peer(_), _) => formatter.write_str("send messages to this app"),
            (Partner::Process(_), _) => formatter.write_str("send messages to this process"),
        }
    }
}

/// What is done with a message.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Dispatch {
    /// [`Reply::Done`](super::Reply::Done): it is in the mailbox. `not_found` when nobody is there.
    Send { to: Peer },
    /// [`Reply::Answered`](super::Reply::Answered) by [`Syscall::IpcReply`](super::Syscall::IpcReply) of
    /// the process that was asked. `not_found` when it is not there or ends, `deadline_exceeded` after
    /// `wait`; a request that was not read by then is withdrawn.
    Call { to: Peer, wait: Millis },
    /// [`Reply::Delivered`](super::Reply::Delivered) to everyone else who subscribed.
    Publish { topic: Topic },
}

/// A message as its reader gets it. The kernel names the sender.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub from: Pid,
    /// Whose data the sender owns; none for a process without.
    pub namespace: Option<Namespace>,
    pub kind: MessageKind,
    pub body: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MessageKind {
    /// Sent to this process.
    Sent,
    /// The sender waits for one reply.
    Request(RequestId),
    /// Published. Since the last one of the topic that was read, `lagged` found no room.
    Published { topic: Topic, lagged: u64 },
}

impl Message {
    pub(super) fn bytes(&self) -> u64 {
        self.body.len() as u64
    }

    pub(super) fn is_of(&self, wanted: &Topic) -> bool {
        matches!(&self.kind, MessageKind::Published { topic, .. } if topic == wanted)
    }
}

/// The number of a request that waits for its reply, never used twice in one boot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub(super) CallId);

impl RequestId {
    pub fn from_number(number: u64) -> Self {
        Self(CallId(number))
    }

    pub fn number(self) -> u64 {
        self.0.0
    }
}

/// Which of its messages a process reads; the others stay where they are.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Wanted {
    Any,
    /// What was sent to it alone, requests among it.
    Direct,
    Topic(Topic),
}

impl Wanted {
    pub(super) fn includes(&self, message: &Message) -> bool {
        match self {
            Self::Any => true,
            Self::Direct => !matches!(message.kind, MessageKind::Published { .. }),
            Self::Topic(topic) => message.is_of(topic),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_topic(text: &str, accepted: bool) {
        assert_eq!(Topic::parse(text).is_ok(), accepted, "{text:?}");
    }

    #[test]
    fn a_topic_is_a_short_plain_name() {
        check_topic("timer.done", true);
        check_topic("home/lights:Kitchen_2-a", true);
        check_topic(&"t".repeat(128), true);
        check_topic(&"t".repeat(129), false);
        check_topic("", false);
        check_topic("two words", false);
        check_topic("zeitgefühl", false);
        check_topic("a\n", false);
    }

    fn rule(topic: &str, rights: IpcRights) -> IpcRule {
        IpcRule {
            with: Partner::Topic(Topic::parse(topic).unwrap()),
            rights,
        }
    }

    #[test]
    fn a_rule_covers_its_own_partner_and_rights_alone() {
        use IpcRights::{Both, Receive, Send};
        let need = rule("a", Send);
        for (rule, covers) in [
            (rule("a", Send), true),
            (rule("a", Both), true),
            (rule("a", Receive), false),
            (rule("b", Send), false),
            (IpcRule::send(Partner::Peer(Namespace::new(1, 1))), false),
            (IpcRule::send(Partner::Process(Pid(2))), false),
        ] {
            assert_eq!(rule.covers(&need), covers, "{rule:?}");
        }
        assert!(!need.covers(&rule("a", Both)));
    }

    #[test]
    fn a_rule_is_written_flat() {
        let text = r#"{"topic":"timer.done","rights":"send"}"#;
        let read: IpcRule = serde_json::from_str(text).unwrap();
        assert_eq!(read, rule("timer.done", IpcRights::Send));
        assert_eq!(serde_json::to_string(&read).unwrap(), text);
        serde_json::from_str::<IpcRule>(r#"{"topic":"two words","rights":"send"}"#).unwrap_err();
    }
}
