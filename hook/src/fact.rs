//! What a client tells, whichever it is, and in whichever way it tells it.

use muzzle_persona::broker::{DeliveryRequest, EndRequest, HookSettings, Place};
use muzzle_persona::events::{PersonaName, RoleName, SessionId};

use crate::Problem;
use crate::call::Call;

/// One thing that a client tells of its agents or of a session.
pub enum Fact<'a> {
    /// An agent starts, or may: what it is told of its persona has this form.
    Start(Call, Form<'a>),
    /// A run that ended goes on.
    GoesOn(Call, DeliveryRequest, Form<'a>),
    /// A run began, and may be over.
    Began(DeliveryRequest),
    /// A run was not started.
    Denied(SessionId, Place),
    /// A run ended, or rests.
    Ended(EndRequest),
    /// A session is served by functions in the client.
    IsServed(SessionId),
    /// A session began, whose id may be of no use.
    SessionBegan(Option<SessionId>),
    /// A session was left to be gone on with.
    SessionGoesOn(Option<SessionId>),
    /// A session ended.
    SessionEnded(SessionId),
}

/// Writes a client's answer.
pub type Form<'a> = Box<dyn Fn(&Told<'_>) -> Result<String, Problem> + 'a>;

/// What a client is told of an agent.
pub struct Told<'a> {
    pub slot: &'a str,
    pub persona: &'a PersonaName,
    pub role: &'a RoleName,
    /// The words for the agent, if it is to be told any.
    pub preamble: Option<&'a str>,
    pub settings: &'a HookSettings,
}
