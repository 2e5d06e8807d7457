//! Scores, in histories that were made up at random: both models, many months, merges and checkpoints.

use std::fs;

use serde_json::json;

use crate::agreement::agreed;
use crate::answer::Answer;
use crate::branches::{copy, merge};
use crate::fact::Fact;
use crate::forge::{ADA, AT, BEN, at, followed, home, id};
use crate::harness::Home;
use crate::history::History;
use crate::log;

/// The numbers of both models: as they are built in, and others.
const SEEDS: [&str; 5] = [
    "",
    "[scoring]\nmodel = \"share\"\n",
    "[scoring]
prior = 2.123456789
start = 0.987
tag = 0.2
verdict = 1.7
compacted = 0.123456789
outcome = 0.71
work = 0.111111111
per_month = 0.987654321
months = 29
recency = 0.3
recency_per_day = 0.000123
",
    "[scoring]\nprior = 0\nper_month = 0\nmonths = 1\n",
    "[scoring]
model = \"share\"
overlap = 0.123456789
positive = 0.111111111
negative = 0.2
recency = 2
recency_per_day = 0.003
",
];

/// The moments at which the answers are asked for.
const NOWS: [&str; 4] = [
    "2026-03-25T15:30:00Z",
    "2026-04-01T00:00:00Z",
    "2026-12-31T23:59:59Z",
    "2025-02-28T12:00:00Z",
];

const NAMES: [&str; 5] = ["Ada", "Ben", "Cléo", "Ada Lee", "Nobody"];
/// The last is no role of the seed.
const ROLES: [&str; 4] = ["general", "testing", "code-reviewer", "gone"];
const EXPERTISE: [&[&str]; 4] = [&[], &["testing"], &["backend", "security"], &["code-quality"]];

/// Makes events up, the same in every run.
struct Chance(u64);

