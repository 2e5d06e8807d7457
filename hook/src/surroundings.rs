//! What a hook's process was given besides its payload.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use muzzle_persona::environment::{self, HOOK_TIMEOUT, INJECT};
use muzzle_persona::events::Disk;
use muzzle_persona::{Options, PendingCheckpoint, Progress};

use crate::Problem;
use crate::fail_open::Watch;

/// How long a hook waits for other writers.
const LOCK_WAIT: Duration = Duration::from_secs(1);

/// The argument that tells the same for all sessions, in the word after it.
const INJECT_ARGUMENT: &str = "--inject";

/// The environment, the arguments, the clock and the source of randomness.
#[derive(Debug)]
pub struct Surroundings {
    /// Looks a variable up.
    pub variable: fn(&str) -> Option<OsString>,
    /// The arguments of the command, as it was registered.
    pub arguments: Vec<OsString>,
    /// The home directory.
    pub home: Option<PathBuf>,
    /// What the clock says.
    pub clock: Timestamp,
    /// The source of randomness.
    pub rng: fastrand::Rng,
}

/// Which calls get a persona.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Eligible {
    /// Those of named agents.
    Named,
    /// All.
    All,
    /// None.
    None,
}

impl Eligible {
    fn by_name(name: &str) -> Option<Self> {
        match name {
            "named" => Some(Self::Named),
            "all" => Some(Self::All),
            "off" => Some(Self::None),
            _ => None,
        }
    }
}

impl Surroundings {
    /// Reads the environment, the clock and the source of randomness: here, and nowhere else.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is where they enter")]
    pub fn read() -> Self {
        Self {
            variable: |name| std::env::var_os(name),
            arguments: std::env::args_os().skip(1).collect(),
            home: environment::home(|name| std::env::var_os(name)),
            clock: Timestamp::now(),
            rng: fastrand::Rng::new(),
        }
    }

    /// The time that the hook may take: the variable's, else `default`.
    pub fn timeout(&self, default: Duration) -> Result<Duration, Problem> {
        let Some(text) = (self.variable)(HOOK_TIMEOUT) else {
            return Ok(default);
        };
        let text = text.to_string_lossy();
        let milliseconds = text.parse().map_err(|_| {
            format!("`{HOOK_TIMEOUT}` is `{text}`, which is not a number of milliseconds")
        })?;
        Ok(Duration::from_millis(milliseconds))
    }

    /// Which calls get a persona: what the variable says, else the argument, else those of named
    /// agents.
    ///
    /// The variable can be one session's, the argument is in the settings of all. An argument that
    /// is not known says nothing: a newer registration must not break an older hook.
    pub fn eligible(&self) -> Result<Eligible, Problem> {
        let text = (self.variable)(INJECT).filter(|text| !text.is_empty());
        let Some(text) = text else {
            let mut words = self.arguments.iter().skip_while(|word| *word != INJECT_ARGUMENT);
            let word = words.nth(1).and_then(|word| word.to_str());
            return Ok(word.and_then(Eligible::by_name).unwrap_or(Eligible::Named));
        };
        text.to_str().and_then(Eligible::by_name).ok_or_else(|| {
            let text = text.to_string_lossy();
            format!("`{INJECT}` is `{text}`; it can be `named`, `all` or `off`").into()
        })
    }

    /// Where the store is, and how to open it. A log that takes long to read is read under `watch`.
    pub fn options(&self, watch: &Arc<Watch>) -> Result<Options, Problem> {
        let watch = Arc::clone(watch);
        Ok(Options {
            dir: environment::store_dir(
                None,
                (self.variable)(environment::STORE),
                self.home.clone(),
            )?,
            wait: LOCK_WAIT,
            now: environment::now((self.variable)(environment::NOW), self.clock)?,
            progress: Progress::new(move |_| watch.begin()),
            disk: Disk::default(),
            pending: PendingCheckpoint::default(),
        })
    }
}
