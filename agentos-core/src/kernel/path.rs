//! Paths of files: parsed once, so that whoever holds one knows that it leads nowhere else.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::error::SysError;
use super::line::turns_text;

/// The folder a path begins in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FsRoot {
    /// The app's own, kept with its data.
    Home,
    /// One for all apps.
    Shared,
    /// The app's own until the kernel starts again.
    Tmp,
}

impl FsRoot {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Home => "home",
            Self::Shared => "shared",
            Self::Tmp => "tmp",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let roots = [Self::Home, Self::Shared, Self::Tmp];
        roots.into_iter().find(|root| root.as_str() == text)
    }
}

/// A place below a root: `home:notes/a.txt`, or `home:` for the root itself.
///
/// A place has one spelling, made of names that every operating system can keep. Names are compared by
/// their bytes: those that only look alike are different.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FsPath {
    root: FsRoot,
    /// Names with `/` between them; empty for the root.
    relative: Arc<str>,
}

impl FsPath {
    /// Without the root.
    pub const MAX_BYTES: usize = 1_024;
    pub const NAME_BYTES: usize = 255;
    /// The most names one below another.
    pub const DEPTH: usize = 32;
    /// What the names of files begin with that a host writes for itself; no path has such a name.
    pub const HOST_PREFIX: &str = ".agentos-";

    /// Where no root is named, it is `home`.
    pub fn parse(text: &str) -> Result<Self, SysError> {
        let (root, relative) = match text.split_once(':') {
            Some((root, relative)) => (FsRoot::parse(root), relative),
            None => (Some(FsRoot::Home), text),
        };
        match root {
            Some(root) if is_relative_path(relative) => Ok(Self {
                root,
                relative: relative.into(),
            }),
            _ => Err(SysError::invalid("path")),
        }
    }

    pub fn of_root(root: FsRoot) -> Self {
        Self {
            root,
            relative: Arc::default(),
        }
    }

    pub fn root(&self) -> FsRoot {
        self.root
    }

    /// Without the root; empty for the root itself.
    pub fn relative(&self) -> &str {
        &self.relative
    }

    pub fn is_root(&self) -> bool {
        self.relative.is_empty()
    }

    /// From the root down; none for the root.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.relative.split('/').filter(|name| !name.is_empty())
    }

    /// The folder it is in, and its name there; none for the root.
    pub fn split(&self) -> Option<(Self, &str)> {
        let (folder, name) = self.relative.rsplit_once('/').unwrap_or(("", &self.relative));
        let folder = Self {
            root: self.root,
            relative: folder.into(),
        };
        (!name.is_empty()).then_some((folder, name))
    }

    /// What is called `name` in this folder.
    pub fn join(&self, name: &str) -> Result<Self, SysError> {
        let between = if self.is_root() { "" } else { "/" };
        Self::parse(&format!("{self}{between}{name}"))
    }

    /// Whether `other` is this place or one below it.
    pub fn contains(&self, other: &Self) -> bool {
        let is_below = || {
            let rest = other.relative.strip_prefix(&*self.relative);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.root == other.root && (self.is_root() || is_below())
    }
}

impl fmt::Display for FsPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.root.as_str(), self.relative)
    }
}

impl TryFrom<String> for FsPath {
    type Error = SysError;

    fn try_from(text: String) -> Result<Self, SysError> {
        Self::parse(&text)
    }
}

impl From<FsPath> for String {
    fn from(path: FsPath) -> Self {
        path.to_string()
    }
}

fn is_relative_path(text: &str) -> bool {
    let fits = text.len() <= FsPath::MAX_BYTES && text.split('/').count() <= FsPath::DEPTH;
    text.is_empty() || fits && text.split('/').all(is_name)
}

fn is_name(name: &str) -> bool {
    (1..=FsPath::NAME_BYTES).contains(&name.len())
        && !name.contains(is_refused)
        // Among them `.` and `..`; Windows drops such an end.
        && !name.ends_with(['.', ' '])
        && !name.starts_with(FsPath::HOST_PREFIX)
        && !is_device(name)
}

/// What no name may contain on some system, and what would show a person another path than it is.
fn is_refused(letter: char) -> bool {
    letter.is_control() || turns_text(letter) || r#"\/:*?"<>|"#.contains(letter)
}

