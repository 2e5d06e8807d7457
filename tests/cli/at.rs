//! `--at`: the store as it was.

use std::fs;
use std::path::Path;

use fastrand::Rng;
use insta::assert_snapshot;
use serde_json::Value;

use crate::checkpoint::live;
use crate::harness::{Home, chain};

/// What is asked of a store as it was, and as it is.
const QUESTIONS: [&[&str]; 5] = [
    &["list", "--status", "all"],
    &["stats"],
    &["search", "--role", "testing", "--all", "--limit", "1000"],
    &["show", "elena"],
    &["history", "elena"],
];

fn ask(home: &Home, question: &[&str], at: Option<&str>) -> Value {
    let mut args = [question, &["--json"]].concat();
    args.extend(at.iter().flat_map(|at| ["--at", at]));
    home.run(&args).json_with_warnings()
}

/// All lines of a store's log.
fn log_of(store: &Path) -> Vec<u8> {
    let segments = fs::read_dir(store.join("segments")).into_iter().flatten();
    let mut files: Vec<_> = segments.map(|segment| segment.unwrap().path()).collect();
    files.sort_by_key(|path| {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        name.split('-').next().unwrap().parse::<u64>().unwrap()
    });
    files.push(store.join("events.jsonl"));
    files.iter().flat_map(|file| fs::read(file).unwrap()).collect()
}

/// Makes a store whose log is that of `lines`, and asks it from there on.
#[expect(clippy::disallowed_methods, reason = "a test may write a log")]
fn ended(home: &mut Home, lines: &[&str]) {
    let store = home.path().join("ended");
    let _ = fs::remove_dir_all(&store);
    fs::create_dir(&store).unwrap();
    fs::write(store.join("events.jsonl"), lines.concat()).unwrap();
    home.use_store(&store);
}

#[test]
fn a_store_at_every_event_answers_like_one_whose_log_ends_there() {
    let mut rng = Rng::with_seed(7);
    let mut home = Home::seeded();
    let store = home.store().to_owned();
    let mut hours = 0;
    for step in 0..26 {
        if step % 12 == 11 {
            assert_eq!(home.run(&["compact", "--seal"]).code, Some(0));
        }
        live(&mut home, &mut rng, &mut hours);
    }
    let log = String::from_utf8(log_of(&store)).unwrap();
    let lines: Vec<_> = log.split_inclusive('\n').collect();
    let events = chain(log.as_bytes());
    assert!(events.len() > 30 && store.join("segments").exists());
    // One whose log ends in the middle of its seed has that finished.
    for (n, event) in events.iter().enumerate().skip(11) {
        let (id, seq) = (event["id"].as_str().unwrap(), event["seq"].to_string());
        let at = event["at"].as_str().unwrap();
        let id = if n % 2 == 0 { id } else { &id[..20] };
        // Of the events of one second the last is meant.
        let by_then = events.iter().rposition(|other| other["at"] == at).unwrap();
        for question in [QUESTIONS[0], QUESTIONS[1 + n % 4]] {
            home.at("2027-01-01T00:00:00Z").use_store(&store);
            let [by_id, by_seq, by_time] =
                [id, &seq, at].map(|moment| ask(&home, question, Some(moment)));
            ended(&mut home, &lines[..=n]);
            let there = ask(home.at(at), question, None);
            assert_eq!((&by_id, &by_seq), (&there, &there), "{question:?} at {id}, {seq}");
            if by_then != n {
                ended(&mut home, &lines[..=by_then]);
            }
            assert_eq!(by_time, ask(&home, question, None), "{question:?} at {at}");
        }
    }
}

/// A store with an event on each of three days, after the seed.
fn three_days() -> Home {
    let mut home = Home::seeded();
    home.at("2026-03-26T08:00:00Z").assign("s1", "w1", "testing");
    home.at("2026-03-27T09:30:20Z").run(&["release", "--session", "s1"]).ok();
    home.at("2026-03-28T10:00:00Z").assign("s2", "w2", "code-reviewer");
    home
}

