//! Components that draw figures, play, are drawn on, or show another page.

use serde_json::json;

use super::super::ValueKind as Kind;
use super::super::{ComponentEntry, Event, Field, UrlUse};
use super::{choice, flag, label, length, plain, scalar, text_field};

pub(super) fn table() -> [ComponentEntry; 5] {
    [chart(), video(), audio(), canvas(), iframe()]
}

fn chart() -> ComponentEntry {
    let series = Kind::Either(vec![
        Kind::Text,
        Kind::Shape(vec![
            scalar("name", "its name in the legend").also(&["label"]),
            text_field("key", "the key of the row").also(&["field", "dataKey"]),
            Field::new(
                "data",
                Kind::list(Kind::Any),
                "its figures, where there are no rows",
            )
            .also(&["values"]),
            text_field("color", "a CSS colour"),
        ]),
    ]);
    ComponentEntry::new("chart", "Figures as lines, bars, areas, shares, points or a radar")
        .also(&["graph", "plot"])
        .also_as("line_chart", "kind", "line")
        .also_as("bar_chart", "kind", "bar")
        .also_as("pie_chart", "kind", "pie")
        .props([
            choice(
                "kind",
                &["line", "bar", "area", "pie", "donut", "scatter", "radar"],
                "how the figures are drawn",
            )
            .also(&["type", "chartType", "chart_type"])
            .or("line"),
            Field::new("rows", Kind::list(Kind::Object), "objects with the figures").also(&["data", "items"]),
            Field::new(
                "x",
                Kind::Either(vec![Kind::Text, Kind::list(Kind::Scalar)]),
                "the key along the axis, or the marks themselves; the first key of the rows unless given",
            )
            .also(&["xKey", "x_key", "nameKey", "labelKey", "labels"]),
            Field::new(
                "series",
                Kind::Either(vec![series.clone(), Kind::list(series)]),
                "keys of the rows, or `{name, key | data, color}`; every other key unless given",
            )
            .also(&["y", "yKey", "y_key", "valueKey"]),
            label("its name").also(&["title"]),
            flag("legend", "names the series").or(true),
            flag("axes", "draws axes and their marks").or(true),
            flag("stacked", "puts bars or areas on each other"),
            Field::new("height", Kind::number(80.0, 2000.0), "pixels").or(260),
            flag("loading", "says that the figures are on their way"),
            text_field("empty", "shown when there is nothing").or("Nothing to show yet"),
        ])
        .example(
            r#"{"type":"chart","props":{"label":"Expenses","kind":"bar","rows":"{{ expenses }}","x":"title","series":"amount"}}"#,
        )
}

fn source() -> Field {
    Field::new("src", Kind::Url(UrlUse::Link), "where it is")
        .also(&["url"])
        .required()
}

fn playlist() -> Field {
    Field::new(
        "playlist",
        Kind::list(Kind::Url(UrlUse::Link)),
        "what `player.next` and `player.previous` step through",
    )
}

fn playing() -> [Field; 3] {
    [
        flag("controls", "shows the buttons of the player").or(true),
        flag("autoPlay", "begins by itself, where the browser lets it").also(&["autoplay", "auto_play"]),
        flag("loop", "begins again at its end"),
    ]
}

fn rounded() -> Field {
    choice(
        "rounded",
        &["none", "small", "medium", "large"],
        "how round its corners are",
    )
    .or("none")
}

fn video() -> ComponentEntry {
    ComponentEntry::new("video", "A film")
        .also(&["movie", "video_player"])
        .props([source(), playlist()])
        .props(playing())
        .props([
            flag("muted", "plays without sound"),
            length("width"),
            length("height"),
            choice(
                "fit",
                &["cover", "contain", "fill", "none"],
                "how it fills its frame",
            )
            .or("contain"),
            rounded(),
            label("its name").also(&["title"]),
        ])
        .events([plain("play"), plain("pause"), plain("ended")])
        .example(r#"{"type":"video","id":"player","props":{"label":"A film","src":"https://example.org/film.mp4"}}"#)
}

fn audio() -> ComponentEntry {
    ComponentEntry::new("audio", "Sound")
        .also(&["sound", "audio_player"])
        .props([source(), playlist()])
        .props(playing())
        .props([
            choice("variant", &["default", "minimal"], "how much room it takes").or("default"),
            label("its name").also(&["title"]),
        ])
        .events([plain("play"), plain("pause"), plain("ended")])
        .example(r#"{"type":"audio","id":"player","props":{"label":"A song","src":"https://example.org/song.mp3"}}"#)
}

fn canvas() -> ComponentEntry {
    ComponentEntry::new("canvas", "A sheet that is drawn on")
        .also(&["drawing", "sketch", "whiteboard"])
        .props([
            Field::new("width", Kind::number(16.0, 4096.0), "pixels").or(300),
            Field::new("height", Kind::number(16.0, 4096.0), "pixels").or(150),
            flag("bordered", "draws a frame").or(true),
            Field::new(
                "value",
                Kind::list(Kind::Object),
                "the strokes, `{tool, color, size, points}`; usually bound",
            ),
            label("its name").also(&["title"]),
        ])
        .holds("value", json!([]))
        .events([
            plain("mount"),
            Event::new("change").with("value", Kind::list(Kind::Object)),
        ])
        .named_by(&["label"])
        .example(r#"{"type":"canvas","props":{"label":"Sketch","width":320,"height":200,"value":{"$bind":"strokes"}}}"#)
}

fn iframe() -> ComponentEntry {
    ComponentEntry::new("iframe", "Another page inside the app; it can reach neither the app nor its own cookies")
        .also(&["browser", "webview", "embed"])
        .props([
            source(),
            scalar("title", "what the page is").also(&["label"]),
            length("width").or("100%"),
            length("height").or(400),
            flag("bordered", "draws a frame").or(true),
            rounded(),
            Field::new("sandbox", Kind::Any, "accepted and without effect: it is always sandboxed"),
        ])
        .named_by(&["title"])
        .example(r#"{"type":"iframe","id":"browser","props":{"title":"Example","src":"https://example.org","height":240}}"#)
}
