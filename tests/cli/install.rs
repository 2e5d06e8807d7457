//! From nothing to hooks in Claude Code, and back.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;
use std::path::Path;

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::client::Client;
use crate::harness::Done;
use crate::settings_files::OTHERS;

/// A client with a settings file full of other people's hooks.
fn busy() -> Client {
    let client = Client::new();
    client.put(client.settings(), OTHERS);
    client
}

const FOLDER: &str = ".claude/skills/muzzle-persona";

#[test]
fn the_plugin_is_one_folder_and_leaves_nothing_behind() {
    let client = busy();
    let before = client.tree();
    assert_snapshot!(client.says(&["install"]), @r"
    Registered the hooks in `~/.claude/skills/muzzle-persona`:
      create ~/.claude/skills/muzzle-persona/.muzzle-persona.json
      create ~/.claude/skills/muzzle-persona/.claude-plugin/icon.png
      create ~/.claude/skills/muzzle-persona/.claude-plugin/plugin.json
      create ~/.claude/skills/muzzle-persona/LICENSE
      create ~/.claude/skills/muzzle-persona/README.md
      create ~/.claude/skills/muzzle-persona/hooks/ask.ts
      create ~/.claude/skills/muzzle-persona/hooks/command.ts
      create ~/.claude/skills/muzzle-persona/hooks/contract.ts
      create ~/.claude/skills/muzzle-persona/hooks/desk.ts
      create ~/.claude/skills/muzzle-persona/hooks/lending.ts
      create ~/.claude/skills/muzzle-persona/hooks/overview.ts
      create ~/.claude/skills/muzzle-persona/hooks/pane.tsx
      create ~/.claude/skills/muzzle-persona/hooks/programs.ts
      create ~/.claude/skills/muzzle-persona/hooks/prompt.ts
      create ~/.claude/skills/muzzle-persona/hooks/register.ts
      create ~/.claude/skills/muzzle-persona/hooks/run.ts
      create ~/.claude/skills/muzzle-persona/hooks/shown_text.ts
      create ~/.claude/skills/muzzle-persona/hooks/test_command.ts
      create ~/.claude/skills/muzzle-persona/skills/personas/SKILL.md
      create ~/.claude/skills/muzzle-persona/types/index.d.ts
      create ~/.claude/skills/muzzle-persona/hooks/hooks.json
    No `claude` is on the path to ask for its version: from 2.1.250 on it loads the plugin, and an older one needs `--via settings`.
    From the next session on, named sub-agents get a persona. `muzzle-persona doctor` shows that it works.
    ");
    let mut after = client.tree();
    assert_eq!(client.registrations(), 1);
    after.retain(|path, _| !before.contains_key(path));
    let made: Vec<_> = after.keys().map(String::as_str).collect();
    assert!(
        made.iter().all(|path| FOLDER.starts_with(path) || path.starts_with(FOLDER)),
        "{made:?}"
    );
    assert_snapshot!(client.says(&["install"]), @"The hooks are registered already in `~/.claude/skills/muzzle-persona`; nothing to do.");
    assert_snapshot!(client.says(&["uninstall"]), @r"
    Took the hooks out of `~/.claude/skills/muzzle-persona`:
      remove ~/.claude/skills/muzzle-persona/hooks/hooks.json
      remove ~/.claude/skills/muzzle-persona/.claude-plugin/icon.png
      remove ~/.claude/skills/muzzle-persona/.claude-plugin/plugin.json
      remove ~/.claude/skills/muzzle-persona/LICENSE
      remove ~/.claude/skills/muzzle-persona/README.md
      remove ~/.claude/skills/muzzle-persona/hooks/ask.ts
      remove ~/.claude/skills/muzzle-persona/hooks/command.ts
      remove ~/.claude/skills/muzzle-persona/hooks/contract.ts
      remove ~/.claude/skills/muzzle-persona/hooks/desk.ts
      remove ~/.claude/skills/muzzle-persona/hooks/lending.ts
      remove ~/.claude/skills/muzzle-persona/hooks/overview.ts
      remove ~/.claude/skills/muzzle-persona/hooks/pane.tsx
      remove ~/.claude/skills/muzzle-persona/hooks/programs.ts
      remove ~/.claude/skills/muzzle-persona/hooks/prompt.ts
      remove ~/.claude/skills/muzzle-persona/hooks/register.ts
      remove ~/.claude/skills/muzzle-persona/hooks/run.ts
      remove ~/.claude/skills/muzzle-persona/hooks/shown_text.ts
      remove ~/.claude/skills/muzzle-persona/hooks/test_command.ts
      remove ~/.claude/skills/muzzle-persona/skills/personas/SKILL.md
      remove ~/.claude/skills/muzzle-persona/types/index.d.ts
      remove ~/.claude/skills/muzzle-persona/.muzzle-persona.json
    The store stays as it is.
    ");
    assert_eq!(client.tree(), before);
    assert_snapshot!(client.says(&["uninstall"]), @"The hooks are not registered; nothing to do.");
}

#[test]
fn directories_that_were_there_stay_and_others_go() {
    for dir in ["", ".claude", ".claude/skills", ".claude/skills/other"] {
        let client = Client::new();
        fs::create_dir_all(client.path(dir)).unwrap();
        let before = client.tree();
        client.says(&["install"]);
        client.says(&["uninstall"]);
        assert_eq!(client.tree(), before);
        client.says(&["install", "--via=settings"]);
        client.says(&["uninstall"]);
        assert_eq!(client.tree(), before);
    }
}

#[test]
fn the_settings_show_what_changes() {
    let client = busy();
    let before = client.tree();
    assert_snapshot!(client.says(&["install", "--via", "settings"]), @r#"
    Registered the hooks in `~/.claude/settings.json`:
      create ~/.claude/settings.json.before-muzzle-persona
      change ~/.claude/settings.json
    @@ -4,7 +4,18 @@
         "PreToolUse": [ { "matcher": "Bash", "hooks": [ { "type": "command", "command": "~/bin/guard.sh" } ] },
             {"matcher":"Edit|Write","hooks":[{"type":"command","command":"fmt --check","timeout":30}
    -   ,{"type":"prompt","prompt":"Is it safe?"}]} ],
    -	"Notification": [], "SessionEnd"  :  [{"hooks":[{"type":"command","command":"say bye"}]}
    -    ]
    +   ,{"type":"prompt","prompt":"Is it safe?"}]},
    +        {
    +          "matcher": "Agent|Task",
    +          "hooks": [
    +            {
    +              "type": "command",
    +              "command": "~/bin/persona-inject",
    +              "args": [],
    +              "timeout": 5
    +            }
    +          ]
    +        } ],
    +	"Notification": [], "SessionEnd"  :  [{"hooks":[{"type":"command","command":"say bye"}]},{"hooks":[{"type":"command","command":"~/bin/persona-release","args":[],"timeout":5}]}
    +    ], "PostToolUse":[{"matcher":"Agent|Task","hooks":[{"type":"command","command":"~/bin/persona-inject","args":[],"timeout":5}]}], "SessionStart":[{"hooks":[{"type":"command","command":"~/bin/persona-release","args":[],"timeout":5}]}], "SubagentStop":[{"hooks":[{"type":"command","command":"~/bin/persona-inject","args":[],"timeout":5}]}]
       },
     
    What was there before is kept in `~/.claude/settings.json.before-muzzle-persona`.
    From the next session on, named sub-agents get a persona. `muzzle-persona doctor` shows that it works.
    "#);
    assert_eq!(client.registrations(), 1);
    assert_snapshot!(client.says(&["uninstall"]), @r#"
    Took the hooks out of `~/.claude/settings.json`:
      change ~/.claude/settings.json
    @@ -4,18 +4,7 @@
         "PreToolUse": [ { "matcher": "Bash", "hooks": [ { "type": "command", "command": "~/bin/guard.sh" } ] },
             {"matcher":"Edit|Write","hooks":[{"type":"command","command":"fmt --check","timeout":30}
    -   ,{"type":"prompt","prompt":"Is it safe?"}]},
    -        {
    -          "matcher": "Agent|Task",
    -          "hooks": [
    -            {
    -              "type": "command",
    -              "command": "~/bin/persona-inject",
    -              "args": [],
    -              "timeout": 5
    -            }
    -          ]
    -        } ],
    -	"Notification": [], "SessionEnd"  :  [{"hooks":[{"type":"command","command":"say bye"}]},{"hooks":[{"type":"command","command":"~/bin/persona-release","args":[],"timeout":5}]}
    -    ], "PostToolUse":[{"matcher":"Agent|Task","hooks":[{"type":"command","command":"~/bin/persona-inject","args":[],"timeout":5}]}], "SessionStart":[{"hooks":[{"type":"command","command":"~/bin/persona-release","args":[],"timeout":5}]}], "SubagentStop":[{"hooks":[{"type":"command","command":"~/bin/persona-inject","args":[],"timeout":5}]}]
    +   ,{"type":"prompt","prompt":"Is it safe?"}]} ],
    +	"Notification": [], "SessionEnd"  :  [{"hooks":[{"type":"command","command":"say bye"}]}
    +    ]
       },
     
      remove ~/.claude/settings.json.before-muzzle-persona
    The store stays as it is.
    "#);
    assert_eq!(client.tree(), before);
}

