//! What a persona was taught, and where it left its projects.

use std::collections::{BTreeMap, BTreeSet};

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
    /// How often it was offered: the assignments of the persona, since it was taught, at which it
    /// was among the first [`Persona::LESSONS`] in the order of [`Persona::lessons_for`]. It does
    /// not depend on which texts are there: these may go at any time.
    #[serde(default)]
    pub times_offered: u64,
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

impl LessonRecord {
    /// How many of role and project it names, if it is for work in this role and on this project.
    fn fit(&self, role: &RoleName, project: &ProjectName) -> Option<usize> {
        let is_for = self.role.as_ref().is_none_or(|named| named == role)
            && self.project.as_ref().is_none_or(|named| named == project);
        is_for.then(|| usize::from(self.role.is_some()) + usize::from(self.project.is_some()))
    }
}

impl Persona {
    /// The most lessons that an agent is told.
    pub const LESSONS: usize = 3;

    /// Of how many lessons these are chosen: the newest that are offered. So an assignment costs
    /// the same however much a persona was taught.
    const LESSONS_CONSIDERED: usize = 64;

    /// The lessons that it is offered, oldest first in the order of the fold.
    #[must_use]
    pub fn lessons(&self) -> &[LessonRecord] {
        &self.lessons
    }

    /// The lessons for work in a role and on a project, whose words are known: those first that
    /// name both, then those that name one of them, then those for any work; each newest first in
    /// the order of the fold. Lessons for another role or another project are none of them.
    pub fn lessons_for(
        &self,
        role: &RoleName,
        project: &ProjectName,
    ) -> impl Iterator<Item = &LessonRecord> {
        let lessons = self.places_of_lessons(role, project);
        lessons.filter_map(|place| self.lessons.get(place)).filter(|lesson| lesson.text.is_some())
    }

    /// Where in `lessons` these are, whether their words are known or not.
    fn places_of_lessons(
        &self,
        role: &RoleName,
        project: &ProjectName,
    ) -> impl Iterator<Item = usize> {
        let newest = self.lessons.iter().enumerate().rev().take(Self::LESSONS_CONSIDERED);
        let fits = move |fit| {
            let is_fit = move |(_, it): &(usize, &LessonRecord)| it.fit(role, project) == Some(fit);
            newest.clone().filter(is_fit).map(|(place, _)| place)
        };
        [2, 1, 0].into_iter().flat_map(fits)
    }

    /// Counts that lessons were offered at an assignment.
    pub(super) fn offer_lessons(&mut self, role: &RoleName, project: &ProjectName) {
        // Without any lesson that fits, nothing is allocated.
        let places: Vec<_> = self.places_of_lessons(role, project).take(Self::LESSONS).collect();
        for place in places {
            if let Some(lesson) = self.lessons.get_mut(place) {
                lesson.times_offered = lesson.times_offered.saturating_add(1);
            }
        }
    }

    /// The lesson of these words that it is offered for just this role and project, if there is
    /// one; of several the newest.
    #[must_use]
    pub fn lesson_of(
        &self,
        words: &LessonText,
        role: Option<&RoleName>,
        project: Option<&ProjectName>,
    ) -> Option<&LessonRecord> {
        let is_it = |it: &&LessonRecord| {
            (it.text.as_ref(), it.role.as_ref(), it.project.as_ref())
                == (Some(words), role, project)
        };
        self.lessons.iter().rfind(is_it)
    }

    /// Its last note on each project.
    #[must_use]
    pub fn notes(&self) -> &BTreeMap<ProjectName, NoteRecord> {
        &self.notes
    }

    /// The last note that it left on a project.
    #[must_use]
    pub fn note_on(&self, project: &ProjectName) -> Option<&NoteRecord> {
        self.notes.get(project)
    }

