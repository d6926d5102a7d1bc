//! Files without a disk.

use std::collections::BTreeMap;

use crate::kernel::{
    DISK_BLOCK, FileEntry, FileKind, FileOp, FilePlace, FileReply, FileStat, FsPath, Reply, SysError,
    WriteMode, disk_bytes,
};

/// Files and folders by their places; roots are always there.
#[derive(Debug, Default)]
pub(super) struct MemoryFiles {
    nodes: BTreeMap<FilePlace, Node>,
    changes: u64,
}

#[derive(Debug, Clone)]
struct Node {
    /// None for a folder.
    bytes: Option<Vec<u8>>,
    changed: u64,
}

impl MemoryFiles {
    pub(super) fn perform(&mut self, op: FileOp) -> Result<Reply, SysError> {
        match op {
            FileOp::Read {
                place,
                offset,
                length,
                max_bytes,
            } => self.read(&place, offset, length, max_bytes),
            FileOp::Write {
                place,
                bytes,
                mode,
                if_etag,
                max_disk_bytes,
            } => self.write(place, bytes, mode, if_etag.as_deref(), max_disk_bytes),
            FileOp::Truncate {
                place,
                length,
                max_disk_bytes,
            } => self.truncate(place, length, max_disk_bytes),
            FileOp::Delete { place } => {
                self.file(&place)?;
                self.nodes.remove(&place);
                Ok(Reply::Done)
            }
            FileOp::Exists { place } => match self.at(&place) {
                Ok(_) => Ok(Reply::File(FileReply::Exists(true))),
                Err(SysError::NotFound | SysError::NotADirectory) => {
                    Ok(Reply::File(FileReply::Exists(false)))
                }
                Err(error) => Err(error),
            },
            FileOp::Stat { place } => Ok(Reply::File(FileReply::Stat(self.at(&place)?.stat()))),
            FileOp::List { place, after, limit } => self.list(&place, after.as_deref(), limit as usize),
            FileOp::Move {
                from,
                to,
                max_disk_bytes,
            } => {
                let bytes = self.file(&from)?.to_vec();
                self.put_new(to, bytes, max_disk_bytes, Some(&from))?;
                self.nodes.remove(&from);
                Ok(Reply::Done)
            }
            FileOp::Copy {
                from,
                to,
                max_disk_bytes,
            } => {
                let bytes = self.file(&from)?.to_vec();
                self.put_new(to, bytes, max_disk_bytes, None)
            }
            FileOp::CreateDirectory {
                place,
                max_disk_bytes,
            } => {
                if place.path.is_root() {
                    return Err(SysError::AlreadyExists);
                }
                self.check_absent(&place)?;
                self.check_room(&place, DISK_BLOCK, 0, max_disk_bytes)?;
                self.insert(place, None);
                Ok(Reply::Done)
            }
            FileOp::RemoveDirectory { place } => {
                if self.at(&place)?.bytes.is_some() {
                    return Err(SysError::NotADirectory);
                }
                if self.inside(&place).next().is_some() {
                    return Err(SysError::NotEmpty);
                }
                self.nodes.remove(&place);
                Ok(Reply::Done)
            }
            FileOp::Space { place } => Ok(Reply::Space(self.used(&place))),
            FileOp::Clear { place } => {
                self.nodes.retain(|other, _| !is_one_root(&place, other));
                Ok(Reply::Done)
            }
        }
    }

    fn read(
        &self,
        place: &FilePlace,
        offset: u64,
        length: Option<u64>,
        max_bytes: u64,
    ) -> Result<Reply, SysError> {
        let rest = self.file(place)?;
        let rest = rest.get(offset as usize..).unwrap_or_default();
        if length.is_none() && rest.len() as u64 > max_bytes {
            return Err(SysError::TooLarge { limit: max_bytes });
        }
        let wanted = length.unwrap_or(max_bytes).min(rest.len() as u64);
        Ok(Reply::File(FileReply::Bytes {
            bytes: rest[..wanted as usize].to_vec(),
            stat: self.at(place)?.stat(),
        }))
    }

    fn write(
        &mut self,
        place: FilePlace,
        bytes: Vec<u8>,
        mode: WriteMode,
        if_etag: Option<&str>,
        limit: u64,
    ) -> Result<Reply, SysError> {
        self.check_write(&place, mode, if_etag)?;
        let bytes = match self.file(&place) {
            Ok(there) if mode == WriteMode::Append => [there, &bytes].concat(),
            _ => bytes,
        };
        self.put(place, bytes, limit)
    }

    /// Whether `place` may be written now.
    pub(super) fn check_write(
        &self,
        place: &FilePlace,
        mode: WriteMode,
        if_etag: Option<&str>,
    ) -> Result<(), SysError> {
        let is_there = match self.file(place) {
            Ok(_) => true,
            Err(SysError::NotFound) => {
                self.check_absent(place)?;
                false
            }
            Err(error) => return Err(error),
        };
        let etag = self.nodes.get(place).map(|node| node.stat().etag);
        if if_etag.is_some() && etag.as_deref() != if_etag {
            return Err(SysError::Conflict { etag });
        }
        if mode == WriteMode::CreateNew && is_there {
            return Err(SysError::AlreadyExists);
        }
        Ok(())
    }

    /// The whole file as it is now.
    pub(super) fn open(&self, place: &FilePlace) -> Result<(Vec<u8>, FileStat), SysError> {
        Ok((self.file(place)?.to_vec(), self.at(place)?.stat()))
    }

