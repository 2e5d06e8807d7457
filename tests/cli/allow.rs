//! Whose words reach a prompt: on real stores, brought together by the real git, told by the real hook.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::harness::{Done, Home, assign_args, chain, without_ids};
use crate::repository::git;
use crate::terminal::on_terminal;
use crate::verify::lie;

/// Elena as another machine has her, and somebody new.
const MALLORY: &str = r#"
traits = ["mallorish"]
expertise = ["mallory's"]
[[persona]]
name = "Elena Vasquez"
traits = ["pragmatic", "mallorish"]
expertise = ["backend", "mallory's"]
[persona.instructions]
code-reviewer = "MALLORY says that all is well."

[[persona]]
name = "Mal Lory"
traits = ["mallorish"]
[persona.instructions]
general = "MALLORY in general."
"#;

/// What the real hook puts ahead of the prompt of a reviewer, with what it says on stderr.
fn hook(home: &Home, store: &Path, session: &str) -> (String, String) {
    let program = Path::new(env!("CARGO_BIN_EXE_muzzle-persona")).with_file_name("persona-inject");
    assert!(program.exists(), "`cargo test --workspace` builds what is tested here");
    let payload = json!({
        "session_id": session, "cwd": "/home/dev/acme-api", "hook_event_name": "PreToolUse",
        "tool_name": "Agent", "tool_use_id": format!("toolu_{session}"),
        "tool_input": { "name": "w", "description": "Review parser", "prompt": "Go." },
    });
    let mut command: Command = home.command_of(&program);
    command.env("MUZZLE_PERSONA_STORE", store).env("MUZZLE_PERSONA_HOOK_TIMEOUT_MS", "60000");
    let done = Done::given(&payload.to_string(), &mut command);
    assert_eq!(done.code, Some(0));
    let answer: Value = serde_json::from_str(&done.stdout).unwrap();
    let prompt = answer["hookSpecificOutput"]["updatedInput"]["prompt"].as_str().unwrap();
    let preamble = prompt.strip_suffix("\nGo.").unwrap().to_owned();
    (preamble, done.stderr)
}

/// A store in git, and a clone in which somebody else is at work.
struct Two {
    home: Home,
    theirs: PathBuf,
}

impl Two {
    fn new() -> Self {
        let home = Home::seeded();
        git(&home, home.store(), &["init", "--quiet"]);
        git(&home, home.store(), &["add", "--all"]);
        git(&home, home.store(), &["commit", "--quiet", "--message", "base"]);
        let theirs = home.path().join("theirs");
        let two = Self { home, theirs };
        two.clone_to(&two.theirs);
        git(&two.home, two.home.store(), &["remote", "add", "their", two.theirs.to_str().unwrap()]);
        two
    }

    fn clone_to(&self, to: &Path) {
        let from = self.home.store().to_str().unwrap();
        git(&self.home, self.home.path(), &["clone", "--quiet", from, to.to_str().unwrap()]);
    }

    /// The other one records what a seed file says, a lesson and a note.
    fn they_write(&self) {
        let file = self.home.path().join("mallory.toml");
        fs::File::create_new(&file).unwrap().write_all(MALLORY.as_bytes()).unwrap();
        let sync = ["seed", "--sync", "--file", file.to_str().unwrap()];
        self.at_theirs(&sync).ok();
        let log = self.theirs.join("events.jsonl");
        add_text(&log, "lesson", json!({"persona": "Elena Vasquez"}), "MALLORY taught that.");
        let of = json!({"session": "x", "slot": "w-0", "persona": "Elena Vasquez", "project": "acme-api"});
        add_text(&log, "note", of, "MALLORY left it here.");
        self.they_commit();
    }

    fn at_theirs(&self, args: &[&str]) -> Done {
        Done::of(self.home.command().env("MUZZLE_PERSONA_STORE", &self.theirs).args(args))
    }

