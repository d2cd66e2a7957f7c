//! Values as JSON, as Go's `encoding/json` writes them: such that they can stand in a page.

use std::fmt::Write;

use super::format::MAX_BYTES;
use super::functions::CallError;
use super::value::{Object, Shape, Value};
use crate::model::number::format_float;

/// Why a value has no JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum JsonError {
    /// It cannot be written, in Go's words.
    Unsupported(String),
    /// It would be longer than a text may be.
    TooLong,
}

impl From<JsonError> for CallError {
    fn from(error: JsonError) -> Self {
        match error {
            JsonError::Unsupported(message) => message.into(),
            JsonError::TooLong => format!("exceeded {MAX_BYTES} bytes of text").into(),
        }
    }
}

/// The value's JSON, in one line without spaces; map keys sorted, `<`, `>` and `&` escaped.
///
/// # Errors
/// JSON has no such value.
pub(crate) fn to_json(value: &Value) -> Result<String, JsonError> {
    let mut out = String::new();
    write_value(&mut out, value)?;
    Ok(out)
}

fn write_value(out: &mut String, value: &Value) -> Result<(), JsonError> {
    match value {
        Value::NoValue | Value::Nil => out.push_str("null"),
        Value::Bool(truth) => out.push_str(if *truth { "true" } else { "false" }),
        Value::Int(number) | Value::Int64(number) => {
            let _ = write!(out, "{number}");
        }
        Value::Byte(byte) => {
            let _ = write!(out, "{byte}");
        }
        Value::Float(number) => write_float(out, *number)?,
        Value::Complex(..) => return Err(unsupported("type", "complex128")),
        Value::Str(text) => write_string(out, text)?,
        Value::Object(object) => write_object(out, &**object)?,
    }
    check_length(out)
}

fn check_length(out: &str) -> Result<(), JsonError> {
    if out.len() > MAX_BYTES { Err(JsonError::TooLong) } else { Ok(()) }
}

fn unsupported(what: &str, which: &str) -> JsonError {
    JsonError::Unsupported(format!("json: unsupported {what}: {which}"))
}

fn write_object(out: &mut String, object: &dyn Object) -> Result<(), JsonError> {
    if let Some(json) = object.json() {
        out.push_str(&json.map_err(JsonError::Unsupported)?);
        return Ok(());
    }
    let is_struct = match object.shape() {
        Shape::Basic(value) => return write_value(out, &value),
        Shape::List => return write_list(out, object),
        Shape::Map => false,
        Shape::Struct => true,
    };
    out.push('{');
    let mut first = true;
    for (key, value) in object.pairs() {
        let name = key.as_str().unwrap_or_default();
        let shown = if is_struct { object.json_key(name) } else { Some(name.into()) };
        let Some(name) = shown else { continue };
        out.push_str(if first { "" } else { "," });
        first = false;
        write_string(out, &name)?;
        out.push(':');
        write_value(out, &value)?;
    }
    out.push('}');
    Ok(())
}

fn write_list(out: &mut String, list: &dyn Object) -> Result<(), JsonError> {
    out.push('[');
    for (at, (_, value)) in list.pairs().into_iter().enumerate() {
        out.push_str(if at == 0 { "" } else { "," });
        write_value(out, &value)?;
    }
    out.push(']');
    Ok(())
}

/// Digits as JavaScript writes them.
fn write_float(out: &mut String, number: f64) -> Result<(), JsonError> {
    if !number.is_finite() {
        return Err(unsupported("value", &format_float(number, 'g', None)));
    }
    let size = number.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        out.push_str(&format_float(number, 'e', None).replace("e-0", "e-"));
    } else {
        out.push_str(&format_float(number, 'f', None));
    }
    Ok(())
}

/// A string that can stand in a page: `<`, `>`, `&` and JavaScript's line ends are escaped.
fn write_string(out: &mut String, text: &str) -> Result<(), JsonError> {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\0'..='\u{1f}' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    check_length(out)
}
