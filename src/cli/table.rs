//! Columns for people.

use std::fmt;

use comfy_table::{Cell, CellAlignment, ColumnConstraint, ContentArrangement, presets};
use muzzle_persona::events::visible;

use super::output::HEADING;

/// Rows under headings, aligned by display width.
pub struct Table {
    inner: comfy_table::Table,
}

impl Table {
    /// A table with these headings; one that begins with `>` is aligned to the right.
    pub fn new(headings: &[&str]) -> Self {
        let mut inner = comfy_table::Table::new();
        inner.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        inner.set_header(headings.iter().map(|heading| heading.trim_start_matches('>')));
        for (column, heading) in inner.column_iter_mut().zip(headings) {
            column.set_padding((0, 2)).set_constraint(ColumnConstraint::ContentWidth);
            if heading.starts_with('>') {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        Self { inner }
    }

    /// Adds a row. Hidden characters are escaped.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.inner.add_row(cells.into_iter().map(|cell| Cell::new(visible(&cell))));
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, line) in self.inner.lines().enumerate() {
            let line = line.trim_end();
            if index == 0 {
                writeln!(f, "{HEADING}{line}{HEADING:#}")?;
            } else {
                writeln!(f, "{line}")?;
            }
        }
        Ok(())
    }
}
