//! The programs on disk.

use std::fs;
use std::path::Path;

use super::Finding;
use crate::cli::claude_code::registration::{INJECT, RELEASE};

pub fn check(program: Option<&Path>) -> Vec<Finding> {
    let Some(dir) = program.and_then(Path::parent) else { return Vec::new() };
    let names = [INJECT, RELEASE].map(|name| format!("{name}{}", std::env::consts::EXE_SUFFIX));
    let faults = names.iter().filter_map(|name| {
        let path = dir.join(name);
        let message = format!("`{}` {}.", path.display(), fault(&path)?);
        let means = "`install` registers the hooks that are beside this program.";
        let hint = "`cargo install --path . && cargo install --path hook` puts both in one place, as does `cargo build --workspace`";
        Some(Finding::problem("programs", message, means, hint))
    });
    let mut findings: Vec<_> = faults.collect();
    if findings.is_empty() {
        let message = format!("Both hooks are beside this program, in `{}`.", dir.display());
        findings.push(Finding::ok("programs", message));
    }
    findings
}

/// What keeps a program from being run.
pub fn fault(path: &Path) -> Option<&'static str> {
    match fs::metadata(path) {
        Err(_) => Some("is not there"),
        Ok(found) if !found.is_file() => Some("is no file"),
        Ok(found) if !is_executable(&found) => Some("is not executable"),
        Ok(_) => None,
    }
}

#[cfg(unix)]
fn is_executable(found: &fs::Metadata) -> bool {
    std::os::unix::fs::PermissionsExt::mode(&found.permissions()) & 0o111 != 0
}

#[cfg(not(unix))]
fn is_executable(_: &fs::Metadata) -> bool {
    true
}
