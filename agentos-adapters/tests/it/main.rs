//! The adapters as their callers see them.

mod apps;
mod kernel;
mod llm;
mod replay;
mod storage;
