//! Questions to the person: may this app have what nobody has granted it?

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::CallId;
use super::capability::{Capability, Rule};
use super::error::{Resource, SysError};
use super::message::IpcRule;
use super::net::Site;
use super::place::FsRule;
use super::process::Pid;
use super::program::ProgramName;
use crate::ids::Namespace;
use crate::time::Millis;

/// How long a question waits; no answer is no.
pub const APPROVAL_TIME: Millis = 60_000;
/// The most questions of one process that wait at once.
pub const APPROVALS_PENDING: usize = 5;
/// The most needs of one namespace that are answered for longer than one call.
pub const APPROVALS_KEPT: usize = 128;

/// The number of a question. It begins at the time the kernel started, so that an answer which comes
/// after a restart meets no other question. Written as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ApprovalId(u64);

impl ApprovalId {
    /// None for what is no such number.
    pub fn parse(text: &str) -> Option<Self> {
        let number: u64 = text.parse().ok()?;
        (number.to_string() == text).then_some(Self(number))
    }
}

impl fmt::Display for ApprovalId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, formatter)
    }
}

impl TryFrom<String> for ApprovalId {
    type Error = SysError;

    fn try_from(text: String) -> Result<Self, SysError> {
        text.parse()
    }
}

impl FromStr for ApprovalId {
    type Err = SysError;

    fn from_str(text: &str) -> Result<Self, SysError> {
        Self::parse(text).ok_or_else(|| SysError::invalid("id"))
    }
}

impl From<ApprovalId> for String {
    fn from(id: ApprovalId) -> Self {
        id.to_string()
    }
}

/// What a person can allow an app.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ApprovalNeed {
    /// Every request to one site.
    Net(Site),
    /// One file, or a folder with all that is in it.
    Fs(FsRule),
    /// Questions to the model, which spend its tokens.
    Llm,
    /// A program of the operator's, with whatever arguments.
    Program { program: ProgramName },
    /// Messages to another app, which is named by its namespace so that the answer outlives its process,
    /// or one side of a topic.
    Ipc(IpcRule),
}

impl ApprovalNeed {
    /// What the process may do once it is allowed.
    pub fn capability(&self) -> Capability {
        match self {
            Self::Net(site) => site.rule().into(),
            Self::Fs(rule) => rule.clone().into(),
            Self::Llm => Capability::Llm,
            Self::Ipc(rule) => rule.clone().into(),
            Self::Program { program } => Capability::Program {
                program: program.clone(),
            },
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalAnswer {
    /// Allows the calls that wait; where none does, the next one.
    Once,
    /// Allows all apps of the namespace until the kernel stops.
    Session,
    /// As `Session`, and after a restart.
    Always,
    /// Denies as long as `Always` allows.
    Never,
}

impl ApprovalAnswer {
    /// What holds for the namespace from now on; none after `Once`.
    pub(super) fn rule(self) -> Option<Rule> {
        match self {
            Self::Once => None,
            Self::Session | Self::Always => Some(Rule::Allow),
            Self::Never => Some(Rule::Deny),
        }
    }

    pub(super) fn outlives_the_kernel(self) -> bool {
        matches!(self, Self::Always | Self::Never)
    }
}

/// A question that waits for its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Approval {
    pub id: ApprovalId,
    pub pid: Pid,
    pub need: ApprovalNeed,
    /// Milliseconds since the Unix epoch; from then on it counts as refused.
    pub expires_at: Millis,
}

/// An answer that holds for a namespace, also after a restart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StandingApproval {
    pub namespace: Namespace,
    pub need: ApprovalNeed,
    pub rule: Rule,
}

#[derive(Debug)]
pub(super) struct Question {
    pub(super) approval: Approval,
    /// Empty when nobody was there to be asked: then the call was not made to wait.
    pub(super) calls: BTreeSet<CallId>,
}

/// The open questions, and what was answered for longer than a call.
#[derive(Debug)]
pub(super) struct Approvals {
    issued: u64,
    open: BTreeMap<ApprovalId, Question>,
    standing: BTreeMap<Namespace, BTreeMap<ApprovalNeed, Rule>>,
    /// Allowed once while no call waited.
    passes: BTreeMap<Pid, BTreeSet<ApprovalNeed>>,
}

impl Approvals {
    pub(super) fn new(standing: Vec<StandingApproval>, now: Millis) -> Self {
        let mut approvals = Self {
            issued: now,
            open: BTreeMap::new(),
            standing: BTreeMap::new(),
            passes: BTreeMap::new(),
        };
        for StandingApproval {
            namespace,
            need,
            rule,
        } in standing
        {
            approvals.keep(namespace, need, rule);
        }
        approvals
    }

