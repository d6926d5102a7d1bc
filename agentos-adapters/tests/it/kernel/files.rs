//! Files on a disk through the whole kernel: what only the audit, many at once, and a call given up show.

#[cfg(target_os = "linux")]
mod race;

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use agentos_adapters::kernel::{Files, Host, LocalKernel, SqliteAppData};
use agentos_core::kernel::{
    Call, FileCall, FileReply, FileStat, FsPath, IoKind, KernelConfig, Pid, Principal, ReadStream, Reply,
    STREAM_CHUNK, SysError, Syscall, WriteMode, WriteStream,
};
use agentos_core::ports::kernel::KernelPort;
use agentos_core::ports::stream::ByteStream;
use futures::StreamExt;
use futures::channel::mpsc;
use futures::future::{Either, join_all, select};
use sqlx::SqlitePool;
use tempfile::TempDir;

use super::{TokioClock, app, database_in, namespace, run};

/// A kernel over files and a database on disk, and an app.
struct Desk {
    kernel: LocalKernel,
    pool: SqlitePool,
    app: Pid,
    home: PathBuf,
    folder: TempDir,
}

impl Desk {
    async fn new() -> Self {
        Self::over(tempfile::tempdir().expect("a folder")).await
    }

    async fn over(folder: TempDir) -> Self {
        Self::with(super::config(), folder).await
    }

    async fn with(config: KernelConfig, folder: TempDir) -> Self {
        let pool = database_in(&folder).await;
        let files = Files::open(folder.path()).expect("a folder for files");
        let host = Host::new(SqliteAppData::new(pool.clone())).with_files(files);
        let kernel = LocalKernel::start(config, TokioClock::start(), Arc::new(host));
        let app = app(&kernel, 1).await;
        let own = folder.path().join("files").join(namespace(1).to_string());
        Self {
            kernel,
            pool,
            app,
            home: own.join("home"),
            folder,
        }
    }

    async fn call(&self, call: FileCall) -> Result<Reply, SysError> {
        self.kernel
            .call(Call::new(Principal::Process(self.app), Syscall::File(call)))
            .await
    }

    async fn write(&self, at: &str, text: &str, mode: WriteMode) -> Result<Reply, SysError> {
        let path = path(at);
        let bytes = text.as_bytes().to_vec();
        let if_etag = None;
        self.call(FileCall::Write {
            path,
            bytes,
            mode,
            if_etag,
        })
        .await
    }

