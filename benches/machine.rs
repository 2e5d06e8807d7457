//! Which machine this is.

use std::fmt;
use std::fs;
use std::thread;

use serde::Serialize;

/// What there is to know of the machine, without its name.
#[derive(Debug, Serialize)]
pub struct Machine {
    processor: String,
    cores: usize,
    system: String,
    /// How many processes wanted a core in the last minute, where that can be learnt.
    load: Option<f64>,
}

/// The load from which on a machine is too busy to measure on.
const BUSY: f64 = 0.5;

impl Machine {
    /// Looks around; what it cannot learn it leaves out.
    #[must_use]
    pub fn read() -> Self {
        let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
        let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        let release: String =
            release.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
        let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
        Self {
            processor: model.map_or(std::env::consts::ARCH, |(_, model)| model).to_owned(),
            cores: thread::available_parallelism().map_or(1, usize::from),
            system: format!("{} {release}", std::env::consts::OS).trim_end().to_owned(),
            load: load.split(' ').next().and_then(|load| load.parse().ok()),
        }
    }

    /// Returns whether others are at work here.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.load.is_some_and(|load| load > BUSY)
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} × {}, {}", self.cores, self.processor, self.system)
    }
}
