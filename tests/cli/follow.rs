//! `log --follow`: events as they are appended, each once.

use std::io::{BufRead as _, BufReader, Lines};
use std::process::{Child, ChildStdout, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::harness::{Home, assign_args};
use crate::merge::Branches;

/// A process that follows a log, and what it told so far.
struct Following {
    child: Child,
    lines: Receiver<String>,
}

impl Following {
    fn of(home: &Home, args: &[&str]) -> Self {
        let mut command = home.command();
        command.args([&["log", "--follow"], args].concat());
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let told: Lines<BufReader<ChildStdout>> =
            BufReader::new(child.stdout.take().unwrap()).lines();
        let (tell, lines) = channel();
        thread::spawn(move || told.map_while(Result::ok).try_for_each(|line| tell.send(line)));
        Self { child, lines }
    }

    /// The next line; a test waits long for one that never comes.
    #[track_caller]
    fn next(&self) -> String {
        self.lines.recv_timeout(Duration::from_secs(30)).unwrap()
    }

    /// The types of the next events.
    #[track_caller]
    fn kinds(&self, count: usize) -> Vec<String> {
        let kind = |line: String| -> String {
            let event: Value = serde_json::from_str(&line).unwrap();
            event["type"].as_str().unwrap().to_owned()
        };
        (0..count).map(|_| kind(self.next())).collect()
    }

    /// Ends it; there must be nothing more that it told.
    #[track_caller]
    fn end(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        assert_eq!(self.lines.iter().collect::<Vec<_>>(), [""; 0]);
    }
}

/// A test that fails leaves no process behind.
impl Drop for Following {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Follows from the beginning, so that it is known when all of that is read.
fn from_the_start(home: &Home, args: &[&str]) -> (Following, usize) {
    let all = home.run(&["stats", "--json"]).json()["events"].as_u64().unwrap();
    let following = Following::of(home, &[&["--after", "0", "--json"], args].concat());
    (following, usize::try_from(all).unwrap())
}

#[test]
fn what_is_appended_is_told_once_through_seals_and_compactions() {
    let mut home = Home::seeded();
    let (following, all) = from_the_start(&home, &[]);
    assert_eq!(following.kinds(all), vec!["seed"; all]);
    home.at("2026-03-26T09:00:00Z");
    home.assign("s1", "w", "testing");
    home.run(&["feedback", "lian", "--observation", "Good."]).ok();
    assert_eq!(following.kinds(2), ["assign", "feedback"]);
    home.at("2026-03-26T10:00:00Z");
    home.run(&["compact", "--older-than", "0", "--seal"]).ok();
    assert_eq!(following.kinds(1), ["compact"]);
    home.run(&["release", "--session", "s1"]).ok();
    assert_eq!(following.kinds(1), ["release"]);
    home.run(&["compact", "--older-than", "0", "--seal"]).ok();
    home.assign("s2", "w", "testing");
    assert_eq!(following.kinds(1), ["assign"]);
    following.end();
}

#[test]
fn what_a_merge_brings_is_told_once() {
    let mut branches = Branches::new();
    let (a, b) = (branches.a.clone(), branches.b.clone());
    let lent = |session| assign_args(session, "w", "debugging");
    branches.work(false, "2026-03-26T09:00:00Z", &lent("theirs"));
    branches.work(true, "2026-03-26T10:00:00Z", &lent("ours"));
    branches.home.use_store(&a);
    let (following, all) = from_the_start(&branches.home, &[]);
    assert_eq!(following.kinds(all).last().unwrap(), "assign");
    branches.fetch();
    branches.merge(true, "other/main");
    let told: Value = serde_json::from_str(&following.next()).unwrap();
    assert_eq!(told["data"]["session"], "theirs");
    branches.work(true, "2026-03-26T11:00:00Z", &["release", "--session", "theirs"]);
    assert_eq!(following.kinds(1), ["release"]);
    following.end();
    drop(b);
}

#[test]
fn a_log_that_was_merged_elsewhere_is_told_of_once_whatever_the_order_of_its_lines() {
    let mut home = Home::seeded();
    let base = home.log();
    let mut branch = |session: &str| {
        home.set_log(&base);
        home.at("2026-03-26T09:00:00Z").assign(session, "w", "testing");
        home.log()[base.len()..].to_vec()
    };
    let [ours, theirs] = [branch("a-longer-name"), branch("theirs")];
    home.set_log(&[&*base, &*ours].concat());
    let (following, all) = from_the_start(&home, &[]);
    assert_eq!(following.kinds(all).last().unwrap(), "assign");
    home.set_log(&[&*base, &*theirs, &*ours].concat());
    let told: Value = serde_json::from_str(&following.next()).unwrap();
    assert_eq!(told["data"]["session"], "theirs");
    home.run(&["release", "--session", "theirs"]);
    assert_eq!(following.kinds(1), ["release"]);
    following.end();
}

#[test]
fn only_what_the_filters_take_is_told_and_as_sentences_to_people() {
    let mut home = Home::seeded();
    let feedback = ["--type", "feedback,lesson", "--grep", "RACE", "--limit", "1"];
    for words in ["A race of then.", "Another race."] {
        home.run(&["feedback", "lian", "--observation", words, "--role=testing"]).ok();
    }
    let following = Following::of(&home, &feedback);
    // Of what there is, the last one.
    assert!(following.next().ends_with("Another race."));
    home.at("2026-03-26T09:00:00Z");
    home.run(&["feedback", "lian", "--observation", "Slow.", "--role=testing"]).ok();
    home.assign("s1", "w", "testing");
    home.run(&["teach", "lian", "--lesson", "Look for the race."]).ok();
    let told = following.next();
    assert!(told.starts_with("17  2026-03-26 09:00Z  "), "{told}");
    assert!(told.ends_with("  Lian Zhou taught: Look for the race."), "{told}");
    following.end();
}

#[test]
fn a_follower_ends_where_nobody_reads_it_and_at_damage() {
    let home = Home::seeded();
    let mut command = home.command();
    command.args(["log", "--follow", "--after", "0"]).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    // It notices when it has something to tell, at the latest now.
    home.assign("s1", "w", "testing");
    assert_eq!(child.wait().unwrap().code(), Some(0));

    let mut command = home.command();
    command.args(["log", "--follow", "--after", "0"]).stdout(Stdio::piped());
    command.stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    let mut log = home.log();
    log.extend_from_slice(b"{\"no\":\"event\"}\n{\"no\":\"event\"}\n");
    home.set_log(&log);
    // It cannot write any more either; whichever it meets first ends it.
    assert!(matches!(child.wait().unwrap().code(), Some(0 | 3)));

    for args in [["--until", "3"], ["--at", "3"]] {
        home.run(&[&["log", "--follow"], &args[..]].concat()).fails(2);
    }
}
