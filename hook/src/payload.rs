//! What a client sends: unknown fields are ignored, what is no text is none, and what is copied is
//! copied byte for byte.

use std::io::{BufRead as _, BufReader, Read};

use muzzle_persona::events::SessionId;
use serde::Deserialize;
use serde::de::{Deserializer as _, Error, Visitor};
use serde_json::value::RawValue;

use crate::Problem;

/// The most bytes in a payload. A longer one is no call of an agent: no model reads so much.
const LIMIT: u64 = 16 * 1024 * 1024;
/// What some programs put before a text in UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Reads one JSON value, and stops there: some clients keep stdin open.
pub fn read(input: impl Read) -> Result<Box<RawValue>, Problem> {
    let mut input = input.take(LIMIT);
    let mut buffered = BufReader::new(&mut input);
    // What cannot be read is reported below.
    if buffered.fill_buf().is_ok_and(|bytes| bytes.starts_with(BYTE_ORDER_MARK)) {
        buffered.consume(BYTE_ORDER_MARK.len());
    }
    match serde_json::Deserializer::from_reader(buffered).into_iter().next() {
        Some(Ok(value)) => Ok(value),
        _ if input.limit() == 0 => Err(format!("the payload is longer than {LIMIT} bytes").into()),
        Some(Err(error)) => Err(format!("the payload is not JSON: {error}").into()),
        None => Err("the payload is empty".into()),
    }
}

/// A text of a payload, if it is one.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(transparent)]
pub struct Text<'a>(#[serde(borrow)] Option<&'a RawValue>);

impl Text<'_> {
    /// The text, if it says something. Half a surrogate pair stands for no character.
    pub fn said(self) -> Option<String> {
        let json = self.0?.get();
        let said = serde_json::Deserializer::from_str(json).deserialize_bytes(LossyText).ok()?;
        Some(said).filter(|text| !text.trim().is_empty())
    }
}

/// Reads a string, which JSON allows to hold half of a surrogate pair.
struct LossyText;

impl Visitor<'_> for LossyText {
    type Value = String;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a string")
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<String, E> {
        Ok(String::from_utf8_lossy(bytes).into_owned())
    }
}

/// The fields of a command hook's payload that are used here, and those that the facts of a mod
/// have in common with it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Payload<'a> {
    /// The whole, as it came.
    #[serde(skip)]
    pub json: &'a str,
    #[serde(borrow)]
    pub hook_event_name: Text<'a>,
    pub session_id: Text<'a>,
    pub cwd: Text<'a>,
    pub reason: Text<'a>,
    pub tool_name: Text<'a>,
    pub tool_use_id: Text<'a>,
    pub agent_id: Text<'a>,
    pub tool_input: Option<&'a RawValue>,
    pub tool_response: Option<&'a RawValue>,
}

impl<'a> Payload<'a> {
    pub fn parse(json: &'a str) -> Result<Self, Problem> {
        let payload = object(json, "the payload", "a hook's")?;
        Ok(Self { json, ..payload })
    }

    pub fn session(&self) -> Result<SessionId, Problem> {
        Ok(SessionId::parse(&self.session_id.said().unwrap_or_default())?)
    }
}

/// Reads an object. Serde would also read an array, as the values of the fields in their order.
pub fn object<'a, T: Deserialize<'a>>(
    json: &'a str,
    name: &str,
    whose: &str,
) -> Result<T, Problem> {
    if !json.starts_with('{') {
        return Err(format!("{name} is not an object").into());
    }
    serde_json::from_str(json).map_err(|error| format!("{name} is not {whose}: {error}").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_text_is_none() {
        let said = |json: &str| {
            let payload = format!(r#"{{"session_id":{json}}}"#);
            Payload::parse(&payload).unwrap().session_id.said()
        };
        for json in ["null", "7", "true", "[\"a\"]", "{}", "\"\"", "\" \\n\""] {
            assert_eq!(said(json), None, "{json}");
        }
        assert_eq!(said(r#""a\u00e9\n""#).as_deref(), Some("aé\n"));
        assert_eq!(said(r#""a\ud800""#).unwrap().replace('\u{fffd}', ""), "a");
    }

    #[test]
    fn a_byte_order_mark_is_passed_over_once() {
        for bytes in [&b"{}"[..], b"\xef\xbb\xbf{}", b"\xef\xbb\xbf {} x"] {
            assert_eq!(read(bytes).unwrap().get(), "{}");
        }
        for bytes in [&b""[..], b"\xef", b"\xef\xbb{}", b"\xef\xbb\xbf\xef\xbb\xbf{}"] {
            assert!(read(bytes).is_err());
        }
    }
}
