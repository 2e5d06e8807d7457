//! Columns for people.

use std::collections::BTreeSet;
use std::fmt;

use anstyle::Style;
use comfy_table::{Cell, CellAlignment, ColumnConstraint, ContentArrangement, Width, presets};
use muzzle_persona::events::visible;
use unicode_width::UnicodeWidthStr;

use super::output::{self, HEADING};
use super::wrap::UUID;

/// The spaces between two columns.
const GAP: usize = 2;
/// The narrowest that a column of words gets before its words are broken.
const NARROW: usize = 10;
/// The longest word for which a column is kept wide.
const LONG_WORD: usize = 20;
/// The fewest characters of a name that stand for all of it.
const SHORTEST: usize = 8;
/// How many rows are laid out at a time: that takes many times the memory of their cells.
const AT_ONCE: usize = 1_000;

/// A column: its heading, how important it is, and how it may shrink.
///
/// On a terminal that has too little room for all columns, those that can be done without are left
/// out first; then cells are wrapped between words.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    heading: &'static str,
    is_right: bool,
    /// In which turn it is left out; never if there is none.
    drops: Option<u8>,
    shrinks: Shrinks,
    tells: bool,
}

/// How a column may become narrower.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shrinks {
    /// Its cells wrap between words.
    Wraps,
    /// It stays as wide as it is.
    Stays,
    /// Its cells, names that are found by how they begin, are cut to what tells them apart.
    Cuts,
}

impl Column {
    /// A column that is always there, and whose cells may wrap.
    pub const fn new(heading: &'static str) -> Self {
        let (is_right, drops, tells) = (false, None, false);
        Self { heading, is_right, drops, shrinks: Shrinks::Wraps, tells }
    }

    /// Aligns the cells to the right, as numbers are.
    pub const fn right(self) -> Self {
        Self { is_right: true, shrinks: Shrinks::Stays, ..self }
    }

    /// May be left out; of several columns, the one with the smallest number goes first.
    pub const fn drops(self, turn: u8) -> Self {
        Self { drops: Some(turn), ..self }
    }

    /// Keeps each cell in one line.
    pub const fn whole(self) -> Self {
        Self { shrinks: Shrinks::Stays, ..self }
    }

    /// Holds names that are found by how they begin: sessions, agents, slots.
    pub const fn names(self) -> Self {
        Self { shrinks: Shrinks::Cuts, ..self }
    }

    /// Colours the words that tell how something stands: `held`, `free`, `good`, `bad` and the like.
    pub const fn tells(self) -> Self {
        Self { tells: true, ..self }
    }
}

/// A heading alone; one that begins with `>` is aligned to the right.
impl From<&'static str> for Column {
    fn from(heading: &'static str) -> Self {
        match heading.strip_prefix('>') {
            Some(heading) => Self::new(heading).right(),
            None => Self::new(heading),
        }
    }
}

#[derive(Debug)]
pub struct Table {
    columns: Vec<Column>,
    hidden: BTreeSet<usize>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these columns.
    pub fn new<C: Into<Column> + Copy>(columns: &[C]) -> Self {
        let columns = columns.iter().map(|column| (*column).into()).collect();
        Self { columns, hidden: BTreeSet::new(), rows: Vec::new() }
    }

    /// Leaves a column out of what is shown.
    pub fn hide(&mut self, column: usize) {
        self.hidden.insert(column);
    }

    /// Adds a row. Hidden characters are escaped.
    pub fn row(&mut self, cells: &[&dyn fmt::Display]) {
        self.rows.push(cells.iter().map(|cell| visible(&cell.to_string())).collect());
    }

    /// The columns that are shown, each with its cells under its heading.
    fn shown(&self) -> Vec<Shown<'_>> {
        let shown = self.columns.iter().enumerate().filter(|(at, _)| !self.hidden.contains(at));
        let shown = shown.map(|(at, column)| {
            let cells = self.rows.iter().map(|row| row.get(at).map_or("", String::as_str));
            Shown { column: *column, cells: cells.collect() }
        });
        shown.collect()
    }
}

