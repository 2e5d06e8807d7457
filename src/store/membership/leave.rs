//! Leaving a fleet: the mirror stays as an ordinary store.

use super::{MembershipError, Options, REMOTE, Store, StoreError, config};
use crate::disk::if_there;
use crate::events::{Log as _, LogError, LogStorage as _};
use crate::fleet::{Outbox, RemoteConfig, SILENT, TOKEN};

/// What was left, and how.
#[derive(Debug)]
pub struct Left {
    /// The fleet.
    pub config: RemoteConfig,
    /// How many events came first.
    pub fetched: u64,
    /// Why what the fleet has could not be brought first, if it could not.
    pub behind: Option<String>,
    /// How many reports were given up that the fleet was not told of.
    pub discarded: u64,
}

impl Store {
    /// Takes a store out of its fleet, which keeps what it has. What the fleet has besides is brought
    /// first, if it answers.
    ///
    /// Reports that wait for the fleet are in the way, unless they are to be given up.
    pub fn leave_fleet(options: &Options, discards: bool) -> Result<Left, StoreError> {
        let config = config(options)?;
        let (fetched, behind) = match Self::pull(options) {
            Ok((fetched, _, _)) => (fetched, None),
            Err(error @ StoreError::Log(LogError::Elsewhere { .. } | LogError::Damaged { .. })) => {
                (0, Some(error.to_string()))
            }
            Err(error) => return Err(error),
        };
        let mut log = options.files();
        let _guard = log.lock(options.wait)?;
        let outbox = Outbox::new(&options.disk, &options.dir);
        let waiting = outbox.read()?.len() as u64;
        if waiting > 0 && !discards {
            return Err(MembershipError::Waiting(waiting).into());
        }
        // A mirror is not synced: what it has, the fleet has.
        log.sync()?;
        log.sync_all_names()?;
        let [token, silent] = [TOKEN, SILENT].map(|file| options.cache().join(file));
        for path in [outbox.path(), &options.dir.join(REMOTE), &token, &silent] {
            let removed = if_there(options.disk.remove(path));
            removed.map_err(LogError::io("remove", path))?;
        }
        let synced = options.disk.sync_dir(&options.dir);
        synced.map_err(LogError::io("sync", &options.dir))?;
        Ok(Left { config, fetched, behind, discarded: waiting })
    }
}
