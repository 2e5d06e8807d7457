//! Where the lines at a log's end stop, and reading them up to there.
//!
//! Nothing longer than a line is kept to judge an end, however long it is.

use std::io::{self, BufRead as _, BufReader};
use std::ops::Range;

use serde::de::IgnoredAny;

use crate::disk::OpenFile;
use crate::events::{LINE_LIMIT, check_id, without_mark};

/// The most bytes that one read brings.
pub const BATCH: u64 = 1024 * 1024;

/// How long the lines are in a part of a file that begins with a line and goes to its end, and
/// whether the last of them lacks its line end.
///
/// In a sealed file they stop with the last line end. Elsewhere a last line
/// without one counts if it is an event whose id is right. What a crash can
/// leave does not: other bytes after the last line end, and a last line that is
/// no complete JSON object (cut, or with NUL bytes in it where the system had
/// not yet written the data).
pub fn end_of(file: &dyn OpenFile, is_sealed: bool, part: Range<u64>) -> io::Result<(u64, bool)> {
    let (from, to) = (part.start, part.end);
    let last = last_line_end(file, from..to)?;
    let ended = last.map_or(from, |at| at + 1);
    if !is_sealed && is_event(file, ended..to)? {
        return Ok((to - from, true));
    }
    let Some(last) = last.filter(|_| !is_sealed) else { return Ok((ended - from, false)) };
    let start = last_line_end(file, from..last)?.map_or(from, |before| before + 1);
    let end = if is_object(file, start..last)? { ended } else { start };
    Ok((end - from, false))
}

/// The length of what ends with the last line end.
pub fn ended_lines(bytes: &[u8]) -> usize {
    memchr::memrchr(b'\n', bytes).map_or(0, |end| end + 1)
}

/// Reads the lines that follow `offset` in a file, as many as fit into a batch, or one.
///
/// Where these are the last of the file, it returns how many bytes that are no line follow there,
/// and whether the last line lacks its line end, which it has in `lines`.
pub fn read_lines(
    file: &dyn OpenFile,
    is_sealed: bool,
    offset: u64,
    lines: &mut Vec<u8>,
) -> io::Result<Option<(u64, bool)>> {
    let (length, end, unended);
    if read_at(file, offset, BATCH, lines)? {
        // The file may go on by now: what was read is judged.
        length = lines.len() as u64;
        (end, unended) = end_of(&*lines, is_sealed, 0..length)?;
    } else {
        let mut whole = ended_lines(lines);
        if !is_sealed {
            // The last line that has a line end may be the last of the log, and torn.
            whole = ended_lines(lines.get(..whole.saturating_sub(1)).unwrap_or_default());
        }
        if whole > 0 {
            lines.truncate(whole);
            return Ok(None);
        }
        // A line fills the batch: either its end is further on, or it is the end of the file.
        length = file.len()?.saturating_sub(offset);
        (end, unended) = end_of(file, is_sealed, offset..offset + length)?;
        let mut stop = end;
        if end > BATCH {
            stop = Part::reader(file, offset..offset + end).skip_until(b'\n')? as u64;
        }
        read_at(file, offset, stop, lines)?;
        if stop < end {
            return Ok(None);
        }
    }
    lines.truncate(usize::try_from(end).unwrap_or(usize::MAX));
    if unended {
        lines.push(b'\n');
    }
    Ok(Some((length - end, unended)))
}

/// Reads up to `limit` bytes from `offset` into `bytes`, and returns whether the file ends there.
pub fn read_at(
    file: &dyn OpenFile,
    offset: u64,
    limit: u64,
    bytes: &mut Vec<u8>,
) -> io::Result<bool> {
    bytes.clear();
    let left = file.len()?.saturating_sub(offset);
    let wanted = left.min(limit);
    bytes.reserve_exact(usize::try_from(wanted).unwrap_or(0));
    file.read_at(offset, wanted, bytes)?;
    let read = bytes.len() as u64;
    Ok(read < wanted || wanted == left)
}

