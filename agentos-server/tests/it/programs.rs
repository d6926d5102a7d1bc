//! Programs as apps run them on this machine: whatever they try, they stay inside and nothing is left of them.
#![cfg(target_os = "linux")]

mod inside;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use agentos_adapters::database;
use agentos_adapters::kernel::{
    GrpcKernel, Host, LocalKernel, Program, Programs, SqliteAppData, SqliteAudit, landlock_version,
};
use agentos_core::ids::{BootId, Namespace};
use agentos_core::kernel::{
    Action, AuditRecord, Call, CallId, Capability, Effect, Input, Kernel, KernelConfig, LimitTable,
    NewProcess, PROGRAM_ARGS, PROGRAM_ARGS_BYTES, PROGRAMS_AT_ONCE, Pid, Principal, Profile, ProgramEnd,
    ProgramLimit, ProgramName, ProgramOutput, ProgramRequest, Reply, Rule, SysError, Syscall,
};
use agentos_core::ports::ambient::Ambient;
use agentos_core::ports::host::HostPort;
use agentos_core::ports::kernel::KernelPort;
use agentos_server::Machine;
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};
use serde_json::json;
use tempfile::TempDir;
use tokio::task::JoinHandle;

use crate::process::{Program as Server, place};

/// The true server as the launcher; only where Landlock is, since without it the answer is another one.
const LAUNCHER: &str = env!("CARGO_BIN_EXE_agentos-server");
/// More than any of these takes, and no test waits for it.
const PATIENCE: Duration = Duration::from_mins(1);
const UNAVAILABLE: Result<ProgramOutput, SysError> = Err(SysError::Unavailable { retry_after: None });

/// A kernel with two programs, and an app that may run them: `sh` runs a script, `self` a function of [`inside`].
struct Machinery {
    kernel: Arc<LocalKernel>,
    host: Arc<Host>,
    config: KernelConfig,
    audit: SqliteAudit,
    app: Pid,
    data_dir: PathBuf,
    /// What `sh` and `self` may read.
    shown: PathBuf,
    _folders: Vec<TempDir>,
}

fn registered(shown: &Path) -> BTreeMap<ProgramName, Program> {
    let own = std::env::current_exe().unwrap();
    let programs = [
        ("sh", PathBuf::from("/bin/sh"), vec!["-c"]),
        ("self", own, vec!["--ignored", "--nocapture", "--exact"]),
    ];
    let programs = programs.map(|(program, path, args)| {
        let args = args.into_iter().map(str::to_owned).collect();
        let folders = vec![shown.to_owned()];
        (name(program), Program { path, args, folders })
    });
    programs.into()
}

fn limits() -> LimitTable {
    let mut limits = LimitTable::default();
    limits.standard.program_cpu_seconds = 2;
    limits.standard.program_output_bytes = 100_000;
    limits
}

fn name(text: &str) -> ProgramName {
    ProgramName::parse(text).unwrap()
}

fn sh(script: &str) -> ProgramRequest {
    ProgramRequest {
        program: name("sh"),
        args: vec![script.to_owned()],
        input: Vec::new(),
    }
}

fn function(function: &str) -> ProgramRequest {
    ProgramRequest {
        program: name("self"),
        args: vec![format!("programs::inside::{function}")],
        input: Vec::new(),
    }
}

impl Machinery {
    /// None where programs are refused, which is seen to be so.
    async fn start() -> Option<Self> {
        Self::within(&limits()).await
    }

    async fn within(limits: &LimitTable) -> Option<Self> {
        let machinery = Self::launching(LAUNCHER.into(), limits).await;
        if landlock_version().is_some() {
            return Some(machinery);
        }
        let refused = machinery.run(sh("echo")).await;
        assert_eq!(refused, UNAVAILABLE);
        eprintln!("skipped: this machine has no Landlock, so no program runs on it");
        None
    }

    async fn launching(launcher: PathBuf, limits: &LimitTable) -> Self {
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let [data_dir, shown] = &folders;
        let registered = registered(shown.path());
        let machinery = Self::registering(data_dir.path(), launcher, limits, registered).await;
        Self {
            shown: shown.path().to_owned(),
            _folders: folders.into(),
            ..machinery
        }
    }

