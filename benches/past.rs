//! A past for a store: a valid log of any size, the same on every run.
//!
//! It begins with personas and goes on as a busy team would: agents borrow,
//! sessions end, work is judged, now and then somebody is archived or grown.
//! Nobody is lent twice, and all but a few sessions have ended when it stops,
//! shortly before [`NOW`].

use std::io::Write;
use std::mem;

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};
use muzzle_persona::events::{
    AgentName, Assign, AssignedSlot, ChoiceReason, Detached, Event, Feedback, Heads, Observation,
    PersonaName, Points, ProjectName, Reactivate, ReactivateReason, Release, ReleaseReason,
    ReleasedSlot, Retire, RetireReason, RoleName, Seq, SessionId, Slot, Source, ToolUseId,
    WorkName, encode,
};

use crate::Problem;
use crate::cast::{self, pick};

/// The moment at which a store with a past is used.
pub const NOW: &str = "2026-03-25T15:30:00Z";

/// The time between two events.
const STEP: SignedDuration = SignedDuration::from_secs(40);

/// How much there is to be written before it is written.
const FLUSH: usize = 1024 * 1024;

/// How large a log is.
#[derive(Debug, Clone, Copy)]
pub struct Past {
    /// How many personas it leaves.
    pub personas: usize,
    /// How many events it has, those that make the personas among them.
    pub events: usize,
}

impl Past {
    /// Writes the log.
    pub fn write(self, out: &mut impl Write) -> Result<(), Problem> {
        let mut team = Team::new(self.personas);
        let length = STEP.checked_mul(i32::try_from(self.events)?).ok_or("too many events")?;
        let (mut at, mut seq, mut heads) =
            (NOW.parse::<Timestamp>()? - length, Seq::default(), Heads::default());
        let mut lines = Vec::new();
        for left in (0..self.events).rev() {
            let event = team.next(left).ok_or("a team without personas has no past")?;
            let next = seq.next().ok_or("a past has an end")?;
            let record = encode(&mut lines, next, at, event, mem::take(&mut heads))?;
            (at, seq, heads) = (at + STEP, record.seq, record.id.into());
            if lines.len() >= FLUSH || left == 0 {
                out.write_all(&lines)?;
                lines.clear();
            }
        }
        Ok(())
    }
}

/// Who is there, and who is lent to whom.
struct Team {
    rng: Rng,
    /// Personas that the seed still has to make.
    seeds: Vec<PersonaName>,
    /// Personas that will be grown.
    unborn: Vec<PersonaName>,
    free: Vec<PersonaName>,
    archived: Vec<PersonaName>,
    open: Vec<Assign>,
    limits: Limits,
}

/// How many there may be at once.
struct Limits {
    open: usize,
    open_at_the_end: usize,
    archived: usize,
}

impl Team {
    fn new(personas: usize) -> Self {
        let mut seeds: Vec<_> = cast::names().take(personas).collect();
        let unborn = seeds.split_off(personas - personas / 50);
        seeds.reverse();
        let limits = Limits {
            open: (personas / 4).clamp(1, 64),
            open_at_the_end: (personas / 5).min(8),
            archived: (personas / 20).min(10),
        };
        let (free, archived, open) = (Vec::new(), Vec::new(), Vec::new());
        Self { rng: Rng::with_seed(41), seeds, unborn, free, archived, open, limits }
    }

    /// What happens next, with `left` events to come after it.
    fn next(&mut self, left: usize) -> Option<Event> {
        if let Some(name) = self.seeds.pop() {
            self.free.push(name.clone());
            return Some(Event::Seed(cast::seeded(name, &mut self.rng)));
        }
        if self.unborn.len() * 8 + self.limits.open >= left && !self.unborn.is_empty() {
            return self.grow();
        }
        if self.open.len() > self.limits.open_at_the_end + left {
            return self.release();
        }
        let event = match self.rng.u8(0..100) {
            0..2 => self.grow(),
            2..42 => self.assign(),
            42..80 => self.release(),
            80..97 => self.feedback(),
            _ => self.retire().or_else(|| self.reactivate()),
        };
        event
            .or_else(|| self.release())
            .or_else(|| self.assign())
            .or_else(|| self.feedback())
            .or_else(|| self.reactivate())
    }

