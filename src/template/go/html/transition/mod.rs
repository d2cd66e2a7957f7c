//! What a piece of a template's own text does to the context: one step at a time. HTML here, JavaScript and
//! CSS in modules of their own.
//!
//! Texts are bytes, because steps count bytes; every step ends beside an ASCII character or at the end.

mod css;
mod js;

use super::attributes::{ValueType, value_type};
use super::context::{Attr, Context, Delim, Element, Slash, State, UrlPart};
use super::error::HtmlErrorKind;
use crate::model::quote::GoQuoted;
pub(super) use css::decode_css;
pub(super) use js::is_js_ident_part;

/// A context, and how many bytes it took to get there.
pub(super) type Step = (Context, usize);

/// The context behind some first bytes of `s`, and their count.
pub(super) fn step(c: Context, s: &[u8]) -> Step {
    match c.state {
        State::Text => text(c, s),
        State::Tag => tag(c, s),
        State::AttrName => attr_name(c, s),
        State::AfterName => after_name(c, s),
        State::BeforeValue => before_value(c, s),
        State::HtmlComment => html_comment(c, s),
        State::Rcdata => special_tag_end(c, s),
        State::Url | State::Srcset => url(c, s),
        State::MetaContent => meta_content(c, s),
        State::MetaContentUrl => meta_content_url(c, s),
        State::Js => js::code(c, s),
        State::JsDouble | State::JsSingle | State::JsRegexp => js::delimited(c, s),
        State::JsTemplate => js::template(c, s),
        State::JsBlockComment | State::CssBlockComment => block_comment(c, s),
        State::JsLineComment | State::JsHtmlOpenComment | State::JsHtmlCloseComment => {
            line_comment(c, s, &["\n", "\r", "\u{2028}", "\u{2029}"], State::Js)
        }
        State::CssLineComment => line_comment(c, s, &["\n", "\u{c}", "\r"], State::Css),
        State::Css => css::code(c, s),
        State::CssDouble | State::CssSingle | State::CssDoubleUrl | State::CssSingleUrl | State::CssUrl => {
            css::string(c, s)
        }
        State::Attr | State::Error | State::Dead => (c, s.len()),
    }
}

/// Like [`special_tag_end`], or [`step`], as the raw content of an element is read without knowing it.
pub(super) fn raw_step(c: Context, s: &[u8]) -> Step {
    if c.element != Element::None && !c.state.is_in_tag() { special_tag_end(c, s) } else { step(c, s) }
}

fn text(c: Context, s: &[u8]) -> Step {
    let mut from = 0;
    loop {
        let Some(open) = find_any(&s[from..], b"<").map(|at| from + at) else { return (c, s.len()) };
        if open + 1 == s.len() {
            return (c, s.len());
        }
        if s[open..].starts_with(b"<!--") {
            return (Context::of(State::HtmlComment), open + 4);
        }
        let closes = s[open + 1] == b'/';
        let name = open + 1 + usize::from(closes);
        if name == s.len() {
            return (c, s.len());
        }
        let end = tag_name_end(s, name);
        if end != name {
            let found = Element::of(&String::from_utf8_lossy(&s[name..end]).to_ascii_lowercase());
            let element = if closes { Element::None } else { found };
            return (Context { element, ..Context::of(State::Tag) }, end);
        }
        from = end;
    }
}

fn tag(c: Context, s: &[u8]) -> Step {
    let start = skip_space(s, 0);
    if start == s.len() {
        return (c, start);
    }
    if s[start] == b'>' {
        let element = if c.element == Element::Meta { Element::None } else { c.element };
        return (Context { element, ..Context::of(element.content()) }, start + 1);
    }
    let end = match attr_name_end(s, start) {
        Ok(end) => end,
        Err(wrong) => return (wrong, s.len()),
    };
    if end == start {
        let rest = String::from_utf8_lossy(&s[start..]);
        let description = format!("expected space, attr name, or end of tag, but got {}", GoQuoted(&rest));
        return (Context::wrong(HtmlErrorKind::BadHtml, description), s.len());
    }
    let attr = attr_of(c.element, &String::from_utf8_lossy(&s[start..end]).to_lowercase());
    let state = if end == s.len() { State::AttrName } else { State::AfterName };
    (Context { element: c.element, attr, ..Context::of(state) }, end)
}

