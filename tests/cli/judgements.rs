//! What is known of a run or a session: recorded, replaced and taken back.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::harness::{Done, Home, chain, without_ids};

/// A session with two agents, the first of which has two personas.
fn working() -> Home {
    let home = Home::seeded();
    home.assign("s1", "w1", "testing,code-reviewer");
    home.assign("s1", "w2", "debugging");
    home
}

fn outcome(home: &Home, agent: &str, result: &str, more: &[&str]) -> Done {
    let args = ["outcome", "--session=s1", "--agent-name", agent, "--result", result];
    home.run(&[&args[..], more].concat())
}

fn show(home: &Home, name: &str) -> Value {
    home.run(&["show", name, "--json"]).json()
}

/// The last lines of the log.
fn last(home: &Home, count: usize) -> Vec<Value> {
    let lines = chain(&home.log());
    lines[lines.len() - count..].to_vec()
}

/// The id of the last line.
fn last_id(home: &Home) -> String {
    last(home, 1)[0]["id"].as_str().unwrap().to_owned()
}

#[test]
fn an_outcome_counts_for_each_persona_of_the_agent() {
    let home = working();
    assert_snapshot!(outcome(&home, "w1", "ok", &["--source", "ci"]).ok(), @r"
    Recorded ok for Lian Zhou as testing. Affinity: 0.518072289.
    Recorded ok for Elena Vasquez as code-reviewer. Affinity: 0.518072289.
    ");
    let [first, second] = last(&home, 2).try_into().unwrap();
    assert_eq!((&first["type"], &second["type"]), (&json!("outcome"), &json!("outcome")));
    assert_eq!(
        first["data"],
        json!({"session": "s1", "slot": "w1-0", "persona": "Lian Zhou", "role": "testing",
            "run": "s1:w1", "result": "ok", "source": "ci"})
    );
    assert_eq!(second["data"]["persona"], "Elena Vasquez");

    let log = home.log();
    assert_snapshot!(outcome(&home, "w1", "ok", &["--source", "ci"]).ok(), @r"
    ci recorded ok for Lian Zhou as testing before; nothing to do.
    ci recorded ok for Elena Vasquez as code-reviewer before; nothing to do.
    ");
    assert_eq!(home.log(), log, "it is known");

    // It counts after the release too, in place of what the same source said before.
    home.run(&["release", "--session", "s1"]).ok();
    assert_snapshot!(outcome(&home, "w1", "bad", &["--source", "ci"]).ok(), @r"
    Recorded bad in place of ok for Lian Zhou as testing. Affinity: 0.483793517.
    Recorded bad in place of ok for Elena Vasquez as code-reviewer. Affinity: 0.483793517.
    ");
    let lian = show(&home, "lian");
    assert_eq!(lian["outcomes"], json!({"testing": {"ok": 0, "bad": 1}}));
    // (8 · 0.5 + 0.03) / (8 + 0.03 + 0.3)
    assert_eq!(lian["affinity"], json!({"testing": 0.483_793_517}));
    assert_eq!(lian["evidence"]["testing"], json!({"good": 0.03, "bad": 0.3, "start": 8.0}));
    assert_eq!(show(&home, "kwame")["outcomes"], json!({}), "another agent");
    assert_snapshot!(home.run(&["show", "lian"]).ok().lines().skip(9).take(3).collect::<Vec<_>>().join("\n"), @"
    ROLE     AFFINITY                     DOUBT  DONE  FEEDBACK  RUNS
    testing  ██████████░░░░░░░░░░  0.48  ±0.163     1  +0 -0 =0  +0 -1
    ");

    // Another source counts beside it, and a run that was stopped for neither side.
    outcome(&home, "w1", "ok", &[]).ok();
    assert_eq!(last(&home, 1)[0]["data"]["source"], "cli");
    assert_eq!(show(&home, "lian")["outcomes"], json!({"testing": {"ok": 1, "bad": 1}}));
    outcome(&home, "w1", "stopped", &["--source", "ci"]).ok();
    assert_eq!(show(&home, "lian")["outcomes"], json!({"testing": {"ok": 1, "bad": 0}}));
    assert_snapshot!(outcome(&home, "w2", "stopped", &["--source=ci", "--json"]).ok());
}

#[test]
fn an_outcome_is_of_the_role_that_the_slot_has_or_had_last() {
    let home = working();
    home.assign("s1", "w2", "testing");
    outcome(&home, "w2", "bad", &[]).ok();
    assert_eq!(show(&home, "kwame")["outcomes"], json!({"testing": {"ok": 0, "bad": 1}}));
    home.run(&["release", "--session", "s1"]).ok();
    outcome(&home, "w2", "ok", &[]).ok();
    assert_eq!(show(&home, "kwame")["outcomes"], json!({"testing": {"ok": 1, "bad": 0}}));
}

#[test]
fn an_outcome_that_cannot_be_is_refused_and_nothing_is_recorded() {
    let home = working();
    let before = home.log();
    assert_snapshot!(outcome(&home, "w9", "ok", &[]).fails(1), @r"
    error: the agent `w9` was never lent a persona in the session `s1`
    hint: `muzzle-persona log --type assign` shows which agents were lent whom
    ");
    let args = ["outcome", "--session=s9", "--agent-name=w1", "--result=ok", "--json"];
    let error: Value = serde_json::from_str(&home.run(&args).fails(1)).unwrap();
    assert_eq!(error["error"]["kind"], "not_found");
    assert_snapshot!(outcome(&home, "w1", "good", &[]).fails(2), @"
    error: `--result` takes one of `ok`, `bad`, `stopped`, not `good`
    hint: `muzzle-persona help outcome` tells what it takes
    ");
    for args in [
        &["outcome", "--session=s1", "--result=ok"][..],
        &["outcome", "--agent-name=w1", "--result=ok"],
        &["outcome", "--session=s1", "--agent-name=w1"],
        &["outcome", "--session=", "--agent-name=w1", "--result=ok"],
        &["outcome", "--session=s1", "--agent-name=w1", "--result=ok", "--source="],
        &["outcome", "--session=s1", "--agent-name=w1", "--result=ok", "--source=a\nb"],
    ] {
        home.run(args).fails(2);
    }
    assert_eq!(home.log(), before);
}

#[test]
fn the_shell_completes_the_new_commands() {
    let home = Home::new();
    for shell in ["bash", "zsh", "fish"] {
        let mut command = home.command();
        let done = Done::of(
            command
                .env("COMPLETE", shell)
                .env("_CLAP_COMPLETE_INDEX", "1")
                .env("_CLAP_IFS", "\n")
                .args(["--", "muzzle-persona", "re"]),
        );
        assert!(done.ok().contains("retract"), "{shell}");
    }
    for (command, words) in [
        ("outcome", &["--session", "--agent-name", "--result", "stopped", "--source"][..]),
        ("retract", &["<ID>", "--reason"]),
    ] {
        let help = home.run(&[command, "--help"]).ok();
        for word in words {
            assert!(help.contains(word), "{word}: {help}");
        }
        assert!(home.run(&["help"]).ok().contains(command));
    }
}

#[test]
fn of_one_session_and_source_the_last_verdict_counts() {
    let home = working();
    let judge =
        |text: &str| without_ids(&home.run(&["feedback", "lian", "--observation", text]).ok());
    assert_snapshot!(judge("Thorough."), @r"
    Recorded as positive for Lian Zhou as testing on demo, by its words: for it `thorough`.
    Affinity: 0.5 → 0.555555556
    `muzzle-persona retract <id>` takes it back.
    ");
    assert_snapshot!(judge("Thorough."), @r"
    Recorded as positive for Lian Zhou as testing on demo, by its words: for it `thorough`.
    It counts in place of the verdict that was given on the same session before.
    Affinity: 0.555555556 → 0.555555556
    `muzzle-persona retract <id>` takes it back.
    ");
    assert_snapshot!(judge("Missed it."), @r"
    Recorded as negative for Lian Zhou as testing on demo, by its words: against it `missed`.
    It counts in place of the verdict that was given on the same session before.
    Affinity: 0.555555556 → 0.444444444
    `muzzle-persona retract <id>` takes it back.
    ");
    assert_eq!(last(&home, 1)[0]["data"]["session"], "s1");
    let evidence = |home: &Home| show(home, "lian")["evidence"]["testing"].clone();
    assert_eq!(evidence(&home), json!({"good": 0.0, "bad": 1.0, "start": 8.0}));

    // Another session is another matter.
    home.run(&["release", "--session", "s1"]).ok();
    let summon = ["assign", "--roles=testing", "--project=demo", "--session=s2", "--agent-name=w"];
    home.run(&[&summon[..], &["--summon=lian"]].concat()).json();
    let told = judge("Missed it.");
    assert!(!told.contains("It counts in place of"), "{told}");
    assert_eq!(evidence(&home), json!({"good": 0.03, "bad": 2.0, "start": 8.0}));
    // One that is on no session stands for itself, each time.
    for bad in [3.0, 4.0] {
        let args = ["feedback", "lian", "--observation=Missed it.", "--project=other"];
        let told = home.run(&args).ok();
        assert!(!told.contains("It counts in place of"), "{told}");
        assert_eq!(evidence(&home)["bad"], bad);
    }
}

#[test]
fn feedback_and_search_refuse_a_role_that_is_none() {
    let home = working();
    let before = home.log();
    assert_snapshot!(home.run(&["feedback", "lian", "--observation=x", "--role=testr"]).fails(1), @"
    error: there is no role named `testr`
    hint: did you mean `muzzle-persona feedback lian --observation=x --role=testing`?
    ");
    assert_snapshot!(home.run(&["search", "--role=qqq"]).fails(1), @r"
    error: there is no role named `qqq`
    hint: the roles are `security-review`, `red-team`, `code-reviewer`, `debugging`, `testing`, `documentation`, `architecture`, `infrastructure`, `researcher`, `implementation` and 1 more
    ");
    assert_eq!(home.log(), before);
}

#[test]
fn what_is_taken_back_counts_no_more_and_what_it_replaced_counts_again() {
    let home = working();
    home.run(&["feedback", "lian", "--observation=Thorough."]).ok();
    let first = last_id(&home);
    home.run(&["feedback", "lian", "--observation=Missed it."]).ok();
    let second = last_id(&home);
    let told = home.run(&["retract", &second[..8], "--reason", "It was another session."]).ok();
    assert_snapshot!(without_ids(&told), @r"
    Took back the judgement <id> of Lian Zhou as testing.
    Affinity: 0.444444444 → 0.555555556
    ");
    assert_eq!(
        last(&home, 1)[0]["data"],
        json!({"event": second, "reason": "It was another session."})
    );
    let evidence = |home: &Home| show(home, "lian")["evidence"].clone();
    assert_eq!(evidence(&home)["testing"]["good"], 1.0);
    home.run(&["retract", &first]).ok();
    assert_eq!(last(&home, 1)[0]["data"], json!({"event": first}));
    assert_eq!(evidence(&home), json!({}));
    assert_eq!(show(&home, "lian")["feedback"], json!({}));

    outcome(&home, "w2", "ok", &[]).ok();
    outcome(&home, "w2", "bad", &[]).ok();
    let told = home.run(&["retract", &last_id(&home), "--json"]).ok();
    assert_snapshot!(without_ids(&told));
    assert_eq!(show(&home, "kwame")["outcomes"], json!({"debugging": {"ok": 1, "bad": 0}}));
    // The same can be said again.
    let told = outcome(&home, "w2", "bad", &[]).ok();
    assert!(told.starts_with("Recorded bad in place of ok for Kwame Boateng"), "{told}");
    // From a checkpoint it is the same.
    let with = show(&home, "kwame");
    home.run(&["compact"]).ok();
    home.run(&["verify"]).ok();
    assert_eq!(show(&home, "kwame"), with);
}

#[test]
fn what_cannot_be_taken_back_is_refused_and_nothing_is_recorded() {
    let home = working();
    home.run(&["feedback", "lian", "--observation=Thorough."]).ok();
    let id = last_id(&home);
    home.run(&["retract", &id]).ok();
    let before = home.log();
    assert_snapshot!(without_ids(&home.run(&["retract", &id[..8]]).fails(1)), @"
    error: `<id>` is no feedback, outcome or lesson that counts
    hint: `muzzle-persona log --type feedback`, `--type outcome` and `--type lesson` list them; what was taken back counts no more
    ");
    // An event of another kind: the seed of the first persona.
    let seed = chain(&before)[0]["id"].as_str().unwrap().to_owned();
    assert_snapshot!(without_ids(&home.run(&["retract", &seed]).fails(1)), @r"
    error: `<id>` is no feedback, outcome or lesson that counts
    hint: `muzzle-persona log --type feedback`, `--type outcome` and `--type lesson` list them; what was taken back counts no more
    ");
    let retraction = last_id(&home);
    home.run(&["retract", &retraction]).fails(1);
    assert_snapshot!(home.run(&["retract", "0000000000"]).fails(1), @r"
    error: no event has an id that begins with `0000000000`
    hint: `muzzle-persona log` shows the events with their times, numbers and ids
    ");
    assert_snapshot!(home.run(&["retract", "abc"]).fails(2), @"
    error: cannot use `abc` as `ID`: an id has 4 or more hex digits
    hint: `muzzle-persona help retract` tells what it takes
    ");
    home.run(&["retract"]).fails(2);
    home.run(&["retract", &id, "--reason", ""]).fails(2);
    let error = home.run(&["retract", &seed, "--json"]).fails(1);
    let error: Value = serde_json::from_str(&error).unwrap();
    assert_eq!(error["error"]["kind"], "not_found");
    assert_eq!(home.log(), before);
}

#[test]
fn the_beginning_of_several_ids_is_ambiguous() {
    let home = working();
    // Lines enough for two of their ids to begin alike.
    let reason = r#"{"persona":"Lian Zhou","reason":"manual"}"#;
    home.append_all(1, "reactivate", &[reason; 600]);
    let mut ids: Vec<_> = chain(&home.log())
        .iter()
        .map(|line| line["id"].as_str().unwrap()[..4].to_owned())
        .collect();
    ids.sort();
    let same = ids.windows(2).find(|two| two[0] == two[1]).unwrap()[0].clone();
    let before = home.log();
    let told = home.run(&["retract", &same]).fails(1);
    assert!(told.starts_with(&format!("error: `{same}` ")), "{told}");
    assert_eq!(home.log(), before);
}

#[test]
fn judgements_are_found_in_the_log_and_told_as_sentences() {
    let home = working();
    outcome(&home, "w2", "bad", &["--source", "ci"]).ok();
    home.run(&["feedback", "lian", "--observation=Thorough."]).ok();
    home.run(&["retract", &last_id(&home), "--reason=A slip."]).ok();
    let told = |kind: &str| without_ids(&home.run(&["log", "--type", kind]).ok());
    assert_snapshot!(told("outcome"), @"15  2026-03-25 15:30Z  <id>  Kwame Boateng's run as debugging in w2-0 ended badly, measured by ci (session s1)");
    assert_snapshot!(told("retract"), @"17  2026-03-25 15:30Z  <id>  <id> taken back: A slip.");
    assert_snapshot!(told("feedback"), @"16  2026-03-25 15:30Z  <id>  Lian Zhou judged positive as testing on demo by cli (session s1): Thorough.");
    for filter in ["--session=s1", "--persona=kwame", "--role=debugging"] {
        let events = home.run(&["log", filter, "--type=outcome", "--json"]).json();
        assert_eq!(events["events"].as_array().unwrap().len(), 1, "{filter}");
    }
    assert_snapshot!(home.run(&["diff", "14"]).ok(), @"
    14 (14 events, the last of 2026-03-25 15:30Z) → now (17 events, the last of 2026-03-25 15:30Z)

    Kwame Boateng
      debugging: affinity 0.500 → 0.482, runs +0 -0 → +0 -1
    ");
    let roles = home.run(&["diff", "14", "--json"]).json()["personas"][0]["roles"].clone();
    assert_eq!(
        roles["debugging"]["outcomes"],
        json!({"before": {"ok": 0, "bad": 0}, "after": {"ok": 0, "bad": 1}})
    );
}
