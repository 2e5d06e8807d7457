//! A machine of the tests' own: commands that are processes, a disk that forgets, and what has to be true after each.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use jiff::SignedDuration;
use proptest::prelude::*;

use super::*;
use crate::broker::{
    self, AssignRequest, DeliveryRequest, EndRequest, FeedbackRequest, ForgetRequest,
    OutcomeRequest, Place, ReleaseRequest, RetractRequest, Stage, Start,
};
use crate::disk::simulated::{Call, Fault, PowerCut, Simulated};
use crate::events::{
    AgentName, Channel, Detached, EventId, Lesson, LessonText, Observation, OutcomeResult,
    PersonaName, Points, ProjectName, Record, ReleaseReason, RoleName, RunId, Sentiment, SessionId,
    Slot, Source, ToolUseId, WorkName, decode, without_text, written_id,
};

const ROLES: [&str; 4] = ["code-reviewer", "testing", "researcher", "general"];

/// What a process is asked to do. The numbers stand for names, the larger ones for one of the few.
#[derive(Debug, Clone)]
pub enum Command {
    Assign {
        session: u8,
        roles: Vec<u8>,
        work: Option<u8>,
    },
    Release {
        session: u8,
    },
    Feedback {
        persona: u8,
        good: bool,
    },
    Outcome {
        session: u8,
        good: bool,
    },
    /// A client's call asks for a persona; the numbers stand for session and agent.
    Call {
        session: u8,
        agent: u8,
    },
    /// It is told that the run of an agent's last call began, or goes on.
    Began {
        session: u8,
        agent: u8,
        goes_on: bool,
    },
    /// It is told that it ended.
    Ended {
        session: u8,
        agent: u8,
    },
    Retract {
        judgement: u8,
    },
    Retire {
        persona: u8,
    },
    Reactivate {
        persona: u8,
    },
    Grow,
    CleanUp,
    Compact {
        hours: i64,
        seal: bool,
    },
    Teach {
        persona: u8,
    },
    Forget {
        text: u8,
    },
    Look,
}

impl Command {
    pub fn any() -> impl Strategy<Value = Self> {
        prop_oneof![
            6 => (0..5u8, prop::collection::vec(0..4u8, 1..3), prop::option::of(0..2u8))
                .prop_map(|(session, roles, work)| Self::Assign { session, roles, work }),
            3 => (0..5u8).prop_map(|session| Self::Release { session }),
            3 => (any::<u8>(), any::<bool>())
                .prop_map(|(persona, good)| Self::Feedback { persona, good }),
            3 => (0..5u8, any::<bool>())
                .prop_map(|(session, good)| Self::Outcome { session, good }),
            4 => (0..5u8, 0..3u8).prop_map(|(session, agent)| Self::Call { session, agent }),
            4 => (0..5u8, 0..3u8, any::<bool>())
                .prop_map(|(session, agent, goes_on)| Self::Began { session, agent, goes_on }),
            4 => (0..5u8, 0..3u8).prop_map(|(session, agent)| Self::Ended { session, agent }),
            1 => any::<u8>().prop_map(|judgement| Self::Retract { judgement }),
            1 => any::<u8>().prop_map(|persona| Self::Retire { persona }),
            1 => any::<u8>().prop_map(|persona| Self::Reactivate { persona }),
            1 => Just(Self::Grow),
            1 => Just(Self::CleanUp),
            2 => (0..60i64, any::<bool>()).prop_map(|(hours, seal)| Self::Compact { hours, seal }),
            1 => any::<u8>().prop_map(|persona| Self::Teach { persona }),
            2 => any::<u8>().prop_map(|text| Self::Forget { text }),
            1 => Just(Self::Look),
        ]
    }

    /// Does it, as one process from its beginning to its end. Tells whether it was promised to last.
    fn run(&self, options: &Options) -> Result<bool, StoreError> {
        self.run_on(&|| Ok(options.log()?), options)
    }

