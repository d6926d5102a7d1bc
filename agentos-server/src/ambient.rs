//! The clock and the randomness of this machine.

use std::time::{SystemTime, UNIX_EPOCH};

use agentos_core::ports::ambient::Ambient;
use agentos_core::time::Millis;

/// [`Ambient`] for a real run.
#[derive(Debug, Default, Clone, Copy)]
pub struct Machine;

impl Ambient for Machine {
    fn now(&self) -> Millis {
        let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Millis::try_from(elapsed.as_millis()).unwrap_or(Millis::MAX)
    }

    fn seed(&self) -> u128 {
        let mut bits = [0; 16];
        // Without randomness ids could repeat and leases be guessed, so nothing may go on.
        getrandom::fill(&mut bits).expect("the system gives no randomness");
        u128::from_ne_bytes(bits)
    }
}
