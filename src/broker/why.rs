//! Why a persona was chosen: the choice of the past, made again.

use super::lending::{candidates, given_back};
use super::score::rank;
use super::{Grounds, Role, Rules, Score, TieBreak};
use crate::events::{
    Definition, Event, PersonaName, ReactivateReason, Record, Release, ReleaseReason, RetireReason,
    SessionId, Slot,
};
use crate::projection::{Lost, Occasion, Roster, Status};

/// What can be told of a choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Why this persona; nothing where the log does not tell.
    pub grounds: Option<Grounds>,
    /// Whether it may have been asked for by name, as for an agent's first slot.
    pub may_be_summoned: bool,
    /// How well it fitted, if it was there by then.
    pub score: Option<Score>,
    /// Its place in the ranking, from 1, if it has one.
    pub rank: Option<usize>,
    /// Who could be chosen.
    pub ranking: Ranking,
}

/// Those whom a choice was made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ranking {
    /// Best first.
    pub candidates: Vec<(PersonaName, Score)>,
    /// Whether they were free; else nobody was, and they were archived for inactivity.
    pub is_of_free: bool,
    /// What put the first before the second, if their scores are equal.
    pub tie_break: Option<TieBreak>,
}

/// Makes a choice again, by today's rules and from the personas as they were.
///
/// `before` is the roster before the command that chose, and `prelude` what the
/// command recorded before its `assign`. What the log tells of the choice (that
/// the persona was kept, brought back or grown) is taken from there; the
/// ranking is made again.
pub fn why(
    before: &Roster,
    prelude: &[Record],
    occasion: &Occasion,
    rules: &Rules,
) -> Result<Account, Lost> {
    let role = rules.roles.resolve(occasion.seat.role.as_str());
    let choice = Choice { before, prelude, occasion, rules, role };
    let ranking = choice.ranking()?;
    if choice.grown().is_some() && !ranking.candidates.is_empty() {
        // Nobody is grown for an agent while there is somebody else: that was another command.
        let mut roster = before.clone();
        prelude.iter().try_for_each(|record| roster.take_in(record))?;
        return why(&roster, &[], occasion, rules);
    }
    choice.account(ranking)
}

/// A choice of the past.
struct Choice<'a> {
    before: &'a Roster,
    prelude: &'a [Record],
    occasion: &'a Occasion,
    rules: &'a Rules,
    role: &'a Role,
}

