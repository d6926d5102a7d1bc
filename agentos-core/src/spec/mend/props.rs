//! Properties: their names, and values in the form the catalog asks for.

use serde_json::{Value, json};

use super::{Mender, Object, is_open, names, path_meant, rename};
use crate::spec::catalog::{ComponentEntry, STYLE_PROPERTIES, ValueKind, is_style_property};
use crate::spec::issue::{Code, Issue};
use crate::spec::location::Location;
use crate::spec::nearest;
use crate::spec::path::Path;

impl Mender<'_> {
    pub(super) fn props(&mut self, component: &mut Object, entry: &ComponentEntry, at: &Location) {
        let props_at = at.member("props");
        let Some(props) = component.get_mut("props") else {
            return;
        };
        if props.is_string()
            && let Some(text) = ["text", "content", "label"]
                .into_iter()
                .find(|prop| entry.prop(prop).is_some())
        {
            *props = json!({text: props.take()});
            self.told(
                &props_at,
                format!("the text of {} is its `{text}`", entry.with_article()),
            );
        }
        let Value::Object(props) = props else {
            return;
        };
        self.binding(props, entry, &props_at);
        self.prop_names(props, entry, &props_at);
        self.prop_values(props, entry, &props_at);
        if entry.value.is_some()
            && props.get("required").is_some_and(Value::is_boolean)
            && !component.contains_key("checks")
        {
            self.required(component, &props_at);
        }
    }

    /// `bind: "name"` on a component with a value.
    fn binding(&mut self, props: &mut Object, entry: &ComponentEntry, at: &Location) {
        let Some(value) = &entry.value else { return };
        if !props
            .keys()
            .any(|key| names::BINDING_PROPS.contains(&key.as_str()))
        {
            return;
        }
        for key in names::BINDING_PROPS {
            let path = props
                .get(key)
                .and_then(|path| path.as_str().map(str::to_owned).or_else(|| path_meant(path)));
            let Some(path) = path.filter(|path| Path::parse(path).is_ok()) else {
                continue;
            };
            if props.get(value.name.as_ref()).is_some_and(is_open) {
                continue;
            }
            props.shift_remove(key);
            props.insert(value.name.to_string(), json!({"$bind": path}));
            self.told(
                &at.member(key),
                format!("`{key}` is `{}: {{\"$bind\": …}}`", value.name),
            );
        }
    }

    /// Aliases, near misses, and text ↔ content ↔ label where the right one is absent.
    fn prop_names(&mut self, props: &mut Object, entry: &ComponentEntry, at: &Location) {
        let strangers: Vec<String> = props
            .keys()
            .filter(|key| entry.prop(key).is_none())
            .cloned()
            .collect();
        for key in strangers {
            let by_alias = entry
                .props
                .iter()
                .find(|prop| prop.aliases.iter().any(|alias| *alias == key));
            let near = || {
                let known = entry
                    .props
                    .iter()
                    .flat_map(|prop| std::iter::once(&prop.name).chain(&prop.aliases));
                let meant = nearest::unmistakable(&key, known.map(AsRef::as_ref))?;
                entry
                    .props
                    .iter()
                    .find(|prop| prop.name == meant || prop.aliases.iter().any(|alias| alias == meant))
            };
            if let Some(prop) = by_alias
                .or_else(near)
                .filter(|prop| !props.contains_key(prop.name.as_ref()))
            {
                rename(props, &key, &prop.name);
                self.told(
                    &at.member(&key),
                    format!("`{key}` of {} is called `{}`", entry.with_article(), prop.name),
                );
            }
        }
        // A name that is a property of its own stands in for another only while that one is absent,
        // and an icon's label is its accessible name.
        if props.keys().any(|key| key == "icon") {
            return;
        }
        for prop in &entry.props {
            let is_written = |name: &str| props.keys().any(|key| key == name);
            let stand_in = prop
                .aliases
                .iter()
                .find(|alias| is_written(alias) && entry.prop(alias).is_some());
            if let Some(stand_in) = stand_in.filter(|_| !is_written(&prop.name)) {
                rename(props, stand_in, &prop.name);
                self.told(
                    &at.member(stand_in),
                    format!(
                        "`{stand_in}` of {} without a `{}` stands for it",
                        entry.with_article(),
                        prop.name
                    ),
                );
            }
        }
    }

    fn prop_values(&mut self, props: &mut Object, entry: &ComponentEntry, at: &Location) {
        let numeric = entry.name == "input" && props.get("type").is_some_and(|kind| kind == "number");
        props.retain(|name, value| {
            entry.prop(name).is_none_or(|prop| {
                let kind = match &prop.kind {
                    ValueKind::Scalar if numeric && name == "value" => &ValueKind::NUMBER,
                    kind => kind,
                };
                self.prop_value(name, value, kind, &at.member(name))
            })
        });
    }

    /// Whether the property may stay.
    fn prop_value(&mut self, name: &str, value: &mut Value, kind: &ValueKind, at: &Location) -> bool {
        if let (ValueKind::Url(usage), Value::String(url)) = (kind, &*value)
            && usage.forbids(url)
        {
            let message = format!("`{name}` led to a kind of URL that is not allowed and was removed");
            self.issues.push(Issue::warning(Code::UrlScheme, at, message));
            return false;
        }
        if value.is_null() {
            return true;
        }
        if let Some(path) = value.get("$bind").and_then(path_meant) {
            *value = json!({"$bind": path});
            self.told(at, "`$bind` takes a path, not an expression");
        }
        if let (ValueKind::Style, Value::Object(style)) = (kind, &mut *value) {
            self.style_names(style, at);
        }
        if let Some(coerced) = in_form(kind, value) {
            self.told(
                at,
                format!("`{name}` takes {kind}: {value} was read as {coerced}"),
            );
            *value = coerced;
        }
        true
    }

    fn style_names(&mut self, style: &mut Object, at: &Location) {
        let strangers: Vec<String> = style
            .keys()
            .filter(|name| !is_style_property(name))
            .cloned()
            .collect();
        for name in strangers {
            let meant = nearest::unmistakable(&name, STYLE_PROPERTIES.iter().copied());
            if let Some(meant) = meant.filter(|meant| !style.contains_key(*meant)) {
                rename(style, &name, meant);
                self.told(
                    &at.member(&name),
                    format!("`{name}` of a style is called `{meant}`"),
                );
            }
        }
    }

    /// `required` of a field is a check.
    fn required(&mut self, component: &mut Object, at: &Location) {
        let Some(Value::Object(props)) = component.get_mut("props") else {
            return;
        };
        let required = props.shift_remove("required");
        if required == Some(Value::Bool(true)) {
            component.insert("checks".to_owned(), json!(["required"]));
        }
        self.told(&at.member("required"), "`required` is a check");
    }
}

/// The value in the form of its kind, where that loses nothing and it is not in it yet.
pub(crate) fn in_form(kind: &ValueKind, value: &Value) -> Option<Value> {
    if is_open(value) {
        return None;
    }
    kind.check(value, &is_open).err()?;
    if let (ValueKind::OneOf(choices), Value::String(text)) = (kind, value) {
        let text = text.to_lowercase();
        let meant = names::CHOICES
            .iter()
            .find(|(from, to)| *from == text && choices.iter().any(|choice| choice == to));
        if let Some((_, to)) = meant {
            return Some((*to).into());
        }
    }
    if let (ValueKind::List(of), Value::String(text)) = (kind, value)
        && of.check(&json!(""), &is_open).is_ok()
        && text.contains(',')
    {
        return Some(text.split(',').map(|item| Value::from(item.trim())).collect());
    }
    kind.coerce(value)
}
