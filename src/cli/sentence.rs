//! Events as sentences.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;
use muzzle_persona::events::{
    Assign, AssignedSlot, Channel, Compact, Definition, Delivery, Detached, Event, FORMAT_VERSION,
    Feedback, Forget, FreeText, Lesson, Measures, Note, Outcome, OutcomeResult, PersonaName,
    Reactivate, ReactivateReason, Reason, Record, Release, ReleaseReason, Repair, Retire,
    RetireReason, Retract, RoleName, TestResult, Unlearn, visible,
};
use muzzle_persona::wording::Count;

use super::minute;
use super::persona::{place, tags};

/// Words an event as one line without hidden characters.
pub fn sentence(record: &Record) -> String {
    let sentence = match &record.event {
        Event::Seed(definition) => defined(definition, "seeded"),
        Event::Grow(definition) => defined(definition, "grown"),
        Event::Revise(definition) => defined(definition, "revised"),
        Event::Assign(assign) => assigned(assign),
        Event::Release(release) => released(release),
        Event::Delivery(delivery) => delivered(delivery),
        Event::Outcome(outcome) => ended(outcome),
        Event::Feedback(feedback) => judged(feedback),
        Event::Lesson(lesson) => taught(lesson),
        Event::Unlearn(Unlearn { lesson, reason }) => {
            format!("lesson {lesson:.8} offered no more{}", why(reason.as_ref()))
        }
        Event::Note(note) => left(note),
        Event::Retract(Retract { event, reason }) => {
            format!("{event:.8} taken back{}", why(reason.as_ref()))
        }
        Event::Forget(Forget { event, reason }) => {
            format!("text of {event:.8} forgotten{}", why(reason.as_ref()))
        }
        Event::Retire(Retire { persona, reason }) => match reason {
            RetireReason::Manual => format!("{persona} archived by hand"),
            RetireReason::Inactive => format!("{persona} archived for inactivity"),
        },
        Event::Reactivate(Reactivate { persona, reason }) => match reason {
            ReactivateReason::Manual => format!("{persona} brought back by hand"),
            ReactivateReason::Summon => format!("{persona} brought back by a summons"),
            ReactivateReason::Needed => format!("{persona} brought back for a role"),
            ReactivateReason::PoolEmpty => format!("{persona} brought back as nobody was free"),
        },
        Event::Compact(compact) => compacted(compact),
        Event::Repair(repair) => repaired(repair),
        Event::Unknown { kind } if record.v > FORMAT_VERSION => {
            format!("{kind}, an event of format version {}, not known here", record.v)
        }
        Event::Unknown { kind } => format!("{kind}, an event of a type not known here"),
    };
    visible(&sentence)
}

fn defined(definition: &Definition, how: &str) -> String {
    let roles: Vec<_> = definition.instructions.keys().map(RoleName::as_str).collect();
    let parts = [
        ("", tags(&definition.traits)),
        ("expertise ", tags(&definition.expertise)),
        ("instructions for ", roles.join(", ")),
    ];
    let parts = parts.iter().filter(|(_, words)| !words.is_empty());
    let parts: Vec<_> = parts.map(|(what, words)| format!("{what}{words}")).collect();
    let colon = if parts.is_empty() { "" } else { ": " };
    format!("{} {how}{colon}{}", definition.name, parts.join("; "))
}

fn assigned(assign: &Assign) -> String {
    let Assign { session, agent, team, project, work, slots, .. } = assign;
    let slots = slots.iter().map(|it| (&it.persona, role_of(it)));
    let lent = in_roles(slots, &format!("lent to {agent}"));
    let team = team.as_ref().map(|team| format!("team {team}, ")).unwrap_or_default();
    let on = place(project, work.as_ref());
    format!("{lent} on {on} ({team}session {session})")
}

/// The role of a slot, with what there is to note of it.
fn role_of(slot: &AssignedSlot) -> String {
    let AssignedSlot { role, requested, independent, .. } = slot;
    let asked = (requested != role).then(|| format!("asked for as {requested}"));
    let part = (*independent == Some(false)).then(|| "not independent".to_owned());
    let notes: Vec<_> = asked.into_iter().chain(part).collect();
    if notes.is_empty() { role.to_string() } else { format!("{role} ({})", notes.join("; ")) }
}

