//! The adapters as their callers see them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod apps;
mod kernel;
mod llm;
mod queued;
mod replay;
mod storage;
