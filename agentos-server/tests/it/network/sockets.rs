//! Connections that stay, held to the rules of requests and read no faster than the app receives.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use agentos_core::engine::Engine;
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{broadcast, mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async};

use super::NOT_PUBLIC;
use crate::machine::Machine;

/// How long something that happens may take to be seen.
const SOON: Duration = Duration::from_secs(20);
/// A message of a flood, in bytes.
const WAVE: usize = 64 * 1_024;
/// The longest message, in bytes.
const LONGEST: usize = 1_024 * 1_024;
const START: u64 = 1_767_355_200_000;

/// A WebSocket server on this machine, which does what the path says.
struct Peer {
    port: u16,
    /// The paths it was asked for.
    visits: Arc<Mutex<Vec<String>>>,
    /// What it tells everyone at `/push`.
    push: broadcast::Sender<String>,
    /// Messages that a flood got rid of.
    sent: watch::Receiver<u64>,
    /// The paths of connections that ended.
    ended: mpsc::UnboundedReceiver<String>,
    serving: JoinHandle<()>,
}

#[derive(Clone)]
struct Told {
    visits: Arc<Mutex<Vec<String>>>,
    push: broadcast::Sender<String>,
    sent: Arc<watch::Sender<u64>>,
    ended: mpsc::UnboundedSender<String>,
}

