//! The texts between actions: what they do to the context, and what is changed in them.
//!
//! Comments are dropped, a `<` that starts no tag is escaped, and so are marks in literals of scripts that
//! would confuse browsers about where the script ends.

use super::context::{Attr, Context, Delim, Element, State};
use super::entities::unescape;
use super::error::HtmlErrorKind;
use super::transition::{Step, ends_at_tag, find_any, find_tag_end, step};
use crate::model::quote::GoQuoted;

/// The context behind `text`, and the text to write in its place if that differs.
pub(super) fn escape_text(mut c: Context, text: &[u8]) -> (Context, Option<Vec<u8>>) {
    let mut edit = Edit { text, written: 0, out: Vec::new(), end: None };
    let mut at = 0;
    while at != text.len() {
        let (next, length) = edit.context_after(&c, at);
        let end = at + length;
        edit.copy(&c, &next, at, end);
        if length == 0 && next.state == c.state {
            // No step leads on; never seen, but a template must not hang.
            let description = format!("cannot go on from {c}");
            return (Context::wrong(HtmlErrorKind::BadHtml, description), None);
        }
        (c, at) = (next, end);
    }
    if edit.written == 0 || c.is_error() {
        return (c, None);
    }
    if !c.state.is_comment() || c.delim != Delim::None {
        edit.out.extend_from_slice(&text[edit.written..]);
    }
    (c, Some(edit.out))
}

/// A text while it is rewritten.
struct Edit<'t> {
    text: &'t [u8],
    /// The text before this is in `out`, or dropped.
    written: usize,
    out: Vec<u8>,
    /// Where the element around here closes, once that was looked for.
    end: Option<(Element, Option<usize>)>,
}

impl Edit<'_> {
    fn context_after(&mut self, c: &Context, at: usize) -> Step {
        if c.delim != Delim::None {
            return context_after_value(c, &self.text[at..]);
        }
        let rest = &self.text[at..];
        match self.tag_end(c, at) {
            Some(0) => (Context::default(), 0),
            Some(end) => step(c.clone(), &rest[..end]),
            None => step(c.clone(), rest),
        }
    }

    /// Where the element around here closes, counted from `at`. Looked for once, for a script has many steps.
    fn tag_end(&mut self, c: &Context, at: usize) -> Option<usize> {
        if !ends_at_tag(c) {
            return None;
        }
        match self.end {
            Some((element, None)) if element == c.element => None,
            Some((element, Some(end))) if element == c.element && end >= at => Some(end - at),
            Some(_) | None => {
                let end = find_tag_end(c.element, &self.text[at..]);
                self.end = Some((c.element, end.map(|end| end + at)));
                end
            }
        }
    }

    /// Takes over what stands between `at` and `end`, where the context changes from `c` to `next`.
    fn copy(&mut self, c: &Context, next: &Context, at: usize, end: usize) {
        if matches!(c.state, State::Text | State::Rcdata) {
            self.escape_stray_tags(c.state != next.state, at, end);
        } else if c.state.is_comment() && c.delim == Delim::None {
            self.out.extend_from_slice(self.instead_of_comment(c.state, end));
            self.written = end;
        }
        if c.state != next.state && next.state.is_comment() && next.delim == Delim::None {
            let mark = match next.state {
                State::HtmlComment | State::JsHtmlOpenComment => 4,
                State::JsHtmlCloseComment => 3,
                _ => 2,
            };
            self.write_to(end - mark, end);
        }
        if c.state.is_script_literal() {
            self.escape_script_tags(at, end);
        }
    }

    /// Writes the text up to `end` and drops what stands between that and `next`.
    fn write_to(&mut self, end: usize, next: usize) {
        self.out.extend_from_slice(&self.text[self.written..end]);
        self.written = next;
    }

    /// A `<` that starts no tag becomes `&lt;`.
    fn escape_stray_tags(&mut self, state_changes: bool, at: usize, end: usize) {
        let tag = self.text[at..end].iter().rposition(|byte| *byte == b'<').map(|tag| at + tag);
        let end = tag.filter(|_| state_changes).unwrap_or(end);
        for stray in at..end {
            let is_doctype =
                || self.text[stray..].get(..9).is_some_and(|start| start.eq_ignore_ascii_case(b"<!DOCTYPE"));
            if self.text[stray] == b'<' && !is_doctype() {
                self.write_to(stray, stray + 1);
                self.out.extend_from_slice(b"&lt;");
            }
        }
    }

    /// A comment between two tokens keeps them apart, as a line's end if it had one.
    fn instead_of_comment(&self, state: State, end: usize) -> &'static [u8] {
        match state {
            State::JsBlockComment => {
                let comment = String::from_utf8_lossy(&self.text[self.written..end]);
                if comment.contains(['\n', '\r', '\u{2028}', '\u{2029}']) { b"\n" } else { b" " }
            }
            State::CssBlockComment => b" ",
            _ => b"",
        }
    }

    /// `<script`, `</script` and `<!--` in a literal: the `<` becomes `\x3C`.
    fn escape_script_tags(&mut self, at: usize, end: usize) {
        const MARKS: [&[u8]; 3] = [b"script", b"/script", b"!--"];
        for open in at..end {
            let rest = &self.text[open + 1..end];
            let starts_with =
                |mark: &[u8]| rest.get(..mark.len()).is_some_and(|start| start.eq_ignore_ascii_case(mark));
            if self.text[open] == b'<' && MARKS.into_iter().any(starts_with) {
                self.write_to(open, open + 1);
                self.out.extend_from_slice(b"\\x3C");
            }
        }
    }
}

