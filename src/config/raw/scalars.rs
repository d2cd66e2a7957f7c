//! Scalars as texts, booleans, numbers and durations, with Go's leniency where files rely on it.

use super::Reader;
use crate::config::yaml::{Node, Scalar};
use crate::model::duration::InvalidDuration;
use crate::model::{Duration, Str};

impl Reader<'_> {
    /// A scalar of any look as text; a null is the empty text.
    pub(crate) fn text(&mut self, node: &Node, what: &str) -> Option<Str> {
        match node.scalar() {
            Some(_) if node.is_null() => Some("".into()),
            Some(scalar) => Some(scalar.text.clone()),
            None => {
                self.wrong_type(node, what, "a text in quotes");
                None
            }
        }
    }

    /// A boolean; also the words that YAML 1.1 has for it.
    pub(crate) fn boolean(&mut self, node: &Node, what: &str) -> Option<bool> {
        let plain = node.scalar().filter(|scalar| scalar.is_plain());
        let word = plain.map(|scalar| scalar.text.to_ascii_lowercase());
        match word.as_deref() {
            Some("true" | "yes" | "on" | "y") => Some(true),
            Some("false" | "no" | "off" | "n") => Some(false),
            Some(_) | None => {
                self.wrong_type(node, what, "`true` or `false`");
                None
            }
        }
    }

    /// A whole number.
    pub(crate) fn integer(&mut self, node: &Node, what: &str) -> Option<i64> {
        let value = node.scalar().filter(|scalar| scalar.is_plain()).and_then(whole_number);
        if value.is_none() {
            self.wrong_type(node, what, "a whole number");
        }
        value
    }

    /// A whole number of at least zero.
    pub(crate) fn count(&mut self, node: &Node, what: &str) -> Option<usize> {
        let value = self.integer(node, what)?;
        let count = usize::try_from(value).ok();
        if count.is_none() {
            self.error("out-of-range", &node.span, format!("{what} must not be negative: {value}"));
        }
        count
    }

    /// A Prometheus duration.
    pub(crate) fn duration(&mut self, node: &Node, what: &str) -> Option<Duration> {
        let text = self.text(node, what)?;
        match text.parse() {
            Ok(duration) => Some(duration),
            Err(error) => {
                self.error_help("bad-duration", &node.span, error.to_string(), duration_help(&error));
                None
            }
        }
    }
}

/// Go's `strconv.ParseInt` with base 0, and floats without their fraction.
fn whole_number(scalar: &Scalar) -> Option<i64> {
    let digits = scalar.text.replace('_', "");
    let (sign, unsigned) = match digits.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, digits.strip_prefix('+').unwrap_or(&digits)),
    };
    let radix = |prefix: &str, radix| {
        let rest = unsigned.strip_prefix(prefix)?;
        i64::from_str_radix(rest, radix).ok()
    };
    let value = radix("0x", 16).or_else(|| radix("0o", 8)).or_else(|| radix("0b", 2));
    let value = value.or_else(|| unsigned.parse().ok());
    if let Some(value) = value {
        return Some(sign * value);
    }
    let float: f64 = unsigned.parse().ok().filter(|_| unsigned.starts_with(|c: char| c.is_ascii_digit()))?;
    #[expect(clippy::cast_possible_truncation, reason = "the fraction is cut off, as in Go; it saturates")]
    let whole = float as i64;
    Some(sign * whole)
}

fn duration_help(error: &InvalidDuration) -> String {
    let general = "write whole numbers with units, largest first: y w d h m s ms, as in `1d12h` or `90s`";
    let text = match error {
        InvalidDuration::Empty => return "remove the key or give a duration such as `5m`".to_owned(),
        InvalidDuration::OutOfRange => return "at most about 292 years fit".to_owned(),
        InvalidDuration::Syntax(text) => text.as_str(),
        InvalidDuration::Unit { text, .. } => text,
    };
    if text.chars().all(|c| c.is_ascii_digit()) {
        return format!("add a unit: `{text}s`, `{text}m`, …");
    }
    if text.contains('.') {
        return "no fractions: use a smaller unit, as in `90m` instead of `1.5h`".to_owned();
    }
    if text.starts_with('-') {
        return "a duration cannot be negative".to_owned();
    }
    let squeezed = text.replace(' ', "");
    if squeezed.parse::<Duration>().is_ok() {
        return format!("no spaces: `{squeezed}`");
    }
    general.to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::Reader;

    fn value<T>(
        text: &str,
        read: impl Fn(&mut Reader<'_>, &crate::config::yaml::Node) -> Option<T>,
    ) -> Option<T> {
        let mut reader = Reader::new("f", text, crate::model::matcher::MatcherMode::Fallback);
        let node = reader.document()?;
        let value = read(&mut reader, &node);
        assert_eq!(value.is_none(), !reader.is_usable(), "a refusal has a reason: {text}");
        value
    }

    #[test]
    fn numbers_are_gos() {
        for (text, want) in [
            ("5", Some(5)),
            ("-3", Some(-3)),
            ("1_000", Some(1000)),
            ("0x10", Some(16)),
            ("5.0", Some(5)),
            ("'5'", None),
            ("x", None),
            ("nan", None),
        ] {
            assert_eq!(value(text, |reader, node| reader.integer(node, "int")), want, "{text}");
        }
    }

    #[test]
    fn booleans_are_yaml_1_1() {
        for (text, want) in
            [("true", Some(true)), ("No", Some(false)), ("on", Some(true)), ("'true'", None), ("1", None)]
        {
            assert_eq!(value(text, |reader, node| reader.boolean(node, "bool")), want, "{text}");
        }
    }

    #[test]
    fn a_bad_duration_says_how_to_mend_it() {
        let unknown = |unit: &str, text: &str| format!("unknown unit {unit:?} in duration {text:?}");
        let invalid = |text: &str| format!("not a valid duration string: {text:?}");
        for (text, message, help) in [
            ("5", invalid("5"), "add a unit: `5s`, `5m`, …"),
            ("1.5h", unknown(".", "1.5h"), "no fractions: use a smaller unit, as in `90m` instead of `1.5h`"),
            ("5 m", unknown(" m", "5 m"), "no spaces: `5m`"),
            ("-5m", invalid("-5m"), "a duration cannot be negative"),
            (
                "5mins",
                unknown("mins", "5mins"),
                "write whole numbers with units, largest first: y w d h m s ms, as in `1d12h` or `90s`",
            ),
        ] {
            let mut reader = Reader::new("f", text, crate::model::matcher::MatcherMode::Fallback);
            let node = reader.document().expect("a scalar");
            assert_eq!(reader.duration(&node, "duration"), None);
            let problem = &reader.finish()[0];
            assert_eq!(problem.message, message);
            assert_eq!(problem.help.as_deref(), Some(help));
        }
    }
}
