//! Settings files as people have them: each is handled right, or left alone for a reason.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use insta::assert_snapshot;
use serde_json::Value;

use crate::client::{Client, files};
use crate::harness::Done;

const INSTALL: &[&str] = &["install", "--via", "settings"];

/// A client whose settings file holds these bytes.
fn client(bytes: impl AsRef<[u8]>) -> Client {
    let client = Client::new();
    client.put(client.settings(), bytes);
    client
}

/// The settings, with the handlers of ours taken out, and what then is empty.
fn others(bytes: &[u8]) -> Value {
    let text = std::str::from_utf8(bytes).unwrap().trim_start_matches('\u{feff}');
    let text = if text.trim().is_empty() { "{}" } else { text };
    let mut settings: Value = serde_json::from_str(text).unwrap();
    let is_ours =
        |handler: &Value| handler["command"].as_str().is_some_and(|c| c.contains("persona-"));
    if let Some(hooks) = settings["hooks"].as_object_mut() {
        for groups in hooks.values_mut().filter_map(Value::as_array_mut) {
            for handlers in
                groups.iter_mut().filter_map(|group| group.get_mut("hooks")?.as_array_mut())
            {
                handlers.retain(|handler| !is_ours(handler));
            }
            groups.retain(|group| group["hooks"] != Value::Array(Vec::new()));
        }
        hooks.retain(|_, groups| *groups != Value::Array(Vec::new()));
    }
    let root = settings.as_object_mut().unwrap();
    if root
        .get("hooks")
        .is_some_and(|hooks| hooks.as_object().is_none_or(serde_json::Map::is_empty))
    {
        root.remove("hooks");
    }
    settings
}

/// Installing puts our three handlers in and keeps all else; twice is once; uninstalling puts
/// everything back as it was.
#[track_caller]
fn comes_and_goes(client: &Client) {
    let path = client.settings();
    let (before, tree) = (fs::read(&path).unwrap_or_default(), client.tree());
    let told = client.says(INSTALL);
    assert!(told.contains("Registered the hooks in `~/.claude/settings.json`:\n"), "{told}");
    let after = fs::read(&path).unwrap();
    assert_eq!(others(&after), others(&before));
    let bin = client.path("bin");
    let ours: Vec<_> = Client::ours(&path)
        .into_iter()
        .map(|(event, handler)| {
            assert_eq!(
                (&handler["args"], &handler["timeout"]),
                (&Value::Array(Vec::new()), &Value::from(5))
            );
            (event, handler["command"].as_str().unwrap().to_owned())
        })
        .collect();
    let registered =
        |event: &str, hook: &str| (event.to_owned(), bin.join(hook).to_str().unwrap().to_owned());
    assert_eq!(
        ours,
        [
            registered("PostToolUse", "persona-inject"),
            registered("PreToolUse", "persona-inject"),
            registered("SessionEnd", "persona-release"),
            registered("SessionStart", "persona-release"),
            registered("SubagentStop", "persona-inject"),
        ]
    );
    let once = client.tree();
    let told = client.says(INSTALL);
    assert_eq!(
        told,
        "The hooks are registered already in `~/.claude/settings.json`; nothing to do.\n"
    );
    assert_eq!(client.tree(), once);
    let told = client.says(&["uninstall"]);
    assert!(told.starts_with("Took the hooks out of `~/.claude/settings.json`:\n"), "{told}");
    assert_eq!(client.tree(), tree);
    assert_eq!(client.says(&["uninstall"]), "The hooks are not registered; nothing to do.\n");
    assert_eq!(client.tree(), tree);
}

#[track_caller]
fn is_handled(bytes: impl AsRef<[u8]>) {
    comes_and_goes(&client(bytes));
}

/// The file stays as it is, and so does everything around it.
#[track_caller]
fn is_left_alone(client: &Client, why: &str) {
    let tree = client.tree();
    let told = client.refuses(INSTALL);
    let error = format!("error: left `~/.claude/settings.json` alone: {why}\n");
    assert!(told.starts_with(&error) && told.contains("\nhint: "), "{told}");
    assert_eq!(client.tree(), tree);
    let told = client.says(&[INSTALL, &["--scope", "local"]].concat());
    assert!(told.contains("Registered"), "{told}");
    client.says(&["uninstall"]);
    assert_eq!(client.tree(), tree);
}