    /// Does it on the log that `log` opens, which need not be in files.
    pub fn run_on<L: Log>(
        &self,
        log: &impl Fn() -> Result<L, StoreError>,
        options: &Options,
    ) -> Result<bool, StoreError> {
        let (now, rng) = (options.now, &mut fastrand::Rng::with_seed(7));
        let nothing = &Needs::nothing();
        let mut store = Store::open_log(log()?, options, rng)?;
        let someone = |store: &Store<L>, number: u8| {
            let names: Vec<_> = store.roster().names().map(ToString::to_string).collect();
            names[usize::from(number) % names.len()].clone()
        };
        let recorded = match self {
            Self::Assign { session, roles, work } => {
                let request = assign_request(*session, roles, *work);
                store.assign(&request, now, rng).map(drop)
            }
            Self::Release { session } => {
                let (session, reason) = (self::session(*session), ReleaseReason::SessionEnd);
                let request = ReleaseRequest { session, agent: None, reason };
                store.execute(nothing, now, rng, |it| broker::release(it, &request)).map(drop)
            }
            Self::Feedback { persona, good } => {
                let request = feedback_request(&store, someone(&store, *persona), *good);
                store
                    .execute(&request.needs(), now, rng, |it| broker::feedback(it, &request))
                    .map(drop)
            }
            Self::Outcome { session, good } => {
                let (session, agent) = (self::session(*session), AgentName::unchecked("w"));
                let result = if *good { OutcomeResult::Ok } else { OutcomeResult::Bad };
                let mut snapshot = Snapshot::present(store, now);
                let slots = snapshot.slots_of(&session, &agent)?;
                let mut store = Store::open_log(log()?, options, rng)?;
                let source = Source::unchecked("ci");
                let (run, ended, measures) = (RunId::of(&session, &agent), false, None);
                let request =
                    OutcomeRequest { session, agent, slots, run, result, source, ended, measures };
                store
                    .execute(&request.needs(), now, rng, |it| broker::outcome(it, &request))
                    .map(drop)
            }
            Self::Call { session, agent } => {
                let request = call_request(&store, *session, *agent);
                store.assign(&request, now, rng).map(drop)
            }
            Self::Began { session, agent, goes_on } => {
                let request = begun_request(&store, *session, *agent, *goes_on);
                store.execute(nothing, now, rng, |it| broker::deliver(it, &request)).map(drop)
            }
            Self::Ended { session, agent } => {
                let request = ended_request(&store, *session, *agent);
                store.execute(&request.needs(), now, rng, |it| broker::end(it, &request)).map(drop)
            }
            Self::Retract { judgement } => {
                let mut ids = Vec::new();
                let mut snapshot = Snapshot::present(store, now);
                snapshot.visit(&[], |record| {
                    let is_one = matches!(record.event, Event::Outcome(_) | Event::Feedback(_));
                    ids.extend(is_one.then_some(record.id));
                })?;
                let Some(event) = ids.get(usize::from(*judgement) % ids.len().max(1)) else {
                    return Ok(false);
                };
                let request = RetractRequest { event: *event, reason: None };
                let mut store = Store::open_log(log()?, options, rng)?;
                store
                    .execute(&request.needs(), now, rng, |it| broker::retract(it, &request))
                    .map(drop)
            }
            Self::Retire { persona } => {
                let name = someone(&store, *persona);
                store.execute(nothing, now, rng, |it| broker::retire(it, &name, true)).map(drop)
            }
            Self::Reactivate { persona } => {
                let name = someone(&store, *persona);
                store.execute(nothing, now, rng, |it| broker::reactivate(it, &name)).map(drop)
            }
            Self::Grow => store.execute(nothing, now, rng, |it| broker::grow_many(it, 1)).map(drop),
            Self::CleanUp => {
                let age = SignedDuration::from_hours(24);
                store.execute(nothing, now, rng, |it| broker::clean_up(it, age)).map(drop)
            }
            Self::Compact { hours, seal } => {
                let age = SignedDuration::from_hours(*hours);
                store.execute(&Needs::all(), now, rng, |it| broker::compact(it, age))?;
                let _ = store.checkpoint();
                store.seal(*seal).map(drop)
            }
            Self::Teach { persona } => {
                let persona = PersonaName::unchecked(&someone(&store, *persona));
                teach(&mut store, &persona, now, rng)
            }
            Self::Forget { text } => match forget(store, log, options, *text, rng)? {
                Some(()) => Ok(()),
                None => return Ok(false),
            },
            Self::Look => {
                store.look(&Needs::everyone(), |it| Ok(it.roster().personas().len())).map(drop)
            }
        };
        match recorded {
            Err(StoreError::Refused(_)) => Ok(false),
            recorded => recorded.map(|()| !matches!(self, Self::Look)),
        }
    }
}

