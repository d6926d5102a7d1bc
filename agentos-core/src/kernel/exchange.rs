//! One request over the network with the answers it is led through: what may be sent, and where a
//! redirect leads.

use std::net::IpAddr;

use super::address::is_public;
use super::error::{IoKind, SysError};
use super::net::{Method, Target};
use crate::time::Millis;

/// What a process asks for with [`Syscall::NetworkRequest`](super::Syscall::NetworkRequest).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HttpRequest {
    pub method: Method,
    pub url: String,
    /// Names in any case. At most [`HEADERS`], and [`HEADER_BYTES`] in all.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// None, and more than the call's own deadline, is that deadline.
    pub timeout: Option<Millis>,
    /// The most bytes of the answer's body that are of use; none, and more than the process's limit,
    /// is that limit.
    pub response_bytes: Option<u64>,
}

/// What the last server on the way answered, whatever its status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpResponse {
    pub status: u16,
    /// Names in lower case, one entry a line.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl HttpResponse {
    /// The first header of that name, which is in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(own, _)| own == name)
            .map(|(_, value)| value.as_str())
    }

    pub(super) fn bytes(&self) -> usize {
        let headers = self.headers.iter();
        let headers: usize = headers.map(|(name, value)| name.len() + value.len()).sum();
        headers + self.body.len()
    }
}

/// One request to one server. Its answer is told as it comes: whoever performs it follows no redirect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outbound {
    pub method: Method,
    pub target: Target,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// The most bytes the answer's body may have, decoded.
    pub response_bytes: u64,
    /// The operator named exactly this site, so it may be on this machine or its network.
    pub operator_granted: bool,
}

impl Outbound {
    /// Whether it may be sent to `address`, one of those its host has now.
    pub fn admits(&self, address: IpAddr) -> bool {
        self.operator_granted || is_public(address)
    }
}

/// The most headers of one request.
pub const HEADERS: usize = 64;
/// The most bytes they have together.
pub const HEADER_BYTES: usize = 16 * 1_024;
/// The most redirects one request is led through.
pub const REDIRECTS: u32 = 5;

/// Headers that belong to the connection or say how a body is written: not the process's to set.
const NOT_SETTABLE: [&str; 13] = [
    "accept-encoding",
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "range",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// The headers that another origin than the one they were meant for may see.
const FOR_EVERY_ORIGIN: [&str; 3] = ["accept", "accept-language", "content-type"];

/// A request as it stands after the redirects so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Exchange {
    pub(super) method: Method,
    pub(super) target: Target,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    redirects_left: u32,
}

impl Exchange {
    /// # Errors
    /// [`SysError::InvalidArgument`] names what cannot be sent.
    pub(super) fn new(request: HttpRequest) -> Result<Self, SysError> {
        let has_body = !request.body.is_empty();
        if has_body && matches!(request.method, Method::Get | Method::Head) {
            return Err(SysError::invalid("body"));
        }
        Ok(Self {
            method: request.method,
            target: Target::parse(&request.url)?,
            headers: settable(request.headers)?,
            body: request.body,
            redirects_left: REDIRECTS,
        })
    }

    /// The request that `response` leads to; none when it is the answer.
    ///
    /// # Errors
    /// [`SysError::Io`] for a redirect too many, or one that leads to no web address.
    pub(super) fn after(&self, response: &HttpResponse) -> Result<Option<Self>, SysError> {
        let becomes_get = match (response.status, self.method) {
            (303, Method::Head) | (307 | 308, _) => false,
            (303, _) | (301 | 302, Method::Post) => true,
            (301 | 302, _) => false,
            _ => return Ok(None),
        };
        let Some(location) = response.header("location") else {
            return Ok(None);
        };
        let protocol = || SysError::Io {
            kind: IoKind::Protocol,
        };
        let redirects_left = self.redirects_left.checked_sub(1).ok_or_else(protocol)?;
        let target = self.target.join(location).map_err(|_| protocol())?;
        let mut next = Self {
            target,
            redirects_left,
            ..self.clone()
        };
        if becomes_get {
            next.method = Method::Get;
            next.body = Vec::new();
            next.headers.retain(|(name, _)| !name.starts_with("content-"));
        }
        if next.target.origin() != self.target.origin() {
            next.headers
                .retain(|(name, _)| FOR_EVERY_ORIGIN.contains(&name.as_str()));
        }
        Ok(Some(next))
    }
}

fn settable(headers: Vec<(String, String)>) -> Result<Vec<(String, String)>, SysError> {
    let bytes: usize = headers.iter().map(|(name, value)| name.len() + value.len()).sum();
    if headers.len() > HEADERS || bytes > HEADER_BYTES {
        return Err(SysError::invalid("headers"));
    }
    let lower = |(name, value): (String, String)| (name.to_ascii_lowercase(), value);
    let headers: Vec<_> = headers.into_iter().map(lower).collect();
    let sound = |(name, value): &(String, String)| {
        is_token(name)
            && !NOT_SETTABLE.contains(&name.as_str())
            && !value.contains(|letter: char| letter.is_control() && letter != '\t')
    };
    if headers.iter().all(sound) {
        Ok(headers)
    } else {
        Err(SysError::invalid("headers"))
    }
}

