//! The AI service as programs outside meet it, and the kernel.

mod kernel;
mod kernel_port;
mod line;
mod port;

use std::time::Duration;

use agentos_core::ports::llm::LlmEvent;
use agentos_core::testing::llm::{ScriptedLlm, say};
use agentos_proto::ai::ai_service_client::AiServiceClient;
use agentos_proto::ai::stream_message::Type;
use agentos_proto::ai::{GenerateUiRequest, IdentityRequest, StreamChatRequest, StreamMessage};
use serde_json::{Value, json};
use tonic::transport::{Channel, Endpoint, Uri};
use tonic::{Code, Request, Status, Streaming};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
use tonic_types::StatusExt;

use crate::apps::NOBODY;
use crate::process::{Program, place};
use crate::server::Server;

const BEYOND_BLUEPRINTS: &str = "predict tomorrow's stock market with a neural network";

const COUNTER: &str = r#"{"title":"Counter","state":{"n":0},"components":[{"type":"button","props":{"text":"{{ n }}"},"on_event":{"click":{"tool":"ui.increment","args":{"path":"n"}}}}]}"#;

fn endpoint(server: &Server) -> Endpoint {
    Endpoint::from_shared(server.ai_url.clone()).unwrap()
}

async fn channel(server: &Server) -> Channel {
    endpoint(server).connect().await.unwrap()
}

async fn client(server: &Server) -> AiServiceClient<Channel> {
    AiServiceClient::new(channel(server).await)
}

fn ask(message: &str) -> GenerateUiRequest {
    GenerateUiRequest {
        message: message.to_owned(),
        parent_id: None,
    }
}

fn reason(status: &Status) -> String {
    status.get_details_error_info().unwrap().reason
}

fn json_in(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

async fn to_the_end(mut messages: Streaming<StreamMessage>) -> Vec<StreamMessage> {
    let mut all = Vec::new();
    while let Some(message) = messages.message().await.unwrap() {
        all.push(message);
    }
    all
}

/// Asks again and again until `holds`, at most as long as a cancelled call may go on.
async fn soon(holds: impl Fn() -> bool) {
    let waiting = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_millis(250), waiting)
        .await
        .expect("it takes longer than 250 ms");
}

fn hanging() -> ScriptedLlm {
    ScriptedLlm::default().then_hangs_after(vec![Ok(LlmEvent::Text("{".to_owned()))])
}

#[tokio::test]
async fn a_sentence_becomes_an_app_that_rest_lists() {
    let server = Server::start().await;
    let made = client(&server).await.generate_ui(ask("create a counter")).await;
    let made = made.unwrap().into_inner();
    let apps = server.get("/apps").await.body["apps"].clone();
    assert_eq!(apps[0]["id"], made.app_id);
    assert_eq!(apps[0]["ui_spec"], json_in(&made.ui_spec));
    assert_eq!(apps[0]["metadata"]["request"], "create a counter");
    assert_eq!(json_in(&made.report)["cached"], false);
    assert!(!made.thoughts.is_empty(), "{made:?}");

    let child = GenerateUiRequest {
        parent_id: Some(made.app_id.clone()),
        ..ask("a todo list")
    };
    let child = client(&server)
        .await
        .generate_ui(child)
        .await
        .unwrap()
        .into_inner();
    let child = server.get(&format!("/apps/{}", child.app_id)).await.body;
    assert_eq!(child["parent_id"], made.app_id);
}

