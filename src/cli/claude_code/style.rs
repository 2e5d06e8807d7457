//! How a text is laid out, so that what is put in looks like what is there.

use std::ops::Range;

use jsonc_parser::ast::Object;
use serde::Serialize;
use serde_json::ser::{PrettyFormatter, Serializer};

use super::document::span;

/// The indentation of a text that has none.
const INDENT: &str = "  ";

/// A piece of a text, and what comes in its place.
pub type Edit = (Range<usize>, String);

/// An object or array, and where what it holds lies.
pub struct Inside {
    /// With its brackets.
    pub range: Range<usize>,
    /// Without commas and spacing.
    pub children: Vec<Range<usize>>,
}

impl Inside {
    /// That of an object.
    pub fn of(object: &Object<'_>) -> Self {
        Self { range: span(object), children: object.properties.iter().map(span).collect() }
    }

    /// What is between the brackets.
    pub fn interior(&self) -> Range<usize> {
        self.range.start + 1..self.range.end - 1
    }
}

/// How a text is laid out.
pub struct Style<'a> {
    text: &'a str,
    newline: &'static str,
    /// One step of indentation.
    unit: &'a str,
    /// Whether an object or array that is empty goes over several lines when it is filled.
    is_tall: bool,
}

impl<'a> Style<'a> {
    /// Looks how the first of the settings is laid out.
    pub fn of(text: &'a str, root: &Object<'_>) -> Self {
        let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
        let first = root.properties.first().map(|property| span(property).start);
        let space = first.and_then(|first| text.get(span(root).start + 1..first));
        let unit = space.and_then(|space| Some(space.rsplit_once('\n')?.1)).unwrap_or(INDENT);
        let is_tall = space.is_none_or(|space| space.contains('\n'));
        Self { text, newline, unit, is_tall }
    }

    /// Puts items behind what an object or array holds.
    pub fn append<T: Serialize>(&self, inside: &Inside, items: &[(Option<&str>, T)]) -> Edit {
        let Some(last) = inside.children.last() else {
            return self.fill(inside, items);
        };
        let before = self.text.get(..last.start).unwrap_or_default();
        let space = &before[before.trim_end_matches([' ', '\t', '\r', '\n']).len()..];
        let indent = space.rsplit_once('\n').map(|(_, indent)| indent);
        let mut new = String::new();
        for item in items {
            new += ",";
            match indent {
                Some(indent) => new = new + self.newline + indent,
                None => new += space,
            }
            new += &self.write(item, indent);
        }
        (last.end..last.end, new)
    }

    /// Fills an object or array that is empty.
    fn fill<T: Serialize>(&self, inside: &Inside, items: &[(Option<&str>, T)]) -> Edit {
        let before = self.text.get(..inside.range.start).unwrap_or_default();
        let line = before.rsplit('\n').next().unwrap_or_default();
        let outer = &line[..line.len() - line.trim_start_matches([' ', '\t']).len()];
        let inner = self.is_tall.then(|| format!("{outer}{}", self.unit));
        let items: Vec<_> = items.iter().map(|item| self.write(item, inner.as_deref())).collect();
        let new = match inner {
            None => items.join(","),
            Some(inner) => {
                let start = format!("{}{inner}", self.newline);
                format!("{start}{}{}{outer}", items.join(&format!(",{start}")), self.newline)
            }
        };
        (inside.interior(), new)
    }

    /// Writes an item: over several lines that begin with `indent`, or in one.
    fn write<T: Serialize>(
        &self,
        (key, value): &(Option<&str>, T),
        indent: Option<&str>,
    ) -> String {
        let mut bytes = Vec::new();
        // Writing plain structs into memory does not fail.
        let _ = if indent.is_none() {
            value.serialize(&mut Serializer::new(&mut bytes))
        } else {
            let pretty = PrettyFormatter::with_indent(self.unit.as_bytes());
            value.serialize(&mut Serializer::with_formatter(&mut bytes, pretty))
        };
        let value = String::from_utf8(bytes).unwrap_or_default();
        let Some(indent) = indent else {
            return key.map_or(value.clone(), |key| format!("\"{key}\":{value}"));
        };
        let value = value.replace('\n', &format!("{}{indent}", self.newline));
        key.map_or(value.clone(), |key| format!("\"{key}\": {value}"))
    }
}
