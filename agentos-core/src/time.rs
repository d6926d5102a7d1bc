//! Time as a value: whoever calls the core says what time it is.

use jiff::Timestamp;

/// Milliseconds: since the Unix epoch for a moment, or the length of a span.
pub type Millis = u64;

/// `at` as RFC 3339 in UTC; moments after the year 9999 are written as its end.
pub fn rfc3339(at: Millis) -> String {
    let at = i64::try_from(at)
        .ok()
        .and_then(|at| Timestamp::from_millisecond(at).ok());
    at.unwrap_or(Timestamp::MAX).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(at: Millis, expected: &str) {
        assert_eq!(rfc3339(at), expected);
    }

    #[test]
    fn moments_are_written_in_utc() {
        check(0, "1970-01-01T00:00:00Z");
        check(1_767_268_800_000, "2026-01-01T12:00:00Z");
        check(1_767_268_800_001, "2026-01-01T12:00:00.001Z");
        check(Millis::MAX, "9999-12-30T22:00:00.999999999Z");
    }
}
