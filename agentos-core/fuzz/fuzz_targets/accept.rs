//! Any bytes as a document: it is taken or refused, what is taken is taken again unchanged, and it opens.
#![no_main]

use agentos_core::engine::Engine;
use agentos_core::spec::Catalog;
use agentos_core::spec::accept::{accept, accept_text};
use agentos_core::spec::mend::Loss;
use libfuzzer_sys::fuzz_target;
use serde_json::json;

fuzz_target!(|input: &[u8]| {
    let text = String::from_utf8_lossy(input);
    for loss in [Loss::Forbidden, Loss::Allowed] {
        let Ok(accepted) = accept_text(&text, Catalog::builtin(), loss) else {
            continue;
        };
        let again = accept(accepted.document.clone(), Catalog::builtin(), loss)
            .expect("what was taken is taken again");
        assert_eq!(again.document, accepted.document, "mending ends");
        let request = json!({"op": "open", "app": "a", "spec": accepted.document, "now": 0});
        Engine::new().call(&request.to_string());
    }
});
