//! The command line: arguments in, reports out.
//!
//! Each subcommand is a file with its `Args`, a `run` that asks the store, and
//! a `Report` that is JSON for programs and text for people. `run` prints
//! nothing: [`output`] is the one writer. Every exit code is in [`failure`].

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::panic::PanicHookInfo;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use jiff::Timestamp;
use muzzle_persona::broker::{Decision, Refusal, Situation};
use muzzle_persona::events::{Disk, visible};
use muzzle_persona::projection::Needs;
use muzzle_persona::{Answer, Options, Store, environment};

use self::claude_code::ClaudeCode;
use self::failure::Failure;
use self::output::Output;
use self::pager::Pager;

mod assign;
mod at;
mod claude_code;
mod compact;
mod completions;
#[cfg(test)]
mod corpus;
mod count;
mod diff;
mod doctor;
mod end;
mod failure;
mod feedback;
mod filter;
mod git;
mod git_setup;
mod grow;
mod history;
mod install;
mod list;
mod log;
mod man;
mod orphan_cleanup;
mod output;
mod pager;
mod persona;
mod reactivate;
mod release;
mod render;
mod repair;
mod retire;
mod search;
mod seed;
mod sentence;
mod show;
mod shown_path;
mod stats;
mod table;
mod uninstall;
mod verify;
mod why;

pub use self::completions::answer_shell;
pub use self::failure::BUG;

/// What the process was given besides its arguments.
pub struct Surroundings {
    /// The value of `MUZZLE_PERSONA_STORE`.
    pub store: Option<OsString>,
    /// The value of `MUZZLE_PERSONA_NOW`.
    pub now: Option<OsString>,
    /// The home directory.
    pub home: Option<PathBuf>,
    /// What shows long answers.
    pub pager: Pager,
    /// Where this program is.
    pub program: Option<PathBuf>,
    /// Reads what the few commands need that deal with Claude Code.
    pub client: fn() -> ClientSurroundings,
    /// What the clock says.
    pub clock: Timestamp,
    /// The source of randomness.
    pub rng: fastrand::Rng,
}

/// What the process was given that tells of Claude Code.
#[derive(Default)]
pub struct ClientSurroundings {
    /// The value of `CLAUDE_CONFIG_DIR`.
    pub config: Option<OsString>,
    /// The working directory.
    pub here: Option<PathBuf>,
    /// The variables that tell this program or its hooks something.
    pub variables: BTreeMap<String, OsString>,
}

impl ClientSurroundings {
    #[expect(clippy::disallowed_methods, reason = "this is where they enter")]
    fn read() -> Self {
        Self {
            config: std::env::var_os("CLAUDE_CONFIG_DIR"),
            here: std::env::current_dir().ok(),
            variables: std::env::vars_os()
                .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
                .filter(|(name, _)| name.starts_with(environment::PREFIX))
                .collect(),
        }
    }
}

impl Surroundings {
    /// Reads the environment, the clock and the source of randomness: here, and nowhere else.
    #[expect(clippy::disallowed_methods, reason = "this is where they enter")]
    pub fn read() -> Self {
        Self {
            store: std::env::var_os(environment::STORE),
            now: std::env::var_os(environment::NOW),
            home: environment::home(|name| std::env::var_os(name)),
            pager: Pager {
                chosen: std::env::var_os("PAGER"),
                less_is_set: std::env::var_os("LESS").is_some(),
            },
            program: std::env::current_exe().ok(),
            client: ClientSurroundings::read,
            clock: Timestamp::now(),
            rng: fastrand::Rng::new(),
        }
    }
}

