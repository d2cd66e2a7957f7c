//! Times and durations as words of a command line.

use crate::model::{Duration, Timestamp};

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
