//! Between a document and the form a model is constrained to.
//!
//! Folding takes any mixture: what is a map already stays one, because servers whose grammars take
//! maps are given them.

use serde_json::{Map, Value, json};
use thiserror::Error;

use crate::spec::patch::PointerBuf;

use super::COMPONENT_LEVELS;
use super::generation::DOCUMENT_KEYS;

type Object = Map<String, Value>;

/// A part of a document that the generation form has no place for.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the generation form has no place for {what}")]
pub struct NoPlace {
    pub what: String,
}

/// Reads the generation form as the document it means; whether anything of it was there. What is
/// not in that form is left as it is, so folding twice changes nothing.
pub fn fold(document: &mut Value) -> bool {
    let Value::Object(root) = document else {
        return false;
    };
    let mut folded = false;
    for (key, member) in root {
        folded |= fold_member(key, member);
    }
    folded
}

/// Folds what a patch adds at `path` of a document that is still being written; false for what only this form writes
/// out and the document it means does not have.
pub(crate) fn fold_addition(path: &PointerBuf, value: &mut Value) -> bool {
    let Some(last) = path.last() else {
        fold(value);
        return true;
    };
    let key = last.decoded();
    if path.count() == 1 {
        fold_member(&key, value);
    } else if value.get("type").is_some_and(Value::is_string) {
        fold_component(value);
    } else if matches!(
        &*key,
        "props" | "on_event" | "checks" | "children" | "each" | "id" | "visible"
    ) {
        let mut component = json!({ "props": [], &*key: value.take() });
        fold_component(&mut component);
        match component.get_mut(&*key) {
            Some(folded) => *value = folded.take(),
            None => return false,
        }
    }
    true
}

/// A member of the document.
fn fold_member(key: &str, member: &mut Value) -> bool {
    match key {
        "state" => fold_named(member, &|member| value_of(member.get("value"))),
        "computed" => fold_named(member, &|member| {
            member.get("expression").cloned().unwrap_or_default()
        }),
        "actions" => fold_named(member, &|member| steps_of(member.get("steps"))),
        "data" => fold_named(member, &query_of),
        "components" => fold_components(member),
        _ => false,
    }
}

fn fold_components(components: &mut Value) -> bool {
    let components = components.as_array_mut().into_iter().flatten();
    components.fold(false, |folded, component| folded | fold_component(component))
}

fn fold_component(component: &mut Value) -> bool {
    let Value::Object(component) = component else {
        return false;
    };
    let mut folded = false;
    for (key, member) in component.iter_mut() {
        folded |= match (key.as_str(), member) {
            ("props", props) => fold_named(props, &|prop| match prop.get("bind") {
                Some(path) => json!({"$bind": path}),
                None => value_of(prop.get("value")),
            }),
            ("on_event", handlers) => fold_by("event", handlers, &|handler| steps_of(handler.get("steps"))),
            ("checks", Value::Array(checks)) => checks
                .iter_mut()
                .fold(false, |folded, check| folded | fold_check(check)),
            ("children", children) => fold_components(children),
            ("each", Value::Object(each)) => {
                each.retain(|key, value| !(value.is_null() && key == "where"));
                false
            }
            _ => false,
        };
    }
    // Only this form writes out what a component has not.
    if folded {
        component
            .retain(|key, value| !(value.is_null() && matches!(key.as_str(), "id" | "visible" | "each")));
    }
    folded
}

fn fold_named(members: &mut Value, of: &dyn Fn(&Object) -> Value) -> bool {
    fold_by("name", members, of)
}

/// Makes a list of objects that name themselves by `key` a map; anything else is left.
fn fold_by(key: &str, members: &mut Value, of: &dyn Fn(&Object) -> Value) -> bool {
    let Value::Array(items) = members else {
        return false;
    };
    let named: Option<Object> = items
        .iter()
        .map(|item| {
            let item = item.as_object()?;
            Some((item.get(key)?.as_str()?.to_owned(), of(item)))
        })
        .collect();
    let Some(named) = named else { return false };
    *members = Value::Object(named);
    true
}

fn fold_check(check: &mut Value) -> bool {
    let Some(Value::String(rule)) = check.get("rule").cloned() else {
        return false;
    };
    let argument = match value_of(check.get("argument")) {
        Value::Null => Value::Bool(true),
        argument => argument,
    };
    let mut folded = Object::from_iter([(rule, argument)]);
    if let Some(message) = check.get("message").filter(|message| message.is_string()) {
        folded.insert("message".to_owned(), message.clone());
    }
    *check = Value::Object(folded);
    true
}

fn query_of(member: &Object) -> Value {
    let mut query = Object::new();
    for (key, value) in member {
        match key.as_str() {
            "name" => {}
            "args" => {
                let mut args = value.clone();
                fold_named(&mut args, &|arg| value_of(arg.get("value")));
                query.insert(key.clone(), args);
            }
            "default" => {
                query.insert(key.clone(), value_of(Some(value)));
            }
            _ if value.is_null() => {}
            _ => {
                query.insert(key.clone(), value.clone());
            }
        }
    }
    Value::Object(query)
}

