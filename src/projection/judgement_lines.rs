//! How a checkpoint keeps judgements: in sorted lines, of which one is read to find one.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::checked_line::{check, line};
use super::judgement::{ByKey, Judgement, JudgementKey, RecordedJudgement};
use crate::events::{EventId, OutcomeResult, RoleName, Sentiment};

/// How a checkpoint writes a judgement: there may be a million of them.
type Row<'a> = (EventId, Timestamp, u32, Cow<'a, str>, char);

impl RecordedJudgement {
    fn row(&self) -> Row<'_> {
        let letter = match self.judgement {
            Judgement::Verdict(Sentiment::Positive) => '+',
            Judgement::Verdict(Sentiment::Negative) => '-',
            Judgement::Verdict(Sentiment::Neutral) => '=',
            Judgement::Outcome(OutcomeResult::Ok) => 'o',
            Judgement::Outcome(OutcomeResult::Bad) => 'b',
            Judgement::Outcome(OutcomeResult::Stopped) => 's',
        };
        (self.id, self.at, self.persona, Cow::Borrowed(self.role.as_str()), letter)
    }

    fn of_row((id, at, persona, role, letter): Row<'_>) -> Option<Self> {
        let judgement = match letter {
            '+' => Judgement::Verdict(Sentiment::Positive),
            '-' => Judgement::Verdict(Sentiment::Negative),
            '=' => Judgement::Verdict(Sentiment::Neutral),
            'o' => Judgement::Outcome(OutcomeResult::Ok),
            'b' => Judgement::Outcome(OutcomeResult::Bad),
            's' => Judgement::Outcome(OutcomeResult::Stopped),
            _ => return None,
        };
        Some(Self { id, at, persona, role: RoleName::unchecked(&role), judgement })
    }
}

/// A part of a checkpoint that holds judgements: lines of them, sorted by key, and behind them one
/// line that says where each begins.
///
/// There are two at most. What came since the first was written goes into the second, until that
/// is a fourth of the first: to write a checkpoint takes as long as what is new in it.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(super) struct Part {
    /// How many keys there are.
    pub keys: u64,
    /// The bytes of the lines.
    lines: u64,
    /// The bytes of the line behind them.
    directory: u64,
}

/// A second part of so many keys is not yet too large, however small the first is.
pub(super) const SECOND_PART: u64 = 512;
/// The keys in one line.
const LINE_KEYS: usize = 128;

/// A line of judgements.
#[derive(Serialize, Deserialize)]
struct Lines<'a> {
    #[serde(borrow)]
    judgements: Vec<(JudgementKey, Vec<Row<'a>>)>,
}

/// The first key in each line, and the length of that line.
#[derive(Serialize, Deserialize)]
struct Directory {
    lines: Vec<(JudgementKey, u64)>,
}

impl Part {
    pub(super) fn length(&self) -> u64 {
        self.lines.saturating_add(self.directory)
    }

    /// Reads those of one key from the part that begins at `start`, none if there are none; `None` if
    /// it cannot be read.
    pub(super) fn find(
        &self,
        read: impl Fn(u64, u64) -> Option<Vec<u8>>,
        start: u64,
        key: JudgementKey,
    ) -> Option<Vec<RecordedJudgement>> {
        let directory = read(start.checked_add(self.lines)?, self.directory)?;
        check(&directory)?;
        let Directory { lines } = serde_json::from_slice(&directory).ok()?;
        let Some(line) = lines.partition_point(|(first, _)| *first <= key).checked_sub(1) else {
            return Some(Vec::new());
        };
        let before = lines.iter().take(line).map(|(_, length)| *length);
        let start = before.fold(start, u64::saturating_add);
        let mut found = parse(&read(start, lines.get(line)?.1)?)?;
        Some(found.remove(&key).unwrap_or_default())
    }

    /// Reads all of the part that begins at `start`.
    pub(super) fn all(
        &self,
        read: impl Fn(u64, u64) -> Option<Vec<u8>>,
        start: u64,
    ) -> Option<ByKey> {
        let lines = read(start, self.lines)?;
        let mut all = BTreeMap::new();
        for line in lines.split_inclusive(|byte| *byte == b'\n') {
            all.append(&mut parse(line)?);
        }
        Some(all)
    }

    pub(super) fn write(to: &mut Vec<u8>, judgements: &ByKey) -> io::Result<Self> {
        let (start, mut lines) = (to.len(), Vec::new());
        let all: Vec<_> = judgements.iter().collect();
        for some in all.chunks(LINE_KEYS) {
            let rows = some
                .iter()
                .map(|(key, list)| (**key, list.iter().map(RecordedJudgement::row).collect()));
            let judgements = rows.collect();
            let (length, _) = line(to, &Lines { judgements })?;
            lines.extend(some.first().map(|(key, _)| (**key, length)));
        }
        let length = (to.len() - start) as u64;
        let (directory, _) = line(to, &Directory { lines })?;
        Ok(Self { keys: all.len() as u64, lines: length, directory })
    }
}

/// Reads a line of judgements.
fn parse(line: &[u8]) -> Option<ByKey> {
    check(line)?;
    let Lines { judgements } = serde_json::from_slice(line).ok()?;
    let lists = judgements.into_iter().map(|(key, rows)| {
        let list: Option<Vec<_>> = rows.into_iter().map(RecordedJudgement::of_row).collect();
        Some((key, list?))
    });
    lists.collect()
}