    async fn registering(
        data_dir: &Path,
        launcher: PathBuf,
        limits: &LimitTable,
        registered: BTreeMap<ProgramName, Program>,
    ) -> Self {
        let database = database::open(&data_dir.join("agentos.db")).await.unwrap();
        let config = KernelConfig {
            programs: registered.keys().cloned().collect::<BTreeSet<_>>(),
            limits: *limits,
            ..KernelConfig::new(BootId::new(Machine.now(), Machine.seed()))
        };
        let programs = Programs::open(data_dir, launcher, registered).unwrap();
        let host = Host::new(SqliteAppData::new(database.clone())).with_programs(programs);
        let host = Arc::new(host);
        let kernel = Arc::new(LocalKernel::start(
            config.clone(),
            Arc::new(Machine),
            host.clone(),
        ));
        let app = app_of(Profile::Standard, &kernel, &config).await;
        Self {
            kernel,
            host,
            config,
            audit: SqliteAudit::new(database),
            app,
            data_dir: data_dir.canonicalize().unwrap(),
            shown: PathBuf::new(),
            _folders: Vec::new(),
        }
    }

    /// What the host makes of it, without the kernel's patience: a second of CPU may be long on a busy machine.
    async fn performed(&self, request: ProgramRequest) -> ProgramOutput {
        let mut kernel = Kernel::new(
            KernelConfig {
                limits: LimitTable {
                    system: self.config.limits.standard,
                    ..self.config.limits
                },
                ..self.config.clone()
            },
            Machine.now(),
        );
        let run = Input::Call {
            id: CallId(1),
            call: Call::new(Principal::System, Syscall::RunProgram(request)),
        };
        let effects = kernel.handle(run, Machine.now());
        let op = effects.into_iter().find_map(|effect| match effect {
            Effect::Perform(op) => Some(op),
            _ => None,
        });
        match self.host.perform(op.unwrap()).await {
            Ok(Reply::Program(output)) => output,
            other => panic!("{other:?}"),
        }
    }

    /// A further app, which may run them too.
    async fn app_of(&self, profile: Profile) -> Pid {
        app_of(profile, &self.kernel, &self.config).await
    }

    async fn run(&self, request: ProgramRequest) -> Result<ProgramOutput, SysError> {
        run(self.kernel.clone(), self.app, request).await
    }

    async fn output(&self, request: ProgramRequest) -> ProgramOutput {
        self.run(request).await.unwrap()
    }

    fn left(&self) -> Vec<PathBuf> {
        left(&self.working_folders())
    }

    fn working_folders(&self) -> PathBuf {
        self.data_dir.join("programs")
    }

    /// Returns once nothing runs any more and no folder is left.
    async fn until_nothing_is_left(&self) {
        until(|| self.left().is_empty() && is_empty(&self.working_folders())).await;
    }

    /// Returns once a program made the file `ready` in its folder.
    async fn until_ready(&self) {
        let folders = self.working_folders();
        until(|| ready(&folders) > 0).await;
    }

    async fn program(&self) -> Pid {
        let processes = port(&self.kernel).processes().await.unwrap();
        let program = processes.iter().find(|process| process.parent == Some(self.app));
        program.unwrap().pid
    }
}

async fn app_of(profile: Profile, kernel: &Arc<LocalKernel>, config: &KernelConfig) -> Pid {
    let app = NewProcess {
        profile,
        ..NewProcess::app("app", Namespace::new(Machine.now(), 1))
    };
    let app = port(kernel).spawn(app).await.unwrap();
    for program in &config.programs {
        let program = program.clone();
        let may = Capability::Program { program };
        port(kernel).grant(app, may, Rule::Allow).await.unwrap();
    }
    app
}

fn port(kernel: &Arc<LocalKernel>) -> &dyn KernelPort {
    &**kernel
}

async fn run(
    kernel: Arc<dyn KernelPort>,
    caller: Pid,
    request: ProgramRequest,
) -> Result<ProgramOutput, SysError> {
    let caller = match caller {
        Pid::SYSTEM => Principal::System,
        app => Principal::Process(app),
    };
    match kernel.syscall(caller, Syscall::RunProgram(request)).await? {
        Reply::Program(output) => Ok(output),
        other => panic!("{other:?}"),
    }
}

/// The processes of the machine that work below `folders`, by where they do.
fn left(folders: &Path) -> Vec<PathBuf> {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let working = processes.filter_map(|process| std::fs::read_link(process.path().join("cwd")).ok());
    working.filter(|folder| folder.starts_with(folders)).collect()
}

