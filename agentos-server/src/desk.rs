//! Everything a request may reach, wired once at start.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use agentos_adapters::Token;
use agentos_adapters::kernel::SqliteAudit;
use agentos_adapters::llm::QueuedLlm;
use agentos_core::apps::{AppEvent, Apps};
use agentos_core::chat::Chat;
use agentos_core::generate::Generator;
use agentos_core::generate::prompt::Style;
use agentos_core::ids::AppId;
use agentos_core::kernel::{EventKind, MemoryLevel, ProgramName};
use agentos_core::ports::ambient::Ambient;
use agentos_core::ports::kernel::{EventItem, KernelPort, Reader};
use agentos_core::ports::llm::LlmPort;
use agentos_core::ports::storage::StoragePort;
use agentos_core::registry::Registry;
use agentos_core::services::{AppService, IpcService, Services};
use agentos_core::spec::Catalog;
use futures::StreamExt;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::warn;

use crate::access::Access;
use crate::conversations::Conversations;
use crate::events::AppEvents;
use crate::make::AT_ONCE;
use crate::outcomes::Outcomes;
use crate::settings::Settings;
use crate::ws::{Attachments, CONNECTIONS, Jobs};

/// What the routes stand on.
pub struct Desk {
    pub(crate) access: Access,
    pub(crate) ambient: Arc<dyn Ambient>,
    pub(crate) kernel: Arc<dyn KernelPort>,
    pub(crate) storage: Arc<dyn StoragePort>,
    pub(crate) apps: Arc<Apps>,
    pub(crate) registry: Registry,
    pub(crate) services: Services,
    /// With the tools of all services.
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) generator: Generator,
    pub(crate) chat: Chat,
    pub(crate) conversations: Conversations,
    pub(crate) settings: Settings,
    /// None where the model is asked directly.
    pub(crate) queue: Option<QueuedLlm>,
    /// None where the kernel's audit is kept elsewhere.
    pub(crate) audit: Option<SqliteAudit>,
    /// What the operator registered.
    pub(crate) programs: BTreeSet<ProgramName>,
    /// Places for apps being made.
    pub(crate) making: Semaphore,
    pub(crate) outcomes: Arc<Outcomes>,
    pub(crate) app_events: Arc<AppEvents>,
    pub(crate) attachments: Arc<Attachments>,
    pub(crate) jobs: Jobs,
    /// Seats for open `/stream`s.
    pub(crate) connections: Arc<Semaphore>,
    /// Work that outlives the request that began it.
    pub(crate) tasks: TaskTracker,
    /// Cancelled when the server stops.
    pub(crate) stop: CancellationToken,
    started: Instant,
}

impl Desk {
    pub fn new(
        kernel: Arc<dyn KernelPort>,
        services: Services,
        storage: Arc<dyn StoragePort>,
        llm: Arc<dyn LlmPort>,
        ambient: Arc<dyn Ambient>,
    ) -> Self {
        Self::prompting(kernel, services, storage, llm, ambient, Style::default())
    }

    /// With a model that is told as much as `style` says.
    pub fn prompting(
        kernel: Arc<dyn KernelPort>,
        services: Services,
        storage: Arc<dyn StoragePort>,
        llm: Arc<dyn LlmPort>,
        ambient: Arc<dyn Ambient>,
        style: Style,
    ) -> Self {
        let app_events = Arc::new(AppEvents::new());
        let attachments = Arc::new(Attachments::default());
        let listener = {
            let (app_events, attachments, ambient) = (
                Arc::clone(&app_events),
                Arc::clone(&attachments),
                Arc::clone(&ambient),
            );
            move |event| {
                if let AppEvent::EngineReplaced { engine, .. } = &event {
                    attachments.replaced(*engine, ambient.now());
                }
                app_events.add(event);
            }
        };
        let apps = Arc::new(Apps::new(
            Arc::clone(&storage),
            Arc::clone(&kernel),
            Arc::clone(&ambient),
            Box::new(listener),
        ));
        let catalog = Arc::new(services.catalog().clone());
        let chat = Chat::new(Arc::clone(&llm));
        let settings = Settings::of_program(Arc::clone(&llm));
        let generator = Generator::new(llm, Arc::clone(&catalog)).with_style(style);
        let services = services.with_apps(
            AppService::new(Arc::clone(&apps), generator.clone()),
            IpcService::new(Arc::clone(&kernel), Arc::clone(&apps)),
        );
        Self {
            access: Access::default(),
            generator,
            chat,
            conversations: Conversations::default(),
            settings,
            queue: None,
            audit: None,
            programs: BTreeSet::new(),
            catalog,
            services,
            making: Semaphore::new(AT_ONCE),
            outcomes: Arc::default(),
            registry: Registry::new(Arc::clone(&apps)),
            ambient,
            kernel,
            storage,
            apps,
            app_events,
            attachments,
            jobs: Jobs::default(),
            connections: Arc::new(Semaphore::new(CONNECTIONS)),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
            started: Instant::now(),
        }
    }

    /// Lets in who brings `token`, from wherever; else this machine alone, and nobody is asked.
    #[must_use]
    pub fn with_token(mut self, token: &Token) -> Self {
        self.access = Access::by(token);
        self
    }

    /// With settings that choose the model it was [made](Self::new) with; else that model stands for good.
    #[must_use]
    pub fn with_settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// Tells how `queue` does, through which the model is asked.
    #[must_use]
    pub fn with_queue(mut self, queue: QueuedLlm) -> Self {
        self.queue = Some(queue);
        self
    }

    /// Tells which programs the kernel's host runs.
    #[must_use]
    pub fn with_programs(mut self, programs: BTreeSet<ProgramName>) -> Self {
        self.programs = programs;
        self
    }

    /// Shows `audit`, which the kernel's host writes.
    #[must_use]
    pub fn with_audit(mut self, audit: SqliteAudit) -> Self {
        self.audit = Some(audit);
        self
    }

    /// A name nobody can guess, for what a client left unnamed.
    pub(crate) fn fresh_id(&self) -> String {
        AppId::new(self.ambient.now(), self.ambient.seed()).to_string()
    }

    pub(crate) fn uptime_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Suspends each app whose process ends, and keeps less while memory is short, until the kernel or the server
    /// stops.
    pub(crate) async fn watch_kernel(&self) {
        let Ok(mut events) = self.kernel.events(None, Reader::Program).await else {
            return;
        };
        while let Some(item) = events.next().await {
            match item {
                EventItem::Event(event) => match event.kind {
                    EventKind::ProcessEnded { .. } => self.apps.process_ended(event.pid).await,
                    EventKind::MemoryPressure { level, .. } => self.heed_memory(level),
                    _ => {}
                },
                EventItem::Missed { .. } => {
                    if let Err(error) = self.apps.check_processes().await {
                        warn!(%error, "apps may seem to run that do not");
                    }
                    if let Ok(stats) = self.kernel.stats().await {
                        self.heed_memory(stats.memory_level);
                    }
                }
            }
        }
    }

    fn heed_memory(&self, level: MemoryLevel) {
        self.generator.halve_cache(level > MemoryLevel::Normal);
    }
}
