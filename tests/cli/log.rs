//! `log`, from outside.

use std::io::Read as _;
use std::process::Stdio;

use insta::assert_snapshot;
use muzzle_persona::events::is_hidden;
use serde_json::Value;

use crate::harness::Home;

/// A log with an event of every type.
const LOG: &str = include_str!("../../fixtures/log/v1.jsonl");

/// A store with that log.
fn told() -> Home {
    let home = Home::seeded();
    home.set_log(LOG.as_bytes());
    home
}

/// Which events are told, by their depths.
#[track_caller]
fn depths(home: &Home, args: &[&str]) -> Vec<u64> {
    let answer = home.run(&[&["log", "--json"], args].concat()).json();
    let events = answer["events"].as_array().unwrap();
    events.iter().map(|event| event["seq"].as_u64().unwrap()).collect()
}

#[test]
fn events_are_told_newest_first() {
    assert_snapshot!(told().run(&["log"]).ok());
    let oldest_first: Vec<_> = (1..=15).collect();
    assert_eq!(depths(&told(), &["--reverse"]), oldest_first);
    assert_eq!(depths(&told(), &[]), oldest_first.into_iter().rev().collect::<Vec<_>>());
}

#[test]
fn a_limit_takes_the_newest_in_either_order() {
    let home = told();
    assert_eq!(depths(&home, &["--limit", "3"]), [15, 14, 13]);
    assert_eq!(depths(&home, &["--limit=3", "--reverse"]), [13, 14, 15]);
    assert_eq!(depths(&home, &["--limit", "3", "--persona", "elena"]), [14, 9, 7]);
    assert_eq!(depths(&home, &["--limit", "0"]).len(), 15);
    assert_eq!(depths(&home, &["--limit", "100"]).len(), 15);
    home.run(&["log", "--limit", "few"]).fails(2);
}

