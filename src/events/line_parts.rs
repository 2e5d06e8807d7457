//! The parts of a line: what its id covers, the id, and the text after it.

use std::ops::Range;
use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::EventId;

/// What stands before the digits of an id, and what behind them where no text follows.
pub const ID_KEY: &[u8] = b",\"id\":\"";
pub const ID_END: &[u8] = b"\"}";
/// How long that is, with the digits.
pub const ID_FIELD: usize = ID_KEY.len() + EventId::DIGITS + ID_END.len();

/// What stands between an id and a text.
pub const TEXT_KEY: &[u8] = b"\",\"text\":";

/// What some editors put before the first line of a file. It is no part of the line.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

static ID_FINDER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(ID_KEY));

/// A line in its parts, none of them checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineParts<'a> {
    /// What the id covers.
    pub content: &'a [u8],
    pub id: EventId,
    /// What stands where a text's object does.
    pub text: Option<&'a [u8]>,
}

impl<'a> LineParts<'a> {
    /// Takes a line apart, given without its line end.
    pub fn of(line: &'a [u8]) -> Option<Self> {
        Self::ending_with_id(line).or_else(|| Self::ending_with_text(line))
    }

    fn ending_with_id(line: &'a [u8]) -> Option<Self> {
        let (content, field) = line.split_at_checked(line.len().checked_sub(ID_FIELD)?)?;
        let digits = field.strip_prefix(ID_KEY)?.strip_suffix(ID_END)?;
        Some(Self { content, id: EventId::parse(digits)?, text: None })
    }

    /// The first id with a text behind it counts: whatever a text holds, it changes no id.
    fn ending_with_text(line: &'a [u8]) -> Option<Self> {
        let line = line.strip_suffix(b"}")?;
        ID_FINDER.find_iter(line).find_map(|start| {
            let (content, field) = line.split_at_checked(start)?;
            let (digits, rest) = field.strip_prefix(ID_KEY)?.split_at_checked(EventId::DIGITS)?;
            let text = Some(rest.strip_prefix(TEXT_KEY)?);
            Some(Self { content, id: EventId::parse(digits)?, text })
        })
    }
}

/// A line without the byte order mark that may stand before it.
pub fn without_mark(line: &[u8]) -> &[u8] {
    line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line)
}

/// Reads the id that a line says it has. `line` has no line end.
pub fn written_id(line: &[u8]) -> Option<EventId> {
    LineParts::of(line).map(|parts| parts.id)
}

/// Reads the id of the last of these lines, which end with a line end.
///
/// What begins within a line may be too short for that, and begin with any part of it.
pub fn last_written_id(lines: &[u8]) -> Option<EventId> {
    let lines = lines.strip_suffix(b"\n")?;
    match memchr::memrchr(b'\n', lines) {
        Some(end) => written_id(lines.get(end + 1..)?),
        None => LineParts::ending_with_id(lines).map(|parts| parts.id),
    }
}

/// Where the text of a line stands, or of a piece of one, with the comma and the key before it. The
/// brace that ends the line is none of it.
pub fn text_place(line: &[u8]) -> Option<Range<usize>> {
    let end = line.strip_suffix(b"\n").unwrap_or(line).len();
    let is_whole = LineParts::of(line.get(..end)?).map(|parts| parts.text.is_some());
    if is_whole == Some(false) {
        return None;
    }
    let start = ID_FINDER.find_iter(line).find_map(|start| {
        let digits = start + ID_KEY.len();
        let behind = digits + EventId::DIGITS;
        let is_it = EventId::parse(line.get(digits..behind)?).is_some()
            && line.get(behind..)?.starts_with(TEXT_KEY);
        is_it.then_some(behind + 1)
    })?;
    Some(start..if is_whole.is_some() { end - 1 } else { end })
}

/// What stands after the id of a line, given without its line end.
pub fn text_of(line: &[u8]) -> Option<&[u8]> {
    LineParts::of(line)?.text
}

/// A line, given without its line end, without the text after its id.
pub fn without_text(line: &[u8]) -> Option<Vec<u8>> {
    let LineParts { content, id, text } = LineParts::of(line)?;
    text.map(|_| [content, ID_KEY, &id.digits(), ID_END].concat())
}
