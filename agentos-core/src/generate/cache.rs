//! Apps a model made before: whoever asks the same again gets the same, at once and without the model.
//!
//! Kept is only what passed every gate, by the model, the prompt and the words of the request.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use futures::lock::{Mutex as AsyncMutex, OwnedMutexGuard};
use serde::Serialize;

use super::Generated;
use crate::ports::llm::{Identity, Usage};
use crate::spec::bounds::json_bytes;
use crate::time::Millis;

/// Apps that are kept.
const ENTRIES: usize = 256;
/// Bytes of all kept documents as JSON text.
const BYTES: usize = 16 * 1024 * 1024;
/// How long one is kept.
const AGE: Millis = 24 * 60 * 60 * 1_000;

/// What requests must have in common for one answer to serve both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key([u8; 32]);

impl Key {
    /// Words count, not how they are written: case, space and what ends a sentence say nothing.
    pub(super) fn new(model: &Identity, system: &str, request: &str) -> Self {
        let mut digest = blake3::Hasher::new();
        for part in [&*model.provider, &model.model, system, &normalised(request)] {
            digest.update(&(part.len() as u64).to_le_bytes());
            digest.update(part.as_bytes());
        }
        Self(*digest.finalize().as_bytes())
    }
}

fn normalised(request: &str) -> String {
    let words = request
        .split_whitespace()
        .map(|word| {
            word.trim_end_matches(['.', '!', '?', ',', ';', ':'])
                .to_lowercase()
        })
        .filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

/// How the cache has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct CacheFigures {
    pub entries: usize,
    pub hits: u64,
    pub misses: u64,
}

/// Shared by everyone who generates with one model.
#[derive(Debug, Default)]
pub(super) struct Cache {
    kept: Mutex<Kept>,
    flights: Mutex<HashMap<Key, Weak<AsyncMutex<()>>>>,
}

impl Cache {
    /// Waits until nobody else makes the same; a second one then finds what the first made.
    pub(super) async fn flight(&self, key: Key) -> OwnedMutexGuard<()> {
        let flight = {
            let mut flights = locked(&self.flights);
            flights.retain(|_, flight| flight.strong_count() > 0);
            let known = flights.get(&key).and_then(Weak::upgrade);
            known.unwrap_or_else(|| {
                let flight = Arc::default();
                flights.insert(key, Arc::downgrade(&flight));
                flight
            })
        };
        flight.lock_owned().await
    }

    pub(super) fn get(&self, key: Key, now: Millis) -> Option<Generated> {
        locked(&self.kept).get(key, now)
    }

    pub(super) fn keep(&self, key: Key, generated: &Generated, now: Millis) {
        locked(&self.kept).keep(key, generated, now);
    }

    /// Keeps half as much from now on, or all again.
    pub(super) fn set_halved(&self, halved: bool) {
        locked(&self.kept).set_halved(halved);
    }

    pub(super) fn figures(&self) -> CacheFigures {
        let kept = locked(&self.kept);
        CacheFigures {
            entries: kept.entries.len(),
            ..kept.figures
        }
    }
}

/// What was kept before a panic is whole: nothing is left half done between two statements here.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Debug, Default)]
struct Kept {
    entries: HashMap<Key, Entry>,
    /// Least recently used first.
    order: BTreeMap<u64, Key>,
    uses: u64,
    bytes: usize,
    /// Memory is short.
    halved: bool,
    figures: CacheFigures,
}

#[derive(Debug)]
struct Entry {
    generated: Generated,
    bytes: usize,
    made_at: Millis,
    used: u64,
}

impl Kept {
    fn get(&mut self, key: Key, now: Millis) -> Option<Generated> {
        if self
            .entries
            .get(&key)
            .is_some_and(|entry| now.saturating_sub(entry.made_at) > AGE)
        {
            self.forget(key);
        }
        self.uses += 1;
        let Some(entry) = self.entries.get_mut(&key) else {
            self.figures.misses += 1;
            return None;
        };
        self.figures.hits += 1;
        self.order.remove(&entry.used);
        entry.used = self.uses;
        self.order.insert(self.uses, key);
        let mut generated = entry.generated.clone();
        generated.report.cached = true;
        generated.report.repairs = 0;
        generated.report.usage = Usage::default();
        Some(generated)
    }

