//! A log visited page by page, in either order: no more than a page of it is in memory.

use super::{Store, StoreError};
use crate::events::{LineError, Log, Position, Read, Record, prefilter};
use crate::projection::line::line_ranges;
use crate::projection::{Line, LineDamage, View};

/// The order in which lines are visited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The order of the fold.
    OldestFirst,
    /// Its reverse.
    NewestFirst,
}

impl Order {
    /// Hands items on in this order.
    fn try_for_each<T, E>(
        self,
        mut items: impl DoubleEndedIterator<Item = T>,
        visit: impl FnMut(T) -> Result<(), E>,
    ) -> Result<(), E> {
        match self {
            Self::OldestFirst => items.try_for_each(visit),
            Self::NewestFirst => items.rev().try_for_each(visit),
        }
    }
}

impl<L: Log> Store<L> {
    /// Hands the events that may matter to `visit`, in fold order.
    ///
    /// Lines that cannot hold each of `texts` as a JSON string are passed
    /// over unread: `visit` gets at least those that do.
    pub fn visit(
        &mut self,
        texts: &[&str],
        mut visit: impl FnMut(&Record),
    ) -> Result<(), StoreError> {
        let (mut next, mut buffer) = (Some(Position::START), Vec::new());
        while let Some(page) = next {
            next = self.visit_page(&page, Order::OldestFirst, texts, &mut buffer, |line| {
                visit(&line.decode()?);
                Ok(())
            })?;
        }
        Ok(())
    }

    /// Hands the lines of one page that may matter to `visit`, each event once, and returns where
    /// the next page begins, if there is one.
    ///
    /// Which lines these are, [`Store::visit`] says. `visit` reads of them what it needs, and says
    /// so if one is damaged.
    ///
    /// A page is what one read brings, about a MiB; but a log whose order is not that of the
    /// fold, as after most merges, is one page, and in memory as a whole. The first page begins
    /// at [`Position::START`].
    pub fn visit_page(
        &mut self,
        page: &Position,
        order: Order,
        texts: &[&str],
        buffer: &mut Vec<u8>,
        mut visit: impl FnMut(Line<'_>) -> Result<(), LineDamage>,
    ) -> Result<Option<Position>, StoreError> {
        let may_match = prefilter(texts);
        let visit = |line: Line<'_>| {
            if may_match(line.bytes) { visit(line) } else { Ok(()) }
        };
        if self.view.reordered {
            let whole = self.read_all()?;
            let lines = View::in_order(&whole);
            let visited = lines.and_then(|lines| order.try_for_each(lines, visit));
            return visited.map(|()| None).map_err(|damage| self.damaged(damage).into());
        }
        let Read::Lines { left } = self.log.read(page, buffer)? else {
            return Err(self.keeps_moving());
        };
        let mut end = *page;
        end.advance(buffer);
        let lines = line_ranges(buffer).filter_map(|range| buffer.get(range));
        let lines = lines.zip(page.lines + 1..).map(|(bytes, number)| Line { number, bytes });
        let lines: Vec<_> = lines.collect();
        let visited = order.try_for_each(lines.into_iter(), visit);
        visited.map_err(|damage| self.damaged(damage))?;
        if end.last.is_none() && left > 0 {
            // A line that ends with no id is damage, whatever it was looked through for.
            let (line, reason) = (end.lines, LineError::NoId.into());
            return Err(self.damaged(LineDamage { line, reason }).into());
        }
        self.progress.report_read(&end, left);
        Ok((left > 0).then_some(end))
    }
}
