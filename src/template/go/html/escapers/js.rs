//! Texts and values in scripts.

use std::fmt::Write;

use super::super::content::{ContentKind, typed};
use super::super::transition::is_js_ident_part;
use crate::template::go::format::sprint_indirect;
use crate::template::go::functions::CallError;
use crate::template::go::json::{JsonError, to_json};
use crate::template::go::value::Value;

/// A value as an expression: JSON, with blanks where it could run into a word.
pub(super) fn value(args: &[Value]) -> Result<String, CallError> {
    let json = match args {
        [value] => match typed(value) {
            Some((ContentKind::Js, text)) => return Ok(text.to_owned()),
            Some((ContentKind::JsStr, text)) => return Ok(format!("\"{text}\"")),
            _ => with_string(value).map_or_else(|| to_json(value), |text| to_json(&Value::Str(text.into()))),
        },
        _ => to_json(&Value::Str(sprint_indirect(args).into())),
    };
    let json = match json {
        Ok(json) => json,
        Err(JsonError::Unsupported(message)) => return Ok(format!(" /* {} */null ", in_comment(&message))),
        Err(error @ JsonError::TooLong) => return Err(error.into()),
    };
    if json.is_empty() {
        return Ok(" null ".to_owned());
    }
    let bytes = json.as_bytes();
    let touches_words =
        [bytes.first(), bytes.last()].into_iter().flatten().any(|byte| is_js_ident_part(*byte));
    let json = json.replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029");
    Ok(if touches_words { format!(" {json} ") } else { json })
}

/// The text of a value that has one of its own, unless it has a JSON of its own.
fn with_string(value: &Value) -> Option<String> {
    match value {
        Value::Object(object) if object.json().is_none() => object.string(),
        _ => None,
    }
}

/// A message that can end neither the comment around it nor the script.
fn in_comment(message: &str) -> String {
    let mut out = String::with_capacity(message.len());
    for (at, c) in message.char_indices() {
        let rest = &message[at..];
        let is_tag = |tag: &str| rest.get(..tag.len()).is_some_and(|start| start.eq_ignore_ascii_case(tag));
        match c {
            '<' if is_tag("<script") || is_tag("</script") || is_tag("<!--") => out.push_str("\\x3C"),
            '*' if rest.starts_with("*/") => out.push_str("* "),
            c => out.push(c),
        }
    }
    out
}

/// In a string with quotes. Content that is the inside of one keeps its escapes.
pub(super) fn string(text: &str, kind: Option<ContentKind>) -> String {
    let keeps_backslashes = kind == Some(ContentKind::JsStr);
    escape(text, |c| match c {
        '\\' if keeps_backslashes => None,
        c => string_escape(c),
    })
}

/// In a template literal, where `${` starts an expression.
pub(super) fn template(text: &str) -> String {
    escape(text, |c| match c {
        '$' | '{' | '}' => Some(Escape::Code),
        c => string_escape(c),
    })
}

/// In a regular expression, where it stands for itself.
pub(super) fn regexp(text: &str) -> String {
    if text.is_empty() {
        // Two slashes would start a comment.
        return "(?:)".to_owned();
    }
    escape(text, |c| match c {
        '$' | '(' | ')' | '*' | '-' | '.' | '/' | '?' | '[' | '\\' | ']' | '^' | '{' | '|' | '}' => {
            Some(Escape::Backslash)
        }
        '"' | '&' | '\'' | '+' | '<' | '>' => Some(Escape::Code),
        _ => None,
    })
}

/// How a character is escaped.
enum Escape {
    Backslash,
    Code,
}

fn string_escape(c: char) -> Option<Escape> {
    match c {
        '/' | '\\' => Some(Escape::Backslash),
        '"' | '`' | '&' | '\'' | '+' | '<' | '>' => Some(Escape::Code),
        _ => None,
    }
}

/// Escapes control characters, line ends and what `how` says.
fn escape(text: &str, how: impl Fn(char) -> Option<Escape>) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for c in text.chars() {
        let short = match c {
            '\t' => "\\t",
            '\n' => "\\n",
            '\u{c}' => "\\f",
            '\r' => "\\r",
            _ => "",
        };
        let is_control = c < ' ' || matches!(c, '\u{2028}' | '\u{2029}');
        match how(c) {
            _ if !short.is_empty() => out.push_str(short),
            Some(Escape::Backslash) => out.extend(['\\', c]),
            None if !is_control => out.push(c),
            Some(Escape::Code) | None => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
        }
    }
    out
}
