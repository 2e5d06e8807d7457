//! An open slot, and what is known of the runs in it.
//!
//! What a client tells of a run may come late, twice, in another order or never. So each run is known
//! by its id, and what is known of it does not depend on what came first: an end that is told before
//! the beginning is an end, and that of one run says nothing of another.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use crate::events::{
    AgentName, Assign, AssignedSlot, Delivery, EventId, Outcome, ProjectName, RoleName, RunId,
    SessionId, Slot, ToolUseId, WorkName,
};

/// An open slot: one persona lent to one agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The session that holds it.
    pub session: SessionId,
    /// The agent's slot.
    pub slot: Slot,
    /// The role it was lent for.
    pub role: RoleName,
    /// The project it works on.
    pub project: ProjectName,
    /// What is worked on there, if that is known.
    pub work: Option<WorkName>,
    /// Since when.
    pub since: Timestamp,
    /// The client's call that asked, where there was one.
    pub call: Option<ToolUseId>,
    /// What is known of its runs: most slots have one.
    pub(super) runs: BTreeMap<RunId, Run>,
}

/// What is known of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Run {
    /// Whether it was told that it began.
    pub(crate) is_delivered: bool,
    /// Whether it was told that it is over, and not that it went on since.
    pub(crate) has_ended: bool,
    /// Whether it is a teammate's.
    pub(crate) is_teammate: bool,
    /// The first bits of a digest of what its last outcome says, to tell when it says it again.
    pub(crate) last_said: Option<u64>,
}

/// Who may need a persona that is held; what says more against taking it away is greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hold {
    /// It is not held.
    Free,
    /// All of its runs are over.
    Ended,
    /// Of none of the calls that it is held for is there any sign, since this second of 1970 or
    /// longer.
    Unseen(i64),
    /// It is at work, or may be.
    UnderWay,
}

impl Lease {
    /// A slot that an assignment opens.
    pub(super) fn new(assign: &Assign, slot: &AssignedSlot, since: Timestamp) -> Self {
        Self {
            session: assign.session.clone(),
            slot: slot.slot.clone(),
            role: slot.role.clone(),
            project: assign.project.clone(),
            work: assign.work.clone(),
            since,
            call: assign.tool_use_id.clone(),
            runs: BTreeMap::new(),
        }
    }

    /// Returns whether it is one of a session, and of one of its agents if that is given.
    pub(crate) fn is_of(&self, session: &SessionId, agent: Option<&AgentName>) -> bool {
        self.session == *session && agent.is_none_or(|agent| self.slot.belongs_to(agent))
    }

    /// Returns whether it is the slot of a session in which a persona has a role.
    pub(super) fn is(&self, session: &SessionId, slot: &Slot, role: &RoleName) -> bool {
        (&self.session, &self.slot, &self.role) == (session, slot, role)
    }

    /// Returns whether both were opened by the same event, whatever is known of their runs.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.is(&other.session, &other.slot, &other.role)
            && (&self.project, self.since) == (&other.project, other.since)
    }

    /// What is known of a run in it, if anything is.
    pub(crate) fn run(&self, id: &RunId) -> Option<Run> {
        self.runs.get(id).copied()
    }

    /// Returns whether anything is known of a run in it.
    #[must_use]
    pub fn has_run(&self, id: &RunId) -> bool {
        self.runs.contains_key(id)
    }

    /// Returns whether there is any sign of a run in it.
    #[must_use]
    pub fn is_seen(&self) -> bool {
        !self.runs.is_empty()
    }

    /// Returns whether it was told that a run began in it.
    pub(crate) fn is_delivered(&self) -> bool {
        self.runs.values().any(|run| run.is_delivered)
    }

    /// Returns whether its run is over: one has ended, and none is known to go on.
    ///
    /// A slot that a client's call opened may have the place of an older one, whose end comes late. So
    /// the end of a run counts there once it is told that it began.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        let is_over = |run: &Run| run.has_ended && (run.is_delivered || self.call.is_none());
        let mut runs = self.runs.values();
        runs.any(is_over) && !self.runs.values().any(|run| run.is_delivered && !run.has_ended)
    }

    /// What it means for whoever needs the persona.
    #[must_use]
    pub fn hold(&self) -> Hold {
        if self.has_ended() {
            Hold::Ended
        } else if self.call.is_some() && !self.is_seen() {
            Hold::Unseen(self.since.as_second())
        } else {
            // Of what no client's call asked for, no client tells anything.
            Hold::UnderWay
        }
    }

    /// A run began in it, or goes on.
    pub(super) fn deliver(&mut self, delivery: &Delivery) {
        let run = self.runs.entry(delivery.agent_id.clone()).or_default();
        // The first time that its beginning is told may be after its end.
        run.has_ended &= !run.is_delivered;
        run.is_delivered = true;
        run.is_teammate |= delivery.teammate == Some(true);
    }

    /// Something was measured of a run in it.
    pub(super) fn measure(&mut self, outcome: &Outcome) {
        let run = self.runs.entry(outcome.run.clone()).or_default();
        run.has_ended |= outcome.ended == Some(true);
        run.last_said = Some(said(outcome));
    }
}

/// The first bits of a digest of what an outcome says of its run.
pub(crate) fn said(outcome: &Outcome) -> u64 {
    let Outcome { result, source, ended, measures, .. } = outcome;
    // What cannot be written is told again: that does no harm.
    let said = serde_json::to_vec(&(result, source, ended, measures)).unwrap_or_default();
    EventId::of(&said).first_bits()
}

