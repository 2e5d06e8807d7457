//! Where the sound part of a log's end stops.

use serde::de::IgnoredAny;

/// The length of the whole lines at the start of `bytes`, the end of a log.
///
/// What a crash can leave is not among them: bytes after the last line end,
/// and a last line that is no complete JSON object (cut, or with NUL bytes in
/// it where the system had not yet written the data).
pub fn whole_lines(bytes: &[u8]) -> usize {
    let Some(end) = memchr::memrchr(b'\n', bytes) else {
        return 0;
    };
    let (lines, _) = bytes.split_at(end);
    let start = memchr::memrchr(b'\n', lines).map_or(0, |before| before + 1);
    if is_object(lines.get(start..).unwrap_or_default()) { end + 1 } else { start }
}

/// The length of what ends with the last line end.
pub fn ended_lines(bytes: &[u8]) -> usize {
    memchr::memrchr(b'\n', bytes).map_or(0, |end| end + 1)
}

/// The length of the lines before the last one that has a line end.
///
/// Where the log goes on behind `bytes`, that one may be the last in it.
pub fn but_the_last(bytes: &[u8]) -> usize {
    let end = memchr::memrchr(b'\n', bytes).unwrap_or(0);
    ended_lines(bytes.get(..end).unwrap_or_default())
}

/// Tells whether a line is one complete JSON object.
fn is_object(line: &[u8]) -> bool {
    line.first() == Some(&b'{') && serde_json::from_slice::<IgnoredAny>(line).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_crash_can_leave_is_torn() {
        for (bytes, whole) in [
            ("", 0),
            ("{}", 0),
            ("{}\n", 3),
            ("{}\n{\"a\":1}", 3),
            ("{}\n{\"a\":1}\n", 11),
            ("{}\n{\"a\n", 3),
            ("{}\n{\"a\n{", 3),
            ("{}\n\0\0\0\n", 3),
            ("{\"a\":\"\0\"}\n", 0),
            ("{}\n7\n", 3),
            ("no\n{}\n", 6),
        ] {
            assert_eq!(whole_lines(bytes.as_bytes()), whole, "{bytes:?}");
        }
    }
}