macro_rules! handled {
    ($($name:ident: $bytes:expr;)*) => {$(
        #[test]
        fn $name() {
            is_handled($bytes);
        }
    )*};
}

macro_rules! left_alone {
    ($($name:ident: $bytes:expr, $why:expr;)*) => {$(
        #[test]
        fn $name() {
            is_left_alone(&client($bytes), $why);
        }
    )*};
}

handled! {
    empty: "";
    blank: " \n\t\n";
    an_empty_object: "{}";
    an_empty_object_with_a_line_end: "{}\n";
    an_object_with_space_in_it: "{ }\n";
    an_object_over_two_lines: "{\n}";
    one_line: r#"{"model":"opus","env":{"A":"b"}}"#;
    one_line_with_spaces: r#"{"model": "opus", "permissions": {"allow": []}, "x": null}"#;
    one_line_with_hooks: r#"{"hooks":{"PreToolUse":[{"matcher":"Bash","hooks":[{"type":"command","command":"x"}]}]}}"#;
    two_spaces: "{\n  \"model\": \"opus\",\n  \"env\": {\n    \"A\": \"b\"\n  }\n}\n";
    four_spaces_and_no_line_end: "{\n    \"model\": \"opus\"\n}";
    tabs: "{\n\t\"model\": \"opus\",\n\t\"hooks\": {\n\t\t\"Stop\": []\n\t}\n}\n";
    no_indentation: "{\n\"model\": \"opus\",\n\"hooks\": {\n\"PreToolUse\": []\n}\n}\n";
    carriage_returns: "{\r\n  \"model\": \"opus\",\r\n  \"hooks\": {\r\n    \"SessionEnd\": [ ]\r\n  }\r\n}\r\n";
    a_byte_order_mark: "\u{feff}{\n  \"model\": \"opus\"\n}\n";
    a_byte_order_mark_alone: "\u{feff}";
    hooks_empty: "{\"hooks\": {}}";
    hooks_empty_over_lines: "{\n  \"hooks\": {\n  },\n  \"x\": 1\n}\n";
    events_empty: "{\n  \"hooks\": {\n    \"PreToolUse\": [],\n    \"SessionEnd\": [\n    ],\n    \"SessionStart\": [ ]\n  }\n}\n";
    other_events_of_odd_types: r#"{"hooks": {"Stop": null, "Notification": 7, "UserPromptSubmit": {}}}"#;
    groups_of_odd_types: r#"{"hooks": {"PreToolUse": [null, 7, [], {}, {"hooks": null}, {"hooks": [7, null, {}]}]}}"#;
    commas_first: "{ \"a\": 1\n, \"b\": {\"c\": [1,2 ,3]}\n, \"hooks\" : { \"PreToolUse\" :[\n  {\"hooks\":[]}\n, {\"hooks\":[] }\n] }\n}\n";
    escapes_and_numbers: "{\n  \"\\u0061\": \"\\ud83d\\ude00 \\/ \\u00e9\",\n  \"n\": [1.0, 1e5, -0, 12345678901234567890123]\n}\n";
    a_key_in_escapes: "{\n  \"h\\u006foks\": {\n    \"PreToolUs\\u0065\": [ ]\n  }\n}\n";
    other_keys_twice: "{\n  \"a\": 1,\n  \"a\": 2,\n  \"env\": {\"X\": \"1\", \"X\": \"2\"}\n}\n";
    text_after_which_there_is_space: "\n\n  {\n  \"a\": 1\n}  \n\n\n";
    hooks_of_others: OTHERS;
}

