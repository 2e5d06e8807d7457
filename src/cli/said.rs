//! How a job went, and what people said of it.

use std::collections::BTreeSet;
use std::fmt;

use jiff::tz::TimeZone;
use muzzle_persona::events::{Detached, Observation, OutcomeResult, Sentiment, TestResult};
use muzzle_persona::projection::{Assignment, Verdict};

use super::output::HEADING;
use super::table::Column;
use super::{Table, minute};

const COLUMNS: [Column; 6] = [
    Column::new("ID").whole().drops(4),
    Column::new("SAID").whole().drops(2),
    Column::new("BY").drops(1),
    Column::new("OF").drops(3),
    Column::new("VERDICT").tells(),
    Column::new("WORDS"),
];

/// What the runs of an assignment came to, in one cell.
pub fn went(assignment: &Assignment) -> String {
    // Who measured what a run came to matters less than that two do not agree.
    let results: BTreeSet<_> = assignment.outcomes().map(|it| it.result).collect();
    let results: Vec<_> = results.into_iter().map(OutcomeResult::as_str).collect();
    results.join(", ")
}

/// What was last counted of an assignment's runs: calls, errors and how the tests ended.
pub fn counted(assignment: &Assignment) -> [String; 3] {
    let measures = assignment.outcomes().filter_map(|it| it.measures).last().unwrap_or_default();
    let number = |count: Option<u64>| count.map(|count| count.to_string()).unwrap_or_default();
    let test = match measures.test {
        None => "",
        Some(TestResult::Passed) => "passed",
        Some(TestResult::Failed) => "failed",
    };
    [number(measures.calls), number(measures.errors), test.to_owned()]
}

/// The verdicts on an assignment, in one cell.
pub fn verdicts(assignment: &Assignment) -> String {
    let words: Vec<_> = assignment.verdicts().map(|it| verdict_word(it.sentiment)).collect();
    words.join(", ")
}

/// `good`, `bad` or `mixed`.
pub fn verdict_word(sentiment: Sentiment) -> &'static str {
    match sentiment {
        Sentiment::Positive => "good",
        Sentiment::Negative => "bad",
        Sentiment::Neutral => "mixed",
    }
}

/// What was said of some assignments, each with its words.
pub fn write_verdicts<'a>(
    f: &mut fmt::Formatter<'_>,
    assignments: impl Iterator<Item = &'a Assignment>,
    zone: &TimeZone,
) -> fmt::Result {
    let mut table = Table::new(&COLUMNS);
    let mut is_empty = true;
    for assignment in assignments {
        for Verdict { id, at, sentiment, source, observation, .. } in assignment.verdicts() {
            let (id, at) = (format!("{id:.8}"), minute(*at, zone));
            let of = format!("{} as {}", assignment.persona, assignment.role);
            let words = match observation {
                Detached::Absent => "",
                known => known.words().map_or("(its text is gone)", Observation::as_str),
            };
            table.row(&[&id, &at, source, &of, &verdict_word(*sentiment), &words]);
            is_empty = false;
        }
    }
    if is_empty {
        return Ok(());
    }
    writeln!(f, "\n{HEADING}What was said{HEADING:#}")?;
    table.show(f)
}
