//! What every host promises of files.
#![expect(
    clippy::unwrap_used,
    reason = "a promise that is not kept says so by panicking"
)]

use futures::stream::{self, StreamExt};

use super::{Monitor, NOW, namespace};
use crate::kernel::{
    DISK_BLOCK, FILE_BYTES, FileCall, FileEntry, FileKind, FileReply, FileStat, FileStream, FsPath,
    LimitTable, NewProcess, Pid, Principal, Reply, Resource, SysError, Syscall, WriteMode, WriteStream,
};
use crate::ports::host::HostPort;
use crate::ports::stream::Pipe;

/// An app at its own files and those that are shared.
struct Desk<'a> {
    host: &'a dyn HostPort,
    monitor: Monitor,
    app: Pid,
}

impl<'a> Desk<'a> {
    fn new(host: &'a dyn HostPort, number: u128) -> Self {
        Self::within(host, number, &LimitTable::default())
    }

    fn within(host: &'a dyn HostPort, number: u128, limits: &LimitTable) -> Self {
        let mut monitor = Monitor::within(limits);
        let app = monitor.spawn(NewProcess::app("app", namespace(number)));
        Self { host, monitor, app }
    }

    async fn call(&mut self, call: FileCall) -> Result<Reply, SysError> {
        let caller = match &call {
            // What is shared needs a grant, which the system does not.
            FileCall::Read { path, .. } | FileCall::Write { path, .. }
                if path.to_string().starts_with("shared:") =>
            {
                Principal::System
            }
            _ => Principal::Process(self.app),
        };
        self.monitor.run_as(caller, self.host, Syscall::File(call)).await
    }

    async fn call_as_system(&mut self, call: FileCall) -> Result<Reply, SysError> {
        self.system(Syscall::File(call)).await
    }

    async fn system(&mut self, syscall: Syscall) -> Result<Reply, SysError> {
        self.monitor.run_as(Principal::System, self.host, syscall).await
    }

    async fn write_as(
        &mut self,
        at: &str,
        text: &str,
        mode: WriteMode,
        if_etag: Option<&str>,
    ) -> Result<FileStat, SysError> {
        let write = FileCall::Write {
            path: path(at),
            bytes: text.as_bytes().to_vec(),
            mode,
            if_etag: if_etag.map(str::to_owned),
        };
        Ok(stat(self.call(write).await?))
    }

    async fn write(&mut self, at: &str, text: &str) -> Result<FileStat, SysError> {
        self.write_as(at, text, WriteMode::Replace, None).await
    }

    async fn read_range(
        &mut self,
        at: &str,
        offset: u64,
        length: Option<u64>,
    ) -> Result<(String, FileStat), SysError> {
        let read = FileCall::Read {
            path: path(at),
            offset,
            length,
        };
        match self.call(read).await? {
            Reply::File(FileReply::Bytes { bytes, stat }) => {
                Ok((String::from_utf8(bytes).expect("text"), stat))
            }
            other => panic!("{other:?}"),
        }
    }

    async fn read(&mut self, at: &str) -> Result<String, SysError> {
        Ok(self.read_range(at, 0, None).await?.0)
    }

    async fn make(&mut self, at: &str) -> Result<Reply, SysError> {
        self.call(FileCall::CreateDirectory { path: path(at) }).await
    }

    async fn remove(&mut self, at: &str) -> Result<Reply, SysError> {
        self.call(FileCall::RemoveDirectory { path: path(at) }).await
    }

    async fn delete(&mut self, at: &str) -> Result<Reply, SysError> {
        self.call(FileCall::Delete { path: path(at) }).await
    }

    async fn stat(&mut self, at: &str) -> Result<FileStat, SysError> {
        Ok(stat(self.call(FileCall::Stat { path: path(at) }).await?))
    }

    async fn exists(&mut self, at: &str) -> bool {
        match self.call(FileCall::Exists { path: path(at) }).await {
            Ok(Reply::File(FileReply::Exists(exists))) => exists,
            other => panic!("{other:?}"),
        }
    }

    async fn list(&mut self, at: &str, after: Option<&str>, limit: u32) -> (Vec<FileEntry>, bool) {
        let list = FileCall::List {
            path: path(at),
            after: after.map(str::to_owned),
            limit,
        };
        match self.call(list).await {
            Ok(Reply::File(FileReply::Entries { entries, more })) => (entries, more),
            other => panic!("{other:?}"),
        }
    }

