//! A cut-off in a log: how it is typed, and which events are within it.

use std::collections::BTreeSet;
use std::ops::{Range, RangeInclusive};

use jiff::{SignedDuration, Timestamp};

use crate::events::{EventId, IdPrefix, Record, Seq};
use crate::wording::quoted_first;

/// What was typed to name events of a log, or a revision of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CutoffSpec {
    /// A `seq`.
    Seq(Seq),
    /// A time, or the first and the last instant of a day or a minute.
    Time(RangeInclusive<Timestamp>),
    /// How an event's id begins.
    Event(IdPrefix),
    /// Digits: a `seq`, or how an id begins if the log has fewer lines than that.
    Number(Seq, IdPrefix),
    /// A revision of the git repository that the store is in.
    Revision(String),
}

/// Which events of a certain log are taken.
///
/// All but a time take a prefix of the fold order, which holds the parents of
/// all its events.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Cutoff {
    /// All.
    #[default]
    All,
    /// Those whose `seq` is at most this.
    Seq(Seq),
    /// Those whose `at` is this or earlier.
    Time(Timestamp),
    /// Those up to and including this one.
    Through(FoldKey),
    /// Those before this one.
    Before(FoldKey),
}

/// The key by which events are sorted into fold order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct FoldKey {
    seq: Seq,
    at: Timestamp,
    id: EventId,
}

/// Why what was typed is no cut-off.
#[expect(missing_docs, reason = "the messages say what each is")]
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CutoffError {
    #[error(
        "it is none of: a time as `2026-03-25T15:30:00Z` or `2026-03-25 15:30`, a date, `today` or `yesterday`, how long ago as `3d` or `2 hours ago`, a sequence number (digits alone), an id's first 4 or more hex digits"
    )]
    Unreadable,
    #[error("no event has an id that begins with `{0}`")]
    UnknownId(IdPrefix),
    #[error("`{0}` could be any of {ids}", ids = quoted_first(LISTED, .1))]
    AmbiguousId(IdPrefix, Vec<EventId>),
    #[error("`git:{0}` is a revision of the whole log, not a place in it")]
    Revision(String),
}

/// The most ids that an error lists.
const LISTED: usize = 5;
/// The most digits of what may be a `seq`.
const LONGEST_NUMBER: usize = 19;

impl CutoffSpec {
    /// Reads a `seq`, a time as in RFC 3339, the beginning of an id, or `git:` and a revision.
    ///
    /// Digits alone are a `seq`. Eight of them or more, as ids are shown, may
    /// still be the beginning of an id: see [`CutoffSpec::Number`].
    pub fn parse(text: &str) -> Result<Self, CutoffError> {
        if let Some(revision) = text.strip_prefix("git:").filter(|name| !name.is_empty()) {
            return Ok(Self::Revision(revision.to_owned()));
        }
        let prefix = IdPrefix::parse(text);
        if let Some(seq) = number(text) {
            let prefix = prefix.filter(|_| text.len() >= IdPrefix::SHOWN);
            return Ok(prefix.map_or(Self::Seq(seq), |prefix| Self::Number(seq, prefix)));
        }
        if let Some(prefix) = prefix {
            return Ok(Self::Event(prefix));
        }
        let time = text.parse().map(|time| Self::Time(time..=time));
        time.map_err(|_| CutoffError::Unreadable)
    }

    /// The beginning of an id that has to be looked up in the log, if there is one.
    pub(crate) fn prefix(&self) -> Option<&IdPrefix> {
        match self {
            Self::Event(prefix) | Self::Number(_, prefix) => Some(prefix),
            Self::Seq(_) | Self::Time(_) | Self::Revision(_) => None,
        }
    }

    /// Returns the cut-offs just before the named events and just after them.
    ///
    /// `found` are the events of the log whose ids begin with the prefix, and
    /// `lines` is how many lines the log has.
    pub(crate) fn resolve(
        &self,
        found: &BTreeSet<FoldKey>,
        lines: u64,
    ) -> Result<Range<Cutoff>, CutoffError> {
        let prefix = match self {
            Self::Seq(seq) => return Ok(around_seq(*seq)),
            // A log is at least as long as the largest `seq` in it.
            Self::Number(seq, _) if found.is_empty() || seq.0 <= lines => {
                return Ok(around_seq(*seq));
            }
            Self::Time(times) => {
                let before = times.start().checked_sub(SignedDuration::from_nanos(1));
                let before = before.unwrap_or(Timestamp::MIN);
                return Ok(Cutoff::Time(before)..Cutoff::Time(*times.end()));
            }
            Self::Event(prefix) | Self::Number(_, prefix) => prefix.clone(),
            Self::Revision(name) => return Err(CutoffError::Revision(name.clone())),
        };
        let mut keys = found.iter();
        match (keys.next(), keys.next()) {
            (None, _) => Err(CutoffError::UnknownId(prefix)),
            (Some(key), None) => Ok(Cutoff::Before(*key)..Cutoff::Through(*key)),
            _ => Err(CutoffError::AmbiguousId(prefix, found.iter().map(|key| key.id).collect())),
        }
    }
}

fn around_seq(seq: Seq) -> Range<Cutoff> {
    Cutoff::Seq(Seq(seq.0.saturating_sub(1)))..Cutoff::Seq(seq)
}

/// A number that a `seq` can be.
fn number(text: &str) -> Option<Seq> {
    let is_number = text.len() <= LONGEST_NUMBER && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|_| is_number).map(Seq)
}

