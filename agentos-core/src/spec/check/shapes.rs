//! What the values of the state are known to hold: from what they begin as and from what steps write.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value as Json;

use super::super::action::{Args, Run, Step};
use super::super::document::UiSpec;
use super::super::path::Path;
use super::super::template::{Part, Template};

/// Lists within lists that are followed to the state.
const NESTED: usize = 8;
/// Stands for any row of a list.
const ROW: &str = "0";

/// The state as far as it is written down. Nothing is known of it where a step writes to a path that is
/// worked out.
#[derive(Debug)]
pub(super) struct Shapes {
    state: Option<Shape>,
}

/// What one value may be. Several are true of one that is written in several ways.
#[derive(Debug, Default)]
struct Shape {
    /// Of an object.
    members: BTreeMap<String, Shape>,
    /// Of a list: all of them in one.
    rows: Option<Box<Shape>>,
    /// Text, a number or a truth value.
    is_plain: bool,
    /// A step puts something there that the document does not spell out.
    is_open: bool,
}

/// How a path ends that leads to nothing.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum DeadEnd<'s> {
    /// The segment of this index is none of the members that are there.
    Stranger { index: usize, known: Vec<&'s str> },
    /// What the segment of this index should be a member of is text, a number or a truth value.
    Plain { index: usize },
    /// The segment of this index is no number, and what it should be a member of begins as a list.
    List { index: usize },
}

impl Shapes {
    pub(super) fn of(spec: &UiSpec) -> Self {
        let mut state = Shape::default();
        for (name, value) in &spec.state {
            state.member(name).hold_literal(value);
        }
        let rows: Vec<(&str, &Path)> = spec
            .walk()
            .filter_map(|component| component.each.as_ref())
            .map(|each| (each.name.as_str(), &each.list))
            .collect();
        let mut writing = Writing {
            state,
            rows,
            is_lost: false,
        };
        spec.steps().for_each(|step| writing.step(step));
        Self {
            state: (!writing.is_lost).then_some(writing.state),
        }
    }

    /// Why nothing is ever at a path into the state; nothing where something is or may be.
    pub(super) fn dead_end(&self, path: &[Arc<str>]) -> Option<DeadEnd<'_>> {
        let mut shape = self.state.as_ref()?;
        for (index, segment) in path.iter().enumerate() {
            shape = match (&shape.rows, shape.members.get(&**segment)) {
                (Some(rows), _) if segment.parse::<i64>().is_ok() => rows,
                (_, Some(member)) => member,
                _ if shape.rows.is_some() => {
                    return shape.members.is_empty().then_some(DeadEnd::List { index });
                }
                _ if shape.is_open => return None,
                _ if !shape.members.is_empty() => {
                    let known = shape.members.keys().map(String::as_str).collect();
                    return Some(DeadEnd::Stranger { index, known });
                }
                _ => return shape.is_plain.then_some(DeadEnd::Plain { index }),
            };
        }
        None
    }
}

impl Shape {
    fn member(&mut self, name: &str) -> &mut Self {
        self.members.entry(name.to_owned()).or_default()
    }

    fn row(&mut self) -> &mut Self {
        self.rows.get_or_insert_default()
    }

    fn hold_literal(&mut self, value: &Json) {
        match value {
            Json::Null => {}
            Json::Bool(_) | Json::Number(_) | Json::String(_) => self.is_plain = true,
            Json::Array(rows) => {
                let shape = self.row();
                for row in rows {
                    shape.hold_row(|shape| shape.hold_literal(row));
                }
            }
            Json::Object(members) => {
                for (name, value) in members {
                    self.member(name).hold_literal(value);
                }
            }
        }
    }

    fn hold(&mut self, value: &Template) {
        match value {
            Template::Literal(value) => self.hold_literal(value),
            Template::Text(_) => self.is_plain = true,
            Template::Expression(_) | Template::Bind(_) => self.is_open = true,
            Template::List(rows) => {
                let shape = self.row();
                for row in rows {
                    shape.hold_row(|shape| shape.hold(row));
                }
            }
            Template::Map(members) => {
                for (name, value) in members {
                    self.member(name).hold(value);
                }
            }
        }
    }

    /// A row that is an object may be given an `id`.
    fn hold_row(&mut self, hold: impl FnOnce(&mut Self)) {
        hold(self);
        if !self.members.is_empty() {
            self.member("id");
        }
    }
}

/// Adds what steps write to what the state begins as.
struct Writing<'a> {
    state: Shape,
    /// The rows of every `each`: their name, and the list they are from.
    rows: Vec<(&'a str, &'a Path)>,
    /// A step writes somewhere that is only known while the app runs.
    is_lost: bool,
}

