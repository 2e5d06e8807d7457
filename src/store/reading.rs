//! Reading the log: what is new is folded, a merged log as a whole. The checkpoint saves folding
//! the log again, and can be lost at any time.

use std::{io, mem};

use super::{Store, StoreError, TRIES, UNSAVED_BY_READERS};
use crate::events::{Log, LogError, Position, Read};
use crate::projection::pipeline::fold_ahead;
use crate::projection::{Cutoff, Fold, LineDamage, Needs, View, checkpoint};

impl<L: Log> Store<L> {
    /// Reads the log without a lock.
    ///
    /// What looks like damage may be a write half seen: it is looked at once
    /// more while no writer can be at work, where that can be had.
    pub(super) fn read(&mut self) -> Result<(), StoreError> {
        match self.catch_up() {
            Err(seen @ StoreError::Log(LogError::Damaged { .. })) => {
                let Ok(_guard) = self.lock() else { return Err(seen) };
                self.forget();
                self.catch_up()
            }
            other => other,
        }
    }

    pub(super) fn catch_up(&mut self) -> Result<(), StoreError> {
        // A fold that fails leaves nothing to keep.
        let is_due = mem::take(&mut self.is_due);
        for _ in 0..TRIES {
            match self.fold_new()? {
                Fold::Done => {
                    self.is_due |= is_due;
                    return Ok(());
                }
                Fold::Merged => return self.fold_all(),
                Fold::Lost => self.forget(),
            }
        }
        Err(self.keeps_moving())
    }

    /// Folds lines that were just appended, or would be.
    pub(super) fn take_in(&mut self, lines: &[u8]) -> Result<(), StoreError> {
        self.is_due = false;
        match self.fold(lines)? {
            Fold::Done => Ok(()),
            Fold::Merged => self.fold_all(),
            Fold::Lost => {
                self.forget();
                self.catch_up()
            }
        }
    }

    fn fold(&mut self, lines: &[u8]) -> Result<Fold, LogError> {
        self.view.fold(lines).map_err(|damage| self.damaged(damage))
    }

    /// Folds what is new, up to the end of the log. A long log is read ahead and decoded on all
    /// processors while it is folded. A log that moved is like a lost checkpoint: start over.
    fn fold_new(&mut self) -> Result<Fold, LogError> {
        let Self { log, progress, view, .. } = self;
        let (mut position, mut first) = (view.position, Vec::new());
        let mut left = match log.read(&position, &mut first)? {
            Read::Lines { left: 0 } => return self.fold(&first),
            Read::Lines { left } => left,
            Read::Moved => return Ok(Fold::Lost),
        };
        let (mut first, mut moved) = (Some(first), false);
        let next = || -> Result<_, LogError> {
            let batch = match first.take() {
                Some(first) => first,
                None if left == 0 => return Ok(None),
                None => {
                    let mut batch = Vec::new();
                    match log.read(&position, &mut batch)? {
                        Read::Lines { left: more } => left = more,
                        Read::Moved => {
                            moved = true;
                            return Ok(None);
                        }
                    }
                    batch
                }
            };
            position.advance(&batch);
            progress.report_read(&position, left);
            Ok(Some(batch))
        };
        match fold_ahead(view, next)? {
            _ if moved => Ok(Fold::Lost),
            folded => folded.map_err(|damage| self.damaged(damage)),
        }
    }

    fn fold_all(&mut self) -> Result<(), StoreError> {
        let whole = self.read_all()?;
        let folded = View::fold_until(&whole, self.view.cutoff);
        self.view = folded.map_err(|damage| self.damaged(damage))?;
        self.checkpointed = 0;
        Ok(())
    }

    pub(super) fn read_all(&mut self) -> Result<Vec<u8>, StoreError> {
        let append = |whole: &mut Vec<u8>, _: &Position, lines: &[u8], left| {
            whole.reserve(lines.len() + usize::try_from(left).unwrap_or(0));
            whole.extend_from_slice(lines);
            Ok(())
        };
        Ok(self.read_through(append)?.0)
    }

    /// Hands all of the log to `take`: where each batch begins, its lines, and how many bytes are
    /// left after it. It starts over when the log is replaced meanwhile, and returns what was
    /// gathered and the end of the log.
    pub(super) fn read_through<T: Default>(
        &mut self,
        mut take: impl FnMut(&mut T, &Position, &[u8], u64) -> Result<(), LineDamage>,
    ) -> Result<(T, Position), StoreError> {
        let mut batch = Vec::new();
        for _ in 0..TRIES {
            let (mut gathered, mut position) = (T::default(), Position::START);
            while let Read::Lines { left } = self.log.read(&position, &mut batch)? {
                let taken = take(&mut gathered, &position, &batch, left);
                taken.map_err(|damage| self.damaged(damage))?;
                position.advance(&batch);
                if left == 0 {
                    return Ok((gathered, position));
                }
                self.progress.report_read(&position, left);
            }
        }
        Err(self.keeps_moving())
    }

    /// Says where in which file a line is damaged.
    pub(super) fn damaged(&self, damage: LineDamage) -> LogError {
        let (path, line) = self.log.locate(damage.line);
        LogError::Damaged { path, line, reason: damage.reason }
    }

    /// Loads what is needed from the checkpoint, and returns whether it is there.
    ///
    /// If it is not, all is forgotten: the log has to be folded again.
    pub(super) fn load(&mut self, needs: &Needs) -> bool {
        let is_loaded = self.view.roster.load(needs).is_some();
        if !is_loaded {
            self.forget();
        }
        is_loaded
    }

    /// Has what is needed in memory; reads the log again if the checkpoint is lost.
    pub(super) fn ensure(&mut self, needs: &Needs) -> Result<(), StoreError> {
        if !self.load(needs) {
            self.read().map_err(|error| self.after_recording(error))?;
            self.keep_if(self.unsaved() > UNSAVED_BY_READERS);
        }
        Ok(())
    }

    /// Writes the checkpoint anew, now.
    pub fn checkpoint(&mut self) -> io::Result<()> {
        self.forget_old_participations();
        checkpoint::write(&self.disk, &self.cache, &mut self.view)?;
        (self.checkpointed, self.is_due) = (self.view.events, false);
        Ok(())
    }

    /// Has a checkpoint keep who took part in what no longer than it counts, and for a day more:
    /// clocks are set back now and then. A rule that asks about an earlier time finds that the
    /// checkpoint cannot tell, and the log is folded again.
    pub(super) fn forget_old_participations(&mut self) {
        let since = self.rules.lifecycle.participation_since(self.now);
        self.view.roster.keep_participations_since(since.saturating_sub(86_400));
    }

    /// How many events the checkpoint lacks.
    pub(super) fn unsaved(&self) -> u64 {
        self.view.events.saturating_sub(self.checkpointed)
    }

    /// Has the checkpoint written anew, if that is called for.
    pub(super) fn keep_if(&mut self, is_called_for: bool) {
        self.is_due |= is_called_for && self.view.cutoff == Cutoff::All;
    }

    /// Begins with the checkpoint, if it is that of the log that is there.
    pub(super) fn recall(&mut self) {
        let Some(view) = checkpoint::load(&self.disk, &self.cache) else { return };
        if view.stands_in(&mut self.log) {
            self.checkpointed = view.events;
            self.view = view;
        }
    }

    /// Forgets what was read, so that it is read from the start.
    pub(super) fn forget(&mut self) {
        self.view = View::until(self.view.cutoff);
        (self.checkpointed, self.is_due) = (0, false);
    }
}
