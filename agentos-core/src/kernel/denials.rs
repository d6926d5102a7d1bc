//! Keeps a caller that is refused a thousand times a second from filling the audit.

use crate::time::Millis;

/// Denials recorded one by one within a second; the rest of that second is counted.
pub(super) const RECORDED_A_SECOND: u64 = 10;

const SECOND: Millis = 1_000;

#[derive(Debug, Default)]
pub(super) struct DenialCount {
    second_began: Millis,
    recorded: u64,
    counted: u64,
}

impl DenialCount {
    /// Whether the denial at `now` gets a record of its own; none does where the audit is full.
    pub(super) fn is_recorded(&mut self, now: Millis, audit_full: bool) -> bool {
        if self.counted == 0 && now >= self.second_began + SECOND {
            self.second_began = now;
            self.recorded = 0;
        }
        let recorded = self.recorded < RECORDED_A_SECOND && !audit_full;
        if recorded {
            self.recorded += 1;
        } else {
            self.counted += 1;
        }
        recorded
    }

    /// When the denials counted so far are due in the audit.
    pub(super) fn wake_at(&self) -> Option<Millis> {
        (self.counted > 0).then_some(self.second_began + SECOND)
    }

    /// Those due at `now`, each handed out once.
    pub(super) fn take_due(&mut self, now: Millis) -> Option<u64> {
        (self.wake_at()? <= now).then(|| std::mem::take(&mut self.counted))
    }
}
