//! How the document of a running app changes, and back.

use std::sync::Arc;

use serde_json::Value;

use super::live::LiveApps;
use super::state::must_hold_lease;
use super::{AppError, AppEvent, Apps, persist, title};
use crate::ids::{AppId, EngineId};
use crate::ports::storage::{AppRecord, DocumentEdit};
use crate::runtime::{carried, trial};
use crate::spec::history::{Difference, History, HistoryError, Step};
use crate::spec::{Catalog, UiSpec};
use crate::value::{Map, map_from_json, map_to_json};

/// A change somebody wants.
#[derive(Debug, Clone, PartialEq)]
pub struct EditRequest {
    /// Edit lines, or a whole document as JSON text.
    pub lines: String,
    /// What was asked, for the list of versions; may be empty.
    pub text: String,
    /// The version the edit was made on; none is whatever is there.
    pub version: Option<u64>,
    /// The lease of the engine that asks, where it is one.
    pub engine: Option<EngineId>,
}

/// An app whose document changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Edited {
    pub step: Step,
    pub version: u64,
    /// How the app did when it was tried out; an undo and a redo try nothing.
    pub trial: Option<trial::Report>,
}

impl Apps {
    /// Edits the document of `id`. The state goes on where it still fits, and an engine that runs the
    /// app learns by [`AppEvent::Edited`] that it has a newer document to take. What the trial run finds is told
    /// and stops nothing: who edits by hand may be half way.
    ///
    /// [`AppError::History`] when the edit was refused, [`AppError::StaleVersion`] when it was made on
    /// another version, [`AppError::EngineReplaced`] when its engine has not the lease.
    pub async fn edit(
        &self,
        id: AppId,
        request: &EditRequest,
        catalog: &Arc<Catalog>,
    ) -> Result<Edited, AppError> {
        let now = self.ambient.now();
        let mut edited = self
            .change_document(id, request.version, request.engine, |history, document| {
                history.edit(document, &request.lines, &request.text, now, catalog)
            })
            .await?;
        if let Ok(spec) = UiSpec::from_json(&edited.step.document) {
            let seed = self.ambient.seed() as u64;
            edited.trial = Some(trial::run(&spec, catalog, now as f64, seed));
        }
        Ok(edited)
    }

    /// Goes back to the version before. Errors are those of [`edit`](Self::edit).
    pub async fn undo_edit(&self, id: AppId) -> Result<Edited, AppError> {
        self.change_document(id, None, None, History::undo).await
    }

    /// Goes forth to the version that was undone last. Errors are those of [`edit`](Self::edit).
    pub async fn redo_edit(&self, id: AppId) -> Result<Edited, AppError> {
        self.change_document(id, None, None, History::redo).await
    }

    pub async fn history(&self, id: AppId) -> Result<History, AppError> {
        let _live = self.lock().await;
        self.record(id).await?;
        self.kept_history(id).await
    }

    /// What leads from one kept version to another; none is the version that is there.
    pub async fn difference(
        &self,
        id: AppId,
        from: Option<u64>,
        to: Option<u64>,
    ) -> Result<Difference, AppError> {
        let _live = self.lock().await;
        let record = self.record(id).await?;
        let history = self.kept_history(id).await?;
        let now = history.version();
        history
            .difference(&record.document, from.unwrap_or(now), to.unwrap_or(now))
            .map_err(AppError::History)
    }

    async fn change_document(
        &self,
        id: AppId,
        version: Option<u64>,
        engine: Option<EngineId>,
        change: impl FnOnce(&mut History, &Value) -> Result<Step, HistoryError>,
    ) -> Result<Edited, AppError> {
        let live = self.lock().await;
        let record = self.record(id).await?;
        if let Some(engine) = engine {
            must_hold_lease(&live, id, engine)?;
        }
        let mut history = self.kept_history(id).await?;
        if version.is_some_and(|version| version != history.version()) {
            let version = history.version();
            return Err(AppError::StaleVersion { version });
        }
        let step = change(&mut history, &record.document).map_err(AppError::History)?;
        let version = history.version();
        self.commit_document(&live, &record, &step.document, history)
            .await?;
        (self.listener)(AppEvent::Edited { app: id, version });
        Ok(Edited {
            step,
            version,
            trial: None,
        })
    }

    async fn commit_document(
        &self,
        live: &LiveApps,
        record: &AppRecord,
        document: &Value,
        history: History,
    ) -> Result<(), AppError> {
        let before = self.replica(record.id).await?;
        let state = carried(
            &declared(&record.document["state"]),
            &declared(&document["state"]),
            &declared(&before.state),
        );
        let state = Value::Object(map_to_json(&state));
        let edit = DocumentEdit {
            title: title(document),
            persisted: persist::changes_by_edit([&record.document, document], &before.state, &state),
            document: document.clone(),
            history,
            state,
        };
        let commit = self.storage.commit_edit(record.id, before.rev, &edit);
        self.commit_held(live, record.id, [&before.state, &edit.state], commit)
            .await?;
        Ok(())
    }

    async fn kept_history(&self, id: AppId) -> Result<History, AppError> {
        Ok(self.storage.history(id).await?.unwrap_or_default())
    }
}

fn declared(state: &Value) -> Map {
    state.as_object().map(map_from_json).unwrap_or_default()
}
