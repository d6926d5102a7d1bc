//! Models: one file for each way to reach one.

mod anthropic;
mod chosen;
mod gemini;
mod grpc;
mod offline;
mod openai;
mod provider;
mod queued;
mod remote;
mod sse;

pub use chosen::ChosenLlm;
pub use grpc::GrpcLlm;
pub use offline::OfflineLlm;
pub use provider::Provider;
pub use queued::QueuedLlm;
pub use remote::{InvalidKey, Key, RemoteLlm, RemoteModel};
