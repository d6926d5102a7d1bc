//! The messages of one generation, kept while somebody may still ask for them.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::extract::ws::Utf8Bytes;
use tokio::sync::watch;
use tokio::time::timeout;

use super::outbox::Outbox;

/// How long a generation outlives its last follower.
pub(crate) const GRACE: Duration = Duration::from_secs(10);
/// Enough for the largest document as text, as patches and whole.
const LOG_BYTES: usize = 8 * 1024 * 1024;

/// Counts from 1; a follower who saw message `n` asks for what comes after `n`.
#[derive(Debug)]
pub(crate) struct Log {
    messages: Mutex<Messages>,
    grown: watch::Sender<()>,
    followers: watch::Sender<usize>,
}

#[derive(Debug, Default)]
struct Messages {
    texts: Vec<Utf8Bytes>,
    bytes: usize,
    is_over: bool,
}

/// The generation said more than anyone may; nothing was added.
#[derive(Debug)]
pub(crate) struct Full;

impl Log {
    pub(crate) fn new() -> Self {
        Self {
            messages: Mutex::default(),
            grown: watch::Sender::new(()),
            followers: watch::Sender::new(0),
        }
    }

    /// Adds the message that `write` makes of its sequence number.
    pub(crate) fn add(&self, write: impl FnOnce(u64) -> String) -> Result<(), Full> {
        {
            let mut messages = self.messages();
            if messages.bytes > LOG_BYTES {
                return Err(Full);
            }
            messages.push(write);
        }
        self.grown.send_replace(());
        Ok(())
    }

    /// Adds the last messages, also to a full log.
    pub(crate) fn finish(&self, last: impl IntoIterator<Item = impl FnOnce(u64) -> String>) {
        {
            let mut messages = self.messages();
            for write in last {
                messages.push(write);
            }
            messages.is_over = true;
        }
        self.grown.send_replace(());
    }

    /// Sends everything after `seq` as it comes, until the end or until the client is gone.
    pub(crate) async fn follow(&self, seq: u64, outbox: Outbox) {
        let _following = Following::new(&self.followers);
        let mut grown = self.grown.subscribe();
        let mut seen = usize::try_from(seq).unwrap_or(usize::MAX);
        loop {
            grown.borrow_and_update();
            let (news, is_over) = self.after(seen);
            for text in news {
                if outbox.send(text).await.is_err() {
                    return;
                }
                seen += 1;
            }
            if is_over || grown.changed().await.is_err() {
                return;
            }
        }
    }

    /// Resolves when nobody has followed for [`GRACE`].
    pub(crate) async fn abandoned(&self) {
        let mut followers = self.followers.subscribe();
        loop {
            if followers.wait_for(|count| *count == 0).await.is_err() {
                return;
            }
            if timeout(GRACE, followers.wait_for(|count| *count > 0))
                .await
                .is_err()
            {
                return;
            }
        }
    }

    fn after(&self, seen: usize) -> (Vec<Utf8Bytes>, bool) {
        let messages = self.messages();
        (
            messages.texts.get(seen..).unwrap_or_default().to_vec(),
            messages.is_over,
        )
    }

    fn messages(&self) -> MutexGuard<'_, Messages> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Messages {
    fn push(&mut self, write: impl FnOnce(u64) -> String) {
        let text = write(self.texts.len() as u64 + 1);
        self.bytes += text.len();
        self.texts.push(text.into());
    }
}

struct Following<'a>(&'a watch::Sender<usize>);

impl<'a> Following<'a> {
    fn new(followers: &'a watch::Sender<usize>) -> Self {
        followers.send_modify(|count| *count += 1);
        Self(followers)
    }
}

impl Drop for Following<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::time::{Instant, sleep};

    use super::*;

    fn add(log: &Log, text: &str) {
        log.add(|seq| format!("{seq} {text}")).unwrap();
    }

    #[tokio::test]
    async fn a_follower_gets_what_it_did_not_see_and_then_what_comes() {
        let log = Arc::new(Log::new());
        add(&log, "a");
        add(&log, "b");
        let (outbox, mut received) = Outbox::new();
        let following = tokio::spawn({
            let log = Arc::clone(&log);
            async move { log.follow(1, outbox).await }
        });
        assert_eq!(received.recv().await.unwrap().as_str(), "2 b");
        add(&log, "c");
        assert_eq!(received.recv().await.unwrap().as_str(), "3 c");
        log.finish([|seq| format!("{seq} end")]);
        assert_eq!(received.recv().await.unwrap().as_str(), "4 end");
        following.await.unwrap();
        assert!(received.recv().await.is_none(), "nothing comes after the end");
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_abandoned_when_nobody_followed_for_the_grace() {
        let log = Arc::new(Log::new());
        let begun = Instant::now();
        let (outbox, received) = Outbox::new();
        tokio::spawn({
            let log = Arc::clone(&log);
            async move {
                // Comes just in time, and leaves when its client is gone.
                sleep(GRACE.mul_f64(0.9)).await;
                let leaving = async {
                    sleep(GRACE * 3).await;
                    drop(received);
                };
                tokio::select! {
                    () = log.follow(0, outbox) => {}
                    () = leaving => {}
                }
            }
        });
        log.abandoned().await;
        assert_eq!(
            begun.elapsed().as_secs_f64().round(),
            GRACE.mul_f64(0.9 + 3.0 + 1.0).as_secs_f64()
        );
    }

    #[test]
    fn a_full_log_takes_only_the_end() {
        let log = Log::new();
        let text = "x".repeat(LOG_BYTES / 4);
        let taken = (0..10).take_while(|_| log.add(|_| text.clone()).is_ok()).count();
        assert_eq!(taken, 5, "what is begun within the limit is taken whole");
        log.finish([|seq| format!("{seq} end")]);
        assert_eq!(log.after(taken).0, ["6 end"]);
    }
}
