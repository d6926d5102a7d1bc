//! What programs try, run as programs by the tests beside them: this binary, confined.

use std::env;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::Write;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, symlink};
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::Command;
use std::thread;
use std::time::Duration;

use rustix::fs::{FallocateFlags, MemfdFlags, OFlags, fallocate, memfd_create};
use rustix::process::{
    Pid, Resource, Rlimit, Signal, getpid, getppid, getrlimit, kill_process, set_parent_process_death_signal,
    setpgid, setrlimit, setsid, test_kill_process,
};

/// Whoever runs all ignored tests is not confined, and nothing here is for him.
fn is_inside() -> bool {
    env::var_os("PATH").is_none()
}

#[test]
#[ignore = "runs as a program"]
fn neither_forks_nor_leaves_its_session() {
    if !is_inside() {
        return;
    }
    Command::new("/bin/true").spawn().unwrap_err();
    setsid().unwrap_err();
    setpgid(None, None).unwrap_err();
    set_parent_process_death_signal(None).unwrap_err();
}

#[test]
#[ignore = "runs as a program"]
fn has_some_threads() {
    if !is_inside() {
        return;
    }
    let threads: Vec<_> = (0..8).map(|number| thread::spawn(move || number)).collect();
    let sum: i32 = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
    assert_eq!(sum, 28);
}

#[test]
#[ignore = "runs as a program"]
fn makes_threads_without_end() {
    if !is_inside() {
        return;
    }
    loop {
        let small = thread::Builder::new().stack_size(16 * 1_024);
        if small.spawn(|| thread::sleep(Duration::from_secs(100))).is_err() {
            thread::sleep(Duration::from_millis(1));
        }
    }
}

#[test]
#[ignore = "runs as a program"]
fn has_memory_within_its_limit() {
    if !is_inside() {
        return;
    }
    let mut within: Vec<u8> = Vec::new();
    within.try_reserve_exact(200 * 1_024 * 1_024).unwrap();
    within.resize(within.capacity(), 1);
    let mut beyond: Vec<u8> = Vec::new();
    beyond.try_reserve_exact(512 * 1_024 * 1_024).unwrap_err();
    let limit = getrlimit(Resource::As);
    setrlimit(Resource::As, limit).unwrap_err();
    let none = Rlimit {
        current: None,
        maximum: None,
    };
    setrlimit(Resource::Cpu, none).unwrap_err();
}

#[test]
#[ignore = "runs as a program"]
fn reserves_memory_until_it_is_refused() {
    const PIECE: usize = 1_024 * 1_024;
    if !is_inside() {
        return;
    }
    let mut pieces = Vec::with_capacity(8_192);
    while pieces.len() < pieces.capacity() {
        let mut piece: Vec<u8> = Vec::new();
        if piece.try_reserve_exact(PIECE).is_err() {
            break;
        }
        pieces.push(piece);
    }
    let reserved = pieces.len() * PIECE;
    drop(pieces);
    eprintln!("reserved {reserved}");
}

#[test]
#[ignore = "runs as a program"]
fn writes_files_without_end() {
    if !is_inside() {
        return;
    }
    let piece = vec![1; 1_024 * 1_024];
    for number in 0.. {
        let mut file = File::create(format!("file{number}")).unwrap();
        for _ in 0..10 {
            file.write_all(&piece).unwrap();
        }
    }
}

#[test]
#[ignore = "runs as a program"]
fn has_no_network() {
    if !is_inside() {
        return;
    }
    TcpStream::connect("127.0.0.1:80").unwrap_err();
    TcpListener::bind("127.0.0.1:0").unwrap_err();
    UdpSocket::bind("127.0.0.1:0").unwrap_err();
    UnixListener::bind("socket").unwrap_err();
    UnixStream::pair().unwrap_err();
}

#[test]
#[ignore = "runs as a program"]
fn reaches_no_other_process() {
    if !is_inside() {
        return;
    }
    let parent = getppid().unwrap();
    test_kill_process(parent).unwrap_err();
    kill_process(parent, Signal::TERM).unwrap_err();
    kill_process(Pid::INIT, Signal::CONT).unwrap_err();
    kill_process(getpid(), Signal::CONT).unwrap();
    rustix::process::setpriority_process(Some(parent), 10).unwrap_err();
    rustix::process::prlimit(Some(parent), Resource::Nofile, getrlimit(Resource::Nofile)).unwrap_err();
    rustix::process::pidfd_open(parent, rustix::process::PidfdFlags::empty()).unwrap_err();
}

#[test]
#[ignore = "runs as a program"]
fn changes_nothing_that_landlock_does_not_see() {
    if !is_inside() {
        return;
    }
    let own = File::create("own").unwrap();
    for flags in [FallocateFlags::empty(), FallocateFlags::KEEP_SIZE] {
        fallocate(&own, flags, 0, 1_024 * 1_024).unwrap_err();
    }
    fs::set_permissions("own", Permissions::from_mode(0o777)).unwrap_err();
    fs::set_permissions("/usr/bin/env", Permissions::from_mode(0o755)).unwrap_err();
    File::open("own")
        .unwrap()
        .set_modified(std::time::UNIX_EPOCH)
        .unwrap_err();
    fs::remove_file("own").unwrap_err();
    fs::rename("own", "other").unwrap_err();
    fs::hard_link("own", "other").unwrap_err();
    symlink("/etc", "link").unwrap_err();
    fs::create_dir("folder").unwrap_err();
    let unnamed = OFlags::TMPFILE.bits() as i32;
    let mut hidden = OpenOptions::new();
    hidden.write(true).custom_flags(unnamed).open(".").unwrap_err();
    memfd_create("hidden", MemfdFlags::empty()).unwrap_err();
    let mut input = OpenOptions::new().write(true).open("/proc/self/fd/0").unwrap();
    input.write_all(b"other").unwrap_err();
}

#[test]
#[ignore = "runs as a program"]
fn sees_no_environment_and_no_open_file() {
    if !is_inside() {
        return;
    }
    let environment: Vec<_> = env::vars_os().collect();
    assert_eq!(environment, [("LANG".into(), "C.UTF-8".into())]);
    let open: Vec<u32> = (3..1_024)
        .filter(|number| fs::symlink_metadata(format!("/proc/self/fd/{number}")).is_ok())
        .collect();
    assert!(open.is_empty(), "{open:?}");
}