#[test]
fn a_dry_run_shows_all_and_writes_nothing() {
    let client = busy();
    let before = client.tree();
    let told = client.says(&["install", "--dry-run"]);
    // How long each file is does not matter here.
    let lines = told.lines().filter(|line| !line.starts_with("@@ -0,0 "));
    let (new, told): (Vec<_>, Vec<_>) = lines.partition(|line| line.starts_with('+'));
    assert_snapshot!(told.join("\n"), @r"
    Would register the hooks in `~/.claude/skills/muzzle-persona`:
      create ~/.claude/skills/muzzle-persona/.muzzle-persona.json
      create ~/.claude/skills/muzzle-persona/.claude-plugin/icon.png
      create ~/.claude/skills/muzzle-persona/.claude-plugin/plugin.json
      create ~/.claude/skills/muzzle-persona/LICENSE
      create ~/.claude/skills/muzzle-persona/README.md
      create ~/.claude/skills/muzzle-persona/hooks/ask.ts
      create ~/.claude/skills/muzzle-persona/hooks/command.ts
      create ~/.claude/skills/muzzle-persona/hooks/contract.ts
      create ~/.claude/skills/muzzle-persona/hooks/desk.ts
      create ~/.claude/skills/muzzle-persona/hooks/lending.ts
      create ~/.claude/skills/muzzle-persona/hooks/overview.ts
      create ~/.claude/skills/muzzle-persona/hooks/pane.tsx
      create ~/.claude/skills/muzzle-persona/hooks/programs.ts
      create ~/.claude/skills/muzzle-persona/hooks/prompt.ts
      create ~/.claude/skills/muzzle-persona/hooks/register.ts
      create ~/.claude/skills/muzzle-persona/hooks/run.ts
      create ~/.claude/skills/muzzle-persona/hooks/shown_text.ts
      create ~/.claude/skills/muzzle-persona/hooks/test_command.ts
      create ~/.claude/skills/muzzle-persona/skills/personas/SKILL.md
      create ~/.claude/skills/muzzle-persona/types/index.d.ts
      create ~/.claude/skills/muzzle-persona/hooks/hooks.json
    No `claude` is on the path to ask for its version: from 2.1.250 on it loads the plugin, and an older one needs `--via settings`.
    Nothing was written.
    ");
    let new = new.iter().fold(String::new(), |all, line| all + &line[1..] + "\n");
    client.says(&["install", "--via", "settings", "--inject", "all", "--dry-run"]);
    assert_eq!(client.tree(), before);
    client.says(&["install"]);
    let mut files = crate::client::files(&client.path(FOLDER));
    files.retain(|file| {
        ![".muzzle-persona.json", "hooks/hooks.json", ".claude-plugin/icon.png"].contains(&&**file)
    });
    files.push("hooks/hooks.json".to_owned());
    let written = files.iter().map(|file| fs::read_to_string(client.path(FOLDER).join(file)));
    let written: String = written.map(Result::unwrap).collect();
    assert_eq!(client.without_home(&written), new);
}

#[test]
fn a_dry_run_shows_what_is_replaced_or_taken_out() {
    let client = busy();
    client.says(&["install"]);
    let installed = client.tree();
    assert_snapshot!(client.says(&["install", "--via", "settings", "--dry-run"]), @r#"
    Would take the older registration out of `~/.claude/skills/muzzle-persona`.
    Would register the hooks in `~/.claude/settings.json`:
      remove ~/.claude/skills/muzzle-persona/hooks/hooks.json
      remove ~/.claude/skills/muzzle-persona/.claude-plugin/icon.png
      remove ~/.claude/skills/muzzle-persona/.claude-plugin/plugin.json
      remove ~/.claude/skills/muzzle-persona/LICENSE
      remove ~/.claude/skills/muzzle-persona/README.md
      remove ~/.claude/skills/muzzle-persona/hooks/ask.ts
      remove ~/.claude/skills/muzzle-persona/hooks/command.ts
      remove ~/.claude/skills/muzzle-persona/hooks/contract.ts
      remove ~/.claude/skills/muzzle-persona/hooks/desk.ts
      remove ~/.claude/skills/muzzle-persona/hooks/lending.ts
      remove ~/.claude/skills/muzzle-persona/hooks/overview.ts
      remove ~/.claude/skills/muzzle-persona/hooks/pane.tsx
      remove ~/.claude/skills/muzzle-persona/hooks/programs.ts
      remove ~/.claude/skills/muzzle-persona/hooks/prompt.ts
      remove ~/.claude/skills/muzzle-persona/hooks/register.ts
      remove ~/.claude/skills/muzzle-persona/hooks/run.ts
      remove ~/.claude/skills/muzzle-persona/hooks/shown_text.ts
      remove ~/.claude/skills/muzzle-persona/hooks/test_command.ts
      remove ~/.claude/skills/muzzle-persona/skills/personas/SKILL.md
      remove ~/.claude/skills/muzzle-persona/types/index.d.ts
      remove ~/.claude/skills/muzzle-persona/.muzzle-persona.json
      create ~/.claude/settings.json.before-muzzle-persona
      change ~/.claude/settings.json
    @@ -4,7 +4,18 @@
         "PreToolUse": [ { "matcher": "Bash", "hooks": [ { "type": "command", "command": "~/bin/guard.sh" } ] },
             {"matcher":"Edit|Write","hooks":[{"type":"command","command":"fmt --check","timeout":30}
    -   ,{"type":"prompt","prompt":"Is it safe?"}]} ],
    -	"Notification": [], "SessionEnd"  :  [{"hooks":[{"type":"command","command":"say bye"}]}
    -    ]
    +   ,{"type":"prompt","prompt":"Is it safe?"}]},
    +        {
    +          "matcher": "Agent|Task",
    +          "hooks": [
    +            {
    +              "type": "command",
    +              "command": "~/bin/persona-inject",
    +              "args": [],
    +              "timeout": 5
    +            }
    +          ]
    +        } ],
    +	"Notification": [], "SessionEnd"  :  [{"hooks":[{"type":"command","command":"say bye"}]},{"hooks":[{"type":"command","command":"~/bin/persona-release","args":[],"timeout":5}]}
    +    ], "PostToolUse":[{"matcher":"Agent|Task","hooks":[{"type":"command","command":"~/bin/persona-inject","args":[],"timeout":5}]}], "SessionStart":[{"hooks":[{"type":"command","command":"~/bin/persona-release","args":[],"timeout":5}]}], "SubagentStop":[{"hooks":[{"type":"command","command":"~/bin/persona-inject","args":[],"timeout":5}]}]
       },
     
    What was there before would be kept in `~/.claude/settings.json.before-muzzle-persona`.
    Nothing was written.
    "#);
    assert_snapshot!(client.says(&["uninstall", "--dry-run"]), @r"
    Would take the hooks out of `~/.claude/skills/muzzle-persona`:
      remove ~/.claude/skills/muzzle-persona/hooks/hooks.json
      remove ~/.claude/skills/muzzle-persona/.claude-plugin/icon.png
      remove ~/.claude/skills/muzzle-persona/.claude-plugin/plugin.json
      remove ~/.claude/skills/muzzle-persona/LICENSE
      remove ~/.claude/skills/muzzle-persona/README.md
      remove ~/.claude/skills/muzzle-persona/hooks/ask.ts
      remove ~/.claude/skills/muzzle-persona/hooks/command.ts
      remove ~/.claude/skills/muzzle-persona/hooks/contract.ts
      remove ~/.claude/skills/muzzle-persona/hooks/desk.ts
      remove ~/.claude/skills/muzzle-persona/hooks/lending.ts
      remove ~/.claude/skills/muzzle-persona/hooks/overview.ts
      remove ~/.claude/skills/muzzle-persona/hooks/pane.tsx
      remove ~/.claude/skills/muzzle-persona/hooks/programs.ts
      remove ~/.claude/skills/muzzle-persona/hooks/prompt.ts
      remove ~/.claude/skills/muzzle-persona/hooks/register.ts
      remove ~/.claude/skills/muzzle-persona/hooks/run.ts
      remove ~/.claude/skills/muzzle-persona/hooks/shown_text.ts
      remove ~/.claude/skills/muzzle-persona/hooks/test_command.ts
      remove ~/.claude/skills/muzzle-persona/skills/personas/SKILL.md
      remove ~/.claude/skills/muzzle-persona/types/index.d.ts
      remove ~/.claude/skills/muzzle-persona/.muzzle-persona.json
    Nothing was written.
    ");
    assert_eq!(client.tree(), installed);
}