left_alone! {
    null: "null\n", "`the whole` is null where an object is expected";
    an_array: "[]", "`the whole` is an array where an object is expected";
    a_text: "\"settings\"", "`the whole` is a text where an object is expected";
    hooks_null: "{\"hooks\": null}", "`hooks` is null where an object is expected";
    hooks_an_array: "{\"hooks\": []}", "`hooks` is an array where an object is expected";
    an_event_null: "{\"hooks\": {\"PreToolUse\": null}}", "`PreToolUse` is null where an array is expected";
    an_event_an_object: "{\"hooks\": {\"SessionEnd\": {}}}", "`SessionEnd` is an object where an array is expected";
    hooks_twice: "{\"hooks\": {}, \"hooks\": {}}", "the key `hooks` is there twice";
    an_event_twice: "{\"hooks\": {\"PreToolUse\": [], \"PreToolUse\": []}}", "the key `PreToolUse` is there twice";
    comments: "{\n  // mine\n  \"a\": 1\n}\n", "it is not valid JSON: key must be a string at line 2 column 3";
    a_trailing_comma: "{\n  \"a\": 1,\n}\n", "it is not valid JSON: trailing comma at line 3 column 1";
    cut_off: "{\"a\": ", "it is not valid JSON: EOF while parsing a value at line 1 column 6";
    more_than_one: "{} {}", "it is not valid JSON: trailing characters at line 1 column 4";
    not_utf_8: b"{\"a\": \"\xff\"}", "it is not UTF-8: byte 7 begins no character";
    utf_16: b"\xff\xfe{\x00}\x00", "it is not UTF-8: byte 0 begins no character";
    nul_bytes: b"\0\0\0\0", "it is not valid JSON: expected value at line 1 column 1";
    too_deep: format!("{{\"a\": {}{}}}", "[".repeat(200), "]".repeat(200)), "it is not valid JSON: recursion limit exceeded at line 1 column 133";
}

/// A file with everybody's hooks, laid out by nobody.
pub const OTHERS: &str = r#"{ "model":"opus",
      "permissions": { "allow": [ "Bash(git diff:*)" ,"Read"], "deny":[] },
  "hooks":{
    "PreToolUse": [ { "matcher": "Bash", "hooks": [ { "type": "command", "command": "~/bin/guard.sh" } ] },
        {"matcher":"Edit|Write","hooks":[{"type":"command","command":"fmt --check","timeout":30}
   ,{"type":"prompt","prompt":"Is it safe?"}]} ],
	"Notification": [], "SessionEnd"  :  [{"hooks":[{"type":"command","command":"say bye"}]}
    ]
  },

  "env": {"A":"1",  "B":"\u00e9"},"statusLine":{"type":"command","command":"line"}
 }
"#;

#[test]
fn missing() {
    comes_and_goes(&Client::new());
    let client = Client::new();
    fs::create_dir(client.path(".claude")).unwrap();
    comes_and_goes(&client);
}

#[test]
fn huge() {
    let entry = "    \"Bash(run some command that is rather long:*)\",\n";
    let entries = entry.repeat(20_000);
    is_handled(format!("{{\n  \"allow\": [\n{entries}    \"Read\"\n  ],\n  \"z\": 1\n}}\n"));
}

#[test]
fn longer_than_any_settings() {
    let client = Client::new();
    client.put(client.settings(), "{}");
    fs::File::options()
        .write(true)
        .open(client.settings())
        .unwrap()
        .set_len(16 * 1024 * 1024 + 1)
        .unwrap();
    let told = client.refuses(INSTALL);
    assert!(
        told.contains("it has 16777217 bytes; settings of more than 16777216 are not read"),
        "{told}"
    );
}

#[test]
fn read_only() {
    let client = client(OTHERS);
    fs::set_permissions(client.settings(), fs::Permissions::from_mode(0o444)).unwrap();
    is_left_alone(&client, "it is read-only");
}

#[test]
fn permissions_stay() {
    for mode in [0o600, 0o640, 0o664] {
        let client = client(OTHERS);
        fs::set_permissions(client.settings(), fs::Permissions::from_mode(mode)).unwrap();
        comes_and_goes(&client);
        client.says(INSTALL);
        assert_eq!(fs::metadata(client.settings()).unwrap().permissions().mode() & 0o777, mode);
    }
}

