//! `--auth token`: who has the token is served, from wherever, and nobody else.

use std::path::Path;

use agentos_adapters::kernel::GrpcKernel;
use agentos_adapters::llm::GrpcLlm;
use agentos_core::ids::Namespace;
use agentos_core::kernel::{
    Batch, Call, FileCall, FsPath, IoKind, NewProcess, Order, Pid, Principal, ReadStream, Reply, SysError,
    Syscall, WriteMode, WriteStream,
};
use agentos_core::ports::kernel::{KernelPort, Reader};
use agentos_core::ports::llm::{LlmError, LlmPort};
use agentos_proto::ai::IdentityRequest;
use agentos_proto::ai::ai_service_client::AiServiceClient;
use agentos_proto::kernel::kernel_service_client::KernelServiceClient;
use agentos_proto::kernel::{CreateProcessRequest, ListProcessesRequest, SandboxLevel};
use agentos_server::Token;
use futures::stream::{self, StreamExt};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request};
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;

use crate::grpc::check_health;
use crate::guard::described;
use crate::process::{Program, place};
use crate::server::{Server, answer};
use crate::stream::Client;

const TOKEN: &str = "a-token-of-the-test-0123456789-abcdef";
const WRONG: &str = "a-token-of-nobody-9876543210-fedcba";

fn token() -> Token {
    Token::parse(TOKEN).unwrap()
}

fn wrong() -> Token {
    Token::parse(WRONG).unwrap()
}

async fn server() -> Server {
    Server::with_token(&token()).await
}

fn described_as_json(server: &Server) -> RequestBuilder {
    server.request("GET", "/openapi.json").bearer_auth(TOKEN)
}

#[tokio::test]
async fn every_route_asks_for_the_token() {
    let server = server().await;
    let description = answer(described_as_json(&server)).await.body;
    assert_eq!(
        description["components"]["securitySchemes"]["token"]["scheme"],
        "bearer"
    );
    let mut routes = described(&description);
    routes.retain(|(_, path)| path != "/stream");
    routes.push(("GET".to_owned(), "/openapi.json".to_owned()));
    for (method, path) in routes {
        for refused in [
            server.request(&method, &path),
            server
                .request(&method, &path)
                .header("accept", "application/json"),
            server.request(&method, &path).bearer_auth(WRONG),
            server.request(&method, &path).bearer_auth(""),
            server.request(&method, &path).bearer_auth(&TOKEN[1..]),
            server.request(&method, &path).basic_auth("operator", Some(TOKEN)),
            server
                .request(&method, &path)
                .header("cookie", format!("token={TOKEN}")),
            server.request(&method, &format!("{path}?token={TOKEN}")),
        ] {
            let response = refused.send().await.unwrap();
            assert_eq!(response.status(), 401, "{method} {path}");
            assert_eq!(
                response.headers()["www-authenticate"],
                "Bearer",
                "{method} {path}"
            );
            let body: Value = response.json().await.unwrap();
            assert_eq!(body["code"], "unauthenticated", "{method} {path}");
        }
        let admitted = answer(server.request(&method, &path).bearer_auth(TOKEN)).await;
        assert_ne!(admitted.status, 401, "{method} {path}: {admitted:?}");
    }
}

#[tokio::test]
async fn the_page_is_shown_to_everybody_and_no_route_for_being_opened_as_one() {
    let server = server().await;
    for (path, expected) in [
        ("/", 200),
        ("/docs/apps", 200),
        ("/missing.js", 404),
        ("/apps", 401),
        ("/health", 401),
    ] {
        let page = server.request("GET", path).header("accept", "text/html");
        assert_eq!(page.send().await.unwrap().status(), expected, "{path}");
    }
}

