//! What happened in the rules engine, for log lines, metrics and history.

use super::{QueryError, RuleType};
use crate::model::{Duration, LabelSet, Str, Timestamp};

/// Something that happened in the rules engine.
///
/// `group` is always `file;name`, the `rule_group` label of Prometheus' metrics.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A group's evaluation is over.
    GroupEvaluated {
        /// The group.
        group: Str,
        /// The slot.
        at: Timestamp,
        /// When it really began.
        started: Timestamp,
        /// How long it took.
        duration: Duration,
        /// The sum of what its rules took (the rest is marking ended series).
        rule_durations: Duration,
        /// How many rules it has.
        rules: usize,
        /// How many of them failed.
        failed: usize,
        /// How many samples its rules returned.
        samples: usize,
    },
    /// Slots passed while an earlier evaluation was still running, or while nobody woke us.
    SlotsMissed {
        /// The group.
        group: Str,
        /// How many were left out.
        count: u64,
    },
    /// A rule's evaluation is over, well or not.
    RuleEvaluated {
        /// The group.
        group: Str,
        /// The rule's name.
        rule: Str,
        /// The rule's kind.
        kind: RuleType,
        /// How long it took.
        duration: Duration,
        /// How many samples it returned.
        samples: usize,
    },
    /// A rule could not be evaluated; its alerts stay as they are.
    RuleFailed {
        /// The group.
        group: Str,
        /// The rule's name.
        rule: Str,
        /// The rule's kind.
        kind: RuleType,
        /// Why.
        error: RuleError,
    },
    /// A label or an annotation could not be expanded and holds the error's text instead. Told once a field
    /// and evaluation.
    TemplateFailed {
        /// The group.
        group: Str,
        /// The rule's name.
        rule: Str,
        /// The label's or annotation's name.
        field: Str,
        /// The text that stands there now.
        error: Str,
    },
    /// Samples that no rule waits for (stale markers of what is gone) were not taken.
    WriteFailed {
        /// The group.
        group: Str,
        /// Why.
        error: String,
    },
    /// An alert changed its state.
    AlertChanged {
        /// The group.
        group: Str,
        /// The rule's name.
        rule: Str,
        /// The alert's labels as the router knows it: with external labels.
        labels: LabelSet,
        /// The evaluation, or the reload, in which it changed.
        at: Timestamp,
        /// The value of its last sample.
        value: f64,
        /// What became of it.
        change: Change,
    },
    /// The rules were loaded or replaced.
    Loaded {
        /// How many groups there are.
        groups: usize,
        /// How many of them were kept as they were.
        unchanged: usize,
        /// How many rules there are.
        rules: usize,
    },
}

/// What became of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Its expression began to hold; it waits for `for`.
    Pending,
    /// It fires.
    Firing,
    /// Its expression does not hold any more, but `keep_firing_for` keeps it.
    KeepFiring,
    /// Its expression holds again while `keep_firing_for` kept it.
    Recovered,
    /// It fired and is over.
    Resolved,
    /// It was pending and is over; nobody was told.
    Inactive,
    /// It fired, but a reload raised `for` above the time it has been active. Told as resolved.
    Demoted,
    /// It was dropped because its rule found more alerts than its limit allows. If it fired it is told as
    /// resolved.
    OverLimit,
    /// It was dropped because its rule or group is gone. If it fired it is told as resolved.
    RuleGone,
}

impl Change {
    /// One word for logs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Firing => "firing",
            Self::KeepFiring => "keep_firing",
            Self::Recovered => "recovered",
            Self::Resolved => "resolved",
            Self::Inactive => "inactive",
            Self::Demoted => "demoted",
            Self::OverLimit => "over_limit",
            Self::RuleGone => "rule_gone",
        }
    }
}

/// Why a rule's evaluation failed. The texts are Prometheus'.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// The query has no result.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// A string or a matrix.
    #[error("rule result is not a vector or scalar")]
    NotVector,
    /// Two samples became the same alert.
    #[error("vector contains metrics with the same labelset after applying alert labels")]
    DuplicateAlert,
    /// Two samples became the same series.
    #[error("vector contains metrics with the same labelset after applying rule labels")]
    DuplicateSeries,
    /// Too many alerts.
    #[error("exceeded limit of {limit} with {count} alerts")]
    AlertLimit {
        /// The group's limit.
        limit: usize,
        /// How many pending and firing alerts there would be.
        count: usize,
    },
    /// Too many series.
    #[error("exceeded limit of {limit} with {count} series")]
    SeriesLimit {
        /// The group's limit.
        limit: usize,
        /// How many series there would be.
        count: usize,
    },
    /// The samples were not taken.
    #[error("{0}")]
    Write(String),
}
