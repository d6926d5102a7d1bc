//! Which connection speaks for which engine.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use agentos_core::ids::{AppId, EngineId};
use agentos_core::time::Millis;

use super::message::ServerMessage;
use super::outbox::Outbox;

/// Names one connection for as long as the server runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ConnectionId(u64);

/// One entry an attached engine; the newest connection that attaches speaks for it.
#[derive(Debug, Default)]
pub(crate) struct Attachments {
    by_engine: Mutex<HashMap<EngineId, Attachment>>,
    connections: AtomicU64,
}

#[derive(Debug)]
struct Attachment {
    app: AppId,
    connection: ConnectionId,
    outbox: Outbox,
}

impl Attachments {
    pub(super) fn next_connection(&self) -> ConnectionId {
        ConnectionId(self.connections.fetch_add(1, Ordering::Relaxed))
    }

    pub(super) fn bind(&self, engine: EngineId, app: AppId, connection: ConnectionId, outbox: Outbox) {
        self.all().insert(
            engine,
            Attachment {
                app,
                connection,
                outbox,
            },
        );
    }

    pub(super) fn unbind(&self, engine: EngineId) {
        self.all().remove(&engine);
    }

    /// Forgets `engine`, which lost its lease, and tells the connection that spoke for it.
    pub(crate) fn replaced(&self, engine: EngineId, now: Millis) {
        if let Some(Attachment { app, outbox, .. }) = self.all().remove(&engine) {
            outbox.offer(ServerMessage::EngineReplaced { app_id: app }.text(now));
        }
    }

    /// The engines nobody speaks for now that `connection` is gone.
    pub(super) fn leave(&self, connection: ConnectionId) -> Vec<(AppId, EngineId)> {
        let mut all = self.all();
        let gone = all.extract_if(|_, attachment| attachment.connection == connection);
        gone.map(|(engine, attachment)| (attachment.app, engine))
            .collect()
    }

    fn all(&self) -> MutexGuard<'_, HashMap<EngineId, Attachment>> {
        self.by_engine.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
