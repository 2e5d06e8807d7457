//! A command line that cannot be read: what is wrong with it, in this program's words.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{ArgMatches, Command, CommandFactory as _};
use muzzle_persona::wording::{LISTED, quoted_first, shortened};

use super::help::examples;
use super::{Cli, Failure, hint};

/// Says what an error of the parser says, of the words that it was given.
pub fn failure(error: &clap::Error, args: &[OsString]) -> Failure {
    let (command, named) = command_of(args);
    let of = named.iter().fold("muzzle-persona".to_owned(), |words, name| words + " " + name);
    let help = match named.first() {
        Some(name) => format!("`muzzle-persona help {name}` tells what it takes"),
        None => "`muzzle-persona help` shows all commands".to_owned(),
    };
    let argument = text(error, ContextKind::InvalidArg).map(|it| name_of(&it));
    let argument = argument.unwrap_or_default();
    let value = text(error, ContextKind::InvalidValue).unwrap_or_default();
    let shown = shortened(&value);
    match error.kind() {
        ErrorKind::InvalidValue if value.is_empty() => {
            Failure::usage(format!("`{argument}` needs a value"), help)
        }
        ErrorKind::InvalidValue => {
            let known = texts(error, ContextKind::ValidValue);
            let known = quoted_first(LISTED, &known);
            let message = format!("`{argument}` takes one of {known}, not `{shown}`");
            let failure = Failure::usage(message, help);
            match text(error, ContextKind::SuggestedValue) {
                Some(near) => failure.meaning(&value, &near),
                None => failure,
            }
        }
        ErrorKind::ValueValidation => {
            let why = std::error::Error::source(error).map(ToString::to_string);
            let why = why.unwrap_or_else(|| "it is none".to_owned());
            let what = if value.is_empty() { "an empty value" } else { &*format!("`{shown}`") };
            Failure::usage(format!("cannot use {what} as `{argument}`: {why}"), help)
        }
        ErrorKind::UnknownArgument => unknown_argument(error, args, &argument, &of, help),
        ErrorKind::InvalidSubcommand => {
            let typed = text(error, ContextKind::InvalidSubcommand).unwrap_or_default();
            let message = format!("there is no command `{}`", shortened(&typed));
            let near = texts(error, ContextKind::SuggestedSubcommand).pop();
            let failure = Failure::usage(message, "`muzzle-persona help` shows all commands");
            near.map(|near| failure.clone().meaning(&typed, &near)).unwrap_or(failure)
        }
        ErrorKind::MissingRequiredArgument => {
            let missing = texts(error, ContextKind::InvalidArg);
            let missing: Vec<_> = missing.iter().map(|it| it.replace(['<', '>'], "")).collect();
            let message = format!("`{of}` needs {}", quoted_first(LISTED, &missing));
            let hint = example(&command, args).map_or(help, |it| format!("as in `{it}`"));
            Failure::usage(message, hint)
        }
        ErrorKind::MissingSubcommand => Failure::usage("no command was given", help),
        ErrorKind::ArgumentConflict => {
            let others = texts(error, ContextKind::PriorArg);
            let others: Vec<_> = others.iter().map(|it| name_of(it)).collect();
            let message = if others.iter().all(|other| *other == argument) {
                format!("`{argument}` stands here twice")
            } else {
                format!("`{argument}` cannot stand beside {}", quoted_first(LISTED, &others))
            };
            Failure::usage(message, help)
        }
        ErrorKind::InvalidUtf8 => Failure::usage("an argument is not UTF-8", help),
        _ => {
            let text = error.to_string();
            let first = text.lines().next().unwrap_or_default();
            let message = first.strip_prefix("error: ").unwrap_or(first).replace('\'', "`");
            Failure::usage(message, help)
        }
    }
}

/// The first example of a command that has the options which were given, else its first.
fn example(command: &Command, args: &[OsString]) -> Option<String> {
    let options: Vec<_> =
        args.iter().filter_map(|arg| arg.to_str()).filter(|arg| arg.starts_with('-')).collect();
    let examples = examples(command);
    let fits =
        |it: &&String| options.iter().all(|option| it.split(' ').any(|word| word == *option));
    examples.iter().find(fits).or(examples.first()).cloned()
}

/// An option that there is none of, or a word that nothing asks for.
fn unknown_argument(
    error: &clap::Error,
    args: &[OsString],
    argument: &str,
    of: &str,
    help: String,
) -> Failure {
    let shown = shortened(argument);
    if argument.starts_with('-') {
        let failure = Failure::usage(format!("`{of}` has no option `{shown}`"), help);
        return match text(error, ContextKind::SuggestedArg) {
            Some(near) => failure.meaning(argument, &name_of(&near)),
            None => failure,
        };
    }
    let message = format!("`{shown}` is one word too many for `{of}`");
    match hint::joined(args, argument) {
        Some(line) => Failure::usage(message, format!("did you mean `{line}`?")),
        None => Failure::usage(message, help),
    }
}

/// The command that the words name, as far as they do, and its name in words.
fn command_of(args: &[OsString]) -> (Command, Vec<String>) {
    let mut command = Cli::command();
    let matches = command.clone().ignore_errors(true).try_get_matches_from(args);
    command.build();
    let mut named = Vec::new();
    let mut matches = matches.as_ref().ok();
    while let Some((name, inner)) = matches.and_then(ArgMatches::subcommand) {
        let Some(found) = command.find_subcommand(name).cloned() else { break };
        command = found;
        named.push(name.to_owned());
        matches = Some(inner);
    }
    (command, named)
}

/// `--status` of `--status <STATUS>`, `NAME` of `<NAME>`.
fn name_of(argument: &str) -> String {
    let first = if argument.starts_with('-') { argument.split(' ').next() } else { None };
    first.unwrap_or(argument).replace(['<', '>', '[', ']'], "")
}

fn text(error: &clap::Error, kind: ContextKind) -> Option<String> {
    texts(error, kind).into_iter().next()
}

fn texts(error: &clap::Error, kind: ContextKind) -> Vec<String> {
    match error.get(kind) {
        Some(ContextValue::String(text)) => vec![text.clone()],
        Some(ContextValue::Strings(texts)) => texts.clone(),
        _ => Vec::new(),
    }
}
