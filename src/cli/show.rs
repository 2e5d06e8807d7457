//! `show`: one persona in full.

use std::fmt;

use clap::Args;
use clap_complete::engine::ArgValueCompleter;
use muzzle_persona::broker;
use muzzle_persona::events::visible;
use muzzle_persona::projection::{Needs, Work};
use serde::Serialize;

use super::at::AtArgs;
use super::completions::persona_names;
use super::context::Context;
use super::failure::Failure;
use super::output::{FAINT, HEADING};
use super::persona::{PersonaReport, minute, tags, tally};
use super::table::Table;

/// Show one persona: who it is, what it did, who holds it
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The persona's name, or how it begins
    #[arg(add = ArgValueCompleter::new(persona_names))]
    name: String,
    #[command(flatten)]
    at: AtArgs,
}

pub fn run(args: &ShowArgs, context: &mut Context) -> Result<ShowReport, Failure> {
    let report = context.read(&args.at)?.look(&Needs::typed(&args.name), |then| {
        let persona = broker::find_persona(then.roster(), &args.name)?;
        Ok(ShowReport {
            persona: PersonaReport::new(persona, then.rules()),
            recent_work: persona.recent_work(None).cloned().collect(),
        })
    })?;
    Ok(report)
}

#[derive(Debug, Serialize)]
pub struct ShowReport {
    #[serde(flatten)]
    persona: PersonaReport,
    recent_work: Vec<Work>,
}

/// How wide the bar of a full affinity is.
const BAR: usize = 20;

impl fmt::Display for ShowReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let persona = &self.persona;
        writeln!(f, "{HEADING}{}{HEADING:#}", visible(persona.name.as_str()))?;
        let origin = serde_json::to_value(persona.origin).unwrap_or_default();
        writeln!(
            f,
            "{FAINT}{}, {} on {} by the event {:.8}{FAINT:#}",
            persona.status,
            if origin == "seed" { "seeded" } else { "grown" },
            minute(persona.created_at),
            persona.persona_id
        )?;
        for (what, words) in [("Traits", &persona.traits), ("Expertise", &persona.expertise)] {
            if !words.is_empty() {
                writeln!(f, "{what}: {}", visible(&tags(words)))?;
            }
        }
        self.holders(f)?;
        self.instructions(f)?;
        self.record(f)?;
        self.recent(f)
    }
}

impl ShowReport {
    fn holders(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for holder in &self.persona.held_by {
            writeln!(
                f,
                "Held since {} by {} of the session {}, as {} on {}",
                minute(holder.since),
                visible(holder.slot.as_str()),
                visible(holder.session.as_str()),
                visible(holder.role.as_str()),
                visible(holder.project.as_str())
            )?;
        }
        Ok(())
    }

    fn instructions(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.persona.role_instructions.is_empty() {
            return Ok(());
        }
        writeln!(f, "\n{HEADING}Instructions{HEADING:#}")?;
        for (role, text) in &self.persona.role_instructions {
            writeln!(f, "  {}: {}", visible(role.as_str()), visible(text))?;
        }
        Ok(())
    }

    fn record(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.persona.affinity.is_empty() {
            return Ok(());
        }
        let mut table = Table::new(&["ROLE", "AFFINITY", "", ">DONE", "FEEDBACK"]);
        for (role, affinity) in &self.persona.affinity {
            let feedback = self.persona.feedback.get(role).copied().unwrap_or_default();
            table.row([
                role.to_string(),
                bar(affinity.as_f64()),
                format!("{:.2}", affinity.as_f64()),
                self.persona.counts.get(role).copied().unwrap_or(0).to_string(),
                tally(feedback),
            ]);
        }
        write!(f, "\n{table}")
    }

    fn recent(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.recent_work.is_empty() {
            return Ok(());
        }
        writeln!(f, "\n{HEADING}Last assignments{HEADING:#}")?;
        for work in &self.recent_work {
            writeln!(
                f,
                "  {}  {} on {}",
                minute(work.assigned_at),
                visible(work.role.as_str()),
                visible(work.project.as_str())
            )?;
        }
        Ok(())
    }
}

/// A number from 0 to 1 as a bar.
fn bar(share: f64) -> String {
    let full =
        (0..BAR).filter(|step| share * 20.0 >= f64::from(u8::try_from(*step).unwrap_or(0)) + 0.5);
    let full = full.count();
    "█".repeat(full) + &"░".repeat(BAR - full)
}