/// One step in the value of an attribute: all of it that there is.
fn context_after_value(c: &Context, s: &[u8]) -> Step {
    let end = find_any(s, c.delim.ends()).unwrap_or(s.len());
    if c.delim == Delim::SpaceOrTagEnd
        && let Some(bad) = find_any(&s[..end], b"\"'<=`")
    {
        // Browsers disagree on where such a value ends.
        let found = GoQuoted(&char::from(s[bad]).to_string()).to_string();
        let value = String::from_utf8_lossy(&s[..end]);
        let description = format!("{found} in unquoted attr: {}", GoQuoted(&value));
        return (Context::wrong(HtmlErrorKind::BadHtml, description), s.len());
    }
    if end == s.len() {
        return (context_in_value(c.clone(), &unescape(s)), s.len());
    }
    // The value ends: all that is left of the context is the element, and that a script may be none.
    let is_no_script = c.state == State::Attr
        && c.element == Element::Script
        && c.attr == Attr::ScriptType
        && !is_js_type(&String::from_utf8_lossy(&s[..end]));
    let element = if is_no_script { Element::None } else { c.element };
    let quote = usize::from(c.delim != Delim::SpaceOrTagEnd);
    (Context { element, ..Context::of(State::Tag) }, end + quote)
}

/// What a value without its character references does.
fn context_in_value(mut c: Context, mut value: &[u8]) -> Context {
    while !value.is_empty() {
        let before = c.state;
        let (next, length) = step(c, value);
        c = next;
        if length == 0 && c.state == before {
            return c;
        }
        value = &value[length..];
    }
    c
}

/// Whether a script of this type is JavaScript or JSON.
fn is_js_type(mime_type: &str) -> bool {
    let name = mime_type.split(';').next().unwrap_or_default().to_lowercase();
    matches!(
        name.trim(),
        "application/ecmascript"
            | "application/javascript"
            | "application/json"
            | "application/ld+json"
            | "application/x-ecmascript"
            | "application/x-javascript"
            | "module"
            | "text/ecmascript"
            | "text/javascript"
            | "text/javascript1.0"
            | "text/javascript1.1"
            | "text/javascript1.2"
            | "text/javascript1.3"
            | "text/javascript1.4"
            | "text/javascript1.5"
            | "text/jscript"
            | "text/livescript"
            | "text/x-ecmascript"
            | "text/x-javascript"
    )
}
