//! Requests over the network, each through a client of its own that is pinned to what was checked.

use std::fmt::Debug;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;

use agentos_core::kernel::{HttpResponse, IoKind, Outbound, SysError, Target};
use async_trait::async_trait;
use reqwest::header::{CONTENT_ENCODING, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method, Response};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use crate::http;

/// Finds the addresses that the name of a host has now.
#[async_trait]
pub trait Resolver: Debug + Send + Sync {
    /// All of them, in the order in which to try them. Dropping the future cancels.
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>>;
}

/// Asks this machine.
#[derive(Debug)]
pub(super) struct SystemResolver;

/// Names that are looked up at once, each on a thread that cannot be stopped; others wait without one.
static LOOK_UPS: Semaphore = Semaphore::const_new(64);

#[async_trait]
impl Resolver for SystemResolver {
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let place = LOOK_UPS.acquire().await.map_err(io::Error::other)?;
        let name = name.to_owned();
        let look_up = move || {
            // Whoever asked may have left; the system goes on until it has an answer.
            let _place = place;
            let found = (name.as_str(), 0).to_socket_addrs()?;
            Ok(found.map(|address| address.ip()).collect())
        };
        spawn_blocking(look_up).await.map_err(io::Error::other)?
    }
}

/// Sends one request to one server, over a connection to an address that was checked: the host is
/// resolved here, each address is shown to the kernel's rule, and the client knows no other. It follows
/// no redirect and asks no proxy.
#[derive(Debug)]
pub(super) struct PinnedHttp {
    resolver: Arc<dyn Resolver>,
}

impl PinnedHttp {
    pub(super) fn new(resolver: Arc<dyn Resolver>) -> Self {
        Self { resolver }
    }

    /// Answers whatever the server does. `refusal` is the answer where no address may be used, and
    /// where there is none: who asks learns nothing about names that are not public.
    pub(super) async fn send(&self, outbound: Outbound, refusal: SysError) -> Result<HttpResponse, SysError> {
        let admits = |address| outbound.admits(address);
        let addresses = admitted(&*self.resolver, &outbound.target, admits).await;
        if addresses.is_empty() {
            return Err(refusal);
        }
        let client = pinned(&outbound, &addresses)?;
        let request = client
            .request(method(&outbound)?, outbound.target.as_str())
            .headers(headers(&outbound)?)
            .body(outbound.body);
        let response = request.send().await.map_err(unreachable)?;
        read(response, outbound.response_bytes).await
    }
}

/// The addresses of the host that may be connected to. It is asked once: the answer that is checked is the one
/// that is used.
pub(super) async fn admitted(
    resolver: &dyn Resolver,
    target: &Target,
    admits: impl Fn(IpAddr) -> bool,
) -> Vec<SocketAddr> {
    let (host, port) = (target.host(), target.port());
    let found = match host.address() {
        Some(address) => vec![address],
        None => match resolver.resolve(host.as_str()).await {
            Ok(found) => found,
            Err(error) => {
                tracing::debug!(%error, "a host has no address");
                Vec::new()
            }
        },
    };
    let admitted = found.into_iter().filter(|address| admits(*address));
    admitted.map(|address| SocketAddr::new(address, port)).collect()
}

fn pinned(outbound: &Outbound, addresses: &[SocketAddr]) -> Result<Client, SysError> {
    http::pinned(outbound.target.host().as_str(), addresses).map_err(|error| {
        tracing::error!(%error, "no HTTP client can be made");
        SysError::Unavailable { retry_after: None }
    })
}

fn method(outbound: &Outbound) -> Result<Method, SysError> {
    Method::from_bytes(outbound.method.as_str().as_bytes()).map_err(|_| protocol())
}

fn headers(outbound: &Outbound) -> Result<HeaderMap, SysError> {
    let mut headers = HeaderMap::new();
    for (name, value) in &outbound.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| protocol())?;
        let value = HeaderValue::from_str(value).map_err(|_| protocol())?;
        headers.append(name, value);
    }
    Ok(headers)
}

async fn read(mut response: Response, limit: u64) -> Result<HttpResponse, SysError> {
    // None was asked for, so the bytes that are counted are those the app gets.
    if response.headers().contains_key(CONTENT_ENCODING) {
        return Err(protocol());
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(broken)? {
        if (body.len() + chunk.len()) as u64 > limit {
            return Err(SysError::TooLarge { limit });
        }
        body.extend_from_slice(&chunk);
    }
    let named = response.headers().iter();
    Ok(HttpResponse {
        status: response.status().as_u16(),
        headers: named
            .map(|(name, value)| {
                (
                    name.to_string(),
                    String::from_utf8_lossy(value.as_bytes()).into_owned(),
                )
            })
            .collect(),
        body,
    })
}

pub(super) fn unreachable(error: reqwest::Error) -> SysError {
    tracing::debug!(
        error = &error as &dyn std::error::Error,
        "a request got no answer"
    );
    if error.is_connect() || error.is_timeout() {
        SysError::Unavailable { retry_after: None }
    } else {
        SysError::Io {
            kind: IoKind::Network,
        }
    }
}

fn broken(error: reqwest::Error) -> SysError {
    tracing::debug!(error = &error as &dyn std::error::Error, "an answer broke off");
    SysError::Io {
        kind: IoKind::Network,
    }
}

pub(super) fn protocol() -> SysError {
    SysError::Io {
        kind: IoKind::Protocol,
    }
}
