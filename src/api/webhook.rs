//! `POST /api/v1/webhook`: takes what another Alertmanager (or whoever speaks like it) sends to a
//! `webhook_config`, so that it can stand before us.
//!
//! Its alerts have no end while they fire, and it repeats them only every `repeat_interval`, hours later. So
//! they are not resolved after `resolve_timeout` of the routing file, but only when the sender says so, or if
//! it was silent for five days: for longer no Alertmanager is silent about an alert that fires, because it
//! forgets by then that it told of it. `?resolve_timeout=` sets another time, for senders that repeat more
//! often or never tell of ends.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;

use super::App;
use super::v2::body::{self, DateTime, ZERO_TIME};
use super::v2::error::V2Error;
use super::v2::ingest::{self, Incoming};
use crate::model::{Duration, Timestamp};

/// For how long a sender may be silent about an alert that fires.
const SILENCE: Duration = Duration::from_mins(5 * 24 * 60);

/// A notification, as far as it matters here; versions differ in what else they say.
#[derive(Debug, Deserialize)]
struct Message {
    alerts: Option<Vec<Sent>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sent {
    status: Option<String>,
    #[serde(default)]
    labels: BTreeMap<String, String>,
    annotations: Option<BTreeMap<String, String>>,
    starts_at: Option<DateTime>,
    ends_at: Option<DateTime>,
    #[serde(rename = "generatorURL")]
    generator_url: Option<String>,
}

/// Takes the alerts of a notification and answers once they are kept.
pub(super) async fn post(
    State(app): State<App>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<StatusCode, V2Error> {
    let timeout = resolve_timeout(query.as_deref().unwrap_or_default())?;
    let message: Message = body::read("webhook", &headers, body)?;
    let alerts = message
        .alerts
        .ok_or_else(|| V2Error::Schema { code: 602, message: "alerts in body is required".to_owned() })?;
    let now = app.clock.now();
    let incoming = alerts.into_iter().map(|alert| alert.incoming(now)).collect();
    ingest::take(&app, "webhook", Some(timeout), incoming).await?;
    Ok(StatusCode::OK)
}

impl Sent {
    fn incoming(self, now: Timestamp) -> Incoming {
        let given = |time: Option<DateTime>| time.map(|time| time.0).filter(|time| *time != ZERO_TIME);
        let starts_at = given(self.starts_at);
        let ends_at = match self.status.as_deref() {
            // Its clock may be ahead of ours: what it calls resolved is.
            Some("resolved") => Some(given(self.ends_at).map_or(now, |end| end.min(now))),
            Some(_) | None => given(self.ends_at),
        };
        Incoming {
            labels: self.labels.into_iter().collect(),
            annotations: self.annotations.unwrap_or_default().into_iter().collect(),
            starts_at: match ends_at {
                Some(end) => starts_at.map(|start| start.min(end)),
                None => starts_at,
            },
            ends_at,
            generator_url: self.generator_url.unwrap_or_default(),
        }
    }
}

fn resolve_timeout(query: &str) -> Result<Duration, V2Error> {
    let mut given = url::form_urlencoded::parse(query.as_bytes());
    let Some((_, text)) = given.find(|(name, _)| name == "resolve_timeout") else { return Ok(SILENCE) };
    match text.parse::<Duration>() {
        Ok(timeout) if timeout > Duration::ZERO => Ok(timeout),
        Ok(_) | Err(_) => Err(V2Error::Invalid(format!("resolve_timeout must be a duration, not {text:?}"))),
    }
}
