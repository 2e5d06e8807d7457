//! The first screen: one line for each command, in groups.

use std::fmt::Write as _;

use clap::{Command, CommandFactory as _};

use super::wrap::wrapped;
use super::{Cli, environment};

/// All commands, by what they are for, in the order in which the help shows them.
pub const GROUPS: &[(&str, &[&str])] = &[
    ("Lend", &["assign", "release", "note", "outcome", "orphan-cleanup"]),
    (
        "Look",
        &[
            "who", "list", "show", "history", "session", "log", "search", "why", "diff", "stats",
            "roles", "preamble", "review", "page", "heat", "lanes",
        ],
    ),
    ("Judge", &["feedback", "teach", "unlearn", "retract", "replay"]),
    (
        "Keep",
        &[
            "add",
            "edit",
            "import",
            "export",
            "grow",
            "retire",
            "reactivate",
            "seed",
            "allow",
            "forget",
            "compact",
            "sign",
            "verify",
            "repair",
        ],
    ),
    (
        "Set up",
        &[
            "install",
            "uninstall",
            "doctor",
            "config",
            "remote",
            "git-setup",
            "render",
            "completions",
            "man",
        ],
    ),
];

/// The most columns that any help takes.
pub const WIDTH: usize = 80;

/// The whole command line, with the screen that tells of all commands.
///
/// To describe all commands takes longer than to run most of them: this is for whoever asks.
pub fn command() -> Command {
    let mut described = Cli::command();
    described.build();
    let width = environment::columns().unwrap_or(WIDTH).min(WIDTH);
    let groups = groups(&described, width);
    let usage = "{usage-heading} muzzle-persona [OPTIONS] COMMAND";
    let template = format!("{{about-with-newline}}\n{usage}\n\n{groups}{{all-args}}{{after-help}}");
    // The template has them: they need not be listed once more.
    let names = described.get_subcommands().map(|command| command.get_name().to_owned());
    names
        .filter(|name| name != "help")
        .fold(Cli::command(), |program, name| program.mut_subcommand(name, |it| it.hide(true)))
        .help_template(template)
}

/// The groups with their commands, as they fit into so many columns.
fn groups(program: &Command, width: usize) -> String {
    let (heading, literal) =
        (program.get_styles().get_header(), program.get_styles().get_literal());
    let longest = GROUPS.iter().flat_map(|(_, names)| *names).map(|name| name.len()).max();
    let indent = longest.unwrap_or_default() + 4;
    let mut text = String::new();
    for (group, names) in GROUPS {
        let _ = writeln!(text, "{heading}{group}:{heading:#}");
        for name in *names {
            let about = program.find_subcommand(name).and_then(Command::get_about);
            let about = about.map(ToString::to_string).unwrap_or_default();
            let padding = " ".repeat(indent - 2 - name.len());
            let about = wrapped(&about, indent, indent, width);
            let _ = writeln!(text, "  {literal}{name}{literal:#}{padding}{about}");
        }
        text.push('\n');
    }
    text
}

