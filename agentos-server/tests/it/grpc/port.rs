//! `GrpcLlm`: the model port of one program, answered by the model of another.

use std::time::Duration;

use agentos_adapters::llm::GrpcLlm;
use agentos_core::llm_contract;
use agentos_core::ports::llm::{
    Account, EndReason, Identity, LlmError, LlmEvent, LlmPort, LlmRequest, Message, Role, Task, Urgency,
    Usage,
};
use agentos_core::spec::issue::{Code, Issue};
use agentos_core::testing::llm::{ScriptedLlm, say};
use futures::StreamExt;
use futures::future::join_all;
use serde_json::json;

use super::line::Line;
use super::{hanging, soon};
use crate::server::Server;

fn request() -> LlmRequest {
    LlmRequest {
        task: Task::Repair,
        user_text: "a clock – größer".to_owned(),
        document: Some(json!({"title": "Clock", "state": {"at": 0.1}})),
        issues: vec![Issue::error(Code::ToolUnknown, "/components/0", "no such tool").about("hand")],
        system: "Write JSON.".to_owned(),
        messages: vec![Message {
            role: Role::User,
            text: "a clock".to_owned(),
        }],
        schema: Some(json!({"type": "object"})),
        max_tokens: 1_000,
        deadline: Duration::from_secs(20),
        account: Account::Person,
        urgency: Urgency::Foreground,
    }
}

async fn connected(server: &Server) -> GrpcLlm {
    GrpcLlm::connect(&server.ai_url).await.unwrap()
}

/// What becomes of a request.
async fn asked(llm: &GrpcLlm, request: LlmRequest) -> Vec<Result<LlmEvent, LlmError>> {
    llm.stream(request).collect().await
}

/// The one error that there is instead of an answer.
async fn failed(llm: &GrpcLlm, request: LlmRequest) -> LlmError {
    let mut events = asked(llm, request).await;
    match (events.pop(), events.is_empty()) {
        (Some(Err(error)), true) => error,
        (last, _) => panic!("{events:?} {last:?}"),
    }
}

#[tokio::test]
async fn a_request_and_its_answer_cross_whole() {
    let answer = [
        LlmEvent::Thought("hm".to_owned()),
        LlmEvent::Text("{\"größe\":".to_owned()),
        LlmEvent::Usage(Usage {
            input: 7,
            output: u64::MAX,
        }),
        LlmEvent::End(EndReason::Length),
    ];
    let script = ScriptedLlm::new([answer.iter().cloned().map(Ok).collect()]);
    let server = Server::with_model(script.clone()).await;
    let events = asked(&connected(&server).await, request()).await;
    let events: Vec<LlmEvent> = events.into_iter().map(Result::unwrap).collect();
    assert_eq!(events, answer);
    assert_eq!(script.transcript(), [request()]);
}

#[tokio::test]
async fn the_model_is_the_one_the_server_asks() {
    let script = ScriptedLlm::default().never_repairing();
    let server = Server::with_model(script.clone()).await;
    let llm = connected(&server).await;
    assert_eq!(
        llm.identity(),
        Identity {
            provider: "scripted".into(),
            model: "script".to_owned(),
        }
    );
    assert!(!llm.can_repair());
    assert_eq!(llm.models().await.unwrap(), ["script"]);
}

fn errors() -> Vec<LlmError> {
    vec![
        LlmError::Declined {
            message: "not that".to_owned(),
            can_build: vec!["a clock".to_owned(), "a quiz".to_owned()],
        },
        LlmError::Blocked {
            reason: "SAFETY".to_owned(),
        },
        LlmError::RateLimited { retry_after: None },
        LlmError::RateLimited {
            retry_after: Some(Duration::from_millis(1_500)),
        },
        LlmError::Overloaded {
            message: "too much to do".to_owned(),
            retry_after: Some(Duration::from_secs(3)),
        },
        LlmError::Busy {
            message: "others wait".to_owned(),
        },
        LlmError::BudgetSpent {
            message: "no more today".to_owned(),
            retry_after: Duration::from_hours(1),
        },
        LlmError::Rejected {
            message: "a bad key".to_owned(),
        },
        LlmError::Unavailable("connection refused".into()),
        LlmError::TimedOut,
        LlmError::OutOfTokens,
        LlmError::Malformed("not JSON".into()),
    ]
}

#[tokio::test]
async fn every_error_crosses_unchanged_and_ends_the_stream() {
    let server = Server::with_model(ScriptedLlm::new(
        errors().into_iter().map(|error| vec![Err(error)]),
    ))
    .await;
    let llm = connected(&server).await;
    for error in errors() {
        let crossed = failed(&llm, request()).await;
        assert_eq!(format!("{crossed:?}"), format!("{error:?}"));
        assert_eq!(crossed.to_string(), error.to_string());
    }
}

#[tokio::test]
async fn an_answer_that_was_cut_has_no_end_here_either() {
    let half = vec![Ok(LlmEvent::Text("half".to_owned()))];
    let server = Server::with_model(ScriptedLlm::new([half])).await;
    let events = asked(&connected(&server).await, request()).await;
    assert!(matches!(events[..], [Ok(LlmEvent::Text(_))]), "{events:?}");
}

