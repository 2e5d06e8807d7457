//! Why a file is left alone.

use std::io;
use std::path::Path;

use crate::cli::failure::Failure;

/// What keeps a settings file or a plugin folder from being read or changed.
#[derive(Debug, thiserror::Error)]
pub enum Reason {
    /// The system did not let it be read.
    #[error("it could not be read: {0}")]
    Unreadable(#[from] io::Error),
    /// A link leads nowhere.
    #[error("it is a link to `{0}`, which is not there")]
    Dangling(String),
    /// It is a directory, a pipe or a device.
    #[error("it is no file")]
    NoFile,
    /// No settings are that long.
    #[error("it has {0} bytes; settings of more than {LIMIT} are not read", LIMIT = super::settings::LIMIT)]
    TooLong(u64),
    /// Somebody does not want it to be changed.
    #[error("it is read-only")]
    ReadOnly,
    /// Its bytes are not text.
    #[error("it is not UTF-8: byte {0} begins no character")]
    NotText(usize),
    /// It does not follow the grammar.
    #[error("it is not valid JSON: {0}")]
    NotJson(String),
    /// A value has another type than the client expects there.
    #[error("`{key}` is {found} where {expected} is expected")]
    WrongType {
        /// Which value.
        key: &'static str,
        /// What it is.
        found: &'static str,
        /// What it was to be.
        expected: &'static str,
    },
    /// A key is there twice, and a reader may take the one or the other.
    #[error("the key `{0}` is there twice")]
    Twice(String),
    /// The plugin's folder is a link or a file.
    #[error("it is no folder of its own")]
    NoFolder,
    /// The plugin's folder lacks the list of what was written.
    #[error("it has no `{0}`, so muzzle-persona did not write it")]
    NotOurs(&'static str),
    /// The plugin's folder holds something that we did not write, or not so.
    #[error("it holds `{0}`, which muzzle-persona did not write")]
    Foreign(String),
    /// A file of the plugin was changed since.
    #[error("`{0}` was changed since muzzle-persona wrote it")]
    Changed(String),
}

impl Reason {
    /// A command that leaves the file alone, for this reason.
    pub fn left_alone(&self, path: &Path) -> Failure {
        Failure::refused(format!("left `{}` alone: {self}", path.display()), self.hint())
    }

    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "check the path and its permissions",
            Self::Dangling(_) => "make the file that the link leads to, or remove the link",
            Self::NoFile | Self::TooLong(_) => "move it away, then try again",
            Self::ReadOnly => {
                "make it writable, as with `chmod u+w`, or change it where it is kept"
            }
            Self::NotText(_) | Self::NotJson(_) | Self::WrongType { .. } | Self::Twice(_) => {
                "mend the file by hand, then try again"
            }
            Self::NoFolder | Self::NotOurs(_) | Self::Foreign(_) | Self::Changed(_) => {
                "look at it, and move away or remove by hand what you do not need"
            }
        }
    }
}
