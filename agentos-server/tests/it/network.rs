//! What an app reaches over the network, seen from outside the program: nothing the person did not allow,
//! and never what is not public unless the operator named exactly it.

mod sockets;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::process::{Program, place};
use crate::stream::Client;

/// A server on this machine that an operator may name: it remembers what it was asked.
struct Site {
    port: u16,
    requests: Arc<Mutex<Vec<String>>>,
    serving: JoinHandle<()>,
}

impl Site {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&requests);
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, Arc::clone(&kept)));
            }
        });
        Self {
            port,
            requests,
            serving,
        }
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn answer(mut stream: TcpStream, kept: Arc<Mutex<Vec<String>>>) {
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
    let reply = match path.split_once("?to=") {
        Some((_, to)) => {
            format!("HTTP/1.1 302 Found\r\nlocation: {to}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        }
        None => match path.as_str() {
            "/large" => page(&"x".repeat(2 * 1_024 * 1_024 + 1)),
            "/packed" => {
                "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 1\r\nconnection: close\r\n\r\nx"
                    .to_owned()
            }
            "/missing" => {
                "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_owned()
            }
            "/never" => return tokio::time::sleep(Duration::from_mins(1)).await,
            _ => page("{\"temperature\": 21}"),
        },
    };
    let _ = stream.write_all(reply.as_bytes()).await;
}

fn page(body: &str) -> String {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close";
    format!("{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

/// The program with an app that may call `http`.
struct Machine {
    program: Program,
    client: reqwest::Client,
    app: String,
    data_dir: std::path::PathBuf,
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
    async fn start(allowed: &[&str]) -> Self {
        Self::with(allowed, &[]).await
    }

    async fn with(allowed: &[&str], variables: &[(&str, &str)]) -> Self {
        let (place, data_dir) = place();
        let hosts = allowed.join(",");
        let arguments: &[&str] = if allowed.is_empty() {
            &[]
        } else {
            &["--allow-host", &hosts]
        };
        let mut machine = Self {
            program: Program::start_with(&data_dir, arguments, variables),
            client: agentos_adapters::http::to_own_server().unwrap(),
            app: String::new(),
            data_dir,
            _place: place,
        };
        let made = machine.post("/apps", json!({"ui_spec": fetcher()})).await;
        made["app_id"]
            .as_str()
            .unwrap_or_else(|| panic!("{made}"))
            .clone_into(&mut machine.app);
        machine
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let request = self
            .client
            .post(format!("{}{path}", self.program.url))
            .json(&body);
        request.send().await.unwrap().json().await.unwrap()
    }

    async fn ask(&self, method: &str, path: &str) -> Value {
        let method = method.parse().unwrap();
        let request = self.client.request(method, format!("{}{path}", self.program.url));
        request.send().await.unwrap().json().await.unwrap()
    }

    async fn call(&self, tool: &str, params: Value) -> Value {
        let body = json!({"tool_id": tool, "params": params, "app_id": self.app});
        self.post("/services/execute", body).await
    }

    async fn get(&self, url: &str) -> Value {
        self.call("http.get", json!({"url": url})).await
    }

    async fn code(&self, url: &str) -> String {
        self.get(url).await["code"].as_str().unwrap_or("ok").to_owned()
    }

    async fn questions(&self) -> Vec<Value> {
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
    async fn allow(&self, url: &str, answer: &str) {
        assert_eq!(self.code(url).await, "approval_required", "{url}");
        let questions = self.questions().await;
        let id = questions.last().unwrap()["id"].as_str().unwrap();
        let answered = self
            .post(&format!("/kernel/approvals/{id}"), json!({"answer": answer}))
            .await;
        assert_eq!(answered, json!({"success": true}));
    }

    async fn person(&self) -> Client {
        let mut person = Client::connect_to(self.program.url.trim_start_matches("http://")).await;
        person
            .send(json!({"type": "subscribe", "topics": ["kernel"]}))
            .await;
        person.send(json!({"type": "ping"})).await;
        while person.next().await["type"] != "pong" {}
        person
    }
}

/// Addresses that nobody may be led to, as many ways as they are spelled.
const NOT_PUBLIC: [&str; 32] = [
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0177.0.0.1",
    "017700000001",
    "127.0.0.1.",
    "127.255.255.254",
    "%31%32%37.0.0.1",
    "１２７.0.0.1",
    "127。0。0。1",
    "0.0.0.0",
    "0",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "169.254.169.254",
    "[fd00:ec2::254]",
    "[fe80::1]",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.0.1",
    "100.64.0.1",
    "224.0.0.1",
    "255.255.255.255",
];

#[tokio::test]
async fn an_address_that_is_not_public_is_never_reached_in_any_spelling() {
    let site = Site::start().await;
    let machine = Machine::start(&[]).await;
    let port = site.port;
    for host in NOT_PUBLIC {
        assert_eq!(
            machine.code(&format!("http://{host}:{port}/")).await,
            "permission_denied",
            "{host}"
        );
    }
    assert_eq!(
        machine.questions().await,
        [] as [Value; 0],
        "what can never be allowed is not asked"
    );
    assert_eq!(site.requests(), [] as [String; 0]);
}

#[tokio::test]
async fn a_name_of_this_machine_is_refused_although_the_person_allows_it() {
    let site = Site::start().await;
    let machine = Machine::start(&[]).await;
    for name in ["localhost", "LOCALHOST.", "no-such-host.invalid"] {
        let url = format!("http://{name}:{}/", site.port);
        machine.allow(&url, "once").await;
        assert_eq!(machine.code(&url).await, "permission_denied", "{name}");
    }
    assert_eq!(site.requests(), [] as [String; 0]);
}

#[tokio::test]
async fn only_the_port_the_operator_named_is_reached() {
    let (site, neighbour) = (Site::start().await, Site::start().await);
    let machine = Machine::start(&[&format!("127.0.0.1:{}", site.port)]).await;
    machine.allow(&site.url("/"), "session").await;
    let got = machine.get(&site.url("/")).await;
    assert_eq!(
        (&got["data"]["status"], &got["data"]["body"]["temperature"]),
        (&json!(200), &json!(21))
    );
    assert_eq!(machine.code(&neighbour.url("/")).await, "permission_denied");
    assert_eq!(neighbour.requests(), [] as [String; 0]);
}

#[tokio::test]
async fn other_schemes_and_users_are_no_request() {
    let site = Site::start().await;
    let host = format!("127.0.0.1:{}", site.port);
    let machine = Machine::start(&[&host]).await;
    machine.allow(&site.url("/"), "session").await;
    for url in [
        "file:///etc/passwd",
        "ftp://HOST/",
        "ws://HOST/",
        "gopher://HOST/",
        "data:text/plain,a",
        "http://user@HOST/",
        "http://user:secret@HOST/",
    ] {
        assert_eq!(
            machine.code(&url.replace("HOST", &host)).await,
            "args_invalid",
            "{url}"
        );
    }
    assert_eq!(site.requests(), [] as [String; 0]);
}

#[tokio::test]
async fn each_redirect_is_held_to_the_same_rules() {
    let (site, neighbour) = (Site::start().await, Site::start().await);
    let machine = Machine::start(&[&format!("127.0.0.1:{}", site.port)]).await;
    machine.allow(&site.url("/"), "session").await;
    let to = |to: &str| site.url(&format!("/?to={to}"));
    assert_eq!(machine.get(&to("/here")).await["data"]["body"]["temperature"], 21);
    for elsewhere in [
        neighbour.url("/"),
        "http://169.254.169.254/".to_owned(),
        "http://[::1]/".to_owned(),
    ] {
        assert_eq!(
            machine.code(&to(&elsewhere)).await,
            "permission_denied",
            "{elsewhere}"
        );
    }
    assert_eq!(
        machine.code(&to("https://else.example/")).await,
        "approval_required"
    );
    assert_eq!(machine.code(&to("file:///etc/passwd")).await, "io");
    assert_eq!(neighbour.requests(), [] as [String; 0]);

    let before = site.requests().len();
    let circle = site.url("/circle?to=/circle%3Fto=/");
    assert_eq!(machine.get(&circle).await["success"], true);
    let endless = machine.code(&to("?to=?to=?to=?to=?to=?to=?to=/")).await;
    assert_eq!(endless, "io");
    assert!(site.requests().len() - before <= 2 + 6);
}

#[tokio::test]
async fn the_environment_names_no_proxy() {
    let (site, proxy) = (Site::start().await, Site::start().await);
    let url = proxy.url("/");
    let names = [
        "HTTP_PROXY",
        "http_proxy",
        "HTTPS_PROXY",
        "https_proxy",
        "ALL_PROXY",
        "all_proxy",
    ];
    let variables: Vec<(&str, &str)> = names.iter().map(|name| (*name, url.as_str())).collect();
    let machine = Machine::with(&[&format!("127.0.0.1:{}", site.port)], &variables).await;
    machine.allow(&site.url("/"), "session").await;
    assert_eq!(machine.code(&site.url("/")).await, "ok");
    assert_eq!((site.requests().len(), proxy.requests().len()), (1, 0));
}

#[tokio::test]
async fn answers_are_bounded_in_size_and_time() {
    let site = Site::start().await;
    let machine = Machine::start(&[&format!("127.0.0.1:{}", site.port)]).await;
    machine.allow(&site.url("/"), "session").await;
    assert_eq!(machine.code(&site.url("/large")).await, "too_large");
    assert_eq!(machine.code(&site.url("/packed")).await, "io");
    assert_eq!(machine.code(&site.url("/missing")).await, "http_status");
    let slow = machine
        .call("http.get", json!({"url": site.url("/never"), "timeout": 200}))
        .await;
    assert_eq!(slow["code"], "deadline_exceeded");
    let large = json!({"url": site.url("/"), "data": "x".repeat(900_000)});
    assert_eq!(machine.call("http.post", large).await["success"], true);
}

#[tokio::test]
async fn eight_requests_run_and_the_ninth_is_refused() {
    let site = Site::start().await;
    let machine = Machine::start(&[&format!("127.0.0.1:{}", site.port)]).await;
    machine.allow(&site.url("/"), "session").await;
    let slow = || machine.call("http.get", json!({"url": site.url("/never"), "timeout": 3_000}));
    let answers = futures::future::join_all((0..9).map(|_| slow())).await;
    let codes: Vec<&str> = answers
        .iter()
        .filter_map(|answer| answer["code"].as_str())
        .collect();
    let count = |code: &str| codes.iter().filter(|own| **own == code).count();
    assert_eq!(
        (count("deadline_exceeded"), count("quota_exceeded")),
        (8, 1),
        "{codes:?}"
    );
}

#[tokio::test]
async fn a_person_who_is_there_is_asked_and_the_call_waits() {
    let site = Site::start().await;
    let machine = Machine::start(&[&format!("127.0.0.1:{}", site.port)]).await;
    let mut person = machine.person().await;
    let url = site.url("/");
    let answering = async {
        let asked = loop {
            let event = person.next().await;
            if event["kind"] == "approval_requested" {
                break event;
            }
        };
        let mut told = asked["data"].clone();
        for of_events in ["pid", "text"] {
            told.as_object_mut().unwrap().remove(of_events);
        }
        assert_eq!(machine.questions().await, [told.clone()]);
        assert_eq!(
            (&told["app_id"], &told["title"]),
            (&json!(machine.app), &json!("Fetcher"))
        );
        assert_eq!(
            told["need"],
            json!({"kind": "net", "host": "127.0.0.1", "port": site.port})
        );
        assert!(told["expires_at"].as_str().unwrap().ends_with('Z'));
        let path = format!("/kernel/approvals/{}", told["id"].as_str().unwrap());
        assert_eq!(
            machine.post(&path, json!({"answer": "maybe"})).await["code"],
            "invalid_body"
        );
        assert_eq!(
            machine.post(&path, json!({"answer": "once"})).await["success"],
            true
        );
        assert_eq!(
            machine.post(&path, json!({"answer": "always"})).await["code"],
            "not_found"
        );
        let answered = loop {
            let event = person.next().await;
            if event["kind"] == "approval_answered" {
                break event;
            }
        };
        assert_eq!(answered["data"]["id"], told["id"]);
    };
    let (got, ()) = tokio::join!(machine.get(&url), answering);
    assert_eq!(got["data"]["body"]["temperature"], 21, "{got}");
    assert_eq!(site.requests().len(), 1);
}

#[tokio::test]
async fn another_site_cannot_answer_for_the_person() {
    let site = Site::start().await;
    let machine = Machine::start(&[&format!("127.0.0.1:{}", site.port)]).await;
    machine.code(&site.url("/")).await;
    let id = machine.questions().await[0]["id"].as_str().unwrap().to_owned();
    for (name, value) in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
    ] {
        let answer = machine
            .client
            .post(format!("{}/kernel/approvals/{id}", machine.program.url));
        let answer = answer
            .header(name, value)
            .json(&json!({"answer": "always"}))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 403, "{name}: {value}");
    }
    assert_eq!(machine.questions().await.len(), 1);
}

#[tokio::test]
async fn always_and_never_hold_after_a_kill_and_a_session_does_not() {
    let sites = [Site::start().await, Site::start().await, Site::start().await];
    let hosts = sites.each_ref().map(|site| format!("127.0.0.1:{}", site.port));
    let hosts = hosts.each_ref().map(String::as_str);
    let mut machine = Machine::start(&hosts).await;
    for (site, answer) in sites.iter().zip(["always", "never", "session"]) {
        machine.allow(&site.url("/"), answer).await;
    }
    let verdicts = async |machine: &Machine| {
        let mut codes = Vec::new();
        for site in &sites {
            codes.push(machine.code(&site.url("/")).await);
        }
        codes
    };
    assert_eq!(verdicts(&machine).await, ["ok", "permission_denied", "ok"]);
    let data_dir = machine.data_dir.clone();
    let stopped = std::mem::replace(&mut machine.program, {
        let (elsewhere, folder) = place();
        let program = Program::start_with(&folder, &[], &[]);
        drop(elsewhere);
        program
    });
    drop(stopped);
    machine.program = Program::start_with(&data_dir, &["--allow-host", &hosts.join(",")], &[]);
    machine
        .post(&format!("/apps/{}/engine", machine.app), Value::Null)
        .await;
    assert_eq!(
        verdicts(&machine).await,
        ["ok", "permission_denied", "approval_required"]
    );
}

#[tokio::test]
async fn five_questions_wait_and_the_sixth_is_refused() {
    let machine = Machine::start(&[]).await;
    for number in 0..5 {
        assert_eq!(
            machine.code(&format!("https://s{number}.example/")).await,
            "approval_required"
        );
    }
    assert_eq!(machine.code("https://s5.example/").await, "quota_exceeded");
    let ids: BTreeSet<String> = machine
        .questions()
        .await
        .iter()
        .map(|question| question["id"].to_string())
        .collect();
    assert_eq!(ids.len(), 5);
}

#[tokio::test]
async fn a_name_that_the_operator_named_is_reached() {
    let site = Site::start().await;
    let machine = Machine::start(&[&format!("localhost:{}", site.port)]).await;
    let url = format!("http://localhost:{}/", site.port);
    machine.allow(&url, "session").await;
    assert_eq!(machine.code(&url).await, "ok");
    assert_eq!(
        machine.code(&site.url("/")).await,
        "permission_denied",
        "its address was not named"
    );
}

#[tokio::test]
async fn credentials_stay_with_the_origin_they_were_meant_for() {
    let (site, other) = (Site::start().await, Site::start().await);
    let hosts = [&site, &other].map(|site| format!("127.0.0.1:{}", site.port));
    let machine = Machine::start(&[&hosts[0], &hosts[1]]).await;
    machine.allow(&site.url("/"), "session").await;
    machine.allow(&other.url("/"), "session").await;
    let headers = json!({"Authorization": "secret", "X-Api-Key": "secret", "Accept": "text/plain"});
    for to in ["/here".to_owned(), other.url("/")] {
        let url = site.url(&format!("/?to={to}"));
        let got = machine
            .call("http.get", json!({"url": url, "headers": headers}))
            .await;
        assert_eq!(got["success"], true, "{got}");
    }
    let secrets = |site: &Site| -> Vec<bool> {
        let requests = site.requests();
        requests
            .iter()
            .map(|request| request.contains("secret"))
            .collect()
    };
    assert_eq!(secrets(&site), [true, true, true]);
    assert_eq!(secrets(&other), [false]);
    assert!(other.requests()[0].contains("accept: text/plain"));
}

#[tokio::test]
async fn what_a_window_loads_is_allowed_first_and_answers_can_be_taken_back() {
    let site = Site::start().await;
    let machine = Machine::start(&[&format!("127.0.0.1:{}", site.port)]).await;
    let access = format!("/apps/{}/access", machine.app);
    let permissions = format!("/apps/{}/permissions", machine.app);
    let ask = |url: String| machine.post(&access, json!({"url": url}));
    assert_eq!(ask(site.url("/cat.png")).await["code"], "approval_required");
    machine.allow(&site.url("/"), "always").await;
    let visits = site.requests().len();
    assert_eq!(ask(site.url("/cat.png")).await["success"], true);
    for url in ["http://10.0.0.1/router", "file:///etc/passwd", "nonsense"] {
        assert_ne!(ask(url.to_owned()).await["success"], true, "{url}");
    }
    assert_eq!(site.requests().len(), visits, "the server loads nothing of it");

    let shown = machine.ask("GET", &permissions).await;
    let need = json!({"kind": "net", "host": "127.0.0.1", "port": site.port});
    assert_eq!(shown["services"], json!(["http"]));
    assert_eq!(shown["answers"], json!([{"need": need, "allowed": true}]));
    assert_eq!(machine.ask("DELETE", &permissions).await["success"], true);
    assert_eq!(machine.ask("GET", &permissions).await["answers"], json!([]));
    assert_eq!(ask(site.url("/cat.png")).await["code"], "approval_required");
    assert_eq!(machine.code(&site.url("/")).await, "approval_required");
}
