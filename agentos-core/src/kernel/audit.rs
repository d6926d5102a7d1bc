//! The record of what was done and refused, chained by hash so that an edit shows.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::approval::{ApprovalAnswer, ApprovalId, ApprovalNeed};
use super::capability::{Capability, GrantId, Rule};
use super::files::FileChange;
use super::net::Method;
use super::place::FilePlace;
use super::process::{EndReason, Pid, Profile};
use super::program::ProgramName;
use super::syscall::StoreKey;
use crate::ids::{BootId, Namespace};
use crate::time::Millis;

/// One line of the audit. It never holds what was stored, only where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRecord {
    /// Milliseconds since the Unix epoch.
    pub time: Millis,
    pub boot: BootId,
    /// Who did it, or asked for it.
    pub pid: Pid,
    #[serde(flatten)]
    pub action: Action,
}

impl AuditRecord {
    /// The record of a file, once it is known how many bytes came.
    #[must_use]
    pub fn of_bytes(mut self, count: u64) -> Self {
        if let Action::File { bytes, .. } = &mut self.action {
            *bytes = count;
        }
        self
    }
}

/// What was done or refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Action {
    StorePut {
        namespace: Namespace,
        key: StoreKey,
        bytes: u64,
    },
    StoreDelete {
        namespace: Namespace,
        key: StoreKey,
    },
    StoreClear {
        namespace: Namespace,
    },
    Spawn {
        child: Pid,
        name: String,
        profile: Profile,
        namespace: Option<Namespace>,
    },
    End {
        process: Pid,
        reason: EndReason,
    },
    Grant {
        grant: GrantId,
        to: Pid,
        capability: Capability,
        rule: Rule,
    },
    Revoke {
        grant: GrantId,
        from: Pid,
        capability: Capability,
    },
    Denial {
        need: Capability,
    },
    /// One request to one server; each redirect that is followed has its own. `origin` is the scheme,
    /// host and port.
    NetworkRequest {
        method: Method,
        origin: String,
        bytes: u64,
    },
    /// The app's window may load from there.
    NetworkAccess {
        origin: String,
    },
    /// A WebSocket that is opened; `origin` is its scheme, host and port.
    NetworkSocket {
        origin: String,
    },
    /// One question to the model, with as many bytes; its text is not recorded.
    LlmGenerate {
        bytes: u64,
    },
    /// A program was started as `process`, with as many bytes of arguments and input; what they say is not recorded.
    RunProgram {
        process: Pid,
        program: ProgramName,
        bytes: u64,
    },
    /// A change to a file or folder that passed every check of the host; `from` is what is moved or copied. It is
    /// written before the change, which may yet fail.
    File {
        change: FileChange,
        place: FilePlace,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<FilePlace>,
        bytes: u64,
    },
    ApprovalAsked {
        approval: ApprovalId,
        need: ApprovalNeed,
    },
    ApprovalAnswered {
        approval: ApprovalId,
        process: Pid,
        need: ApprovalNeed,
        answer: ApprovalAnswer,
    },
    ApprovalExpired {
        approval: ApprovalId,
        need: ApprovalNeed,
    },
    /// Nothing that was answered for the namespace holds any more; its running processes lost each grant of it before.
    ForgetApprovals {
        namespace: Namespace,
    },
    /// Denials beyond those recorded one by one in the second before.
    MoreDenials {
        count: u64,
    },
}

/// The hash of one audit row, which covers all rows before it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct AuditHash([u8; 32]);

impl AuditHash {
    /// What the first row follows.
    pub const START: Self = Self([0; 32]);

    /// The hash of row `seq`, which holds `record` as it is stored.
    #[must_use]
    pub fn next(self, seq: u64, record: &str) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.0);
        hasher.update(&seq.to_le_bytes());
        hasher.update(record.as_bytes());
        Self(*hasher.finalize().as_bytes())
    }

    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for AuditHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// In hexadecimal.
impl fmt::Display for AuditHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

