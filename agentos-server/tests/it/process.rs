//! The real program: starting, stopping and refusing to start.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
#[cfg(unix)]
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use reqwest::Method;
use serde_json::Value;
use tempfile::TempDir;

/// The running program; killed when dropped.
pub(crate) struct Program {
    child: Child,
    pub(crate) url: String,
    log: PathBuf,
}

impl Program {
    /// Starts it on a free port and waits for the line that says it is ready.
    pub(crate) fn start(data_dir: &Path) -> Self {
        Self::launch(command(data_dir), data_dir)
    }

    /// As [`start`](Self::start), with more arguments and variables.
    pub(crate) fn start_with(data_dir: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut command = command(data_dir);
        command.args(arguments).envs(variables.iter().copied());
        Self::launch(command, data_dir)
    }

    /// As [`start`](Self::start), where `nameservers` stands in the place of what says whom this machine asks for names.
    #[cfg(target_os = "linux")]
    pub(crate) fn start_resolving(data_dir: &Path, nameservers: &Path) -> Self {
        let server = command(data_dir);
        let mut command = Command::new("unshare");
        command
            .args([
                "--mount",
                "sh",
                "-c",
                "mount --bind \"$0\" /etc/resolv.conf && exec \"$@\"",
            ])
            .arg(nameservers)
            .arg(server.get_program())
            .args(server.get_args())
            .envs(server.get_envs().filter_map(|(name, value)| Some((name, value?))))
            .current_dir(data_dir.parent().unwrap());
        Self::launch(command, data_dir)
    }

    /// As [`start`](Self::start), where the program may have no more than `files` open.
    #[cfg(unix)]
    fn start_within(data_dir: &Path, files: u32) -> Self {
        let server = command(data_dir);
        let mut command = Command::new("sh");
        command
            .args(["-c", "ulimit -n \"$0\" && exec \"$@\""])
            .arg(files.to_string())
            .arg(server.get_program())
            .args(server.get_args())
            .envs(server.get_envs().filter_map(|(name, value)| Some((name, value?))))
            .env("AGENTOS_KERNEL_LISTEN", "127.0.0.1:0")
            .current_dir(data_dir.parent().unwrap());
        Self::launch(command, data_dir)
    }

    #[cfg(unix)]
    fn connect(&self) -> TcpStream {
        TcpStream::connect(self.url.strip_prefix("http://").unwrap()).unwrap()
    }

    /// The exit code of a start with more arguments that fails, and what it says.
    pub(crate) fn refused(data_dir: &Path, arguments: &[&str]) -> (Option<i32>, String) {
        Self::refused_with(data_dir, arguments, &[])
    }

    /// As [`refused`](Self::refused), with variables too.
    pub(crate) fn refused_with(
        data_dir: &Path,
        arguments: &[&str],
        variables: &[(&str, &str)],
    ) -> (Option<i32>, String) {
        let mut command = command(data_dir);
        command.args(arguments).envs(variables.iter().copied());
        refusal(command)
    }

    fn launch(mut command: Command, data_dir: &Path) -> Self {
        let log = data_dir.with_extension("log");
        let stderr = File::options().append(true).create(true).open(&log).unwrap();
        let mut child = command.stdout(Stdio::piped()).stderr(stderr).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap())
            .read_line(&mut line)
            .unwrap();
        let url = line
            .trim()
            .strip_prefix("AgentOS is ready at ")
            .unwrap_or_else(|| panic!("{line:?}"))
            .to_owned();
        Self { child, url, log }
    }

    #[cfg(target_os = "linux")]
    fn resident_bytes(&self) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        let kib: usize = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        kib * 1024
    }

    /// What this program and those before it on the same data wrote to standard error.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        self.ask(Method::GET, path, None).await.1
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        self.ask(Method::POST, path, Some(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> (u16, Value) {
        self.ask(Method::PUT, path, Some(body)).await
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
        let client = agentos_adapters::http::to_own_server().unwrap();
        let mut request = client.request(method, format!("{}{path}", self.url));
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    /// Ends it without warning, as `kill -9` does.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    #[cfg(unix)]
    pub(crate) fn terminate(mut self) -> ExitStatus {
        let pid = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &pid])
                .status()
                .unwrap()
                .success()
        );
        self.child.wait().unwrap()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
    }
}

