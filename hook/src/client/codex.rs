//! Codex: the start of a sub-agent.
//!
//! It is told when the sub-agent has its id and before its first turn, and without a name. That is in
//! the first line of the sub-agent's own transcript, which is there by then.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::path::Path;

use muzzle_persona::broker::Start;
use muzzle_persona::events::{Channel, RunId};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Problem;
use crate::call::Call;
use crate::fact::{Fact, Told};
use crate::payload::{Payload, Text, object};

/// The most bytes of a transcript that are read. The line that counts had 22,600.
const LIMIT: u64 = 64 * 1024;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Facts<'a> {
    /// Another client's event of this name has none.
    #[serde(borrow)]
    turn_id: Text<'a>,
    agent_type: Text<'a>,
    transcript_path: Text<'a>,
}

/// A sub-agent has begun.
pub fn started<'a>(payload: &Payload<'a>) -> Result<Option<Fact<'a>>, Problem> {
    let facts: Facts<'_> = object(payload.json, "the payload", "a hook's")?;
    if facts.turn_id.said().is_none() {
        return Ok(None);
    }
    let run = RunId::parse(&payload.agent_id.said().unwrap_or_default())?;
    let transcript = facts.transcript_path.said();
    let call = Call {
        // Nothing else tells two of one name apart.
        tool_use_id: Some(run.as_str().to_owned()),
        // All but the last part of an id is the time at which it was made.
        agent_id: run.as_str().rsplit('-').next().map(str::to_owned),
        name: transcript.and_then(|path| name(Path::new(&path))),
        // All have a name, whether it can be read or not.
        is_named: true,
        kind: facts.agent_type.said(),
        start: Start::Begun(run, Channel::Context),
        ..Call::of(payload)
    };
    Ok(Some(Fact::Start(call, Box::new(answer))))
}

/// Answers with context for the sub-agent.
fn answer(told: &Told<'_>) -> Result<String, Problem> {
    let Some(preamble) = told.preamble else { return Ok(String::new()) };
    let output = json!({ "hookEventName": "SubagentStart", "additionalContext": preamble });
    Ok(serde_json::to_string(&json!({ "hookSpecificOutput": output }))?)
}

/// The last part of a sub-agent's task path, else its nickname; `None` if the transcript does not tell.
fn name(transcript: &Path) -> Option<String> {
    let line: Value = serde_json::from_slice(&first_line(transcript).ok()?).ok()?;
    let spawn = line.pointer("/payload/source/subagent/thread_spawn")?;
    let text = |key| spawn.get(key).and_then(Value::as_str);
    let task = text("agent_path").and_then(|path| path.rsplit('/').next());
    let said = |text: &&str| !text.trim().is_empty();
    task.filter(said).or_else(|| text("agent_nickname").filter(said)).map(str::to_owned)
}

/// Reads the first line of a file as far as it may go.
///
/// The path is what a payload says: what is there may be a pipe that nobody writes to.
fn first_line(path: &Path) -> io::Result<Vec<u8>> {
    let file = open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let mut line = Vec::new();
    BufReader::with_capacity(32 * 1024, file.take(LIMIT)).read_until(b'\n', &mut line)?;
    Ok(line)
}

/// Opens a file and follows no link, nor waits for whoever might write to it.
fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;

        use rustix::fs::OFlags;

        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
        options.custom_flags(flags.bits().cast_signed());
    }
    options.open(path)
}