/// One row as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRow {
    /// Counts from 1, without gaps.
    pub seq: u64,
    /// An [`AuditRecord`] in JSON.
    pub record: String,
    pub hash: AuditHash,
}

/// The audit was changed by someone else than the kernel.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AuditFault {
    #[error("audit row {seq} was removed")]
    Missing { seq: u64 },
    #[error("audit row {seq} or one before it was edited")]
    Edited { seq: u64 },
    #[error("audit row {seq} is more than the head of the audit knows")]
    BeyondHead { seq: u64 },
    #[error("the head of the audit, which tells its last row, was removed")]
    HeadMissing,
}

impl AuditFault {
    /// The first row that is not as it was written; none where no row tells.
    pub fn seq(&self) -> Option<u64> {
        match *self {
            Self::Missing { seq } | Self::Edited { seq } | Self::BeyondHead { seq } => Some(seq),
            Self::HeadMissing => None,
        }
    }
}

/// Checks rows one after another, as they are read.
#[derive(Debug, Clone, Copy)]
pub struct AuditVerifier {
    seq: u64,
    hash: AuditHash,
}

impl Default for AuditVerifier {
    fn default() -> Self {
        Self {
            seq: 0,
            hash: AuditHash::START,
        }
    }
}

impl AuditVerifier {
    /// Checks the row that follows those checked so far.
    pub fn check(&mut self, row: &AuditRow) -> Result<(), AuditFault> {
        let seq = self.seq + 1;
        if row.seq != seq {
            return Err(AuditFault::Missing { seq });
        }
        let hash = self.hash.next(seq, &row.record);
        if row.hash != hash {
            return Err(AuditFault::Edited { seq });
        }
        *self = Self { seq, hash };
        Ok(())
    }

    /// Checks that the rows checked so far are all there are: `seq` and `hash` are the last written.
    pub fn end(&self, seq: u64, hash: AuditHash) -> Result<(), AuditFault> {
        if self.seq < seq {
            return Err(AuditFault::Missing { seq: self.seq + 1 });
        }
        if self.seq > seq {
            return Err(AuditFault::BeyondHead { seq: seq + 1 });
        }
        if self.hash == hash {
            Ok(())
        } else {
            Err(AuditFault::Edited { seq })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(records: &[&str]) -> Vec<AuditRow> {
        let mut hash = AuditHash::START;
        let numbered = (1u64..).zip(records);
        numbered
            .map(|(seq, record)| {
                hash = hash.next(seq, record);
                AuditRow {
                    seq,
                    record: (*record).to_owned(),
                    hash,
                }
            })
            .collect()
    }

    fn verify(rows: &[AuditRow], written: &[AuditRow]) -> Result<(), AuditFault> {
        let mut verifier = AuditVerifier::default();
        rows.iter().try_for_each(|row| verifier.check(row))?;
        let last = written.last().unwrap();
        verifier.end(last.seq, last.hash)
    }

    #[test]
    fn every_edit_is_noticed() {
        let written = chain(&["a", "b", "c"]);
        assert_eq!(verify(&written, &written), Ok(()));

        let mut edited = written.clone();
        edited[1].record = "B".to_owned();
        assert_eq!(verify(&edited, &written), Err(AuditFault::Edited { seq: 2 }));

        let mut rehashed = written.clone();
        rehashed[1].record = "B".to_owned();
        rehashed[1].hash = rehashed[0].hash.next(2, "B");
        assert_eq!(verify(&rehashed, &written), Err(AuditFault::Edited { seq: 3 }));

        let mut removed = written.clone();
        removed.remove(1);
        assert_eq!(verify(&removed, &written), Err(AuditFault::Missing { seq: 2 }));

        assert_eq!(
            verify(&written[..2], &written),
            Err(AuditFault::Missing { seq: 3 })
        );

        assert_eq!(
            verify(&written, &written[..2]),
            Err(AuditFault::BeyondHead { seq: 3 })
        );

        let mut swapped = written.clone();
        swapped.swap(0, 1);
        assert_eq!(verify(&swapped, &written), Err(AuditFault::Missing { seq: 1 }));
    }
}