/// How many programs made the file `ready` in theirs of `folders`.
fn ready(folders: &Path) -> usize {
    let folders = std::fs::read_dir(folders).unwrap().flatten();
    folders
        .filter(|folder| folder.path().join("ready").exists())
        .count()
}

fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).unwrap().next().is_none()
}

async fn until(is_so: impl Fn() -> bool) {
    let waiting = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting)
        .await
        .expect("it never came to that");
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[track_caller]
fn assert_passed(output: &ProgramOutput) {
    let told = format!("{}{}", text(&output.stdout), text(&output.stderr));
    assert_eq!(output.end, ProgramEnd::Exited { code: 0 }, "{told}");
    assert!(told.contains("test result: ok. 1 passed"), "{told}");
}

#[tokio::test]
async fn a_program_reads_its_input_and_answers_how_it_ended() {
    let Some(machine) = Machinery::start().await else {
        return;
    };
    let request = ProgramRequest {
        input: b"in".to_vec(),
        ..sh("read -r line; echo \"got $line\"; echo no >&2; exit 3")
    };
    let output = machine.output(request).await;
    assert_eq!(output.end, ProgramEnd::Exited { code: 3 });
    assert_eq!(
        (text(&output.stdout), text(&output.stderr)),
        ("got in\n".into(), "no\n".into())
    );
    let output = machine.output(sh("kill -9 $$")).await;
    assert_eq!(output.end, ProgramEnd::Signalled { signal: 9 });
    machine.until_nothing_is_left().await;
}

#[tokio::test]
async fn arguments_are_read_by_no_shell_and_an_input_of_a_mebibyte_arrives() {
    let Some(machine) = Machinery::start().await else {
        return;
    };
    let request = ProgramRequest {
        args: vec!["printf %s \"$0\"".to_owned(), "$(id); *".to_owned()],
        ..sh("")
    };
    assert_eq!(text(&machine.output(request).await.stdout), "$(id); *");
    let request = ProgramRequest {
        input: vec![b'x'; 1_024 * 1_024],
        ..sh("exec wc -c")
    };
    assert_eq!(text(&machine.output(request).await.stdout).trim(), "1048576");
}

#[tokio::test]
async fn an_argument_is_an_argument_whatever_it_looks_like() {
    let Some(machine) = Machinery::start().await else {
        return;
    };
    let with = |args: &[&str]| {
        let script = "printf '%s|' \"$#\" \"$@\"";
        let args = [&[script, "sh"], args].concat();
        ProgramRequest {
            args: args.into_iter().map(str::to_owned).collect(),
            ..sh("")
        }
    };
    let odd = [
        "-c",
        "--",
        "--help",
        "__launch",
        "",
        "a b\n*",
        "$(id)",
        "'",
        "\u{1b}[2J",
        "é",
    ];
    let output = machine.output(with(&odd)).await;
    assert_eq!(text(&output.stdout), format!("10|{}|", odd.join("|")));
    let long = "x".repeat(60_000);
    assert_eq!(machine.output(with(&[&long])).await.stdout.len(), 60_003);

    let limit = PROGRAM_ARGS_BYTES;
    let too_long = "x".repeat(limit as usize);
    assert_eq!(
        machine.run(with(&[&too_long])).await,
        Err(SysError::TooLarge { limit })
    );
    let invalid = Err(SysError::InvalidArgument {
        field: "args".to_owned(),
    });
    assert_eq!(machine.run(with(&["a\0b"])).await, invalid);
    assert_eq!(machine.run(with(&["x"; PROGRAM_ARGS])).await, invalid);
}

#[tokio::test]
async fn a_run_is_in_the_audit_from_its_start_to_its_end() {
    let Some(machine) = Machinery::start().await else {
        return;
    };
    machine.output(sh("exit")).await;
    machine.kernel.stop().await;
    let rows = machine.audit.rows(Some(0), 100).await.unwrap().rows;
    let told: Vec<String> = rows
        .iter()
        .filter_map(|row| {
            let record: AuditRecord = serde_json::from_str(&row.record).unwrap();
            let is_of_the_program = match &record.action {
                Action::Spawn { name, .. } => name == "sh",
                Action::RunProgram { .. } | Action::End { .. } => true,
                _ => false,
            };
            is_of_the_program.then(|| record.action.to_string())
        })
        .collect();
    // The decision and the operation are written side by side.
    let begins = BTreeSet::from([
        "began process 3, minimal: sh",
        "ran the program sh as process 3 (4 B)",
    ]);
    let [first, second, end] = &told[..] else {
        panic!("{told:?}")
    };
    assert_eq!(BTreeSet::from([&**first, second]), begins);
    assert_eq!(end, "ended process 3: its program is done");
}

