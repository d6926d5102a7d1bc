//! JSON Schemas of the document (draft 2020-12), written from the catalog.
//!
//! Two of them, because they answer two questions. [`acceptance`] says everything a document may
//! hold that needs no mend. [`generation`] is the narrower form a model is constrained to while it
//! writes: the subset of JSON Schema that every provider takes, with the keys in the order in which
//! a model plans best. What a model writes in that form, [`fold`] reads as the document it means,
//! and [`unfold`] writes a document in that form.

mod acceptance;
mod fold;
mod generation;

pub use acceptance::acceptance;
pub(crate) use fold::fold_addition;
pub use fold::{NoPlace, fold, unfold};
pub use generation::{COMPONENT_LEVELS, generation};

/// The dialect both schemas name.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";
