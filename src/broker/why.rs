//! Why a persona was chosen: the choice of the past, made again.

use super::lending::{candidates, given_back};
use super::score::rank;
use super::{ChoiceReason, Role, Rules, Score, TieBreak};
use crate::events::{
    Definition, Event, PersonaName, ReactivateReason, Record, Release, ReleaseReason, RetireReason,
    SessionId, Slot,
};
use crate::projection::{PastAssignment, Roster, Status};

/// What is known of a choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// Why this persona; nothing where the log does not tell.
    pub reason: Option<ChoiceReason>,
    /// Whether it may have been asked for by name, as for an agent's first slot.
    pub may_be_summoned: bool,
    /// How well it fitted, if it was there by then.
    pub score: Option<Score>,
    /// Its place in the ranking, from 1, if it has one.
    pub rank: Option<usize>,
    /// The personas that could be chosen.
    pub ranking: Ranking,
}

/// The personas that a choice was made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ranking {
    /// Best first.
    pub candidates: Vec<(PersonaName, Score)>,
    /// Whether they were free; else none was, and they were archived for inactivity.
    pub is_of_free: bool,
    /// What put the first before the second, if their scores are equal.
    pub tie_break: Option<TieBreak>,
}

/// Makes a choice again, by today's rules and from the personas as they were.
///
/// `before` is the whole roster before the command that chose, and `preceding` what
/// the command recorded before its `assign`. What the log tells of the choice (that
/// the persona was kept, brought back or grown) is taken from there; the
/// ranking is made again.
#[must_use]
pub fn why(
    before: &Roster,
    preceding: &[Record],
    assignment: &PastAssignment,
    rules: &Rules,
) -> Explanation {
    let role = rules.roles.resolve(assignment.slot.role.as_str());
    let choice = PastChoice { before, preceding, assignment, rules, role };
    let ranking = choice.ranking();
    if choice.grown().is_some() && !ranking.candidates.is_empty() {
        // No persona is grown for an agent while there is another: that was another command.
        let mut roster = before.clone();
        for record in preceding {
            roster.apply(record);
        }
        return why(&roster, &[], assignment, rules);
    }
    choice.explain(ranking)
}

/// A choice of the past.
struct PastChoice<'a> {
    before: &'a Roster,
    preceding: &'a [Record],
    assignment: &'a PastAssignment,
    rules: &'a Rules,
    role: &'a Role,
}

