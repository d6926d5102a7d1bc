//! What a process may reach over the network, and where one URL leads.

use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use url::Url;

use super::error::SysError;

/// The longest URL, in bytes.
pub const URL_BYTES: usize = 8 * 1_024;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scheme {
    Http,
    Https,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    pub const ALL: [Self; 6] = [
        Self::Get,
        Self::Head,
        Self::Post,
        Self::Put,
        Self::Patch,
        Self::Delete,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// A host as it is compared: lower case, in ASCII, IPv4 with four numbers, IPv6 in brackets, without
/// the dot that may end a name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Host(String);

impl Host {
    /// # Errors
    /// [`SysError::InvalidArgument`] for what cannot be the host of a URL.
    pub fn parse(text: &str) -> Result<Self, SysError> {
        let invalid = || SysError::invalid("host");
        let bare = text.strip_suffix('.').unwrap_or(text);
        let host = url::Host::parse(bare).map_err(|_| invalid())?.to_string();
        if host.is_empty() || host.ends_with('.') {
            return Err(invalid());
        }
        Ok(Self(host))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address, where the host is no name.
    pub fn address(&self) -> Option<IpAddr> {
        let bare = self.0.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        bare.unwrap_or(&self.0).parse().ok()
    }
}

impl fmt::Display for Host {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl TryFrom<String> for Host {
    type Error = SysError;

    fn try_from(text: String) -> Result<Self, SysError> {
        Self::parse(&text)
    }
}

impl From<Host> for String {
    fn from(host: Host) -> Self {
        host.0
    }
}

/// The hosts a rule is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum HostRule {
    Exact(Host),
    /// Every name below this one, not the name itself; written `*.example.com`. Never an address.
    Below(Host),
}

impl HostRule {
    fn covers(&self, need: &Self) -> bool {
        match (self, need) {
            (Self::Exact(own), Self::Exact(host)) => own == host,
            (Self::Below(own), Self::Exact(host)) => is_below(host, own),
            (Self::Below(own), Self::Below(other)) => own == other || is_below(other, own),
            (Self::Exact(_), Self::Below(_)) => false,
        }
    }
}

fn is_below(host: &Host, above: &Host) -> bool {
    let rest = host.as_str().strip_suffix(above.as_str());
    rest.is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
}

impl fmt::Display for HostRule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(host) => fmt::Display::fmt(host, formatter),
            Self::Below(host) => write!(formatter, "*.{host}"),
        }
    }
}

impl TryFrom<String> for HostRule {
    type Error = SysError;

    fn try_from(text: String) -> Result<Self, SysError> {
        match text.strip_prefix("*.") {
            Some(above) => match Host::parse(above)? {
                address if address.address().is_some() => Err(SysError::invalid("host")),
                above => Ok(Self::Below(above)),
            },
            None => Host::parse(&text).map(Self::Exact),
        }
    }
}

impl From<HostRule> for String {
    fn from(rule: HostRule) -> Self {
        rule.to_string()
    }
}

/// Requests of these schemes and methods, to these hosts at these ports.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct NetRule {
    pub schemes: BTreeSet<Scheme>,
    pub host: HostRule,
    pub ports: BTreeSet<u16>,
    pub methods: BTreeSet<Method>,
}

impl NetRule {
    /// Whether every request `need` tells of is one of these.
    pub fn covers(&self, need: &Self) -> bool {
        self.host.covers(&need.host)
            && has_all(&self.schemes, &need.schemes)
            && has_all(&self.ports, &need.ports)
            && has_all(&self.methods, &need.methods)
    }
}

/// As `is_superset`, which walks through both: of what is needed there is little.
fn has_all<T: Ord>(own: &BTreeSet<T>, need: &BTreeSet<T>) -> bool {
    need.iter().all(|one| own.contains(one))
}

const WEB_PORTS: [u16; 2] = [80, 443];

/// What a person is asked about: one host, at the ports of the web or at another one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Site {
    pub host: Host,
    /// None for the ports of the web, 80 and 443.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
}

impl Site {
    pub fn new(host: Host, port: u16) -> Self {
        Self {
            host,
            port: (!WEB_PORTS.contains(&port)).then_some(port),
        }
    }

