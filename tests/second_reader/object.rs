//! A JSON object whose keys keep their order, and none of which is lost.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

/// An object: its keys as they stand, with the text of each value.
pub struct Object<'a>(Vec<(String, &'a RawValue)>);

impl<'a> Object<'a> {
    pub fn parse(text: &'a str) -> Result<Self, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    /// The value of a key that may be missing.
    pub fn find<T: Deserialize<'a>>(&self, key: &str) -> Result<Option<T>, String> {
        let mut values = self.0.iter().filter(|(name, _)| name == key).map(|(_, value)| value);
        let Some(value) = values.next() else {
            return Ok(None);
        };
        if values.next().is_some() {
            return Err(format!("the key `{key}` stands twice"));
        }
        serde_json::from_str(value.get()).map(Some).map_err(|error| format!("`{key}`: {error}"))
    }

    /// The value of a key that must be there.
    pub fn get<T: Deserialize<'a>>(&self, key: &str) -> Result<T, String> {
        self.find(key)?.ok_or_else(|| format!("there is no `{key}`"))
    }

    /// A text that may be missing, or null.
    pub fn maybe(&self, key: &str) -> Result<Option<String>, String> {
        Ok(self.find::<Option<String>>(key)?.flatten())
    }

    /// The objects in an array.
    pub fn objects(&self, key: &str) -> Result<Vec<Self>, String> {
        self.get(key)
    }

    /// Whether one key stands before another.
    pub fn in_order(&self, first: &str, second: &str) -> bool {
        let place = |key| self.0.iter().position(|(name, _)| name == key);
        place(first) < place(second)
    }
}

impl<'a> Deserialize<'a> for Object<'a> {
    fn deserialize<D: Deserializer<'a>>(deserializer: D) -> Result<Self, D::Error> {
        struct Keys;
        impl<'a> Visitor<'a> for Keys {
            type Value = Object<'a>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<Object<'a>, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Object(entries))
            }
        }
        deserializer.deserialize_map(Keys)
    }
}

/// Whether these bytes are one whole JSON object, whatever its texts say.
pub fn is_complete(bytes: &[u8]) -> bool {
    bytes.starts_with(b"{") && serde_json::from_slice::<IgnoredAny>(bytes).is_ok()
}
