//! The contract of `StoragePort` on `SQLite` and on files of the kernel, in memory and on disk, and what only a disk can
//! show.

mod durability;
mod kernel_fs;

use std::collections::BTreeMap;
use std::future::Future;
use std::path::Path;

use agentos_adapters::database;
use agentos_adapters::storage::SqliteStorage;
use agentos_core::ids::{AppId, Namespace};
use agentos_core::ports::storage::{AppRecord, Replica, StorageError, StoragePort};
use serde_json::{Value, json};

fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    runtime.expect("a runtime").block_on(future)
}

mod in_memory {
    use super::{SqliteStorage, database, run};

    async fn empty() -> (SqliteStorage, ()) {
        (
            SqliteStorage::new(database::in_memory().await.expect("a database")),
            (),
        )
    }

    agentos_core::storage_contract!(run, empty());
}

mod on_disk {
    use super::{SqliteStorage, open, run};

    async fn empty() -> (SqliteStorage, tempfile::TempDir) {
        let folder = tempfile::tempdir().expect("a folder");
        (open(folder.path()).await, folder)
    }

    agentos_core::storage_contract!(run, empty());
}

async fn open(folder: &Path) -> SqliteStorage {
    SqliteStorage::new(
        database::open(&folder.join("agentos.db"))
            .await
            .expect("a database"),
    )
}

fn app() -> AppRecord {
    AppRecord {
        id: AppId::new(1, 1),
        namespace: Namespace::new(1, 1),
        package: None,
        from_registry: false,
        parent: None,
        title: "Counter".to_owned(),
        request: "create a counter".to_owned(),
        document: json!({"type": "app", "title": "Counter", "state": {"n": 0}, "persist": ["n"], "components": []}),
        version: 1,
        report: Value::Null,
        window: None,
        created_at: 1_700_000_000_000,
    }
}

fn count(n: u64) -> (Value, BTreeMap<String, Value>) {
    (json!({"n": n}), BTreeMap::from([("/n".to_owned(), json!(n))]))
}

#[test]
fn what_was_committed_is_there_after_reopening() {
    let folder = tempfile::tempdir().expect("a folder");
    run(async {
        let storage = open(folder.path()).await;
        storage
            .insert_app(&app(), &json!({"n": 0}))
            .await
            .expect("inserted");
        let (state, persisted) = count(1);
        storage
            .commit_state(app().id, 0, &state, &persisted)
            .await
            .expect("committed");
    });
    run(async {
        let storage = open(folder.path()).await;
        assert_eq!(storage.apps().await.expect("read"), [app()]);
        let (state, persisted) = count(1);
        assert_eq!(
            storage.replica(app().id).await.expect("read"),
            Some(Replica { rev: 1, state })
        );
        assert_eq!(storage.persisted(app().namespace).await.expect("read"), persisted);
    });
}

/// Two programs on one database: each revision is committed by one of them, and neither fails for
/// another reason than having come second.
#[test]
fn a_revision_is_committed_once_however_many_write() {
    let folder = tempfile::tempdir().expect("a folder");
    run(async {
        let storage = open(folder.path()).await;
        storage
            .insert_app(&app(), &json!({"n": 0}))
            .await
            .expect("inserted");
        let mut writers = tokio::task::JoinSet::new();
        for _ in 0..4 {
            let storage = open(folder.path()).await;
            writers.spawn(async move {
                let mut won = 0;
                for base in 0..25 {
                    let (state, persisted) = count(base + 1);
                    match storage.commit_state(app().id, base, &state, &persisted).await {
                        Ok(_) => won += 1,
                        Err(StorageError::Stale { rev }) => assert!(rev > base),
                        Err(other) => panic!("{other:?}"),
                    }
                }
                won
            });
        }
        let won: u64 = writers.join_all().await.into_iter().sum();
        assert_eq!(won, 25);
        let (state, _) = count(25);
        assert_eq!(
            storage.replica(app().id).await.expect("read"),
            Some(Replica { rev: 25, state })
        );
    });
}

#[test]
fn a_record_that_cannot_be_read_is_told_and_leaves_the_others_readable() {
    let folder = tempfile::tempdir().expect("a folder");
    run(async {
        let pool = database::open(&folder.path().join("agentos.db"))
            .await
            .expect("a database");
        let storage = SqliteStorage::new(pool.clone());
        let other = AppRecord {
            id: AppId::new(2, 2),
            ..app()
        };
        for record in [app(), other.clone()] {
            storage.insert_app(&record, &json!({})).await.expect("inserted");
        }
        sqlx::query("UPDATE apps SET document = '{' WHERE id = ?")
            .bind(app().id.to_string())
            .execute(&pool)
            .await
            .expect("damaged");
        let answer = storage.app(app().id).await;
        assert!(
            matches!(answer, Err(StorageError::Corrupt { record: "app", .. })),
            "{answer:?}"
        );
        assert_eq!(storage.app(other.id).await.expect("read"), Some(other));
    });
}

#[test]
fn a_file_that_is_no_database_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("agentos.db");
    let text = "not a database, but somebody's notes".repeat(40);
    std::fs::write(&file, &text).expect("written");
    run(async {
        database::open(&file).await.expect_err("refused");
    });
    assert_eq!(std::fs::read_to_string(&file).expect("read"), text);
}
