//! What every group measures with.

use std::path::Path;
use std::time::Duration;

use crate::Problem;
use crate::programs::{Programs, command, run};
use crate::report::{Report, Row};
use crate::sample::{Rounds, Sample, by_turns};
use crate::sync::SyncedFile;

/// The programs, the patience and the report.
#[derive(Debug)]
pub struct Bench {
    /// What is measured.
    pub programs: Programs,
    /// How often.
    pub rounds: Rounds,
    /// What came out.
    pub report: Report,
    /// Whether few repetitions and small logs will do.
    pub quick: bool,
    /// What a sync costs.
    pub synced: SyncedFile,
}

/// Times of something, beside those of what nothing can be faster than.
#[derive(Debug, Default)]
pub struct BesideFloor {
    /// What is measured.
    pub subject: Sample,
    /// A process that does nothing.
    pub empty: Sample,
    /// The append of a line, and its sync.
    pub sync: Sample,
    /// A process that does only that.
    pub floor: Sample,
}

impl Bench {
    /// Finds what it needs.
    pub fn new(quick: bool) -> Result<Self, Problem> {
        let (programs, synced) = (Programs::find()?, SyncedFile::new()?);
        Ok(Self { programs, rounds: Rounds::of(quick), report: Report::new(quick)?, quick, synced })
    }

    /// A number of events: no more than a quick run has time for.
    #[must_use]
    pub fn events(&self, wanted: usize) -> usize {
        if self.quick { wanted.min(100_000) } else { wanted }
    }

    /// Times a process that does nothing.
    pub fn empty(&self, input: &[u8]) -> Result<Duration, Problem> {
        Ok(run(&mut command(&self.programs.nothing), input)?.took)
    }

    /// Times a process that does nothing but make one line durable.
    fn least(&self, input: &[u8]) -> Result<Duration, Problem> {
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("least");
        Ok(run(command(&self.programs.nothing).arg(file), input)?.took)
    }

    /// Times a process that writes, by turns with the floor; the floor's process gets `input`.
    ///
    /// Each measured sync follows one that is not, so that none pays for what
    /// was left to the disk before it.
    pub fn beside_floor(
        &self,
        rounds: Rounds,
        input: &[u8],
        mut subject: impl FnMut() -> Result<Duration, Problem>,
    ) -> Result<BesideFloor, Problem> {
        let [subject, empty, sync, floor] = by_turns(
            rounds,
            [
                &mut || {
                    self.synced.settle()?;
                    subject()
                },
                &mut || self.empty(input),
                &mut || {
                    self.synced.settle()?;
                    Ok(self.synced.append()?)
                },
                &mut || {
                    self.synced.settle()?;
                    self.least(input)
                },
            ],
        )?;
        Ok(BesideFloor { subject, empty, sync, floor })
    }
}

impl BesideFloor {
    /// Takes in what was measured later.
    pub fn extend(&mut self, later: Self) {
        self.subject.extend(later.subject);
        self.empty.extend(later.empty);
        self.sync.extend(later.sync);
        self.floor.extend(later.floor);
    }

    /// Begins a row with these times; the ratio of the medians comes last.
    ///
    /// The ratio of the fastest tells the same, but for what else the machine was doing.
    pub fn row(&self, what: impl Into<String>) -> Row {
        let median = self.subject.median();
        Row::new(what, self.subject.len())
            .time("median", median)
            .time("median of an empty process", self.empty.median())
            .time("median of one `fdatasync`", self.sync.median())
            .time("median of the floor: a process with only that in it", self.floor.median())
            .times(
                "the floor, by the fastest of each",
                self.subject.fastest(),
                self.floor.fastest(),
            )
            .times("the floor, by the medians", median, self.floor.median())
    }
}