/// As answers show it.
impl Serialize for Lease {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Shown<'a> {
            session: &'a SessionId,
            slot: &'a Slot,
            role: &'a RoleName,
            project: &'a ProjectName,
            work: Option<&'a WorkName>,
            since: Timestamp,
            ended: bool,
        }
        let Self { session, slot, role, project, since, .. } = self;
        let (work, ended) = (self.work.as_ref(), self.has_ended());
        let shown = Shown { session, slot, role, project, work, since: *since, ended };
        shown.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use std::slice;

    use proptest::prelude::*;

    use super::*;
    use crate::projection::view::tests::{
        History, Said, assign, called, delivery, end, release, seed,
    };

    fn ended(run: &str) -> Said {
        end("s", "Ann", "testing", run, true)
    }

    fn rests(run: &str) -> Said {
        end("s", "Ann", "testing", run, false)
    }

    /// What holds Ann after all this, since she was lent to a call at second 2.
    fn hold(said: &[Said]) -> Hold {
        let first = [seed("Ann"), called("s", "w-0", "Ann", "testing")];
        let ann = History::of(first.into_iter().chain(said.iter().cloned())).persona("Ann");
        ann.leases.hold()
    }

    #[test]
    fn a_slot_is_unseen_then_under_way_and_then_over() {
        let (begun, over) = (delivery("s", "r1"), ended("r1"));
        assert_eq!(hold(&[]), Hold::Unseen(2));
        assert_eq!(hold(slice::from_ref(&begun)), Hold::UnderWay);
        assert_eq!(hold(&[begun.clone(), rests("r1")]), Hold::UnderWay, "a teammate rests");
        assert_eq!(hold(&[begun.clone(), over.clone()]), Hold::Ended);
        assert_eq!(hold(slice::from_ref(&over)), Hold::UnderWay, "an older one's, maybe");
        let back = release("s", "w-0", "Ann", "testing", "finished");
        assert_eq!(hold(&[begun, over, back]), Hold::Free);
        assert_eq!(hold(&[rests("r1")]), Hold::UnderWay, "there is a sign of it");
    }

    #[test]
    fn an_end_before_its_beginning_is_an_end_and_a_beginning_after_both_is_another_turn() {
        let (begun, over) = (delivery("s", "r1"), ended("r1"));
        assert_eq!(hold(&[over.clone(), begun.clone()]), Hold::Ended, "it came late");
        assert_eq!(hold(&[over.clone(), begun.clone(), over.clone()]), Hold::Ended);
        let resumed = [begun.clone(), over.clone(), begun.clone()];
        assert_eq!(hold(&resumed), Hold::UnderWay);
        assert_eq!(hold(&[&resumed[..], &[over]].concat()), Hold::Ended);
    }

    #[test]
    fn the_end_of_one_run_is_not_that_of_another() {
        let (first, second) = (delivery("s", "r1"), delivery("s", "r2"));
        assert_eq!(hold(&[first.clone(), second.clone(), ended("r1")]), Hold::UnderWay);
        assert_eq!(hold(&[first.clone(), ended("r1"), second.clone()]), Hold::UnderWay);
        let both = [first, second, ended("r1"), ended("r2")];
        assert_eq!(hold(&both), Hold::Ended);
    }

    #[test]
    fn what_is_told_of_another_slot_session_or_role_changes_nothing() {
        let began = delivery("s", "r1");
        for other in [
            end("t", "Ann", "testing", "r1", true),
            end("s", "Ann", "general", "r1", true),
            end("s", "Bo", "testing", "r1", true),
            delivery("t", "r1"),
        ] {
            assert_eq!(hold(&[began.clone(), other.clone()]), Hold::UnderWay, "{other:?}");
        }
        // What no client's call asked for may be at work without a word of it.
        let by_hand = [seed("Ann"), assign("s", "w-0", "Ann", "testing")];
        let ann = History::of(by_hand.into_iter().chain([delivery("t", "r")])).persona("Ann");
        assert_eq!(ann.leases.hold(), Hold::UnderWay);
        let mut history = History::of([seed("Ann"), assign("s", "w-0", "Ann", "testing")]);
        history.then(ended("s:w"));
        assert_eq!(history.persona("Ann").leases.hold(), Hold::Ended, "as somebody said");
    }

    #[test]
    fn whoever_is_held_twice_is_as_busy_as_where_it_is_busiest() {
        let twice = [called("s", "w-0", "Ann", "testing"), called("s", "v-0", "Ann", "testing")];
        let mut history = History::of([seed("Ann")].into_iter().chain(twice));
        history.then(delivery("s", "r1")).then(ended("r1"));
        let leases = history.persona("Ann").leases;
        assert_eq!(
            leases.iter().map(Lease::hold).collect::<Vec<_>>(),
            [Hold::Ended, Hold::Unseen(3)]
        );
        assert_eq!(leases.hold(), Hold::Unseen(3));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

        /// Of runs that never go on, each told of any number of times.
        #[test]
        fn in_whatever_order_beginnings_and_ends_come_it_ends_with_the_last_end(
            told in Just(["r1", "r2"]).prop_flat_map(|runs| {
                let told = runs.map(|run| [delivery("s", run), ended(run), rests(run), ended(run)]);
                Just(told.concat()).prop_shuffle()
            }),
        ) {
            for (n, it) in told.iter().enumerate() {
                let so_far = &told[..=n];
                let is_told = |said: &Said| so_far.contains(said);
                let open = |run| is_told(&delivery("s", run)) && !is_told(&ended(run));
                let is_over = |run| is_told(&delivery("s", run)) && is_told(&ended(run));
                let any_end = is_over("r1") || is_over("r2");
                let due = any_end && !open("r1") && !open("r2");
                prop_assert_eq!(hold(so_far) == Hold::Ended, due, "after {:?}", it);
            }
        }
    }
}
