//! The programs that are measured, and running one of them.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::Problem;

/// Where the programs are.
#[derive(Debug)]
pub struct Programs {
    /// `muzzle-persona`.
    pub cli: PathBuf,
    /// `persona-inject`.
    pub inject: PathBuf,
    /// A program that does nothing.
    pub nothing: PathBuf,
}

impl Programs {
    /// Finds them beside each other, where cargo puts them.
    pub fn find() -> Result<Self, Problem> {
        let cli = PathBuf::from(env!("CARGO_BIN_EXE_muzzle-persona"));
        let beside = |name: &str| {
            let path = cli.with_file_name(name).with_extension(std::env::consts::EXE_EXTENSION);
            let hint = "run `cargo build --release --workspace --bins --examples`";
            if path.exists() { Ok(path) } else { Err(format!("no `{}`; {hint}", path.display())) }
        };
        let (inject, nothing) = (beside("persona-inject")?, beside("examples/nothing")?);
        Ok(Self { cli, inject, nothing })
    }
}

/// A program in an environment in which nothing is set.
#[must_use]
pub fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear();
    command
}

/// A process that ended well.
#[derive(Debug)]
pub struct Ran {
    /// From before its start until after its end.
    pub took: Duration,
    /// Its answer.
    pub stdout: Vec<u8>,
}

/// Runs a process that has to succeed without a word on stderr.
pub fn run(command: &mut Command, input: &[u8]) -> Result<Ran, Problem> {
    let stdin = if input.is_empty() { Stdio::null() } else { Stdio::piped() };
    command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
    let start = Instant::now();
    let mut child = command.spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        match stdin.write_all(input) {
            // A process that does nothing does not read either.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
            other => other?,
        }
    }
    let output = child.wait_with_output()?;
    let took = start.elapsed();
    if !output.status.success() || !output.stderr.is_empty() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("`{command:?}` ended with {}: {said}", output.status).into());
    }
    Ok(Ran { took, stdout: output.stdout })
}
