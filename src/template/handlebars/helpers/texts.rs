//! Helpers on texts.

use serde_json::Value;

use super::{count_of, text_of};
use crate::template::go::{CallError, query_escape};
use crate::template::rule::texts;

/// `lines TEXT…`: the lines of all texts, without space around them. What does not exist has none.
pub(super) fn lines(arguments: &[&Value]) -> Result<Value, String> {
    let mut all: Vec<Value> = Vec::new();
    for argument in arguments.iter().filter(|argument| !argument.is_null()) {
        let text = argument.as_str().ok_or("texts")?;
        all.extend(text.lines().map(|line| Value::from(line.trim())));
    }
    Ok(all.into())
}

/// One text, as it goes through `change`.
fn changed(arguments: &[&Value], change: impl FnOnce(&str) -> String) -> Result<Value, String> {
    let [text] = arguments else { return Err("one text".to_owned()) };
    Ok(change(&text_of(text)?).into())
}

/// `upper TEXT`
pub(super) fn upper(arguments: &[&Value]) -> Result<Value, String> {
    changed(arguments, texts::upper)
}

/// `lower TEXT`
pub(super) fn lower(arguments: &[&Value]) -> Result<Value, String> {
    changed(arguments, texts::lower)
}

/// `title TEXT`: each word with a capital first letter.
pub(super) fn title(arguments: &[&Value]) -> Result<Value, String> {
    changed(arguments, texts::title)
}

/// `trim TEXT`: without white space around it.
pub(super) fn trim(arguments: &[&Value]) -> Result<Value, String> {
    changed(arguments, |text| text.trim().to_owned())
}

/// `urlencode TEXT`: as a value in the query of a URL.
pub(super) fn urlencode(arguments: &[&Value]) -> Result<Value, String> {
    changed(arguments, query_escape)
}

/// `link URL`: the URL if a mail or page may link to it (http, https, mailto), else nothing. A label cannot
/// smuggle in a `javascript:` link.
pub(super) fn link(arguments: &[&Value]) -> Result<Value, String> {
    changed(arguments, |text| {
        let scheme = text.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
        let is_safe = matches!(scheme.as_deref(), Some("http" | "https" | "mailto"));
        if is_safe && !text.contains(char::is_control) { text.to_owned() } else { String::new() }
    })
}

/// `default VALUE… OTHER`: the first that is not empty; else the last.
pub(super) fn default(arguments: &[&Value]) -> Result<Value, String> {
    let is_empty = |value: &Value| match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    };
    let first = arguments.iter().find(|value| !is_empty(value)).or(arguments.last());
    first.map(|value| (*value).clone()).ok_or_else(|| "values".to_owned())
}

/// `concat TEXT…`: all of them in one.
pub(super) fn concat(arguments: &[&Value]) -> Result<Value, String> {
    let texts = arguments.iter().map(|text| text_of(text)).collect::<Result<Vec<_>, _>>()?;
    bounded(texts.concat())
}

/// `truncate TEXT N`: at most so many characters; what is cut shows as `…`.
pub(super) fn truncate(arguments: &[&Value]) -> Result<Value, String> {
    let [text, most] = arguments else { return Err("a text and a number".to_owned()) };
    let (text, most) = (text_of(text)?, count_of(most)?);
    if text.chars().count() <= most {
        return Ok(text.into());
    }
    let cut: String = text.chars().take(most.saturating_sub(1)).collect();
    Ok(if most == 0 { Value::from("") } else { (cut + "…").into() })
}

/// `match TEXT EXPRESSION`: whether the expression, in Go's dialect, is found in the text.
pub(super) fn is_match(arguments: &[&Value]) -> Result<Value, String> {
    let [text, pattern] = arguments else { return Err("a text and an expression".to_owned()) };
    texts::is_match(&text_of(pattern)?, &text_of(text)?).map(Value::from).map_err(reason)
}

/// `replace TEXT EXPRESSION WITH`: every match of the expression, in Go's dialect, replaced; `$1` is the
/// text of its first group.
pub(super) fn replace(arguments: &[&Value]) -> Result<Value, String> {
    let [text, pattern, with] = arguments else { return Err("a text, an expression, a text".to_owned()) };
    let (text, with) = (text_of(text)?, text_of(with)?);
    if text.len().saturating_mul(with.len().max(1)) > LONGEST {
        return Err("shorter texts".to_owned());
    }
    texts::replace_all(&text_of(pattern)?, &with, &text).map_err(reason).and_then(bounded)
}

/// The longest text that a helper makes, in bytes.
const LONGEST: usize = 1 << 20;

fn bounded(text: String) -> Result<Value, String> {
    if text.len() > LONGEST { Err("shorter texts".to_owned()) } else { Ok(text.into()) }
}

fn reason(error: CallError) -> String {
    match error {
        CallError::Failed(why) => format!("a valid expression: {why}"),
        CallError::Needs(_) => "a valid expression".to_owned(),
    }
}
