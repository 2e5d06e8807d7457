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
}

impl Machine {
    /// Looks around; what it cannot learn it leaves out.
    #[must_use]
    pub fn read() -> Self {
        let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
        let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        let release: String =
            release.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
        Self {
            processor: model.map_or(std::env::consts::ARCH, |(_, model)| model).to_owned(),
            cores: thread::available_parallelism().map_or(1, usize::from),
            system: format!("{} {release}", std::env::consts::OS).trim_end().to_owned(),
        }
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} × {}, {}", self.cores, self.processor, self.system)
    }
}