    fn they_commit(&self) {
        git(&self.home, &self.theirs, &["add", "--all"]);
        git(&self.home, &self.theirs, &["commit", "--quiet", "--message", "theirs"]);
    }

    fn pull(&self) {
        git(&self.home, self.home.store(), &["add", "--all"]);
        let commit = ["commit", "--quiet", "--allow-empty", "--message", "ours"];
        git(&self.home, self.home.store(), &commit);
        git(&self.home, self.home.store(), &["fetch", "--quiet", "their"]);
        git(&self.home, self.home.store(), &["merge", "--quiet", "--no-edit", "their/main"]);
    }

    fn own(&self, name: &str) -> PathBuf {
        self.home.store().join(name)
    }

    fn waiting(&self) -> u64 {
        waiting(&self.home)
    }
}

fn waiting(home: &Home) -> u64 {
    let answer = home.run(&["allow", "--json"]).json_with_warnings();
    assert_eq!(answer["texts"].as_array().unwrap().len() as u64, answer["waiting"]);
    answer["waiting"].as_u64().unwrap()
}

/// Appends an event with a text behind its id, as another program might write it.
fn add_text(log: &Path, kind: &str, mut data: Value, text: &str) {
    let last = chain(&fs::read(log).unwrap()).pop().unwrap();
    let (seq, prev) = (last["seq"].as_u64().unwrap() + 1, last["id"].as_str().unwrap());
    let text = format!(r#"{{"salt":"0123456789abcdef","{kind}":{}}}"#, json!(text));
    let digest = |bytes: &str| blake3::hash(bytes.as_bytes()).to_hex()[..32].to_owned();
    data["text"] = digest(&text).into();
    // The order of keys is the format's.
    let keys = ["session", "slot", "persona", "project", "text"];
    let data: Vec<_> =
        keys.iter().filter_map(|key| Some(format!("\"{key}\":{}", data.get(key)?))).collect();
    let content = format!(
        r#"{{"v":2,"seq":{seq},"at":"2026-03-25T15:30:02Z","type":"{kind}","data":{{{}}},"prev":["{prev}"]"#,
        data.join(",")
    );
    let id = digest(&content);
    let mut file = fs::File::options().append(true).open(log).unwrap();
    writeln!(file, "{content},\"id\":\"{id}\",\"text\":{text}}}").unwrap();
}

#[test]
fn what_a_merge_brings_reaches_no_prompt_before_it_is_allowed_and_then_it_does() {
    let two = Two::new();
    let (own, _) = hook(&two.home, two.home.store(), "s1");
    two.home.run(&["release", "--session", "s1"]).ok();
    two.they_write();
    // Where it was written nobody has to say anything.
    let at_theirs = two.at_theirs(&["allow", "--json"]).json();
    assert_eq!(at_theirs["waiting"], 2, "a lesson and a note were forged there");
    let (theirs, _) = hook(&two.home, &two.theirs, "s1");
    assert!(theirs.contains("Working style: pragmatic, mallorish."), "{theirs}");
    two.at_theirs(&["release", "--session", "s1"]).ok();
    two.they_commit();

    two.pull();
    assert_eq!(two.waiting(), 4);
    let (before, said) = hook(&two.home, two.home.store(), "s2");
    assert_eq!(said, "");
    assert!(own.contains("Start with error paths"), "{own}");
    assert!(before.starts_with("You are Elena Vasquez, the code-reviewer persona"), "{before}");
    assert!(!before.to_lowercase().contains("mallor"), "{before}");
    assert!(!before.contains("Start with"), "her own words are those of the revision now");
    let summon = |session| {
        let args = assign_args(session, "w", "code-reviewer");
        let done = two.home.run(&[&args[..], &["--summon", "Elena"]].concat());
        done.json_with_warnings()
    };
    two.home.run(&["release", "--session", "s2"]).ok();
    two.home.run(&["orphan-cleanup", "--older-than-hours", "0"]).ok();
    let answer = summon("s3");
    let told = answer["preambles"][0].as_str().unwrap();
    let default = answer["assignments"][0]["role_instructions"].as_str().unwrap();
    let work = "code-reviewer on acme-api (2026-03-25)";
    assert_eq!(
        told,
        format!(
            "You are Elena Vasquez, the code-reviewer persona assigned by muzzle-persona.\n\
             Working style: pragmatic. Expertise: backend.\n{default}\n\
             Recent: {work}, {work}, {work}\n---\n"
        )
    );
    assert_eq!(answer["assignments"][0]["waits"], true);

    let done = two.home.run(&["allow", "--all", "--json"]).json();
    assert_eq!((&done["action"], &done["waiting"]), (&json!("allow"), &json!(0)));
    assert_eq!(done["texts"].as_array().unwrap().len(), 4);
    let answer = summon("s3");
    let told = answer["preambles"][0].as_str().unwrap();
    assert!(
        told.contains("\nWorking style: pragmatic, mallorish. Expertise: backend, mallory's.\n")
    );
    assert!(told.contains("\nMALLORY says that all is well.\n"), "{told}");
    assert_eq!(answer["assignments"][0]["waits"], false);

    two.home.run(&["allow", "elena", "--revoke"]).ok();
    assert_eq!(two.waiting(), 3);
    assert!(!summon("s3")["preambles"][0].to_string().contains("MALLORY"));
}

#[test]
fn the_texts_that_wait_are_shown_as_a_terminal_may_show_them() {
    let two = Two::new();
    two.they_write();
    two.pull();
    two.home.append(
        1,
        "seed",
        r#"{"name":"Z\u001b[31m","traits":["\u202etrait"],"expertise":[],"instructions":{"general":"a\nb"}}"#,
    );
    assert_snapshot!(without_ids(&two.home.run(&["allow"]).ok()), @r"
    5 texts wait, and reach no prompt on this machine:

    Elena Vasquez
      <id>  2026-03-25 15:30Z  definition
        Traits: pragmatic, mallorish
        Expertise: backend, mallory's
        code-reviewer: MALLORY says that all is well.
      <id>  2026-03-25 15:30Z  lesson
        MALLORY taught that.
      <id>  2026-03-25 15:30Z  note on acme-api
        MALLORY left it here.

    Mal Lory
      <id>  2026-03-25 15:30Z  definition
        Traits: mallorish
        general: MALLORY in general.

    Z\u{1b}[31m
      <id>  2026-03-25 15:30Z  definition
        Traits: \u{202e}trait
        general: a\u{a}b

    `muzzle-persona allow NAME`, `allow ID` or `allow --all` lets them in; `--revoke` takes that back.
    ");
    assert_snapshot!(without_ids(&two.home.run(&["allow", "mal"]).ok()), @"
    1 text may reach prompts on this machine from now on:

    Mal Lory
      <id>  2026-03-25 15:30Z  definition
        Traits: mallorish
        general: MALLORY in general.

    4 texts wait now.
    ");
    assert_snapshot!(without_ids(&two.home.run(&["allow", "mal"]).ok()), @"Nothing of that waits.");
    assert_snapshot!(without_ids(&two.home.run(&["allow", "mal", "--revoke"]).ok()), @"
    1 text waits again, and will reach no prompt:

    Mal Lory
      <id>  2026-03-25 15:30Z  definition
        Traits: mallorish
        general: MALLORY in general.

    5 texts wait now.
    ");
    let told = two.home.run(&["show", "elena"]).ok();
    assert!(
        told.contains("\n3 texts of it wait and reach no prompt; see `muzzle-persona allow`.\n")
    );
    assert_eq!(two.home.run(&["show", "elena", "--json"]).json()["waiting"], 3);
    let mut command = two.home.command();
    command.args(["stats", "--no-color"]);
    let (_, shown) = on_terminal(command, "");
    let note = "note: 5 texts wait and reach no prompt; `muzzle-persona allow` shows them\n";
    assert!(shown.contains(note), "{shown}");
    two.home.run(&["stats"]).ok();
}

#[test]
fn one_event_is_allowed_by_the_beginning_of_its_id() {
    let two = Two::new();
    two.they_write();
    two.pull();
    let texts = two.home.run(&["allow", "--json"]).json()["texts"].clone();
    let id = texts[1]["event"].as_str().unwrap();
    let done = two.home.run(&["allow", &id[..8], "--json"]).json();
    assert_eq!((&done["texts"][0]["event"], &done["waiting"]), (&json!(id), &json!(3)));
    let line = format!("{id}\n");
    let list = fs::read_to_string(two.own("allowed")).unwrap();
    assert!(list.ends_with(&line), "{list}");
    two.home.run(&["allow", id, "--revoke"]).ok();
    two.home.run(&["allow", id]).ok();
    assert_eq!(two.waiting(), 3);
    let list = fs::read_to_string(two.own("allowed")).unwrap();
    assert!(list.ends_with(&format!("{line}revoked {line}{line}")), "{list}");

    // Somebody whose name is how the id begins.
    let name = &id[..5];
    two.home.append(
        1,
        "seed",
        &format!(r#"{{"name":"{name}","traits":[],"expertise":[],"instructions":{{}}}}"#),
    );
    let said = two.home.run(&["allow", name]).fails(1);
    let due = format!("error: `{name}` could be `{name}`, or begin the id of an event\n");
    assert!(said.starts_with(&due), "{said}");
    let built_in = chain(&two.home.log())[3]["id"].as_str().unwrap().to_owned();
    for (what, due) in [
        (
            "ffffffff",
            "`ffffffff` begins no persona's name, and no id of a text that can reach a prompt",
        ),
        (&built_in, "begins no persona's name, and no id of a text that can reach a prompt"),
        ("nobody", "there is no persona named `nobody`"),
    ] {
        assert!(two.home.run(&["allow", what]).fails(1).contains(due));
    }
    two.home.run(&["allow", "--revoke"]).fails(2);
    two.home.run(&["allow", "elena", "--all"]).fails(2);
}

#[test]
fn own_words_are_allowed_as_they_are_recorded() {
    let mut home = Home::new();
    home.set_seed(
        "traits = [\"adaish\"]\n[[persona]]\nname = \"Ada Quill\"\ntraits = [\"adaish\"]\n",
    );
    home.run(&["orphan-cleanup"]).ok();
    home.run(&["grow", "--count", "3"]).ok();
    home.set_seed(
        "traits = [\"quillish\"]\n[[persona]]\nname = \"Ada Quill\"\ntraits = [\"quillish\"]\n",
    );
    home.run(&["seed", "--sync"]).ok();
    assert_eq!(waiting(&home), 0);
    let list = fs::read_to_string(home.store().join("allowed")).unwrap();
    let ids: Vec<_> = list.lines().skip(1).collect();
    let log = chain(&home.log());
    let own: Vec<_> = log[12..].iter().map(|line| line["id"].as_str().unwrap()).collect();
    assert_eq!(ids, own, "the built-in twelve need no line");
    // A crash between the log and the list leaves a text that waits.
    let mut file = fs::File::options().write(true).open(home.store().join("allowed")).unwrap();
    let left = list.len() - 33 - 20;
    file.set_len(left as u64).unwrap();
    file.flush().unwrap();
    assert_eq!(waiting(&home), 2);
    // What is cut off does not take the next line with it.
    home.at("2026-03-25T16:00:00Z").run(&["grow", "--count", "1"]).ok();
    assert_eq!(waiting(&home), 2);
    // A rehearsal is told as it would be.
    let names: Vec<_> = (0..18).map(|_| "testing").collect();
    let args = assign_args("s", "w", "testing");
    let roles = names.join(",");
    let mut args: Vec<_> = args.to_vec();
    args[2] = &roles;
    let answer = home.run(&[&args[..], &["--dry-run"]].concat()).json_with_warnings();
    let grown = answer["assignments"].as_array().unwrap().last().unwrap();
    assert_eq!(grown["waits"], false, "it would be grown: {grown}");
}

/// Makes a store look as builds without a list left it.
#[expect(clippy::disallowed_methods, reason = "a test may rewrite what it likes")]
fn as_before(store: &Path) {
    fs::remove_file(store.join("allowed")).unwrap();
    fs::write(store.join(".lock"), "").unwrap();
    fs::write(store.join(".gitignore"), ".lock\n.cache/\nquarantine/\n").unwrap();
}

#[test]
fn an_older_store_has_what_it_holds_allowed_once_and_its_clone_has_not() {
    let two = Two::new();
    let file = two.home.path().join("mallory.toml");
    fs::File::create_new(&file).unwrap().write_all(MALLORY.as_bytes()).unwrap();
    two.home.run(&["seed", "--sync", "--file", file.to_str().unwrap()]).ok();
    as_before(two.home.store());
    git(&two.home, two.home.store(), &["add", "--all"]);
    git(&two.home, two.home.store(), &["commit", "--quiet", "--message", "older"]);
    let clone = two.home.path().join("clone");
    two.clone_to(&clone);

    let (told, said) = hook(&two.home, two.home.store(), "s1");
    assert_eq!(
        said,
        "persona-inject: the store is older than `muzzle-persona allow`, which keeps foreign words out of prompts: its 2 texts may go on reaching them; `muzzle-persona allow --revoke --all` has all of them wait\n"
    );
    assert!(told.contains("Working style:"), "{told}");
    assert_eq!(two.waiting(), 0);
    two.home.run(&["list"]).ok();
    assert_eq!(
        fs::read_to_string(two.own(".gitignore")).unwrap(),
        ".lock\n.cache/\nquarantine/\nallowed\n"
    );
    // Once is enough: what comes later waits, and a list that was lost is lost.
    two.home.append(1, "seed", r#"{"name":"Cy","traits":["x"],"expertise":[],"instructions":{}}"#);
    assert_eq!(two.waiting(), 1);
    fs::remove_file(two.own("allowed")).unwrap();
    assert_eq!(two.waiting(), 3);

    let at_clone = |args: &[&str]| {
        Done::of(two.home.command().env("MUZZLE_PERSONA_STORE", &clone).args(args)).json()
    };
    assert_eq!(at_clone(&["allow", "--json"])["waiting"], 2);
    assert!(!clone.join(".lock").exists() && !clone.join("allowed").exists(), "it was only read");
    at_clone(&assign_args("s", "w", "testing"));
    assert_eq!(at_clone(&["allow", "--json"])["waiting"], 2);
    assert!(clone.join("allowed").exists());
}

#[test]
fn a_clone_that_brings_a_lock_along_does_not_look_as_if_it_had_been_in_use() {
    let two = Two::new();
    two.they_write();
    as_before(&two.theirs);
    git(&two.home, &two.theirs, &["add", "--force", ".lock"]);
    two.they_commit();
    let clone = two.home.path().join("clone");
    git(
        &two.home,
        two.home.path(),
        &["clone", "--quiet", two.theirs.to_str().unwrap(), clone.to_str().unwrap()],
    );
    let path = crate::repository::path();
    let mut command = two.home.command();
    command.env("MUZZLE_PERSONA_STORE", &clone).env("PATH", path);
    assert_eq!(fs::read(clone.join(".lock")).unwrap(), b"");
    let answer = Done::of(command.args(["allow", "--json"])).json();
    assert_eq!(answer["waiting"], 4);
    assert_ne!(fs::read(clone.join(".lock")).unwrap(), b"", "nobody asks git again");
}

#[test]
fn a_repair_in_a_clone_does_not_make_it_look_as_if_it_had_been_in_use() {
    let two = Two::new();
    two.they_write();
    let clone = two.home.path().join("clone");
    git(
        &two.home,
        two.home.path(),
        &["clone", "--quiet", two.theirs.to_str().unwrap(), clone.to_str().unwrap()],
    );
    let at_clone =
        |args: &[&str]| Done::of(two.home.command().env("MUZZLE_PERSONA_STORE", &clone).args(args));
    at_clone(&["repair", "--yes"]).ok();
    assert!(clone.join(".lock").exists());
    assert_eq!(at_clone(&["allow", "--json"]).json()["waiting"], 4);
}

#[test]
fn a_list_that_a_merge_brings_counts_for_nothing() {
    let two = Two::new();
    two.they_write();
    two.at_theirs(&["allow", "--all"]).ok();
    two.home.run(&["grow", "--count", "1"]).ok();
    assert_eq!(two.waiting(), 0);
    git(&two.home, &two.theirs, &["add", "--force", "allowed"]);
    two.they_commit();
    let own = fs::read(two.own("allowed")).unwrap();
    two.pull();
    assert_ne!(fs::read(two.own("allowed")).unwrap(), own, "git overwrites what it ignores");
    assert_eq!(two.waiting(), 5);
    let said = two.home.run(&["allow"]).stderr;
    assert!(
        said.ends_with(
            "allowed` counts: it is a copy, or was brought here, and not written by this program\n"
        ),
        "{said}"
    );
    // Nor does the store look older when it is taken away again.
    git(&two.home, &two.theirs, &["rm", "--quiet", "--force", "allowed"]);
    let ignored = two.theirs.join(".gitignore");
    fs::remove_file(&ignored).unwrap();
    git(&two.home, &two.theirs, &["commit", "--quiet", "--all", "--message", "gone"]);
    two.pull();
    assert!(!two.own("allowed").exists());
    assert_eq!(two.waiting(), 5);
    // The next own words begin a list of its own.
    two.home.run(&["allow", "mal"]).ok();
    assert_eq!(two.waiting(), 4);
}

#[test]
fn a_list_that_cannot_be_used_allows_nothing_and_stops_no_command() {
    let home = Home::seeded();
    home.run(&["grow", "--count", "2"]).ok();
    let path = home.store().join("allowed");
    let list = fs::read(&path).unwrap();
    let replaced = |make: &dyn Fn()| {
        let kept = home.store().join("kept");
        fs::rename(&path, &kept).unwrap();
        make();
        let told = (waiting(&home), home.run(&["allow"]).stderr);
        hook(&home, home.store(), "s");
        let _ = fs::remove_dir(&path);
        let _ = fs::remove_file(&path);
        fs::rename(&kept, &path).unwrap();
        assert_eq!(waiting(&home), 0, "it is the same file again");
        (told.0, told.1.replace(home.store().to_str().unwrap(), "STORE"))
    };
    let outside = home.path().join("elsewhere");
    fs::File::create_new(&outside).unwrap().write_all(&list).unwrap();
    let copy = || assert!(fs::copy(&outside, &path).unwrap() > 0);
    let foreign = "warning: nothing in `STORE/allowed` counts: it is a copy, or was brought here, and not written by this program\n";
    assert_eq!(replaced(&copy), (2, foreign.to_owned()));
    let link = || symlink(&outside, &path).unwrap();
    let said = "warning: `STORE/allowed` cannot be read: it is a symbolic link that leads out of the store\n";
    assert_eq!(replaced(&link), (2, said.to_owned()));
    assert_eq!(replaced(&|| fs::create_dir(&path).unwrap()).0, 2);
    assert_eq!(replaced(&|| ()), (2, String::new()));

    // Rubbish is passed over, wherever it stands.
    let mut file = fs::File::options().append(true).open(&path).unwrap();
    file.write_all(b"hello\n\xff\xfe\nrevoked\n0123\n\n").unwrap();
    home.run(&["grow", "--count", "1"]).ok();
    assert_eq!(waiting(&home), 0);
    let said = home.run(&["allow"]).stderr.replace(home.store().to_str().unwrap(), "STORE");
    assert_eq!(said, "warning: 4 lines of `STORE/allowed` say nothing that is understood\n");

    // What cannot be noted waits, and the command is done.
    let kept = home.store().join("kept");
    fs::rename(&path, &kept).unwrap();
    symlink("/nonexistent", &path).unwrap();
    let done = home.run(&["grow", "--count", "1"]);
    assert_eq!(done.code, Some(0));
    let said = done.stderr.replace(home.store().to_str().unwrap(), "STORE");
    assert_snapshot!(said, @"warning: could not write to `STORE/allowed`: it is a symbolic link that leads to nothing; 1 recorded text waits for `muzzle-persona allow`");
    fs::remove_file(&path).unwrap();
    fs::rename(&kept, &path).unwrap();
    assert_eq!(waiting(&home), 1);
}

#[test]
fn a_list_of_another_users_allows_nothing() {
    let home = Home::seeded();
    home.run(&["grow", "--count", "2"]).ok();
    let path = home.store().join("allowed");
    // Only root can give a file away.
    if std::os::unix::fs::chown(&path, Some(4711), None).is_err() {
        return;
    }
    assert_eq!(waiting(&home), 2);
    assert!(home.run(&["allow"]).stderr.ends_with("counts: it is a file of another user's\n"));
}

#[test]
fn a_checkpoint_that_git_brings_along_puts_no_words_into_a_prompt() {
    let two = Two::new();
    two.at_theirs(&["compact"]).ok();
    let questions =
        [&["list", "--json"][..], &["show", "elena", "--json"], &["list"], &["show", "elena"]];
    let of_the_log = questions.map(|args| two.at_theirs(args).ok());
    lie(&two.theirs, "pragmatic", "mallorish");
    assert!(two.at_theirs(&["show", "elena"]).stdout.contains("mallorish"), "it is believed there");
    git(&two.home, &two.theirs, &["add", "--force", ".cache/checkpoint.json"]);
    two.they_commit();

    let clone = two.home.path().join("clone");
    let from = two.theirs.to_str().unwrap();
    git(&two.home, two.home.path(), &["clone", "--quiet", from, clone.to_str().unwrap()]);
    // Git overwrites what it ignores.
    two.home.run(&["compact", "--older-than", "99"]).ok();
    git(&two.home, two.home.store(), &["checkout", "--quiet", "--", "events.jsonl"]);
    two.pull();
    for store in [&clone, two.home.store()] {
        let brought = |name| fs::read(two.theirs.join(name)).unwrap();
        for name in ["events.jsonl", ".cache/checkpoint.json"] {
            assert_eq!(fs::read(store.join(name)).unwrap(), brought(name));
        }
        let at_store = |args: &[&str]| {
            Done::of(two.home.command().env("MUZZLE_PERSONA_STORE", store).args(args))
        };
        let told = questions.map(|args| at_store(args).stdout);
        assert_eq!(told, of_the_log.clone());
        let (preamble, _) = hook(&two.home, store, "review");
        assert!(preamble.starts_with("You are Elena Vasquez"), "{preamble}");
        assert!(preamble.contains("pragmatic") && !preamble.contains("mallorish"), "{preamble}");

        let why = "it is a copy, or was brought here, and not written by this program";
        let verified = at_store(&["verify"]).stdout;
        assert!(verified.contains(&format!("warning: it is not used: {why}; ")), "{verified}");
        let doctor = at_store(&["doctor"]).stdout;
        let check = format!("The checkpoint in `.cache/checkpoint.json` is not used: {why}.");
        assert!(doctor.contains(&check), "{doctor}");
        at_store(&["compact"]).ok();
        assert!(!at_store(&["verify"]).stdout.contains("checkpoint"), "this one is used");
    }
}
