//! A long way through the program's commands, the same in every run but for the names that grow.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::agreement::agreed;
use crate::forge::id;
use crate::harness::{Home, NOW};
use crate::moment::Moment;
use crate::record::agreed_in_all_models;

const ROLES: [&str; 8] =
    ["testing", "code-reviewer", "Security_Reviewer", "docs", "plan", "debug", "astronaut", "red"];

const VERDICTS: [&[&str]; 5] = [
    &["--observation", "Thorough; caught the race in the retry loop."],
    &["--observation", "Missed two cases."],
    &["--observation", "It was \"there\".", "--sentiment", "neutral"],
    &["--observation", "Went well.", "--sentiment", "positive"],
    &["--observation", "Slow.", "--sentiment", "negative", "--role", "general"],
];

const OUTCOMES: [(&str, &str); 4] =
    [("ok", "cli"), ("bad", "cli"), ("bad", "ci"), ("stopped", "ci")];

/// What the user's own file says: one new persona, and one that is defined anew.
const SEED: &str = r#"
[[persona]]
name = "Ada Quill"
traits = ["curious", "direct"]
expertise = ["testing"]

[[persona]]
name = "Elena Vasquez"
traits = ["calm", "direct"]
expertise = ["backend"]

[persona.instructions]
general = "Ask \"why\" first."
"#;

/// Somebody who does now this, now that.
pub struct Trail {
    state: u64,
    now: Moment,
    seed_file: String,
}

impl Trail {
    pub fn new(home: &Home, state: u64) -> Self {
        let seed_file = home.path().join("own.toml");
        #[expect(clippy::disallowed_methods, reason = "a test writes the user's file")]
        std::fs::write(&seed_file, SEED).unwrap();
        let seed_file = seed_file.to_str().unwrap().to_owned();
        Self { state, now: NOW.parse().unwrap(), seed_file }
    }

