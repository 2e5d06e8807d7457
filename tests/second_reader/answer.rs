//! A store's answers, as the program gives them in JSON.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Map, Value, json};

use crate::fact::{OutcomeResult, Sentiment};
use crate::four_eyes::{Scope, compared, work_record};
use crate::history::History;
use crate::log;
use crate::moment::Moment;
use crate::roster::{Persona, RoleRecord, Roster};
use crate::score::Score;
use crate::seed::{Scoring, independent, roles};

/// The roles whose rankings are compared: one asks for nothing, the others share an expertise.
pub const RANKED: [&str; 3] = ["general", "testing", "code-reviewer"];

/// The role that is asked for in a review.
pub const REVIEWER: &str = "code-reviewer";

/// What a store holds, by its files alone.
#[derive(Debug, PartialEq)]
pub struct Answer {
    /// What `list --status all` answers.
    pub list: Value,
    /// The heads that `stats` shows.
    pub heads: Value,
    /// What `search --all` answers, for each of the roles.
    pub rankings: Vec<Value>,
    /// The words behind the ids that `log` shows, by id.
    pub texts: Value,
    /// What `show` tells of the first personas besides.
    pub told_apart: Vec<Value>,
    /// Whom `assign` would have review each of some works.
    pub reviews: Vec<Value>,
    /// What `stats --work` tells of some.
    pub works: Vec<Value>,
}

impl Answer {
    /// Reads the store, or says what is damaged in it.
    pub fn of(store: &Path, now: &str) -> Result<Self, String> {
        let history = History::of(log::read(store)?)?;
        let roster = Roster::of(&history);
        let (reviewed, works) = compared(store);
        let is_newer = history.events.iter().any(|event| event.is_newer);
        let (scoring, independent) = (Scoring::of(store), independent());
        let judge = Judge { roles: roles(), independent, scoring, now: now.parse()? };
        let personas = roster.personas.iter();
        let shown = personas.map(|(name, persona)| judge.shown(&roster, name, persona));
        let shown: Vec<_> = shown.collect();
        Ok(Self {
            texts: json!(history.texts()),
            list: json!({ "personas": shown }),
            heads: history.heads.clone().into(),
            rankings: RANKED.iter().map(|role| judge.search(&roster, role)).collect(),
            told_apart: roster
                .personas
                .keys()
                .take(SHOWN)
                .map(|it| judge.near(&roster, it))
                .collect(),
            reviews: reviewed
                .iter()
                // A program leaves the log alone where a newer one wrote.
                .map(|scope| if is_newer { Value::Null } else { judge.review(&roster, scope) })
                .collect(),
            works: works
                .iter()
                .map(|(project, work)| work_record(&history, project, work, &judge.independent))
                .collect(),
        })
    }
}

/// How many personas are looked at one by one.
pub const SHOWN: usize = 3;

/// What scores depend on besides the log.
struct Judge {
    roles: BTreeMap<String, Vec<String>>,
    independent: BTreeSet<String>,
    scoring: Scoring,
    now: Moment,
}

impl Judge {
    fn score(&self, persona: &Persona, role: &str) -> Score {
        // A role that there is no more asks for nothing.
        let asked = self.roles.get(role).map_or(&[][..], Vec::as_slice);
        Score::of(persona, role, asked, &self.scoring, self.now)
    }