/// The examples at the end of a command's long help, one a line.
pub fn examples(command: &Command) -> Vec<String> {
    let text = command.get_after_long_help().map(ToString::to_string).unwrap_or_default();
    let lines = text.strip_prefix("Examples:\n").unwrap_or_default().lines();
    lines.map(|line| line.trim_start().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::Parser as _;

    use super::*;

    /// Each command of the program, those within others too, with the words that name it.
    fn all() -> Vec<(String, Command)> {
        fn add(to: &mut Vec<(String, Command)>, before: &str, command: &Command) {
            for command in command.get_subcommands().filter(|it| it.get_name() != "help") {
                let words = format!("{before} {}", command.get_name());
                add(to, &words, command);
                to.push((words, command.clone()));
            }
        }
        let mut program = Cli::command();
        program.build();
        let mut all = Vec::new();
        add(&mut all, "muzzle-persona", &program);
        all.push(("muzzle-persona".to_owned(), program));
        all
    }

    #[test]
    fn each_command_is_in_one_group_once_and_none_else_is() {
        let mut grouped: Vec<_> = GROUPS.iter().flat_map(|(_, names)| *names).copied().collect();
        let program = Cli::command();
        let shown = program.get_subcommands().filter(|command| !command.is_hide_set());
        let mut known: Vec<_> = shown.map(Command::get_name).collect();
        grouped.sort_unstable();
        known.sort_unstable();
        assert_eq!(grouped, known);
    }

    #[test]
    fn each_command_and_each_argument_says_what_it_is() {
        for (words, command) in all() {
            let about = command.get_about().unwrap_or_else(|| panic!("{words}")).to_string();
            assert!(about.starts_with(char::is_uppercase), "{words}: {about}");
            assert!(!about.ends_with('.'), "{words}: {about}");
            for argument in command.get_arguments() {
                let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
                assert!(help.starts_with(char::is_uppercase), "{words}: {argument}: {help}");
                assert!(!help.ends_with('.'), "{words}: {argument}: {help}");
            }
        }
    }

    #[test]
    fn one_letter_means_the_same_in_every_command() {
        let mut meanings = BTreeSet::new();
        for (words, command) in all() {
            for argument in command.get_arguments() {
                let long = argument.get_long().unwrap_or_default();
                let meaning = match argument.get_short() {
                    Some('m') if command.get_name() != "log" => "the words that are recorded",
                    Some('n') => "how many",
                    Some('r') => "role",
                    Some('a') => "agent-name",
                    Some(_) => long,
                    None => {
                        let is_usual = ["role", "roles", "project", "session", "agent-name"]
                            .contains(&long)
                            || ["limit", "file", "yes"].contains(&long);
                        assert!(!is_usual, "{words}: --{long} has no letter");
                        continue;
                    }
                };
                meanings.insert((argument.get_short(), meaning.to_owned()));
            }
        }
        let letters: Vec<_> = meanings.iter().map(|(letter, _)| letter).collect();
        let mut once = letters.clone();
        once.dedup();
        assert_eq!(letters, once, "{meanings:?}");
    }

    #[test]
    fn each_command_has_examples_and_they_are_command_lines() {
        for (words, command) in all() {
            let examples = examples(&command);
            // One that is hidden only says what to do in its place.
            if words == "muzzle-persona" || command.is_hide_set() {
                continue;
            }
            assert!((2..=3).contains(&examples.len()), "{words}: {examples:?}");
            for example in examples {
                assert!(example.contains(&words), "{words}: {example}");
                // Of a line for a shell, the part that is ours.
                let ours = example.find("muzzle-persona").and_then(|start| example.get(start..));
                let ours = ours.unwrap_or_default().trim_end_matches(')');
                let ours = shlex::split(ours.split(" | ").next().unwrap_or_default()).unwrap();
                if let Err(error) = Cli::try_parse_from(&ours) {
                    panic!("{example}: {error}");
                }
            }
        }
    }

    #[test]
    fn no_help_is_wider_than_80_columns_and_no_line_about_a_command_is_broken() {
        let program = command().render_long_help().to_string();
        for (_, names) in GROUPS {
            for name in *names {
                let start = format!("\n  {name} ");
                let line = program.split(&start).nth(1).unwrap_or_else(|| panic!("{name}"));
                assert!(!line.lines().nth(1).unwrap_or_default().starts_with("   "), "{name}");
            }
        }
        for (words, mut command) in all() {
            for help in [command.render_help(), command.render_long_help()] {
                let wide = help.to_string();
                let wide = wide.lines().find(|line| line.chars().count() > WIDTH);
                assert_eq!(wide, None, "{words}");
            }
        }
        assert!(program.lines().all(|line| line.chars().count() <= WIDTH), "{program}");
    }
}
