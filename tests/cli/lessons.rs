//! What personas are taught, where they left their projects, and what their agents are told of it.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::harness::{Done, Home, assign_args, chain, without_ids};

fn last(home: &Home, count: usize) -> Vec<Value> {
    let lines = chain(&home.log());
    lines[lines.len() - count..].to_vec()
}

fn last_id(home: &Home) -> String {
    last(home, 1)[0]["id"].as_str().unwrap().to_owned()
}

fn teach(home: &Home, lesson: &str, more: &[&str]) -> Done {
    home.run(&[&["teach", "elena", "--lesson", lesson], more].concat())
}

fn show(home: &Home) -> Value {
    home.run(&["show", "elena", "--json"]).json()
}

/// What Elena's next agent is told, and the answer that it is from.
fn told(home: &Home, session: &str, role: &str) -> (String, Value) {
    let args = assign_args(session, "w", role);
    let mut answer = home.run(&[&args[..], &["--summon", "elena"]].concat()).json();
    let preamble = answer["preambles"][0].as_str().unwrap().to_owned();
    (preamble, answer["assignments"][0].take())
}

#[test]
fn a_lesson_reaches_the_next_agent_and_is_counted() {
    let mut home = Home::seeded();
    let answer = teach(&home, "Run it twice.", &["--role", "Test", "--project", "demo"]).ok();
    let lesson = last(&home, 1).remove(0);
    let id = lesson["id"].as_str().unwrap().to_owned();
    assert!(answer.contains(&id[..8]));
    assert_snapshot!(without_ids(&answer), @"
    Taught Elena Vasquez for testing on demo, as the lesson <id>.
    `muzzle-persona unlearn <id>` has it offered no more.
    ");
    assert_eq!((&lesson["v"], &lesson["type"]), (&json!(2), &json!("lesson")));
    assert_eq!(lesson["data"]["role"], "testing", "resolved");
    assert_eq!(lesson["text"]["lesson"], "Run it twice.");
    assert_eq!(lesson["data"]["from"], Value::Null);
    home.at("2026-03-27T09:00:00Z");
    let (preamble, assigned) = told(&home, "s1", "testing");
    assert_snapshot!(preamble, @"
    You are Elena Vasquez, the testing persona assigned by muzzle-persona.
    Working style: pragmatic, skeptical. Expertise: security, backend.
    Question the assumption that would hurt most if it were false. Prefer the smallest change that works, and show the command that proves it.
    Learned: Run it twice. (2026-03-25)
    ---
    ");
    assert_eq!((&assigned["lessons"], &assigned["note"]), (&json!([id]), &Value::Null));
    // Asked again, it is the same assignment, and no other hand-out.
    told(&home, "s1", "testing");
    let (other, assigned) = told(&home, "s1", "debugging");
    assert!(!other.contains("Learned"), "{other}");
    assert_eq!(assigned["lessons"], json!([]));
    assert_snapshot!(without_ids(&home.run(&["show", "elena"]).ok()).split("\n\n").last().unwrap(), @"
    Lessons
    ID        FOR              AGE    OFFERED  LESSON
    <id>  testing on demo  1 day        1  Run it twice.
    ");
    assert_eq!(
        show(&home)["lessons"],
        json!([{"id": id, "role": "testing", "project": "demo", "from": null,
            "taught_at": "2026-03-25T15:30:00Z", "times_offered": 1, "lesson": "Run it twice."}])
    );
    // From a checkpoint and from the log it is the same.
    let before = show(&home);
    home.run(&["compact"]).ok();
    std::fs::remove_dir_all(home.store().join(".cache")).unwrap();
    assert_eq!(show(&home), before);
}

#[test]
fn what_was_observed_becomes_a_lesson_in_one_command() {
    let home = Home::seeded();
    told(&home, "s1", "testing");
    let observation = "Missed that the retry test needs two runs.";
    let answer = home.run(&["feedback", "elena", "--teach", "--observation", observation]).ok();
    assert_snapshot!(without_ids(&answer), @"
    Recorded as negative for Elena Vasquez as testing on demo, by its words: against it `missed`.
    Affinity: 0.5 → 0.444444444
    `muzzle-persona retract <id>` takes it back.
    Taught Elena Vasquez for testing, as the lesson <id>.
    `muzzle-persona unlearn <id>` has it offered no more.
    ");
    let [feedback, lesson] = last(&home, 2).try_into().unwrap();
    assert_eq!((&feedback["type"], &lesson["type"]), (&json!("feedback"), &json!("lesson")));
    assert_eq!(lesson["data"]["from"], feedback["id"]);
    assert_eq!(lesson["data"]["role"], "testing");
    assert_eq!(lesson["data"]["project"], Value::Null);
    assert_eq!(lesson["text"]["lesson"], observation);
    assert_ne!(lesson["text"]["salt"], feedback["text"]["salt"]);
    // Each prefix is a valid history.
    let log = home.log();
    let lines: Vec<_> = log.split_inclusive(|byte| *byte == b'\n').collect();
    let whole = home.run(&["verify", "--json"]).json();
    assert_eq!(whole["sound"], true);
    home.set_log(&lines[..lines.len() - 1].concat());
    std::fs::remove_dir_all(home.store().join(".cache")).ok();
    assert_eq!(home.run(&["verify", "--json"]).json()["sound"], true);
    assert_eq!(show(&home)["lessons"], json!([]));
    home.set_log(&log);

    // The same lesson again: the verdict is recorded, and nothing is taught.
    let args = ["feedback", "elena", "--teach", "--observation", observation, "--json"];
    let again = home.run(&args).json();
    assert_eq!(again["taught"]["recorded"], false);
    assert_eq!(again["taught"]["id"], lesson["id"]);
    assert_eq!(last(&home, 1)[0]["type"], "feedback");
    // The project is that of the lesson if it is named.
    let named = home.run(&[&args[..], &["--project", "demo"]].concat()).json();
    assert_eq!(named["taught"]["project"], "demo");
    assert_eq!(named["taught"]["recorded"], true);
    let without = home.run(&["feedback", "elena", "--observation=Good.", "--json"]).json();
    assert_eq!(without["taught"], Value::Null);
}

#[test]
fn a_lesson_is_unlearned_or_taken_back_once() {
    let home = Home::seeded();
    teach(&home, "Run it twice.", &[]).ok();
    let first = last_id(&home);
    assert_snapshot!(without_ids(&teach(&home, "Run it twice.", &[]).ok()), @"Elena Vasquez is offered just that for any work already (lesson <id>); nothing to do.");
    assert_eq!(last_id(&home), first, "it is offered already");
    teach(&home, "Read the log.", &[]).ok();
    let second = last_id(&home);
    let answer = home.run(&["unlearn", &first[..8], "--reason", "The cache is gone."]).ok();
    assert_snapshot!(without_ids(&answer), @"The lesson <id> is offered to Elena Vasquez no more: Run it twice.");
    assert_eq!(last(&home, 1)[0]["data"], json!({"lesson": first, "reason": "The cache is gone."}));
    assert_snapshot!(without_ids(&home.run(&["retract", &second[..8]]).ok()), @"Took back the lesson <id> of Elena Vasquez; it is offered no more.");
    assert_eq!(show(&home)["lessons"], json!([]));
    let (preamble, _) = told(&home, "s1", "testing");
    assert!(!preamble.contains("Learned"), "{preamble}");
    let before = home.log();
    assert_snapshot!(without_ids(&home.run(&["unlearn", &first]).fails(1)), @"
    error: `<id>` is no lesson that is offered
    hint: `muzzle-persona log --type lesson` lists all that were taught
    ");
    home.run(&["unlearn", &second]).fails(1);
    assert_snapshot!(without_ids(&home.run(&["retract", &first]).fails(1)), @"
    error: `<id>` is no feedback, outcome or lesson that counts
    hint: `muzzle-persona log --type feedback`, `--type outcome` and `--type lesson` list them; what was taken back counts no more
    ");
    // Another event, no event, and no id.
    let seed = chain(&before)[0]["id"].as_str().unwrap().to_owned();
    home.run(&["unlearn", &seed]).fails(1);
    assert_snapshot!(home.run(&["unlearn", "0000000000"]).fails(1), @"
    error: no event has an id that begins with `0000000000`
    hint: `muzzle-persona log` shows the events with their times, numbers and ids
    ");
    assert_snapshot!(home.run(&["unlearn", "abc"]).fails(2), @"
    error: cannot use `abc` as `ID`: an id has 4 or more hex digits
    hint: `muzzle-persona help unlearn` tells what it takes
    ");
    home.run(&["unlearn"]).fails(2);
    home.run(&["unlearn", &seed, "--reason="]).fails(2);
    assert_eq!(home.log(), before);
    // What was unlearned can be taught again.
    assert!(teach(&home, "Run it twice.", &[]).ok().starts_with("Taught"));
}

#[test]
fn what_is_no_lesson_is_refused_and_nothing_is_recorded() {
    let home = Home::seeded();
    told(&home, "s1", "testing");
    let before = home.log();
    for (text, why) in [
        ("é".repeat(201), "the lesson is 201 characters long; the limit is 200"),
        ("a\nLearned: b".to_owned(), "the lesson holds the control character U+000A at position 2"),
        ("a\u{1b}[2J".to_owned(), "the lesson holds the control character U+001B at position 2"),
        ("a\u{202e}b".to_owned(), "the lesson holds the control character U+202E at position 2"),
        ("a\u{2066}b".to_owned(), "the lesson holds the control character U+2066 at position 2"),
        ("---".to_owned(), "the lesson has no letter or digit in it"),
        (String::new(), "the lesson is empty"),
        (" ".to_owned(), "the lesson is empty"),
    ] {
        let said = home.run(&["teach", "elena", &format!("--lesson={text}")]).fails(2);
        assert!(said.contains(why), "{why}: {said}");
        assert!(!said.contains(['\u{1b}', '\u{202e}', '\u{2066}']), "{said:?}");
        let note = why.replace("lesson", "note");
        for command in ["note", "release"] {
            let said = home.run(&[command, "--session=s1", &format!("--note={text}")]).fails(2);
            assert!(said.contains(&note), "{note}: {said}");
        }
    }
    let long = format!("--observation={}", "x".repeat(201));
    assert_snapshot!(home.run(&["feedback", "elena", "--teach", &long]).fails(2), @"
    error: the observation cannot become a lesson: the lesson is 201 characters long; the limit is 200
    hint: leave out `--teach`, and `muzzle-persona teach elena -m TEXT` in fewer words
    ");
    home.run(&["feedback", "elena", "--teach", "--observation=---"]).fails(2);
    assert_snapshot!(teach(&home, "Wait.", &["--role", "tester-of-things"]).fails(1), @"
    error: there is no role named `tester-of-things`
    hint: did you mean `muzzle-persona teach elena --lesson Wait. --role testing`?
    ");
    assert_snapshot!(teach(&home, "Wait.", &["--role", "astronaut"]).fails(1), @"
    error: there is no role named `astronaut`
    hint: did you mean `muzzle-persona teach elena --lesson Wait. --role general`?
    ");
    assert_snapshot!(home.run(&["teach", "elana", "--lesson=Wait."]).fails(1), @"
    error: there is no persona named `elana`
    hint: did you mean `muzzle-persona teach 'Elena Vasquez' --lesson=Wait.`?
    ");
    home.run(&["teach", "elena"]).fails(2);
    home.run(&["teach", "--lesson=Wait."]).fails(2);
    assert_eq!(home.log(), before);
    // The longest, and those that are written from right to left, are welcome.
    let longest = "é".repeat(200);
    for text in ["اقرأ السجل أولاً.", "קרא את היומן תחילה.", &longest]
    {
        teach(&home, text, &[]).ok();
        assert_eq!(show(&home)["lessons"][0]["lesson"], text);
    }
    assert_eq!(home.run(&["feedback", "elena", "--teach", &long[..214], "--json"]).code, Some(0));
}

#[test]
fn a_note_is_told_to_whoever_goes_on_with_the_project() {
    let mut home = Home::seeded();
    told(&home, "s1", "testing");
    home.assign("s1", "v", "general");
    let note = |text: &str, more: &[&str]| {
        home.run(&[&["note", "--session=s1", "--note", text], more].concat())
    };
    assert_snapshot!(without_ids(&note("Begun.", &[]).ok()), @"
    Left a note for Kwame Boateng on demo (<id>).
    Left a note for Elena Vasquez on demo (<id>).
    ");
    assert_eq!(last(&home, 2)[0]["data"]["slot"], "v-0");
    let answer = note("The queue is left.", &["--agent-name=w"]).ok();
    assert_snapshot!(without_ids(&answer), @"Left a note for Elena Vasquez on demo (<id>).");
    let [noted] = last(&home, 1).try_into().unwrap();
    assert_eq!(noted["text"]["note"], "The queue is left.");
    let before = home.log();
    assert_snapshot!(note("Lost.", &["--agent-name=x"]).fails(1), @"
    error: the agent `x` of the session `s1` holds no persona
    hint: a note is left while a persona is held; `muzzle-persona log --type assign` shows which agents were lent whom
    ");
    assert_snapshot!(home.run(&["note", "--session=s9", "--note=Lost."]).fails(1), @"
    error: the session `s9` holds no persona
    hint: a note is left while a persona is held; `muzzle-persona log --type assign` shows which agents were lent whom
    ");
    assert_eq!(home.log(), before);
    home.run(&["release", "--session", "s1"]).ok();
    home.at("2026-03-27T09:00:00Z");
    let (preamble, assigned) = told(&home, "s2", "testing");
    assert!(preamble.contains("\nLeft here: The queue is left. (2026-03-25)\n"), "{preamble}");
    assert_eq!(assigned["note"], noted["id"]);
    let shown = show(&home)["notes"].clone();
    assert_eq!(
        shown,
        json!([{"project": "demo", "id": noted["id"], "left_at": "2026-03-25T15:30:00Z",
            "note": "The queue is left."}])
    );
    assert_snapshot!(without_ids(&home.run(&["show", "elena"]).ok()).split("\n\n").last().unwrap(), @"
    Left here
    ID        PROJECT  AGE    NOTE
    <id>  demo     1 day  The queue is left.
    ");
    // On another project nothing is told.
    let other = ["assign", "--roles=testing", "--project=other", "--session=s3", "--agent-name=w"];
    home.run(&["release", "--session", "s2"]).ok();
    let answer = home.run(&[&other[..], &["--summon=elena"]].concat()).ok();
    assert!(!answer.contains("Left here"), "{answer}");
}

#[test]
fn a_release_leaves_the_note_of_those_that_it_gives_back() {
    let home = Home::seeded();
    told(&home, "s1", "testing");
    home.assign("s1", "v", "general");
    let release = |more: &[&str]| {
        home.run(&[&["release", "--session=s1", "--note", "Half done."], more].concat())
    };
    assert_snapshot!(without_ids(&release(&["--agent-name=w"]).ok()), @"
    Released 1 persona of the session `s1`:
      Elena Vasquez from w-0, testing
    Left a note for Elena Vasquez on demo (<id>).
    ");
    let [note, released] = last(&home, 2).try_into().unwrap();
    assert_eq!((&note["type"], &released["type"]), (&json!("note"), &json!("release")));
    assert_eq!(note["data"]["persona"], "Elena Vasquez");
    let rest = release(&["--json"]).json();
    assert_eq!(rest["notes"].as_array().unwrap().len(), 1);
    assert_eq!(rest["notes"][0]["event"], last(&home, 2)[0]["id"]);
    let before = home.log();
    let again = release(&[]);
    assert_eq!(again.code, Some(0));
    assert_snapshot!(again.stdout, @"The session `s1` holds no persona; nothing to release.");
    assert_snapshot!(again.stderr, @"warning: nothing was open, so no note was left");
    assert_eq!(home.log(), before);
    assert_eq!(home.run(&["release", "--session=s1", "--json"]).json()["notes"], json!([]));
}

#[test]
fn lessons_and_notes_are_told_as_sentences_and_found() {
    let home = Home::seeded();
    told(&home, "s1", "testing");
    home.run(&["feedback", "elena", "--teach", "--observation=Ran it twice."]).ok();
    let lesson = last_id(&home);
    teach(&home, "Read the log.", &["--role=debugging", "--project=acme"]).ok();
    home.run(&["note", "--session=s1", "--note=Half done."]).ok();
    home.run(&["unlearn", &lesson, "--reason=It changed."]).ok();
    assert_snapshot!(without_ids(&home.run(&["log", "--limit=5"]).ok()), @"
    18  2026-03-25 15:30Z  <id>  lesson <id> offered no more: It changed.
    17  2026-03-25 15:30Z  <id>  Elena Vasquez left a note on demo (w-0, session s1): Half done.
    16  2026-03-25 15:30Z  <id>  Elena Vasquez taught as debugging on acme: Read the log.
    15  2026-03-25 15:30Z  <id>  Elena Vasquez taught as testing (from <id>): Ran it twice.
    14  2026-03-25 15:30Z  <id>  Elena Vasquez judged neutral as testing on demo by cli (session s1): Ran it twice.
    ");
    for (filter, count) in
        [("--type=lesson", 2), ("--role=debugging", 1), ("--project=acme", 1), ("--type=note", 1)]
    {
        let events = home.run(&["log", filter, "--persona=elena", "--json"]).json();
        assert_eq!(events["events"].as_array().unwrap().len(), count, "{filter}");
    }
    let path = home.log_path();
    let rendered = home.run(&["render", path.to_str().unwrap()]).ok();
    assert!(rendered.contains("Elena Vasquez left a note on demo"), "{rendered}");
    // What the agent was offered is told with why it got that persona.
    home.run(&["release", "--session=s1"]).ok();
    teach(&home, "Wait for the lock.", &[]).ok();
    let wait = last_id(&home);
    told(&home, "s2", "testing");
    teach(&home, "Too late.", &[]).ok();
    let why = home.run(&["why", "elena", "--session=s2"]).ok();
    assert!(why.contains("\nIt was offered the lesson"), "{why}");
    let why = home.run(&["why", "elena", "--session=s2", "--json"]).json();
    assert_eq!(why["lessons"], json!([wait]));
    let history = home.run(&["history", "elena", "--json"]).json();
    assert_eq!(history["assignments"][1]["note"], "Half done.");
    assert_eq!(history["assignments"][0]["note"], Value::Null);
    let history = home.run(&["history", "elena"]).ok();
    assert_snapshot!(history.split("\n\n").next().unwrap(), @"
    ASSIGNED           RELEASED           ROLE     PROJECT  SLOT  SESSION  SAID   NOTE
    2026-03-25 15:30Z  not yet            testing  demo     w-0   s2
    2026-03-25 15:30Z  2026-03-25 15:30Z  testing  demo     w-0   s1       mixed  Half done.
    ");
    // Between two moments, too.
    let diff = home.run(&["diff", "14"]).ok();
    assert!(diff.contains("lessons"), "{diff}");
}

#[test]
fn the_help_shows_examples_and_the_shell_completes_names() {
    let home = Home::seeded();
    for (command, words) in [
        ("teach", &["--lesson", "--role", "--project", "Examples:"][..]),
        ("unlearn", &["<ID>", "--reason", "Examples:"]),
        ("note", &["--session", "--agent-name", "--note", "Examples:"]),
        ("feedback", &["--teach", "Examples:"]),
        ("release", &["--note"]),
    ] {
        let help = home.run(&[command, "--help"]).ok();
        for word in words {
            assert!(help.contains(word), "{word}: {help}");
        }
        assert!(home.run(&["help"]).ok().contains(&format!("\n  {command} ")), "{command}");
    }
    let mut command = home.command();
    let done = Done::of(
        command
            .env("COMPLETE", "zsh")
            .env("_CLAP_COMPLETE_INDEX", "2")
            .env("_CLAP_IFS", "\n")
            .args(["--", "muzzle-persona", "teach", "el"]),
    );
    assert!(done.ok().contains("Elena Vasquez"));
}
