//! How a fleet is, and how far the mirror follows it.

use super::{Options, Store, StoreError, deadline, fleet};
use crate::events::{Record, decode};
use crate::fleet::{EndpointStatus, FleetError, Outbox, Range, RemoteConfig};

/// How many of the last events are told.
const LATEST: u64 = 5;

/// How a fleet is, and how far the mirror follows it.
#[derive(Debug)]
pub struct FleetStatus {
    /// The fleet.
    pub config: RemoteConfig,
    /// What each endpoint says of itself.
    pub endpoints: Vec<EndpointStatus>,
    /// How many lines the mirror has; or why it cannot be read.
    pub lines: Result<u64, StoreError>,
    /// How many the fleet has, and the last of them; or why that is not known.
    pub fleet: Result<(u64, Vec<LatestEvent>), FleetError>,
    /// The reports that wait for the fleet, oldest first.
    pub waiting: Vec<Record>,
}

/// An event of the fleet's, by its line.
#[derive(Debug)]
pub struct LatestEvent {
    /// The line, from 1.
    pub line: u64,
    /// The event, or nothing where the line is damaged.
    pub event: Option<Record>,
}

impl Store {
    /// Asks a store's fleet how it is, whatever is wrong with the mirror. Nothing is changed.
    pub fn fleet_status(options: &Options) -> Result<FleetStatus, StoreError> {
        let mut fleet = fleet(options)?;
        let config = fleet.config().clone();
        let waiting = Outbox::new(&options.disk, &options.dir).read()?;
        let lines = match Self::peek(options) {
            Ok(store) => Ok(store.view.position.lines),
            Err(StoreError::NoStore(_)) => Ok(0),
            Err(error) => Err(error),
        };
        let endpoints = fleet.etcd().status(deadline(options));
        let mut latest = || {
            let all = super::count::lines(&mut fleet, 0, options)?;
            let from = fleet.config().key(all.saturating_sub(LATEST - 1).max(1));
            let end = Some(fleet.config().range_end());
            let range = Range { from, end, limit: 0 };
            let page = fleet.etcd().range(&range, deadline(options))?;
            let latest = page.entries.into_iter().filter_map(|entry| {
                let line = fleet.config().line_number(&entry.key)?;
                let mut event = decode(&entry.value).ok();
                if let Some(record) = &mut event {
                    record.event.forget_text();
                }
                Some(LatestEvent { line, event })
            });
            Ok((all, latest.collect()))
        };
        let fleet = latest();
        Ok(FleetStatus { config, endpoints, lines, fleet, waiting })
    }
}
