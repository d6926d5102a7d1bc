//! Who may do what, and what a person is asked.

use agentos_core::ids::Namespace;
use std::collections::BTreeSet;

use super::{SysError, core, invalid, namespace, number, pid, read, same_words, wire, word};
use wire::{approval_need, capability, ipc_rule};

same_words! {
    core::Profile = wire::SandboxLevel as "sandbox_level" { Minimal Standard Privileged }
    core::Rule = wire::Rule as "rule" { Allow Deny }
    core::Scheme = wire::Scheme as "schemes" { Http Https }
    core::Method = wire::Method as "method" { Get Head Post Put Patch Delete }
    core::FsRights = wire::FsRights as "rights" { Read ReadWrite }
    core::IpcRights = wire::IpcRights as "rights" { Send Receive Both }
    core::ApprovalAnswer = wire::ApprovalAnswer as "answer" { Once Session Always Never }
}

impl From<core::Capability> for wire::Capability {
    fn from(capability: core::Capability) -> Self {
        use capability::Capability;
        let capability = match capability {
            core::Capability::Store { namespace } => Capability::Store(capability::Store {
                namespace: namespace.to_string(),
            }),
            core::Capability::Time => Capability::Time(()),
            core::Capability::SystemInfo => Capability::SystemInfo(()),
            core::Capability::Spawn => Capability::Spawn(()),
            core::Capability::Signal => Capability::Signal(()),
            core::Capability::Net(rule) => Capability::Net((*rule).into()),
            core::Capability::Fs(rule) => Capability::Fs((*rule).into()),
            core::Capability::Llm => Capability::Llm(()),
            core::Capability::Program { program } => Capability::Program(program.into()),
            core::Capability::Ipc(rule) => Capability::Ipc((*rule).into()),
            core::Capability::Approve => Capability::Approve(()),
        };
        Self {
            capability: Some(capability),
        }
    }
}

impl TryFrom<wire::Capability> for core::Capability {
    type Error = SysError;

    fn try_from(capability: wire::Capability) -> Result<Self, SysError> {
        use capability::Capability;
        Ok(
            match capability.capability.ok_or_else(|| invalid("capability"))? {
                Capability::Store(store) => Self::Store {
                    namespace: namespace(&store.namespace)?,
                },
                Capability::Time(()) => Self::Time,
                Capability::SystemInfo(()) => Self::SystemInfo,
                Capability::Spawn(()) => Self::Spawn,
                Capability::Signal(()) => Self::Signal,
                Capability::Net(rule) => core::NetRule::try_from(rule)?.into(),
                Capability::Fs(rule) => core::FsRule::try_from(rule)?.into(),
                Capability::Llm(()) => Self::Llm,
                Capability::Program(program) => Self::Program {
                    program: program.try_into()?,
                },
                Capability::Ipc(rule) => core::IpcRule::try_from(rule)?.into(),
                Capability::Approve(()) => Self::Approve,
            },
        )
    }
}

impl From<core::GrantInfo> for wire::GrantInfo {
    fn from(grant: core::GrantInfo) -> Self {
        Self {
            id: grant.id.number(),
            holder: grant.holder.number(),
            capability: Some(grant.capability.into()),
            rule: number::<wire::Rule, _>(grant.rule),
            parent: grant.parent.map(core::GrantId::number),
        }
    }
}

impl TryFrom<wire::GrantInfo> for core::GrantInfo {
    type Error = SysError;

    fn try_from(grant: wire::GrantInfo) -> Result<Self, SysError> {
        Ok(Self {
            id: core::GrantId::from_number(grant.id),
            holder: pid(grant.holder),
            capability: read("capability", grant.capability)?,
            rule: word::<wire::Rule, _>(grant.rule)?,
            parent: grant.parent.map(core::GrantId::from_number),
        })
    }
}

impl From<core::NetRule> for wire::NetRule {
    fn from(rule: core::NetRule) -> Self {
        let schemes = rule.schemes.into_iter();
        let methods = rule.methods.into_iter();
        Self {
            schemes: schemes.map(number::<wire::Scheme, _>).collect(),
            host: rule.host.into(),
            ports: rule.ports.into_iter().map(u32::from).collect(),
            methods: methods.map(number::<wire::Method, _>).collect(),
        }
    }
}

impl TryFrom<wire::NetRule> for core::NetRule {
    type Error = SysError;

    fn try_from(rule: wire::NetRule) -> Result<Self, SysError> {
        let schemes = rule.schemes.into_iter();
        let methods = rule.methods.into_iter();
        Ok(Self {
            schemes: schemes.map(word::<wire::Scheme, _>).collect::<Result<_, _>>()?,
            host: rule.host.try_into()?,
            ports: rule
                .ports
                .into_iter()
                .map(port)
                .collect::<Result<BTreeSet<_>, _>>()?,
            methods: methods.map(word::<wire::Method, _>).collect::<Result<_, _>>()?,
        })
    }
}

fn port(number: u32) -> Result<u16, SysError> {
    let port = u16::try_from(number).ok().filter(|port| *port > 0);
    port.ok_or_else(|| invalid("port"))
}

