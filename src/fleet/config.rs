//! What a store's `remote.toml` says: which fleet the store belongs to, and how it is reached.

use std::io::ErrorKind;
use std::path::{self, Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::FleetError;
use super::private_file;
use crate::disk::{Disk, Mode};
use crate::events::{one_line, visible};
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
        let text = match private_file::read(&path) {
            // A store that is a file is for the log to report, with its own path.
            Err(FleetError::Io { source, .. }) if source.kind() == ErrorKind::NotADirectory => None,
            read => read?,
        };
        let Some(text) = text else { return Ok(None) };
        let mut config: Self = toml::from_str(&text).map_err(|error| FleetError::Settings {
            line: error.span().map(|span| line_of(&text, span.start)),
            path: path.clone(),
            reason: one_line(error.message()),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> RemoteConfig {
        RemoteConfig::new(vec!["http://127.0.0.1:2379".to_owned()], "team".to_owned())
    }

    /// Puts a file there as the user's own, and reads it.
    #[cfg(unix)]
    fn read(text: &str) -> Result<Option<RemoteConfig>, String> {
        let dir = tempfile::tempdir().unwrap();
        let file = Disk::default().open(&dir.path().join(FILE), Mode::CreateNew).unwrap();
        file.write_all(text.as_bytes()).unwrap();
        let read = RemoteConfig::read(dir.path());
        read.map_err(|error| error.to_string().replace(dir.path().to_str().unwrap(), "STORE"))
    }

    #[test]
    #[cfg(unix)]
    fn what_is_written_is_read_and_nobody_else_may() {
        use std::fs::{Permissions, metadata, set_permissions};
        use std::os::unix::fs::PermissionsExt as _;

        let dir = tempfile::tempdir().unwrap();
        let (store, disk) = (dir.path(), Disk::default());
        assert_eq!(RemoteConfig::read(store).unwrap(), None);
        let plain = config();
        plain.write(&disk, store).unwrap();
        assert_eq!(RemoteConfig::read(store).unwrap(), Some(plain));
        let all = RemoteConfig {
            prefix: "/a/b.c".to_owned(),
            user: Some("ann \"\\ é".to_owned()),
            password_file: Some("/secret/a\nb".into()),
            tls_ca: Some("/ca".into()),
            tls_cert: Some("/cert".into()),
            tls_key: Some("/key".into()),
            trust: true,
            ..config()
        };
        all.write(&disk, store).unwrap();
        assert_eq!(RemoteConfig::read(store).unwrap(), Some(all));
        let path = store.join(FILE);
        assert_eq!(metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(disk.list(store).unwrap(), [FILE]);

        // One that cannot be read again is not written.
        let bad = RemoteConfig { roster: "a/b".to_owned(), ..config() };
        bad.write(&disk, store).unwrap_err();
        assert!(RemoteConfig::read(store).unwrap().is_some_and(|it| it.trust));

        for mode in [0o640, 0o602, 0o644] {
            set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            let error = RemoteConfig::read(store).unwrap_err();
            let told = format!(
                "`{}` may be read or written by others than its owner (mode {mode:03o})",
                path.display()
            );
            assert_eq!(error.to_string(), told);
            assert_eq!(error.hint().unwrap(), format!("`chmod 600 {}`", path.display()));
        }
    }

    #[test]
    #[cfg(unix)]
    fn a_file_that_is_not_understood_is_refused() {
        let right = "endpoints = [\"http://a\"]\nroster = \"r\"\n";
        let read_right = read(right).unwrap().unwrap();
        assert_eq!((&*read_right.prefix, read_right.trust), ("/muzzle-persona", false));
        let relative = format!("{right}tls_ca = \"ca.pem\"\n");
        let ca = read(&relative).unwrap().unwrap().tls_ca.unwrap();
        assert!(ca.is_absolute() && ca.ends_with("ca.pem"), "{}", ca.display());
        for (text, told) in [
            ("roster = \"r\"\n", "`STORE/remote.toml`, line 1: missing field `endpoints`"),
            (
                "endpoints = []\nroster = \"r\"\npasswort = \"p\"\n",
                "`STORE/remote.toml`, line 3: unknown field `passwort`, expected one of",
            ),
            ("endpoints = []\nroster = \"r\"\n", "`STORE/remote.toml`: `endpoints` names none"),
            ("endpoints = [\n", "`STORE/remote.toml`, line "),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.starts_with(told), "{error}");
        }
    }

    #[test]
    fn names_and_endpoints_have_rules() {
        let fault = |config: RemoteConfig| config.fault().unwrap_or_default();
        assert_eq!(fault(config()), "");
        let long = "x".repeat(65);
        for name in ["", "a/b", "ä", "a b", "a:b", "\u{1b}[31m", &long] {
            let told = fault(RemoteConfig { roster: name.to_owned(), ..config() });
            assert!(told.contains("is no roster's name") && !told.contains('\u{1b}'), "{told}");
        }
        for prefix in ["", "/", "a", "/a/", "//a", "/a//b", "/a b"] {
            let told = fault(RemoteConfig { prefix: prefix.to_owned(), ..config() });
            assert!(told.contains("is no prefix"), "{told}");
        }
        assert_eq!(fault(RemoteConfig { prefix: "/A-1/b_2/c.3".to_owned(), ..config() }), "");
        let user = Some("ann".to_owned());
        assert_ne!(fault(RemoteConfig { user, ..config() }), "");
        assert_ne!(fault(RemoteConfig { password_file: Some("f".into()), ..config() }), "");
        assert_ne!(fault(RemoteConfig { tls_cert: Some("f".into()), ..config() }), "");
        assert_ne!(fault(RemoteConfig { tls_key: Some("f".into()), ..config() }), "");

        for (endpoint, url) in [
            ("http://a", "http://a:2379"),
            ("https://a.example.org:1/", "https://a.example.org:1"),
            ("http://[::1]", "http://[::1]:2379"),
            ("http://[::1]:5", "http://[::1]:5"),
        ] {
            assert_eq!(endpoint_url(endpoint).unwrap(), url);
        }
        for endpoint in [
            "",
            "a",
            "a:2379",
            "ftp://a",
            "http://",
            "http://:1",
            "http://a:",
            "http://a:x",
            "http://a:99999",
            "http://a/b",
            "http://a?b",
            "http://u@a",
            "http://u:p@a:1",
            "http://a b",
        ] {
            assert_eq!(endpoint_url(endpoint), None, "{endpoint}");
        }
    }

    #[test]
    fn a_lines_key_has_its_number() {
        let config = config();
        assert_eq!(config.key(7), "/muzzle-persona/team/00000000000000000007");
        for n in [1, 7, u64::MAX] {
            assert_eq!(config.line_number(&config.key(n)), Some(n));
            assert!(config.key(n) < config.range_end());
        }
        for key in [
            "/muzzle-persona/team/00000000000000000000",
            "/muzzle-persona/team/7",
            "/muzzle-persona/team/+0000000000000000007",
            "/muzzle-persona/team2/00000000000000000007",
            "/muzzle-persona/other/00000000000000000007",
            "/muzzle-persona/team/99999999999999999999",
            "/muzzle-persona/team/rehearsal",
            "",
        ] {
            assert_eq!(config.line_number(key), None, "{key}");
        }
        assert!("/muzzle-persona/team/rehearsal" > &*config.range_end());
    }
}
