//! What became of the personas between two moments.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use super::{Lease, Origin, OutcomeTally, Persona, Roster, Status, Tally};
use crate::events::{
    Event, EventId, PersonaName, Points, ProjectName, ReactivateReason, RetireReason, RoleName,
};

/// How well a persona fits a role by its record.
pub(crate) type Affinity<'a> = &'a dyn Fn(&Persona, &RoleName) -> Points;

/// What is different about one persona.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PersonaChange {
    /// Who.
    pub name: PersonaName,
    /// `created`, `changed`, or `absent` where it is there at the first moment only: the second is
    /// earlier, or of another branch.
    pub change: &'static str,
    /// Where it comes from.
    pub origin: Origin,
    /// The parts of its definition that are different: `traits`, `expertise`, `instructions`.
    pub revised: Vec<&'static str>,
    /// Whether it may be lent.
    #[serde(serialize_with = "as_words")]
    pub status: Pair<Option<Status>>,
    /// Why its status is different, where that is known.
    pub reason: Option<StatusReason>,
    /// The slots that are open after, and were not before.
    pub lent: Vec<Lease>,
    /// The slots that were open before, and are not after.
    pub given_back: Vec<Lease>,
    /// The lessons that it is offered after, and was not before.
    pub taught: Vec<EventId>,
    /// Those that it was offered before, and is not after.
    pub withdrawn: Vec<EventId>,
    /// The projects on which its last note is another one.
    pub noted: Vec<ProjectName>,
    /// The roles in which its record is different.
    pub roles: BTreeMap<RoleName, RoleChange>,
    /// When it was last lent.
    pub last_assigned: Pair<Option<Timestamp>>,
}

/// Why a status is different.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum StatusReason {
    /// It was archived.
    Retired(RetireReason),
    /// It was brought back.
    Reactivated(ReactivateReason),
}

/// Something before and after.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Pair<T> {
    /// At the first moment.
    pub before: T,
    /// At the second.
    pub after: T,
}

impl<T> Pair<T> {
    /// Does the same to both.
    pub fn map<U>(self, mut change: impl FnMut(T) -> U) -> Pair<U> {
        Pair { before: change(self.before), after: change(self.after) }
    }
}

impl<T: PartialEq> Pair<T> {
    /// Returns whether nothing changed.
    pub fn is_same(&self) -> bool {
        self.before == self.after
    }
}

/// A record in a role, before and after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct RoleChange {
    /// How well the persona fits.
    pub affinity: Pair<Points>,
    /// How often it was lent.
    pub assignments: Pair<u64>,
    /// How often it came back with its work done.
    pub counts: Pair<u64>,
    /// The feedback that counts.
    pub feedback: Pair<Tally>,
    /// The runs that ended well, and those that ended badly.
    pub outcomes: Pair<OutcomeTally>,
}

impl PersonaChange {
    /// Compares two rosters, which have to be loaded. The changes come by name.
    ///
    /// Names are identities, so the rosters may be those of two branches.
    pub fn between(before: &Roster, after: &Roster, affinity: Affinity<'_>) -> Vec<Self> {
        let mut everybody: BTreeMap<_, Pair<Option<&Persona>>> = BTreeMap::new();
        for persona in before.personas() {
            everybody.entry(persona.name()).or_default().before = Some(persona);
        }
        for persona in after.personas() {
            everybody.entry(persona.name()).or_default().after = Some(persona);
        }
        let changes = everybody.into_values().filter_map(|pair| Self::of(pair, affinity));
        changes.filter(Self::is_any).collect()
    }

    fn of(pair: Pair<Option<&Persona>>, affinity: Affinity<'_>) -> Option<Self> {
        let persona = pair.after.or(pair.before)?;
        let leases = |of: Option<&Persona>, not: Option<&Persona>| {
            let open = of.into_iter().flat_map(|it| it.leases.iter());
            let is_in = |it: &Persona, lease: &Lease| {
                let open = it.leases.get(&lease.session, &lease.slot, &lease.role);
                open.is_some_and(|other| other.is_same(lease))
            };
            let is_new = |lease: &&Lease| !not.is_some_and(|it| is_in(it, lease));
            open.filter(is_new).cloned().collect()
        };
        let lessons = |of: Option<&Persona>, not: Option<&Persona>| {
            let lessons = |it: Option<&Persona>| -> BTreeSet<EventId> {
                it.into_iter().flat_map(Persona::lessons).map(|lesson| lesson.id).collect()
            };
            lessons(of).difference(&lessons(not)).copied().collect()
        };
        let status = pair.map(|it| it.map(|it| it.status));
        Some(Self {
            name: persona.name().clone(),
            change: match (pair.before, pair.after) {
                (None, _) => "created",
                (_, None) => "absent",
                _ => "changed",
            },
            origin: persona.origin,
            revised: revised(pair),
            status,
            reason: match status.after {
                Some(Status::Archived(reason)) if !status.is_same() => {
                    Some(StatusReason::Retired(reason))
                }
                _ => None,
            },
            lent: leases(pair.after, pair.before),
            given_back: leases(pair.before, pair.after),
            taught: lessons(pair.after, pair.before),
            withdrawn: lessons(pair.before, pair.after),
            noted: noted(pair),
            roles: roles(pair, affinity),
            last_assigned: pair.map(|it| it.and_then(|it| it.last_assigned)),
        })
    }

