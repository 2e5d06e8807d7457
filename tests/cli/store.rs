//! Where the store is, how it is made, and what it never does.

use std::fs;

use crate::harness::{Done, Home, assign_args, chain};

#[test]
fn the_first_command_makes_and_seeds_the_store_for_its_owner_alone() {
    let home = Home::new();
    // Whoever only looks makes none.
    for args in [&["list"][..], &["show", "lian"], &["stats"], &["log"], &["search", "--role=qa"]] {
        let said = home.run(args).fails(1);
        assert!(said.starts_with("error: there is no store at `"), "{said}");
        assert!(
            said.contains("hint: the first `muzzle-persona assign` or `grow` makes one"),
            "{said}"
        );
    }
    let assign = assign_args("s", "w", "testing");
    home.run(&[&assign[..], &["--dry-run"]].concat()).fails(1);
    assert!(!home.store().exists());
    let first = home.run(&["orphan-cleanup"]);
    let note = format!("note: made a store at `{}`, with 12 personas\n", home.store().display());
    assert_eq!((first.code, first.stderr), (Some(0), note));
    assert_eq!(home.run(&["orphan-cleanup"]).stderr, "");
    let seeds = chain(&home.log());
    assert!(seeds.len() >= 8);
    assert!(
        seeds.iter().all(|line| line["type"] == "seed" && line["at"] == "2026-03-25T15:30:00Z")
    );
    let read = |name: &str| fs::read_to_string(home.store().join(name)).unwrap();
    assert_eq!(read(".gitattributes"), "*.jsonl text eol=lf merge=union diff=muzzle-persona\n");
    assert_eq!(
        read(".gitignore"),
        ".lock\n.cache/\nquarantine/\nallowed\nremote.toml\noutbox.jsonl\n"
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode =
            |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        for dir in [home.path().join(".muzzle"), home.store().to_owned()] {
            assert_eq!(mode(&dir), 0o700, "{}", dir.display());
        }
        for file in fs::read_dir(home.store()).unwrap() {
            let file = file.unwrap().path();
            assert_eq!(mode(&file), 0o600, "{}", file.display());
        }
    }
}

#[test]
fn reading_writes_nothing() {
    let home = Home::seeded();
    let look = || {
        let files = fs::read_dir(home.store()).unwrap().map(|file| {
            let file = file.unwrap().path();
            (
                file.clone(),
                fs::read(&file).unwrap(),
                fs::metadata(&file).unwrap().modified().unwrap(),
            )
        });
        let mut files: Vec<_> = files.collect();
        files.sort();
        files
    };
    let before = look();
    for args in [&["list"][..], &["show", "Elena"], &["stats"], &["release", "--session", "none"]] {
        home.run(args).ok();
    }
    assert_eq!(look(), before);
}

#[test]
fn the_flag_wins_over_the_variable_and_the_variable_over_the_home() {
    let home = Home::new();
    let named = |dir: &str| home.path().join(dir).join("events.jsonl").exists();
    Done::of(
        home.command()
            .env("MUZZLE_PERSONA_STORE", "by-variable")
            .args(["orphan-cleanup", "--store=by-flag"]),
    )
    .ok();
    assert!(named("by-flag") && !named("by-variable"));
    Done::of(home.command().env("MUZZLE_PERSONA_STORE", "by-variable").arg("orphan-cleanup")).ok();
    assert!(named("by-variable") && !named(".muzzle/personas"));
    Done::of(home.command().env_remove("MUZZLE_PERSONA_STORE").arg("orphan-cleanup")).ok();
    assert!(named(".muzzle/personas"));
}

#[test]
fn a_seed_file_in_the_store_adds_personas_and_roles() {
    let home = Home::new();
    home.set_seed(
        "[[persona]]\nname = \"Ada Quill\"\nexpertise = [\"testing\"]\n[persona.instructions]\njuggling = \"Keep three in the air.\"\n[[role]]\nname = \"juggling\"\ninstruction = \"Throw.\"\n",
    );
    assert_eq!(home.assign("s1", "w1", "juggling"), "Ada Quill");
    let list = home.run(&["list", "--json"]).json();
    let names: Vec<_> =
        list["personas"].as_array().unwrap().iter().map(|p| p["name"].clone()).collect();
    assert!(names.contains(&"Ada Quill".into()) && names.contains(&"Elena Vasquez".into()));
}

