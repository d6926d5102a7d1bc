//! The adapters as their callers see them.

mod storage;
