//! `hook/claude-code/`, as it is published: held to what `docs/claude-code.md` says of its parts.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::client::Client;

fn published() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/hook/claude-code"))
}

fn read(file: &str) -> String {
    fs::read_to_string(published().join(file)).unwrap()
}

/// The schema of a part, from the document: the block of JSON after its heading.
fn schema(part: &str) -> Value {
    let document = include_str!("../../docs/claude-code.md");
    let (_, section) = document.split_once(&format!("### `{part}`\n")).unwrap();
    let (_, block) = section.split_once("```json\n").unwrap();
    let (block, _) = block.split_once("```").unwrap();
    serde_json::from_str(block).unwrap()
}

#[track_caller]
fn check(part: &str, value: &Value) {
    let schema = jsonschema::draft202012::new(&schema(part)).unwrap();
    if let Err(error) = schema.validate(value) {
        panic!("{part}: {error} at `{}`", error.instance_path());
    }
}

/// The settings between the two lines of dashes at a skill's head: one to a line.
fn head(skill: &str) -> Value {
    let (head, body) = skill.strip_prefix("---\n").unwrap().split_once("\n---\n").unwrap();
    assert!(!body.trim().is_empty());
    let fields = head.lines().map(|line| {
        let (key, value) = line.split_once(": ").unwrap();
        (key.to_owned(), json!(value))
    });
    Value::Object(fields.collect())
}

#[test]
fn each_part_follows_its_schema() {
    let manifest: Value = serde_json::from_str(&read(".claude-plugin/plugin.json")).unwrap();
    check(".claude-plugin/plugin.json", &manifest);
    assert_eq!(manifest["version"], env!("CARGO_PKG_VERSION"));
    check("hooks/hooks.json", &serde_json::from_str(&read("hooks/hooks.json")).unwrap());
    check("skills/personas/SKILL.md", &head(&read("skills/personas/SKILL.md")));
    for broken in [json!({}), json!({"hooks": {"PreToolUse": [{"hooks": [{"type": "command"}]}]}})]
    {
        assert!(
            !jsonschema::draft202012::new(&schema("hooks/hooks.json")).unwrap().is_valid(&broken)
        );
    }
}

