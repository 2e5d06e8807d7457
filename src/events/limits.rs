//! The limits that texts are held to when they come in, applied to what is in the log.

use super::{
    AgentName, Compact, Definition, Event, LINE_LIMIT, ProjectName, SessionId, TeamName, TextError,
    ToolUseId, check_text,
};

impl Event {
    /// What the command line would have refused of the event's texts.
    ///
    /// The log is a record: an event that breaks a limit counts all the same.
    #[must_use]
    pub fn excesses(&self) -> Vec<TextError> {
        let mut found = Found(Vec::new());
        match self {
            Self::Seed(of) | Self::Grow(of) | Self::Revise(of) => found.definition(of),
            Self::Assign(of) => {
                found.note(of.session.check());
                found.note(of.agent.check());
                found.note_if(of.team.as_ref().map(TeamName::check));
                found.note(of.project.check());
                found.note_if(of.tool_use_id.as_ref().map(ToolUseId::check));
                for slot in &of.slots {
                    found.note(slot.slot.check());
                    found.note(slot.persona.check());
                    found.note(slot.role.check());
                    found.note(slot.requested.check());
                }
            }
            Self::Release(of) => {
                found.note(of.session.check());
                found.note_if(of.agent.as_ref().map(AgentName::check));
                for slot in &of.slots {
                    found.note(slot.slot.check());
                    found.note(slot.persona.check());
                    found.note(slot.role.check());
                }
            }
            Self::Feedback(of) => {
                found.note(of.persona.check());
                found.note(of.role.check());
                found.note_if(of.project.as_ref().map(ProjectName::check));
                found.note_if(of.session.as_ref().map(SessionId::check));
                found.note(of.observation.check());
                found.note(of.source.check());
            }
            Self::Retire(of) => found.note(of.persona.check()),
            Self::Reactivate(of) => found.note(of.persona.check()),
            Self::Compact(of) => found.summaries(of),
            Self::Repair(_) | Self::Unknown(_) => {}
        }
        found.0
    }
}

/// What was found so far.
struct Found(Vec<TextError>);

impl Found {
    fn note(&mut self, checked: Result<(), TextError>) {
        self.0.extend(checked.err());
    }

    fn note_if(&mut self, checked: Option<Result<(), TextError>>) {
        self.0.extend(checked.and_then(Result::err));
    }

    fn definition(&mut self, of: &Definition) {
        self.note(of.name.check());
        for tag in of.traits.iter().chain(&of.expertise) {
            self.note(tag.check());
        }
        for (role, instruction) in &of.instructions {
            self.note(role.check());
            // How long it may be is the seed's affair.
            self.note(check_text("instruction", instruction, LINE_LIMIT));
        }
    }

    fn summaries(&mut self, of: &Compact) {
        for summary in &of.summaries {
            self.note(summary.persona.check());
            self.note(summary.role.check());
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::events::{
        Event, Feedback, Observation, PersonaName, RoleName, Sentiment, SessionId, Source,
    };

    fn feedback(observation: &str, session: &str) -> Event {
        Event::Feedback(Feedback {
            persona: PersonaName::unchecked("Ann"),
            role: RoleName::unchecked("testing"),
            project: None,
            session: Some(SessionId::unchecked(session)),
            observation: Observation::unchecked(observation),
            sentiment: Sentiment::Neutral,
            source: Source::unchecked("cli"),
        })
    }

    #[test]
    fn what_the_command_line_refuses_is_told() {
        let told = |event: Event| -> Vec<String> {
            event.excesses().iter().map(ToString::to_string).collect()
        };
        assert_eq!(told(feedback(&"é".repeat(2000), "s")), Vec::<String>::new());
        assert_eq!(
            told(feedback(&"é".repeat(2001), "a\u{1b}[2J")),
            [
                "the session holds the control character U+001B at position 2",
                "the observation is 2001 characters long; the limit is 2000",
            ]
        );
        assert_eq!(told(feedback("x", " ")), ["the session is empty"]);
    }
}
