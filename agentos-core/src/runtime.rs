//! One running app.

pub mod expression;
pub mod filters;
pub mod scope;
pub mod store;
