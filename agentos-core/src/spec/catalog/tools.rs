//! The table of tools, by who performs them.

use serde_json::json;

use super::ValueKind as Kind;
use super::{CapabilityKind, Field, ToolEntry, UrlUse};
use crate::kernel::{ANSWER_TOKENS, MODEL_TIME, RECEIVE_LIMIT, SOCKET_OPENING_TIME, SOCKET_WAIT};

/// How long a person may think about a question.
const ANSWER_MS: u64 = 600_000;
/// How long an app may take to be built.
const BUILDING_MS: u64 = 180_000;
/// How long an app may wait for a message, in milliseconds.
const WAITING_MS: u64 = 20_000;
/// An app's id in examples.
const EXAMPLE_APP: &str = "0190b2a4-7c00-7000-8000-000000000001";
/// The shortest timer, in milliseconds.
const TIMER_MS: f64 = 50.0;

pub(super) fn table() -> Vec<ToolEntry> {
    [
        arithmetic(),
        functions(),
        calculator(),
        state(),
        items(),
        todos(),
        lists(),
        data(),
        forms(),
        panels(),
        timers(),
        history(),
        shell(),
        players(),
        canvases(),
        browsers(),
        ai(),
        files(),
        http(),
        ipc(),
        storage(),
        system(),
        apps(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn param(name: &'static str, kind: Kind, summary: &'static str) -> Field {
    Field::new(name, kind, summary)
}

fn needed(name: &'static str, kind: Kind, summary: &'static str) -> Field {
    Field::new(name, kind, summary).required()
}

fn arithmetic() -> Vec<ToolEntry> {
    let of_two = |id, summary| {
        ToolEntry::engine(id, summary)
            .takes([
                needed("a", Kind::NUMBER, "left"),
                needed("b", Kind::NUMBER, "right"),
            ])
            .returns("the number")
            .reads()
    };
    vec![
        of_two("calc.add", "a + b").example(json!({"a": 2, "b": 3}), 5),
        of_two("calc.subtract", "a − b").example(json!({"a": 5, "b": 3}), 2),
        of_two("calc.multiply", "a × b").example(json!({"a": 2, "b": 3}), 6),
        of_two("calc.divide", "a ÷ b; \"Error\" when b is 0")
            .returns("the number, or \"Error\"")
            .example(json!({"a": 6, "b": 3}), 2),
        of_two("calc.mod", "what is left of a ÷ b").example(json!({"a": 7, "b": 3}), 1),
        ToolEntry::engine("calc.power", "base to the power of exponent")
            .takes([
                needed("base", Kind::NUMBER, "base").also(&["a"]),
                needed("exponent", Kind::NUMBER, "exponent").also(&["b"]),
            ])
            .returns("the number")
            .reads()
            .example(json!({"base": 2, "exponent": 10}), 1024),
    ]
}

fn functions() -> Vec<ToolEntry> {
    let value = || needed("value", Kind::NUMBER, "the number").also(&["a", "x", "n"]);
    let of_one = move |id, summary| {
        ToolEntry::engine(id, summary)
            .takes([value()])
            .returns("the number")
            .reads()
    };
    let unit = || {
        param(
            "unit",
            Kind::one_of(&["radians", "degrees"]),
            "what the angle is in",
        )
        .or("radians")
    };
    vec![
        of_one("calc.sqrt", "Square root").example(json!({"value": 9}), 3),
        of_one("calc.abs", "Distance from zero").example(json!({"value": -3}), 3),
        of_one("calc.round", "Rounds to some decimals")
            .takes([param("digits", Kind::integer(0.0, 15.0), "decimals").or(0)])
            .example(json!({"value": 2.345, "digits": 1}), 2.3),
        of_one("calc.floor", "Rounds down").example(json!({"value": 2.7}), 2),
        of_one("calc.ceil", "Rounds up").example(json!({"value": 2.1}), 3),
        of_one("calc.sin", "Sine of an angle")
            .takes([unit()])
            .example(json!({"value": 0}), 0),
        of_one("calc.cos", "Cosine of an angle")
            .takes([unit()])
            .example(json!({"value": 0}), 1),
        of_one("calc.tan", "Tangent of an angle")
            .takes([unit()])
            .example(json!({"value": 0}), 0),
        of_one("calc.log", "Logarithm")
            .takes([param("base", Kind::at_least(0.0), "the base").or(10)])
            .example(json!({"value": 100}), 2),
        of_one("calc.ln", "Natural logarithm").example(json!({"value": 1}), 0),
        of_one("calc.exp", "e to the power of a number").example(json!({"value": 0}), 1),
        of_one("calc.percent", "value ÷ 100, or that share of another number")
            .takes([param("of", Kind::NUMBER, "the whole")])
            .example(json!({"value": 20, "of": 50}), 10),
        ToolEntry::engine("calc.factorial", "Product of all whole numbers up to one")
            .takes([needed("value", Kind::integer(0.0, 170.0), "the number").also(&["a", "x", "n"])])
            .returns("the number")
            .reads()
            .example(json!({"value": 5}), 120),
        ToolEntry::engine("calc.format", "Writes a number for people")
            .takes([
                value(),
                param(
                    "style",
                    Kind::one_of(&["number", "currency", "percent"]),
                    "the way",
                )
                .or("number"),
                param("digits", Kind::integer(0.0, 15.0), "decimals"),
                param("currency", Kind::Text, "the sign or code of the currency").or("$"),
            ])
            .returns("the text")
            .reads()
            .example(json!({"value": 1234.5, "digits": 2}), "1,234.50"),
        ToolEntry::engine(
            "calc.is_number",
            "Whether a value is a number, or text that spells one",
        )
        .takes([needed("value", Kind::Any, "the value").also(&["a", "x"])])
        .returns("true or false")
        .reads()
        .example(json!({"value": "12"}), true),
    ]
}

fn calculator() -> Vec<ToolEntry> {
    let target = || param("target", Kind::Path, "where the display is in the state").or("display");
    let on_display = move |id, summary| {
        ToolEntry::engine(id, summary)
            .takes([target()])
            .returns("the display")
    };
    vec![
        on_display("calc.append_digit", "Types a digit")
            .takes([needed(
                "digit",
                Kind::Text,
                "the digit; a button's own text when only the tool is named",
            )
            .also(&["text", "value", "key"])])
            .example(json!({"digit": "7"}), "7"),
        on_display("calc.append_operator", "Types + − × ÷ or a bracket")
            .takes([needed(
                "operator",
                Kind::Text,
                "the sign; a button's own text when only the tool is named",
            )
            .also(&["op", "text", "value", "digit", "key"])])
            .example(json!({"operator": "+"}), "7+"),
        on_display("calc.decimal", "Types the decimal point, once a number").example(json!({}), "7."),
        on_display("calc.negate", "Turns the sign of the last number").example(json!({}), "-7"),
        on_display("calc.backspace", "Takes back the last sign").example(json!({}), "0"),
        on_display("calc.clear", "Sets the display to 0").example(json!({}), "0"),
        on_display(
            "calc.evaluate",
            "Works out the display; \"Error\" when it has no value",
        )
        .takes([param(
            "expression",
            Kind::Scalar,
            "worked out instead of the display",
        )])
        .returns("the display, or the result of `expression`")
        .example(json!({}), "42"),
        on_display("calc.memory", "The memory keys")
            .takes([needed(
                "op",
                Kind::one_of(&["clear", "recall", "add", "subtract", "store"]),
                "MC MR M+ M− MS",
            )
            .also(&["operation"])])
            .returns("the number in memory")
            .example(json!({"op": "add"}), 7),
    ]
}

fn path() -> Field {
    needed("path", Kind::Path, "where in the state").also(&["key", "target"])
}

fn state() -> Vec<ToolEntry> {
    let of_component = |id, summary| {
        ToolEntry::engine(id, summary)
            .takes([needed("id", Kind::ComponentId, "the component").also(&["component", "target"])])
            .example(json!({"id": "details"}), json!(null))
    };
    vec![
        ToolEntry::engine("ui.set_state", "Sets one value of the state")
            .takes([path(), needed("value", Kind::Any, "the new value")])
            .returns("the value")
            .example(json!({"path": "filter", "value": "open"}), "open"),
        ToolEntry::engine("ui.get_state", "Reads one value of the state")
            .takes([path(), param("default", Kind::Any, "answered when there is none")])
            .returns("the value")
            .reads()
            .example(json!({"path": "filter"}), "open"),
        ToolEntry::engine("ui.set_multiple", "Sets several values of the state at once")
            .takes([needed("values", Kind::Object, "path → value")])
            .returns("the values")
            .example(json!({"values": {"filter": "all"}}), json!({"filter": "all"})),
        ToolEntry::engine("ui.toggle", "Turns true to false and back")
            .takes([path()])
            .returns("the new value")
            .example(json!({"path": "open"}), true),
        ToolEntry::engine("ui.increment", "Adds to a number")
            .takes([
                path(),
                param("by", Kind::NUMBER, "how much; may be negative")
                    .also(&["amount", "value", "step"])
                    .or(1),
                param("min", Kind::NUMBER, "not below"),
                param("max", Kind::NUMBER, "not above"),
            ])
            .returns("the new number")
            .example(json!({"path": "count"}), 1),
        ToolEntry::engine("ui.append", "Adds to the end of a text or a list")
            .takes([
                path(),
                needed("value", Kind::Any, "what to add").also(&["text", "item"]),
            ])
            .returns("the new text or list")
            .example(json!({"path": "log", "value": "x"}), "x"),
        of_component(
            "ui.show",
            "Shows a component, whatever its `visible` says, until `ui.hide` or `ui.reset`",
        ),
        of_component(
            "ui.hide",
            "Hides a component, whatever its `visible` says, until `ui.show` or `ui.reset`; its state is kept",
        ),
        of_component("ui.enable", "Lets a component take input"),
        of_component("ui.disable", "Keeps a component from taking input"),
        ToolEntry::engine(
            "ui.reset",
            "Sets the state back to the beginning, with what is shown and enabled, or one value of it",
        )
        .takes([param("path", Kind::Path, "what; everything when absent").also(&["key"])])
        .returns("the value")
        .example(json!({"path": "filter"}), "all"),
        ToolEntry::engine("ui.refresh", "Runs a query again")
            .takes([
                param("data", Kind::Text, "its name under `data`; every one when absent").also(&["name"]),
            ])
            .example(json!({}), json!(null)),
    ]
}

fn items() -> Vec<ToolEntry> {
    let list = || needed("path", Kind::Path, "where the list is in the state").also(&["list", "target"]);
    let key = || {
        needed("key", Kind::Scalar, "the item's key: what the `key` of the `each` that draws the list names, or its `id`; the index where items have neither").also(&["id", "item_id"])
    };
    let item = |done| json!({"id": "a", "text": "Milk", "done": done});
    vec![
        ToolEntry::engine(
            "ui.add_item",
            "Adds an item to a list; an object without `id` gets one",
        )
        .takes([
            list(),
            needed("value", Kind::Any, "the item").also(&["item"]),
            param("at", Kind::one_of(&["first", "last"]), "where").or("last"),
        ])
        .returns("the item")
        .example(
            json!({"path": "todos", "value": {"text": "Milk"}}),
            json!({"id": "a", "text": "Milk"}),
        ),
        ToolEntry::engine("ui.update_item", "Merges into an item of a list")
            .takes([
                list(),
                key(),
                needed("value", Kind::Any, "the keys to change, or the new item").also(&["item", "changes"]),
            ])
            .returns("the item")
            .example(
                json!({"path": "todos", "key": "a", "value": {"done": true}}),
                item(true),
            ),
        ToolEntry::engine("ui.remove_item", "Takes an item out of a list")
            .takes([list(), key()])
            .returns("the item")
            .example(json!({"path": "todos", "key": "a"}), item(false)),
        ToolEntry::engine("ui.move_item", "Moves an item within its list")
            .takes([
                list(),
                key(),
                needed(
                    "to",
                    Kind::Either(vec![
                        Kind::Integer {
                            min: Some(0.0),
                            max: None,
                        },
                        Kind::one_of(&["first", "last", "up", "down"]),
                    ]),
                    "its new index, or a direction",
                )
                .also(&["index"]),
            ])
            .returns("the new index")
            .example(json!({"path": "todos", "key": "a", "to": "first"}), 0),
    ]
}

fn todos() -> Vec<ToolEntry> {
    let list = || param("path", Kind::Path, "where the list is in the state").or("todos");
    let id = || needed("id", Kind::Scalar, "the item's id").also(&["key", "item_id"]);
    let todo = json!({"id": "a", "text": "Milk", "done": false});
    vec![
        ToolEntry::engine("ui.add_todo", "Moves a text from its input into a list of todos")
            .takes([
                list(),
                param("input", Kind::Path, "where the text is in the state").or("task-input"),
                param("text", Kind::Scalar, "the text, instead of the input's"),
            ])
            .returns("the todo, or null when there is no text")
            .example(json!({}), todo.clone()),
        ToolEntry::engine("ui.toggle_todo", "Turns a todo done or open")
            .takes([list(), id()])
            .returns("the todo")
            .example(
                json!({"id": "a"}),
                json!({"id": "a", "text": "Milk", "done": true}),
            ),
        ToolEntry::engine("ui.delete_todo", "Deletes a todo")
            .takes([list(), id()])
            .returns("the todo")
            .example(json!({"id": "a"}), todo),
    ]
}

fn lists() -> Vec<ToolEntry> {
    let on_list = |id, summary| {
        ToolEntry::engine(id, summary).takes([
            param("list_id", Kind::Text, "the key of the list in the state").or("list"),
            param(
                "path",
                Kind::Path,
                "where the list is in the state; wins over list_id",
            ),
        ])
    };
    let item_id = || {
        needed(
            "item_id",
            Kind::Scalar,
            "the item's key: its `id`; where items have none its index, or a text that is the item",
        )
        .also(&["key", "id"])
    };
    vec![
        on_list(
            "list.add",
            "Adds an item to a list; an object without `id` gets one",
        )
        .takes([needed("item", Kind::Any, "the item").also(&["value", "text"])])
        .returns("the item")
        .example(json!({"item": "Milk"}), "Milk"),
        on_list("list.remove", "Takes an item out of a list")
            .takes([item_id()])
            .returns("the item")
            .example(json!({"item_id": "a"}), json!({"id": "a"})),
        on_list("list.toggle", "Turns a flag of an item")
            .takes([item_id(), param("field", Kind::Text, "the flag").or("done")])
            .returns("the item")
            .example(json!({"item_id": "a"}), json!({"id": "a", "done": true})),
        on_list("list.clear", "Empties a list")
            .returns("the empty list")
            .example(json!({}), json!([])),
    ]
}

fn data() -> Vec<ToolEntry> {
    let rows = || needed("data", Kind::list(Kind::Any), "the list").also(&["items", "list"]);
    let field = || {
        param(
            "field",
            Kind::Text,
            "a key of the items, or a path such as `address.city`; the item itself when absent",
        )
        .also(&["key", "by"])
    };
    let on_list = move |id, summary| ToolEntry::engine(id, summary).takes([rows()]).reads();
    let numbers = move |id, summary| on_list(id, summary).takes([field()]).returns("the number");
    let comparisons = Kind::one_of(&[
        "eq",
        "ne",
        "lt",
        "le",
        "gt",
        "ge",
        "contains",
        "starts_with",
        "in",
    ]);
    vec![
        on_list("data.filter", "The items that fit")
            .takes([
                field(),
                param("op", comparisons, "how `field` and `value` compare").or("eq"),
                param("value", Kind::Any, "what to compare with"),
                param(
                    "filter",
                    Kind::Text,
                    "a text to be found anywhere in the item, instead of a comparison",
                )
                .also(&["query"]),
            ])
            .returns("a list")
            .example(json!({"data": [1, 2], "op": "gt", "value": 1}), json!([2])),
        on_list("data.search", "The items that hold a text")
            .takes([
                needed("query", Kind::Scalar, "the text; case does not matter").also(&["text", "value"]),
                param(
                    "fields",
                    Kind::list(Kind::Text),
                    "the keys or paths to look at; all when absent",
                ),
            ])
            .returns("a list")
            .example(json!({"data": ["Milk", "Tea"], "query": "te"}), json!(["Tea"])),
        on_list("data.sort", "The items in order")
            .takes([
                field(),
                param("order", Kind::one_of(&["asc", "desc"]), "the direction").or("asc"),
            ])
            .returns("a list")
            .example(json!({"data": [2, 1]}), json!([1, 2])),
        on_list("data.group", "The items by the value of a key")
            .takes([
                needed("field", Kind::Text, "the key, or a path such as `address.city`").also(&["key", "by"]),
            ])
            .returns("a list of {key, items}")
            .example(
                json!({"data": [{"kind": "a"}], "field": "kind"}),
                json!([{"key": "a", "items": [{"kind": "a"}]}]),
            ),
        numbers("data.sum", "All added up").example(json!({"data": [1, 2]}), 3),
        numbers("data.average", "The mean; null of nothing").example(json!({"data": [1, 2]}), 1.5),
        numbers("data.min", "The least; null of nothing").example(json!({"data": [1, 2]}), 1),
        numbers("data.max", "The greatest; null of nothing").example(json!({"data": [1, 2]}), 2),
        on_list("data.count", "How many items there are, or hold a value")
            .takes([
                field(),
                param("value", Kind::Any, "the value to count; all items when absent"),
            ])
            .returns("the number")
            .example(json!({"data": [1, 2]}), 2),
        on_list("data.unique", "The items without repetition")
            .takes([field()])
            .returns("a list of items, or of the values of `field`")
            .example(json!({"data": [1, 1]}), json!([1])),
        on_list("data.page", "One page of a list")
            .takes([
                param(
                    "page",
                    Kind::Integer {
                        min: Some(1.0),
                        max: None,
                    },
                    "which, from 1",
                )
                .or(1),
                param("size", Kind::integer(1.0, 1000.0), "items on a page")
                    .also(&["page_size"])
                    .or(10),
            ])
            .returns("{items, page, pages, total}")
            .example(
                json!({"data": [1, 2]}),
                json!({"items": [1, 2], "page": 1, "pages": 1, "total": 2}),
            ),
    ]
}

fn forms() -> Vec<ToolEntry> {
    let on_form = |id, summary| {
        ToolEntry::engine(id, summary).takes([param(
            "form_id",
            Kind::ComponentId,
            "the form; the one around the control, or the whole app, when absent",
        )
        .also(&["form"])])
    };
    vec![
        on_form(
            "form.validate",
            "Runs the checks of a form; stops the action and shows the first that fails",
        )
        .returns("true")
        .example(json!({}), true),
        on_form("form.submit", "Validates a form and runs its submit action")
            .returns("the values of its fields by id")
            .example(json!({}), json!({})),
        on_form("form.reset", "Sets the fields of a form back to the beginning")
            .example(json!({}), json!(null)),
    ]
}

fn panels() -> Vec<ToolEntry> {
    let modal = |id, summary| {
        ToolEntry::engine(id, summary)
            .takes([needed("modal_id", Kind::ComponentId, "the modal").also(&["target", "modal"])])
            .example(json!({"modal_id": "details"}), json!(null))
    };
    vec![
        ToolEntry::engine("tabs.switch", "Opens a panel of tabs or of an accordion")
            .takes([
                needed("tab_id", Kind::ComponentId, "the panel").also(&["tab", "value"]),
                param(
                    "tabs_id",
                    Kind::ComponentId,
                    "the tabs; those around the panel when absent",
                )
                .also(&["tabs"]),
            ])
            .example(json!({"tab_id": "settings"}), json!(null)),
        modal("modal.open", "Opens a modal"),
        modal("modal.close", "Closes a modal"),
    ]
}

fn timers() -> Vec<ToolEntry> {
    let name = || param("timer_id", Kind::Text, "its name; setting it again replaces it").also(&["name"]);
    let action = || needed("action", Kind::Action, "what it runs").also(&["do"]);
    vec![
        ToolEntry::engine("timer.set", "Runs an action once, later")
            .takes([
                needed("delay", Kind::at_least(TIMER_MS), "milliseconds").also(&["ms", "delay_ms"]),
                action(),
                name(),
            ])
            .returns("the timer's id")
            .example(json!({"delay": 1000, "action": "tick"}), "timer_1"),
        ToolEntry::engine("timer.interval", "Runs an action again and again")
            .takes([
                needed("interval", Kind::at_least(TIMER_MS), "milliseconds").also(&[
                    "ms",
                    "every",
                    "interval_ms",
                ]),
                action(),
                name(),
            ])
            .returns("the timer's id")
            .example(json!({"interval": 1000, "action": "tick"}), "timer_1"),
        ToolEntry::engine("timer.clear", "Stops a timer")
            .takes([param("timer_id", Kind::Text, "which; all when absent").also(&["name"])])
            .returns("whether one ran")
            .example(json!({"timer_id": "timer_1"}), true),
    ]
}

fn history() -> Vec<ToolEntry> {
    vec![
        ToolEntry::engine(
            "system.undo",
            "Takes back the last thing the person did; what timers and queries changed elsewhere stays",
        )
        .returns("whether there was one")
        .example(json!({}), true),
        ToolEntry::engine("system.redo", "Makes the change again that was taken back")
            .returns("whether there was one")
            .example(json!({}), true),
        ToolEntry::engine("system.get_history", "How far undo and redo reach")
            .returns("{undo, redo}: numbers of steps")
            .reads()
            .example(json!({}), json!({"undo": 1, "redo": 0})),
        ToolEntry::engine("system.get_state_snapshot", "The whole state")
            .returns("an object")
            .reads()
            .example(json!({}), json!({})),
        ToolEntry::engine("system.restore_state", "Sets the whole state")
            .takes([needed("snapshot", Kind::Object, "what get_state_snapshot answered").also(&["state"])])
            .example(json!({"snapshot": {}}), json!(null)),
    ]
}

fn players() -> Vec<ToolEntry> {
    let media = || {
        param("media_id", Kind::ComponentId, "the video or audio")
            .also(&["id"])
            .or("player")
    };
    let of_player = move |id, summary| {
        ToolEntry::shell(id, summary)
            .takes([media()])
            .example(json!({}), json!(null))
    };
    vec![
        of_player("player.play", "Begins or goes on"),
        of_player("player.pause", "Stops where it is"),
        of_player("player.stop", "Stops and goes back to the beginning"),
        of_player("player.seek", "Goes to a moment")
            .takes([needed("time", Kind::at_least(0.0), "seconds").also(&["value"])])
            .example(json!({"time": 30}), json!(null)),
        of_player("player.setVolume", "Sets how loud it is")
            .takes([needed("volume", Kind::number(0.0, 100.0), "percent").also(&["value"])])
            .example(json!({"volume": 50}), json!(null)),
        of_player("player.next", "Plays the next of the playlist"),
        of_player("player.previous", "Plays the one before in the playlist"),
    ]
}

fn canvases() -> Vec<ToolEntry> {
    let canvas = || {
        param("canvas_id", Kind::ComponentId, "the canvas")
            .also(&["id"])
            .or("canvas")
    };
    let of_canvas = move |id, summary| {
        ToolEntry::shell(id, summary)
            .takes([canvas()])
            .example(json!({}), json!(null))
    };
    vec![
        of_canvas(
            "canvas.init",
            "Makes the sheet empty and the pen as it was at first",
        ),
        of_canvas("canvas.clear", "Makes the sheet empty"),
        of_canvas("canvas.draw", "Draws a stroke")
            .takes([
                param("operation", Kind::one_of(&["stroke"]), "what is drawn").or("stroke"),
                needed("data", Kind::Object, "`{points: [{x, y}]}`"),
            ])
            .example(
                json!({"data": {"points": [{"x": 0, "y": 0}, {"x": 20, "y": 20}]}}),
                json!(null),
            ),
        of_canvas("canvas.setTool", "Takes the pen or the eraser")
            .takes([needed("tool", Kind::one_of(&["pen", "eraser"]), "which").also(&["value"])])
            .example(json!({"tool": "eraser"}), json!(null)),
        of_canvas("canvas.setColor", "Sets the colour of the pen")
            .takes([needed("color", Kind::Text, "a CSS colour").also(&["value"])])
            .example(json!({"color": "#c22f38"}), json!(null)),
        of_canvas("canvas.setBrushSize", "Sets how wide a stroke is")
            .takes([needed("size", Kind::number(1.0, 200.0), "pixels").also(&["value"])])
            .example(json!({"size": 6}), json!(null)),
    ]
}

fn browsers() -> Vec<ToolEntry> {
    let frame = || {
        param("iframe_id", Kind::ComponentId, "the iframe")
            .also(&["id"])
            .or("browser")
    };
    let of_frame = move |id, summary| {
        ToolEntry::shell(id, summary)
            .takes([frame()])
            .example(json!({}), json!(null))
    };
    vec![
        of_frame("browser.navigate", "Goes to another page")
            .takes([needed("url", Kind::Url(UrlUse::Link), "where to").also(&["value", "text"])])
            .example(json!({"url": "https://example.org"}), json!(null)),
        of_frame("browser.back", "Goes to the page before"),
        of_frame("browser.forward", "Goes to the page after"),
        of_frame("browser.refresh", "Loads the page again"),
    ]
}

fn shell() -> Vec<ToolEntry> {
    let message = || needed("message", Kind::Scalar, "what it says").also(&["text"]);
    let title = || param("title", Kind::Scalar, "its heading");
    let copy = |id| {
        ToolEntry::shell(id, "Puts a text on the clipboard")
            .takes([needed("text", Kind::Scalar, "the text").also(&["value"])])
            .returns("the text")
            .example(json!({"text": "42"}), "42")
    };
    let paste = |id| {
        ToolEntry::shell(id, "Takes the text from the clipboard")
            .returns("the text")
            .within_ms(ANSWER_MS)
            .example(json!({}), "42")
    };
    vec![
        ToolEntry::shell("system.alert", "Tells something until the person has seen it")
            .takes([message(), title()])
            .within_ms(ANSWER_MS)
            .example(json!({"message": "Saved"}), json!(null)),
        ToolEntry::shell("system.confirm", "Asks the person yes or no")
            .takes([message(), title()])
            .returns("true or false")
            .within_ms(ANSWER_MS)
            .example(json!({"message": "Delete everything?"}), true),
        ToolEntry::shell("system.log", "Writes a line to the log")
            .takes([
                message(),
                param(
                    "level",
                    Kind::one_of(&["debug", "info", "warning", "error"]),
                    "how much it matters",
                )
                .or("info"),
            ])
            .example(json!({"message": "started"}), json!(null)),
        copy("system.copy"),
        paste("system.paste"),
        copy("clipboard.copy"),
        paste("clipboard.paste"),
        ToolEntry::shell("notification.show", "Tells something in passing")
            .takes([
                message(),
                title(),
                param(
                    "type",
                    Kind::one_of(&["info", "success", "warning", "error"]),
                    "its weight",
                )
                .also(&["tone", "level"])
                .or("info"),
            ])
            .example(json!({"message": "Saved"}), json!(null)),
        ToolEntry::shell("ui.focus", "Moves the keyboard to a component")
            .takes([needed("id", Kind::ComponentId, "the component").also(&["component", "target"])])
            .example(json!({"id": "name"}), json!(null)),
    ]
}

fn ai() -> Vec<ToolEntry> {
    vec![
        ToolEntry::service(
            "ai.ask",
            "Has the model do something with a text; the person allows it",
        )
        .needs(CapabilityKind::Llm)
        .takes([
            needed("prompt", Kind::Text, "what to do, such as: Translate into French").also(&["question"]),
            param("text", Kind::Text, "what to do it with").also(&["input"]),
            param(
                "max_tokens",
                Kind::integer(1.0, f64::from(ANSWER_TOKENS)),
                "the longest answer",
            ),
        ])
        .within_ms(MODEL_TIME)
        .returns("the answer as text; fails `declined` where no model is connected")
        .example(
            json!({"prompt": "Summarise in one sentence", "text": "The meeting moved to Friday at ten."}),
            "The meeting is on Friday at ten.",
        ),
    ]
}

fn files() -> Vec<ToolEntry> {
    let place = |name: &'static str, summary: &'static str| needed(name, Kind::Text, summary);
    let path = || {
        place(
            "path",
            "such as notes/a.txt; shared:a.txt is for all apps, tmp:a.txt for now",
        )
    };
    let reached =
        |id: &'static str, summary: &'static str| ToolEntry::service(id, summary).needs(CapabilityKind::Fs);
    let written = |id: &'static str, summary: &'static str| {
        reached(id, summary)
            .takes([
                path().also(&["file", "filename"]),
                needed("content", Kind::Text, "the text").also(&["text", "data"]),
                param(
                    "if_etag",
                    Kind::Text,
                    "only if it is still that one, else `conflict`",
                ),
            ])
            .returns("{path, kind, size, modified, etag}")
    };
    let carried = |id: &'static str, summary: &'static str| {
        reached(id, summary)
            .takes([place("from", "the file"), place("to", "where nothing is yet")])
            .returns("true; fails `already_exists`")
    };
    let file = |size: u64| json!({"path": "home:notes.txt", "kind": "file", "size": size, "modified": 1_767_268_800_000_u64, "etag": "1"});
    vec![
        written("files.write", "Writes a text file, in a folder that is there")
            .example(json!({"path": "notes.txt", "content": "Milk"}), file(4)),
        written("files.append", "Adds to the end of a text file")
            .example(json!({"path": "notes.txt", "content": "\nBread"}), file(10)),
        reached("files.read", "Reads a text file")
            .takes([path().also(&["file", "filename"])])
            .returns("the text; fails `not_found`")
            .reads()
            .example(json!({"path": "notes.txt"}), "Milk\nBread"),
        reached("files.stat", "What is known of a file or folder")
            .takes([path()])
            .returns("{path, kind: file or directory, size, modified: unix ms, etag}")
            .reads()
            .example(json!({"path": "notes.txt"}), file(10)),
        reached("files.exists", "Whether there is a file or folder")
            .takes([path()])
            .returns("true or false")
            .reads()
            .example(json!({"path": "notes.txt"}), true),
        reached("files.list", "What is in a folder")
            .takes([param("path", Kind::Text, "the folder; the app's own when absent").also(&["folder"])])
            .returns("a list of {name, path, kind, size, modified}")
            .reads()
            .example(
                json!({}),
                json!([{"name": "notes.txt", "path": "home:notes.txt", "kind": "file", "size": 10,
                        "modified": 1_767_268_800_000_u64}]),
            ),
        reached("files.mkdir", "Makes a folder, and those it is in")
            .takes([path().also(&["folder"])])
            .returns("whether it is new")
            .example(json!({"path": "archive"}), true),
        carried("files.copy", "Copies a file")
            .example(json!({"from": "notes.txt", "to": "archive/notes.txt"}), true),
        carried("files.move", "Moves or renames a file").example(
            json!({"from": "archive/notes.txt", "to": "archive/old.txt"}),
            true,
        ),
        reached("files.delete", "Deletes a file or an empty folder")
            .takes([path()])
            .returns("whether there was one")
            .example(json!({"path": "archive/old.txt"}), true),
    ]
}

fn http() -> Vec<ToolEntry> {
    let asks = |id: &'static str, summary: &'static str| {
        let answer = json!({
            "status": 200, "ok": true, "headers": {"content-type": "application/json"},
            "body": {"id": 1, "name": "Sample"},
        });
        ToolEntry::service(id, summary)
            .needs(CapabilityKind::Net)
            .takes([
                needed("url", Kind::Url(UrlUse::Link), "where to; the person allows each host"),
                param("query", Kind::Object, "added to the URL"),
                param("headers", Kind::Object, "names with texts"),
                param("timeout", Kind::number(1.0, 30_000.0), "milliseconds"),
            ])
            .returns("{status, ok, headers, body: parsed when it is JSON, else text}; fails `http_status` from 400 on")
            .example(json!({"url": "https://api.example.org/items"}), answer)
    };
    let sends = |id: &'static str, summary: &'static str| {
        let entry = asks(id, summary);
        let answer = entry.example_answer.clone();
        entry
            .takes([
                param("data", Kind::Any, "the body: text, or anything else as JSON").also(&["body", "json"]),
            ])
            .example(
                json!({"url": "https://api.example.org/items", "data": {"name": "Sample"}}),
                answer,
            )
    };
    vec![
        asks("http.get", "Fetches from a server").reads(),
        asks("http.head", "Fetches the headers alone").reads().example(
            json!({"url": "https://api.example.org/items"}),
            json!({"status": 200, "ok": true, "headers": {"content-type": "application/json"}, "body": null}),
        ),
        sends("http.post", "Sends something new to a server"),
        sends("http.put", "Replaces something on a server"),
        sends("http.patch", "Changes something on a server"),
        sends("http.delete", "Removes something from a server"),
        socket(),
    ]
}

fn socket() -> ToolEntry {
    ToolEntry::service(
        "http.socket",
        "What a WebSocket brought since the last time; stays connected; as `data` with `every`, or by a timer",
    )
    .needs(CapabilityKind::Net)
    .takes([
        needed("url", Kind::Url(UrlUse::Socket), "ws or wss; the person allows each host"),
        param("send", Kind::Any, "sent first: text, or anything else as JSON").also(&["message", "data"]),
        param(
            "wait",
            Kind::integer(0.0, SOCKET_WAIT as f64),
            "milliseconds to wait for the first",
        )
        .or(0),
        param("max", Kind::integer(1.0, f64::from(RECEIVE_LIMIT)), "at most so many"),
        param("close", Kind::Flag, "ends the connection"),
    ])
    .within_ms(SOCKET_OPENING_TIME + SOCKET_WAIT + ToolEntry::DEADLINE_MS)
    .returns("{messages, open}, a message parsed when it is JSON; add them to a list in state by \"{{ (log + result.messages)[-50:] }}\"")
    .reads()
    .example(
        json!({"url": "wss://feed.example.org/news"}),
        json!({"messages": [{"text": "Hello"}], "open": true}),
    )
}

fn ipc() -> Vec<ToolEntry> {
    let told =
        |id: &'static str, summary: &'static str| ToolEntry::service(id, summary).needs(CapabilityKind::Ipc);
    let topic = || param("topic", Kind::Text, "what it is about, such as: timer.done").also(&["channel"]);
    let message = || needed("message", Kind::Any, "any value").also(&["data", "value"]);
    vec![
        told("ipc.publish", "Tells every app that receives this topic")
            .takes([topic().required(), message()])
            .returns("how many apps it reached")
            .example(
                json!({"topic": "timer.done", "message": {"title": "Tea"}}),
                1,
            ),
        told(
            "ipc.receive",
            "What other apps told since the last time, each once; as `data` with `every`, or by a timer",
        )
        .takes([
            topic().also(&["subscribe"]),
            param(
                "wait",
                Kind::integer(0.0, WAITING_MS as f64),
                "milliseconds to wait for the first",
            )
            .or(0),
            param("max", Kind::integer(1.0, f64::from(RECEIVE_LIMIT)), "at most so many"),
        ])
        .within_ms(WAITING_MS + ToolEntry::DEADLINE_MS)
        .returns("a list of {message, from: {app_id, title}, lagged: how many were left out before}; without a topic what was sent to this app")
        .reads()
        .example(
            json!({"topic": "timer.done"}),
            json!([{"message": {"title": "Tea"}, "from": {"app_id": EXAMPLE_APP, "title": "Timer"}, "lagged": 0}]),
        ),
        told("ipc.send", "Tells one app")
            .takes([
                needed("to", Kind::Text, "its app_id, or \"parent\" for the app that opened this one").also(&["app_id"]),
                message(),
            ])
            .returns("true")
            .example(json!({"to": "parent", "message": {"picked": "Blue"}}), true),
    ]
}

fn storage() -> Vec<ToolEntry> {
    let key = || needed("key", Kind::Text, "the name it is kept under");
    let stored = |id: &'static str, summary: &'static str| {
        ToolEntry::service(id, summary).needs(CapabilityKind::Store)
    };
    vec![
        stored("storage.get", "Reads what the app has kept")
            .takes([key(), param("default", Kind::Any, "answered when there is none")])
            .returns("the value, or null")
            .reads()
            .example(json!({"key": "draft"}), json!(null)),
        stored("storage.set", "Keeps a value")
            .takes([key(), needed("value", Kind::Any, "the value")])
            .returns("true")
            .example(json!({"key": "draft", "value": "Dear"}), true),
        stored("storage.remove", "Forgets a value")
            .takes([key()])
            .returns("whether there was one")
            .example(json!({"key": "draft"}), true),
        stored("storage.list", "The names under which the app has kept something")
            .takes([param("prefix", Kind::Text, "only those that begin so")])
            .returns("a list of names")
            .reads()
            .example(json!({}), json!(["draft"])),
        stored("storage.clear", "Forgets everything the app has kept")
            .returns("how many values there were")
            .example(json!({}), 1),
    ]
}

fn system() -> Vec<ToolEntry> {
    let asked = |id: &'static str, summary: &'static str| {
        ToolEntry::service(id, summary).needs(CapabilityKind::Sys).reads()
    };
    vec![
        asked("system.info", "Coarse facts about the machine")
            .returns("{os, arch, cpus, memory_bytes, version}")
            .example(
                json!({}),
                json!({"os": "linux", "arch": "x86_64", "cpus": 4, "memory_bytes": 8_589_934_592_u64, "version": "0.1.0"}),
            ),
        asked("system.time", "The time of the server")
            .returns("{now: RFC 3339 in UTC, unix_ms}")
            .example(
                json!({}),
                json!({"now": "2026-01-01T12:00:00Z", "unix_ms": 1_767_268_800_000_u64}),
            ),
    ]
}

fn apps() -> Vec<ToolEntry> {
    let of_apps = |id: &'static str, summary: &'static str| {
        ToolEntry::service(id, summary).needs(CapabilityKind::Spawn)
    };
    let which = || {
        param(
            "app_id",
            Kind::Text,
            "one that this app opened; this app itself when absent",
        )
        .also(&["id"])
    };
    let one = || json!({"app_id": EXAMPLE_APP});
    vec![
        of_apps(
            "app.spawn",
            "Opens another app: built from a sentence, or a saved one",
        )
        .takes([
            param("request", Kind::Text, "what to build, in words").also(&["message"]),
            param("package_id", Kind::Text, "the saved app, instead of `request`"),
        ])
        .returns("{app_id, title}")
        .within_ms(BUILDING_MS)
        .example(
            json!({"request": "a tip calculator"}),
            json!({"app_id": EXAMPLE_APP, "title": "Tip calculator"}),
        ),
        of_apps("app.list", "This app and those it opened, and what they opened")
            .returns("a list of {app_id, title, state, parent_id}")
            .reads()
            .example(
                json!({}),
                json!([{"app_id": EXAMPLE_APP, "title": "Notes", "state": "active", "parent_id": null}]),
            ),
        of_apps("app.focus", "Brings an app to the front")
            .takes([which()])
            .returns("{app_id}")
            .example(json!({}), one()),
        of_apps("app.unfocus", "Puts an app behind the others")
            .takes([which()])
            .returns("{app_id}")
            .example(json!({}), one()),
        of_apps("app.close", "Closes an app and those it opened")
            .takes([
                which(),
                param(
                    "save_state",
                    Kind::Flag,
                    "accepted and without effect: a saved app keeps its state",
                ),
            ])
            .returns("{closed}: the ids of the apps that were closed")
            .example(json!({}), json!({"closed": [EXAMPLE_APP]})),
    ]
}
