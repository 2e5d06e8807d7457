//! Why a persona was chosen: the choice of the past, made again.

use super::four_eyes::Participants;
use super::lending::{Closed, pool};
use super::score::tie_break;
use super::{Part, Rules, Score, TieBreak, TookPart};
use crate::events::{
    ChoiceReason, Event, PersonaName, Points, ReactivateReason, Record, ReleaseReason, Slot,
};
use crate::projection::{PastAssignment, Roster};

/// What is known of a choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// Why this persona, as it was recorded or as the events around it tell; nothing where the log
    /// does not tell.
    pub reason: Option<ChoiceReason>,
    /// Its score as it was recorded; older lines have none.
    pub recorded: Option<Points>,
    /// Why the slots were closed that held it until then, if any did.
    pub took: Option<ReleaseReason>,
    /// Whether it may have been asked for by name, as for an agent's first slot.
    pub may_be_summoned: bool,
    /// How well it fitted, by today's rules, if it was there by then.
    pub score: Option<Score>,
    /// Its place in the ranking, from 1, if it has one.
    pub rank: Option<usize>,
    /// The personas that could be chosen, best first.
    pub ranking: Vec<(PersonaName, Score)>,
    /// What put the first before the second, if their scores are equal.
    pub tie_break: Option<TieBreak>,
    /// Whether the persona took no part in the work; nothing if the role judges none.
    pub independent: Option<bool>,
    /// The part that it took.
    pub part: Option<Part>,
    /// Those of the ranking who took part.
    pub took_part: Vec<TookPart>,
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
    let PastAssignment { at, assign, slot, .. } = assignment;
    let role = rules.roles.resolve(slot.role.as_str());
    let closed = closed(preceding);
    let given_back = closed.given_back(before, rules, *at);
    let is_taken = |name: &PersonaName| assignment.chosen_before().any(|chosen| chosen == name);
    let participants = Participants::of(before, rules, role, assignment.scope(), *at);
    let ranking = pool(&participants, *at, role, &given_back, is_taken, true);
    let grown = preceding.iter().find_map(|record| match &record.event {
        Event::Grow(new) if new.name == slot.persona => Some(new),
        _ => None,
    });
    if grown.is_some() && !ranking.is_empty() {
        // No persona is grown for an agent while there is another: that was another command.
        let mut roster = before.clone();
        for record in preceding {
            roster.apply(record);
        }
        return why(&roster, &[], assignment, rules);
    }
    let place = ranking.iter().position(|(it, _)| *it.name == slot.persona);
    let may_be_summoned = slot.slot == Slot::of(&assign.agent, 0);
    let is_best = place == Some(0) && ranking.first().is_some_and(|(it, _)| it.is_active());
    let reason = if let Some(reason) = slot.by.or_else(|| recorded(preceding, assignment)) {
        Some(reason)
    } else if is_best {
        Some(ChoiceReason::BestFree)
    } else if may_be_summoned && given_back.contains(&slot.persona) {
        // It was taken from a silent session.
        Some(ChoiceReason::Summoned)
    } else {
        None
    };
    let scoring = &rules.scoring;
    let score = Score::of_persona(before, &slot.persona, role, scoring, *at)
        .or_else(|| grown.map(|grown| Score::of_newcomer(grown, role, scoring)));
    let tie_break = tie_break(&ranking);
    let part = before.candidate(&slot.persona).and_then(|it| participants.part(&it));
    let independent = participants.is_independent(&slot.persona);
    let took_part = participants.in_ranking(&ranking, &slot.persona);
    let ranking = ranking.into_iter().map(|(it, score)| (it.name.clone(), score)).collect();
    let rank = place.map(|index| index + 1);
    let (recorded, took) = (slot.score, took(preceding, &slot.persona));
    Explanation {
        reason,
        recorded,
        took,
        may_be_summoned,
        score,
        rank,
        ranking,
        tie_break,
        independent,
        part,
        took_part,
    }
}

/// Why the persona was chosen, where that is on record: the agent had it in this slot, in another
/// role; or it was brought back or grown.
fn recorded(preceding: &[Record], assignment: &PastAssignment) -> Option<ChoiceReason> {
    let slot = &assignment.slot;
    let events = || preceding.iter().map(|record| &record.event);
    let is_kept = events().any(|event| match event {
        Event::Release(it) if it.agent.is_some() => {
            it.slots.iter().any(|closed| closed.slot == slot.slot)
        }
        _ => false,
    });
    if is_kept {
        return Some(ChoiceReason::Kept);
    }
    events().find_map(|event| match event {
        Event::Reactivate(it) if it.persona == slot.persona => Some(match it.reason {
            ReactivateReason::Summon => ChoiceReason::Summoned,
            ReactivateReason::Needed | ReactivateReason::PoolEmpty | ReactivateReason::Manual => {
                ChoiceReason::BroughtBack
            }
        }),
        Event::Grow(it) if it.name == slot.persona => Some(ChoiceReason::Grown),
        _ => None,
    })
}

/// What was closed for this, but for slots that the agent kept.
fn closed(preceding: &[Record]) -> Closed {
    let mut closed = Closed::default();
    for record in preceding {
        let Event::Release(it) = &record.event else { continue };
        match it.reason {
            ReleaseReason::Orphaned => closed.add_session(&it.session),
            ReleaseReason::Finished | ReleaseReason::NotStarted if it.agent.is_none() => {
                it.slots.iter().for_each(|slot| closed.add_slot(&it.session, slot));
            }
            ReleaseReason::Finished
            | ReleaseReason::NotStarted
            | ReleaseReason::Manual
            | ReleaseReason::SessionEnd => {}
        }
    }
    closed
}

