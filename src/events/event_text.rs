//! The texts of an event: the one place that filters, limits and audits learn them from.

use super::detached_text::Tail;
use super::{
    AgentName, Assign, Compact, Definition, Delivery, Event, Feedback, Forget, LINE_LIMIT, Lesson,
    LessonText, Note, NoteText, Observation, Outcome, PersonaName, ProjectName, Reactivate, Reason,
    Release, Retire, Retract, RoleName, RunId, SessionId, Slot, Source, Tag, TeamName, TextError,
    TextLoss, ToolUseId, Unlearn, WorkName, check_text,
};

/// A text of an event, with what it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventText<'a> {
    /// A persona that the event is about.
    Persona(&'a PersonaName),
    /// The session that the event belongs to.
    Session(&'a SessionId),
    /// The agent that borrows or gives back.
    Agent(&'a AgentName),
    /// The agent's team.
    Team(&'a TeamName),
    /// The project that the work was on.
    Project(&'a ProjectName),
    /// What is worked on within the project.
    Work(&'a WorkName),
    /// A slot that is opened or closed.
    Slot(&'a Slot),
    /// A role in which a persona worked or was judged.
    Role(&'a RoleName),
    /// A role as it was asked for.
    RequestedRole(&'a RoleName),
    /// A role that a definition has an instruction for.
    InstructedRole(&'a RoleName),
    /// How to work in a role.
    Instruction(&'a str),
    /// A trait or an expertise.
    Tag(&'a Tag),
    /// What was observed of a persona's work.
    Observation(&'a Observation),
    /// What a persona is taught.
    Lesson(&'a LessonText),
    /// Where a persona left a project.
    Note(&'a NoteText),
    /// Why something is taken back.
    Reason(&'a Reason),
    /// A run of an agent.
    Run(&'a RunId),
    /// The author of a judgement.
    Source(&'a Source),
    /// The client's call that asked.
    ToolUse(&'a ToolUseId),
}

impl EventText<'_> {
    /// Holds the text to the limits of the command line.
    pub(crate) fn check(self) -> Result<(), TextError> {
        match self {
            Self::Persona(text) => text.check(),
            Self::Session(text) => text.check(),
            Self::Agent(text) => text.check(),
            Self::Team(text) => text.check(),
            Self::Project(text) => text.check(),
            Self::Work(text) => text.check(),
            Self::Slot(text) => text.check(),
            Self::Role(text) | Self::RequestedRole(text) | Self::InstructedRole(text) => {
                text.check()
            }
            // The seed limits its length, not the log.
            Self::Instruction(text) => check_text("instruction", text, LINE_LIMIT),
            Self::Tag(text) => text.check(),
            Self::Observation(text) => text.check(),
            Self::Lesson(text) => text.check(),
            Self::Note(text) => text.check(),
            Self::Reason(text) => text.check(),
            Self::Run(text) => text.check(),
            Self::Source(text) => text.check(),
            Self::ToolUse(text) => text.check(),
        }
    }
}

impl Event {
    /// The texts of the event, each with what it names.
    #[must_use]
    pub fn texts(&self) -> Box<dyn Iterator<Item = EventText<'_>> + '_> {
        match self {
            Self::Seed(of) | Self::Grow(of) | Self::Revise(of) => Box::new(of.texts()),
            Self::Assign(of) => Box::new(of.texts()),
            Self::Release(of) => Box::new(of.texts()),
            Self::Delivery(of) => Box::new(of.texts()),
            Self::Outcome(of) => Box::new(of.texts()),
            Self::Feedback(of) => Box::new(of.texts()),
            Self::Lesson(of) => Box::new(of.texts()),
            Self::Note(of) => Box::new(of.texts()),
            Self::Unlearn(Unlearn { lesson: _, reason })
            | Self::Retract(Retract { event: _, reason })
            | Self::Forget(Forget { event: _, reason }) => {
                Box::new(reason.iter().map(EventText::Reason))
            }
            Self::Retire(Retire { persona, .. }) | Self::Reactivate(Reactivate { persona, .. }) => {
                Box::new([EventText::Persona(persona)].into_iter())
            }
            Self::Compact(of) => Box::new(of.texts()),
            Self::Repair(_) | Self::Unknown { .. } => Box::new([].into_iter()),
        }
    }

    /// The personas that the event names, in the order of its line.
    pub fn personas(&self) -> impl Iterator<Item = &PersonaName> {
        self.texts().filter_map(|text| match text {
            EventText::Persona(name) => Some(name),
            _ => None,
        })
    }

    /// What the command line would have refused of the event's texts.
    ///
    /// The log is a record: an event that breaks a limit counts all the same.
    #[must_use]
    pub fn text_errors(&self) -> Vec<TextError> {
        self.texts().filter_map(|text| text.check().err()).collect()
    }

    /// The text of the event that stands after its id, if its type has one.
    fn tail(&self) -> Option<&dyn Tail> {
        match self {
            Self::Feedback(of) => Some(&of.observation),
            Self::Lesson(of) => Some(&of.lesson),
            Self::Note(of) => Some(&of.note),
            _ => None,
        }
    }

    fn tail_mut(&mut self) -> Option<&mut dyn Tail> {
        match self {
            Self::Feedback(of) => Some(&mut of.observation),
            Self::Lesson(of) => Some(&mut of.lesson),
            Self::Note(of) => Some(&mut of.note),
            _ => None,
        }
    }

    /// The object that stands after the id of the event's line.
    pub(super) fn text_object(&self) -> Option<Vec<u8>> {
        self.tail()?.object()
    }

    /// The words of the free text with their key, as a line has them.
    pub(crate) fn text_field(&self) -> Option<Vec<u8>> {
        self.tail()?.field()
    }

    /// Takes the object that stands after the id of the event's line.
    pub(super) fn attach(&mut self, object: &[u8]) {
        if let Some(tail) = self.tail_mut() {
            tail.attach(object);
        }
    }

    /// Takes the free text away, as one that was forgotten and is not to be shown.
    pub fn forget_text(&mut self) {
        if let Some(tail) = self.tail_mut() {
            tail.forget();
        }
    }

    /// Returns whether the event has a free text, or had one.
    pub(crate) fn may_have_text(&self) -> bool {
        self.has_text() || self.text_loss().is_some()
    }

    /// Returns whether the event has a free text whose words are known.
    #[must_use]
    pub fn has_text(&self) -> bool {
        self.tail().is_some_and(Tail::has_words)
    }

    /// Returns whether its free text has a salt.
    pub(crate) fn has_salt(&self) -> bool {
        self.tail().is_some_and(Tail::has_salt)
    }

    /// Why the free text of the event is not known; nothing if it is, or there is none.
    #[must_use]
    pub fn text_loss(&self) -> Option<TextLoss> {
        self.tail()?.loss()
    }
}

impl Definition {
    fn texts(&self) -> impl Iterator<Item = EventText<'_>> {
        let Self { name, traits, expertise, instructions } = self;
        let tags = traits.iter().chain(expertise).map(EventText::Tag);
        let instructions = instructions.iter().flat_map(|(role, instruction)| {
            [EventText::InstructedRole(role), EventText::Instruction(instruction)]
        });
        [EventText::Persona(name)].into_iter().chain(tags).chain(instructions)
    }
}

impl Assign {
    fn texts(&self) -> impl Iterator<Item = EventText<'_>> {
        let Self { session, agent, team, project, work, slots, tool_use_id } = self;
        let of_all = [
            Some(EventText::Session(session)),
            Some(EventText::Agent(agent)),
            team.as_ref().map(EventText::Team),
            Some(EventText::Project(project)),
            work.as_ref().map(EventText::Work),
            tool_use_id.as_ref().map(EventText::ToolUse),
        ];
        let of_slots = slots.iter().flat_map(|slot| {
            [
                EventText::Slot(&slot.slot),
                EventText::Persona(&slot.persona),
                EventText::Role(&slot.role),
                EventText::RequestedRole(&slot.requested),
            ]
        });
        of_all.into_iter().flatten().chain(of_slots)
    }
}

impl Release {
    fn texts(&self) -> impl Iterator<Item = EventText<'_>> {
        let Self { session, agent, reason: _, slots } = self;
        let of_all = [Some(EventText::Session(session)), agent.as_ref().map(EventText::Agent)];
        let of_slots = slots.iter().flat_map(|slot| {
            [
                EventText::Slot(&slot.slot),
                EventText::Persona(&slot.persona),
                EventText::Role(&slot.role),
            ]
        });
        of_all.into_iter().flatten().chain(of_slots)
    }
}

impl Delivery {
    fn texts(&self) -> impl Iterator<Item = EventText<'_>> {
        let Self { session, slot, agent_id, channel: _, arrived: _, teammate: _ } = self;
        [EventText::Session(session), EventText::Slot(slot), EventText::Run(agent_id)].into_iter()
    }
}

impl Outcome {
    fn texts(&self) -> impl Iterator<Item = EventText<'_>> {
        let Self { session, slot, persona, role, run, source, .. } = self;
        let texts = [
            EventText::Session(session),
            EventText::Slot(slot),
            EventText::Persona(persona),
            EventText::Role(role),
            EventText::Run(run),
            EventText::Source(source),
        ];
        texts.into_iter()
    }
}

impl Feedback {
    fn texts(&self) -> impl Iterator<Item = EventText<'_>> {
        let Self { persona, role, project, session, slot, sentiment: _, source, observation } =
            self;
        let texts = [
            Some(EventText::Persona(persona)),
            Some(EventText::Role(role)),
            project.as_ref().map(EventText::Project),
            session.as_ref().map(EventText::Session),
            slot.as_ref().map(EventText::Slot),
            Some(EventText::Source(source)),
            observation.words().map(EventText::Observation),
        ];
        texts.into_iter().flatten()
    }
}

impl Lesson {
    fn texts(&self) -> impl Iterator<Item = EventText<'_>> {
        let Self { persona, role, project, from: _, lesson } = self;
        let texts = [
            Some(EventText::Persona(persona)),
            role.as_ref().map(EventText::Role),
            project.as_ref().map(EventText::Project),
            lesson.words().map(EventText::Lesson),
        ];
        texts.into_iter().flatten()
    }
}

impl Note {
    fn texts(&self) -> impl Iterator<Item = EventText<'_>> {
        let Self { session, slot, persona, project, note } = self;
        let texts = [
            Some(EventText::Session(session)),
            Some(EventText::Slot(slot)),
            Some(EventText::Persona(persona)),
            Some(EventText::Project(project)),
            note.words().map(EventText::Note),
        ];
        texts.into_iter().flatten()
    }
}

impl Compact {
    fn texts(&self) -> impl Iterator<Item = EventText<'_>> {
        let summaries = self.summaries.iter();
        summaries.flat_map(|of| [EventText::Persona(&of.persona), EventText::Role(&of.role)])
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use crate::events::{
        Detached, Event, Feedback, Observation, PersonaName, RoleName, Sentiment, SessionId,
        Source, decode,
    };

    /// How many texts there are in the data of an event, as JSON.
    fn count(data: &Value) -> usize {
        match data {
            Value::String(_) => 1,
            Value::Array(values) => values.iter().map(count).sum(),
            Value::Object(fields) => fields
                .iter()
                .map(|(key, value)| match key.as_str() {
                    "sentiment" | "before" | "month" | "cut" | "missing" | "by" | "result"
                    | "event" | "text" | "from" | "lesson" | "channel" | "measures" => 0,
                    // Elsewhere it is one of a few words.
                    "reason" => {
                        usize::from(fields.contains_key("event") || fields.contains_key("lesson"))
                    }
                    "instructions" => {
                        count(value) + value.as_object().map_or(0, serde_json::Map::len)
                    }
                    _ => count(value),
                })
                .sum(),
            Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        }
    }

    #[test]
    fn no_text_of_an_event_is_left_out() {
        let logs = [
            include_str!("../../fixtures/log/v1.jsonl"),
            include_str!("../../fixtures/log/v1-outcomes.jsonl"),
            include_str!("../../fixtures/log/v1-runs.jsonl"),
            include_str!("../../fixtures/log/v2-texts.jsonl"),
            include_str!("../../fixtures/log/v1-work.jsonl"),
        ];
        for line in logs.iter().flat_map(|log| log.lines()) {
            let event = decode(line.as_bytes()).unwrap().event;
            let data = serde_json::to_value(&event).unwrap();
            let texts = count(&data) + usize::from(event.has_text());
            assert_eq!(event.texts().count(), texts, "{line}");
        }
    }

    fn feedback(observation: &str, session: &str) -> Event {
        Event::Feedback(Feedback {
            persona: PersonaName::unchecked("Ann"),
            role: RoleName::unchecked("testing"),
            project: None,
            session: Some(SessionId::unchecked(session)),
            slot: None,
            sentiment: Sentiment::Neutral,
            source: Source::unchecked("cli"),
            observation: Detached::Words { words: Observation::unchecked(observation), salt: None },
        })
    }

    #[test]
    fn what_the_command_line_refuses_is_found() {
        let errors = |event: Event| -> Vec<String> {
            event.text_errors().iter().map(ToString::to_string).collect()
        };
        assert_eq!(errors(feedback(&"é".repeat(2000), "s")), Vec::<String>::new());
        assert_eq!(
            errors(feedback(&"é".repeat(2001), "a\u{1b}[2J")),
            [
                "the session holds the control character U+001B at position 2",
                "the observation is 2001 characters long; the limit is 2000",
            ]
        );
        assert_eq!(errors(feedback("x", " ")), ["the session is empty"]);
    }
}
