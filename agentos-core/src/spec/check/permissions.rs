//! What the app asks for under `permissions`, beside what it uses. An app that declares nothing asks for what it
//! uses.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::catalog::{CapabilityKind, Runs, ToolEntry, ValueKind};
use super::super::document::Component;
use super::super::issue::{Code, Issue};
use super::super::location::Location;
use super::super::path::escaped;
use super::super::template::{Part, Template};
use super::Checker;

/// What the app was seen to use.
#[derive(Debug, Default)]
pub(super) struct Uses {
    services: BTreeSet<String>,
    hosts: BTreeSet<String>,
    /// A host is contacted that is only known while the app runs.
    any_host: bool,
}

/// The host a URL leads to.
enum Host {
    Named(String),
    Open,
}

impl Checker<'_> {
    /// A call of a tool of a service: what the person has to allow is asked for where anything is.
    pub(super) fn asked_for(&mut self, tool: &ToolEntry, args: &[(String, Template)], at: &Location) {
        if tool.runs != Runs::Service {
            return;
        }
        let group = tool.group();
        self.uses.services.insert(group.to_owned());
        let host = (tool.capability == Some(CapabilityKind::Net)).then(|| {
            let url = args
                .iter()
                .find(|(name, _)| tool.param(name).is_some_and(|param| param.name == "url"));
            url.map_or(Host::Open, |(_, url)| host_of(url))
        });
        match &host {
            Some(Host::Named(host)) => {
                self.uses.hosts.insert(host.clone());
            }
            Some(Host::Open) => self.uses.any_host = true,
            None => {}
        }
        let is_allowed_by_the_person = matches!(
            tool.capability,
            Some(CapabilityKind::Net | CapabilityKind::Llm | CapabilityKind::Ipc)
        );
        if self.spec.permissions.is_empty() || !is_allowed_by_the_person {
            return;
        }
        let asked = self.spec.permissions.get(group);
        let (what, listed) = match (host, asked) {
            (_, None) => (format!("`{}`", tool.id), "…".to_owned()),
            (Some(Host::Named(host)), Some(Value::Array(hosts))) if !covers(hosts, &host) => {
                (format!("`{}` of {host}", tool.id), host)
            }
            _ => return,
        };
        let message = format!("{what} is not among what the app asks for; `permissions` names it");
        let hint = format!("\"permissions\": {{\"{group}\": [\"{listed}\"]}}");
        self.report(Issue::warning(Code::ToolNotBound, at, message).hint(hint));
    }

    /// Hosts from which a component loads what it shows.
    pub(super) fn loads(&mut self, component: &Component) {
        let Some(entry) = self
            .catalog
            .component(&component.kind)
            .filter(|entry| !entry.acts)
        else {
            return;
        };
        for (name, value) in &component.props {
            if entry
                .prop(name)
                .is_some_and(|prop| matches!(prop.kind, ValueKind::Url(_)))
            {
                match host_of(value) {
                    Host::Named(host) => {
                        self.uses.hosts.insert(host);
                    }
                    Host::Open => self.uses.any_host = true,
                }
            }
        }
    }

    /// What is asked for and not there, or never used.
    pub(super) fn permissions(&mut self) {
        let spec = self.spec;
        let uses = std::mem::take(&mut self.uses);
        for (service, asked) in &spec.permissions {
            let at = format!("/permissions/{}", escaped(service));
            let services: BTreeSet<&str> = self
                .catalog
                .tools()
                .filter(|tool| tool.runs == Runs::Service)
                .map(ToolEntry::group)
                .collect();
            if !services.contains(service.as_str()) {
                let hint = self.nearest(service, services);
                let message = format!("there is no service `{service}` to ask for");
                self.report_with(Issue::warning(Code::ToolUnknown, at, message), hint);
                continue;
            }
            let contacts = service == "http" && (uses.any_host || !uses.hosts.is_empty());
            if !contacts && !uses.services.contains(service) {
                let message = format!("the app asks for `{service}` and never uses it");
                self.report(Issue::note(Code::Unused, at, message));
                continue;
            }
            for (index, host) in asked.as_array().into_iter().flatten().enumerate() {
                let is_used = |host: &Value| {
                    uses.hosts
                        .iter()
                        .any(|used| covers(std::slice::from_ref(host), used))
                };
                if service == "http" && !uses.any_host && !is_used(host) {
                    let message = format!("the app asks for {host} and never contacts it");
                    self.report(Issue::note(Code::Unused, format!("{at}/{index}"), message));
                }
            }
        }
    }
}

/// Whether one of `hosts` names `host`, itself or a domain above it as `*.example.org`.
fn covers(hosts: &[Value], host: &str) -> bool {
    hosts.iter().filter_map(Value::as_str).any(|asked| {
        let asked = asked.to_lowercase();
        let asked = asked.split_once("://").map_or(asked.as_str(), |(_, rest)| rest);
        let domain = asked
            .strip_prefix('*')
            .filter(|domain| domain.starts_with('.') || domain.is_empty());
        match domain {
            Some(domain) => host.ends_with(domain),
            None => asked.split(['/', ':']).next() == Some(host),
        }
    })
}

fn host_of(url: &Template) -> Host {
    let (start, is_whole) = match url {
        Template::Literal(Value::String(url)) => (url.as_str(), true),
        Template::Text(parts) => match parts.first() {
            Some(Part::Literal(start)) => (start.as_str(), false),
            _ => return Host::Open,
        },
        _ => return Host::Open,
    };
    let Some((_, rest)) = start.split_once("://") else {
        return Host::Open;
    };
    let end = rest.find(['/', '?', '#']);
    if end.is_none() && !is_whole {
        return Host::Open;
    }
    let authority = &rest[..end.unwrap_or(rest.len())];
    let host = authority.rsplit('@').next().unwrap_or_default();
    Host::Named(host.split(':').next().unwrap_or_default().to_lowercase())
}
