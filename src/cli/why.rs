//! `why`: tell why a persona was lent.

use std::{fmt, iter};

use clap::Args;
use jiff::Timestamp;
use muzzle_persona::Snapshot;
use muzzle_persona::broker::{self, Explanation, Part, Score, TieBreak, TookPart};
use muzzle_persona::events::{
    Assign, AssignedSlot, ChoiceReason, LessonText, Points, ReleaseReason,
};
use muzzle_persona::events::{
    EventId, PersonaName, ProjectName, RoleName, SessionId, Slot, WorkName,
};
use muzzle_persona::projection::{Cutoff, FoldKey, LessonRecord, PastAssignment, Persona};
use serde::Serialize;

use super::named_session::{self, Among};
use super::part::{passed_over, told, took_part};
use super::persona::{
    Candidate, SCORE, doubtful, given_up, hide_doubt, not_told_apart, parts, place,
};
use super::{
    Context, Failure, Table, hint, line, minute, number::limit, persona_names, role as roles,
};

/// Tell why a persona was lent to a session, and not another
///
/// The ranking is made again from the log as it stood then, by the rules in
/// force today.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  muzzle-persona why elena -s s1
  muzzle-persona why elena -s s1 -r testing -n 3")]
pub struct WhyArgs {
    /// The persona's name, or how one of its words begins
    #[arg(add = persona_names())]
    name: String,
    /// The session that it was lent to, or how its name begins; of several times
    /// the last counts
    #[arg(short = 's', long, value_parser = SessionId::parse)]
    session: SessionId,
    /// Only as it was lent in this role
    #[arg(short = 'r', long, value_parser = RoleName::parse)]
    role: Option<RoleName>,
    /// Only as it was lent in this slot
    #[arg(long, value_parser = Slot::parse)]
    slot: Option<Slot>,
    /// Show so many of the ranking
    #[arg(short = 'n', long, value_name = "N", default_value = "10", value_parser = limit)]
    limit: usize,
}

pub fn run(args: &WhyArgs, context: &mut Context) -> Result<WhyReport, Failure> {
    let WhyArgs { name, session, role, slot, .. } = args;
    let mut store = Snapshot::present(context.open()?, context.options.now);
    let name = broker::find(store.roster(), name).map_err(Failure::from)?.clone();
    let meant = role.as_ref().map(|typed| roles::find(&mut store, typed)).transpose()?;
    let find = |session: &SessionId, store: &mut Snapshot| {
        let mut last = None;
        store.visit(&[session.as_str()], |record| {
            let found = PastAssignment::find(record, &name, session, meant.as_ref(), slot.as_ref());
            last = found.or_else(|| last.take());
        })?;
        Ok::<_, Failure>(last)
    };
    let mut last = find(session, &mut store)?;
    if last.is_none()
        && let Some(begun) = named_session::begun(context, &mut store, session, Among::All)?
    {
        last = find(&begun, &mut store)?;
    }
    let assignment = last.ok_or_else(|| {
        let how = if role.is_some() || slot.is_some() { " in that role or slot" } else { "" };
        let message = format!("`{name}` was never lent to the session `{session}`{how}");
        let history = format!("muzzle-persona history {}", hint::word(name.as_str(), "NAME"));
        let hint = format!("`{history}` shows the sessions that it was lent to");
        Failure::not_found(message, hint)
    })?;
    // The choice is made again, from the roster before the command that made it.
    let mut candidates = Vec::new();
    store.visit(&[&assignment.at.to_string()], |record| {
        candidates.extend(assignment.may_follow(record).then(|| record.clone()));
    })?;
    let preceding = assignment.preceding(candidates);
    let start = preceding.first().map_or(assignment.key, FoldKey::of);
    let before = Snapshot::open_until(&context.options, Cutoff::Before(start))?;
    let explained = broker::why(before.roster(), &preceding, &assignment, before.rules());
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
    let PastAssignment { id: event, at: assigned_at, assign, slot, .. } = assignment;
    let Assign { session, project, work, .. } = assign;
    let AssignedSlot { slot, persona: name, role, requested, .. } = slot;
    let candidates = ranking.len();
    let others = || ranking.iter().filter(|(other, _)| *other != name);
    let others = |score| not_told_apart(score, others().map(|(other, it)| (other, it)));
    let not_told_apart = score.as_ref().map(others).unwrap_or_default();
    let first = ranking.into_iter().take(args.limit).map(|(candidate, score)| {
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
    })
}

#[derive(Debug, Serialize)]
pub struct WhyReport {
    name: PersonaName,
    session: SessionId,
    slot: Slot,
    role: RoleName,
    requested: RoleName,
    project: ProjectName,
    work: Option<WorkName>,
    assigned_at: Timestamp,
    event: EventId,
    /// Why; not where the log does not tell.
    #[serde(rename = "grounds")]
    reason: Option<ChoiceReason>,
    /// Why it was given up by whoever held it until then, if anybody did.
    given_up: Option<ReleaseReason>,
    explanation: String,
    /// The total as it was recorded; older lines have none.
    recorded_score: Option<Points>,
    /// By today's rules.
    score: Option<Score>,
    rank: Option<usize>,
    /// What put the first of the ranking before the second, if their scores are equal.
    tie_break: Option<TieBreak>,
    /// Those of the ranking who are not told apart from it.
    not_told_apart: Vec<PersonaName>,
    /// How many could be chosen; the ranking has the first of them, best first.
    candidates: usize,
    ranking: Vec<Candidate>,
    /// Whether it took no part in the work; nothing if the role judges none.
    independent: Option<bool>,
    #[serde(skip)]
    part: Option<Part>,
    /// Those of the ranking who took part in the work.
    took_part: Vec<TookPart>,
    /// The lessons that it was offered then, as far as their words are known.
    lessons: Vec<EventId>,
    #[serde(skip)]
    offered: Vec<LessonRecord>,
}

