//! The key of a call that is made at most once.

use super::error::SysError;

/// What a caller gives a change so that it happens once, however often it is asked for: 1 to 128 printable ASCII
/// characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    pub const MAX_BYTES: usize = 128;

    pub fn parse(text: &str) -> Result<Self, SysError> {
        let fits = (1..=Self::MAX_BYTES).contains(&text.len());
        if fits && text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            Ok(Self(text.to_owned()))
        } else {
            Err(SysError::invalid(Self::FIELD))
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    const FIELD: &str = "idempotency_key";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, accepted: bool) {
        assert_eq!(IdempotencyKey::parse(text).is_ok(), accepted, "{text:?}");
    }

    #[test]
    fn keys_are_short_and_printable() {
        check("a", true);
        check("order 7 ~", true);
        check(&"k".repeat(128), true);
        check(&"k".repeat(129), false);
        check("", false);
        check("a\n", false);
        check("ü", false);
    }
}
