//! Why a file of a client's is not changed.

use std::io;

/// The most bytes of a settings file that are read.
pub const MAX_SETTINGS: u64 = 16 * 1024 * 1024;

/// Why a settings file or a plugin's folder is left alone.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error("it could not be read: {0}")]
    Unreadable(#[from] io::Error),
    #[error("it is a link to `{0}`, which is not there")]
    DanglingLink(String),
    #[error("it is no file")]
    NotAFile,
    #[error("it has {0} bytes; settings of more than {MAX_SETTINGS} are not read")]
    TooLong(u64),
    #[error("it is read-only")]
    ReadOnly,
    #[error("it is not UTF-8: byte {0} begins no character")]
    NotUtf8(usize),
    #[error("it is not valid JSON: {0}")]
    NotJson(String),
    #[error("it is not valid TOML: {0}")]
    NotToml(String),
    #[error("`{key}` is {found} where {expected} is expected")]
    WrongType { key: &'static str, found: &'static str, expected: &'static str },
    /// Readers differ in which of the two they take.
    #[error("the key `{0}` is there twice")]
    DuplicateKey(&'static str),
    #[error("it is no folder of its own")]
    NotADirectory,
    #[error("it has no `{0}`, so muzzle-persona did not write it")]
    NoList(&'static str),
    #[error("it holds `{0}`, which muzzle-persona did not write")]
    UnknownFile(String),
    #[error("`{0}` was changed since muzzle-persona wrote it")]
    Modified(String),
}

impl FileError {
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "check the path and its permissions",
            Self::DanglingLink(_) => "make the file that the link leads to, or remove the link",
            Self::NotAFile | Self::TooLong(_) => "move it away, then try again",
            Self::ReadOnly => {
                "make it writable, as with `chmod u+w`, or change it where it is kept"
            }
            Self::NotUtf8(_)
            | Self::NotJson(_)
            | Self::NotToml(_)
            | Self::WrongType { .. }
            | Self::DuplicateKey(_) => "mend the file by hand, then try again",
            Self::NotADirectory | Self::NoList(_) | Self::UnknownFile(_) | Self::Modified(_) => {
                "look at it, and move away or remove by hand what you do not need"
            }
        }
    }
}
