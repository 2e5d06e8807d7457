//! What other numbers would have chosen.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;

use super::Rules;
use super::four_eyes::Participants;
use super::lending::pool;
use crate::events::{
    Assign, AssignedSlot, ChoiceReason, Event, PersonaName, ReactivateReason, Record,
    ReleaseReason, RoleName, SessionId, Slot,
};
use crate::projection::{Roster, WorkScope};

/// The recorded requests of a log, each decided again by other rules from the personas as they
/// were then.
///
/// What happened afterwards stays what happened: each choice is looked at alone.
#[derive(Debug)]
pub struct Replay<'a> {
    rules: &'a Rules,
    roster: Roster,
    /// What was recorded at this moment, maybe by a command that goes on to lend.
    moment: Timestamp,
    summoned: BTreeSet<PersonaName>,
    grown: BTreeSet<PersonaName>,
    kept: BTreeSet<(SessionId, Slot)>,
    roles: BTreeMap<RoleName, RoleReplay>,
    differing: Vec<Differing>,
    /// The verdicts of each persona and role: positive less negative, after each of them.
    verdicts: BTreeMap<(PersonaName, RoleName), Vec<i64>>,
}

/// A choice that would have been another.
#[derive(Debug)]
struct Differing {
    role: RoleName,
    recorded: (PersonaName, usize),
    other: (PersonaName, usize),
}

/// How many choices for a role there were.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct RoleReplay {
    /// Those of which there was more than one candidate.
    pub choices: u64,
    /// Those that would have been another.
    pub differ: u64,
}

/// What a replay found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Replayed {
    /// By role, as the other rules resolve what was asked for.
    pub roles: BTreeMap<RoleName, RoleReplay>,
    /// Of the choices that would have been others: the verdicts that came later in the role speak
    /// for the persona that was lent.
    pub for_recorded: u64,
    /// They speak for the other.
    pub for_other: u64,
    /// They speak for neither.
    pub undecided: u64,
}

impl<'a> Replay<'a> {
    /// A replay by these rules, before any event.
    #[must_use]
    pub fn new(rules: &'a Rules) -> Self {
        Self {
            rules,
            roster: Roster::default(),
            moment: Timestamp::MIN,
            summoned: BTreeSet::new(),
            grown: BTreeSet::new(),
            kept: BTreeSet::new(),
            roles: BTreeMap::new(),
            differing: Vec::new(),
            verdicts: BTreeMap::new(),
        }
    }

    /// Takes the next event in fold order; its choices are looked at if they count.
    pub fn follow(&mut self, record: &Record, counts: bool) {
        if record.at != self.moment {
            // One command has one moment.
            self.moment = record.at;
            (self.summoned, self.grown, self.kept) = Default::default();
        }
        match &record.event {
            Event::Assign(assign) if counts => self.choose(record.at, assign),
            Event::Grow(it) => {
                self.grown.insert(it.name.clone());
            }
            Event::Reactivate(it) if it.reason == ReactivateReason::Summon => {
                self.summoned.insert(it.persona.clone());
            }
            Event::Release(it) if it.reason == ReleaseReason::Manual => {
                let slots = it.slots.iter().map(|slot| (it.session.clone(), slot.slot.clone()));
                self.kept.extend(slots);
            }
            Event::Feedback(it) => {
                let of = (it.persona.clone(), it.role.clone());
                let sums = self.verdicts.entry(of).or_default();
                let before = sums.last().copied().unwrap_or_default();
                sums.push(before + it.sentiment.sign());
            }
            Event::Seed(_)
            | Event::Revise(_)
            | Event::Assign(_)
            | Event::Release(_)
            | Event::Delivery(_)
            | Event::Outcome(_)
            | Event::Lesson(_)
            | Event::Unlearn(_)
            | Event::Note(_)
            | Event::Retract(_)
            | Event::Forget(_)
            | Event::Retire(_)
            | Event::Reactivate(_)
            | Event::Compact(_)
            | Event::Repair(_)
            | Event::Unknown { .. } => {}
        }
        self.roster.apply(record);
    }

