//! Connections that stay: each opened over a client that is pinned to what was checked, and read by a task of its own no faster
//! than its process receives.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use agentos_core::kernel::{
    FRAME_BYTES, IoKind, Reply, SOCKET_UNREAD, SOCKET_UNREAD_BYTES, SocketAct, SocketId, SocketMessage,
    SocketMessages, SocketOp, SocketOpening, SysError, Target,
};
use agentos_core::time::Millis;
use futures::{Sink, SinkExt, Stream, StreamExt};
use reqwest::header::{
    CONNECTION, HeaderMap, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use reqwest::{Response, StatusCode, Upgraded};
use tokio::sync::{mpsc, oneshot, watch};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Message, Role, WebSocketConfig};

use super::network::{admitted, protocol, unreachable};
use crate::http;

/// How long the other side may take to hear that a connection ends.
const CLOSING_TIME: Duration = Duration::from_millis(500);
/// What is read from the network at once, in bytes.
const READ_BUFFER: usize = 16 * 1_024;
/// What control frames may take of the buffer for writing, in bytes.
const CONTROL_FRAMES: usize = 1_024;

/// The connections that processes have. One ends once it is not kept here any more.
#[derive(Debug, Default)]
pub(super) struct Sockets {
    /// None while it is opened.
    known: Mutex<HashMap<SocketId, Option<Connection>>>,
}

#[derive(Debug)]
struct Connection {
    outgoing: mpsc::Sender<Outgoing>,
    inbox: Arc<watch::Sender<Inbox>>,
    /// Its end is the connection's.
    _open: oneshot::Sender<()>,
}

/// A message to be sent, and who waits until it is.
type Outgoing = (Message, oneshot::Sender<()>);

/// What came and was not received.
#[derive(Debug, Default)]
struct Inbox {
    unread: VecDeque<SocketMessage>,
    /// Of the unread messages.
    bytes: u64,
    /// Of frames that carry no message, since the last time anything was received.
    control_bytes: u64,
    ended: bool,
}

impl Sockets {
    /// `refusal` is the answer where no address may be used, as for a request.
    pub(super) async fn perform(&self, op: SocketOp, refusal: SysError) -> Result<Reply, SysError> {
        let socket = op.socket;
        match op.act {
            SocketAct::Open(opening) => self.open(socket, &op.target, opening, refusal).await,
            SocketAct::Send(message) => self.send(socket, message).await,
            SocketAct::Receive { max, max_bytes, wait } => {
                Ok(Reply::Socket(self.receive(socket, max, max_bytes, wait).await))
            }
            SocketAct::Close => Ok(Reply::Socket(self.close(socket))),
        }
    }

    async fn open(
        &self,
        socket: SocketId,
        target: &Target,
        opening: SocketOpening,
        refusal: SysError,
    ) -> Result<Reply, SysError> {
        let place = Place::take(self, socket);
        let addresses = admitted(target, |address| opening.admits(address)).await;
        if addresses.is_empty() {
            return Err(refusal);
        }
        let client = http::pinned_for_upgrades(target.host().as_str(), &addresses).map_err(|error| {
            tracing::error!(%error, "no HTTP client can be made");
            SysError::Unavailable { retry_after: None }
        })?;
        let key = generate_key();
        let mut request = client
            .get(target.as_str())
            .header(CONNECTION, "Upgrade")
            .header(UPGRADE, "websocket")
            .header(SEC_WEBSOCKET_VERSION, "13")
            .header(SEC_WEBSOCKET_KEY, &key);
        if !opening.protocols.is_empty() {
            request = request.header(SEC_WEBSOCKET_PROTOCOL, opening.protocols.join(", "));
        }
        let response = request.send().await.map_err(unreachable)?;
        if !accepts(&response, &key, &opening.protocols) {
            return Err(protocol());
        }
        let upgraded = response.upgrade().await.map_err(unreachable)?;
        let stream = WebSocketStream::from_raw_socket(upgraded, Role::Client, Some(bounds(&opening))).await;
        place.fill(stream)
    }

