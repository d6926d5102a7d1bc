//! Core as its callers see it.

mod storage;
