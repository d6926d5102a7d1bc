//! The way of a WebSocket: allowed or asked about as a request is, opened, used, and closed when its process ends or
//! may not any more. What it may hold is set aside for as long as it is open.

use std::collections::BTreeMap;

use super::approval::ApprovalNeed;
use super::capability::Standing;
use super::errand::Errand;
use super::message::RECEIVE_LIMIT;
use super::process_table::Process;
use super::socket::{
    FRAME_BYTES, SOCKET_OPENING_TIME, SOCKET_WAIT, SocketAct, SocketCall, SocketId, SocketOp, SocketOpening,
    check_protocols, held_bytes,
};
use super::{
    Answer, Asked, CallId, Capability, Effect, Kernel, Limits, Op, Pid, Principal, Reply, SysError, monitor,
};
use super::{SocketMessage, Target};
use crate::time::Millis;

/// The connections of one process, by the URL of their handshake.
pub(super) type Sockets = BTreeMap<String, Socket>;

#[derive(Debug)]
pub(super) struct Socket {
    id: SocketId,
    target: Target,
    /// A person allowed it without a grant; it lasts as long as the connection.
    allowed_once: bool,
    /// What it may hold: set aside of the memory, and of the hour for what was read and not received.
    held_bytes: u64,
}

/// A call about one connection.
#[derive(Debug)]
pub(super) struct SocketErrand {
    socket: SocketId,
    target: Target,
    act: SocketAct,
    /// What is set aside of the hour for the call, which has a place among the requests in flight; none for a call that
    /// needs neither.
    reserved: Option<u64>,
    /// Whether it was handed to the host.
    begun: bool,
}

impl SocketErrand {
    pub(super) fn need(&self) -> ApprovalNeed {
        ApprovalNeed::Net(self.target.site())
    }

    pub(super) fn capability(&self) -> Capability {
        need(&self.target)
    }

    pub(super) fn target(&self) -> &Target {
        &self.target
    }

    pub(super) fn begin(&mut self) {
        self.begun = true;
    }

    pub(super) fn is_receiving(&self) -> bool {
        matches!(self.act, SocketAct::Receive { .. })
    }

    /// What it cost of the hour.
    fn bytes_used(&self, result: &Result<Reply, SysError>) -> u64 {
        match (&self.act, result) {
            (SocketAct::Receive { .. }, Ok(Reply::Socket(came))) => came.received_bytes,
            (SocketAct::Send(_), _) if self.begun => self.reserved.unwrap_or_default(),
            _ => 0,
        }
    }
}

fn need(target: &Target) -> Capability {
    Capability::from(target.need(SocketOp::METHOD))
}

impl Kernel {
    pub(super) fn socket_call(
        &mut self,
        asked: Asked,
        call: SocketCall,
        limits: &Limits,
    ) -> Result<Answer, SysError> {
        match call {
            SocketCall::Open { url, protocols } => self.socket_open(asked, &url, protocols, limits),
            SocketCall::Send { url, message } => self.socket_send(asked, &url, message, limits),
            SocketCall::Receive { url, max, wait } => self.socket_receive(asked, &url, max, wait, limits),
            SocketCall::Close { url } => self.socket_close(asked, &url, limits),
        }
    }

    fn socket_open(
        &mut self,
        asked: Asked,
        url: &str,
        protocols: Vec<String>,
        limits: &Limits,
    ) -> Result<Answer, SysError> {
        check_protocols(&protocols)?;
        let target = Target::parse_socket(url)?;
        let asked = self.at_most(asked, SOCKET_OPENING_TIME);
        let held_bytes = held_bytes(limits.message_bytes);
        let now = self.now;
        let process = self.process_of(asked)?;
        if process.sockets.contains_key(target.as_str()) {
            return Err(SysError::AlreadyExists);
        }
        process.check_network_for(held_bytes, now)?;
        process.usage.take(limits, 0)?;
        if let Err(full) = process.usage.take_stream(limits, held_bytes) {
            process.usage.give_back(0);
            return Err(full);
        }
        process.take_network(held_bytes);
        self.last_socket = self.last_socket.next();
        let opening = SocketOpening {
            protocols,
            message_bytes: limits.message_bytes,
            operator_granted: self.config.operator_sites.contains(&target.site()),
        };
        let errand = SocketErrand {
            socket: self.last_socket,
            target,
            act: SocketAct::Open(opening),
            reserved: Some(held_bytes),
            begun: false,
        };
        self.set_out(asked, Errand::Socket(Box::new(errand)), 0);
        Ok(Answer::WhenDone)
    }

