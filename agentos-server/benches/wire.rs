//! What a call of the kernel costs from another program, beside a bare echo on the same stack, as one JSON object of
//! medians in microseconds.
//!
//! `cargo bench --bench wire`; `make bench` prints the figures as ratios.
use std::convert::Infallible;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use agentos_adapters::kernel::{Files, Host, LocalKernel, SqliteAppData};
use agentos_adapters::llm::OfflineLlm;
use agentos_adapters::storage::SqliteStorage;
use agentos_adapters::{database, http};
use agentos_core::ids::BootId;
use agentos_core::kernel::{KernelConfig, LimitTable, Limits};
use agentos_core::ports::ambient::Ambient;
use agentos_core::ports::kernel::KernelPort;
use agentos_core::services::Services;
use agentos_proto::kernel::kernel_service_client::KernelServiceClient;
use agentos_proto::kernel::syscall::Syscall as SyscallKind;
use agentos_proto::kernel::{
    Call, CreateProcessRequest, ExecuteSyscallRequest, ExecuteSyscallResponse, FileCall, SandboxLevel,
    Syscall, WriteMode, file_call,
};
use agentos_server::{Desk, Listeners, Machine, serve};
use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use prost::Message;
use serde_json::json;
use tokio::net::TcpListener;
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::http::{Request, Response};
use tonic::codegen::{BoxFuture, Service};
use tonic::server::{Grpc, NamedService, UnaryService};
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Server};
use tonic_prost::ProstCodec;

const ROUNDS: usize = 9;
const CALLS: usize = 500;
const FILE_BYTES: usize = 4 * 1_024;

/// Answers every call alike.
#[derive(Clone)]
struct Echo(ExecuteSyscallResponse);

impl NamedService for Echo {
    const NAME: &'static str = "agentos.kernel.v1.KernelService";
}

impl UnaryService<ExecuteSyscallRequest> for Echo {
    type Response = ExecuteSyscallResponse;
    type Future = BoxFuture<tonic::Response<ExecuteSyscallResponse>, Status>;

    fn call(&mut self, _: tonic::Request<ExecuteSyscallRequest>) -> Self::Future {
        let answer = self.0.clone();
        Box::pin(async move { Ok(tonic::Response::new(answer)) })
    }
}

impl Service<Request<Body>> for Echo {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let echo = self.clone();
        let codec = ProstCodec::<ExecuteSyscallResponse, ExecuteSyscallRequest>::default();
        Box::pin(async move { Ok(Grpc::new(codec).unary(echo, request).await) })
    }
}

fn request(syscall: SyscallKind, pid: u64) -> ExecuteSyscallRequest {
    let syscall = Some(Syscall {
        syscall: Some(syscall),
    });
    ExecuteSyscallRequest {
        call: Some(Call {
            syscall,
            ..Call::default()
        }),
        acting_pid: Some(pid),
    }
}

fn file(call: file_call::Call) -> SyscallKind {
    SyscallKind::File(FileCall { call: Some(call) })
}

async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    (listener, url)
}

/// Everything the server stands on, with a kernel in which nobody is limited in how often it calls.
async fn desk(folder: &Path) -> Desk {
    let free = |limits: Limits| Limits {
        calls_per_second: u32::MAX,
        call_burst: u32::MAX,
        ..limits
    };
    let limits = LimitTable::default();
    let limits = LimitTable {
        standard: free(limits.standard),
        system: free(limits.system),
        ..limits
    };
    let ambient: Arc<dyn Ambient> = Arc::new(Machine);
    let config = KernelConfig {
        limits,
        ..KernelConfig::new(BootId::new(ambient.now(), ambient.seed()))
    };
    let pool = database::in_memory().await.expect("a database");
    let files = Files::open(folder).expect("a folder for files");
    let host = Host::new(SqliteAppData::new(pool.clone())).with_files(files);
    let kernel: Arc<dyn KernelPort> =
        Arc::new(LocalKernel::start(config, Arc::clone(&ambient), Arc::new(host)));
    let services = Services::new(&kernel, []).expect("the services fit the catalog");
    let storage = Arc::new(SqliteStorage::new(pool));
    Desk::new(kernel, services, storage, Arc::new(OfflineLlm), ambient)
}

