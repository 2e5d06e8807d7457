//! `--json` is a contract: real answers, held to `docs/schema.json`.

use serde_json::{Value, json};

use crate::harness::{Done, Home, assign_args};
use crate::surgery::{Files, id};

/// The schema of one answer, in which a field that is not documented is an error.
fn strict(command: &str) -> Value {
    let mut schema: Value = serde_json::from_str(include_str!("../../docs/schema.json")).unwrap();
    close(&mut schema["$defs"]);
    assert!(schema["$defs"][command].is_object(), "`{command}` has no schema");
    json!({"$ref": format!("#/$defs/{command}"), "$defs": schema["$defs"]})
}

/// Closes every object that lists its fields.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            if object.contains_key("required") {
                object.insert("additionalProperties".to_owned(), json!(false));
            }
            object.values_mut().for_each(close);
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

#[track_caller]
pub fn check(command: &str, answer: &Value) {
    if let Err(error) = jsonschema::draft202012::new(&strict(command)).unwrap().validate(answer) {
        panic!("{command}: {error} at `{}` in {answer:#}", error.instance_path());
    }
}

#[expect(clippy::too_many_lines, reason = "it is a list")]
#[test]
fn every_answer_follows_its_schema() {
    let mut home = Home::seeded();
    let dir = home.path().to_str().unwrap().to_owned();
    home.set_seed("[[persona]]\nname = \"Ada Quill\"\n");
    let log = home.log_path().to_str().unwrap().to_owned();
    let assign = assign_args("s1", "w", "testing,general");
    let page = home.path().join("page.html").to_str().unwrap().to_owned();
    let all: &[&[&str]] = &[
        &assign,
        &[&assign[..], &["--explain", "--dry-run"]].concat(),
        &["feedback", "lian", "--observation", "Good, not bad; missed one."],
        &["feedback", "lian", "--teach", "--observation", "Ran it twice."],
        &["teach", "lian", "--lesson", "Read the log.", "--role", "testing", "--project", "demo"],
        &["teach", "lian", "--lesson", "Read the log.", "--role", "testing", "--project", "demo"],
        &["note", "--session", "s1", "--note", "Half done."],
        &["outcome", "--session", "s1", "--agent-name", "w", "--result", "ok"],
        &["outcome", "--session", "s1", "--agent-name", "w", "--result", "bad"],
        &["allow"],
        &["list"],
        &["show", "lian"],
        &["search", "--role", "testing", "--all"],
        &["roles"],
        &["config"],
        &["stats"],
        &["heat"],
        &["lanes"],
        &["page", "--out", &page],
        &["release", "--session", "s1", "--note", "Done."],
        &[&assign_args("s2", "w", "testing")[..], &["--summon", "lian"]].concat(),
        &["why", "lian", "--session", "s2"],
        &["release", "--session", "s2"],
        &["history", "lian"],
        &["session", "s1"],
        &["who"],
        &["log"],
        &["render", &log],
        &["list", "--at", "13"],
        &["diff", "0", "2026-03-26"],
        &["diff", "13"],
        &["why", "lian", "--session", "s1"],
        &["why", "--session", "s1"],
        &["why", "--last"],
        &["why", "mateo", "--session", "s1"],
        &["preamble", "lian", "--role", "testing", "--project", "demo"],
        &["list", "--role", "testing", "--status", "free"],
        &["history", "lian", "--limit", "1"],
        &["retire", "lian"],
        &["reactivate", "lian"],
        &["grow", "--count", "1"],
        &["add", "Bo Li", "--trait", "calm"],
        &["compact", "--older-than", "0"],
        &["seed", "--sync"],
        &["orphan-cleanup", "--older-than-hours", "0"],
        &["verify"],
        &["completions", "bash"],
        &["man", "list"],
        &["man", "--dir", &dir],
    ];
    for (third, args) in all.iter().enumerate() {
        home.at(&format!("2026-03-26T{:02}:{:02}:00Z", third / 3, third % 3 * 20));
        let done = home.run(&[args, &["--json"][..]].concat());
        assert_eq!(done.code, Some(0), "{args:?}: {}", done.stderr);
        check(args[0], &serde_json::from_str(&done.stdout).unwrap());
    }
    let said = home.run(&["log", "--type", "feedback", "--json"]).json();
    let said = said["events"][0]["id"].as_str().unwrap();
    check("forget", &home.run(&["forget", said, "--dry-run", "--json"]).json());
    check("forget", &home.run(&["forget", said, "--json"]).json());
    let judged = home.run(&["log", "--type", "outcome", "--json"]).json();
    let judged = judged["events"][0]["id"].as_str().unwrap();
    check("retract", &home.run(&["retract", judged, "--json"]).json());
    let lessons = home.run(&["show", "lian", "--json"]).json()["lessons"].clone();
    let lesson = |at: usize| lessons[at]["id"].as_str().unwrap();
    check("unlearn", &home.run(&["unlearn", lesson(0), "--json"]).json());
    check("retract", &home.run(&["retract", lesson(1), "--json"]).json());
    home.append(1, "seed", r#"{"name":"Cy","traits":["x"],"expertise":[],"instructions":{}}"#);
    check("allow", &home.run(&["allow", "cy", "--json"]).json());
    check("allow", &home.run(&["allow", "cy", "--revoke", "--json"]).json());
    let share = home.set_seed("[scoring]\nmodel = \"share\"\n");
    check("replay", &home.run(&["replay", "--file", share.to_str().unwrap(), "--json"]).json());
    for args in [&["show", "lian"][..], &["search", "--role=testing"], &["list"]] {
        check(args[0], &home.run(&[args, &["--json"]].concat()).json());
    }
    check_signed(&home);
    check("repair-join", &home.run(&["repair", "--join", &log, "--json"]).json());
    check("roles-resolve", &home.run(&["roles", "resolve", "flaky tests", "--json"]).json());
    check("config", &home.run(&["config", "--json"]).json());
    check("seed_export", &home.run(&["seed", "export", "--json"]).json());
    check("seed_init", &Home::new().run(&["seed", "init", "--json"]).json());
    check("review", &home.run(&["review", "lian", "--json"]).json());
    let to = format!("--to={dir}/agents");
    check("export", &home.run(&["export", "lian", &to, "--yes", "--json"]).json());
    let other = Home::seeded();
    let import = ["import", &format!("{dir}/agents"), "--json"];
    check("import", &other.run(&import).json());
    let mut edit = home.command();
    edit.env("EDITOR", "true").env("PATH", "/usr/bin:/bin");
    check("edit", &Done::of(edit.args(["edit", "lian", "--json"])).json());
    check_four_eyes(&home);
    crate::repository::git(&home, home.store(), &["init", "--quiet"]);
    let mut set_up = home.command();
    let set_up = crate::repository::hermetic(&home, &mut set_up);
    check("git-setup", &Done::of(set_up.args(["git-setup", "--yes", "--json"])).json());
    #[cfg(unix)]
    check_client();
    // The lists that matter were not empty.
    assert!(home.run(&["stats", "--json"]).json()["roles"].as_object().unwrap().len() > 1);
}

/// What is told of signatures.
fn check_signed(home: &Home) {
    let [key, allowed] = crate::signed::key(home, "ann");
    let run = |args: &[&str]| crate::signed::run(home, args);
    check("sign", &run(&["sign", "--key", &key, "--json"]).json());
    let report = run(&["verify", "--signed", &allowed, "--json"]).json();
    check("verify", &report);
    assert_eq!(report["signed"]["signatures"][0]["status"], "signed");
}

/// What is told of who took part in what.
fn check_four_eyes(home: &Home) {
    let work = |session, roles| [&assign_args(session, "w", roles)[..], &["--work=a"]].concat();
    check("assign", &home.run(&work("s2", "implementation,red-team")).json());
    check("list", &home.run(&["list", "--json"]).json());
    home.run(&["release", "--session", "s2"]).ok();
    let review = [&work("s3", "code-reviewer")[..], &["--explain"]].concat();
    let reviewed = home.run(&review).json_with_warnings();
    check("assign", &reviewed);
    assert!(!reviewed["explanations"][0]["took_part"].as_array().unwrap().is_empty());
    let name = reviewed["assignments"][0]["name"].as_str().unwrap();
    check("why", &home.run(&["why", name, "--session", "s3", "--json"]).json());
    check("history", &home.run(&["history", name, "--work", "a", "--json"]).json());
    let record = ["stats", "--work", "a", "--project", "demo", "--json"];
    check("stats-work", &home.run(&record).json());
}

/// The commands that have to do with Claude Code.
#[cfg(unix)]
fn check_client() {
    let client = crate::client::Client::new();
    client.put(client.settings(), "{}");
    for args in [
        &["install"][..],
        &["install", "--via=settings"],
        &["install", "--via=settings"],
        &["doctor"],
        &["uninstall"],
        &["uninstall"],
    ] {
        let done = client.run(&[args, &["--json"]].concat());
        assert_eq!(done.stderr, "", "{args:?}");
        check(args[0], &serde_json::from_str(&done.stdout).unwrap());
    }
}

#[test]
fn what_is_said_of_a_damaged_log_follows_its_schema() {
    let home = Home::seeded();
    let mut files = Files::read(home.store());
    files.0[0].1[3] = b"{}\n".to_vec();
    files.write(home.store());
    let head = id(files.lines()[11]);
    for (code, args) in [
        (3, &["verify", "--head", "01234567", "--head", &head][..]),
        (0, &["repair"]),
        (0, &["repair", "--yes"]),
        (0, &["verify"]),
    ] {
        let done = home.run(&[args, &["--json"]].concat());
        assert_eq!((done.code, done.stderr.as_str()), (Some(code), ""), "{args:?}");
        check(args[0], &serde_json::from_str(&done.stdout).unwrap());
    }
}

#[test]
fn every_error_follows_its_schema() {
    let home = Home::seeded();
    let too_many = vec!["testing"; 65].join(",");
    for (code, args) in [
        (1, &["show", "nobody"][..]),
        (1, &assign_args("s1", "w", &too_many)),
        (1, &["seed", "--sync"]),
        (1, &["list", "--at", "ffff00"]),
        (1, &["diff", "git:HEAD"]),
        (1, &["why", "lian", "--session", "s9"]),
        (1, &["search", "--role", "astronaut"]),
        (1, &["feedback", "lian", "--observation", "Good.", "--role", "astronaut"]),
        (1, &["outcome", "--session", "s9", "--agent-name", "w", "--result", "ok"]),
        (1, &["retract", "ffff"]),
        (1, &["unlearn", "ffff"]),
        (1, &["note", "--session", "s9", "--note", "Done."]),
        (2, &["teach", "lian", "--lesson", "---"]),
        (2, &["outcome", "--session", "s", "--agent-name", "w", "--result", "fine"]),
        (2, &["shaw"]),
        (2, &["list", "--wait", "x"]),
        (5, &["list", "--store", "/dev/null"]),
    ] {
        let stderr = home.run(&[args, &["--json"]].concat()).fails(code);
        check("error", &serde_json::from_str(&stderr).unwrap());
    }
}

#[test]
fn a_field_that_is_missing_or_not_documented_breaks_the_contract() {
    let schema = jsonschema::draft202012::new(&strict("reactivate")).unwrap();
    assert!(schema.is_valid(&json!({"name": "A", "status": "active", "changed": true})));
    assert!(!schema.is_valid(&json!({"name": "A", "status": "active"})));
    assert!(!schema.is_valid(&json!({"name": "A", "status": "active", "changed": true, "x": 1})));
}
