//! The way of a message: allowed or asked about, put into a mailbox, read, and answered where an answer
//! is waited for. Nothing of it leaves the kernel.

use super::capability::Standing;
use super::errand::Errand;
use super::mailbox::check_length;
use super::message::{
    Dispatch, IpcRule, Message, MessageKind, Partner, Peer, RECEIVE_LIMIT, RequestId, Topic, Wanted,
};
use super::{Answer, Asked, CallId, Capability, Kernel, Limits, Pid, Principal, Reply, Stage, SysError};
use crate::time::Millis;

/// A message on its way, or the wish to hear a topic.
#[derive(Debug)]
pub(super) struct MessageCall {
    act: Act,
    /// Empty once it is delivered.
    body: Vec<u8>,
}

#[derive(Debug, Clone)]
enum Act {
    Dispatch(Dispatch),
    Subscribe(Topic),
}

impl MessageCall {
    pub(super) fn rule(&self) -> IpcRule {
        match &self.act {
            Act::Dispatch(Dispatch::Send { to } | Dispatch::Call { to, .. }) => IpcRule::send(match *to {
                Peer::Process(pid) => Partner::Process(pid),
                Peer::App(namespace) => Partner::Peer(namespace),
            }),
            Act::Dispatch(Dispatch::Publish { topic }) => IpcRule::send(Partner::Topic(topic.clone())),
            Act::Subscribe(topic) => IpcRule::receive(topic.clone()),
        }
    }

    /// Whether it is a person's to allow. One process has no name that a person could know.
    pub(super) fn can_be_asked(&self) -> bool {
        !matches!(self.rule().with, Partner::Process(_))
    }

    fn peer(&self) -> Option<Peer> {
        match &self.act {
            Act::Dispatch(Dispatch::Send { to } | Dispatch::Call { to, .. }) => Some(*to),
            Act::Dispatch(Dispatch::Publish { .. }) | Act::Subscribe(_) => None,
        }
    }
}

impl Kernel {
    pub(super) fn ipc_dispatch(
        &mut self,
        asked: Asked,
        dispatch: Dispatch,
        body: Vec<u8>,
        limits: &Limits,
    ) -> Result<Answer, SysError> {
        check_length(limits, body.len() as u64)?;
        let asked = match dispatch {
            Dispatch::Call { wait, .. } => self.at_most(asked, wait),
            Dispatch::Send { .. } | Dispatch::Publish { .. } => asked,
        };
        let act = Act::Dispatch(dispatch);
        self.set_out_with(asked, MessageCall { act, body }, limits)
    }

    pub(super) fn ipc_subscribe(
        &mut self,
        asked: Asked,
        topic: Topic,
        limits: &Limits,
    ) -> Result<Answer, SysError> {
        let (act, body) = (Act::Subscribe(topic), Vec::new());
        self.set_out_with(asked, MessageCall { act, body }, limits)
    }

    fn set_out_with(
        &mut self,
        asked: Asked,
        message: MessageCall,
        limits: &Limits,
    ) -> Result<Answer, SysError> {
        let held_bytes = message.body.len() as u64;
        let process = self.processes.get_mut(asked.caller.pid());
        process
            .ok_or(SysError::Cancelled)?
            .usage
            .take(limits, held_bytes)?;
        self.set_out(asked, Errand::Message(Box::new(message)), held_bytes);
        Ok(Answer::WhenDone)
    }

    /// A call that waits no longer than `wait`, nor than its caller.
    pub(super) fn at_most(&self, asked: Asked, wait: Millis) -> Asked {
        let deadline = asked.deadline.min(self.now.saturating_add(wait));
        Asked { deadline, ..asked }
    }

    /// Whether nobody needs to allow it: those who stand above one another in the tree talk, and so do
    /// the processes of one app. A denial stands against it all the same.
    pub(super) fn is_within_the_family(&self, call: CallId) -> bool {
        let Some(waiting) = self.calls.get(&call) else {
            return false;
        };
        let Some(Errand::Message(message)) = &waiting.errand else {
            return false;
        };
        let own = waiting.asked.caller.pid();
        let peer = message.peer().and_then(|peer| self.recipient(own, peer));
        peer.is_some_and(|peer| self.are_family(own, peer))
    }

