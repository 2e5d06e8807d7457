//! Joining a fleet and leaving it, by real processes against a real server.

use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::Command;

use muzzle_persona::fleet::RemoteConfig;
use serde_json::Value;

use crate::harness::{Done, Home, assign_args};
use crate::machine;

/// Joins a fleet.
fn join(home: &Home, config: &RemoteConfig) -> Done {
    let RemoteConfig { endpoints, roster, .. } = config;
    home.run(&["remote", "join", &endpoints.join(","), "--roster", roster])
}

/// Joins a fleet, and has the answer.
#[track_caller]
fn joined(home: &Home, config: &RemoteConfig) -> Value {
    let RemoteConfig { endpoints, roster, .. } = config;
    let done = home.run(&["remote", "join", &endpoints.join(","), "--roster", roster, "--json"]);
    done.json()
}

/// A home whose clock is another one, so that its seed has other ids.
fn home_at(now: &str) -> Home {
    let mut home = Home::new();
    home.at(now);
    home
}

/// What a command answers that reads what is here if the fleet takes its time.
#[track_caller]
fn told(home: &Home, args: &[&str]) -> String {
    let done = home.run(args);
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    done.stdout
}

fn counts(answer: &Value) -> [u64; 3] {
    ["published", "fetched", "lines"].map(|name| answer[name].as_u64().unwrap())
}

#[track_caller]
fn is_sound(home: &Home) {
    home.run(&["verify"]).ok();
    home.run(&["remote", "check"]).ok();
}

#[test]
fn the_first_store_gives_the_fleet_its_roster_and_the_others_take_it() {
    let Some(cluster) = machine::shared() else { return };
    let config = machine::new_fleet(&cluster);
    let (first, used, new) = (Home::new(), home_at("2026-03-26T00:00:00Z"), Home::new());
    let answer = joined(&first, &config);
    assert_eq!((counts(&answer), &answer["made"]), ([12, 0, 12], &true.into()));
    assert_eq!(answer["kept"], Value::Null);

    // Nobody did anything with it: its seed is no roster beside that of the fleet.
    used.run(&["orphan-cleanup"]).ok();
    let (before, answer) = (used.log(), joined(&used, &config));
    assert_eq!((counts(&answer), &answer["made"]), ([0, 12, 12], &false.into()));
    let kept = answer["kept"].as_str().unwrap();
    assert!(kept.ends_with("/quarantine/before-fleet-2026-03-26"), "{kept}");
    assert!(fs::read(Path::new(kept).join("events.jsonl")).unwrap() == before);

    let told = join(&new, &config).ok();
    let of_roster = format!("shares the roster `{}` at `", config.roster);
    assert!(told.starts_with("The new store in `") && told.contains(&of_roster), "{told}");
    assert!(told.contains("\n0 events published, 12 events fetched; the log has 12 lines.\n"));
    for home in [&used, &new] {
        assert!(home.log() == first.log());
        is_sound(home);
    }
    let ignored = fs::read_to_string(new.store().join(".gitignore")).unwrap();
    assert!(ignored.ends_with("allowed\nremote.toml\noutbox.jsonl\n"), "{ignored}");
}

#[test]
fn two_histories_become_branches_and_the_old_files_are_kept() {
    let Some(cluster) = machine::shared() else { return };
    let config = machine::new_fleet(&cluster);
    let (first, second) = (Home::new(), home_at("2026-03-26T00:00:00Z"));
    joined(&first, &config);
    first.assign("s1", "w1", "testing");
    second.assign("s2", "w2", "testing");
    second.run(&["compact", "--seal"]).ok();
    second.assign("s3", "w3", "documentation");
    let (segment, active) = (fs::read(&second.segments()[0]).unwrap(), second.log());
    let ignored = second.store().join(".gitignore");
    #[expect(clippy::disallowed_methods, reason = "an older build wrote it")]
    fs::write(&ignored, "mine\n/remote.toml").unwrap();

    let answer = joined(&second, &config);
    assert_eq!(counts(&answer), [14, 13, 27]);
    let kept = Path::new(answer["kept"].as_str().unwrap());
    assert!(fs::read(kept.join("events.jsonl")).unwrap() == active);
    let sealed: Vec<_> = fs::read_dir(kept.join("segments")).unwrap().collect();
    assert!(fs::read(sealed[0].as_ref().unwrap().path()).unwrap() == segment);
    assert_eq!((sealed.len(), second.segments().len()), (1, 0));
    assert_eq!(fs::read_to_string(&ignored).unwrap(), "mine\n/remote.toml\noutbox.jsonl\n");

    first.run(&["remote", "pull"]).ok();
    assert!(first.log() == second.log());
    let mut met = Vec::new();
    for line in machine::Machine::parsed(&first.log()) {
        // Whoever joins at the same moment has a beginning of it, which is a history, too.
        let parents = line["prev"].as_array().unwrap();
        assert!(parents.iter().all(|parent| met.contains(parent)), "{line}");
        met.push(line["id"].clone());
    }
    let who = first.run(&["who"]);
    assert!(["s1", "s2", "s3"].iter().all(|it| who.stdout.contains(it)), "{}", who.stdout);
    assert!(who.stderr.contains("is held 2 times"), "both had lent the same one: {}", who.stderr);
    is_sound(&second);
    // Again, it has all there is.
    assert_eq!(counts(&joined(&second, &config)), [0, 0, 27]);
}