impl Cutoff {
    /// Returns whether an event is within the cut-off.
    #[must_use]
    pub fn includes(&self, record: &Record) -> bool {
        match self {
            Self::All => true,
            Self::Seq(seq) => record.seq <= *seq,
            Self::Time(time) => record.at <= *time,
            Self::Through(key) => FoldKey::of(record) <= *key,
            Self::Before(key) => FoldKey::of(record) < *key,
        }
    }
}

impl FoldKey {
    /// When the event was written.
    #[must_use]
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// The id of the event.
    #[must_use]
    pub fn id(&self) -> EventId {
        self.id
    }

    /// The key of an event.
    #[must_use]
    pub fn of(record: &Record) -> Self {
        Self { seq: record.seq, at: record.at, id: record.id }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> CutoffSpec {
        CutoffSpec::Event(IdPrefix::parse(text).unwrap())
    }

    fn time(text: &str) -> CutoffSpec {
        CutoffSpec::Time(text.parse().unwrap()..=text.parse().unwrap())
    }

    #[test]
    fn what_is_typed_is_a_number_a_time_the_beginning_of_an_id_or_a_revision() {
        let seq = |seq| CutoffSpec::Seq(Seq(seq));
        for (text, spec) in [
            ("0", seq(0)),
            ("41", seq(41)),
            ("0041", seq(41)),
            ("1234567", seq(1_234_567)),
            ("12345678", CutoffSpec::Number(Seq(12_345_678), IdPrefix::parse("12345678").unwrap())),
            (
                "9999999999999999999",
                CutoffSpec::Number(
                    Seq(9_999_999_999_999_999_999),
                    IdPrefix::parse("9999999999999999999").unwrap(),
                ),
            ),
            ("99999999999999999999", id("99999999999999999999")),
            ("5b1f", id("5b1f")),
            ("dead", id("dead")),
            ("2026-03-25T15:30:00Z", time("2026-03-25T15:30:00Z")),
            ("2026-03-25T16:30:00.5+01:00", time("2026-03-25T15:30:00.5Z")),
            ("git:2026-03-25", CutoffSpec::Revision("2026-03-25".to_owned())),
        ] {
            assert_eq!(CutoffSpec::parse(text), Ok(spec), "{text}");
        }
    }

    #[test]
    fn anything_else_is_none() {
        for text in [
            "",
            " 41",
            "-1",
            "+1",
            "4.1",
            "5b1",
            "5B1F",
            "5b1g",
            "HEAD",
            "git:",
            "yesterday",
            "2026-03-25",
            "2026-03-25T15:30:00",
            "2026-03",
            "123456789012345678901234567890123",
        ] {
            assert_eq!(CutoffSpec::parse(text), Err(CutoffError::Unreadable), "{text}");
        }
    }

    fn key(n: u8) -> FoldKey {
        FoldKey { seq: Seq(1), at: Timestamp::UNIX_EPOCH, id: EventId::of(&[n]) }
    }

    #[test]
    fn digits_that_begin_an_id_are_a_seq_if_the_log_may_have_it() {
        let number = CutoffSpec::parse("00000400").unwrap();
        let end = |found: &[FoldKey], lines| {
            let found = found.iter().copied().collect();
            number.resolve(&found, lines).map(|named| named.end)
        };
        assert_eq!(end(&[key(1)], 399), Ok(Cutoff::Through(key(1))));
        assert_eq!(end(&[key(1)], 400), Ok(Cutoff::Seq(Seq(400))));
        assert_eq!(end(&[], 399), Ok(Cutoff::Seq(Seq(400))));
        let several = end(&[key(1), key(2)], 399);
        assert!(matches!(several, Err(CutoffError::AmbiguousId(_, ids)) if ids.len() == 2));
    }

    #[test]
    fn what_is_named_lies_between_two_cutoffs() {
        let resolve = |text: &str, found: &[FoldKey]| {
            CutoffSpec::parse(text).unwrap().resolve(&found.iter().copied().collect(), 9)
        };
        let time = |text: &str| Cutoff::Time(text.parse().unwrap());
        for (text, named) in [
            ("0", Cutoff::Seq(Seq(0))..Cutoff::Seq(Seq(0))),
            ("4", Cutoff::Seq(Seq(3))..Cutoff::Seq(Seq(4))),
            ("5b1f", Cutoff::Before(key(1))..Cutoff::Through(key(1))),
            (
                "2026-03-25T15:30:00Z",
                time("2026-03-25T15:29:59.999999999Z")..time("2026-03-25T15:30:00Z"),
            ),
        ] {
            assert_eq!(resolve(text, &[key(1)]), Ok(named), "{text}");
        }
        assert_eq!(resolve("git:HEAD", &[]), Err(CutoffError::Revision("HEAD".to_owned())));
    }

    #[test]
    fn an_error_lists_a_few_ids_and_counts_the_rest() {
        let ids: Vec<_> = (0..7_u8).map(|n| EventId::of(&[n])).collect();
        let prefix = IdPrefix::parse("0000").unwrap();
        let error = CutoffError::AmbiguousId(prefix.clone(), ids.clone()).to_string();
        assert!(error.starts_with(&format!("`0000` could be any of `{}`, ", ids[0])), "{error}");
        assert!(error.ends_with(&format!("`{}` and 2 more", ids[4])), "{error}");
        let error = CutoffError::AmbiguousId(prefix, ids[..2].to_vec()).to_string();
        assert!(error.ends_with(&format!("`{}`, `{}`", ids[0], ids[1])), "{error}");
    }
}
