//! What the kernel adds to the work of this machine, as one JSON object of medians in nanoseconds: files through it and
//! past it, events to many readers, and a call beside operations that do not end.
//!
//! `cargo bench --bench host`; `make bench` prints the figures as ratios.
#![expect(clippy::unwrap_used, reason = "a measurement that cannot go on stops")]

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use agentos_adapters::database;
use agentos_adapters::kernel::{
    Files, Host, LocalKernel, Program, Programs, SqliteAppData, landlock_version, launched,
};
use agentos_core::ids::{BootId, Namespace};
use agentos_core::kernel::{
    AuditRecord, AuthorizedOp, Capability, EventKind, FileCall, FsPath, KernelConfig, LimitTable, Limits,
    NewProcess, Op, Pid, Principal, Priority, ProgramName, ProgramRequest, Reply, Rule, StoreKey, SysError,
    Syscall, WriteMode,
};
use agentos_core::ports::ambient::Ambient;
use agentos_core::ports::host::HostPort;
use agentos_core::ports::kernel::{EventItem, KernelPort, Reader};
use agentos_core::ports::stream::Pipe;
use agentos_core::time::Millis;
use async_trait::async_trait;
use futures::StreamExt;
use futures::future::join_all;
use futures::stream::BoxStream;
use serde_json::json;
use tempfile::TempDir;

const ROUNDS: usize = 9;
const READS: usize = 300;
const WRITES: usize = 150;
/// The log of the database grows to a thousand pages, two of them a write, and is written over from then on.
const WRITES_UNTIL_STEADY: usize = 600;
const READERS: usize = 64;
const EVENTS_A_SECOND: u64 = 10_000;
const SECONDS: u64 = 2;
/// Events are made in portions, so often.
const PORTION: Duration = Duration::from_millis(10);

struct Clock(Instant);

impl Ambient for Clock {
    fn now(&self) -> Millis {
        1_700_000_000_000 + self.0.elapsed().as_millis() as u64
    }

    fn seed(&self) -> u128 {
        0
    }
}

/// This machine, with a program that sleeps; but what is read of the storage of [`STUCK`] never comes.
struct StuckHost(Host);

const STUCK: u128 = 2;

fn namespace(number: u128) -> Namespace {
    Namespace::new(1_700_000_000_000, number)
}

#[async_trait]
impl HostPort for StuckHost {
    async fn perform(&self, op: AuthorizedOp) -> Result<Reply, SysError> {
        match op.op() {
            Op::StoreGet { namespace: owner, .. } if *owner == namespace(STUCK) => {
                std::future::pending().await
            }
            _ => self.0.perform(op).await,
        }
    }

    fn perform_at_once(&self, op: AuthorizedOp) -> ControlFlow<Result<Reply, SysError>, AuthorizedOp> {
        self.0.perform_at_once(op)
    }

    async fn stream(&self, op: AuthorizedOp, pipe: Pipe) -> Result<Reply, SysError> {
        self.0.stream(op, pipe).await
    }

    async fn record(&self, records: &[AuditRecord]) -> Result<(), SysError> {
        self.0.record(records).await
    }
}

struct Bench {
    kernel: Arc<dyn KernelPort>,
    pid: Pid,
    /// The folder in which the app's files are.
    home: PathBuf,
    _place: TempDir,
}

impl Bench {
    /// A kernel of which nobody is limited in how often it calls, with an app.
    async fn start() -> Self {
        let place = tempfile::tempdir().unwrap();
        let pool = database::open(&place.path().join("agentos.db")).await.unwrap();
        let host = Host::new(SqliteAppData::new(pool))
            .with_files(Files::open(place.path()).unwrap())
            .with_programs(programs(place.path()));
        let free = |limits: Limits| Limits {
            calls_per_second: u32::MAX,
            call_burst: u32::MAX,
            ..limits
        };
        let limits = LimitTable::default();
        let config = KernelConfig {
            limits: LimitTable {
                standard: free(limits.standard),
                system: free(limits.system),
                ..limits
            },
            programs: [sleep()].into(),
            ..KernelConfig::new(BootId::new(0, 1))
        };
        let clock = Arc::new(Clock(Instant::now()));
        let kernel: Arc<dyn KernelPort> =
            Arc::new(LocalKernel::start(config, clock, Arc::new(StuckHost(host))));
        let pid = kernel.spawn(NewProcess::app("app", namespace(1))).await.unwrap();
        let owner = namespace(1).to_string();
        let home = place.path().join("files").join(owner).join("home");
        Self {
            kernel,
            pid,
            home,
            _place: place,
        }
    }

