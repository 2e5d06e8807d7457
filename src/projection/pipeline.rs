//! Folding a long log with all processors.

use std::num::NonZero;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, Scope};

use super::view::line_ranges;
use super::{Fold, LineDamage, View};
use crate::events::{LineError, Record, decode};

/// The most threads that decode: beyond these, the one that folds cannot follow.
const DECODERS: usize = 4;

/// How many batches of lines may wait for each of them.
const AHEAD: usize = 2;

/// What comes next in a log that is read.
pub enum Next {
    /// Whole lines.
    Lines(Vec<u8>),
    /// Nothing.
    End,
    /// Another log.
    Moved,
}

/// A decoded line, with its length without its line end.
type Decoded = (Result<Record, LineError>, usize);

/// A thread that decodes: where the lines go in, and where the records come out.
struct Decoder {
    lines: SyncSender<Vec<u8>>,
    records: Receiver<Vec<Decoded>>,
}

impl Decoder {
    fn spawn<'scope>(scope: &'scope Scope<'scope, '_>) -> Self {
        let (lines, batches) = sync_channel::<Vec<u8>>(AHEAD);
        let (results, records) = sync_channel(AHEAD);
        scope.spawn(move || {
            for batch in batches {
                let decoded = line_ranges(&batch).map(|range| {
                    let line = batch.get(range).unwrap_or_default();
                    (decode(line), line.len())
                });
                // Whoever stops listening knows enough.
                if results.send(decoded.collect()).is_err() {
                    return;
                }
            }
        });
        Self { lines, records }
    }
}

/// Folds what `next` brings, in its order, while what comes after that is read and decoded.
///
/// A log that moved is answered like a lost checkpoint: start over.
pub fn fold_ahead<E>(
    view: &mut View,
    mut next: impl FnMut() -> Result<Next, E>,
) -> Result<Result<Fold, LineDamage>, E> {
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    thread::scope(|scope| {
        let decoders: Vec<_> =
            (0..processors.min(DECODERS)).map(|_| Decoder::spawn(scope)).collect();
        let (mut sent, mut folded, mut ended) = (0, 0, false);
        let turn = |batch: usize| decoders.get(batch % decoders.len());
        loop {
            while !ended && sent - folded < AHEAD * decoders.len() {
                match next()? {
                    Next::Lines(lines) => {
                        let sent_off = turn(sent).map(|decoder| decoder.lines.send(lines));
                        ended = !matches!(sent_off, Some(Ok(())));
                        sent += 1;
                    }
                    Next::End => ended = true,
                    Next::Moved => return Ok(Ok(Fold::Lost)),
                }
            }
            if folded == sent {
                return Ok(Ok(Fold::Done));
            }
            // A decoder that panicked sends nothing; the scope passes its panic on.
            let Some(Ok(records)) = turn(folded).map(|decoder| decoder.records.recv()) else {
                return Ok(Ok(Fold::Lost));
            };
            folded += 1;
            for (record, length) in records {
                match view.fold_decoded(record, length) {
                    Ok(Fold::Done) => {}
                    other => return Ok(other),
                }
            }
        }
    })
}