#[tokio::test]
async fn a_name_of_ones_own_is_served_and_another_site_is_not() {
    let server = server().await;
    let named = |host: &str| {
        server
            .request("GET", "/apps")
            .header("host", host)
            .bearer_auth(TOKEN)
    };
    assert_eq!(answer(named("desk.example:8000")).await.status, 200);
    for origin in ["https://desk.example", "http://desk.example"] {
        assert_eq!(
            answer(named("desk.example").header("origin", origin))
                .await
                .status,
            200
        );
    }
    for (header, value) in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
    ] {
        let foreign = named("desk.example").header(header, value);
        assert_eq!(
            answer(foreign).await.verdict(),
            "403 foreign_origin",
            "{header}: {value}"
        );
    }
}

#[tokio::test]
async fn a_stream_begins_with_the_token() {
    let server = server().await;
    let mut client = Client::ungreeted(&server.address).await;
    client.send_frame(Message::Ping(Vec::new().into())).await;
    client.send(json!({ "type": "auth", "token": TOKEN })).await;
    assert_eq!(client.next().await["type"], "system");
    // Sent again it changes nothing, whatever it is.
    client.send(json!({ "type": "auth", "token": WRONG })).await;
    client.send(json!({ "type": "ping" })).await;
    assert_eq!(client.next().await["type"], "pong");
}

#[tokio::test]
async fn a_stream_that_begins_with_anything_else_is_closed() {
    let server = server().await;
    let auth = |token: &str| Message::text(json!({ "type": "auth", "token": token }).to_string());
    for first in [
        auth(WRONG),
        auth(""),
        auth(&TOKEN[1..]),
        Message::text(json!({ "type": "auth" }).to_string()),
        Message::text(json!({ "type": "auth", "token": [TOKEN] }).to_string()),
        Message::text(json!({ "type": "ping" }).to_string()),
        Message::text(json!({ "type": "subscribe", "topics": ["kernel", "apps"] }).to_string()),
        Message::text(TOKEN),
        Message::binary(TOKEN),
    ] {
        let mut client = Client::ungreeted(&server.address).await;
        client.send_frame(first.clone()).await;
        client.send_frame(auth(TOKEN)).await;
        let (messages, code) = client.until_closed().await;
        assert_eq!(code, Some(4401), "{first}");
        let codes: Vec<&Value> = messages.iter().map(|message| &message["code"]).collect();
        assert_eq!(codes, ["unauthenticated"], "{first}: {messages:?}");
    }
}

#[tokio::test]
async fn strangers_who_were_refused_and_stay_hold_up_nobody() {
    let server = server().await;
    let mut strangers = Vec::new();
    for _ in 0..64 {
        let mut stranger = Client::ungreeted(&server.address).await;
        stranger.send(json!({ "type": "auth", "token": WRONG })).await;
        assert_eq!(stranger.next().await["code"], "unauthenticated");
        strangers.push(stranger);
    }
    let mut client = Client::ungreeted(&server.address).await;
    client.send(json!({ "type": "auth", "token": TOKEN })).await;
    assert_eq!(client.next().await["type"], "system");
}

#[tokio::test]
async fn a_stream_on_which_nobody_says_anything_is_closed() {
    let server = server().await;
    let mut client = Client::ungreeted(&server.address).await;
    // From here on time passes as soon as there is nothing else to do.
    tokio::time::pause();
    let began = tokio::time::Instant::now();
    let (messages, code) = client.until_closed().await;
    assert_eq!((messages.len(), code), (1, Some(4401)));
    let waited = began.elapsed().as_secs();
    assert!((10..60).contains(&waited), "{waited}");
}

#[tokio::test]
async fn a_server_that_asks_nobody_takes_a_token_as_well() {
    let server = Server::start().await;
    let mut client = Client::connect(&server).await;
    client.send(json!({ "type": "auth", "token": TOKEN })).await;
    client.send(json!({ "type": "ping" })).await;
    assert_eq!(client.next().await["type"], "pong");
    assert_eq!(
        answer(server.request("GET", "/apps").bearer_auth(TOKEN))
            .await
            .status,
        200
    );
}

async fn channel(url: &str) -> Channel {
    Endpoint::from_shared(url.to_owned())
        .unwrap()
        .connect()
        .await
        .unwrap()
}

