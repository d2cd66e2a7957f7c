//! Scalars of test files: times, YAML 1.1's floats, texts with their places.

use super::Located;
use crate::config::yaml::{Node, Scalar};
use crate::config::{Fields, Reader};
use crate::model::{Duration, Str, Timestamp};

impl Reader<'_> {
    /// The duration at `key`, if there is one.
    pub(super) fn length(&mut self, fields: &Fields<'_>, key: &'static str) -> Option<Duration> {
        fields.get(key).and_then(|node| self.duration(node, key))
    }

    /// The boolean at `key`, if there is one.
    pub(super) fn flag(&mut self, fields: &Fields<'_>, key: &'static str) -> Option<bool> {
        fields.get(key).and_then(|node| self.boolean(node, key))
    }

    /// The text at `key`, if there is one.
    pub(super) fn plain(&mut self, fields: &Fields<'_>, key: &str, what: &str) -> Option<Str> {
        fields.get(key).and_then(|node| self.text(node, what))
    }

    /// The text at `key` and where it stands.
    pub(super) fn located(&mut self, fields: &Fields<'_>, key: &str, what: &str) -> Option<Located<Str>> {
        let node = fields.get(key)?;
        Some(Located { value: self.text(node, what)?, span: node.span.clone() })
    }

    /// The texts of the list at `key`.
    pub(super) fn located_texts(&mut self, fields: &Fields<'_>, key: &str, what: &str) -> Vec<Located<Str>> {
        self.each(fields, key, |reader, node| {
            Some(Located { value: reader.text(node, what)?, span: node.span.clone() })
        })
    }

    /// A word out of `words`, with what it stands for.
    pub(super) fn one_of<T: Copy>(
        &mut self,
        fields: &Fields<'_>,
        key: &str,
        words: &[(&str, T)],
    ) -> Option<T> {
        let node = fields.get(key)?;
        let text = self.text(node, key)?;
        let found = words.iter().find(|(word, _)| *word == &*text);
        if found.is_none() {
            let known: Vec<String> = words.iter().map(|(word, _)| format!("`{word}`")).collect();
            let help = format!("one of {}", known.join(", "));
            self.error_help("bad-value", &node.span, format!("unknown {key} {text:?}"), help);
        }
        found.map(|(_, value)| *value)
    }

    /// A number as YAML 1.1 has it, which promtool reads: `.inf` and `.nan`, but neither `Inf` nor `NaN`.
    pub(super) fn yaml_float(&mut self, node: &Node, what: &str) -> Option<f64> {
        let value = node.scalar().filter(|scalar| scalar.is_plain()).and_then(float);
        if value.is_none() {
            self.wrong_type(node, what, "a number (`1.5`, `1e3`, `.inf`, `-.inf`, `.nan`)");
        }
        value
    }

    /// A time as promtool reads it: seconds since the epoch, or RFC 3339.
    pub(super) fn time(&mut self, node: &Node) -> Option<Timestamp> {
        let text = self.text(node, "a time")?;
        let parsed = match text.parse::<f64>() {
            Ok(secs) => millis(secs),
            Err(_) => Timestamp::parse_rfc3339(&text).ok(),
        };
        if parsed.is_none() {
            let message = format!("cannot parse {text:?} to a valid timestamp");
            let help =
                "write RFC 3339 with an offset, as in `2026-03-02T23:10:00+01:00`, or seconds since 1970";
            self.error_help("bad-timestamp", &node.span, message, help);
        }
        parsed
    }
}

/// The time of so many seconds after the epoch, to the millisecond before.
#[expect(clippy::cast_possible_truncation, reason = "checked to be within the range of times")]
fn millis(secs: f64) -> Option<Timestamp> {
    let millis = (secs * 1000.0).floor();
    (millis.abs() < 9e15).then(|| Timestamp::from_millis(millis as i64))
}

fn float(scalar: &Scalar) -> Option<f64> {
    let (sign, rest) = match scalar.text.as_bytes().first() {
        Some(b'-') => (-1.0, &scalar.text[1..]),
        Some(b'+') => (1.0, &scalar.text[1..]),
        Some(_) | None => (1.0, &*scalar.text),
    };
    match rest {
        ".inf" | ".Inf" | ".INF" => return Some(sign * f64::INFINITY),
        ".nan" | ".NaN" | ".NAN" if rest.len() == scalar.text.len() => return Some(f64::NAN),
        _ => {}
    }
    let digits = rest.replace('_', "");
    let radix = |prefix: &str, radix| u64::from_str_radix(digits.strip_prefix(prefix)?, radix).ok();
    #[expect(clippy::cast_precision_loss, reason = "a large number is the nearest float, as in Go")]
    if let Some(whole) =
        radix("0x", 16).or_else(|| radix("0o", 8)).or_else(|| radix("0b", 2)).or_else(|| radix("0", 8))
    {
        return Some(sign * whole as f64);
    }
    // Rust reads `inf` and `nan` too; YAML does not.
    let starts = digits.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    let number: f64 = digits.parse().ok().filter(|number: &f64| starts && number.is_finite())?;
    Some(sign * number)
}

#[cfg(test)]
mod tests {
    use super::Reader;
    use crate::model::matcher::MatcherMode;

    #[test]
    fn numbers_are_yamls() {
        for (text, want) in [
            ("1", Some(1.0)),
            ("-1.5e3", Some(-1500.0)),
            ("+.5", Some(0.5)),
            ("1_000", Some(1000.0)),
            ("0x10", Some(16.0)),
            ("010", Some(8.0)),
            ("-0o10", Some(-8.0)),
            ("08", Some(8.0)),
            ("0.5", Some(0.5)),
            ("0", Some(0.0)),
            ("1e400", None),
            (".inf", Some(f64::INFINITY)),
            ("-.Inf", Some(f64::NEG_INFINITY)),
            ("'1'", None),
            ("inf", None),
            ("NaN", None),
            ("1m", None),
        ] {
            let mut reader = Reader::new("f", text, MatcherMode::default());
            let node = reader.document().expect("a scalar");
            assert_eq!(reader.yaml_float(&node, "value"), want, "{text}");
        }
    }

    #[test]
    fn times_are_seconds_or_rfc_3339() {
        for (text, want) in [
            ("0", Some(0)),
            ("1500000000.25", Some(1_500_000_000_250)),
            ("1970-01-01T01:00:01+01:00", Some(1000)),
            ("2026-03-02", None),
            ("NaN", None),
            ("1e300", None),
        ] {
            let mut reader = Reader::new("f", text, MatcherMode::default());
            let node = reader.document().expect("a scalar");
            assert_eq!(reader.time(&node).map(crate::model::Timestamp::millis), want, "{text}");
        }
    }
}
