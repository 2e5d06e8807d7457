//! A note that the fleet keeps silent, so that not every hook waits for it in vain.
//!
//! A request that nobody answers, not even by a refusal, takes all the time that it has. A writer whose
//! request ended so says it in a file of the cache. For [`PAUSE`] hooks do not ask then, since agents wait
//! for them; everybody else does, and whatever comes back takes the note away. To lose it costs a wait, never
//! an answer.

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;

use super::{FleetError, RemoteConfig, private_file};
use crate::disk::Disk;

/// The note, in a store's cache.
pub const SILENT: &str = "fleet-silent";

/// How long a hook leaves a silent fleet alone, in seconds.
const PAUSE: i64 = 30;

/// The least time without an answer that is silence. Readers have less, in which a fleet that is far away
/// cannot answer, and a hook has more.
const SILENCE: Duration = Duration::from_millis(450);

/// Who asks the fleet, and when.
#[derive(Debug, Clone, Copy)]
pub struct Asker {
    /// How long a writer tries.
    pub wait: Duration,
    /// What time it is.
    pub now: Timestamp,
    /// Whether it is a hook, which does not ask a fleet that kept silent a moment ago.
    pub is_hook: bool,
}

/// What a process knows of a fleet's silence.
#[derive(Debug)]
pub struct Silence {
    file: PathBuf,
    endpoints: String,
    /// Whether anything ever came back.
    is_over: bool,
    /// How long requests waited for nothing.
    waited: Duration,
    /// Whether the file may be there.
    may_be_noted: bool,
}

impl Silence {
    /// Names the note of the store with this cache. Nothing is opened yet.
    pub fn new(config: &RemoteConfig, cache_dir: &Path) -> Self {
        Self {
            file: cache_dir.join(SILENT),
            endpoints: config.endpoints.join("\n"),
            is_over: false,
            waited: Duration::ZERO,
            may_be_noted: true,
        }
    }

    /// Learns from what became of a request.
    pub fn learn<T>(&mut self, answer: &Result<T, FleetError>) {
        if let Some(waited) = answer.as_ref().err().and_then(FleetError::silence) {
            self.waited += waited;
            self.may_be_noted = true;
            return;
        }
        self.is_over = true;
        if self.may_be_noted {
            // One that stays is void soon.
            let _ = Disk::default().remove(&self.file);
            self.may_be_noted = false;
        }
    }

    /// Makes sure that no note says that the fleet kept silent a moment ago.
    pub fn check(&mut self, now: Timestamp) -> Result<(), FleetError> {
        if self.is_over {
            return Ok(());
        }
        // One that cannot be read says nothing.
        let noted = private_file::read(&self.file);
        self.may_be_noted = !matches!(noted, Ok(None));
        let noted = noted.ok().flatten();
        // Nor does one of the future: the clock was set back.
        match noted.and_then(|text| self.moment(&text)).map(|at| now.as_second() - at.as_second()) {
            Some(ago @ 0..PAUSE) => Err(FleetError::Silent { ago, pause: PAUSE - ago }),
            _ => Ok(()),
        }
    }

    /// Notes at the end of a request that nobody answered this process, if it waited for long.
    pub fn note(&mut self, now: Timestamp) {
        let waited = std::mem::take(&mut self.waited);
        if !self.is_over && waited >= SILENCE {
            // Without it, the next hook waits, too.
            let _ = private_file::write(&self.file, &format!("{}\n{now}\n", self.mark()));
        }
    }

    /// When a note was made, if it is of these endpoints.
    fn moment(&self, text: &str) -> Option<Timestamp> {
        let (mark, moment) = text.strip_suffix('\n')?.split_once('\n')?;
        moment.parse().ok().filter(|_| mark == self.mark())
    }

    /// What the note begins with.
    fn mark(&self) -> String {
        blake3::hash(self.endpoints.as_bytes()).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_long_wait_in_which_nothing_came_back_is_noted() {
        let now = "2026-03-25T15:30:00Z".parse().unwrap();
        let endpoint = || "http://a:1".to_owned();
        let no_answer = |ms| {
            let waited = Duration::from_millis(ms);
            FleetError::NoAnswer { endpoint: endpoint(), waited }
        };
        let no_connection = |ms| {
            let waited = Duration::from_millis(ms);
            FleetError::NoConnection { endpoint: endpoint(), waited }
        };
        let nobody = || FleetError::NobodyListens { endpoint: endpoint() };
        let no_leader = || FleetError::NoLeader { endpoint: endpoint() };
        for (errors, is_noted) in [
            (vec![no_answer(200)], false),
            (vec![no_answer(250), no_connection(250)], true),
            (vec![FleetError::NoLogin(Box::new(no_answer(500))), nobody()], true),
            (vec![nobody(), nobody()], false),
            (vec![no_answer(900), no_leader()], false),
            (vec![no_leader(), no_answer(900)], false),
        ] {
            let dir = tempfile::tempdir().unwrap();
            let config = RemoteConfig::new(vec![endpoint()], "team".to_owned());
            let mut silence = Silence::new(&config, &dir.path().join("cache"));
            let told = format!("{errors:?}");
            for error in errors {
                silence.learn(&Err::<(), _>(error));
            }
            silence.note(now);
            let mut other = Silence::new(&config, &dir.path().join("cache"));
            assert_eq!(other.check(now).is_err(), is_noted, "{told}");
            // What is not long enough by itself does not add up.
            silence.learn(&Err::<(), _>(no_answer(400)));
            silence.note(now);
            assert_eq!(other.check(now).is_err(), is_noted, "{told}");
            silence.learn(&Ok(()));
            other.check(now).unwrap();
        }
    }
}
