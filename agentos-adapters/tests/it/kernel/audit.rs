//! The audit on disk: written with what it tells of, and an edit shows.

use std::sync::Arc;
use std::time::Duration;

use agentos_adapters::kernel::{AuditError, Host, SqliteAppData, SqliteAudit};
use agentos_core::kernel::{
    Action, AuditFault, AuditRecord, Call, IoKind, NewProcess, Principal, SysError, Syscall,
};
use agentos_core::ports::kernel::KernelPort;
use sqlx::SqlitePool;
use tempfile::TempDir;
use tokio::time::timeout;

use super::{app, database_in, namespace, put, run, start};

/// A database whose audit tells of one process and its three values.
async fn audited() -> (SqlitePool, TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let pool = database_in(&folder).await;
    let kernel = start(Arc::new(Host::new(SqliteAppData::new(pool.clone()))));
    let pid = app(&kernel, 1).await;
    for value in ["1", "2", "3"] {
        kernel
            .call(Call::new(Principal::Process(pid), put(1, "n", value)))
            .await
            .unwrap();
    }
    kernel.stop().await;
    (pool, folder)
}

async fn records(pool: &SqlitePool) -> Vec<String> {
    sqlx::query_scalar("SELECT record FROM audit ORDER BY seq")
        .fetch_all(pool)
        .await
        .unwrap()
}

#[track_caller]
fn check(edit: &'static str, expected: &Result<u64, AuditFault>) {
    run(async {
        let (pool, _folder) = audited().await;
        sqlx::raw_sql(edit).execute(&pool).await.unwrap();
        let verified = match SqliteAudit::new(pool).verify().await {
            Ok(rows) => Ok(rows),
            Err(AuditError::Fault(fault)) => Err(fault),
            Err(other) => panic!("{other}"),
        };
        assert_eq!(&verified, expected, "{edit}");
    });
}

#[test]
fn an_edit_is_noticed() {
    check("", &Ok(4));
    check(
        "UPDATE audit SET record = replace(record, '\"n\"', '\"m\"') WHERE seq = 3",
        &Err(AuditFault::Edited { seq: 3 }),
    );
    check(
        "UPDATE audit SET hash = zeroblob(32) WHERE seq = 2",
        &Err(AuditFault::Edited { seq: 2 }),
    );
    check(
        "UPDATE audit SET hash = x'00' WHERE seq = 2",
        &Err(AuditFault::Edited { seq: 2 }),
    );
    check(
        "DELETE FROM audit WHERE seq = 1",
        &Err(AuditFault::Missing { seq: 1 }),
    );
    check(
        "DELETE FROM audit WHERE seq = 4",
        &Err(AuditFault::Missing { seq: 4 }),
    );
    check("DELETE FROM audit", &Err(AuditFault::Missing { seq: 1 }));
    check("DELETE FROM audit_head", &Err(AuditFault::HeadMissing));
    check(
        "UPDATE audit_head SET (seq, hash) = (SELECT seq, hash FROM audit WHERE seq = 2)",
        &Err(AuditFault::BeyondHead { seq: 3 }),
    );
}

#[test]
fn an_end_cut_off_with_its_head_is_noticed_while_the_one_who_wrote_it_runs() {
    run(async {
        let (pool, _folder) = audited().await;
        let app_data = SqliteAppData::new(pool.clone());
        let audit = app_data.audit();
        let fault = async || match audit.verify().await {
            Err(AuditError::Fault(fault)) => fault,
            other => panic!("{other:?}"),
        };
        let kernel = start(Arc::new(Host::new(app_data)));
        app(&kernel, 2).await;
        assert_eq!(audit.verify().await.unwrap(), 5);

        let cut_off = "DELETE FROM audit WHERE seq = 5;
            UPDATE audit_head SET (seq, hash) = (SELECT seq, hash FROM audit WHERE seq = 4)";
        sqlx::raw_sql(cut_off).execute(&pool).await.unwrap();
        assert_eq!(fault().await, AuditFault::Missing { seq: 5 });

        let other = start(Arc::new(Host::new(SqliteAppData::new(pool.clone()))));
        app(&other, 3).await;
        assert_eq!(fault().await, AuditFault::Edited { seq: 5 });
        assert_eq!(SqliteAudit::new(pool).verify().await.unwrap(), 5);
    });
}

#[test]
fn rows_are_read_from_anywhere_and_from_the_end() {
    run(async {
        let (pool, _folder) = audited().await;
        let audit = SqliteAudit::new(pool.clone());
        let read = async |after, limit| {
            let page = audit.rows(after, limit).await.unwrap();
            assert_eq!(page.last, 4);
            page.rows.iter().map(|row| row.seq).collect::<Vec<_>>()
        };
        assert_eq!(read(None, 2).await, [3, 4]);
        assert_eq!(read(None, 9).await, [1, 2, 3, 4]);
        assert_eq!(read(Some(0), 2).await, [1, 2]);
        assert_eq!(read(Some(3), 9).await, [4]);
        assert_eq!(read(Some(u64::MAX), 9).await, [] as [u64; 0]);
        let first = &audit.rows(Some(0), 1).await.unwrap().rows[0];
        assert_eq!(first.record, records(&pool).await[0]);
    });
}

