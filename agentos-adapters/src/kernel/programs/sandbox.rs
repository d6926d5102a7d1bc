//! What a program gives up before it begins: rights, files, system calls, and more than its share of the machine.
//!
//! A step that fails ends the launcher; there is no weaker sandbox.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, LandlockStatus, PathBeneath, PathFd,
    Ruleset, RulesetAttr, RulesetCreated, RulesetCreatedAttr, RulesetError, RulesetStatus, Scope,
    path_beneath_rules,
};
use rustix::process::{Resource, Rlimit, setrlimit};
use rustix::thread::{CapabilitySet, CapabilitySets, set_capabilities};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::folder::FOLDER_BYTES;

const OPEN_FILES: u64 = 256;
/// Where programs of the system and their libraries are, as far as the machine has them.
const SYSTEM: [&str; 5] = ["/usr", "/bin", "/lib", "/lib32", "/lib64"];
/// What a program expects to read anywhere.
const READABLE: [&str; 5] = [
    "/etc/ld.so.cache",
    "/dev/null",
    "/dev/zero",
    "/dev/urandom",
    "/dev/random",
];

/// Whether each program may read what is in `folder`.
pub(super) fn is_shown_to_all(folder: &Path) -> bool {
    let Ok(folder) = folder.canonicalize() else {
        return false;
    };
    let system = SYSTEM
        .iter()
        .filter_map(|shown| Path::new(shown).canonicalize().ok());
    system.into_iter().any(|shown| folder.starts_with(shown))
}

/// What is left to a program.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Sandbox {
    pub(super) program: PathBuf,
    /// The one folder it may write to, and where it is.
    pub(super) folder: PathBuf,
    pub(super) readable: Vec<PathBuf>,
    pub(super) address_bytes: u64,
    pub(super) cpu_seconds: u32,
}

