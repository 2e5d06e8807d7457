//! Taking forgotten texts off their lines, and out of everything else that the store keeps.

use std::path::PathBuf;

use serde::Serialize;
use smol_str::SmolStr;

use super::{Store, StoreError, TRIES};
use crate::events::{EventId, Log, LogStorage as _, StandingText, TextsTaken, without_text};
use crate::projection::checkpoint;

/// A text that was forgotten, and stands in the log.
#[derive(Debug, Clone, Serialize)]
pub struct ForgottenText {
    /// Its event.
    pub event: EventId,
    /// The file, as the store names it.
    pub file: SmolStr,
    /// The line in it, from 1.
    pub line: u64,
    /// The line with it, as text; nothing once it was taken off.
    pub before: Option<String>,
    /// The line without it.
    pub after: Option<String>,
}

/// What was taken away.
#[derive(Debug, Default)]
pub struct TakenAway {
    /// The texts that stood in the log, in its order.
    pub texts: Vec<ForgottenText>,
    /// What was cut out of the log earlier and held any of them.
    pub quarantine: Vec<PathBuf>,
}

impl<L: Log> Store<L> {
    /// Finds the texts that stand in the log and were forgotten, those of the roster as it is here.
    pub fn standing_texts(&mut self) -> Result<Vec<ForgottenText>, StoreError> {
        let (standing, _) = self.log.storage().find_texts(self.view.roster.forgotten())?;
        let shown = |bytes: &[u8]| Some(String::from_utf8_lossy(bytes).into_owned());
        let texts = standing.into_iter().map(|it| ForgottenText {
            before: shown(&it.bytes),
            after: without_text(&it.bytes).and_then(|left| shown(&left)),
            ..ForgottenText::of(&it)
        });
        Ok(texts.collect())
    }

    /// Takes all texts that were forgotten off their lines, every other byte staying as it is, and
    /// out of what was cut out of the log and the checkpoint.
    ///
    /// Whatever it is cut short by, doing it again finishes it.
    pub fn take_texts_away(&mut self) -> Result<TakenAway, StoreError> {
        self.try_to_take_texts_away().map_err(|error| StoreError::TextStands(Box::new(error)))
    }

    fn try_to_take_texts_away(&mut self) -> Result<TakenAway, StoreError> {
        for _ in 0..TRIES {
            let guard = self.lock()?;
            self.catch_up()?;
            self.check_version()?;
            let forgotten = self.view.roster.forgotten().clone();
            checkpoint::remove(&self.disk, &self.cache)?;
            let taken = self.log.storage().take_texts_off(&forgotten, &guard)?;
            // Who had read the log before may have written another.
            checkpoint::remove(&self.disk, &self.cache)?;
            drop(guard);
            self.forget();
            self.read()?;
            // In place of one that this process may have left to be written before.
            self.is_due = true;
            if let Some(TextsTaken { standing, quarantine, .. }) = taken {
                let texts = standing.iter().map(ForgottenText::of).collect();
                return Ok(TakenAway { texts, quarantine });
            }
        }
        Err(self.keeps_moving())
    }
}

impl ForgottenText {
    pub(super) fn of(StandingText { event, file, line, .. }: &StandingText) -> Self {
        Self { event: *event, file: file.clone(), line: *line, before: None, after: None }
    }
}
