//! What the log is told of a syscall: its name, its process and how it ended, and nothing of what it carried.

use std::collections::BTreeMap;
use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex};

use agentos_core::kernel::{
    Capability, Dispatch, FileCall, FsPath, HttpRequest, Method, ModelRequest, Peer, Pid, Principal, Rule,
    Site, SysError, Syscall, WriteMode,
};
use agentos_core::ports::kernel::KernelPort;
use agentos_core::testing::host::FakeHost;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use super::{app, namespace, put, run_paused, start};

/// Keeps the fields of every span, and all that any span or event says.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    /// The name of each span and its fields, in the order in which they began.
    spans: Vec<(&'static str, BTreeMap<&'static str, String>)>,
    said: String,
}

struct Fields<'a>(&'a mut BTreeMap<&'static str, String>);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }
}

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut kept = self.0.lock().unwrap();
        let mut fields = BTreeMap::new();
        span.record(&mut Fields(&mut fields));
        kept.spans.push((span.metadata().name(), fields));
        Id::from_u64(kept.spans.len() as u64)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        let mut kept = self.0.lock().unwrap();
        values.record(&mut Fields(&mut kept.spans[span.into_u64() as usize - 1].1));
    }

    fn event(&self, event: &Event<'_>) {
        let mut fields = BTreeMap::new();
        event.record(&mut Fields(&mut fields));
        let mut kept = self.0.lock().unwrap();
        writeln!(kept.said, "{} {fields:?}", event.metadata().target()).unwrap();
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

impl Log {
    /// The syscalls by name, process and outcome; each has its time.
    fn syscalls(&self) -> Vec<(String, String, String)> {
        let kept = self.0.lock().unwrap();
        let syscalls = kept.spans.iter().filter(|(name, _)| *name == "syscall");
        let told = syscalls.map(|(_, fields)| {
            let names: Vec<&str> = fields.keys().copied().collect();
            assert_eq!(names, ["micros", "name", "outcome", "pid"]);
            fields["micros"].parse::<u64>().unwrap();
            (
                fields["name"].clone(),
                fields["pid"].clone(),
                fields["outcome"].clone(),
            )
        });
        told.collect()
    }

    fn all(&self) -> String {
        let kept = self.0.lock().unwrap();
        format!("{}{:?}", kept.said, kept.spans)
    }
}

fn calls() -> Vec<(Syscall, &'static str, &'static str)> {
    let request = |url: &str| {
        Syscall::NetworkRequest(HttpRequest {
            method: Method::Post,
            url: url.to_owned(),
            headers: vec![("x-key".to_owned(), "carried-header".to_owned())],
            body: b"carried-body".to_vec(),
            timeout: None,
            response_bytes: None,
        })
    };
    let file = |path: &str| {
        Syscall::File(FileCall::Write {
            path: FsPath::parse(path).unwrap(),
            bytes: b"carried-content".to_vec(),
            mode: WriteMode::Replace,
            if_etag: None,
        })
    };
    vec![
        (put(1, "k", "carried-value"), "store_put", "ok"),
        (put(2, "k", "carried-value"), "store_put", "permission_denied"),
        (file("home:a.txt"), "write_file", "ok"),
        (file("home:d/a.txt"), "write_file", "not_found"),
        (
            request("https://site.test/carried-path?q=carried-query"),
            "network_request",
            "unavailable",
        ),
        (
            request("https://user:carried-password@site.test/"),
            "network_request",
            "invalid_argument",
        ),
        (
            Syscall::LlmGenerate(ModelRequest {
                prompt: "carried-prompt".to_owned(),
                text: "carried-text".to_owned(),
                max_tokens: None,
            }),
            "llm_generate",
            "approval_required",
        ),
        (
            Syscall::IpcDispatch {
                dispatch: Dispatch::Send {
                    to: Peer::App(namespace(1)),
                },
                body: b"carried-message".to_vec(),
            },
            "ipc_send",
            "approval_required",
        ),
        (Syscall::GetCurrentTime, "get_current_time", "ok"),
    ]
}

#[test]
fn a_syscall_is_logged_by_name_process_and_outcome_without_what_it_carries() {
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let pid = run_paused(async {
        let kernel: Arc<dyn KernelPort> = Arc::new(start(Arc::new(FakeHost::default())));
        let pid = app(&*kernel, 1).await;
        let site = Capability::from(Site::parse("site.test").unwrap().rule());
        kernel.grant(pid, site, Rule::Allow).await.unwrap();
        for (syscall, name, outcome) in calls() {
            let answer = kernel.syscall(Principal::Process(pid), syscall).await;
            let code = answer.as_ref().map_or_else(SysError::code, |_| "ok");
            assert_eq!(code, outcome, "{name}: {answer:?}");
        }
        pid
    });
    let own = |pid: Pid, name: &str, outcome: &str| (name.to_owned(), pid.to_string(), outcome.to_owned());
    let mut expected = vec![
        own(Pid::SYSTEM, "spawn_process", "ok"),
        own(Pid::SYSTEM, "add_grant", "ok"),
    ];
    expected.extend(calls().iter().map(|(_, name, outcome)| own(pid, name, outcome)));
    assert_eq!(log.syscalls(), expected);
    assert!(log.all().contains("answered"), "{}", log.all());
    assert!(!log.all().contains("carried"), "{}", log.all());
}
