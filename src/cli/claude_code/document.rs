//! A settings file, understood as far as hooks go, with the place of each value in its text.

use std::ops::Range;

use jsonc_parser::ast::{Array, Object, ObjectProp, Value};
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

use super::Reason;
use super::registration::hook_of;

/// What some editors put ahead of a text.
const BYTE_ORDER_MARK: &str = "\u{feff}";
/// The events that are registered.
const EVENTS: [&str; 3] = ["PreToolUse", "SessionEnd", "SessionStart"];

/// The text of a settings file. An empty one stands for no settings.
#[derive(Debug)]
pub struct Document<'a> {
    /// The text, without a byte order mark.
    pub text: &'a str,
    /// The settings, with their places in the text; none in an empty text.
    pub root: Option<Object<'a>>,
    /// How many bytes come before the text.
    pub mark: usize,
}

/// A handler, and what it is called for.
#[derive(Debug)]
pub struct Handler<'a, 'b> {
    /// The event.
    pub event: &'b str,
    /// The tools that its group names; without it, all.
    pub matcher: Option<&'b str>,
    /// The handler itself.
    pub object: &'b Object<'a>,
}

impl<'a> Document<'a> {
    /// Reads a settings file, or says why it cannot be understood.
    pub fn read(bytes: &'a [u8]) -> Result<Self, Reason> {
        let whole = str::from_utf8(bytes).map_err(|error| Reason::NotText(error.valid_up_to()))?;
        let text = whole.strip_prefix(BYTE_ORDER_MARK).unwrap_or(whole);
        let mark = whole.len() - text.len();
        if text.trim().is_empty() {
            return Ok(Self { text, root: None, mark });
        }
        // Only the grammar itself: what goes beyond it, a client may not read. This reader also
        // knows no more than 128 values within each other.
        serde_json::from_str::<serde_json::Value>(text)
            .map_err(|error| Reason::NotJson(error.to_string()))?;
        let parsed = parse_to_ast(text, &CollectOptions::default(), &ParseOptions::default())
            .map_err(|error| Reason::NotJson(error.to_string()))?;
        match parsed.value {
            Some(Value::Object(root)) => Ok(Self { text, root: Some(root), mark }),
            Some(other) => Err(wrong("the whole", &other, "an object")),
            None => Err(Reason::NotJson("it has no value".to_owned())),
        }
    }

    /// Holds the places that a registration goes to, to what a client expects there.
    pub fn check(&self) -> Result<(), Reason> {
        let Some(root) = &self.root else { return Ok(()) };
        match only(root, "hooks")?.map(|property| &property.value) {
            None => Ok(()),
            Some(Value::Object(hooks)) => EVENTS.into_iter().try_for_each(|event| {
                match only(hooks, event)?.map(|property| &property.value) {
                    None | Some(Value::Array(_)) => Ok(()),
                    Some(other) => Err(wrong(event, other, "an array")),
                }
            }),
            Some(other) => Err(wrong("hooks", other, "an object")),
        }
    }

    /// All settings for hooks, if they have the form that a client expects.
    pub fn hooks(&self) -> Option<&Object<'a>> {
        last(self.root.as_ref()?, "hooks")?.value.as_object()
    }

    /// All handlers, in the order of the text.
    pub fn handlers(&self) -> impl Iterator<Item = Handler<'a, '_>> {
        let events = self.hooks().into_iter().flat_map(|hooks| &hooks.properties);
        events.flat_map(|event| {
            groups(event).filter_map(Value::as_object).flat_map(move |group| {
                let matcher = text_of(group, "matcher");
                let handlers = handlers(group).into_iter().flat_map(|handlers| &handlers.elements);
                handlers.filter_map(Value::as_object).map(move |object| Handler {
                    event: event.name.as_str(),
                    matcher,
                    object,
                })
            })
        })
    }
}

impl Handler<'_, '_> {
    /// The command, if it runs one.
    pub fn command(&self) -> Option<&str> {
        command(self.object)
    }

    /// The arguments in exec form; none in shell form.
    pub fn args(&self) -> Option<Vec<String>> {
        let args = last(self.object, "args")?.value.as_array()?;
        let texts = args.elements.iter().filter_map(Value::as_string_lit);
        Some(texts.map(|text| text.value.to_string()).collect())
    }

    /// How long the client waits for it, in seconds, if it is said.
    pub fn timeout(&self) -> Option<f64> {
        last(self.object, "timeout")?.value.as_number_lit()?.value.parse().ok()
    }

    /// Which hook of ours it runs, if any.
    pub fn hook(&self) -> Option<&'static str> {
        hook(self.object)
    }
}

/// The groups of one event.
pub fn groups<'a, 'b>(event: &'b ObjectProp<'a>) -> impl Iterator<Item = &'b Value<'a>> {
    event.value.as_array().into_iter().flat_map(|groups| &groups.elements)
}

/// The handlers of one group.
pub fn handlers<'a, 'b>(group: &'b Object<'a>) -> Option<&'b Array<'a>> {
    last(group, "hooks")?.value.as_array()
}

/// Which hook of ours a handler runs, if any.
pub fn hook(handler: &Object<'_>) -> Option<&'static str> {
    hook_of(command(handler)?, last(handler, "args").is_some())
}

/// A setting: of those with the same key, a reader takes the last.
pub fn last<'a, 'b>(object: &'b Object<'a>, key: &str) -> Option<&'b ObjectProp<'a>> {
    object.properties.iter().rfind(|property| property.name.as_str() == key)
}

/// The text that a setting has.
pub fn text_of<'b>(object: &'b Object<'_>, key: &str) -> Option<&'b str> {
    Some(&last(object, key)?.value.as_string_lit()?.value)
}

fn command<'b>(handler: &'b Object<'_>) -> Option<&'b str> {
    text_of(handler, "type").is_none_or(|kind| kind == "command").then_some(())?;
    text_of(handler, "command")
}

/// A setting that is there once, if at all.
fn only<'a, 'b>(
    object: &'b Object<'a>,
    key: &'static str,
) -> Result<Option<&'b ObjectProp<'a>>, Reason> {
    let mut found = object.properties.iter().filter(|property| property.name.as_str() == key);
    let first = found.next();
    if found.next().is_some() { Err(Reason::Twice(key.to_owned())) } else { Ok(first) }
}

fn wrong(key: &'static str, value: &Value<'_>, expected: &'static str) -> Reason {
    let found = match value {
        Value::StringLit(_) => "a text",
        Value::NumberLit(_) => "a number",
        Value::BooleanLit(_) => "true or false",
        Value::Object(_) => "an object",
        Value::Array(_) => "an array",
        Value::NullKeyword(_) => "null",
    };
    Reason::WrongType { key, found, expected }
}

/// Where a value lies in the text.
pub fn span(node: &impl Ranged) -> Range<usize> {
    node.start()..node.end()
}