    fn socket_send(
        &mut self,
        asked: Asked,
        url: &str,
        message: SocketMessage,
        limits: &Limits,
    ) -> Result<Answer, SysError> {
        let (bytes, limit) = (message.bytes(), limits.message_bytes);
        if bytes > limit {
            return Err(SysError::TooLarge { limit });
        }
        self.use_socket(asked, url, limits, |_| {
            (SocketAct::Send(message), Some(bytes + FRAME_BYTES), bytes)
        })
    }

    fn socket_receive(
        &mut self,
        asked: Asked,
        url: &str,
        max: u32,
        wait: Millis,
        limits: &Limits,
    ) -> Result<Answer, SysError> {
        if !(1..=RECEIVE_LIMIT).contains(&max) {
            return Err(SysError::invalid("max"));
        }
        if wait > SOCKET_WAIT {
            return Err(SysError::invalid("wait"));
        }
        self.use_socket(asked, url, limits, |socket| {
            let max_bytes = socket.held_bytes;
            let act = SocketAct::Receive { max, max_bytes, wait };
            (act, Some(max_bytes), max_bytes)
        })
    }

    /// It can be done however full the hour and the memory are: what is left is within what the connection holds.
    fn socket_close(&mut self, asked: Asked, url: &str, limits: &Limits) -> Result<Answer, SysError> {
        self.use_socket(asked, url, limits, |_| (SocketAct::Close, None, 0))
    }

    /// Brings a call about an open connection on its way: what is done, what is set aside of the hour for it, and how
    /// many bytes it holds.
    fn use_socket(
        &mut self,
        asked: Asked,
        url: &str,
        limits: &Limits,
        act: impl FnOnce(&Socket) -> (SocketAct, Option<u64>, u64),
    ) -> Result<Answer, SysError> {
        let target = Target::parse_socket(url)?;
        let now = self.now;
        let process = self.process_of(asked)?;
        let socket = process.sockets.get(target.as_str()).ok_or(SysError::NotFound)?;
        let (id, allowed_once) = (socket.id, socket.allowed_once);
        let (act, reserved, held_bytes) = act(socket);
        if let Some(bytes) = reserved {
            process.check_network_for(bytes, now)?;
        }
        process.usage.take(limits, held_bytes)?;
        if let Some(bytes) = reserved {
            process.take_network(bytes);
        }
        let errand = SocketErrand {
            socket: id,
            target,
            act,
            reserved,
            begun: false,
        };
        let allowed = allowed_once.then(|| errand.need()).into_iter().collect();
        self.set_out_allowed(asked, Errand::Socket(Box::new(errand)), held_bytes, allowed);
        Ok(Answer::WhenDone)
    }

    /// Hands what is allowed now to the host.
    pub(super) fn send_to_socket(&mut self, call: CallId) -> Result<(), SysError> {
        let Some(errand) = self.socket_of(call) else {
            return Ok(());
        };
        let act = match &mut errand.act {
            SocketAct::Send(message) => {
                let empty = SocketMessage::Binary(Vec::new());
                SocketAct::Send(std::mem::replace(message, empty))
            }
            act => act.clone(),
        };
        let op = SocketOp {
            socket: errand.socket,
            target: errand.target.clone(),
            act,
        };
        self.enqueue(call, Op::Socket(Box::new(op)))
    }

    /// What the host did for a connection.
    pub(super) fn socket_answered(&mut self, call: CallId, result: Result<Reply, SysError>) {
        let result = self.socket_after(call, result);
        self.end_call(call, result);
    }

    fn socket_after(&mut self, call: CallId, result: Result<Reply, SysError>) -> Result<Reply, SysError> {
        let Some(waiting) = self.calls.get_mut(&call) else {
            return result;
        };
        let pid = waiting.asked.caller.pid();
        let allowed_once = waiting.needs().iter().all(|need| waiting.is_allowed_once(need));
        let Some(Errand::Socket(errand)) = &mut waiting.errand else {
            return result;
        };
        let process = self.processes.get_mut(pid).ok_or(SysError::Cancelled)?;
        let url = errand.target.as_str();
        match (&errand.act, &result) {
            (SocketAct::Open(opening), Ok(_)) => {
                if process.sockets.contains_key(url) {
                    return Err(SysError::AlreadyExists);
                }
                let socket = Socket {
                    id: errand.socket,
                    target: errand.target.clone(),
                    allowed_once,
                    held_bytes: held_bytes(opening.message_bytes),
                };
                process.sockets.insert(url.to_owned(), socket);
                // What was set aside for the call is the connection's from now on.
                errand.reserved = Some(0);
            }
            (SocketAct::Receive { .. }, Ok(Reply::Socket(came))) if !came.open => {
                process.drop_socket(url, errand.socket, 0, self.now);
            }
            (SocketAct::Close, Ok(Reply::Socket(left))) => {
                process.drop_socket(url, errand.socket, left.received_bytes, self.now);
            }
            _ => {}
        }
        result
    }