fn attr_of(element: Element, name: &str) -> Attr {
    match (element, name) {
        (Element::Script, "type") => return Attr::ScriptType,
        (Element::Meta, "content") => return Attr::MetaContent,
        _ => {}
    }
    match value_type(name) {
        ValueType::Url => Attr::Url,
        ValueType::Css => Attr::Style,
        ValueType::Js => Attr::Script,
        ValueType::Srcset => Attr::Srcset,
        ValueType::Plain | ValueType::Html | ValueType::Unsafe => Attr::None,
    }
}

fn attr_name(mut c: Context, s: &[u8]) -> Step {
    match attr_name_end(s, 0) {
        Ok(end) => {
            if end != s.len() {
                c.state = State::AfterName;
            }
            (c, end)
        }
        Err(wrong) => (wrong, s.len()),
    }
}

fn after_name(mut c: Context, s: &[u8]) -> Step {
    let at = skip_space(s, 0);
    if at == s.len() {
        return (c, at);
    }
    if s[at] != b'=' {
        // The tag ends, or the attribute has no value.
        c.state = State::Tag;
        return (c, at);
    }
    c.state = State::BeforeValue;
    (c, at + 1)
}

fn before_value(mut c: Context, s: &[u8]) -> Step {
    let at = skip_space(s, 0);
    if at == s.len() {
        return (c, at);
    }
    let (delim, start) = match s[at] {
        b'\'' => (Delim::SingleQuote, at + 1),
        b'"' => (Delim::DoubleQuote, at + 1),
        _ => (Delim::SpaceOrTagEnd, at),
    };
    c.state = c.attr.value();
    c.delim = delim;
    (c, start)
}

fn html_comment(c: Context, s: &[u8]) -> Step {
    match find(s, b"-->") {
        Some(at) => (Context::default(), at + 3),
        None => (c, s.len()),
    }
}

/// Stops before the tag that closes the element around here, whatever the content is.
fn special_tag_end(c: Context, s: &[u8]) -> Step {
    match ends_at_tag(&c).then(|| find_tag_end(c.element, s)).flatten() {
        Some(at) => (Context::default(), at),
        None => (c, s.len()),
    }
}

/// Whether the closing tag of the element around here counts as one. In literals and comments of a script it
/// does not: those are rewritten.
pub(super) fn ends_at_tag(c: &Context) -> bool {
    match c.element {
        Element::None => false,
        Element::Script => !c.state.is_script_literal() && !c.state.is_comment(),
        Element::Style | Element::Textarea | Element::Title | Element::Meta => true,
    }
}

/// Where the closing tag of `element` starts.
pub(super) fn find_tag_end(element: Element, s: &[u8]) -> Option<usize> {
    let tag = element.end();
    let mut from = 0;
    while let Some(at) = find(&s[from..], b"</") {
        let name = from + at + 2;
        from = name;
        if s.len() >= name + tag.len() && s[name..name + tag.len()].eq_ignore_ascii_case(tag) {
            from = name + tag.len();
            if s.get(from).is_some_and(|next| b"> \t\n\x0c/".contains(next)) {
                return Some(name - 2);
            }
        }
    }
    None
}

/// An address: what follows its `?` or `#` is escaped in another way than what stands before.
fn url(mut c: Context, s: &[u8]) -> Step {
    if s.iter().any(|byte| matches!(byte, b'#' | b'?')) {
        c.url = UrlPart::QueryOrFrag;
    } else if skip_space(s, 0) != s.len() && c.url == UrlPart::None {
        c.url = UrlPart::PreQuery;
    }
    (c, s.len())
}

/// `url`, blanks and `=` in the content of a `meta` tag start an address.
fn meta_content(mut c: Context, s: &[u8]) -> Step {
    for at in 0..s.len().saturating_sub(3) {
        if s[at..at + 3].eq_ignore_ascii_case(b"url") {
            let equals = skip_space(s, at + 3);
            if s.get(equals) == Some(&b'=') {
                c.state = State::MetaContentUrl;
                return (c, equals + 1);
            }
        }
    }
    (c, s.len())
}