    fn keep(&mut self, key: Key, generated: &Generated, now: Millis) {
        self.forget(key);
        let bytes = json_bytes(&generated.document);
        self.uses += 1;
        self.bytes += bytes;
        self.order.insert(self.uses, key);
        let entry = Entry {
            generated: generated.clone(),
            bytes,
            made_at: now,
            used: self.uses,
        };
        self.entries.insert(key, entry);
        self.forget_the_oldest();
    }

    fn set_halved(&mut self, halved: bool) {
        self.halved = halved;
        self.forget_the_oldest();
    }

    /// Until what is left is within the bounds.
    fn forget_the_oldest(&mut self) {
        let share = if self.halved { 2 } else { 1 };
        while self.entries.len() > ENTRIES / share || self.bytes > BYTES / share {
            let Some((_, oldest)) = self.order.first_key_value().map(|(used, key)| (*used, *key)) else {
                break;
            };
            self.forget(oldest);
        }
    }

    fn forget(&mut self, key: Key) {
        if let Some(entry) = self.entries.remove(&key) {
            self.order.remove(&entry.used);
            self.bytes -= entry.bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::generate::Report;

    fn key(request: &str) -> Key {
        let model = Identity {
            provider: "p".into(),
            model: "m".to_owned(),
        };
        Key::new(&model, "system", request)
    }

    fn generated(bytes: usize) -> Generated {
        Generated {
            document: json!("x".repeat(bytes)),
            thoughts: Vec::new(),
            report: Report::default(),
        }
    }

    #[test]
    fn words_count_and_not_how_they_are_written() {
        assert_eq!(key("Create a  Calculator!"), key("create a calculator"));
        assert_ne!(key("a list"), key("a checklist"));
        assert_ne!(key("a to do list"), key("a todo list"));
        assert_ne!(key("3.5 hours"), key("35 hours"));
    }

    #[test]
    fn the_least_used_go_first_and_the_old_go_when_they_are_asked_for() {
        let mut kept = Kept::default();
        for number in 0..=ENTRIES {
            if number > 0 {
                assert!(kept.get(key("0"), 0).is_some(), "{number}");
            }
            kept.keep(key(&number.to_string()), &generated(1), 0);
        }
        assert_eq!(kept.entries.len(), ENTRIES);
        assert!(kept.get(key("0"), 0).is_some(), "used all the time");
        assert!(kept.get(key("1"), 0).is_none(), "used least");
        assert!(kept.get(key("0"), AGE).is_some());
        assert!(kept.get(key("0"), AGE + 1).is_none());
        assert_eq!(kept.entries.len(), kept.order.len());
    }

    #[test]
    fn while_memory_is_short_half_as_much_is_kept() {
        let mut kept = Kept::default();
        let fill = |kept: &mut Kept| {
            for number in 0..ENTRIES {
                kept.keep(key(&number.to_string()), &generated(1), 0);
            }
            kept.entries.len()
        };
        assert_eq!(fill(&mut kept), ENTRIES);
        kept.set_halved(true);
        assert_eq!(kept.entries.len(), ENTRIES / 2);
        let newest = key(&(ENTRIES - 1).to_string());
        assert!(kept.get(newest, 0).is_some());
        assert_eq!(fill(&mut kept), ENTRIES / 2);
        kept.set_halved(false);
        assert_eq!(fill(&mut kept), ENTRIES);
    }

    #[test]
    fn bytes_are_bounded_and_counted() {
        let mut kept = Kept::default();
        for number in 0..20 {
            kept.keep(key(&number.to_string()), &generated(1024 * 1024), 0);
        }
        assert!(kept.bytes <= BYTES, "{}", kept.bytes);
        assert_eq!(kept.entries.len(), 15);
        kept.keep(key("19"), &generated(10), 0);
        let counted: usize = kept.entries.values().map(|entry| entry.bytes).sum();
        assert_eq!(kept.bytes, counted);
    }
}
