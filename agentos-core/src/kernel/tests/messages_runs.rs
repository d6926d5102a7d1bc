//! Random messages among processes that come and go: what was accepted is read once, in order, and paid
//! for to the byte.

use super::runs::Dice;
use super::*;

const TOPICS: [&str; 2] = ["news", "weather"];

/// Where a sender's messages must keep their order.
type Lane = (Pid, Pid, Option<Topic>);

/// A kernel under test, and what its processes know.
struct Run {
    bench: Bench,
    dice: Dice,
    processes: Vec<Pid>,
    grants: Vec<GrantId>,
    waiting: BTreeMap<CallId, Waiting>,
    serial: u64,
    /// Accepted messages nobody has read, with their receiver.
    accepted: BTreeMap<u64, Pid>,
    last_read: BTreeMap<Lane, u64>,
    /// Read by whom, from whom there may be a reply, and what was asked.
    requests: Vec<(Pid, RequestId, u64)>,
    /// What was published for each that listens, less what it read or was told it missed.
    outstanding: BTreeMap<(Pid, Topic), u64>,
    read: u64,
    answered: u64,
    lagged: u64,
    refused: u64,
}

#[derive(Debug, Clone)]
struct Waiting {
    by: Pid,
    about: About,
}

#[derive(Debug, Clone)]
enum About {
    Sent { to: Pid, serial: u64 },
    Asked { serial: u64 },
    Published { topic: Topic },
    Subscribed { topic: Topic },
    Unsubscribed { topic: Topic },
    Other,
}

impl Run {
    fn new(seed: u64) -> Self {
        let mut limits = LimitTable::default();
        limits.standard.mailbox_messages = 8;
        limits.standard.mailbox_bytes = 900;
        limits.standard.message_bytes = 300;
        limits.standard.memory_bytes = 1_000;
        limits.standard.calls_in_flight = 4;
        let config = KernelConfig {
            limits,
            ..KernelConfig::new(BootId::new(START, 1))
        };
        Self {
            bench: Bench::with(config),
            dice: Dice(seed),
            processes: Vec::new(),
            grants: Vec::new(),
            waiting: BTreeMap::new(),
            serial: 0,
            accepted: BTreeMap::new(),
            last_read: BTreeMap::new(),
            requests: Vec::new(),
            outstanding: BTreeMap::new(),
            read: 0,
            answered: 0,
            lagged: 0,
            refused: 0,
        }
    }

    fn pick<T: Clone>(&mut self, of: &[T]) -> Option<T> {
        let sides = of.len() as u64;
        (sides > 0).then(|| of[self.dice.below(sides) as usize].clone())
    }

    fn topic(&mut self) -> Topic {
        Topic::parse(self.pick(&TOPICS).unwrap()).unwrap()
    }

    fn step(&mut self) {
        self.bench.now += self.dice.below(30);
        let Some(pid) = self.pick(&self.processes.clone()) else {
            return self.spawn();
        };
        match self.dice.below(40) {
            0 | 1 if self.processes.len() < 8 => self.spawn(),
            2 if self.dice.below(4) == 0 => self.system(Syscall::KillProcess { pid }),
            3 => self.system(Syscall::SuspendProcess { pid }),
            4 | 5 => self.system(Syscall::ResumeProcess { pid }),
            6..=9 => self.grant(pid),
            10 => {
                if let Some(grant) = self.pick(&self.grants.clone()) {
                    self.system(Syscall::RevokeGrant { grant });
                }
            }
            11 => self.cancel(),
            12 => self.system(Syscall::WaitProcess { pid, wait: 400 }),
            13 | 14 => self.subscribe(pid),
            15..=20 => self.publish(pid),
            21..=26 => self.send(pid),
            27..=29 => self.ask(pid),
            30..=32 => self.reply(),
            33 if self.dice.below(10) == 0 => {
                self.bench.now += 2_000;
                let effects = self.bench.handle(Input::Tick);
                self.check(effects);
            }
            _ => self.receive(pid),
        }
    }

    fn spawn(&mut self) {
        let parent = match self.dice.below(3) {
            0 => self.pick(&self.processes.clone()),
            _ => None,
        };
        let own = namespace(self.dice.below(1_000).into());
        let new = NewProcess {
            parent: parent.unwrap_or(Pid::SYSTEM),
            ..NewProcess::app("app", own)
        };
        self.system(Syscall::SpawnProcess(new));
    }

    fn grant(&mut self, to: Pid) {
        let rights = self
            .pick(&[IpcRights::Send, IpcRights::Receive, IpcRights::Both])
            .unwrap();
        let with = match self.pick(&self.processes.clone()) {
            Some(other) if self.dice.below(2) == 0 => Partner::Process(other),
            _ => Partner::Topic(self.topic()),
        };
        let rule = if self.dice.below(12) == 0 {
            Rule::Deny
        } else {
            Rule::Allow
        };
        let capability = IpcRule { with, rights }.into();
        self.system(Syscall::AddGrant { to, capability, rule });
    }

    fn system(&mut self, syscall: Syscall) {
        self.call(Principal::System, syscall, About::Other);
    }

