//! How well a verdict is read from the words of whoever gives it.

use std::fmt::Write as _;

use muzzle_persona::broker::{Seed, classify};
use muzzle_persona::events::Sentiment;
use serde::Deserialize;

/// The least share of sentences that is read as a person would, of each half, in percent.
const LEAST: usize = 80;
/// The most sentences of a half that are turned round.
const MOST_TURNED: usize = 1;

#[derive(Deserialize)]
struct Halves {
    tuned: Sentences,
    held_out: Sentences,
}

#[derive(Deserialize)]
struct Sentences {
    positive: Vec<String>,
    negative: Vec<String>,
    neutral: Vec<String>,
}

/// How the sentences of one half were read.
#[derive(Default)]
struct Half {
    all: usize,
    right: usize,
    turned: usize,
    /// Neutral where a person sees a verdict, or the other way round.
    unsure: usize,
}

impl Half {
    /// Counts a sentence, and returns whether it was read right.
    fn count(&mut self, meant: Sentiment, read: Sentiment) -> bool {
        let is_unsure = read == Sentiment::Neutral || meant == Sentiment::Neutral;
        let place = match () {
            () if read == meant => &mut self.right,
            () if is_unsure => &mut self.unsure,
            () => &mut self.turned,
        };
        *place += 1;
        self.all += 1;
        read == meant
    }
}

#[test]
#[expect(clippy::print_stdout, reason = "`--nocapture` shows the figures")]
fn sentences_of_reviewers_are_read_as_a_person_reads_them() {
    let seed = Seed::default();
    let Halves { tuned, held_out } = toml::from_str(include_str!("sentences.toml")).unwrap();
    let (mut report, mut all) = (String::new(), 0);
    let mut halves = Vec::new();
    for (name, sentences) in [("tuned on", tuned), ("held out", held_out)] {
        let mut half = Half::default();
        let lists = [
            (Sentiment::Positive, sentences.positive),
            (Sentiment::Negative, sentences.negative),
            (Sentiment::Neutral, sentences.neutral),
        ];
        for (meant, list) in lists {
            for sentence in list {
                let verdict = classify(&sentence, &seed.vocabulary().sentiment);
                if !half.count(meant, verdict.sentiment) {
                    writeln!(report, "{name}: {meant:?}: {sentence:?} {verdict:?}").unwrap();
                }
            }
        }
        let Half { all: of, right, turned, unsure } = half;
        println!("{name}: {right} of {of} right, {turned} turned round, {unsure} unsure or mixed");
        all += of;
        halves.push(half);
    }
    println!("{report}");
    assert!(all >= 120);
    assert!(halves.iter().all(|half| half.right * 100 >= half.all * LEAST), "{report}");
    assert!(halves.iter().all(|half| half.turned <= MOST_TURNED), "{report}");
}