/// A request that says who it is as `authorization`, as often as there are texts.
fn saying<T>(message: T, authorization: &[&str]) -> Request<T> {
    let mut request = Request::new(message);
    for text in authorization {
        request
            .metadata_mut()
            .append("authorization", text.parse().unwrap());
    }
    request
}

#[tokio::test]
async fn every_call_asks_for_the_token_but_that_of_health() {
    let server = server().await;
    let (kernel, ai) = (channel(&server.kernel_url).await, channel(&server.ai_url).await);
    let right = format!("Bearer {TOKEN}");
    let wrong = format!("Bearer {WRONG}");
    let processes = |said: Vec<String>| {
        let mut kernel = KernelServiceClient::new(kernel.clone());
        async move {
            let said: Vec<&str> = said.iter().map(String::as_str).collect();
            let answer = kernel
                .list_processes(saying(ListProcessesRequest {}, &said))
                .await;
            answer.map(drop).map_err(|status| status.code())
        }
    };
    let identity = |said: Vec<String>| {
        let mut ai = AiServiceClient::new(ai.clone());
        async move {
            let said: Vec<&str> = said.iter().map(String::as_str).collect();
            let answer = ai.identity(saying(IdentityRequest {}, &said)).await;
            answer.map(drop).map_err(|status| status.code())
        }
    };
    for said in [
        vec![],
        vec![wrong],
        vec![TOKEN.to_owned()],
        vec![right.clone(), right.clone()],
    ] {
        assert_eq!(
            processes(said.clone()).await,
            Err(Code::Unauthenticated),
            "{said:?}"
        );
        assert_eq!(
            identity(said.clone()).await,
            Err(Code::Unauthenticated),
            "{said:?}"
        );
    }
    assert_eq!(processes(vec![right.clone()]).await, Ok(()));
    assert_eq!(identity(vec![right]).await, Ok(()));

    check_health(kernel.clone(), "agentos.kernel.v1.KernelService").await;
    check_health(ai, "agentos.ai.v1.AiService").await;
    let reflected = ServerReflectionClient::new(kernel)
        .server_reflection_info(stream::empty())
        .await;
    assert_eq!(reflected.unwrap_err().code(), Code::Unauthenticated);
}

#[tokio::test]
async fn a_process_brings_its_own_token_beside_it() {
    let server = server().await;
    let mut kernel = KernelServiceClient::new(channel(&server.kernel_url).await);
    let right = format!("Bearer {TOKEN}");
    let new = CreateProcessRequest {
        name: "one".to_owned(),
        sandbox_level: SandboxLevel::Standard.into(),
        ..Default::default()
    };
    let created = kernel
        .create_process(saying(new, &[&right]))
        .await
        .unwrap()
        .into_inner();
    let mut listed = async |authorization: &[&str], process: &str| {
        let mut request = saying(ListProcessesRequest {}, authorization);
        request
            .metadata_mut()
            .insert("x-agentos-process-token", process.parse().unwrap());
        let answer = kernel.list_processes(request).await;
        answer
            .map(|answer| answer.into_inner().processes.len())
            .map_err(|status| status.code())
    };
    assert_eq!(listed(&[&right], &created.process_token).await, Ok(0));
    assert_eq!(
        listed(&[], &created.process_token).await,
        Err(Code::Unauthenticated)
    );
    assert_eq!(listed(&[&right], TOKEN).await, Err(Code::Unauthenticated));
    let as_process = format!("Bearer {}", created.process_token);
    assert_eq!(
        listed(&[&as_process], &created.process_token).await,
        Err(Code::Unauthenticated)
    );
}

