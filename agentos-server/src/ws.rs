//! `/stream`: generations, chats, state batches and events over one connection.
//!
//! Start at [`stream`]. Requests run side by side; what a client is sent waits in a bounded [`Outbox`].

mod attachments;
mod job;
mod log;
mod message;
mod outbox;
mod subscription;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use agentos_core::apps::AppError;
use agentos_core::ids::{AppId, EngineId};
use agentos_core::ports::kernel::Reader;
use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::http::StatusCode;
use axum::response::Response;
use futures::StreamExt;
use futures::stream::SplitStream;
use serde_json::Value;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tokio_util::task::AbortOnDropHandle;

use crate::desk::Desk;
use crate::fault::Fault;
use crate::follow::chat::{self, ChatContext, Question};
use crate::follow::generation;
use crate::http::VERSION;
use crate::make::{Context, Order};
pub(crate) use attachments::Attachments;
use attachments::ConnectionId;
use job::Job;
pub(crate) use job::Jobs;
use message::{ClientMessage, ErrorMessage, ServerMessage, Topic};
use outbox::{Gone, Outbox, deliver};
use subscription::{follow_apps, follow_kernel};

pub(crate) const CONNECTIONS: usize = 64;
/// A larger message is read and refused; one beyond this ends the connection.
const READABLE_BYTES: usize = 4 * 1024 * 1024;
/// Keep-alive pings are answered, so a connection this quiet is dead.
const SILENCE: Duration = Duration::from_secs(90);
/// How long a client may take to say who it is.
const AUTH_TIME: Duration = Duration::from_secs(10);
/// Why a connection was closed: what came first was not the token.
const UNAUTHENTICATED: u16 = 4401;
const REQUESTS_AT_ONCE: usize = 32;
/// Generations and chats one client follows at once.
const FOLLOWED_AT_ONCE: usize = 64;

/// Generations, chats, app state and events; the messages are described in the documentation.
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

async fn serve(desk: Arc<Desk>, mut socket: WebSocket, seat: OwnedSemaphorePermit) {
    if desk.access.asks_for_token() {
        let is_admitted = tokio::select! {
            is_admitted = shows_token(&desk, &mut socket) => is_admitted,
            () = desk.stop.cancelled() => return,
        };
        if !is_admitted {
            // Who is told to leave may take its time.
            drop(seat);
            return turn_away(&desk, socket).await;
        }
    }
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

/// Whether the first message is the token. A stranger is told nothing before.
async fn shows_token(desk: &Desk, socket: &mut WebSocket) -> bool {
    let first = async {
        loop {
            match socket.recv().await {
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Text(text))) => return Some(text),
                _ => return None,
            }
        }
    };
    let Ok(Some(text)) = timeout(AUTH_TIME, first).await else {
        return false;
    };
    match ClientMessage::read(&text) {
        Ok(ClientMessage::Auth { token }) => desk.access.admits(token.0.as_bytes()),
        _ => false,
    }
}

async fn turn_away(desk: &Desk, mut socket: WebSocket) {
    let why = ServerMessage::Error(Fault::unauthenticated_stream().into());
    let close = CloseFrame {
        code: UNAUTHENTICATED,
        reason: Utf8Bytes::from_static("unauthenticated"),
    };
    let parting = async {
        let why = Message::text(why.text(desk.ambient.now()));
        if socket.send(why).await.is_ok() {
            let _ = socket.send(Message::Close(Some(close))).await;
            // What it still sends is read, or closing would take the error back that is on its way.
            while let Some(Ok(_)) = socket.recv().await {}
        }
    };
    let _ = timeout(AUTH_TIME, parting).await;
}

/// One client.
struct Connection {
    id: ConnectionId,
    desk: Arc<Desk>,
    outbox: Outbox,
    /// Of the messages of a chat that name no other.
    conversation: String,
    requests: Arc<Semaphore>,
    followed: Arc<Semaphore>,
    /// Ended with the connection.
    subscriptions: HashMap<Topic, AbortOnDropHandle<Result<(), Gone>>>,
}

