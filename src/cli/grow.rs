//! `grow`: make new personas.

use std::fmt;

use clap::Args;
use muzzle_persona::broker::{self, GROW_LIMIT};
use muzzle_persona::{events::Definition, projection::Needs, wording::Count};
use serde::Serialize;

use super::{Context, Failure, Table, number::whole, persona::tags};

/// Make new personas with unused names
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  muzzle-persona grow
  muzzle-persona grow -n 20")]
pub struct GrowArgs {
    /// How many, 1,000 at the most
    #[arg(short = 'n', long, value_name = "N", default_value = "5")]
    #[arg(value_parser = whole(1..=GROW_LIMIT))]
    count: u16,
}

pub fn run(args: &GrowArgs, context: &mut Context) -> Result<GrowReport, Failure> {
    // Its words are the user's.
    context.open_with_seed()?;
    context.warnings.clear();
    let rule = |it: &mut broker::Situation<'_>| broker::grow_many(it, args.count);
    let (_, grown) = context.execute(&Needs::nothing(), rule)?;
    Ok(GrowReport { grown })
}

#[derive(Debug, Serialize)]
pub struct GrowReport {
    grown: Vec<Definition>,
}

impl fmt::Display for GrowReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Grew {}:", Count(self.grown.len(), "persona"))?;
        let mut table = Table::new(&["NAME", "TRAITS", "EXPERTISE"]);
        for Definition { name, traits, expertise, .. } in &self.grown {
            table.row(&[name, &tags(traits), &tags(expertise)]);
        }
        table.show(f)
    }
}
