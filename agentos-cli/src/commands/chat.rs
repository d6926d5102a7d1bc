//! `chat`: talks with the model, which can make and change apps; answers go to standard output, the rest to standard
//! error.

use std::io::{self, IsTerminal, Write};

use anyhow::{Context, bail};
use clap::Args;
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use super::generate::told;
use super::progress::Progress;
use super::{print, print_json};
use crate::Verdict;
use crate::server::{Server, in_runtime};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// One message; left out, each line of standard input is one, in one conversation
    #[arg(value_name = "MESSAGE")]
    words: Vec<String>,
    /// Show what the model thinks as well
    #[arg(long)]
    thoughts: bool,
}

pub(crate) fn chat(server: &Server, arguments: &Arguments, json: bool) -> anyhow::Result<Verdict> {
    in_runtime(async {
        let mut chat = Chat {
            // The messages of one connection are one conversation.
            stream: server.stream().await?,
            shows_thoughts: arguments.thoughts,
            json,
        };
        if !arguments.words.is_empty() {
            return chat.say(&arguments.words.join(" ")).await;
        }
        let mut lines = BufReader::new(tokio::io::stdin()).lines();
        let mut verdict = Verdict::Good;
        loop {
            ask_for_a_line()?;
            let Some(line) = lines.next_line().await? else {
                return Ok(verdict);
            };
            if !line.trim().is_empty() {
                verdict = chat.say(&line).await?;
            }
        }
    })
}

fn ask_for_a_line() -> io::Result<()> {
    if io::stdin().is_terminal() {
        write!(io::stderr(), "> ")?;
    }
    Ok(())
}

struct Chat {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    shows_thoughts: bool,
    json: bool,
}

impl Chat {
    /// Says one thing and shows the answer; bad when it failed.
    async fn say(&mut self, message: &str) -> anyhow::Result<Verdict> {
        let request = json!({ "type": "chat", "message": message });
        self.stream.send(Message::text(request.to_string())).await?;
        let mut shown = Shown::new(self.shows_thoughts, self.json);
        while let Some(frame) = self.stream.next().await {
            let Message::Text(text) = frame.context("the connection to the server broke")? else {
                continue;
            };
            let event: Value =
                serde_json::from_str(&text).context("the server sent something that is not JSON")?;
            shown.show(&event)?;
            if event["type"] == "complete" {
                return Ok(shown.verdict);
            }
        }
        bail!("the server closed the connection before the answer was whole")
    }
}

/// One answer as it comes.
struct Shown {
    thoughts: bool,
    json: bool,
    /// Whether what comes is the document of an app and no longer the answer.
    is_making: bool,
    is_within_a_line: bool,
    progress: Progress,
    verdict: Verdict,
}

impl Shown {
    fn new(thoughts: bool, json: bool) -> Self {
        Self {
            thoughts,
            json,
            is_making: false,
            is_within_a_line: false,
            progress: Progress::default(),
            verdict: Verdict::Good,
        }
    }

    fn show(&mut self, event: &Value) -> io::Result<()> {
        let kind = event["type"].as_str().unwrap_or_default();
        if kind == "error" {
            self.verdict = Verdict::Bad;
        }
        if self.json {
            return if kind == "system" {
                Ok(())
            } else {
                print_json(event)
            };
        }
        if kind == "token" && !self.is_making {
            return self.say(event["content"].as_str().unwrap_or_default());
        }
        if kind != "thought" {
            self.end_the_line()?;
        }
        match kind {
            "ui_complete" => print(&format!(
                "{}  {}",
                event["ui_spec"]["title"].as_str().unwrap_or_default(),
                event["app_id"].as_str().unwrap_or_default()
            )),
            "error" => writeln!(io::stderr(), "{}", told(event)),
            "thought" if !self.thoughts => Ok(()),
            _ => {
                self.is_making |= kind == "generation_start";
                self.progress.show(event)
            }
        }
    }

    fn say(&mut self, text: &str) -> io::Result<()> {
        self.is_within_a_line = !text.ends_with('\n');
        let mut out = io::stdout().lock();
        write!(out, "{text}")?;
        out.flush()
    }

    fn end_the_line(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.is_within_a_line) {
            print("")?;
        }
        Ok(())
    }
}