    /// All personas, the best first.
    fn ranking<'a>(&self, roster: &'a Roster, role: &str) -> Vec<(&'a String, &'a Persona, Score)> {
        let all = roster.personas.iter();
        let mut all: Vec<_> =
            all.map(|(name, persona)| (name, persona, self.score(persona, role))).collect();
        all.sort_by_key(|(_, persona, score)| {
            let no_text = !persona.definition.instructions.contains_key(role);
            (Reverse(score.total()), no_text, persona.last_assigned, persona.place)
        });
        all
    }

    fn search(&self, roster: &Roster, role: &str) -> Value {
        let ranking = self.ranking(roster, role);
        let best = ranking.first().map(|(.., score)| *score);
        let near =
            ranking.iter().skip(1).filter(|(.., it)| best.is_some_and(|best| best.is_near(*it)));
        let near: Vec<_> = near.map(|(name, ..)| name).collect();
        let personas = ranking.iter().map(|(name, persona, score)| {
            let sessions: Vec<_> =
                held_by(roster, name).iter().map(|it| it["session"].clone()).collect();
            let leases = roster.leases.iter().filter(|lease| lease.slot.persona == **name);
            let (mut over, mut at_work) = (false, false);
            for lease in leases {
                over |= lease.is_over();
                at_work |= !lease.is_over();
            }
            json!({
                "ended": over && !at_work,
                "name": name,
                "score": score.shown(),
                "evidence": score.evidence(),
                "status": status(persona),
                "held_by": sessions,
            })
        });
        let personas: Vec<_> = personas.collect();
        json!({"role": role, "personas": personas, "more": 0, "not_told_apart": near})
    }

    /// The candidates for a review, those who took part last, and what they took part in.
    fn review(&self, roster: &Roster, scope: &Scope<'_>) -> Value {
        let candidates = self.ranking(roster, REVIEWER).into_iter().filter(|(name, persona, _)| {
            let mut leases = roster.leases.iter().filter(|lease| lease.slot.persona == **name);
            let is_held =
                leases.any(|lease| !lease.is_over() && !roster.never_ran(lease, self.now));
            !(is_held || persona.archived && persona.by_hand)
        });
        let part = |name: &str| scope.part(roster, name, &self.independent, self.now);
        let (took_part, others): (Vec<_>, Vec<_>) =
            candidates.map(|(name, ..)| name).partition(|name| part(name).is_some());
        // Where there is nobody, somebody new is grown, who took part in nothing.
        let independent = !others.is_empty() || took_part.is_empty();
        let told = took_part.iter().filter_map(|name| {
            let (of, roles) = part(name)?;
            Some(json!({"name": name, "in": of, "roles": roles}))
        });
        let told: Vec<_> = told.collect();
        let ranking: Vec<_> = others.iter().chain(&took_part).collect();
        json!({"ranking": ranking, "took_part": told, "independent": independent})
    }

    /// For each role that is known: the best of the others, if they are not told apart.
    fn near(&self, roster: &Roster, name: &str) -> Value {
        let known = self.known(&roster.personas[name]);
        let near = known.into_iter().filter(|(role, _)| self.roles.contains_key(*role));
        let near = near.filter_map(|(role, own)| {
            let ranking = self.ranking(roster, role);
            let (other, _, score) = ranking.iter().find(|(other, ..)| *other != name)?;
            own.is_near(*score).then(|| (role.clone(), Value::from(other.as_str())))
        });
        near.collect::<Map<_, _>>().into()
    }

    /// The score in each role of which anything is known that counts.
    fn known<'a>(&self, persona: &'a Persona) -> BTreeMap<&'a String, Score> {
        let counts = |record: &RoleRecord| {
            let is_judged = record.verdicts.iter().any(|verdict| !verdict.compacted);
            let speaks = matches!(self.scoring, Scoring::Record(..))
                && (record.last_verdicts().any(|it| it.sentiment != Sentiment::Neutral)
                    || record.outcomes.iter().any(|(_, it)| *it != OutcomeResult::Stopped));
            is_judged || speaks || !record.finished.is_empty()
        };
        let known = persona.roles.iter().filter(|(_, record)| counts(record));
        known.map(|(role, _)| (role, self.score(persona, role))).collect()
    }

    fn shown(&self, roster: &Roster, name: &str, persona: &Persona) -> Value {
        let known = self.known(persona);
        let scores = |of: fn(Score) -> Option<Value>| -> Map<_, _> {
            let of = |(role, score): (&&String, &Score)| Some(((*role).clone(), of(*score)?));
            known.iter().filter_map(of).collect()
        };
        // Of equal ones the first.
        let best = known.iter().rev().max_by_key(|(_, score)| score.total());
        let best = best.map(|(role, score)| json!({"role": role, "total": score.shown()["total"]}));
        json!({
            "best": best,
            "name": name,
            "persona_id": persona.id,
            "status": status(persona),
            "origin": if persona.grown { "grown" } else { "seed" },
            "traits": persona.definition.traits,
            "expertise": persona.definition.expertise,
            "role_instructions": persona.definition.instructions,
            "affinity": scores(|score| Some(score.affinity())),
            "evidence": scores(Score::evidence),
            "doubt": scores(Score::doubt),
            "counts": each_role(persona, |record| {
                let done = record.finished.len();
                (done > 0).then(|| done.into())
            }),
            "feedback": each_role(persona, feedback),
            "outcomes": each_role(persona, outcomes),
            "held_by": held_by(roster, name),
            "created_at": persona.created_at.to_string(),
            "defined_at": persona.defined_at.to_string(),
            "last_assigned": persona.last_assigned.map(|at| at.to_string()),
        })
    }
}

fn status(persona: &Persona) -> &'static str {
    if persona.archived { "archived" } else { "active" }
}

fn each_role(persona: &Persona, of: fn(&RoleRecord) -> Option<Value>) -> Map<String, Value> {
    persona.roles.iter().filter_map(|(role, record)| Some((role.clone(), of(record)?))).collect()
}

fn feedback(record: &RoleRecord) -> Option<Value> {
    let [positive, negative, neutral] =
        [Sentiment::Positive, Sentiment::Negative, Sentiment::Neutral].map(|it| record.tally(it));
    let tallies = json!({"positive": positive, "negative": negative, "neutral": neutral});
    (positive + negative + neutral > 0).then_some(tallies)
}

fn outcomes(record: &RoleRecord) -> Option<Value> {
    let [ok, bad] = [OutcomeResult::Ok, OutcomeResult::Bad].map(|result| record.ended(result));
    (ok + bad > 0).then(|| json!({"ok": ok, "bad": bad}))
}

fn held_by(roster: &Roster, name: &str) -> Vec<Value> {
    let held = roster.leases.iter().filter(|lease| lease.slot.persona == name);
    let shown = held.map(|lease| {
        json!({
            "session": lease.session,
            "slot": lease.slot.name,
            "role": lease.slot.role,
            "project": lease.project,
            "work": lease.work,
            "since": lease.since.to_string(),
            "ended": lease.is_over(),
        })
    });
    shown.collect()
}