#[test]
fn within_a_scope_one_way_takes_the_place_of_the_other() {
    for scope in ["user", "project"] {
        let client = busy();
        let before = client.tree();
        let install = |via: &str| {
            let told = client.says(&["install", "--scope", scope, "--via", via]);
            assert_eq!(client.registrations(), 1);
            told
        };
        install("plugin");
        let told = install("settings");
        assert!(told.starts_with("Took the older registration out of `~"), "{told}");
        let told = install("plugin");
        assert!(told.starts_with("Took the older registration out of `~"), "{told}");
        install("settings");
        client.says(&["uninstall", "--scope", scope]);
        assert_eq!(client.tree(), before);
    }
}

#[test]
fn another_scope_is_refused_with_the_command_that_takes_it_out() {
    for (first, second) in [
        (&["--scope", "user"][..], &["--scope", "project"][..]),
        (&["--scope", "project"], &["--scope", "user", "--via", "settings"]),
        (&["--via", "settings", "--scope", "local"], &["--scope", "user"]),
        (&["--via", "settings", "--scope", "project"], &["--via", "settings", "--scope", "local"]),
    ] {
        let client = busy();
        client.says(&[&["install"], first].concat());
        let before = client.tree();
        let told = client.refuses(&[&["install"], second].concat());
        assert!(
            told.contains("twice is once too often\nhint: `muzzle-persona uninstall --scope "),
            "{told}"
        );
        assert_eq!((client.tree(), client.registrations()), (before, 1));
    }
}

