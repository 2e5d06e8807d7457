//! What is said of roles, and of the numbers that rank personas for them.

use insta::assert_snapshot;
use serde_json::json;

use crate::harness::{Done, Home, assign_args};

const OWN: &str = "\
[[role]]
name = \"level-design\"
aliases = [\"levels\"]
keywords = [\"boss fight\"]
instruction = \"Play it first.\"
";

#[test]
fn roles_are_listed_with_all_that_the_seed_says_and_who_is_best() {
    let home = Home::seeded();
    home.set_seed(OWN);
    let answer = home.run(&["roles"]).ok();
    assert!(answer.starts_with(
        "level-design\n  Best:        Elena Vasquez, 0.550 ±0.166, not told apart from "
    ));
    let first = answer.split("\n\n").next().unwrap();
    let rest = first.lines().skip(2).collect::<Vec<_>>().join("\n");
    assert_snapshot!(rest, @"
    Other names: levels
    Keywords:    boss fight
    Instruction: Play it first.
    ");
    assert!(answer.contains("\nsecurity-review (independent)\n"), "{answer}");
    let json = home.run(&["roles", "--json"]).json();
    let testing = json["roles"].as_array().unwrap().iter().find(|it| it["name"] == "testing");
    let best = &home.run(&["search", "-r", "testing", "--json"]).json();
    assert_eq!(testing.unwrap()["best"]["name"], best["personas"][0]["name"]);
    assert_eq!(testing.unwrap()["not_told_apart"], best["not_told_apart"]);
    let one = home.run(&["roles", "-r", "levels"]).ok();
    assert_eq!(one, format!("{first}\n"));
    home.run(&["roles", "-r", "levelling-up"]).fails(1);
    // Whoever is held would not be lent.
    home.assign("s1", "w", "testing");
    let json = home.run(&["roles", "--json"]).json();
    let again = json["roles"].as_array().unwrap().iter().find(|it| it["name"] == "testing");
    assert_ne!(again.unwrap()["best"]["name"], testing.unwrap()["best"]["name"]);
}

#[test]
fn a_text_is_resolved_as_it_would_be_when_a_persona_is_lent() {
    let home = Home::new();
    home.set_seed(OWN);
    // No store is needed to say so.
    home.run(&["roles", "resolve", "QA"]).ok();
    home.run(&["grow", "-n", "1"]).ok();
    assert_snapshot!(home.run(&["roles", "resolve", "QA"]).ok(), @"
    AS           ROLE     BECAUSE
    role         testing  it is another name for it
    type         testing  it is another name for it
    description  testing  most words speak for it: qa (2)
    name         testing  most words speak for it: qa (2)
    ");
    assert_snapshot!(home.run(&["roles", "resolve", "Place the boss fights"]).ok(), @"
    AS           ROLE          BECAUSE
    role         general       nothing in it tells of a role
    type         level-design  most words speak for it: boss (4), fights (4)
    description  level-design  most words speak for it: boss (2), fights (2)
    name         level-design  most words speak for it: boss (2), fights (2)

    `assign` would choose for `general`, and warn.
    ");
    assert_snapshot!(home.run(&["roles", "resolve", "tesing"]).ok(), @"
    AS           ROLE     BECAUSE
    role         general  there is none like that; the nearest is testing
    type         general  there is none like that; the nearest is testing
    description  general  nothing in it tells of a role
    name         general  nothing in it tells of a role

    `assign` would choose for `general`, and warn.
    ");
    for text in ["QA", "levels", "sec", "tesing", "general", "Place the boss fights"] {
        let told = home.run(&["roles", "resolve", text, "--json"]).json();
        let asked = home.run(&[&assign_args("s", "w", text)[..], &["--dry-run"]].concat());
        let lent: serde_json::Value = serde_json::from_str(&asked.stdout).unwrap();
        assert_eq!(told["resolutions"][0]["role"], lent["assignments"][0]["role"], "{text}");
        let is_unknown = told["resolutions"][0]["by"] == "nothing";
        assert_eq!(asked.stderr.contains("there is no role named"), is_unknown, "{text}");
        let nearest = told["resolutions"][0]["nearest"].as_str().unwrap_or("the nearest is");
        assert_eq!(asked.stderr.contains(nearest), told["resolutions"][0]["nearest"].is_string());
    }
    // What is too long for a role can still be what an agent says of itself.
    let long = "Review ".repeat(20);
    let told = home.run(&["roles", "resolve", &long, "--json"]).json();
    let ways: Vec<_> =
        told["resolutions"].as_array().unwrap().iter().map(|it| it["as"].clone()).collect();
    assert_eq!(ways, ["type", "description", "name"]);
    assert_eq!(told["resolutions"][0]["role"], "code-reviewer");
}

#[test]
fn a_role_that_there_is_none_of_is_refused_where_nothing_is_lent() {
    let home = Home::seeded();
    let name = home.assign("s1", "w", "testing");
    for args in [
        &["search", "-r", "tesing"][..],
        &["log", "-r", "tesing"],
        &["why", &name, "-s", "s1", "-r", "tesing"],
        &["feedback", &name, "-m", "Good.", "-r", "tesing"],
        &["teach", &name, "-m", "Read.", "-r", "tesing"],
    ] {
        let said = home.run(args).fails(1);
        assert!(said.starts_with("error: there is no role named `tesing`\n"), "{said}");
        assert!(said.contains("hint: did you mean `muzzle-persona "), "{said}");
        assert!(said.contains(" -r testing`?\n"), "{said}");
    }
    assert!(home.run(&["log", "-r", "qa"]).ok().contains("as testing"));
}

#[test]
fn a_role_that_was_taken_out_of_the_seed_is_still_found_in_the_log() {
    let home = Home::new();
    let seed = home.set_seed(OWN);
    let name = home.assign("s1", "w", "level-design");
    std::fs::remove_file(seed).unwrap();
    assert!(home.run(&["log", "-r", "level-design"]).ok().contains(&name));
    assert!(home.run(&["why", &name, "-s", "s1", "-r", "level-design"]).code == Some(0));
    home.run(&["log", "-r", "levels"]).fails(1);
}

#[test]
fn each_number_says_where_it_is_from() {
    let mut home = Home::new();
    let masked = |home: &Home, said: String| said.replace(home.path().to_str().unwrap(), "~");
    let seed =
        "# mine\n[scoring]\nstart = 0.4\noverlap = 0.1\n[lifecycle]\nstale_after_hours = 6\n";
    home.set_seed(seed);
    let done = Done::of(home.command().env("MUZZLE_PERSONA_INJECT", "all").arg("config"));
    assert_snapshot!(masked(&home, done.ok()), @"
    NAME                              VALUE                             FROM
    scoring.model                     record                            built in
    scoring.compacted                 0.5                               built in
    scoring.months                    12                                built in
    scoring.outcome                   0.3                               built in
    scoring.per_month                 0.8                               built in
    scoring.prior                     8                                 built in
    scoring.recency                   0                                 built in
    scoring.recency_per_day           0                                 built in
    scoring.start                     0.4                               ~/.muzzle/personas/seed.toml, line 3, in place of 0.5
    scoring.tag                       0.05                              built in
    scoring.verdict                   1                                 built in
    scoring.work                      0.03                              built in
    lifecycle.inactive_after_days     30                                built in
    lifecycle.stale_after_hours       6                                 ~/.muzzle/personas/seed.toml, line 6, in place of 24
    lifecycle.independent_after_days  30                                built in
    lifecycle.unseen_after_minutes    10                                built in
    client.rows                       true                              built in
    client.pane                       true                              built in
    client.reminder                   false                             built in
    store                             ~/.muzzle/personas  MUZZLE_PERSONA_STORE
    now                               2026-03-25T15:30:00Z              MUZZLE_PERSONA_NOW
    hook.inject                       all                               MUZZLE_PERSONA_INJECT, in place of named
    hook.inject_timeout_ms            2000                              built in
    hook.release_timeout_ms           1000                              built in
    `scoring.overlap` is 0.1 in ~/.muzzle/personas/seed.toml, line 4, in place of 0.3, and the model does not look at it.
    ");
    assert!(!home.log_path().exists(), "it opens no store");
    let json = home.run(&["config", "--json"]).json();
    let setting = |name: &str| {
        json["settings"].as_array().unwrap().iter().find(|it| it["name"] == name).unwrap().clone()
    };
    let file = home.store().join("seed.toml");
    assert_eq!(
        setting("scoring.start"),
        json!({"name": "scoring.start", "value": 0.4, "built_in": 0.5, "from": "file",
               "file": file.to_str().unwrap(), "line": 3, "variable": null, "used": true})
    );
    assert_eq!(setting("lifecycle.stale_after_hours")["line"], 6);
    assert_eq!(setting("scoring.prior")["value"], json!(8));
    assert_eq!(setting("scoring.overlap")["used"], json!(false));
    // A switch is one, too.
    let shown = |home: &Home, seed: &str| {
        home.set_seed(seed);
        home.run(&["config", "--json"]).json()["settings"].as_array().unwrap().clone()
    };
    let settings = shown(&home, "[client]\nreminder = true\nrows = false\n");
    let client = |name: &str| {
        let it = settings.iter().find(|it| it["name"] == format!("client.{name}")).unwrap();
        [&it["value"], &it["built_in"], &it["line"]].map(Clone::clone)
    };
    assert_eq!(client("rows"), [json!(false), json!(true), json!(3)]);
    assert_eq!(client("pane"), [json!(true), json!(true), json!(null)]);
    assert_eq!(client("reminder"), [json!(true), json!(false), json!(2)]);
    for (seed, error) in [
        (
            "[client]\nrow = true\n",
            "line 2, column 1: unknown field `row`, expected one of `rows`, `pane`, `reminder`",
        ),
        ("[client]\npane = 0\n", "line 2, column 8: invalid type: integer `0`, expected a boolean"),
    ] {
        home.set_seed(seed);
        for command in ["config", "seed"] {
            let said = home.run(&[command]).fails(1);
            assert!(said.contains(error), "{said}");
        }
    }
    // What a bad file says is not in force.
    home.set_seed("[scoring]\nstart = 4\n");
    assert!(home.run(&["config"]).fails(1).contains("line 2, column 9"));
    let other = home.path().join("other");
    let named = home.run(&["config", "--store", other.to_str().unwrap()]).ok();
    assert!(named.lines().any(|line| line.starts_with("store ") && line.ends_with(" --store")));
    home.use_store(&other);
    assert!(home.run(&["config"]).ok().contains("  MUZZLE_PERSONA_STORE\n"));
}

#[cfg(unix)]
#[test]
fn on_a_terminal_the_words_of_a_role_fit_and_the_first_of_many_are_shown() {
    let home = Home::seeded();
    let shown = |args: &[&str], columns: &str| {
        let mut command = home.command();
        command.args(args).env("COLUMNS", columns).env("NO_COLOR", "1");
        let (code, shown) = crate::terminal::on_terminal(command, "");
        assert_eq!(code, Some(0), "{shown}");
        shown
    };
    for columns in [40, 80, 120] {
        for args in [&["roles"][..], &["roles", "-r", "testing"]] {
            let answer = shown(args, &columns.to_string());
            let (answer, hint) =
                answer.split_once("\n`muzzle-persona roles").unwrap_or((&answer, ""));
            let wide = answer.lines().find(|line| line.chars().count() > columns);
            assert_eq!(wide, None);
            assert_eq!(hint.is_empty(), args.len() > 1);
            let flat = answer.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(flat.contains("a11y, accessibility audit,"), "{answer}");
            assert_eq!(flat.contains("visual regression, vitest"), args.len() > 1, "{answer}");
        }
    }
    assert!(home.run(&["roles"]).ok().contains("visual regression, vitest\n"), "a pipe has all");
}
