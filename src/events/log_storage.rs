//! Where a log's bytes are kept, for whoever has to look at all of them or to write them anew.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use smol_str::SmolStr;

use super::{
    Batch, EventId, LogError, Position, Repair, Rewrite, Segment, TornTail, decode, text_of,
    text_place, written_id,
};

/// What audits, repairs, seals and the forgetting of texts need of a log, beside
/// [`Log`](super::Log).
///
/// It is the log as it is kept on this machine: segments that are sealed, then the one that is appended
/// to. What is cut out of it is kept beside it, in the quarantine.
pub trait LogStorage {
    /// The right to append, as [`Log::lock`](super::Log::lock) gives it.
    type Guard;
    /// What reads all segments through.
    type Reader: LogReader;

    /// How much of the log is there.
    fn presence(&mut self) -> Result<Presence, LogError>;

    /// Makes the place for a log that is not there yet.
    fn create(&mut self) -> Result<(), LogError>;

    /// Forgets where the segments are: they may have been replaced, and are looked for anew.
    fn look_again(&mut self);

    /// Begins to read the log through, with the segments that are there now.
    fn reader(&mut self) -> Result<Self::Reader, LogError>;

    /// Returns whether the log is still the same, and as long, as when it was read through.
    fn is_unchanged(&mut self, reader: &Self::Reader) -> Result<bool, LogError>;

    /// Keeps writers waiting, as far as that can be done without writing anything.
    fn hold(&self, wait: Duration) -> Option<Self::Guard>;

    /// Reads bytes of a segment.
    fn bytes(&self, segment: &Segment, offset: u64, length: usize) -> Result<Vec<u8>, LogError>;

    /// The bytes of the log before `end` that could be sealed.
    fn unsealed_bytes(&self, end: &Position) -> u64;

    /// Closes the segment that is appended to, and begins an empty one.
    ///
    /// `expected` is where the caller's reading ended. Answers the segment's path, its length in bytes, and
    /// what was cut from the end of the log first; or nothing when the log goes on there, or there is nothing
    /// to seal.
    fn seal(
        &mut self,
        guard: Self::Guard,
        expected: &Position,
    ) -> Result<Option<(PathBuf, u64, Option<TornTail>)>, LogError>;

    /// Keeps copies of the lines that are to be cut, and notes what is to be put on record of them;
    /// returns where the copies are, once they are durable.
    fn prepare(&self, rewrites: &[Rewrite], record: &Repair) -> Result<Vec<PathBuf>, LogError>;

    /// Writes one segment anew, under the lock; returns whether it was still the one that was read.
    fn rewrite(&mut self, rewrite: &Rewrite, guard: &Self::Guard) -> Result<bool, LogError>;

    /// What a repair was going to put on record that may not have come so far.
    fn planned(&self) -> Repair;

    /// Forgets what a repair was going to put on record, as it is there.
    fn remove_plan(&self) -> Result<(), LogError>;

    /// Takes the texts of these events, and `words` wherever they stand, out of the quarantine, under the
    /// lock; returns where any stood.
    ///
    /// What is cut may end anywhere, a text too: it is taken away up to there.
    fn clean_quarantine(
        &self,
        events: &BTreeSet<EventId>,
        words: &[Vec<u8>],
    ) -> Result<Vec<PathBuf>, LogError>;

    /// Makes durable which segment has which name.
    fn sync_all_names(&self) -> Result<(), LogError>;

    /// Finds the texts of these events, in the order of the log, and what is to be done to its segments
    /// to take them off.
    fn find_texts(
        &mut self,
        events: &BTreeSet<EventId>,
    ) -> Result<(Vec<StandingText>, Vec<Rewrite>), LogError> {
        let mut reader = self.reader()?;
        let (mut standing, mut places) = (Vec::new(), BTreeMap::<_, Vec<_>>::new());
        while let Some(batch) = reader.read()? {
            let file = reader.segments().get(batch.file).map(|it| it.name.clone());
            let (mut offset, mut line) = (batch.offset, batch.lines);
            for whole in batch.bytes.split(|byte| *byte == b'\n') {
                line += 1;
                let bytes = whole.strip_suffix(b"\r").unwrap_or(whole);
                let event = text_of(bytes).and_then(|_| written_id(bytes));
                if let Some(event) = event.filter(|event| events.contains(event))
                    && let Some(place) = text_place(bytes)
                {
                    let place = offset + place.start as u64..offset + place.end as u64;
                    places.entry(batch.file).or_default().push(place);
                    let (file, bytes) = (file.clone().unwrap_or_default(), bytes.to_vec());
                    standing.push(StandingText { event, file, line, bytes });
                }
                offset += whole.len() as u64 + 1;
            }
        }
        let rewrites = places.into_iter().filter_map(|(file, texts)| {
            let segment = reader.segments().get(file)?.clone();
            Some(Rewrite { texts, ..Rewrite::of(segment) })
        });
        Ok((standing, rewrites.collect()))
    }

    /// Takes the texts of these events off their lines, under the lock, and out of the quarantine; nothing
    /// if the segments were others by then.
    ///
    /// Whatever it is cut short by, doing it again finishes it.
    fn take_texts_off(
        &mut self,
        events: &BTreeSet<EventId>,
        guard: &Self::Guard,
    ) -> Result<Option<TextsTaken>, LogError> {
        let (standing, rewrites) = self.find_texts(events)?;
        // The log comes last: as long as a text stands there, all of it is done again.
        let quarantine = self.clean_quarantine(events, &words(&standing))?;
        let (mut bytes, mut is_done) = (0, true);
        for rewrite in &rewrites {
            is_done = is_done && self.rewrite(rewrite, guard)?;
            bytes += rewrite.segment.bytes - rewrite.bytes_left();
        }
        // Whoever did it before may have died before it was durable.
        self.sync_all_names()?;
        Ok(is_done.then_some(TextsTaken { standing, quarantine, bytes }))
    }
}

/// Reads a log through, whatever is wrong with it.
///
/// It stops at no damage: it finds the lines, and leaves it to its user what is in them.
pub trait LogReader {
    /// The segments, in the order of the log.
    fn segments(&self) -> &[Segment];

    /// How many bytes were read, and of how many.
    fn progress(&self) -> (u64, u64);

    /// Goes back to the start of the same segments.
    fn rewind(&mut self);

    /// Reads the next lines. A batch is never empty.
    fn read(&mut self) -> Result<Option<Batch>, LogError>;
}

/// How much of a log is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// Nothing.
    Absent,
    /// Sealed segments, and not the one that is appended to.
    Sealed,
    /// All of it, as far as can be seen.
    Whole,
}

/// A text that stands behind the id of a line.
#[derive(Debug)]
pub struct StandingText {
    /// Its event.
    pub event: EventId,
    /// The segment, as the store names it.
    pub file: SmolStr,
    /// The line in it, from 1.
    pub line: u64,
    /// The line, without its line end.
    pub bytes: Vec<u8>,
}

/// Texts that were taken off their lines.
#[derive(Debug)]
pub struct TextsTaken {
    /// They, as they stood in the log.
    pub standing: Vec<StandingText>,
    /// What was cut out of the log earlier and held any of them.
    pub quarantine: Vec<PathBuf>,
    /// By how many bytes the log is shorter.
    pub bytes: u64,
}

/// The words of these texts, with their keys, as a line has them.
fn words(standing: &[StandingText]) -> Vec<Vec<u8>> {
    let fields = standing.iter().filter_map(|it| decode(&it.bytes).ok()?.event.text_field());
    fields.collect::<BTreeSet<_>>().into_iter().collect()
}
