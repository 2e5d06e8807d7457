//! The client: which endpoint is asked, when the next one is, and who logs in.

use std::fmt;
use std::path::Path;
use std::time::{Duration, Instant};

use super::config::{self, FILE};
use super::login::Login;
use super::request::{Committed, EndpointStatus, MemberStatus, Page, Range, Transaction};
use super::silence::Silence;
use super::transport::{Request, Transport};
use super::watch::Watch;
use super::{FleetError, RemoteConfig, wire};

/// How long an endpoint may keep silent where there are others.
const LONGEST_SHARE: Duration = Duration::from_secs(1);

/// A client of etcd's gateway. It asks one endpoint at a time, the first time one at random.
pub struct Etcd {
    endpoints: Vec<String>,
    /// Which of them is asked first.
    next: usize,
    transport: Transport,
    login: Option<Login>,
    silence: Silence,
}

/// It holds what is secret.
impl fmt::Debug for Etcd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Etcd").field("endpoints", &self.endpoints).finish_non_exhaustive()
    }
}

/// When a request goes to another endpoint after one where it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Passed {
    /// Whatever happened to it there: it changes nothing.
    Always,
    /// If it certainly was not carried out.
    Undone,
}

impl Etcd {
    /// Prepares a client; nothing is sent yet. The token of a login is kept in `cache_dir`, and whether
    /// the fleet keeps silent.
    pub fn new(config: &RemoteConfig, cache_dir: &Path) -> Result<Self, FleetError> {
        config.check(Path::new(FILE))?;
        let urls = config.endpoints.iter().filter_map(|it| config::endpoint_url(it));
        let endpoints: Vec<_> = urls.collect();
        // Not all machines begin with the same one.
        let mut random = fastrand::Rng::with_seed(u64::from(std::process::id()));
        Ok(Self {
            next: random.usize(..endpoints.len().max(1)),
            endpoints,
            transport: Transport::new(config)?,
            login: Login::new(config, cache_dir),
            silence: Silence::new(config, cache_dir),
        })
    }

    /// Reads a range. Where an endpoint fails, the next one is asked, until `deadline`.
    ///
    /// Where entries are so large that the answer would be too long, it has fewer than the limit says.
    pub fn range(&mut self, range: &Range, deadline: Instant) -> Result<Page, FleetError> {
        let mut range = range.clone();
        loop {
            match self.read(&range, deadline) {
                Err(FleetError::TooLong { .. }) if range.limit > 1 => range.limit /= 2,
                page => return page,
            }
        }
    }

    fn read(&mut self, range: &Range, deadline: Instant) -> Result<Page, FleetError> {
        let body = wire::range(range);
        self.each(Passed::Always, deadline, |etcd, endpoint, until| {
            etcd.ask(endpoint, wire::RANGE, &body, Passed::Always, until, wire::page)
        })
    }

    /// Sends a transaction, once: where an endpoint certainly did not carry it out, the next one gets
    /// it, but never where that is open ([`FleetError::is_open`]). Sending it again is the caller's,
    /// and then begins with the next endpoint.
    pub fn transact(
        &mut self,
        transaction: &Transaction,
        deadline: Instant,
    ) -> Result<Committed, FleetError> {
        let body = wire::transaction(transaction);
        self.each(Passed::Undone, deadline, |etcd, endpoint, until| {
            etcd.ask(endpoint, wire::TRANSACTION, &body, Passed::Undone, until, wire::committed)
        })
    }

    /// Follows the keys from `from` up to, not including, `end`: from a revision on, or from now on.
    ///
    /// What comes within `timeout` is told, and then nothing more.
    pub fn watch(
        &mut self,
        from: &str,
        end: &str,
        start_revision: Option<u64>,
        timeout: Duration,
    ) -> Result<Watch, FleetError> {
        let (body, last) = (wire::watch(from, end, start_revision), Instant::now() + timeout);
        self.each(Passed::Always, last, |etcd, endpoint, until| {
            etcd.as_user(endpoint, Passed::Always, until, |transport, token| {
                let request =
                    Request { path: wire::WATCH, body: &body, token, without_leader: false };
                Watch::begin(transport, endpoint, request, until, last)
            })
        })
    }

    /// What is known of a silence.
    pub(super) fn silence(&mut self) -> &mut Silence {
        &mut self.silence
    }

