//! The user's seed, and personas that are defined by hand.

use insta::assert_snapshot;

use crate::harness::{Done, Home, chain};

/// Ada, with a field of knowledge that is not built in.
const ADA: &str = "expertise = [\"game-design\"]\n[[persona]]\nname = \"Ada Quill\"\nexpertise = [\"game-design\"]\n";

#[test]
fn init_writes_a_template_that_changes_nothing_once() {
    let home = Home::new();
    let told = home.run(&["seed", "init"]).ok();
    assert!(
        told.starts_with("Wrote `~/.muzzle/personas/seed.toml`") || told.starts_with("Wrote `"),
        "{told}"
    );
    let text = std::fs::read_to_string(home.store().join("seed.toml")).unwrap();
    assert!(!home.log_path().exists(), "it makes no store");
    let again = home.run(&["seed", "init"]).fails(1);
    assert!(again.contains("already; nothing was written"), "{again}");
    home.run(&["orphan-cleanup"]).ok();
    assert_eq!(
        home.run(&["seed"]).ok(),
        format!("0 personas in `{}`: 0 to add, 0 to revise, 0 unchanged\n", shown(&home))
    );
    // With every # of an example off it is a seed all the same.
    let examples = text.lines().map(|line| match line.strip_prefix("# ") {
        Some(it) if it.starts_with('[') || it.contains(" = ") => it,
        _ => "",
    });
    home.set_seed(&examples.collect::<Vec<_>>().join("\n"));
    assert!(home.run(&["seed"]).ok().contains("1 to add"));
}

/// The seed's path as the reports have it.
fn shown(home: &Home) -> String {
    let told = home.run(&["seed", "--json"]).json();
    told["file"].as_str().unwrap().to_owned()
}