#[tokio::test]
async fn the_ports_over_the_wire_bring_the_token() {
    let server = server().await;
    let kernel = GrpcKernel::connect_with_token(&server.kernel_url, &token())
        .await
        .unwrap();
    let uptime = || Call::new(Principal::System, Syscall::GetUptime);
    assert!(matches!(kernel.call(uptime()).await, Ok(Reply::Uptime(_))));
    let batch = Batch::new(Order::Ordered, vec![uptime()]).unwrap();
    assert!(matches!(kernel.batch(batch).await[..], [Ok(Reply::Uptime(_))]));
    assert!(kernel.events(None, Reader::Program).await.is_ok());
    let llm = GrpcLlm::connect_with_token(&server.ai_url, &token())
        .await
        .unwrap();
    assert_eq!(llm.identity().provider, "offline");

    let protocol = SysError::Io {
        kind: IoKind::Protocol,
    };
    for stranger in [
        GrpcKernel::connect(&server.kernel_url).await.unwrap(),
        GrpcKernel::connect_with_token(&server.kernel_url, &wrong())
            .await
            .unwrap(),
    ] {
        assert_eq!(stranger.call(uptime()).await, Err(protocol.clone()));
        assert_eq!(
            stranger.events(None, Reader::Program).await.err(),
            Some(protocol.clone())
        );
    }
    for stranger in [
        GrpcLlm::connect(&server.ai_url).await,
        GrpcLlm::connect_with_token(&server.ai_url, &wrong()).await,
    ] {
        assert!(matches!(stranger, Err(LlmError::Rejected { .. })), "{stranger:?}");
    }
}

/// A started program that asks for its token.
struct Guarded {
    program: Program,
    url: String,
    token: String,
}

impl Guarded {
    fn start(data_dir: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let arguments = [&["--auth", "token"], arguments].concat();
        let program = Program::start_with(data_dir, &arguments, variables);
        let (url, token) = program.url.split_once("/#token=").unwrap();
        let (url, token) = (url.to_owned(), token.to_owned());
        Self { program, url, token }
    }

    async fn ask(&self, method: Method, path: &str, token: &str) -> (u16, String) {
        let client = agentos_adapters::http::to_own_server().unwrap();
        let request = client
            .request(method, format!("{}{path}", self.url))
            .bearer_auth(token);
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }

    async fn status(&self, token: &str) -> u16 {
        self.ask(Method::GET, "/apps", token).await.0
    }
}

#[test]
fn other_machines_are_not_served_without_a_token() {
    let (_place, data_dir) = place();
    for flag in ["--listen", "--kernel-listen", "--ai-listen"] {
        for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
            let (code, told) = Program::refused(&data_dir, &[flag, address]);
            assert_eq!(code, Some(2), "{told}");
            assert!(
                told.contains(flag) && told.contains("add `--auth token`"),
                "{told}"
            );
        }
    }
    assert!(!data_dir.exists(), "what is refused leaves nothing behind");
}

#[tokio::test]
async fn the_token_is_made_once_and_kept_from_others() {
    let (_place, data_dir) = place();
    let first = Guarded::start(&data_dir, &[], &[]);
    assert_eq!(first.token.len(), 64);
    assert_eq!(first.status(&first.token).await, 200);
    assert_eq!(first.status(WRONG).await, 401);
    let token = first.token.clone();
    drop(first);
    let file = data_dir.join("token");
    assert_eq!(std::fs::read_to_string(&file).unwrap().trim(), token);
    assert_eq!(Guarded::start(&data_dir, &[], &[]).token, token);

    std::fs::remove_file(&file).unwrap();
    let other = Guarded::start(&data_dir, &[], &[]);
    assert_ne!(other.token, token);
    assert_eq!(other.status(&token).await, 401);
}

#[cfg(unix)]
#[test]
fn a_token_that_others_may_read_is_not_used() {
    use std::os::unix::fs::PermissionsExt;
    let (_place, data_dir) = place();
    let token = Guarded::start(&data_dir, &[], &[]).token;
    let file = data_dir.join("token");
    let mode = |file: &Path| std::fs::metadata(file).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&file), 0o600);
    for exposed in [0o640, 0o604, 0o644] {
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(exposed)).unwrap();
        let (code, told) = Program::refused(&data_dir, &["--auth", "token"]);
        assert_eq!(code, Some(2), "{told}");
        assert!(told.contains("chmod 600") && !told.contains(&token), "{told}");
    }
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(Guarded::start(&data_dir, &[], &[]).token, token);
}

