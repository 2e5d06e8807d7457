//! A log that was cut in the middle of a write.

use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::thread;

use crate::harness::{Done, Home, assign_args, chain};

#[test]
fn a_log_cut_anywhere_in_its_last_lines_shows_the_whole_ones_and_goes_on() {
    let home = Home::seeded();
    home.assign("s1", "w1", "testing");
    home.assign("s2", "w2", "debugging");
    home.run(&["release", "--session", "s1"]).ok();
    let log = home.log();
    let ends: Vec<_> = (0..log.len()).filter(|at| log[*at] == b'\n').collect();
    // Every kind of place in each line. Every byte of one is cut where the ends of logs are judged.
    let last_lines = ends[ends.len() - 4..].windows(2);
    let cuts: Vec<_> = last_lines.flat_map(|line| kinds(&log, line[0] + 1..line[1] + 1)).collect();
    assert!(cuts.len() > 60, "{}", cuts.len());
    thread::scope(|scope| {
        for part in cuts.chunks(cuts.len().div_ceil(4)) {
            let (log, ends) = (&log, &ends);
            scope.spawn(move || {
                for cut in part {
                    // A line that lacks nothing but its line end is whole.
                    let whole = ends.iter().filter(|end| **end <= *cut).count();
                    check_cut(log, *cut, whole);
                }
            });
        }
    });
}

/// The last place in a line of each kind there is: what is before it, and what after.
fn kinds(log: &[u8], line: Range<usize>) -> Vec<usize> {
    let class = |at: usize| if log[at].is_ascii_alphanumeric() { b'x' } else { log[at] };
    let places = line.map(|at| ((class(at - 1), class(at)), at));
    places.collect::<BTreeMap<_, _>>().into_values().collect()
}

/// Cuts the log, and looks at it, and writes to it.
fn check_cut(log: &[u8], cut: usize, whole: usize) {
    let home = Home::new();
    fs::create_dir_all(home.store()).unwrap();
    home.set_log(&log[..cut]);
    let ended = log[..cut].iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let unended = log[cut] == b'\n';
    let sound = if unended { cut + 1 } else { ended };

    let stats = home.run(&["stats", "--json"]).json();
    assert_eq!(stats["events"], whole, "cut at {cut}");
    assert_eq!(stats["log_bytes"], sound, "cut at {cut}");
    assert_eq!(home.log(), &log[..cut], "reading changed the log");

    let Done { code, stderr, .. } = home.run(&assign_args("s3", "w3", "research"));
    assert_eq!(code, Some(0), "cut at {cut}: {stderr}");
    let after = home.log();
    assert_eq!(&after[..sound], &log[..sound], "cut at {cut}");
    assert_eq!(chain(&after).len(), whole + 1, "cut at {cut}");

    let quarantine = home.store().join("quarantine");
    if sound >= cut {
        assert_eq!(stderr, "");
        assert!(!quarantine.exists());
        return;
    }
    let kept = fs::read_dir(&quarantine).unwrap().next().unwrap().unwrap().path();
    assert_eq!(fs::read(&kept).unwrap(), &log[sound..cut], "cut at {cut}");
    let bytes = cut - sound;
    let noun = if bytes == 1 { "byte" } else { "bytes" };
    assert_eq!(
        stderr,
        format!(
            "warning: the log ended in an unfinished write; moved its {bytes} {noun} to `{}`\n",
            kept.display()
        )
    );
}

#[test]
fn a_last_line_with_nul_bytes_is_a_torn_tail_too() {
    let home = Home::seeded();
    let log = home.log();
    let mut torn = log.clone();
    torn.extend_from_slice(b"{\"v\":1,\0\0\0\0\n");
    home.set_log(&torn);
    home.run(&["list"]).ok();
    let done = home.run(&assign_args("s1", "w1", "testing"));
    assert_eq!(done.code, Some(0));
    assert!(done.stderr.contains("moved its 12 bytes"), "{}", done.stderr);
    assert_eq!(chain(&home.log()).len(), chain(&log).len() + 1);
}

#[test]
fn a_log_that_is_nothing_but_a_torn_tail_is_seeded_and_says_so() {
    let home = Home::seeded();
    home.set_log(b"{\"v\":1,");
    let done = home.run(&["orphan-cleanup"]);
    assert_eq!(done.code, Some(0));
    assert!(
        done.stderr
            .starts_with("warning: the log ended in an unfinished write; moved its 7 bytes to `"),
        "{}",
        done.stderr
    );
    assert_eq!(done.stderr.lines().count(), 1);
    assert!(chain(&home.log()).len() >= 8);
}