impl From<core::FsRule> for wire::FsRule {
    fn from(rule: core::FsRule) -> Self {
        Self {
            path: rule.place.path.into(),
            owner: rule.place.owner.map(|owner| owner.to_string()),
            rights: number::<wire::FsRights, _>(rule.rights),
        }
    }
}

impl TryFrom<wire::FsRule> for core::FsRule {
    type Error = SysError;

    fn try_from(rule: wire::FsRule) -> Result<Self, SysError> {
        let path: core::FsPath = rule.path.try_into()?;
        let owner = rule.owner.map(|owner| Namespace::parse(&owner));
        let owner = owner.transpose().map_err(|_| invalid("owner"))?;
        // Without an owner home and tmp are nobody's, and what is shared has none.
        if owner.is_some() == (path.root() == core::FsRoot::Shared) {
            return Err(invalid("owner"));
        }
        Ok(Self {
            place: core::FilePlace { path, owner },
            rights: word::<wire::FsRights, _>(rule.rights)?,
        })
    }
}

impl From<core::IpcRule> for wire::IpcRule {
    fn from(rule: core::IpcRule) -> Self {
        use ipc_rule::With;
        let with = match rule.with {
            core::Partner::Peer(namespace) => With::Peer(namespace.to_string()),
            core::Partner::Topic(topic) => With::Topic(topic.into()),
            core::Partner::Process(pid) => With::Process(pid.number()),
        };
        Self {
            with: Some(with),
            rights: number::<wire::IpcRights, _>(rule.rights),
        }
    }
}

impl TryFrom<wire::IpcRule> for core::IpcRule {
    type Error = SysError;

    fn try_from(rule: wire::IpcRule) -> Result<Self, SysError> {
        use ipc_rule::With;
        Ok(Self {
            with: match rule.with.ok_or_else(|| invalid("with"))? {
                With::Peer(peer) => core::Partner::Peer(namespace(&peer)?),
                With::Topic(topic) => core::Partner::Topic(topic.try_into()?),
                With::Process(process) => core::Partner::Process(pid(process)),
            },
            rights: word::<wire::IpcRights, _>(rule.rights)?,
        })
    }
}

impl From<core::Approval> for wire::Approval {
    fn from(approval: core::Approval) -> Self {
        Self {
            id: approval.id.into(),
            pid: approval.pid.number(),
            need: Some(approval.need.into()),
            expires_at: approval.expires_at,
        }
    }
}

impl TryFrom<wire::Approval> for core::Approval {
    type Error = SysError;

    fn try_from(approval: wire::Approval) -> Result<Self, SysError> {
        Ok(Self {
            id: approval.id.try_into()?,
            pid: pid(approval.pid),
            need: read("need", approval.need)?,
            expires_at: approval.expires_at,
        })
    }
}

impl From<core::ApprovalNeed> for wire::ApprovalNeed {
    fn from(need: core::ApprovalNeed) -> Self {
        use approval_need::Need;
        let need = match need {
            core::ApprovalNeed::Net(site) => Need::Net(site.into()),
            core::ApprovalNeed::Fs(rule) => Need::Fs(rule.into()),
            core::ApprovalNeed::Llm => Need::Llm(()),
            core::ApprovalNeed::Program { program } => Need::Program(program.into()),
            core::ApprovalNeed::Ipc(rule) => Need::Ipc(rule.into()),
        };
        Self { need: Some(need) }
    }
}

impl TryFrom<wire::ApprovalNeed> for core::ApprovalNeed {
    type Error = SysError;

    fn try_from(need: wire::ApprovalNeed) -> Result<Self, SysError> {
        use approval_need::Need;
        Ok(match need.need.ok_or_else(|| invalid("need"))? {
            Need::Net(site) => Self::Net(site.try_into()?),
            Need::Fs(rule) => Self::Fs(rule.try_into()?),
            Need::Llm(()) => Self::Llm,
            Need::Program(program) => Self::Program {
                program: program.try_into()?,
            },
            Need::Ipc(rule) => Self::Ipc(rule.try_into()?),
        })
    }
}

impl From<core::Site> for wire::Site {
    fn from(site: core::Site) -> Self {
        Self {
            host: site.host.into(),
            port: site.port.map(u32::from),
        }
    }
}

impl TryFrom<wire::Site> for core::Site {
    type Error = SysError;

    fn try_from(site: wire::Site) -> Result<Self, SysError> {
        Ok(Self {
            host: site.host.try_into()?,
            port: site.port.map(port).transpose()?,
        })
    }
}

impl From<core::StandingApproval> for wire::StandingApproval {
    fn from(standing: core::StandingApproval) -> Self {
        Self {
            namespace: standing.namespace.to_string(),
            need: Some(standing.need.into()),
            rule: number::<wire::Rule, _>(standing.rule),
        }
    }
}

impl TryFrom<wire::StandingApproval> for core::StandingApproval {
    type Error = SysError;

    fn try_from(standing: wire::StandingApproval) -> Result<Self, SysError> {
        Ok(Self {
            namespace: namespace(&standing.namespace)?,
            need: read("need", standing.need)?,
            rule: word::<wire::Rule, _>(standing.rule)?,
        })
    }
}