#[tokio::test]
async fn a_token_that_is_given_is_used_and_kept_nowhere() {
    let (_place, data_dir) = place();
    let guarded = Guarded::start(&data_dir, &[], &[("AGENTOS_TOKEN", TOKEN)]);
    assert_eq!(guarded.token, TOKEN);
    assert_eq!(guarded.status(TOKEN).await, 200);
    assert!(!data_dir.join("token").exists());
    drop(guarded);
    for (arguments, given) in [(&["--auth", "token"][..], &TOKEN[..31]), (&[], TOKEN)] {
        let (code, told) = Program::refused_with(&data_dir, arguments, &[("AGENTOS_TOKEN", given)]);
        assert_eq!(code, Some(2), "{told}");
        assert!(told.contains("AGENTOS_TOKEN") && !told.contains(given), "{told}");
    }
}

#[tokio::test]
async fn an_address_of_all_is_served_and_named_as_this_machine_reaches_it() {
    let (_place, data_dir) = place();
    let guarded = Guarded::start(&data_dir, &["--listen", "0.0.0.0:0"], &[]);
    assert!(guarded.url.starts_with("http://127.0.0.1:"), "{}", guarded.url);
    assert_eq!(guarded.status(&guarded.token).await, 200);
}

/// Where the service is that the program says it serves.
fn served_at(log: &str, service: &str) -> String {
    let line = log.lines().find(|line| line.contains(service)).unwrap();
    let at = line.find("http://").unwrap();
    line[at..].split_whitespace().next().unwrap().to_owned()
}

#[tokio::test]
async fn the_token_is_told_nowhere() {
    let (_place, data_dir) = place();
    let arguments = ["--kernel-listen", "127.0.0.1:0", "--ai-listen", "127.0.0.1:0"];
    let guarded = Guarded::start(&data_dir, &arguments, &[("RUST_LOG", "trace"), ("NO_COLOR", "1")]);
    let right = Token::parse(&guarded.token).unwrap();
    let address = guarded.url.strip_prefix("http://").unwrap();
    let mut answers = Vec::new();
    for path in [
        "/health",
        "/kernel/events",
        "/audit",
        "/settings",
        "/metrics",
        "/openapi.json",
        "/nowhere",
    ] {
        answers.push(guarded.ask(Method::GET, path, &guarded.token).await.1);
        answers.push(guarded.ask(Method::GET, path, WRONG).await.1);
    }
    for token in [&guarded.token, WRONG] {
        let mut client = Client::ungreeted(address).await;
        client.send(json!({ "type": "auth", "token": token })).await;
        client.next().await;
    }
    let log = guarded.program.log();
    let kernel_url = served_at(&log, "the kernel is served");
    let ai_url = served_at(&log, "the AI service is served");
    for token in [&right, &wrong()] {
        let kernel = GrpcKernel::connect_with_token(&kernel_url, token).await.unwrap();
        let _ = kernel
            .call(Call::new(Principal::System, Syscall::GetUptime))
            .await;
        let _ = GrpcLlm::connect_with_token(&ai_url, token).await;
    }
    let log = guarded.program.log();
    assert!(log.contains("TRACE"), "nothing was traced");
    for token in [&guarded.token[..], WRONG] {
        let hex = token
            .bytes()
            .fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
        for told in [token, &hex] {
            let line = log.lines().find(|line| line.to_lowercase().contains(told));
            assert_eq!(line, None);
            assert!(!answers.iter().any(|answer| answer.contains(told)), "{answers:?}");
        }
    }
}

fn path(text: &str) -> FsPath {
    FsPath::parse(text).unwrap()
}

