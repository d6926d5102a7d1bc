//! Which service tools a document lets its app call.

use super::UiSpec;
use super::action::{Run, Step};

impl UiSpec {
    /// Whether the app may call the service tool `tool`: as the document declares, or, where it
    /// declares nothing, because the document uses it.
    pub fn may_call(&self, tool: &str) -> bool {
        self.binds(tool).unwrap_or_else(|| self.uses(tool))
    }

    /// What `services` and `service_bindings` say of the service tool `tool`; nothing where both are
    /// empty.
    pub(super) fn binds(&self, tool: &str) -> Option<bool> {
        let services = self.services.as_deref().unwrap_or_default();
        if services.is_empty() && self.service_bindings.is_empty() {
            return None;
        }
        let (group, name) = tool.split_once('.').unwrap_or((tool, ""));
        let bound = self.service_bindings.iter().find(|(service, _)| service == group);
        Some(match bound {
            Some((_, tools)) => tools.iter().any(|bound| bound == name || bound == tool),
            None => services.iter().any(|service| service == group || service == tool),
        })
    }

    fn uses(&self, tool: &str) -> bool {
        let calls = |step: &Step| matches!(&step.run, Run::Tool { id, .. } if id == tool);
        self.data.iter().any(|(_, query)| query.tool == tool) || self.steps().any(calls)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[track_caller]
    fn check(members: Value, tool: &str, expected: bool) {
        let mut document = json!({ "type": "app", "title": "T", "components": [] });
        document
            .as_object_mut()
            .unwrap()
            .extend(members.as_object().unwrap().clone());
        let spec = UiSpec::from_json(&document).unwrap();
        assert_eq!(spec.may_call(tool), expected, "{tool} of {document}");
    }

    #[test]
    fn what_is_declared_may_be_called_and_nothing_else() {
        check(json!({ "services": ["storage"] }), "storage.get", true);
        check(json!({ "services": ["storage.get"] }), "storage.get", true);
        check(json!({ "services": ["storage.get"] }), "storage.set", false);
        check(json!({ "services": ["system"] }), "storage.get", false);
        check(
            json!({ "service_bindings": { "storage": ["get"] } }),
            "storage.get",
            true,
        );
        check(
            json!({ "service_bindings": { "storage": ["storage.get"] } }),
            "storage.get",
            true,
        );
        check(
            json!({ "service_bindings": { "storage": ["get"] } }),
            "storage.clear",
            false,
        );
        check(
            json!({ "services": ["storage"], "service_bindings": { "storage": ["get"] } }),
            "storage.set",
            false,
        );
    }

    #[test]
    fn without_a_declaration_what_is_used_may_be_called() {
        let set = json!({ "tool": "storage.set", "args": { "key": "k", "value": 1 } });
        check(json!({}), "storage.set", false);
        for members in [
            json!({ "actions": { "keep": set } }),
            json!({ "on": { "close": set } }),
            json!({ "watch": { "n": set }, "state": { "n": 0 } }),
            json!({ "actions": { "keep": { "tool": "storage.get", "args": { "key": "k" }, "then": set } } }),
            json!({ "actions": { "keep": { "tool": "storage.get", "args": { "key": "k" }, "catch": [set] } } }),
            json!({ "actions": { "keep": { "do": [set] } } }),
            json!({ "actions": { "keep": { "tool": "timer.set", "args": { "ms": 100, "action": set } } } }),
            json!({ "components": [{ "type": "button", "props": { "text": "Keep" }, "on_event": { "click": set } }] }),
            json!({ "data": { "kept": { "tool": "storage.set", "args": {} } } }),
        ] {
            check(members.clone(), "storage.set", true);
            check(members, "storage.remove", false);
        }
    }
}
