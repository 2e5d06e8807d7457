//! What an event says, by its type.

use std::collections::{BTreeMap, BTreeSet};

use crate::event::is_id;
use crate::moment::Moment;
use crate::object::Object;

/// What happened, as far as the roster or the history wants to know it.
#[derive(Debug, Clone)]
pub enum Fact {
    Created {
        grown: bool,
        definition: Definition,
    },
    Revised(Definition),
    Assigned(Assignment),
    Released {
        session: String,
        reason: String,
        slots: Vec<Slot>,
    },
    Judged(Verdict),
    Measured(Outcome),
    /// A run began in a slot, or goes on there.
    Began {
        session: String,
        slot: String,
        run: String,
    },
    /// A lesson or a note, or a lesson that is offered no more: no answer here depends on them.
    Told,
    Retracted {
        event: String,
    },
    /// The text of that event is not to be shown.
    Forgotten {
        event: String,
    },
    Retired {
        persona: String,
        by_hand: bool,
    },
    Reactivated {
        persona: String,
    },
    Compacted {
        before: Moment,
    },
    Repaired {
        missing: BTreeSet<String>,
    },
    Unknown,
}

/// Who a persona is.
#[derive(Debug, Clone)]
pub struct Definition {
    pub name: String,
    pub traits: Vec<String>,
    pub expertise: Vec<String>,
    pub instructions: BTreeMap<String, String>,
}

/// Personas that a session borrows for some work.
#[derive(Debug, Clone)]
pub struct Assignment {
    pub session: String,
    pub project: String,
    pub work: Option<String>,
    /// Whether a client\'s call asked for it.
    pub is_called: bool,
    pub slots: Vec<Slot>,
    /// The slots whose personas are said to have taken part in what they judge.
    pub not_independent: BTreeSet<String>,
}

/// One persona in one place of an agent's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    pub name: String,
    pub persona: String,
    pub role: String,
}

/// A judgement of work.
#[derive(Debug, Clone)]
pub struct Verdict {
    pub persona: String,
    pub role: String,
    pub session: Option<String>,
    pub slot: Option<String>,
    pub sentiment: Sentiment,
    pub source: String,
}

