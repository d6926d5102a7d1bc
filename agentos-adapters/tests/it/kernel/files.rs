//! Files on a disk through the whole kernel: what only the audit, many at once, and a call given up show.

#[cfg(target_os = "linux")]
mod race;

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use agentos_adapters::kernel::{Files, Host, LocalKernel, SqliteAppData};
use agentos_core::kernel::{
    Call, FileCall, FileReply, FsPath, IoKind, KernelConfig, Pid, Principal, Reply, SysError, Syscall,
    WriteMode,
};
use agentos_core::ports::kernel::KernelPort;
use futures::future::join_all;
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