#[tokio::test]
async fn a_generation_is_told_in_order_and_ends_with_the_app() {
    let server = Server::start().await;
    let messages = client(&server).await.stream_ui(ask("create a calculator")).await;
    let messages = to_the_end(messages.unwrap().into_inner()).await;
    let mut types: Vec<Type> = messages.iter().map(StreamMessage::r#type).collect();
    types.dedup();
    assert_eq!(
        types,
        [Type::GenerationStart, Type::Thought, Type::Token, Type::Complete]
    );
    assert!(
        messages.iter().all(|message| message.timestamp.is_some()),
        "{messages:?}"
    );
    let complete = json_in(&messages.last().unwrap().content);
    let path = format!("/apps/{}", complete["app_id"].as_str().unwrap());
    assert_eq!(server.get(&path).await.body["ui_spec"], complete["ui_spec"]);
    assert_eq!(complete["report"]["cached"], false);
}

#[tokio::test]
async fn a_refusal_has_the_code_and_the_details_that_rest_tells() {
    let server = Server::start().await;
    let rest = server
        .post("/generate-ui", json!({ "message": BEYOND_BLUEPRINTS }))
        .await;
    let mut client = client(&server).await;

    let messages = client
        .stream_ui(ask(BEYOND_BLUEPRINTS))
        .await
        .unwrap()
        .into_inner();
    let messages = to_the_end(messages).await;
    let last = messages.last().unwrap();
    assert_eq!(last.r#type(), Type::Error);
    assert_eq!(json_in(&last.content), rest.body);

    let status = client.generate_ui(ask(BEYOND_BLUEPRINTS)).await.unwrap_err();
    assert_eq!(
        (status.code(), &*reason(&status)),
        (Code::InvalidArgument, "declined")
    );
    assert_eq!(status.message(), rest.body["error"]);
    let told = status.get_details_error_info().unwrap();
    assert_eq!(json_in(&told.metadata["details"]), rest.body["details"]);
    assert_eq!(server.get("/apps").await.body["apps"], json!([]));
}

#[tokio::test]
async fn requests_nobody_can_serve_are_refused() {
    let server = Server::start().await;
    let mut client = client(&server).await;
    let child_of = |parent: &str| GenerateUiRequest {
        parent_id: Some(parent.to_owned()),
        ..ask("a counter")
    };
    for (request, code, expected) in [
        (ask(""), Code::InvalidArgument, "invalid_argument"),
        (
            ask(&"x".repeat(40_000)),
            Code::InvalidArgument,
            "invalid_argument",
        ),
        (child_of(NOBODY), Code::NotFound, "not_found"),
        (child_of("nobody"), Code::InvalidArgument, "invalid_body"),
    ] {
        let status = client.generate_ui(request).await.unwrap_err();
        assert_eq!((status.code(), &*reason(&status)), (code, expected));
    }
    let status = client.generate_ui(ask(&"x".repeat(1_100_000))).await.unwrap_err();
    assert_eq!(status.code(), Code::OutOfRange, "{status:?}");
}

#[tokio::test]
async fn who_leaves_cancels() {
    let llm = hanging();
    let server = Server::with_model(llm.clone()).await;
    let mut client = client(&server).await;
    let mut messages = client.stream_ui(ask("a counter")).await.unwrap().into_inner();
    while messages.message().await.unwrap().unwrap().r#type() != Type::Token {}
    drop(messages);
    soon(|| llm.dropped_unfinished() == 1).await;
    assert_eq!(server.get("/apps").await.body["apps"], json!([]));
}

#[tokio::test]
async fn stopping_ends_what_is_under_way() {
    let server = Server::with_model(hanging()).await;
    let mut client = client(&server).await;
    let messages = client.stream_ui(ask("a counter")).await.unwrap().into_inner();
    let (messages, stopped) = tokio::join!(
        to_the_end(messages),
        tokio::time::timeout(Duration::from_secs(4), server.stop())
    );
    stopped.expect("the server waits for the model");
    let last = messages.last().unwrap();
    assert_eq!(json_in(&last.content)["code"], "cancelled", "{messages:?}");
}

#[tokio::test]
async fn a_chat_is_told_as_it_goes_and_remembers_by_its_name() {
    let llm = ScriptedLlm::new([
        say("Hello.\n{\"make\":\"count things\"}"),
        say(COUNTER),
        say("Gladly."),
    ]);
    let server = Server::with_model(llm.clone()).await;
    let mut client = client(&server).await;
    let mut chat = async |message: &str| {
        let request = StreamChatRequest {
            message: message.to_owned(),
            conversation_id: Some("ours".to_owned()),
        };
        let messages = client.stream_chat(request).await.unwrap().into_inner();
        to_the_end(messages).await
    };
    let messages = chat("hello, count for me").await;
    let types: Vec<Type> = messages.iter().map(StreamMessage::r#type).collect();
    assert_eq!(
        types,
        [Type::Token, Type::GenerationStart, Type::Token, Type::Complete]
    );
    assert_eq!(messages[0].content, "Hello.\n");
    let complete = json_in(&messages[3].content);
    let apps = server.get("/apps").await.body["apps"].clone();
    assert_eq!(apps[0]["id"], complete["app_id"]);

    let messages = chat("thanks").await;
    let last = messages.last().unwrap();
    assert_eq!((last.r#type(), last.content.as_str()), (Type::Complete, ""));
    assert_eq!(
        llm.transcript()[2].messages.len(),
        3,
        "what was said before is told again"
    );
}

#[tokio::test]
async fn health_is_told_of_the_server_and_of_the_service() {
    let server = Server::start().await;
    check_health(channel(&server).await, "agentos.ai.v1.AiService").await;
}

pub(crate) async fn check_health(channel: Channel, service: &str) {
    let mut health = HealthClient::new(channel);
    for service in ["", service] {
        let request = HealthCheckRequest {
            service: service.to_owned(),
        };
        let answer = health.check(request).await.unwrap().into_inner();
        assert_eq!(answer.status(), ServingStatus::Serving, "{service}");
    }
}

#[tokio::test]
async fn who_watches_the_health_does_not_hold_up_a_stop() {
    let server = Server::start().await;
    let mut health = HealthClient::new(channel(&server).await);
    let watching = health.watch(HealthCheckRequest::default()).await;
    let mut statuses = watching.unwrap().into_inner();
    let first = statuses.message().await.unwrap().unwrap();
    assert_eq!(first.status(), ServingStatus::Serving);
    tokio::time::timeout(Duration::from_secs(4), server.stop())
        .await
        .expect("the server waits for the watch");
    assert_eq!(statuses.message().await.unwrap(), None);
}

#[tokio::test]
async fn reflection_lists_the_services() {
    let server = Server::start().await;
    let services = reflected(channel(&server).await).await;
    assert_eq!(services, ["agentos.ai.v1.AiService", "grpc.health.v1.Health"]);
}

/// The services that reflection lists, but for itself.
async fn reflected(channel: Channel) -> Vec<String> {
    let mut reflection = ServerReflectionClient::new(channel);
    let request = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let answers = reflection
        .server_reflection_info(futures::stream::iter([request]))
        .await;
    let answer = answers.unwrap().into_inner().message().await.unwrap().unwrap();
    let Some(MessageResponse::ListServicesResponse(services)) = answer.message_response else {
        panic!("{answer:?}");
    };
    let names = services.service.into_iter().map(|service| service.name);
    let mut names: Vec<String> = names
        .filter(|name| !name.starts_with("grpc.reflection."))
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn what_a_page_could_have_sent_is_refused() {
    let server = Server::start().await;
    for header in ["origin", "sec-fetch-site"] {
        let mut request = Request::new(IdentityRequest {});
        request
            .metadata_mut()
            .insert(header, server.ai_url.parse().unwrap());
        let status = client(&server).await.identity(request).await.unwrap_err();
        assert_eq!(
            (status.code(), &*reason(&status)),
            (Code::PermissionDenied, "foreign_origin")
        );
    }
    let elsewhere = Uri::from_static("http://evil.example");
    let rebound = endpoint(&server).origin(elsewhere).connect().await.unwrap();
    let status = AiServiceClient::new(rebound)
        .identity(IdentityRequest {})
        .await
        .unwrap_err();
    assert_eq!(
        (status.code(), &*reason(&status)),
        (Code::PermissionDenied, "foreign_host")
    );
}

#[tokio::test]
async fn the_program_serves_it_where_it_is_told() {
    let (_place, data_dir) = place();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap().to_string();
    drop(free);
    let program = Program::start_with(&data_dir, &["--ai-listen", &address], &[]);
    let mut client = AiServiceClient::connect(format!("http://{address}"))
        .await
        .unwrap();
    let identity = client.identity(IdentityRequest {}).await.unwrap().into_inner();
    assert_eq!(identity.provider, "offline");

    let (_place, other_data_dir) = place();
    let (code, told) = Program::refused(&other_data_dir, &["--ai-listen", &address]);
    assert_eq!(code, Some(3), "{told}");
    assert!(told.contains(&address) && told.contains("--ai-listen"), "{told}");
    drop(program);
}
