//! Alerts in the JSON of the API v2: its names, order and formats. Nothing is `null`.

use serde::{Serialize, Serializer};

use crate::model::{Annotations, Duration, Fingerprint, LabelSet, SilenceId, Str, Timestamp};
use crate::router::AlertView;

/// An alert on its way to be written.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    /// The alert.
    pub(super) view: AlertView,
    /// The end that is shown of an alert without one, such as those of our own rules: a time to come, because
    /// clients take one that has passed, and Go's zero time, for an end.
    pub(super) horizon: Timestamp,
}

impl Shown {
    /// The alert as it is shown at `now`.
    pub(super) fn new(view: AlertView, now: Timestamp, resolve_timeout: Duration) -> Self {
        Self { view, horizon: now + resolve_timeout }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GettableAlert<'a> {
    annotations: &'a Annotations,
    ends_at: String,
    fingerprint: Fingerprint,
    receivers: Receivers<'a>,
    starts_at: String,
    status: Status<'a>,
    updated_at: String,
    #[serde(rename = "generatorURL", skip_serializing_if = "str::is_empty")]
    generator_url: &'a str,
    labels: &'a LabelSet,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Status<'a> {
    inhibited_by: &'a [Fingerprint],
    muted_by: &'a [Str],
    silenced_by: &'a [SilenceId],
    state: &'static str,
}

/// Names of receivers, each in an object of its own.
struct Receivers<'a>(&'a [Str]);

#[derive(Serialize)]
pub(super) struct Named<'a> {
    pub(super) name: &'a str,
}

impl Serialize for Receivers<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|name| Named { name }))
    }
}

impl Serialize for Shown {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let AlertView { alert, fingerprint, receivers, mutes, muted_by } = &self.view;
        let is_suppressed = mutes.any() || !muted_by.is_empty();
        let shown = GettableAlert {
            annotations: &alert.annotations,
            ends_at: alert.ends_at.unwrap_or(self.horizon).rfc3339_millis(),
            fingerprint: *fingerprint,
            receivers: Receivers(receivers),
            starts_at: alert.starts_at.rfc3339_millis(),
            status: Status {
                inhibited_by: &mutes.inhibited_by,
                muted_by,
                silenced_by: &mutes.silenced_by,
                state: if is_suppressed { "suppressed" } else { "active" },
            },
            updated_at: alert.updated_at.rfc3339_millis(),
            generator_url: &alert.generator_url,
            labels: &alert.labels,
        };
        shown.serialize(serializer)
    }
}