    async fn names(&mut self, at: &str) -> Vec<String> {
        let (entries, more) = self.list(at, None, 1_000).await;
        assert!(!more);
        entries.into_iter().map(|entry| entry.name).collect()
    }

    async fn carry(&mut self, moves: bool, from: &str, to: &str) -> Result<Reply, SysError> {
        let (from, to) = (path(from), path(to));
        self.call(if moves {
            FileCall::Move { from, to }
        } else {
            FileCall::Copy { from, to }
        })
        .await
    }

    async fn truncate(&mut self, at: &str, length: u64) -> Result<FileStat, SysError> {
        let path = path(at);
        Ok(stat(self.call(FileCall::Truncate { path, length }).await?))
    }
}

fn path(text: &str) -> FsPath {
    FsPath::parse(text).expect("a path of these tests")
}

fn stat(reply: Reply) -> FileStat {
    match reply {
        Reply::File(FileReply::Stat(stat)) => stat,
        other => panic!("{other:?}"),
    }
}

pub async fn a_file_reads_back_whole_or_in_part(host: &dyn HostPort) {
    let mut desk = Desk::new(host, 1);
    let written = desk.write("home:a.txt", "0123456789").await.unwrap();
    assert_eq!((written.kind, written.size), (FileKind::File, 10));
    assert_eq!(desk.stat("a.txt").await.unwrap(), written);
    for (offset, length, expected) in [
        (0, None, "0123456789"),
        (3, None, "3456789"),
        (3, Some(4), "3456"),
        (8, Some(100), "89"),
        (10, None, ""),
        (u64::MAX / 2, Some(5), ""),
        (0, Some(0), ""),
    ] {
        let (text, stat) = desk.read_range("a.txt", offset, length).await.unwrap();
        assert_eq!(
            (text.as_str(), &stat),
            (expected, &written),
            "{offset} {length:?}"
        );
    }
    assert_eq!(desk.read("b.txt").await, Err(SysError::NotFound));
    desk.write("empty", "").await.unwrap();
    assert_eq!(desk.read("empty").await.unwrap(), "");
}

pub async fn a_file_is_replaced_made_or_added_to(host: &dyn HostPort) {
    let mut desk = Desk::new(host, 1);
    let first = desk
        .write_as("a", "one", WriteMode::CreateNew, None)
        .await
        .unwrap();
    let twice = desk.write_as("a", "two", WriteMode::CreateNew, None).await;
    assert_eq!(twice, Err(SysError::AlreadyExists));
    assert_eq!(
        desk.call(FileCall::Create { path: path("a") }).await,
        Err(SysError::AlreadyExists)
    );
    assert_eq!(desk.read("a").await.unwrap(), "one");
    let second = desk
        .write_as("a", " more", WriteMode::Append, None)
        .await
        .unwrap();
    assert_eq!(desk.read("a").await.unwrap(), "one more");
    let third = desk.write("a", "new").await.unwrap();
    assert_eq!(desk.read("a").await.unwrap(), "new");
    assert!(first.etag != second.etag && second.etag != third.etag && first.etag != third.etag);
    desk.write_as("log", "line", WriteMode::Append, None)
        .await
        .unwrap();
    assert_eq!(desk.read("log").await.unwrap(), "line");
    let made = stat(desk.call(FileCall::Create { path: path("new") }).await.unwrap());
    assert_eq!((made.kind, made.size), (FileKind::File, 0));
}

pub async fn a_write_on_another_etag_changes_nothing(host: &dyn HostPort) {
    let mut desk = Desk::new(host, 1);
    let stale = desk.write("a", "one").await.unwrap().etag;
    let now = desk.write("a", "two").await.unwrap().etag;
    let refused = desk
        .write_as("a", "three", WriteMode::Replace, Some(&stale))
        .await;
    let conflict = SysError::Conflict {
        etag: Some(now.clone()),
    };
    assert_eq!(refused, Err(conflict));
    assert_eq!(desk.read("a").await.unwrap(), "two");
    desk.write_as("a", "!", WriteMode::Append, Some(&now))
        .await
        .unwrap();
    assert_eq!(desk.read("a").await.unwrap(), "two!");
    let absent = desk.write_as("b", "x", WriteMode::Replace, Some(&now)).await;
    assert_eq!(absent, Err(SysError::Conflict { etag: None }));
}