fn is_token(name: &str) -> bool {
    let letter = |letter: u8| letter.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&letter);
    !name.is_empty() && name.bytes().all(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(method: Method, headers: &[(&str, &str)], body: &str) -> HttpRequest {
        HttpRequest {
            method,
            url: "https://a.example/start?q=1".to_owned(),
            headers: headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            body: body.as_bytes().to_vec(),
            timeout: None,
            response_bytes: None,
        }
    }

    fn redirect(status: u16, location: &str) -> HttpResponse {
        HttpResponse {
            status,
            headers: vec![("location".to_owned(), location.to_owned())],
            body: Vec::new(),
        }
    }

    #[track_caller]
    fn refused(request: HttpRequest, field: &str) {
        assert_eq!(Exchange::new(request), Err(SysError::invalid(field)));
    }

    #[test]
    fn headers_of_the_connection_are_not_set() {
        for name in NOT_SETTABLE {
            refused(
                request(Method::Get, &[(&name.to_uppercase(), "x")], ""),
                "headers",
            );
        }
        for (name, value) in [
            ("", "x"),
            ("a b", "x"),
            ("a:b", "x"),
            ("ü", "x"),
            ("x-a", "a\r\nhost: b"),
            ("x-a", "a\0"),
        ] {
            refused(request(Method::Get, &[(name, value)], ""), "headers");
        }
        let sent = Exchange::new(request(Method::Get, &[("X-Key", "k"), ("Accept", "a\tb")], "")).unwrap();
        assert_eq!(sent.headers[0], ("x-key".to_owned(), "k".to_owned()));
    }

    #[test]
    fn headers_are_bounded_in_number_and_size() {
        let many = |count| vec![("x-a", "b"); count];
        assert!(Exchange::new(request(Method::Get, &many(HEADERS), "")).is_ok());
        refused(request(Method::Get, &many(HEADERS + 1), ""), "headers");
        let long = |bytes| "x".repeat(bytes);
        assert!(Exchange::new(request(Method::Get, &[("x-a", &long(HEADER_BYTES - 3))], "")).is_ok());
        refused(
            request(Method::Get, &[("x-a", &long(HEADER_BYTES - 2))], ""),
            "headers",
        );
    }

    #[test]
    fn what_only_reads_has_no_body() {
        refused(request(Method::Get, &[], "x"), "body");
        refused(request(Method::Head, &[], "x"), "body");
        for method in [Method::Post, Method::Put, Method::Patch, Method::Delete] {
            assert!(Exchange::new(request(method, &[], "x")).is_ok(), "{method:?}");
        }
    }

    /// What a request of `method` with a body, where it may have one, becomes after `status`.
    #[track_caller]
    fn becomes(method: Method, status: u16, expected: Option<(Method, bool)>) {
        let body = if matches!(method, Method::Get | Method::Head) {
            ""
        } else {
            "x"
        };
        let sent = Exchange::new(request(method, &[("Content-Type", "text/plain")], body)).unwrap();
        let next = sent.after(&redirect(status, "/next")).unwrap();
        let told = next.as_ref().map(|next| (next.method, !next.body.is_empty()));
        assert_eq!(told, expected, "{method:?} {status}");
        if let Some(next) = next {
            assert_eq!(next.target.as_str(), "https://a.example/next");
            assert_eq!(
                next.headers.is_empty(),
                next.method != method,
                "{method:?} {status}"
            );
        }
    }

    #[test]
    fn a_redirect_keeps_or_changes_the_method_by_its_status() {
        becomes(Method::Get, 301, Some((Method::Get, false)));
        becomes(Method::Head, 303, Some((Method::Head, false)));
        becomes(Method::Post, 301, Some((Method::Get, false)));
        becomes(Method::Post, 302, Some((Method::Get, false)));
        becomes(Method::Put, 302, Some((Method::Put, true)));
        becomes(Method::Put, 303, Some((Method::Get, false)));
        becomes(Method::Delete, 303, Some((Method::Get, false)));
        becomes(Method::Post, 307, Some((Method::Post, true)));
        becomes(Method::Patch, 308, Some((Method::Patch, true)));
        for status in [200, 204, 300, 304, 305, 306, 400, 500] {
            becomes(Method::Get, status, None);
        }
    }

    #[test]
    fn a_redirect_without_a_place_is_the_answer() {
        let sent = Exchange::new(request(Method::Get, &[], "")).unwrap();
        let answer = HttpResponse {
            headers: Vec::new(),
            ..redirect(302, "")
        };
        assert_eq!(sent.after(&answer), Ok(None));
    }

    #[test]
    fn credentials_do_not_leave_their_origin() {
        let headers = [
            ("Authorization", "secret"),
            ("Cookie", "secret"),
            ("X-Api-Key", "secret"),
            ("Accept", "text/plain"),
        ];
        let names = |location: &str| {
            let sent = Exchange::new(request(Method::Get, &headers, "")).unwrap();
            let next = sent.after(&redirect(302, location)).unwrap().unwrap();
            next.headers.into_iter().map(|(name, _)| name).collect::<Vec<_>>()
        };
        let all = ["authorization", "cookie", "x-api-key", "accept"];
        assert_eq!(names("/b"), all);
        assert_eq!(names("https://A.example:443/b"), all);
        for elsewhere in [
            "https://b.example/",
            "http://a.example/",
            "https://a.example:8443/",
            "//x.a.example/",
        ] {
            assert_eq!(names(elsewhere), ["accept"], "{elsewhere}");
        }
    }

    #[test]
    fn five_redirects_are_followed_and_no_other_scheme() {
        let protocol = Err(SysError::Io {
            kind: IoKind::Protocol,
        });
        let mut at = Exchange::new(request(Method::Get, &[], "")).unwrap();
        for _ in 0..REDIRECTS {
            at = at.after(&redirect(302, "/again")).unwrap().unwrap();
        }
        assert_eq!(at.after(&redirect(302, "/again")), protocol);
        let first = Exchange::new(request(Method::Get, &[], "")).unwrap();
        for location in [
            "file:///etc/passwd",
            "ftp://a.example/",
            "http://u:p@a.example/",
            "http://[::1",
        ] {
            assert_eq!(first.after(&redirect(302, location)), protocol, "{location}");
        }
    }
}