#[tokio::test]
async fn a_fork_bomb_never_forks_and_a_daemon_never_leaves() {
    let Some(machine) = Machinery::start().await else {
        return;
    };
    for script in [
        "f() { f | f & }; f",
        "sleep 100 & echo left",
        "(sleep 100)",
        "exec setsid sleep 100",
    ] {
        let output = machine.output(sh(script)).await;
        assert_ne!(output.end, ProgramEnd::Exited { code: 0 }, "{script}: {output:?}");
        assert_eq!(text(&output.stdout), "", "{script}");
    }
    assert_passed(
        &machine
            .output(function("neither_forks_nor_leaves_its_session"))
            .await,
    );
    machine.until_nothing_is_left().await;
}

#[tokio::test]
async fn threads_are_few() {
    let mut roomy = limits();
    // Else their stacks are too many before they are.
    roomy.standard.program_address_bytes = 16 * 1_024 * 1_024 * 1_024;
    let Some(machine) = Machinery::within(&roomy).await else {
        return;
    };
    assert_passed(&machine.output(function("has_some_threads")).await);
    let output = machine.output(function("makes_threads_without_end")).await;
    let limit = ProgramLimit::Threads;
    assert_eq!(
        output.end,
        ProgramEnd::Stopped { limit },
        "{}",
        text(&output.stdout)
    );
    machine.until_nothing_is_left().await;
}

#[tokio::test]
async fn a_flood_of_output_is_cut_and_killed() {
    let Some(machine) = Machinery::start().await else {
        return;
    };
    let limit = ProgramLimit::Output;
    for script in ["while :; do echo flood; done", "while :; do echo flood >&2; done"] {
        let output = machine.output(sh(script)).await;
        assert_eq!(output.end, ProgramEnd::Stopped { limit });
        assert_eq!(output.stdout.len() + output.stderr.len(), 100_000);
    }
    let all = machine.output(sh("exec head -c 100000 /dev/zero")).await;
    assert_eq!(
        (all.end, all.stdout.len()),
        (ProgramEnd::Exited { code: 0 }, 100_000)
    );
    let more = machine.output(sh("exec head -c 100001 /dev/zero")).await;
    assert_eq!(
        (more.end, more.stdout.len()),
        (ProgramEnd::Stopped { limit }, 100_000)
    );
    machine.until_nothing_is_left().await;
}

#[tokio::test]
async fn a_kill_is_a_word_and_then_the_end() {
    let Some(machine) = Machinery::start().await else {
        return;
    };
    let script = "trap ': > told' TERM; trap '' HUP INT; : > ready; while :; do :; done";
    let running = tokio::spawn(run(machine.kernel.clone(), machine.app, sh(script)));
    let told = machine.working_folders().join("3").join("told");
    machine.until_ready().await;
    port(&machine.kernel).kill(machine.program().await).await.unwrap();
    assert_eq!(running.await.unwrap(), Err(SysError::Cancelled));
    until(|| told.exists()).await;
    machine.until_nothing_is_left().await;
}

#[tokio::test]
async fn a_program_ends_with_the_app_that_runs_it_and_with_the_call_nobody_waits_for() {
    let Some(machine) = Machinery::start().await else {
        return;
    };
    let sleeping = || sh("trap '' TERM; : > ready; exec sleep 100");
    let running = tokio::spawn(run(machine.kernel.clone(), machine.app, sleeping()));
    machine.until_ready().await;
    running.abort();
    machine.until_nothing_is_left().await;

    let running = tokio::spawn(run(machine.kernel.clone(), machine.app, sleeping()));
    machine.until_ready().await;
    assert_eq!(machine.left().len(), 1);
    port(&machine.kernel).kill(machine.app).await.unwrap();
    assert_eq!(running.await.unwrap(), Err(SysError::Cancelled));
    machine.until_nothing_is_left().await;
}

