//! Free text that a person wrote: it stands after a line's id, where the id does not cover it.
//!
//! The data of the event has a digest of the text, so that the text is vouched for; and a salt in
//! the text keeps its words from being guessed by that digest once they are forgotten.

use std::fmt;

use serde::de::{self, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::ser::{SerializeMap as _, Serializer};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::{EventId, LessonText, NoteText, Observation};

/// A kind of free text.
pub trait FreeText: Sized {
    /// The key of the words in the text's object.
    const KEY: &'static str;

    /// Takes the words as the log has them.
    fn of(words: &str) -> Self;

    /// The words.
    fn words(&self) -> &str;
}

macro_rules! free_texts {
    ($($name:ident, $key:literal;)*) => {$(
        impl FreeText for $name {
            const KEY: &'static str = $key;

            fn of(words: &str) -> Self {
                Self::unchecked(words)
            }

            fn words(&self) -> &str {
                self.as_str()
            }
        }
    )*};
}

free_texts! {
    Observation, "observation";
    LessonText, "lesson";
    NoteText, "note";
}

/// The first 32 hex digits of the BLAKE3 digest of a text: of the bytes of its object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TextDigest(EventId);

impl TextDigest {
    pub(super) fn of(object: &[u8]) -> Self {
        Self(EventId::of(object))
    }

    /// Reads a digest from its 32 hex digits.
    pub(super) fn parse(digits: &str) -> Option<Self> {
        EventId::parse(digits.as_bytes()).map(Self)
    }
}

/// 64 random bits beside the words of a text, written as 16 lower-case hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Salt(u64);

impl Salt {
    const DIGITS: usize = 16;

    /// Draws a salt. It does not tell what else the source of randomness gives.
    fn draw(rng: &mut fastrand::Rng) -> Self {
        let digest = blake3::hash(&rng.u64(..).to_le_bytes());
        Self(digest.as_bytes().first_chunk().map_or(0, |bits| u64::from_le_bytes(*bits)))
    }

    fn parse(digits: &str) -> Option<Self> {
        let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let is_salt = digits.len() == Self::DIGITS && digits.bytes().all(is_hex);
        u64::from_str_radix(digits, 16).ok().filter(|_| is_salt).map(Self)
    }
}

impl fmt::Display for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// A text of an event that stands after the id, as far as it is there.
///
/// In an event's data it is its digest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Detached<T> {
    /// The event has none.
    #[default]
    Absent,
    /// The words, and what was drawn with them; a line of version 1 has no salt.
    Words {
        /// The words.
        words: T,
        /// The salt; older and foreign lines may lack one.
        salt: Option<Salt>,
    },
    /// It does not stand in the line, and the data has its digest.
    Missing(TextDigest),
    /// What stands there is not what the data vouches for.
    Changed,
    /// It was forgotten: it is not to be shown, whether it stands there or not.
    Forgotten,
}

/// Why the words of a text are not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextLoss {
    /// The text does not stand in the line.
    Missing,
    /// What stands there is not what the data vouches for.
    Changed,
    /// It was forgotten.
    Forgotten,
}

impl<T> Detached<T> {
    /// A text with a salt from the source of randomness.
    pub fn new(words: T, rng: &mut fastrand::Rng) -> Self {
        Self::Words { words, salt: Some(Salt::draw(rng)) }
    }

    /// The words, if they are known.
    pub fn words(&self) -> Option<&T> {
        match self {
            Self::Words { words, .. } => Some(words),
            Self::Absent | Self::Missing(_) | Self::Changed | Self::Forgotten => None,
        }
    }

    /// Returns whether the data says nothing of a text.
    pub(super) fn is_unvouched(&self) -> bool {
        matches!(self, Self::Absent | Self::Changed | Self::Forgotten)
    }
}

/// Serializes the words of a text in place of its digest, or `null` where they are not known.
pub fn serialize_words<T: Serialize, S: Serializer>(
    text: &Detached<T>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    text.words().serialize(serializer)
}