    /// By their age, oldest first.
    pub(super) fn open(&self) -> impl Iterator<Item = &Question> {
        self.open.values()
    }

    pub(super) fn get(&self, id: ApprovalId) -> Option<&Question> {
        self.open.get(&id)
    }

    pub(super) fn get_mut(&mut self, id: ApprovalId) -> Option<&mut Question> {
        self.open.get_mut(&id)
    }

    pub(super) fn take(&mut self, id: ApprovalId) -> Option<Question> {
        self.open.remove(&id)
    }

    /// The open question of `pid` about `need`.
    pub(super) fn asked(&mut self, pid: Pid, need: &ApprovalNeed) -> Option<&mut Question> {
        let mut open = self.open.values_mut();
        open.find(|question| question.approval.pid == pid && question.approval.need == *need)
    }

    /// Opens a question that is not open yet.
    pub(super) fn ask(&mut self, pid: Pid, need: ApprovalNeed, now: Millis) -> Result<Approval, SysError> {
        let used = self
            .open()
            .filter(|question| question.approval.pid == pid)
            .count();
        if used >= APPROVALS_PENDING {
            return Err(SysError::QuotaExceeded {
                resource: Resource::Approvals,
                limit: APPROVALS_PENDING as u64,
                used: used as u64,
                retry_after: None,
            });
        }
        self.issued += 1;
        let approval = Approval {
            id: ApprovalId(self.issued),
            pid,
            need,
            expires_at: now + APPROVAL_TIME,
        };
        let question = Question {
            approval: approval.clone(),
            calls: BTreeSet::new(),
        };
        self.open.insert(approval.id, question);
        Ok(approval)
    }

    /// When the next question expires.
    pub(super) fn wake_at(&self) -> Option<Millis> {
        self.open().map(|question| question.approval.expires_at).min()
    }

    /// One that is over at `now`.
    pub(super) fn expired(&self, now: Millis) -> Option<ApprovalId> {
        let mut open = self.open();
        open.find(|question| question.approval.expires_at <= now)
            .map(|question| question.approval.id)
    }

    pub(super) fn of_process(&self, pid: Pid) -> Vec<ApprovalId> {
        let own = self.open().filter(|question| question.approval.pid == pid);
        own.map(|question| question.approval.id).collect()
    }

    /// What holds for every process of `namespace`.
    pub(super) fn standing(&self, namespace: Namespace) -> impl Iterator<Item = (&ApprovalNeed, Rule)> {
        let standing = self.standing.get(&namespace).into_iter().flatten();
        standing.map(|(need, rule)| (need, *rule))
    }

    /// Whether one more need of `namespace` can be answered for longer than a call.
    pub(super) fn check_room(&self, namespace: Namespace) -> Result<(), SysError> {
        let used = self.standing(namespace).count();
        if used < APPROVALS_KEPT {
            return Ok(());
        }
        Err(SysError::QuotaExceeded {
            resource: Resource::Approvals,
            limit: APPROVALS_KEPT as u64,
            used: used as u64,
            retry_after: None,
        })
    }

    pub(super) fn keep(&mut self, namespace: Namespace, need: ApprovalNeed, rule: Rule) {
        self.standing.entry(namespace).or_default().insert(need, rule);
    }

    pub(super) fn forget_answer(&mut self, namespace: Namespace, need: &ApprovalNeed) {
        if let Some(standing) = self.standing.get_mut(&namespace) {
            standing.remove(need);
        }
    }

    pub(super) fn forget_namespace(&mut self, namespace: Namespace) {
        self.standing.remove(&namespace);
    }

    pub(super) fn add_pass(&mut self, pid: Pid, need: ApprovalNeed) {
        self.passes.entry(pid).or_default().insert(need);
    }

    pub(super) fn has_pass(&self, pid: Pid, need: &ApprovalNeed) -> bool {
        self.passes.get(&pid).is_some_and(|passes| passes.contains(need))
    }

    /// Whether there is a pass, which is then used up.
    pub(super) fn use_pass(&mut self, pid: Pid, need: &ApprovalNeed) -> bool {
        self.passes
            .get_mut(&pid)
            .is_some_and(|passes| passes.remove(need))
    }

    pub(super) fn forget(&mut self, pid: Pid) {
        self.passes.remove(&pid);
    }
}
