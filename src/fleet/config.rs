//! What a store's `remote.toml` says: which fleet the store belongs to, and how it is reached.

use std::path::{self, Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::FleetError;
use super::private_file;
use crate::disk::{Disk, Mode};
use crate::events::visible;
use crate::wording::shortened;

/// The file, in a store.
pub const FILE: &str = "remote.toml";
/// Where it is written before it gets its name.
const DRAFT: &str = "remote.toml.new";
/// What keys begin with, unless it is said.
const PREFIX: &str = "/muzzle-persona";
/// The most characters in a roster's name, and in each part of a prefix.
const NAME_LIMIT: usize = 64;
/// The digits of a line's number in its key.
const DIGITS: usize = 20;
/// Where etcd listens, unless it is said.
const PORT: u16 = 2379;

/// The fleet that a store belongs to.
///
/// Paths that are not absolute count from the store's directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemoteConfig {
    /// Where etcd's members listen: `http://host:port` or `https://host:port`.
    pub endpoints: Vec<String>,
    /// The name of the roster that this store shares.
    pub roster: String,
    /// What the keys of all rosters begin with.
    #[serde(default = "default_prefix")]
    pub prefix: String,
    /// Who asks, where etcd has users.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The file that holds the user's password, and a line end or none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_file: Option<PathBuf>,
    /// The certificates, as PEM, of the authorities that may vouch for the servers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_ca: Option<PathBuf>,
    /// The client's certificate, as PEM, where the servers ask for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_cert: Option<PathBuf>,
    /// The private key of it, as PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_key: Option<PathBuf>,
    /// Whether texts of other machines may reach a prompt without `allow`.
    #[serde(default)]
    pub trust: bool,
}

fn default_prefix() -> String {
    PREFIX.to_owned()
}

impl RemoteConfig {
    /// The fleet of a roster, as it is where nothing else is said.
    #[must_use]
    pub fn new(endpoints: Vec<String>, roster: String) -> Self {
        Self {
            endpoints,
            roster,
            prefix: default_prefix(),
            user: None,
            password_file: None,
            tls_ca: None,
            tls_cert: None,
            tls_key: None,
            trust: false,
        }
    }

    /// Reads the file of the store in `dir`; `None` if it has none, which costs one failed `open`.
    pub fn read(dir: &Path) -> Result<Option<Self>, FleetError> {
        let path = dir.join(FILE);
        let Some(text) = private_file::read(&path)? else { return Ok(None) };
        let mut config: Self = toml::from_str(&text).map_err(|error| FleetError::Settings {
            line: error.span().map(|span| line_of(&text, span.start)),
            path: path.clone(),
            reason: error.message().to_owned(),
        })?;
        config.check(&path)?;
        for file in config.files() {
            *file = dir.join(&*file);
        }
        Ok(Some(config))
    }

    /// Writes the file of the store in `dir`: its owner's alone, and whole or not at all.
    ///
    /// Paths are written as absolute ones.
    pub fn write(&self, disk: &Disk, dir: &Path) -> Result<(), FleetError> {
        let (path, draft) = (dir.join(FILE), dir.join(DRAFT));
        let mut config = self.clone();
        for file in config.files() {
            *file = path::absolute(&*file).map_err(FleetError::io("find", &*file))?;
        }
        config.check(&path)?;
        let text = toml::to_string(&config).map_err(|error| FleetError::Settings {
            path: path.clone(),
            line: None,
            reason: error.to_string(),
        })?;
        let write = || {
            let file = disk.open(&draft, Mode::Truncate)?;
            file.write_all(text.as_bytes())?;
            file.sync()?;
            disk.rename(&draft, &path)?;
            disk.sync_dir(dir)
        };
        write().map_err(FleetError::io("write", &path))
    }

    /// The key of the log's n-th line, from 1 on.
    #[must_use]
    pub fn key(&self, n: u64) -> String {
        format!("{}/{}/{n:0DIGITS$}", self.prefix, self.roster)
    }