    fn call(&mut self, caller: Principal, syscall: Syscall, about: About) {
        let call = CallId(self.bench.calls + 1);
        let by = caller.pid();
        self.waiting.insert(call, Waiting { by, about });
        let (_, effects) = self.bench.call(caller, syscall);
        self.check(effects);
    }

    fn dispatch(&mut self, pid: Pid, dispatch: Dispatch, about: impl Fn(u64) -> About) {
        self.serial += 1;
        let mut body = self.serial.to_le_bytes().to_vec();
        body.resize(8 + self.dice.below(320) as usize, 0);
        let about = about(self.serial);
        let syscall = Syscall::IpcDispatch { dispatch, body };
        self.call(Principal::Process(pid), syscall, about);
    }

    fn send(&mut self, pid: Pid) {
        let to = self.pick(&self.processes.clone()).unwrap();
        let dispatch = Dispatch::Send {
            to: Peer::Process(to),
        };
        self.dispatch(pid, dispatch, |serial| About::Sent { to, serial });
    }

    fn ask(&mut self, pid: Pid) {
        let to = self.pick(&self.processes.clone()).unwrap();
        let dispatch = Dispatch::Call {
            to: Peer::Process(to),
            wait: 200 + self.dice.below(600),
        };
        self.dispatch(pid, dispatch, |serial| About::Asked { serial });
    }

    fn publish(&mut self, pid: Pid) {
        let topic = self.topic();
        let dispatch = Dispatch::Publish { topic: topic.clone() };
        self.dispatch(pid, dispatch, |_| About::Published { topic: topic.clone() });
    }

    fn subscribe(&mut self, pid: Pid) {
        let topic = self.topic();
        let caller = Principal::Process(pid);
        if self.dice.below(8) == 0 {
            let about = About::Unsubscribed { topic: topic.clone() };
            return self.call(caller, Syscall::IpcUnsubscribe { topic }, about);
        }
        let about = About::Subscribed { topic: topic.clone() };
        self.call(caller, Syscall::IpcSubscribe { topic }, about);
    }

    fn receive(&mut self, pid: Pid) {
        let wanted = match self.dice.below(4) {
            0 => Wanted::Direct,
            1 => Wanted::Topic(self.topic()),
            _ => Wanted::Any,
        };
        let syscall = Syscall::IpcReceive {
            wanted,
            max: 1 + self.dice.below(4) as u32,
            wait: self.dice.below(3) * 100,
        };
        self.call(Principal::Process(pid), syscall, About::Other);
    }

    /// Mostly by who was asked; at times again, or by somebody else.
    fn reply(&mut self) {
        let Some((asked, to, serial)) = self.pick(&self.requests.clone()) else {
            return;
        };
        let by = match self.dice.below(5) {
            0 => self.pick(&self.processes.clone()).unwrap(),
            _ => asked,
        };
        let body = serial.to_le_bytes().to_vec();
        self.call(
            Principal::Process(by),
            Syscall::IpcReply { to, body },
            About::Other,
        );
    }

    fn cancel(&mut self) {
        let waiting: Vec<CallId> = self.waiting.keys().copied().collect();
        if let Some(call) = self.pick(&waiting) {
            let effects = self.bench.handle(Input::Cancel { call });
            self.check(effects);
        }
    }

