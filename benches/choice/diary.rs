//! The log of a simulated team, folded as it grows.

use std::mem;

use jiff::{SignedDuration, Timestamp};
use muzzle_persona::events::{
    AgentName, Assign, AssignedSlot, ChoiceReason, Detached, Event, Feedback, Heads, Observation,
    Outcome, OutcomeResult, PersonaName, ProjectName, Release, ReleaseReason, ReleasedSlot,
    RoleName, RunId, Sentiment, Seq, SessionId, Slot, Source, encode,
};
use muzzle_persona::projection::{Fold, View};

use crate::Problem;
use crate::cast::Cast;
use crate::job::HOURS;

/// When the first job begins.
const START: &str = "2026-01-01T00:00:00Z";

/// What happened, and what it adds up to.
#[derive(Debug)]
pub struct Diary {
    /// What it adds up to.
    pub view: View,
    /// Now.
    pub now: Timestamp,
    seq: Seq,
    heads: Heads,
    /// The lines that are not folded yet.
    lines: Vec<u8>,
}

/// What is known of a job once it is done.
#[derive(Debug, Clone, Copy)]
pub struct Known {
    /// Whether the verdict is good, if there is one.
    pub verdict: Option<bool>,
    /// Whether the outcome is, if it was measured.
    pub outcome: Option<bool>,
}

impl Diary {
    /// Begins with the personas.
    pub fn new(cast: &Cast) -> Result<Self, Problem> {
        let (view, now) = (View::default(), START.parse()?);
        let mut diary =
            Self { view, now, seq: Seq::default(), heads: Heads::default(), lines: Vec::new() };
        for persona in &cast.personas {
            diary.push(Event::Seed(persona.clone()))?;
        }
        diary.fold()?;
        Ok(diary)
    }

    /// Notes that a persona did the job of that number, and goes on to the next one.
    pub fn note(
        &mut self,
        number: usize,
        persona: &PersonaName,
        role: &RoleName,
        known: Known,
    ) -> Result<(), Problem> {
        let (persona, role) = (persona.clone(), role.clone());
        let session = SessionId::unchecked(&format!("session-{number}"));
        let (agent, slot) = (AgentName::unchecked("worker"), Slot::unchecked("worker-0"));
        let project = ProjectName::unchecked("acme-api");
        let assigned = AssignedSlot {
            slot: slot.clone(),
            persona: persona.clone(),
            role: role.clone(),
            requested: role.clone(),
            by: Some(ChoiceReason::BestFree),
            score: None,
            independent: None,
        };
        self.push(Event::Assign(Assign {
            session: session.clone(),
            agent: agent.clone(),
            team: None,
            project: project.clone(),
            work: None,
            slots: vec![assigned],
            tool_use_id: None,
        }))?;
        let released =
            ReleasedSlot { slot: slot.clone(), persona: persona.clone(), role: role.clone() };
        self.push(Event::Release(Release {
            session: session.clone(),
            agent: None,
            reason: ReleaseReason::SessionEnd,
            slots: vec![released],
        }))?;
        if let Some(ok) = known.outcome {
            self.push(Event::Outcome(Outcome {
                session: session.clone(),
                slot,
                persona: persona.clone(),
                role: role.clone(),
                run: RunId::of(&session, &agent),
                result: if ok { OutcomeResult::Ok } else { OutcomeResult::Bad },
                source: Source::unchecked("hook"),
                ended: None,
                measures: None,
            }))?;
        }
        if let Some(good) = known.verdict {
            self.push(Event::Feedback(Feedback {
                persona,
                role,
                project: Some(project),
                session: Some(session),
                slot: None,
                sentiment: if good { Sentiment::Positive } else { Sentiment::Negative },
                source: Source::unchecked("cli"),
                observation: Detached::new(
                    Observation::unchecked("Seen."),
                    &mut fastrand::Rng::with_seed(0),
                ),
            }))?;
        }
        self.fold()?;
        self.now += SignedDuration::from_hours(HOURS);
        Ok(())
    }

    fn push(&mut self, event: Event) -> Result<(), Problem> {
        let heads = mem::take(&mut self.heads);
        let seq = self.seq.next().ok_or("a diary has an end")?;
        let record = encode(&mut self.lines, seq, self.now, event, heads)?;
        (self.seq, self.heads) = (record.seq, record.id.into());
        Ok(())
    }

    fn fold(&mut self) -> Result<(), Problem> {
        if !matches!(self.view.fold(&self.lines), Ok(Fold::Done)) {
            return Err("the simulated log does not fold".into());
        }
        self.lines.clear();
        Ok(())
    }
}
