//! The life of the server's process, on one page.

use std::collections::BTreeSet;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use agentos_adapters::database;
use agentos_adapters::kernel::{
    Files, Host, LocalKernel, Programs, ProgramsError, SqliteAppData, launched, memory_budget,
};
use agentos_adapters::llm::QueuedLlm;
use agentos_adapters::storage::{KernelFsStorage, SqliteStorage};
use agentos_core::ids::BootId;
use agentos_core::kernel::{KernelConfig, ProgramName};
use agentos_core::llm_queue::QueueConfig;
use agentos_core::ports::ambient::Ambient;
use agentos_core::ports::kernel::KernelPort;
use agentos_core::ports::storage::StoragePort;
use agentos_core::services::Services;
use agentos_server::{
    Auth, Config, ConfigError, DataDir, DataDirError, Desk, Listeners, Machine, ModelBudgets, Settings,
    Storage, Surroundings, Token, TokenError, kept_token, link, serve,
};
use anyhow::Context;
use tokio::net::TcpListener;
use tracing::info;
use tracing_subscriber::EnvFilter;

const BAD_CONFIGURATION: u8 = 2;
const IN_USE: u8 = 3;
/// Also after a newer one took its place on the disk.
const OWN_BINARY: &str = "/proc/self/exe";

fn main() -> ExitCode {
    if let Some(ended) = launched() {
        return ended;
    }
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => report(&error),
    }
}

#[tokio::main]
async fn run() -> anyhow::Result<()> {
    let config = Config::read(&Surroundings::of_this_process())?;
    write_logs_to_stderr()?;
    let data_dir = DataDir::open(&config.data_dir)?;
    let ambient: Arc<dyn Ambient> = Arc::new(Machine);
    let token = match (config.auth, config.token) {
        (Auth::None, _) => None,
        (Auth::Token, Some(token)) => Some(token),
        (Auth::Token, None) => Some(kept_token(&config.data_dir, &*ambient)?),
    };
    let database = database::open(&config.database).await?;
    let app_data = SqliteAppData::new(database.clone());
    let audit = app_data.audit();
    let files = Files::open(&config.data_dir).context("the files of apps cannot be opened")?;
    let programs = Programs::open(&config.data_dir, OWN_BINARY.into(), config.programs)?;
    let registered: BTreeSet<ProgramName> = programs.names().cloned().collect();
    let kernel_config = KernelConfig {
        operator_sites: config.allow_hosts,
        programs: registered.clone(),
        memory_budget: config.memory_budget.unwrap_or_else(memory_budget),
        approvals: app_data.approvals().await?,
        ..KernelConfig::new(BootId::new(ambient.now(), ambient.seed()))
    };
    let settings = Settings::open(config.model, &config.data_dir).map_err(anyhow::Error::from_boxed)?;
    let ModelBudgets { budgets, price } = config.model_budgets;
    let queue_config = QueueConfig {
        budgets,
        price,
        // Which 64 bits of a seed they are does not matter.
        ..QueueConfig::new(ambient.seed() as u64)
    };
    let llm = QueuedLlm::start(settings.llm(), queue_config, Arc::clone(&ambient));
    let kernel = Arc::new(LocalKernel::start(
        kernel_config,
        Arc::clone(&ambient),
        Arc::new(
            Host::new(app_data)
                .with_files(files)
                .with_programs(programs)
                .with_model(Arc::new(llm.clone())),
        ),
    ));
    let storage: Arc<dyn StoragePort> = match config.storage {
        Storage::Sqlite => Arc::new(SqliteStorage::new(database.clone())),
        Storage::Files => Arc::new(
            KernelFsStorage::open(kernel.clone())
                .await
                .context("the records cannot be opened")?,
        ),
    };
    let services = Services::new(&(kernel.clone() as Arc<dyn KernelPort>), [])?;
    let listeners = Listeners {
        http: listen(config.listen, "--listen").await?,
        kernel: listen_if(config.kernel_listen, "--kernel-listen").await?,
        ai: listen_if(config.ai_listen, "--ai-listen").await?,
    };
    let shutdown = shutdown_signal()?;
    announce(&listeners, token.as_ref())?;
    let mut desk = Desk::prompting(
        kernel.clone(),
        services,
        storage,
        Arc::new(llm.clone()),
        ambient,
        config.prompt,
    )
    .with_settings(settings)
    .with_programs(registered)
    .with_queue(llm)
    .with_audit(audit);
    if let Some(token) = token {
        desk = desk.with_token(&token);
    }
    Box::pin(serve(listeners, Arc::new(desk), shutdown)).await?;
    kernel.stop().await;
    database.close().await;
    drop(data_dir);
    Ok(())
}

async fn listen_if(address: Option<SocketAddr>, flag: &str) -> anyhow::Result<Option<TcpListener>> {
    match address {
        Some(address) => listen(address, flag).await.map(Some),
        None => Ok(None),
    }
}

async fn listen(address: SocketAddr, flag: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address} ({flag} takes another address)"))
}

fn write_logs_to_stderr() -> anyhow::Result<()> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    // It would show the messages of WebSockets, of which the first may be the token.
    let filter = filter.add_directive("tungstenite=warn".parse()?);
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .init();
    Ok(())
}

/// The one line on standard output, for people and for programs that wait for it; the rest goes to the log. Nowhere else
/// is the token shown.
fn announce(listeners: &Listeners, token: Option<&Token>) -> io::Result<()> {
    if let Some(kernel) = &listeners.kernel {
        info!("the kernel is served by gRPC at http://{}", kernel.local_addr()?);
    }
    if let Some(ai) = &listeners.ai {
        info!("the AI service is served by gRPC at http://{}", ai.local_addr()?);
    }
    let link = link(listeners.http.local_addr()?, token);
    let mut out = io::stdout();
    writeln!(out, "AgentOS is ready at {link}")?;
    out.flush()
}

/// Installs the handlers now, so that a stop is never missed, and resolves at the first signal.
#[cfg(unix)]
fn shutdown_signal() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
    })
}

#[cfg(not(unix))]
fn shutdown_signal() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}

fn report(error: &anyhow::Error) -> ExitCode {
    if let Some(ConfigError::Usage(usage)) = error.downcast_ref() {
        let _ = usage.print();
        return ExitCode::from(u8::try_from(usage.exit_code()).unwrap_or(BAD_CONFIGURATION));
    }
    let _ = writeln!(io::stderr(), "agentos-server: {error:#}");
    ExitCode::from(exit_code(error))
}

fn exit_code(error: &anyhow::Error) -> u8 {
    let are_programs_wrong = matches!(
        error.downcast_ref(),
        Some(ProgramsError::Unusable { .. } | ProgramsError::Shown { .. })
    );
    if error.is::<ConfigError>() || error.is::<TokenError>() || are_programs_wrong {
        BAD_CONFIGURATION
    } else if matches!(error.downcast_ref(), Some(DataDirError::InUse(_))) || is_address_in_use(error) {
        IN_USE
    } else {
        1
    }
}

fn is_address_in_use(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<io::Error>()
        .is_some_and(|error| error.kind() == ErrorKind::AddrInUse)
}
