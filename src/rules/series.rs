//! Which series a rule wrote last, and which of them have ended since: stale markers.

use std::cmp::Ordering;
use std::sync::LazyLock;

use super::labelling::overlay;
use super::{ActiveAlert, AlertState};
use crate::model::labels::METRIC_NAME;
use crate::model::sample::stale_nan;
use crate::model::{LabelSet, SampleValue, SeriesPoint, Str, Timestamp};

/// The series that a rule wrote in its last evaluation.
///
/// For alerts only what makes up the series is kept, not their labels: a million alerts have two million
/// series, and almost all of them are still there the next time.
#[derive(Clone, Debug)]
pub(super) enum Series {
    /// Of a recording rule: sorted, each once.
    Recorded(Vec<LabelSet>),
    /// Of an alerting rule: its pending and firing alerts, sorted by labels.
    Alerts(Vec<(LabelSet, Phase)>),
}

/// The value of the label `alertstate`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// `pending`
    Pending,
    /// `firing`
    Firing,
}

impl Phase {
    /// The phase of an alert; `None` if it has no series.
    pub(super) fn of(state: AlertState) -> Option<Self> {
        match state {
            AlertState::Pending { .. } => Some(Self::Pending),
            AlertState::Firing { .. } => Some(Self::Firing),
            AlertState::Resolved { .. } => None,
        }
    }
}

impl Series {
    /// The series of these alerts, which are sorted by labels.
    pub(super) fn of_alerts(alerts: &[ActiveAlert]) -> Self {
        let phases = alerts.iter().filter_map(|alert| Some((alert.labels.clone(), Phase::of(alert.state)?)));
        Self::Alerts(phases.collect())
    }

    /// All of them by their full labels.
    pub(super) fn full(&self) -> Vec<LabelSet> {
        match self {
            Self::Recorded(series) => series.clone(),
            Self::Alerts(alerts) => alerts
                .iter()
                .flat_map(|(labels, phase)| [alerts_series(labels, *phase), since_series(labels)])
                .collect(),
        }
    }

    /// Those that are not in `next` any more.
    pub(super) fn ended(&self, next: &Self) -> Vec<LabelSet> {
        match (self, next) {
            (Self::Recorded(before), Self::Recorded(after)) => {
                let mut ended = Vec::new();
                walk(
                    before,
                    after,
                    |series| series,
                    |series, still| {
                        if still.is_none() {
                            ended.push(series.clone());
                        }
                    },
                );
                ended
            }
            (Self::Alerts(before), Self::Alerts(after)) => {
                let mut ended = Vec::new();
                walk(
                    before,
                    after,
                    |(labels, _)| labels,
                    |(labels, phase), still| match still {
                        Some((_, now)) if now == phase => {}
                        Some(_) => ended.push(alerts_series(labels, *phase)),
                        None => ended.extend([alerts_series(labels, *phase), since_series(labels)]),
                    },
                );
                ended
            }
            (Self::Recorded(_), Self::Alerts(_)) | (Self::Alerts(_), Self::Recorded(_)) => self.full(),
        }
    }
}

/// Calls `tell` for each element of `before` with its counterpart in `after`; both sorted by `key`.
fn walk<'a, T>(
    before: &'a [T],
    after: &'a [T],
    key: impl Fn(&T) -> &LabelSet,
    mut tell: impl FnMut(&'a T, Option<&'a T>),
) {
    let mut rest = after.iter().peekable();
    for old in before {
        while rest.next_if(|new| key(new).cmp(key(old)) == Ordering::Less).is_some() {}
        let still = rest.peek().copied().filter(|new| key(new) == key(old));
        tell(old, still);
    }
}

/// The points of pending and firing alerts: `ALERTS` and `ALERTS_FOR_STATE`.
pub(super) fn alert_points(alerts: &[ActiveAlert], at: Timestamp) -> Vec<SeriesPoint> {
    let mut points = Vec::new();
    for alert in alerts {
        let (phase, active_at) = match alert.state {
            AlertState::Pending { active_at } => (Phase::Pending, active_at),
            AlertState::Firing { active_at, .. } => (Phase::Firing, active_at),
            AlertState::Resolved { .. } => continue,
        };
        let since = active_at.millis().div_euclid(1000) as f64;
        points.push(point(alerts_series(&alert.labels, phase), at, 1.0));
        points.push(point(since_series(&alert.labels), at, since));
    }
    points
}

/// The markers that end these series.
pub(super) fn stale_points(series: Vec<LabelSet>, at: Timestamp) -> impl Iterator<Item = SeriesPoint> {
    series.into_iter().map(move |labels| point(labels, at, stale_nan()))
}

fn point(labels: LabelSet, at: Timestamp, value: f64) -> SeriesPoint {
    SeriesPoint { labels, at, value: SampleValue::Float(value) }
}

fn alerts_series(labels: &LabelSet, phase: Phase) -> LabelSet {
    static PENDING: LazyLock<[(Str, Str); 2]> = LazyLock::new(|| pairs("pending"));
    static FIRING: LazyLock<[(Str, Str); 2]> = LazyLock::new(|| pairs("firing"));
    fn pairs(state: &str) -> [(Str, Str); 2] {
        [(METRIC_NAME.into(), "ALERTS".into()), ("alertstate".into(), state.into())]
    }
    match phase {
        Phase::Pending => overlay(labels, &*PENDING),
        Phase::Firing => overlay(labels, &*FIRING),
    }
}

fn since_series(labels: &LabelSet) -> LabelSet {
    static SINCE: LazyLock<[(Str, Str); 1]> =
        LazyLock::new(|| [(METRIC_NAME.into(), "ALERTS_FOR_STATE".into())]);
    overlay(labels, &*SINCE)
}

#[cfg(test)]
mod tests {
    use super::{Phase, Series};
    use crate::model::LabelSet;

    fn named(name: &str) -> LabelSet {
        LabelSet::from_pairs([("alertname", name)])
    }

    #[test]
    fn a_changed_phase_ends_one_series_and_a_gone_alert_both() {
        let before = [("A", Phase::Pending), ("B", Phase::Firing), ("C", Phase::Firing)];
        let after = [("A", Phase::Firing), ("C", Phase::Firing), ("D", Phase::Pending)];
        let series = |alerts: &[(&str, Phase)]| {
            Series::Alerts(alerts.iter().map(|(name, phase)| (named(name), *phase)).collect())
        };
        let ended: Vec<String> =
            series(&before).ended(&series(&after)).iter().map(LabelSet::to_string).collect();
        assert_eq!(
            ended,
            [
                r#"{__name__="ALERTS", alertname="A", alertstate="pending"}"#,
                r#"{__name__="ALERTS", alertname="B", alertstate="firing"}"#,
                r#"{__name__="ALERTS_FOR_STATE", alertname="B"}"#,
            ]
        );
        assert!(series(&before).ended(&series(&before)).is_empty());
    }

    #[test]
    fn recorded_series_end_when_they_are_not_there_any_more() {
        let series = |names: &[&str]| Series::Recorded(names.iter().map(|name| named(name)).collect());
        assert_eq!(series(&["a", "b", "c"]).ended(&series(&["b", "d"])), [named("a"), named("c")]);
        assert_eq!(series(&["a"]).ended(&series(&[])), [named("a")]);
    }
}