/// How long each of the calls took, in microseconds.
async fn time(mut call: impl AsyncFnMut()) -> Vec<f64> {
    let mut took = Vec::with_capacity(CALLS);
    for _ in 0..CALLS {
        let start = Instant::now();
        call().await;
        took.push(start.elapsed().as_secs_f64() * 1e6);
    }
    took
}

fn percentile(took: &mut [f64], percent: usize) -> f64 {
    took.sort_by(f64::total_cmp);
    took[(took.len() * percent / 100).min(took.len() - 1)]
}

async fn execute(
    client: &mut KernelServiceClient<Channel>,
    request: &ExecuteSyscallRequest,
) -> ExecuteSyscallResponse {
    let answer = client.execute_syscall(request.clone()).await;
    answer.expect("the server answers").into_inner()
}

async fn get_text(client: &reqwest::Client, url: &str) -> String {
    let answer = client.get(url).send().await.expect("the server answers");
    answer.text().await.expect("a whole answer")
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "a benchmark's result is what it prints")]
async fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let (http, rest_url) = listen().await;
    let (kernel, kernel_url) = listen().await;
    let listeners = Listeners {
        http,
        kernel: Some(kernel),
        ai: None,
    };
    let desk = Arc::new(desk(folder.path()).await);
    tokio::spawn(serve(listeners, desk, std::future::pending()));

    let mut client = KernelServiceClient::connect(kernel_url)
        .await
        .expect("a connection");
    let process = CreateProcessRequest {
        sandbox_level: SandboxLevel::Standard.into(),
        ..CreateProcessRequest::default()
    };
    let process = client
        .create_process(process)
        .await
        .expect("a process")
        .into_inner();
    let write = file(file_call::Call::Write(file_call::Write {
        path: "home:a".to_owned(),
        bytes: vec![7; FILE_BYTES],
        mode: WriteMode::Replace.into(),
        if_etag: None,
    }));
    execute(&mut client, &request(write, process.pid)).await;
    let read = file(file_call::Call::Read(file_call::Read {
        path: "home:a".to_owned(),
        offset: 0,
        length: None,
    }));
    let read = request(read, process.pid);

    let answer = execute(&mut client, &read).await;
    assert!(answer.encoded_len() > FILE_BYTES, "the file is read");
    let (echo, echo_url) = listen().await;
    tokio::spawn(
        Server::builder()
            .add_service(Echo(answer))
            .serve_with_incoming(TcpIncoming::from(echo).with_nodelay(Some(true))),
    );
    let mut echo = KernelServiceClient::connect(echo_url)
        .await
        .expect("a connection");

    let rest = http::to_own_server().expect("a client");
    let rest_url = format!("{rest_url}/kernel/stats");
    let stats = get_text(&rest, &rest_url).await;
    let (rest_echo, rest_echo_url) = listen().await;
    let bare = Router::new().route(
        "/",
        get(async move || ([(CONTENT_TYPE, "application/json")], stats)),
    );
    tokio::spawn(async move { axum::serve(rest_echo, bare).await });

    let (mut echoes, mut reads) = (Vec::new(), Vec::new());
    let (mut rests, mut rest_echoes) = (Vec::new(), Vec::new());
    // In turns, so that a machine that slows down slows all; the first round only warms up.
    for round in 0..=ROUNDS {
        let took = [
            time(async || drop(execute(&mut echo, &read).await)).await,
            time(async || drop(execute(&mut client, &read).await)).await,
            time(async || drop(get_text(&rest, &rest_url).await)).await,
            time(async || drop(get_text(&rest, &rest_echo_url).await)).await,
        ];
        if round > 0 {
            let all = [&mut echoes, &mut reads, &mut rests, &mut rest_echoes];
            all.into_iter().zip(took).for_each(|(all, took)| all.extend(took));
        }
    }
    println!(
        "{}",
        json!({
            "grpc_echo": percentile(&mut echoes, 50),
            "grpc_read": percentile(&mut reads, 50),
            "grpc_read_p99": percentile(&mut reads, 99),
            "rest": percentile(&mut rests, 50),
            "rest_echo": percentile(&mut rest_echoes, 50),
        })
    );
}
