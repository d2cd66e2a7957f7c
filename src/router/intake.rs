//! Alerts come in: what is new about them, and which groups they are in.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::alerts::{AlertIndex, Place, Places, Slot};
use super::groups::{Delivery, Group, GroupIndex};
use super::machine::Router;
use super::merge::merge;
use super::timers::Timer;
use super::tree::group_labels;
use super::{AlertChange, Event, GroupKey, Key, Record, SavedGroup};
use crate::config::routes::RouteIndex;
use crate::model::{Alert, Fingerprint, LabelSet, Timestamp};

impl Router {
    /// Takes alerts in, and says how many were dropped.
    pub(super) fn on_alerts(&mut self, now: Timestamp, alerts: Vec<Alert>) -> usize {
        let (mut firing, mut resolved, mut new, mut limited) = (0, 0, 0, 0);
        for alert in alerts {
            match alert.is_resolved_at(now) {
                true => resolved += 1,
                false => firing += 1,
            }
            let fingerprint = alert.labels.fingerprint();
            match self.alerts.find(fingerprint) {
                Some(index) => self.refresh(now, index, alert),
                None if !self.name_limit.has_room(now, &alert.labels) => limited += 1,
                None => {
                    new += 1;
                    self.admit(now, fingerprint, alert);
                }
            }
        }
        if firing + resolved > 0 {
            self.note(Event::AlertsReceived { firing, resolved, new });
        }
        if limited > 0 {
            self.note(Event::AlertsLimited { count: limited });
        }
        limited
    }

    /// Takes in an alert that is not known. As in Alertmanager also one that is already resolved: somebody
    /// may have been told that it fires, before its group was forgotten.
    fn admit(&mut self, now: Timestamp, fingerprint: Fingerprint, alert: Alert) {
        let places = self.places_of(&alert.labels);
        if places.is_empty() {
            return; // the root route has matchers and refuses it
        }
        let index = self.add_alert(fingerprint, alert, places);
        self.keep_alert(index);
        if !self.alerts.at(index).alert.is_resolved_at(now) {
            self.note_alert(index, AlertChange::Began, self.alerts.at(index).alert.ends_at.is_none());
        }
        self.settle_silences_of(now, index);
        self.join_all(now, index);
    }

    /// Adds an alert that is not known to all that keep track of alerts.
    pub(super) fn add_alert(&mut self, fingerprint: Fingerprint, alert: Alert, places: Places) -> AlertIndex {
        let index = self.alerts.insert(fingerprint, alert, places);
        let slot = self.alerts.at_mut(index);
        slot.roles = self.inhibition.enter(index, &slot.alert.labels, slot.alert.ends_at);
        self.name_limit.enter(index, &slot.alert.labels, slot.alert.ends_at);
        self.label_index.insert(index, &self.alerts);
        self.meet_silences(index);
        index
    }

    /// Forgets an alert everywhere but in its groups.
    pub(super) fn remove_alert(&mut self, index: AlertIndex) -> Option<Slot> {
        let slot = self.alerts.remove(index)?;
        self.inhibition.leave(index, slot.roles, &slot.alert.labels, slot.alert.ends_at);
        self.label_index.remove(index, &slot.alert.labels);
        self.name_limit.leave(index, &slot.alert.labels, slot.alert.ends_at);
        if let Some(muting) = &slot.muting {
            self.silences.forget_alert(index, &muting.silences);
        }
        Some(slot)
    }

    /// Takes in what was said of a known alert. Most often nothing is new but that it was said.
    fn refresh(&mut self, now: Timestamp, index: AlertIndex, alert: Alert) {
        let slot = self.alerts.at(index);
        let merged = merge(&slot.alert, alert, now);
        let (was_over, is_over) = (slot.alert.is_resolved_at(now), merged.is_resolved_at(now));
        let ends = (slot.alert.ends_at, merged.ends_at);
        if was_over && ended_by_time(&slot.alert) {
            self.note_alert(index, AlertChange::Ended, false);
        }
        let slot = self.alerts.at_mut(index);
        self.inhibition.move_end(index, slot.roles, &slot.alert.labels, ends);
        self.name_limit.move_end(index, &slot.alert.labels, ends);
        if differs(&slot.alert, &merged, is_over) || was_over != is_over {
            self.alerts.update(index, merged);
            self.keep_alert(index);
        } else {
            self.alerts.refresh(index, merged.ends_at, merged.updated_at);
            if ends.0 != ends.1 && ends.1 > Some(now + self.routing.resolve_timeout) {
                self.keep_alert(index); // `restore` would let it end earlier
            }
        }
        if ends.0 != ends.1 {
            self.settle_silences_of(now, index);
        }
        if was_over != is_over {
            let (change, end) = match is_over {
                true => (AlertChange::Ended, ends.0),
                false => (AlertChange::Refired, ends.1),
            };
            self.note_alert(index, change, end.is_none());
            let groups: Vec<GroupIndex> =
                self.alerts.at(index).places.iter().filter_map(|place| place.group).collect();
            for group in groups {
                self.mark_changed(group);
                if was_over {
                    self.count_flap(now, group, self.alerts.at(index).fingerprint);
                }
            }
        }
        if !is_over {
            self.join_all(now, index);
        }
    }

