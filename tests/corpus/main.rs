//! The saved inputs of the fuzz targets, checked again, and the memory that each takes.
//!
//! What is checked stands in `fuzz/src`, once. The command line is no part of
//! the library: its inputs are checked beside it, in `src/cli/corpus.rs`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "../../fuzz/src/answer.rs"]
mod answer;
#[path = "../../fuzz/src/checkpoint.rs"]
mod checkpoint;
mod checkpoints;
#[path = "../../fuzz/src/line.rs"]
mod line;
#[path = "../../fuzz/src/payload.rs"]
mod payload;
mod saved;
#[path = "../../fuzz/src/seed.rs"]
mod seed;
#[path = "../../fuzz/src/text.rs"]
mod text;

#[test]
fn lines() {
    saved::each("line", 48, line::check);
}

#[test]
fn checkpoints() {
    saved::each("checkpoint", 8, checkpoint::check);
}

#[test]
fn seeds() {
    // The parser of TOML keeps a place for each of its tokens.
    saved::each("seed", 128, seed::check);
}

#[test]
fn payloads() {
    saved::each("payload", 8, payload::check);
}

#[test]
fn texts() {
    saved::each("text", 64, text::check);
}

#[test]
fn answers() {
    saved::each("answer", 64, answer::check);
}
