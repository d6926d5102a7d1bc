//! Names that change what they mean: a request goes to an address that was checked, or nowhere.

use std::collections::VecDeque;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use agentos_adapters::database;
use agentos_adapters::kernel::{Host, LocalKernel, Resolver, SqliteAppData};
use agentos_core::kernel::{
    Capability, HttpRequest, KernelConfig, Method, Pid, Principal, Reply, Rule, Site, Syscall,
};
use agentos_core::ports::kernel::KernelPort;
use async_trait::async_trait;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::{TokioClock, app, config, run};

/// Public by its range, which was never given to anybody.
const NOWHERE: &str = "2000::1";
const HERE: &str = "127.0.0.1";

/// Answers from a list, one answer a question, and remembers what it was asked.
#[derive(Debug, Default)]
struct ScriptedResolver {
    answers: Mutex<VecDeque<Vec<IpAddr>>>,
    asked: Mutex<Vec<String>>,
}

impl ScriptedResolver {
    fn new(answers: &[&[&str]]) -> Arc<Self> {
        let addresses = |answer: &&[&str]| answer.iter().map(|text| text.parse().unwrap()).collect();
        Arc::new(Self {
            answers: Mutex::new(answers.iter().map(addresses).collect()),
            asked: Mutex::default(),
        })
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

#[async_trait]
impl Resolver for ScriptedResolver {
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        self.asked.lock().unwrap().push(name.to_owned());
        let answer = self.answers.lock().unwrap().pop_front();
        answer.ok_or_else(|| io::Error::other("asked too often"))
    }
}

/// A server on this machine that leads `/away` to another name at its own port.
struct Neighbour {
    port: u16,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Neighbour {
    async fn start() -> Self {
        let listener = TcpListener::bind((HERE, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&requests);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = vec![0; 4_096];
                let read = stream.read(&mut request).await.unwrap_or(0);
                let request = String::from_utf8_lossy(&request[..read]).into_owned();
                let answer = if request.starts_with("GET /away") {
                    format!("302 Found\r\nlocation: http://other.test:{port}/")
                } else {
                    "200 OK".to_owned()
                };
                kept.lock().unwrap().push(request);
                let answer = format!("HTTP/1.1 {answer}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        Self { port, requests }
    }

    fn requests(&self) -> usize {
        self.requests.lock().unwrap().len()
    }
}

/// A kernel of which the operator named `own.test` at `port`, and an app that may ask it and `other.test`.
async fn machine(resolver: Arc<dyn Resolver>, port: u16) -> (Arc<dyn KernelPort>, Pid) {
    let site = |name: &str| Site::parse(&format!("{name}:{port}")).unwrap();
    let config = KernelConfig {
        operator_sites: [site("own.test")].into(),
        ..config()
    };
    let app_data = SqliteAppData::new(database::in_memory().await.unwrap());
    let host = Host::new(app_data).with_resolver(resolver);
    let kernel: Arc<dyn KernelPort> =
        Arc::new(LocalKernel::start(config, TokioClock::start(), Arc::new(host)));
    let pid = app(&*kernel, 1).await;
    for name in ["own.test", "other.test"] {
        let capability = Capability::from(site(name).rule());
        kernel.grant(pid, capability, Rule::Allow).await.unwrap();
    }
    (kernel, pid)
}

/// The status, or the code of the error.
async fn fetch(kernel: &dyn KernelPort, pid: Pid, url: String) -> String {
    let request = Syscall::NetworkRequest(HttpRequest {
        method: Method::Get,
        url,
        headers: Vec::new(),
        body: Vec::new(),
        timeout: Some(2_000),
        response_bytes: None,
    });
    match kernel.syscall(Principal::Process(pid), request).await {
        Ok(Reply::Response(response)) => response.status.to_string(),
        Ok(other) => panic!("{other:?}"),
        Err(error) => error.code().to_owned(),
    }
}

/// Asks for `url`, where `PORT` stands for that of a server on this machine, while names resolve to `answers` one
/// after another. Expects the names that are looked up, the outcome, and how many requests came to this machine.
#[track_caller]
fn check(url: &str, answers: &[&[&str]], looked_up: &[&str], outcome: &str, came: usize) {
    let (got, asked, requests) = run(async {
        let neighbour = Neighbour::start().await;
        let resolver = ScriptedResolver::new(answers);
        let (kernel, pid) = machine(resolver.clone(), neighbour.port).await;
        let url = url.replace("PORT", &neighbour.port.to_string());
        let got = fetch(&*kernel, pid, url).await;
        (got, resolver.asked(), neighbour.requests())
    });
    let got = match got.as_str() {
        // Where no address answers, some networks say so and others keep silent.
        "unavailable" | "deadline_exceeded" => "unreached",
        other => other,
    };
    assert_eq!(
        (
            got,
            asked.iter().map(String::as_str).collect::<Vec<_>>().as_slice(),
            requests
        ),
        (outcome, looked_up, came),
        "{url} at {answers:?}"
    );
}

const OWN: &str = "http://own.test:PORT/";
const OTHER: &str = "http://other.test:PORT/";
const AWAY: &str = "http://own.test:PORT/away";

#[test]
fn what_the_operator_named_is_reached_at_the_address_that_was_looked_up() {
    check(OWN, &[&[HERE]], &["own.test"], "200", 1);
}

#[test]
fn a_name_that_leads_here_is_refused_though_it_is_allowed() {
    for here in [
        HERE,
        "::1",
        "::ffff:127.0.0.1",
        "0.0.0.0",
        "::",
        "10.0.0.1",
        "169.254.169.254",
        "fe80::1",
    ] {
        check(OTHER, &[&[here]], &["other.test"], "permission_denied", 0);
    }
    check(OTHER, &[&[HERE, "::1"]], &["other.test"], "permission_denied", 0);
    check(OTHER, &[&[]], &["other.test"], "permission_denied", 0);
    check(OTHER, &[], &["other.test"], "permission_denied", 0);
}

#[test]
fn of_public_and_other_addresses_together_only_the_public_are_tried() {
    check(OTHER, &[&[HERE, NOWHERE]], &["other.test"], "unreached", 0);
    check(OTHER, &[&[NOWHERE, HERE, "::1"]], &["other.test"], "unreached", 0);
}

#[test]
fn a_name_is_looked_up_once_so_its_answer_cannot_change_before_the_connection() {
    check(OTHER, &[&[NOWHERE], &[HERE]], &["other.test"], "unreached", 0);
    check(OWN, &[&[HERE], &[NOWHERE]], &["own.test"], "200", 1);
}

#[test]
fn where_a_redirect_leads_is_looked_up_and_checked_again() {
    let names = ["own.test", "other.test"];
    check(AWAY, &[&[HERE], &[HERE]], &names, "permission_denied", 1);
    check(AWAY, &[&[HERE], &[NOWHERE]], &names, "unreached", 1);
}
