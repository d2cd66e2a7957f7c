//! Alertmanager's document about a group, the same to the byte: version 4 for webhooks, version 1 for
//! incident.io.
//!
//! An alert that flapped during a cooldown, which Alertmanager does not have, says so (`flaps`); and a document
//! to a fallback for whom it stands in (`fallbackFor`).
//!
//! One difference, where alerts are cut off: the status is that of all alerts. Alertmanager takes it from
//! those it sends, so that it says "resolved" while others fire; with `compat: strict` so do we. What the
//! alerts have in common is always that of the alerts in the document: readers show it once for all of these,
//! and it is what Alertmanager writes.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Serialize;

use super::json;
use crate::model::regex::quote_meta;
use crate::model::{Annotations, LabelSet, Timestamp};
use crate::router::{Notification, NotifiedAlert};

/// What Go prints for the time that is not set.
const ZERO_TIME: &str = "0001-01-01T00:00:00Z";

/// Which alerts of a notification a document is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// The places of the alerts.
    pub(super) alerts: Range<usize>,
    /// How many alerts it says that it has left out.
    pub(super) truncated: usize,
}

impl Part {
    /// The first `max_alerts` of so many; 0 means all.
    pub(super) fn first(max_alerts: usize, count: usize) -> Self {
        let included = if max_alerts == 0 { count } else { max_alerts.min(count) };
        Self { alerts: 0..included, truncated: count - included }
    }
}

/// The document about some alerts of `notification`. `external_url` is where people reach us.
#[must_use]
pub(super) fn body(notification: &Notification, part: &Part, version: &str, external_url: &str) -> Vec<u8> {
    let alerts = &notification.alerts;
    let sent = &alerts[part.alerts.clone()];
    json::body(&Document {
        receiver: quote_meta(&notification.receiver),
        status: status(if notification.strict { sent } else { alerts }),
        alerts: sent.iter().map(Alert::new).collect(),
        notification_reason: notification.reason.as_str(),
        group_labels: &notification.group_labels,
        common_labels: common(sent.iter().map(|alert| alert.labels.iter().collect())),
        common_annotations: common(sent.iter().map(|alert| alert.annotations.iter().collect())),
        route_labels: notification.route_labels.iter().map(|(n, v)| (&**n, &**v)).collect(),
        external_url,
        version,
        group_key: &notification.group_key,
        truncated_alerts: part.truncated,
        fallback_for: notification.fallback_for.as_deref(),
    })
}

/// The fields in the order in which Alertmanager 0.34 writes them.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    receiver: String,
    status: &'static str,
    alerts: Vec<Alert<'a>>,
    #[serde(rename = "notification_reason")]
    notification_reason: &'static str,
    group_labels: &'a LabelSet,
    common_labels: BTreeMap<&'a str, &'a str>,
    common_annotations: BTreeMap<&'a str, &'a str>,
    route_labels: BTreeMap<&'a str, &'a str>,
    #[serde(rename = "externalURL")]
    external_url: &'a str,
    version: &'a str,
    group_key: &'a str,
    truncated_alerts: usize,
    /// Ours: the receiver instead of which this one is told, if it is a fallback.
    #[serde(skip_serializing_if = "Option::is_none")]
    fallback_for: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Alert<'a> {
    status: &'static str,
    labels: &'a LabelSet,
    annotations: &'a Annotations,
    starts_at: String,
    ends_at: String,
    #[serde(rename = "generatorURL")]
    generator_url: &'a str,
    fingerprint: String,
    /// Ours: how many times it flapped during a cooldown, where it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    flaps: Option<u32>,
}

impl<'a> Alert<'a> {
    fn new(alert: &'a NotifiedAlert) -> Self {
        Self {
            status: if alert.resolved { "resolved" } else { "firing" },
            labels: &alert.labels,
            annotations: &alert.annotations,
            starts_at: alert.starts_at.rfc3339(),
            ends_at: alert.ends_at.map_or_else(|| ZERO_TIME.to_owned(), Timestamp::rfc3339),
            generator_url: &alert.generator_url,
            fingerprint: alert.fingerprint.to_string(),
            flaps: (alert.flaps > 0).then_some(alert.flaps),
        }
    }
}

/// `firing` if any alert fires.
pub(super) fn status(alerts: &[NotifiedAlert]) -> &'static str {
    if alerts.iter().all(|alert| alert.resolved) { "resolved" } else { "firing" }
}

