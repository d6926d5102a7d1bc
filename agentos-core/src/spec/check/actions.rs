//! Actions: that their tools exist and may be called, with arguments they take.

use serde_json::{Map, Value};

use super::super::action::{Action, Args, Run, Step};
use super::super::catalog::{ArgIssue, Runs, ToolEntry, ValueKind, component_kinds, not_of_kind};
use super::super::issue::{Code, Issue};
use super::super::location::Location;
use super::super::path::Path;
use super::super::template::Template;
use super::names::Place;
use super::props::{code_of_a_misfit, is_open, open, with_open};
use super::{Checker, Trigger, action_use, former_tools};

impl<'a> Checker<'a> {
    /// `within` is the action's own name, by which calling itself is told elsewhere.
    pub(super) fn action(&mut self, action: &Action, place: &Place, trigger: &Trigger<'_>, within: &str) {
        for step in &action.steps {
            self.step(step, place, trigger, within);
        }
    }

    fn step(&mut self, step: &Step, place: &Place, trigger: &Trigger<'_>, within: &str) {
        let at = Location::at(&step.at);
        if let Some(condition) = &step.condition {
            self.expression(condition, place, &at.member("if"));
        }
        if let Some(confirm) = &step.confirm {
            self.template(confirm, place, &at.member("confirm"));
        }
        match &step.run {
            Run::Tool { id, args } => self.call(step, id, args, place, trigger),
            Run::Named { action, args } => {
                self.templates(args, place, &at.member("args"));
                self.named(step, action, within);
            }
            Run::Steps(action) => self.action(action, place, trigger, within),
        }
        if let Some(into) = &step.into {
            self.written_path(into, place, &at.member("into"), "written");
        }
        for next in [&step.then, &step.catch].into_iter().flatten() {
            self.action(next, place, trigger, within);
        }
    }

    fn named(&mut self, step: &Step, name: &str, within: &str) {
        if name != within {
            self.used.insert(action_use(name));
        }
        if self.actions.contains(name) {
            return;
        }
        let mut tools = self.catalog.tools().map(|tool| tool.id.as_ref());
        let same_name = tools
            .find(|id| id.rsplit('.').next() == Some(name))
            .map(str::to_owned);
        let hint = self.nearest(name, self.actions.iter().copied()).or(same_name);
        let message = format!("there is no action `{name}`; `actions` would define it");
        self.report_with(Issue::error(Code::ActionUnknown, &step.at, message), hint);
    }

    fn call(&mut self, step: &Step, id: &str, args: &Args, place: &Place, trigger: &Trigger<'_>) {
        let at = Location::at(&step.at);
        let args_at = at.member("args");
        let tool = self.tool(id, &at);
        if let Some(tool) = tool {
            let given = match args {
                Args::Given { args, .. } => args.as_slice(),
                Args::FromEvent => &[],
            };
            self.bound(tool, &at);
            self.asked_for(tool, given, &at);
        }
        match (tool, args) {
            (Some(tool), Args::FromEvent) => self.picked_args(tool, trigger, place, &at),
            (Some(tool), Args::Given { args, callback }) => {
                self.given_args(tool, args, callback.is_some(), place, &args_at);
            }
            (None, Args::Given { args, .. }) => self.templates(args, place, &args_at),
            (None, Args::FromEvent) => {}
        }
        if let Args::Given {
            callback: Some(callback),
            ..
        } = args
        {
            self.action(callback, place, &Trigger::NoControl, "");
        }
    }

