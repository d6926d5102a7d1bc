//! Small files that the system has in memory, read without a wait.
//!
//! Linux can be asked to open and to read only what it has at hand (`RESOLVE_CACHED` of openat2(2), since 5.12, and
//! `RWF_NOWAIT` of preadv2(2)); where it cannot or would have to wait, the file is read as any other.

use std::collections::HashSet;
use std::fs::File;
use std::io::IoSliceMut;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Mutex, MutexGuard, PoisonError};

use agentos_core::kernel::{FileOp, FileReply, FsPath};
use cap_std::fs::{Dir, Metadata};
use rustix::fs::{Mode, OFlags, ResolveFlags, openat2};
use rustix::io::{ReadWriteFlags, preadv2};

use super::range;
use super::walk::stat;

/// The longest read that is not worth a thread of its own.
const AT_MOST: u64 = 64 * 1_024;

/// Paths at which there was a regular file. To open anything else can have an effect, so what stands elsewhere is looked
/// at before it is opened; what has come in the place of one of these neither blocks nor is read.
#[derive(Debug, Default)]
pub(super) struct RegularFiles(Mutex<HashSet<FsPath>>);

/// How many are remembered, at most.
const REMEMBERED: usize = 1_024;

impl RegularFiles {
    fn has(&self, path: &FsPath) -> bool {
        self.paths().contains(path)
    }

    fn remember(&self, path: &FsPath) {
        let mut paths = self.paths();
        if paths.len() >= REMEMBERED {
            paths.clear();
        }
        paths.insert(path.clone());
    }

    fn forget(&self, path: &FsPath) {
        self.paths().remove(path);
    }

