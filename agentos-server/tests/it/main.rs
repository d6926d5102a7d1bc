//! The server from outside: a true one on a free port for each test.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod ai;
mod apps;
mod audit;
mod auth;
mod chat;
mod desktop;
mod edits;
mod files;
mod gallery;
mod generation;
mod grpc;
mod guard;
mod ipc;
mod machine;
mod memory;
mod models;
mod monitor;
mod network;
mod process;
mod profile;
mod programs;
mod provider;
mod registry;
mod restart;
mod routes;
mod schema;
mod server;
mod services;
mod settings;
mod state;
mod stream;
mod validate;
