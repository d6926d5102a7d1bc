//! The adapters as their callers see them.

mod apps;
mod kernel;
mod storage;
