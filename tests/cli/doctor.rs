//! What `doctor` finds, and what it says of it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::client::Client;

/// What a good hook does, for a stand-in.
const GOOD: &str = r#"
input=$(cat)
case $input in
*PreToolUse*)
    mkdir -p "$MUZZLE_PERSONA_STORE"
    echo '{"type":"assign"}' >>"$MUZZLE_PERSONA_STORE/events.jsonl"
    printf '%s\n' '{"hookSpecificOutput":{"hookEventName":"PreToolUse","updatedInput":{
        "description":"Review parser","subagent_type":"general-purpose","name":"worker-1",
        "prompt":"You are Ada Quill.\n---\n\nReview src/parser.rs and report every unchecked index."}}}' ;;
*) echo '{"type":"release"}' >>"$MUZZLE_PERSONA_STORE/events.jsonl" ;;
esac
"#;

/// A client in which stand-ins for the hooks run a script, registered in the settings.
fn client(script: &str) -> Client {
    let client = Client::new();
    client.put("script.sh", script);
    client.put(client.settings(), registration(&client).to_string());
    client
}

fn registration(client: &Client) -> Value {
    let handler = |hook: &str| {
        json!([{"hooks": [{
            "type": "command",
            "command": client.path("bin").join(hook),
            "args": [client.path("script.sh")],
            "timeout": 60,
        }]}])
    };
    json!({"hooks": {
        "PostToolUse": handler("persona-inject"),
        "PreToolUse": handler("persona-inject"),
        "SessionEnd": handler("persona-release"),
        "SessionStart": handler("persona-release"),
        "SubagentStop": handler("persona-inject"),
    }})
}

/// What is said, without what differs from run to run.
fn told(client: &Client, text: &str) -> String {
    let text = client.without_home(text);
    let lines = text.lines().map(|line| {
        let words = line.split(' ').map(|word| {
            let rest = word.trim_start_matches(|c: char| c.is_ascii_digit());
            let is_number = rest.len() < word.len() && matches!(rest, "" | "." | ":");
            if is_number { format!("N{rest}") } else { word.to_owned() }
        });
        words.collect::<Vec<_>>().join(" ")
    });
    crate::harness::without_ids(&lines.collect::<Vec<_>>().join("\n"))
}

#[track_caller]
fn is_well(client: &Client) -> String {
    told(client, &client.run(&["doctor"]).ok())
}

#[track_caller]
fn is_not_well(client: &Client) -> String {
    let done = client.run(&["doctor"]);
    assert_eq!((done.code, done.stderr.as_str()), (Some(1), ""), "{}", done.stdout);
    told(client, &done.stdout)
}

/// What is found by one check, as level, message, meaning and hint.
#[track_caller]
fn finds(client: &Client, check: &str) -> Vec<String> {
    let done = client.run(&["doctor", "--json"]);
    assert_eq!(done.stderr, "");
    let report: Value = serde_json::from_str(&done.stdout).unwrap();
    let found = report["findings"].as_array().unwrap().clone();
    let is_well = found.iter().all(|finding| finding["level"] != "problem");
    assert_eq!((done.code, &report["healthy"]), (Some(i32::from(!is_well)), &json!(is_well)));
    let found = found.iter().filter(|finding| finding["check"] == check);
    let words = |finding: &Value| {
        let words =
            ["level", "message", "hint"].map(|key| finding[key].as_str().unwrap_or("-").to_owned());
        assert_eq!(finding["level"] == "ok", finding["means"].is_null());
        assert_eq!(finding["level"] == "ok", finding["hint"].is_null());
        told(client, &words.join(" | "))
    };
    found.map(words).collect()
}

/// It is found, and nothing else by that check.
#[track_caller]
fn finds_only(client: &Client, check: &str, level: &str, message: &str) {
    let found = finds(client, check);
    let start = format!("{level} | {message}");
    assert!(found.len() == 1 && found[0].starts_with(&start), "{found:#?} and not {start}");
}