pub async fn folders_hold_files_and_are_removed_when_empty(host: &dyn HostPort) {
    let mut desk = Desk::new(host, 1);
    assert_eq!(desk.write("d/a", "x").await, Err(SysError::NotFound));
    assert_eq!(desk.make("d/e").await, Err(SysError::NotFound));
    assert_eq!(desk.make("d").await, Ok(Reply::Done));
    assert_eq!(desk.make("d").await, Err(SysError::AlreadyExists));
    assert_eq!(desk.make("home:").await, Err(SysError::AlreadyExists));
    desk.write("d/a", "x").await.unwrap();
    assert_eq!(desk.stat("d").await.unwrap().kind, FileKind::Directory);
    assert_eq!(desk.stat("home:").await.unwrap().kind, FileKind::Directory);
    assert_eq!(desk.remove("d").await, Err(SysError::NotEmpty));
    assert_eq!(desk.remove("d/a").await, Err(SysError::NotADirectory));
    assert_eq!(desk.delete("d").await, Err(SysError::IsADirectory));
    assert_eq!(desk.read("d").await, Err(SysError::IsADirectory));
    assert_eq!(desk.write("d", "x").await, Err(SysError::IsADirectory));
    assert_eq!(desk.write("d/a/b", "x").await, Err(SysError::NotADirectory));
    assert_eq!(desk.read("d/a/b").await, Err(SysError::NotADirectory));
    assert!(desk.exists("d/a").await && desk.exists("d").await && desk.exists("home:").await);
    assert!(!desk.exists("d/a/b").await && !desk.exists("e").await);
    assert_eq!(desk.delete("d/a").await, Ok(Reply::Done));
    assert_eq!(desk.delete("d/a").await, Err(SysError::NotFound));
    assert_eq!(desk.remove("d").await, Ok(Reply::Done));
    assert_eq!(desk.remove("d").await, Err(SysError::NotFound));
    assert!(!desk.exists("d").await);
}

pub async fn entries_are_listed_in_order_by_pages(host: &dyn HostPort) {
    let mut desk = Desk::new(host, 1);
    desk.make("d").await.unwrap();
    desk.make("d/inner").await.unwrap();
    desk.write("d/inner/deep", "x").await.unwrap();
    for name in ["b", "B", "ü", "a b", ".hidden", "a"] {
        desk.write(&format!("d/{name}"), name).await.unwrap();
    }
    let all = [".hidden", "B", "a", "a b", "b", "inner", "ü"];
    assert_eq!(desk.names("d").await, all);
    let (first, more) = desk.list("d", None, 3).await;
    assert!(more && first.iter().map(|entry| &entry.name).eq(&all[..3]));
    let (rest, more) = desk.list("d", Some("a"), 4).await;
    assert!(
        !more && rest.iter().map(|entry| &entry.name).eq(&all[3..]),
        "{rest:?}"
    );
    let kinds: Vec<_> = rest.iter().map(|entry| (entry.kind, entry.size)).collect();
    let file = |size| (FileKind::File, size);
    assert_eq!(kinds, [file(3), file(1), (FileKind::Directory, 0), file(2)]);
    assert!(desk.list("d", Some("ü"), 4).await.0.is_empty());
    let file = FileCall::List {
        path: path("d/a"),
        after: None,
        limit: 1,
    };
    assert_eq!(desk.call(file).await, Err(SysError::NotADirectory));
}

pub async fn a_file_is_moved_and_copied_onto_nothing(host: &dyn HostPort) {
    let mut desk = Desk::new(host, 1);
    desk.make("d").await.unwrap();
    desk.write("a", "text").await.unwrap();
    desk.write("there", "kept").await.unwrap();
    for moves in [true, false] {
        for (from, to, expected) in [
            ("a", "there", SysError::AlreadyExists),
            ("a", "a", SysError::AlreadyExists),
            ("a", "d", SysError::AlreadyExists),
            ("a", "nowhere/a", SysError::NotFound),
            ("nothing", "b", SysError::NotFound),
            ("d", "e", SysError::IsADirectory),
        ] {
            assert_eq!(desk.carry(moves, from, to).await, Err(expected), "{from} {to}");
        }
    }
    desk.carry(false, "a", "d/copy").await.unwrap();
    assert_eq!(desk.carry(true, "a", "tmp:moved").await, Ok(Reply::Done));
    assert!(!desk.exists("a").await);
    assert_eq!(desk.read("d/copy").await.unwrap(), "text");
    assert_eq!(desk.read("tmp:moved").await.unwrap(), "text");
    assert_eq!(desk.read("there").await.unwrap(), "kept");
}

