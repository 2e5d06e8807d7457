//! Joining a fleet: what is only here is published, and the log becomes the copy of the fleet's.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::lines::LocalLines;
use super::publish::{Copy, LocalLine};
use super::{MembershipError, Options, Store, StoreError, deadline, rehearse};
use crate::broker::Seed;
use crate::disk::{Disk, Mode, if_there};
use crate::events::{
    Append, Event, FORMAT_VERSION, Log as _, LogError, LogStorage as _, Position, decode,
};
use crate::file_log::{FileLog, GIT_IGNORE, WriteLock};
use crate::fleet::{self, FleetLog, RemoteConfig};
use crate::projection::checkpoint;
use crate::projection::line::line_ranges;
use crate::store::allowed::Allowed;
use crate::store::repair::plan_of;
use crate::store::{TRIES, verify::existing};

/// What a join did.
#[derive(Debug)]
pub struct Joined {
    /// How many events of this machine the fleet did not have.
    pub published: u64,
    /// How many events of the fleet this machine did not have.
    pub fetched: u64,
    /// How many lines the fleet's log has now.
    pub lines: u64,
    /// Where the files of the log are kept as they were, if another log took their place.
    pub aside: Option<PathBuf>,
    /// Whether there was no store before.
    pub is_made: bool,
}

/// How the log of this machine stands to the fleet's, as far as that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Relation {
    /// What the fleet has is how the log here begins.
    Begins,
    /// All of the log here is how the fleet's begins.
    Behind,
    /// They differ.
    Apart,
}

impl Store {
    /// Makes a store a member of a fleet. One that is not there is made: with the seed, if the fleet's
    /// log is empty.
    pub fn join_fleet(
        options: &Options,
        config: &RemoteConfig,
        rng: &mut fastrand::Rng,
    ) -> Result<Joined, StoreError> {
        let known = RemoteConfig::read(&options.dir)?;
        if let Some(RemoteConfig { roster, endpoints, prefix, .. }) = &known
            && (roster, endpoints, prefix) != (&config.roster, &config.endpoints, &config.prefix)
        {
            let endpoint = endpoints.join("`, `");
            return Err(MembershipError::OtherFleet { roster: roster.clone(), endpoint }.into());
        }
        let mut fleet = FleetLog::new(config.clone(), &options.cache())?;
        rehearse(&mut fleet, options, rng)?;
        let (first, _) = fleet.read(&Position::START, 1, deadline(options))?;
        let is_made = matches!(existing(options), Err(StoreError::NoStore(_)));
        if is_made && !first.is_empty() {
            options.files().create()?;
            // It makes a lock where there is none, which must not look as if the store had been in use.
            let _ = Allowed::new(options.disk.clone(), options.dir.clone()).begin();
        } else if known.is_none() {
            Self::open(options, rng)?;
        }
        let mut log = options.files();
        for _ in 0..TRIES {
            let guard = log.lock(options.wait)?;
            if let Some(joined) = join(options, &mut log, &guard, &mut fleet)? {
                ignore(&options.disk, options)?;
                config.write(&options.disk, &options.dir)?;
                return Ok(Joined { is_made, ..joined });
            }
        }
        Err(StoreError::KeepsMoving(log.path().to_owned()))
    }
}

