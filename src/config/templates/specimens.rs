//! Made-up groups to try templates on.

use super::AT;
use crate::model::{Duration, Str};
use crate::template::message::{AlertData, Data, Pairs};

/// Groups of different form: one alert that fires, one that is resolved, many of both that have nothing in
/// common but their group, and one with hardly anything in it.
#[must_use]
pub fn specimens(external_url: &Str) -> Vec<Data> {
    let alerts = |range: std::ops::Range<usize>, firing: usize| {
        range.map(|number| alert(number, number < firing)).collect::<Vec<_>>()
    };
    let bare = AlertData { labels: Pairs::new(), annotations: Pairs::new(), ..alert(0, true) };
    [alerts(0..1, 1), alerts(0..1, 0), alerts(0..5, 3), vec![bare]]
        .into_iter()
        .map(|alerts| group(alerts, external_url))
        .collect()
}

fn group(alerts: Vec<AlertData>, external_url: &Str) -> Data {
    let name = alerts.first().and_then(|alert| alert.labels.get("alertname")).cloned();
    let group_labels: Pairs = name.into_iter().map(|name| ("alertname".into(), name)).collect();
    Data {
        receiver: "example".into(),
        notification_reason: "first notification".into(),
        group_key: "{}:{alertname=\"ExampleAlert\"}".into(),
        group_labels,
        external_url: external_url.clone(),
        at: AT,
        ..Data::default()
    }
    .with_alerts(alerts)
}

fn alert(number: usize, is_firing: bool) -> AlertData {
    let severity = if number.is_multiple_of(2) { "critical" } else { "warning" };
    let labels = [
        ("alertname", "ExampleAlert".to_owned()),
        ("cluster", "example".to_owned()),
        ("instance", format!("example-{number}.example.org:9100")),
        ("job", format!("example-{number}")),
        ("namespace", "example".to_owned()),
        ("service", "example".to_owned()),
        ("severity", severity.to_owned()),
        ("team", format!("team-{number}")),
    ];
    let annotations = [
        ("description", format!("Example number {number} is made up.")),
        ("runbook_url", "https://example.org/runbook".to_owned()),
        ("summary", format!("Example {number}")),
    ];
    let pairs = |(name, value): (&str, String)| (Str::from(name), Str::from(value));
    AlertData {
        is_firing,
        labels: labels.into_iter().map(pairs).collect(),
        annotations: annotations.into_iter().map(pairs).collect(),
        starts_at: AT - Duration::from_mins(10),
        ends_at: (!is_firing).then(|| AT - Duration::from_mins(1)),
        generator_url: "https://example.org/graph?g0.expr=up".into(),
        fingerprint: format!("{number:016x}").into(),
        flaps: 0,
    }
}