pub async fn a_file_is_cut_or_filled_up(host: &dyn HostPort) {
    let mut desk = Desk::new(host, 1);
    let before = desk.write("a", "0123456789").await.unwrap();
    let after = desk.truncate("a", 4).await.unwrap();
    assert!(after.size == 4 && after.etag != before.etag);
    assert_eq!(desk.read("a").await.unwrap(), "0123");
    desk.truncate("a", 6).await.unwrap();
    assert_eq!(desk.read("a").await.unwrap(), "0123\0\0");
    assert_eq!(desk.truncate("b", 6).await, Err(SysError::NotFound));
    let beyond = desk.truncate("a", u64::MAX).await;
    assert!(
        matches!(beyond, Err(SysError::QuotaExceeded { .. })),
        "{beyond:?}"
    );
    assert_eq!(desk.stat("a").await.unwrap().size, 6);
}

pub async fn a_root_takes_no_more_than_its_allowance(host: &dyn HostPort) {
    let mut limits = LimitTable::default();
    limits.standard.disk_bytes = 3 * DISK_BLOCK;
    let mut desk = Desk::within(host, 1, &limits);
    desk.make("d").await.unwrap();
    let two_blocks = "x".repeat(DISK_BLOCK as usize + 1);
    desk.write("d/a", &two_blocks).await.unwrap();
    let full = |result: Result<Reply, SysError>| match result {
        Err(SysError::QuotaExceeded {
            resource: Resource::Disk,
            limit,
            used,
            retry_after: None,
        }) => (limit, used) == (3 * DISK_BLOCK, 3 * DISK_BLOCK),
        other => panic!("{other:?}"),
    };
    let told = |stat: Result<FileStat, SysError>| stat.map(|stat| Reply::File(FileReply::Stat(stat)));
    assert!(full(told(desk.write("b", "").await)));
    assert!(full(desk.make("e").await));
    assert!(full(desk.carry(false, "d/a", "b").await));
    let block = "y".repeat(DISK_BLOCK as usize);
    assert!(full(told(
        desk.write_as("d/a", &block, WriteMode::Append, None).await
    )));
    assert_eq!(desk.read("d/a").await.unwrap(), two_blocks);
    assert_eq!(desk.names("home:").await, ["d"]);
    desk.write("tmp:b", &two_blocks)
        .await
        .expect("another root has its own");
    assert!(full(desk.carry(true, "tmp:b", "b").await));
    assert_eq!(
        desk.carry(true, "d/a", "a").await,
        Ok(Reply::Done),
        "nothing is added"
    );
    desk.write("a", "short").await.unwrap();
    desk.write("b", "").await.unwrap();
    assert!(full(desk.make("e").await));
    desk.delete("b").await.unwrap();
    desk.make("e").await.unwrap();
}

pub async fn homes_are_apart_and_what_is_shared_is_one(host: &dyn HostPort) {
    let (mut first, mut second) = (Desk::new(host, 1), Desk::new(host, 2));
    first.write("home:a", "first").await.unwrap();
    first.write("tmp:a", "first").await.unwrap();
    first.write("shared:a", "for all").await.unwrap();
    assert!(!second.exists("home:a").await && !second.exists("tmp:a").await);
    second.write("home:a", "second").await.unwrap();
    assert_eq!(second.read("shared:a").await.unwrap(), "for all");
    assert_eq!(first.read("home:a").await.unwrap(), "first");
    assert_eq!(first.names("home:").await, ["a"]);
}

pub async fn a_home_tells_what_it_takes_and_is_emptied(host: &dyn HostPort) {
    let (mut desk, mut other) = (Desk::new(host, 1), Desk::new(host, 2));
    let own = namespace(1);
    assert_eq!(
        desk.system(Syscall::GetHomeSpace { namespace: own }).await,
        Ok(Reply::Space(0))
    );
    assert_eq!(
        desk.system(Syscall::ClearHome { namespace: own }).await,
        Ok(Reply::Done)
    );
    other.write("home:a", "other").await.unwrap();
    desk.make("home:folder").await.unwrap();
    desk.write("home:folder/a", "deep").await.unwrap();
    desk.write("home:a", "own").await.unwrap();
    desk.write("tmp:a", "own").await.unwrap();
    let space = Ok(Reply::Space(3 * DISK_BLOCK));
    assert_eq!(desk.system(Syscall::GetHomeSpace { namespace: own }).await, space);
    assert_eq!(
        desk.system(Syscall::ClearHome { namespace: own }).await,
        Ok(Reply::Done)
    );
    assert_eq!(
        desk.system(Syscall::GetHomeSpace { namespace: own }).await,
        Ok(Reply::Space(0))
    );
    assert!(desk.names("home:").await.is_empty());
    assert_eq!(desk.read("tmp:a").await.unwrap(), "own");
    assert_eq!(other.read("home:a").await.unwrap(), "other");
    desk.write("home:a", "again").await.unwrap();
    assert_eq!(desk.names("home:").await, ["a"]);
}

