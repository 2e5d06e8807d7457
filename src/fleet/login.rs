//! Who the client is to etcd: a user, the password, and the token of the last login.
//!
//! Logging in takes etcd some 70 ms, so the token is kept in a file of the cache, its owner's alone. It
//! is tied to the user and the endpoints, so that no other cluster ever sees it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::private_file;
use super::transport::{Request, Transport};
use super::{FleetError, RemoteConfig, wire};
use crate::disk::Disk;

/// The token's file, in a store's cache.
pub const TOKEN: &str = "fleet-token";

/// A user of etcd's.
pub struct Login {
    user: String,
    password_file: PathBuf,
    token_file: PathBuf,
    /// What the token's file begins with if the token is of this user at this cluster.
    mark: String,
    /// The token; an empty one was looked for in vain.
    token: Option<String>,
}

/// It holds what is secret.
impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("user", &self.user).finish_non_exhaustive()
    }
}

impl Login {
    /// The login that the settings name, if they do.
    pub fn new(config: &RemoteConfig, cache_dir: &Path) -> Option<Self> {
        let (user, password_file) = (config.user.clone()?, config.password_file.clone()?);
        let mark = blake3::hash(format!("{user}\n{}", config.endpoints.join("\n")).as_bytes());
        Some(Self {
            mark: mark.to_string(),
            user,
            password_file,
            token_file: cache_dir.join(TOKEN),
            token: None,
        })
    }

    /// The token of the last login of this process, or else of another one on this machine.
    pub fn token(&mut self) -> Option<&str> {
        let token = self.token.take().or_else(|| self.kept()).unwrap_or_default();
        Some(&**self.token.insert(token)).filter(|token| !token.is_empty())
    }

    /// Takes the token for void.
    pub fn forget(&mut self) {
        self.token = Some(String::new());
    }

    /// Takes the token for void, and away from whoever comes next.
    pub fn discard(&mut self) {
        self.forget();
        // Whoever finds it again learns the same.
        let _ = Disk::default().remove(&self.token_file);
    }

    /// Logs in, and keeps the token.
    pub fn log_in(
        &mut self,
        transport: &Transport,
        endpoint: &str,
        deadline: Instant,
    ) -> Result<&str, FleetError> {
        let password = private_file::read_there(&self.password_file)?;
        let password = password.strip_suffix('\n').unwrap_or(&password);
        let password = password.strip_suffix('\r').unwrap_or(password);
        let body = wire::login(&self.user, password);
        let request =
            Request { path: wire::AUTHENTICATE, body: &body, token: None, without_leader: false };
        let answer = transport.ask(endpoint, request, deadline, wire::token);
        // Whatever it was to be sent for was not sent.
        let token = answer.map_err(|error| match error {
            error if error.is_open() => FleetError::NoLogin(Box::new(error)),
            error => error,
        })?;
        // Without it, the next process has to log in, too.
        let _ = private_file::write(&self.token_file, &format!("{}\n{token}\n", self.mark));
        Ok(self.token.insert(token))
    }

    fn kept(&self) -> Option<String> {
        let text = private_file::read(&self.token_file).ok()??;
        let (mark, token) = text.split_once('\n')?;
        let token = token.strip_suffix('\n')?;
        let is_token = token.bytes().all(|byte| byte.is_ascii_graphic());
        (mark == self.mark && is_token).then(|| token.to_owned())
    }
}
