//! Any bytes, cut anywhere: the reader ends, its patches make its document, and the cuts change nothing.
#![no_main]

use agentos_core::spec::patch;
use agentos_core::spec::reader::{Read, Reader};
use libfuzzer_sys::fuzz_target;
use serde_json::json;

/// How many bytes a chunk has: the first byte of the input says it.
const CHUNKS: [usize; 4] = [1, 2, 7, 64];

fn read<'a>(chunks: impl Iterator<Item = &'a str>) -> Read {
    let mut reader = Reader::new();
    let mut shown = json!({});
    let mut show = |patches: &[patch::PatchOperation]| {
        patch::apply(&mut shown, patches, |_| Ok(())).expect("a patch of the reader applies");
    };
    for chunk in chunks {
        show(&reader.push(chunk));
    }
    let read = reader.finish();
    show(&read.patches);
    if let Some(spec) = &read.spec {
        assert_eq!(shown, *spec, "the patches make the document");
    }
    read
}

fn pieces(text: &str, bytes: usize) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let cut = rest.floor_char_boundary(bytes).max(first.len_utf8());
        let (piece, after) = rest.split_at(cut);
        rest = after;
        Some(piece)
    })
}

fuzz_target!(|input: &[u8]| {
    let [chunk, bytes @ ..] = input else { return };
    let text = String::from_utf8_lossy(bytes);
    let whole = read(std::iter::once(text.as_ref()));
    let cut = read(pieces(&text, CHUNKS[usize::from(chunk % 4)]));
    assert_eq!(whole.spec, cut.spec);
    assert_eq!(whole.issues, cut.issues);
});