/// The pairs of the first that all others have. As in Alertmanager a missing one counts as empty.
pub(super) fn common<'a>(
    mut sets: impl Iterator<Item = BTreeMap<&'a str, &'a str>>,
) -> BTreeMap<&'a str, &'a str> {
    let mut common = sets.next().unwrap_or_default();
    for set in sets {
        common.retain(|name, value| set.get(name).copied().unwrap_or_default() == *value);
    }
    common
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Part;
    use crate::model::regex::quote_meta;
    use crate::notify::testing::{alert, notification};
    use crate::router::{Notification, Reason};

    fn body(notification: &Notification, max_alerts: usize, external_url: &str) -> Vec<u8> {
        super::body(notification, &Part::first(max_alerts, notification.alerts.len()), "4", external_url)
    }

    #[test]
    fn the_document_is_alertmanagers() {
        let mut notification = notification(vec![
            alert("alertname=X<y>& instance=i1", &[("summary", "50% > 40%\u{2028}\t\"ok\"")], None),
            alert("alertname=X<y>& instance=i2", &[("summary", "é"), ("note", "")], Some(90_500)),
        ]);
        notification.receiver = "web.hook".into();
        notification.reason = Reason::SomeResolved;
        notification.route_labels = [("team".into(), "db".into())].into();
        let text = String::from_utf8(body(&notification, 0, "http://sereno:9093")).expect("UTF-8");
        let want = concat!(
            r#"{"receiver":"web\\.hook","status":"firing","alerts":["#,
            r#"{"status":"firing","labels":{"alertname":"X\u003cy\u003e\u0026","instance":"i1"},"#,
            r#""annotations":{"summary":"50%"},"startsAt":"1970-01-01T00:00:10.5Z","#,
            r#""endsAt":"0001-01-01T00:00:00Z","generatorURL":"http://p/g?a=1\u0026b=2","#,
            r#""fingerprint":"c59aa5d972b8ef9c"},"#,
            r#"{"status":"resolved","labels":{"alertname":"X\u003cy\u003e\u0026","instance":"i2"},"#,
            r#""annotations":{"note":"","summary":"é"},"startsAt":"1970-01-01T00:00:10.5Z","#,
            r#""endsAt":"1970-01-01T00:01:30.5Z","generatorURL":"http://p/g?a=1\u0026b=2","#,
            r#""fingerprint":"c59aa6d972b8f04f"}],"#,
            r#""notification_reason":"some alerts resolved","groupLabels":{"alertname":"X\u003cy\u003e\u0026"},"#,
            r#""commonLabels":{"alertname":"X\u003cy\u003e\u0026"},"commonAnnotations":{},"#,
            r#""routeLabels":{"team":"db"},"externalURL":"http://sereno:9093","version":"4","#,
            r#""groupKey":"{}:{alertname=\"X\u003cy\u003e\u0026\"}","truncatedAlerts":0}"#,
            "\n"
        );
        let want = want.replace(r#""50%""#, r#""50% \u003e 40%\u2028\t\"ok\"""#);
        let fingerprint = notification.alerts[1].fingerprint.to_string();
        assert_eq!(text, want.replace("c59aa6d972b8f04f", &fingerprint));
    }

    #[test]
    fn what_is_cut_off_counts_for_the_status_unless_strict_and_never_for_what_is_common() {
        let mut notification = notification(vec![
            alert("alertname=A instance=1 zone=z", &[("summary", "s")], Some(1)),
            alert("alertname=A instance=1", &[("summary", "s")], Some(1)),
            alert("alertname=A instance=2", &[("summary", "other")], None),
        ]);
        for (strict, max_alerts, status, truncated, labels, annotations) in [
            (false, 2, "firing", 1, json!({"alertname": "A", "instance": "1"}), json!({"summary": "s"})),
            (true, 2, "resolved", 1, json!({"alertname": "A", "instance": "1"}), json!({"summary": "s"})),
            (false, 3, "firing", 0, json!({"alertname": "A"}), json!({})),
            (true, 0, "firing", 0, json!({"alertname": "A"}), json!({})),
        ] {
            notification.strict = strict;
            let text = String::from_utf8(body(&notification, max_alerts, "")).expect("UTF-8");
            let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
            let case = format!("strict: {strict}, max_alerts: {max_alerts}");
            assert_eq!(json["status"], status, "{case}");
            assert_eq!(json["alerts"].as_array().map(Vec::len), Some(3 - truncated), "{case}");
            assert_eq!(json["truncatedAlerts"], truncated, "{case}");
            assert_eq!(
                (&json["commonLabels"], &json["commonAnnotations"]),
                (&labels, &annotations),
                "{case}"
            );
        }
    }

    #[test]
    fn a_fallback_is_told_for_whom_it_stands_in() {
        let mut notification = notification(vec![alert("alertname=A", &[], None)]);
        notification.fallback_for = Some("on-call".into());
        let text = String::from_utf8(body(&notification, 0, "")).expect("UTF-8");
        assert!(text.ends_with("\"truncatedAlerts\":0,\"fallbackFor\":\"on-call\"}\n"), "{text}");
    }

    #[test]
    fn an_alert_that_flapped_says_how_often() {
        let mut flapped = alert("alertname=X<y>&", &[], None);
        flapped.flaps = 3;
        let text = String::from_utf8(body(&notification(vec![flapped]), 0, "")).expect("text");
        assert!(text.contains(r#"","flaps":3}]"#), "{text}");
    }

    #[test]
    fn a_missing_annotation_counts_as_an_empty_one() {
        let alerts =
            vec![alert("alertname=A i=1", &[("note", "")], None), alert("alertname=A i=2", &[], None)];
        let text = String::from_utf8(body(&notification(alerts), 0, "")).expect("UTF-8");
        let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(json["commonAnnotations"], serde_json::json!({"note": ""}));
    }

    #[test]
    fn receivers_are_quoted_as_go_quotes_for_regular_expressions() {
        assert_eq!(
            quote_meta("a.b+c (d)[e]{f}|g^h$i*j?k\\l-m/é"),
            r"a\.b\+c \(d\)\[e\]\{f\}\|g\^h\$i\*j\?k\\l-m/é"
        );
    }
}
