//! Changing a text in a few places, so that every other byte stays.
//!
//! What is put in comes last in its object or array, and takes the spacing of
//! what is there. What is taken out goes together with the comma and the
//! spacing before it. So the one undoes the other, except in an object or array
//! that was empty.

use jsonc_parser::ast::Value;

use super::Registration;
use super::document::{Document, groups, handlers, hook, last, span};
use super::style::{Edit, Inside, Style};

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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::{select, subsequence};
    use serde_json::{Map, json};

    use super::*;
    use crate::cli::claude_code::Inject;

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
                document.handlers().filter(|handler| handler.hook().is_some()).count()
            };
            let registration = Registration::new("/b/persona-inject".into(), "/b/persona-release".into(), Inject::All);
            let document = Document::read(text.as_bytes()).unwrap();
            document.check().unwrap();
            let installed = with(&document, &registration);
            prop_assert_eq!(ours(&installed), 3);
            let removed = without(&Document::read(installed.as_bytes()).unwrap());
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
