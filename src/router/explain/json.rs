//! How times and durations stand in an explanation's JSON: as texts that people read, too.

use serde::Serializer;

use crate::model::{Duration, Timestamp};

/// RFC 3339 with milliseconds.
pub(super) fn time<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&at.rfc3339_millis())
}

/// RFC 3339 with milliseconds, or null.
pub(super) fn maybe_time<S: Serializer>(at: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => serializer.serialize_some(&at.rfc3339_millis()),
        None => serializer.serialize_none(),
    }
}

/// As in a routing file: `1m30s`.
pub(super) fn duration<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(duration)
}

/// As in a routing file, or null.
pub(super) fn maybe_duration<S: Serializer>(
    duration: &Option<Duration>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match duration {
        Some(duration) => serializer.serialize_some(&duration.to_string()),
        None => serializer.serialize_none(),
    }
}
