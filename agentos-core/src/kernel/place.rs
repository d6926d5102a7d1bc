//! What a process may do with which files.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::error::SysError;
use super::path::{FsPath, FsRoot};
use crate::ids::Namespace;

/// A path, and whose `home` or `tmp` it begins in. Processes name paths alone, so none can name what is
/// another's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FilePlace {
    pub path: FsPath,
    /// None for what is shared, and for what is the system's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Namespace>,
}

impl FilePlace {
    /// Where `path` is for a process of `namespace`; without one it has nothing of its own.
    pub(super) fn of(path: FsPath, namespace: Option<Namespace>) -> Result<Self, SysError> {
        let owner = match path.root() {
            FsRoot::Shared => None,
            FsRoot::Home | FsRoot::Tmp => Some(namespace.ok_or_else(|| SysError::invalid("path"))?),
        };
        Ok(Self { path, owner })
    }

    /// As [`Self::of`], of a file: a root is a folder.
    pub(super) fn of_file(path: FsPath, namespace: Option<Namespace>) -> Result<Self, SysError> {
        if path.is_root() {
            return Err(SysError::IsADirectory);
        }
        Self::of(path, namespace)
    }

    /// Where `path` is for the system. Its `home` and `tmp` are no namespace's, so no process can name them,
    /// whatever it was granted.
    pub(super) fn of_system(path: FsPath) -> Self {
        Self { path, owner: None }
    }

    pub(super) fn home_of(namespace: Namespace) -> Self {
        Self {
            path: FsPath::of_root(FsRoot::Home),
            owner: Some(namespace),
        }
    }

    fn contains(&self, other: &Self) -> bool {
        self.owner == other.owner && self.path.contains(&other.path)
    }
}

/// Who may change may read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FsRights {
    Read,
    ReadWrite,
}

/// One file, or a folder with all that is below it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FsRule {
    #[serde(flatten)]
    pub place: FilePlace,
    pub rights: FsRights,
}

impl FsRule {
    /// Whether holding `self` is enough for `need`.
    pub fn covers(&self, need: &Self) -> bool {
        self.place.contains(&need.place) && self.rights >= need.rights
    }

    /// Whether who is denied `self` is denied `need`: without reading there is no writing.
    pub fn forbids(&self, need: &Self) -> bool {
        self.place.contains(&need.place) && self.rights <= need.rights
    }
}

impl fmt::Display for FsRule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = match self.rights {
            FsRights::Read => "read",
            FsRights::ReadWrite => "read and change",
        };
        let path = &self.place.path;
        let folder = match path.root() {
            FsRoot::Home => "its own folder",
            FsRoot::Shared => "the folder all apps share",
            FsRoot::Tmp => "its own temporary folder",
        };
        match path.relative() {
            "" => write!(formatter, "{verb} everything in {folder}"),
            name => write!(formatter, "{verb} “{name}” in {folder}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use FsRights::{Read, ReadWrite};

    fn rule(path: &str, rights: FsRights) -> FsRule {
        let place = FilePlace::of(FsPath::parse(path).unwrap(), Some(Namespace::new(1, 1))).unwrap();
        FsRule { place, rights }
    }

    #[test]
    fn a_rule_reads_as_what_follows_may() {
        for (path, rights, expected) in [
            ("home:", ReadWrite, "read and change everything in its own folder"),
            (
                "shared:notes/a.txt",
                Read,
                "read “notes/a.txt” in the folder all apps share",
            ),
            (
                "tmp:a",
                ReadWrite,
                "read and change “a” in its own temporary folder",
            ),
        ] {
            assert_eq!(rule(path, rights).to_string(), expected);
        }
    }

    #[track_caller]
    fn check(own: (&str, FsRights), need: (&str, FsRights), covered: bool, forbidden: bool) {
        let (own, need) = (rule(own.0, own.1), rule(need.0, need.1));
        assert_eq!(
            (own.covers(&need), own.forbids(&need)),
            (covered, forbidden),
            "{own:?} {need:?}"
        );
    }

    #[test]
    fn a_grant_reaches_down_and_a_denial_too() {
        check(("home:", ReadWrite), ("home:a/b", Read), true, false);
        check(("home:", ReadWrite), ("home:a/b", ReadWrite), true, true);
        check(("home:a", Read), ("home:a/b", Read), true, true);
        check(("home:a", Read), ("home:a/b", ReadWrite), false, true);
        check(("home:a", ReadWrite), ("home:", Read), false, false);
        check(("home:a", ReadWrite), ("home:ab", Read), false, false);
        check(("home:", ReadWrite), ("shared:", Read), false, false);
    }

    #[test]
    fn the_home_of_another_is_another_place() {
        let of = |number| FilePlace::of(FsPath::parse("a").unwrap(), Some(Namespace::new(1, number)));
        let rule = |number| FsRule {
            place: of(number).unwrap(),
            rights: Read,
        };
        assert!(!rule(1).covers(&rule(2)) && !rule(1).forbids(&rule(2)));
        let shared = |namespace| FilePlace::of(FsPath::parse("shared:a").unwrap(), namespace);
        assert_eq!(shared(Some(Namespace::new(1, 1))), shared(None));
        let nobodys = FilePlace::of(FsPath::parse("tmp:a").unwrap(), None);
        assert_eq!(nobodys, Err(SysError::invalid("path")));
        let systems = FsRule {
            place: FilePlace::of_system(FsPath::parse("home:").unwrap()),
            rights: ReadWrite,
        };
        assert!(!systems.covers(&rule(1)) && !rule(1).covers(&systems));
    }
}
