//! Running OpenSSH's `ssh-keygen`, found on the path, without a shell.

use std::ffi::OsStr;
use std::io::{self, Read, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::SignatureError;

/// What a signature is for: one that was made for anything else does not count.
const NAMESPACE: &str = "muzzle-persona";
/// The most bytes that are read of what it says.
const LIMIT: u64 = 64 * 1024;

/// What it said.
struct Said {
    is_ok: bool,
    stdout: String,
    stderr: String,
}

/// Signs a text with the private key in a file, or with the agent's, if it is a public one.
pub fn sign(key: &Path, text: &[u8]) -> Result<String, SignatureError> {
    let args = ["-Y", "sign", "-n", NAMESPACE, "-f"].map(OsStr::new);
    let Said { is_ok, stdout, stderr } = run(&[&args[..], &[key.as_os_str()]].concat(), text)?;
    if is_ok && stdout.starts_with("-----BEGIN SSH SIGNATURE-----") {
        return Ok(stdout);
    }
    // The last line tells; one before may tell what it is doing.
    let said = stderr.lines().rfind(|line| !line.trim().is_empty());
    let said = said.unwrap_or("it does not say why").to_owned();
    Err(SignatureError::NotSigned { key: key.to_owned(), said })
}

/// Returns the key that made a signature of a text, as in `ED25519 key SHA256:…`; nothing if the
/// signature is not of this text. Whose key it is, this does not say.
pub fn key_of(signature: &Path, text: &[u8]) -> Result<Option<String>, SignatureError> {
    let args = ["-Y", "check-novalidate", "-n", NAMESPACE, "-s"].map(OsStr::new);
    let said = run(&[&args[..], &[signature.as_os_str()]].concat(), text)?;
    let key = said.stdout.trim_end().rsplit_once(" signature with ").map(|(_, key)| key.to_owned());
    Ok(key.filter(|_| said.is_ok))
}

/// Returns who of the allowed signers made a signature of a text, if any did whose key was valid `at`
/// that moment.
pub fn signer_of(
    allowed: &Path,
    signature: &Path,
    text: &[u8],
    at: Timestamp,
) -> Result<Option<String>, SignatureError> {
    // In UTC, as its environment says: older ones know no other way to write that.
    let at = TimeZone::UTC.to_datetime(at).strftime("-Overify-time=%Y%m%d%H%M%S").to_string();
    let files = ["-f".as_ref(), allowed.as_os_str(), "-s".as_ref(), signature.as_os_str()];
    let of =
        |verb: &'static str| [&["-Y".as_ref(), verb.as_ref(), at.as_ref()], &files[..]].concat();
    let found = run(&of("find-principals"), b"")?;
    for signer in found.stdout.lines().filter(|_| found.is_ok) {
        let whose = ["-n", NAMESPACE, "-I", signer].map(OsStr::new);
        if run(&[&of("verify")[..], &whose].concat(), text)?.is_ok {
            return Ok(Some(signer.to_owned()));
        }
    }
    Ok(None)
}

/// Runs it with a text on its stdin. It may ask for a passphrase on the terminal.
fn run(args: &[&OsStr], text: &[u8]) -> Result<Said, SignatureError> {
    let mut command = Command::new("ssh-keygen");
    command.args(args).env("LC_ALL", "C").env("TZ", "UTC0");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => SignatureError::NoProgram,
        _ => SignatureError::NotRun(error),
    })?;
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (stdout, stderr) = thread::scope(|scope| {
        // It may end without reading all of it.
        scope.spawn(move || stdin.map(|mut stdin| stdin.write_all(text)));
        let stderr = scope.spawn(move || beginning(stderr));
        let stdout = beginning(stdout);
        if stdout.len() as u64 >= LIMIT {
            // It is no answer, and what goes on need not stop for want of a reader.
            let _ = child.kill();
        }
        (stdout, stderr.join().unwrap_or_default())
    });
    let is_ok = child.wait().map_err(SignatureError::NotRun)?.success();
    Ok(Said { is_ok, stdout, stderr })
}

/// Reads what a program says, up to the limit.
fn beginning(from: Option<impl Read>) -> String {
    let mut said = Vec::new();
    // What was read before an error is all that there is.
    let _ = from.map(|from| from.take(LIMIT).read_to_end(&mut said));
    String::from_utf8_lossy(&said).into_owned()
}
