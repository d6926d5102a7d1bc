//! The identities that outlive a process: version 7 UUIDs, made from a given time and seed.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;
use uuid::{Builder, Uuid};

use crate::time::Millis;

/// The text is not a UUID in its hyphenated form.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{text:?} is not an id")]
pub struct InvalidId {
    text: String,
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u64, u64);

        impl $name {
            /// Ids of a later millisecond sort after those of an earlier one. The low 80 bits of
            /// `seed` must be fresh for every id made in one millisecond.
            pub fn new(now: Millis, seed: u128) -> Self {
                let (high, low) = uuid_v7(now, seed).as_u64_pair();
                Self(high, low)
            }

            /// Takes the lower-case hyphenated form that [`Display`](fmt::Display) writes, and no other.
            pub fn parse(text: &str) -> Result<Self, InvalidId> {
                let (high, low) = parse_hyphenated(text)?.as_u64_pair();
                Ok(Self(high, low))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&Uuid::from_u64_pair(self.0, self.1).hyphenated(), formatter)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Self::parse(text)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                Self::parse(&text).map_err(serde::de::Error::custom)
            }
        }
    };
}

id! {
    /// One running (or suspended) app.
    AppId
}

id! {
    /// One installed app, through all its versions.
    PackageId
}

id! {
    /// Where an app's data lives. Made with the app and kept by the package it is saved as.
    Namespace
}

id! {
    /// A desktop that was saved with its apps.
    SessionId
}

id! {
    /// The lease of the one live engine of an app.
    EngineId
}

id! {
    /// One run of the kernel, from start to stop.
    BootId
}

fn uuid_v7(now: Millis, seed: u128) -> Uuid {
    let [.., a, b, c, d, e, f, g, h, i, j] = seed.to_be_bytes();
    Builder::from_unix_timestamp_millis(now, &[a, b, c, d, e, f, g, h, i, j]).into_uuid()
}

fn parse_hyphenated(text: &str) -> Result<Uuid, InvalidId> {
    let invalid = || InvalidId {
        text: text.chars().take(64).collect(),
    };
    let uuid = Uuid::try_parse(text).map_err(|_| invalid())?;
    if uuid.hyphenated().to_string() == text {
        Ok(uuid)
    } else {
        Err(invalid())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_ids_sort_after_earlier_ones() {
        assert!(AppId::new(1_700_000_000_001, 0) > AppId::new(1_700_000_000_000, u128::MAX));
    }

    #[test]
    fn one_time_and_one_seed_make_one_id() {
        assert_eq!(AppId::new(7, 9), AppId::new(7, 9));
        assert_ne!(AppId::new(7, 9), AppId::new(7, 10));
    }

    #[test]
    fn reads_back_what_it_writes() {
        let id = PackageId::new(1_700_000_000_000, 42);
        assert_eq!(PackageId::parse(&id.to_string()), Ok(id));
        let json = serde_json::to_string(&id).unwrap();
        assert_eq!(serde_json::from_str::<PackageId>(&json).unwrap(), id);
    }

    #[test]
    fn is_a_version_seven_uuid() {
        assert_eq!(&AppId::new(1_700_000_000_000, 42).to_string()[14..15], "7");
    }

    #[test]
    fn refuses_every_other_spelling() {
        let id = AppId::new(1_700_000_000_000, 0xabc).to_string();
        for text in [
            &id.to_uppercase(),
            &id.replace('-', ""),
            &format!("{{{id}}}"),
            "",
            "calculator",
        ] {
            assert!(AppId::parse(text).is_err(), "{text} was accepted");
        }
    }
}
