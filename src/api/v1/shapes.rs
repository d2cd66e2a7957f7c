//! Rules and alerts in the JSON of Prometheus' API: its names, order and number formats.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

use crate::config::rules::{RuleKind, RuleLabel};
use crate::model::number::format_float;
use crate::model::{Annotations, Duration, LabelSet, Str, Timestamp};
use crate::rules::{ActiveAlert, AlertState, GroupView, RuleView};

/// Go's zero time: "never".
const NEVER: &str = "0001-01-01T00:00:00Z";

/// A rule group.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ApiGroup {
    name: Str,
    file: Str,
    rules: Vec<ApiRule>,
    interval: Seconds,
    limit: usize,
    evaluation_time: Seconds,
    last_evaluation: String,
}

impl ApiGroup {
    /// The group with these of its rules.
    pub(super) fn of(group: &GroupView, rules: Vec<ApiRule>) -> Self {
        Self {
            name: Str::clone(&group.group.name),
            file: Str::clone(&group.group.file),
            rules,
            interval: Seconds(group.interval),
            limit: group.group.limit,
            evaluation_time: Seconds(group.evaluation_time),
            last_evaluation: time(group.last_evaluation),
        }
    }
}

/// A rule of either kind.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum ApiRule {
    /// It finds alerts.
    Alerting(Box<ApiAlertingRule>),
    /// It records series.
    Recording(ApiRecordingRule),
}

/// An alerting rule.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ApiAlertingRule {
    state: &'static str,
    name: Str,
    query: Str,
    duration: Seconds,
    keep_firing_for: Seconds,
    labels: BTreeMap<Str, Str>,
    annotations: BTreeMap<Str, Str>,
    alerts: Vec<ApiAlert>,
    health: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_error: Option<Str>,
    evaluation_time: Seconds,
    last_evaluation: String,
    r#type: &'static str,
}

/// A recording rule.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ApiRecordingRule {
    name: Str,
    query: Str,
    labels: BTreeMap<Str, Str>,
    health: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_error: Option<Str>,
    evaluation_time: Seconds,
    last_evaluation: String,
    r#type: &'static str,
}

impl ApiRule {
    /// The rule, with its alerts if they are wanted.
    pub(super) fn of(view: &RuleView, with_alerts: bool) -> Self {
        let rule = &view.rule;
        match &rule.kind {
            RuleKind::Recording => Self::Recording(ApiRecordingRule {
                name: Str::clone(&rule.name),
                query: Str::clone(&rule.expr),
                labels: texts(&rule.labels),
                health: view.health.as_str(),
                last_error: view.last_error.clone(),
                evaluation_time: Seconds(view.evaluation_time),
                last_evaluation: time(view.last_evaluation),
                r#type: view.kind().as_str(),
            }),
            RuleKind::Alerting(alerting) => Self::Alerting(Box::new(ApiAlertingRule {
                state: view.state.as_str(),
                name: Str::clone(&rule.name),
                query: Str::clone(&rule.expr),
                duration: Seconds(alerting.hold_for),
                keep_firing_for: Seconds(alerting.keep_firing_for),
                labels: texts(&rule.labels),
                annotations: texts(&alerting.annotations),
                alerts: match with_alerts {
                    true => view.active_alerts().filter_map(ApiAlert::of).collect(),
                    false => Vec::new(),
                },
                health: view.health.as_str(),
                last_error: view.last_error.clone(),
                evaluation_time: Seconds(view.evaluation_time),
                last_evaluation: time(view.last_evaluation),
                r#type: view.kind().as_str(),
            })),
        }
    }
}

/// A pending or firing alert.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ApiAlert {
    labels: LabelSet,
    annotations: Annotations,
    state: &'static str,
    active_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    keep_firing_since: Option<String>,
    value: String,
}

impl ApiAlert {
    /// The alert; `None` if it is over.
    pub(super) fn of(alert: &ActiveAlert) -> Option<Self> {
        let (state, active_at, keep_firing_since) = match alert.state {
            AlertState::Pending { active_at } => ("pending", active_at, None),
            AlertState::Firing { active_at, keep_firing_since, .. } => {
                ("firing", active_at, keep_firing_since)
            }
            AlertState::Resolved { .. } => return None,
        };
        Some(Self {
            labels: alert.labels.clone(),
            annotations: alert.annotations.clone(),
            state,
            active_at: active_at.rfc3339(),
            keep_firing_since: keep_firing_since.map(Timestamp::rfc3339),
            value: format_float(alert.value, 'e', None),
        })
    }
}

/// The texts of a rule's labels or annotations as they stand in its file.
pub(super) fn texts(labels: &[RuleLabel]) -> BTreeMap<Str, Str> {
    labels.iter().map(|label| (Str::clone(&label.name), Str::clone(label.value.text()))).collect()
}

fn time(at: Option<Timestamp>) -> String {
    at.map_or_else(|| NEVER.to_owned(), Timestamp::rfc3339)
}

/// Seconds as Go writes a float: no fraction if it is whole.
#[derive(Clone, Copy, Debug)]
struct Seconds(Duration);

impl Serialize for Seconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.millis() % 1000 {
            0 => serializer.serialize_i64(self.0.millis() / 1000),
            _ => serializer.serialize_f64(self.0.as_secs_f64()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Seconds;
    use crate::model::Duration;

    #[test]
    fn whole_seconds_have_no_fraction() {
        for (millis, want) in [(0, "0"), (60_000, "60"), (1_500, "1.5"), (3, "0.003")] {
            let text = serde_json::to_string(&Seconds(Duration::from_millis(millis)));
            assert_eq!(text.expect("a number"), want);
        }
    }
}
