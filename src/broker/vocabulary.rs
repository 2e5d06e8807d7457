//! The words that personas and verdicts are made of.

use smol_str::SmolStr;

/// The words that personas and verdicts are made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vocabulary {
    /// Working styles.
    pub traits: Vec<SmolStr>,
    /// Fields of knowledge.
    pub expertise: Vec<SmolStr>,
    /// For names of grown personas.
    pub first_names: Vec<SmolStr>,
    /// For names of grown personas.
    pub last_names: Vec<SmolStr>,
    /// Words of praise.
    pub positive: Vec<SmolStr>,
    /// Words of blame.
    pub negative: Vec<SmolStr>,
    /// Words that turn the next one round.
    pub negations: Vec<SmolStr>,
}