fn file_calls(at: &str) -> Vec<FileCall> {
    let (here, elsewhere) = (|| path(at), || path("shared:elsewhere"));
    vec![
        FileCall::Read {
            path: here(),
            offset: 0,
            length: None,
        },
        FileCall::Write {
            path: here(),
            bytes: Vec::new(),
            mode: WriteMode::Replace,
            if_etag: None,
        },
        FileCall::Create { path: here() },
        FileCall::Truncate {
            path: here(),
            length: 0,
        },
        FileCall::Delete { path: here() },
        FileCall::Exists { path: here() },
        FileCall::Stat { path: here() },
        FileCall::List {
            path: here(),
            after: None,
            limit: 10,
        },
        FileCall::Move {
            from: here(),
            to: elsewhere(),
        },
        FileCall::Move {
            from: elsewhere(),
            to: here(),
        },
        FileCall::Copy {
            from: here(),
            to: elsewhere(),
        },
        FileCall::Copy {
            from: elsewhere(),
            to: here(),
        },
        FileCall::CreateDirectory { path: here() },
        FileCall::RemoveDirectory { path: here() },
    ]
}

#[tokio::test]
async fn the_operator_does_not_reach_the_records() {
    let (_place, data_dir) = place();
    let arguments = ["--storage", "files", "--kernel-listen", "127.0.0.1:0"];
    let guarded = Guarded::start(&data_dir, &arguments, &[]);
    let journal = data_dir.join("files/system/home/records/journal.json");
    let spec = json!({ "ui_spec": { "title": "Kept", "components": [{ "type": "text", "props": { "content": "x" } }] } });
    let client = agentos_adapters::http::to_own_server().unwrap();
    let made = client
        .post(format!("{}/apps", guarded.url))
        .bearer_auth(&guarded.token)
        .json(&spec);
    let made: Value = made.send().await.unwrap().json().await.unwrap();
    assert!(made["app_id"].is_string(), "{made}");
    let before = std::fs::read(&journal).unwrap();

    let url = served_at(&guarded.program.log(), "the kernel is served");
    let right = Token::parse(&guarded.token).unwrap();
    let kernel = GrpcKernel::connect_with_token(&url, &right).await.unwrap();
    let denied = |error: &SysError| matches!(error, SysError::InvalidArgument { field } if field == "path");
    for at in ["home:records/journal.json", "home:records", "home:", "tmp:a"] {
        let calls = || {
            file_calls(at)
                .into_iter()
                .map(|call| Call::new(Principal::System, Syscall::File(call)))
        };
        for call in calls() {
            let refused = kernel.call(call.clone()).await.unwrap_err();
            assert!(denied(&refused), "{call:?}: {refused:?}");
        }
        let answers = kernel
            .batch(Batch::new(Order::Parallel, calls().collect()).unwrap())
            .await;
        assert!(
            answers.iter().all(|answer| answer.as_ref().is_err_and(denied)),
            "{answers:?}"
        );
        let read = ReadStream {
            path: path(at),
            offset: 0,
            length: None,
        };
        assert!(
            kernel
                .read_stream(Principal::System, read)
                .await
                .err()
                .is_some_and(|error| denied(&error))
        );
        let write = WriteStream {
            path: path(at),
            mode: WriteMode::Replace,
            if_etag: None,
        };
        let written = kernel
            .write_stream(Principal::System, write, stream::empty().boxed())
            .await;
        assert!(written.as_ref().is_err_and(denied), "{written:?}");
    }
    assert_eq!(std::fs::read(&journal).unwrap(), before);

    let new = NewProcess::app("app", Namespace::new(1_700_000_000_000, 1));
    let port: &dyn KernelPort = &kernel;
    let pid: Pid = port.spawn(new).await.unwrap();
    let create = |at| Syscall::File(FileCall::Create { path: path(at) });
    for (caller, at) in [
        (Principal::System, "shared:of-all"),
        (Principal::Process(pid), "home:own"),
        (Principal::Process(pid), "home:records"),
    ] {
        let created = port.syscall(caller, create(at)).await;
        assert!(created.is_ok(), "{at}: {created:?}");
    }
    assert_eq!(std::fs::read(&journal).unwrap(), before);
}
