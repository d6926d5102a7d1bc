//! The only place where HTTP clients are made, so that none can follow where it must not.

use std::net::SocketAddr;
use std::time::Duration;

pub use reqwest::Method;
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const USER_AGENT: &str = concat!("AgentOS/", env!("CARGO_PKG_VERSION"));

/// A client for the person's own server: it follows no redirect and asks no proxy.
///
/// # Errors
/// The certificates of this machine cannot be read.
pub fn to_own_server() -> reqwest::Result<Client> {
    builder().build()
}

/// A client for the model provider of the person's choice: it follows no redirect, so that the key goes nowhere else.
pub(crate) fn to_provider() -> reqwest::Result<Client> {
    builder().retry(reqwest::retry::never()).build()
}

/// A client that connects to `addresses` and nothing else when it is asked for `host`.
pub(crate) fn pinned(host: &str, addresses: &[SocketAddr]) -> reqwest::Result<Client> {
    pinned_builder(host, addresses).build()
}

/// As [`pinned`], for connections that become something else than HTTP.
pub(crate) fn pinned_for_upgrades(host: &str, addresses: &[SocketAddr]) -> reqwest::Result<Client> {
    pinned_builder(host, addresses).http1_only().build()
}

fn pinned_builder(host: &str, addresses: &[SocketAddr]) -> ClientBuilder {
    builder()
        .resolve_to_addrs(host, addresses)
        .retry(reqwest::retry::never())
        .pool_max_idle_per_host(0)
}

#[expect(clippy::disallowed_methods, reason = "every client begins here")]
fn builder() -> ClientBuilder {
    // Whoever came first has installed the same one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .redirect(Policy::none())
        .no_proxy()
        .referer(false)
        .connect_timeout(CONNECT_TIMEOUT)
        .user_agent(USER_AGENT)
}
