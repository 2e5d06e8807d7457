//! A store as a member of a fleet: joining and leaving, and comparing the mirror with the fleet's log.
//!
//! What is done here in many steps ends with the file `remote.toml`, or begins with it: a process that
//! dies on the way leaves a store that works, and doing it again finishes it.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::{Options, Store, StoreError, Work};
use crate::events::Position;
use crate::fleet::{
    Committed, Compare, FILE, FleetError, FleetLog, Operation, Outbox, Range, RemoteConfig,
    Transaction,
};
use crate::wording::Count;

mod check;
mod count;
mod join;
mod leave;
mod lines;
mod mend;
mod publish;
mod restore;
mod rights;
mod status;

pub use check::{Difference, DifferenceKind, FleetCheck};
pub use join::Joined;
pub use leave::Left;
pub use mend::MirrorRepair;
pub use restore::Restored;
pub use rights::Rights;
pub use status::{FleetStatus, LatestEvent};

/// The least time that each request has: a command that may take minutes is no reason to give up early.
const LEAST_WAIT: Duration = Duration::from_secs(2);

/// Why something cannot be done with a store and a fleet.
#[expect(missing_docs, reason = "the messages say what each is")]
#[derive(Debug, thiserror::Error)]
pub enum MembershipError {
    #[error("the store in `{}` belongs to no fleet", .0.display())]
    NotMember(PathBuf),
    #[error("the store belongs to the roster `{roster}` at `{endpoint}` already")]
    OtherFleet { roster: String, endpoint: String },
    #[error("the log in `{}` is not sound, and a fleet takes nothing that is damaged", .0.display())]
    NotSound(PathBuf),
    #[error("{} not reached the fleet yet", waiting(*.0))]
    Waiting(u64),
    #[error(
        "the fleet's log lacks {} that the log here has: with its copy, {} would be lost",
        Count(*.0, "event"), Count(*.0, "event").agree("it", "they")
    )]
    Lacks(u64),
    #[error(
        "line {line} of the fleet's log is not the one that is here: another event stands there, or it is damaged"
    )]
    NotRestorable { line: u64 },
}

fn waiting(reports: u64) -> String {
    let reports = Count(reports, "report");
    format!("{reports} {}", reports.agree("has", "have"))
}

/// Until when a request may take.
fn deadline(options: &Options) -> Instant {
    Instant::now() + options.wait.max(LEAST_WAIT)
}

/// The fleet that the store belongs to.
fn config(options: &Options) -> Result<RemoteConfig, StoreError> {
    let config = RemoteConfig::read(&options.dir)?;
    Ok(config.ok_or_else(|| MembershipError::NotMember(options.dir.clone()))?)
}

/// The log of the fleet that the store belongs to.
fn fleet(options: &Options) -> Result<FleetLog, StoreError> {
    Ok(FleetLog::new(config(options)?, &options.cache())?)
}

/// Makes sure that the settings may write: puts a key of its own beside the roster's lines, and takes
/// it away again.
fn rehearse(
    fleet: &mut FleetLog,
    options: &Options,
    rng: &mut fastrand::Rng,
) -> Result<(), FleetError> {
    let RemoteConfig { prefix, roster, .. } = fleet.config();
    // Whoever may write the lines may write this; it is none of them.
    let key = format!("{prefix}/{roster}/rehearsal/{:016x}", rng.u64(..));
    let only = Range::of(key.clone());
    let send = |fleet: &mut FleetLog, compare, operation| {
        let success = vec![operation];
        let transaction = Transaction { compare, success, failure: only.clone() };
        match fleet.etcd().transact(&transaction, deadline(options))? {
            // It is there because this was sent twice.
            Committed::Done | Committed::Failed(_) => Ok::<_, FleetError>(()),
        }
    };
    let value = b"written and taken away to see whether that is allowed".to_vec();
    let put = Operation::Put { key: key.clone(), value };
    send(fleet, vec![Compare::Absent { key: key.clone() }], put)?;
    send(fleet, Vec::new(), Operation::Delete { key })
}

impl Store {
    /// The fleet that a store belongs to, if it does.
    pub fn remote(options: &Options) -> Result<Option<RemoteConfig>, StoreError> {
        Ok(RemoteConfig::read(&options.dir)?)
    }

    /// Brings all that the fleet has and the store has not, and tells the fleet what waits; returns how
    /// many events came, and how many were told.
    pub fn pull(options: &Options) -> Result<(u64, u64, Self), StoreError> {
        config(options)?;
        let mut store = Self::unread(options.log()?, options)?;
        store.recall();
        store.read()?;
        let before = store.view.position.lines;
        let wait = options.wait.max(LEAST_WAIT);
        let position = store.view.position;
        let report = |done: &Position, more: bool| {
            let all = done.lines + u64::from(more);
            options.progress.report_of(Work::Fetching, (done.lines, all));
        };
        store.log.pull(&position, wait, report)?;
        store.read()?;
        let came = store.view.position.lines.saturating_sub(before);
        let waited = Outbox::new(&options.disk, &options.dir).read()?.len() as u64;
        store.tell_if_reachable()?;
        let left = Outbox::new(&options.disk, &options.dir).read()?.len() as u64;
        store.keep_if(came > super::UNSAVED_BY_READERS);
        Ok((came, waited - left.min(waited), store))
    }

    /// How many lines the log has, as far as it was read.
    #[must_use]
    pub fn lines(&self) -> u64 {
        self.view.position.lines
    }

    /// Returns whether all texts of the log may reach prompts here, as the store's `remote.toml` says.
    #[must_use]
    pub fn trusts_all(&self) -> bool {
        self.allowed.trusts_all()
    }
}

/// The file that makes a store a member.
pub const REMOTE: &str = FILE;
