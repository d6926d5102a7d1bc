//! Words that models and people use for what the catalog calls otherwise, beyond its own aliases.

/// Keys of a component.
pub(super) const COMPONENT_KEYS: [(&str, &str); 18] = [
    ("on", "on_event"),
    ("onEvent", "on_event"),
    ("kind", "type"),
    ("component", "type"),
    ("properties", "props"),
    ("attributes", "props"),
    ("events", "on_event"),
    ("handlers", "on_event"),
    ("show", "visible"),
    ("if", "visible"),
    ("when", "visible"),
    ("visible_if", "visible"),
    ("visible_when", "visible"),
    ("repeat", "each"),
    ("for_each", "each"),
    ("elements", "children"),
    ("components", "children"),
    ("validation", "checks"),
];

/// Keys of an `each`.
pub(super) const EACH_KEYS: [(&str, &str); 9] = [
    ("items", "in"),
    ("list", "in"),
    ("of", "in"),
    ("path", "in"),
    ("var", "as"),
    ("item", "as"),
    ("name", "as"),
    ("filter", "where"),
    ("if", "where"),
];

/// Keys of a step.
pub(super) const STEP_KEYS: [(&str, &str); 15] = [
    ("call", "tool"),
    ("name", "tool"),
    ("function", "tool"),
    ("method", "tool"),
    ("type", "tool"),
    ("action", "do"),
    ("run", "do"),
    ("steps", "do"),
    ("params", "args"),
    ("parameters", "args"),
    ("arguments", "args"),
    ("condition", "if"),
    ("when", "if"),
    ("on_error", "catch"),
    ("on_success", "then"),
];

/// Keys of a query.
pub(super) const QUERY_KEYS: [(&str, &str); 12] = [
    ("call", "tool"),
    ("function", "tool"),
    ("source", "tool"),
    ("params", "args"),
    ("parameters", "args"),
    ("arguments", "args"),
    ("select", "pick"),
    ("transform", "pick"),
    ("if", "when"),
    ("condition", "when"),
    ("fallback", "default"),
    ("initial", "default"),
];

/// What a component tells.
pub(super) const EVENTS: [(&str, &str); 14] = [
    ("press", "click"),
    ("tap", "click"),
    ("action", "click"),
    ("select", "change"),
    ("input", "change"),
    ("enter", "submit"),
    ("doubleclick", "dblclick"),
    ("double_click", "dblclick"),
    ("dismiss", "close"),
    ("tab_change", "tabChange"),
    ("tabchange", "tabChange"),
    ("rowclick", "row_click"),
    ("keydown", "key"),
    ("keypress", "key"),
];

/// What follows `on` in an attribute of HTML.
pub(super) const DOM_EVENTS: [&str; 11] = [
    "blur", "change", "click", "close", "dblclick", "focus", "input", "keydown", "keypress", "select",
    "submit",
];

/// Values of a property with choices, each taken only where the second is a choice.
pub(super) const CHOICES: [(&str, &str); 31] = [
    ("sm", "small"),
    ("xs", "small"),
    ("md", "medium"),
    ("lg", "large"),
    ("xl", "large"),
    ("row", "horizontal"),
    ("column", "vertical"),
    ("flex-start", "start"),
    ("flex-end", "end"),
    ("left", "start"),
    ("right", "end"),
    ("top", "start"),
    ("bottom", "end"),
    ("space-between", "between"),
    ("space-around", "around"),
    ("destructive", "danger"),
    ("error", "danger"),
    ("danger", "error"),
    ("warn", "warning"),
    ("ok", "success"),
    ("outlined", "outline"),
    ("contained", "primary"),
    ("text", "ghost"),
    ("heading", "h2"),
    ("title", "h1"),
    ("subtitle", "h3"),
    ("paragraph", "body"),
    ("ascending", "asc"),
    ("descending", "desc"),
    ("single", "one"),
    ("multiple", "many"),
];

/// Properties whose text or step is what a click runs.
pub(super) const CLICK_PROPS: [&str; 4] = ["action", "handler", "command", "callback"];

/// Properties that name the path a value is bound to.
pub(super) const BINDING_PROPS: [&str; 5] = ["bind", "model", "binding", "v-model", "bind_to"];
