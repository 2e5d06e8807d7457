//! `log`: tell what happened, event by event.

use std::collections::VecDeque;
use std::io::{self, Write};

use muzzle_persona::events::{Position, visible};
use muzzle_persona::projection::Line;
use muzzle_persona::{Order, Snapshot, StoreError};
use serde_json::value::RawValue;

use super::output::{FAINT, escape_hidden};
use super::{Context, Failure, filter::LogArgs, minute, sentence};

pub fn run(mut filter: LogArgs, context: &mut Context) -> Result<LogReport, Failure> {
    let mut snapshot = context.read(&filter.at)?;
    filter.resolve(&mut snapshot)?;
    context.warn(filter.doubt());
    let order = if filter.reverse { Order::OldestFirst } else { Order::NewestFirst };
    let limit = filter.limit;
    let mut report = LogReport { snapshot, filter, pages: VecDeque::new(), order };
    report.find(limit)?;
    Ok(report)
}

pub struct LogReport {
    snapshot: Snapshot,
    filter: LogArgs,
    /// Where there are events to list, oldest first.
    pages: VecDeque<Page>,
    order: Order,
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
        let (filter, needles) = (&self.filter, self.filter.needles());
        let (mut next, mut buffer) = (Some(Position::START), Vec::new());
        while let Some(start) = next {
            let mut page = Page { start, last: 0, found: 0, beyond: 0 };
            let visit = |line: Line<'_>| {
                if unread || filter.takes(&line.decode()?) {
                    (page.last, page.found) = (page.last.max(line.number), page.found + 1);
                }
                Ok(())
            };
            let order = Order::OldestFirst;
            next = self.snapshot.visit_page(&start, order, &needles, &mut buffer, visit)?;
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
            let sound = self.visit(|line| line.decode().map(drop))?;
            sound.map_err(|damage| self.snapshot.damaged(damage))?;
        }
        Ok(())
    }

    /// Hands the lines to list to `list`, in their order, until it has an error.
    fn visit<E>(
        &mut self,
        mut list: impl FnMut(Line<'_>) -> Result<(), E>,
    ) -> Result<Result<(), E>, StoreError> {
        let Self { snapshot, filter, pages, order } = self;
        let (needles, takes_all, mut buffer) = (filter.needles(), filter.takes_all(), Vec::new());
        let mut done = Ok(());
        let mut visit = |page: &Page| {
            let listed = match order {
                Order::OldestFirst => page.beyond..page.found,
                Order::NewestFirst => 0..page.found - page.beyond,
            };
            let mut found = 0;
            snapshot.visit_page(&page.start, *order, &needles, &mut buffer, |line| {
                let counts = line.number <= page.last && done.is_ok();
                if counts && (takes_all || filter.takes(&line.decode()?)) {
                    if listed.contains(&found) {
                        done = list(line);
                    }
                    found += 1;
                }
                Ok(())
            })?;
            match (&done, found == page.found) {
                (Ok(()), false) => Err(snapshot.keeps_moving()),
                (done, _) => Ok(done.is_ok()),
            }
        };
        let mut pages = pages.iter();
        while let Some(page) = match order {
            Order::OldestFirst => pages.next(),
            Order::NewestFirst => pages.next_back(),
        } && visit(page)?
        {}
        Ok(done)
    }

    /// Writes the events: as lines for people, or as they stand in the log, whose bytes have the ids.
    pub fn write(&mut self, out: &mut dyn Write, json: bool) -> Result<io::Result<()>, Failure> {
        if json {
            let mut start = "{\n  \"events\": [";
            let written = self.visit(|line| {
                let event: &RawValue = serde_json::from_slice(line.bytes)?;
                write!(out, "{start}\n    {}", escape_hidden(event.get()))?;
                start = ",";
                Ok(())
            })?;
            let end = if start == "," { "\n  ]\n}" } else { "{\n  \"events\": []\n}" };
            return Ok(written.and_then(|()| writeln!(out, "{end}")));
        }
        if self.pages.is_empty() {
            return Ok(writeln!(out, "No event matches."));
        }
        Ok(self.visit(|line| match line.decode() {
            Ok(record) => {
                let (at, what) = (minute(record.at), sentence(&record));
                writeln!(out, "{at}  {FAINT}{:.8}{FAINT:#}  {what}", record.id)
            }
            Err(_) => writeln!(out, "{}", visible(&String::from_utf8_lossy(line.bytes))),
        })?)
    }
}
