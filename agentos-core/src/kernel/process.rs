//! A process: a running app, or a client that acts for one.

use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::limits::{Limits, Usage};
use crate::ids::Namespace;
use crate::time::Millis;

/// The number of a process, never used twice in one boot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Pid(pub(super) u64);

impl Pid {
    /// The system itself, the ancestor of all.
    pub const SYSTEM: Self = Self(1);

    pub fn from_number(number: u64) -> Self {
        Self(number)
    }

    pub fn number(self) -> u64 {
        self.0
    }
}

impl FromStr for Pid {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, ParseIntError> {
        text.parse().map(Self)
    }
}

impl fmt::Display for Pid {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, formatter)
    }
}

/// On whose authority a syscall is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Principal {
    /// `AgentOS` itself, or its operator. Naming [`Pid::SYSTEM`] as a process is not the same and
    /// carries no authority.
    System,
    Process(Pid),
}

impl Principal {
    pub fn pid(self) -> Pid {
        match self {
            Self::System => Pid::SYSTEM,
            Self::Process(pid) => pid,
        }
    }
}

/// What a process is given at its start. None contains anything that reaches outside the app's own
/// data: those are granted one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// Its own storage and the time.
    Minimal,
    /// What apps run as: its own storage, the time and coarse facts about the system.
    Standard,
    /// As standard with wider limits; the operator grants the rest.
    Privileged,
}

/// The weight of a process when the system is saturated, from 1 to 10.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Priority(u8);

impl Priority {
    /// None outside 1 to 10.
    pub fn new(weight: u8) -> Option<Self> {
        (1..=10).contains(&weight).then_some(Self(weight))
    }

    pub fn weight(self) -> u8 {
        self.0
    }
}

impl Default for Priority {
    fn default() -> Self {
        Self(5)
    }
}

impl TryFrom<u8> for Priority {
    type Error = &'static str;

    fn try_from(weight: u8) -> Result<Self, Self::Error> {
        Self::new(weight).ok_or("a priority is from 1 to 10")
    }
}

impl From<Priority> for u8 {
    fn from(priority: Priority) -> Self {
        priority.0
    }
}

/// A process to be made.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NewProcess {
    /// Shown to people, as one line; cut to [`NewProcess::NAME_CHARS`].
    pub name: String,
    /// The process whose end is also this one's.
    pub parent: Pid,
    /// The app data it owns. None owns none.
    pub namespace: Option<Namespace>,
    pub profile: Profile,
    pub priority: Priority,
    /// Whether a person looks at it from its start, see [`Syscall::SetFocus`](super::Syscall::SetFocus). Only the
    /// system can say so.
    pub focused: bool,
}

impl NewProcess {
    /// Longer names are cut to this many characters.
    pub const NAME_CHARS: usize = 100;

    /// An app's process: a child of the system with the `standard` profile.
    pub fn app(name: impl Into<String>, namespace: Namespace) -> Self {
        Self {
            name: name.into(),
            parent: Pid::SYSTEM,
            namespace: Some(namespace),
            profile: Profile::Standard,
            priority: Priority::default(),
            focused: false,
        }
    }
}

/// Where a process stands. It runs as soon as it is made, since nothing has to be prepared for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProcessState {
    Running,
    /// Its new calls are answered with `unavailable` until it is resumed. What is sent to it waits.
    Suspended,
    /// It is in no list any more; who asks for it by its number is told this for a while.
    Terminated {
        reason: EndReason,
    },
}

/// Why a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    Killed,
    /// A process above it was killed.
    ParentKilled,
    /// The program it ran ended by itself or at a limit, or could not be started.
    Exited,
    /// Memory ran out, and it held most of those that could be ended.
    OutOfMemory,
}

/// A process as others see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProcessInfo {
    pub pid: Pid,
    pub name: String,
    /// None for the system.
    pub parent: Option<Pid>,
    pub namespace: Option<Namespace>,
    pub state: ProcessState,
    pub priority: Priority,
    pub profile: Profile,
    pub limits: Limits,
    pub usage: Usage,
    /// Milliseconds since the Unix epoch.
    pub started_at: Millis,
}
