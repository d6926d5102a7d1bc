//! Calls that meet each other, a revocation, a kill, an impatient caller or a stop.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use agentos_adapters::kernel::LocalKernel;
use agentos_core::kernel::{
    AuditRecord, AuthorizedOp, Call, CallName, Capability, IdempotencyKey, IoKind, KernelConfig, LimitTable,
    Op, Pid, Principal, ProcessInfo, Reply, Resource, Rule, SysError, Syscall,
};
use agentos_core::ports::ambient::Ambient;
use agentos_core::ports::host::{HostPort, MockHostPort};
use agentos_core::ports::kernel::{KernelPort, Reader};
use agentos_core::ports::stream::Pipe;
use agentos_core::testing::host::FakeHost;
use agentos_core::time::Millis;
use async_trait::async_trait;
use futures::future::join_all;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use super::{TokioClock, app, config, namespace, put, read, run, run_paused, start};

/// A kernel over a host that holds operations back.
struct Held {
    kernel: Arc<LocalKernel>,
    host: Arc<FakeHost>,
}

impl Held {
    fn start(config: KernelConfig) -> Self {
        let host = Arc::new(FakeHost::default());
        let kernel = Arc::new(LocalKernel::start(config, TokioClock::start(), host.clone()));
        host.hold();
        Self { kernel, host }
    }

    fn kernel(&self) -> &dyn KernelPort {
        &*self.kernel
    }

    /// Makes the call in a task of its own.
    fn call(&self, caller: Principal, syscall: Syscall) -> JoinHandle<Result<Reply, SysError>> {
        self.make(Call::new(caller, syscall))
    }

    fn make(&self, call: Call) -> JoinHandle<Result<Reply, SysError>> {
        let kernel = self.kernel.clone();
        tokio::spawn(async move { kernel.call(call).await })
    }

    async fn calls_in_flight(&self) -> Vec<u32> {
        let processes = self
            .kernel()
            .processes()
            .await
            .expect("the system sees processes");
        processes
            .iter()
            .map(|ProcessInfo { usage, .. }| usage.calls_in_flight)
            .collect()
    }

    /// Returns once the kernel has taken on `count` calls of the newest process.
    async fn until_in_flight(&self, count: u32) {
        while self.calls_in_flight().await.last() != Some(&count) {
            tokio::task::yield_now().await;
        }
    }
}

/// A clock that only moves when it is set.
struct WallClock(AtomicU64);

impl Default for WallClock {
    fn default() -> Self {
        Self(AtomicU64::new(1_700_000_000_000))
    }
}

impl WallClock {
    fn set_back(&self, by: Millis) {
        self.0.fetch_sub(by, Ordering::Relaxed);
    }
}

impl Ambient for WallClock {
    fn now(&self) -> Millis {
        self.0.load(Ordering::Relaxed)
    }

    fn seed(&self) -> u128 {
        0
    }
}

fn one_at_once() -> KernelConfig {
    KernelConfig {
        local_at_once: 1,
        ..config()
    }
}

#[test]
fn a_revoked_grant_stops_what_is_queued_and_what_is_in_flight() {
    run(async {
        let held = Held::start(one_at_once());
        let pid = app(held.kernel(), 1).await;
        let need = Capability::Store {
            namespace: namespace(2),
        };
        let grant = held.kernel().grant(pid, need.clone(), Rule::Allow).await.unwrap();
        let in_flight = held.call(Principal::Process(pid), put(2, "a", "in flight"));
        held.host.until_arrived(1).await;
        let queued = held.call(Principal::Process(pid), put(2, "b", "queued"));
        held.until_in_flight(2).await;

        held.kernel().revoke(grant).await.unwrap();
        let denied = Err(SysError::PermissionDenied { need });
        assert_eq!(in_flight.await.unwrap(), denied);
        assert_eq!(queued.await.unwrap(), denied);

        held.host.release();
        assert_eq!(read(held.kernel(), 2, "a").await, Err(SysError::NotFound));
        assert_eq!(read(held.kernel(), 2, "b").await, Err(SysError::NotFound));
        assert_eq!(held.calls_in_flight().await, [0, 0]);
    });
}

