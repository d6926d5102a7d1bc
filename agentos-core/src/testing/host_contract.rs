//! What every [`HostPort`] promises, as one function a promise.
//!
//! [`host_contract!`](crate::host_contract) makes a test of each for one implementation.

mod files;

use futures::future::join_all;

use crate::ids::{BootId, Namespace};
use crate::kernel::{
    Action, AuditRecord, AuthorizedOp, Call, CallId, Effect, FileStream, Input, Kernel, KernelConfig,
    LimitTable, NewProcess, Pid, Principal, Reply, Resource, StoreKey, StoredValue, SysError, Syscall,
};
use crate::ports::host::HostPort;

pub use files::*;

/// One `#[test]` a promise; `$run` drives a future to its end, `$host` is a future of a host without
/// app data and of what must live as long: `host_contract!(block_on, async { (FakeHost::default(), ()) })`.
#[macro_export]
macro_rules! host_contract {
    ($run:path, $host:expr) => {
        $crate::host_contract!(@tests $run, $host,
            a_value_reads_back_with_its_version
            a_missing_key_is_not_found
            a_put_replaces_and_counts_the_version_up
            a_put_on_another_version_changes_nothing
            a_put_on_absence_needs_absence
            a_removed_key_never_gets_an_old_version_again
            of_concurrent_puts_on_one_version_one_wins
            keys_are_listed_in_order_by_pages
            keys_are_listed_by_prefix
            clearing_removes_one_namespace_only
            a_key_beyond_the_allowance_is_refused
            a_value_beyond_the_allowance_is_not_read
            any_bytes_and_any_key_are_kept
            the_machine_is_described_coarsely
            decisions_are_recorded
            a_file_reads_back_whole_or_in_part
            a_file_is_replaced_made_or_added_to
            a_write_on_another_etag_changes_nothing
            folders_hold_files_and_are_removed_when_empty
            entries_are_listed_in_order_by_pages
            a_file_is_moved_and_copied_onto_nothing
            a_file_is_cut_or_filled_up
            a_root_takes_no_more_than_its_allowance
            homes_are_apart_and_what_is_shared_is_one
            a_home_tells_what_it_takes_and_is_emptied
            the_system_has_a_home_of_its_own
            more_than_one_call_may_bring_is_too_large
            names_are_what_they_are
            a_stream_takes_no_more_than_the_root_may
        );
    };
    (@tests $run:path, $host:expr, $($promise:ident)*) => {
        $(#[test]
        fn $promise() {
            $run(async {
                let (host, _keep) = $host.await;
                $crate::testing::host_contract::$promise(&host).await;
            });
        })*
    };
}

/// A real kernel that authorises whatever the system asks for.
struct Monitor {
    kernel: Kernel,
    calls: u64,
}

impl Monitor {
    fn new() -> Self {
        Self::within(&LimitTable::default())
    }

    fn within(limits: &LimitTable) -> Self {
        let config = KernelConfig {
            limits: *limits,
            ..KernelConfig::new(BootId::new(1, 1))
        };
        Self {
            kernel: Kernel::new(config, NOW),
            calls: 0,
        }
    }

    fn authorise(&mut self, syscall: Syscall) -> AuthorizedOp {
        self.authorise_as(Principal::System, syscall)
    }

    fn authorise_as(&mut self, caller: Principal, syscall: Syscall) -> AuthorizedOp {
        let effects = self.call(caller, syscall);
        let op = effects.into_iter().find_map(|effect| match effect {
            Effect::Perform(op) => Some(op),
            _ => None,
        });
        op.expect("it is allowed this, within its limits")
    }

    fn call(&mut self, caller: Principal, syscall: Syscall) -> Vec<Effect> {
        self.calls += 1;
        let input = Input::Call {
            id: CallId(self.calls),
            call: Call::new(caller, syscall),
        };
        self.kernel.handle(input, NOW)
    }

    /// A stream that may flow.
    fn open(&mut self, caller: Principal, stream: FileStream) -> AuthorizedOp {
        self.calls += 1;
        let id = CallId(self.calls);
        let effects = self.kernel.handle(Input::Open { id, caller, stream }, NOW);
        let op = effects.into_iter().find_map(|effect| match effect {
            Effect::Perform(op) => Some(op),
            _ => None,
        });
        op.expect("it is allowed this, within its limits")
    }

