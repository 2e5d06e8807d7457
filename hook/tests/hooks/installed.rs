//! From nothing to a persona and back: what `install` registers is run as a client runs it.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::harness::{HOOK, Home, recorded};

/// Other people's settings.
const SETTINGS: &str =
    "{\"hooks\" : {\r\n\t\"PreToolUse\":[ {\"matcher\":\"Bash\",\"hooks\":[]}\r\n ]},\"x\":[ ]}";

/// The program that installs, beside the hooks.
fn program() -> PathBuf {
    let program = Path::new(HOOK).with_file_name("muzzle-persona");
    assert!(program.exists(), "`cargo test --workspace` builds what is tested here");
    program
}

/// Runs a program as somebody with this home does.
fn run(home: &Home, program: impl AsRef<std::ffi::OsStr>, args: &[&str], stdin: &str) -> Output {
    let mut child = Command::new(program)
        .args(args)
        .env_clear()
        .env("HOME", home.path())
        // A slow machine must not fail a test that is not about time.
        .env("MUZZLE_PERSONA_HOOK_TIMEOUT_MS", "60000")
        .current_dir(home.path().join("acme"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn says(home: &Home, args: &[&str]) -> String {
    let Output { status, stdout, stderr } = run(home, program(), args, "");
    let (stdout, stderr) = (String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap());
    assert!(status.success() && stderr.is_empty(), "{stdout}{stderr}");
    stdout
}

/// All files in the home, with what they hold.
fn files(dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files(&path));
            all.push((path, Vec::new()));
        } else {
            all.push((path.clone(), fs::read(path).unwrap()));
        }
    }
    all.sort();
    all
}

#[test]
fn what_is_installed_gives_personas_and_goes_as_if_it_had_never_been() {
    for (via, file) in [
        ("plugin", ".claude/skills/muzzle-persona/hooks/hooks.json"),
        ("settings", ".claude/settings.json"),
    ] {
        let home = Home::new();
        fs::create_dir(home.path().join("acme")).unwrap();
        fs::create_dir(home.path().join(".claude")).unwrap();
        fs::write(home.path().join(".claude/settings.json"), SETTINGS).unwrap();
        let before = files(home.path());
        says(&home, &["install", "--via", via, "--inject", "all"]);

        // As a client does: from the file to the process.
        let file = fs::read(home.path().join(file)).unwrap();
        let hooks = serde_json::from_slice::<Value>(&file).unwrap()["hooks"].clone();
        let call = |event: &str, payload: &str| {
            let handler = &hooks[event].as_array().unwrap().last().unwrap()["hooks"][0];
            let args = handler["args"].as_array().unwrap().iter().map(|arg| arg.as_str().unwrap());
            let command = handler["command"].as_str().unwrap();
            let done = run(&home, command, &args.collect::<Vec<_>>(), &recorded(payload));
            assert_eq!((done.status.code(), done.stderr.as_slice()), (Some(0), &b""[..]));
            String::from_utf8(done.stdout).unwrap()
        };
        assert_eq!(call("SessionStart", "session_start"), "");
        for payload in ["pre_tool_use.named", "pre_tool_use.anonymous"] {
            let answer = call("PreToolUse", payload);
            assert!(answer.contains(r#""prompt": "You are "#), "{answer}");
        }
        assert_eq!(call("SessionEnd", "session_end"), "");
        fs::remove_dir_all(home.path().join(".muzzle")).unwrap();

        let told = says(&home, &["doctor"]);
        assert!(told.contains("--inject all` gave a sample call a persona, in "), "{told}");
        assert!(told.contains("    │ You are Elena Vasquez, the code-reviewer persona"), "{told}");
        assert!(told.contains("gave the persona back when the session ended, in "), "{told}");
        says(&home, &["uninstall"]);
        assert_eq!(files(home.path()), before);
    }
}

#[test]
fn a_fresh_home_is_well_in_three_commands() {
    let home = Home::new();
    fs::create_dir(home.path().join("acme")).unwrap();
    let before = files(home.path());
    says(&home, &["install"]);
    let mut doctor = Command::new(program());
    doctor.arg("doctor").env_clear().env("HOME", home.path()).current_dir(home.path());
    let told = String::from_utf8(doctor.output().unwrap().stdout).unwrap();
    assert!(told.ends_with("All is well.\n"), "{told}");
    says(&home, &["uninstall"]);
    assert_eq!(files(home.path()), before);
}
