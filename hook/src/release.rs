//! What `persona-release` does: a session that ends gives its personas back, and one that starts
//! reclaims those of stale sessions. A mod says that it serves a session that started.

use std::borrow::Cow;
use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use muzzle_persona::broker::{self, ClientSettings, ReleaseRequest};
use muzzle_persona::events::{ReleaseReason, SessionId};
use muzzle_persona::projection::Needs;
use muzzle_persona::{Options, Store, served, user_seed};
use serde::Serialize;

use crate::fact::Fact;
use crate::payload::{self, Payload};
use crate::run::said;
use crate::{Problem, client, deadline::Deadline, environment::Environment, fail_open::Answer};

/// What `--help` prints.
pub const HELP: &str = "\
Take personas back when a session of a client ends.

Usage: persona-release < PAYLOAD

A client starts it with a JSON payload on stdin: the events SessionStart and SessionEnd of the command
hooks of Claude Code and Codex, and session.start of Claude Code's mod. It answers the mod alone, with what it
is to show, and always exits with 0.
";
/// The time that the hook may take. All `SessionEnd` hooks share 1.5 s.
pub const TIMEOUT: Duration = muzzle_persona::environment::RELEASE_TIMEOUT;

/// Reads a payload and does what it asks for. Only a mod is answered: what it is to show.
pub fn answer(
    input: impl Read,
    deadline: &Arc<Deadline>,
    mut environment: Environment,
) -> Result<Answer, Problem> {
    let json = payload::read(input)?;
    let payload = Payload::parse(json.get())?;
    let fact = client::read(&payload)?;
    let (session, ends) = match &fact {
        Some(Fact::IsServed(session)) => {
            let options = environment.options(deadline)?;
            served::mark(&options, session)?;
            return Ok(Answer { stdout: shown(&options)?, ..Answer::default() });
        }
        Some(Fact::SessionBegan(session)) => (session.as_ref(), false),
        // This is not its end.
        Some(Fact::SessionGoesOn(session)) => {
            unmark(&environment.options(deadline)?, session.as_ref());
            return Ok(Answer::default());
        }
        Some(Fact::SessionEnded(session)) => (Some(session), true),
        _ => return Ok(Answer::default()),
    };
    let options = environment.options(deadline)?;
    unmark(&options, session);
    let rng = &mut environment.rng;
    let mut store = Store::open(&options, rng)?;
    let (needs, now) = (&Needs::nothing(), options.now);
    if let Some(session) = session.filter(|_| ends).cloned() {
        let request = ReleaseRequest { session, agent: None, reason: ReleaseReason::SessionEnd };
        store.execute(needs, now, rng, |it| broker::release(it, &request))?;
    } else {
        let age = store.rules().lifecycle.stale_after();
        store.execute(needs, now, rng, |it| broker::clean_up(it, age))?;
    }
    let flaw = store.seed_flaw();
    let flaw = flaw.map(|flaw| format!("{flaw}; the built-in seed is used instead"));
    let mut answer = said(String::new(), store, options);
    answer.notes.extend(flaw);
    Ok(answer)
}

/// What a mod is to show, and which file tells it that something was recorded.
#[derive(Debug, Serialize)]
struct Shown<'a> {
    log: Cow<'a, str>,
    #[serde(flatten)]
    client: ClientSettings,
}

fn shown(options: &Options) -> Result<String, Problem> {
    let (log, client) = (options.log_file(), user_seed(options).unwrap_or_default().client());
    Ok(serde_json::to_string(&Shown { log: log.to_string_lossy(), client })? + "\n")
}

/// Takes the mark of a mod away: a client without mods may go on with a session that one with mods was
/// killed in.
fn unmark(options: &Options, session: Option<&SessionId>) {
    // One that cannot be taken away says nothing after a day: what follows matters more.
    let _ = session.map(|session| served::unmark(options, session));
}
