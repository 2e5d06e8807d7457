//! What `log` is asked for, and which events it lists.

use clap::Args;
use muzzle_persona::broker;
use muzzle_persona::events::{EventText, ProjectName, Record, RoleName, SessionId};
use muzzle_persona::projection::{Cutoff, Moment, Needs};
use muzzle_persona::wording::{LISTED, quoted_first, shortened};
use muzzle_persona::{Snapshot, StoreError};

use super::{AtArgs, Context, number::limit, persona_names, role, sentence};

/// The types of event that this version knows.
const TYPES: &str = "seed, grow, revise, assign, release, delivery, outcome, feedback, lesson, \
    unlearn, note, retract, forget, retire, reactivate, compact, repair";

/// How much alike two types must be, from 0 to 1, for one to be suggested for the other.
const NEAR: f64 = 0.75;

/// Tell what happened, newest first
///
/// One line an event: when, the start of its id, and a sentence. On a terminal
/// it goes through `$PAGER`. An event is told if all of the filters take it.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  muzzle-persona log --persona elena --type feedback,lesson --grep race
  muzzle-persona log --follow --json
  muzzle-persona log -p acme-api --since 2026-03-01 --reverse")]
pub struct LogArgs {
    /// Only those that name this persona: its name, or how one of its words begins
    #[arg(long, value_name = "NAME", add = persona_names())]
    persona: Option<String>,
    /// Only those of this session: its name, or how it begins
    #[arg(short = 's', long, value_parser = SessionId::parse)]
    pub session: Option<SessionId>,
    /// Only those that name this project
    #[arg(short = 'p', long, value_parser = ProjectName::parse)]
    project: Option<ProjectName>,
    /// Only work and feedback in this role
    #[arg(short = 'r', long, value_parser = RoleName::parse)]
    role: Option<RoleName>,
    /// Only those of these types, such as assign, release or feedback
    #[arg(short = 't', long = "type", value_name = "TYPE", value_delimiter = ',')]
    kinds: Vec<String>,
    /// Only those in which this text stands, in the sentence or the words; case does not matter
    #[arg(long, value_name = "TEXT")]
    grep: Option<String>,
    /// Only those from this moment on: a time, a date, `yesterday`, `3d` ago, a sequence number or how
    /// an event's id begins
    #[arg(long, value_name = "MOMENT", value_parser = Moment::parse)]
    since: Option<Moment>,
    /// Only those up to this moment, written in the same ways; a date counts to its end
    #[arg(long, value_name = "MOMENT", value_parser = Moment::parse)]
    until: Option<Moment>,
    /// Only those that follow this event: how its id begins, or its sequence number
    #[arg(long, value_name = "ID", value_parser = Moment::parse)]
    after: Option<Moment>,
    /// At most this many, the newest; 0 is all
    #[arg(short = 'n', long, value_name = "N", value_parser = limit)]
    pub limit: Option<usize>,
    /// Oldest first
    #[arg(long)]
    pub reverse: bool,
    /// Tell what is recorded from now on, as it comes, until interrupted
    ///
    /// With `--after`, `--since` or `--limit`, what there is of that comes first. With
    /// `--json`, each event is one line.
    #[arg(long, conflicts_with_all = ["at", "until", "reverse"])]
    pub follow: bool,
    #[command(flatten)]
    pub at: AtArgs,
    /// Events within one of these cut-offs are too early.
    #[arg(skip)]
    before: Vec<Cutoff>,
    /// Events past this one are too late.
    #[arg(skip = Cutoff::All)]
    within: Cutoff,
}

impl LogArgs {
    /// Finds the persona, the role and the moments that are meant.
    pub fn resolve(
        &mut self,
        snapshot: &mut Snapshot,
        context: &Context,
    ) -> Result<(), StoreError> {
        if let Some(name) = &mut self.persona {
            *name = snapshot
                .look(&Needs::nothing(), |it| Ok(broker::find(it.roster(), name)?.to_string()))?;
        }
        if let Some(since) = &self.since {
            self.before.push(snapshot.resolve(&context.meant(since))?.start);
        }
        if let Some(after) = &self.after {
            self.before.push(snapshot.resolve(&context.meant(after))?.end);
        }
        if let Some(until) = &self.until {
            self.within = snapshot.resolve(&context.meant(until))?.end;
        }
        self.grep = self.grep.take().map(|text| text.to_lowercase());
        if let Some(typed) = &self.role {
            self.role = Some(role::find(snapshot, typed)?);
        }
        Ok(())
    }

