//! One line of the log.

use std::collections::BTreeSet;

use serde_json::value::RawValue;

use crate::fact::Fact;
use crate::moment::Moment;
use crate::object::Object;

/// The newest version of the format that this reader knows.
const VERSION: u64 = 2;
/// The first in which a text may stand after the id.
const TEXTS: u64 = 2;
/// The longest line, with its line feed.
const LONGEST: usize = 65_536;
/// What stands before the digits of an id.
const ID: &[u8] = br#","id":""#;

/// An event: its place in the history, and what it says.
#[derive(Debug, Clone)]
pub struct Event {
    pub id: String,
    pub seq: u64,
    pub at: Moment,
    pub prev: BTreeSet<String>,
    pub fact: Fact,
    /// Whether a newer version of the format wrote it.
    pub is_newer: bool,
    /// The words after the id, if it is they that the data vouches for.
    pub text: Option<String>,
}

impl Event {
    /// Whether a line, given without its line feed, is short enough and has the id that it says it has.
    pub fn has_right_id(line: &[u8]) -> bool {
        let line = without_mark(line);
        line.len() < LONGEST && Parts::checked(line).is_ok()
    }

    /// Reads a line, given without its line feed.
    pub fn parse(line: &[u8]) -> Result<Self, String> {
        let line = without_mark(line);
        if line.len() >= LONGEST {
            return Err(format!("the line has {} bytes", line.len() + 1));
        }
        let Parts { content, id, text } = Parts::checked(line)?;
        let content = str::from_utf8(content).map_err(|error| error.to_string())?;
        if !content.starts_with('{') {
            return Err("the line does not begin with `{`".to_owned());
        }
        let whole = format!("{content},\"id\":\"{id}\"}}");
        let object = Object::parse(&whole)?;
        let version: u64 = object.get("v")?;
        if version < TEXTS && text.is_some() {
            return Err("there is more behind the id".to_owned());
        }
        object.get::<String>("id")?;
        for first in ["v", "type"] {
            if !object.in_order(first, "data") {
                return Err(format!("`{first}` does not stand before `data`"));
            }
        }
        let kind: String = object.get("type")?;
        let data: &RawValue = object.get("data")?;
        let fact = match version {
            0 => return Err("there is no version 0".to_owned()),
            1..=VERSION => Fact::parse(version, &kind, data.get())?,
            _ => Fact::Unknown,
        };
        let is_newer = version > VERSION;
        let key = match &*kind {
            "feedback" => Some("observation"),
            "lesson" | "note" => Some(&*kind),
            _ => None,
        };
        let vouched = || Object::parse(data.get()).ok()?.maybe("text").ok()?;
        let text = text.zip(key).filter(|_| version == TEXTS);
        let text = text.and_then(|(text, key)| words(text, key, &vouched()?));
        let prev: BTreeSet<String> = object.get("prev")?;
        if let Some(other) = prev.iter().find(|id| !is_id(id.as_bytes())) {
            return Err(format!("`{other}` is no id"));
        }
        let at = object.get::<String>("at")?.parse()?;
        Ok(Self { id, seq: object.get("seq")?, at, prev, fact, is_newer, text })
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

/// A line: what its id is the digest of, the id, and what stands after it.
struct Parts<'a> {
    content: &'a [u8],
    id: String,
    text: Option<&'a [u8]>,
}

impl<'a> Parts<'a> {
    /// Takes a line apart whose id is right.
    fn checked(line: &'a [u8]) -> Result<Self, String> {
        let parts = Self::at_the_end(line).or_else(|| Self::before_a_text(line));
        let parts = parts.ok_or("the line does not end with an id")?;
        let computed = blake3::hash(parts.content).to_hex()[..32].to_owned();
        if computed == parts.id {
            Ok(parts)
        } else {
            Err(format!("the bytes before the id have the id `{computed}`"))
        }
    }

    fn at_the_end(line: &'a [u8]) -> Option<Self> {
        let start = line.len().checked_sub(ID.len() + 34)?;
        let digits = line[start..].strip_prefix(ID)?.strip_suffix(br#""}"#)?;
        Self::of(line, start, digits, None)
    }

    /// The first place counts that looks like an id with a text behind it.
    fn before_a_text(line: &'a [u8]) -> Option<Self> {
        let line = line.strip_suffix(b"}")?;
        (0..line.len()).find_map(|start| {
            let (digits, rest) = line[start..].strip_prefix(ID)?.split_at_checked(32)?;
            Self::of(line, start, digits, Some(rest.strip_prefix(br#"","text":"#)?))
        })
    }

    fn of(line: &'a [u8], end: usize, id: &[u8], text: Option<&'a [u8]>) -> Option<Self> {
        let id = is_id(id).then(|| String::from_utf8_lossy(id).into_owned())?;
        Some(Self { content: &line[..end], id, text })
    }
}

/// The words of a text, if its digest is the one that the data has.
fn words(text: &[u8], key: &str, vouched: &str) -> Option<String> {
    let digest = blake3::hash(text).to_hex();
    let text = Object::parse(str::from_utf8(text).ok()?).ok()?;
    // A key that is known stands once.
    text.maybe("salt").ok()?;
    text.get(key).ok().filter(|_| digest[..32] == *vouched)
}
