//! The checkpoint: a folded roster, kept on disk so that it need not be folded again.
//!
//! It is derived from the log and disposable: whatever is wrong with it, the
//! answer is the same, only later. Each of its lines is a JSON object that ends
//! with an id in the manner of the log's lines, which is its checksum:
//!
//! 1. the head: which file it is, where in which history it was taken, the roster without its
//!    personas, and the [`Index`];
//! 2. a [`RoleIndex`] for each role;
//! 3. the details of the personas, in the order in which they were created;
//! 4. the judgements, in two [`Part`]s at most;
//! 5. who took part in what, in the same form.
//!
//! A choice reads the head, the line of its role and the line of the persona
//! that is chosen; for a review also who took part in what it is about.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::buckets::Part;
use super::checked_line::{check, line};
use super::index::{Index, RoleIndex};
use super::participation::StoredParticipations;
use super::stored::Stored;
use super::{Needs, Roster, View};
use crate::disk::{Disk, Identity, Mode, OpenFile, if_there};
use crate::events::{EventId, LogError, RoleName};

/// The version of this layout and of what the fold makes of the log. A checkpoint of any other is ignored.
const VERSION: u32 = 6;
/// The file, in a store's directory for what is derived.
const FILE: &str = "checkpoint.json";
/// The file that becomes the checkpoint once it is written.
const DRAFT: &str = "checkpoint.new";
/// The bytes of the first read: enough for the head of a small roster.
const FIRST_READ: usize = 16 * 1024;

#[derive(Debug, Serialize, Deserialize)]
struct Head<V, R> {
    version: u32,
    /// The mark of the file that it stands in: git puts another one there.
    file: String,
    view: V,
    roster: R,
    index: Index,
    /// The lengths and ids of the lines of the roles, in their order.
    roles: BTreeMap<RoleName, (u64, EventId)>,
    /// The lengths of the lines of the personas, in their order.
    #[serde(with = "super::column::numbers")]
    personas: Vec<u64>,
    judgements: Vec<Part>,
    participations: StoredParticipations,
}

/// Reads the checkpoint in a directory, as far as a choice needs it; none if anything is off.
///
/// It belongs to the log that is there if [`View::stands_in`] says so.
pub fn load(disk: &Disk, dir: &Path) -> Option<View> {
    let file = disk.open(&dir.join(FILE), Mode::Read).ok()?;
    let identity = file.identity().ok()?;
    if distrust_of(&identity).is_some() {
        return None;
    }
    let line = first_line(&*file).ok()?;
    // Of what was brought here from elsewhere, nothing is parsed.
    if !line.starts_with(beginning(&identity).as_bytes()) {
        return None;
    }
    check(&line)?;
    let Head { mut view, roster, index, roles, personas, judgements, participations, .. } =
        serde_json::from_slice::<Head<View, Roster>>(&line).ok()?;
    let lengths = roles.values().map(|(length, _)| length).chain(&personas);
    let judged = judgements.iter().chain(&participations.parts).map(Part::length);
    let length = lengths.copied().chain(judged).fold(line.len() as u64, u64::saturating_add);
    if file.len().ok()? != length {
        return None;
    }
    let start = line.len() as u64;
    let stored = Stored { file, index, roles, personas, judgements, participations, start };
    view.roster = roster.stored(stored)?;
    Some(view)
}

/// Returns whether there is a checkpoint, usable or not.
pub fn exists(disk: &Disk, dir: &Path) -> bool {
    disk.exists(&dir.join(FILE)).unwrap_or(false)
}

/// Why the checkpoint that is there, if one is, is not used, whatever it says: its digests are no proof
/// of who wrote it.
pub fn distrust(disk: &Disk, dir: &Path) -> Option<Distrust> {
    let file = disk.open(&dir.join(FILE), Mode::Read).ok()?;
    let identity = file.identity().ok()?;
    distrust_of(&identity).or_else(|| {
        let line = first_line(&*file).ok()?;
        check(&line)?;
        let is_of_this_version = line.starts_with(version().as_bytes());
        let is_elsewhere = !line.starts_with(beginning(&identity).as_bytes());
        (is_of_this_version && is_elsewhere).then_some(Distrust::OfAnotherFile)
    })
}