#[test]
fn uninstall_takes_out_what_it_is_asked_for_and_tells_of_the_rest() {
    let client = busy();
    let before = client.tree();
    client.says(&["install"]);
    // Another version, or another hand, may have done this.
    let hooks = fs::read(client.path(&format!("{FOLDER}/hooks/hooks.json"))).unwrap();
    client.put("acme/.claude/settings.local.json", hooks);
    assert_eq!(client.registrations(), 2);
    let done = client.run(&["uninstall", "--scope", "user"]);
    assert_eq!(
        client.without_home(&done.stderr),
        "warning: the hooks are still registered for the scope local, in `~/acme/.claude/settings.local.json`\n"
    );
    assert_eq!((done.code, client.registrations()), (Some(0), 1));
    client.says(&["uninstall"]);
    assert_eq!(client.registrations(), 0);
    fs::remove_dir_all(client.path("acme/.claude")).unwrap();
    assert_eq!(client.tree(), before);
}

#[test]
fn the_clients_directory_is_where_the_variable_says() {
    for via in ["plugin", "settings"] {
        let client = Client::new().with_config("elsewhere/claude");
        client.put(client.settings(), OTHERS);
        let before = client.tree();
        client.says(&["install", "--via", via]);
        assert!(!client.path(".claude").exists());
        assert_eq!(client.registrations(), 1);
        client.says(&["uninstall"]);
        assert_eq!(client.tree(), before);
    }
    let client = Client::new();
    Done::of(client.command(&["install"]).env("CLAUDE_CONFIG_DIR", "")).ok();
    assert!(client.path(FOLDER).exists(), "an empty variable says nothing");
}

