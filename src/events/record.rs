//! An event with its place in the history, and how its data is read.

use std::fmt;
use std::marker::PhantomData;

use jiff::Timestamp;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::{Event, EventId, Heads};

/// The version of the format that this build writes. It reads this and every older one.
pub const FORMAT_VERSION: u32 = 1;

/// The depth of an event in its history: one more than the largest among its parents, from 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seq(pub u64);

impl Seq {
    /// The depth below this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An event with its place in the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The version of the format it was written in.
    pub v: u32,
    /// Its depth.
    pub seq: Seq,
    /// When it was written. It never decides the order alone.
    pub at: Timestamp,
    /// What happened.
    pub event: Event,
    /// All the heads that its writer saw.
    pub prev: Heads,
    /// Its name.
    pub id: EventId,
}

/// Reads an event's data, once its version and type are known.
pub(super) struct Data {
    pub v: u32,
    pub kind: SmolStr,
}

impl<'de> DeserializeSeed<'de> for Data {
    type Value = Event;

    fn deserialize<D: Deserializer<'de>>(self, data: D) -> Result<Event, D::Error> {
        if self.v == 0 {
            return Err(de::Error::custom("there is no format version 0"));
        }
        let unknown = |data| {
            IgnoredAny::deserialize(data)?;
            Ok(Event::Unknown { kind: self.kind.clone() })
        };
        match &*self.kind {
            _ if self.v > FORMAT_VERSION => unknown(data),
            "seed" => object(data).map(Event::Seed),
            "grow" => object(data).map(Event::Grow),
            "revise" => object(data).map(Event::Revise),
            "assign" => object(data).map(Event::Assign),
            "release" => object(data).map(Event::Release),
            "outcome" => object(data).map(Event::Outcome),
            "feedback" => object(data).map(Event::Feedback),
            "retract" => object(data).map(Event::Retract),
            "retire" => object(data).map(Event::Retire),
            "reactivate" => object(data).map(Event::Reactivate),
            "compact" => object(data).map(Event::Compact),
            "repair" => object(data).map(Event::Repair),
            _ => unknown(data),
        }
    }
}

/// Reads an object. Serde alone would take an array for its values in their order.
fn object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(data: D) -> Result<T, D::Error> {
    struct Object<T>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>> Visitor<'de> for Object<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
            T::deserialize(MapAccessDeserializer::new(map))
        }
    }

    data.deserialize_map(Object(PhantomData))
}
