//! `--at`: read the store as it was.

use clap::Args;
use muzzle_persona::Snapshot;
use muzzle_persona::projection::CutoffSpec;

use super::context::Context;
use super::failure::Failure;
use super::persona::minute;

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
            return Ok(Snapshot::present(self.open_quietly()?, self.now()));
        };
        let snapshot = Snapshot::open(&self.options, spec)?;
        if snapshot.view().events == 0 {
            self.warn([match snapshot.view().first_excluded() {
                Some(first) => {
                    format!("nothing had happened by then: the log begins {}", minute(first))
                }
                None => "nothing ever happened: the log is empty".to_owned(),
            }]);
        }
        Ok(snapshot)
    }
}
