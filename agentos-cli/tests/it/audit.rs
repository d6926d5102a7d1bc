//! `audit`: an edited log is noticed, and the whole of it comes out.

use agentos_adapters::database;
use agentos_adapters::kernel::{Host, SqliteAppData};
use agentos_core::ids::BootId;
use agentos_core::kernel::{Action, AuditRecord, Pid};
use agentos_core::ports::host::HostPort;
use serde_json::Value;
use sqlx::SqlitePool;
use tempfile::TempDir;

use crate::server::{run, server_over};

/// A database whose audit has `rows` rows, told apart by their counts.
async fn audited(rows: u64) -> (TempDir, SqlitePool) {
    let folder = tempfile::tempdir().unwrap();
    let pool = database::open(&folder.path().join("agentos.db")).await.unwrap();
    let record = |count| AuditRecord {
        time: 1_700_000_000_000,
        boot: BootId::new(1, 1),
        pid: Pid::SYSTEM,
        action: Action::MoreDenials { count },
    };
    let records: Vec<AuditRecord> = (1..=rows).map(record).collect();
    let host = Host::new(SqliteAppData::new(pool.clone()));
    host.record(&records).await.unwrap();
    (folder, pool)
}

/// What `audit verify` says after each of `edits` was made to the file, and with which code it ends.
async fn verified(edits: &[&'static str]) -> (i32, String) {
    let (folder, pool) = audited(5).await;
    for edit in edits {
        sqlx::raw_sql(*edit).execute(&pool).await.unwrap();
    }
    pool.close().await;
    let server = server_over(&folder.path().join("agentos.db")).await;
    let ended = run(&server, &["audit", "verify"]).await;
    let told = run(&server, &["audit", "verify", "--json"]).await;
    assert_eq!(
        (told.code, told.json()["holds"].as_bool()),
        (ended.code, Some(ended.code == 0))
    );
    (ended.code, ended.out)
}

#[tokio::test]
async fn what_was_done_to_the_file_is_noticed() {
    let whole = "The audit is whole: 5 rows, none edited or removed.\n";
    assert_eq!(verified(&[]).await, (0, whole.to_owned()));
    let edited = |row: u64| format!("The audit is not whole: audit row {row} or one before it was edited.\n");
    let missing = |row: u64| format!("The audit is not whole: audit row {row} was removed.\n");
    let beyond = |row: u64| {
        format!("The audit is not whole: audit row {row} is more than the head of the audit knows.\n")
    };
    let headless =
        "The audit is not whole: the head of the audit, which tells its last row, was removed.\n".to_owned();
    for (edits, expected) in [
        (
            &["UPDATE audit SET record = replace(record, '2', '1') WHERE seq = 2"][..],
            edited(2),
        ),
        (&["UPDATE audit SET record = 'nothing' WHERE seq = 5"], edited(5)),
        (
            &["UPDATE audit SET hash = (SELECT hash FROM audit WHERE seq = 1) WHERE seq = 3"],
            edited(3),
        ),
        (&["DELETE FROM audit WHERE seq = 1"], missing(1)),
        (&["DELETE FROM audit WHERE seq = 3"], missing(3)),
        (
            &[
                "DELETE FROM audit WHERE seq = 3",
                "UPDATE audit SET seq = seq - 1 WHERE seq > 3",
            ],
            edited(3),
        ),
        (
            &[
                "UPDATE audit SET seq = 12 - seq WHERE seq IN (2, 3)",
                "UPDATE audit SET seq = seq - 7 WHERE seq > 5",
            ],
            edited(2),
        ),
        (
            &["INSERT INTO audit SELECT 6, record, hash FROM audit WHERE seq = 5"],
            edited(6),
        ),
        (&["DELETE FROM audit WHERE seq > 3"], missing(4)),
        (&["DELETE FROM audit"], missing(1)),
        (&["UPDATE audit_head SET seq = 4"], beyond(5)),
        (&["DELETE FROM audit_head"], headless),
    ] {
        assert_eq!(verified(edits).await, (1, expected), "{edits:?}");
    }
}

#[tokio::test]
async fn the_whole_of_a_long_log_is_exported() {
    const ROWS: u64 = 2_500;
    let (folder, _pool) = audited(ROWS).await;
    let server = server_over(&folder.path().join("agentos.db")).await;
    let exported = run(&server, &["audit", "export"]).await;
    assert_eq!((exported.code, exported.told.as_str()), (0, ""));
    let rows: Vec<Value> = exported
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let counts: Vec<u64> = rows
        .iter()
        .map(|row| row["record"]["count"].as_u64().unwrap())
        .collect();
    assert_eq!(counts, (1..=ROWS).collect::<Vec<_>>());
    assert!(
        rows.iter()
            .all(|row| row["hash"].as_str().is_some_and(|hash| hash.len() == 64))
    );
}
