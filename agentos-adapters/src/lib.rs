//! One folder per outside thing.

pub mod database;
mod grpc;
pub mod http;
pub mod kernel;
pub mod llm;
pub mod platform;
pub mod storage;
mod token;

pub use token::{InvalidToken, Token};
