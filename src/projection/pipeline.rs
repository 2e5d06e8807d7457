//! Working through a long log with all processors.

use std::num::NonZero;
use std::sync::mpsc::sync_channel;
use std::thread;

use super::line::line_ranges;
use super::{Fold, LineDamage, View};
use crate::events::{LineError, Record, decode};

/// The most threads that work: beyond these, the one that takes the results cannot follow.
const WORKERS: usize = 4;

/// How many batches may wait for each of them.
const AHEAD: usize = 2;

/// Works on what `next` brings, and hands the results to `take` in the same order, while what
/// comes after that is read and worked on. It ends with the first error of either.
pub fn in_order<B: Send, R: Send, E>(
    mut next: impl FnMut() -> Result<Option<B>, E>,
    work: impl Fn(B) -> R + Sync,
    mut take: impl FnMut(R) -> Result<(), E>,
) -> Result<(), E> {
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    thread::scope(|scope| {
        let spawn = |_| {
            let (batches, waiting) = sync_channel::<B>(AHEAD);
            let (done, results) = sync_channel(AHEAD);
            let work = &work;
            // A receiver that stops listening ends the thread.
            scope.spawn(move || waiting.iter().try_for_each(|batch| done.send(work(batch))));
            (batches, results)
        };
        let workers: Vec<_> = (0..processors.min(WORKERS)).map(spawn).collect();
        let (mut sent, mut taken, mut ended) = (0, 0, false);
        let turn = |batch: usize| workers.get(batch % workers.len());
        loop {
            while !ended && sent - taken < AHEAD * workers.len() {
                match next()? {
                    Some(batch) => {
                        let sent_off = turn(sent).map(|(batches, _)| batches.send(batch));
                        ended = !matches!(sent_off, Some(Ok(())));
                        sent += 1;
                    }
                    None => ended = true,
                }
            }
            if taken == sent {
                return Ok(());
            }
            // A worker that panicked sends nothing; the scope passes its panic on.
            let Some(Ok(result)) = turn(taken).map(|(_, results)| results.recv()) else {
                return Ok(());
            };
            taken += 1;
            take(result)?;
        }
    })
}

/// Folds what `next` brings, in its order, while what comes after that is read and decoded.
pub fn fold_ahead<E>(
    view: &mut View,
    mut next: impl FnMut() -> Result<Option<Vec<u8>>, E>,
) -> Result<Result<Fold, LineDamage>, E> {
    let mut folded = Ok(Fold::Done);
    let decode = |lines: Vec<u8>| decode_lines(&lines);
    let stopped = in_order(
        || next().map_err(Some),
        decode,
        |lines: Vec<_>| {
            for (decoded, length) in lines {
                folded = view.fold_decoded(decoded, length);
                if !matches!(folded, Ok(Fold::Done)) {
                    return Err(None);
                }
            }
            Ok(())
        },
    );
    match stopped {
        Err(Some(error)) => Err(error),
        Err(None) | Ok(()) => Ok(folded),
    }
}

/// Decodes lines, each with its length without its line end, up to the first that is wrong: what
/// comes after it is not folded, and a file of line ends alone has a million of them in a batch.
fn decode_lines(lines: &[u8]) -> Vec<(Result<Record, LineError>, usize)> {
    let mut is_sound = true;
    let decode_next = |range| {
        let line = lines.get(range).unwrap_or_default();
        let decoded = is_sound.then(|| (decode(line), line.len()))?;
        is_sound = decoded.0.is_ok();
        Some(decoded)
    };
    line_ranges(lines).map_while(decode_next).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::projection::view::tests::{History, assign, release, seed};

    /// What becomes of a log that comes in batches of so many lines.
    fn folded(lines: &[String], batch: usize) -> (View, Result<Fold, LineDamage>) {
        let mut batches = lines.chunks(batch);
        let mut view = View::default();
        let next = || Ok::<_, ()>(batches.next().map(|batch| batch.concat().into_bytes()));
        let done = fold_ahead(&mut view, next).unwrap();
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
    fn a_merge_and_an_error_end_it() {
        let mut history = lived();
        history.lines.swap(150, 151);
        assert_eq!(folded(&history.lines, 7).1.unwrap(), Fold::Merged);
        let mut reads = 0;
        let next = || {
            reads += 1;
            let lines = history.lines[reads - 1].clone().into_bytes();
            if reads < 4 { Ok(Some(lines)) } else { Err(()) }
        };
        let failed = fold_ahead(&mut View::default(), next);
        assert!(failed.is_err());
        let fails = || Err("the disk is gone");
        let failed = fold_ahead(&mut View::default(), fails);
        assert!(matches!(failed, Err("the disk is gone")));
    }
}
