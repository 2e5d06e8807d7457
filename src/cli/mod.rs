//! The command line: arguments in, reports out.
//!
//! Each subcommand is a file with its `Args`, a `run` that asks the store, and
//! a `Report` that is JSON for programs and text for people. `run` prints
//! nothing: it adds messages to its [`context`], and [`output`] is the one
//! writer. Every exit code is in [`failure`]. Three rooms are more than a file:
//! [`client_files`] knows the files of the clients, [`doctor`] looks at everything,
//! [`picture`] draws.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::panic::PanicHookInfo;
use std::path::PathBuf;
use std::time::Duration;

use clap::{CommandFactory as _, Parser, Subcommand, error::ErrorKind};
use muzzle_persona::PendingCheckpoint;

use self::completions::persona_names;
use self::context::{AtArgs, Context};
use self::failure::{DAMAGED, Failure, REFUSED};
use self::output::{Colour, Output, line};
use self::{persona::minute, sentence::sentence, shown_path::ShownPath, table::Table};

mod agent_file;
mod allow;
mod assign;
mod client_files;
mod compact;
mod completions;
mod config;
mod context;
#[cfg(test)]
mod corpus;
mod define;
mod diff;
mod doctor;
mod editor;
mod environment;
mod event_id;
mod export;
mod failure;
mod feedback;
mod filter;
mod forget;
mod git;
mod git_setup;
mod grow;
mod help;
mod hint;
mod history;
mod import;
mod install;
mod join;
mod judged_work;
mod list;
mod log;
mod man;
mod man_page;
mod named_session;
mod note;
mod number;
mod orphan_cleanup;
mod outcome;
mod output;
mod pager;
mod part;
mod persona;
mod picture;
mod preamble;
mod reactivate;
mod release;
mod remote;
mod render;
mod repair;
mod replay;
mod retire;
mod retract;
mod review;
mod role;
mod roles;
mod said;
mod search;
mod seed;
mod sentence;
mod session;
mod show;
mod shown_path;
mod sign;
mod signed;
mod stats;
mod table;
mod teach;
mod uninstall;
mod unlearn;
mod usage_error;
mod verify;
mod who;
mod why;
mod why_not;
mod why_report;
mod work;
mod wrap;

pub use self::failure::BUG;

/// Lend named, persistent personas to coding agents
#[derive(Debug, Parser)]
#[command(name = "muzzle-persona", version, max_term_width = help::WIDTH)]
#[command(after_help = "Run `muzzle-persona help COMMAND` for more about a command.")]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
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
    /// Use colours always, never, or where they are seen
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", value_enum)]
    #[arg(overrides_with = "no_color", help_heading = "Global options")]
    color: Colour,
    /// The same as `--color never`
    #[arg(long, global = true, hide = true, help_heading = "Global options")]
    no_color: bool,
}

/// The options of a command are built only when it is the one that is run:
/// to build those of all commands takes longer than to run most of them.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
enum Command {
    Assign(assign::AssignArgs),
    Release(release::ReleaseArgs),
    List(list::ListArgs),
    Show(show::ShowArgs),
    History(history::HistoryArgs),
    Session(session::SessionArgs),
    Who(who::WhoArgs),
    Log(Box<filter::LogArgs>),
    Outcome(outcome::OutcomeArgs),
    Feedback(feedback::FeedbackArgs),
    Retract(retract::RetractArgs),
    Forget(forget::ForgetArgs),
    Teach(teach::TeachArgs),
    Unlearn(unlearn::UnlearnArgs),
    Note(note::NoteArgs),
    Allow(allow::AllowArgs),
    Search(search::SearchArgs),
    Roles(roles::RolesArgs),
    Retire(retire::RetireArgs),
    Reactivate(reactivate::ReactivateArgs),
    Grow(grow::GrowArgs),
    Add(define::AddArgs),
    Edit(define::EditArgs),
    Import(import::ImportArgs),
    Export(export::ExportArgs),
    Review(review::ReviewArgs),
    #[command(hide = true)]
    Rename(define::RenameArgs),
    Compact(compact::CompactArgs),
    Stats(stats::StatsArgs),
    Page(picture::page::PageArgs),
    Heat(picture::heat::HeatArgs),
    Lanes(picture::lanes::LanesArgs),
    Diff(diff::DiffArgs),
    Replay(replay::ReplayArgs),
    Why(why::WhyArgs),
    Preamble(preamble::PreambleArgs),
    Seed(seed::SeedArgs),
    Config(config::ConfigArgs),
    OrphanCleanup(orphan_cleanup::OrphanCleanupArgs),
    Render(render::RenderArgs),
    GitSetup(git_setup::GitSetupArgs),
    Sign(sign::SignArgs),
    Verify(verify::VerifyArgs),
    Repair(repair::RepairArgs),
    Remote(remote::RemoteArgs),
    Install(install::InstallArgs),
    Uninstall(uninstall::UninstallArgs),
    Doctor(doctor::DoctorArgs),
    Completions(completions::CompletionsArgs),
    Man(man::ManArgs),
}

