//! One of the two moments that `diff` compares, as it was typed.

use muzzle_persona::projection::{Moment, MomentError, Until};
use muzzle_persona::{Options, Past, Store, StoreError};

use super::failure::Failure;

/// A moment, or a revision of the store in git.
#[derive(Debug, Clone)]
pub struct End {
    typed: String,
    which: Which,
}

#[derive(Debug, Clone)]
enum Which {
    Moment(Moment),
    Revision(String),
}

/// What says that a revision of git's is meant, whatever it looks like.
const GIT: &str = "git:";

impl End {
    /// Takes what was typed. Whether git knows it is seen when it is opened.
    pub fn parse(text: &str) -> Result<Self, String> {
        let revision = text.strip_prefix(GIT).unwrap_or(text);
        if revision.is_empty() {
            return Err("it is empty".to_owned());
        }
        let revision = || Which::Revision(revision.to_owned());
        let which = Moment::parse(text).map_or_else(|_| revision(), Which::Moment);
        Ok(Self { typed: text.to_owned(), which })
    }

    /// As it was typed.
    pub fn typed(&self) -> &str {
        &self.typed
    }

    /// Opens the store as it was then; as it is, if there is no end.
    pub fn open(end: Option<&Self>, options: &Options) -> Result<Past, Failure> {
        let Some(Self { typed, which }) = end else {
            return Ok(Store::open_until(options, Until::End)?);
        };
        match which {
            Which::Moment(moment) => match Store::open_at(options, moment) {
                // A commit's id looks like an event's.
                Err(StoreError::Moment(error @ MomentError::UnknownId(_))) => {
                    Store::open_revision(options, typed).map_err(|_| error.into())
                }
                opened => Ok(opened?),
            },
            Which::Revision(revision) => match Store::open_revision(options, revision) {
                Err(StoreError::Revision(error)) if typed == revision && !error.is_found() => {
                    let hint = Failure::from(MomentError::Unreadable).hint;
                    let message =
                        format!("`{typed}` is no time, sequence number or id, and {error}");
                    Err(Failure::not_found(message, hint.unwrap_or_default()))
                }
                opened => Ok(opened?),
            },
        }
    }
}
