//! Killed at random moments: many writers, two readers, and what is left at the end.
//!
//! Each attempt leaves a mark of its own, should it be recorded: a session, an observation, a name.
//! What was answered whole is *acknowledged*, whatever became of the process then.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use fastrand::Rng;
use serde_json::Value;

use crate::clone::Clone;
use crate::harm::{self, Call, limited};
use crate::harness::Home;
use crate::store::{command, goes_on, joined_goes_on, lines};

const WRITERS: u64 = 8;
const READERS: u64 = 2;

/// How long one store of the long form is tortured: much longer, and its readers mostly wait for the disk.
const ROUND: Duration = Duration::from_secs(20);

/// What a writer is sent to do.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Deed {
    Assign { session: String },
    Release { session: String },
    Feedback { persona: String, observation: String },
    Outcome { session: String },
    Forget { event: String, observation: String },
    Repair,
    Grow,
    Seal,
}

impl Deed {
    /// Whether it appends, and does no more.
    fn is_one_line(&self) -> bool {
        !matches!(self, Self::Forget { .. } | Self::Repair)
    }
}

/// What is done to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Harm {
    /// Nothing: it ends by itself.
    None,
    /// It is killed after a while, if it did not end before.
    Kill,
    /// Its files may not grow, and the system ends it if it tries: with half a line in the log.
    LimitThatKills,
    /// Its files may not grow, and the system tells it so.
    LimitThatRefuses,
    /// One of its system calls fails.
    Fault,
}

/// A deed that was begun, and its answer if that came whole.
struct Attempt {
    deed: Deed,
    answer: Option<Value>,
}

/// What came of it all.
#[derive(Debug, Default)]
struct Figures {
    rounds: AtomicU64,
    attempted: AtomicU64,
    acknowledged: AtomicU64,
    killed: AtomicU64,
    limited: AtomicU64,
    faults: AtomicU64,
    looks: AtomicU64,
    breaks: AtomicU64,
    events: AtomicU64,
    seals: AtomicU64,
    torn: AtomicU64,
    forgotten: AtomicU64,
    joins: AtomicU64,
}

impl Figures {
    fn show(&self) -> String {
        let of = |figure: &AtomicU64| figure.load(Ordering::SeqCst);
        format!(
            "stores {}, attempted {}, acknowledged {}, killed {}, stopped by a limit {}, faults injected {}, \
             readers' looks {} (broken off {}), events {}, seals {}, torn tails cut {}, texts forgotten {}, \
             clones joined {}, lost: 0",
            of(&self.rounds),
            of(&self.attempted),
            of(&self.acknowledged),
            of(&self.killed),
            of(&self.limited),
            of(&self.faults),
            of(&self.looks),
            of(&self.breaks),
            of(&self.events),
            of(&self.seals),
            of(&self.torn),
            of(&self.forgotten),
            of(&self.joins),
        )
    }
}

fn count(figure: &AtomicU64) -> u64 {
    figure.fetch_add(1, Ordering::SeqCst) + 1
}

/// One store under torture.
struct Round<'a> {
    home: Home,
    seed: u64,
    end: Instant,
    /// The round is over after so many kills, too.
    kills: u64,
    killed: AtomicU64,
    can_trace: bool,
    /// Whether a clone is kept in step by git beside it.
    has_clone: bool,
    figures: &'a Figures,
    attempts: Mutex<Vec<Attempt>>,
    /// How long a writer that is left alone takes, in microseconds.
    usual: AtomicU64,
}

