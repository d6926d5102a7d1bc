//! Records in files that are never changed, and the journal that says which of them count.
//!
//! A transaction has a number, higher than those before it. It writes each of its records into a new file,
//! `<folder>/<key>.<number>.json`, and then replaces the journal, which names the last transaction that counts and the
//! files it made obsolete: that one step is the commit. At last the obsolete files are deleted, now or at the next start.
//! So nothing that is still to be done after the commit needs room on the disk, and before it nothing is lost.

use std::collections::{BTreeMap, BTreeSet};

use agentos_core::kernel::{FsPath, SysError};
use agentos_core::ports::Cause;
use agentos_core::ports::storage::StorageError;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::folder::Folder;

const FOLDER: &str = "home:records";
const JOURNAL: &str = "home:records/journal.json";

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    App,
    Replica,
    History,
    Persisted,
    Package,
    Version,
    Session,
    Workspace,
}

impl Kind {
    const ALL: [Self; 8] = [
        Self::App,
        Self::Replica,
        Self::History,
        Self::Persisted,
        Self::Package,
        Self::Version,
        Self::Session,
        Self::Workspace,
    ];

    fn folder(self) -> &'static str {
        match self {
            Self::App => "apps",
            Self::Replica => "replicas",
            Self::History => "histories",
            Self::Persisted => "persisted",
            Self::Package => "packages",
            Self::Version => "versions",
            Self::Session => "sessions",
            Self::Workspace => "workspaces",
        }
    }

    /// As people are told of it.
    fn record(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::Replica => "replica",
            Self::History => "history",
            Self::Persisted => "persisted path",
            Self::Package => "package",
            Self::Version => "package version",
            Self::Session | Self::Workspace => "session",
        }
    }
}

/// What a record is called: its kind, and a key that is part of a file's name.
type Name = (Kind, String);

#[derive(Debug, Default, Serialize, Deserialize)]
struct Journal {
    committed: u64,
    obsolete: BTreeSet<FsPath>,
}

/// What one transaction does.
#[derive(Debug, Default)]
pub(super) struct Changes {
    puts: BTreeMap<Name, Vec<u8>>,
    removals: BTreeSet<Name>,
}

impl Changes {
    pub(super) fn put(
        &mut self,
        kind: Kind,
        key: impl ToString,
        record: &impl Serialize,
    ) -> Result<(), StorageError> {
        let bytes = serde_json::to_vec(record).map_err(unavailable)?;
        self.puts.insert((kind, key.to_string()), bytes);
        Ok(())
    }

    pub(super) fn remove(&mut self, kind: Kind, key: impl ToString) {
        self.removals.insert((kind, key.to_string()));
    }

    pub(super) fn removes(&self, kind: Kind, key: &str) -> bool {
        self.removals.contains(&(kind, key.to_owned()))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.puts.is_empty() && self.removals.is_empty()
    }
}

#[derive(Debug)]
pub(super) struct Records {
    folder: Folder,
    /// The transaction that wrote the file of each record.
    current: BTreeMap<Name, u64>,
    committed: u64,
    /// The last transaction that was begun; a number is never used twice.
    begun: u64,
    /// Files that do not count and may still be there.
    obsolete: BTreeSet<FsPath>,
    /// Only the disk knows how the last transaction ended.
    in_doubt: bool,
}

