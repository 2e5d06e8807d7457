//! Whose words may reach a prompt: own ones as they are written, all others when somebody says so.

use super::allowed::List;
use super::{Store, StoreError};
use crate::broker::{PromptText, prompt_texts};
use crate::events::{EventId, Log, LogError};
use crate::projection::Needs;
use crate::wording::Count;

impl<L: Log> Store<L> {
    /// The texts that can reach a prompt as things are and need to be allowed for that, each with
    /// whether it is.
    pub fn prompt_texts(&mut self) -> Result<Vec<(PromptText, bool)>, StoreError> {
        let texts = self.look(&Needs::everyone(), |store| Ok(prompt_texts(store.roster())))?;
        let with_leave = |text: PromptText| {
            let is_allowed = self.allowed.contains(text.event);
            (text, is_allowed)
        };
        Ok(texts.into_iter().map(with_leave).collect())
    }

    /// Returns whether the words of an event may reach a prompt on this machine.
    #[must_use]
    pub fn is_allowed(&self, event: EventId) -> bool {
        self.allowed.contains(event)
    }

    /// Allows the words of events to reach prompts on this machine, or takes that back.
    pub fn allow(&mut self, events: &[EventId], is_revoked: bool) -> Result<(), StoreError> {
        let _guard = self.lock()?;
        let written = self.allowed.write(events, is_revoked);
        Ok(written.map_err(LogError::io("write to", self.allowed.path()))?)
    }

    /// What is wrong with the list of what is allowed, as a clause, and whether it is read in spite of it.
    #[must_use]
    pub fn allowed_fault(&self) -> Option<(String, bool)> {
        let path = self.allowed.path();
        let path = path.display();
        match self.allowed.list() {
            List::Missing => None,
            list @ List::Own(_) => Some(list.rubbish()).filter(|lines| *lines > 0).map(|lines| {
                (
                    format!("{} of `{path}` say nothing that is understood", Count(lines, "line")),
                    true,
                )
            }),
            List::Foreign(why) => Some((format!("nothing in `{path}` counts: {why}"), false)),
            List::Unreadable(error) => Some((format!("`{path}` cannot be read: {error}"), false)),
        }
    }

    /// What the caller should know besides the answer, if nobody took it yet.
    pub fn take_notices(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notices)
    }

    /// Allows what was just recorded: nobody has to be asked about own words.
    ///
    /// It comes after the log. A crash between the two leaves texts that wait, and so does a list
    /// that cannot be written.
    pub(super) fn allow_own(&mut self, events: &[EventId]) {
        if events.is_empty() {
            return;
        }
        self.allowed.trust(events);
        if let Err(error) = self.allow(events, false) {
            let texts = Count(events.len() as u64, "recorded text");
            let wait = texts.agree("waits", "wait");
            self.notices.push(format!("{error}; {texts} {wait} for `muzzle-persona allow`"));
        }
    }

    /// Allows once what a store holds that builds without a list wrote on this machine.
    pub(super) fn allow_what_older_builds_wrote(&mut self) {
        if !self.allowed.looks_older() {
            return;
        }
        let told = self.try_to_allow_it();
        self.notices.extend(told.unwrap_or_else(|error| {
            Some(format!("what the store holds waits for `muzzle-persona allow`: {error}"))
        }));
    }

    fn try_to_allow_it(&mut self) -> Result<Option<String>, StoreError> {
        let guard = self.lock()?;
        if !self.allowed.looks_older() {
            // Another process was faster.
            return Ok(None);
        }
        let mut held = Vec::new();
        if self.allowed.was_in_use() {
            self.catch_up()?;
            if !self.load(&Needs::everyone()) {
                self.catch_up()?;
            }
            held.extend(prompt_texts(self.roster()).iter().map(|text| text.event));
        }
        let written = self.allowed.write(&held, false);
        written.map_err(LogError::io("write to", self.allowed.path()))?;
        drop(guard);
        Ok((!held.is_empty()).then(|| {
            let texts = Count(held.len() as u64, "text");
            format!(
                "the store is older than `muzzle-persona allow`, which keeps foreign words out of prompts: \
                 its {texts} may go on reaching them; `muzzle-persona allow --revoke --all` has all of them wait"
            )
        }))
    }
}
