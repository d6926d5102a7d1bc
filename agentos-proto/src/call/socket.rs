//! Connections that stay.

use super::{SysError, core, invalid, read, read_all, wire, written};
use wire::socket_call::{self, Call};
use wire::socket_message::Message;

impl From<core::SocketCall> for wire::SocketCall {
    fn from(call: core::SocketCall) -> Self {
        let call = match call {
            core::SocketCall::Open { url, protocols } => Call::Open(socket_call::Open { url, protocols }),
            core::SocketCall::Send { url, message } => Call::Send(socket_call::Send {
                url,
                message: Some(message.into()),
            }),
            core::SocketCall::Receive { url, max, wait } => {
                Call::Receive(socket_call::Receive { url, max, wait })
            }
            core::SocketCall::Close { url } => Call::Close(socket_call::Close { url }),
        };
        Self { call: Some(call) }
    }
}

impl TryFrom<wire::SocketCall> for core::SocketCall {
    type Error = SysError;

    fn try_from(call: wire::SocketCall) -> Result<Self, SysError> {
        Ok(match call.call.ok_or_else(|| invalid("socket"))? {
            Call::Open(socket_call::Open { url, protocols }) => Self::Open { url, protocols },
            Call::Send(socket_call::Send { url, message }) => Self::Send {
                url,
                message: read("message", message)?,
            },
            Call::Receive(socket_call::Receive { url, max, wait }) => Self::Receive { url, max, wait },
            Call::Close(socket_call::Close { url }) => Self::Close { url },
        })
    }
}

impl From<core::SocketMessage> for wire::SocketMessage {
    fn from(message: core::SocketMessage) -> Self {
        let message = match message {
            core::SocketMessage::Text(text) => Message::Text(text),
            core::SocketMessage::Binary(bytes) => Message::Binary(bytes),
        };
        Self {
            message: Some(message),
        }
    }
}

impl TryFrom<wire::SocketMessage> for core::SocketMessage {
    type Error = SysError;

    fn try_from(message: wire::SocketMessage) -> Result<Self, SysError> {
        Ok(match message.message.ok_or_else(|| invalid("message"))? {
            Message::Text(text) => Self::Text(text),
            Message::Binary(bytes) => Self::Binary(bytes),
        })
    }
}

impl From<core::SocketMessages> for wire::SocketMessages {
    fn from(came: core::SocketMessages) -> Self {
        Self {
            messages: written(came.messages),
            open: came.open,
            received_bytes: came.received_bytes,
        }
    }
}

impl TryFrom<wire::SocketMessages> for core::SocketMessages {
    type Error = SysError;

    fn try_from(came: wire::SocketMessages) -> Result<Self, SysError> {
        Ok(Self {
            messages: read_all(came.messages)?,
            open: came.open,
            received_bytes: came.received_bytes,
        })
    }
}
