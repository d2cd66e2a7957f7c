//! Texts in style sheets.

use super::super::content::ContentKind;
use super::super::transition::decode_css;
use super::FAILSAFE;

/// In a string: CSS's escapes in place of what means something in CSS or HTML.
pub(super) fn string(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let escape = match c {
            '\0' => "\\0",
            '\t' => "\\9",
            '\n' => "\\a",
            '\u{c}' => "\\c",
            '\r' => "\\d",
            '"' => "\\22",
            '&' => "\\26",
            '\'' => "\\27",
            '(' => "\\28",
            ')' => "\\29",
            '+' => "\\2b",
            '/' => "\\2f",
            ':' => "\\3a",
            ';' => "\\3b",
            '<' => "\\3c",
            '>' => "\\3e",
            '\\' => "\\\\",
            '{' => "\\7b",
            '}' => "\\7d",
            c => {
                out.push(c);
                continue;
            }
        };
        out.push_str(escape);
        // A blank keeps the number apart from what could be one more digit of it.
        let joins = |next: &char| next.is_ascii_hexdigit() || "\t\n\u{c}\r ".contains(*next);
        if c != '\\' && chars.peek().is_none_or(joins) {
            out.push(' ');
        }
    }
    out
}

/// As a value: only what can neither end the declaration nor run a script.
pub(super) fn value(text: &str, kind: Option<ContentKind>) -> String {
    if kind == Some(ContentKind::Css) {
        return text.to_owned();
    }
    let decoded = String::from_utf8_lossy(&decode_css(text.as_bytes())).into_owned();
    let is_bad = |c: char| "\0\"'()/;@[\\]`{}<>".contains(c);
    let word: String = decoded.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
    let word = word.to_ascii_lowercase();
    let runs = word.contains("expression") || word.contains("mozbinding");
    if decoded.contains(is_bad) || decoded.contains("--") || runs { FAILSAFE.to_owned() } else { decoded }
}
