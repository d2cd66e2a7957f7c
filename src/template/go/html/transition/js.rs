//! JavaScript: code, strings, template literals and regular expressions.

use super::super::context::{Context, Slash, State};
use super::super::error::HtmlErrorKind;
use super::{Step, find_any, into_js, regexp_or_division, unfinished_escape};
use crate::model::quote::GoQuoted;

/// Code outside of strings, comments and regular expressions, up to where one starts.
///
/// What stands before a `<`, `-`, `#` or brace and that character itself decide together what a slash behind
/// it is. Go forgets the character since 1.20.8, and takes the regular expression of `{ /{{ . }}/ }` for a
/// division: text in it could then end it.
pub(super) fn code(mut c: Context, s: &[u8]) -> Step {
    let mut from = 0;
    while let Some(at) = find_any(&s[from..], b"\"`'/{}<-#").map(|at| from + at) {
        from = at + 1;
        let literal = match s[at] {
            b'"' => Some(State::JsDouble),
            b'\'' => Some(State::JsSingle),
            b'`' => Some(State::JsTemplate),
            _ => None,
        };
        if let Some(state) = literal {
            return (into_js(c, state, Slash::Regexp), at + 1);
        }
        if let Some((state, length)) = comment(&s[at..]) {
            let slash = slash_after(&s[..at], c.slash);
            return (into_js(c, state, slash), at + length);
        }
        match s[at] {
            b'/' => return slash(c, s, at),
            b'{' => open_brace(&mut c),
            b'}' if closes_expression(&mut c) => {
                return (into_js(c, State::JsTemplate, Slash::Regexp), at + 1);
            }
            _ => {}
        }
    }
    c.slash = slash_after(s, c.slash);
    (c, s.len())
}

/// The comment that starts here, and the length of its mark. HTML's marks start one as well, up to the end
/// of the line, and so does `#!`.
fn comment(s: &[u8]) -> Option<(State, usize)> {
    [
        (&b"//"[..], State::JsLineComment),
        (b"/*", State::JsBlockComment),
        (b"<!--", State::JsHtmlOpenComment),
        (b"-->", State::JsHtmlCloseComment),
        (b"#!", State::JsLineComment),
    ]
    .into_iter()
    .find(|(mark, _)| s.starts_with(mark))
    .map(|(mark, state)| (state, mark.len()))
}

fn slash(mut c: Context, s: &[u8], at: usize) -> Step {
    c.slash = slash_after(&s[..at], c.slash);
    match c.slash {
        Slash::Regexp => c.state = State::JsRegexp,
        Slash::Division => c.slash = Slash::Regexp,
        Slash::Unknown => return (regexp_or_division(&s[at..]), s.len()),
    }
    (c, at + 1)
}

/// Braces are counted in template literals only.
fn open_brace(c: &mut Context) {
    if let Some(depth) = c.braces.last_mut() {
        *depth += 1;
    }
}

/// Whether a closing brace ends the `${…}` of a template literal.
fn closes_expression(c: &mut Context) -> bool {
    let Some(depth) = c.braces.last_mut() else { return false };
    *depth -= 1;
    let closes = *depth < 0;
    if closes {
        c.braces.pop();
    }
    closes
}

/// A template literal, up to its end or a `${`. A slash behind it divides, and one behind `${` does not; Go
/// leaves both as they were before.
pub(super) fn template(mut c: Context, s: &[u8]) -> Step {
    let mut from = 0;
    while let Some(at) = find_any(&s[from..], b"`\\$").map(|at| from + at) {
        from = at + 1;
        match s[at] {
            b'\\' => {
                from += 1;
                if from > s.len() {
                    return (unfinished_escape("JS", s), s.len());
                }
            }
            b'$' if s.get(at + 1) == Some(&b'{') => {
                c.braces.push(0);
                return (into_js(c, State::Js, Slash::Regexp), at + 2);
            }
            b'$' => {}
            _ => return (into_js(c, State::Js, Slash::Division), at + 1),
        }
    }
    (c, s.len())
}

/// A string in quotes or a regular expression, up to its end.
pub(super) fn delimited(c: Context, s: &[u8]) -> Step {
    let specials: &[u8] = match c.state {
        State::JsSingle => b"\\'",
        State::JsRegexp => b"\\/[]",
        _ => b"\\\"",
    };
    let (mut from, mut in_charset) = (0, false);
    while let Some(at) = find_any(&s[from..], specials).map(|at| from + at) {
        from = at + 1;
        match s[at] {
            b'\\' => {
                from += 1;
                if from > s.len() {
                    return (unfinished_escape("JS", s), s.len());
                }
            }
            b'[' => in_charset = true,
            b']' => in_charset = false,
            // `</script` in a regular expression gets a backslash later, and does not end it.
            b'/' if at > 0 && starts_with_script_end(&s[at - 1..]) => from += 1,
            _ if in_charset => {}
            _ => return (into_js(c, State::Js, Slash::Division), at + 1),
        }
    }
    if in_charset {
        let text = String::from_utf8_lossy(s);
        let description = format!("unfinished JS regexp charset: {}", GoQuoted(&text));
        return (Context::wrong(HtmlErrorKind::PartialCharset, description), s.len());
    }
    (c, s.len())
}

fn starts_with_script_end(s: &[u8]) -> bool {
    s.get(..8).is_some_and(|start| start.eq_ignore_ascii_case(b"</script"))
}

/// What `\s` matches in JavaScript.
fn is_js_space(c: char) -> bool {
    matches!(
        c,
        '\t' | '\n' | '\u{b}' | '\u{c}' | '\r' | ' ' | '\u{a0}' | '\u{1680}' | '\u{2000}'
            ..='\u{200a}' | '\u{2028}' | '\u{2029}' | '\u{202f}' | '\u{205f}' | '\u{3000}' | '\u{feff}'
    )
}

/// What a slash behind this code would be. One token back is enough to know it for nearly all code.
fn slash_after(s: &[u8], before: Slash) -> Slash {
    let text = String::from_utf8_lossy(s);
    let code = text.trim_end_matches(is_js_space).as_bytes();
    let Some(&last) = code.last() else { return before };
    let is_operand = match last {
        // `++` and `--` end an operand, `+` and `-` want one; `---` is `-- -`.
        b'+' | b'-' => code.iter().rev().take_while(|byte| **byte == last).count() % 2 == 0,
        // `42.`
        b'.' => code.len() > 1 && code[code.len() - 2].is_ascii_digit(),
        b',' | b'<' | b'>' | b'=' | b'*' | b'%' | b'&' | b'|' | b'^' | b'?' | b'!' | b'~' | b'(' | b'['
        | b':' | b';' | b'{' | b'}' => false,
        _ => {
            let word = code.iter().rev().take_while(|byte| is_js_ident_part(**byte)).count();
            !precedes_operand(&code[code.len() - word..])
        }
    };
    if is_operand { Slash::Division } else { Slash::Regexp }
}

/// Keywords behind which an operand follows.
fn precedes_operand(word: &[u8]) -> bool {
    matches!(
        word,
        b"break"
            | b"case"
            | b"continue"
            | b"delete"
            | b"do"
            | b"else"
            | b"finally"
            | b"in"
            | b"instanceof"
            | b"return"
            | b"throw"
            | b"try"
            | b"typeof"
            | b"void"
    )
}

/// What numbers and keywords are made of.
pub(in super::super) fn is_js_ident_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'$' | b'_')
}
