//! The classic grammar: `name op value`, the value quoted or not, little else refused.

use std::ops::Range;

use super::super::{MatchOp, Matcher};
use super::InvalidMatcher;

/// Splits at commas outside quotes, then reads each part. One brace at either end is cut off.
pub(super) fn matchers(text: &str) -> Result<Vec<Matcher>, InvalidMatcher> {
    let start = usize::from(text.starts_with('{'));
    let inner = &text[start..];
    let inner = inner.strip_suffix('}').unwrap_or(inner);
    parts(inner).into_iter().map(|part| matcher(&inner[part.clone()], start + part.start)).collect()
}

fn parts(text: &str) -> Vec<Range<usize>> {
    let (mut parts, mut start, mut quoted, mut escaped) = (Vec::new(), 0, false, false);
    for (at, c) in text.char_indices() {
        match c {
            ',' if !quoted => {
                parts.push(start..at);
                start = at + 1;
                // A comma is skipped before the escape is looked at, so an escape reaches over it.
                continue;
            }
            '"' if escaped => escaped = false,
            '"' => quoted = !quoted,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    let last = &text[start..];
    if !last.trim().is_empty() {
        let lead = last.len() - last.trim_start().len();
        parts.push(start + lead..start + last.trim_end().len());
    }
    parts
}

/// Reads one matcher that starts at byte `offset` of the whole text.
pub(super) fn matcher(text: &str, offset: usize) -> Result<Matcher, InvalidMatcher> {
    let whole = offset..offset + text.len();
    let bad_format = || InvalidMatcher {
        message: format!("bad matcher format: {text}"),
        range: whole.clone(),
        hint: None,
    };
    let rest = text.trim_start_matches(go_space);
    let name_length = rest
        .char_indices()
        .find(|(at, c)| {
            let first = c.is_ascii_alphabetic() || *c == '_' || *c == ':';
            !(first || (*at > 0 && c.is_ascii_digit()))
        })
        .map_or(rest.len(), |(at, _)| at);
    let (name, rest) = rest.split_at(name_length);
    let rest = rest.trim_start_matches(go_space);
    let operators =
        [("=~", MatchOp::Regex), ("=", MatchOp::Equal), ("!=", MatchOp::NotEqual), ("!~", MatchOp::NotRegex)];
    let found = operators.iter().find_map(|(sign, op)| Some((*op, rest.strip_prefix(sign)?)));
    let (Some((op, raw)), false) = (found, name.is_empty()) else { return Err(bad_format()) };
    let raw = raw.trim_matches(go_space);
    let value_start = raw.as_ptr() as usize - text.as_ptr() as usize + offset;
    let range = value_start..value_start + raw.len();
    let value = unescape(raw).ok_or_else(|| InvalidMatcher {
        message: format!("matcher value contains unescaped double quote: {raw}"),
        range: range.clone(),
        hint: None,
    })?;
    Matcher::new(name, op, value).map_err(|error| {
        // Without escapes the expression's own place is known.
        let quote = usize::from(raw.starts_with('"'));
        let inner = raw.get(quote..quote + error.text.len()) == Some(error.text.as_str());
        let at = range.start + quote;
        let place = if inner { at + error.range.start..at + error.range.end } else { range };
        InvalidMatcher {
            message: format!("error parsing regexp: {}", error.reason),
            range: place,
            hint: None,
        }
    })
}

/// What `\s` is in Go's expressions.
fn go_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\x0c' | '\r')
}

/// The value without quotes and escapes; only `\"`, `\\` and `\n` are escapes. `None`: a quote too many or
/// too few.
fn unescape(raw: &str) -> Option<String> {
    let mut open = raw.starts_with('"');
    let body = if open { &raw[1..] } else { raw };
    let (mut value, mut escaped) = (String::with_capacity(body.len()), false);
    for (at, c) in body.char_indices() {
        if escaped {
            escaped = false;
            match c {
                'n' => value.push('\n'),
                '"' | '\\' => value.push(c),
                _ => value.extend(['\\', c]),
            }
            continue;
        }
        let last = at + 1 >= body.len();
        match c {
            '\\' if !last => escaped = true,
            '"' if open && last => open = false,
            '"' => return None,
            _ => value.push(c),
        }
    }
    (!open).then_some(value)
}