#[derive(Debug, Error)]
pub(super) enum SandboxError {
    #[error("rights cannot be given up")]
    Rights(#[source] io::Error),
    #[error("Landlock confines nothing here")]
    Landlock,
    #[error("Landlock cannot confine it")]
    Files(#[from] RulesetError),
    #[error("{} cannot be shown to it", path.display())]
    Path {
        path: PathBuf,
        source: landlock::PathFdError,
    },
    #[error("{name} cannot be limited")]
    Limit { name: &'static str, source: io::Error },
    #[error("system calls cannot be filtered")]
    Filter(#[from] seccompiler::BackendError),
    #[error("the filter of system calls was refused")]
    Refused(#[from] seccompiler::Error),
}

impl Sandbox {
    /// What is left of the rights of this process and of everything it has open.
    pub(super) fn give_up_rights(&self) -> Result<(), SandboxError> {
        close_fds::set_fds_cloexec(3, &[]);
        let none = CapabilitySets {
            effective: CapabilitySet::empty(),
            permitted: CapabilitySet::empty(),
            inheritable: CapabilitySet::empty(),
        };
        set_capabilities(None, none).map_err(|error| SandboxError::Rights(error.into()))?;
        let status = self.rules()?.restrict_self()?;
        if status.ruleset == RulesetStatus::NotEnforced || !status.no_new_privs {
            return Err(SandboxError::Landlock);
        }
        Ok(())
    }

    /// The first version of Landlock has to be whole; what later ones add is taken where it is.
    fn rules(&self) -> Result<RulesetCreated, SandboxError> {
        let read: BitFlags<AccessFs> = AccessFs::Execute | AccessFs::ReadFile | AccessFs::ReadDir;
        // Nothing is removed, so that all its space is to be seen, and nothing is made but files.
        let own = AccessFs::ReadFile
            | AccessFs::ReadDir
            | AccessFs::WriteFile
            | AccessFs::MakeReg
            | AccessFs::Truncate;
        let mut rules = Ruleset::default()
            .set_compatibility(CompatLevel::HardRequirement)
            .handle_access(AccessFs::from_all(ABI::V1))?
            .set_compatibility(CompatLevel::BestEffort)
            .handle_access(AccessFs::from_all(ABI::V9))?
            .handle_access(AccessNet::from_all(ABI::V9))?
            .scope(Scope::from_all(ABI::V9))?
            .create()?
            .add_rules(path_beneath_rules(SYSTEM, read))?
            .add_rules(path_beneath_rules(READABLE, AccessFs::ReadFile))?
            .add_rules(path_beneath_rules(["/dev/null"], AccessFs::WriteFile))?;
        let shown = self.readable.iter().map(|folder| (folder, read));
        let program = (&self.program, AccessFs::Execute | AccessFs::ReadFile);
        for (path, access) in shown.chain([program, (&self.folder, own)]) {
            let opened = PathFd::new(path).map_err(|source| SandboxError::Path {
                path: path.clone(),
                source,
            })?;
            rules = rules.add_rule(PathBeneath::new(opened, access))?;
        }
        Ok(rules)
    }

    pub(super) fn limit(&self) -> Result<(), SandboxError> {
        let cpu = u64::from(self.cpu_seconds);
        // The first CPU limit can be caught, the second cannot. A core of one byte is none, not even by a pipe.
        let limits = [
            (
                "its address space",
                Resource::As,
                self.address_bytes,
                self.address_bytes,
            ),
            ("its CPU time", Resource::Cpu, cpu, cpu + 1),
            ("the size of a file", Resource::Fsize, FOLDER_BYTES, FOLDER_BYTES),
            (
                "the number of open files",
                Resource::Nofile,
                OPEN_FILES,
                OPEN_FILES,
            ),
            ("its core", Resource::Core, 1, 1),
        ];
        for (name, resource, current, maximum) in limits {
            let limit = Rlimit {
                current: Some(current),
                maximum: Some(maximum),
            };
            setrlimit(resource, limit).map_err(|error| SandboxError::Limit {
                name,
                source: error.into(),
            })?;
        }
        Ok(())
    }
}

/// Lists what is allowed, since a list of what is not would be open to each system call that is yet to come. All else is
/// answered as an older Linux answers, which C libraries expect, and not with a kill.
pub(super) fn filter() -> Result<BpfProgram, SandboxError> {
    let rules: BTreeMap<i64, Vec<SeccompRule>> = ALLOWED
        .iter()
        .chain(ALLOWED_HERE)
        .map(|call| (*call, Vec::new()))
        .chain(conditional()?)
        .collect();
    let filter = SeccompFilter::new(
        rules,
        SeccompAction::Errno(libc::ENOSYS as u32),
        SeccompAction::Allow,
        std::env::consts::ARCH.try_into()?,
    )?;
    Ok(filter.try_into()?)
}

pub(super) fn apply(filter: &BpfProgram) -> Result<(), SandboxError> {
    Ok(seccompiler::apply_filter(filter)?)
}

/// Calls that are allowed with some arguments.
fn conditional() -> Result<Vec<(i64, Vec<SeccompRule>)>, SandboxError> {
    let own = u64::from(std::process::id());
    let is = |argument, value: u64| {
        SeccompCondition::new(argument, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, value)
    };
    let without = |argument, bits: u64| {
        let compared = SeccompCmpOp::MaskedEq(bits);
        SeccompCondition::new(argument, SeccompCmpArgLen::Dword, compared, 0)
    };
    let one_of = |argument, values: &[u64]| -> Result<Vec<SeccompRule>, SandboxError> {
        let rules = values
            .iter()
            .map(|value| SeccompRule::new(vec![is(argument, *value)?]));
        Ok(rules.collect::<Result<_, _>>()?)
    };
    let only =
        |conditions| -> Result<Vec<SeccompRule>, SandboxError> { Ok(vec![SeccompRule::new(conditions)?]) };
    // An unnamed file would be space that nobody sees.
    let unnamed = libc::O_TMPFILE as u64 & !(libc::O_DIRECTORY as u64);
    let thread = libc::CLONE_THREAD as u64;
    let is_thread =
        SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::MaskedEq(thread), thread)?;
    let nothing_new = SeccompCondition::new(2, SeccompCmpArgLen::Qword, SeccompCmpOp::Eq, 0)?;
    let mut calls = vec![
        // Threads, and no processes: none forks, and none gets away from its session.
        (libc::SYS_clone, only(vec![is_thread])?),
        (libc::SYS_openat, only(vec![without(2, unnamed)?])?),
        (libc::SYS_kill, only(vec![is(0, own)?])?),
        (libc::SYS_tgkill, only(vec![is(0, own)?])?),
        // Limits are read and not set.
        (libc::SYS_prlimit64, only(vec![is(0, 0)?, nothing_new])?),
        (libc::SYS_fcntl, one_of(1, &FCNTL)?),
        (libc::SYS_ioctl, one_of(1, &IOCTL)?),
        (libc::SYS_prctl, one_of(0, &PRCTL)?),
    ];
    #[cfg(target_arch = "x86_64")]
    calls.push((libc::SYS_open, only(vec![without(1, unnamed)?])?));
    Ok(calls)
}

/// Nothing that signals another process or takes more memory of the kernel.
const FCNTL: [u64; 9] = [
    libc::F_DUPFD as u64,
    libc::F_DUPFD_CLOEXEC as u64,
    libc::F_GETFD as u64,
    libc::F_SETFD as u64,
    libc::F_GETFL as u64,
    libc::F_SETFL as u64,
    libc::F_GETLK as u64,
    libc::F_SETLK as u64,
    libc::F_SETLKW as u64,
];

const IOCTL: [u64; 6] = [
    libc::TCGETS,
    libc::TIOCGWINSZ,
    libc::FIONREAD,
    libc::FIONBIO,
    libc::FIOCLEX,
    libc::FIONCLEX,
];

/// Not the one that would let it outlive who started it.
const PRCTL: [u64; 4] = [
    libc::PR_SET_NAME as u64,
    libc::PR_GET_NAME as u64,
    libc::PR_SET_VMA as u64,
    libc::PR_GET_DUMPABLE as u64,
];

/// Reading and computing, time, threads, and files as far as Landlock lets it. Of files neither owner, mode, times nor
/// names are changed: Landlock does not see that. Nor is space set aside for them, which would fill a disk before anybody
/// looks.
const ALLOWED: &[i64] = &[
    libc::SYS_brk,
    libc::SYS_chdir,
    libc::SYS_clock_getres,
    libc::SYS_clock_gettime,
    libc::SYS_clock_nanosleep,
    libc::SYS_close,
    libc::SYS_close_range,
    libc::SYS_copy_file_range,
    libc::SYS_dup,
    libc::SYS_dup3,
    libc::SYS_epoll_create1,
    libc::SYS_epoll_ctl,
    libc::SYS_epoll_pwait,
    libc::SYS_epoll_pwait2,
    libc::SYS_eventfd2,
    libc::SYS_execve,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_fadvise64,
    libc::SYS_fchdir,
    libc::SYS_fdatasync,
    libc::SYS_flock,
    libc::SYS_fstat,
    libc::SYS_fstatfs,
    libc::SYS_fsync,
    libc::SYS_ftruncate,
    libc::SYS_futex,
    libc::SYS_getcpu,
    libc::SYS_getcwd,
    libc::SYS_getdents64,
    libc::SYS_getegid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getgroups,
    libc::SYS_getitimer,
    libc::SYS_getpgid,
    libc::SYS_getpid,
    libc::SYS_getppid,
    libc::SYS_getpriority,
    libc::SYS_getrandom,
    libc::SYS_getresgid,
    libc::SYS_getresuid,
    libc::SYS_getrusage,
    libc::SYS_getsid,
    libc::SYS_gettid,
    libc::SYS_gettimeofday,
    libc::SYS_getuid,
    libc::SYS_lseek,
    libc::SYS_madvise,
    libc::SYS_membarrier,
    libc::SYS_mincore,
    libc::SYS_mmap,
    libc::SYS_mprotect,
    libc::SYS_mremap,
    libc::SYS_msync,
    libc::SYS_munmap,
    libc::SYS_nanosleep,
    libc::SYS_newfstatat,
    libc::SYS_pipe2,
    libc::SYS_ppoll,
    libc::SYS_pread64,
    libc::SYS_preadv,
    libc::SYS_preadv2,
    libc::SYS_pselect6,
    libc::SYS_pwrite64,
    libc::SYS_pwritev,
    libc::SYS_pwritev2,
    libc::SYS_read,
    libc::SYS_readahead,
    libc::SYS_readlinkat,
    libc::SYS_readv,
    libc::SYS_restart_syscall,
    libc::SYS_rseq,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigpending,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_rt_sigsuspend,
    libc::SYS_rt_sigtimedwait,
    libc::SYS_sched_get_priority_max,
    libc::SYS_sched_get_priority_min,
    libc::SYS_sched_getaffinity,
    libc::SYS_sched_getparam,
    libc::SYS_sched_getscheduler,
    libc::SYS_sched_yield,
    libc::SYS_sendfile,
    libc::SYS_set_robust_list,
    libc::SYS_set_tid_address,
    libc::SYS_setitimer,
    libc::SYS_sigaltstack,
    libc::SYS_signalfd4,
    libc::SYS_splice,
    libc::SYS_statfs,
    libc::SYS_statx,
    libc::SYS_sysinfo,
    libc::SYS_tee,
    libc::SYS_timer_create,
    libc::SYS_timer_delete,
    libc::SYS_timer_getoverrun,
    libc::SYS_timer_gettime,
    libc::SYS_timer_settime,
    libc::SYS_timerfd_create,
    libc::SYS_timerfd_gettime,
    libc::SYS_timerfd_settime,
    libc::SYS_times,
    libc::SYS_umask,
    libc::SYS_uname,
    libc::SYS_wait4,
    libc::SYS_waitid,
    libc::SYS_write,
    libc::SYS_writev,
];

/// Older forms of the same.
#[cfg(target_arch = "x86_64")]
const ALLOWED_HERE: &[i64] = &[
    libc::SYS_access,
    libc::SYS_alarm,
    libc::SYS_arch_prctl,
    libc::SYS_creat,
    libc::SYS_dup2,
    libc::SYS_epoll_create,
    libc::SYS_epoll_wait,
    libc::SYS_eventfd,
    libc::SYS_getdents,
    libc::SYS_getpgrp,
    libc::SYS_getrlimit,
    libc::SYS_lstat,
    libc::SYS_pause,
    libc::SYS_pipe,
    libc::SYS_poll,
    libc::SYS_readlink,
    libc::SYS_select,
    libc::SYS_signalfd,
    libc::SYS_stat,
    libc::SYS_time,
];

#[cfg(not(target_arch = "x86_64"))]
const ALLOWED_HERE: &[i64] = &[];

/// The version of Landlock this machine confines programs with; none where it does not.
pub fn landlock_version() -> Option<i32> {
    // Asking is confining, and only the thread that asks.
    let asked = std::thread::spawn(|| {
        let rules = Ruleset::default()
            .handle_access(AccessFs::from_all(ABI::V1))
            .ok()?;
        let status = rules.create().ok()?.restrict_self().ok()?;
        match status.landlock {
            LandlockStatus::Available {
                effective_abi,
                kernel_abi,
            } => Some(kernel_abi.unwrap_or(effective_abi as i32)),
            _ => None,
        }
    });
    asked.join().ok().flatten()
}

/// Whether this machine filters system calls.
pub fn seccomp_filters() -> bool {
    let actions = std::fs::read_to_string("/proc/sys/kernel/seccomp/actions_avail");
    actions.is_ok_and(|actions| actions.split_whitespace().any(|action| action == "errno"))
}
