//! Core as its callers see it.

mod catalog;
mod storage;