/// Installs under a umask; `before` is done by the shell first.
fn install_under(umask: &str, before: &str, client: &Client, args: &[&str]) -> Done {
    let program = client.command(&[]);
    let mut shell = Command::new("sh");
    shell.env_clear().envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let script = format!("umask {umask}; {before} exec \"$0\" \"$@\"");
    shell.args(["-c", &script]).arg(program.get_program()).args(args);
    Done::of(shell.current_dir(client.path("acme")))
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

/// The files beside the settings, other than these.
fn beside(client: &Client) -> Vec<PathBuf> {
    let entries = fs::read_dir(client.settings().parent().unwrap()).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.filter(|path| *path != client.settings()).collect()
}

#[test]
fn a_copy_has_the_permissions_of_the_original_whatever_the_umask() {
    for umask in ["000", "022", "077"] {
        for of in [0o600, 0o640, 0o644] {
            let client = client(OTHERS);
            fs::set_permissions(client.settings(), fs::Permissions::from_mode(of)).unwrap();
            install_under(umask, "", &client, INSTALL).ok();
            let copies = beside(&client);
            assert_eq!(copies.len(), 1, "{copies:?}");
            assert_eq!(fs::read(&copies[0]).unwrap(), OTHERS.as_bytes());
            assert_eq!((mode(&copies[0]), mode(&client.settings())), (of, of), "umask {umask}");
            // An older copy takes the permissions of what it is now a copy of.
            fs::set_permissions(&copies[0], fs::Permissions::from_mode(0o666)).unwrap();
            client.put(client.settings(), OTHERS.replacen('{', "{ ", 1));
            install_under(umask, "", &client, INSTALL).ok();
            assert_eq!(mode(&copies[0]), of, "umask {umask}");
            install_under(umask, "", &client, &["uninstall"]).ok();
            assert_eq!(mode(&client.settings()), of, "umask {umask}");
        }
    }
}

#[test]
fn a_new_file_is_its_owners_alone_whatever_the_umask() {
    for umask in ["000", "077"] {
        for via in ["settings", "plugin"] {
            let client = Client::new();
            install_under(umask, "", &client, &["install", "--via", via]).ok();
            let made = files(&client.path(".claude"));
            assert!(made.len() >= 2, "{made:?}");
            for file in made {
                assert_eq!(mode(&client.path(".claude").join(&file)), 0o600, "{umask} {file}");
            }
        }
    }
}

#[test]
fn a_temporary_file_has_its_permissions_before_its_first_byte() {
    for of in [Some(0o600), Some(0o640), Some(0o604), None] {
        let client = Client::new();
        fs::create_dir(client.path(".claude")).unwrap();
        if let Some(of) = of {
            client.put(client.settings(), OTHERS);
            fs::set_permissions(client.settings(), fs::Permissions::from_mode(of)).unwrap();
        }
        // The first byte ends the process, and leaves the file as it was until then.
        let done = install_under("000", "ulimit -f 0;", &client, INSTALL);
        assert_eq!(done.code, None, "{}", done.stderr);
        let left = beside(&client);
        assert_eq!(left.len(), 1, "{left:?}");
        assert_eq!(fs::metadata(&left[0]).unwrap().len(), 0);
        assert_eq!(mode(&left[0]), of.unwrap_or(0o600), "{left:?}");
    }
}

#[test]
fn a_link() {
    let client = Client::new();
    client.put("dotfiles/claude.json", OTHERS);
    fs::create_dir(client.path(".claude")).unwrap();
    symlink("../dotfiles/claude.json", client.settings()).unwrap();
    comes_and_goes(&client);
    client.says(INSTALL);
    assert_eq!(fs::read_link(client.settings()).unwrap().to_str(), Some("../dotfiles/claude.json"));
    assert_eq!(
        fs::read(client.path("dotfiles/claude.json.before-muzzle-persona")).unwrap(),
        OTHERS.as_bytes()
    );
}

#[test]
fn a_link_to_a_directory_of_settings() {
    let client = Client::new();
    client.put("dotfiles/claude/settings.json", OTHERS);
    symlink("dotfiles/claude", client.path(".claude")).unwrap();
    comes_and_goes(&client);
}

#[test]
fn a_link_that_leads_nowhere() {
    let client = Client::new();
    fs::create_dir(client.path(".claude")).unwrap();
    symlink("../gone.json", client.settings()).unwrap();
    is_left_alone(&client, "it is a link to `../gone.json`, which is not there");
}

#[test]
fn a_link_to_itself() {
    let client = Client::new();
    fs::create_dir(client.path(".claude")).unwrap();
    symlink("settings.json", client.settings()).unwrap();
    let told = client.refuses(INSTALL);
    assert!(told.contains("it could not be read: "), "{told}");
}

#[test]
fn a_directory() {
    let client = Client::new();
    fs::create_dir_all(client.settings()).unwrap();
    is_left_alone(&client, "it is no file");
}

#[test]
fn a_pipe() {
    let client = client("");
    fs::remove_file(client.settings()).unwrap();
    let made = Command::new("mkfifo").arg(client.settings()).status();
    assert!(made.unwrap().success());
    is_left_alone(&client, "it is no file");
}

#[test]
fn our_entry_under_another_path() {
    let older = r#"{
  "hooks": {
    "PreToolUse": [
      {
        "matcher": "Agent|Task",
        "hooks": [
          {"type": "command", "command": "/old/persona-inject", "args": [], "timeout": 5}
        ]
      }
    ],
    "SessionEnd": [
      {"hooks": [{"type": "command", "command": "/old/persona-release", "args": [], "timeout": 5}]}
    ],
    "SessionStart": [
      {"hooks": [{"type": "command", "command": "\"/old place/persona-release\" --quiet"}]}
    ]
  },
  "model": "opus"
}
"#;
    let client = client(older);
    client.says(INSTALL);
    let copy = client.path(".claude/settings.json.before-muzzle-persona");
    assert_eq!(fs::read_to_string(copy).unwrap(), older);
    assert_eq!(Client::ours(&client.settings()).len(), 5);
    let text = fs::read_to_string(client.settings()).unwrap();
    assert!(!text.contains("/old"), "{text}");
    client.says(&["uninstall"]);
    assert_eq!(fs::read_to_string(client.settings()).unwrap(), "{\n  \"model\": \"opus\"\n}\n");
    let left: Vec<_> = fs::read_dir(client.path(".claude")).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

/// What an older build made of the file, which registered fewer events.
#[test]
fn an_older_registration_is_brought_up_to_date_and_comes_out_without_a_trace() {
    let before = "{\n  \"model\": \"opus\"\n}\n";
    let client = client(before);
    let older = r#"{
  "model": "opus",
  "hooks": {
    "PreToolUse": [
      {
        "matcher": "Agent|Task",
        "hooks": [
          {
            "type": "command",
            "command": "BIN/persona-inject",
            "args": [],
            "timeout": 5
          }
        ]
      }
    ],
    "SessionEnd": [
      {
        "hooks": [
          {
            "type": "command",
            "command": "BIN/persona-release",
            "args": [],
            "timeout": 5
          }
        ]
      }
    ],
    "SessionStart": [
      {
        "hooks": [
          {
            "type": "command",
            "command": "BIN/persona-release",
            "args": [],
            "timeout": 5
          }
        ]
      }
    ]
  }
}
"#;
    let tree = client.tree();
    let copy = ".claude/settings.json.before-muzzle-persona";
    client.put(copy, before);
    client.put(client.settings(), older.replace("BIN", client.path("bin").to_str().unwrap()));
    client.says(INSTALL);
    assert_eq!(Client::ours(&client.settings()).len(), 5);
    assert_eq!(fs::read_to_string(client.path(copy)).unwrap(), before);
    client.says(&["uninstall"]);
    assert_eq!(client.tree(), tree);
}

