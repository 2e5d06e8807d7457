//! The checkpoint: it is derived and disposable, and may hold anything.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use muzzle_persona::Disk;
use muzzle_persona::broker::{AssignRequest, Start};
use muzzle_persona::events::{AgentName, PersonaName, ProjectName, RoleName, SessionId, WorkName};
use muzzle_persona::projection::{Needs, Persona};
use muzzle_persona::{Options, PendingCheckpoint, Progress, Store};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::line::{with_id, without_id};

/// A store with a log, and who is in it without a checkpoint.
struct Sample {
    dir: TempDir,
    personas: Vec<Persona>,
}

/// A checkpoint as it is, and one with right ids, as somebody may have made it. Both say that they stand in the
/// file that they do.
pub fn check(bytes: &[u8]) {
    static SAMPLE: OnceLock<Sample> = OnceLock::new();
    let Sample { dir, personas } = SAMPLE.get_or_init(Sample::new);

    let told = told_by(dir.path(), |mark| with_mark(bytes, mark)).unwrap();
    assert!(told == *personas, "what is not sound, or not of this log, is not believed");

    let _ = told_by(dir.path(), |mark| signed(bytes, mark));
    let _ = lend(dir.path());
    let _ = Store::verify(&options(dir.path()), &[]);
}

/// The checkpoint of the sample, as the program writes it, but for the file that it stands in.
pub fn of_sample() -> Vec<u8> {
    let sample = Sample::new();
    let mut rng = fastrand::Rng::with_seed(0);
    Store::open(&options(sample.dir.path()), &mut rng).unwrap().checkpoint().unwrap();
    with_mark(&std::fs::read(checkpoint_of(sample.dir.path())).unwrap(), "1,2")
}

/// Returns whether a checkpoint changes what is told once it is signed: then the log is not read instead.
pub fn is_believed_once_signed(bytes: &[u8]) -> bool {
    let Sample { dir, personas } = Sample::new();
    told_by(dir.path(), |mark| signed(bytes, mark)).is_some_and(|told| told != personas)
}

/// A checkpoint whose first line, if that has its id, says that it stands in this file.
fn with_mark(bytes: &[u8], mark: &str) -> Vec<u8> {
    const BEFORE: &[u8] = b",\"file\":\"";
    let (head, rest) = bytes.split_at(bytes.iter().position(|byte| *byte == b'\n').unwrap_or(0));
    let content = without_id(head);
    let start = content.windows(BEFORE.len()).position(|window| window == BEFORE);
    let Some(start) = start.map(|at| at + BEFORE.len()).filter(|_| head == with_id(content)) else {
        return bytes.to_owned();
    };
    let length = content[start..].iter().position(|byte| *byte == b'"').unwrap_or(0);
    let placed = [&content[..start], mark.as_bytes(), &content[start + length..]].concat();
    [&*with_id(&placed), rest].concat()
}

/// A checkpoint in which each line has the id of its bytes, and the first says what follows it, and in which file: no
/// fuzzer guesses lengths and digests.
fn signed(bytes: &[u8], mark: &str) -> Vec<u8> {
    // That of the sample has some twenty.
    let lines = bytes.split_inclusive(|byte| *byte == b'\n').take(1000);
    let mut lines: Vec<_> = lines.map(with_right_id).collect();
    if let Some((head, rest)) = lines.split_first_mut()
        && head.starts_with(b"{\"version\":")
        && let Ok(mut value) = serde_json::from_slice::<Value>(head)
        && describe(&mut value, rest).is_some()
    {
        let fields = value.as_object_mut().unwrap();
        fields.remove("id");
        fields.remove("file");
        // A checkpoint begins so, or nothing of it is parsed.
        let version = fields.remove("version").unwrap_or_default();
        let rest = value.to_string();
        let rest = rest[1..rest.len() - 1].to_owned();
        let content = format!("{{\"version\":{version},\"file\":\"{mark}\",{rest}");
        *head = [&*with_id(content.as_bytes()), b"\n"].concat();
    }
    lines.concat()
}

