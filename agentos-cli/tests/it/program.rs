//! Running the program.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

pub(crate) fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_agentos-cli"));
    command
        .args(arguments)
        .env_remove("AGENTOS_SERVER")
        .env_remove("AGENTOS_DATA_DIR")
        .env_remove("AGENTOS_TOKEN")
        .env_remove("AGENTOS_TOKEN_FILE")
        .env_remove("AGENTOS_LLM_API_KEY");
    command
}

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) told: String,
}

/// Runs the program with `input` on its standard input.
pub(crate) fn run(arguments: &[&str], input: &str) -> Ended {
    with_input(program(arguments), input)
}

pub(crate) fn with_input(mut command: Command, input: &str) -> Ended {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    let writing = std::thread::spawn(move || {
        // A program that has seen enough closes its input.
        let _ = stdin.write_all(input.as_bytes());
    });
    let output = child.wait_with_output().unwrap();
    writing.join().unwrap();
    output.into()
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().expect("it was killed"),
            out: String::from_utf8(output.stdout).unwrap(),
            told: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Ended {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

pub(crate) const COUNTER: &str = r#"{
    "type": "app", "title": "Counter", "layout": "vertical", "state": { "n": 0, "text": "" },
    "components": [
        { "type": "text", "id": "count", "props": { "content": "{{ n }} {{ text }}" } },
        { "type": "button", "id": "more", "props": { "text": "More" },
          "on_event": { "click": { "tool": "ui.increment", "args": { "path": "n" } } } },
        { "type": "input", "id": "field", "props": { "label": "Text", "value": { "$bind": "text" } },
          "on_event": { "submit": { "tool": "ui.set_state", "args": { "path": "text", "value": "sent" } } } },
        { "type": "button", "id": "later", "props": { "text": "Later" },
          "on_event": { "click": { "tool": "timer.set", "args": {
            "delay": 100, "action": { "tool": "ui.set_state", "args": { "path": "n", "value": 42 } } } } } }
    ]
}"#;
