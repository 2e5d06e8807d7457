//! Why the fleet did not do what it was asked.

use std::io;
use std::path::{Path, PathBuf};
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
    /// It was not asked.
    #[error("the fleet did not answer {ago} s ago, and is asked again after {pause} s")]
    Silent { ago: i64, pause: i64 },
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
    /// Whatever was to follow was not sent.
    #[error("could not log in: {0}")]
    NoLogin(#[source] Box<FleetError>),
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
    #[error("the fleet's log at `{endpoint}` is not the one that this store follows: its line {line} {}", instead(*.found))]
    NotThisLog { endpoint: String, line: u64, found: Option<EventId> },
    #[error("{source}; whether it was recorded shows once the fleet answers")]
    FateUnknown { source: Box<FleetError> },
    #[error("other machines of the fleet were faster for {} s", waited.as_secs_f64())]
    Outrun { waited: Duration },
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
                | Self::GatewayCutOff { .. }
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

    /// Returns whether it would be the same at any other endpoint.
    pub(super) fn is_of_request(&self) -> bool {
        matches!(
            self,
            Self::Io { .. }
                | Self::Settings { .. }
                | Self::OpenToOthers { .. }
                | Self::WrongPassword { .. }
                | Self::TokenRefused { .. }
                | Self::UserRequired { .. }
                | Self::UsersOff { .. }
                | Self::NoRight { .. }
                | Self::QuotaReached { .. }
                | Self::TooLong { .. }
                | Self::Refused { .. }
        )
    }

    /// Returns whether nobody was there to say anything, which tells least of all.
    pub(super) fn is_unreached(&self) -> bool {
        matches!(
            self,
            Self::NobodyListens { .. } | Self::Unreachable { .. } | Self::NoConnection { .. }
        )
    }

    /// Returns how long it was waited for an answer in vain; `None` if something came back.
    pub(super) fn silence(&self) -> Option<Duration> {
        match self {
            Self::NoConnection { waited, .. } | Self::NoAnswer { waited, .. } => Some(*waited),
            Self::NobodyListens { .. } | Self::Unreachable { .. } => Some(Duration::ZERO),
            Self::NoLogin(source) => source.silence(),
            _ => None,
        }
    }

    /// What to do next: a command that can be run, or a setting that can be changed.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Io { .. } => "check the path and its permissions".to_owned(),
            Self::Settings { .. } => format!(
                "docs/fleets.md has all that `{FILE}` may say; `muzzle-persona remote join` writes one"
            ),
            Self::OpenToOthers { path, .. } => format!("`chmod 600 {}`", shell_word(path)),
            Self::TlsFile { .. } => {
                "name a file as PEM, `-----BEGIN …-----`, in the store's `remote.toml`".to_owned()
            }
            Self::NobodyListens { .. } | Self::Unreachable { .. } => format!(
                "is etcd running, and is it where `endpoints` in `{FILE}` says? `muzzle-persona remote status` asks all of them"
            ),
            Self::NoConnection { .. } | Self::NoAnswer { .. } | Self::Silent { .. } => {
                "`muzzle-persona remote status` tells which members answer".to_owned()
            }
            Self::NoLogin(error) => return error.hint(),
            Self::ConnectionLost { .. } => format!(
                "servers with TLS close a connection without it: then `endpoints` in `{FILE}` begin with `https://`; `muzzle-persona remote status` asks all of them"
            ),
            Self::NoLeader { .. } => {
                "start the members that are down; `muzzle-persona remote status` tells which".to_owned()
            }
            Self::Unavailable { .. } => {
                "try again; `muzzle-persona remote status` tells how the members are".to_owned()
            }
            Self::WrongPassword { user, .. } => format!(
                "put the password of `{}` into the file that `password_file` in `{FILE}` names; `etcdctl user passwd` sets another one",
                shown(user)
            ),
            Self::TokenRefused { .. } => {
                "try again; if it stays so, look at the server's log and its clock".to_owned()
            }
            Self::UserRequired { .. } => {
                format!("set `user` and `password_file` in the store's `{FILE}`")
            }
            Self::UsersOff { .. } => format!(
                "`etcdctl auth enable` switches users on; or take `user` and `password_file` out of `{FILE}`"
            ),
            Self::NoRight { .. } => {
                "`etcdctl role grant-permission ROLE --prefix=true readwrite PREFIX/ROSTER/` gives a role the right, and `etcdctl user grant-role USER ROLE` a user the role".to_owned()
            }
            Self::QuotaReached { .. } => {
                "make room with `etcdctl compact` and `etcdctl defrag`, or raise `--quota-backend-bytes`; then `etcdctl alarm disarm`".to_owned()
            }
            Self::GatewayOff { .. } => {
                "etcd 3.4 that is started from a configuration file needs `enable-grpc-gateway: true` in it".to_owned()
            }
            Self::Certificate { fault, .. } => fault.hint(),
            Self::GatewayCutOff { .. } => {
                "with `--client-cert-auth`, the server's own certificate has to be valid for client authentication, too (`extendedKeyUsage = serverAuth, clientAuth`)".to_owned()
            }
            Self::ClientCertificateRequired { .. } => {
                format!("set `tls_cert` and `tls_key` in the store's `{FILE}`")
            }
            Self::ClientCertificateRefused { .. } => {
                "have it signed by the authority that the servers' `--trusted-ca-file` holds, for client authentication".to_owned()
            }
            Self::NoTls { .. } => format!(
                "if the servers do without TLS, `endpoints` in `{FILE}` begin with `http://`"
            ),
            Self::NotEtcd { endpoint, .. } | Self::TooLong { endpoint, .. } => {
                format!("see what it is with `curl -i {endpoint}/version`; a proxy may stand in between")
            }
            Self::Refused { .. } => "the server's log says more".to_owned(),
            Self::NotThisLog { .. } | Self::Damaged { .. } => {
                "nothing was changed; `muzzle-persona remote check` tells where the two differ, and `muzzle-persona remote restore` what can be done".to_owned()
            }
            Self::FateUnknown { source } => return source.hint(),
            Self::Outrun { .. } => "try again, or wait longer, as with `--wait 30`".to_owned(),
            Self::NotMirrored(_) => {
                "do not do it again; once the log here can be written, the next command fetches it".to_owned()
            }
            Self::Partly { .. } | Self::PartlyMirrored { .. } => {
                "do not do it again as it was; `muzzle-persona log` shows what is recorded".to_owned()
            }
        };
        Some(hint)
    }
}