fn feedback_request(store: &Store<impl Log>, persona: String, good: bool) -> FeedbackRequest {
    FeedbackRequest {
        work: None,
        persona,
        role: None,
        project: None,
        observation: Some(Observation::unchecked(&words(store))),
        sentiment: Some(if good { Sentiment::Positive } else { Sentiment::Negative }),
        source: Source::unchecked("test"),
    }
}

fn teach(
    store: &mut Store<impl Log>,
    persona: &PersonaName,
    now: Timestamp,
    rng: &mut fastrand::Rng,
) -> Result<(), StoreError> {
    let words = LessonText::unchecked(&words(store));
    let rule = |it: &mut Situation<'_>| {
        let (persona, lesson) = (persona.clone(), Detached::new(words.clone(), it.rng));
        let taught = Lesson { persona, role: None, project: None, from: None, lesson };
        Ok(Decision::new(vec![Event::Lesson(taught)], ()))
    };
    store.execute(&Needs::nothing(), now, rng, rule).map(drop)
}

/// Forgets a text that somebody said; nothing if nobody said any.
fn forget<L: Log>(
    store: Store<L>,
    log: &impl Fn() -> Result<L, StoreError>,
    options: &Options,
    number: u8,
    rng: &mut fastrand::Rng,
) -> Result<Option<()>, StoreError> {
    let mut texts = Vec::new();
    let mut snapshot = Snapshot::present(store, options.now);
    snapshot.visit(&[], |record| {
        let is_one = matches!(record.event, Event::Feedback(_) | Event::Lesson(_));
        texts.extend(is_one.then_some(record.id));
    })?;
    let Some(event) = texts.get(usize::from(number) % texts.len().max(1)) else { return Ok(None) };
    let (kind, text) = ("feedback".to_owned(), broker::TextPlace::BehindId);
    let request = ForgetRequest { event: *event, kind, text, reason: None };
    let mut store = Store::open_log(log()?, options, rng)?;
    let rule = |it: &mut Situation<'_>| broker::forget(it, &request);
    store.execute(&Needs::nothing(), options.now, rng, rule)?;
    store.take_texts_away().map(|_| Some(()))
}

/// Words that nobody said before.
fn words(store: &Store<impl Log>) -> String {
    format!("What was seen after {} events.", store.view().events)
}

fn call_request(store: &Store<impl Log>, session: u8, agent: u8) -> AssignRequest {
    let agent = AgentName::unchecked(&format!("a{agent}"));
    let tool_use_id = Some(ToolUseId::unchecked(&format!("t-{}", store.view().events)));
    AssignRequest { agent, tool_use_id, ..assign_request(session, &[1], None) }
}

fn begun_request(
    store: &Store<impl Log>,
    session: u8,
    agent: u8,
    goes_on: bool,
) -> DeliveryRequest {
    let (session, slot, run) = run_of(store, session, agent);
    DeliveryRequest {
        session,
        place: Place { slot: Some(slot), ..Place::default() },
        run,
        channel: Channel::Mod,
        arrived: true,
        is_teammate: false,
        stage: if goes_on { Stage::GoesOn } else { Stage::Begun },
    }
}

fn ended_request(store: &Store<impl Log>, session: u8, agent: u8) -> EndRequest {
    let (session, slot, run) = run_of(store, session, agent);
    let (slot, result) = (Some(slot), OutcomeResult::Stopped);
    EndRequest { session, slot, run, result, rests: None, measures: None }
}

