//! The text of a settings file, parsed as far as hooks go, with the position of each value.

use jsonc_parser::ast::{ObjectProp, Value};
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

use super::FileError;
use super::hook::{Hook, events, own_name};
use super::location::Client;

/// What the client calls the plugin in our folder.
pub const FOLDER_PLUGIN: &str = "muzzle-persona@skills-dir";

#[derive(Debug)]
pub struct Document<'a> {
    /// The byte order mark before the text, if some editor put one there.
    pub mark: &'a str,
    pub text: &'a str,
    /// An object; `None` in an empty text, which stands for no settings.
    pub root: Option<Value<'a>>,
}

impl<'a> Document<'a> {
    pub fn read(bytes: &'a [u8]) -> Result<Self, FileError> {
        let all = str::from_utf8(bytes).map_err(|error| FileError::NotUtf8(error.valid_up_to()))?;
        let text = all.strip_prefix('\u{feff}').unwrap_or(all);
        let mark = all.strip_suffix(text).unwrap_or_default();
        if text.trim().is_empty() {
            return Ok(Self { mark, text, root: None });
        }
        // Only the grammar itself: what goes beyond it, a client may not read. This reader also
        // knows no more than 128 values within each other.
        serde_json::from_str::<serde_json::Value>(text)
            .map_err(|error| FileError::NotJson(error.to_string()))?;
        let parsed = parse_to_ast(text, &CollectOptions::default(), &ParseOptions::default())
            .map_err(|error| FileError::NotJson(error.to_string()))?;
        match parsed.value {
            Some(root @ Value::Object(_)) => Ok(Self { mark, text, root: Some(root) }),
            Some(other) => Err(wrong_type("the whole", &other, "an object")),
            None => Err(FileError::NotJson("it has no value".to_owned())),
        }
    }

    /// Checks that what a registration adds to has the form that a client expects.
    pub fn check(&self, client: Client) -> Result<(), FileError> {
        let Some(hooks) = only(self.root.as_ref(), "hooks")? else { return Ok(()) };
        if hooks.as_object().is_none() {
            return Err(wrong_type("hooks", hooks, "an object"));
        }
        events(client).try_for_each(|event| match only(Some(hooks), event)? {
            None | Some(Value::Array(_)) => Ok(()),
            Some(other) => Err(wrong_type(event, other, "an array")),
        })
    }

    pub fn setting(&self, key: &str) -> Option<&Value<'a>> {
        get(self.root.as_ref(), key)
    }

    pub fn hooks(&self) -> Vec<Hook> {
        let mut hooks = Vec::new();
        for event in properties(self.setting("hooks")) {
            for group in elements(&event.value) {
                let handlers = elements(get(group, "hooks")).iter();
                let handlers = handlers.filter(|handler| handler.as_object().is_some());
                hooks.extend(handlers.map(|handler| hook(event.name.as_str(), group, handler)));
            }
        }
        hooks
    }

    /// Returns the plugin of ours that is enabled from a marketplace.
    pub fn enabled_plugin(&self) -> Option<String> {
        let plugins = properties(self.setting("enabledPlugins")).iter();
        let enabled = plugins.filter(|plugin| flag(&plugin.value) != Some(false));
        // The folder that we write counts by itself.
        let is_ours = |name: &&str| name.starts_with("muzzle-persona@") && *name != FOLDER_PLUGIN;
        enabled.map(|plugin| plugin.name.as_str()).find(is_ours).map(str::to_owned)
    }
}

fn hook(event: &str, group: &Value<'_>, handler: &Value<'_>) -> Hook {
    let args = get(handler, "args").and_then(Value::as_array);
    let timeout = get(handler, "timeout").and_then(Value::as_number_lit);
    Hook {
        event: event.to_owned(),
        matcher: get(group, "matcher").and_then(text).map(str::to_owned),
        command: command(handler).map(str::to_owned),
        args: args.map(|it| it.elements.iter().filter_map(text).map(str::to_owned).collect()),
        timeout: timeout.and_then(|seconds| serde_json::from_str(seconds.value).ok()),
        own: own_hook(handler),
    }
}

/// Returns which hook of ours a handler runs, if any.
pub fn own_hook(handler: &Value<'_>) -> Option<&'static str> {
    own_name(command(handler)?, get(handler, "args").is_some())
}

fn command<'b>(handler: &'b Value<'_>) -> Option<&'b str> {
    let is_command = get(handler, "type").and_then(text).is_none_or(|kind| kind == "command");
    get(handler, "command").and_then(text).filter(|_| is_command)
}

/// Returns the value of a key: if it is there twice, readers take the last.
pub fn get<'a: 'b, 'b>(
    object: impl Into<Option<&'b Value<'a>>>,
    key: &str,
) -> Option<&'b Value<'a>> {
    let property = properties(object).iter().rfind(|property| property.name.as_str() == key);
    property.map(|property| &property.value)
}

pub fn properties<'a: 'b, 'b>(value: impl Into<Option<&'b Value<'a>>>) -> &'b [ObjectProp<'a>] {
    value.into().and_then(Value::as_object).map_or(&[], |object| &object.properties)
}

pub fn elements<'a: 'b, 'b>(value: impl Into<Option<&'b Value<'a>>>) -> &'b [Value<'a>] {
    value.into().and_then(Value::as_array).map_or(&[], |array| &array.elements)
}

pub fn text<'b>(value: &'b Value<'_>) -> Option<&'b str> {
    value.as_string_lit().map(|text| &*text.value)
}

pub fn flag(value: &Value<'_>) -> Option<bool> {
    value.as_boolean_lit().map(|flag| flag.value)
}

/// Returns the value of a key that is there once, if at all.
fn only<'a: 'b, 'b>(
    object: Option<&'b Value<'a>>,
    key: &'static str,
) -> Result<Option<&'b Value<'a>>, FileError> {
    if properties(object).iter().filter(|property| property.name.as_str() == key).count() > 1 {
        return Err(FileError::DuplicateKey(key));
    }
    Ok(get(object, key))
}

fn wrong_type(key: &'static str, value: &Value<'_>, expected: &'static str) -> FileError {
    let found = match value {
        Value::StringLit(_) => "a text",
        Value::NumberLit(_) => "a number",
        Value::BooleanLit(_) => "true or false",
        Value::Object(_) => "an object",
        Value::Array(_) => "an array",
        Value::NullKeyword(_) => "null",
    };
    FileError::WrongType { key, found, expected }
}
