//! Whether alerts of the test are as Prometheus itself had them, by its `ALERTS` series.

use std::collections::BTreeMap;

use super::grid::Stored;
use super::replay::{Replay, State};
use crate::model::labels::{ALERT_NAME, METRIC_NAME};
use crate::model::{Duration, LabelSet};

/// For how long an alert is in a state: its first and its last evaluation, milliseconds since the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    from: i64,
    to: i64,
    state: State,
}

/// The states of alerts, in the order of time.
pub type Lives = BTreeMap<LabelSet, Vec<Span>>;

/// What both are compared by.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    /// The start of the test, milliseconds since the epoch.
    pub start: i64,
    /// The first time that matters.
    pub from: i64,
    /// The last one.
    pub to: i64,
    /// Between evaluations, milliseconds.
    pub evaluation: i64,
    /// How far apart two times may be that are meant to be the same, milliseconds.
    pub tolerance: i64,
}

/// The alerts of the test within the frame.
#[must_use]
pub fn of_replay(replay: &Replay, frame: Frame) -> Lives {
    let mut lives = Lives::new();
    let ends = replay.changes.iter().skip(1).map(|step| step.at.millis() - frame.evaluation);
    let ends = ends.chain([replay.last.at.millis()]);
    for (step, end) in replay.changes.iter().zip(ends) {
        let (from, to) = (frame.start + step.at.millis(), frame.start + end);
        for (state, alert) in &step.alerts {
            let spans = lives.entry(alert.labels.clone()).or_default();
            match spans.last_mut() {
                Some(span) if span.state == *state && span.to + frame.evaluation >= from => span.to = to,
                Some(_) | None => spans.push(Span { from, to, state: *state }),
            }
        }
    }
    within(lives, frame)
}

/// The alerts that samples of `ALERTS` tell of, within the frame.
#[must_use]
pub fn of_alerts(series: &[Stored], frame: Frame) -> Lives {
    let mut lives = Lives::new();
    for stored in series {
        let state = match stored.labels.value("alertstate") {
            "firing" => State::Firing,
            _ => State::Pending,
        };
        let mut labels = stored.labels.to_builder();
        labels.remove(METRIC_NAME).remove("alertstate");
        let spans = lives.entry(labels.build()).or_default();
        let mut last: Option<Span> = None;
        for (at, _) in &stored.samples {
            match &mut last {
                Some(span) if at - span.to <= frame.evaluation * 3 / 2 => span.to = *at,
                Some(_) | None => spans.extend(last.replace(Span { from: *at, to: *at, state })),
            }
        }
        spans.extend(last);
        spans.sort();
    }
    within(lives, frame)
}

fn within(mut lives: Lives, frame: Frame) -> Lives {
    for spans in lives.values_mut() {
        spans.retain(|span| span.to >= frame.from && span.from <= frame.to);
        for span in spans.iter_mut() {
            (span.from, span.to) = (span.from.max(frame.from), span.to.min(frame.to));
        }
    }
    lives.retain(|_, spans| !spans.is_empty());
    lives
}

/// A line for each alert that is not alike in both; none if all are.
#[must_use]
pub fn differences(test: &Lives, prometheus: &Lives, frame: Frame) -> Vec<String> {
    let mut labels: Vec<&LabelSet> = test.keys().chain(prometheus.keys()).collect();
    labels.sort();
    labels.dedup();
    let mut lines = Vec::new();
    for labels in labels {
        let of = |lives: &Lives| lives.get(labels).cloned().unwrap_or_default();
        let (here, there) = (of(test), of(prometheus));
        if !alike(&here, &there, frame) {
            let name = labels.without(ALERT_NAME);
            lines.push(format!("{name}: {} here, {} in Prometheus", told(&here, frame), told(&there, frame)));
        }
    }
    lines
}

