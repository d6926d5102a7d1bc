//! The rules of the kernel as tables, and long random runs against what must hold after every step.

mod approvals;
mod calls;
mod files;
mod keys_runs;
mod limits;
mod memory;
mod messages;
mod messages_runs;
mod model;
mod processes;
mod programs;
mod rules;
mod runs;
mod sockets;
mod stats;
mod streams;

use super::*;
use crate::ids::Namespace;

const START: Millis = 1_700_000_000_000;

fn namespace(number: u128) -> Namespace {
    Namespace::new(START, number)
}

fn key(text: &str) -> StoreKey {
    StoreKey::parse(text).unwrap()
}

fn get(number: u128) -> Syscall {
    Syscall::StoreGet {
        namespace: namespace(number),
        key: key("k"),
    }
}

fn put(number: u128, bytes: usize) -> Syscall {
    Syscall::StorePut {
        namespace: namespace(number),
        key: key("k"),
        value: vec![0; bytes],
        if_version: None,
    }
}

/// A kernel, the time, and what it wanted done.
struct Bench {
    kernel: Kernel,
    now: Millis,
    calls: u64,
    /// Whether callers take their answers as soon as they are given.
    takes_answers: bool,
}

impl Bench {
    fn new() -> Self {
        Self::with(KernelConfig::new(BootId::new(START, 1)))
    }

    fn with(config: KernelConfig) -> Self {
        Self {
            kernel: Kernel::new(config, START),
            now: START,
            calls: 0,
            takes_answers: true,
        }
    }

    fn one_at_once() -> Self {
        Self::with(KernelConfig {
            local_at_once: 1,
            ..KernelConfig::new(BootId::new(START, 1))
        })
    }

    fn handle(&mut self, input: Input) -> Vec<Effect> {
        let effects = self.kernel.handle(input, self.now);
        if self.takes_answers {
            for call in replies(&effects).into_keys() {
                assert_eq!(self.kernel.handle(Input::Taken { call }, self.now), []);
            }
        }
        effects
    }

    fn call(&mut self, caller: Principal, syscall: Syscall) -> (CallId, Vec<Effect>) {
        self.make(Call::new(caller, syscall))
    }

    fn make(&mut self, call: Call) -> (CallId, Vec<Effect>) {
        self.calls += 1;
        let id = CallId(self.calls);
        (id, self.handle(Input::Call { id, call }))
    }

    /// The answer to a call that needs no operation.
    fn answer(&mut self, caller: Principal, syscall: Syscall) -> Result<Reply, SysError> {
        let (call, effects) = self.call(caller, syscall);
        replies(&effects).remove(&call).expect("an answer at once")
    }

    fn system(&mut self, syscall: Syscall) -> Result<Reply, SysError> {
        self.answer(Principal::System, syscall)
    }

    fn spawn(&mut self, new: NewProcess) -> Result<Pid, SysError> {
        self.system(Syscall::SpawnProcess(new)).map(|reply| match reply {
            Reply::Spawned(pid) => pid,
            other => panic!("{other:?}"),
        })
    }

    fn app(&mut self, number: u128) -> Pid {
        self.spawn(NewProcess::app("app", namespace(number))).unwrap()
    }

    fn grant(&mut self, to: Pid, capability: Capability) -> GrantId {
        let rule = Rule::Allow;
        match self.system(Syscall::AddGrant { to, capability, rule }) {
            Ok(Reply::Granted(grant)) => grant,
            other => panic!("{other:?}"),
        }
    }

    fn done(&mut self, op: OpId) -> Vec<Effect> {
        self.handle(Input::OpDone {
            op,
            result: Ok(Reply::Done),
        })
    }

    fn usage(&self, pid: Pid) -> Usage {
        self.kernel.processes.get(pid).unwrap().usage
    }
}

fn request(url: &str) -> HttpRequest {
    HttpRequest {
        method: Method::Get,
        url: url.to_owned(),
        headers: Vec::new(),
        body: Vec::new(),
        timeout: None,
        response_bytes: None,
    }
}

fn fetch(url: &str) -> Syscall {
    Syscall::NetworkRequest(request(url))
}

fn ask(prompt: &str) -> Syscall {
    Syscall::LlmGenerate(ModelRequest {
        prompt: prompt.to_owned(),
        text: String::new(),
        max_tokens: None,
    })
}

fn file_path(text: &str) -> FsPath {
    FsPath::parse(text).unwrap()
}

fn write(path: FsPath, bytes: usize) -> FileCall {
    FileCall::Write {
        path,
        bytes: vec![0; bytes],
        mode: WriteMode::Replace,
        if_etag: None,
    }
}

fn response(status: u16, headers: &[(&str, &str)], body: usize) -> HttpResponse {
    let headers = headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    HttpResponse {
        status,
        headers: headers.collect(),
        body: vec![b'x'; body],
    }
}

fn replies(effects: &[Effect]) -> BTreeMap<CallId, Result<Reply, SysError>> {
    let answered = effects.iter().filter_map(|effect| match effect {
        Effect::Reply { call, result } => Some((*call, result.clone())),
        _ => None,
    });
    answered.collect()
}

fn performed(effects: &[Effect]) -> Vec<OpId> {
    let ops = effects.iter().filter_map(|effect| match effect {
        Effect::Perform(op) => Some(op.id()),
        _ => None,
    });
    ops.collect()
}

fn cancelled(effects: &[Effect]) -> Vec<OpId> {
    let ops = effects.iter().filter_map(|effect| match effect {
        Effect::CancelOp(op) => Some(*op),
        _ => None,
    });
    ops.collect()
}

fn audited(effects: &[Effect]) -> Vec<Action> {
    let actions = effects.iter().filter_map(|effect| match effect {
        Effect::Audit(record) => Some(record.action.clone()),
        _ => None,
    });
    actions.collect()
}
