//! Large answers on their way: each stays charged to the process that asked until it is let go.

use std::cell::RefCell;
use std::sync::Weak;

use agentos_core::kernel::{CallId, Input, Reply, SysError};

use super::driver::Driver;

tokio::task_local! {
    /// What the answers of this task are charged to, where somebody [keeps](keep_answers) them.
    static KEPT: RefCell<Vec<Charge>>;
}

/// An answer, with what it is charged to if it is large.
pub(super) struct Given {
    pub(super) result: Result<Reply, SysError>,
    pub(super) charge: Option<Charge>,
}

/// Holds an answer for its process until it is dropped.
#[derive(Debug)]
pub(super) struct Charge {
    call: CallId,
    driver: Weak<Driver>,
}

impl Charge {
    pub(super) fn new(call: CallId, driver: Weak<Driver>) -> Self {
        Self { call, driver }
    }

    /// Leaves it to who keeps the answers of this task, or to nobody.
    pub(super) fn keep(self) {
        KeptAnswers(vec![self]).leave();
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        if let Some(driver) = self.driver.upgrade() {
            driver.tell(Input::Taken { call: self.call });
        }
    }
}

/// What the answers to some calls are charged to. Whoever passes the answers on drops it once they are gone.
#[derive(Debug, Default)]
pub struct KeptAnswers(Vec<Charge>);

impl KeptAnswers {
    /// Whether none of the answers was large.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Leaves them to who keeps the answers of the task around this one, or to nobody.
    pub(super) fn leave(self) {
        let _ = KEPT.try_with(|kept| kept.borrow_mut().extend(self.0));
    }
}

/// The answers of `LocalKernel` to the calls that `work` makes stay charged to who asked, beyond `work`, until what is
/// returned beside its output is dropped.
pub async fn keep_answers<W: Future>(work: W) -> (W::Output, KeptAnswers) {
    let kept = async {
        let output = work.await;
        (output, KeptAnswers(KEPT.with(RefCell::take)))
    };
    KEPT.scope(RefCell::default(), kept).await
}
