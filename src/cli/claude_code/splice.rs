//! Changing a text in a few places, so that every other byte stays.
//!
//! What is put in comes last in its object or array, and takes the spacing of
//! what is there. What is taken out goes together with the comma and the
//! spacing before it. So the one undoes the other, except in an object or array
//! that was empty.

use std::ops::Range;

use jsonc_parser::ast::{Object, Value};
use serde::Serialize;
use serde_json::ser::{PrettyFormatter, Serializer};

use super::Registration;
use super::document::{Document, groups, handlers, hook, last, span};

/// The indentation of a text that has none.
const INDENT: &str = "  ";

/// A piece of a text, and what comes in its place.
type Edit = (Range<usize>, String);

/// The text with a registration in it. The document was [checked](Document::check).
pub fn with(document: &Document<'_>, registration: &Registration) -> String {
    let Some(root) = &document.root else {
        let fresh = Document::read(b"{}\n");
        return fresh.map(|fresh| with(&fresh, registration)).unwrap_or_default();
    };
    let style = Style::of(document.text, root);
    let Some(hooks) = document.hooks() else {
        let all = [(Some("hooks"), registration.hooks())];
        return apply(document.text, vec![style.append(&Inside::of(root), &all)]);
    };
    let mut edits = Vec::new();
    let mut missing = Vec::new();
    let groups = registration.groups();
    for (event, group) in &groups {
        match last(hooks, event).and_then(|property| property.value.as_array()) {
            Some(array) => {
                let children = array.elements.iter().map(span).collect();
                let inside = Inside { range: span(array), children };
                edits.push(style.append(&inside, &[(None, group)]));
            }
            None => missing.push((Some(*event), [group])),
        }
    }
    if !missing.is_empty() {
        edits.push(style.append(&Inside::of(hooks), &missing));
    }
    apply(document.text, edits)
}

/// The text without our handlers, and without what then holds nothing more.
pub fn without(document: &Document<'_>) -> String {
    let (Some(root), Some(hooks)) = (&document.root, document.hooks()) else {
        return document.text.to_owned();
    };
    let mut edits = Vec::new();
    let mut gone = Vec::new();
    for event in &hooks.properties {
        let flags: Vec<_> = groups(event).map(is_all_ours).collect();
        let all = !flags.is_empty() && flags.iter().all(|gone| *gone);
        gone.push(all);
        if all {
            continue;
        }
        for (group, _) in groups(event).zip(&flags).filter(|(_, gone)| !**gone) {
            let Some(array) = group.as_object().and_then(handlers) else { continue };
            let ours: Vec<_> = array.elements.iter().map(is_ours).collect();
            let children: Vec<_> = array.elements.iter().map(span).collect();
            edits.extend(cut(&Inside { range: span(array), children }, &ours));
        }
        let children = groups(event).map(span).collect();
        edits.extend(cut(&Inside { range: span(&event.value), children }, &flags));
    }
    if !gone.is_empty() && gone.iter().all(|gone| *gone) {
        let hooks = last(root, "hooks").map(span);
        let inside = Inside::of(root);
        let gone: Vec<_> =
            inside.children.iter().map(|span| Some(span) == hooks.as_ref()).collect();
        return apply(document.text, cut(&inside, &gone));
    }
    edits.extend(cut(&Inside::of(hooks), &gone));
    apply(document.text, edits)
}

fn is_ours(handler: &Value<'_>) -> bool {
    handler.as_object().and_then(hook).is_some()
}

/// Tells whether a group has handlers, and all are ours.
fn is_all_ours(group: &Value<'_>) -> bool {
    let array = group.as_object().and_then(handlers);
    array.is_some_and(|array| !array.elements.is_empty() && array.elements.iter().all(is_ours))
}

/// An object or array, and where what it holds lies.
struct Inside {
    /// With its brackets.
    range: Range<usize>,
    children: Vec<Range<usize>>,
}

impl Inside {
    fn of(object: &Object<'_>) -> Self {
        Self { range: span(object), children: object.properties.iter().map(span).collect() }
    }

    /// What is between the brackets.
    fn interior(&self) -> Range<usize> {
        self.range.start + 1..self.range.end - 1
    }
}

/// Takes children out, with the commas that they leave over.
fn cut(inside: &Inside, gone: &[bool]) -> Vec<Edit> {
    let children = &inside.children;
    if !gone.contains(&true) {
        return Vec::new();
    }
    let Some(stays) = gone.iter().position(|gone| !gone) else {
        return vec![(inside.interior(), String::new())];
    };
    // Those ahead of the first that stays leave together, with the comma behind each.
    let ahead = children.iter().zip(children.get(stays));
    let ahead = ahead.map(|(first, stays)| first.start..stays.start);
    // All others leave with the comma before them.
    let pairs = children.iter().zip(children.iter().skip(1)).zip(gone.iter().skip(1));
    let behind = pairs.skip(stays).filter(|(_, gone)| **gone).map(|((a, b), _)| a.end..b.end);
    ahead.chain(behind).map(|range| (range, String::new())).collect()
}

/// Makes all changes. No two of them touch the same bytes.
fn apply(text: &str, mut edits: Vec<Edit>) -> String {
    edits.sort_by_key(|(range, _)| range.start);
    let mut done = String::with_capacity(text.len() + 1024);
    let mut at = 0;
    for (range, new) in edits {
        done += text.get(at..range.start).unwrap_or_default();
        done += &new;
        at = range.end;
    }
    done + text.get(at..).unwrap_or_default()
}

/// How a text is laid out.
struct Style<'a> {
    text: &'a str,
    newline: &'static str,
    /// One step of indentation.
    unit: &'a str,
    /// Whether an object or array that is empty goes over several lines when it is filled.
    is_tall: bool,
}

impl<'a> Style<'a> {
    fn of(text: &'a str, root: &Object<'_>) -> Self {
        let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
        let first = root.properties.first().map(|property| span(property).start);
        let space = first.and_then(|first| text.get(span(root).start + 1..first));
        let unit = space.and_then(|space| Some(space.rsplit_once('\n')?.1)).unwrap_or(INDENT);
        let is_tall = space.is_none_or(|space| space.contains('\n'));
        Self { text, newline, unit, is_tall }
    }

    /// Puts items behind what an object or array holds.
    fn append<T: Serialize>(&self, inside: &Inside, items: &[(Option<&str>, T)]) -> Edit {
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
