//! One thing that was looked at.

use std::fmt;

use muzzle_persona::events::visible;
use serde::Serialize;

use crate::cli::output::{ERROR, FAINT, GOOD, WARNING};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// As it should be.
    Ok,
    /// It works, but somebody should know.
    Warning,
    /// It keeps agents from getting personas, or the log from being written.
    Problem,
}

/// What was found, what it means and what to do.
#[derive(Debug, Serialize)]
pub struct Finding {
    pub level: Level,
    /// What was looked at; more may be added.
    pub check: &'static str,
    /// What was found: a sentence.
    pub message: String,
    /// What that means, if it is not as it should be.
    pub means: Option<String>,
    /// What to do then.
    pub hint: Option<String>,
    /// What people get to see with it.
    #[serde(skip)]
    pub exhibit: Option<String>,
}

impl Finding {
    /// It is as it should be.
    pub fn ok(check: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { level: Level::Ok, check, message, means: None, hint: None, exhibit: None }
    }

    /// It works, but somebody should know.
    pub fn warning(
        check: &'static str,
        message: impl Into<String>,
        means: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        let (means, hint) = (Some(means.into()), Some(hint.into()));
        Self { level: Level::Warning, means, hint, ..Self::ok(check, message) }
    }

    /// It does not work.
    pub fn problem(
        check: &'static str,
        message: impl Into<String>,
        means: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self { level: Level::Problem, ..Self::warning(check, message, means, hint) }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (style, sign) = match self.level {
            Level::Ok => (GOOD, '✓'),
            Level::Warning => (WARNING, '!'),
            Level::Problem => (ERROR, '✗'),
        };
        writeln!(f, "{style}{sign}{style:#} {}", visible(&self.message))?;
        for line in self.exhibit.iter().flat_map(|exhibit| exhibit.lines()) {
            writeln!(f, "    {FAINT}│{FAINT:#} {}", visible(line))?;
        }
        if let Some(means) = &self.means {
            writeln!(f, "    {FAINT}{}{FAINT:#}", visible(means))?;
        }
        self.hint.as_ref().map_or(Ok(()), |hint| writeln!(f, "    hint: {}", visible(hint)))
    }
}