    /// A host and perhaps a port, as an operator writes them: `localhost:9000`, `[::1]:9000`, `nas.lan`.
    ///
    /// # Errors
    /// [`SysError::InvalidArgument`] for anything else.
    pub fn parse(text: &str) -> Result<Self, SysError> {
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
            _ => (text, None),
        };
        let port = match port {
            Some(port) => port.parse().map_err(|_| SysError::invalid("port"))?,
            None => WEB_PORTS[0],
        };
        if port == 0 {
            return Err(SysError::invalid("port"));
        }
        Ok(Self::new(Host::parse(host)?, port))
    }

    /// Every request to this site.
    pub fn rule(&self) -> NetRule {
        NetRule {
            schemes: BTreeSet::from([Scheme::Http, Scheme::Https]),
            host: HostRule::Exact(self.host.clone()),
            ports: self
                .port
                .map_or(BTreeSet::from(WEB_PORTS), |port| BTreeSet::from([port])),
            methods: Method::ALL.into(),
        }
    }
}

impl fmt::Display for Site {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) => write!(formatter, "{}:{port}", self.host),
            None => fmt::Display::fmt(&self.host, formatter),
        }
    }
}

/// Where a request goes: an http or https URL without a user, a password or a fragment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    url: Url,
    host: Host,
}

impl Target {
    /// # Errors
    /// [`SysError::InvalidArgument`] for anything that is not such a URL.
    pub fn parse(text: &str) -> Result<Self, SysError> {
        let invalid = || SysError::invalid("url");
        if text.len() > URL_BYTES {
            return Err(invalid());
        }
        Self::of(Url::parse(text).map_err(|_| invalid())?)
    }

    /// Where the handshake of a WebSocket goes: a ws or wss URL is the http or https URL it is asked for by. So who may
    /// make requests to a site may open connections to it, and one answer of a person holds for both.
    ///
    /// # Errors
    /// [`SysError::InvalidArgument`] for any other scheme, and as [`parse`](Self::parse).
    pub fn parse_socket(text: &str) -> Result<Self, SysError> {
        let invalid = || SysError::invalid("url");
        if text.len() > URL_BYTES {
            return Err(invalid());
        }
        let mut url = Url::parse(text).map_err(|_| invalid())?;
        let scheme = match url.scheme() {
            "ws" => "http",
            "wss" => "https",
            _ => return Err(invalid()),
        };
        url.set_scheme(scheme).map_err(|()| invalid())?;
        Self::of(url)
    }

