//! Why the fleet did not do what it was asked.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::FILE;
use crate::events::{EventId, LogError, visible};
use crate::wording::{Count, shortened};

/// Why the fleet did not do what it was asked. Each names the endpoint or the file.
#[expect(missing_docs, reason = "the messages say what each is")]
#[derive(Debug, thiserror::Error)]
pub enum FleetError {
    #[error("could not {doing} `{}`: {source}", path.display())]
    Io { doing: &'static str, path: PathBuf, source: io::Error },
    #[error("`{}`{}: {reason}", path.display(), at_line(*.line))]
    Settings { path: PathBuf, line: Option<usize>, reason: String },
    #[error("`{}` may be read or written by others than its owner (mode {mode:03o})", path.display())]
    OpenToOthers { path: PathBuf, mode: u32 },
    #[error("`{}` {reason}", path.display())]
    TlsFile { path: PathBuf, reason: String },
    #[error("nobody listens at `{endpoint}`")]
    NobodyListens { endpoint: String },
    #[error("`{endpoint}` cannot be reached: {reason}")]
    Unreachable { endpoint: String, reason: String },
    /// The request was not sent.
    #[error("no connection to `{endpoint}` within {} ms", waited.as_millis())]
    NoConnection { endpoint: String, waited: Duration },
    #[error("no answer from `{endpoint}` within {} ms", waited.as_millis())]
    NoAnswer { endpoint: String, waited: Duration },
    #[error("the connection to `{endpoint}` was lost before its answer: {reason}")]
    ConnectionLost { endpoint: String, reason: String },
    #[error(
        "etcd at `{endpoint}` has no leader: more than half of its members are down or cut off"
    )]
    NoLeader { endpoint: String },
    #[error("etcd at `{endpoint}` could not answer: {said}")]
    Unavailable { endpoint: String, said: String },
    #[error("etcd at `{endpoint}` does not take the password of the user `{user}`")]
    WrongPassword { endpoint: String, user: String },
    #[error("etcd at `{endpoint}` refuses the token that it gave the user `{user}`")]
    TokenRefused { endpoint: String, user: String },
    #[error("etcd at `{endpoint}` wants to know a user, and `{FILE}` names none")]
    UserRequired { endpoint: String },
    #[error("etcd at `{endpoint}` knows no users, and `{FILE}` names `{user}`")]
    UsersOff { endpoint: String, user: String },
    #[error("etcd at `{endpoint}` does not let {} do that", of_user(.user.as_deref()))]
    NoRight { endpoint: String, user: Option<String> },
    #[error("etcd at `{endpoint}` is full (NOSPACE): it takes no more lines until there is room")]
    QuotaReached { endpoint: String },
    #[error("`{endpoint}` has no JSON gateway: it is not etcd, or its gateway is switched off")]
    GatewayOff { endpoint: String },
    #[error("the certificate of `{endpoint}` {fault}")]
    Certificate { endpoint: String, fault: CertificateFault },
    #[error("the gateway of etcd at `{endpoint}` cannot reach its own server (`{said}`)")]
    GatewayCutOff { endpoint: String, said: String },
    #[error("`{endpoint}` wants a client certificate, and `{FILE}` names none")]
    ClientCertificateRequired { endpoint: String },
    #[error("`{endpoint}` refuses the client certificate that `{FILE}` names")]
    ClientCertificateRefused { endpoint: String },
    #[error("no TLS with `{endpoint}`: {reason}")]
    NoTls { endpoint: String, reason: String },
    #[error("`{endpoint}` answers, and not as etcd does: {found}")]
    NotEtcd { endpoint: String, found: String },
    #[error("the answer of `{endpoint}` is longer than {} MiB", limit >> 20)]
    TooLong { endpoint: String, limit: u64 },
    #[error("etcd at `{endpoint}` refused the request: {said}")]
    Refused { endpoint: String, said: String },
    #[error("etcd at `{endpoint}` has no line {line} where the log of this store has one: it keeps another log, or an older one", line = .line)]
    NotThisLog { endpoint: String, line: u64, found: Option<EventId> },
    #[error("line {line} of the fleet's log at `{endpoint}` is damaged")]
    Damaged { endpoint: String, line: u64 },
    #[error("the fleet has recorded it, and the copy of its log here could not be written: {0}")]
    NotMirrored(#[source] Box<LogError>),
    #[error("the fleet has recorded the first {}, and not the rest: {source}", Count(*recorded, "event"))]
    Partly { recorded: u64, source: Box<FleetError> },
    #[error("the fleet has recorded the first {}, and not the rest: the log here was replaced meanwhile", Count(*recorded, "event"))]
    PartlyMirrored { recorded: u64 },
}

/// What is wrong with a server's certificate.
#[expect(missing_docs, reason = "the messages say what each is")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CertificateFault {
    #[error("is of an authority that is not known here")]
    UnknownAuthority,
    #[error("is for another name")]
    OtherName,
    #[error("has expired, or is not valid yet")]
    Expired,
    #[error("is not one for a server, or not sound")]
    Unusable,
}

impl FleetError {
    /// Makes a function that says what was being done when a call failed.
    pub(super) fn io(
        doing: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { doing, path: path.into(), source }
    }

    /// Returns whether the request may have been carried out, now or later: nobody said that it was not.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(
            self,
            Self::NoAnswer { .. }
                | Self::ConnectionLost { .. }
                | Self::Unavailable { .. }
                | Self::NotEtcd { .. }
                | Self::TooLong { .. }
        )
    }

    /// Returns whether the fleet could not be asked as things are, and may be asked later: nothing is wrong
    /// with its log or with the settings here.
    #[must_use]
    pub fn is_out_of_reach(&self) -> bool {
        !matches!(
            self,
            Self::NotThisLog { .. }
                | Self::Damaged { .. }
                | Self::Settings { .. }
                | Self::OpenToOthers { .. }
                | Self::TlsFile { .. }
                | Self::NotMirrored(_)
                | Self::Partly { .. }
                | Self::PartlyMirrored { .. }
        )
    }

    /// What to do next: a command that can be run, or a setting that can be changed.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        None
    }
}

fn at_line(line: Option<usize>) -> String {
    line.map(|line| format!(", line {line}")).unwrap_or_default()
}

fn of_user(user: Option<&str>) -> String {
    user.map_or_else(
        || "a client without a user".to_owned(),
        |user| format!("the user `{}`", shortened(&visible(user))),
    )
}