/// What the owner and the mode of a file say against it.
fn distrust_of(file: &Identity) -> Option<Distrust> {
    if !file.is_own {
        return Some(Distrust::OfAnotherUser);
    }
    file.writable_by_others.map(|mode| Distrust::WritableByOthers { mode })
}

/// How a checkpoint of this version begins.
fn version() -> String {
    format!("{{\"version\":{VERSION},")
}

/// How a checkpoint begins that was written into this file.
fn beginning(file: &Identity) -> String {
    format!("{}\"file\":\"{}\",", version(), file.mark())
}

/// Why a checkpoint is not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Distrust {
    /// It is not the user's own.
    #[error("it is a file of another user's")]
    OfAnotherUser,
    /// Others may have written it.
    #[error("others than its owner may write to it, as its mode is {mode:03o}")]
    WritableByOthers {
        /// Who may do what with it.
        mode: u32,
    },
    /// It was written into another file than the one that it stands in.
    #[error("it is a copy, or was brought here, and not written by this program")]
    OfAnotherFile,
}

/// Removes the checkpoint, and what was to become one, for good.
pub fn remove(disk: &Disk, dir: &Path) -> Result<(), LogError> {
    let removed = || {
        for name in [FILE, DRAFT] {
            if_there(disk.remove(&dir.join(name)))?;
        }
        // A power cut must not bring it back.
        if_there(disk.sync_dir(dir)).map(drop)
    };
    removed().map_err(LogError::io("remove the checkpoint in", dir))
}

/// Writes the checkpoint of a view, unless another process is just doing that.
///
/// The whole roster has to be loaded. The file is renamed into place, and not synced: losing it
/// costs time only.
pub fn write(disk: &Disk, dir: &Path, view: &mut View) -> io::Result<()> {
    disk.make_dirs(dir)?;
    let (draft, path) = (dir.join(DRAFT), dir.join(FILE));
    let file = disk.open(&draft, Mode::Keep)?;
    // The lock is the draft's own: after a wait for it, the file would be renamed.
    if file.try_lock().is_err() || !disk.names(&draft, &*file)? {
        return Ok(());
    }
    let identity = file.identity()?;
    if distrust_of(&identity).is_some() {
        // Renamed, it would be a checkpoint that nobody uses. The next one is made anew.
        return disk.remove(&draft);
    }
    // What cannot be read cannot be written: whoever needs it reads the log again.
    if view.roster.load(&Needs::everyone()).is_none() {
        return Ok(());
    }
    let Some(parts) = encode(view, &identity)? else { return Ok(()) };
    file.set_len(0)?;
    parts.iter().try_for_each(|lines| file.write_all(lines))?;
    disk.rename(&draft, &path)
}

/// The lines of a checkpoint in a file, in parts that follow each other; none if the one that the view
/// came from cannot be read.
fn encode(view: &mut View, file: &Identity) -> io::Result<Option<[Vec<u8>; 3]>> {
    let mut judged = Vec::new();
    let Some(judgements) = view.roster.judgements.write(&mut judged)? else { return Ok(None) };
    let took_part = view.roster.participations.write(&mut judged)?;
    let Some(participations) = took_part else { return Ok(None) };
    let view = &*view;
    let personas = view.roster.personas();
    let (mut rest, mut roles, mut lengths) = (Vec::new(), BTreeMap::new(), Vec::new());
    for (role, index) in RoleIndex::all(&personas) {
        roles.insert(role, line(&mut rest, &index)?);
    }
    for persona in &personas {
        let (length, _) = line(&mut rest, persona)?;
        lengths.push(length);
    }
    let head = Head {
        version: VERSION,
        file: file.mark(),
        view,
        roster: &view.roster,
        index: Index::of(&personas)?,
        roles,
        personas: lengths,
        judgements,
        participations,
    };
    let mut first = Vec::new();
    line(&mut first, &head)?;
    Ok(Some([first, rest, judged]))
}

