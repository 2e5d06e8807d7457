//! `log`: tell what happened, event by event.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;

use clap::Args;
use muzzle_persona::events::{Position, visible};
use muzzle_persona::projection::Line;
use muzzle_persona::{Order, Snapshot, StoreError};
use serde::ser::{Error as _, Serialize, SerializeSeq as _, SerializeStruct as _, Serializer};
use serde_json::value::RawValue;

use super::at::AtArgs;
use super::context::Context;
use super::failure::Failure;
use super::filter::{Filter, FilterArgs};
use super::output::{FAINT, Report};
use super::persona::minute;
use super::sentence::sentence;

/// Tell what happened, newest first
///
/// One line an event: when, the start of its id, and a sentence. On a terminal
/// it goes through `$PAGER`. An event is told if all of the filters take it.
#[derive(Debug, Args)]
pub struct LogArgs {
    #[command(flatten)]
    filter: FilterArgs,
    /// At most this many, the newest
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Oldest first
    #[arg(long)]
    reverse: bool,
    #[command(flatten)]
    at: AtArgs,
}

pub fn run(args: &LogArgs, context: &mut Context) -> Result<LogReport, Failure> {
    let reading = context.read(&args.at)?;
    let mut report = LogReport {
        reading: RefCell::new(reading),
        filter: Filter::default(),
        pages: VecDeque::new(),
        order: if args.reverse { Order::OldestFirst } else { Order::NewestFirst },
        broken_off: RefCell::new(None),
    };
    report.filter = args.filter.resolve(report.reading.get_mut())?;
    context.warn(report.filter.doubt());
    report.find(args.limit)?;
    Ok(report)
}

/// Events of the log, which are read while they are told.
pub struct LogReport {
    reading: RefCell<Snapshot>,
    filter: Filter,
    /// Where there are events to tell, oldest first.
    pages: VecDeque<Page>,
    order: Order,
    /// Why the telling broke off.
    broken_off: RefCell<Option<Failure>>,
}

/// A page of the log that has events to tell.
struct Page {
    start: Position,
    /// The last line that counts: others may be appended while the log is told.
    last: u64,
    /// How many of its lines pass the filter.
    found: usize,
    /// How many of these, the oldest, are beyond the limit.
    beyond: usize,
}

impl LogReport {
    /// Finds the events to tell, no more than `limit`, and makes sure that they are sound.
    fn find(&mut self, limit: Option<usize>) -> Result<(), Failure> {
        // Those of which only the newest are told are not worth reading before that is known.
        let unread = limit.is_some() && self.filter.takes_all();
        let (limit, mut total) = (limit.unwrap_or(usize::MAX), 0);
        let needles = self.filter.needles();
        let reading = self.reading.get_mut();
        let (mut next, mut buffer) = (Some(Position::START), Vec::new());
        while let Some(start) = next {
            let mut page = Page { start, last: 0, found: 0, beyond: 0 };
            next =
                reading.visit_page(&start, Order::OldestFirst, &needles, &mut buffer, |line| {
                    if unread || self.filter.takes(&line.decode()?) {
                        (page.last, page.found) = (page.last.max(line.number), page.found + 1);
                    }
                    Ok(())
                })?;
            total += page.found;
            self.pages.extend((page.found > 0).then_some(page));
            while self.pages.front().is_some_and(|oldest| total - oldest.found >= limit) {
                total -= self.pages.pop_front().map_or(0, |oldest| oldest.found);
            }
        }
        if let Some(oldest) = self.pages.front_mut() {
            oldest.beyond = total.saturating_sub(limit);
        }
        if unread {
            let sound = self.visit(|line| line.decode().map(drop))?;
            sound.map_err(|damage| self.reading.borrow().damaged(damage))?;
        }
        Ok(())
    }

    /// Hands the lines to tell to `tell`, in their order, until it has an error.
    fn visit<E>(
        &self,
        mut tell: impl FnMut(Line<'_>) -> Result<(), E>,
    ) -> Result<Result<(), E>, StoreError> {
        let mut reading = self.reading.borrow_mut();
        let (needles, takes_all) = (self.filter.needles(), self.filter.takes_all());
        let mut buffer = Vec::new();
        let mut visit = |page: &Page| {
            let told = match self.order {
                Order::OldestFirst => page.beyond..page.found,
                Order::NewestFirst => 0..page.found - page.beyond,
            };
            let (mut found, mut done) = (0, Ok(()));
            reading.visit_page(&page.start, self.order, &needles, &mut buffer, |line| {
                let counts = line.number <= page.last
                    && done.is_ok()
                    && (takes_all || self.filter.takes(&line.decode()?));
                if counts {
                    if told.contains(&found) {
                        done = tell(line);
                    }
                    found += 1;
                }
                Ok(())
            })?;
            if done.is_ok() && found != page.found {
                return Err(reading.keeps_moving());
            }
            Ok(done)
        };
        let mut pages = self.pages.iter();
        while let Some(page) = match self.order {
            Order::OldestFirst => pages.next(),
            Order::NewestFirst => pages.next_back(),
        } {
            if let Err(error) = visit(page)? {
                return Ok(Err(error));
            }
        }
        Ok(Ok(()))
    }
}

impl Serialize for LogReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("LogReport", 1)?;
        fields.serialize_field("events", &AsTheyAre(self))?;
        fields.end()
    }
}

/// The lines of the log in an answer as they stand there: their ids are those of their bytes.
struct AsTheyAre<'a>(&'a LogReport);

impl Serialize for AsTheyAre<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut events = serializer.serialize_seq(None)?;
        let told = self.0.visit(|line| {
            let raw: &RawValue = serde_json::from_slice(line.bytes).map_err(S::Error::custom)?;
            events.serialize_element(raw)
        });
        told.map_err(|error| {
            let said = S::Error::custom(&error);
            self.0.broken_off.replace(Some(error.into()));
            said
        })??;
        events.end()
    }
}

impl Report for LogReport {
    fn broken_off(&self) -> Option<Failure> {
        self.broken_off.take()
    }
}

impl fmt::Display for LogReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.pages.is_empty() {
            return writeln!(f, "No event matches.");
        }
        let told = self.visit(|line| match line.decode() {
            Ok(record) => {
                let (at, said) = (minute(record.at), sentence(&record));
                writeln!(f, "{at}  {FAINT}{:.8}{FAINT:#}  {said}", record.id)
            }
            Err(_) => writeln!(f, "{}", visible(&String::from_utf8_lossy(line.bytes))),
        });
        told.unwrap_or_else(|error| {
            self.broken_off.replace(Some(error.into()));
            Ok(())
        })
    }
}
