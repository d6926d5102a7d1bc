//! How long a call rests before it is tried again.

use super::CallId;
use crate::time::Millis;

/// Attempts of one call, the first included.
pub const ATTEMPTS: u32 = 5;
/// The longest pause a provider may ask for that is waited for; a longer one makes the failure final.
pub const LONGEST_PAUSE: Millis = 60_000;
/// The rest after the first attempt, unless a configuration says otherwise.
pub const FIRST_REST: Millis = 500;

/// The rest after the attempt with this number, counted from 1: between half of it and all, so that
/// calls that failed together do not come back together.
pub(super) fn rest(seed: u64, first: Millis, call: CallId, attempt: u32) -> Millis {
    let longest = first << (attempt.clamp(1, ATTEMPTS) - 1);
    let shortest = longest / 2;
    let chance = scatter(scatter(scatter(seed) ^ call.0) ^ u64::from(attempt));
    shortest + chance % (longest - shortest + 1)
}

/// The finalizer of `SplitMix64`: near numbers become far ones.
fn scatter(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[track_caller]
    fn check(attempt: u32, shortest: Millis, longest: Millis) {
        let rests: BTreeSet<_> = (0..2_000)
            .map(|call| rest(1, FIRST_REST, CallId(call), attempt))
            .collect();
        assert!(rests.iter().all(|rest| (shortest..=longest).contains(rest)));
        assert!(
            rests.len() > 150,
            "{} different rests after attempt {attempt}",
            rests.len()
        );
    }

    #[test]
    fn rests_double_and_are_spread_over_their_second_half() {
        check(1, 250, 500);
        check(2, 500, 1_000);
        check(3, 1_000, 2_000);
        check(4, 2_000, 4_000);
    }

    #[test]
    fn the_seed_alone_decides() {
        let rests = |seed| (0..20).map(move |call| rest(seed, FIRST_REST, CallId(call), 3));
        assert!(rests(1).eq(rests(1)));
        assert!(rests(1).ne(rests(2)));
    }
}
