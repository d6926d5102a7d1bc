//! The audit in `SQLite`: appended within the transaction of what it tells of, verified row by row.

use agentos_core::kernel::{AuditFault, AuditHash, AuditRecord, AuditRow, AuditVerifier, SysError};
use futures::TryStreamExt;
use sqlx::{Row, Sqlite, SqlitePool, Transaction};
use thiserror::Error;

use super::app_data::{corrupt, failed};

/// Reads the audit of the database of [`crate::database`].
#[derive(Debug, Clone)]
pub struct SqliteAudit {
    pool: SqlitePool,
}

#[derive(Debug, Error)]
pub enum AuditError {
    #[error(transparent)]
    Fault(#[from] AuditFault),
    #[error("the audit cannot be read")]
    Unavailable(#[source] sqlx::Error),
}

impl SqliteAudit {
    pub fn new(pool: SqlitePool) -> Self {
        Self { pool }
    }

    /// Reads the whole audit; answers how many rows it has when none was edited or removed.
    pub async fn verify(&self) -> Result<u64, AuditError> {
        // One transaction, so that what is appended meanwhile is in neither the rows nor the head.
        let mut transaction = self.pool.begin().await.map_err(AuditError::Unavailable)?;
        let head = sqlx::query("SELECT seq, hash FROM audit_head")
            .fetch_one(&mut *transaction)
            .await;
        let (seq, hash) = seq_and_hash(&head.map_err(AuditError::Unavailable)?)?;
        let mut verifier = AuditVerifier::default();
        let mut rows =
            sqlx::query("SELECT seq, hash, record FROM audit ORDER BY seq").fetch(&mut *transaction);
        while let Some(row) = rows.try_next().await.map_err(AuditError::Unavailable)? {
            let (seq, hash) = seq_and_hash(&row)?;
            let record = row.try_get("record").map_err(AuditError::Unavailable)?;
            verifier.check(&AuditRow { seq, record, hash })?;
        }
        verifier.end(seq, hash)?;
        Ok(seq)
    }
}

/// A hash of another length than ours was not written by us.
fn seq_and_hash(row: &sqlx::sqlite::SqliteRow) -> Result<(u64, AuditHash), AuditError> {
    let seq = row.try_get::<i64, _>("seq").map_err(AuditError::Unavailable)? as u64;
    let hash: &[u8] = row.try_get("hash").map_err(AuditError::Unavailable)?;
    let hash = hash.try_into().map_err(|_| AuditFault::Edited { seq })?;
    Ok((seq, AuditHash::from_bytes(hash)))
}

/// Appends `records`; answers the `seq` of the last row there is then.
pub(super) async fn append(
    transaction: &mut Transaction<'_, Sqlite>,
    records: &[AuditRecord],
) -> Result<u64, SysError> {
    let head = sqlx::query("SELECT seq, hash FROM audit_head")
        .fetch_one(&mut **transaction)
        .await;
    let (mut seq, mut hash) = seq_and_hash(&head.map_err(failed)?).map_err(corrupt)?;
    for record in records {
        let record = serde_json::to_string(record).map_err(corrupt)?;
        seq += 1;
        hash = hash.next(seq, &record);
        sqlx::query("INSERT INTO audit (seq, record, hash) VALUES (?, ?, ?)")
            .bind(seq as i64)
            .bind(record)
            .bind(&hash.as_bytes()[..])
            .execute(&mut **transaction)
            .await
            .map_err(failed)?;
    }
    sqlx::query("UPDATE audit_head SET seq = ?, hash = ?")
        .bind(seq as i64)
        .bind(&hash.as_bytes()[..])
        .execute(&mut **transaction)
        .await
        .map_err(failed)?;
    Ok(seq)
}
