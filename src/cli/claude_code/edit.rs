//! Changing a text in a few places, so that every other byte stays.
//!
//! What is inserted comes last in its object or array, and is laid out like what is there. What is
//! removed goes together with the comma and the white space before it. So the one undoes the
//! other, except in an object or array that was empty.

use std::ops::Range;

use jsonc_parser::ast::{ObjectProp, Value};
use jsonc_parser::common::Ranged;
use serde::Serialize;
use serde_json::ser::{PrettyFormatter, Serializer};

use super::document::{Document, elements, get, own_hook, properties};
use super::hook::Registration;

struct Style<'a> {
    text: &'a str,
    newline: &'static str,
    unit: &'a str,
    /// Whether an object or array that was empty goes over several lines.
    is_multiline: bool,
}

/// Returns the text with a registration in it. The document was [checked](Document::check).
pub fn insert(document: &Document<'_>, registration: &Registration) -> String {
    let Some(root) = &document.root else {
        let empty = Document::read(b"{}\n");
        let empty = empty.map(|empty| Document { mark: document.mark, ..empty });
        return empty.map(|empty| insert(&empty, registration)).unwrap_or_default();
    };
    let style = Style::of(document.text, root);
    let groups = registration.groups();
    let Some(hooks) = document.setting("hooks") else {
        return apply(document, vec![style.append(root, &[(Some("hooks"), &groups)])]);
    };
    let (mut edits, mut missing) = (Vec::new(), Vec::new());
    for (event, group) in &groups {
        match get(hooks, event) {
            Some(array) => edits.push(style.append(array, &[(None, &group[0])])),
            None => missing.push((Some(*event), group)),
        }
    }
    if !missing.is_empty() {
        edits.push(style.append(hooks, &missing));
    }
    apply(document, edits)
}

/// Returns the text without our handlers, and without what they leave empty.
pub fn remove(document: &Document<'_>) -> String {
    let mut gone = Vec::new();
    if let Some(root) = &document.root
        && let Some(hooks) = document.setting("hooks")
    {
        let is_empty = prune(properties(root), &mut gone, |setting, gone| {
            let is_hooks = setting.value.start() == hooks.start();
            is_hooks && prune(properties(hooks), gone, prune_event)
        });
        if is_empty {
            gone.push(interior(root));
        }
    }
    apply(document, gone.into_iter().map(|range| (range, String::new())).collect())
}

fn prune_event(event: &ObjectProp<'_>, gone: &mut Vec<Range<usize>>) -> bool {
    prune(elements(&event.value), gone, |group, gone| {
        prune(elements(get(group, "hooks")), gone, |handler, _| own_hook(handler).is_some())
    })
}

/// Removes those children of an object or array of which `is_gone` returns true, with the commas
/// that separate them from the others; if there are no others, returns true and removes none.
fn prune<T: Ranged>(
    children: &[T],
    gone: &mut Vec<Range<usize>>,
    is_gone: impl Fn(&T, &mut Vec<Range<usize>>) -> bool,
) -> bool {
    let flags: Vec<_> = children.iter().map(|child| is_gone(child, gone)).collect();
    let Some(stays) = flags.iter().position(|gone| !gone) else { return !flags.is_empty() };
    // Those ahead of the first that stays leave together, with the comma behind each.
    let ahead = children.iter().zip(children.get(stays));
    gone.extend(ahead.map(|(first, stays)| first.start()..stays.start()));
    // All others leave with the comma before them.
    let pairs = children.iter().zip(children.iter().skip(1)).zip(flags.iter().skip(1));
    let behind = pairs.skip(stays).filter(|(_, gone)| **gone);
    gone.extend(behind.map(|((before, child), _)| before.end()..child.end()));
    false
}

/// Replaces ranges of the text, no two of which overlap.
fn apply(document: &Document<'_>, mut edits: Vec<(Range<usize>, String)>) -> String {
    edits.sort_by_key(|(range, _)| range.start);
    let mut done = document.mark.to_owned();
    let mut at = 0;
    for (range, new) in edits {
        done += document.text.get(at..range.start).unwrap_or_default();
        done += &new;
        at = range.end;
    }
    done + document.text.get(at..).unwrap_or_default()
}

fn interior(container: &Value<'_>) -> Range<usize> {
    container.start() + 1..container.end() - 1
}

impl<'a> Style<'a> {
    /// Reads how the first of the settings is laid out.
    fn of(text: &'a str, root: &Value<'_>) -> Self {
        let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
        let first = properties(root).first().map(Ranged::start);
        let space = first.and_then(|first| text.get(root.start() + 1..first));
        let unit = space.and_then(|space| Some(space.rsplit_once('\n')?.1)).unwrap_or("  ");
        let is_multiline = space.is_none_or(|space| space.contains('\n'));
        Self { text, newline, unit, is_multiline }
    }

    /// Appends items to an object or array: values, with their keys in an object.
    fn append<T: Serialize>(
        &self,
        container: &Value<'_>,
        items: &[(Option<&str>, T)],
    ) -> (Range<usize>, String) {
        let before = |end| self.text.get(..end).unwrap_or_default();
        let newline = |indent| format!("{}{indent}", self.newline);
        let range = |child: &dyn Ranged| (child.start(), child.end());
        let last = properties(container).last().map(|last| range(last));
        let last = last.or_else(|| elements(container).last().map(|last| range(last)));
        if let Some((start, end)) = last {
            let before = before(start);
            let space = &before[before.trim_end_matches([' ', '\t', '\r', '\n']).len()..];
            let indent = space.rsplit_once('\n').map(|(_, indent)| newline(indent));
            let start = indent.unwrap_or_else(|| space.to_owned());
            return (end..end, format!(",{}", self.write(items, &start)));
        }
        let line = before(container.start()).rsplit('\n').next().unwrap_or_default();
        let outer = &line[..line.len() - line.trim_start_matches([' ', '\t']).len()];
        let [start, end] = if self.is_multiline {
            [newline(outer) + self.unit, newline(outer)]
        } else {
            Default::default()
        };
        (interior(container), self.write(items, &start) + &end)
    }