/// Joins the log with the fleet's, under the lock; nothing if it is another one by now.
fn join(
    options: &Options,
    log: &mut FileLog,
    guard: &WriteLock,
    fleet: &mut FleetLog,
) -> Result<Option<Joined>, StoreError> {
    let (plan, outcome) = plan_of(log, options)?;
    if plan.newest > FORMAT_VERSION {
        return Err(StoreError::NewerFormat(plan.newest));
    }
    let is_sound = outcome.cut.is_empty() && outcome.missing.is_empty();
    if !is_sound || !outcome.line_ends.is_empty() || !outcome.texts.is_empty() {
        return Err(MembershipError::NotSound(options.dir.clone()).into());
    }
    let mut copy = Copy::new(options, fleet);
    let mut all = LocalLines::of(log)?;
    let (local, is_seed) = gather(&mut all, &mut copy)?;
    let mut rest = LocalLines::of(log)?;
    let mut relation = Relation::Begins;
    let is_same_log = copy.read(|copy, page| {
        let mut apart = page;
        if relation == Relation::Begins {
            let same = same_lines(&mut rest, page, &mut relation)?;
            let (begins, others) = page.split_at(same);
            copy.take(begins)?;
            apart = others;
            if relation == Relation::Apart {
                copy.draft = Some(log.draft_of(copy.end.offset)?);
            }
        }
        if relation == Relation::Behind && !apart.is_empty() {
            let Append::Done { .. } = log.write(guard, &copy.end, apart)? else { return Ok(false) };
        }
        copy.take(apart)?;
        Ok(true)
    })?;
    if !is_same_log {
        return Ok(None);
    }
    let (lacking, known) = lacking(&local, &copy, relation, is_seed);
    let is_rest = copy.end.lines + lacking.len() as u64 == local.len() as u64;
    if relation == Relation::Begins && !lacking.is_empty() && !is_rest {
        // A log that git merged may have a line twice.
        copy.draft = Some(log.draft_of(copy.end.offset)?);
    }
    copy.publish(log, &lacking, all.again(&options.disk))?;
    let aside = if let Some(draft) = copy.draft.take() {
        let date = options.now.strftime("%Y-%m-%d");
        let aside = log.new_aside(&format!("before-fleet-{date}"))?;
        if !log.begin_anew(draft, guard, &aside)? {
            return Ok(None);
        }
        Some(aside)
    } else {
        log.sync()?;
        None
    };
    if !copy.forgotten.is_empty() && log.take_texts_off(&copy.forgotten, guard)?.is_none() {
        return Ok(None);
    }
    checkpoint::remove(&options.disk, &options.cache())?;
    let (published, lines) = (lacking.len() as u64, copy.end.lines);
    let fetched = lines.saturating_sub(known + published);
    Ok(Some(Joined { published, fetched, lines, aside, is_made: false }))
}

/// Reads the log through: its lines, whether they are nothing but the built-in seed, and which texts
/// are forgotten.
fn gather(
    lines: &mut LocalLines,
    copy: &mut Copy<'_>,
) -> Result<(Vec<LocalLine>, bool), StoreError> {
    let seed = Seed::default().personas();
    let (mut local, mut is_seed) = (Vec::new(), true);
    while let Some((span, line)) = lines.next()? {
        let record = decode(line).map_err(StoreError::CannotEncode)?;
        is_seed &= matches!(&record.event, Event::Seed(it) if seed.contains(it));
        if let Event::Forget(forget) = &record.event {
            copy.forgotten_here.insert(forget.event);
        }
        local.push(LocalLine { seq: record.seq, at: record.at, id: record.id, span });
    }
    copy.forgotten.clone_from(&copy.forgotten_here);
    Ok((local, is_seed))
}

/// How many bytes of a page are the next lines of the log here; sets how the two stand to each other.
fn same_lines(
    here: &mut LocalLines,
    page: &[u8],
    relation: &mut Relation,
) -> Result<usize, LogError> {
    for range in line_ranges(page) {
        let start = range.start;
        match here.next()? {
            Some((_, line)) if page.get(range) == Some(line) => {}
            other => {
                let is_more = other.is_some();
                *relation = if is_more { Relation::Apart } else { Relation::Behind };
                return Ok(start);
            }
        }
    }
    Ok(page.len())
}

/// The lines that the fleet lacks, each once, in the order in which they are sent; and how many events
/// both have.
fn lacking(
    local: &[LocalLine],
    copy: &Copy<'_>,
    relation: Relation,
    is_seed: bool,
) -> (Vec<LocalLine>, u64) {
    let (mut seen, mut known, mut lacking) = (BTreeSet::new(), 0, Vec::new());
    for line in local.iter().filter(|line| seen.insert(line.id)) {
        if copy.there.contains(&line.id) {
            known += 1;
        } else {
            lacking.push(*line);
        }
    }
    if relation == Relation::Apart {
        if is_seed {
            // Nobody did anything with it: the fleet has a roster of its own.
            lacking.clear();
        }
        lacking.sort_by_key(|line| (line.seq, line.at, line.id));
    }
    (lacking, known)
}

/// Has git ignore what tells of the fleet, in a store that was made before there were fleets.
fn ignore(disk: &Disk, options: &Options) -> Result<(), LogError> {
    let path = options.dir.join(".gitignore");
    let write = || {
        let Some(ignored) = if_there(disk.read(&path))? else {
            return disk.write_new(&path, GIT_IGNORE);
        };
        let text = String::from_utf8_lossy(&ignored);
        let is_there =
            |name: &str| text.lines().any(|line| line.trim().trim_start_matches('/') == name);
        let mut missing = String::new();
        for name in [fleet::FILE, fleet::OUTBOX].into_iter().filter(|name| !is_there(name)) {
            missing.push_str(name);
            missing.push('\n');
        }
        let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
        if missing.is_empty() {
            return Ok(());
        }
        disk.open(&path, Mode::Append)?.write_all(format!("{end}{missing}").as_bytes())
    };
    write().map_err(LogError::io("write", &path))
}