impl PastChoice<'_> {
    fn explain(&self, ranking: Ranking) -> Explanation {
        let place = ranking.candidates.iter().position(|(name, _)| name == self.name());
        let may_be_summoned =
            self.assignment.slot.slot == Slot::of(&self.assignment.assign.agent, 0);
        let reason = if self.is_kept() {
            Some(ChoiceReason::Kept)
        } else if let Some(reason) = self.brought_back() {
            let is_summoned = reason == ReactivateReason::Summon;
            Some(if is_summoned { ChoiceReason::Summoned } else { ChoiceReason::BroughtBack })
        } else if self.grown().is_some() {
            Some(ChoiceReason::Grown)
        } else if place == Some(0) && ranking.is_of_free {
            Some(ChoiceReason::BestFree)
        } else if may_be_summoned && self.is_taken_away() {
            Some(ChoiceReason::Summoned)
        } else {
            None
        };
        let (score, rank) = (self.score(), place.map(|index| index + 1));
        Explanation { reason, may_be_summoned, score, rank, ranking }
    }

    /// The personas that could be chosen: the free; where none was, those that were archived for
    /// inactivity.
    fn ranking(&self) -> Ranking {
        let free = self.ranked(Status::Active);
        if !free.candidates.is_empty() {
            return free;
        }
        self.ranked(Status::Archived(RetireReason::Inactive))
    }

    fn ranked(&self, status: Status) -> Ranking {
        let Self { before, assignment, rules, role, .. } = *self;
        let given_back = given_back(before, &self.orphaned());
        let is_taken = |name: &PersonaName| assignment.chosen_before().any(|chosen| chosen == name);
        let candidates = candidates(before, role, status, given_back, is_taken);
        let ranked = rank(candidates, role, rules, assignment.at);
        let tie_break = match ranked.as_slice() {
            [first, second, ..] => TieBreak::between(first, second),
            _ => None,
        };
        let named = ranked.into_iter().map(|(it, score)| (it.name.clone(), score));
        let is_of_free = status == Status::Active;
        Ranking { candidates: named.collect(), is_of_free, tie_break }
    }

    fn score(&self) -> Option<Score> {
        let Self { before, assignment, role, rules, .. } = *self;
        let scoring = &rules.scoring;
        let score = Score::of_persona(before, self.name(), role, scoring, assignment.at);
        score.or_else(|| Some(Score::of_newcomer(self.grown()?, role, scoring)))
    }

    fn name(&self) -> &PersonaName {
        &self.assignment.slot.persona
    }

    /// Returns whether the agent had this persona in this slot, in another role.
    fn is_kept(&self) -> bool {
        let closes = |release: &Release| {
            let mut slots = release.slots.iter();
            release.reason == ReleaseReason::Manual
                && slots.any(|closed| closed.slot == self.assignment.slot.slot)
        };
        self.preceding.iter().any(|it| matches!(&it.event, Event::Release(it) if closes(it)))
    }

    /// Why the persona was brought back for this, if it was.
    fn brought_back(&self) -> Option<ReactivateReason> {
        self.preceding.iter().find_map(|record| match &record.event {
            Event::Reactivate(back) if back.persona == *self.name() => Some(back.reason),
            _ => None,
        })
    }

    /// The definition of the persona, if it was grown for this.
    fn grown(&self) -> Option<&Definition> {
        self.preceding.iter().find_map(|record| match &record.event {
            Event::Grow(new) if new.name == *self.name() => Some(new),
            _ => None,
        })
    }

    /// The silent sessions whose slots were released for this.
    fn orphaned(&self) -> Vec<SessionId> {
        let sessions = self.preceding.iter().filter_map(|record| match &record.event {
            Event::Release(release) if release.reason == ReleaseReason::Orphaned => {
                Some(release.session.clone())
            }
            _ => None,
        });
        sessions.collect()
    }

    /// Returns whether the persona was taken from a silent session.
    fn is_taken_away(&self) -> bool {
        given_back(self.before, &self.orphaned()).contains(self.name())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::broker::testing::{World, definition, name, request, session};
    use crate::broker::{self, AssignRequest, ReleaseRequest};
    use crate::events::RoleName;
    use crate::projection::{LastAssignment, PrecedingEvents};

    const DAY: i64 = 86_400;

    /// What is told of the last time that a persona was lent to a session.
    fn explained(world: &World, persona: &str, session: &str) -> Explanation {
        let mut last = LastAssignment::of(name(persona), self::session(session), None, None);
        for record in &world.records {
            last.apply(record);
        }
        let assignment = last.found().unwrap();
        let mut preceding = PrecedingEvents::of(&assignment);
        for record in &world.records {
            preceding.apply(record);
        }
        let preceding = preceding.finish();
        let first = preceding.first().map_or(assignment.id, |record| record.id);
        let mut before = Roster::default();
        for record in world.records.iter().take_while(|record| record.id != first) {
            before.apply(record);
        }
        why(&before, &preceding, &assignment, &world.rules)
    }

    fn names(explanation: &Explanation) -> Vec<&str> {
        explanation.ranking.candidates.iter().map(|(name, _)| name.as_str()).collect()
    }

    #[test]
    fn the_best_that_was_free_is_told_with_the_ranking_of_then() {
        let mut world = World::of(&["Ann", "Bo", "Cy"]);
        world.worked("Bo", "testing").after(20 * DAY);
        world.assign(&request("s", "w", &["testing"])).unwrap();
        // What comes after changes nothing.
        world.after(DAY).worked("Cy", "testing").retired("Ann", RetireReason::Manual);
        let told = explained(&world, "Bo", "s");
        assert_eq!((told.reason, told.rank), (Some(ChoiceReason::BestFree), Some(1)));
        assert_eq!(names(&told), ["Bo", "Ann", "Cy"]);
        assert_eq!(told.score.unwrap().total.to_string(), "1");
        assert_eq!(told.ranking.tie_break, None);
        assert!(told.may_be_summoned);
    }

    #[test]
    fn of_equal_scores_it_is_told_what_decided() {
        let own = |persona: &str| {
            let instructions = [(RoleName::unchecked("testing"), "Look.".to_owned())].into();
            Event::Seed(Definition { instructions, ..definition(persona, &[]) })
        };
        let mut world = World::of(&["Ann", "Bo"]);
        world.given(own("Cy"));
        let mut tie_break = |session: &str, role: &str| {
            let choice = world.assign(&request(session, "w", &[role])).unwrap().outcome;
            let told = explained(&world, choice[0].persona.as_str(), session);
            world.closed(session, "w", choice[0].persona.as_str(), role, ReleaseReason::Orphaned);
            world.after(10 * DAY);
            (choice[0].persona.to_string(), told.ranking.tie_break.unwrap())
        };
        assert_eq!(tie_break("s1", "testing"), ("Cy".to_owned(), TieBreak::OwnInstruction));
        assert_eq!(tie_break("s2", "general"), ("Ann".to_owned(), TieBreak::CreatedEarlier));
        assert_eq!(tie_break("s3", "general"), ("Bo".to_owned(), TieBreak::LongestAgo));
        assert_eq!(tie_break("s4", "general"), ("Cy".to_owned(), TieBreak::LongestAgo));
    }

    #[test]
    fn the_persona_of_an_earlier_slot_could_not_be_chosen_again() {
        let mut world = World::of(&["Ann", "Bo", "Cy"]);
        world.assign(&request("s", "w", &["testing", "testing", "testing"])).unwrap();
        let told = explained(&world, "Bo", "s");
        assert_eq!((told.reason, names(&told)), (Some(ChoiceReason::BestFree), vec!["Bo", "Cy"]));
        assert!(!told.may_be_summoned, "it is not the first slot");
    }

    #[test]
    fn a_persona_that_was_summoned_out_of_the_archive_is_told_with_its_score() {
        let mut world = World::of(&["Ann", "Bo"]);
        world.retired("Bo", RetireReason::Manual).after(1);
        let summon = Some("Bo".to_owned());
        world.assign(&AssignRequest { summon, ..request("s", "w", &["testing"]) }).unwrap();
        let told = explained(&world, "Bo", "s");
        assert_eq!((told.reason, told.rank), (Some(ChoiceReason::Summoned), None));
        assert_eq!(names(&told), ["Ann"]);
        assert_eq!(told.score.unwrap().total.to_string(), "0");
    }

    #[test]
    fn a_persona_that_was_taken_from_a_silent_session_was_summoned() {
        let mut world = World::of(&["Ann", "Bo"]);
        world.lent("silent", "w", "Bo", "testing").after(2 * DAY);
        let summon = Some("Bo".to_owned());
        world.assign(&AssignRequest { summon, ..request("s", "w", &["testing"]) }).unwrap();
        let told = explained(&world, "Bo", "s");
        assert_eq!((told.reason, told.rank), (Some(ChoiceReason::Summoned), Some(2)));
    }

    #[test]
    fn a_free_persona_that_was_not_the_best_is_not_explained() {
        let mut world = World::of(&["Ann", "Bo"]);
        let summon = Some("Bo".to_owned());
        world.assign(&AssignRequest { summon, ..request("s", "w", &["testing"]) }).unwrap();
        let told = explained(&world, "Bo", "s");
        assert_eq!((told.reason, told.rank, told.may_be_summoned), (None, Some(2), true));
        // Another program, or other rules.
        world.after(1).lent("s2", "w", "Bo", "testing");
        assert_eq!(explained(&world, "Bo", "s2").rank, None, "it was not free");
    }

    #[test]
    fn an_agent_that_takes_another_role_keeps_its_persona() {
        let mut world = World::of(&["Ann", "Bo"]);
        world.assign(&request("s", "w", &["testing"])).unwrap();
        world.after(1).assign(&request("s", "w", &["debugging"])).unwrap();
        let told = explained(&world, "Ann", "s");
        assert_eq!((told.reason, told.rank), (Some(ChoiceReason::Kept), None));
        assert_eq!(names(&told), ["Bo"], "she was not free before");
    }

    #[test]
    fn a_persona_that_was_brought_back_is_told_with_the_others_in_the_archive() {
        let mut world = World::of(&["Ann", "Bo", "Cy"]);
        world.worked("Bo", "testing").after(20 * DAY);
        world.retired("Ann", RetireReason::Inactive).retired("Bo", RetireReason::Inactive);
        world.retired("Cy", RetireReason::Manual).after(1);
        world.assign(&request("s", "w", &["testing"])).unwrap();
        let told = explained(&world, "Bo", "s");
        assert_eq!((told.reason, told.rank), (Some(ChoiceReason::BroughtBack), Some(1)));
        assert_eq!(names(&told), ["Bo", "Ann"]);
    }

    /// The name of the persona that was grown last.
    fn newest(world: &World) -> String {
        world.roster.personas().last().unwrap().name().to_string()
    }

    #[test]
    fn a_persona_is_grown_for_an_agent_only_if_there_is_no_other() {
        let mut world = World::of(&[]);
        world.assign(&request("s", "w", &["testing", "general"])).unwrap();
        let told = explained(&world, &newest(&world), "s");
        assert_eq!((told.reason, told.rank), (Some(ChoiceReason::Grown), None));
        assert_eq!((names(&told), told.score.is_some()), (vec![], true));

        // In the same second another command grows one.
        let mut world = World::of(&["Ann"]);
        world.worked("Ann", "testing").after(1);
        world.given(Event::Grow(definition("Bo", &[])));
        world.assign(&request("s", "w", &["general"])).unwrap();
        let told = explained(&world, "Bo", "s");
        assert_eq!((told.reason, names(&told)), (Some(ChoiceReason::BestFree), vec!["Bo", "Ann"]));
    }

    /// One thing that somebody does.
    #[derive(Debug, Clone)]
    enum Deed {
        Assign(&'static str, &'static str, Vec<&'static str>),
        Release(&'static str),
        Retire(&'static str, RetireReason),
    }

    fn deed() -> impl Strategy<Value = Deed> {
        let session = || prop::sample::select(vec!["s1", "s2", "s3"]);
        let agent = prop::sample::select(vec!["a", "b"]);
        let role = prop::sample::select(vec!["testing", "debugging", "general"]);
        let who = prop::sample::select(vec!["Ann", "Bo", "Cy"]);
        let reason = prop::sample::select(vec![RetireReason::Manual, RetireReason::Inactive]);
        prop_oneof![
            4 => (session(), agent, prop::collection::vec(role, 1..4))
                .prop_map(|(session, agent, roles)| Deed::Assign(session, agent, roles)),
            2 => session().prop_map(Deed::Release),
            1 => (who, reason).prop_map(|(who, reason)| Deed::Retire(who, reason)),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_told_later_is_what_the_choice_itself_told(
            deeds in prop::collection::vec((deed(), 1..4 * DAY), 1..16),
        ) {
            let mut world = World::of(&["Ann", "Bo", "Cy"]);
            for (deed, seconds) in deeds {
                world.after(seconds);
                match deed {
                    Deed::Assign(session, agent, roles) => {
                        let request = AssignRequest { explain: true, ..request(session, agent, &roles) };
                        let choices = world.assign(&request).unwrap().outcome;
                        for choice in choices.iter().filter(|it| it.reason != ChoiceReason::Reused) {
                            let told = explained(&world, choice.persona.as_str(), session);
                            prop_assert_eq!(told.reason, Some(choice.reason));
                            prop_assert_eq!(told.score, Some(choice.score));
                            if choice.reason != ChoiceReason::Kept {
                                prop_assert_eq!(&told.ranking.candidates, &choice.ranking);
                            }
                        }
                    }
                    Deed::Release(session) => {
                        let (session, reason) = (self::session(session), ReleaseReason::SessionEnd);
                        let request = ReleaseRequest { session, agent: None, reason };
                        let decision = broker::release(&mut world.situation(), &request).unwrap();
                        for event in decision.events {
                            world.given(event);
                        }
                    }
                    Deed::Retire(who, reason) => {
                        let persona = world.roster.get(&name(who)).unwrap();
                        if persona.is_free() {
                            world.retired(who, reason);
                        }
                    }
                }
            }
        }
    }
}
