//! Items of lists: `ui.add_item` and its kin, the earlier todo tools, and `list.*`.

use std::sync::Arc;

use super::state::flipped;
use super::{ToolCall, refused, unknown};
use crate::runtime::app::App;
use crate::runtime::turn::Failure;
use crate::spec::Path;
use crate::value::{List, Map, Value};

pub(super) fn perform(app: &mut App, call: &ToolCall) -> Result<Value, Failure> {
    match call.id {
        "ui.add_item" => {
            let at_first = call.text("at") == "first";
            add(app, &call.path("path")?, call.value("value"), at_first)
        }
        "ui.update_item" => update(
            app,
            call,
            &call.path("path")?,
            &call.value("key"),
            call.value("value"),
        ),
        "ui.remove_item" => remove(app, call, &call.path("path")?, &call.value("key")),
        "ui.move_item" => move_item(app, call),
        "ui.add_todo" => add_todo(app, call),
        "ui.toggle_todo" => toggle(app, call, &call.path("path")?, &call.value("id"), "done"),
        "ui.delete_todo" => remove(app, call, &call.path("path")?, &call.value("id")),
        "list.add" => add(app, &list_path(call)?, call.value("item"), false),
        "list.remove" => remove(app, call, &list_path(call)?, &call.value("item_id")),
        "list.toggle" => toggle(
            app,
            call,
            &list_path(call)?,
            &call.value("item_id"),
            &call.text("field"),
        ),
        "list.clear" => {
            let empty = Value::List(List::new());
            let path = list_path(call)?;
            list_at(app, &path)?;
            app.store
                .set(&path, empty.clone())
                .map_err(|error| refused(&error))?;
            Ok(empty)
        }
        _ => Err(unknown(call.id)),
    }
}

fn list_path(call: &ToolCall) -> Result<Path, Failure> {
    call.path(if call.arg("path").is_some() {
        "path"
    } else {
        "list_id"
    })
}

fn list_at(app: &App, path: &Path) -> Result<List, Failure> {
    match app.store.get(path) {
        None | Some(Value::Null) => Ok(List::new()),
        Some(Value::List(list)) => Ok(list.clone()),
        Some(_) => Err(Failure::new("args_invalid", format!("`{path}` is no list"))),
    }
}

fn add(app: &mut App, path: &Path, item: Value, at_first: bool) -> Result<Value, Failure> {
    let item = match item {
        Value::Map(mut members) if members.get("id").is_none_or(Value::is_null) => {
            members.insert("id".into(), Value::Text(app.fresh_id()));
            Value::Map(members)
        }
        item => item,
    };
    let length = list_at(app, path)?.len();
    let limit = crate::spec::limits::ROWS;
    if length >= limit {
        return Err(Failure::new(
            "quota_exceeded",
            format!("`{path}` holds {limit} items, which is the most a list may"),
        ));
    }
    app.store
        .insert(path, if at_first { 0 } else { length }, item.clone())
        .map_err(|error| refused(&error))?;
    Ok(item)
}

/// The list at `path`, and the index of the item in it. An item is found by the `key` of the `each` that draws
/// the list, else by its `id`. Where no item has either, the key is an index, or the text that is the item.
fn find(app: &App, call: &ToolCall, path: &Path, key: &Value) -> Result<(List, usize), Failure> {
    let list = list_at(app, path)?;
    let wanted = key.display();
    let eaches = app
        .program
        .components
        .iter()
        .filter_map(|component| component.each.as_ref());
    let mut names: Vec<&str> = eaches
        .filter(|each| call.rows.locate(&each.list) == *path)
        .filter_map(|each| each.key.as_deref())
        .collect();
    names.push("id");
    let by_name = |name: &&str| {
        list.iter().position(|item| {
            item.member(name)
                .is_some_and(|held| !held.is_null() && held.display() == wanted)
        })
    };
    let has_keys = list.iter().filter_map(Value::as_map).any(|item| {
        names
            .iter()
            .any(|name| item.get(*name).is_some_and(|held| !held.is_null()))
    });
    let found = if has_keys {
        names.iter().find_map(by_name)
    } else {
        let by_index = wanted.parse::<usize>().ok().filter(|index| *index < list.len());
        by_index.or_else(|| {
            list.iter()
                .position(|item| item == key)
                .filter(|_| key.as_f64().is_none())
        })
    };
    match found {
        Some(index) => Ok((list, index)),
        None => Err(Failure::new(
            "not_found",
            format!("`{path}` has no item `{wanted}`"),
        )),
    }
}

