//! The bounds every document keeps, on every path by which one enters.

/// Bytes of a document as JSON text.
pub const DOCUMENT_BYTES: usize = 512 * 1024;
/// Levels of JSON arrays and objects within each other.
pub const JSON_DEPTH: usize = 64;
/// Levels of components within each other.
pub const COMPONENT_DEPTH: usize = 20;
/// Components of one document.
pub const COMPONENTS: usize = 5_000;
/// Components a model may write in one document.
pub const COMPONENTS_BY_MODEL: usize = 2_000;
/// Data queries of one document.
pub const QUERIES: usize = 16;
/// Seconds between two runs of a query that repeats, at the least.
pub const QUERY_SECONDS: f64 = 5.0;
/// Rows one `each` repeats.
pub const ROWS: usize = 10_000;
/// Components an app has on its screen at once, the rows of every `each` counted.
pub const NODES: usize = 20_000;
/// Bytes of an app's state as JSON text.
pub const STATE_BYTES: usize = 1024 * 1024;
/// Bytes of one property as JSON text.
pub const PROPERTY_BYTES: usize = 64 * 1024;
/// Bytes of an expression's source.
pub const EXPRESSION_BYTES: usize = 2 * 1024;
/// Instructions one evaluation of an expression may take.
pub const EXPRESSION_FUEL: u64 = 50_000;
/// Bytes of an expression's result as JSON text.
pub const RESULT_BYTES: usize = 256 * 1024;
/// Edits of one app that can be undone.
pub const HISTORY_ENTRIES: usize = 100;
/// Bytes all of them take as JSON text; the newest stays even when it alone has more.
pub const HISTORY_BYTES: usize = 2 * 1024 * 1024;
/// Characters kept of what was asked of an edit.
pub const HISTORY_TEXT_CHARS: usize = 200;
/// Changes an edit keeps in words.
pub const HISTORY_CHANGES: usize = 50;
/// Instructions all evaluations of one trial run may take together.
pub const TRIAL_FUEL: u64 = 20_000_000;
/// Events one trial run sends.
pub const TRIAL_EVENTS: usize = 300;
/// Times a trial run moves its clock to what the app waits for.
pub const TRIAL_WAKES: usize = 20;
