//! Dropping what cannot be used, smallest part first, so that the rest of an app survives.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Loss, Mended};
use crate::spec::catalog::Catalog;
use crate::spec::check::check;
use crate::spec::document::UiSpec;
use crate::spec::issue::{Code, Issue};
use crate::spec::path::escaped;

/// Drops each part the reader or the checker refuses, and each property nobody knows; whether there
/// was any.
pub(super) fn drop_refused(mended: &mut Mended, catalog: &Catalog, loss: Loss) -> bool {
    let (spec, refused) = match UiSpec::from_json(&mended.doc) {
        Err(issues) => (None, issues),
        Ok(_) if loss == Loss::Malformed => return false,
        Ok(spec) => {
            let issues = check(&spec, catalog);
            (Some(spec), issues)
        }
    };
    // By what they are cut from, and last things first: no cut then moves what another points at.
    let mut cuts: BTreeMap<Reverse<Cut>, BTreeSet<Segment>> = BTreeMap::new();
    let mut told = Vec::new();
    for issue in refused
        .iter()
        .filter(|issue| issue.is_error() || issue.code == Code::UnknownProp)
    {
        let Some(cut) = Cut::of(issue).and_then(|cut| cut.in_document(&mended.doc)) else {
            continue;
        };
        let pointer = cut.pointer();
        let Some((last, parent)) = cut.split() else {
            continue;
        };
        if cuts.entry(Reverse(parent)).or_default().insert(last) {
            told.push(Issue::warning(
                Code::Dropped,
                pointer,
                format!("left out: {}", issue.message),
            ));
        }
    }
    for (Reverse(parent), parts) in &cuts {
        parent.remove(parts, &mut mended.doc);
    }
    mended.issues.append(&mut told);
    if cuts.is_empty() {
        mended.checked = spec.map(|spec| (spec, refused));
        return false;
    }
    true
}

/// The part of a document that goes as one: a component, a handler, an action, a property.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Cut(Vec<Segment>);

/// Numbers order as numbers, so that `/components/10` comes after `/components/9`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    Index(usize),
    Key(String),
}

impl Segment {
    fn of(text: String) -> Self {
        match text.parse::<usize>() {
            Ok(index) if index.to_string() == text => Self::Index(index),
            _ => Self::Key(text),
        }
    }
}

impl Cut {
    /// Half an action could do harm, so the whole of it goes.
    fn of(issue: &Issue) -> Option<Self> {
        let segments: Vec<String> = issue
            .path
            .split('/')
            .skip(1)
            .map(|segment| segment.replace("~1", "/").replace("~0", "~"))
            .collect();
        let mut length = 0;
        while segments
            .get(length)
            .is_some_and(|key| key == "components" || key == "children")
            && segments
                .get(length + 1)
                .is_some_and(|index| index.parse::<usize>().is_ok())
        {
            length += 2;
        }
        let in_component = length > 0;
        let rest = &segments[length..];
        length += match rest.first().map(String::as_str) {
            None => 0,
            Some("props" | "on_event" | "checks" | "a11y") if in_component => rest.len().min(2),
            Some(_) if in_component => 1,
            Some(
                "state" | "computed" | "data" | "actions" | "on" | "watch" | "persist" | "style" | "theme"
                | "service_bindings",
            ) => rest.len().min(2),
            Some(_) => 1,
        };
        let cut: Vec<Segment> = segments.into_iter().take(length).map(Segment::of).collect();
        (!cut.is_empty()).then_some(Self(cut))
    }

    /// The part itself, or the nearest one around it: a list of one may be written without its
    /// brackets. An empty list of components has nothing left to drop.
    fn in_document(mut self, doc: &Value) -> Option<Self> {
        while !self.0.is_empty() && doc.pointer(&self.pointer()).is_none() {
            self.0.pop();
        }
        let nothing_left = self.pointer() == "/components" && doc["components"] == Value::Array(Vec::new());
        (!self.0.is_empty() && !nothing_left).then_some(self)
    }

    fn pointer(&self) -> String {
        self.0
            .iter()
            .fold(String::new(), |pointer, segment| match segment {
                Segment::Index(index) => format!("{pointer}/{index}"),
                Segment::Key(key) => format!("{pointer}/{}", escaped(key)),
            })
    }

    fn split(mut self) -> Option<(Segment, Self)> {
        Some((self.0.pop()?, self))
    }

    /// Removes parts of what this points at.
    fn remove(&self, parts: &BTreeSet<Segment>, doc: &mut Value) {
        match doc.pointer_mut(&self.pointer()) {
            Some(Value::Array(items)) => {
                let mut index = 0..;
                items.retain(|_| {
                    !index
                        .next()
                        .is_some_and(|index| parts.contains(&Segment::Index(index)))
                });
            }
            Some(Value::Object(map)) => map.retain(|key, _| !parts.contains(&Segment::of(key.clone()))),
            _ => {}
        }
    }
}