fn released(release: &Release) -> String {
    let Release { session, agent, reason, slots } = release;
    let from = agent.as_ref().map(|agent| format!(" from {agent}")).unwrap_or_default();
    let slots = slots.iter().map(|slot| (&slot.persona, slot.role.to_string()));
    let back = in_roles(slots, &format!("released{from}"));
    match reason {
        ReleaseReason::SessionEnd => format!("{back} (session {session} ended)"),
        ReleaseReason::Manual => format!("{back} by hand (session {session})"),
        ReleaseReason::Orphaned => format!("{back}, not counted (session {session} fell silent)"),
        ReleaseReason::Finished => format!("{back}, whose run has ended (session {session})"),
        ReleaseReason::NotStarted => {
            format!("{back}, not counted: the run never started (session {session})")
        }
    }
}

fn delivered(delivery: &Delivery) -> String {
    let Delivery { session, slot, agent_id, channel, arrived, teammate } = delivery;
    let run = if *teammate == Some(true) { "teammate" } else { "run" };
    let how = match channel {
        Channel::Mod => "by a mod",
        Channel::Prompt => "in its prompt",
        Channel::Context => "as context",
    };
    let told = if *arrived { "told its persona" } else { "told nothing" };
    format!("{run} {agent_id} began in {slot}, {told} {how} (session {session})")
}

fn ended(outcome: &Outcome) -> String {
    let Outcome { session, slot, persona, role, result, source, ended, measures, run: _ } = outcome;
    let over = if *ended == Some(true) { ", and is over" } else { "" };
    let measured = measures.map(measured).unwrap_or_default();
    let how = match result {
        OutcomeResult::Ok => "ended well",
        OutcomeResult::Bad => "ended badly",
        OutcomeResult::Stopped => "stopped",
    };
    let what = format!("{persona}'s run as {role} in {slot} {how}{over}");
    format!("{what}, measured by {source} (session {session}){measured}")
}

/// What was counted, behind a colon.
fn measured(measures: Measures) -> String {
    let Measures { calls, errors, files, lines, test, duration_ms, input_tokens, output_tokens } =
        measures;
    let count = |count: Option<u64>, what| Some(Count(count?, what).to_string());
    let parts = [
        count(calls, "call"),
        count(errors, "error"),
        count(files, "file"),
        count(lines, "line"),
        test.map(|test| match test {
            TestResult::Passed => "tests passed".to_owned(),
            TestResult::Failed => "tests failed".to_owned(),
        }),
        duration_ms.map(|time| format!("{time} ms")),
        input_tokens.map(|tokens| format!("{} in", Count(tokens, "token"))),
        output_tokens.map(|tokens| format!("{} out", Count(tokens, "token"))),
    ];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    if parts.is_empty() { String::new() } else { format!(": {}", parts.join(", ")) }
}

fn judged(feedback: &Feedback) -> String {
    let Feedback { persona, role, project, session, slot, sentiment, source, observation } =
        feedback;
    let verdict = sentiment.as_str();
    let on = project.as_ref().map(|project| format!(" on {project}")).unwrap_or_default();
    let slot = slot.as_ref().map(|slot| format!("{slot}, ")).unwrap_or_default();
    let of = session.as_ref().map(|session| format!(" ({slot}session {session})"));
    let of = of.unwrap_or_default();
    format!("{persona} judged {verdict} as {role}{on} by {source}{of}{}", said(observation))
}

fn taught(lesson: &Lesson) -> String {
    let Lesson { persona, role, project, from, lesson } = lesson;
    let role = role.as_ref().map(|role| format!(" as {role}")).unwrap_or_default();
    let on = project.as_ref().map(|project| format!(" on {project}")).unwrap_or_default();
    let from = from.map(|from| format!(" (from {from:.8})")).unwrap_or_default();
    format!("{persona} taught{role}{on}{from}{}", said(lesson))
}

fn left(note: &Note) -> String {
    let Note { session, slot, persona, project, note } = note;
    format!("{persona} left a note on {project} ({slot}, session {session}){}", said(note))
}

