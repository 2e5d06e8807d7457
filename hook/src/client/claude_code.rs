//! Claude Code's command hooks: a call before it is made, and what became of it.

use muzzle_persona::broker::{DeliveryRequest, PREAMBLE_LIMIT, Place, Stage};
use muzzle_persona::events::{Channel, RunId, ToolUseId};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::Problem;
use crate::call::Call;
use crate::fact::{Fact, Told};
use crate::payload::{Payload, Text, object};

/// What the tool that starts an agent answered.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct AgentResponse<'a> {
    status: Text<'a>,
    #[serde(borrow, rename = "agentId")]
    agent_id: Text<'a>,
    /// What the agent was really told.
    prompt: Option<&'a RawValue>,
}

/// The input of the tool that starts an agent.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct AgentInput<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    team_name: Text<'a>,
    subagent_type: Text<'a>,
    description: Text<'a>,
    /// As it came, with its quotes: not one byte of it may change.
    prompt: Option<&'a RawValue>,
    /// The whole input, as it came.
    #[serde(skip)]
    json: &'a str,
}

/// A call is about to be made, and may still be refused. It is answered as it shall be made.
pub fn before_tool<'a>(payload: &Payload<'a>) -> Result<Option<Fact<'a>>, Problem> {
    let Some(input) = agent_input(payload)? else { return Ok(None) };
    let (name, team) = (input.name.said(), input.team_name.said());
    let tool_use_id = payload.tool_use_id.said();
    let call = Call {
        agent_id: tool_use_id.clone(),
        tool_use_id,
        is_named: name.is_some() || team.is_some(),
        name,
        team,
        kind: input.subagent_type.said(),
        description: input.description.said(),
        stands_back: true,
        obstacle: (!input.has_prompt()).then_some("the call has no prompt"),
        ..Call::of(payload)
    };
    let answer = move |told: &Told<'_>| input.answer(told);
    Ok(Some(Fact::Start(call, Box::new(answer))))
}

/// What became of a call.
pub fn after_tool<'a>(payload: &Payload<'a>) -> Result<Option<Fact<'a>>, Problem> {
    let Some(response) = agent_response(payload)? else { return Ok(None) };
    let (Some(run), Some(call)) = (response.agent_id.said(), payload.tool_use_id.said()) else {
        return Ok(None);
    };
    let status = response.status.said();
    Ok(Some(Fact::Began(DeliveryRequest {
        session: payload.session()?,
        place: Place { slot: None, agent: None, call: Some(ToolUseId::parse(&call)?) },
        run: RunId::parse(&run)?,
        channel: Channel::Prompt,
        arrived: response.is_told(),
        is_teammate: status.as_deref() == Some("teammate_spawned"),
        stage: if status.as_deref() == Some("completed") { Stage::Over } else { Stage::Begun },
    })))
}

/// Returns whether the tool is the one that starts an agent, by its newer or its older name.
fn starts_agent(payload: &Payload<'_>) -> bool {
    matches!(payload.tool_name.said().as_deref(), Some("Agent" | "Task"))
}

/// What the tool answered, if this is a call of the one that starts an agent.
fn agent_response<'a>(payload: &Payload<'a>) -> Result<Option<AgentResponse<'a>>, Problem> {
    let Some(answer) = payload.tool_response.filter(|_| starts_agent(payload)) else {
        return Ok(None);
    };
    object(answer.get(), "`tool_response`", "an agent's").map(Some)
}

/// The input of the tool, if this is a call of the one that starts an agent.
fn agent_input<'a>(payload: &Payload<'a>) -> Result<Option<AgentInput<'a>>, Problem> {
    let Some(input) = payload.tool_input.filter(|_| starts_agent(payload)) else {
        return Ok(None);
    };
    let json = input.get();
    let input = object::<AgentInput<'a>>(json, "`tool_input`", "an agent's")?;
    Ok(Some(AgentInput { json, ..input }))
}

impl AgentInput<'_> {
    /// Answers with the call. There is no `permissionDecision`: a persona must never open a gate.
    fn answer(&self, told: &Told<'_>) -> Result<String, Problem> {
        let updated = self.with_preamble(told.preamble.unwrap_or_default());
        let updated = updated.ok_or("a bug in the hook: the call could not be rewritten")?;
        Ok(format!(
            r#"{{"hookSpecificOutput":{{"hookEventName":"PreToolUse","updatedInput":{updated}}}}}"#
        ))
    }

    /// The input with a text and a blank line ahead of its prompt, every other byte as it came.
    ///
    /// A preamble that begins the prompt already, as when a call is made again, gives way to it.
    /// `None` without a prompt, or if it is not a string.
    fn with_preamble(&self, preamble: &str) -> Option<String> {
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
    fn has_prompt(&self) -> bool {
        self.prompt.is_some_and(|prompt| prompt.get().starts_with('"'))
    }
}

impl AgentResponse<'_> {
    /// Returns whether the agent was told its persona first.
    fn is_told(&self) -> bool {
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
        agent_input(&payload).unwrap().unwrap().with_preamble("P\"\n")
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
}
