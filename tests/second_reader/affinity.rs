//! How well a persona fits a role, by its record.

use serde_json::Value;

use crate::fact::Sentiment;
use crate::roster::Persona;

/// One, in the unit of all sums here: a billionth.
const ONE: i128 = 1_000_000_000;
const PRAISE: i128 = 20_000_000;
const BLAME: i128 = 30_000_000;

/// The affinity as JSON: a decimal of at most nine places.
pub fn affinity(persona: &Persona, role: &str) -> Value {
    let total: i128 = persona.counts.values().copied().map(i128::from).sum();
    let done = persona.counts.get(role).copied().map_or(0, i128::from);
    let verdicts = |sentiment| i128::from(persona.tally(role, sentiment));
    let sum = share(done, total) + PRAISE * verdicts(Sentiment::Positive)
        - BLAME * verdicts(Sentiment::Negative);
    decimal(sum.clamp(0, ONE))
}

/// The part of the whole, rounded half up; of nothing, nothing.
fn share(part: i128, whole: i128) -> i128 {
    if whole == 0 { 0 } else { (2 * part * ONE + whole) / (2 * whole) }
}

fn decimal(billionths: i128) -> Value {
    let places = format!("{:09}", billionths % ONE);
    let places = places.trim_end_matches('0');
    let text = format!("{}.{}", billionths / ONE, if places.is_empty() { "0" } else { places });
    serde_json::from_str(&text).expect("a number")
}

#[test]
fn shares_are_rounded_half_up_to_nine_places() {
    let shares = [(1, 3), (2, 3), (1, 1024), (1023, 1024), (1, 1), (0, 7), (0, 0)];
    let shown = shares.map(|(part, whole)| decimal(share(part, whole)).to_string());
    let expected =
        ["0.333333333", "0.666666667", "0.000976563", "0.999023438", "1.0", "0.0", "0.0"];
    assert_eq!(shown, expected);
}
