//! What `doctor` says of this machine.

use agentos_core::kernel::ProgramName;

use crate::program;
use crate::server::{self, run};

/// The line about `subject`.
fn line<'a>(out: &'a str, subject: &str) -> &'a str {
    let mut lines = out.lines();
    let found = lines.find(|line| line.get(6..).is_some_and(|rest| rest.starts_with(subject)));
    found.unwrap_or_else(|| panic!("{subject} is missing in:\n{out}"))
}

#[test]
fn a_machine_without_a_server_is_looked_at_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("not/there/yet");
    let data_dir = data_dir.to_str().unwrap();
    let mut command = program::program(&["doctor", "--data-dir", data_dir]);
    command.env("AGENTOS_SERVER", "http://127.0.0.1:1");
    let ended = program::with_input(command, "");
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(line(&ended.out, "server").starts_with("note  server        no server answers"));
    assert_eq!(
        line(&ended.out, "data folder"),
        format!("ok    data folder   {data_dir} can be written")
    );
    assert!(line(&ended.out, "loopback").starts_with("ok "));
    for subject in ["openat2", "Landlock", "seccomp"] {
        assert!(!line(&ended.out, subject).starts_with("bad"), "{}", ended.out);
    }
    assert!(line(&ended.out, "programs").starts_with("note "));
    assert!(!folder.path().join("not").exists(), "nothing is made");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

/// Makes this thread, and what it starts, one of an older machine.
#[cfg(target_os = "linux")]
fn without_landlock() {
    use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, apply_filter};
    let asked = [(libc::SYS_landlock_create_ruleset, Vec::new())];
    let unknown = SeccompAction::Errno(libc::ENOSYS as u32);
    let here = std::env::consts::ARCH.try_into().unwrap();
    let filter = SeccompFilter::new(asked.into(), SeccompAction::Allow, unknown, here).unwrap();
    apply_filter(&BpfProgram::try_from(filter).unwrap()).unwrap();
}

#[cfg(target_os = "linux")]
#[test]
fn a_machine_without_landlock_is_told_that_no_program_runs() {
    let folder = tempfile::tempdir().unwrap();
    let older = std::thread::scope(|threads| {
        let older = threads.spawn(|| {
            without_landlock();
            program::run(&["doctor", "--data-dir", folder.path().to_str().unwrap()], "")
        });
        older.join().unwrap()
    });
    assert_eq!(older.code, 0, "{older:?}");
    assert_eq!(
        line(&older.out, "Landlock"),
        "note  Landlock      absent; no program is run"
    );
}

#[test]
fn what_is_needed_and_missing_fails() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let below = file.join("data");
    let ended = program::run(&["doctor", "--json", "--data-dir", below.to_str().unwrap()], "");
    assert_eq!(ended.code, 1, "{ended:?}");
    let told = ended.json();
    assert_eq!(told["ok"], false);
    let findings = told["findings"].as_array().unwrap();
    let bad: Vec<&str> = findings
        .iter()
        .filter(|finding| finding["verdict"] == "bad")
        .filter_map(|finding| finding["subject"].as_str())
        .collect();
    assert_eq!(bad, ["data folder"]);
}

#[tokio::test]
async fn a_server_tells_which_programs_it_runs() {
    let folder = tempfile::tempdir().unwrap();
    let names = ["sort", "tar"].map(|name| ProgramName::parse(name).unwrap());
    let server = server::listening(server::desk().await.with_programs(names.into())).await;
    let arguments = ["doctor", "--data-dir", folder.path().to_str().unwrap()];
    let ended = run(&server, &arguments).await;
    assert_eq!(
        line(&ended.out, "server"),
        format!("ok    server        {server} is healthy")
    );
    let programs = line(&ended.out, "programs");
    let can_confine = line(&ended.out, "Landlock").starts_with("ok");
    let expected = if can_confine {
        (0, "ok    programs      sort, tar can be run")
    } else {
        (
            1,
            "bad   programs      sort, tar cannot be confined here, so none is run",
        )
    };
    assert_eq!((ended.code, programs), expected);

    let none = server::server().await;
    let ended = run(&none, &arguments).await;
    assert_eq!(
        line(&ended.out, "programs"),
        "ok    programs      none is registered"
    );
}
