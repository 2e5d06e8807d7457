//! Lending personas to an agent.

use super::decision::Notice;
use super::lending::{is_stale, orphan, released_slot};
use super::score::rank;
use super::{Decision, Refusal, Role, Score, Situation, grow, names};
use crate::events::{
    AgentName, Assign, AssignedSlot, Definition, Event, PersonaName, ProjectName, Reactivate,
    ReactivateReason, Release, ReleaseReason, ReleasedSlot, RetireReason, RoleName, SessionId,
    Slot, TeamName, ToolUseId,
};
use crate::projection::{Lease, Persona, Status};

/// The most roles in one `assign`.
pub const ROLE_LIMIT: usize = 64;

/// An agent asks for personas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssignRequest {
    /// Its session.
    pub session: SessionId,
    /// The agent.
    pub agent: AgentName,
    /// Its team, where it has one.
    pub team: Option<TeamName>,
    /// What it works on.
    pub project: ProjectName,
    /// A role, as asked for, for each persona.
    pub roles: Vec<RoleName>,
    /// The persona that is wanted for the first role, as it was typed.
    pub summon: Option<String>,
    /// The client's call that asks, where there is one.
    pub tool_use_id: Option<ToolUseId>,
}

/// One persona that an agent gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The seat.
    pub slot: Slot,
    /// Who sits there.
    pub persona: PersonaName,
    /// The role, resolved.
    pub role: RoleName,
    /// How well they fit, before this assignment.
    pub score: Score,
    /// Whether the agent had this persona in this role already.
    pub reused: bool,
}

/// Lends a persona for each role, or says no to all of them.
///
/// A slot that is open keeps its persona; for the others the best free
/// persona is taken, and where none is free, one is brought back or grown.
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
    let mut summoned = match &request.summon {
        Some(typed) => Some(names::find(roster, typed)?),
        None => None,
    };
    let mut draft = Draft::new(situation, request);
    for (index, requested) in request.roles.iter().enumerate() {
        draft.seat(Slot::of(&request.agent, index), requested, summoned.take())?;
    }
    Ok(draft.finish())
}

/// The decision while it is being made, slot by slot.
struct Draft<'s, 'a> {
    situation: &'s mut Situation<'a>,
    request: &'s AssignRequest,
    choices: Vec<Choice>,
    notices: Vec<Notice>,
    /// What has to happen before anybody is lent.
    first: Vec<Event>,
    /// Silent sessions whose slots `first` releases.
    orphaned: Vec<SessionId>,
    /// Personas that `first` grows.
    grown: Vec<Definition>,
    /// Slots of this agent whose role changes.
    closed: Vec<ReleasedSlot>,
    /// Slots that are new.
    opened: Vec<AssignedSlot>,
}

impl<'s, 'a> Draft<'s, 'a> {
    fn new(situation: &'s mut Situation<'a>, request: &'s AssignRequest) -> Self {
        Self {
            situation,
            request,
            choices: Vec::new(),
            notices: Vec::new(),
            first: Vec::new(),
            orphaned: Vec::new(),
            grown: Vec::new(),
            closed: Vec::new(),
            opened: Vec::new(),
        }
    }

    /// Finds who sits in one slot.
    fn seat(
        &mut self,
        slot: Slot,
        requested: &RoleName,
        summoned: Option<&'a Persona>,
    ) -> Result<(), Refusal> {
        let rules = self.situation.rules;
        let role = rules.roles.resolve(requested.as_str());
        if let Some((persona, lease)) = self.sitting(&slot, role) {
            self.keep(persona, lease, requested, role, summoned);
            return Ok(());
        }
        let (persona, score) = match summoned.and_then(|persona| self.summon(persona)) {
            Some(persona) => (persona.name().clone(), self.score(persona, role)),
            None => self.choose(role)?,
        };
        self.open(slot.clone(), &persona, role, requested);
        let role = role.name.clone();
        self.choices.push(Choice { slot, persona, role, score, reused: false });
        Ok(())
    }

    /// Who sits in a slot of this session already; with this role, if several do after a merge.
    fn sitting(&self, slot: &Slot, role: &Role) -> Option<(&'a Persona, &'a Lease)> {
        let open = || {
            let slots = self.situation.roster.open_slots(&self.request.session);
            slots.filter(|(_, lease)| lease.slot == *slot)
        };
        open().find(|(_, lease)| lease.role == role.name).or_else(|| open().next())
    }

