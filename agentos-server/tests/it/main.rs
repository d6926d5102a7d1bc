//! The server from outside: a true one on a free port for each test.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod apps;
mod desktop;
mod edits;
mod gallery;
mod generation;
mod grpc;
mod guard;
mod models;
mod network;
mod process;
mod registry;
mod restart;
mod routes;
mod schema;
mod server;
mod services;
mod state;
mod stream;
mod validate;
