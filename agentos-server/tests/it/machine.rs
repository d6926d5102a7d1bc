//! The real program with an app in it, and a server of somebody else's that the app may be allowed to reach.

use std::future::{Future, ready};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::process::{Program, place};
use crate::stream::Client;

/// A server on this machine that an operator may name: it remembers what it was asked.
pub(crate) struct Site {
    pub(crate) port: u16,
    requests: Arc<Mutex<Vec<String>>>,
    serving: JoinHandle<()>,
}

impl Site {
    pub(crate) async fn start() -> Self {
        Self::behind(|stream| ready(Some(stream))).await
    }

    /// One that is spoken to over TLS.
    pub(crate) async fn with_tls(tls: TlsAcceptor) -> Self {
        Self::behind(move |stream| {
            let handshake = tls.accept(stream);
            async { handshake.await.ok() }
        })
        .await
    }

    async fn behind<S, F>(greet: impl Fn(TcpStream) -> F + Clone + Send + 'static) -> Self
    where
        S: AsyncRead + AsyncWrite + Unpin + Send,
        F: Future<Output = Option<S>> + Send,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&requests);
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (greet, kept) = (greet.clone(), Arc::clone(&kept));
                tokio::spawn(async move {
                    if let Some(stream) = greet(stream).await {
                        answer(stream, kept).await;
                    }
                });
            }
        });
        Self {
            port,
            requests,
            serving,
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin, kept: Arc<Mutex<Vec<String>>>) {
    let mut request = Vec::new();
    let mut buffer = [0; 4_096];
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return,
            Ok(count) => request.extend_from_slice(&buffer[..count]),
        }
    }
    // What is sent is read, or closing would reset the connection under the answer.
    let head = request
        .windows(4)
        .position(|end| end == b"\r\n\r\n")
        .unwrap_or_default()
        + 4;
    let length = String::from_utf8_lossy(&request[..head])
        .lines()
        .find_map(|line| {
            line.to_lowercase()
                .strip_prefix("content-length:")?
                .trim()
                .parse()
                .ok()
        })
        .unwrap_or(0);
    while request.len() < head + length {
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return,
            Ok(count) => request.extend_from_slice(&buffer[..count]),
        }
    }
    let request = String::from_utf8_lossy(&request).into_owned();
    let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
    kept.lock().unwrap().push(request);
    if path == "/endless" {
        return pour(stream).await;
    }
    let reply = match path.split_once("?to=") {
        Some((_, to)) => {
            format!("HTTP/1.1 302 Found\r\nlocation: {to}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        }
        None => match path.as_str() {
            "/large" => page(&"x".repeat(2 * 1_024 * 1_024 + 1)),
            "/missing" => {
                "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_owned()
            }
            "/never" => return tokio::time::sleep(Duration::from_mins(1)).await,
            _ => match path.strip_prefix("/packed/") {
                Some(encoding) => {
                    let encoding = encoding.replace("%20", " ");
                    format!(
                        "HTTP/1.1 200 OK\r\ncontent-encoding: {encoding}\r\ncontent-length: 1\r\nconnection: close\r\n\r\nx"
                    )
                }
                None => page("{\"temperature\": 21}"),
            },
        },
    };
    let _ = stream.write_all(reply.as_bytes()).await;
}

/// An answer that never ends.
async fn pour(mut stream: impl AsyncWrite + Unpin) {
    let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    let mut sent = stream.write_all(head.as_bytes()).await;
    while sent.is_ok() {
        sent = stream
            .write_all(format!("1000\r\n{}\r\n", "x".repeat(0x1000)).as_bytes())
            .await;
    }
}

fn page(body: &str) -> String {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close";
    format!("{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

/// The program with an app that may call `http`.
pub(crate) struct Machine {
    pub(crate) program: Program,
    pub(crate) client: reqwest::Client,
    pub(crate) app: String,
    pub(crate) data_dir: PathBuf,
    _place: TempDir,
}

fn fetcher() -> Value {
    json!({
        "type": "app", "title": "Fetcher", "services": ["http"], "state": {"url": "https://example.org", "got": null},
        "components": [
            {"type": "button", "id": "get", "props": {"text": "Get"},
             "on_event": {"click": {"tool": "http.get", "args": {"url": "{{ url }}"}, "into": "got"}}},
            {"type": "text", "props": {"content": "{{ got.body }}"}}
        ]
    })
}

impl Machine {
    pub(crate) async fn start(allowed: &[&str]) -> Self {
        Self::with(allowed, &[]).await
    }

    pub(crate) async fn with(allowed: &[&str], variables: &[(&str, &str)]) -> Self {
        let (place, data_dir) = place();
        let hosts = allowed.join(",");
        let arguments: &[&str] = if allowed.is_empty() {
            &[]
        } else {
            &["--allow-host", &hosts]
        };
        let program = Program::start_with(&data_dir, arguments, variables);
        Self::of(program, place, data_dir).await
    }

    /// One that asks these for names.
    #[cfg(target_os = "linux")]
    pub(crate) async fn resolving(nameservers: &str) -> Self {
        let (place, data_dir) = place();
        let file = place.path().join("resolv.conf");
        std::fs::write(&file, nameservers).unwrap();
        let program = Program::start_resolving(&data_dir, &file);
        Self::of(program, place, data_dir).await
    }

    async fn of(program: Program, place: TempDir, data_dir: PathBuf) -> Self {
        let mut machine = Self {
            program,
            client: agentos_adapters::http::to_own_server().unwrap(),
            app: String::new(),
            data_dir,
            _place: place,
        };
        machine.app = machine.open(fetcher()).await;
        machine
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Value {
        let request = self
            .client
            .post(format!("{}{path}", self.program.url))
            .json(&body);
        request.send().await.unwrap().json().await.unwrap()
    }

    pub(crate) async fn ask(&self, method: &str, path: &str) -> Value {
        let method = method.parse().unwrap();
        let request = self.client.request(method, format!("{}{path}", self.program.url));
        request.send().await.unwrap().json().await.unwrap()
    }

    /// Opens a further app and answers its id.
    pub(crate) async fn open(&self, document: Value) -> String {
        let made = self.post("/apps", json!({"ui_spec": document})).await;
        let id = made["app_id"].as_str();
        id.unwrap_or_else(|| panic!("{made}")).to_owned()
    }

    pub(crate) async fn call(&self, tool: &str, params: Value) -> Value {
        self.call_of(&self.app, tool, params).await
    }

    pub(crate) async fn call_of(&self, app: &str, tool: &str, params: Value) -> Value {
        let body = json!({"tool_id": tool, "params": params, "app_id": app});
        self.post("/services/execute", body).await
    }

    /// The code of what is not answered, or `ok`.
    pub(crate) async fn code_of(&self, app: &str, tool: &str, params: Value) -> String {
        let answer = self.call_of(app, tool, params).await;
        answer["code"].as_str().unwrap_or("ok").to_owned()
    }

    pub(crate) async fn pid_of(&self, app: &str) -> Value {
        self.ask("GET", &format!("/apps/{app}")).await["sandbox_pid"].clone()
    }

    /// Answers the one question there is, and says what it was about.
    pub(crate) async fn answer(&self, answer: &str) -> Value {
        let questions = self.questions().await;
        let [question] = &questions[..] else {
            panic!("{questions:?}");
        };
        let path = format!("/kernel/approvals/{}", question["id"].as_str().unwrap());
        let answered = self.post(&path, json!({"answer": answer})).await;
        assert_eq!(answered, json!({"success": true}));
        question["need"].clone()
    }

    pub(crate) async fn get(&self, url: &str) -> Value {
        self.call("http.get", json!({"url": url})).await
    }

    pub(crate) async fn code(&self, url: &str) -> String {
        self.get(url).await["code"].as_str().unwrap_or("ok").to_owned()
    }

    pub(crate) async fn questions(&self) -> Vec<Value> {
        let list = self
            .client
            .get(format!("{}/kernel/approvals", self.program.url))
            .send()
            .await
            .unwrap();
        let list: Value = list.json().await.unwrap();
        list["approvals"].as_array().unwrap().clone()
    }

    /// Answers the question that the next request is about to put, or the one that is open.
    pub(crate) async fn allow(&self, url: &str, answer: &str) {
        assert_eq!(self.code(url).await, "approval_required", "{url}");
        let questions = self.questions().await;
        let id = questions.last().unwrap()["id"].as_str().unwrap();
        let answered = self
            .post(&format!("/kernel/approvals/{id}"), json!({"answer": answer}))
            .await;
        assert_eq!(answered, json!({"success": true}));
    }

    pub(crate) async fn person(&self) -> Client {
        let mut person = Client::connect_to(self.program.url.trim_start_matches("http://")).await;
        person
            .send(json!({"type": "subscribe", "topics": ["kernel"]}))
            .await;
        person.send(json!({"type": "ping"})).await;
        while person.next().await["type"] != "pong" {}
        person
    }
}
