//! The fleet of a store that has one: its members, the rights there, the clock, and what waits.

use jiff::Timestamp;
use muzzle_persona::fleet::{EndpointStatus, FleetError};
use muzzle_persona::wording::Count;
use muzzle_persona::{Options, Rights, Store, StoreError};

use super::Check;
use super::store::sentence;
use crate::cli::failure::Failure;

/// By how many seconds the newest event may be in the future.
const CLOCK: i64 = 60;
const STATUS: &str = "`muzzle-persona remote status` tells how the members are";
const NOT_LENT: &str = "No agent gets a persona while the fleet cannot be asked.";
const NOT_WRITTEN: &str = "Nothing can be recorded, so no agent gets a persona.";

/// Checks the fleet of a store that has one.
pub fn checks(options: &Options, rng: &mut fastrand::Rng) -> Vec<Check> {
    match Store::remote(options) {
        Ok(None) => return Vec::new(),
        Ok(Some(_)) => {}
        Err(error) => return vec![failed("fleet.settings", error)],
    }
    match Store::fleet_rights(options, rng) {
        Ok(rights) => of_rights(&rights, options.now),
        Err(error) => vec![failed("fleet.settings", error)],
    }
}

fn of_rights(rights: &Rights, now: Timestamp) -> Vec<Check> {
    let roster = &rights.config.roster;
    let message = format!("The store shares the roster `{roster}` of a fleet.");
    let mut checks = vec![Check::ok("fleet.settings", message)];
    let is_any = rights.endpoints.iter().any(|it| it.status.is_ok());
    checks.extend(rights.endpoints.iter().map(|it| member(it, is_any)));
    checks.push(match &rights.read {
        Ok(()) => Check::ok("fleet.read", "The roster's log can be read."),
        Err(error) => refused("fleet.read", error),
    });
    checks.push(match &rights.write {
        Ok(()) => {
            Check::ok("fleet.write", "A key beside the log was written, and taken away again.")
        }
        Err(error) => refused("fleet.write", error),
    });
    checks.extend(rights.reads_others.as_ref().map(others));
    checks.extend(rights.latest.map(|latest| clock(latest, now)));
    checks.push(waiting(rights.waiting));
    checks.extend(rights.open_to_others.iter().map(|(path, mode)| {
        let shown = path.display().to_string();
        let quoted = shlex::try_quote(&shown).unwrap_or_default();
        let message = format!("Others than its owner may use `{shown}` ({mode:03o}).");
        let means = "Whoever reads it may write to the fleet in your name.";
        Check::warning("fleet.modes", message, means, &format!("`chmod go= {quoted}`"))
    }));
    checks
}

fn member(EndpointStatus { url, status }: &EndpointStatus, is_any: bool) -> Check {
    let id = "fleet.member";
    match status {
        Ok(it) if it.is_full => Check::problem(
            id,
            format!("`{url}` is full (NOSPACE)."),
            NOT_WRITTEN,
            "docs/fleets.md tells how to make room",
        ),
        Ok(it) if it.leader.is_none() => {
            Check::problem(id, format!("`{url}` has no leader."), NOT_LENT, STATUS)
        }
        Ok(it) => Check::ok(id, format!("`{url}` answers: etcd {}.", it.version)),
        Err(error) => {
            let message = sentence(&error.to_string());
            let hint = error.hint().unwrap_or_else(|| STATUS.to_owned());
            if is_any {
                let means = "Other members answer; the fleet outlasts less than half of them.";
                Check::warning(id, message, means, &hint)
            } else {
                Check::problem(id, message, NOT_LENT, &hint)
            }
        }
    }
}

fn refused(id: &'static str, error: &FleetError) -> Check {
    let hint = error.hint().unwrap_or_else(|| STATUS.to_owned());
    Check::problem(id, sentence(&error.to_string()), NOT_LENT, &hint)
}

/// Whether the user may read another roster, which is asked for one that nobody has.
fn others(reads: &Result<(), FleetError>) -> Check {
    let id = "fleet.others";
    match reads {
        Err(FleetError::NoRight { .. }) => {
            Check::ok(id, "Other rosters are closed to the user of `remote.toml`.")
        }
        Ok(()) => Check::warning(
            id,
            "The user of `remote.toml` may read other rosters.",
            "Whoever has this machine has them, too.",
            "docs/fleets.md tells how to give a user the rights on one roster",
        ),
        Err(error) => refused(id, error),
    }
}

fn clock(latest: Timestamp, now: Timestamp) -> Check {
    let (id, ahead) = ("fleet.clock", latest.duration_since(now).as_secs());
    if ahead <= CLOCK {
        return Check::ok(id, "The newest event of the fleet is not from the future.");
    }
    let message = format!("The newest event of the fleet is {ahead} s in the future.");
    let means = "The clock of this machine or of another member is wrong: how long ago something was counts for the choice, and for who is idle.";
    Check::warning(id, message, means, "look at the clocks, as with `timedatectl`")
}

fn waiting(reports: u64) -> Check {
    let id = "fleet.outbox";
    if reports == 0 {
        return Check::ok(id, "No report waits for the fleet.");
    }
    let reports = Count(reports, "report");
    let message = format!("{reports} {} for the fleet.", reports.agree("waits", "wait"));
    let means =
        "The fleet could not be reached when they came; other machines do not know of them.";
    Check::warning(id, message, means, "`muzzle-persona remote pull` tells the fleet of them")
}

fn failed(id: &'static str, error: StoreError) -> Check {
    let Failure { message, hint, .. } = Failure::from(error);
    Check::problem(id, sentence(&message), NOT_LENT, &hint.unwrap_or_default())
}
