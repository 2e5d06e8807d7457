//! `repair --join`: add what a copy of the log has besides.

use std::fmt;
use std::path::Path;

use muzzle_persona::events::EventId;
use muzzle_persona::wording::Count;
use muzzle_persona::{JoinOutcome, Store};
use serde::Serialize;

use super::{Context, Failure, ShownPath, line};

const LEAVE_HINT: &str = "`muzzle-persona remote leave`, then `repair --join`, then `remote join` publishes what the copy has";

pub fn run(copy: &Path, yes: bool, context: &mut Context) -> Result<JoinReport, Failure> {
    let options = &context.options;
    if Store::remote(options)?.is_some() {
        let message =
            "this store is the mirror of a fleet's log, which takes nothing but from there";
        return Err(Failure::refused(message, LEAVE_HINT));
    }
    let outcome = if yes { Store::join(options, copy)? } else { Store::plan_join(options, copy)? };
    let JoinOutcome { events, texts, known, rest, torn } = outcome;
    context.warn(&torn);
    if rest > 0 {
        let (copy, rest) = (ShownPath::from(copy), Count(rest, "byte"));
        let what = format!("`{copy}` ends in an unfinished write; its last {rest}");
        context.warn([format!("{what} {} left out", rest.agree("was", "were"))]);
    }
    let (copy, known_lines, left_out_bytes) = (copy.into(), known, rest);
    Ok(JoinReport { done: yes, copy, joined: events, texts, known_lines, left_out_bytes })
}

#[derive(Debug, Serialize)]
pub struct JoinReport {
    done: bool,
    copy: ShownPath,
    /// The events that the log did not have.
    joined: Vec<EventId>,
    /// The events whose texts the log did not have.
    texts: Vec<EventId>,
    known_lines: u64,
    /// The bytes after the copy's last whole line.
    left_out_bytes: u64,
}

impl fmt::Display for JoinReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { done, copy, joined, texts, known_lines, left_out_bytes } = self;
        let known = Count(*known_lines, "line");
        if joined.is_empty() && texts.is_empty() {
            return line(f, format!("Nothing to join: the log has all {known} of `{copy}`."));
        }
        let verb = if *done { "Added" } else { "Would add" };
        for (ids, noun) in [(joined, "event"), (texts, "text")] {
            if !ids.is_empty() {
                line(f, format!("{verb} {} from `{copy}`.", Count(ids.len(), noun)))?;
            }
        }
        line(f, format!("{known} of it {} in the log already.", known.agree("is", "are")))?;
        if !*done {
            return line(f, "Nothing was changed; `--yes` does it.");
        }
        let rest = if *left_out_bytes > 0 { "" } else { "; it can be deleted" };
        line(f, format!("The copy was left where it is{rest}."))
    }
}
