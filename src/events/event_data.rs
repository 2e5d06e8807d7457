//! The data of an event, by its type.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use smol_str::SmolStr;

use super::{
    DETACHED_SINCE, Detached, Event, FORMAT_VERSION, Feedback, Observation, PersonaName,
    ProjectName, RoleName, Sentiment, SessionId, Slot, Source,
};

/// Reads an event's data, once its version and type are known.
pub struct EventData {
    pub v: u32,
    pub kind: SmolStr,
}

impl<'de> DeserializeSeed<'de> for EventData {
    type Value = Event;

    fn deserialize<D: Deserializer<'de>>(self, data: D) -> Result<Event, D::Error> {
        if self.v == 0 {
            return Err(D::Error::custom("there is no format version 0"));
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
            "delivery" => object(data).map(Event::Delivery),
            "outcome" => object(data).map(Event::Outcome),
            "feedback" if self.v < DETACHED_SINCE => {
                object::<_, FeedbackOfVersion1>(data).map(|data| Event::Feedback(data.lifted()))
            }
            "feedback" => object(data).map(Event::Feedback),
            "lesson" => object(data).map(Event::Lesson),
            "unlearn" => object(data).map(Event::Unlearn),
            "note" => object(data).map(Event::Note),
            "retract" => object(data).map(Event::Retract),
            "forget" => object(data).map(Event::Forget),
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

/// The data of `feedback` in version 1, where the observation stood among it.
#[derive(Deserialize)]
struct FeedbackOfVersion1 {
    persona: PersonaName,
    role: RoleName,
    project: Option<ProjectName>,
    session: Option<SessionId>,
    slot: Option<Slot>,
    observation: Observation,
    sentiment: Sentiment,
    source: Source,
}

impl FeedbackOfVersion1 {
    fn lifted(self) -> Feedback {
        let Self { persona, role, project, session, slot, observation, sentiment, source } = self;
        let observation = Detached::Words { words: observation, salt: None };
        Feedback { persona, role, project, session, slot, sentiment, source, observation }
    }
}