fn steps_of(steps: Option<&Value>) -> Value {
    let Some(Value::Array(steps)) = steps else {
        return steps.cloned().unwrap_or_else(|| json!([]));
    };
    let mut folded: Vec<Value> = steps.iter().map(step_of).collect();
    if folded.len() == 1 {
        folded.remove(0)
    } else {
        Value::Array(folded)
    }
}

fn step_of(step: &Value) -> Value {
    let Value::Object(step) = step else {
        return step.clone();
    };
    let mut folded = Object::new();
    for (key, value) in step {
        match (key.as_str(), value) {
            (_, Value::Null) => {}
            ("args", Value::Array(args)) if args.is_empty() => {}
            ("then" | "catch", Value::Array(steps)) if steps.is_empty() => {}
            ("args", _) => {
                let mut args = value.clone();
                fold_named(&mut args, &|arg| value_of(arg.get("value")));
                folded.insert(key.clone(), args);
            }
            ("then" | "catch", _) => {
                folded.insert(key.clone(), steps_of(Some(value)));
            }
            _ => {
                folded.insert(key.clone(), value.clone());
            }
        }
    }
    Value::Object(folded)
}

/// The value a member means: JSON text is what it spells.
fn value_of(written: Option<&Value>) -> Value {
    match written {
        Some(Value::String(text)) if text.starts_with(['{', '[', '"']) => {
            serde_json::from_str(text).unwrap_or_else(|_| text.as_str().into())
        }
        Some(other) => other.clone(),
        None => Value::Null,
    }
}

/// Writes a document that needs no mend in the generation form.
///
/// # Errors
/// The first part that form has no place for, such as `watch`, or components nested deeper than
/// [`COMPONENT_LEVELS`].
pub fn unfold(document: &Value) -> Result<Value, NoPlace> {
    let root = document
        .as_object()
        .ok_or_else(|| no_place("what is no object"))?;
    for key in root.keys() {
        let is_implied = key == "type" || (key == "layout" && root[key] == "vertical");
        if !is_implied && !DOCUMENT_KEYS.contains(&key.as_str()) {
            return Err(no_place(format!("`{key}`")));
        }
    }
    let mut unfolded = Object::new();
    for key in DOCUMENT_KEYS {
        let given = root.get(key).filter(|given| !given.is_null());
        let written = match key {
            "title" => given.cloned().unwrap_or_else(|| "".into()),
            "persist" => given.cloned().unwrap_or_else(|| json!([])),
            "components" => unfold_components(given, COMPONENT_LEVELS)?,
            "state" => unfold_map(given, |name, value| {
                Ok(json!({"name": name, "value": written(value)}))
            })?,
            "computed" => unfold_map(given, |name, value| {
                Ok(json!({"name": name, "expression": expression(value)}))
            })?,
            "data" => unfold_map(given, unfold_query)?,
            _ => unfold_map(given, |name, action| {
                Ok(json!({"name": name, "steps": unfold_steps(action, true)?}))
            })?,
        };
        unfolded.insert(key.to_owned(), written);
    }
    Ok(Value::Object(unfolded))
}

fn unfold_components(components: Option<&Value>, level: usize) -> Result<Value, NoPlace> {
    let components = components
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    components
        .iter()
        .map(|component| unfold_component(component, level))
        .collect()
}

fn unfold_component(component: &Value, level: usize) -> Result<Value, NoPlace> {
    let catalog = super::super::Catalog::builtin();
    let kind = component["type"].as_str().unwrap_or_default();
    let entry = catalog
        .component(kind)
        .ok_or_else(|| no_place(format!("the type \"{kind}\"")))?;
    let has_children = entry.children != super::super::catalog::Children::None;
    if has_children && level == 0 {
        return Err(no_place(format!(
            "components nested more than {COMPONENT_LEVELS} deep"
        )));
    }
    if component.get("a11y").is_some() {
        return Err(no_place("`a11y`"));
    }
    let mut unfolded = Object::new();
    unfolded.insert("type".to_owned(), kind.into());
    unfolded.insert("id".to_owned(), component["id"].clone());
    unfolded.insert(
        "visible".to_owned(),
        optional_expression(component.get("visible")),
    );
    unfolded.insert(
        "props".to_owned(),
        unfold_map(component.get("props"), |name, value| {
            Ok(match value.get("$bind") {
                Some(path) => json!({"name": name, "bind": path}),
                None => json!({"name": name, "value": written(value)}),
            })
        })?,
    );
    if !entry.events.is_empty() {
        let handlers = unfold_map(component.get("on_event"), |event, action| {
            Ok(json!({"event": event, "steps": unfold_steps(action, true)?}))
        })?;
        unfolded.insert("on_event".to_owned(), handlers);
    }
    if entry.value.is_some() {
        unfolded.insert("checks".to_owned(), unfold_checks(component.get("checks"))?);
    }
    if has_children {
        unfolded.insert("each".to_owned(), unfold_each(component.get("each")));
        unfolded.insert(
            "children".to_owned(),
            unfold_components(component.get("children"), level - 1)?,
        );
    }
    Ok(Value::Object(unfolded))
}

