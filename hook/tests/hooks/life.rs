//! The whole life of a persona, through both hooks and the command line.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::harness::{HOOK, Home, recorded, review};

/// Runs the command line at a moment; the workspace's tests build it beside the hooks.
fn cli(home: &Home, now: &str, args: &[&str]) -> Value {
    let program = Path::new(HOOK).with_file_name("muzzle-persona");
    assert!(program.exists(), "run `cargo test --workspace`, which builds {}", program.display());
    let mut command = Command::new(program);
    command.env_clear().env("HOME", home.path()).env("MUZZLE_PERSONA_NOW", now);
    let output = command.arg("--json").args(args).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), stderr.as_str()), (Some(0), ""), "{args:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Lends a persona and returns its name.
fn assign(home: &Home, now: &str, session: &str, more: &[&str]) -> String {
    let mut args = vec!["assign", "--roles=code-reviewer", "--project=acme", "--agent-name=w"];
    args.extend(["--session", session]);
    args.extend(more);
    cli(home, now, &args)["assignments"][0]["name"].as_str().unwrap().to_owned()
}

#[test]
fn a_persona_lives_from_the_seed_to_the_summons() {
    let home = Home::new();
    let review_session = "00a62d08-e686-4a7f-b68d-71502eb6b076";

    // Seeded, and assigned through the hook.
    let preamble = home.inject(recorded("pre_tool_use.named")).preamble();
    assert!(preamble.starts_with("You are Elena Vasquez, the code-reviewer persona"));

    // Criticised, and praised: of several verdicts on one session, the last counts.
    let monday = "2026-03-25T17:00:00Z";
    let judged = cli(&home, monday, &["feedback", "elena", "--observation", "Missed an index."]);
    assert_eq!(judged["sentiment"], "negative");
    assert_eq!(judged["affinity_after"], 0.444_444_444);
    for observation in ["Thorough and precise.", "Caught the race.", "Excellent."] {
        let judged = cli(&home, monday, &["feedback", "elena", "--observation", observation]);
        assert_eq!(judged["affinity_after"], 0.555_555_556);
    }

    // Released by the end of the session, and ranked higher for that role.
    home.release(recorded("session_end")).env("MUZZLE_PERSONA_NOW", monday).run();
    let found = cli(&home, "2026-04-05T17:00:00Z", &["search", "--role=code-reviewer"]);
    let [best, next] = [&found["personas"][0], &found["personas"][1]];
    assert_eq!(best["name"], "Elena Vasquez");
    let total = |persona: &Value| persona["score"]["total"].as_f64().unwrap();
    assert!(total(best) > total(next), "in a new store the two tie");
    let show = |now: &str| cli(&home, now, &["show", "elena"]);
    assert_eq!(show(monday)["affinity"], json!({"code-reviewer": 0.557_032_115}));

    // Compacted: the feedback counts less, the work stays.
    let may = "2026-05-04T09:00:00Z";
    let compacted = cli(&home, may, &["compact"]);
    assert_eq!(compacted["summaries"][0]["positive"], 3);
    assert_eq!(compacted["summaries"][0]["negative"], 1);
    assert_eq!(show(may)["feedback"], json!({}));
    assert_eq!(show(may)["counts"], json!({"code-reviewer": 1}));

    // Retired for inactivity, when another session ends.
    home.inject(review("other", "someone").replace("Review parser", "Debug the crash"))
        .env("MUZZLE_PERSONA_NOW", may)
        .answered();
    let end = recorded("session_end").replace(review_session, "other");
    home.release(end).env("MUZZLE_PERSONA_NOW", may).run();
    assert_eq!(show(may)["status"], "archived");

    // Brought back, because she is still the best.
    let next_day = "2026-05-05T09:00:00Z";
    assert_eq!(assign(&home, next_day, "needed", &[]), "Elena Vasquez");
    let [back] = home.events("reactivate").try_into().unwrap();
    assert_eq!(back["data"], json!({"persona": "Elena Vasquez", "reason": "needed"}));

    // Summoned, out of the archive and away from a session that fell silent.
    cli(&home, next_day, &["retire", "elena", "--force"]);
    assert_eq!(assign(&home, next_day, "summons", &["--summon=elena"]), "Elena Vasquez");
    let days_later = "2026-05-07T09:00:00Z";
    assert_eq!(assign(&home, days_later, "again", &["--summon=elena"]), "Elena Vasquez");

    // And her story is told in the right order.
    let history = cli(&home, days_later, &["history", "elena"]);
    let told: Vec<_> = history["assignments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|past| (past["session"].as_str().unwrap(), past["reason"].as_str()))
        .collect();
    assert_eq!(
        told,
        [
            ("again", None),
            ("summons", Some("orphaned")),
            ("needed", Some("manual")),
            (review_session, Some("session_end")),
        ]
    );
    let shown = show(days_later);
    assert_eq!(shown["status"], "active");
    assert_eq!(shown["held_by"][0]["session"], "again");
    assert_eq!(shown["counts"], json!({"code-reviewer": 2}), "orphaned work does not count");
    let recent = shown["recent_work"].as_array().unwrap().iter();
    let recent: Vec<_> = recent.map(|work| work["session"].as_str().unwrap()).collect();
    assert_eq!(recent, ["again", "summons", "needed"]);
}
