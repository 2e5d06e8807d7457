//! The events of command hooks that clients have in common.

use muzzle_persona::events::{RunId, SessionId};

use crate::Problem;
use crate::fact::Fact;
use crate::payload::Payload;
use crate::run::end_request;

/// A run stopped. Nothing that is said of it tells how it went.
pub fn stopped<'a>(payload: &Payload<'a>) -> Result<Option<Fact<'a>>, Problem> {
    let Some(run) = payload.agent_id.said() else { return Ok(None) };
    Ok(Some(Fact::Ended(end_request(payload.session()?, RunId::parse(&run)?))))
}

#[expect(clippy::unnecessary_wraps, reason = "it is one of the readers")]
pub fn session_start<'a>(payload: &Payload<'a>) -> Result<Option<Fact<'a>>, Problem> {
    Ok(Some(Fact::SessionBegan(usable_session(payload))))
}

pub fn session_end<'a>(payload: &Payload<'a>) -> Result<Option<Fact<'a>>, Problem> {
    Ok(Some(match payload.reason.said().as_deref() {
        Some("resume") => Fact::SessionGoesOn(usable_session(payload)),
        _ => Fact::SessionEnded(payload.session()?),
    }))
}

fn usable_session(payload: &Payload<'_>) -> Option<SessionId> {
    payload.session().ok()
}