    fn truncate(&mut self, place: FilePlace, length: u64, limit: u64) -> Result<Reply, SysError> {
        let mut bytes = self.file(&place)?.to_vec();
        let freed = disk_bytes(bytes.len() as u64);
        // Before there is memory taken for it.
        self.check_room(&place, disk_bytes(length), freed, limit)?;
        bytes.resize(length as usize, 0);
        self.put(place, bytes, limit)
    }

    fn put_new(
        &mut self,
        place: FilePlace,
        bytes: Vec<u8>,
        limit: u64,
        moved: Option<&FilePlace>,
    ) -> Result<Reply, SysError> {
        self.check_absent(&place)?;
        let here = moved.is_some_and(|from| is_one_root(from, &place));
        let freed = if here { disk_bytes(bytes.len() as u64) } else { 0 };
        self.check_room(&place, disk_bytes(bytes.len() as u64), freed, limit)?;
        Ok(self.insert(place, Some(bytes)))
    }

    fn put(&mut self, place: FilePlace, bytes: Vec<u8>, limit: u64) -> Result<Reply, SysError> {
        self.check_put(&place, disk_bytes(bytes.len() as u64), limit)?;
        Ok(self.insert(place, Some(bytes)))
    }

    /// Whether there is room for `added` bytes in the place of what is there.
    pub(super) fn check_put(&self, place: &FilePlace, added: u64, limit: u64) -> Result<(), SysError> {
        let freed = self.nodes.get(place).map_or(0, Node::taken);
        self.check_room(place, added, freed, limit)
    }

    fn insert(&mut self, place: FilePlace, bytes: Option<Vec<u8>>) -> Reply {
        self.changes += 1;
        let node = Node {
            bytes,
            changed: self.changes,
        };
        let stat = node.stat();
        self.nodes.insert(place, node);
        Reply::File(FileReply::Stat(stat))
    }

    /// What the root of `place` takes.
    fn used(&self, place: &FilePlace) -> u64 {
        let here = self.nodes.iter().filter(|(other, _)| is_one_root(other, place));
        here.map(|(_, node)| node.taken()).sum()
    }

    fn check_room(&self, place: &FilePlace, added: u64, freed: u64, limit: u64) -> Result<(), SysError> {
        let used = self.used(place);
        if added > freed && used - freed + added > limit {
            return Err(SysError::disk_quota(limit, used));
        }
        Ok(())
    }

    /// Nothing is there, but the folder it would be in is.
    fn check_absent(&self, place: &FilePlace) -> Result<(), SysError> {
        let (folder, _) = place.path.split().ok_or(SysError::IsADirectory)?;
        if self.at(&in_root_of(place, folder))?.bytes.is_some() {
            return Err(SysError::NotADirectory);
        }
        if self.nodes.contains_key(place) {
            Err(SysError::AlreadyExists)
        } else {
            Ok(())
        }
    }

    fn file(&self, place: &FilePlace) -> Result<&[u8], SysError> {
        let node = self.at(place)?;
        node.bytes.as_deref().ok_or(SysError::IsADirectory)
    }

    fn at(&self, place: &FilePlace) -> Result<&Node, SysError> {
        const ROOT: Node = Node {
            bytes: None,
            changed: 0,
        };
        let Some((folder, _)) = place.path.split() else {
            return Ok(&ROOT);
        };
        if self.at(&in_root_of(place, folder))?.bytes.is_some() {
            return Err(SysError::NotADirectory);
        }
        self.nodes.get(place).ok_or(SysError::NotFound)
    }

    fn list(&self, place: &FilePlace, after: Option<&str>, limit: usize) -> Result<Reply, SysError> {
        if self.at(place)?.bytes.is_some() {
            return Err(SysError::NotADirectory);
        }
        let named = self.inside(place);
        let mut inside: Vec<(&str, &Node)> = named
            .filter(|(name, _)| after.is_none_or(|after| *name > after))
            .collect();
        inside.sort_by_key(|(name, _)| *name);
        let more = inside.len() > limit;
        let entries = inside.into_iter().take(limit).map(|(name, node)| {
            let stat = node.stat();
            FileEntry {
                name: name.to_owned(),
                kind: stat.kind,
                size: stat.size,
                modified: stat.modified,
            }
        });
        let entries = entries.collect();
        Ok(Reply::File(FileReply::Entries { entries, more }))
    }

    fn inside(&self, folder: &FilePlace) -> impl Iterator<Item = (&str, &Node)> {
        self.nodes.iter().filter_map(|(place, node)| {
            let (above, name) = place.path.split()?;
            (in_root_of(place, above) == *folder).then_some((name, node))
        })
    }
}

impl Node {
    fn stat(&self) -> FileStat {
        FileStat {
            kind: if self.bytes.is_some() {
                FileKind::File
            } else {
                FileKind::Directory
            },
            size: self.bytes.as_ref().map_or(0, |bytes| bytes.len() as u64),
            modified: self.changed,
            etag: self.changed.to_string(),
        }
    }

    fn taken(&self) -> u64 {
        disk_bytes(self.stat().size)
    }
}

fn is_one_root(place: &FilePlace, other: &FilePlace) -> bool {
    place.owner == other.owner && place.path.root() == other.path.root()
}

fn in_root_of(place: &FilePlace, path: FsPath) -> FilePlace {
    FilePlace {
        path,
        owner: place.owner,
    }
}
