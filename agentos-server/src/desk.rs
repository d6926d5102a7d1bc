//! Everything a request may reach, wired once at start.

use std::sync::Arc;
use std::time::Instant;

use agentos_core::ports::ambient::Ambient;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::ws::CONNECTIONS;

/// What the routes stand on.
pub struct Desk {
    pub(crate) ambient: Arc<dyn Ambient>,
    /// Seats for open `/stream`s.
    pub(crate) connections: Arc<Semaphore>,
    /// Cancelled when the server stops.
    pub(crate) stop: CancellationToken,
    started: Instant,
}

impl Desk {
    pub fn new(ambient: Arc<dyn Ambient>) -> Self {
        Self {
            ambient,
            connections: Arc::new(Semaphore::new(CONNECTIONS)),
            stop: CancellationToken::new(),
            started: Instant::now(),
        }
    }

    pub(crate) fn uptime_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}
