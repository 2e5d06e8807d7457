//! No two runs that are under way share a persona: random histories of a client, with a model of its own.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::run::{DeliveryRequest, EndRequest, Place, Stage, deliver, deny, end};
use super::testing::{World, request, session};
use super::{AssignRequest, ReleaseRequest, Start, clean_up, release};
use crate::events::{
    AgentName, Channel, Event, OutcomeResult, ReleaseReason, RunId, Slot, ToolUseId,
};
use crate::projection::RoleRecord;

/// What happens next. Runs are counted as they start, and numbers stand for any of them.
#[derive(Debug, Clone)]
enum Deed {
    /// An agent of this session and name starts, or may. Two sessions have a mod, one has command hooks,
    /// and in the last one a run asks when it has begun.
    Start { session: u8, agent: u8 },
    /// The command hook's call of the last start comes once more.
    Again,
    /// It is told that a run began, for the first time or again.
    Began(usize),
    /// A run ends, which is told now or later or never.
    Ends { run: usize, is_told: bool },
    /// The end of a run that is over is told, for the first time or again.
    Ended(usize),
    /// A run that is over goes on, if it still has its slot.
    Resume(usize),
    /// A run that was about to start is denied.
    Denied(usize),
    /// A session ends, its runs with it.
    SessionEnds(u8),
    /// What a session gave back is given back again, by a command that came late.
    Pass(i64),
}

fn deed() -> impl Strategy<Value = Deed> {
    let run = || 0..64_usize;
    prop_oneof![
        6 => (0..4_u8, 0..3_u8).prop_map(|(session, agent)| Deed::Start { session, agent }),
        1 => Just(Deed::Again),
        6 => run().prop_map(Deed::Began),
        4 => (run(), any::<bool>()).prop_map(|(run, is_told)| Deed::Ends { run, is_told }),
        4 => run().prop_map(Deed::Ended),
        3 => run().prop_map(Deed::Resume),
        1 => run().prop_map(Deed::Denied),
        1 => (0..4_u8).prop_map(Deed::SessionEnds),
        3 => (1..400_i64).prop_map(Deed::Pass),
    ]
}

/// A run as the client knows it.
#[derive(Debug, Clone)]
struct Run {
    session: u8,
    agent: u8,
    call: String,
    slot: Slot,
    persona: String,
    /// What the client alone knows.
    is_under_way: bool,
    /// Whether it never started: then there is nothing more to tell of it.
    is_denied: bool,
    /// Whether it was ever told of.
    is_told: bool,
    since: i64,
}

impl Run {
    fn is_mod(&self) -> bool {
        self.session < 2
    }
}

/// The client with all that it started, and the broker's world.
struct Client {
    world: World,
    runs: Vec<Run>,
}

/// The session whose runs ask when they have begun.
const BEGUN: u8 = 3;

fn run_id(number: usize) -> RunId {
    RunId::unchecked(&format!("run-{number}"))
}

impl Client {
    fn new() -> Self {
        let mut world = World::of(&["Ann", "Bo", "Cy"]);
        // A client that tells of runs was seen before.
        world.given(Event::Delivery(crate::events::Delivery {
            session: session("before"),
            slot: Slot::unchecked("w-0"),
            agent_id: RunId::unchecked("before"),
            channel: Channel::Mod,
            arrived: true,
            teammate: None,
        }));
        Self { world, runs: Vec::new() }
    }

    /// A run that is the client's `number`th asks for its persona.
    fn asks(&mut self, session: u8, agent: u8, number: usize, call: &str) -> (Slot, String) {
        let tool_use_id = Some(ToolUseId::unchecked(call));
        let start = match session {
            0 | 1 => Start::WithAnswer,
            BEGUN => Start::Begun(run_id(number), Channel::Context),
            _ => Start::Unknown,
        };
        let (session, agent) = (format!("s{session}"), format!("w{agent}"));
        let asked = request(&session, &agent, &["testing"]);
        let asked = AssignRequest { tool_use_id, start, ..asked };
        let choices = self.world.assign(&asked).unwrap().outcome;
        (choices[0].slot.clone(), choices[0].persona.to_string())
    }

    fn given(&mut self, events: Vec<Event>) {
        for event in events {
            self.world.given(event);
        }
    }

    fn delivery(&mut self, number: usize, stage: Stage) -> Option<Slot> {
        let run = &self.runs[number];
        let place = Place {
            slot: run.is_mod().then(|| run.slot.clone()),
            agent: Some(AgentName::unchecked(&format!("w{}", run.agent))),
            call: Some(ToolUseId::unchecked(&run.call)),
        };
        let request = DeliveryRequest {
            session: session(&format!("s{}", run.session)),
            place,
            run: run_id(number),
            channel: if run.is_mod() { Channel::Mod } else { Channel::Prompt },
            arrived: true,
            is_teammate: false,
            stage,
        };
        let decision = deliver(&mut self.world.situation(), &request).unwrap();
        self.given(decision.events);
        decision.outcome
    }

    /// Returns whether a run's slot is open: the log knows of it.
    fn has_slot(&self, number: usize) -> bool {
        let run = &self.runs[number];
        let open = self.world.roster.open_slots(&session(&format!("s{}", run.session)));
        open.iter().any(|(persona, lease)| {
            lease.slot == run.slot
                && persona.as_str() == run.persona
                && lease.call.as_ref().is_some_and(|call| call.as_str() == run.call)
        })
    }

    fn told_end(&mut self, number: usize) {
        let run = &self.runs[number];
        let request = EndRequest {
            session: session(&format!("s{}", run.session)),
            slot: run.is_mod().then(|| run.slot.clone()),
            run: run_id(number),
            result: OutcomeResult::Stopped,
            rests: None,
            measures: None,
        };
        let events = end(&mut self.world.situation(), &request).unwrap().events;
        self.given(events);
    }

