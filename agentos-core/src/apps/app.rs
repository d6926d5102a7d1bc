//! An app as others see it.

use serde_json::Value;

use super::AppError;
use crate::ids::AppId;
use crate::kernel::Pid;
use crate::ports::storage::{AppRecord, Window};

/// What an app is made from.
#[derive(Debug, Clone, PartialEq)]
pub struct NewApp {
    /// A document within the bounds of `spec::bounds`.
    pub document: Value,
    /// The sentence it was made from; empty where there was none.
    pub request: String,
    pub parent: Option<AppId>,
    /// What generation told about the document; null where nothing was generated.
    pub report: Value,
}

#[derive(Debug, Clone, PartialEq)]
pub struct App {
    pub record: AppRecord,
    pub state: AppState,
    /// Its process; none while it is suspended.
    pub pid: Option<Pid>,
}

impl App {
    /// Names what the app is, whatever its id: BLAKE3, in hex, of its title, parent and request.
    /// An app restored under another id is found again by it.
    pub fn hash(&self) -> String {
        let parent = self.record.parent.map(|parent| format!("parent:{parent}"));
        let request = format!("request:{}", self.record.request);
        let mut parts: Vec<String> = [self.record.title.clone(), request]
            .into_iter()
            .chain(parent)
            .collect();
        parts.sort();
        blake3::hash(parts.join("|").as_bytes()).to_hex().to_string()
    }

    /// The services its document names.
    pub fn services(&self) -> Vec<&str> {
        services(&self.record.document)
    }
}

pub(crate) fn services(document: &Value) -> Vec<&str> {
    document["services"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

/// Derived from the app's process and the focus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppState {
    /// Focused, and it has a process.
    Active,
    Background,
    /// It has no process, until an engine takes its lease.
    Suspended,
}

impl AppState {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Background => "background",
            Self::Suspended => "suspended",
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AppStats {
    pub total_apps: usize,
    pub active_apps: usize,
    pub background_apps: usize,
    pub focused_app_id: Option<AppId>,
    pub focused_app_hash: Option<String>,
}

impl AppStats {
    pub(super) fn of(apps: &[App], focused: Option<AppId>) -> Self {
        let count = |state| apps.iter().filter(|app| app.state == state).count();
        Self {
            total_apps: apps.len(),
            active_apps: count(AppState::Active),
            background_apps: count(AppState::Background),
            focused_app_id: focused,
            focused_app_hash: apps
                .iter()
                .find(|app| Some(app.record.id) == focused)
                .map(App::hash),
        }
    }
}

/// The farthest a window may be from the desktop's corner, and the largest it may be.
const WINDOW_PIXELS: f64 = 100_000.0;

pub(super) fn check_window(window: &Window) -> Result<(), AppError> {
    let place = |value: f64| value.abs() <= WINDOW_PIXELS;
    let size = |value: f64| value > 0.0 && value <= WINDOW_PIXELS;
    [
        ("position.x", place(window.x)),
        ("position.y", place(window.y)),
        ("size.width", size(window.width)),
        ("size.height", size(window.height)),
    ]
    .into_iter()
    .find(|(_, valid)| !valid)
    .map_or(Ok(()), |(field, _)| Err(AppError::InvalidWindow { field }))
}
