//! What the events say of personas, and whether that can be.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use super::ledger::Spot;
use crate::events::{Event, FORMAT_VERSION, PersonaName, Record};
use crate::projection::Roster;

/// What was seen of the personas while the events were folded.
#[derive(Debug, Default)]
pub(super) struct People {
    /// Personas that were named before they existed: where first, and how often after that.
    pub nobody: BTreeMap<PersonaName, (Spot, u64)>,
    /// Personas that were lent while they were held: where last.
    pub lent_again: BTreeMap<PersonaName, Spot>,
    /// Types that this build does not know: where first, and how many events.
    pub unknown: BTreeMap<SmolStr, (Spot, u64)>,
    /// Format versions that this build does not know: where first, and how many events.
    pub newer: BTreeMap<u32, (Spot, u64)>,
}

impl People {
    /// Looks at an event that is about to be folded.
    pub fn observe(&mut self, roster: &Roster, record: &Record, spot: Spot) {
        match &record.event {
            Event::Seed(_) | Event::Grow(_) | Event::Repair(_) => {}
            Event::Assign(assign) => {
                for slot in &assign.slots {
                    if self.find(roster, &slot.persona, spot) == Held::Yes {
                        self.lent_again.insert(slot.persona.clone(), spot);
                    }
                }
            }
            Event::Revise(_)
            | Event::Release(_)
            | Event::Feedback(_)
            | Event::Retire(_)
            | Event::Reactivate(_)
            | Event::Compact(_) => {
                for persona in record.event.personas() {
                    self.find(roster, persona, spot);
                }
            }
            Event::Unknown(_) if record.v > FORMAT_VERSION => {
                self.newer.entry(record.v).or_insert((spot, 0)).1 += 1;
            }
            Event::Unknown(unknown) => {
                self.unknown.entry(unknown.kind.clone()).or_insert((spot, 0)).1 += 1;
            }
        }
    }

    /// Looks whether a persona that is named exists, and is held.
    fn find(&mut self, roster: &Roster, name: &PersonaName, spot: Spot) -> Held {
        match roster.get(name) {
            Some(persona) if persona.is_held() => return Held::Yes,
            Some(_) => {}
            None => match self.nobody.get_mut(name) {
                Some((_, more)) => *more += 1,
                None => {
                    self.nobody.insert(name.clone(), (spot, 0));
                }
            },
        }
        Held::No
    }
}

/// Whether a persona is held.
#[derive(PartialEq, Eq)]
enum Held {
    Yes,
    No,
}
