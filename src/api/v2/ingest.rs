//! Alerts from others on their way to the router: what is missing is added, what is wrong is left out and
//! named. For the API v2 and for webhooks.

use crate::api::App;
use crate::api::v2::error::V2Error;
use crate::model::matcher::MatcherMode;
use crate::model::{Alert, Annotations, Duration, LabelSet, Str, Timestamp};
use crate::router::Request;

/// An alert as others send it.
#[derive(Clone, Debug)]
pub(in crate::api) struct Incoming {
    /// Its labels; empty values count as none.
    pub(in crate::api) labels: Vec<(String, String)>,
    /// Its annotations.
    pub(in crate::api) annotations: Vec<(String, String)>,
    /// Since when it fires, if it says so.
    pub(in crate::api) starts_at: Option<Timestamp>,
    /// When it ends or ended, if it says so.
    pub(in crate::api) ends_at: Option<Timestamp>,
    /// A link to what raised it; may be empty.
    pub(in crate::api) generator_url: String,
}

/// Hands alerts to the router and returns once they are kept. `resolve_timeout`: after how long an alert
/// without an end is taken as resolved, if not as the routing file says. `version` is the metrics' word for
/// the way they came.
///
/// # Errors
/// Some are invalid (the others are taken all the same), or they could not be kept.
pub(in crate::api) async fn take(
    app: &App,
    version: &'static str,
    resolve_timeout: Option<Duration>,
    incoming: Vec<Incoming>,
) -> Result<(), V2Error> {
    let now = app.clock.now();
    let resolve_timeout = match resolve_timeout {
        Some(given) => given,
        // Asked only if it is needed: Prometheus always names an end.
        None if incoming.iter().any(|alert| alert.ends_at.is_none()) => {
            app.handle.read(|core, _| core.router().routing().resolve_timeout).await?
        }
        None => Duration::ZERO,
    };
    let mode = app.reloader.sources.matchers;
    let (mut firing, mut resolved) = (0, 0);
    let (mut valid, mut wrong) = (Vec::with_capacity(incoming.len()), Vec::new());
    for alert in incoming {
        let alert = complete(alert, now, resolve_timeout);
        match alert.is_resolved_at(now) {
            true => resolved += 1,
            false => firing += 1,
        }
        match check(&alert, mode) {
            Ok(()) => valid.push(alert),
            Err(reason) => wrong.push(reason),
        }
    }
    app.metrics.alerts_came(version, firing, resolved, wrong.len() as u64);
    if !valid.is_empty() {
        app.handle.request(Request::Alerts(valid)).await?;
    }
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(V2Error::Invalid(wrong.join("; "))),
    }
}

fn complete(alert: Incoming, now: Timestamp, resolve_timeout: Duration) -> Alert {
    let Incoming { labels, annotations, starts_at, ends_at, generator_url } = alert;
    Alert {
        labels: LabelSet::from_pairs(labels),
        annotations: Annotations::from_pairs(annotations),
        starts_at: starts_at.or(ends_at).unwrap_or(now),
        ends_at: Some(ends_at.unwrap_or(now + resolve_timeout)),
        updated_at: now,
        timeout: ends_at.is_none(),
        generator_url: Str::from(generator_url),
    }
}

/// Alertmanager's conditions, with its texts.
fn check(alert: &Alert, mode: MatcherMode) -> Result<(), String> {
    let is_misnamed = |pair: &(&str, &str)| !mode.is_label_name(pair.0);
    if alert.ends_at.is_some_and(|ends_at| ends_at < alert.starts_at) {
        return Err("start time must be before end time".to_owned());
    }
    if let Some((name, _)) = alert.labels.iter().find(is_misnamed) {
        return Err(format!("invalid label set: invalid name {name:?}"));
    }
    if alert.labels.is_empty() {
        return Err("at least one label pair required".to_owned());
    }
    if let Some((name, _)) = alert.annotations.iter().find(is_misnamed) {
        return Err(format!("invalid annotations: invalid name {name:?}"));
    }
    Ok(())
}