    pub fn takes_all(&self) -> bool {
        self.texts_required() == [&[] as &[&str]]
            && self.grep.is_none()
            && self.before.is_empty()
            && self.within == Cutoff::All
    }

    /// Whether what there is shall be told before what comes.
    pub fn begins_earlier(&self) -> bool {
        self.limit.is_some() || self.since.is_some() || self.after.is_some()
    }

    /// The sets of texts of which the line of an event must hold one for it to pass.
    pub fn texts_required(&self) -> Vec<Vec<&str>> {
        let Self { persona, session, project, role, kinds, .. } = self;
        let texts = [
            persona.as_deref(),
            session.as_ref().map(SessionId::as_str),
            project.as_ref().map(ProjectName::as_str),
            role.as_ref().map(RoleName::as_str),
        ];
        let texts: Vec<_> = texts.into_iter().flatten().collect();
        if kinds.is_empty() {
            return vec![texts];
        }
        kinds.iter().map(|kind| [&*texts, &[kind.as_str()]].concat()).collect()
    }

    pub fn takes(&self, record: &Record) -> bool {
        let Self { persona, session, project, role, kinds, grep, .. } = self;
        let event = &record.event;
        let names = |wanted: EventText<'_>| event.texts().any(|text| text == wanted);
        persona.as_ref().is_none_or(|wanted| event.personas().any(|it| it.as_str() == wanted))
            && session.as_ref().is_none_or(|wanted| names(EventText::Session(wanted)))
            && project.as_ref().is_none_or(|wanted| names(EventText::Project(wanted)))
            && role.as_ref().is_none_or(|wanted| names(EventText::Role(wanted)))
            && (kinds.is_empty() || kinds.iter().any(|wanted| event.kind() == wanted))
            && !self.before.iter().any(|before| before.includes(record))
            && self.within.includes(record)
            && grep.as_ref().is_none_or(|wanted| tells(record, wanted))
    }

    /// What to say of types that only another version can know.
    pub fn doubts(&self) -> impl Iterator<Item = String> {
        let is_known = |kind: &&String| TYPES.split(", ").any(|known| known == *kind);
        self.kinds.iter().filter(move |kind| !is_known(kind)).map(|kind| Self::doubt(kind))
    }

    fn doubt(kind: &str) -> String {
        let types: Vec<_> = TYPES.split(", ").collect();
        let known = quoted_first(LISTED, &types);
        let near = |name: &&&str| strsim::jaro_winkler(name, kind) >= NEAR;
        let told = match types.iter().find(near) {
            Some(near) => format!("the nearest is `{near}`"),
            None => format!("it knows {known}"),
        };
        let kind = shortened(kind);
        format!("this version knows no events of the type `{kind}`; {told}")
    }
}

/// Whether a text of lower-case letters stands in what an event tells.
fn tells(record: &Record, wanted: &str) -> bool {
    let holds = |text: &str| text.to_lowercase().contains(wanted);
    // The sentence has all words but those of instructions.
    let instructions = record.event.texts().filter_map(|text| match text {
        EventText::Instruction(words) => Some(words),
        _ => None,
    });
    holds(&sentence(record)) || instructions.into_iter().any(holds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_types_are_those_of_the_format() {
        let logs = [
            include_str!("../../fixtures/log/v1.jsonl"),
            include_str!("../../fixtures/log/v1-outcomes.jsonl"),
            include_str!("../../fixtures/log/v1-runs.jsonl"),
            include_str!("../../fixtures/log/v2-texts.jsonl"),
        ];
        let decode = |line: &str| muzzle_persona::events::decode(line.as_bytes()).unwrap();
        let mut kinds: Vec<_> =
            logs.concat().lines().map(|line| decode(line).event.kind().to_owned()).collect();
        kinds.sort();
        kinds.dedup();
        let mut types: Vec<_> = TYPES.split(", ").collect();
        types.sort_unstable();
        assert_eq!(kinds, types);
    }
}
