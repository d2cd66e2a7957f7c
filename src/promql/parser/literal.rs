//! The values of numbers, durations and quoted texts.

use std::borrow::Cow;
use std::sync::Arc;

use crate::model::Duration;
use crate::model::duration::InvalidDuration;
use crate::model::number::parse_float;
use crate::model::quote::unescape;

use super::error::ParseErrorKind;

/// The value of a number as Prometheus reads it: a whole number in Go's notation, so `0x1F` and also `010`,
/// which is 8; otherwise a float.
pub(in crate::promql) fn number(text: &str) -> Result<f64, ParseErrorKind> {
    if let Some(whole) = whole_number(text) {
        return Ok(whole);
    }
    parse_float(text).ok_or_else(|| {
        // What is too large Rust takes for infinity; a number otherwise, but for its underscores, is none.
        let too_large = !text.ends_with('_') && text.replace('_', "").parse().is_ok_and(f64::is_infinite);
        ParseErrorKind::Number { text: text.to_owned(), too_large }
    })
}

#[expect(clippy::cast_precision_loss, reason = "as Prometheus converts it")]
fn whole_number(text: &str) -> Option<f64> {
    let bytes = text.as_bytes();
    if !bytes.contains(&b'_') && bytes.first() != Some(&b'0') {
        return text.parse::<i64>().ok().map(|number| number as f64);
    }
    let (digits, radix) = match bytes {
        [b'0', b'x' | b'X', ..] => (&text[2..], 16),
        [b'0', _, ..] => (&text[1..], 8),
        _ => (text, 10),
    };
    // An underscore may follow the prefix, and stands between digits otherwise.
    let digits = if radix == 10 { digits } else { digits.strip_prefix('_').unwrap_or(digits) };
    let apart = !digits.starts_with('_') && !digits.ends_with('_') && !digits.contains("__");
    let number = i64::from_str_radix(&digits.replace('_', ""), radix).ok()?;
    apart.then_some(number as f64)
}

/// The seconds of a duration.
#[expect(clippy::cast_precision_loss, reason = "at most 2^43 milliseconds")]
pub(super) fn duration(text: &str) -> Result<f64, ParseErrorKind> {
    let millis = text.parse::<Duration>().map_err(|error| match error {
        InvalidDuration::OutOfRange => ParseErrorKind::DurationOutOfRange,
        InvalidDuration::Empty | InvalidDuration::Syntax(_) | InvalidDuration::Unit { .. } => {
            ParseErrorKind::Duration(error)
        }
    })?;
    // As Go's `Seconds`: whole seconds and the fraction apart.
    let millis = millis.millis();
    Ok((millis / 1000) as f64 + (millis % 1000) as f64 / 1e3)
}

/// What stood in quotes.
pub(super) struct Unquoted<'a> {
    /// The text, with U+FFFD for bytes that are not UTF-8.
    pub(super) text: Cow<'a, str>,
    /// All bytes, if they are not UTF-8.
    pub(super) raw: Option<Arc<[u8]>>,
}

impl<'a> From<&'a str> for Unquoted<'a> {
    fn from(text: &'a str) -> Self {
        Self { text: text.into(), raw: None }
    }
}

/// The text inside quotes; the lexer has checked its escapes.
pub(super) fn unquote(quoted: &str) -> Unquoted<'_> {
    let inner = &quoted[1..quoted.len() - 1];
    let quote = if quoted.starts_with('\'') { '\'' } else { '"' };
    if quoted.starts_with('`') || !inner.contains('\\') {
        return inner.into();
    }
    let mut bytes = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while let Some((plain, escaped)) = rest.split_once('\\') {
        bytes.extend_from_slice(plain.as_bytes());
        let length = unescape(escaped, quote, &mut bytes).expect("the lexer has checked it");
        rest = &escaped[length..];
    }
    bytes.extend_from_slice(rest.as_bytes());
    match String::from_utf8(bytes) {
        Ok(text) => Unquoted { text: text.into(), raw: None },
        Err(error) => Unquoted {
            text: String::from_utf8_lossy(error.as_bytes()).into_owned().into(),
            raw: Some(error.as_bytes().into()),
        },
    }
}
