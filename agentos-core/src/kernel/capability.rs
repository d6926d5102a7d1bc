//! What a process may do: grants, each derived from the one it came from.

use std::collections::BTreeMap;
use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::message::IpcRule;
use super::net::NetRule;
use super::path::{FsPath, FsRoot};
use super::place::{FilePlace, FsRights, FsRule};
use super::process::{Pid, Principal, Profile};
use crate::ids::Namespace;

/// One thing a process can be allowed or denied.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Capability {
    /// Read and write the app data of one namespace.
    Store { namespace: Namespace },
    /// Read the clock.
    Time,
    /// Read coarse facts about the machine.
    SystemInfo,
    /// Make child processes.
    Spawn,
    /// See, suspend, resume and kill its descendants.
    Signal,
    /// Make requests over the network.
    Net(Box<NetRule>),
    /// Reach files and folders.
    Fs(FsRule),
    /// Ask the model.
    Llm,
    /// Send messages to another process, or publish or hear what is published.
    Ipc(IpcRule),
    /// See and answer what a person is asked. No process can hold it.
    Approve,
}

impl Capability {
    /// Whether holding `self` is enough for `need`.
    pub fn covers(&self, need: &Self) -> bool {
        match (self, need) {
            (Self::Net(own), Self::Net(need)) => own.covers(need),
            (Self::Ipc(own), Self::Ipc(need)) => own.covers(need),
            (Self::Fs(own), Self::Fs(need)) => own.covers(need),
            _ => self == need,
        }
    }

    /// Whether who is denied `self` is denied `need`.
    pub(super) fn forbids(&self, need: &Self) -> bool {
        match (self, need) {
            (Self::Fs(own), Self::Fs(need)) => own.forbids(need),
            _ => self.covers(need),
        }
    }

    /// What `profile` holds from its start.
    pub(super) fn of_profile(profile: Profile, namespace: Option<Namespace>) -> Vec<Self> {
        let own_storage = namespace.map(|namespace| Self::Store { namespace });
        let facts = match profile {
            Profile::Minimal => vec![Self::Time],
            Profile::Standard | Profile::Privileged => vec![Self::Time, Self::SystemInfo],
        };
        let own_files = namespace.filter(|_| profile > Profile::Minimal).map(own_files);
        own_storage
            .into_iter()
            .chain(facts)
            .chain(own_files.into_iter().flatten())
            .collect()
    }
}

impl From<NetRule> for Capability {
    fn from(rule: NetRule) -> Self {
        Self::Net(Box::new(rule))
    }
}

/// What an app reads and changes without being asked about it.
fn own_files(namespace: Namespace) -> [Capability; 2] {
    [FsRoot::Home, FsRoot::Tmp].map(|root| {
        let place = FilePlace {
            path: FsPath::of_root(root),
            owner: Some(namespace),
        };
        Capability::Fs(FsRule {
            place,
            rights: FsRights::ReadWrite,
        })
    })
}

impl fmt::Display for Capability {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Net(rule) => return write!(formatter, "contact {}", rule.host),
            Self::Ipc(rule) => return rule.fmt(formatter),
            Self::Fs(rule) => return write!(formatter, "{rule}"),
            Self::Llm => "ask the model",
            Self::Approve => "answer for a person",
            Self::Store { .. } => "use this storage",
            Self::Time => "read the time",
            Self::SystemInfo => "read system information",
            Self::Spawn => "start processes",
            Self::Signal => "control this process",
        })
    }
}

/// The number of a grant, never used twice in one boot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GrantId(u64);

impl GrantId {
    pub fn from_number(number: u64) -> Self {
        Self(number)
    }

    pub fn number(self) -> u64 {
        self.0
    }
}

impl FromStr for GrantId {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, ParseIntError> {
        text.parse().map(Self)
    }
}

/// Deny wins over allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    Allow,
    Deny,
}

/// A grant as others see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GrantInfo {
    pub id: GrantId,
    pub holder: Pid,
    pub capability: Capability,
    pub rule: Rule,
    /// The grant it was derived from; none when the system gave it.
    pub parent: Option<GrantId>,
}

