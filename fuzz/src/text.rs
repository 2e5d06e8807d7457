//! Names, ids and other texts: from the command line, from a hook, and from the log.

use muzzle_persona::broker::{Described, PREAMBLE_LIMIT, Rules, Seed, classify, find, preamble};
use muzzle_persona::events::{
    AgentName, Assign, AssignedSlot, Definition, Detached, Event, EventId, Heads, IdPrefix, Lesson,
    LessonText, Note, NoteText, Observation, PersonaName, ProjectName, Release, ReleaseReason,
    ReleasedSlot, RoleName, Seq, SessionId, Slot, Tag, TeamName, WorkName, encode, is_hidden,
    one_line, visible,
};
use muzzle_persona::projection::{Moment, View};

/// What is taken in is plain; what is shown hides nothing; what goes into a prompt is in its lines.
pub fn check(bytes: &[u8]) {
    let text = &*String::from_utf8_lossy(bytes);
    is_flattened(text);
    is_taken_in(text);
    let seed = Seed::default();
    let rules = seed.rules().unwrap();
    let _ = rules.roles.resolve(text);
    if text.len() <= Observation::LIMIT {
        let _ = classify(text, &seed.vocabulary().sentiment);
    }
    let said = Some(text);
    let role = rules.roles.of_agent(Described { kind: said, description: said, name: said });
    role.check().unwrap();
    let _ = (Moment::parse(text).is_ok(), IdPrefix::parse(text).is_some(), EventId::parse(bytes));
    is_in_its_lines(text, &rules);
}

fn is_flattened(text: &str) {
    let shown = visible(text);
    assert!(!shown.contains(is_hidden), "{shown:?}");
    assert_eq!(shown == text, !text.contains(is_hidden));
    let line = one_line(text);
    assert!(!line.contains(is_hidden) && line.trim() == line, "{line:?}");
    assert_eq!(one_line(&line), line);
    if let Some(project) = ProjectName::from_directory(text) {
        project.check().unwrap();
    }
}

fn is_taken_in(text: &str) {
    let taken = [
        (PersonaName::parse(text).is_ok(), PersonaName::LIMIT),
        (RoleName::parse(text).is_ok(), RoleName::LIMIT),
        (Tag::parse(text).is_ok(), Tag::LIMIT),
        (SessionId::parse(text).is_ok(), SessionId::LIMIT),
        (AgentName::parse(text).is_ok(), AgentName::LIMIT),
        (TeamName::parse(text).is_ok(), TeamName::LIMIT),
        (ProjectName::parse(text).is_ok(), ProjectName::LIMIT),
        (Observation::parse(text).is_ok(), Observation::LIMIT),
    ];
    let is_plain = !text.contains(is_hidden) && !text.trim().is_empty();
    for (is_taken, limit) in taken {
        assert_eq!(is_taken, is_plain && text.chars().count() <= limit, "{text:?} {limit}");
    }
    let is_sentence = is_plain && text.contains(char::is_alphanumeric);
    let is_taken = is_sentence && text.chars().count() <= LessonText::LIMIT;
    assert_eq!(LessonText::parse(text).is_ok(), is_taken, "{text:?}");
    assert_eq!(NoteText::parse(text).is_ok(), is_taken, "{text:?}");
}

/// Has a log say the text wherever it can, and looks at the preamble that comes of it.
fn is_in_its_lines(text: &str, rules: &Rules) {
    let (name, role) = (PersonaName::unchecked(text), RoleName::unchecked(text));
    let (session, slot) = (SessionId::unchecked("s"), Slot::unchecked("w-0"));
    let seed = Event::Seed(Definition {
        name: name.clone(),
        traits: vec![Tag::unchecked(text)],
        expertise: vec![Tag::unchecked(text)],
        instructions: [(RoleName::unchecked("general"), text.to_owned())].into(),
    });
    let assign = Event::Assign(Assign {
        session: session.clone(),
        agent: AgentName::unchecked("w"),
        team: None,
        project: ProjectName::unchecked(text),
        work: Some(WorkName::unchecked(text)),
        slots: vec![AssignedSlot {
            by: None,
            score: None,
            independent: Some(false),
            slot: slot.clone(),
            persona: name.clone(),
            role: role.clone(),
            requested: role.clone(),
        }],
        tool_use_id: None,
    });
    let lesson = Event::Lesson(Lesson {
        persona: name.clone(),
        role: None,
        project: None,
        from: None,
        lesson: Detached::Words { words: LessonText::unchecked(text), salt: None },
    });
    let note = Event::Note(Note {
        session: session.clone(),
        slot: slot.clone(),
        persona: name.clone(),
        project: ProjectName::unchecked(text),
        note: Detached::Words { words: NoteText::unchecked(text), salt: None },
    });
    let release = Event::Release(Release {
        session,
        agent: None,
        reason: ReleaseReason::SessionEnd,
        slots: vec![ReleasedSlot { slot, persona: name.clone(), role }],
    });
    let (mut log, mut heads, mut seq) = (Vec::new(), Heads::default(), Seq(1));
    let at = "2026-03-25T15:30:00Z".parse().unwrap();
    for event in [seed, assign, lesson, note, release] {
        let Ok(record) = encode(&mut log, seq, at, event, heads.clone()) else { return };
        (heads, seq) = (record.id.into(), seq.next().unwrap_or(seq));
    }
    let view = View::fold_all(&log).unwrap();
    if !text.trim().is_empty() {
        assert_eq!(find(&view.roster, text).unwrap(), &name);
    }
    let persona = view.roster.get(&name).unwrap();
    let (session, project) = (SessionId::unchecked("t"), ProjectName::unchecked(text));
    let told =
        preamble(persona, rules.roles.resolve(text), Some(&session), &project, &|_| true).text;
    assert!(told.chars().count() <= PREAMBLE_LIMIT, "{told}");
    let lines: Vec<_> = told.lines().collect();
    assert!(lines.len() <= 7 && lines[0].starts_with("You are"), "{told}");
    assert_eq!(lines.iter().position(|line| *line == "---"), Some(lines.len() - 1), "{told}");
    assert!(told.ends_with("---\n") && !told.replace('\n', "").contains(is_hidden), "{told:?}");
}