impl Table {
    /// Writes the table as wide as it is; with a width in the formatter, as on a terminal, no wider
    /// than that.
    pub fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = self.shown();
        let room = f.width();
        if let Some(room) = room {
            fit(&mut shown, room);
        }
        let widths = widths(&shown, room);
        let rows: Vec<_> = (0..self.rows.len()).collect();
        let (first, others) = rows.split_at(AT_ONCE.min(rows.len()));
        show_rows(f, &shown, &widths, first, true)?;
        others.chunks(AT_ONCE).try_for_each(|rows| show_rows(f, &shown, &widths, rows, false))
    }
}

/// Writes some rows, under the headings if those are wanted.
fn show_rows(
    f: &mut fmt::Formatter<'_>,
    shown: &[Shown<'_>],
    widths: &[usize],
    rows: &[usize],
    has_headings: bool,
) -> fmt::Result {
    let mut table = comfy_table::Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::MAX);
    if has_headings {
        table.set_header(shown.iter().map(|it| it.column.heading));
    }
    for row in rows {
        let cells = shown.iter().map(|it| {
            let cell = it.cells.get(*row).unwrap_or(&"");
            if it.column.tells { Cell::new(marked(cell)) } else { Cell::new(cell) }
        });
        table.add_row(cells);
    }
    let gap = u16::try_from(GAP).unwrap_or_default();
    for ((column, it), width) in table.column_iter_mut().zip(shown).zip(widths) {
        let width = u16::try_from(*width).unwrap_or(u16::MAX - gap) + gap;
        column
            .set_padding((0, gap))
            .set_constraint(ColumnConstraint::Absolute(Width::Fixed(width)));
        if it.column.is_right {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let mut lines = table.lines();
    if has_headings && let Some(headings) = lines.next() {
        writeln!(f, "{HEADING}{}{HEADING:#}", headings.trim_end())?;
    }
    lines.try_for_each(|line| writeln!(f, "{}", coloured(line.trim_end())))
}

/// A column with its cells.
struct Shown<'a> {
    column: Column,
    cells: Vec<&'a str>,
}

impl Shown<'_> {
    fn natural(&self) -> usize {
        let cells = self.cells.iter().map(|cell| cell.width());
        cells.max().unwrap_or(0).max(self.column.heading.width())
    }

    /// The width below which words would be broken.
    fn floor(&self) -> usize {
        let natural = self.natural();
        if self.column.shrinks != Shrinks::Wraps {
            return natural;
        }
        let words = self.cells.iter().flat_map(|cell| cell.split(' ')).map(UnicodeWidthStr::width);
        let longest = words.max().unwrap_or(0).min(LONG_WORD);
        longest.max(NARROW).max(self.column.heading.width()).min(natural)
    }

    /// Cuts names to as many characters as tell them apart.
    fn cut(&mut self) {
        let distinct: BTreeSet<_> = self.cells.iter().copied().collect();
        let longest = distinct.iter().map(|name| name.chars().count()).max().unwrap_or(0);
        let is_enough = |length: &usize| {
            let beginnings: BTreeSet<_> =
                distinct.iter().map(|name| beginning(name, *length)).collect();
            beginnings.len() == distinct.len()
        };
        let length = (SHORTEST..longest).find(is_enough).unwrap_or(longest);
        for cell in &mut self.cells {
            *cell = beginning(cell, length);
        }
    }
}

fn beginning(name: &str, length: usize) -> &str {
    name.char_indices().nth(length).map_or(name, |(end, _)| name.split_at(end).0)
}

fn total(widths: impl ExactSizeIterator<Item = usize>) -> usize {
    let gaps = GAP * widths.len().saturating_sub(1);
    widths.sum::<usize>() + gaps
}