/// Why the slots of a persona were closed for this, if any were for want of a run.
fn took(preceding: &[Record], persona: &PersonaName) -> Option<ReleaseReason> {
    preceding.iter().find_map(|record| match &record.event {
        Event::Release(it) if it.reason != ReleaseReason::Orphaned && it.agent.is_none() => {
            it.slots.iter().any(|slot| slot.persona == *persona).then_some(it.reason)
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::broker::testing::{World, definition, name, request, session};
    use crate::broker::{self, AssignRequest, ReleaseRequest};
    use crate::events::{Definition, RetireReason, RoleName};

    const DAY: i64 = 86_400;

    /// What is told of the last time that a persona was lent to a session.
    fn explained(world: &World, persona: &str, session: &str) -> Explanation {
        let (persona, session) = (name(persona), self::session(session));
        let all = world.records.iter().flat_map(PastAssignment::all);
        let is_it =
            |it: &PastAssignment| (&it.assign.session, &it.slot.persona) == (&session, &persona);
        let assignment = all.filter(is_it).last().unwrap();
        let may_precede = |record: &&Record| assignment.may_follow(record);
        let preceding = world.records.iter().filter(may_precede).cloned().collect();
        let preceding = assignment.preceding(preceding);
        let first = preceding.first().map_or(assignment.id, |record| record.id);
        let mut before = Roster::default();
        for record in world.records.iter().take_while(|record| record.id != first) {
            before.apply(record);
        }
        why(&before, &preceding, &assignment, &world.rules)
    }

    fn names(explanation: &Explanation) -> Vec<&str> {
        explanation.ranking.iter().map(|(name, _)| name.as_str()).collect()
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
        assert_eq!(told.score.unwrap().total.to_string(), "0.451645064");
        assert_eq!(told.recorded, told.score.map(|score| score.total));
        assert_eq!(told.tie_break, None);
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
            (choice[0].persona.to_string(), told.tie_break.unwrap())
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
        assert_eq!(told.score.unwrap().total.to_string(), "0.45");
    }

    #[test]
    fn a_persona_that_was_taken_from_a_silent_session_was_summoned() {
        let mut world = World::of(&["Ann", "Bo"]);
        world.lent("silent", "w", "Bo", "testing").after(2 * DAY);
        let summon = Some("Bo".to_owned());
        world.assign(&AssignRequest { summon, ..request("s", "w", &["testing"]) }).unwrap();
        let told = explained(&world, "Bo", "s");
        assert_eq!((told.reason, told.rank), (Some(ChoiceReason::Summoned), Some(2)));
        assert_eq!(told.took, None, "that was another session's, and nobody's run");
    }

    #[test]
    fn it_is_told_that_the_run_of_whoever_was_taken_had_ended() {
        let mut world = World::of(&["Ann", "Bo"]);
        world.judged("Ann", "testing", crate::events::Sentiment::Positive);
        world.called("t", "v", true, true);
        world.after(1).assign(&request("s", "w", &["testing"])).unwrap();
        let told = explained(&world, "Ann", "s");
        assert_eq!((told.reason, told.rank), (Some(ChoiceReason::BestFree), Some(1)));
        assert_eq!(told.took, Some(ReleaseReason::Finished));
        assert_eq!(names(&told), ["Ann", "Bo"]);
        assert_eq!(explained(&world, "Ann", "t").took, None);
    }

    #[test]
    fn a_summons_of_a_free_persona_is_told_as_it_is_recorded() {
        let mut world = World::of(&["Ann", "Bo"]);
        let summon = Some("Bo".to_owned());
        world.assign(&AssignRequest { summon, ..request("s", "w", &["testing"]) }).unwrap();
        let told = explained(&world, "Bo", "s");
        assert_eq!((told.reason, told.rank), (Some(ChoiceReason::Summoned), Some(2)));
    }

    #[test]
    fn a_choice_by_other_numbers_is_told_with_both_scores() {
        let mut world = World::of(&["Ann", "Bo"]);
        world.assign(&request("s", "w", &["testing"])).unwrap();
        let told = explained(&world.sharing(), "Ann", "s");
        assert_eq!(told.recorded.unwrap().to_string(), "0.45");
        assert_eq!(told.score.unwrap().total.to_string(), "0");
    }

    #[test]
    fn a_free_persona_that_was_not_the_best_is_not_explained() {
        // The line of an older build, which recorded no reason.
        let mut world = World::of(&["Ann", "Bo"]);
        world.lent("s", "w", "Bo", "testing");
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
        assert_eq!(told.took, None, "what was closed was her own");
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
        Run(&'static str, &'static str, bool, bool),
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
            3 => (session(), prop::sample::select(vec!["c", "d"]), any::<bool>(), any::<bool>())
                .prop_map(|(session, agent, began, ended)| Deed::Run(session, agent, began, ended)),
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
                    Deed::Run(session, agent, began, ended) => {
                        world.called(session, agent, began, ended);
                    }
                    Deed::Assign(session, agent, roles) => {
                        let request = AssignRequest { explain: true, ..request(session, agent, &roles) };
                        let choices = world.assign(&request).unwrap().outcome;
                        for choice in choices.iter().filter(|it| it.reason != ChoiceReason::Reused) {
                            let told = explained(&world, choice.persona.as_str(), session);
                            prop_assert_eq!(told.reason, Some(choice.reason));
                            prop_assert_eq!(told.score, Some(choice.score));
                            if choice.reason != ChoiceReason::Kept {
                                prop_assert_eq!(&told.ranking, &choice.ranking);
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
