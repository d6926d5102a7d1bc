//! A model provider that is played over real sockets.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::process::Program;

pub(crate) const KEY: &str = "key-0123456789";

/// Speaks chat completions: status and text of each answer in turn, the list of models where it is asked for.
pub(crate) struct Provider {
    port: u16,
    answers: Answers,
    heard: Arc<Mutex<Heard>>,
    serving: JoinHandle<()>,
}

#[derive(Default)]
struct Heard {
    bodies: Vec<Value>,
    keys: Vec<String>,
}

type Answers = Arc<Mutex<VecDeque<(u16, String)>>>;

impl Provider {
    pub(crate) async fn start(answers: impl IntoIterator<Item = (u16, String)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let answers: Answers = Arc::new(Mutex::new(answers.into_iter().collect()));
        let heard = Arc::default();
        let (given, told) = (Arc::clone(&answers), Arc::clone(&heard));
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, Arc::clone(&given), Arc::clone(&told)));
            }
        });
        Self {
            port,
            answers,
            heard,
            serving,
        }
    }

    /// What was asked, without the lists.
    pub(crate) fn asked(&self) -> Vec<Value> {
        self.heard.lock().unwrap().bodies.clone()
    }

    /// The key of each request, those for lists included; empty for one without.
    pub(crate) fn keys(&self) -> Vec<String> {
        self.heard.lock().unwrap().keys.clone()
    }

    /// Has one more answer.
    pub(crate) fn will_say(&self, text: impl ToString) {
        self.answers.lock().unwrap().push_back((200, text.to_string()));
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/v1", self.port)
    }

    /// The program that asks this provider.
    pub(crate) fn program(&self, data_dir: &std::path::Path) -> Program {
        self.program_with(data_dir, &[])
    }

    /// The same with more variables.
    pub(crate) fn program_with(&self, data_dir: &std::path::Path, variables: &[(&str, &str)]) -> Program {
        let url = self.url();
        let flags = [
            "--llm",
            "openai",
            "--llm-model",
            "some-model",
            "--llm-base-url",
            &url,
        ];
        let variables = [&[("AGENTOS_LLM_API_KEY", KEY)], variables].concat();
        Program::start_with(data_dir, &flags, &variables)
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn answer(mut stream: TcpStream, answers: Answers, heard: Arc<Mutex<Heard>>) -> Option<()> {
    let mut request = Vec::new();
    let mut buffer = [0; 4_096];
    let (head, body) = loop {
        let count = stream.read(&mut buffer).await.ok().filter(|count| *count > 0)?;
        request.extend_from_slice(&buffer[..count]);
        let text = String::from_utf8_lossy(&request).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head.to_lowercase();
        let length = length
            .lines()
            .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
        if body.len() >= length.unwrap_or(0) {
            break (head.to_owned(), body.to_owned());
        }
    };
    let key = head
        .lines()
        .find_map(|line| line.strip_prefix("authorization: Bearer "));
    let key = key.unwrap_or_default().to_owned();
    heard.lock().unwrap().keys.push(key);
    let (status, reply) = if head.starts_with("GET ") {
        (200, json!({"data": [{"id": "other-model"}]}).to_string())
    } else {
        heard
            .lock()
            .unwrap()
            .bodies
            .push(serde_json::from_str(&body).unwrap());
        let (status, text) = answers.lock().unwrap().pop_front().expect("another answer");
        (status, if status == 200 { streamed(&text) } else { text })
    };
    let reply = format!(
        "HTTP/1.1 {status} Said\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{reply}",
        reply.len()
    );
    stream.write_all(reply.as_bytes()).await.ok()
}

fn streamed(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let mut events: Vec<Value> = characters
        .chunks(20)
        .map(|piece| json!({"choices": [{"delta": {"content": piece.iter().collect::<String>()}}]}))
        .collect();
    events.push(json!({"choices": [{"delta": {}, "finish_reason": "stop"}]}));
    events.push(json!({"choices": [], "usage": {"prompt_tokens": 100, "completion_tokens": 20}}));
    let events: Vec<String> = events.iter().map(|event| format!("data: {event}\n\n")).collect();
    events.concat() + "data: [DONE]\n\n"
}
