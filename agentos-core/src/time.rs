//! Time as a value: whoever calls the core says what time it is.

/// Milliseconds: since the Unix epoch for a moment, or the length of a span.
pub type Millis = u64;
