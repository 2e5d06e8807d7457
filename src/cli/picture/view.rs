//! What the template of the page is filled with.
//!
//! All of it is text that was made visible and cut to a length; the template escapes it for HTML. So a
//! page is small whatever the log holds.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use askama::Template;
use jiff::{Timestamp, ToSpan as _, civil::Date};
use muzzle_persona::events::{PersonaName, RoleName};
use muzzle_persona::projection::{Job, Lease, MonthlyVerdicts, Span, TimeWindow};
use muzzle_persona::wording::Count;

use super::{Picture, chart, duration, score, shade, short};
use crate::cli::persona::place;

/// The style sheet; a test holds its digest to it.
const STYLE: &str = include_str!("../../../templates/page.css");
/// Its SHA-256 in Base64: a browser applies no other style.
const STYLE_HASH: &str = "Oe54ufFnuB2NekvCsnWT/zzsyEew2rfR1KktASrdzjM=";

/// The most characters of a name, of a session's id and of a sentence.
const NAME: usize = 60;
const SESSION: usize = 13;
const SENTENCE: usize = 400;
/// The most rows of each part.
const BOARD: usize = 60;
const PERSONAS: usize = 60;
const LANES: usize = 40;
const MONTHS: i64 = 12;
/// How many colors the roles have; the last is that of all others.
const COLORS: usize = 11;

#[derive(Template)]
#[template(path = "page.html")]
pub struct PageView {
    style: &'static str,
    style_hash: &'static str,
    version: &'static str,
    now: String,
    project: Option<String>,
    since: Option<String>,
    summary: String,
    board: Vec<Held>,
    board_left_out: Option<String>,
    roles: Vec<String>,
    heat: Vec<HeatRow>,
    heat_left_out: Vec<String>,
    columns: usize,
    lanes_note: String,
    lanes_from: String,
    lanes_until: String,
    keys: Vec<Key>,
    lanes: Vec<Lane>,
    lanes_left_out: Option<String>,
    jobs: Vec<JobRow>,
    jobs_left_out: Option<String>,
    /// Elements of SVG, where there is anything to draw.
    verdicts: Option<String>,
    outcomes: Option<String>,
    months: Vec<MonthRow>,
    months_left_out: Option<String>,
    events: Vec<EventRow>,
}

struct Held {
    persona: String,
    role: String,
    agent: String,
    place: String,
    session: String,
    since: String,
}

struct HeatRow {
    persona: String,
    cells: Vec<Option<Cell>>,
}

struct Cell {
    class: String,
    score: String,
    doubt: String,
    jobs: String,
}

struct Key {
    role: String,
    color: usize,
}

struct Lane {
    persona: String,
    label: String,
    parts: Vec<Part>,
}

struct Part {
    color: usize,
    from: usize,
    width: usize,
    title: String,
}

struct JobRow {
    persona: String,
    role: String,
    place: String,
    from: String,
    until: String,
}

struct MonthRow {
    month: String,
    counts: MonthlyVerdicts,
}

struct EventRow {
    at: String,
    sentence: String,
}

impl PageView {
    /// The most columns of the lanes.
    pub const COLUMNS: usize = 120;
    /// The most jobs that are listed.
    pub const JOBS: usize = 60;