fn alike(one: &[Span], other: &[Span], frame: Frame) -> bool {
    let near = |one: i64, other: i64| (one - other).abs() <= frame.tolerance;
    // A state that lasted no longer than what may differ may be missing on one side.
    let lasting = |spans: &[Span]| -> Vec<Span> {
        spans.iter().filter(|span| span.to - span.from > frame.tolerance).copied().collect()
    };
    let same = |one: &[Span], other: &[Span]| {
        one.len() == other.len()
            && one.iter().zip(other).all(|(one, other)| {
                one.state == other.state && near(one.from, other.from) && near(one.to, other.to)
            })
    };
    same(one, other) || same(&lasting(one), &lasting(other))
}

fn told(spans: &[Span], frame: Frame) -> String {
    if spans.is_empty() {
        return "nothing".to_owned();
    }
    let since = |at: i64| {
        let millis = at - frame.start;
        Duration::from_millis((millis + 500).div_euclid(1000) * 1000).to_string()
    };
    let told =
        spans.iter().map(|span| format!("{} {}–{}", span.state.as_str(), since(span.from), since(span.to)));
    told.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::{Frame, differences, of_alerts, of_replay};
    use crate::model::{Annotations, Duration, LabelSet};
    use crate::promql::value::Value;
    use crate::testing::alerts::FoundAlert;
    use crate::testing::record::grid::Stored;
    use crate::testing::record::replay::{Replay, State, Step};

    const FRAME: Frame = Frame { start: 0, from: 60_000, to: 600_000, evaluation: 15_000, tolerance: 30_000 };

    fn step(secs: i64, alerts: &[(State, &str)]) -> Step {
        let alert = |instance: &str| FoundAlert {
            labels: LabelSet::from_pairs([("alertname", "Down"), ("instance", instance)]),
            annotations: Annotations::default(),
        };
        let alerts = alerts.iter().map(|(state, instance)| (*state, alert(instance))).collect();
        Step { at: Duration::from_secs(secs), alerts }
    }

    fn series(state: &str, instance: &str, from: i64, to: i64) -> Stored {
        let pairs =
            [("__name__", "ALERTS"), ("alertname", "Down"), ("alertstate", state), ("instance", instance)];
        let samples = (from..=to).step_by(15).map(|at| (at * 1000 + 123, Value::Float(1.0))).collect();
        Stored { labels: LabelSet::from_pairs(pairs), samples }
    }

    fn replay() -> Replay {
        use State::{Firing, Pending};
        let changes = vec![
            step(0, &[(Firing, "old")]),
            step(15, &[]),
            step(120, &[(Pending, "a")]),
            step(300, &[(Firing, "a")]),
            step(420, &[]),
        ];
        Replay { changes, last: step(600, &[]) }
    }

    #[test]
    fn what_is_alike_but_for_some_seconds_is_alike() {
        let here = of_replay(&replay(), FRAME);
        let there = [series("pending", "a", 125, 290), series("firing", "a", 310, 425)];
        assert_eq!(differences(&here, &of_alerts(&there, FRAME), FRAME), [""; 0]);
        // A moment of pending less.
        let there = [series("firing", "a", 310, 425), series("pending", "b", 200, 215), there[0].clone()];
        assert_eq!(differences(&here, &of_alerts(&there, FRAME), FRAME), [""; 0]);
    }

    #[test]
    fn what_differs_is_told_with_times_since_the_start() {
        let here = of_replay(&replay(), FRAME);
        let there = [
            series("pending", "a", 120, 195),
            series("firing", "a", 210, 405),
            series("firing", "b", 0, 300),
        ];
        insta::assert_snapshot!(differences(&here, &of_alerts(&there, FRAME), FRAME).join("\n"), @r#"
        {instance="a"}: pending 2m–4m45s, firing 5m–6m45s here, pending 2m–3m15s, firing 3m30s–6m45s in Prometheus
        {instance="b"}: nothing here, firing 1m–5m in Prometheus
        "#);
    }
}
