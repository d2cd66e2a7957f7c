//! Times and durations as words of a command line, and as people read them.

use crate::model::{Duration, Timestamp};
use crate::router::ago;

/// An RFC 3339 time.
///
/// # Errors
/// It is none: what a person is told.
pub(super) fn time(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse_rfc3339(text).map_err(|_| {
        "not a time; write it with its offset, as in 2026-12-24T22:00:00Z or 2026-12-24T22:00:00+01:00"
            .to_owned()
    })
}

/// A time that has been: RFC 3339, seconds since the epoch, `now`, or a while before it as in `2h` or `now-2h`.
///
/// # Errors
/// It is none of these: what a person is told.
pub(super) fn past(now: Timestamp, text: &str) -> Result<Timestamp, String> {
    if text == "now" {
        return Ok(now);
    }
    let ago = text.strip_prefix("now-").unwrap_or(text);
    if let Ok(ago) = ago.parse::<Duration>() {
        return Ok(now - ago);
    }
    if let Some(seconds) = text.parse::<f64>().ok().filter(|seconds| seconds.is_finite()) {
        return Ok(Timestamp::from_millis((seconds * 1000.0).round() as i64));
    }
    time(text).map_err(|_| {
        format!(
            "{text:?} is not a time; write it as in 2026-12-24T22:00:00Z, 1798149600, now, or a while ago as in 2h"
        )
    })
}

/// A duration that is not zero.
///
/// # Errors
/// It is none: what a person is told.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    match text.parse::<Duration>() {
        Ok(Duration::ZERO) => Err("it must be more than zero".to_owned()),
        Ok(duration) => Ok(duration),
        Err(error) => Err(format!("{error}; write it as in 90s, 30m, 2h or 1d12h")),
    }
}

/// A server's time as people read it, `2026-12-24T22:00:00Z (in 2h)`; as it is if it is none.
pub(super) fn shown(now: Timestamp, text: &str) -> String {
    match Timestamp::parse_rfc3339(text) {
        Ok(at) => {
            let second = Timestamp::from_secs(at.millis().div_euclid(1000));
            format!("{second} ({})", ago(now, at))
        }
        Err(_) => text.to_owned(),
    }
}

/// `NAME=VALUE`.
///
/// # Errors
/// There is no `=`, or no name: what a person is told.
pub(super) fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        Some(_) | None => Err("write it as NAME=VALUE".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::past;
    use crate::model::Timestamp;

    #[test]
    fn times_that_have_been() {
        let now = Timestamp::from_secs(1_726_000_000);
        for (text, wanted) in [
            ("now", 1_726_000_000_000),
            ("2h", 1_725_992_800_000),
            ("now-90s", 1_725_999_910_000),
            ("1726000000.5", 1_726_000_000_500),
            ("2024-09-10T20:26:40Z", 1_726_000_000_000),
            ("2024-09-10T22:26:40.25+02:00", 1_726_000_000_250),
        ] {
            assert_eq!(past(now, text), Ok(Timestamp::from_millis(wanted)), "{text}");
        }
        for text in ["", "yesterday", "now-", "2024-09-10", "inf"] {
            assert!(past(now, text).is_err(), "{text}");
        }
    }
}
