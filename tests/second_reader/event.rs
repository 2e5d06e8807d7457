//! One line of the log.

use std::collections::BTreeSet;

use serde_json::value::RawValue;

use crate::fact::Fact;
use crate::moment::Moment;
use crate::object::Object;

/// The version of the format that this reader knows.
const VERSION: u64 = 1;
/// The longest line, with its line feed.
const LONGEST: usize = 65_536;
/// The bytes at a line's end that hold its id: `,"id":"`, 32 digits, `"}`.
const ID: usize = 41;

/// An event: its place in the history, and what it says.
#[derive(Debug, Clone)]
pub struct Event {
    pub id: String,
    pub seq: u64,
    pub at: Moment,
    pub prev: BTreeSet<String>,
    pub fact: Fact,
}

impl Event {
    /// Whether a line, given without its line feed, is short enough and has the id that it says it has.
    pub fn has_right_id(line: &[u8]) -> bool {
        let line = without_mark(line);
        line.len() < LONGEST && checked_id(line).is_ok()
    }

    /// Reads a line, given without its line feed.
    pub fn parse(line: &[u8]) -> Result<Self, String> {
        let line = without_mark(line);
        if line.len() >= LONGEST {
            return Err(format!("the line has {} bytes", line.len() + 1));
        }
        let id = checked_id(line)?;
        let text = str::from_utf8(line).map_err(|error| error.to_string())?;
        if !text.starts_with('{') {
            return Err("the line does not begin with `{`".to_owned());
        }
        let object = Object::parse(text)?;
        for first in ["v", "type"] {
            if !object.in_order(first, "data") {
                return Err(format!("`{first}` does not stand before `data`"));
            }
        }
        let version: u64 = object.get("v")?;
        let kind: String = object.get("type")?;
        let data: &RawValue = object.get("data")?;
        let fact = match version {
            0 => return Err("there is no version 0".to_owned()),
            VERSION => Fact::parse(&kind, data.get())?,
            _ => Fact::Unknown,
        };
        let prev: BTreeSet<String> = object.get("prev")?;
        if let Some(other) = prev.iter().find(|id| !is_id(id.as_bytes())) {
            return Err(format!("`{other}` is no id"));
        }
        let at = object.get::<String>("at")?.parse()?;
        Ok(Self { id, seq: object.get("seq")?, at, prev, fact })
    }
}

/// A line without the byte order mark before it.
pub fn without_mark(line: &[u8]) -> &[u8] {
    line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line)
}

/// Whether this is how an id is written.
pub fn is_id(text: &[u8]) -> bool {
    text.len() == 32 && text.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// The id at the line's end, which must be that of the bytes before it.
fn checked_id(line: &[u8]) -> Result<String, String> {
    let split = line.len().checked_sub(ID).map(|end| line.split_at(end));
    let written = split.and_then(|(content, end)| {
        let id = end.strip_prefix(br#","id":""#)?.strip_suffix(br#""}"#)?;
        is_id(id).then_some((content, id))
    });
    let (content, id) = written.ok_or("the line does not end with an id")?;
    let computed = blake3::hash(content).to_hex()[..32].to_owned();
    if computed.as_bytes() == id {
        Ok(computed)
    } else {
        Err(format!("the bytes before the id have the id `{computed}`"))
    }
}
