//! What requests say in words: times, durations, fingerprints, labels and matchers.

use crate::model::matcher::{MatcherMode, parse_matchers};
use crate::model::{Duration, Fingerprint, LabelSet, Matcher, Timestamp};

/// A time: RFC 3339, seconds since 1970, `now`, or relative to it: `-1h`, `+30m`.
pub(super) fn time(text: &str, now: Timestamp) -> Result<Timestamp, String> {
    let relative = |text: &str| text.parse::<Duration>().map_err(|_| not_a_time(text));
    match text.as_bytes() {
        b"now" => Ok(now),
        [b'-', rest @ ..] if !is_number(rest) => Ok(now - relative(&text[1..])?),
        [b'+', rest @ ..] if !is_number(rest) => Ok(now + relative(&text[1..])?),
        bytes if is_number(bytes) => {
            let seconds: f64 = text.parse().map_err(|_| not_a_time(text))?;
            #[expect(clippy::cast_possible_truncation, reason = "saturates, far beyond any time")]
            Ok(Timestamp::from_millis((seconds * 1000.0).round() as i64))
        }
        _ => Timestamp::parse_rfc3339(text).map_err(|_| not_a_time(text)),
    }
}

fn is_number(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.')
}

fn not_a_time(text: &str) -> String {
    format!(
        "{text:?} is not a time: write it as 2026-03-01T12:00:00Z, as seconds since 1970, or as -1h or +30m"
    )
}

/// A duration as in routing files.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    text.parse().map_err(|_| format!("{text:?} is not a duration: write it as 90s, 30m or 1d12h"))
}

/// A fingerprint.
pub(super) fn fingerprint(text: &str) -> Result<Fingerprint, String> {
    let wrong = |_| format!("{text:?} is not a fingerprint: it has 16 hexadecimal digits");
    text.parse().map_err(wrong)
}

/// `name=value`.
pub(super) fn label(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        Some(_) | None => Err(format!("{text:?} is not a label: write it as name=value")),
    }
}

/// A JSON object of texts.
pub(super) fn labels(text: &str) -> Result<LabelSet, String> {
    serde_json::from_str(text)
        .map_err(|error| format!("labels are a JSON object of texts, as {{\"alertname\":\"Down\"}}: {error}"))
}

/// Matchers with commas between them, in braces or not.
pub(super) fn matchers(text: &str, mode: MatcherMode) -> Result<Vec<Matcher>, String> {
    match parse_matchers(text, mode) {
        Ok(parsed) => Ok(parsed.matchers),
        Err(error) => Err(format!("{text:?} are no matchers: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::time;
    use crate::model::Timestamp;

    #[test]
    fn times_are_read_in_several_forms() {
        let now = Timestamp::from_secs(1_700_000_000);
        for (text, want) in [
            ("now", "2023-11-14T22:13:20Z"),
            ("-1h", "2023-11-14T21:13:20Z"),
            ("+1d12h", "2023-11-16T10:13:20Z"),
            ("1700000000.5", "2023-11-14T22:13:20.5Z"),
            ("2026-03-01T12:00:00+01:00", "2026-03-01T11:00:00Z"),
        ] {
            assert_eq!(time(text, now).map(Timestamp::rfc3339), Ok(want.to_owned()), "{text}");
        }
        for text in ["", "yesterday", "-", "-1", "1h", "-1 h", "1.2.3"] {
            assert!(time(text, now).expect_err(text).contains("is not a time"), "{text}");
        }
    }
}