impl Peer {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (push, _) = broadcast::channel(16);
        let (sent, counted) = watch::channel(0);
        let (ended, ends) = mpsc::unbounded_channel();
        let told = Told {
            visits: Arc::default(),
            push: push.clone(),
            sent: Arc::new(sent),
            ended,
        };
        let visits = Arc::clone(&told.visits);
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, told.clone()));
            }
        });
        Self {
            port,
            visits,
            push,
            sent: counted,
            ended: ends,
            serving,
        }
    }

    fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    fn url(&self, path: &str) -> String {
        format!("ws://{}{path}", self.host())
    }

    fn visits(&self) -> Vec<String> {
        self.visits.lock().unwrap().clone()
    }

    /// Returns once the next connection ended, and answers which.
    async fn ended(&mut self) -> String {
        timeout(SOON, self.ended.recv()).await.unwrap().unwrap()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

#[expect(clippy::result_large_err, reason = "the handshake's own answer")]
async fn serve(stream: TcpStream, told: Told) {
    let mut path = String::new();
    let answer = |request: &Request, response: Response| {
        request.uri().path().clone_into(&mut path);
        told.visits.lock().unwrap().push(path.clone());
        let refuse = |status: u16| {
            let refusal = Response::builder().status(status).header("location", "/echo");
            let (parts, ()) = refusal.body(()).unwrap().into_parts();
            Err(ErrorResponse::from_parts(parts, None))
        };
        match path.as_str() {
            "/redirect" => refuse(302),
            "/forbidden" => refuse(403),
            _ => Ok(response),
        }
    };
    let Ok(stream) = accept_hdr_async(stream, answer).await else {
        return;
    };
    talk(stream, &path, &told).await;
    let _ = told.ended.send(path);
}

/// Does what the path says until the other side is gone.
async fn talk(mut stream: WebSocketStream<TcpStream>, path: &str, told: &Told) {
    match path {
        "/flood" => {
            for number in 0u64.. {
                let wave = format!("{number} {}", "x".repeat(WAVE));
                if stream.send(Message::text(wave)).await.is_err() {
                    return;
                }
                told.sent.send_modify(|sent| *sent += 1);
            }
        }
        "/large" => {
            let _ = stream.send(Message::text("x".repeat(LONGEST))).await;
            let _ = stream.send(Message::text("x".repeat(LONGEST + 1))).await;
        }
        "/leave" => {
            let _ = stream.send(Message::text("bye")).await;
            let _ = stream.close(None).await;
        }
        _ => {}
    }
    let mut pushed = told.push.subscribe();
    loop {
        tokio::select! {
            message = stream.next() => match message {
                Some(Ok(Message::Text(text))) => {
                    let _ = stream.send(Message::Text(text)).await;
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return,
            },
            Ok(text) = pushed.recv() => {
                let _ = stream.send(Message::text(text)).await;
            }
        }
    }
}

impl Machine {
    /// One that may reach `peer`, as the person allowed when the socket was opened first.
    async fn beside(peer: &Peer) -> Self {
        let machine = Self::start(&[&peer.host()]).await;
        let asked = machine.socket(json!({"url": peer.url("/echo")})).await;
        assert_eq!(asked["code"], "approval_required", "{asked}");
        machine.allow_socket(peer).await;
        assert_eq!(peer.visits(), [] as [String; 0]);
        machine
    }

    /// Answers the one question that is open.
    async fn allow_socket(&self, peer: &Peer) {
        let questions = self.questions().await;
        let [question] = &questions[..] else {
            panic!("{questions:?}");
        };
        let need = json!({"kind": "net", "host": "127.0.0.1", "port": peer.port});
        assert_eq!(question["need"], need);
        let answer = format!("/kernel/approvals/{}", question["id"].as_str().unwrap());
        let answered = self.post(&answer, json!({"answer": "always"})).await;
        assert_eq!(answered, json!({"success": true}));
    }

    async fn socket(&self, args: Value) -> Value {
        self.call("http.socket", args).await
    }

    async fn socket_code(&self, url: &str) -> String {
        let answer = self.socket(json!({"url": url})).await;
        answer["code"].as_str().unwrap_or("ok").to_owned()
    }
}

fn came(messages: &Value, open: bool) -> Value {
    json!({"success": true, "data": {"messages": messages, "open": open}})
}

#[tokio::test]
async fn a_connection_stays_until_it_is_closed() {
    let mut peer = Peer::start().await;
    let machine = Machine::beside(&peer).await;
    let url = peer.url("/echo");
    let said = |message: Value| json!({"url": url, "send": message, "wait": 10_000});
    assert_eq!(
        machine.socket(said(json!("hello"))).await,
        came(&json!(["hello"]), true)
    );
    assert_eq!(
        machine.socket(said(json!({"n": 1}))).await,
        came(&json!([{"n": 1}]), true)
    );
    assert_eq!(machine.socket(json!({"url": url})).await, came(&json!([]), true));
    let long = "x".repeat(900_000);
    assert_eq!(
        machine.socket(said(json!(long))).await,
        came(&json!([long]), true)
    );
    assert_eq!(peer.visits(), ["/echo"]);

    assert_eq!(
        machine.socket(json!({"url": url, "close": true})).await,
        came(&json!([]), false)
    );
    assert_eq!(peer.ended().await, "/echo");
    assert_eq!(
        machine.socket(said(json!("again"))).await,
        came(&json!(["again"]), true)
    );
    assert_eq!(peer.visits(), ["/echo", "/echo"]);

    let audit = machine.ask("GET", "/audit").await.to_string();
    let origin = format!("ws://127.0.0.1:{}", peer.port);
    assert!(
        audit.contains("network_socket") && audit.contains(&origin),
        "{audit}"
    );
}

#[tokio::test]
async fn the_end_of_the_server_is_told_once_and_the_next_call_connects_anew() {
    let peer = Peer::start().await;
    let machine = Machine::beside(&peer).await;
    let leave = || machine.socket(json!({"url": peer.url("/leave"), "wait": 10_000}));
    let mut told = leave().await;
    // The end may come after the last message.
    if told["data"]["open"] == true {
        assert_eq!(told, came(&json!(["bye"]), true));
        assert_eq!(leave().await, came(&json!([]), false));
    } else {
        assert_eq!(told, came(&json!(["bye"]), false));
    }
    told = leave().await;
    assert_eq!(told["data"]["messages"], json!(["bye"]));
    assert_eq!(peer.visits(), ["/leave", "/leave"]);
}

/// An app that shows the last message, and keeps all when it is told to look.
fn reader(url: &str) -> Value {
    let args = json!({"url": url, "wait": 4_000});
    json!({
        "type": "app", "title": "Reader", "services": ["http"], "state": {"log": []},
        "data": {"feed": {"tool": "http.socket", "args": args, "every": 5}},
        "actions": {"look": [
            {"tool": "http.socket", "args": args},
            {"if": "result.messages", "tool": "ui.set_state",
             "args": {"path": "log", "value": "{{ (log + result.messages)[-50:] }}"}}
        ]},
        "components": [
            {"type": "text", "id": "last", "props": {"content": "{{ feed.messages[-1].text if feed.messages else 'Nothing' }}"}},
            {"type": "list", "id": "all", "each": {"in": "log", "as": "m"},
             "children": [{"type": "text", "id": "kept", "props": {"content": "{{ m.text }}"}}]},
            {"type": "button", "id": "look", "props": {"text": "Look"}, "on_event": {"click": "look"}}
        ]
    })
}

/// An app in an engine of this test, whose tools run on the machine.
struct Running<'a> {
    machine: &'a Machine,
    app: String,
    engine: Engine,
    now: u64,
    /// What the texts show, by their component.
    shown: std::collections::BTreeMap<String, Value>,
}

impl<'a> Running<'a> {
    async fn open(machine: &'a Machine, document: Value) -> Self {
        let made = machine.post("/apps", json!({"ui_spec": document})).await;
        assert_eq!(made["report"]["issues"], json!([]), "{made}");
        let app = made["app_id"].as_str().unwrap().to_owned();
        let mut running = Self {
            machine,
            app,
            engine: Engine::default(),
            now: START,
            shown: std::collections::BTreeMap::new(),
        };
        running.turn(json!({"op": "open", "spec": document})).await;
        running
    }

    /// Takes one turn and performs what it asks for, until it asks for nothing.
    async fn turn(&mut self, request: Value) {
        let mut requests = vec![request];
        while let Some(mut request) = requests.pop() {
            request["app"] = json!("reader");
            request["now"] = json!(self.now);
            let answer: Value = serde_json::from_str(&self.engine.call(&request.to_string())).unwrap();
            for node in answer["nodes"].as_array().into_iter().flatten() {
                let id = node["id"].as_str().unwrap().to_owned();
                self.shown.insert(id, node["props"]["content"].clone());
            }
            for effect in answer["effects"].as_array().into_iter().flatten() {
                let call = json!({"tool_id": effect["tool"], "params": effect["args"], "app_id": self.app});
                let done = self.machine.post("/services/execute", call).await;
                let mut resolved = json!({"op": "resolve", "effect": effect["id"]});
                if done["success"] == true {
                    resolved["ok"] = done["data"].clone();
                } else {
                    resolved["error"] = json!({"code": done["code"], "message": done["error"]});
                }
                requests.push(resolved);
            }
        }
    }

    fn shows(&self, text: &str) -> bool {
        self.shown.values().any(|shown| shown == text)
    }
}

#[tokio::test]
async fn what_a_server_pushes_comes_into_the_state_of_a_running_app() {
    let peer = Peer::start().await;
    let machine = Machine::start(&[&peer.host()]).await;
    let mut reader = Running::open(&machine, reader(&peer.url("/push"))).await;
    machine.allow_socket(&peer).await;
    reader.now += 5_000;
    reader.turn(json!({"op": "tick"})).await;
    assert_eq!(peer.visits(), ["/push"]);
    assert!(reader.shows("Nothing"), "{:?}", reader.shown);
    peer.push.send(r#"{"text": "First"}"#.to_owned()).unwrap();
    reader.now += 5_000;
    reader.turn(json!({"op": "tick"})).await;
    assert!(reader.shows("First"), "{:?}", reader.shown);

    for text in ["Second", "Third"] {
        peer.push.send(json!({"text": text}).to_string()).unwrap();
        let click = json!({"component": "look", "kind": "click"});
        reader.turn(json!({"op": "dispatch", "event": click})).await;
    }
    assert!(
        reader.shows("Second") && reader.shows("Third"),
        "{:?}",
        reader.shown
    );
    assert_eq!(peer.visits(), ["/push"]);
}

#[tokio::test]
async fn no_socket_leads_to_an_address_that_is_not_public() {
    let peer = Peer::start().await;
    let machine = Machine::start(&[]).await;
    for host in NOT_PUBLIC {
        let url = format!("ws://{host}:{}/echo", peer.port);
        assert_eq!(machine.socket_code(&url).await, "permission_denied", "{host}");
    }
    assert_eq!(machine.questions().await, [] as [Value; 0]);
    for name in ["localhost", "no-such-host.invalid"] {
        let host = format!("{name}:{}", peer.port);
        machine.allow(&format!("http://{host}/"), "session").await;
        let url = format!("ws://{host}/echo");
        assert_eq!(machine.socket_code(&url).await, "permission_denied", "{name}");
    }
    assert_eq!(peer.visits(), [] as [String; 0]);
}

#[tokio::test]
async fn other_schemes_and_users_open_nothing() {
    let peer = Peer::start().await;
    let machine = Machine::beside(&peer).await;
    for url in [
        "http://HOST/",
        "ftp://HOST/",
        "HOST",
        "ws://user@HOST/",
        "ws://user:secret@HOST/",
    ] {
        let url = url.replace("HOST", &peer.host());
        assert_eq!(machine.socket_code(&url).await, "args_invalid", "{url}");
    }
    let tls = format!("wss://{}/echo", peer.host());
    assert_ne!(machine.socket_code(&tls).await, "ok", "it speaks no TLS");
    assert_eq!(peer.visits(), [] as [String; 0]);
}

#[tokio::test]
async fn an_answer_that_is_no_connection_is_followed_nowhere() {
    let peer = Peer::start().await;
    let machine = Machine::beside(&peer).await;
    assert_eq!(machine.socket_code(&peer.url("/redirect")).await, "io");
    assert_eq!(machine.socket_code(&peer.url("/forbidden")).await, "io");
    assert_eq!(peer.visits(), ["/redirect", "/forbidden"]);
    assert_eq!(machine.socket_code(&peer.url("/echo")).await, "ok");
}

#[tokio::test]
async fn a_message_over_the_limit_ends_the_connection() {
    let mut peer = Peer::start().await;
    let machine = Machine::beside(&peer).await;
    let url = peer.url("/large");
    let first = machine.socket(json!({"url": url, "wait": 10_000})).await;
    assert_eq!(first["data"]["messages"][0].as_str().map(str::len), Some(LONGEST));
    if first["data"]["open"] == true {
        let then = machine.socket(json!({"url": url, "wait": 10_000})).await;
        assert_eq!(then, came(&json!([]), false));
    }
    assert_eq!(peer.ended().await, "/large");
}

#[tokio::test]
async fn a_flood_waits_in_the_network_and_loses_nothing() {
    let mut peer = Peer::start().await;
    let machine = Machine::beside(&peer).await;
    let url = peer.url("/flood");
    let receive = async |max: u32| {
        let answer = machine
            .socket(json!({"url": url, "max": max, "wait": 10_000}))
            .await;
        let messages = answer["data"]["messages"].as_array().cloned();
        let messages = messages.unwrap_or_else(|| panic!("{answer}"));
        let numbers = messages.iter().map(|message| {
            let number = message.as_str().unwrap().split(' ').next().unwrap();
            number.parse::<u64>().unwrap()
        });
        numbers.collect::<Vec<_>>()
    };
    let mut received = receive(1).await;
    // The server gets rid of no more once the connection and what carries it are full.
    while timeout(Duration::from_secs(2), peer.sent.changed()).await.is_ok() {
        let sent = *peer.sent.borrow_and_update();
        assert!(sent < 2_048, "{sent} messages of 64 KiB were read for nobody");
    }
    while received.len() < 20 {
        received.extend(receive(100).await);
    }
    let in_order: Vec<u64> = (0..received.len() as u64).collect();
    assert_eq!(received, in_order);
    assert_eq!(
        machine.socket(json!({"url": url, "close": true})).await["data"]["open"],
        false
    );
    assert_eq!(peer.ended().await, "/flood");
}

#[tokio::test]
async fn a_connection_ends_with_its_process_and_with_the_permission() {
    let mut peer = Peer::start().await;
    let machine = Machine::beside(&peer).await;
    let url = peer.url("/echo");
    assert_eq!(machine.socket_code(&url).await, "ok");
    let permissions = format!("/apps/{}/permissions", machine.app);
    assert_eq!(machine.ask("DELETE", &permissions).await["success"], true);
    assert_eq!(peer.ended().await, "/echo");
    assert_eq!(machine.socket_code(&url).await, "approval_required");

    machine
        .allow(&format!("http://{}/", peer.host()), "session")
        .await;
    assert_eq!(machine.socket_code(&url).await, "ok");
    let processes = machine.ask("GET", "/kernel/processes").await;
    let process = processes["processes"]
        .as_array()
        .unwrap()
        .iter()
        .find(|process| process["name"] == "Fetcher")
        .unwrap_or_else(|| panic!("{processes}"));
    assert_eq!(process["usage"]["open_streams"], 1, "{process}");
    let kill = format!("/kernel/processes/{}/kill", process["pid"]);
    machine.post(&kill, Value::Null).await;
    assert_eq!(peer.ended().await, "/echo");
    assert_eq!(peer.visits(), ["/echo", "/echo"]);
}
