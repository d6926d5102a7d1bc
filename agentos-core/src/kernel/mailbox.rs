//! What a process has not read yet: in order, bounded, and charged to it.

use std::collections::{BTreeMap, VecDeque};

use super::CallId;
use super::error::{Resource, SysError};
use super::limits::{Limits, Usage};
use super::message::{Message, MessageKind, RequestId, SUBSCRIPTIONS, Topic, Wanted};

/// The unread messages of one process, the topics it listens to, and its calls that wait for more.
#[derive(Debug, Default)]
pub(super) struct Mailbox {
    unread: VecDeque<Message>,
    topics: BTreeMap<Topic, Subscription>,
    /// What topics brought: at most half of the mailbox, so that they keep nothing else out.
    published: Share,
    /// The one that waits longest first.
    readers: VecDeque<Reader>,
}

#[derive(Debug)]
struct Reader {
    call: CallId,
    wanted: Wanted,
}

#[derive(Debug)]
struct Subscription {
    /// A person allowed it without a grant; it lasts as long as the process.
    allowed_once: bool,
    lagged: u64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Share {
    messages: u64,
    bytes: u64,
}

impl Share {
    fn add(&mut self, bytes: u64) {
        self.messages += 1;
        self.bytes += bytes;
    }

    fn take(&mut self, bytes: u64) {
        self.messages -= 1;
        self.bytes -= bytes;
    }

    fn is_within_half(self, limits: &Limits) -> bool {
        self.messages <= limits.mailbox_messages / 2 && self.bytes <= limits.mailbox_bytes / 2
    }
}

impl Mailbox {
    /// Puts `message` behind the others, or changes nothing.
    pub(super) fn post(
        &mut self,
        limits: &Limits,
        usage: &mut Usage,
        message: Message,
    ) -> Result<(), SysError> {
        check_length(limits, message.bytes())?;
        usage.take_message(limits, message.bytes())?;
        self.unread.push_back(message);
        Ok(())
    }

    /// As [`post`](Self::post) for what was published. It takes the room of the oldest of its topic, and
    /// where that is not enough it is left out; the reader is told how many were. Answers whether it is in.
    pub(super) fn post_published(
        &mut self,
        limits: &Limits,
        usage: &mut Usage,
        topic: &Topic,
        message: Message,
    ) -> bool {
        let bytes = message.bytes();
        let oldest = self.in_the_way(limits, *usage, topic, bytes);
        for _ in 0..oldest.unwrap_or_default() {
            self.take(usage, &Wanted::Topic(topic.clone()));
            self.lag(topic);
        }
        let is_in = oldest.is_some() && self.post(limits, usage, message).is_ok();
        if is_in {
            self.published.add(bytes);
        } else {
            self.lag(topic);
        }
        is_in
    }

    /// How many of the oldest of `topic` must go before `bytes` more fit; none where that does not help.
    fn in_the_way(&self, limits: &Limits, mut usage: Usage, topic: &Topic, bytes: u64) -> Option<usize> {
        let mut published = self.published;
        let fits = |published: Share, usage: Usage| {
            let (mut published, mut usage) = (published, usage);
            published.add(bytes);
            published.is_within_half(limits) && usage.take_message(limits, bytes).is_ok()
        };
        if check_length(limits, bytes).is_err() {
            return None;
        }
        if fits(published, usage) {
            return Some(0);
        }
        let own = self.unread.iter().filter(|message| message.is_of(topic));
        own.zip(1..).find_map(|(message, gone)| {
            published.take(message.bytes());
            usage.give_back_message(message.bytes());
            fits(published, usage).then_some(gone)
        })
    }

    fn lag(&mut self, topic: &Topic) {
        if let Some(subscription) = self.topics.get_mut(topic) {
            subscription.lagged += 1;
        }
    }

