//! The `UISpec` document: what a model writes once and what runs from then on.

pub mod issue;
pub mod limits;

pub use issue::{Code, Issue, Severity};
