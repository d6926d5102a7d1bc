//! Promise F against the program itself: every layout another program could leave in an app's folder.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::timeout;

use super::writer;
use crate::process::{Program, place};

const SECRET: &str = "what no app may know";

/// The program with an app, the app's folder, and a folder beside the data that holds a secret.
struct Machine {
    program: Program,
    app: String,
    home: PathBuf,
    outside: PathBuf,
    _place: TempDir,
}

impl Machine {
    async fn start() -> Self {
        let (place, data_dir) = place();
        let outside = place.path().join("outside");
        fs::create_dir(&outside).unwrap();
        fs::write(outside.join("secret"), SECRET).unwrap();
        let program = Program::start(&data_dir);
        let (_, made) = program.post("/apps", json!({ "ui_spec": writer() })).await;
        let app = made["app_id"].as_str().unwrap().to_owned();
        let mut machine = Self {
            program,
            app,
            home: PathBuf::new(),
            outside,
            _place: place,
        };
        machine
            .done("files.write", json!({ "path": "own.txt", "content": "own" }))
            .await;
        machine.home = home_in(&data_dir);
        machine
    }

    async fn call(&self, tool: &str, params: Value) -> Value {
        let body = json!({ "tool_id": tool, "params": params, "app_id": self.app });
        self.program.post("/services/execute", body).await.1
    }

    async fn done(&self, tool: &str, params: Value) -> Value {
        let answer = self.call(tool, params).await;
        assert_eq!(answer["success"], true, "{tool}: {answer}");
        answer["data"].clone()
    }

    /// Makes `calls` and expects one code of all.
    async fn expect_of(&self, calls: Vec<(&str, Value)>, expected: &str) {
        for (tool, params) in calls {
            let answer = timeout(Duration::from_secs(5), self.call(tool, params.clone()))
                .await
                .unwrap_or_else(|_| panic!("{tool} {params} was held up"));
            assert_eq!(answer["code"], expected, "{tool} {params}: {answer}");
            assert!(!answer.to_string().contains(SECRET), "{tool} {params}");
        }
        self.check_outside();
    }

    /// Nothing outside was changed, made or removed.
    fn check_outside(&self) {
        assert_eq!(names(&self.outside), ["secret"]);
        assert_eq!(fs::read_to_string(self.outside.join("secret")).unwrap(), SECRET);
    }
}

fn home_in(data_dir: &Path) -> PathBuf {
    let owners = fs::read_dir(data_dir.join("files")).unwrap();
    let mut homes = owners.map(|owner| owner.unwrap().path().join("home"));
    homes.find(|home| home.is_dir()).unwrap()
}

fn every_tool_at(path: &str) -> Vec<(&'static str, Value)> {
    let at = json!({ "path": path });
    vec![
        ("files.read", at.clone()),
        ("files.stat", at.clone()),
        ("files.exists", at.clone()),
        ("files.write", json!({ "path": path, "content": "overwritten" })),
        ("files.append", json!({ "path": path, "content": "overwritten" })),
        ("files.delete", at.clone()),
        ("files.list", at.clone()),
        ("files.mkdir", at),
        ("files.copy", json!({ "from": path, "to": "copied" })),
        ("files.move", json!({ "from": path, "to": "moved" })),
        ("files.copy", json!({ "from": "own.txt", "to": path })),
        ("files.move", json!({ "from": "own.txt", "to": path })),
    ]
}

/// One that reads, one that writes, one that lists, and both ends of one that carries.
fn some_tools_at(path: &str) -> Vec<(&'static str, Value)> {
    let mut calls = every_tool_at(path);
    calls.retain(|(tool, _)| ["files.read", "files.write", "files.list", "files.copy"].contains(tool));
    calls
}

fn names(folder: &Path) -> Vec<OsString> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn no_link_is_followed_wherever_it_leads() {
    let machine = Machine::start().await;
    let (home, outside) = (&machine.home, &machine.outside);
    let link = |to: &Path, name: &str| symlink(to, home.join(name)).unwrap();
    link(&outside.join("secret"), "absolute");
    link(Path::new("../../../../outside/secret"), "relative");
    link(&outside.join("nothing"), "dangling");
    link(Path::new("absolute"), "chained");
    link(Path::new("loop"), "loop");
    link(outside, "folder");
    link(Path::new("."), "here");
    link(Path::new("own.txt"), "inside");
    link(Path::new("/proc/self/root"), "proc");
    link(Path::new("/proc/self/fd/0"), "descriptor");
    link(Path::new("/dev/zero"), "zeros");
    for name in names(home)
        .iter()
        .map(|name| name.to_str().unwrap())
        .filter(|name| *name != "own.txt")
    {
        machine.expect_of(every_tool_at(name), "permission_denied").await;
        let below = format!("{name}/secret");
        machine
            .expect_of(some_tools_at(&below), "permission_denied")
            .await;
    }
    let listed = machine.done("files.list", json!({})).await;
    assert_eq!(
        listed.as_array().unwrap().len(),
        1,
        "links are not listed: {listed}"
    );
    assert_eq!(fs::read_to_string(home.join("own.txt")).unwrap(), "own");
    assert!(
        fs::read_link(home.join("absolute")).is_ok(),
        "the links themselves stay"
    );
}

