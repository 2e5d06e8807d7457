//! What one view says otherwise than another of the same lines, in words.

use std::collections::BTreeSet;

use super::{Needs, Persona, Roster, View};
use crate::wording::quoted;

/// How many personas are named.
const NAMED: usize = 5;

/// What comes of holding a checkpoint to the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Comparison {
    /// They say the same.
    Same,
    /// They say otherwise of this.
    Differs(String),
}

impl View {
    /// Reads the rest of the checkpoint that this view is of, and compares it with `log`, the fold of
    /// the same lines. `None` is that of a checkpoint that cannot be read.
    pub(crate) fn compare_with(&mut self, log: &Self) -> Option<Comparison> {
        let stored = self.roster.stored.clone();
        self.roster.load(&Needs::everything())?;
        // What the log does not say any more was said when the checkpoint was taken.
        self.roster.forget_unsaid(&log.roster);
        // What a choice reads first is kept beside the details, and says the same once more.
        let is_indexed = || stored.is_none_or(|it| it.is_index_of(&log.roster.personas()));
        Some(if let Some(difference) = self.roster.difference(&log.roster) {
            Comparison::Differs(difference)
        } else if self != log {
            Comparison::Differs("how far in which history it was taken".to_owned())
        } else if !is_indexed() {
            Comparison::Differs("what a choice looks up first".to_owned())
        } else {
            Comparison::Same
        })
    }
}

impl Roster {
    fn difference(&self, log: &Self) -> Option<String> {
        if self.names != log.names {
            let lacks = |one: &Self, other: &Self| -> Vec<_> {
                let known: BTreeSet<_> = other.names.iter().collect();
                let names = one.names.iter().filter(|name| !known.contains(name));
                names.take(NAMED).cloned().collect()
            };
            return Some(match (&lacks(self, log)[..], &lacks(log, self)[..]) {
                ([], []) => "the order in which the personas were created".to_owned(),
                ([], lost) => format!("{}, which it does not have", quoted(lost)),
                (made_up, _) => format!("{}, which the log does not have", quoted(made_up)),
            });
        }
        let pairs = self.personas().into_iter().zip(log.personas());
        let differing = pairs.filter(|(it, log)| it != log).take(NAMED);
        let told: Vec<_> = differing
            .map(|(it, log)| format!("the {} of `{}`", it.differing_parts(log), it.name()))
            .collect();
        if !told.is_empty() {
            return Some(told.join(", "));
        }
        let parts = [
            (self.by_name != log.by_name, "the order of names"),
            (self.sessions != log.sessions, "the sessions that hold personas"),
            (self.totals != log.totals, "its totals"),
            (self.judgements != log.judgements, "what was judged"),
            (self.participations != log.participations, "who took part in what"),
        ];
        parts.into_iter().find_map(|(differs, what)| differs.then(|| what.to_owned()))
    }
}

impl Persona {
    fn differing_parts(&self, log: &Self) -> String {
        let parts = [
            (self.definition != log.definition, "definition"),
            (self.status != log.status, "status"),
            (self.leases != log.leases, "open slots"),
            (self.roles != log.roles, "record"),
            (self.lessons != log.lessons || self.withdrawn != log.withdrawn, "lessons"),
            (self.notes != log.notes, "notes"),
        ];
        let named: Vec<_> = parts.into_iter().filter_map(|(is, name)| is.then_some(name)).collect();
        if named.is_empty() { "history".to_owned() } else { named.join(" and ") }
    }
}
