//! Texts in HTML: between tags, in values and as names of attributes.

use std::fmt::Write;

use super::super::attributes::{ValueType, value_type};
use super::super::content::ContentKind;
use super::super::context::{Context, Delim, State};
use super::super::transition::{find_any, raw_step};
use super::FAILSAFE;

/// Between tags.
pub(super) fn text(text: &str, kind: Option<ContentKind>) -> String {
    if kind == Some(ContentKind::Html) { text.to_owned() } else { escape(text, true) }
}

/// In `textarea` and `title`, which know character references but no tags.
pub(super) fn rcdata(text: &str, kind: Option<ContentKind>) -> String {
    escape(text, kind != Some(ContentKind::Html))
}

/// In the quoted value of an attribute.
pub(super) fn attr(text: &str, kind: Option<ContentKind>) -> String {
    if kind == Some(ContentKind::Html) { escape(&without_tags(text), false) } else { escape(text, true) }
}

/// In a value without quotes, which blanks would end.
pub(super) fn unquoted(text: &str, kind: Option<ContentKind>) -> String {
    if text.is_empty() {
        return FAILSAFE.to_owned();
    }
    if kind == Some(ContentKind::Html) {
        escape_unquoted(&without_tags(text), false)
    } else {
        escape_unquoted(text, true)
    }
}

/// The name of an attribute or tag, or a whole attribute from someone who may write one.
pub(super) fn name(text: &str, kind: Option<ContentKind>) -> String {
    if kind == Some(ContentKind::HtmlAttr) {
        return text.to_owned();
    }
    let name = text.to_lowercase();
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_digit() || c.is_ascii_lowercase());
    if is_name && value_type(&name) == ValueType::Plain { name } else { FAILSAFE.to_owned() }
}

/// Character references in place of what means something in HTML. Content that is HTML keeps its own.
fn escape(text: &str, ampersands: bool) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for c in text.chars() {
        match c {
            '&' if ampersands => out.push_str("&amp;"),
            '\0' => out.push('\u{fffd}'),
            '"' => out.push_str("&#34;"),
            '\'' => out.push_str("&#39;"),
            '+' => out.push_str("&#43;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            c => out.push(c),
        }
    }
    out
}

/// The same, and whatever a browser may take for the end of the value or for its start.
fn escape_unquoted(text: &str, ampersands: bool) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for c in text.chars() {
        match c {
            '&' if ampersands => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\0' => out.push_str("&#xfffd;"),
            '\t' | '\n' | '\u{b}' | '\u{c}' | '\r' | ' ' | '"' | '\'' | '+' | '=' | '`' => {
                let _ = write!(out, "&#{};", u32::from(c));
            }
            '\u{fdd0}'..='\u{fdef}' | '\u{fff0}'..='\u{ffff}' => {
                let _ = write!(out, "&#x{:x};", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out
}

/// The text between the tags of a fragment of HTML, its character references as they are.
fn without_tags(html: &str) -> String {
    let s = html.as_bytes();
    let (mut c, mut at, mut all_text) = (Context::default(), 0, true);
    let mut out = Vec::with_capacity(s.len());
    while at != s.len() {
        if c.delim != Delim::None {
            let Some(end) = find_any(&s[at..], c.delim.ends()) else { break };
            at += end + usize::from(c.delim != Delim::SpaceOrTagEnd);
            c = Context { element: c.element, ..Context::of(State::Tag) };
            continue;
        }
        let (next, length) = raw_step(c.clone(), &s[at..]);
        if length == 0 && next.state == c.state {
            break;
        }
        let end = at + length;
        if is_text(c.state) {
            let tag = s[at..end].iter().rposition(|byte| *byte == b'<').map(|tag| at + tag);
            let text_end = tag.filter(|_| next.state != c.state).unwrap_or(end);
            out.extend_from_slice(&s[at..text_end]);
        } else {
            all_text = false;
        }
        (c, at) = (next, end);
    }
    if all_text {
        return html.to_owned();
    }
    if is_text(c.state) {
        out.extend_from_slice(&s[at..]);
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn is_text(state: State) -> bool {
    matches!(state, State::Text | State::Rcdata)
}