#[test]
fn all_agents_get_a_persona_by_an_argument() {
    for via in ["plugin", "settings"] {
        let client = busy();
        let before = client.tree();
        client.says(&["install", "--via", via]);
        client.says(&["install", "--via", via, "--inject", "all"]);
        let file = if via == "plugin" {
            client.path(&format!("{FOLDER}/hooks/hooks.json"))
        } else {
            client.settings()
        };
        let args: Vec<_> = Client::ours(&file)
            .into_iter()
            .map(|(event, handler)| (event, handler["args"].clone()))
            .collect();
        let expected = [
            ("PostToolUse", json!(["--inject", "all"])),
            ("PreToolUse", json!(["--inject", "all"])),
            ("SessionEnd", json!([])),
            ("SessionStart", json!([])),
            ("SubagentStop", json!(["--inject", "all"])),
        ];
        assert_eq!(args, expected.map(|(event, args)| (event.to_owned(), args)));
        client.says(&["install", "--via", via, "--inject", "named"]);
        assert_eq!(Client::ours(&file)[0].1["args"], json!([]));
        client.says(&["uninstall"]);
        assert_eq!(client.tree(), before);
    }
}

#[test]
fn what_was_written_is_for_the_client_to_read() {
    let client = Client::new();
    client.says(&["install"]);
    let mut hooks: Value = serde_json::from_slice(
        &fs::read(client.path(&format!("{FOLDER}/hooks/hooks.json"))).unwrap(),
    )
    .unwrap();
    let handler = |name: &str| json!([{"type": "command", "command": client.path("bin").join(name), "args": [], "timeout": 5}]);
    assert_eq!(
        hooks,
        json!({"modules": ["./register.ts"], "hooks": {
            "PostToolUse": [{"matcher": "Agent|Task", "hooks": handler("persona-inject")}],
            "PreToolUse": [{"matcher": "Agent|Task", "hooks": handler("persona-inject")}],
            "SessionEnd": [{"hooks": handler("persona-release")}],
            "SessionStart": [{"hooks": handler("persona-release")}],
            "SubagentStop": [{"hooks": handler("persona-inject")}],
        }})
    );
    // Settings can name no module.
    hooks.as_object_mut().unwrap().remove("modules");
    client.says(&["install", "--via", "settings"]);
    let settings: Value = serde_json::from_slice(&fs::read(client.settings()).unwrap()).unwrap();
    assert_eq!(settings, hooks);
}

/// Something that is done to a path in the folder.
type Change = fn(&Path) -> io::Result<()>;

fn put(path: &Path) -> io::Result<()> {
    File::options().write(true).create(true).truncate(true).open(path)?.write_all(b"mine")
}

#[test]
fn a_folder_that_holds_something_else_is_left_alone() {
    let list = ".muzzle-persona.json";
    let skill = "skills/personas/SKILL.md";
    let changes: [(&str, Change, &str); 7] = [
        ("notes.md", put, "it holds `notes.md`, which muzzle-persona did not write"),
        ("hooks/more.json", put, "it holds `hooks/more.json`, which muzzle-persona did not write"),
        (
            "agents",
            |path| fs::create_dir(path),
            "it holds `agents`, which muzzle-persona did not write",
        ),
        ("root", |path| symlink("/", path), "it holds `root`, which muzzle-persona did not write"),
        (skill, put, "`skills/personas/SKILL.md` was changed since muzzle-persona wrote it"),
        (
            list,
            |path| fs::remove_file(path),
            "it has no `.muzzle-persona.json`, so muzzle-persona did not write it",
        ),
        (list, put, "`.muzzle-persona.json` was changed since muzzle-persona wrote it"),
    ];
    for (name, change, why) in changes {
        let client = Client::new();
        client.says(&["install"]);
        change(&client.path(FOLDER).join(name)).unwrap();
        let before = client.tree();
        for args in [&["uninstall"][..], &["install"], &["install", "--via", "settings"]] {
            let told = client.refuses(args);
            assert!(
                told.starts_with(&format!("error: left `~/{FOLDER}` alone: {why}\nhint: ")),
                "{name}: {told}"
            );
            assert_eq!(client.tree(), before, "{name}");
        }
    }
}

