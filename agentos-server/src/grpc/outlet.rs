//! Work whose results are streamed while it goes on.

use std::time::Duration;

use futures::stream::{self, BoxStream, StreamExt};
use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;

/// Items that wait for a slow reader before the work waits too.
const WAITING: usize = 32;
/// A reader that takes nothing for so long is as good as gone.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where work leaves its results.
pub(super) struct Outlet<T>(mpsc::Sender<T>);

/// Nobody reads on.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Abandoned;

impl<T> Outlet<T> {
    pub(super) async fn pass_on(&self, item: T) -> Result<(), Abandoned> {
        self.0.send_timeout(item, PATIENCE).await.map_err(|_| Abandoned)
    }

    /// Resolves when the stream was dropped.
    pub(super) async fn abandoned(&self) {
        self.0.closed().await;
    }
}

/// Begins `work` among `tasks`; the stream holds what it passes on and ends with it. It is for the work to stop when it
/// is [abandoned](Outlet::abandoned): only the work knows from where on it must go on to its end.
pub(super) fn stream_of<T, W>(tasks: &TaskTracker, work: impl FnOnce(Outlet<T>) -> W) -> BoxStream<'static, T>
where
    T: Send + 'static,
    W: Future<Output = ()> + Send + 'static,
{
    let (sender, receiver) = mpsc::channel(WAITING);
    tasks.spawn(work(Outlet(sender)));
    stream::unfold(receiver, |mut receiver| async move {
        let item = receiver.recv().await?;
        Some((item, receiver))
    })
    .boxed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_reader_that_takes_nothing_is_given_up() {
        let (sender, mut receiver) = mpsc::channel(WAITING);
        let outlet = Outlet(sender);
        for number in 0..WAITING {
            assert_eq!(outlet.pass_on(number).await, Ok(()));
        }
        assert_eq!(outlet.pass_on(WAITING).await, Err(Abandoned));
        receiver.recv().await;
        assert_eq!(outlet.pass_on(WAITING).await, Ok(()));
    }

    #[tokio::test]
    async fn work_hears_that_its_stream_was_dropped() {
        let tasks = TaskTracker::new();
        let stream = stream_of::<(), _>(&tasks, |outlet| async move { outlet.abandoned().await });
        drop(stream);
        tasks.close();
        tasks.wait().await;
    }
}