/// The first slot of an agent, and the run in it: it is called as the call.
fn run_of(store: &Store<impl Log>, session: u8, agent: u8) -> (SessionId, Slot, RunId) {
    let (session, slot) = (self::session(session), Slot::unchecked(&format!("a{agent}-0")));
    let open = store.roster().open_slots(&session);
    let lease = open.into_iter().find(|(_, lease)| lease.slot == slot);
    let call = lease.and_then(|(_, lease)| lease.call.clone());
    let run = RunId::unchecked(call.as_ref().map_or("r", ToolUseId::as_str));
    (session, slot, run)
}

fn session(number: u8) -> SessionId {
    SessionId::unchecked(&format!("s{number}"))
}

fn assign_request(session: u8, roles: &[u8], work: Option<u8>) -> AssignRequest {
    AssignRequest {
        session: self::session(session),
        agent: AgentName::unchecked("w"),
        team: None,
        project: ProjectName::unchecked("acme-api"),
        work: work.map(|work| WorkName::unchecked(&format!("branch-{work}"))),
        roles: roles.iter().map(|role| RoleName::unchecked(ROLES[usize::from(*role)])).collect(),
        summon: None,
        tool_use_id: None,
        start: Start::Unknown,
        explain: false,
    }
}

/// A machine with a store on its disk, and what its users know of it.
#[derive(Debug, Clone)]
pub struct Machine {
    pub disk: Simulated,
    pub now: Timestamp,
    /// The lines that somebody was told are recorded.
    pub acknowledged: BTreeSet<Vec<u8>>,
    /// The lines that somebody tried to record.
    attempted: BTreeSet<Vec<u8>>,
    /// What stood where somebody was told that it is taken away.
    pub gone: BTreeSet<String>,
    /// Whether another log was merged into this one.
    pub is_merged: bool,
}

impl Machine {
    pub fn new() -> Self {
        Self {
            disk: Simulated::new(&dir()),
            now: "2026-03-25T12:00:00Z".parse().unwrap(),
            acknowledged: BTreeSet::new(),
            attempted: BTreeSet::new(),
            gone: BTreeSet::new(),
            is_merged: false,
        }
    }

    /// Another machine that is just like this one, as far as it goes on by itself.
    pub fn fork(&self) -> Self {
        Self { disk: self.disk.fork(), ..self.clone() }
    }

    /// What is left of it after a power cut.
    pub fn cut_power(&self, leaves: PowerCut) -> Self {
        Self { disk: self.disk.cut_power(leaves), ..self.clone() }
    }

    /// What a process of this machine opens its store with.
    pub fn options(&self) -> Options {
        Options {
            dir: dir(),
            wait: Duration::ZERO,
            now: self.now,
            is_hook: false,
            progress: Progress::default(),
            disk: Disk::new(self.disk.clone()),
            pending: PendingCheckpoint::default(),
        }
    }

    /// Runs a process, and takes its word for what it recorded.
    pub fn run(&mut self, command: &Command) -> Result<bool, StoreError> {
        let done = command.run(&self.options());
        self.attempted.extend(lines(&self.disk.appended()));
        // Who only looks, or is refused, was promised nothing.
        if matches!(done, Ok(true)) {
            self.acknowledged.extend(lines(&self.log()));
            if matches!(command, Command::Forget { .. }) {
                self.gone.extend(self.forgotten());
            }
        }
        done
    }

    /// The words of the events that the log says are forgotten.
    fn forgotten(&self) -> Vec<String> {
        let records = |lines: &BTreeSet<Vec<u8>>| -> Vec<Record> {
            lines.iter().filter_map(|line| decode(line.trim_ascii_end()).ok()).collect()
        };
        let is_forgotten = |event: EventId| {
            let there = records(&lines(&self.log()).into_iter().collect());
            there.iter().any(|it| matches!(&it.event, Event::Forget(it) if it.event == event))
        };
        let said = records(&self.attempted).into_iter().filter_map(|it| match it.event {
            Event::Feedback(said) => Some((it.id, said.observation.words()?.to_string())),
            Event::Lesson(said) => Some((it.id, said.lesson.words()?.to_string())),
            _ => None,
        });
        said.filter(|(event, _)| is_forgotten(*event)).map(|(_, words)| words).collect()
    }

