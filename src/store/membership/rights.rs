//! What a member may do with its fleet's keys.

use std::path::PathBuf;

use jiff::Timestamp;

use super::{Options, Store, StoreError, deadline, fleet, rehearse};
use crate::disk;
use crate::events::{LogError, decode};
use crate::fleet::{EndpointStatus, FleetError, Outbox, Range, RemoteConfig};

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
    /// The files of the settings that others than their owner may read or write, with their modes.
    pub open_to_others: Vec<(PathBuf, u32)>,
    /// When the last event of the fleet's log says that it happened.
    pub latest: Option<Timestamp>,
    /// How many reports wait for the fleet.
    pub waiting: u64,
    /// Reading another roster, which should not be so: asked only where the settings name a user.
    pub reads_others: Option<Result<(), FleetError>>,
}

impl Store {
    /// Finds out what the store may do with its fleet's keys. One is written and taken away again.
    pub fn fleet_rights(options: &Options, rng: &mut fastrand::Rng) -> Result<Rights, StoreError> {
        let mut fleet = fleet(options)?;
        let config = fleet.config().clone();
        let endpoints = fleet.etcd().status(deadline(options));
        let mut read = |key| fleet.etcd().range(&Range::of(key), deadline(options));
        let first = config.key(1);
        let digits = first.rsplit('/').next().unwrap_or_default();
        let other = format!("{}/{}-other/{digits}", config.prefix, config.roster);
        let reads = read(first.clone()).map(drop);
        let reads_others = config.user.is_some().then(|| read(other).map(drop));
        let latest = match &reads {
            Ok(()) => {
                let last = super::count::lines(&mut fleet, 0, options)?;
                let range = Range::of(config.key(last.max(1)));
                let page = fleet.etcd().range(&range, deadline(options))?;
                page.entries.first().and_then(|it| decode(&it.value).ok()).map(|it| it.at)
            }
            Err(_) => None,
        };
        let write = rehearse(&mut fleet, options, rng);
        let mut open_to_others = Vec::new();
        for file in [&config.password_file, &config.tls_key].into_iter().flatten() {
            let mode = disk::open_to_others(file).map_err(LogError::io("look at", file))?;
            open_to_others.extend(mode.map(|mode| (file.clone(), mode)));
        }
        let waiting = Outbox::new(&options.disk, &options.dir).read()?.len() as u64;
        Ok(Rights {
            config,
            endpoints,
            read: reads,
            write,
            open_to_others,
            latest,
            waiting,
            reads_others,
        })
    }
}