impl Records {
    /// Ends what was left half done: files of a transaction that was not committed go, and so do those that a committed
    /// one made obsolete.
    pub(super) async fn open(folder: Folder) -> Result<Self, StorageError> {
        folder.make(&path(FOLDER)?).await.map_err(unavailable)?;
        let journal = read_journal(&folder).await?;
        let mut files = Vec::new();
        for kind in Kind::ALL {
            let own = path(&format!("{FOLDER}/{}", kind.folder()))?;
            folder.make(&own).await.map_err(unavailable)?;
            let names = folder.names(&own).await.map_err(unavailable)?;
            files.extend(names.iter().filter_map(|name| {
                let (key, number) = name.strip_suffix(".json")?.rsplit_once('.')?;
                Some(((kind, key.to_owned()), number.parse::<u64>().ok()?))
            }));
        }
        let journal = match journal {
            Some(journal) => journal,
            // Without it every record would be taken for one that was never committed.
            None if !files.is_empty() => return Err(corrupt("journal", SysError::NotFound)),
            None => {
                let first = Journal::default();
                write_journal(&folder, &first).await?;
                first
            }
        };
        let mut records = Self {
            folder,
            current: BTreeMap::new(),
            committed: journal.committed,
            begun: journal.committed,
            obsolete: BTreeSet::new(),
            in_doubt: false,
        };
        for (name, number) in files {
            let file = file(&name, number)?;
            records.begun = records.begun.max(number);
            let is_newest = records.current.get(&name).is_none_or(|other| *other < number);
            if number > journal.committed || journal.obsolete.contains(&file) {
                records.obsolete.insert(file);
            } else if is_newest {
                records.current.insert(name, number);
            }
        }
        records.delete_obsolete().await;
        Ok(records)
    }

    /// As they are on the disk, where that is not known.
    pub(super) async fn settle(&mut self) -> Result<(), StorageError> {
        if self.in_doubt {
            *self = Self::open(self.folder.clone()).await?;
        }
        Ok(())
    }

    pub(super) async fn probe(&self) -> Result<(), StorageError> {
        if self.folder.exists(&path(JOURNAL)?).await.map_err(unavailable)? {
            Ok(())
        } else {
            Err(unavailable(SysError::NotFound))
        }
    }

    /// The number of the next transaction.
    pub(super) fn next(&self) -> u64 {
        self.begun + 1
    }

    /// The transaction that wrote the record, if it is there.
    pub(super) fn written_by(&self, kind: Kind, key: impl ToString) -> Option<u64> {
        self.current.get(&(kind, key.to_string())).copied()
    }

    pub(super) fn has(&self, kind: Kind, key: impl ToString) -> bool {
        self.written_by(kind, key).is_some()
    }

    pub(super) fn keys(&self, kind: Kind) -> impl Iterator<Item = &str> {
        self.current
            .range((kind, String::new())..)
            .take_while(move |((found, _), _)| *found == kind)
            .map(|((_, key), _)| key.as_str())
    }

