//! `review`: a persona's file, for people.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use clap::Args;
use jiff::{Timestamp, tz::TimeZone};
use muzzle_persona::broker;
use muzzle_persona::events::{
    Detached, Event, EventId, Feedback, Observation, OutcomeResult, PersonaName, ProjectName,
    RoleName, Sentiment, Source, Tag, serialize_words, visible,
};
use muzzle_persona::projection::{History, Needs};
use muzzle_persona::wording::Count;
use serde::Serialize;

use super::output::HEADING;
use super::persona::tags;
use super::sentence::said;
use super::teach::LessonReport;
use super::{AtArgs, Context, Failure, Table, line, minute, persona_names};

/// Print a persona's file: its work, how it went, what it learned
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  muzzle-persona review elena
  muzzle-persona review elena --at 2026-03-01")]
pub struct ReviewArgs {
    /// The persona's name, or how one of its words begins
    #[arg(add = persona_names())]
    name: String,
    #[command(flatten)]
    at: AtArgs,
}

impl ReviewArgs {
    /// The review of a persona as it is now.
    pub fn of(name: &PersonaName) -> Self {
        Self { name: name.to_string(), at: AtArgs::default() }
    }
}

pub fn run(args: &ReviewArgs, context: &mut Context) -> Result<ReviewReport, Failure> {
    let (mut snapshot, zone) = (context.read(&args.at)?, context.zone.clone());
    let mut report = snapshot.look(&Needs::typed(&args.name), |then| {
        let persona = broker::find_persona(then.roster(), &args.name)?;
        let lessons = persona.lessons().iter().rev().map(LessonReport::of);
        let definition = persona.definition.clone();
        Ok(ReviewReport {
            name: definition.name,
            traits: definition.traits,
            expertise: definition.expertise,
            created_at: persona.created_at,
            work: Vec::new(),
            verdicts: Vec::new(),
            outcomes: BTreeMap::new(),
            lessons: lessons.collect(),
            trend: BTreeMap::new(),
            zone: zone.clone(),
        })
    })?;
    let name = report.name.clone();
    let (mut history, mut judgements) = (History::of(name.clone()), Vec::new());
    let mut retracted = BTreeSet::new();
    snapshot.visit(&[name.as_str()], |record| {
        history.apply(record);
        match &record.event {
            Event::Retract(retract) => {
                retracted.insert(retract.event);
            }
            Event::Feedback(_) | Event::Outcome(_) => judgements.push(record.clone()),
            _ => {}
        }
    })?;
    for record in judgements.iter().filter(|record| !retracted.contains(&record.id)) {
        report.take(&name, &record.event, record.id, record.at);
    }
    let mut work: BTreeMap<_, Work> = BTreeMap::new();
    for past in &history.assignments {
        let key = (past.project.clone(), past.role.clone());
        let entry = work.entry(key).or_insert_with(|| Work {
            project: past.project.clone(),
            role: past.role.clone(),
            assignments: 0,
            last: past.assigned_at,
        });
        entry.assignments += 1;
        entry.last = past.assigned_at;
        report.month(past.assigned_at).assignments += 1;
    }
    report.work = work.into_values().collect();
    report.verdicts.reverse();
    Ok(report)
}

#[derive(Debug, Serialize)]
pub struct ReviewReport {
    name: PersonaName,
    traits: Vec<Tag>,
    expertise: Vec<Tag>,
    created_at: Timestamp,
    /// By project and role.
    work: Vec<Work>,
    /// Newest first, without those that were taken back.
    verdicts: Vec<Verdict>,
    outcomes: BTreeMap<RoleName, Outcomes>,
    /// Those that it is offered, newest first.
    lessons: Vec<LessonReport>,
    /// By month, as `2026-03`.
    trend: BTreeMap<String, Month>,
    /// The zone in which times are shown.
    #[serde(skip)]
    zone: TimeZone,
}

#[derive(Debug, Serialize)]
struct Work {
    project: ProjectName,
    role: RoleName,
    assignments: u64,
    last: Timestamp,
}

