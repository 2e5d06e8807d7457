//! `--at`: read the store as it was.

use clap::Args;
use muzzle_persona::{Snapshot, projection::CutoffSpec};

use super::{context::Context, failure::Failure, persona::minute};

/// The moment that a reading command asks about.
#[derive(Debug, Args)]
pub struct AtArgs {
    /// As it was then: a time, a date, a sequence number, how an event's id begins, or `git:REV`
    #[arg(long, value_name = "MOMENT", value_parser = CutoffSpec::parse)]
    at: Option<CutoffSpec>,
}

impl Context {
    /// Opens the store to read, and notes what its reader should know.
    pub fn read(&mut self, args: &AtArgs) -> Result<Snapshot, Failure> {
        let snapshot = self.read_quietly(args)?;
        self.warn(snapshot.roster().warnings());
        Ok(snapshot)
    }

    /// Opens the store to read, for a command whose answer holds the warnings itself.
    pub fn read_quietly(&mut self, args: &AtArgs) -> Result<Snapshot, Failure> {
        let Some(spec) = &args.at else {
            return Ok(Snapshot::present(self.open_quietly()?, self.options.now));
        };
        let snapshot = Snapshot::open(&self.options, spec)?;
        if snapshot.view().events == 0 {
            let first = snapshot.view().first_excluded().map(minute);
            self.warn([first.map_or_else(
                || "nothing ever happened: the log is empty".to_owned(),
                |first| format!("nothing had happened by then: the log begins {first}"),
            )]);
        }
        Ok(snapshot)
    }
}
