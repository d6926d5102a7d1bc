//! The table of components.

mod media;

use serde_json::json;

use super::ValueKind as Kind;
use super::{Children, ComponentEntry, Event, Field, UrlUse};

pub(super) fn table() -> Vec<ComponentEntry> {
    let mut table = vec![
        button(),
        input(),
        textarea(),
        text(),
        container(),
        grid(),
        card(),
        list(),
        form(),
        select(),
        radio(),
        checkbox(),
        switch(),
        slider(),
        date(),
        progress(),
        badge(),
        divider(),
        image(),
        icon(),
        link(),
        alert(),
        stat(),
        data_table(),
        tabs(),
        accordion(),
        modal(),
        code(),
    ];
    table.extend(media::table());
    for entry in &mut table {
        entry
            .props
            .push(Field::new("style", Kind::Style, "style properties in camelCase"));
    }
    table
}

pub(super) fn size_kind() -> Kind {
    Kind::one_of(&["small", "medium", "large"])
}

pub(super) fn spacing_kind() -> Kind {
    Kind::one_of(&["none", "small", "medium", "large"])
}

pub(super) fn tone_kind() -> Kind {
    Kind::one_of(&["default", "primary", "secondary", "success", "error", "warning"])
}

pub(super) fn color_kind() -> Kind {
    Kind::one_of(&[
        "primary",
        "secondary",
        "accent",
        "muted",
        "error",
        "success",
        "warning",
    ])
}

pub(super) fn field_variant_kind() -> Kind {
    Kind::one_of(&["default", "filled", "outline", "underline"])
}

pub(super) fn alignment_kind() -> Kind {
    Kind::one_of(&["start", "center", "end", "stretch"])
}

pub(super) fn option_kind() -> Kind {
    Kind::Either(vec![
        Kind::Scalar,
        Kind::Shape(vec![
            Field::new("value", Kind::Scalar, "what is chosen").required(),
            text_field("label", "what is shown"),
        ]),
    ])
}

pub(super) fn column_kind() -> Kind {
    Kind::Either(vec![
        Kind::Text,
        Kind::Shape(vec![
            text_field("key", "the key of the row").required(),
            text_field("label", "the heading"),
            choice("align", &["left", "center", "right"], "where the cells stand"),
            choice(
                "format",
                &["text", "number", "currency", "percent", "date"],
                "how the cells are written",
            ),
        ]),
    ])
}

fn text_field(name: &'static str, summary: &'static str) -> Field {
    Field::new(name, Kind::Text, summary)
}

fn scalar(name: &'static str, summary: &'static str) -> Field {
    Field::new(name, Kind::Scalar, summary)
}

fn number(name: &'static str, summary: &'static str) -> Field {
    Field::new(name, Kind::NUMBER, summary)
}

fn flag(name: &'static str, summary: &'static str) -> Field {
    Field::new(name, Kind::Flag, summary).or(false)
}

fn choice(name: &'static str, choices: &[&'static str], summary: &'static str) -> Field {
    Field::new(name, Kind::one_of(choices), summary)
}

fn label(summary: &'static str) -> Field {
    text_field("label", summary)
}

fn size() -> Field {
    Field::new("size", size_kind(), "how large it is").or("medium")
}

fn spacing(default: &'static str) -> Field {
    Field::new("spacing", spacing_kind(), "space between the children, in steps").or(default)
}

fn gap() -> Field {
    Field::new(
        "gap",
        Kind::at_least(0.0),
        "space between the children in pixels; wins over spacing",
    )
}

fn padding(default: &'static str) -> Field {
    Field::new("padding", spacing_kind(), "space inside the edge").or(default)
}

fn align() -> Field {
    Field::new("align", alignment_kind(), "where the children stand across").or("stretch")
}

fn disabled() -> Field {
    flag("disabled", "takes no input").also(&["isDisabled"])
}

fn readonly() -> Field {
    flag("readonly", "shows its value and takes none").also(&["readOnly", "read_only"])
}

