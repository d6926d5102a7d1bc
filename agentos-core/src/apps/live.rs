//! What lives only while the program runs: processes, leases and the focus.

use std::collections::{HashMap, HashSet};

use super::app::{App, AppState};
use crate::ids::{AppId, EngineId};
use crate::kernel::Pid;
use crate::ports::storage::AppRecord;
use crate::time::Millis;

/// How long a lease counts as live before a connection is attached to it.
pub const ATTACH_GRACE: Millis = 30_000;

#[derive(Debug, Default)]
pub(crate) struct LiveApps {
    apps: HashMap<AppId, LiveApp>,
    focused: Option<AppId>,
}

#[derive(Debug)]
struct LiveApp {
    pid: Pid,
    lease: Option<HeldLease>,
}

#[derive(Debug)]
struct HeldLease {
    engine: EngineId,
    taken_at: Millis,
    attached: Option<bool>,
}

impl HeldLease {
    /// Whether its engine can be expected to go on: it is connected, or was given the lease just now.
    fn is_live(&self, now: Millis) -> bool {
        self.attached
            .unwrap_or(now.saturating_sub(self.taken_at) < ATTACH_GRACE)
    }
}

impl LiveApps {
    pub(super) fn view(&self, record: AppRecord) -> App {
        let pid = self.pid(record.id);
        let state = match pid {
            None => AppState::Suspended,
            Some(_) if self.focused == Some(record.id) => AppState::Active,
            Some(_) => AppState::Background,
        };
        App { record, state, pid }
    }

    pub(super) fn pid(&self, id: AppId) -> Option<Pid> {
        self.apps.get(&id).map(|app| app.pid)
    }

    pub(super) fn of_process(&self, pid: Pid) -> Option<AppId> {
        let mut apps = self.apps.iter();
        apps.find(|(_, app)| app.pid == pid).map(|(id, _)| *id)
    }

    pub(super) fn add_process(&mut self, id: AppId, pid: Pid) {
        self.apps.insert(id, LiveApp { pid, lease: None });
    }

    /// The app whose process it was, if any; its lease ends with it.
    pub(super) fn remove_process(&mut self, pid: Pid) -> Option<AppId> {
        let id = self
            .apps
            .iter()
            .find(|(_, app)| app.pid == pid)
            .map(|(id, _)| *id)?;
        self.apps.remove(&id);
        Some(id)
    }

    /// The apps whose process is not `there`; they have none any more.
    pub(super) fn keep_processes(&mut self, there: &HashSet<Pid>) -> Vec<AppId> {
        let gone = self.apps.extract_if(|_, app| !there.contains(&app.pid));
        gone.map(|(id, _)| id).collect()
    }

    pub(super) fn focused(&self) -> Option<AppId> {
        self.focused
    }

    pub(super) fn focus(&mut self, id: AppId) {
        self.focused = Some(id);
    }

    pub(super) fn forget_focus(&mut self, closed: &[AppId]) {
        self.focused = self.focused.filter(|focused| !closed.contains(focused));
    }

    /// Gives the lease to `engine`; answers who had it. The app must have a process.
    pub(super) fn give_lease(&mut self, id: AppId, engine: EngineId, now: Millis) -> Option<EngineId> {
        let app = self.apps.get_mut(&id)?;
        let lease = HeldLease {
            engine,
            taken_at: now,
            attached: None,
        };
        app.lease.replace(lease).map(|older| older.engine)
    }

    pub(super) fn holds_lease(&self, id: AppId, engine: EngineId) -> bool {
        self.lease(id).is_some_and(|lease| lease.engine == engine)
    }

    pub(super) fn has_live_engine(&self, id: AppId, now: Millis) -> bool {
        self.lease(id).is_some_and(|lease| lease.is_live(now))
    }

    /// Whether `engine` has the lease, which alone can be attached.
    pub(super) fn set_attached(&mut self, id: AppId, engine: EngineId, attached: bool) -> bool {
        let lease = self.apps.get_mut(&id).and_then(|app| app.lease.as_mut());
        let Some(lease) = lease.filter(|lease| lease.engine == engine) else {
            return false;
        };
        lease.attached = Some(attached);
        true
    }

    fn lease(&self, id: AppId) -> Option<&HeldLease> {
        self.apps.get(&id)?.lease.as_ref()
    }
}