    /// Asks every endpoint how it is, each with its share of the time until `deadline`.
    pub fn status(&mut self, deadline: Instant) -> Vec<EndpointStatus> {
        let endpoints = self.endpoints.clone();
        let count = endpoints.len();
        let asked = endpoints.into_iter().enumerate().map(|(index, url)| {
            let left = deadline.saturating_duration_since(Instant::now());
            let share = left / u32::try_from(count - index).unwrap_or(u32::MAX);
            let status = self.member(&url, Instant::now() + share);
            self.silence.learn(&status);
            EndpointStatus { url, status }
        });
        asked.collect()
    }

    /// Asks a member how it is: without a user first, since most say it to anybody, and a member
    /// without a leader can log nobody in.
    fn member(&mut self, endpoint: &str, until: Instant) -> Result<MemberStatus, FleetError> {
        let ask = |transport: &Transport, token: Option<&str>| {
            let request = Request { path: wire::STATUS, body: b"{}", token, without_leader: true };
            transport.ask(endpoint, request, until, wire::member)
        };
        match ask(&self.transport, None) {
            Err(FleetError::TokenRefused { .. } | FleetError::NoRight { .. }) => {
                self.as_user(endpoint, Passed::Always, until, ask)
            }
            answer => answer,
        }
    }

    /// Does something at one endpoint after the other, until one answers.
    ///
    /// Each but the last has half of the time that is left, and a second at most, so that one that keeps
    /// silent leaves the others some: a member that just lost its leader says nothing until there is
    /// another. What is told in the end is what the first one said, or rather the first that was reached
    /// at all.
    fn each<T>(
        &mut self,
        passed: Passed,
        deadline: Instant,
        mut ask: impl FnMut(&mut Self, &str, Instant) -> Result<T, FleetError>,
    ) -> Result<T, FleetError> {
        let mut told: Option<FleetError> = None;
        for left in (1..=self.endpoints.len()).rev() {
            let endpoint = self.endpoints.get(self.next).cloned().unwrap_or_default();
            let now = Instant::now();
            let time = deadline.saturating_duration_since(now);
            if let Some(told) = told.take_if(|_| time.is_zero()) {
                return Err(told);
            }
            let share = (time / 2).min(LONGEST_SHARE);
            let until = if left > 1 { now + share } else { deadline };
            let answer = ask(self, &endpoint, until);
            self.silence.learn(&answer);
            let error = match answer {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            if error.is_of_request() {
                return Err(error);
            }
            // The next request begins elsewhere, too.
            self.next = (self.next + 1) % self.endpoints.len();
            if passed == Passed::Undone && error.is_open() {
                return Err(error);
            }
            if told.as_ref().is_none_or(|told| told.is_unreached() && !error.is_unreached()) {
                told = Some(error);
            }
        }
        Err(told.unwrap_or(FleetError::NoConnection {
            endpoint: String::new(),
            waited: Duration::ZERO,
        }))
    }

    fn ask<T>(
        &mut self,
        endpoint: &str,
        path: &str,
        body: &[u8],
        passed: Passed,
        until: Instant,
        read: impl Fn(&[u8]) -> Option<T> + Copy,
    ) -> Result<T, FleetError> {
        self.as_user(endpoint, passed, until, |transport, token| {
            let request = Request { path, body, token, without_leader: false };
            transport.ask(endpoint, request, until, read)
        })
    }

    /// Does something as the user that the settings name, if they do: with the token that is known,
    /// and if that is refused, with that of a new login.
    fn as_user<T>(
        &mut self,
        endpoint: &str,
        passed: Passed,
        until: Instant,
        mut ask: impl FnMut(&Transport, Option<&str>) -> Result<T, FleetError>,
    ) -> Result<T, FleetError> {
        let Some(login) = &mut self.login else { return ask(&self.transport, None) };
        if let Some(token) = login.token() {
            match ask(&self.transport, Some(token)) {
                Err(FleetError::TokenRefused { .. }) => {}
                // Some releases say it by closing the connection.
                Err(error @ FleetError::ConnectionLost { .. }) => {
                    login.forget();
                    if passed == Passed::Undone {
                        return Err(error);
                    }
                }
                // A cluster that was restored or replaced may say nothing at all to a token of before.
                Err(error @ FleetError::NoAnswer { .. }) => {
                    login.discard();
                    return Err(error);
                }
                answer => return answer,
            }
        }
        let token = login.log_in(&self.transport, endpoint, until)?;
        ask(&self.transport, Some(token))
    }
}
