//! `roles`: the kinds of work, and who is best in each.

use std::fmt;

use clap::{Args, Subcommand};
use muzzle_persona::broker::{self, Described, FoundBy, Resolution, Role, Roles};
use muzzle_persona::events::{PersonaName, RoleName, Tag, visible};
use muzzle_persona::projection::Needs;
use muzzle_persona::wording::{LISTED, quoted_first};
use muzzle_persona::{Snapshot, StoreError};
use serde::Serialize;

use super::output::{FAINT, HEADING};
use super::persona::{Candidate, doubt, not_told_apart, tags};
use super::wrap::wrapped;
use super::{AtArgs, Context, Failure, Table, line};

/// List the roles, and who is best in each
///
/// For each role: its other names, what qualifies for it, the words of a sub-agent's
/// type, description or name that tell of it, how to work in it when the persona has
/// no way of its own, and who would be lent for it now. An independent role judges
/// work, and goes to somebody who took no part in that.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, disable_help_subcommand = true)]
#[command(after_long_help = "\
Examples:
  muzzle-persona roles
  muzzle-persona roles -r testing
  muzzle-persona roles resolve flaky-test-hunter")]
pub struct RolesArgs {
    /// Only this one, with all its words
    #[arg(short = 'r', long, value_parser = RoleName::parse)]
    role: Option<RoleName>,
    #[command(flatten)]
    at: AtArgs,
    #[command(subcommand)]
    command: Option<RolesCommand>,
}

#[derive(Debug, Subcommand)]
enum RolesCommand {
    Resolve(ResolveArgs),
}

/// Tell which role a text would get, and why
///
/// A text can come as a role that `assign` is asked for, or as the type, the description
/// or the name of a sub-agent that a hook sees. What is told is what each would do.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  muzzle-persona roles resolve qa
  muzzle-persona roles resolve 'Find out why the build hangs'")]
struct ResolveArgs {
    /// The role, type, description or name
    text: String,
}

pub fn run(args: &RolesArgs, context: &mut Context) -> Result<RolesAnswer, Failure> {
    if let Some(RolesCommand::Resolve(ResolveArgs { text })) = &args.command {
        // What a text would get is known before there is a store.
        let rules = context.seed()?.rules().map_err(StoreError::from)?;
        return Ok(RolesAnswer::Resolved(resolve(&rules.roles, text)));
    }
    let mut snapshot = context.read(&args.at)?;
    let known = &snapshot.rules().roles;
    let names: Vec<_> = match &args.role {
        Some(typed) => vec![known.known(typed)?.name.clone()],
        None => known.all().iter().map(|role| role.name.clone()).collect(),
    };
    Ok(snapshot.look(&Needs::roles(names.clone()), |then| {
        let all = then.rules().roles.all().iter().filter(|role| names.contains(&role.name));
        let roles = all.map(|role| report(then, role)).collect();
        Ok(RolesAnswer::All(RolesReport { roles, is_one: args.role.is_some() }))
    })?)
}

fn report(then: &Snapshot, role: &Role) -> RoleReport {
    let candidates = then.roster().candidates_for(&role.name, &role.expertise);
    let candidates =
        candidates.filter(|it| broker::is_candidate(it, then.roster(), then.rules(), then.now()));
    let ranking = broker::rank(candidates, role, &then.rules().scoring, then.now());
    let not_told_apart = ranking.split_first().map(|((_, first), others)| {
        not_told_apart(first, others.iter().map(|(it, score)| (it.name, score)))
    });
    let best = ranking.into_iter().next();
    let Role { name, expertise, aliases, keywords, hints, independent, instruction } = role.clone();
    let texts = |words: Vec<_>| words.iter().map(ToString::to_string).collect();
    RoleReport {
        name,
        aliases: texts(aliases),
        expertise,
        keywords: texts(keywords),
        hints: texts(hints),
        independent,
        instruction: instruction.to_string(),
        best: best.map(|(it, score)| Candidate::new(it.name.clone(), score)),
        not_told_apart: not_told_apart.unwrap_or_default(),
    }
}

/// What a text gets in each of the ways in which it can come.
fn resolve(roles: &Roles, text: &str) -> ResolveReport {
    let asked = RoleName::parse(text).ok().map(|asked| ("role", roles.explain(&asked)));
    let nothing = Described::default();
    let agents = [
        ("type", Described { kind: Some(text), ..nothing }),
        ("description", Described { description: Some(text), ..nothing }),
        ("name", Described { name: Some(text), ..nothing }),
    ];
    let agents = agents.map(|(way, agent)| (way, roles.explain_agent(agent)));
    let all = asked.into_iter().chain(agents).map(|(way, told)| {
        let Resolution { role, by, nearest, words } = told;
        let words =
            words.into_iter().map(|(word, points)| SpokenWord { word: word.to_string(), points });
        ResolutionReport {
            way,
            role: role.name.clone(),
            by,
            nearest: nearest.cloned(),
            words: words.collect(),
        }
    });
    ResolveReport { text: text.to_owned(), resolutions: all.collect() }
}

