//! `timer.*`: actions that run later. Elapsed time is read from `now()`, never counted in ticks.

use std::sync::Arc;

use super::ToolCall;
use crate::runtime::app::{App, Timer};
use crate::runtime::turn::Failure;
use crate::value::Value;

pub(super) fn perform(app: &mut App, call: ToolCall) -> Result<Value, Failure> {
    if call.id == "timer.clear" {
        let Some(id) = call.arg("timer_id").map(Value::display) else {
            let any = !app.timers.is_empty();
            app.timers.clear();
            return Ok(any.into());
        };
        Ok(app.timers.remove(&*id).is_some().into())
    } else {
        let wait = call.number(if call.id == "timer.set" {
            "delay"
        } else {
            "interval"
        })?;
        let missing = || Failure::new("args_invalid", format!("{}: `action` is missing", call.id));
        let action = call.callback.clone().ok_or_else(missing)?;
        let id: Arc<str> = match call.arg("timer_id") {
            Some(id) => Arc::from(id.display()),
            None => unused_id(app),
        };
        let every = (call.id == "timer.interval").then_some(wait);
        app.add_timer(
            id.clone(),
            Timer {
                due: app.now + wait,
                every,
                action,
                rows: call.rows,
            },
        )?;
        Ok(Value::Text(id))
    }
}

/// An earlier timer may have ended, so the number of timers names none; of one more, one is free.
fn unused_id(app: &App) -> Arc<str> {
    (1..=app.timers.len() + 1)
        .map(|number| Arc::from(format!("timer_{number}")))
        .find(|id| !app.timers.contains_key(id))
        .unwrap_or_default()
}
