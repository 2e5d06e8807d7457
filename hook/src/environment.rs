//! What a hook's process is given besides its payload.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use muzzle_persona::broker::Eligible;
use muzzle_persona::environment::{self, HOOK_TIMEOUT, INJECT, NOW, STORE};
use muzzle_persona::{Disk, Options, PendingCheckpoint, Progress};

use crate::{Problem, deadline::Deadline};

/// How long a hook waits for other writers, and for a fleet: half of its time, within these bounds.
const LEAST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// The variables, the arguments, the clock and the source of randomness.
///
/// Whatever is set wrongly is a [`Problem`], so that the hook does nothing.
#[expect(missing_docs, reason = "each is named for what it holds")]
#[derive(Debug)]
pub struct Environment {
    pub store: Option<OsString>,
    pub now: Option<OsString>,
    pub inject: Option<OsString>,
    /// In milliseconds, as text.
    pub timeout: Option<OsString>,
    pub home: Option<PathBuf>,
    pub arguments: Vec<OsString>,
    pub clock: Timestamp,
    pub rng: fastrand::Rng,
}

impl Environment {
    /// Reads the environment of this process; nothing else in a hook does.
    #[expect(clippy::disallowed_methods, reason = "this is where they enter")]
    pub(crate) fn read() -> Self {
        Self {
            store: std::env::var_os(STORE),
            now: std::env::var_os(NOW),
            inject: std::env::var_os(INJECT),
            timeout: std::env::var_os(HOOK_TIMEOUT),
            home: environment::home(|name| std::env::var_os(name)),
            arguments: std::env::args_os().skip(1).collect(),
            clock: Timestamp::now(),
            rng: fastrand::Rng::new(),
        }
    }

    /// The time that the hook may take: the variable's, else `default`.
    pub(crate) fn timeout(&self, default: Duration) -> Result<Duration, Problem> {
        let Some(text) = &self.timeout else { return Ok(default) };
        let text = text.to_string_lossy();
        text.parse().map(Duration::from_millis).map_err(|_| {
            format!("`{HOOK_TIMEOUT}` is `{text}`, which is not a number of milliseconds").into()
        })
    }

    /// Which calls get a persona, as far as that was said to the hook: what the variable says, else
    /// the argument.
    ///
    /// The variable may be that of one session; the argument is in the settings for all. An unknown
    /// argument is ignored: a newer registration must not break an older hook.
    pub(crate) fn eligible(&self) -> Result<Option<Eligible>, Problem> {
        let known = |text: &OsString| Eligible::parse(text.to_str()?);
        let Some(text) = self.inject.as_ref().filter(|text| !text.is_empty()) else {
            let mut words = self.arguments.iter().skip_while(|word| *word != "--inject");
            return Ok(words.nth(1).and_then(known));
        };
        known(text).map(Some).ok_or_else(|| {
            let text = text.to_string_lossy();
            format!("`{INJECT}` is `{text}`; it can be `named`, `all` or `off`").into()
        })
    }

    /// Where the store is, and how to open it. The deadline is enforced while that takes long.
    pub(crate) fn options(&self, deadline: &Arc<Deadline>) -> Result<Options, Problem> {
        let deadline = Arc::clone(deadline);
        // Whoever waited in vain still has to say so, or to keep what it reports for later.
        let wait = (deadline.limit() / 2).clamp(LEAST_WAIT, LONGEST_WAIT);
        Ok(Options {
            dir: environment::store_dir(None, self.store.clone(), self.home.clone())?,
            wait,
            now: environment::now(self.now.clone(), self.clock)?,
            is_hook: true,
            progress: Progress::new(move |_, _, _| deadline.enforce()),
            disk: Disk::default(),
            pending: PendingCheckpoint::default(),
        })
    }
}