#[test]
fn a_moment_is_a_number_an_id_a_time_a_minute_or_a_day() {
    let home = three_days();
    let last = chain(&home.log())[13]["id"].as_str().unwrap().to_owned();
    let events = |at: &str| ask(&home, &["stats"], Some(at))["events"].as_u64().unwrap();
    for (moment, count) in [
        ("14", 14),
        (last.as_str(), 14),
        (&last[..12], 14),
        ("2026-03-27T09:30:20Z", 14),
        ("2026-03-27T10:30:20+01:00", 14),
        ("2026-03-27T09:30:19Z", 13),
        ("2026-03-27 09:30", 14),
        ("2026-03-27T09:29", 13),
        ("2026-03-27", 14),
        ("2026-03-26", 13),
        ("12", 12),
        ("2030-01-01", 15),
        ("4000", 15),
    ] {
        assert_eq!(events(moment), count, "{moment}");
    }
}

#[test]
fn search_ranks_as_of_the_moment() {
    let home = three_days();
    home.set_seed("[scoring]\nmodel = \"share\"\n");
    let recency = |at: &str| {
        let found = ask(&home, &["search", "--role=testing", "--limit=1"], Some(at));
        assert_eq!(found["personas"][0]["name"], "Lian Zhou");
        found["personas"][0]["score"]["recency"].as_f64().unwrap()
    };
    assert!((recency("14") - 0.45).abs() < 1e-9, "of the last event");
    assert!((recency("2026-03-27T23:00:00Z") - 0.45).abs() < 1e-9, "of the time that was given");
    assert!((recency("2026-03-31T08:00:00Z") - 0.25).abs() < 1e-9);
}

#[test]
fn before_the_first_event_there_was_nobody() {
    let home = three_days();
    for moment in ["0", "2026-03-25T15:29:59Z", "2026-03-24"] {
        let done = home.run(&["list", "--at", moment]);
        assert_eq!((done.code, done.stdout.as_str()), (Some(0), "No persona matches.\n"));
        let told = "warning: nothing had happened by then: the log begins 2026-03-25 15:30Z\n";
        assert_eq!(done.stderr, told);
        let stats = ask(&home, &["stats"], Some(moment));
        assert_eq!((&stats["events"], &stats["heads"]), (&0.into(), &Value::Array(Vec::new())));
    }
    home.set_log(b"");
    let done = home.run(&["list", "--at", "1"]);
    assert_snapshot!(done.stderr, @"warning: nothing ever happened: the log is empty");
}