#[test]
fn what_is_installed_is_what_is_published_with_the_paths_of_this_machine() {
    let client = Client::new();
    for args in [&["install"][..], &["install", "--inject", "all"]] {
        client.says(args);
        let folder = client.path(".claude/skills/muzzle-persona");
        let mut files = crate::client::files(&folder);
        files.retain(|name| name != ".muzzle-persona.json");
        let mut published_files = crate::client::files(published());
        // Its tests are for those who change it.
        published_files.retain(|name| !name.starts_with("tests/"));
        assert_eq!(files, published_files);
        for file in &files {
            let bytes = fs::read(folder.join(file)).unwrap();
            let mut text = String::from_utf8_lossy(&bytes).into_owned();
            if matches!(&**file, "hooks/hooks.json" | "hooks/programs.ts") {
                assert_eq!(text.matches(r#""--inject""#).count() > 0, args.len() > 1, "{text}");
                text = text.replace(&format!("{}/", client.path("bin").display()), "");
                text = text.replace(r#","--inject","all""#, "");
                text = text.replace(
                    "[\n              \"--inject\",\n              \"all\"\n            ]",
                    "[]",
                );
            }
            if file == "hooks/hooks.json" {
                check(file, &serde_json::from_str(&text).unwrap());
            }
            let read = fs::read(published().join(file)).unwrap();
            assert_eq!(text, String::from_utf8_lossy(&read), "{file}");
        }
    }
}

#[test]
fn the_module_starts_the_programs_that_are_registered() {
    let client = Client::new();
    client.says(&["install", "--inject", "all"]);
    let programs = client.path(".claude/skills/muzzle-persona/hooks/programs.ts");
    let programs = client.without_home(&fs::read_to_string(programs).unwrap());
    for line in [
        r#"export const INJECT: readonly string[] = ["~/bin/persona-inject","--inject","all"];"#,
        r#"export const RELEASE: readonly string[] = ["~/bin/persona-release"];"#,
        r#"export const PERSONA: readonly string[] = ["~/bin/muzzle-persona"];"#,
    ] {
        assert!(programs.contains(line), "{programs}");
    }
}

#[test]
fn a_catalog_finds_what_it_asks_for() {
    let icon = fs::read(published().join(".claude-plugin/icon.png")).unwrap();
    assert_eq!(&icon[..8], b"\x89PNG\r\n\x1a\n");
    let side = |at: usize| u32::from_be_bytes(icon[at..at + 4].try_into().unwrap());
    assert_eq!(side(16), side(20), "it is square");
    assert!((512..=2048).contains(&side(16)) && icon.len() < 100_000);
    assert_eq!(read("LICENSE"), include_str!("../../LICENSE"));
    assert!(read("README.md").split_whitespace().count() >= 40);
    let marketplace: Value =
        serde_json::from_str(include_str!("../../.claude-plugin/marketplace.json")).unwrap();
    let manifest: Value = serde_json::from_str(&read(".claude-plugin/plugin.json")).unwrap();
    let listed = &marketplace["plugins"][0];
    assert_eq!(listed["source"], "./hook/claude-code");
    for key in ["name", "description", "license", "keywords"] {
        assert_eq!(listed[key], manifest[key], "{key}");
    }
}

/// What `docs/claude-code.md` says that the mod does is what its module does.
#[test]
fn the_footprint_is_that_of_the_module() {
    let document = include_str!("../../docs/claude-code.md");
    let (_, footprint) = document.split_once("```text\n").unwrap();
    let (footprint, _) = footprint.split_once("```").unwrap();
    // The module of older clients is the first part of what the other one does.
    let module = read("hooks/lending.ts") + &read("hooks/register.ts");
    let events: Vec<_> =
        module.split(" on(\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    let hooks = footprint.lines().next().unwrap().strip_prefix("./register.ts hooks: ").unwrap();
    // What is in brackets narrows an event.
    let narrowed = |hook: &str| hook.split(['{', ' ']).next().unwrap().to_owned();
    let hooks: Vec<_> = hooks.replace(", requestId", "").split(", ").map(narrowed).collect();
    assert_eq!(hooks, events);
    // A command of its own it answers, whatever fails; all else passes on.
    assert_eq!(module.matches(".catch(($, e, next) => next(e));").count(), events.len() - 1);
    assert_eq!(module.matches(".catch(() => ({").count(), 1);
    let calls = footprint.lines().find_map(|line| line.strip_prefix("./register.ts calls: "));
    let said: BTreeSet<_> = calls.unwrap().split("$.").skip(1).map(narrowed_call).collect();
    let files = fs::read_dir(published().join("hooks")).unwrap().map(|file| file.unwrap().path());
    let modules = files.filter(|file| file.extension().is_some_and(|it| it != "json"));
    let text: String = modules.map(|file| fs::read_to_string(file).unwrap()).collect();
    let done: BTreeSet<_> = text.split("$.").skip(1).map(narrowed_call).collect();
    assert_eq!(said, done);
}

/// The name of a call, which begins a text.
fn narrowed_call(text: &str) -> &str {
    text.split(|it: char| !it.is_alphanumeric() && it != '.').next().unwrap()
}

#[test]
fn the_skill_speaks_of_commands_that_there_are() {
    let home = crate::harness::Home::seeded();
    let skill = read("skills/personas/SKILL.md");
    let mut commands: Vec<_> = skill
        .split("muzzle-persona ")
        .skip(1)
        .filter_map(|rest| rest.split([' ', '`', ':']).next())
        .collect();
    commands.retain(|word| {
        word.bytes().all(|byte| byte.is_ascii_lowercase()) && !["lends"].contains(word)
    });
    assert!(commands.len() >= 7, "{commands:?}");
    for command in commands {
        assert!(!home.run(&["help", command]).ok().is_empty(), "{command}");
    }
}
