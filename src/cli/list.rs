//! `list`: show the roster.

use std::fmt;

use clap::{Args, builder::PossibleValue};
use muzzle_persona::events::Tag;
use muzzle_persona::projection::{Needs, Persona, RoleRecord};
use serde::Serialize;

use super::persona::{PersonaReport, status_word, tags};
use super::{AtArgs, Context, Failure, Table, minute};

/// List the personas, by name
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  muzzle-persona list
  muzzle-persona list --status all --expertise security
  muzzle-persona list --at 2026-03-19")]
pub struct ListArgs {
    /// Which ones
    #[arg(long, default_value = "active", value_parser = [
        PossibleValue::new("active").help("Those that can be lent, or are"),
        PossibleValue::new("archived").help("Those that are retired"),
        PossibleValue::new("all").help("All of them"),
    ])]
    status: String,
    /// Only those who know this field
    #[arg(long, value_name = "TAG", value_parser = Tag::parse)]
    expertise: Option<Tag>,
    #[command(flatten)]
    at: AtArgs,
}

pub fn run(args: &ListArgs, context: &mut Context, json: bool) -> Result<ListReport, Failure> {
    let mut snapshot = context.read(&args.at)?;
    let is_wanted = |persona: &&Persona| {
        (args.status == "all" || args.status == status_word(persona.status))
            && args.expertise.iter().all(|tag| persona.definition.expertise.contains(tag))
    };
    Ok(snapshot.look(&Needs::everyone(), |then| {
        let wanted = then.roster().by_name().into_iter().filter(is_wanted);
        let (mut personas, mut rows) = (Vec::new(), Vec::new());
        for persona in wanted {
            // The scores of a thousand personas take longer than the table, which shows none.
            if json {
                personas.push(PersonaReport::new(persona, then.rules(), then.now()));
            } else {
                rows.push(row(persona));
            }
        }
        Ok(ListReport { personas, rows })
    })?)
}

/// What the table shows of a persona.
fn row(persona: &Persona) -> [String; 5] {
    let holders: Vec<_> = persona.leases.iter().map(|by| by.slot.as_str()).collect();
    let held = format!("held by {}", holders.join(", "));
    let status = match (status_word(persona.status), holders.is_empty()) {
        ("active", true) => "free".to_owned(),
        ("active", false) => held,
        (status, true) => status.to_owned(),
        (status, false) => format!("{status}, {held}"),
    };
    let done = persona.roles.values().map(RoleRecord::closed).sum::<u64>();
    let last = persona.last_assigned.map_or_else(|| "never".to_owned(), minute);
    let expertise = tags(&persona.definition.expertise);
    [persona.name().to_string(), status, expertise, done.to_string(), last]
}

#[derive(Debug, Serialize)]
pub struct ListReport {
    /// For JSON.
    personas: Vec<PersonaReport>,
    /// For the table.
    #[serde(skip)]
    rows: Vec<[String; 5]>,
}

impl fmt::Display for ListReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.rows.is_empty() {
            return writeln!(f, "No persona matches.");
        }
        let mut table = Table::new(&["NAME", "STATUS", "EXPERTISE", ">DONE", "LAST ASSIGNED"]);
        for row in &self.rows {
            table.row(&row.each_ref().map(|cell| cell as &dyn fmt::Display));
        }
        write!(f, "{table}")
    }
}
