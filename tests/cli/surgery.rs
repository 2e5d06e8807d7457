//! Stores with a past, and hands that change what is in them.

use std::fs;
use std::path::Path;

use fastrand::Rng;
use serde_json::{Value, json};

use crate::harness::{Done, Home, parts};

/// The files of a log, each as its lines with their line ends.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Files(pub Vec<(String, Vec<Vec<u8>>)>);

impl Files {
    /// All files of a store's log, in its order.
    pub fn read(store: &Path) -> Self {
        let sealed = fs::read_dir(store.join("segments")).into_iter().flatten();
        let name = |entry: fs::DirEntry| entry.file_name().into_string().unwrap();
        let depth = |name: &String| name.split_once('-').unwrap().0.parse::<u64>().unwrap();
        let mut names: Vec<_> = sealed.map(|entry| name(entry.unwrap())).collect();
        names.sort_by_key(|name| (depth(name), name.clone()));
        let mut names: Vec<_> = names.iter().map(|name| format!("segments/{name}")).collect();
        names.push("events.jsonl".to_owned());
        let lines = |bytes: Vec<u8>| {
            bytes.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
        };
        let file = |name: String| {
            let bytes = fs::read(store.join(&name)).unwrap();
            (name, lines(bytes))
        };
        Self(names.into_iter().map(file).collect())
    }

    #[expect(clippy::disallowed_methods, reason = "a test may damage the log")]
    pub fn write(&self, store: &Path) {
        for (name, lines) in &self.0 {
            fs::create_dir_all(store.join(name).parent().unwrap()).unwrap();
            fs::write(store.join(name), lines.concat()).unwrap();
        }
    }

    /// A random line: its file and its index there.
    pub fn pick(&self, rng: &mut Rng) -> (usize, usize) {
        let mut at = rng.usize(0..self.lines().len());
        let mut file = 0;
        while at >= self.0[file].1.len() {
            at -= self.0[file].1.len();
            file += 1;
        }
        (file, at)
    }

    pub fn line(&self, (file, line): (usize, usize)) -> &[u8] {
        &self.0[file].1[line]
    }

    pub fn lines(&self) -> Vec<&[u8]> {
        self.0.iter().flat_map(|(_, lines)| lines).map(Vec::as_slice).collect()
    }

    /// The file and the line of a place, as findings name them.
    pub fn place(&self, (file, line): (usize, usize)) -> Value {
        json!([self.0[file].0, line + 1])
    }
}

/// The id of a line.
pub fn id(line: &[u8]) -> String {
    parts(str::from_utf8(line).unwrap()).1.to_owned()
}

/// A line with a right id after this content.
pub fn sign(content: &str) -> Vec<u8> {
    let id = blake3::hash(content.as_bytes()).to_hex();
    format!("{content},\"id\":\"{}\"}}\n", &id[..32]).into_bytes()
}

/// A forged line with a right id: an event of no effect.
pub fn forge(seq: u64, prev: &[&str]) -> Vec<u8> {
    let data = r#"{"persona":"Elena Vasquez","reason":"manual"}"#;
    forge_event(seq, prev, "reactivate", data)
}

/// A forged line with a right id, of this type and with this data.
pub fn forge_event(seq: u64, prev: &[&str], kind: &str, data: &str) -> Vec<u8> {
    let prev = json!(prev);
    sign(&format!(
        r#"{{"v":1,"seq":{seq},"at":"2027-01-01T00:00:00Z","type":"{kind}","data":{data},"prev":{prev}"#
    ))
}

pub fn parsed(line: &[u8]) -> Value {
    serde_json::from_slice(line).unwrap()
}

/// A store in which something happened, some of it sealed if asked.
pub fn lived(home: &Home, rng: &mut Rng, seals: bool) {
    for n in 0..14 {
        let session = format!("s{}", rng.u8(0..4));
        let assign = crate::harness::assign_args(&session, "w", "testing");
        let args: &[&str] = match rng.u8(0..8) {
            0..=3 => &assign,
            4 => &["release", "--session", &session],
            5 => &["feedback", "lian", "--observation", "Very good."],
            6 => &["grow", "--count", "1"],
            _ => &["compact"],
        };
        assert_eq!(home.run(args).code, Some(0));
        if seals && n % 6 == 5 {
            home.run(&["compact", "--seal"]).ok();
        }
    }
    // What is tested with a checkpoint makes one.
    let _ = fs::remove_dir_all(home.store().join(".cache"));
}

/// What `verify` says: its exit code and its report.
pub fn verify(home: &Home, args: &[&str]) -> (i32, Value) {
    let Done { code, stdout, stderr } = home.run(&[&["verify", "--json"], args].concat());
    assert_eq!(stderr, "", "{stdout}");
    (code.unwrap(), serde_json::from_str(&stdout).unwrap())
}

/// The findings of a kind: severity, file and line of each.
pub fn of_kind(report: &Value, kind: &str) -> Vec<(String, Value)> {
    let findings = report["findings"].as_array().unwrap().iter();
    let wanted = findings.filter(|finding| finding["kind"] == kind);
    wanted
        .map(|found| {
            let severity = found["severity"].as_str().unwrap().to_owned();
            (severity, json!([found["file"], found["line"]]))
        })
        .collect()
}

/// The kinds and places of all damage.
pub fn damage(report: &Value) -> Vec<(String, Value)> {
    let findings = report["findings"].as_array().unwrap().iter();
    let damage = findings.filter(|finding| finding["severity"] == "damage");
    damage
        .map(|found| {
            (found["kind"].as_str().unwrap().to_owned(), json!([found["file"], found["line"]]))
        })
        .collect()
}