#[tokio::test]
async fn programs_that_are_being_killed_take_up_their_places() {
    let Some(machine) = Machinery::start().await else {
        return;
    };
    let stubborn = || sh("trap '' TERM; : > ready; exec sleep 100");
    let folders = machine.working_folders();
    // Nobody has more than half of the places.
    let callers = [machine.app, Pid::SYSTEM].repeat(PROGRAMS_AT_ONCE / 2);
    let running: Vec<_> = callers
        .into_iter()
        .map(|caller| tokio::spawn(run(machine.kernel.clone(), caller, stubborn())))
        .collect();
    until(|| ready(&folders) == PROGRAMS_AT_ONCE).await;
    running.iter().for_each(JoinHandle::abort);
    assert_eq!(
        text(&machine.output(sh("echo in its turn")).await.stdout),
        "in its turn\n"
    );
    assert!(machine.left().len() < PROGRAMS_AT_ONCE);
    machine.until_nothing_is_left().await;
}

/// The kernel of `server`, which was told to serve it.
async fn kernel_of(server: &Server) -> Arc<dyn KernelPort> {
    let log = server.log();
    let (_, rest) = log.split_once("the kernel is served by gRPC at ").unwrap();
    let url = rest.lines().next().unwrap();
    Arc::new(GrpcKernel::connect(url).await.unwrap())
}

#[tokio::test]
async fn a_program_of_the_true_server_ends_with_it_even_when_that_is_killed() {
    if Machinery::start().await.is_none() {
        return;
    }
    let (_place, data_dir) = place();
    std::fs::create_dir(&data_dir).unwrap();
    let config = "[programs.sh]\npath = \"/bin/sh\"\nargs = [\"-c\"]";
    std::fs::write(data_dir.join("config.toml"), config).unwrap();
    let serving_the_kernel = ["--kernel-listen", "127.0.0.1:0"];
    let mut server = Server::start_with(&data_dir, &serving_the_kernel, &[]);
    let kernel = kernel_of(&server).await;
    let output = run(Arc::clone(&kernel), Pid::SYSTEM, sh("echo served; exit 3")).await;
    let output = output.unwrap();
    assert_eq!(output.end, ProgramEnd::Exited { code: 3 });
    assert_eq!(text(&output.stdout), "served\n");

    let running = tokio::spawn(run(
        kernel,
        Pid::SYSTEM,
        sh("trap '' TERM; : > ready; exec sleep 100"),
    ));
    let folders = data_dir.canonicalize().unwrap().join("programs");
    until(|| ready(&folders) == 1).await;
    assert_eq!(left(&folders).len(), 1);
    server.kill();
    assert_eq!(running.await.unwrap(), UNAVAILABLE);
    until(|| left(&folders).is_empty()).await;
    let _again = Server::start(&data_dir);
    assert!(is_empty(&folders));
}

#[tokio::test]
async fn a_program_that_sleeps_is_ended_at_its_time() {
    let mut limits = limits();
    limits.standard.program_cpu_seconds = 1;
    let Some(machine) = Machinery::within(&limits).await else {
        return;
    };
    let ended = machine.run(sh("exec sleep 100")).await;
    assert_eq!(ended, Err(SysError::DeadlineExceeded));
    machine.until_nothing_is_left().await;
}

#[tokio::test]
async fn a_burner_of_cpu_ends_at_its_limit() {
    let Some(machine) = Machinery::start().await else {
        return;
    };
    let limit = ProgramLimit::Cpu;
    let burnt = machine.performed(sh("while :; do :; done")).await;
    assert_eq!(burnt.end, ProgramEnd::Stopped { limit });
    let stubborn = machine.performed(sh("trap '' XCPU; while :; do :; done")).await;
    assert_eq!(stubborn.end, ProgramEnd::Signalled { signal: 9 });
}

#[tokio::test]
async fn a_hog_of_memory_gets_no_more_than_its_limit() {
    let Some(machine) = Machinery::start().await else {
        return;
    };
    assert_passed(&machine.output(function("has_memory_within_its_limit")).await);
    let hog = machine
        .output(sh("x=0123456789abcdef; while :; do x=$x$x; done"))
        .await;
    assert_ne!(hog.end, ProgramEnd::Exited { code: 0 });
    assert_eq!(text(&hog.stdout), "");
}