    fn choose(&mut self, at: Timestamp, assign: &Assign) {
        // Those that the command grew were not there when it chose.
        let grown = assign.slots.iter().filter(|slot| self.is_grown(slot));
        let mut taken: BTreeSet<_> = grown.map(|slot| slot.persona.clone()).collect();
        for slot in &assign.slots {
            if self.is_choice(assign, slot) {
                let role = self.rules.roles.resolve(slot.requested.as_str());
                let is_taken = |name: &PersonaName| taken.contains(name);
                let none = BTreeSet::new();
                let scope = WorkScope::of(assign);
                let participants = Participants::of(&self.roster, self.rules, role, scope, at);
                let ranked = pool(&participants, at, role, &none, is_taken, true);
                let best =
                    ranked.first().map(|(it, _)| it.name.clone()).filter(|_| ranked.len() > 1);
                if let Some(best) = best {
                    self.compare(&role.name, slot, best);
                }
            }
            taken.insert(slot.persona.clone());
        }
    }

    /// Returns whether the broker chose, rather than that the agent kept or named its persona.
    fn is_choice(&self, assign: &Assign, slot: &AssignedSlot) -> bool {
        match slot.by {
            Some(ChoiceReason::BestFree | ChoiceReason::BroughtBack) => true,
            Some(
                ChoiceReason::Grown
                | ChoiceReason::Reused
                | ChoiceReason::Kept
                | ChoiceReason::Summoned,
            ) => false,
            // An older line, of which the events before it tell.
            None => {
                let place = (assign.session.clone(), slot.slot.clone());
                let is_named = self.summoned.contains(&slot.persona) || self.kept.contains(&place);
                !is_named && !self.is_grown(slot)
            }
        }
    }

    fn is_grown(&self, slot: &AssignedSlot) -> bool {
        slot.by.map_or(self.grown.contains(&slot.persona), |by| by == ChoiceReason::Grown)
    }

    fn compare(&mut self, role: &RoleName, slot: &AssignedSlot, best: PersonaName) {
        let counts = self.roles.entry(role.clone()).or_default();
        counts.choices += 1;
        if best != slot.persona {
            counts.differ += 1;
            let so_far = |name: PersonaName| {
                let given = self.verdicts.get(&(name.clone(), role.clone())).map_or(0, Vec::len);
                (name, given)
            };
            let (recorded, other) = (so_far(slot.persona.clone()), so_far(best));
            self.differing.push(Differing { role: role.clone(), recorded, other });
        }
    }