/// What an event says in free text, behind a colon, or why that is not known.
pub fn said(text: &Detached<impl FreeText>) -> String {
    match text {
        Detached::Absent => String::new(),
        Detached::Words { words, .. } => format!(": {}", words.words()),
        Detached::Missing(_) => " (its text is missing)".to_owned(),
        Detached::Changed => " (its text was changed, and is not shown)".to_owned(),
        Detached::Forgotten => " (its text was forgotten)".to_owned(),
    }
}

fn why(reason: Option<&Reason>) -> String {
    reason.map(|why| format!(": {why}")).unwrap_or_default()
}

fn compacted(compact: &Compact) -> String {
    let counts = compact.summaries.iter().flat_map(|it| [it.positive, it.negative, it.neutral]);
    let total = Count(counts.fold(0, u64::saturating_add), "judgement");
    let personas: BTreeSet<_> = compact.summaries.iter().map(|one| &one.persona).collect();
    let (before, personas) =
        (minute(compact.before, &TimeZone::UTC), Count(personas.len(), "persona"));
    format!("feedback from before {before} compacted: {total} of {personas}")
}

fn repaired(repair: &Repair) -> String {
    if *repair == Repair::default() {
        return "heads joined, more of which there were than one line can name".to_owned();
    }
    let Repair { cut, missing } = repair;
    let places: Vec<_> = cut.iter().map(|cut| format!("{}:{}", cut.file, cut.line)).collect();
    let places = if cut.is_empty() { String::new() } else { format!(" ({})", places.join(", ")) };
    let (lines, missing) = (Count(cut.len(), "line"), Count(missing.len(), "missing event"));
    format!("log repaired: {lines} cut out{places}, {missing} on record")
}