#[test]
fn a_moment_that_cannot_be_had_leads_on() {
    let home = three_days();
    assert_snapshot!(home.run(&["list", "--at", "noon"]).fails(2), @"
    error: cannot use `noon` as `--at`: it is none of: a time as `2026-03-25T15:30:00Z` or `2026-03-25 15:30`, a date, `today` or `yesterday`, how long ago as `3d` or `2 hours ago`, a sequence number (digits alone), an id's first 4 or more hex digits
    hint: `muzzle-persona help list` tells what it takes
    ");
    let unknown = "f".repeat(32);
    for command in QUESTIONS {
        let stderr = home.run(&[command, &["--at", &unknown]].concat()).fails(1);
        assert_eq!(
            stderr,
            format!(
                "error: no event has an id that begins with `{unknown}`\n\
                 hint: `muzzle-persona log` shows the events with their times, numbers and ids\n"
            )
        );
    }
    assert_snapshot!(home.run(&["show", "lian", "--at", "2"]).fails(1), @"
    error: there was no persona named `lian` then
    hint: `muzzle-persona list --status all --at 2` shows who was there
    ");
    assert_snapshot!(home.run(&["show", "l", "--at", "15"]).fails(1), @"
    error: `l` could be any of `Leilani Kahale`, `Lian Zhou`
    hint: write more of the name, as in `muzzle-persona show 'Leilani Kahale' --at 15`
    ");
}

/// Appends personas until two ids begin with the same four digits, not all decimal.
fn with_ids_alike(home: &Home) -> String {
    for n in 0..40 {
        let data: Vec<_> = (0..50)
            .map(|k| {
                format!(r#"{{"name":"P{n}-{k}","traits":[],"expertise":[],"instructions":{{}}}}"#)
            })
            .collect();
        home.append_all(1, "seed", &data.iter().map(String::as_str).collect::<Vec<_>>());
        let events = chain(&home.log());
        let mut starts: Vec<_> =
            events.iter().map(|event| event["id"].as_str().unwrap()[..4].to_owned()).collect();
        starts.sort();
        let twice = starts.windows(2).find(|pair| {
            pair[0] == pair[1] && pair[0].bytes().any(|byte| byte.is_ascii_lowercase())
        });
        if let Some(pair) = twice {
            return pair[0].clone();
        }
    }
    panic!("two thousand ids, and no two begin alike");
}

#[test]
fn the_beginning_of_several_ids_is_refused_with_all_of_them() {
    let home = Home::seeded();
    let start = with_ids_alike(&home);
    let ids: Vec<_> = chain(&home.log())
        .iter()
        .map(|event| event["id"].as_str().unwrap().to_owned())
        .filter(|id| id.starts_with(&start))
        .collect();
    let listed: Vec<_> = ids.iter().map(|id| format!("`{id}`")).collect();
    assert_eq!(
        home.run(&["list", "--at", &start]).fails(1),
        format!(
            "error: `{start}` could be any of {}\nhint: write more of the id, as in `muzzle-persona list --at {}`\n",
            listed.join(", "),
            ids[0]
        )
    );
    assert!(home.run(&["list", "--at", &ids[0]]).ok().contains("NAME"));
}

/// Every file of a store, with its content.
fn files(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push((path.display().to_string(), fs::read(&path).unwrap()));
        }
    }
    found.sort();
    found
}

#[test]
fn looking_back_writes_nothing_and_makes_no_store() {
    let mut home = Home::seeded();
    home.run(&["grow", "--count", "400"]).ok();
    fs::remove_dir_all(home.store().join(".cache")).unwrap();
    let before = files(home.store());
    for question in QUESTIONS {
        ask(&home, question, Some("411"));
    }
    home.run(&["diff", "12", "411"]).ok();
    home.run(&["diff", "12"]).ok();
    assert_eq!(files(home.store()), before, "there is much to fold, and no checkpoint");

    let nowhere = home.path().join("nowhere");
    home.use_store(&nowhere);
    for question in QUESTIONS {
        let stderr = home.run(&[question, &["--at", "2026-03-25"]].concat()).fails(1);
        assert_eq!(
            stderr,
            format!(
                "error: there is no store at `{}`\n\
                 hint: the first `muzzle-persona assign` or `grow` makes one; `--store DIR` or `MUZZLE_PERSONA_STORE` names another\n",
                nowhere.display()
            )
        );
    }
    assert!(!nowhere.exists());
}

#[test]
fn a_checkpoint_is_not_asked_what_was() {
    let home = Home::seeded();
    home.run(&["grow", "--count", "400"]).ok();
    // It holds those who came later as well.
    assert!(home.store().join(".cache/checkpoint.json").exists());
    assert_eq!(ask(&home, &["stats"], Some("12"))["personas"]["total"], 12);
}

#[test]
fn damage_is_told_whenever_it_was_done() {
    let home = three_days();
    let log = String::from_utf8(home.log()).unwrap();
    home.set_log(log.replace("\"session\":\"s2\"", "\"session\":\"s3\"").as_bytes());
    let stderr = home.run(&["list", "--at", "3"]).fails(3);
    assert!(stderr.starts_with("error: line 15 of `"), "{stderr}");
}

#[test]
fn warnings_are_those_of_the_moment() {
    let home = Home::seeded();
    home.append(1, "mystery", "{}");
    let warned = |at: &str| home.run(&["list", "--at", at]).stderr;
    assert_eq!(warned("12"), "");
    assert_eq!(warned("13"), "warning: skipped 1 event of the unknown type `mystery`\n");
    assert_eq!(ask(&home, &["stats"], Some("12"))["warnings"], Value::Array(Vec::new()));
}