    pub(super) fn note_alert(&mut self, index: AlertIndex, change: AlertChange, of_rule: bool) {
        let slot = self.alerts.at(index);
        let Alert { ref labels, starts_at, ends_at, .. } = slot.alert;
        let ends_at = ends_at.filter(|_| change == AlertChange::Ended);
        let (fingerprint, labels) = (slot.fingerprint, labels.clone());
        self.note(Event::Alert { change, fingerprint, labels, starts_at, ends_at, of_rule });
    }

    /// Persists an alert.
    pub(super) fn keep_alert(&mut self, index: AlertIndex) {
        let slot = self.alerts.at(index);
        let (key, record) = (Key::Alert(slot.fingerprint), Record::Alert(slot.alert.clone()));
        self.keep(key, record);
    }

    /// Where an alert with these labels belongs; it is in no group yet.
    pub(super) fn places_of(&self, labels: &LabelSet) -> Places {
        let place = |route| {
            let route = u32::try_from(route).expect("fewer than four billion routes fit in memory");
            Place { route, group: None }
        };
        self.tree.routes_of(labels).into_iter().map(place).collect::<Vec<_>>().into()
    }

    /// Puts an alert into the groups of its routes that it is not in. Groups that do not exist are made.
    pub(super) fn join_all(&mut self, now: Timestamp, index: AlertIndex) {
        for at in 0..self.alerts.at(index).places.len() {
            let place = self.alerts.at(index).places[at];
            if place.group.is_some() {
                continue;
            }
            let route = place.route as RouteIndex;
            let labels = self.group_labels_of(route, index);
            let group = match self.groups.find(route, &labels) {
                Some(group) => group,
                None => self.create_group(now, route, labels, index),
            };
            self.attach(index, at, group);
            self.mark_changed(group);
        }
    }

    pub(super) fn group_labels_of(&self, route: RouteIndex, index: AlertIndex) -> LabelSet {
        group_labels(&self.alerts.at(index).alert.labels, &self.routing.routes[route].group_by)
    }

    /// Makes an alert a member of a group.
    pub(super) fn attach(&mut self, index: AlertIndex, place: usize, group: GroupIndex) {
        let slot = self.alerts.at_mut(index);
        slot.places[place].group = Some(group);
        let fingerprint = slot.fingerprint;
        self.groups.at_mut(group).members.insert(fingerprint, index);
    }

    /// Makes the group for an alert. It waits for more alerts, unless the alert has waited that long already.
    fn create_group(
        &mut self,
        now: Timestamp,
        route: RouteIndex,
        labels: LabelSet,
        index: AlertIndex,
    ) -> GroupIndex {
        let spec = &self.routing.routes[route];
        let waited = self.alerts.at(index).alert.starts_at + spec.group_wait < now;
        let next_flush = if waited { now } else { now + spec.group_wait };
        let key = GroupKey { route: Arc::clone(&spec.id), labels };
        let group = self.add_group(route, key, SavedGroup { next_flush, changed: false });
        let name = self.name_of(group);
        self.note(Event::GroupCreated { group: name, next_flush });
        group
    }

    /// Adds a group without members; its deliveries begin with what the log remembers.
    pub(super) fn add_group(&mut self, route: RouteIndex, key: GroupKey, saved: SavedGroup) -> GroupIndex {
        let mut deliveries = Vec::new();
        for destination in self.tree.destinations(route).iter() {
            let mut delivery = Delivery::new(Arc::clone(destination), None);
            delivery.told = self.memory.take(&delivery.key(&key));
            deliveries.push(delivery);
        }
        let SavedGroup { next_flush, changed } = saved;
        let members = BTreeMap::new();
        let group = Group { key, route, members, next_flush, flushed_at: None, changed, deliveries };
        let index = self.groups.insert(group);
        self.unseen.insert(index);
        self.timers.set(next_flush, Timer::Flush(index));
        index
    }

    /// Remembers that the group's next flush may have something to tell.
    pub(super) fn mark_changed(&mut self, index: GroupIndex) {
        if !std::mem::replace(&mut self.groups.at_mut(index).changed, true) {
            self.keep_group(index);
        }
    }

    /// Persists a group's timer.
    pub(super) fn keep_group(&mut self, index: GroupIndex) {
        let group = self.groups.at(index);
        let saved = SavedGroup { next_flush: group.next_flush, changed: group.changed };
        let key = Key::Group(group.key.clone());
        self.keep(key, Record::Group(saved));
    }
}

/// Whether an alert that is over ended because its sender said no more of it, and nobody has noted that yet.
pub(super) fn ended_by_time(alert: &Alert) -> bool {
    alert.ends_at.is_some_and(|end| end > alert.updated_at)
}

/// Whether what was said is new, beyond that the alert is still there. The end of an alert that fires moves
/// with every refresh; it is not worth a record, because `restore` gives senders time to speak again.
fn differs(old: &Alert, new: &Alert, is_over: bool) -> bool {
    let ends_differ = match is_over {
        true => old.ends_at != new.ends_at,
        false => old.ends_at.is_some() != new.ends_at.is_some(),
    };
    ends_differ
        || old.starts_at != new.starts_at
        || old.timeout != new.timeout
        || old.generator_url != new.generator_url
        || old.annotations != new.annotations
}
