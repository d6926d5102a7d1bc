//! What apps keep, in `SQLite`: every change commits together with its audit record.

use std::error::Error;

use agentos_core::ids::Namespace;
use agentos_core::kernel::{
    ApprovalNeed, AuditRecord, IoKind, Reply, Rule, StandingApproval, StoreKey, StoredValue, SysError,
};
use sqlx::{Sqlite, SqliteConnection, SqlitePool, Transaction};
use tokio::sync::{Mutex, MutexGuard, watch};

use super::audit::{AuditEnd, SqliteAudit};

const SELECT_VALUE: &str = "
    SELECT version, CASE WHEN length(value) <= ? THEN value END
    FROM app_data WHERE namespace = ? AND key = ?";

const SELECT_VERSION: &str = "SELECT version FROM app_data WHERE namespace = ? AND key = ?";

const COUNT_KEYS: &str = "SELECT count(*) FROM app_data WHERE namespace = ?";

const UPSERT_VALUE: &str = "
    INSERT INTO app_data (namespace, key, value, version) VALUES (?, ?, ?, ?)
    ON CONFLICT (namespace, key) DO UPDATE SET value = excluded.value, version = excluded.version";

const DELETE_VALUE: &str = "DELETE FROM app_data WHERE namespace = ? AND key = ?";

const DELETE_ALL: &str = "DELETE FROM app_data WHERE namespace = ?";

/// From a prefix to its [`end`]; a blob is after every text. So the index is read there and nowhere else.
const SELECT_KEYS: &str = "
    SELECT key FROM app_data
    WHERE namespace = ?1 AND key > ?2 AND key >= ?3 AND key < coalesce(?4, x'')
    ORDER BY key LIMIT ?5";

const SELECT_APPROVALS: &str = "SELECT namespace, need, rule FROM approvals ORDER BY namespace, need";

const UPSERT_APPROVAL: &str = "
    INSERT INTO approvals (namespace, need, rule) VALUES (?, ?, ?)
    ON CONFLICT (namespace, need) DO UPDATE SET rule = excluded.rule";

const DELETE_APPROVALS: &str = "DELETE FROM approvals WHERE namespace = ?1 AND need = coalesce(?2, need)";

/// The app data, the person's lasting answers and the audit of the database of [`crate::database`]. There is one of each
/// database: it alone appends to the audit.
#[derive(Debug)]
pub struct SqliteAppData {
    pool: SqlitePool,
    /// `SQLite` lets one write at a time and has others try again and again, some of them for
    /// seconds. Here they wait in line, and leave the other connections to readers.
    ///
    /// Who has the turn knows where the audit ends, if it was read or written since the last failure.
    turn: Mutex<Option<AuditEnd>>,
    /// Where the audit ended when something was last appended, for who verifies it.
    written: watch::Sender<Option<AuditEnd>>,
}

impl SqliteAppData {
    pub fn new(pool: SqlitePool) -> Self {
        Self {
            pool,
            turn: Mutex::default(),
            written: watch::Sender::default(),
        }
    }

    /// Reads the audit it appends to, and knows where that ended last.
    pub fn audit(&self) -> SqliteAudit {
        SqliteAudit::written_by(self.written.subscribe(), self.pool.clone())
    }

    pub(super) async fn get(
        &self,
        namespace: Namespace,
        key: &StoreKey,
        max_bytes: u64,
    ) -> Result<Reply, SysError> {
        let row: Option<(i64, Option<Vec<u8>>)> = sqlx::query_as(SELECT_VALUE)
            .bind(max_bytes as i64)
            .bind(namespace.to_string())
            .bind(key.as_str())
            .fetch_optional(&self.pool)
            .await
            .map_err(failed)?;
        let (version, bytes) = row.ok_or(SysError::NotFound)?;
        let bytes = bytes.ok_or(SysError::TooLarge { limit: max_bytes })?;
        Ok(Reply::Value(StoredValue {
            bytes,
            version: version as u64,
        }))
    }

    pub(super) async fn put(&self, put: Put, record: Option<AuditRecord>) -> Result<Reply, SysError> {
        let (mut turn, mut transaction) = self.begin().await?;
        put.check(&mut transaction).await?;
        let end = append(&mut turn, &mut transaction, record.as_slice()).await?;
        sqlx::query(UPSERT_VALUE)
            .bind(put.namespace.to_string())
            .bind(put.key.as_str())
            .bind(put.value)
            .bind(end.seq as i64)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        self.ended(&mut turn, end);
        Ok(Reply::Stored(end.seq))
    }