/// Windows takes these for devices in every folder, in any case and with any extension.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end();
    let stem = stem.to_ascii_uppercase();
    let numbered = stem.strip_prefix("COM").or_else(|| stem.strip_prefix("LPT"));
    let is_number = |rest: &str| {
        let mut letters = rest.chars();
        let first = letters.next();
        first.is_some_and(|letter| matches!(letter, '0'..='9' | '¹' | '²' | '³')) && letters.next().is_none()
    };
    ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$"].contains(&stem.as_str())
        || numbered.is_some_and(is_number)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn accepts(text: &str, spelled: &str) {
        let path = FsPath::parse(text).expect(text);
        assert_eq!(path.to_string(), spelled);
        assert_eq!(FsPath::parse(spelled), Ok(path), "it reads back");
    }

    #[track_caller]
    fn refuses(text: &str) {
        assert_eq!(FsPath::parse(text), Err(SysError::invalid("path")), "{text:?}");
    }

    #[test]
    fn a_path_names_a_root_and_what_is_below_it() {
        accepts("home:notes/a.txt", "home:notes/a.txt");
        accepts("notes/a.txt", "home:notes/a.txt");
        accepts("shared:", "shared:");
        accepts("", "home:");
        accepts("tmp:.hidden", "tmp:.hidden");
        accepts("a b/ü/文.md", "home:a b/ü/文.md");
        accepts("console/common/nullable", "home:console/common/nullable");
    }

    #[test]
    fn what_leads_elsewhere_is_refused() {
        for text in [
            "..",
            "../a",
            "a/..",
            "a/../b",
            "home:..",
            ".",
            "./a",
            "a/./b",
            "/",
            "/etc/passwd",
            "home:/etc",
            "a//b",
            "a/",
            "home:a/",
            "~root:a",
            "etc:passwd",
            "HOME:a",
            "file:///etc",
            "home:home:a",
            "C:\\a",
            "c:a",
            "a\\b",
            "\\\\server\\share",
            "a\0b",
            "a\nb",
            "a\u{7f}",
            "a\u{85}b",
        ] {
            refuses(text);
        }
    }

    #[test]
    fn names_some_system_reserves_are_refused() {
        for text in [
            "con",
            "CON",
            "Con.txt",
            "nul.tar.gz",
            "aux ",
            "a/prn/b",
            "com1",
            "COM0",
            "lpt9.log",
            "com¹",
            "conin$",
            "CLOCK$",
            "con .txt",
            "a.",
            "a ",
            "a...",
            "a:b",
            "a*",
            "a?",
            "a\"b",
            "<a",
            "a>",
            "a|b",
            ".agentos-1",
        ] {
            refuses(text);
        }
    }

    #[test]
    fn what_would_be_shown_as_something_else_is_refused() {
        for text in ["\u{202e}txt.exe", "a\u{2066}b", "a\u{200f}"] {
            refuses(text);
        }
    }

    #[test]
    fn look_alikes_are_names_like_any_other() {
        // A fraction slash, a full-width slash, two dots in one, a full-width colon, a Cyrillic а.
        for text in [
            "a\u{2044}b",
            "a\u{ff0f}b",
            "\u{2025}",
            "a\u{ff1a}b",
            "\u{430}",
            "\u{ff0e}\u{ff0e}",
        ] {
            accepts(text, &format!("home:{text}"));
        }
        assert_ne!(FsPath::parse("\u{430}"), FsPath::parse("a"));
    }

    #[test]
    fn lengths_and_depth_end_where_they_are_said_to() {
        let name = "n".repeat(255);
        accepts(&name, &format!("home:{name}"));
        refuses(&format!("{name}n"));
        refuses(&"ü".repeat(128));
        let deep = vec!["d"; 32].join("/");
        accepts(&deep, &format!("home:{deep}"));
        refuses(&format!("{deep}/d"));
        let long = format!("{name}/{name}/{name}/{name}");
        assert_eq!(long.len(), 1_023);
        accepts(&long, &format!("home:{long}"));
        refuses(&format!("{long}/n"));
        refuses(&"n/".repeat(3_000));
    }

    #[test]
    fn a_place_contains_what_is_below_it_and_nothing_beside_it() {
        let contains = |outer: &str, inner: &str| {
            FsPath::parse(outer)
                .unwrap()
                .contains(&FsPath::parse(inner).unwrap())
        };
        for (outer, inner) in [
            ("", "a"),
            ("a", "a"),
            ("a", "a/b"),
            ("shared:", "shared:a"),
            ("", ""),
        ] {
            assert!(contains(outer, inner), "{outer} {inner}");
        }
        for (outer, inner) in [
            ("a", "ab"),
            ("a/b", "a"),
            ("a", ""),
            ("a", "shared:a"),
            ("", "tmp:"),
        ] {
            assert!(!contains(outer, inner), "{outer} {inner}");
        }
    }

    proptest! {
        #[test]
        fn whatever_parses_stays_below_its_root(text in r"(home:|shared:|tmp:|x:|)([a.\\/:~ü ]|\.\.|\PC){0,12}") {
            if let Ok(path) = FsPath::parse(&text) {
                prop_assert_eq!(FsPath::parse(&path.to_string()), Ok(path.clone()));
                for name in path.names() {
                    prop_assert!(name != "." && name != ".." && !name.contains(['/', '\\', ':', '\0']));
                }
                let native = path.names().collect::<Vec<_>>().join("/");
                prop_assert!(!native.starts_with('/') && !native.ends_with('/'));
            }
        }

        #[test]
        fn splitting_undoes_joining(names in proptest::collection::vec("[d-m]{1,5}", 1..20)) {
            let mut path = FsPath::parse("shared:").unwrap();
            for name in &names {
                let inner = path.join(name).unwrap();
                prop_assert_eq!(inner.split(), Some((path.clone(), name.as_str())));
                prop_assert!(path.contains(&inner) && !inner.contains(&path));
                path = inner;
            }
            prop_assert_eq!(path.names().collect::<Vec<_>>(), names);
        }
    }
}