/// Reads the first line of a file, line end included.
fn first_line(file: &dyn OpenFile) -> io::Result<Vec<u8>> {
    let (mut bytes, mut wanted) = (Vec::new(), FIRST_READ);
    loop {
        let searched = bytes.len();
        bytes.reserve_exact(wanted);
        file.read_at(searched as u64, wanted as u64, &mut bytes)?;
        let read = bytes.len() - searched;
        let new = bytes.get(searched..).unwrap_or_default();
        if let Some(end) = memchr::memchr(b'\n', new) {
            bytes.truncate(searched + end + 1);
            return Ok(bytes);
        }
        if read < wanted {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        wanted = bytes.len() * 3;
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use proptest::prelude::*;

    use super::*;
    use crate::events::{PersonaName, SessionId, Tag};
    use crate::projection::view::tests::{
        History, anything, assign, definition, feedback, release, seed,
    };
    use crate::projection::{Fold, Needs, Persona};

    /// A directory with the checkpoint of a view.
    fn kept(view: &View) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        write(&Disk::default(), dir.path(), &mut view.clone()).unwrap();
        dir
    }

    /// Three personas, each with something to tell.
    fn lived() -> View {
        let ann = ("seed", {
            let mut ann = definition("Ann", "calm");
            ann["expertise"] = serde_json::json!(["security", "testing"]);
            ann["instructions"] = serde_json::json!({ "testing": "Break it." });
            ann
        });
        History::of([
            ann,
            seed("Bo"),
            seed("Cy"),
            assign("s", "w-0", "Ann", "testing"),
            assign("s", "x-0", "Cy", "debugging"),
            release("s", "w-0", "Ann", "testing", "manual"),
            feedback(None, "Bo", "testing", "positive"),
            feedback(None, "Ann", "testing", "negative"),
        ])
        .view()
    }

    /// What a choice for a role sees of all personas.
    fn candidates(roster: &mut Roster, role: &str) -> Option<String> {
        let (role, expertise) = (RoleName::unchecked(role), [Tag::unchecked("testing")]);
        roster.load(&Needs::roles([role.clone()]))?;
        Some(format!("{:?}", roster.candidates_for(&role, &expertise).collect::<Vec<_>>()))
    }

    /// Which slots are open, by session and by persona.
    fn held(roster: &Roster) -> String {
        let sessions = ["s1", "s2"].map(|it| roster.open_slots(&SessionId::unchecked(it)));
        let personas: Vec<_> = roster.names().map(|name| roster.leases(name)).collect();
        format!("{sessions:?} {personas:?} {:?}", roster.candidates().collect::<Vec<_>>())
    }

    /// All personas.
    fn everyone(view: &mut View) -> Option<Vec<Persona>> {
        view.roster.load(&Needs::everyone())?;
        Some(view.roster.personas().into_iter().cloned().collect())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_fold_goes_on_from_a_checkpoint_as_if_it_had_never_stopped(
            said in prop::collection::vec(anything(), 0..16),
            cut in any::<prop::sample::Index>(),
        ) {
            let history = History::of([seed("Ann"), seed("Bo")].into_iter().chain(said));
            let (before, after) = history.lines.split_at(cut.index(history.lines.len() + 1));
            let mut view = View::default();
            view.fold(before.concat().as_bytes()).unwrap();
            let dir = kept(&view);
            let mut recalled = load(&Disk::default(), dir.path()).unwrap();
            for role in ["testing", "general", "unheard-of"] {
                prop_assert_eq!(candidates(&mut recalled.roster, role), candidates(&mut view.roster, role));
            }
            prop_assert_eq!(recalled.roster.expertise(), view.roster.expertise());
            prop_assert_eq!(held(&recalled.roster), held(&view.roster));
            prop_assert_eq!(recalled.fold(after.concat().as_bytes()).unwrap(), Fold::Done);
            let mut whole = history.view().roster;
            for role in ["testing", "general", "unheard-of"] {
                prop_assert_eq!(candidates(&mut recalled.roster, role), candidates(&mut whole, role));
            }
            prop_assert_eq!(held(&recalled.roster), held(&whole));
            prop_assert_eq!(recalled.roster.warnings(), whole.warnings());
            recalled.roster.load(&Needs::everything()).unwrap();
            prop_assert_eq!(recalled, history.view());
        }
    }

    #[expect(clippy::disallowed_methods, reason = "a test may damage what it likes")]
    #[test]
    fn a_choice_parses_no_persona() {
        let mut view = lived();
        let dir = kept(&view);
        let path = dir.path().join(FILE);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replace("\"calm\"", "\"wild\"")).unwrap();
        let mut recalled = load(&Disk::default(), dir.path()).unwrap();
        for role in ["testing", "debugging"] {
            assert_eq!(candidates(&mut recalled.roster, role), candidates(&mut view.roster, role));
        }
        let names: Vec<_> = recalled.roster.names().collect();
        assert_eq!(
            names,
            ["Ann", "Bo", "Cy"].map(PersonaName::unchecked).iter().collect::<Vec<_>>()
        );
        let ann = Needs::personas([names[0]]);
        assert_eq!(recalled.roster.load(&ann), None, "what was changed is seen then");
    }

    #[expect(clippy::disallowed_methods, reason = "a test may damage what it likes")]
    #[test]
    fn a_bit_that_was_flipped_is_never_believed() {
        let mut view = lived();
        let dir = kept(&view);
        let path = dir.path().join(FILE);
        let sound = fs::read(&path).unwrap();
        let (mut refused, mut lost) = (0, 0);
        for at in 0..sound.len() {
            let mut bytes = sound.clone();
            bytes[at] ^= 1 << (at % 8);
            fs::write(&path, &bytes).unwrap();
            let Some(mut recalled) = load(&Disk::default(), dir.path()) else {
                refused += 1;
                continue;
            };
            let seen = candidates(&mut recalled.roster, "testing");
            let all = everyone(&mut recalled);
            let sound = candidates(&mut view.roster, "testing");
            assert!(seen == sound || seen.is_none(), "byte {at}");
            assert!(all == everyone(&mut view) || all.is_none(), "byte {at}");
            lost += usize::from(seen.is_none() || all.is_none());
        }
        assert!(refused > 0 && lost > 0, "{refused} {lost}");
        for length in 0..sound.len() {
            fs::write(&path, &sound[..length]).unwrap();
            if let Some(mut recalled) = load(&Disk::default(), dir.path()) {
                assert_eq!(everyone(&mut recalled), None, "cut to {length}");
            }
        }
    }

    #[expect(clippy::disallowed_methods, reason = "a test may damage what it likes")]
    #[test]
    fn a_checkpoint_of_another_version_is_ignored() {
        let view = lived();
        let dir = kept(&view);
        let path = dir.path().join(FILE);
        let text = fs::read_to_string(&path).unwrap();
        let (head, rest) = text.split_once('\n').unwrap();
        let (content, _) = head.rsplit_once(",\"id\":").unwrap();
        for (version, is_read) in [(VERSION, true), (VERSION + 1, false)] {
            let other = format!("\"version\":{version},");
            let content = content.replacen(&format!("\"version\":{VERSION},"), &other, 1);
            let id = EventId::of(content.as_bytes());
            fs::write(&path, format!("{content},\"id\":\"{id}\"}}\n{rest}")).unwrap();
            assert_eq!(load(&Disk::default(), dir.path()).is_some(), is_read);
        }
    }

    #[test]
    fn of_two_that_write_at_once_one_leaves_it_to_the_other() {
        let view = lived();
        let dir = kept(&view);
        let draft = dir.path().join(DRAFT);
        let other = Disk::default().open(&draft, Mode::Truncate).unwrap();
        other.try_lock().unwrap();
        fs::remove_file(dir.path().join(FILE)).unwrap();
        write(&Disk::default(), dir.path(), &mut view.clone()).unwrap();
        assert!(load(&Disk::default(), dir.path()).is_none());
        drop(other);
        write(&Disk::default(), dir.path(), &mut view.clone()).unwrap();
        let mut recalled = load(&Disk::default(), dir.path()).unwrap();
        recalled.roster.load(&Needs::everything()).unwrap();
        assert_eq!(recalled, view);
        assert!(!draft.exists());
    }
}