fn error() -> Field {
    Field::new(
        "error",
        Kind::Either(vec![Kind::Text, Kind::Flag]),
        "what is wrong with the value",
    )
}

fn placeholder() -> Field {
    text_field("placeholder", "shown while it is empty")
}

fn field_variant() -> Field {
    Field::new("variant", field_variant_kind(), "how the frame looks").or("default")
}

fn options() -> Field {
    Field::new("options", Kind::list(option_kind()), "what can be chosen")
        .also(&["items", "choices"])
        .required()
}

fn value(kind: Kind, summary: &'static str) -> Field {
    Field::new("value", kind, summary).also(&["defaultValue", "default_value"])
}

fn checked() -> Field {
    flag("checked", "whether it is on").also(&["defaultChecked", "default_checked", "value"])
}

fn length(name: &'static str) -> Field {
    Field::new(
        name,
        Kind::Either(vec![Kind::at_least(0.0), Kind::Text]),
        "pixels, or a CSS length",
    )
}

fn limit(name: &'static str, summary: &'static str) -> Field {
    Field::new(name, Kind::Either(vec![Kind::NUMBER, Kind::Text]), summary)
}

fn plain(name: &'static str) -> Event {
    Event::new(name)
}

fn change(kind: Kind) -> Event {
    Event::new("change").with("value", kind)
}

fn change_checked() -> Event {
    Event::new("change").with("checked", Kind::Flag)
}

fn submit_value() -> Event {
    Event::new("submit").with("value", Kind::Scalar)
}

fn button() -> ComponentEntry {
    ComponentEntry::new("button", "Runs an action when pressed")
        .also(&["btn"])
        .props([
            scalar("text", "what it says").also(&["content", "label"]),
            label("accessible name, where the text is none (✕)"),
            choice(
                "variant",
                &["default", "primary", "secondary", "danger", "ghost", "outline"],
                "how much it stands out",
            )
            .or("default"),
            size(),
            text_field("icon", "name of an icon"),
            disabled(),
            flag("fullWidth", "as wide as its container").also(&["full_width", "block"]),
        ])
        .events([plain("click"), plain("dblclick"), plain("focus"), plain("blur")])
        .named_by(&["text", "label"])
        .acts()
        .example(
            r#"{"type":"button","props":{"text":"Save","variant":"primary"},"on_event":{"click":"save"}}"#,
        )
}

fn input() -> ComponentEntry {
    ComponentEntry::new("input", "One line of text, or a number")
        .also(&["textfield", "text_field", "text_input", "textinput"])
        .also_as("number_input", "type", "number")
        .props([
            label("what is asked for").also(&["text"]),
            choice(
                "type",
                &["text", "password", "email", "number", "search", "tel", "url", "time", "color"],
                "what kind of text; a number input holds a number, a color one `#rrggbb`",
            )
            .or("text"),
            placeholder(),
            value(Kind::Scalar, "what it holds; usually bound"),
            readonly(),
            disabled(),
            error(),
            field_variant(),
            size(),
            limit("min", "least value of a number or a time"),
            limit("max", "greatest value of a number or a time"),
            limit("step", "distance between values"),
            flag("autofocus", "takes the keyboard when the app opens").also(&["autoFocus", "auto_focus"]),
        ])
        .holds("value", "")
        .events([
            change(Kind::Scalar),
            submit_value(),
            plain("focus"),
            plain("blur"),
            plain("escape"),
            Event::new("key").with("key", Kind::Text),
        ])
        .named_by(&["label", "placeholder"])
        .example(
            r#"{"type":"input","props":{"label":"Name","value":{"$bind":"name"}},"on_event":{"submit":"add"}}"#,
        )
}

