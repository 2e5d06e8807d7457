//! The one place that writes to stdout and stderr.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Write as _};
use std::io::{self, BufWriter, ErrorKind, IsTerminal as _, Write as _};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressStyle};
use muzzle_persona::events::{is_hidden, visible};
use muzzle_persona::{Progress, Work};
use serde::Serialize;

use super::wrap::{hanging, short_ids};
use super::{Failure, environment, failure::USAGE, pager};

// The styles of words that stand out.
pub const HEADING: Style = Style::new().bold();
pub const FAINT: Style = Style::new().dimmed();
pub const ERROR: Style = AnsiColor::Red.on_default().bold();
pub const WARNING: Style = AnsiColor::Yellow.on_default().bold();
pub const GOOD: Style = AnsiColor::Green.on_default().bold();
pub const FREE: Style = AnsiColor::Green.on_default();
pub const HELD: Style = AnsiColor::Yellow.on_default();
pub const BAD: Style = AnsiColor::Red.on_default();
const HINT: Style = AnsiColor::Cyan.on_default().bold();

/// Writes a line of an answer, with hidden characters escaped.
///
/// With a width in the formatter, as on a terminal, it is wrapped between words; what follows its
/// first line is indented, and UUIDs are cut.
pub fn line(f: &mut fmt::Formatter<'_>, text: impl Display) -> fmt::Result {
    let text = visible(&text.to_string());
    match f.width() {
        None => writeln!(f, "{text}"),
        Some(columns) => writeln!(f, "{}", hanging(&short_ids(&text), columns)),
    }
}

/// When colours are used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Colour {
    // On a terminal that has them, unless a variable says otherwise.
    #[default]
    Auto,
    // In a pipe, too.
    Always,
    Never,
}

pub struct Output {
    pub json: bool,
    pub colour: Colour,
}

impl Output {
    /// Writes an answer, as text or as JSON, and returns the exit code of success.
    pub fn report<R: Serialize + Display>(&self, report: &R) -> Result<u8, Failure> {
        if self.json {
            return self.json(report);
        }
        self.text(&fitted(report, columns()))
    }

    /// The same for an answer that may be long: on a terminal that has too few lines for it, a
    /// screen at a time.
    pub fn long_report<R: Serialize + Display>(&self, report: &R) -> Result<u8, Failure> {
        let is_seen = !self.json && io::stdout().is_terminal();
        let Some(rows) = is_seen.then(environment::rows).flatten() else {
            return self.report(report);
        };
        let text = fitted(report, columns());
        if text.lines().count() < rows {
            return self.text(&text);
        }
        self.page(|out, _| Ok(out.write_all(text.as_bytes())))
    }

    fn text(&self, text: &str) -> Result<u8, Failure> {
        self.write(Box::new(io::stdout().lock()), |out| Ok(out.write_all(text.as_bytes())))
    }

    /// Writes an answer that is JSON without `--json` too.
    pub fn json(&self, report: &impl Serialize) -> Result<u8, Failure> {
        let json = serde_json::to_string_pretty(report).map_err(io::Error::from);
        self.write(Box::new(io::stdout().lock()), |out| {
            Ok(json.and_then(|json| writeln!(out, "{}", escape_hidden(&json))))
        })
    }

    /// Writes an answer that has no end, as it comes.
    pub fn stream(
        &self,
        answer: impl FnOnce(&mut dyn io::Write, bool) -> Result<io::Result<()>, Failure>,
    ) -> Result<u8, Failure> {
        self.write(Box::new(io::stdout().lock()), |out| answer(out, self.json))
    }

    /// Writes an answer that may be long while it is made: on a terminal, a screen at a time.
    pub fn page(
        &self,
        answer: impl FnOnce(&mut dyn io::Write, bool) -> Result<io::Result<()>, Failure>,
    ) -> Result<u8, Failure> {
        let answer = |out: &mut dyn io::Write| answer(out, self.json);
        let is_paged = !self.json && io::stdout().is_terminal();
        let started = if is_paged { pager::start() } else { Ok(None) };
        let Ok(Some(mut child)) = started.inspect_err(|reason| self.warn(reason)) else {
            return self.write(Box::new(io::stdout().lock()), answer);
        };
        let shown = child.stdin.take().map_or(Ok(0), |stdin| self.write(Box::new(stdin), answer));
        // The exit code of the pager says nothing about the answer.
        let _ = child.wait();
        shown
    }

