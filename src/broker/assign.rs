//! Lending personas to an agent.

use std::slice;

use super::agent_slots::{AgentSlots, is_of_call};
use super::decision::ROLE_LIMIT;
use super::four_eyes::Participants;
use super::given_up::given_up;
use super::grow::Growth;
use super::lending::{Closed, is_stale, open_slots, pool, released_slot, releases};
use super::run::{begun, told_before};
use super::{AssignRequest, Decision, Refusal, Role, Score, Situation, TookPart, names};
use crate::events::{
    Assign, AssignedSlot, ChoiceReason, Event, PersonaName, Reactivate, ReactivateReason,
    ReleaseReason, ReleasedSlot, RoleName, Slot,
};
use crate::projection::{Candidate, Lease, PartIn};
use crate::wording::quoted;

/// One persona that an agent gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The slot.
    pub slot: Slot,
    /// The persona in it.
    pub persona: PersonaName,
    /// The role, resolved.
    pub role: RoleName,
    /// How well it fits, before this assignment.
    pub score: Score,
    /// Why this persona.
    pub reason: ChoiceReason,
    /// Whether it took no part in the work; nothing if the role judges none.
    pub independent: Option<bool>,
    /// Why the slots were closed that held it, if any did.
    pub took: Option<ReleaseReason>,
    /// The candidates that it was chosen from, best first, if the request asks for them.
    pub ranking: Vec<(PersonaName, Score)>,
    /// Those of them who took part in the work that the role judges.
    pub took_part: Vec<TookPart>,
}

/// Lends a persona for each role, or refuses all of them.
///
/// A slot that is open keeps its persona; for the others the best candidate is taken, out of a slot
/// whose run is over, or back if it was archived for inactivity; where there is none, one is grown.
/// A run that has a slot keeps it, whatever it is asked for now.
pub fn assign(
    situation: &mut Situation<'_>,
    request: &AssignRequest,
) -> Result<Decision<Vec<Choice>>, Refusal> {
    match request.roles.len() {
        0 => return Err(Refusal::NoRole),
        n if n > ROLE_LIMIT => return Err(Refusal::TooManyRoles(n)),
        _ => {}
    }
    let roster = situation.roster;
    let summoned = request.summon.as_ref().map(|typed| names::find_candidate(roster, typed));
    let mut summoned = summoned.transpose()?;
    let mut draft = Draft {
        situation,
        request,
        choices: Vec::new(),
        notices: Vec::new(),
        first: Vec::new(),
        closed: Closed::default(),
        growth: None,
        kept: Vec::new(),
        opened: Vec::new(),
    };
    if let Some((persona, lease, delivery)) = told_before(roster, request) {
        let role = draft.situation.rules.roles.resolve(lease.role.as_str());
        let choice = draft.chosen(lease.slot.clone(), persona, role, ChoiceReason::Reused);
        return Ok(Decision::new(delivery.into_iter().collect(), vec![choice]));
    }
    let places = draft.places();
    for ((slot, held), requested) in places.into_iter().zip(&request.roles) {
        draft.fill(slot, held, requested, summoned.take());
    }
    Ok(draft.finish())
}

/// A slot of the agent that asks, with who is in it already.
type Place<'a> = (Slot, Option<(&'a PersonaName, &'a Lease)>);

/// The decision while it is being made, slot by slot.
struct Draft<'s, 'a> {
    situation: &'s mut Situation<'a>,
    request: &'s AssignRequest,
    choices: Vec<Choice>,
    notices: Vec<String>,
    /// What has to happen before anybody is lent.
    first: Vec<Event>,
    /// What `first` closes.
    closed: Closed,
    /// What `first` grows comes from here.
    growth: Option<Growth<'a>>,
    /// Slots of this agent that are closed and opened again with the same persona, and why.
    kept: Vec<(ReleaseReason, ReleasedSlot)>,
    /// Slots that are new.
    opened: Vec<AssignedSlot>,
}

