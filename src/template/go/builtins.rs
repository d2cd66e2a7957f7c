//! The functions that are part of Go's template language.

use std::cmp::Ordering;
use std::sync::Arc;

use super::format::{sprint, sprintf, sprintln};
use super::functions::{CallError, Param, Signature};
use super::value::{Shape, Value};
use crate::model::quote::is_print;

/// The parameters of the built-in function `name`, if there is one.
pub(super) fn signature(name: &str) -> Option<Signature> {
    const ONE: &[Param] = &[Param::Reflect];
    const TWO: &[Param] = &[Param::Reflect, Param::Reflect];
    Some(match name {
        "and" | "or" | "call" | "eq" | "index" | "slice" => Signature::variadic(ONE, Param::Reflect),
        "not" | "len" => Signature::fixed(ONE),
        "ne" | "lt" | "le" | "gt" | "ge" => Signature::fixed(TWO),
        "print" | "println" | "html" | "js" | "urlquery" => Signature::variadic(&[], Param::Any),
        "printf" => Signature::variadic(&[Param::String], Param::Any),
        _ => return None,
    })
}

/// Calls the built-in function `name`. `and` and `or` evaluate their own arguments, so they are not here.
pub(super) fn call(name: &str, args: &[Value]) -> Result<Value, CallError> {
    match (name, args) {
        ("not", [value]) => Ok(Value::Bool(!value.is_true())),
        ("len", [value]) => length(value),
        ("index", [item, indexes @ ..]) => index(item, indexes),
        ("slice", [item, indexes @ ..]) => slice(item, indexes),
        ("call", [function, ..]) => Err(not_callable(function)),
        ("eq", [one, others @ ..]) => equal(one, others).map(Value::Bool),
        ("ne", [one, two]) => equal(one, std::slice::from_ref(two)).map(|equal| Value::Bool(!equal)),
        ("lt", [one, two]) => less(one, two).map(Value::Bool),
        ("le", [one, two]) => less_or_equal(one, two).map(Value::Bool),
        ("gt", [one, two]) => less_or_equal(one, two).map(|le| Value::Bool(!le)),
        ("ge", [one, two]) => less(one, two).map(|lt| Value::Bool(!lt)),
        ("print", _) => Ok(Value::Str(sprint(args).into())),
        ("println", _) => Ok(Value::Str(sprintln(args).into())),
        ("printf", [format, rest @ ..]) => {
            Ok(Value::Str(sprintf(format.as_str().unwrap_or_default(), rest).into()))
        }
        ("html", _) => Ok(Value::Str(html_escape(&as_text(args)).into())),
        ("js", _) => Ok(Value::Str(js_escape(&as_text(args)).into())),
        ("urlquery", _) => Ok(Value::Str(query_escape(&as_text(args)).into())),
        _ => Err(format!("{name} is not a defined function").into()),
    }
}

fn not_callable(function: &Value) -> CallError {
    match function {
        Value::NoValue | Value::Nil => "call of nil".into(),
        other => format!("non-function of type {}", other.type_name()).into(),
    }
}

fn length(value: &Value) -> Result<Value, CallError> {
    let length = match &value.underlying() {
        Value::Str(text) => text.len(),
        Value::Object(object) if matches!(object.shape(), Shape::Map | Shape::List) => object.len(),
        Value::Nil => return Err("len of nil pointer".into()),
        Value::NoValue => return Err("reflect: call of reflect.Value.Type on zero Value".into()),
        _ => return Err(format!("len of type {}", value.type_name().trim_start_matches('*')).into()),
    };
    Ok(Value::Int(i64::try_from(length).unwrap_or(i64::MAX)))
}

/// A position in something of that length (`cap` itself is allowed, as Go's check allows it).
fn position(index: &Value, cap: usize) -> Result<usize, CallError> {
    let at = match index.underlying() {
        Value::Int(at) | Value::Int64(at) => at,
        Value::Byte(at) => i64::from(at),
        Value::NoValue | Value::Nil => return Err("cannot index slice/array with nil".into()),
        _ => return Err(format!("cannot index slice/array with type {}", index.type_name()).into()),
    };
    usize::try_from(at).ok().filter(|at| *at <= cap).ok_or_else(|| format!("index out of range: {at}").into())
}

