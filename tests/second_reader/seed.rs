//! What the seed says that the answers depend on: the roles, and the numbers of the score.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::LazyLock;

use toml::{Table, Value};

use crate::number::Decimal;

/// The built-in roles, parsed once: a test asks for hundreds of answers.
static ROLES: LazyLock<Table> =
    LazyLock::new(|| include_str!("../../seed/roles.toml").parse().expect("the built-in seed"));

/// Which expertise the built-in roles ask for.
pub fn roles() -> BTreeMap<String, Vec<String>> {
    let roles = ROLES["role"].as_array().unwrap().iter().map(|role| {
        let expertise = role["expertise"].as_array().unwrap().iter();
        (text(&role["name"]), expertise.map(text).collect())
    });
    roles.collect()
}

/// The built-in roles that judge the work of others.
pub fn independent() -> BTreeSet<String> {
    let roles = ROLES["role"].as_array().unwrap().iter();
    let judge = |role: &&Value| role.get("independent").and_then(Value::as_bool) == Some(true);
    roles.filter(judge).map(|role| text(&role["name"])).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// How scores are made.
pub enum Scoring {
    Record(Record, Recency),
    Share(Share, Recency),
}

/// The numbers of the model `record`.
pub struct Record {
    pub prior: Decimal,
    pub start: Decimal,
    pub tag: Decimal,
    pub verdict: Decimal,
    pub compacted: Decimal,
    pub outcome: Decimal,
    pub work: Decimal,
    pub per_month: Decimal,
    pub months: i64,
}

/// Those of the model `share`.
pub struct Share {
    pub overlap: Decimal,
    pub positive: Decimal,
    pub negative: Decimal,
}

/// Those of both.
pub struct Recency {
    pub start: Decimal,
    pub per_day: Decimal,
}

impl Scoring {
    /// The numbers of the design, or in their place those that the store's own seed has.
    pub fn of(store: &Path) -> Self {
        let own = std::fs::read_to_string(store.join("seed.toml")).unwrap_or_default();
        let own: Table = own.parse().expect("a seed");
        let own = own.get("scoring").and_then(Value::as_table).cloned().unwrap_or_default();
        let number = |key: &str, default: &str| match own.get(key) {
            None => Decimal::read(default),
            Some(Value::Integer(number)) => Decimal::read(&number.to_string()),
            // As short as it can be, and so as it was written.
            Some(Value::Float(number)) => Decimal::read(&number.to_string()),
            Some(other) => panic!("`{key}` is {other:?}"),
        };
        let recency = |start, per_day| Recency {
            start: number("recency", start),
            per_day: number("recency_per_day", per_day),
        };
        if own.get("model").and_then(Value::as_str) == Some("share") {
            let share = Share {
                overlap: number("overlap", "0.3"),
                positive: number("positive", "0.02"),
                negative: number("negative", "0.03"),
            };
            return Self::Share(share, recency("0.5", "0.05"));
        }
        let record = Record {
            prior: number("prior", "8"),
            start: number("start", "0.5"),
            tag: number("tag", "0.05"),
            verdict: number("verdict", "1"),
            compacted: number("compacted", "0.5"),
            outcome: number("outcome", "0.3"),
            work: number("work", "0.03"),
            per_month: number("per_month", "0.8"),
            months: own.get("months").map_or(12, |months| months.as_integer().unwrap()),
        };
        Self::Record(record, recency("0", "0"))
    }
}