pub async fn a_stream_takes_no_more_than_the_root_may(host: &dyn HostPort) {
    let mut limits = LimitTable::default();
    limits.standard.disk_bytes = 64 * DISK_BLOCK;
    let mut desk = Desk::within(host, 1, &limits);
    desk.write("kept", "kept").await.unwrap();
    let mut take = async |at: &str, blocks: usize| {
        let stream = FileStream::Write(WriteStream {
            path: path(at),
            mode: WriteMode::Replace,
            if_etag: None,
        });
        let op = desk.monitor.open(Principal::Process(desk.app), stream);
        // It never ends: what there is room for is known before.
        let chunks = stream::iter(vec![Ok(vec![7; DISK_BLOCK as usize]); blocks]);
        let bytes = if blocks < 64 {
            chunks.boxed()
        } else {
            chunks.chain(stream::pending()).boxed()
        };
        desk.host.stream(op, Pipe::In(bytes)).await
    };
    for at in ["kept", "new"] {
        let full = take(at, 70).await;
        assert!(
            matches!(
                full,
                Err(SysError::QuotaExceeded {
                    resource: Resource::Disk,
                    ..
                })
            ),
            "{full:?}"
        );
    }
    let Ok(Reply::Streamed { bytes, .. }) = take("new", 60).await else {
        panic!("there is room for it");
    };
    assert_eq!(bytes, 60 * DISK_BLOCK);
    assert!(take("another", 8).await.is_err());
    assert!(take("new", 62).await.is_ok(), "what it replaces gives its room");
    assert_eq!(desk.read("kept").await.unwrap(), "kept");
    assert!(!desk.exists("another").await);
}

pub async fn the_system_has_a_home_of_its_own(host: &dyn HostPort) {
    let mut desk = Desk::new(host, 1);
    desk.write("home:a", "of the app").await.unwrap();
    let write = FileCall::Write {
        path: path("home:a"),
        bytes: b"of the system".to_vec(),
        mode: WriteMode::CreateNew,
        if_etag: None,
    };
    let read = FileCall::Read {
        path: path("home:a"),
        offset: 0,
        length: None,
    };
    desk.call_as_system(write).await.unwrap();
    match desk.call_as_system(read).await.unwrap() {
        Reply::File(FileReply::Bytes { bytes, .. }) => assert_eq!(bytes, b"of the system"),
        other => panic!("{other:?}"),
    }
    assert_eq!(desk.read("home:a").await.unwrap(), "of the app");
}

pub async fn more_than_one_call_may_bring_is_too_large(host: &dyn HostPort) {
    let mut desk = Desk::new(host, 1);
    desk.write("a", "x").await.unwrap();
    desk.truncate("a", FILE_BYTES + 1).await.unwrap();
    let limit = FILE_BYTES;
    assert_eq!(desk.read("a").await, Err(SysError::TooLarge { limit }));
    let (last, stat) = desk.read_range("a", FILE_BYTES, None).await.unwrap();
    assert_eq!((last.as_str(), stat.size), ("\0", FILE_BYTES + 1));
    assert!(stat.modified <= NOW * 2, "milliseconds");
}

pub async fn names_are_what_they_are(host: &dyn HostPort) {
    let mut desk = Desk::new(host, 1);
    let long = "n".repeat(FsPath::NAME_BYTES);
    let deep = vec!["d"; FsPath::DEPTH - 1].join("/");
    for depth in 1..FsPath::DEPTH {
        desk.make(&vec!["d"; depth].join("/")).await.unwrap();
    }
    desk.write(&format!("{deep}/a"), "deep").await.unwrap();
    assert_eq!(desk.read(&format!("{deep}/a")).await.unwrap(), "deep");
    for name in [
        long.as_str(),
        "\u{2025}",
        "a\u{ff0f}b",
        "'; rm -rf ~",
        "$(id)",
        "%2e%2e",
        "-rf",
    ] {
        desk.write(name, name).await.unwrap();
        assert_eq!(desk.read(name).await.unwrap(), name);
    }
    assert_eq!(desk.names("home:").await.len(), 8);
}
