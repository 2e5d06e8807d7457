//! What a member may do with its fleet's keys.

use super::{Options, Store, StoreError, deadline, fleet, rehearse};
use crate::fleet::{EndpointStatus, FleetError, Range, RemoteConfig};

/// What a member may do, each with why not.
#[derive(Debug)]
pub struct Rights {
    /// The fleet.
    pub config: RemoteConfig,
    /// What each endpoint says of itself.
    pub endpoints: Vec<EndpointStatus>,
    /// Reading the roster's log.
    pub read: Result<(), FleetError>,
    /// Writing to it, as far as a key of its own beside the lines tells.
    pub write: Result<(), FleetError>,
    /// Reading another roster, which should not be so: asked only where the settings name a user.
    pub reads_others: Option<Result<(), FleetError>>,
}

impl Store {
    /// Finds out what the store may do with its fleet's keys. One is written and taken away again.
    pub fn fleet_rights(options: &Options, rng: &mut fastrand::Rng) -> Result<Rights, StoreError> {
        let mut fleet = fleet(options)?;
        let config = fleet.config().clone();
        let endpoints = fleet.etcd().status(deadline(options));
        let mut read = |from: String| {
            let range = Range { from, end: None, limit: 1, serializable: false };
            fleet.etcd().range(&range, deadline(options)).map(drop)
        };
        let (first, prefix) = (config.key(1), &config.prefix);
        let other = format!(
            "{prefix}/{}-other/{}",
            config.roster,
            first.rsplit('/').next().unwrap_or_default()
        );
        let reads = read(first);
        let reads_others = config.user.is_some().then(|| read(other));
        let write = rehearse(&mut fleet, options, rng);
        Ok(Rights { config, endpoints, read: reads, write, reads_others })
    }
}
