//! Models behind a provider's API, against a provider that is played.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use agentos_adapters::llm::{Key, Provider, RemoteLlm, RemoteModel};
use agentos_core::llm_contract;
use agentos_core::ports::llm::{
    Account, EndReason, LlmError, LlmEvent, LlmPort, LlmRequest, Message, Role, Task, Urgency, Usage,
};
use futures::StreamExt;
use serde_json::{Value, json};

use super::replay::{Replay, Reply};

const KEY: &str = "key-0123456789";

pub(crate) fn model(provider: Provider, base_url: &str) -> RemoteLlm {
    let model = RemoteModel {
        provider,
        base_url: base_url.to_owned(),
        model: "some-model".to_owned(),
        key: Key::parse(KEY).unwrap(),
    };
    RemoteLlm::new(model).unwrap()
}

pub(crate) fn request() -> LlmRequest {
    LlmRequest {
        task: Task::Generate,
        user_text: "a clock".to_owned(),
        document: None,
        issues: Vec::new(),
        system: "Write JSON.".to_owned(),
        messages: vec![Message {
            role: Role::User,
            text: "a clock".to_owned(),
        }],
        schema: None,
        max_tokens: 1_000,
        deadline: Duration::from_secs(20),
        account: Account::Person,
        urgency: Urgency::Foreground,
    }
}

/// What an answer came to.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) text: String,
    pub(crate) thoughts: String,
    pub(crate) usage: Usage,
    /// Nothing for a stream that was cut.
    pub(crate) end: Option<Result<EndReason, LlmError>>,
}

pub(crate) async fn asked(llm: &dyn LlmPort) -> Answer {
    let mut answer = Answer::default();
    let mut stream = llm.stream(request());
    while let Some(event) = stream.next().await {
        assert!(answer.end.is_none(), "nothing follows the end");
        match event {
            Ok(LlmEvent::Text(text)) => answer.text.push_str(&text),
            Ok(LlmEvent::Thought(text)) => answer.thoughts.push_str(&text),
            Ok(LlmEvent::Usage(usage)) => answer.usage = usage,
            Ok(LlmEvent::End(reason)) => answer.end = Some(Ok(reason)),
            Err(error) => answer.end = Some(Err(error)),
        }
    }
    answer
}

async fn answered(provider: Provider, replies: impl IntoIterator<Item = Reply>) -> (Answer, Replay) {
    let replay = Replay::start(replies).await;
    let answer = asked(&model(provider, &replay.url())).await;
    (answer, replay)
}

const PROVIDERS: [Provider; 3] = [Provider::Gemini, Provider::OpenAi, Provider::Anthropic];

/// A thought, two pieces of text with what JSON may hold, and the tokens: 7 in, 5 out.
pub(crate) fn stream_of(provider: Provider) -> String {
    let events: Vec<Value> = match provider {
        Provider::Gemini => vec![
            json!({"candidates": [{"content": {"parts": [{"text": "Hm.", "thought": true}]}}]}),
            json!({"candidates": [{"content": {"parts": [{"text": "{\"a\": \"ü"}]}}]}),
            json!({"candidates": [{"content": {"parts": [{"text": ""}]}, "finishReason": "STOP"}]}),
            json!({"candidates": [{"content": {"parts": [{"text": "\u{2028}\"}"}]}, "finishReason": "STOP"}],
                "usageMetadata": {"promptTokenCount": 7, "candidatesTokenCount": 3, "thoughtsTokenCount": 2}}),
        ],
        Provider::OpenAi => vec![
            json!({"choices": [{"delta": {"role": "assistant", "content": null, "reasoning_content": "Hm."}}]}),
            json!({"choices": [{"delta": {"content": "{\"a\": \"ü"}}]}),
            json!({"choices": [{"delta": {"content": "\u{2028}\"}"}, "finish_reason": "stop"}]}),
            json!({"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 5}}),
        ],
        Provider::Anthropic => vec![
            json!({"type": "message_start", "message": {"usage": {"input_tokens": 7, "output_tokens": 1}}}),
            json!({"type": "content_block_delta", "delta": {"type": "thinking_delta", "thinking": "Hm."}}),
            json!({"type": "content_block_delta", "delta": {"type": "text_delta", "text": "{\"a\": \"ü"}}),
            json!({"type": "ping"}),
            json!({"type": "content_block_delta", "delta": {"type": "text_delta", "text": "\u{2028}\"}"}}),
            json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 5}}),
            json!({"type": "message_stop"}),
        ],
    };
    let end = if provider == Provider::Gemini {
        "\r\n"
    } else {
        "\n"
    };
    let mut text = String::new();
    for event in events {
        write!(text, ": comment{end}data: {event}{end}{end}").unwrap();
    }
    if provider == Provider::OpenAi {
        text.push_str("data: [DONE]\n\n");
    }
    text
}

