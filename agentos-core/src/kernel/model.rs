//! The way of a question to the model: text in, text out, under an approval of its own.

use super::errand::Errand;
use super::{Answer, Asked, CallId, Kernel, Limits, Op, SysError};
use crate::ids::Namespace;
use crate::time::Millis;

/// The longest question, in bytes.
pub const PROMPT_BYTES: u64 = 64 * 1_024;
/// The longest answer that is handed to a process, in bytes; what follows is left out.
pub const ANSWER_BYTES: u64 = 64 * 1_024;
/// The most tokens an answer may have.
pub const ANSWER_TOKENS: u32 = 4_096;
/// How long a question may take, from its approval on.
pub const MODEL_TIME: Millis = 120_000;

/// What a process asks for with [`Syscall::LlmGenerate`](super::Syscall::LlmGenerate).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ModelRequest {
    /// What is to be done.
    pub prompt: String,
    /// What it is to be done with; the model is told that it is no instruction. May be empty.
    pub text: String,
    /// From 1 to [`ANSWER_TOKENS`]; none is the most there may be.
    pub max_tokens: Option<u32>,
}

/// What the model made of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModelReply {
    /// Text and nothing else: what it says of tools or grants is text.
    Text(String),
    /// There is none, for a reason that lies with the model or its provider; `code` is what programs decide by.
    Refused { code: String, message: String },
}

/// A question as a host puts it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    pub prompt: String,
    pub text: String,
    pub max_tokens: u32,
    /// On whose account it is; none for a process without a namespace.
    pub account: Option<Namespace>,
}

impl Prompt {
    pub(super) fn bytes(&self) -> u64 {
        (self.prompt.len() + self.text.len()) as u64
    }
}

#[derive(Debug)]
pub(super) struct ModelCall {
    prompt: Prompt,
}

impl Kernel {
    pub(super) fn llm_generate(
        &mut self,
        asked: Asked,
        request: ModelRequest,
        limits: &Limits,
    ) -> Result<Answer, SysError> {
        let ModelRequest {
            prompt,
            text,
            max_tokens,
        } = request;
        let bytes = (prompt.len() + text.len()) as u64;
        let limit = PROMPT_BYTES.min(limits.request_bytes);
        if bytes > limit {
            return Err(SysError::TooLarge { limit });
        }
        if prompt.trim().is_empty() {
            return Err(SysError::invalid("prompt"));
        }
        let max_tokens = max_tokens.unwrap_or(ANSWER_TOKENS);
        if !(1..=ANSWER_TOKENS).contains(&max_tokens) {
            return Err(SysError::invalid("max_tokens"));
        }
        let held_bytes = bytes + ANSWER_BYTES;
        let pid = asked.caller.pid();
        let process = self.processes.take_operation(pid, limits, held_bytes)?;
        let prompt = Prompt {
            prompt,
            text,
            max_tokens,
            account: process.namespace,
        };
        self.set_out(asked, Errand::Model(Box::new(ModelCall { prompt })), held_bytes);
        Ok(Answer::WhenDone)
    }

    pub(super) fn send_prompt(&mut self, call: CallId) -> Result<(), SysError> {
        let errand = self.calls.get(&call).and_then(|call| call.errand.as_ref());
        let Some(Errand::Model(model)) = errand else {
            return Ok(());
        };
        let prompt = model.prompt.clone();
        self.enqueue(call, Op::Generate(Box::new(prompt)))
    }
}
