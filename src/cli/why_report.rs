//! Why a persona was lent, as `why` tells it.

use std::{fmt, iter};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use muzzle_persona::broker::{Explanation, Part, Score, TieBreak, TookPart};
use muzzle_persona::events::{
    ChoiceReason, EventId, LessonText, PersonaName, Points, ProjectName, ReleaseReason, RoleName,
    SessionId, Slot, WorkName,
};
use muzzle_persona::projection::LessonRecord;
use serde::Serialize;

use super::number::beyond_limit;
use super::part::{passed_over, told, took_part};
use super::persona::{Candidate, SCORE, doubtful, hide_doubt, parts, place};
use super::table::Column;
use super::{Table, line, minute};

#[derive(Debug, Serialize)]
pub struct WhyReport {
    pub name: PersonaName,
    pub session: SessionId,
    pub slot: Slot,
    pub role: RoleName,
    pub requested: RoleName,
    pub project: ProjectName,
    pub work: Option<WorkName>,
    pub assigned_at: Timestamp,
    pub event: EventId,
    /// Why; not where the log does not tell.
    #[serde(rename = "grounds")]
    pub reason: Option<ChoiceReason>,
    /// Why it was given up by whoever held it until then, if anybody did.
    pub given_up: Option<ReleaseReason>,
    pub explanation: String,
    /// The total as it was recorded; older lines have none.
    pub recorded_score: Option<Points>,
    /// By today's rules.
    pub score: Option<Score>,
    pub rank: Option<usize>,
    /// What put the first of the ranking before the second, if their scores are equal.
    pub tie_break: Option<TieBreak>,
    /// Those of the ranking who are not told apart from it.
    pub not_told_apart: Vec<PersonaName>,
    /// How many could be chosen; the ranking has the first of them, best first.
    pub candidates: usize,
    pub ranking: Vec<Candidate>,
    /// Whether it took no part in the work; nothing if the role judges none.
    pub independent: Option<bool>,
    #[serde(skip)]
    pub part: Option<Part>,
    /// Those of the ranking who took part in the work.
    pub took_part: Vec<TookPart>,
    /// The lessons that it was offered then, as far as their words are known.
    pub lessons: Vec<EventId>,
    #[serde(skip)]
    pub offered: Vec<LessonRecord>,
    /// The zone in which times are shown.
    #[serde(skip)]
    pub zone: TimeZone,
}

impl fmt::Display for WhyReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, slot, session, assigned_at, role, project, work, ranking, .. } = self;
        let (at, on) = (minute(*assigned_at, &self.zone), place(project, work.as_ref()));
        let to = format!("{slot} of the session {session} on {at}, as {role} on {on}");
        line(f, format!("{name} was lent to {to}."))?;
        let columns = [Column::new(""), Column::new("RANK").right(), Column::new("NAME")];
        let columns = columns.into_iter().chain(SCORE).chain([Column::new("TOOK PART").drops(5)]);
        let mut table = Table::new(&columns.collect::<Vec<_>>());
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
        writeln!(f)?;
        table.show(f)?;
        let sentence = doubtful(name, &self.not_told_apart);
        sentence.into_iter().try_for_each(|sentence| line(f, sentence))?;
        let shown = ranking.len() + usize::from(self.rank > Some(ranking.len()));
        let more = self.candidates.saturating_sub(shown);
        beyond_limit(more).into_iter().try_for_each(|more| line(f, more))
    }
}

pub fn sentence(explained: &Explanation) -> String {
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
