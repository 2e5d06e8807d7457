//! What was found: as much of it as is told one by one, and how much there is of each kind.

use std::collections::BTreeMap;

use serde::Serialize;

use super::fault::{Fault, Severity};
use super::finding::Finding;
use super::place::Place;

/// How many findings of a kind an audit tells one by one: a log of millions of bad lines must not take
/// a finding in memory for each.
pub const TOLD: u64 = 1_000;

/// Findings that an audit counted, and did not keep.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// How bad they are.
    pub severity: Severity,
    /// What they are, for programs.
    pub kind: &'static str,
    /// How many there are.
    pub count: u64,
}

/// The findings of an audit, the first of each kind kept.
#[derive(Debug, Default)]
pub struct Findings {
    kept: Vec<Finding>,
    /// How many there are of each kind, kept or not.
    counts: BTreeMap<(Severity, &'static str), u64>,
    /// Whether all are kept until they are taken.
    keeps_all: bool,
}

impl Findings {
    /// All findings, which somebody takes again and again.
    pub fn all() -> Self {
        Self { keeps_all: true, ..Self::default() }
    }

    /// Counts a finding, and keeps it if it is one of the first of its kind.
    pub fn add(&mut self, fault: Fault, place: impl FnOnce() -> Option<Place>) {
        let count = self.counts.entry((fault.severity(), fault.kind())).or_default();
        *count += 1;
        if self.keeps_all || *count <= TOLD {
            self.kept.push(Finding { place: place(), fault });
        }
    }

    /// Takes those that are kept, in the order of the log.
    pub fn take(&mut self) -> Vec<Finding> {
        let mut kept = std::mem::take(&mut self.kept);
        kept.sort_by_key(|finding| (finding.place.is_none(), finding.place.clone()));
        kept
    }

    /// How many of this severity were found.
    pub fn count(&self, severity: Severity) -> u64 {
        let counts = self.counts.iter().filter(|((of, _), _)| *of == severity);
        counts.map(|(_, count)| count).sum()
    }

    /// How many of each kind are not kept.
    pub fn left_out(&self) -> Vec<LeftOut> {
        if self.keeps_all {
            return Vec::new();
        }
        let left_out = self.counts.iter().filter(|(_, count)| **count > TOLD);
        left_out
            .map(|((severity, kind), count)| LeftOut {
                severity: *severity,
                kind,
                count: count - TOLD,
            })
            .collect()
    }
}
