//! The words that a past is made of: who there is, and what is said of them.

use std::iter;

use fastrand::Rng;
use muzzle_persona::events::{Definition, PersonaName, RoleName, Sentiment, Tag};

/// The roles that are asked for.
pub const ROLES: [&str; 11] = [
    "code-reviewer",
    "security-review",
    "researcher",
    "architecture",
    "implementation",
    "testing",
    "documentation",
    "red-team",
    "infrastructure",
    "debugging",
    "general",
];

/// The projects that are worked on.
pub const PROJECTS: [&str; 6] =
    ["acme-api", "billing", "web-client", "ingest", "docs-site", "scheduler"];

/// The branches that are worked on, each of them in every project.
pub const BRANCHES: [&str; 8] = [
    "fix-login-timeout",
    "feature/audit-log",
    "deps/2026-03",
    "refactor-parser",
    "docs-quick-start",
    "perf/batch-writes",
    "drop-python-3.9",
    "ci-cache",
];

/// What is said of the work, and how it is meant.
pub const OBSERVATIONS: [(&str, Sentiment); 5] = [
    ("Thorough; caught the race in the retry loop.", Sentiment::Positive),
    ("Clear report, every finding with a way to trigger it.", Sentiment::Positive),
    ("Missed the unchecked index in the header parser.", Sentiment::Negative),
    ("Asked for the schema twice although it was in the prompt.", Sentiment::Negative),
    ("Split the change into three commits.", Sentiment::Neutral),
];

const FIRST: [&str; 20] = [
    "Adaeze", "Aiko", "Amina", "Anouk", "Astrid", "Camila", "Dmitri", "Eilidh", "Farah", "Hassan",
    "Ingrid", "Joaquín", "Kateryna", "Leila", "Magnus", "Nadia", "Rafael", "Saoirse", "Tariq",
    "Zoë",
];

const LAST: [&str; 25] = [
    "Abebe",
    "Almeida",
    "Andersson",
    "Banerjee",
    "Bergström",
    "Castellano",
    "Dlamini",
    "Dubois",
    "Eriksen",
    "Fonseca",
    "Gallagher",
    "Hoang",
    "Ibrahim",
    "Kapoor",
    "Kimura",
    "Kovács",
    "Lombardi",
    "Mensah",
    "Nakagawa",
    "Okafor",
    "Papadakis",
    "Rosenthal",
    "Tavares",
    "Whitaker",
    "Zielke",
];

const TRAITS: [&str; 10] = [
    "calm",
    "curious",
    "direct",
    "exacting",
    "methodical",
    "patient",
    "pragmatic",
    "precise",
    "skeptical",
    "thorough",
];

const EXPERTISE: [&str; 12] = [
    "api-design",
    "architecture",
    "backend",
    "concurrency",
    "databases",
    "debugging",
    "documentation",
    "frontend",
    "infrastructure",
    "performance",
    "security",
    "testing",
];

const INSTRUCTIONS: [&str; 4] = [
    "Question the assumption that would hurt most if it were false. Prefer the smallest change that works.",
    "Start with error paths, input handling and concurrency. Report only defects that can be triggered, each with its trigger.",
    "Measure before changing anything. Keep a short list of hypotheses and what ruled each one out, and hand it over.",
    "Write down the expected result before running anything. Report differences exactly as seen, with the command.",
];

/// Names for personas, each once.
pub fn names() -> impl Iterator<Item = PersonaName> {
    let middles =
        iter::once(String::new()).chain(('A'..='Z').map(|initial| format!("{initial}. ")));
    middles.flat_map(|middle| {
        LAST.iter().flat_map(move |last| {
            let middle = middle.clone();
            FIRST
                .iter()
                .map(move |first| PersonaName::unchecked(&format!("{first} {middle}{last}")))
        })
    })
}

/// A persona such as a seed has.
pub fn seeded(name: PersonaName, rng: &mut Rng) -> Definition {
    let roles = ["general", pick(rng, &ROLES), pick(rng, &ROLES)];
    let instructions = roles
        .map(|role| (RoleName::unchecked(role), pick(rng, &INSTRUCTIONS).to_owned()))
        .into_iter()
        .collect();
    Definition { instructions, ..grown(name, rng) }
}

/// A persona that the broker grew: it has no instructions of its own.
pub fn grown(name: PersonaName, rng: &mut Rng) -> Definition {
    Definition {
        name,
        traits: two(rng, &TRAITS),
        expertise: two(rng, &EXPERTISE),
        instructions: iter::empty().collect(),
    }
}

/// Two different words.
fn two(rng: &mut Rng, words: &[&str]) -> Vec<Tag> {
    rng.choose_multiple(words, 2).into_iter().map(|word| Tag::unchecked(word)).collect()
}

/// Any one of these words.
pub fn pick<'a>(rng: &mut Rng, words: &[&'a str]) -> &'a str {
    rng.choice(words).copied().unwrap_or_default()
}

/// An id such as a client gives its session.
pub fn uuid(rng: &mut Rng) -> String {
    let [start, middle, end] = [rng.u32(..), rng.u32(..), rng.u32(..)];
    let (high, low) = (middle >> 16, middle & 0xFFFF);
    format!(
        "{start:08x}-{high:04x}-4{:03x}-8{:03x}-{:04x}{end:08x}",
        low >> 4,
        rng.u16(..4096),
        rng.u16(..)
    )
}

/// An id such as a client gives the use of a tool.
pub fn tool_use(rng: &mut Rng) -> String {
    let letters: String = iter::repeat_with(|| rng.alphanumeric()).take(22).collect();
    format!("toolu_01{letters}")
}
