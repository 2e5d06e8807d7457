//! Repairing a mirror: what is damaged here, the fleet has.

use std::path::PathBuf;

use super::lines::LocalLines;
use super::publish::Copy;
use super::{MembershipError, Options, Store, StoreError, fleet};
use crate::events::{Log as _, LogStorage as _, check_id, written_id};
use crate::projection::checkpoint;
use crate::store::repair::{RepairOutcome, plan_of};
use crate::store::{TRIES, verify::existing};

/// What a repair of a mirror did, or would do.
#[derive(Debug, Default)]
pub struct MirrorRepair {
    /// What is wrong with the mirror. Nothing of it is put on record: it is as the fleet has it, then.
    pub found: RepairOutcome,
    /// How many lines the mirror has now.
    pub lines: u64,
    /// Where the files are kept as they were.
    pub aside: Option<PathBuf>,
}

impl Store {
    /// Takes the fleet's copy of the log in the place of a mirror that is damaged; without `is_done`,
    /// only finds out whether it is.
    pub fn repair_mirror(options: &Options, is_done: bool) -> Result<MirrorRepair, StoreError> {
        if !is_done {
            return Ok(MirrorRepair { found: Self::plan_repair(options)?, ..Default::default() });
        }
        let (mut fleet, mut log) = (fleet(options)?, existing(options)?);
        for _ in 0..TRIES {
            let guard = log.lock(options.wait)?;
            let (_, found) = plan_of(&mut log, options)?;
            if found.is_empty() {
                return Ok(MirrorRepair::default());
            }
            let mut lines = LocalLines::of(&mut log)?;
            let mut copy = Copy::new(options, &mut fleet);
            copy.draft = Some(log.draft_of(0)?);
            copy.read(|copy, page| copy.take(page).map(|()| true))?;
            let mut lacks = 0;
            while let Some((_, line)) = lines.next()? {
                let id = written_id(line).filter(|_| check_id(line).is_ok());
                lacks += u64::from(id.is_some_and(|id| !copy.there.contains(&id)));
            }
            if lacks > 0 {
                return Err(MembershipError::Lacks(lacks).into());
            }
            let (draft, lines) = (copy.draft.take(), copy.end.lines);
            let Some(draft) = draft else { continue };
            let date = options.now.strftime("%Y-%m-%d");
            let aside = log.new_aside(&format!("damaged-{date}"))?;
            if log.begin_anew(draft, &guard, &aside)? {
                log.clean_quarantine(&copy.forgotten, &[])?;
                checkpoint::remove(&options.disk, &options.cache())?;
                return Ok(MirrorRepair { found, lines, aside: Some(aside) });
            }
        }
        Err(StoreError::KeepsMoving(log.path().to_owned()))
    }
}
