//! Signatures in a store's directory.

use std::collections::BTreeSet;
use std::io::{self, Read as _};
use std::path::Path;

use super::{SignatureError, Statement, ssh_keygen};
use crate::disk::{Disk, Mode, if_there, open_unlinked};

/// Where a store keeps them.
pub const DIRECTORY: &str = "signatures";
/// What the names of the text and of its signature end with.
const TEXT: &str = ".heads";
const SIGNATURE: &str = ".heads.sig";
/// How git is to treat them: a byte that it converted would be another text.
const ATTRIBUTES: &str = "* -text\n";
/// The most bytes of a text, or a signature, that are read.
const LIMIT: u64 = 1024 * 1024;

/// A signature that was found in a store.
#[derive(Debug)]
pub struct Found {
    /// The text's file, as the store names it.
    pub file: String,
    /// What was said, if that can be read.
    pub statement: Option<Statement>,
    /// Who says so.
    pub verdict: Verdict,
}

/// What came of checking a signature.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It was made by an allowed signer, with this key.
    Signed {
        /// Who, as the list of allowed signers has it.
        signer: String,
        /// The key, as in `ED25519 key SHA256:…`.
        key: String,
    },
    /// It was made with this key, which is nobody's who is allowed, or was not valid then.
    Unknown {
        /// The key, as in `ED25519 key SHA256:…`.
        key: String,
    },
    /// A file was changed, or is missing, or is none of this program's.
    Changed,
}

/// Signs a statement with a key, and keeps both in the store; returns the text's file, as the store
/// names it.
pub fn write(
    disk: &Disk,
    store: &Path,
    key: &Path,
    statement: &Statement,
) -> Result<String, SignatureError> {
    let text = statement.to_string();
    let signature = ssh_keygen::sign(key, text.as_bytes())?;
    let dir = store.join(DIRECTORY);
    disk.make_dirs(&dir).map_err(SignatureError::io("create", &dir))?;
    let attributes = dir.join(".gitattributes");
    disk.write_new(&attributes, ATTRIBUTES).map_err(SignatureError::io("write", &attributes))?;
    let name = name(text.as_bytes(), signature.as_bytes());
    for (ending, content) in [(TEXT, &text), (SIGNATURE, &signature)] {
        let path = dir.join(format!("{name}{ending}"));
        let written = || {
            // Whatever stands there already is the same, or was not written to its end.
            let file = disk.open(&path, Mode::Truncate)?;
            file.write_all(content.as_bytes())?;
            file.sync()
        };
        written().map_err(SignatureError::io("write", &path))?;
    }
    disk.sync_dir(&dir).map_err(SignatureError::io("sync", &dir))?;
    Ok(format!("{DIRECTORY}/{name}{TEXT}"))
}

/// Checks all signatures of a store against a list of allowed signers; those of the same moment by
/// name.
pub fn find(disk: &Disk, store: &Path, allowed: &Path) -> Result<Vec<Found>, SignatureError> {
    let dir = store.join(DIRECTORY);
    let names = if_there(disk.list(&dir)).map_err(SignatureError::io("read", &dir))?;
    let stem = |name: &String| {
        let stem = name.strip_suffix(SIGNATURE).or_else(|| name.strip_suffix(TEXT));
        stem.map(str::to_owned)
    };
    let stems: BTreeSet<_> = names.unwrap_or_default().iter().filter_map(stem).collect();
    let check = |stem: &String| check(&dir, stem, allowed);
    let mut found: Vec<_> = stems.iter().map(check).collect::<Result<_, _>>()?;
    found.sort_by_key(|it| it.statement.as_ref().map(|said| said.at));
    Ok(found)
}

fn check(dir: &Path, stem: &str, allowed: &Path) -> Result<Found, SignatureError> {
    let paths = [TEXT, SIGNATURE].map(|ending| dir.join(format!("{stem}{ending}")));
    let file = format!("{DIRECTORY}/{stem}{TEXT}");
    let [text, signature] = paths.each_ref().map(|path| read(path));
    let mut found = Found { file, statement: None, verdict: Verdict::Changed };
    let (Ok(text), Ok(signature)) = (text, signature) else { return Ok(found) };
    found.statement = Statement::parse(&text).filter(|_| name(&text, &signature) == stem);
    let Some(Statement { at, .. }) = found.statement else { return Ok(found) };
    let Some(key) = ssh_keygen::key_of(&paths[1], &text)? else { return Ok(found) };
    found.verdict = match ssh_keygen::signer_of(allowed, &paths[1], &text, at)? {
        Some(signer) => Verdict::Signed { signer, key },
        None => Verdict::Unknown { key },
    };
    Ok(found)
}

/// Reads a file that git may have brought: no link is followed, and no more is read than it can be
/// long.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open_unlinked(path)?.take(LIMIT).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// What both files are named: the first 32 hex digits of the BLAKE3 digest of their bytes.
fn name(text: &[u8], signature: &[u8]) -> String {
    let mut digest = blake3::Hasher::new();
    digest.update(text).update(signature);
    digest.finalize().to_hex().chars().take(32).collect()
}