/// What a client writes beside a mod, so that an editor knows its types.
#[test]
fn what_the_client_wrote_into_the_folder_goes_with_it() {
    let client = Client::new();
    let before = client.tree();
    client.says(&["install"]);
    for (file, text) in [
        (".claude-plugin/types/.gitignore", "*\n"),
        (".claude-plugin/types/claude-code/index.d.ts", "// Written by Claude Code 2.1.332."),
        (".claude-plugin/types/tsconfig.json", "{}"),
        ("tsconfig.json", "{\n  \"extends\": \"./.claude-plugin/types/tsconfig.json\"\n}\n"),
    ] {
        client.put(format!("{FOLDER}/{file}"), text);
    }
    let told = client.says(&["install"]);
    assert!(told.starts_with("The hooks are registered already"), "{told}");
    client.says(&["uninstall"]);
    assert_eq!(client.tree(), before);

    client.says(&["install"]);
    client.put(format!("{FOLDER}/tsconfig.json"), "{\"extends\": \"./mine.json\"}");
    let told = client.refuses(&["uninstall"]);
    assert!(
        told.contains("it holds `tsconfig.json`, which muzzle-persona did not write"),
        "{told}"
    );
}

#[test]
fn an_older_folder_is_brought_up_to_date() {
    let client = Client::new();
    let before = client.tree();
    client.says(&["install"]);
    let whole = client.tree();
    // As a build without a mod wrote it, with a file that is there no more.
    let folder = client.path(FOLDER);
    let hooks = fs::read_to_string(folder.join("hooks/hooks.json")).unwrap();
    let mut hooks: Value = serde_json::from_str(&hooks).unwrap();
    hooks.as_object_mut().unwrap().remove("modules");
    let skill = fs::read_to_string(folder.join("skills/personas/SKILL.md")).unwrap();
    fs::remove_dir_all(&folder).unwrap();
    let files = [
        ("hooks/hooks.json", hooks.to_string()),
        ("skills/personas/SKILL.md", skill),
        ("gone.md", "old".to_owned()),
    ];
    let hashes: serde_json::Map<_, _> = files
        .iter()
        .map(|(name, text)| {
            client.put(format!("{FOLDER}/{name}"), text);
            ((*name).to_owned(), json!(blake3::hash(text.as_bytes()).to_hex().to_string()))
        })
        .collect();
    let list = json!({"version": "0.0.9", "made_directories": 2, "files": hashes});
    client.put(format!("{FOLDER}/.muzzle-persona.json"), list.to_string());
    // The stand-ins for the programs lend nobody.
    let found: Value = serde_json::from_str(&client.run(&["doctor", "--json"]).stdout).unwrap();
    let found = found["findings"].as_array().unwrap();
    let found: Vec<_> = found.iter().filter(|it| it["check"] == "registration.version").collect();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["hint"], "`muzzle-persona install --via plugin --scope user`");
    let told = client.says(&["install"]);
    assert!(told.contains("  remove ~/.claude/skills/muzzle-persona/gone.md\n"), "{told}");
    // Files keep the modes that they had, and the list the number of directories that were made.
    let tree = client.tree();
    assert!(tree.keys().eq(whole.keys()), "{:?}", tree.keys());
    let hooks = format!("{FOLDER}/hooks/hooks.json");
    assert!(tree[&hooks].contains("modules"));
    client.says(&["uninstall"]);
    assert_eq!(client.tree(), before);
}

