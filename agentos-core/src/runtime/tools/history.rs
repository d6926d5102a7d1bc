//! `system.undo`, `redo` and the like: walking the states the app has had.

use super::{ToolCall, refused, unknown};
use crate::runtime::app::App;
use crate::runtime::turn::Failure;
use crate::value::{Map, Value};

pub(super) fn perform(app: &mut App, call: &ToolCall) -> Result<Value, Failure> {
    match call.id {
        "system.undo" => app.store.undo().map(Value::from).map_err(|error| refused(&error)),
        "system.redo" => app.store.redo().map(Value::from).map_err(|error| refused(&error)),
        "system.get_history" => {
            let (undo, redo) = app.store.history();
            let steps: [(std::sync::Arc<str>, Value); 2] = [
                ("undo".into(), Value::Int(undo as i64)),
                ("redo".into(), Value::Int(redo as i64)),
            ];
            Ok(Value::Map(steps.into_iter().collect()))
        }
        "system.get_state_snapshot" => Ok(Value::Map(app.store.root().clone())),
        "system.restore_state" => {
            let snapshot = call
                .arg("snapshot")
                .and_then(Value::as_map)
                .cloned()
                .unwrap_or_else(Map::new);
            app.store
                .replace_root(snapshot)
                .map_err(|error| refused(&error))?;
            Ok(Value::Null)
        }
        _ => Err(unknown(call.id)),
    }
}