#[tokio::test]
async fn dropping_the_stream_ends_the_model_s() {
    let script = hanging();
    let server = Server::with_model(script.clone()).await;
    let mut events = connected(&server).await.stream(request());
    assert!(matches!(events.next().await, Some(Ok(LlmEvent::Text(_)))));
    drop(events);
    soon(|| script.dropped_unfinished() == 1).await;
}

#[tokio::test]
async fn an_answer_that_takes_too_long_is_ended_on_both_sides() {
    let script = hanging();
    let server = Server::with_model(script.clone()).await;
    let mut slow = request();
    slow.deadline = Duration::from_millis(100);
    let events = asked(&connected(&server).await, slow).await;
    assert!(
        matches!(events[..], [Ok(LlmEvent::Text(_)), Err(LlmError::TimedOut)]),
        "{events:?}"
    );
    soon(|| script.dropped_unfinished() == 1).await;
}

#[tokio::test]
async fn no_request_may_hold_the_model_for_hours() {
    let script = ScriptedLlm::new([say("done")]);
    let server = Server::with_model(script.clone()).await;
    let mut patient = request();
    patient.deadline = Duration::from_hours(24);
    asked(&connected(&server).await, patient).await;
    assert_eq!(script.transcript()[0].deadline, Duration::from_mins(10));
}

#[tokio::test]
async fn a_request_that_is_too_large_is_refused() {
    let script = ScriptedLlm::new([say("done")]);
    let server = Server::with_model(script.clone()).await;
    let llm = connected(&server).await;
    let mut large = request();
    large.user_text = "x".repeat(1_100_000);
    let refusal = failed(&llm, large).await;
    assert!(matches!(refusal, LlmError::Rejected { .. }), "{refusal:?}");
    assert_eq!(script.transcript(), []);
    assert_eq!(asked(&llm, request()).await.len(), 2, "the connection goes on");
}

#[tokio::test]
async fn beyond_its_places_the_server_asks_for_a_pause() {
    const PLACES: usize = 32;
    let begun = || vec![Ok(LlmEvent::Text("{".to_owned()))];
    let script = (0..PLACES).fold(ScriptedLlm::default(), |script, _| {
        script.then_hangs_after(begun())
    });
    let server = Server::with_model(script.clone()).await;
    let llm = connected(&server).await;
    let mut held: Vec<_> = (0..PLACES).map(|_| llm.stream(request())).collect();
    join_all(held.iter_mut().map(StreamExt::next)).await;
    let refusal = failed(&llm, request()).await;
    assert!(matches!(refusal, LlmError::RateLimited { .. }), "{refusal:?}");
    assert_eq!(script.transcript().len(), PLACES);
}

#[tokio::test]
async fn a_server_that_goes_away_is_unavailable() {
    let script = hanging();
    let server = Server::with_model(script.clone()).await;
    let line = Line::to(&server.ai_url).await;
    let llm = GrpcLlm::connect(&line.url).await.unwrap();
    let mut events = llm.stream(request());
    events.next().await;
    line.cut();
    let last = events.next().await;
    assert!(matches!(last, Some(Err(LlmError::Unavailable(_)))), "{last:?}");
    assert!(events.next().await.is_none());
    soon(|| script.dropped_unfinished() == 1).await;

    let nobody = failed(&llm, request()).await;
    assert!(matches!(nobody, LlmError::Unavailable(_)), "{nobody:?}");
    let models = llm.models().await;
    assert!(matches!(models, Err(LlmError::Unavailable(_))), "{models:?}");
    let connected = GrpcLlm::connect(&line.url).await;
    assert!(
        matches!(connected, Err(LlmError::Unavailable(_))),
        "{connected:?}"
    );
}

#[tokio::test]
async fn a_server_that_stops_is_unavailable() {
    let server = Server::with_model(hanging()).await;
    let llm = connected(&server).await;
    let mut events = llm.stream(request());
    events.next().await;
    let (last, ()) = tokio::join!(events.next(), server.stop());
    assert!(matches!(last, Some(Err(LlmError::Unavailable(_)))), "{last:?}");
}

#[tokio::test]
async fn what_is_no_address_is_refused() {
    for url in [
        "",
        "not a url",
        "127.0.0.1:1",
        "ftp://127.0.0.1:1",
        "https://127.0.0.1:1",
    ] {
        let connected = GrpcLlm::connect(url).await;
        assert!(
            matches!(connected, Err(LlmError::Rejected { .. })),
            "{url:?}: {connected:?}"
        );
    }
}

/// The port's promises.
mod contract {
    use super::*;

    /// Serves on while the test's runtime lives.
    async fn served() -> GrpcLlm {
        let server = Server::with_model(ScriptedLlm::new([say("{}"), say("{}")])).await;
        let llm = connected(&server).await;
        std::mem::forget(server);
        llm
    }

    llm_contract!(served().await, request());
}
