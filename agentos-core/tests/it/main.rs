//! What the core promises, tried from outside.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]
#![expect(
    clippy::disallowed_methods,
    reason = "recorded conversations and samples are files; only the core may not read"
)]

mod apps;
mod blueprints;
mod bounds;
mod catalog;
mod chat;
mod check;
mod compose;
mod earlier;
mod edit;
mod engine;
mod gallery;
mod generate;
mod history;
mod host;
mod import;
mod kernel;
mod kernel_cost;
mod limits;
mod llm_queue;
mod mend;
mod messages;
mod mutation;
mod patch;
mod prompt;
mod reader;
mod registry;
mod schema;
mod services;
mod storage;
mod trial;
mod user;
