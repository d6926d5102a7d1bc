//! Who may connect: programs and pages of this machine, or whoever has the token.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};

use agentos_adapters::Token;
use agentos_core::ports::ambient::Ambient;
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use thiserror::Error;

use crate::data_dir::replace_private;

/// In the data folder. Only its owner may read it.
const TOKEN_FILE: &str = "token";
/// More than any token has.
const TOKEN_FILE_BYTES: u64 = 1_024;

/// What the person chose.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Auth {
    /// Nobody is asked, and so only this machine is served.
    #[default]
    None,
    Token,
}

/// Who is let in.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) enum Access {
    /// Who names this machine, and is no page of another site.
    #[default]
    Loopback,
    /// Who brings the token, whose hash this is: neither what is kept nor how long a comparison takes tells the token.
    Token(blake3::Hash),
}

impl Access {
    pub(crate) fn by(token: &Token) -> Self {
        Self::Token(blake3::hash(token.reveal().as_bytes()))
    }

    pub(crate) fn asks_for_token(self) -> bool {
        matches!(self, Self::Token(_))
    }

    pub(crate) fn admits(self, token: &[u8]) -> bool {
        match self {
            Self::Loopback => true,
            Self::Token(expected) => blake3::hash(token) == expected,
        }
    }

    /// Whether a request brings what is asked for, once and as `Authorization: Bearer`.
    pub(crate) fn admits_bearer(self, headers: &HeaderMap) -> bool {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        match (self, values.next(), values.next()) {
            (Self::Loopback, ..) => true,
            (Self::Token(_), Some(value), None) => {
                bearer(value.as_bytes()).is_some_and(|token| self.admits(token))
            }
            (Self::Token(_), ..) => false,
        }
    }
}

fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = value.split_at_checked("Bearer ".len())?;
    scheme
        .eq_ignore_ascii_case(b"bearer ")
        .then(|| token.trim_ascii_start())
}

/// Why there is no token. Nothing was changed.
#[derive(Debug, Error)]
pub enum TokenError {
    #[error(
        "others on this machine may read the token in {}; take that from them (chmod 600) if it is still secret, \
         else delete the file, and a new token is made",
        .0.display()
    )]
    Exposed(PathBuf),
    #[error("{} holds no token; delete it, and one is made", .0.display())]
    NoToken(PathBuf),
    #[error("the token in {} cannot be used", path.display())]
    Unusable { path: PathBuf, source: io::Error },
}

/// The token in the data folder, made where there is none.
pub fn kept_token(data_dir: &Path, ambient: &dyn Ambient) -> Result<Token, TokenError> {
    let path = data_dir.join(TOKEN_FILE);
    let unusable = |source| TokenError::Unusable {
        path: path.clone(),
        source,
    };
    match OpenOptions::new().read(true).open(&path) {
        Ok(file) => {
            if is_exposed(&file).map_err(unusable)? {
                return Err(TokenError::Exposed(path));
            }
            let mut text = Vec::new();
            file.take(TOKEN_FILE_BYTES)
                .read_to_end(&mut text)
                .map_err(unusable)?;
            let token = String::from_utf8(text).ok();
            let token = token.and_then(|text| Token::parse(&text).ok());
            token.ok_or(TokenError::NoToken(path))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let text = format!("{:032x}{:032x}", ambient.seed(), ambient.seed());
            replace_private(&path, &format!("{text}\n")).map_err(unusable)?;
            Token::parse(&text).map_err(|_| TokenError::NoToken(path))
        }
        Err(error) => Err(unusable(error)),
    }
}

#[cfg(unix)]
fn is_exposed(file: &File) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    Ok(file.metadata()?.mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_exposed(_file: &File) -> io::Result<bool> {
    Ok(false)
}

/// What a person opens: where this machine reaches the server, and the token behind the `#`, which a browser sends to
/// nobody.
pub fn link(address: SocketAddr, token: Option<&Token>) -> String {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    let address = SocketAddr::new(ip, address.port());
    let fragment = token.map(|token| format!("/#token={}", token.reveal()));
    format!("http://{address}{}", fragment.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ambient::Machine;

    fn token(text: &str) -> Token {
        Token::parse(text).unwrap()
    }

    const RIGHT: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn the_token_comes_once_and_as_a_bearer() {
        #[track_caller]
        fn check(headers: &[&str], expected: bool) {
            let mut map = HeaderMap::new();
            for value in headers {
                map.append(AUTHORIZATION, value.parse().unwrap());
            }
            assert_eq!(
                Access::by(&token(RIGHT)).admits_bearer(&map),
                expected,
                "{headers:?}"
            );
            assert!(Access::Loopback.admits_bearer(&map));
        }
        let right = format!("Bearer {RIGHT}");
        check(&[&right], true);
        check(&[&right.replace("Bearer", "bearer")], true);
        check(&[&right.replace(' ', "  ")], true);
        check(&[], false);
        check(&[""], false);
        check(&["Bearer"], false);
        check(&["Bearer "], false);
        check(&[RIGHT], false);
        check(&[&right[..right.len() - 1]], false);
        check(&[&format!("{right}0")], false);
        check(&[&right.to_uppercase()], false);
        check(&[&right.replace("Bearer", "Basic ")], false);
        check(&[&right, &right], false);
        check(&[&right, "Bearer x"], false);
    }

    #[test]
    fn the_token_is_made_once_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let made = kept_token(folder.path(), &Machine).unwrap();
        assert_eq!(made.reveal().len(), 64);
        assert_eq!(kept_token(folder.path(), &Machine).unwrap(), made);
        let other = tempfile::tempdir().unwrap();
        assert_ne!(kept_token(other.path(), &Machine).unwrap(), made);
    }

    #[test]
    fn a_file_without_a_token_is_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        replace_private(&folder.path().join("token"), "short").unwrap();
        let refused = kept_token(folder.path(), &Machine);
        assert!(matches!(refused, Err(TokenError::NoToken(_))), "{refused:?}");
        let kept = std::fs::read_to_string(folder.path().join("token")).unwrap();
        assert_eq!(kept, "short");
    }

    #[test]
    fn a_link_leads_to_this_machine() {
        #[track_caller]
        fn check(address: &str, expected: &str) {
            let token = token(RIGHT);
            let link = link(address.parse().unwrap(), Some(&token));
            assert_eq!(link, format!("http://{expected}/#token={RIGHT}"));
        }
        check("127.0.0.1:8000", "127.0.0.1:8000");
        check("0.0.0.0:8000", "127.0.0.1:8000");
        check("[::]:8000", "[::1]:8000");
        check("192.168.1.5:8000", "192.168.1.5:8000");
        assert_eq!(link("127.0.0.1:80".parse().unwrap(), None), "http://127.0.0.1:80");
    }
}
