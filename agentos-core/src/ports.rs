//! What the core needs from outside, and what outside asks of it: narrow traits and their errors.

pub mod ambient;
pub mod host;
pub mod kernel;
pub mod llm;
pub mod service;
pub mod storage;
pub mod stream;

/// Anything wrong behind a port; the caller decides by the variant and only logs this.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;
