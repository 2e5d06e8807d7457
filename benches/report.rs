//! What is printed, and kept as JSON.

use std::fmt;
use std::io::{self, Write as _};
use std::time::Duration;

use serde::Serialize;

use crate::Problem;
use crate::figures_file;
use crate::machine::Machine;
use crate::sample::ratio;

/// All rows of a run.
#[derive(Debug, Serialize)]
pub struct Report {
    machine: Machine,
    quick: bool,
    rows: Vec<Row>,
}

/// One thing that was measured.
#[derive(Debug, Serialize)]
pub struct Row {
    what: String,
    /// How often.
    n: usize,
    figures: Vec<Figure>,
}

/// One number.
#[derive(Debug, Serialize)]
struct Figure {
    name: &'static str,
    value: f64,
    unit: Unit,
    #[serde(skip_serializing_if = "Option::is_none")]
    reach: Option<Reach>,
}

#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
enum Unit {
    Seconds,
    Bytes,
    Times,
    PerSecond,
    Count,
}

/// What a number is to be.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
enum Reach {
    AtMost(f64),
    AtLeast(f64),
}

impl Row {
    /// Begins a row.
    pub fn new(what: impl Into<String>, n: usize) -> Self {
        Self { what: what.into(), n, figures: Vec::new() }
    }

    fn with(mut self, name: &'static str, value: f64, unit: Unit) -> Self {
        self.figures.push(Figure { name, value, unit, reach: None });
        self
    }

    fn reaching(mut self, reach: Option<Reach>) -> Self {
        if let Some(last) = self.figures.last_mut() {
            last.reach = reach;
        }
        self
    }

    /// Adds a time.
    pub fn time(self, name: &'static str, time: Duration) -> Self {
        self.with(name, time.as_secs_f64(), Unit::Seconds)
    }

    /// Adds how many times as long a time is.
    pub fn times(self, name: &'static str, time: Duration, floor: Duration) -> Self {
        self.with(name, ratio(time, floor), Unit::Times)
    }

    /// Adds a number of bytes.
    pub fn bytes(self, name: &'static str, bytes: u64) -> Self {
        self.with(name, float(bytes), Unit::Bytes)
    }

    /// Adds how many times as large a number of bytes is.
    pub fn times_bytes(self, name: &'static str, bytes: u64, floor: u64) -> Self {
        self.with(name, float(bytes) / float(floor), Unit::Times)
    }

    /// Adds how many there are.
    pub fn count(self, name: &'static str, count: u64) -> Self {
        self.with(name, float(count), Unit::Count)
    }

    /// Adds how many there are in a second.
    pub fn rate(self, name: &'static str, count: usize, time: Duration) -> Self {
        self.with(name, float(count as u64) / time.as_secs_f64(), Unit::PerSecond)
    }

    /// Says that the last number is to be at most this.
    pub fn at_most(self, limit: impl Into<Option<f64>>) -> Self {
        self.reaching(limit.into().map(Reach::AtMost))
    }

    /// Says that the last number is to be at least this.
    pub fn at_least(self, limit: impl Into<Option<f64>>) -> Self {
        self.reaching(limit.into().map(Reach::AtLeast))
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} (n = {})", self.what, self.n)?;
        self.figures.iter().try_for_each(|figure| writeln!(f, "    {figure}"))
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.unit.show(self.value);
        write!(f, "{value:>14}  {}", self.name)?;
        match self.reach {
            None => Ok(()),
            Some(Reach::AtMost(limit)) => write!(f, "; to reach: ≤ {}", self.unit.show(limit)),
            Some(Reach::AtLeast(limit)) => write!(f, "; to reach: ≥ {}", self.unit.show(limit)),
        }
    }
}

impl Unit {
    fn show(self, value: f64) -> String {
        match self {
            Self::Seconds if value >= 1.0 => format!("{value:.2} s"),
            Self::Seconds if value >= 1e-3 => format!("{:.2} ms", value * 1e3),
            Self::Seconds => format!("{:.0} µs", value * 1e6),
            Self::Bytes if value >= 1e6 => format!("{:.1} MB", value / 1e6),
            Self::Bytes if value >= 1e4 => format!("{:.1} kB", value / 1e3),
            Self::Bytes => format!("{value:.0} B"),
            Self::Times => format!("{value:.2} ×"),
            Self::PerSecond if value >= 1e9 => format!("{:.2} G/s", value / 1e9),
            Self::PerSecond if value >= 1e6 => format!("{:.2} M/s", value / 1e6),
            Self::PerSecond if value >= 1e4 => format!("{:.1} k/s", value / 1e3),
            Self::PerSecond => format!("{value:.0} /s"),
            Self::Count => format!("{value:.0}"),
        }
    }
}

impl Report {
    /// Begins a report, and prints which machine it is of.
    pub fn new(quick: bool) -> Result<Self, Problem> {
        let machine = Machine::read();
        writeln!(io::stdout(), "{machine}{}", if quick { "; a quick run" } else { "" })?;
        if machine.is_busy() {
            writeln!(io::stderr(), "warning: the machine is busy; its floor is not the real one")?;
        }
        Ok(Self { machine, quick, rows: Vec::new() })
    }

    /// Prints a row, and keeps it.
    pub fn add(&mut self, row: Row) -> Result<(), Problem> {
        write!(io::stdout(), "\n{row}")?;
        self.rows.push(row);
        Ok(())
    }

    /// Writes all rows to a file in `target/bench/`, and says so.
    pub fn save(&self, name: &str) -> Result<(), Problem> {
        Ok(figures_file::save(self, name)?)
    }
}

/// A number with separators, as in `1,000,000`.
#[must_use]
pub fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut shown = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

#[expect(clippy::cast_precision_loss, reason = "what is counted here is far below 2^52")]
fn float(number: u64) -> f64 {
    number as f64
}