    /// Where a `Location` of an answer from here leads.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn join(&self, location: &str) -> Result<Self, SysError> {
        if location.len() > URL_BYTES {
            return Err(SysError::invalid("url"));
        }
        Self::of(self.url.join(location).map_err(|_| SysError::invalid("url"))?)
    }

    fn of(mut url: Url) -> Result<Self, SysError> {
        let invalid = || SysError::invalid("url");
        let has_user = !url.username().is_empty() || url.password().is_some();
        if !matches!(url.scheme(), "http" | "https") || has_user || url.port() == Some(0) {
            return Err(invalid());
        }
        let host = Host::parse(url.host_str().ok_or_else(invalid)?).map_err(|_| invalid())?;
        url.set_host(Some(host.as_str())).map_err(|_| invalid())?;
        url.set_fragment(None);
        Ok(Self { url, host })
    }

    /// The URL in its one spelling.
    pub fn as_str(&self) -> &str {
        self.url.as_str()
    }

    pub fn scheme(&self) -> Scheme {
        if self.url.scheme() == "https" {
            Scheme::Https
        } else {
            Scheme::Http
        }
    }

    pub fn host(&self) -> &Host {
        &self.host
    }

    pub fn port(&self) -> u16 {
        self.url.port_or_known_default().unwrap_or(WEB_PORTS[0])
    }

    pub fn site(&self) -> Site {
        Site::new(self.host.clone(), self.port())
    }

    /// The scheme, host and port, as the audit tells them.
    pub fn origin(&self) -> String {
        self.url.origin().ascii_serialization()
    }

    /// The same for a WebSocket that is opened here.
    pub fn socket_origin(&self) -> String {
        let scheme = match self.scheme() {
            Scheme::Http => "ws",
            Scheme::Https => "wss",
        };
        let origin = self.origin();
        let place = origin.split_once("://").map_or("", |(_, place)| place);
        format!("{scheme}://{place}")
    }

    /// What a request of `method` to here asks for.
    pub fn need(&self, method: Method) -> NetRule {
        NetRule {
            schemes: BTreeSet::from([self.scheme()]),
            host: HostRule::Exact(self.host.clone()),
            ports: BTreeSet::from([self.port()]),
            methods: BTreeSet::from([method]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn target(text: &str, expected: Option<&str>) {
        let parsed = Target::parse(text).ok();
        assert_eq!(parsed.as_ref().map(Target::as_str), expected, "{text:?}");
    }

    #[test]
    fn a_target_is_a_web_address_in_one_spelling() {
        target("https://example.com", Some("https://example.com/"));
        target("HTTPS://EXAMPLE.com:443/a?b#c", Some("https://example.com/a?b"));
        target("http://example.com.:8080/", Some("http://example.com:8080/"));
        target("https://bücher.example/", Some("https://xn--bcher-kva.example/"));
        target("http://[::1]:80/", Some("http://[::1]/"));
        for spelling in [
            "127.1",
            "2130706433",
            "0x7f000001",
            "0177.0.0.1",
            "127.0.0.1.",
            "１２７.0.0.1",
        ] {
            target(&format!("http://{spelling}/"), Some("http://127.0.0.1/"));
        }
        target("http://[::ffff:127.0.0.1]/", Some("http://[::ffff:7f00:1]/"));
    }

    #[test]
    fn other_schemes_users_and_broken_addresses_are_refused() {
        for text in [
            "ftp://example.com/",
            "file:///etc/passwd",
            "ws://example.com/",
            "javascript:alert(1)",
            "data:text/plain,a",
            "example.com",
            "/relative",
            "//example.com/",
            "http://",
            "http:///",
            "http://user@example.com/",
            "http://:secret@example.com/",
            "http://user:secret@example.com/",
            "http://example.com:0/",
            "http://example.com:99999/",
            "http://example.com../",
            "http://./",
            "http://1.2.3.4.5/",
            "http://999.1.1.1/",
            "http://[::1/",
            "http://[fe80::1%25eth0]/",
            "http://a b/",
            "",
        ] {
            target(text, None);
        }
        let longest = format!("http://a/{}", "x".repeat(URL_BYTES - 9));
        target(&longest, Some(&longest));
        target(&format!("{longest}x"), None);
    }

    #[track_caller]
    fn socket(text: &str, expected: Option<(&str, &str)>) {
        let parsed = Target::parse_socket(text).ok();
        let told = parsed
            .as_ref()
            .map(|target| (target.as_str(), target.socket_origin()));
        let expected = expected.map(|(url, origin)| (url, origin.to_owned()));
        assert_eq!(told, expected, "{text:?}");
    }

    #[test]
    fn a_socket_is_opened_where_its_handshake_goes() {
        socket("ws://a.example", Some(("http://a.example/", "ws://a.example")));
        socket(
            "wss://A.example:443/b?c#d",
            Some(("https://a.example/b?c", "wss://a.example")),
        );
        socket(
            "ws://a.example:443/",
            Some(("http://a.example:443/", "ws://a.example:443")),
        );
        socket("ws://127.1:9/", Some(("http://127.0.0.1:9/", "ws://127.0.0.1:9")));
        for text in [
            "http://a.example/",
            "https://a.example/",
            "ftp://a.example/",
            "ws://user@a.example/",
            "wss://user:secret@a.example/",
            "ws://a.example:0/",
            "ws:///",
            "a.example",
        ] {
            socket(text, None);
        }
        let site = |url: &str| Target::parse_socket(url).unwrap().site();
        assert_eq!(site("ws://a.example/"), site("wss://a.example/"));
        assert_eq!(
            site("ws://a.example/"),
            Target::parse("https://a.example/").unwrap().site()
        );
    }

    #[test]
    fn a_location_is_read_like_a_url() {
        let from = Target::parse("https://example.com/a/b").unwrap();
        let join = |location: &str| from.join(location).ok().map(|target| target.as_str().to_owned());
        assert_eq!(join("../c").as_deref(), Some("https://example.com/c"));
        assert_eq!(
            join("//other.example/").as_deref(),
            Some("https://other.example/")
        );
        assert_eq!(join("http://127.1/").as_deref(), Some("http://127.0.0.1/"));
        for refused in ["file:///etc/passwd", "https://a@b.example/", "gopher://a/"] {
            assert_eq!(join(refused), None, "{refused}");
        }
    }

    #[test]
    fn a_host_that_is_an_address_is_known_as_one() {
        let address = |text: &str| {
            Host::parse(text)
                .unwrap()
                .address()
                .map(|address| address.to_string())
        };
        assert_eq!(address("127.1").as_deref(), Some("127.0.0.1"));
        assert_eq!(address("[::FFFF:10.0.0.1]").as_deref(), Some("::ffff:10.0.0.1"));
        assert_eq!(address("localhost"), None);
    }

    #[track_caller]
    fn covers(rule: &str, host: &str, expected: bool) {
        let (rule, host): (HostRule, HostRule) = (
            rule.to_owned().try_into().unwrap(),
            host.to_owned().try_into().unwrap(),
        );
        assert_eq!(rule.covers(&host), expected, "{rule} {host}");
    }

    #[test]
    fn a_rule_covers_its_host_or_what_is_below_it() {
        covers("example.com", "EXAMPLE.com.", true);
        covers("example.com", "api.example.com", false);
        covers("example.com", "*.example.com", false);
        covers("*.example.com", "api.example.com", true);
        covers("*.example.com", "a.b.example.com", true);
        covers("*.example.com", "example.com", false);
        covers("*.example.com", "badexample.com", false);
        covers("*.example.com", "example.com.evil.test", false);
        covers("*.example.com", "*.api.example.com", true);
        covers("*.api.example.com", "*.example.com", false);
        for address in ["*.0.0.1", "*.127.0.0.1", "*.[::1]", "*.1"] {
            assert!(HostRule::try_from(address.to_owned()).is_err(), "{address}");
        }
    }

    #[test]
    fn a_rule_covers_no_other_scheme_port_or_method() {
        let need = |url: &str, method| Target::parse(url).unwrap().need(method);
        let rule = need("https://example.com/", Method::Get);
        assert!(rule.covers(&need("https://example.com/else", Method::Get)));
        assert!(!rule.covers(&need("https://example.com/", Method::Post)));
        assert!(!rule.covers(&need("http://example.com/", Method::Get)));
        assert!(!rule.covers(&need("https://example.com:8443/", Method::Get)));
    }

    #[test]
    fn a_site_is_a_host_at_the_ports_of_the_web_or_at_one_port() {
        let site = |text: &str| Site::parse(text).map(|site| site.to_string()).ok();
        assert_eq!(site("Example.com").as_deref(), Some("example.com"));
        assert_eq!(site("example.com:443").as_deref(), Some("example.com"));
        assert_eq!(site("localhost:9000").as_deref(), Some("localhost:9000"));
        assert_eq!(site("[::1]:9000").as_deref(), Some("[::1]:9000"));
        assert_eq!(site("[::1]").as_deref(), Some("[::1]"));
        for refused in [
            "", ":9000", "a:", "a:0", "a:70000", "a:b", "a/b", "http://a", "a b", "u@a",
        ] {
            assert_eq!(site(refused), None, "{refused}");
        }
        let covered = |site: &str, url: &str| {
            let need = Target::parse(url).unwrap().need(Method::Delete);
            Site::parse(site).unwrap().rule().covers(&need)
        };
        assert!(
            covered("example.com", "http://example.com/") && covered("example.com", "https://example.com/")
        );
        assert!(!covered("example.com", "http://example.com:8080/"));
        assert!(!covered("example.com:8080", "http://example.com/"));
        assert!(covered("example.com:8080", "http://example.com:8080/"));
    }
}
