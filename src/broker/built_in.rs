//! The built-in roles, numbers and words: the seed, as the build made constants of it.

use smol_str::SmolStr;

use super::words::Vocabulary;
use super::{Lifecycle, Role};
use crate::events::{RoleName, Tag};

include!(concat!(env!("OUT_DIR"), "/built_in.rs"));

/// Takes words without a copy of them.
fn words(words: &[&'static str]) -> Vec<SmolStr> {
    words.iter().copied().map(SmolStr::new_static).collect()
}
