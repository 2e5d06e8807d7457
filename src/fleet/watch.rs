//! Changes, as they come: an answer that goes on, a line of JSON each.

use std::io::{self, BufRead as _, BufReader, Read as _};
use std::time::Instant;

use ureq::{BodyReader, Timeout};

use super::FleetError;
use super::failure::Asked;
use super::request::Entry;
use super::transport::{ANSWER_LIMIT, Request, Transport};
use super::wire::{Watched, watched};
use crate::events::one_line;

/// Changes, as they come.
pub struct Watch {
    endpoint: String,
    user: Option<String>,
    lines: BufReader<BodyReader<'static>>,
    line: Vec<u8>,
}

impl std::fmt::Debug for Watch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watch").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

impl Watch {
    /// Begins a watch: it has to be accepted before `until`, and ends at `last`.
    pub(super) fn begin(
        transport: &Transport,
        endpoint: &str,
        request: Request<'_>,
        until: Instant,
        last: Instant,
    ) -> Result<Self, FleetError> {
        let now = Instant::now();
        let (to_begin, within) = (until - now, last - now);
        let body = transport.open(endpoint, request, to_begin, within)?;
        let lines = BufReader::new(body.into_with_config().limit(u64::MAX).reader());
        let user = transport.asked(endpoint).user.map(ToOwned::to_owned);
        let mut watch = Self { endpoint: endpoint.to_owned(), user, lines, line: Vec::new() };
        // The first line says that it has begun, or why not.
        watch.read()?;
        Ok(watch)
    }

    /// Reads a line; `None` once the time is over.
    fn read(&mut self) -> Result<Option<Watched>, FleetError> {
        self.line.clear();
        let mut limited = self.lines.by_ref().take(ANSWER_LIMIT);
        let read = match limited.read_until(b'\n', &mut self.line) {
            Ok(0) => return Err(self.lost("it ended")),
            Ok(read) => read,
            Err(error) if is_timeout(&error) => return Ok(None),
            Err(error) => return Err(self.lost(&one_line(&error.to_string()))),
        };
        let endpoint = || self.endpoint.clone();
        if !self.line.ends_with(b"\n") && read as u64 == ANSWER_LIMIT {
            return Err(FleetError::TooLong { endpoint: endpoint(), limit: ANSWER_LIMIT });
        }
        match watched(&self.line) {
            Some(Watched::Ended(reason)) => Err(self.asked().problem(200, &reason)),
            Some(watched) => Ok(Some(watched)),
            None => Err(self.asked().not_etcd(200, "a line that is none of a watch")),
        }
    }

    fn asked(&self) -> Asked<'_> {
        let user = self.user.as_deref();
        Asked { endpoint: &self.endpoint, user, has_client_certificate: false }
    }

    fn lost(&self, reason: &str) -> FleetError {
        FleetError::ConnectionLost { endpoint: self.endpoint.clone(), reason: reason.to_owned() }
    }
}

/// Waits for the next changes, and ends once the time is over. Keys that were taken away are left out.
impl Iterator for Watch {
    type Item = Result<Vec<Entry>, FleetError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.read().transpose()? {
                Ok(Watched::Put(entries)) => return Some(Ok(entries)),
                Ok(_) => {}
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

fn is_timeout(error: &io::Error) -> bool {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<ureq::Error>());
    matches!(inner, Some(ureq::Error::Timeout(Timeout::Global | Timeout::RecvBody)))
}