fn in_roles<'a>(slots: impl Iterator<Item = (&'a PersonaName, String)>, happened: &str) -> String {
    let slots: Vec<_> = slots.collect();
    if let [(persona, role)] = &*slots {
        return format!("{persona} {happened} as {role}");
    }
    let slots: Vec<_> = slots.iter().map(|(name, role)| format!("{name} as {role}")).collect();
    match slots.split_last() {
        None => format!("nobody {happened}"),
        Some((last, others)) => format!("{} and {last} {happened}", others.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use muzzle_persona::events::{EventId, is_hidden};

    use super::*;

    /// The sentence of an event, given as in the log.
    fn sentence_of(v: u32, kind: &str, data: &str) -> String {
        let content = format!(
            r#"{{"v":{v},"seq":1,"at":"2026-03-25T15:30:00Z","type":"{kind}","data":{data},"prev":[]"#
        );
        let id = EventId::of(content.as_bytes());
        let line = format!("{content},\"id\":\"{id}\"}}");
        sentence(&muzzle_persona::events::decode(line.as_bytes()).unwrap())
    }

    #[test]
    fn every_event_of_version_1_has_its_sentence() {
        let log = include_str!("../../fixtures/log/v1.jsonl");
        let sentences = log
            .lines()
            .map(|line| sentence(&muzzle_persona::events::decode(line.as_bytes()).unwrap()) + "\n");
        assert_snapshot!(sentences.collect::<String>(), @r"
        Elena Vasquez seeded: calm; expertise security, backend; instructions for code-reviewer, general
        Søren Halvorsen seeded: calm; expertise documentation
        Uma Obi grown: calm; expertise testing
        Uma Obi revised: calm, direct; expertise testing, research; instructions for testing
        Elena Vasquez lent to worker-1 as code-reviewer (asked for as Code_Reviewer) on acme-api (session s1)
        Uma Obi as testing and Søren Halvorsen as general (asked for as astronaut) lent to worker-1 on acme-api (team blue, session s2)
        Elena Vasquez judged positive as code-reviewer by cli: Found the race.
        Uma Obi judged negative as testing on acme-api by cli (session s2): Missed two cases.
        Elena Vasquez released as code-reviewer (session s1 ended)
        Uma Obi released from worker-1 as testing by hand (session s2)
        Søren Halvorsen released as general, not counted (session s2 fell silent)
        Uma Obi archived by hand
        Uma Obi brought back by a summons
        feedback from before 2026-01-21 08:00Z compacted: 2 judgements of 2 personas
        log repaired: 1 line cut out (events.jsonl:7), 1 missing event on record
        ");
    }

    #[test]
    fn so_has_every_event_of_version_1_that_is_newer() {
        let log = include_str!("../../fixtures/log/v1-outcomes.jsonl");
        let sentences = log
            .lines()
            .map(|line| sentence(&muzzle_persona::events::decode(line.as_bytes()).unwrap()) + "\n");
        assert_snapshot!(sentences.collect::<String>(), @r#"
        Elena Vasquez seeded: skeptical; expertise security, backend; instructions for code-reviewer
        Søren Halvorsen seeded: calm; expertise documentation
        Elena Vasquez as code-reviewer and Søren Halvorsen as documentation (asked for as docs) lent to worker-1 on acme-api (session s1)
        Elena Vasquez's run as code-reviewer in worker-1-0 ended well, measured by cli (session s1)
        Søren Halvorsen's run as documentation in worker-1-1 ended well, measured by cli (session s1)
        Elena Vasquez's run as code-reviewer in worker-1-0 ended badly, measured by ci (session s1)
        Søren Halvorsen's run as documentation in worker-1-1 ended badly, measured by ci (session s1)
        Elena Vasquez's run as code-reviewer in worker-1-0 stopped, measured by ci (session s1)
        Søren Halvorsen's run as documentation in worker-1-1 stopped, measured by ci (session s1)
        Elena Vasquez judged positive as code-reviewer on acme-api by cli (session s1): Found the race.
        Elena Vasquez judged negative as code-reviewer on acme-api by cli (session s1): Not the "second" one.
        Søren Halvorsen judged positive as documentation on acme-api by ci (worker-1-1, session s1): Checked each example.
        Elena Vasquez released from worker-1 as code-reviewer by hand (session s1)
        Elena Vasquez lent to worker-1 as testing on acme-api (session s1)
        Thandiwe Ibrahim grown: flexible, decisive; expertise security, reliability
        Thandiwe Ibrahim lent to worker-2 as red-team on acme-api (team blue, session s2)
        Elena Vasquez as testing and Søren Halvorsen as documentation released by hand (session s1)
        Thandiwe Ibrahim released as red-team by hand (session s2)
        Søren Halvorsen lent to worker-1 as debugging on acme-api (session s3)
        Søren Halvorsen released as debugging by hand (session s3)
        Elena Vasquez archived for inactivity
        Søren Halvorsen archived for inactivity
        Thandiwe Ibrahim archived for inactivity
        Elena Vasquez brought back for a role
        Elena Vasquez lent to worker-1 as code-reviewer on acme-api (session s4)
        387b0a56 taken back: It was the other session.
        8bc7e1f9 taken back
        feedback from before 2026-02-28 09:00Z compacted: 2 judgements of 1 persona
        "#);
    }

    #[test]
    fn so_has_every_event_with_a_text_that_may_be_gone() {
        let log = include_str!("../../fixtures/log/v2-texts.jsonl");
        let decode = |line: &str| muzzle_persona::events::decode(line.as_bytes()).unwrap();
        let sentences = log.lines().skip(3).map(|line| sentence(&decode(line)) + "\n");
        assert_snapshot!(sentences.collect::<String>(), @r#"
        Elena Vasquez judged positive as code-reviewer on acme-api by cli (session s1): Found the race in "retry".
        Elena Vasquez taught as code-reviewer on acme-api (from 70cb61ad): Look at who holds the lock while the retry waits.
        Elena Vasquez left a note on acme-api (worker-1-0, session s1): The retry loop is reviewed; the queue is not.
        Elena Vasquez released as code-reviewer (session s1 ended)
        Søren Halvorsen judged negative as documentation by cli (its text is missing)
        Søren Halvorsen taught: Écrire court, puis relire à voix haute.
        Søren Halvorsen taught as documentation (its text is missing)
        text of 5cc71f52 forgotten: It names a customer.
        text of c7ba76ec forgotten
        lesson 2a9ff68b offered no more: The loop is gone.
        cd6025ed taken back
        Elena Vasquez left a note on acme-api (worker-1-0, session s2): The queue is reviewed, too.
        lesson c7ba76ec offered no more
        "#);
        let lesson = log.lines().nth(4).unwrap();
        let mut record = decode(lesson);
        record.event.forget_text();
        let changed = sentence(&decode(&lesson.replace("lock", "log")));
        assert_snapshot!([sentence(&record), changed].join("\n"), @"
        Elena Vasquez taught as code-reviewer on acme-api (from 70cb61ad) (its text was forgotten)
        Elena Vasquez taught as code-reviewer on acme-api (from 70cb61ad) (its text was changed, and is not shown)
        ");
    }

    #[test]
    fn an_assignment_tells_its_work_and_who_is_not_independent() {
        let log = include_str!("../../fixtures/log/v1-work.jsonl");
        let sentences = log
            .lines()
            .map(|line| sentence(&muzzle_persona::events::decode(line.as_bytes()).unwrap()) + "\n");
        assert_snapshot!(sentences.skip(2).collect::<String>(), @r"
        Elena Vasquez lent to worker-1 as implementation on acme-api for fix-login (session s1)
        Elena Vasquez released as implementation by hand (session s1)
        Søren Halvorsen lent to worker-1 as code-reviewer on acme-api for fix-login (session s2)
        Elena Vasquez lent to worker-2 as security-review (not independent) on acme-api for fix-login (session s2)
        Søren Halvorsen as code-reviewer and Elena Vasquez as security-review released by hand (session s2)
        Søren Halvorsen as testing and Elena Vasquez as documentation (asked for as docs) lent to worker-1 on acme-api for feature/audit-log (team blue, session s3)
        Søren Halvorsen released from worker-1 as testing by hand (session s3)
        Søren Halvorsen lent to worker-1 as red-team (not independent) on acme-api for feature/audit-log (session s3)
        Søren Halvorsen as red-team and Elena Vasquez as documentation released by hand (session s3)
        Elena Vasquez lent to worker-1 as code-reviewer on acme-api (session s4)
        Elena Vasquez released as code-reviewer by hand (session s4)
        ");
        let slots = slots(&["Ann"], r#","requested":"qa","independent":false"#);
        let data = format!(r#"{{"session":"s","agent":"w","project":"p","slots":[{slots}]}}"#);
        assert_eq!(
            sentence_of(1, "assign", &data),
            "Ann lent to w as testing (asked for as qa; not independent) on p (session s)"
        );
    }

    #[test]
    fn each_reason_has_its_words() {
        let persona = |kind, reason| {
            sentence_of(1, kind, &format!(r#"{{"persona":"Ann","reason":"{reason}"}}"#))
        };
        assert_eq!(persona("retire", "manual"), "Ann archived by hand");
        assert_eq!(persona("retire", "inactive"), "Ann archived for inactivity");
        assert_eq!(persona("reactivate", "manual"), "Ann brought back by hand");
        assert_eq!(persona("reactivate", "summon"), "Ann brought back by a summons");
        assert_eq!(persona("reactivate", "needed"), "Ann brought back for a role");
        assert_eq!(persona("reactivate", "pool_empty"), "Ann brought back as nobody was free");
    }

    /// A list of slots, each with what `more` says.
    fn slots(personas: &[&str], more: &str) -> String {
        let slots = personas
            .iter()
            .map(|name| format!(r#"{{"slot":"w-0","persona":"{name}","role":"testing"{more}}}"#));
        slots.collect::<Vec<_>>().join(",")
    }

    #[test]
    fn one_two_and_many_are_told_apart() {
        let lent = |personas: &[&str]| {
            let slots = slots(personas, r#","requested":"testing""#);
            sentence_of(
                1,
                "assign",
                &format!(r#"{{"session":"s","agent":"w","project":"p","slots":[{slots}]}}"#),
            )
        };
        assert_eq!(lent(&[]), "nobody lent to w on p (session s)");
        assert_eq!(lent(&["Ann"]), "Ann lent to w as testing on p (session s)");
        assert_eq!(
            lent(&["Ann", "Bo"]),
            "Ann as testing and Bo as testing lent to w on p (session s)"
        );
        assert_eq!(
            lent(&["Ann", "Bo", "Cy"]),
            "Ann as testing, Bo as testing and Cy as testing lent to w on p (session s)"
        );
        let back = |personas: &[&str], reason: &str| {
            let slots = slots(personas, "");
            sentence_of(
                1,
                "release",
                &format!(r#"{{"session":"s","reason":"{reason}","slots":[{slots}]}}"#),
            )
        };
        assert_eq!(
            back(&["Ann", "Bo"], "session_end"),
            "Ann as testing and Bo as testing released (session s ended)"
        );
        assert_eq!(back(&[], "orphaned"), "nobody released, not counted (session s fell silent)");
    }

    #[test]
    fn numbers_have_their_plurals_and_no_limit() {
        let summary = |name: &str, n: u64| {
            format!(
                r#"{{"persona":"{name}","role":"testing","month":"2026-01","positive":{n},"negative":0,"neutral":0}}"#
            )
        };
        let compact = |summaries: &[String]| {
            let summaries = summaries.join(",");
            sentence_of(
                1,
                "compact",
                &format!(r#"{{"before":"2026-02-01T00:00:00Z","summaries":[{summaries}]}}"#),
            )
        };
        let start = "feedback from before 2026-02-01 00:00Z compacted: ";
        assert_eq!(compact(&[summary("Ann", 1)]), format!("{start}1 judgement of 1 persona"));
        let all = [summary("Ann", u64::MAX), summary("Ann", 2), summary("Bo", 0)];
        assert_eq!(compact(&all), format!("{start}{} judgements of 2 personas", u64::MAX));
        assert_eq!(
            sentence_of(1, "repair", r#"{"cut":[],"missing":[]}"#),
            "heads joined, more of which there were than one line can name"
        );
        let cut =
            |line| format!(r#"{{"file":"events.jsonl","line":{line},"blake3":"x","bytes":1}}"#);
        assert_eq!(
            sentence_of(1, "repair", &format!(r#"{{"cut":[{},{}],"missing":[]}}"#, cut(2), cut(7))),
            "log repaired: 2 lines cut out (events.jsonl:2, events.jsonl:7), 0 missing events on record"
        );
    }

    #[test]
    fn what_this_build_does_not_know_is_named() {
        assert_eq!(sentence_of(1, "promote", "[7]"), "promote, an event of a type not known here");
        assert_eq!(
            sentence_of(3, "retire", "7"),
            "retire, an event of format version 3, not known here"
        );
    }

    #[test]
    fn a_definition_tells_what_there_is_to_tell() {
        let ann = r#"{"name":"Ann","traits":[],"expertise":[],"instructions":{}}"#;
        assert_eq!(sentence_of(1, "grow", ann), "Ann grown");
        let bo = r#"{"name":"Bo","traits":[],"expertise":["x","y"],"instructions":{}}"#;
        assert_eq!(sentence_of(1, "revise", bo), "Bo revised: expertise x, y");
    }

    #[test]
    fn hostile_text_stays_in_its_line_and_drives_no_terminal() {
        let evil = r"e\u001b[31m\nAnn archived by hand\u202e\u009b";
        let feedback = format!(
            r#"{{"persona":"{evil}","role":"{evil}","project":"{evil}","session":"{evil}","observation":"{evil}","sentiment":"neutral","source":"{evil}"}}"#
        );
        let slot =
            format!(r#"{{"slot":"{evil}","persona":"{evil}","role":"{evil}","requested":"x"}}"#);
        let assign = format!(
            r#"{{"session":"{evil}","agent":"{evil}","team":"{evil}","project":"{evil}","slots":[{slot}]}}"#
        );
        let seed = format!(
            r#"{{"name":"{evil}","traits":["{evil}"],"expertise":["{evil}"],"instructions":{{"{evil}":"x"}}}}"#
        );
        for (kind, data) in
            [("feedback", &feedback), ("assign", &assign), ("seed", &seed), (evil, &seed)]
        {
            let sentence = sentence_of(1, kind, data);
            assert!(!sentence.contains(is_hidden), "{sentence:?}");
            assert!(
                sentence.contains(r"e\u{1b}[31m\u{a}Ann archived by hand\u{202e}\u{9b}"),
                "{sentence}"
            );
        }
    }
}
