//! Models: one file for each way to reach one.

mod offline;

pub use offline::OfflineLlm;
