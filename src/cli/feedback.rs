//! `feedback`: judge a persona's work.

use std::fmt;
use std::io::{self, IsTerminal as _};

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use muzzle_persona::broker::{self, Decision, FeedbackRequest};
use muzzle_persona::events::{
    EventId, Feedback, LessonText, Observation, PersonaName, Points, ProjectName, RoleName,
    Sentiment, SessionId, Slot, Source,
};
use muzzle_persona::git::Checkout;
use muzzle_persona::projection::{Needs, Tally};
use muzzle_persona::wording::quoted;
use serde::Serialize;

use super::judged_work::{self, Wanted};
use super::teach::{self, LessonReport, write_taught};
use super::{Context, Failure, editor, environment, hint, line, output, persona_names};

/// What stdin is called in a message.
const STDIN: &str = "stdin";
/// What an editor shows first.
const TEMPLATE: &str = "
# What was good or bad about the work, in a sentence or two, at most 2,000 characters.
# Lines that begin with # are left out. An empty text records nothing.
";

/// Judge a persona's work, for the next choice
///
/// The verdict counts when the next persona is chosen. Without `--role` and `--project`, the
/// judgement is of what the persona was lent for last. Without a verdict, the words of the
/// observation decide; with one, no words are needed. Of several verdicts on one session, the
/// last of each source counts.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  muzzle-persona feedback elena --good
  muzzle-persona feedback --last --bad -m 'Missed the race in the retry loop.'
  git log -1 --format=%B | muzzle-persona feedback elena --mixed -m -")]
pub struct FeedbackArgs {
    /// The persona's name, or how one of its words begins
    #[arg(add = persona_names(), required_unless_present_any = ["last", "session"])]
    name: Option<String>,
    /// What was observed, at most 2,000 characters; `-` reads it from stdin
    #[arg(long, short = 'm', visible_alias = "message", value_name = "TEXT")]
    observation: Option<String>,
    /// Write the observation in the editor that `VISUAL` or `EDITOR` names
    #[arg(long, short, conflicts_with = "observation")]
    edit: bool,
    #[command(flatten)]
    verdict: VerdictArgs,
    /// Judge whoever was lent last on this project, or in the session
    #[arg(long, conflicts_with = "name")]
    last: bool,
    /// Judge the work of this session, by its id or how that begins
    #[arg(short = 's', long, value_name = "ID", value_parser = SessionId::parse)]
    session: Option<SessionId>,
    /// Judge just the run in this slot of the session
    #[arg(long, requires = "session", value_parser = Slot::parse)]
    slot: Option<Slot>,
    /// The role in which it worked
    #[arg(short = 'r', long, value_parser = RoleName::parse)]
    role: Option<RoleName>,
    /// The project on which it worked
    #[arg(short = 'p', long, value_parser = ProjectName::parse)]
    project: Option<ProjectName>,
    /// Teach the observation, too: for the role, and for the project if `--project` names it
    #[arg(long)]
    teach: bool,
    /// Who or what judges
    #[arg(long, value_name = "TEXT", default_value = "cli", value_parser = Source::parse)]
    source: Source,
}

/// The verdict, where it is given; one of them at most.
#[derive(Debug, Args)]
#[group(multiple = false)]
struct VerdictArgs {
    /// It was good
    #[arg(long)]
    good: bool,
    /// It was bad
    #[arg(long)]
    bad: bool,
    /// It was neither, or both
    #[arg(long)]
    mixed: bool,
    /// The same as `--good`, `--bad` and `--mixed`
    #[arg(long, value_parser = sentiments())]
    sentiment: Option<Sentiment>,
}

impl VerdictArgs {
    fn verdict(&self) -> Option<Sentiment> {
        let flags = [
            (self.good, Sentiment::Positive),
            (self.bad, Sentiment::Negative),
            (self.mixed, Sentiment::Neutral),
        ];
        let flag = flags.into_iter().find_map(|(is_given, verdict)| is_given.then_some(verdict));
        flag.or(self.sentiment)
    }
}

/// What somebody observed: from the arguments, stdin or an editor, on one line. A verdict can stand
/// without it.
fn observation(args: &FeedbackArgs) -> Result<Option<Observation>, Failure> {
    let text = match &args.observation {
        Some(text) if text == "-" => io::read_to_string(io::stdin())
            .map_err(|error| Failure::read(STDIN.as_ref(), &error))?,
        Some(text) => text.clone(),
        None if args.verdict.verdict().is_some() && !args.edit && !args.teach => return Ok(None),
        None if args.edit || (io::stdin().is_terminal() && output::is_seen()) => {
            let written = editor::edit(TEMPLATE, ".txt", |text| {
                let lines = text.lines().filter(|line| !line.starts_with('#'));
                folded(&lines.collect::<Vec<_>>().join("\n"))
            });
            return written.map(Some);
        }
        None => {
            let message = "what was observed is missing";
            let hint = "say it with `-m TEXT`; `-m -` reads it from stdin, `--edit` opens an \
                        editor; `--good`, `--bad` or `--mixed` can stand alone";
            return Err(Failure::usage(message, hint));
        }
    };
    folded(&text).map(Some)
}

