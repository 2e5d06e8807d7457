//! `show`: one persona in full.

use std::fmt;

use clap::Args;
use jiff::Timestamp;
use muzzle_persona::events::{LessonText, NoteText, PersonaName, RoleName, visible};
use muzzle_persona::projection::{Assignment, History, Lease, Needs, NoteRecord, Verdict, Work};
use muzzle_persona::wording::Count;
use muzzle_persona::{Snapshot, broker};

use super::output::{FAINT, HEADING};
use super::persona::{LastNote, PersonaReport, doubt, origin_word, place, runs, tags, tally};
use super::said::{verdict_word, went};
use super::sentence::said;
use super::stats::READ_THROUGH;
use super::table::Column;
use super::teach::LessonReport;
use super::wrap::hanging;
use super::{AtArgs, Context, Failure, Table, line, minute, persona_names};

/// Show one persona: who it is, what it did, who holds it
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  muzzle-persona show elena
  muzzle-persona show elena --at 2026-03-19")]
pub struct ShowArgs {
    /// The persona's name, or how one of its words begins
    #[arg(add = persona_names())]
    name: String,
    #[command(flatten)]
    at: AtArgs,
}

pub fn run(args: &ShowArgs, context: &mut Context) -> Result<PersonaReport, Failure> {
    let (mut snapshot, zone) = (context.read(&args.at)?, context.zone.clone());
    let mut report = snapshot.look(&Needs::typed(&args.name), |then| {
        let persona = broker::find_persona(then.roster(), &args.name)?;
        let recent_work = Some(persona.recent_work(None).cloned().collect());
        let report = PersonaReport::new(persona, then.rules(), then.now());
        let lessons = Some(persona.lessons().iter().rev().map(LessonReport::of).collect());
        let notes = persona.notes().iter().map(|(project, note)| {
            let NoteRecord { id, at: left_at, text: note } = note.clone();
            LastNote { project: project.clone(), id, left_at, note }
        });
        let notes = Some(notes.collect());
        let texts = broker::prompt_texts_of(persona).into_iter();
        let waiting = Some(texts.filter(|text| !then.is_allowed(text.event)).count());
        Ok(PersonaReport { recent_work, waiting, lessons, notes, zone, ..report })
    })?;
    if snapshot.view().bytes <= READ_THROUGH {
        let mut history = History::of(report.name.clone());
        snapshot.visit(&[report.name.as_str()], |record| history.apply(record))?;
        report.last_jobs = history.assignments;
    }
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
        let (origin, at) = (origin_word(self.origin), minute(*created_at, &self.zone));
        let created = format!("{status}, {origin} on {at} by the event {persona_id:.8}");
        let created = f.width().map_or(created.clone(), |columns| hanging(&created, columns));
        writeln!(f, "{FAINT}{created}{FAINT:#}")?;
        for (what, words) in [("Traits", &self.traits), ("Expertise", &self.expertise)] {
            if !words.is_empty() {
                line(f, format!("{what}: {}", tags(words)))?;
            }
        }
        for lease @ Lease { session, slot, role, project, work, since, .. } in &self.held_by {
            let (since, to) =
                (minute(*since, &self.zone), format!("{slot} of the session {session}"));
            let on = place(project, work.as_ref());
            let ended = if lease.has_ended() { "; its run has ended" } else { "" };
            line(f, format!("Held since {since} by {to}, as {role} on {on}{ended}"))?;
        }
        if !self.role_instructions.is_empty() {
            writeln!(f, "\n{HEADING}Instructions{HEADING:#}")?;
        }
        for (role, text) in &self.role_instructions {
            line(f, format!("  {role}: {text}"))?;
        }
        if !self.affinity.is_empty() {
            writeln!(f)?;
            record(self).show(f)?;
        }
        if let Some(waiting @ 1..) = self.waiting {
            let waiting = Count(waiting as u64, "text");
            let (wait, reach) = (waiting.agree("waits", "wait"), waiting.agree("reaches", "reach"));
            writeln!(f)?;
            let told = format!("{waiting} of it {wait} and {reach} no prompt");
            line(f, format!("{told}; see `muzzle-persona allow`."))?;
        }
        for (role, other) in self.not_told_apart.iter().flatten() {
            line(f, format!("As {role} it is not told apart from {other}."))?;
        }
        if self.recent_work.iter().any(|work| !work.is_empty()) {
            writeln!(f, "\n{HEADING}Last assignments{HEADING:#}")?;
        }
        for work @ Work { role, project, assigned_at, .. } in self.recent_work.iter().flatten() {
            let at = minute(*assigned_at, &self.zone);
            line(f, format!("  {at}  {role} on {project}{}", self.became_of(work)))?;
        }
        write_lessons(f, self)?;
        write_notes(f, self)
    }
}

