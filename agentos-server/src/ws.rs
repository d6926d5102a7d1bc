//! `/stream`: generations, state batches and events over one connection.
//!
//! Start at [`stream`]. Requests run side by side; what a client is sent waits in a bounded [`Outbox`].

mod message;
mod outbox;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::http::StatusCode;
use axum::response::Response;
use futures::StreamExt;
use futures::stream::SplitStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;

use crate::desk::Desk;
use crate::fault::Fault;
use crate::http::VERSION;
use message::{ClientMessage, ErrorMessage, ServerMessage};
use outbox::{Gone, Outbox, deliver};

pub(crate) const CONNECTIONS: usize = 64;
/// A larger message is read and refused; one beyond this ends the connection.
const READABLE_BYTES: usize = 4 * 1024 * 1024;
/// Keep-alive pings are answered, so a connection this quiet is dead.
const SILENCE: Duration = Duration::from_secs(90);

/// Generations, app state and events; the messages are described in the documentation.
#[utoipa::path(get, path = "/stream", responses((status = SWITCHING_PROTOCOLS), (status = UPGRADE_REQUIRED)))]
pub(crate) async fn stream(
    State(desk): State<Arc<Desk>>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Fault> {
    let upgrade = upgrade.map_err(|rejection| {
        Fault::new(
            StatusCode::UPGRADE_REQUIRED,
            "websocket_expected",
            rejection.body_text(),
        )
    })?;
    let seat = desk.connections.clone().try_acquire_owned().map_err(|_| {
        let message = format!("{CONNECTIONS} connections are open already; close a window");
        Fault::new(StatusCode::SERVICE_UNAVAILABLE, "busy", message)
    })?;
    Ok(upgrade
        .max_message_size(READABLE_BYTES)
        .max_frame_size(READABLE_BYTES)
        .on_upgrade(move |socket| serve(desk, socket, seat)))
}

async fn serve(desk: Arc<Desk>, socket: WebSocket, _seat: OwnedSemaphorePermit) {
    let (sink, source) = socket.split();
    let (outbox, waiting) = Outbox::new();
    let stop = desk.stop.child_token();
    let delivery = tokio::spawn(deliver(waiting, sink, stop.clone()));
    let mut connection = Connection::new(desk, outbox);
    tokio::select! {
        _ = connection.listen(source) => {}
        () = stop.cancelled() => {}
    }
    drop(connection);
    stop.cancel();
    let _ = delivery.await;
}

/// One client.
struct Connection {
    desk: Arc<Desk>,
    outbox: Outbox,
}

impl Connection {
    fn new(desk: Arc<Desk>, outbox: Outbox) -> Self {
        Self { desk, outbox }
    }

    /// Reads until the client leaves.
    async fn listen(&mut self, mut source: SplitStream<WebSocket>) -> Result<(), Gone> {
        self.say(&ServerMessage::System {
            message: "connected to AgentOS",
            version: VERSION,
        })
        .await?;
        while let Ok(Some(Ok(frame))) = timeout(SILENCE, source.next()).await {
            match frame {
                Message::Text(text) => self.receive(&text).await?,
                Message::Binary(_) => {
                    self.refuse(ErrorMessage::new("invalid_message", "messages are JSON text"))
                        .await?
                }
                Message::Close(_) => break,
                Message::Ping(_) | Message::Pong(_) => {}
            }
        }
        Ok(())
    }

    async fn receive(&mut self, text: &str) -> Result<(), Gone> {
        match ClientMessage::read(text) {
            Ok(message) => self.handle(message).await,
            Err(error) => self.refuse(error).await,
        }
    }

    async fn handle(&mut self, message: ClientMessage) -> Result<(), Gone> {
        match message {
            ClientMessage::Ping => self.say(&ServerMessage::Pong).await,
            _ => Ok(()),
        }
    }

    async fn say(&self, message: &ServerMessage) -> Result<(), Gone> {
        self.outbox.send(message.text(self.desk.ambient.now())).await
    }

    async fn refuse(&self, error: ErrorMessage) -> Result<(), Gone> {
        self.say(&ServerMessage::Error(error)).await
    }
}
