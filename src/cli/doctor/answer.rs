//! What a hook answers to the call of an agent, held to what a client may be told.

use serde_json::Value;

use super::ran::Ran;

/// Holds an answer to what a client may be told, and returns the preamble.
pub fn preamble_of(ran: &Ran, input: &Value) -> Result<String, String> {
    if !ran.status.success() {
        return Err(ran.ended());
    }
    if ran.is_silent() {
        return Err(ran.said_why());
    }
    let answer: Value = serde_json::from_slice(&ran.stdout)
        .map_err(|error| format!("answered what is not JSON: {error}"))?;
    let output = answer.get("hookSpecificOutput").unwrap_or(&Value::Null);
    if answer.get("decision").is_some() || output.get("permissionDecision").is_some() {
        return Err("took a decision about the call, which is the user's to take".to_owned());
    }
    if output.get("hookEventName").is_none_or(|event| event != "PreToolUse") {
        return Err("answered something else than a changed call".to_owned());
    }
    let mut updated = output.get("updatedInput").cloned().unwrap_or_default();
    let prompt = updated.get_mut("prompt").map(Value::take);
    let mut rest = input.clone();
    let asked = rest.get_mut("prompt").map(Value::take);
    if updated != rest {
        return Err("changed more of the call than its prompt".to_owned());
    }
    let (prompt, asked) = (prompt.unwrap_or_default(), asked.unwrap_or_default());
    let preamble = prompt.as_str().zip(asked.as_str()).and_then(|(new, old)| new.strip_suffix(old));
    match preamble.map(str::trim_end) {
        Some("") => Err("left the prompt as it was".to_owned()),
        Some(preamble) => Ok(preamble.to_owned()),
        None => Err("changed the prompt itself".to_owned()),
    }
}
