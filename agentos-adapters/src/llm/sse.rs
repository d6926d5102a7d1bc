//! Server-sent events (WHATWG HTML, section 9.2), as model providers send them.
//!
//! Lines end at CR, LF or CRLF and nowhere else: JSON may hold U+2028. Providers that fail midway write their error
//! as bare JSON between two events, over several lines; it is a payload like any other. So is a whole JSON answer of
//! a server that does not stream.

/// Bytes of one event, beyond which the answer is not read on.
const EVENT_BYTES: usize = 4 * 1024 * 1024;

/// Cuts bytes into payloads, the same however they arrive.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    line: Vec<u8>,
    /// A CR ended the last line, so an LF that follows belongs to it.
    after_carriage_return: bool,
    begun: bool,
    data: Option<String>,
    bare: Option<Bare>,
}

/// JSON that stands between events.
#[derive(Debug, Default)]
struct Bare {
    text: String,
    depth: usize,
    in_string: bool,
    escaped: bool,
}

/// An event has more than [`EVENT_BYTES`].
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooLarge;

impl Decoder {
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<Vec<String>, TooLarge> {
        let mut payloads = Vec::new();
        for &byte in bytes {
            let ends_pair = std::mem::take(&mut self.after_carriage_return) && byte == b'\n';
            if ends_pair {
                continue;
            }
            if byte == b'\r' || byte == b'\n' {
                self.after_carriage_return = byte == b'\r';
                payloads.extend(self.end_line());
            } else {
                self.line.push(byte);
            }
            if self.held() > EVENT_BYTES {
                return Err(TooLarge);
            }
        }
        Ok(payloads)
    }

    /// What the last bytes held; an event that no empty line ended counts, since not every server sends one.
    pub(super) fn finish(mut self) -> Vec<String> {
        let mut payloads = Vec::new();
        if !self.line.is_empty() {
            payloads.extend(self.end_line());
        }
        payloads.extend(self.data.take());
        payloads
    }

    fn held(&self) -> usize {
        let data = self.data.as_ref().map_or(0, String::len);
        let bare = self.bare.as_ref().map_or(0, |bare| bare.text.len());
        self.line.len() + data + bare
    }

    fn end_line(&mut self) -> Option<String> {
        let line = String::from_utf8_lossy(&std::mem::take(&mut self.line)).into_owned();
        let line = if std::mem::replace(&mut self.begun, true) {
            line.as_str()
        } else {
            line.trim_start_matches('\u{feff}')
        };
        if let Some(mut bare) = self.bare.take() {
            return self.go_on_with(&mut bare, line);
        }
        if line.is_empty() {
            return self.data.take();
        }
        if let Some(value) = line.strip_prefix("data:") {
            let value = value.strip_prefix(' ').unwrap_or(value);
            match &mut self.data {
                Some(data) => {
                    data.push('\n');
                    data.push_str(value);
                }
                None => self.data = Some(value.to_owned()),
            }
            return None;
        }
        if line.trim_start().starts_with(['{', '[']) {
            return self.go_on_with(&mut Bare::default(), line);
        }
        // Comments, event names, ids: nothing of them is needed.
        None
    }

    fn go_on_with(&mut self, bare: &mut Bare, line: &str) -> Option<String> {
        bare.take(line);
        if bare.depth == 0 {
            return Some(std::mem::take(&mut bare.text));
        }
        self.bare = Some(std::mem::take(bare));
        None
    }
}

impl Bare {
    fn take(&mut self, line: &str) {
        for character in line.chars() {
            match character {
                _ if std::mem::take(&mut self.escaped) => {}
                '\\' if self.in_string => self.escaped = true,
                '"' => self.in_string = !self.in_string,
                '{' | '[' if !self.in_string => self.depth += 1,
                '}' | ']' if !self.in_string => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
        }
        self.text.push_str(line);
        self.text.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Read whole, then cut at every byte.
    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let read = |chunks: &[&[u8]]| {
            let mut decoder = Decoder::default();
            let mut payloads = Vec::new();
            for chunk in chunks {
                payloads.extend(decoder.push(chunk).expect("a small event"));
            }
            payloads.extend(decoder.finish());
            payloads
        };
        let bytes = text.as_bytes();
        assert_eq!(read(&[bytes]), expected, "{text:?}");
        for at in 0..bytes.len() {
            assert_eq!(
                read(&[&bytes[..at], &bytes[at..]]),
                expected,
                "{text:?} cut at {at}"
            );
        }
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(read(&single), expected, "{text:?} byte by byte");
    }

    #[test]
    fn events_end_at_an_empty_line_however_lines_end() {
        for end in ["\n", "\r", "\r\n"] {
            check(&format!("data: a{end}{end}data:b{end}{end}"), &["a", "b"]);
            check(
                &format!(": ping{end}event: x{end}id: 4{end}data: a{end}data: b{end}{end}"),
                &["a\nb"],
            );
        }
        check("\u{feff}data: a\n\n", &["a"]);
        check("data: a\n", &["a"]);
        check("data: a", &["a"]);
        check("data:\n\n", &[""]);
        check("", &[]);
    }

    #[test]
    fn a_line_separator_of_unicode_ends_nothing() {
        check(
            "data: {\"a\": \"x\u{2028}y\u{85}z\"}\n\n",
            &["{\"a\": \"x\u{2028}y\u{85}z\"}"],
        );
    }

    #[test]
    fn bare_json_between_events_is_one_payload() {
        let error = "{\n  \"error\": {\n    \"message\": \"}\\\" over\"\n  }\n}";
        check(
            &format!("data: a\n\n{error}\n\ndata: b\n\n"),
            &["a", &format!("{error}\n"), "b"],
        );
        check(error, &[&format!("{error}\n")]);
        check(
            "[{\"a\": 1}\n,\n{\"b\": []}]\n",
            &["[{\"a\": 1}\n,\n{\"b\": []}]\n"],
        );
    }

    #[test]
    fn an_event_without_an_end_is_given_up() {
        let mut decoder = Decoder::default();
        let line = vec![b'x'; EVENT_BYTES + 1];
        assert_eq!(decoder.push(&line), Err(TooLarge));
    }
}
