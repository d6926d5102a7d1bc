//! What processes tell each other.

use super::{SysError, core, invalid, namespace, pid, read, wire};
use wire::{dispatch, message, peer, wanted};

impl From<core::Dispatch> for wire::Dispatch {
    fn from(dispatch: core::Dispatch) -> Self {
        use dispatch::Dispatch;
        let dispatch = match dispatch {
            core::Dispatch::Send { to } => Dispatch::Send(dispatch::Send { to: Some(to.into()) }),
            core::Dispatch::Call { to, wait } => Dispatch::Call(dispatch::Request {
                to: Some(to.into()),
                wait,
            }),
            core::Dispatch::Publish { topic } => Dispatch::Publish(dispatch::Publish { topic: topic.into() }),
        };
        Self {
            dispatch: Some(dispatch),
        }
    }
}

impl TryFrom<wire::Dispatch> for core::Dispatch {
    type Error = SysError;

    fn try_from(dispatch: wire::Dispatch) -> Result<Self, SysError> {
        use dispatch::Dispatch;
        Ok(match dispatch.dispatch.ok_or_else(|| invalid("dispatch"))? {
            Dispatch::Send(send) => Self::Send {
                to: read("to", send.to)?,
            },
            Dispatch::Call(call) => Self::Call {
                to: read("to", call.to)?,
                wait: call.wait,
            },
            Dispatch::Publish(publish) => Self::Publish {
                topic: publish.topic.try_into()?,
            },
        })
    }
}

impl From<core::Peer> for wire::Peer {
    fn from(peer: core::Peer) -> Self {
        use peer::Peer;
        let peer = match peer {
            core::Peer::Process(pid) => Peer::Process(pid.number()),
            core::Peer::App(namespace) => Peer::App(namespace.to_string()),
        };
        Self { peer: Some(peer) }
    }
}

impl TryFrom<wire::Peer> for core::Peer {
    type Error = SysError;

    fn try_from(peer: wire::Peer) -> Result<Self, SysError> {
        use peer::Peer;
        Ok(match peer.peer.ok_or_else(|| invalid("to"))? {
            Peer::Process(process) => Self::Process(pid(process)),
            Peer::App(app) => Self::App(namespace(&app)?),
        })
    }
}

impl From<core::Wanted> for wire::Wanted {
    fn from(wanted: core::Wanted) -> Self {
        use wanted::Wanted;
        let wanted = match wanted {
            core::Wanted::Any => Wanted::Any(()),
            core::Wanted::Direct => Wanted::Direct(()),
            core::Wanted::Topic(topic) => Wanted::Topic(topic.into()),
        };
        Self { wanted: Some(wanted) }
    }
}

impl TryFrom<wire::Wanted> for core::Wanted {
    type Error = SysError;

    fn try_from(wanted: wire::Wanted) -> Result<Self, SysError> {
        use wanted::Wanted;
        Ok(match wanted.wanted.ok_or_else(|| invalid("wanted"))? {
            Wanted::Any(()) => Self::Any,
            Wanted::Direct(()) => Self::Direct,
            Wanted::Topic(topic) => Self::Topic(topic.try_into()?),
        })
    }
}

impl From<core::Message> for wire::Message {
    fn from(message: core::Message) -> Self {
        use message::Kind;
        let kind = match message.kind {
            core::MessageKind::Sent => Kind::Sent(()),
            core::MessageKind::Request(id) => Kind::Request(id.number()),
            core::MessageKind::Published { topic, lagged } => Kind::Published(message::Published {
                topic: topic.into(),
                lagged,
            }),
        };
        Self {
            from: message.from.number(),
            namespace: message.namespace.map(|namespace| namespace.to_string()),
            body: message.body,
            kind: Some(kind),
        }
    }
}

impl TryFrom<wire::Message> for core::Message {
    type Error = SysError;

    fn try_from(message: wire::Message) -> Result<Self, SysError> {
        use message::Kind;
        Ok(Self {
            from: pid(message.from),
            namespace: message.namespace.as_deref().map(namespace).transpose()?,
            kind: match message.kind.ok_or_else(|| invalid("kind"))? {
                Kind::Sent(()) => core::MessageKind::Sent,
                Kind::Request(id) => core::MessageKind::Request(core::RequestId::from_number(id)),
                Kind::Published(published) => core::MessageKind::Published {
                    topic: published.topic.try_into()?,
                    lagged: published.lagged,
                },
            },
            body: message.body,
        })
    }
}