impl Writing<'_> {
    fn step(&mut self, step: &Step) {
        if let Some(into) = &step.into {
            self.at(into, |shape| shape.is_open = true);
        }
        match &step.run {
            Run::Tool {
                id,
                args: Args::Given { args, .. },
            } => self.call(id, args),
            Run::Tool {
                id,
                args: Args::FromEvent,
            } => self.is_lost |= matches!(id.as_str(), "ui.set_state" | "ui.set_multiple" | "ui.append"),
            Run::Named { .. } | Run::Steps(_) => {}
        }
    }

    fn call(&mut self, id: &str, args: &[(String, Template)]) {
        let given = |name: &str| args.iter().find(|(key, _)| key == name).map(|(_, value)| value);
        let value = given("value").or_else(|| given("item"));
        let mut write = |path: Option<&Template>, default: &str, put: &dyn Fn(&mut Shape)| match path {
            None => self.at_text(default, put),
            Some(Template::Literal(Json::String(path))) => self.at_text(path, put),
            Some(Template::Literal(_)) => {}
            Some(Template::Text(parts)) => match parts.first() {
                Some(Part::Literal(start)) if start.contains('.') => {
                    let known = start.rsplit_once('.').map_or("", |(known, _)| known);
                    self.at_text(known, |shape| shape.is_open = true);
                }
                _ => self.is_lost = true,
            },
            Some(_) => self.is_lost = true,
        };
        let hold = |shape: &mut Shape| {
            if let Some(value) = value {
                shape.hold(value);
            }
        };
        let hold_row = |shape: &mut Shape| shape.row().hold_row(hold);
        match id {
            "ui.set_state" => write(given("path"), "", &hold),
            "ui.toggle" | "ui.increment" => write(given("path"), "", &|shape| shape.is_plain = true),
            "ui.append" => write(given("path"), "", &|shape| {
                if !shape.is_plain {
                    hold_row(shape);
                }
            }),
            "ui.add_item" | "ui.update_item" => write(given("path"), "", &hold_row),
            "ui.add_todo" | "ui.toggle_todo" => write(given("path"), "todos", &|shape| {
                for member in ["id", "text", "done"] {
                    shape.row().member(member).is_plain = true;
                }
            }),
            "list.add" => write(given("path").or(given("list_id")), "list", &hold_row),
            "list.toggle" => write(
                given("path").or(given("list_id")),
                "list",
                &|shape| match given("field") {
                    None => shape.row().member("done").is_plain = true,
                    Some(Template::Literal(Json::String(field))) => shape.row().member(field).is_plain = true,
                    Some(_) => shape.row().is_open = true,
                },
            ),
            "ui.set_multiple" => match given("values") {
                Some(Template::Literal(Json::Object(values))) => {
                    for (path, value) in values {
                        self.at_text(path, |shape| shape.hold_literal(value));
                    }
                }
                Some(Template::Map(values)) => {
                    for (path, value) in values {
                        self.at_text(path, |shape| shape.hold(value));
                    }
                }
                _ => self.is_lost = true,
            },
            _ => {}
        }
    }

    fn at_text(&mut self, path: &str, put: impl Fn(&mut Shape)) {
        if path.contains("{{") {
            self.is_lost = true;
        } else if let Ok(path) = Path::parse(path) {
            self.at(&path, put);
        }
    }

    /// A row's name may stand for the rows of several lists.
    fn at(&mut self, path: &Path, put: impl Fn(&mut Shape)) {
        for path in in_the_state(path, &self.rows, 0) {
            let shape = path.iter().fold(&mut self.state, |shape, segment| {
                if shape.rows.is_some() && segment.parse::<i64>().is_ok() {
                    shape.row()
                } else {
                    shape.member(segment)
                }
            });
            put(shape);
        }
    }
}

/// The places in the state that a path means.
fn in_the_state(path: &Path, rows: &[(&str, &Path)], depth: usize) -> Vec<Vec<Arc<str>>> {
    let lists: Vec<&Path> = rows
        .iter()
        .filter(|(name, _)| *name == path.root().as_ref())
        .map(|(_, list)| *list)
        .collect();
    if lists.is_empty() || depth == NESTED {
        return vec![path.segments().to_vec()];
    }
    let lists = lists
        .into_iter()
        .flat_map(|list| in_the_state(list, rows, depth + 1));
    lists.map(|list| row_of(list, &path.segments()[1..])).collect()
}

/// The path into any row of a list.
pub(super) fn row_of(list: Vec<Arc<str>>, members: &[Arc<str>]) -> Vec<Arc<str>> {
    list.into_iter()
        .chain([ROW.into()])
        .chain(members.iter().cloned())
        .collect()
}
