//! `plugin/`, as it is published: held to what `docs/claude-code.md` says of its parts.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::client::Client;

fn published() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/plugin"))
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
        assert_eq!(files, crate::client::files(published()));
        for file in &files {
            let mut text = fs::read_to_string(folder.join(file)).unwrap();
            if file == "hooks/hooks.json" {
                check(file, &serde_json::from_str(&text).unwrap());
                text = text.replace(&format!("{}/", client.path("bin").display()), "");
                text = text.replace(
                    "[\n              \"--inject\",\n              \"all\"\n            ]",
                    "[]",
                );
            }
            assert_eq!(text, read(file), "{file}");
        }
    }
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
