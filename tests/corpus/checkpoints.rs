//! The saved checkpoints: that of the sample, and what somebody may have made of it.
//!
//! They are of the layout that this build writes, or they would be refused for their version alone and try nothing.

use std::fs;
use std::path::Path;

use super::checkpoint;

/// Set to anything, it has the inputs written anew.
const WRITE: &str = "MUZZLE_PERSONA_WRITE_CORPUS";

#[test]
#[allow(clippy::disallowed_methods, reason = "inputs are written by the test that reads them")]
fn the_saved_checkpoints_are_of_the_layout_of_this_build() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/checkpoint");
    let sound = checkpoint::of_sample();
    for (name, bytes) in made_of(&sound) {
        assert!(name == "of-this-log" || bytes != sound, "{name}: nothing was changed");
        let path = dir.join(name);
        if std::env::var_os(WRITE).is_some() {
            fs::write(&path, &bytes).unwrap();
        }
        assert!(
            fs::read(&path).is_ok_and(|saved| saved == bytes),
            "{name} is of another layout: `{WRITE}=1 cargo test --test corpus saved_checkpoints` writes it anew"
        );
    }
}

#[test]
fn a_changed_checkpoint_is_signed_so_that_it_is_believed() {
    let sound = checkpoint::of_sample();
    assert!(!checkpoint::is_believed_once_signed(&sound), "it tells what the log tells");
    let (_, changed) = made_of(&sound).into_iter().find(|(name, _)| *name == "changed").unwrap();
    assert!(checkpoint::is_believed_once_signed(&changed));
}

/// A checkpoint, changed in all the ways that are saved, by their names.
fn made_of(sound: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    const MOST: &str = "18446744073709551615";
    let text = str::from_utf8(sound).unwrap();
    let lines: Vec<_> = text.split_inclusive('\n').collect();
    let (head, rest) = lines.split_first().unwrap();
    let (last, but_last) = lines.split_last().unwrap();
    let with = |key: &str, value: &str| with_value(text, key, value).into_bytes();
    let not_utf8 = |at: usize| [&sound[..at], b"\xff", &sound[at + 1..]].concat();
    let exchanged: String =
        [head, rest[1], rest[0]].into_iter().chain(rest[2..].iter().copied()).collect();
    vec![
        ("of-this-log", sound.to_owned()),
        ("changed", text.replacen("skeptical", "sceptical", 1).into_bytes()),
        ("cut", sound[..sound.len() / 2].to_owned()),
        ("not-utf8", not_utf8(text.find("lena").unwrap())),
        ("head-only", head.as_bytes().to_owned()),
        ("lines-exchanged", exchanged.into_bytes()),
        ("no-last-line", but_last.concat().into_bytes()),
        ("no-line-end", text.trim_end().as_bytes().to_owned()),
        ("table-outside", [&*but_last.concat(), "99999999999", &last[11..]].concat().into_bytes()),
        ("other-version", with("version", "1")),
        ("huge-offsets", with("offset", MOST)),
        ("huge-lengths", with("personas", &format!("\"{MOST},{MOST},{MOST},\""))),
        ("huge-part", text.replace("\"lines\":834", &format!("\"lines\":{MOST}")).into_bytes()),
        ("huge-bits", with("bits", "4294967295")),
        ("huge-role-lengths", text.replacen("[84,", &format!("[{MOST},"), 1).into_bytes()),
        ("huge-tallies", text.replace("[0,0,0]", &format!("[{MOST},{MOST},{MOST}]")).into_bytes()),
        ("huge-months", text.replace("24313.", "99999999999.").into_bytes()),
        ("index-outside", with("by_name", "\"4294967295,0,0,\"")),
        ("few-on-the-board", with("closed", "\"2,\"")),
        ("status-unknown", with("status", "\"azz\"")),
        (
            "moments-outside",
            with("last_assigned", "\"9223372036854775807,-9223372036854775808,,\""),
        ),
        ("known-outside", with("known", "\"9,9,9,9,9,\"")),
        ("known-until-outside", with("known_until", "\"9,2,4294967295,\"")),
        ("idle-outside", with("idle", "\"7,4294967295,\"")),
        ("holds-outside", with("holds", "[4294967295]")),
        ("records-outside", with("records", "\"4294967295,24313.1;\"")),
        (
            "judged-outside",
            text.replace(",1,\"documentation\"", ",99,\"documentation\"").into_bytes(),
        ),
        ("took-part-outside", text.replace("[1,\"debugging", "[99,\"debugging").into_bytes()),
    ]
}

/// A text in which the first value of a key is another one.
fn with_value(text: &str, key: &str, value: &str) -> String {
    let (before, rest) = text.split_once(&format!("\"{key}\":")).unwrap();
    let mut values = serde_json::Deserializer::from_str(rest).into_iter::<serde_json::Value>();
    values.next().unwrap().unwrap();
    format!("{before}\"{key}\":{value}{}", &rest[values.byte_offset()..])
}
