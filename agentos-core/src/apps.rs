//! Running apps: what exists ([`AppRecord`], in the store), what lives (its process, its engine's
//! lease, the focus) and the state of each.
//!
//! Start at [`Apps::spawn`] for how an app comes to be and at [`Apps::take_lease`] for how an
//! engine comes to run it.

mod app;
mod edits;
mod error;
mod live;
mod persist;
mod state;

use std::collections::HashSet;
use std::sync::Arc;

use futures::lock::{Mutex, MutexGuard};
use serde_json::Value;

pub use app::{App, AppState, AppStats, NewApp};
pub use edits::{EditRequest, Edited};
pub use error::AppError;
pub use live::ATTACH_GRACE;
pub use state::{BATCH_OPERATIONS, Lease};

use crate::ids::{AppId, EngineId, Namespace};
use crate::kernel::{NewProcess, Pid, Principal, Reply, SysError, Syscall, one_line};
use crate::ports::ambient::Ambient;
use crate::ports::kernel::KernelPort;
use crate::ports::storage::{AppRecord, Package, StoragePort, Window};
use crate::spec::bounds;
use live::LiveApps;

/// The most apps there are at once, suspended ones included.
pub const APPS: usize = 200;
/// Longer titles are cut to this many characters.
pub const TITLE_CHARS: usize = 200;

/// The life of every app.
///
/// Whatever changes which apps or packages exist, or the state of one, goes through one lock, one
/// after another. Dropping a future leaves each app either as it was or suspended, never half made.
pub struct Apps {
    pub(crate) storage: Arc<dyn StoragePort>,
    kernel: Arc<dyn KernelPort>,
    pub(crate) ambient: Arc<dyn Ambient>,
    listener: AppListener,
    live: Mutex<LiveApps>,
}

/// Is told what happened, in order, while the lock is held: it must return at once and not call back.
pub type AppListener = Box<dyn Fn(AppEvent) + Send + Sync>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AppEvent {
    Spawned {
        app: AppId,
    },
    Focused {
        app: AppId,
    },
    /// An app asked for it to be in front; the event `Focused` came before if that was news.
    Raised {
        app: AppId,
    },
    /// An app asked for it to give up the focus, which is then on none.
    Lowered {
        app: AppId,
    },
    WindowChanged {
        app: AppId,
    },
    /// It has a process again.
    Resumed {
        app: AppId,
    },
    /// Its process ended; the app is kept.
    Suspended {
        app: AppId,
    },
    /// In the order in which they were closed: descendants before their ancestors.
    Closed {
        apps: Vec<AppId>,
    },
    /// Another engine took the lease; what `engine` sends from now on is refused.
    EngineReplaced {
        app: AppId,
        engine: EngineId,
    },
    /// Its document is another one now; whoever runs it takes that one, and sends its whole state.
    Edited {
        app: AppId,
        version: u64,
    },
    /// It was saved as a package, or its package was deleted.
    PackageChanged {
        app: AppId,
    },
}

impl Apps {
    /// Every app in `storage` is suspended until an engine takes its lease.
    pub fn new(
        storage: Arc<dyn StoragePort>,
        kernel: Arc<dyn KernelPort>,
        ambient: Arc<dyn Ambient>,
        listener: AppListener,
    ) -> Self {
        Self {
            storage,
            kernel,
            ambient,
            listener,
            live: Mutex::default(),
        }
    }

    /// Makes an app with a process and a namespace of its own, and focuses it.
    ///
    /// [`AppError::Document`], [`AppError::ParentNotFound`], [`AppError::TooManyApps`] and
    /// [`AppError::Process`]: there is no new app.
    pub async fn spawn(&self, new: NewApp) -> Result<App, AppError> {
        let mut live = self.live.lock().await;
        let NewApp {
            document,
            request,
            parent,
            report,
        } = new;
        let (now, seed) = (self.ambient.now(), self.ambient.seed());
        let record = AppRecord {
            id: AppId::new(now, seed),
            namespace: Namespace::new(now, self.ambient.seed()),
            package: None,
            from_registry: false,
            parent,
            title: title(&document),
            request,
            document,
            version: 1,
            report,
            window: None,
            created_at: now,
        };
        self.bring_to_life(&mut live, record).await
    }