#[test]
fn a_bad_seed_file_stops_only_what_goes_by_it_and_is_told_with_its_place() {
    let home = Home::seeded();
    home.set_seed("[[role]]\nname = \"x\"\ninstruction = \"y\"\nexpertise = [\"wizardry\"]\n");
    let path = home.store().join("seed.toml");
    let flaw = format!(
        "`{}`, line 4, column 14: `wizardry` is not in the `expertise` of the vocabulary; to add it, put `expertise = [\"wizardry\"]` ahead of the first table",
        path.display()
    );
    let hint = "hint: mend the file, or move it away to use the built-in seed";
    for args in [&assign_args("s1", "w1", "testing")[..], &["grow"]] {
        assert_eq!(home.run(args).fails(1), format!("error: {flaw}\n{hint}\n"), "{args:?}");
    }
    let outcome = ["outcome", "--session=s", "--agent-name=w", "--result=ok"];
    let log = home.log();
    for args in [
        &["list"][..],
        &["show", "Elena"],
        &["search", "--role", "testing"],
        &["list", "--at", "2100-01-01"],
        &["log"],
        &["stats"],
        &["release", "--session", "s"],
        &["orphan-cleanup"],
        &["feedback", "Elena", "--observation", "Good."],
        &["retire", "Noor"],
        &["reactivate", "Noor"],
        &["compact"],
    ] {
        let done = home.run(args);
        let warning = format!("warning: {flaw}; the built-in seed is used instead\n");
        assert_eq!((done.code, done.stderr), (Some(0), warning), "{args:?}");
    }
    assert_eq!(home.run(&outcome).code, Some(1), "nobody was lent");
    assert!(home.log().len() > log.len());
    fs::remove_dir_all(home.store().join(".cache")).unwrap();
    fs::remove_file(home.log_path()).unwrap();
    assert_eq!(home.run(&["grow"]).fails(1), format!("error: {flaw}\n{hint}\n"), "a first command");
}

#[test]
fn a_log_that_vanished_is_damage_and_no_new_store() {
    let home = Home::seeded();
    home.run(&["grow", "--count", "50"]).ok();
    home.run(&["compact", "--seal"]).ok();
    home.assign("s1", "w1", "testing");
    home.run(&["compact"]).ok();
    let log = home.log();
    // The active file alone, then everything but the checkpoint.
    fs::remove_file(home.log_path()).unwrap();
    for sealed in [true, false] {
        if !sealed {
            fs::remove_dir_all(home.store().join("segments")).unwrap();
        }
        let assign = assign_args("s2", "w", "testing");
        for args in [&["list"][..], &["grow"], &assign, &["stats"], &["list", "--at=1"]] {
            let said = home.run(args).fails(3);
            assert!(said.starts_with("error: the log `"), "{args:?} {said}");
            assert!(
                said.contains("is gone: the checkpoint beside it knows of events in it"),
                "{said}"
            );
        }
        assert_eq!(home.run(&["verify"]).code, Some(3));
        let doctor = home.run(&["doctor", "--json"]);
        assert!(doctor.stdout.contains("is gone"), "{}", doctor.stdout);
        assert!(!home.log_path().exists());
    }
    // A log that was just sealed has no active file, and is whole.
    let home = Home::seeded();
    home.run(&["compact", "--seal"]).ok();
    fs::remove_file(home.log_path()).unwrap();
    home.run(&["list"]).ok();
    assert!(!log.is_empty());
}

#[test]
fn a_line_that_was_changed_before_the_checkpoint_is_found_by_doctor_and_stats() {
    let home = Home::seeded();
    home.run(&["grow", "--count", "1"]).ok();
    home.run(&["compact"]).ok();
    assert!(!home.run(&["stats"]).ok().contains("damaged"));
    let log = String::from_utf8(home.log()).unwrap();
    let (first, rest) = log.split_once('\n').unwrap();
    home.set_log(format!("{}\n{rest}", first.replacen("security", "securitY", 1)).as_bytes());
    home.run(&["list"]).ok();
    let stats = home.run(&["stats"]).ok();
    assert!(stats.contains("warning: the log is damaged: events.jsonl:1: "), "{stats}");
    let doctor = home.run(&["doctor", "--json"]);
    assert_eq!(doctor.code, Some(1));
    assert!(doctor.stdout.contains("The log is damaged: events.jsonl:1: "), "{}", doctor.stdout);
}

#[test]
fn a_log_of_a_newer_format_is_read_with_a_warning_and_not_written() {
    let home = Home::seeded();
    home.append(3, "assign", "7");
    let log = home.log();

    let done = home.run(&["list"]);
    assert_eq!(done.code, Some(0));
    assert_eq!(
        done.stderr,
        "warning: the log holds events of format version 3; this build knows 2 and skips them\n"
    );
    let stderr = home.run(&assign_args("s1", "w1", "testing")).fails(1);
    let error = "error: the log holds events of format version 3; this build writes version 2 and leaves the log alone\n";
    assert!(stderr.starts_with(&(done.stderr + error)), "{stderr}");
    assert_eq!(home.log(), log);
}
