//! Connections that stay: what a process asks of a WebSocket, and what a host does for it.

use std::net::IpAddr;

use super::address::is_public;
use super::audit::Action;
use super::error::SysError;
use super::exchange::is_token;
use super::net::{Method, Target};
use crate::time::Millis;

/// Messages that wait to be received on one connection; with so many, nothing more is read from it.
pub const SOCKET_UNREAD: usize = 256;
/// What they may take together before nothing more is read. The last of them may begin below this, so a connection
/// holds at most this and the longest message.
pub const SOCKET_UNREAD_BYTES: u64 = 256 * 1_024;
/// What a frame counts beside the bytes in it, so that empty ones and those of the connection itself count too.
pub const FRAME_BYTES: u64 = 16;
/// How long a connection may take to be opened, from the moment it is allowed.
pub const SOCKET_OPENING_TIME: Millis = 10_000;
/// The longest wait for a message.
pub const SOCKET_WAIT: Millis = 20_000;
/// The most protocols that one connection is offered in.
pub const SOCKET_PROTOCOLS: usize = 8;

/// What a process asks of a connection. It has one to each URL (`ws` or `wss`, without a fragment), by which it is
/// named. Approved as a request to that site is: `ws` stands for `http` and `wss` for `https`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SocketCall {
    /// [`Reply::Done`](super::Reply::Done): it is open, until it is closed, the process ends or may not any more; what
    /// a person allows once lasts as long. `already_exists` where there is one. An answer of the server that is no
    /// connection, a redirect too, is `io`. `protocols` are offered in this order, and one of them must be taken.
    Open { url: String, protocols: Vec<String> },
    /// [`Reply::Done`](super::Reply::Done): it is handed to the network. `not_found` without a connection, and `io`
    /// where it ended.
    Send { url: String, message: SocketMessage },
    /// [`Reply::Socket`](super::Reply::Socket): from 1 to `max` messages in the order in which they came, or none when
    /// nothing came within `wait`; `not_found` without a connection. Each is handed out once, whatever becomes of the
    /// answer. `max` is from 1 to [`RECEIVE_LIMIT`](super::RECEIVE_LIMIT), `wait` at most [`SOCKET_WAIT`].
    Receive { url: String, max: u32, wait: Millis },
    /// [`Reply::Socket`](super::Reply::Socket) with what was not received, or `not_found`.
    Close { url: String },
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SocketMessage {
    Text(String),
    Binary(Vec<u8>),
}

impl SocketMessage {
    pub fn bytes(&self) -> u64 {
        match self {
            Self::Text(text) => text.len() as u64,
            Self::Binary(bytes) => bytes.len() as u64,
        }
    }
}

/// What came over a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SocketMessages {
    pub messages: Vec<SocketMessage>,
    /// Whether more may come. Where not, the connection is gone with this answer.
    pub open: bool,
    /// These messages, and frames of the connection itself since the last answer, each with [`FRAME_BYTES`].
    pub received_bytes: u64,
}

impl SocketMessages {
    /// What comes of a connection that is not there.
    pub const NONE: Self = Self {
        messages: Vec::new(),
        open: false,
        received_bytes: 0,
    };
}

/// The number of a connection, never used twice in one boot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SocketId(u64);

impl SocketId {
    #[must_use]
    pub(super) fn next(self) -> Self {
        Self(self.0 + 1)
    }

    pub(super) const NONE: Self = Self(0);
}

/// One thing a host does for a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SocketOp {
    pub socket: SocketId,
    pub target: Target,
    pub act: SocketAct,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SocketAct {
    /// Answers [`Reply::Done`](super::Reply::Done). The host is resolved and connected to as for a request. Pings and
    /// the end are the host's to answer.
    Open(SocketOpening),
    /// Answers [`Reply::Done`](super::Reply::Done), or `io` when the connection ended.
    Send(SocketMessage),
    /// Answers [`Reply::Socket`](super::Reply::Socket) with at most `max_bytes` of messages; a connection that is not
    /// known has ended.
    Receive { max: u32, max_bytes: u64, wait: Millis },
    /// Answers [`Reply::Socket`](super::Reply::Socket). The connection need not be known, and is not known any more
    /// when this was begun.
    Close,
}

/// A connection to be opened, with what it may hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SocketOpening {
    pub protocols: Vec<String>,
    /// A longer message ends the connection. Nothing is read while [`SOCKET_UNREAD`] messages or
    /// [`SOCKET_UNREAD_BYTES`] wait.
    pub message_bytes: u64,
    /// The operator named exactly this site, so it may be on this machine or its network.
    pub operator_granted: bool,
}

impl SocketOpening {
    /// Whether it may be opened to `address`, one of those its host has now.
    pub fn admits(&self, address: IpAddr) -> bool {
        self.operator_granted || is_public(address)
    }
}

impl SocketOp {
    /// The method of the request that opens it, which stands for all that is sent over it.
    pub(super) const METHOD: Method = Method::Get;

    pub(super) fn action(&self) -> Option<Action> {
        matches!(self.act, SocketAct::Open(_)).then(|| Action::NetworkSocket {
            origin: self.target.socket_origin(),
        })
    }
}

/// The most one connection holds whose messages have at most `message_bytes`.
pub(super) fn held_bytes(message_bytes: u64) -> u64 {
    message_bytes + SOCKET_UNREAD_BYTES
}

pub(super) fn check_protocols(protocols: &[String]) -> Result<(), SysError> {
    let is_short = |protocol: &String| protocol.len() <= 128 && is_token(protocol);
    let is_new = |at: usize| !protocols[..at].contains(&protocols[at]);
    let sound = protocols.iter().all(is_short) && (0..protocols.len()).all(is_new);
    if sound && protocols.len() <= SOCKET_PROTOCOLS {
        Ok(())
    } else {
        Err(SysError::invalid("protocols"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(protocols: &[&str], accepted: bool) {
        let protocols: Vec<String> = protocols.iter().map(|&protocol| protocol.to_owned()).collect();
        assert_eq!(check_protocols(&protocols).is_ok(), accepted, "{protocols:?}");
    }

    #[test]
    fn protocols_are_a_few_different_tokens() {
        check(&[], true);
        check(&["graphql-transport-ws", "mqtt"], true);
        check(&["a", "b", "c", "d", "e", "f", "g", "h"], true);
        check(&["a", "b", "c", "d", "e", "f", "g", "h", "i"], false);
        check(&["a", "a"], false);
        check(&["a, b"], false);
        check(&["a\r\nhost: b"], false);
        check(&[""], false);
        check(&[&"a".repeat(129)], false);
    }
}