fn command(data_dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_agentos-server"));
    command
        .arg("--data-dir")
        .arg(data_dir)
        .env("AGENTOS_LISTEN", "127.0.0.1:0")
        .env("AGENTOS_KERNEL_LISTEN", "")
        .env("AGENTOS_AI_LISTEN", "")
        .env("AGENTOS_LLM", "offline")
        .current_dir(data_dir.parent().unwrap());
    command
}

fn refusal(mut command: Command) -> (Option<i32>, String) {
    let output = command.output().unwrap();
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "",
        "only a ready server writes to standard output"
    );
    (
        output.status.code(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

pub(crate) fn place() -> (TempDir, std::path::PathBuf) {
    let place = tempfile::tempdir().unwrap();
    let data_dir = place.path().join("data");
    (place, data_dir)
}

#[cfg(target_os = "linux")]
#[test]
fn a_connection_that_stays_open_holds_little_memory() {
    let (_place, data_dir) = place();
    let program = Program::start(&data_dir);
    let connected = || {
        let mut connection = program.connect();
        let asked = b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
        connection.write_all(asked).unwrap();
        let mut answer = [0; 12];
        connection.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"HTTP/1.1 200");
        connection
    };
    let _first = connected();
    let before = program.resident_bytes();
    let idle: Vec<_> = (0..100).map(|_| connected()).collect();
    let each = program.resident_bytes().saturating_sub(before) / idle.len();
    assert!(each < 256 * 1024, "{each} bytes a connection");
}

#[cfg(unix)]
#[tokio::test]
async fn clients_that_say_nothing_keep_no_other_out() {
    let (_place, data_dir) = place();
    let program = Program::start_within(&data_dir, 256);
    let mut slow = program.connect();
    let head = "POST /validate HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n\
                Content-Length: 2\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n";
    slow.write_all(head.as_bytes()).unwrap();
    let mut go_on = [0; 25];
    slow.read_exact(&mut go_on).unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");

    let mut silent: Vec<_> = (0..300).map(|_| program.connect()).collect();
    assert_eq!(program.get("/health").await["status"], "healthy");
    assert_eq!(
        silent[0].read(&mut [0]).unwrap(),
        0,
        "who was silent longest is closed"
    );
    slow.write_all(b"{}").unwrap();
    let mut answer = String::new();
    slow.read_to_string(&mut answer).unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 200"),
        "who waits for an answer gets it: {answer}"
    );
}

#[cfg(unix)]
#[test]
fn says_where_it_is_ready_and_stops_cleanly() {
    let (_place, data_dir) = place();
    let mut program = Program::start(&data_dir);
    assert!(program.url.starts_with("http://127.0.0.1:"), "{}", program.url);
    let mut rest = program.child.stdout.take().unwrap();
    assert_eq!(program.terminate().code(), Some(0));
    let mut more = String::new();
    rest.read_to_string(&mut more).unwrap();
    assert_eq!(more, "", "exactly one line is printed");
}

#[test]
fn a_mistake_in_the_configuration_exits_with_2() {
    let (_place, data_dir) = place();
    let mut wrong = command(&data_dir);
    wrong
        .args(["--llm", "clippy"])
        .env("AGENTOS_DATABASE_URL", "postgres://x");
    let (code, told) = refusal(wrong);
    assert_eq!(code, Some(2));
    assert!(
        told.contains("--llm") && told.contains("AGENTOS_DATABASE_URL"),
        "{told}"
    );

    let mut unknown = command(&data_dir);
    unknown.arg("--colour");
    assert_eq!(refusal(unknown).0, Some(2));
}

#[test]
fn a_data_folder_or_an_address_in_use_exits_with_3() {
    let (_place, data_dir) = place();
    let program = Program::start(&data_dir);
    let (code, told) = refusal(command(&data_dir));
    assert_eq!(code, Some(3));
    assert!(told.contains("in use by another AgentOS"), "{told}");

    let taken = program.url.strip_prefix("http://").unwrap();
    let mut elsewhere = Command::new(env!("CARGO_BIN_EXE_agentos-server"));
    elsewhere
        .args(["--listen", taken, "--data-dir"])
        .arg(data_dir.with_file_name("other"))
        .env("AGENTOS_KERNEL_LISTEN", "")
        .env("AGENTOS_AI_LISTEN", "");
    let (code, told) = refusal(elsewhere);
    assert_eq!(code, Some(3), "{told}");
}