impl Choice<'_> {
    fn account(&self, ranking: Ranking) -> Result<Account, Lost> {
        let place = ranking.candidates.iter().position(|(name, _)| name == self.name());
        let may_be_summoned = self.occasion.seat.slot == Slot::of(&self.occasion.assign.agent, 0);
        let grounds = if self.is_kept() {
            Some(Grounds::Kept)
        } else if let Some(reason) = self.brought_back() {
            let is_summoned = reason == ReactivateReason::Summon;
            Some(if is_summoned { Grounds::Summoned } else { Grounds::BroughtBack })
        } else if self.grown().is_some() {
            Some(Grounds::Grown)
        } else if place == Some(0) && ranking.is_of_free {
            Some(Grounds::BestFree)
        } else if may_be_summoned && self.is_taken_away()? {
            Some(Grounds::Summoned)
        } else {
            None
        };
        let (score, rank) = (self.score()?, place.map(|index| index + 1));
        Ok(Account { grounds, may_be_summoned, score, rank, ranking })
    }

    /// Who could be chosen: the free; where nobody was, those who were archived for inactivity.
    fn ranking(&self) -> Result<Ranking, Lost> {
        let free = self.ranked(Status::Active)?;
        if !free.candidates.is_empty() {
            return Ok(free);
        }
        self.ranked(Status::Archived(RetireReason::Inactive))
    }

    fn ranked(&self, status: Status) -> Result<Ranking, Lost> {
        let Self { before, occasion, rules, role, .. } = *self;
        let given_back = given_back(before, &self.orphaned())?;
        let is_taken = |name: &PersonaName| occasion.chosen_before().any(|chosen| chosen == name);
        let candidates = candidates(before, role, status, given_back, is_taken)?;
        let ranked = rank(candidates, role, rules, occasion.at);
        let tie_break = match ranked.as_slice() {
            [first, second, ..] => TieBreak::between(first, second),
            _ => None,
        };
        let named = ranked.into_iter().map(|(it, score)| (it.presence.name.clone(), score));
        let is_of_free = status == Status::Active;
        Ok(Ranking { candidates: named.collect(), is_of_free, tie_break })
    }

    fn score(&self) -> Result<Option<Score>, Lost> {
        let (role, scoring) = (self.role, &self.rules.scoring);
        let Some(persona) = self.before.get(self.name())? else {
            return Ok(self.grown().map(|new| Score::of_newcomer(new, role, scoring)));
        };
        let standing = persona.standing(0, &role.name, &role.expertise);
        Ok(Some(Score::of(&standing, role, scoring, self.occasion.at)))
    }

    fn name(&self) -> &PersonaName {
        &self.occasion.seat.persona
    }

    /// Tells whether the agent had this persona in this slot, in another role.
    fn is_kept(&self) -> bool {
        let closes = |release: &Release| {
            let mut slots = release.slots.iter();
            release.reason == ReleaseReason::Manual
                && slots.any(|closed| closed.slot == self.occasion.seat.slot)
        };
        self.prelude.iter().any(|it| matches!(&it.event, Event::Release(it) if closes(it)))
    }

    /// Why the persona was brought back for this, if it was.
    fn brought_back(&self) -> Option<ReactivateReason> {
        self.prelude.iter().find_map(|record| match &record.event {
            Event::Reactivate(back) if back.persona == *self.name() => Some(back.reason),
            _ => None,
        })
    }

    /// Who the persona is, if it was grown for this.
    fn grown(&self) -> Option<&Definition> {
        self.prelude.iter().find_map(|record| match &record.event {
            Event::Grow(new) if new.name == *self.name() => Some(new),
            _ => None,
        })
    }

    /// The silent sessions whose slots were released for this.
    fn orphaned(&self) -> Vec<SessionId> {
        let sessions = self.prelude.iter().filter_map(|record| match &record.event {
            Event::Release(release) if release.reason == ReleaseReason::Orphaned => {
                Some(release.session.clone())
            }
            _ => None,
        });
        sessions.collect()
    }

    /// Tells whether the persona was taken away from a silent session.
    fn is_taken_away(&self) -> Result<bool, Lost> {
        Ok(given_back(self.before, &self.orphaned())?.contains(self.name()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::broker::testing::{World, definition, name, request, session};
    use crate::broker::{self, AssignRequest, ReleaseRequest};
    use crate::events::RoleName;
    use crate::projection::{LastLent, Prelude};

    const DAY: i64 = 86_400;

    /// What is told of the last time that a persona was lent to a session.
    fn account(world: &World, persona: &str, session: &str) -> Account {
        let mut last = LastLent::of(name(persona), self::session(session), None, None);
        for record in &world.records {
            last.apply(record);
        }
        let occasion = last.found().unwrap();
        let mut prelude = Prelude::of(&occasion);
        for record in &world.records {
            prelude.apply(record);
        }
        let prelude = prelude.finish();
        let first = prelude.first().map_or(occasion.id, |record| record.id);
        let mut before = Roster::default();
        for record in world.records.iter().take_while(|record| record.id != first) {
            before.take_in(record).unwrap();
        }
        why(&before, &prelude, &occasion, &world.rules).unwrap()
    }

    fn names(account: &Account) -> Vec<&str> {
        account.ranking.candidates.iter().map(|(name, _)| name.as_str()).collect()
    }

    #[test]
    fn the_best_that_was_free_is_told_with_the_ranking_of_then() {
        let mut world = World::of(&["Ann", "Bo", "Cy"]);
        world.worked("Bo", "testing").after(20 * DAY);
        world.assign(&request("s", "w", &["testing"])).unwrap();
        // What comes after changes nothing.
        world.after(DAY).worked("Cy", "testing").retired("Ann", RetireReason::Manual);
        let told = account(&world, "Bo", "s");
        assert_eq!((told.grounds, told.rank), (Some(Grounds::BestFree), Some(1)));
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
            let told = account(&world, choice[0].persona.as_str(), session);
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
    fn whoever_sits_in_an_earlier_slot_could_not_be_chosen_again() {
        let mut world = World::of(&["Ann", "Bo", "Cy"]);
        world.assign(&request("s", "w", &["testing", "testing", "testing"])).unwrap();
        let told = account(&world, "Bo", "s");
        assert_eq!((told.grounds, names(&told)), (Some(Grounds::BestFree), vec!["Bo", "Cy"]));
        assert!(!told.may_be_summoned, "it is not the first slot");
    }

    #[test]
    fn a_persona_that_was_summoned_out_of_the_archive_is_told_with_its_score() {
        let mut world = World::of(&["Ann", "Bo"]);
        world.retired("Bo", RetireReason::Manual).after(1);
        let summon = Some("Bo".to_owned());
        world.assign(&AssignRequest { summon, ..request("s", "w", &["testing"]) }).unwrap();
        let told = account(&world, "Bo", "s");
        assert_eq!((told.grounds, told.rank), (Some(Grounds::Summoned), None));
        assert_eq!(names(&told), ["Ann"]);
        assert_eq!(told.score.unwrap().total.to_string(), "0");
    }

    #[test]
    fn a_persona_that_was_taken_from_a_silent_session_was_summoned() {
        let mut world = World::of(&["Ann", "Bo"]);
        world.lent("silent", "w", "Bo", "testing").after(2 * DAY);
        let summon = Some("Bo".to_owned());
        world.assign(&AssignRequest { summon, ..request("s", "w", &["testing"]) }).unwrap();
        let told = account(&world, "Bo", "s");
        assert_eq!((told.grounds, told.rank), (Some(Grounds::Summoned), Some(2)));
    }

    #[test]
    fn a_free_persona_that_was_not_the_best_is_not_explained() {
        let mut world = World::of(&["Ann", "Bo"]);
        let summon = Some("Bo".to_owned());
        world.assign(&AssignRequest { summon, ..request("s", "w", &["testing"]) }).unwrap();
        let told = account(&world, "Bo", "s");
        assert_eq!((told.grounds, told.rank, told.may_be_summoned), (None, Some(2), true));
        // Another program, or other rules.
        world.after(1).lent("s2", "w", "Bo", "testing");
        assert_eq!(account(&world, "Bo", "s2").rank, None, "it was not free");
    }

    #[test]
    fn an_agent_that_takes_another_role_keeps_its_persona() {
        let mut world = World::of(&["Ann", "Bo"]);
        world.assign(&request("s", "w", &["testing"])).unwrap();
        world.after(1).assign(&request("s", "w", &["debugging"])).unwrap();
        let told = account(&world, "Ann", "s");
        assert_eq!((told.grounds, told.rank), (Some(Grounds::Kept), None));
        assert_eq!(names(&told), ["Bo"], "she was not free before");
    }

    #[test]
    fn a_persona_that_was_brought_back_is_told_with_the_others_in_the_archive() {
        let mut world = World::of(&["Ann", "Bo", "Cy"]);
        world.worked("Bo", "testing").after(20 * DAY);
        world.retired("Ann", RetireReason::Inactive).retired("Bo", RetireReason::Inactive);
        world.retired("Cy", RetireReason::Manual).after(1);
        world.assign(&request("s", "w", &["testing"])).unwrap();
        let told = account(&world, "Bo", "s");
        assert_eq!((told.grounds, told.rank), (Some(Grounds::BroughtBack), Some(1)));
        assert_eq!(names(&told), ["Bo", "Ann"]);
    }

    /// The name of the persona that was grown last.
    fn newest(world: &World) -> String {
        world.roster.personas().unwrap().last().unwrap().name().to_string()
    }

    #[test]
    fn a_persona_is_grown_for_an_agent_only_if_there_is_no_other() {
        let mut world = World::of(&[]);
        world.assign(&request("s", "w", &["testing", "general"])).unwrap();
        let told = account(&world, &newest(&world), "s");
        assert_eq!((told.grounds, told.rank), (Some(Grounds::Grown), None));
        assert_eq!((names(&told), told.score.is_some()), (vec![], true));

        // In the same second another command grows one.
        let mut world = World::of(&["Ann"]);
        world.worked("Ann", "testing").after(1);
        world.given(Event::Grow(definition("Bo", &[])));
        world.assign(&request("s", "w", &["general"])).unwrap();
        let told = account(&world, "Bo", "s");
        assert_eq!((told.grounds, names(&told)), (Some(Grounds::BestFree), vec!["Bo", "Ann"]));
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
                        for choice in choices.iter().filter(|it| it.grounds != Grounds::Reused) {
                            let told = account(&world, choice.persona.as_str(), session);
                            prop_assert_eq!(told.grounds, Some(choice.grounds));
                            prop_assert_eq!(told.score, Some(choice.score));
                            if choice.grounds != Grounds::Kept {
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
                        let persona = world.roster.get(&name(who)).unwrap().unwrap();
                        if persona.is_free() {
                            world.retired(who, reason);
                        }
                    }
                }
            }
        }
    }
}
