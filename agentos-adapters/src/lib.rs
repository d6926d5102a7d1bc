//! One folder per outside thing.

pub mod database;
pub mod llm;
pub mod storage;
