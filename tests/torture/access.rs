//! Stores that are not this user's, or not to be written; homes that are not there.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::harm::with_program;
use crate::harness::{Done, Home};
use crate::store::{command, goes_on};

/// Who runs the program when the tests run as root, whom no mode stops.
const NOBODY: u32 = 65534;
/// Somebody whom no system knows.
const STRANGER: u32 = 42_424;

/// What reads.
const READERS: [&[&str]; 8] = [
    &["list"],
    &["show", "elena"],
    &["history", "lian"],
    &["search", "--role", "testing"],
    &["stats"],
    &["log"],
    &["verify"],
    &["list", "--at", "13"],
];
/// What writes.
const WRITERS: [&[&str]; 6] = [
    &["assign", "--roles", "testing", "--project", "p", "--session", "s9", "--agent-name", "w"],
    &["release", "--session", "s1"],
    &["feedback", "lian", "--observation", "Good work."],
    &["retire", "elena"],
    &["grow"],
    &["compact", "--seal"],
];

/// A copy of the program that anybody may run, and who runs it: nobody that a mode does not stop.
struct Runner {
    bin: TempDir,
    is_root: bool,
}

impl Runner {
    fn new() -> Self {
        let bin = tempfile::tempdir().unwrap();
        let is_root = fs::metadata(bin.path()).unwrap().uid() == 0;
        let runner = Self { bin, is_root };
        // By a process of its own: what this one wrote may still be open in another test's child, and
        // cannot be run then.
        let from = Path::new(env!("CARGO_BIN_EXE_muzzle-persona"));
        assert!(Command::new("cp").arg(from).arg(runner.program()).status().unwrap().success());
        mode(runner.bin.path(), 0o755);
        mode(&runner.program(), 0o755);
        runner
    }

    fn program(&self) -> PathBuf {
        self.bin.path().join("muzzle-persona")
    }

    /// Runs a command as a user of this number, if that can be chosen.
    fn run_as(&self, user: u32, command: &Command) -> Done {
        let mut command = with_program(command, &self.program());
        if self.is_root {
            command.uid(user).gid(user);
        }
        Done::of(&mut command)
    }

    fn run(&self, home: &Home, args: &[&str]) -> Done {
        self.run_as(NOBODY, &command(home, args))
    }

    /// Gives a home to whoever runs the program, or to somebody else.
    fn give(&self, home: &Home, owner: u32) {
        if self.is_root {
            for path in everything(home.path()) {
                chown(path, Some(owner), Some(owner)).unwrap();
            }
        }
    }

    /// Tells whether somebody else can be had; says so if not.
    fn can_be_another(&self) -> bool {
        if !self.is_root {
            eprintln!("skipped: only root may be somebody else");
        }
        self.is_root
    }
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// A directory, and what is in it.
fn everything(dir: &Path) -> Vec<PathBuf> {
    let mut paths = vec![dir.to_owned()];
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { paths.extend(everything(&path)) } else { paths.push(path) }
    }
    paths
}

/// Sets the modes of a store and what is in it.
fn modes(home: &Home, dirs: u32, files: u32) {
    for path in everything(home.store()) {
        mode(&path, if path.is_dir() { dirs } else { files });
    }
}

/// A store with a past, in a home that everybody may enter.
fn lived() -> Home {
    let home = Home::seeded();
    home.assign("s1", "w", "testing");
    home.run(&["compact", "--seal"]).ok();
    home.assign("s2", "w", "testing");
    mode(home.path(), 0o755);
    mode(&home.path().join(".muzzle"), 0o755);
    home
}

#[test]
fn doctor_tells_of_a_store_that_cannot_be_written_to() {
    let (home, runner) = (lived(), Runner::new());
    let finding = |home: &Home| {
        let stdout = runner.run(home, &["doctor", "--json"]).stdout;
        let report: serde_json::Value = serde_json::from_str(&stdout).unwrap();
        let findings = report["findings"].as_array().unwrap().clone();
        let found = findings.into_iter().find(|it| it["check"] == "rehearsal.store").unwrap();
        (found["level"].clone(), found["message"].as_str().unwrap().to_owned())
    };
    runner.give(&home, NOBODY);
    assert_eq!(finding(&home).0, "ok");
    // The owner has no right to make a file there, whatever the files' modes are.
    mode(home.store(), 0o500);
    let (level, message) = finding(&home);
    mode(home.store(), 0o700);
    assert_eq!(level, "problem");
    assert!(message.ends_with(" cannot be written to."), "{message}");
    // So it is where no store can be made.
    let home = Home::new();
    mode(home.path(), 0o555);
    let (level, message) = finding(&home);
    mode(home.path(), 0o755);
    assert_eq!(level, "problem", "{message}");
}

/// What is said, but for the checkpoint, which only its owner uses: `verify` warns all others of it.
fn but_for_the_checkpoint(said: &str) -> Vec<&str> {
    let lines = said.lines().filter(|line| !line.starts_with(".cache/checkpoint.json: "));
    lines.map(|line| line.split(" is sound: ").next().unwrap()).collect()
}