#[tokio::test]
async fn an_answer_is_the_same_however_its_bytes_are_cut() {
    for provider in PROVIDERS {
        for bytes in [1, 2, 3, 7, 64, 100_000] {
            let reply = Reply::ok(stream_of(provider)).in_pieces_of(bytes);
            let (answer, _replay) = answered(provider, [reply]).await;
            let context = format!("{provider:?} in pieces of {bytes}: {answer:?}");
            assert_eq!(answer.text, "{\"a\": \"ü\u{2028}\"}", "{context}");
            assert_eq!(answer.thoughts, "Hm.", "{context}");
            assert_eq!(answer.usage, Usage { input: 7, output: 5 }, "{context}");
            assert!(matches!(answer.end, Some(Ok(EndReason::Stop))), "{context}");
        }
    }
}

#[tokio::test]
async fn the_request_says_what_is_asked_and_the_key_is_in_a_header_alone() {
    for (provider, path, header) in [
        (
            Provider::Gemini,
            "POST /models/some-model:streamGenerateContent?alt=sse ",
            format!("x-goog-api-key: {KEY}"),
        ),
        (
            Provider::OpenAi,
            "POST /chat/completions ",
            format!("authorization: Bearer {KEY}"),
        ),
        (
            Provider::Anthropic,
            "POST /messages ",
            format!("x-api-key: {KEY}"),
        ),
    ] {
        let (_, replay) = answered(provider, [Reply::ok(stream_of(provider))]).await;
        let request = replay.requests().remove(0);
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with(path), "{head}");
        assert!(head.contains(&header), "{head}");
        assert_eq!(request.matches(KEY).count(), 1, "{request}");
        assert!(body.contains("Write JSON.") && body.contains("a clock"), "{body}");
        serde_json::from_str::<Value>(body).unwrap();
    }
}

#[tokio::test]
async fn a_stream_without_an_end_was_cut() {
    for provider in PROVIDERS {
        let whole = stream_of(provider);
        let cut: String = whole.chars().take(whole.find('ü').unwrap()).collect();
        let half = whole.split_inclusive('\n').take(5).collect::<String>() + "\n";
        for reply in [Reply::ok(half.clone()).cut(), Reply::ok(half)] {
            let (answer, _replay) = answered(provider, [reply]).await;
            assert!(answer.end.is_none(), "{provider:?}: {answer:?}");
        }
        let (answer, _replay) = answered(provider, [Reply::ok(cut)]).await;
        assert!(
            matches!(answer.end, Some(Err(LlmError::Malformed(_))) | None),
            "{provider:?}: {answer:?}"
        );
    }
}

/// The code of the error, or what else came.
pub(crate) fn code(answer: &Answer) -> &'static str {
    match &answer.end {
        Some(Err(error)) => error.code(),
        Some(Ok(EndReason::Stop)) => "stop",
        Some(Ok(EndReason::Length)) => "length",
        None => "cut",
    }
}

