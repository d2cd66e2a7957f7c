//! The rules engine: which rules are evaluated when, and what becomes of their alerts. Pure.
//!
//! It knows nothing of routes or receivers: it hands alerts on and asks for queries. Semantics are those
//! of Prometheus 3.14's rule manager; differences are named where they are made.

mod alerting;
mod engine;
mod entry;
mod event;
mod expansion;
mod generator;
mod group;
mod labelling;
mod loaded;
mod recording;
mod reload;
mod restore;
mod rule_run;
mod schedule;
mod series;
mod state;
#[cfg(test)]
mod tests;
mod view;

pub use engine::Engine;
pub use entry::{AlertRecord, Entry, Key, Record, RuleKey, RuleType};
pub use event::{Change, Event, RuleError};
pub use state::{ActiveAlert, AlertState};
pub use view::{GroupView, Health, RuleState, RuleView, View};

use std::sync::Arc;

use crate::config::rules::RuleGroup;
use crate::model::sample::SeriesPoint;
use crate::model::{Alert, Duration, LabelSet, QueryValue, Str, Timestamp};

/// The rules and how to evaluate them.
#[derive(Clone, Debug, PartialEq)]
pub struct RulesConfig {
    /// All groups of all files, in order of file and place.
    pub groups: Vec<Arc<RuleGroup>>,
    /// The interval of groups that name none.
    pub evaluation_interval: Duration,
    /// The query offset of groups that name none.
    pub query_offset: Duration,
    /// How long an unchanged firing alert waits before the router is told again.
    pub resend_delay: Duration,
    /// Labels added to each alert that lacks them.
    pub external_labels: LabelSet,
    /// Under which URL people reach the data source: the base of generator URLs, and `$externalURL`.
    pub external_url: Str,
}

impl Default for RulesConfig {
    /// No rules, and what Prometheus does unless it is told otherwise.
    fn default() -> Self {
        Self {
            groups: Vec::new(),
            evaluation_interval: Duration::from_mins(1),
            query_offset: Duration::ZERO,
            resend_delay: Duration::from_mins(1),
            external_labels: LabelSet::default(),
            external_url: Str::default(),
        }
    }
}

/// Names one query until it is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EvalId(pub u64);

/// Names one write until it is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WriteId(pub u64);

/// An instant query that the engine wants answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// What its answer must name.
    pub eval: EvalId,
    /// The PromQL expression.
    pub expr: Str,
    /// The evaluation time.
    pub at: Timestamp,
    /// `file;name` of the group that asks.
    pub group: Str,
}

/// The answer to a [`Query`].
#[derive(Clone, Debug)]
pub struct Sampled {
    /// The query that is answered.
    pub eval: EvalId,
    /// What the data source said.
    pub result: Result<QueryValue, QueryError>,
}

/// Why a query has no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// No answer: refused, timed out, broken off.
    #[error("data source unreachable: {0}")]
    Unreachable(String),
    /// The data source answered with an error.
    #[error("{kind}: {message}")]
    Refused {
        /// Prometheus' `errorType`, such as `bad_data` or `timeout`.
        kind: String,
        /// Its text.
        message: String,
    },
    /// The data source answered with a part of the result only, which could resolve alerts by mistake.
    #[error("incomplete result: {0}")]
    Incomplete(String),
    /// The answer is not what the API promises.
    #[error("unexpected answer: {0}")]
    Malformed(String),
}

/// Samples to write to the data source, so that other rules and people can query them.
#[derive(Clone, Debug, PartialEq)]
pub struct Write {
    /// What its answer must name.
    pub id: WriteId,
    /// The samples; a stale marker is [`crate::model::sample::stale_nan`].
    pub points: Vec<SeriesPoint>,
}

/// The answer to a [`Write`].
#[derive(Clone, Debug)]
pub struct Written {
    /// The write that is answered.
    pub id: WriteId,
    /// Whether the samples were taken, or why not.
    pub result: Result<(), String>,
}

/// What happens to the engine.
#[derive(Clone, Debug)]
pub enum Input {
    /// A query was answered.
    Sampled(Sampled),
    /// A write was answered.
    Written(Written),
    /// New rules.
    Reload(Arc<RulesConfig>),
    /// Time has come, perhaps.
    Wake,
}

/// What the engine wants done.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Ask the data source.
    Query(Query),
    /// Write to the data source.
    Write(Write),
    /// Tell the router about new, changed or resolved alerts.
    Alerts(Vec<Alert>),
    /// Keep a record for the next start.
    Persist(Entry),
    /// Something worth a log line and a metric.
    Note(Event),
}
