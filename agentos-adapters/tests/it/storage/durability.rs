//! An acknowledged revision survives `kill -9`.

use std::io::{BufRead, BufReader, Write, stdout};
use std::path::Path;
use std::process::{Command, Stdio};

use agentos_core::ports::storage::StoragePort;
use serde_json::json;

use super::{app, count, kernel_fs, open, run};

/// Set for the process that commits until it is killed; names the folder of its records.
const FOLDER: &str = "AGENTOS_TEST_DURABILITY_FOLDER";

#[test]
fn acknowledged_revisions_survive_a_kill() {
    let this_test = "storage::durability::acknowledged_revisions_survive_a_kill";
    survive_a_kill(this_test, open);
}

#[test]
fn acknowledged_revisions_in_files_survive_a_kill() {
    let this_test = "storage::durability::acknowledged_revisions_in_files_survive_a_kill";
    survive_a_kill(this_test, kernel_fs::open);
}

fn survive_a_kill<Storage: StoragePort>(this_test: &str, open: impl AsyncFn(&Path) -> Storage) {
    if let Some(folder) = std::env::var_os(FOLDER) {
        commit_and_acknowledge_for_ever(Path::new(&folder), open);
    }
    let folder = tempfile::tempdir().expect("a folder");
    run(async {
        let storage = open(folder.path()).await;
        storage
            .insert_app(&app(), &json!({"n": 0}))
            .await
            .expect("inserted");
    });

    for acknowledgements in [1, 7, 40, 3, 90] {
        let last = kill_after(acknowledgements, this_test, folder.path());
        run(async {
            let storage = open(folder.path()).await;
            let replica = storage.replica(app().id).await.expect("read").expect("there");
            // The kill may fall between a commit and its acknowledgement, never the other way round.
            assert!(
                (last..=last + 1).contains(&replica.rev),
                "{} was acknowledged, {} is there",
                last,
                replica.rev
            );
            let (state, persisted) = count(replica.rev);
            assert_eq!(replica.state, state);
            assert_eq!(storage.persisted(app().namespace).await.expect("read"), persisted);
        });
    }
}

fn commit_and_acknowledge_for_ever<Storage: StoragePort>(
    folder: &Path,
    open: impl AsyncFn(&Path) -> Storage,
) -> ! {
    run(async {
        let storage = open(folder).await;
        let mut rev = storage.replica(app().id).await.expect("read").expect("there").rev;
        loop {
            let (state, persisted) = count(rev + 1);
            rev = storage
                .commit_state(app().id, rev, &state, &persisted)
                .await
                .expect("committed");
            writeln!(stdout(), "\nacknowledged {rev}").expect("the parent listens");
        }
    })
}

/// Runs this test as the process that commits, kills it once it has acknowledged so many
/// revisions, and answers the last one it acknowledged.
fn kill_after(acknowledgements: usize, this_test: &str, folder: &Path) -> u64 {
    let mut child = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", this_test, "--nocapture"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .spawn()
        .expect("started");
    let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let mut revisions = lines.filter_map(|line| line.ok()?.strip_prefix("acknowledged ")?.parse().ok());
    let seen = revisions
        .by_ref()
        .take(acknowledgements)
        .last()
        .expect("a revision");
    child.kill().expect("killed");
    // What was acknowledged before the kill is still in the pipe.
    let last = revisions.last().unwrap_or(seen);
    child.wait().expect("ended");
    last
}
