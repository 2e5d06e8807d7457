//! Comparing the whole mirror with the fleet's log.

use serde::Serialize;

use super::lines::LocalLines;
use super::{Options, Store, StoreError, Work, deadline, fleet};
use crate::events::{EventId, check_id, without_text, written_id};
use crate::fleet::{Entry, FleetError, FleetLog, PAGE, Range};
use crate::store::verify::existing;

use self::DifferenceKind as Kind;

/// How the mirror and the fleet's log differ.
#[derive(Debug, Clone, Default, Serialize)]
pub struct FleetCheck {
    /// How many lines the mirror has.
    pub lines: u64,
    /// How many of these the fleet lacks.
    pub missing: u64,
    /// How many are another event there.
    pub other: u64,
    /// How many are damaged there.
    pub damaged: u64,
    /// How many are damaged here.
    pub damaged_here: u64,
    /// How many have a text on one side alone.
    pub texts: u64,
    /// How many lines the fleet has after those of the mirror.
    pub ahead: u64,
    /// The first line that is not the same.
    pub first: Option<Difference>,
}

/// A line that is not the same here and there.
#[derive(Debug, Clone, Serialize)]
pub struct Difference {
    /// Its number in the log, from 1.
    pub line: u64,
    /// What is different.
    pub kind: DifferenceKind,
    /// The event that the line is here.
    pub here: Option<EventId>,
    /// The event that it is there.
    pub there: Option<EventId>,
}

/// What is different about a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DifferenceKind {
    /// The fleet does not have it.
    Missing,
    /// The fleet has another event there.
    Other,
    /// What the fleet has there is no sound line.
    Damaged,
    /// What is here is no sound line.
    DamagedHere,
}

impl FleetCheck {
    /// Returns whether the fleet's log is the mirror, and what follows it.
    #[must_use]
    pub fn is_same(&self) -> bool {
        self.first.is_none()
    }

    /// Returns whether nothing is wrong but that the fleet lacks lines, which the mirror can give back.
    #[must_use]
    pub fn is_restorable(&self) -> bool {
        self.missing > 0 && self.other + self.damaged + self.damaged_here == 0
    }
}

impl Store {
    /// Compares each line of the mirror with the fleet's. Nothing is changed.
    pub fn check_fleet(options: &Options) -> Result<FleetCheck, StoreError> {
        check(options, &mut fleet(options)?, Work::Comparing, |_, _| Ok(()))
    }
}

/// Compares each line of the mirror with the fleet's, and hands those that the fleet lacks to `missing`. `work`
/// is what that is done for.
pub fn check(
    options: &Options,
    fleet: &mut FleetLog,
    work: Work,
    mut missing: impl FnMut(u64, &[u8]) -> Result<(), StoreError>,
) -> Result<FleetCheck, StoreError> {
    let mut lines = LocalLines::of(&mut existing(options)?)?;
    let (mut check, mut there) = (FleetCheck::default(), Pages::default());
    loop {
        let progress = lines.progress();
        let Some((_, here)) = lines.next()? else { break };
        check.lines += 1;
        let line = check.lines;
        let value = there.get(line, fleet, options)?;
        let kind = match value.as_deref() {
            Some(value) if value == here => continue,
            _ if check_id(here).is_err() => Kind::DamagedHere,
            None => Kind::Missing,
            Some(value) if check_id(value).is_err() => Kind::Damaged,
            Some(value) if written_id(value) != written_id(here) => Kind::Other,
            Some(value) => {
                let is_off = |with: &[u8], without: &[u8]| {
                    without_text(with).is_some_and(|left| left == without)
                };
                if is_off(value, here) || is_off(here, value) {
                    check.texts += 1;
                    continue;
                }
                Kind::Damaged
            }
        };
        match kind {
            Kind::Missing => {
                check.missing += 1;
                missing(line, here)?;
            }
            Kind::Other => check.other += 1,
            Kind::Damaged => check.damaged += 1,
            Kind::DamagedHere => check.damaged_here += 1,
        }
        if check.first.is_none() {
            let there = value.as_deref().and_then(written_id);
            check.first = Some(Difference { line, kind, here: written_id(here), there });
        }
        if line.is_multiple_of(1_000) {
            options.progress.report_of(work, progress);
        }
    }
    options.progress.report_of(work, lines.progress());
    if check.is_same() {
        check.ahead = super::count::lines(fleet, check.lines, options)? - check.lines;
    }
    Ok(check)
}

/// The fleet's lines, read a page at a time, whatever is wrong with them.
#[derive(Default)]
struct Pages {
    entries: std::vec::IntoIter<Entry>,
    next: Option<(u64, Vec<u8>)>,
    /// The first line that was not asked for yet.
    from: u64,
    is_end: bool,
}

impl Pages {
    /// What stands in the place of a line; each call asks for a later one.
    fn get(
        &mut self,
        line: u64,
        fleet: &mut FleetLog,
        options: &Options,
    ) -> Result<Option<Vec<u8>>, FleetError> {
        loop {
            if let Some((number, _)) = &self.next {
                return Ok(if *number == line {
                    self.next.take().map(|(_, value)| value)
                } else {
                    None
                });
            }
            match self.entries.next() {
                Some(Entry { key, value }) => {
                    let number = fleet.config().line_number(&key);
                    self.next = number.filter(|it| *it >= line).map(|it| (it, value));
                }
                None if self.is_end => return Ok(None),
                None => {
                    let config = fleet.config();
                    let from = config.key(self.from.max(line));
                    let end = Some(config.range_end());
                    let range = Range { from, end, limit: PAGE };
                    let page = fleet.etcd().range(&range, deadline(options))?;
                    let last = page.entries.last();
                    let last = last.and_then(|it| fleet.config().line_number(&it.key));
                    // Keys that are no lines', or of before, could be asked for again and again.
                    self.is_end = !page.more || last.is_none_or(|last| last < self.from.max(line));
                    self.from = last.map_or(line, |last| last.saturating_add(1));
                    self.entries = page.entries.into_iter();
                }
            }
        }
    }
}