    /// Gives back what a call held. A connection that is opened for nobody is closed.
    pub(super) fn settle_socket(&mut self, pid: Pid, errand: SocketErrand, result: &Result<Reply, SysError>) {
        let used = errand.bytes_used(result);
        let now = self.now;
        let is_for_nobody = matches!(errand.act, SocketAct::Open(_)) && result.is_err();
        if let Some(process) = self.processes.get_mut(pid) {
            if let Some(reserved) = errand.reserved {
                process.give_back_network(reserved, used, now);
            }
            if let SocketAct::Open(opening) = &errand.act
                && is_for_nobody
            {
                process.usage.give_back_stream(held_bytes(opening.message_bytes));
            }
        }
        if is_for_nobody && errand.begun {
            self.close_at_the_host(errand.socket, errand.target);
        }
    }

    /// Ends the connections of a process that ends.
    pub(super) fn close_sockets_of(&mut self, pid: Pid) {
        let process = self.processes.get_mut(pid);
        let sockets = process.map(|process| std::mem::take(&mut process.sockets));
        for (_, socket) in sockets.into_iter().flatten() {
            self.close_at_the_host(socket.id, socket.target);
        }
    }

    /// Ends the connections that what is granted now no longer covers.
    pub(super) fn end_sockets_no_longer_allowed(&mut self) {
        for (pid, url) in self.processes.sockets() {
            let process = self.processes.get_mut(pid);
            let Some((process, socket)) = process.and_then(|process| {
                let socket = process.sockets.get(&url)?;
                let standing = self
                    .grants
                    .standing_of(Principal::Process(pid), &need(&socket.target));
                let holds = match standing {
                    Standing::Allowed => true,
                    Standing::Nothing => socket.allowed_once,
                    Standing::Denied => false,
                };
                let socket = (socket.id, socket.target.clone(), socket.held_bytes);
                (!holds).then_some((process, socket))
            }) else {
                continue;
            };
            let (id, target, held_bytes) = socket;
            // How much of it came and was not received is the host's to know.
            process.drop_socket(&url, id, held_bytes, self.now);
            self.close_at_the_host(id, target);
        }
    }

    /// Nothing is handed to a process that is suspended.
    pub(super) fn stop_receiving(&mut self, pid: Pid) {
        self.end_calls(|call, _| {
            let is_receiving = matches!(&call.errand, Some(Errand::Socket(errand)) if errand.is_receiving());
            (is_receiving && call.asked.caller.pid() == pid)
                .then_some(Err(SysError::Unavailable { retry_after: None }))
        });
    }

    /// Nobody waits for its end, and nobody is asked: it only takes away.
    fn close_at_the_host(&mut self, socket: SocketId, target: Target) {
        self.last_op = self.last_op.next();
        let act = SocketAct::Close;
        let op = Op::Socket(Box::new(SocketOp { socket, target, act }));
        let (id, stamp) = (self.last_op, self.stamp());
        if let Ok(op) = monitor::authorize(&self.grants, Principal::System, (id, None), op, |_| false, stamp)
        {
            self.effects.push(Effect::Perform(op));
        }
    }

    fn process_of(&mut self, asked: Asked) -> Result<&mut Process, SysError> {
        self.processes
            .get_mut(asked.caller.pid())
            .ok_or(SysError::Cancelled)
    }

    fn socket_of(&mut self, call: CallId) -> Option<&mut SocketErrand> {
        match &mut self.calls.get_mut(&call)?.errand {
            Some(Errand::Socket(errand)) => Some(errand),
            _ => None,
        }
    }
}

impl Process {
    /// Forgets a connection, of whose set-aside bytes `used` came. Another to the same URL stays.
    fn drop_socket(&mut self, url: &str, id: SocketId, used: u64, now: Millis) {
        if self.sockets.get(url).is_none_or(|socket| socket.id != id) {
            return;
        }
        if let Some(socket) = self.sockets.remove(url) {
            self.usage.give_back_stream(socket.held_bytes);
            self.settle_network(socket.held_bytes, used, now);
        }
    }
}
