//! What a client sends: unknown fields are ignored, what is no text is none, and what is copied is
//! copied byte for byte.

use std::io::{BufRead as _, BufReader, Read};

use muzzle_persona::broker::PREAMBLE_LIMIT;
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
    #[serde(borrow)]
    pub hook_event_name: Text<'a>,
    pub session_id: Text<'a>,
    pub cwd: Text<'a>,
    pub reason: Text<'a>,
    pub tool_name: Text<'a>,
    pub tool_use_id: Text<'a>,
    pub agent_id: Text<'a>,
    tool_input: Option<&'a RawValue>,
    tool_response: Option<&'a RawValue>,
}

/// What the tool that starts an agent answered.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct AgentResponse<'a> {
    pub status: Text<'a>,
    #[serde(borrow, rename = "agentId")]
    pub agent_id: Text<'a>,
    /// What the agent was really told.
    prompt: Option<&'a RawValue>,
}

/// The input of the tool that starts an agent.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct AgentInput<'a> {
    #[serde(borrow)]
    pub name: Text<'a>,
    pub team_name: Text<'a>,
    pub subagent_type: Text<'a>,
    pub description: Text<'a>,
    /// As it came, with its quotes: not one byte of it may change.
    prompt: Option<&'a RawValue>,
    /// The whole input, as it came.
    #[serde(skip)]
    json: &'a str,
}

impl<'a> Payload<'a> {
    pub fn parse(json: &'a str) -> Result<Self, Problem> {
        object(json, "the payload", "a hook's")
    }

    /// The event; nothing, if it is none.
    pub fn event(&self) -> String {
        self.hook_event_name.said().unwrap_or_default()
    }

    /// Returns whether the tool is the one that starts an agent.
    fn starts_agent(&self) -> bool {
        matches!(self.tool_name.said().as_deref(), Some("Agent" | "Task"))
    }

    /// What the tool answered, if this is a call of the one that starts an agent.
    pub fn agent_response(&self) -> Result<Option<AgentResponse<'a>>, Problem> {
        let Some(answer) = self.tool_response.filter(|_| self.starts_agent()) else {
            return Ok(None);
        };
        object(answer.get(), "`tool_response`", "an agent's").map(Some)
    }

    /// The input of the tool, if this is a call of the one that starts an agent.
    pub fn agent_input(&self) -> Result<Option<AgentInput<'a>>, Problem> {
        let Some(input) = self.tool_input.filter(|_| self.starts_agent()) else { return Ok(None) };
        let json = input.get();
        let input = object::<AgentInput<'a>>(json, "`tool_input`", "an agent's")?;
        Ok(Some(AgentInput { json, ..input }))
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

impl AgentInput<'_> {
    /// The input with a text and a blank line ahead of its prompt, every other byte as it came.
    ///
    /// A preamble that begins the prompt already, as when a call is made again, gives way to it.
    /// `None` without a prompt, or if it is not a string.
    pub fn with_preamble(&self, preamble: &str) -> Option<String> {
        let prompt = self.prompt?.get();
        let rest = prompt.strip_prefix('"')?;
        // The prompt borrows from the input, so its address gives its offset there.
        let start = (prompt.as_ptr() as usize).checked_sub(self.json.as_ptr() as usize)?;
        let before = self.json.get(..start)?;
        let after = self.json.get(start + prompt.len()..)?;
        let quoted = serde_json::to_string(&format!("{preamble}\n")).ok()?;
        let opened = quoted.strip_suffix('"')?;
        Some(format!("{before}{opened}{}{after}", without_preamble(rest)))
    }

    /// Returns whether a preamble can be put ahead of the prompt.
    pub fn has_prompt(&self) -> bool {
        self.prompt.is_some_and(|prompt| prompt.get().starts_with('"'))
    }
}

impl AgentResponse<'_> {
    /// Returns whether the agent was told its persona first.
    pub fn is_told(&self) -> bool {
        let prompt = self.prompt.and_then(|prompt| prompt.get().strip_prefix('"'));
        prompt.is_some_and(|prompt| without_preamble(prompt).len() < prompt.len())
    }
}

/// Returns what is behind a preamble and its blank line, in the text of a JSON string.
fn without_preamble(json: &str) -> &str {
    // JSON takes at most two escapes of six characters for one. What ends further on is no preamble.
    let end = json.char_indices().map(|(at, _)| at).nth(12 * PREAMBLE_LIMIT);
    let head = json.get(..end.unwrap_or(json.len())).unwrap_or_default();
    let first = head.split_once(r"\n").map(|(first, _)| first);
    let is_ours = first.is_some_and(|first| {
        first.starts_with("You are ") && first.ends_with(" persona assigned by muzzle-persona.")
    });
    let rest = head.find(r"\n---\n").filter(|_| is_ours).and_then(|at| json.get(at + 7..));
    rest.map_or(json, |rest| rest.strip_prefix(r"\n").unwrap_or(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn injected(input: &str) -> Option<String> {
        let payload = format!(r#"{{"tool_name":"Agent","tool_input":{input}}}"#);
        let payload = Payload::parse(&payload).unwrap();
        payload.agent_input().unwrap().unwrap().with_preamble("P\"\n")
    }

    #[test]
    fn only_the_prompt_changes() {
        assert_eq!(
            injected("{ \"b\" :1e400,\"prompt\":\t\"a\\ud800\\u0041\",\"a\\u0062\":[ 12345678901234567890 ] }"),
            Some("{ \"b\" :1e400,\"prompt\":\t\"P\\\"\\n\\na\\ud800\\u0041\",\"a\\u0062\":[ 12345678901234567890 ] }".to_owned())
        );
    }

    #[test]
    fn a_prompt_that_is_no_text_is_left_alone() {
        for input in ["{}", r#"{"prompt":7}"#, r#"{"prompt":null}"#, r#"{"prompt":["a"]}"#] {
            assert_eq!(injected(input), None, "{input}");
        }
    }

    #[test]
    fn a_preamble_is_never_there_twice() {
        let ours =
            r"You are Ada, the testing persona assigned by muzzle-persona.\nX: \u00e9.\n---\n";
        for (prompt, rest) in [
            (format!(r"{ours}\nGo.\n---\nOn."), r"Go.\n---\nOn."),
            (format!("{ours}Go."), "Go."),
            (ours.to_owned(), ""),
            // What only looks like one is the user's.
            (format!(r"Say: {ours}\nGo."), &*format!(r"Say: {ours}\nGo.")),
            (ours.replace("---", "--"), &*ours.replace("---", "--")),
            (ours.replace("muzzle", "puzzle"), &*ours.replace("muzzle", "puzzle")),
        ] {
            assert_eq!(
                injected(&format!(r#"{{"prompt":"{prompt}"}}"#)),
                Some(format!(r#"{{"prompt":"P\"\n\n{rest}"}}"#)),
            );
        }
    }

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
