//! The state of one rule: its alerts, its series, and how its last evaluation went.

use std::sync::Arc;

use super::loaded::{LoadedRule, same_rule};
use super::series::Series;
use super::{ActiveAlert, AlertState, Health, RuleError, RuleState, RuleType, RuleView};
use crate::model::{Duration, Str, Timestamp};

/// A rule with its state.
#[derive(Debug)]
pub(super) struct RuleRun {
    pub(super) loaded: LoadedRule,
    /// Sorted by labels. Shared with the views that show them.
    pub(super) alerts: Arc<Vec<ActiveAlert>>,
    /// What was written last.
    pub(super) series: Series,
    health: Health,
    last_error: Option<Str>,
    last_evaluation: Option<Timestamp>,
    evaluation_time: Duration,
    state: RuleState,
}

impl RuleRun {
    /// A rule without a past.
    pub(super) fn new(loaded: LoadedRule) -> Self {
        let series = match loaded.kind() {
            RuleType::Alerting => Series::Alerts(Vec::new()),
            RuleType::Recording => Series::Recorded(Vec::new()),
        };
        Self {
            loaded,
            alerts: Arc::default(),
            series,
            health: Health::Unknown,
            last_error: None,
            last_evaluation: None,
            evaluation_time: Duration::ZERO,
            state: RuleState::Unknown,
        }
    }

    /// Takes over the state of `old`, the rule with the same identity before a reload.
    pub(super) fn take_over(&mut self, old: Self) {
        let loaded = self.loaded.clone();
        match same_rule(&loaded.rule, &old.loaded.rule) {
            true => *self = Self { loaded, ..old },
            false => {
                self.series = old.series;
                self.set_alerts(old.alerts);
            }
        }
    }

    /// Starts with alerts of an earlier run, sorted by labels.
    pub(super) fn restore(&mut self, alerts: Vec<ActiveAlert>) {
        self.series = Series::of_alerts(&alerts);
        self.set_alerts(Arc::new(alerts));
    }

    fn set_alerts(&mut self, alerts: Arc<Vec<ActiveAlert>>) {
        self.alerts = alerts;
        if let Some(highest) = self.highest() {
            self.state = highest; // without alerts it stays unknown until the first evaluation
        }
    }

    /// Notes how an evaluation went.
    pub(super) fn finish(&mut self, started: Timestamp, duration: Duration, error: Option<&RuleError>) {
        self.health = if error.is_some() { Health::Err } else { Health::Ok };
        self.last_error = error.map(|error| error.to_string().into());
        self.last_evaluation = Some(started);
        self.evaluation_time = duration;
        self.state = self.highest().unwrap_or(RuleState::Inactive);
    }

    /// The highest state of the alerts.
    fn highest(&self) -> Option<RuleState> {
        let states = self.alerts.iter().map(|alert| match alert.state {
            AlertState::Pending { .. } => RuleState::Pending,
            AlertState::Firing { .. } => RuleState::Firing,
            AlertState::Resolved { .. } => RuleState::Inactive,
        });
        states.max()
    }

    /// What the API shows of it.
    pub(super) fn view(&self) -> RuleView {
        RuleView {
            rule: Arc::clone(&self.loaded.rule),
            health: self.health,
            last_error: self.last_error.clone(),
            last_evaluation: self.last_evaluation,
            evaluation_time: self.evaluation_time,
            state: self.state,
            alerts: Arc::clone(&self.alerts),
        }
    }
}
