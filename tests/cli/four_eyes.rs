//! Four eyes: whoever reviews some work took no part in it, if that can be had.

use std::fs;

use insta::assert_snapshot;
use serde_json::json;

use crate::harness::{Done, Home, assign_args, chain};
use crate::repository::{git, hermetic};

/// The arguments of an `assign` of one role for a branch.
fn assign_for<'a>(session: &'a str, role: &'a str, work: &'a str) -> Vec<&'a str> {
    [&assign_args(session, "w", role)[..], &["--work", work]].concat()
}

/// Has a role done for a branch, and returns who did it.
fn done(home: &Home, session: &str, role: &str, work: &str) -> String {
    let answer = home.run(&assign_for(session, role, work)).json();
    home.run(&["release", "--session", session]).ok();
    answer["assignments"][0]["name"].as_str().unwrap().to_owned()
}

/// A store in which somebody implemented a branch, is praised for reviews, and does not get that.
fn passed_over() -> Home {
    let mut home = Home::seeded();
    home.at("2026-03-25T16:00:00Z");
    assert_eq!(done(&home, "s1", "implementation", "fix-login"), "Mateo Quispe");
    home.at("2026-03-25T17:00:00Z");
    let praise = ["feedback", "mateo", "--role", "code-reviewer", "--observation", "Great."];
    home.run(&praise).ok();
    home.run(&["feedback", "lian", "--role", "code-reviewer", "--observation", "Great."]).ok();
    assert_eq!(done(&home, "s2", "testing", "fix-login"), "Lian Zhou");
    home.at("2026-03-26T09:00:00Z");
    assert_eq!(done(&home, "s3", "code-reviewer", "fix-login"), "Elena Vasquez");
    home
}

