//! Four eyes: whoever judges some work took no part in it, if that can be had.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::given_up::given_up;
use super::score::ranks_before;
use super::{Ranked, Role, Rules};
use crate::events::{PersonaName, ReleaseReason, RoleName};
use crate::projection::{Candidate, Lease, Leases, PartIn, Roster, WorkScope};

/// The part that a persona took in some work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Part {
    /// In the work itself, or in the same session only.
    #[serde(rename = "in")]
    pub of: PartIn,
    /// In which roles, none of which judges.
    pub roles: Vec<RoleName>,
}

/// A candidate that took part in the work that is to be judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TookPart {
    /// Its name.
    pub name: PersonaName,
    /// What it did.
    #[serde(flatten)]
    pub part: Part,
    /// Whether it would have come before the one that was taken otherwise.
    pub passed_over: bool,
}

/// Who took part in the work that a role judges; nobody, if the role judges none.
pub struct Participants<'a> {
    roster: &'a Roster,
    rules: &'a Rules,
    now: Timestamp,
    /// What is judged, if anything is.
    judged: Option<WorkScope>,
    /// Those who gave their slots back, by position.
    earlier: BTreeMap<usize, Part>,
}

impl<'a> Participants<'a> {
    /// Those of some work, as a role sees them that is asked for now.
    ///
    /// If the role is independent, they have to be loaded.
    pub fn of(
        roster: &'a Roster,
        rules: &'a Rules,
        role: &Role,
        scope: WorkScope,
        now: Timestamp,
    ) -> Self {
        let judged = Some(scope).filter(|_| role.independent);
        let mut participants = Self { roster, rules, now, judged, earlier: BTreeMap::new() };
        let since = rules.lifecycle.participation_since(now);
        let keys = participants.judged.iter().flat_map(WorkScope::keys);
        for (of, persona, role) in keys.flat_map(|(of, key)| {
            roster.participations(key, since).map(move |(persona, role)| (of, persona, role))
        }) {
            if rules.roles.is_independent(role) {
                continue;
            }
            let known = participants.earlier.remove(&persona);
            participants.earlier.insert(persona, Part::with(known, of, role));
        }
        participants
    }

    /// The roster that they are of.
    pub fn roster(&self) -> &'a Roster {
        self.roster
    }

    /// The rules that they are seen by.
    pub fn rules(&self) -> &'a Rules {
        self.rules
    }

    /// Returns whether a persona took part.
    pub fn include(&self, it: &Candidate<'_>) -> bool {
        self.earlier.contains_key(&it.index) || it.is_held() && self.part(it).is_some()
    }

    /// The part that a persona took, with what it holds now.
    pub fn part(&self, it: &Candidate<'_>) -> Option<Part> {
        let judged = self.judged.as_ref()?;
        let mut part = self.earlier.get(&it.index).cloned();
        let leases = it.is_held().then(|| self.roster.leases(it.name)).into_iter();
        let given_up = |lease: &Lease| given_up(lease.hold(), self.roster, self.rules, self.now);
        for lease in leases.flat_map(Leases::iter) {
            let is_independent = self.rules.roles.is_independent(&lease.role);
            // A call that never became a run did no work.
            if is_independent || given_up(lease) == Some(ReleaseReason::NotStarted) {
                continue;
            }
            if let Some(of) = judged.shares(lease) {
                part = Some(Part::with(part, of, &lease.role));
            }
        }
        part
    }

    /// Whether a persona is independent; nothing, if the role judges no work.
    pub fn is_independent(&self, name: &PersonaName) -> Option<bool> {
        self.judged.as_ref()?;
        let it = self.roster.candidate(name);
        Some(it.is_none_or(|it| self.part(&it).is_none()))
    }

    /// Those of a ranking, from which somebody was taken. Whoever was taken for another reason than
    /// that it is the first passes nobody over.
    pub fn in_ranking(&self, ranking: &[Ranked<'_>], taken: &PersonaName) -> Vec<TookPart> {
        let first = ranking.first().filter(|(it, _)| it.name == taken && !it.took_part);
        let took_part = ranking.iter().filter(|(it, _)| it.took_part).filter_map(|ranked| {
            let passed_over = first.is_some_and(|first| ranks_before(ranked, first));
            Some(TookPart { name: ranked.0.name.clone(), part: self.part(&ranked.0)?, passed_over })
        });
        took_part.collect()
    }
}

