//! The terminal program as its users run it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod audit;
mod auth;
mod doctor;
mod edit;
mod engine;
mod import;
mod monitor;
mod program;
mod run;
mod schema;
mod server;
mod validate;
