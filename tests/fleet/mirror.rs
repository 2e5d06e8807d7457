//! A mirror and its fleet's log, compared, and each mended from the other.

use std::fs;

use muzzle_persona::Disk;
use muzzle_persona::fleet::{Operation, Range, RemoteConfig};
use serde_json::{Value, json};

use crate::client::soon;
use crate::cluster::{Cluster, Options, ROSTER};
use crate::harness::Home;
use crate::machine::{self, Machine, change, delete};
use crate::stand_in::StandIn;

const REPAIR: &str = "`muzzle-persona repair` takes the fleet's copy";

#[track_caller]
fn check(home: &Home, code: i32) -> Value {
    let done = home.run(&["remote", "check", "--json"]);
    assert_eq!(done.code, Some(code), "{}", done.stderr);
    serde_json::from_str(&done.stdout).unwrap()
}

#[test]
fn lines_that_the_fleet_lost_are_found_and_given_back_from_a_mirror() {
    let Some(cluster) = machine::shared() else { return };
    let config = machine::new_fleet(&cluster);
    let [Machine { home }, other] = Machine::several(&config);
    home.assign("s1", "w", "testing");
    let count = Machine::parsed(&home.log()).len() as u64;
    assert_eq!(check(&other.home, 0)["ahead"], 1);
    for lost in [vec![4], vec![2, 3, count], (1..=count).collect()] {
        change(&cluster, &config, delete(&config, lost.clone()));
        let found = check(&home, 3);
        assert_eq!(found["missing"], lost.len());
        assert_eq!(
            (&found["first"]["line"], &found["first"]["kind"]),
            (&json!(lost[0]), &json!("missing"))
        );
        assert_eq!((&found["same"], &found["restorable"]), (&json!(false), &json!(true)));
        let would = home.run(&["remote", "restore"]).ok();
        assert!(would.ends_with("Nothing was changed; `--yes` does it.\n"), "{would}");
        assert_eq!(check(&home, 3)["missing"], lost.len());
        let did = home.run(&["remote", "restore", "--yes", "--json"]).json();
        assert_eq!((&did["restored"], &did["done"]), (&json!(lost.len()), &json!(true)));
        assert_eq!(check(&home, 0)["same"], true);
    }
    let nothing = home.run(&["remote", "restore"]).ok();
    assert_eq!(nothing, format!("Nothing to give back: the fleet has all {count} lines.\n"));
    other.assign("s2").ok();
    home.run(&["remote", "pull"]).ok();
    assert!(home.log() == other.home.log());
}

#[test]
fn a_fleet_with_another_log_is_told_and_gets_nothing() {
    let Some(cluster) = machine::shared() else { return };
    let config = machine::new_fleet(&cluster);
    let [Machine { home }] = Machine::several(&config);
    let log = String::from_utf8(home.log()).unwrap();
    let line = |n: usize| log.lines().nth(n - 1).unwrap().as_bytes().to_vec();
    let put = |n, value| Operation::Put { key: config.key(n), value };
    for (change_of, kind, told) in [
        (put(5, line(6)), "other", "1 line is another event there."),
        (put(5, b"{}".to_vec()), "damaged", "1 line is damaged there."),
    ] {
        let changes = [vec![change_of], delete(&config, [9])].concat();
        change(&cluster, &config, changes);
        let found = check(&home, 3);
        assert_eq!((&found["first"]["line"], &found["first"]["kind"]), (&json!(5), &json!(kind)));
        assert_eq!((&found["missing"], &found["restorable"]), (&json!(1), &json!(false)));
        let shown = home.run(&["remote", "check"]);
        assert!(shown.code == Some(3) && shown.stdout.contains(told), "{}", shown.stdout);
        let refused = home.run(&["remote", "restore", "--yes"]).fails(3);
        assert!(refused.starts_with("error: line 5 of the fleet's log is not"), "{refused}");
        assert_eq!(check(&home, 3)["missing"], 1, "nothing was put");
        change(&cluster, &config, vec![put(5, line(5)), put(9, line(9))]);
    }
    check(&home, 0);
}

#[test]
fn a_damaged_mirror_takes_the_fleets_copy() {
    let Some(cluster) = machine::shared() else { return };
    let config = machine::new_fleet(&cluster);
    let [Machine { home }] = Machine::several(&config);
    home.assign("s1", "w", "testing");
    home.run(&["compact", "--seal"]).ok();
    home.assign("s2", "w", "testing");
    let (whole, active) = (home.whole_log(), home.log());
    let count = Machine::parsed(&whole).len();
    let segment = &home.segments()[0];
    let damaged = String::from_utf8(fs::read(segment).unwrap()).unwrap();
    let damaged =
        damaged.replacen("\"seed\",\"data\":{\"name\":\"", "\"seed\",\"data\":{\"name\":\"X", 1);
    #[expect(clippy::disallowed_methods, reason = "a test may damage the log")]
    fs::write(segment, &damaged).unwrap();
    assert_eq!(check(&home, 3)["first"]["kind"], "damaged_here");
    // The fleet is told of all the same.
    let status = home.run(&["remote", "status", "--json"]);
    assert_eq!((status.code, status.stderr.as_str()), (Some(3), ""));
    let status: Value = serde_json::from_str(&status.stdout).unwrap();
    assert_eq!((&status["lines"], &status["behind"]), (&Value::Null, &Value::Null));
    assert_eq!((&status["fleet_lines"], &status["error"]), (&json!(count), &Value::Null));
    assert_eq!(status["latest"][4]["line"], json!(count));
    let why = &status["mirror_error"];
    assert_eq!((&why["kind"], why["hint"].as_str()), (&json!("damaged"), Some(REPAIR)));
    let shown = home.run(&["remote", "status"]);
    assert_eq!(shown.code, Some(3));
    for told in [
        format!("The fleet has {count} lines.\n"),
        format!("The mirror cannot be read: line 1 of `{}` is damaged: ", segment.display()),
        format!("hint: {REPAIR}\n"),
    ] {
        assert!(shown.stdout.contains(&told), "{told} {}", shown.stdout);
    }
    let would = home.run(&["repair"]).ok();
    assert!(would.contains(":1: the line was changed"), "{would}");
    assert!(would.contains("Would take the fleet's copy of the log"), "{would}");
    let done = home.run(&["repair", "--yes", "--json"]).json();
    assert_eq!((&done["from_fleet"], &done["recorded"]), (&json!(true), &json!([])));
    assert!(home.whole_log() == whole && home.segments().is_empty());
    let kept = done["kept"][0].as_str().unwrap();
    assert!(kept.ends_with("/quarantine/damaged-2026-03-25"), "{kept}");
    assert!(fs::read(format!("{kept}/events.jsonl")).unwrap() == active);
    home.run(&["verify"]).ok();
    check(&home, 0);
    assert_eq!(
        home.run(&["repair"]).ok(),
        "Nothing to repair: every line is sound, and none is missed.\n"
    );

    // What is only here would be lost.
    let text = String::from_utf8(home.log()).unwrap();
    home.set_log(text.replacen("\"name\":\"", "\"name\":\"X", 1).as_bytes());
    change(&cluster, &config, delete(&config, [13, 14]));
    let refused = home.run(&["repair", "--yes"]).fails(3);
    assert!(
        refused.starts_with("error: the fleet's log lacks 2 events that the log here has"),
        "{refused}"
    );
}

