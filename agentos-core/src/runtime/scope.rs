//! What an expression can see: state, derived values and the names of the place it stands in.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rand_xoshiro::SplitMix64;
use rand_xoshiro::rand_core::{RngCore, SeedableRng};

use crate::value::{Map, Value};

/// A view of one moment; making one clones three handles and copies no data.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    state: Map,
    derived: Map,
    /// Innermost last.
    locals: Vec<(Arc<str>, Value)>,
    impure: Option<Impure>,
}

/// The two impure names, `now()` and `uuid()`; only arguments of actions see them.
#[derive(Debug, Clone)]
pub struct Impure {
    now: f64,
    ids: Ids,
    calls: Arc<AtomicU64>,
}

impl Impure {
    /// `ids` must be fresh for every evaluation.
    pub fn new(now: f64, ids: Ids) -> Self {
        Self {
            now,
            ids,
            calls: Arc::default(),
        }
    }

    /// Another one at each call, so that one expression can take several.
    fn next_uuid(&self) -> String {
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        self.ids.get(call)
    }
}

/// UUIDs (version 8) that follow from a seed and a count: the same again for the same. They tell things apart and keep
/// no secret.
#[derive(Debug, Clone, Copy)]
pub struct Ids {
    pub seed: u64,
    /// Never the same twice for one seed.
    pub count: u64,
    pub now: f64,
}

impl Ids {
    pub fn get(self, call: u64) -> String {
        // Every step maps different numbers to different ones, so the counts of one seed and time begin apart.
        let mix = |mixed: u64, part: u64| SplitMix64::seed_from_u64(mixed ^ part).next_u64();
        let parts = [self.now.to_bits(), call, self.count];
        let mut random = SplitMix64::seed_from_u64(parts.into_iter().fold(self.seed, mix));
        let mut id = [0; 16];
        random.fill_bytes(&mut id);
        uuid::Builder::from_custom_bytes(id).into_uuid().to_string()
    }
}

impl Scope {
    pub fn new(state: &Map, derived: &Map) -> Self {
        Self {
            state: state.clone(),
            derived: derived.clone(),
            locals: Vec::new(),
            impure: None,
        }
    }

    #[must_use]
    pub fn with(mut self, name: impl Into<Arc<str>>, value: Value) -> Self {
        self.locals.push((name.into(), value));
        self
    }

    pub fn push(&mut self, name: impl Into<Arc<str>>, value: Value) {
        self.locals.push((name.into(), value));
    }

    #[must_use]
    pub fn with_impure(mut self, impure: Impure) -> Self {
        self.impure = Some(impure);
        self
    }

    /// Names of the place first, then computed and data, then state.
    pub fn get(&self, name: &str) -> Option<&Value> {
        let local = self
            .locals
            .iter()
            .rev()
            .find(|(local, _)| &**local == name)
            .map(|(_, value)| value);
        local
            .or_else(|| self.derived.get(name))
            .or_else(|| self.state.get(name))
    }

    /// Whether [`Self::call`] has that function.
    pub(super) fn can_call(&self, name: &str) -> bool {
        self.impure.is_some() && matches!(name, "now" | "uuid")
    }

    /// What an impure function answers.
    pub(super) fn call(&self, name: &str) -> Option<Value> {
        let impure = self.impure.as_ref()?;
        match name {
            "now" => Some(Value::number(impure.now)),
            "uuid" => Some(impure.next_uuid().into()),
            _ => None,
        }
    }

    /// The value below `name`; `None` when any part of the way is missing.
    pub fn lookup(&self, name: &str, members: &[Arc<str>]) -> Option<&Value> {
        members
            .iter()
            .try_fold(self.get(name)?, |value, member| value.member(member))
    }
}
