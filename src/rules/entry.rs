//! What the engine keeps for the next start: one record an alert, and the labels under which it is known.
//!
//! Prometheus keeps only `ActiveAt`, as a series in its database, and forgets `keep_firing_for`, what it
//! told last and what is resolved. We keep all of it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::AlertState;
use crate::model::{Annotations, LabelSet, Str};

/// A record to keep under its key, or to forget.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// What the record is about; a later entry with the same key replaces it.
    pub key: Key,
    /// What to keep; `None`: forget it.
    pub record: Option<Record>,
}

/// What a record is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Key {
    /// The external labels under which the router knows our alerts.
    ExternalLabels,
    /// One alert.
    Alert {
        /// The rule that found it.
        rule: Arc<RuleKey>,
        /// Its labels without external ones.
        labels: LabelSet,
    },
}

/// What is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Record {
    /// For [`Key::ExternalLabels`].
    ExternalLabels(LabelSet),
    /// For [`Key::Alert`].
    Alert(AlertRecord),
}

/// What is kept of an alert.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AlertRecord {
    /// Where it is in its life.
    pub state: AlertState,
    /// Its annotations when the state last changed.
    pub annotations: Annotations,
    /// Its value when the state last changed.
    #[serde(with = "float_text")]
    pub value: f64,
}

/// The identity of a rule over reloads and restarts: as in Prometheus its group, name and static labels;
/// neither expression nor `for` nor annotations.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RuleKey {
    /// `file;name` of its group.
    pub group: Str,
    /// What kind of rule it is.
    pub kind: RuleType,
    /// The alert's or the recorded metric's name.
    pub name: Str,
    /// Its labels with their unexpanded texts.
    pub labels: LabelSet,
    /// Its place among the rules of the group that are otherwise equal, from 0.
    pub ordinal: u32,
}

/// What kind of rule it is, as the API names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleType {
    /// It finds alerts.
    Alerting,
    /// It records series.
    Recording,
}

impl RuleType {
    /// The API's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Alerting => "alerting",
            Self::Recording => "recording",
        }
    }
}

/// Floats as text, because JSON has no NaN and no infinity.
mod float_text {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