    fn does(&mut self, deed: &Deed) {
        let any = |number: usize, runs: &[Run]| {
            let number = number.checked_rem(runs.len())?;
            (!runs.get(number)?.is_denied).then_some(number)
        };
        match deed {
            Deed::Start { session, agent } => {
                // Of the calls that may be refused, two of one name are made at once or not at all.
                let now = self.world.now.as_second();
                let is_doubtful = |it: &&Run| {
                    (it.session, it.agent, it.is_told, it.is_under_way)
                        == (*session, *agent, false, true)
                        && now - it.since >= 5
                };
                if *session >= 2 && self.runs.iter().any(|it| is_doubtful(&it)) {
                    return;
                }
                let call = format!("call-{}", self.runs.len());
                let (slot, persona) = self.asks(*session, *agent, self.runs.len(), &call);
                self.runs.push(Run {
                    session: *session,
                    agent: *agent,
                    call,
                    slot,
                    persona,
                    is_under_way: true,
                    is_denied: false,
                    is_told: *session == BEGUN,
                    since: self.world.now.as_second(),
                });
            }
            Deed::Again => {
                let Some(last) = self.runs.last().cloned() else { return };
                let number = self.runs.len() - 1;
                if self.has_slot(number) {
                    let again = self.asks(last.session, last.agent, number, &last.call);
                    assert_eq!(again, (last.slot, last.persona), "it is the same call");
                }
            }
            Deed::Began(number) => {
                let Some(number) = any(*number, &self.runs) else { return };
                let had_slot = self.has_slot(number);
                self.delivery(number, Stage::Begun);
                self.runs[number].is_told |= had_slot;
            }
            Deed::Ends { run, is_told } => {
                let Some(number) = any(*run, &self.runs) else { return };
                self.runs[number].is_under_way = false;
                if *is_told {
                    self.told_end(number);
                }
            }
            Deed::Ended(number) => {
                let Some(number) = any(*number, &self.runs) else { return };
                if !self.runs[number].is_under_way {
                    self.told_end(number);
                }
            }
            Deed::Resume(number) => {
                let Some(number) = any(*number, &self.runs) else { return };
                // A client without mods tells of none.
                if self.runs[number].is_under_way || !self.runs[number].is_mod() {
                    return;
                }
                let slot = self.delivery(number, Stage::GoesOn);
                if slot.as_ref() == Some(&self.runs[number].slot) && self.has_slot(number) {
                    self.runs[number].is_under_way = true;
                    self.runs[number].is_told = true;
                }
            }
            Deed::Denied(number) => {
                let Some(number) = any(*number, &self.runs) else { return };
                let run = self.runs[number].clone();
                if run.is_told || !run.is_under_way || !run.is_mod() {
                    return;
                }
                (self.runs[number].is_under_way, self.runs[number].is_denied) = (false, true);
                let call = Some(ToolUseId::unchecked(&run.call));
                let place = Place { slot: Some(run.slot.clone()), agent: None, call };
                let session = session(&format!("s{}", run.session));
                let events = deny(&mut self.world.situation(), &session, &place).unwrap().events;
                self.given(events);
            }
            Deed::SessionEnds(number) => {
                for run in self.runs.iter_mut().filter(|run| run.session == *number) {
                    run.is_under_way = false;
                }
                let (session, reason) = (session(&format!("s{number}")), ReleaseReason::SessionEnd);
                let request = ReleaseRequest { session, agent: None, reason };
                let events = release(&mut self.world.situation(), &request).unwrap().events;
                self.given(events);
            }
            Deed::Pass(seconds) => {
                self.world.after(*seconds);
                let age = self.world.rules.lifecycle.stale_after();
                let events = clean_up(&mut self.world.situation(), age).unwrap().events;
                assert_eq!(events, [], "nobody is silent for a day");
                // Of what there is no sign for ten minutes, nobody can know that it is at work.
                let now = self.world.now.as_second();
                for run in &mut self.runs {
                    run.is_under_way &= run.is_told || now - run.since < 600;
                }
            }
        }
    }

    /// What has to be true whenever nobody is deciding.
    fn check(&self) {
        let mut at_work: BTreeMap<&str, usize> = BTreeMap::new();
        for (number, run) in self.runs.iter().enumerate().filter(|(_, run)| run.is_under_way) {
            let other = at_work.insert(&run.persona, number);
            assert_eq!(other, None, "{} is shared with run {number}", run.persona);
        }
        let mut open = BTreeSet::new();
        for persona in self.world.roster.personas() {
            assert!(persona.leases.len() <= 1, "{} has two holders", persona.name());
            for lease in persona.leases.iter() {
                assert!(open.insert((&lease.session, &lease.slot)), "{} is two's", lease.slot);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_two_runs_that_are_under_way_share_a_persona(
        deeds in prop::collection::vec(deed(), 1..48),
    ) {
        let mut client = Client::new();
        for deed in &deeds {
            client.does(deed);
            client.check();
        }
        // In the end all come back, and each slot counted once at the most.
        for number in 0..4 {
            client.does(&Deed::SessionEnds(number));
        }
        let lent: usize = client.world.records.iter().map(|record| match &record.event {
            Event::Assign(assign) => assign.slots.len(),
            _ => 0,
        }).sum();
        let personas = client.world.roster.personas();
        prop_assert!(personas.iter().all(|persona| !persona.is_held()));
        let counted: u64 =
            personas.iter().flat_map(|it| it.roles.values()).map(RoleRecord::closed).sum();
        prop_assert!(counted <= lent as u64);
    }
}
