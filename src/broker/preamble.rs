//! The text that goes ahead of an agent's prompt.

use std::fmt::Write as _;

use super::{Role, Roles};
use crate::events::{SessionId, Tag, one_line};
use crate::projection::Persona;

/// The most characters in a preamble.
pub const PREAMBLE_LIMIT: usize = 500;

/// The most characters of an instruction in a preamble.
const INSTRUCTION_LIMIT: usize = 200;

/// What every preamble ends with.
const END: &str = "---\n";

/// How a persona works in a role: in its own way, else in its general one, else as the role asks.
#[must_use]
pub fn instruction<'a>(persona: &'a Persona, role: &'a Role) -> &'a str {
    let own = &persona.definition.instructions;
    own.get(&role.name).or_else(|| own.get(Roles::GENERAL)).unwrap_or(&role.instruction)
}

/// Tells an agent who it works as: facts with their source, at most [`PREAMBLE_LIMIT`] characters.
///
/// The recent work is that of other sessions than `session`. Every text is
/// flattened first: whatever stands in the log, it cannot add a line here.
#[must_use]
pub fn preamble(persona: &Persona, role: &Role, session: &SessionId) -> String {
    let mut body = format!(
        "You are {}, the {} persona assigned by muzzle-persona.\n",
        one_line(persona.name().as_str()),
        one_line(role.name.as_str()),
    );
    let traits = listed(persona.definition.traits.iter().map(Tag::as_str));
    let expertise = listed(persona.definition.expertise.iter().map(Tag::as_str));
    let facts: Vec<_> = [("Working style", traits), ("Expertise", expertise)]
        .into_iter()
        .filter(|(_, words)| !words.is_empty())
        .map(|(what, words)| format!("{what}: {words}."))
        .collect();
    for line in [facts.join(" "), cut(&one_line(instruction(persona, role)), INSTRUCTION_LIMIT)] {
        if !line.is_empty() {
            body.push_str(&line);
            body.push('\n');
        }
    }
    let recent: Vec<_> = persona
        .recent_work(Some(session))
        .map(|work| {
            let (role, project) = (one_line(work.role.as_str()), one_line(work.project.as_str()));
            format!("{role} on {project} ({})", work.assigned_at.strftime("%F"))
        })
        .collect();
    if !recent.is_empty() {
        let _ = writeln!(body, "Recent: {}", recent.join(", "));
    }
    let mut preamble = cut(body.trim_end(), PREAMBLE_LIMIT - END.len() - 1);
    preamble.push('\n');
    preamble.push_str(END);
    preamble
}

fn listed<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words.map(one_line).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(", ")
}

/// Cuts a text to a number of characters: after a word where it can, with an ellipsis for the rest.
fn cut(text: &str, limit: usize) -> String {
    let Some((end, _)) = text.char_indices().nth(limit) else {
        return text.to_owned();
    };
    // One character of the limit is the ellipsis's.
    let last = text.get(..end).and_then(|kept| kept.char_indices().next_back());
    let kept = text.get(..last.map_or(0, |(start, _)| start)).unwrap_or_default();
    let starts_word = |rest: &str| !rest.starts_with(char::is_whitespace);
    let word_end = match text.get(kept.len()..) {
        Some(rest) if starts_word(rest) => kept.rfind(char::is_whitespace).unwrap_or(kept.len()),
        _ => kept.len(),
    };
    let kept = text.get(..word_end).unwrap_or_default().trim_end();
    format!("{kept}…")
}
