//! Time and randomness, which core never reads by itself.

use crate::time::Millis;

/// The clock and the source of seeds; the edge implements it once.
#[cfg_attr(feature = "testing", mockall::automock)]
pub trait Ambient: Send + Sync {
    /// The time since the Unix epoch. It may stand still between two calls.
    fn now(&self) -> Millis;

    /// Random bits nobody can guess and no earlier call returned.
    fn seed(&self) -> u128;
}
