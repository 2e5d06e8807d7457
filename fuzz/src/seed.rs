//! The user's `seed.toml`.

use std::path::Path;

use muzzle_persona::broker::{Roles, Seed};
use muzzle_persona::events::{Event, Tag, is_hidden};

/// A seed that is taken gives rules that can be used, and one that is not says where it is wrong.
pub fn check(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    match Seed::with_user(Path::new("seed.toml"), text) {
        Ok(seed) => is_usable(&seed),
        Err(error) => {
            let lines = text.matches('\n').count() + 1;
            assert!((1..=lines).contains(&error.line), "{error}");
            assert!(error.column >= 1 && !error.reason.is_empty(), "{error}");
        }
    }
}

fn is_usable(seed: &Seed) {
    let rules = seed.rules().unwrap();
    assert_eq!(rules.roles.general().name.as_str(), Roles::GENERAL);
    for role in rules.roles.all() {
        role.name.check().unwrap();
        assert_eq!(rules.roles.resolve(role.name.as_str()).name, role.name);
        assert!(!role.instruction.contains(is_hidden));
        assert!(role.instruction.chars().count() <= 200);
    }
    for persona in seed.personas() {
        assert_eq!(Event::Seed(persona).text_errors(), []);
    }
    let vocabulary = seed.vocabulary();
    for word in vocabulary.traits.iter().chain(&vocabulary.expertise) {
        Tag::parse(word).unwrap();
    }
    let _ = muzzle_persona::broker::classify("not bad, and very good", &vocabulary.sentiment);
}
