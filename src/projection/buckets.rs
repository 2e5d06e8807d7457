//! How a checkpoint keeps what is looked up by a key: in sorted lines, of which one is read to find
//! one key.

use std::collections::BTreeMap;
use std::io;

use memchr::memmem;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::checked_line::{check, line};

/// A key that things are kept under: a digest, whose order is that of its digits.
pub trait Key: Copy + Ord + Serialize + DeserializeOwned {
    /// Its first 64 bits: those of a digest, as good as random.
    fn first_bits(self) -> u64;

    /// How it is written.
    fn digits(self) -> impl AsRef<[u8]>;
}

/// Something that is kept under a key, and how it is written there: there may be a million of them.
pub trait Kept: Sized {
    type Key: Key;
    /// How it is written.
    type Row<'a>: Serialize + Deserialize<'a>
    where
        Self: 'a;
    /// About so many keys are in one bucket: few enough to parse to find one.
    const BUCKET_KEYS: u64;

    fn row(&self) -> Self::Row<'_>;
    fn of_row(row: Self::Row<'_>) -> Option<Self>;
}

/// Lists by their keys.
pub type ByKey<T> = BTreeMap<<T as Kept>::Key, Vec<T>>;

/// A part of a checkpoint: a line for each bucket of keys, and behind them a table of where each
/// line begins and the last ends.
///
/// Keys are digests, so that a bucket is known by their first bits, and all are about as full.
/// Of one kind there are two parts at most. What came since the first was written goes into the
/// second, until that is a fourth of the first: to write a checkpoint takes as long as what is new
/// in it.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct Part {
    /// How many keys there are.
    pub keys: u64,
    /// How many of a key's bits are the number of its bucket.
    bits: u32,
    /// The bytes of the lines.
    lines: u64,
}

/// The most bits of a bucket's number.
const MOST_BITS: u32 = 20;
/// The digits of a place in the table, and the line end or space behind them.
const PLACE: u64 = 12;

/// The line of a bucket.
#[derive(Serialize, Deserialize)]
struct Bucket<K, R> {
    /// Its number, so that no other can be taken for it.
    bucket: u32,
    entries: Vec<(K, Vec<R>)>,
}

impl Part {
    /// Its bytes.
    pub fn length(&self) -> u64 {
        self.lines.saturating_add(PLACE * (self.buckets() + 1))
    }

    fn buckets(&self) -> u64 {
        1 << self.bits.min(MOST_BITS)
    }

    fn bucket_of(&self, key: impl Key) -> u32 {
        let bits = self.bits.min(MOST_BITS);
        let bucket = key.first_bits().checked_shr(u64::BITS - bits).unwrap_or_default();
        u32::try_from(bucket).unwrap_or_default()
    }

    /// Reads those of one key from the part that begins at `start`, none if there are none; `None`
    /// if it cannot be read.
    pub fn find<T: Kept>(
        &self,
        read: impl Fn(u64, u64) -> Option<Vec<u8>>,
        start: u64,
        key: T::Key,
    ) -> Option<Vec<T>> {
        let bucket = self.bucket_of(key);
        let table = start.checked_add(self.lines)?;
        let places = read(table + PLACE * u64::from(bucket), 2 * PLACE)?;
        let mut places = str::from_utf8(&places).ok()?.split_whitespace();
        let (from, to): (u64, u64) = (places.next()?.parse().ok()?, places.next()?.parse().ok()?);
        let line = read(start.checked_add(from)?, to.checked_sub(from)?)?;
        check(&line)?;
        if !line.starts_with(format!("{{\"bucket\":{bucket},").as_bytes()) {
            return None;
        }
        // Most keys that are looked up are not there, and need no parsing.
        if memmem::find(&line, key.digits().as_ref()).is_none() {
            return Some(Vec::new());
        }
        Some(parse(&line, bucket)?.remove(&key).unwrap_or_default())
    }

    /// Reads all of the part that begins at `start`, and makes sure that each key is found where it is
    /// looked for.
    pub fn all<T: Kept>(
        &self,
        read: impl Fn(u64, u64) -> Option<Vec<u8>>,
        start: u64,
    ) -> Option<ByKey<T>> {
        let lines = read(start, self.lines)?;
        let (mut all, mut buckets) = (BTreeMap::new(), 0);
        let (mut place, mut table) = (0, Vec::new());
        table.extend_from_slice(written(place).as_bytes());
        for (number, line) in (0..).zip(lines.split_inclusive(|byte| *byte == b'\n')) {
            check(line)?;
            let lists = parse::<T>(line, number)?;
            if lists.keys().any(|key| self.bucket_of(*key) != number) {
                return None;
            }
            all.extend(lists);
            buckets += 1;
            place += line.len();
            table.extend_from_slice(written(place).as_bytes());
        }
        let is_whole = buckets == self.buckets()
            && read(start.checked_add(self.lines)?, self.length() - self.lines)? == table;
        is_whole.then_some(all)
    }