/// Answers a shell that asks for completions, and ends the process; else does nothing.
pub fn answer_shell() {
    completions::answer_shell(Cli::command);
}

/// Runs one command and returns its exit code.
pub fn main(args: impl IntoIterator<Item = OsString>) -> u8 {
    let args: Vec<_> = args.into_iter().collect();
    let cli = match Cli::try_parse_from(&args) {
        Ok(cli) => cli,
        Err(error) => return not_parsed(&error, &args),
    };
    let colour = if cli.no_color { Colour::Never } else { cli.color };
    let output = Output { json: cli.json, colour };
    // Dropped when the answer is written: nobody waits for the checkpoint.
    let pending = PendingCheckpoint::default();
    let store = cli.store.clone();
    run(cli, &output, pending.clone()).unwrap_or_else(|failure| {
        let failure = failure.addressed(&args, store);
        output.failure(&failure);
        failure.code
    })
}

/// Ends a command line that names no command: help, the version, or a mistake.
fn not_parsed(error: &clap::Error, args: &[OsString]) -> u8 {
    let output = output_for(args);
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            // The same words again, where all commands are described.
            let again = help::command().try_get_matches_from(args).err();
            output.told_by_parser(again.as_ref().unwrap_or(error))
        }
        ErrorKind::DisplayVersion => output.told_by_parser(error),
        _ => {
            let failure = usage_error::failure(error, args).addressed(args, None);
            output.failure(&failure);
            failure.code
        }
    }
}

fn run(cli: Cli, output: &Output, pending: PendingCheckpoint) -> Result<u8, Failure> {
    if let Command::Render(args) = &cli.command {
        // Git runs it in any directory: it must work without a store and a clock.
        return output.report(&render::run(args, || context::forgotten(cli.store))?);
    }
    let mut context = Context::new(cli.store, cli.wait, pending)?;
    let done = dispatch(cli.command, &mut context, output);
    context.notes.iter().for_each(|note| output.print(format_args!("{note}")));
    context.warnings.iter().for_each(|warning| output.warn(warning));
    done
}

