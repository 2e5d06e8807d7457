//! Text in cells of a terminal.

use std::fmt::Display;

use muzzle_persona::events::visible;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// Shows a text in exactly `width` columns of a terminal: hidden characters escaped, cut with `…`, or
/// filled with spaces.
pub fn fit(text: impl Display, width: usize) -> String {
    let text = visible(&text.to_string());
    let mut shown = String::with_capacity(width);
    if text.width() <= width {
        shown.push_str(&text);
    } else {
        let mut used = 1;
        for c in text.chars() {
            used += c.width().unwrap_or_default();
            if used > width {
                break;
            }
            shown.push(c);
        }
        shown.push('…');
    }
    let missing = width.saturating_sub(shown.width());
    shown.extend(std::iter::repeat_n(' ', missing));
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_the_width_that_is_asked_for() {
        for (text, shown) in [
            ("Ann", "Ann   "),
            ("Ann Li", "Ann Li"),
            ("Ann Lia", "Ann L…"),
            ("東京都庁", "東京… "),
            ("a\u{202e}b", "a\\u{2…"),
        ] {
            assert_eq!(fit(text, 6), shown);
            assert_eq!(fit(text, 6).width(), 6);
        }
        assert_eq!(fit("Ann", 1), "…");
    }
}
