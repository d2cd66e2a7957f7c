//! What a notification's templates see. The names are those of Alertmanager's data.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::model::{Str, Timestamp};

/// Labels or annotations.
pub type Pairs = BTreeMap<Str, Str>;

/// A group of alerts, as it is told to a receiver.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Data {
    /// The receiver's name, as it is; Go templates see it through `regexp.QuoteMeta`, as in Alertmanager.
    pub receiver: Str,
    /// Whether any alert fires. Templates see `status`: `firing` or `resolved`.
    #[serde(rename = "status", serialize_with = "status")]
    pub is_firing: bool,
    /// The alerts, in the order in which they are told.
    pub alerts: Vec<AlertData>,
    /// Why it is told: `first notification`, …
    pub notification_reason: Str,
    /// The labels that the group shares by its route.
    pub group_labels: Pairs,
    /// The labels that all alerts have.
    pub common_labels: Pairs,
    /// The annotations that all alerts have.
    pub common_annotations: Pairs,
    /// The labels of the route, rendered.
    pub route_labels: Pairs,
    /// Where people reach us.
    #[serde(rename = "externalURL")]
    pub external_url: Str,
    /// The group's key.
    pub group_key: Str,
    /// When it was decided to tell.
    #[serde(serialize_with = "time")]
    pub at: Timestamp,
}

/// An alert of the group.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AlertData {
    /// Whether it fires. Templates see `status`: `firing` or `resolved`.
    #[serde(rename = "status", serialize_with = "status")]
    pub is_firing: bool,
    /// Who it is.
    pub labels: Pairs,
    /// What it says.
    pub annotations: Pairs,
    /// Since when it fires.
    #[serde(serialize_with = "time")]
    pub starts_at: Timestamp,
    /// When it ended; `None` while it fires (Go templates see the zero time).
    #[serde(serialize_with = "maybe_time")]
    pub ends_at: Option<Timestamp>,
    /// A link to what raised it.
    #[serde(rename = "generatorURL")]
    pub generator_url: Str,
    /// Its fingerprint, 16 hexadecimal digits.
    pub fingerprint: Str,
    /// How many times it flapped during a cooldown. Go templates do not see it.
    pub flaps: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn status<S: serde::Serializer>(is_firing: &bool, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(if *is_firing { "firing" } else { "resolved" })
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn time<S: serde::Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&at.rfc3339())
}

fn maybe_time<S: serde::Serializer>(at: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    at.map(Timestamp::rfc3339).serialize(serializer)
}

impl Data {
    /// The same group, about these of its alerts only.
    #[must_use]
    pub fn about(&self, alerts: &[AlertData]) -> Self {
        let group = Self {
            receiver: self.receiver.clone(),
            notification_reason: self.notification_reason.clone(),
            group_labels: self.group_labels.clone(),
            route_labels: self.route_labels.clone(),
            external_url: self.external_url.clone(),
            group_key: self.group_key.clone(),
            at: self.at,
            ..Self::default()
        };
        group.with_alerts(alerts.to_vec())
    }

    /// Fills in what follows from the alerts: whether any fires, and what all of them have. As in Alertmanager
    /// a missing label counts as an empty one.
    #[must_use]
    pub fn with_alerts(mut self, alerts: Vec<AlertData>) -> Self {
        self.is_firing = alerts.iter().any(|alert| alert.is_firing);
        self.common_labels = common(alerts.iter().map(|alert| &alert.labels));
        self.common_annotations = common(alerts.iter().map(|alert| &alert.annotations));
        self.alerts = alerts;
        self
    }
}

/// The pairs of the first that all others have.
fn common<'a>(mut sets: impl Iterator<Item = &'a Pairs>) -> Pairs {
    let mut common = sets.next().cloned().unwrap_or_default();
    for set in sets {
        common.retain(|name, value| set.get(name).map_or("", |own| &**own) == &**value);
    }
    common
}
