//! The hooks that are beside this program.

use std::fs;
use std::path::Path;

use super::Check;
use crate::cli::client_files::hook::{INJECT, INSTALL_HINT, RELEASE, beside};

pub fn checks(program: Option<&Path>) -> Vec<Check> {
    let Some(dir) = program.and_then(Path::parent) else { return Vec::new() };
    let faults = [INJECT, RELEASE].into_iter().filter_map(|name| {
        let path = beside(program, name)?;
        let message = format!("`{}` {}.", path.display(), fault(&path)?);
        let means = "`install` registers the hooks that are beside this program.";
        Some(Check::problem("programs", message, means, INSTALL_HINT))
    });
    let faults: Vec<_> = faults.collect();
    if faults.is_empty() {
        let message = format!("Both hooks are beside this program, in `{}`.", dir.display());
        return vec![Check::ok("programs", message)];
    }
    faults
}

pub fn fault(path: &Path) -> Option<&'static str> {
    match fs::metadata(path) {
        Err(_) => Some("is not there"),
        Ok(metadata) if !metadata.is_file() => Some("is no file"),
        Ok(metadata) if !is_executable(&metadata) => Some("is not executable"),
        Ok(_) => None,
    }
}

/// Returns whether a path leads to the file of the same name beside this program, if there is one.
pub fn is_beside(program: Option<&Path>, path: &Path) -> Option<bool> {
    let beside = program?.parent()?.join(path.file_name()?);
    let beside = fs::canonicalize(beside).ok()?;
    Some(fs::canonicalize(path).is_ok_and(|path| path == beside))
}

#[cfg(unix)]
fn is_executable(metadata: &fs::Metadata) -> bool {
    std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o111 != 0
}

#[cfg(not(unix))]
fn is_executable(_: &fs::Metadata) -> bool {
    true
}
