//! The tolerant reader: the same document however the text is cut, and patches that lead to it.

use agentos_core::spec::patch::{self, PatchOperation};
use agentos_core::spec::reader::{Read, Reader};
use agentos_core::spec::{Code, Issue, Severity};
use proptest::prelude::*;
use serde_json::{Value, json};

const TODO: &str = r#"{
  "type": "app", "title": "Todo – täglich", "state": {"draft": "", "todos": [{"text": "a", "done": false}]},
  "persist": ["todos"], "computed": {"left": "todos | rejectattr('done') | list | length"},
  "components": [
    {"type": "container", "props": {"layout": "horizontal", "gap": 8}, "children": [
      {"id": "draft", "type": "input", "props": {"label": "New \"task\"", "value": {"$bind": "draft"}}, "on_event": {"submit": "add"}},
      {"props": {"text": "Add \ud83d\ude00"}, "type": "button"}
    ]},
    {"type": "text", "props": {"content": "{{ left }} item{{ '' if left == 1 else 's' }} left", "size": -1.5e2}},
    {"children": [{"type": "badge"}], "type": "card"},
    {"props": {"note": "no type at all"}}
  ]
}"#;

const SLOPPY: &str = "Here is {your} app, with {{ templates }} and {\"count\": 0}:\n```json\n{\n  // the title\n  \
    “type”: “app”, title: Odd,\n  \"title\": \"Sloppy\",, \"state\": {\"a\": .5, \"b\": True, \"c\": 01,},\n  \
    \"components\": [{\"type\": \"text\", \"props\": {\"content\": \"two\nlines\", \"pattern\": \"\\d+\",},} \
    {\"type\": \"image\" /* no comma */ \"id\": \"x\"},]\n}\n```\nEnjoy! {\"type\": \"app\"}";

/// Reads `chunks`, applies all patches, and checks that they made the document.
#[track_caller]
fn read<'a>(chunks: impl IntoIterator<Item = &'a str>) -> Read {
    let mut reader = Reader::new();
    let mut shown = json!({});
    for chunk in chunks {
        show(&mut shown, &reader.push(chunk));
    }
    let read = reader.finish();
    show(&mut shown, &read.patches);
    if let Some(spec) = &read.spec {
        assert_eq!(&shown, spec, "the patches make the document");
    }
    read
}

#[track_caller]
fn show(document: &mut Value, patches: &[PatchOperation]) {
    for operation in patches {
        let allowed = matches!(operation, PatchOperation::Add(_) | PatchOperation::Replace(_));
        assert!(allowed, "{operation} is no add or replace");
    }
    patch::apply(document, patches, |_| Ok(())).unwrap();
}

#[track_caller]
fn reads(text: &str, expected: Value) -> Vec<Issue> {
    let read = read([text]);
    assert_eq!(read.spec, Some(expected), "{:?}", read.issues);
    read.issues
}

#[track_caller]
fn reads_alike(text: &str, chunks: &[&str]) {
    let whole = read([text]);
    let pieces = read(chunks.iter().copied());
    assert_eq!(pieces.spec, whole.spec, "cut into {chunks:?}");
    assert_eq!(pieces.issues, whole.issues, "cut into {chunks:?}");
}

fn cut_positions(text: &str) -> impl Iterator<Item = usize> {
    text.char_indices().map(|(at, _)| at)
}

#[test]
fn reads_a_whole_document_as_it_is() {
    assert_eq!(reads(TODO, serde_json::from_str(TODO).unwrap()), []);
}

#[test]
fn reads_sloppy_text_and_tells_what_it_forgave() {
    let issues = reads(
        SLOPPY,
        json!({
            "type": "app", "title": "Sloppy", "state": {"a": 0.5, "b": true, "c": 1.0},
            "components": [
                {"type": "text", "props": {"content": "two\nlines", "pattern": "\\d+"}},
                {"type": "image", "id": "x"}
            ]
        }),
    );
    assert!(
        issues
            .iter()
            .all(|issue| issue.severity == Severity::Note && issue.code == Code::Mended),
        "{issues:?}"
    );
    let told = |words: &str| issues.iter().any(|issue| issue.message.contains(words));
    assert!(
        told("typographic quotes were read as quotes at line 5, column 3"),
        "{issues:?}"
    );
    assert!(told("a trailing comma") && told("a comment") && told("missing comma") && told("line break"));
}