    /// The end of the keys of all lines: those from `key(n)` up to, not including, this one are the
    /// lines from the n-th on.
    #[must_use]
    pub fn range_end(&self) -> String {
        // The character after `9`. What else has a key under the roster begins with a letter.
        format!("{}/{}/:", self.prefix, self.roster)
    }

    /// The number of the line that a key is of, if it is one of this roster's.
    #[must_use]
    pub fn line_number(&self, key: &str) -> Option<u64> {
        let name = key.strip_prefix(&self.prefix)?.strip_prefix('/')?;
        let digits = name.strip_prefix(&self.roster)?.strip_prefix('/')?;
        let is_number = digits.len() == DIGITS && digits.bytes().all(|it| it.is_ascii_digit());
        digits.parse().ok().filter(|n| is_number && *n > 0)
    }

    /// Finds out whether the settings can be those of a fleet; `path` is where they stand.
    pub(super) fn check(&self, path: &Path) -> Result<(), FleetError> {
        self.fault().map_or(Ok(()), |reason| {
            Err(FleetError::Settings { path: path.to_owned(), line: None, reason })
        })
    }

    fn fault(&self) -> Option<String> {
        if self.endpoints.is_empty() {
            return Some("`endpoints` names none".to_owned());
        }
        if let Some(endpoint) = self.endpoints.iter().find(|it| endpoint_url(it).is_none()) {
            let shown = shortened(&visible(endpoint));
            return Some(format!(
                "`{shown}` is no endpoint, which is `http://` or `https://`, a host and its port, and nothing else"
            ));
        }
        let rule = format!(
            "is made of letters from a to z, digits, `-`, `_` and `.`, and has at most {NAME_LIMIT} characters"
        );
        if !is_name(&self.roster) {
            let shown = shortened(&visible(&self.roster));
            return Some(format!("`{shown}` is no roster's name, which {rule}"));
        }
        let parts = self.prefix.strip_prefix('/');
        if !parts.is_some_and(|parts| parts.split('/').all(is_name)) {
            let shown = shortened(&visible(&self.prefix));
            return Some(format!(
                "`{shown}` is no prefix, which is `/` and names, with `/` between them; each {rule}"
            ));
        }
        match (&self.user, &self.password_file) {
            (Some(_), None) => return Some("it names a user and no `password_file`".to_owned()),
            (None, Some(_)) => return Some("it names a `password_file` and no `user`".to_owned()),
            _ => {}
        }
        match (&self.tls_cert, &self.tls_key) {
            (Some(_), None) => Some("it names a `tls_cert` and no `tls_key`".to_owned()),
            (None, Some(_)) => Some("it names a `tls_key` and no `tls_cert`".to_owned()),
            _ => None,
        }
    }

    fn files(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        [&mut self.password_file, &mut self.tls_ca, &mut self.tls_cert, &mut self.tls_key]
            .into_iter()
            .flatten()
    }
}

/// The address that an endpoint stands for, with its port and without a path; `None` if it is none.
pub(super) fn endpoint_url(endpoint: &str) -> Option<String> {
    let url: ureq::http::Uri = endpoint.parse().ok()?;
    let scheme = url.scheme_str().filter(|scheme| matches!(*scheme, "http" | "https"))?;
    let authority = url.authority()?;
    let is_bare = matches!(url.path(), "" | "/") && url.query().is_none();
    let is_host = !authority.host().is_empty() && !authority.as_str().contains('@');
    // What follows the host is `:` and a port, or nothing.
    let port = match authority.as_str().strip_prefix(authority.host())? {
        "" => PORT,
        port => port.strip_prefix(':')?.parse().ok()?,
    };
    (is_bare && is_host).then(|| format!("{scheme}://{}:{port}", authority.host()))
}

/// Returns whether an endpoint is reached over TLS.
pub(super) fn is_secure(endpoint: &str) -> bool {
    endpoint.starts_with("https:")
}

fn is_name(text: &str) -> bool {
    let is_right = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    (1..=NAME_LIMIT).contains(&text.len()) && text.bytes().all(is_right)
}

fn line_of(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}
