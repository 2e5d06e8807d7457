//! A log that is wrong, and not the trace of an unfinished write.

use crate::harness::{Home, assign_args};
use crate::surgery::{Files, forge, id};

/// The start of what is said of a damaged line.
fn damaged(home: &Home, line: usize) -> String {
    format!("error: line {line} of `{}` is damaged: ", home.log_path().display())
}

/// Every command says which line is damaged, and the log stays as it is.
#[track_caller]
fn check(home: &Home, line: usize, reason: &str) {
    let before = home.log();
    for args in [&["list"][..], &["stats", "--json"], &assign_args("s9", "w9", "testing")] {
        let stderr = home.run(args).fails(3);
        let message = if args.contains(&"--json") {
            let json: serde_json::Value = serde_json::from_str(&stderr).unwrap();
            assert_eq!(json["error"]["kind"], "damaged");
            format!("error: {}", json["error"]["message"].as_str().unwrap())
        } else {
            let hint = "hint: `muzzle-persona verify` shows all that is wrong, and `muzzle-persona repair` what can be done; nothing was changed\n";
            stderr.strip_suffix(hint).expect("a hint").trim_end().to_owned()
        };
        assert_eq!(message, damaged(home, line) + reason, "{args:?}");
    }
    assert_eq!(home.log(), before);
    assert!(!home.store().join("quarantine").exists());
}

fn lines(home: &Home) -> Vec<String> {
    let log = String::from_utf8(home.log()).unwrap();
    log.split_inclusive('\n').map(str::to_owned).collect()
}

#[test]
fn a_changed_byte_in_an_earlier_line_is_found_and_nothing_is_written() {
    let home = Home::seeded();
    let mut lines = lines(&home);
    let written = lines[4][lines[4].len() - 35..lines[4].len() - 3].to_owned();
    lines[4] = lines[4].replacen("\"name\":\"", "\"name\":\"X", 1);
    let content = &lines[4][..lines[4].len() - 42];
    let computed = blake3::hash(content.as_bytes()).to_hex()[..32].to_owned();
    home.set_log(lines.concat().as_bytes());
    check(
        &home,
        5,
        &format!(
            "the line says that its id is `{written}`, but its bytes have the id `{computed}`"
        ),
    );
}

#[test]
fn a_changed_byte_in_the_last_line_is_damage_and_not_a_torn_tail() {
    let home = Home::seeded();
    let mut lines = lines(&home);
    let last = lines.len();
    lines[last - 1] = lines[last - 1].replacen("\"v\":1", "\"v\": 1", 1);
    home.set_log(lines.concat().as_bytes());
    let stderr = home.run(&["list"]).fails(3);
    assert!(
        stderr.starts_with(&(damaged(&home, last) + "the line says that its id is")),
        "{stderr}"
    );
}

#[test]
fn a_line_without_an_id_is_damage() {
    let home = Home::seeded();
    let mut lines = lines(&home);
    lines[2] = "{}\n".to_owned();
    home.set_log(lines.concat().as_bytes());
    check(&home, 3, "the line does not end with its id");
}

#[test]
fn a_line_without_an_id_is_damage_at_the_end_of_a_piece_too() {
    let home = Home::seeded();
    home.assign("s1", "w", "testing");
    home.run(&["compact", "--seal"]).ok();
    home.assign("s2", "w", "testing");
    let sound = Files::read(home.store());
    let mut merged = sound.clone();
    let head = id(sound.line((0, 10)));
    merged.0[1].1.push(forge(12, &[&head]));
    for mut files in [sound, merged] {
        files.write(home.store());
        // The checkpoint knows of the end, and not of what is behind it.
        home.run(&["compact"]);
        let line = files.0[0].1.last_mut().unwrap();
        let brace = line.len() - 2;
        line[brace] = b']';
        files.write(home.store());
        let message = format!(
            "error: line 13 of `{}` is damaged: the line does not end with its id\n",
            home.store().join(&files.0[0].0).display()
        );
        assert!(home.run(&["history", "elena"]).fails(3).starts_with(&message));
        std::fs::remove_dir_all(home.store().join(".cache")).unwrap();
        for args in [&["list"][..], &["history", "elena"], &assign_args("s9", "w9", "testing")] {
            let stderr = home.run(args).fails(3);
            assert!(stderr.starts_with(&message), "{args:?}: {stderr}");
        }
    }
}

#[test]
fn a_removed_line_is_damage_where_its_child_stands() {
    let home = Home::seeded();
    let mut lines = lines(&home);
    let removed = lines.remove(3);
    let id = &removed[removed.len() - 35..removed.len() - 3];
    home.set_log(lines.concat().as_bytes());
    check(&home, 4, &format!("it follows the event `{id}`, which is not in the log"));
}

#[test]
fn a_line_that_is_too_long_is_damage() {
    let home = Home::seeded();
    let mut lines = lines(&home);
    lines[1] = format!("{{\"v\":1,\"x\":\"{}\"}}\n", "x".repeat(2_000_000));
    let length = lines[1].len();
    home.set_log(lines.concat().as_bytes());
    check(&home, 2, &format!("the line is {length} bytes long; the limit is 65536"));
}

#[test]
fn a_forged_line_with_a_wrong_depth_is_damage() {
    let home = Home::seeded();
    let mut lines = lines(&home);
    let last = lines.pop().unwrap();
    let seq = lines.len() + 1;
    let content = &last[..last.len() - 42];
    let content = content.replacen(&format!("\"seq\":{seq}"), &format!("\"seq\":{}", seq + 7), 1);
    let id = blake3::hash(content.as_bytes()).to_hex();
    lines.push(format!("{content},\"id\":\"{}\"}}\n", &id[..32]));
    home.set_log(lines.concat().as_bytes());
    check(&home, seq, &format!("its `seq` is {}; after its parents it must be {seq}", seq + 7));
}