    pub(super) async fn read<T: DeserializeOwned>(
        &self,
        kind: Kind,
        key: impl ToString,
    ) -> Result<Option<T>, StorageError> {
        let name = (kind, key.to_string());
        let Some(&number) = self.current.get(&name) else {
            return Ok(None);
        };
        let corrupt = |cause: Cause| corrupt(kind.record(), cause);
        let bytes = match self.folder.read(&file(&name, number)?).await {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return Err(corrupt(SysError::NotFound.into())),
            // Somebody put something else in its place.
            Err(error @ (SysError::PermissionDenied { .. } | SysError::IsADirectory)) => {
                return Err(corrupt(error.into()));
            }
            Err(error) => return Err(unavailable(error)),
        };
        serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|error| corrupt(error.into()))
    }

    /// Every record of a kind that can be read, with its key, and whether that is all of them.
    pub(super) async fn readable<T: DeserializeOwned>(
        &self,
        kind: Kind,
    ) -> Result<(Vec<(String, T)>, bool), StorageError> {
        let mut readable = Vec::new();
        let mut all = true;
        for key in self.keys(kind) {
            match self.read(kind, key).await {
                Ok(Some(record)) => readable.push((key.to_owned(), record)),
                Ok(None) | Err(StorageError::Corrupt { .. }) => all = false,
                Err(error) => return Err(error),
            }
        }
        Ok((readable, all))
    }

    /// Every record of a kind.
    pub(super) async fn all<T: DeserializeOwned>(&self, kind: Kind) -> Result<Vec<T>, StorageError> {
        let mut records = Vec::new();
        for key in self.keys(kind) {
            records.extend(self.read(kind, key).await?);
        }
        Ok(records)
    }

    /// Not to be dropped on its way.
    pub(super) async fn commit(&mut self, changes: Changes) -> Result<(), StorageError> {
        self.in_doubt = true;
        self.begun += 1;
        let Changes { puts, removals } = changes;
        let mut journal = Journal {
            committed: self.begun,
            obsolete: self.obsolete.clone(),
        };
        for name in puts.keys().chain(&removals) {
            if let Some(&before) = self.current.get(name) {
                journal.obsolete.insert(file(name, before)?);
            }
        }
        let written = self.stage(&puts).await;
        let committed = match written {
            Ok(()) => write_journal(&self.folder, &journal).await,
            Err(error) => return self.undo(error).await,
        };
        if let Err(error) = committed {
            return self.revoke(error).await;
        }
        self.committed = journal.committed;
        self.obsolete = journal.obsolete;
        for name in removals {
            self.current.remove(&name);
        }
        self.current
            .extend(puts.into_keys().map(|name| (name, journal.committed)));
        self.in_doubt = false;
        self.delete_obsolete().await;
        Ok(())
    }

    /// Writes the new files. They are obsolete until the journal is written.
    async fn stage(&mut self, puts: &BTreeMap<Name, Vec<u8>>) -> Result<(), StorageError> {
        for (name, bytes) in puts {
            let file = file(name, self.begun)?;
            self.obsolete.insert(file.clone());
            self.folder.write(&file, bytes).await.map_err(unavailable)?;
        }
        Ok(())
    }

    /// Ends a transaction that was not committed.
    async fn undo(&mut self, error: StorageError) -> Result<(), StorageError> {
        self.in_doubt = false;
        self.delete_obsolete().await;
        Err(error)
    }

    /// Ends one of which nobody knows whether the journal was written: now it says that this one does not count.
    async fn revoke(&mut self, error: StorageError) -> Result<(), StorageError> {
        let before = Journal {
            committed: self.committed,
            obsolete: self.obsolete.clone(),
        };
        match write_journal(&self.folder, &before).await {
            Ok(()) => self.undo(error).await,
            Err(_) => Err(error),
        }
    }

    /// What cannot be deleted now is tried again with the next transaction.
    async fn delete_obsolete(&mut self) {
        for file in std::mem::take(&mut self.obsolete) {
            if let Err(error) = self.folder.delete(&file).await {
                tracing::warn!(%file, %error, "an obsolete record stays for now");
                self.obsolete.insert(file);
            }
        }
    }
}

async fn read_journal(folder: &Folder) -> Result<Option<Journal>, StorageError> {
    let bytes = folder.read(&path(JOURNAL)?).await.map_err(unavailable)?;
    let journal = bytes.map(|bytes| serde_json::from_slice(&bytes)).transpose();
    journal.map_err(|error| corrupt("journal", error))
}

async fn write_journal(folder: &Folder, journal: &Journal) -> Result<(), StorageError> {
    let bytes = serde_json::to_vec(journal).map_err(unavailable)?;
    folder.write(&path(JOURNAL)?, &bytes).await.map_err(unavailable)
}

fn file((kind, key): &Name, number: u64) -> Result<FsPath, StorageError> {
    path(&format!("{FOLDER}/{}/{key}.{number}.json", kind.folder()))
}

fn path(text: &str) -> Result<FsPath, StorageError> {
    FsPath::parse(text).map_err(unavailable)
}

fn unavailable(error: impl Into<Cause>) -> StorageError {
    StorageError::Unavailable(error.into())
}

pub(super) fn corrupt(record: &'static str, error: impl Into<Cause>) -> StorageError {
    StorageError::Corrupt {
        record,
        source: error.into(),
    }
}
