//! The `UISpec` document: what a model writes once and what runs from then on.
//!
//! [`UiSpec::from_json`] turns JSON into the typed document; nothing else makes one.

pub mod accept;
pub mod action;
mod binding;
pub mod bounds;
pub mod catalog;
pub mod check;
pub mod document;
pub mod edit;
pub mod history;
pub mod import;
pub mod issue;
pub mod limits;
pub mod location;
pub mod mend;
pub mod nearest;
pub mod patch;
pub mod path;
pub mod reader;
pub mod schema;
pub mod template;

pub use action::{Action, Step};
pub use catalog::Catalog;
pub use document::{Component, UiSpec};
pub use issue::{Code, Issue, Severity};
pub use location::Location;
pub use path::Path;
pub use template::{Source, Template};