    /// Runs a process that something happens to at a call of its own, by number.
    pub fn run_with(
        &mut self,
        command: &Command,
        call: usize,
        fault: Fault,
    ) -> Result<bool, StoreError> {
        self.disk = self.disk.fork();
        self.disk.fail_at(call, fault);
        self.run(command)
    }

    /// The calls that a process makes.
    pub fn calls_of(&self, command: &Command) -> Vec<Call> {
        let mut other = self.fork();
        other.run(command).unwrap();
        other.disk.calls()
    }

    /// The whole log, as a process sees it.
    pub fn log(&self) -> Vec<u8> {
        let disk = Disk::new(self.disk.fork());
        let segments = crate::file_log::segments::list(&disk, &dir().join("segments")).unwrap();
        let paths = segments.into_iter().map(|segment| segment.path);
        let files = paths.chain([dir().join("events.jsonl")]);
        files.filter_map(|path| self.disk.bytes(&path)).flatten().collect()
    }

    /// Takes note of lines that another program recorded.
    pub fn has_made(&mut self, appended: &[u8]) {
        self.attempted.extend(lines(appended));
    }

    /// Brings the log of another machine in, as a union merge of git's does.
    pub fn merge(&mut self, other: &Self) {
        let active = dir().join("events.jsonl");
        let mut merged = self.disk.bytes(&active).unwrap_or_default();
        let mine: BTreeSet<_> = lines(&merged).into_iter().collect();
        for line in lines(&other.disk.bytes(&active).unwrap_or_default()) {
            if !mine.contains(&line) {
                merged.extend(line);
            }
        }
        self.disk.put(&active, merged);
        for path in other.disk.paths() {
            if path.starts_with(dir().join("segments")) {
                self.disk.put(&path, other.disk.bytes(&path).unwrap());
            }
        }
        self.acknowledged.extend(other.acknowledged.iter().cloned());
        self.attempted.extend(other.attempted.iter().cloned());
        // What the other one had not taken away is there again.
        self.gone.clear();
        self.is_merged = true;
    }

    /// What has to be true of the machine whenever no process runs.
    ///
    /// A process that looks at it changes nothing but the checkpoint and, where
    /// a store was never made or seeded, makes it. So this is asked of a fork.
    #[track_caller]
    pub fn check(&self) {
        let fork = self.fork();
        let mut told = Store::open(&fork.options(), &mut fastrand::Rng::with_seed(7)).unwrap();
        told.look(&Needs::everything(), |it| Ok(it.roster().personas().len())).unwrap();
        let log = fork.log();
        let forgotten = told.roster().forgotten().clone();
        // Of a line whose text was forgotten, the rest is promised.
        let kept = |line: Vec<u8>| {
            let id = written_id(line.trim_ascii_end());
            let is_forgotten = id.is_some_and(|id| forgotten.contains(&id));
            let cut = || without_text(line.trim_ascii_end());
            is_forgotten.then(cut).flatten().map_or(line.clone(), |cut| [&cut[..], b"\n"].concat())
        };
        let there: BTreeSet<_> = lines(&log).into_iter().map(kept).collect();
        let seeded: BTreeSet<_> = lines(&fork.disk.appended()).into_iter().collect();
        let attempted: BTreeSet<_> = self.attempted.iter().cloned().map(kept).collect();
        for line in self.acknowledged.iter().cloned().map(kept) {
            assert!(there.contains(&line), "lost: {}", String::from_utf8_lossy(&line));
        }
        for path in self.disk.paths() {
            let bytes = self.disk.bytes(&path).unwrap_or_default();
            for words in &self.gone {
                let found = memchr::memmem::find(&bytes, words.as_bytes());
                assert_eq!(found, None, "`{words}` is in {}", path.display());
            }
        }
        let whole = log.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let mut sound = log[..whole].to_vec();
        if decode(&log[whole..]).is_ok() {
            // It lacks its line end only, which the next writer writes.
            sound = [&log[..], b"\n"].concat();
        }
        // What the next writer will cut is no line.
        while !sound.is_empty() && decode(last_line(&sound)).is_err() {
            sound.truncate(sound.len() - last_line(&sound).len() - 1);
        }
        for line in lines(&sound) {
            let text = String::from_utf8_lossy(&line);
            let line = kept(line.clone());
            assert!(attempted.contains(&line) || seeded.contains(&line), "made up: {text}");
        }
        let folded = View::fold_all(&sound).unwrap();
        assert_eq!(told.roster(), &folded.roster);
        assert_eq!((&told.view().heads, told.view().events), (&folded.heads, folded.events));
        self.check_roster(&folded.roster, &told.rules, &sound);
    }