#[tokio::test]
async fn each_profile_has_its_own_memory_output_and_time() {
    const MIB: u64 = 1_024 * 1_024;
    // The program itself, its libraries and stacks are in its address space too.
    const OWN: u64 = 128 * MIB;
    let Some(machine) = Machinery::within(&LimitTable::default()).await else {
        return;
    };
    for (profile, memory, written, seconds) in [
        (Profile::Standard, 512 * MIB, MIB, 60),
        (Profile::Privileged, 2_048 * MIB, 8 * MIB, 300),
    ] {
        let app = machine.app_of(profile).await;
        let output = |request| run(machine.kernel.clone(), app, request);
        let reserved = output(function("reserves_memory_until_it_is_refused"))
            .await
            .unwrap();
        assert_passed(&reserved);
        let told = text(&reserved.stderr);
        let (_, reserved) = told.split_once("reserved ").expect(&told);
        let reserved: u64 = reserved.lines().next().unwrap().parse().unwrap();
        assert!(
            (memory - OWN..=memory).contains(&reserved),
            "{profile:?}: {reserved}"
        );

        let allowed = output(sh("ulimit -t")).await.unwrap();
        assert_eq!(text(&allowed.stdout), format!("{seconds}\n"));

        let all = output(sh(&format!("exec head -c {written} /dev/zero")))
            .await
            .unwrap();
        assert_eq!(
            (all.end, all.stdout.len() as u64),
            (ProgramEnd::Exited { code: 0 }, written)
        );
        let more = output(sh(&format!("exec head -c {} /dev/zero", written + 1)))
            .await
            .unwrap();
        let limit = ProgramLimit::Output;
        assert_eq!(
            (more.end, more.stdout.len() as u64),
            (ProgramEnd::Stopped { limit }, written)
        );
    }
    machine.until_nothing_is_left().await;
}

#[tokio::test]
async fn each_profile_burns_its_own_cpu_time() {
    if std::env::var_os("CI").is_none() {
        eprintln!("skipped: five minutes of CPU are burnt where CI is set");
        return;
    }
    let Some(machine) = Machinery::within(&LimitTable::default()).await else {
        return;
    };
    let burnt = async |profile, seconds: u64| {
        let app = machine.app_of(profile).await;
        let began = Instant::now();
        let output = run(machine.kernel.clone(), app, sh("while :; do :; done")).await;
        let limit = ProgramLimit::Cpu;
        assert_eq!(output.unwrap().end, ProgramEnd::Stopped { limit }, "{profile:?}");
        // It has one thread, so this takes at least as long.
        assert!(began.elapsed() >= Duration::from_secs(seconds), "{profile:?}");
    };
    tokio::join!(burnt(Profile::Standard, 60), burnt(Profile::Privileged, 300));
    machine.until_nothing_is_left().await;
}

#[tokio::test]
async fn its_folder_takes_no_more_than_its_limit_and_is_gone_after_it() {
    let Some(machine) = Machinery::start().await else {
        return;
    };
    let output = machine
        .output(sh("echo kept > a; echo more >> a; exec cat a"))
        .await;
    assert_eq!(text(&output.stdout), "kept\nmore\n");
    assert_eq!(text(&machine.output(sh("echo *")).await.stdout), "*\n");
    let limit = ProgramLimit::Disk;
    for request in [
        sh("exec head -c 100000000 /dev/zero > big"),
        sh("i=0; while :; do i=$((i+1)); : > f$i; done"),
        function("writes_files_without_end"),
    ] {
        let output = machine.performed(request).await;
        assert_eq!(
            output.end,
            ProgramEnd::Stopped { limit },
            "{}",
            text(&output.stdout)
        );
    }
    machine.until_nothing_is_left().await;
}