impl fmt::Display for WhyReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, slot, session, assigned_at, role, project, work, ranking, .. } = self;
        let (at, on) = (minute(*assigned_at), place(project, work.as_ref()));
        let to = format!("{slot} of the session {session} on {at}, as {role} on {on}");
        line(f, format!("{name} was lent to {to}."))?;
        let headings: Vec<_> =
            ["", ">RANK", "NAME"].into_iter().chain(SCORE).chain(["TOOK PART"]).collect();
        let mut table = Table::new(&headings);
        let mut row = |rank: Option<usize>, of: &PersonaName, score: &Score| {
            let mark = if of == name { "→" } else { "" };
            let rank = rank.map(|rank| rank.to_string()).unwrap_or_default();
            let [total, doubt, affinity, expertise, recency] = parts(score);
            let part = took_part(&self.took_part, of);
            table.row(&[&mark, &rank, of, &total, &doubt, &affinity, &expertise, &recency, &part]);
        };
        for (rank, Candidate { name, score, .. }) in iter::zip(1.., ranking) {
            row(Some(rank), name, score);
        }
        // The persona that was chosen is always shown: at the end, if it is not in what is listed.
        let is_listed = ranking.iter().any(|candidate| candidate.name == *name);
        self.score.iter().filter(|_| !is_listed).for_each(|score| row(self.rank, name, score));
        hide_doubt(&mut table, 4, ranking.iter().map(|it| &it.score).chain(&self.score));
        if self.took_part.is_empty() {
            table.hide(8);
        }
        line(f, &self.explanation)?;
        if let Some(part) = &self.part {
            line(f, format!("It is not independent: it {}.", told(part, work.as_ref())))?;
        }
        for sentence in passed_over(&self.took_part, work.as_ref()) {
            line(f, sentence)?;
        }
        if let (Some(then), Some(now)) = (self.recorded_score, &self.score)
            && then != now.total
        {
            line(f, format!("Its score was {then} then, and is {} by today's rules.", now.total))?;
        }
        for LessonRecord { id, text, .. } in &self.offered {
            let words = text.as_ref().map_or("", LessonText::as_str);
            line(f, format!("It was offered the lesson {id:.8}: {words}"))?;
        }
        write!(f, "\n{table}")?;
        let sentence = doubtful(name, &self.not_told_apart);
        sentence.into_iter().try_for_each(|sentence| line(f, sentence))?;
        let shown = ranking.len() + usize::from(self.rank > Some(ranking.len()));
        match self.candidates.saturating_sub(shown) {
            0 => Ok(()),
            left => writeln!(f, "Not listed: {left} more; `--limit` lists them."),
        }
    }
}

fn sentence(explained: &Explanation) -> String {
    let of = explained.ranking.len();
    let place = explained.rank.map(|rank| format!("number {rank} of the {of} candidates"));
    let is_best = explained.rank == Some(1);
    match (explained.reason, place) {
        (Some(ChoiceReason::BestFree), _) if is_best => format!("It was {}.", best(explained)),
        (Some(ChoiceReason::BestFree), place) => {
            let place = place.map(|place| format!("; by today's rules it would be {place}"));
            format!("It was the best candidate then{}.", place.unwrap_or_default())
        }
        (Some(ChoiceReason::Kept | ChoiceReason::Reused), _) => {
            "The agent had it in this slot already, in another role or for another run, and kept it.".to_owned()
        }
        (Some(ChoiceReason::Summoned), Some(place)) => {
            format!("It was asked for by name; by its score it was {place}.")
        }
        (Some(ChoiceReason::Summoned), None) => {
            "It was asked for by name, and was not free before.".to_owned()
        }
        (Some(ChoiceReason::BroughtBack), place) => {
            let place = match place {
                Some(_) if is_best => format!(": it was {}", best(explained)),
                Some(place) => format!("; by today's rules it would be {place}"),
                None => String::new(),
            };
            format!("It was archived for inactivity, and brought back{place}.")
        }
        (Some(ChoiceReason::Grown), _) => "There was no candidate, so it was grown.".to_owned(),
        (None, Some(place)) => {
            let or = if explained.may_be_summoned { "it was asked for by name, or " } else { "" };
            let rules = format!("{or}other rules were in force");
            format!("The log does not tell: by today's rules it was {place}, so {rules}.")
        }
        (None, None) => {
            let merged = "the persona was not free, as can be after a merge";
            format!("The log does not tell: in its order of events {merged}.")
        }
    }
}

/// What the first of the ranking was, and of whom.
fn best(explained: &Explanation) -> String {
    let (all, took_part) = (explained.ranking.len(), explained.took_part.len());
    let (among, who) = match all.saturating_sub(took_part) {
        others if took_part == 0 => (others, ""),
        0 => (all, ", all of whom took part"),
        others => (others, " who took no part"),
    };
    match among {
        1 if all == 1 => "the only candidate".to_owned(),
        1 => format!("the only candidate{who}"),
        _ => format!("the best of the {among} candidates{who}{}", tie(explained)),
    }
}

fn tie(explained: &Explanation) -> &'static str {
    match explained.tie_break.filter(|_| explained.rank == Some(1)) {
        None | Some(TieBreak::Independent) => "",
        Some(TieBreak::OwnInstruction) => {
            "; of equal scores, the one with its own instruction for the role"
        }
        Some(TieBreak::LongestAgo) => {
            "; of equal scores, the one that was lent longest ago, or never"
        }
        Some(TieBreak::CreatedEarlier) => "; of equal scores, the one that was created first",
    }
}
