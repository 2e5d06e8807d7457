//! The second reading of a log whose lines have to be folded in another order than they stand in, or
//! in which something is wrong: the sound lines, kept in memory, and what is between them.

use std::collections::BTreeSet;

use super::Auditor;
use crate::events::{Batch, EventId, possible_ids};

/// The sound lines of a log, one after the other; those that are not sound are not kept.
#[derive(Debug, Default)]
pub struct SoundLines {
    bytes: Vec<u8>,
    /// Where each line of the graph begins in them.
    starts: Vec<usize>,
}

impl SoundLines {
    /// A line of the graph, by its index, without its line end.
    pub fn get(&self, at: usize) -> Option<&[u8]> {
        let start = *self.starts.get(at)?;
        let end = self.starts.get(at + 1).map_or(self.bytes.len(), |next| *next);
        self.bytes.get(start..end - 1)
    }

    /// All of them.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl Auditor {
    /// Begins to read the same files again.
    pub fn begin_again(&mut self) {
        self.graph.index();
        if !self.bad_files.is_empty() {
            let missing = self.graph.ancestry().missing.into_keys();
            let heads = self.checkpoint.heads().iter().copied();
            let heads = heads.filter(|id| self.graph.find(*id).is_none());
            self.suspects = missing.chain(heads).collect();
        }
        self.sound = SoundLines::default();
    }

    /// Takes a batch that was read again: keeps the lines of the graph, and looks whether the others may
    /// have been the events that are missing.
    pub fn take_again(&mut self, batch: &Batch) {
        let mut gap = 0;
        while let Some(span) = self.graph.get(self.sound.starts.len()).map(|node| node.span) {
            let start = span.offset.checked_sub(batch.offset).filter(|_| span.file == batch.file);
            let Some(start) = start.and_then(|start| usize::try_from(start).ok()) else { break };
            let Some(line) = batch.bytes.get(start..start + span.length) else { break };
            self.sound.starts.push(self.sound.bytes.len());
            self.sound.bytes.extend_from_slice(line);
            self.sound.bytes.push(b'\n');
            let between = batch.bytes.get(gap..start).unwrap_or_default();
            look_for(&self.suspects, between, &mut self.bad_ids);
            gap = start + span.length;
        }
        let rest = batch.bytes.get(gap..).unwrap_or_default();
        look_for(&self.suspects, rest, &mut self.bad_ids);
    }
}

/// Adds the ids that lines which are not sound say they have, or that their bytes have, to those that
/// are found, as far as an event of that id is missing.
fn look_for(suspects: &BTreeSet<EventId>, lines: &[u8], found: &mut BTreeSet<EventId>) {
    if suspects.is_empty() || lines.len() < 2 {
        return;
    }
    for line in lines.split(|byte| *byte == b'\n') {
        let ids = possible_ids(line).into_iter().flatten();
        found.extend(ids.filter(|id| suspects.contains(id)));
    }
}