    async fn file(&self, call: FileCall) {
        let caller = Principal::Process(self.pid);
        let done = self.kernel.syscall(caller, Syscall::File(call)).await;
        done.unwrap();
    }

    async fn write(&self, name: &str, bytes: Vec<u8>) {
        let write = FileCall::Write {
            path: FsPath::parse(name).unwrap(),
            bytes,
            mode: WriteMode::Replace,
            if_etag: None,
        };
        self.file(write).await;
    }

    /// Nanoseconds of one of [`READS`] reads.
    async fn read_time(&self) -> f64 {
        let start = Instant::now();
        for _ in 0..READS {
            let read = FileCall::Read {
                path: FsPath::parse("small").unwrap(),
                offset: 0,
                length: None,
            };
            self.file(read).await;
        }
        each(start, READS)
    }
}

fn sleep() -> ProgramName {
    ProgramName::parse("sleep").unwrap()
}

fn programs(data_dir: &Path) -> Programs {
    let program = Program {
        path: "/bin/sleep".into(),
        args: Vec::new(),
        folders: Vec::new(),
    };
    let registered = if landlock_version().is_some() {
        BTreeMap::from([(sleep(), program)])
    } else {
        BTreeMap::new()
    };
    Programs::open(data_dir, "/proc/self/exe".into(), registered).unwrap()
}

fn each(start: Instant, times: usize) -> f64 {
    start.elapsed().as_secs_f64() * 1e9 / times as f64
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// A read of 1 KiB through the kernel, and with the standard library alone.
async fn reads() -> [f64; 2] {
    let bench = Bench::start().await;
    bench.write("small", vec![b'x'; 1_024]).await;
    let path = bench.home.join("small");
    let (mut through, mut past) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        through.push(bench.read_time().await);
        let start = Instant::now();
        for _ in 0..READS {
            assert_eq!(std::fs::read(&path).unwrap().len(), 1_024);
        }
        past.push(each(start, READS));
    }
    [median(through), median(past)]
}

/// A durable write of 64 KiB through the kernel, audited, and by hand, in turns.
async fn writes() -> [f64; 2] {
    let bench = Bench::start().await;
    let bytes = vec![b'x'; 64 * 1_024];
    for _ in 0..WRITES_UNTIL_STEADY {
        bench.write("large", bytes.clone()).await;
    }
    let (mut through, mut past) = (Vec::new(), Vec::new());
    for _ in 0..WRITES {
        let start = Instant::now();
        bench.write("large", bytes.clone()).await;
        through.push(each(start, 1));
        let start = Instant::now();
        write_by_hand(&bench.home, &bytes);
        past.push(each(start, 1));
    }
    [median(through), median(past)]
}

fn write_by_hand(folder: &Path, bytes: &[u8]) {
    let new = folder.join("by-hand.new");
    let mut file = File::create(&new).unwrap();
    file.write_all(bytes).unwrap();
    file.sync_all().unwrap();
    std::fs::rename(&new, folder.join("by-hand")).unwrap();
    File::open(folder).unwrap().sync_all().unwrap();
}