impl Round<'_> {
    fn is_over(&self) -> bool {
        self.killed.load(Ordering::SeqCst) >= self.kills || Instant::now() >= self.end
    }

    /// Sends one writer after the other.
    fn write(&self, number: u64) {
        let mut rng = Rng::with_seed(self.seed ^ number);
        let (mut lent, mut said) = (Vec::new(), Vec::new());
        for n in 0.. {
            if self.is_over() {
                return;
            }
            let deed = pick(&mut rng, &format!("{number}-{n}"), &mut lent, &mut said);
            let answer = self.attempt(&deed, &mut rng);
            match (&deed, &answer) {
                (Deed::Assign { session }, Some(answer)) => {
                    let name = answer["assignments"][0]["name"].as_str().unwrap();
                    lent.push((session.clone(), name.to_owned()));
                }
                (Deed::Feedback { observation, .. }, Some(answer)) => {
                    said.push((answer["event"].as_str().unwrap().to_owned(), observation.clone()));
                }
                _ => {}
            }
            self.attempts.lock().unwrap().push(Attempt { deed, answer });
        }
    }

    /// Starts a writer, harms it, and returns its answer if that is whole.
    fn attempt(&self, deed: &Deed, rng: &mut Rng) -> Option<Value> {
        count(&self.figures.attempted);
        let harm = match rng.u8(0..16) {
            0..2 => Harm::None,
            // A store that was begun by half would lack the personas that the deeds are about.
            2 if self.usual.load(Ordering::SeqCst) > 0 => Harm::LimitThatKills,
            3 if self.usual.load(Ordering::SeqCst) > 0 => Harm::LimitThatRefuses,
            4 if self.can_trace && deed.is_one_line() => Harm::Fault,
            _ => Harm::Kill,
        };
        let mut command = self.harmed(deed, harm, rng);
        let start = Instant::now();
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        if harm == Harm::Kill {
            let usual = self.usual.load(Ordering::SeqCst).max(10_000);
            thread::sleep(Duration::from_micros(rng.u64(0..usual * 3 / 2)));
            // One that ended is not there to be killed.
            child.kill().unwrap();
        }
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        let answer = serde_json::from_slice::<Value>(&output.stdout).ok();
        match (output.status.code(), output.status.signal()) {
            (Some(0), _) => assert!(answer.is_some(), "{deed:?}: a success without an answer"),
            (Some(5), _) if !matches!(harm, Harm::None | Harm::Kill) => {
                assert!(stderr.contains(r#"{"error":{"kind":""#), "{deed:?}: {stderr}");
            }
            (None, Some(9)) if harm == Harm::Kill => {
                count(&self.killed);
                count(&self.figures.killed);
            }
            (None, Some(25)) if harm == Harm::LimitThatKills => {
                count(&self.figures.limited);
            }
            _ => panic!("{deed:?} with {harm:?}: {:?}: {stderr}", output.status),
        }
        if harm == Harm::None {
            let took = u64::try_from(start.elapsed().as_micros()).unwrap();
            let usual = self.usual.load(Ordering::SeqCst);
            let usual = if usual == 0 { took } else { (usual * 7 + took) / 8 };
            self.usual.store(usual, Ordering::SeqCst);
        }
        if answer.is_some() {
            count(&self.figures.acknowledged);
        }
        answer
    }

    /// The command that does a deed, with its harm prepared.
    fn harmed(&self, deed: &Deed, harm: Harm, rng: &mut Rng) -> Command {
        let mut args = match deed {
            Deed::Assign { session } => {
                vec![
                    "assign",
                    "--roles",
                    "testing",
                    "--project",
                    "p",
                    "--agent-name",
                    "w",
                    "--session",
                    session,
                ]
            }
            Deed::Release { session } => vec!["release", "--session", session],
            Deed::Feedback { persona, observation } => {
                vec!["feedback", persona, "--observation", observation]
            }
            Deed::Outcome { session } => {
                vec!["outcome", "--session", session, "--agent-name", "w", "--result", "ok"]
            }
            Deed::Forget { event, .. } => vec!["forget", event],
            Deed::Repair => vec!["repair", "--yes"],
            Deed::Grow => vec!["grow", "--count", "1"],
            Deed::Seal => vec!["compact", "--seal", "--older-than", "0"],
        };
        args.extend(["--json", "--wait", "120"]);
        let mut command = command(&self.home, &args);
        command.env_remove("MUZZLE_PERSONA_NOW");
        match harm {
            Harm::None | Harm::Kill => command,
            Harm::LimitThatKills | Harm::LimitThatRefuses => {
                let length = fs::read(self.home.log_path()).map_or(0, |log| log.len());
                limited(&command, length / 512 + rng.usize(1..4), harm == Harm::LimitThatKills)
            }
            Harm::Fault => {
                count(&self.figures.faults);
                let faults = [
                    ("write", "ENOSPC"),
                    ("write", "EIO"),
                    ("fdatasync", "EIO"),
                    ("fsync", "EIO"),
                    ("openat", "EMFILE"),
                    ("openat", "EACCES"),
                    ("read", "EIO"),
                    ("statx", "EIO"),
                    ("flock", "ENOLCK"),
                    ("rename", "EIO"),
                    ("ftruncate", "EIO"),
                ];
                let (name, error) = rng.choice(faults).unwrap();
                // The first that is opened or read is the runtime's own.
                let nth = if name == "openat" || name == "read" {
                    rng.usize(2..9)
                } else {
                    rng.usize(1..5)
                };
                let call = Call { name: name.to_owned(), nth, text: String::new() };
                harm::hurt(&command, &call, &format!("error={error}"))
            }
        }
    }

    /// Looks, again and again. Nothing may be in a reader's way.
    fn read(&self, number: u64) {
        let mut rng = Rng::with_seed(self.seed ^ (WRITERS + number));
        let look = |args: &[&str]| {
            let args = [args, &["--json", "--wait", "120"]].concat();
            let mut done = self.home.run(&args);
            count(&self.figures.looks);
            // While a text is being forgotten, a look can break off, and says that it is to be tried again.
            while done.code == Some(4) {
                done = self.home.run(&args);
                count(&self.figures.breaks);
            }
            assert_eq!(
                (done.code, done.stderr.as_str()),
                (Some(0), ""),
                "{args:?}: {}",
                done.stdout
            );
            done.stdout
        };
        let mut seen = 0;
        let mut kind = 0;
        while !self.is_over() {
            match kind {
                0 => {
                    let list: Value = serde_json::from_str(&look(&["list"])).unwrap();
                    for persona in list["personas"].as_array().unwrap() {
                        assert!(persona["held_by"].as_array().unwrap().len() <= 1, "{persona}");
                    }
                }
                1 => {
                    let verify: Value = serde_json::from_str(&look(&["verify"])).unwrap();
                    assert_eq!((&verify["sound"], &verify["damage"]), (&true.into(), &0.into()));
                    let events = verify["events"].as_u64().unwrap();
                    assert!(events >= seen, "{events} events after {seen}");
                    seen = events;
                }
                2 => drop(look(&["history", "elena"])),
                _ => {
                    let log: Value = serde_json::from_str(&look(&["log"])).unwrap();
                    assert!(!log.is_null());
                }
            }
            kind = rng.u8(0..4);
        }
    }

    /// Keeps a clone in step with the store until the end, and then joins it a last time.
    fn share(&self) -> Vec<String> {
        let mut clone = Clone::of(&self.home);
        for n in 0.. {
            let is_done = clone.step(n);
            if is_done {
                count(&self.figures.joins);
            }
            assert!(n < 10_000, "the clone never becomes sound");
            if is_done && self.is_over() {
                break;
            }
            thread::sleep(Duration::from_millis(300));
        }
        clone.given
    }

    /// What is left of it: acknowledged ⊆ log ⊆ attempted, one chain, nobody held twice.
    fn check(self, given_in_clone: &[String]) {
        let mut log = if self.has_clone {
            joined_goes_on(&self.home, "after all")
        } else {
            goes_on(&self.home, &[], "after all")
        };
        self.is_tidy();
        let attempts = self.attempts.into_inner().unwrap();
        // The last is the one that proved that it goes on.
        log.retain(|line| line["data"]["session"] != "after");
        let recorded = Recorded::of(&log);
        let forgotten = attempts.iter().filter_map(|attempt| match &attempt.deed {
            Deed::Forget { observation, .. } => Some((&**observation, attempt.answer.is_some())),
            _ => None,
        });
        let forgotten: BTreeMap<_, _> = forgotten.collect();
        for attempt in &attempts {
            recorded.has_what_was_acknowledged(attempt, &forgotten);
        }
        assert!(given_in_clone.iter().all(|id| recorded.ids.contains(&**id)));
        let text = String::from_utf8(lines(&self.home)).unwrap();
        for (observation, _) in forgotten.iter().filter(|(_, is_acknowledged)| **is_acknowledged) {
            assert!(!text.contains(&format!("{observation}\"")), "{observation} came back");
            count(&self.figures.forgotten);
        }
        recorded.was_attempted(attempts.iter().map(|attempt| &attempt.deed));
        count(&self.figures.rounds);
        let add = |figure: &AtomicU64, n: usize| figure.fetch_add(n as u64, Ordering::SeqCst);
        add(&self.figures.events, log.len());
        add(&self.figures.seals, self.home.segments().len());
        add(&self.figures.torn, names(&self.home, "quarantine").len());
    }

    /// Nothing is left lying about but what has its place.
    fn is_tidy(&self) {
        let places = [
            ".cache",
            ".gitattributes",
            ".gitignore",
            ".lock",
            "allowed",
            "events.jsonl",
            "quarantine",
            "segments",
            ".git",
        ];
        let there = names(&self.home, "");
        assert!(there.iter().all(|name| places.contains(&&**name)), "{there:?}");
        let there = names(&self.home, ".cache");
        let places = ["checkpoint.json", "checkpoint.new"];
        assert!(there.iter().all(|name| places.contains(&&**name)), "{there:?}");
        // What a rewriter leaves that was killed, the next one takes up or away.
        let of_rewriter = ["repair.json", "repair.new", "draft", "allowed"];
        let is_torn =
            |name: &String| name.starts_with("events.jsonl.") || of_rewriter.contains(&&**name);
        let there = names(&self.home, "quarantine");
        assert!(there.iter().all(is_torn), "{there:?}");
    }
}

/// The names in a directory of a store.
fn names(home: &Home, dir: &str) -> Vec<String> {
    let entries = fs::read_dir(home.store().join(dir)).into_iter().flatten();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// What a log holds, by the marks that attempts left, each of which stands there once.
struct Recorded<'a> {
    assigned: BTreeMap<&'a str, &'a str>,
    released: BTreeSet<&'a str>,
    observed: BTreeSet<&'a str>,
    outcomes: BTreeSet<&'a str>,
    ids: BTreeSet<&'a str>,
    grown: BTreeSet<&'a str>,
    compacted: usize,
}

/// What was observed; it stands behind the ids, unless it was forgotten.
fn observed(log: &[Value]) -> BTreeSet<&str> {
    let feedback = log.iter().filter(|line| line["type"] == "feedback");
    let all: Vec<_> = feedback.filter_map(|line| line["text"]["observation"].as_str()).collect();
    let once: BTreeSet<_> = all.iter().copied().collect();
    assert_eq!(once.len(), all.len(), "a feedback is recorded twice");
    once
}

impl<'a> Recorded<'a> {
    fn of(log: &'a [Value]) -> Self {
        let known = [
            "seed", "assign", "release", "feedback", "grow", "compact", "outcome", "forget",
            "repair",
        ];
        assert!(log.iter().all(|line| known.contains(&line["type"].as_str().unwrap())));
        let of =
            |kind| log.iter().filter(move |line| line["type"] == kind).map(|line| &line["data"]);
        let marks = |kind, key: &str| {
            let marks: Vec<_> = of(kind).map(|data| data[key].as_str().unwrap()).collect();
            let once: BTreeSet<_> = marks.iter().copied().collect();
            assert_eq!(once.len(), marks.len(), "a {kind} is recorded twice");
            once
        };
        marks("seed", "name");
        marks("assign", "session");
        let assigned = of("assign").map(|data| {
            (data["session"].as_str().unwrap(), data["slots"][0]["persona"].as_str().unwrap())
        });
        Self {
            assigned: assigned.collect(),
            released: marks("release", "session"),
            observed: observed(log),
            outcomes: of("outcome").map(|data| data["session"].as_str().unwrap()).collect(),
            ids: log.iter().map(|line| line["id"].as_str().unwrap()).collect(),
            grown: marks("grow", "name"),
            compacted: of("compact").count(),
        }
    }

    /// What was answered is here, as it was answered.
    ///
    /// Of what was to be forgotten, it is told whether that was answered.
    fn has_what_was_acknowledged(
        &self,
        Attempt { deed, answer }: &Attempt,
        forgotten: &BTreeMap<&str, bool>,
    ) {
        let Some(answer) = answer else { return };
        let is_here = match deed {
            Deed::Assign { session } => {
                let name = answer["assignments"][0]["name"].as_str();
                self.assigned.get(&**session).copied() == name
            }
            Deed::Release { session } => self.released.contains(&**session),
            Deed::Feedback { observation, .. } => {
                let is_kept = self.observed.contains(&**observation);
                let id = answer["event"].as_str().unwrap();
                self.ids.contains(id) && (is_kept || forgotten.contains_key(&**observation))
            }
            Deed::Outcome { session } => self.outcomes.contains(&**session),
            Deed::Forget { observation, .. } => !self.observed.contains(&**observation),
            Deed::Repair => true,
            Deed::Grow => self.grown.contains(answer["grown"][0]["name"].as_str().unwrap()),
            Deed::Seal => {
                let segment = answer["sealed"]["segment"].as_str();
                segment.is_none_or(|path| fs::exists(path).unwrap())
            }
        };
        assert!(is_here, "{deed:?} was answered, and is lost: {answer}");
    }

    /// Nothing is here that nobody tried to do.
    fn was_attempted<'b>(&self, deeds: impl Iterator<Item = &'b Deed>) {
        let (mut asked, mut given, mut said) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        let (mut grown, mut sealed) = (0, 0);
        for deed in deeds {
            match deed {
                Deed::Assign { session } => {
                    asked.insert(&**session);
                }
                Deed::Release { session } => {
                    given.insert(&**session);
                }
                Deed::Feedback { observation, .. } => {
                    said.insert(&**observation);
                }
                Deed::Grow => grown += 1,
                Deed::Seal => sealed += 1,
                Deed::Outcome { .. } | Deed::Forget { .. } | Deed::Repair => {}
            }
        }
        assert!(self.assigned.keys().all(|session| asked.contains(session)));
        assert!(self.released.is_subset(&given));
        let of_clone = |words: &&str| words.starts_with("Seen in the clone: ");
        assert!(self.observed.iter().all(|words| said.contains(words) || of_clone(words)));
        // An `assign` that finds nobody free lets somebody grow.
        assert!(self.grown.len() <= grown + asked.len());
        assert!(self.compacted <= sealed);
    }
}