    pub fn write<T: Kept>(to: &mut Vec<u8>, all: &ByKey<T>) -> io::Result<Self> {
        let keys = all.len() as u64;
        let bits = (keys / T::BUCKET_KEYS).checked_ilog2().unwrap_or_default().min(MOST_BITS);
        let mut part = Self { keys, bits, lines: 0 };
        let start = to.len();
        let mut places = vec![0];
        let mut rest = all.iter().peekable();
        for number in (0..).take_while(|number| u64::from(*number) < part.buckets()) {
            let mut entries = Vec::new();
            while let Some((key, list)) = rest.next_if(|(key, _)| part.bucket_of(**key) == number) {
                entries.push((*key, list.iter().map(T::row).collect()));
            }
            line(to, &Bucket { bucket: number, entries })?;
            places.push(to.len() - start);
        }
        part.lines = (to.len() - start) as u64;
        for place in places {
            to.extend_from_slice(written(place).as_bytes());
        }
        Ok(part)
    }
}

/// A place as it stands in the table.
fn written(place: usize) -> String {
    format!("{place:011}\n")
}

/// Reads the line of a bucket, whose id was checked.
fn parse<T: Kept>(line: &[u8], number: u32) -> Option<ByKey<T>> {
    let Bucket { bucket, entries } =
        serde_json::from_slice::<Bucket<T::Key, T::Row<'_>>>(line).ok()?;
    let lists = entries.into_iter().map(|(key, rows)| {
        let list: Option<Vec<_>> = rows.into_iter().map(T::of_row).collect();
        Some((key, list?))
    });
    lists.collect::<Option<_>>().filter(|_| bucket == number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::{ProjectName, RoleName, SessionId};
    use crate::projection::WorkScope;
    use crate::projection::participation::{Participation, ParticipationKey};

    type Row = (u32, RoleName, i64);

    fn key(n: usize) -> ParticipationKey {
        let (session, project) =
            (SessionId::unchecked(&n.to_string()), ProjectName::unchecked("p"));
        WorkScope { session, project, work: None }.keys().next().unwrap().1
    }

    /// How many keys are read from a part.
    fn read_all(part: Part, bytes: &[u8]) -> Option<usize> {
        let read = |offset, length| {
            let at = |it| usize::try_from(it).ok();
            bytes.get(at(offset)?..at(offset + length)?).map(<[u8]>::to_vec)
        };
        part.all::<Participation>(read, 0).map(|all| all.len())
    }

    #[test]
    fn what_would_not_be_found_where_it_is_looked_for_is_not_read_as_a_whole_either() {
        let role = RoleName::unchecked("r");
        let took_part = || Participation { persona: 0, role: role.clone(), until: 0 };
        let all: ByKey<_> = (0..8).map(|n| (key(n), vec![took_part()])).collect();
        let mut sound = Vec::new();
        let part = Part::write(&mut sound, &all).unwrap();
        assert_eq!((part.buckets(), read_all(part, &sound)), (4, Some(8)));
        // The table leads elsewhere.
        let table = usize::try_from(part.lines).unwrap();
        for place in 0..5 {
            let mut bytes = sound.clone();
            bytes[table + 12 * place + 10] ^= 1;
            assert_eq!(read_all(part, &bytes), None, "{place}");
        }
        // Two buckets change places, each with the number and the id of the other's place.
        let lines = sound[..table].split_inclusive(|byte| *byte == b'\n');
        let parsed = |line| serde_json::from_slice::<Bucket<ParticipationKey, Row>>(line).unwrap();
        for swapped in [[0, 1, 2, 3], [1, 0, 2, 3], [0, 1, 3, 2]] {
            let mut buckets: Vec<_> = lines.clone().map(|line| Some(parsed(line))).collect();
            let (mut bytes, mut places) = (Vec::new(), vec![0]);
            for (number, from) in (0..).zip(swapped) {
                let bucket = Bucket { bucket: number, ..buckets[from].take().unwrap() };
                line(&mut bytes, &bucket).unwrap();
                places.push(bytes.len());
            }
            let part = Part { lines: bytes.len() as u64, ..part };
            bytes.extend(places.into_iter().map(written).collect::<String>().bytes());
            let is_sound = swapped.is_sorted();
            assert_eq!(read_all(part, &bytes), is_sound.then_some(8), "{swapped:?}");
        }
    }
}
