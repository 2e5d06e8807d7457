//! The checkpoint: it is derived and disposable, and may hold anything.

use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

use muzzle_persona::Disk;
use muzzle_persona::broker::{AssignRequest, Start};
use muzzle_persona::events::{AgentName, PersonaName, ProjectName, RoleName, SessionId, WorkName};
use muzzle_persona::projection::{Needs, Persona};
use muzzle_persona::{Options, PendingCheckpoint, Progress, Store};
use tempfile::TempDir;

use super::line::{with_id, without_id};

/// A store with a log, and who is in it without a checkpoint.
struct Sample {
    dir: TempDir,
    personas: Vec<Persona>,
}

/// A checkpoint as it is, and one with right ids, as somebody may have made it.
pub fn check(bytes: &[u8]) {
    static SAMPLE: OnceLock<Sample> = OnceLock::new();
    let Sample { dir, personas } = SAMPLE.get_or_init(Sample::new);

    let told = told(dir.path(), bytes);
    assert!(told == *personas, "what is not sound, or not of this log, is not believed");

    let lines = bytes.split_inclusive(|byte| *byte == b'\n');
    let objects = lines.filter(|line| line.starts_with(b"{"));
    let signed: Vec<_> =
        objects.map(|line| [&*with_id(without_id(line)), b"\n"].concat()).collect();
    let _ = told_by(dir.path(), &signed.concat());
    let _ = lend(dir.path());
    let _ = Store::verify(&options(dir.path()), &[]);
}

impl Sample {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        put(&dir.path().join("events.jsonl"), include_bytes!("../../fixtures/log/v1.jsonl"));
        let personas = told(dir.path(), b"");
        Self { dir, personas }
    }
}

/// Who is there, in order of their names.
fn told(store: &Path, checkpoint: &[u8]) -> Vec<Persona> {
    told_by(store, checkpoint).unwrap()
}

/// The same; what somebody made up on purpose may make the log look damaged.
fn told_by(store: &Path, checkpoint: &[u8]) -> Option<Vec<Persona>> {
    std::fs::create_dir_all(store.join(".cache")).unwrap();
    put(&store.join(".cache/checkpoint.json"), checkpoint);
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
        progress: Progress::default(),
        disk: Disk::default(),
        pending: PendingCheckpoint::default(),
    }
}

#[allow(clippy::disallowed_methods, reason = "a test may damage what it likes")]
fn put(path: &Path, bytes: &[u8]) {
    std::fs::write(path, bytes).unwrap();
}