impl PersonaReport {
    /// How some work went and what was said of it, as far as that is known.
    fn became_of(&self, work: &Work) -> String {
        let is_it = |job: &&Assignment| {
            (&job.session, &job.role, job.assigned_at)
                == (&work.session, &work.role, work.assigned_at)
        };
        let Some(job) = self.last_jobs.iter().rev().find(is_it) else { return String::new() };
        let mut told = vec![String::new()];
        told.extend(Some(went(job)).filter(|it| !it.is_empty()).map(|it| format!("it ended {it}")));
        told.extend(job.verdicts().map(|Verdict { sentiment, observation, .. }| {
            format!("{}{}", verdict_word(*sentiment), said(observation))
        }));
        told.join("; ")
    }
}

fn write_lessons(f: &mut fmt::Formatter<'_>, report: &PersonaReport) -> fmt::Result {
    let lessons = report.lessons.as_deref().unwrap_or_default();
    if lessons.is_empty() {
        return Ok(());
    }
    writeln!(f, "\n{HEADING}Lessons{HEADING:#}")?;
    let mut table = Table::new(&LESSON_COLUMNS);
    for lesson in lessons {
        let (id, age) = (format!("{:.8}", lesson.id), age(lesson.taught_at, report.now));
        let words = lesson.lesson.as_ref().map_or(GONE, LessonText::as_str);
        table.row(&[&id, &lesson.scope(), &age, &lesson.times_offered, &words]);
    }
    table.show(f)
}

fn write_notes(f: &mut fmt::Formatter<'_>, report: &PersonaReport) -> fmt::Result {
    let notes = report.notes.as_deref().unwrap_or_default();
    if notes.is_empty() {
        return Ok(());
    }
    writeln!(f, "\n{HEADING}Left here{HEADING:#}")?;
    let mut table = Table::new(&NOTE_COLUMNS);
    for LastNote { project, id, left_at, note } in notes {
        let words = note.as_ref().map_or(GONE, NoteText::as_str);
        table.row(&[&format!("{id:.8}"), project, &age(*left_at, report.now), &words]);
    }
    table.show(f)
}

const LESSON_COLUMNS: [Column; 5] = [
    Column::new("ID").whole(),
    Column::new("FOR").drops(3),
    Column::new("AGE").whole().drops(2),
    Column::new("OFFERED").right().drops(1),
    Column::new("LESSON"),
];
const NOTE_COLUMNS: [Column; 4] = [
    Column::new("ID").whole().drops(2),
    Column::new("PROJECT"),
    Column::new("AGE").whole().drops(1),
    Column::new("NOTE"),
];
const RECORD_COLUMNS: [Column; 7] = [
    Column::new("ROLE"),
    Column::new("AFFINITY").whole().drops(1),
    Column::new("").right(),
    Column::new("DOUBT").right().drops(2),
    Column::new("DONE").right().drops(3),
    Column::new("FEEDBACK").whole(),
    Column::new("RUNS").whole().drops(4),
];

/// In place of words that are not there.
const GONE: &str = "(its text is gone)";

/// How long ago something was, in whole days: `today`, `1 day`, `12 days`.
fn age(at: Timestamp, now: Timestamp) -> String {
    match now.as_second().saturating_sub(at.as_second()) / (24 * 60 * 60) {
        ..=0 => "today".to_owned(),
        days => Count(usize::try_from(days).unwrap_or(usize::MAX), "day").to_string(),
    }
}

fn record(report: &PersonaReport) -> Table {
    let PersonaReport { affinity, feedback, counts, .. } = report;
    let mut table = Table::new(&RECORD_COLUMNS);
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
