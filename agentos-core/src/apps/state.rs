//! Who may write an app's state, and how it is written: leases, batches, whole states.

use serde_json::Value;

use super::live::LiveApps;
use super::{AppError, AppEvent, Apps, persist};
use crate::ids::{AppId, EngineId};
use crate::kernel::SysError;
use crate::ports::service::Caller;
use crate::ports::storage::{AppRecord, Replica, StorageError};
use crate::spec::patch::PatchError;
use crate::spec::{bounds, patch};

/// The most operations of one batch.
pub const BATCH_OPERATIONS: usize = 4_096;

/// What an engine opens the app with: its right to write, and the state to go on from.
#[derive(Debug, Clone, PartialEq)]
pub struct Lease {
    pub engine: EngineId,
    pub rev: u64,
    pub state: Value,
}

impl Apps {
    /// Makes a new engine the only one that may write the state of `id`. The one that had the lease
    /// is told by [`AppEvent::EngineReplaced`]. A suspended app gets a process.
    pub async fn take_lease(&self, id: AppId) -> Result<Lease, AppError> {
        let mut live = self.live.lock().await;
        let record = self.record(id).await?;
        let Replica { rev, state } = self.replica(id).await?;
        if live.pid(id).is_none() {
            let focused = live.focused() == Some(id);
            self.start_process(&mut live, &record, &state, focused).await?;
            (self.listener)(AppEvent::Resumed { app: id });
        }
        let now = self.ambient.now();
        let engine = EngineId::new(now, self.ambient.seed());
        if let Some(older) = live.give_lease(id, engine, now) {
            (self.listener)(AppEvent::EngineReplaced {
                app: id,
                engine: older,
            });
        }
        Ok(Lease { engine, rev, state })
    }

    /// A connection speaks for `engine` from now on. [`AppError::EngineReplaced`]: another has the lease.
    pub async fn attach(&self, id: AppId, engine: EngineId) -> Result<(), AppError> {
        let mut live = self.live.lock().await;
        self.record(id).await?;
        if live.set_attached(id, engine, true) {
            Ok(())
        } else {
            Err(AppError::EngineReplaced)
        }
    }

    /// The connection that spoke for `engine` is gone. To be called only when no later one attached
    /// itself. The engine keeps its lease and may attach again.
    pub async fn detach(&self, id: AppId, engine: EngineId) {
        self.live.lock().await.set_attached(id, engine, false);
    }

    /// On whose behalf a service call of the app is made. `engine` is none for a client that runs no
    /// engine.
    ///
    /// [`AppError::EngineReplaced`] when `engine` has not the lease, [`AppError::Suspended`] when the
    /// app has no process.
    pub async fn caller(&self, id: AppId, engine: Option<EngineId>) -> Result<Caller, AppError> {
        let live = self.live.lock().await;
        let record = self.record(id).await?;
        if let Some(engine) = engine {
            must_hold_lease(&live, id, engine)?;
        }
        let pid = live.pid(id).ok_or(AppError::Suspended)?;
        Ok(Caller {
            app: id,
            pid,
            namespace: record.namespace,
        })
    }

    pub async fn state(&self, id: AppId) -> Result<Replica, AppError> {
        self.replica(id).await
    }

    /// Applies the RFC 6902 `operations` to revision `base_rev` of the replica and answers the new
    /// revision, which is durable then, the persisted paths with it.
    ///
    /// [`AppError::StaleRev`]: the replica is at another revision, or the operations do not fit it;
    /// the engine then sends its whole state. After any error the replica is unchanged.
    pub async fn apply_batch(
        &self,
        id: AppId,
        engine: EngineId,
        base_rev: u64,
        operations: Value,
    ) -> Result<u64, AppError> {
        let operations = patch::parse(operations).map_err(AppError::Patch)?;
        if operations.len() > BATCH_OPERATIONS {
            return Err(AppError::BatchTooLong {
                limit: BATCH_OPERATIONS,
            });
        }
        let live = self.live.lock().await;
        let record = self.record(id).await?;
        must_hold_lease(&live, id, engine)?;
        let Replica { rev, state: before } = self.replica(id).await?;
        if rev != base_rev {
            return Err(AppError::StaleRev { rev });
        }
        let mut after = before.clone();
        patch::apply(&mut after, &operations, bounds::verify_state).map_err(|error| match error {
            PatchError::Failed { .. } => AppError::StaleRev { rev },
            PatchError::OutOfBounds(issue) => AppError::State(issue),
            other => AppError::Patch(other),
        })?;
        self.commit(&live, &record, Replica { rev, state: before }, after)
            .await
    }

    /// Replaces the whole state and answers the new revision, which is durable then. Without `rev`
    /// whatever is there is replaced; without `engine` only while no engine runs the app.
    pub async fn put_state(
        &self,
        id: AppId,
        state: Value,
        rev: Option<u64>,
        engine: Option<EngineId>,
    ) -> Result<u64, AppError> {
        let live = self.live.lock().await;
        let record = self.record(id).await?;
        match engine {
            Some(engine) => must_hold_lease(&live, id, engine)?,
            None if live.has_live_engine(id, self.ambient.now()) => return Err(AppError::EngineLive),
            None => {}
        }
        let before = self.replica(id).await?;
        if rev.is_some_and(|rev| rev != before.rev) {
            return Err(AppError::StaleRev { rev: before.rev });
        }
        bounds::verify_state(&state).map_err(AppError::State)?;
        self.commit(&live, &record, before, state).await
    }

    async fn commit(
        &self,
        live: &LiveApps,
        record: &AppRecord,
        before: Replica,
        after: Value,
    ) -> Result<u64, AppError> {
        if !after.is_object() {
            return Err(AppError::StateNotAnObject);
        }
        let changes = persist::changes(&record.document, &before.state, &after);
        let commit = self.storage.commit_state(record.id, before.rev, &after, &changes);
        self.commit_held(live, record.id, [&before.state, &after], commit)
            .await
    }

    /// Performs `commit`, which replaces one state by another, while the app's process has room for the larger one.
    ///
    /// [`AppError::Process`] with `quota_exceeded`: it has not, and nothing was committed.
    pub(super) async fn commit_held<T>(
        &self,
        live: &LiveApps,
        id: AppId,
        states: [&Value; 2],
        commit: impl Future<Output = Result<T, StorageError>>,
    ) -> Result<T, AppError> {
        let [before, after] = states.map(bounds::json_bytes);
        if after > before {
            self.hold_state(live, id, after).await?;
        }
        let committed = commit.await;
        let kept = if committed.is_ok() { after } else { before };
        if kept < before.max(after) {
            self.hold_state(live, id, kept).await?;
        }
        committed.map_err(|error| AppError::of_app(id, error))
    }

    pub(super) async fn hold_state(&self, live: &LiveApps, id: AppId, bytes: usize) -> Result<(), AppError> {
        let Some(pid) = live.pid(id) else { return Ok(()) };
        match self.kernel.hold_state(pid, bytes as u64).await {
            // One that ended just now holds nothing.
            Ok(()) | Err(SysError::NotFound) => Ok(()),
            Err(error) => Err(AppError::Process(error)),
        }
    }

    pub(super) async fn replica(&self, id: AppId) -> Result<Replica, AppError> {
        self.storage.replica(id).await?.ok_or(AppError::NotFound(id))
    }
}

pub(super) fn must_hold_lease(live: &LiveApps, id: AppId, engine: EngineId) -> Result<(), AppError> {
    if live.holds_lease(id, engine) {
        Ok(())
    } else {
        Err(AppError::EngineReplaced)
    }
}
