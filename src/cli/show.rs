//! `show`: one persona in full.

use std::fmt;

use clap::Args;
use muzzle_persona::projection::{Lease, Needs, Work};
use muzzle_persona::{broker, events::visible};

use super::output::{FAINT, HEADING};
use super::persona::{PersonaReport, origin_word, tags, tally};
use super::{AtArgs, Context, Failure, Table, line, minute, persona_names};

/// Show one persona: who it is, what it did, who holds it
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The persona's name, or how it begins
    #[arg(add = persona_names())]
    name: String,
    #[command(flatten)]
    at: AtArgs,
}

pub fn run(args: &ShowArgs, context: &mut Context) -> Result<PersonaReport, Failure> {
    Ok(context.read(&args.at)?.look(&Needs::typed(&args.name), |then| {
        let persona = broker::find_persona(then.roster(), &args.name)?;
        let recent_work = Some(persona.recent_work(None).cloned().collect());
        Ok(PersonaReport { recent_work, ..PersonaReport::new(persona, then.rules()) })
    })?)
}

impl fmt::Display for PersonaReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, status, created_at, persona_id, .. } = self;
        writeln!(f, "{HEADING}{}{HEADING:#}", visible(name.as_str()))?;
        let (origin, at) = (origin_word(self.origin), minute(*created_at));
        let created = format!("{status}, {origin} on {at} by the event {persona_id:.8}");
        writeln!(f, "{FAINT}{created}{FAINT:#}")?;
        for (what, words) in [("Traits", &self.traits), ("Expertise", &self.expertise)] {
            if !words.is_empty() {
                line(f, format!("{what}: {}", tags(words)))?;
            }
        }
        for Lease { session, slot, role, project, since } in &self.held_by {
            let (since, to) = (minute(*since), format!("{slot} of the session {session}"));
            line(f, format!("Held since {since} by {to}, as {role} on {project}"))?;
        }
        if !self.role_instructions.is_empty() {
            writeln!(f, "\n{HEADING}Instructions{HEADING:#}")?;
        }
        for (role, text) in &self.role_instructions {
            line(f, format!("  {role}: {text}"))?;
        }
        if !self.affinity.is_empty() {
            write!(f, "\n{}", record(self))?;
        }
        if self.recent_work.iter().any(|work| !work.is_empty()) {
            writeln!(f, "\n{HEADING}Last assignments{HEADING:#}")?;
        }
        for Work { role, project, assigned_at, .. } in self.recent_work.iter().flatten() {
            line(f, format!("  {}  {role} on {project}", minute(*assigned_at)))?;
        }
        Ok(())
    }
}

fn record(PersonaReport { affinity, feedback, counts, .. }: &PersonaReport) -> Table {
    let mut table = Table::new(&["ROLE", "AFFINITY", "", ">DONE", "FEEDBACK"]);
    for (role, affinity) in affinity {
        let feedback = tally(feedback.get(role).copied().unwrap_or_default());
        let (share, done) = (affinity.as_f64(), counts.get(role).unwrap_or(&0));
        table.row(&[role, &bar(share), &format!("{share:.2}"), done, &feedback]);
    }
    table
}

fn bar(share: f64) -> String {
    let steps = (0..20).map(|step| share * 20.0 >= f64::from(step) + 0.5);
    steps.map(|is_full| if is_full { '█' } else { '░' }).collect()
}