#[test]
fn a_kill_cancels_what_the_process_waits_for_and_nothing_else() {
    run(async {
        let held = Held::start(config());
        let (doomed, bystander) = (app(held.kernel(), 1).await, app(held.kernel(), 2).await);
        let cut = held.call(Principal::Process(doomed), put(1, "a", "cut"));
        let kept = held.call(Principal::Process(bystander), put(2, "a", "kept"));
        held.host.until_arrived(2).await;

        held.kernel().kill(doomed).await.unwrap();
        assert_eq!(cut.await.unwrap(), Err(SysError::Cancelled));
        held.host.release();
        assert!(kept.await.unwrap().is_ok());
        assert_eq!(read(held.kernel(), 1, "a").await, Err(SysError::NotFound));
        assert_eq!(read(held.kernel(), 2, "a").await.unwrap(), b"kept");
    });
}

#[test]
fn a_caller_that_leaves_cancels_its_call() {
    run(async {
        let held = Held::start(config());
        let pid = app(held.kernel(), 1).await;
        let call = held.call(Principal::Process(pid), put(1, "a", "left"));
        held.host.until_arrived(1).await;
        call.abort();
        assert!(call.await.unwrap_err().is_cancelled());
        held.until_in_flight(0).await;
        held.host.release();
        assert_eq!(read(held.kernel(), 1, "a").await, Err(SysError::NotFound));
    });
}

#[test]
fn a_call_ends_at_its_deadline() {
    run_paused(async {
        let held = Held::start(config());
        let pid = app(held.kernel(), 1).await;
        let began = Instant::now();
        let late = held
            .kernel
            .call(Call::new(Principal::Process(pid), put(1, "a", "late")))
            .await;
        assert_eq!(late, Err(SysError::DeadlineExceeded));
        assert!(began.elapsed() >= Duration::from_secs(30) && began.elapsed() < Duration::from_secs(31));
        held.host.release();
        assert_eq!(read(held.kernel(), 1, "a").await, Err(SysError::NotFound));
    });
}

#[test]
fn a_call_ends_when_its_answer_is_of_no_more_use() {
    run_paused(async {
        let held = Held::start(config());
        let pid = app(held.kernel(), 1).await;
        let began = Instant::now();
        let call = Call::new(Principal::Process(pid), put(1, "a", "late"));
        let late = held.kernel.call(call.within(2_000)).await;
        assert_eq!(late, Err(SysError::DeadlineExceeded));
        assert!(began.elapsed() >= Duration::from_secs(2) && began.elapsed() < Duration::from_secs(3));
        held.host.release();
        assert_eq!(read(held.kernel(), 1, "a").await, Err(SysError::NotFound));
    });
}

#[test]
fn a_cancelled_call_stops_at_the_host() {
    run(async {
        let held = Held::start(config());
        let pid = app(held.kernel(), 1).await;
        let (caller, name) = (Principal::Process(pid), CallName(7));
        let call = Call::new(caller, put(1, "a", "cancelled")).named(name);
        let call = held.make(call);
        held.host.until_arrived(1).await;
        let cancel = Syscall::CancelCall { name };
        assert_eq!(held.kernel().syscall(caller, cancel).await, Ok(Reply::Done));
        assert_eq!(call.await.unwrap(), Err(SysError::Cancelled));
        held.host.release();
        assert_eq!(read(held.kernel(), 1, "a").await, Err(SysError::NotFound));
    });
}

#[test]
fn a_change_with_a_key_is_made_once_although_its_caller_left() {
    run(async {
        let held = Held::start(config());
        let pid = app(held.kernel(), 1).await;
        let key = IdempotencyKey::parse("once").unwrap();
        let change = || Call::new(Principal::Process(pid), put(1, "a", "made")).once(key.clone());
        let call = held.make(change());
        held.host.until_arrived(1).await;
        call.abort();
        assert!(call.await.unwrap_err().is_cancelled());
        let again = held.make(change());
        held.until_in_flight(2).await;
        held.host.release();
        let made = again.await.unwrap();
        assert!(matches!(made, Ok(Reply::Stored(_))), "{made:?}");
        assert_eq!(held.kernel.call(change()).await, made);
        assert_eq!(held.host.arrivals(), 1);
        assert_eq!(read(held.kernel(), 1, "a").await.unwrap(), b"made");
    });
}

