//! `replay`: tell what other numbers would have chosen.

use std::fmt;
use std::fs;
use std::path::PathBuf;

use clap::Args;
use muzzle_persona::Snapshot;
use muzzle_persona::broker::{Replay, Replayed, RoleReplay, Seed};
use muzzle_persona::projection::Moment;
use muzzle_persona::wording::Count;
use serde::Serialize;

use super::{Context, Failure, ShownPath, Table, line};

/// Tell what the numbers of another seed file would have chosen
///
/// Each recorded request is decided again, from the personas as they were
/// then; nothing is recorded. It is told how many choices would have been
/// others, for which roles, and for which of the two personas the verdicts
/// speak that came later in that role.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  muzzle-persona replay -f other.toml
  muzzle-persona replay -f other.toml --since 2026-03-01")]
pub struct ReplayArgs {
    /// The seed file with the other numbers, in place of the store's own
    #[arg(short = 'f', long, value_name = "FILE")]
    file: PathBuf,
    /// Only requests from this moment on: a time, a date, a sequence number or how an event's id begins
    #[arg(long, value_name = "MOMENT", value_parser = Moment::parse)]
    since: Option<Moment>,
}

pub fn run(args: ReplayArgs, context: &mut Context) -> Result<ReplayReport, Failure> {
    let ReplayArgs { file, since } = args;
    let text = fs::read_to_string(&file).map_err(|error| {
        let message = format!("could not read the seed file `{}`: {error}", file.display());
        Failure::not_found(message, "name one with `--file FILE`")
    })?;
    let rules = Seed::with_user(&file, &text)?.rules()?;
    let mut snapshot = Snapshot::present(context.open()?, context.options.now);
    let since = since.map(|since| snapshot.resolve(&context.meant(&since))).transpose()?;
    let mut replay = Replay::new(&rules);
    snapshot.visit(&[], |record| {
        let is_early = since.as_ref().is_some_and(|since| since.start.includes(record));
        replay.follow(record, !is_early);
    })?;
    let replayed = replay.finish();
    let sum = |part: fn(&RoleReplay) -> u64| replayed.roles.values().map(part).sum();
    let (choices, differ) = (sum(|role| role.choices), sum(|role| role.differ));
    Ok(ReplayReport { file: file.into(), choices, differ, replayed })
}

#[derive(Debug, Serialize)]
pub struct ReplayReport {
    file: ShownPath,
    choices: u64,
    differ: u64,
    #[serde(flatten)]
    replayed: Replayed,
}

impl fmt::Display for ReplayReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, choices, differ, replayed } = self;
        if *choices == 0 {
            return writeln!(f, "No recorded request had more than one candidate.");
        }
        let choices = Count(*choices, "choice");
        line(
            f,
            format!("Of {choices}, the numbers in `{file}` would have made {differ} otherwise."),
        )?;
        let mut table = Table::new(&["ROLE", ">CHOICES", ">OTHERWISE"]);
        for (role, RoleReplay { choices, differ }) in &replayed.roles {
            table.row(&[role, choices, differ]);
        }
        writeln!(f)?;
        table.show(f)?;
        if *differ == 0 {
            return Ok(());
        }
        let Replayed { for_recorded, for_other, undecided, .. } = replayed;
        let lent = "Verdicts that came later in the role speak for the persona that was lent";
        let rest = format!("for the other in {for_other}, for neither in {undecided}.");
        writeln!(f)?;
        line(f, format!("{lent} in {for_recorded} of these, {rest}"))
    }
}