#[test]
fn a_client_that_loads_no_folder_gets_the_settings() {
    let asked = |script: &str, args: &[&str]| {
        let client = Client::new();
        client.put("path/claude", format!("#!/bin/sh\n{script}\n"));
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(client.path("path/claude"), mode).unwrap();
        let mut install = client.command(&[&["install", "--json"], args].concat());
        let done = Done::of(install.env("PATH", client.path("path"))).json();
        let mut install =
            client.command(&[&["install", "--dry-run", "--inject", "all"], args].concat());
        let told = Done::of(install.env("PATH", client.path("path"))).ok();
        let told = told.lines().rev().nth(1).unwrap().to_owned();
        (done["via"].as_str().unwrap().to_owned(), done["client_version"].clone(), told)
    };
    for (script, args, via, version, told) in [
        (
            "[ \"$1\" = --version ] && echo '2.1.150 (Claude Code)'",
            &[][..],
            "settings",
            json!("2.1.150"),
            "Claude Code 2.1.150 loads no plugin from a folder, so the settings have the hooks.",
        ),
        (
            "echo '2.1.249 (Claude Code)'",
            &["--via", "plugin"],
            "plugin",
            json!("2.1.249"),
            "Claude Code 2.1.249 is not known to load the plugin; `--via settings` works with it.",
        ),
        (
            "echo '2.1.250 (Claude Code)'",
            &[],
            "plugin",
            json!("2.1.250"),
            "Claude Code 2.1.250 calls the plugin's hooks.",
        ),
        (
            "echo '2.1.287 (Claude Code)'",
            &[],
            "plugin",
            json!("2.1.287"),
            "Claude Code 2.1.287 runs the plugin as a mod.",
        ),
        (
            "echo '3.0.1 (Claude Code)'",
            &["--via", "settings"],
            "settings",
            json!("3.0.1"),
            "Claude Code 3.0.1 would run the plugin as a mod, whose words no other hook can replace.",
        ),
        (
            "echo '2.1.150'; exit 1",
            &[],
            "plugin",
            json!(null),
            "No `claude` is on the path to ask for its version: from 2.1.250 on it loads the plugin, and an older one needs `--via settings`.",
        ),
    ] {
        let found = asked(script, args);
        assert_eq!(found, (via.to_owned(), version, told.to_owned()), "{script}");
    }
}

#[test]
fn a_client_in_which_nothing_can_be_shown_gets_the_module_without_that() {
    let client = Client::new();
    let run = |version: &str, args: &[&str]| {
        client.put("path/claude", format!("#!/bin/sh\necho '{version} (Claude Code)'\n"));
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(client.path("path/claude"), mode).unwrap();
        Done::of(client.command(args).env("PATH", client.path("path")))
    };
    // Whether `doctor` tells that the folder is another than the client needs.
    let is_another = |version: &str| {
        let found: Value =
            serde_json::from_str(&run(version, &["doctor", "--json"]).stdout).unwrap();
        let mut found = found["findings"].as_array().unwrap().iter();
        found.any(|it| it["check"] == "registration.version")
    };
    let install = |version: &str| {
        run(version, &["install"]).ok();
        let hooks = fs::read_to_string(client.path(FOLDER).join("hooks/hooks.json")).unwrap();
        let hooks: Value = serde_json::from_str(&hooks).unwrap();
        hooks["modules"].clone()
    };
    // A client that becomes newer or older has the module that fits when it is installed anew.
    for (version, module) in [
        ("2.1.287", "./lending.ts"),
        ("2.1.309", "./lending.ts"),
        ("2.1.310", "./register.ts"),
        ("2.1.250", "./lending.ts"),
        ("3.0.0", "./register.ts"),
    ] {
        assert_eq!(install(version), json!([module]), "{version}");
        assert!(client.path(FOLDER).join("hooks").join(module).exists());
        let newer = ["2.1.300", "2.1.332"].map(is_another);
        assert_eq!(newer, [module == "./register.ts", module == "./lending.ts"], "{version}");
    }
    client.says(&["uninstall"]);
    assert!(!client.path(FOLDER).exists());
}

#[test]
fn a_folder_of_somebody_else_is_left_alone() {
    let client = Client::new();
    client.put(format!("{FOLDER}/SKILL.md"), "mine");
    let before = client.tree();
    assert!(client.refuses(&["install"]).contains("so muzzle-persona did not write it"));
    // It is none of our business.
    client.says(&["install", "--via", "settings"]);
    client.says(&["uninstall"]);
    assert_eq!(client.tree(), before);
}

#[test]
fn a_link_to_a_checkout_is_a_registration_that_is_left_alone() {
    let client = Client::new();
    client
        .put("checkout/hooks/hooks.json", include_str!("../../hook/claude-code/hooks/hooks.json"));
    fs::create_dir_all(client.path(".claude/skills")).unwrap();
    symlink(client.path("checkout"), client.path(FOLDER)).unwrap();
    let before = client.tree();
    for args in [&["install"][..], &["install", "--via", "settings"], &["uninstall"]] {
        assert!(client.refuses(args).contains("alone: it is no folder of its own\n"));
    }
    assert_eq!(client.tree(), before);
}

#[test]
fn a_folder_that_was_written_in_part_can_be_completed_or_removed() {
    let client = Client::new();
    let before = client.tree();
    client.says(&["install"]);
    let whole = client.tree();
    fs::remove_file(client.path(&format!("{FOLDER}/hooks/hooks.json"))).unwrap();
    fs::remove_dir_all(client.path(&format!("{FOLDER}/skills"))).unwrap();
    client.says(&["install"]);
    assert_eq!(client.tree(), whole);
    fs::remove_file(client.path(&format!("{FOLDER}/hooks/hooks.json"))).unwrap();
    fs::remove_dir_all(client.path(&format!("{FOLDER}/skills"))).unwrap();
    client.says(&["uninstall"]);
    assert_eq!(client.tree(), before);
}

