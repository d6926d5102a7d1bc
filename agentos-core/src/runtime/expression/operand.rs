//! What expressions work with: values of the app as they are held, and what is made on the way.

use std::cmp::Ordering;
use std::sync::Arc;

use super::ExpressionError;
use crate::spec::limits;
use crate::value::{List, Map, Value};

#[derive(Debug, Clone)]
pub(super) enum Operand {
    Null,
    Bool(bool),
    Int(i64),
    /// As it was worked out, noise included: 0.1 + 0.2 is written as 0.3, and is a little more.
    Float(f64),
    Text(Arc<str>),
    /// A list of the state, whose structure is shared.
    List(List),
    /// An object of the state, whose structure is shared.
    Map(Map),
    Made(Arc<Vec<Operand>>),
    Members(Arc<Vec<(Arc<str>, Operand)>>),
    /// What `groupby` makes: a pair whose parts have the names `grouper` and `list`.
    Group(Arc<[Operand; 2]>),
}

use Operand::{Bool, Float, Group, Int, Made, Members, Null, Text};

impl From<&Value> for Operand {
    fn from(value: &Value) -> Self {
        match value {
            Value::Null => Null,
            Value::Bool(yes) => Bool(*yes),
            Value::Int(int) => Int(*int),
            Value::Float(float) => Float(*float),
            Value::Text(text) => Text(text.clone()),
            Value::List(list) => Self::List(list.clone()),
            Value::Map(map) => Self::Map(map.clone()),
        }
    }
}

impl From<&str> for Operand {
    fn from(text: &str) -> Self {
        Text(text.into())
    }
}

impl From<String> for Operand {
    fn from(text: String) -> Self {
        Text(text.into())
    }
}

impl From<Vec<Operand>> for Operand {
    fn from(items: Vec<Operand>) -> Self {
        Made(Arc::new(items))
    }
}

impl From<usize> for Operand {
    fn from(count: usize) -> Self {
        Int(count as i64)
    }
}

impl Operand {
    pub(super) fn is_null(&self) -> bool {
        matches!(self, Null)
    }

    pub(super) fn is_true(&self) -> bool {
        match self {
            Null => false,
            Bool(yes) => *yes,
            Int(int) => *int != 0,
            Float(float) => *float != 0.0,
            other => other.len() != Some(0),
        }
    }

    /// Characters, elements or members.
    pub(super) fn len(&self) -> Option<usize> {
        Some(match self {
            Null => 0,
            Text(text) => text.chars().count(),
            Self::List(list) => list.len(),
            Self::Map(map) => map.len(),
            Made(items) => items.len(),
            Members(members) => members.len(),
            Group(_) => 2,
            Bool(_) | Int(_) | Float(_) => return None,
        })
    }

    pub(super) fn as_str(&self) -> Option<&str> {
        match self {
            Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn as_int(&self) -> Option<i64> {
        match self {
            Bool(yes) => Some(i64::from(*yes)),
            Int(int) => Some(*int),
            Float(float) if *float == float.trunc() && float.abs() < 9e18 => Some(*float as i64),
            _ => None,
        }
    }

    pub(super) fn as_f64(&self) -> Option<f64> {
        match self {
            Bool(yes) => Some(f64::from(u8::from(*yes))),
            Int(int) => Some(*int as f64),
            Float(float) => Some(*float),
            _ => None,
        }
    }

    pub(super) fn is_number(&self) -> bool {
        matches!(self, Int(_) | Float(_))
    }

    pub(super) fn is_list(&self) -> bool {
        matches!(self, Self::List(_) | Made(_) | Group(_))
    }

    pub(super) fn is_map(&self) -> bool {
        matches!(self, Self::Map(_) | Members(_))
    }

    /// What it is, in one word of a message.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Null => "null",
            Bool(_) => "bool",
            Int(_) | Float(_) => "number",
            Text(_) => "string",
            _ if self.is_map() => "map",
            _ => "sequence",
        }
    }

    /// The member of that name, or the element of that number.
    pub(super) fn member(&self, name: &str) -> Self {
        let index = || name.parse::<usize>().ok();
        let found = match self {
            Self::Map(map) => map.get(name).map(Self::from),
            Members(members) => members
                .iter()
                .find_map(|(key, value)| (**key == *name).then(|| value.clone())),
            Group(parts) => match name {
                "grouper" => Some(parts[0].clone()),
                "list" => Some(parts[1].clone()),
                _ => None,
            },
            Self::List(list) => index().and_then(|index| list.get(index)).map(Self::from),
            Made(items) => index().and_then(|index| items.get(index)).cloned(),
            Text(text) => index().and_then(|index| character(text, index)),
            _ => None,
        };
        found.unwrap_or(Null)
    }

    /// Whether an object has a member of that name, be it null.
    pub(super) fn has(&self, name: &str) -> bool {
        match self {
            Self::Map(map) => map.contains_key(name),
            Members(members) => members.iter().any(|(key, _)| **key == *name),
            _ => false,
        }
    }

    /// What a dotted path leads to; nothing below nothing.
    pub(super) fn at_path(&self, path: &str) -> Self {
        let mut names = path.split('.');
        let first = self.member(names.next().unwrap_or_default());
        names.fold(first, |operand, name| operand.member(name))
    }