    /// Opens `package` in its namespace, with the paths it persisted, under `parent`. One that persists
    /// runs once: its running app is focused and answered instead.
    ///
    /// Errors are those of [`spawn`](Self::spawn), and [`AppError::RunsElsewhere`] when there is a
    /// parent and the running app is not of its family.
    pub(crate) async fn launch(&self, package: Package, parent: Option<AppId>) -> Result<App, AppError> {
        let mut live = self.live.lock().await;
        let Package { metadata, document } = package;
        if !persist::paths(&document).is_empty() {
            let apps = self.storage.apps().await?;
            let running = apps
                .iter()
                .find(|app| app.namespace == metadata.namespace)
                .cloned();
            if let Some(running) = running {
                let family = |parent| tree(&apps, parent).unwrap_or_default();
                if parent.is_some_and(|parent| !family(parent).contains(&running.id)) {
                    return Err(AppError::RunsElsewhere);
                }
                self.set_focus(&mut live, running.id).await?;
                return Ok(live.view(running));
            }
        }
        let now = self.ambient.now();
        let record = AppRecord {
            id: AppId::new(now, self.ambient.seed()),
            namespace: metadata.namespace,
            package: Some(metadata.id),
            from_registry: true,
            parent,
            title: title(&document),
            request: format!("Launch {}", metadata.name),
            document,
            version: 1,
            report: Value::Null,
            window: None,
            created_at: now,
        };
        self.bring_to_life(&mut live, record).await
    }

    /// Unknown ids are [`AppError::NotFound`]. A suspended app can be focused and stays suspended.
    pub async fn focus(&self, id: AppId) -> Result<(), AppError> {
        let mut live = self.live.lock().await;
        self.record(id).await?;
        self.set_focus(&mut live, id).await
    }

    /// Focuses `id` and has whoever shows it bring it to the front.
    pub async fn raise(&self, id: AppId) -> Result<(), AppError> {
        let mut live = self.live.lock().await;
        self.record(id).await?;
        self.set_focus(&mut live, id).await?;
        (self.listener)(AppEvent::Raised { app: id });
        Ok(())
    }

    /// Takes the focus from `id`, which is then behind the others.
    pub async fn lower(&self, id: AppId) -> Result<(), AppError> {
        let mut live = self.live.lock().await;
        self.record(id).await?;
        if live.focused() == Some(id) {
            self.kernel.set_focus(None).await.map_err(AppError::Process)?;
        }
        live.forget_focus(&[id]);
        (self.listener)(AppEvent::Lowered { app: id });
        Ok(())
    }

    /// `id` and all its descendants, ancestors first.
    pub async fn family(&self, id: AppId) -> Result<Vec<App>, AppError> {
        let live = self.live.lock().await;
        let apps = self.storage.apps().await?;
        let family = tree(&apps, id).ok_or(AppError::NotFound(id))?;
        let records = family
            .iter()
            .rev()
            .filter_map(|id| apps.iter().find(|app| app.id == *id));
        Ok(records.map(|record| live.view(record.clone())).collect())
    }

    /// Ends `id` and all its descendants, with the data of those that are not saved. Answers who
    /// was closed, descendants before their ancestors.
    ///
    /// After an error other than [`AppError::NotFound`] the apps are still there, at most suspended.
    pub async fn close(&self, id: AppId) -> Result<Vec<AppId>, AppError> {
        let mut live = self.live.lock().await;
        let apps = self.storage.apps().await?;
        let closing = tree(&apps, id).ok_or(AppError::NotFound(id))?;
        if let Err(error) = self.close_all(&mut live, &apps, &closing).await {
            for app in closing.into_iter().filter(|id| live.pid(*id).is_none()) {
                (self.listener)(AppEvent::Suspended { app });
            }
            return Err(error);
        }
        live.forget_focus(&closing);
        (self.listener)(AppEvent::Closed {
            apps: closing.clone(),
        });
        Ok(closing)
    }