#[test]
fn a_plugin_from_a_marketplace_is_a_registration_too() {
    let client = Client::new();
    client.put(client.settings(), r#"{"enabledPlugins": {"muzzle-persona@team": true}}"#);
    let before = client.tree();
    assert_snapshot!(client.refuses(&["install"]), @r"
    error: the hooks are registered already, by the plugin `muzzle-persona@team` that `~/.claude/settings.json` enables
    hint: `claude plugin uninstall muzzle-persona@team` takes it out
    ");
    client.refuses(&["install", "--via", "settings", "--scope", "local"]);
    assert_eq!(client.tree(), before);
    let done = client.run(&["uninstall"]);
    assert_snapshot!(client.without_home(&done.stderr), @"warning: the plugin `muzzle-persona@team` is still enabled in `~/.claude/settings.json`; `claude plugin uninstall muzzle-persona@team` takes it out");
    client.put(
        client.settings(),
        r#"{"enabledPlugins": {"muzzle-persona@team": false, "muzzle-persona@skills-dir": true}}"#,
    );
    client.says(&["install"]);
}

#[test]
fn what_cannot_be_is_refused() {
    let client = Client::new();
    let told = client.run(&["install", "--scope", "local"]).fails(2);
    assert_snapshot!(told, @r"
    error: a plugin cannot be local: everybody in a project sees its folder
    hint: `muzzle-persona install --via settings --scope local`
    ");
    let mut at_home = client.command(&["install", "--scope", "project"]);
    let done = Done::of(at_home.current_dir(client.home.path()));
    assert_snapshot!(done.fails(2), @r"
    error: the project's directory is the one of your own settings
    hint: `muzzle-persona install --scope user`
    ");
    fs::remove_file(client.path("bin/persona-release")).unwrap();
    let before = client.tree();
    assert_snapshot!(client.refuses(&["install"]), @r"
    error: there is no hook at `~/bin/persona-release`, beside this program
    hint: `cargo install --path . && cargo install --path hook` puts both in one place, as does `cargo build --workspace`
    ");
    assert_eq!(client.tree(), before);
    let mut homeless = client.command(&["install"]);
    homeless.env("HOME", "relative");
    assert_snapshot!(Done::of(&mut homeless).fails(2), @r"
    error: could not find the home directory for Claude Code's settings
    hint: set `HOME`, or name Claude Code's directory in `CLAUDE_CONFIG_DIR`
    ");
}

#[test]
fn what_is_in_a_file_drives_no_terminal() {
    let client = Client::new();
    client.put(client.settings(), "{\n\t\"a\": \"\u{9b}31m\u{202e}\"\n}\n");
    let told = client.says(&["install", "--via", "settings"]);
    assert!(told.contains("\n-\t\"a\": \"\\u{9b}31m\\u{202e}\""), "{told}");
}

#[test]
fn programs_get_the_same_as_json() {
    let client = busy();
    let installed = client.run(&["install", "--json"]).json();
    assert_eq!((&installed["via"], &installed["changed"]), (&json!("plugin"), &json!(true)));
    let moved = client.run(&["install", "--via", "settings", "--json"]).json();
    assert_eq!(moved["replaced"], json!([client.path(FOLDER)]));
    let changes = moved["changes"].as_array().unwrap();
    let change = changes.iter().find(|change| change["action"] == "change").unwrap();
    assert!(change["diff"].as_str().unwrap().contains("persona-inject"), "{change}");
    let again = client.run(&["install", "--via", "settings", "--json"]).json();
    assert_eq!((&again["changed"], &again["changes"]), (&json!(false), &json!([])));
    let gone = client.run(&["uninstall", "--json"]).json();
    assert_eq!((&gone["changed"], &gone["places"][0]["scope"]), (&json!(true), &json!("user")));
    assert_eq!(
        client.run(&["uninstall", "--json"]).json(),
        json!({"dry_run": false, "changed": false, "places": []})
    );
}

#[test]
fn what_cannot_be_read_or_written_is_told() {
    let client = Client::new().with_config("file/sub");
    client.put("file", "");
    let told = client.refuses(&["install", "--via", "settings"]);
    assert!(told.contains("alone: it could not be read: Not a directory"), "{told}");
    let mut elsewhere = client.command(&["install"]);
    elsewhere.env("CLAUDE_CONFIG_DIR", "/proc/none");
    let told = Done::of(&mut elsewhere).fails(5);
    let error = "error: could not write `/proc/none/skills/muzzle-persona/.muzzle-persona.json`: ";
    assert!(told.starts_with(error), "{told}");
}

#[test]
fn a_program_whose_path_is_no_text_is_not_registered() {
    let client = Client::new();
    let odd = client.home.path().join(OsStr::from_bytes(b"b\xffn"));
    fs::rename(client.path("bin"), &odd).unwrap();
    let mut command = client.home.command_of(&odd.join("muzzle-persona"));
    let told = Done::of(command.arg("install").current_dir(client.path("acme"))).fails(1);
    assert_snapshot!(told, @r"
    error: the path of this program cannot be written into settings
    hint: install it in a directory whose path is plain text
    ");
}
