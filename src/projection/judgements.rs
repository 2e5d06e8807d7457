//! All verdicts and outcomes, by what they are about: of one thing, only the last counts.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::{io, mem};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::month_tally::Judgement;
use super::stored::{Stored, check, line};
use crate::events::{Event, EventId, Feedback, Outcome, OutcomeResult, RoleName, Sentiment};

/// What a judgement is about, as a digest: a later one with the same key replaces it.
///
/// Of an outcome it is the run, the slot and the source; of a feedback that names a session, the
/// persona, the role, the session, the slot and the source; any other feedback stands for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct JudgementKey(EventId);

impl JudgementKey {
    pub(crate) fn of_outcome(outcome: &Outcome) -> Self {
        let Outcome { run, slot, source, .. } = outcome;
        Self::digest(&["outcome", run.as_str(), slot.as_str(), source.as_str()])
    }

    /// The key of a feedback that names a session.
    pub(crate) fn of_feedback(feedback: &Feedback) -> Option<Self> {
        let Feedback { persona, role, session, slot, source, .. } = feedback;
        let (persona, role, session) =
            (persona.as_str(), role.as_str(), session.as_ref()?.as_str());
        let slot = slot.as_ref().map_or("", |slot| slot.as_str());
        Some(Self::digest(&["feedback", persona, role, session, slot, source.as_str()]))
    }

    /// The key of an event that may replace another one.
    pub(super) fn of(event: &Event) -> Option<Self> {
        match event {
            Event::Outcome(outcome) => Some(Self::of_outcome(outcome)),
            Event::Feedback(feedback) => Self::of_feedback(feedback),
            Event::Seed(_)
            | Event::Grow(_)
            | Event::Revise(_)
            | Event::Assign(_)
            | Event::Release(_)
            | Event::Retract(_)
            | Event::Retire(_)
            | Event::Reactivate(_)
            | Event::Compact(_)
            | Event::Repair(_)
            | Event::Unknown { .. } => None,
        }
    }

    pub(super) fn of_id(id: EventId) -> Self {
        Self(id)
    }

    /// The parts with their lengths, so that no two lists of parts look alike.
    fn digest(parts: &[&str]) -> Self {
        let mut bytes = Vec::with_capacity(128);
        for part in parts {
            bytes.extend((part.len() as u64).to_le_bytes());
            bytes.extend(part.as_bytes());
        }
        Self(EventId::of(&bytes))
    }
}

/// One verdict or outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Judged {
    pub(crate) id: EventId,
    pub(crate) at: Timestamp,
    /// The persona's position in the roster.
    pub(super) persona: u32,
    pub(crate) role: RoleName,
    pub(crate) judgement: Judgement,
}

/// Judgements by their keys, each list in fold order, none of them retracted or empty.
///
/// Of those of a checkpoint, only what was [loaded](Self::load) is in memory.
#[derive(Debug, Clone, Default)]
pub(super) struct Judgements {
    by_key: BTreeMap<JudgementKey, Vec<Judged>>,
    /// The key of each event, once anything was taken back: most logs never need it.
    by_id: Option<BTreeMap<EventId, JudgementKey>>,
    /// Where the others are.
    stored: Option<Arc<Stored>>,
}

impl Judgements {
    pub(super) fn stored(stored: Arc<Stored>) -> Self {
        Self { stored: Some(stored), ..Self::default() }
    }

    /// Returns whether there are more in a checkpoint than in memory.
    pub(super) fn is_partial(&self) -> bool {
        self.stored.is_some()
    }

    /// Loads those of one key; `None` if the checkpoint cannot be read.
    pub(super) fn load(&mut self, key: JudgementKey) -> Option<()> {
        if let Some(stored) = self.stored.as_ref().filter(|_| !self.by_key.contains_key(&key))
            && let Some(list) = stored.judgements_of(key)?
        {
            self.by_key.insert(key, list);
        }
        Some(())
    }

    /// Loads all; `None` if the checkpoint cannot be read.
    pub(super) fn load_all(&mut self) -> Option<()> {
        let Some(stored) = self.stored.take() else { return Some(()) };
        let newer = mem::replace(&mut self.by_key, stored.judgements()?);
        self.by_key.extend(newer);
        Some(())
    }

    /// Those of one key, which has to be loaded, in fold order.
    pub(super) fn of(&self, key: JudgementKey) -> &[Judged] {
        self.by_key.get(&key).map_or(&[], Vec::as_slice)
    }

    /// Adds the last of a key, and returns the one that it replaces.
    pub(super) fn add(&mut self, key: JudgementKey, judged: Judged) -> Option<&Judged> {
        if let Some(by_id) = &mut self.by_id {
            by_id.insert(judged.id, key);
        }
        let list = self.by_key.entry(key).or_default();
        list.push(judged);
        list.len().checked_sub(2).and_then(|before| list.get(before))
    }

