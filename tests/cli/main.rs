//! `muzzle-persona` from outside: real processes, real files, real git.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod agent_files;
#[cfg(unix)]
mod allow;
mod assign;
mod at;
mod audit;
mod checkpoint;
#[cfg(unix)]
mod client;
mod codex;
mod commands;
mod crowd;
mod damage;
mod diff;
mod docs;
#[cfg(unix)]
mod doctor;
mod errors;
mod feedback;
mod follow;
mod forget;
mod four_eyes;
mod git;
mod git_table;
mod harness;
mod help;
#[cfg(unix)]
mod hostile;
#[cfg(unix)]
mod install;
mod join;
mod judgements;
mod lessons;
#[cfg(unix)]
mod links;
mod log;
mod merge;
mod names;
#[cfg(unix)]
mod pictures;
#[cfg(unix)]
mod plugin;
mod preamble;

mod ranges;
mod reading;
mod readme;
mod release;
mod render;
mod repair;
mod replay;
mod repository;
mod roles;
mod runs;
mod schema;
mod scoring;
#[cfg(unix)]
mod screen;
mod seal;
mod seed;
#[cfg(unix)]
mod seeding;
#[cfg(unix)]
mod settings_files;
mod signed;
mod store;
mod surgery;
#[cfg(unix)]
mod terminal;
mod torn;
mod unended;
mod verify;
mod why;