    pub(super) async fn delete(
        &self,
        namespace: Namespace,
        key: &StoreKey,
        record: Option<AuditRecord>,
    ) -> Result<Reply, SysError> {
        let (mut turn, mut transaction) = self.begin().await?;
        let deleted = sqlx::query(DELETE_VALUE)
            .bind(namespace.to_string())
            .bind(key.as_str())
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        if deleted.rows_affected() == 0 {
            return Err(SysError::NotFound);
        }
        let end = append(&mut turn, &mut transaction, record.as_slice()).await?;
        transaction.commit().await.map_err(failed)?;
        self.ended(&mut turn, end);
        Ok(Reply::Done)
    }

    pub(super) async fn clear(
        &self,
        namespace: Namespace,
        record: Option<AuditRecord>,
    ) -> Result<Reply, SysError> {
        let (mut turn, mut transaction) = self.begin().await?;
        let deleted = sqlx::query(DELETE_ALL)
            .bind(namespace.to_string())
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        let end = append(&mut turn, &mut transaction, record.as_slice()).await?;
        transaction.commit().await.map_err(failed)?;
        self.ended(&mut turn, end);
        Ok(Reply::Removed(deleted.rows_affected()))
    }

    pub(super) async fn list(
        &self,
        namespace: Namespace,
        prefix: &str,
        after: Option<&StoreKey>,
        limit: u32,
    ) -> Result<Reply, SysError> {
        let names: Vec<String> = sqlx::query_scalar(SELECT_KEYS)
            .bind(namespace.to_string())
            .bind(after.map_or("", StoreKey::as_str))
            .bind(prefix)
            .bind(end(prefix))
            .bind(i64::from(limit) + 1)
            .fetch_all(&self.pool)
            .await
            .map_err(failed)?;
        let more = names.len() > limit as usize;
        let names = names.iter().take(limit as usize);
        let keys = names
            .map(|name| StoreKey::parse(name))
            .collect::<Result<_, _>>()
            .map_err(corrupt)?;
        Ok(Reply::Keys { keys, more })
    }

    /// What a person answered for good, for the kernel to start with.
    ///
    /// # Errors
    /// [`SysError::Unavailable`] and [`SysError::Io`], where one cannot be read too: a denial that is
    /// forgotten would be asked again, and that is for a person to know.
    pub async fn approvals(&self) -> Result<Vec<StandingApproval>, SysError> {
        let rows: Vec<(String, String, String)> = sqlx::query_as(SELECT_APPROVALS)
            .fetch_all(&self.pool)
            .await
            .map_err(failed)?;
        rows.into_iter().map(standing).collect()
    }

    pub(super) async fn keep_approval(&self, approval: &StandingApproval) -> Result<Reply, SysError> {
        let _turn = self.turn.lock().await;
        sqlx::query(UPSERT_APPROVAL)
            .bind(approval.namespace.to_string())
            .bind(serde_json::to_string(&approval.need).map_err(corrupt)?)
            .bind(match approval.rule {
                Rule::Allow => "allow",
                Rule::Deny => "deny",
            })
            .execute(&self.pool)
            .await
            .map_err(failed)?;
        Ok(Reply::Done)
    }

    /// All of the namespace where no need is named.
    pub(super) async fn forget_approvals(
        &self,
        namespace: Namespace,
        need: Option<&ApprovalNeed>,
    ) -> Result<Reply, SysError> {
        let need = need.map(serde_json::to_string).transpose().map_err(corrupt)?;
        let _turn = self.turn.lock().await;
        sqlx::query(DELETE_APPROVALS)
            .bind(namespace.to_string())
            .bind(need)
            .execute(&self.pool)
            .await
            .map_err(failed)?;
        Ok(Reply::Done)
    }

    pub(super) async fn record(&self, records: &[AuditRecord]) -> Result<(), SysError> {
        let mut turn = self.turn.lock().await;
        let mut connection = self.pool.acquire().await.map_err(failed)?;
        let end = match append(&mut turn, &mut connection, records).await {
            Ok(end) => end,
            // Whoever wrote before may have left while the rows were on their way, and they came after all.
            Err(_) => append(&mut turn, &mut connection, records).await?,
        };
        self.ended(&mut turn, end);
        Ok(())
    }

