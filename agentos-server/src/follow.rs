//! Work that somebody follows while it happens: an app being made, an answer in a chat.
//!
//! The work does not know how it is followed; `/stream` and gRPC each bring a [`Follower`].

pub(crate) mod chat;
pub(crate) mod generation;
mod paced;

use agentos_core::ids::AppId;
use agentos_core::spec::patch::PatchOperation;
use serde::Serialize;
use serde_json::Value;

use crate::fault::Fault;
use crate::make::Made;

/// What is told on the way and, where an app was made or changed, at the end.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Progress {
    GenerationStart {
        message: &'static str,
        /// The app that is being changed, where it is not a new one.
        #[serde(skip_serializing_if = "Option::is_none")]
        app_id: Option<AppId>,
    },
    Thought {
        content: String,
    },
    Token {
        content: String,
    },
    UiPatch {
        patch: Vec<PatchOperation>,
    },
    UiComplete {
        ui_spec: Value,
        app_id: AppId,
        report: Value,
    },
}

impl From<Made> for Progress {
    fn from(made: Made) -> Self {
        Self::UiComplete {
            ui_spec: made.ui_spec,
            app_id: made.app_id,
            report: made.report,
        }
    }
}

/// Whoever follows.
pub(crate) trait Follower: Sync {
    /// Fails when it takes no more, which ends the work.
    fn tell(&self, progress: Progress) -> impl Future<Output = Result<(), Fault>> + Send;

    /// Resolves when nobody wants the result any more.
    fn gone(&self) -> impl Future<Output = ()> + Send;
}

/// What `work` comes to, unless nobody wants it any more.
async fn while_followed<T>(
    follower: &impl Follower,
    work: impl Future<Output = Result<T, Fault>>,
) -> Result<T, Fault> {
    tokio::select! {
        outcome = work => outcome,
        () = follower.gone() => Err(Fault::cancelled()),
    }
}
