//! The functions that work on texts: letters, expressions, host names, links.

use std::net::IpAddr;

use crate::model::regex::unanchored;
use crate::template::go::{CallError, query_escape};

/// Each word with a capital first letter; the other letters stay as they are. As in Go's `strings.Title`,
/// a word begins behind anything but letters, digits and underscores.
pub(in crate::template) fn title(text: &str) -> String {
    let mut before = ' ';
    let mut capital = |c: char| {
        let separator = if before.is_ascii() {
            !before.is_ascii_alphanumeric() && before != '_'
        } else {
            before.is_whitespace()
        };
        before = c;
        if separator { one_upper(c) } else { c }
    };
    text.chars().map(&mut capital).collect()
}

pub(in crate::template) fn upper(text: &str) -> String {
    text.chars().map(one_upper).collect()
}

pub(in crate::template) fn lower(text: &str) -> String {
    let one_lower = |c: char| {
        if c == 'İ' {
            return 'i';
        }
        let mut small = c.to_lowercase();
        small.next().filter(|_| small.next().is_none()).unwrap_or(c)
    };
    text.chars().map(one_lower).collect()
}

/// Go maps letter by letter: one that has no single capital stays.
fn one_upper(c: char) -> char {
    let mut large = c.to_uppercase();
    large.next().filter(|_| large.next().is_none()).unwrap_or(c)
}

/// Compiles a pattern in Go's dialect; what is wrong with it is in Go's words.
fn regex(pattern: &str) -> Result<regex::Regex, String> {
    unanchored(pattern).map_err(|error| format!("error parsing regexp: {}", error.reason))
}

pub(in crate::template) fn is_match(pattern: &str, text: &str) -> Result<bool, CallError> {
    Ok(regex(pattern)?.is_match(text))
}

pub(in crate::template) fn replace_all(
    pattern: &str,
    replacement: &str,
    text: &str,
) -> Result<String, CallError> {
    /// The most that a replacement may grow to: far more than any text needs.
    const MAX_BYTES: usize = 64 << 20;
    if text.len().saturating_mul(replacement.len()) > MAX_BYTES {
        return Err("the result would be too long".into());
    }
    match regex(pattern) {
        Ok(regex) => Ok(regex.replace_all(text, replacement).into_owned()),
        Err(error) => Err(format!("regexp: Compile(`{pattern}`): {error}").into()),
    }
}

/// Go's `net.SplitHostPort`; none where it fails.
fn split_host_port(text: &str) -> Option<(&str, &str)> {
    let colon = text.rfind(':')?;
    let (host, after_host) = if text.starts_with('[') {
        let end = text.find(']')?;
        if end + 1 != colon {
            return None;
        }
        (&text[1..end], end + 1)
    } else {
        (&text[..colon], 0)
    };
    let bracketed = text.starts_with('[');
    if !bracketed && host.contains(':') {
        return None;
    }
    let brackets = text[usize::from(bracketed)..].contains('[') || text[after_host..].contains(']');
    (!brackets).then_some((host, &text[colon + 1..]))
}

pub(super) fn strip_port(text: &str) -> &str {
    split_host_port(text).map_or(text, |(host, _)| host)
}

pub(super) fn strip_domain(text: &str) -> String {
    let (host, port) = split_host_port(text).unwrap_or((text, ""));
    if host.parse::<IpAddr>().is_ok() {
        return text.to_owned();
    }
    let name = host.split_once('.').map_or(host, |(name, _)| name);
    match (port.is_empty(), name.contains([':', '%'])) {
        (true, _) => name.to_owned(),
        (false, true) => format!("[{name}]:{port}"),
        (false, false) => format!("{name}:{port}"),
    }
}

/// The path of the expression's page; `tab` 0 is the graph, 1 the table.
pub(super) fn expression_link(expr: &str, tab: u8) -> String {
    format!("/graph?g0.expr={}&g0.tab={tab}", query_escape(expr))
}

/// The path of a URL.
pub(super) fn path_of(url: &str) -> String {
    let after = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = after.find('/').map_or("", |at| &after[at..]);
    let end = path.find(['?', '#']).unwrap_or(path.len());
    path[..end].to_owned()
}