    /// Whether closing `id` would destroy data: it or a descendant is not saved and has some.
    pub async fn has_data(&self, id: AppId) -> Result<bool, AppError> {
        let _live = self.live.lock().await;
        let apps = self.storage.apps().await?;
        let closing = tree(&apps, id).ok_or(AppError::NotFound(id))?;
        for namespace in self.abandoned(&apps, &closing).await? {
            if !self.storage.persisted(namespace).await?.is_empty()
                || self.stores_anything(namespace).await?
                || self.has_files(namespace).await?
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// All apps in the order they were made.
    pub async fn list(&self) -> Result<(Vec<App>, AppStats), AppError> {
        let live = self.live.lock().await;
        let apps: Vec<App> = self
            .storage
            .apps()
            .await?
            .into_iter()
            .map(|app| live.view(app))
            .collect();
        let stats = AppStats::of(&apps, live.focused());
        Ok((apps, stats))
    }

    pub async fn app(&self, id: AppId) -> Result<App, AppError> {
        let live = self.live.lock().await;
        Ok(live.view(self.record(id).await?))
    }

    /// [`AppError::InvalidWindow`]: nothing was changed.
    pub async fn set_window(&self, id: AppId, window: Window) -> Result<(), AppError> {
        app::check_window(&window)?;
        self.storage
            .set_window(id, window)
            .await
            .map_err(|error| AppError::of_app(id, error))?;
        (self.listener)(AppEvent::WindowChanged { app: id });
        Ok(())
    }

    /// The app whose process `pid` is; none for other processes.
    pub async fn of_process(&self, pid: Pid) -> Result<Option<App>, AppError> {
        let id = self.live.lock().await.of_process(pid);
        match id {
            Some(id) => self.app(id).await.map(Some),
            None => Ok(None),
        }
    }

    /// To be called for every process that ended: if it was an app's, the app is suspended.
    pub async fn process_ended(&self, pid: Pid) {
        let mut live = self.live.lock().await;
        if let Some(app) = live.remove_process(pid) {
            (self.listener)(AppEvent::Suspended { app });
        }
    }

    /// To be called when ends of processes were missed: each app whose process is gone is suspended.
    pub async fn check_processes(&self) -> Result<(), AppError> {
        let mut live = self.live.lock().await;
        let processes = self.kernel.processes().await.map_err(AppError::Process)?;
        let there: HashSet<Pid> = processes.into_iter().map(|process| process.pid).collect();
        for app in live.keep_processes(&there) {
            (self.listener)(AppEvent::Suspended { app });
        }
        Ok(())
    }

    /// The way every app begins: the record first, then the process, so that a future dropped in
    /// between leaves a suspended app and never a process without one. Nobody sees the app earlier,
    /// for the lock is held.
    async fn bring_to_life(&self, live: &mut LiveApps, record: AppRecord) -> Result<App, AppError> {
        bounds::verify(&record.document).map_err(AppError::Document)?;
        let apps = self.storage.apps().await?;
        if apps.len() >= APPS {
            return Err(AppError::TooManyApps { limit: APPS });
        }
        if let Some(parent) = record
            .parent
            .filter(|parent| apps.iter().all(|app| app.id != *parent))
        {
            return Err(AppError::ParentNotFound(parent));
        }
        let persisted = self.storage.persisted(record.namespace).await?;
        let state = persist::initial_state(&record.document, &persisted);
        self.storage.insert_app(&record, &state).await?;
        if let Err(error) = self.start_process(live, &record, &state, true).await {
            self.storage.remove_apps(&[record.id]).await?;
            return Err(error);
        }
        (self.listener)(AppEvent::Spawned { app: record.id });
        // Its process began with it.
        live.focus(record.id);
        (self.listener)(AppEvent::Focused { app: record.id });
        Ok(live.view(record))
    }

    async fn start_process(
        &self,
        live: &mut LiveApps,
        record: &AppRecord,
        state: &Value,
        focused: bool,
    ) -> Result<(), AppError> {
        let parent = record
            .parent
            .and_then(|parent| live.pid(parent))
            .unwrap_or(Pid::SYSTEM);
        let process = NewProcess {
            parent,
            focused,
            ..NewProcess::app(record.title.clone(), record.namespace)
        };
        let pid = self.kernel.spawn(process).await.map_err(AppError::Process)?;
        live.add_process(record.id, pid);
        if let Err(error) = self.hold_state(live, record.id, bounds::json_bytes(state)).await {
            self.end_process(live, record.id).await?;
            return Err(error);
        }
        Ok(())
    }

    async fn end_process(&self, live: &mut LiveApps, id: AppId) -> Result<(), AppError> {
        let Some(pid) = live.pid(id) else { return Ok(()) };
        match self.kernel.kill(pid).await {
            // One that ended by itself has ended too.
            Ok(_) | Err(SysError::NotFound) => {
                live.remove_process(pid);
                Ok(())
            }
            Err(error) => Err(AppError::Process(error)),
        }
    }

    /// The records go last: until then a failure leaves apps that can be closed again.
    async fn close_all(
        &self,
        live: &mut LiveApps,
        apps: &[AppRecord],
        closing: &[AppId],
    ) -> Result<(), AppError> {
        for id in closing {
            self.end_process(live, *id).await?;
        }
        for namespace in self.abandoned(apps, closing).await? {
            self.clear(namespace).await?;
        }
        Ok(self.storage.remove_apps(closing).await?)
    }

    async fn set_focus(&self, live: &mut LiveApps, id: AppId) -> Result<(), AppError> {
        if live.focused() == Some(id) {
            return Ok(());
        }
        match self.kernel.set_focus(live.pid(id)).await {
            // One that ended just now ends for this app soon.
            Ok(()) | Err(SysError::NotFound) => {}
            Err(error) => return Err(AppError::Process(error)),
        }
        live.focus(id);
        (self.listener)(AppEvent::Focused { app: id });
        Ok(())
    }

    async fn record(&self, id: AppId) -> Result<AppRecord, AppError> {
        self.storage.app(id).await?.ok_or(AppError::NotFound(id))
    }

    /// The namespaces to which nothing refers once `closing` are gone.
    async fn abandoned(&self, apps: &[AppRecord], closing: &[AppId]) -> Result<HashSet<Namespace>, AppError> {
        let (gone, kept): (Vec<_>, Vec<_>) = apps.iter().partition(|app| closing.contains(&app.id));
        let packages = self.storage.packages().await?;
        let kept: HashSet<Namespace> = kept
            .into_iter()
            .map(|app| app.namespace)
            .chain(packages.into_iter().map(|package| package.namespace))
            .collect();
        Ok(gone
            .into_iter()
            .map(|app| app.namespace)
            .filter(|namespace| !kept.contains(namespace))
            .collect())
    }

    /// Removes what its apps stored in `namespace` and wrote at home, and forgets what they were allowed.
    pub(crate) async fn clear(&self, namespace: Namespace) -> Result<(), AppError> {
        for syscall in [
            Syscall::StoreClear { namespace },
            Syscall::ClearHome { namespace },
            Syscall::ForgetApprovals { namespace },
        ] {
            self.as_system(syscall).await?;
        }
        Ok(())
    }

    async fn stores_anything(&self, namespace: Namespace) -> Result<bool, AppError> {
        let first = Syscall::StoreList {
            namespace,
            prefix: String::new(),
            after: None,
            limit: 1,
        };
        let reply = self.as_system(first).await?;
        Ok(matches!(reply, Reply::Keys { keys, .. } if !keys.is_empty()))
    }

    async fn has_files(&self, namespace: Namespace) -> Result<bool, AppError> {
        let reply = self.as_system(Syscall::GetHomeSpace { namespace }).await?;
        Ok(matches!(reply, Reply::Space(bytes) if bytes > 0))
    }

    async fn as_system(&self, syscall: Syscall) -> Result<Reply, AppError> {
        let done = self.kernel.syscall(Principal::System, syscall).await;
        done.map_err(AppError::Process)
    }

    /// Keeps apps and packages as they are until it is dropped.
    pub(crate) async fn lock(&self) -> MutexGuard<'_, LiveApps> {
        self.live.lock().await
    }

    pub(crate) fn package_changed(&self, app: AppId) {
        (self.listener)(AppEvent::PackageChanged { app });
    }
}

/// A person is asked about an app by its title, so it leaves the text around it as it is.
fn title(document: &Value) -> String {
    match one_line(document["title"].as_str().unwrap_or_default()).as_str() {
        "" => "Untitled App".to_owned(),
        title => title.chars().take(TITLE_CHARS).collect(),
    }
}

/// `id` and its descendants, descendants first; none when there is no such app.
fn tree(apps: &[AppRecord], id: AppId) -> Option<Vec<AppId>> {
    apps.iter().find(|app| app.id == id)?;
    let mut found = vec![id];
    let mut next = 0;
    while let Some(&parent) = found.get(next) {
        found.extend(
            apps.iter()
                .filter(|app| app.parent == Some(parent))
                .map(|app| app.id),
        );
        next += 1;
    }
    found.reverse();
    Some(found)
}
