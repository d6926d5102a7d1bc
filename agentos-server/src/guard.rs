//! Keeps out web pages of other sites, and other machines or whoever has no token.
//!
//! A page open in the person's browser can send requests to 127.0.0.1 and can make its own name
//! resolve to it. So no request, the WebSocket's neither, may come from another site, and each must name a loopback
//! host. Where a token is asked for, any host may be named: a page that took a name for itself has no token, since that
//! is in no cookie. No CORS header is ever sent. gRPC is for programs: what a page could have sent is refused.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::task::{Context, Poll};

use axum::extract::{Request, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, HOST, ORIGIN, TRANSFER_ENCODING};
use axum::http::{self, HeaderMap, HeaderName, HeaderValue, Method, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::FutureExt;
use futures::future::{Either, Ready, ready};
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::Service;

use crate::access::Access;
use crate::desktop;
use crate::fault::Fault;

const HEALTH: &str = "/grpc.health.v1.Health/";
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Scripts and styles come from this server alone; WebAssembly may be compiled, text may not be run. Pictures, sound,
/// film and framed pages may come from anywhere, as apps show them.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; \
    script-src 'self' 'wasm-unsafe-eval'; \
    style-src 'self'; style-src-attr 'unsafe-inline'; \
    font-src 'self'; img-src 'self' data: http: https:; media-src http: https:; frame-src http: https:; \
    connect-src 'self'; manifest-src 'self'; worker-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const SECURITY_HEADERS: [(&str, &str); 6] = [
    ("content-security-policy", CONTENT_SECURITY_POLICY),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
];

/// Answers 403 to requests from elsewhere and 415 to bodies that are not JSON; sets the security headers.
pub(crate) async fn guard(State(access): State<Access>, request: Request, next: Next) -> Response {
    let mut response = match admit(access, request.uri(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(fault) => fault.into_response(),
    };
    for (name, value) in SECURITY_HEADERS {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Answers 401 to requests without the token, where one is asked for. The page of the desktop has nothing of anybody, and
/// a WebSocket is asked by [its first message](crate::ws), since a browser sends no header with one.
pub(crate) async fn ask_for_token(State(access): State<Access>, request: Request, next: Next) -> Response {
    let is_page = request.uri().path() == "/"
        && matches!(*request.method(), Method::GET | Method::HEAD)
        && desktop::wants_page(request.headers());
    let is_open = is_page || request.uri().path() == "/stream";
    if is_open || access.admits_bearer(request.headers()) {
        next.run(request).await
    } else {
        Fault::unauthenticated().into_response()
    }
}

fn admit(access: Access, uri: &Uri, headers: &HeaderMap) -> Result<(), Fault> {
    let host = only(headers, &HOST)
        .filter(|host| access.asks_for_token() || is_loopback(host))
        .ok_or_else(Fault::foreign_host)?;
    if uri
        .authority()
        .is_some_and(|authority| !authority.as_str().eq_ignore_ascii_case(host))
    {
        return Err(Fault::foreign_host());
    }
    if headers.contains_key(ORIGIN)
        && !only(headers, &ORIGIN).is_some_and(|origin| is_served_at(access, origin, host))
    {
        return Err(Fault::foreign_origin());
    }
    if headers.contains_key(SEC_FETCH_SITE)
        && !matches!(only(headers, &SEC_FETCH_SITE), Some("same-origin" | "none"))
    {
        return Err(Fault::foreign_origin());
    }
    if has_body(headers) && !only(headers, &CONTENT_TYPE).is_some_and(is_json) {
        return Err(Fault::not_json());
    }
    Ok(())
}

/// Answers calls from elsewhere with `PERMISSION_DENIED`, and with `UNAUTHENTICATED` those without the token where one is
/// asked for. Whether the server lives may be asked without.
#[derive(Debug, Clone)]
pub(crate) struct GuardedCalls<S> {
    inner: S,
    access: Access,
}

impl<S> GuardedCalls<S> {
    pub(crate) fn new(inner: S, access: Access) -> Self {
        Self { inner, access }
    }

    fn admit(&self, request: &http::Request<Body>) -> Result<(), Fault> {
        admit_call(self.access, request.uri(), request.headers())?;
        if request.uri().path().starts_with(HEALTH) || self.access.admits_bearer(request.headers()) {
            Ok(())
        } else {
            Err(Fault::unauthenticated())
        }
    }
}

impl<S> Service<http::Request<Body>> for GuardedCalls<S>
where
    S: Service<http::Request<Body>, Response = http::Response<Body>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Either<S::Future, Ready<Result<S::Response, S::Error>>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        match self.admit(&request) {
            Ok(()) => self.inner.call(request).left_future(),
            Err(fault) => ready(Ok(Status::from(fault).into_http())).right_future(),
        }
    }
}

fn admit_call(access: Access, uri: &Uri, headers: &HeaderMap) -> Result<(), Fault> {
    let names_this_machine = uri
        .authority()
        .is_some_and(|authority| is_loopback(authority.as_str()));
    if !names_this_machine && !access.asks_for_token() {
        return Err(Fault::foreign_host());
    }
    if headers.contains_key(ORIGIN) || headers.contains_key(SEC_FETCH_SITE) {
        return Err(Fault::foreign_origin());
    }
    Ok(())
}

/// A header's text, unless it is absent, repeated or not plain text.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    if values.next().is_some() {
        None
    } else {
        value.to_str().ok()
    }
}