#[test]
fn our_entry_inside_someones_group() {
    let shared = r#"{
  "hooks": {
    "PreToolUse": [
      {
        "matcher": "*",
        "hooks": [
          { "type": "command", "command": "/old/persona-inject" },
          { "type": "command", "command": "first" },
          { "type": "command", "command": "A=1 /old/persona-inject" },
          { "type": "command", "command": "second" },
          { "type": "command", "command": "/old/persona-inject" }
        ]
      }
    ]
  }
}
"#;
    let alone = r#"{
  "hooks": {
    "PreToolUse": [
      {
        "matcher": "*",
        "hooks": [
          { "type": "command", "command": "first" },
          { "type": "command", "command": "second" }
        ]
      }
    ]
  }
}
"#;
    let taken_out = client(shared);
    taken_out.says(&["uninstall"]);
    assert_eq!(fs::read_to_string(taken_out.settings()).unwrap(), alone);
    let replaced = client(shared);
    replaced.says(INSTALL);
    assert_eq!(Client::ours(&replaced.settings()).len(), 5);
    replaced.says(&["uninstall"]);
    assert_eq!(fs::read_to_string(replaced.settings()).unwrap(), alone);
}

#[test]
fn a_broken_file_that_names_our_hooks_is_not_taken_for_one_without_them() {
    let client = client(
        "{ // \n \"hooks\": {\"PreToolUse\": [{\"hooks\": [{\"command\": \"/x/persona-inject\"}]}]}}",
    );
    let tree = client.tree();
    for args in [&["uninstall"][..], &["install"], &["install", "--scope", "project"]] {
        let told = client.refuses(args);
        assert!(told.contains("alone: it is not valid JSON"), "{told}");
        assert_eq!(client.tree(), tree);
    }
}