impl Chance {
    /// A number below this one, by xorshift.
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) % limit
    }

    fn one_of<'a, T: ?Sized>(&mut self, all: &[&'a T]) -> &'a T {
        all[usize::try_from(self.below(all.len() as u64)).unwrap()]
    }

    /// A moment of some month, not seldom at its very beginning or end.
    fn moment(&mut self) -> String {
        let (year, month) = (2024 + self.below(4), 1 + self.below(12));
        let rest = [
            "05T10:00:00Z",
            "01T00:00:00Z",
            "01T00:30:00+01:00",
            "28T23:59:59.5Z",
            "28T23:00:00-40:00",
        ];
        let rest = self.one_of(&rest).replace("-40:00", "-14:00");
        format!("{year}-{month:02}-{rest}")
    }

    fn definition(&mut self, name: &str) -> String {
        let own = if self.below(2) == 0 { json!({"testing": "Look twice."}) } else { json!({}) };
        let expertise = self.one_of(&EXPERTISE);
        json!({"name": name, "traits": [], "expertise": expertise, "instructions": own}).to_string()
    }

    /// An event's type and data; it may take one of these back.
    fn event(&mut self, ids: &[String]) -> (&'static str, String) {
        let (name, role) = (self.one_of(&NAMES), self.one_of(&ROLES));
        let (session, slot) = (self.one_of(&["s", "t"]), self.one_of(&["w-0", "w-1", "v-0"]));
        let source = self.one_of(&["cli", "ci"]);
        let data = match self.below(40) {
            0..6 => {
                let slots = json!([{"slot": slot, "persona": name, "role": role, "requested": role, "by": "best_free", "score": 0.55}]);
                let project = self.one_of(&["p", "p", "q"]);
                let mut data =
                    json!({"session": session, "agent": "w", "project": project, "slots": slots});
                if self.below(4) > 0 {
                    data["work"] = self.one_of(&["a", "b"]).into();
                }
                return ("assign", data.to_string());
            }
            6..12 => {
                // Some of them are open.
                let slots: Vec<_> = NAMES
                    .iter()
                    .flat_map(|name| {
                        ["w-0", "w-1"]
                            .map(|slot| json!({"slot": slot, "persona": name, "role": role}))
                    })
                    .collect();
                let reason = self.one_of(&["session_end", "manual", "manual", "orphaned"]);
                return (
                    "release",
                    json!({"session": session, "reason": reason, "slots": slots}).to_string(),
                );
            }
            12..23 => {
                let sentiment = self.one_of(&["positive", "positive", "negative", "neutral"]);
                let mut data = json!({"persona": name, "role": role, "observation": "o", "sentiment": sentiment, "source": source});
                if self.below(4) > 0 {
                    data["session"] = session.into();
                }
                if self.below(2) > 0 {
                    data["slot"] = slot.into();
                }
                return ("feedback", data.to_string());
            }
            23..32 => {
                let result = self.one_of(&["ok", "ok", "bad", "stopped"]);
                let run = self.one_of(&["s:w", "t:w", "r1"]);
                return ("outcome", json!({"session": session, "slot": slot, "persona": name, "role": role, "run": run, "result": result, "source": source}).to_string());
            }
            32..36 => {
                let recent = &ids[ids.len().saturating_sub(20)..];
                let ids: Vec<_> = recent.iter().map(String::as_str).collect();
                return ("retract", json!({"event": self.one_of(&ids)}).to_string());
            }
            36 => {
                return ("compact", json!({"before": self.moment(), "summaries": []}).to_string());
            }
            37 => {
                let kind = self.one_of(&["revise", "revise", "revise", "grow"]);
                return (kind, self.definition(name));
            }
            38 => return ("retire", json!({"persona": name, "reason": "inactive"}).to_string()),
            _ => json!({"persona": name, "reason": "needed"}),
        };
        ("reactivate", data.to_string())
    }

    /// Appends so many events to a store's log, some of which may take back one of these; answers the
    /// ids of all that can be taken back.
    fn go_on(&mut self, home: &Home, events: usize, others: &[String]) -> Vec<String> {
        let history = History::of(log::read(home.store()).unwrap()).unwrap();
        let mut ids = vec!["f".repeat(32)];
        let judgements = history
            .events
            .iter()
            .filter(|event| matches!(event.fact, Fact::Judged(_) | Fact::Measured(_)));
        ids.extend(judgements.map(|event| event.id.clone()));
        ids.extend_from_slice(others);
        let mut seq = history.events.last().map_or(0, |event| event.seq);
        let mut heads = history.heads;
        let mut new = String::new();
        for _ in 0..events {
            let (kind, data) = self.event(&ids);
            let prev: Vec<_> = heads.iter().map(String::as_str).collect();
            seq += 1;
            let line = at(&self.moment(), seq, &prev, kind, &data);
            heads = vec![id(&line).to_owned()];
            if matches!(kind, "feedback" | "outcome") {
                ids.extend(heads.clone());
            }
            new += &line;
        }
        let log = [home.log(), new.into_bytes()].concat();
        home.set_log(&log);
        ids
    }

    /// A store with personas.
    fn begin(&mut self) -> Home {
        let mut log = String::new();
        let mut prev: Vec<String> = Vec::new();
        for (seq, name) in (1..).zip(&NAMES[..4]) {
            let heads: Vec<_> = prev.iter().map(String::as_str).collect();
            let line = at(AT, seq, &heads, "seed", &self.definition(name));
            prev = vec![id(&line).to_owned()];
            log += &line;
        }
        home(log.as_bytes())
    }
}

/// Both answer the same, whatever the numbers and the clock.
#[track_caller]
pub fn agreed_in_all_models(home: &mut Home, when: &str) {
    for number in 0..SEEDS.len() {
        agreed_in_model(home, number, when);
    }
}

/// Both answer the same with some of the numbers.
#[track_caller]
fn agreed_in_model(home: &mut Home, number: usize, when: &str) {
    let (now, seed) = (NOWS[number % NOWS.len()], SEEDS[number]);
    let path = home.at(now).set_seed(seed);
    agreed(home, &format!("{when}, {now}, {seed}"));
    fs::remove_file(path).unwrap();
    home.at(NOWS[0]);
}

