//! `log`: tell what happened, event by event.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, Write};
use std::mem;

use jiff::tz::TimeZone;
use muzzle_persona::events::{Position, Record, visible};
use muzzle_persona::projection::{FoldKey, Line, LineDamage};
use muzzle_persona::{Follower, Snapshot, StoreError};
use serde_json::value::RawValue;

use super::filter::LogArgs;
use super::named_session::{self, Among};
use super::number::beyond_limit;
use super::output::{self, FAINT, Output, escape_hidden};
use super::wrap::{short_ids, wrapped};
use super::{Context, Failure, minute, sentence};

pub fn run(mut filter: LogArgs, context: &mut Context, json: bool) -> Result<LogReport, Failure> {
    let mut snapshot = context.read(&filter.at)?;
    filter.resolve(&mut snapshot, context)?;
    context.warn(filter.doubts());
    let (newest_first, limit) = (!filter.reverse, filter.limit);
    let look = Look::new(&snapshot, context);
    let (pages, more) = (VecDeque::new(), 0);
    let mut report = LogReport { snapshot, filter, pages, more, newest_first, look };
    report.find(limit)?;
    if report.pages.is_empty()
        && let Some(typed) = &report.filter.session
        && let Some(begun) = named_session::begun(context, &mut report.snapshot, typed, Among::All)?
    {
        report.filter.session = Some(begun);
        report.find(limit)?;
    }
    if report.more > 0 && !json && !output::is_read() && output::is_seen() {
        // What a program reads line by line has nothing but events.
        let more = report.more;
        context.notes.push(format!("note: not listed: {more} more; `--limit 0` lists all\n"));
    }
    Ok(report)
}

/// Writes events as they are appended, until nobody reads them any more.
pub fn follow(mut filter: LogArgs, context: &mut Context, output: &Output) -> Result<u8, Failure> {
    let mut snapshot = context.read(&filter.at)?;
    filter.resolve(&mut snapshot, context)?;
    context.warn(filter.doubts());
    if let Some(typed) = &filter.session
        && let Some(begun) = named_session::begun(context, &mut snapshot, typed, Among::All)?
    {
        filter.session = Some(begun);
    }
    for note in mem::take(&mut context.notes) {
        output.print(format_args!("{note}"));
    }
    for warning in mem::take(&mut context.warnings) {
        output.warn(&warning);
    }
    let look = Look::new(&snapshot, context);
    let mut follower = Follower::of(snapshot);
    let mut is_told = filter.begins_earlier();
    output.stream(|out, json| {
        loop {
            // A merge brings events in any order.
            let mut events = BTreeMap::new();
            follower.read_new(|line| {
                if is_told {
                    let record = line.decode()?;
                    if filter.takes(&record) {
                        let told = if json { shown(line) } else { look.told(&record) };
                        events.insert(FoldKey::of(&record), told);
                    }
                }
                Ok(())
            })?;
            is_told = true;
            let most = filter.limit.take().unwrap_or(usize::MAX);
            let early = events.len().saturating_sub(most);
            let written = events.values().skip(early).try_for_each(|told| writeln!(out, "{told}"));
            if let Err(error) = written.and_then(|()| out.flush()) {
                return Ok(Err(error));
            }
            follower.wait()?;
        }
    })
}

/// The line of an event as JSON that a terminal can be shown.
fn shown(line: Line<'_>) -> String {
    escape_hidden(&String::from_utf8_lossy(&line.shown()))
}

/// How events are told to people.
#[derive(Clone)]
struct Look {
    /// How many digits a `seq` has.
    digits: usize,
    zone: TimeZone,
    /// How wide the terminal is, if it is one.
    columns: Option<usize>,
}

/// The fewest columns that a sentence beside its time and its id takes.
const NARROWEST: usize = 30;

impl Look {
    fn new(snapshot: &Snapshot, context: &Context) -> Self {
        let digits = snapshot.view().events.to_string().len();
        Self { digits, zone: context.zone.clone(), columns: output::columns() }
    }

    /// The number, the time, the id and the sentence of an event; in lines that fit the terminal.
    fn told(&self, record: &Record) -> String {
        let Self { digits, zone, columns } = self;
        let (seq, at, what) = (record.seq.0, minute(record.at, zone), sentence(record));
        let head =
            format!("{FAINT}{seq:>digits$}{FAINT:#}  {at}  {FAINT}{:.8}{FAINT:#}", record.id);
        let indent = seq.to_string().len().max(*digits) + at.len() + "    12345678  ".len();
        let what = if columns.is_some() { short_ids(&what) } else { what };
        match *columns {
            None => format!("{head}  {what}"),
            Some(columns) if columns >= indent + NARROWEST => {
                format!("{head}  {}", wrapped(&what, indent, indent, columns))
            }
            Some(columns) => format!("{head}\n    {}", wrapped(&what, 4, 4, columns)),
        }
    }
}