#[test]
fn deadlines_and_rates_do_not_wait_for_a_clock_that_was_set_back() {
    run_paused(async {
        let clock = Arc::new(WallClock::default());
        let host = Arc::new(FakeHost::default());
        let kernel = LocalKernel::start(config(), clock.clone(), host.clone());
        let pid = app(&kernel, 1).await;
        let time = || kernel.call(Call::new(Principal::Process(pid), Syscall::GetCurrentTime));
        for _ in 0..LimitTable::default().standard.call_burst {
            time().await.unwrap();
        }
        clock.set_back(3_600_000);
        assert!(time().await.is_err());
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(time().await.is_ok());

        host.hold();
        let began = Instant::now();
        let late = kernel
            .call(Call::new(Principal::Process(pid), put(1, "a", "late")))
            .await;
        assert_eq!(late, Err(SysError::DeadlineExceeded));
        assert!(began.elapsed() < Duration::from_secs(31));
    });
}

#[test]
fn one_call_more_than_allowed_is_refused_and_the_others_are_served() {
    run(async {
        let held = Held::start(config());
        let pid = app(held.kernel(), 1).await;
        let limit = LimitTable::default().standard.calls_in_flight;
        let calls: Vec<_> = (0..limit)
            .map(|n| held.call(Principal::Process(pid), put(1, &n.to_string(), "x")))
            .collect();
        held.until_in_flight(limit).await;
        let more = held
            .kernel
            .call(Call::new(Principal::Process(pid), put(1, "more", "x")))
            .await;
        let Err(SysError::QuotaExceeded {
            resource,
            limit: told,
            ..
        }) = more
        else {
            panic!("{more:?}")
        };
        assert_eq!((resource, told), (Resource::CallsInFlight, u64::from(limit)));
        held.host.release();
        for call in calls {
            assert!(call.await.unwrap().is_ok());
        }
        assert_eq!(read(held.kernel(), 1, "more").await, Err(SysError::NotFound));
    });
}

#[test]
fn stopping_answers_what_was_asked_and_refuses_what_comes() {
    run(async {
        let held = Held::start(config());
        let pid = app(held.kernel(), 1).await;
        let call = held.call(Principal::Process(pid), put(1, "a", "kept"));
        held.host.until_arrived(1).await;
        let stopping = tokio::spawn({
            let kernel = held.kernel.clone();
            async move { kernel.stop().await }
        });
        held.host.release();
        stopping.await.unwrap();
        assert!(call.await.unwrap().is_ok());
        let late = held
            .kernel
            .call(Call::new(Principal::Process(pid), Syscall::GetCurrentTime))
            .await;
        assert_eq!(late, Err(SysError::Unavailable { retry_after: None }));
        assert!(held.kernel.events(None, Reader::Program).await.is_err());
        assert_eq!(held.host.audit().len(), 2);
        held.kernel.stop().await;
    });
}

#[test]
fn decisions_stand_and_are_recorded_later_when_the_audit_cannot_be_written() {
    run(async {
        let host = Arc::new(FakeHost::default());
        let kernel = start(host.clone());
        host.set_broken(true);
        let first = app(&kernel, 1).await;
        let refused = kernel
            .call(Call::new(Principal::Process(first), put(1, "a", "x")))
            .await;
        assert_eq!(refused, Err(SysError::Unavailable { retry_after: None }));
        host.set_broken(false);
        let second = app(&kernel, 2).await;
        let recorded = host.audit();
        assert_eq!(recorded.len(), 2, "{first} and {second}: {recorded:?}");
    });
}

/// A clock that stands still until it fails.
#[derive(Default)]
struct FailingClock {
    fails: AtomicBool,
}

impl Ambient for FailingClock {
    fn now(&self) -> Millis {
        assert!(!self.fails.load(Ordering::Relaxed), "no time can be told");
        1_700_000_000_000
    }

    fn seed(&self) -> u128 {
        0
    }
}

