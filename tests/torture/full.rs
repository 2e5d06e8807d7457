//! No room: limits on a file's size, and a file system of 64 KiB.

use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::harm::{again, limited};
use crate::harness::{Done, Home, assign_args, chain};
use crate::store::{assignments, command, goes_on, lines};

/// Lends until a store has no room, by commands that `made` makes. Returns the last answer.
///
/// What was acknowledged before that is all there, and nothing else.
fn fill(home: &Home, made: impl Fn(&Command) -> Command) -> std::process::Output {
    let mut acknowledged: Vec<String> = Vec::new();
    loop {
        let session = format!("s{}", acknowledged.len());
        let done = made(&command(home, &assign_args(&session, "w", "testing"))).output().unwrap();
        if !done.status.success() {
            let log = lines(home);
            let whole = log.iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
            let there = chain(&log[..whole]);
            assert!(acknowledged.iter().all(|session| assignments(&there, session) == 1));
            assert_eq!(assignments(&there, &session), 0);
            return done;
        }
        acknowledged.push(session);
        assert!(acknowledged.len() < 1000, "no limit is reached");
    }
}

#[test]
fn a_log_that_may_not_grow_takes_no_half_line() {
    let home = Home::seeded();
    let blocks = home.log().len() / 512 + 4;
    let done = fill(&home, |command| limited(command, blocks, false));
    assert_eq!((done.status.code(), done.stdout.as_slice()), (Some(5), &b""[..]));
    let before = home.log();
    assert!(before.ends_with(b"\n"));
    home.run(&["list"]).ok();
    let verify =
        Done::of(&mut limited(&command(&home, &["verify", "--json"]), blocks, false)).json();
    assert_eq!(verify["notes"], 0);
    goes_on(&home, &before, "with room again");
}

#[test]
fn a_writer_that_a_limit_kills_within_a_line_leaves_a_torn_tail() {
    let home = Home::seeded();
    let blocks = home.log().len() / 512 + 4;
    let done = fill(&home, |command| limited(command, blocks, true));
    assert_eq!(done.status.signal(), Some(25), "SIGXFSZ");
    assert!(done.stdout.is_empty() && done.stderr.is_empty());
    let torn = home.log();
    assert_eq!(torn.len(), blocks * 512);
    let whole = torn.iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    assert!(whole < torn.len(), "half a line stays");

    // Readers pass it over; the next writer moves it, and says so.
    home.run(&["list"]).ok();
    assert_eq!(home.run(&["verify", "--json"]).json()["findings"][0]["kind"], "torn_tail");
    goes_on(&home, &torn[..whole], "a torn tail");
    let kept = fs::read_dir(home.store().join("quarantine")).unwrap().next().unwrap().unwrap();
    assert_eq!(fs::read(kept.path()).unwrap(), &torn[whole..]);
}

/// A file system of its own, gone with this.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Mounts one, if that may be done; says so if not.
    fn mount(at: &Path) -> Option<Self> {
        fs::create_dir(at).unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=64k,mode=700", "tmpfs"]).arg(at);
        if mount.stderr(Stdio::null()).status().is_ok_and(|end| end.success()) {
            return Some(Self(at.to_owned()));
        }
        eprintln!("skipped: no file system may be mounted here");
        None
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg(&self.0).status();
        assert!(unmounted.is_ok_and(|end| end.success()) || std::thread::panicking());
    }
}

#[test]
fn a_full_disk_refuses_writers_and_stops_no_reader() {
    let mut home = Home::new();
    let at = home.path().join("disk");
    let Some(disk) = SmallDisk::mount(&at) else { return };
    home.use_store(&at.join("store"));
    home.run(&["orphan-cleanup"]).ok();

    let done = fill(&home, again);
    assert_eq!((done.status.code(), done.stdout.as_slice()), (Some(5), &b""[..]));
    let stderr = String::from_utf8(done.stderr).unwrap();
    let message = format!(
        "error: could not write to `{}`: No space left on device (os error 28); nothing was recorded\n\
         hint: check the space and the limits of the disk\n",
        home.log_path().display()
    );
    assert_eq!(stderr, message);

    let before = home.log();
    assert!(before.ends_with(b"\n"), "half a line stays");
    for args in [&["list"][..], &["stats"], &["history", "lian"], &["log"], &["verify"]] {
        home.run(args).ok();
    }
    // A shorter event may still fit; what is refused is refused whole.
    for args in
        [&["release", "--session", "s0"][..], &["grow", "--count", "5"], &["compact", "--seal"]]
    {
        let done = home.run(args);
        assert!(matches!(done.code, Some(0 | 5)), "{args:?}: {}", done.stderr);
        let verify = home.run(&["verify", "--json"]).json();
        assert_eq!(
            (&verify["sound"], &verify["notes"]),
            (&true.into(), &0.into()),
            "{args:?}: {verify}"
        );
    }
    assert!(lines(&home).starts_with(&before));
    drop(disk);
}
