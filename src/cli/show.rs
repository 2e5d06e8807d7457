//! `show`: one persona in full.

use std::fmt;

use clap::Args;
use muzzle_persona::events::{PersonaName, RoleName, visible};
use muzzle_persona::projection::{Lease, Needs, Work};
use muzzle_persona::{Snapshot, broker};

use super::output::{FAINT, HEADING};
use super::persona::{PersonaReport, doubt, origin_word, runs, tags, tally};
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
    let mut snapshot = context.read(&args.at)?;
    let mut report = snapshot.look(&Needs::typed(&args.name), |then| {
        let persona = broker::find_persona(then.roster(), &args.name)?;
        let recent_work = Some(persona.recent_work(None).cloned().collect());
        Ok(PersonaReport { recent_work, ..PersonaReport::new(persona, then.rules(), then.now()) })
    })?;
    let roles: Vec<_> = report.affinity.keys().cloned().collect();
    report.not_told_apart = Some(snapshot.look(&Needs::roles(roles.clone()), |then| {
        let others = roles.into_iter().filter_map(|role| {
            let other = best_other(then, &report.name, &role)?;
            Some((role, other))
        });
        Ok(others.collect())
    })?);
    Ok(report)
}

/// The best of the others in a role, if a persona is not told apart from it.
fn best_other(then: &Snapshot, name: &PersonaName, role: &RoleName) -> Option<PersonaName> {
    let rules = then.rules();
    let role = rules.roles.all().iter().find(|known| known.name == *role)?;
    let candidates = then.roster().candidates_for(&role.name, &role.expertise);
    let ranking = broker::rank(candidates, role, &rules.scoring, then.now());
    let (_, own) = ranking.iter().find(|(it, _)| it.name == name)?;
    let (best, score) = ranking.iter().find(|(it, _)| it.name != name)?;
    (!own.is_told_apart_from(score)).then(|| best.name.clone())
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
        for lease @ Lease { session, slot, role, project, since, .. } in &self.held_by {
            let (since, to) = (minute(*since), format!("{slot} of the session {session}"));
            let ended = if lease.has_ended() { "; its run has ended" } else { "" };
            line(f, format!("Held since {since} by {to}, as {role} on {project}{ended}"))?;
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
        for (role, other) in self.not_told_apart.iter().flatten() {
            line(f, format!("As {role} it is not told apart from {other}."))?;
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

fn record(report: &PersonaReport) -> Table {
    let PersonaReport { affinity, feedback, counts, .. } = report;
    let mut table = Table::new(&["ROLE", "AFFINITY", "", "DOUBT", ">DONE", "FEEDBACK", "RUNS"]);
    for (role, affinity) in affinity {
        let feedback = tally(feedback.get(role).copied().unwrap_or_default());
        let (share, done) = (affinity.as_f64(), counts.get(role).unwrap_or(&0));
        let runs = runs(report.outcomes.get(role).copied().unwrap_or_default());
        let doubt = doubt(report.doubt.get(role).copied());
        let share = (bar(share), format!("{share:.2}"));
        table.row(&[role, &share.0, &share.1, &doubt, done, &feedback, &runs]);
    }
    if report.doubt.is_empty() {
        table.hide(3);
    }
    table
}

fn bar(share: f64) -> String {
    let steps = (0..20).map(|step| share * 20.0 >= f64::from(step) + 0.5);
    steps.map(|is_full| if is_full { '█' } else { '░' }).collect()
}
