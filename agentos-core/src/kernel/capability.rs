//! What a process may do: grants, each derived from the one it came from.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::message::{IpcRule, Partner};
use super::net::{HostRule, NetRule};
use super::path::{FsPath, FsRoot};
use super::place::{FilePlace, FsRights, FsRule};
use super::process::{Pid, Principal, Profile};
use super::program::ProgramName;
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
    Fs(Box<FsRule>),
    /// Ask the model.
    Llm,
    /// Run a program of the operator's.
    Program { program: ProgramName },
    /// Send messages to another process, or publish or hear what is published.
    Ipc(Box<IpcRule>),
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

    fn key(&self) -> Key<'_> {
        match self {
            Self::Store { namespace } => Key::Store(*namespace),
            Self::Time => Key::Time,
            Self::SystemInfo => Key::SystemInfo,
            Self::Spawn => Key::Spawn,
            Self::Signal => Key::Signal,
            Self::Llm => Key::Llm,
            Self::Approve => Key::Approve,
            Self::Net(rule) => match &rule.host {
                HostRule::Exact(host) => Key::Host(host.as_str()),
                HostRule::Below(host) => Key::HostsBelow(host.as_str()),
            },
            Self::Fs(rule) => {
                let FilePlace { path, owner } = &rule.place;
                Key::files(*owner, path.root(), path.relative())
            }
            Self::Program { program } => Key::Program(program.as_str()),
            Self::Ipc(rule) => Key::Partner(&rule.with),
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

impl From<FsRule> for Capability {
    fn from(rule: FsRule) -> Self {
        Self::Fs(Box::new(rule))
    }
}

impl From<IpcRule> for Capability {
    fn from(rule: IpcRule) -> Self {
        Self::Ipc(Box::new(rule))
    }
}

/// Where a grant stands among those of its holder. What covers or forbids a need stands under the need's own key or
/// one above it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Key<'a> {
    Store(Namespace),
    Time,
    SystemInfo,
    Spawn,
    Signal,
    Llm,
    Approve,
    Host(&'a str),
    HostsBelow(&'a str),
    /// A root of files.
    Root(Option<Namespace>, FsRoot),
    /// What is below one.
    Files(Option<Namespace>, FsRoot, &'a str),
    Program(&'a str),
    Partner(&'a Partner),
}

impl<'a> Key<'a> {
    fn files(owner: Option<Namespace>, root: FsRoot, relative: &'a str) -> Self {
        if relative.is_empty() {
            Self::Root(owner, root)
        } else {
            Self::Files(owner, root, relative)
        }
    }

    /// The next wider one: the domain a host is in, the folder a file is in.
    fn above(&self) -> Option<Self> {
        match *self {
            Self::Host(host) | Self::HostsBelow(host) => {
                let (_, domain) = host.split_once('.')?;
                Some(Self::HostsBelow(domain))
            }
            Self::Files(owner, root, path) => {
                let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
                Some(Self::files(owner, root, folder))
            }
            _ => None,
        }
    }
}

/// What an app reads and changes without being asked about it.
fn own_files(namespace: Namespace) -> [Capability; 2] {
    [FsRoot::Home, FsRoot::Tmp].map(|root| {
        let place = FilePlace {
            path: FsPath::of_root(root),
            owner: Some(namespace),
        };
        let rights = FsRights::ReadWrite;
        FsRule { place, rights }.into()
    })
}

impl fmt::Display for Capability {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Net(rule) => return write!(formatter, "contact {}", rule.host),
            Self::Ipc(rule) => return rule.fmt(formatter),
            Self::Fs(rule) => return write!(formatter, "{rule}"),
            Self::Program { program } => return write!(formatter, "run the program {program}"),
            Self::Llm => "ask the model",
            Self::Approve => "do what only a person may",
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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

/// A grant beside the others of its holder.
#[derive(Debug)]
struct Grant {
    id: GrantId,
    rule: Rule,
    capability: Capability,
}

impl Grant {
    fn place(&self) -> (Rule, Key<'_>) {
        (self.rule, self.capability.key())
    }
}

/// The grants of one process by their place, denials last.
#[derive(Debug, Default)]
struct Holdings(Vec<Grant>);

impl Holdings {
    fn insert(&mut self, grant: Grant) {
        let place = self.0.partition_point(|held| held.place() <= grant.place());
        // Grants are many and seldom change, so no room is kept for more.
        self.0.reserve_exact(1);
        self.0.insert(place, grant);
    }

    fn take(&mut self, id: GrantId) -> Option<Grant> {
        let place = self.0.iter().position(|grant| grant.id == id)?;
        Some(self.0.remove(place))
    }

    /// Those of `rule` that may bear on `need`: few, however many there are.
    fn about<'a>(&'a self, rule: Rule, need: &'a Capability) -> impl Iterator<Item = &'a Grant> {
        let keys = std::iter::successors(Some(need.key()), Key::above);
        keys.flat_map(move |key| {
            let first = self.0.partition_point(|grant| grant.place() < (rule, key));
            let same = move |grant: &&Grant| grant.place() == (rule, key);
            self.0[first..].iter().take_while(same)
        })
    }

    fn denies(&self, need: &Capability) -> bool {
        let has_denials = self.0.last().is_some_and(|grant| grant.rule == Rule::Deny);
        has_denials
            && self
                .about(Rule::Deny, need)
                .any(|grant| grant.capability.forbids(need))
    }

    fn covering<'a>(&'a self, need: &'a Capability) -> impl Iterator<Item = &'a Grant> {
        let grants = self.about(Rule::Allow, need);
        grants.filter(|grant| grant.capability.covers(need))
    }
}

/// Every grant there is. Nothing is cached: each check reads the grants as they are now.
#[derive(Debug, Default)]
pub(super) struct Grants {
    issued: u64,
    holdings: BTreeMap<Pid, Holdings>,
    /// Where each came from that is not the system's own.
    derivations: BTreeMap<GrantId, Derivation>,
    /// The same the other way round: a grant with each that was derived from it.
    derived: BTreeSet<(GrantId, GrantId)>,
}

#[derive(Debug, Clone, Copy)]
struct Derivation {
    from: GrantId,
    giver: Pid,
    holder: Pid,
}

impl Grants {
    /// What the grants say of `caller` and `need`.
    pub(super) fn standing_of(&self, caller: Principal, need: &Capability) -> Standing {
        let Principal::Process(pid) = caller else {
            return Standing::Allowed;
        };
        match self.holdings.get(&pid) {
            Some(holdings) if holdings.denies(need) => Standing::Denied,
            Some(holdings) if self.allowing(holdings, need).is_some() => Standing::Allowed,
            _ => Standing::Nothing,
        }
    }

    /// The grant that covers `need`, if one does and nobody it was derived from is denied it.
    fn allowing(&self, holdings: &Holdings, need: &Capability) -> Option<GrantId> {
        let is_denied = |holder: Pid| {
            let holdings = self.holdings.get(&holder);
            holdings.is_some_and(|holdings| holdings.denies(need))
        };
        let mut covering = holdings.covering(need).map(|grant| grant.id);
        covering.find(|id| !self.givers(*id).any(is_denied))
    }

    /// Who holds what `id` was derived from, the nearest first.
    fn givers(&self, id: GrantId) -> impl Iterator<Item = Pid> {
        let first = self.derivations.get(&id);
        let links = std::iter::successors(first, |link| self.derivations.get(&link.from));
        links.map(|link| link.giver)
    }

    /// By their age, oldest first.
    pub(super) fn held_by(&self, pid: Pid) -> Vec<GrantInfo> {
        let held = self.holdings.get(&pid);
        let held = held.into_iter().flat_map(|holdings| &holdings.0);
        let mut held: Vec<GrantInfo> = held.map(|grant| self.info(pid, grant)).collect();
        held.sort_by_key(|grant| grant.id);
        held
    }

    /// By their age, oldest first.
    pub(super) fn all(&self) -> Vec<GrantInfo> {
        let mut all: Vec<GrantInfo> = self.holdings.keys().flat_map(|pid| self.held_by(*pid)).collect();
        all.sort_by_key(|grant| grant.id);
        all
    }

    fn info(&self, holder: Pid, grant: &Grant) -> GrantInfo {
        GrantInfo {
            id: grant.id,
            holder,
            capability: grant.capability.clone(),
            rule: grant.rule,
            parent: self.derivations.get(&grant.id).map(|link| link.from),
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.holdings.values().map(|holdings| holdings.0.len()).sum()
    }

    pub(super) fn count(&self, pid: Pid) -> usize {
        self.holdings.get(&pid).map_or(0, |holdings| holdings.0.len())
    }

    fn holder(&self, id: GrantId) -> Option<Pid> {
        let derived = self.derivations.get(&id).map(|link| link.holder);
        let holds = |holdings: &Holdings| holdings.0.iter().any(|grant| grant.id == id);
        // A grant of the system's own is looked for only when a person takes it back.
        let mut all = self.holdings.iter();
        derived.or_else(|| all.find(|(_, holdings)| holds(holdings)).map(|(pid, _)| *pid))
    }

    /// Gives `holder` a grant of the system's own.
    pub(super) fn add_root(&mut self, holder: Pid, capability: Capability, rule: Rule) -> GrantId {
        self.issued += 1;
        let id = GrantId(self.issued);
        self.holdings
            .entry(holder)
            .or_default()
            .insert(Grant { id, rule, capability });
        id
    }

    /// Gives `to` what `from` holds; none when `from` is not allowed it now.
    pub(super) fn derive(&mut self, from: Pid, to: Pid, capability: Capability) -> Option<GrantId> {
        let holdings = self.holdings.get(&from)?;
        if holdings.denies(&capability) {
            return None;
        }
        let parent = self.allowing(holdings, &capability)?;
        let id = self.add_root(to, capability, Rule::Allow);
        let link = Derivation {
            from: parent,
            giver: from,
            holder: to,
        };
        self.derivations.insert(id, link);
        self.derived.insert((parent, id));
        Some(id)
    }

    /// Removes `id` and everything derived from it; returns what was removed.
    pub(super) fn revoke(&mut self, id: GrantId) -> Vec<GrantInfo> {
        let holder = self.holder(id);
        holder.map_or_else(Vec::new, |holder| self.revoke_held(holder, id))
    }

    fn revoke_held(&mut self, holder: Pid, id: GrantId) -> Vec<GrantInfo> {
        let mut revoked: Vec<GrantInfo> = self.remove(holder, id).into_iter().collect();
        let mut next = 0;
        while let Some(parent) = revoked.get(next).map(|grant| grant.id) {
            let derived = self
                .derived
                .range((parent, GrantId(0))..=(parent, GrantId(u64::MAX)));
            for (_, child) in derived.copied().collect::<Vec<_>>() {
                let holder = self.derivations.get(&child).map(|link| link.holder);
                revoked.extend(holder.and_then(|holder| self.remove(holder, child)));
            }
            next += 1;
        }
        revoked
    }

    fn remove(&mut self, holder: Pid, id: GrantId) -> Option<GrantInfo> {
        let parent = self.derivations.remove(&id).map(|link| link.from);
        if let Some(parent) = parent {
            self.derived.remove(&(parent, id));
        }
        let holdings = self.holdings.get_mut(&holder)?;
        let Grant { rule, capability, .. } = holdings.take(id)?;
        if holdings.0.is_empty() {
            self.holdings.remove(&holder);
        }
        Some(GrantInfo {
            id,
            holder,
            capability,
            rule,
            parent,
        })
    }

    /// Removes what `pid` held and everything derived from it.
    pub(super) fn revoke_all(&mut self, pid: Pid) {
        let held = self.holdings.get(&pid);
        let held = held.into_iter().flat_map(|holdings| &holdings.0);
        for id in held.map(|grant| grant.id).collect::<Vec<_>>() {
            self.revoke_held(pid, id);
        }
    }

    /// Whether `id` was derived, at any distance, from a grant `pid` holds.
    pub(super) fn derived_from(&self, id: GrantId, pid: Pid) -> bool {
        self.givers(id).any(|giver| giver == pid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::{Method, Scheme};

    const PARENT: Pid = Pid(2);
    const CHILD: Pid = Pid(3);
    const GRANDCHILD: Pid = Pid(4);

    fn allows(grants: &Grants, pid: Pid, need: &Capability) -> bool {
        grants.standing_of(Principal::Process(pid), need) == Standing::Allowed
    }

    fn family() -> (Grants, [GrantId; 3]) {
        let mut grants = Grants::default();
        let first = grants.add_root(PARENT, Capability::Time, Rule::Allow);
        let second = grants.derive(PARENT, CHILD, Capability::Time).unwrap();
        let third = grants.derive(CHILD, GRANDCHILD, Capability::Time).unwrap();
        (grants, [first, second, third])
    }

    #[test]
    fn nothing_is_allowed_without_a_grant() {
        assert!(!allows(&Grants::default(), PARENT, &Capability::Time));
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
            assert!(!allows(&grants, pid, &Capability::Time), "{pid} is still allowed");
        }
    }

    #[test]
    fn revoking_below_leaves_what_is_above() {
        let (mut grants, [_, second, _]) = family();
        grants.revoke(second);
        assert!(allows(&grants, PARENT, &Capability::Time));
        assert!(!allows(&grants, CHILD, &Capability::Time));
        assert!(!allows(&grants, GRANDCHILD, &Capability::Time));
    }

    #[test]
    fn deny_wins_over_allow() {
        let (mut grants, _) = family();
        let denial = grants.add_root(CHILD, Capability::Time, Rule::Deny);
        assert!(!allows(&grants, CHILD, &Capability::Time));
        grants.revoke(denial);
        assert!(allows(&grants, CHILD, &Capability::Time));
    }

    #[test]
    fn what_a_parent_is_denied_its_children_cannot_use() {
        let (mut grants, _) = family();
        grants.add_root(PARENT, Capability::Time, Rule::Deny);
        assert!(!allows(&grants, GRANDCHILD, &Capability::Time));
        assert_eq!(grants.derive(CHILD, GRANDCHILD, Capability::Time), None);
    }

    #[test]
    fn storage_of_another_namespace_is_not_covered() {
        let mut grants = Grants::default();
        let (own, other) = (Namespace::new(1, 1), Namespace::new(1, 2));
        grants.add_root(PARENT, Capability::Store { namespace: own }, Rule::Allow);
        assert!(allows(&grants, PARENT, &Capability::Store { namespace: own }));
        assert!(!allows(&grants, PARENT, &Capability::Store { namespace: other }));
    }

    fn host(host: &str, rights: &[Method]) -> Capability {
        let rule = HostRule::try_from(host.to_owned()).unwrap();
        let methods = rights.iter().copied().collect();
        let (schemes, ports) = ([Scheme::Https].into(), [443].into());
        NetRule {
            schemes,
            host: rule,
            ports,
            methods,
        }
        .into()
    }

    fn files(path: &str, rights: FsRights) -> Capability {
        let place = FilePlace {
            path: FsPath::parse(path).unwrap(),
            owner: Some(Namespace::new(1, 1)),
        };
        FsRule { place, rights }.into()
    }

    #[test]
    fn what_covers_a_need_is_found_among_many_that_do_not() {
        use FsRights::{Read, ReadWrite};
        use Method::{Get, Post};
        let mut grants = Grants::default();
        for number in 0..40 {
            grants.add_root(PARENT, host(&format!("{number}.example"), &[Get]), Rule::Allow);
            grants.add_root(PARENT, host(&format!("*.{number}.org"), &[Get]), Rule::Allow);
            grants.add_root(PARENT, files(&format!("notes/{number}"), Read), Rule::Allow);
        }
        grants.add_root(PARENT, host("7.example", &[Post]), Rule::Allow);
        grants.add_root(PARENT, files("notes/7/kept", ReadWrite), Rule::Deny);
        grants.add_root(PARENT, host("*.b.7.org", &[Get]), Rule::Deny);
        for (need, standing) in [
            (host("7.example", &[Get]), Standing::Allowed),
            (host("7.example", &[Post]), Standing::Allowed),
            (host("8.example", &[Post]), Standing::Nothing),
            (host("a.7.example", &[Get]), Standing::Nothing),
            (host("a.7.org", &[Get]), Standing::Allowed),
            (host("*.a.7.org", &[Get]), Standing::Allowed),
            (host("a.b.7.org", &[Get]), Standing::Denied),
            (host("a.b.8.org", &[Get]), Standing::Allowed),
            (host("7.org", &[Get]), Standing::Nothing),
            (files("notes/7", Read), Standing::Allowed),
            (files("notes/7/a/b", Read), Standing::Allowed),
            (files("notes/7/a", ReadWrite), Standing::Nothing),
            (files("notes/7/kept/a", ReadWrite), Standing::Denied),
            (files("notes/7/kept/a", Read), Standing::Allowed),
            (files("notes/77", Read), Standing::Nothing),
            (files("notes", Read), Standing::Nothing),
            (Capability::Time, Standing::Nothing),
        ] {
            assert_eq!(
                grants.standing_of(Principal::Process(PARENT), &need),
                standing,
                "{need:?}"
            );
        }
    }
}