#[tokio::test]
async fn a_program_reads_what_the_operator_shows_it_and_nothing_else() {
    let Some(machine) = Machinery::start().await else {
        return;
    };
    let shown = machine.shown.join("shown.txt");
    std::fs::write(&shown, "shown").unwrap();
    let private = machine.data_dir.join("private");
    std::fs::create_dir(&private).unwrap();
    std::fs::write(private.join("secret"), "secret").unwrap();
    // What root reads all the same, who is not root to a program.
    let closed = machine.shown.join("closed");
    std::fs::write(&closed, "closed").unwrap();
    std::fs::set_permissions(&closed, Permissions::from_mode(0o000)).unwrap();
    let sleeping = sh(": > ready; exec sleep 100");
    let other = tokio::spawn(run(machine.kernel.clone(), machine.app, sleeping));
    machine.until_ready().await;
    let on_path = |script: &str, path: &Path| ProgramRequest {
        args: vec![script.to_owned(), path.display().to_string()],
        ..sh("")
    };
    let read = machine.output(on_path("exec cat \"$0\"", &shown)).await;
    assert_eq!(text(&read.stdout), "shown");

    let own = std::process::id();
    for path in [
        PathBuf::from("/etc/shadow"),
        "/etc/passwd".into(),
        closed,
        "/proc/1/environ".into(),
        "/proc/self/environ".into(),
        "/proc/self/mem".into(),
        format!("/proc/{own}/environ").into(),
        private.join("secret"),
        machine.data_dir.join("agentos.db"),
        machine.working_folders().join("3").join("ready"),
        PathBuf::from("../3/ready"),
    ] {
        let read = machine.output(on_path("exec cat \"$0\"", &path)).await;
        assert_ne!(read.end, ProgramEnd::Exited { code: 0 }, "{path:?}: {read:?}");
        assert_eq!(text(&read.stdout), "", "{path:?}");
    }
    for folder in ["/", "/etc", "/proc", "/root", "/tmp", ".."] {
        let listed = machine.output(on_path("exec ls \"$0\"", Path::new(folder))).await;
        assert_eq!(text(&listed.stdout), "", "{folder}");
    }
    for folder in [
        &*machine.shown,
        &private,
        &machine.data_dir,
        Path::new("/dev/shm"),
    ] {
        let written = folder.join("written");
        machine.output(on_path("echo x > \"$0\"", &written)).await;
        assert!(!written.exists(), "{written:?}");
    }
    machine.output(on_path("echo x > \"$0\"", &shown)).await;
    assert_eq!(std::fs::read_to_string(&shown).unwrap(), "shown");
    other.abort();
    machine.until_nothing_is_left().await;
}

#[tokio::test]
async fn a_program_has_no_network_no_other_process_and_no_way_to_more() {
    let Some(machine) = Machinery::start().await else {
        return;
    };
    assert_passed(&machine.output(function("has_no_network")).await);
    assert_passed(&machine.output(function("reaches_no_other_process")).await);
    assert_passed(
        &machine
            .output(function("changes_nothing_that_landlock_does_not_see"))
            .await,
    );
}

#[tokio::test]
async fn a_program_sees_an_empty_environment_and_inherits_no_file() {
    let Some(machine) = Machinery::start().await else {
        return;
    };
    let leaked = File::open("/etc/passwd").unwrap();
    rustix::io::fcntl_setfd(&leaked, rustix::io::FdFlags::empty()).unwrap();
    let seen = machine
        .output(function("sees_no_environment_and_no_open_file"))
        .await;
    assert_passed(&seen);
    drop(leaked);
    let seen = machine.output(sh("exec /usr/bin/env")).await;
    let mut lines: Vec<String> = text(&seen.stdout).lines().map(str::to_owned).collect();
    // What the shell itself adds.
    lines.retain(|line| {
        !["PWD=", "OLDPWD=", "_=", "SHLVL="]
            .iter()
            .any(|own| line.starts_with(own))
    });
    assert_eq!(lines, ["LANG=C.UTF-8"]);
}

#[tokio::test]
async fn what_cannot_be_confined_or_started_is_unavailable() {
    if Machinery::start().await.is_none() {
        return;
    }
    for launcher in ["/bin/true", "/bin/false", "/bin/cat", "/nowhere/launcher"] {
        let machine = Machinery::launching(launcher.into(), &limits()).await;
        assert_eq!(machine.run(sh("echo")).await, UNAVAILABLE, "{launcher}");
        machine.until_nothing_is_left().await;
    }
    let place = tempfile::tempdir().unwrap();
    let broken = place.path().join("broken");
    std::fs::write(&broken, "#!/nowhere/interpreter").unwrap();
    std::fs::set_permissions(&broken, Permissions::from_mode(0o755)).unwrap();
    let (_data_dir, machine) = with_shell_at(&broken).await;
    assert_eq!(machine.run(sh("echo")).await, UNAVAILABLE);
}

#[test]
fn what_agentos_keeps_is_not_where_every_program_reads() {
    if landlock_version().is_none() {
        return;
    }
    let shown = tempfile::tempdir().unwrap();
    let opened = Programs::open(Path::new("/usr/share"), LAUNCHER.into(), registered(shown.path()));
    let told = opened.err().map(|error| error.to_string());
    let expected =
        "no program can be run: /usr/share is among the files of the system, which each of them reads";
    assert_eq!(told.as_deref(), Some(expected));
}