    /// Takes one out; all have to be loaded. Returns it and, if it was the last of its key, what
    /// is the last now.
    pub(super) fn take(&mut self, id: EventId) -> Option<(Judged, bool, Option<Judged>)> {
        debug_assert!(!self.is_partial(), "not all judgements are loaded");
        let by_id = self.by_id.get_or_insert_with(|| {
            let lists = self.by_key.iter();
            lists.flat_map(|(key, list)| list.iter().map(|it| (it.id, *key))).collect()
        });
        let key = by_id.remove(&id)?;
        let list = self.by_key.get_mut(&key)?;
        let place = list.iter().position(|it| it.id == id)?;
        let (taken, is_last) = (list.remove(place), place == list.len());
        let last = list.last().filter(|_| is_last).cloned();
        if list.is_empty() {
            self.by_key.remove(&key);
        }
        Some((taken, is_last, last))
    }

    /// All that are in memory, and whether each is the last of its key.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Judged, bool)> {
        self.by_key.values().flat_map(|list| {
            list.iter().enumerate().map(|(at, judged)| (judged, at + 1 == list.len()))
        })
    }
}

/// Equal are those that hold the same judgements in memory.
impl PartialEq for Judgements {
    fn eq(&self, other: &Self) -> bool {
        self.by_key == other.by_key
    }
}

/// How a checkpoint writes a judgement: there may be a million of them.
type Row<'a> = (EventId, Timestamp, u32, Cow<'a, str>, char);

impl Judged {
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
    keys: u64,
    /// The bytes of the lines.
    lines: u64,
    /// The bytes of the line behind them.
    directory: u64,
}

/// A second part of so many keys is not yet too large, however small the first is.
const SECOND_PART: u64 = 512;
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

    /// Reads those of one key from the part that begins at `start`, if there are any; `None` if
    /// it cannot be read.
    pub(super) fn find(
        &self,
        read: impl Fn(u64, u64) -> Option<Vec<u8>>,
        start: u64,
        key: JudgementKey,
    ) -> Option<Option<Vec<Judged>>> {
        let directory = read(start.checked_add(self.lines)?, self.directory)?;
        check(&directory)?;
        let Directory { lines } = serde_json::from_slice(&directory).ok()?;
        let Some(line) = lines.partition_point(|(first, _)| *first <= key).checked_sub(1) else {
            return Some(None);
        };
        let before = lines.iter().take(line).map(|(_, length)| *length);
        let start = before.fold(start, u64::saturating_add);
        let mut found = parse(&read(start, lines.get(line)?.1)?)?;
        Some(found.remove(&key))
    }

    /// Reads all of the part that begins at `start`.
    pub(super) fn all(
        &self,
        read: impl Fn(u64, u64) -> Option<Vec<u8>>,
        start: u64,
    ) -> Option<BTreeMap<JudgementKey, Vec<Judged>>> {
        let lines = read(start, self.lines)?;
        let mut all = BTreeMap::new();
        for line in lines.split_inclusive(|byte| *byte == b'\n') {
            all.append(&mut parse(line)?);
        }
        Some(all)
    }

    fn write(
        to: &mut Vec<u8>,
        judgements: &BTreeMap<JudgementKey, Vec<Judged>>,
    ) -> io::Result<Self> {
        let (start, mut lines) = (to.len(), Vec::new());
        let all: Vec<_> = judgements.iter().collect();
        for some in all.chunks(LINE_KEYS) {
            let rows =
                some.iter().map(|(key, list)| (**key, list.iter().map(Judged::row).collect()));
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
fn parse(line: &[u8]) -> Option<BTreeMap<JudgementKey, Vec<Judged>>> {
    check(line)?;
    let Lines { judgements } = serde_json::from_slice(line).ok()?;
    let lists = judgements.into_iter().map(|(key, rows)| {
        let list: Option<Vec<_>> = rows.into_iter().map(Judged::of_row).collect();
        Some((key, list?))
    });
    lists.collect()
}

impl Judgements {
    /// Writes the parts of a checkpoint. Those that are not in memory are copied from the one that
    /// they are in, unless there is too much that is newer.
    ///
    /// `None` if that cannot be read.
    pub(super) fn write(&mut self, to: &mut Vec<u8>) -> io::Result<Option<Vec<Part>>> {
        if let Some((first, bytes, mut second)) = self.stored.as_ref().and_then(|it| it.split()) {
            let newer = self.by_key.iter().map(|(key, list)| (*key, list.clone()));
            second.extend(newer);
            if second.len() as u64 <= SECOND_PART.max(first.keys / 4) {
                to.extend(bytes);
                return Ok(Some(vec![first, Part::write(to, &second)?]));
            }
        }
        if self.load_all().is_none() {
            return Ok(None);
        }
        Ok(Some(vec![Part::write(to, &self.by_key)?]))
    }
}
