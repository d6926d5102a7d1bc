//! Promise F where it is hardest to keep: names change between file and link as fast as a thread can swap them, while
//! calls go through them as fast as a kernel without limits lets them.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use agentos_core::kernel::{FileCall, FileReply, Reply, WriteMode};
use futures::future::join_all;
use rustix::fs::{CWD, Mode, OFlags, RenameFlags, ResolveFlags, openat2, renameat_with};
use rustix::io::Errno;
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, apply_filter};

use super::super::{config, run};
use super::{Desk, path};

const SECRET: &str = "what no app may know";

#[test]
fn no_call_follows_a_link_that_comes_between_a_look_and_a_step() {
    run(names_that_are_swapped());
}

#[test]
fn nor_does_one_where_the_system_has_no_openat2() {
    block_openat2();
    run(names_that_are_swapped());
}

/// From now on this thread and those it starts are answered as by a Linux before 5.6.
fn block_openat2() {
    let filter = SeccompFilter::new(
        [(libc::SYS_openat2, Vec::new())].into(),
        SeccompAction::Allow,
        SeccompAction::Errno(libc::ENOSYS as u32),
        std::env::consts::ARCH.try_into().unwrap(),
    );
    let program: BpfProgram = filter.unwrap().try_into().unwrap();
    apply_filter(&program).unwrap();
    let opened = openat2(CWD, ".", OFlags::RDONLY, Mode::empty(), ResolveFlags::empty());
    assert_eq!(opened.unwrap_err(), Errno::NOSYS);
}

async fn names_that_are_swapped() {
    let mut config = config();
    config.limits.standard.calls_per_second = u32::MAX;
    config.limits.standard.call_burst = u32::MAX;
    let desk = Desk::with(config, tempfile::tempdir().expect("a folder")).await;
    desk.write("f", "own", WriteMode::Replace).await.unwrap();
    let outside = desk.folder.path().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("f"), SECRET).unwrap();
    fs::create_dir(desk.home.join("d")).unwrap();
    fs::write(desk.home.join("d/f"), "own").unwrap();
    let swaps = [
        Swap::start(desk.home.join("f"), outside.join("f")),
        Swap::start(desk.home.join("d"), outside.clone()),
    ];
    let end = Instant::now() + Duration::from_secs(3);
    let race = |number: u32| raced(&desk, number, end);
    let reads: u32 = join_all((0..6).map(race)).await.into_iter().sum();
    let swapped = swaps.map(Swap::stop);
    assert!(
        swapped.iter().all(|count| *count > 1_000) && reads > 20,
        "{swapped:?} {reads}"
    );
    assert_eq!(fs::read_to_string(outside.join("f")).unwrap(), SECRET);
    assert_eq!(
        fs::read_dir(&outside).unwrap().count(),
        1,
        "nothing was made there"
    );
}

/// Calls until `end`; answers how many files were read.
async fn raced(desk: &Desk, number: u32, end: Instant) -> u32 {
    let mut read = 0;
    while Instant::now() < end {
        for at in ["f", "d/f"] {
            let (offset, length) = (0, None);
            let path = path(at);
            if let Ok(Reply::File(FileReply::Bytes { bytes, .. })) =
                desk.call(FileCall::Read { path, offset, length }).await
            {
                assert!(!String::from_utf8_lossy(&bytes).contains(SECRET), "{at}");
                read += 1;
            }
        }
        let new = format!("d/new{number}");
        let (from, to) = (path("d/f"), path(&format!("copy{number}")));
        let _ = desk.call(FileCall::Copy { from, to: to.clone() }).await;
        let _ = desk.call(FileCall::Delete { path: to }).await;
        let _ = desk.write(&new, "own", WriteMode::Replace).await;
        let _ = desk.call(FileCall::Delete { path: path(&new) }).await;
    }
    read
}

/// A thread that puts a link in the place of something, and back.
struct Swap {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<u32>,
}

impl Swap {
    fn start(place: PathBuf, target: PathBuf) -> Self {
        let link = place.with_extension("link");
        symlink(target, &link).unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let mut count = 0;
            while !stopped.load(Ordering::Relaxed) {
                renameat_with(CWD, &place, CWD, &link, RenameFlags::EXCHANGE).unwrap();
                count += 1;
            }
            count
        });
        Self { stop, thread }
    }

    fn stop(self) -> u32 {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}