    fn paths(&self) -> MutexGuard<'_, HashSet<FsPath>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What `op` reads below `root`, if it is a read of a regular file and all of it is in memory. Whatever is not as it
/// should be is left to the careful way, which tells what it is.
pub(super) fn read(root: &Dir, known: &RegularFiles, op: &FileOp) -> Option<FileReply> {
    let FileOp::Read {
        place,
        offset,
        length,
        max_bytes,
    } = op
    else {
        return None;
    };
    let path = &place.path;
    if !known.has(path) {
        regular(open(root, path, OFlags::PATH)?)?;
        known.remember(path);
    }
    let opened = open(root, path, OFlags::RDONLY | OFlags::NONBLOCK).and_then(regular);
    let Some((file, metadata)) = opened else {
        known.forget(path);
        return None;
    };
    let (offset, wanted) = range(&metadata, *offset, *length, *max_bytes).ok()?;
    if wanted > AT_MOST {
        return None;
    }
    let mut bytes = vec![0; wanted as usize];
    let read = preadv2(
        &file,
        &mut [IoSliceMut::new(&mut bytes)],
        offset,
        ReadWriteFlags::NOWAIT,
    )
    .ok()?;
    let stat = stat(&metadata);
    (read == bytes.len()).then_some(FileReply::Bytes { bytes, stat })
}

fn open(root: &Dir, path: &FsPath, how: OFlags) -> Option<OwnedFd> {
    let below = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    openat2(
        root.as_fd(),
        path.relative(),
        how | OFlags::NOFOLLOW | OFlags::CLOEXEC,
        Mode::empty(),
        below | ResolveFlags::CACHED,
    )
    .ok()
}

fn regular(file: OwnedFd) -> Option<(File, Metadata)> {
    let file = File::from(file);
    let metadata = Metadata::from_file(&file).ok()?;
    metadata.is_file().then_some((file, metadata))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::path::Path;

    use agentos_core::kernel::{FilePlace, FsRights};
    use cap_std::ambient_authority;
    use rustix::fs::{CWD, FileType, mknodat};
    use tempfile::TempDir;

    use super::*;
    use crate::kernel::files::read_range;
    use crate::kernel::files::walk::Located;

    fn read_of(path: &str, offset: u64, length: Option<u64>) -> FileOp {
        FileOp::Read {
            place: FilePlace {
                owner: None,
                path: FsPath::parse(path).unwrap(),
            },
            offset,
            length,
            max_bytes: 1_000_000,
        }
    }

    fn folder() -> (TempDir, Dir) {
        let folder = tempfile::tempdir().unwrap();
        let dir = Dir::open_ambient_dir(folder.path(), ambient_authority()).unwrap();
        (folder, dir)
    }

    #[test]
    fn what_is_in_memory_is_read_as_the_careful_way_reads_it() {
        let (folder, dir) = folder();
        fs::create_dir(folder.path().join("a")).unwrap();
        fs::write(folder.path().join("a/b"), "0123456789").unwrap();
        let known = RegularFiles::default();
        if read(&dir, &known, &read_of("a/b", 0, None)).is_none() {
            eprintln!("skipped: this file system has no reads that do not wait");
            return;
        }
        for (offset, length) in [
            (0, None),
            (0, Some(3)),
            (7, None),
            (7, Some(9)),
            (10, None),
            (99, Some(1)),
        ] {
            let op = read_of("a/b", offset, length);
            let FileOp::Read { place, max_bytes, .. } = &op else {
                unreachable!("it is a read")
            };
            let located = Located::of(&dir, place, FsRights::Read).unwrap();
            let careful = read_range(&located, offset, length, *max_bytes).unwrap();
            assert_eq!(read(&dir, &known, &op), Some(careful), "{offset} {length:?}");
        }
    }

    #[test]
    fn what_is_no_regular_file_below_the_root_or_is_long_is_left_alone() {
        let (folder, dir) = folder();
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("secret"), "secret").unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("folder")).unwrap();
        fs::write(at("folder/file"), "file").unwrap();
        fs::write(at("long"), vec![b'x'; AT_MOST as usize + 1]).unwrap();
        symlink(outside.path().join("secret"), at("link")).unwrap();
        symlink("folder/file", at("near")).unwrap();
        symlink("folder", at("linked")).unwrap();
        symlink(outside.path(), at("away")).unwrap();
        mknodat(CWD, at("pipe"), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        for path in [
            "absent",
            "home:",
            "folder",
            "folder/file/below",
            "link",
            "near",
            "linked/file",
            "away/secret",
            "pipe",
            "long",
        ] {
            let known = RegularFiles::default();
            assert_eq!(read(&dir, &known, &read_of(path, 0, None)), None, "{path}");
        }
    }

    #[test]
    fn what_has_come_in_the_place_of_a_regular_file_is_left_alone() {
        let (folder, dir) = folder();
        let (at, of) = (folder.path().join("a"), read_of("a", 0, None));
        let known = RegularFiles::default();
        fs::write(&at, "a").unwrap();
        if read(&dir, &known, &of).is_none() {
            eprintln!("skipped: this file system has no reads that do not wait");
            return;
        }
        fs::remove_file(&at).unwrap();
        assert_eq!(read(&dir, &known, &of), None, "nothing");
        for (what, put) in [
            (
                "a pipe",
                (|at| mknodat(CWD, at, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap()) as fn(&Path),
            ),
            ("a link", |at| symlink("/etc/passwd", at).unwrap()),
        ] {
            fs::write(&at, "a").unwrap();
            assert!(read(&dir, &known, &of).is_some());
            fs::remove_file(&at).unwrap();
            put(&at);
            assert_eq!(read(&dir, &known, &of), None, "{what}");
            fs::remove_file(&at).unwrap();
        }
    }

    #[test]
    fn the_paths_that_are_remembered_stay_few() {
        let known = RegularFiles::default();
        for number in 0..3 * REMEMBERED {
            known.remember(&FsPath::parse(&number.to_string()).unwrap());
        }
        assert!(known.paths().len() <= REMEMBERED);
    }
}