#[derive(Debug, Serialize)]
struct Verdict {
    event: EventId,
    at: Timestamp,
    role: RoleName,
    project: Option<ProjectName>,
    sentiment: Sentiment,
    source: Source,
    #[serde(serialize_with = "serialize_words")]
    observation: Detached<Observation>,
}

#[derive(Debug, Default, Serialize)]
struct Outcomes {
    ok: u64,
    bad: u64,
    stopped: u64,
}

#[derive(Debug, Default, Serialize)]
struct Month {
    assignments: u64,
    positive: u64,
    negative: u64,
    neutral: u64,
}

impl ReviewReport {
    fn month(&mut self, at: Timestamp) -> &mut Month {
        let month = at.to_string().chars().take("2026-03".len()).collect();
        self.trend.entry(month).or_default()
    }

    fn take(&mut self, name: &PersonaName, event: &Event, id: EventId, at: Timestamp) {
        match event {
            Event::Feedback(feedback) if feedback.persona == *name => {
                let month = self.month(at);
                *match feedback.sentiment {
                    Sentiment::Positive => &mut month.positive,
                    Sentiment::Negative => &mut month.negative,
                    Sentiment::Neutral => &mut month.neutral,
                } += 1;
                let Feedback { role, project, sentiment, source, observation, .. } =
                    feedback.clone();
                let verdict =
                    Verdict { event: id, at, role, project, sentiment, source, observation };
                self.verdicts.push(verdict);
            }
            Event::Outcome(outcome) if outcome.persona == *name => {
                let outcomes = self.outcomes.entry(outcome.role.clone()).or_default();
                *match outcome.result {
                    OutcomeResult::Ok => &mut outcomes.ok,
                    OutcomeResult::Bad => &mut outcomes.bad,
                    OutcomeResult::Stopped => &mut outcomes.stopped,
                } += 1;
            }
            _ => {}
        }
    }
}

impl fmt::Display for ReviewReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, traits, expertise, work, verdicts, outcomes, lessons, trend, .. } = self;
        writeln!(f, "{HEADING}{}{HEADING:#}", visible(name.as_str()))?;
        for (what, words) in [("Traits", traits), ("Expertise", expertise)] {
            if !words.is_empty() {
                line(f, format!("{what}: {}", tags(words)))?;
            }
        }
        let jobs = Count(work.iter().map(|it| it.assignments).sum::<u64>(), "assignment");
        line(f, format!("Since {}: {jobs}", minute(self.created_at, &self.zone)))?;
        if !work.is_empty() {
            let mut table = Table::new(&["PROJECT", "ROLE", ">ASSIGNMENTS", "LAST"]);
            for Work { project, role, assignments, last } in work {
                table.row(&[project, role, assignments, &minute(*last, &self.zone)]);
            }
            writeln!(f)?;
            table.show(f)?;
        }
        if !verdicts.is_empty() {
            writeln!(f, "\n{HEADING}Verdicts{HEADING:#}")?;
        }
        for Verdict { event, at, role, sentiment, observation, .. } in verdicts {
            let (at, sentiment) = (minute(*at, &self.zone), sentiment.as_str());
            let said = said(observation);
            line(f, format!("  {at}  {sentiment} as {role} ({event:.8}){said}"))?;
        }
        if !outcomes.is_empty() {
            writeln!(f, "\n{HEADING}Outcomes{HEADING:#}")?;
        }
        for (role, Outcomes { ok, bad, stopped }) in outcomes {
            line(f, format!("  {role}: {ok} ok, {bad} bad, {stopped} stopped"))?;
        }
        if !lessons.is_empty() {
            writeln!(f, "\n{HEADING}Lessons{HEADING:#}")?;
        }
        for lesson in lessons {
            let words = lesson.lesson.as_ref().map_or("(its words are gone)", |it| it.as_str());
            line(f, format!("  for {} ({:.8}): {words}", lesson.scope(), lesson.id))?;
        }
        if !trend.is_empty() {
            let mut table = Table::new(&["MONTH", ">ASSIGNMENTS", ">GOOD", ">BAD", ">MIXED"]);
            for (month, Month { assignments, positive, negative, neutral }) in trend {
                table.row(&[month, assignments, positive, negative, neutral]);
            }
            writeln!(f)?;
            table.show(f)?;
        }
        Ok(())
    }
}
