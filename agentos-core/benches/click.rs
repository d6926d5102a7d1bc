//! What a click on the gallery's calculator costs, printed as one JSON object of medians in microseconds.
//!
//! `cargo bench --bench click`; `make bench` puts the figure beside that of the same clicks through
//! WebAssembly, as a ratio.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a measurement reads the clock"
)]

use std::hint::black_box;
use std::time::Instant;

use agentos_core::engine::Engine;
use agentos_core::gallery;
use serde_json::json;

/// 7 × 8 = and clear, over and over; `ui/bench/bench.mjs` presses the same.
const KEYS: [&str; 5] = ["digit_7", "multiply", "digit_8", "equals", "clear"];
const SUMS: usize = 400;
const ROUNDS: usize = 9;

#[expect(clippy::print_stdout, reason = "a benchmark's result is what it prints")]
fn main() {
    let mut engine = Engine::new();
    let calculator = &gallery::find("calculator")
        .expect("the gallery has a calculator")
        .document;
    engine.call(&json!({"op": "open", "app": "a", "spec": calculator, "now": 0}).to_string());
    let presses = KEYS.map(|key| {
        let event = json!({"component": key, "kind": "click"});
        json!({"op": "dispatch", "app": "a", "event": event, "now": 1}).to_string()
    });
    assert!(
        engine.call(&presses[0]).contains("\"nodes\":[{"),
        "a key changes the display"
    );
    engine.call(&presses[4]);
    let mut rounds: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..SUMS {
                for press in &presses {
                    black_box(engine.call(press));
                }
            }
            start.elapsed().as_secs_f64() * 1e6 / (SUMS * KEYS.len()) as f64
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    println!("{}", json!({"click": rounds[ROUNDS / 2]}));
}
