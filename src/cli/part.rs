//! Who took part in what is judged, as the reports word it.

use muzzle_persona::broker::{Part, TookPart};
use muzzle_persona::events::{PersonaName, RoleName, WorkName};
use muzzle_persona::projection::PartIn;

/// The most that are named one by one.
const NAMED: usize = 3;

/// A part, in words.
pub fn told(part: &Part, work: Option<&WorkName>) -> String {
    let what = match (part.of, work) {
        (PartIn::Work, Some(work)) => work.to_string(),
        _ => "the same session".to_owned(),
    };
    format!("took part in {what} as {}", roles(part))
}

/// The roles of a part, in one cell.
pub fn roles(part: &Part) -> String {
    part.roles.iter().map(RoleName::as_str).collect::<Vec<_>>().join(", ")
}

/// Who would have come before the one that was taken, in sentences.
pub fn passed_over(took_part: &[TookPart], work: Option<&WorkName>) -> Vec<String> {
    let passed_over: Vec<_> = took_part.iter().filter(|it| it.passed_over).collect();
    let named = passed_over.iter().take(NAMED);
    let named =
        named.map(|it| format!("{} was passed over: it {}.", it.name, told(&it.part, work)));
    let more = passed_over.len().saturating_sub(NAMED);
    let more = (more > 0).then(|| format!("So were {more} more who took part."));
    named.chain(more).collect()
}

/// The part of one of a ranking, in one cell.
pub fn took_part(all: &[TookPart], name: &PersonaName) -> String {
    all.iter().find(|it| it.name == *name).map(|it| roles(&it.part)).unwrap_or_default()
}
