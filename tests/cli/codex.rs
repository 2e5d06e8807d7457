//! Codex's file of hooks: what goes in comes out, and what `doctor` finds.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::client::Client;
use crate::harness::Done;

const INSTALL: &[&str] = &["install", "--client", "codex"];
const UNINSTALL: &[&str] = &["uninstall", "--client", "codex"];
const DOCTOR: &[&str] = &["doctor", "--client", "codex"];

/// What a good hook does, for a stand-in; it keeps what it was told.
const GOOD: &str = r#"#!/bin/sh
input=$(cat)
printf '%s\n' "$input" >>"$HOME/payloads"
case $input in
*SubagentStart*)
    cat "$(printf %s "$input" | sed 's/.*"transcript_path":"\([^"]*\)".*/\1/')" >"$HOME/transcript"
    mkdir -p "$MUZZLE_PERSONA_STORE"
    echo '{"type":"assign"}' >>"$MUZZLE_PERSONA_STORE/events.jsonl"
    printf '%s\n' '{"hookSpecificOutput":{"hookEventName":"SubagentStart","additionalContext":"You are Ada Quill.\n---\n"}}' ;;
*) echo '{"type":"release"}' >>"$MUZZLE_PERSONA_STORE/events.jsonl" ;;
esac
"#;

/// A client in which both hooks are this script, in `bin/` or a directory beside it.
fn client(script: &str) -> Client {
    let client = Client::new();
    for hook in ["persona-inject", "persona-release"] {
        let path = client.path("bin").join(hook);
        fs::remove_file(&path).unwrap();
        client.put(&path, script);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    client
}

/// What one check finds, as level and message.
#[track_caller]
fn finds(client: &Client, check: &str) -> Vec<String> {
    let done = client.run(&["doctor", "--client", "codex", "--json"]);
    let report: Value = serde_json::from_str(&done.stdout).unwrap();
    let found = report["findings"].as_array().unwrap().iter().filter(|it| it["check"] == check);
    let words = |it: &Value| {
        let [level, message] = ["level", "message"].map(|key| it[key].as_str().unwrap().to_owned());
        client.without_home(&format!("{level} | {message}"))
    };
    found.map(words).collect()
}

fn registered(client: &Client) -> Value {
    let (inject, release) = (client.path("bin/persona-inject"), client.path("bin/persona-release"));
    let group = |path| json!([{"hooks": [{"type": "command", "command": path, "timeout": 3}]}]);
    json!({
        "SessionEnd": group(&release), "SessionStart": group(&release),
        "SubagentStart": group(&inject), "SubagentStop": group(&inject),
    })
}

#[test]
fn what_goes_in_comes_out_byte_for_byte() {
    let other = r#"{"type": "command", "command": "x --y", "timeout": 3}"#;
    for text in [
        None,
        Some(String::new()),
        Some("{}".to_owned()),
        Some("\u{feff}{ \"hooks\" : { } }\r\n".to_owned()),
        Some(format!(
            "{{\n\t\"hooks\": {{\"SubagentStart\": [ {{\"hooks\":[{other}]}} ]}}, \"z\": 1e4}}"
        )),
        Some(format!(
            "{{\"hooks\": {{\"SessionEnd\": [], \"Stop\": [{{\"hooks\":[{other}]}}]}}}}\n"
        )),
    ] {
        let client = Client::new();
        let path = ".codex/hooks.json";
        if let Some(text) = &text {
            client.put(path, text);
        }
        let tree = client.tree();
        let told = client.says(INSTALL);
        assert!(told.contains("Registered the hooks in `~/.codex/hooks.json`:\n"), "{told}");
        assert!(
            told.contains("Codex runs no hook that you have not reviewed and trusted"),
            "{told}"
        );
        let once = client.tree();
        assert_eq!(
            client.says(INSTALL),
            "The hooks are registered already in `~/.codex/hooks.json`; nothing to do.\n"
        );
        assert_eq!(client.tree(), once);
        assert_eq!(Client::ours(&client.path(path)).len(), 4);
        if text.is_none() {
            let file: Value =
                serde_json::from_slice(&fs::read(client.path(path)).unwrap()).unwrap();
            assert_eq!(file, json!({ "hooks": registered(&client) }));
        }
        client.says(UNINSTALL);
        assert_eq!(client.tree(), tree, "{text:?}");
        assert_eq!(client.says(UNINSTALL), "The hooks are not registered; nothing to do.\n");
    }
}

#[test]
fn what_was_changed_since_stays() {
    let client = Client::new();
    client.says(INSTALL);
    let path = client.path(".codex/hooks.json");
    let text = fs::read_to_string(&path).unwrap();
    let mine = r#"{"hooks": [{"type": "command", "command": "mine"}]}"#;
    client.put(&path, text.replacen("\"SessionEnd\": [", &format!("\"SessionEnd\": [{mine},"), 1));
    client.says(UNINSTALL);
    let left: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    assert_eq!(
        left,
        json!({"hooks": {"SessionEnd": [serde_json::from_str::<Value>(mine).unwrap()]}})
    );
}

#[test]
fn a_file_that_cannot_be_understood_is_left_alone() {
    for text in ["{", "[]", "{\"hooks\": 7}", "{\"hooks\": {\"SubagentStart\": {}}}", "\u{1}"] {
        let client = client(GOOD);
        client.put(".codex/hooks.json", text);
        let tree = client.tree();
        let told = client.refuses(INSTALL);
        assert!(told.starts_with("error: left `~/.codex/hooks.json` alone: "), "{told}");
        assert_eq!(client.tree(), tree);
        let found = finds(&client, "registration.file");
        assert!(found[0].starts_with("warning | `~/.codex/hooks.json` is not as it should be: "));
    }
    // What Claude Code's events are like is no matter here.
    let client = Client::new();
    client.put(".codex/hooks.json", "{\"hooks\": {\"PreToolUse\": 7}}");
    client.says(INSTALL);
}

#[test]
fn it_goes_where_the_variable_says_or_into_the_project() {
    let client = Client::new();
    let run =
        |args: &[&str]| Done::of(client.command(args).env("CODEX_HOME", client.path("other")));
    run(INSTALL).ok();
    assert!(client.path("other/hooks.json").exists() && !client.path(".codex").exists());
    let hint = "`muzzle-persona uninstall --client codex --scope user` takes them out there";
    let told = run(&["install", "--client", "codex", "--scope", "project"]).fails(1);
    assert!(told.contains("twice is once too often") && told.contains(hint), "{told}");
    run(UNINSTALL).ok();
    assert!(!client.path("other").exists());
    client.says(&[INSTALL, &["--scope", "project"]].concat());
    assert!(client.path("acme/.codex/hooks.json").exists());
    client.says(UNINSTALL);
    assert!(!client.path("acme/.codex").exists());
    // Claude Code's registration is another matter.
    client.says(&["install", "--via", "settings"]);
    client.says(INSTALL);
    client.says(&["uninstall"]);
    assert!(client.path(".codex/hooks.json").exists() && !client.path(".claude").exists());
    for (args, why) in [
        (&["--via", "plugin"][..], "Codex gets its hooks in a file, not in a plugin"),
        (&["--scope", "local"], "Codex has no local settings"),
    ] {
        let told = client.run(&[INSTALL, args].concat()).fails(2);
        assert!(told.contains(why), "{told}");
    }
    let mut at_home = client.command(&["install", "--client", "codex", "--scope", "project"]);
    let told = Done::of(at_home.current_dir(client.home.path())).fails(2);
    assert!(told.contains("the project's directory is the one of your own settings"), "{told}");
}

#[test]
fn a_path_is_quoted_for_the_shell() {
    let client = Client::new();
    let bin = client.path("my bin $x");
    fs::rename(client.path("bin"), &bin).unwrap();
    let run = |args: &[&str]| {
        let mut command = client.home.command_of(&bin.join("muzzle-persona"));
        Done::of(command.args(args).current_dir(client.path("acme"))).ok()
    };
    run(&["install", "--client", "codex", "--inject", "all"]);
    let ours = Client::ours(&client.path(".codex/hooks.json"));
    let line = ours[2].1["command"].as_str().unwrap();
    let path = bin.join("persona-inject");
    assert_eq!(shlex::split(line).unwrap(), [path.to_str().unwrap(), "--inject", "all"]);
    run(UNINSTALL);
    assert!(!client.path(".codex").exists());
}

#[test]
fn doctor_rehearses_with_payloads_that_codex_could_have_sent() {
    let client = client(GOOD);
    client.says(INSTALL);
    let told = client.says(DOCTOR);
    let told: Vec<_> = told
        .lines()
        .skip_while(|line| !line.contains("programs") && !line.contains("Both hooks"))
        .collect();
    let told = told.join("\n");
    let time = regex_lite::Regex::new(r"\d+ ms").unwrap();
    assert_snapshot!(time.replace_all(&told, "N ms"), @r"
    ✓ Both hooks are beside this program, in `~/bin`.
    ✓ The hooks are registered in `~/.codex/hooks.json`.
    ! You have not yet trusted the hooks in `~/.codex/hooks.json`.
        Codex runs no hook before its user has reviewed and trusted it, once for each hook.
        hint: start `codex`, which asks for it; `/hooks` there shows them
    ! `MUZZLE_PERSONA_NOW` is `2026-03-25T15:30:00Z`.
        The clock stands still: no session is ever stale, and no record is of its time.
        hint: unset it, but for tests and rehearsals
    ✓ `MUZZLE_PERSONA_STORE` is `~/.muzzle/personas`.
    ✓ A store can be made.
    ✓ `~/bin/persona-inject` gave a sample call a persona, in N ms.
        │ You are Ada Quill.
        │ ---
    ✓ `~/bin/persona-release` gave the persona back when the session ended, in N ms.
    It works; look at what is marked with !.
    ");
    let payloads = fs::read_to_string(client.path("payloads")).unwrap();
    let names = ["subagent-start", "session-end"];
    for (payload, name) in payloads.lines().zip(names) {
        let path = format!("fixtures/codex/0.171.0/{name}.command.input.schema.json");
        let schema: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        jsonschema::validate(&schema, &serde_json::from_str(payload).unwrap()).unwrap();
    }
    assert_eq!(payloads.lines().count(), names.len());
    let transcript = fs::read_to_string(client.path("transcript")).unwrap();
    assert!(transcript.contains("/root/review_parser"), "{transcript}");
}

#[test]
fn recorded_payloads_follow_the_programs_schemas() {
    let read = |name: &str| -> Value {
        let path = format!("fixtures/codex/0.171.0/{name}.json");
        serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
    };
    for (event, schema) in [
        ("subagent_start.v1", "subagent-start"),
        ("subagent_start.v2.second", "subagent-start"),
        ("subagent_stop.v2", "subagent-stop"),
        ("session_start.v1", "session-start"),
        ("session_end.v2", "session-end"),
    ] {
        let schema = read(&format!("{schema}.command.input.schema"));
        jsonschema::validate(&schema, &read(event)).unwrap();
    }
    let answer =
        json!({"hookSpecificOutput": {"hookEventName": "SubagentStart", "additionalContext": "x"}});
    jsonschema::validate(&read("subagent-start.command.output.schema"), &answer).unwrap();
}

#[test]
fn doctor_says_whether_the_hooks_were_trusted() {
    let client = client(GOOD);
    client.says(INSTALL);
    let config = |state: &str| {
        client.put(".codex/config.toml", format!("model = \"m\"\n{state}"));
        finds(&client, "client.trust").concat()
    };
    let path = client.path(".codex/hooks.json");
    let key = format!("[hooks.state.\"{}:subagent_start:0:0\"]\n", path.display());
    let not_yet = "warning | You have not yet trusted the hooks in `~/.codex/hooks.json`.";
    assert_eq!(config(""), not_yet);
    assert_eq!(config(&format!("{key}enabled = true\n")), not_yet);
    let other = key.replace("subagent_start", "stop");
    assert_eq!(config(&format!("{other}trusted_hash = \"sha256:0\"\n")), not_yet);
    let trusted = config(&format!("{key}trusted_hash = \"sha256:0\"\n"));
    assert!(trusted.starts_with("ok | You have trusted the hooks in `~/.codex/hooks.json`; "));
    assert_eq!(client.run(DOCTOR).code, Some(0));
}

#[test]
fn doctor_finds_what_is_in_the_way() {
    let client = client(GOOD);
    let found = finds(&client, "registration");
    assert!(
        found.last().unwrap().starts_with("problem | The hooks are not registered."),
        "{found:?}"
    );
    let done = client.run(DOCTOR);
    assert_eq!(done.code, Some(1));
    assert!(
        done.stdout.contains("hint: `muzzle-persona install --client codex`"),
        "{}",
        done.stdout
    );
    client.says(INSTALL);
    assert_eq!(finds(&client, "hooks.disabled"), [""; 0]);
    client.put(".codex/config.toml", "[features]\nhooks = false\n");
    assert_eq!(
        finds(&client, "hooks.disabled"),
        ["problem | `features.hooks` is false in `~/.codex/config.toml`."]
    );
    client.put(".codex/config.toml", "[features\n");
    let found = finds(&client, "registration.file");
    assert!(
        found[0].starts_with(
            "warning | `~/.codex/config.toml` is not as it should be: it is not valid TOML: "
        ),
        "{found:?}"
    );
    // Registered once more, in the other form.
    let inject = client.path("bin/persona-inject");
    client.put(
        ".codex/config.toml",
        format!(
            "[[hooks.SubagentStart]]\nhooks = [{{type = \"command\", command = {inject:?}}}]\n"
        ),
    );
    assert_eq!(
        finds(&client, "registration.twice"),
        ["warning | The hooks are registered 2 times."]
    );
    client.put(".codex/config.toml", "");
    let text = fs::read_to_string(client.path(".codex/hooks.json")).unwrap();
    client.put("acme/.codex/hooks.json", &text);
    assert_eq!(
        finds(&client, "registration.twice"),
        ["warning | The hooks are registered 2 times."]
    );
    fs::remove_file(client.path("acme/.codex/hooks.json")).unwrap();
    client.put(".codex/hooks.json", text.replace("SubagentStart", "PreToolUse"));
    assert_eq!(
        finds(&client, "registration.event"),
        [
            "problem | `~/.codex/hooks.json` does not have `persona-inject` called for `SubagentStart`."
        ]
    );
    client.put(".codex/hooks.json", &text);
    fs::remove_file(&inject).unwrap();
    assert!(finds(&client, "programs")[0].contains("`~/bin/persona-inject` is not there."));
    assert_eq!(
        finds(&client, "registration.command"),
        ["problem | `~/bin/persona-inject`, as `~/.codex/hooks.json` registers it, is not there."]
    );
    assert!(finds(&client, "rehearsal.inject")[0].starts_with("problem | `~/bin/persona-inject` "));
}

#[test]
fn an_answer_that_codex_would_refuse_is_none() {
    for (answer, why) in [
        ("{}", "answered without words for the agent"),
        ("[]", "answered without words for the agent"),
        (
            r#"{"hookSpecificOutput":{"hookEventName":"SubagentStart","additionalContext":" "}}"#,
            "answered without words",
        ),
        (
            r#"{"hookSpecificOutput":{"hookEventName":"SubagentStart","additionalContext":"x"},"continue":false}"#,
            "answered more than words",
        ),
        (
            r#"{"hookSpecificOutput":{"hookEventName":"PreToolUse","additionalContext":"x"}}"#,
            "answered more than words",
        ),
        (
            r#"{"hookSpecificOutput":{"hookEventName":"SubagentStart","additionalContext":"x","y":1}}"#,
            "answered more than words",
        ),
        ("no", "answered what is not JSON"),
    ] {
        let client = client(&format!("#!/bin/sh\ncat >/dev/null\nprintf '%s' '{answer}'\n"));
        client.says(INSTALL);
        let found = finds(&client, "rehearsal.inject").concat();
        assert!(found.starts_with("problem | ") && found.contains(why), "{found}");
    }
}

#[test]
fn a_projects_hooks_are_run_only_if_they_are_those_beside_this_program() {
    let client = client(GOOD);
    client.put("evil/persona-inject", "#!/bin/sh\ntouch \"$HOME/ran\"\n");
    let evil = client.path("evil/persona-inject");
    fs::set_permissions(&evil, fs::Permissions::from_mode(0o755)).unwrap();
    let own = client.path("bin/persona-inject");
    for line in [
        evil.display().to_string(),
        format!("{} ; {}", own.display(), evil.display()),
        format!("{} $({})", own.display(), evil.display()),
        format!("X=$({}) {}", evil.display(), own.display()),
    ] {
        let handler = json!([{"hooks": [{"type": "command", "command": line}]}]);
        let file = json!({"hooks": {"SubagentStart": handler}});
        client.put("acme/.codex/hooks.json", file.to_string());
        let found = finds(&client, "rehearsal").concat();
        assert!(found.starts_with("warning | ") && found.contains("was not run."), "{found}");
        assert!(!client.path("ran").exists(), "{line}");
    }
    fs::remove_file(client.path("acme/.codex/hooks.json")).unwrap();
    client.says(&["install", "--client", "codex", "--scope", "project"]);
    assert!(finds(&client, "rehearsal.inject")[0].starts_with("ok | "));
}
