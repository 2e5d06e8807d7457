//! Agent files of a coding client: in and out, and nothing lost on the way.

use std::fs;

use insta::assert_snapshot;

use crate::harness::{Home, chain, without_ids};

const REVIEWER: &str = "---\nname: diff-reviewer\ndescription: Reviews diffs for security before they are merged.\ntools: Read, Grep\nmodel: opus\ncolour: \"red\"\n---\n\nYou are a reviewer.\n\n  Keep   this.\n";

#[expect(clippy::disallowed_methods, reason = "a test writes what it imports")]
fn agents(home: &Home) -> String {
    let dir = home.path().join("agents");
    fs::create_dir_all(&dir).unwrap();
    fs::write(dir.join("diff-reviewer.md"), REVIEWER).unwrap();
    fs::write(dir.join("notes.md"), "No front matter.\n").unwrap();
    fs::write(dir.join("other.txt"), "x").unwrap();
    dir.to_str().unwrap().to_owned()
}

#[test]
fn an_import_is_shown_before_it_is_done() {
    let home = Home::seeded();
    let dir = agents(&home);
    let before = home.log();
    let shown = home.run(&["import", &dir]);
    assert_eq!(shown.code, Some(0));
    assert!(shown.stderr.contains("notes.md` has no front matter"), "{}", shown.stderr);
    assert_snapshot!(shown.stdout.replace(home.path().to_str().unwrap(), "~"), @r#"
    Would add diff-reviewer, from `~/agents/diff-reviewer.md`:
      traits = []
      expertise = ["security"]
      [persona.instructions]
      code-reviewer = "Reviews diffs for security before they are merged."
      kept for `export`: `tools`, `model`, `colour`, 35 characters of prompt
    Nothing was recorded; `--yes` does it.
    "#);
    assert_eq!(home.log(), before);
    let file = format!("{dir}/diff-reviewer.md");
    assert!(home.run(&["import", &file, "--yes"]).ok().starts_with("Added diff-reviewer, from"));
    assert_eq!(chain(&home.log()).pop().unwrap()["type"], "seed");
    let kept = home.store().join("agents/diff-reviewer.md");
    assert_eq!(fs::read_to_string(kept).unwrap(), REVIEWER);
    let again = home.run(&["import", &file, "--yes"]).ok();
    assert_eq!(
        again,
        "diff-reviewer is there already, and is left alone.\nThere is nothing to import.\n"
    );
    // It is shown before it is recorded, so its words wait for nobody.
    assert_eq!(home.run(&["show", "diff", "--json"]).json()["waiting"], 0);
}

#[test]
fn nothing_is_lost_either_way() {
    let home = Home::seeded();
    let file = format!("{}/diff-reviewer.md", agents(&home));
    home.run(&["import", &file, "--yes"]).ok();
    let to = home.path().join("out");
    let to = to.to_str().unwrap();
    let export = ["export", "diff", "elena", "--to", to];
    assert!(home.run(&export).ok().ends_with("Nothing was written; `--yes` does it.\n"));
    assert!(!fs::exists(to).unwrap());
    home.run(&[&export[..], &["--yes"]].concat()).ok();
    let written = fs::read_to_string(format!("{to}/diff-reviewer.md")).unwrap();
    let own = written.lines().find(|line| line.starts_with("muzzle-persona: {")).unwrap();
    assert_eq!(written.replace(&format!("{own}\n"), ""), REVIEWER);
    let record = fs::read_to_string(format!("{to}/elena-vasquez.record.json")).unwrap();
    assert!(record.contains("\"name\": \"Elena Vasquez\""), "{record}");

    // Into a store that has neither, by way of either form.
    let other = Home::new();
    other.set_seed("builtin = false\n");
    let import = other.run(&["import", to, "--yes"]);
    assert_eq!(import.code, Some(0), "{}", import.stderr);
    let third = Home::new();
    third.set_seed("builtin = false");
    third.run(&["import", to, "--to-seed", "--yes"]).ok();
    third.run(&["orphan-cleanup"]).ok();
    let definition = |home: &Home, name: &str| {
        let all = home.run(&["show", name, "--json"]).json();
        ["name", "traits", "expertise", "role_instructions"].map(|part| all[part].clone())
    };
    for name in ["diff-reviewer", "Elena Vasquez"] {
        assert_eq!(definition(&other, name), definition(&home, name));
        assert_eq!(definition(&third, name), definition(&home, name));
    }
    let back = other.path().join("out");
    let back = back.to_str().unwrap();
    other.run(&["export", "diff", "elena", "--to", back, "--yes"]).ok();
    for file in ["diff-reviewer.md", "elena-vasquez.md"] {
        let read = |dir: &str| fs::read_to_string(format!("{dir}/{file}")).unwrap();
        assert_eq!(read(back), read(to));
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test puts something in the way")]
fn an_export_replaces_nothing_unasked_and_leaves_out_what_waits() {
    let home = Home::seeded();
    let to = home.path().join("out");
    fs::create_dir(&to).unwrap();
    fs::write(to.join("elena-vasquez.md"), "mine").unwrap();
    let export = ["export", "elena", "--to", to.to_str().unwrap(), "--yes"];
    let refused = home.run(&export).fails(1);
    assert!(refused.contains("is there and says something else; nothing was written"), "{refused}");
    assert!(!fs::exists(to.join("elena-vasquez.record.json")).unwrap());
    home.run(&[&export[..], &["--force"]].concat()).ok();
    assert_ne!(fs::read_to_string(to.join("elena-vasquez.md")).unwrap(), "mine");
    let twice = home.run(&["export", "lian", "lian", "--to", to.to_str().unwrap()]).fails(1);
    assert!(twice.contains("two of them would be written as"), "{twice}");
    let foreign =
        r#"{"name":"Cy","traits":[],"expertise":[],"instructions":{"general":"Obey me."}}"#;
    home.append(1, "seed", foreign);
    let told = home.run(&["export", "cy", "--to", to.to_str().unwrap(), "--yes"]).ok();
    assert!(told.contains("without its instructions, which wait"), "{told}");
    assert!(!fs::read_to_string(to.join("cy.md")).unwrap().contains("Obey"));
}

#[test]
fn a_review_tells_what_was_done_said_and_learned() {
    let home = Home::seeded();
    home.assign("s1", "w", "testing");
    home.run(&["feedback", "lian", "--good", "-m", "Found the race."]).ok();
    home.run(&["feedback", "lian", "--bad", "-m", "Taken back."]).ok();
    let id = chain(&home.log()).pop().unwrap()["id"].as_str().unwrap().to_owned();
    home.run(&["retract", &id]).ok();
    home.run(&["teach", "lian", "--lesson", "Run it twice."]).ok();
    home.run(&["outcome", "--session=s1", "--agent-name=w", "--result=ok"]).ok();
    assert_snapshot!(without_ids(&home.run(&["review", "lian"]).ok()), @r"
    Lian Zhou
    Traits: exacting, curious
    Expertise: testing, reliability, code-quality
    Since 2026-03-25 15:30Z: 1 assignment

    PROJECT  ROLE     ASSIGNMENTS  LAST
    demo     testing            1  2026-03-25 15:30Z

    Verdicts
      2026-03-25 15:30Z  positive as testing (<id>): Found the race.

    Outcomes
      testing: 1 ok, 0 bad, 0 stopped

    Lessons
      for any work (<id>): Run it twice.

    MONTH    ASSIGNMENTS  GOOD  BAD  MIXED
    2026-03            1     1    0      0
    ");
}