/// How many events a second reach all readers but one that sleeps, how many those missed, and how many the sleeper.
async fn events() -> [f64; 3] {
    let bench = Bench::start().await;
    let newest = async || bench.kernel.past_events(None, 1).await.unwrap().newest;
    let before = newest().await;
    let mut sleeper = bench.kernel.events(None, Reader::Program).await.unwrap();
    let mut awake = Vec::new();
    for _ in 1..READERS {
        let events = bench.kernel.events(None, Reader::Program).await.unwrap();
        awake.push(tokio::spawn(missed_until_the_end(events)));
    }
    let a_portion = EVENTS_A_SECOND * PORTION.as_millis() as u64 / 1_000;
    let weights = [1, 2].map(|weight| Priority::new(weight).unwrap());
    let mut portions = tokio::time::interval(PORTION);
    let start = Instant::now();
    for _ in 0..EVENTS_A_SECOND * SECONDS / a_portion {
        portions.tick().await;
        let calls = (0..a_portion).map(|number| {
            let change = Syscall::SetProcessPriority {
                pid: bench.pid,
                priority: weights[number as usize % 2],
            };
            bench.kernel.syscall(Principal::System, change)
        });
        for changed in join_all(calls).await {
            changed.unwrap();
        }
    }
    bench.kernel.kill(bench.pid).await.unwrap();
    let missed: u64 = join_all(awake).await.into_iter().map(Result::unwrap).sum();
    let rate = (newest().await - before) as f64 / start.elapsed().as_secs_f64();
    let asleep = match sleeper.next().await.unwrap() {
        EventItem::Missed { count } => count,
        EventItem::Event(_) => 0,
    };
    [rate, missed as f64, asleep as f64]
}

/// How many events a reader misses until a process ends.
async fn missed_until_the_end(mut events: BoxStream<'static, EventItem>) -> u64 {
    let mut missed = 0;
    loop {
        match events.next().await.unwrap() {
            EventItem::Event(event) if matches!(event.kind, EventKind::ProcessEnded { .. }) => return missed,
            EventItem::Event(_) => {}
            EventItem::Missed { count } => missed += count,
        }
    }
}

/// A read beside another app that has all the calls it may have at a host that never answers, one of them a program that
/// sleeps where programs can be confined, and a read alone.
async fn beside_stuck() -> [f64; 2] {
    let bench = Bench::start().await;
    bench.write("small", vec![b'x'; 1_024]).await;
    let mut alone = Vec::new();
    for _ in 0..ROUNDS {
        alone.push(bench.read_time().await);
    }
    let pid = bench
        .kernel
        .spawn(NewProcess::app("stuck", namespace(STUCK)))
        .await
        .unwrap();
    let may = Capability::Program { program: sleep() };
    bench.kernel.grant(pid, may, Rule::Allow).await.unwrap();
    let get = Syscall::StoreGet {
        namespace: namespace(STUCK),
        key: StoreKey::parse("k").unwrap(),
    };
    let mut calls = vec![get; LimitTable::default().standard.calls_in_flight as usize];
    if landlock_version().is_some() {
        calls[0] = Syscall::RunProgram(ProgramRequest {
            program: sleep(),
            args: vec!["1000".to_owned()],
            input: Vec::new(),
        });
    }
    let mut stuck = Vec::new();
    for call in calls {
        let kernel = Arc::clone(&bench.kernel);
        stuck.push(tokio::spawn(async move {
            kernel.syscall(Principal::Process(pid), call).await
        }));
    }
    while bench.kernel.stats().await.unwrap().calls_in_flight < stuck.len() {
        tokio::task::yield_now().await;
    }
    let mut beside = Vec::new();
    for _ in 0..ROUNDS {
        beside.push(bench.read_time().await);
    }
    stuck.iter().for_each(tokio::task::JoinHandle::abort);
    [median(beside), median(alone)]
}

fn main() -> ExitCode {
    if let Some(ended) = launched() {
        return ended;
    }
    run();
    ExitCode::SUCCESS
}

#[tokio::main]
async fn run() {
    // As a handler of the server is, and unlike this function, a task is run by the threads that run the kernel.
    tokio::spawn(measure()).await.unwrap();
}

#[expect(clippy::print_stdout, reason = "a benchmark's result is what it prints")]
async fn measure() {
    let [read, read_past] = reads().await;
    let [write, write_past] = writes().await;
    let [event_rate, missed_awake, missed_asleep] = events().await;
    let [beside, alone] = beside_stuck().await;
    println!(
        "{}",
        json!({
            "read": read, "read_past": read_past, "write": write, "write_past": write_past,
            "event_rate": event_rate, "missed_awake": missed_awake, "missed_asleep": missed_asleep,
            "beside_stuck": beside, "alone": alone,
        })
    );
}
