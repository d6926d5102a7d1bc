//! The audit in `SQLite`: appended within the transaction of what it tells of, verified row by row.

use std::sync::Arc;

use agentos_core::kernel::{AuditFault, AuditHash, AuditRecord, AuditRow, AuditVerifier, SysError};
use futures::TryStreamExt;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection, SqlitePool};
use thiserror::Error;
use tokio::sync::{Mutex, watch};

use super::app_data::{corrupt, failed};

/// One statement, so that all or none are there; the head follows it.
const INSERT_ROWS: &str = "
    INSERT INTO audit (seq, record, hash)
    SELECT value ->> 0, value ->> 1, unhex(value ->> 2) FROM json_each(?) ORDER BY key";

/// Reads the audit of the database of [`crate::database`].
#[derive(Debug, Clone)]
pub struct SqliteAudit {
    pool: SqlitePool,
    /// Whoever verifies reads for long, so one does at a time.
    verifying: Arc<Mutex<()>>,
    /// Where it ended when who appends to it last did; none where that is unknown.
    written: watch::Receiver<Option<AuditEnd>>,
}

/// The most rows one [`SqliteAudit::rows`] answers.
pub const AUDIT_ROWS: u32 = 1_000;

/// Some rows of the audit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditPage {
    /// In order, as they are stored: [`SqliteAudit::verify`] alone tells whether they were edited.
    pub rows: Vec<AuditRow>,
    /// The `seq` of the last row ever written; 0 before the first.
    pub last: u64,
}

#[derive(Debug, Error)]
pub enum AuditError {
    #[error(transparent)]
    Fault(#[from] AuditFault),
    #[error("the audit cannot be read")]
    Unavailable(#[source] sqlx::Error),
}

impl SqliteAudit {
    /// An audit of which nothing is known but what the database holds.
    pub fn new(pool: SqlitePool) -> Self {
        Self::written_by(watch::Sender::default().subscribe(), pool)
    }

    pub(super) fn written_by(written: watch::Receiver<Option<AuditEnd>>, pool: SqlitePool) -> Self {
        Self {
            pool,
            verifying: Arc::default(),
            written,
        }
    }

    /// The first `limit` rows after `after`, or the last `limit`; at most [`AUDIT_ROWS`].
    pub async fn rows(&self, after: Option<u64>, limit: u32) -> Result<AuditPage, AuditError> {
        let mut transaction = self.pool.begin().await.map_err(AuditError::Unavailable)?;
        let (last, _) = head(&mut transaction).await?;
        let limit = limit.min(AUDIT_ROWS);
        let after = after.unwrap_or(last.saturating_sub(limit.into()));
        let rows = sqlx::query("SELECT seq, hash, record FROM audit WHERE seq > ? ORDER BY seq LIMIT ?")
            .bind(i64::try_from(after).unwrap_or(i64::MAX))
            .bind(limit)
            .fetch_all(&mut *transaction)
            .await
            .map_err(AuditError::Unavailable)?;
        let rows = rows.iter().map(audit_row).collect::<Result<_, _>>()?;
        Ok(AuditPage { rows, last })
    }

    /// Reads the whole audit; answers how many rows it has when none was edited or removed. That the end was cut off
    /// together with its head shows only in an audit of [`SqliteAppData::audit`](super::SqliteAppData::audit), and up to
    /// the last row that was appended there.
    pub async fn verify(&self) -> Result<u64, AuditError> {
        let _turn = self.verifying.lock().await;
        // Before the transaction, which then has all of it.
        let written = *self.written.borrow();
        // One transaction, so that what is appended meanwhile is in neither the rows nor the head.
        let mut transaction = self.pool.begin().await.map_err(AuditError::Unavailable)?;
        let (seq, hash) = head(&mut transaction).await?;
        let mut verifier = AuditVerifier::default();
        let mut rows =
            sqlx::query("SELECT seq, hash, record FROM audit ORDER BY seq").fetch(&mut *transaction);
        while let Some(row) = rows.try_next().await.map_err(AuditError::Unavailable)? {
            let row = audit_row(&row)?;
            verifier.check(&row)?;
            if written.is_some_and(|end| end.seq == row.seq && end.hash != row.hash) {
                return Err(AuditFault::Edited { seq: row.seq }.into());
            }
        }
        verifier.end(seq, hash)?;
        if written.is_some_and(|end| end.seq > seq) {
            return Err(AuditFault::Missing { seq: seq + 1 }.into());
        }
        Ok(seq)
    }
}

/// The `seq` and the hash of the last row ever written.
async fn head(connection: &mut SqliteConnection) -> Result<(u64, AuditHash), AuditError> {
    let head = sqlx::query("SELECT seq, hash FROM audit_head")
        .fetch_optional(connection)
        .await
        .map_err(AuditError::Unavailable)?;
    seq_and_hash(&head.ok_or(AuditFault::HeadMissing)?)
}

fn audit_row(row: &SqliteRow) -> Result<AuditRow, AuditError> {
    let (seq, hash) = seq_and_hash(row)?;
    let record = row.try_get("record").map_err(AuditError::Unavailable)?;
    Ok(AuditRow { seq, record, hash })
}

/// A hash of another length than ours was not written by us.
fn seq_and_hash(row: &SqliteRow) -> Result<(u64, AuditHash), AuditError> {
    let seq = row.try_get::<i64, _>("seq").map_err(AuditError::Unavailable)? as u64;
    let hash: &[u8] = row.try_get("hash").map_err(AuditError::Unavailable)?;
    let hash = hash.try_into().map_err(|_| AuditFault::Edited { seq })?;
    Ok((seq, AuditHash::from_bytes(hash)))
}

/// The head on the way to a syscall's answer.
fn unreadable(error: AuditError) -> SysError {
    match error {
        AuditError::Unavailable(error) => failed(error),
        fault @ AuditError::Fault(_) => corrupt(fault),
    }
}

/// Where the audit ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct AuditEnd {
    /// Of the last row ever written; 0 before the first.
    pub(super) seq: u64,
    hash: AuditHash,
}

impl AuditEnd {
    pub(super) async fn read(connection: &mut SqliteConnection) -> Result<Self, SysError> {
        let (seq, hash) = head(connection).await.map_err(unreadable)?;
        Ok(Self { seq, hash })
    }

    /// Appends `records` here, all or none; answers where the audit ends then.
    pub(super) async fn append(
        mut self,
        connection: &mut SqliteConnection,
        records: &[AuditRecord],
    ) -> Result<Self, SysError> {
        let mut rows = Vec::with_capacity(records.len());
        for record in records {
            let record = serde_json::to_string(record).map_err(corrupt)?;
            self.seq += 1;
            self.hash = self.hash.next(self.seq, &record);
            rows.push((self.seq, record, self.hash.to_string()));
        }
        if !rows.is_empty() {
            sqlx::query(INSERT_ROWS)
                .bind(serde_json::to_string(&rows).map_err(corrupt)?)
                .execute(connection)
                .await
                .map_err(failed)?;
        }
        Ok(self)
    }
}
