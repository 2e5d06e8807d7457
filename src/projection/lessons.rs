//! What a persona was taught, and where it left its projects.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Persona, Roster};
use crate::events::{
    EventId, Lesson, LessonText, Note, NoteText, PersonaName, ProjectName, Record, RoleName,
};

/// One lesson of a persona.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LessonRecord {
    /// The event that taught it.
    pub id: EventId,
    /// When it was taught.
    pub at: Timestamp,
    /// The role it is for; without one, any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<RoleName>,
    /// The project it is for; without one, any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<ProjectName>,
    /// The feedback that it was taken from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<EventId>,
    /// Whether it is still offered.
    pub status: LessonStatus,
    /// Its words; none where they were forgotten, or are not in the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<LessonText>,
}

/// Whether a lesson is still offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LessonStatus {
    /// It is.
    Offered,
    /// It is not: it does not hold any more.
    Unlearned,
    /// It is not: it was taken back.
    Retracted,
}

/// The last note of a persona on one project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoteRecord {
    /// The event that has it.
    pub id: EventId,
    /// When it was written.
    pub at: Timestamp,
    /// Its words; none where they were forgotten, or are not in the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<NoteText>,
}

impl Persona {
    /// What it was taught, oldest first in the order of the fold, offered or not.
    #[must_use]
    pub fn lessons(&self) -> &[LessonRecord] {
        &self.lessons
    }

    /// The last note that it left on a project.
    #[must_use]
    pub fn note_on(&self, project: &ProjectName) -> Option<&NoteRecord> {
        self.notes.get(project)
    }

    /// Its last note on each project.
    pub fn notes(&self) -> impl Iterator<Item = (&ProjectName, &NoteRecord)> {
        self.notes.iter()
    }

    /// Takes the words of an event away.
    fn forget(&mut self, event: EventId) {
        for lesson in self.lessons.iter_mut().filter(|lesson| lesson.id == event) {
            lesson.text = None;
        }
        for note in self.notes.values_mut().filter(|note| note.id == event) {
            note.text = None;
        }
    }
}

impl Roster {
    /// Returns whether the text of an event was forgotten, whether the log still has it or not.
    #[must_use]
    pub fn is_forgotten(&self, event: EventId) -> bool {
        self.totals.forgotten.contains(&event)
    }

    /// The events whose texts were forgotten.
    #[must_use]
    pub fn forgotten(&self) -> &BTreeSet<EventId> {
        &self.totals.forgotten
    }

    /// The lesson that an event taught, with the persona that has it. Everyone has to be loaded.
    #[must_use]
    pub fn lesson(&self, event: EventId) -> Option<(&PersonaName, &LessonRecord)> {
        let lessons = self
            .personas()
            .into_iter()
            .flat_map(|persona| persona.lessons.iter().map(move |lesson| (persona.name(), lesson)));
        lessons.into_iter().find(|(_, lesson)| lesson.id == event)
    }

    pub(super) fn teach(&mut self, record: &Record, lesson: &Lesson) {
        let text = lesson.lesson.words().filter(|_| !self.is_forgotten(record.id)).cloned();
        let Some((_, persona)) = self.get_mut(&lesson.persona) else { return };
        persona.lessons.push(LessonRecord {
            id: record.id,
            at: record.at,
            role: lesson.role.clone(),
            project: lesson.project.clone(),
            from: lesson.from,
            status: LessonStatus::Offered,
            text,
        });
    }

    pub(super) fn note(&mut self, record: &Record, note: &Note) {
        let text = note.note.words().filter(|_| !self.is_forgotten(record.id)).cloned();
        let Some((_, persona)) = self.get_mut(&note.persona) else { return };
        let last = NoteRecord { id: record.id, at: record.at, text };
        persona.notes.insert(note.project.clone(), last);
    }

    /// Has a lesson offered no more. Everyone has to be loaded.
    pub(super) fn withdraw(&mut self, event: EventId, status: LessonStatus) {
        let lessons = self.everyone_mut().flat_map(|persona| &mut persona.lessons);
        for lesson in lessons.filter(|lesson| lesson.id == event) {
            if lesson.status == LessonStatus::Offered {
                lesson.status = status;
            }
        }
    }

