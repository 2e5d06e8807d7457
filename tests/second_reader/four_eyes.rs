//! Who may judge what: whoever took part in some work comes last, and who did what on it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::agreement::agreed;
use crate::answer::Answer;
use crate::fact::{Assignment, Fact, Slot};
use crate::forge::{ADA, BEN, followed, home};
use crate::history::History;
use crate::moment::Moment;
use crate::roster::{Lease, Roster};

/// How long it counts that somebody took part in some work.
const LIMIT: i64 = 30 * 24 * 60 * 60;

/// What is worked on: a session's work on a project, and on a branch.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    pub session: &'a str,
    pub project: &'a str,
    pub work: Option<&'a str>,
}

/// What a review is asked for in each comparison.
const REVIEWED: [Scope<'_>; 4] = [
    Scope { session: "s", project: "p", work: Some("a") },
    Scope { session: "t", project: "q", work: None },
    Scope { session: "new", project: "demo", work: Some("b") },
    Scope { session: "s3", project: "acme-api", work: Some("fix-login") },
];

/// The works of which the record is compared.
const WORKS: [(&str, &str); 3] = [("p", "a"), ("demo", "b"), ("acme-api", "fix-login")];

/// The reviews and works that are worth comparing for a store: those of projects that its files name.
/// Of the others nobody did anything; one of them stands for all.
pub fn compared(store: &Path) -> (Vec<Scope<'static>>, Vec<(&'static str, &'static str)>) {
    let segments = fs::read_dir(store.join("segments")).into_iter().flatten();
    let files = segments.map(|entry| entry.unwrap().path()).chain([store.join("events.jsonl")]);
    let files = files.filter_map(|path| fs::read(path).ok());
    let files: Vec<_> = files.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).collect();
    let is_named = |project: &str| {
        let spelt = format!("\"{project}\"");
        files.iter().any(|text| text.contains(&spelt))
    };
    let reviewed = REVIEWED.iter().enumerate();
    let reviewed = reviewed.filter(|(at, scope)| *at == 0 || is_named(scope.project));
    let works = WORKS.iter().filter(|(project, _)| is_named(project));
    (reviewed.map(|(_, scope)| *scope).collect(), works.copied().collect())
}

impl Scope<'_> {
    /// In what somebody with this lease took part: the work, or else the session.
    fn shared(&self, lease: &Lease) -> Option<&'static str> {
        if lease.project != self.project {
            None
        } else if self.work.is_some() && lease.work.as_deref() == self.work {
            Some("work")
        } else {
            (lease.session == self.session).then_some("session")
        }
    }

    /// In what a persona took part, and as what.
    pub fn part(
        &self,
        roster: &Roster,
        name: &str,
        judges: &BTreeSet<String>,
        now: Moment,
    ) -> Option<(&'static str, BTreeSet<String>)> {
        let ended = roster.given_back.iter().filter(|(at, _)| at.seconds_until(now) <= LIMIT);
        let open = roster.leases.iter().filter(|lease| !roster.never_ran(lease, now));
        let all = ended.map(|(_, lease)| lease).chain(open);
        let of_it = all.filter(|lease| lease.slot.persona == name);
        let work: Vec<_> = of_it
            .filter(|lease| !judges.contains(&lease.slot.role))
            .filter_map(|lease| Some((self.shared(lease)?, lease.slot.role.clone())))
            .collect();
        let of = ["work", "session"].into_iter().find(|of| work.iter().any(|(it, _)| it == of))?;
        let roles = work.into_iter().filter(|(it, _)| *it == of).map(|(_, role)| role);
        Some((of, roles.collect()))
    }
}

/// A slot that was held for a project, from one event to another.
struct Span<'a> {
    slot: &'a Slot,
    of: &'a Assignment,
    since: Moment,
    began: usize,
    end: Option<(usize, Moment, &'a str)>,
}

/// What `stats --work` answers.
pub fn work_record(
    history: &History,
    project: &str,
    work: &str,
    judges: &BTreeSet<String>,
) -> Value {
    let mut spans: Vec<Span<'_>> = Vec::new();
    for (place, event) in history.events.iter().enumerate() {
        match &event.fact {
            Fact::Assigned(of) => {
                for slot in &of.slots {
                    let is_open = |span: &Span<'_>| {
                        span.end.is_none() && (span.slot, &span.of.session) == (slot, &of.session)
                    };
                    if !spans.iter().any(is_open) {
                        spans.push(Span { slot, of, since: event.at, began: place, end: None });
                    }
                }
            }
            Fact::Released { session, reason, slots } => {
                for slot in slots {
                    let is_open = |span: &&mut Span<'_>| {
                        span.end.is_none() && (span.slot, &span.of.session) == (slot, session)
                    };
                    if let Some(span) = spans.iter_mut().find(is_open) {
                        span.end = Some((place, event.at, reason));
                    }
                }
            }
            _ => {}
        }
    }
    let is_of_work =
        |span: &&Span<'_>| span.of.project == project && span.of.work.as_deref() == Some(work);
    let (mut reviews, mut dependent) = (0, 0);
    let assignments: Vec<_> = spans
        .iter()
        .filter(is_of_work)
        .map(|span| {
            let part =
                judges.contains(&span.slot.role).then(|| part_before_its_end(span, &spans, judges));
            let independent = part
                .as_ref()
                .map(|part| part.is_none() && !span.of.not_independent.contains(&span.slot.name));
            if let Some(independent) = independent
                && span.end.is_none_or(|(.., why)| !["orphaned", "not_started"].contains(&why))
            {
                reviews += 1;
                dependent += usize::from(!independent);
            }
            json!({
                "name": span.slot.persona,
                "role": span.slot.role,
                "project": project,
                "work": work,
                "session": span.of.session,
                "slot": span.slot.name,
                "assigned_at": span.since.to_string(),
                "released_at": span.end.map(|(_, at, _)| at.to_string()),
                "reason": span.end.map(|(.., reason)| reason),
                "independent": independent,
                "note": null,
                "took_part": part.flatten().map(|(of, roles)| json!({"in": of, "roles": roles})),
            })
        })
        .collect();
    json!({
        "project": project,
        "work": work,
        "assignments": assignments,
        "reviews": reviews,
        "independent": reviews > 0 && dependent == 0,
    })
}

