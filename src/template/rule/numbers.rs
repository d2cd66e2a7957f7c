//! The functions that make numbers, times and durations readable.

use crate::model::number::{format_float, parse_float};
use crate::template::go::format::sprintf;
use crate::template::go::time::{Duration, Time};
use crate::template::go::{CallError, Value};

const LARGE: [&str; 8] = ["k", "M", "G", "T", "P", "E", "Z", "Y"];
const BINARY: [&str; 8] = ["ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"];
const SMALL: [&str; 8] = ["m", "u", "n", "p", "f", "a", "z", "y"];

/// The number that a function was given: a float, an integer, a text or a duration.
pub(in crate::template) fn number(value: &Value) -> Result<f64, CallError> {
    #[expect(clippy::cast_precision_loss, reason = "Go converts in the same way")]
    match value {
        Value::Float(number) => Ok(*number),
        Value::Int(number) | Value::Int64(number) => Ok(*number as f64),
        Value::Str(text) => parse_float(text).ok_or_else(|| {
            let quoted = crate::model::quote::GoQuoted(text);
            let fits = text.parse::<f64>().is_err();
            let reason = if fits { "invalid syntax" } else { "value out of range" };
            format!("strconv.ParseFloat: parsing {quoted}: {reason}").into()
        }),
        Value::Object(object) => {
            let duration = object.as_any().and_then(|any| any.downcast_ref::<Duration>());
            match duration.filter(|duration| !duration.is_pointer()) {
                Some(duration) => Ok(duration.seconds()),
                None => Err(format!("can't convert {} to float", value.type_name()).into()),
            }
        }
        Value::NoValue | Value::Nil => Err("can't convert <nil> to float".into()),
        Value::Bool(_) | Value::Byte(_) | Value::Complex(..) => {
            Err(format!("can't convert {} to float", value.type_name()).into())
        }
    }
}

/// Go's `%.4g`.
fn four_digits(value: f64) -> String {
    sprintf("%.4g", &[Value::Float(value)])
}

fn scaled(mut value: f64, base: f64, prefixes: &[&'static str; 8]) -> String {
    let mut prefix = "";
    for next in prefixes {
        if value.abs() < base {
            break;
        }
        prefix = next;
        value /= base;
    }
    four_digits(value) + prefix
}

fn scaled_down(mut value: f64) -> String {
    let mut prefix = "";
    for next in SMALL {
        if value.abs() >= 1.0 {
            break;
        }
        prefix = next;
        value *= 1000.0;
    }
    four_digits(value) + prefix
}

pub(in crate::template) fn humanize(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        four_digits(value)
    } else if value.abs() >= 1.0 {
        scaled(value, 1000.0, &LARGE)
    } else {
        scaled_down(value)
    }
}

pub(in crate::template) fn humanize1024(value: f64) -> String {
    if value.abs() <= 1.0 || !value.is_finite() { four_digits(value) } else { scaled(value, 1024.0, &BINARY) }
}

pub(in crate::template) fn humanize_duration(value: f64) -> String {
    if !value.is_finite() {
        return four_digits(value);
    }
    if value == 0.0 {
        return four_digits(value) + "s";
    }
    if value.abs() < 1.0 {
        return scaled_down(value) + "s";
    }
    let (sign, value) = if value < 0.0 { ("-", -value) } else { ("", value) };
    let whole = whole(value);
    let (seconds, minutes) = (whole % 60, whole / 60 % 60);
    let (hours, days) = (whole / 3600 % 24, whole / 86_400);
    if days != 0 {
        format!("{sign}{days}d {hours}h {minutes}m {seconds}s")
    } else if hours != 0 {
        format!("{sign}{hours}h {minutes}m {seconds}s")
    } else if minutes != 0 {
        format!("{sign}{minutes}m {seconds}s")
    } else {
        format!("{sign}{}s", four_digits(value))
    }
}

pub(in crate::template) fn humanize_percentage(value: f64) -> String {
    four_digits(value * 100.0) + "%"
}

pub(super) fn humanize_timestamp(value: f64) -> Result<String, CallError> {
    if !value.is_finite() {
        return Ok(four_digits(value));
    }
    time(value).map(|time| time.to_string())
}

/// The time that many seconds after the epoch, to the millisecond.
pub(super) fn time(value: f64) -> Result<Time, CallError> {
    if !value.is_finite() {
        return Err("value is NaN or Inf".into());
    }
    let nanos = value * 1e9;
    #[expect(clippy::cast_precision_loss, reason = "the bound that Prometheus uses")]
    if nanos > i64::MAX as f64 || nanos < i64::MIN as f64 {
        let shown = format_float(value, 'g', None);
        let message =
            format!("{shown} cannot be represented as a nanoseconds timestamp since it overflows int64");
        return Err(message.into());
    }
    #[expect(clippy::cast_possible_truncation, reason = "checked to fit")]
    let millis = nanos as i64 / 1_000_000;
    Ok(Time::from_nanos(i128::from(millis) * 1_000_000))
}

pub(super) fn duration(value: f64) -> Duration {
    Duration::from_nanos(whole(value * 1e9))
}

/// The integer part; what does not fit becomes the smallest integer, as in Go on the usual machines.
fn whole(value: f64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "checked to fit")]
    if value.abs() < 9_223_372_036_854_775_808.0 { value as i64 } else { i64::MIN }
}

/// A Prometheus duration in seconds; a sign may stand before it.
pub(super) fn parse_duration(text: &str) -> Result<f64, CallError> {
    let (sign, body) = match text.strip_prefix('-') {
        Some(body) => (-1.0, body),
        None => (1.0, text),
    };
    match body.parse::<crate::model::Duration>() {
        Ok(duration) => Ok(sign * duration.as_secs_f64()),
        Err(error) => Err(error.to_string().into()),
    }
}
