//! What a repair puts on record.

#![expect(missing_docs, reason = "names that say it all, and the format's description")]

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::EventId;

/// A gap in the log, vouched for; or, where nothing is listed, heads that are joined.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repair {
    /// The lines that were cut out.
    pub cut: Vec<Cut>,
    /// The ids that other lines name and no line has.
    pub missing: BTreeSet<EventId>,
}

/// One line that was cut out of the log.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Cut {
    pub file: SmolStr,
    /// Its line number there, from 1.
    pub line: u64,
    /// The BLAKE3 digest of its bytes, without the line end.
    pub blake3: SmolStr,
    /// Its length, without the line end.
    pub bytes: u64,
}
