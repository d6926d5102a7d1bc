//! The whole of the thinking of `AgentOS`, free of I/O: the app language, its runtime, the
//! kernel's policy, app life cycles and the generation pipeline. Compiles to WebAssembly.
//!
//! Start at [`spec`] for what an app is and at [`runtime`] for how one runs.

pub mod apps;
pub mod chat;
pub mod compose;
pub mod engine;
pub mod gallery;
pub mod generate;
pub mod ids;
pub mod kernel;
pub mod llm_queue;
pub mod ports;
pub mod registry;
pub mod runtime;
pub mod services;
pub mod spec;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod time;
pub mod value;
