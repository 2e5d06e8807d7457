//! The command line: arguments in, reports out.
//!
//! Each subcommand is a file with its `Args`, a `run` that asks the store, and
//! a `Report` that is JSON for programs and text for people. `run` prints
//! nothing: [`output`] is the one writer. Every exit code is in [`failure`].

use std::ffi::OsString;
use std::panic::PanicHookInfo;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use jiff::Timestamp;
use muzzle_persona::{Options, Store, environment};

use self::failure::Failure;
use self::output::Output;

mod assign;
mod count;
mod failure;
mod list;
mod output;
mod persona;
mod release;
mod show;
mod stats;
mod table;

pub use self::failure::BUG;

/// What the process was given besides its arguments.
pub struct Surroundings {
    /// The value of `MUZZLE_PERSONA_STORE`.
    pub store: Option<OsString>,
    /// The value of `MUZZLE_PERSONA_NOW`.
    pub now: Option<OsString>,
    /// The home directory.
    pub home: Option<PathBuf>,
    /// What the clock says.
    pub clock: Timestamp,
    /// The source of randomness.
    pub rng: fastrand::Rng,
}

/// Lend named, persistent personas to coding agents
#[derive(Debug, Parser)]
#[command(name = "muzzle-persona", version, max_term_width = 100)]
#[command(after_help = "Run `muzzle-persona help COMMAND` for more about a command.")]
struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    global: GlobalArgs,
}

/// Options that every command takes.
#[derive(Debug, Args)]
struct GlobalArgs {
    /// Use the store in this directory [default: ~/.muzzle/personas]
    #[arg(long, global = true, value_name = "DIR", help_heading = "Global options")]
    store: Option<PathBuf>,
    /// Answer with one JSON document
    #[arg(long, global = true, help_heading = "Global options")]
    json: bool,
    /// Wait this many seconds for other writers
    #[arg(long, global = true, value_name = "SECONDS", default_value = "5")]
    #[arg(value_parser = parse_wait, help_heading = "Global options")]
    wait: Duration,
    /// Leave out colours
    #[arg(long, global = true, help_heading = "Global options")]
    no_color: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    Assign(assign::AssignArgs),
    Release(release::ReleaseArgs),
    List(list::ListArgs),
    Show(show::ShowArgs),
    Stats(stats::StatsArgs),
}

/// Runs one command and returns its exit code.
pub fn main(args: impl IntoIterator<Item = OsString>, surroundings: Surroundings) -> u8 {
    let args: Vec<_> = args.into_iter().collect();
    match Cli::try_parse_from(&args) {
        Ok(cli) => {
            let mut output = Output::new(cli.global.json, cli.global.no_color);
            let done = run(cli, surroundings, &mut output);
            output.finish(done)
        }
        Err(error) => {
            let has = |flag: &str| args.iter().any(|arg| arg == flag);
            Output::new(has("--json"), has("--no-color")).usage(&error)
        }
    }
}

fn run(cli: Cli, surroundings: Surroundings, output: &mut Output) -> Result<(), Failure> {
    let Surroundings { store, now, home, clock, rng } = surroundings;
    let now = environment::now(now, clock)?;
    let dir = environment::store_dir(cli.global.store, store, home)?;
    let mut context =
        Context { options: Options { dir, wait: cli.global.wait, now }, rng, warnings: Vec::new() };
    let written = match cli.command {
        Command::Assign(args) => output.report(&assign::run(args, &mut context)?),
        Command::Release(args) => output.report(&release::run(args, &mut context)?),
        Command::List(args) => output.report(&list::run(&args, &mut context)?),
        Command::Show(args) => output.report(&show::run(&args, &mut context)?),
        Command::Stats(args) => output.report(&stats::run(&args, &mut context)?),
    };
    output.warnings(&context.warnings);
    written
}

/// What a command works with.
struct Context {
    options: Options,
    rng: fastrand::Rng,
    /// What is to be told on stderr, whatever the answer.
    warnings: Vec<String>,
}

impl Context {
    /// The moment of this command.
    fn now(&self) -> Timestamp {
        self.options.now
    }

    /// Opens the store, and notes what its reader should know.
    fn open(&mut self) -> Result<Store, Failure> {
        let store = self.open_quietly()?;
        self.warnings.extend(store.roster().warnings().iter().map(ToString::to_string));
        Ok(store)
    }

    /// Opens the store for a command that tells the warnings itself.
    fn open_quietly(&mut self) -> Result<Store, Failure> {
        let mut store = Store::open(&self.options, &mut self.rng)?;
        self.warnings.extend(store.take_torn().iter().map(ToString::to_string));
        Ok(store)
    }
}

/// Reads a number of seconds.
fn parse_wait(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| format!("`{text}` is not a number of seconds"))?;
    if !(0.0..=3600.0).contains(&seconds) {
        return Err("the wait is from 0 to 3600 seconds".to_owned());
    }
    Ok(Duration::from_secs_f64(seconds))
}

/// Tells of a panic in the words of an error.
pub fn report_bug(info: &PanicHookInfo<'_>) {
    let what = info.payload_as_str().unwrap_or("no message");
    let place = info.location().map(|at| format!(" at {}:{}", at.file(), at.line()));
    let message = format!("a bug in muzzle-persona: {what}{}", place.unwrap_or_default());
    let has = |flag: &str| std::env::args_os().any(|arg| arg == flag);
    Output::new(has("--json"), has("--no-color")).failure(&Failure::bug(&message));
}
