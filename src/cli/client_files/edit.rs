//! Changing a text in a few places, so that every other byte stays.
//!
//! What is inserted comes last in its object or array, and is laid out like what is there. What is
//! removed goes together with the comma and the white space before it. So the one undoes the
//! other, except in an object or array that was empty.

use std::ops::Range;

use jsonc_parser::ast::Value;
use jsonc_parser::common::Ranged;
use serde::Serialize;
use serde_json::ser::{PrettyFormatter, Serializer};

use super::document::{Document, elements, get, own_hook, properties};
use super::hook::{Hook, groups};

/// Returns the text with hooks in it. The document was [checked](Document::check).
pub fn insert(document: &Document<'_>, hooks: &[Hook]) -> String {
    let Some(root) = &document.root else {
        let empty = Document::read(b"{}\n");
        let empty = empty.map(|empty| Document { mark: document.mark, ..empty });
        return empty.map(|empty| insert(&empty, hooks)).unwrap_or_default();
    };
    let groups = groups(hooks);
    let Some(present) = document.setting("hooks") else {
        return apply(document, vec![append(document, root, &[(Some("hooks"), &groups)])]);
    };
    let (mut edits, mut missing) = (Vec::new(), Vec::new());
    for (event, group) in &groups {
        match get(present, event) {
            Some(array) => edits.push(append(document, array, &[(None, &group[0])])),
            None => missing.push((Some(*event), group)),
        }
    }
    if !missing.is_empty() {
        edits.push(append(document, present, &missing));
    }
    apply(document, edits)
}

/// Returns the text without our handlers, and without what they leave empty.
pub fn remove(document: &Document<'_>) -> String {
    let mut gone = Vec::new();
    if let Some(root) = &document.root
        && let Some(hooks) = document.setting("hooks")
    {
        let prune_group = |group: &_, gone: &mut _| {
            prune(elements(get(group, "hooks")), gone, |handler, _| own_hook(handler).is_some())
        };
        let is_empty = prune(properties(root), &mut gone, |setting, gone| {
            let is_hooks = setting.value.start() == hooks.start();
            is_hooks
                && prune(properties(hooks), gone, |event, gone| {
                    prune(elements(&event.value), gone, prune_group)
                })
        });
        if is_empty {
            gone.push(interior(root));
        }
    }
    apply(document, gone.into_iter().map(|range| (range, String::new())).collect())
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

/// Appends items to an object or array: values, with their keys in an object.
fn append<T: Serialize>(
    document: &Document<'_>,
    container: &Value<'_>,
    items: &[(Option<&str>, T)],
) -> (Range<usize>, String) {
    let text = document.text;
    let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
    // The first of the settings shows how all of them are laid out.
    let first = properties(document.root.as_ref()).first();
    let first = first.map(|first| space_before(text, first.start()));
    let unit = first.and_then(|space| Some(space.rsplit_once('\n')?.1)).unwrap_or("  ");
    let last = properties(container).last().map(Ranged::range);
    if let Some(last) = last.or_else(|| elements(container).last().map(Ranged::range)) {
        let space = space_before(text, last.start);
        let indent = space.rsplit_once('\n').map(|(_, indent)| format!("{newline}{indent}"));
        let start = indent.as_deref().unwrap_or(space);
        return (last.end..last.end, format!(",{}", write(items, unit, start)));
    }
    if first.is_some_and(|space| !space.contains('\n')) {
        return (interior(container), write(items, unit, ""));
    }
    let line = text.get(..container.start()).and_then(|before| before.rsplit('\n').next());
    let line = line.unwrap_or_default();
    let outer = &line[..line.len() - line.trim_start_matches([' ', '\t']).len()];
    let end = format!("{newline}{outer}");
    (interior(container), write(items, unit, &format!("{end}{unit}")) + &end)
}

fn space_before(text: &str, end: usize) -> &str {
    let before = text.get(..end).unwrap_or_default();
    &before[before.trim_end_matches([' ', '\t', '\r', '\n']).len()..]
}

/// Writes items with `start` before each: over several lines if it ends a line.
fn write<T: Serialize>(items: &[(Option<&str>, T)], unit: &str, start: &str) -> String {
    let is_multiline = start.contains('\n');
    let write = |(key, value): &(Option<&str>, T)| {
        let mut bytes = Vec::new();
        // Writing plain structs into memory does not fail.
        let _ = if is_multiline {
            let pretty = PrettyFormatter::with_indent(unit.as_bytes());
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::{select, subsequence};
    use serde_json::{Map, json};

    use super::*;
    use crate::cli::client_files::hook::{Inject, events, registration};
    use crate::cli::client_files::location::Client;

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
        let hooks = object(
            vec![
                "PreToolUse",
                "SessionEnd",
                "SessionStart",
                "Stop",
                "SubagentStart",
                "SubagentStop",
            ],
            groups,
        );
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
    fn normal(client: Client, text: &str) -> Json {
        let mut settings: Json = serde_json::from_str(text).unwrap();
        if let Some(hooks) = settings["hooks"].as_object_mut() {
            hooks.retain(|event, groups| {
                events(client).all(|ours| ours != event) || *groups != json!([])
            });
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
            client in select(vec![Client::ClaudeCode, Client::Codex]),
            spacing in prop::collection::vec(select(vec!["", " ", "\n", "\n  ", "\t", "\r\n\t"]), 1..9),
        ) {
            let text = laid_out(&settings, &spacing);
            let ours = |text: &str| {
                let document = Document::read(text.as_bytes()).unwrap();
                document.hooks().iter().filter(|hook| hook.own.is_some()).count()
            };
            let registration = registration(client, "/b/persona-inject", &Inject::All.args(), "/b/persona-release");
            let document = Document::read(text.as_bytes()).unwrap();
            document.check(client).unwrap();
            let installed = insert(&document, &registration);
            prop_assert_eq!(ours(&installed), registration.len());
            let removed = remove(&Document::read(installed.as_bytes()).unwrap());
            prop_assert_eq!(ours(&removed), 0);
            prop_assert_eq!(normal(client, &removed), normal(client, &text));
            let was_empty = events(client).any(|event| settings["hooks"][event] == json!([]));
            if !was_empty && settings != json!({}) && settings["hooks"] != json!({}) {
                prop_assert_eq!(removed, text);
            }
        }
    }
}
