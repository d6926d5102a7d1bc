//! Models: one file for each way to reach one.

mod anthropic;
mod gemini;
mod grpc;
mod offline;
mod openai;
mod provider;
mod remote;
mod sse;

pub use grpc::GrpcLlm;
pub use offline::OfflineLlm;
pub use provider::Provider;
pub use remote::{Key, RemoteLlm, RemoteModel};