impl CertificateFault {
    fn hint(self) -> String {
        match self {
            Self::UnknownAuthority => format!(
                "name the certificate of the authority that signed it, with `tls_ca` in the store's `{FILE}`"
            ),
            Self::OtherName => format!(
                "name the host in `{FILE}` as its certificate does, or have the name put into it (`subjectAltName`)"
            ),
            Self::Expired => "have it renewed, and look at this machine's clock".to_owned(),
            Self::Unusable => "have one made for server authentication, of version 3".to_owned(),
        }
    }
}

/// What stands in a line's place.
fn instead(found: Option<EventId>) -> String {
    found.map_or_else(|| "is missing".to_owned(), |id| format!("is another event, `{id}`"))
}

/// A path as a shell takes it.
fn shell_word(path: &Path) -> String {
    let path = path.display().to_string();
    shlex::try_quote(&path).map_or_else(|_| path.clone(), Into::into)
}

fn shown(text: &str) -> String {
    shortened(&visible(text))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_log_is_told_from_an_older_one() {
        let error =
            |found| FleetError::NotThisLog { endpoint: "http://a:1".into(), line: 7, found };
        let told =
            "the fleet's log at `http://a:1` is not the one that this store follows: its line 7";
        assert_eq!(error(None).to_string(), format!("{told} is missing"));
        let id = "00112233445566778899aabbccddeeff";
        let found = error(EventId::parse(id.as_bytes()));
        assert_eq!(found.to_string(), format!("{told} is another event, `{id}`"));
        assert!(
            !found.is_open() && found.hint().unwrap().contains("`muzzle-persona remote check`")
        );
    }
}
