//! What a client sends: unknown fields are ignored, and what is copied is copied byte for byte.

use std::io::Read;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::Problem;

/// The most bytes in a payload. A longer one is no call of an agent: no model reads so much.
const LIMIT: u64 = 16 * 1024 * 1024;

/// Reads one JSON value, and stops there: some clients keep stdin open.
pub fn read(input: impl Read) -> Result<Box<RawValue>, Problem> {
    let mut input = input.take(LIMIT);
    let buffered = std::io::BufReader::new(&mut input);
    match serde_json::Deserializer::from_reader(buffered).into_iter().next() {
        Some(Ok(value)) => Ok(value),
        _ if input.limit() == 0 => Err(format!("the payload is longer than {LIMIT} bytes").into()),
        Some(Err(error)) => Err(format!("the payload is not JSON: {error}").into()),
        None => Err("the payload is empty".into()),
    }
}

/// The fields of a hook's payload that are used here.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Payload<'a> {
    pub hook_event_name: String,
    pub session_id: String,
    pub cwd: String,
    pub reason: Option<String>,
    pub tool_name: Option<String>,
    pub tool_use_id: Option<String>,
    #[serde(borrow)]
    pub tool_input: Option<&'a RawValue>,
}

/// The input of the tool that starts an agent.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct AgentInput<'a> {
    pub name: Option<String>,
    pub team_name: Option<String>,
    pub subagent_type: Option<String>,
    pub description: Option<String>,
    /// As it came, with its quotes: not one byte of it may change.
    #[serde(borrow)]
    prompt: Option<&'a RawValue>,
    /// The whole input, as it came.
    #[serde(skip)]
    json: &'a str,
}

impl<'a> Payload<'a> {
    pub fn parse(json: &'a str) -> Result<Self, Problem> {
        object(json, "the payload", "a hook's")
    }

    /// The input of the tool, if this is a call that starts an agent.
    pub fn agent_input(&self) -> Result<Option<AgentInput<'a>>, Problem> {
        let starts_agent = self.hook_event_name == "PreToolUse"
            && matches!(self.tool_name.as_deref(), Some("Agent" | "Task"));
        let Some(input) = self.tool_input.filter(|_| starts_agent) else { return Ok(None) };
        let json = input.get();
        let input = object::<AgentInput<'a>>(json, "`tool_input`", "an agent's")?;
        Ok(Some(AgentInput { json, ..input }))
    }
}

/// Serde would also read an array, as the values of the fields in their order.
fn object<'a, T: Deserialize<'a>>(json: &'a str, name: &str, whose: &str) -> Result<T, Problem> {
    if !json.starts_with('{') {
        return Err(format!("{name} is not an object").into());
    }
    serde_json::from_str(json).map_err(|error| format!("{name} is not {whose}: {error}").into())
}

impl AgentInput<'_> {
    /// The input with a text and a blank line ahead of its prompt, every other byte as it came.
    ///
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
        Some(format!("{before}{opened}{rest}{after}"))
    }

    /// Returns whether a preamble can be put ahead of the prompt.
    pub fn has_prompt(&self) -> bool {
        self.prompt.is_some_and(|prompt| prompt.get().starts_with('"'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn injected(input: &str) -> Option<String> {
        let payload = format!(
            r#"{{"hook_event_name":"PreToolUse","tool_name":"Agent","tool_input":{input}}}"#
        );
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
}