    pub fn of(picture: &Picture) -> Result<Self, String> {
        let timeline = &picture.timeline;
        let window = timeline.window();
        let lanes = picture.lanes();
        let shown: Vec<_> = lanes.iter().take(LANES).collect();
        let colors = colors(shown.iter().flat_map(|(_, spans)| spans));
        let (months, months_before) = months(&picture.months);
        let chart = |good: fn(&MonthlyVerdicts) -> u64, bad: fn(&MonthlyVerdicts) -> u64| {
            if months.iter().all(|(_, counts)| good(counts) + bad(counts) == 0) {
                return Ok(None);
            }
            let bars = months.iter().map(|(first, counts)| chart::Month {
                label: first.strftime("%b").to_string(),
                good: good(counts),
                bad: bad(counts),
            });
            chart::months(&bars.collect::<Vec<_>>()).map(Some)
        };
        let jobs: Vec<_> = timeline.jobs().rev().map(JobRow::of).collect();
        let jobs_left_out = more(timeline.jobs_in_window().saturating_sub(jobs.len()), "more job");
        let heat_left_out = [
            more(picture.heat.rows.len().saturating_sub(PERSONAS), "more persona"),
            more(picture.heat.roles_left_out, "more role"),
        ];
        Ok(Self {
            style: STYLE,
            style_hash: STYLE_HASH,
            version: env!("CARGO_PKG_VERSION"),
            now: utc(picture.now),
            project: picture.project.as_ref().map(|project| short(project, NAME)),
            since: picture.since.map(utc),
            summary: summary(picture),
            board: picture.board.iter().rev().take(BOARD).map(held).collect(),
            board_left_out: more(picture.board.len().saturating_sub(BOARD), "more slot"),
            roles: picture.heat.roles.iter().map(|role| short(role, NAME)).collect(),
            heat: heat(picture),
            heat_left_out: heat_left_out.into_iter().flatten().collect(),
            columns: window.columns(),
            lanes_note: format!("One step is {}.", duration(window.step())),
            lanes_from: utc(window.start_of(0)),
            lanes_until: utc(picture.now),
            keys: keys(&colors),
            lanes: shown.iter().map(|(name, spans)| lane(name, spans, &window, &colors)).collect(),
            lanes_left_out: more(lanes.len().saturating_sub(LANES), "more persona"),
            jobs,
            jobs_left_out,
            verdicts: chart(|it| it.feedback.positive, |it| it.feedback.negative)?,
            outcomes: chart(|it| it.outcomes.ok, |it| it.outcomes.bad)?,
            months: months
                .iter()
                .rev()
                .map(|(first, counts)| MonthRow { month: month(*first), counts: *counts })
                .collect(),
            months_left_out: more(months_before, "more month"),
            events: picture
                .last
                .iter()
                .map(|it| EventRow { at: utc(it.at), sentence: short(&it.sentence, SENTENCE) })
                .collect(),
        })
    }
}

/// Says how many more there are, if there are any.
fn more(count: usize, what: &'static str) -> Option<String> {
    (count > 0).then(|| format!("And {}.", Count(count as u64, what)))
}

fn summary(picture: &Picture) -> String {
    let (personas, events) = (Count(picture.personas.len() as u64, "persona"), picture.events);
    let (active, slots) = (picture.active, Count(picture.board.len() as u64, "open slot"));
    format!("{personas}, {active} of them active; {slots}; {}.", Count(events, "event"))
}

fn held((persona, lease): &(PersonaName, Lease)) -> Held {
    Held {
        persona: short(persona, NAME),
        role: short(&lease.role, NAME),
        agent: short(lease.slot.agent(), NAME),
        place: short(place(&lease.project, lease.work.as_ref()), NAME),
        session: short(&lease.session, SESSION),
        since: utc(lease.since),
    }
}

fn heat(picture: &Picture) -> Vec<HeatRow> {
    let rows = picture.heat.rows.iter().take(PERSONAS);
    let rows = rows.map(|row| {
        let cells = picture.heat.roles.iter().zip(&row.cells);
        let cells = cells.map(|(role, cell)| {
            let cell = (*cell)?;
            let (score, doubt) = score(&cell);
            let shade = format!("s{}", shade(&cell));
            let jobs = Count(picture.done(&row.persona, role), "job").to_string();
            let class = if cell.told_apart { shade } else { "grey".to_owned() };
            Some(Cell { class, score, doubt: doubt.unwrap_or_default(), jobs })
        });
        HeatRow { persona: short(&row.persona, NAME), cells: cells.collect() }
    });
    rows.collect()
}

/// A color for each role; those that are seen least share the last, which stands for all others.
fn colors<'a>(spans: impl Iterator<Item = &'a Span<'a>>) -> BTreeMap<&'a RoleName, usize> {
    let mut seen: BTreeMap<_, usize> = BTreeMap::new();
    for span in spans {
        *seen.entry(&span.task.role).or_default() += span.until - span.from;
    }
    let mut roles: Vec<_> = seen.into_iter().collect();
    roles.sort_by_key(|(_, steps)| Reverse(*steps));
    let colored = roles.into_iter().zip(0..).map(|((role, _), at)| (role, COLORS.min(at + 1) - 1));
    colored.collect()
}

/// What the colors mean.
fn keys(colors: &BTreeMap<&RoleName, usize>) -> Vec<Key> {
    let key = |(role, color): (&&RoleName, &usize)| Key { role: short(role, NAME), color: *color };
    let others = COLORS - 1;
    let last = colors.values().filter(|color| **color == others).count();
    let own = colors.iter().filter(|(_, color)| **color < others || last == 1);
    let mut keys: Vec<_> = own.map(key).collect();
    if last > 1 {
        keys.push(Key { role: format!("{last} other roles"), color: others });
    }
    keys
}