    fn is_any(&self) -> bool {
        !self.revised.is_empty()
            || !self.status.is_same()
            || !self.lent.is_empty()
            || !self.given_back.is_empty()
            || !self.taught.is_empty()
            || !self.withdrawn.is_empty()
            || !self.noted.is_empty()
            || !self.roles.is_empty()
            || !self.last_assigned.is_same()
    }

    /// Returns whether the persona was archived before, and is active after.
    #[must_use]
    pub fn is_brought_back(&self) -> bool {
        matches!(
            self.status,
            Pair { before: Some(Status::Archived(_)), after: Some(Status::Active) }
        )
    }

    /// Takes the reason from an event that made the persona active again; of several, the last counts.
    pub fn note_reason(&mut self, event: &Event) {
        if let Event::Reactivate(back) = event
            && back.persona == self.name
            && self.is_brought_back()
        {
            self.reason = Some(StatusReason::Reactivated(back.reason));
        }
    }
}

fn revised(pair: Pair<Option<&Persona>>) -> Vec<&'static str> {
    let Pair { before: Some(before), after: Some(after) } = pair else {
        return Vec::new();
    };
    let (before, after) = (&before.definition, &after.definition);
    let parts = [
        ("traits", before.traits != after.traits),
        ("expertise", before.expertise != after.expertise),
        ("instructions", before.instructions != after.instructions),
    ];
    parts.into_iter().filter_map(|(part, is_different)| is_different.then_some(part)).collect()
}

fn roles(pair: Pair<Option<&Persona>>, affinity: Affinity<'_>) -> BTreeMap<RoleName, RoleChange> {
    let either = pair.before.into_iter().chain(pair.after);
    let names: BTreeSet<_> = either.flat_map(|persona| persona.roles.keys()).collect();
    let changes = names.into_iter().filter_map(|role| {
        let record = pair.map(|it| {
            let affinity = it.map(|it| affinity(it, role)).unwrap_or_default();
            let record = it.and_then(|it| it.roles.get(role));
            let counts = record.map(|it| (it.assigned, it.closed(), it.tally, it.outcomes()));
            (affinity, counts.unwrap_or_default())
        });
        let change = RoleChange {
            affinity: record.map(|(affinity, _)| affinity),
            assignments: record.map(|(_, (assigned, ..))| assigned),
            counts: record.map(|(_, (_, closed, ..))| closed),
            feedback: record.map(|(_, (_, _, tally, _))| tally),
            outcomes: record.map(|(_, (.., outcomes))| outcomes),
        };
        (!record.is_same()).then(|| (role.clone(), change))
    });
    changes.collect()
}

/// Writes a status without its reason, which has its own field.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn as_words<S: Serializer>(
    status: &Pair<Option<Status>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let word = |status| match status {
        Status::Active => "active",
        Status::Archived(_) => "archived",
    };
    status.map(|status| status.map(word)).serialize(serializer)
}

