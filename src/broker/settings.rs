//! The numbers and switches that a seed file can set, and which of them it does.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use toml::{Spanned, Value};

use super::hook_settings::ClientSettings;
use super::lifecycle::Lifecycle;
use super::scoring_table::{MODEL, ScoringTable};
use super::seed_file::{SeedError, located};

/// One number of the rules, the name of the model, or a switch.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// The table of the seed file that it belongs in.
    pub table: &'static str,
    /// Its key there.
    pub name: String,
    /// What it is.
    pub value: SettingValue,
    /// What it is where no file sets it.
    pub built_in: SettingValue,
    /// The line of the file that sets it, from 1; nothing if none does.
    pub line: Option<usize>,
    /// Whether the model that is used looks at it.
    pub is_used: bool,
}

/// A number, a word, or a switch.
#[derive(Debug, Clone, PartialEq)]
pub enum SettingValue {
    /// A number; one that is whole is a float, too.
    Number(f64),
    /// A word.
    Word(String),
    /// Whether something is done.
    Switch(bool),
}

/// The tables of a seed file that hold numbers, with the places of their keys.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Tables {
    scoring: ScoringTable,
    lifecycle: BTreeMap<Spanned<String>, Spanned<Value>>,
    client: BTreeMap<Spanned<String>, Spanned<Value>>,
}

/// Lists all numbers and switches in force: those of a file that [`Seed`](super::Seed) takes, and the built-in ones.
pub fn settings(path: &Path, text: &str) -> Result<Vec<Setting>, SeedError> {
    let tables: Tables = toml::from_str(text).map_err(|error| {
        let offset = error.span().map_or(0, |span| span.start);
        located(path, text, offset, error.message().to_owned())
    })?;
    let line = |keys: &BTreeMap<Spanned<String>, Spanned<Value>>, name: &str| {
        let key = keys.keys().find(|key| key.get_ref() == name)?;
        Some(located(path, text, key.span().start, String::new()).line)
    };
    let model = |scoring: &ScoringTable| SettingValue::Word(scoring.model().to_owned());
    let scoring = &tables.scoring;
    let mut settings = vec![Setting {
        table: "scoring",
        name: MODEL.to_owned(),
        value: model(scoring),
        built_in: model(&ScoringTable::default()),
        line: line(&scoring.0, MODEL),
        is_used: true,
    }];
    settings.extend(scoring.numbers().map(|(name, value, built_in, is_used)| Setting {
        table: "scoring",
        name: name.to_owned(),
        value: SettingValue::Number(value),
        built_in: SettingValue::Number(built_in),
        line: line(&scoring.0, name),
        is_used,
    }));
    let lifecycle = &tables.lifecycle;
    settings.extend(Lifecycle::default().numbers().map(|(name, built_in)| {
        let built_in = f64::from(built_in);
        let own = lifecycle.iter().find(|(key, _)| key.get_ref() == name);
        let own = own.and_then(|(_, value)| super::scoring_table::as_number(value.get_ref()));
        Setting {
            table: "lifecycle",
            name: name.to_owned(),
            value: SettingValue::Number(own.unwrap_or(built_in)),
            built_in: SettingValue::Number(built_in),
            line: line(lifecycle, name),
            is_used: true,
        }
    }));
    let client = &tables.client;
    settings.extend(ClientSettings::default().switches().into_iter().map(|(name, built_in)| {
        let own = client.iter().find(|(key, _)| key.get_ref() == name);
        let own = own.and_then(|(_, value)| value.get_ref().as_bool());
        Setting {
            table: "client",
            name: name.to_owned(),
            value: SettingValue::Switch(own.unwrap_or(built_in)),
            built_in: SettingValue::Switch(built_in),
            line: line(client, name),
            is_used: true,
        }
    }));
    Ok(settings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::broker::{Rules, Seed};

    fn of(text: &str) -> Vec<Setting> {
        settings(Path::new("seed.toml"), text).unwrap()
    }

    fn find(settings: &[Setting], name: &str) -> (SettingValue, Option<usize>, bool) {
        let setting = settings.iter().find(|it| it.name == name).unwrap();
        (setting.value.clone(), setting.line, setting.is_used)
    }

    #[test]
    fn without_a_file_everything_is_built_in() {
        for setting in of("") {
            assert_eq!((setting.value, setting.line), (setting.built_in, None), "{}", setting.name);
        }
        assert_eq!(of("").len(), 1 + 14 + 4 + 3);
    }

    #[test]
    fn a_file_sets_numbers_where_its_lines_say_so() {
        let text = "[scoring]\n\nstart = 0.4 # less\n[lifecycle]\nstale_after_hours = 6\n";
        let settings = of(text);
        assert_eq!(find(&settings, "start"), (SettingValue::Number(0.4), Some(3), true));
        assert_eq!(find(&settings, "prior"), (SettingValue::Number(8.0), None, true));
        assert_eq!(
            find(&settings, "stale_after_hours"),
            (SettingValue::Number(6.0), Some(5), true)
        );
        assert_eq!(find(&settings, "overlap"), (SettingValue::Number(0.3), None, false));
    }

    #[test]
    fn the_model_share_has_numbers_of_its_own() {
        let settings = of("scoring.model = \"share\"");
        assert_eq!(find(&settings, "model"), (SettingValue::Word("share".into()), Some(1), true));
        assert_eq!(find(&settings, "recency"), (SettingValue::Number(0.5), None, true));
        assert!(find(&settings, "overlap").2 && !find(&settings, "prior").2);
    }

    #[test]
    fn the_numbers_that_are_told_are_those_that_decide() {
        let text =
            "[scoring]\nmodel = \"share\"\nrecency = 0.2\n[lifecycle]\nstale_after_hours = 6\n";
        let told = of(text).into_iter().filter(|it| it.is_used);
        let file: String = told
            .map(|it| match it.value {
                SettingValue::Number(number) => format!("{}.{} = {number}\n", it.table, it.name),
                SettingValue::Word(word) => format!("{}.{} = {word:?}\n", it.table, it.name),
                SettingValue::Switch(is_on) => format!("{}.{} = {is_on}\n", it.table, it.name),
            })
            .collect();
        let rules = |text: &str| -> Rules {
            Seed::with_user(Path::new("seed.toml"), text).unwrap().rules().unwrap()
        };
        assert_eq!(rules(&file), rules(text));
    }
}
