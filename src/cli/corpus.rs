//! The saved command lines of the fuzz target, read again: see `tests/corpus`.

use super::Cli;

#[path = "../../fuzz/src/command_line.rs"]
mod command_line;
#[path = "../../tests/corpus/saved.rs"]
mod saved;

#[test]
fn command_lines() {
    saved::each("command_line", 48, command_line::check::<Cli>);
}