    /// What stands behind `[key]`; a negative number counts from the end.
    pub(super) fn index(&self, key: &Self) -> Self {
        if let Some(name) = key.as_str() {
            return self.member(name);
        }
        let (Some(index), Some(length)) = (key.as_int(), self.len()) else {
            return Null;
        };
        let index = if index < 0 {
            index.saturating_add(length as i64)
        } else {
            index
        };
        let Ok(index) = usize::try_from(index) else {
            return Null;
        };
        let found = match self {
            Self::List(list) => list.get(index).map(Self::from),
            Made(items) => items.get(index).cloned(),
            Group(parts) => parts.get(index).cloned(),
            Text(text) => character(text, index),
            _ => return self.member(&index.to_string()),
        };
        found.unwrap_or(Null)
    }

    /// Elements, characters or names of members; `None` for what is no list of anything.
    pub(super) fn items(&self) -> Option<Vec<Self>> {
        Some(match self {
            Null => Vec::new(),
            Self::List(list) => list.iter().map(Self::from).collect(),
            Made(items) => items.to_vec(),
            Group(parts) => parts.to_vec(),
            Text(text) => text.chars().map(|c| c.to_string().into()).collect(),
            Self::Map(_) | Members(_) => self.pairs().into_iter().map(|(key, _)| Text(key)).collect(),
            Bool(_) | Int(_) | Float(_) => return None,
        })
    }

    /// The members of an object; none of anything else.
    pub(super) fn pairs(&self) -> Vec<(Arc<str>, Self)> {
        match self {
            Self::Map(map) => map
                .iter()
                .map(|(key, value)| (key.clone(), value.into()))
                .collect(),
            Members(members) => members.to_vec(),
            _ => Vec::new(),
        }
    }

    /// As a person reads it: null is empty, numbers carry no noise, lists and objects are JSON.
    pub(super) fn written(&self) -> Result<Arc<str>, ExpressionError> {
        match self {
            Text(text) => Ok(text.clone()),
            other => Ok(other.clone().into_value()?.display().into()),
        }
    }

    /// As a value of the app, if it is small enough to be one.
    pub(super) fn into_value(self) -> Result<Value, ExpressionError> {
        self.value(&mut limits::RESULT_BYTES.clone(), limits::JSON_DEPTH)
    }

    /// `budget` is bytes left. What is shared with the state is within bounds already.
    fn value(self, budget: &mut usize, depth: usize) -> Result<Value, ExpressionError> {
        if depth == 0 {
            return Err(ExpressionError::Failed("the result nests too deep".into()));
        }
        let mut bytes = 2;
        if let Text(text) = &self {
            bytes += text.len();
        }
        *budget = budget.checked_sub(bytes).ok_or(ExpressionError::TooLarge)?;
        let list = |items: Vec<Self>, budget: &mut usize| {
            let items = items.into_iter().map(|item| item.value(budget, depth - 1));
            items.collect::<Result<List, _>>().map(Value::List)
        };
        Ok(match self {
            Null => Value::Null,
            Bool(yes) => Value::Bool(yes),
            Int(int) => Value::Int(int),
            Float(float) if float.is_finite() => Value::rounded(float),
            Float(_) => return Err(ExpressionError::Failed("the result is no finite number".into())),
            Text(text) => Value::Text(text),
            Self::List(list) => Value::List(list),
            Self::Map(map) => Value::Map(map),
            Made(items) => return list(Arc::unwrap_or_clone(items), budget),
            Group(parts) => return list(parts.to_vec(), budget),
            Members(members) => {
                let mut map = Map::new();
                for (key, member) in Arc::unwrap_or_clone(members) {
                    let member = member.value(budget, depth - 1)?;
                    map.insert(key, member);
                }
                Value::Map(map)
            }
        })
    }

    /// The order of kinds where two differ; nothing comes first.
    fn rank(&self) -> u8 {
        match self {
            Null => 0,
            Bool(_) | Int(_) | Float(_) => 1,
            Text(_) => 2,
            _ if self.is_list() => 3,
            _ => 4,
        }
    }

    pub(super) fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Int(a), Int(b)) => a.cmp(b),
            (Text(a), Text(b)) => a.cmp(b),
            _ if self.rank() != other.rank() => self.rank().cmp(&other.rank()),
            _ if self.is_list() => {
                let (a, b) = (
                    self.items().unwrap_or_default(),
                    other.items().unwrap_or_default(),
                );
                let first = a.iter().zip(&b).map(|(a, b)| a.compare(b));
                let first = first.into_iter().find(|order| order.is_ne());
                first.unwrap_or_else(|| a.len().cmp(&b.len()))
            }
            _ if self.is_map() => {
                let pairs = |map: &Self| {
                    let parts = map
                        .pairs()
                        .into_iter()
                        .flat_map(|(key, value)| [Text(key), value]);
                    Self::from(parts.collect::<Vec<_>>())
                };
                pairs(self).compare(&pairs(other))
            }
            _ => {
                let (a, b) = (self.as_f64(), other.as_f64());
                a.partial_cmp(&b).unwrap_or(Ordering::Equal)
            }
        }
    }

    /// As [`Self::compare`], with small and capital letters alike.
    pub(super) fn compare_folded(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Text(a), Text(b)) => a.to_ascii_lowercase().cmp(&b.to_ascii_lowercase()),
            _ => self.compare(other),
        }
    }
}

fn character(text: &str, index: usize) -> Option<Operand> {
    text.chars().nth(index).map(|c| c.to_string().into())
}

impl PartialEq for Operand {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::List(a), Self::List(b)) => a == b,
            (Self::Map(a), Self::Map(b)) => a == b,
            _ if self.is_map() && other.is_map() => {
                self.len() == other.len()
                    && self
                        .pairs()
                        .iter()
                        .all(|(key, value)| other.has(key) && other.member(key) == *value)
            }
            _ if self.is_list() && other.is_list() => self.items() == other.items(),
            _ => self.compare(other).is_eq(),
        }
    }
}
