//! The server: REST, the WebSocket, the built desktop and gRPC over one [`Desk`].
//!
//! Start at [`router`] for what is served and at `main.rs` for how a process lives.

mod access;
mod ambient;
mod answers;
mod budgets;
mod config;
mod connections;
mod conversations;
mod data_dir;
mod desk;
mod desktop;
mod events;
mod fault;
mod follow;
mod grpc;
mod guard;
mod http;
mod make;
mod model;
mod outcomes;
mod settings;
mod wire;
mod ws;

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;
use tracing::{info, warn};

pub use access::{Auth, TokenError, kept_token, link};
pub use agentos_adapters::Token;
pub use ambient::Machine;
pub use budgets::ModelBudgets;
pub use config::{Config, ConfigError, Mistake, Storage, Surroundings};
pub use data_dir::{DataDir, DataDirError};
pub use desk::Desk;
pub use http::router;
pub use model::{Choice, Decision, Keys, Layer, Llm, Named, Source};
pub use settings::Settings;

/// Where the server is reached.
#[derive(Debug)]
pub struct Listeners {
    /// REST, the WebSocket and the desktop.
    pub http: TcpListener,
    /// The kernel, by gRPC.
    pub kernel: Option<TcpListener>,
    /// The AI service, by gRPC.
    pub ai: Option<TcpListener>,
}

/// How long work under way may take to finish after a stop.
const DRAIN: Duration = Duration::from_secs(5);

/// Serves `desk` until `shutdown` resolves, then stops accepting, drains and closes.
pub async fn serve(
    listeners: Listeners,
    desk: Arc<Desk>,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let stop = desk.stop.clone();
    let watching = AbortOnDropHandle::new(tokio::spawn({
        let desk = Arc::clone(&desk);
        async move { desk.watch_kernel().await }
    }));
    let server = connections::serve(listeners.http, router(Arc::clone(&desk)), stop.clone());
    let kernel = grpc::serve_kernel(listeners.kernel, Arc::clone(&desk));
    let ai = grpc::serve_ai(listeners.ai, Arc::clone(&desk));
    let drained = async {
        let ended = tokio::try_join!(server.map(Ok), kernel, ai).map(|_| ());
        desk.tasks.close();
        desk.tasks.wait().await;
        ended
    };
    let stopping = async {
        shutdown.await;
        info!("stopping");
        stop.cancel();
        tokio::time::sleep(DRAIN).await;
    };
    tokio::select! {
        result = drained => result?,
        () = stopping => warn!("work still under way was cut off"),
    }
    drop(watching);
    Ok(())
}