/// The part that the persona of a review took before that was over.
fn part_before_its_end(
    review: &Span<'_>,
    spans: &[Span<'_>],
    judges: &BTreeSet<String>,
) -> Option<(&'static str, BTreeSet<String>)> {
    let shared = spans.iter().filter(|span| {
        let ended = span.end.map(|(_, at, _)| at.max(span.since));
        span.slot.persona == review.slot.persona
            && span.of.project == review.of.project
            && !judges.contains(&span.slot.role)
            && ended.is_none_or(|at| at.seconds_until(review.since) <= LIMIT)
            && review.end.is_none_or(|(place, ..)| span.began < place)
            && span.end.is_none_or(|(.., why)| why != "not_started")
    });
    let part: Vec<_> = shared
        .filter_map(|span| {
            let same_session = span.of.session == review.of.session;
            let of = if span.of.work == review.of.work { "work" } else { "session" };
            (of == "work" || same_session).then_some((of, span.slot.role.clone()))
        })
        .collect();
    let of = ["work", "session"].into_iter().find(|of| part.iter().any(|(it, _)| it == of))?;
    Some((of, part.into_iter().filter(|(it, _)| *it == of).map(|(_, role)| role).collect()))
}

const LENT: &str = "2026-01-01T00:00:00Z";

/// What Ada does in some role for a session and a branch.
fn lent(session: &str, work: &str, role: &str) -> String {
    let slots = json!([{"slot": "w-0", "persona": "Ada", "role": role, "requested": role}]);
    json!({"session": session, "agent": "w", "project": "p", "work": work, "slots": slots})
        .to_string()
}

fn given_back(session: &str, role: &str, reason: &str) -> String {
    let slots = json!([{"slot": "w-0", "persona": "Ada", "role": role}]);
    json!({"session": session, "reason": reason, "slots": slots}).to_string()
}

/// Who would review the first of the scopes, best first.
fn ranking(answer: &Answer) -> Vec<String> {
    let ranking = answer.reviews[0]["ranking"].as_array().unwrap();
    ranking.iter().map(|name| name.as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_part_counts_until_thirty_days_after_it_ended() {
    for (reason, session, work, first) in [
        ("session_end", "r", "a", "Ben"),
        ("orphaned", "r", "a", "Ben"),
        ("session_end", "s", "b", "Ben"),
        ("session_end", "r", "b", "Ada"),
    ] {
        let (lent, back) = (lent(session, work, "testing"), given_back(session, "testing", reason));
        let log = [
            (LENT, "seed", ADA),
            (LENT, "seed", BEN),
            (LENT, "assign", lent.as_str()),
            ("2026-02-23T15:30:00Z", "release", back.as_str()),
            // Praise, so that Ada comes first otherwise.
            ("2026-02-23T15:30:00Z", "feedback", PRAISE),
        ];
        // The clock of these comparisons is thirty days later, to the second.
        assert_eq!(ranking(&followed(&log))[0], first, "{reason} {session} {work}");
        let mut log = log;
        log[3].0 = "2026-02-23T15:29:59Z";
        assert_eq!(ranking(&followed(&log))[0], "Ada", "a second before");
        log[3].0 = "2025-02-23T15:29:59Z";
        log[2].0 = "2026-02-23T15:30:00Z";
        assert_eq!(ranking(&followed(&log))[0], first, "a clock that was set back");
    }
}

const PRAISE: &str = r#"{"persona":"Ada","role":"code-reviewer","observation":"o","sentiment":"positive","source":"cli"}"#;

#[test]
fn what_judges_and_what_is_not_known_takes_no_part() {
    for (role, work, first) in [
        ("code-reviewer", "a", "Ada"),
        ("red-team", "a", "Ada"),
        ("gone", "a", "Ben"),
        ("gone", "A", "Ada"),
    ] {
        let (lent, back) = (lent("r", work, role), given_back("r", role, "manual"));
        let log = [
            (LENT, "seed", ADA),
            (LENT, "seed", BEN),
            ("2026-03-01T00:00:00Z", "assign", lent.as_str()),
            ("2026-03-01T00:00:00Z", "release", back.as_str()),
            ("2026-03-01T00:00:00Z", "feedback", PRAISE),
        ];
        assert_eq!(ranking(&followed(&log))[0], first, "{role} {work}");
    }
}

#[test]
fn the_sample_of_version_1_with_work_adds_up_to_the_same() {
    let log = include_str!("../../fixtures/log/v1-work.jsonl");
    let all: Vec<_> = log.split_inclusive('\n').collect();
    for events in 1..=all.len() {
        agreed(&home(all[..events].concat().as_bytes()), &format!("{events} events"));
    }
}
