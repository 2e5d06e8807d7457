//! Forgetting the text of an event.

use super::{Decision, Refusal, Situation};
use crate::events::{Event, EventId, Forget, Reason};

/// Somebody wants the text of an event gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForgetRequest {
    /// The event.
    pub event: EventId,
    /// Its type.
    pub kind: String,
    /// Where its text is.
    pub text: TextPlace,
    /// Why.
    pub reason: Option<Reason>,
}

/// Where the text of an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextPlace {
    /// Behind the id of its line, or it was there.
    BehindId,
    /// In the data, which the id covers.
    InData,
    /// The event has none.
    Nowhere,
}

/// Puts on record that a text is forgotten, unless that is on record already; returns whether it
/// is now.
pub fn forget(
    situation: &mut Situation<'_>,
    request: &ForgetRequest,
) -> Result<Decision<bool>, Refusal> {
    let ForgetRequest { event, kind, text, reason } = request.clone();
    match text {
        TextPlace::Nowhere => Err(Refusal::NoText { event, kind }),
        TextPlace::InData => Err(Refusal::TextInData { event }),
        TextPlace::BehindId if situation.roster.is_forgotten(event) => {
            Ok(Decision::new(Vec::new(), false))
        }
        TextPlace::BehindId => {
            Ok(Decision::new(vec![Event::Forget(Forget { event, reason })], true))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::broker::testing::World;
    use crate::events::Sentiment;

    #[test]
    fn a_text_is_forgotten_once() {
        let mut world = World::of(&["Ann"]);
        world.judged("Ann", "testing", Sentiment::Negative);
        let event = world.records.last().unwrap().id;
        let (kind, reason) = ("feedback".to_owned(), Reason::parse("A name.").ok());
        let request = ForgetRequest { event, kind, text: TextPlace::BehindId, reason };
        let decision = forget(&mut world.situation(), &request).unwrap();
        assert!(decision.outcome);
        for event in decision.events {
            world.given(event);
        }
        assert!(world.roster.is_forgotten(event));
        let again = forget(&mut world.situation(), &request).unwrap();
        assert_eq!((again.events, again.outcome), (Vec::new(), false));
    }

    #[test]
    fn what_cannot_be_taken_off_is_refused() {
        let mut world = World::of(&["Ann"]);
        let event = world.records[0].id;
        for (text, said) in [
            (TextPlace::Nowhere, "` is a `seed` event, which has no text that could be forgotten"),
            (
                TextPlace::InData,
                "` cannot be taken off its line: in format version 1 it is part of what the id covers",
            ),
        ] {
            let request = ForgetRequest { event, kind: "seed".to_owned(), text, reason: None };
            let refused = forget(&mut world.situation(), &request).unwrap_err().to_string();
            assert!(refused.ends_with(said), "{refused}");
        }
    }
}
