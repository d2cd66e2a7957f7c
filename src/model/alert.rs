//! An alert as the router receives it: labels with a life.

use serde::{Deserialize, Serialize};

use super::{Annotations, LabelSet, Str, Timestamp};

/// One alert, from our own rules or from another system.
///
/// Two alerts with equal labels are the same alert.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// Who it is.
    pub labels: LabelSet,
    /// What it says; not part of its identity.
    pub annotations: Annotations,
    /// Since when it fires.
    pub starts_at: Timestamp,
    /// When it ends or ended. `None`: it fires until its sender says otherwise, as our own rules do, so
    /// that a data source which does not answer resolves nothing.
    pub ends_at: Option<Timestamp>,
    /// When its sender last spoke of it.
    pub updated_at: Timestamp,
    /// Whether `ends_at` was set by us (`resolve_timeout`) because the sender gave none.
    pub timeout: bool,
    /// A link to what raised it; may be empty.
    pub generator_url: Str,
}

impl Alert {
    /// Whether it has ended at `now`. An alert that ends at `now` has ended, as in Alertmanager.
    #[must_use]
    pub fn is_resolved_at(&self, now: Timestamp) -> bool {
        self.ends_at.is_some_and(|ends_at| ends_at <= now)
    }

    /// The value of the label `alertname`, or the empty string.
    #[must_use]
    pub fn name(&self) -> &str {
        self.labels.value(super::labels::ALERT_NAME)
    }
}
