//! `log`: tell what happened, event by event.

use std::collections::VecDeque;
use std::io::{self, Write};

use muzzle_persona::events::{Position, visible};
use muzzle_persona::projection::{Line, LineDamage};
use muzzle_persona::{Snapshot, StoreError};
use serde_json::value::RawValue;

use super::named_session::{self, Among};
use super::output::{FAINT, escape_hidden};
use super::{Context, Failure, filter::LogArgs, minute, sentence};

pub fn run(mut filter: LogArgs, context: &mut Context) -> Result<LogReport, Failure> {
    let mut snapshot = context.read(&filter.at)?;
    filter.resolve(&mut snapshot)?;
    context.warn(filter.doubt());
    let (newest_first, limit) = (!filter.reverse, filter.limit);
    let mut report = LogReport { snapshot, filter, pages: VecDeque::new(), newest_first };
    report.find(limit)?;
    if report.pages.is_empty()
        && let Some(typed) = &report.filter.session
        && let Some(begun) = named_session::begun(context, &mut report.snapshot, typed, Among::All)?
    {
        report.filter.session = Some(begun);
        report.find(limit)?;
    }
    Ok(report)
}

pub struct LogReport {
    snapshot: Snapshot,
    filter: LogArgs,
    /// Where there are events to list, oldest first.
    pages: VecDeque<Page>,
    newest_first: bool,
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
        let (mut next, mut buffer) = (Some(Position::START), Vec::new());
        while let Some(start) = next {
            let mut page = Page { start, last: 0, found: 0, beyond: 0 };
            let visit = |line: Line<'_>| {
                if unread || filter.takes(&line.decode()?) {
                    (page.last, page.found) = (page.last.max(line.number), page.found + 1);
                }
                Ok(())
            };
            next = self.snapshot.visit_page(&start, false, &[&texts], &mut buffer, visit)?;
            total += page.found;
            self.pages.extend((page.found > 0).then_some(page));
            while let Some(oldest) = self.pages.pop_front_if(|page| total - page.found >= limit) {
                total -= oldest.found;
            }
        }
        if let Some(oldest) = self.pages.front_mut() {
            oldest.beyond = total.saturating_sub(limit);
        }
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
        let Self { snapshot, filter, pages, newest_first } = self;
        let (texts, takes_all, mut buffer) =
            (filter.texts_required(), filter.takes_all(), Vec::new());
        let mut goes_on = true;
        let mut visit = |page: &Page| {
            let Page { found: all, beyond, .. } = *page;
            let listed = if *newest_first { 0..all - beyond } else { beyond..all };
            let mut found = 0;
            snapshot.visit_page(&page.start, *newest_first, &[&texts], &mut buffer, |line| {
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
            let end = if start == "," { "\n  ]\n}" } else { "{\n  \"events\": []\n}" };
            return Ok(written.and_then(|()| writeln!(out, "{end}")));
        }
        if self.pages.is_empty() {
            return Ok(writeln!(out, "No event matches."));
        }
        self.visit(|line| {
            written = match line.decode() {
                Ok(record) => {
                    let (at, what) = (minute(record.at), sentence(&record));
                    writeln!(out, "{at}  {FAINT}{:.8}{FAINT:#}  {what}", record.id)
                }
                Err(_) => writeln!(out, "{}", visible(&String::from_utf8_lossy(&line.shown()))),
            };
            Ok(written.is_ok())
        })?;
        Ok(written)
    }
}
