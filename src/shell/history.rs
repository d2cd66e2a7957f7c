//! What happened, as rows that are kept and can be asked for later.
//!
//! `events` makes rows of the core's events, `sentence` makes sentences of rows.

mod events;
mod sentence;

use serde::Serialize;

use crate::model::{Fingerprint, LabelSet, Str, Timestamp};

pub use events::{drill, reload_failed, rows};

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HistoryRow {
    /// When.
    pub at: Timestamp,
    /// What kind of thing.
    pub kind: HistoryKind,
    /// The receiver that it concerns, if one.
    pub receiver: Option<Str>,
    /// The alert that it concerns, if one.
    pub fingerprint: Option<Fingerprint>,
    /// The labels of the alert or of the group.
    pub labels: LabelSet,
    /// Everything else, by name.
    pub detail: serde_json::Map<String, serde_json::Value>,
}

impl HistoryRow {
    /// Whether it is about this alert: its own row, or a notification that names it. Of a notification with
    /// very many alerts only the first ones are known.
    #[must_use]
    pub fn concerns(&self, alert: Fingerprint) -> bool {
        if self.fingerprint == Some(alert) {
            return true;
        }
        let name = alert.to_string();
        let named = |list: &str| {
            let alerts = self.detail.get(list).and_then(serde_json::Value::as_array);
            alerts.is_some_and(|alerts| alerts.iter().any(|alert| alert.as_str() == Some(&name)))
        };
        named(events::FIRING_ALERTS) || named(events::RESOLVED_ALERTS)
    }
}

/// Kinds of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HistoryKind {
    /// An alert began to fire, changed or ended.
    Alert,
    /// A notification was delivered, an attempt failed, or a notification gave way to another.
    Notification,
    /// An integration was not told, and why.
    NotTold,
    /// A silence or acknowledgement was made, changed or ended.
    Silence,
    /// Files were loaded, or could not be.
    Reload,
    /// A server that we talk to does not answer, or answers again.
    Endpoint,
}

impl HistoryKind {
    /// All kinds.
    pub const ALL: [Self; 6] =
        [Self::Alert, Self::Notification, Self::NotTold, Self::Silence, Self::Reload, Self::Endpoint];

    /// Its name in the API and the store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Alert => "alert",
            Self::Notification => "notification",
            Self::NotTold => "not_told",
            Self::Silence => "silence",
            Self::Reload => "reload",
            Self::Endpoint => "endpoint",
        }
    }
}
