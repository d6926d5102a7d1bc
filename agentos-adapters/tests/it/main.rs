//! The adapters as their callers see them.

mod kernel;
mod storage;