    /// Takes the words of an event away.
    fn forget(&mut self, event: EventId) {
        let lessons = self.lessons.iter_mut().chain(&mut self.withdrawn);
        for lesson in lessons.filter(|lesson| lesson.id == event) {
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

    /// The lesson that an event taught, offered or not, with the persona that has it. Everyone has
    /// to be loaded.
    #[must_use]
    pub fn lesson(&self, event: EventId) -> Option<(&PersonaName, &LessonRecord)> {
        let mut lessons = self.personas().into_iter().flat_map(|persona| {
            let lessons = persona.lessons.iter().chain(&persona.withdrawn);
            lessons.map(|lesson| (persona.name(), lesson))
        });
        lessons.find(|(_, lesson)| lesson.id == event)
    }

    /// All personas, to change them.
    fn everyone_mut(&mut self) -> impl Iterator<Item = &mut Persona> {
        debug_assert!(self.personas.iter().all(Option::is_some), "not everyone is loaded");
        self.personas.iter_mut().flatten().map(Box::as_mut)
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
            times_offered: 0,
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
        for persona in self.everyone_mut() {
            let place = persona.lessons.iter().position(|lesson| lesson.id == event);
            if let Some(place) = place {
                let lesson = persona.lessons.remove(place);
                persona.withdrawn.push(LessonRecord { status, ..lesson });
            }
        }
    }

    /// Takes the words away that another roster of the same events lacks. Everyone has to be loaded,
    /// in both.
    pub(crate) fn forget_unsaid(&mut self, other: &Self) {
        let others = other.personas();
        let lessons =
            others.iter().flat_map(|persona| persona.lessons.iter().chain(&persona.withdrawn));
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
    pub(crate) fn forget(&mut self, event: EventId) {
        self.totals.forgotten.insert(event);
        self.everyone_mut().for_each(|persona| persona.forget(event));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::projection::view::tests::{History, Said, assign, lesson, note, retract, seed};

    fn ann(history: &History) -> Persona {
        history.persona("Ann")
    }

    fn texts(history: &History) -> Vec<(Option<String>, LessonStatus)> {
        let ann = ann(history);
        let lessons = [ann.lessons, ann.withdrawn].concat();
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
        assert_eq!(ann(&history).lessons(), []);
        let roster = history.view().roster;
        let (name, found) = roster.lesson(second).unwrap();
        assert_eq!((name.as_str(), found.at.as_second()), ("Ann", 3));
    }

    /// Somebody teaches Ann something for a role and a project.
    fn scoped(role: Option<&str>, project: Option<&str>, says: &str) -> Said {
        let of = json!({ "persona": "Ann", "role": role, "project": project, "says": says });
        ("lesson", of)
    }

    fn told(history: &History, role: &str, project: &str) -> Vec<String> {
        let (role, project) = (RoleName::unchecked(role), ProjectName::unchecked(project));
        let ann = ann(history);
        ann.lessons_for(&role, &project).map(|it| it.text.clone().unwrap().to_string()).collect()
    }

    fn offered(history: &History) -> Vec<u64> {
        ann(history).lessons().iter().map(|lesson| lesson.times_offered).collect()
    }

    #[test]
    fn lessons_for_this_role_and_project_come_first_the_newest_ahead() {
        let history = History::of([
            seed("Ann"),
            scoped(Some("testing"), Some("acme"), "both 1"),
            scoped(Some("testing"), None, "role 1"),
            scoped(None, None, "any 1"),
            scoped(Some("debugging"), None, "other role"),
            scoped(None, Some("acme"), "project 1"),
            scoped(Some("testing"), Some("other"), "other project"),
            scoped(Some("testing"), Some("acme"), "both 2"),
            scoped(None, None, "any 2"),
        ]);
        assert_eq!(
            told(&history, "testing", "acme"),
            ["both 2", "both 1", "project 1", "role 1", "any 2", "any 1"]
        );
        assert_eq!(told(&history, "debugging", "third"), ["other role", "any 2", "any 1"]);
        assert_eq!(told(&history, "general", "third"), ["any 2", "any 1"]);
    }

    #[test]
    fn an_assignment_counts_for_the_three_that_are_offered_first() {
        let mut history = History::of([
            seed("Ann"),
            assign("s1", "w-0", "Ann", "testing"),
            scoped(None, None, "any"),
            scoped(Some("testing"), None, "role 1"),
            assign("s2", "w-0", "Ann", "testing"),
            scoped(Some("testing"), None, "role 2"),
            scoped(Some("debugging"), None, "other"),
            scoped(Some("testing"), Some("acme"), "both"),
            assign("s3", "w-0", "Ann", "testing"),
            assign("s4", "w-0", "Ann", "general"),
        ]);
        // any, role 1, role 2, other, both
        assert_eq!(offered(&history), [2, 2, 1, 0, 1]);
        let both = ann(&history).lessons()[4].id;
        history.then(unlearn(both)).then(assign("s5", "w-0", "Ann", "testing"));
        assert_eq!(offered(&history), [3, 3, 2, 0]);
        assert_eq!(history.view().roster.lesson(both).unwrap().1.times_offered, 1);
        // Whether the words are there changes nothing: they may go from the log at any time.
        let any = ann(&history).lessons()[0].id;
        history.then(forget(any)).then(assign("s6", "w-0", "Ann", "general"));
        assert_eq!(offered(&history), [4, 3, 2, 0]);
        assert_eq!(told(&history, "general", "acme"), [""; 0]);
    }

    #[test]
    fn of_many_lessons_the_newest_are_considered() {
        let considered = Persona::LESSONS_CONSIDERED;
        let mut history = History::of([seed("Ann"), scoped(Some("testing"), Some("acme"), "old")]);
        history.extend((1..considered).map(|n| scoped(None, None, &n.to_string())));
        assert_eq!(told(&history, "testing", "acme")[0], "old");
        let (last, log) = (history.heads[0], history.clone());
        history.then(scoped(None, None, "new"));
        assert_eq!(told(&history, "testing", "acme").len(), considered);
        assert_eq!(told(&history, "testing", "acme")[0], "new");
        // What is offered no more takes no place.
        let mut unlearnt = log;
        unlearnt.then(unlearn(last)).then(scoped(None, None, "new"));
        assert_eq!(told(&unlearnt, "testing", "acme")[0], "old");
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
