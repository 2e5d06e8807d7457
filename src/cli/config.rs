//! `config`: the settings in force, and where each is from.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::time::Duration;
use std::{fmt, fs};

use clap::Args;
use muzzle_persona::broker::{self, Seed, Setting, SettingValue};
use muzzle_persona::environment::{
    HOOK_TIMEOUT, INJECT, INJECT_TIMEOUT, NOW, RELEASE_TIMEOUT, STORE,
};
use serde::Serialize;

use super::{Context, Failure, ShownPath, Table, environment, line};

/// Show each setting in force, and where it is from
///
/// Built in, a line of `seed.toml` in the store, a variable of the environment or an
/// option. docs/broker.md tells what the numbers of the choice mean.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  muzzle-persona config
  muzzle-persona config --json")]
pub struct ConfigArgs {}

pub fn run(_: &ConfigArgs, context: &mut Context) -> Result<ConfigReport, Failure> {
    let file = context.options.dir.join("seed.toml");
    let text = match fs::read_to_string(&file) {
        Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
        read => read.map_err(|error| Failure::read(&file, &error))?,
    };
    Seed::with_user(&file, &text)?;
    let numbers = broker::settings(&file, &text)?.into_iter().map(|setting| {
        let Setting { table, name, value, built_in, line, is_used } = setting;
        let from = line.map_or(Origin::BuiltIn, |_| Origin::File);
        let file = line.map(|_| ShownPath::from(&file));
        let name = format!("{table}.{name}");
        let (value, built_in) = (Some(value.into()), Some(built_in.into()));
        SettingReport { name, value, built_in, from, file, line, variable: None, is_used }
    });
    let mut settings: Vec<_> = numbers.collect();
    settings.extend(surroundings(context));
    Ok(ConfigReport { settings })
}

/// What comes from the environment, or may.
fn surroundings(context: &Context) -> Vec<SettingReport> {
    let variables = environment::own_variables();
    let variable = |name: &'static str| {
        let value = variables.get(name).filter(|value| !value.is_empty());
        value.map(|value| (name, value.clone()))
    };
    let shown = |value: OsString| Value::Word(value.to_string_lossy().into_owned());
    let setting = |name: &str, set: Option<(&'static str, OsString)>, built_in: Option<Value>| {
        let (from, value) = match &set {
            Some((_, value)) => (Origin::Variable, Some(shown(value.clone()))),
            None => (Origin::BuiltIn, built_in.clone()),
        };
        let variable = set.map(|(name, _)| name);
        let (name, file, line) = (name.to_owned(), None, None);
        SettingReport { name, value, built_in, from, file, line, variable, is_used: true }
    };
    let milliseconds = |time: Duration| {
        let milliseconds = u32::try_from(time.as_millis()).unwrap_or(u32::MAX);
        Some(Value::Number(milliseconds.into()))
    };
    let dir = context.options.dir.clone();
    let mut store = setting("store", variable(STORE), None);
    // An option has the last word.
    if environment::store_dir(None).ok().as_ref() != Some(&dir) {
        (store.from, store.variable) = (Origin::Option, None);
    }
    store.value = Some(Value::Word(dir.to_string_lossy().into_owned()));
    let named = Some(Value::Word("named".to_owned()));
    let timeout = |name, built_in| setting(name, variable(HOOK_TIMEOUT), milliseconds(built_in));
    vec![
        store,
        setting("now", variable(NOW), None),
        setting("hook.inject", variable(INJECT), named),
        timeout("hook.inject_timeout_ms", INJECT_TIMEOUT),
        timeout("hook.release_timeout_ms", RELEASE_TIMEOUT),
    ]
}

#[derive(Debug, Serialize)]
pub struct ConfigReport {
    settings: Vec<SettingReport>,
}

#[derive(Debug, Serialize)]
struct SettingReport {
    name: String,
    /// Nothing where it is not one value, as the time is.
    value: Option<Value>,
    /// What it is where nothing sets it, where that is one value.
    built_in: Option<Value>,
    from: Origin,
    file: Option<ShownPath>,
    line: Option<usize>,
    variable: Option<&'static str>,
    /// Whether the model of the choice looks at it.
    #[serde(rename = "used")]
    is_used: bool,
}

/// Where a setting is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Origin {
    BuiltIn,
    File,
    Variable,
    Option,
}

/// A value as JSON has it, and as people read it.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
enum Value {
    Number(serde_json::Number),
    Word(String),
    Switch(bool),
}

impl From<SettingValue> for Value {
    fn from(value: SettingValue) -> Self {
        match value {
            SettingValue::Word(word) => Self::Word(word),
            SettingValue::Switch(is_on) => Self::Switch(is_on),
            // As it is written: 8, and not 8.0.
            SettingValue::Number(number) => {
                let number = number.to_string().parse();
                number.map_or(Self::Word("nan".to_owned()), Self::Number)
            }
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Word(word) => word.fmt(f),
            Self::Switch(is_on) => is_on.fmt(f),
        }
    }
}

impl fmt::Display for ConfigReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new(&["NAME", "VALUE", "FROM"]);
        let mut idle = Vec::new();
        for it in &self.settings {
            if it.is_used {
                table.row(&[&it.name, &it.shown(), &it.origin()]);
            } else if it.from != Origin::BuiltIn {
                idle.push(it);
            }
        }
        table.show(f)?;
        for it in idle {
            let from = it.origin();
            line(
                f,
                format!(
                    "`{}` is {} in {from}, and the model does not look at it.",
                    it.name,
                    it.shown()
                ),
            )?;
        }
        Ok(())
    }
}

impl SettingReport {
    fn shown(&self) -> String {
        self.value.as_ref().map_or_else(|| "as the clock says".to_owned(), ToString::to_string)
    }

    fn origin(&self) -> String {
        let instead = match &self.built_in {
            Some(built_in) => format!(", in place of {built_in}"),
            None => String::new(),
        };
        match (self.from, &self.file, self.line, self.variable) {
            (Origin::File, Some(file), Some(line), _) => format!("{file}, line {line}{instead}"),
            (Origin::Variable, _, _, Some(variable)) => format!("{variable}{instead}"),
            (Origin::Option, ..) => "--store".to_owned(),
            _ => "built in".to_owned(),
        }
    }
}
