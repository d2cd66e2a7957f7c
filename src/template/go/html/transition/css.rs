//! CSS: code, strings and addresses.

use super::super::context::{Context, State, UrlPart};
use super::{Step, find_any, skip_space, unfinished_escape, url};

/// Code outside of strings, comments and addresses, up to where one starts.
pub(super) fn code(mut c: Context, s: &[u8]) -> Step {
    let mut from = 0;
    while let Some(at) = find_any(&s[from..], b"(\"'/").map(|at| from + at) {
        from = at + 1;
        match (s[at], s.get(at + 1)) {
            (b'(', _) if ends_with_url(&s[..at]) => {
                let start = skip_space(s, at + 1);
                let (state, start) = match s.get(start) {
                    Some(b'"') => (State::CssDoubleUrl, start + 1),
                    Some(b'\'') => (State::CssSingleUrl, start + 1),
                    _ => (State::CssUrl, start),
                };
                c.state = state;
                return (c, start);
            }
            (b'/', Some(b'/')) => {
                c.state = State::CssLineComment;
                return (c, at + 2);
            }
            (b'/', Some(b'*')) => {
                c.state = State::CssBlockComment;
                return (c, at + 2);
            }
            (b'"', _) => {
                c.state = State::CssDouble;
                return (c, at + 1);
            }
            (b'\'', _) => {
                c.state = State::CssSingle;
                return (c, at + 1);
            }
            _ => {}
        }
    }
    (c, s.len())
}

/// Whether the last word is `url`.
fn ends_with_url(s: &[u8]) -> bool {
    let end = s.iter().rposition(|byte| !matches!(byte, b'\t' | b'\n' | 0xc | b'\r' | b' '));
    let Some(start) = end.and_then(|end| (end + 1).checked_sub(3)) else { return false };
    let (before, word) = (&s[..start], &s[start..start + 3]);
    let last = before.iter().rposition(|byte| byte & 0xc0 != 0x80).unwrap_or(0);
    let last = String::from_utf8_lossy(&before[last..]).chars().next_back();
    word.eq_ignore_ascii_case(b"url") && !last.is_some_and(is_css_name_char)
}

/// What a name in CSS is made of, escapes aside.
fn is_css_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '\u{80}'..='\u{fffd}' | '\u{10000}'..)
}

/// A string or address, up to its end. Strings count as addresses: some are.
pub(super) fn string(mut c: Context, s: &[u8]) -> Step {
    let ends: &[u8] = match c.state {
        State::CssDouble | State::CssDoubleUrl => b"\\\"",
        State::CssSingle | State::CssSingleUrl => b"\\'",
        _ => b"\\\t\n\x0c\r )",
    };
    // `escape` is where the last escape started: what stands before it was looked at.
    let (mut from, mut escape) = (0, 0);
    while let Some(at) = find_any(&s[from..], ends).map(|at| from + at) {
        if s[at] != b'\\' {
            c.state = State::Css;
            return (c, at + 1);
        }
        if at + 1 == s.len() {
            return (unfinished_escape("CSS", s), s.len());
        }
        if c.url != UrlPart::QueryOrFrag {
            c = url(c, &decode_css(&s[escape..at + 2])).0;
        }
        (from, escape) = (at + 2, at);
    }
    (url(c, &decode_css(&s[from..])).0, s.len())
}

/// What a text with CSS's escapes says.
pub(in super::super) fn decode_css(mut s: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(s.len());
    loop {
        let at = find_any(s, b"\\").unwrap_or(s.len());
        decoded.extend_from_slice(&s[..at]);
        s = &s[at..];
        let Some(next) = s.get(1) else { return decoded };
        if next.is_ascii_hexdigit() {
            let digits = s[1..].iter().take(6).take_while(|byte| byte.is_ascii_hexdigit()).count();
            let (c, digits) = code_point(&s[1..=digits]);
            decoded.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            s = skip_css_space(&s[1 + digits..]);
        } else {
            // The rest of a longer character follows as it is.
            decoded.push(*next);
            s = &s[2..];
        }
    }
}

/// The character of that number, and how many of its digits count.
fn code_point(digits: &[u8]) -> (char, usize) {
    let number =
        digits.iter().fold(0, |number, digit| number * 16 + char::from(*digit).to_digit(16).unwrap_or(0));
    let (number, count) =
        if number > 0x10_ffff { (number / 16, digits.len() - 1) } else { (number, digits.len()) };
    (char::from_u32(number).unwrap_or(char::REPLACEMENT_CHARACTER), count)
}

/// A blank may stand behind an escape, so that a digit can follow.
fn skip_css_space(s: &[u8]) -> &[u8] {
    match s {
        [b'\r', b'\n', rest @ ..] | [b'\t' | b'\n' | 0xc | b'\r' | b' ', rest @ ..] => rest,
        _ => s,
    }
}
