//! What a repair, or the forgetting of a text, changes in one piece of a log.

use std::ops::Range;

use super::{Cut, Segment};

/// What is to be done to one segment of a log.
#[derive(Debug)]
pub struct Rewrite {
    /// The segment, as it was read.
    pub segment: Segment,
    /// The lines to take out, and where they are, line ends included.
    pub cut: Vec<(Cut, Range<u64>)>,
    /// Where a CR stands before a line end, in order.
    pub returns: Vec<u64>,
    /// The texts to take off their lines, in order.
    pub texts: Vec<Range<u64>>,
    /// Whether the line end is missing behind its last line.
    pub unended: bool,
}

impl Rewrite {
    /// Nothing is to be done to a segment yet.
    #[must_use]
    pub fn of(segment: Segment) -> Self {
        let (cut, returns, texts) = (Vec::new(), Vec::new(), Vec::new());
        Self { segment, cut, returns, texts, unended: false }
    }

    /// How long the segment will be, in bytes.
    #[must_use]
    pub fn bytes_left(&self) -> u64 {
        let cut: u64 = self.left_out().iter().map(|at| at.end - at.start).sum();
        self.segment.bytes - cut + u64::from(self.needs_line_end())
    }

    /// What is not copied, in order.
    pub(crate) fn left_out(&self) -> Vec<Range<u64>> {
        let returns = self.returns.iter().map(|at| *at..*at + 1);
        let lines = self.cut.iter().map(|(_, at)| at.clone());
        let is_cut = |at: &Range<u64>| self.cut.iter().any(|(_, cut)| cut.contains(&at.start));
        let texts = self.texts.iter().filter(|at| !is_cut(at)).cloned();
        let mut left_out: Vec<_> = lines.chain(returns).chain(texts).collect();
        left_out.sort_by_key(|at| at.start);
        left_out
    }

    /// How many line ends are put back as they were.
    #[must_use]
    pub fn line_ends(&self) -> u64 {
        self.returns.len() as u64 + u64::from(self.needs_line_end())
    }

    /// Returns whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cut.is_empty() && self.texts.is_empty() && self.line_ends() == 0
    }

    /// Returns whether the last line stays, and lacks its line end.
    pub(crate) fn needs_line_end(&self) -> bool {
        let last = self.cut.last();
        self.unended && last.is_none_or(|(_, at)| at.end < self.segment.bytes)
    }
}