    async fn send(&self, socket: SocketId, message: SocketMessage) -> Result<Reply, SysError> {
        let outgoing = self.connection(socket, |connection| connection.outgoing.clone());
        let outgoing = outgoing.ok_or_else(broken)?;
        let message = match message {
            SocketMessage::Text(text) => Message::text(text),
            SocketMessage::Binary(bytes) => Message::binary(bytes),
        };
        let (sent, is_sent) = oneshot::channel();
        outgoing.send((message, sent)).await.map_err(|_| broken())?;
        is_sent.await.map_err(|_| broken())?;
        Ok(Reply::Done)
    }

    /// Takes nothing from the inbox before its answer is certain, so that a call that is cancelled loses nothing.
    async fn receive(&self, socket: SocketId, max: u32, max_bytes: u64, wait: Millis) -> SocketMessages {
        let inbox = self.connection(socket, |connection| Arc::clone(&connection.inbox));
        let Some(inbox) = inbox else {
            return SocketMessages::NONE;
        };
        let mut changes = inbox.subscribe();
        // Nothing in time is an answer too, and the inbox outlives its waiting.
        drop(tokio::time::timeout(Duration::from_millis(wait), changes.wait_for(Inbox::has_news)).await);
        let mut taken = None;
        inbox.send_modify(|inbox| taken = Some(inbox.take(max as usize, max_bytes)));
        let taken = taken.unwrap_or(SocketMessages::NONE);
        if !taken.open {
            self.known().remove(&socket);
        }
        taken
    }

    fn close(&self, socket: SocketId) -> SocketMessages {
        let connection = self.known().remove(&socket).flatten();
        let mut left = None;
        if let Some(connection) = connection {
            connection
                .inbox
                .send_modify(|inbox| left = Some(inbox.take_all()));
        }
        left.unwrap_or(SocketMessages::NONE)
    }

    fn connection<T>(&self, socket: SocketId, part: impl FnOnce(&Connection) -> T) -> Option<T> {
        self.known().get(&socket)?.as_ref().map(part)
    }

    fn known(&self) -> MutexGuard<'_, HashMap<SocketId, Option<Connection>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Says that a connection is opened, and that it is not any more when that is given up.
struct Place<'a> {
    sockets: &'a Sockets,
    socket: SocketId,
}

impl<'a> Place<'a> {
    fn take(sockets: &'a Sockets, socket: SocketId) -> Self {
        sockets.known().insert(socket, None);
        Self { sockets, socket }
    }

    /// Who closed it meanwhile wants no connection.
    fn fill(self, stream: WebSocketStream<Upgraded>) -> Result<Reply, SysError> {
        let mut known = self.sockets.known();
        let place = known.get_mut(&self.socket).ok_or(SysError::Cancelled)?;
        *place = Some(Connection::start(stream));
        Ok(Reply::Done)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut known = self.sockets.known();
        if known.get(&self.socket).is_some_and(Option::is_none) {
            known.remove(&self.socket);
        }
    }
}

impl Connection {
    fn start(stream: WebSocketStream<Upgraded>) -> Self {
        let (outgoing, queued) = mpsc::channel(1);
        let (open, closed) = oneshot::channel();
        let inbox = Arc::new(watch::Sender::new(Inbox::default()));
        tokio::spawn(run(stream, Arc::clone(&inbox), queued, closed));
        Self {
            outgoing,
            inbox,
            _open: open,
        }
    }
}

/// Keeps a connection until either side ends it.
async fn run(
    stream: WebSocketStream<Upgraded>,
    inbox: Arc<watch::Sender<Inbox>>,
    queued: mpsc::Receiver<Outgoing>,
    closed: oneshot::Receiver<()>,
) {
    let (mut sink, stream) = stream.split();
    tokio::select! {
        () = read(stream, &inbox) => {}
        () = write(&mut sink, queued) => {}
        // It is dropped and never used.
        _ = closed => {}
    }
    inbox.send_modify(|inbox| inbox.ended = true);
    // Whether the other side hears of it changes nothing.
    let _ = tokio::time::timeout(CLOSING_TIME, sink.close()).await;
}

