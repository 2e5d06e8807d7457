//! Giving a fleet back the lines that it lost and the mirror has.

use super::check::check;
use super::{FleetCheck, MembershipError, Options, Store, StoreError, Work, deadline, fleet};
use crate::events::LogStorage as _;
use crate::fleet::{
    Committed, Compare, FleetLog, MOST_BYTES, MOST_LINES, Operation, Range, Transaction,
};

/// What a restore did, or would do.
#[derive(Debug)]
pub struct Restored {
    /// How the fleet's log was before.
    pub check: FleetCheck,
    /// How many lines were given back.
    pub restored: u64,
}

impl Store {
    /// Puts the lines that the fleet lacks back from the mirror, if all others are the mirror's; without
    /// `is_done`, only finds out which these are.
    ///
    /// A line is put only where none is, so that doing it again finishes it, and another machine may do
    /// the same at once.
    pub fn restore_fleet(options: &Options, is_done: bool) -> Result<Restored, StoreError> {
        // Nothing is to be appended meanwhile by this machine.
        let _guard = options.files().hold(options.wait);
        let mut fleet = fleet(options)?;
        let found = check(options, &mut fleet, Work::Comparing, |_, _| Ok(()))?;
        if !is_done || found.is_same() {
            return Ok(Restored { check: found, restored: 0 });
        }
        if let Some(first) = found.first.as_ref().filter(|_| !found.is_restorable()) {
            return Err(MembershipError::NotRestorable { line: first.line }.into());
        }
        // The client is one, and is asked for pages meanwhile.
        let mut writer = super::fleet(options)?;
        let (mut part, mut bytes, mut restored) = (Vec::new(), 0, 0);
        check(options, &mut fleet, Work::Restoring, |line, value| {
            if part.len() == MOST_LINES || bytes + value.len() > MOST_BYTES {
                restored += put(options, &mut writer, &part)?;
                (part, bytes) = (Vec::new(), 0);
            }
            bytes += value.len();
            part.push((line, value.to_vec()));
            Ok(())
        })?;
        restored += put(options, &mut writer, &part)?;
        Ok(Restored { check: found, restored })
    }
}

/// Puts lines where none is. Should somebody else have done that meanwhile, it has to be the same.
fn put(
    options: &Options,
    fleet: &mut FleetLog,
    lines: &[(u64, Vec<u8>)],
) -> Result<u64, StoreError> {
    let Some((first, _)) = lines.first() else { return Ok(0) };
    let config = fleet.config();
    let keys: Vec<_> = lines.iter().map(|(line, value)| (config.key(*line), value)).collect();
    let compare = keys.iter().map(|(key, _)| Compare::Absent { key: key.clone() }).collect();
    let success = keys
        .iter()
        .map(|(key, value)| Operation::Put { key: key.clone(), value: (*value).clone() });
    let end = Some(config.range_end());
    let limit = u32::try_from(MOST_LINES).unwrap_or_default();
    let failure = Range { from: config.key(*first), end, limit };
    let transaction = Transaction { compare, success: success.collect(), failure };
    let page = match fleet.transact(&transaction, deadline(options))? {
        Committed::Done => return Ok(lines.len() as u64),
        Committed::Failed(page) => page,
    };
    for ((key, value), (line, _)) in keys.iter().zip(lines) {
        let there = page.entries.iter().find(|entry| entry.key == *key);
        if there.is_none_or(|entry| entry.value != **value) {
            return Err(MembershipError::NotRestorable { line: *line }.into());
        }
    }
    Ok(lines.len() as u64)
}
