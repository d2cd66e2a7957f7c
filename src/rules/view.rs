//! What the API and the metrics show of the rules: cheap to make, cheap to clone.

use std::sync::Arc;

use super::{ActiveAlert, AlertState, RuleType};
use crate::config::rules::{Rule, RuleGroup, RuleKind};
use crate::model::{Duration, Str, Timestamp};

/// All groups at one moment.
#[derive(Clone, Debug)]
pub struct View {
    /// Sorted by file, then name.
    pub groups: Arc<[GroupView]>,
}

/// One group at one moment.
#[derive(Clone, Debug)]
pub struct GroupView {
    /// The group as loaded: file, name, limit.
    pub group: Arc<RuleGroup>,
    /// `file;name`.
    pub key: Str,
    /// How often it is evaluated, the default applied.
    pub interval: Duration,
    /// How far back its queries look, the default applied.
    pub query_offset: Duration,
    /// Its rules in file order.
    pub rules: Arc<[RuleView]>,
    /// The slot of its last evaluation: the time for which its queries asked, but for the offset.
    pub last_slot: Option<Timestamp>,
    /// When its last evaluation really began; `None`: not evaluated yet.
    pub last_evaluation: Option<Timestamp>,
    /// How long its last evaluation took.
    pub evaluation_time: Duration,
    /// The sum of what its rules took in its last evaluation.
    pub rule_durations: Duration,
    /// How many samples its rules returned in its last evaluation.
    pub last_samples: usize,
    /// How many slots there were since it was loaded, the missed ones included.
    pub iterations: u64,
    /// How many slots were missed since it was loaded.
    pub missed: u64,
}

/// One rule at one moment.
#[derive(Clone, Debug)]
pub struct RuleView {
    /// The rule as loaded: name, query, labels, annotations, `for`, `keep_firing_for`.
    pub rule: Arc<Rule>,
    /// Whether its last evaluation went well.
    pub health: Health,
    /// Why its last evaluation failed, if it did.
    pub last_error: Option<Str>,
    /// When its last evaluation began; `None`: not evaluated yet.
    pub last_evaluation: Option<Timestamp>,
    /// How long its last evaluation took.
    pub evaluation_time: Duration,
    /// The highest state of its alerts.
    pub state: RuleState,
    /// Its alerts sorted by labels, recently resolved ones included.
    pub alerts: Arc<Vec<ActiveAlert>>,
}

impl RuleView {
    /// What kind of rule it is.
    #[must_use]
    pub fn kind(&self) -> RuleType {
        RuleType::of(&self.rule)
    }

    /// The alerts that the API shows: pending and firing ones, sorted by labels.
    pub fn active_alerts(&self) -> impl Iterator<Item = &ActiveAlert> {
        self.alerts.iter().filter(|alert| !matches!(alert.state, AlertState::Resolved { .. }))
    }
}

impl RuleType {
    /// The kind of `rule`.
    #[must_use]
    pub fn of(rule: &Rule) -> Self {
        match rule.kind {
            RuleKind::Recording => Self::Recording,
            RuleKind::Alerting(_) => Self::Alerting,
        }
    }
}

/// Whether a rule's last evaluation went well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// Not evaluated yet.
    Unknown,
    /// It did.
    Ok,
    /// It did not.
    Err,
}

impl Health {
    /// The API's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Ok => "ok",
            Self::Err => "err",
        }
    }
}

/// The highest state of a rule's alerts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RuleState {
    /// Not evaluated yet, and no alert was restored.
    Unknown,
    /// No alert.
    Inactive,
    /// At least one pending alert.
    Pending,
    /// At least one firing alert.
    Firing,
}

impl RuleState {
    /// The API's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Inactive => "inactive",
            Self::Pending => "pending",
            Self::Firing => "firing",
        }
    }
}