/// Reads while there is room, and returns when the other side ends. Pings are answered by the stream itself.
async fn read(
    mut stream: impl Stream<Item = Result<Message, tokio_tungstenite::tungstenite::Error>> + Unpin,
    inbox: &watch::Sender<Inbox>,
) {
    let mut changes = inbox.subscribe();
    // The sender is here, so it cannot end.
    while changes.wait_for(Inbox::has_room).await.is_ok() {
        match stream.next().await {
            Some(Ok(Message::Close(_))) | None => return,
            Some(Ok(message)) => inbox.send_modify(|inbox| inbox.add(message)),
            Some(Err(error)) => {
                tracing::debug!(%error, "a connection broke");
                return;
            }
        }
    }
}

/// Sends one message after another. One whose sender gave up in the middle ends the connection, since half of it
/// cannot be taken back.
async fn write(sink: &mut (impl Sink<Message> + Unpin), mut queued: mpsc::Receiver<Outgoing>) {
    while let Some((message, mut sent)) = queued.recv().await {
        if sent.is_closed() {
            continue;
        }
        tokio::select! {
            result = sink.send(message) => {
                if result.is_err() {
                    return;
                }
            }
            () = sent.closed() => return,
        }
        // Who asked may have left.
        let _ = sent.send(());
    }
}

impl Inbox {
    fn has_room(&self) -> bool {
        let bytes = self.bytes + self.control_bytes + FRAME_BYTES;
        !self.ended && self.unread.len() < SOCKET_UNREAD && bytes <= SOCKET_UNREAD_BYTES
    }

    fn has_news(&self) -> bool {
        self.ended || !self.unread.is_empty()
    }

    fn add(&mut self, message: Message) {
        let message = match message {
            Message::Text(text) => SocketMessage::Text(text.as_str().to_owned()),
            Message::Binary(bytes) => SocketMessage::Binary(bytes.to_vec()),
            Message::Ping(_) | Message::Pong(_) | Message::Close(_) | Message::Frame(_) => {
                self.control_bytes += message.len() as u64 + FRAME_BYTES;
                return;
            }
        };
        self.bytes += cost(&message);
        self.unread.push_back(message);
    }

    fn take(&mut self, max: usize, max_bytes: u64) -> SocketMessages {
        let mut received_bytes = std::mem::take(&mut self.control_bytes);
        let mut messages = Vec::new();
        while messages.len() < max
            && let Some(next) = self.unread.front()
            && received_bytes + cost(next) <= max_bytes
            && let Some(next) = self.unread.pop_front()
        {
            received_bytes += cost(&next);
            self.bytes -= cost(&next);
            messages.push(next);
        }
        SocketMessages {
            messages,
            open: !(self.ended && self.unread.is_empty()),
            received_bytes,
        }
    }

    /// All that is left of a connection that ends.
    fn take_all(&mut self) -> SocketMessages {
        self.ended = true;
        self.take(usize::MAX, u64::MAX)
    }
}

fn cost(message: &SocketMessage) -> u64 {
    message.bytes() + FRAME_BYTES
}

/// Whether the server speaks the protocol it was asked for, and no extension, of which none was offered.
fn accepts(response: &Response, key: &str, protocols: &[String]) -> bool {
    let headers = response.headers();
    let chosen = text(headers, SEC_WEBSOCKET_PROTOCOL.as_str());
    let has_protocol = match chosen {
        Some(chosen) => protocols.iter().any(|protocol| protocol == chosen),
        None => protocols.is_empty(),
    };
    let upgrades =
        text(headers, UPGRADE.as_str()).is_some_and(|value| value.eq_ignore_ascii_case("websocket"));
    response.status() == StatusCode::SWITCHING_PROTOCOLS
        && upgrades
        && text(headers, SEC_WEBSOCKET_ACCEPT.as_str()) == Some(&derive_accept_key(key.as_bytes()))
        && !headers.contains_key(SEC_WEBSOCKET_EXTENSIONS)
        && has_protocol
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

fn bounds(opening: &SocketOpening) -> WebSocketConfig {
    let message_bytes = opening.message_bytes as usize;
    WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(0)
        .max_write_buffer_size(message_bytes + CONTROL_FRAMES)
        .max_message_size(Some(message_bytes))
        .max_frame_size(Some(message_bytes))
}

fn broken() -> SysError {
    SysError::Io {
        kind: IoKind::Network,
    }
}
