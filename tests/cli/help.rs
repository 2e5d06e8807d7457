//! What a first-time user reads: the screens of help and the pages of the manual.

use std::fs;

use insta::assert_snapshot;

use crate::harness::{Done, Home};

/// The commands that the first screen tells of.
fn commands(home: &Home) -> Vec<String> {
    let screen = home.run(&["--help"]).ok();
    let lines = screen.lines().take_while(|line| *line != "Options:");
    let named = lines.filter_map(|line| line.strip_prefix("  ")?.split_once("  "));
    named.map(|(name, _)| name.to_owned()).collect()
}

fn in_columns(home: &Home, columns: &str, args: &[&str]) -> String {
    Done::of(home.command().env("COLUMNS", columns).args(args)).ok()
}

#[test]
fn the_first_screen_has_one_line_for_each_command_in_groups() {
    let home = Home::new();
    let screen = home.run(&["--help"]).ok();
    assert_snapshot!(screen, @"
    Lend named, persistent personas to coding agents

    Usage: muzzle-persona [OPTIONS] COMMAND

    Lend:
      assign          Lend an agent the best free persona for each role
      release         Give a session's personas back, with their work counted
      note            Leave word of where a persona stopped on its project
      outcome         Record how an agent's run ended, as it was measured
      orphan-cleanup  Take personas back from sessions that fell silent

    Look:
      who             Tell who is at work, for which agent and on what
      list            List the personas: free or held, and how good each is
      show            Show one persona: who it is, what it did, who holds it
      history         Show a persona's assignments, newest first
      session         Tell how the runs of a session went, and what was said of them
      log             Tell what happened, newest first
      search          Rank the personas for a role, best first, as `assign` would
      why             Tell why a persona was lent to a session, and not another
      diff            Tell what changed between two moments, by persona
      stats           Count personas, assignments, feedback and events
      roles           List the roles, and who is best in each
      preamble        Show the words that an agent would get with a persona now
      review          Print a persona's file: its work, how it went, what it learned
      page            Write a page of HTML: who is held, who fits what, who did what
      heat            Show how well each persona fits each role
      lanes           Show who held what, over time

    Judge:
      feedback        Judge a persona's work, for the next choice
      teach           Teach a persona something that its next agents are told
      unlearn         Have a lesson offered no more, when it holds no more
      retract         Take a feedback, an outcome or a lesson back
      replay          Tell what the numbers of another seed file would have chosen

    Keep:
      add             Add a persona, by flags or as a seed file has it
      edit            Change who a persona is, in an editor; its record stays
      import          Make personas of agent files, as in `.claude/agents`
      export          Write agent files of personas, each with its record beside it
      grow            Make new personas with unused names
      retire          Archive a persona, so that it is not lent any more
      reactivate      Bring an archived persona back
      seed            Compare the personas with your seed file, or sync them
      allow           Show the texts that wait, or let them reach prompts here
      forget          Take the text of an event away for good
      compact         Let old feedback count half, and keep a summary of it
      sign            Sign the heads of the log, and so its history, with an SSH key
      verify          Read every line of the log, and name every fault
      repair          Cut damaged lines out of the log, and record the gap

    Set up:
      install         Register the hooks in a client
      uninstall       Take the hooks out of a client
      doctor          Check that sub-agents get personas, and show it
      config          Show each setting in force, and where it is from
      remote          Share the roster of many machines, or look after it
      git-setup       Have `git diff` and `git log -p` tell events as sentences
      render          Tell each line of a log's file as a sentence, for git
      completions     Print a script for completion of commands and names
      man             Print a page of the manual, or write all of them

    Options:
      -h, --help     Print help
      -V, --version  Print version

    Global options:
          --store <DIR>     Use the store in this directory [default:
                            ~/.muzzle/personas]
          --json            Answer with one JSON document
          --wait <SECONDS>  Wait this many seconds for other writers [default: 5]
          --color <WHEN>    Use colours always, never, or where they are seen
                            [default: auto] [possible values: auto, always, never]

    Run `muzzle-persona help COMMAND` for more about a command.
    ");
    assert_eq!(home.run(&["help"]).ok(), screen);
    assert_eq!(home.run(&["-h"]).ok(), screen);
    assert_eq!(home.run(&[]).fails(2), screen, "no command is a mistake");
    assert!(!home.store().exists());
}

#[test]
fn on_a_narrow_terminal_the_words_go_on_below_themselves() {
    let home = Home::new();
    let screen = in_columns(&home, "40", &["--help"]);
    assert!(screen.contains(
        "\n  orphan-cleanup  Take personas back\n                  from sessions that\n                  fell silent\n"
    ));
    for line in screen.lines() {
        assert!(line.chars().count() <= 40 || line.contains("`muzzle-persona help"), "{line}");
    }
}

#[test]
fn every_help_fits_into_80_columns_however_wide_the_terminal_is() {
    let home = Home::new();
    let commands = commands(&home);
    assert!(commands.len() >= 34, "{commands:?}");
    for command in commands {
        for columns in ["80", "120"] {
            for args in [["help", &command], [&*command, "--help"], [&*command, "-h"]] {
                let help = in_columns(&home, columns, &args);
                let wide = help.lines().find(|line| line.chars().count() > 80);
                assert_eq!(wide, None, "{args:?}");
                assert!(help.contains(&format!("\nUsage: muzzle-persona {command}")), "{help}");
                let is_long = !args.contains(&"-h");
                assert_eq!(help.contains("\nExamples:\n  "), is_long, "{args:?}");
            }
        }
    }
}

#[test]
fn short_flags_mean_the_same_as_the_long_ones() {
    let home = Home::seeded();
    let short = ["assign", "-r", "testing", "-p", "demo", "-s", "s1", "-a", "w", "--dry-run"];
    let long = ["assign", "--roles", "testing", "--project", "demo", "--session", "s1"];
    let long = [&long[..], &["--agent-name", "w", "--dry-run"]].concat();
    assert_eq!(home.run(&short).ok(), home.run(&long).ok());
    assert_eq!(
        home.run(&["search", "-r", "testing", "-n", "2"]).ok(),
        home.run(&["search", "--role", "testing", "--limit", "2"]).ok()
    );
    let said = home.run(&["teach", "lian", "-m", "Read the log.", "-r", "testing"]).ok();
    assert!(said.starts_with("Taught Lian Zhou for testing, "), "{said}");
}

#[test]
fn a_page_of_the_manual_has_all_that_such_pages_have() {
    let home = Home::new();
    let sections = |page: &str| {
        let headings = page.lines().filter_map(|line| line.strip_prefix(".SH "));
        headings.map(|heading| heading.trim_matches('"').to_owned()).collect::<Vec<_>>()
    };
    let page = home.run(&["man", "release"]).ok();
    assert_eq!(
        sections(&page),
        [
            "NAME",
            "SYNOPSIS",
            "DESCRIPTION",
            "OPTIONS",
            "GLOBAL OPTIONS",
            "EXAMPLES",
            "EXIT STATUS",
            "FILES",
            "ENVIRONMENT",
            "SEE ALSO"
        ]
    );
    assert!(page.contains("\nmuzzle\\-persona release \\-s s1\n"), "{page}");
    assert!(page.contains("muzzle\\-persona\\-note(1)"), "{page}");
    let page = home.run(&["man", "hooks"]).ok();
    assert!(
        page.starts_with(".TH muzzle-persona-hooks 7")
            || page.contains("\n.TH muzzle-persona-hooks 7")
    );
    for word in ["persona\\-inject", "persona\\-release", "HOOK_TIMEOUT_MS", "PreToolUse"] {
        assert!(page.contains(word), "{word}");
    }
    let dir = home.path().join("pages");
    fs::create_dir(&dir).unwrap();
    home.run(&["man", "--dir", dir.to_str().unwrap()]).ok();
    assert_eq!(fs::read_to_string(dir.join("muzzle-persona-hooks.7")).unwrap(), page);
    for command in commands(&home) {
        let page = fs::read_to_string(dir.join(format!("muzzle-persona-{command}.1"))).unwrap();
        assert!(
            page.contains(".SH EXAMPLES\n.nf\nmuzzle\\-persona ")
                || page.contains(".SH EXAMPLES\n"),
            "{command}"
        );
    }
}