    /// Takes the words away that another roster of the same events lacks. Everyone has to be loaded,
    /// in both.
    pub(crate) fn forget_unsaid(&mut self, other: &Self) {
        let others = other.personas();
        let lessons = others.iter().flat_map(|persona| &persona.lessons);
        let lessons = lessons.filter(|lesson| lesson.text.is_none()).map(|lesson| lesson.id);
        let notes = others.iter().flat_map(|persona| persona.notes.values());
        let notes = notes.filter(|note| note.text.is_none()).map(|note| note.id);
        let unsaid: Vec<_> = lessons.chain(notes).collect();
        for persona in self.everyone_mut() {
            for event in &unsaid {
                persona.forget(*event);
            }
        }
    }

    /// Takes the words of an event away, whether it was applied already or comes later. Everyone has
    /// to be loaded.
    pub(super) fn forget(&mut self, event: EventId) {
        self.totals.forgotten.insert(event);
        self.everyone_mut().for_each(|persona| persona.forget(event));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::projection::view::tests::{History, lesson, note, retract, seed};

    fn ann(history: &History) -> Persona {
        history.persona("Ann")
    }

    fn texts(history: &History) -> Vec<(Option<String>, LessonStatus)> {
        let lessons = ann(history).lessons.clone();
        let text = |it: LessonRecord| it.text.map(|text| text.to_string());
        lessons.into_iter().map(|it| (text(it.clone()), it.status)).collect()
    }

    fn forget(event: EventId) -> (&'static str, serde_json::Value) {
        ("forget", json!({ "event": event }))
    }

    fn unlearn(event: EventId) -> (&'static str, serde_json::Value) {
        ("unlearn", json!({ "lesson": event, "reason": "It changed." }))
    }

    #[test]
    fn lessons_are_kept_in_their_order_until_they_are_withdrawn() {
        use LessonStatus::{Offered, Retracted, Unlearned};

        let mut history = History::of([seed("Ann"), lesson("Ann", "Run it twice.")]);
        let first = history.heads[0];
        history.then(lesson("Ann", "Read the log."));
        let second = history.heads[0];
        history.then(lesson("Nobody", "Never."));
        let told = |history: &History| {
            let lessons = texts(history);
            lessons.into_iter().map(|(text, status)| (text.unwrap(), status)).collect::<Vec<_>>()
        };
        let [one, two] = ["Run it twice.", "Read the log."].map(str::to_owned);
        assert_eq!(told(&history), [(one.clone(), Offered), (two.clone(), Offered)]);
        history.then(unlearn(first)).then(retract(second)).then(retract(first));
        assert_eq!(told(&history), [(one, Unlearned), (two, Retracted)]);
        let roster = history.view().roster;
        let (name, found) = roster.lesson(second).unwrap();
        assert_eq!((name.as_str(), found.at.as_second()), ("Ann", 3));
    }

    #[test]
    fn the_last_note_on_a_project_counts() {
        let mut history = History::of([
            seed("Ann"),
            note("Ann", "acme", "Half done."),
            note("Ann", "other", "Begun."),
            note("Ann", "acme", "Done."),
        ]);
        let on = |history: &History, project: &str| {
            let ann = ann(history);
            let note = ann.note_on(&ProjectName::unchecked(project));
            note.map(|note| note.text.as_ref().map(ToString::to_string))
        };
        assert_eq!(on(&history, "acme"), Some(Some("Done.".to_owned())));
        assert_eq!(on(&history, "other"), Some(Some("Begun.".to_owned())));
        assert_eq!(on(&history, "third"), None);
        let last = history.heads[0];
        history.then(forget(last));
        assert_eq!(on(&history, "acme"), Some(None), "the one before it is not the last");
    }

    #[test]
    fn a_forgotten_text_is_gone_whichever_of_the_two_folds_first() {
        let taught = || lesson("Ann", "Run it twice.");
        let base = History::of([seed("Ann")]);
        let event = base.clone().then(taught()).heads[0];
        let mut after = base.clone();
        after.then(taught()).then(forget(event));
        let mut before = base.clone();
        before.then(forget(event));
        let before = before.merged(base.clone().then(taught()));
        for history in [after, before] {
            assert_eq!(texts(&history), [(None, LessonStatus::Offered)]);
            assert!(history.view().roster.is_forgotten(event));
            assert!(!history.view().roster.is_forgotten(base.heads[0]));
        }
    }
}