#[tokio::test]
async fn errors_are_told_by_what_the_caller_decides() {
    let google = |status: u16, reason: &str, details: Value| json!({"error": {"code": status, "message": format!("{reason}: {KEY}"), "status": reason, "details": details}});
    let per_day = json!([{"violations": [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier"}]}]);
    let pause = |text: &str| json!([{"@type": "RetryInfo", "retryDelay": text}]);
    let cases: Vec<(Provider, u16, Value, &str)> = vec![
        (
            Provider::Gemini,
            400,
            google(400, "API_KEY_INVALID", json!([])),
            "model_rejected",
        ),
        (
            Provider::Gemini,
            403,
            google(403, "PERMISSION_DENIED", json!([])),
            "model_rejected",
        ),
        (
            Provider::Gemini,
            400,
            json!([google(400, "INVALID_ARGUMENT", json!([]))]),
            "model_rejected",
        ),
        (
            Provider::Gemini,
            429,
            google(429, "RESOURCE_EXHAUSTED", per_day),
            "model_rejected",
        ),
        (
            Provider::Gemini,
            429,
            google(429, "limit: 0", json!([])),
            "model_rejected",
        ),
        (
            Provider::Gemini,
            429,
            google(429, "RESOURCE_EXHAUSTED", pause("90s")),
            "rate_limited",
        ),
        (
            Provider::Gemini,
            503,
            google(503, "UNAVAILABLE", json!([])),
            "overloaded",
        ),
        (
            Provider::OpenAi,
            401,
            json!({"error": {"message": format!("bad {KEY}")}}),
            "model_rejected",
        ),
        (
            Provider::OpenAi,
            400,
            json!({"error": "no such thing"}),
            "model_rejected",
        ),
        (
            Provider::OpenAi,
            422,
            json!({"detail": "no such thing"}),
            "model_rejected",
        ),
        (
            Provider::OpenAi,
            429,
            json!({"error": {"code": "insufficient_quota", "message": "pay"}}),
            "model_rejected",
        ),
        (
            Provider::OpenAi,
            429,
            json!({"error": {"message": "slow"}}),
            "rate_limited",
        ),
        (Provider::OpenAi, 500, json!("not an object"), "unavailable"),
        (
            Provider::Anthropic,
            529,
            json!({"error": {"type": "overloaded_error", "message": "busy"}}),
            "overloaded",
        ),
        (
            Provider::Anthropic,
            401,
            json!({"error": {"message": "API key is invalid."}}),
            "model_rejected",
        ),
    ];
    for (provider, status, body, expected) in cases {
        let (answer, _replay) = answered(provider, [Reply::of(status, body.to_string())]).await;
        assert_eq!(code(&answer), expected, "{status} {body}: {answer:?}");
        let told = format!(
            "{:?} {}",
            answer.end,
            answer.end.as_ref().unwrap().as_ref().unwrap_err()
        );
        assert!(!told.contains(KEY), "the key is not repeated: {told}");
    }
}

#[tokio::test]
async fn what_stops_an_answer_midway_is_told() {
    let gemini = |candidate: Value| format!("data: {}\n\n", json!({"candidates": [candidate]}));
    let text = gemini(json!({"content": {"parts": [{"text": "half"}]}}));
    let cases = vec![
        (Provider::Gemini, gemini(json!({"finishReason": "MAX_TOKENS"})), "out_of_tokens"),
        (
            Provider::Gemini,
            format!("{text}{}", gemini(json!({"finishReason": "MAX_TOKENS"}))),
            "length",
        ),
        (Provider::Gemini, gemini(json!({"finishReason": "RECITATION"})), "blocked"),
        (Provider::Gemini, format!("{text}{}", gemini(json!({"finishReason": "NEW_REASON"}))), "stop"),
        (
            Provider::Gemini,
            "data: {\"promptFeedback\": {\"blockReason\": \"SAFETY\"}}\n\n".to_owned(),
            "blocked",
        ),
        (
            Provider::Gemini,
            format!("{text}{{\n  \"error\": {{\n    \"code\": 503,\n    \"message\": \"overloaded\"\n  }}\n}}\n"),
            "overloaded",
        ),
        (Provider::Gemini, "data: {\"usageMetadata\": {}}\n\n".to_owned(), "cut"),
        (
            Provider::OpenAi,
            "data: {\"choices\": [{\"delta\": {\"content\": \"half\"}}]}\n\ndata: {\"error\": {\"message\": \"gone\", \"code\": 429}}\n\n".to_owned(),
            "rate_limited",
        ),
        (
            Provider::OpenAi,
            "data: {\"choices\": [{\"delta\": {}, \"finish_reason\": \"content_filter\"}]}\n\n".to_owned(),
            "blocked",
        ),
        (
            Provider::OpenAi,
            json!({"choices": [{"message": {"content": "whole"}, "finish_reason": "stop"}]}).to_string(),
            "stop",
        ),
        (
            Provider::Anthropic,
            "event: error\ndata: {\"type\": \"error\", \"error\": {\"type\": \"overloaded_error\", \"message\": \"busy\"}}\n\n".to_owned(),
            "overloaded",
        ),
        (Provider::Anthropic, "data: not json\n\n".to_owned(), "model_malformed"),
    ];
    for (provider, body, expected) in cases {
        let (answer, _replay) = answered(provider, [Reply::ok(body.clone())]).await;
        assert_eq!(code(&answer), expected, "{body}: {answer:?}");
    }
}

#[tokio::test]
async fn nobody_there_is_unavailable() {
    let replay = Replay::start([Reply::ok("")]).await;
    let url = replay.url();
    drop(replay);
    let answer = asked(&model(Provider::OpenAi, &url)).await;
    assert_eq!(code(&answer), "unavailable");
}

#[tokio::test]
async fn a_model_that_is_not_there_is_answered_with_those_that_are() {
    let cases = [
        (
            Provider::Gemini,
            json!({"models": [
                {"name": "models/gemini-a", "supportedGenerationMethods": ["generateContent"]},
                {"name": "models/embedder", "supportedGenerationMethods": ["embedContent"]},
                {"name": "models/gemini-b"},
            ]}),
            "gemini-a, gemini-b",
        ),
        (
            Provider::OpenAi,
            json!({"data": [{"id": "one"}, {"id": "two"}]}),
            "one, two",
        ),
        (Provider::Anthropic, json!({"data": [{"id": "one"}]}), "one"),
    ];
    for (provider, list, names) in cases {
        let gone = Reply::of(404, json!({"error": {"message": "not found"}}).to_string());
        let (answer, replay) = answered(provider, [gone, Reply::ok(list.to_string())]).await;
        let Some(Err(LlmError::Rejected { message })) = answer.end else {
            panic!("{answer:?}");
        };
        assert_eq!(
            message,
            format!("there is no model `some-model`; there are {names}")
        );
        assert!(
            replay.requests()[1].starts_with("GET /models "),
            "{:?}",
            replay.requests()
        );
    }
}

#[tokio::test]
async fn dropping_the_stream_closes_the_connection_at_once() {
    let begun = "data: {\"choices\": [{\"delta\": {\"content\": \"half\"}}]}\n\n";
    let replay = Replay::start([Reply::ok(begun).then_silent()]).await;
    let mut stream = model(Provider::OpenAi, &replay.url()).stream(request());
    assert!(matches!(stream.next().await, Some(Ok(LlmEvent::Text(_)))));
    let dropped = Instant::now();
    drop(stream);
    let hung_up = tokio::time::timeout(Duration::from_millis(250), replay.until_hung_up()).await;
    assert!(hung_up.is_ok(), "still open after {:?}", dropped.elapsed());
}

#[tokio::test]
async fn an_answer_that_takes_too_long_is_ended() {
    let replay = Replay::start([Reply::ok("").then_silent()]).await;
    let mut slow = request();
    slow.deadline = Duration::from_millis(50);
    let events: Vec<_> = model(Provider::Gemini, &replay.url())
        .stream(slow)
        .collect()
        .await;
    assert!(matches!(events[..], [Err(LlmError::TimedOut)]), "{events:?}");
    replay.until_hung_up().await;
}

/// The folder of recorded traffic, where it is.
fn transcripts() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/transcripts");
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("SKIPPED: {} is not here", folder.display());
    None
}

/// One recorded exchange, and what it must come to.
struct Exchange {
    provider: Provider,
    name: String,
    status: u16,
    body: Vec<u8>,
    /// Codes one of which the answer ends with.
    ends: &'static [&'static str],
    text: String,
}

/// The endpoints an adapter asks; bodies of others may come from a server that is no provider.
fn is_asked(provider: Provider, path: &str) -> bool {
    let path = path.split('?').next().unwrap_or_default();
    match provider {
        Provider::Gemini => path.is_empty() || path.ends_with("enerateContent"),
        Provider::OpenAi => path.ends_with("/chat/completions"),
        Provider::Anthropic => path.ends_with("/messages"),
    }
}

impl Exchange {
    fn of(folder: &Path, entry: &Value) -> Self {
        let word = |key: &str| entry[key].as_str().unwrap_or_default().to_owned();
        let body = std::fs::read(folder.join(word("provider")).join(word("file"))).unwrap();
        let path = word("path");
        let provider = match word("provider").as_str() {
            "gemini" if !path.contains("/chat/completions") => Provider::Gemini,
            "anthropic" => Provider::Anthropic,
            _ => Provider::OpenAi,
        };
        let status = u16::try_from(entry["status"].as_u64().unwrap()).unwrap();
        let events = events_in(&String::from_utf8_lossy(&body));
        let (ends, text) = match status {
            429 => (&["rate_limited", "model_rejected"] as &[_], String::new()),
            503 => (&["overloaded"] as &[_], String::new()),
            500.. => (&["unavailable"] as &[_], String::new()),
            200 if is_asked(provider, &path) => (
                ends_of(entry, provider, &events),
                events.iter().map(|event| text_in(provider, event)).collect(),
            ),
            // Whatever ends it, nothing of it is taken for an answer.
            200 => (
                &["cut", "stop", "out_of_tokens", "model_malformed"] as &[_],
                String::new(),
            ),
            _ => (&["model_rejected"] as &[_], String::new()),
        };
        Self {
            provider,
            name: format!("{} ({path})", word("file")),
            status,
            body,
            ends,
            text,
        }
    }
}

/// The JSON of a body, found the simplest way there is: events, one a line, or a whole answer.
fn events_in(body: &str) -> Vec<Value> {
    if let Ok(whole) = serde_json::from_str::<Value>(body) {
        return match whole {
            Value::Array(events) => events,
            event => vec![event],
        };
    }
    let events = body.split(['\r', '\n']);
    events
        .filter_map(|line| serde_json::from_str(line.strip_prefix("data:")?.trim()).ok())
        .collect()
}

fn ends_of(entry: &Value, provider: Provider, events: &[Value]) -> &'static [&'static str] {
    let of_index = entry["finish"].as_array().into_iter().flatten();
    let of_event = |event: &Value| {
        let places = [
            "/candidates/0/finishReason",
            "/choices/0/finish_reason",
            "/delta/stop_reason",
        ];
        places
            .iter()
            .find_map(|place| event.pointer(place)?.as_str().map(str::to_owned))
    };
    let finish: Vec<String> = of_index
        .filter_map(|reason| reason.as_str().map(str::to_owned))
        .chain(events.iter().filter_map(of_event))
        .collect();
    let says = |place: &str| {
        events
            .iter()
            .any(|event| event.pointer(place).is_some_and(Value::is_string))
    };
    let is_blocked = finish
        .iter()
        .any(|reason| ["RECITATION", "SAFETY"].contains(&reason.as_str()))
        || says("/promptFeedback/blockReason")
        || (provider == Provider::OpenAi && says("/choices/0/delta/refusal"));
    match finish.last().map(String::as_str) {
        _ if is_blocked => &["blocked"],
        None => &["cut"],
        Some("length" | "MAX_TOKENS" | "max_tokens") => &["length", "out_of_tokens"],
        Some(_) => &["stop"],
    }
}

fn text_in(provider: Provider, event: &Value) -> String {
    let texts: Vec<&Value> = match provider {
        Provider::Gemini => event
            .pointer("/candidates/0/content/parts")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter(|part| part["thought"] != true)
            .filter_map(|part| part.get("text"))
            .collect(),
        Provider::OpenAi => ["/choices/0/delta/content", "/choices/0/message/content"]
            .iter()
            .filter_map(|at| event.pointer(at))
            .collect(),
        Provider::Anthropic => ["/delta/text", "/content_block/text"]
            .iter()
            .filter_map(|at| event.pointer(at))
            .collect(),
    };
    texts.into_iter().filter_map(Value::as_str).collect()
}

#[tokio::test]
async fn recorded_traffic_is_understood() {
    let Some(folder) = transcripts() else { return };
    let index = std::fs::read_to_string(folder.join("INDEX.jsonl")).unwrap();
    let mut tried = 0;
    for line in index.lines() {
        let exchange = Exchange::of(&folder, &serde_json::from_str(line).unwrap());
        let pieces = if exchange.body.len() > 20_000 { 97 } else { 13 };
        let reply = Reply::of(exchange.status, exchange.body).in_pieces_of(pieces);
        let list = (exchange.status == 404).then(|| Reply::ok("{}"));
        let (answer, _replay) = answered(exchange.provider, [reply].into_iter().chain(list)).await;
        let context = format!("{}: {answer:?}", exchange.name);
        assert!(
            exchange.ends.contains(&code(&answer)),
            "expected {:?}: {context}",
            exchange.ends
        );
        assert_eq!(answer.text, exchange.text, "{context}");
        tried += 1;
    }
    assert!(tried > 200, "{tried} exchanges");
}

/// The same against a real server, whose address `AGENTOS_TEST_LLM_BASE` and whose model `AGENTOS_TEST_LLM_MODEL` name.
#[tokio::test]
async fn a_real_server_answers() {
    let Ok(base_url) = std::env::var("AGENTOS_TEST_LLM_BASE") else {
        eprintln!("SKIPPED: AGENTOS_TEST_LLM_BASE names no server");
        return;
    };
    let model = RemoteModel {
        provider: Provider::OpenAi,
        base_url,
        model: std::env::var("AGENTOS_TEST_LLM_MODEL").unwrap_or_default(),
        key: Key::parse(&std::env::var("AGENTOS_TEST_LLM_KEY").unwrap_or_default()).unwrap(),
    };
    let answer = asked(&RemoteLlm::new(model).unwrap()).await;
    assert!(matches!(answer.end, Some(Ok(_))), "{answer:?}");
    assert!(
        !answer.text.is_empty() || !answer.thoughts.is_empty(),
        "{answer:?}"
    );
}

/// The port's promises, for each provider.
mod contract {
    use super::*;

    /// Serves on while the test's runtime lives.
    async fn played(provider: Provider) -> RemoteLlm {
        let replay = Replay::start([Reply::ok(stream_of(provider))]).await;
        let llm = model(provider, &replay.url());
        std::mem::forget(replay);
        llm
    }

    mod gemini {
        use super::*;
        llm_contract!(played(Provider::Gemini).await, request());
    }

    mod openai {
        use super::*;
        llm_contract!(played(Provider::OpenAi).await, request());
    }

    mod anthropic {
        use super::*;
        llm_contract!(played(Provider::Anthropic).await, request());
    }
}
