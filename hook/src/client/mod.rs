//! The clients, and the ways in which they tell of their agents: what an event is read by.
//!
//! An adapter reads payloads into [`Fact`]s and writes the form of the answer. It has no rule.

mod claude_code;
mod claude_code_mod;
mod codex;
mod command_hooks;

use crate::Problem;
use crate::fact::Fact;
use crate::payload::Payload;

/// Reads what an event tells; `None` if that is nothing of ours.
type Reader = for<'a> fn(&Payload<'a>) -> Result<Option<Fact<'a>>, Problem>;

/// Each event that is known, with what reads it.
const READERS: [(&str, Reader); 10] = [
    // The mod in Claude Code.
    ("session.start", claude_code_mod::session),
    ("agent.spawn", claude_code_mod::spawn),
    ("agent.started", claude_code_mod::started),
    ("turn.complete", claude_code_mod::completed),
    // Claude Code's command hooks.
    ("PreToolUse", claude_code::before_tool),
    ("PostToolUse", claude_code::after_tool),
    // Codex's.
    ("SubagentStart", codex::started),
    // Those that both have.
    ("SubagentStop", command_hooks::stopped),
    ("SessionStart", command_hooks::session_start),
    ("SessionEnd", command_hooks::session_end),
];

/// Reads what a payload tells; `None` if that is nothing of ours.
pub fn read<'a>(payload: &Payload<'a>) -> Result<Option<Fact<'a>>, Problem> {
    let event = payload.hook_event_name.said();
    let reader = READERS.iter().find(|(name, _)| event.as_deref() == Some(name));
    reader.map_or(Ok(None), |(_, read)| read(payload))
}
