//! Hints that can be pasted: the words of the user, quoted for a shell.

use std::ffi::OsString;
use std::path::Path;

use muzzle_persona::events::is_hidden;

/// The most characters of a command line in a hint.
const LONGEST: usize = 200;

/// A text as one word of a shell; nothing if it cannot be one that is seen as it is.
fn quoted(text: &str) -> Option<String> {
    let is_plain = !text.contains(|c| is_hidden(c) || c == '`');
    let word = shlex::try_quote(text).ok().filter(|_| is_plain)?;
    Some(word.into_owned())
}

/// A value as a word of a command to paste; the placeholder in place of one that cannot stand there.
pub fn word(text: &str, placeholder: &str) -> String {
    let word = quoted(text).filter(|_| !text.starts_with('-'));
    word.unwrap_or_else(|| placeholder.to_owned())
}

/// A path as a word of a command to paste.
pub fn path(path: &Path, placeholder: &str) -> String {
    word(path.to_str().unwrap_or_default(), placeholder)
}

/// The command line with a right word in place of a wrong one, to be pasted; nothing if the wrong
/// one does not stand there once, or the line cannot be shown.
pub fn corrected(args: &[OsString], wrong: &str, right: &str) -> Option<String> {
    let mut found = 0;
    let mut correct = |arg: &OsString| {
        let arg = arg.to_str()?;
        let corrected = match arg.split_once('=') {
            _ if arg == wrong => right.to_owned(),
            Some((option, value)) if option.starts_with("--") && value == wrong => {
                format!("{option}={right}")
            }
            Some((option, value)) if option == wrong => format!("{right}={value}"),
            _ => return Some(arg.to_owned()),
        };
        found += 1;
        Some(corrected)
    };
    let words: Option<Vec<_>> = args.iter().skip(1).map(&mut correct).collect();
    command_line(&words?).filter(|_| found == 1)
}

/// The command line with a word that is one too many joined to the one before it.
pub fn joined(args: &[OsString], extra: &str) -> Option<String> {
    let words: Option<Vec<_>> = args.iter().skip(1).map(|arg| arg.to_str()).collect();
    let words = words?;
    let at = words.iter().position(|word| *word == extra)?;
    let (before, rest) = words.split_at_checked(at)?;
    let (first, before) = before.split_last().filter(|(first, _)| !first.starts_with('-'))?;
    // The first word is the command.
    if before.is_empty() {
        return None;
    }
    // All words up to the next option belong to it.
    let end = rest.iter().position(|word| word.starts_with('-')).unwrap_or(rest.len());
    let (more, after) = rest.split_at_checked(end)?;
    let whole = [&[*first], more].concat().join(" ");
    command_line(&[before, &[&whole], after].concat())
}

fn command_line<T: AsRef<str>>(words: &[T]) -> Option<String> {
    let shown = |word: &T| match word.as_ref().split_once('=') {
        // As people write it: the value in quotes, and not the option.
        Some((option, value)) if option.starts_with("--") => {
            Some(format!("{}={}", quoted(option)?, quoted(value)?))
        }
        _ => quoted(word.as_ref()),
    };
    let words: Option<Vec<_>> = words.iter().map(shown).collect();
    let line = format!("muzzle-persona {}", words?.join(" "));
    (line.chars().count() <= LONGEST).then_some(line)
}

/// What an option of the command line says, if it stands there.
pub fn value_of(option: &str, args: &[OsString]) -> Option<String> {
    let mut words = args.iter().filter_map(|arg| arg.to_str());
    let is_it = |word: &str| {
        word == option || word.strip_prefix(option).is_some_and(|it| it.starts_with('='))
    };
    let word = words.find(|word| is_it(word))?;
    word.split_once('=').map(|(_, value)| value).or_else(|| words.next()).map(str::to_owned)
}

/// Adds the store that the user named to each command in a hint.
pub fn with_store(hint: &str, store: &Path) -> String {
    let option = format!(" --store {}", path(store, "DIR"));
    let mut parts = hint.split('`');
    let mut told = parts.next().unwrap_or_default().to_owned();
    // Every second part is between backticks.
    for (index, part) in parts.enumerate() {
        told.push('`');
        told.push_str(part);
        let command = part.strip_prefix("muzzle-persona ").filter(|_| index % 2 == 0);
        if command.is_some_and(|it| !it.starts_with("help") && !it.contains("--store")) {
            told.push_str(&option);
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(words: &[&str]) -> Vec<OsString> {
        ["/bin/muzzle-persona"].iter().chain(words).map(OsString::from).collect()
    }

    #[test]
    fn a_word_is_quoted_and_one_that_cannot_be_seen_is_not_there() {
        for (text, shown) in [
            ("s1", "s1"),
            ("Søren Halvorsen", "'Søren Halvorsen'"),
            ("a'b", "\"a'b\""),
            ("$(rm -rf ~)", "'$(rm -rf ~)'"),
            ("-x", "NAME"),
            ("a`b", "NAME"),
            ("a\u{1b}[0m", "NAME"),
            ("a\u{202e}b", "NAME"),
            ("a\nb", "NAME"),
        ] {
            assert_eq!(word(text, "NAME"), shown);
            if shown != "NAME" {
                assert_eq!(shlex::split(shown).unwrap(), [text]);
            }
        }
    }

    #[test]
    fn a_wrong_word_is_replaced_where_it_stands_once() {
        let corrected = |words: &[&str], wrong, right| corrected(&line(words), wrong, right);
        assert_eq!(
            corrected(&["show", "Elana"], "Elana", "Elena Vasquez").unwrap(),
            "muzzle-persona show 'Elena Vasquez'"
        );
        assert_eq!(
            corrected(&["search", "--role=tesing"], "tesing", "testing").unwrap(),
            "muzzle-persona search --role=testing"
        );
        assert_eq!(
            corrected(&["list", "--stats=all"], "--stats", "--status").unwrap(),
            "muzzle-persona list --status=all"
        );
        assert_eq!(corrected(&["show", "x", "--store", "x"], "x", "y"), None);
        assert_eq!(corrected(&["assign", "--roles", "x,y"], "x", "z"), None);
        assert_eq!(corrected(&["show", "x", "--store", "a\u{1b}"], "x", "y"), None);
        assert_eq!(corrected(&["show", "x", "--store", &"d".repeat(200)], "x", "y"), None);
    }

    #[test]
    fn words_that_belong_together_are_joined() {
        let joined = |words: &[&str], extra| joined(&line(words), extra);
        assert_eq!(
            joined(&["show", "Elena", "Vasquez", "--json"], "Vasquez").unwrap(),
            "muzzle-persona show 'Elena Vasquez' --json"
        );
        assert_eq!(joined(&["list", "all"], "all"), None);
        assert_eq!(joined(&["list", "--json", "all"], "all"), None);
    }

    #[test]
    fn the_store_that_was_named_stands_in_each_command() {
        assert_eq!(
            with_store("`muzzle-persona list` or `--x`; `muzzle-persona help`", Path::new("/a b")),
            "`muzzle-persona list --store '/a b'` or `--x`; `muzzle-persona help`"
        );
    }
}
