//! The pages of the manual: what the help has, and what belongs to every page.

use std::io;

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};
use muzzle_persona::environment::{COLUMNS, HOOK_TIMEOUT, INJECT, NOW, STORE};

use super::help::{GROUPS, examples};

/// The page about the hooks, which are programs of their own.
pub const HOOKS: &str = "hooks";
/// The file that has it.
pub const HOOKS_FILE: &str = "muzzle-persona-hooks.7";

/// What each exit code means.
const EXIT_STATUS: &[(&str, &str)] = &[
    ("0", "Done."),
    ("1", "Refused, or not found. `doctor` found a problem."),
    ("2", "The command line, or a variable of the environment, cannot be used."),
    ("3", "The log is damaged. `verify` tells of all of it."),
    ("4", "Others kept the log busy, and nothing was recorded."),
    ("5", "The store could not be read or written."),
    ("70", "A bug."),
];

/// What lies in a store.
const FILES: &[(&str, &str)] = &[
    ("~/.muzzle/personas/", "The store, unless `--store` or a variable names another."),
    (
        "events.jsonl",
        "In the store: the log, one event a line; and its sealed parts in `segments/`.",
    ),
    (
        "seed.toml",
        "In the store: roles, personas, words and numbers of your own; need not be there.",
    ),
    ("allowed", "In the store: whose words may reach a prompt on this machine."),
    (".cache/", "In the store: the checkpoint, which can be deleted at any time."),
    ("quarantine/", "In the store: what `repair` and a torn tail took out of the log."),
];

/// The variables that the program reads.
const ENVIRONMENT: &[(&str, &str)] = &[
    (STORE, "The store, unless `--store` names one."),
    (NOW, "What time it is, as in 2026-03-25T15:30:00Z: for tests and rehearsals."),
    (COLUMNS, "How wide an answer may be, in columns, where it goes to no terminal."),
    ("NO_COLOR", "If it is not empty, nothing is coloured."),
    ("PAGER", "Through which program `log` goes on a terminal; `less` if it is not set."),
    ("CLAUDE_CONFIG_DIR", "Where the settings of Claude Code are, in place of ~/.claude."),
];

/// The variables that the hooks read.
const HOOKS_ENVIRONMENT: &[(&str, &str)] = &[
    (STORE, "The store, in place of ~/.muzzle/personas."),
    (INJECT, "Which sub-agents get a persona: `named`, `all` or `off`. It has the last word."),
    (HOOK_TIMEOUT, "The most that a hook may take, in milliseconds."),
    (NOW, "What time it is, as in 2026-03-25T15:30:00Z: for tests and rehearsals."),
];

/// The page of one command, or of the program.
pub fn page(command: &Command) -> io::Result<String> {
    let man = Man::new(command.clone());
    let mut roff = Vec::new();
    man.render_title(&mut roff)?;
    man.render_name_section(&mut roff)?;
    man.render_synopsis_section(&mut roff)?;
    man.render_description_section(&mut roff)?;
    man.render_options_section(&mut roff)?;
    if command.get_subcommands().any(|it| !it.is_hide_set()) {
        man.render_subcommands_section(&mut roff)?;
    }
    let mut more = Roff::default();
    let examples = examples(command);
    if !examples.is_empty() {
        more.control("SH", ["EXAMPLES"]).control("nf", []);
        for example in examples {
            more.text([roman(example)]);
        }
        more.control("fi", []);
    }
    list(&mut more, "EXIT STATUS", EXIT_STATUS);
    list(&mut more, "FILES", FILES);
    list(&mut more, "ENVIRONMENT", ENVIRONMENT);
    // `muzzle-persona roles resolve` belongs to `roles`.
    let words = command.get_bin_name().unwrap_or_default();
    see_also(&mut more, words.split(' ').nth(1).unwrap_or_default());
    more.to_writer(&mut roff)?;
    Ok(String::from_utf8_lossy(&roff).into_owned())
}

/// The page about the hooks.
pub fn hooks_page(version: &str) -> String {
    let mut page = Roff::default();
    let source = format!("muzzle-persona {version}");
    page.control("TH", ["muzzle-persona-hooks", "7", "", &source]);
    paragraphs(
        &mut page,
        "NAME",
        &["persona-inject, persona-release - lend personas to the sub-agents of Claude Code"],
    );
    let description = [
        "Claude Code starts these two programs; muzzle-persona-install(1) registers them. Each \
         reads one JSON value, the payload of a hook, from its standard input, and needs no shell.",
        "A hook never decides about a call. Whatever goes wrong, it says nothing on its standard \
         output, one line on its standard error, and exits with 0; the sub-agent then starts \
         without a persona.",
    ];
    paragraphs(&mut page, "DESCRIPTION", &description);
    let programs = [
        (
            "persona-inject",
            "For PreToolUse, with the tools Agent and Task: a sub-agent is about to start. It is \
             lent the best free persona for its role, and a preamble of at most 500 characters is \
             put ahead of its prompt. No other field of the call is changed.",
        ),
        (
            "persona-release",
            "For SessionEnd: the personas of the session come back, with their work counted. For \
             SessionStart: sessions that fell silent for a day lose theirs.",
        ),
    ];
    list(&mut page, "PROGRAMS", &programs);
    let options = [(
        "--inject named|all|off",
        "Which sub-agents get a persona; those with a name by default.",
    )];
    list(&mut page, "OPTIONS", &options);
    list(&mut page, "EXIT STATUS", &[("0", "Always: another code could block the call.")]);
    list(&mut page, "FILES", FILES);
    list(&mut page, "ENVIRONMENT", HOOKS_ENVIRONMENT);
    let pages = ["muzzle-persona(1)", "muzzle-persona-install(1)", "muzzle-persona-doctor(1)"];
    paragraphs(&mut page, "SEE ALSO", &[&pages.join(", ")]);
    page.to_roff()
}

/// The other pages of the same group; of the program's page, those to begin with.
fn see_also(page: &mut Roff, name: &str) {
    let group = GROUPS.iter().find(|(_, names)| names.contains(&name));
    let others = group.map_or(&["assign", "list", "feedback", "install"][..], |(_, names)| names);
    let others = others.iter().filter(|other| **other != name);
    let others = others.map(|other| format!("muzzle-persona-{other}(1)"));
    let program = group.map(|_| "muzzle-persona(1)".to_owned());
    let all = program.into_iter().chain(others).chain(["muzzle-persona-hooks(7)".to_owned()]);
    paragraphs(page, "SEE ALSO", &[&all.collect::<Vec<_>>().join(", ")]);
}

fn paragraphs(page: &mut Roff, heading: &str, paragraphs: &[&str]) {
    page.control("SH", [heading]);
    for (index, text) in paragraphs.iter().enumerate() {
        if index > 0 {
            page.control("PP", []);
        }
        page.text([roman(*text)]);
    }
}

/// A section with terms, each with what it means.
fn list(page: &mut Roff, heading: &str, terms: &[(&str, &str)]) {
    page.control("SH", [heading]);
    for (term, meaning) in terms {
        page.control("TP", []).text([bold(*term)]).text([roman(*meaning)]);
    }
}
