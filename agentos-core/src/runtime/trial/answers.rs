//! What is answered to an app that asks outside.

use super::Trial;
use crate::runtime::app::Waiting;
use crate::runtime::turn::{Effect, Failure};
use crate::value::Value;

impl Trial<'_> {
    pub(super) fn answer(&mut self, effect: &Effect) -> Result<Value, Failure> {
        *self.answered.entry(effect.tool.clone()).or_default() += 1;
        let waiting = self.app.waiting.get(&effect.id).map(|expected| expected.waiting);
        if let Some(Waiting::Query { index, .. }) = waiting {
            let answers = self.queries_answered.entry(index).or_default();
            *answers += 1;
            return if *answers == 2 {
                Err(Failure::new(
                    "unavailable",
                    "the trial run lets every query fail once",
                ))
            } else {
                Ok(self.query_answer(index, &effect.tool))
            };
        }
        if &*effect.tool == "system.confirm" {
            self.confirmed += 1;
            return Ok(Value::Bool(self.confirmed % 2 == 1));
        }
        Ok(self.example(&effect.tool))
    }

    /// A picked default cannot be turned back into an answer, so such a query gets the example.
    fn query_answer(&self, index: usize, tool: &str) -> Value {
        let query = &self.app.program.queries[index];
        match (&query.pick, &query.default) {
            (None, default) if !default.is_null() => default.clone(),
            _ => self.example(tool),
        }
    }

    fn example(&self, tool: &str) -> Value {
        self.catalog
            .tool(tool)
            .map(|entry| Value::from(&entry.example_answer))
            .unwrap_or_default()
    }
}
