//! What waits to be sent to one client: bounded, so that a slow reader slows its own requests only.

use std::time::Duration;

use axum::extract::ws::{Message, Utf8Bytes, WebSocket};
use futures::SinkExt;
use futures::stream::SplitSink;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

const WAITING_MESSAGES: usize = 256;
/// A client that takes nothing for this long is gone.
const PATIENCE: Duration = Duration::from_secs(20);
/// Often enough for either side to notice a connection that died without a word.
const KEEP_ALIVE: Duration = Duration::from_secs(30);

/// Where messages for one client are put; clones share the queue.
#[derive(Debug, Clone)]
pub(crate) struct Outbox(mpsc::Sender<Utf8Bytes>);

/// The client is gone; nobody needs an answer any more.
#[derive(Debug)]
pub(crate) struct Gone;

impl Outbox {
    pub(crate) fn new() -> (Self, mpsc::Receiver<Utf8Bytes>) {
        let (sender, receiver) = mpsc::channel(WAITING_MESSAGES);
        (Self(sender), receiver)
    }

    /// Waits for room.
    pub(crate) async fn send(&self, text: impl Into<Utf8Bytes>) -> Result<(), Gone> {
        self.0.send(text.into()).await.map_err(|_| Gone)
    }

    /// Gives up where there is no room: for news a client can do without.
    pub(crate) fn offer(&self, text: impl Into<Utf8Bytes>) {
        let _ = self.0.try_send(text.into());
    }
}

/// Sends what is put in, until everybody has dropped the outbox, the client is gone or `stop` comes.
pub(crate) async fn deliver(
    mut waiting: mpsc::Receiver<Utf8Bytes>,
    mut socket: SplitSink<WebSocket, Message>,
    stop: CancellationToken,
) {
    let mut keep_alive = tokio::time::interval(KEEP_ALIVE);
    keep_alive.tick().await;
    loop {
        let message = tokio::select! {
            text = waiting.recv() => match text {
                Some(text) => Message::Text(text),
                None => break,
            },
            _ = keep_alive.tick() => Message::Ping(axum::body::Bytes::new()),
            () = stop.cancelled() => break,
        };
        if !matches!(timeout(PATIENCE, socket.send(message)).await, Ok(Ok(()))) {
            return;
        }
    }
    let _ = timeout(PATIENCE, socket.send(Message::Close(None))).await;
}
