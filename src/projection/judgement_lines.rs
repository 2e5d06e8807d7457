//! How a checkpoint writes judgements.

use std::borrow::Cow;

use jiff::Timestamp;

use super::buckets::Kept;
use super::judgement::{Judgement, JudgementKey, RecordedJudgement};
use crate::events::{EventId, OutcomeResult, RoleName, Sentiment};

impl Kept for RecordedJudgement {
    type Key = JudgementKey;
    type Row<'a> = (EventId, Timestamp, u32, Cow<'a, str>, char);
    const BUCKET_KEYS: u64 = 16;

    fn row(&self) -> Self::Row<'_> {
        let letter = match self.judgement {
            Judgement::Verdict(Sentiment::Positive) => '+',
            Judgement::Verdict(Sentiment::Negative) => '-',
            Judgement::Verdict(Sentiment::Neutral) => '=',
            Judgement::Outcome(OutcomeResult::Ok) => 'o',
            Judgement::Outcome(OutcomeResult::Bad) => 'b',
            Judgement::Outcome(OutcomeResult::Stopped) => 's',
        };
        (self.id, self.at, self.persona, Cow::Borrowed(self.role.as_str()), letter)
    }

    fn of_row((id, at, persona, role, letter): Self::Row<'_>) -> Option<Self> {
        let judgement = match letter {
            '+' => Judgement::Verdict(Sentiment::Positive),
            '-' => Judgement::Verdict(Sentiment::Negative),
            '=' => Judgement::Verdict(Sentiment::Neutral),
            'o' => Judgement::Outcome(OutcomeResult::Ok),
            'b' => Judgement::Outcome(OutcomeResult::Bad),
            's' => Judgement::Outcome(OutcomeResult::Stopped),
            _ => return None,
        };
        Some(Self { id, at, persona, role: RoleName::unchecked(&role), judgement })
    }
}
