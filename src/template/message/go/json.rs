//! `toJson`: a value as Go's `encoding/json` writes it.

use std::fmt::Write;

use super::data::Record;
use crate::template::go::format::{MAX_BYTES, format_float};
use crate::template::go::time::Time;
use crate::template::go::value::Shape;
use crate::template::go::{CallError, Object, Value};

/// The value's JSON, in one line without spaces; map keys sorted, `<`, `>` and `&` escaped.
///
/// # Errors
/// JSON has no such value.
pub(super) fn to_json(value: &Value) -> Result<String, CallError> {
    let mut out = String::new();
    write_value(&mut out, value)?;
    Ok(out)
}

fn write_value(out: &mut String, value: &Value) -> Result<(), CallError> {
    if out.len() > MAX_BYTES {
        return Err(format!("exceeded {MAX_BYTES} bytes of text").into());
    }
    match value {
        Value::NoValue | Value::Nil => out.push_str("null"),
        Value::Bool(truth) => out.push_str(if *truth { "true" } else { "false" }),
        Value::Int(number) | Value::Int64(number) => drop(write!(out, "{number}")),
        Value::Byte(byte) => drop(write!(out, "{byte}")),
        Value::Float(number) => write_float(out, *number)?,
        Value::Complex(..) => return Err("json: unsupported type: complex128".into()),
        Value::Str(text) => write_text(out, text),
        Value::Object(object) => write_object(out, &**object)?,
    }
    Ok(())
}

fn write_object(out: &mut String, object: &dyn Object) -> Result<(), CallError> {
    let any = object.as_any();
    if let Some(time) = any.and_then(|any| any.downcast_ref::<Time>()) {
        return time.to_json(out);
    }
    if let Some(record) = any.and_then(|any| any.downcast_ref::<Record>()) {
        let seen = record.fields.iter().filter(|field| !field.json.is_empty());
        return write_entries(out, seen.map(|field| (field.json.to_owned(), field.value.clone())));
    }
    match object.shape() {
        Shape::Basic(value) => write_value(out, &value),
        Shape::List => {
            out.push('[');
            for (at, (_, item)) in object.pairs().into_iter().enumerate() {
                out.push_str(if at == 0 { "" } else { "," });
                write_value(out, &item)?;
            }
            out.push(']');
            Ok(())
        }
        Shape::Map | Shape::Struct => {
            let name = |key: Value| key.as_str().unwrap_or_default().to_owned();
            write_entries(out, object.pairs().into_iter().map(|(key, value)| (name(key), value)))
        }
    }
}

fn write_entries(out: &mut String, entries: impl Iterator<Item = (String, Value)>) -> Result<(), CallError> {
    out.push('{');
    for (at, (name, value)) in entries.enumerate() {
        out.push_str(if at == 0 { "" } else { "," });
        write_text(out, &name);
        out.push(':');
        write_value(out, &value)?;
    }
    out.push('}');
    Ok(())
}

/// Like `%g` with as few digits as needed, but with exponents only for very small and very large numbers, and
/// those without leading zeros.
fn write_float(out: &mut String, number: f64) -> Result<(), CallError> {
    if !number.is_finite() {
        return Err(format!("json: unsupported value: {}", format_float(number, 'g', None)).into());
    }
    let size = number.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        out.push_str(&format_float(number, 'e', None).replace("e-0", "e-"));
    } else {
        out.push_str(&format_float(number, 'f', None));
    }
    Ok(())
}

fn write_text(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\0'..=' ' if c != ' ' => drop(write!(out, "\\u{:04x}", u32::from(c))),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => drop(write!(out, "\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
}