/// The lines of an observation as one.
fn folded(text: &str) -> Result<Observation, Failure> {
    let lines: Vec<_> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    if lines.is_empty() {
        let hint = "say what was good or bad in a sentence, as in `-m 'Caught the race.'`";
        return Err(Failure::usage("the observation is empty; nothing was recorded", hint));
    }
    let parsed = Observation::parse(&lines.join(" "));
    parsed.map_err(|error| Failure::usage(error, "shorten it, or leave the character out"))
}

fn sentiments() -> impl TypedValueParser<Value = Sentiment> {
    let words = PossibleValuesParser::new(Sentiment::ALL.map(Sentiment::as_str));
    words.try_map(|word| serde_json::from_value(word.into()))
}

pub fn run(args: FeedbackArgs, context: &mut Context) -> Result<FeedbackReport, Failure> {
    let (sentiment, observation) = (args.verdict.verdict(), observation(&args)?);
    let taught = observation.as_ref().filter(|_| args.teach).cloned();
    let FeedbackArgs { name, role, project, last, session, slot, source, .. } = args;
    let work = if last || session.is_some() {
        let here = environment::working_directory();
        let is_here = session.is_none() && project.is_none();
        let here = here.filter(|_| is_here).map(|dir| Checkout::of(&dir).project);
        let (project, role) = (project.clone().or(here), role.clone());
        Some(judged_work::find(
            &Wanted { name: name.clone(), session, slot, project, role },
            context,
        )?)
    } else {
        None
    };
    let (persona, work) = match work {
        Some((persona, work)) => (persona.to_string(), Some(work)),
        None => (name.unwrap_or_default(), None),
    };
    let lesson = taught.map(|taught| LessonText::parse(taught.as_str())).transpose();
    let lesson = lesson.map_err(|error| {
        let message = format!("the observation cannot become a lesson: {error}");
        let teach = format!("muzzle-persona teach {}", hint::word(&persona, "NAME"));
        Failure::usage(
            message,
            format!("leave out `--teach`, and `{teach} -m TEXT` in fewer words"),
        )
    })?;
    let request = FeedbackRequest { persona, role, project, work, observation, sentiment, source };
    let (mut store, (judged, taught)) = context.execute(&request.needs(), |situation| {
        if let Some(lesson) = &lesson {
            let Decision { events, outcome: (judged, taught), notices } =
                broker::feedback_and_teach(situation, &request, lesson)?;
            return Ok(Decision { events, outcome: (judged, Some(taught)), notices });
        }
        let Decision { events, outcome, notices } = broker::feedback(situation, &request)?;
        Ok(Decision { events, outcome: (outcome, None), notices })
    })?;
    let event = store.recorded().first().copied();
    let is_new = taught.as_ref().is_some_and(|taught| taught.is_new);
    let lesson = taught.map(|taught| teach::recorded(&mut store, &taught)).transpose()?;
    let Feedback { persona: name, role, project, session, slot, .. } = judged.feedback.clone();
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
        event,
        session,
        slot,
        name,
        role,
        project,
        taught: lesson.map(|lesson| TaughtReport { recorded: is_new, lesson }),
    })
}

#[derive(Debug, Serialize)]
pub struct FeedbackReport {
    /// What `retract` takes back.
    event: Option<EventId>,
    name: PersonaName,
    role: RoleName,
    project: Option<ProjectName>,
    sentiment: Sentiment,
    given: bool,
    positive_words: Vec<String>,
    negative_words: Vec<String>,
    affinity_before: Points,
    affinity_after: Points,
    feedback: Tally,
    session: Option<SessionId>,
    /// The slot, where just the run in it is judged.
    slot: Option<Slot>,
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
        let word = sentiment.as_str();
        let on = self.project.as_ref().map(|project| format!(" on {project}")).unwrap_or_default();
        line(f, format!("Recorded as {word} for {name} as {role}{on}, {why}."))?;
        if self.replaced {
            let what = if self.slot.is_some() { "run" } else { "session" };
            let told = format!(
                "It counts in place of the verdict that was given on the same {what} before."
            );
            line(f, told)?;
        }
        line(f, format!("Affinity: {affinity_before} → {affinity_after}"))?;
        if let Some(event) = self.event {
            line(f, format!("`muzzle-persona retract {event:.8}` takes it back."))?;
        }
        if !self.given && *sentiment == Sentiment::Neutral {
            line(f, "`--good` or `--bad` in place of it says plainly what is meant.")?;
        }
        let mut taught = self.taught.iter();
        taught.try_for_each(|taught| write_taught(f, name, &taught.lesson, taught.recorded))
    }
}
