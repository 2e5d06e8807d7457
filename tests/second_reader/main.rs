//! A second reader of the log: written from `docs/format.md` and `docs/broker.md`,
//! and from nothing of the library.
//!
//! It takes a store's files, checks ids and ancestry, puts the events in order and folds them, and
//! answers what `list --status all --json` answers, the heads that `stats` shows, and how `search
//! --all --json` ranks the personas for some roles. The tests put its answers beside the program's.
//! Where the two differ, one of them or a page is wrong.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod answer;
mod event;
mod fact;
mod history;
mod log;
mod moment;
mod number;
mod object;
mod roster;
mod score;
mod seed;

mod agreement;
mod ancestry;
mod branches;
mod files;
mod folding;
mod forge;
mod four_eyes;
mod grammar;
#[allow(dead_code, reason = "another test's home, of which this one needs a part")]
#[path = "../cli/harness.rs"]
mod harness;
mod mended;
mod mirrors;
mod record;
mod trail;