#[test]
fn why_tells_who_was_passed_over() {
    let home = passed_over();
    assert_snapshot!(home.run(&["why", "elena", "--session", "s3", "--limit", "2"]).ok(), @"
    Elena Vasquez was lent to w-0 of the session s3 on 2026-03-26 09:00Z, as code-reviewer on demo for fix-login.
    It was the best of the 10 candidates who took no part; of equal scores, the one that was created first.
    Lian Zhou was passed over: it took part in fix-login as testing.
    Mateo Quispe was passed over: it took part in fix-login as implementation.

       RANK  NAME           SCORE   DOUBT  AFFINITY  EXPERTISE  RECENCY  TOOK PART
    →     1  Elena Vasquez  0.550  ±0.166     0.500     +0.050   +0.000
          2  Yusuf Karaçay  0.550  ±0.166     0.500     +0.050   +0.000
    Elena Vasquez is not told apart from Yusuf Karaçay and 10 more.
    Not listed: 10 more; `--limit 0` lists all.
    ");
    let told = home.run(&["why", "elena", "--session", "s3", "--json"]).json();
    assert_eq!(told["work"], "fix-login");
    assert_eq!(told["independent"], true);
    assert_eq!(
        told["took_part"],
        json!([
            {"name": "Lian Zhou", "in": "work", "roles": ["testing"], "passed_over": true},
            {"name": "Mateo Quispe", "in": "work", "roles": ["implementation"], "passed_over": true},
        ])
    );
    // Another role is for anybody.
    let told = home.run(&["why", "lian", "--session", "s2", "--json"]).json();
    assert_eq!((&told["independent"], &told["took_part"]), (&json!(null), &json!([])));
}

#[test]
fn explain_tells_who_took_part() {
    let home = passed_over();
    let asked = assign_for("s4", "code-reviewer", "fix-login");
    let done = home.run(&[&asked[..], &["--dry-run", "--explain"]].concat());
    assert_snapshot!(done.stderr, @r"
    Elena Vasquez for code-reviewer: the best that is free.
    Lian Zhou was passed over: it took part in fix-login as testing.
    Mateo Quispe was passed over: it took part in fix-login as implementation.
    NAME               SCORE   DOUBT  AFFINITY  EXPERTISE  RECENCY  TOOK PART
    Elena Vasquez      0.552  ±0.165     0.502     +0.050   +0.000
    Yusuf Karaçay      0.550  ±0.166     0.500     +0.050   +0.000
    Søren Halvorsen    0.550  ±0.166     0.500     +0.050   +0.000
    Kwame Boateng      0.450  ±0.166     0.500     -0.050   +0.000
    Priya Raghunathan  0.450  ±0.166     0.500     -0.050   +0.000
    Zofia Wróblik      0.450  ±0.166     0.500     -0.050   +0.000
    Amara Okonjo       0.450  ±0.166     0.500     -0.050   +0.000
    Hana Kobayakawa    0.450  ±0.166     0.500     -0.050   +0.000
    Leilani Kahale     0.450  ±0.166     0.500     -0.050   +0.000
    Noor Haddadin      0.450  ±0.166     0.500     -0.050   +0.000
    Lian Zhou          0.600  ±0.155     0.556     +0.044   +0.000  testing
    Mateo Quispe       0.600  ±0.155     0.556     +0.044   +0.000  implementation
    Elena Vasquez is not told apart from Yusuf Karaçay and 10 more.
    ");
    let explained = done.json_with_warnings();
    assert_eq!(explained["assignments"][0]["independent"], true);
    assert_eq!(explained["explanations"][0]["took_part"].as_array().unwrap().len(), 2);
    // In the same session it is the session that is told.
    let asked = assign_args("s1", "x", "red-team");
    let done = home.run(&[&asked[..], &["--dry-run", "--explain"]].concat());
    let took_part = &done.json_with_warnings()["explanations"][0]["took_part"];
    assert_eq!(
        *took_part,
        json!([{"name": "Mateo Quispe", "in": "session", "roles": ["implementation"], "passed_over": false}])
    );
}

#[test]
fn where_all_took_part_one_of_them_is_taken_with_a_warning() {
    let home = passed_over();
    let names = home.run(&["list", "--json"]).json();
    for persona in names["personas"].as_array().unwrap() {
        let name = persona["name"].as_str().unwrap();
        if name != "Mateo Quispe" {
            home.run(&["retire", name]).ok();
        }
    }
    let done = home.run(&assign_for("s4", "code-reviewer", "fix-login"));
    let warning = "`Mateo Quispe` took part in `fix-login` as `implementation`, and nobody who took no part is free or can be brought back (not_independent)";
    assert_eq!(done.stderr, format!("warning: {warning}\n"));
    let answer = done.json_with_warnings();
    assert_eq!(answer["warnings"], json!([warning]));
    assert_eq!(answer["assignments"][0]["independent"], false);
    let line = chain(&home.log()).pop().unwrap();
    assert_eq!(line["data"]["work"], "fix-login");
    assert_eq!(line["data"]["slots"][0]["independent"], false);
    let log = home.run(&["log", "--limit", "1"]).ok();
    assert_eq!(
        log.splitn(4, "  ").last().unwrap(),
        "Mateo Quispe lent to w as code-reviewer (not independent) on demo for fix-login (session s4)\n"
    );
    assert_snapshot!(home.run(&["why", "mateo", "--session", "s4"]).ok(), @"
    Mateo Quispe was lent to w-0 of the session s4 on 2026-03-26 09:00Z, as code-reviewer on demo for fix-login.
    It was the only candidate.
    It is not independent: it took part in fix-login as implementation.

       RANK  NAME          SCORE   DOUBT  AFFINITY  EXPERTISE  RECENCY  TOOK PART
    →     1  Mateo Quispe  0.600  ±0.155     0.556     +0.044   +0.000  implementation
    ");
    // Asked again, it says so again, and records nothing.
    let log = home.log();
    let again = home.run(&assign_for("s4", "code-reviewer", "fix-login"));
    assert_eq!(
        again.stderr,
        "warning: `Mateo Quispe` took part in `fix-login` as `implementation`, and keeps `w-0` (not_independent)\n"
    );
    assert_eq!(home.log(), log);
    let summon = [&assign_for("s5", "red-team", "fix-login")[..], &["--summon", "lian"]].concat();
    assert_eq!(
        home.run(&summon).stderr,
        "warning: `Lian Zhou` took part in `fix-login` as `testing`, and was asked for by name (not_independent)\n"
    );
}

#[test]
fn stats_tells_who_did_what_on_some_work_and_whether_every_review_was_independent() {
    let mut home = passed_over();
    let stats = ["stats", "--work", "fix-login", "--project", "demo"];
    assert_snapshot!(home.run(&stats).ok(), @"
    ASSIGNED           RELEASED           NAME           ROLE            INDEPENDENT  SLOT  SESSION
    2026-03-25 16:00Z  2026-03-25 16:00Z  Mateo Quispe   implementation               w-0   s1
    2026-03-25 17:00Z  2026-03-25 17:00Z  Lian Zhou      testing                      w-0   s2
    2026-03-26 09:00Z  2026-03-26 09:00Z  Elena Vasquez  code-reviewer   yes          w-0   s3
    3 assignments on demo for fix-login; 1 review, which was independent.
    ");
    assert_snapshot!(home.run(&[&stats[..], &["--json"]].concat()).ok());
    let mut summon = assign_for("s4", "security-review", "fix-login");
    summon.extend(["--summon", "mateo"]);
    home.at("2026-03-26T10:00:00Z").run(&summon).json_with_warnings();
    assert_snapshot!(home.run(&stats).ok(), @"
    ASSIGNED           RELEASED           NAME           ROLE             INDEPENDENT  SLOT  SESSION
    2026-03-25 16:00Z  2026-03-25 16:00Z  Mateo Quispe   implementation                w-0   s1
    2026-03-25 17:00Z  2026-03-25 17:00Z  Lian Zhou      testing                       w-0   s2
    2026-03-26 09:00Z  2026-03-26 09:00Z  Elena Vasquez  code-reviewer    yes          w-0   s3
    2026-03-26 10:00Z  not yet            Mateo Quispe   security-review  no           w-0   s4
    Mateo Quispe took part in fix-login as implementation, and judged it as security-review.
    4 assignments on demo for fix-login; 2 reviews, not all of which were independent.
    ");
    let told = home.run(&[&stats[..], &["--json"]].concat()).json();
    assert_eq!((&told["reviews"], &told["independent"]), (&json!(2), &json!(false)));
    // Who was asked for by name passed nobody over.
    let why = home.run(&["why", "mateo", "--session", "s4", "--json"]).json();
    assert_eq!(why["independent"], false);
    for it in why["took_part"].as_array().unwrap() {
        assert_eq!(it["passed_over"], false, "{it}");
    }
    assert!(!why["took_part"].as_array().unwrap().is_empty());
    // A review that was never made says nothing.
    home.at("2026-03-28T10:00:00Z").run(&["orphan-cleanup"]).ok();
    let told = home.run(&[&stats[..], &["--json"]].concat()).json();
    assert_eq!((&told["reviews"], &told["independent"]), (&json!(1), &json!(true)));
    // As of before the review, there is none.
    let before = [&stats[..], &["--at", "2026-03-25T18:00:00Z"]].concat();
    assert_eq!(
        home.run(&before).ok().lines().last().unwrap(),
        "2 assignments on demo for fix-login; no review."
    );
    let other = ["stats", "--work", "fix", "--project", "demo"];
    assert_eq!(home.run(&other).ok(), "Nobody was lent on demo for fix.\n");
    let told = home.run(&[&other[..], &["--json"]].concat()).json();
    assert_eq!((&told["reviews"], &told["independent"]), (&json!(0), &json!(false)));
    home.run(&["stats", "--work", "fix-login"]).fails(2);
    home.run(&["stats", "--project", "demo"]).fails(2);
}

#[test]
fn who_goes_on_to_change_what_it_reviews_is_no_independent_reviewer() {
    let home = Home::seeded();
    home.run(&assign_for("s1", "code-reviewer", "fix")).json();
    let independent = || {
        let stats = ["stats", "--work", "fix", "--project", "demo", "--json"];
        home.run(&stats).json()["independent"].clone()
    };
    assert_eq!(independent(), true);
    // The agent goes on in another role: its review has ended by then.
    home.run(&assign_for("s1", "implementation", "fix")).json();
    assert_eq!(independent(), true);
    // As after a merge: somebody is lent twice, for the review and for the work.
    let name = home.run(&["list", "--json"]).json()["personas"]
        .as_array()
        .unwrap()
        .iter()
        .find(|it| it["held_by"] == json!([]))
        .map(|it| it["name"].as_str().unwrap().to_owned())
        .unwrap();
    for (session, role) in [("s2", "red-team"), ("s3", "testing")] {
        let slots = json!([{"slot": "w-0", "persona": name, "role": role, "requested": role}]);
        let data = json!({"session": session, "agent": "w", "project": "demo", "work": "fix", "slots": slots});
        home.append(1, "assign", &data.to_string());
    }
    let stats = ["stats", "--work", "fix", "--project", "demo", "--json"];
    assert_eq!(home.run(&stats).json_with_warnings()["independent"], false);
}

#[test]
fn history_is_that_of_some_work() {
    let home = passed_over();
    done(&home, "s9", "documentation", "docs-site");
    home.run(&assign_args("s8", "w", "infrastructure")).json();
    assert_snapshot!(home.run(&["history", "mateo", "--work", "fix-login"]).ok(), @"
    ASSIGNED           RELEASED           ROLE            PROJECT  WORK       SLOT  SESSION
    2026-03-25 16:00Z  2026-03-25 16:00Z  implementation  demo     fix-login  w-0   s1
    ");
    assert_snapshot!(home.run(&["history", "mateo", "--work", "other"]).ok(), @"Mateo Quispe has no such assignment.");
    let told = home.run(&["history", "mateo", "--work=fix-login", "--json"]).json();
    assert_eq!(told["assignments"][0]["work"], "fix-login");
    home.run(&["history", "mateo", "--work", ""]).fails(2);
}

#[test]
fn the_work_is_what_is_named_or_else_the_branch_of_the_working_directory() {
    let home = Home::seeded();
    let repository = home.path().join("acme");
    fs::create_dir_all(repository.join("src")).unwrap();
    git(&home, &repository, &["init", "--quiet"]);
    let work = |branch: &str, named: &[&str]| {
        git(&home, &repository, &["checkout", "--quiet", "-B", branch]);
        let session = format!("{branch}{}", named.len());
        let mut command = home.command();
        let command = hermetic(&home, &mut command).current_dir(repository.join("src"));
        let args = [&assign_args(&session, "w", "testing")[..], named].concat();
        Done::of(command.args(args)).json();
        let line = chain(&home.log()).pop().unwrap();
        line["data"].get("work").map(|work| work.as_str().unwrap().to_owned())
    };
    assert_eq!(work("fix-login", &[]).as_deref(), Some("fix-login"));
    assert_eq!(work("fix-login", &["--work", "#17"]).as_deref(), Some("#17"));
    assert_eq!(work("main", &[]), None);
    assert_eq!(work("main", &["--work=main"]).as_deref(), Some("main"));
    home.run(&assign_args("elsewhere", "w", "testing")).json();
    assert_eq!(chain(&home.log()).pop().unwrap()["data"].get("work"), None, "no repository");
    let log = home.log();
    let longer = "é".repeat(129);
    for (named, said) in [
        ("", "the work is empty"),
        ("a\u{202e}b", "the work holds the control character U+202E at position 2"),
        (longer.as_str(), "the work is 129 characters long; the limit is 128"),
    ] {
        let stderr = home.run(&assign_for("s", "testing", named)).fails(2);
        assert!(stderr.contains(said), "{stderr}");
    }
    assert_eq!(home.log(), log);
}

#[test]
fn a_seed_says_which_roles_judge() {
    let judges = |seed: &str| {
        let home = Home::new();
        home.set_seed(seed);
        let answer = home.run(&assign_args("s", "w", "testing,code-reviewer")).json();
        let independent = |slot: usize| answer["assignments"][slot]["independent"].clone();
        (independent(0) == true, independent(1) == true)
    };
    let role = |name: &str, more: &str| {
        format!("[[role]]\nname = \"{name}\"\ninstruction = \"Look.\"\n{more}\n")
    };
    assert_eq!(judges(""), (false, true));
    assert_eq!(judges(&role("testing", "independent = true")), (true, true));
    // One that replaces a built-in role judges as that one does, unless it says otherwise.
    assert_eq!(judges(&role("code-reviewer", "")), (false, true));
    assert_eq!(judges(&role("code-reviewer", "independent = false")), (false, false));
    let home = Home::new();
    home.set_seed(&role("testing", "independent = \"yes\""));
    let stderr = home.run(&["orphan-cleanup"]).fails(1);
    assert!(
        stderr.contains("line 4, column 15: invalid type: string \"yes\", expected a boolean"),
        "{stderr}"
    );
}

#[test]
fn the_days_that_a_part_counts_can_be_set() {
    let mut home = Home::seeded();
    let writer = done(&home, "s1", "implementation", "fix");
    home.run(&["feedback", &writer, "--role", "code-reviewer", "--observation", "Great."]).ok();
    home.at("2026-04-01T15:30:00Z");
    let reviewer = |days: u32| {
        home.set_seed(&format!("[lifecycle]\nindependent_after_days = {days}\n"));
        let asked = assign_for("s2", "code-reviewer", "fix");
        let answer = home.run(&[&asked[..], &["--dry-run"]].concat()).json();
        answer["assignments"][0]["name"].as_str().unwrap().to_owned()
    };
    assert_ne!(reviewer(7), writer);
    assert_eq!(reviewer(6), writer);
    assert_ne!(reviewer(u32::MAX), writer);
}

#[test]
fn a_checkpoint_forgets_what_does_not_count_and_the_log_is_asked_when_the_clock_is_set_back() {
    let mut home = Home::seeded();
    let writer = done(&home, "s1", "implementation", "fix");
    home.run(&["feedback", &writer, "--role", "code-reviewer", "--observation", "Great."]).ok();
    let checkpoint = home.store().join(".cache/checkpoint.json");
    let mut reviewer = |now: &str| {
        let asked = assign_for("s2", "code-reviewer", "fix");
        let answer = home.at(now).run(&[&asked[..], &["--dry-run"]].concat()).json();
        answer["assignments"][0]["name"].as_str().unwrap().to_owned()
    };
    assert_ne!(reviewer("2026-04-24T15:30:00Z"), writer, "thirty days later");
    assert_eq!(reviewer("2026-04-24T15:30:01Z"), writer);
    home.at("2026-06-01T00:00:00Z").run(&["compact"]).ok();
    let kept = fs::read_to_string(&checkpoint).unwrap();
    assert!(!kept.contains("\"implementation\",1774"), "it is left out");
    assert!(kept.contains("\"complete_since\":"), "and that is known");
    let mut reviewer = |now: &str| {
        let asked = assign_for("s2", "code-reviewer", "fix");
        let answer = home.at(now).run(&[&asked[..], &["--dry-run"]].concat()).json();
        answer["assignments"][0]["name"].as_str().unwrap().to_owned()
    };
    assert_eq!(reviewer("2026-06-01T00:00:00Z"), writer);
    assert_ne!(reviewer("2026-04-01T00:00:00Z"), writer, "a clock that was set back");
    assert_eq!(home.run(&["verify"]).code, Some(0));
}
