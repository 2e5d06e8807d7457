//! How a judgement is given: by flags, in words, from stdin, in an editor; and of which work.

use insta::assert_snapshot;
use serde_json::Value;

use crate::harness::{Done, Home, assign_args, chain, without_ids};

const SKILL: &str = include_str!("../../hook/claude-code/skills/personas/SKILL.md");

/// The last event of the log.
fn last(home: &Home) -> Value {
    chain(&home.log()).pop().unwrap()
}

#[test]
fn a_verdict_is_given_by_a_flag_and_taken_back_by_its_id() {
    let home = Home::seeded();
    home.assign("s1", "w", "testing");
    let told = home.run(&["feedback", "lian", "--good", "-m", "Broke the build."]).ok();
    assert_snapshot!(without_ids(&told), @r"
    Recorded as positive for Lian Zhou as testing on demo, as given.
    Affinity: 0.5 → 0.555555556
    `muzzle-persona retract <id>` takes it back.
    ");
    let id = last(&home)["id"].as_str().unwrap().to_owned();
    assert!(told.contains(&format!("retract {}`", &id[..8])), "{told}");
    home.run(&["retract", &id[..8]]).ok();
    for (flag, sentiment) in [("--bad", "negative"), ("--mixed", "neutral")] {
        let answer = home.run(&["feedback", "lian", flag, "-m=Good.", "--json"]).json();
        assert_eq!((&answer["sentiment"], &answer["given"]), (&sentiment.into(), &true.into()));
        assert_eq!(answer["event"], last(&home)["id"]);
    }
    for other in ["--bad", "--mixed", "--sentiment=negative"] {
        let both = home.run(&["feedback", "lian", "--good", other, "-m=x"]).fails(2);
        assert!(both.contains("cannot stand beside"), "{both}");
    }
}

#[test]
fn words_that_say_nothing_are_neutral_and_it_is_said_how_to_say_it_plainly() {
    let home = Home::seeded();
    let told = home.run(&["feedback", "lian", "-m", "Looked at three files."]).ok();
    assert_snapshot!(without_ids(&told), @r"
    Recorded as neutral for Lian Zhou as general, by its words: none of them tells.
    Affinity: 0.5 → 0.5
    `muzzle-persona retract <id>` takes it back.
    `--good` or `--bad` in place of it says plainly what is meant.
    ");
}

#[test]
fn the_example_of_the_skill_is_read_as_it_is_meant() {
    let home = Home::seeded();
    let example = SKILL.lines().find(|line| line.starts_with("muzzle-persona feedback NAME"));
    let words = shlex::split(example.unwrap()).unwrap();
    let mut args: Vec<_> = words.iter().skip(1).map(String::as_str).collect();
    args[1] = "elena";
    args.push("--json");
    assert_eq!(home.run(&args).json()["sentiment"], "positive", "{args:?}");
}

#[test]
fn lines_are_folded_wherever_they_come_from() {
    let home = Home::seeded();
    let folded = "Fixed the leak. And fast.";
    home.run(&["feedback", "lian", "-m", "Fixed the leak.\n\n  And fast.\r\n"]).ok();
    assert_eq!(last(&home)["text"]["observation"], folded);
    for dash in [["-m", "-"], ["--observation", "-"], ["--message", "-"]] {
        let mut command = home.command();
        command.args(["feedback", "lian"]).args(dash);
        Done::given("Fixed the leak.\nAnd fast.\n", &mut command).ok();
        assert_eq!(last(&home)["text"]["observation"], folded);
    }
    let mut command = home.command();
    let empty = Done::given(" \n\n", command.args(["feedback", "lian", "-m", "-"])).fails(2);
    assert_snapshot!(empty, @r"
    error: the observation is empty; nothing was recorded
    hint: say what was good or bad in a sentence, as in `-m 'Caught the race.'`
    ");
    assert_snapshot!(home.run(&["feedback", "lian"]).fails(2), @r"
    error: what was observed is missing
    hint: say it with `-m TEXT`; `-m -` reads it from stdin, `--edit` opens an editor; `--good`, `--bad` or `--mixed` can stand alone
    ");
}

#[test]
#[cfg(unix)]
fn an_editor_takes_the_text_and_what_it_leaves_empty_is_not_recorded() {
    let home = Home::seeded();
    let edit = |editor: &str| {
        let mut command = home.command();
        command.args(["feedback", "lian", "--edit"]).env("PATH", "/usr/bin:/bin");
        Done::of(command.env("EDITOR", editor))
    };
    edit(r#"sh -c 'printf "Fixed\nthe leak.\n# not this\n" > "$1"' sh"#).ok();
    assert_eq!(last(&home)["text"]["observation"], "Fixed the leak.");
    let before = home.log();
    assert!(edit("true").fails(2).starts_with("error: the observation is empty"));
    assert_snapshot!(edit("false").fails(1), @r"
    error: the editor `false` failed: exit status: 1; nothing was recorded
    hint: name one in `VISUAL` or `EDITOR`, or give the text as an argument
    ");
    assert!(edit("no-such-editor").fails(1).contains("could not be started"));
    assert!(edit("'").fails(1).contains("a quote is not closed"));
    assert_eq!(home.log(), before);
    // On a terminal nobody needs to ask for it, and `VISUAL` comes first.
    let mut command = home.command();
    command.args(["feedback", "lian"]).env("PATH", "/usr/bin:/bin").env("EDITOR", "false");
    command.env("VISUAL", r#"sh -c 'echo "No bugs." > "$1"' sh"#);
    let (code, shown) = crate::terminal::on_terminal(command, "");
    assert_eq!((code, shown.contains("Recorded as positive")), (Some(0), true), "{shown}");
}

#[test]
fn the_last_work_of_a_project_or_of_a_session_is_judged() {
    let home = Home::seeded();
    let first = home.assign("session-one", "w1", "testing");
    let second = home.assign("session-two", "w2", "testing");
    let judge = |args: &[&str]| home.run(&[&["feedback", "--json", "-m=Good."], args].concat());
    let answer = judge(&["--last", "--project=demo"]).json();
    assert_eq!(
        (&answer["name"], &answer["session"]),
        (&second.as_str().into(), &"session-two".into())
    );
    let answer = judge(&["--last", "--session=session-o"]).json();
    assert_eq!((&answer["name"], &answer["project"]), (&first.as_str().into(), &"demo".into()));
    let answer = judge(&[&first, "--session=session-one", "--role=qa"]).json();
    assert_eq!((&answer["role"], &answer["session"]), (&"testing".into(), &"session-one".into()));
    // In the project's own directory it need not be named.
    let demo = home.path().join("demo");
    std::fs::create_dir(&demo).unwrap();
    let mut command = home.command();
    command.current_dir(&demo).args(["feedback", "--last", "--json", "-m=Good."]);
    assert_eq!(Done::of(&mut command).json()["name"], second.as_str());

    // Of the two who work for one agent, one.
    home.run(&assign_args("third-session", "w3", "testing,general")).ok();
    let who = home.run(&["session", "third-session", "--json"]).json();
    let in_slot = |answer: &Value| (answer["name"].clone(), answer["slot"].clone());
    let lent = &who["assignments"][1];
    for replaced in [false, true] {
        let answer = judge(&["--session=third", "--slot=w3-1"]).json();
        assert_eq!((in_slot(&answer), &answer["replaced"]), (in_slot(lent), &replaced.into()));
        assert_eq!(last(&home)["data"]["slot"], "w3-1");
    }
    let told = home.run(&["session", "third-session", "--json"]).json();
    let verdicts = |at: usize| told["assignments"][at]["verdicts"].as_array().unwrap().len();
    assert_eq!((verdicts(0), verdicts(1)), (0, 1));

    let before = home.log();
    for (args, error) in [
        (&["--last", "--project=other"][..], "nobody was lent on `other`"),
        (&["--session=s9"], "nobody was lent in a session `s9`"),
        (
            &["--session=third-session", "--slot=w3-2"],
            "nobody was lent to `w3-2` in a session `third-session`",
        ),
        (
            &["--session=session-"],
            "`session-` could be any of the sessions `session-one`, `session-two`",
        ),
        (
            &["elena", "--session=session-one"],
            "`Elena Vasquez` was not lent in a session `session-one`",
        ),
        (&["--last", "--role=juggler", "--project=demo"], "there is no role named `juggler`"),
    ] {
        let said = home.run(&[&["feedback", "-m=Good."], args].concat()).fails(1);
        assert!(said.starts_with(&format!("error: {error}\nhint: ")), "{said}");
    }
    for usage in [&["lian", "--last"][..], &[], &["lian", "--slot=w3-1"]] {
        home.run(&[&["feedback", "-m=Good."], usage].concat()).fails(2);
    }
    assert_eq!(home.log(), before);
}

#[test]
fn a_verdict_needs_no_words_and_says_by_whom_it_is() {
    let home = Home::seeded();
    home.assign("s1", "w", "testing");
    let of = ["--session=s1", "--slot=w-0", "--source=client"];
    let answer = home.run(&[&["feedback", "--good", "--json"], &of[..]].concat()).json();
    assert_eq!((&answer["sentiment"], &answer["given"]), (&"positive".into(), &true.into()));
    let event = last(&home);
    assert_eq!((&event["type"], &event["data"]["source"]), (&"feedback".into(), &"client".into()));
    // There is no text, and no digest of one.
    assert_eq!((&event["text"], &event["data"]["text"]), (&Value::Null, &Value::Null));
    home.run(&["verify"]).ok();
    for args in [
        &["review", "lian"][..],
        &["show", "lian"],
        &["session", "s1"],
        &["log"],
        &["history", "lian"],
        &["why", "--last"],
    ] {
        let told = home.run(args).ok();
        assert!(!told.contains("gone"), "{args:?}: {told}");
        assert!(!told.lines().any(|line| line.trim_end().ends_with(':')), "{args:?}: {told}");
    }
    let told = home.run(&["session", "s1"]).ok();
    let verdict = told.lines().last().unwrap();
    assert!(verdict.contains("  client  Lian Zhou as testing  good"), "{told}");
    let told = home.run(&["session", "s1", "--json"]).json();
    let verdict = &told["assignments"][0]["verdicts"][0];
    assert_eq!((&verdict["source"], &verdict["observation"]), (&"client".into(), &Value::Null));
    let told = home.run(&["review", "lian", "--json"]).json();
    assert_eq!(told["verdicts"][0]["observation"], Value::Null);

    // Of several sources each counts, and of one the last.
    let judge =
        |args: &[&str]| home.run(&[&["feedback", "--json"], &of[..2], args].concat()).json();
    assert_eq!(judge(&["--bad", "--source=ci"])["replaced"], false);
    assert_eq!(judge(&["--mixed", "--source=client"])["replaced"], true);
    let before = home.log();
    for args in [
        &["--good", "--teach"][..],
        &["--good", "-m", " "],
        &["--good", "--source="],
        &["--good", "--source=a\nb"],
    ] {
        home.run(&[&["feedback", "lian"], args].concat()).fails(2);
    }
    assert_eq!(home.log(), before);
    // Words that are forgotten are another matter than words that were never said.
    home.run(&["feedback", "lian", "--good", "-m", "Fast."]).ok();
    let id = last(&home)["id"].as_str().unwrap().to_owned();
    home.run(&["forget", &id]).ok();
    assert!(home.run(&["session", "s1"]).ok().contains("(its text is gone)"));
}

#[test]
fn an_assignment_of_several_is_not_judged_as_one() {
    let home = Home::seeded();
    let roles = r#"["testing","debugging"]"#;
    let assign = ["assign", "--roles", roles, "--project=p", "--session=s", "--agent-name=w"];
    home.run(&assign).ok();
    let said = home.run(&["feedback", "--session=s", "-m=Good."]).fails(1);
    assert!(said.starts_with("error: the last assignment there is of `"), "{said}");
    let one = home.run(&["feedback", "--session=s", "--role=debugging", "-m=Good.", "--json"]);
    assert_eq!(one.json()["role"], "debugging");
}