/// Two branches of a history that was made up are compacted, sealed and merged.
#[track_caller]
fn made_up(state: u64) {
    let chance = &mut Chance(0x9e37_79b9_7f4a_7c15 ^ state << 20);
    let mut home = chance.begin();
    let compact = |home: &Home, args: &[&str]| {
        assert_eq!(home.run(&[&["compact"], args].concat()).code, Some(0), "{state}");
        assert_eq!(home.run(&["verify"]).code, Some(0), "{state}");
    };
    chance.go_on(&home, 60, &[]);
    agreed_in_all_models(&mut home, &format!("{state}, at first"));
    // On the way, each step is looked at with other numbers.
    let number = |step: usize| (usize::try_from(state).unwrap() + step) % SEEDS.len();
    compact(&home, &["--older-than", "200"]);
    agreed_in_model(&mut home, number(0), &format!("{state}, compacted"));
    chance.go_on(&home, 30, &[]);
    agreed_in_model(&mut home, number(1), &format!("{state}, after the checkpoint"));
    compact(&home, &["--seal"]);
    chance.go_on(&home, 5, &[]);
    agreed_in_model(&mut home, number(2), &format!("{state}, sealed"));

    let (a, b) = (copy(&home, "a"), copy(&home, "b"));
    home.use_store(&a);
    let ids = chance.go_on(&home, 30, &[]);
    home.use_store(&b);
    // This branch knows of the other's events, as if it had been forged.
    chance.go_on(&home, 30, &ids);
    compact(&home, &["--seal"]);
    merge(&mut home, &a, &b);
    for store in [&a, &b] {
        home.use_store(store);
        agreed_in_all_models(&mut home, &format!("{state}, merged"));
    }
    compact(&home, &["--older-than", "0", "--seal"]);
    chance.go_on(&home, 20, &[]);
    agreed_in_all_models(&mut home, &format!("{state}, merged and gone on"));
}

#[test]
fn scores_are_the_same_before_and_after_compaction_sealing_and_merging() {
    for state in 1..=2 {
        made_up(state);
    }
}

/// What is told of Ada in testing: good and bad evidence.
fn evidence(answer: &Answer) -> (f64, f64) {
    let evidence = &answer.list["personas"][0]["evidence"]["testing"];
    let side = |key: &str| evidence[key].as_f64().unwrap_or_default();
    (side("good"), side("bad"))
}

/// Events of one moment, the first of which create Ada and Ben.
#[track_caller]
fn told(events: &[(&str, &str)]) -> (f64, f64) {
    let events = [("seed", ADA), ("seed", BEN)]
        .iter()
        .chain(events)
        .map(|(kind, data)| (NOWS[0], *kind, *data));
    evidence(&followed(&events.collect::<Vec<_>>()))
}

fn verdict(session: &str, slot: &str, sentiment: &str, source: &str) -> String {
    let rest = r#""persona":"Ada","role":"testing","observation":"o""#;
    format!(
        r#"{{{rest},"session":{session},"slot":{slot},"sentiment":"{sentiment}","source":"{source}"}}"#
    )
}

