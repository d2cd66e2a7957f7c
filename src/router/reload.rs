//! New routes. What they do not touch goes on: groups, timers, the log, notifications on their way.
//!
//! Every alert is routed anew. A group is the same group if its route's id and its labels are the same; if
//! only timings changed it is looked at no later than the new `group_interval` allows. An integration is
//! the same if its receiver, kind and place are, whatever its settings: a retry uses the new ones. What an
//! integration was told of a group that is gone stays in the log for a while, so that undoing a mistaken
//! reload tells nothing twice; but nobody is told that alerts have left a route. An attempt that was under
//! way for a group or integration that is gone is not retried, and its outcome is ignored.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::groups::{Delivery, Group, GroupIndex, Groups, State, Wait};
use super::inhibition::Inhibition;
use super::machine::Router;
use super::name_limit::NameLimit;
use super::timers::{Timer, Timers};
use super::tree::{Destination, Tree};
use super::{Event, GroupKey, IntegrationName, Key};
use crate::config::routes::Routing;
use crate::model::{Fingerprint, Str, Timestamp};

impl Router {
    pub(super) fn on_reload(&mut self, now: Timestamp, routing: Arc<Routing>) {
        let before = std::mem::replace(&mut self.routing, Arc::clone(&routing));
        self.tree = Tree::new(&routing);
        self.inhibition = Inhibition::new(&routing.inhibit_rules);
        self.name_limit = NameLimit::new(routing.limits.alerts_per_name);
        self.timers = Timers::default();
        self.unseen.clear();
        self.begin_reload_of_outbox();
        let indexes: Vec<_> = self.groups.iter().map(|(index, _)| index).collect();
        let mut old = std::mem::take(&mut self.groups);
        let mut members = BTreeMap::new();
        let mut dropped = 0;
        for group in indexes.into_iter().filter_map(|index| old.remove(index)) {
            match self.tree.with_id(&group.key.route) {
                Some(route) => {
                    members.insert(group.key.clone(), group.members.keys().copied().collect::<Vec<_>>());
                    self.carry_over(now, &before, group, route);
                }
                None => {
                    dropped += 1;
                    self.let_go(now, group);
                }
            }
        }
        let carried = self.groups.len();
        for index in self.alerts.indexes() {
            let places = self.places_of(&self.alerts.at(index).alert.labels);
            let slot = self.alerts.at_mut(index);
            slot.places = places;
            slot.roles = self.inhibition.enter(index, &slot.alert.labels, slot.alert.ends_at);
            self.name_limit.enter(index, &slot.alert.labels, slot.alert.ends_at);
            let is_over = slot.alert.is_resolved_at(now);
            self.rejoin(now, index, is_over);
        }
        let created = self.groups.len() - carried;
        let emptied = self.drop_empty_groups(now);
        self.mark_moved(&members);
        self.restore_cooldowns(now);
        self.endpoints.end_reload(now);
        self.limiters.end_reload(now);
        self.schedule_silences(now);
        let kept = carried - emptied;
        self.note(Event::Reloaded { kept, created, dropped: dropped + emptied });
    }

    /// A group goes on under the new routes, without members yet.
    fn carry_over(&mut self, now: Timestamp, before: &Routing, group: Group, route: usize) {
        let (was, is) = (&before.routes[group.route], &self.routing.routes[route]);
        let same_timing = (was.group_wait, was.group_interval) == (is.group_wait, is.group_interval);
        let next_flush = match same_timing {
            true => group.next_flush,
            false => group.next_flush.min(now + is.group_interval),
        };
        let Group { key, flushed_at, changed, deliveries, .. } = group;
        let mut old: BTreeMap<IntegrationName, Delivery> =
            deliveries.into_iter().map(|delivery| (delivery.destination.name.clone(), delivery)).collect();
        let mut deliveries = Vec::new();
        for destination in self.tree.destinations(route).iter() {
            deliveries.push(match old.remove(&destination.name) {
                Some(delivery) => Delivery { destination: Arc::clone(destination), ..delivery },
                None => {
                    let mut delivery = Delivery::new(Arc::clone(destination), None);
                    delivery.told = self.memory.take(&delivery.key(&key));
                    delivery
                }
            });
        }
        for delivery in old.into_values() {
            self.retire(now, &key, Some(route), delivery);
        }
        let members = BTreeMap::new();
        let group = Group { key, route, members, next_flush, flushed_at, changed, deliveries };
        self.put_back(now, group, !same_timing);
    }

    /// Sets a carried group's timers and attempts at its new place.
    fn put_back(&mut self, now: Timestamp, group: Group, moved: bool) {
        let (next_flush, is_unseen) = (group.next_flush, group.flushed_at.is_none());
        let index = self.groups.insert(group);
        if is_unseen {
            self.unseen.insert(index);
        }
        self.timers.set(next_flush, Timer::Flush(index));
        for (place, delivery) in self.groups.at(index).deliveries.iter().enumerate() {
            if let Some(at) = delivery.timer {
                self.timers.set(at, Timer::Delivery(index, place));
            }
            let Destination { endpoint, name, .. } = &*delivery.destination;
            match &delivery.state {
                State::InFlight { attempt, .. } => {
                    self.in_flight.insert(*attempt, (index, place));
                    self.endpoints.begin(endpoint, *attempt);
                }
                State::Waiting { wait: Wait::InLine(ticket), .. } => {
                    self.endpoints.join(now, endpoint, name, *ticket, (index, place));
                }
                State::Waiting { wait: Wait::Until(_), .. } | State::Idle => {}
            }
        }
        for place in 0..self.groups.at(index).deliveries.len() {
            self.put_back_outbox(now, index, place);
        }
        if moved {
            self.keep_group(index);
        }
    }

    fn begin_reload_of_outbox(&mut self) {
        let names: BTreeSet<Str> = self.tree.all_destinations().map(|known| known.endpoint.clone()).collect();
        for endpoint in self.endpoints.begin_reload(&names) {
            self.note(Event::CircuitClosed { endpoint, waiting: 0 });
        }
        for gone in self.limiters.begin_reload(self.tree.all_destinations()) {
            self.forget(Key::Limiter(gone));
        }
    }

    /// What waits goes on waiting, with the fallback and the limit that there are now.
    fn put_back_outbox(&mut self, now: Timestamp, index: GroupIndex, place: usize) {
        self.set_wait_timer(now, index, place);
        let delivery = &self.groups.at(index).deliveries[place];
        let Some(ticket) = delivery.held_back else { return };
        let destination = Arc::clone(&delivery.destination);
        if !self.limiters.rejoin(now, &destination, ticket, (index, place)) {
            self.groups.at_mut(index).deliveries[place].held_back = None;
            self.set_delivery_timer(index, place, Some(now));
        }
    }

    /// A group's route is gone.
    fn let_go(&mut self, now: Timestamp, group: Group) {
        for delivery in group.deliveries {
            self.retire(now, &group.key, None, delivery);
        }
        self.forget(Key::Group(group.key));
    }

    /// Marks carried groups that have other members than before.
    fn mark_moved(&mut self, before: &BTreeMap<GroupKey, Vec<Fingerprint>>) {
        let moved = |groups: &Groups| {
            let differs = |group: &Group| {
                let old = before.get(&group.key);
                old.is_some_and(|old| !old.iter().eq(group.members.keys()))
            };
            groups.iter().filter(|(_, group)| differs(group)).map(|(index, _)| index).collect::<Vec<_>>()
        };
        for index in moved(&self.groups) {
            self.mark_changed(index);
        }
    }
}
