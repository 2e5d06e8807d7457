//! Which events are asked for.

use clap::Args;
use clap_complete::engine::ArgValueCompleter;
use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use muzzle_persona::broker::{self, Refusal};
use muzzle_persona::events::{PersonaName, ProjectName, Record, RoleName, SessionId, visible};

use super::at::Scene;
use super::completions::persona_names;

/// The types of event that this version knows.
const TYPES: [&str; 10] = [
    "seed",
    "grow",
    "revise",
    "assign",
    "release",
    "feedback",
    "retire",
    "reactivate",
    "compact",
    "repair",
];

#[derive(Debug, Args)]
pub struct FilterArgs {
    /// Only those that name this persona: its name, or how it begins
    #[arg(long, value_name = "NAME", add = ArgValueCompleter::new(persona_names))]
    persona: Option<String>,
    /// Only those of this session
    #[arg(long, value_parser = SessionId::parse)]
    session: Option<SessionId>,
    /// Only those that name this project
    #[arg(long, value_parser = ProjectName::parse)]
    project: Option<ProjectName>,
    /// Only work and feedback in this role
    #[arg(long, value_parser = RoleName::parse)]
    role: Option<RoleName>,
    /// Only those of this type, such as assign, release or feedback
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<String>,
    /// Only those from this moment on: a date or an RFC 3339 time
    #[arg(long, value_name = "TIME", value_parser = parse_since)]
    since: Option<Timestamp>,
    /// Only those up to this moment, or to the end of this date
    #[arg(long, value_name = "TIME", value_parser = parse_until)]
    until: Option<Timestamp>,
}

/// What is to be true of an event: all of what is asked for.
#[derive(Debug)]
pub struct Filter {
    persona: Option<PersonaName>,
    session: Option<SessionId>,
    project: Option<ProjectName>,
    role: Option<RoleName>,
    kind: Option<String>,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
}

impl FilterArgs {
    /// Finds the persona and the role that are meant.
    pub fn resolve(&self, scene: &Scene<'_>) -> Result<Filter, Refusal> {
        let find = |name| broker::find(scene.roster, name).cloned();
        let roles = &scene.rules.roles;
        Ok(Filter {
            persona: self.persona.as_deref().map(find).transpose()?,
            session: self.session.clone(),
            project: self.project.clone(),
            role: self.role.as_ref().map(|role| roles.meant(role)),
            kind: self.kind.clone(),
            since: self.since,
            until: self.until,
        })
    }
}

impl Filter {
    /// Tells whether every event passes.
    pub fn takes_all(&self) -> bool {
        self.needles().is_empty() && self.since.is_none() && self.until.is_none()
    }

    /// The texts that the line of an event must hold for it to pass.
    pub fn needles(&self) -> Vec<&str> {
        let texts = [
            self.persona.as_ref().map(PersonaName::as_str),
            self.session.as_ref().map(SessionId::as_str),
            self.project.as_ref().map(ProjectName::as_str),
            self.role.as_ref().map(RoleName::as_str),
            self.kind.as_deref(),
        ];
        texts.into_iter().flatten().collect()
    }

    /// Tells whether an event passes.
    pub fn takes(&self, record: &Record) -> bool {
        let Self { persona, session, project, role, kind, since, until } = self;
        let event = &record.event;
        persona.as_ref().is_none_or(|wanted| event.personas().any(|name| name == wanted))
            && session.as_ref().is_none_or(|wanted| event.session() == Some(wanted))
            && project.as_ref().is_none_or(|wanted| event.project() == Some(wanted))
            && role.as_ref().is_none_or(|wanted| event.roles().any(|name| name == wanted))
            && kind.as_ref().is_none_or(|wanted| event.kind() == wanted)
            && since.is_none_or(|since| record.at >= since)
            && until.is_none_or(|until| record.at <= until)
    }

    /// What to say of a type that only another version can know.
    pub fn doubt(&self) -> Option<String> {
        let kind = self.kind.as_ref().filter(|kind| !TYPES.contains(&kind.as_str()))?;
        let known = TYPES.join(", ");
        Some(format!("this version knows no events of the type `{kind}`; it knows {known}"))
    }
}

fn parse_since(text: &str) -> Result<Timestamp, String> {
    parse_moment(text, Time::MIN)
}

fn parse_until(text: &str) -> Result<Timestamp, String> {
    parse_moment(text, Time::MAX)
}

/// Reads a time, or a date at `time` in UTC.
fn parse_moment(text: &str, time: Time) -> Result<Timestamp, String> {
    let moment = text.parse::<Timestamp>().or_else(|_| {
        let date = Date::strptime("%Y-%m-%d", text)?;
        TimeZone::UTC.to_timestamp(date.to_datetime(time))
    });
    moment.map_err(|_| format!("`{}` is neither a date nor an RFC 3339 time", visible(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_the_whole_day_in_utc() {
        let moment =
            |text, parse: fn(&str) -> Result<Timestamp, String>| parse(text).unwrap().to_string();
        assert_eq!(moment("2026-03-25", parse_since), "2026-03-25T00:00:00Z");
        assert_eq!(moment("2026-03-25", parse_until), "2026-03-25T23:59:59.999999999Z");
        for parse in [parse_since, parse_until] {
            assert_eq!(moment("2026-03-25T16:30:00+01:00", parse), "2026-03-25T15:30:00Z");
        }
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        for text in ["", "noon", "2026-03-25T15:30:00", "2026-02-30", "2026-03-25 x", "9999-12-31"]
        {
            assert_eq!(
                parse_until(text).unwrap_err(),
                format!("`{text}` is neither a date nor an RFC 3339 time")
            );
        }
    }

    #[test]
    fn the_types_are_those_of_the_format() {
        let log = include_str!("../../fixtures/log/v1.jsonl");
        let decode = |line: &str| muzzle_persona::events::decode(line.as_bytes()).unwrap();
        let mut kinds: Vec<_> =
            log.lines().map(|line| decode(line).event.kind().to_owned()).collect();
        kinds.sort();
        kinds.dedup();
        let mut types = TYPES;
        types.sort_unstable();
        assert_eq!(kinds, types);
    }
}
