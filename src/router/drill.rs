//! Messages that no group decided on: fire drills, and previews of what a message looks like.
//!
//! They take the form of any other notification, so that they go the whole real way; only their group's key
//! is their own, so that no receiver takes them for news of a real group.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::route_labels::route_labels;
use super::snapshot::alert_order;
use super::tree::group_labels;
use super::{Attempt, AttemptId, Notification, NotifiedAlert, Reason};
use crate::config::routes::{Receiver, RouteIndex, Routing};
use crate::model::{LabelSet, Str, Timestamp};

/// What a receiver is to be told.
#[derive(Clone, Debug)]
pub struct Drill {
    /// The route that it is told by: its grouping and labels.
    pub route: RouteIndex,
    /// The alerts; the labels of the first make the group.
    pub alerts: Vec<NotifiedAlert>,
    /// What the group's key begins with, such as `test-1700000000000`.
    pub name: Str,
    /// When it is told.
    pub at: Timestamp,
    /// When an attempt is given up.
    pub deadline: Timestamp,
}

impl Drill {
    /// One attempt for each integration of the receiver.
    #[must_use]
    pub fn attempts(&self, routing: &Routing, receiver: &Receiver) -> Vec<Attempt> {
        let attempt = |(number, integration): (u64, &Arc<_>)| Attempt {
            id: AttemptId(number),
            number: 1,
            deadline: self.deadline,
            integration: Arc::clone(integration),
            notification: Arc::new(self.notification(routing, receiver)),
            renderer: routing.renderer.clone(),
            memory: Arc::default(),
        };
        (1..).zip(&receiver.integrations).map(attempt).collect()
    }

    fn notification(&self, routing: &Routing, receiver: &Receiver) -> Notification {
        let mut alerts = self.alerts.clone();
        let first = alerts.first().map(|alert| alert.labels.clone()).unwrap_or_default();
        alerts.sort_by(|a, b| alert_order(&a.labels, &b.labels));
        let route = routing.routes.get(self.route);
        let group_labels =
            route.map_or_else(LabelSet::default, |route| group_labels(&first, &route.group_by));
        let state = if alerts.iter().all(|alert| alert.resolved) { "resolved" } else { "firing" };
        let mut notification = Notification {
            fallback_for: None,
            idempotency_key: format!("{}-{state}-{}", self.name, receiver.name).into(),
            receiver: receiver.name.clone(),
            group_key: format!("{}:{}:{group_labels}", self.name, route.map_or("{}", |route| &*route.key))
                .into(),
            group_labels,
            route_labels: route.map_or_else(BTreeMap::new, |route| route.labels.clone()),
            reason: if state == "firing" { Reason::First } else { Reason::AllResolved },
            at: self.at,
            strict: routing.strict,
            alerts,
        };
        // One that fails is left out, as it is of any other notification.
        let labels = std::mem::take(&mut notification.route_labels);
        let data = || notification.data(&routing.external_url);
        let (rendered, _) = route_labels(routing, &labels, data, self.at);
        notification.route_labels = rendered;
        notification
    }
}

/// The first route that tells a receiver; the root if none does.
#[must_use]
pub fn route_to(routing: &Routing, receiver: &str) -> RouteIndex {
    routing.routes.iter().position(|route| &*route.receiver == receiver).unwrap_or(0)
}