    fn check(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Reply { call, result } => self.answered(call, result),
                Effect::Perform(_) | Effect::CancelOp(_) => panic!("nothing of this leaves the kernel"),
                Effect::Audit(_) | Effect::Emit(_) => {}
            }
        }
        self.settle_subscriptions();
        let kernel = &self.bench.kernel;
        assert_eq!(
            kernel.calls.keys().collect::<Vec<_>>(),
            self.waiting.keys().collect::<Vec<_>>()
        );
        assert!(kernel.wake_at().is_none_or(|wake_at| wake_at > self.bench.now));
        for pid in &self.processes {
            let process = kernel.processes.get(*pid).unwrap();
            let calls = kernel
                .calls
                .values()
                .filter(|call| call.asked.caller.pid() == *pid);
            let (count, bytes) = calls.fold((0, 0), |(count, bytes), call| {
                (count + 1, bytes + call.held_bytes)
            });
            let Usage {
                calls_in_flight,
                memory_bytes,
                messages,
                message_bytes,
                ..
            } = process.usage;
            assert_eq!((calls_in_flight, memory_bytes), (count, bytes + message_bytes));
            assert!(memory_bytes <= process.limits.memory_bytes);
            assert!(message_bytes <= process.limits.mailbox_bytes);
            assert!(messages <= process.limits.mailbox_messages);
        }
    }

    fn answered(&mut self, call: CallId, result: Result<Reply, SysError>) {
        let Waiting { by, about } = self.waiting.remove(&call).expect("a call is answered once");
        self.refused += u64::from(matches!(result, Err(SysError::QuotaExceeded { .. })));
        match (about, result) {
            (About::Sent { to, serial }, Ok(_)) => {
                // It is handed out only after its sender was answered.
                assert!(
                    self.accepted.insert(serial, to).is_none(),
                    "{serial} was sent twice"
                );
            }
            (About::Asked { serial }, Ok(Reply::Answered(body))) => {
                self.answered += 1;
                assert_eq!(body, serial.to_le_bytes(), "the reply is to another request");
            }
            (About::Published { topic }, Ok(Reply::Delivered(_))) => {
                for ((listener, of), outstanding) in &mut self.outstanding {
                    *outstanding += u64::from(*of == topic && *listener != by);
                }
            }
            (About::Subscribed { topic }, Ok(_)) => {
                self.outstanding.entry((by, topic)).or_default();
            }
            (About::Unsubscribed { topic }, Ok(_)) => {
                self.outstanding.remove(&(by, topic));
            }
            (_, Ok(Reply::Messages(messages))) => {
                for message in messages {
                    self.received(by, message);
                }
            }
            (_, Ok(Reply::Spawned(pid))) => self.processes.push(pid),
            (_, Ok(Reply::Granted(grant))) => self.grants.push(grant),
            (_, Ok(Reply::Killed(ended))) => self.forget(&ended),
            _ => {}
        }
    }

    fn received(&mut self, by: Pid, message: Message) {
        self.read += 1;
        let serial = u64::from_le_bytes(message.body[..8].try_into().unwrap());
        let topic = match message.kind {
            MessageKind::Sent => {
                let to = self.accepted.remove(&serial);
                assert_eq!(
                    to,
                    Some(by),
                    "{serial} was not accepted, or read before, or is another's"
                );
                None
            }
            MessageKind::Request(request) => {
                self.requests.push((by, request, serial));
                None
            }
            MessageKind::Published { topic, lagged } => {
                self.lagged += lagged;
                let outstanding = self.outstanding.get_mut(&(by, topic.clone()));
                let outstanding = outstanding.expect("who hears it listens");
                *outstanding = outstanding
                    .checked_sub(1 + lagged)
                    .expect("more came than was published");
                Some(topic)
            }
        };
        let last = self.last_read.insert((message.from, by, topic), serial);
        assert!(last.is_none_or(|last| last < serial), "{serial} is out of order");
    }

    /// Those that a lost right ended are known to nobody but the kernel.
    fn settle_subscriptions(&mut self) {
        let listening: Vec<_> = self.bench.kernel.processes.subscriptions();
        self.outstanding
            .retain(|(pid, topic), _| listening.iter().any(|(own, of, _)| (own, of) == (pid, topic)));
    }

    fn forget(&mut self, ended: &[Pid]) {
        self.processes.retain(|pid| !ended.contains(pid));
        self.accepted.retain(|_, to| !ended.contains(to));
        self.requests.retain(|(asked, ..)| !ended.contains(asked));
    }

    /// Has everyone read what is left, and checks that this and what they are told is all there was.
    fn drain(&mut self) {
        self.bench.now += 60_000;
        let effects = self.bench.handle(Input::Tick);
        self.check(effects);
        assert!(self.waiting.is_empty(), "a call was never answered");
        self.read_all();
        assert!(self.accepted.is_empty(), "lost: {:?}", self.accepted);
        for name in TOPICS {
            let topic = Topic::parse(name).unwrap();
            let dispatch = Dispatch::Publish { topic: topic.clone() };
            self.serial += 1;
            let body = self.serial.to_le_bytes().to_vec();
            let syscall = Syscall::IpcDispatch { dispatch, body };
            self.call(Principal::System, syscall, About::Published { topic });
        }
        self.read_all();
        let untold = self.outstanding.values().sum::<u64>();
        assert_eq!(untold, 0, "published, and neither read nor told as lagged");
    }

    fn read_all(&mut self) {
        for pid in self.processes.clone() {
            self.system(Syscall::ResumeProcess { pid });
            let syscall = Syscall::IpcReceive {
                wanted: Wanted::Any,
                max: RECEIVE_LIMIT,
                wait: 0,
            };
            self.call(Principal::Process(pid), syscall, About::Other);
            let usage = self.bench.usage(pid);
            assert_eq!((usage.messages, usage.memory_bytes), (0, 0));
        }
    }

    /// Ends everyone, which leaves nothing.
    fn end(&mut self) {
        for pid in self.processes.clone() {
            self.system(Syscall::KillProcess { pid });
        }
        let kernel = &self.bench.kernel;
        assert_eq!(kernel.processes.visible_to(Principal::System).len(), 1);
        assert!(kernel.calls.is_empty() && kernel.deadlines.is_empty());
        assert!(self.outstanding.is_empty());
    }
}

#[test]
fn whatever_happens_no_message_is_lost_doubled_or_out_of_order() {
    let (mut read, mut answered, mut lagged, mut refused) = (0, 0, 0, 0);
    for seed in 0..60 {
        let mut run = Run::new(seed);
        for _ in 0..1_500 {
            run.step();
        }
        run.drain();
        run.end();
        read += run.read;
        answered += run.answered;
        lagged += run.lagged;
        refused += run.refused;
    }
    assert!(
        read > 4_000 && answered > 100 && lagged > 1_000 && refused > 100,
        "{read} {answered} {lagged} {refused}"
    );
}