#[test]
fn of_the_verdicts_of_a_source_on_one_run_or_session_the_last_counts() {
    let [one, other] = [r#""s""#, r#""t""#];
    let praise = verdict(one, "null", "positive", "cli");
    for (then, expected) in [
        (verdict(one, "null", "positive", "cli"), (1.0, 0.0)),
        (verdict(one, "null", "negative", "cli"), (0.0, 1.0)),
        (verdict(one, "null", "neutral", "cli"), (0.0, 0.0)),
        (verdict(one, "null", "positive", "ci"), (2.0, 0.0)),
        (verdict(one, r#""w-0""#, "negative", "cli"), (1.0, 1.0)),
        (verdict(other, "null", "positive", "cli"), (2.0, 0.0)),
        (verdict("null", "null", "positive", "cli"), (2.0, 0.0)),
    ] {
        assert_eq!(told(&[("feedback", &praise), ("feedback", &then)]), expected, "{then}");
    }
    let alone = verdict("null", "null", "negative", "cli");
    assert_eq!(
        told(&[("feedback", &alone), ("feedback", &alone)]),
        (0.0, 2.0),
        "without a session"
    );
}

fn outcome(persona: &str, run: &str, slot: &str, result: &str, source: &str) -> String {
    let rest = format!(r#""slot":"{slot}","persona":"{persona}","role":"testing","run":"{run}""#);
    format!(r#"{{"session":"s",{rest},"result":"{result}","source":"{source}"}}"#)
}

#[test]
fn of_the_outcomes_of_a_run_slot_and_source_the_last_counts_for_whom_it_names() {
    let ended = outcome("Ada", "r", "w-0", "ok", "ci");
    for (then, expected) in [
        (outcome("Ada", "r", "w-0", "ok", "ci"), (0.3, 0.0)),
        (outcome("Ada", "r", "w-0", "bad", "ci"), (0.0, 0.3)),
        (outcome("Ada", "r", "w-0", "stopped", "ci"), (0.0, 0.0)),
        (outcome("Ben", "r", "w-0", "bad", "ci"), (0.0, 0.0)),
        (outcome("Nobody", "r", "w-0", "bad", "ci"), (0.3, 0.0)),
        (outcome("Ada", "r", "w-0", "bad", "cli"), (0.3, 0.3)),
        (outcome("Ada", "r", "w-1", "ok", "ci"), (0.6, 0.0)),
        (outcome("Ada", "q", "w-0", "ok", "ci"), (0.6, 0.0)),
    ] {
        assert_eq!(told(&[("outcome", &ended), ("outcome", &then)]), expected, "{then}");
    }
}

#[test]
fn what_was_taken_back_gives_way_to_what_it_had_replaced() {
    let verdicts = ["positive", "negative"].map(|it| verdict(r#""s""#, "null", it, "cli"));
    let outcomes = ["ok", "bad"].map(|it| outcome("Ada", "r", "w-0", it, "ci"));
    let all = [
        ("feedback", &*verdicts[0]),
        ("feedback", &verdicts[1]),
        ("outcome", &outcomes[0]),
        ("outcome", &outcomes[1]),
    ];
    let mut log = Vec::new();
    let mut head: Option<String> = None;
    for (seq, (kind, data)) in (1..).zip([("seed", ADA), ("seed", BEN)].into_iter().chain(all)) {
        let prev: Vec<_> = head.iter().map(String::as_str).collect();
        let line = at(NOWS[0], seq, &prev, kind, data);
        head = Some(id(&line).to_owned());
        log.push(line);
    }
    let retracts: Vec<_> =
        log.iter().map(|line| format!(r#"{{"event":"{}"}}"#, id(line))).collect();
    let gone = format!(r#"{{"event":"{}","reason":"A mistake."}}"#, "f".repeat(32));
    for (taken_back, expected) in [
        (vec![], (0.0, 1.3)),
        (vec![&gone, &retracts[0]], (0.0, 1.3)),
        (vec![&retracts[3]], (1.0, 0.3)),
        (vec![&retracts[5]], (0.3, 1.0)),
        (vec![&retracts[2], &retracts[4]], (0.0, 1.3)),
        (vec![&retracts[3], &retracts[2], &retracts[3]], (0.0, 0.3)),
        (vec![&retracts[2], &retracts[3], &retracts[5], &retracts[4]], (0.0, 0.0)),
    ] {
        let taken_back = taken_back.iter().map(|data| ("retract", data.as_str()));
        let events: Vec<_> = all.into_iter().chain(taken_back).collect();
        assert_eq!(told(&events), expected, "{events:?}");
    }
}
