//! A running server, and how tests speak to it.

use std::collections::BTreeSet;
use std::future::IntoFuture;
use std::sync::Arc;

use agentos_adapters::database;
use agentos_adapters::kernel::{Files, Host, LocalKernel, SqliteAppData, SqliteAudit};
use agentos_adapters::llm::OfflineLlm;
use agentos_adapters::storage::SqliteStorage;
use agentos_core::ids::BootId;
use agentos_core::kernel::KernelConfig;
use agentos_core::ports::ambient::Ambient;
use agentos_core::ports::kernel::KernelPort;
use agentos_core::ports::llm::LlmPort;
use agentos_core::services::Services;
use agentos_core::testing::kernel_contract::program;
use agentos_server::{Desk, Listeners, Machine, Token, serve};
use reqwest::{Method, RequestBuilder, Response};
use serde_json::Value;
use sqlx::SqlitePool;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Serves until dropped or [stopped](Server::stop).
pub(crate) struct Server {
    pub(crate) address: String,
    /// Where the kernel speaks gRPC.
    pub(crate) kernel_url: String,
    /// Where the AI service does.
    pub(crate) ai_url: String,
    pub(crate) database: SqlitePool,
    client: reqwest::Client,
    stop: Option<oneshot::Sender<()>>,
    served: JoinHandle<std::io::Result<()>>,
    /// Where the files of apps are.
    pub(crate) data_dir: TempDir,
}

/// A status and a JSON body (null where there is none).
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::with_model(OfflineLlm).await
    }

    pub(crate) async fn with_model(llm: impl LlmPort + 'static) -> Self {
        Self::launch(Arc::new(llm), None).await
    }

    /// One that lets in who has the token.
    pub(crate) async fn with_token(token: &Token) -> Self {
        Self::launch(Arc::new(OfflineLlm), Some(token)).await
    }

    async fn launch(llm: Arc<dyn LlmPort>, token: Option<&Token>) -> Self {
        let listeners = Listeners {
            http: TcpListener::bind("127.0.0.1:0").await.unwrap(),
            kernel: Some(TcpListener::bind("127.0.0.1:0").await.unwrap()),
            ai: Some(TcpListener::bind("127.0.0.1:0").await.unwrap()),
        };
        let address = |listener: &TcpListener| listener.local_addr().unwrap().to_string();
        let url = |listener: &Option<TcpListener>| format!("http://{}", address(listener.as_ref().unwrap()));
        let (kernel_url, ai_url) = (url(&listeners.kernel), url(&listeners.ai));
        let address = address(&listeners.http);
        let (stop, stopped) = oneshot::channel::<()>();
        let database = database::in_memory().await.unwrap();
        let data_dir = tempfile::tempdir().unwrap();
        let files = Files::open(data_dir.path()).unwrap();
        let mut desk = desk(database.clone(), llm, files);
        if let Some(token) = token {
            desk = desk.with_token(token);
        }
        let served = tokio::spawn(serve(listeners, Arc::new(desk), async {
            let _ = stopped.await;
        }));
        Self {
            address,
            kernel_url,
            ai_url,
            database,
            client: agentos_adapters::http::to_own_server().unwrap(),
            stop: Some(stop),
            served,
            data_dir,
        }
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        self.client
            .request(method, format!("http://{}{path}", self.address))
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        answer(self.request("GET", path)).await
    }

    /// Ends the server as a signal would, and waits until it is gone.
    pub(crate) async fn stop(mut self) {
        drop(self.stop.take());
        (&mut self.served).into_future().await.unwrap().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.served.abort();
    }
}

pub(crate) async fn answer(request: RequestBuilder) -> Answer {
    read(request.send().await.unwrap()).await
}

pub(crate) async fn read(response: Response) -> Answer {
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    let body = if text.is_empty() {
        Value::Null
    } else {
        serde_json::from_str(&text).unwrap_or(Value::String(text))
    };
    Answer { status, body }
}

fn desk(database: SqlitePool, llm: Arc<dyn LlmPort>, files: Files) -> Desk {
    let ambient = Arc::new(Machine);
    let storage = Arc::new(SqliteStorage::new(database.clone()));
    let host = Host::new(SqliteAppData::new(database.clone())).with_files(files);
    let host = Arc::new(host.with_model(Arc::clone(&llm)));
    let boot = BootId::new(ambient.now(), ambient.seed());
    let config = KernelConfig {
        programs: BTreeSet::from([program()]),
        ..KernelConfig::new(boot)
    };
    let kernel: Arc<dyn KernelPort> = Arc::new(LocalKernel::start(config, ambient.clone(), host));
    let services = Services::new(&kernel, []).unwrap();
    Desk::new(kernel, services, storage, llm, ambient).with_audit(SqliteAudit::new(database))
}

impl Answer {
    /// The status with the error's code, such as `404 not_found`.
    pub(crate) fn verdict(&self) -> String {
        format!("{} {}", self.status, self.body["code"].as_str().unwrap_or("ok"))
    }
}
