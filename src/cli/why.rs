//! `why`: tell why a persona was lent, or why not.

use std::collections::BTreeMap;
use std::fmt;

use clap::Args;
use muzzle_persona::Snapshot;
use muzzle_persona::broker::{self, Explanation};
use muzzle_persona::events::{Assign, AssignedSlot, Event, PersonaName, RoleName, SessionId, Slot};
use muzzle_persona::projection::{Cutoff, FoldKey, PastAssignment, Persona};
use serde::Serialize;

use super::named_session::{self, Among};
use super::persona::{Candidate, given_up, not_told_apart};
use super::why_not::{NotChosen, WhyNotReport};
use super::why_report::{WhyReport, sentence};
use super::{Context, Failure, hint, number::limit, persona_names, role as roles};

/// Tell why a persona was lent to a session, and not another
///
/// The ranking is made again from the log as it stood then, by the rules in
/// force today. Without a name, it tells of all slots of the session, each as it
/// was lent last. For somebody who was not lent to it, it tells why not.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  muzzle-persona why elena -s s1 -r testing -n 3
  muzzle-persona why -s s1
  muzzle-persona why --last")]
pub struct WhyArgs {
    /// The persona's name, or how one of its words begins
    #[arg(add = persona_names())]
    name: Option<String>,
    /// The session that it was lent to, or how its name begins; of several times
    /// the last counts
    #[arg(short = 's', long, value_parser = SessionId::parse, required_unless_present = "last")]
    session: Option<SessionId>,
    /// The last time that anybody was lent, or that this persona was
    #[arg(long, conflicts_with = "session")]
    last: bool,
    /// Only as it was lent in this role
    #[arg(short = 'r', long, value_parser = RoleName::parse)]
    role: Option<RoleName>,
    /// Only as it was lent in this slot
    #[arg(long, value_parser = Slot::parse)]
    slot: Option<Slot>,
    /// Show so many of the ranking; 0 is all
    #[arg(short = 'n', long, value_name = "N", default_value = "10", value_parser = limit)]
    limit: usize,
}

pub fn run(args: &WhyArgs, context: &mut Context) -> Result<WhyAnswer, Failure> {
    let WhyArgs { name, session, role, slot, .. } = args;
    let mut store = Snapshot::present(context.open()?, context.options.now);
    let name = name.as_ref().map(|typed| broker::find(store.roster(), typed).cloned());
    let name = name.transpose().map_err(Failure::from)?;
    let meant = role.as_ref().map(|typed| roles::find(&mut store, typed)).transpose()?;
    let is_wanted = |it: &PastAssignment| {
        meant.as_ref().is_none_or(|role| [&it.slot.role, &it.slot.requested].contains(&role))
            && slot.as_ref().is_none_or(|slot| it.slot.slot == *slot)
    };
    let Some(session) = session else {
        let lent = last_lent(&mut store, name.as_ref(), is_wanted)?;
        return match lent.as_slice() {
            [] => Err(nobody(name.as_ref(), None, args)),
            [one] => Ok(WhyAnswer::One(Box::new(explain(one, args.limit, &mut store, context)?))),
            several => choices(several, args.limit, &mut store, context),
        };
    };
    let mut lent = last_of_slots(&mut store, session, is_wanted)?;
    if lent.is_empty()
        && let Some(begun) = named_session::begun(context, &mut store, session, Among::All)?
    {
        lent = last_of_slots(&mut store, &begun, is_wanted)?;
    }
    let Some(name) = name else {
        let lent: Vec<_> = lent.into_iter().filter_map(|of| of.into_iter().next_back()).collect();
        return if lent.is_empty() {
            Err(nobody(None, Some(session), args))
        } else {
            choices(&lent, args.limit, &mut store, context)
        };
    };
    let own = lent.iter().flatten().filter(|it| it.slot.persona == name);
    if let Some(last) = own.max_by_key(|it| it.key) {
        let report = explain(last, args.limit, &mut store, context)?;
        return Ok(WhyAnswer::One(Box::new(report)));
    }
    if lent.is_empty() {
        return Err(nobody(Some(&name), Some(session), args));
    }
    let others = lent.into_iter().filter_map(|of| of.into_iter().next_back());
    let others = others.map(|it| {
        let (explained, before) = made_again(&it, &mut store, context)?;
        Ok(NotChosen::new(&name, it, &explained, before.roster()))
    });
    let choices: Vec<_> = others.collect::<Result<_, Failure>>()?;
    Ok(WhyAnswer::Not(WhyNotReport { name, choices, zone: context.zone.clone() }))
}

/// The slots of a session that are wanted, each with all times that somebody was lent in it.
fn last_of_slots(
    store: &mut Snapshot,
    session: &SessionId,
    is_wanted: impl Fn(&PastAssignment) -> bool,
) -> Result<Vec<Vec<PastAssignment>>, Failure> {
    let mut slots: BTreeMap<_, Vec<_>> = BTreeMap::new();
    store.visit(&[session.as_str(), "assign"], |record| {
        let lent = PastAssignment::all(record).into_iter();
        for it in lent.filter(|it| it.assign.session == *session && is_wanted(it)) {
            slots.entry(it.slot.slot.clone()).or_default().push(it);
        }
    })?;
    Ok(slots.into_values().collect())
}

