//! The engine of `agentos-core` for browsers: one function, JSON in and JSON out.

use std::cell::RefCell;
use std::sync::Arc;

use agentos_core::engine::Runner;
use agentos_core::spec::Catalog;
use wasm_bindgen::prelude::wasm_bindgen;

/// The catalog without its prose, as `make types` writes it.
const CATALOG: &str = include_str!("catalog.json");

thread_local! {
    static RUNNER: RefCell<Runner> = RefCell::new(runner());
}

/// Answers one request that runs an app. The module holds one runner, so every caller sees the same apps.
#[wasm_bindgen]
pub fn call(request: &str) -> String {
    RUNNER.with_borrow_mut(|runner| runner.call(request))
}

fn runner() -> Runner {
    let catalog = Catalog::read_lean(CATALOG).expect("a test of the core compares the file");
    Runner::new(Arc::new(catalog))
}