/// The one answer or the other.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum RolesAnswer {
    All(RolesReport),
    Resolved(ResolveReport),
}

#[derive(Debug, Serialize)]
pub struct RolesReport {
    roles: Vec<RoleReport>,
    /// Whether it is about one role, of which all words are shown on a terminal, too.
    #[serde(skip)]
    is_one: bool,
}

#[derive(Debug, Serialize)]
struct RoleReport {
    name: RoleName,
    aliases: Vec<String>,
    expertise: Vec<Tag>,
    keywords: Vec<String>,
    hints: Vec<String>,
    independent: bool,
    instruction: String,
    /// Who would be lent for it now, if anybody is free.
    best: Option<Candidate>,
    /// Those who are not told apart from the best.
    not_told_apart: Vec<PersonaName>,
}

#[derive(Debug, Serialize)]
pub struct ResolveReport {
    text: String,
    resolutions: Vec<ResolutionReport>,
}

#[derive(Debug, Serialize)]
struct ResolutionReport {
    /// As what the text comes.
    #[serde(rename = "as")]
    way: &'static str,
    role: RoleName,
    by: FoundBy,
    nearest: Option<RoleName>,
    words: Vec<SpokenWord>,
}

#[derive(Debug, Serialize)]
struct SpokenWord {
    word: String,
    points: u32,
}

impl fmt::Display for RolesAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All(report) => report.fmt(f),
            Self::Resolved(report) => report.fmt(f),
        }
    }
}

impl fmt::Display for RolesReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_short = f.width().is_some() && !self.is_one;
        let columns = f.width().unwrap_or(usize::MAX);
        for (index, role) in self.roles.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            let words = if is_short { LISTED } else { usize::MAX };
            write_role(f, role, columns, words)?;
        }
        if is_short {
            writeln!(f)?;
            line(f, "`muzzle-persona roles -r ROLE` shows all words of one.")?;
        }
        Ok(())
    }
}

/// The column in which the words about a role begin.
const INDENT: usize = 15;

/// Writes about one role, with so many of the words that tell of it.
fn write_role(
    f: &mut fmt::Formatter<'_>,
    role: &RoleReport,
    columns: usize,
    most: usize,
) -> fmt::Result {
    let listed = |words: &[String]| quoted_first(most, words).to_string().replace('`', "");
    write!(f, "{HEADING}{}{HEADING:#}", visible(role.name.as_str()))?;
    let independent = if role.independent { " (independent)" } else { "" };
    writeln!(f, "{FAINT}{independent}{FAINT:#}")?;
    let best = match &role.best {
        None => "nobody is free".to_owned(),
        Some(Candidate { name, score, .. }) => {
            let (total, doubt) = (score.total.as_f64(), doubt(score.doubt));
            let others = quoted_first(1, &role.not_told_apart).to_string().replace('`', "");
            let alike =
                if others.is_empty() { others } else { format!(", not told apart from {others}") };
            format!("{name}, {total:.3} {doubt}{alike}")
        }
    };
    let parts = [
        ("Best", best),
        ("Other names", listed(&role.aliases)),
        ("Expertise", tags(&role.expertise)),
        ("Keywords", listed(&role.keywords)),
        ("Hints", listed(&role.hints)),
        ("Instruction", role.instruction.clone()),
    ];
    for (what, words) in parts.iter().filter(|(_, words)| !words.is_empty()) {
        let words = wrapped(&visible(words), INDENT, INDENT, columns);
        writeln!(f, "  {:<width$}{words}", format!("{what}:"), width = INDENT - 2)?;
    }
    Ok(())
}

impl fmt::Display for ResolveReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new(&["AS", "ROLE", "BECAUSE"]);
        for it in &self.resolutions {
            table.row(&[&it.way, &it.role, &it.because()]);
        }
        table.show(f)?;
        let unknown =
            self.resolutions.iter().any(|it| it.way == "role" && it.by == FoundBy::Nothing);
        if unknown {
            writeln!(f)?;
            line(f, "`assign` would choose for `general`, and warn.")?;
        }
        Ok(())
    }
}

impl ResolutionReport {
    fn because(&self) -> String {
        match self.by {
            FoundBy::Name => "it is its name".to_owned(),
            FoundBy::Alias => "it is another name for it".to_owned(),
            FoundBy::Beginning => "its name begins so".to_owned(),
            FoundBy::Words => {
                let words = self.words.iter().map(|it| format!("{} ({})", it.word, it.points));
                let words: Vec<_> = words.collect();
                let words = quoted_first(LISTED, &words).to_string().replace('`', "");
                format!("most words speak for it: {words}")
            }
            FoundBy::Nothing => match &self.nearest {
                Some(nearest) => format!("there is none like that; the nearest is {nearest}"),
                None => "nothing in it tells of a role".to_owned(),
            },
        }
    }
}
