//! Columns for people.

use std::fmt;

use comfy_table::{Cell, CellAlignment, ColumnConstraint, ContentArrangement, presets};
use muzzle_persona::events::visible;

use super::output::HEADING;

pub struct Table(comfy_table::Table);

impl Table {
    /// A table with these headings; one that begins with `>` is aligned to the right.
    pub fn new(headings: &[&str]) -> Self {
        let mut table = comfy_table::Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(headings.iter().map(|heading| heading.trim_start_matches('>')));
        for (column, heading) in table.column_iter_mut().zip(headings) {
            column.set_padding((0, 2)).set_constraint(ColumnConstraint::ContentWidth);
            if heading.starts_with('>') {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        Self(table)
    }

    /// Leaves a column out of what is shown.
    pub fn hide(&mut self, column: usize) {
        if let Some(column) = self.0.column_mut(column) {
            column.set_constraint(ColumnConstraint::Hidden);
        }
    }

    /// Adds a row. Hidden characters are escaped.
    pub fn row(&mut self, cells: &[&dyn fmt::Display]) {
        self.0.add_row(cells.iter().map(|cell| Cell::new(visible(&cell.to_string()))));
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines = self.0.lines();
        if let Some(headings) = lines.next() {
            writeln!(f, "{HEADING}{}{HEADING:#}", headings.trim_end())?;
        }
        lines.try_for_each(|line| writeln!(f, "{}", line.trim_end()))
    }
}
