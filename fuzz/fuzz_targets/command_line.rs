#![no_main]

#[allow(dead_code, unused_imports, reason = "the command line is read here, and nothing is run")]
#[path = "../../src/cli/mod.rs"]
mod cli;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::command_line::check::<cli::Cli>(bytes));