/// A machine on which `sh` is what is at `path`.
async fn with_shell_at(path: &Path) -> (TempDir, Machinery) {
    let data_dir = tempfile::tempdir().unwrap();
    let program = Program {
        path: path.to_owned(),
        args: vec!["-c".to_owned()],
        folders: Vec::new(),
    };
    let registered = BTreeMap::from([(name("sh"), program)]);
    let machine = Machinery::registering(data_dir.path(), LAUNCHER.into(), &limits(), registered).await;
    (data_dir, machine)
}

#[tokio::test]
async fn a_registered_path_is_followed_to_what_can_be_executed_there_now() {
    if Machinery::start().await.is_none() {
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let registered = place.path().join("sh");
    symlink("/bin/sh", &registered).unwrap();
    let (_data_dir, machine) = with_shell_at(&registered).await;
    assert_eq!(text(&machine.output(sh("echo linked")).await.stdout), "linked\n");
    let plain = place.path().join("plain");
    std::fs::write(&plain, "#!/bin/sh\necho plain").unwrap();
    for instead in [
        &*plain,
        place.path(),
        Path::new("/dev/null"),
        Path::new("/nowhere"),
    ] {
        std::fs::remove_file(&registered).unwrap();
        symlink(instead, &registered).unwrap();
        assert_eq!(machine.run(sh("echo")).await, UNAVAILABLE, "{instead:?}");
    }
    machine.until_nothing_is_left().await;
}

/// Makes this thread, and all it starts, one of an older machine, to which `call` is unknown.
fn without(call: i64) {
    let rules = BTreeMap::from([(call, Vec::new())]);
    let unknown = SeccompAction::Errno(libc::ENOSYS as u32);
    let here = std::env::consts::ARCH.try_into().unwrap();
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, unknown, here).unwrap();
    seccompiler::apply_filter(&BpfProgram::try_from(filter).unwrap()).unwrap();
}

#[test]
fn a_machine_that_lacks_a_part_of_the_sandbox_runs_no_program() {
    for call in [
        libc::SYS_landlock_create_ruleset,
        libc::SYS_landlock_add_rule,
        libc::SYS_landlock_restrict_self,
        libc::SYS_seccomp,
        libc::SYS_setsid,
        libc::SYS_capset,
        libc::SYS_prlimit64,
        libc::SYS_memfd_create,
        libc::SYS_pidfd_open,
    ] {
        let older = std::thread::spawn(move || {
            without(call);
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async {
                let machine = Machinery::launching(LAUNCHER.into(), &limits()).await;
                assert_eq!(machine.run(sh("echo")).await, UNAVAILABLE, "{call}");
                machine.until_nothing_is_left().await;
            });
        });
        older.join().unwrap();
    }
}

#[tokio::test]
async fn the_server_tells_which_programs_there_are_and_refuses_what_is_none() {
    let (_place, data_dir) = place();
    std::fs::create_dir(&data_dir).unwrap();
    let config = data_dir.join("config.toml");
    std::fs::write(&config, "[programs.shell]\npath = \"/bin/sh\"").unwrap();
    let server = Server::start(&data_dir);
    let programs = &server.get("/health").await["programs"];
    let confined = landlock_version().is_some();
    assert_eq!(
        *programs,
        json!({ "registered": ["shell"], "confined": confined })
    );
    drop(server);

    let check = |text: &str, expected: &str| {
        std::fs::write(&config, text).unwrap();
        let (code, told) = Server::refused(&data_dir, &[]);
        assert_eq!(code, Some(2), "{told}");
        assert!(told.contains(expected), "{told}");
    };
    check(
        "[programs.a]\npath = \"bin/sh\"",
        "the program a cannot be run: bin/sh is not an absolute path",
    );
    check(
        "[programs.a]\npath = \"/nowhere/a\"",
        "is no file that can be executed",
    );
    check(
        "[programs.a]\npath = \"/etc/passwd\"",
        "is no file that can be executed",
    );
    check(
        "[programs.a]\npath = \"/bin/sh\"\nfolders = [\"/nowhere\"]",
        "/nowhere is not there",
    );
    check(
        "[programs.a]\npath = \"/bin/sh\"\nfolders = [\"/\"]",
        "shows what AgentOS keeps",
    );
    let own = data_dir.join("own");
    std::fs::write(&own, "").unwrap();
    std::fs::set_permissions(&own, Permissions::from_mode(0o755)).unwrap();
    check(
        &format!("[programs.a]\npath = {own:?}"),
        "lies in what AgentOS keeps",
    );
}
