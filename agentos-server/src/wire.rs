//! Core's records in the words of the contract.

use agentos_core::time::Millis;
use jiff::Timestamp;

/// A moment as RFC 3339 in UTC.
pub(crate) fn rfc3339(at: Millis) -> String {
    let at = i64::try_from(at)
        .ok()
        .and_then(|at| Timestamp::from_millisecond(at).ok());
    at.unwrap_or(Timestamp::MAX).to_string()
}