pub struct LogReport {
    snapshot: Snapshot,
    filter: LogArgs,
    /// Where there are events to list, oldest first.
    pages: VecDeque<Page>,
    /// How many the limit left out.
    more: usize,
    newest_first: bool,
    look: Look,
}

/// A page of the log that has events to list.
struct Page {
    start: Position,
    /// The last line that counts: others may be appended while the log is read.
    last: u64,
    /// How many of its lines pass the filter.
    found: usize,
    /// How many of these, the oldest, are beyond the limit.
    beyond: usize,
}

impl LogReport {
    /// Finds the events to list, no more than `limit`, and makes sure that they are sound.
    fn find(&mut self, limit: Option<usize>) -> Result<(), Failure> {
        // Those of which only the newest are listed are not worth reading before that is known.
        let unread = limit.is_some() && self.filter.takes_all();
        let (limit, mut total) = (limit.unwrap_or(usize::MAX), 0);
        let (filter, texts) = (&self.filter, self.filter.texts_required());
        let texts: Vec<_> = texts.iter().map(Vec::as_slice).collect();
        let (mut next, mut buffer, mut matched) = (Some(Position::START), Vec::new(), 0);
        while let Some(start) = next {
            let mut page = Page { start, last: 0, found: 0, beyond: 0 };
            let visit = |line: Line<'_>| {
                if unread || filter.takes(&line.decode()?) {
                    (page.last, page.found) = (page.last.max(line.number), page.found + 1);
                }
                Ok(())
            };
            next = self.snapshot.visit_page(&start, false, &texts, &mut buffer, visit)?;
            total += page.found;
            matched += page.found;
            self.pages.extend((page.found > 0).then_some(page));
            while let Some(oldest) = self.pages.pop_front_if(|page| total - page.found >= limit) {
                total -= oldest.found;
            }
        }
        if let Some(oldest) = self.pages.front_mut() {
            oldest.beyond = total.saturating_sub(limit);
        }
        self.more = matched - matched.min(limit);
        if unread {
            self.visit(|line| line.decode().map(|_| true))?;
        }
        Ok(())
    }

    /// Hands the lines to list to `list`, in their order, as long as it wants more.
    fn visit(
        &mut self,
        mut list: impl FnMut(Line<'_>) -> Result<bool, LineDamage>,
    ) -> Result<(), StoreError> {
        let Self { snapshot, filter, pages, newest_first, .. } = self;
        let (texts, takes_all, mut buffer) =
            (filter.texts_required(), filter.takes_all(), Vec::new());
        let texts: Vec<_> = texts.iter().map(Vec::as_slice).collect();
        let mut goes_on = true;
        let mut visit = |page: &Page| {
            let Page { found: all, beyond, .. } = *page;
            let listed = if *newest_first { 0..all - beyond } else { beyond..all };
            let mut found = 0;
            snapshot.visit_page(&page.start, *newest_first, &texts, &mut buffer, |line| {
                let counts = line.number <= page.last && goes_on;
                if counts && (takes_all || filter.takes(&line.decode()?)) {
                    if listed.contains(&found) {
                        goes_on = list(line)?;
                    }
                    found += 1;
                }
                Ok(())
            })?;
            if goes_on && found != page.found {
                return Err(snapshot.keeps_moving());
            }
            Ok(goes_on)
        };
        let mut pages = pages.iter();
        while let Some(page) = if *newest_first { pages.next_back() } else { pages.next() }
            && visit(page)?
        {}
        Ok(())
    }

    /// Writes the events: as lines for people, or as they stand in the log, whose bytes have the ids.
    pub fn write(&mut self, out: &mut dyn Write, json: bool) -> Result<io::Result<()>, Failure> {
        let mut written = Ok(());
        if json {
            let mut start = "{\n  \"events\": [";
            self.visit(|line| {
                written = serde_json::from_slice(&line.shown()).map_err(io::Error::from).and_then(
                    |event: &RawValue| write!(out, "{start}\n    {}", escape_hidden(event.get())),
                );
                start = ",";
                Ok(written.is_ok())
            })?;
            let (start, end) = if start == "," { ("", "\n  ]") } else { (start, "]") };
            let more = self.more;
            return Ok(
                written.and_then(|()| writeln!(out, "{start}{end},\n  \"more\": {more}\n}}"))
            );
        }
        if self.pages.is_empty() {
            return Ok(writeln!(out, "No event matches."));
        }
        let look = self.look.clone();
        self.visit(|line| {
            written = match line.decode() {
                Ok(record) => writeln!(out, "{}", look.told(&record)),
                Err(_) => writeln!(out, "{}", visible(&String::from_utf8_lossy(&line.shown()))),
            };
            Ok(written.is_ok())
        })?;
        let more = beyond_limit(self.more).filter(|_| output::is_read());
        Ok(written.and_then(|()| more.map_or(Ok(()), |more| writeln!(out, "{more}"))))
    }
}
