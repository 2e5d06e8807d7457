//! Where the store is, how it is made, and what it never does.

use std::fs;

use crate::harness::{Done, Home, assign_args, chain};

#[test]
fn the_first_command_makes_and_seeds_the_store_for_its_owner_alone() {
    let home = Home::new();
    home.run(&["list"]).ok();
    let seeds = chain(&home.log());
    assert!(seeds.len() >= 8);
    assert!(
        seeds.iter().all(|line| line["type"] == "seed" && line["at"] == "2026-03-25T15:30:00Z")
    );
    let read = |name: &str| fs::read_to_string(home.store().join(name)).unwrap();
    assert_eq!(read(".gitattributes"), "*.jsonl text eol=lf merge=union diff=muzzle-persona\n");
    assert_eq!(read(".gitignore"), ".lock\n.cache/\nquarantine/\nallowed\n");
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
        home.command().env("MUZZLE_PERSONA_STORE", "by-variable").args(["list", "--store=by-flag"]),
    )
    .ok();
    assert!(named("by-flag") && !named("by-variable"));
    Done::of(home.command().env("MUZZLE_PERSONA_STORE", "by-variable").arg("list")).ok();
    assert!(named("by-variable") && !named(".muzzle/personas"));
    Done::of(home.command().env_remove("MUZZLE_PERSONA_STORE").arg("list")).ok();
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
        "`{}`, line 4, column 14: `wizardry` is not in the `expertise` of the vocabulary",
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
    assert_eq!(home.run(&["list"]).fails(1), format!("error: {flaw}\n{hint}\n"), "a first command");
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