/// What can be done with a text, whatever its words are.
pub(super) trait Tail {
    /// The object that stands after the id.
    fn object(&self) -> Option<Vec<u8>>;

    /// The words with their key, as they stand in the object.
    fn field(&self) -> Option<Vec<u8>>;

    /// Takes the object that stands after the id.
    fn attach(&mut self, object: &[u8]);

    /// Takes the words away, as those that were forgotten.
    fn forget(&mut self);

    fn has_words(&self) -> bool;

    fn has_salt(&self) -> bool;

    fn loss(&self) -> Option<TextLoss>;
}

impl<T: FreeText> Tail for Detached<T> {
    fn object(&self) -> Option<Vec<u8>> {
        let Self::Words { words, salt } = self else { return None };
        let mut object = Vec::new();
        let mut json = serde_json::Serializer::new(&mut object);
        let mut write = || -> serde_json::Result<()> {
            let mut map = json.serialize_map(None)?;
            if let Some(salt) = salt {
                map.serialize_entry("salt", &format_args!("{salt}"))?;
            }
            map.serialize_entry(T::KEY, words.words())?;
            map.end()
        };
        // Texts are written into memory, and their keys are texts.
        write().ok().map(|()| object)
    }

    fn field(&self) -> Option<Vec<u8>> {
        let Self::Words { words, .. } = self else { return None };
        let words = serde_json::to_string(words.words()).ok()?;
        Some(format!("\"{}\":{words}", T::KEY).into_bytes())
    }

    fn attach(&mut self, object: &[u8]) {
        let is_vouched = matches!(self, Self::Missing(digest) if *digest == TextDigest::of(object));
        let read = Some(object).filter(|_| is_vouched).and_then(|it| Object::read(it, T::KEY));
        *self = read.map_or(Self::Changed, |Object { words, salt }| Self::Words {
            words: T::of(&words),
            salt: salt.and_then(|salt| Salt::parse(&salt)),
        });
    }

    fn forget(&mut self) {
        if !matches!(self, Self::Absent) {
            *self = Self::Forgotten;
        }
    }

    fn loss(&self) -> Option<TextLoss> {
        match self {
            Self::Absent | Self::Words { .. } => None,
            Self::Missing(_) => Some(TextLoss::Missing),
            Self::Changed => Some(TextLoss::Changed),
            Self::Forgotten => Some(TextLoss::Forgotten),
        }
    }

    fn has_words(&self) -> bool {
        matches!(self, Self::Words { .. })
    }

    fn has_salt(&self) -> bool {
        matches!(self, Self::Words { salt: Some(_), .. })
    }
}

impl<T: FreeText> Serialize for Detached<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let digest = match self {
            Self::Missing(digest) => Some(*digest),
            _ => self.object().map(|object| TextDigest::of(&object)),
        };
        digest.serialize(serializer)
    }
}

impl<'de, T> Deserialize<'de> for Detached<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let digest = Option::<TextDigest>::deserialize(deserializer)?;
        Ok(digest.map_or(Self::Absent, Self::Missing))
    }
}

/// What is read of the object of a text. Other keys are left alone.
struct Object {
    words: SmolStr,
    salt: Option<SmolStr>,
}

impl Object {
    fn read(object: &[u8], key: &'static str) -> Option<Self> {
        let mut json = serde_json::Deserializer::from_slice(object);
        let read = json.deserialize_map(ObjectVisitor(key)).ok()?;
        json.end().ok().map(|()| read)
    }
}

struct ObjectVisitor(&'static str);

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = Object;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
        let (mut words, mut salt) = (None, None);
        while let Some(key) = map.next_key::<SmolStr>()? {
            let field = match &*key {
                key if key == self.0 => &mut words,
                "salt" => &mut salt,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            if field.replace(map.next_value()?).is_some() {
                return Err(de::Error::custom(format!("duplicate field `{key}`")));
            }
        }
        Ok(Object { words: words.ok_or_else(|| de::Error::missing_field(self.0))?, salt })
    }
}
