//! The checkpoint of a store: it saves folding the log, and can be lost at any time.

use std::io;

use super::{Store, StoreError, UNSAVED_BY_READERS};
use crate::events::Log;
use crate::projection::{Cutoff, Needs, View, checkpoint};

impl<L: Log> Store<L> {
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
            self.keep(UNSAVED_BY_READERS);
        }
        Ok(())
    }

    /// Writes the checkpoint anew, now.
    pub fn checkpoint(&mut self) -> io::Result<()> {
        checkpoint::write(&self.disk, &self.cache, &mut self.view)?;
        (self.checkpointed, self.is_due) = (self.view.events, false);
        Ok(())
    }

    /// Has the checkpoint written anew if it lacks more than so many events.
    pub(super) fn keep(&mut self, lacks: u64) {
        let is_present = self.view.cutoff == Cutoff::All;
        self.is_due |= is_present && self.view.events.saturating_sub(self.checkpointed) > lacks;
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
