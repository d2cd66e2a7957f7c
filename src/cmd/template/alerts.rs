//! The alerts that a message is shown with: made up, out of a file, or those that a server has.

use serde::Deserialize;
use serde_json::Value;

use crate::model::{Annotations, Duration, LabelSet, Str, Timestamp};
use crate::router::NotifiedAlert;

/// An alert of Alertmanager's API v2, or of a webhook's document.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireAlert {
    labels: LabelSet,
    #[serde(default)]
    annotations: Annotations,
    #[serde(default)]
    starts_at: Option<String>,
    #[serde(default)]
    ends_at: Option<String>,
    #[serde(default, rename = "generatorURL")]
    generator_url: Str,
    /// A text in a webhook's document, an object in the API.
    #[serde(default)]
    status: Value,
}

/// Alerts as JSON: a list, as a server answers at `/api/v2/alerts`, or an object that has them as `alerts`, as
/// a webhook's document.
///
/// # Errors
/// It is neither, or there are none: what a person is told.
pub(super) fn read(text: &str, now: Timestamp) -> Result<Vec<NotifiedAlert>, String> {
    let value: Value = serde_json::from_str(text).map_err(|error| format!("it is not JSON: {error}"))?;
    of_json(&value, now)
}

/// As [`read`].
///
/// # Errors
/// As [`read`].
pub(super) fn of_json(value: &Value, now: Timestamp) -> Result<Vec<NotifiedAlert>, String> {
    let list = value.as_array().or_else(|| value.get("alerts")?.as_array());
    let list = list.ok_or("it is neither a list of alerts nor an object that has one as `alerts`")?;
    let alert = |(place, alert): (usize, &Value)| {
        let alert: WireAlert =
            serde_json::from_value(alert.clone()).map_err(|error| format!("alert {place}: {error}"))?;
        notified(alert, now).map_err(|error| format!("alert {place}: {error}"))
    };
    let alerts: Vec<_> = list.iter().enumerate().map(alert).collect::<Result<_, String>>()?;
    if alerts.is_empty() { Err("there is no alert in it".to_owned()) } else { Ok(alerts) }
}

fn notified(alert: WireAlert, now: Timestamp) -> Result<NotifiedAlert, String> {
    let time = |text: &Option<String>| match text {
        Some(text) if !text.starts_with("0001-") => {
            Timestamp::parse_rfc3339(text).map(Some).map_err(|error| error.to_string())
        }
        Some(_) | None => Ok(None),
    };
    let (starts_at, ends_at) = (time(&alert.starts_at)?, time(&alert.ends_at)?);
    let resolved = match alert.status.as_str() {
        Some(status) => status == "resolved",
        None => ends_at.is_some_and(|end| end <= now),
    };
    Ok(NotifiedAlert {
        resolved,
        fingerprint: alert.labels.fingerprint(),
        labels: alert.labels,
        annotations: alert.annotations,
        starts_at: starts_at.unwrap_or(now),
        ends_at: ends_at.filter(|_| resolved),
        generator_url: alert.generator_url,
        flaps: 0,
    })
}

/// Two alerts that fire and one that is resolved.
pub(super) fn made_up(now: Timestamp) -> Vec<NotifiedAlert> {
    [("web-1", "critical", false), ("web-2", "critical", false), ("web-3", "critical", true)]
        .map(|(instance, severity, resolved)| {
            let labels = LabelSet::from_pairs([
                ("alertname", "ServiceDown"),
                ("instance", &format!("{instance}.example.org:9100")),
                ("job", "web"),
                ("severity", severity),
            ]);
            let description = format!("{instance} does not answer, so some requests may fail.");
            NotifiedAlert {
                resolved,
                fingerprint: labels.fingerprint(),
                labels,
                annotations: Annotations::from_pairs([
                    ("description", description.as_str()),
                    ("runbook_url", "https://example.org/runbooks/service-down"),
                    ("summary", &format!("{instance} is down")),
                ]),
                starts_at: now - Duration::from_mins(7),
                ends_at: resolved.then(|| now - Duration::from_mins(1)),
                generator_url: "https://prometheus.example.org/graph?g0.expr=up+%3D%3D+0".into(),
                flaps: 0,
            }
        })
        .to_vec()
}
