//! The ways to choose a persona for a job.

use std::cmp::Reverse;

use muzzle_persona::broker::{Ranked, Role, Rules, rank};
use serde::Serialize;

use crate::cast::Cast;
use crate::diary::Diary;
use crate::job::Job;

/// A way to choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Chooser {
    /// Anybody who is free.
    Random,
    /// Who knows the field and was idle longest.
    LongestIdle,
    /// The model `share`.
    Share,
    /// The model `record`, with verdicts only.
    Record,
    /// The model `record`, with outcomes as well.
    RecordAndOutcomes,
    /// The highest sum of score and doubt in the model `record`, with verdicts only.
    Ucb,
}

impl Chooser {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Random,
        Self::LongestIdle,
        Self::Share,
        Self::Record,
        Self::RecordAndOutcomes,
        Self::Ucb,
    ];

    /// What it is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Random => "random",
            Self::LongestIdle => "longest idle",
            Self::Share => "share",
            Self::Record => "record",
            Self::RecordAndOutcomes => "record + outcomes",
            Self::Ucb => "UCB",
        }
    }

    /// Returns whether it reads the log.
    pub const fn reads(self) -> bool {
        match self {
            Self::Random | Self::LongestIdle => false,
            Self::Share | Self::Record | Self::RecordAndOutcomes | Self::Ucb => true,
        }
    }
}

/// What there is to choose by.
#[derive(Debug)]
pub struct Choice<'a> {
    /// Who there is.
    pub cast: &'a Cast,
    /// The job.
    pub job: &'a Job,
    /// Its role.
    pub role: &'a Role,
    /// What happened so far; empty for those that do not read.
    pub diary: &'a Diary,
    /// The job that each persona did last.
    pub last: &'a [Option<usize>],
}

impl Choice<'_> {
    /// The position of the persona that is chosen.
    pub fn by(&self, chooser: Chooser) -> Option<usize> {
        match chooser {
            // They come in random order.
            Chooser::Random => self.job.free.first().copied(),
            Chooser::LongestIdle => self.longest_idle(),
            Chooser::Share => self.first(&self.cast.share),
            Chooser::Record | Chooser::RecordAndOutcomes => self.first(&self.cast.record),
            Chooser::Ucb => self.boldest(),
        }
    }

    fn longest_idle(&self) -> Option<usize> {
        let knows = |at: usize| {
            self.cast.personas.get(at).is_some_and(|persona| Cast::knows(persona, self.role))
        };
        let last = |at: usize| self.last.get(at).copied().flatten();
        self.job.free.iter().copied().min_by_key(|at| (Reverse(knows(*at)), last(*at), *at))
    }

    /// The ranking of those who are free, as `assign` makes it.
    fn ranking(&self, rules: &Rules) -> Vec<Ranked<'_>> {
        let Role { name, expertise, .. } = self.role;
        let all = self.diary.view.roster.candidates_for(name, expertise).enumerate();
        let free = all.filter(|(at, _)| self.job.free.contains(at)).map(|(_, it)| it);
        rank(free, self.role, &rules.scoring, self.diary.now)
    }

    fn first(&self, rules: &Rules) -> Option<usize> {
        let ranking = self.ranking(rules);
        self.cast.position(ranking.first()?.0.name)
    }

    /// Who could be the best: the upper confidence bound is one standard deviation above the mean.
    fn boldest(&self) -> Option<usize> {
        let ranking = self.ranking(&self.cast.record);
        let bound = |(_, score): &Ranked<'_>| {
            score.total.as_f64() + score.doubt.unwrap_or_default().as_f64()
        };
        // Of equals, the last in this direction is the first in the ranking.
        let best = ranking.iter().rev().max_by(|a, b| bound(a).total_cmp(&bound(b)))?;
        self.cast.position(best.0.name)
    }
}
