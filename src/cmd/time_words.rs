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