#[test]
fn what_was_forgotten_on_either_side_stays_forgotten() {
    let Some(cluster) = machine::shared() else { return };
    let config = machine::new_fleet(&cluster);
    let (here, there) = (Home::new(), Home::new());
    here.run(&["teach", "elena", "-m", "Forgotten by the fleet."]).ok();
    here.run(&["teach", "elena", "-m", "Forgotten by one of them."]).ok();
    let ids: Vec<_> = machine::Machine::parsed(&here.log())
        .into_iter()
        .skip(12)
        .map(|line| line["id"].as_str().unwrap().to_owned())
        .collect();
    joined(&here, &config);
    joined(&there, &config);
    // One leaves and has its texts; what it forgets, and what the others do, meets when it is back.
    there.run(&["remote", "leave"]).ok();
    there.run(&["forget", &ids[1]]).ok();
    assert_eq!(here.run(&["forget", &ids[0]]).code, Some(0));
    assert_eq!(counts(&joined(&there, &config)), [1, 1, 16]);
    here.run(&["remote", "pull"]).ok();
    assert!(here.log() == there.log());
    for home in [&here, &there] {
        is_sound(home);
        let compared = home.run(&["remote", "check", "--json"]).json();
        assert_eq!(compared["texts"], 0, "the fleet has no text that the mirror has not");
        let mut grep = Command::new("grep");
        let found = Done::of(grep.arg("-rl").arg("Forgotten by").arg(home.store())).stdout;
        assert_eq!(found, "");
    }
}

