//! What a click costs, printed as one JSON object of medians in microseconds.
//!
//! `cargo bench --bench click`; `make bench` puts the figures beside those of the same work
//! through WebAssembly and in a browser, as ratios.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a measurement reads the clock"
)]

use std::time::Instant;

use agentos_core::engine::Engine;
use serde_json::{Value, json};

const CLICKS: usize = 2_000;
const ROUNDS: usize = 7;

/// The document of `ui/bench/documents.mjs`: one key and what it shows, beside `others` components
/// that have nothing to do with it.
fn calculator_beside(others: usize) -> Value {
    let toggle = json!({"tool": "ui.set_state", "args": {"path": "digits", "value": "{{ '0' if digits == '7' else '7' }}"}});
    let mut components = vec![
        json!({"type": "text", "id": "display", "props": {"content": "{{ digits }}"}}),
        json!({"type": "button", "id": "toggle", "props": {"text": "7"}, "on_event": {"click": toggle}}),
    ];
    let other = |index: usize| json!({"type": "text", "props": {"content": format!("{{{{ n{index} }}}}")}});
    components.extend((0..others).map(other));
    let mut state: serde_json::Map<String, Value> = (0..others)
        .map(|index| (format!("n{index}"), json!(index)))
        .collect();
    state.insert("digits".to_owned(), json!("0"));
    json!({"type": "app", "title": "Calculator", "state": state, "components": components})
}

/// Median time of one click.
fn click_microseconds(others: usize) -> f64 {
    let mut engine = Engine::new();
    let open = json!({"op": "open", "app": "a", "spec": calculator_beside(others), "now": 0});
    engine.call(&open.to_string());
    let event = json!({"component": "toggle", "kind": "click"});
    let click = json!({"op": "dispatch", "app": "a", "event": event, "now": 1}).to_string();
    let mut rounds: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..CLICKS {
                std::hint::black_box(engine.call(&click));
            }
            start.elapsed().as_secs_f64() * 1e6 / CLICKS as f64
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    rounds[ROUNDS / 2]
}

#[expect(clippy::print_stdout, reason = "a benchmark's result is what it prints")]
fn main() {
    let alone = click_microseconds(0);
    let beside = click_microseconds(1_000);
    println!("{}", json!({"click": alone, "click_beside_1000": beside}));
}
