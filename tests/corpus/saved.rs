//! Inputs that are kept, and what they may cost.

use std::fs;
use std::path::Path;

/// What a check may take for itself, in bytes.
const OWN: u64 = 1024 * 1024;

/// Hands each saved input of a fuzz target to its function, and made-up ones that are large.
///
/// None may take more memory than so many `times` its length at once. A check does more than the
/// program: it reads, shows and writes an input several times, and keeps what it compares.
pub fn each(target: &str, times: u64, check: impl Fn(&[u8])) {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut paths: Vec<_> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(paths.len() >= 10, "there is a corpus");
    // What is made once, and kept, is no input's.
    check(b"");
    for path in paths {
        costs_little(&path.display().to_string(), &fs::read(&path).unwrap(), times, &check);
    }
    for (name, bomb) in bombs() {
        costs_little(name, &bomb, times, &check);
    }
}

fn costs_little(name: &str, input: &[u8], times: u64, check: impl Fn(&[u8])) {
    let taken = allocation_counter::measure(|| check(input)).bytes_max;
    let allowed = OWN + times * input.len() as u64;
    assert!(taken <= allowed, "{name}: {taken} bytes for {} of input", input.len());
}

/// Inputs that are much larger inside than outside, as their makers hope.
fn bombs() -> Vec<(&'static str, Vec<u8>)> {
    const SIZE: usize = 64 * 1000;
    let filled = |head: &str, piece: &str, tail: &str| {
        let times = (SIZE - head.len() - tail.len()) / piece.len();
        [head, &piece.repeat(times), tail].concat().into_bytes()
    };
    let line = r#"{"v":1,"seq":1,"at":"2026-03-25T15:30:00Z","type":"#;
    let call = r#"{"session_id":"s","hook_event_name":"PreToolUse","tool_name":"Agent","tool_input":{"name":"w","prompt":"Go.","x":"#;
    let keys: Vec<_> = (0..SIZE / 12).map(|n| format!("\"k{n:05}\":0,")).collect();
    let words: Vec<_> = (0..SIZE / 8).map(|n| format!("\"{n:05}\",")).collect();
    vec![
        ("arrays", filled("", "[", "")),
        ("objects", filled("", "{\"a\":", "")),
        ("digits", filled("", "9", "")),
        ("escapes", filled("\"", r"\u0000", "\"")),
        ("hidden", filled("", "\u{202e}", "")),
        ("not UTF-8", vec![0xff; SIZE]),
        ("NUL", vec![0; SIZE]),
        ("line ends", filled("", "\n", "")),
        ("equals signs", filled("a", ".a", " = 1\n")),
        ("tables", filled("", "[[role]]\n", "")),
        ("inline tables", filled("traits = ", "{a=", "")),
        ("TOML arrays", filled("traits = ", "[", "")),
        ("words", format!("traits = [{}]\n", words.concat()).into_bytes()),
        ("roles", filled("", "[[role]]\nname = \"a\"\ninstruction = \"b\"\n", "")),
        ("a line of arrays", filled(&format!(r#"{line}"x","data":"#), "[", "")),
        ("a line with deep data", filled(&format!(r#"{line}"seed","data":{{"x":"#), "[", "")),
        (
            "a line with slots",
            filled(
                &format!(
                    r#"{line}"assign","data":{{"session":"s","agent":"a","project":"p","slots":["#
                ),
                r#"{"slot":"","persona":"","role":"","requested":""},"#,
                r#"{"slot":"","persona":"","role":"","requested":""}]},"prev":[]"#,
            ),
        ),
        (
            "a line with keys",
            format!("{line}\"x\",\"data\":{{{}\"z\":0}},\"prev\":[]", keys.concat()).into_bytes(),
        ),
        (
            "a line with instructions",
            filled(
                &format!(r#"{line}"seed","data":{{"name":"a","traits":[],"expertise":["#),
                r#""","#,
                r#"""],"instructions":{}},"prev":[]"#,
            ),
        ),
        ("a call with arrays", filled(call, "[", "")),
        ("a call with keys", format!("{call}{{{}\"z\":0}}}}}}", keys.concat()).into_bytes()),
        ("a call with escapes", filled(&format!("{call}\""), r"\ud800", "\"}}")),
        ("arguments", filled("assign", "\n--roles\na", "")),
        ("one argument", filled("assign\n--roles\n[", "\"a\",", "\"a\"]")),
    ]
}