    fn write(
        &self,
        to: Box<dyn io::Write>,
        answer: impl FnOnce(&mut dyn io::Write) -> Result<io::Result<()>, Failure>,
    ) -> Result<u8, Failure> {
        let choice = self.choice(AutoStream::choice(&io::stdout()));
        let to: Box<dyn io::Write> = Box::new(BufWriter::new(to));
        let mut stream = AutoStream::new(to, choice);
        match answer(&mut stream)?.and_then(|()| stream.flush()) {
            // A reader that closes the pipe has read enough.
            Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Failure::output(&error)),
            _ => Ok(0),
        }
    }

    /// How many columns a picture may have; none where colours would not be seen, and it is told in
    /// words.
    pub fn canvas(&self) -> Option<usize> {
        let stdout = io::stdout();
        let choice = self.choice(AutoStream::choice(&stdout));
        let width = terminal_size::terminal_size_of(&stdout).map(|(width, _)| usize::from(width.0));
        let width = width.unwrap_or(80).clamp(40, 200);
        (!self.json && choice != ColorChoice::Never).then_some(width)
    }

    /// Asks a yes-or-no question; without a terminal there is no answer.
    pub fn ask(&self, question: &str) -> Option<bool> {
        if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
            return None;
        }
        let question: Vec<_> = question.lines().map(visible).collect();
        self.print(format_args!("{} [y/N] ", question.join("\n")));
        let mut answer = String::new();
        io::stdin().read_line(&mut answer).ok()?;
        Some(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
    }

    pub fn warn(&self, text: &str) {
        self.message(WARNING, "warning", text);
    }

    fn message(&self, style: Style, word: &str, text: &str) {
        self.print(format_args!("{style}{word}:{style:#} {}\n", visible(text)));
    }

    pub fn failure(&self, failure: &Failure) {
        if self.json {
            let json = serde_json::to_string(&BTreeMap::from([("error", failure)]));
            return self.print(format_args!("{}\n", json.unwrap_or_default()));
        }
        self.message(ERROR, "error", &failure.message);
        failure.hint.iter().for_each(|hint| self.message(HINT, "hint", hint));
    }

    /// Ends with what the parser says: help, to stderr where it was not asked for, or the version.
    pub fn told_by_parser(&self, told: &clap::Error) -> u8 {
        let choice = |stream| self.choice(stream);
        let text = told.render();
        // A closed pipe is not an error, and nothing else can be done about the rest.
        if told.use_stderr() {
            self.print(format_args!("{}", text.ansi()));
            USAGE
        } else {
            let stdout = io::stdout().lock();
            let choice = choice(AutoStream::choice(&stdout));
            let _ = write!(AutoStream::new(stdout, choice), "{}", text.ansi());
            0
        }
    }

    /// Writes to stderr. A failure to do so cannot be reported anywhere.
    pub fn print(&self, text: fmt::Arguments<'_>) {
        let stderr = io::stderr().lock();
        let choice = self.choice(AutoStream::choice(&stderr));
        let _ = AutoStream::new(stderr, choice).write_fmt(text);
    }

    fn choice(&self, detected: ColorChoice) -> ColorChoice {
        match self.colour {
            Colour::Auto => detected,
            Colour::Always => ColorChoice::Always,
            Colour::Never => ColorChoice::Never,
        }
    }
}

/// An answer in so many columns, or as wide as it is.
pub fn fitted(report: &impl Display, columns: Option<usize>) -> String {
    match columns {
        None => report.to_string(),
        Some(columns) => format!("{report:columns$}"),
    }
}

/// What is written beside an answer, as it fits on a terminal.
pub fn beside(text: &impl Display) -> String {
    fitted(text, is_seen().then(environment::columns).flatten())
}

/// Returns whether an answer is written to a terminal.
pub fn is_read() -> bool {
    io::stdout().is_terminal()
}

/// Returns whether somebody sees what is written beside an answer.
pub fn is_seen() -> bool {
    io::stderr().is_terminal()
}

/// How wide an answer may be: as the terminal on which it is shown, or as somebody who shows it asks.
pub fn columns() -> Option<usize> {
    if io::stdout().is_terminal() {
        return environment::columns();
    }
    environment::columns_asked_for()
}

/// Shows how far work came that takes long, after a second, on a terminal.
pub fn progress() -> Progress {
    if !io::stderr().is_terminal() {
        return Progress::default();
    }
    // The clock measures how long the user waits; no answer depends on it.
    let (start, shown) = (Instant::now(), Mutex::new(None::<(Work, ProgressBar)>));
    Progress::new(move |work, done, all| {
        if all == 0 || start.elapsed() < Duration::from_secs(1) {
            return;
        }
        let mut shown = shown.lock().unwrap_or_else(PoisonError::into_inner);
        let is_over = done >= all || shown.as_ref().is_some_and(|(before, _)| *before != work);
        if let Some((_, bar)) = shown.take_if(|_| is_over) {
            bar.finish_and_clear();
        }
        if done < all {
            let (_, bar) = shown.get_or_insert_with(|| (work, bar_of(work, all)));
            bar.set_length(all);
            bar.set_position(done);
        }
    })
}

fn bar_of(work: Work, all: u64) -> ProgressBar {
    let words = match work {
        Work::Reading => "Reading the log",
        Work::Fetching => "Fetching from the fleet",
        Work::Publishing => "Publishing to the fleet",
        Work::Comparing => "Comparing with the fleet",
        Work::Restoring => "Giving the fleet its lines back",
    };
    let style = ProgressStyle::with_template(&format!("{words} {{wide_bar}} {{percent:>3}}%"));
    ProgressBar::new(all).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// Escapes in JSON what could drive a terminal or hide text.
pub fn escape_hidden(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            // They occur between tokens only, as in lines of the log: strings have them escaped.
            '\n' | '\t' => escaped.push(c),
            '\r' => escaped.push(' '),
            c if is_hidden(c) => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    let _ = write!(escaped, "\\u{unit:04x}");
                }
            }
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_with_hidden_characters_escaped_is_the_same_json() {
        let text = "a\u{9b}b\u{202e}c\u{e0041}\u{1b}\né";
        let json = serde_json::to_string_pretty(&[text]).unwrap();
        let escaped = escape_hidden(&json);
        assert_eq!(escaped, "[\n  \"a\\u009bb\\u202ec\\udb40\\udc41\\u001b\\né\"\n]");
        let [back]: [String; 1] = serde_json::from_str(&escaped).unwrap();
        assert_eq!(back, text);
    }
}
