//! What `persona-release` does: a session that ends gives its personas back,
//! and one that starts reclaims those of stale sessions.

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use muzzle_persona::Store;
use muzzle_persona::broker::{self, ReleaseRequest};
use muzzle_persona::events::{ReleaseReason, SessionId};
use muzzle_persona::projection::Needs;

use crate::payload::{self, Payload};
use crate::{Problem, deadline::Deadline, environment::Environment, fail_open::Answer};

/// The time that the hook may take. All `SessionEnd` hooks share 1.5 s.
pub const TIMEOUT: Duration = muzzle_persona::environment::RELEASE_TIMEOUT;

/// Reads a payload and does what it asks for. There is never anything for stdout.
pub fn answer(
    input: impl Read,
    deadline: &Arc<Deadline>,
    mut environment: Environment,
) -> Result<Answer, Problem> {
    let json = payload::read(input)?;
    let payload = Payload::parse(json.get())?;
    let ended = match payload.hook_event_name.as_str() {
        // A session that is resumed goes on: this is not its end.
        "SessionEnd" if payload.reason.as_deref() != Some("resume") => {
            Some(SessionId::parse(&payload.session_id)?)
        }
        "SessionStart" => None,
        _ => return Ok(Answer::default()),
    };
    let options = environment.options(deadline)?;
    let rng = &mut environment.rng;
    let mut store = Store::open(&options, rng)?;
    let (needs, now) = (&Needs::nothing(), options.now);
    if let Some(session) = ended {
        let request = ReleaseRequest { session, agent: None, reason: ReleaseReason::SessionEnd };
        store.execute(needs, now, rng, |it| broker::release(it, &request))?;
    } else {
        let age = store.rules().lifecycle.stale_after();
        store.execute(needs, now, rng, |it| broker::clean_up(it, age))?;
    }
    let torn = store.take_torn();
    let notes = torn.iter().map(ToString::to_string).chain(store.take_notices()).collect();
    Ok(Answer { stdout: String::new(), notes, pending: options.pending })
}