#[test]
fn a_seed_is_compared_field_by_field() {
    let home = Home::seeded();
    home.set_seed(ADA);
    home.run(&["seed", "--sync"]).ok();
    home.set_seed(&format!(
        "{ADA}traits = [\"calm\"]\n[persona.instructions]\ntesting = \"Play it.\"\n"
    ));
    let told = home.run(&["seed"]).ok();
    let told = told.replace(&shown(&home), "seed.toml");
    assert_snapshot!(told, @r"
    1 persona in `seed.toml`: 0 to add, 1 to revise, 0 unchanged
      ~ Ada Quill
          traits:
            + calm
          instructions.testing:
            + Play it.
    Nothing was recorded; `--sync` does it.
    ");
    let json = home.run(&["seed", "--sync", "--json"]).json();
    assert_eq!(json["changes"]["Ada Quill"][0]["to"], "calm");
    assert!(home.run(&["seed"]).ok().contains("1 unchanged"));
}

#[test]
fn what_is_exported_is_a_seed_of_the_same_roster() {
    let home = Home::seeded();
    home.set_seed(ADA);
    home.run(&["seed", "--sync"]).ok();
    home.run(&["grow", "--count", "3"]).ok();
    let text = home.run(&["seed", "export"]).ok();
    let other = Home::new();
    other.set_seed(&format!("builtin = false\n{text}"));
    other.run(&["orphan-cleanup"]).ok();
    let roster = |home: &Home| {
        let all = home.run(&["list", "--json"]).json();
        let personas = all["personas"].as_array().unwrap().iter();
        let parts = ["name", "traits", "expertise", "role_instructions"];
        personas.map(|it| parts.map(|part| it[part].clone())).collect::<Vec<_>>()
    };
    assert_eq!(roster(&other), roster(&home));
    assert!(other.run(&["seed"]).ok().contains("0 to add, 0 to revise"));
    assert_eq!(home.run(&["seed", "export", "--json"]).json()["toml"], text);
}

#[test]
fn built_in_personas_can_be_left_out_of_a_new_store() {
    let home = Home::new();
    home.set_seed(&format!("builtin = false\n{ADA}"));
    let made = home.run(&["orphan-cleanup"]);
    assert!(made.stderr.ends_with("with 1 persona\n"), "{}", made.stderr);
    assert_eq!(home.run(&["list", "--json"]).json()["personas"].as_array().unwrap().len(), 1);
}

#[test]
fn an_error_stands_where_it_is_and_teaches() {
    let home = Home::seeded();
    home.set_seed(
        "[[persona]]\nname = \"Ada Quill\"\nexpertise = [\"testing\", \"game-design\"]\n",
    );
    let said = home.run(&["seed"]).fails(1).replace(home.store().to_str().unwrap(), "STORE");
    assert_snapshot!(said, @r#"
    error: `STORE/seed.toml`, line 3, column 25: `game-design` is not in the `expertise` of the vocabulary; to add it, put `expertise = ["game-design"]` ahead of the first table
    hint: mend the file, or move it away to use the built-in seed
    "#);
}

#[test]
#[cfg(unix)]
fn personas_that_are_not_in_the_roster_yet_are_told_of_on_a_terminal() {
    let home = Home::seeded();
    home.set_seed(ADA);
    let list = || {
        let mut command = home.command();
        command.arg("list");
        crate::terminal::on_terminal(command, "").1
    };
    let note = "note: `seed.toml` has 1 persona that is not in the roster; `muzzle-persona seed --sync` adds it";
    assert!(list().contains(note), "{}", list());
    home.run(&["seed", "--sync"]).ok();
    assert!(!list().contains("note:"));
}

#[test]
fn a_persona_is_added_by_flags_or_from_stdin() {
    let home = Home::seeded();
    let add = ["add", "Ada Quill", "--trait=curious", "--expertise=testing,code-quality"];
    let told = home.run(&[&add[..], &["--instruction", "testing=Say \"no\"."]].concat()).ok();
    assert_eq!(told, "Added Ada Quill.\n");
    let last = chain(&home.log()).pop().unwrap();
    assert_eq!(
        (&last["type"], &last["data"]["expertise"][1]),
        (&"seed".into(), &"code-quality".into())
    );
    assert_eq!(last["data"]["instructions"]["testing"], "Say \"no\".");
    let before = home.log();
    for (args, error) in [
        (
            &["add", "ADA quill"][..],
            "error: `ADA quill` is taken: there is `Ada Quill`\nhint: `muzzle-persona edit 'Ada Quill'`",
        ),
        (
            &["add", "Bo", "--trait=odd"],
            "error: `persona.toml`, line 3, column 11: `odd` is not in the `traits`",
        ),
        (
            &["add", "Bo", "--instruction=juggler=x"],
            "error: `persona.toml`, line 6, column 1: there is no role named `juggler`",
        ),
        (&["add", ""], "error: `persona.toml`, line 2, column 8: the persona's name is empty"),
    ] {
        let said = home.run(args).fails(1);
        assert!(said.starts_with(error), "{said}");
    }
    Done::given("", home.command().args(["add", "-"])).fails(2);
    assert_eq!(home.log(), before);
    let two = "[[persona]]\nname = \"Bo\"\n[[persona]]\nname = \"Cy\"\n";
    let added = Done::given(two, home.command().args(["add", "-"])).ok();
    assert_eq!(added, "Added Bo.\nAdded Cy.\n");
}

#[test]
#[cfg(unix)]
fn a_persona_is_edited_as_a_form_that_is_checked_and_never_renamed() {
    let home = Home::seeded();
    let edit = |script: &str| {
        let mut command = home.command();
        command.args(["edit", "elena"]).env("PATH", "/usr/bin:/bin").env("TMPDIR", home.path());
        Done::of(command.env("EDITOR", format!("sed -i {script}")))
    };
    assert_eq!(edit("s/x/x/").ok(), "Elena Vasquez is as before; nothing was recorded.\n");
    assert_snapshot!(edit("s/skeptical/calm/").ok(), @r"
    Revised Elena Vasquez:
          traits:
            - pragmatic, skeptical
            + pragmatic, calm
    ");
    let last = chain(&home.log()).pop().unwrap();
    assert_eq!((&last["type"], &last["data"]["traits"][1]), (&"revise".into(), &"calm".into()));
    assert!(!last["data"]["instructions"].as_object().unwrap().is_empty());
    let before = home.log();
    let told = edit("s/calm/odd/").fails(1);
    assert!(told.contains("line 3, column 24: `odd` is not in the `traits`"), "{told}");
    let kept = told.trim_end().rsplit('`').nth(1).unwrap();
    assert!(told.contains("what you wrote is kept in `"), "{told}");
    assert!(std::fs::read_to_string(kept).unwrap().contains("\"pragmatic\", \"odd\""), "{kept}");
    let refused =
        "error: `Elena Vasquez` cannot be renamed: the log knows its work by that name\nhint: ";
    assert!(edit("s/Elena/Ella/").fails(1).starts_with(refused));
    assert!(home.run(&["rename", "elena", "Ella Vasquez"]).fails(1).starts_with(refused));
    assert!(edit("1,99d").fails(1).contains("the form holds 0 personas, not one"));
    assert_eq!(home.log(), before);
}
