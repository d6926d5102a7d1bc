//! How far an app is, on standard error.

use std::io::{self, Write};

use serde_json::Value;

/// Shows the way to the app; thoughts come in pieces of one text.
#[derive(Default)]
pub(super) struct Progress {
    is_thinking: bool,
}

impl Progress {
    pub(super) fn show(&mut self, event: &Value) -> io::Result<()> {
        let mut out = io::stderr().lock();
        let is_thought = event["type"] == "thought";
        if self.is_thinking && !is_thought {
            writeln!(out)?;
        }
        self.is_thinking = is_thought;
        match event["type"].as_str() {
            Some("generation_start") => writeln!(out, "{}", event["message"].as_str().unwrap_or("working")),
            Some("thought") => write!(out, "{}", event["content"].as_str().unwrap_or_default()),
            Some("ui_patch") => writeln!(
                out,
                "drawing: {} changes",
                event["patch"].as_array().map_or(0, Vec::len)
            ),
            _ => Ok(()),
        }
    }
}
