//! One event as one line of JSON: the grammar of the log.

use std::fmt;

use jiff::Timestamp;
use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::event::Unknown;
use super::{Event, EventId, Heads};

/// The version of the format that this build writes. It reads this and every older one.
pub const FORMAT_VERSION: u32 = 1;

/// The most bytes in a line, its line end included.
pub const LINE_LIMIT: usize = 64 * 1024;

/// What ends a line, before its line end: `,"id":"` + 32 digits + `"}`.
const ID_KEY: &[u8] = b",\"id\":\"";
const ID_END: &[u8] = b"\"}";
const ID_FIELD: usize = ID_KEY.len() + EventId::DIGITS + ID_END.len();

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

impl Record {
    /// The order in which the events of a merged history are folded.
    #[must_use]
    pub fn fold_key(&self) -> (Seq, Timestamp, EventId) {
        (self.seq, self.at, self.id)
    }
}

/// What is wrong with a line.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// It is longer than a line may be.
    #[error("the line is {bytes} bytes long; the limit is {LINE_LIMIT}")]
    TooLong {
        /// Its length, its line end included.
        bytes: usize,
    },
    /// It does not end as a line must.
    #[error("the line does not end with its id")]
    NoId,
    /// Its bytes are not those that its id was computed from.
    #[error("the line says that its id is `{written}`, but its bytes have the id `{computed}`")]
    WrongId {
        /// What the line says.
        written: EventId,
        /// What its bytes say.
        computed: EventId,
    },
    /// Its bytes are not text.
    #[error("the line is not UTF-8: {0}")]
    NotText(#[from] std::str::Utf8Error),
    /// It does not follow the grammar.
    #[error("the line is not an event: {0}")]
    NotAnEvent(#[from] serde_json::Error),
}

/// Reads the id that a line ends with. `line` has no line end.
pub(super) fn written_id(line: &[u8]) -> Option<(&[u8], EventId)> {
    let (content, field) = line.split_at_checked(line.len().checked_sub(ID_FIELD)?)?;
    let digits = field.strip_prefix(ID_KEY)?.strip_suffix(ID_END)?;
    Some((content, EventId::parse(digits)?))
}

/// The bytes that [`written_id`] needs of a line, its line end included.
pub(super) const ID_TAIL: usize = ID_FIELD + 1;

/// Reads one line, without its line end, and checks its id.
pub fn decode(line: &[u8]) -> Result<Record, LineError> {
    if line.len() >= LINE_LIMIT {
        return Err(LineError::TooLong { bytes: line.len() + 1 });
    }
    let (content, written) = written_id(line).ok_or(LineError::NoId)?;
    let computed = EventId::of(content);
    if written != computed {
        return Err(LineError::WrongId { written, computed });
    }
    decode_checked(line, computed)
}

/// Reads one line whose id was checked before.
pub(crate) fn decode_checked(line: &[u8], id: EventId) -> Result<Record, LineError> {
    let Fields { v, seq, at, event, prev } = serde_json::from_str(str::from_utf8(line)?)?;
    Ok(Record { v, seq, at, event, prev, id })
}

/// Appends the line of an event, line end included, and returns the record it makes.
pub fn encode(
    lines: &mut Vec<u8>,
    seq: Seq,
    at: Timestamp,
    event: Event,
    prev: Heads,
) -> Result<Record, LineError> {
    /// The keys of a line before its id, in their order.
    #[derive(Serialize)]
    struct Content<'a> {
        v: u32,
        seq: Seq,
        at: Timestamp,
        r#type: &'a str,
        data: &'a Event,
        prev: &'a Heads,
    }

    let start = lines.len();
    let kind = event.kind();
    let content = Content { v: FORMAT_VERSION, seq, at, r#type: kind, data: &event, prev: &prev };
    serde_json::to_writer(&mut *lines, &content)?;
    lines.pop(); // the closing brace: the id comes before it
    let id = EventId::of(lines.get(start..).unwrap_or_default());
    lines.extend_from_slice(ID_KEY);
    lines.extend_from_slice(&id.digits());
    lines.extend_from_slice(ID_END);
    lines.push(b'\n');
    let bytes = lines.len() - start;
    if bytes > LINE_LIMIT {
        lines.truncate(start);
        return Err(LineError::TooLong { bytes });
    }
    Ok(Record { v: FORMAT_VERSION, seq, at, event, prev, id })
}

/// The keys of a line. Unknown ones are left alone.
#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum Key {
    V,
    Seq,
    At,
    Type,
    Data,
    Prev,
    #[serde(other)]
    Other,
}

