//! A store's answers, as the program gives them in JSON.

use std::path::Path;

use serde_json::{Map, Value, json};

use crate::affinity::affinity;
use crate::fact::Sentiment;
use crate::history::History;
use crate::log;
use crate::roster::{Persona, Roster};

/// What a store holds, by its files alone.
#[derive(Debug, PartialEq)]
pub struct Answer {
    /// What `list --status all` answers.
    pub list: Value,
    /// The heads that `stats` shows.
    pub heads: Value,
}

impl Answer {
    /// Reads the store, or says what is damaged in it.
    pub fn of(store: &Path) -> Result<Self, String> {
        let history = History::of(log::read(store)?)?;
        let roster = Roster::of(&history);
        let personas: Vec<_> =
            roster.personas.iter().map(|(name, persona)| shown(&roster, name, persona)).collect();
        Ok(Self { list: json!({ "personas": personas }), heads: history.heads.into() })
    }
}

fn shown(roster: &Roster, name: &str, persona: &Persona) -> Value {
    json!({
        "name": name,
        "persona_id": persona.id,
        "status": if persona.archived { "archived" } else { "active" },
        "origin": if persona.grown { "grown" } else { "seed" },
        "traits": persona.definition.traits,
        "expertise": persona.definition.expertise,
        "role_instructions": persona.definition.instructions,
        "affinity": affinities(persona),
        "counts": persona.counts,
        "feedback": feedback(persona),
        "held_by": held_by(roster, name),
        "created_at": persona.created_at.to_string(),
        "last_assigned": persona.last_assigned.map(|at| at.to_string()),
    })
}

/// The affinity for each role with finished work, or feedback that counts.
fn affinities(persona: &Persona) -> Map<String, Value> {
    let roles = persona.counts.keys().chain(persona.verdicts.keys());
    roles.map(|role| (role.clone(), affinity(persona, role))).collect()
}

fn feedback(persona: &Persona) -> Map<String, Value> {
    let tallies = |role: &String| {
        let tally = |sentiment| persona.tally(role, sentiment);
        let tallies = json!({
            "positive": tally(Sentiment::Positive),
            "negative": tally(Sentiment::Negative),
            "neutral": tally(Sentiment::Neutral),
        });
        (role.clone(), tallies)
    };
    persona.verdicts.keys().map(tallies).collect()
}

fn held_by(roster: &Roster, name: &str) -> Vec<Value> {
    let held = roster.leases.iter().filter(|lease| lease.slot.persona == name);
    let shown = held.map(|lease| {
        json!({
            "session": lease.session,
            "slot": lease.slot.name,
            "role": lease.slot.role,
            "project": lease.project,
            "since": lease.since.to_string(),
        })
    });
    shown.collect()
}