/// The projects on which the last note is another one, by name.
fn noted(pair: Pair<Option<&Persona>>) -> Vec<ProjectName> {
    let both = [pair.before, pair.after].into_iter().flatten();
    let projects: BTreeSet<_> = both.flat_map(|it| it.notes().keys()).collect();
    let is_other = |project: &&ProjectName| {
        let last = |it: Option<&Persona>| Some(it?.note_on(project)?.id);
        last(pair.after) != last(pair.before)
    };
    projects.into_iter().filter(is_other).cloned().collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::projection::view::tests::{
        History, Said, anything, assign, definition, feedback, reactivate, release, retire, seed,
    };
    use crate::projection::{RoleRecord, View};

    fn between(before: &View, after: &View) -> Vec<PersonaChange> {
        let affinity = |persona: &Persona, role: &RoleName| {
            let closed = persona.roles.get(role).map_or(0, RoleRecord::closed);
            Points::fraction(closed.into(), 4)
        };
        PersonaChange::between(&before.roster, &after.roster, &affinity)
    }

    /// What these events change for Ann, as JSON; for her alone.
    fn changed(before: impl IntoIterator<Item = Said>, then: &[Said]) -> serde_json::Value {
        let history = History::of([seed("Ann"), seed("Bo")].into_iter().chain(before));
        let after = history.clone().extend(then.iter().cloned()).view();
        let changes = between(&history.view(), &after);
        assert!(changes.iter().all(|change| change.name.as_str() == "Ann"));
        changes.first().map_or(json!(null), |change| serde_json::to_value(change).unwrap())
    }

    #[test]
    fn a_revision_tells_which_parts_are_others() {
        let mut data = definition("Ann", "calm");
        data["expertise"] = json!(["testing"]);
        data["instructions"] = json!({ "testing": "Break it." });
        assert_eq!(
            changed([], &[("revise", data)])["revised"],
            json!(["expertise", "instructions"])
        );
        let revised = changed([], &[("revise", definition("Ann", "direct"))]);
        assert_eq!(revised["revised"], json!(["traits"]));
        assert_eq!(revised["change"], "changed");
        assert_eq!(changed([], &[("revise", definition("Ann", "calm"))]), json!(null));
    }

    #[test]
    fn a_status_is_told_with_the_reason_of_the_last_change() {
        let archived = changed([retire("Ann", "manual")], &[retire("Ann", "inactive")]);
        assert_eq!(archived["status"], json!({"before": "archived", "after": "archived"}));
        assert_eq!(archived["reason"], "inactive");
        assert_eq!(changed([], &[retire("Ann", "manual")])["reason"], "manual");
        let back = ("reactivate", json!({ "persona": "Ann", "reason": "summon" }));
        assert_eq!(changed([], &[retire("Ann", "manual"), back.clone()]), json!(null));
        let history = History::of([seed("Ann"), seed("Bo"), retire("Ann", "manual")]);
        let others = [retire("Bo", "manual"), reactivate("Bo")];
        let after = history
            .clone()
            .extend([reactivate("Ann"), retire("Ann", "manual"), back])
            .extend(others)
            .clone();
        let mut changes = between(&history.view(), &after.view());
        assert_eq!(changes[0].reason, None, "the roster does not tell it");
        for line in View::in_order(after.lines.concat().as_bytes()).unwrap() {
            changes[0].note_reason(&line.decode().unwrap().event);
        }
        assert_eq!(changes[0].reason, Some(StatusReason::Reactivated(ReactivateReason::Summon)));
    }

    #[test]
    fn a_slot_is_lent_or_given_back_and_work_is_counted() {
        let lent = changed([], &[assign("s1", "w-0", "Ann", "testing")]);
        assert_eq!(lent["lent"][0]["slot"], "w-0");
        assert_eq!(lent["given_back"], json!([]));
        assert_eq!(lent["roles"]["testing"]["assignments"], json!({"before": 0, "after": 1}));
        assert_eq!(lent["last_assigned"], json!({"before": null, "after": "1970-01-01T00:00:03Z"}));

        let back = [
            release("s1", "w-0", "Ann", "testing", "manual"),
            feedback(None, "Ann", "testing", "negative"),
        ];
        let back = changed([assign("s1", "w-0", "Ann", "testing")], &back);
        assert_eq!((&back["lent"], &back["given_back"][0]["session"]), (&json!([]), &json!("s1")));
        let testing = &back["roles"]["testing"];
        assert_eq!(testing["affinity"], json!({"before": 0.0, "after": 0.25}));
        assert_eq!(testing["counts"], json!({"before": 0, "after": 1}));
        assert_eq!(testing["feedback"]["after"]["negative"], 1);
        assert_eq!(testing["assignments"], json!({"before": 1, "after": 1}));
    }

    #[test]
    fn a_persona_may_be_there_at_one_moment_only() {
        let history = History::of([seed("Ann")]);
        let after = history.clone().then(("grow", definition("Bo", "calm"))).view();
        let [created] = &between(&history.view(), &after)[..] else { panic!() };
        assert_eq!((created.change, created.origin), ("created", Origin::Grown));
        assert_eq!(created.status, Pair { before: None, after: Some(Status::Active) });
        let [absent] = &between(&after, &history.view())[..] else { panic!() };
        assert_eq!(absent.change, "absent");
        assert_eq!((absent.name.as_str(), absent.status.after), ("Bo", None));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_way_back_is_the_way_there_turned_round(
            said in prop::collection::vec(anything(), 0..12), cut in any::<prop::sample::Index>(),
        ) {
            let history = History::of([seed("Ann")].into_iter().chain(said));
            let cut = cut.index(history.lines.len() + 1);
            let before = View::fold_all(history.lines[..cut].concat().as_bytes()).unwrap();
            let (there, back) = (between(&before, &history.view()), between(&history.view(), &before));
            prop_assert_eq!(there.len(), back.len());
            for (there, back) in there.iter().zip(&back) {
                prop_assert_eq!(&there.lent, &back.given_back);
                prop_assert_eq!(&there.revised, &back.revised);
                prop_assert_eq!(&there.taught, &back.withdrawn);
                prop_assert_eq!(&there.noted, &back.noted);
                let turned = Pair { before: back.status.after, after: back.status.before };
                prop_assert_eq!(there.status, turned);
                prop_assert_eq!(there.roles.len(), back.roles.len());
            }
            prop_assert_eq!(between(&before, &before), Vec::new());
        }
    }
}
