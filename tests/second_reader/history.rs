//! The events of a log, each once, in their order.

use std::collections::{BTreeMap, BTreeSet};

use crate::event::Event;
use crate::fact::Fact;

/// A history whose ancestry is whole.
#[derive(Debug)]
pub struct History {
    /// In the order (`seq`, `at`, `id`).
    pub events: Vec<Event>,
    /// The ids that no event follows, sorted.
    pub heads: Vec<String>,
}

impl History {
    /// Takes lines in any order, however often each is there.
    pub fn of(lines: Vec<Event>) -> Result<Self, String> {
        let mut by_id = BTreeMap::<_, Event>::new();
        for event in lines {
            let known = by_id.entry(event.id.clone()).or_insert_with(|| event.clone());
            // One copy of a line may have lost its text.
            known.text = known.text.take().or(event.text);
        }
        let vouched = vouched(by_id.values());
        for event in by_id.values() {
            check_ancestry(event, &by_id, &vouched)
                .map_err(|reason| format!("the event `{}`: {reason}", event.id))?;
        }
        let followed: BTreeSet<_> = by_id.values().flat_map(|event| event.prev.clone()).collect();
        let heads = by_id.keys().filter(|id| !followed.contains(*id)).cloned().collect();
        let mut events: Vec<_> = by_id.into_values().collect();
        events.sort_by(|a, b| (a.seq, a.at, &a.id).cmp(&(b.seq, b.at, &b.id)));
        Ok(Self { events, heads })
    }

    /// The words that stand behind ids, but for those that are forgotten.
    pub fn texts(&self) -> BTreeMap<&str, &str> {
        let forgotten = |id: &String| {
            let is_it = |it: &Event| matches!(&it.fact, Fact::Forgotten { event } if event == id);
            self.events.iter().any(is_it)
        };
        let said = self.events.iter().filter(|event| !forgotten(&event.id));
        said.filter_map(|event| Some((&*event.id, event.text.as_deref()?))).collect()
    }
}

/// The events that repairs know to be missing.
fn vouched<'a>(events: impl Iterator<Item = &'a Event>) -> BTreeSet<String> {
    let mut vouched = BTreeSet::new();
    for event in events {
        if let Fact::Repaired { missing } = &event.fact {
            vouched.extend(missing.iter().cloned());
        }
    }
    vouched
}

/// Checks that an event's parents are there, and that its depth is one more than theirs.
fn check_ancestry(
    event: &Event,
    by_id: &BTreeMap<String, Event>,
    vouched: &BTreeSet<String>,
) -> Result<(), String> {
    let mut depth = Some(1);
    let mut below_a_gap = false;
    for parent in &event.prev {
        match by_id.get(parent) {
            Some(parent) => {
                depth = depth.and_then(|depth: u64| Some(depth.max(parent.seq.checked_add(1)?)));
            }
            None if vouched.contains(parent) => below_a_gap = true,
            None => return Err(format!("its parent `{parent}` is not there")),
        }
    }
    match depth {
        Some(depth) if event.seq == depth || (below_a_gap && event.seq > depth) => Ok(()),
        Some(depth) => Err(format!("its `seq` is {}, and not {depth}", event.seq)),
        None => Err("no line can follow its parent".to_owned()),
    }
}