fn lane(
    name: &PersonaName,
    spans: &[Span<'_>],
    window: &TimeWindow,
    colors: &BTreeMap<&RoleName, usize>,
) -> Lane {
    let parts = spans.iter().map(|span| {
        let (role, project) = (short(&span.task.role, NAME), short(&span.task.project, NAME));
        let (from, until) = (window.start_of(span.from), window.start_of(span.until));
        Part {
            color: colors.get(&span.task.role).copied().unwrap_or(COLORS - 1),
            from: span.from,
            width: span.until - span.from,
            title: format!("{role} on {project}, {} to {}", utc(from), utc(until)),
        }
    });
    let held: usize = spans.iter().map(|span| span.until - span.from).sum();
    let label = format!("held in {} of {}", held, Count(window.columns() as u64, "step"));
    Lane { persona: short(name, NAME), label, parts: parts.collect() }
}

impl JobRow {
    fn of(job: &Job) -> Self {
        Self {
            persona: short(&job.persona, NAME),
            role: short(&job.role, NAME),
            place: short(place(&job.project, job.work.as_ref()), NAME),
            from: utc(job.assigned_at),
            until: job.released_at.map_or_else(|| "not yet".to_owned(), utc),
        }
    }
}

fn month(first: Date) -> String {
    first.strftime("%Y-%m").to_string()
}

/// The last twelve months until that of the last judgement, each with what was counted, and how many
/// months with judgements came before.
fn months(all: &BTreeMap<Date, MonthlyVerdicts>) -> (Vec<(Date, MonthlyVerdicts)>, usize) {
    let (Some((first, _)), Some((last, _))) = (all.first_key_value(), all.last_key_value()) else {
        return (Vec::new(), 0);
    };
    let back = (0..MONTHS).map_while(|ago| last.checked_sub(ago.months()).ok());
    let mut shown: Vec<_> = back.take_while(|month| month >= first).collect();
    shown.reverse();
    let begin = shown.first().copied().unwrap_or(*last);
    let before = all.range(..begin).count();
    let counts = |month: Date| (month, all.get(&month).copied().unwrap_or_default());
    (shown.into_iter().map(counts).collect(), before)
}

/// A moment as the page shows it, which says that all are in UTC.
fn utc(at: Timestamp) -> String {
    at.strftime("%F %H:%M").to_string()
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use sha2::{Digest as _, Sha256};

    use super::*;

    #[test]
    fn the_policy_of_the_page_names_its_style() {
        let digest = STANDARD.encode(Sha256::digest(STYLE));
        assert_eq!(STYLE_HASH, digest, "the style changed; so does its digest");
    }

    #[test]
    fn the_months_are_the_last_twelve_with_those_between() {
        let first = |month: &str| format!("{month}-01").parse::<Date>().unwrap();
        let shown = |names: &[&str]| {
            let judged = names.iter().map(|name| (first(name), MonthlyVerdicts::default()));
            let (shown, before) = months(&judged.collect());
            let (first, last) = (shown.first(), shown.last());
            let name =
                |it: Option<&(Date, _)>| it.map(|(first, _)| month(*first)).unwrap_or_default();
            (name(first), name(last), shown.len(), before)
        };
        let told = |first: &str, last: &str| (first.to_owned(), last.to_owned());
        let all = |(first, last): (String, String), count, before| (first, last, count, before);
        assert_eq!(shown(&[]), all(told("", ""), 0, 0));
        assert_eq!(shown(&["2026-03"]), all(told("2026-03", "2026-03"), 1, 0));
        assert_eq!(shown(&["2025-12", "2026-03"]), all(told("2025-12", "2026-03"), 4, 0));
        let long = shown(&["2024-01", "2025-03", "2025-04", "2026-03"]);
        assert_eq!(long, all(told("2025-04", "2026-03"), 12, 2));
    }

    #[test]
    fn the_last_color_stands_for_all_other_roles() {
        let roles: Vec<_> = (0..30).map(|n| RoleName::unchecked(&format!("role-{n:02}"))).collect();
        let colored = |count: usize| -> BTreeMap<_, _> {
            roles.iter().take(count).zip((0..).map(|color: usize| color.min(COLORS - 1))).collect()
        };
        let last = |count| {
            let keys = keys(&colored(count));
            (keys.len(), keys.last().unwrap().role.clone())
        };
        assert_eq!(last(3), (3, "role-02".to_owned()));
        assert_eq!(last(COLORS), (COLORS, "role-10".to_owned()));
        assert_eq!(last(30), (COLORS, "20 other roles".to_owned()));
    }
}