    /// The same agent keeps its persona: as it is in the same role, and in
    /// another one with the old work counted.
    fn keep(
        &mut self,
        persona: &Persona,
        lease: &Lease,
        requested: &RoleName,
        role: &Role,
        summoned: Option<&Persona>,
    ) {
        let reused = lease.role == role.name;
        if !reused {
            self.closed.push(released_slot(persona, lease));
            self.open(lease.slot.clone(), persona.name(), role, requested);
        }
        if let Some(summoned) = summoned.filter(|summoned| summoned.name() != persona.name()) {
            self.notices.push(Notice::SlotIsTaken {
                summoned: summoned.name().clone(),
                slot: lease.slot.clone(),
                persona: persona.name().clone(),
            });
        }
        self.choices.push(Choice {
            slot: lease.slot.clone(),
            persona: persona.name().clone(),
            role: role.name.clone(),
            score: self.score(persona, role),
            reused,
        });
    }

    /// Brings a persona by name: out of the archive, or away from sessions
    /// that fell silent. One that is at work stays there.
    fn summon(&mut self, persona: &'a Persona) -> Option<&'a Persona> {
        let Situation { roster, rules, now, .. } = *self.situation;
        let at_work = |lease: &&Lease| {
            lease.session == self.request.session || !is_stale(roster, &lease.session, rules, now)
        };
        if let Some(lease) = persona.leases.iter().find(at_work) {
            self.notices.push(Notice::SummonedIsHeld {
                persona: persona.name().clone(),
                session: lease.session.clone(),
            });
            return None;
        }
        for lease in &persona.leases {
            if !self.orphaned.contains(&lease.session) {
                self.first.push(orphan(roster, &lease.session));
                self.orphaned.push(lease.session.clone());
            }
        }
        if !persona.is_active() {
            self.reactivate(persona, ReactivateReason::Summon);
        }
        Some(persona)
    }

    /// Takes the best free persona; where none is free, the best of those
    /// that were retired for inactivity; where there is none, a new one.
    fn choose(&mut self, role: &Role) -> Result<(PersonaName, Score), Refusal> {
        let Situation { roster, rules, now, .. } = *self.situation;
        let best = |is_candidate: &dyn Fn(&Persona) -> bool| {
            let candidates = roster.personas().iter().filter(|persona| {
                is_candidate(persona) && self.is_unheld(persona) && !self.is_taken(persona)
            });
            rank(candidates, role, rules, now).into_iter().next()
        };
        if let Some((persona, score)) = best(&Persona::is_active) {
            return Ok((persona.name().clone(), score));
        }
        let inactive = Status::Archived(RetireReason::Inactive);
        if let Some((persona, score)) = best(&|persona| persona.status == inactive) {
            self.reactivate(persona, ReactivateReason::PoolEmpty);
            return Ok((persona.name().clone(), score));
        }
        let grown = grow::grow(self.situation, &self.grown)?;
        let score = Score::of_newcomer(&grown, role, &rules.scoring);
        let name = grown.name.clone();
        self.first.push(Event::Grow(grown.clone()));
        self.grown.push(grown);
        Ok((name, score))
    }

    /// Tells whether nobody holds a persona, once the silent sessions are released.
    fn is_unheld(&self, persona: &Persona) -> bool {
        persona.leases.iter().all(|lease| self.orphaned.contains(&lease.session))
    }

    fn is_taken(&self, persona: &Persona) -> bool {
        self.choices.iter().any(|choice| choice.persona == *persona.name())
    }

    fn score(&self, persona: &Persona, role: &Role) -> Score {
        Score::of(persona, role, &self.situation.rules.scoring, self.situation.now)
    }

    fn reactivate(&mut self, persona: &Persona, reason: ReactivateReason) {
        let persona = persona.name().clone();
        self.first.push(Event::Reactivate(Reactivate { persona, reason }));
    }

    fn open(&mut self, slot: Slot, persona: &PersonaName, role: &Role, requested: &RoleName) {
        self.opened.push(AssignedSlot {
            slot,
            persona: persona.clone(),
            role: role.name.clone(),
            requested: requested.clone(),
        });
    }

    fn finish(self) -> Decision<Vec<Choice>> {
        let AssignRequest { session, agent, team, project, tool_use_id, .. } = self.request.clone();
        let mut events = self.first;
        if !self.closed.is_empty() {
            events.push(Event::Release(Release {
                session: session.clone(),
                agent: Some(agent.clone()),
                reason: ReleaseReason::Manual,
                slots: self.closed,
            }));
        }
        if !self.opened.is_empty() {
            let slots = self.opened;
            events.push(Event::Assign(Assign {
                session,
                agent,
                team,
                project,
                slots,
                tool_use_id,
            }));
        }
        Decision { events, outcome: self.choices, notices: self.notices }
    }
}