#[test]
fn a_change_and_its_record_are_written_together_or_not_at_all() {
    run(async {
        let (pool, _folder) = audited().await;
        let before = records(&pool).await;
        assert_eq!(before.len(), 4, "{before:?}");
        assert!(before[0].contains("\"action\":\"spawn\""), "{before:?}");
        assert!(
            before[3].contains("\"action\":\"store_put\"") && before[3].contains("\"bytes\":1"),
            "{before:?}"
        );

        let kernel = start(Arc::new(Host::new(SqliteAppData::new(pool.clone()))));
        let missing = agentos_core::kernel::StoreKey::parse("missing").unwrap();
        let delete = Syscall::StoreDelete {
            namespace: namespace(1),
            key: missing,
        };
        assert_eq!(
            kernel.call(Call::new(Principal::System, delete)).await,
            Err(SysError::NotFound)
        );
        assert_eq!(records(&pool).await, before);

        sqlx::raw_sql("DROP TABLE audit").execute(&pool).await.unwrap();
        kernel
            .call(Call::new(Principal::System, put(1, "n", "4")))
            .await
            .unwrap_err();
        assert_eq!(super::read(&kernel, 1, "n").await.unwrap(), b"3");
    });
}

#[test]
fn a_denial_is_recorded_before_it_is_answered() {
    run(async {
        let (pool, _folder) = audited().await;
        let kernel = start(Arc::new(Host::new(SqliteAppData::new(pool.clone()))));
        let pid = app(&kernel, 2).await;
        kernel
            .call(Call::new(Principal::Process(pid), put(1, "n", "4")))
            .await
            .unwrap_err();
        let records = records(&pool).await;
        let last = records.last().unwrap();
        assert!(
            last.contains("\"action\":\"denial\"") && last.contains(&namespace(1).to_string()),
            "{last}"
        );
    });
}

#[test]
fn denials_that_are_only_counted_are_in_the_audit_after_a_stop() {
    run(async {
        let (pool, _folder) = audited().await;
        let kernel = start(Arc::new(Host::new(SqliteAppData::new(pool.clone()))));
        let pid = app(&kernel, 2).await;
        for _ in 0..30 {
            let refused = kernel.call(Call::new(Principal::Process(pid), put(1, "n", "4")));
            refused.await.unwrap_err();
        }
        kernel.stop().await;
        let told: u64 = records(&pool)
            .await
            .iter()
            .map(
                |record| match serde_json::from_str::<AuditRecord>(record).unwrap().action {
                    Action::Denial { .. } => 1,
                    Action::MoreDenials { count } => count,
                    _ => 0,
                },
            )
            .sum();
        assert_eq!(told, 30);
    });
}

/// Lets no row into the audit, until [`writable`].
async fn unwritable(pool: &SqlitePool) {
    let refuse = "CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'full'); END";
    sqlx::raw_sql(refuse).execute(pool).await.unwrap();
}

async fn writable(pool: &SqlitePool) {
    sqlx::raw_sql("DROP TRIGGER full").execute(pool).await.unwrap();
}

#[test]
fn what_cannot_be_recorded_is_not_begun_and_nothing_that_was_decided_is_lost() {
    run(async {
        let (pool, _folder) = audited().await;
        let kernel = start(Arc::new(Host::new(SqliteAppData::new(pool.clone()))));
        let port: &dyn KernelPort = &kernel;
        let caller = Principal::Process(app(&kernel, 2).await);
        let new = || NewProcess::app("app", namespace(3));
        unwritable(&pool).await;
        let mut running = Vec::new();
        let refused = loop {
            match port.spawn(new()).await {
                Ok(pid) => running.push(pid),
                Err(error) => break error,
            }
            if running.len() == 100 {
                for pid in running.drain(1..) {
                    port.kill(pid).await.unwrap();
                }
            }
        };
        assert_eq!(refused, SysError::Io { kind: IoKind::Disk });
        for _ in 0..30 {
            port.syscall(caller, put(1, "n", "4")).await.unwrap_err();
        }
        for pid in running {
            port.kill(pid).await.unwrap();
        }

        writable(&pool).await;
        let written = async {
            while port.spawn(new()).await.is_err() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(Duration::from_secs(20), written)
            .await
            .expect("the audit is written again");
        kernel.stop().await;
        let (mut began, mut ended, mut denied) = (0, 0, 0);
        for record in records(&pool).await {
            match serde_json::from_str::<AuditRecord>(&record).unwrap().action {
                Action::Spawn { .. } => began += 1,
                Action::End { .. } => ended += 1,
                Action::Denial { .. } => denied += 1,
                Action::MoreDenials { count } => denied += count,
                _ => {}
            }
        }
        assert!(began + ended > 4_096, "{began} and {ended}");
        // Three that are left are those of the beginning, of the denials and of the end.
        assert_eq!((began, denied), (ended + 3, 30));
        SqliteAudit::new(pool).verify().await.unwrap();
    });
}

#[test]
fn the_audit_goes_on_after_a_restart() {
    run(async {
        let (pool, folder) = audited().await;
        pool.close().await;
        let pool = database_in(&folder).await;
        let kernel = start(Arc::new(Host::new(SqliteAppData::new(pool.clone()))));
        assert_eq!(super::read(&kernel, 1, "n").await.unwrap(), b"3");
        app(&kernel, 1).await;
        assert_eq!(SqliteAudit::new(pool).verify().await.unwrap(), 5);
    });
}

/// As where a caller left while its row was on the way, and the row came after the next one had begun.
#[test]
fn a_row_that_came_from_elsewhere_is_followed() {
    run(async {
        let (pool, _folder) = audited().await;
        let one = start(Arc::new(Host::new(SqliteAppData::new(pool.clone()))));
        let other = start(Arc::new(Host::new(SqliteAppData::new(pool.clone()))));
        for (number, kernel) in [(1, &one), (2, &other), (3, &one), (4, &other)] {
            app(kernel, number).await;
        }
        assert_eq!(SqliteAudit::new(pool).verify().await.unwrap(), 8);
    });
}