/// Picks what to do next.
fn pick(
    rng: &mut Rng,
    mark: &str,
    lent: &mut Vec<(String, String)>,
    said: &mut Vec<(String, String)>,
) -> Deed {
    match rng.u8(0..20) {
        0 => Deed::Grow,
        1 => Deed::Seal,
        16 => Deed::Repair,
        17 if !said.is_empty() => {
            let (event, observation) = said.swap_remove(rng.usize(0..said.len()));
            Deed::Forget { event, observation }
        }
        18.. if !lent.is_empty() => {
            let (session, _) = rng.choice(&*lent).unwrap().clone();
            Deed::Outcome { session }
        }
        2..5 if !lent.is_empty() => {
            let (_, persona) = rng.choice(&*lent).unwrap().clone();
            Deed::Feedback { persona, observation: format!("Good work: {mark}") }
        }
        5..11 if !lent.is_empty() => {
            let (session, _) = lent.swap_remove(rng.usize(0..lent.len()));
            Deed::Release { session }
        }
        _ => Deed::Assign { session: mark.to_owned() },
    }
}

/// Tortures one new store.
fn torture(seed: u64, kills: u64, longest: Duration, is_long: bool, figures: &Figures) {
    // Shown when the test fails.
    eprintln!("seed {seed}");
    let round = Round {
        home: Home::seeded(),
        seed,
        end: Instant::now() + longest,
        kills,
        killed: AtomicU64::new(0),
        can_trace: is_long && harm::can_trace(),
        has_clone: is_long,
        figures,
        attempts: Mutex::default(),
        usual: AtomicU64::new(0),
    };
    let given_in_clone = thread::scope(|scope| {
        let round = &round;
        let clone = round.has_clone.then(|| scope.spawn(move || round.share()));
        for number in 0..WRITERS {
            scope.spawn(move || round.write(number));
        }
        for number in 0..READERS {
            scope.spawn(move || round.read(number));
        }
        clone.map(|clone| clone.join().unwrap()).unwrap_or_default()
    });
    round.check(&given_in_clone);
}

