//! The server from outside: a true one on a free port for each test.

mod desktop;
mod guard;
mod process;
mod routes;
mod server;
mod stream;
