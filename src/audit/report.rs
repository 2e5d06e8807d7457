//! What an audit came to.

use serde::Serialize;

use super::{Auditor, Finding, Severity};
use crate::events::{EventId, Heads, IdPrefix};

/// What an audit found, and what it counted.
#[derive(Debug, Serialize)]
pub struct Audit {
    /// What was found, in the order of the log.
    pub findings: Vec<Finding>,
    /// The heads that were asked about.
    #[serde(rename = "noted_heads")]
    pub noted: Vec<NotedHead>,
    /// The ends of the history.
    pub heads: Heads,
    /// The events, each once.
    pub events: u64,
    /// The whole lines.
    pub lines: u64,
    /// The bytes of all files.
    pub bytes: u64,
    /// The files.
    pub files: u64,
    /// The lines that stand in the log before.
    #[serde(rename = "repeated_lines")]
    pub repeated: u64,
    /// The lines that repairs have cut out.
    #[serde(rename = "cut_lines")]
    pub cut: u64,
    /// The events that are missing, and that repairs vouch for.
    #[serde(rename = "mended_gaps")]
    pub gaps: u64,
}

/// A head that was noted earlier.
#[derive(Debug, Serialize)]
pub struct NotedHead {
    /// What was noted of its id.
    #[serde(rename = "head")]
    pub noted: IdPrefix,
    /// The event, if the history contains it.
    #[serde(rename = "id")]
    pub event: Option<EventId>,
}

/// Several events could be the head that was noted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` begins the ids of several events")]
pub struct AmbiguousHead(pub IdPrefix);

impl Audit {
    /// Returns whether nothing is damaged.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.count(Severity::Damage) == 0
    }

    /// How many findings of this severity there are.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.fault.severity() == severity).count()
    }
}

impl Auditor {
    /// Ends the audit, and looks for heads that were noted earlier.
    pub fn finish(mut self, noted: &[IdPrefix]) -> Result<Audit, AmbiguousHead> {
        self.graph.index();
        // A repeated line of a repair says nothing new.
        let mut repairs = std::mem::take(&mut self.graph.repairs);
        repairs.retain(|(at, _)| self.graph.is_first(*at));
        self.graph.repairs = repairs;
        let ancestry = self.graph.ancestry();
        let recorded = self.graph.recorded_missing(|_| true);
        self.report_ancestry(&ancestry, &recorded);
        self.report_line_ends_and_repeats();
        self.report_repairs(&ancestry, &recorded);
        self.report_observations();
        self.report_names();
        let is_known = |id: &EventId| self.bad_ids.contains(id) || recorded.contains_key(id);
        self.findings.extend(self.checkpoint.finding(&self.graph, self.bytes, is_known));
        let noted = self.find_noted(noted, &recorded)?;
        self.findings.sort_by_key(|finding| (finding.place.is_none(), finding.place.clone()));
        let is_gap = |id: &&EventId| self.graph.find(**id).is_none();
        Ok(Audit {
            heads: ancestry.heads(&self.graph),
            events: self.graph.events() as u64,
            lines: self.lines,
            bytes: self.bytes,
            files: self.segments.len() as u64,
            repeated: self.graph.repeats().count() as u64,
            cut: self.graph.repairs.iter().map(|(_, repair)| repair.cut.len() as u64).sum(),
            gaps: recorded.keys().filter(is_gap).count() as u64,
            findings: self.findings,
            noted,
        })
    }
}
