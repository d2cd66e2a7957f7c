//! Bodies of requests: JSON, read as Alertmanager reads it. What is required is checked by whoever asks.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use serde::de::{Deserialize, DeserializeOwned, Deserializer, Error};

use super::error::V2Error;
use crate::model::Timestamp;

/// The largest body that is read, in bytes: more than 100,000 alerts.
pub(in crate::api) const LIMIT: usize = 64 * 1024 * 1024;

/// Go's zero time, 0001-01-01T00:00:00Z: "not given".
pub(in crate::api) const ZERO_TIME: Timestamp = Timestamp::from_secs(-62_135_596_800);

/// Names with texts; `null` is the empty text, as in Go.
pub(super) type Texts = BTreeMap<String, Option<String>>;

/// Reads the body of a request, which is called `what` in messages. What follows the JSON value is not read.
///
/// # Errors
/// It is not declared as JSON, is missing or too long, or is something else.
pub(in crate::api) fn read<T: DeserializeOwned>(
    what: &'static str,
    headers: &HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<T, V2Error> {
    media_type(headers)?;
    let body = body.map_err(|rejection| match rejection.into_response().status().as_u16() {
        413 => V2Error::TooLarge { limit: LIMIT },
        _ => V2Error::Unreadable { what, reason: "the connection broke".to_owned() },
    })?;
    if body.is_empty() {
        return Err(V2Error::required(what));
    }
    T::deserialize(&mut serde_json::Deserializer::from_slice(&body))
        .map_err(|error| V2Error::Unreadable { what, reason: error.to_string() })
}

fn media_type(headers: &HeaderMap) -> Result<(), V2Error> {
    let declared = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match declared.split(';').next().unwrap_or_default().trim() {
        "" => Err(V2Error::MediaType("application/octet-stream".to_owned())),
        kind if kind.eq_ignore_ascii_case("application/json") => Ok(()),
        other => Err(V2Error::MediaType(other.to_owned())),
    }
}

/// The texts without `null`s.
pub(super) fn texts(texts: Texts) -> impl Iterator<Item = (String, String)> {
    texts.into_iter().map(|(name, value)| (name, value.unwrap_or_default()))
}

/// A time in any of the forms that Alertmanager reads.
#[derive(Clone, Copy, Debug)]
pub(in crate::api) struct DateTime(pub(in crate::api) Timestamp);

impl<'de> Deserialize<'de> for DateTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        date_time(&text)
            .map(Self)
            .ok_or_else(|| D::Error::custom(format!("{text:?} is not an RFC 3339 time")))
    }
}

/// RFC 3339; without an offset it is UTC. The empty text is the epoch: that is how Alertmanager has it.
fn date_time(text: &str) -> Option<Timestamp> {
    if text.is_empty() {
        return Some(Timestamp::EPOCH);
    }
    let (date, time) = text.split_at_checked(10)?;
    match time.strip_prefix(' ') {
        Some(local) if local.len() == 8 => Timestamp::parse_rfc3339(&format!("{date}T{local}Z")).ok(),
        Some(_) => None,
        None if time.contains('[') => None,
        None => {
            let parsed = Timestamp::parse_rfc3339(text);
            parsed.or_else(|_| Timestamp::parse_rfc3339(&format!("{text}Z"))).ok()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ZERO_TIME, date_time};

    #[test]
    fn times_are_read_as_alertmanager_reads_them() {
        for (text, want) in [
            ("2026-01-01T00:00:00Z", Some("2026-01-01T00:00:00.000Z")),
            ("2026-01-01T00:00:00.1239999+01:00", Some("2025-12-31T23:00:00.123Z")),
            ("2026-01-01T00:00:00", Some("2026-01-01T00:00:00.000Z")),
            ("2026-01-01 00:00:00", Some("2026-01-01T00:00:00.000Z")),
            ("", Some("1970-01-01T00:00:00.000Z")),
            ("2026-01-01 00:00:00Z", None),
            ("2026-01-01T00:00:00+01:00[Europe/Berlin]", None),
            ("2026-01-01", None),
            ("tomorrow", None),
            ("1767225600", None),
        ] {
            assert_eq!(date_time(text).map(|time| time.rfc3339_millis()).as_deref(), want, "{text}");
        }
        assert_eq!(date_time("0001-01-01T00:00:00Z"), Some(ZERO_TIME));
    }
}
