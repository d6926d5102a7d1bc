//! The engine of `agentos-core` for browsers: one function, JSON in and JSON out.

use std::cell::RefCell;

use agentos_core::engine::Engine;
use wasm_bindgen::prelude::wasm_bindgen;

thread_local! {
    static ENGINE: RefCell<Engine> = RefCell::new(Engine::new());
}

/// Answers one request of the engine protocol. The module holds one engine, so every caller sees the same apps.
#[wasm_bindgen]
pub fn call(request: &str) -> String {
    ENGINE.with_borrow_mut(|engine| engine.call(request))
}
