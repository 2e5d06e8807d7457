//! How a checkpoint keeps judgements: in sorted lines, of which one is read to find one.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Write as _};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::checked_line::{check, line};
use super::column::{Number as _, Reader};
use super::judgement::{ByKey, Judgement, JudgementKey, RecordedJudgement};
use crate::events::{EventId, OutcomeResult, RoleName, Sentiment};

/// The letter of a judgement in a line.
fn letter(judgement: Judgement) -> char {
    match judgement {
        Judgement::Verdict(Sentiment::Positive) => '+',
        Judgement::Verdict(Sentiment::Negative) => '-',
        Judgement::Verdict(Sentiment::Neutral) => '=',
        Judgement::Outcome(OutcomeResult::Ok) => 'o',
        Judgement::Outcome(OutcomeResult::Bad) => 'b',
        Judgement::Outcome(OutcomeResult::Stopped) => 's',
    }
}

fn of_letter(letter: u8) -> Option<Judgement> {
    Some(match letter {
        b'+' => Judgement::Verdict(Sentiment::Positive),
        b'-' => Judgement::Verdict(Sentiment::Negative),
        b'=' => Judgement::Verdict(Sentiment::Neutral),
        b'o' => Judgement::Outcome(OutcomeResult::Ok),
        b'b' => Judgement::Outcome(OutcomeResult::Bad),
        b's' => Judgement::Outcome(OutcomeResult::Stopped),
        _ => return None,
    })
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
    roles: Vec<RoleName>,
    /// A text, since there may be a million of them. Each is its key, its event, its letter, the
    /// position of the persona, that in `roles`, and the second and the nanosecond of its time:
    /// `…32 digits……32 digits…+7.0.1767225600.0;`.
    #[serde(borrow)]
    judgements: Cow<'a, str>,
}

impl Bucket<'_> {
    fn push(&mut self, key: JudgementKey, it: &RecordedJudgement) {
        let found = self.roles.iter().position(|role| *role == it.role);
        let role = found.unwrap_or_else(|| {
            self.roles.push(it.role.clone());
            self.roles.len() - 1
        });
        let (second, nanosecond) = (it.at.as_second(), it.at.subsec_nanosecond());
        let (text, persona) = (self.judgements.to_mut(), it.persona);
        for digits in [key.id().digits(), it.id.digits()] {
            text.push_str(str::from_utf8(&digits).unwrap_or_default());
        }
        text.push(letter(it.judgement));
        let _ = write!(text, "{persona}.{role}.{second}.{nanosecond};");
    }

    /// Reads the next judgement of what is left of the text.
    fn next(&self, text: &mut Reader<'_>) -> Option<(JudgementKey, RecordedJudgement)> {
        let key = JudgementKey::of_id(EventId::parse(text.take(EventId::DIGITS)?)?);
        let id = EventId::parse(text.take(EventId::DIGITS)?)?;
        let [letter] = *text.take(1)? else { return None };
        let persona = u32::read(text).filter(|_| text.skip(b'.'))?;
        let role = u64::read(text).filter(|_| text.skip(b'.'))?;
        let second = Option::<i64>::read(text)?.filter(|_| text.skip(b'.'))?;
        let nanosecond = Option::<i64>::read(text)?.filter(|_| text.skip(b';'))?;
        let role = self.roles.get(usize::try_from(role).ok()?)?.clone();
        let at = Timestamp::new(second, nanosecond.try_into().ok()?).ok()?;
        Some((key, RecordedJudgement { id, at, persona, role, judgement: of_letter(letter)? }))
    }
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
            let mut bucket =
                Bucket { bucket: number, roles: Vec::new(), judgements: Cow::default() };
            while let Some((key, list)) = rest.next_if(|(key, _)| part.bucket_of(**key) == number) {
                list.iter().for_each(|it| bucket.push(*key, it));
            }
            line(to, &bucket)?;
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
    let bucket: Bucket<'_> = serde_json::from_slice(line).ok()?;
    let mut text = Reader::of(&bucket.judgements);
    let mut all = ByKey::new();
    while !text.is_empty() {
        let (key, it) = bucket.next(&mut text)?;
        all.entry(key).or_default().push(it);
    }
    Some(all).filter(|_| bucket.bucket == number)
}
