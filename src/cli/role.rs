//! A role that was named to look at what is there.

use muzzle_persona::events::{EventText, RoleName};
use muzzle_persona::{Snapshot, StoreError};

/// Names the role that is meant, or refuses; one that is none, or not any more, may be in the log.
pub fn find(snapshot: &mut Snapshot, typed: &RoleName) -> Result<RoleName, StoreError> {
    let refusal = match snapshot.rules().roles.known(typed) {
        Ok(role) => return Ok(role.name.clone()),
        Err(refusal) => refusal,
    };
    let mut is_there = false;
    snapshot.visit(&[typed.as_str()], |record| {
        let named = [EventText::Role(typed), EventText::RequestedRole(typed)];
        is_there |= record.event.texts().any(|text| named.contains(&text));
    })?;
    if is_there { Ok(typed.clone()) } else { Err(refusal.into()) }
}
