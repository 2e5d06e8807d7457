//! How well the role of an agent is read from its type, its name and its description.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use muzzle_persona::broker::{Described, Roles, Seed};

/// The least share of all agents that is read as a person would, in percent.
const LEAST: usize = 85;
/// The same of each role.
const LEAST_OF_A_ROLE: usize = 70;

/// Counts what was read right.
#[derive(Default, Clone, Copy)]
struct Share {
    right: usize,
    all: usize,
}

impl Share {
    fn count(&mut self, is_right: bool) {
        self.right += usize::from(is_right);
        self.all += 1;
    }

    fn reaches(self, percent: usize) -> bool {
        self.right * 100 >= self.all * percent
    }
}

impl std::fmt::Display for Share {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { right, all } = self;
        write!(f, "{right:>3} of {all:>3}, {:>3} %", right * 100 / all)
    }
}

/// The role that is read from a type, a name and a description.
fn read(roles: &Roles, [kind, name, description]: [&str; 3]) -> String {
    let [kind, name, description] = [kind, name, description].map(Some);
    let asked = roles.of_agent(Described { kind, description, name });
    roles.resolve(asked.as_str()).name.to_string()
}

#[test]
#[expect(clippy::print_stdout, reason = "`--nocapture` shows the figures")]
fn agents_of_packs_are_read_as_a_person_reads_them() {
    let roles = Seed::default().rules().unwrap().roles;
    let agents: BTreeMap<String, Vec<[String; 3]>> =
        toml::from_str(include_str!("agents.toml")).unwrap();
    // Those that the keywords were tuned on, those that were held out, and the two together.
    let mut shares = BTreeMap::from([("all", [Share::default(); 3])]);
    let mut missed = String::new();
    for (role, agents) in &agents {
        for (index, agent) in agents.iter().enumerate() {
            let read = read(&roles, agent.each_ref().map(String::as_str));
            for row in ["all", role] {
                let shares = shares.entry(row).or_default();
                shares[index % 2].count(read == *role);
                shares[2].count(read == *role);
            }
            if read != *role {
                let half = ["tuned on", "held out"][index % 2];
                writeln!(missed, "{half}: {role}, read as {read}: {agent:?}").unwrap();
            }
        }
    }
    let mut report = String::new();
    for (role, [tuned, held_out, both]) in &shares {
        writeln!(report, "{role:<16} {tuned} | {held_out} | {both}").unwrap();
    }
    println!("{:<16} tuned on          | held out          | both\n{report}\n{missed}", "");
    assert!(shares["all"][2].all >= 150);
    assert!(shares["all"].iter().all(|share| share.reaches(LEAST)), "{report}");
    assert!(shares.values().all(|[.., both]| both.reaches(LEAST_OF_A_ROLE)), "{report}");
}
