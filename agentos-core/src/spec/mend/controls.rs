//! Controls that are written as HTML has them: inputs of a type that is a component here, and radios one by one.

use serde_json::{Value, json};

use super::props::in_form;
use super::{Mender, Object, is_open};
use crate::spec::catalog::{ComponentEntry, ValueKind};
use crate::spec::document::RULES;
use crate::spec::location::Location;
use crate::spec::nearest;

/// Input types that are components of their own.
const COMPONENTS: [(&str, &str); 8] = [
    ("date", "date"),
    ("datetime-local", "date"),
    ("datetime", "date"),
    ("month", "date"),
    ("week", "date"),
    ("range", "slider"),
    ("checkbox", "checkbox"),
    ("radio", "radio"),
];

/// What other languages call the rules of checks.
const RULE_SYNONYMS: [(&str, &str); 6] = [
    ("regex", "pattern"),
    ("minimum", "min"),
    ("maximum", "max"),
    ("enum", "one_of"),
    ("in", "one_of"),
    ("if", "when"),
];

impl<'a> Mender<'a> {
    /// Names the rules of `checks` and gives their numbers their form.
    pub(super) fn checks(&mut self, component: &mut Object, at: &Location) {
        let Some(checks) = component.get_mut("checks") else {
            return;
        };
        let at = at.member("checks");
        let names: Vec<&str> = RULES.iter().map(|(name, _)| *name).collect();
        let known: Vec<&str> = names.iter().copied().chain(["message"]).collect();
        match checks {
            Value::Array(entries) => {
                for (index, entry) in entries.iter_mut().enumerate() {
                    self.check(entry, &at.item(index), &names, &known);
                }
            }
            entry => self.check(entry, &at, &names, &known),
        }
    }

    fn check(&mut self, entry: &mut Value, at: &Location, names: &[&str], known: &[&str]) {
        match entry {
            Value::String(name) if !names.contains(&name.as_str()) => {
                if let Some(meant) = nearest::unmistakable(name, names.iter().copied()) {
                    self.told(at, format!("the check `{name}` is called `{meant}`"));
                    meant.clone_into(name);
                }
            }
            Value::Object(rules) => {
                self.rename_keys(rules, at, known, &RULE_SYNONYMS);
                for name in ["min", "max", "min_length", "max_length"] {
                    if let Some(argument) = rules.get_mut(name)
                        && let Some(number) = in_form(&ValueKind::NUMBER, argument)
                    {
                        self.told(&at.member(name), format!("{argument} was read as {number}"));
                        *argument = number;
                    }
                }
            }
            _ => {}
        }
    }

    /// Makes an input of such a type the component it is, whose entry is then the answer.
    pub(super) fn input_type(
        &mut self,
        component: &mut Object,
        entry: &'a ComponentEntry,
        at: &Location,
    ) -> Option<&'a ComponentEntry> {
        if entry.name != "input" {
            return Some(entry);
        }
        let Some(Value::Object(props)) = component.get_mut("props") else {
            return Some(entry);
        };
        let written = props.get("type").and_then(Value::as_str).unwrap_or_default();
        let Some((written, kind)) = COMPONENTS.into_iter().find(|(of_type, _)| *of_type == written) else {
            return Some(entry);
        };
        props.shift_remove("type");
        if kind == "date" && written != "date" {
            let picks = if written == "datetime" {
                "datetime-local"
            } else {
                written
            };
            props.insert("type".to_owned(), picks.into());
        }
        if !props.contains_key("label")
            && let Some(placeholder) = props.shift_remove("placeholder")
        {
            props.insert("label".to_owned(), placeholder);
        }
        component.insert("type".to_owned(), kind.into());
        self.told(
            &at.member("props").member("type"),
            format!("an input of type \"{written}\" is a {kind}"),
        );
        self.catalog.component(kind)
    }

    /// Makes sibling radios of one name, each a choice, one radio with all of them as options.
    pub(super) fn radios(&mut self, siblings: &mut Vec<Value>, at: &Location) {
        let mut first = 0;
        while first < siblings.len() {
            if let Some(name) = choice(&siblings[first]).map(|choice| choice.name) {
                let with_it = |sibling: &Value| choice(sibling).is_some_and(|choice| choice.name == name);
                let members: Vec<usize> = (first..siblings.len())
                    .filter(|index| with_it(&siblings[*index]))
                    .collect();
                let group = group(members.iter().map(|index| &siblings[*index]));
                siblings[first] = group;
                for index in members.iter().skip(1).rev() {
                    siblings.remove(*index);
                }
                self.told(
                    &at.item(first),
                    "a radio is all of its choices: those of one name were made its `options`",
                );
            }
            first += 1;
        }
    }
}

/// A radio that is one choice of a group.
struct Choice {
    /// The name of the group; choices without one are a group of their own.
    name: Option<String>,
    value: Value,
    label: Value,
    is_chosen: bool,
}

fn choice(component: &Value) -> Option<Choice> {
    if component.get("type")? != "radio" {
        return None;
    }
    let is_plain = ["each", "visible", "children", "checks"]
        .iter()
        .all(|key| component.get(key).is_none());
    let can_act = component.get("on_event").is_none_or(Value::is_object);
    let props = component.get("props").and_then(Value::as_object)?;
    if !is_plain || !can_act || props.contains_key("options") {
        return None;
    }
    let said = |key: &str| {
        props
            .get(key)
            .filter(|value| value.is_string() || value.is_number())
    };
    let value = said("value").or(said("label"))?.clone();
    if is_open(&value) {
        return None;
    }
    Some(Choice {
        name: props.get("name").and_then(Value::as_str).map(str::to_owned),
        label: said("label").unwrap_or(&value).clone(),
        is_chosen: props.get("checked").is_some_and(|checked| *checked == true),
        value,
    })
}

/// The first of the members with all of them as options, which runs what each of them ran.
fn group<'c>(members: impl Iterator<Item = &'c Value> + Clone) -> Value {
    let mut group = members.clone().next().cloned().unwrap_or_default();
    let choices: Vec<Choice> = members.clone().filter_map(choice).collect();
    let handlers: Vec<Option<&Value>> = members.map(|member| member.pointer("/on_event/change")).collect();
    let named = |choice: &Choice| json!({"value": choice.value, "label": choice.label});
    let options: Vec<Value> = choices.iter().map(named).collect();
    if let Some(Value::Object(props)) = group.get_mut("props") {
        props.shift_remove("value");
        props.shift_remove("checked");
        if let [only] = choices.as_slice() {
            props.insert(
                "label".to_owned(),
                only.name.clone().map_or(only.label.clone(), Value::from),
            );
        } else {
            props.shift_remove("label");
        }
        props.insert("options".to_owned(), options.into());
        if let Some(chosen) = choices.iter().find(|choice| choice.is_chosen) {
            props.insert("value".to_owned(), chosen.value.clone());
        }
    }
    if handlers.iter().any(|handler| *handler != handlers[0]) {
        let steps = choices.iter().zip(&handlers).filter_map(|(choice, handler)| {
            Some(json!({"if": format!("event.value == {}", choice.value), "do": [(*handler)?]}))
        });
        group["on_event"]["change"] = steps.collect();
    }
    group
}