/// Copies a part of a file that is there whole.
pub fn copy(file: &dyn OpenFile, part: Range<u64>, to: &mut impl io::Write) -> io::Result<()> {
    let length = part.end - part.start;
    let copied = io::copy(&mut Part::reader(file, part), to)?;
    if copied == length { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

/// Where the last line end is in a part of a file.
fn last_line_end(file: &dyn OpenFile, part: Range<u64>) -> io::Result<Option<u64>> {
    let (mut end, mut bytes) = (part.end, Vec::new());
    while end > part.start {
        let at = end.saturating_sub(LINE_LIMIT as u64).max(part.start);
        bytes.clear();
        file.read_at(at, end - at, &mut bytes)?;
        if let Some(found) = memchr::memrchr(b'\n', &bytes) {
            return Ok(Some(at + found as u64));
        }
        end = at;
    }
    Ok(None)
}

/// Returns whether a line, which has no line end, is an event whose id is right.
fn is_event(file: &dyn OpenFile, part: Range<u64>) -> io::Result<bool> {
    // A byte order mark may add to its length.
    if part.is_empty() || part.end - part.start >= 2 * LINE_LIMIT as u64 {
        return Ok(false);
    }
    let mut line = Vec::new();
    file.read_at(part.start, part.end - part.start, &mut line)?;
    let is_short = without_mark(&line).len() < LINE_LIMIT;
    Ok(is_short && check_id(&line).is_ok() && is_object(&line, 0..line.len() as u64)?)
}

/// Returns whether a line is one complete JSON object.
fn is_object(file: &dyn OpenFile, mut part: Range<u64>) -> io::Result<bool> {
    let mut bytes = Vec::new();
    file.read_at(part.start, (part.end - part.start).min(LINE_LIMIT as u64), &mut bytes)?;
    let line = without_mark(&bytes);
    if !line.starts_with(b"{") {
        return Ok(false);
    }
    if part.end - part.start <= LINE_LIMIT as u64 {
        return Ok(serde_json::from_slice::<IgnoredAny>(line).is_ok());
    }
    // No event is so long; it is damage if it is an object all the same.
    part.start += (bytes.len() - line.len()) as u64;
    Ok(serde_json::from_reader::<_, IgnoredAny>(Part::reader(file, part)).is_ok())
}

/// A part of a file, read on and on.
struct Part<'a> {
    file: &'a dyn OpenFile,
    part: Range<u64>,
}

impl<'a> Part<'a> {
    fn reader(file: &'a dyn OpenFile, part: Range<u64>) -> BufReader<Self> {
        BufReader::with_capacity(LINE_LIMIT, Self { file, part })
    }
}

impl io::Read for Part<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = (self.part.end - self.part.start).min(buffer.len() as u64);
        let mut bytes = Vec::new();
        self.file.read_at(self.part.start, wanted, &mut bytes)?;
        self.part.start += bytes.len() as u64;
        io::Read::read(&mut &*bytes, buffer)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;
    use crate::events::end_with_id;

    /// An event's line without its line end, of at least so many bytes.
    fn event(length: usize) -> String {
        let mut line = format!("{{\"x\":\"{}\"}}", "x".repeat(length)).into_bytes();
        end_with_id(&mut line, 0);
        String::from_utf8(line).unwrap().trim_end().to_owned()
    }

    fn ends() -> Vec<(String, u64, bool)> {
        let (sound, long) = (event(0), "x".repeat(70_000));
        let length = sound.len() as u64;
        let all = [
            ("", 0, false),
            ("{}", 0, false),
            ("{}\n", 3, false),
            ("{}\n{\"a\":1}", 3, false),
            ("{}\n{\"a\":1}\n", 11, false),
            ("{}\n{\"a\n", 3, false),
            ("{}\n{\"a\n{", 3, false),
            ("{}\n\0\0\0\n", 3, false),
            ("{\"a\":\"\0\"}\n", 0, false),
            ("{}\n7\n", 3, false),
            ("no\n{}\n", 6, false),
        ];
        let mut all: Vec<_> =
            all.into_iter().map(|(text, lines, ends)| (text.to_owned(), lines, ends)).collect();
        all.extend([
            (sound.clone(), length, true),
            (format!("\u{feff}{sound}"), length + 3, true),
            (format!("\u{feff}{sound}\n"), length + 4, false),
            (format!("{{}}\n{sound}"), length + 3, true),
            (format!("no\n{sound}"), length + 3, true),
            (format!("{{}}\n{sound} "), 3, false),
            (format!("{{}}\n{}", sound.replace("\"x\":\"", "\"x\":\"y")), 3, false),
            (format!("{{}}\n{}", event(LINE_LIMIT)), 3, false),
            (format!("{{}}\n{long}"), 3, false),
            (format!("{{}}\n{long}\n"), 3, false),
            (format!("{{}}\n{{\"x\":\"{long}\"}}\n"), 70_012, false),
            (format!("{{}}\n{{\"x\":\"{long}\0\"}}\n"), 3, false),
            (format!("{{}}\n{{\"x\":\"{long}\"}} 7\n"), 3, false),
        ]);
        all
    }

    #[test]
    fn only_what_a_crash_can_leave_is_torn() {
        for (text, lines, unended) in ends() {
            let expected = (lines, unended);
            let shown: String = text.chars().take(60).collect();
            let bytes = text.as_bytes().to_vec();
            assert_eq!(
                end_of(&bytes, false, 0..bytes.len() as u64).unwrap(),
                expected,
                "{shown:?}"
            );
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(text.as_bytes()).unwrap();
            let length = text.len() as u64;
            assert_eq!(end_of(&file, false, 0..length).unwrap(), expected, "{shown:?}");
        }
    }

    #[test]
    fn an_event_that_is_cut_at_any_byte_is_torn() {
        let line = format!("{{}}\n{}", event(100));
        let (bytes, length) = (line.into_bytes(), 3 + event(100).len() as u64);
        for cut in 3..length {
            assert_eq!(end_of(&bytes, false, 0..cut).unwrap(), (3, false), "cut at {cut}");
        }
        assert_eq!(end_of(&bytes, false, 0..length).unwrap(), (length, true));
    }

    #[test]
    fn a_long_end_is_judged_as_a_short_one_is_and_none_of_it_is_kept() {
        let before = "{}\n".repeat(3) + &event(100) + "\n";
        for (tail, size) in [("", 20), ("{\"a", 20), ("\n", 20), ("{}", 5)] {
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(before.as_bytes()).unwrap();
            file.set_len(size * 1024 * 1024).unwrap();
            io::Seek::seek(&mut file, io::SeekFrom::End(0)).unwrap();
            file.write_all(tail.as_bytes()).unwrap();
            let mut lines = Vec::new();
            let taken = allocation_counter::measure(|| {
                let found = read_lines(&file, false, 0, &mut lines).unwrap();
                assert!(found.is_none_or(|(rest, _)| rest > 0), "{tail:?}");
                if found.is_none() {
                    let mut more = Vec::new();
                    let found = read_lines(&file, false, lines.len() as u64, &mut more).unwrap();
                    assert!(found.is_some_and(|(rest, _)| rest > 0), "{tail:?}");
                    lines.extend(more);
                }
            });
            assert_eq!(lines, before.as_bytes(), "{tail:?}");
            assert!(taken.bytes_max < 4 * BATCH, "{}", taken.bytes_max);
        }
    }
}