    /// A number below this one, by xorshift.
    fn below(&mut self, limit: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        usize::try_from(self.state >> 33).unwrap() % limit
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    /// Goes so many steps; the reader and the program agree at several points, and at the end.
    #[track_caller]
    pub fn go(&mut self, home: &mut Home, steps: usize) {
        for step in 1..=steps {
            let jump = self.one_of(&[0, 0, 20, 90, 3_600, 9 * 3_600, 26 * 3_600, -7_200]);
            let args = self.command(home);
            let args: Vec<_> = args.iter().map(String::as_str).collect();
            assert!(matches!(self.step(home, jump, &args), Some(0 | 1)), "{args:?}");
            if step % 20 == 0 || step == steps {
                agreed(home, &format!("step {step}, {args:?}"));
            }
        }
        agreed_in_all_models(home, "at the end of the trail");
    }

    /// Runs a command so many seconds later, and answers its exit code.
    fn step(&mut self, home: &mut Home, jump: i64, args: &[&str]) -> Option<i32> {
        self.now = self.now.later(jump);
        home.at(&self.now.to_string()).run(args).code
    }

    fn command(&mut self, home: &Home) -> Vec<String> {
        let names = names(home);
        let name = names[self.below(names.len())].as_str();
        let session = format!("s{}", self.below(5));
        let agent = format!("w{}", self.below(2));
        let command = match self.below(53) {
            0..12 => return self.assign(&session, &agent, name),
            12..16 => vec!["release", "--session", &session],
            16..18 => vec!["release", "--session", &session, "--agent-name", &agent],
            18..28 => [&["feedback", name][..], self.one_of(&VERDICTS)].concat(),
            28..30 => vec!["retire", name],
            30 => vec!["retire", name, "--force"],
            31 => vec!["reactivate", name],
            32 => vec!["grow", "--count", "1"],
            33..35 => vec!["compact", "--older-than", self.one_of(&["0", "3", "30"])],
            35..37 => vec!["orphan-cleanup", "--older-than-hours", self.one_of(&["24", "60"])],
            40 => vec!["compact", "--seal"],
            41..50 => {
                let (result, source) = self.one_of(&OUTCOMES);
                let run = ["outcome", "--session", &session, "--agent-name", &agent];
                [&run[..], &["--result", result, "--source", source]].concat()
            }
            50..53 => return self.retract(home),
            37 => vec!["seed", "--sync", "--file", &self.seed_file],
            38 => {
                self.now = self.now.later(40 * 24 * 3_600);
                vec!["orphan-cleanup"]
            }
            _ => {
                let crowd = ["general"; 16].join(",");
                return assign("crowd", "w", &crowd);
            }
        };
        command.into_iter().map(str::to_owned).collect()
    }

    /// Takes one of the last events back; what is no judgement is refused.
    fn retract(&mut self, home: &Home) -> Vec<String> {
        let log = String::from_utf8(home.whole_log()).unwrap();
        let judgements = [r#""type":"feedback""#, r#""type":"outcome""#];
        let is_judgement = |line: &&str| judgements.iter().any(|kind| line.contains(kind));
        let judgements: Vec<_> = log.split_inclusive('\n').filter(is_judgement).collect();
        let back = 1 + self.below(12);
        let last =
            judgements.len().checked_sub(back).map_or("ffffffff", |index| id(judgements[index]));
        ["retract", last].map(str::to_owned).to_vec()
    }

    fn assign(&mut self, session: &str, agent: &str, name: &str) -> Vec<String> {
        let roles: Vec<_> = (0..=self.below(3)).map(|_| self.one_of(&ROLES)).collect();
        let mut args = assign(session, agent, &roles.join(","));
        if self.below(4) == 0 {
            args.extend(["--summon", name].map(str::to_owned));
        }
        if self.below(2) == 0 {
            args.extend(["--work", self.one_of(&["a", "b"])].map(str::to_owned));
        }
        args
    }
}

fn assign(session: &str, agent: &str, roles: &str) -> Vec<String> {
    crate::harness::assign_args(session, agent, roles).map(str::to_owned).to_vec()
}

/// The names of all personas, in the order in which their events stand in the log.
fn names(home: &Home) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let log = String::from_utf8(home.whole_log()).unwrap();
    for line in log.lines().filter(|line| line.contains(r#""data":{"name""#)) {
        let line: Value = serde_json::from_str(line).unwrap();
        let name = line["data"]["name"].as_str().map(str::to_owned);
        names.extend(name.filter(|name| !names.contains(name)));
    }
    names
}

/// Each type of event, and each reason but the one that only a hook gives, with what led to it.
const TOLD: [(&str, i64, &str); 19] = [
    ("assign ", 60, "assign --roles testing,red-team --project p --session s --agent-name w"),
    ("feedback positive", 60, "feedback Lian --observation Good."),
    ("feedback negative", 60, "feedback Lian --observation Late. --sentiment negative"),
    ("feedback neutral", 60, "feedback Lian --observation There. --role general"),
    ("release manual", 60, "release --session s"),
    ("retire manual", 60, "retire Noor"),
    ("reactivate manual", 60, "reactivate Noor"),
    ("assign ", -60, "assign --roles docs --project p --session t --agent-name w"),
    ("release orphaned", 26 * 3_600, "orphan-cleanup"),
    ("assign ", 40 * 24 * 3_600, "assign --roles debug --project p --session u --agent-name w"),
    ("retire inactive", 60, "release --session u"),
    (
        "reactivate summon",
        60,
        "assign --summon Lian --roles a --project p --session v --agent-name w",
    ),
    (
        "reactivate needed",
        60,
        "assign --roles a,a,a,a,a,a,a,a,a,a,a --project p --session v --agent-name x",
    ),
    ("outcome ok", 60, "outcome --session v --agent-name x --result ok"),
    ("outcome bad", 60, "outcome --session v --agent-name x --result bad --source ci"),
    ("outcome stopped", 60, "outcome --session v --agent-name x --result stopped"),
    ("grow ", 60, "grow --count 2"),
    ("compact ", 60, "compact"),
    ("revise ", 60, "seed --sync --file own.toml"),
];

#[test]
fn a_long_history_adds_up_to_the_same() {
    let mut home = Home::seeded();
    let mut trail = Trail::new(&home, 0x5eed);
    for (expected, jump, command) in TOLD {
        let before = home.log().len();
        let args: Vec<_> = command.split(' ').collect();
        assert_eq!(trail.step(&mut home, jump, &args), Some(0), "{command}");
        agreed(&home, command);
        let told = told(&home.log()[before..]);
        assert!(told.contains(expected), "{command}: {told:?}");
    }
    trail.go(&mut home, 100);
}

/// The types of these lines, each with its reason, sentiment or result.
fn told(log: &[u8]) -> BTreeSet<String> {
    let types = log.split_inclusive(|byte| *byte == b'\n').map(|line| {
        let line: Value = serde_json::from_slice(line).unwrap();
        let detail =
            ["reason", "sentiment", "result"].iter().find_map(|key| line["data"][*key].as_str());
        [line["type"].as_str().unwrap(), detail.unwrap_or_default()].join(" ")
    });
    types.collect()
}