/// Makes columns fit into so much room: what a person cannot read is cut in any case, other names
/// where there is no room for them; then columns are left out.
fn fit(shown: &mut Vec<Shown<'_>>, room: usize) {
    let is_id = |name: &&str| name.len() == UUID && name.split('-').count() == 5;
    let too_wide = |shown: &[Shown<'_>]| total(shown.iter().map(Shown::floor)) > room;
    for at in 0..shown.len() {
        let is_too_wide = too_wide(shown);
        let names = shown.get_mut(at).filter(|it| it.column.shrinks == Shrinks::Cuts);
        if let Some(names) = names
            && (is_too_wide || names.cells.iter().any(is_id))
        {
            names.cut();
        }
    }
    if !too_wide(shown) {
        return;
    }
    // What is kept in any case, and then, the most important first, what still finds room.
    let mut kept: Vec<_> = shown.iter().map(|it| it.column.drops.is_none()).collect();
    let turns = shown.iter().enumerate().filter_map(|(at, it)| Some((it.column.drops?, at)));
    let mut turns: Vec<_> = turns.collect();
    turns.sort_unstable();
    let floors: Vec<_> = shown.iter().map(Shown::floor).collect();
    for (_, at) in turns.into_iter().rev() {
        let with = kept.iter().enumerate().zip(&floors);
        let with = with.filter(|((index, is_kept), _)| **is_kept || *index == at);
        let with: Vec<_> = with.map(|(_, floor)| *floor).collect();
        if total(with.into_iter()) <= room
            && let Some(is_kept) = kept.get_mut(at)
        {
            *is_kept = true;
        }
    }
    let mut kept = kept.into_iter();
    shown.retain(|_| kept.next().unwrap_or(true));
}

/// How wide each column is in so much room: the widest gives way first.
fn widths(shown: &[Shown<'_>], room: Option<usize>) -> Vec<usize> {
    let mut widths: Vec<_> = shown.iter().map(Shown::natural).collect();
    let Some(room) = room else { return widths };
    let floors: Vec<_> = shown.iter().map(Shown::floor).collect();
    while total(widths.iter().copied()) > room {
        let wider = widths.iter_mut().zip(&floors).filter(|(width, floor)| **width > **floor);
        let widest = match wider.max_by_key(|(width, _)| **width) {
            Some((width, _)) => Some(width),
            // Nothing but breaking words helps.
            None => widths.iter_mut().max().filter(|width| **width > 1),
        };
        let Some(widest) = widest else { break };
        *widest -= 1;
    }
    widths
}

/// The words that tell how something stands, each kind with its style and the mark before it in a
/// cell. Marks are as wide as nothing, and no text has them: hidden characters are escaped.
const TELLING: [(char, Style, &[&str]); 4] = [
    ('\u{2061}', output::FREE, &["free", "good", "ok", "passed"]),
    ('\u{2062}', output::HELD, &["held"]),
    ('\u{2063}', output::FAINT, &["archived", "ended"]),
    ('\u{2064}', output::BAD, &["bad", "failed"]),
];
/// The mark behind a word.
const END: char = '\u{2060}';

/// Marks the words of a cell that tell how something stands.
fn marked(cell: &str) -> String {
    let mut marked = String::with_capacity(cell.len());
    for part in cell.split_inclusive([' ', ',', ';']) {
        let (word, rest) = part.split_at(part.trim_end_matches([' ', ',', ';']).len());
        match TELLING.iter().find(|(_, _, words)| words.contains(&word)) {
            Some((mark, ..)) => marked.extend([&*mark.to_string(), word, &END.to_string(), rest]),
            None => marked.push_str(part),
        }
    }
    marked
}

/// Colours what is marked in a line.
fn coloured(line: &str) -> String {
    let mut shown = line.to_owned();
    for (mark, style, _) in TELLING {
        if shown.contains(mark) {
            shown = shown.replace(mark, &style.to_string());
        }
    }
    // All styles end alike.
    shown.replace(END, &format!("{:#}", output::FREE))
}