    /// Compares the roster with the simplest thing that could be right.
    #[track_caller]
    fn check_roster(&self, roster: &Roster, rules: &Rules, log: &[u8]) {
        let mut open = BTreeSet::<(SessionId, Slot, PersonaName, RoleName)>::new();
        // Of the run in a slot: whether it was told that it began, and that it is over.
        let mut runs = BTreeMap::<(SessionId, Slot), (bool, bool)>::new();
        let mut closed = BTreeMap::<(PersonaName, RoleName), u64>::new();
        for line in View::in_order(log).unwrap() {
            match line.decode().unwrap().event {
                Event::Assign(it) => {
                    for slot in it.slots {
                        open.insert((it.session.clone(), slot.slot, slot.persona, slot.role));
                    }
                }
                Event::Release(it) => {
                    for slot in it.slots {
                        let of = (slot.persona.clone(), slot.role.clone());
                        let place = (it.session.clone(), slot.slot.clone());
                        let is_taken = matches!(
                            it.reason,
                            ReleaseReason::Finished | ReleaseReason::NotStarted
                        );
                        let is_at_work = runs.remove(&place) == Some((true, false));
                        assert!(
                            !(is_taken && is_at_work) || self.is_merged,
                            "{place:?} is at work"
                        );
                        let lease = (it.session.clone(), slot.slot, slot.persona, slot.role);
                        if open.remove(&lease) && it.reason.counts() {
                            *closed.entry(of).or_default() += 1;
                        }
                    }
                }
                Event::Delivery(it) => {
                    let (begun, over) = runs.entry((it.session, it.slot)).or_default();
                    (*begun, *over) = (true, *over && !*begun);
                }
                Event::Outcome(it) if it.ended == Some(true) => {
                    runs.entry((it.session, it.slot)).or_default().1 = true;
                }
                _ => {}
            }
        }
        for persona in roster.personas() {
            let held = open.iter().filter(|(_, _, name, _)| name == persona.name()).count();
            assert_eq!(persona.leases.len(), held, "{}", persona.name());
            assert!(held <= 1 || self.is_merged, "{} has two holders", persona.name());
            for (role, record) in &persona.roles {
                let of = (persona.name().clone(), role.clone());
                assert_eq!(record.closed(), closed.get(&of).copied().unwrap_or(0), "{of:?}");
                let affinity = broker::affinity(persona, role, &rules.scoring, self.now);
                assert!((Points::ZERO..=Points::ONE).contains(&affinity), "{of:?}: {affinity}");
            }
        }
    }
}

/// The directory of the store.
pub fn dir() -> PathBuf {
    PathBuf::from("/home/me/.muzzle/personas")
}

/// The whole lines, with their ends.
pub fn lines(bytes: &[u8]) -> Vec<Vec<u8>> {
    let lines = bytes.split_inclusive(|byte| *byte == b'\n');
    lines.filter(|line| line.ends_with(b"\n")).map(<[u8]>::to_vec).collect()
}

/// The last line, without its end.
fn last_line(lines: &[u8]) -> &[u8] {
    let content = &lines[..lines.len() - 1];
    content.rsplit(|byte| *byte == b'\n').next().unwrap_or_default()
}
