//! `show`: one persona in full.

use std::fmt;

use clap::Args;
use muzzle_persona::projection::{Lease, Needs, Work};
use muzzle_persona::{broker, events::visible};
use serde::Serialize;

use super::context::{AtArgs, Context};
use super::output::{FAINT, HEADING, line};
use super::persona::{PersonaReport, minute, origin_word, tags, tally};
use super::{completions::persona_names, failure::Failure, table::Table};

/// Show one persona: who it is, what it did, who holds it
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The persona's name, or how it begins
    #[arg(add = persona_names())]
    name: String,
    #[command(flatten)]
    at: AtArgs,
}

pub fn run(args: &ShowArgs, context: &mut Context) -> Result<ShowReport, Failure> {
    Ok(context.read(&args.at)?.look(&Needs::typed(&args.name), |then| {
        let persona = broker::find_persona(then.roster(), &args.name)?;
        Ok(ShowReport {
            persona: PersonaReport::new(persona, then.rules()),
            recent_work: persona.recent_work(None).cloned().collect(),
        })
    })?)
}

#[derive(Debug, Serialize)]
pub struct ShowReport {
    #[serde(flatten)]
    persona: PersonaReport,
    recent_work: Vec<Work>,
}

impl fmt::Display for ShowReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let PersonaReport { name, status, created_at, persona_id, .. } = &self.persona;
        writeln!(f, "{HEADING}{}{HEADING:#}", visible(name.as_str()))?;
        let (origin, at) = (origin_word(self.persona.origin), minute(*created_at));
        let created = format!("{status}, {origin} on {at} by the event {persona_id:.8}");
        writeln!(f, "{FAINT}{created}{FAINT:#}")?;
        self.definition(f)?;
        self.record(f)?;
        if !self.recent_work.is_empty() {
            writeln!(f, "\n{HEADING}Last assignments{HEADING:#}")?;
        }
        for Work { role, project, assigned_at, .. } in &self.recent_work {
            line(f, format!("  {}  {role} on {project}", minute(*assigned_at)))?;
        }
        Ok(())
    }
}

impl ShowReport {
    fn definition(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let PersonaReport { traits, expertise, held_by, role_instructions, .. } = &self.persona;
        for (what, words) in [("Traits", traits), ("Expertise", expertise)] {
            if !words.is_empty() {
                line(f, format!("{what}: {}", tags(words)))?;
            }
        }
        for Lease { session, slot, role, project, since } in held_by {
            let (since, to) = (minute(*since), format!("{slot} of the session {session}"));
            line(f, format!("Held since {since} by {to}, as {role} on {project}"))?;
        }
        if !role_instructions.is_empty() {
            writeln!(f, "\n{HEADING}Instructions{HEADING:#}")?;
        }
        role_instructions.iter().try_for_each(|(role, text)| line(f, format!("  {role}: {text}")))
    }

    fn record(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let PersonaReport { affinity, feedback, counts, .. } = &self.persona;
        if affinity.is_empty() {
            return Ok(());
        }
        let mut table = Table::new(&["ROLE", "AFFINITY", "", ">DONE", "FEEDBACK"]);
        for (role, affinity) in affinity {
            let feedback = tally(feedback.get(role).copied().unwrap_or_default());
            let (share, done) = (affinity.as_f64(), counts.get(role).unwrap_or(&0));
            table.row(&[role, &bar(share), &format!("{share:.2}"), done, &feedback]);
        }
        write!(f, "\n{table}")
    }
}

fn bar(share: f64) -> String {
    let steps = (0..20).map(|step| share * 20.0 >= f64::from(step) + 0.5);
    steps.map(|is_full| if is_full { '█' } else { '░' }).collect()
}