impl<'a> Draft<'_, 'a> {
    /// The slot for each role. What is no agent's any more is closed before anybody is chosen.
    fn places(&mut self) -> Vec<Place<'a>> {
        let AssignRequest { roles: asked, .. } = self.request;
        let Situation { roster, rules, now, .. } = *self.situation;
        let slots = AgentSlots::of(roster, self.request, now);
        let mut places: Vec<Place<'a>> = Vec::new();
        for (index, requested) in asked.iter().enumerate() {
            let role = rules.roles.resolve(requested.as_str());
            let slot = slots.find(index, |slot| places.iter().any(|(used, _)| used == slot));
            for (persona, lease) in slots.refused(&slot) {
                self.close(persona, lease, ReleaseReason::NotStarted);
            }
            let mut in_slot: Vec<_> =
                slots.held(&slot).filter(|(name, it)| !self.closed.has(name, it)).collect();
            // Of several, as after a merge, the one in this role.
            in_slot.sort_by_key(|(_, lease)| lease.role != role.name);
            places.push((slot, in_slot.into_iter().next().copied()));
        }
        places
    }

    /// Finds the persona for one slot.
    fn fill(
        &mut self,
        slot: Slot,
        held: Option<(&'a PersonaName, &'a Lease)>,
        requested: &RoleName,
        summoned: Option<Candidate<'a>>,
    ) {
        let role = self.resolve(requested);
        // Its run may be over, and an earlier slot of this agent have the persona by now.
        if let Some((persona, lease)) = held.filter(|(name, it)| !self.closed.has(name, it)) {
            self.keep(persona, lease, requested, role, summoned);
            return;
        }
        let choice = match summoned.filter(|persona| self.is_spared(persona)) {
            Some(persona) => {
                let took = self.summon(&persona);
                Choice { took, ..self.chosen(slot, persona.name, role, ChoiceReason::Summoned) }
            }
            None => self.choose(slot, role),
        };
        self.open(&choice, requested);
        self.choices.push(choice);
    }

    /// Resolves a role, and says so if it is none.
    fn resolve(&mut self, requested: &RoleName) -> &'a Role {
        let roles = &self.situation.rules.roles;
        if roles.find(requested.as_str()).is_none() {
            let general = &roles.general().name;
            let nearest = roles.nearest(requested.as_str()).filter(|name| *name != general);
            let nearest = nearest.map(|name| format!("; the nearest is `{name}`"));
            self.notices.push(format!(
                "there is no role named `{requested}`, chose for `{general}`{}",
                nearest.unwrap_or_default()
            ));
        }
        roles.resolve(requested.as_str())
    }

    /// The same agent keeps its persona: as it is in the same role; in another one, or when a run of
    /// it is over and another begins, with the old work counted.
    fn keep(
        &mut self,
        persona: &PersonaName,
        lease: &Lease,
        requested: &RoleName,
        role: &Role,
        summoned: Option<Candidate<'_>>,
    ) {
        let goes_on = !lease.has_ended() || is_of_call(lease, self.request);
        let reused = lease.role == role.name && goes_on;
        if let Some(summoned) = summoned.filter(|summoned| summoned.name != persona) {
            self.notices.push(format!(
                "`{}` keeps `{persona}`; `{}` was not summoned, release the slot first",
                lease.slot, summoned.name
            ));
        }
        let reason = if reused { ChoiceReason::Reused } else { ChoiceReason::Kept };
        let choice = self.chosen(lease.slot.clone(), persona, role, reason);
        if !reused {
            let reason = if goes_on { ReleaseReason::Manual } else { ReleaseReason::Finished };
            self.kept.push((reason, released_slot(persona, lease)));
            self.open(&choice, requested);
        }
        self.choices.push(choice);
    }

    /// Returns whether a persona that was asked for by name is needed by nobody. If it is at work, it
    /// stays there.
    fn is_spared(&mut self, persona: &Candidate<'a>) -> bool {
        let Situation { roster, rules, now, .. } = *self.situation;
        let at_work = |lease: &&Lease| {
            given_up(lease.hold(), roster, rules, now).is_none()
                && (lease.session == self.request.session
                    || !is_stale(roster, &lease.session, rules, now))
        };
        let leases = roster.leases(persona.name);
        let at_work = leases.iter().find(at_work);
        self.notices.extend(at_work.map(|lease| {
            format!(
                "`{}` is held by the session `{}`, which was active in the last hours; chose by score instead",
                persona.name, lease.session
            )
        }));
        at_work.is_none()
    }

    /// Makes it free: out of slots whose runs are over, away from sessions that fell silent, and out
    /// of the archive. Answers with why its slots were closed, if any were for want of a run.
    fn summon(&mut self, persona: &Candidate<'a>) -> Option<ReleaseReason> {
        let roster = self.situation.roster;
        let leases = roster.leases(persona.name);
        let took = self.take(persona.name);
        for lease @ Lease { session, .. } in leases.iter() {
            if !self.closed.has(persona.name, lease) {
                let mut slots = open_slots(roster, session, None);
                slots.retain(|slot| !self.closed.has_slot(session, slot));
                self.first.extend(releases(session, None, ReleaseReason::Orphaned, &slots));
                self.closed.add_session(session);
            }
        }
        if !persona.is_active() {
            self.reactivate(persona.name, ReactivateReason::Summon);
        }
        took
    }

    /// Closes the slots of a persona whose runs are over or never were.
    fn take(&mut self, persona: &PersonaName) -> Option<ReleaseReason> {
        let Situation { roster, rules, now, .. } = *self.situation;
        let mut took = None;
        for lease in roster.leases(persona).iter() {
            let reason = given_up(lease.hold(), roster, rules, now);
            if let Some(reason) = reason.filter(|_| !self.closed.has(persona, lease)) {
                self.close(persona, lease, reason);
                took = took.or(Some(reason));
            }
        }
        took
    }

    fn close(&mut self, persona: &PersonaName, lease: &Lease, reason: ReleaseReason) {
        let slot = released_slot(persona, lease);
        self.first.extend(releases(&lease.session, None, reason, slice::from_ref(&slot)));
        self.closed.add_slot(&lease.session, &slot);
    }

    /// Who took part in the work that a role judges.
    fn participants(&self, role: &Role) -> Participants<'a> {
        let Situation { roster, rules, now, .. } = *self.situation;
        Participants::of(roster, rules, role, self.request.scope(), now)
    }

    /// Says so if a persona judges work that it took part in, and returns whether it did not.
    fn note_part(
        &mut self,
        participants: &Participants<'_>,
        slot: &Slot,
        persona: &PersonaName,
        reason: ChoiceReason,
    ) -> Option<bool> {
        let it = self.situation.roster.candidate(persona);
        if let Some(part) = it.and_then(|it| participants.part(&it)) {
            let why = match reason {
                ChoiceReason::Summoned => "and was asked for by name".to_owned(),
                ChoiceReason::Reused | ChoiceReason::Kept => format!("and keeps `{slot}`"),
                ChoiceReason::BestFree | ChoiceReason::BroughtBack | ChoiceReason::Grown => {
                    "and nobody who took no part is free or can be brought back".to_owned()
                }
            };
            let what = match (part.of, &self.request.work) {
                (PartIn::Work, Some(work)) => format!("`{work}`"),
                _ => format!("the session `{}`", self.request.session),
            };
            let roles = quoted(&part.roles);
            self.notices.push(format!(
                "`{persona}` took part in {what} as {roles}, {why} (not_independent)"
            ));
        }
        participants.is_independent(persona)
    }

    /// Takes the best candidate; where there is none, a new persona.
    fn choose(&mut self, slot: Slot, role: &Role) -> Choice {
        let Situation { roster, rules, now, .. } = *self.situation;
        let given_back = self.closed.given_back(roster, rules, now);
        let is_taken = |name: &PersonaName| self.choices.iter().any(|it| it.persona == *name);
        let explain = self.request.explain;
        let participants = self.participants(role);
        let ranked = pool(&participants, now, role, &given_back, is_taken, explain);
        let mut took = None;
        let (reason, persona, score) = match ranked.first() {
            Some((best, score)) => {
                took = self.take(best.name);
                let reason = if best.is_active() {
                    ChoiceReason::BestFree
                } else {
                    self.reactivate(best.name, ReactivateReason::Needed);
                    ChoiceReason::BroughtBack
                };
                (reason, best.name.clone(), *score)
            }
            None => self.grow(role),
        };
        let independent = self.note_part(&participants, &slot, &persona, reason);
        let took_part =
            if explain { participants.in_ranking(&ranked, &persona) } else { Vec::new() };
        let ranking = ranked.into_iter().filter(|_| explain);
        let ranking = ranking.map(|(it, score)| (it.name.clone(), score)).collect();
        let role = role.name.clone();
        Choice { slot, persona, role, score, reason, independent, took, ranking, took_part }
    }

    /// The choice of a persona that was not ranked.
    fn chosen(
        &mut self,
        slot: Slot,
        persona: &PersonaName,
        role: &Role,
        reason: ChoiceReason,
    ) -> Choice {
        let Situation { roster, rules, now, .. } = *self.situation;
        let score = Score::of_persona(roster, persona, role, &rules.scoring, now);
        let independent = self.note_part(&self.participants(role), &slot, persona, reason);
        let (persona, role) = (persona.clone(), role.name.clone());
        let (score, took) = (score.unwrap_or_default(), None);
        let (ranking, took_part) = (Vec::new(), Vec::new());
        Choice { slot, persona, role, score, reason, independent, took, ranking, took_part }
    }

    fn grow(&mut self, role: &Role) -> (ChoiceReason, PersonaName, Score) {
        let growth = self.growth.get_or_insert_with(|| Growth::new(self.situation));
        let grown = growth.grow(Some(role), self.situation.rng);
        let score = Score::of_newcomer(&grown, role, &self.situation.rules.scoring);
        let name = grown.name.clone();
        self.first.push(Event::Grow(grown));
        (ChoiceReason::Grown, name, score)
    }

    fn reactivate(&mut self, persona: &PersonaName, reason: ReactivateReason) {
        let persona = persona.clone();
        self.first.push(Event::Reactivate(Reactivate { persona, reason }));
    }

    fn open(&mut self, choice: &Choice, requested: &RoleName) {
        let Choice { slot, persona, role, score, reason, independent, .. } = choice.clone();
        let (requested, by, score) = (requested.clone(), Some(reason), Some(score.total));
        // What goes without saying is not written.
        let independent = independent.filter(|independent| !independent);
        self.opened.push(AssignedSlot { slot, persona, role, requested, by, score, independent });
    }

    fn finish(self) -> Decision<Vec<Choice>> {
        let AssignRequest { session, agent, team, project, work, tool_use_id, .. } =
            self.request.clone();
        // A run has one slot, however many roles it asks for.
        let begun = self.choices.first().and_then(|choice| {
            begun(self.request, &choice.slot, choice.reason != ChoiceReason::Reused)
        });
        let mut events = self.first;
        for reason in [ReleaseReason::Finished, ReleaseReason::Manual] {
            let kept = self.kept.iter().filter(|(why, _)| *why == reason);
            let kept: Vec<_> = kept.map(|(_, slot)| slot.clone()).collect();
            events.extend(releases(&session, Some(&agent), reason, &kept));
        }
        if !self.opened.is_empty() {
            let slots = self.opened;
            let assign = Assign { session, agent, team, project, work, slots, tool_use_id };
            events.push(Event::Assign(assign));
        }
        events.extend(begun);
        Decision { events, outcome: self.choices, notices: self.notices }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::broker::Start;
    use crate::broker::testing::{World, definition, name, released, request, session, slot};
    use crate::events::{AgentName, ProjectName, Release, RetireReason, TeamName, ToolUseId};

    const DAY: i64 = 86_400;

    /// A slot for the best candidate, whatever its score.
    fn assigned(agent: &str, index: usize, persona: &str, role: &str) -> AssignedSlot {
        let role = RoleName::parse(role).unwrap();
        let (slot, requested) = (slot(agent, index), role.clone());
        let by = Some(ChoiceReason::BestFree);
        AssignedSlot {
            slot,
            persona: name(persona),
            role,
            requested,
            by,
            score: None,
            independent: None,
        }
    }

    /// The same slot for another reason.
    fn by(reason: ChoiceReason, slot: AssignedSlot) -> AssignedSlot {
        AssignedSlot { by: Some(reason), ..slot }
    }

    /// The events of a decision, without the scores in them, each of which is the choice's own.
    fn unscored(decision: &Decision<Vec<Choice>>) -> Vec<Event> {
        let mut events = decision.events.clone();
        for event in &mut events {
            let Event::Assign(assign) = event else { continue };
            for slot in &mut assign.slots {
                let choice = decision.outcome.iter().find(|choice| choice.slot == slot.slot);
                assert_eq!(slot.score.take(), choice.map(|choice| choice.score.total));
            }
        }
        events
    }

    /// The event that `request("s", "w", …)` is to end with.
    fn lending(slots: Vec<AssignedSlot>) -> Event {
        Event::Assign(Assign {
            session: session("s"),
            agent: AgentName::parse("w").unwrap(),
            team: None,
            project: ProjectName::parse("acme-api").unwrap(),
            work: None,
            slots,
            tool_use_id: None,
        })
    }

    fn reactivation(persona: &str, reason: ReactivateReason) -> Event {
        Event::Reactivate(Reactivate { persona: name(persona), reason })
    }

    fn orphaning(session: &str, slots: Vec<ReleasedSlot>) -> Event {
        let reason = ReleaseReason::Orphaned;
        Event::Release(Release { session: self::session(session), agent: None, reason, slots })
    }

    fn summoning(persona: &str, roles: &[&str]) -> AssignRequest {
        AssignRequest { summon: Some(persona.to_owned()), ..request("s", "w", roles) }
    }

    fn chosen(decision: &Decision<Vec<Choice>>) -> Vec<(&str, bool)> {
        decision
            .outcome
            .iter()
            .map(|choice| (choice.persona.as_str(), choice.reason == ChoiceReason::Reused))
            .collect()
    }

    #[test]
    fn a_role_gets_the_best_free_persona_in_one_event() {
        let mut world = World::of(&["Ann", "Bo"]);
        world.worked("Bo", "testing").after(10 * DAY);
        let asked = AssignRequest {
            team: Some(TeamName::parse("core").unwrap()),
            tool_use_id: Some(ToolUseId::parse("toolu_1").unwrap()),
            ..request("s", "w", &["Test"])
        };
        let decision = world.assign(&asked).unwrap();
        let (team, tool_use_id) = (asked.team, asked.tool_use_id);
        let requested = RoleName::parse("Test").unwrap();
        let slots = vec![AssignedSlot { requested, ..assigned("w", 0, "Bo", "testing") }];
        let Event::Assign(lent) = lending(slots) else { unreachable!() };
        assert_eq!(unscored(&decision), [Event::Assign(Assign { team, tool_use_id, ..lent })]);
        let [choice] = &decision.outcome[..] else { panic!("it is one choice") };
        assert_eq!((choice.slot.as_str(), choice.role.as_str()), ("w-0", "testing"));
        assert_eq!(choice.score.total.to_string(), "0.451645064", "before this assignment");
        assert_eq!(decision.notices, [""; 0]);
    }

    #[test]
    fn only_a_free_persona_is_chosen() {
        let mut world = World::of(&["Held", "Retired", "Free"]);
        world.worked("Held", "testing").worked("Retired", "testing").after(10 * DAY);
        world.lent("other", "w", "Held", "testing").retired("Retired", RetireReason::Manual);
        assert_eq!(world.chosen("testing"), "Free");
    }

    #[test]
    fn who_was_retired_for_inactivity_competes_and_comes_back_if_it_is_the_best() {
        let mut world = World::of(&["Ann", "Bo"]);
        world.worked("Bo", "testing").after(10 * DAY).retired("Bo", RetireReason::Inactive);
        let decision = world.assign(&request("s", "w", &["testing", "testing"])).unwrap();
        assert_eq!(chosen(&decision), [("Bo", false), ("Ann", false)]);
        assert_eq!(decision.events[0], reactivation("Bo", ReactivateReason::Needed));
        assert_eq!(decision.events.len(), 2);
    }

    #[test]
    fn a_persona_is_grown_for_the_role_that_needs_it() {
        for _ in 0..8 {
            let mut world = World::of(&[]);
            let decision = world.assign(&request("s", "w", &["security-review"])).unwrap();
            let Event::Grow(grown) = &decision.events[0] else { panic!("somebody is grown") };
            let role = world.rules.roles.resolve("security-review");
            assert!(role.expertise.contains(&grown.expertise[0]), "{:?}", grown.expertise);
            assert_eq!(grown.expertise.len(), 2);
            assert_ne!(grown.expertise[0], grown.expertise[1]);
        }
    }

    #[test]
    fn a_role_that_is_none_is_lent_for_general_with_a_warning() {
        let mut world = World::of(&["Ann"]);
        for (role, nearest) in
            [("code-reviwer", "; the nearest is `code-reviewer`"), ("astronaut-qq", "")]
        {
            let asked = request("s", "w", &[role]);
            let decision = assign(&mut world.situation(), &asked).unwrap();
            assert_eq!(decision.outcome[0].role.as_str(), "general");
            let warning = format!("there is no role named `{role}`, chose for `general`{nearest}");
            assert_eq!(decision.notices, [warning]);
        }
        let asked = request("s", "w", &["general"]);
        assert_eq!(assign(&mut world.situation(), &asked).unwrap().notices, [""; 0]);
    }

    #[test]
    fn when_none_is_free_the_best_that_was_retired_for_inactivity_comes_back() {
        let mut world = World::of(&["Ann", "Bo", "Cy"]);
        world.worked("Bo", "testing").worked("Cy", "testing").worked("Cy", "testing");
        world.judged("Cy", "testing", crate::events::Sentiment::Positive).after(DAY);
        world.worked("Bo", "debugging");
        for persona in ["Ann", "Bo"] {
            world.retired(persona, RetireReason::Inactive);
        }
        world.retired("Cy", RetireReason::Manual).after(20 * DAY);
        let decision = world.assign(&request("s", "w", &["testing"])).unwrap();
        assert_eq!(
            unscored(&decision),
            [
                reactivation("Bo", ReactivateReason::Needed),
                lending(vec![by(ChoiceReason::BroughtBack, assigned("w", 0, "Bo", "testing"))]),
            ]
        );
    }

    #[test]
    fn when_nobody_can_come_back_a_persona_is_grown() {
        let mut world = World::of(&["Held", "Retired", "Kept"]);
        world.lent("other", "w", "Held", "testing").retired("Retired", RetireReason::Manual);
        // Merged branches retired a persona and lent it.
        world.lent("other", "v", "Kept", "testing").retired("Kept", RetireReason::Inactive);
        let decision = world.assign(&request("s", "w", &["general"])).unwrap();
        let events = unscored(&decision);
        let [Event::Grow(grown), lent] = &events[..] else { panic!("somebody is grown") };
        let slot = assigned("w", 0, grown.name.as_str(), "general");
        assert_eq!(*lent, lending(vec![by(ChoiceReason::Grown, slot)]));
        assert_eq!(decision.outcome[0].score.total.to_string(), "0.55", "as a newcomer's");
        assert!(world.roster.get(&grown.name).unwrap().is_held());
    }

    #[test]
    fn several_roles_get_different_personas_in_one_event() {
        let mut world = World::of(&["Ann", "Bo", "Cy"]);
        let decision =
            world.assign(&request("s", "w", &["testing", "testing", "general"])).unwrap();
        let slots = [(0, "Ann", "testing"), (1, "Bo", "testing"), (2, "Cy", "general")];
        let slots = slots.map(|(index, persona, role)| assigned("w", index, persona, role));
        assert_eq!(unscored(&decision), [lending(slots.to_vec())]);
    }

    #[test]
    fn several_roles_bring_back_and_grow_as_many_as_it_takes_before_anybody_is_lent() {
        let mut world = World::of(&["Ann", "Bo"]);
        world.retired("Bo", RetireReason::Inactive);
        let decision = world.assign(&request("s", "w", &["testing"; 4])).unwrap();
        let kinds: Vec<_> = decision.events.iter().map(Event::kind).collect();
        assert_eq!(kinds, ["reactivate", "grow", "grow", "assign"]);
        let mut names: Vec<_> = chosen(&decision).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names[..2], ["Ann", "Bo"]);
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), 4);
    }

    #[test]
    fn the_same_agent_keeps_its_persona_in_the_same_role_and_nothing_is_recorded() {
        let mut world = World::of(&["Ann", "Bo"]);
        let asked = request("s", "w", &["testing", "general"]);
        world.assign(&asked).unwrap();
        let again = world.after(5 * DAY).assign(&asked).unwrap();
        assert_eq!(again.events, []);
        assert_eq!(chosen(&again), [("Ann", true), ("Bo", true)]);
    }

    #[test]
    fn another_agent_or_session_gets_another_persona() {
        let mut world = World::of(&["Ann", "Bo", "Cy"]);
        world.lent("s", "w", "Ann", "testing");
        for (session, agent, persona) in [("s", "w2", "Bo"), ("other", "w", "Cy")] {
            let decision = world.assign(&request(session, agent, &["testing"])).unwrap();
            assert_eq!(chosen(&decision), [(persona, false)]);
        }
    }

    #[test]
    fn the_same_agent_in_another_role_keeps_its_persona_and_its_old_work_counts() {
        let mut world = World::of(&["Ann", "Bo"]);
        world.assign(&request("s", "w", &["testing"])).unwrap();
        let decision = world.assign(&request("s", "w", &["debugging", "general"])).unwrap();
        assert_eq!(
            unscored(&decision),
            [
                Event::Release(Release {
                    session: session("s"),
                    agent: Some(AgentName::parse("w").unwrap()),
                    reason: ReleaseReason::Manual,
                    slots: vec![released("w", 0, "Ann", "testing")],
                }),
                lending(vec![
                    by(ChoiceReason::Kept, assigned("w", 0, "Ann", "debugging")),
                    assigned("w", 1, "Bo", "general"),
                ]),
            ]
        );
        assert_eq!(chosen(&decision), [("Ann", false), ("Bo", false)]);
        assert_eq!(decision.outcome[0].role.as_str(), "debugging");
        let ann = world.roster.get(&name("Ann")).unwrap();
        let closed: Vec<_> =
            ann.roles.iter().map(|(role, r)| (role.as_str(), r.closed())).collect();
        assert_eq!(closed, [("debugging", 0), ("testing", 1)]);
        assert_eq!(ann.leases.len(), 1);
    }

    #[test]
    fn an_agent_keeps_its_persona_though_another_branch_retired_it() {
        let mut world = World::of(&["Ann", "Bo"]);
        world.lent("s", "w", "Ann", "testing").retired("Ann", RetireReason::Manual);
        let decision = world.assign(&request("s", "w", &["testing"])).unwrap();
        assert_eq!((chosen(&decision), decision.events.len()), (vec![("Ann", true)], 0));
    }

    #[test]
    fn of_two_personas_that_a_merge_left_in_a_slot_the_one_with_the_role_is_kept() {
        let mut world = World::of(&["Ann", "Bo"]);
        world.lent("s", "w", "Ann", "testing").lent("s", "w", "Bo", "debugging");
        let decision = world.assign(&request("s", "w", &["debugging"])).unwrap();
        assert_eq!((chosen(&decision), decision.events.len()), (vec![("Bo", true)], 0));
    }

    #[test]
    fn a_summoned_persona_is_taken_whatever_its_score_for_the_first_slot_only() {
        let mut world = World::of(&["Ann", "Bo", "Cy"]);
        let decision = world.assign(&summoning("cy", &["testing", "testing"])).unwrap();
        assert_eq!(chosen(&decision), [("Cy", false), ("Ann", false)]);
        assert_eq!((decision.events.len(), decision.notices.len()), (1, 0));
    }

    #[test]
    fn a_summons_brings_back_an_archived_persona() {
        for reason in [RetireReason::Manual, RetireReason::Inactive] {
            let mut world = World::of(&["Ann", "Bo"]);
            let decision =
                world.retired("Bo", reason).assign(&summoning("Bo", &["testing"])).unwrap();
            assert_eq!(
                unscored(&decision),
                [
                    reactivation("Bo", ReactivateReason::Summon),
                    lending(vec![by(ChoiceReason::Summoned, assigned("w", 0, "Bo", "testing"))]),
                ]
            );
        }
    }

    #[test]
    fn a_summoned_persona_that_an_active_session_holds_stays_there() {
        let mut world = World::of(&["Ann", "Bo"]);
        world.lent("other", "v", "Bo", "testing").after(DAY - 1);
        let decision = world.assign(&summoning("Bo", &["testing"])).unwrap();
        assert_eq!(unscored(&decision), [lending(vec![assigned("w", 0, "Ann", "testing")])]);
        assert_eq!(
            decision.notices,
            [
                "`Bo` is held by the session `other`, which was active in the last hours; chose by score instead"
            ]
        );
    }

    #[test]
    fn a_summons_first_orphans_all_slots_of_a_stale_holder() {
        let mut world = World::of(&["Ann", "Bo", "Cy"]);
        world.lent("other", "v", "Bo", "testing").lent("other", "u", "Cy", "general");
        world.lent("busy", "v", "Ann", "testing").retired("Bo", RetireReason::Manual).after(DAY);
        let decision = world.assign(&summoning("Bo", &["debugging", "debugging"])).unwrap();
        let freed = [("u", "Cy", "general"), ("v", "Bo", "testing")];
        let freed = freed.map(|(agent, persona, role)| released(agent, 0, persona, role));
        let slots = [
            by(ChoiceReason::Summoned, assigned("w", 0, "Bo", "debugging")),
            assigned("w", 1, "Cy", "debugging"),
        ];
        assert_eq!(
            unscored(&decision),
            [
                orphaning("other", freed.to_vec()),
                reactivation("Bo", ReactivateReason::Summon),
                lending(slots.to_vec()),
            ],
            "and who is freed may be chosen for the next slot"
        );
        assert_eq!(decision.notices, [""; 0]);
    }

    #[test]
    fn a_summons_orphans_each_of_several_stale_holders_once_if_none_is_active() {
        let mut world = World::of(&["Ann", "Bo"]);
        world.lent("a", "v", "Bo", "testing").lent("a", "u", "Bo", "testing");
        world.lent("b", "v", "Bo", "testing").after(DAY);
        let asked = summoning("Bo", &["testing"]);
        let decision = assign(&mut world.situation(), &asked).unwrap();
        let both = ["u", "v"].map(|agent| released(agent, 0, "Bo", "testing"));
        assert_eq!(
            decision.events[..2],
            [orphaning("a", both.to_vec()), orphaning("b", both[1..].to_vec())]
        );
        assert_eq!(decision.events.len(), 3);
        let decision = world.lent("c", "v", "Bo", "testing").assign(&asked).unwrap();
        assert_eq!(chosen(&decision), [("Ann", false)]);
        assert_eq!(decision.events.len(), 1);
    }

    #[test]
    fn a_summons_takes_nothing_from_the_session_itself() {
        let mut world = World::of(&["Ann", "Bo"]);
        world.lent("s", "v", "Bo", "testing").after(2 * DAY);
        let decision = world.assign(&summoning("Bo", &["testing"])).unwrap();
        assert_eq!(chosen(&decision), [("Ann", false)]);
        assert!(matches!(&decision.notices[..], [held] if held.contains("chose by score")));
    }

    #[test]
    fn a_summons_for_a_slot_that_is_taken_is_answered_with_a_notice() {
        let mut world = World::of(&["Ann", "Bo"]);
        world.lent("s", "w", "Ann", "testing");
        let decision = world.assign(&summoning("Bo", &["testing"])).unwrap();
        assert_eq!((chosen(&decision), decision.events.len()), (vec![("Ann", true)], 0));
        assert_eq!(
            decision.notices,
            ["`w-0` keeps `Ann`; `Bo` was not summoned, release the slot first"]
        );
        let decision = world.assign(&summoning("Ann", &["testing"])).unwrap();
        assert_eq!(decision.notices, [""; 0], "it sits there already");
    }

    #[test]
    fn a_summons_of_nobody_is_refused_with_the_nearest_name() {
        let mut world = World::of(&["Elena Vasquez"]);
        let refusal = world.assign(&summoning("Elana Vasquez", &["testing"; 2])).unwrap_err();
        assert_eq!(refusal.to_string(), "there is no persona named `Elana Vasquez`");
        let nearest = Some(name("Elena Vasquez"));
        assert!(matches!(refusal, Refusal::UnknownPersona { nearest: it, .. } if it == nearest));
    }

    #[test]
    fn each_choice_tells_its_reason() {
        use ChoiceReason::{BestFree, BroughtBack, Grown, Kept, Reused, Summoned};
        let mut world = World::of(&["Ann", "Bo", "Cy"]);
        world.retired("Cy", RetireReason::Inactive);
        let mut reasons = |asked: &AssignRequest| -> Vec<_> {
            world.assign(asked).unwrap().outcome.iter().map(|choice| choice.reason).collect()
        };
        let first = summoning("Bo", &["testing"; 3]);
        assert_eq!(reasons(&first), [Summoned, BestFree, BroughtBack]);
        let second = request("s", "w", &["testing", "debugging", "testing", "testing"]);
        assert_eq!(reasons(&second), [Reused, Kept, Reused, Grown]);
    }

    #[test]
    fn the_ranking_of_the_candidates_is_told_if_it_is_asked_for() {
        let mut world = World::of(&["Ann", "Bo", "Cy"]);
        world.worked("Bo", "testing").after(10 * DAY).lent("other", "w", "Cy", "testing");
        for (explain, ranking) in [(false, ""), (true, "Bo 0.451645064, Ann 0.45")] {
            let asked = AssignRequest { explain, ..request("s", "w", &["testing"]) };
            let decision = assign(&mut world.situation(), &asked).unwrap();
            let told = decision.outcome[0].ranking.iter();
            let told: Vec<_> =
                told.map(|(name, score)| format!("{name} {}", score.total)).collect();
            assert_eq!(told.join(", "), ranking);
        }
    }

    /// The release that takes a persona out of the first slot of an agent of `t`.
    fn taken(agent: &str, persona: &str, reason: ReleaseReason) -> Event {
        let slots = vec![released(agent, 0, persona, "testing")];
        Event::Release(Release { session: session("t"), agent: None, reason, slots })
    }

    #[test]
    fn a_persona_whose_run_is_over_competes_and_is_taken_with_its_work_counted() {
        let mut world = World::of(&["Ann", "Bo"]);
        world.judged("Ann", "testing", crate::events::Sentiment::Positive);
        assert_eq!(world.called("t", "v", true, true), "Ann");
        let decision = world.assign(&request("s", "w", &["testing"])).unwrap();
        assert_eq!(
            unscored(&decision),
            [
                taken("v", "Ann", ReleaseReason::Finished),
                lending(vec![assigned("w", 0, "Ann", "testing")]),
            ]
        );
        assert_eq!(decision.outcome[0].took, Some(ReleaseReason::Finished));
        let ann = world.roster.get(&name("Ann")).unwrap();
        assert_eq!((ann.leases.len(), ann.roles.values().next().unwrap().closed()), (1, 1));
    }

    #[test]
    fn a_persona_that_is_at_work_is_not_taken_nor_one_that_was_retired_by_hand() {
        let mut world = World::of(&["Ann", "Bo", "Cy"]);
        assert_eq!(world.called("t", "v", true, false), "Ann");
        assert_eq!(world.called("t", "u", true, true), "Bo");
        world.retired("Bo", RetireReason::Manual).after(DAY - 1);
        assert_eq!(world.chosen("testing"), "Cy");
    }

    #[test]
    fn a_call_without_a_sign_gives_way_after_ten_minutes_where_signs_are_known() {
        for (is_known, seconds, persona) in
            [(false, DAY, "Cy"), (true, 599, "Cy"), (true, 600, "Ann")]
        {
            let mut world = World::of(&["Ann", "Bo", "Cy"]);
            world.judged("Ann", "testing", crate::events::Sentiment::Positive);
            assert_eq!(world.called("t", "v", false, false), "Ann");
            assert_eq!(world.called("t", "u", is_known, false), "Bo");
            world.after(seconds);
            assert_eq!(world.chosen("testing"), persona, "{is_known} {seconds}");
        }
    }

    #[test]
    fn a_summons_takes_a_persona_whose_run_is_over() {
        let mut world = World::of(&["Ann", "Bo"]);
        assert_eq!(world.called("t", "v", true, true), "Ann");
        let decision = world.assign(&summoning("Ann", &["testing"])).unwrap();
        assert_eq!(chosen(&decision), [("Ann", false)]);
        assert_eq!(decision.events[0], taken("v", "Ann", ReleaseReason::Finished));
        assert_eq!((decision.events.len(), decision.notices.len()), (2, 0));
    }

    #[test]
    fn a_new_run_of_an_agent_whose_run_is_over_keeps_the_persona_in_a_slot_of_its_own() {
        let mut world = World::of(&["Ann", "Bo"]);
        assert_eq!(world.called("s", "w", true, true), "Ann");
        let asked = |call: &str| AssignRequest {
            tool_use_id: Some(ToolUseId::unchecked(call)),
            ..request("s", "w", &["testing"])
        };
        let again = world.assign(&asked("call-s-w")).unwrap();
        assert_eq!((again.events, again.outcome[0].reason), (vec![], ChoiceReason::Reused));
        let next = world.assign(&asked("next")).unwrap();
        let kinds: Vec<_> = next.events.iter().map(Event::kind).collect();
        assert_eq!(
            (kinds, next.outcome[0].reason),
            (vec!["release", "assign"], ChoiceReason::Kept)
        );
        assert_eq!(chosen(&next), [("Ann", false)]);
        // Now it is about to work: nobody takes it, and another one of its name is another agent.
        assert_eq!(world.chosen("testing"), "Bo");
        let other =
            world.assign(&AssignRequest { start: Start::WithAnswer, ..asked("other") }).unwrap();
        assert_eq!(other.outcome[0].slot.as_str(), "w-1");
        assert_eq!(chosen(&other), [("Bo", false)]);
    }

    #[test]
    fn from_1_to_64_roles_may_be_asked_for() {
        let mut world = World::of(&[]);
        let mut refusal = |n| world.assign(&request("s", "w", &vec!["testing"; n])).err();
        assert!(matches!(refusal(0), Some(Refusal::NoRole)));
        assert!(matches!(refusal(65), Some(Refusal::TooManyRoles(65))));
        assert!(refusal(64).is_none());
        assert_eq!(world.roster.open_slots(&session("s")).len(), 64);
    }

    #[test]
    fn those_that_are_grown_together_have_different_names() {
        let mut world = World::of(&[]);
        // Of 64 names out of some 2,000, two would be the same in every other round.
        for _ in 0..8 {
            let asked = request("s", "w", &["testing"; 64]);
            let decision = assign(&mut world.situation(), &asked).unwrap();
            let mut names: Vec<_> = decision.outcome.into_iter().map(|c| c.persona).collect();
            names.sort();
            names.dedup();
            assert_eq!(names.len(), 64);
        }
    }

    #[test]
    fn expertise_decides_between_newcomers() {
        let mut world = World::of(&["Ann"]);
        world.given(Event::Seed(definition("Bo", &["testing"])));
        assert_eq!((world.chosen("testing"), world.chosen("general")), ("Bo".into(), "Ann".into()));
    }
}