fn is_loopback(authority: &str) -> bool {
    let (host, port) = split_port(authority);
    if port.is_some_and(|port| port.parse::<u16>().is_err()) {
        return false;
    }
    if let Some(address) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return address
            .parse::<Ipv6Addr>()
            .is_ok_and(|address| address.is_loopback());
    }
    host.eq_ignore_ascii_case("localhost")
        || host
            .parse::<Ipv4Addr>()
            .is_ok_and(|address| IpAddr::V4(address).is_loopback())
}

fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    }
}

/// Whether a page of this origin was loaded from this very server: another port of this machine is another site. Before a
/// server that asks for a token there may be a proxy that speaks TLS.
fn is_served_at(access: Access, origin: &str, host: &str) -> bool {
    let encrypted = || {
        origin
            .strip_prefix("https://")
            .filter(|_| access.asks_for_token())
    };
    origin
        .strip_prefix("http://")
        .or_else(encrypted)
        .is_some_and(|authority| authority.eq_ignore_ascii_case(host))
}

fn has_body(headers: &HeaderMap) -> bool {
    headers.contains_key(TRANSFER_ENCODING)
        || headers
            .get(CONTENT_LENGTH)
            .is_some_and(|length| length.as_bytes() != b"0")
}

fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

#[cfg(test)]
mod tests {
    use agentos_adapters::Token;

    use super::*;