    /// The oldest of what is wanted.
    pub(super) fn take(&mut self, usage: &mut Usage, wanted: &Wanted) -> Option<Message> {
        let place = self.unread.iter().position(|message| wanted.includes(message))?;
        let message = self.unread.remove(place)?;
        usage.give_back_message(message.bytes());
        if matches!(message.kind, MessageKind::Published { .. }) {
            self.published.take(message.bytes());
        }
        Some(message)
    }

    /// Up to `max` of what is wanted, in the order in which they came.
    pub(super) fn read(&mut self, usage: &mut Usage, wanted: &Wanted, max: u32) -> Vec<Message> {
        let taken = (0..max).map_while(|_| self.take(usage, wanted));
        let mut read: Vec<Message> = taken.collect();
        for message in &mut read {
            if let MessageKind::Published { topic, lagged } = &mut message.kind
                && let Some(subscription) = self.topics.get_mut(topic)
            {
                *lagged = std::mem::take(&mut subscription.lagged);
            }
        }
        read
    }

    /// Takes back a request that was not read.
    pub(super) fn withdraw(&mut self, usage: &mut Usage, request: RequestId) {
        self.retain(usage, |message| message.kind != MessageKind::Request(request));
    }

    pub(super) fn listens_to(&self, topic: &Topic) -> bool {
        self.topics.contains_key(topic)
    }

    pub(super) fn check_room_for_topic(&self, topic: &Topic) -> Result<(), SysError> {
        let used = self.topics.len();
        if used < SUBSCRIPTIONS || self.listens_to(topic) {
            return Ok(());
        }
        Err(SysError::QuotaExceeded {
            resource: Resource::Subscriptions,
            limit: SUBSCRIPTIONS as u64,
            used: used as u64,
            retry_after: None,
        })
    }

    /// Listens from now on. Who listens already goes on as it was, but keeps a grant as its reason.
    pub(super) fn subscribe(&mut self, topic: Topic, allowed_once: bool) {
        let lagged = self.topics.get(&topic).map_or(0, |known| known.lagged);
        let subscription = Subscription { allowed_once, lagged };
        self.topics.insert(topic, subscription);
    }

    /// Hears nothing more of `topic`, and loses what came of it. Answers whether it listened.
    pub(super) fn unsubscribe(&mut self, usage: &mut Usage, topic: &Topic) -> bool {
        let listened = self.topics.remove(topic).is_some();
        if listened {
            self.retain(usage, |message| !message.is_of(topic));
        }
        listened
    }

    /// The topics with whether a person allowed them once.
    pub(super) fn topics(&self) -> impl Iterator<Item = (&Topic, bool)> {
        self.topics
            .iter()
            .map(|(topic, subscription)| (topic, subscription.allowed_once))
    }

    fn retain(&mut self, usage: &mut Usage, keeps: impl Fn(&Message) -> bool) {
        let published = &mut self.published;
        self.unread.retain(|message| {
            let kept = keeps(message);
            if !kept {
                usage.give_back_message(message.bytes());
                if matches!(message.kind, MessageKind::Published { .. }) {
                    published.take(message.bytes());
                }
            }
            kept
        });
    }

    pub(super) fn wait(&mut self, call: CallId, wanted: Wanted) {
        self.readers.push_back(Reader { call, wanted });
    }

    pub(super) fn wait_no_longer(&mut self, call: CallId) {
        self.readers.retain(|reader| reader.call != call);
    }

    /// The call that waits longest for something that is there.
    pub(super) fn served_next(&self) -> Option<CallId> {
        let is_served = |reader: &&Reader| self.unread.iter().any(|message| reader.wanted.includes(message));
        self.readers.iter().find(is_served).map(|reader| reader.call)
    }
}

/// Whether a message of this length may be sent by, or to, who has these limits.
pub(super) fn check_length(limits: &Limits, bytes: u64) -> Result<(), SysError> {
    let limit = limits.message_bytes;
    if bytes <= limit {
        Ok(())
    } else {
        Err(SysError::TooLarge { limit })
    }
}