#[tokio::test]
async fn a_root_that_is_a_link_is_not_entered() {
    let (place, data_dir) = place();
    let outside = place.path().join("outside");
    fs::create_dir_all(&outside).unwrap();
    fs::write(outside.join("secret"), SECRET).unwrap();
    fs::create_dir_all(data_dir.join("files")).unwrap();
    symlink(&outside, data_dir.join("files/shared")).unwrap();
    let program = Program::start(&data_dir);
    let (_, made) = program.post("/apps", json!({ "ui_spec": writer() })).await;
    let read =
        json!({ "tool_id": "files.read", "params": { "path": "shared:secret" }, "app_id": made["app_id"] });
    let (_, asked) = program.post("/services/execute", read.clone()).await;
    assert_eq!(asked["code"], "approval_required");
    let open = program.get("/kernel/approvals").await;
    let id = open["approvals"][0]["id"].as_str().unwrap().to_owned();
    program
        .post(&format!("/kernel/approvals/{id}"), json!({ "answer": "once" }))
        .await;
    let (_, answer) = program.post("/services/execute", read).await;
    assert_eq!(answer["success"], false, "{answer}");
    assert!(!answer.to_string().contains(SECRET), "{answer}");
}

#[tokio::test]
async fn no_spelling_leads_out_of_the_folder() {
    let machine = Machine::start().await;
    fs::create_dir(machine.home.join("d")).unwrap();
    let outside = machine.outside.display().to_string();
    let paths = [
        "../../../../outside/secret",
        "d/../../../../../outside/secret",
        "home:../home/own.txt",
        "..",
        "d/..",
        ".",
        "own.txt/",
        "d/",
        "d//own.txt",
        "/own.txt",
        "/proc/self/environ",
        "/etc/passwd",
        "shared:../agentos.db",
        "tmp:/etc/passwd",
        "file:///etc/passwd",
        "..\\..\\secret",
        "C:\\Windows",
        "own.txt\0",
        "a\nb",
        "con",
        "NUL.txt",
        "d/lpt1.log",
        "own.txt:stream",
        "own.txt.",
        ".agentos-1",
    ];
    let long = [
        "n".repeat(6_000),
        "d/".repeat(3_000) + "a",
        "../".repeat(2_000) + "etc/passwd",
    ];
    for path in paths
        .into_iter()
        .chain(long.iter().map(String::as_str))
        .chain([outside.as_str()])
    {
        machine.expect_of(some_tools_at(path), "args_invalid").await;
    }
    for name in [
        "%2e%2e%2fsecret",
        "\u{2025}\u{2215}secret",
        "\u{ff0e}\u{ff0e}",
        "~",
        "$HOME",
        "-rf",
    ] {
        machine
            .done("files.write", json!({ "path": name, "content": "a name" }))
            .await;
        assert_eq!(fs::read_to_string(machine.home.join(name)).unwrap(), "a name");
    }
    machine.check_outside();
}

#[tokio::test]
async fn a_file_with_another_name_elsewhere_is_not_written_to() {
    let machine = Machine::start().await;
    fs::hard_link(machine.outside.join("secret"), machine.home.join("linked")).unwrap();
    for (tool, params) in [
        (
            "files.write",
            json!({ "path": "linked", "content": "overwritten" }),
        ),
        (
            "files.append",
            json!({ "path": "linked", "content": "overwritten" }),
        ),
        ("files.move", json!({ "from": "linked", "to": "moved" })),
    ] {
        let answer = machine.call(tool, params).await;
        assert_eq!(answer["code"], "permission_denied", "{tool}: {answer}");
    }
    machine.check_outside();
    machine.done("files.delete", json!({ "path": "linked" })).await;
    machine.check_outside();
}

