//! Signatures of a log's heads, made and checked by OpenSSH's `ssh-keygen`.
//!
//! A head vouches for all events behind it, so that whoever signs the heads signs the history. What is
//! signed is a [`Statement`], a small text. It stands in the store's `signatures/`, with the signature
//! beside it; both are named by what is in them, so that those of two clones never meet in one name. No
//! cryptography is done here, and no shell is run.

use std::path::{Path, PathBuf};

mod file;
mod ssh_keygen;
mod statement;

pub use self::file::{DIRECTORY, Found, Verdict, find, write};
pub use self::statement::Statement;

/// Why heads could not be signed, or signatures not checked.
#[expect(missing_docs, reason = "the messages say what each is")]
#[derive(Debug, thiserror::Error)]
pub enum SignatureError {
    #[error("there is no `ssh-keygen` on this machine")]
    NoProgram,
    #[error("could not run `ssh-keygen`: {0}")]
    NotRun(#[source] std::io::Error),
    #[error("`ssh-keygen` signed nothing with `{}`: {said}", key.display())]
    NotSigned { key: PathBuf, said: String },
    #[error("could not {doing} `{}`: {source}", path.display())]
    Io { doing: &'static str, path: PathBuf, source: std::io::Error },
}

impl SignatureError {
    fn io(doing: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { doing, path, source }
    }
}
