//! What `persona-release` does: a session that ends gives its personas back,
//! and a session that starts takes them from those that fell silent.

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use muzzle_persona::Store;
use muzzle_persona::broker::{self, ReleaseRequest};
use muzzle_persona::events::{ReleaseReason, SessionId};
use muzzle_persona::projection::Needs;

use crate::Problem;
use crate::fail_open::{Answer, Watch};
use crate::payload::{self, Payload};
use crate::surroundings::Surroundings;

/// The time that the hook may take. All `SessionEnd` hooks share 1.5 s.
pub const TIMEOUT: Duration = Duration::from_secs(1);

/// Reads a payload and does what it asks for. There is never anything for stdout.
pub fn answer(
    input: impl Read,
    watch: &Arc<Watch>,
    mut surroundings: Surroundings,
) -> Result<Answer, Problem> {
    let json = payload::read(input)?;
    let payload = Payload::parse(json.get())?;
    let torn = match &*payload.hook_event_name {
        // A session that is resumed goes on: it is no end.
        "SessionEnd" if payload.reason.as_deref() != Some("resume") => {
            let session = SessionId::parse(&payload.session_id)?;
            let options = surroundings.options(watch)?;
            let reason = ReleaseReason::SessionEnd;
            let request = ReleaseRequest { session, agent: None, reason };
            let rng = &mut surroundings.rng;
            let mut store = Store::open(&options, rng)?;
            store
                .execute(&Needs::nothing(), options.now, rng, |now| broker::release(now, &request))?
                .torn
        }
        "SessionStart" => {
            let options = surroundings.options(watch)?;
            let rng = &mut surroundings.rng;
            let mut store = Store::open(&options, rng)?;
            let stale_after = store.rules().lifecycle.stale_after;
            store
                .execute(&Needs::nothing(), options.now, rng, |now| {
                    broker::clean_up(now, stale_after)
                })?
                .torn
        }
        _ => None,
    };
    let notes = torn.iter().map(ToString::to_string).collect();
    Ok(Answer { stdout: String::new(), notes })
}
