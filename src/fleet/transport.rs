//! One request to one endpoint, over a connection that is kept.

use std::fmt;
use std::time::{Duration, Instant};

use ureq::http::header::CONTENT_TYPE;
use ureq::unversioned::transport::{Connector as _, RustlsConnector, TcpConnector};
use ureq::{Agent, Body};

use super::failure::Asked;
use super::one_write::OneWriteConnector;
use super::resolver::Resolver;
use super::{FleetError, RemoteConfig, config, tls};

/// The most bytes of an answer, and of a line of a watch.
pub const ANSWER_LIMIT: u64 = 64 << 20;

/// The part of a request's time in which it has to be connected. What fails later may have been sent.
const TO_CONNECT: f64 = 0.9;

/// Has a member without a leader say so at once, instead of waiting for one.
const WITH_LEADER: (&str, &str) = ("Grpc-Metadata-Hasleader", "true");

/// What the connections to all endpoints share.
#[derive(Debug)]
pub struct Transport {
    agent: Agent,
    user: Option<String>,
    has_client_certificate: bool,
}

/// One request.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    pub path: &'a str,
    pub body: &'a [u8],
    pub token: Option<&'a str>,
    /// Whether a member without a leader may answer, too.
    pub without_leader: bool,
}

/// It holds what is secret.
impl fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Transport {
    pub fn new(settings: &RemoteConfig) -> Result<Self, FleetError> {
        let mut agent = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            // The environment has no say in where a store's log is.
            .proxy(None)
            .user_agent(concat!("muzzle-persona/", env!("CARGO_PKG_VERSION")));
        if settings.endpoints.iter().any(|endpoint| config::is_secure(endpoint)) {
            agent = agent.tls_config(tls::settings(settings)?);
        }
        let connector = TcpConnector::default().chain(RustlsConnector::default());
        let connector = connector.chain(OneWriteConnector);
        Ok(Self {
            agent: Agent::with_parts(agent.build(), connector, Resolver::default()),
            user: settings.user.clone(),
            has_client_certificate: settings.tls_cert.is_some(),
        })
    }

    /// Who is asked at an endpoint.
    pub fn asked<'a>(&'a self, endpoint: &'a str) -> Asked<'a> {
        Asked {
            endpoint,
            user: self.user.as_deref(),
            has_client_certificate: self.has_client_certificate,
        }
    }

    /// Sends a request and reads the whole answer, until `deadline`; `read` makes something of it.
    pub fn ask<T>(
        &self,
        endpoint: &str,
        request: Request<'_>,
        deadline: Instant,
        read: impl Fn(&[u8]) -> Option<T>,
    ) -> Result<T, FleetError> {
        let asked = self.asked(endpoint);
        let start = Instant::now();
        let within = deadline.saturating_duration_since(start);
        let (status, kind, mut body) = self.send(asked, request, within, within)?;
        let answer = body.with_config().limit(ANSWER_LIMIT).read_to_vec();
        let answer = answer.map_err(|error| asked.failure(error, start.elapsed()))?;
        match status {
            200 => read(&answer).ok_or_else(|| asked.not_etcd(status, &kind)),
            _ => Err(asked.refusal(status, &kind, &answer)),
        }
    }

    /// Sends a request of which the answer ends at some time, at the latest `within` from now; it has
    /// to begin within `to_begin`.
    pub fn open(
        &self,
        endpoint: &str,
        request: Request<'_>,
        to_begin: Duration,
        within: Duration,
    ) -> Result<Body, FleetError> {
        let asked = self.asked(endpoint);
        let (status, kind, mut body) = self.send(asked, request, to_begin, within)?;
        if status == 200 {
            return Ok(body);
        }
        let answer = body.with_config().limit(ANSWER_LIMIT).read_to_vec();
        let answer = answer.map_err(|error| asked.failure(error, within))?;
        Err(asked.refusal(status, &kind, &answer))
    }

    fn send(
        &self,
        asked: Asked<'_>,
        request: Request<'_>,
        to_begin: Duration,
        within: Duration,
    ) -> Result<(u16, String, Body), FleetError> {
        if to_begin.is_zero() {
            let endpoint = asked.endpoint.to_owned();
            return Err(FleetError::NoConnection { endpoint, waited: Duration::ZERO });
        }
        let start = Instant::now();
        let url = format!("{}{}", asked.endpoint, request.path);
        let mut post = self
            .agent
            .post(url)
            .content_type("application/json")
            .config()
            .timeout_connect(Some(to_begin.mul_f64(TO_CONNECT)))
            .timeout_recv_response(Some(to_begin))
            .timeout_global(Some(within))
            .build();
        if !request.without_leader {
            post = post.header(WITH_LEADER.0, WITH_LEADER.1);
        }
        if let Some(token) = request.token {
            post = post.header("Authorization", token);
        }
        let sent = post.send(request.body);
        let answer = sent.map_err(|error| asked.failure(error, start.elapsed()))?;
        let kind = answer.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let kind = kind.unwrap_or_default().to_owned();
        Ok((answer.status().as_u16(), kind, answer.into_body()))
    }
}
