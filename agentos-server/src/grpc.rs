//! gRPC on ports of its own, for programs: the kernel and the AI service, each with health and reflection.

mod ai;
mod flow;
mod kernel;
mod outlet;
mod tokens;

use std::convert::Infallible;
use std::io;
use std::sync::Arc;

use agentos_proto::DESCRIPTORS;
use agentos_proto::ai::ai_service_server::AiServiceServer;
use agentos_proto::kernel::kernel_service_server::KernelServiceServer;
use axum::http::Request;
use axum::response::IntoResponse;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tonic::body::Body;
use tonic::codegen::Service;
use tonic::server::NamedService;
use tonic::service::Routes;
use tonic::transport::Server;
use tonic_health::pb::health_server::{Health, HealthServer};
use tonic_health::server::{HealthReporter, health_reporter};
use tower::layer::layer_fn;

use crate::access::Access;
use crate::answers::ChargedCalls;
use crate::connections;
use crate::desk::Desk;
use crate::guard::GuardedCalls;
use ai::Ai;
use kernel::Kernel;
use tokens::ProcessTokens;

/// Bytes of one request to the AI service.
const AI_REQUEST_BYTES: usize = 1024 * 1024;
/// Bytes of one request to the kernel: the largest body a process may send, and what is around it.
const KERNEL_REQUEST_BYTES: usize = 16 * 1024 * 1024;
/// Bytes of one answer of the kernel: the largest body a process may be sent, and what is around it.
const KERNEL_ANSWER_BYTES: usize = 64 * 1024 * 1024;
/// Bytes a client may send in one call before they are taken, and in all calls of a connection: so many that no call
/// whose bytes nobody takes holds up the others.
const STREAM_WINDOW: u32 = 128 * 1024;
const CONNECTION_WINDOW: u32 = 64 * 1024 * 1024;

/// Serves the kernel until the desk stops, then lets the calls under way end; without a listener there is nothing to do.
pub(crate) async fn serve_kernel(listener: Option<TcpListener>, desk: Arc<Desk>) -> io::Result<()> {
    let Some(listener) = listener else {
        return Ok(());
    };
    let tokens = Arc::<ProcessTokens>::default();
    let (access, stop) = (desk.access, desk.stop.clone());
    let _watching = AbortOnDropHandle::new(tokio::spawn({
        let (tokens, kernel) = (Arc::clone(&tokens), Arc::clone(&desk.kernel));
        async move { tokens.watch(&*kernel).await }
    }));
    let service = KernelServiceServer::new(Kernel { desk, tokens })
        .max_decoding_message_size(KERNEL_REQUEST_BYTES)
        .max_encoding_message_size(KERNEL_ANSWER_BYTES);
    serve(listener, service, access, stop).await
}

/// As [`serve_kernel`], for the AI service.
pub(crate) async fn serve_ai(listener: Option<TcpListener>, desk: Arc<Desk>) -> io::Result<()> {
    let Some(listener) = listener else {
        return Ok(());
    };
    let (access, stop) = (desk.access, desk.stop.clone());
    let service = AiServiceServer::new(Ai(desk)).max_decoding_message_size(AI_REQUEST_BYTES);
    serve(listener, service, access, stop).await
}

async fn serve<S>(
    listener: TcpListener,
    service: S,
    access: Access,
    stop: CancellationToken,
) -> io::Result<()>
where
    S: Service<Request<Body>, Error = Infallible> + NamedService + Clone + Send + Sync + 'static,
    S::Response: IntoResponse,
    S::Future: Send,
{
    let (reporter, health) = health_reporter();
    reporter.set_serving::<S>().await;
    let stopped = async move {
        stop.cancelled().await;
        end_watches(reporter, S::NAME).await;
    };
    Server::builder()
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .layer(layer_fn(move |calls| {
            ChargedCalls(GuardedCalls::new(calls, access))
        }))
        .add_routes(routes(service, health))
        .serve_with_incoming_shutdown(connections::incoming(listener), stopped)
        .await
        .map_err(io::Error::other)
}

fn routes<S>(service: S, health: HealthServer<impl Health>) -> Routes
where
    S: Service<Request<Body>, Error = Infallible> + NamedService + Clone + Send + Sync + 'static,
    S::Response: IntoResponse,
    S::Future: Send,
{
    let reflection = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(DESCRIPTORS)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
            .with_service_name(S::NAME)
            .with_service_name(HealthServer::<()>::NAME)
    };
    let described = "descriptors that were generated can be read";
    Routes::new(service)
        .add_service(health)
        .add_service(reflection().build_v1().expect(described))
        // Older tools ask for this version.
        .add_service(reflection().build_v1alpha().expect(described))
}

/// Who watches the health of the server, or of its service, would keep it from stopping.
async fn end_watches(mut reporter: HealthReporter, service: &str) {
    for watched in ["", service] {
        reporter.clear_service_status(watched).await;
    }
}