#[test]
fn what_others_change_meanwhile_stays() {
    for (text, from, to) in [
        (OTHERS, "\"opus\"", "\"sonnet\""),
        (OTHERS, "\"env\": {", "\"new\": [ ],\n\n\"env\": {"),
        (OTHERS, "say bye", "say good bye"),
        ("{\n  \"model\": \"opus\"\n}\n", "\"opus\"", "\"opus\",\n  \"x\": {}"),
        (r#"{"model":"opus"}"#, "opus", "haiku"),
    ] {
        let client = client(text);
        client.says(INSTALL);
        let settings = fs::read_to_string(client.settings()).unwrap();
        client.put(client.settings(), settings.replacen(from, to, 1));
        let told = client.says(&["uninstall"]);
        assert_eq!(fs::read_to_string(client.settings()).unwrap(), text.replacen(from, to, 1));
        assert!(told.contains("A copy of what was there before `install` is still in `~/.claude/settings.json.before-muzzle-persona`.\n"), "{told}");
    }
}

#[test]
fn a_registration_that_is_renewed_in_a_changed_file_leaves_nothing_behind() {
    let client = client("{\n  \"model\": \"opus\"\n}\n");
    client.says(INSTALL);
    let settings = fs::read_to_string(client.settings()).unwrap();
    client.put(client.settings(), settings.replace("opus", "haiku"));
    client.says(&[INSTALL, &["--inject", "all"]].concat());
    client.says(&["uninstall"]);
    let settings = fs::read_to_string(client.settings()).unwrap();
    assert_eq!(settings, "{\n  \"model\": \"haiku\"\n}\n");
    let left = client.tree();
    assert!(!left.contains_key(".claude/settings.json.before-muzzle-persona"), "{left:?}");
}

#[test]
fn a_file_of_ours_that_others_use_too_stays() {
    let client = Client::new();
    client.says(INSTALL);
    let settings = fs::read_to_string(client.settings()).unwrap();
    client.put(client.settings(), settings.replacen('{', "{\n  \"model\": \"opus\",", 1));
    client.says(&["uninstall"]);
    assert_eq!(fs::read_to_string(client.settings()).unwrap(), "{\n  \"model\": \"opus\"\n}\n");
    let left: Vec<_> = fs::read_dir(client.path(".claude")).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

/// What a file becomes.
fn installed(text: &str) -> String {
    let client = client(text);
    client.says(INSTALL);
    client.without_home(&fs::read_to_string(client.settings()).unwrap())
}

#[test]
fn what_is_put_in_looks_like_what_is_there() {
    for text in [r#"{"model":"opus"}"#, r#"{"hooks":{}}"#, r#"{"hooks":{"PreToolUse":[]},"x":1}"#] {
        assert!(!installed(text).contains('\n'), "{text}");
    }
    let text = installed("{\r\n  \"hooks\": {\r\n    \"PreToolUse\": []\r\n  }\r\n}\r\n");
    assert!(!text.replace("\r\n", "").contains('\n'), "{text:?}");
    assert_snapshot!(installed("{\n\t\"hooks\": {\n\t\t\"SessionEnd\": [{\"a\": 1}, {\"b\": 2}],\n\t\t\"PreToolUse\": []\n\t}\n}\n"), @r#"
    {
    	"hooks": {
    		"SessionEnd": [{"a": 1}, {"b": 2}, {"hooks":[{"type":"command","command":"~/bin/persona-release","args":[],"timeout":5}]}],
    		"PreToolUse": [
    			{
    				"matcher": "Agent|Task",
    				"hooks": [
    					{
    						"type": "command",
    						"command": "~/bin/persona-inject",
    						"args": [],
    						"timeout": 5
    					}
    				]
    			}
    		],
    		"PostToolUse": [
    			{
    				"matcher": "Agent|Task",
    				"hooks": [
    					{
    						"type": "command",
    						"command": "~/bin/persona-inject",
    						"args": [],
    						"timeout": 5
    					}
    				]
    			}
    		],
    		"SessionStart": [
    			{
    				"hooks": [
    					{
    						"type": "command",
    						"command": "~/bin/persona-release",
    						"args": [],
    						"timeout": 5
    					}
    				]
    			}
    		],
    		"SubagentStop": [
    			{
    				"hooks": [
    					{
    						"type": "command",
    						"command": "~/bin/persona-inject",
    						"args": [],
    						"timeout": 5
    					}
    				]
    			}
    		]
    	}
    }
    "#);
}

#[test]
fn what_is_put_in_has_the_form_of_the_object_that_it_is_put_into() {
    assert_snapshot!(installed("{\n   \"hooks\": { \"Stop\": [] }\n}"), @r#"
    {
       "hooks": { "Stop": [], "PostToolUse":[{"matcher":"Agent|Task","hooks":[{"type":"command","command":"~/bin/persona-inject","args":[],"timeout":5}]}], "PreToolUse":[{"matcher":"Agent|Task","hooks":[{"type":"command","command":"~/bin/persona-inject","args":[],"timeout":5}]}], "SessionEnd":[{"hooks":[{"type":"command","command":"~/bin/persona-release","args":[],"timeout":5}]}], "SessionStart":[{"hooks":[{"type":"command","command":"~/bin/persona-release","args":[],"timeout":5}]}], "SubagentStop":[{"hooks":[{"type":"command","command":"~/bin/persona-inject","args":[],"timeout":5}]}] }
    }
    "#);
    assert_snapshot!(installed(""), @r#"
    {
      "hooks": {
        "PostToolUse": [
          {
            "matcher": "Agent|Task",
            "hooks": [
              {
                "type": "command",
                "command": "~/bin/persona-inject",
                "args": [],
                "timeout": 5
              }
            ]
          }
        ],
        "PreToolUse": [
          {
            "matcher": "Agent|Task",
            "hooks": [
              {
                "type": "command",
                "command": "~/bin/persona-inject",
                "args": [],
                "timeout": 5
              }
            ]
          }
        ],
        "SessionEnd": [
          {
            "hooks": [
              {
                "type": "command",
                "command": "~/bin/persona-release",
                "args": [],
                "timeout": 5
              }
            ]
          }
        ],
        "SessionStart": [
          {
            "hooks": [
              {
                "type": "command",
                "command": "~/bin/persona-release",
                "args": [],
                "timeout": 5
              }
            ]
          }
        ],
        "SubagentStop": [
          {
            "hooks": [
              {
                "type": "command",
                "command": "~/bin/persona-inject",
                "args": [],
                "timeout": 5
              }
            ]
          }
        ]
      }
    }
    "#);
}

#[test]
fn without_the_copy_our_entries_alone_are_taken_out() {
    for text in [
        OTHERS,
        "{\n  \"model\": \"opus\"\n}\n",
        "{\r\n\t\"hooks\": {\r\n\t\t\"PreToolUse\": [\r\n\t\t\t{\"hooks\": []}\r\n\t\t]\r\n\t}\r\n}",
        r#"{"hooks":{"SessionStart":[ 7 ], "Stop" : [] },"x":1}"#,
        "\u{feff}{\"a\":1}",
    ] {
        let client = client(text);
        client.says(INSTALL);
        fs::remove_file(client.path(".claude/settings.json.before-muzzle-persona")).unwrap();
        client.says(&["uninstall"]);
        assert_eq!(fs::read_to_string(client.settings()).unwrap(), text);
    }
}

#[test]
fn ours_are_taken_from_among_others_wherever_they_stand() {
    let (ours, others) = (r#"{"hooks":[{"command":"/x/persona-inject"}]}"#, r#"{"matcher":"x"}"#);
    // Which of five groups are ours, as bits.
    for bits in 0..32_u32 {
        let group = |index: u32| if bits >> index & 1 == 1 { ours } else { others };
        let list = |groups: Vec<&str>| groups.join(" , ");
        let all = list((0..5).map(group).collect());
        let client = client(format!("{{\"hooks\":{{\"PreToolUse\":[ {all} ]}},\"x\":1}}"));
        client.says(&["uninstall"]);
        let kept = (0..5).map(group).filter(|group| *group == others).collect::<Vec<_>>();
        let expected = match kept.len() {
            0 => r#"{"x":1}"#.to_owned(),
            _ => format!("{{\"hooks\":{{\"PreToolUse\":[ {} ]}},\"x\":1}}", list(kept)),
        };
        assert_eq!(fs::read_to_string(client.settings()).unwrap(), expected, "{bits:05b}");
    }
}
