//! The kernel port's types as messages and back, each pair side by side.
//!
//! Writing never fails. Reading fails with [`SysError::InvalidArgument`] where a message leaves out what the kernel cannot
//! do without, or says what this version has no word for. No match has a wildcard: what is new in the kernel asks for
//! its message, and what is new in a message for its meaning.

mod authority;
mod error;
mod event;
mod files;
mod message;
mod network;
mod process;
mod program;
mod reply;
mod socket;
mod syscall;

#[cfg(test)]
mod tests;

use agentos_core::ids::Namespace;
use agentos_core::kernel::{self as core, SysError};

use crate::kernel as wire;

/// The names of one closed set on both sides.
macro_rules! same_words {
    ($($core:ty = $wire:ty as $field:literal { $($word:ident)* })*) => {$(
        impl From<$core> for $wire {
            fn from(word: $core) -> Self {
                match word {
                    $(<$core>::$word => Self::$word,)*
                }
            }
        }

        impl TryFrom<$wire> for $core {
            type Error = SysError;

            fn try_from(word: $wire) -> Result<Self, SysError> {
                match word {
                    <$wire>::Unspecified => Err(invalid($field)),
                    $(<$wire>::$word => Ok(Self::$word),)*
                }
            }
        }
    )*};
}
use same_words;

impl From<core::Call> for wire::Call {
    /// Who calls is told beside it.
    fn from(call: core::Call) -> Self {
        Self {
            syscall: Some(call.syscall.into()),
            deadline_ms: call.within,
            idempotency_key: call.key.map(|key| key.as_str().to_owned()),
            name: call.name.map(|core::CallName(name)| name),
        }
    }
}

impl wire::Call {
    /// The call as `caller` makes it.
    pub fn made_by(self, caller: core::Principal) -> Result<core::Call, SysError> {
        let key = self.idempotency_key.as_deref();
        Ok(core::Call {
            caller,
            syscall: read("syscall", self.syscall)?,
            within: self.deadline_ms,
            name: self.name.map(core::CallName),
            key: key.map(core::IdempotencyKey::parse).transpose()?,
        })
    }
}

impl From<core::Order> for wire::Order {
    fn from(order: core::Order) -> Self {
        match order {
            core::Order::Ordered => Self::Ordered,
            core::Order::Parallel => Self::Parallel,
        }
    }
}

impl From<wire::Order> for core::Order {
    fn from(order: wire::Order) -> Self {
        match order {
            wire::Order::Unspecified | wire::Order::Ordered => Self::Ordered,
            wire::Order::Parallel => Self::Parallel,
        }
    }
}

fn invalid(field: &str) -> SysError {
    SysError::InvalidArgument {
        field: field.to_owned(),
    }
}

/// What a field must hold.
fn read<Message, Meaning>(field: &str, message: Option<Message>) -> Result<Meaning, SysError>
where
    Meaning: TryFrom<Message, Error = SysError>,
{
    message.ok_or_else(|| invalid(field))?.try_into()
}

/// One of a closed set, by its number. A number nobody knows is as good as none.
fn word<Message, Meaning>(number: i32) -> Result<Meaning, SysError>
where
    Message: TryFrom<i32> + Default,
    Meaning: TryFrom<Message, Error = SysError>,
{
    Message::try_from(number).unwrap_or_default().try_into()
}

fn number<Message: From<Meaning> + Into<i32>, Meaning>(word: Meaning) -> i32 {
    Message::from(word).into()
}

fn read_all<Message, Meaning, Many>(messages: Vec<Message>) -> Result<Many, SysError>
where
    Meaning: TryFrom<Message, Error = SysError>,
    Many: FromIterator<Meaning>,
{
    messages.into_iter().map(Meaning::try_from).collect()
}

fn written<Message: From<Meaning>, Meaning>(meanings: Vec<Meaning>) -> Vec<Message> {
    meanings.into_iter().map(Message::from).collect()
}

fn namespace(text: &str) -> Result<Namespace, SysError> {
    Namespace::parse(text).map_err(|_| invalid("namespace"))
}

fn pid(number: u64) -> core::Pid {
    core::Pid::from_number(number)
}
