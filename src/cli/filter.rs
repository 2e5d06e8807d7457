//! What `log` is asked for, and which events it lists.

use clap::Args;
use muzzle_persona::broker;
use muzzle_persona::events::{EventText, ProjectName, Record, RoleName, SessionId};
use muzzle_persona::projection::{Cutoff, CutoffSpec, Needs};
use muzzle_persona::wording::{LISTED, quoted_first, shortened};
use muzzle_persona::{Snapshot, StoreError};

use super::{AtArgs, number::limit, persona_names, role};

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
  muzzle-persona log -n 20
  muzzle-persona log --persona elena --type feedback
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
    /// Only those of this type, such as assign, release or feedback
    #[arg(short = 't', long = "type", value_name = "TYPE")]
    kind: Option<String>,
    /// Only those from this moment on: a time, a date, a sequence number or how an event's id begins
    #[arg(long, value_name = "MOMENT", value_parser = CutoffSpec::parse)]
    since: Option<CutoffSpec>,
    /// Only those up to this moment, written in the same ways; a date counts to its end
    #[arg(long, value_name = "MOMENT", value_parser = CutoffSpec::parse)]
    until: Option<CutoffSpec>,
    /// At most this many, the newest
    #[arg(short = 'n', long, value_name = "N", value_parser = limit)]
    pub limit: Option<usize>,
    /// Oldest first
    #[arg(long)]
    pub reverse: bool,
    #[command(flatten)]
    pub at: AtArgs,
    /// Events within this cut-off are too early.
    #[arg(skip)]
    before: Option<Cutoff>,
    /// Events past this one are too late.
    #[arg(skip = Cutoff::All)]
    within: Cutoff,
}

impl LogArgs {
    /// Finds the persona, the role and the moments that are meant.
    pub fn resolve(&mut self, snapshot: &mut Snapshot) -> Result<(), StoreError> {
        if let Some(name) = &mut self.persona {
            *name = snapshot
                .look(&Needs::nothing(), |it| Ok(broker::find(it.roster(), name)?.to_string()))?;
        }
        if let Some(since) = &self.since {
            self.before = Some(snapshot.resolve(since)?.start);
        }
        if let Some(until) = &self.until {
            self.within = snapshot.resolve(until)?.end;
        }
        if let Some(typed) = &self.role {
            self.role = Some(role::find(snapshot, typed)?);
        }
        Ok(())
    }

    pub fn takes_all(&self) -> bool {
        self.texts_required().is_empty() && self.before.is_none() && self.within == Cutoff::All
    }

    /// The texts that the line of an event must hold for it to pass.
    pub fn texts_required(&self) -> Vec<&str> {
        let Self { persona, session, project, role, kind, .. } = self;
        let texts = [
            persona.as_deref(),
            session.as_ref().map(SessionId::as_str),
            project.as_ref().map(ProjectName::as_str),
            role.as_ref().map(RoleName::as_str),
            kind.as_deref(),
        ];
        texts.into_iter().flatten().collect()
    }

    pub fn takes(&self, record: &Record) -> bool {
        let Self { persona, session, project, role, kind, .. } = self;
        let event = &record.event;
        let names = |wanted: EventText<'_>| event.texts().any(|text| text == wanted);
        persona.as_ref().is_none_or(|wanted| event.personas().any(|it| it.as_str() == wanted))
            && session.as_ref().is_none_or(|wanted| names(EventText::Session(wanted)))
            && project.as_ref().is_none_or(|wanted| names(EventText::Project(wanted)))
            && role.as_ref().is_none_or(|wanted| names(EventText::Role(wanted)))
            && kind.as_ref().is_none_or(|wanted| event.kind() == wanted)
            && !self.before.is_some_and(|before| before.includes(record))
            && self.within.includes(record)
    }

    /// What to say of a type that only another version can know.
    pub fn doubt(&self) -> Option<String> {
        let is_known = |kind: &&String| TYPES.split(", ").any(|known| known == *kind);
        let kind = self.kind.as_ref().filter(|kind| !is_known(kind))?;
        let types: Vec<_> = TYPES.split(", ").collect();
        let known = quoted_first(LISTED, &types);
        let near = |name: &&&str| strsim::jaro_winkler(name, kind) >= NEAR;
        let told = match types.iter().find(near) {
            Some(near) => format!("the nearest is `{near}`"),
            None => format!("it knows {known}"),
        };
        let kind = shortened(kind);
        Some(format!("this version knows no events of the type `{kind}`; {told}"))
    }
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