impl Connection {
    fn new(desk: Arc<Desk>, outbox: Outbox) -> Self {
        let id = desk.attachments.next_connection();
        let requests = Arc::new(Semaphore::new(REQUESTS_AT_ONCE));
        Self {
            id,
            conversation: desk.fresh_id(),
            desk,
            outbox,
            requests,
            followed: Arc::new(Semaphore::new(FOLLOWED_AT_ONCE)),
            subscriptions: HashMap::new(),
        }
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
                        .await?;
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
            ClientMessage::Auth { .. } => Ok(()),
            ClientMessage::Ping => self.say(&ServerMessage::Pong).await,
            ClientMessage::GenerateUi { message, context, id } => self.generate(message, &context, id).await,
            ClientMessage::Chat { message, context, id } => self.chat(message, context, id).await,
            ClientMessage::Cancel { id } => self.cancel(id).await,
            ClientMessage::Resume { id, seq } => self.resume(id, seq).await,
            ClientMessage::Attach { app_id, engine } => self.attach(app_id, engine).await,
            ClientMessage::AppState {
                app_id,
                engine,
                base_rev,
                ops,
            } => {
                self.aside(keep_state(
                    Arc::clone(&self.desk),
                    self.outbox.clone(),
                    app_id,
                    engine,
                    base_rev,
                    ops,
                ))
                .await;
                Ok(())
            }
            ClientMessage::Subscribe { topics, since } => self.subscribe(topics, since).await,
        }
    }

    async fn generate(&self, message: String, context: &Context, id: Option<String>) -> Result<(), Gone> {
        let order = Order {
            message,
            parent: context.parent_app_id,
        };
        let started = job::start(&self.desk, id, |desk, teller| async move {
            Ok(Some(generation::make(&desk, &teller, order).await?.into()))
        });
        self.begun(started).await
    }

    async fn chat(&self, message: String, context: ChatContext, id: Option<String>) -> Result<(), Gone> {
        let question = Question {
            message,
            context,
            default_conversation: self.conversation.clone(),
        };
        let started = job::start(&self.desk, id, |desk, teller| async move {
            chat::answer(&desk, &teller, question).await
        });
        self.begun(started).await
    }

    async fn begun(&self, started: Result<Arc<Job>, ErrorMessage>) -> Result<(), Gone> {
        match started {
            Ok(job) => self.follow(job, 0).await,
            Err(error) => self.refuse(error).await,
        }
    }

    async fn resume(&self, id: String, seq: u64) -> Result<(), Gone> {
        match self.desk.jobs.get(&id) {
            Some(job) => self.follow(job, seq).await,
            None => self.refuse(unknown_job(id)).await,
        }
    }

    async fn cancel(&self, id: String) -> Result<(), Gone> {
        match self.desk.jobs.get(&id) {
            Some(job) => job.cancel(),
            None => self.refuse(unknown_job(id)).await?,
        }
        Ok(())
    }

    async fn follow(&self, job: Arc<Job>, seq: u64) -> Result<(), Gone> {
        let Ok(place) = Arc::clone(&self.followed).try_acquire_owned() else {
            let error = format!("this connection follows {FOLLOWED_AT_ONCE} generations and chats already");
            return self.refuse(ErrorMessage::new("busy", error)).await;
        };
        let outbox = self.outbox.clone();
        self.desk.tasks.spawn(async move {
            job.log().follow(seq, outbox).await;
            drop(place);
        });
        Ok(())
    }

    async fn attach(&self, app: AppId, engine: EngineId) -> Result<(), Gone> {
        // Bound first: a lease that is lost in between must find its connection.
        self.desk
            .attachments
            .bind(engine, app, self.id, self.outbox.clone());
        let Err(error) = self.desk.apps.attach(app, engine).await else {
            return Ok(());
        };
        self.desk.attachments.unbind(engine);
        match error {
            AppError::EngineReplaced => self.say(&ServerMessage::EngineReplaced { app_id: app }).await,
            error => {
                self.refuse(ErrorMessage {
                    app_id: Some(app),
                    ..Fault::from(error).into()
                })
                .await
            }
        }
    }

    async fn subscribe(&mut self, topics: Vec<Topic>, since: Option<u64>) -> Result<(), Gone> {
        for topic in topics {
            let (desk, outbox) = (Arc::clone(&self.desk), self.outbox.clone());
            let following = match topic {
                Topic::Apps => tokio::spawn(follow_apps(desk, since, outbox)),
                Topic::Kernel => match self.desk.kernel.events(since, Reader::Person).await {
                    Ok(events) => tokio::spawn(follow_kernel(desk, events, outbox)),
                    Err(error) => {
                        self.refuse(Fault::from(error).into()).await?;
                        continue;
                    }
                },
            };
            self.subscriptions
                .insert(topic, AbortOnDropHandle::new(following));
        }
        Ok(())
    }

    /// Runs `request` beside the others, also to its end when the client leaves meanwhile.
    async fn aside(&self, request: impl Future<Output = ()> + Send + 'static) {
        let Ok(place) = Arc::clone(&self.requests).acquire_owned().await else {
            return;
        };
        self.desk.tasks.spawn(async move {
            request.await;
            drop(place);
        });
    }

    async fn say(&self, message: &ServerMessage) -> Result<(), Gone> {
        self.outbox.send(message.text(self.desk.ambient.now())).await
    }

    async fn refuse(&self, error: ErrorMessage) -> Result<(), Gone> {
        self.say(&ServerMessage::Error(error)).await
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let (desk, id) = (Arc::clone(&self.desk), self.id);
        self.desk.tasks.spawn(async move {
            for (app, engine) in desk.attachments.leave(id) {
                desk.apps.detach(app, engine).await;
            }
        });
    }
}

/// Commits one batch and tells how it went.
async fn keep_state(
    desk: Arc<Desk>,
    outbox: Outbox,
    app: AppId,
    engine: EngineId,
    base_rev: u64,
    ops: Value,
) {
    let answer = match desk.apps.apply_batch(app, engine, base_rev, ops).await {
        Ok(rev) => ServerMessage::AppStateAck { app_id: app, rev },
        Err(AppError::StaleRev { rev }) => ServerMessage::AppStateConflict {
            app_id: app,
            rev,
            reason: "stale_rev",
        },
        Err(AppError::EngineReplaced) => {
            let rev = desk.apps.state(app).await.map_or(base_rev, |replica| replica.rev);
            ServerMessage::AppStateConflict {
                app_id: app,
                rev,
                reason: "engine_replaced",
            }
        }
        Err(error) => ServerMessage::Error(ErrorMessage {
            app_id: Some(app),
            ..Fault::from(error).into()
        }),
    };
    // A client that left finds the state when it comes back.
    let _ = outbox.send(answer.text(desk.ambient.now())).await;
}

fn unknown_job(id: String) -> ErrorMessage {
    let error = ErrorMessage::new(
        "not_found",
        "this generation or chat ended a while ago, or never began",
    );
    ErrorMessage {
        id: Some(id),
        ..error
    }
}
