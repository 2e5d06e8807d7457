//! What a client writes to a hook's stdin.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use muzzle_persona::events::is_hidden;
use muzzle_persona_hook::deadline::Deadline;
use muzzle_persona_hook::environment::Environment;
use muzzle_persona_hook::{inject, release};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use tempfile::TempDir;

/// A home whose store is seeded.
struct Home {
    dir: TempDir,
    log: PathBuf,
    /// What the log holds before a hook is called.
    seeded: Vec<u8>,
}

/// A call that is answered is the same call but for a text ahead of its prompt; nothing is decided.
/// A mod, and a client that adds context, are answered with such a text.
pub fn check(bytes: &[u8]) {
    static HOME: OnceLock<Home> = OnceLock::new();
    let home = HOME.get_or_init(Home::new);
    if let Ok(answer) = inject::answer(bytes, &deadline(), home.environment())
        && !answer.stdout.is_empty()
    {
        if let Ok(told) = serde_json::from_str::<Told<'_>>(&answer.stdout) {
            is_for_a_mod(&told);
        } else if let Ok(Answer {
            hook_specific_output: Context { hook_event_name, additional_context },
        }) = serde_json::from_str(&answer.stdout)
        {
            assert_eq!(hook_event_name, "SubagentStart");
            is_preamble(&additional_context);
        } else {
            is_the_same_but_for_its_prompt(bytes, &answer.stdout);
        }
    }
    if let Ok(answer) = release::answer(bytes, &deadline(), home.environment())
        && !answer.stdout.is_empty()
    {
        is_for_a_session_with_a_mod(&answer.stdout, &home.log);
    }
    home.begin_anew();
}

#[derive(Deserialize)]
struct Payload<'a> {
    #[serde(borrow)]
    tool_input: &'a RawValue,
}

#[derive(Deserialize)]
struct Input<'a> {
    #[serde(borrow)]
    prompt: &'a RawValue,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Answer<T> {
    hook_specific_output: T,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Context {
    hook_event_name: String,
    additional_context: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Output<'a> {
    hook_event_name: &'a str,
    #[serde(borrow)]
    updated_input: &'a RawValue,
}

/// What a mod is answered.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Told<'a> {
    slot: String,
    persona: String,
    role: String,
    preamble: Option<String>,
    #[serde(borrow)]
    tests: Vec<&'a str>,
}

fn is_for_a_mod(told: &Told<'_>) {
    assert!(!told.slot.is_empty() && !told.tests.is_empty());
    // A client shows these to people.
    for shown in [&told.persona, &told.role] {
        assert!(!shown.is_empty() && !shown.contains(is_hidden), "{shown:?}");
    }
    if let Some(preamble) = &told.preamble {
        is_preamble(preamble);
    }
}

/// When a session begins, a mod is told what it is to show and which log to watch.
fn is_for_a_session_with_a_mod(stdout: &str, log: &Path) {
    let told: BTreeMap<String, Value> = serde_json::from_str(stdout).unwrap();
    assert_eq!(told.get("log").and_then(Value::as_str), log.to_str());
    assert!(told.keys().eq(["log", "pane", "reminder", "rows"]), "{stdout}");
}

fn is_preamble(preamble: &str) {
    assert!(preamble.ends_with("\n---\n"), "{preamble}");
    is_short(preamble);
}

fn is_short(preamble: &str) {
    assert!(preamble.chars().count() <= 500 && preamble.lines().count() <= 5, "{preamble}");
}

fn is_the_same_but_for_its_prompt(payload: &[u8], stdout: &str) {
    let payload = payload.strip_prefix("\u{feff}".as_bytes()).unwrap_or(payload);
    let mut values = serde_json::Deserializer::from_slice(payload).into_iter::<Payload<'_>>();
    let before = values.next().unwrap().unwrap().tool_input.get();
    let answer: Answer<Output<'_>> = serde_json::from_str(stdout).unwrap();
    let output = answer.hook_specific_output;
    assert_eq!(output.hook_event_name, "PreToolUse");
    let after = output.updated_input.get();

    let prompt = |input| serde_json::from_str::<Input<'_>>(input).unwrap().prompt.get();
    let (old, new) = (prompt(before), prompt(after));
    let (preamble, rest) = new.split_once(r"---\n\n").unwrap();
    // One that was there already gave way.
    let was_told = old.starts_with("\"You are ") && old.ends_with(rest);
    assert!(format!("\"{rest}") == old || was_told, "{old}");
    let preamble: String = serde_json::from_str(&format!("{preamble}---\\n\"")).unwrap();
    is_short(&preamble);
    // Without the prompts, not one byte is another.
    let start = |input: &str, prompt: &str| prompt.as_ptr() as usize - input.as_ptr() as usize;
    let (at, at_after) = (start(before, old), start(after, new));
    assert_eq!(before[..at], after[..at_after]);
    assert_eq!(before[at + old.len()..], after[at_after + new.len()..]);
}

impl Home {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join(".muzzle/personas/events.jsonl");
        let mut home = Self { dir, log, seeded: Vec::new() };
        let call = r#"{"session_id":"s","hook_event_name":"PreToolUse","tool_name":"Agent","tool_input":{"name":"w","prompt":"Go."}}"#;
        inject::answer(call.as_bytes(), &deadline(), home.environment()).unwrap();
        home.seeded = std::fs::read(&home.log).unwrap();
        home
    }

    /// Takes back what a hook wrote: each input finds the same store.
    #[allow(clippy::disallowed_methods, reason = "a test may damage the log")]
    fn begin_anew(&self) {
        if std::fs::metadata(&self.log).unwrap().len() != self.seeded.len() as u64 {
            std::fs::write(&self.log, &self.seeded).unwrap();
        }
        let _ = std::fs::remove_dir_all(self.log.with_file_name(".cache").join("mod"));
    }

    fn environment(&self) -> Environment {
        Environment {
            store: None,
            now: None,
            inject: Some("all".into()),
            timeout: None,
            home: Some(self.dir.path().to_owned()),
            arguments: Vec::new(),
            clock: "2026-03-25T15:30:00Z".parse().unwrap(),
            rng: fastrand::Rng::with_seed(0),
        }
    }
}

/// A deadline that ends nothing.
fn deadline() -> Arc<Deadline> {
    Deadline::new(Duration::ZERO, || {})
}
