//! What happens to apps, numbered and kept for a while, so that a reader can come late.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use agentos_core::apps::AppEvent;
use tokio::sync::watch;

/// Events a reader may be behind before it misses some.
const KEPT: usize = 1_024;

/// The events of one run of the server, counted from 1.
#[derive(Debug)]
pub(crate) struct AppEvents {
    kept: Mutex<Kept>,
    newest: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Kept {
    events: VecDeque<AppEvent>,
    /// The number of the newest event.
    newest: u64,
}

/// What comes after the events a reader has seen.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct News {
    pub(crate) missed: u64,
    pub(crate) events: Vec<(u64, AppEvent)>,
}

impl AppEvents {
    pub(crate) fn new() -> Self {
        Self {
            kept: Mutex::default(),
            newest: watch::Sender::new(0),
        }
    }

    pub(crate) fn add(&self, event: AppEvent) {
        let mut kept = self.kept();
        if kept.events.len() == KEPT {
            kept.events.pop_front();
        }
        kept.events.push_back(event);
        kept.newest += 1;
        self.newest.send_replace(kept.newest);
    }

    /// A reader of what comes after number `since`, or after now. A number beyond the newest is of an earlier start:
    /// all comes.
    pub(crate) fn reader(&self, since: Option<u64>) -> Reader<'_> {
        let newest = self.newest.subscribe();
        let now = *newest.borrow();
        let seen = match since {
            Some(seq) if seq > now => 0,
            since => since.unwrap_or(now),
        };
        Reader {
            log: self,
            newest,
            seen,
        }
    }

    fn after(&self, seen: u64) -> News {
        let kept = self.kept();
        let gone = kept.newest - kept.events.len() as u64;
        let skipped = seen.saturating_sub(gone) as usize;
        let events = (gone + 1..)
            .zip(kept.events.iter().cloned())
            .skip(skipped)
            .collect();
        News {
            missed: gone.saturating_sub(seen),
            events,
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) struct Reader<'a> {
    log: &'a AppEvents,
    newest: watch::Receiver<u64>,
    seen: u64,
}

impl Reader<'_> {
    /// Waits until there is something new.
    pub(crate) async fn next(&mut self) -> News {
        let seen = self.seen;
        if self.newest.wait_for(|newest| *newest > seen).await.is_err() {
            std::future::pending::<()>().await;
        }
        let news = self.log.after(seen);
        self.seen = news.events.last().map_or(seen, |(number, _)| *number);
        news
    }
}

#[cfg(test)]
mod tests {
    use agentos_core::ids::AppId;

    use super::*;

    fn focused(number: u64) -> AppEvent {
        AppEvent::Focused {
            app: AppId::new(number, 0),
        }
    }

    #[tokio::test]
    async fn a_reader_gets_what_comes_after_what_it_saw() {
        let log = AppEvents::new();
        log.add(focused(1));
        let mut now = log.reader(None);
        let mut late = log.reader(Some(0));
        log.add(focused(2));
        assert_eq!(
            now.next().await,
            News {
                missed: 0,
                events: vec![(2, focused(2))]
            }
        );
        assert_eq!(
            late.next().await,
            News {
                missed: 0,
                events: vec![(1, focused(1)), (2, focused(2))]
            }
        );
    }

    #[tokio::test]
    async fn a_slow_reader_is_told_how_many_it_missed() {
        let log = AppEvents::new();
        let mut slow = log.reader(None);
        for number in 0..KEPT as u64 + 3 {
            log.add(focused(number));
        }
        let news = slow.next().await;
        assert_eq!((news.missed, news.events.len(), news.events[0].0), (3, KEPT, 4));
    }
}
