//! Which part of a history stands under whose signature, for `verify --signed`.

use std::path::Path;
use std::{fmt, fs, io};

use jiff::Timestamp;
use muzzle_persona::Options;
use muzzle_persona::audit::Coverage;
use muzzle_persona::events::{EventId, visible};
use muzzle_persona::signature::{self, Found, Verdict};
use muzzle_persona::wording::{Count, LISTED, quoted_first};
use serde::Serialize;

use super::failure::{DAMAGED, REFUSED};
use super::output::{ERROR, WARNING};
use super::{Failure, ShownPath, line};

/// What the signatures of a store say, by when they were made.
#[derive(Debug, Serialize)]
pub struct Signed {
    allowed_signers: ShownPath,
    signatures: Vec<Signature>,
    /// How many events stand under a signature of an allowed signer.
    events: u64,
    /// How many do not.
    unsigned_events: u64,
}

#[derive(Debug, Serialize)]
struct Signature {
    file: String,
    status: Status,
    at: Option<Timestamp>,
    signer: Option<String>,
    key: Option<String>,
    heads: Vec<EventId>,
    /// Those of the heads that are not in the log.
    gone: Vec<EventId>,
    /// How many events of the log stand behind the heads.
    events: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    /// An allowed signer signed what is in the log.
    Signed,
    /// An allowed signer signed a head that is not in the log.
    HeadGone,
    /// Somebody signed it who is not allowed.
    UnknownSigner,
    /// The text or the signature is not what was written.
    Changed,
}

impl Signed {
    /// Checks all signatures of a store, and returns with them the heads that each of them covers.
    pub fn find(allowed: &Path, options: &Options) -> Result<(Self, Vec<Vec<EventId>>), Failure> {
        // What it cannot read, ssh-keygen takes for a list of nobody.
        let read = fs::metadata(allowed).and_then(|of| {
            // It is read more than once.
            let is_file = of.is_file().then_some(()).ok_or("it is not a regular file");
            is_file.map_err(io::Error::other).and_then(|()| fs::File::open(allowed))
        });
        read.map_err(|error| Failure::read(allowed, &error))?;
        let found = signature::find(&options.disk, &options.dir, allowed);
        let found = found.map_err(|error| Failure::signature(&error))?;
        let signatures: Vec<_> = found.into_iter().map(Signature::of).collect();
        // What nobody vouches for covers nothing.
        let is_signed = |it: &&Signature| it.status == Status::Signed;
        let heads = |it: &Signature| Some(it).filter(is_signed).map(|it| it.heads.clone());
        let heads = signatures.iter().map(|it| heads(it).unwrap_or_default()).collect();
        let signed =
            Self { allowed_signers: allowed.into(), signatures, events: 0, unsigned_events: 0 };
        Ok((signed, heads))
    }

    /// Adds what of the log stands behind these heads, of `all` events.
    pub fn covering(mut self, coverage: Coverage, all: u64) -> Self {
        for (it, (gone, events)) in self.signatures.iter_mut().zip(coverage.sets) {
            if !gone.is_empty() {
                it.status = Status::HeadGone;
            }
            (it.gone, it.events) = (gone, events);
        }
        (self.events, self.unsigned_events) = (coverage.events, all - coverage.events);
        self
    }

    /// The exit code of a log that is sound.
    pub fn code(&self) -> u8 {
        let has = |status| self.signatures.iter().any(|it| it.status == status);
        if has(Status::HeadGone) {
            DAMAGED
        } else if has(Status::UnknownSigner) || has(Status::Changed) || !has(Status::Signed) {
            REFUSED
        } else {
            0
        }
    }
}

impl Signature {
    fn of(Found { file, statement, verdict }: Found) -> Self {
        let (status, signer, key) = match verdict {
            Verdict::Signed { signer, key } => (Status::Signed, Some(signer), Some(key)),
            Verdict::Unknown { key } => (Status::UnknownSigner, None, Some(key)),
            Verdict::Changed => (Status::Changed, None, None),
        };
        let at = statement.as_ref().map(|said| said.at);
        let heads = statement.map(|said| said.heads).unwrap_or_default();
        Self { file, status, at, signer, key, heads, gone: Vec::new(), events: 0 }
    }
}

impl fmt::Display for Signed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { allowed_signers, signatures, events, unsigned_events } = self;
        for it in signatures {
            let text = |text: &Option<String>| visible(text.as_deref().unwrap_or_default());
            let (signer, key, file) = (text(&it.signer), text(&it.key), visible(&it.file));
            let at = it.at.unwrap_or_default();
            let (damage, warning) = (
                format_args!("{ERROR}damage:{ERROR:#}"),
                format_args!("{WARNING}warning:{WARNING:#}"),
            );
            match it.status {
                Status::Signed => {
                    let events = Count(it.events, "event");
                    writeln!(f, "{file}: {signer} signed {events} at {at} ({key})")?;
                }
                Status::HeadGone => {
                    let gone = quoted_first(LISTED, &it.gone);
                    let why = "lines were cut off, or another history was put in its place";
                    let what = format_args!("{signer} signed {gone} at {at} ({key})");
                    writeln!(f, "{file}: {damage} {what}, and the log does not hold it: {why}")?;
                }
                Status::UnknownSigner => {
                    let whose = format_args!("nobody's in `{allowed_signers}` that was valid then");
                    writeln!(f, "{file}: {warning} signed at {at} with the {key}, {whose}")?;
                }
                Status::Changed => {
                    let what = "it and its signature are not what was written; bring both back, or remove them";
                    writeln!(f, "{file}: {warning} {what}")?;
                }
            }
        }
        if signatures.is_empty() {
            line(f, "There is no signature; `muzzle-persona sign` makes one.")?;
        }
        let (events, rest) = (Count(*events, "event"), Count(*unsigned_events, "event"));
        let (stand, do_not) = (events.agree("stands", "stand"), rest.agree("does", "do"));
        line(f, format!("{events} {stand} under a signature, and {rest} {do_not} not."))
    }
}
