//! Data queries: results of reading tools that stay fresh while the app is open.

use std::sync::Arc;

use super::app::{APPROVAL_MS, App, Waiting};
use super::scope::Scope;
use super::tools;
use super::turn::{Failure, Runs};
use crate::spec::Path;
use crate::spec::catalog;
use crate::value::{Map, Value};

/// A query whose arguments changed runs again this long after the last change.
const CHANGE_PAUSE_MS: f64 = 300.0;
/// The scope name under which a query's status is seen.
const STATUS: &str = "_";

/// Where one query of the document stands.
#[derive(Debug, Clone)]
pub(super) struct QueryState {
    /// When it runs next; nothing when only a change or a refresh can start it.
    pub due: Option<f64>,
    /// Counts starts, so that an older answer is known as such.
    generation: u64,
    /// The last arguments it ran with.
    args: Option<Map>,
}

impl App {
    /// Puts defaults and an idle status in scope.
    pub(super) fn begin_queries(&mut self) {
        let program = self.program.clone();
        if program.queries.is_empty() {
            return;
        }
        let mut status = Map::new();
        for query in &program.queries {
            self.derived.insert(query.name.clone(), query.default.clone());
            status.insert(query.name.clone(), status_of(false, Value::Null, Value::Null));
            self.queries.push(QueryState {
                due: Some(self.now),
                generation: 0,
                args: None,
            });
        }
        self.derived.insert(STATUS.into(), Value::Map(status));
    }

    /// Starts what is due.
    pub(super) fn start_queries(&mut self) {
        for index in 0..self.queries.len() {
            if self.queries[index].due.is_some_and(|due| due <= self.now) {
                self.start_query(index);
            }
        }
        self.settle();
    }

    /// Runs the query of that name, or all of them, at once; false when there is none such.
    pub(super) fn refresh_queries(&mut self, name: Option<&str>) -> bool {
        let program = self.program.clone();
        let mut any = false;
        for (index, query) in program.queries.iter().enumerate() {
            if name.is_none_or(|name| *query.name == *name) {
                any = true;
                self.start_query(index);
            }
        }
        any || name.is_none()
    }

    /// Plans a restart of each query whose arguments were touched in this turn.
    pub(super) fn restart_queries(&mut self) {
        let program = self.program.clone();
        for (index, query) in program.queries.iter().enumerate() {
            if !self.was_touched(&query.reads) {
                continue;
            }
            let changed = match (self.query_args(index), &self.queries[index].args) {
                (Ok(args), Some(last)) => args != *last,
                _ => true,
            };
            if changed {
                self.queries[index].due = Some(self.now + CHANGE_PAUSE_MS);
            }
        }
    }

    pub(super) fn answer_query(&mut self, index: usize, generation: u64, result: Result<Value, Failure>) {
        if self.queries[index].generation != generation {
            return;
        }
        let query = &self.program.clone().queries[index];
        let picked = result.and_then(|value| match &query.pick {
            None => Ok(value),
            Some(pick) => {
                let scope = Scope::new(self.store.root(), &self.derived).with("result", value);
                pick.evaluate(&scope, &|_| Value::Null).map_err(|error| {
                    Failure::new("expr_failed", format!("`pick` of `{}`: {error}", query.name))
                })
            }
        });
        match picked {
            Ok(value) => {
                self.set_status(
                    &query.name,
                    status_of(false, Value::Null, Value::number(self.now)),
                );
                self.derive(&query.name, value);
            }
            Err(failure) => {
                let updated_at = self.status(&query.name, "updated_at");
                self.set_status(&query.name, status_of(false, failure.to_value(), updated_at));
            }
        }
    }

    fn start_query(&mut self, index: usize) {
        let program = self.program.clone();
        let query = &program.queries[index];
        self.queries[index].due = query.every_ms.map(|every| self.now + every);
        let scope = Scope::new(self.store.root(), &self.derived);
        let is_wanted = query.when.as_ref().is_none_or(|when| {
            when.evaluate(&scope, &|_| Value::Null)
                .is_ok_and(|value| value.is_true())
        });
        if !is_wanted {
            // Whatever it ran with before, it runs once it is wanted again.
            self.queries[index].args = None;
            return;
        }
        self.queries[index].generation += 1;
        let generation = self.queries[index].generation;
        let args = match self.query_args(index) {
            Ok(args) => args,
            Err(failure) => return self.answer_query(index, generation, Err(failure)),
        };
        self.queries[index].args = Some(args.clone());
        let catalog = self.catalog.clone();
        let Some(entry) = catalog.tool(&query.tool) else {
            let message = format!("there is no tool `{}` here", query.tool);
            return self.answer_query(index, generation, Err(Failure::new("unavailable", message)));
        };
        if !entry.reads {
            let message = format!("`{}` changes things, and a query may only read", entry.id);
            return self.answer_query(index, generation, Err(Failure::new("args_invalid", message)));
        }
        let args = match super::run::fit(entry, args, false) {
            Ok(args) => args,
            Err(failure) => return self.answer_query(index, generation, Err(failure)),
        };
        let updated_at = self.status(&query.name, "updated_at");
        match entry.runs {
            catalog::Runs::Engine => {
                let result = tools::read(self, &entry.id, args);
                self.answer_query(index, generation, result);
            }
            catalog::Runs::Shell | catalog::Runs::Service => {
                self.set_status(&query.name, status_of(true, Value::Null, updated_at));
                let (runs, patience) = match entry.runs {
                    catalog::Runs::Service => (Runs::Service, APPROVAL_MS),
                    _ => (Runs::Shell, 0.0),
                };
                let waiting = Waiting::Query { index, generation };
                let timeout_ms = entry.deadline_ms as f64 + patience;
                self.emit(query.tool.clone(), runs, Value::Map(args), timeout_ms, waiting);
            }
        }
    }

    fn query_args(&self, index: usize) -> Result<Map, Failure> {
        let scope = Scope::new(self.store.root(), &self.derived);
        let bound = |path: &Path| self.store.get(path).cloned().unwrap_or_default();
        self.program.queries[index]
            .args
            .iter()
            .map(|(name, dynamic)| Ok((name.clone(), dynamic.evaluate(&scope, &bound)?)))
            .collect::<Result<Map, super::expression::ExpressionError>>()
            .map_err(|error| Failure::new("expr_failed", error.to_string()))
    }

    fn status(&self, query: &Arc<str>, member: &str) -> Value {
        let status = self.derived.get(STATUS).and_then(|all| all.member(query));
        status
            .and_then(|status| status.member(member))
            .cloned()
            .unwrap_or_default()
    }

    fn set_status(&mut self, query: &Arc<str>, status: Value) {
        let mut all = self
            .derived
            .get(STATUS)
            .and_then(Value::as_map)
            .cloned()
            .unwrap_or_default();
        all.insert(query.clone(), status);
        self.derive(&Arc::from(STATUS), Value::Map(all));
    }
}

fn status_of(loading: bool, error: Value, updated_at: Value) -> Value {
    let members: [(Arc<str>, Value); 3] = [
        ("loading".into(), loading.into()),
        ("error".into(), error),
        ("updated_at".into(), updated_at),
    ];
    Value::Map(members.into_iter().collect())
}