#[test]
fn every_cut_gives_the_same_document() {
    for text in [TODO, SLOPPY] {
        for at in cut_positions(text) {
            reads_alike(text, &[&text[..at], &text[at..]]);
        }
        let characters: Vec<&str> = text
            .char_indices()
            .map(|(at, character)| &text[at..at + character.len_utf8()])
            .collect();
        reads_alike(text, &characters);
    }
}

#[test]
fn every_truncation_keeps_what_was_whole() {
    let start = "{\n  \"type\":".len();
    for at in cut_positions(TODO).filter(|&at| at >= start) {
        let read = read([&TODO[..at]]);
        let spec = read
            .spec
            .unwrap_or_else(|| panic!("nothing survived a cut at {at}: {:?}", read.issues));
        assert!(spec.is_object());
        let cut = read
            .issues
            .iter()
            .find(|issue| issue.code == Code::JsonTruncated)
            .unwrap();
        assert_eq!(cut.severity, Severity::Warning);
    }
}

#[test]
fn a_cut_text_is_shown_and_a_cut_id_or_template_is_held_back() {
    let cut = |text: &str| {
        let mut document = json!({});
        show(&mut document, &Reader::new().push(text));
        document["components"][0].clone()
    };
    assert_eq!(
        cut(r#"{"components": [{"type": "button", "id": "cle"#),
        json!({"type": "button"}),
    );
    assert_eq!(
        cut(r#"{"components": [{"type": "button", "props": {"text": "Clear al"#),
        json!({"type": "button", "props": {"text": "Clear al"}}),
    );
    assert_eq!(
        cut(r#"{"components": [{"type": "button", "props": {"text": "Clear {{ cou"#),
        json!({"type": "button", "props": {"text": "Clear "}}),
    );
    assert_eq!(
        cut(r#"{"components": [{"type": "button", "props": {"text": "{{ count }} le"#),
        json!({"type": "button", "props": {"text": "{{ count }} le"}}),
    );
    assert_eq!(
        cut(r#"{"components": [{"type": "link", "props": {"href": "https://exa"#),
        json!({"type": "link", "props": {}}),
    );
    assert_eq!(
        cut(r#"{"components": [{"type": "button", "on_event": {"click": "ui.set_st"#),
        json!({"type": "button"}),
    );
    assert_eq!(cut(r#"{"components": [{"id": "a", "type": "but"#), Value::Null);
}

#[test]
fn what_was_only_begun_is_left_out_of_a_cut_document() {
    let cut = |text: &str| read([text]).spec.unwrap();
    let whole = json!({"components": [{"type": "text"}]});
    assert_eq!(cut(r#"{"components": [{"type": "text"}, {"type": "but"#), whole);
    assert_eq!(
        cut(r#"{"components": [{"type": "text"}, {"id": "a", "props": {"text": "x"}"#),
        whole
    );
    assert_eq!(
        cut(r#"{"components": [{"type": "text", "on_event": {"click": {"tool": "ui.se"#),
        whole
    );
    assert_eq!(
        cut(r#"{"components": [{"type": "text", "on_event": {"click": "add", "blur": [{"#),
        json!({"components": [{"type": "text", "on_event": {"click": "add"}}]}),
    );
    assert_eq!(cut(r#"{"title": "A", "state": {"n": 12"#), json!({"title": "A"}));
}

#[test]
fn parents_come_before_children_and_a_component_with_its_type() {
    let mut reader = Reader::new();
    let mut paths = Vec::new();
    for character in TODO.chars() {
        paths.extend(
            reader
                .push(character.encode_utf8(&mut [0; 4]))
                .iter()
                .map(|change| change.path().to_string()),
        );
    }
    paths.dedup();
    assert_eq!(
        paths,
        [
            "/type",
            "/title",
            "/state",
            "/persist",
            "/computed",
            "/components",
            "/components/0",
            "/components/0/props",
            "/components/0/props/layout",
            "/components/0/props/gap",
            "/components/0/children",
            "/components/0/children/0",
            "/components/0/children/0/props",
            "/components/0/children/0/props/label",
            "/components/0/children/0/props/value",
            "/components/0/children/0/on_event",
            "/components/0/children/1",
            "/components/1",
            "/components/1/props",
            "/components/1/props/content",
            "/components/1/props/size",
            "/components/2",
            "/components/3",
        ]
    );
}

#[test]
fn the_first_component_is_out_before_a_tenth_of_a_thousand_arrived() {
    let component =
        |n: usize| json!({"type": "text", "id": format!("t{n}"), "props": {"content": format!("Row {n}")}});
    let document =
        json!({"type": "app", "title": "Long", "components": (0..1_000).map(component).collect::<Vec<_>>()});
    let text = document.to_string();
    let mut reader = Reader::new();
    let mut shown = json!({});
    let mut first_at = None;
    for (index, chunk) in text.as_bytes().chunks(16).enumerate() {
        show(&mut shown, &reader.push(std::str::from_utf8(chunk).unwrap()));
        let components = shown["components"].as_array().map_or(0, Vec::len);
        let arrived = (index + 1) * 16;
        if components > 0 {
            first_at.get_or_insert(arrived);
        }
        let whole = text[..arrived.min(text.len())]
            .matches("\"type\":\"text\"")
            .count();
        assert!(
            components >= whole,
            "{components} of {whole} components are out at {arrived}"
        );
    }
    show(&mut shown, &reader.finish().patches);
    assert_eq!(shown, document);
    let first_at = first_at.unwrap();
    assert!(first_at < 100, "{first_at} of {} bytes had arrived", text.len());
}

#[test]
fn a_long_text_is_shown_in_steps_that_grow() {
    let text = "x".repeat(60_000);
    let document = format!(r#"{{"components": [{{"type": "text", "props": {{"content": "{text}"}}}}]}}"#);
    let mut reader = Reader::new();
    let shown_bytes: usize = document
        .chars()
        .flat_map(|character| reader.push(character.encode_utf8(&mut [0; 4])))
        .map(|change| change.to_string().len())
        .sum();
    assert!(
        shown_bytes < 15 * document.len(),
        "{shown_bytes} bytes of patches for {} bytes",
        document.len()
    );
}

#[test]
fn finds_the_document_in_prose_and_in_wrappers() {
    let document = || json!({"title": "A", "components": []});
    let text = document().to_string();
    reads(&text, document());
    reads(&format!("\u{feff}  {text}"), document());
    reads(&format!("Sure! ```json\n{text}\n```\nDone. {{}}"), document());
    reads(&format!("{{\"ui_spec\": {text}, \"thoughts\": []}}"), document());
    reads(
        &format!("{{\"thoughts\": [\"{{}}\"], \"spec\": {text}}}"),
        document(),
    );
    reads(&format!("[{text}]"), document());
    reads(
        &format!("State {{\"count\": 0}} and {{ x: 1 }} and {{\"a\" b}} first. {text}"),
        document(),
    );
    reads(&format!("{{{text}}}"), document());
    reads(
        r#"{"icon": "A", "description": {"title": 1}, "components": []}"#,
        json!({"icon": "A", "description": {"title": 1}, "components": []}),
    );
}

#[test]
fn unbalanced_brackets_cost_little() {
    let warned = |issues: Vec<Issue>| {
        assert!(
            issues.iter().any(|issue| issue.code == Code::JsonInvalid),
            "{issues:?}"
        );
    };
    warned(reads(
        r#"{"components": [{"type": "text"}}, {"type": "badge"}], "title": "A"}"#,
        json!({"components": [{"type": "text"}, {"type": "badge"}], "title": "A"}),
    ));
    warned(reads(
        r#"{"components": [{"type": "card", "children": [{"type": "text"}, {"type": "badge"]}], "title": "A"}"#,
        json!({"components": [{"type": "card", "children": [{"type": "text"}, {"type": "badge"}]}], "title": "A"}),
    ));
    let issues = reads(
        "```json\n{\"title\": \"A\", \"components\": [{\"type\": \"text\"}]\n```\nThat is all.",
        json!({"title": "A", "components": [{"type": "text"}]}),
    );
    assert_eq!(issues[0].code, Code::JsonTruncated);
}

#[test]
fn names_and_values_that_miss_their_other_half_are_left_out() {
    reads(
        r#"{"title": "A", "layout":, "x", "state": {"a": 1 "b": 2}}"#,
        json!({"title": "A", "state": {"a": 1, "b": 2}}),
    );
    reads(
        r#"{"title" "A", {"type": "text"}, "components": []}"#,
        json!({"title": "A", "components": []}),
    );
    let issues = reads(
        r#"{"title": "A", "__proto__": {"x": 1}, "components": [{"type": "text", "props": {"constructor": 1}}]}"#,
        json!({"title": "A", "components": [{"type": "text", "props": {}}]}),
    );
    assert_eq!(issues[0].code, Code::PathForbidden);
    reads(
        r#"{"state": {"teams": {"constructor": "Ferrari"}}}"#,
        json!({"state": {"teams": {"constructor": "Ferrari"}}}),
    );
}

#[track_caller]
fn refuses(text: &str, code: Code) {
    let read = read([text]);
    assert_eq!(read.spec, None);
    let issue = read.issues.last().unwrap();
    assert_eq!(
        (issue.code, issue.severity),
        (code, Severity::Error),
        "{}",
        issue.message
    );
}

#[test]
fn refuses_what_holds_no_document_or_breaks_a_bound() {
    refuses("", Code::JsonInvalid);
    refuses("I cannot do that.", Code::JsonInvalid);
    refuses("{\"count\": 0}", Code::JsonInvalid);
    refuses("{", Code::JsonTruncated);
    refuses(&format!("{{\"state\": {}", "[".repeat(100_000)), Code::TooDeep);
    refuses(
        &format!("{{\"title\": \"{}\"}}", "x".repeat(600 * 1024)),
        Code::TooLarge,
    );
    let deep = "{\"type\":\"card\",\"children\":[".repeat(30);
    refuses(&format!("{{\"components\":[{deep}"), Code::TooDeep);
    let prose = "word ".repeat(200_000);
    reads(
        &format!("{prose}{{\"title\": \"A\"}}{prose}"),
        json!({"title": "A"}),
    );
}

/// Text that is likely to be JSON, or nearly.
fn fragments() -> impl Strategy<Value = String> {
    let fragment = prop_oneof![
        Just("{"),
        Just("}"),
        Just("["),
        Just("]"),
        Just(","),
        Just(":"),
        Just("\""),
        Just("\\"),
        Just("\\u"),
        Just("d83d"),
        Just("“"),
        Just("”"),
        Just("/"),
        Just("*"),
        Just("\n"),
        Just("`"),
        Just("{{"),
        Just("}}"),
        Just("\"type\":\"text\""),
        Just("\"components\":["),
        Just("\"children\":["),
        Just("\"props\":{"),
        Just("\"text\":\"ab"),
        Just("\"title\":"),
        Just("{\"type\":"),
        Just("\"__proto__\":"),
        Just("1.5"),
        Just("true"),
        Just("é"),
        Just("x"),
    ];
    prop::collection::vec(fragment, 0..60).prop_map(|fragments| fragments.concat())
}

/// What happens to text on its way, and what a model does to it.
#[derive(Debug, Clone)]
enum Mutation {
    Cut,
    Drop(usize),
    Repeat(usize),
    Set(u8),
    Insert(Vec<u8>),
    Swap(usize),
}

fn mutations() -> impl Strategy<Value = Vec<(prop::sample::Index, Mutation)>> {
    let mutation = prop_oneof![
        1 => Just(Mutation::Cut),
        4 => (1..40usize).prop_map(Mutation::Drop),
        4 => (1..40usize).prop_map(Mutation::Repeat),
        8 => any::<u8>().prop_map(Mutation::Set),
        4 => prop::collection::vec(any::<u8>(), 1..6).prop_map(Mutation::Insert),
        8 => fragments().prop_map(|text| Mutation::Insert(text.into_bytes())),
        4 => (1..200usize).prop_map(Mutation::Swap),
    ];
    prop::collection::vec((any::<prop::sample::Index>(), mutation), 1..12)
}

/// The text after all mutations, as a stream of UTF-8 would decode it.
fn mutated(text: &str, mutations: &[(prop::sample::Index, Mutation)]) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for (at, mutation) in mutations {
        let at = at.index(bytes.len() + 1);
        let end = |length: usize| (at + length).min(bytes.len());
        match mutation {
            Mutation::Cut => bytes.truncate(at),
            Mutation::Drop(length) => drop(bytes.drain(at..end(*length))),
            Mutation::Repeat(length) => {
                let repeated = bytes[at..end(*length)].to_vec();
                bytes.splice(at..at, repeated);
            }
            Mutation::Set(byte) => {
                if let Some(place) = bytes.get_mut(at) {
                    *place = *byte;
                }
            }
            Mutation::Insert(inserted) => drop(bytes.splice(at..at, inserted.iter().copied())),
            Mutation::Swap(length) => {
                let rest = &mut bytes[at..];
                rest.rotate_left((*length).min(rest.len()));
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn pieces<'a>(text: &'a str, cuts: &[prop::sample::Index]) -> Vec<&'a str> {
    let mut positions: Vec<usize> = cuts
        .iter()
        .map(|cut| text.floor_char_boundary(cut.index(text.len() + 1)))
        .collect();
    positions.extend([0, text.len()]);
    positions.sort_unstable();
    positions.windows(2).map(|pair| &text[pair[0]..pair[1]]).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_chunks_of_a_sample_read_alike(cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..40)) {
        for text in [TODO, SLOPPY] {
            reads_alike(text, &pieces(text, &cuts));
        }
    }

    #[test]
    fn any_text_reads_alike_in_any_chunks(
        tail in fragments(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
    ) {
        for text in [tail.clone(), format!("{{\"components\":[{tail}")] {
            reads_alike(&text, &pieces(&text, &cuts));
        }
    }

    #[test]
    fn a_damaged_document_reads_alike_in_any_chunks(
        mutations in mutations(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
    ) {
        for text in [TODO, SLOPPY] {
            let text = mutated(text, &mutations);
            reads_alike(&text, &pieces(&text, &cuts));
        }
    }

    #[test]
    fn arbitrary_bytes_read_alike_in_any_chunks(
        bytes in prop::collection::vec(any::<u8>(), 0..400),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
    ) {
        for text in [String::from_utf8_lossy(&bytes).into_owned(), format!("{{\"type\":{}", String::from_utf8_lossy(&bytes))] {
            reads_alike(&text, &pieces(&text, &cuts));
        }
    }
}

/// Documents kept beside the project, where they are.
fn samples() -> Vec<String> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/samples");
    let Ok(entries) = std::fs::read_dir(&folder) else {
        eprintln!("skipped: there is no {}", folder.display());
        return Vec::new();
    };
    entries
        .map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect()
}

#[test]
fn samples_are_read_as_they_are_and_in_any_chunks() {
    for text in samples() {
        let whole = reads(&text, serde_json::from_str(&text).unwrap());
        assert_eq!(whole, []);
        for at in cut_positions(&text).step_by(7) {
            reads_alike(&text, &[&text[..at], &text[at..]]);
        }
    }
}
