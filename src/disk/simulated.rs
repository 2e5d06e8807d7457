//! A file system that forgets what was not synced, tears writes, and fails when it is told to.
//!
//! It has two planes: what a process *sees*, and what is *durable*. A sync
//! carries the bytes of a file, or the names of a directory, from one to the
//! other. When the power fails, each write and each name that no sync covered
//! is kept or not, whatever became of those before and behind it, and one write
//! may be torn. What a lost write leaves out of a file is NUL bytes. One thing
//! is taken for granted, as of every journaling file system: that a renaming is
//! kept whole or not at all.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{FileSystem, Identity, Mode, OpenFile};

/// What goes wrong at a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The process dies, when so many bytes of a write are written. No call after this one is made.
    Death { written: usize },
    /// The call fails, with an error of this kind.
    Failure(io::ErrorKind),
    /// A write ends after so many bytes, and there is room for no other.
    Full { written: usize },
    /// The call is interrupted, and can be made again.
    Interrupt,
    /// A write ends after so many bytes, and the rest can be written.
    Short { written: usize },
}

/// What a power cut leaves of what was not synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PowerCut {
    /// Nothing.
    Nothing,
    /// All of it.
    Everything,
    /// Some of it, picked by a seed; one write may be torn.
    Some(u64),
}

/// What kind of call one was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// A write of so many bytes.
    Write(usize),
    /// A sync of a file or a directory.
    Sync,
    /// Any other that may change something.
    Change,
    /// A try to lock.
    Lock,
    /// One that only looks.
    Look,
}

/// The simulated file system. A clone of it is the same one; [`Simulated::fork`] makes another.
#[derive(Debug, Clone, Default)]
pub struct Simulated(Arc<Mutex<State>>);

#[derive(Debug, Clone, Default)]
struct State {
    seen: BTreeMap<PathBuf, Node>,
    durable: BTreeMap<PathBuf, Node>,
    /// What happened to names since their directories were synced.
    unsynced: Vec<Renaming>,
    inodes: Vec<Inode>,
    calls: Vec<Call>,
    /// What a process tried to append.
    appended: Vec<u8>,
    fault: Option<(usize, Fault)>,
    is_dead: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Node {
    Directory,
    File(usize),
}

/// A change of names, and the directories that are to be synced for it to last.
#[derive(Debug, Clone)]
struct Renaming {
    from: Option<PathBuf>,
    to: Option<PathBuf>,
    node: Node,
    directories: BTreeSet<PathBuf>,
}

#[derive(Debug, Clone, Default)]
struct Inode {
    seen: Vec<u8>,
    durable: Vec<u8>,
    /// What happened to the bytes since the last sync.
    unsynced: Vec<Change>,
    is_locked: bool,
}

#[derive(Debug, Clone)]
enum Change {
    Write(usize, Vec<u8>),
    Length(usize),
}

/// An open file.
#[derive(Debug)]
struct Handle {
    disk: Simulated,
    inode: usize,
    appends: bool,
    written: Mutex<usize>,
    has_lock: Mutex<bool>,
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Write(offset, new) => {
                let end = offset + new.len();
                if bytes.len() < end {
                    bytes.resize(end, 0);
                }
                bytes[*offset..end].copy_from_slice(new);
            }
            Self::Length(length) => bytes.resize(*length, 0),
        }
    }
}

impl Renaming {
    fn apply(&self, names: &mut BTreeMap<PathBuf, Node>) {
        if let Some(from) = &self.from
            && names.get(from) == Some(&self.node)
        {
            names.remove(from);
        }
        if let Some(to) = &self.to {
            names.insert(to.clone(), self.node);
        }
    }
}

