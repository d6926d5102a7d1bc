//! Where the reader is in the text, and what it had to forgive there.

use crate::spec::{Code, Issue, Severity};

/// Each kind of slip is told once, where it was first seen.
#[derive(Debug, Default)]
pub(super) struct Slips {
    line: usize,
    column: usize,
    after_newline: bool,
    found: Vec<(&'static str, Issue)>,
}

impl Slips {
    pub(super) fn advance(&mut self, character: char) {
        if self.line == 0 || self.after_newline {
            self.line += 1;
            self.column = 0;
        }
        self.column += 1;
        self.after_newline = character == '\n';
    }

    /// Past `characters` of which none is a line break.
    pub(super) fn advance_in_line(&mut self, characters: usize) {
        if characters > 0 {
            self.advance(' ');
            self.column += characters - 1;
        }
    }

    /// Forgiven without losing anything.
    pub(super) fn note(&mut self, message: &'static str) {
        self.add(Severity::Note, Code::Mended, message);
    }

    /// Something of the text may not have been read as it was meant.
    pub(super) fn warn(&mut self, code: Code, message: &'static str) {
        self.add(Severity::Warning, code, message);
    }

    /// What was read so far was not the document.
    pub(super) fn forget(&mut self) {
        self.found.clear();
    }

    pub(super) fn located(&self, mut issue: Issue) -> Issue {
        issue.message = format!("{} at line {}, column {}", issue.message, self.line, self.column);
        issue
    }

    pub(super) fn into_issues(self) -> Vec<Issue> {
        self.found.into_iter().map(|(_, issue)| issue).collect()
    }

    pub(super) fn into_issues_with(self, issue: Issue) -> Vec<Issue> {
        let mut issues = self.into_issues();
        issues.push(issue);
        issues
    }

    fn add(&mut self, severity: Severity, code: Code, message: &'static str) {
        if self.found.iter().all(|(known, _)| *known != message) {
            let issue = self.located(Issue::new(code, severity, "", message));
            self.found.push((message, issue));
        }
    }
}