fn dispatch(command: Command, context: &mut Context, output: &Output) -> Result<u8, Failure> {
    match command {
        Command::Assign(args) => output.json(&assign::run(args, context)?),
        Command::Release(args) => output.report(&release::run(args, context)?),
        Command::List(args) => output.long_report(&list::run(&args, context, output.json)?),
        Command::Show(args) => output.long_report(&show::run(&args, context)?),
        Command::History(args) => output.long_report(&history::run(&args, context)?),
        Command::Session(args) => output.long_report(&session::run(&args, context)?),
        Command::Who(args) => output.long_report(&who::run(&args, context)?),
        Command::Log(args) if args.follow => log::follow(*args, context, output),
        Command::Log(args) => {
            let mut report = log::run(*args, context, output.json)?;
            output.page(|out, json| report.write(out, json))
        }
        Command::Outcome(args) => output.report(&outcome::run(args, context)?),
        Command::Feedback(args) => output.report(&feedback::run(args, context)?),
        Command::Retract(args) => output.report(&retract::run(args, context)?),
        Command::Forget(args) => output.report(&forget::run(args, context)?),
        Command::Teach(args) => output.report(&teach::run(args, context)?),
        Command::Unlearn(args) => output.report(&unlearn::run(args, context)?),
        Command::Note(args) => output.report(&note::run(args, context)?),
        Command::Allow(args) => output.report(&allow::run(&args, context)?),
        Command::Search(args) => output.long_report(&search::run(&args, context)?),
        Command::Roles(args) => output.report(&roles::run(&args, context)?),
        Command::Retire(args) => output.report(&retire::run(&args, context)?),
        Command::Reactivate(args) => output.report(&reactivate::run(&args, context)?),
        Command::Add(args) => output.report(&define::add(args, context)?),
        Command::Edit(args) => output.report(&define::edit(&args, context)?),
        Command::Import(args) => output.report(&import::run(&args, context)?),
        Command::Export(args) => output.report(&export::run(&args, context)?),
        Command::Review(args) => output.report(&review::run(&args, context)?),
        Command::Rename(args) => output.report(&define::rename(&args, context)?),
        Command::Grow(args) => output.report(&grow::run(&args, context)?),
        Command::Compact(args) => output.report(&compact::run(&args, context)?),
        Command::Stats(args) => output.report(&stats::run(&args, context)?),
        Command::Page(args) => output.report(&picture::page::run(&args, context, output.json)?),
        Command::Heat(args) => output.report(&picture::heat::run(&args, context, output.canvas())?),
        Command::Lanes(args) => {
            output.report(&picture::lanes::run(&args, context, output.canvas())?)
        }
        Command::Diff(args) => output.report(&diff::run(args, context)?),
        Command::Replay(args) => output.report(&replay::run(args, context)?),
        Command::Why(args) => output.long_report(&why::run(&args, context)?),
        Command::Preamble(args) => output.report(&preamble::run(&args, context)?),
        Command::Seed(args) => output.report(&seed::run(args, context)?),
        Command::Config(args) => output.report(&config::run(&args, context)?),
        Command::OrphanCleanup(args) => output.report(&orphan_cleanup::run(&args, context)?),
        Command::Render(args) => output.report(&render::run(&args, BTreeSet::new)?),
        Command::GitSetup(args) => {
            output.report(&git_setup::run(&args, context, |question| output.ask(question))?)
        }
        Command::Sign(args) => output.report(&sign::run(&args, context)?),
        Command::Verify(args) => {
            let mut report = verify::run(&args, context)?;
            let written = if args.all && report.is_partial() {
                output
                    .stream(|out, json| verify::write_all(&args, context, &mut report, (out, json)))
            } else {
                output.report(&report)
            };
            written.and(Ok(report.code()))
        }
        Command::Repair(args) => match &args.join {
            Some(copy) => output.report(&join::run(copy, args.yes, context)?),
            None => output.report(&repair::run(&args, context)?),
        },
        Command::Remote(args) => remote::run(args, context, output),
        Command::Install(args) => output.report(&install::run(&args, context)?),
        Command::Uninstall(args) => output.report(&uninstall::run(&args, context)?),
        Command::Doctor(args) => {
            let report = doctor::run(&args, context)?;
            output.report(&report).and(Ok(if report.healthy { 0 } else { REFUSED }))
        }
        Command::Completions(args) => output.report(&completions::run(args)?),
        Command::Man(args) => output.report(&man::run(&args, Cli::command())?),
    }
}

fn parse_wait(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "it is not a number of seconds".to_owned())?;
    let seconds = Some(seconds).filter(|seconds| (0.0..=3600.0).contains(seconds));
    seconds.map(Duration::from_secs_f64).ok_or("the wait is from 0 to 3600 seconds".to_owned())
}

/// The output for words that need not be a command line.
fn output_for(args: &[OsString]) -> Output {
    let has = |flag: &str| args.iter().any(|arg| arg == flag);
    let never = ["--color", "never"];
    let is_never = args.windows(2).any(|pair| pair == never) || has("--color=never");
    let colour = if is_never || has("--no-color") { Colour::Never } else { Colour::Auto };
    Output { json: has("--json"), colour }
}

/// Reports a panic as an error.
pub fn report_bug(info: &PanicHookInfo<'_>) {
    let what = info.payload_as_str().unwrap_or("no message");
    let location = info.location().map(|at| format!(" at {}:{}", at.file(), at.line()));
    let message = format!("a bug in muzzle-persona: {what}{}", location.unwrap_or_default());
    let args: Vec<_> = std::env::args_os().collect();
    output_for(&args).failure(&Failure::bug(message));
}
