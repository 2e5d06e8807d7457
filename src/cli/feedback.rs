//! `feedback`: judge a persona's work.

use std::fmt;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use muzzle_persona::broker::{self, Decision, FeedbackRequest};
use muzzle_persona::events::{
    Feedback, LessonText, Observation, PersonaName, Points, ProjectName, RoleName, Sentiment,
    SessionId, Source,
};
use muzzle_persona::projection::{Needs, Tally};
use muzzle_persona::wording::quoted;
use serde::Serialize;

use super::teach::{self, LessonReport, write_taught};
use super::{Context, Failure, hint, line, persona_names};

/// Judge a persona's work, for the next choice
///
/// The verdict counts when the next persona is chosen. Without `--role` and `--project`, the judgement is of what the persona was
/// lent for last. Without `--sentiment`, the words of the observation decide. Of
/// several verdicts on one session, the last counts.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  muzzle-persona feedback elena -m 'Thorough; caught the race in the retry loop.'
  muzzle-persona feedback elena -r testing --sentiment negative -m 'Ran no test.'
  muzzle-persona feedback elena --teach -m 'Missed that it takes two runs.'")]
pub struct FeedbackArgs {
    /// The persona's name, or how one of its words begins
    #[arg(add = persona_names())]
    name: String,
    /// What was observed, at most 2,000 characters
    #[arg(short = 'm', long, value_name = "TEXT", value_parser = Observation::parse)]
    observation: Observation,
    /// The role in which it worked
    #[arg(short = 'r', long, value_parser = RoleName::parse)]
    role: Option<RoleName>,
    /// The project on which it worked
    #[arg(short = 'p', long, value_parser = ProjectName::parse)]
    project: Option<ProjectName>,
    /// The verdict
    #[arg(long, value_parser = sentiments())]
    sentiment: Option<Sentiment>,
    /// Teach the observation, too: for the role, and for the project if `--project` names it
    #[arg(long)]
    teach: bool,
}

fn sentiments() -> impl TypedValueParser<Value = Sentiment> {
    let words = PossibleValuesParser::new(Sentiment::ALL.map(Sentiment::as_str));
    words.try_map(|word| serde_json::from_value(word.into()))
}

pub fn run(args: FeedbackArgs, context: &mut Context) -> Result<FeedbackReport, Failure> {
    let FeedbackArgs { name: persona, observation, role, project, sentiment, teach } = args;
    let lesson = teach.then(|| LessonText::parse(observation.as_str())).transpose();
    let lesson = lesson.map_err(|error| {
        let message = format!("the observation cannot become a lesson: {error}");
        let teach = format!("muzzle-persona teach {}", hint::word(&persona, "NAME"));
        Failure::usage(
            message,
            format!("leave out `--teach`, and `{teach} -m TEXT` in fewer words"),
        )
    })?;
    let source = Source::unchecked("cli");
    let request = FeedbackRequest { persona, role, project, observation, sentiment, source };
    let (mut store, (judged, taught)) = context.execute(&request.needs(), |situation| {
        if let Some(lesson) = &lesson {
            let Decision { events, outcome: (judged, taught), notices } =
                broker::feedback_and_teach(situation, &request, lesson)?;
            return Ok(Decision { events, outcome: (judged, Some(taught)), notices });
        }
        let Decision { events, outcome, notices } = broker::feedback(situation, &request)?;
        Ok(Decision { events, outcome: (outcome, None), notices })
    })?;
    let is_new = taught.as_ref().is_some_and(|taught| taught.is_new);
    let lesson = taught.map(|taught| teach::recorded(&mut store, &taught)).transpose()?;
    let Feedback { persona: name, role, session, .. } = judged.feedback.clone();
    let (affinity_after, feedback) = store.look(&Needs::personas([&name]), |store| {
        let persona = broker::find_persona(store.roster(), name.as_str())?;
        let record = persona.roles.get(&role);
        let tally = record.map(|record| record.tally).unwrap_or_default();
        let (scoring, now) = (&store.rules().scoring, context.options.now);
        Ok((broker::affinity(persona, &role, scoring, now), tally))
    })?;
    Ok(FeedbackReport {
        sentiment: judged.verdict.sentiment,
        given: judged.given,
        positive_words: judged.verdict.positive,
        negative_words: judged.verdict.negative,
        affinity_before: judged.before,
        affinity_after,
        feedback,
        replaced: store.roster().has_replaced(&judged.feedback),
        session,
        name,
        role,
        taught: lesson.map(|lesson| TaughtReport { recorded: is_new, lesson }),
    })
}

#[derive(Debug, Serialize)]
pub struct FeedbackReport {
    name: PersonaName,
    role: RoleName,
    sentiment: Sentiment,
    given: bool,
    positive_words: Vec<String>,
    negative_words: Vec<String>,
    affinity_before: Points,
    affinity_after: Points,
    feedback: Tally,
    session: Option<SessionId>,
    /// Whether it counts in place of an earlier verdict on the session.
    replaced: bool,
    /// What `--teach` taught.
    taught: Option<TaughtReport>,
}

#[derive(Debug, Serialize)]
struct TaughtReport {
    recorded: bool,
    #[serde(flatten)]
    lesson: LessonReport,
}

impl fmt::Display for FeedbackReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, role, sentiment, affinity_before, affinity_after, .. } = self;
        let sides = [("for", &self.positive_words), ("against", &self.negative_words)];
        let sides = sides.into_iter().filter(|(_, words)| !words.is_empty());
        let words = sides.map(|(side, words)| format!("{side} it {}", quoted(words)));
        let why = match words.collect::<Vec<_>>() {
            _ if self.given => "as given".to_owned(),
            words if words.is_empty() => "by its words: none of them tells".to_owned(),
            words => format!("by its words: {}", words.join("; ")),
        };
        let sentiment = sentiment.as_str();
        line(f, format!("Recorded as {sentiment} for {name} as {role}, {why}."))?;
        if self.replaced {
            writeln!(
                f,
                "It counts in place of the verdict that was given on the same session before."
            )?;
        }
        line(f, format!("Affinity: {affinity_before} → {affinity_after}"))?;
        let mut taught = self.taught.iter();
        taught.try_for_each(|taught| write_taught(f, name, &taught.lesson, taught.recorded))
    }
}
