//! What the events say of personas, and whether that can be.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use crate::events::{Event, FORMAT_VERSION, PersonaName, Record};
use crate::projection::Roster;
use crate::projection::graph::LineSpan;

#[derive(Debug, Default)]
pub struct Observations {
    /// Personas that were named before they existed: where first, and how often after that.
    pub nobody: BTreeMap<PersonaName, (LineSpan, u64)>,
    /// Personas that were lent while they were held: where last.
    pub lent_again: BTreeMap<PersonaName, LineSpan>,
    /// Types that this build does not know: where first, and how many events.
    pub unknown: BTreeMap<SmolStr, (LineSpan, u64)>,
    /// Format versions that this build does not know: where first, and how many events.
    pub newer: BTreeMap<u32, (LineSpan, u64)>,
}

impl Observations {
    /// Looks at an event that is about to be folded.
    pub fn observe(&mut self, roster: &Roster, record: &Record, span: LineSpan) {
        match &record.event {
            Event::Seed(_) | Event::Grow(_) | Event::Repair(_) => {}
            Event::Unknown { .. } if record.v > FORMAT_VERSION => {
                self.newer.entry(record.v).or_insert((span, 0)).1 += 1;
            }
            Event::Unknown { kind } => {
                self.unknown.entry(kind.clone()).or_insert((span, 0)).1 += 1;
            }
            event => {
                for name in event.personas() {
                    let Some(persona) = roster.get(name) else {
                        let nobody = self.nobody.entry(name.clone());
                        nobody.and_modify(|(_, more)| *more += 1).or_insert((span, 0));
                        continue;
                    };
                    if persona.is_held() && matches!(event, Event::Assign(_)) {
                        self.lent_again.insert(name.clone(), span);
                    }
                }
            }
        }
    }
}
