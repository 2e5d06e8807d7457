//! What is said when something cannot be done, and with which exit code.

use std::fs;

use insta::assert_snapshot;

use crate::harness::{Done, Home, assign_args};

#[test]
fn a_name_that_is_not_there_leads_to_the_nearest() {
    let home = Home::seeded();
    assert_snapshot!(home.run(&["show", "Elana"]).fails(1), @"
    error: there is no persona named `Elana`
    hint: did you mean `Elena Vasquez`?
    ");
    assert_snapshot!(home.run(&["show", "qqq"]).fails(1), @"
    error: there is no persona named `qqq`
    hint: `muzzle-persona list --status all` shows all personas
    ");
    let mut summon = assign_args("s1", "w1", "testing").to_vec();
    summon.extend(["--summon", "Elana"]);
    assert_snapshot!(home.run(&summon).fails(1), @"
    error: there is no persona named `Elana`
    hint: did you mean `Elena Vasquez`?
    ");
}

#[test]
fn a_beginning_that_several_names_share_is_refused_with_all_of_them() {
    let home = Home::seeded();
    assert_snapshot!(home.run(&["show", "L"]).fails(1), @"
    error: `L` could be any of `Leilani Kahale`, `Lian Zhou`
    hint: write more of the name
    ");
}

#[test]
fn a_filter_that_is_wrong_leads_on() {
    let home = Home::new();
    assert_snapshot!(home.run(&["list", "--status", "activ"]).fails(2), @"
    error: invalid value 'activ' for '--status <STATUS>'
      [possible values: active, archived, all]

      tip: a similar value exists: 'active'

    For more information, try '--help'.
    ");
    home.run(&["list", "--expertise", ""]).fails(2);
    home.run(&["search", "--role", "testing", "--limit", "-1"]).fails(2);
    home.run(&["history"]).fails(2);
    assert!(!home.store().exists());
}

#[test]
fn with_json_an_error_is_json() {
    let home = Home::seeded();
    assert_snapshot!(home.run(&["show", "Elana", "--json"]).fails(1), @r#"{"error":{"kind":"not_found","message":"there is no persona named `Elana`","hint":"did you mean `Elena Vasquez`?"}}"#);
    assert_snapshot!(home.run(&["shaw", "--json"]).fails(2), @r#"{"error":{"kind":"usage","message":"unrecognized subcommand 'shaw'","hint":"`muzzle-persona help` shows all commands"}}"#);
}

#[test]
fn a_command_line_that_is_wrong_leads_on() {
    let home = Home::new();
    assert_snapshot!(home.run(&["lst"]).fails(2), @"
    error: unrecognized subcommand 'lst'

      tip: a similar subcommand exists: 'list'

    Usage: muzzle-persona [OPTIONS] <COMMAND>

    For more information, try '--help'.
    ");
    assert_snapshot!(home.run(&["list", "--wait", "soon"]).fails(2), @"
    error: invalid value 'soon' for '--wait <SECONDS>': `soon` is not a number of seconds

    For more information, try '--help'.
    ");
    let stderr = home.run(&[]).fails(2);
    assert!(stderr.contains("Usage: muzzle-persona [OPTIONS] <COMMAND>"), "{stderr}");
    assert!(!home.store().exists(), "a command line that is wrong makes no store");
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
        stderr.lines().next().unwrap().rsplit_once("': ").unwrap().1.to_owned()
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
        "not a JSON array of roles: invalid type: integer `7`, expected a string at line 1 column 2"
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
    error: a value is required for '--store <DIR>' but none was supplied

    For more information, try '--help'.
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