    fn are_family(&self, one: Pid, other: Pid) -> bool {
        let namespace = |pid| self.processes.get(pid).and_then(|process| process.namespace);
        let is_one_app = namespace(one).is_some() && namespace(one) == namespace(other);
        let is_above = |above, below| above != Pid::SYSTEM && self.processes.is_below(below, above);
        is_one_app || is_above(one, other) || is_above(other, one)
    }

    /// The process that `own` means, if it runs.
    fn recipient(&self, own: Pid, peer: Peer) -> Option<Pid> {
        match peer {
            Peer::Process(pid) => self.processes.get(pid).map(|_| pid),
            Peer::App(namespace) => {
                let running = self.processes.of_namespace(namespace).into_iter();
                running.rev().find(|pid| *pid != own)
            }
        }
    }

    /// Does what an allowed call is out for.
    pub(super) fn deliver(&mut self, call: CallId) -> Result<(), SysError> {
        let Some(waiting) = self.calls.get_mut(&call) else {
            return Ok(());
        };
        let needs = waiting.needs();
        let allowed_once = needs.iter().all(|need| waiting.is_allowed_once(need));
        let own = waiting.asked.caller.pid();
        let Some(Errand::Message(message)) = &mut waiting.errand else {
            return Ok(());
        };
        let (act, body) = (message.act.clone(), std::mem::take(&mut message.body));
        match act {
            Act::Dispatch(Dispatch::Send { to }) => {
                let to = self.recipient(own, to).ok_or(SysError::NotFound)?;
                self.post(own, to, MessageKind::Sent, body)?;
                self.end_call(call, Ok(Reply::Done));
                self.serve_readers(to);
            }
            Act::Dispatch(Dispatch::Call { to, .. }) => {
                let to = self.recipient(own, to).ok_or(SysError::NotFound)?;
                self.post(own, to, MessageKind::Request(RequestId(call)), body)?;
                self.await_reply(call, to);
                self.serve_readers(to);
            }
            Act::Dispatch(Dispatch::Publish { topic }) => {
                let reached = self.publish(own, &topic, &body);
                self.end_call(call, Ok(Reply::Delivered(reached.len() as u64)));
                for pid in reached {
                    self.serve_readers(pid);
                }
            }
            Act::Subscribe(topic) => {
                let process = self.processes.get_mut(own).ok_or(SysError::Cancelled)?;
                process.mailbox.check_room_for_topic(&topic)?;
                process.mailbox.subscribe(topic, allowed_once);
                self.end_call(call, Ok(Reply::Done));
            }
        }
        Ok(())
    }

    fn post(&mut self, from: Pid, to: Pid, kind: MessageKind, body: Vec<u8>) -> Result<(), SysError> {
        let message = self.message(from, kind, body);
        let receiver = self.processes.get_mut(to).ok_or(SysError::NotFound)?;
        receiver
            .mailbox
            .post(&receiver.limits, &mut receiver.usage, message)
    }

    fn message(&self, from: Pid, kind: MessageKind, body: Vec<u8>) -> Message {
        let namespace = self.processes.get(from).and_then(|process| process.namespace);
        Message {
            from,
            namespace,
            kind,
            body,
        }
    }

    /// Puts a message into the mailbox of everyone who listens but its sender, and answers of whom.
    fn publish(&mut self, from: Pid, topic: &Topic, body: &[u8]) -> Vec<Pid> {
        let mut reached = self.processes.listening_to(topic);
        reached.retain(|pid| {
            let kind = MessageKind::Published {
                topic: topic.clone(),
                lagged: 0,
            };
            let message = self.message(from, kind, body.to_vec());
            let listener = self.processes.get_mut(*pid).filter(|_| *pid != from);
            listener.is_some_and(|listener| {
                let (limits, usage) = (&listener.limits, &mut listener.usage);
                listener.mailbox.post_published(limits, usage, topic, message)
            })
        });
        reached
    }

    /// The message is in the mailbox of `from` now; the caller holds nothing while it waits.
    fn await_reply(&mut self, call: CallId, from: Pid) {
        self.keys.began(call);
        if let Some(waiting) = self.calls.get_mut(&call) {
            waiting.stage = Stage::AwaitingReply { from };
            let (pid, bytes) = (
                waiting.asked.caller.pid(),
                std::mem::take(&mut waiting.held_bytes),
            );
            if let Some(process) = self.processes.get_mut(pid) {
                process.usage.memory_bytes -= bytes;
            }
        }
    }