    fn spawn(&mut self, new: NewProcess) -> Pid {
        let effects = self.call(Principal::System, Syscall::SpawnProcess(new));
        let spawned = effects.into_iter().find_map(|effect| match effect {
            Effect::Reply {
                result: Ok(Reply::Spawned(pid)),
                ..
            } => Some(pid),
            _ => None,
        });
        spawned.expect("the system may start a process")
    }

    async fn run(&mut self, host: &dyn HostPort, syscall: Syscall) -> Result<Reply, SysError> {
        self.run_as(Principal::System, host, syscall).await
    }

    async fn run_as(
        &mut self,
        caller: Principal,
        host: &dyn HostPort,
        syscall: Syscall,
    ) -> Result<Reply, SysError> {
        let op = self.authorise_as(caller, syscall);
        let id = op.id();
        let result = host.perform(op).await;
        self.kernel.handle(
            Input::OpDone {
                op: id,
                result: result.clone(),
            },
            NOW,
        );
        result
    }
}

const NOW: u64 = 1_700_000_000_000;

fn namespace(number: u128) -> Namespace {
    Namespace::new(NOW, number)
}

fn key(text: &str) -> StoreKey {
    StoreKey::parse(text).expect("a key of these tests")
}

fn get(namespace: Namespace, name: &str) -> Syscall {
    Syscall::StoreGet {
        namespace,
        key: key(name),
    }
}

fn put(namespace: Namespace, name: &str, value: &str) -> Syscall {
    put_if(namespace, name, value, None)
}

fn put_if(namespace: Namespace, name: &str, value: &str, if_version: Option<u64>) -> Syscall {
    Syscall::StorePut {
        namespace,
        key: key(name),
        value: value.as_bytes().to_vec(),
        if_version,
    }
}

fn list(namespace: Namespace, prefix: &str, after: Option<&str>, limit: u32) -> Syscall {
    Syscall::StoreList {
        namespace,
        prefix: prefix.to_owned(),
        after: after.map(key),
        limit,
    }
}

fn keys(names: &[&str], more: bool) -> Reply {
    Reply::Keys {
        keys: names.iter().map(|name| key(name)).collect(),
        more,
    }
}

fn version(reply: Result<Reply, SysError>) -> u64 {
    match reply {
        Ok(Reply::Stored(version)) => version,
        other => panic!("nothing was stored: {other:?}"),
    }
}

pub async fn a_value_reads_back_with_its_version(host: &dyn HostPort) {
    let mut monitor = Monitor::new();
    let version = version(monitor.run(host, put(namespace(1), "draft", "Dear")).await);
    let stored = StoredValue {
        bytes: b"Dear".to_vec(),
        version,
    };
    assert_eq!(
        monitor.run(host, get(namespace(1), "draft")).await,
        Ok(Reply::Value(stored))
    );
}

pub async fn a_missing_key_is_not_found(host: &dyn HostPort) {
    let mut monitor = Monitor::new();
    version(monitor.run(host, put(namespace(2), "draft", "of another")).await);
    assert_eq!(
        monitor.run(host, get(namespace(1), "draft")).await,
        Err(SysError::NotFound)
    );
    let delete = Syscall::StoreDelete {
        namespace: namespace(1),
        key: key("draft"),
    };
    assert_eq!(monitor.run(host, delete).await, Err(SysError::NotFound));
}

pub async fn a_put_replaces_and_counts_the_version_up(host: &dyn HostPort) {
    let mut monitor = Monitor::new();
    let first = version(monitor.run(host, put(namespace(1), "n", "1")).await);
    let second = version(
        monitor
            .run(host, put_if(namespace(1), "n", "2", Some(first)))
            .await,
    );
    assert!(second > first);
    let stored = StoredValue {
        bytes: b"2".to_vec(),
        version: second,
    };
    assert_eq!(
        monitor.run(host, get(namespace(1), "n")).await,
        Ok(Reply::Value(stored))
    );
}

