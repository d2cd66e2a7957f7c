//! The labels of a route are texts in which templates may stand: here they become what a notification says.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::groups::GroupIndex;
use super::machine::Router;
use super::{Event, Notification, NotifiedAlert};
use crate::config::routes::Routing;
use crate::model::{Annotations, LabelSet, Str, Timestamp};
use crate::template::message::{AlertData, Data, Pairs, RenderError};

/// What templates see as the reason while labels are rendered: it may depend on them. As in Alertmanager.
const REASON: &str = "unknown";

impl Notification {
    /// What templates see of it; `external_url` is where people reach us.
    #[must_use]
    pub fn data(&self, external_url: &str) -> Data {
        let alert = |alert: &NotifiedAlert| AlertData {
            is_firing: !alert.resolved,
            labels: label_pairs(&alert.labels),
            annotations: annotation_pairs(&alert.annotations),
            starts_at: alert.starts_at,
            ends_at: alert.ends_at,
            generator_url: Arc::clone(&alert.generator_url),
            fingerprint: alert.fingerprint.to_string().into(),
            flaps: alert.flaps,
        };
        let heading = Data {
            receiver: Arc::clone(&self.receiver),
            notification_reason: self.reason.as_str().into(),
            group_labels: label_pairs(&self.group_labels),
            route_labels: self.route_labels.clone(),
            external_url: external_url.into(),
            group_key: Arc::clone(&self.group_key),
            at: self.at,
            ..Data::default()
        };
        heading.with_alerts(self.alerts.iter().map(alert).collect())
    }
}

/// Labels as templates see them.
#[must_use]
pub fn label_pairs(labels: &LabelSet) -> Pairs {
    labels.iter().map(|(name, value)| (name.into(), value.into())).collect()
}

/// Annotations as templates see them.
#[must_use]
pub fn annotation_pairs(annotations: &Annotations) -> Pairs {
    annotations.iter().map(|(name, value)| (name.into(), value.into())).collect()
}

/// The labels of a route as they are for the group that `data` gives; those that fail come back with why.
#[must_use]
pub fn route_labels(
    routing: &Routing,
    labels: &BTreeMap<Str, Str>,
    data: impl FnOnce() -> Data,
    now: Timestamp,
) -> (Pairs, Vec<(Str, RenderError)>) {
    if labels.values().all(|text| !text.contains("{{")) {
        return (labels.clone(), Vec::new());
    }
    routing.renderer.route_labels(labels, &Data { notification_reason: REASON.into(), ..data() }, now)
}

impl Router {
    /// Renders the route's labels in a notification that has just been written. Labels that fail are left out,
    /// and noted.
    pub(super) fn render_route_labels(&mut self, index: GroupIndex, notification: &mut Notification) {
        let (routing, labels) = (&self.routing, std::mem::take(&mut notification.route_labels));
        let data = || notification.data(&routing.external_url);
        let (rendered, failed) = route_labels(routing, &labels, data, notification.at);
        notification.route_labels = rendered;
        for (label, error) in failed {
            let (group, error) = (self.name_of(index), error.to_string().into());
            self.note(Event::RouteLabelFailed { group, label, error });
        }
    }
}