fn update(
    app: &mut App,
    call: &ToolCall,
    path: &Path,
    key: &Value,
    changes: Value,
) -> Result<Value, Failure> {
    let (list, index) = find(app, call, path, key)?;
    change(app, &path.index(index), &list[index], changes)
}

/// Merges members into an object; what is none is replaced.
fn change(app: &mut App, at: &Path, item: &Value, changes: Value) -> Result<Value, Failure> {
    match (item, &changes) {
        (Value::Map(_), Value::Map(members)) => {
            for (name, value) in members {
                let member =
                    Path::key(name).map_err(|error| Failure::new("args_invalid", error.to_string()))?;
                let member = at.join(member.segments().iter().cloned());
                app.store
                    .set(&member, value.clone())
                    .map_err(|error| refused(&error))?;
            }
        }
        _ => app.store.set(at, changes).map_err(|error| refused(&error))?,
    }
    Ok(app.store.get(at).cloned().unwrap_or_default())
}

fn remove(app: &mut App, call: &ToolCall, path: &Path, key: &Value) -> Result<Value, Failure> {
    let (_, index) = find(app, call, path, key)?;
    app.store
        .remove(&path.index(index))
        .map_err(|error| refused(&error))
}

fn toggle(app: &mut App, call: &ToolCall, path: &Path, key: &Value, field: &str) -> Result<Value, Failure> {
    let (list, index) = find(app, call, path, key)?;
    let at = path.index(index);
    if list[index].as_map().is_none() {
        let message = format!("`{at}` holds {}, which has no `{field}`", list[index].kind_name());
        return Err(Failure::new("args_invalid", message));
    }
    let flipped = flipped(list[index].member(field), &at.join([Arc::from(field)]))?;
    let changes = Map::unit(Arc::from(field), flipped);
    change(app, &at, &list[index], Value::Map(changes))
}

fn move_item(app: &mut App, call: &ToolCall) -> Result<Value, Failure> {
    let path = call.path("path")?;
    let (list, from) = find(app, call, &path, &call.value("key"))?;
    let last = list.len() - 1;
    let to = match call.arg("to") {
        Some(Value::Text(direction)) => match &**direction {
            "first" => 0,
            "up" => from.saturating_sub(1),
            "down" => (from + 1).min(last),
            _ => last,
        },
        _ => (call.number("to")?.max(0.0) as usize).min(last),
    };
    if from != to {
        let item = app
            .store
            .remove(&path.index(from))
            .map_err(|error| refused(&error))?;
        app.store
            .insert(&path, to, item)
            .map_err(|error| refused(&error))?;
    }
    Ok(Value::Int(to as i64))
}

/// Moves the text of an input into a list of todos; nothing happens while there is no text.
fn add_todo(app: &mut App, call: &ToolCall) -> Result<Value, Failure> {
    let input = call.path("input")?;
    let text = match call.arg("text") {
        Some(text) => text.display(),
        None => app.store.get(&input).map(Value::display).unwrap_or_default(),
    };
    let text = text.trim();
    if text.is_empty() {
        return Ok(Value::Null);
    }
    let members: [(Arc<str>, Value); 2] = [("text".into(), text.into()), ("done".into(), false.into())];
    let todo = add(
        app,
        &call.path("path")?,
        Value::Map(members.into_iter().collect()),
        false,
    )?;
    if app.store.get(&input).is_some() {
        app.store
            .set(&input, Value::text(""))
            .map_err(|error| refused(&error))?;
    }
    Ok(todo)
}
