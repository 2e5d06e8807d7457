//! `outcome`: record how a run ended.

use std::fmt;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use muzzle_persona::broker::{self, OutcomeRequest, Recorded};
use muzzle_persona::events::{
    AgentName, OutcomeResult, PersonaName, Points, RoleName, RunId, SessionId, Slot, Source,
};
use muzzle_persona::projection::Needs;
use serde::Serialize;

use super::named_session::{self, Among};
use super::{Context, Failure, line};

/// Record how an agent's run ended, as it was measured
///
/// It counts for the personas that the agent was lent in the session, also
/// after they were released. What the agent says of itself is no outcome: take
/// the result of its tests, or of the build. Of several outcomes of one source
/// for one run, the last counts.
#[derive(Debug, Args)]
#[command(override_usage = "muzzle-persona outcome [OPTIONS] -s SESSION -a AGENT --result RESULT")]
#[command(after_long_help = "\
Examples:
  muzzle-persona outcome -s s1 -a worker-1 --result ok
  muzzle-persona outcome -s s1 -a worker-1 --result bad --source ci")]
pub struct OutcomeArgs {
    /// The session of the run, or how its name begins
    #[arg(short = 's', long, value_parser = SessionId::parse)]
    session: SessionId,
    /// The agent that ran
    #[arg(short = 'a', long, value_name = "AGENT", value_parser = AgentName::parse)]
    agent_name: AgentName,
    /// How it ended: `ok` and `bad` count for and against the persona, `stopped` for neither
    #[arg(long, value_parser = results())]
    result: OutcomeResult,
    /// Who or what measured it, as `ci`
    #[arg(long, value_name = "TEXT", default_value = "cli", value_parser = Source::parse)]
    source: Source,
}

fn results() -> impl TypedValueParser<Value = OutcomeResult> {
    let words = PossibleValuesParser::new(OutcomeResult::ALL.map(OutcomeResult::as_str));
    words.try_map(|word| serde_json::from_value(word.into()))
}

pub fn run(args: OutcomeArgs, context: &mut Context) -> Result<OutcomeReport, Failure> {
    let OutcomeArgs { mut session, agent_name: agent, result, source } = args;
    let mut snapshot = context.present()?;
    let mut slots = snapshot.slots_of(&session, &agent)?;
    if slots.is_empty()
        && let Some(begun) = named_session::begun(context, &mut snapshot, &session, Among::All)?
    {
        slots = snapshot.slots_of(&begun, &agent)?;
        session = begun;
    }
    let (run, ended, measures) = (RunId::of(&session, &agent), false, None);
    let request = OutcomeRequest { session, agent, slots, run, result, source, ended, measures };
    let (mut store, recorded) =
        context.execute(&request.needs(), |situation| broker::outcome(situation, &request))?;
    let now = context.options.now;
    let personas = Needs::personas(recorded.iter().map(|it| &it.outcome.persona));
    let outcomes = store.look(&personas, |store| {
        let after = |it: Recorded| {
            let Recorded { outcome, before } = it;
            let persona = store.roster().get(&outcome.persona);
            let scoring = &store.rules().scoring;
            let affinity = persona.map(|it| broker::affinity(it, &outcome.role, scoring, now));
            let recorded = before != Some(outcome.result);
            let (name, slot, role) = (outcome.persona, outcome.slot, outcome.role);
            SlotOutcome { slot, name, role, recorded, before, affinity_after: affinity }
        };
        Ok(recorded.into_iter().map(after).collect())
    })?;
    let OutcomeRequest { session, run, result, source, .. } = request;
    Ok(OutcomeReport { session, run, result, source, outcomes })
}

#[derive(Debug, Serialize)]
pub struct OutcomeReport {
    session: SessionId,
    run: RunId,
    result: OutcomeResult,
    source: Source,
    outcomes: Vec<SlotOutcome>,
}

#[derive(Debug, Serialize)]
struct SlotOutcome {
    slot: Slot,
    name: PersonaName,
    role: RoleName,
    /// Whether it is new; else the source said the same before.
    recorded: bool,
    before: Option<OutcomeResult>,
    affinity_after: Option<Points>,
}

impl fmt::Display for OutcomeReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (result, source) = (self.result.as_str(), &self.source);
        for SlotOutcome { name, role, recorded, before, affinity_after, .. } in &self.outcomes {
            if !recorded {
                let known = format!("{source} recorded {result} for {name} as {role} before");
                line(f, format!("{known}; nothing to do."))?;
                continue;
            }
            let instead = before.map(|it| format!(" in place of {}", it.as_str()));
            let instead = instead.unwrap_or_default();
            let affinity = affinity_after.map(|it| format!(" Affinity: {it}."));
            let affinity = affinity.unwrap_or_default();
            let recorded = format!("Recorded {result}{instead} for {name} as {role}.{affinity}");
            line(f, recorded)?;
        }
        Ok(())
    }
}