    /// The audit ends there on the disk.
    fn ended(&self, turn: &mut Turn<'_>, end: AuditEnd) {
        **turn = Some(end);
        self.written.send_replace(Some(end));
    }

    /// A transaction that writes, and the turn to write, which must outlive it. It takes the write
    /// lock at once, so that what it reads still holds when it writes.
    async fn begin(&self) -> Result<(Turn<'_>, Transaction<'static, Sqlite>), SysError> {
        let turn = self.turn.lock().await;
        let transaction = self.pool.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
        Ok((turn, transaction))
    }
}

type Turn<'a> = MutexGuard<'a, Option<AuditEnd>>;

/// Whoever holds the turn knows the end again once this is on the disk.
async fn append(
    turn: &mut Turn<'_>,
    connection: &mut SqliteConnection,
    records: &[AuditRecord],
) -> Result<AuditEnd, SysError> {
    let end = match turn.take() {
        Some(end) => end,
        None => AuditEnd::read(connection).await?,
    };
    end.append(connection, records).await
}

/// The first text after all that begin with `prefix`; none where there is no such text.
fn end(prefix: &str) -> Option<String> {
    let mut end = prefix.to_owned();
    while let Some(last) = end.pop() {
        if let Some(next) = (last..=char::MAX).nth(1) {
            end.push(next);
            return Some(end);
        }
    }
    None
}

fn standing((namespace, need, rule): (String, String, String)) -> Result<StandingApproval, SysError> {
    Ok(StandingApproval {
        namespace: namespace.parse().map_err(corrupt)?,
        need: serde_json::from_str(&need).map_err(corrupt)?,
        rule: if rule == "allow" { Rule::Allow } else { Rule::Deny },
    })
}

/// A value on its way in.
pub(super) struct Put {
    pub(super) namespace: Namespace,
    pub(super) key: StoreKey,
    pub(super) value: Vec<u8>,
    pub(super) if_version: Option<u64>,
    pub(super) max_keys: u64,
}

impl Put {
    /// Whether what is stored now lets it in.
    async fn check(&self, transaction: &mut Transaction<'_, Sqlite>) -> Result<(), SysError> {
        let current: Option<i64> = sqlx::query_scalar(SELECT_VERSION)
            .bind(self.namespace.to_string())
            .bind(self.key.as_str())
            .fetch_optional(&mut **transaction)
            .await
            .map_err(failed)?;
        let current = current.map(|version| version as u64);
        if self
            .if_version
            .is_some_and(|expected| expected != current.unwrap_or(0))
        {
            return Err(SysError::Conflict {
                etag: current.map(|version| version.to_string()),
            });
        }
        if current.is_some() {
            return Ok(());
        }
        let used: i64 = sqlx::query_scalar(COUNT_KEYS)
            .bind(self.namespace.to_string())
            .fetch_one(&mut **transaction)
            .await
            .map_err(failed)?;
        let used = used as u64;
        if used >= self.max_keys {
            Err(SysError::store_full(self.max_keys, used))
        } else {
            Ok(())
        }
    }
}

/// The cause goes to the log here; callers are told only what they can act on.
pub(super) fn failed(error: sqlx::Error) -> SysError {
    match error {
        sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => {
            tracing::warn!(%error, "the database is busy");
            SysError::Unavailable { retry_after: None }
        }
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => corrupt(error),
        error => {
            tracing::error!(%error, "the database failed");
            SysError::Io { kind: IoKind::Disk }
        }
    }
}

pub(super) fn corrupt(error: impl Error + 'static) -> SysError {
    tracing::error!(error = &error as &dyn Error, "what is stored cannot be read");
    SysError::Io {
        kind: IoKind::Corrupt,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_ends_where_the_first_other_text_begins() {
        assert_eq!(end("a").as_deref(), Some("b"));
        assert_eq!(end("a/").as_deref(), Some("a0"));
        assert_eq!(end("a\u{d7ff}").as_deref(), Some("a\u{e000}"));
        assert_eq!(end("a\u{10ffff}\u{10ffff}").as_deref(), Some("b"));
        assert_eq!(end("\u{10ffff}"), None);
        assert_eq!(end(""), None);
        for prefix in ["a", "ü", "a\u{7f}", "a\u{d7ff}"] {
            let (last, end) = (format!("{prefix}\u{10ffff}\u{10ffff}"), end(prefix).unwrap());
            assert!(last < end && !end.starts_with(prefix), "{prefix}");
        }
    }
}