#[test]
fn where_the_policy_breaks_off_all_who_wait_hear_of_it_and_a_stop_ends() {
    run_paused(async {
        let (clock, host) = (Arc::new(FailingClock::default()), Arc::new(FakeHost::default()));
        let kernel = Arc::new(LocalKernel::start(config(), clock.clone(), host.clone()));
        let pid = app(&*kernel, 1).await;
        host.hold();
        let make = |syscall| {
            let (kernel, caller) = (kernel.clone(), Principal::Process(pid));
            tokio::spawn(async move { kernel.call(Call::new(caller, syscall)).await })
        };
        let waits = make(put(1, "a", "x"));
        host.until_arrived(1).await;
        // The kernel sleeps until the next deadline.
        sleep(Duration::from_millis(1)).await;
        clock.fails.store(true, Ordering::Relaxed);
        assert!(make(Syscall::GetUptime).await.unwrap_err().is_panic());
        // Long before its deadline.
        let answer = timeout(Duration::from_secs(10), waits).await.unwrap().unwrap();
        assert_eq!(answer, Err(SysError::Unavailable { retry_after: None }));
        kernel.stop().await;
    });
}

/// Breaks a promise of its port: at once or later.
struct PanickingHost {
    at_once: bool,
}

#[async_trait]
impl HostPort for PanickingHost {
    fn perform_at_once(&self, op: AuthorizedOp) -> ControlFlow<Result<Reply, SysError>, AuthorizedOp> {
        assert!(!self.at_once, "cannot perform {:?}", op.id());
        ControlFlow::Continue(op)
    }

    async fn perform(&self, op: AuthorizedOp) -> Result<Reply, SysError> {
        panic!("cannot perform {:?}", op.id())
    }

    async fn stream(&self, op: AuthorizedOp, _: Pipe) -> Result<Reply, SysError> {
        panic!("cannot perform {:?}", op.id())
    }

    async fn record(&self, _: &[AuditRecord]) -> Result<(), SysError> {
        Ok(())
    }
}

#[test]
fn an_operation_that_panics_is_an_error_of_its_call_alone() {
    run(async {
        for at_once in [true, false] {
            let kernel = start(Arc::new(PanickingHost { at_once }));
            let pid = app(&kernel, 1).await;
            let failed = kernel
                .call(Call::new(Principal::Process(pid), put(1, "a", "x")))
                .await;
            assert_eq!(failed, Err(SysError::Io { kind: IoKind::Disk }));
            assert!(
                kernel
                    .call(Call::new(Principal::Process(pid), Syscall::GetCurrentTime))
                    .await
                    .is_ok()
            );
        }
    });
}

#[test]
fn many_processes_at_once_lose_nothing() {
    run(async {
        let (host, folder) = super::host_on_disk().await;
        let kernel = Arc::new(start(Arc::new(host)));
        let apps = join_all((0..8).map(|number| {
            let kernel = kernel.clone();
            async move { (number, app(&*kernel, number).await) }
        }))
        .await;
        let writers = apps.into_iter().map(|(number, pid)| {
            let kernel = kernel.clone();
            tokio::spawn(async move {
                for n in 0..25 {
                    let put = put(number, &n.to_string(), &format!("{number} {n}"));
                    kernel
                        .call(Call::new(Principal::Process(pid), put))
                        .await
                        .unwrap();
                }
            })
        });
        for writer in join_all(writers).await {
            writer.unwrap();
        }
        for number in 0..8 {
            for n in 0..25 {
                let value = read(&*kernel, number, &n.to_string()).await.unwrap();
                assert_eq!(value, format!("{number} {n}").as_bytes());
            }
        }
        kernel.stop().await;
        let audit = agentos_adapters::kernel::SqliteAudit::new(super::database_in(&folder).await);
        assert_eq!(audit.verify().await.unwrap(), 8 + 8 * 25);
    });
}

#[test]
fn a_host_is_handed_a_change_once_with_the_record_of_who_makes_it() {
    run_paused(async {
        let mut host = MockHostPort::new();
        host.expect_record().returning(|_| Ok(()));
        host.expect_perform_at_once().returning(ControlFlow::Continue);
        host.expect_perform()
            .withf(|op| {
                let by = op.record().map(|record| record.pid);
                matches!(op.op(), Op::StoreClear { .. }) && by != Some(Pid::SYSTEM)
            })
            .once()
            .returning(|_| Ok(Reply::Removed(3)));
        let kernel = LocalKernel::start(config(), TokioClock::start(), Arc::new(host));
        let pid = app(&kernel, 1).await;
        let clear = Syscall::StoreClear {
            namespace: namespace(1),
        };
        let cleared = kernel.call(Call::new(Principal::Process(pid), clear)).await;
        assert_eq!(cleared, Ok(Reply::Removed(3)));
    });
}