fn meta_content_url(mut c: Context, s: &[u8]) -> Step {
    match find_any(s, b";") {
        Some(at) => {
            c.state = State::MetaContent;
            (c, at + 1)
        }
        None => (c, s.len()),
    }
}

fn block_comment(mut c: Context, s: &[u8]) -> Step {
    let Some(at) = find(s, b"*/") else { return (c, s.len()) };
    c.state = if c.state == State::CssBlockComment { State::Css } else { State::Js };
    (c, at + 2)
}

/// Up to the end of the line, which is no part of the comment.
fn line_comment(mut c: Context, s: &[u8], line_ends: &[&str], code: State) -> Step {
    match line_ends.iter().filter_map(|end| find(s, end.as_bytes())).min() {
        Some(at) => {
            c.state = code;
            (c, at)
        }
        None => (c, s.len()),
    }
}

/// Where the name of an attribute that starts at `start` ends.
fn attr_name_end(s: &[u8], start: usize) -> Result<usize, Context> {
    for (at, byte) in s.iter().enumerate().skip(start) {
        match byte {
            b' ' | b'\t' | b'\n' | 0xc | b'\r' | b'=' | b'>' => return Ok(at),
            b'\'' | b'"' | b'<' => {
                let found = char::from(*byte).to_string();
                let description = format!("{} in attribute name: {}", GoQuoted(&found), first_quoted(s));
                return Err(Context::wrong(HtmlErrorKind::BadHtml, description));
            }
            _ => {}
        }
    }
    Ok(s.len())
}

/// `x-y` and `x:y` are names, `x-` and `x--y` are not.
fn tag_name_end(s: &[u8], start: usize) -> usize {
    if !s.get(start).is_some_and(u8::is_ascii_alphabetic) {
        return start;
    }
    let mut end = start + 1;
    while let Some(byte) = s.get(end) {
        if byte.is_ascii_alphanumeric() {
            end += 1;
        } else if matches!(byte, b':' | b'-') && s.get(end + 1).is_some_and(u8::is_ascii_alphanumeric) {
            end += 2;
        } else {
            break;
        }
    }
    end
}

fn skip_space(s: &[u8], start: usize) -> usize {
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | 0xc | b'\r');
    s[start..].iter().position(|byte| !is_space(byte)).map_or(s.len(), |at| start + at)
}

/// The first 32 characters in quotes, as Go's `%.32q` shows a text.
fn first_quoted(s: &[u8]) -> String {
    let text: String = String::from_utf8_lossy(s).chars().take(32).collect();
    GoQuoted(&text).to_string()
}

/// Where any of these bytes is first.
pub(super) fn find_any(s: &[u8], bytes: &[u8]) -> Option<usize> {
    s.iter().position(|byte| bytes.contains(byte))
}

/// Where `part` is first.
pub(super) fn find(s: &[u8], part: &[u8]) -> Option<usize> {
    let first = *part.first()?;
    let mut from = 0;
    while let Some(at) = s[from..].iter().position(|byte| *byte == first) {
        if s[from + at..].starts_with(part) {
            return Some(from + at);
        }
        from += at + 1;
    }
    None
}

/// A backslash at the end of a text, where an action would be escaped by it.
fn unfinished_escape(language: &str, s: &[u8]) -> Context {
    let text = String::from_utf8_lossy(s);
    let description = format!("unfinished escape sequence in {language} string: {}", GoQuoted(&text));
    Context::wrong(HtmlErrorKind::PartialEscape, description)
}

fn regexp_or_division(s: &[u8]) -> Context {
    let description = format!("'/' could start a division or regexp: {}", first_quoted(s));
    Context::wrong(HtmlErrorKind::SlashAmbiguous, description)
}

/// Into another state of JavaScript, where a slash then means this.
fn into_js(mut c: Context, state: State, slash: Slash) -> Context {
    c.state = state;
    c.slash = slash;
    c
}
