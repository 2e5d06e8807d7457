//! A small world for the tests of the rules: given these events, when this is asked, then that.

use std::path::Path;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{AssignRequest, Choice, Decision, Refusal, Rules, Seed, Situation, Start, assign};
use crate::events::{
    AgentName, Append, Assign, AssignedSlot, Channel, Definition, Delivery, Detached, Event,
    Feedback, Heads, Log as _, MemoryLog, Observation, Outcome, OutcomeResult, PersonaName,
    ProjectName, Record, Release, ReleaseReason, ReleasedSlot, Retire, RetireReason, RoleName,
    RunId, Sentiment, Seq, SessionId, Slot, Source, Tag, ToolUseId, encode,
};
use crate::projection::{Roster, View};

/// The moment at which every world begins.
pub const START: &str = "2026-03-25T12:00:00Z";

pub struct World {
    pub roster: Roster,
    pub rules: Rules,
    pub seed: Seed,
    pub now: Timestamp,
    /// All that happened, in fold order.
    pub records: Vec<Record>,
    /// The log of that.
    log: MemoryLog,
    rng: fastrand::Rng,
    view: View,
}

impl World {
    /// A world in which these personas exist, created in this order, without any expertise.
    pub fn of(names: &[&str]) -> Self {
        let seed = Seed::default();
        let mut world = Self {
            roster: Roster::default(),
            rules: seed.rules().unwrap(),
            seed,
            now: START.parse().unwrap(),
            records: Vec::new(),
            log: MemoryLog::default(),
            rng: fastrand::Rng::with_seed(1),
            view: View::default(),
        };
        for name in names {
            world.given(Event::Seed(definition(name, &[])));
        }
        world
    }

    /// The same world with the model `share`.
    pub fn sharing(mut self) -> Self {
        let seed = Seed::with_user(Path::new("seed.toml"), "[scoring]\nmodel = \"share\"").unwrap();
        self.rules = seed.rules().unwrap();
        self
    }

