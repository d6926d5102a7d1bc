//! What an expression can see: state, derived values and the names of the place it stands in.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use minijinja::value::{Enumerator, Object, ObjectRepr, Value as JinjaValue};

use crate::value::{List, Map, Value};

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

/// UUIDs (version 8) that follow from a seed and a count: the same again for the same, and no
/// other way to come by them.
#[derive(Debug, Clone, Copy)]
pub struct Ids {
    pub seed: u64,
    /// Never the same twice for one seed.
    pub count: u64,
    pub now: f64,
}

impl Ids {
    pub fn get(self, call: u64) -> String {
        let mut digest = blake3::Hasher::new();
        digest.update(&self.seed.to_le_bytes());
        digest.update(&self.count.to_le_bytes());
        digest.update(&self.now.to_le_bytes());
        if call > 0 {
            digest.update(&call.to_le_bytes());
        }
        let mut id = [0; 16];
        id.copy_from_slice(&digest.finalize().as_bytes()[..16]);
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

    /// The value below `name`; `None` when any part of the way is missing.
    pub fn lookup(&self, name: &str, members: &[Arc<str>]) -> Option<&Value> {
        members
            .iter()
            .try_fold(self.get(name)?, |value, member| value.member(member))
    }
}

impl Object for Scope {
    fn get_value(self: &Arc<Self>, key: &JinjaValue) -> Option<JinjaValue> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<JinjaValue> {
        if let Some(value) = self.get(key) {
            return Some(to_jinja(value));
        }
        let impure = self.impure.as_ref()?;
        match key {
            "now" => {
                let now = impure.now;
                Some(JinjaValue::from_function(move || now))
            }
            "uuid" => {
                let impure = impure.clone();
                Some(JinjaValue::from_function(move || impure.next_uuid()))
            }
            _ => None,
        }
    }
}

/// A list of the state as expressions see it; shares the list's structure.
#[derive(Debug)]
struct ListObject(List);

impl Object for ListObject {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &JinjaValue) -> Option<JinjaValue> {
        self.0.get(key.as_usize()?).map(to_jinja)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.0.len())
    }
}

/// An object of the state as expressions see it; shares the object's structure.
#[derive(Debug)]
struct MapObject(Map);

impl Object for MapObject {
    fn get_value(self: &Arc<Self>, key: &JinjaValue) -> Option<JinjaValue> {
        self.0.get(key.as_str()?).map(to_jinja)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<JinjaValue> {
        self.0.get(key).map(to_jinja)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.0.keys().map(|key| JinjaValue::from(key.clone())).collect())
    }
}

/// Null becomes what minijinja says of a missing member, since the two are one here.
fn to_jinja(value: &Value) -> JinjaValue {
    match value {
        Value::Null => JinjaValue::UNDEFINED,
        Value::Bool(yes) => JinjaValue::from(*yes),
        Value::Int(int) => JinjaValue::from(*int),
        Value::Float(float) => JinjaValue::from(*float),
        Value::Text(text) => JinjaValue::from(text.clone()),
        Value::List(list) => JinjaValue::from_object(ListObject(list.clone())),
        Value::Map(map) => JinjaValue::from_object(MapObject(map.clone())),
    }
}

/// Why a result is no value of an app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotAValue {
    TooLarge,
    TooDeep,
    /// A function or another thing without a JSON form.
    NoJson,
    /// What a division by zero makes.
    NotFinite,
}

/// Turns a result back into a value, sharing what came from the state; `budget` is bytes left.
pub fn from_jinja(jinja: &JinjaValue, budget: &mut usize, depth: usize) -> Result<Value, NotAValue> {
    use minijinja::value::ValueKind;
    if depth == 0 {
        return Err(NotAValue::TooDeep);
    }
    let mut charge = |bytes: usize| match budget.checked_sub(bytes) {
        Some(left) => {
            *budget = left;
            Ok(())
        }
        None => Err(NotAValue::TooLarge),
    };
    charge(2)?;
    match jinja.kind() {
        ValueKind::Undefined | ValueKind::None => Ok(Value::Null),
        ValueKind::Bool => Ok(Value::Bool(jinja.is_true())),
        ValueKind::Number => number(jinja),
        ValueKind::String => {
            let text = jinja.to_str().unwrap_or_default();
            charge(text.len())?;
            Ok(Value::Text(text))
        }
        ValueKind::Seq | ValueKind::Iterable => {
            if let Some(list) = jinja.downcast_object_ref::<ListObject>() {
                return Ok(Value::List(list.0.clone()));
            }
            let items = jinja.try_iter().map_err(|_| NotAValue::NoJson)?;
            items
                .map(|item| from_jinja(&item, budget, depth - 1))
                .collect::<Result<List, _>>()
                .map(Value::List)
        }
        ValueKind::Map => {
            if let Some(map) = jinja.downcast_object_ref::<MapObject>() {
                return Ok(Value::Map(map.0.clone()));
            }
            let keys = jinja.try_iter().map_err(|_| NotAValue::NoJson)?;
            let mut map = Map::new();
            for key in keys {
                let member = jinja.get_item(&key).map_err(|_| NotAValue::NoJson)?;
                map.insert(
                    Arc::from(key.to_string()),
                    from_jinja(&member, budget, depth - 1)?,
                );
            }
            Ok(Value::Map(map))
        }
        _ => Err(NotAValue::NoJson),
    }
}

fn number(jinja: &JinjaValue) -> Result<Value, NotAValue> {
    match jinja.as_i64() {
        Some(int) if jinja.is_integer() => Ok(Value::Int(int)),
        _ => match f64::try_from(jinja.clone()) {
            Ok(float) if float.is_finite() => Ok(Value::rounded(float)),
            _ => Err(NotAValue::NotFinite),
        },
    }
}
