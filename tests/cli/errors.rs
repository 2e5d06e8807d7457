//! What is said when something cannot be done, and with which exit code.

use std::fs;

use insta::assert_snapshot;

use crate::harness::{Done, Home, assign_args};

#[test]
fn a_name_that_is_not_there_leads_to_the_nearest() {
    let home = Home::seeded();
    assert_snapshot!(home.run(&["show", "Elana"]).fails(1), @"
    error: there is no persona named `Elana`
    hint: did you mean `muzzle-persona show 'Elena Vasquez'`?
    ");
    assert_snapshot!(home.run(&["show", "qqq"]).fails(1), @"
    error: there is no persona named `qqq`
    hint: `muzzle-persona list --status all` shows all personas
    ");
    let mut summon = assign_args("s1", "w1", "testing").to_vec();
    summon.extend(["--summon", "Elana"]);
    assert_snapshot!(home.run(&summon).fails(1), @"
    error: there is no persona named `Elana`
    hint: did you mean `muzzle-persona assign --roles testing --project demo --session s1 --agent-name w1 --summon 'Elena Vasquez'`?
    ");
}

#[test]
fn a_beginning_that_several_names_share_is_refused_with_all_of_them() {
    let home = Home::seeded();
    assert_snapshot!(home.run(&["show", "L"]).fails(1), @"
    error: `L` could be any of `Leilani Kahale`, `Lian Zhou`
    hint: write more of the name, as in `muzzle-persona show 'Leilani Kahale'`
    ");
}

#[test]
fn a_filter_that_is_wrong_leads_on() {
    let home = Home::new();
    assert_snapshot!(home.run(&["list", "--status", "activ"]).fails(2), @"
    error: `--status` takes one of `active`, `held`, `free`, `archived`, `all`, not `activ`
    hint: did you mean `muzzle-persona list --status active`?
    ");
    home.run(&["list", "--expertise", ""]).fails(2);
    home.run(&["search", "--role", "testing", "--limit", "-1"]).fails(2);
    home.run(&["history"]).fails(2);
    assert!(!home.store().exists());
}

#[test]
fn with_json_an_error_is_json() {
    let home = Home::seeded();
    assert_snapshot!(home.run(&["show", "Elana", "--json"]).fails(1), @r#"{"error":{"kind":"not_found","message":"there is no persona named `Elana`","hint":"did you mean `muzzle-persona show 'Elena Vasquez' --json`?"}}"#);
    assert_snapshot!(home.run(&["shaw", "--json"]).fails(2), @r#"{"error":{"kind":"usage","message":"there is no command `shaw`","hint":"did you mean `muzzle-persona show --json`?"}}"#);
}

#[test]
fn a_command_line_that_is_wrong_leads_on() {
    let home = Home::new();
    assert_snapshot!(home.run(&["lst"]).fails(2), @"
    error: there is no command `lst`
    hint: did you mean `muzzle-persona list`?
    ");
    assert_snapshot!(home.run(&["list", "--wait", "soon"]).fails(2), @"
    error: cannot use `soon` as `--wait`: it is not a number of seconds
    hint: `muzzle-persona help list` tells what it takes
    ");
    let stderr = home.run(&[]).fails(2);
    assert!(stderr.contains("Usage: muzzle-persona [OPTIONS] COMMAND"), "{stderr}");
    assert!(!home.store().exists(), "a command line that is wrong makes no store");
}

#[test]
fn each_mistake_in_a_command_line_is_named_with_what_was_meant() {
    let home = Home::new();
    assert_snapshot!(home.run(&["list", "--staus=all"]).fails(2), @"
    error: `muzzle-persona list` has no option `--staus`
    hint: did you mean `muzzle-persona list --status=all`?
    ");
    assert_snapshot!(home.run(&["list", "--everything"]).fails(2), @"
    error: `muzzle-persona list` has no option `--everything`
    hint: `muzzle-persona help list` tells what it takes
    ");
    assert_snapshot!(home.run(&["list", "--status", "old"]).fails(2), @"
    error: `--status` takes one of `active`, `held`, `free`, `archived`, `all`, not `old`
    hint: did you mean `muzzle-persona list --status held`?
    ");
    assert_snapshot!(home.run(&["show"]).fails(2), @"
    error: `muzzle-persona show` needs `NAME`
    hint: as in `muzzle-persona show elena`
    ");
    assert_snapshot!(home.run(&["assign", "-r", "testing", "--explain"]).fails(2), @"
    error: `muzzle-persona assign` needs `--project PROJECT`, `--session SESSION`, `--agent-name AGENT`
    hint: as in `muzzle-persona assign -r testing,docs -p acme-api -s s1 -a worker-2 --explain`
    ");
    assert_snapshot!(home.run(&["allow", "--revoke"]).fails(2), @"
    error: `muzzle-persona allow` needs `NAME|ID|--all`
    hint: as in `muzzle-persona allow 2a9ff68b --revoke`
    ");
    assert_snapshot!(home.run(&["show", "Elena", "Vasquez", "--json"]).fails(2), @r#"{"error":{"kind":"usage","message":"`Vasquez` is one word too many for `muzzle-persona show`","hint":"did you mean `muzzle-persona show 'Elena Vasquez' --json`?"}}"#);
    assert_snapshot!(home.run(&["list", "all"]).fails(2), @"
    error: `all` is one word too many for `muzzle-persona list`
    hint: `muzzle-persona help list` tells what it takes
    ");
    assert_snapshot!(home.run(&["allow", "elena", "--all"]).fails(2), @"
    error: `NAME|ID` cannot stand beside `--all`
    hint: `muzzle-persona help allow` tells what it takes
    ");
    assert_snapshot!(home.run(&["seed", "-f", "a", "-f", "b"]).fails(2), @"
    error: `--file` stands here twice
    hint: `muzzle-persona help seed` tells what it takes
    ");
    assert_snapshot!(home.run(&["grow", "-n", "5000"]).fails(2), @"
    error: cannot use `5000` as `--count`: it is not a whole number from 1 to 1000
    hint: `muzzle-persona help grow` tells what it takes
    ");
    assert_snapshot!(home.run(&["search", "-r", "testing", "-n", "many"]).fails(2), @"
    error: cannot use `many` as `--limit`: it is not a whole number
    hint: `muzzle-persona help search` tells what it takes
    ");
    assert_snapshot!(home.run(&["--json"]).fails(2), @r#"{"error":{"kind":"usage","message":"no command was given","hint":"`muzzle-persona help` shows all commands"}}"#);
    assert_snapshot!(home.run(&["help", "shw"]).fails(2), @"
    error: there is no command `shw`
    hint: `muzzle-persona help` shows all commands
    ");
    assert!(!home.store().exists());
}

/// What a hint says, given to a shell.
#[cfg(unix)]
fn paste(home: &Home, said: &str) -> Done {
    let hint = said.split_once("hint: ").unwrap().1;
    let command = hint.split('`').nth(1).unwrap();
    let programs = home.command();
    let programs = std::path::Path::new(programs.get_program()).parent().unwrap();
    let mut shell = std::process::Command::new("/bin/sh");
    shell.env_clear().envs([("PATH", programs), ("HOME", home.path())]);
    shell.env("MUZZLE_PERSONA_NOW", crate::harness::NOW).current_dir(home.path());
    Done::of(shell.args(["-c", command]))
}

#[cfg(unix)]
#[test]
fn a_hint_can_be_pasted_whatever_the_names_are() {
    let home = Home::new();
    let at = home.path().join("it's a $(store)");
    let at = at.to_str().unwrap();
    let run = |args: &[&str]| home.run(&[args, &["--store", at]].concat());
    run(&["orphan-cleanup"]).ok();
    let found = run(&["show", "Elana"]).fails(1);
    assert!(paste(&home, &found).ok().starts_with("Elena Vasquez\n"), "{found}");
    let session = "s'1 $(touch hacked) \"x\"";
    let held = run(&["assign", "-r", "testing", "-p", "p", "-s", session, "-a", "w"]).json();
    let name = held["assignments"][0]["name"].as_str().unwrap();
    let refused = run(&["retire", name]).fails(1);
    assert!(paste(&home, &refused).ok().starts_with("Released 1 persona "), "{refused}");
    run(&["retire", name]).ok();
    let two = run(&["show", "l"]).fails(1);
    assert!(paste(&home, &two).ok().starts_with("Leilani Kahale\n"), "{two}");
    assert!(!home.path().join("hacked").exists());
}

#[test]
fn long_input_is_shortened_and_of_many_candidates_ten_are_listed() {
    let home = Home::seeded();
    let said = home.run(&["show", &"x".repeat(3000)]).fails(1);
    assert!(said.contains(&format!("`{}…`", "x".repeat(79))), "{said}");
    let said = home.run(&[&*"y".repeat(3000)]).fails(2);
    assert!(said.contains(&format!("`{}…`", "y".repeat(79))), "{said}");
    let said = home.run(&["list", "--status", &"z".repeat(3000)]).fails(2);
    assert!(said.contains(&format!("`{}…`", "z".repeat(79))), "{said}");
    let names: Vec<_> = (0..30)
        .map(|n| format!(r#"{{"name":"Zoe {n}","traits":[],"expertise":[],"instructions":{{}}}}"#))
        .collect();
    home.append_all(1, "seed", &names.iter().map(String::as_str).collect::<Vec<_>>());
    let said = home.run(&["show", "zoe"]).fails(1);
    assert_eq!(said.matches("`Zoe ").count(), 10, "{said}");
    assert!(said.contains(" and 20 more\n"), "{said}");
}

#[test]
fn each_limit_of_the_input_has_its_message() {
    let home = Home::new();
    let assign = |session: &str, agent: &str, project: &str, roles: &str| {
        let args = [
            "assign",
            "--session",
            session,
            "--agent-name",
            agent,
            "--project",
            project,
            "--roles",
            roles,
        ];
        let stderr = home.run(&args).fails(2);
        stderr.lines().next().unwrap().split_once("`: ").unwrap().1.to_owned()
    };
    let long = "x".repeat(129);
    assert_eq!(
        assign(&long, "a", "p", "testing"),
        "the session is 129 characters long; the limit is 128"
    );
    assert_eq!(
        assign("s", &long, "p", "testing"),
        "the agent's name is 129 characters long; the limit is 128"
    );
    assert_eq!(
        assign("s", "a", &long, "testing"),
        "the project's name is 129 characters long; the limit is 128"
    );
    assert_eq!(
        assign("s", "a", "p", &"x".repeat(65)),
        "the role is 65 characters long; the limit is 64"
    );
    assert_eq!(
        assign("s", "a", "x\u{1b}[31m", "testing"),
        "the project's name holds the control character U+001B at position 2"
    );
    assert_eq!(assign("s", "a", "p", "testing,,general"), "the role is empty");
    assert_eq!(
        assign("s", "a", "p", "[7]"),
        "it is not a JSON array of roles: invalid type: integer `7`, expected a string at line 1 column 2"
    );
    assert!(!home.store().exists());
}

#[test]
fn too_few_and_too_many_roles_are_refused() {
    let home = Home::seeded();
    assert_snapshot!(home.run(&assign_args("s1", "w1", "[]")).fails(1), @"
    error: no role was asked for
    hint: ask for one, as in `--roles code-reviewer`
    ");
    let many = vec!["testing"; 65].join(",");
    assert_snapshot!(home.run(&assign_args("s1", "w1", &many)).fails(1), @"
    error: 65 roles were asked for; the limit is 64
    hint: ask in several `assign` commands
    ");
}

#[test]
fn an_event_that_does_not_fit_into_a_line_is_refused_whole() {
    let home = Home::new();
    let (agent, role) = ("\u{1f600}".repeat(128), "\u{1f600}".repeat(64));
    home.set_seed(&format!("[[role]]\nname = \"{role}\"\ninstruction = \"x\"\n"));
    home.run(&["orphan-cleanup"]).ok();
    let before = home.log();
    let roles = vec![role.as_str(); 64].join(",");
    let stderr = home.run(&assign_args("s1", &agent, &roles)).fails(1);
    assert!(stderr.starts_with("error: could not record the event: the line is "), "{stderr}");
    assert!(stderr.ends_with("the limit is 65536\nhint: ask for less at once\n"), "{stderr}");
    assert_eq!(home.log(), before);
}

#[test]
fn a_busy_log_is_waited_for_and_then_reported() {
    let home = Home::seeded();
    let lock = fs::File::open(home.store().join(".lock")).unwrap();
    fs2::FileExt::lock_exclusive(&lock).unwrap();
    let before = home.log();
    let mut args = assign_args("s1", "w1", "testing").to_vec();
    args.extend(["--wait", "0.05"]);
    assert_eq!(
        home.run(&args).fails(4),
        format!(
            "error: the log `{}` is busy: another process has been writing for 0.05 s\n\
             hint: try again, or wait longer, as with `--wait 30`\n",
            home.log_path().display()
        )
    );
    assert_eq!(home.log(), before);
    // Readers take no lock.
    home.run(&["list", "--wait", "0"]).ok();
    fs2::FileExt::unlock(&lock).unwrap();
    home.run(&args).ok();
}

/// A process whose files may not grow past `blocks` of 512 bytes.
#[cfg(unix)]
fn limited(home: &Home, blocks: usize, args: &[&str]) -> Done {
    let program = home.command();
    let mut shell = std::process::Command::new("sh");
    shell.env_clear().current_dir(home.path());
    for (name, value) in program.get_envs() {
        shell.env(name, value.unwrap_or_default());
    }
    // The signal is ignored, so that the write fails as it does on a full disk.
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
    shell.args(["-c", &script]).arg(program.get_program()).args(args);
    Done::of(&mut shell)
}

#[cfg(unix)]
#[test]
fn a_line_that_does_not_fit_on_the_disk_is_taken_back_whole() {
    let home = Home::seeded();
    // The limit is the next block's end: grow the log until a line crosses it.
    let mut n = 0;
    while home.log().len() % 512 < 250 {
        n += 1;
        home.assign(&format!("s{n}"), "w", "testing");
    }
    let before = home.log();
    let done = limited(&home, before.len().div_ceil(512), &assign_args("full", "w", "testing"));
    let stderr = done.fails(5);
    let message = format!("error: could not write to `{}`: ", home.log_path().display());
    assert!(stderr.starts_with(&message), "{stderr}");
    assert!(stderr.contains("; nothing was recorded\nhint: check the space"), "{stderr}");
    assert_eq!(home.log(), before);
    home.assign("full", "w", "testing");
}

#[test]
fn a_store_that_is_a_file_is_reported_with_its_path() {
    let mut home = Home::new();
    let file = home.path().join("file");
    fs::File::create_new(&file).unwrap();
    home.use_store(&file);
    let stderr = home.run(&["list"]).fails(5);
    assert!(
        stderr.starts_with(&format!("error: could not open `{}/events.jsonl`: ", file.display())),
        "{stderr}"
    );
    assert!(
        stderr.ends_with(
            "hint: check the path and its permissions, or name another store with `--store DIR`\n"
        ),
        "{stderr}"
    );
}

#[test]
fn without_a_usable_clock_or_store_nothing_is_done() {
    let home = Home::new();
    let clock = Done::of(home.command().env("MUZZLE_PERSONA_NOW", "noon").arg("list"));
    assert_snapshot!(clock.fails(2), @"
    error: `MUZZLE_PERSONA_NOW` is `noon`, which is not an RFC 3339 time
    hint: write it as in `2026-03-25T15:30:00Z`, or unset it
    ");
    assert_snapshot!(home.run(&["list", "--store", ""]).fails(2), @"
    error: `--store` needs a value
    hint: `muzzle-persona help list` tells what it takes
    ");
}

#[test]
fn a_closed_pipe_is_not_an_error() {
    let home = Home::seeded();
    let mut child = home
        .command()
        .args(["list"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
}