#[test]
fn all_is_well() {
    let client = client(GOOD);
    assert_snapshot!(is_well(&client), @r"
    ✓ There is no store at `~/.muzzle/personas` yet; the first agent makes one.
    ✓ N MiB are free on its disk.
    ✓ Both hooks are beside this program, in `~/bin`.
    ✓ The hooks are registered in `~/.claude/settings.json`.
    ✓ No `claude` is on the path to ask for its version.
    ✓ No other hook is called for agents.
    ✓ No mod has served a session of this store yet.
    ! `MUZZLE_PERSONA_NOW` is `2026-03-25T15:30:00Z`.
        The clock stands still: no session is ever stale, and no record is of its time.
        hint: unset it, but for tests and rehearsals
    ✓ `MUZZLE_PERSONA_STORE` is `~/.muzzle/personas`.
    ✓ A store can be made.
    ✓ `~/bin/persona-inject ~/script.sh` gave a sample call a persona, in N ms.
        │ You are Ada Quill.
        │ ---
    ✓ `~/bin/persona-release ~/script.sh` gave the persona back when the session ended, in N ms.
    It works; look at what is marked with !.
    ");
    client.home.run(&["orphan-cleanup"]).ok();
    assert_snapshot!(is_well(&client), @r"
    ✓ The store is in `~/.muzzle/personas`; its log has N bytes.
    ✓ It is open to its owner only.
    ✓ The log ends with the event <id>, which is sound.
    ✓ Nobody holds the lock.
    ✓ All lines of the log are sound: N events.
    ✓ No text of the log waits to be allowed.
    ✓ N MiB are free on its disk.
    ✓ Both hooks are beside this program, in `~/bin`.
    ✓ The hooks are registered in `~/.claude/settings.json`.
    ✓ No `claude` is on the path to ask for its version.
    ✓ No other hook is called for agents.
    ✓ No mod has served a session of this store yet.
    ! `MUZZLE_PERSONA_NOW` is `2026-03-25T15:30:00Z`.
        The clock stands still: no session is ever stale, and no record is of its time.
        hint: unset it, but for tests and rehearsals
    ✓ `MUZZLE_PERSONA_STORE` is `~/.muzzle/personas`.
    ✓ The store would lend Elena Vasquez as code-reviewer now.
    ✓ `~/bin/persona-inject ~/script.sh` gave a sample call a persona, in N ms.
        │ You are Ada Quill.
        │ ---
    ✓ `~/bin/persona-release ~/script.sh` gave the persona back when the session ended, in N ms.
    It works; look at what is marked with !.
    ");
}

#[test]
fn a_fresh_home_is_told_what_to_do() {
    let client = Client::new();
    let before = client.tree();
    assert_snapshot!(is_not_well(&client), @r"
    ✓ There is no store at `~/.muzzle/personas` yet; the first agent makes one.
    ✓ N MiB are free on its disk.
    ✓ Both hooks are beside this program, in `~/bin`.
    ✗ The hooks are not registered.
        No agent of a session that starts here gets a persona.
        hint: `muzzle-persona install`
    ✓ No `claude` is on the path to ask for its version.
    ✓ No other hook is called for agents.
    ✓ No mod has served a session of this store yet.
    ! `MUZZLE_PERSONA_NOW` is `2026-03-25T15:30:00Z`.
        The clock stands still: no session is ever stale, and no record is of its time.
        hint: unset it, but for tests and rehearsals
    ✓ `MUZZLE_PERSONA_STORE` is `~/.muzzle/personas`.
    ✓ A store can be made.
    It does not work as it should; look at what is marked with ✗ first.
    ");
    assert_eq!(client.tree(), before);
}

#[test]
fn nothing_is_written() {
    let client = client(GOOD);
    client.home.run(&["orphan-cleanup"]).ok();
    let before = client.tree();
    is_well(&client);
    client.run(&["doctor", "--json"]).json();
    assert_eq!(client.tree(), before);
}

#[test]
fn the_store() {
    let client = client(GOOD);
    let log = client.home.log_path();
    client.home.run(&["orphan-cleanup"]).ok();
    let mode = |path: &std::path::Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    mode(client.home.store(), 0o755);
    mode(&log, 0o644);
    finds_only(
        &client,
        "store.modes",
        "warning",
        "Others than its owner may use `.` (755), `events.jsonl` (644) of the store. | `chmod -R go= ~/.muzzle/personas`",
    );
    mode(client.home.store(), 0o700);
    mode(&log, 0o400);
    let found = finds(&client, "store.modes");
    assert!(
        found[1].starts_with("problem | `~/.muzzle/personas/events.jsonl` is read-only. | "),
        "{found:?}"
    );
}

#[test]
fn the_end_of_the_log() {
    let client = client(GOOD);
    client.home.run(&["orphan-cleanup"]).ok();
    let sound = client.home.log();
    client.home.set_log(&[&sound[..], b"{\"v\":1,\"se"].concat());
    finds_only(
        &client,
        "store.tail",
        "warning",
        "The log ends with N bytes of a write that was cut off. | nothing needs to be done",
    );
    client.home.set_log(&[&sound[..], b"{\"v\":1}\n"].concat());
    finds_only(&client, "store.tail", "problem", "The last line of the log is damaged: ");
    client.home.set_log(b"");
    finds_only(&client, "store.tail", "ok", "The log is empty.");
    client.home.set_log(&sound);
    client.home.run(&["compact", "--seal"]).ok();
    finds_only(&client, "store.tail", "ok", "The log ends with the event <id>, which is sound.");
    fs::remove_dir_all(client.home.store()).unwrap();
    client.put(client.home.store(), "");
    assert!(finds(&client, "store")[0].starts_with("problem | "), "{:?}", finds(&client, "store"));
}

#[test]
fn who_holds_the_lock() {
    let client = client(GOOD);
    client.home.run(&["orphan-cleanup"]).ok();
    finds_only(&client, "store.lock", "ok", "Nobody holds the lock.");
    let lock = fs::File::open(client.home.store().join(".lock")).unwrap();
    fs2::FileExt::lock_exclusive(&lock).unwrap();
    let done = client.run(&["doctor"]);
    let holder = if cfg!(target_os = "linux") {
        format!("the process {} (`", std::process::id())
    } else {
        "somebody".to_owned()
    };
    assert!(done.stdout.contains(&format!("! The lock is held by {holder}")), "{}", done.stdout);
    assert_eq!(done.code, Some(0));
}

#[test]
fn the_programs() {
    let client = Client::new();
    fs::remove_file(client.path("bin/persona-inject")).unwrap();
    client.put("bin/persona-inject", "");
    fs::remove_file(client.path("bin/persona-release")).unwrap();
    let found = finds(&client, "programs");
    assert!(
        found[0]
            .starts_with("problem | `~/bin/persona-inject` is not executable. | `cargo install"),
        "{found:?}"
    );
    assert!(
        found[1].starts_with("problem | `~/bin/persona-release` is not there. | `cargo install"),
        "{found:?}"
    );
}

#[test]
fn what_is_registered_and_cannot_be_run() {
    let client = client(GOOD);
    let text = registration(&client).to_string();
    client.put(client.settings(), text.replace("bin/persona-release", "old/persona-release"));
    assert_snapshot!(is_not_well(&client), @r"
    ✓ There is no store at `~/.muzzle/personas` yet; the first agent makes one.
    ✓ N MiB are free on its disk.
    ✓ Both hooks are beside this program, in `~/bin`.
    ✗ `~/old/persona-release`, as `~/.claude/settings.json` registers it, is not there.
        Claude Code cannot run it, and tells so each time.
        hint: `muzzle-persona install --via settings --scope user`
    ✓ No `claude` is on the path to ask for its version.
    ✓ No other hook is called for agents.
    ✓ No mod has served a session of this store yet.
    ! `MUZZLE_PERSONA_NOW` is `2026-03-25T15:30:00Z`.
        The clock stands still: no session is ever stale, and no record is of its time.
        hint: unset it, but for tests and rehearsals
    ✓ `MUZZLE_PERSONA_STORE` is `~/.muzzle/personas`.
    ✓ A store can be made.
    ✓ `~/bin/persona-inject ~/script.sh` gave a sample call a persona, in N ms.
        │ You are Ada Quill.
        │ ---
    ✗ `~/old/persona-release ~/script.sh` could not be run: No such file or directory (os error 2).
        The end of a sample session did not give its persona back.
        hint: install the programs anew, then run `muzzle-persona install` again
    It does not work as it should; look at what is marked with ✗ first.
    ");
    client.put("old/persona-release", "");
    finds_only(
        &client,
        "registration.command",
        "problem",
        "`~/old/persona-release`, as `~/.claude/settings.json` registers it, is not executable.",
    );
    fs::remove_file(client.path("old/persona-release")).unwrap();
    std::os::unix::fs::symlink("/bin/cat", client.path("old/persona-release")).unwrap();
    finds_only(
        &client,
        "registration.command",
        "warning",
        "`~/.claude/settings.json` registers `~/old/persona-release`.",
    );
}

#[test]
fn what_is_not_registered() {
    let client = client(GOOD);
    let with = |change: &dyn Fn(&mut Value)| {
        let mut settings = registration(&client);
        change(&mut settings["hooks"]);
        client.put(client.settings(), settings.to_string());
        finds(&client, "registration.event")
    };
    let hint = "`muzzle-persona install --via settings --scope user`";
    assert_eq!(
        with(&|hooks| hooks["PreToolUse"] = json!([])),
        [format!(
            "problem | `~/.claude/settings.json` does not have `persona-inject` called for `PreToolUse` of `Agent`. | {hint}"
        )]
    );
    assert_eq!(
        with(&|hooks| hooks["PreToolUse"][0]["matcher"] = json!("Bash")),
        [format!(
            "problem | `~/.claude/settings.json` does not have `persona-inject` called for `PreToolUse` of `Agent`. | {hint}"
        )]
    );
    assert_eq!(
        with(&|hooks| hooks["SessionEnd"] = json!([])),
        [format!(
            "warning | `~/.claude/settings.json` does not have `persona-release` called for `SessionEnd`. | {hint}"
        )]
    );
    assert_eq!(
        with(&|hooks| hooks["SessionStart"] = json!([])),
        [format!(
            "warning | `~/.claude/settings.json` does not have `persona-release` called for `SessionStart`. | {hint}"
        )]
    );
    assert_eq!(
        with(&|hooks| hooks["PostToolUse"] = json!([])),
        [format!(
            "warning | `~/.claude/settings.json` does not have `persona-inject` called for `PostToolUse`. | {hint}"
        )]
    );
    assert_eq!(
        with(&|hooks| {
            hooks["SubagentStop"] = json!([]);
            hooks["PostToolUse"] = json!([]);
        }),
        [format!(
            "warning | `~/.claude/settings.json` does not have `persona-inject` called for `PostToolUse`, `SubagentStop`. | {hint}"
        )]
    );
    assert_eq!(
        with(&|hooks| hooks["PreToolUse"][0]["matcher"] = json!("Agent|Task")),
        Vec::<String>::new()
    );
}

#[test]
fn registered_twice() {
    let client = client(GOOD);
    client.put("acme/.claude/settings.local.json", registration(&client).to_string());
    finds_only(
        &client,
        "registration.twice",
        "warning",
        "The hooks are registered N times. | `muzzle-persona uninstall` takes all out, then install once",
    );
    let client = Client::new();
    client.says(&["install"]);
    client.put(client.settings(), registration(&client).to_string());
    finds_only(&client, "registration.twice", "warning", "The hooks are registered N times.");
    let client = client_with_settings(&json!({"enabledPlugins": {"muzzle-persona@team": true}}));
    client.says_no_twice();
}

impl Client {
    fn says_no_twice(&self) {
        assert_eq!(finds(self, "registration.twice"), Vec::<String>::new());
        let found = finds(self, "registration");
        assert_eq!(
            found[0],
            "ok | The plugin `muzzle-persona@team` is enabled in `~/.claude/settings.json`. | -"
        );
    }
}

/// A client without hooks of ours and with these settings.
fn client_with_settings(settings: &Value) -> Client {
    let client = Client::new();
    client.put(client.settings(), settings.to_string());
    client
}

#[test]
fn one_file_that_registers_twice() {
    let client = client(GOOD);
    let mut settings = registration(&client);
    let hooks = settings["hooks"]["PreToolUse"][0]["hooks"].as_array_mut().unwrap();
    hooks.push(hooks[0].clone());
    client.put(client.settings(), settings.to_string());
    finds_only(&client, "registration.twice", "warning", "The hooks are registered N times.");
}

#[test]
fn a_registration_where_the_variable_does_not_lead() {
    let client = client(GOOD);
    let client = client.with_config("elsewhere");
    finds_only(
        &client,
        "registration.elsewhere",
        "warning",
        "The hooks are registered in `~/.claude/settings.json`, too. | nothing needs to be done if",
    );
    client.says(&["install"]);
    assert_eq!(finds(&client, "registration.elsewhere").len(), 1);
    fs::remove_file(client.path(".claude/settings.json")).unwrap();
    assert_eq!(finds(&client, "registration.elsewhere"), Vec::<String>::new());
    let found = finds(&client, "registration");
    let told = "ok | `CLAUDE_CONFIG_DIR` has Claude Code's directory at `~/elsewhere`. | -";
    assert_eq!(found.last().unwrap(), told);
}

/// A `claude` on the path that says of which version it is.
fn with_claude<'a>(client: &'a Client, version: &str) -> impl Fn(&str) -> Vec<String> + 'a {
    client.put("path/claude", format!("#!/bin/sh\necho '{version} (Claude Code)'\n"));
    let claude = client.path("path/claude");
    fs::set_permissions(&claude, fs::Permissions::from_mode(0o755)).unwrap();
    move |check| {
        let mut doctor = client.command(&["doctor", "--json"]);
        let path = format!("{}:/bin:/usr/bin", client.path("path").display());
        let done = crate::harness::Done::of(doctor.env("PATH", path));
        let report: Value = serde_json::from_str(&done.stdout).unwrap();
        let found = report["findings"].as_array().unwrap().iter();
        let found = found.filter(|finding| finding["check"] == check);
        let told = |it: &Value| {
            let line = ["level", "message"].map(|key| it[key].as_str().unwrap().to_owned());
            client.without_home(&line.join(" | "))
        };
        found.map(told).collect()
    }
}

#[test]
fn which_way_serves_the_client() {
    let client = Client::new();
    client.says(&["install", "--via", "plugin"]);
    for (version, told) in [
        ("2.1.332", "ok | Claude Code 2.1.332 is installed, and runs the plugin as a mod."),
        ("2.1.287", "ok | Claude Code 2.1.287 is installed, and runs the plugin as a mod."),
        (
            "2.1.286",
            "ok | Claude Code 2.1.286 is installed, and calls the hooks: mods came with 2.1.287.",
        ),
        (
            "2.1.150",
            "problem | Claude Code 2.1.150 is installed, and is not known to load plugins from a folder.",
        ),
    ] {
        assert_eq!(with_claude(&client, version)("client"), [told]);
    }
    client.says(&["install", "--via", "settings"]);
    assert_eq!(
        with_claude(&client, "2.1.332")("client"),
        [
            "ok | Claude Code 2.1.332 is installed, and calls the hooks: what is registered has no mod."
        ]
    );
    client.says(&["uninstall"]);
    assert_eq!(
        with_claude(&client, "2.1.332")("client"),
        ["ok | Claude Code 2.1.332 is installed."]
    );
}

#[test]
fn hooks_of_others_cannot_harm_where_a_mod_serves() {
    let client = Client::new();
    client.says(&["install", "--via", "plugin"]);
    let other = r#"{"hooks": {"PreToolUse": [{"hooks": [{"type": "command", "command": "x"}]}]}}"#;
    client.put("acme/.claude/settings.local.json", other);
    let told = "`x` in `~/acme/.claude/settings.local.json` is called for agents too";
    assert_eq!(
        with_claude(&client, "2.1.332")("hooks.rival"),
        [format!("ok | {told}; a mod's words come after all hooks.")]
    );
    let found = with_claude(&client, "2.1.250")("hooks.rival");
    assert_eq!(found, [format!("warning | {told}.")]);
}

#[test]
fn when_a_mod_last_served_a_session() {
    let client = client(GOOD);
    finds_only(&client, "client.mod", "ok", "No mod has served a session of this store yet.");
    client.put(client.home.store().join(".cache/mod/last"), "2026-03-25T10:00:00Z\n");
    let found = finds(&client, "client.mod");
    assert!(found[0].starts_with("ok | A mod last began to serve a session at 2026-"), "{found:?}");
}

/// A plugin from a marketplace, as the client installs and enables one.
fn installed(client: &Client, name: &str, files: &[(&str, String)]) {
    let folder = format!(".claude/plugins/cache/market/{name}/1.0.0");
    for (file, text) in files {
        client.put(format!("{folder}/{file}"), text);
    }
    let list = json!({"version": 2, "plugins": {
        (format!("{name}@market")): [{"scope": "user", "installPath": client.path(&folder)}],
    }});
    client.put(".claude/plugins/installed_plugins.json", list.to_string());
}

fn enable(client: &Client, name: &str, is_enabled: bool) {
    let plugins = json!({"enabledPlugins": {(format!("{name}@market")): is_enabled}});
    client.put(client.settings(), plugins.to_string());
}

#[test]
fn our_plugin_from_a_marketplace_is_looked_at_as_any_other() {
    let client = Client::new();
    client.put("script.sh", GOOD);
    let mut hooks = registration(&client);
    hooks["modules"] = json!(["./register.ts"]);
    installed(&client, "muzzle-persona", &[("hooks/hooks.json", hooks.to_string())]);
    enable(&client, "muzzle-persona", true);
    let path = "~/.claude/plugins/cache/market/muzzle-persona/1.0.0/hooks/hooks.json";
    let found = finds(&client, "registration");
    assert_eq!(found[0], format!("ok | The hooks are registered in `{path}`. | -"));
    finds_only(&client, "rehearsal.inject", "ok", "`~/bin/persona-inject ~/script.sh` gave a");
    assert_eq!(
        with_claude(&client, "2.1.150")("client"),
        ["ok | Claude Code 2.1.150 is installed, and calls the hooks: mods came with 2.1.287."]
    );
    enable(&client, "muzzle-persona", false);
    let found = finds(&client, "registration");
    assert!(found.last().unwrap().starts_with("problem | The hooks are not registered."));
}

#[test]
fn hooks_of_other_plugins_from_marketplaces() {
    let client = client(GOOD);
    let own = registration(&client);
    let hooks = |command: &str| json!({"PreToolUse": [{"hooks": [{"type": "command", "command": command}]}]});
    let found = |files: &[(&str, String)], is_enabled: bool| {
        installed(&client, "other", files);
        let mut settings = own.clone();
        settings["enabledPlugins"] = json!({"other@market": is_enabled});
        client.put(client.settings(), settings.to_string());
        let found = finds(&client, "hooks.rival");
        fs::remove_dir_all(client.path(".claude/plugins")).unwrap();
        found
    };
    let in_file = ("hooks/hooks.json", json!({"hooks": hooks("a.sh")}).to_string());
    let manifest = |hooks: Value| {
        (".claude-plugin/plugin.json", json!({"name": "other", "hooks": hooks}).to_string())
    };
    let told = |command: &str, file: &str| {
        format!("warning | `{command}` in `~/.claude/plugins/cache/market/other/1.0.0/{file}` is")
    };
    for (files, command, file) in [
        (vec![in_file.clone()], "a.sh", "hooks/hooks.json"),
        (vec![manifest(hooks("b.sh"))], "b.sh", ".claude-plugin/plugin.json"),
        (vec![manifest(json!({"hooks": hooks("c.sh")}))], "c.sh", ".claude-plugin/plugin.json"),
        (
            vec![
                manifest(json!("./more.json")),
                ("more.json", json!({"hooks": hooks("d.sh")}).to_string()),
            ],
            "d.sh",
            "more.json",
        ),
        (
            vec![manifest(json!(["./hooks/hooks.json"])), in_file.clone()],
            "a.sh",
            "hooks/hooks.json",
        ),
    ] {
        let found = found(&files, true);
        assert!(
            found.len() == 1 && found[0].starts_with(&told(command, file)),
            "{found:?} and not {}",
            told(command, file)
        );
    }
    assert_eq!(found(&[in_file], false), ["ok | No other hook is called for agents. | -"]);
    client.put(".claude/plugins/installed_plugins.json", "[7");
    assert_eq!(finds(&client, "hooks.rival"), ["ok | No other hook is called for agents. | -"]);
}

#[test]
fn a_plugin_of_others_that_is_disabled_is_not_called() {
    let client = client(GOOD);
    client.put(
        ".claude/skills/other/hooks/hooks.json",
        r#"{"hooks": {"PreToolUse": [{"hooks": [{"type": "command", "command": "x"}]}]}}"#,
    );
    assert_eq!(finds(&client, "hooks.rival").len(), 1);
    let mut settings = registration(&client);
    settings["enabledPlugins"] = json!({"other@skills-dir": false});
    client.put(client.settings(), settings.to_string());
    finds_only(&client, "hooks.rival", "ok", "No other hook is called for agents.");
}

/// What the hooks do with a store of their own says nothing of the real one.
#[test]
fn the_real_store_could_lend_a_persona() {
    let client = client(GOOD);
    let could_not = |check: &str, start: &str| {
        finds_only(&client, check, "problem", start);
        let done = client.run(&["doctor"]);
        assert_eq!(done.code, Some(1), "{}", done.stdout);
    };
    finds_only(&client, "rehearsal.store", "ok", "A store can be made.");
    assert!(!client.home.store().exists());
    client.home.set_seed("[scoring]\nprior = -1\n");
    could_not("rehearsal.store", "");
    assert!(finds(&client, "rehearsal.store")[0].contains("seed.toml"));
    client.home.set_seed("");
    client.home.run(&["orphan-cleanup"]).ok();
    finds_only(&client, "rehearsal.store", "ok", "The store would lend Elena Vasquez as code-rev");
    let log = client.home.log();
    // A line that was changed, behind whose back no checkpoint stands.
    let changed = String::from_utf8(log.clone()).unwrap().replacen("pragmatic", "pragmatik", 1);
    client.home.set_log(changed.as_bytes());
    could_not("rehearsal.store", "");
    assert!(finds(&client, "rehearsal.store")[0].contains("muzzle-persona verify"));
    client.home.set_log(&log);
    client.home.append(99, "seed", "{}");
    could_not("rehearsal.store", "");
    client.home.set_log(&log);
    finds_only(&client, "rehearsal.store", "ok", "The store would lend Elena Vasquez");
    assert_eq!(client.home.log(), log, "nothing is recorded");
}

#[test]
fn files_that_cannot_be_used() {
    let client = client(GOOD);
    client.put("acme/.claude/settings.json", "{ // mine\n}");
    finds_only(
        &client,
        "registration.file",
        "warning",
        "`~/acme/.claude/settings.json` is not as it should be: it is not valid JSON: ",
    );
    let client = Client::new();
    client.says(&["install"]);
    client.put(".claude/skills/muzzle-persona/mine.md", "");
    finds_only(
        &client,
        "registration.file",
        "warning",
        "`~/.claude/skills/muzzle-persona` is not as `install` wrote it: it holds `mine.md`, which muzzle-persona did not write. | look at it",
    );
    fs::remove_file(client.path(".claude/skills/muzzle-persona/mine.md")).unwrap();
    fs::remove_file(client.path(".claude/skills/muzzle-persona/hooks/hooks.json")).unwrap();
    finds_only(
        &client,
        "registration.file",
        "warning",
        "`~/.claude/skills/muzzle-persona` has no `hooks/hooks.json`. | `muzzle-persona install --via plugin --scope user`",
    );
}

#[test]
fn a_plugin_that_is_disabled() {
    let client = Client::new();
    client.says(&["install"]);
    client.put(client.settings(), r#"{"enabledPlugins": {"muzzle-persona@skills-dir": false}}"#);
    finds_only(
        &client,
        "registration.disabled",
        "problem",
        "The plugin is disabled in `~/.claude/settings.json`.",
    );
    client.put(
        "acme/.claude/settings.local.json",
        r#"{"enabledPlugins": {"muzzle-persona@skills-dir": true}}"#,
    );
    assert_eq!(finds(&client, "registration.disabled"), Vec::<String>::new());
}

#[test]
fn hooks_that_are_disabled() {
    let client = client(GOOD);
    client.put("acme/.claude/settings.json", r#"{"disableAllHooks": true}"#);
    finds_only(
        &client,
        "hooks.disabled",
        "problem",
        "`disableAllHooks` is true in `~/acme/.claude/settings.json`.",
    );
    client.put("acme/.claude/settings.local.json", r#"{"disableAllHooks": false}"#);
    assert_eq!(finds(&client, "hooks.disabled"), Vec::<String>::new());
}

#[test]
fn hooks_of_others_that_are_called_for_agents() {
    let client = client(GOOD);
    let other = |matcher: &str, handler: &str| {
        format!(r#"{{"hooks": {{"PreToolUse": [{{{matcher}"hooks": [{handler}]}}]}}}}"#)
    };
    let local = "acme/.claude/settings.local.json";
    client.put(local, other("", r#"{"type": "command", "command": "log.sh"}"#));
    finds_only(
        &client,
        "hooks.rival",
        "warning",
        "`log.sh` in `~/acme/.claude/settings.local.json` is called for agents too. | if it does not rewrite",
    );
    client.put(local, other(r#""matcher": "Agent","#, r#"{"type": "http", "url": "x"}"#));
    finds_only(&client, "hooks.rival", "warning", "a hook that is no command in `~/acme/");
    client
        .put(local, other(r#""matcher": "Bash","#, r#"{"type": "command", "command": "log.sh"}"#));
    finds_only(&client, "hooks.rival", "ok", "No other hook is called for agents.");
    client.put(
        ".claude/skills/other/hooks/hooks.json",
        other(r#""matcher": ".*","#, r#"{"type": "command", "command": "other.sh"}"#),
    );
    finds_only(
        &client,
        "hooks.rival",
        "warning",
        "`other.sh` in `~/.claude/skills/other/hooks/hooks.json` is called for agents too.",
    );
}

#[test]
fn variables_in_effect() {
    let client = client(GOOD);
    let with = |name: &str, value: &str| {
        let mut settings = registration(&client);
        settings["env"] = json!({name: value});
        client.put(client.settings(), settings.to_string());
        let found = finds(&client, "variables");
        let start = format!("`{name}` is `{value}`, as `~/.claude/settings.json` sets it. | ");
        let found = found.iter().find_map(|line| {
            let (level, rest) = line.split_once(" | ")?;
            rest.starts_with(&start).then(|| level.to_owned())
        });
        found.unwrap_or_default()
    };
    for (name, value, level) in [
        ("MUZZLE_PERSONA_INJECT", "all", "ok"),
        ("MUZZLE_PERSONA_INJECT", "off", "warning"),
        ("MUZZLE_PERSONA_INJECT", "some", "problem"),
        ("MUZZLE_PERSONA_HOOK_TIMEOUT_MS", "soon", "problem"),
        ("MUZZLE_PERSONA_STORE", "/elsewhere", "warning"),
        ("MUZZLE_PERSONA_COLUMNS", "80", "ok"),
        ("MUZZLE_PERSONA_ROLE", "x", "warning"),
        ("OTHER", "x", ""),
    ] {
        assert_eq!(with(name, value), level, "{name} {value}");
    }
    let found = finds(&client, "variables");
    assert!(
        found[0].starts_with("warning | `MUZZLE_PERSONA_NOW` is `2026-03-25T15:30:00Z`. | "),
        "{found:?}"
    );
    client.put(client.settings(), "{}");
    let mut bare = client.command(&["doctor"]);
    bare.env_remove("MUZZLE_PERSONA_STORE").env_remove("MUZZLE_PERSONA_NOW");
    let done = crate::harness::Done::of(&mut bare);
    assert!(done.stdout.contains("✓ No variable `MUZZLE_PERSONA_…` is set.\n"), "{}", done.stdout);
}

#[test]
fn a_hook_that_does_what_no_hook_may() {
    let answer =
        |output: &str| format!("cat >/dev/null; echo '{{\"hookSpecificOutput\":{{{output}}}}}'");
    let input =
        r#""description":"Review parser","subagent_type":"general-purpose","name":"worker-1""#;
    let prompt = "Review src/parser.rs and report every unchecked index.";
    let event = r#""hookEventName":"PreToolUse""#;
    for (script, what) in [
        (
            answer(&format!(
                r#"{event},"permissionDecision":"allow","updatedInput":{{{input},"prompt":"A {prompt}"}}"#
            )),
            "took a decision about the call, which is the user's to take",
        ),
        (
            answer(&format!(
                r#"{event},"updatedInput":{{{input},"more":1,"prompt":"A {prompt}"}}"#
            )),
            "changed more of the call than its prompt",
        ),
        (
            answer(&format!(r#"{event},"updatedInput":{{"prompt":"A {prompt}"}}"#)),
            "changed more of the call than its prompt",
        ),
        (
            answer(&format!(r#"{event},"updatedInput":{{{input},"prompt":"{prompt}"}}"#)),
            "left the prompt as it was",
        ),
        (
            answer(&format!(r#"{event},"updatedInput":{{{input},"prompt":"A"}}"#)),
            "changed the prompt itself",
        ),
        (answer(r#""hookEventName":"Stop""#), "answered something else than a changed call"),
        ("echo no".to_owned(), "answered what is not JSON: expected ident at line N column N"),
        ("echo oh >&2".to_owned(), "did nothing: oh"),
        ("exit 2".to_owned(), "ended with exit status: N: it did not say why"),
        ("kill -9 $$".to_owned(), "ended with signal: N (SIGKILL): it did not say why"),
    ] {
        let client = client(&script);
        finds_only(
            &client,
            "rehearsal.inject",
            "problem",
            &format!("`~/bin/persona-inject ~/script.sh` {what}. | "),
        );
    }
}

#[test]
fn a_hook_that_does_not_end_is_ended() {
    let client = client("exec sleep 600");
    let text = registration(&client).to_string();
    client.put(client.settings(), text.replace("\"timeout\":60", "\"timeout\":0.05"));
    finds_only(
        &client,
        "rehearsal.inject",
        "problem",
        "`~/bin/persona-inject ~/script.sh` did not end within N ms. | ",
    );
    finds_only(
        &client,
        "rehearsal.release",
        "problem",
        "`~/bin/persona-release ~/script.sh` did not end within N ms. | ",
    );
}

#[test]
fn a_hook_in_a_line_for_a_shell() {
    let client = client(GOOD);
    let line =
        format!("X=1 '{}' \"$HOME/script.sh\" | cat", client.path("bin/persona-inject").display());
    client.put(
        client.settings(),
        json!({"hooks": {"PreToolUse": [{"hooks": [{"type": "command", "command": line}]}]}})
            .to_string(),
    );
    finds_only(
        &client,
        "rehearsal.inject",
        "ok",
        "`X=1 '~/bin/persona-inject' \"$HOME/script.sh\" | cat` gave a sample call a persona, in N ms.",
    );
}

#[test]
fn what_a_project_names_is_not_run_unless_it_is_ours() {
    let client = Client::new();
    client.put("script.sh", GOOD);
    let ran = client.path("ran");
    let settings = "acme/.claude/settings.json";
    let evil = format!("touch '{}'", ran.display());
    std::os::unix::fs::symlink("/bin/sh", client.path("acme/persona-inject")).unwrap();
    for handler in [
        json!({"type": "command", "command": "./persona-inject", "args": ["-c", evil]}),
        json!({"type": "command", "command": client.path("acme/persona-inject"), "args": ["-c", evil]}),
        json!({"type": "command", "command": format!("'{}/bin/persona-inject' -c \"{evil}\"", client.home.path().display())}),
    ] {
        let hooks = json!({"hooks": {"PreToolUse": [{"hooks": [handler]}]}});
        // Not the same file, even where all links are followed.
        fs::remove_file(client.path("bin/persona-inject")).unwrap();
        fs::copy("/bin/sh", client.path("bin/persona-inject")).unwrap();
        client.put(settings, hooks.to_string());
        let found = finds(&client, "rehearsal");
        assert!(
            found.len() == 1
                && found[0]
                    .contains(", as `~/acme/.claude/settings.json` registers it, was not run. | "),
            "{found:?}"
        );
        assert_eq!(finds(&client, "rehearsal.inject"), Vec::<String>::new());
        assert!(!ran.exists());
    }
    fs::remove_file(client.path("bin/persona-inject")).unwrap();
    std::os::unix::fs::symlink("/bin/sh", client.path("bin/persona-inject")).unwrap();
    // Its name leads there from here, but not from everywhere.
    fs::remove_file(client.path("acme/persona-inject")).unwrap();
    std::os::unix::fs::symlink(
        client.path("bin/persona-inject"),
        client.path("acme/persona-inject"),
    )
    .unwrap();
    let relative = json!({"type": "command", "command": "persona-inject", "args": []});
    client.put(settings, json!({"hooks": {"PreToolUse": [{"hooks": [relative]}]}}).to_string());
    assert_eq!(finds(&client, "rehearsal").len(), 1);
    client.put(settings, registration(&client).to_string());
    assert_eq!(finds(&client, "rehearsal"), Vec::<String>::new());
    finds_only(&client, "rehearsal.inject", "ok", "`~/bin/persona-inject ~/script.sh` gave");
}

#[test]
fn a_release_that_gives_nothing_back() {
    let client = client(&GOOD.replace(r#""type":"release""#, r#""type":"other""#));
    finds_only(
        &client,
        "rehearsal.release",
        "problem",
        "`~/bin/persona-release ~/script.sh` did nothing: it did not say why. | ",
    );
    let client = client_of_off();
    finds_only(
        &client,
        "rehearsal.inject",
        "ok",
        "`~/bin/persona-inject ~/script.sh` left a sample call alone, in N ms.",
    );
    finds_only(
        &client,
        "rehearsal.release",
        "ok",
        "`~/bin/persona-release ~/script.sh` had nothing to give back when the session ended, in N ms.",
    );
}

/// A client whose sessions get no personas.
fn client_of_off() -> Client {
    let client = client("cat >/dev/null");
    let mut settings = registration(&client);
    settings["env"] = json!({"MUZZLE_PERSONA_INJECT": "off"});
    client.put(client.settings(), settings.to_string());
    client
}

#[test]
fn the_rehearsal_is_told_to_programs_too() {
    let client = client(GOOD);
    let report = client.run(&["doctor", "--json"]).json();
    let rehearsal = &report["rehearsals"][0];
    assert_eq!(rehearsal["preamble"], "You are Ada Quill.\n---");
    assert_eq!(rehearsal["args"], json!([client.path("script.sh")]));
    assert!(rehearsal["milliseconds"].is_u64());
}

#[test]
fn what_a_hook_says_drives_no_terminal() {
    let client = client(&GOOD.replace("Ada Quill", "\\u001b]0;x\\u0007\\u202e"));
    let said = is_well(&client);
    assert!(said.contains("│ You are \\u{1b}]0;x\\u{7}\\u{202e}."), "{said}");
}
