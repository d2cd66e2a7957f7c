//! Texts in addresses.

use std::fmt::Write;

use super::super::content::ContentKind;
use super::FAILSAFE;

/// The start of an address: only schemes that lead to a page or a mail.
pub(super) fn filter(text: &str, kind: Option<ContentKind>) -> String {
    if kind == Some(ContentKind::Url) || is_safe(text) { text.to_owned() } else { format!("#{FAILSAFE}") }
}

/// Whether it is relative, or its scheme is one of those.
fn is_safe(url: &str) -> bool {
    match url.split_once(':') {
        Some((scheme, _)) if !scheme.contains('/') => {
            // Go folds the long s, too.
            let scheme = scheme.replace('\u{17f}', "s");
            ["http", "https", "mailto"].into_iter().any(|safe| scheme.eq_ignore_ascii_case(safe))
        }
        Some(_) | None => true,
    }
}

/// A value in a query or fragment. A part of an address is only normalized.
pub(super) fn escape(text: &str, kind: Option<ContentKind>) -> String {
    percent_encode(text, kind == Some(ContentKind::Url))
}

/// A part before the query: what has a meaning in addresses keeps it.
pub(super) fn normalize(text: &str) -> String {
    percent_encode(text, true)
}

fn percent_encode(text: &str, keep_reserved: bool) -> String {
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(text.len() + 16);
    for (at, byte) in bytes.iter().enumerate() {
        let is_escape = || {
            let digits = bytes.get(at + 1..at + 3);
            digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
        };
        let keep = match byte {
            b'!' | b'#' | b'$' | b'&' | b'*' | b'+' | b',' | b'/' | b':' | b';' | b'=' | b'?' | b'@'
            | b'[' | b']' => keep_reserved,
            b'-' | b'.' | b'_' | b'~' => true,
            b'%' => keep_reserved && is_escape(),
            byte => byte.is_ascii_alphanumeric(),
        };
        if keep {
            out.push(char::from(*byte));
        } else {
            let _ = write!(out, "%{byte:02x}");
        }
    }
    out
}

/// The value of `srcset`: addresses with widths, between commas.
pub(super) fn srcset(text: &str, kind: Option<ContentKind>) -> String {
    match kind {
        Some(ContentKind::Srcset) => return text.to_owned(),
        Some(ContentKind::Url) => return normalize(text).replace(',', "%2c"),
        _ => {}
    }
    let sources: Vec<String> = text.split(',').map(source).collect();
    sources.join(",")
}

fn source(text: &str) -> String {
    let is_space = |c: char| matches!(c, '\t' | '\n' | '\u{c}' | '\r' | ' ');
    let rest = text.trim_start_matches(is_space);
    let blanks = &text[..text.len() - rest.len()];
    let (url, size) = rest.split_at(rest.find(is_space).unwrap_or(rest.len()));
    if is_safe(url) && size.chars().all(|c| is_space(c) || c.is_ascii_alphanumeric()) {
        format!("{blanks}{}{size}", normalize(url))
    } else {
        format!("#{FAILSAFE}")
    }
}
