//! gRPC on a port of its own, for programs: the AI service, with health and reflection.

mod ai;
mod outlet;

use std::io;
use std::sync::Arc;

use agentos_proto::DESCRIPTORS;
use agentos_proto::ai::ai_service_server::AiServiceServer;
use axum::middleware;
use tokio::net::TcpListener;
use tonic::server::NamedService;
use tonic::service::Routes;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic_health::pb::health_server::{Health, HealthServer};
use tonic_health::server::{HealthReporter, health_reporter};

use crate::desk::Desk;
use crate::guard;
use ai::Ai;

/// Bytes of one request.
const REQUEST_BYTES: usize = 1024 * 1024;
/// The server as a whole, by its name in the health service, and the services.
const WATCHED: [&str; 2] = ["", AiServiceServer::<Ai>::NAME];

/// Serves until the desk stops, then lets the calls under way end; without a listener there is nothing to do.
pub(crate) async fn serve(listener: Option<TcpListener>, desk: Arc<Desk>) -> io::Result<()> {
    let Some(listener) = listener else {
        return Ok(());
    };
    let (reporter, health) = health_reporter();
    reporter.set_serving::<AiServiceServer<Ai>>().await;
    let stop = desk.stop.clone();
    let stopped = async move {
        stop.cancelled().await;
        end_watches(reporter).await;
    };
    Server::builder()
        .add_routes(routes(desk, health))
        .serve_with_incoming_shutdown(TcpIncoming::from(listener).with_nodelay(Some(true)), stopped)
        .await
        .map_err(io::Error::other)
}

fn routes(desk: Arc<Desk>, health: HealthServer<impl Health>) -> Routes {
    let reflection = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(DESCRIPTORS)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    let described = "descriptors that were generated can be read";
    Routes::new(AiServiceServer::new(Ai(desk)).max_decoding_message_size(REQUEST_BYTES))
        .add_service(health)
        .add_service(reflection().build_v1().expect(described))
        // Older tools ask for this version.
        .add_service(reflection().build_v1alpha().expect(described))
        .into_axum_router()
        .layer(middleware::from_fn(guard::guard_grpc))
        .into()
}

/// Who watches the health of the server would keep it from stopping.
async fn end_watches(mut reporter: HealthReporter) {
    for service in WATCHED {
        reporter.clear_service_status(service).await;
    }
}
