//! The line by which a model has an app made or changed.

use serde::Deserialize;
use serde_json::json;

use crate::ids::AppId;

/// What a model asks for on the person's behalf.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    Make { request: String },
    Change { app: AppId, request: String },
}

impl Order {
    /// The line that orders an app.
    pub fn line_to_make(request: &str) -> String {
        json!({ "make": request }).to_string()
    }

    /// Nothing for a line that is no order, or names an app that is not among `apps`, which count from 1.
    fn read(line: &str, apps: &[AppId]) -> Option<Self> {
        let line: Line = serde_json::from_str(line.trim()).ok()?;
        match line {
            Line::Make { make } => (!make.trim().is_empty()).then_some(Self::Make { request: make }),
            Line::Change { change, request } => {
                let app = *apps.get(change.checked_sub(1)?)?;
                (!request.trim().is_empty()).then_some(Self::Change { app, request })
            }
        }
    }
}

#[derive(Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Line {
    Make { make: String },
    Change { change: usize, request: String },
}

/// Takes the order out of an answer that comes in pieces, however they are cut.
#[derive(Debug)]
pub(super) struct OrderReader {
    apps: Vec<AppId>,
    /// The line that is being written, while it may still become an order or the fence around one.
    held: String,
    /// A fence whose next line is not known yet.
    fence: Option<String>,
    at: At,
    order: Option<Order>,
}

#[derive(Debug, PartialEq)]
enum At {
    LineStart,
    /// In a line that is text.
    Text,
    /// In the line behind an order; a fence there belonged to it.
    AfterOrder,
}

impl OrderReader {
    pub(super) fn new(apps: Vec<AppId>) -> Self {
        Self {
            apps,
            held: String::new(),
            fence: None,
            at: At::LineStart,
            order: None,
        }
    }

    /// What of the answer so far can be shown now.
    pub(super) fn push(&mut self, text: &str) -> String {
        let mut shown = String::new();
        for piece in text.split_inclusive('\n') {
            if self.at == At::Text {
                shown.push_str(piece);
            } else {
                self.held.push_str(piece);
                if !piece.ends_with('\n') && self.may_be_special() {
                    continue;
                }
                self.line(&mut shown);
            }
            self.at = match (piece.ends_with('\n'), &self.at) {
                (false, _) => At::Text,
                (true, At::Text) => At::LineStart,
                (true, _) => continue,
            };
        }
        shown
    }

    /// What is left when the answer is over.
    pub(super) fn finish(&mut self) -> String {
        let mut shown = String::new();
        if !self.held.is_empty() || self.fence.is_some() {
            self.line(&mut shown);
            shown.extend(self.fence.take());
        }
        shown
    }

    /// The first one; what a model orders beside it is dropped.
    pub(super) fn order(&self) -> Option<Order> {
        self.order.clone()
    }

    fn may_be_special(&self) -> bool {
        let line = self.held.trim_start();
        line.is_empty() || line.starts_with('{') || line.starts_with('`')
    }

    /// Decides about the held line, which is whole or cannot be an order.
    fn line(&mut self, shown: &mut String) {
        let line = std::mem::take(&mut self.held);
        let is_fence = line.trim_start().starts_with("```");
        if is_fence && self.at == At::AfterOrder {
            self.at = At::LineStart;
            return;
        }
        if is_fence && self.fence.is_none() {
            self.fence = Some(line);
            return;
        }
        if let Some(order) = Order::read(&line, &self.apps) {
            self.order.get_or_insert(order);
            self.at = if self.fence.take().is_some() {
                At::AfterOrder
            } else {
                At::LineStart
            };
            return;
        }
        shown.extend(self.fence.take());
        shown.push_str(&line);
        self.at = At::LineStart;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app() -> AppId {
        AppId::new(1, 1)
    }

    fn make(request: &str) -> Order {
        Order::Make {
            request: request.to_owned(),
        }
    }

    fn change(request: &str) -> Order {
        Order::Change {
            app: app(),
            request: request.to_owned(),
        }
    }

    #[track_caller]
    fn check(answer: &str, shown: &str, order: impl Into<Option<Order>>) {
        let order = order.into();
        let cuts = answer.char_indices().map(|(at, _)| at);
        for cut in cuts {
            let mut reader = OrderReader::new(vec![app()]);
            let mut told = reader.push(&answer[..cut]);
            told.push_str(&reader.push(&answer[cut..]));
            told.push_str(&reader.finish());
            assert_eq!(told, shown, "cut at {cut}");
            assert_eq!(reader.order(), order, "cut at {cut}");
        }
    }

    #[test]
    fn an_order_is_a_line_of_its_own_and_is_not_shown() {
        check("Hello there.\nAll well?", "Hello there.\nAll well?", None);
        check(
            "I make it.\n{\"make\":\"a list\"}",
            "I make it.\n",
            make("a list"),
        );
        check("{\"make\":\"a list\"}\nDone.", "Done.", make("a list"));
        check(
            "Ok\n  {\"change\": 1, \"request\": \"green\"}\n",
            "Ok\n",
            change("green"),
        );
        check(
            "Ok\n```json\n{\"make\":\"a list\"}\n```\nBye",
            "Ok\nBye",
            make("a list"),
        );
        check("{\"make\":\"a\"}\n{\"make\":\"b\"}\n", "", make("a"));
    }

    #[test]
    fn what_is_no_order_is_text() {
        for answer in [
            "{\"make\":7}\n",
            "{\"change\":2,\"request\":\"an app that is not there\"}",
            "{\"change\":0,\"request\":\"x\"}",
            "{\"make\":\"\"}",
            "{\"make\":\"x\",\"grant\":\"everything\"}",
            "{\"tool\":\"http.get\"}\n{\"grant\":\"all\"}",
            "write {\"make\":\"x\"} to order",
            "```\ncode\n```\n",
            "```\n{\"a\":1}\n```",
            "`x`\n``",
        ] {
            check(answer, answer, None);
        }
    }
}