    async fn records(&self) -> Vec<String> {
        let records = sqlx::query_scalar(
            "SELECT record FROM audit WHERE record LIKE '%\"action\":\"file\"%' ORDER BY seq",
        );
        records.fetch_all(&self.pool).await.unwrap()
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.home).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

fn path(text: &str) -> FsPath {
    FsPath::parse(text).expect("a path")
}

#[test]
fn every_change_is_in_the_audit_when_it_is_answered_and_what_was_refused_is_not() {
    run(async {
        let desk = Desk::new().await;
        let (from, to) = (path("a"), path("b"));
        desk.write("a", "one", WriteMode::Replace).await.unwrap();
        desk.write("a", "two", WriteMode::CreateNew).await.unwrap_err();
        desk.write("d/a", "two", WriteMode::Replace).await.unwrap_err();
        desk.call(FileCall::Stat { path: path("a") }).await.unwrap();
        desk.call(FileCall::Move { from, to }).await.unwrap();
        let records = desk.records().await;
        assert_eq!(records.len(), 2, "{records:?}");
        for (record, parts) in records.iter().zip([
            vec![r#""change":"write""#, r#""path":"home:a""#, r#""bytes":3"#],
            vec![r#""change":"move""#, r#""path":"home:b""#, r#""path":"home:a""#],
        ]) {
            assert!(parts.iter().all(|part| record.contains(part)), "{record}");
        }
    });
}

#[test]
fn without_its_record_nothing_is_changed() {
    run(async {
        let desk = Desk::new().await;
        desk.write("a", "kept", WriteMode::Replace).await.unwrap();
        sqlx::raw_sql("ALTER TABLE audit RENAME TO away")
            .execute(&desk.pool)
            .await
            .unwrap();
        for refused in [
            desk.write("a", "other", WriteMode::Replace).await,
            desk.write("b", "other", WriteMode::Replace).await,
            desk.call(FileCall::Delete { path: path("a") }).await,
            desk.call(FileCall::CreateDirectory { path: path("d") }).await,
        ] {
            assert_eq!(refused, Err(SysError::Io { kind: IoKind::Disk }));
        }
        assert_eq!(desk.names(), ["a"]);
        assert_eq!(fs::read_to_string(desk.home.join("a")).unwrap(), "kept");
        sqlx::raw_sql("ALTER TABLE away RENAME TO audit")
            .execute(&desk.pool)
            .await
            .unwrap();
        desk.write("a", "new", WriteMode::Replace).await.unwrap();
    });
}

#[test]
fn a_call_given_up_before_its_record_leaves_what_was_there_and_holds_nothing() {
    run(async {
        let desk = Desk::new().await;
        desk.write("a", "kept", WriteMode::Replace).await.unwrap();
        let held = desk.pool.begin_with("BEGIN IMMEDIATE").await.unwrap();
        let write = desk.write("a", "other", WriteMode::Replace);
        let given_up = tokio::time::timeout(Duration::from_millis(300), write).await;
        assert!(given_up.is_err(), "it waits for its record: {given_up:?}");
        held.rollback().await.unwrap();
        desk.write("b", "next", WriteMode::Replace)
            .await
            .expect("the turn was given back");
        assert_eq!(desk.names(), ["a", "b"]);
        assert_eq!(fs::read_to_string(desk.home.join("a")).unwrap(), "kept");
    });
}

#[test]
fn of_many_at_once_each_is_whole_and_none_is_lost() {
    run(async {
        let desk = Desk::new().await;
        for round in 0..4 {
            let appended = join_all((0..12).map(|_| desk.write("log", "line\n", WriteMode::Append))).await;
            assert!(appended.iter().all(Result::is_ok), "{appended:?}");
            let at = format!("new{round}");
            let made = join_all((0..6).map(|_| desk.write(&at, "x", WriteMode::CreateNew))).await;
            assert_eq!(made.iter().filter(|made| made.is_ok()).count(), 1);
            // Crosswise between two roots: nobody waits for ever.
            let tmp = format!("tmp:{at}");
            let back = path(&tmp);
            desk.write(&tmp, "x", WriteMode::Replace).await.unwrap();
            let moves = [
                (path(&at), path(&format!("tmp:{at}-b"))),
                (back, path(&format!("{at}-b"))),
            ];
            let moved = join_all(moves.map(|(from, to)| desk.call(FileCall::Move { from, to }))).await;
            assert!(moved.iter().all(Result::is_ok), "{moved:?}");
        }
        assert_eq!(
            fs::read_to_string(desk.home.join("log")).unwrap(),
            "line\n".repeat(48)
        );
    });
}

#[test]
fn readers_see_a_file_as_it_was_or_as_it_is() {
    run(async {
        let desk = Desk::new().await;
        let texts = ["a".repeat(300_000), "b".repeat(200_000)];
        desk.write("f", &texts[0], WriteMode::Replace).await.unwrap();
        let writing = async {
            for round in 0..20 {
                desk.write("f", &texts[round % 2], WriteMode::Replace)
                    .await
                    .unwrap();
            }
        };
        let reading = async {
            for _ in 0..40 {
                let (path, offset, length) = (path("f"), 0, None);
                match desk.call(FileCall::Read { path, offset, length }).await.unwrap() {
                    Reply::File(FileReply::Bytes { bytes, stat }) => {
                        assert!(texts.iter().any(|text| text.as_bytes() == bytes), "a torn read");
                        assert_eq!(stat.size, bytes.len() as u64);
                    }
                    other => panic!("{other:?}"),
                }
            }
        };
        tokio::join!(writing, reading);
    });
}

#[test]
fn a_start_keeps_what_is_at_home_and_clears_what_was_for_now() {
    run(async {
        let desk = Desk::new().await;
        for at in ["home:a", "tmp:a"] {
            desk.write(at, "x", WriteMode::Replace).await.unwrap();
        }
        let shared = desk.folder.path().join("files/shared/tmp");
        fs::create_dir_all(&shared).unwrap();
        desk.kernel.stop().await;
        let desk = Desk::over(desk.folder).await;
        assert!(shared.exists(), "what is shared is not for now");
        let exists = async |at| desk.call(FileCall::Exists { path: path(at) }).await.unwrap();
        assert_eq!(exists("home:a").await, Reply::File(FileReply::Exists(true)));
        assert_eq!(exists("tmp:a").await, Reply::File(FileReply::Exists(false)));
    });
}

#[cfg(unix)]
#[test]
fn emptying_a_home_leaves_what_is_linked_there() {
    use std::os::unix::fs::symlink;

    run(async {
        let desk = Desk::new().await;
        desk.call(FileCall::CreateDirectory {
            path: path("home:folder"),
        })
        .await
        .unwrap();
        let outside = desk.folder.path().join("outside");
        fs::create_dir(&outside).unwrap();
        fs::write(outside.join("kept"), "kept").unwrap();
        for (target, link) in [(&outside, "to-folder"), (&outside.join("kept"), "folder/to-file")] {
            symlink(target, desk.home.join(link)).unwrap();
        }
        symlink(&outside, desk.home.join("folder/to-folder")).unwrap();
        let clear = Syscall::ClearHome {
            namespace: namespace(1),
        };
        let cleared = desk
            .kernel
            .call(Call::new(Principal::Process(desk.app), clear))
            .await;
        assert_eq!(cleared, Ok(Reply::Done));
        assert_eq!(fs::read_dir(&desk.home).unwrap().count(), 0);
        assert_eq!(fs::read(outside.join("kept")).unwrap(), b"kept");
    });
}

#[test]
fn a_start_removes_the_folders_of_those_who_have_nothing() {
    run(async {
        let desk = Desk::new().await;
        for at in ["home:a", "tmp:a"] {
            desk.write(at, "x", WriteMode::Replace).await.unwrap();
        }
        desk.call(FileCall::Delete { path: path("home:a") })
            .await
            .unwrap();
        desk.kernel.stop().await;
        let desk = Desk::over(desk.folder).await;
        let files = fs::read_dir(desk.folder.path().join("files")).unwrap();
        assert_eq!(files.count(), 0);
    });
}

/// A stream of which the test decides when its bytes come.
fn tap() -> (mpsc::UnboundedSender<Result<Vec<u8>, SysError>>, ByteStream) {
    let (tap, bytes) = mpsc::unbounded();
    (tap, bytes.boxed())
}

impl Desk {
    async fn take(&self, at: &str, mode: WriteMode, bytes: ByteStream) -> Result<FileStat, SysError> {
        let write = WriteStream {
            path: path(at),
            mode,
            if_etag: None,
        };
        self.kernel
            .write_stream(Principal::Process(self.app), write, bytes)
            .await
    }

    /// Returns once a file is coming in, under a name that no app can name.
    async fn until_coming(&self) {
        while self
            .names()
            .iter()
            .all(|name| !name.starts_with(FsPath::HOST_PREFIX))
        {
            tokio::task::yield_now().await;
        }
    }
}

#[test]
fn a_stream_is_seen_and_recorded_when_it_is_whole_and_holds_nobody_up() {
    run(async {
        let desk = Desk::new().await;
        desk.write("a", "old", WriteMode::Replace).await.unwrap();
        let (tap, bytes) = tap();
        let chunk = || Ok(vec![b'x'; STREAM_CHUNK]);
        let meanwhile = async {
            tap.unbounded_send(chunk()).unwrap();
            desk.until_coming().await;
            desk.write("b", "beside", WriteMode::Replace).await.unwrap();
            assert_eq!(fs::read_to_string(desk.home.join("a")).unwrap(), "old");
            // Over the quota the space is counted again, and what is half there is cleared away; not what is coming.
            let length = 1 << 40;
            let truncate = FileCall::Truncate {
                path: path("b"),
                length,
            };
            let refused = desk.call(truncate).await;
            assert!(
                matches!(refused, Err(SysError::QuotaExceeded { .. })),
                "{refused:?}"
            );
            tap.unbounded_send(chunk()).unwrap();
            drop(tap);
        };
        let (stat, ()) = tokio::join!(desk.take("a", WriteMode::Replace, bytes), meanwhile);
        assert_eq!(stat.unwrap().size, 2 * STREAM_CHUNK as u64);
        assert_eq!(
            fs::read(desk.home.join("a")).unwrap(),
            vec![b'x'; 2 * STREAM_CHUNK]
        );
        assert_eq!(desk.names(), ["a", "b"]);
        let records = desk.records().await;
        let last = records.last().unwrap();
        let bytes = format!(r#""bytes":{}"#, 2 * STREAM_CHUNK);
        assert!(
            last.contains(&bytes) && last.contains(r#""path":"home:a""#),
            "{last}"
        );
        assert_eq!(records.len(), 3);
    });
}

#[test]
fn of_a_stream_that_is_given_up_nothing_is_left() {
    run(async {
        let desk = Desk::new().await;
        desk.write("kept", "kept", WriteMode::Replace).await.unwrap();
        for kill in [false, true] {
            let (tap, bytes) = tap();
            tap.unbounded_send(Ok(vec![b'x'; STREAM_CHUNK])).unwrap();
            let write = desk.take("a", WriteMode::Replace, bytes);
            if kill {
                let kernel: &dyn KernelPort = &desk.kernel;
                let killed = async {
                    desk.until_coming().await;
                    kernel.kill(desk.app).await
                };
                let (written, killed) = tokio::join!(write, killed);
                assert_eq!((written, killed), (Err(SysError::Cancelled), Ok(vec![desk.app])));
            } else {
                let dropped = select(Box::pin(write), Box::pin(desk.until_coming())).await;
                assert!(matches!(dropped, Either::Right(_)), "it was not whole");
            }
            while desk.names() != ["kept"] {
                tokio::task::yield_now().await;
            }
        }
        assert_eq!(desk.records().await.len(), 1, "that of the file that was kept");
    });
}

#[test]
fn a_stop_waits_for_no_stream() {
    run(async {
        let desk = Desk::new().await;
        desk.write("a", &"x".repeat(1_000_000), WriteMode::Replace)
            .await
            .unwrap();
        let read = ReadStream {
            path: path("a"),
            offset: 0,
            length: None,
        };
        let caller = Principal::Process(desk.app);
        let mut stream = desk.kernel.read_stream(caller, read).await.unwrap();
        assert!(matches!(stream.next().await, Some(Ok(_))));
        desk.kernel.stop().await;
        assert_eq!(stream.next().await, Some(Err(SysError::Cancelled)));
        assert_eq!(stream.next().await, None);
    });
}

#[test]
fn a_stream_into_another_of_the_same_kernel_ends_with_the_process() {
    run(async {
        let desk = Desk::new().await;
        desk.write("a", &"x".repeat(1_000_000), WriteMode::Replace)
            .await
            .unwrap();
        let caller = Principal::Process(desk.app);
        let read = ReadStream {
            path: path("a"),
            offset: 0,
            length: None,
        };
        let mut source = desk.kernel.read_stream(caller, read).await.unwrap();
        let first = source.next().await;
        // It brings the first piece, then none while its other end is open.
        let (_open, never) = mpsc::unbounded::<Result<Vec<u8>, SysError>>();
        let bytes: ByteStream = futures::stream::iter(first).chain(never).chain(source).boxed();
        let write = WriteStream {
            path: path("b"),
            mode: WriteMode::Replace,
            if_etag: None,
        };
        let writing = desk.kernel.write_stream(caller, write, bytes);
        let kernel: &dyn KernelPort = &desk.kernel;
        let ended = async {
            while kernel
                .processes()
                .await
                .unwrap()
                .last()
                .unwrap()
                .usage
                .open_streams
                < 2
            {
                tokio::task::yield_now().await;
            }
            kernel.kill(desk.app).await.unwrap()
        };
        let (written, ended) = futures::join!(writing, ended);
        assert_eq!(written, Err(SysError::Cancelled));
        assert_eq!(ended, [desk.app]);
        desk.kernel.stop().await;
    });
}

#[test]
fn readers_of_a_stream_see_the_file_as_it_was_when_it_was_opened() {
    run(async {
        let desk = Desk::new().await;
        let old = "x".repeat(1_000_000);
        desk.write("a", &old, WriteMode::Replace).await.unwrap();
        let read = ReadStream {
            path: path("a"),
            offset: 0,
            length: None,
        };
        let caller = Principal::Process(desk.app);
        let stream = desk.kernel.read_stream(caller, read).await.unwrap();
        desk.write("a", "new", WriteMode::Replace).await.unwrap();
        desk.call(FileCall::Delete { path: path("a") }).await.unwrap();
        let chunks: Vec<_> = stream.map(Result::unwrap).collect().await;
        assert!(chunks.concat() == old.as_bytes());
    });
}
