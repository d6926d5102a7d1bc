//! The tolerant, incremental reader: what a model streams becomes a document and patches that
//! draw it while it is written.
//!
//! Accepts code fences, prose around the document, trailing commas, comments, typographic quotes
//! and a cut end. Text goes through [`lexer`] to tokens and through [`tree`] to values; each
//! character is looked at once, so the result is the same however the text was cut into chunks.

mod lexer;
mod slips;
mod tree;

use serde_json::Value;

use self::lexer::{Lexer, Token};
use self::slips::Slips;
use self::tree::{Progress, Tree};
use super::patch::PatchOperation;
use super::{Code, Issue, bounds, limits};

/// Reads one document from text that arrives in chunks.
///
/// Applied in order to `{}`, the patches of all [`push`](Self::push) calls and of
/// [`finish`](Self::finish) make the document that was read. They hold `add` and `replace` only,
/// parents before children. A component is added once its type is known; a text people see grows
/// while it is written; everything else appears when it is whole.
#[derive(Debug, Default)]
pub struct Reader {
    phase: Phase,
    lexer: Lexer,
    tree: Tree,
    slips: Slips,
    document_bytes: usize,
}

#[derive(Debug, Default)]
enum Phase {
    /// Before the document: prose, a code fence, or an object that turned out to be something else.
    #[default]
    Prose,
    Document,
    /// After the document; whatever follows is not read.
    Ended {
        whole: bool,
    },
    Refused(Issue),
}

/// What was read when the text ended.
#[derive(Debug)]
pub struct Read {
    /// The document, within the bounds of [`bounds::verify`]; nothing when none was found or it
    /// was refused, and then `issues` holds an error that says why.
    pub spec: Option<Value>,
    /// The patches for what became final with the end.
    pub patches: Vec<PatchOperation>,
    pub issues: Vec<Issue>,
}

impl Reader {
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads on; answers the changes of the document since the last call.
    pub fn push(&mut self, chunk: &str) -> Vec<PatchOperation> {
        let mut rest = chunk;
        while let Some(character) = rest.chars().next() {
            if matches!(self.phase, Phase::Ended { .. } | Phase::Refused(_)) {
                break;
            }
            if matches!(self.phase, Phase::Document) {
                let run = self.read_plain_text(rest);
                if run > 0 {
                    rest = &rest[run..];
                    continue;
                }
            }
            self.slips.advance(character);
            rest = &rest[character.len_utf8()..];
            if matches!(self.phase, Phase::Document) {
                self.read_character(character);
            } else if character == '{' {
                self.start_document();
            }
        }
        if let (Phase::Document, Some(text)) = (&self.phase, self.lexer.open_text()) {
            self.tree.show_growing(text);
        }
        self.tree.take_patches()
    }

    /// Closes what is still open. A document that was cut keeps what was whole and every text
    /// people see, and a warning says so.
    pub fn finish(mut self) -> Read {
        let whole = match self.phase {
            Phase::Prose => return self.nothing(Code::JsonInvalid, "the text holds no document"),
            Phase::Refused(issue) => {
                return Read {
                    spec: None,
                    patches: Vec::new(),
                    issues: self.slips.into_issues_with(issue),
                };
            }
            Phase::Document => false,
            Phase::Ended { whole } => whole,
        };
        let Some(spec) = self.tree.finish(self.lexer.open_text()) else {
            return self.nothing(
                Code::JsonTruncated,
                "the text ends before the document says anything",
            );
        };
        if !whole {
            self.slips
                .warn(Code::JsonTruncated, "the document is cut; what was whole is kept");
        }
        let patches = self.tree.take_patches();
        match bounds::verify(&spec) {
            Ok(()) => Read {
                spec: Some(spec),
                patches,
                issues: self.slips.into_issues(),
            },
            Err(issue) => Read {
                spec: None,
                patches,
                issues: self.slips.into_issues_with(issue),
            },
        }
    }

    fn nothing(self, code: Code, message: &str) -> Read {
        let issue = Issue::error(code, "", message).hint("answer with one JSON object that has components");
        Read {
            spec: None,
            patches: Vec::new(),
            issues: self.slips.into_issues_with(issue),
        }
    }

    fn start_document(&mut self) {
        self.phase = Phase::Document;
        self.lexer = Lexer::default();
        self.tree = Tree::start();
        self.document_bytes = 1;
    }

    /// Reads what only goes on with a text, at once; how many bytes. Most of a document is such.
    fn read_plain_text(&mut self, rest: &str) -> usize {
        let room = limits::DOCUMENT_BYTES.saturating_sub(self.document_bytes);
        let run = self.lexer.take_plain_text(rest, room);
        self.document_bytes += run;
        self.slips.advance_in_line(run);
        run
    }

    fn read_character(&mut self, character: char) {
        self.document_bytes += character.len_utf8();
        if self.document_bytes > limits::DOCUMENT_BYTES {
            let message = format!("the document has more than {} bytes", limits::DOCUMENT_BYTES);
            self.phase = Phase::Refused(Issue::error(Code::TooLarge, "", message));
            return;
        }
        for token in self.lexer.take(character, &mut self.slips).into_iter().flatten() {
            self.read_token(token);
            if !matches!(self.phase, Phase::Document) {
                return;
            }
        }
    }

    fn read_token(&mut self, token: Token) {
        match self.tree.take(token, &mut self.slips) {
            Progress::Open => {}
            Progress::Whole => self.phase = Phase::Ended { whole: true },
            Progress::Cut => self.phase = Phase::Ended { whole: false },
            Progress::NoDocument => {
                self.phase = Phase::Prose;
                self.slips.forget();
            }
            Progress::TooDeep => {
                let message = format!(
                    "arrays and objects are nested deeper than {} levels",
                    limits::JSON_DEPTH
                );
                self.phase = Phase::Refused(self.slips.located(Issue::error(Code::TooDeep, "", message)));
            }
        }
    }
}