#[tokio::test]
async fn what_is_no_file_is_refused_and_holds_nobody_up() {
    let machine = Machine::start().await;
    let _socket = UnixListener::bind(machine.home.join("socket")).unwrap();
    let made = |arguments: &[&str], name: &str| {
        let done = Command::new(arguments[0])
            .arg(machine.home.join(name))
            .args(&arguments[1..])
            .status();
        let is_there = done.is_ok_and(|status| status.success());
        if !is_there {
            eprintln!("skipped: {name} cannot be made on this machine");
        }
        is_there
    };
    let mut specials = vec!["socket"];
    specials.extend(made(&["mkfifo"], "pipe").then_some("pipe"));
    specials.extend(made(&["mknod", "c", "1", "5"], "zeros").then_some("zeros"));
    for name in specials {
        machine.expect_of(every_tool_at(name), "permission_denied").await;
        let kind = fs::symlink_metadata(machine.home.join(name)).unwrap().file_type();
        assert!(
            kind.is_socket() || kind.is_fifo() || kind.is_char_device(),
            "{name} stays what it is"
        );
    }
}

/// One thread turns a folder into a link to another place and back, as fast as it can, while calls go through it.
#[tokio::test(flavor = "multi_thread")]
async fn no_call_slips_through_while_a_folder_is_swapped_for_a_link() {
    let machine = Machine::start().await;
    let home = machine.home.clone();
    fs::create_dir(home.join("d")).unwrap();
    fs::write(home.join("d/secret"), "own").unwrap();
    symlink(&machine.outside, home.join("link")).unwrap();
    symlink(machine.outside.join("secret"), home.join("file-link")).unwrap();
    fs::write(home.join("file"), "own").unwrap();
    let stop = AtomicBool::new(false);
    let swaps = |name: &str, link: &str| {
        let [there, aside, link] =
            [name.to_owned(), format!("{name}-aside"), link.to_owned()].map(|name| home.join(name));
        let mut count = 0_u64;
        while !stop.load(Ordering::Relaxed) {
            // Either may have been changed by a call in between.
            let _ = fs::rename(&there, &aside);
            let _ = fs::rename(&link, &there);
            let _ = fs::rename(&there, &link);
            let _ = fs::rename(&aside, &there);
            count += 1;
        }
        count
    };
    let (mut answers, mut calls) = (0, 0);
    tokio::task::block_in_place(|| {
        std::thread::scope(|scope| {
            let folder = scope.spawn(|| swaps("d", "link"));
            let file = scope.spawn(|| swaps("file", "file-link"));
            let end = Instant::now() + Duration::from_secs(4);
            while Instant::now() < end {
                for (tool, params) in racing() {
                    let answer =
                        tokio::runtime::Handle::current().block_on(machine.call(tool, params.clone()));
                    calls += 1;
                    answers += u64::from(answer["success"] == true);
                    assert!(!answer.to_string().contains(SECRET), "{tool} {params}: {answer}");
                    machine.check_outside();
                }
            }
            stop.store(true, Ordering::Relaxed);
            let swapped = (folder.join().unwrap(), file.join().unwrap());
            assert!(
                swapped.0 > 100 && swapped.1 > 100,
                "{swapped:?} swaps are no race"
            );
        });
    });
    machine.check_outside();
    assert!(
        answers > 0 && answers < calls,
        "{answers} of {calls} calls met the folder"
    );
}

fn racing() -> Vec<(&'static str, Value)> {
    let mut calls = Vec::new();
    for path in ["d/secret", "file"] {
        calls.push(("files.read", json!({ "path": path })));
        calls.push(("files.stat", json!({ "path": path })));
        calls.push(("files.append", json!({ "path": path, "content": "own" })));
        calls.push(("files.copy", json!({ "from": path, "to": "copy" })));
        calls.push(("files.delete", json!({ "path": "copy" })));
    }
    calls.push(("files.write", json!({ "path": "d/new", "content": "own" })));
    calls.push(("files.mkdir", json!({ "path": "d/folder" })));
    calls.push(("files.list", json!({ "path": "d" })));
    calls.push(("files.move", json!({ "from": "d/new", "to": "d/newer" })));
    calls.push(("files.delete", json!({ "path": "d/newer" })));
    calls.push(("files.delete", json!({ "path": "d/folder" })));
    calls
}

#[tokio::test]
async fn a_root_is_full_at_its_limit_and_nothing_is_lost() {
    let machine = Machine::start().await;
    // It is counted at the first change.
    let tmp = machine.home.with_file_name("tmp");
    fs::create_dir(&tmp).unwrap();
    fs::write(tmp.join("short"), "short").unwrap();
    let large = fs::File::create(tmp.join("large")).unwrap();
    large.set_len((256 << 20) - 4_096).unwrap();
    for (tool, params) in [
        ("files.write", json!({ "path": "tmp:new", "content": "" })),
        (
            "files.append",
            json!({ "path": "tmp:short", "content": "x".repeat(5_000) }),
        ),
        ("files.copy", json!({ "from": "own.txt", "to": "tmp:copy" })),
        ("files.move", json!({ "from": "own.txt", "to": "tmp:moved" })),
        ("files.mkdir", json!({ "path": "tmp:folder" })),
    ] {
        let answer = machine.call(tool, params).await;
        assert_eq!(answer["code"], "quota_exceeded", "{tool}: {answer}");
    }
    assert_eq!(names(&tmp), ["large", "short"]);
    assert_eq!(fs::read_to_string(tmp.join("short")).unwrap(), "short");
    assert_eq!(names(&machine.home), ["own.txt"]);
    machine
        .done(
            "files.write",
            json!({ "path": "tmp:short", "content": "no longer than a block" }),
        )
        .await;
    fs::remove_file(tmp.join("large")).unwrap();
    machine
        .done(
            "files.write",
            json!({ "path": "tmp:new", "content": "there is room again" }),
        )
        .await;
}

