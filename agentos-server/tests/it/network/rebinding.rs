//! A name server that says something else each time it is asked.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::process::Command;
use std::sync::{Arc, Mutex};

use serde_json::json;
use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

use crate::machine::{Machine, Site};

const A: u16 = 1;
const AAAA: u16 = 28;
/// Public by its range, which was never given to anybody.
const NOWHERE: Ipv6Addr = Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 1);
/// Where the name server is; the port is the one everybody asks at.
const NAMESERVER: Ipv4Addr = Ipv4Addr::new(127, 53, 0, 53);

/// Answers the first question of each kind with [`NOWHERE`], and all that follow with this machine.
struct NameServer {
    asked: Arc<Mutex<Vec<u16>>>,
    serving: JoinHandle<()>,
}

impl NameServer {
    /// None where this machine does not let anybody be one, or no program be told of it alone.
    async fn start() -> Option<Self> {
        let may_mount = Command::new("unshare")
            .args(["--mount", "sh", "-c", "mount --bind /etc/hosts /etc/resolv.conf"])
            .output();
        if !may_mount.is_ok_and(|output| output.status.success()) {
            return None;
        }
        let socket = UdpSocket::bind((NAMESERVER, 53)).await.ok()?;
        let asked = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&asked);
        let serving = tokio::spawn(async move {
            let mut question = [0; 512];
            while let Ok((length, client)) = socket.recv_from(&mut question).await {
                let question = &question[..length];
                let kind = kind_of(question);
                let is_first = {
                    let mut asked = kept.lock().unwrap();
                    asked.push(kind);
                    asked.iter().filter(|known| **known == kind).count() == 1
                };
                let address = match (kind, is_first) {
                    (AAAA, true) => Some(NOWHERE.octets().to_vec()),
                    (A, false) => Some(Ipv4Addr::LOCALHOST.octets().to_vec()),
                    _ => None,
                };
                let _ = socket.send_to(&answer(question, address), client).await;
            }
        });
        Some(Self { asked, serving })
    }

    fn asked(&self) -> Vec<u16> {
        let mut asked = self.asked.lock().unwrap().clone();
        asked.sort_unstable();
        asked
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// What is asked for, behind the header and the name.
fn kind_of(question: &[u8]) -> u16 {
    let end = 12 + question[12..].iter().position(|byte| *byte == 0).unwrap();
    u16::from_be_bytes([question[end + 1], question[end + 2]])
}

fn answer(question: &[u8], address: Option<Vec<u8>>) -> Vec<u8> {
    let end = 12 + question[12..].iter().position(|byte| *byte == 0).unwrap() + 5;
    // The number of the question, one question, the answers, and nothing else.
    let mut answer = question[..2].to_vec();
    answer.extend([0x81, 0x80, 0, 1, 0, u8::from(address.is_some()), 0, 0, 0, 0]);
    answer.extend(&question[12..end]);
    if let Some(address) = address {
        answer.extend([0xc0, 12]);
        answer.extend(kind_of(question).to_be_bytes());
        answer.extend([0, 1, 0, 0, 0, 0, 0, address.len() as u8]);
        answer.extend(address);
    }
    answer
}

#[tokio::test]
async fn a_name_that_resolves_to_this_machine_after_it_was_checked_leads_nowhere() {
    let Some(names) = NameServer::start().await else {
        eprintln!("skipped: no name server can be put before one program on this machine");
        return;
    };
    let site = Site::start().await;
    let machine = Machine::resolving(&format!("nameserver {NAMESERVER}\n")).await;
    let url = format!("http://rebind.test:{}/", site.port);
    machine.allow(&url, "session").await;
    assert_eq!(
        names.asked(),
        [] as [u16; 0],
        "what is asked about is not looked up"
    );

    let got = machine
        .call("http.get", json!({ "url": url, "timeout": 2_000 }))
        .await;
    let code = got["code"].as_str().unwrap_or("ok");
    // Where no address answers, some networks say so and others keep silent.
    assert!(
        ["unavailable", "deadline_exceeded", "io"].contains(&code),
        "{got}"
    );
    assert_eq!(names.asked(), [A, AAAA], "it is looked up once");

    assert_eq!(machine.code(&url).await, "permission_denied");
    assert_eq!(names.asked(), [A, A, AAAA, AAAA]);
    assert_eq!(site.requests(), [] as [String; 0]);
}