/// Lend named, persistent personas to coding agents
#[derive(Debug, Parser)]
#[command(name = "muzzle-persona", version, max_term_width = 100)]
#[command(after_help = "Run `muzzle-persona help COMMAND` for more about a command.")]
pub struct Cli {
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

/// Each command's own options are made only when it is the one that is run:
/// to make those of all takes longer than to run most of them.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
enum Command {
    Assign(assign::AssignArgs),
    Release(release::ReleaseArgs),
    List(list::ListArgs),
    Show(show::ShowArgs),
    History(history::HistoryArgs),
    Log(log::LogArgs),
    Feedback(feedback::FeedbackArgs),
    Search(search::SearchArgs),
    Retire(retire::RetireArgs),
    Reactivate(reactivate::ReactivateArgs),
    Grow(grow::GrowArgs),
    Compact(compact::CompactArgs),
    Stats(stats::StatsArgs),
    Diff(diff::DiffArgs),
    Why(why::WhyArgs),
    Seed(seed::SeedArgs),
    OrphanCleanup(orphan_cleanup::OrphanCleanupArgs),
    Render(render::RenderArgs),
    GitSetup(git_setup::GitSetupArgs),
    Verify(verify::VerifyArgs),
    Repair(repair::RepairArgs),
    Install(install::InstallArgs),
    Uninstall(uninstall::UninstallArgs),
    Doctor(doctor::DoctorArgs),
    Completions(completions::CompletionsArgs),
    Man(man::ManArgs),
}

/// Runs one command and returns its exit code.
pub fn main(args: impl IntoIterator<Item = OsString>, surroundings: Surroundings) -> u8 {
    let args: Vec<_> = args.into_iter().collect();
    match Cli::try_parse_from(&args) {
        Ok(cli) => {
            let output = Output::new(cli.global.json, cli.global.no_color);
            let done = run(cli, surroundings, &output);
            output.finish(done)
        }
        Err(error) => {
            let has = |flag: &str| args.iter().any(|arg| arg == flag);
            Output::new(has("--json"), has("--no-color")).usage(error)
        }
    }
}

fn run(cli: Cli, surroundings: Surroundings, output: &Output) -> Result<u8, Failure> {
    if let Command::Render(args) = &cli.command {
        // Git calls it wherever it is: neither store nor clock may keep it from its work.
        return output.report(&render::run(args)?);
    }
    let Surroundings { store, now, home, pager, program, clock, rng, .. } = surroundings;
    let ClientSurroundings { config, here, variables } = match &cli.command {
        Command::Install(_) | Command::Uninstall(_) | Command::Doctor(_) => (surroundings.client)(),
        _ => ClientSurroundings::default(),
    };
    let client = ClaudeCode::find(config, home.as_deref(), here.as_deref());
    let now = environment::now(now, clock)?;
    let dir = environment::store_dir(cli.global.store, store, home)?;
    let mut context = Context {
        options: Options {
            dir,
            wait: cli.global.wait,
            now,
            progress: Output::progress(),
            disk: Disk::default(),
        },
        rng,
        pager,
        program,
        client,
        variables,
        warnings: Vec::new(),
        notes: Vec::new(),
    };
    let done = dispatch(cli.command, &mut context, output);
    output.notes(&context.notes);
    output.warnings(&context.warnings);
    done
}

/// Runs a command and writes its answer.
fn dispatch(command: Command, context: &mut Context, output: &Output) -> Result<u8, Failure> {
    match command {
        Command::Assign(args) => output.report(&assign::run(args, context)?),
        Command::Release(args) => output.report(&release::run(args, context)?),
        Command::List(args) => output.report(&list::run(&args, context)?),
        Command::Show(args) => output.report(&show::run(&args, context)?),
        Command::History(args) => output.report(&history::run(&args, context)?),
        Command::Log(args) => output.page(&log::run(&args, context)?, &context.pager),
        Command::Feedback(args) => output.report(&feedback::run(args, context)?),
        Command::Search(args) => output.report(&search::run(&args, context)?),
        Command::Retire(args) => output.report(&retire::run(&args, context)?),
        Command::Reactivate(args) => output.report(&reactivate::run(&args, context)?),
        Command::Grow(args) => output.report(&grow::run(&args, context)?),
        Command::Compact(args) => output.report(&compact::run(&args, context)?),
        Command::Stats(args) => output.report(&stats::run(&args, context)?),
        Command::Diff(args) => output.report(&diff::run(&args, context)?),
        Command::Why(args) => output.report(&why::run(&args, context)?),
        Command::Seed(args) => output.report(&seed::run(args, context)?),
        Command::OrphanCleanup(args) => output.report(&orphan_cleanup::run(&args, context)?),
        Command::Render(args) => output.report(&render::run(&args)?),
        Command::GitSetup(args) => {
            let ask = |question: &str| output.ask(question);
            output.report(&git_setup::run(&args, context, ask)?)
        }
        Command::Verify(args) => output.report(&verify::run(&args, context)?),
        Command::Repair(args) => output.report(&repair::run(&args, context)?),
        Command::Install(args) => output.report(&install::run(&args, context)?),
        Command::Uninstall(args) => output.report(&uninstall::run(&args, context)?),
        Command::Doctor(args) => output.report(&doctor::run(&args, context)?),
        Command::Completions(args) => output.report(&completions::run(&args)?),
        Command::Man(args) => output.report(&man::run(&args)?),
    }
}

/// What a command works with.
struct Context {
    options: Options,
    rng: fastrand::Rng,
    pager: Pager,
    program: Option<PathBuf>,
    /// Where Claude Code finds its settings.
    client: Option<ClaudeCode>,
    /// The variables that tell this program or its hooks something.
    variables: BTreeMap<String, OsString>,
    /// What is to be told on stderr, whatever the answer.
    warnings: Vec<String>,
    /// What was asked to be told on stderr.
    notes: Vec<String>,
}

impl Context {
    /// How long to wait for other writers.
    const DEFAULT_WAIT: Duration = Duration::from_secs(5);

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

    /// Opens the store, has a rule decide and records it; notes what the caller should know.
    fn execute<T>(
        &mut self,
        needs: &Needs,
        rule: impl FnMut(&mut Situation<'_>) -> Result<Decision<T>, Refusal>,
    ) -> Result<(Store, T), Failure> {
        let mut store = self.open()?;
        let answer = store.execute(needs, self.options.now, &mut self.rng, rule)?;
        Ok((store, self.note(answer)))
    }

    /// Opens the store and has a rule decide; records nothing, and goes on as if it had.
    fn rehearse<T>(
        &mut self,
        needs: &Needs,
        rule: impl FnMut(&mut Situation<'_>) -> Result<Decision<T>, Refusal>,
    ) -> Result<(Store, T), Failure> {
        let store = self.open()?;
        let (store, answer) = store.rehearse(needs, self.options.now, &mut self.rng, rule)?;
        Ok((store, self.note(answer)))
    }

    fn note<T>(&mut self, answer: Answer<T>) -> T {
        self.warnings.extend(answer.torn.iter().map(ToString::to_string));
        self.warnings.extend(answer.notices.iter().map(ToString::to_string));
        answer.outcome
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
    let seconds: f64 =
        text.parse().map_err(|_| format!("`{}` is not a number of seconds", visible(text)))?;
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
