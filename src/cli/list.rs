//! `list`: show the roster.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::fmt;

use clap::{Args, ValueEnum};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use muzzle_persona::broker::Rules;
use muzzle_persona::events::{ProjectName, RoleName, Tag};
use muzzle_persona::projection::{Needs, Persona, RoleRecord};
use muzzle_persona::wording::LISTED;
use serde::Serialize;

use super::persona::{Best, PersonaReport, tags};
use super::table::Column;
use super::{AtArgs, Context, Failure, Table, minute};

const COLUMNS: [Column; 9] = [
    Column::new("NAME").whole(),
    Column::new("STATUS").tells(),
    Column::new("HELD BY").names().drops(5),
    Column::new("SINCE").whole().drops(2),
    Column::new("BEST AS").whole().drops(7),
    Column::new("VERDICTS").whole().tells().drops(6),
    Column::new("EXPERTISE").drops(1),
    Column::new("DONE").right().drops(3),
    Column::new("LAST ASSIGNED").whole().drops(4),
];

/// List the personas: free or held, and how good each is
///
/// The best role is the one with the best score of those in which a persona worked or
/// was judged; the verdicts are those of all roles that count now.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  muzzle-persona list
  muzzle-persona list --role code-reviewer --status free
  muzzle-persona list --status all --sort done --at yesterday")]
pub struct ListArgs {
    /// Which ones
    #[arg(long, value_enum, default_value = "active")]
    status: StatusFilter,
    /// Only those who know this field
    #[arg(long, value_name = "TAG", value_parser = Tag::parse)]
    expertise: Option<Tag>,
    /// By the score in this role, best first
    #[arg(short = 'r', long, value_parser = RoleName::parse)]
    role: Option<RoleName>,
    /// Only those who are held for this project, or worked on it last
    #[arg(short = 'p', long, value_parser = ProjectName::parse)]
    project: Option<ProjectName>,
    /// In which order [default: by name; with `--role`, the best first]
    #[arg(long, value_enum, value_name = "ORDER")]
    sort: Option<Order>,
    #[command(flatten)]
    at: AtArgs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum StatusFilter {
    /// Those that can be lent, or are
    Active,
    /// Those that an agent has now
    Held,
    /// Those that can be lent at once
    Free,
    /// Those that are retired
    Archived,
    /// All of them
    All,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Order {
    /// By name
    Name,
    /// The best score first
    Best,
    /// The one that was lent last first
    Last,
    /// The one that did most first
    Done,
}

impl ListArgs {
    fn takes(&self, persona: &Persona) -> bool {
        let has_status = match self.status {
            StatusFilter::Active => persona.is_active(),
            StatusFilter::Held => persona.is_held(),
            StatusFilter::Free => persona.is_free(),
            StatusFilter::Archived => !persona.is_active(),
            StatusFilter::All => true,
        };
        let knows = |project: &ProjectName| {
            persona.leases.iter().any(|lease| lease.project == *project)
                || persona.recent_work(None).any(|work| work.project == *project)
        };
        has_status
            && self.expertise.iter().all(|tag| persona.definition.expertise.contains(tag))
            && self.project.as_ref().is_none_or(knows)
    }
}

pub fn run(args: &ListArgs, context: &mut Context, json: bool) -> Result<ListReport, Failure> {
    let mut snapshot = context.read(&args.at)?;
    let role = args.role.as_ref().map(|typed| snapshot.rules().roles.known(typed));
    let role = role.transpose()?.map(|role| role.name.clone());
    let usual = if role.is_some() { Order::Best } else { Order::Name };
    let order = args.sort.unwrap_or(usual);
    let zone = context.zone.clone();
    Ok(snapshot.look(&Needs::everyone(), |then| {
        let (rules, now) = (then.rules(), then.now());
        let wanted = then.roster().by_name().into_iter().filter(|persona| args.takes(persona));
        let wanted = wanted.map(|persona| (persona, best(persona, role.as_ref(), rules, now)));
        let mut wanted: Vec<_> = wanted.collect();
        // They come by name, and so do those that are equal.
        match order {
            Order::Name => {}
            Order::Best => {
                wanted.sort_by_key(|(_, best)| Reverse(best.as_ref().map(|it| it.total)));
            }
            Order::Last => wanted.sort_by_key(|(persona, _)| Reverse(persona.last_assigned)),
            Order::Done => wanted.sort_by_key(|(persona, _)| Reverse(done(persona))),
        }
        let (mut personas, mut table, mut told) =
            (Vec::new(), Table::new(&COLUMNS), BTreeSet::new());
        for (persona, best) in wanted {
            if json {
                personas.push(PersonaReport { best, ..PersonaReport::new(persona, rules, now) });
            } else {
                let row = row(persona, best, &zone);
                let columns = row.iter().enumerate().filter(|(_, cell)| !cell.is_empty());
                told.extend(columns.map(|(column, _)| column));
                table.row(&row.each_ref().map(|cell| cell as &dyn fmt::Display));
            }
        }
        // A column in which nothing stands tells nothing.
        (2..6).filter(|column| !told.contains(column)).for_each(|column| table.hide(column));
        Ok(ListReport { personas, table: (!told.is_empty()).then_some(table) })
    })?)
}

fn best(persona: &Persona, role: Option<&RoleName>, rules: &Rules, now: Timestamp) -> Option<Best> {
    match role {
        None => Best::of(persona, rules, now),
        Some(role) => Some(Best::in_role(persona, role, rules, now)),
    }
}

/// How much work of a persona was finished.
fn done(persona: &Persona) -> u64 {
    persona.roles.values().map(RoleRecord::closed).sum()
}

/// What the table shows of a persona.
fn row(persona: &Persona, best: Option<Best>, zone: &TimeZone) -> [String; COLUMNS.len()] {
    let held = persona.leases.len();
    let mut holders: Vec<_> =
        persona.leases.iter().take(LISTED).map(|by| by.slot.agent().to_owned()).collect();
    holders.extend((held > LISTED).then(|| format!("{} more", held - LISTED)));
    let since = persona.leases.iter().map(|by| by.since).min();
    let status = match (persona.is_active(), holders.is_empty()) {
        (true, true) => "free",
        (true, false) => "held",
        (false, true) => "archived",
        (false, false) => "archived, held",
    };
    let best = best.map(|Best { role, total }| format!("{role} {:.2}", total.as_f64()));
    let tallies = || persona.roles.values().map(|record| record.tally);
    let (good, all) =
        (tallies().map(|it| it.positive).sum::<u64>(), tallies().map(|it| it.total()));
    let verdicts = match all.sum::<u64>() {
        0 => String::new(),
        all => format!("{good} of {all} good"),
    };
    [
        persona.name().to_string(),
        status.to_owned(),
        holders.join(", "),
        since.map(|since| minute(since, zone)).unwrap_or_default(),
        best.unwrap_or_default(),
        verdicts,
        tags(&persona.definition.expertise),
        done(persona).to_string(),
        persona.last_assigned.map_or_else(|| "never".to_owned(), |at| minute(at, zone)),
    ]
}

#[derive(Debug, Serialize)]
pub struct ListReport {
    /// For JSON.
    personas: Vec<PersonaReport>,
    /// For people, if there is anybody.
    #[serde(skip)]
    table: Option<Table>,
}

impl fmt::Display for ListReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.table {
            Some(table) => table.show(f),
            None => writeln!(f, "No persona matches."),
        }
    }
}