impl Part {
    /// Adds a role in which somebody took part. Of who took part in the work and in the session,
    /// only the work is told.
    pub(super) fn with(known: Option<Self>, of: PartIn, role: &RoleName) -> Self {
        let known = known.filter(|known| known.of <= of);
        let mut part = known.unwrap_or(Self { of, roles: Vec::new() });
        if part.of == of && !part.roles.contains(role) {
            part.roles.push(role.clone());
        }
        part
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::broker::testing::{World, name, request, session};
    use crate::broker::{self, AssignRequest, Choice, Decision, ReleaseRequest};
    use crate::events::{
        Assign, ChoiceReason, Event, ProjectName, Record, ReleaseReason, RetireReason, SessionId,
        Slot, WorkName,
    };

    const DAY: i64 = 86_400;

    /// A session asks for a role on a branch of a project, if one is given.
    fn asked(session: &str, project: &str, work: Option<&str>, roles: &[&str]) -> AssignRequest {
        let project = ProjectName::parse(project).unwrap();
        let work = work.map(|work| WorkName::parse(work).unwrap());
        AssignRequest { project, work, ..request(session, "w", roles) }
    }

    fn gives_back(world: &mut World, session: &str, reason: ReleaseReason) {
        let request = ReleaseRequest { session: self::session(session), agent: None, reason };
        for event in broker::release(&mut world.situation(), &request).unwrap().events {
            world.given(event);
        }
    }

    /// A session has a role done on a branch by whoever is best, and ends.
    fn done(world: &mut World, session: &str, work: Option<&str>, role: &str) -> String {
        let lent = world.assign(&asked(session, "p", work, &[role])).unwrap();
        gives_back(world, session, ReleaseReason::SessionEnd);
        lent.outcome[0].persona.to_string()
    }

    /// Who is chosen for a role, and whether it is said to be independent; nothing is recorded.
    fn chosen(world: &mut World, request: &AssignRequest) -> (String, Option<bool>) {
        let decision = broker::assign(&mut world.situation(), request).unwrap();
        let choice = &decision.outcome[0];
        let warned = decision.notices.iter().any(|notice| notice.ends_with(" (not_independent)"));
        assert_eq!(warned, choice.independent == Some(false), "{:?}", decision.notices);
        (choice.persona.to_string(), choice.independent)
    }

    #[test]
    fn whoever_took_part_comes_behind_everybody_who_did_not() {
        let mut world = World::of(&["Ann", "Bo"]);
        assert_eq!(done(&mut world, "s1", Some("fix"), "implementation"), "Ann");
        // The record speaks for Ann, and changes nothing.
        world.judged("Ann", "code-reviewer", crate::events::Sentiment::Positive);
        for (asked, expected) in [
            (asked("s2", "p", Some("fix"), &["code-reviewer"]), ("Bo", Some(true))),
            (asked("s2", "p", Some("fix"), &["red-team"]), ("Bo", Some(true))),
            (asked("s2", "p", Some("fix"), &["testing"]), ("Bo", None)), // it was idle longer
            (asked("s2", "p", Some("other"), &["code-reviewer"]), ("Ann", Some(true))),
            (asked("s2", "q", Some("fix"), &["code-reviewer"]), ("Ann", Some(true))),
            (asked("s2", "p", None, &["code-reviewer"]), ("Ann", Some(true))),
            (asked("s1", "p", None, &["code-reviewer"]), ("Bo", Some(true))),
            (asked("s1", "q", None, &["code-reviewer"]), ("Ann", Some(true))),
        ] {
            let (persona, independent) = chosen(&mut world, &asked);
            assert_eq!((persona.as_str(), independent), expected, "{asked:?}");
        }
    }

    #[test]
    fn to_judge_is_no_part_of_what_is_judged() {
        let mut world = World::of(&["Ann", "Bo"]);
        assert_eq!(done(&mut world, "s1", Some("fix"), "security-review"), "Ann");
        world.judged("Ann", "code-reviewer", crate::events::Sentiment::Positive);
        let again = asked("s1", "p", Some("fix"), &["code-reviewer"]);
        assert_eq!(chosen(&mut world, &again), ("Ann".to_owned(), Some(true)));
    }

    #[test]
    fn a_part_is_remembered_for_thirty_days_from_its_end() {
        let mut world = World::of(&["Ann", "Bo"]);
        let lent = asked("s1", "p", Some("fix"), &["implementation"]);
        world.assign(&lent).unwrap();
        world.after(40 * DAY);
        gives_back(&mut world, "s1", ReleaseReason::Orphaned);
        world.judged("Ann", "code-reviewer", crate::events::Sentiment::Positive);
        let review = asked("s2", "p", Some("fix"), &["code-reviewer"]);
        assert_eq!(chosen(world.after(30 * DAY), &review).0, "Bo", "to the second");
        assert_eq!(chosen(world.after(1), &review), ("Ann".to_owned(), Some(true)));
        // What is told of the future happened all the same.
        assert_eq!(chosen(world.after(-60 * DAY), &review).0, "Bo");
    }

    #[test]
    fn it_is_taken_only_if_nobody_else_is_free_or_can_be_brought_back() {
        let mut world = World::of(&["Ann", "Bo", "Cy"]);
        assert_eq!(done(&mut world, "s1", Some("fix"), "implementation"), "Ann");
        world.retired("Bo", RetireReason::Inactive).retired("Cy", RetireReason::Manual);
        let review = asked("s2", "p", Some("fix"), &["code-reviewer"]);
        let decision = broker::assign(&mut world.situation(), &review).unwrap();
        assert_eq!(decision.outcome[0].reason, ChoiceReason::BroughtBack);
        assert_eq!(decision.outcome[0].persona, name("Bo"));

        world.lent("other", "w", "Bo", "testing");
        let decision = world.assign(&review).unwrap();
        let choice = &decision.outcome[0];
        assert_eq!((&choice.persona, choice.reason), (&name("Ann"), ChoiceReason::BestFree));
        assert_eq!(
            decision.notices,
            [
                "`Ann` took part in `fix` as `implementation`, and nobody who took no part is free or can be brought back (not_independent)"
            ]
        );
        let Some(Event::Assign(Assign { slots, work, .. })) = decision.events.last() else {
            panic!("it was lent")
        };
        assert_eq!(slots[0].independent, Some(false));
        assert_eq!(work.as_ref().map(WorkName::as_str), Some("fix"));
    }

    #[test]
    fn the_same_agent_keeps_its_persona_and_is_told() {
        let mut world = World::of(&["Ann", "Bo"]);
        world.assign(&asked("s", "p", None, &["implementation"])).unwrap();
        let review = asked("s", "p", None, &["code-reviewer"]);
        for reason in [ChoiceReason::Kept, ChoiceReason::Reused] {
            let decision = world.assign(&review).unwrap();
            let choice = &decision.outcome[0];
            assert_eq!((choice.reason, choice.independent), (reason, Some(false)));
            assert_eq!(
                decision.notices,
                [
                    "`Ann` took part in the session `s` as `implementation`, and keeps `w-0` (not_independent)"
                ]
            );
        }
    }

    #[test]
    fn whoever_is_asked_for_by_name_comes_and_is_told() {
        let mut world = World::of(&["Ann", "Bo"]);
        done(&mut world, "s1", Some("fix"), "testing");
        done(&mut world, "s1", Some("fix"), "implementation");
        let by_name = |who: &str| AssignRequest {
            summon: Some(who.to_owned()),
            ..asked("s2", "p", Some("fix"), &["code-reviewer"])
        };
        let decision = broker::assign(&mut world.situation(), &by_name("Bo")).unwrap();
        assert_eq!(
            decision.notices,
            [
                "`Bo` took part in `fix` as `implementation`, and was asked for by name (not_independent)"
            ]
        );
        // So does one that a silent session holds for the same work.
        let mut world = World::of(&["Ann", "Bo"]);
        world.assign(&asked("s1", "p", Some("fix"), &["implementation"])).unwrap();
        world.after(2 * DAY);
        let decision = world.assign(&by_name("Ann")).unwrap();
        assert_eq!(decision.outcome[0].independent, Some(false));
        assert_eq!(decision.outcome[0].reason, ChoiceReason::Summoned);
    }

    #[test]
    fn a_ranking_tells_who_took_part_and_who_was_passed_over() {
        let mut world = World::of(&["Ann", "Bo", "Cy"]);
        for role in ["implementation", "testing"] {
            let lent = asked("s1", "p", Some("fix"), &[role, "code-reviewer", role]);
            world.assign(&lent).unwrap();
            gives_back(&mut world, "s1", ReleaseReason::SessionEnd);
            world.after(60);
        }
        world.judged("Ann", "code-reviewer", crate::events::Sentiment::Positive);
        let review = AssignRequest {
            explain: true,
            ..asked("s2", "p", Some("fix"), &["code-reviewer", "testing"])
        };
        let decision = broker::assign(&mut world.situation(), &review).unwrap();
        let [reviewer, tester] = &decision.outcome[..] else { panic!("two were asked for") };
        let ranking: Vec<_> = reviewer.ranking.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(ranking, ["Bo", "Ann", "Cy"]);
        let told = |name: &str, passed_over| TookPart {
            name: self::name(name),
            part: Part {
                of: PartIn::Work,
                roles: ["implementation", "testing"].map(RoleName::unchecked).to_vec(),
            },
            passed_over,
        };
        assert_eq!(reviewer.took_part, [told("Ann", true), told("Cy", false)]);
        assert_eq!((tester.independent, &tester.took_part[..]), (None, &[][..]));
    }

    #[test]
    fn the_order_in_which_roles_are_asked_for_is_all_the_same_later() {
        for roles in [["implementation", "code-reviewer"], ["code-reviewer", "implementation"]] {
            let mut world = World::of(&["Ann", "Bo"]);
            let decision = world.assign(&asked("s", "p", Some("fix"), &roles)).unwrap();
            let writer = roles.iter().position(|role| *role == "implementation").unwrap();
            let writer = decision.outcome[writer].persona.to_string();
            gives_back(&mut world, "s", ReleaseReason::Manual);
            let again = asked("s", "p", None, &["red-team"]);
            let (persona, independent) = chosen(&mut world, &again);
            assert!(persona != writer && independent == Some(true), "{roles:?}");
        }
    }

    /// The event list, and all slots that were ever held by it.
    struct Past<'a> {
        records: &'a [Record],
        held: Vec<(Held<'a>, Option<i64>)>,
    }

    /// Someone's slot: the persona and its role, the session, the project and the branch; and when
    /// it was given back, if it was.
    type Held<'a> =
        (&'a PersonaName, &'a RoleName, &'a SessionId, &'a ProjectName, Option<&'a WorkName>);

    const JUDGES: [&str; 3] = ["code-reviewer", "security-review", "red-team"];

    impl<'a> Past<'a> {
        fn of(records: &'a [Record]) -> Self {
            let mut all: Vec<(Held<'a>, &Slot, i64, Option<i64>)> = Vec::new();
            for record in records {
                let second = record.at.as_second();
                match &record.event {
                    Event::Assign(it) => {
                        for slot in &it.slots {
                            let (persona, role) = (&slot.persona, &slot.role);
                            let is_open =
                                |(of, place, _, end): &(Held<'_>, &Slot, i64, Option<i64>)| {
                                    end.is_none()
                                        && **place == slot.slot
                                        && of.0 == persona
                                        && of.1 == role
                                        && *of.2 == it.session
                                };
                            if !all.iter().any(is_open) {
                                let of =
                                    (persona, role, &it.session, &it.project, it.work.as_ref());
                                all.push((of, &slot.slot, second, None));
                            }
                        }
                    }
                    Event::Release(it) => {
                        for slot in &it.slots {
                            let closed = all.iter_mut().find(|(of, place, _, end)| {
                                end.is_none()
                                    && **place == slot.slot
                                    && *of.0 == slot.persona
                                    && *of.1 == slot.role
                                    && *of.2 == it.session
                            });
                            if let Some((_, _, since, end)) = closed {
                                *end = Some(second.max(*since));
                            }
                        }
                    }
                    _ => {}
                }
            }
            Self { records, held: all.into_iter().map(|(of, _, _, end)| (of, end)).collect() }
        }

        fn took_part(&self, persona: &PersonaName, asked: &AssignRequest, now: Timestamp) -> bool {
            self.held.iter().copied().any(|((who, role, session, project, work), end)| {
                let same_work = asked.work.is_some() && work == asked.work.as_ref();
                let recent = end.is_none_or(|end| now.as_second() - end <= 30 * DAY);
                who == persona
                    && !JUDGES.contains(&role.as_str())
                    && *project == asked.project
                    && (*session == asked.session || same_work)
                    && recent
            })
        }

        /// Those whom nobody retired by hand, and nobody holds but these sessions.
        fn can_be_had(&self, given_back: &[&SessionId]) -> BTreeSet<&'a PersonaName> {
            let mut can = BTreeMap::new();
            for record in self.records {
                match &record.event {
                    Event::Seed(it) | Event::Grow(it) => can.insert(&it.name, true),
                    Event::Retire(it) => {
                        can.insert(&it.persona, it.reason == RetireReason::Inactive)
                    }
                    Event::Reactivate(it) => can.insert(&it.persona, true),
                    _ => None,
                };
            }
            for ((persona, _, session, ..), end) in self.held.iter().copied() {
                if end.is_none() && !given_back.contains(&session) {
                    can.insert(persona, false);
                }
            }
            can.into_iter().filter(|(_, can)| *can).map(|(name, _)| name).collect()
        }
    }

    /// A decision, held to the event list from before it.
    fn check(
        past: &Past<'_>,
        asked: &AssignRequest,
        decision: &Decision<Vec<Choice>>,
        now: Timestamp,
    ) {
        // Whoever the same command takes from a silent session can be had, too.
        let given_back = decision.events.iter().filter_map(|event| match event {
            Event::Release(it) if it.reason == ReleaseReason::Orphaned => Some(&it.session),
            _ => None,
        });
        let can_be_had = past.can_be_had(&given_back.collect::<Vec<_>>());
        let mut taken = BTreeSet::new();
        for choice in &decision.outcome {
            let judges = JUDGES.contains(&choice.role.as_str());
            let took_part = past.took_part(&choice.persona, asked, now);
            assert_eq!(choice.independent, judges.then_some(!took_part), "{choice:?} of {asked:?}");
            let was_chosen = matches!(
                choice.reason,
                ChoiceReason::BestFree | ChoiceReason::BroughtBack | ChoiceReason::Grown
            );
            if judges && took_part && was_chosen {
                let other = can_be_had
                    .iter()
                    .find(|it| !taken.contains(**it) && !past.took_part(it, asked, now));
                assert_eq!(other, None, "{choice:?} of {asked:?}");
            }
            taken.insert(&choice.persona);
        }
        let not: Vec<_> =
            decision.outcome.iter().filter(|it| it.independent == Some(false)).collect();
        let told = decision.notices.iter().filter(|it| it.ends_with("(not_independent)")).count();
        assert_eq!(told, not.len());
        let lent = decision.events.iter().filter_map(|event| match event {
            Event::Assign(it) => Some(it),
            _ => None,
        });
        for slot in lent.flat_map(|it| &it.slots) {
            let is_not = not.iter().any(|it| it.slot == slot.slot);
            assert_eq!(slot.independent, is_not.then_some(false));
        }
    }

    /// Makes sessions up, and counts the reviews, those that somebody who took part could have got
    /// and did not, and those that went to one of them.
    struct Chance(fastrand::Rng, [u32; 3]);

    impl Chance {
        fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
            all[self.0.usize(..all.len())]
        }

        fn request(&mut self) -> AssignRequest {
            let roles =
                ["implementation", "testing", "code-reviewer", "security-review", "general"];
            let roles: Vec<_> = (0..self.0.usize(1..4)).map(|_| self.one_of(&roles)).collect();
            let session = self.one_of(&["s1", "s2", "s3"]);
            let project = self.one_of(&["p", "p", "q"]);
            let work = self.one_of(&[None, Some("a"), Some("a"), Some("b")]);
            let summon =
                self.one_of(&[None, None, None, None, None, None, Some("Ann"), Some("Bo")]);
            let summon = summon.map(str::to_owned);
            let agent = crate::events::AgentName::unchecked(self.one_of(&["v", "w"]));
            AssignRequest { agent, summon, ..asked(session, project, work, &roles) }
        }

        fn count(
            &mut self,
            past: &Past<'_>,
            asked: &AssignRequest,
            decision: &Decision<Vec<Choice>>,
            now: Timestamp,
        ) {
            let could = past.can_be_had(&[]);
            let could = could.into_iter().any(|it| past.took_part(it, asked, now));
            for review in decision.outcome.iter().filter_map(|choice| choice.independent) {
                self.1[0] += 1;
                self.1[1] += u32::from(review && could);
                self.1[2] += u32::from(!review);
            }
        }

        /// Goes on for some time in a world.
        fn go_on(&mut self, world: &mut World, deeds: usize) {
            for _ in 0..deeds {
                let second = self.one_of(&[0, 1, 3600, DAY, 9 * DAY, 29 * DAY, 30 * DAY, -DAY]);
                world.after(second);
                match self.0.u8(..10) {
                    0..5 => {
                        let asked = self.request();
                        let decision = broker::assign(&mut world.situation(), &asked).unwrap();
                        let past = Past::of(&world.records);
                        check(&past, &asked, &decision, world.now);
                        self.count(&past, &asked, &decision, world.now);
                        for event in decision.events {
                            world.given(event);
                        }
                    }
                    5..8 => {
                        let reason = self.one_of(&[
                            ReleaseReason::SessionEnd,
                            ReleaseReason::Manual,
                            ReleaseReason::Orphaned,
                        ]);
                        let session = self.one_of(&["s1", "s2", "s3"]);
                        gives_back(world, session, reason);
                    }
                    8 => {
                        let who = self.one_of(&["Ann", "Bo", "Cy"]);
                        let reason = self.one_of(&[RetireReason::Manual, RetireReason::Inactive]);
                        world.retired(who, reason);
                    }
                    _ => {
                        let who = self.one_of(&["Ann", "Bo", "Cy", "Dee"]);
                        let back = broker::reactivate(&mut world.situation(), who).unwrap();
                        for event in back.events {
                            world.given(event);
                        }
                    }
                }
            }
        }
    }

    /// Goes through so many histories, and says how many reviews there were, how many of them passed
    /// somebody over, and how many were not independent.
    fn live_through(histories: u64) -> [u32; 3] {
        let mut seen = [0; 3];
        for seed in 0..histories {
            let mut chance = Chance(fastrand::Rng::with_seed(seed), seen);
            let mut world = World::of(&["Ann", "Bo", "Cy", "Dee"]);
            chance.go_on(&mut world, 8);
            if seed % 4 == 0 {
                // Two machines work apart, and git merges what they did.
                let mut other = world.fork();
                chance.go_on(&mut world, 3);
                chance.go_on(&mut other, 3);
                world.merge(&other);
                chance.go_on(&mut world, 3);
            }
            seen = chance.1;
        }
        seen
    }

    #[test]
    fn no_review_goes_to_who_took_part_while_somebody_else_was_to_be_had() {
        let seen @ [reviews, passed_over, not_independent] = live_through(1_500);
        assert!(reviews > 3_000 && passed_over > 150 && not_independent > 300, "{seen:?}");
    }

    #[ignore = "it takes long in a debug build: `just torture` has it"]
    #[test]
    fn no_review_does_in_many_histories() {
        let seen @ [reviews, passed_over, not_independent] = live_through(10_000);
        assert!(reviews > 20_000 && passed_over > 1_000 && not_independent > 2_000, "{seen:?}");
    }
}