#[tokio::test]
async fn a_disk_that_is_full_is_told_and_nothing_is_lost() {
    let (place, data_dir) = place();
    let files = data_dir.join("files");
    fs::create_dir_all(&files).unwrap();
    let Some(_disk) = SmallDisk::mount(&files) else {
        eprintln!("skipped: no disk can be mounted on this machine");
        return;
    };
    let program = Program::start(&data_dir);
    let (_, made) = program.post("/apps", json!({ "ui_spec": writer() })).await;
    let write = async |content: &str| {
        let params = json!({ "path": "a.txt", "content": content });
        let body = json!({ "tool_id": "files.write", "params": params, "app_id": made["app_id"] });
        program.post("/services/execute", body).await.1
    };
    let first = write("kept").await;
    assert_eq!(first["success"], true, "{first}");
    let refused = write(&"x".repeat(600 << 10)).await;
    assert_eq!(refused["code"], "io", "{refused}");
    assert!(
        refused["error"].as_str().unwrap().contains("disk full"),
        "{refused}"
    );
    let home = home_in(&data_dir);
    assert_eq!(names(&home), ["a.txt"], "nothing half-written stays");
    assert_eq!(fs::read_to_string(home.join("a.txt")).unwrap(), "kept");
    assert_eq!(write("room again").await["success"], true);
    drop(program);
    drop(place);
}

/// Half a mebibyte of memory as a disk; gone on drop.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(at: &Path) -> Option<Self> {
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=512k", "tmpfs"])
            .arg(at)
            .output();
        mount
            .is_ok_and(|output| output.status.success())
            .then(|| Self(at.to_owned()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_a_kill_and_what_was_half_written_is_not() {
    let (_place, data_dir) = place();
    let program = Program::start(&data_dir);
    let (_, made) = program.post("/apps", json!({ "ui_spec": writer() })).await;
    let call = async |program: &Program, tool: &str, params: Value| {
        let body = json!({ "tool_id": tool, "params": params, "app_id": made["app_id"] });
        program.post("/services/execute", body).await.1
    };
    for (path, content) in [("a.txt", "kept"), ("tmp:a.txt", "for now")] {
        let written = call(
            &program,
            "files.write",
            json!({ "path": path, "content": content }),
        )
        .await;
        assert_eq!(written["success"], true, "{written}");
    }
    drop(program);
    let home = home_in(&data_dir);
    fs::write(home.join(".agentos-abc"), "half").unwrap();

    let program = Program::start(&data_dir);
    let app = made["app_id"].as_str().unwrap();
    program.post(&format!("/apps/{app}/engine"), Value::Null).await;
    let read = call(&program, "files.read", json!({ "path": "a.txt" })).await;
    assert_eq!(read["data"], "kept", "{read}");
    let gone = call(&program, "files.read", json!({ "path": "tmp:a.txt" })).await;
    assert_eq!(gone["code"], "not_found", "{gone}");
    let listed = call(&program, "files.list", json!({})).await;
    assert_eq!(listed["data"].as_array().unwrap().len(), 1, "{listed}");
    call(
        &program,
        "files.append",
        json!({ "path": "a.txt", "content": "!" }),
    )
    .await;
    assert_eq!(names(&home), ["a.txt"]);
    // So does the folder that holds nothing else.
    call(&program, "files.mkdir", json!({ "path": "d" })).await;
    fs::write(home.join("d/.agentos-abc"), "half").unwrap();
    let listed = call(&program, "files.list", json!({ "path": "d" })).await;
    assert_eq!(listed["data"], json!([]), "{listed}");
    let removed = call(&program, "files.delete", json!({ "path": "d" })).await;
    assert_eq!(removed["data"], true, "{removed}");
    assert_eq!(names(&home), ["a.txt"]);
    for (place, mode) in [
        (home.join("a.txt"), 0o600),
        (home, 0o700),
        (data_dir.join("files"), 0o700),
    ] {
        let kept = fs::metadata(&place).unwrap().permissions().mode() & 0o777;
        assert_eq!(kept, mode, "{} is its owner's alone", place.display());
    }
}