    /// The tool of that id; an unknown one is told.
    pub(super) fn tool(&mut self, id: &str, at: &Location) -> Option<&'a ToolEntry> {
        let catalog = self.catalog;
        if let Some(tool) = catalog.tool(id) {
            return Some(tool);
        }
        let group = id.split('.').next().unwrap_or_default();
        let of_that_name = || {
            let mut tools = catalog.tools();
            let tool = tools.find(|tool| tool.id.rsplit('.').next() == Some(id))?;
            Some(tool.id.to_string())
        };
        let slip = || self.nearest(id, catalog.tools().map(|tool| tool.id.as_ref()));
        let former = former_tools::instead(id).map(str::to_owned);
        let hint = former.or_else(of_that_name).or_else(slip);
        let issue = if !id.contains('.') {
            let message =
                format!("there is no tool `{id}`; a tool is named with its group, as `ui.set_state` is");
            Issue::error(Code::ToolUnknown, at, message)
        } else if catalog.has_group(group) {
            let names: Vec<&str> = catalog
                .tools()
                .filter(|tool| tool.group() == group)
                .map(|tool| tool.id.as_ref())
                .collect();
            Issue::error(
                Code::ToolUnknown,
                at,
                format!("there is no tool `{id}`; `{group}` has {}", names.join(" ")),
            )
        } else {
            let message =
                format!("there is no tool `{id}` and no service `{group}`; the call fails as unavailable");
            Issue::warning(Code::ToolUnknown, at, message)
        };
        self.report_with(issue, hint);
        None
    }

    /// A service tool must be among those the app says it uses.
    pub(super) fn bound(&mut self, tool: &ToolEntry, at: &Location) {
        if tool.runs != Runs::Service {
            return;
        }
        let group = tool.group();
        let short = tool
            .id
            .strip_prefix(group)
            .map_or("", |name| name.trim_start_matches('.'));
        if self.spec.binds(&tool.id) == Some(false) {
            let message = format!(
                "`{}` is not among the tools the app says it uses; `service_bindings` names them",
                tool.id
            );
            let hint = format!("\"service_bindings\": {{\"{group}\": [\"{short}\"]}}");
            self.report(Issue::error(Code::ToolNotBound, at, message).hint(hint));
        }
    }

    /// What a bare tool picks from the event that runs it.
    fn picked_args(&mut self, tool: &ToolEntry, trigger: &Trigger<'_>, place: &Place, at: &Location) {
        let offered = match trigger {
            Trigger::NoControl => Vec::new(),
            Trigger::Anything => vec!["componentId", "id", "value", "text", "digit", "event"],
            Trigger::Event { component, event } => {
                let mut offered = vec!["componentId", "id", "event"];
                let entry = self.catalog.component(&component.kind);
                if component.prop("text").is_some() {
                    offered.extend(["text", "digit"]);
                }
                if entry.is_none_or(|entry| {
                    entry.value.is_some() || entry.event(event).is_some_and(|event| !event.payload.is_empty())
                }) {
                    offered.extend(["value", "key"]);
                }
                offered
            }
        };
        let is_offered = |name: &str| offered.contains(&name);
        let missing = tool.params.iter().filter(|param| {
            param.required && !is_offered(&param.name) && !param.aliases.iter().any(|alias| is_offered(alias))
        });
        for param in missing {
            let message = format!(
                "`{}` needs `{}`, which the event does not offer: {}",
                tool.id, param.name, param.summary
            );
            let hint = format!("{{\"tool\": \"{}\", \"args\": {}}}", tool.id, tool.example_args);
            self.report(Issue::error(Code::ArgsInvalid, at, message).hint(hint));
        }
        self.names_in_args(tool, &Map::new(), place, at);
    }

    /// Arguments the document writes.
    pub(super) fn given_args(
        &mut self,
        tool: &ToolEntry,
        args: &[(String, Template)],
        has_callback: bool,
        place: &Place,
        at: &Location,
    ) {
        self.templates(args, place, at);
        let mut known: Map<String, Value> = args
            .iter()
            .map(|(name, value)| (name.clone(), with_open(value)))
            .collect();
        if has_callback {
            known.insert("action".to_owned(), open());
        }
        let known = tool.coerce_args(&Value::Object(known));
        for issue in tool
            .validate_args_except(&known, &is_open)
            .err()
            .into_iter()
            .flatten()
        {
            let (at, hint) = match &issue {
                ArgIssue::Unknown { name, nearest } => (at.member(name).pointer(), nearest.clone()),
                ArgIssue::Wrong { name, mismatch } => (
                    at.member(name).pointer() + &mismatch.path,
                    mismatch.hint().map(str::to_owned),
                ),
                ArgIssue::Missing { .. } | ArgIssue::NotAnObject => {
                    (at.pointer(), Some(tool.example_args.to_string()))
                }
            };
            let code = match &issue {
                ArgIssue::Wrong { mismatch, .. } => code_of_a_misfit(mismatch, Code::ArgsInvalid),
                _ => Code::ArgsInvalid,
            };
            self.report_with(Issue::error(code, at, format!("`{}`: {issue}", tool.id)), hint);
        }
        for (name, value) in args {
            if let (Template::Text(parts), Some(param)) = (value, tool.param(name)) {
                self.open_url(&param.kind, parts, name, &at.member(name));
            }
        }
        if let Value::Object(known) = &known {
            self.names_in_args(tool, known, place, at);
        }
    }

    /// Arguments that name a path, a component or a query of the document.
    fn names_in_args(&mut self, tool: &ToolEntry, args: &Map<String, Value>, place: &Place, at: &Location) {
        for param in &tool.params {
            let value = args.get(param.name.as_ref()).or(param.default.as_ref());
            let Some(text) = value.and_then(Value::as_str).filter(|text| !text.contains("{{")) else {
                continue;
            };
            let at = at.member(&param.name);
            match param.kind {
                ValueKind::Path if tool.group() == "calc" && args.contains_key("expression") => {}
                ValueKind::Path => self.path_in_args(tool, text, place, &at),
                ValueKind::ComponentId if !self.ids.contains(text) => {
                    let fitting = self.ids_of(component_kinds(&param.name));
                    let hint = self
                        .nearest(text, self.ids.iter().copied())
                        .or((!fitting.is_empty()).then(|| fitting.join(", ")));
                    let message = format!("`{}`: no component has the id \"{text}\"", tool.id);
                    self.report_with(Issue::error(Code::ArgsInvalid, at, message), hint);
                }
                ValueKind::ComponentId if param.name == "tab_id" => self.panel_in_args(tool, text, args, &at),
                ValueKind::ComponentId => {
                    self.component_in_args(tool, text, component_kinds(&param.name), &at);
                }
                _ => {}
            }
        }
        self.list_in_args(tool, args, place, at);
        if tool.id == "ui.set_multiple" {
            for path in args
                .get("values")
                .filter(|values| !is_open(values))
                .and_then(Value::as_object)
                .into_iter()
                .flat_map(|values| values.keys())
            {
                self.path_in_args(tool, path, place, &at.member("values").member(path));
            }
        }
        if tool.id == "ui.refresh"
            && let Some(query) = args.get("data").and_then(Value::as_str)
        {
            self.query_in_args(query, &at.member("data"));
        }
    }

    /// The component is of a type the tool works on.
    fn component_in_args(&mut self, tool: &ToolEntry, id: &str, kinds: &[&str], at: &Location) {
        let named = self.spec.walk().find(|component| component.id == id);
        let Some(named) = named.filter(|named| !kinds.is_empty() && !kinds.contains(&named.kind.as_str()))
        else {
            return;
        };
        let fitting = self.ids_of(kinds);
        let message = not_of_kind(&tool.id, id, &named.kind, kinds, &fitting);
        let hint = (!fitting.is_empty()).then(|| fitting.join(", "));
        self.report_with(Issue::error(Code::ArgsInvalid, at, message), hint);
    }

    /// What `tabs.switch` opens is a panel, of the tabs it names where it does.
    fn panel_in_args(&mut self, tool: &ToolEntry, id: &str, args: &Map<String, Value>, at: &Location) {
        let kinds = component_kinds("tabs_id");
        let tabs = args.get("tabs_id").and_then(Value::as_str);
        let tabs = tabs.filter(|tabs| !tabs.contains("{{"));
        let holders = self.spec.walk().filter(|component| {
            kinds.contains(&component.kind.as_str()) && tabs.is_none_or(|tabs| component.id == tabs)
        });
        let panels: Vec<&str> = holders
            .flat_map(|holder| &holder.children)
            .map(|panel| panel.id.as_str())
            .collect();
        // Where the tabs themselves are wrong, that is told.
        if panels.contains(&id) || tabs.is_some() && panels.is_empty() {
            return;
        }
        let of = tabs.map(|tabs| format!(" of \"{tabs}\"")).unwrap_or_default();
        let message = format!("`{}`: \"{id}\" is no panel{of}", tool.id);
        let hint = (!panels.is_empty()).then(|| panels.join(", "));
        self.report_with(Issue::error(Code::ArgsInvalid, at, message), hint);
    }

    fn ids_of(&self, kinds: &[&str]) -> Vec<&'a str> {
        let components = self.spec.walk();
        components
            .filter(|component| kinds.contains(&component.kind.as_str()))
            .map(|component| component.id.as_str())
            .collect()
    }

    fn path_in_args(&mut self, tool: &ToolEntry, text: &str, place: &Place, at: &Location) {
        match Path::parse(text) {
            Ok(path) if tool.reads => self.read_path(&path, place, at, "read"),
            Ok(path) => self.written_path(&path, place, at, "written"),
            Err(error) => self.report(Issue::error(
                Code::PathForbidden,
                at,
                format!("`{}`: {error}", tool.id),
            )),
        }
    }

    /// The `list` tools name their list by a key of the state unless they name a path.
    fn list_in_args(&mut self, tool: &ToolEntry, args: &Map<String, Value>, place: &Place, at: &Location) {
        if tool.group() != "list" || args.contains_key("path") {
            return;
        }
        let list = args.get("list_id").map_or(Some("list"), Value::as_str);
        if let Some(path) = list
            .filter(|list| !list.contains("{{"))
            .and_then(|list| Path::key(list).ok())
        {
            self.written_path(&path, place, &at.member("list_id"), "written");
        }
    }

    fn query_in_args(&mut self, query: &str, at: &Location) {
        self.used.insert(query.to_owned());
        if !query.contains("{{") && !self.queries.contains(query) {
            let hint = self.nearest(query, self.queries.iter().copied());
            let message = format!("`ui.refresh`: `data` has no query `{query}`");
            self.report_with(Issue::error(Code::ArgsInvalid, at, message), hint);
        }
    }
}