fn textarea() -> ComponentEntry {
    ComponentEntry::new("textarea", "Several lines of text")
        .also(&["text_area", "multiline"])
        .props([
            label("what is asked for").also(&["text"]),
            placeholder(),
            value(Kind::Scalar, "what it holds; usually bound"),
            Field::new("rows", Kind::integer(1.0, 50.0), "lines shown").or(4),
            readonly(),
            disabled(),
            error(),
            field_variant(),
            size(),
            choice(
                "resize",
                &["none", "vertical", "horizontal", "both"],
                "how it can be resized",
            )
            .or("vertical"),
        ])
        .holds("value", "")
        .events([
            change(Kind::Text),
            submit_value(),
            plain("focus"),
            plain("blur"),
            plain("escape"),
        ])
        .named_by(&["label", "placeholder"])
        .example(r#"{"type":"textarea","props":{"label":"Note","rows":6,"value":{"$bind":"note"}}}"#)
}

fn text() -> ComponentEntry {
    ComponentEntry::new("text", "Shows text")
        .also(&["paragraph", "label", "span", "markdown", "p"])
        .also_as("heading", "variant", "h2")
        .also_as("title", "variant", "h1")
        .also_as("header", "variant", "h2")
        .also_as("h1", "variant", "h1")
        .also_as("h2", "variant", "h2")
        .also_as("h3", "variant", "h3")
        .props([
            scalar("content", "what it says").also(&["text", "label", "value"]),
            choice(
                "variant",
                &["h1", "h2", "h3", "body", "caption", "label", "code"],
                "its rank",
            )
            .or("body"),
            choice(
                "weight",
                &["normal", "medium", "semibold", "bold"],
                "how heavy it is",
            )
            .or("normal"),
            Field::new("color", color_kind(), "its colour by meaning").or("primary"),
            choice("align", &["left", "center", "right"], "where it stands").or("left"),
            choice("format", &["plain", "markdown"], "how it is read").or("plain"),
        ])
        .events([plain("click")])
        .example(r#"{"type":"text","props":{"content":"{{ left }} left","variant":"caption"}}"#)
}

fn container() -> ComponentEntry {
    ComponentEntry::new("container", "Stacks its children downwards or sideways")
        .also(&["column", "stack", "box", "div", "section", "group", "panel", "vstack"])
        .also_as("row", "layout", "horizontal")
        .also_as("hstack", "layout", "horizontal")
        .props([
            choice("layout", &["vertical", "horizontal"], "the direction").also(&["direction"]).or("vertical"),
            gap(),
            spacing("medium"),
            padding("none"),
            align(),
            choice("justify", &["start", "center", "end", "between", "around"], "where the children stand along")
                .or("start"),
            flag("wrap", "lets the children of a horizontal one go on in the next line").or(true),
            Field::new("maxHeight", Kind::at_least(0.0), "pixels after which it scrolls").also(&["max_height"]),
            Field::new("itemHeight", Kind::at_least(1.0), "accepted and without effect: what is drawn is measured")
                .also(&["item_height"]),
            label("its name for a screen reader, and as a panel of tabs or accordion").also(&["title"]),
            text_field("role", "its ARIA role"),
        ])
        .events([plain("click")])
        .children(Children::Any)
        .example(
            r#"{"type":"container","props":{"layout":"horizontal","gap":8},"children":[{"type":"text","props":{"content":"Hello"}}]}"#,
        )
}

fn grid() -> ComponentEntry {
    ComponentEntry::new("grid", "Puts its children into columns of equal width")
        .props([
            Field::new("columns", Kind::integer(1.0, 12.0), "how many columns").also(&["cols"]).or(3),
            gap(),
            spacing("small"),
            padding("none"),
            flag("responsive", "takes fewer columns where there is little room").or(true),
            align(),
            label("its name"),
        ])
        .events([plain("click")])
        .children(Children::Any)
        .example(
            r#"{"type":"grid","props":{"columns":3,"gap":8},"children":[{"type":"button","props":{"text":"7"},"on_event":{"click":"calc.append_digit"}},{"type":"button","props":{"text":"8"},"on_event":{"click":"calc.append_digit"}},{"type":"button","props":{"text":"9"},"on_event":{"click":"calc.append_digit"}}]}"#,
        )
}

fn card() -> ComponentEntry {
    ComponentEntry::new("card", "A framed part with a title and a footer")
        .props([
            scalar("title", "its heading").also(&["heading"]),
            scalar("subtitle", "a line under the title"),
            scalar("footer", "a line at the end"),
            padding("medium"),
            choice("variant", &["default", "outline", "filled"], "how the frame looks").or("default"),
            label("its name as a panel, or for a screen reader"),
        ])
        .events([plain("click")])
        .children(Children::Any)
        .example(
            r#"{"type":"card","props":{"title":"Today"},"children":[{"type":"text","props":{"content":"Nothing due"}}]}"#,
        )
}

fn list() -> ComponentEntry {
    ComponentEntry::new("list", "A list of alike children, usually repeated by `each`")
        .props([
            choice("variant", &["default", "bordered", "striped"], "how the rows look").or("default"),
            spacing("small"),
            text_field("empty", "shown when there is nothing"),
            label("its name"),
        ])
        .children(Children::Any)
        .example(
            r#"{"type":"list","props":{"empty":"Nothing yet"},"each":{"in":"todos","as":"t"},"children":[{"type":"checkbox","props":{"label":"{{ t.text }}","checked":{"$bind":"t.done"}}}]}"#,
        )
}

fn form() -> ComponentEntry {
    ComponentEntry::new("form", "Fields that are sent together; Enter in one of them submits")
        .props([label("its name").also(&["title"]), gap().or(12)])
        .events([plain("submit")])
        .children(Children::Any)
        .example(
            r#"{"type":"form","on_event":{"submit":"add"},"children":[{"type":"input","props":{"label":"Title","value":{"$bind":"title"}}},{"type":"button","props":{"text":"Add"}}]}"#,
        )
}

fn select() -> ComponentEntry {
    ComponentEntry::new("select", "One choice out of a menu")
        .also(&["dropdown", "combobox", "picker"])
        .props([
            label("what is asked for").also(&["text"]),
            value(Kind::Scalar, "the chosen value; usually bound"),
            options(),
            placeholder(),
            disabled(),
            error(),
            field_variant(),
            size(),
        ])
        .holds("value", "")
        .events([change(Kind::Scalar), plain("focus"), plain("blur")])
        .named_by(&["label", "placeholder"])
        .example(
            r#"{"type":"select","props":{"label":"Show","options":["all","open","done"],"value":{"$bind":"filter"}}}"#,
        )
}

fn radio() -> ComponentEntry {
    ComponentEntry::new("radio", "One choice out of a few, all in sight")
        .also(&["radio_group", "radiogroup"])
        .props([
            label("what is asked for").also(&["text"]),
            text_field("name", "a name of the group"),
            value(Kind::Scalar, "the chosen value; usually bound"),
            options(),
            disabled(),
            choice("layout", &["vertical", "horizontal"], "the direction").or("vertical"),
            size(),
        ])
        .holds("value", "")
        .events([change(Kind::Scalar)])
        .named_by(&["label", "name"])
        .example(
            r#"{"type":"radio","props":{"label":"Size","options":["S","M","L"],"value":{"$bind":"size"}}}"#,
        )
}

fn checkbox() -> ComponentEntry {
    ComponentEntry::new("checkbox", "Something that is so or not")
        .also(&["check_box"])
        .props([
            label("what is so").also(&["text", "content"]),
            checked(),
            disabled(),
            choice("variant", &["default", "primary"], "how it looks").or("default"),
            size(),
        ])
        .holds("checked", false)
        .events([change_checked()])
        .named_by(&["label"])
        .example(r#"{"type":"checkbox","props":{"label":"Done","checked":{"$bind":"done"}}}"#)
}

fn switch() -> ComponentEntry {
    ComponentEntry::new("switch", "Turns something on or off")
        .also(&["toggle"])
        .props([
            label("what is turned on").also(&["text", "content"]),
            checked(),
            disabled(),
            size(),
        ])
        .holds("checked", false)
        .events([change_checked()])
        .named_by(&["label"])
        .example(r#"{"type":"switch","props":{"label":"Notify me","checked":{"$bind":"notify"}}}"#)
}

fn slider() -> ComponentEntry {
    ComponentEntry::new("slider", "A number between two ends")
        .also(&["range"])
        .props([
            label("what is set").also(&["text"]),
            number("min", "the least").or(0),
            number("max", "the greatest").or(100),
            Field::new("step", Kind::at_least(0.0), "distance between values").or(1),
            value(Kind::NUMBER, "the number; usually bound"),
            disabled(),
            flag("showValue", "writes the number beside it").also(&["show_value"]).or(true),
            choice("variant", &["default", "primary"], "how it looks").or("default"),
            size(),
        ])
        .holds("value", 0)
        .events([change(Kind::NUMBER)])
        .named_by(&["label"])
        .example(
            r#"{"type":"slider","props":{"label":"Minutes","min":5,"max":60,"step":5,"value":{"$bind":"minutes"}}}"#,
        )
}

fn date() -> ComponentEntry {
    ComponentEntry::new("date", "A day, a time, a week or a month")
        .also(&["datepicker", "date_picker", "date_input"])
        .props([
            label("what is asked for").also(&["text"]),
            value(Kind::Text, "`YYYY-MM-DD`; usually bound"),
            choice(
                "type",
                &["date", "time", "datetime-local", "month", "week"],
                "what is picked",
            )
            .or("date"),
            text_field("min", "the earliest"),
            text_field("max", "the latest"),
            readonly(),
            disabled(),
            error(),
            field_variant(),
            size(),
        ])
        .holds("value", "")
        .events([change(Kind::Text), plain("focus"), plain("blur")])
        .named_by(&["label"])
        .example(r#"{"type":"date","props":{"label":"Due","value":{"$bind":"due"}}}"#)
}

fn progress() -> ComponentEntry {
    ComponentEntry::new("progress", "How far something has come")
        .also(&["progress_bar", "progressbar"])
        .props([
            label("what is under way").also(&["text"]),
            number("value", "how far").required(),
            number("max", "where it ends").or(100),
            choice(
                "variant",
                &["default", "primary", "success", "error", "warning"],
                "its meaning",
            )
            .or("default"),
            size(),
            flag("showValue", "writes the share beside it").also(&["show_value"]),
        ])
        .named_by(&["label"])
        .example(r#"{"type":"progress","props":{"label":"Done","value":"{{ done }}","max":"{{ all }}"}}"#)
}

fn badge() -> ComponentEntry {
    ComponentEntry::new("badge", "A short mark")
        .also(&["pill", "chip", "tag"])
        .props([
            scalar("text", "what it says").also(&["content", "label"]),
            Field::new("variant", tone_kind(), "its meaning")
                .also(&["color"])
                .or("default"),
            size(),
        ])
        .events([plain("click")])
        .example(r#"{"type":"badge","props":{"text":"New","variant":"success"}}"#)
}

fn divider() -> ComponentEntry {
    ComponentEntry::new("divider", "A line between parts")
        .also(&["hr", "separator"])
        .props([
            choice("orientation", &["horizontal", "vertical"], "its direction").or("horizontal"),
            choice("variant", &["solid", "dashed", "dotted"], "how the line looks").or("solid"),
            label("text on the line").also(&["text"]),
        ])
        .example(r#"{"type":"divider","props":{"variant":"dashed"}}"#)
}

fn image() -> ComponentEntry {
    ComponentEntry::new("image", "A picture")
        .also(&["image_view", "img", "picture"])
        .props([
            Field::new("src", Kind::Url(UrlUse::Image), "where it is")
                .also(&["url"])
                .required(),
            text_field("alt", "what it shows, in words").also(&["label"]),
            length("width"),
            length("height"),
            choice(
                "fit",
                &["cover", "contain", "fill", "none"],
                "how it fills its frame",
            )
            .or("cover"),
            choice(
                "rounded",
                &["none", "small", "medium", "large", "full"],
                "how round its corners are",
            )
            .or("none"),
        ])
        .events([plain("click")])
        .named_by(&["alt"])
        .example(r#"{"type":"image","props":{"src":"https://example.org/cat.jpg","alt":"A sleeping cat"}}"#)
}

fn icon() -> ComponentEntry {
    ComponentEntry::new("icon", "A small sign")
        .props([
            text_field("name", "which sign").also(&["icon"]).required(),
            label("what it means, unless it only adorns"),
            Field::new(
                "size",
                Kind::Either(vec![size_kind(), Kind::at_least(0.0)]),
                "how large it is",
            )
            .or("medium"),
            Field::new("color", color_kind(), "its colour by meaning").or("primary"),
        ])
        .events([plain("click")])
        .example(r#"{"type":"icon","props":{"name":"star","label":"Favourite"}}"#)
}

fn link() -> ComponentEntry {
    ComponentEntry::new("link", "Leads to a page, or runs an action")
        .also(&["anchor", "a"])
        .props([
            scalar("text", "what it says").also(&["content", "label"]),
            Field::new("href", Kind::Url(UrlUse::Link), "where it leads").also(&["url", "to"]),
            label("accessible name, where the text is none"),
        ])
        .events([plain("click")])
        .named_by(&["text", "label"])
        .acts()
        .example(r#"{"type":"link","props":{"text":"Read more","href":"https://example.org"}}"#)
}

fn alert() -> ComponentEntry {
    ComponentEntry::new("alert", "Tells something that matters now")
        .also(&["banner", "callout"])
        .props([
            scalar("text", "what it says").also(&["content", "label", "message"]),
            scalar("title", "its heading").also(&["heading"]),
            choice("tone", &["info", "success", "warning", "danger"], "its weight")
                .also(&["severity", "type", "variant"])
                .or("info"),
        ])
        .events([plain("close")])
        .example(r#"{"type":"alert","visible":"left < 5","props":{"tone":"warning","text":"Only {{ left }} left"}}"#)
}

fn stat() -> ComponentEntry {
    ComponentEntry::new("stat", "One figure with its name")
        .also(&["metric", "kpi", "statistic"])
        .props([
            label("what is counted").also(&["text", "title"]).required(),
            scalar("value", "the figure").also(&["content"]).required(),
            text_field("unit", "what stands after the figure"),
            scalar("delta", "how it changed"),
            choice("trend", &["none", "up", "down"], "the arrow beside the change").or("none"),
            choice(
                "tone",
                &["default", "success", "warning", "danger"],
                "its meaning",
            )
            .or("default"),
        ])
        .events([plain("click")])
        .example(r#"{"type":"stat","props":{"label":"Total","value":"{{ total | currency }}"}}"#)
}

fn data_table() -> ComponentEntry {
    let sort = Kind::Either(vec![
        Kind::Text,
        Kind::Shape(vec![
            text_field("key", "the key of the column").required(),
            choice("order", &["asc", "desc"], "the direction").or("asc"),
        ]),
    ]);
    let chosen = Kind::Either(vec![Kind::Scalar, Kind::list(Kind::Scalar)]);
    ComponentEntry::new("table", "Rows with columns, sorted and chosen by a click")
        .also(&["data_table", "datatable"])
        .props([
            Field::new("columns", Kind::list(column_kind()), "keys, or `{key, label, align, format}`")
                .also(&["cols"])
                .required(),
            Field::new("rows", Kind::list(Kind::Object), "objects").also(&["data", "items"]).required(),
            text_field("rowKey", "the key that tells rows apart").also(&["row_key"]).or("id"),
            flag("sortable", "sorts when a heading is pressed").or(true),
            Field::new("sort", sort, "the column it is sorted by"),
            text_field("empty", "shown when there is nothing"),
            Field::new("pageSize", Kind::integer(1.0, 1000.0), "rows on a page").also(&["page_size"]),
            label("its name").also(&["title"]),
            choice("selection", &["none", "one", "many"], "how many rows can be chosen")
                .also(&["selectionMode", "selection_mode"])
                .or("one"),
            Field::new(
                "selected",
                chosen.clone(),
                "the key of the chosen row, or the list of keys of many; usually bound",
            ),
        ])
        .holds("selected", json!(null))
        .events([
            Event::new("row_click")
                .with("row", Kind::Object)
                .with("key", Kind::Scalar)
                .with("index", Kind::at_least(0.0)),
            change(chosen).with("key", Kind::Scalar).with("keys", Kind::list(Kind::Scalar)),
            Event::new("select")
                .with("key", Kind::Scalar)
                .with("keys", Kind::list(Kind::Scalar)),
        ])
        .example(
            r#"{"type":"table","props":{"label":"Expenses","columns":["title",{"key":"amount","format":"currency"}],"rows":"{{ expenses }}"}}"#,
        )
}

fn tabs() -> ComponentEntry {
    ComponentEntry::new("tabs", "Panels of which one is open; each child is a panel and has a label")
        .also(&["tab_view", "tabview"])
        .props([
            choice("variant", &["default", "bordered", "pills"], "how the tabs look").or("default"),
            size(),
            value(Kind::Text, "the id of the open panel; usually bound"),
            text_field("defaultTab", "the id of the panel open at first").also(&["default_tab"]),
            label("its name"),
        ])
        .holds("value", json!(null))
        .events([Event::new("tabChange").with("tabId", Kind::Text), change(Kind::Text)])
        .children(Children::Panels)
        .example(
            r#"{"type":"tabs","props":{"label":"Views"},"children":[{"type":"container","id":"day","props":{"label":"Day"},"children":[{"type":"text","props":{"content":"Today"}}]}]}"#,
        )
}

fn accordion() -> ComponentEntry {
    ComponentEntry::new("accordion", "Panels under each other of which at most one is open; each child has a label")
        .props([value(Kind::Text, "the id of the open panel, or null; usually bound"), label("its name")])
        .holds("value", json!(null))
        .events([change(Kind::Text)])
        .children(Children::Panels)
        .example(
            r#"{"type":"accordion","children":[{"type":"container","props":{"label":"Shipping"},"children":[{"type":"text","props":{"content":"Two days"}}]}]}"#,
        )
}

fn modal() -> ComponentEntry {
    ComponentEntry::new("modal", "A dialog above the app")
        .also(&["dialog", "popup"])
        .props([
            flag("open", "whether it is shown; usually bound").also(&["isOpen", "is_open", "visible"]),
            scalar("title", "its heading").also(&["heading", "label"]),
            choice("size", &["small", "medium", "large", "fullscreen"], "how large it is").or("medium"),
            flag("centered", "in the middle of the app").or(true),
        ])
        .holds("open", false)
        .events([plain("close")])
        .children(Children::Any)
        .named_by(&["title"])
        .example(
            r#"{"type":"modal","id":"add","props":{"title":"Add a book","open":{"$bind":"adding"}},"children":[{"type":"button","props":{"text":"Close"},"on_event":{"click":{"tool":"modal.close","args":{"modal_id":"add"}}}}]}"#,
        )
}

fn code() -> ComponentEntry {
    ComponentEntry::new("code", "Text in a fixed-width face")
        .also(&["pre", "code_block"])
        .props([
            scalar("content", "what it says").also(&["text", "code", "value"]),
            text_field("language", "what it is written in"),
        ])
        .example(r#"{"type":"code","props":{"language":"json","content":"{}"}}"#)
}