/// What was lent last: by one command, or a persona.
fn last_lent(
    store: &mut Snapshot,
    name: Option<&PersonaName>,
    is_wanted: impl Fn(&PastAssignment) -> bool,
) -> Result<Vec<PastAssignment>, Failure> {
    let mut last = Vec::new();
    let is_one = |it: &PastAssignment| name.is_none_or(|name| it.slot.persona == *name);
    store.visit(&["assign"], |record| {
        if !matches!(record.event, Event::Assign(_)) {
            return;
        }
        let lent = PastAssignment::all(record).into_iter();
        let lent: Vec<_> = lent.filter(|it| is_one(it) && is_wanted(it)).collect();
        if !lent.is_empty() {
            last = lent;
        }
    })?;
    Ok(last)
}

/// Says that nobody was lent as was asked for.
fn nobody(name: Option<&PersonaName>, session: Option<&SessionId>, args: &WhyArgs) -> Failure {
    let who = name.map_or_else(|| "nobody".to_owned(), |name| format!("`{name}`"));
    let was = if name.is_some() { "was never" } else { "was ever" };
    let to = session.map(|session| format!(" to the session `{session}`")).unwrap_or_default();
    let is_one = args.role.is_some() || args.slot.is_some();
    let how = if is_one { " in that role or slot" } else { "" };
    let hint = match name {
        Some(name) => {
            let history = format!("muzzle-persona history {}", hint::word(name.as_str(), "NAME"));
            format!("`{history}` shows the sessions that it was lent to")
        }
        None => "`muzzle-persona log --type assign` shows which agents were lent whom".to_owned(),
    };
    Failure::not_found(format!("{who} {was} lent{to}{how}"), hint)
}

fn choices(
    lent: &[PastAssignment],
    limit: usize,
    store: &mut Snapshot,
    context: &mut Context,
) -> Result<WhyAnswer, Failure> {
    let choices = lent.iter().map(|it| explain(it, limit, store, context));
    Ok(WhyAnswer::Several(WhySeveral { choices: choices.collect::<Result<_, _>>()? }))
}

/// Makes a choice again, from the roster before the command that made it.
fn made_again(
    assignment: &PastAssignment,
    store: &mut Snapshot,
    context: &Context,
) -> Result<(Explanation, Snapshot), Failure> {
    let mut candidates = Vec::new();
    store.visit(&[&assignment.at.to_string()], |record| {
        candidates.extend(assignment.may_follow(record).then(|| record.clone()));
    })?;
    let preceding = assignment.preceding(candidates);
    let start = preceding.first().map_or(assignment.key, FoldKey::of);
    let before = Snapshot::open_until(&context.options, Cutoff::Before(start))?;
    let explained = broker::why(before.roster(), &preceding, assignment, before.rules());
    Ok((explained, before))
}

fn explain(
    assignment: &PastAssignment,
    limit: usize,
    store: &mut Snapshot,
    context: &Context,
) -> Result<WhyReport, Failure> {
    let (explained, before) = made_again(assignment, store, context)?;
    let mut explanation = sentence(&explained);
    if let Some(why) = explained.took.map(given_up) {
        explanation = format!("{explanation} Whoever held it needed it no more: {why}.");
    }
    let AssignedSlot { persona: lent, role: lent_as, .. } = &assignment.slot;
    let persona = before.roster().get(lent);
    let offered = persona.map(|it| it.lessons_for(lent_as, &assignment.assign.project));
    let offered: Vec<_> = offered.into_iter().flatten().take(Persona::LESSONS).cloned().collect();
    let Explanation { reason, recorded, took, score, rank, ranking, tie_break, .. } = explained;
    let Explanation { independent, part, took_part, .. } = explained;
    let PastAssignment { id: event, at: assigned_at, assign, slot, .. } = assignment.clone();
    let Assign { session, project, work, .. } = assign;
    let AssignedSlot { slot, persona: name, role, requested, .. } = slot;
    let candidates = ranking.len();
    let others = || ranking.iter().filter(|(other, _)| *other != name);
    let others = |score| not_told_apart(score, others().map(|(other, it)| (other, it)));
    let not_told_apart = score.as_ref().map(others).unwrap_or_default();
    let first = ranking.into_iter().take(limit).map(|(candidate, score)| {
        let chosen = Some(candidate == name);
        Candidate { chosen, ..Candidate::new(candidate, score) }
    });
    Ok(WhyReport {
        ranking: first.collect(),
        lessons: offered.iter().map(|lesson| lesson.id).collect(),
        offered,
        name,
        session,
        slot,
        role,
        requested,
        project,
        work,
        assigned_at,
        event,
        reason,
        given_up: took,
        explanation,
        recorded_score: recorded,
        score,
        rank,
        tie_break,
        not_told_apart,
        candidates,
        independent,
        part,
        took_part,
        zone: context.zone.clone(),
    })
}

/// Why one was lent, or several, or one was not.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum WhyAnswer {
    One(Box<WhyReport>),
    Several(WhySeveral),
    Not(WhyNotReport),
}

#[derive(Debug, Serialize)]
pub struct WhySeveral {
    choices: Vec<WhyReport>,
}

impl fmt::Display for WhyAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(report) => report.fmt(f),
            Self::Not(report) => report.fmt(f),
            Self::Several(WhySeveral { choices }) => {
                for (index, report) in choices.iter().enumerate() {
                    if index > 0 {
                        writeln!(f)?;
                    }
                    report.fmt(f)?;
                }
                Ok(())
            }
        }
    }
}