    pub fn situation(&mut self) -> Situation<'_> {
        Situation {
            roster: &self.roster,
            rules: &self.rules,
            seed: &self.seed,
            now: self.now,
            rng: &mut self.rng,
        }
    }

    /// Lets time pass; a negative number of seconds turns the clock back.
    pub fn after(&mut self, seconds: i64) -> &mut Self {
        self.now += SignedDuration::from_secs(seconds);
        self
    }

    /// Something happened.
    pub fn given(&mut self, event: Event) -> &mut Self {
        let mut line = Vec::new();
        let (seq, heads): (Seq, Heads) = (self.view.next_seq().unwrap(), self.view.heads.clone());
        self.records.push(encode(&mut line, seq, self.now, event, heads).unwrap());
        let (end, guard) = (self.view.position, self.log.lock(Duration::ZERO).unwrap());
        let appended = self.log.append(guard, &end, &line).unwrap();
        assert_eq!(appended, Append::Done { torn: None });
        self.log.read(&end, &mut line).unwrap();
        self.view.fold(&line).unwrap();
        self.roster = self.view.roster.clone();
        self
    }

    /// The same world on another machine, from where both go on.
    pub fn fork(&self) -> Self {
        let (records, log) = (self.records.clone(), MemoryLog::of(self.log.lines()));
        let (roster, view) = (self.roster.clone(), self.view.clone());
        let (rules, rng) = (self.rules.clone(), self.rng.clone());
        Self { roster, rules, seed: Seed::default(), now: self.now, records, log, rng, view }
    }

    /// Brings in what happened on another machine, as a merge by git does.
    pub fn merge(&mut self, other: &Self) -> &mut Self {
        let (mut lines, theirs) = (self.log.lines(), other.log.lines());
        let mine = lines.clone();
        let mine: Vec<_> = mine.split_inclusive(|byte| *byte == b'\n').collect();
        let theirs = theirs.split_inclusive(|byte| *byte == b'\n');
        lines.extend(theirs.filter(|line| !mine.contains(line)).flatten());
        self.view = View::fold_all(&lines).unwrap();
        self.log = MemoryLog::of(lines.clone());
        self.roster = self.view.roster.clone();
        let lines = View::in_order(&lines).unwrap();
        self.records = lines.map(|line| line.decode().unwrap()).collect();
        self.now = self.now.max(other.now);
        self
    }

    /// Somebody asked, and it was decided and recorded.
    pub fn assign(&mut self, request: &AssignRequest) -> Result<Decision<Vec<Choice>>, Refusal> {
        let decision = assign(&mut self.situation(), request)?;
        for event in decision.events.clone() {
            self.given(event);
        }
        Ok(decision)
    }

    /// Who is chosen for one role by a session that holds nobody; nothing is recorded.
    pub fn chosen(&mut self, role: &str) -> String {
        let request = request("probe", "probe", &[role]);
        let decision = assign(&mut self.situation(), &request).unwrap();
        decision.outcome[0].persona.to_string()
    }

    /// A persona did work in a role and came back, all at this moment.
    pub fn worked(&mut self, persona: &str, role: &str) -> &mut Self {
        self.lent("earlier", "w", persona, role);
        self.closed("earlier", "w", persona, role, ReleaseReason::SessionEnd)
    }

    pub fn lent(&mut self, session: &str, agent: &str, persona: &str, role: &str) -> &mut Self {
        self.given(Event::Assign(Assign {
            session: self::session(session),
            agent: AgentName::parse(agent).unwrap(),
            team: None,
            project: ProjectName::parse("acme-api").unwrap(),
            work: None,
            slots: vec![AssignedSlot {
                slot: slot(agent, 0),
                persona: name(persona),
                role: RoleName::parse(role).unwrap(),
                requested: RoleName::parse(role).unwrap(),
                by: None,
                score: None,
                independent: None,
            }],
            tool_use_id: None,
        }))
    }

    pub fn closed(
        &mut self,
        session: &str,
        agent: &str,
        persona: &str,
        role: &str,
        reason: ReleaseReason,
    ) -> &mut Self {
        self.given(Event::Release(Release {
            session: self::session(session),
            agent: None,
            reason,
            slots: vec![released(agent, 0, persona, role)],
        }))
    }

    pub fn judged(&mut self, persona: &str, role: &str, sentiment: Sentiment) -> &mut Self {
        self.feedback(None, persona, role, sentiment)
    }

    pub fn judged_in(
        &mut self,
        session: &str,
        persona: &str,
        role: &str,
        sentiment: Sentiment,
    ) -> &mut Self {
        self.feedback(Some(self::session(session)), persona, role, sentiment)
    }

    fn feedback(
        &mut self,
        session: Option<SessionId>,
        persona: &str,
        role: &str,
        sentiment: Sentiment,
    ) -> &mut Self {
        self.given(Event::Feedback(Feedback {
            persona: name(persona),
            role: RoleName::parse(role).unwrap(),
            project: None,
            session,
            slot: None,
            sentiment,
            source: Source::parse("test").unwrap(),
            observation: Detached::new(
                Observation::parse("seen").unwrap(),
                &mut fastrand::Rng::with_seed(1),
            ),
        }))
    }

    /// The run of the agent `w` of a session ended.
    pub fn ended(
        &mut self,
        session: &str,
        persona: &str,
        role: &str,
        result: OutcomeResult,
    ) -> &mut Self {
        let (session, agent) = (self::session(session), AgentName::unchecked("w"));
        self.given(Event::Outcome(Outcome {
            run: RunId::of(&session, &agent),
            session,
            slot: slot("w", 0),
            persona: name(persona),
            role: RoleName::unchecked(role),
            result,
            source: Source::unchecked("ci"),
            ended: None,
            measures: None,
        }))
    }

    /// The agent's call is given a persona, and its run began and ended as far as is said.
    pub fn called(&mut self, session: &str, agent: &str, began: bool, ended: bool) -> String {
        let call = format!("call-{session}-{agent}");
        let tool_use_id = Some(ToolUseId::unchecked(&call));
        let asked = AssignRequest { tool_use_id, ..request(session, agent, &["testing"]) };
        let choice = self.assign(&asked).unwrap().outcome.remove(0);
        let (session, run) = (self::session(session), RunId::unchecked(&call));
        if began {
            self.given(Event::Delivery(Delivery {
                session: session.clone(),
                slot: choice.slot.clone(),
                agent_id: run.clone(),
                channel: Channel::Mod,
                arrived: true,
                teammate: None,
            }));
        }
        if ended {
            self.given(Event::Outcome(Outcome {
                session,
                slot: choice.slot,
                persona: choice.persona.clone(),
                role: choice.role,
                run,
                result: OutcomeResult::Stopped,
                source: Source::unchecked("client"),
                ended: Some(true),
                measures: None,
            }));
        }
        choice.persona.to_string()
    }

    pub fn retired(&mut self, persona: &str, reason: RetireReason) -> &mut Self {
        self.given(Event::Retire(Retire { persona: name(persona), reason }))
    }
}

pub fn name(text: &str) -> PersonaName {
    PersonaName::parse(text).unwrap()
}

pub fn session(text: &str) -> SessionId {
    SessionId::parse(text).unwrap()
}

pub fn slot(agent: &str, index: usize) -> Slot {
    Slot::of(&AgentName::parse(agent).unwrap(), index)
}

pub fn released(agent: &str, index: usize, persona: &str, role: &str) -> ReleasedSlot {
    ReleasedSlot {
        slot: slot(agent, index),
        persona: name(persona),
        role: RoleName::parse(role).unwrap(),
    }
}

pub fn definition(persona: &str, expertise: &[&str]) -> Definition {
    Definition {
        name: name(persona),
        traits: Vec::new(),
        expertise: expertise.iter().map(|tag| Tag::parse(tag).unwrap()).collect(),
        instructions: std::collections::BTreeMap::new(),
    }
}

pub fn request(session: &str, agent: &str, roles: &[&str]) -> AssignRequest {
    AssignRequest {
        session: self::session(session),
        agent: AgentName::parse(agent).unwrap(),
        team: None,
        project: ProjectName::parse("acme-api").unwrap(),
        work: None,
        roles: roles.iter().map(|role| RoleName::parse(role).unwrap()).collect(),
        summon: None,
        tool_use_id: None,
        start: Start::Unknown,
        explain: false,
    }
}
