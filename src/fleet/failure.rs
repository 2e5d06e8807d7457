//! What an endpoint's failure means, in the user's words.

use std::io;
use std::time::Duration;

use rustls::{AlertDescription, CertificateError};
use ureq::Timeout;

use super::error::CertificateFault;
use super::{FleetError, wire};
use crate::events::one_line;
use crate::wording::shortened;

/// What a gateway says that its own server refuses: which one it is depends on who is faster.
const CUT_OFF: [&str; 5] = [
    "connection closed",
    "use of closed network connection",
    "broken pipe",
    "connection reset",
    "all SubConns are in TransientFailure",
];

/// Who was asked, and as whom.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The address of the endpoint.
    pub endpoint: &'a str,
    /// The user that the settings name, if they do.
    pub user: Option<&'a str>,
    /// Whether they name a certificate of this machine.
    pub has_client_certificate: bool,
}

impl Asked<'_> {
    fn endpoint(&self) -> String {
        self.endpoint.to_owned()
    }

    /// An answer with another status than 200.
    #[must_use]
    pub fn refusal(&self, status: u16, content_type: &str, answer: &[u8]) -> FleetError {
        let endpoint = self.endpoint();
        match wire::problem(answer) {
            Some(said) => self.problem(status, &said),
            None if status == 404 => FleetError::GatewayOff { endpoint },
            None if status >= 500 => {
                FleetError::Unavailable { endpoint, said: format!("HTTP status {status}") }
            }
            None => self.not_etcd(status, content_type),
        }
    }

    /// An error that etcd, or its gateway, put in words.
    #[must_use]
    pub fn problem(&self, status: u16, said: &str) -> FleetError {
        let (endpoint, user) = (self.endpoint(), self.user.map(ToOwned::to_owned));
        let says = |words: &[&str]| words.iter().any(|words| said.contains(words));
        let shown = shortened(&one_line(said));
        if says(&["authentication failed"]) {
            FleetError::WrongPassword { endpoint, user: user.unwrap_or_default() }
        } else if says(&["user name is empty", "invalid auth token", "auth store is old"]) {
            match user {
                Some(user) => FleetError::TokenRefused { endpoint, user },
                None => FleetError::UserRequired { endpoint },
            }
        } else if says(&["authentication is not enabled"]) {
            FleetError::UsersOff { endpoint, user: user.unwrap_or_default() }
        } else if says(&["permission denied"]) {
            FleetError::NoRight { endpoint, user }
        } else if says(&["database space exceeded"]) {
            FleetError::QuotaReached { endpoint }
        } else if says(&["no leader"]) {
            FleetError::NoLeader { endpoint }
        } else if self.has_client_certificate && says(&CUT_OFF) {
            FleetError::GatewayCutOff { endpoint, said: shown }
        } else if status >= 500 || matches!(status, 408 | 429) {
            FleetError::Unavailable { endpoint, said: shown }
        } else {
            FleetError::Refused { endpoint, said: shown }
        }
    }

    /// An answer that is not one of etcd's.
    #[must_use]
    pub fn not_etcd(&self, status: u16, content_type: &str) -> FleetError {
        let kind = match content_type {
            "" => "without a type".to_owned(),
            kind => format!("`{}`", shortened(&one_line(kind))),
        };
        FleetError::NotEtcd {
            endpoint: self.endpoint(),
            found: format!("HTTP status {status}, {kind}"),
        }
    }

    /// A request that got no answer, or not all of it.
    pub(super) fn failure(&self, error: ureq::Error, waited: Duration) -> FleetError {
        let endpoint = self.endpoint();
        match error {
            ureq::Error::Timeout(Timeout::Resolve | Timeout::Connect) => {
                FleetError::NoConnection { endpoint, waited }
            }
            ureq::Error::Timeout(_) => FleetError::NoAnswer { endpoint, waited },
            ureq::Error::HostNotFound => FleetError::unknown_host(endpoint),
            ureq::Error::BodyExceedsLimit(limit) => FleetError::TooLong { endpoint, limit },
            ureq::Error::Rustls(error) => self.tls_failure(&error),
            ureq::Error::Io(error) => self.io_failure(&error),
            ureq::Error::Tls(reason) => FleetError::NoTls { endpoint, reason: reason.to_owned() },
            ureq::Error::Protocol(_) | ureq::Error::LargeResponseHeader(..) => {
                FleetError::NotEtcd { endpoint, found: "its answer is not HTTP".to_owned() }
            }
            error => FleetError::ConnectionLost { endpoint, reason: one_line(&error.to_string()) },
        }
    }

    fn io_failure(&self, error: &io::Error) -> FleetError {
        use io::ErrorKind as Kind;

        let endpoint = self.endpoint();
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        if let Some(error) = inner {
            return self.tls_failure(error);
        }
        let reason = one_line(&error.to_string());
        match error.kind() {
            Kind::ConnectionRefused => FleetError::NobodyListens { endpoint },
            Kind::HostUnreachable
            | Kind::NetworkUnreachable
            | Kind::NetworkDown
            | Kind::AddrNotAvailable
            | Kind::PermissionDenied => FleetError::Unreachable { endpoint, reason },
            // The standard library has no kind for it.
            _ if reason.starts_with("failed to lookup") => FleetError::unknown_host(endpoint),
            _ => FleetError::ConnectionLost { endpoint, reason },
        }
    }

    /// What went wrong with TLS. Where that is the handshake, nothing was carried out: the servers read
    /// no request before it is done.
    fn tls_failure(&self, error: &rustls::Error) -> FleetError {
        use CertificateError as Fault;

        let endpoint = self.endpoint();
        let fault = match error {
            rustls::Error::InvalidCertificate(fault) => fault,
            rustls::Error::AlertReceived(alert) => return self.alert(*alert),
            rustls::Error::InvalidMessage(_) => {
                let reason = "it does not speak TLS".to_owned();
                return FleetError::NoTls { endpoint, reason };
            }
            rustls::Error::PeerIncompatible(_) => {
                return FleetError::NoTls { endpoint, reason: one_line(&error.to_string()) };
            }
            error => {
                let reason = one_line(&error.to_string());
                return FleetError::ConnectionLost { endpoint, reason };
            }
        };
        let fault = match fault {
            Fault::UnknownIssuer | Fault::BadSignature => CertificateFault::UnknownAuthority,
            Fault::NotValidForName | Fault::NotValidForNameContext { .. } => {
                CertificateFault::OtherName
            }
            Fault::Expired
            | Fault::ExpiredContext { .. }
            | Fault::NotValidYet
            | Fault::NotValidYetContext { .. } => CertificateFault::Expired,
            _ => CertificateFault::Unusable,
        };
        FleetError::Certificate { endpoint, fault }
    }

    /// What a server says when it ends a handshake, or later.
    fn alert(&self, alert: AlertDescription) -> FleetError {
        use AlertDescription as Alert;

        let endpoint = self.endpoint();
        let is_of_certificate = matches!(
            alert,
            Alert::CertificateRequired
                | Alert::NoCertificate
                | Alert::BadCertificate
                | Alert::UnsupportedCertificate
                | Alert::CertificateRevoked
                | Alert::CertificateExpired
                | Alert::CertificateUnknown
                | Alert::UnknownCA
                | Alert::AccessDenied
        );
        match alert {
            _ if is_of_certificate && self.has_client_certificate => {
                FleetError::ClientCertificateRefused { endpoint }
            }
            _ if is_of_certificate => FleetError::ClientCertificateRequired { endpoint },
            Alert::HandshakeFailure
            | Alert::ProtocolVersion
            | Alert::InsufficientSecurity
            | Alert::UnrecognisedName => {
                FleetError::NoTls { endpoint, reason: format!("it answers {alert:?}") }
            }
            alert => {
                let reason = format!("it ended it with {alert:?}");
                FleetError::ConnectionLost { endpoint, reason }
            }
        }
    }
}

impl FleetError {
    fn unknown_host(endpoint: String) -> Self {
        Self::Unreachable { endpoint, reason: "its host's name is not known".to_owned() }
    }
}
