//! The real program: starting, stopping and refusing to start.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

use reqwest::Client;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::apps::note;
use crate::server::{Answer, answer};

/// The running program; killed when dropped.
pub(crate) struct Program {
    child: Child,
    pub(crate) url: String,
}

impl Program {
    /// Starts it on a free port and waits for the line that says it is ready.
    pub(crate) fn start(data_dir: &Path) -> Self {
        let mut child = command(data_dir)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap())
            .read_line(&mut line)
            .unwrap();
        let url = line
            .trim()
            .strip_prefix("AgentOS is ready at ")
            .unwrap_or_else(|| panic!("{line:?}"))
            .to_owned();
        Self { child, url }
    }

    async fn send(&self, method: &str, path: &str, body: Value) -> Answer {
        let method = method.parse().unwrap();
        let request = Client::new().request(method, format!("{}{path}", self.url));
        answer(if body.is_null() {
            request
        } else {
            request.json(&body)
        })
        .await
    }

    /// As a power cut would.
    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
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
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(data_dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_agentos-server"));
    command
        .args(["--listen", "127.0.0.1:0", "--data-dir"])
        .arg(data_dir)
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
        .args(["--llm", "gemini"])
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
        .arg(data_dir.with_file_name("other"));
    let (code, told) = refusal(elsewhere);
    assert_eq!(code, Some(3), "{told}");
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_kill() {
    let (_place, data_dir) = place();
    let program = Program::start(&data_dir);
    let made = program
        .send(
            "POST",
            "/generate-ui",
            json!({ "message": "create a calculator" }),
        )
        .await
        .body;
    let calculator = made["app_id"].as_str().unwrap().to_owned();
    let app = program
        .send("POST", "/apps", json!({ "ui_spec": note("Note") }))
        .await
        .body["app_id"]
        .clone();
    let app = app.as_str().unwrap().to_owned();
    let saved = program
        .send("POST", "/registry/save", json!({ "app_id": app, "name": "Kept" }))
        .await
        .body;
    let package = saved["package_id"].as_str().unwrap().to_owned();
    let lease = program
        .send("POST", &format!("/apps/{app}/engine"), Value::Null)
        .await
        .body;
    let state = json!({ "state": { "text": "written down" }, "engine": lease["engine"] });
    assert_eq!(
        program
            .send("PUT", &format!("/apps/{app}/state"), state)
            .await
            .body,
        json!({ "rev": 1 })
    );
    let before = program.send("GET", "/apps", Value::Null).await.body;
    program.kill();

    let program = Program::start(&data_dir);
    let after = program.send("GET", "/apps", Value::Null).await.body;
    let documents = |list: &Value| -> Vec<Value> {
        list["apps"]
            .as_array()
            .unwrap()
            .iter()
            .map(|app| json!([app["id"], app["ui_spec"]]))
            .collect()
    };
    assert_eq!(documents(&after), documents(&before));
    assert!(
        after["apps"]
            .as_array()
            .unwrap()
            .iter()
            .all(|app| app["state"] == "suspended"),
        "{after}"
    );

    let lease = program
        .send("POST", &format!("/apps/{app}/engine"), Value::Null)
        .await
        .body;
    assert_eq!(
        (&lease["rev"], &lease["state"]),
        (&json!(1), &json!({ "text": "written down" }))
    );
    assert_ne!(
        program
            .send("GET", &format!("/apps/{app}"), Value::Null)
            .await
            .body["state"],
        "suspended"
    );

    for id in [&app, &calculator] {
        assert_eq!(
            program
                .send("DELETE", &format!("/apps/{id}"), Value::Null)
                .await
                .status,
            200
        );
    }
    let launched = program
        .send("POST", &format!("/registry/apps/{package}/launch"), Value::Null)
        .await
        .body;
    let again = launched["app_id"].as_str().unwrap();
    let state = program
        .send("GET", &format!("/apps/{again}/state"), Value::Null)
        .await
        .body;
    assert_eq!(
        state["state"]["text"], "written down",
        "a package's data is there when its app is launched again"
    );
}
