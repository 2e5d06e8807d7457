//! How much memory a process takes.

use std::fs;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::Problem;

/// How long to wait between two looks.
const PAUSE: Duration = Duration::from_micros(200);

/// Runs a process that has to succeed, and answers with its largest resident set in bytes.
///
/// Linux keeps the peak in `/proc/PID/status` for as long as the process
/// lives, so it is looked at again and again until the end; elsewhere there is
/// no answer. What a process takes in its last moment may go unseen.
pub fn peak(command: &mut Command) -> Result<Option<u64>, Problem> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn()?;
    let status = format!("/proc/{}/status", child.id());
    let mut peak = None;
    loop {
        peak = peak.max(fs::read_to_string(&status).ok().as_deref().and_then(high_water_mark));
        if let Some(status) = child.try_wait()? {
            if status.success() {
                return Ok(peak);
            }
            return Err(format!("`{command:?}` ended with {status}").into());
        }
        thread::sleep(PAUSE);
    }
}

/// The line `VmHWM:     2304 kB`, in bytes.
fn high_water_mark(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}
