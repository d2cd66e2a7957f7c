//! A tree as a value without a type, its plain scalars read as Go's yaml.v2 reads them: YAML 1.1, where `yes`
//! is true and `0x1f` a number. So do values of keys that may hold anything, and texts that are rendered into
//! such values.

use serde_json::{Map, Number, Value as Json};

use super::{Node, Scalar, Value, YamlProblem, parse};

/// The first document of a text; `None` if it is not YAML. An empty one is null.
///
/// Go's parser takes `[FIRING:1] Disk full` as a list and never looks at what follows. To us it is not YAML:
/// the text would be lost.
pub(crate) fn untyped_text(text: &str) -> Option<Json> {
    let (node, problems) = parse(text);
    let is_yaml = problems.iter().all(|problem| match problem {
        YamlProblem::DuplicateKey { .. } | YamlProblem::SecondDocument { .. } => true,
        YamlProblem::Syntax { .. } | YamlProblem::Alias { .. } => false,
    });
    let Some(node) = node.filter(|_| is_yaml) else { return is_yaml.then_some(Json::Null) };
    let is_flow = text.trim_start().starts_with(['[', '{']);
    let is_all = !is_flow || text.get(node.span.end..).is_some_and(|rest| rest.trim().is_empty());
    is_all.then(|| untyped(&node))
}

/// The value of a tree. Keys are texts: where Go takes `on` as true and then leaves it out of the JSON, we keep
/// it.
pub(crate) fn untyped(node: &Node) -> Json {
    match &node.value {
        Value::Sequence(items) => items.iter().map(untyped).collect(),
        Value::Mapping(pairs) => {
            let pair = |(key, value): &(Node, Node)| Some((key.scalar()?.text.to_string(), untyped(value)));
            Json::Object(pairs.iter().filter_map(pair).collect::<Map<_, _>>())
        }
        Value::Scalar(scalar) if scalar.is_plain() => plain(scalar),
        Value::Scalar(scalar) => Json::from(&*scalar.text),
    }
}

fn plain(scalar: &Scalar) -> Json {
    match &*scalar.text {
        "" | "~" | "null" | "Null" | "NULL" => Json::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Json::Bool(true),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Json::Bool(false)
        }
        text => number(text).map_or_else(|| Json::from(text), Json::Number),
    }
}

fn number(text: &str) -> Option<Number> {
    if !text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c)) {
        return None;
    }
    let digits = text.replace('_', "");
    integer(&digits).or_else(|| float(&digits))
}

/// As Go's `strconv.ParseInt` with base 0.
fn integer(digits: &str) -> Option<Number> {
    let (negative, rest) = match digits.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, digits.strip_prefix('+').unwrap_or(digits)),
    };
    let lower = rest.to_ascii_lowercase();
    let (base, rest) = match (lower.get(..2), lower.strip_prefix('0')) {
        (Some("0x"), _) => (16, &lower[2..]),
        (Some("0o"), _) => (8, &lower[2..]),
        (Some("0b"), _) => (2, &lower[2..]),
        (_, Some(octal)) if !octal.is_empty() => (8, octal),
        (_, _) => (10, &*lower),
    };
    if rest.is_empty() || !rest.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let magnitude = u64::from_str_radix(rest, base).ok()?;
    match negative {
        false => Some(magnitude.into()),
        true => i64::try_from(-i128::from(magnitude)).ok().map(Number::from),
    }
}

/// A decimal number. One that is whole becomes an integer: that is how Go writes it in JSON.
fn float(digits: &str) -> Option<Number> {
    let unsigned = digits.strip_prefix(['+', '-']).unwrap_or(digits);
    let mantissa = unsigned.split(['e', 'E']).next().unwrap_or_default();
    let is_decimal = mantissa.bytes().any(|byte| byte.is_ascii_digit())
        && unsigned.bytes().all(|byte| byte.is_ascii_digit() || b".eE+-".contains(&byte));
    let value: f64 = digits.parse().ok().filter(|_| is_decimal)?;
    #[expect(clippy::cast_possible_truncation, reason = "it has at most 53 bits")]
    let whole = (value.fract() == 0.0 && value.abs() < 9e15).then_some(value as i64);
    whole.map(Number::from).or_else(|| Number::from_f64(value))
}

#[cfg(test)]
mod tests {
    use super::untyped_text;

    #[test]
    fn texts_are_what_yaml_v2_makes_of_them() {
        for (text, want) in [
            ("", "null"),
            ("# a comment", "null"),
            ("~", "null"),
            ("plain text", r#""plain text""#),
            ("yes", "true"),
            ("Off", "false"),
            ("'yes'", r#""yes""#),
            ("!!str yes", r#""yes""#),
            ("42", "42"),
            ("+42", "42"),
            ("-0x1F", "-31"),
            ("0o17", "15"),
            ("017", "15"),
            ("0b101", "5"),
            ("1_000", "1000"),
            ("018", "18"), // no octal number, but a decimal one
            ("1.50", "1.5"),
            ("2.0", "2"),
            ("1e3", "1000"),
            ("1e", r#""1e""#),
            ("1.2.3", r#""1.2.3""#),
            ("2026-03-01", r#""2026-03-01""#),
            ("-", "[null]"),
            ("18446744073709551615", "18446744073709551615"),
            ("a: 1", r#"{"a":1}"#),
            ("{1: a, on: b, [c]: d}", r#"{"1":"a","on":"b"}"#),
            ("[a, {b: [c]}]", r#"["a",{"b":["c"]}]"#),
            (r#"{"a": "<é>", "n": null, "t": "12"}"#, r#"{"a":"<é>","n":null,"t":"12"}"#),
            ("a: b: c", "not YAML"),
            ("[FIRING:1] Disk full", "not YAML"),
            ("@here", "not YAML"),
        ] {
            let got = untyped_text(text).map_or_else(|| "not YAML".to_owned(), |value| value.to_string());
            assert_eq!(got, want, "{text}");
        }
    }
}
