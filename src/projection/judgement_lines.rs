//! How a checkpoint keeps judgements: in sorted lines, of which one is read to find one.

use std::borrow::Cow;
use std::io::{self, Write as _};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::checked_line::{check, line};
use super::judgement::{ByKey, Judgement, JudgementKey, RecordedJudgement};
use crate::events::{EventId, OutcomeResult, RoleName, Sentiment};

/// How a checkpoint writes a judgement, its time in nanoseconds: there may be a million of them.
type Row<'a> = (EventId, i128, u32, Cow<'a, str>, char);

impl RecordedJudgement {
    fn row(&self) -> Row<'_> {
        let letter = match self.judgement {
            Judgement::Verdict(Sentiment::Positive) => '+',
            Judgement::Verdict(Sentiment::Negative) => '-',
            Judgement::Verdict(Sentiment::Neutral) => '=',
            Judgement::Outcome(OutcomeResult::Ok) => 'o',
            Judgement::Outcome(OutcomeResult::Bad) => 'b',
            Judgement::Outcome(OutcomeResult::Stopped) => 's',
        };
        (self.id, self.at.as_nanosecond(), self.persona, Cow::Borrowed(self.role.as_str()), letter)
    }

    fn of_row((id, at, persona, role, letter): Row<'_>) -> Option<Self> {
        let judgement = match letter {
            '+' => Judgement::Verdict(Sentiment::Positive),
            '-' => Judgement::Verdict(Sentiment::Negative),
            '=' => Judgement::Verdict(Sentiment::Neutral),
            'o' => Judgement::Outcome(OutcomeResult::Ok),
            'b' => Judgement::Outcome(OutcomeResult::Bad),
            's' => Judgement::Outcome(OutcomeResult::Stopped),
            _ => return None,
        };
        let at = Timestamp::from_nanosecond(at).ok()?;
        Some(Self { id, at, persona, role: RoleName::unchecked(&role), judgement })
    }
}

/// A part of a checkpoint that holds judgements: a line for each bucket of keys, and behind them a
/// table of where each line begins and the last ends.
///
/// Keys are digests, so that a bucket is known by their first bits, and all are about as full.
/// There are two parts at most. What came since the first was written goes into the second, until
/// that is a fourth of the first: to write a checkpoint takes as long as what is new in it.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(super) struct Part {
    /// How many keys there are.
    pub keys: u64,
    /// How many of a key's bits are the number of its bucket.
    bits: u32,
    /// The bytes of the lines.
    lines: u64,
}

/// A second part of so many keys is not yet too large, however small the first is.
pub(super) const SECOND_PART: u64 = 512;
/// About so many keys are in one bucket: few enough to parse to find one.
const BUCKET_KEYS: u64 = 16;
/// The most bits of a bucket's number.
const MOST_BITS: u32 = 20;
/// The digits of a place in the table, and the line end or space behind them.
const PLACE: u64 = 12;

/// The line of a bucket.
#[derive(Serialize, Deserialize)]
struct Bucket<'a> {
    /// Its number, so that no other can be taken for it.
    bucket: u32,
    #[serde(borrow)]
    judgements: Vec<(JudgementKey, Vec<Row<'a>>)>,
}

impl Part {
    /// Its bytes.
    pub(super) fn length(&self) -> u64 {
        self.lines.saturating_add(PLACE * (self.buckets() + 1))
    }

    fn buckets(&self) -> u64 {
        1 << self.bits.min(MOST_BITS)
    }

    fn bucket_of(&self, key: JudgementKey) -> u32 {
        key.first_bits().checked_shr(32 - self.bits.min(MOST_BITS)).unwrap_or_default()
    }

    /// Reads those of one key from the part that begins at `start`, none if there are none; `None`
    /// if it cannot be read.
    pub(super) fn find(
        &self,
        read: impl Fn(u64, u64) -> Option<Vec<u8>>,
        start: u64,
        key: JudgementKey,
    ) -> Option<Vec<RecordedJudgement>> {
        let bucket = self.bucket_of(key);
        let table = start.checked_add(self.lines)?;
        let places = read(table + PLACE * u64::from(bucket), 2 * PLACE)?;
        let mut places = str::from_utf8(&places).ok()?.split_whitespace();
        let (from, to): (u64, u64) = (places.next()?.parse().ok()?, places.next()?.parse().ok()?);
        let line = read(start.checked_add(from)?, to.checked_sub(from)?)?;
        Some(parse(&line, bucket)?.remove(&key).unwrap_or_default())
    }

    /// Reads all of the part that begins at `start`.
    pub(super) fn all(
        &self,
        read: impl Fn(u64, u64) -> Option<Vec<u8>>,
        start: u64,
    ) -> Option<ByKey> {
        let lines = read(start, self.lines)?;
        let mut all = ByKey::new();
        let mut buckets = 0;
        for (number, line) in (0..).zip(lines.split_inclusive(|byte| *byte == b'\n')) {
            all.extend(parse(line, number)?);
            buckets += 1;
        }
        (buckets == self.buckets()).then_some(all)
    }

    pub(super) fn write(to: &mut Vec<u8>, judgements: &ByKey) -> io::Result<Self> {
        let keys = judgements.len() as u64;
        let bits = (keys / BUCKET_KEYS).checked_ilog2().unwrap_or_default().min(MOST_BITS);
        let mut part = Self { keys, bits, lines: 0 };
        let start = to.len();
        let mut places = vec![0];
        let mut rest = judgements.iter().peekable();
        for number in (0..).take_while(|number| u64::from(*number) < part.buckets()) {
            let mut judgements = Vec::new();
            while let Some((key, list)) = rest.next_if(|(key, _)| part.bucket_of(**key) == number) {
                judgements.push((*key, list.iter().map(RecordedJudgement::row).collect()));
            }
            line(to, &Bucket { bucket: number, judgements })?;
            places.push(to.len() - start);
        }
        part.lines = (to.len() - start) as u64;
        for place in places {
            writeln!(to, "{place:011}")?;
        }
        Ok(part)
    }
}

/// Reads the line of a bucket.
fn parse(line: &[u8], number: u32) -> Option<ByKey> {
    check(line)?;
    let Bucket { bucket, judgements } = serde_json::from_slice(line).ok()?;
    let lists = judgements.into_iter().map(|(key, rows)| {
        let list: Option<Vec<_>> = rows.into_iter().map(RecordedJudgement::of_row).collect();
        Some((key, list?))
    });
    lists.collect::<Option<_>>().filter(|_| bucket == number)
}
