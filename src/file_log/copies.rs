//! Copies of a log's files beside them, as programs leave them that keep directories in step.

use std::path::PathBuf;

use super::FileLog;
use super::segments::{ACTIVE, DIRECTORY};
use crate::disk::if_there;
use crate::events::{LogError, named_ends};

/// What the names of logs end with, and what the name of the active one begins with.
const ENDING: &str = ".jsonl";
const BEGINNING: &str = "events";

impl FileLog {
    /// Finds what is named like a file of the log with something added, as in
    /// `events (conflicted copy).jsonl` or `segments/… (1).jsonl`; by name.
    ///
    /// None of it is a part of the log. Only names are looked at.
    pub fn copies(&self) -> Result<Vec<PathBuf>, LogError> {
        let mut found = Vec::new();
        for (dir, is_copy) in [
            (self.dir.clone(), is_copy_of_active as fn(&str) -> bool),
            (self.dir.join(DIRECTORY), is_copy_of_sealed),
        ] {
            let names = if_there(self.disk.list(&dir)).map_err(LogError::io("read", &dir))?;
            let names = names.unwrap_or_default().into_iter().filter(|name| is_copy(name));
            found.extend(names.map(|name| dir.join(name)));
        }
        found.sort();
        Ok(found)
    }
}

fn is_copy_of_active(name: &str) -> bool {
    name != ACTIVE && name.starts_with(BEGINNING) && name.ends_with(ENDING)
}

/// Returns whether a name is that of a segment and more.
fn is_copy_of_sealed(name: &str) -> bool {
    let is_id = |at: usize| {
        let start = name.get(..at).map(|start| format!("{start}{ENDING}"));
        start.is_some_and(|start| named_ends(&start).is_some())
    };
    name.ends_with(ENDING) && named_ends(name).is_none() && (0..name.len()).any(is_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_told_from_the_log_and_from_what_has_nothing_to_do_with_it() {
        for (name, of_active, of_sealed) in [
            ("events.jsonl", false, false),
            ("events (conflicted copy).jsonl", true, false),
            ("events (Ann's conflicted copy 2026-03-25).jsonl", true, false),
            ("events.sync-conflict-20260325-153000-ABCDEFG.jsonl", true, false),
            ("events 2.jsonl", true, false),
            ("events-laptop.jsonl", true, false),
            ("events.jsonl.bak", false, false),
            ("outbox.jsonl", false, false),
            ("000000000001-0123abcd.jsonl", false, false),
            ("000000000001-0123abcd (1).jsonl", false, true),
            ("000000000001-0123abcd.sync-conflict-20260325-153000-ABCDEFG.jsonl", false, true),
            ("000000000001-0123abc (1).jsonl", false, false),
            ("notes.jsonl", false, false),
        ] {
            assert_eq!((is_copy_of_active(name), is_copy_of_sealed(name)), (of_active, of_sealed));
        }
    }
}