/// A store whose log has several pages.
fn long() -> Home {
    let home = told();
    // A page of the log holds seventeen of these lines.
    let long =
        format!(r#"{{"persona":"Uma Obi","reason":"manual","why":"{}"}}"#, "x".repeat(60_000));
    let short = r#"{"persona":"Uma Obi","reason":"manual"}"#;
    for _ in 0..3 {
        home.append_all(1, "retire", &[long.as_str(); 20]);
        home.append_all(1, "reactivate", &[short; 5]);
    }
    home
}

#[test]
fn a_log_that_is_cut_while_it_is_told_breaks_the_answer_off() {
    let home = long();
    let mut command = home.command();
    let command = command.args(["log", "--json"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // Once it tells, all is found; and a pipe does not hold a page.
    let mut out = child.stdout.take().unwrap();
    let mut told = vec![0];
    out.read_exact(&mut told).unwrap();
    home.set_log(LOG.as_bytes());
    out.read_to_end(&mut told).unwrap();
    let done = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(done.stderr).unwrap();
    assert_eq!(done.status.code(), Some(4), "{stderr}");
    assert!(stderr.contains("is being replaced while it is in use"), "{stderr}");
    assert!(serde_json::from_slice::<Value>(&told).is_err());
}

#[test]
fn a_long_log_is_told_in_either_order_over_all_its_pages() {
    let home = long();
    for (filter, all) in [
        (&[][..], (1..=90).collect::<Vec<u64>>()),
        (
            &["--type", "reactivate"],
            [13].into_iter().chain(36..=40).chain(61..=65).chain(86..=90).collect(),
        ),
        (&["--since", "2026-03-25"], (16..=90).collect()),
    ] {
        for limit in [1, 7, 33] {
            let newest = all[all.len().saturating_sub(limit)..].to_vec();
            let limit = format!("--limit={limit}");
            let args = [&[limit.as_str()], filter].concat();
            assert_eq!(depths(&home, &[&args[..], &["--reverse"]].concat()), newest, "{args:?}");
            let newest_first: Vec<_> = newest.into_iter().rev().collect();
            assert_eq!(depths(&home, &args), newest_first, "{args:?}");
        }
        assert_eq!(depths(&home, &[filter, &["--reverse"]].concat()), all);
        assert_eq!(depths(&home, filter), all.into_iter().rev().collect::<Vec<_>>());
    }
}

#[test]
fn each_filter_takes_what_it_says() {
    let home = told();
    for (filter, told) in [
        (&["--persona", "Uma Obi"][..], &[14, 13, 12, 10, 8, 6, 4, 3][..]),
        (&["--persona", "uma"], &[14, 13, 12, 10, 8, 6, 4, 3]),
        (&["--session", "s2"], &[11, 10, 8, 6]),
        (&["--session", "t"], &[]),
        (&["--project", "acme-api"], &[8, 6, 5]),
        (&["--role", "testing"], &[14, 10, 8, 6]),
        (&["--role", "qa"], &[14, 10, 8, 6]),
        (&["--role", "Code_Reviewer"], &[14, 9, 7, 5]),
        (&["--role", "general"], &[11, 6]),
        (&["--role", "astronaut"], &[]),
        (&["--type", "release"], &[11, 10, 9]),
        (&["--type", "repair"], &[15]),
        (&["--since", "2026-01-06T10:01:00Z"], &[15, 14, 13, 12]),
        (&["--since", "2026-01-06"], &[15, 14, 13, 12, 11]),
        (&["--until", "2026-01-05T09:00:10Z"], &[3, 2, 1]),
        (&["--until", "2026-01-05T10:00:00+01:00"], &[2, 1]),
        (&["--since", "2026-01-06", "--until", "2026-01-06"], &[13, 12, 11]),
        (&["--session=s2", "--type=release", "--persona=uma"], &[10]),
        (&["--project=acme-api", "--role=testing", "--until=2026-01-05T09:03:00Z"], &[6]),
        (&["--session=s1", "--persona=uma"], &[]),
    ] {
        assert_eq!(depths(&home, filter), told, "{filter:?}");
    }
    assert_snapshot!(home.run(&["log", "--role", "astronaut"]).ok(), @"No event matches.");
}

#[test]
fn since_and_until_take_what_at_takes() {
    let home = told();
    let ids: Vec<_> =
        LOG.lines().map(|line| line[line.len() - 34..line.len() - 2].to_owned()).collect();
    let depths = |args: &[&str]| depths(&home, &[args, &["--reverse"]].concat());
    let all: Vec<_> = (1..=15).collect();
    for (n, id) in ids.iter().enumerate() {
        let (seq, short) = ((n + 1).to_string(), &id[..20]);
        for moment in [&seq, id, short] {
            assert_eq!(depths(&["--since", moment]), all[n..], "since {moment}");
            assert_eq!(depths(&["--until", moment]), all[..=n], "until {moment}");
            assert_eq!(depths(&["--at", moment]), all[..=n], "at {moment}");
        }
        assert_eq!(depths(&["--since", id, "--until", &seq]), [all[n]]);
    }
    for (filter, told) in [
        (&["--since", "0"][..], &all[..]),
        (&["--since", "16"], &[]),
        (&["--until", "0"], &[]),
        (&["--since", "2026-01-06 10:01"], &all[11..]),
        (&["--until", "2026-01-06 10:01"], &all[..12]),
        (&["--since=2026-01-06T10:01", "--until=2026-01-06 10:01"], &[12]),
        (&["--since", &ids[11], "--at", "13"], &[12, 13]),
        (&["--since", &ids[13], "--at", "13"], &[]),
    ] {
        assert_eq!(depths(filter), told, "{filter:?}");
    }
}

#[test]
fn several_types_are_told_a_text_is_found_and_what_follows_an_event() {
    let home = told();
    assert_eq!(depths(&home, &["--type", "grow,retire"]), [12, 3]);
    assert_eq!(depths(&home, &["-t", "grow", "-t", "retire,grow"]), [12, 3]);
    assert_eq!(depths(&home, &["--type", "grow,retire", "--persona", "elena"]), [0; 0]);
    assert_eq!(depths(&home, &["--grep", "FOUND the race"]), [7]);
    assert_eq!(depths(&home, &["--grep", "archived by hand"]), [12], "it is in the sentence");
    assert_eq!(depths(&home, &["--grep", "øREN", "--type", "seed,release"]), [11, 2]);
    // What a definition says about a role is not in its sentence.
    assert_eq!(depths(&home, &["--grep", "start with the er"]), [1]);
    assert_eq!(depths(&home, &["--after", "13"]), [15, 14]);
    assert_eq!(depths(&home, &["--after", "23671abc"]), [15, 14]);
    assert_eq!(depths(&home, &["--after", "13", "--until", "14", "--since", "2"]), [14]);
    let done = home.run(&["log", "--type", "grow,grwo,promote", "--json"]);
    assert_snapshot!(done.stderr, @"
    warning: this version knows no events of the type `grwo`; the nearest is `grow`
    warning: this version knows no events of the type `promote`; it knows `seed`, `grow`, `revise`, `assign`, `release`, `delivery`, `outcome`, `feedback`, `lesson`, `unlearn` and 7 more
    ");
}

#[test]
fn since_and_until_an_event_of_a_merged_log_are_in_fold_order() {
    let mut home = Home::seeded();
    let base = home.log();
    let mut branch = |session: &str, at: &str| {
        home.set_log(&base);
        home.at(at).assign(session, "w", "testing");
        home.run(&["release", "--session", session]).ok();
        home.log()[base.len()..].to_vec()
    };
    let [early, late] =
        [branch("s1", "2026-03-26T09:00:00Z"), branch("s2", "2026-03-27T09:00:00Z")];
    home.set_log(&[base, late, early].concat());
    let sessions = |args: &[&str]| {
        let answer = home.run(&[&["log", "--json", "--reverse"], args].concat()).json();
        let events = answer["events"].as_array().unwrap().iter();
        let session = |event: &Value| event["data"]["session"].as_str().map(str::to_owned);
        events.filter_map(session).collect::<Vec<_>>()
    };
    assert_eq!(sessions(&[]), ["s1", "s2", "s1", "s2"]);
    // Both branches assign at the same `seq`.
    let answer = home.run(&["log", "--json", "--type=assign", "--reverse"]).json();
    let [s1, s2] = [0, 1].map(|n| answer["events"][n]["id"].as_str().unwrap());
    assert_eq!(sessions(&["--since", s2]), ["s2", "s1", "s2"]);
    assert_eq!(sessions(&["--until", s2]), ["s1", "s2"]);
    assert_eq!(sessions(&["--until", s1]), ["s1"]);
}

#[test]
fn a_role_that_is_none_any_more_is_found_by_its_name() {
    let home = told();
    let slot = r#"{"slot":"w-0","persona":"Uma Obi","role":"stunts","requested":"stunts"}"#;
    let data = format!(r#"{{"session":"s9","agent":"w","project":"p","slots":[{slot}]}}"#);
    home.append(1, "assign", &data);
    assert_eq!(depths(&home, &["--role", "stunts"]), [16]);
}

#[test]
fn a_filter_finds_a_text_however_it_is_spelt_in_the_log() {
    let home = told();
    let data = r#"{"session":"s\u0039","agent":"w","project":"\u0070x","slots":[]}"#;
    home.append(1, "assign", data);
    assert_eq!(depths(&home, &["--session", "s9"]), [16]);
    assert_eq!(depths(&home, &["--project", "px", "--session", "s9", "--type", "assign"]), [16]);
}

#[test]
fn a_filter_that_cannot_be_meant_leads_on() {
    let home = told();
    assert_snapshot!(home.run(&["log", "--persona", "umma"]).fails(1), @"
    error: there is no persona named `umma`
    hint: did you mean `muzzle-persona log --persona 'Uma Obi'`?
    ");
    assert_snapshot!(home.run(&["log", "--since", "noon"]).fails(2), @"
    error: cannot use `noon` as `--since`: it is none of: a time as `2026-03-25T15:30:00Z` or `2026-03-25 15:30`, a date, `today` or `yesterday`, how long ago as `3d` or `2 hours ago`, a sequence number (digits alone), an id's first 4 or more hex digits
    hint: `muzzle-persona help log` tells what it takes
    ");
    for filter in ["--since", "--until"] {
        let unknown = "f".repeat(32);
        assert_eq!(
            home.run(&["log", filter, &unknown]).fails(1),
            home.run(&["log", "--at", &unknown]).fails(1)
        );
        assert_eq!(
            home.run(&["log", filter, "git:HEAD"]).fails(2),
            "error: `git:HEAD` is a revision of the whole log, not a place in it\n\
             hint: `--at git:REV` reads the log as it is at a revision\n"
        );
    }
    home.run(&["log", "--session", ""]).fails(2);
    let done = home.run(&["log", "--type", "asign"]);
    assert_eq!((done.code, done.stdout.as_str()), (Some(0), "No event matches.\n"));
    assert_snapshot!(done.stderr, @"warning: this version knows no events of the type `asign`; the nearest is `assign`");
}

#[test]
fn with_json_the_lines_are_those_of_the_log_byte_for_byte() {
    let home = told();
    let answer = home.run(&["log", "--json", "--reverse"]).ok();
    let lines: Vec<_> = LOG.lines().map(|line| format!("    {line}")).collect();
    let end = "\n  ],\n  \"more\": 0\n}\n";
    assert_eq!(answer, format!("{{\n  \"events\": [\n{}{end}", lines.join(",\n")));
    // Keys that nobody knows, and white space, are part of a line.
    home.append(1, "retire", r#"{ "persona":"Uma Obi",  "reason":"manual", "why":7.0e1}"#);
    let last = String::from_utf8(home.log()).unwrap().lines().last().unwrap().to_owned();
    assert!(home.run(&["log", "--json", "--limit=1"]).ok().contains(&last));
    let none = home.run(&["log", "--json", "--type=promote,retire", "--since=17"]);
    assert_eq!(none.stdout, "{\n  \"events\": [],\n  \"more\": 0\n}\n");
}

#[test]
fn events_that_this_version_cannot_read_are_told_as_such() {
    let home = told();
    home.append(1, "promote", "[7]");
    home.append(3, "retire", r#"{"persona":"Uma Obi"}"#);
    let done = home.run(&["log", "--limit", "2"]);
    assert_snapshot!(done.stdout, @"
    17  2026-03-25 15:30Z  65376057  retire, an event of format version 3, not known here
    16  2026-03-25 15:30Z  729622f3  promote, an event of a type not known here
    ");
    let done = home.run(&["log", "--type", "promote"]);
    assert_eq!(done.stdout.lines().count(), 1, "{}", done.stdout);
}

#[test]
fn hostile_text_stays_in_its_line() {
    let home = told();
    let evil =
        r"e\u001b[31m\n2026-01-01 00:00  00000000  Elena Vasquez archived by hand\u202e\u009b";
    let data = format!(
        r#"{{"persona":"Uma Obi","role":"testing","project":"{evil}","observation":"{evil}","sentiment":"neutral","source":"{evil}"}}"#
    );
    home.append(1, "feedback", &data);
    home.append(1, evil, "{}");
    let done = home.run(&["log", "--limit", "2"]);
    assert_eq!(done.stdout.lines().count(), 2, "{}", done.stdout);
    assert!(!done.stdout.replace('\n', "").contains(is_hidden), "{:?}", done.stdout);
    assert!(done.stdout.contains(r"e\u{1b}[31m\u{a}2026-01-01"), "{}", done.stdout);
    // What stands unescaped in a line is escaped in the answer, and the same JSON.
    home.append(1, "promote", "\"a\u{9b}b\u{202e}\"");
    let done = home.run(&["log", "--json", "--limit", "1"]);
    assert!(!done.stdout.replace('\n', "").contains(is_hidden), "{:?}", done.stdout);
    assert_eq!(done.json_with_warnings()["events"][0]["data"], "a\u{9b}b\u{202e}");
    home.append(1, "promote", "[\t7,\r8]");
    let done = home.run(&["log", "--json", "--limit", "1"]);
    assert!(done.stdout.contains("\"data\":[\t7, 8]"), "{:?}", done.stdout);
    done.json_with_warnings();
}

#[test]
fn merged_events_are_told_in_fold_order_each_once() {
    let home = told();
    let mut lines: Vec<_> = LOG.split_inclusive('\n').collect();
    lines.swap(3, 9);
    lines.push(lines[2]);
    home.set_log(lines.concat().as_bytes());
    assert_eq!(depths(&home, &["--reverse"]), (1..=15).collect::<Vec<_>>());
    assert_eq!(depths(&home, &["--type", "release", "--limit", "2"]), [11, 10]);
}

#[test]
fn damage_is_told_of_what_is_read_and_nothing_more_is_read_than_must_be() {
    let home = told();
    home.run(&["compact"]).ok(); // The checkpoint vouches for what is before it.
    let log = String::from_utf8(home.log()).unwrap();
    home.set_log(log.replacen("Uma Obi", "Uma Oby", 1).as_bytes());
    let damage = format!("error: line 3 of `{}` is damaged: ", home.log_path().display());
    for args in [&["log"][..], &["log", "--type", "grow"], &["log", "--since", "2026-01-01"]] {
        let stderr = home.run(args).fails(3);
        assert!(stderr.starts_with(&damage), "{args:?}: {stderr}");
    }
    for args in [&["log", "--limit", "2"][..], &["log", "--type", "assign"]] {
        assert_eq!(home.run(args).ok().lines().count(), 2, "{args:?}");
    }
}

#[cfg(unix)]
mod paged {
    use std::fs;
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    use super::*;
    use crate::repository::path;
    use crate::terminal::on_terminal;

    /// A program in the home that notes how it was called, and does what `script` says.
    fn program(home: &Home, name: &str, script: &str) -> String {
        let bin = home.path().join("my bin");
        fs::create_dir_all(&bin).unwrap();
        let (path, note) = (bin.join(name), bin.join("note"));
        let text =
            format!("#!/bin/sh\necho \"$# $1 LESS=$LESS\" > '{}'\n{script}\n", note.display());
        // By a process of its own: what this one wrote may still be open in another test's child,
        // and cannot be run then.
        let mut install = Command::new("install");
        install.args(["-m", "755", "/dev/stdin"]).arg(&path).stdin(Stdio::piped());
        let mut install = install.spawn().unwrap();
        install.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        assert!(install.wait().unwrap().success());
        path.to_str().unwrap().to_owned()
    }

    /// How the pager was called, if it was.
    fn note(home: &Home) -> Option<String> {
        let path = home.path().join("my bin/note");
        let note = fs::read_to_string(&path).ok()?;
        fs::remove_file(path).unwrap();
        Some(note)
    }

    /// What a terminal shows of `log`, with these variables.
    fn shown(home: &Home, args: &[&str], variables: &[(&str, &str)]) -> String {
        // A terminal is told of what waits.
        home.run(&["allow", "--all"]);
        let mut command = home.command();
        command.env("PATH", path()).env("TERM", "xterm").args(["log", "--no-color"]);
        command.args(args).envs(variables.iter().copied());
        let (code, shown) = on_terminal(command, "");
        assert_eq!(code, Some(0), "{shown}");
        shown
    }

    #[test]
    fn on_a_terminal_the_log_goes_through_the_pager() {
        let home = told();
        let plain = home.run(&["log", "--since=14"]).ok();
        let pager = program(&home, "pager", "echo BEFORE; cat; echo AFTER");
        let all = format!("BEFORE\n{plain}AFTER\n");
        let variable = format!("'{pager}' 'an argument'");
        assert_eq!(shown(&home, &["--since=14"], &[("PAGER", &variable)]), all);
        assert_eq!(note(&home).unwrap(), "1 an argument LESS=FRX\n");
        assert_eq!(shown(&home, &["--since=14"], &[("PAGER", &variable), ("LESS", "S")]), all);
        assert_eq!(
            note(&home).unwrap(),
            "1 an argument LESS=S\n",
            "who has set it up knows better"
        );

        let json = home.run(&["log", "--since=14", "--json"]).ok();
        assert_eq!(shown(&home, &["--since=14", "--json"], &[("PAGER", &variable)]), json);
        let mut piped = home.command();
        piped.env("PAGER", &variable).args(["log", "--since=14"]);
        assert_eq!(crate::harness::Done::of(&mut piped).ok(), plain);
        assert_eq!(note(&home), None);
    }

    #[test]
    fn without_a_choice_it_is_less_where_there_is_less() {
        let home = told();
        let plain = home.run(&["log", "--since=14"]).ok();
        program(&home, "less", "echo LESS; PATH=/bin:/usr/bin exec cat");
        let bin = home.path().join("my bin");
        assert_eq!(
            shown(&home, &["--since=14"], &[("PATH", bin.to_str().unwrap())]),
            format!("LESS\n{plain}")
        );
        assert_eq!(note(&home).unwrap(), "0  LESS=FRX\n");
        fs::remove_file(bin.join("less")).unwrap();
        assert_eq!(shown(&home, &["--since=14"], &[("PATH", bin.to_str().unwrap())]), plain);
        for none in ["", " ", "cat"] {
            program(&home, "less", "echo LESS");
            let variables = [("PATH", bin.to_str().unwrap()), ("PAGER", none)];
            assert_eq!(shown(&home, &["--since=14"], &variables), plain, "{none:?}");
        }
    }

    #[test]
    fn a_pager_that_cannot_be_started_is_told_and_done_without() {
        let home = told();
        let plain = home.run(&["log", "--since=14"]).ok();
        for (pager, reason) in [
            ("no-such-pager -x", "No such file or directory (os error 2)"),
            ("less 'x", "a quote is not closed"),
        ] {
            let warning = format!("warning: could not start the pager `{pager}`: {reason}\n");
            assert_eq!(
                shown(&home, &["--since=14"], &[("PAGER", pager)]),
                format!("{warning}{plain}")
            );
        }
    }

    #[test]
    fn a_pager_that_was_closed_is_no_error() {
        let home = told();
        let data = r#"{"persona":"Uma Obi","reason":"manual"}"#;
        home.append_all(1, "retire", &vec![data; 2000]);
        let pager = program(&home, "pager", "head -n 1 | cut -c 1-23; exit 3");
        let variable = format!("'{pager}'");
        // More than a pipe holds.
        let shown = shown(&home, &[], &[("PAGER", &variable)]);
        assert!(shown.ends_with("2026-03-25 15:30Z\n"), "{shown:?}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_command_ends_after_its_pager() {
        let home = told();
        // Whose parent ended gets another one.
        let script = "cat > /dev/null; sleep 0.3; read _ _ _ parent _ < /proc/$$/stat\n\
            [ \"$parent\" = $PPID ] && echo STILL THERE";
        let variable = format!("'{}'", program(&home, "pager", script));
        assert_eq!(shown(&home, &["--since=14"], &[("PAGER", &variable)]), "STILL THERE\n");
    }

    #[test]
    fn the_start_of_an_id_is_faint_on_a_terminal() {
        let home = told();
        let mut command = home.command();
        command.env("PAGER", "").env("TERM", "xterm").args(["log", "--limit=1"]);
        let (_, shown) = on_terminal(command, "");
        assert!(shown.contains("  \u{1b}[2m9e502664\u{1b}[0m  log repaired"), "{shown:?}");
    }
}

#[test]
fn the_log_can_be_told_as_it_was_then() {
    let mut home = Home::seeded();
    let seeds = home.run(&["stats", "--json"]).json()["events"].as_u64().unwrap();
    home.at("2026-03-26T09:00:00Z").assign("s1", "w", "testing");
    home.at("2026-03-27T09:00:00Z").run(&["release", "--session", "s1"]).ok();
    let told = |args: &[&str]| {
        let answer = home.run(&[&["log", "--json"], args].concat()).json();
        let events = answer["events"].as_array().unwrap().clone();
        (events.len() as u64, events[0]["type"].as_str().unwrap().to_owned())
    };
    assert_eq!(told(&[]), (seeds + 2, "release".to_owned()));
    let then = (seeds + 1, "assign".to_owned());
    for moment in ["2026-03-26", "2026-03-26T09:00:00Z", &(seeds + 1).to_string()] {
        assert_eq!(told(&["--at", moment]), then, "{moment}");
        assert_eq!(told(&["--at", moment, "--type", "assign"]), (1, "assign".to_owned()));
    }
}