/// What the grants say of one need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Allowed,
    Denied,
    Nothing,
}

/// Every grant there is. Nothing is cached: each check reads the grants as they are now.
#[derive(Debug, Default)]
pub(super) struct Grants {
    issued: u64,
    by_id: BTreeMap<GrantId, GrantInfo>,
    by_holder: BTreeMap<Pid, Vec<GrantId>>,
}

impl Grants {
    pub(super) fn allows(&self, pid: Pid, need: &Capability) -> bool {
        self.standing(pid, need).is_some()
    }

    /// What the grants say of `caller` and `need`.
    pub(super) fn standing_of(&self, caller: Principal, need: &Capability) -> Standing {
        match caller {
            Principal::System => Standing::Allowed,
            Principal::Process(pid) if self.allows(pid, need) => Standing::Allowed,
            Principal::Process(pid) if self.denies(pid, need) => Standing::Denied,
            Principal::Process(_) => Standing::Nothing,
        }
    }

    /// The grant of `pid` that covers `need`, if one does and nobody along its derivation is denied it.
    fn standing(&self, pid: Pid, need: &Capability) -> Option<&GrantInfo> {
        self.held_by(pid)
            .filter(|grant| grant.rule == Rule::Allow && grant.capability.covers(need))
            .find(|grant| self.derivation(grant).all(|link| !self.denies(link.holder, need)))
    }

    fn denies(&self, pid: Pid, need: &Capability) -> bool {
        self.held_by(pid)
            .any(|grant| grant.rule == Rule::Deny && grant.capability.forbids(need))
    }

    /// `grant` itself, then what it was derived from.
    fn derivation<'a>(&'a self, grant: &'a GrantInfo) -> impl Iterator<Item = &'a GrantInfo> {
        std::iter::successors(Some(grant), |grant| self.by_id.get(&grant.parent?))
    }

    pub(super) fn held_by(&self, pid: Pid) -> impl Iterator<Item = &GrantInfo> {
        self.by_holder
            .get(&pid)
            .into_iter()
            .flatten()
            .filter_map(|id| self.by_id.get(id))
    }

    /// By their age, oldest first.
    pub(super) fn all(&self) -> impl Iterator<Item = &GrantInfo> {
        self.by_id.values()
    }

    pub(super) fn count(&self, pid: Pid) -> usize {
        self.by_holder.get(&pid).map_or(0, Vec::len)
    }

    pub(super) fn get(&self, id: GrantId) -> Option<&GrantInfo> {
        self.by_id.get(&id)
    }

    /// Gives `holder` a grant of the system's own.
    pub(super) fn add_root(&mut self, holder: Pid, capability: Capability, rule: Rule) -> GrantId {
        self.insert(holder, capability, rule, None)
    }

    /// Gives `to` what `from` holds; none when `from` is not allowed it now.
    pub(super) fn derive(&mut self, from: Pid, to: Pid, capability: Capability) -> Option<GrantId> {
        let parent = self.standing(from, &capability)?.id;
        Some(self.insert(to, capability, Rule::Allow, Some(parent)))
    }

    fn insert(
        &mut self,
        holder: Pid,
        capability: Capability,
        rule: Rule,
        parent: Option<GrantId>,
    ) -> GrantId {
        self.issued += 1;
        let id = GrantId(self.issued);
        self.by_id.insert(
            id,
            GrantInfo {
                id,
                holder,
                capability,
                rule,
                parent,
            },
        );
        self.by_holder.entry(holder).or_default().push(id);
        id
    }

    /// Removes `id` and everything derived from it; returns what was removed.
    pub(super) fn revoke(&mut self, id: GrantId) -> Vec<GrantInfo> {
        let mut revoked: Vec<GrantInfo> = self.remove(id).into_iter().collect();
        let mut next = 0;
        while let Some(parent) = revoked.get(next).map(|grant| grant.id) {
            let children: Vec<GrantId> = self
                .by_id
                .values()
                .filter(|grant| grant.parent == Some(parent))
                .map(|grant| grant.id)
                .collect();
            revoked.extend(children.into_iter().filter_map(|child| self.remove(child)));
            next += 1;
        }
        revoked
    }

