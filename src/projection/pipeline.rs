//! Folding a long log with all processors.

use std::num::NonZero;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, Scope};

use super::view::line_ranges;
use super::{Fold, LineDamage};
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
/// `fold` gets each line decoded, with its length without its line end. A log
/// that moved is answered like a lost checkpoint: start over.
pub fn fold_ahead<E>(
    mut fold: impl FnMut(Result<Record, LineError>, usize) -> Result<Fold, LineDamage>,
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
                match fold(record, length) {
                    Ok(Fold::Done) => {}
                    other => return Ok(other),
                }
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::projection::View;
    use crate::projection::view::tests::{History, assign, release, seed};

    /// What becomes of a log that comes in batches of so many lines.
    fn folded(lines: &[String], batch: usize) -> (View, Result<Fold, LineDamage>) {
        let mut batches = lines.chunks(batch);
        let mut view = View::default();
        let next = || {
            let batch = batches.next();
            Ok::<_, ()>(batch.map_or(Next::End, |batch| Next::Lines(batch.concat().into_bytes())))
        };
        let done = fold_ahead(|line, length| view.fold_decoded(line, length), next).unwrap();
        (view, done)
    }

    fn lived() -> History {
        let work = |n: usize| {
            let session = format!("s{}", n % 7);
            let (lent, back) = (assign(&session, "w-0", "Ann", "testing"), &session);
            [lent, release(back, "w-0", "Ann", "testing", "manual")]
        };
        History::of([seed("Ann")].into_iter().chain((0..100).flat_map(work)))
    }

    #[test]
    fn batches_are_folded_in_their_order() {
        let history = lived();
        for batch in [1, 2, 7, 50, 1000] {
            let (view, done) = folded(&history.lines, batch);
            assert_eq!(done.unwrap(), Fold::Done);
            assert!(view == history.view(), "{batch}");
        }
    }

    #[test]
    fn damage_is_found_where_it_is() {
        let mut history = lived();
        history.lines[120] = history.lines[120].replacen("Ann", "Bob", 1);
        for batch in [1, 7, 1000] {
            assert_eq!(folded(&history.lines, batch).1.unwrap_err().line, 121);
        }
    }

    #[test]
    fn a_merge_and_a_log_that_moved_end_it() {
        let mut history = lived();
        history.lines.swap(150, 151);
        assert_eq!(folded(&history.lines, 7).1.unwrap(), Fold::Merged);
        let mut reads = 0;
        let next = || {
            reads += 1;
            let lines = history.lines[reads - 1].clone().into_bytes();
            Ok::<_, ()>(if reads < 4 { Next::Lines(lines) } else { Next::Moved })
        };
        assert_eq!(fold_ahead(|_, _| Ok(Fold::Done), next).unwrap().unwrap(), Fold::Lost);
        let fails = || Err::<Next, _>("the disk is gone");
        assert_eq!(fold_ahead(|_, _| Ok(Fold::Done), fails).unwrap_err(), "the disk is gone");
    }
}