fn with_right_id(line: &[u8]) -> Vec<u8> {
    match line {
        [b'{', ..] => [&*with_id(without_id(line)), b"\n"].concat(),
        _ => line.to_owned(),
    }
}

/// Has the head say how long the lines behind it are, and the tables of its parts where their lines are.
fn describe(head: &mut Value, lines: &mut [Vec<u8>]) -> Option<()> {
    let mut lines = lines.iter_mut();
    for role in head.get_mut("roles")?.as_object_mut()?.values_mut() {
        let line = lines.next()?;
        let id = line.get(line.len().checked_sub(35)?..line.len() - 3)?;
        *role = json!([line.len(), str::from_utf8(id).ok()?]);
    }
    let personas = head.get_mut("personas")?;
    let count = personas.as_str()?.matches(',').count();
    let lengths = lines.by_ref().take(count).map(|line| format!("{},", line.len()));
    *personas = lengths.collect::<String>().into();
    for parts in ["/judgements", "/participations/parts"] {
        for part in head.pointer_mut(parts)?.as_array_mut()? {
            let buckets = 1 << part.get("bits")?.as_u64()?.min(20);
            let mut places = vec![0];
            for line in lines.by_ref().take(buckets) {
                places.push(places.last()? + line.len());
            }
            part.as_object_mut()?.insert("lines".into(), (*places.last()?).into());
            for place in places {
                *lines.next()? = format!("{place:011}\n").into_bytes();
            }
        }
    }
    Some(())
}

impl Sample {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let log = include_bytes!("../../fixtures/log/v1-outcomes.jsonl");
        put(&dir.path().join("events.jsonl"), log);
        let personas = told_by(dir.path(), |_| Vec::new()).unwrap();
        Self { dir, personas }
    }
}

fn checkpoint_of(store: &Path) -> PathBuf {
    store.join(".cache/checkpoint.json")
}

/// Who is there, in order of their names, by a checkpoint that is made for the file that it stands in. What
/// somebody made up on purpose may make the log look damaged.
fn told_by(store: &Path, checkpoint: impl FnOnce(&str) -> Vec<u8>) -> Option<Vec<Persona>> {
    std::fs::create_dir_all(store.join(".cache")).unwrap();
    let path = checkpoint_of(store);
    // The file is there before its mark is asked for, and is the same with other bytes in it.
    put(&path, b"");
    let mark = Disk::default().identity(&path).unwrap().mark();
    put(&path, &checkpoint(&mark));
    let mut rng = fastrand::Rng::with_seed(0);
    let mut store = Store::open(&options(store), &mut rng).ok()?;
    let personas = store.look(&Needs::everyone(), |store| {
        let personas = store.roster().by_name();
        Ok(personas.into_iter().cloned().collect::<Vec<_>>())
    });
    personas.ok()
}

/// Who would be lent now: that reads other parts of a checkpoint than a list does.
fn lend(store: &Path) -> Option<PersonaName> {
    let (options, mut rng) = (options(store), fastrand::Rng::with_seed(0));
    let request = AssignRequest {
        session: SessionId::unchecked("s"),
        agent: AgentName::unchecked("w"),
        team: None,
        project: ProjectName::unchecked("p"),
        work: Some(WorkName::unchecked("w")),
        roles: ["testing", "code-reviewer"].map(RoleName::unchecked).to_vec(),
        summon: None,
        tool_use_id: None,
        start: Start::Unknown,
        explain: true,
    };
    let store = Store::open(&options, &mut rng).ok()?;
    let (assigned, _) = store.rehearse_assign(&request, options.now, &mut rng).ok()?;
    assigned.first().map(|assigned| assigned.name.clone())
}

fn options(store: &Path) -> Options {
    Options {
        dir: store.to_owned(),
        wait: Duration::ZERO,
        now: "2026-03-25T15:30:00Z".parse().unwrap(),
        is_hook: false,
        progress: Progress::default(),
        disk: Disk::default(),
        pending: PendingCheckpoint::default(),
    }
}

#[allow(clippy::disallowed_methods, reason = "a test may damage what it likes")]
fn put(path: &Path, bytes: &[u8]) {
    std::fs::write(path, bytes).unwrap();
}