/// Every seed a new one, unless it is given.
fn seed() -> u64 {
    #[expect(clippy::disallowed_methods, reason = "a test is told what to repeat")]
    std::env::var("MUZZLE_TORTURE_SEED")
        .map_or_else(|_| fastrand::u64(..), |seed| seed.parse().unwrap())
}

#[test]
fn what_was_acknowledged_survives_hundreds_of_kills() {
    let figures = Figures::default();
    torture(seed(), 300, Duration::from_mins(1), false, &figures);
    eprintln!("{}", figures.show());
    assert!(figures.acknowledged.load(Ordering::SeqCst) > 0);
}

#[test]
#[ignore = "takes as many minutes as `MUZZLE_TORTURE_MINUTES` says, or ten"]
fn long() {
    #[expect(clippy::disallowed_methods, reason = "a test is told how long it is to take")]
    let minutes =
        std::env::var("MUZZLE_TORTURE_MINUTES").map_or(10., |text| text.parse::<f64>().unwrap());
    let end = Instant::now() + Duration::from_secs_f64(minutes * 60.);
    let (figures, mut seed) = (Figures::default(), seed());
    while Instant::now() < end {
        let longest = end.saturating_duration_since(Instant::now()).min(ROUND);
        torture(seed, u64::MAX, longest, true, &figures);
        eprintln!("{}", figures.show());
        seed = seed.wrapping_add(1);
    }
}