/// All readers answer, all writers are refused, and nothing changes.
fn is_read_only(home: &Home, runner: &Runner) {
    let files = || -> Vec<_> {
        let paths = everything(home.store()).into_iter().filter(|path| path.is_file());
        paths.map(|path| (path.clone(), fs::read(path).unwrap())).collect()
    };
    let before = files();
    for args in READERS {
        let (mine, theirs) = (home.run(args).ok(), runner.run(home, args).ok());
        assert_eq!(but_for_the_checkpoint(&mine), but_for_the_checkpoint(&theirs), "{args:?}");
    }
    for args in WRITERS {
        let stderr = runner.run(home, args).fails(5);
        let lock = home.store().join(".lock");
        assert_eq!(
            stderr,
            format!(
                "error: could not open the lock `{}`: Permission denied (os error 13)\n\
                 hint: check the path and its permissions, or name another store with `--store DIR`\n",
                lock.display()
            ),
            "{args:?}"
        );
    }
    assert_eq!(files(), before);
}

#[test]
fn a_store_that_may_only_be_read_is_read() {
    let (home, runner) = (lived(), Runner::new());
    runner.give(&home, NOBODY);
    modes(&home, 0o500, 0o400);
    is_read_only(&home, &runner);
    modes(&home, 0o700, 0o600);
    runner.give(&home, 0);
    goes_on(&home, &[], "writable again");
}

#[test]
fn a_store_of_somebody_else_that_is_open_is_read() {
    let (home, runner) = (lived(), Runner::new());
    if runner.can_be_another() {
        modes(&home, 0o755, 0o644);
        is_read_only(&home, &runner);
    }
}

#[test]
fn a_store_of_somebody_else_that_is_closed_is_told_as_that() {
    let (home, runner) = (lived(), Runner::new());
    if !runner.can_be_another() {
        return;
    }
    for args in READERS.iter().chain(&WRITERS) {
        let stderr = runner.run(&home, args).fails(5);
        let (error, hint) = stderr.split_once('\n').unwrap();
        let place = format!("`{}/", home.store().display());
        assert!(
            error.starts_with("error: could not ") && error.contains(&place),
            "{args:?}: {error}"
        );
        assert!(error.ends_with(": Permission denied (os error 13)"), "{args:?}: {error}");
        assert_eq!(
            hint,
            "hint: check the path and its permissions, or name another store with `--store DIR`\n"
        );
    }
}

/// A command that makes the default store in this home.
fn begin(home: &Home, value: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = command(home, &["orphan-cleanup"]);
    command.env_remove("MUZZLE_PERSONA_STORE").env("HOME", value);
    command
}

#[test]
fn a_home_that_is_not_there_is_made_for_its_owner_alone() {
    let home = Home::new();
    let missing = home.path().join("not/there");
    Done::of(&mut begin(&home, &missing)).ok();
    for dir in ["", ".muzzle", ".muzzle/personas"].map(|dir| missing.join(dir)) {
        assert_eq!(fs::metadata(&dir).unwrap().mode() & 0o777, 0o700, "{}", dir.display());
    }
}

#[test]
fn a_home_that_cannot_be_made_or_is_none_is_told() {
    let (home, runner) = (Home::new(), Runner::new());
    mode(home.path(), 0o755);
    let closed = home.path().join("closed");
    fs::create_dir(&closed).unwrap();
    runner.give(&home, NOBODY);
    mode(&closed, 0o500);
    let stderr = runner.run_as(NOBODY, &begin(&home, closed.join("home"))).fails(5);
    let store = closed.join("home/.muzzle/personas");
    let message = format!(
        "error: could not create the store `{}`: Permission denied (os error 13)\nhint: ",
        store.display()
    );
    assert!(stderr.starts_with(&message), "{stderr}");

    let file = home.path().join("file");
    fs::File::create_new(&file).unwrap();
    let stderr = Done::of(&mut begin(&home, &file)).fails(5);
    let message = format!(
        "error: could not open `{}`: Not a directory (os error 20)\nhint: ",
        file.join(".muzzle/personas/events.jsonl").display()
    );
    assert!(stderr.starts_with(&message), "{stderr}");

    for none in ["", "relative"] {
        assert_eq!(Done::of(&mut begin(&home, none)).fails(2), NO_HOME, "{none:?}");
    }
    let mut unset = begin(&home, "");
    unset.env_remove("HOME");
    assert_eq!(Done::of(&mut unset).fails(2), NO_HOME);
}

/// In a container the user may be just a number, of which no file tells a home.
#[test]
fn a_user_whom_the_system_does_not_know_needs_no_home() {
    let (home, runner) = (Home::new(), Runner::new());
    if !runner.can_be_another() {
        return;
    }
    mode(home.path(), 0o755);
    let mut unset = begin(&home, "");
    unset.env_remove("HOME");
    assert_eq!(runner.run_as(STRANGER, &unset).fails(2), NO_HOME);
    runner.give(&home, STRANGER);
    let mut named = begin(&home, "");
    named.env_remove("HOME").env("MUZZLE_PERSONA_STORE", home.store());
    runner.run_as(STRANGER, &named).ok();
}

const NO_HOME: &str = "error: could not find the home directory for the default store\n\
     hint: name a directory with `--store DIR` or in `MUZZLE_PERSONA_STORE`\n";
