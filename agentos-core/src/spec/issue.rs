//! What a check finds in a document, and what the runtime tells a person.

use serde::{Deserialize, Serialize};

/// One finding: what is wrong, where, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issue {
    pub code: Code,
    pub severity: Severity,
    /// JSON Pointer into the document; empty for the document as a whole.
    pub path: String,
    /// The component concerned, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What is wrong, where, and what was expected: a sentence a person and a model can act on.
    pub message: String,
    /// The nearest valid form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Issue {
    pub fn new(code: Code, severity: Severity, path: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code,
            severity,
            path: path.into(),
            id: None,
            message: message.into(),
            hint: None,
        }
    }

    pub fn error(code: Code, path: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Error, path, message)
    }

    pub fn warning(code: Code, path: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Warning, path, message)
    }

    pub fn note(code: Code, path: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Note, path, message)
    }

    #[must_use]
    pub fn about(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Whether it keeps a document from being valid.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// How much an issue weighs: only errors make a document invalid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Something was mended or is worth knowing; the app is not worse for it.
    Note,
    /// A part of the app will not do what its author meant.
    Warning,
    /// The document is not a working app.
    Error,
}

/// The closed set of findings; on the wire the variant in `snake_case`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    JsonInvalid,
    JsonTruncated,
    TooLarge,
    TooDeep,
    Schema,
    UnknownType,
    UnknownProp,
    PropType,
    PropEnum,
    MissingProp,
    DuplicateId,
    NameCollision,
    ExprSyntax,
    ExprUnknownName,
    ExprFailed,
    DependencyCycle,
    BindUnknownPath,
    PathForbidden,
    ToolUnknown,
    ToolNotBound,
    ToolFailed,
    ArgsInvalid,
    ActionUnknown,
    EachNotList,
    EachNoKey,
    UrlScheme,
    A11yLabel,
    ControlDoesNothing,
    WatchLoop,
    StateTooLarge,
    Unused,
    /// A deterministic repair that lost nothing.
    Mended,
    /// A deterministic repair that dropped something.
    Dropped,
    /// An edit line or patch that could not be applied.
    EditFailed,
    /// A component or node the event names is not there.
    NotFound,
    /// Too many runs of actions wait at once.
    Busy,
}
