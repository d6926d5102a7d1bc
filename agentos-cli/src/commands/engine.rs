//! `engine`: the engine's protocol, one JSON object a line each way.

use std::io::{self, BufRead, Write};

use agentos_core::engine::Engine;

use crate::Verdict;

pub(crate) fn engine() -> anyhow::Result<Verdict> {
    let mut engine = Engine::default();
    let mut out = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let line = line?;
        if !line.trim().is_empty() {
            writeln!(out, "{}", engine.call(&line))?;
            out.flush()?;
        }
    }
    Ok(Verdict::Good)
}