/// How a run ended.
#[derive(Debug, Clone)]
pub struct Outcome {
    pub session: String,
    pub is_over: bool,
    pub slot: String,
    pub persona: String,
    pub role: String,
    pub run: String,
    pub result: OutcomeResult,
    pub source: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutcomeResult {
    Ok,
    Bad,
    Stopped,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sentiment {
    Positive,
    Negative,
    Neutral,
}

impl Fact {
    /// Reads the data of an event of this type.
    pub fn parse(version: u64, kind: &str, data: &str) -> Result<Self, String> {
        if !KINDS.contains(&kind) {
            return Ok(Self::Unknown);
        }
        let data = Object::parse(data)?;
        Ok(match kind {
            "seed" => Self::Created { grown: false, definition: definition(&data)? },
            "grow" => Self::Created { grown: true, definition: definition(&data)? },
            "revise" => Self::Revised(definition(&data)?),
            "assign" => assigned(&data)?,
            "release" => released(&data)?,
            "delivery" => began(&data)?,
            "outcome" => measured(&data)?,
            "feedback" => judged(version, &data)?,
            "lesson" => taught(&data)?,
            "unlearn" => taken_back(&data, "lesson").map(|_| Self::Told)?,
            "note" => noted(&data)?,
            "retract" => Self::Retracted { event: taken_back(&data, "event")? },
            "forget" => Self::Forgotten { event: taken_back(&data, "event")? },
            "retire" => {
                let by_hand = reason(&data, &["manual", "inactive"])? == "manual";
                Self::Retired { persona: data.get("persona")?, by_hand }
            }
            "reactivate" => {
                reason(&data, &["manual", "summon", "needed", "pool_empty"])?;
                Self::Reactivated { persona: data.get("persona")? }
            }
            "compact" => compacted(&data)?,
            _ => repaired(&data)?,
        })
    }
}

const KINDS: [&str; 17] = [
    "seed",
    "grow",
    "revise",
    "assign",
    "release",
    "delivery",
    "outcome",
    "feedback",
    "lesson",
    "unlearn",
    "note",
    "retract",
    "forget",
    "retire",
    "reactivate",
    "compact",
    "repair",
];

/// Why a persona may be in a slot.
const REASONS: [&str; 6] = ["reused", "kept", "summoned", "best_free", "brought_back", "grown"];

fn definition(data: &Object<'_>) -> Result<Definition, String> {
    Ok(Definition {
        name: data.get("name")?,
        traits: data.get("traits")?,
        expertise: data.get("expertise")?,
        instructions: data.get("instructions")?,
    })
}

fn assigned(data: &Object<'_>) -> Result<Fact, String> {
    data.get::<String>("agent")?;
    data.maybe("team")?;
    let is_called = data.maybe("tool_use_id")?.is_some();
    let slots = data.objects("slots")?;
    let mut not_independent = BTreeSet::new();
    for slot in &slots {
        slot.get::<String>("requested")?;
        if let Some(by) = slot.maybe("by")?
            && !REASONS.contains(&by.as_str())
        {
            return Err(format!("`{by}` is no ground of a choice"));
        }
        slot.find::<Option<f64>>("score")?;
        if slot.find::<Option<bool>>("independent")?.flatten() == Some(false) {
            not_independent.insert(slot.get("slot")?);
        }
    }
    Ok(Fact::Assigned(Assignment {
        session: data.get("session")?,
        project: data.get("project")?,
        work: data.maybe("work")?,
        is_called,
        slots: slots.iter().map(slot).collect::<Result<_, _>>()?,
        not_independent,
    }))
}

/// Why slots are closed.
const RELEASES: [&str; 5] = ["session_end", "manual", "orphaned", "finished", "not_started"];

fn released(data: &Object<'_>) -> Result<Fact, String> {
    data.maybe("agent")?;
    Ok(Fact::Released {
        session: data.get("session")?,
        reason: reason(data, &RELEASES)?,
        slots: data.objects("slots")?.iter().map(slot).collect::<Result<_, _>>()?,
    })
}

fn slot(data: &Object<'_>) -> Result<Slot, String> {
    Ok(Slot { name: data.get("slot")?, persona: data.get("persona")?, role: data.get("role")? })
}

fn judged(version: u64, data: &Object<'_>) -> Result<Fact, String> {
    data.maybe("project")?;
    if version == 1 {
        data.get::<String>("observation")?;
    } else {
        digest(data)?;
    }
    let sentiment = match data.get::<String>("sentiment")?.as_str() {
        "positive" => Sentiment::Positive,
        "negative" => Sentiment::Negative,
        "neutral" => Sentiment::Neutral,
        other => return Err(format!("`{other}` is no sentiment")),
    };
    Ok(Fact::Judged(Verdict {
        persona: data.get("persona")?,
        role: data.get("role")?,
        session: data.maybe("session")?,
        slot: data.maybe("slot")?,
        sentiment,
        source: data.get("source")?,
    }))
}

fn began(data: &Object<'_>) -> Result<Fact, String> {
    let channel: String = data.get("channel")?;
    if !["mod", "prompt", "context"].contains(&channel.as_str()) {
        return Err(format!("`{channel}` is no channel"));
    }
    data.get::<bool>("arrived")?;
    data.find::<Option<bool>>("teammate")?;
    let (session, slot) = (data.get("session")?, data.get("slot")?);
    Ok(Fact::Began { session, slot, run: data.get("agent_id")? })
}

fn measured(data: &Object<'_>) -> Result<Fact, String> {
    measures(data)?;
    let result = match data.get::<String>("result")?.as_str() {
        "ok" => OutcomeResult::Ok,
        "bad" => OutcomeResult::Bad,
        "stopped" => OutcomeResult::Stopped,
        other => return Err(format!("`{other}` is no result")),
    };
    Ok(Fact::Measured(Outcome {
        session: data.get("session")?,
        is_over: data.find::<Option<bool>>("ended")?.flatten() == Some(true),
        slot: data.get("slot")?,
        persona: data.get("persona")?,
        role: data.get("role")?,
        run: data.get("run")?,
        result,
        source: data.get("source")?,
    }))
}

/// What was counted of a run: whole numbers, and how its tests ended.
fn measures(data: &Object<'_>) -> Result<(), String> {
    let Some(measures) = data.find::<Option<BTreeMap<String, serde_json::Value>>>("measures")?
    else {
        return Ok(());
    };
    for (key, value) in measures.into_iter().flatten() {
        let is_right = match key.as_str() {
            "calls" | "errors" | "files" | "lines" | "duration_ms" | "input_tokens"
            | "output_tokens" => value.is_null() || value.is_u64(),
            "test" => value.is_null() || value == "passed" || value == "failed",
            _ => true,
        };
        if !is_right {
            return Err(format!("`{value}` is no measure"));
        }
    }
    Ok(())
}

fn taught(data: &Object<'_>) -> Result<Fact, String> {
    data.maybe("role")?;
    data.maybe("project")?;
    if let Some(from) = data.maybe("from")? {
        id(from)?;
    }
    data.get::<String>("persona")?;
    digest(data).map(|()| Fact::Told)
}

fn noted(data: &Object<'_>) -> Result<Fact, String> {
    for key in ["session", "slot", "persona", "project"] {
        data.get::<String>(key)?;
    }
    digest(data).map(|()| Fact::Told)
}

/// The event that is named under a key, and perhaps why.
fn taken_back(data: &Object<'_>, key: &str) -> Result<String, String> {
    data.maybe("reason")?;
    id(data.get(key)?)
}

/// The digest of a text, if there is one.
fn digest(data: &Object<'_>) -> Result<(), String> {
    data.maybe("text")?.map_or(Ok(()), |digest| id(digest).map(drop))
}

fn id(text: String) -> Result<String, String> {
    if is_id(text.as_bytes()) { Ok(text) } else { Err(format!("`{text}` is no id")) }
}

fn compacted(data: &Object<'_>) -> Result<Fact, String> {
    for summary in data.objects("summaries")? {
        for key in ["persona", "role", "month"] {
            summary.get::<String>(key)?;
        }
        for key in ["positive", "negative", "neutral"] {
            summary.get::<u64>(key)?;
        }
    }
    Ok(Fact::Compacted { before: data.get::<String>("before")?.parse()? })
}

fn repaired(data: &Object<'_>) -> Result<Fact, String> {
    for cut in data.objects("cut")? {
        for key in ["file", "blake3"] {
            cut.get::<String>(key)?;
        }
        for key in ["line", "bytes"] {
            cut.get::<u64>(key)?;
        }
    }
    let missing: BTreeSet<String> = data.get("missing")?;
    match missing.iter().find(|id| !is_id(id.as_bytes())) {
        Some(other) => Err(format!("`{other}` is no id")),
        None => Ok(Fact::Repaired { missing }),
    }
}

/// The reason that is given, which must be one of these.
fn reason(data: &Object<'_>, known: &[&str]) -> Result<String, String> {
    let reason: String = data.get("reason")?;
    if known.contains(&reason.as_str()) {
        Ok(reason)
    } else {
        Err(format!("`{reason}` is no reason here"))
    }
}