    #[track_caller]
    fn check(headers: &[(&'static str, &'static str)], expected: Option<&str>) {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_static(value));
        }
        let refused = admit(Access::Loopback, &Uri::from_static("/apps"), &map).err();
        assert_eq!(
            refused.as_ref().map(|fault| &*fault.code),
            expected,
            "{headers:?}"
        );
    }

    #[test]
    fn the_host_must_be_loopback() {
        for host in [
            "localhost",
            "LOCALHOST:8000",
            "127.0.0.1",
            "127.0.0.1:8000",
            "127.9.9.9:1",
            "[::1]",
            "[::1]:8000",
        ] {
            check(&[("host", host)], None);
        }
        for host in [
            "",
            "evil.example",
            "evil.example:8000",
            "localhost.evil.example",
            "localhost.",
            "127.0.0.1.evil.example",
            "127.1",
            "0x7f.0.0.1",
            "2130706433",
            "0.0.0.0",
            "192.168.1.5",
            "[::]",
            "[::ffff:127.0.0.1]",
            "::1",
            "127.0.0.1:",
            "127.0.0.1:x",
            "127.0.0.1:99999",
            "user@127.0.0.1",
            "[::1",
        ] {
            check(&[("host", host)], Some("foreign_host"));
        }
        check(&[], Some("foreign_host"));
        check(
            &[("host", "localhost"), ("host", "evil.example")],
            Some("foreign_host"),
        );
    }

    #[test]
    fn the_origin_must_be_this_server() {
        let host = ("host", "localhost:8000");
        check(&[host, ("origin", "http://localhost:8000")], None);
        for origin in [
            "null",
            "",
            "http://evil.example",
            "http://localhost",
            "http://localhost:3000",
            "http://127.0.0.1:8000",
            "https://localhost:8000",
            "http://localhost:8000.evil.example",
            "http://localhost:8000/",
            "file://",
        ] {
            check(&[host, ("origin", origin)], Some("foreign_origin"));
        }
        check(
            &[host, ("origin", "http://localhost:8000"), ("origin", "null")],
            Some("foreign_origin"),
        );
    }

    #[test]
    fn the_browser_must_not_say_another_site_asked() {
        let host = ("host", "localhost:8000");
        for site in ["same-origin", "none"] {
            check(&[host, ("sec-fetch-site", site)], None);
        }
        for site in ["cross-site", "same-site", "", "anything"] {
            check(&[host, ("sec-fetch-site", site)], Some("foreign_origin"));
        }
    }

    #[test]
    fn a_body_must_be_json() {
        let host = ("host", "localhost:8000");
        let body = ("content-length", "2");
        check(&[host, ("content-length", "0")], None);
        check(&[host, body, ("content-type", "application/json")], None);
        check(
            &[host, body, ("content-type", "Application/JSON; charset=utf-8")],
            None,
        );
        for content_type in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "application/jsonp",
            "multipart/form-data",
        ] {
            check(&[host, body, ("content-type", content_type)], Some("not_json"));
        }
        check(&[host, body], Some("not_json"));
        check(&[host, ("transfer-encoding", "chunked")], Some("not_json"));
    }

    #[test]
    fn an_absolute_target_must_name_the_same_host() {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_static("localhost:8000"));
        let admit = |target| admit(Access::Loopback, &Uri::from_static(target), &headers);
        assert!(admit("http://localhost:8000/apps").is_ok());
        assert!(admit("http://evil.example/apps").is_err());
    }

    #[test]
    fn with_a_token_any_host_may_be_named_and_no_other_site_may_ask() {
        #[track_caller]
        fn check(access: Access, origin: Option<&'static str>, expected: Option<&str>) {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, HeaderValue::from_static("desk.example"));
            if let Some(origin) = origin {
                headers.insert(ORIGIN, HeaderValue::from_static(origin));
            }
            let refused = admit(access, &Uri::from_static("/apps"), &headers).err();
            assert_eq!(refused.as_ref().map(|fault| &*fault.code), expected, "{origin:?}");
        }
        let token = Access::by(&Token::parse("0123456789abcdef0123456789abcdef").unwrap());
        check(token, None, None);
        check(token, Some("http://desk.example"), None);
        check(token, Some("https://desk.example"), None);
        for origin in [
            "null",
            "http://evil.example",
            "https://desk.example:8000",
            "ftp://desk.example",
        ] {
            check(token, Some(origin), Some("foreign_origin"));
        }
        check(Access::Loopback, None, Some("foreign_host"));

        let call = |header: Option<HeaderName>| {
            let headers = header.map(|name| (name, HeaderValue::from_static("null")));
            let headers = headers.into_iter().collect();
            admit_call(
                token,
                &Uri::from_static("http://desk.example/service/Method"),
                &headers,
            )
        };
        assert!(call(None).is_ok());
        assert!(call(Some(ORIGIN)).is_err());
        assert!(call(Some(SEC_FETCH_SITE)).is_err());
    }

    #[test]
    fn a_call_names_this_machine_and_comes_from_no_page() {
        #[track_caller]
        fn check(target: &'static str, header: Option<&'static str>, expected: Option<&str>) {
            let mut headers = HeaderMap::new();
            if let Some(name) = header {
                headers.insert(name, HeaderValue::from_static("same-origin"));
            }
            let refused = admit_call(Access::Loopback, &Uri::from_static(target), &headers).err();
            assert_eq!(refused.as_ref().map(|fault| &*fault.code), expected);
        }
        check("http://127.0.0.1:50052/service/Method", None, None);
        check("http://localhost/service/Method", None, None);
        check("http://evil.example/service/Method", None, Some("foreign_host"));
        check("/service/Method", None, Some("foreign_host"));
        check(
            "http://[::1]/service/Method",
            Some("origin"),
            Some("foreign_origin"),
        );
        check(
            "http://[::1]/service/Method",
            Some("sec-fetch-site"),
            Some("foreign_origin"),
        );
    }
}
