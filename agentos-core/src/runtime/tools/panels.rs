//! `tabs.switch`, `modal.open` and `modal.close`: writing the value of another component.

use std::sync::Arc;

use super::{ToolCall, refused, unknown};
use crate::runtime::app::App;
use crate::runtime::turn::Failure;
use crate::value::Value;

pub(super) fn perform(app: &mut App, call: &ToolCall) -> Result<Value, Failure> {
    match call.id {
        "modal.open" => open(app, &call.text("modal_id"), true),
        "modal.close" => open(app, &call.text("modal_id"), false),
        "tabs.switch" => switch(app, call),
        _ => Err(unknown(call.id)),
    }
}

fn open(app: &mut App, id: &str, open: bool) -> Result<Value, Failure> {
    write(app, id, Value::Bool(open))
}

fn switch(app: &mut App, call: &ToolCall) -> Result<Value, Failure> {
    let panel = call.text("tab_id");
    let tabs = if let Some(tabs) = call.arg("tabs_id") {
        Arc::from(tabs.display())
    } else {
        let holder = holder(app, &panel).ok_or_else(|| missing(&panel))?;
        call.rows.named(&holder).unwrap_or(holder)
    };
    let components = &app.program.components;
    if let Some(instance) = app.view.instance(&tabs) {
        let children = components[instance.component].children.iter();
        let panels: Vec<&str> = children.map(|child| &*components[*child].id).collect();
        if !panels.contains(&&*panel) {
            let message = format!(
                "`{}`: \"{panel}\" is no panel of \"{tabs}\"; it has {}",
                call.id,
                panels.join(", ")
            );
            return Err(Failure::new("args_invalid", message));
        }
    }
    write(app, &tabs, Value::text(panel))
}

/// The tabs or accordion that hold the panel, by the document: a closed panel may not be mounted.
fn holder(app: &App, panel: &str) -> Option<Arc<str>> {
    let components = &app.program.components;
    let holds = |children: &[usize]| children.iter().any(|child| *components[*child].id == *panel);
    components
        .iter()
        .find(|component| matches!(&*component.kind, "tabs" | "accordion") && holds(&component.children))
        .map(|component| component.id.clone())
}

fn write(app: &mut App, id: &str, value: Value) -> Result<Value, Failure> {
    let path = app.value_path_of(id).ok_or_else(|| missing(id))?;
    app.store.set(&path, value).map_err(|error| refused(&error))?;
    Ok(Value::Null)
}

fn missing(id: &str) -> Failure {
    Failure::new(
        "not_found",
        format!("there is no component `{id}` that can be opened"),
    )
}