/// A line without its id.
struct Fields {
    v: u32,
    seq: Seq,
    at: Timestamp,
    event: Event,
    prev: Heads,
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

/// Reads a line in one pass: `type` stands before `data`, so the data is read
/// straight into its own struct, with nothing buffered and nothing read twice.
struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an event")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
        let (mut v, mut seq, mut at, mut kind, mut event, mut prev) =
            (None, None, None, None::<SmolStr>, None, None);
        while let Some(key) = map.next_key()? {
            match key {
                Key::V => set(&mut v, "v", map.next_value()?)?,
                Key::Seq => set(&mut seq, "seq", map.next_value()?)?,
                Key::At => set(&mut at, "at", map.next_value()?)?,
                Key::Type => set(&mut kind, "type", map.next_value()?)?,
                Key::Data => {
                    let v = v.ok_or_else(|| de::Error::custom("`data` comes before `v`"))?;
                    let kind = kind
                        .clone()
                        .ok_or_else(|| de::Error::custom("`data` comes before `type`"))?;
                    set(&mut event, "data", map.next_value_seed(Data { v, kind })?)?;
                }
                Key::Prev => set(&mut prev, "prev", map.next_value()?)?,
                Key::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(Fields {
            v: v.ok_or_else(|| de::Error::missing_field("v"))?,
            seq: seq.ok_or_else(|| de::Error::missing_field("seq"))?,
            at: at.ok_or_else(|| de::Error::missing_field("at"))?,
            event: event.ok_or_else(|| de::Error::missing_field("data"))?,
            prev: prev.ok_or_else(|| de::Error::missing_field("prev"))?,
        })
    }
}

/// Fills a field that may stand in a line once.
fn set<T, E: de::Error>(field: &mut Option<T>, name: &'static str, value: T) -> Result<(), E> {
    if field.replace(value).is_some() {
        return Err(E::duplicate_field(name));
    }
    Ok(())
}

/// Reads an event's data, once its version and type are known.
struct Data {
    v: u32,
    kind: SmolStr,
}

impl<'de> DeserializeSeed<'de> for Data {
    type Value = Event;

    fn deserialize<D: Deserializer<'de>>(self, data: D) -> Result<Event, D::Error> {
        if self.v == 0 {
            return Err(de::Error::custom("there is no format version 0"));
        }
        if self.v > FORMAT_VERSION {
            IgnoredAny::deserialize(data)?;
            return Ok(Event::Unknown(Unknown { kind: self.kind }));
        }
        Ok(match self.kind.as_str() {
            "seed" => Event::Seed(Deserialize::deserialize(data)?),
            "grow" => Event::Grow(Deserialize::deserialize(data)?),
            "revise" => Event::Revise(Deserialize::deserialize(data)?),
            "assign" => Event::Assign(Deserialize::deserialize(data)?),
            "release" => Event::Release(Deserialize::deserialize(data)?),
            "feedback" => Event::Feedback(Deserialize::deserialize(data)?),
            "retire" => Event::Retire(Deserialize::deserialize(data)?),
            "reactivate" => Event::Reactivate(Deserialize::deserialize(data)?),
            "compact" => Event::Compact(Deserialize::deserialize(data)?),
            "repair" => Event::Repair(Deserialize::deserialize(data)?),
            _ => {
                IgnoredAny::deserialize(data)?;
                Event::Unknown(Unknown { kind: self.kind })
            }
        })
    }
}
