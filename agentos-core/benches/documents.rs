//! What a document costs on its way in, and an app beside much else, as one JSON object of medians.
//!
//! `cargo bench --bench documents`; `make bench` prints the figures as ratios.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a measurement reads the clock"
)]

use std::hint::black_box;
use std::time::Instant;

use agentos_core::engine::Engine;
use agentos_core::spec::accept::accept_text;
use agentos_core::spec::catalog::Catalog;
use agentos_core::spec::check::check;
use agentos_core::spec::mend::Loss;
use agentos_core::spec::reader::Reader;
use serde_json::{Value, json};

const ROUNDS: usize = 15;
const COMPONENTS: usize = 1_000;
const CHUNK_BYTES: usize = 16;

/// Median time of `work` in microseconds.
fn microseconds(mut work: impl FnMut()) -> f64 {
    let mut rounds: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    rounds[ROUNDS / 2]
}

/// The engine's answer; a refusal would be fast and worth nothing.
fn answer(engine: &mut Engine, request: &str) -> String {
    let answer = engine.call(request);
    assert!(!answer.starts_with("{\"error\""), "{answer}");
    answer
}

/// Cards of three: a text, a bound input, a button that runs an action.
fn document(components: usize) -> Value {
    let part = |index: usize| match index % 3 {
        0 => {
            json!({"type": "text", "id": format!("t{index}"), "props": {"content": "{{ total }} of {{ n }}", "variant": "caption"}})
        }
        1 => {
            json!({"type": "input", "id": format!("i{index}"), "props": {"label": "Name", "value": {"$bind": "name"}}, "checks": ["required"]})
        }
        _ => {
            json!({"type": "button", "id": format!("b{index}"), "props": {"text": "Add", "variant": "primary"}, "on_event": {"click": "add"}})
        }
    };
    let cards = components / 4;
    let cards: Vec<Value> = (0..cards)
        .map(|card| {
            let children: Vec<Value> = (0..3).map(|child| part(card * 3 + child)).collect();
            json!({"type": "card", "id": format!("c{card}"), "props": {"title": format!("Card {card}")}, "children": children})
        })
        .collect();
    json!({
        "type": "app", "title": "Many", "state": {"n": 1, "name": ""}, "computed": {"total": "n * 2"},
        "actions": {"add": {"tool": "ui.increment", "args": {"path": "n"}}}, "components": cards,
    })
}

fn chunks(text: &str) -> Vec<&str> {
    text.as_bytes()
        .chunks(CHUNK_BYTES)
        .map(|chunk| std::str::from_utf8(chunk).unwrap_or_default())
        .collect()
}

/// The share of the bytes after which the first component is there.
fn first_component(chunks: &[&str]) -> f64 {
    let mut reader = Reader::default();
    let begun = chunks.iter().position(|chunk| {
        reader
            .push(chunk)
            .iter()
            .any(|patch| patch.path().as_str().starts_with("/components/"))
    });
    begun.map_or(1.0, |chunk| (chunk + 1) as f64 / chunks.len() as f64)
}

/// A tick of one row's box in a list of `rows`, of which 50 are drawn.
fn tick(rows: usize) -> f64 {
    let items: Vec<Value> = (0..rows)
        .map(|id| json!({"id": id, "text": "Task", "done": false}))
        .collect();
    let spec = json!({
        "type": "app", "title": "List", "state": {"items": items},
        "components": [{"type": "list", "id": "list", "each": {"in": "items", "as": "t"}, "children": [
            {"type": "checkbox", "id": "box", "props": {"label": "{{ t.text }}", "checked": {"$bind": "t.done"}}},
        ]}],
    });
    let mut engine = Engine::new();
    answer(
        &mut engine,
        &json!({"op": "open", "app": "a", "spec": spec, "now": 0}).to_string(),
    );
    let tick = |checked: bool| {
        let event =
            json!({"component": "box", "item": ["7"], "kind": "change", "payload": {"checked": checked}});
        json!({"op": "dispatch", "app": "a", "event": event, "now": 1}).to_string()
    };
    let ticks = [tick(true), tick(false)];
    microseconds(|| {
        for round in 0..100 {
            black_box(answer(&mut engine, &ticks[round % 2]));
        }
    }) / 100.0
}

/// An engine with an app of one key beside `others` components that have nothing to do with it.
fn key_beside(others: usize) -> Engine {
    let toggle = json!({"tool": "ui.set_state", "args": {"path": "digits", "value": "{{ '0' if digits == '7' else '7' }}"}});
    let mut components = vec![
        json!({"type": "text", "id": "display", "props": {"content": "{{ digits }}"}}),
        json!({"type": "button", "id": "toggle", "props": {"text": "7"}, "on_event": {"click": toggle}}),
    ];
    components.extend((0..others).map(|_| json!({"type": "text", "props": {"content": "{{ n }}"}})));
    let spec =
        json!({"type": "app", "title": "A", "state": {"digits": "0", "n": 1}, "components": components});
    let mut engine = Engine::new();
    answer(
        &mut engine,
        &json!({"op": "open", "app": "a", "spec": spec, "now": 0}).to_string(),
    );
    engine
}

/// A click in each of the apps in turn, so that a machine that slows down slows both.
fn clicks(mut apps: [Engine; 2]) -> [f64; 2] {
    let event = json!({"component": "toggle", "kind": "click"});
    let click = json!({"op": "dispatch", "app": "a", "event": event, "now": 1}).to_string();
    let mut rounds = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        for (engine, rounds) in apps.iter_mut().zip(&mut rounds) {
            let start = Instant::now();
            for _ in 0..1_000 {
                black_box(answer(engine, &click));
            }
            rounds.push(start.elapsed().as_secs_f64() * 1e6 / 1_000.0);
        }
    }
    rounds.map(|mut rounds| {
        rounds.sort_by(f64::total_cmp);
        rounds[ROUNDS / 2]
    })
}

#[expect(clippy::print_stdout, reason = "a benchmark's result is what it prints")]
fn main() {
    let spec = document(COMPONENTS);
    let text = spec.to_string();
    let chunks = chunks(&text);
    let parse = microseconds(|| {
        black_box(serde_json::from_str::<Value>(&text).is_ok());
    });
    let read = microseconds(|| {
        let mut reader = Reader::default();
        for chunk in &chunks {
            black_box(reader.push(chunk));
        }
    });
    let catalog = Catalog::builtin();
    let checked = accept_text(&text, catalog, Loss::Forbidden)
        .ok()
        .map_or(0.0, |accepted| {
            microseconds(|| {
                black_box(check(&accepted.spec, catalog));
            })
        });
    let open_request = json!({"op": "open", "app": "a", "spec": spec, "now": 0}).to_string();
    let open = microseconds(|| {
        black_box(answer(&mut Engine::new(), &open_request));
    });
    let [click_12, click_5000] = clicks([key_beside(10), key_beside(4_998)]);
    println!(
        "{}",
        json!({
            "parse": parse, "read": read, "kilobytes": text.len() as f64 / 1_000.0, "check": checked, "open": open,
            "first_component": first_component(&chunks),
            "tick_100": tick(100), "tick_10000": tick(10_000),
            "click_12": click_12, "click_5000": click_5000,
        })
    );
}