    fn remove(&mut self, id: GrantId) -> Option<GrantInfo> {
        let grant = self.by_id.remove(&id)?;
        if let Some(held) = self.by_holder.get_mut(&grant.holder) {
            held.retain(|held| *held != id);
            if held.is_empty() {
                self.by_holder.remove(&grant.holder);
            }
        }
        Some(grant)
    }

    /// Removes what `pid` held and everything derived from it; returns what was removed.
    pub(super) fn revoke_all(&mut self, pid: Pid) -> Vec<GrantInfo> {
        let held: Vec<GrantId> = self.held_by(pid).map(|grant| grant.id).collect();
        held.into_iter().flat_map(|id| self.revoke(id)).collect()
    }

    /// Whether `id` was derived, at any distance, from a grant `pid` holds.
    pub(super) fn derived_from(&self, id: GrantId, pid: Pid) -> bool {
        let grant = self.by_id.get(&id);
        grant.is_some_and(|grant| self.derivation(grant).skip(1).any(|link| link.holder == pid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARENT: Pid = Pid(2);
    const CHILD: Pid = Pid(3);
    const GRANDCHILD: Pid = Pid(4);

    fn family() -> (Grants, [GrantId; 3]) {
        let mut grants = Grants::default();
        let first = grants.add_root(PARENT, Capability::Time, Rule::Allow);
        let second = grants.derive(PARENT, CHILD, Capability::Time).unwrap();
        let third = grants.derive(CHILD, GRANDCHILD, Capability::Time).unwrap();
        (grants, [first, second, third])
    }

    #[test]
    fn nothing_is_allowed_without_a_grant() {
        assert!(!Grants::default().allows(PARENT, &Capability::Time));
    }

    #[test]
    fn nobody_gives_what_they_do_not_hold() {
        let (mut grants, _) = family();
        assert_eq!(grants.derive(PARENT, CHILD, Capability::Spawn), None);
    }

    #[test]
    fn revoking_takes_the_descendants_at_once() {
        let (mut grants, [first, ..]) = family();
        assert_eq!(grants.revoke(first).len(), 3);
        for pid in [PARENT, CHILD, GRANDCHILD] {
            assert!(!grants.allows(pid, &Capability::Time), "{pid} is still allowed");
        }
    }

    #[test]
    fn revoking_below_leaves_what_is_above() {
        let (mut grants, [_, second, _]) = family();
        grants.revoke(second);
        assert!(grants.allows(PARENT, &Capability::Time));
        assert!(!grants.allows(CHILD, &Capability::Time));
        assert!(!grants.allows(GRANDCHILD, &Capability::Time));
    }

    #[test]
    fn deny_wins_over_allow() {
        let (mut grants, _) = family();
        let denial = grants.add_root(CHILD, Capability::Time, Rule::Deny);
        assert!(!grants.allows(CHILD, &Capability::Time));
        grants.revoke(denial);
        assert!(grants.allows(CHILD, &Capability::Time));
    }

    #[test]
    fn what_a_parent_is_denied_its_children_cannot_use() {
        let (mut grants, _) = family();
        grants.add_root(PARENT, Capability::Time, Rule::Deny);
        assert!(!grants.allows(GRANDCHILD, &Capability::Time));
        assert_eq!(grants.derive(CHILD, GRANDCHILD, Capability::Time), None);
    }

    #[test]
    fn storage_of_another_namespace_is_not_covered() {
        let mut grants = Grants::default();
        let (own, other) = (Namespace::new(1, 1), Namespace::new(1, 2));
        grants.add_root(PARENT, Capability::Store { namespace: own }, Rule::Allow);
        assert!(grants.allows(PARENT, &Capability::Store { namespace: own }));
        assert!(!grants.allows(PARENT, &Capability::Store { namespace: other }));
    }
}
