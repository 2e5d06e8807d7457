//! The checkpoint: it is derived and disposable, and may hold anything.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use jiff::Timestamp;
use muzzle_persona::Disk;
use muzzle_persona::broker::{AssignRequest, Start};
use muzzle_persona::events::{AgentName, PersonaName, ProjectName, RoleName, SessionId, WorkName};
use muzzle_persona::projection::{Needs, Persona};
use muzzle_persona::{Options, PendingCheckpoint, Progress, Store, StoreError};
use tempfile::TempDir;

use super::line::{with_id, without_id};

/// A store with a log, and who is in it without a checkpoint.
struct Sample {
    dir: TempDir,
    personas: Vec<Persona>,
    /// How a checkpoint begins, up to the mark of the file that it stands in.
    beginning: Vec<u8>,
}

/// A checkpoint as it is, and one with right ids, as somebody may have made it. Both are of the
/// version that is read, and say that they stand in the file that they do.
pub fn check(bytes: &[u8]) {
    static SAMPLE: OnceLock<Sample> = OnceLock::new();
    let sample = SAMPLE.get_or_init(Sample::new);

    let told = sample.told(bytes, false).unwrap();
    assert!(told == sample.personas, "what is not sound, or not of this log, is not believed");

    let _ = sample.told(bytes, true);
    let store = sample.dir.path();
    let _ = lend(store);
    let _ = Store::verify(&options(store), &[]);
}

impl Sample {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        put(&dir.path().join("events.jsonl"), include_bytes!("../../fixtures/log/v1.jsonl"));
        let personas = told(dir.path()).unwrap();
        let (mut store, _) = open(dir.path()).unwrap();
        store.checkpoint().unwrap();
        let sound = std::fs::read(checkpoint_of(dir.path())).unwrap();
        let end = find(&sound, MARK).unwrap() + MARK.len();
        let sample = Self { dir, personas, beginning: sound[..end].to_vec() };
        let text = String::from_utf8(sound).unwrap();
        let lie = text.replace("\"calm\"", "\"wild\"");
        let told = sample.told(lie.as_bytes(), true).unwrap();
        assert!(told != sample.personas, "one that was made up is read here, not passed over");
        sample
    }

    /// Who is there, in order of their names, by a checkpoint whose ids are made right if `is_signed`.
    /// What somebody made up on purpose may make the log look damaged.
    fn told(&self, bytes: &[u8], is_signed: bool) -> Option<Vec<Persona>> {
        let (store, path) = (self.dir.path(), checkpoint_of(self.dir.path()));
        std::fs::create_dir_all(store.join(".cache")).unwrap();
        // The file is there before its mark is asked for, and is the same with other bytes in it.
        put(&path, b"");
        let mark = Disk::default().identity(&path).unwrap().mark();
        let mut placed = Vec::with_capacity(bytes.len());
        for (number, line) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
            let content = without_id(line);
            let is_sound = line.strip_suffix(b"\n").is_some_and(|line| line == with_id(content));
            // Other lines have no id: they are lengths.
            let gets_id = is_sound || is_signed && line.starts_with(b"{");
            if !gets_id {
                placed.extend_from_slice(line);
                continue;
            }
            let view = find(content, VIEW).filter(|_| number == 0);
            let head = view
                .and_then(|view| content.get(view..))
                .map(|view| [&*self.beginning, mark.as_bytes(), b"\"", view].concat());
            placed.extend(with_id(head.as_deref().unwrap_or(content)));
            placed.push(b'\n');
        }
        put(&path, &placed);
        told(store)
    }
}

/// What stands before the mark of the file in the first line of a checkpoint.
const MARK: &[u8] = b",\"file\":\"";
/// What follows the mark, or the version in inputs that have no mark.
const VIEW: &[u8] = b",\"view\":";

/// Where a text begins in bytes.
fn find(bytes: &[u8], text: &[u8]) -> Option<usize> {
    bytes.windows(text.len()).position(|window| window == text)
}

fn checkpoint_of(store: &Path) -> PathBuf {
    store.join(".cache/checkpoint.json")
}

fn open(store: &Path) -> Result<(Store, fastrand::Rng), StoreError> {
    let mut rng = fastrand::Rng::with_seed(0);
    Ok((Store::open(&options(store), &mut rng)?, rng))
}

/// Who is there, in order of their names.
fn told(store: &Path) -> Option<Vec<Persona>> {
    let (mut store, _) = open(store).ok()?;
    let personas = store.look(&Needs::everyone(), |store| {
        let personas = store.roster().by_name();
        Ok(personas.into_iter().cloned().collect::<Vec<_>>())
    });
    personas.ok()
}

/// Who would be lent now: that reads other parts of a checkpoint than a list does.
fn lend(store: &Path) -> Option<PersonaName> {
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
    let (store, mut rng) = open(store).ok()?;
    let (assigned, _) = store.rehearse_assign(&request, now(), &mut rng).ok()?;
    assigned.first().map(|assigned| assigned.name.clone())
}

fn now() -> Timestamp {
    "2026-03-25T15:30:00Z".parse().unwrap()
}

fn options(store: &Path) -> Options {
    Options {
        dir: store.to_owned(),
        wait: Duration::ZERO,
        now: now(),
        progress: Progress::default(),
        disk: Disk::default(),
        pending: PendingCheckpoint::default(),
    }
}

#[allow(clippy::disallowed_methods, reason = "a test may damage what it likes")]
fn put(path: &Path, bytes: &[u8]) {
    std::fs::write(path, bytes).unwrap();
}