fn index(item: &Value, indexes: &[Value]) -> Result<Value, CallError> {
    if item.is_nil() {
        return Err("index of untyped nil".into());
    }
    indexes.iter().try_fold(item.clone(), |item, index| match &item {
        Value::Object(object) if matches!(object.shape(), Shape::Basic(Value::Str(_))) => {
            self::index(&item.underlying(), std::slice::from_ref(index))
        }
        Value::Str(text) => {
            let at = position(index, text.len())?;
            let byte = text.as_bytes().get(at).copied();
            byte.map(Value::Byte).ok_or_else(|| "reflect: string index out of range".into())
        }
        Value::Object(object) => match object.shape() {
            Shape::List => {
                let at = position(index, object.len())?;
                object.item(at).ok_or_else(|| "reflect: slice index out of range".into())
            }
            Shape::Map => match index {
                Value::Str(key) => Ok(object.field(key).unwrap_or_else(|| object.zero())),
                Value::NoValue | Value::Nil => Err("value is nil; should be of type string".into()),
                other => Err(format!("value has type {}; should be string", other.type_name()).into()),
            },
            Shape::Struct | Shape::Basic(_) => {
                let name = object.type_name().trim_start_matches('*');
                Err(format!("can't index item of type {name}").into())
            }
        },
        Value::NoValue | Value::Nil => Err("index of nil pointer".into()),
        other => Err(format!("can't index item of type {}", other.type_name()).into()),
    })
}

fn slice(item: &Value, indexes: &[Value]) -> Result<Value, CallError> {
    if item.is_nil() {
        return Err("slice of untyped nil".into());
    }
    if indexes.len() > 3 {
        return Err(format!("too many slice indexes: {}", indexes.len()).into());
    }
    let text = item.underlying();
    let item = if matches!(text, Value::Str(_)) { &text } else { item };
    let length = match item {
        Value::Str(_) if indexes.len() == 3 => return Err("cannot 3-index slice a string".into()),
        Value::Str(text) => text.len(),
        Value::Object(object) if matches!(object.shape(), Shape::List) => object.len(),
        other => return Err(format!("can't slice item of type {}", other.type_name()).into()),
    };
    let mut bounds = [0, length, length];
    for (bound, index) in bounds.iter_mut().zip(indexes) {
        *bound = position(index, length)?;
    }
    for pair in bounds[..indexes.len().max(2)].windows(2) {
        if pair[0] > pair[1] {
            return Err(format!("invalid slice index: {} > {}", pair[0], pair[1]).into());
        }
    }
    let range = bounds[0]..bounds[1];
    match item {
        // Go cuts bytes; half a character cannot be kept in our texts and is shown as U+FFFD.
        Value::Str(text) => Ok(Value::Str(String::from_utf8_lossy(&text.as_bytes()[range]).into())),
        Value::Object(object) => Ok(object.part(range)),
        other => Ok(other.clone()),
    }
}

/// The groups of types that can be compared with each other.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Basic {
    Bool,
    Complex,
    Int,
    Float,
    String,
    Uint,
    None,
}

fn basic_kind(value: &Value) -> Basic {
    match value {
        Value::Bool(_) => Basic::Bool,
        Value::Complex(..) => Basic::Complex,
        Value::Int(_) | Value::Int64(_) => Basic::Int,
        Value::Byte(_) => Basic::Uint,
        Value::Float(_) => Basic::Float,
        Value::Str(_) => Basic::String,
        Value::NoValue | Value::Nil | Value::Object(_) => Basic::None,
    }
}

const BAD_TYPE: &str = "invalid type for comparison";
const BAD_PAIR: &str = "incompatible types for comparison";

/// Both values in the order of Go's operators; none where they are not ordered (NaN).
fn compare(one: &Value, two: &Value) -> Option<Ordering> {
    match (one, two) {
        (Value::Bool(one), Value::Bool(two)) => Some(one.cmp(two)),
        (Value::Str(one), Value::Str(two)) => Some(one.cmp(two)),
        (Value::Float(one), Value::Float(two)) => one.partial_cmp(two),
        (Value::Complex(real, imaginary), Value::Complex(real_two, imaginary_two)) => {
            (real == real_two && imaginary == imaginary_two).then_some(Ordering::Equal)
        }
        _ => integer(one)?.partial_cmp(&integer(two)?),
    }
}

fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Int(number) | Value::Int64(number) => Some(*number),
        Value::Byte(byte) => Some(i64::from(*byte)),
        _ => None,
    }
}

fn comparable(one: Basic, two: Basic) -> bool {
    one == two || matches!((one, two), (Basic::Int, Basic::Uint) | (Basic::Uint, Basic::Int))
}

fn equal(one: &Value, others: &[Value]) -> Result<bool, CallError> {
    if others.is_empty() {
        return Err("missing argument for comparison".into());
    }
    let first = one.underlying();
    for other in others {
        let second = other.underlying();
        let kinds = (basic_kind(&first), basic_kind(&second));
        let truth = match kinds {
            (Basic::None, Basic::None) => same_object(one, other)?,
            (one_kind, two_kind) if comparable(one_kind, two_kind) => {
                compare(&first, &second) == Some(Ordering::Equal)
            }
            _ if one.is_nil() || other.is_nil() => false,
            _ => return Err(BAD_PAIR.into()),
        };
        if truth {
            return Ok(true);
        }
    }
    Ok(false)
}

fn same_object(one: &Value, two: &Value) -> Result<bool, CallError> {
    let (Value::Object(first), Value::Object(second)) = (one, two) else {
        return Ok(one.is_nil() && two.is_nil());
    };
    let kind = |value: &Value| match value {
        Value::Object(object) if object.type_name().starts_with('*') => "ptr",
        Value::Object(object) => match object.shape() {
            Shape::Map => "map",
            Shape::List => "slice",
            Shape::Struct | Shape::Basic(_) => "struct",
        },
        _ => "",
    };
    if kind(one) != kind(two) {
        let a = sprintf("%s", std::slice::from_ref(one));
        let b = sprintf("%v", std::slice::from_ref(two));
        let (a_type, b_type) = (one.type_name(), two.type_name());
        return Err(format!("non-comparable types {a}: {a_type}, {b_type}: {b}").into());
    }
    if kind(one) == "ptr" {
        return Ok(Arc::ptr_eq(first, second));
    }
    if kind(two) == "struct" && second.string().is_some() {
        return Ok(first.type_name() == second.type_name() && first.string() == second.string());
    }
    let text = sprintf("%s", std::slice::from_ref(two));
    Err(format!("non-comparable type {text}: {}", two.type_name()).into())
}

fn less(one: &Value, two: &Value) -> Result<bool, CallError> {
    let (one, two) = (one.underlying(), two.underlying());
    let kinds = (basic_kind(&one), basic_kind(&two));
    if kinds.0 == Basic::None || kinds.1 == Basic::None {
        return Err(BAD_TYPE.into());
    }
    if !comparable(kinds.0, kinds.1) {
        return Err(BAD_PAIR.into());
    }
    if matches!(kinds.0, Basic::Bool | Basic::Complex) {
        return Err(BAD_TYPE.into());
    }
    Ok(compare(&one, &two) == Some(Ordering::Less))
}

fn less_or_equal(one: &Value, two: &Value) -> Result<bool, CallError> {
    Ok(less(one, two)? || equal(one, std::slice::from_ref(two))?)
}

/// The arguments as one text: a single string as it is, else what `print` gives.
fn as_text(args: &[Value]) -> String {
    match args {
        [Value::Str(text)] => text.to_string(),
        _ => {
            let shown = |arg: &Value| if arg.is_nil() { Value::str("<no value>") } else { arg.clone() };
            sprint(&args.iter().map(shown).collect::<Vec<_>>())
        }
    }
}

/// Go's `template.HTMLEscapeString`.
pub(crate) fn html_escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\0' => out.push('\u{fffd}'),
            '"' => out.push_str("&#34;"),
            '\'' => out.push_str("&#39;"),
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            c => out.push(c),
        }
    }
    out
}

/// Go's `template.JSEscapeString`.
fn js_escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '\'' | '"' => out.extend(['\\', c]),
            '<' | '>' | '&' | '=' => out.push_str(&format!("\\u{:04X}", u32::from(c))),
            c if c.is_ascii_control() && c != '\u{7f}' => out.push_str(&format!("\\u{:04X}", u32::from(c))),
            c if !c.is_ascii() && !is_print(c) => out.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}

/// Go's `url.QueryEscape`.
pub(crate) fn query_escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            b' ' => out.push('+'),
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