    /// Gives the one who asked its reply. Where it waits no longer, or was answered, or asked somebody
    /// else, that is the same to who replies.
    pub(super) fn ipc_reply(
        &mut self,
        caller: Principal,
        to: RequestId,
        body: Vec<u8>,
        limits: &Limits,
    ) -> Result<Reply, SysError> {
        let own = caller.pid();
        let asked_here = |stage: &Stage| matches!(stage, Stage::AwaitingReply { from } if *from == own);
        let waiting = self.calls.get(&to.0).filter(|call| asked_here(&call.stage));
        let asker = waiting.ok_or(SysError::NotFound)?.asked.caller.pid();
        let asker = self.processes.get(asker).ok_or(SysError::NotFound)?;
        check_length(limits, body.len() as u64)?;
        check_length(&asker.limits, body.len() as u64)?;
        self.end_call(to.0, Ok(Reply::Answered(body)));
        Ok(Reply::Done)
    }

    /// Reads at once what is there, or waits for the first that comes.
    pub(super) fn ipc_receive(
        &mut self,
        asked: Asked,
        wanted: Wanted,
        max: u32,
        wait: Millis,
        limits: &Limits,
    ) -> Result<Answer, SysError> {
        if !(1..=RECEIVE_LIMIT).contains(&max) {
            return Err(SysError::invalid("max"));
        }
        let process = self.processes.get_mut(asked.caller.pid());
        let process = process.ok_or(SysError::Cancelled)?;
        if let Wanted::Topic(topic) = &wanted
            && !process.mailbox.listens_to(topic)
        {
            return Err(SysError::NotFound);
        }
        let messages = process.mailbox.read(&mut process.usage, &wanted, max);
        if !messages.is_empty() {
            return Ok(Answer::Now(Reply::Messages(messages)));
        }
        process.usage.take(limits, 0)?;
        process.mailbox.wait(asked.call, wanted.clone());
        self.wait(self.at_most(asked, wait), None, Stage::Receiving { wanted, max });
        Ok(Answer::WhenDone)
    }

    /// Hands what came to the calls of `pid` that wait for it. While it is suspended it stays.
    pub(super) fn serve_readers(&mut self, pid: Pid) {
        while let Some(process) = self.processes.get_mut(pid).filter(|process| process.is_running())
            && let Some(call) = process.mailbox.served_next()
            && let Some(Stage::Receiving { wanted, max }) = self.calls.get(&call).map(|call| &call.stage)
        {
            let messages = process.mailbox.read(&mut process.usage, wanted, *max);
            self.end_call(call, Ok(Reply::Messages(messages)));
        }
    }

    pub(super) fn ipc_unsubscribe(&mut self, caller: Principal, topic: &Topic) -> Result<Reply, SysError> {
        let process = self.processes.get_mut(caller.pid()).ok_or(SysError::Cancelled)?;
        if process.mailbox.unsubscribe(&mut process.usage, topic) {
            Ok(Reply::Done)
        } else {
            Err(SysError::NotFound)
        }
    }

    /// Ends what `pid` listens to and is no longer allowed.
    pub(super) fn end_subscriptions_no_longer_allowed(&mut self) {
        for (pid, topic, allowed_once) in self.processes.subscriptions() {
            let need = Capability::Ipc(IpcRule::receive(topic.clone()));
            let holds = match self.grants.standing_of(Principal::Process(pid), &need) {
                Standing::Allowed => true,
                Standing::Nothing => allowed_once,
                Standing::Denied => false,
            };
            if let Some(process) = self.processes.get_mut(pid).filter(|_| !holds) {
                process.mailbox.unsubscribe(&mut process.usage, &topic);
            }
        }
    }

    pub(super) fn receives_no_longer(&mut self, pid: Pid, call: CallId) {
        if let Some(process) = self.processes.get_mut(pid) {
            process.mailbox.wait_no_longer(call);
        }
    }

    /// A call that waited for a reply ended: what it asked is not read any more.
    pub(super) fn withdraw_request(&mut self, call: CallId, from: Pid) {
        if let Some(process) = self.processes.get_mut(from) {
            process.mailbox.withdraw(&mut process.usage, RequestId(call));
        }
    }
}
