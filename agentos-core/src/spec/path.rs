//! A path into an app's state: dotted (`todos.0.text`) or a JSON Pointer (`/todos/0/text`).

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use thiserror::Error;

/// Names an object in a browser's prototype chain answers to; no path may hold one.
pub const FORBIDDEN_NAMES: [&str; 3] = ["__proto__", "constructor", "prototype"];

/// At least one segment; none empty, none a forbidden name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Path(Vec<Arc<str>>);

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PathError {
    #[error("a path cannot be empty")]
    Empty,
    #[error("the path `{0}` has an empty segment")]
    EmptySegment(String),
    #[error("the path `{0}` holds the forbidden name `{1}`")]
    Forbidden(String, &'static str),
}

impl Path {
    /// Reads the dotted form, with `[n]` for an index, or a JSON Pointer when it starts with `/`.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(PathError::Empty);
        }
        match text.strip_prefix('/') {
            Some(pointer) => Self::of(text, pointer.split('/').map(unescaped)),
            None if text.contains(['[', ']']) => {
                let dotted = text.replace('[', ".").replace(']', "");
                Self::of(text, dotted.split('.').map(|name| unquoted(name).into()))
            }
            None => Self::of(text, text.split('.').map(|name| unquoted(name).into())),
        }
    }

    fn of<'t>(text: &str, segments: impl Iterator<Item = Cow<'t, str>>) -> Result<Self, PathError> {
        let segments = segments.map(|segment| {
            if segment.is_empty() {
                return Err(PathError::EmptySegment(text.to_owned()));
            }
            Ok(Arc::from(segment))
        });
        let path = Self(segments.collect::<Result<_, _>>()?);
        let is_in_path = |name: &&str| path.0.iter().any(|segment| **segment == **name);
        match FORBIDDEN_NAMES.into_iter().find(is_in_path) {
            Some(name) => Err(PathError::Forbidden(text.to_owned(), name)),
            None => Ok(path),
        }
    }

    /// The path of the one state key `name`, which may hold any character.
    pub fn key(name: &str) -> Result<Self, PathError> {
        Self::of(name, std::iter::once(name.into()))
    }

    pub fn segments(&self) -> &[Arc<str>] {
        &self.0
    }

    /// The first segment: the name a scope resolves.
    pub fn root(&self) -> &Arc<str> {
        &self.0[0]
    }

    /// Whether it reads as an expression, as a model writes one where a path is due.
    pub(super) fn is_an_expression(&self) -> bool {
        let reads_so = |segment: &Arc<str>| {
            segment.contains(['|', '(', '{', '}'])
                || [" and ", " or ", " if ", " + "]
                    .iter()
                    .any(|word| segment.contains(word))
        };
        self.has_a_slice() || self.0.iter().any(reads_so)
    }

    /// Whether a part of a list stands in it, as in `todos[:3]`.
    pub(super) fn has_a_slice(&self) -> bool {
        let is_slice = |segment: &Arc<str>| {
            segment.contains(':')
                && segment
                    .chars()
                    .all(|c| matches!(c, ':' | '-') || c.is_ascii_digit())
        };
        self.0.iter().skip(1).any(is_slice)
    }

    /// This path, one or more segments deeper. The segments come from a parsed path or an index.
    #[must_use]
    pub fn join(&self, deeper: impl IntoIterator<Item = Arc<str>>) -> Self {
        Self(self.0.iter().cloned().chain(deeper).collect())
    }

    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.join([Arc::from(index.to_string())])
    }

    /// Without its last segment; nothing for a single one.
    pub fn parent(&self) -> Option<Self> {
        (self.0.len() > 1).then(|| Self(self.0[..self.0.len() - 1].to_vec()))
    }

    pub fn last(&self) -> &Arc<str> {
        &self.0[self.0.len() - 1]
    }

    /// Whether one is a prefix of the other: a write to one can change what the other reads.
    pub fn touches(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).all(|(mine, theirs)| mine == theirs)
    }

    /// Whether this path is `prefix` or lies below it.
    pub fn is_under(&self, prefix: &Self) -> bool {
        self.0.len() >= prefix.0.len() && self.touches(prefix)
    }

    pub fn pointer(&self) -> String {
        self.0.iter().fold(String::new(), |pointer, segment| {
            pointer + "/" + &escaped(segment)
        })
    }
}

fn unescaped(token: &str) -> Cow<'_, str> {
    if token.contains('~') {
        Cow::Owned(token.replace("~1", "/").replace("~0", "~"))
    } else {
        Cow::Borrowed(token)
    }
}

/// One reference token of a JSON Pointer (RFC 6901).
pub fn escaped(segment: &str) -> Cow<'_, str> {
    if segment.contains(['~', '/']) {
        segment.replace('~', "~0").replace('/', "~1").into()
    } else {
        segment.into()
    }
}

fn unquoted(segment: &str) -> &str {
    let segment = segment.trim();
    ['\'', '"']
        .into_iter()
        .find_map(|quote| segment.strip_prefix(quote)?.strip_suffix(quote))
        .unwrap_or(segment)
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.iter().any(|segment| segment.contains(['.', '/', '['])) {
            return f.write_str(&self.pointer());
        }
        f.write_str(&self.0.join("."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<&str, PathError>) {
        assert_eq!(
            Path::parse(text).map(|path| path.pointer()),
            expected.map(str::to_owned),
            "{text}"
        );
    }

    #[test]
    fn reads_dotted_paths_and_pointers() {
        check("a", Ok("/a"));
        check(" a.b.0 ", Ok("/a/b/0"));
        check("a[3].b", Ok("/a/3/b"));
        check("a['b c']", Ok("/a/b c"));
        check("/a.b/c~1d", Ok("/a.b/c~1d"));
        check("", Err(PathError::Empty));
        check("a..b", Err(PathError::EmptySegment("a..b".into())));
        check(
            "a.__proto__.b",
            Err(PathError::Forbidden("a.__proto__.b".into(), "__proto__")),
        );
        check(
            "/constructor",
            Err(PathError::Forbidden("/constructor".into(), "constructor")),
        );
    }

    #[test]
    fn touching_is_being_a_prefix_either_way() {
        let path = |text| Path::parse(text).expect("a path");
        assert!(path("a.b").touches(&path("a")));
        assert!(path("a").touches(&path("a.b")));
        assert!(!path("a.b").touches(&path("a.c")));
        assert!(path("a.b").is_under(&path("a")));
        assert!(!path("a").is_under(&path("a.b")));
    }
}
