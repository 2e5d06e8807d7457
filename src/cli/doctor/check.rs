//! One thing that was looked at, and how it is.

use std::fmt;

use muzzle_persona::events::visible;
use serde::Serialize;

use crate::cli::output::{ERROR, FAINT, GOOD, WARNING};
use crate::cli::wrap::wrapped;

#[derive(Debug, Serialize)]
pub struct Check {
    /// `ok`, `warning`, or `problem`: what keeps agents from getting personas, or the log from
    /// being written.
    pub level: &'static str,
    /// What was checked; documented in `docs/claude-code.md`.
    #[serde(rename = "check")]
    id: &'static str,
    message: String,
    /// What that means, if it is not as it should be.
    means: Option<String>,
    hint: Option<String>,
    #[serde(skip)]
    pub rehearsal: Option<Rehearsal>,
}

/// What a hook did with a sample call.
#[derive(Debug, Clone, Serialize)]
pub struct Rehearsal {
    pub command: String,
    pub args: Option<Vec<String>>,
    pub milliseconds: u64,
    /// What it put ahead of the agent's prompt, if it did.
    pub preamble: Option<String>,
}

impl Check {
    pub fn ok(id: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { level: "ok", id, message, means: None, hint: None, rehearsal: None }
    }

    pub fn warning(id: &'static str, message: impl Into<String>, means: &str, hint: &str) -> Self {
        let (means, hint) = (Some(means.to_owned()), Some(hint.to_owned()));
        Self { level: "warning", means, hint, ..Self::ok(id, message) }
    }

    pub fn problem(id: &'static str, message: impl Into<String>, means: &str, hint: &str) -> Self {
        Self { level: "problem", ..Self::warning(id, message, means, hint) }
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (style, sign) = match self.level {
            "ok" => (GOOD, '✓'),
            "warning" => (WARNING, '!'),
            _ => (ERROR, '✗'),
        };
        let fitted = |text: &str, start, indent| {
            let text = visible(text);
            f.width().map_or(text.clone(), |columns| wrapped(&text, start, indent, columns))
        };
        let (message, means) = (fitted(&self.message, 2, 2), self.means.as_ref());
        let means = means.map(|means| fitted(means, 4, 4));
        let hint = self.hint.as_ref().map(|hint| fitted(hint, 10, 6));
        writeln!(f, "{style}{sign}{style:#} {message}")?;
        let preamble = self.rehearsal.as_ref().and_then(|it| it.preamble.as_deref());
        for line in preamble.unwrap_or_default().lines() {
            writeln!(f, "    {FAINT}│{FAINT:#} {}", visible(line))?;
        }
        if let Some(means) = means {
            writeln!(f, "    {FAINT}{means}{FAINT:#}")?;
        }
        hint.map_or(Ok(()), |hint| writeln!(f, "    hint: {hint}"))
    }
}
