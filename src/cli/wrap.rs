//! Words in lines that fit a terminal.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr as _;

/// Wraps words between two of them, at a width. The first begins in the column `start`, each further
/// line in the column `indent`. A word that is longer than a line stays whole.
pub fn wrapped(text: &str, start: usize, indent: usize, width: usize) -> String {
    let (mut lines, mut column) = (String::new(), start);
    for (index, word) in text.split(' ').enumerate() {
        let length = word.width();
        if index == 0 {
            column += length;
        } else if column + 1 + length <= width {
            lines.push(' ');
            column += 1 + length;
        } else {
            let _ = write!(lines, "\n{:indent$}", "");
            column = indent + length;
        }
        lines.push_str(word);
    }
    lines
}

/// The characters of a UUID, and those of its first part.
pub const UUID: usize = 36;
const UUID_START: usize = 8;

/// Cuts each random UUID of a text, as clients name sessions, to its first part: it is found by that.
pub fn short_ids(text: &str) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let (mut short, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(start) = rest.find(is_part) {
        let (before, from) = rest.split_at(start);
        let (word, after) = from.split_at(from.find(|c| !is_part(c)).unwrap_or(from.len()));
        let word = if is_random(word) { word.get(..UUID_START).unwrap_or(word) } else { word };
        short.extend([before, word]);
        rest = after;
    }
    short + rest
}

/// Whether a word is a UUID of version 4: those of others may begin alike.
fn is_random(word: &str) -> bool {
    let is_one = |(at, byte): (usize, u8)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        14 => byte == b'4',
        _ => byte.is_ascii_hexdigit(),
    };
    word.len() == UUID && word.bytes().enumerate().all(is_one)
}

/// Wraps a line; what follows its first line stands further in by two columns.
pub fn hanging(line: &str, width: usize) -> String {
    if line.width() <= width {
        return line.to_owned();
    }
    let (space, words) = line.split_at(line.len() - line.trim_start().len());
    format!("{space}{}", wrapped(words, space.width(), space.width() + 2, width))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_wrap_at_the_width_and_are_never_broken() {
        assert_eq!(wrapped("List the personas", 4, 4, 20), "List the\n    personas");
        assert_eq!(wrapped("List the personas", 4, 4, 21), "List the personas");
        assert_eq!(wrapped("List the personas", 9, 2, 17), "List the\n  personas");
        assert_eq!(wrapped("Extraordinary", 4, 4, 8), "Extraordinary");
    }

    #[test]
    fn a_random_uuid_is_cut_to_its_first_part() {
        let of = |session: &str| short_ids(&format!("Ann lent (session {session}): a-b"));
        let random = "00a62d08-e686-4a7f-b68d-71502eb6b076";
        assert_eq!(of(random), "Ann lent (session 00a62d08): a-b");
        let by_time = "0199a62d-e686-7a7f-b68d-71502eb6b076";
        for whole in [by_time, "s1", "00a62d08-e686-4a7f-b68d-71502eb6b076-2"] {
            assert_eq!(of(whole), format!("Ann lent (session {whole}): a-b"));
        }
    }

    #[test]
    fn a_line_wraps_between_words_and_hangs() {
        assert_eq!(hanging("  one two three", 15), "  one two three");
        assert_eq!(hanging("  one two three", 14), "  one two\n    three");
        assert_eq!(hanging("  one two three", 6), "  one\n    two\n    three");
        assert_eq!(hanging("漢字 漢字", 9), "漢字 漢字");
        assert_eq!(hanging("漢字 漢字", 8), "漢字\n  漢字");
    }
}
