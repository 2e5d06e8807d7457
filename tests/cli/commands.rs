//! The commands that judge, rank, change and tell: each for people, for programs, and refused.

use insta::assert_snapshot;
use serde_json::json;

use crate::harness::{Done, Home, assign_args, chain, without_ids};

/// A store in which some work was done and judged.
fn busy() -> Home {
    let mut home = Home::seeded();
    home.assign("s1", "w1", "testing");
    home.run(&["feedback", "lian", "--observation", "Thorough; caught the off-by-one."]).ok();
    home.at("2026-03-25T16:30:00Z").run(&["release", "--session", "s1"]).ok();
    home.at("2026-03-26T09:00:00Z").assign("s2", "w2", "code-reviewer");
    home
}

#[test]
fn feedback_tells_how_it_was_read_and_what_it_did() {
    let home = busy();
    let judge = |args: &[&str]| without_ids(&home.run(&[&["feedback"], args].concat()).ok());
    assert_snapshot!(judge(&["elena", "--observation", "Sloppy, not helpful; fast."]), @r"
    Recorded as negative for Elena Vasquez as code-reviewer on demo, by its words: for it `fast`; against it `sloppy`, `not … helpful`.
    Affinity: 0.5 → 0.444444444
    `muzzle-persona retract <id>` takes it back.
    ");
    assert_snapshot!(judge(&["lian", "--observation", "It ran.", "--role", "qa"]), @r"
    Recorded as neutral for Lian Zhou as testing on demo, by its words: none of them tells.
    It counts in place of the verdict that was given on the same session before.
    Affinity: 0.557032115 → 0.501867995
    `muzzle-persona retract <id>` takes it back.
    `--good` or `--bad` in place of it says plainly what is meant.
    ");
    let args =
        ["kwame", "--observation=x", "--sentiment=positive", "--role=debugging", "--project=p"];
    assert_snapshot!(judge(&args), @r"
    Recorded as positive for Kwame Boateng as debugging on p, as given.
    Affinity: 0.5 → 0.555555556
    `muzzle-persona retract <id>` takes it back.
    ");
    let last = chain(&home.log()).pop().unwrap();
    assert_eq!((&last["v"], &last["text"]["observation"]), (&json!(2), &json!("x")));
    let digest = &last["data"]["text"];
    assert_eq!(
        last["data"],
        json!({"persona": "Kwame Boateng", "role": "debugging", "project": "p",
            "sentiment": "positive", "source": "cli", "text": digest})
    );
    assert_snapshot!(judge(&["elena", "--observation", "Missed it.", "--json"]));
}

#[test]
fn feedback_refuses_what_it_cannot_record() {
    let home = Home::seeded();
    let before = home.log();
    let unknown = home.run(&["feedback", "nobody", "--observation", "x"]).fails(1);
    assert!(unknown.starts_with("error: there is no persona named `nobody`\n"), "{unknown}");
    let long = home.run(&["feedback", "elena", "--observation", &"x".repeat(2001)]).fails(2);
    assert!(long.contains("the observation is 2001 characters long; the limit is 2000"), "{long}");
    let control = home.run(&["feedback", "elena", "--observation", "a\u{1b}b"]).fails(2);
    assert!(
        control.contains("the observation holds the control character U+001B at position 2"),
        "{control}"
    );
    home.run(&["feedback", "elena", "--observation", "x", "--sentiment", "meh"]).fails(2);
    assert_eq!(home.log(), before);
}

#[test]
fn search_ranks_as_assign_would_and_says_who_is_not_listed() {
    let mut home = busy();
    home.run(&["retire", "noor"]).ok();
    assert_snapshot!(home.run(&["search", "--role", "testing"]).ok());
    assert_snapshot!(home.run(&["search", "--role=code-reviewer", "--all", "--limit", "3"]).ok());
    assert_snapshot!(home.run(&["search", "--role", "testing", "--limit", "1", "--json"]).ok());
    let standing = |more: &[&str]| {
        let args = [&["search", "--role=testing", "--limit=100", "--json"], more].concat();
        let found = home.run(&args).json()["personas"].as_array().unwrap().clone();
        let of = |name: &str| {
            let persona = found.iter().find(|persona| persona["name"] == name)?;
            Some((persona["status"].clone(), persona["held_by"].clone()))
        };
        [of("Elena Vasquez"), of("Noor Haddadin")]
    };
    assert_eq!(standing(&[]), [None, None]);
    let held = Some((json!("active"), json!(["s2"])));
    assert_eq!(standing(&["--all"]), [held, Some((json!("archived"), json!([])))]);
    home.at("2026-04-30T00:00:00Z");
    let best = home.run(&["search", "--role", "testing", "--json"]).json()["personas"][0].clone();
    let chosen = home.run(&assign_args("s9", "w", "testing")).json()["assignments"][0].clone();
    assert_eq!((&best["name"], &best["score"]), (&chosen["name"], &chosen["score"]));
    assert_eq!(home.run(&["search"]).code, Some(2), "a role is needed");
}

#[test]
fn retire_leaves_a_persona_at_work_alone_unless_forced() {
    let home = busy();
    let before = home.log();
    assert_snapshot!(home.run(&["retire", "elena"]).fails(1), @"
    error: `Elena Vasquez` is held by the session `s2`
    hint: `muzzle-persona release --session s2` gives it back; `--force` does that first
    ");
    assert_eq!(home.log(), before);
    assert_snapshot!(home.run(&["retire", "elena", "--force"]).ok(), @r"
    Released Elena Vasquez from w2-0, code-reviewer.
    Archived Elena Vasquez.
    ");
    let before = home.log();
    assert_snapshot!(home.run(&["retire", "elena"]).ok(), @"Elena Vasquez is archived already; nothing to do.");
    assert_eq!(home.log(), before);
    assert_snapshot!(home.run(&["retire", "noor", "--json"]).ok(), @r#"
    {
      "name": "Noor Haddadin",
      "status": "archived",
      "changed": true,
      "released": []
    }
    "#);
    home.run(&["retire", "nobody"]).fails(1);
}

#[test]
fn reactivate_brings_a_persona_back() {
    let home = busy();
    home.run(&["retire", "noor"]).ok();
    assert_snapshot!(home.run(&["reactivate", "noor"]).ok(), @"Noor Haddadin is active again.");
    let before = home.log();
    assert_snapshot!(home.run(&["reactivate", "noor"]).ok(), @"Noor Haddadin is active already; nothing to do.");
    assert_eq!(home.log(), before);
    assert_snapshot!(home.run(&["reactivate", "noor", "--json"]).ok(), @r#"
    {
      "name": "Noor Haddadin",
      "status": "active",
      "changed": false
    }
    "#);
    home.run(&["reactivate", "nobody"]).fails(1);
}

#[test]
fn grow_makes_personas_that_did_not_exist() {
    let home = Home::seeded();
    let total =
        |home: &Home| home.run(&["stats", "--json"]).json()["personas"]["total"].as_u64().unwrap();
    let before = total(&home);
    let told = home.run(&["grow"]).ok();
    assert!(told.starts_with("Grew 5 personas:\nNAME "), "{told}");
    assert_eq!(total(&home), before + 5);
    assert!(home.run(&["grow", "--count=1"]).ok().starts_with("Grew 1 persona:\n"));
    let grown = home.run(&["grow", "--count", "2", "--json"]).json()["grown"].clone();
    assert_eq!(grown.as_array().unwrap().len(), 2);
    for persona in grown.as_array().unwrap() {
        assert_eq!(persona["traits"].as_array().unwrap().len(), 2);
        assert_eq!(persona["expertise"].as_array().unwrap().len(), 2);
        assert_eq!(persona["instructions"], json!({}));
        let shown = home.run(&["show", persona["name"].as_str().unwrap(), "--json"]).json();
        assert_eq!(shown["origin"], "grown");
    }
    for count in ["0", "1001", "many"] {
        home.run(&["grow", "--count", count]).fails(2);
    }
    assert_eq!(total(&home), before + 8);
}

#[test]
fn compacted_feedback_stops_counting_and_is_kept_as_a_summary() {
    let mut home = busy();
    let seed = home.set_seed("[scoring]\nmodel = \"share\"\n");
    let affinity = |home: &Home| home.run(&["show", "elena", "--json"]).json()["affinity"].clone();
    home.run(&["feedback", "elena", "--observation", "Excellent."]).ok();
    assert_eq!(affinity(&home), json!({"code-reviewer": 0.02}));

    home.at("2026-04-25T09:00:00Z");
    let before = home.log();
    let left = home.run(&["compact"]).ok();
    assert_snapshot!(left, @"
    Compacted 1 feedback event from before 2026-03-26 09:00Z:
    NAME       ROLE     MONTH    POSITIVE  NEGATIVE  NEUTRAL
    Lian Zhou  testing  2026-03         1         0        0
    ");
    assert_eq!(affinity(&home), json!({"code-reviewer": 0.02}), "thirty days to the second");
    assert_eq!(chain(&home.log()).len(), chain(&before).len() + 1);

    home.at("2026-04-25T09:00:01Z");
    assert_snapshot!(home.run(&["compact", "--json"]).ok());
    assert_eq!(affinity(&home), json!({}));
    // In the record half of it stays; of that, a month leaves 0.8.
    std::fs::remove_file(seed).unwrap();
    assert_eq!(affinity(&home), json!({"code-reviewer": 0.523_809_524}));
    let before = home.log();
    assert_snapshot!(home.run(&["compact", "--older-than", "0"]).ok(), @"No feedback from before 2026-04-25 09:00Z is left to compact.");
    assert_eq!(home.log(), before);
    home.run(&["compact", "--older-than", "soon"]).fails(2);
}

#[test]
fn seed_sync_adds_and_revises_what_the_file_says() {
    let home = Home::seeded();
    assert_snapshot!(home.run(&["seed", "--sync"]).fails(1).replace(home.path().to_str().unwrap(), "~"), @r"
    error: could not read the seed file `~/.muzzle/personas/seed.toml`: No such file or directory (os error 2)
    hint: `muzzle-persona seed init` writes one; `--file FILE` names another
    ");
    home.set_seed(
        "[[persona]]\nname = \"Ada Quill\"\nexpertise = [\"testing\"]\n\
         [[persona]]\nname = \"Elena Vasquez\"\ntraits = [\"calm\"]\n",
    );
    let before = home.log();
    let told = |args: &[&str]| home.run(args).ok().replace(home.path().to_str().unwrap(), "~");
    assert_snapshot!(told(&["seed"]), @r"
    2 personas in `~/.muzzle/personas/seed.toml`: 1 to add, 1 to revise, 0 unchanged
      + Ada Quill
      ~ Elena Vasquez
          traits:
            - pragmatic, skeptical
            + calm
          expertise:
            - security, backend
          instructions.code-reviewer:
            - Start with error paths, input handling and concurrency. Report only defects that can be triggered, each with its trigger; leave style to the formatter.
          instructions.general:
            - Question the assumption that would hurt most if it were false. Prefer the smallest change that works, and show the command that proves it.
          instructions.security-review:
            - Follow untrusted data from entry point to sink. Rate each finding by who can reach it and what they gain; drop those without a workable path.
    Nothing was recorded; `--sync` does it.
    ");
    assert_eq!(home.log(), before);
    assert_snapshot!(told(&["seed", "--sync", "--json"]), @r#"
    {
      "file": "~/.muzzle/personas/seed.toml",
      "recorded": true,
      "added": [
        "Ada Quill"
      ],
      "revised": [
        "Elena Vasquez"
      ],
      "changes": {
        "Elena Vasquez": [
          {
            "field": "traits",
            "from": "pragmatic, skeptical",
            "to": "calm"
          },
          {
            "field": "expertise",
            "from": "security, backend",
            "to": ""
          },
          {
            "field": "instructions.code-reviewer",
            "from": "Start with error paths, input handling and concurrency. Report only defects that can be triggered, each with its trigger; leave style to the formatter.",
            "to": ""
          },
          {
            "field": "instructions.general",
            "from": "Question the assumption that would hurt most if it were false. Prefer the smallest change that works, and show the command that proves it.",
            "to": ""
          },
          {
            "field": "instructions.security-review",
            "from": "Follow untrusted data from entry point to sink. Rate each finding by who can reach it and what they gain; drop those without a workable path.",
            "to": ""
          }
        ]
      },
      "unchanged": [],
      "kept": []
    }
    "#);
    let before = home.log();
    assert_snapshot!(told(&["seed", "--sync"]), @"2 personas in `~/.muzzle/personas/seed.toml`: 0 added, 0 revised, 2 unchanged");
    assert_eq!(home.log(), before);
    assert_eq!(home.run(&["show", "elena", "--json"]).json()["traits"], json!(["calm"]));
}

#[test]
fn a_bad_seed_file_is_refused_whole() {
    let home = Home::seeded();
    let before = home.log();
    let file = home.path().join("mine.toml");
    std::fs::rename(
        home.set_seed("[[persona]]\nname = \"Ada Quill\"\n[[persona]]\nname = 7\n"),
        &file,
    )
    .unwrap();
    let stderr = home.run(&["seed", "--sync", "--file", file.to_str().unwrap()]).fails(1);
    assert_snapshot!(stderr.replace(home.path().to_str().unwrap(), "~"), @r"
    error: `~/mine.toml`, line 4, column 8: invalid type: integer `7`, expected a string
    hint: mend the file, or move it away to use the built-in seed
    ");
    assert_eq!(home.log(), before);
}

#[test]
fn orphan_cleanup_takes_personas_away_from_silent_sessions() {
    let mut home = busy();
    assert_snapshot!(home.run(&["orphan-cleanup"]).ok(), @"No session that holds a persona fell silent; nothing to release.");
    home.at("2026-03-27T08:59:59Z");
    assert_eq!(home.run(&["orphan-cleanup", "--json"]).json()["sessions"], json!([]));
    home.at("2026-03-27T09:00:00Z");
    let before = home.log();
    assert_snapshot!(home.run(&["orphan-cleanup", "--dry-run"]).ok(), @"
    Would release 1 persona of the session `s2`, silent since 2026-03-26 09:00Z:
      Elena Vasquez from w2-0, code-reviewer
    ");
    assert_eq!(home.log(), before);
    assert_snapshot!(home.run(&["orphan-cleanup", "--json"]).ok());
    assert_eq!(home.run(&["stats", "--json"]).json()["personas"]["held"], 0);
    assert_eq!(home.run(&["show", "elena", "--json"]).json()["counts"], json!({}));
    home.run(&["orphan-cleanup", "--older-than-hours", "-1"]).fails(2);
}

#[test]
fn orphan_cleanup_takes_another_limit() {
    let mut home = busy();
    home.at("2026-03-26T11:00:00Z");
    assert_eq!(
        home.run(&["orphan-cleanup", "--older-than-hours=3", "--json"]).json()["sessions"],
        json!([])
    );
    let told = home.run(&["orphan-cleanup", "--older-than-hours", "2"]).ok();
    assert!(told.starts_with("Released 1 persona of the session `s2`"), "{told}");
}

#[test]
fn history_tells_assignments_newest_first() {
    let mut home = busy();
    let project = [
        "assign",
        "--roles=debugging",
        "--project=acme",
        "--session=s3",
        "--agent-name=w",
        "--summon=lian",
    ];
    home.at("2026-03-28T10:00:00Z").run(&project).json();
    home.at("2026-03-30T10:00:00Z").run(&["orphan-cleanup"]).ok();
    home.assign("s4", "w", "testing");
    assert_snapshot!(without_ids(&home.run(&["history", "lian"]).ok()));
    assert_snapshot!(without_ids(&home.run(&["history", "lian", "--project=acme", "--json"]).ok()));
    let limited = home.run(&["history", "lian", "--limit", "1", "--json"]).json();
    assert_eq!(limited["assignments"].as_array().unwrap().len(), 1);
    assert_eq!(limited["assignments"][0]["session"], "s4");
    assert_snapshot!(home.run(&["history", "noor"]).ok(), @"Noor Haddadin has no such assignment.");
    home.run(&["history", "nobody"]).fails(1);
}

#[test]
fn history_finds_a_name_however_it_is_spelt_in_the_log() {
    let home = Home::seeded();
    let slot =
        r#"{"slot":"w-0","persona":"Lian\u0020Zhou","role":"testing","requested":"testing"}"#;
    let data = format!(r#"{{"session":"s1","agent":"w","project":"p","slots":[{slot}]}}"#);
    home.append(1, "assign", &data);
    let history = home.run(&["history", "lian", "--json"]).json();
    assert_eq!(history["assignments"][0]["session"], "s1");
}

#[test]
fn assign_explains_itself_and_a_dry_run_records_nothing() {
    let home = busy();
    let before = home.log();
    let mut args = assign_args("s9", "w", "testing,general").to_vec();
    args.extend(["--explain", "--dry-run"]);
    let done = home.run(&args);
    assert_eq!(done.code, Some(0));
    assert_snapshot!(done.stderr);
    let answer: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(answer["recorded"], false);
    let [first, second] = answer["explanations"].as_array().unwrap().as_slice() else { panic!() };
    assert_eq!((&first["chosen"], &first["grounds"]), (&json!("Lian Zhou"), &json!("best_free")));
    assert_eq!(first["ranking"][0]["name"], "Lian Zhou");
    assert_eq!(first["ranking"].as_array().unwrap().len(), 11);
    assert_eq!(second["ranking"].as_array().unwrap().len(), 10, "nobody sits twice");
    assert_eq!(home.log(), before);

    let args = assign_args("s2", "w2", "code-reviewer");
    let done = home.run(&[&args[..], &["--explain"]].concat());
    assert_eq!(
        done.stderr,
        "Elena Vasquez for code-reviewer: the agent had it in this role already.\n"
    );
    assert_eq!(home.run(&args).json()["explanations"], json!(null));
}

#[test]
fn a_dry_run_shows_a_persona_that_would_be_grown() {
    let home = Home::seeded();
    for n in 0..12 {
        home.assign(&format!("s{n}"), "w", "testing");
    }
    let before = home.log();
    let mut args = assign_args("s99", "w", "testing").to_vec();
    args.push("--dry-run");
    let answer = home.run(&args).json();
    assert!(answer["preambles"][0].as_str().unwrap().starts_with("You are "));
    assert_eq!(home.log(), before);
}

#[test]
fn completions_are_for_each_shell() {
    let home = Home::new();
    for (shell, word) in [
        ("bash", "complete "),
        ("zsh", "compdef"),
        ("fish", "complete "),
        ("powershell", "Register-ArgumentCompleter"),
        ("elvish", "edit:completion"),
    ] {
        let script = home.run(&["completions", shell]).ok();
        assert!(script.contains(word) && script.contains("muzzle-persona"), "{shell}: {script}");
    }
    home.run(&["completions", "tcsh"]).fails(2);
    assert!(!home.store().exists());
}

/// What a shell is told when it asks for the word at `index`.
fn complete(home: &Home, shell: &str, words: &[&str]) -> Vec<String> {
    let mut command = home.command();
    command.env("COMPLETE", shell).env("_CLAP_COMPLETE_INDEX", (words.len() - 1).to_string());
    let told = Done::of(command.env("_CLAP_IFS", "\n").arg("--").args(words)).ok();
    // zsh gets the help behind a colon.
    told.lines().map(|line| line.split(':').next().unwrap().to_owned()).collect()
}

#[test]
fn a_shell_completes_commands_and_the_names_of_the_store() {
    let home = Home::new();
    assert_eq!(complete(&home, "zsh", &["muzzle-persona", "rel"]), ["release"]);
    assert_eq!(complete(&home, "zsh", &["muzzle-persona", "show", "El"]), Vec::<String>::new());
    assert!(!home.store().exists(), "a key press makes no store");
    home.run(&["orphan-cleanup"]).ok();
    for command in ["show", "history", "feedback", "retire", "reactivate"] {
        assert_eq!(complete(&home, "zsh", &["muzzle-persona", command, "eL"]), ["Elena Vasquez"]);
    }
    let filter = ["muzzle-persona", "log", "--persona", "eL"];
    assert_eq!(complete(&home, "zsh", &filter), ["Elena Vasquez"]);
    assert_eq!(complete(&home, "bash", &["muzzle-persona", "show", "El"]), ["Elena\\ Vasquez"]);
    assert_eq!(
        complete(&home, "bash", &["muzzle-persona", "show", "Elena\\ V"]),
        ["Elena\\ Vasquez"]
    );
}

/// A store in `dir` of this home whose personas include Zoe Zimmer.
fn with_zoe(home: &Home, dir: &str) -> Home {
    let mut other = Home::new();
    other.use_store(&home.path().join(dir));
    other.run(&["orphan-cleanup"]).ok();
    other.append(
        1,
        "seed",
        r#"{"name":"Zoe Zimmer","traits":[],"expertise":[],"instructions":{}}"#,
    );
    other
}

#[test]
fn names_are_those_of_the_store_that_the_line_names() {
    let home = Home::seeded();
    let _other = with_zoe(&home, "other");
    let _spaced = with_zoe(&home, "an other");
    let zoe = |shell: &str, words: &[&str]| {
        let told = complete(&home, shell, &[&["muzzle-persona"], words].concat());
        let told = told.into_iter().map(|name| name.replace('\\', ""));
        told.collect::<Vec<_>>() == ["Zoe Zimmer"]
    };
    let dir = home.path().join("other").to_str().unwrap().to_owned();
    let joined = format!("--store={dir}");
    for shell in ["bash", "zsh", "fish"] {
        assert!(!zoe(shell, &["show", "Zoe"]));
        assert!(zoe(shell, &["--store", &dir, "show", "Zoe"]), "{shell}");
        assert!(zoe(shell, &["show", "--store", &dir, "Zoe"]), "{shell}");
        assert!(zoe(shell, &[&joined, "log", "--persona", "Zoe"]), "{shell}");
        assert!(zoe(shell, &["--store", "other", "show", "Zoe"]), "{shell}: of this directory");
        assert!(!zoe(shell, &["show", "--", "--store", &dir, "Zoe"]), "{shell}: no option");
        assert!(!zoe(shell, &["--store", "missing", "show", "Zoe"]), "{shell}");
        // It is not the default store instead.
        let words = ["muzzle-persona", "--store", "missing", "show", "El"];
        assert_eq!(complete(&home, shell, &words), Vec::<String>::new(), "{shell}");
    }
    // These hand words over as they were typed; bash makes three of one with a `=`.
    for shell in ["bash", "zsh"] {
        assert!(zoe(shell, &["--store", "'an other'", "show", "Zoe"]), "{shell}");
        assert!(zoe(shell, &["--store", "an\\ other", "show", "Zoe"]), "{shell}");
        assert!(zoe(shell, &["--store", "~/other", "show", "Zoe"]), "{shell}");
        assert!(!zoe(shell, &["--store", "'other", "show", "Zoe"]), "{shell}: not ended");
    }
    assert!(zoe("fish", &["--store", "an other", "show", "Zoe"]));
    assert!(zoe("bash", &["--store", "=", &dir, "show", "Zoe"]));
    assert!(zoe("bash", &["log", "--store", "=", "'an other'", "--persona", "Zoe"]));
    assert!(!home.path().join("missing").exists());
}

#[test]
fn a_key_press_waits_for_nobody_and_writes_nothing() {
    let home = Home::seeded();
    let tree = || {
        let entries = std::fs::read_dir(home.store()).unwrap().map(|entry| entry.unwrap());
        let seen = entries.map(|it| (it.file_name(), it.metadata().unwrap().modified().unwrap()));
        let mut seen: Vec<_> = seen.collect();
        seen.sort();
        seen
    };
    let names = || complete(&home, "zsh", &["muzzle-persona", "show", "el"]);
    let sound = home.log();
    // So many events that a reader would keep a checkpoint.
    let data = vec![r#"{"session":"s","reason":"session_end","slots":[]}"#; 300];
    home.append_all(1, "release", &data);
    let before = tree();
    assert_eq!(names(), ["Elena Vasquez"]);
    assert_eq!(tree(), before);
    // What looks like damage would be looked at again with the lock, which somebody else has.
    home.set_log(&[&sound[..], b"{}\n", &sound].concat());
    let lock = std::fs::File::open(home.store().join(".lock")).unwrap();
    fs2::FileExt::lock_exclusive(&lock).unwrap();
    let (before, start) = (tree(), std::time::Instant::now());
    assert_eq!(names(), Vec::<String>::new());
    assert!(start.elapsed().as_secs() < 4, "it waited for the lock");
    drop(lock);
    // A log without an event would be seeded.
    assert_eq!(tree(), before);
    home.set_log(b"");
    let before = tree();
    assert_eq!(names(), Vec::<String>::new());
    assert_eq!(tree(), before);
    assert_eq!(home.log(), b"");
}

#[test]
fn the_manual_has_a_page_for_each_command() {
    let home = Home::new();
    let page = home.run(&["man", "assign"]).ok();
    assert!(
        page.contains(".TH muzzle-persona-assign 1") && page.contains("agent\\-name"),
        "{page}"
    );
    assert!(home.run(&["man"]).ok().contains("muzzle\\-persona\\-orphan\\-cleanup(1)"));
    let dir = home.path().join("pages");
    let at = dir.to_str().unwrap();
    assert!(
        home.run(&["man", "--dir", at])
            .fails(5)
            .starts_with("error: could not write the manual to `")
    );
    std::fs::create_dir(&dir).unwrap();
    home.run(&["man", "--dir", at]).ok();
    assert_eq!(
        std::fs::read_dir(&dir).unwrap().count(),
        61,
        "51 commands, two of `seed`, six of `remote`, the program and the hooks"
    );
    assert_snapshot!(home.run(&["man", "nope"]).fails(1), @r"
    error: there is no command `nope`
    hint: `muzzle-persona help` shows all commands
    ");
}

#[test]
fn ids_in_snapshots_are_masked() {
    let masked =
        without_ids("by the event 47552574, id 119483c975a5675390d5be54da35d990, 12 events");
    assert_eq!(masked, "by the event <id>, id <id>, 12 events");
}