pub async fn a_put_on_another_version_changes_nothing(host: &dyn HostPort) {
    let mut monitor = Monitor::new();
    let first = version(monitor.run(host, put(namespace(1), "n", "1")).await);
    let stale = monitor
        .run(host, put_if(namespace(1), "n", "2", Some(first + 1)))
        .await;
    assert_eq!(
        stale,
        Err(SysError::Conflict {
            etag: Some(first.to_string())
        })
    );
    let gone = monitor
        .run(host, put_if(namespace(1), "other", "2", Some(first)))
        .await;
    assert_eq!(gone, Err(SysError::Conflict { etag: None }));
    let stored = StoredValue {
        bytes: b"1".to_vec(),
        version: first,
    };
    assert_eq!(
        monitor.run(host, get(namespace(1), "n")).await,
        Ok(Reply::Value(stored))
    );
    assert_eq!(
        monitor.run(host, get(namespace(1), "other")).await,
        Err(SysError::NotFound)
    );
}

pub async fn a_put_on_absence_needs_absence(host: &dyn HostPort) {
    let mut monitor = Monitor::new();
    let first = version(monitor.run(host, put_if(namespace(1), "n", "1", Some(0))).await);
    let again = monitor.run(host, put_if(namespace(1), "n", "2", Some(0))).await;
    assert_eq!(
        again,
        Err(SysError::Conflict {
            etag: Some(first.to_string())
        })
    );
}

pub async fn a_removed_key_never_gets_an_old_version_again(host: &dyn HostPort) {
    let mut monitor = Monitor::new();
    let first = version(monitor.run(host, put(namespace(1), "n", "1")).await);
    let delete = Syscall::StoreDelete {
        namespace: namespace(1),
        key: key("n"),
    };
    assert_eq!(monitor.run(host, delete).await, Ok(Reply::Done));
    assert_eq!(
        monitor.run(host, get(namespace(1), "n")).await,
        Err(SysError::NotFound)
    );
    let second = version(monitor.run(host, put(namespace(1), "n", "2")).await);
    let clear = Syscall::StoreClear {
        namespace: namespace(1),
    };
    assert_eq!(monitor.run(host, clear).await, Ok(Reply::Removed(1)));
    let third = version(monitor.run(host, put(namespace(1), "n", "3")).await);
    assert!(first < second && second < third, "{first} {second} {third}");
}

pub async fn of_concurrent_puts_on_one_version_one_wins(host: &dyn HostPort) {
    let mut monitor = Monitor::new();
    let ops: Vec<AuthorizedOp> = (0..8)
        .map(|place| monitor.authorise(put_if(namespace(1), "n", &place.to_string(), Some(0))))
        .collect();
    let results = join_all(ops.into_iter().map(|op| host.perform(op))).await;
    let (won, lost): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
    assert_eq!(won.len(), 1);
    for loser in lost {
        assert!(
            matches!(loser, Err(SysError::Conflict { etag: Some(_) })),
            "{loser:?}"
        );
    }
}

pub async fn keys_are_listed_in_order_by_pages(host: &dyn HostPort) {
    let mut monitor = Monitor::new();
    for name in ["b", "c", "a", "B", "ä"] {
        version(monitor.run(host, put(namespace(1), name, "")).await);
    }
    version(monitor.run(host, put(namespace(2), "bb", "")).await);
    let (all, few) = (list(namespace(1), "", None, 5), list(namespace(1), "", None, 2));
    assert_eq!(
        monitor.run(host, all).await,
        Ok(keys(&["B", "a", "b", "c", "ä"], false))
    );
    assert_eq!(monitor.run(host, few).await, Ok(keys(&["B", "a"], true)));
    let next = list(namespace(1), "", Some("a"), 2);
    assert_eq!(monitor.run(host, next).await, Ok(keys(&["b", "c"], true)));
    let last = list(namespace(1), "", Some("c"), 2);
    assert_eq!(monitor.run(host, last).await, Ok(keys(&["ä"], false)));
    assert_eq!(
        monitor.run(host, list(namespace(3), "", None, 2)).await,
        Ok(keys(&[], false))
    );
}

pub async fn keys_are_listed_by_prefix(host: &dyn HostPort) {
    let mut monitor = Monitor::new();
    for name in ["note/1", "note/2", "Note/3", "note%", "not", "über/1"] {
        version(monitor.run(host, put(namespace(1), name, "")).await);
    }
    let notes = list(namespace(1), "note/", None, 9);
    assert_eq!(
        monitor.run(host, notes).await,
        Ok(keys(&["note/1", "note/2"], false))
    );
    assert_eq!(
        monitor.run(host, list(namespace(1), "note%", None, 9)).await,
        Ok(keys(&["note%"], false))
    );
    assert_eq!(
        monitor.run(host, list(namespace(1), "üb", None, 9)).await,
        Ok(keys(&["über/1"], false))
    );
    assert_eq!(
        monitor.run(host, list(namespace(1), "x", None, 9)).await,
        Ok(keys(&[], false))
    );
}

