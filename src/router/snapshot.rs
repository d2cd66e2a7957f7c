//! A group as it is at one instant, and the notification that tells of it.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::alerts::Alerts;
use super::groups::Group;
use super::machine::Router;
use super::{DeliveryKey, Notification, NotifiedAlert, Reason};
use crate::config::routes::Route;
use crate::model::lookup::StableHasher;
use crate::model::{Fingerprint, LabelSet, Str, Timestamp};

/// Which of a group's alerts fire and which are resolved at one instant, each list sorted.
#[derive(Clone, Debug)]
pub(super) struct Snapshot {
    /// The instant.
    pub(super) at: Timestamp,
    /// The alerts that fire and may be told.
    pub(super) firing: Vec<Fingerprint>,
    /// The alerts that are resolved. Whoever knows that one fires hears of its end also while it is muted;
    /// with `strict`, as in Alertmanager, muted ones are left out.
    pub(super) resolved: Vec<Fingerprint>,
    /// The alerts that fire and are muted by silences or inhibition.
    pub(super) held: Vec<Fingerprint>,
    /// Whether the group's route is quiet by time intervals.
    pub(super) quiet: bool,
}

impl Router {
    /// Looks at a group.
    pub(super) fn look_at(&self, at: Timestamp, group: &Group) -> Snapshot {
        let quiet = !self.quiet_by(at, group.route).is_empty();
        let (mut firing, mut resolved, mut held) = (Vec::new(), Vec::new(), Vec::new());
        for (fingerprint, index) in &group.members {
            if !self.alerts.at(*index).alert.is_resolved_at(at) {
                let list = if self.is_muted(at, *index) { &mut held } else { &mut firing };
                list.push(*fingerprint);
            } else if !(self.routing.strict && self.is_muted(at, *index)) {
                resolved.push(*fingerprint);
            }
        }
        Snapshot { at, firing, resolved, held, quiet }
    }
}

/// What a notification says of the world, beside its alerts.
pub(super) struct Heading<'a> {
    pub(super) key: &'a DeliveryKey,
    pub(super) route: &'a Route,
    pub(super) reason: Reason,
    pub(super) at: Timestamp,
    pub(super) strict: bool,
    /// Whether it is told instead of the route's receiver: see [`super::tree::Destination::level`].
    pub(super) level: usize,
    /// How often alerts flapped.
    pub(super) flaps: &'a [(Fingerprint, u32)],
}

/// Writes the notification about these alerts of the group.
pub(super) fn notification(
    heading: &Heading<'_>,
    group: &Group,
    alerts: &Alerts,
    told: impl Iterator<Item = Fingerprint>,
) -> Notification {
    let Heading { key, route, reason, at, strict, level, flaps } = *heading;
    let mut told: Vec<NotifiedAlert> = told
        .filter_map(|fingerprint| {
            let alert = &alerts.at(*group.members.get(&fingerprint)?).alert;
            let resolved = alert.is_resolved_at(at);
            Some(NotifiedAlert {
                resolved,
                labels: alert.labels.clone(),
                annotations: alert.annotations.clone(),
                starts_at: alert.starts_at,
                ends_at: alert.ends_at.filter(|_| resolved),
                generator_url: Arc::clone(&alert.generator_url),
                fingerprint,
                flaps: flaps.iter().find(|(alert, _)| *alert == fingerprint).map_or(0, |(_, times)| *times),
            })
        })
        .collect();
    told.sort_by(|a, b| alert_order(&a.labels, &b.labels));
    Notification {
        idempotency_key: idempotency_key(key, reason, at),
        receiver: Arc::clone(&key.integration.receiver),
        group_key: group_key(route, &key.group.labels),
        group_labels: key.group.labels.clone(),
        route_labels: route.labels.clone(),
        reason,
        at,
        strict,
        fallback_for: (level > 0).then(|| Arc::clone(&route.receiver)),
        alerts: told,
    }
}

/// `{}/{severity="page"}:{alertname="Down"}`.
pub(super) fn group_key(route: &Route, labels: &LabelSet) -> Str {
    format!("{}:{labels}", route.key).into()
}

/// One notification of one group to one integration a decision: their names and its time are unique.
fn idempotency_key(key: &DeliveryKey, reason: Reason, at: Timestamp) -> Str {
    let mut hasher = StableHasher::default();
    key.hash(&mut hasher);
    hasher.write(reason.as_str().as_bytes());
    format!("{:016x}-{}", hasher.finish(), at.millis()).into()
}

/// Alertmanager's order of a group's alerts: by job, then instance (an alert without the label last), then by
/// its labels.
#[must_use]
pub fn alert_order(a: &LabelSet, b: &LabelSet) -> Ordering {
    let by = |name: &str| match (a.get(name), b.get(name)) {
        (Some(a), Some(b)) => a.cmp(b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    };
    by("job").then_with(|| by("instance")).then_with(|| labels_order(a, b))
}

/// Alertmanager's order of label sets, Go's `LabelSet.Before`: fewer labels first; else, at the first name (sorted) at which they differ, the
/// set that lacks it, or has the smaller value.
#[must_use]
pub fn labels_order(a: &LabelSet, b: &LabelSet) -> Ordering {
    a.len().cmp(&b.len()).then_with(|| {
        let differ = a.iter().zip(b.iter()).find(|(a, b)| a != b);
        differ.map_or(Ordering::Equal, |((a_name, a_value), (b_name, b_value))| {
            // The set whose next name is the greater one lacks the smaller name.
            b_name.cmp(a_name).then_with(|| a_value.cmp(b_value))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::alert_order;
    use crate::router::testing::labels;

    #[test]
    fn alerts_are_sorted_as_alertmanager_sorts_them() {
        let sorted = [
            "job=a instance=1 zone=z",
            "job=a instance=2",
            "job=a",
            "job=b instance=1",
            "instance=1",
            "instance=2",
            "x=1",
            "b=1 x=1",
            "a=1 x=1",
            "a=2 b=1",
        ];
        let mut shuffled = sorted;
        shuffled.reverse();
        shuffled.sort_by(|a, b| alert_order(&labels(a), &labels(b)));
        assert_eq!(shuffled, sorted);
    }
}
