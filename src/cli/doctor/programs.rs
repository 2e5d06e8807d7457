//! The hooks that are beside this program.

use std::fs;
use std::path::{Path, PathBuf};

use super::check::Check;
use crate::cli::claude_code::registration::{INJECT, RELEASE};

pub fn checks(program: Option<&Path>) -> Vec<Check> {
    let Some(dir) = program.and_then(Path::parent) else { return Vec::new() };
    let faults = [INJECT, RELEASE].into_iter().filter_map(|name| {
        let path = dir.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
        let message = format!("`{}` {}.", path.display(), fault(&path)?);
        let means = "`install` registers the hooks that are beside this program.";
        let hint = "`cargo install --path . && cargo install --path hook` puts both in one place, as does `cargo build --workspace`";
        Some(Check::problem("programs", message, means, hint))
    });
    let mut checks: Vec<_> = faults.collect();
    if checks.is_empty() {
        let message = format!("Both hooks are beside this program, in `{}`.", dir.display());
        checks.push(Check::ok("programs", message));
    }
    checks
}

/// Returns what keeps a program from being run.
pub fn fault(path: &Path) -> Option<&'static str> {
    match fs::metadata(path) {
        Err(_) => Some("is not there"),
        Ok(metadata) if !metadata.is_file() => Some("is no file"),
        Ok(metadata) if !is_executable(&metadata) => Some("is not executable"),
        Ok(_) => None,
    }
}

/// Returns the path beside this program that has the file name of `command`.
pub fn beside(program: Option<&Path>, command: &Path) -> Option<PathBuf> {
    Some(program?.parent()?.join(command.file_name()?))
}

/// Returns whether two paths lead to one file.
pub fn is_same_file(one: &Path, other: &Path) -> bool {
    let real = |path| fs::canonicalize(path).ok();
    real(one).is_some_and(|one| real(other) == Some(one))
}

#[cfg(unix)]
fn is_executable(metadata: &fs::Metadata) -> bool {
    std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o111 != 0
}

#[cfg(not(unix))]
fn is_executable(_: &fs::Metadata) -> bool {
    true
}
