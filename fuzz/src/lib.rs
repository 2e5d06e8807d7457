//! What has to hold for any input whatever.
//!
//! Each function takes bytes from nowhere and asserts properties of what the
//! program makes of them. The fuzzers in `fuzz_targets/` call them with what
//! they think up, and `tests/corpus` with what is saved in `corpus/`.

pub mod answer;
pub mod checkpoint;
pub mod command_line;
pub mod line;
pub mod payload;
pub mod seed;
pub mod text;
