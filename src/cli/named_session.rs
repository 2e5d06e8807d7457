//! A session that was named by how its name begins.

use std::collections::BTreeSet;

use muzzle_persona::Snapshot;
use muzzle_persona::events::{Event, SessionId};

use super::{Context, Failure};

/// Which sessions may be meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Among {
    /// Those that hold personas.
    Holding,
    /// Those that were ever lent any.
    All,
}

/// Finds the one session whose name begins as was typed, for a command that found nothing of the
/// session of just that name. Nothing if there is none, or if the log knows a session of that name:
/// then that one is meant, whatever else begins so.
pub fn begun(
    context: &mut Context,
    snapshot: &mut Snapshot,
    typed: &SessionId,
    among: Among,
) -> Result<Option<SessionId>, Failure> {
    let (mut is_known, mut begun) = (false, BTreeSet::new());
    // The type is a text of each `assign`: other lines are not even read.
    snapshot.visit(&["assign"], |record| {
        if let Event::Assign(assign) = &record.event {
            let session = &assign.session;
            is_known |= session == typed;
            if session.as_str().starts_with(typed.as_str()) && !begun.contains(session) {
                begun.insert(session.clone());
            }
        }
    })?;
    if among == Among::Holding {
        let holding: BTreeSet<_> = snapshot.roster().sessions().map(|(it, _)| it).collect();
        begun.retain(|session| holding.contains(session));
    }
    let begun: Vec<_> = begun.into_iter().collect();
    match begun.as_slice() {
        _ if is_known => Ok(None),
        [] => Ok(None),
        [session] => {
            context.notes.push(format!("note: `{typed}` is taken for the session `{session}`\n"));
            Ok(Some(session.clone()))
        }
        several => Err(Failure::ambiguous_session(typed, several)),
    }
}