    fn grow(&mut self) -> Option<Event> {
        let name = self.unborn.pop()?;
        self.free.push(name.clone());
        Some(Event::Grow(cast::grown(name, &mut self.rng)))
    }

    fn assign(&mut self) -> Option<Event> {
        if self.open.len() >= self.limits.open {
            return None;
        }
        let rng = &mut self.rng;
        let agent = format!("worker-{}", rng.u8(1..8));
        let wanted = [1, 1, 1, 1, 1, 1, 1, 2, 2, 3];
        let slots: Vec<_> = (0..rng.choice(wanted)?)
            .filter_map(|index| {
                let (slot, persona) = (format!("{agent}-{index}"), take_any(rng, &mut self.free)?);
                let role = RoleName::unchecked(pick(rng, &cast::ROLES));
                Some(AssignedSlot {
                    slot: Slot::unchecked(&slot),
                    persona,
                    requested: role.clone(),
                    role,
                    by: Some(ChoiceReason::BestFree),
                    score: Some(Points::from_f64(rng.f64())),
                    independent: None,
                })
            })
            .collect();
        if slots.is_empty() {
            return None;
        }
        let tool_use_id = rng.bool().then(|| cast::tool_use(rng));
        let assign = Assign {
            session: SessionId::unchecked(&cast::uuid(rng)),
            agent: AgentName::unchecked(&agent),
            team: None,
            project: ProjectName::unchecked(pick(rng, &cast::PROJECTS)),
            work: rng.bool().then(|| WorkName::unchecked(pick(rng, &cast::BRANCHES))),
            slots,
            tool_use_id: tool_use_id.map(|id| ToolUseId::unchecked(&id)),
        };
        self.open.push(assign.clone());
        Some(Event::Assign(assign))
    }

    fn release(&mut self) -> Option<Event> {
        let Assign { session, slots, .. } = take_any(&mut self.rng, &mut self.open)?;
        self.free.extend(slots.iter().map(|slot| slot.persona.clone()));
        let slots = slots
            .into_iter()
            .map(|AssignedSlot { slot, persona, role, .. }| ReleasedSlot { slot, persona, role })
            .collect();
        let reason = ReleaseReason::SessionEnd;
        Some(Event::Release(Release { session, agent: None, reason, slots }))
    }

    fn feedback(&mut self) -> Option<Event> {
        let assign = self.rng.choice(&self.open)?;
        let slot = self.rng.choice(&assign.slots)?;
        let (observation, sentiment) = self.rng.choice(cast::OBSERVATIONS)?;
        Some(Event::Feedback(Feedback {
            persona: slot.persona.clone(),
            role: slot.role.clone(),
            project: Some(assign.project.clone()),
            session: Some(assign.session.clone()),
            slot: None,
            sentiment,
            source: Source::unchecked("cli"),
            observation: Detached::new(Observation::unchecked(observation), &mut Rng::with_seed(0)),
        }))
    }

    fn retire(&mut self) -> Option<Event> {
        if self.archived.len() >= self.limits.archived {
            return None;
        }
        let persona = take_any(&mut self.rng, &mut self.free)?;
        self.archived.push(persona.clone());
        Some(Event::Retire(Retire { persona, reason: RetireReason::Manual }))
    }

    fn reactivate(&mut self) -> Option<Event> {
        let persona = take_any(&mut self.rng, &mut self.archived)?;
        self.free.push(persona.clone());
        Some(Event::Reactivate(Reactivate { persona, reason: ReactivateReason::Manual }))
    }
}

/// Takes any one of them.
fn take_any<T>(rng: &mut Rng, from: &mut Vec<T>) -> Option<T> {
    let index = rng.choice(0..from.len())?;
    Some(from.swap_remove(index))
}