impl State {
    /// Counts a call, and says what goes wrong at it.
    fn call(&mut self, call: Call) -> io::Result<Option<Fault>> {
        let number = self.calls.len();
        if self.is_dead {
            return Err(io::Error::other("the process is dead"));
        }
        self.calls.push(call);
        let due = self.fault.filter(|(at, _)| *at == number).map(|(_, fault)| fault);
        match due {
            Some(Fault::Death { .. }) => self.is_dead = true,
            Some(Fault::Failure(kind)) => return Err(kind.into()),
            _ => {}
        }
        match due {
            Some(Fault::Death { .. }) if !matches!(call, Call::Write(_)) => {
                Err(io::Error::other("the process died"))
            }
            due => Ok(due),
        }
    }

    fn file(&self, path: &Path) -> io::Result<usize> {
        match self.seen.get(path) {
            Some(Node::File(inode)) => Ok(*inode),
            Some(Node::Directory) => Err(io::ErrorKind::IsADirectory.into()),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn change(&mut self, from: Option<&Path>, to: Option<&Path>, node: Node) {
        let parents = [from, to].into_iter().flatten().filter_map(Path::parent);
        let directories = parents.map(Path::to_owned).collect();
        let (from, to) = (from.map(Path::to_owned), to.map(Path::to_owned));
        let renaming = Renaming { from, to, node, directories };
        renaming.apply(&mut self.seen);
        self.unsynced.push(renaming);
    }
}

impl Simulated {
    /// An empty file system with one durable directory.
    pub fn new(root: &Path) -> Self {
        let disk = Self::default();
        let mut state = disk.state();
        for dir in root.ancestors() {
            state.seen.insert(dir.to_owned(), Node::Directory);
            state.durable.insert(dir.to_owned(), Node::Directory);
        }
        drop(state);
        disk
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Another file system with the same in it, with no open files and no calls made.
    pub fn fork(&self) -> Self {
        let mut state = self.state().clone();
        (state.fault, state.is_dead) = (None, false);
        (state.calls, state.appended) = (Vec::new(), Vec::new());
        for inode in &mut state.inodes {
            inode.is_locked = false;
        }
        Self(Arc::new(Mutex::new(state)))
    }

    /// The same, after the power failed: only what is durable is there, and some of the rest.
    pub fn cut_power(&self, leaves: PowerCut) -> Self {
        let fork = self.fork();
        let mut state = fork.state();
        let mut rng = match leaves {
            PowerCut::Some(seed) => fastrand::Rng::with_seed(seed),
            _ => fastrand::Rng::with_seed(0),
        };
        let mut is_kept = || match leaves {
            PowerCut::Nothing => false,
            PowerCut::Everything => true,
            PowerCut::Some(_) => rng.bool(),
        };
        let renamings = mem::take(&mut state.unsynced);
        for renaming in renamings {
            if is_kept() {
                renaming.apply(&mut state.durable);
            }
        }
        for inode in &mut state.inodes {
            for change in mem::take(&mut inode.unsynced) {
                if is_kept() {
                    change.apply(&mut inode.durable);
                }
            }
        }
        if let PowerCut::Some(_) = leaves {
            for (inode, was) in state.inodes.iter_mut().zip(&self.state().inodes) {
                // The last write, torn: as far as it is part of the file at all.
                if let Some(Change::Write(offset, bytes)) = was.unsynced.last()
                    && inode.durable.len() == offset + bytes.len()
                    && rng.bool()
                {
                    inode.durable.truncate(offset + rng.usize(0..=bytes.len()));
                }
            }
        }
        // What hangs in a directory that is gone is gone with it.
        let names = state.durable.clone();
        let there =
            |path: &&Path| names.get(*path).is_some_and(|node| matches!(node, Node::Directory));
        state.durable.retain(|path, _| path.parent().as_ref().is_none_or(there));
        state.seen = state.durable.clone();
        for inode in &mut state.inodes {
            inode.seen = inode.durable.clone();
        }
        drop(state);
        fork
    }

    /// Has something go wrong at the call of this number, from 0.
    pub fn fail_at(&self, call: usize, fault: Fault) {
        self.state().fault = Some((call, fault));
    }

    /// The calls that were made.
    pub fn calls(&self) -> Vec<Call> {
        self.state().calls.clone()
    }

    /// What was to be appended to files, whatever became of it.
    pub fn appended(&self) -> Vec<u8> {
        self.state().appended.clone()
    }

    /// Puts a file in its place that is there to stay, as a person would who takes their time.
    pub fn put(&self, path: &Path, bytes: Vec<u8>) {
        let mut state = self.state();
        let node = Node::File(state.inodes.len());
        state.inodes.push(Inode { seen: bytes.clone(), durable: bytes, ..Inode::default() });
        for path in path.ancestors() {
            let parent = Node::Directory;
            state.seen.entry(path.to_owned()).or_insert(parent);
            state.durable.entry(path.to_owned()).or_insert(parent);
        }
        state.seen.insert(path.to_owned(), node);
        state.durable.insert(path.to_owned(), node);
    }

    /// What a file holds, as a process sees it.
    pub fn bytes(&self, path: &Path) -> Option<Vec<u8>> {
        let state = self.state();
        state.file(path).ok().map(|inode| state.inodes[inode].seen.clone())
    }

    /// The files, as a process sees them.
    pub fn paths(&self) -> Vec<PathBuf> {
        let state = self.state();
        let files = state.seen.iter().filter(|(_, node)| matches!(node, Node::File(_)));
        files.map(|(path, _)| path.clone()).collect()
    }
}

impl FileSystem for Simulated {
    fn open(&self, path: &Path, mode: Mode) -> io::Result<Arc<dyn OpenFile>> {
        let mut state = self.state();
        let looks = matches!(mode, Mode::Read | Mode::Append)
            || state.file(path).is_ok() && mode != Mode::Truncate;
        state.call(if looks { Call::Look } else { Call::Change })?;
        let inode = match (state.file(path), mode) {
            (Ok(_), Mode::CreateNew) => return Err(io::ErrorKind::AlreadyExists.into()),
            (Err(error), _) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            (Err(error), Mode::Read | Mode::Append) => return Err(error),
            (Ok(inode), Mode::Truncate) => {
                state.inodes[inode].seen.clear();
                state.inodes[inode].unsynced.push(Change::Length(0));
                inode
            }
            (Ok(inode), _) => inode,
            (Err(_), _) => {
                let parent = path.parent().and_then(|parent| state.seen.get(parent));
                if parent != Some(&Node::Directory) {
                    return Err(io::ErrorKind::NotFound.into());
                }
                let inode = state.inodes.len();
                state.inodes.push(Inode::default());
                state.change(None, Some(path), Node::File(inode));
                inode
            }
        };
        let appends = matches!(mode, Mode::Append | Mode::AppendOrCreate);
        let (written, has_lock) = (Mutex::default(), Mutex::default());
        Ok(Arc::new(Handle { disk: self.clone(), inode, appends, written, has_lock }))
    }

    fn make_dir(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.call(Call::Change)?;
        if state.seen.contains_key(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        state.change(None, Some(path), Node::Directory);
        Ok(())
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        let mut state = self.state();
        state.call(Call::Look)?;
        if state.seen.get(dir) != Some(&Node::Directory) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let paths = state.seen.keys().filter(|path| path.parent() == Some(dir));
        let names = paths.filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()));
        // Not in order, as elsewhere.
        Ok(names.rev().collect())
    }

    fn file_len(&self, path: &Path) -> io::Result<u64> {
        let mut state = self.state();
        state.call(Call::Look)?;
        let inode = state.file(path)?;
        Ok(state.inodes[inode].seen.len() as u64)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.call(Call::Change)?;
        let inode = state.file(from)?;
        state.change(Some(from), Some(to), Node::File(inode));
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.call(Call::Change)?;
        let inode = state.file(path)?;
        state.change(Some(path), None, Node::File(inode));
        Ok(())
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.call(Call::Sync)?;
        let mut left = Vec::new();
        for mut renaming in mem::take(&mut state.unsynced) {
            renaming.directories.remove(path);
            if renaming.directories.is_empty() {
                renaming.apply(&mut state.durable);
            } else {
                left.push(renaming);
            }
        }
        state.unsynced = left;
        Ok(())
    }

    fn exists(&self, path: &Path) -> io::Result<bool> {
        Ok(self.state().seen.contains_key(path))
    }

    fn identity(&self, path: &Path) -> io::Result<Identity> {
        let mut state = self.state();
        state.call(Call::Look)?;
        Ok(Identity::numbered(state.file(path)? as u64))
    }

    fn pause(&self, _: Duration) {}
}

impl Handle {
    /// Makes a call on the file.
    fn call<T>(
        &self,
        call: Call,
        then: impl FnOnce(&mut Inode, Option<Fault>) -> io::Result<T>,
    ) -> io::Result<T> {
        let mut state = self.disk.state();
        let fault = state.call(call)?;
        then(&mut state.inodes[self.inode], fault)
    }
}

impl OpenFile for Handle {
    fn len(&self) -> io::Result<u64> {
        self.call(Call::Look, |inode, _| Ok(inode.seen.len() as u64))
    }

    fn read_at(&self, offset: u64, limit: u64, bytes: &mut Vec<u8>) -> io::Result<()> {
        self.call(Call::Look, |inode, _| {
            let start = usize::try_from(offset).unwrap().min(inode.seen.len());
            let end = usize::try_from(offset.saturating_add(limit)).unwrap().min(inode.seen.len());
            bytes.extend_from_slice(&inode.seen[start..end]);
            Ok(())
        })
    }

    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        let mut at = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        if self.appends {
            self.disk.state().appended.extend_from_slice(bytes);
        }
        let written = self.call(Call::Write(bytes.len()), |inode, fault| {
            let written = match fault {
                Some(Fault::Interrupt) => return Err(io::ErrorKind::Interrupted.into()),
                Some(
                    Fault::Death { written } | Fault::Full { written } | Fault::Short { written },
                ) => written.min(bytes.len()),
                _ => bytes.len(),
            };
            let offset = if self.appends { inode.seen.len() } else { *at };
            let change = Change::Write(offset, bytes[..written].to_vec());
            change.apply(&mut inode.seen);
            inode.unsynced.push(change);
            match fault {
                Some(Fault::Death { .. }) => Err(io::Error::other("the process died")),
                Some(Fault::Full { .. }) if written == 0 => Err(io::ErrorKind::StorageFull.into()),
                _ => Ok(written),
            }
        })?;
        *at += written;
        drop(at);
        let mut state = self.disk.state();
        if let Some((at, Fault::Full { .. })) = state.fault
            && at + 1 == state.calls.len()
        {
            // There is no room for the rest.
            state.fault = Some((at + 1, Fault::Full { written: 0 }));
        }
        Ok(written)
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.call(Call::Change, |inode, _| {
            let change = Change::Length(usize::try_from(length).unwrap());
            change.apply(&mut inode.seen);
            inode.unsynced.push(change);
            Ok(())
        })
    }

    fn sync(&self) -> io::Result<()> {
        self.call(Call::Sync, |inode, _| {
            inode.unsynced.clear();
            inode.durable = inode.seen.clone();
            Ok(())
        })
    }

    fn identity(&self) -> io::Result<Identity> {
        self.call(Call::Look, |_, _| Ok(Identity::numbered(self.inode as u64)))
    }

    fn try_lock(&self) -> io::Result<()> {
        self.call(Call::Lock, |inode, fault| {
            if fault == Some(Fault::Interrupt) {
                return Err(io::ErrorKind::Interrupted.into());
            }
            if mem::replace(&mut inode.is_locked, true) {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            *self.has_lock.lock().unwrap_or_else(PoisonError::into_inner) = true;
            Ok(())
        })
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        if *self.has_lock.lock().unwrap_or_else(PoisonError::into_inner) {
            self.disk.state().inodes[self.inode].is_locked = false;
        }
    }
}