pub async fn clearing_removes_one_namespace_only(host: &dyn HostPort) {
    let mut monitor = Monitor::new();
    for name in ["a", "b"] {
        version(monitor.run(host, put(namespace(1), name, "1")).await);
        version(monitor.run(host, put(namespace(2), name, "2")).await);
    }
    let clear = || Syscall::StoreClear {
        namespace: namespace(1),
    };
    assert_eq!(monitor.run(host, clear()).await, Ok(Reply::Removed(2)));
    assert_eq!(monitor.run(host, clear()).await, Ok(Reply::Removed(0)));
    assert_eq!(
        monitor.run(host, get(namespace(1), "a")).await,
        Err(SysError::NotFound)
    );
    assert_eq!(
        monitor.run(host, list(namespace(2), "", None, 9)).await,
        Ok(keys(&["a", "b"], false))
    );
}

pub async fn a_key_beyond_the_allowance_is_refused(host: &dyn HostPort) {
    let mut limits = LimitTable::default();
    limits.system.store_keys = 2;
    let mut monitor = Monitor::within(&limits);
    for name in ["a", "b"] {
        version(monitor.run(host, put(namespace(1), name, "1")).await);
    }
    let third = monitor.run(host, put(namespace(1), "c", "1")).await;
    let Err(SysError::QuotaExceeded {
        resource: Resource::StoreKeys,
        limit: 2,
        used: 2,
        ..
    }) = third
    else {
        panic!("{third:?}");
    };
    version(monitor.run(host, put(namespace(1), "b", "2")).await);
    version(monitor.run(host, put(namespace(2), "a", "1")).await);
    let delete = Syscall::StoreDelete {
        namespace: namespace(1),
        key: key("a"),
    };
    assert_eq!(monitor.run(host, delete).await, Ok(Reply::Done));
    version(monitor.run(host, put(namespace(1), "c", "1")).await);
}

pub async fn a_value_beyond_the_allowance_is_not_read(host: &dyn HostPort) {
    version(Monitor::new().run(host, put(namespace(1), "n", "12345")).await);
    let mut limits = LimitTable::default();
    limits.system.store_value_bytes = 4;
    let read = Monitor::within(&limits).run(host, get(namespace(1), "n")).await;
    assert_eq!(read, Err(SysError::TooLarge { limit: 4 }));
}

pub async fn any_bytes_and_any_key_are_kept(host: &dyn HostPort) {
    let mut monitor = Monitor::new();
    let name = "k'\"; DROP TABLE app_data; -- 🗝".repeat(8);
    let value: Vec<u8> = (0..=255).collect();
    let (namespace, key) = (namespace(1), key(&name));
    let stored = Syscall::StorePut {
        namespace,
        key,
        value: value.clone(),
        if_version: None,
    };
    let version = version(monitor.run(host, stored).await);
    let read = monitor.run(host, get(namespace, &name)).await;
    assert_eq!(
        read,
        Ok(Reply::Value(StoredValue {
            bytes: value,
            version
        }))
    );
}

pub async fn the_machine_is_described_coarsely(host: &dyn HostPort) {
    match Monitor::new().run(host, Syscall::GetSystemInfo).await {
        Ok(Reply::SystemInfo(info)) => {
            assert!(
                !info.os.is_empty() && !info.arch.is_empty() && info.cpus > 0,
                "{info:?}"
            );
        }
        other => panic!("{other:?}"),
    }
}

pub async fn decisions_are_recorded(host: &dyn HostPort) {
    let boot = BootId::new(1, 1);
    let action = Action::MoreDenials { count: 3 };
    let record = AuditRecord {
        time: NOW,
        boot,
        pid: Pid::SYSTEM,
        action,
    };
    assert_eq!(host.record(&[record.clone(), record]).await, Ok(()));
    assert_eq!(host.record(&[]).await, Ok(()));
}