    /// What was found, once the log is at its end.
    #[must_use]
    pub fn finish(self) -> Replayed {
        let later = |(name, given): &(PersonaName, usize), role: &RoleName| {
            let Some(sums) = self.verdicts.get(&(name.clone(), role.clone())) else { return 0 };
            let before = given.checked_sub(1).and_then(|last| sums.get(last)).copied();
            sums.last().copied().unwrap_or_default() - before.unwrap_or_default()
        };
        let (mut for_recorded, mut for_other, mut undecided) = (0, 0, 0);
        for Differing { role, recorded, other } in &self.differing {
            match later(recorded, role).cmp(&later(other, role)) {
                std::cmp::Ordering::Greater => for_recorded += 1,
                std::cmp::Ordering::Less => for_other += 1,
                std::cmp::Ordering::Equal => undecided += 1,
            }
        }
        Replayed { roles: self.roles, for_recorded, for_other, undecided }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::broker::testing::World;
    use crate::broker::testing::{request, session};
    use crate::broker::{AssignRequest, ReleaseRequest, Seed, release};
    use crate::events::{Sentiment, WorkName};

    fn replayed(world: &World, rules: &Rules) -> Replayed {
        let mut replay = Replay::new(rules);
        for record in &world.records {
            replay.follow(record, true);
        }
        replay.finish()
    }

    fn lend_and_release(world: &mut World, number: usize) -> String {
        let name = format!("s{number}");
        let decision = world.after(3600).assign(&request(&name, "w", &["testing"])).unwrap();
        let (session, reason) = (session(&name), ReleaseReason::SessionEnd);
        let asked = ReleaseRequest { session, agent: None, reason };
        let events = release(&mut world.situation(), &asked).unwrap().events;
        for event in events {
            world.given(event);
        }
        decision.outcome[0].persona.to_string()
    }

    #[test]
    fn the_same_rules_choose_the_same() {
        let mut world = World::of(&["Ann", "Bo", "Cy"]);
        for number in 0..12 {
            let persona = lend_and_release(&mut world, number);
            let verdict = if number % 3 == 0 { Sentiment::Positive } else { Sentiment::Negative };
            world.judged(&persona, "testing", verdict);
        }
        let found = replayed(&world, &world.rules);
        assert_eq!(
            found.roles.values().copied().collect::<Vec<_>>(),
            [RoleReplay { choices: 12, differ: 0 }]
        );
        assert_eq!((found.for_recorded, found.for_other, found.undecided), (0, 0, 0));
    }

    /// A session has a role done for a branch, and ends.
    fn done_for(world: &mut World, number: usize, role: &str, work: &str) -> String {
        let name = format!("r{number}");
        let work = Some(WorkName::parse(work).unwrap());
        let asked = AssignRequest { work, ..request(&name, "w", &[role]) };
        let decision = world.after(3600).assign(&asked).unwrap();
        let (session, reason) = (session(&name), ReleaseReason::SessionEnd);
        let asked = ReleaseRequest { session, agent: None, reason };
        for event in release(&mut world.situation(), &asked).unwrap().events {
            world.given(event);
        }
        decision.outcome[0].persona.to_string()
    }

    #[test]
    fn who_took_part_is_a_part_of_each_choice() {
        let mut world = World::of(&["Ann", "Bo", "Cy"]);
        let mut passed_over = 0;
        for number in 0..12 {
            let work = format!("branch-{}", number / 3);
            let writer = done_for(&mut world, 2 * number, "implementation", &work);
            world.judged(&writer, "code-reviewer", Sentiment::Positive);
            let reviewer = done_for(&mut world, 2 * number + 1, "code-reviewer", &work);
            passed_over += u64::from(reviewer != writer);
        }
        assert!(passed_over > 0);
        let differ = |rules: &Rules| -> u64 {
            replayed(&world, rules).roles.values().map(|role| role.differ).sum()
        };
        assert_eq!(differ(&world.rules), 0);
        let text = "[[role]]\nname = \"code-reviewer\"\nindependent = false\ninstruction = \"i\"";
        let seed = Seed::with_user(Path::new("seed.toml"), text).unwrap();
        assert!(differ(&seed.rules().unwrap()) > 0, "by rules that do not ask for it");
    }

    #[test]
    fn other_rules_choose_others_and_later_verdicts_speak_for_one_of_them() {
        let mut world = World::of(&["Ann", "Bo"]).sharing();
        world.judged("Ann", "testing", Sentiment::Negative);
        world.judged("Bo", "testing", Sentiment::Positive);
        // By the share of work alone Ann would be chosen; the record speaks for Bo.
        world.worked("Ann", "testing").after(864_000);
        assert_eq!(lend_and_release(&mut world, 0), "Ann");
        let record = World::of(&[]).rules;
        let found = replayed(&world, &record);
        assert_eq!(found.roles.values().next().unwrap().differ, 2);
        assert_eq!((found.for_recorded, found.for_other, found.undecided), (0, 0, 2));
        world.judged("Ann", "testing", Sentiment::Negative);
        assert_eq!(replayed(&world, &record).for_other, 2);
        world.judged("Ann", "testing", Sentiment::Positive);
        world.judged("Ann", "testing", Sentiment::Positive);
        assert_eq!(replayed(&world, &record).for_recorded, 2);
    }

    #[test]
    fn what_was_summoned_kept_or_grown_is_no_choice() {
        let mut world = World::of(&["Ann", "Bo"]);
        let summon = Some("Bo".to_owned());
        world.assign(&AssignRequest { summon, ..request("s", "w", &["testing"]) }).unwrap();
        world.after(1).assign(&request("s", "w", &["debugging"])).unwrap();
        world.after(1).assign(&request("t", "v", &["testing"; 2])).unwrap();
        let found = replayed(&world, &world.rules);
        assert_eq!(found.roles, BTreeMap::new(), "Ann was the only candidate");
    }
}
