//! `heat`: how well each persona fits each role.

use std::collections::BTreeMap;
use std::fmt;

use anstyle::{Ansi256Color, Style};
use clap::Args;
use jiff::Timestamp;
use muzzle_persona::broker::HeatCell;
use muzzle_persona::events::{PersonaName, Points, ProjectName, RoleName};
use muzzle_persona::wording::Count;
use serde::Serialize;

use super::grid::fit;
use super::{Picture, PictureArgs, Size, score, shade};
use crate::cli::output::{FAINT, HEADING, line};
use crate::cli::persona::doubt;
use crate::cli::wrap::hanging;
use crate::cli::{Context, Failure, Table, number::limit};

/// Show how well each persona fits each role
///
/// On a terminal with colours a heat map: in each cell the score, its doubt and the number of finished
/// jobs, grey where the persona is not told apart from the best of the others in that role. Anywhere
/// else a table, with one line for each persona and role.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  muzzle-persona heat
  muzzle-persona heat -n 5 --plain")]
pub struct HeatArgs {
    #[command(flatten)]
    picture: PictureArgs,
    /// At most this many personas, the best
    #[arg(short = 'n', long, value_name = "N", default_value = "20", value_parser = limit)]
    limit: usize,
    /// A table on a terminal, too, as for a screen reader
    #[arg(long)]
    plain: bool,
}

pub fn run(
    args: &HeatArgs,
    context: &mut Context,
    canvas: Option<usize>,
) -> Result<HeatReport, Failure> {
    let picture = Picture::gather(&args.picture, context, || Size { columns: 1, jobs: 0 })?;
    let shown = picture.heat.rows.iter().take(args.limit);
    let personas = shown.map(|row| {
        let cells = picture.heat.roles.iter().zip(&row.cells);
        let roles = cells.filter_map(|(role, cell)| {
            let jobs = picture.done(&row.persona, role);
            Some((role.clone(), Cell::new((*cell)?, jobs)))
        });
        HeatRow { name: row.persona.clone(), roles: roles.collect() }
    });
    Ok(HeatReport {
        at: picture.now,
        project: picture.project.clone(),
        personas: personas.collect(),
        personas_left_out: picture.heat.rows.len().saturating_sub(args.limit),
        roles_left_out: picture.heat.roles_left_out,
        roles: picture.heat.roles,
        width: canvas.filter(|_| !args.plain),
    })
}

#[derive(Debug, Serialize)]
pub struct HeatReport {
    at: Timestamp,
    project: Option<ProjectName>,
    roles: Vec<RoleName>,
    personas: Vec<HeatRow>,
    personas_left_out: usize,
    roles_left_out: usize,
    /// How many columns a drawing may have; none where there is a table.
    #[serde(skip)]
    width: Option<usize>,
}

#[derive(Debug, Serialize)]
struct HeatRow {
    name: PersonaName,
    roles: BTreeMap<RoleName, Cell>,
}

#[derive(Debug, Serialize)]
struct Cell {
    score: Points,
    doubt: Option<Points>,
    jobs: u64,
    told_apart: bool,
    /// For the map.
    #[serde(skip)]
    of: HeatCell,
}

impl Cell {
    fn new(cell: HeatCell, jobs: u64) -> Self {
        let HeatCell { score, told_apart } = cell;
        Self { score: score.total, doubt: score.doubt, jobs, told_apart, of: cell }
    }
}

/// The longest name of a persona or a role that is shown whole, and how wide a cell is.
const NAME: usize = 20;
const CELL: usize = 16;

impl fmt::Display for HeatReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.personas.is_empty() {
            return writeln!(f, "Nobody has a record yet.");
        }
        match self.width {
            Some(width) => self.draw(f, width)?,
            None => self.table(f)?,
        }
        if self.personas_left_out > 0 {
            let left_out = Count(self.personas_left_out as u64, "more persona");
            line(f, format!("Not listed: {left_out}; `--limit N` shows more of them."))?;
        }
        if self.roles_left_out > 0 {
            writeln!(f, "Not listed: {}.", Count(self.roles_left_out as u64, "more role"))?;
        }
        Ok(())
    }
}

impl HeatReport {
    fn table(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new(&["PERSONA", "ROLE", ">SCORE", ">DOUBT", ">JOBS", "TOLD APART"]);
        for HeatRow { name, roles } in &self.personas {
            for role in &self.roles {
                let Some(cell) = roles.get(role) else { continue };
                let total = format!("{:.3}", cell.score.as_f64());
                let told_apart = if cell.told_apart { "yes" } else { "no" };
                table.row(&[name, role, &total, &doubt(cell.doubt), &cell.jobs, &told_apart]);
            }
        }
        table.show(f)
    }

    /// Draws as many roles beside each other as there is room for, and the others below.
    fn draw(&self, f: &mut fmt::Formatter<'_>, width: usize) -> fmt::Result {
        let beside = (width.saturating_sub(NAME + 1) / CELL).max(1);
        for (block, roles) in self.roles.chunks(beside).enumerate() {
            if block > 0 {
                writeln!(f)?;
            }
            let headings: Vec<_> = roles.iter().map(|role| fit(role, CELL - 1)).collect();
            let headings = format!("{} {}", fit("", NAME), headings.join(" "));
            writeln!(f, "{HEADING}{}{HEADING:#}", headings.trim_end())?;
            for row in &self.personas {
                // Who did nothing in these roles is not worth a line among many blocks.
                if roles.iter().any(|role| row.roles.contains_key(role)) {
                    row.draw(f, roles)?;
                }
            }
        }
        let grey = hanging("Grey: not told apart from the best of the others in that role.", width);
        writeln!(f, "\n{}", grey.replacen("Grey", &format!("{FAINT}Grey{FAINT:#}"), 1))?;
        line(f, "A cell: the score, its doubt, and the number of finished jobs.")
    }
}

impl HeatRow {
    fn draw(&self, f: &mut fmt::Formatter<'_>, roles: &[RoleName]) -> fmt::Result {
        write!(f, "{}", fit(&self.name, NAME))?;
        for role in roles {
            let Some(cell) = self.roles.get(role) else {
                write!(f, " {FAINT}{}{FAINT:#}", fit("·", CELL - 1))?;
                continue;
            };
            let style = STYLES.get(shade(&cell.of)).filter(|_| cell.told_apart).unwrap_or(&FAINT);
            let (total, doubt) = score(&cell.of);
            let text = format!("{total} {} {}", doubt.unwrap_or_default(), cell.jobs);
            write!(f, " {style}{}{style:#}", fit(text, CELL - 1))?;
        }
        writeln!(f)
    }
}

/// From orange over yellow to blue, which everybody can tell apart, with a text that stands out.
const STYLES: [Style; 5] = [
    shade_of(130, 231),
    shade_of(180, 16),
    shade_of(229, 16),
    shade_of(117, 16),
    shade_of(25, 231),
];

const fn shade_of(background: u8, text: u8) -> Style {
    Style::new()
        .bg_color(Some(anstyle::Color::Ansi256(Ansi256Color(background))))
        .fg_color(Some(anstyle::Color::Ansi256(Ansi256Color(text))))
}