    /// Writes items with `start` before each: over several lines if it ends a line.
    fn write<T: Serialize>(&self, items: &[(Option<&str>, T)], start: &str) -> String {
        let is_multiline = start.contains('\n');
        let write = |(key, value): &(Option<&str>, T)| {
            let mut bytes = Vec::new();
            // Writing plain structs into memory does not fail.
            let _ = if is_multiline {
                let pretty = PrettyFormatter::with_indent(self.unit.as_bytes());
                value.serialize(&mut Serializer::with_formatter(&mut bytes, pretty))
            } else {
                value.serialize(&mut Serializer::new(&mut bytes))
            };
            let value = String::from_utf8(bytes).unwrap_or_default().replace('\n', start);
            let colon = if is_multiline { ": " } else { ":" };
            let key = key.map(|key| format!("\"{key}\"{colon}")).unwrap_or_default();
            format!("{start}{key}{value}")
        };
        items.iter().map(write).collect::<Vec<_>>().join(",")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::{select, subsequence};
    use serde_json::{Map, json};

    use super::*;
    use crate::cli::claude_code::hook::Inject;

    type Json = serde_json::Value;

    /// Some value of somebody else's.
    fn other() -> impl Strategy<Value = Json> {
        let handler = json!({"type": "command", "command": "x, [y] {z}: \"é\""});
        let group = json!({"matcher": "Bash", "hooks": [handler, null]});
        select(vec![json!(null), json!(7), json!({}), json!([]), json!("\\ \"}"), group])
    }

    /// Settings in which some keys are there and some are not.
    fn object(keys: Vec<&'static str>, value: BoxedStrategy<Json>) -> BoxedStrategy<Json> {
        let count = keys.len();
        let keys = subsequence(keys, 0..=count).prop_shuffle();
        let settings = keys.prop_flat_map(move |keys| {
            let values = prop::collection::vec(value.clone(), keys.len());
            values.prop_map(move |values| {
                let keys = keys.iter().map(ToString::to_string);
                Json::Object(keys.zip(values).collect::<Map<_, _>>())
            })
        });
        settings.boxed()
    }

    fn settings() -> impl Strategy<Value = Json> {
        let groups = prop::collection::vec(other(), 0..4).prop_map(Json::Array).boxed();
        let hooks = object(vec!["PreToolUse", "SessionEnd", "SessionStart", "Stop"], groups);
        (object(vec!["a", "m", "z"], other().boxed()), proptest::option::of(hooks)).prop_map(
            |(mut settings, hooks)| {
                if let Some(hooks) = hooks {
                    settings["hooks"] = hooks;
                }
                settings
            },
        )
    }

    /// A text with spacing around each of its brackets, commas and colons.
    fn laid_out(settings: &Json, spacing: &[&str]) -> String {
        let (mut text, mut in_string, mut escaped) = (String::new(), false, false);
        let mut spacing = spacing.iter().copied().cycle();
        for c in settings.to_string().chars() {
            let is_mark = !in_string && "{}[],:".contains(c);
            text.extend(spacing.next().filter(|_| is_mark));
            text.push(c);
            text.extend(spacing.next().filter(|_| is_mark));
            in_string ^= c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
        }
        text
    }

    /// Settings without what is empty where hooks are registered.
    fn normal(text: &str) -> Json {
        let mut settings: Json = serde_json::from_str(text).unwrap();
        if let Some(hooks) = settings["hooks"].as_object_mut() {
            hooks.retain(|event, groups| event == "Stop" || *groups != json!([]));
            if hooks.is_empty() {
                settings["hooks"].take();
            }
        }
        settings
    }

    proptest! {
        #[test]
        fn what_goes_in_comes_out_and_nothing_else_changes(
            settings in settings(),
            spacing in prop::collection::vec(select(vec!["", " ", "\n", "\n  ", "\t", "\r\n\t"]), 1..9),
        ) {
            let text = laid_out(&settings, &spacing);
            let ours = |text: &str| {
                let document = Document::read(text.as_bytes()).unwrap();
                document.hooks().iter().filter(|hook| hook.own.is_some()).count()
            };
            let registration = Registration::new("/b/persona-inject".into(), "/b/persona-release".into(), Inject::All);
            let document = Document::read(text.as_bytes()).unwrap();
            document.check().unwrap();
            let installed = insert(&document, &registration);
            prop_assert_eq!(ours(&installed), 3);
            let removed = remove(&Document::read(installed.as_bytes()).unwrap());
            prop_assert_eq!(ours(&removed), 0);
            prop_assert_eq!(normal(&removed), normal(&text));
            let filled = ["PreToolUse", "SessionEnd", "SessionStart"];
            let was_empty = filled.iter().any(|event| settings["hooks"][event] == json!([]));
            if !was_empty && settings != json!({}) && settings["hooks"] != json!({}) {
                prop_assert_eq!(removed, text);
            }
        }
    }
}
