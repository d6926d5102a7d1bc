//! The gRPC services and their messages, as `scripts/proto` writes them from `proto/`, and what the messages of the
//! ports mean in the core's words.

mod call;
mod llm;

pub use llm::Unreadable;

/// `agentos.ai.v1`: apps from sentences, and the model behind them.
#[allow(
    clippy::pedantic,
    clippy::allow_attributes,
    reason = "written by prost and tonic in their style"
)]
pub mod ai {
    include!("generated/agentos.ai.v1.rs");
}

/// `agentos.kernel.v1`: processes, and what they ask of the kernel.
#[allow(
    clippy::pedantic,
    clippy::large_enum_variant,
    clippy::allow_attributes,
    reason = "written by prost and tonic in their style"
)]
pub mod kernel {
    include!("generated/agentos.kernel.v1.rs");
}

/// All services and messages as an encoded `FileDescriptorSet`, for reflection.
pub const DESCRIPTORS: &[u8] = include_bytes!("generated/descriptors.bin");