#[test]
fn what_gives_the_same_answer_to_everything_is_not_asked_for_ever() {
    // The first line, and there is more.
    let answer = concat!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n",
        r#"{"header":{"cluster_id":"1"},"kvs":[{"key":"L211enpsZS1wZXJzb25hL3RlYW0vMDAwMDAwMDAwMDAwMDAwMDAwMDE=","value":"e30="}],"more":true}"#
    );
    let stand_in = StandIn::answers(answer);
    let home = Home::seeded();
    let config = RemoteConfig::new(vec![stand_in.endpoint.clone()], ROSTER.to_owned());
    config.write(&Disk::default(), home.store()).unwrap();
    home.run(&["remote", "status"]).ok();
    assert_eq!(check(&home, 3)["missing"], 11);
}

#[test]
fn status_and_doctor_tell_how_the_fleet_is() {
    let options = Options { users: true, ..Options::default() };
    let Some(cluster) = Cluster::start_with(1, &options) else { return };
    let config = cluster.config();
    let home = Home::new();
    let (endpoint, password) = (&config.endpoints[0], config.password_file.as_ref().unwrap());
    let password = password.to_str().unwrap();
    let join = ["remote", "join", endpoint, "--roster", &config.roster];
    let error = home.run(&join).fails(5);
    assert!(error.contains("wants to know a user"), "{error}");
    let user = ["--user", "ann", "--password-file", password];
    home.run(&[&join[..], &user].concat()).ok();
    let secret = fs::read_to_string(password).unwrap();
    let remote = fs::read_to_string(home.store().join("remote.toml")).unwrap();
    assert!(!remote.contains(secret.trim()), "{remote}");

    let status = home.run(&["remote", "status", "--json"]).json();
    assert_eq!(
        (&status["lines"], &status["fleet_lines"], &status["behind"]),
        (&json!(12), &json!(12), &json!(0))
    );
    assert_eq!(
        (&status["members"][0]["state"], &status["latest"][4]["type"]),
        (&json!("leads"), &json!("seed"))
    );
    let shown = home.run(&["remote", "status"]).ok();
    assert!(shown.contains("leads") && shown.contains("The mirror has all 12 lines."), "{shown}");

    let doctor = |home: &Home| -> Vec<(String, String)> {
        let answer: Value = serde_json::from_str(&home.run(&["doctor", "--json"]).stdout).unwrap();
        let findings = answer["findings"].as_array().unwrap().iter();
        let text = |it: &Value, key: &str| it[key].as_str().unwrap().to_owned();
        let of_fleet = findings.filter(|it| text(it, "check").starts_with("fleet."));
        of_fleet.map(|it| (text(it, "check"), text(it, "level"))).collect()
    };
    let names = ["settings", "member", "read", "write", "others", "clock", "outbox"];
    let well: Vec<_> = names.iter().map(|it| (format!("fleet.{it}"), "ok".to_owned())).collect();
    assert_eq!(doctor(&home), well);
    // A key of the rehearsal is no line, and is gone.
    let rehearsals = Range {
        from: format!("{}/{}/rehearsal/", config.prefix, config.roster),
        end: Some(format!("{}/{}/rehearsal0", config.prefix, config.roster)),
        limit: 0,
    };
    assert_eq!(cluster.client(&config).range(&rehearsals, soon()).unwrap().entries, []);

    let mut early = Home::new();
    early.use_store(home.store());
    early.at("2026-03-25T15:28:00Z");
    assert!(doctor(&early).contains(&("fleet.clock".to_owned(), "warning".to_owned())));
    // The password is another one: the token still holds, and then not.
    fs::remove_file(home.store().join(".cache/fleet-token")).unwrap();
    #[expect(clippy::disallowed_methods, reason = "a test changes the user's file")]
    fs::write(password, "wrong\n").unwrap();
    let found = doctor(&home);
    assert!(found.contains(&("fleet.read".to_owned(), "problem".to_owned())), "{found:?}");
    assert!(found.contains(&("fleet.write".to_owned(), "problem".to_owned())), "{found:?}");
    home.run(&["remote", "leave"]).code.unwrap();
}
