//! Who acts as which process.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use agentos_core::kernel::{EventKind, Pid};
use agentos_core::ports::ambient::Ambient;
use agentos_core::ports::kernel::{EventItem, KernelPort, Reader};
use futures::StreamExt;
use tracing::warn;

/// The tokens of processes that run, of which only hashes are kept: neither what is kept nor how long a comparison takes
/// tells a token.
#[derive(Debug, Default)]
pub(super) struct ProcessTokens {
    holders: Mutex<HashMap<blake3::Hash, Pid>>,
}

impl ProcessTokens {
    /// A new token of 256 bits for `pid`, until the process ends.
    pub(super) fn issue(&self, pid: Pid, ambient: &dyn Ambient) -> String {
        let token = format!("{:032x}{:032x}", ambient.seed(), ambient.seed());
        self.holders().insert(blake3::hash(token.as_bytes()), pid);
        token
    }

    pub(super) fn holder(&self, token: &[u8]) -> Option<Pid> {
        self.holders().get(&blake3::hash(token)).copied()
    }

    pub(super) fn forget(&self, ended: &[Pid]) {
        self.holders().retain(|_, holder| !ended.contains(holder));
    }

    /// Forgets the tokens of processes that end, until the kernel stops.
    pub(super) async fn watch(&self, kernel: &dyn KernelPort) {
        let Ok(mut events) = kernel.events(None, Reader::Program).await else {
            return;
        };
        while let Some(item) = events.next().await {
            match item {
                EventItem::Event(event) => {
                    if let EventKind::ProcessEnded { .. } = event.kind {
                        self.forget(&[event.pid]);
                    }
                }
                EventItem::Missed { .. } => match kernel.processes().await {
                    Ok(processes) => {
                        let runs = |pid| processes.iter().any(|process| process.pid == pid);
                        self.holders().retain(|_, holder| runs(*holder));
                    }
                    Err(error) => warn!(%error, "tokens may be kept whose processes ended"),
                },
            }
        }
    }

    fn holders(&self) -> MutexGuard<'_, HashMap<blake3::Hash, Pid>> {
        self.holders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ambient::Machine;

    #[test]
    fn a_token_names_its_process_until_that_ends() {
        let tokens = ProcessTokens::default();
        let (one, two) = (Pid::from_number(2), Pid::from_number(3));
        let (of_one, of_two) = (tokens.issue(one, &Machine), tokens.issue(two, &Machine));
        assert_eq!(of_one.len(), 64);
        assert_ne!(of_one, of_two);
        assert_eq!(tokens.holder(of_one.as_bytes()), Some(one));
        assert_eq!(tokens.holder(b""), None);
        tokens.forget(&[one]);
        assert_eq!(tokens.holder(of_one.as_bytes()), None);
        assert_eq!(tokens.holder(of_two.as_bytes()), Some(two));
        assert!(!format!("{tokens:?}").contains(&of_two));
    }
}