fn unfold_each(each: Option<&Value>) -> Value {
    match each {
        None | Some(Value::Null) => Value::Null,
        Some(Value::String(list)) => json!({"in": list, "as": "item", "key": "id", "where": null}),
        Some(each) => json!({
            "in": each["in"],
            "as": each.get("as").cloned().unwrap_or_else(|| "item".into()),
            "key": each.get("key").cloned().unwrap_or_else(|| "id".into()),
            "where": optional_expression(each.get("where")),
        }),
    }
}

fn unfold_checks(checks: Option<&Value>) -> Result<Value, NoPlace> {
    let checks = match checks {
        None | Some(Value::Null) => return Ok(json!([])),
        Some(Value::Array(checks)) => checks.clone(),
        Some(single) => vec![single.clone()],
    };
    let mut unfolded = Vec::new();
    for check in checks {
        let rules = match check {
            Value::String(rule) => Object::from_iter([(rule, Value::Bool(true))]),
            Value::Object(rules) => rules,
            _ => return Err(no_place("such a check")),
        };
        let message = rules.get("message").cloned().unwrap_or_default();
        for (rule, argument) in rules.iter().filter(|(rule, _)| *rule != "message") {
            let argument = if *argument == true {
                Value::Null
            } else {
                written(argument)
            };
            unfolded.push(json!({"rule": rule, "argument": argument, "message": message}));
        }
    }
    Ok(Value::Array(unfolded))
}

fn unfold_query(name: &str, query: &Value) -> Result<Value, NoPlace> {
    Ok(json!({
        "name": name,
        "tool": query["tool"],
        "args": unfold_args(query.get("args"))?,
        "pick": optional_expression(query.get("pick")),
        "every": query.get("every").cloned().unwrap_or_default(),
        "when": optional_expression(query.get("when")),
        "default": written(query.get("default").unwrap_or(&Value::Null)),
    }))
}

fn unfold_args(args: Option<&Value>) -> Result<Value, NoPlace> {
    unfold_map(args, |name, value| {
        Ok(json!({"name": name, "value": written(value)}))
    })
}

/// `with_branches` is false inside `then` and `catch`, which hold plain steps only.
fn unfold_steps(action: &Value, with_branches: bool) -> Result<Value, NoPlace> {
    match action {
        Value::Array(steps) => steps
            .iter()
            .map(|step| unfold_step(step, with_branches))
            .collect(),
        step => Ok(Value::Array(vec![unfold_step(step, with_branches)?])),
    }
}

fn unfold_step(step: &Value, with_branches: bool) -> Result<Value, NoPlace> {
    let Value::Object(given) = step else {
        return Ok(step.clone());
    };
    let args = unfold_args(given.get("args"))?;
    if given.contains_key("tool") && given.keys().all(|key| key == "tool" || key == "args") {
        return Ok(json!({"tool": given["tool"], "args": args}));
    }
    if !with_branches
        || given.contains_key("debounce")
        || given.get("do").is_some_and(|steps| !steps.is_string())
    {
        return Err(no_place("steps within such steps, or `debounce`"));
    }
    let branch = |key: &str| match given.get(key) {
        None | Some(Value::Null) => Ok(json!([])),
        Some(steps) => unfold_steps(steps, false),
    };
    Ok(json!({
        "tool": given.get("tool").cloned().unwrap_or_default(),
        "do": given.get("do").cloned().unwrap_or_default(),
        "args": args,
        "if": optional_expression(given.get("if")),
        "confirm": given.get("confirm").cloned().unwrap_or_default(),
        "into": given.get("into").cloned().unwrap_or_default(),
        "then": branch("then")?,
        "catch": branch("catch")?,
    }))
}

fn unfold_map(
    members: Option<&Value>,
    of: impl Fn(&str, &Value) -> Result<Value, NoPlace>,
) -> Result<Value, NoPlace> {
    let Some(Value::Object(members)) = members else {
        return Ok(json!([]));
    };
    members.iter().map(|(name, value)| of(name, value)).collect()
}

/// A value as [`value_of`] reads it back: structure as JSON text, and text that would be taken for
/// JSON as the JSON text of itself.
fn written(value: &Value) -> Value {
    let is_mistakable =
        |text: &str| text.starts_with(['{', '[', '"']) && serde_json::from_str::<Value>(text).is_ok();
    match value {
        Value::Array(_) | Value::Object(_) => value.to_string().into(),
        Value::String(text) if is_mistakable(text) => value.to_string().into(),
        _ => value.clone(),
    }
}

fn expression(source: &Value) -> Value {
    match source {
        Value::String(_) => source.clone(),
        other => other.to_string().into(),
    }
}

fn optional_expression(source: Option<&Value>) -> Value {
    source
        .filter(|source| !source.is_null())
        .map_or(Value::Null, expression)
}

fn no_place(what: impl Into<String>) -> NoPlace {
    NoPlace { what: what.into() }
}