#[test]
fn a_log_that_has_a_line_twice_or_is_damaged_is_not_published_as_it_is() {
    let Some(cluster) = machine::shared() else { return };
    let config = machine::new_fleet(&cluster);
    let home = Home::seeded();
    let log = home.log();
    let last = log[..log.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    home.set_log(&[&log[..last], &log[last..], &log[last..]].concat());
    assert_eq!(counts(&joined(&home, &config)), [12, 0, 12]);
    assert!(home.log() == log);
    home.run(&["remote", "check"]).ok();

    let damaged = Home::seeded();
    let text = String::from_utf8(damaged.log()).unwrap();
    damaged.set_log(text.replacen("\"traits\":[\"", "\"traits\":[\"X", 1).as_bytes());
    let before = damaged.log();
    let error = join(&damaged, &config).fails(3);
    assert!(error.contains("hint: ") && error.contains("muzzle-persona"), "{error}");
    assert!(damaged.log() == before && !damaged.store().join("remote.toml").exists());
}

#[test]
fn a_store_belongs_to_one_fleet_and_what_is_asked_of_one_needs_one() {
    let Some(cluster) = machine::shared() else { return };
    let [config, other] = [0, 1].map(|_| machine::new_fleet(&cluster));
    let home = Home::seeded();
    for command in ["status", "pull", "check", "restore", "leave"] {
        let error = home.run(&["remote", command]).fails(1);
        let (message, hint) = error.split_once('\n').unwrap();
        assert!(message.ends_with("` belongs to no fleet"), "{message}");
        assert!(hint.contains("`muzzle-persona remote join URL --roster NAME`"), "{hint}");
    }
    joined(&home, &config);
    let error = join(&home, &other).fails(1);
    assert!(error.contains(&format!("to the roster `{}` at `http://", config.roster)), "{error}");
    assert!(error.contains("hint: `muzzle-persona remote leave`"), "{error}");
    let error = home.run(&["repair", "--join", "copy.jsonl"]).fails(1);
    assert!(error.starts_with("error: this store is the mirror of a fleet's log"), "{error}");

    let answer = home.run(&["remote", "leave", "--json"]).json();
    assert_eq!((&answer["fetched"], &answer["behind"]), (&0.into(), &Value::Null));
    assert!(!home.store().join("remote.toml").exists());
    // It is an ordinary store again.
    home.assign("s1", "w1", "testing");
    assert_eq!(counts(&joined(&home, &config)), [1, 0, 13]);
}

#[test]
fn a_store_whose_reports_wait_is_not_left_unless_they_are_given_up() {
    let Some(cluster) = machine::shared() else { return };
    let config = machine::new_fleet(&cluster);
    let home = Home::new();
    joined(&home, &config);
    home.assign("s1", "w1", "testing");
    let nobody = format!("http://127.0.0.1:{}", crate::cluster::free_ports(1)[0]);
    let away = RemoteConfig { endpoints: vec![nobody], ..config };
    away.write(&muzzle_persona::Disk::default(), home.store()).unwrap();
    assert_eq!(home.run(&["release", "--session", "s1"]).code, Some(0));

    let error = home.run(&["remote", "leave"]).fails(1);
    assert!(error.starts_with("error: 1 report has not reached the fleet yet\n"), "{error}");
    let status = home.run(&["remote", "status", "--json"]);
    let shown: Value = serde_json::from_str(&status.stdout).unwrap();
    assert_eq!((status.code, &shown["waiting"][0]["type"]), (Some(5), &"release".into()));
    assert_eq!(
        (&shown["members"][0]["state"], &shown["behind"]),
        (&"unreachable".into(), &Value::Null)
    );
    let status = home.run(&["remote", "status"]).stdout;
    assert!(status.contains("1 report waits for the fleet, the oldest for 0 minutes:"), "{status}");
    assert!(status.contains("no answer"), "{status}");

    let left = home.run(&["remote", "leave", "--discard"]);
    assert_eq!(left.code, Some(0), "{}", left.stderr);
    assert!(left.stderr.contains("nobody listens at"), "{}", left.stderr);
    assert!(left.stdout.contains("1 report that the fleet was not told of was given up"));
    assert!(!home.store().join("outbox.jsonl").exists());
    home.run(&["verify"]).ok();
}

#[test]
fn killed_at_any_step_the_store_works_and_the_same_command_finishes_it() {
    let can_trace = Command::new("strace").arg("-V").output().is_ok_and(|it| it.status.success());
    let Some(cluster) = machine::shared().filter(|_| can_trace) else { return };
    let config = machine::new_fleet(&cluster);
    joined(&Home::new(), &config);
    let (mut killed, mut step) = (true, 0);
    while killed {
        step += 1;
        let home = home_at(&format!("2026-03-26T00:{step:02}:00Z"));
        let session = format!("s{step}");
        home.assign(&session, "w", "testing");
        home.run(&["compact", "--seal"]).ok();
        let mut traced = Command::new("strace");
        let command = home.command();
        let [endpoint, roster] = [&config.endpoints[0], &config.roster];
        traced.args(["-f", "-o", "/dev/null", "-e", "trace=rename"]);
        traced.args(["-e", &format!("inject=rename:signal=SIGKILL:when={step}")]);
        traced.arg(command.get_program()).args(["remote", "join", endpoint, "--roster", roster]);
        traced.env_clear().envs(command.get_envs().filter_map(|(k, v)| Some((k, v?))));
        let output = traced.output().unwrap();
        killed = output.status.signal() == Some(9) || output.status.code() == Some(137);
        assert!(killed || output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        // It works, whether it belongs to the fleet or not, and nothing of it is lost.
        let who = home.run(&["who"]);
        assert!(who.code == Some(0) && who.stdout.contains(&session), "{step}: {}", who.stderr);
        let assigned = home.run(&assign_args(&format!("after-{step}"), "w", "general"));
        assert_eq!(assigned.code, Some(0), "{step}: {}", assigned.stderr);
        assert_eq!(home.run(&["verify"]).code, Some(0), "{step}");
        joined(&home, &config);
        is_sound(&home);
        let lines = machine::Machine::parsed(&home.whole_log());
        let of_it = lines.iter().filter(|line| line["data"]["session"] == *session);
        assert_eq!(of_it.count(), 1, "{step}");
    }
    assert!(step > 3, "{step}");
}

#[test]
fn what_is_no_fleet_is_refused_before_anything_is_made() {
    let home = Home::new();
    let roster = ["--roster", "team"];
    for (args, said) in [
        (vec!["ftp://a", roster[0], roster[1]], "is no endpoint"),
        (vec!["http://127.0.0.1:1", "--roster", "a/b"], "is no roster's name"),
        (vec!["http://127.0.0.1:1", roster[0], roster[1], "--prefix", "x"], "is no prefix"),
        (vec!["http://127.0.0.1:1", roster[0], roster[1]], "nobody listens at"),
    ] {
        let done = home.run(&[&["remote", "join"][..], &args].concat());
        assert!(done.stderr.contains(said) && done.stderr.contains("\nhint: "), "{}", done.stderr);
        assert_ne!(done.code, Some(0));
        let is_cut_short = done.code == Some(5);
        assert_eq!(done.stderr.contains("the same command finishes what was begun"), is_cut_short);
        assert!(!home.store().exists());
    }
    let args = ["remote", "join", "http://127.0.0.1:1", "--roster", "team", "--user", "ann"];
    assert!(home.run(&args).fails(2).contains("--password-file"));
    // Nothing that is secret can stand on the command line.
    assert!(
        home.run(&["remote", "join", "http://ann:pw@127.0.0.1:1", "--roster", "team"]).code
            == Some(1)
    );
}

#[test]
fn words_of_others_wait_unless_the_fleet_is_trusted() {
    let Some(cluster) = machine::shared() else { return };
    let config = machine::new_fleet(&cluster);
    let (first, second) = (Home::new(), Home::new());
    joined(&first, &config);
    told(&first, &["teach", "elena", "-m", "Run it twice.", "--role", "testing"]);
    joined(&second, &config);
    assert!(told(&second, &["allow"]).contains("Run it twice."));
    let waits = second.run(&["preamble", "elena", "--role", "testing"]).stdout;
    assert!(!waits.contains("Run it twice."), "{waits}");

    let args = ["remote", "join", &config.endpoints[0], "--roster", &config.roster, "--trust"];
    let joined = second.run(&args).ok();
    assert!(joined.ends_with("The texts of all members may reach prompts here.\n"), "{joined}");
    let lets_in = told(&second, &["preamble", "elena", "--role", "testing"]);
    assert!(lets_in.contains("Run it twice."), "{lets_in}");
    let listed = told(&second, &["allow"]);
    assert!(listed.starts_with("No text waits: `remote.toml` says `trust = true`"), "{listed}");
    let revoked = second.run(&["allow", "--all", "--revoke"]);
    assert!(revoked.stderr.contains("whatever is revoked"), "{}", revoked.stderr);
}

/// Holds an answer to its schema, which names all of its fields.
#[track_caller]
fn follows_its_schema(command: &str, answer: &Value) {
    let schema: Value = serde_json::from_str(include_str!("../../docs/schema.json")).unwrap();
    let of = &schema["$defs"][command];
    let fields = |value: &Value| -> Vec<String> {
        let mut names: Vec<_> = value.as_object().unwrap().keys().cloned().collect();
        names.sort();
        names
    };
    assert_eq!(fields(answer), fields(&of["properties"]), "{command}");
    let one = serde_json::json!({"$ref": format!("#/$defs/{command}"), "$defs": schema["$defs"]});
    if let Err(error) = jsonschema::draft202012::new(&one).unwrap().validate(answer) {
        panic!("{command}: {error} in {answer:#}");
    }
}

#[test]
fn every_answer_follows_its_schema() {
    let Some(cluster) = machine::shared() else { return };
    let config = machine::new_fleet(&cluster);
    let home = Home::new();
    follows_its_schema("remote-join", &joined(&home, &config));
    for command in ["status", "pull", "check", "restore", "leave"] {
        let answer = home.run(&["remote", command, "--json"]).json();
        follows_its_schema(&format!("remote-{command}"), &answer);
    }
}

#[test]
fn settings_that_git_brought_let_no_words_in() {
    let Some(cluster) = machine::shared() else { return };
    let config = machine::new_fleet(&cluster);
    let (first, second) = (Home::new(), Home::new());
    joined(&first, &config);
    first.run(&["teach", "elena", "-m", "Run it twice.", "--role", "testing"]).ok();
    let args = ["remote", "join", &config.endpoints[0], "--roster", &config.roster, "--trust"];
    second.run(&args).ok();
    let shown = |home: &Home| home.run(&["preamble", "elena", "--role", "testing"]).stdout;
    assert!(shown(&second).contains("Run it twice."));
    #[expect(clippy::disallowed_methods, reason = "git is found as elsewhere")]
    let git = |args: &[&str]| {
        let mut git = Command::new("git");
        git.env_clear().env("PATH", std::env::var_os("PATH").unwrap()).env("HOME", second.path());
        let done = git.current_dir(second.store()).args(args).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    git(&["init", "--quiet"]);
    assert!(shown(&second).contains("Run it twice."), "git ignores the file");
    git(&["add", "--force", "remote.toml"]);
    assert!(!shown(&second).contains("Run it twice."));
}
