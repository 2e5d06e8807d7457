//! `sign`: sign the heads of the log with an SSH key.

use std::fmt;
use std::path::{Path, PathBuf};

use clap::Args;
use jiff::Timestamp;
use muzzle_persona::events::EventId;
use muzzle_persona::signature::{self, Statement};
use muzzle_persona::{Store, wording::Count};
use serde::Serialize;

use super::{Context, Failure, ShownPath, git, line};

/// Sign the heads of the log, and so its history, with an SSH key
///
/// `ssh-keygen` makes the signature. It is kept in the store's `signatures/`,
/// where git carries it; `verify --signed` tells what stands under it. A log
/// that is damaged is not signed.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  muzzle-persona sign
  muzzle-persona sign --key ~/.ssh/id_ed25519")]
pub struct SignArgs {
    /// The key [default: git's `user.signingkey`, where `gpg.format` is ssh]
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
}

pub fn run(args: &SignArgs, context: &Context) -> Result<SignReport, Failure> {
    let options = &context.options;
    let audit = Store::verify(options, &[])?;
    if !audit.is_sound() {
        return Err(Failure::damaged("the log is damaged; nothing was signed"));
    }
    let mut heads = audit.heads.ids().to_vec();
    heads.sort_unstable();
    if heads.is_empty() {
        let hint = "the first `muzzle-persona assign` or `grow` records some";
        return Err(Failure::refused("the log holds no event to sign", hint));
    }
    let key = args.key.clone().map_or_else(|| git_key(&options.dir), Ok)?;
    let statement = Statement { at: options.now, heads };
    let file = signature::write(&options.disk, &options.dir, &key, &statement);
    let file = file.map_err(|error| Failure::signature(&error))?;
    let Statement { at, heads } = statement;
    Ok(SignReport { file, at, heads, events: audit.events, key: key.as_path().into() })
}

/// The key that git signs with.
fn git_key(store: &Path) -> Result<PathBuf, Failure> {
    let setting = |args: &[&str]| {
        let value = git::run(store, &[&["config"], args].concat()).ok().flatten();
        value.filter(|value| !value.is_empty())
    };
    let none = |why| {
        let hint = "name one, as in `muzzle-persona sign --key ~/.ssh/id_ed25519`";
        Err(Failure::usage(why, hint))
    };
    if setting(&["--get", "gpg.format"]).as_deref() != Some("ssh") {
        return none("no key is named, and git signs with no SSH key");
    }
    match setting(&["--type=path", "--get", "user.signingkey"]) {
        Some(key) if key.starts_with("key::") || key.starts_with("ssh-") => {
            none("no key is named, and git's `user.signingkey` is a key itself, and no file")
        }
        Some(key) => Ok(key.into()),
        None => none("no key is named, and git has no `user.signingkey`"),
    }
}

#[derive(Debug, Serialize)]
pub struct SignReport {
    file: String,
    at: Timestamp,
    heads: Vec<EventId>,
    events: u64,
    key: ShownPath,
}

impl fmt::Display for SignReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, heads, events, key, .. } = self;
        let (events, heads) = (Count(*events, "event"), Count(heads.len(), "head"));
        line(f, format!("Signed {events}, behind {heads}, with `{key}`."))?;
        line(
            f,
            format!("The signature is `{file}.sig` in the store, with what it signs beside it."),
        )
    }
}
