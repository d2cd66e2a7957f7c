//! From records back to a router, as if it had never stopped.
//!
//! Groups keep their timers: a flush that is overdue happens at the first wake. A notification without a
//! known outcome is attempted again at once, with the same idempotency key: the one thing that may be told
//! twice; after a crash with many of them they stand in line. Records that nothing belongs to any more are forgotten with the first input.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::groups::{State, Wait};
use super::machine::Router;
use super::{
    DeadLetter, DeliveryKey, Entry, GroupKey, IntegrationName, Key, Pending, Record, SavedGroup,
    SavedLimiter, Told, cooldown,
};
use crate::config::routes::{RouteIndex, Routing};
use crate::model::{Alert, Fingerprint, Silence, SilenceId, Timestamp};

/// Records by what they are about.
#[derive(Default)]
struct Saved {
    alerts: BTreeMap<Fingerprint, Alert>,
    groups: BTreeMap<GroupKey, SavedGroup>,
    told: BTreeMap<DeliveryKey, Told>,
    pending: BTreeMap<DeliveryKey, (Arc<Pending>, bool)>,
    silences: BTreeMap<SilenceId, Silence>,
    dead_letters: BTreeMap<DeliveryKey, DeadLetter>,
    limiters: BTreeMap<IntegrationName, SavedLimiter>,
}

impl Saved {
    fn new(entries: Vec<Entry>) -> Self {
        let mut saved = Self::default();
        for Entry { key, record } in entries {
            match (key, record) {
                (Key::Alert(key), Some(Record::Alert(alert))) => drop(saved.alerts.insert(key, alert)),
                (Key::Group(key), Some(Record::Group(group))) => drop(saved.groups.insert(key, group)),
                (Key::Told(key), Some(Record::Told(told))) => drop(saved.told.insert(key, told)),
                (Key::Pending(key), Some(Record::Pending { pending, in_flight })) => {
                    drop(saved.pending.insert(key, (pending, in_flight)));
                }
                (Key::Alert(key), None) => drop(saved.alerts.remove(&key)),
                (Key::Group(key), None) => drop(saved.groups.remove(&key)),
                (Key::Told(key), None) => drop(saved.told.remove(&key)),
                (Key::Pending(key), None) => drop(saved.pending.remove(&key)),
                (Key::Silence(key), Some(Record::Silence(silence))) => {
                    drop(saved.silences.insert(key, silence))
                }
                (Key::Silence(key), None) => drop(saved.silences.remove(&key)),
                (Key::DeadLetter(key), Some(Record::DeadLetter(letter))) => {
                    drop(saved.dead_letters.insert(key, letter));
                }
                (Key::DeadLetter(key), None) => drop(saved.dead_letters.remove(&key)),
                (Key::Limiter(key), Some(Record::Limiter(limiter))) => {
                    drop(saved.limiters.insert(key, limiter));
                }
                (Key::Limiter(key), None) => drop(saved.limiters.remove(&key)),
                // A record of another kind than its key: not written by us, so it says nothing.
                (
                    Key::Alert(_)
                    | Key::Group(_)
                    | Key::Told(_)
                    | Key::Pending(_)
                    | Key::Silence(_)
                    | Key::DeadLetter(_)
                    | Key::Limiter(_),
                    Some(_),
                ) => {}
            }
        }
        saved
    }
}

impl Router {
    /// Starts from what an earlier run persisted (nothing, at first). `seed` feeds all randomness.
    ///
    /// The routes may have changed meanwhile; what that means is the same as for a reload.
    #[must_use]
    pub fn restore(routing: Arc<Routing>, seed: u64, now: Timestamp, saved: Vec<Entry>) -> Self {
        let mut router = Self::new(routing, seed);
        let saved = Saved::new(saved);
        for (key, told) in saved.told {
            let route = router.tree.with_id(&key.group.route).map(|at| &router.routing.routes[at]);
            if !router.memory.keep_for_group(key.clone(), told, route, now) {
                router.forget(Key::Told(key));
            }
        }
        for silence in saved.silences.into_values() {
            router.restore_silence(now, silence);
        }
        router.restore_groups(now, saved.groups);
        router.restore_alerts(now, saved.alerts);
        router.drop_empty_groups(now);
        for (name, limiter) in saved.limiters {
            router.restore_limiter(now, name, limiter);
        }
        for (key, letter) in saved.dead_letters {
            router.restore_dead_letter(key, letter);
        }
        for (key, (pending, in_flight)) in saved.pending {
            router.restore_pending(now, key, pending, in_flight);
        }
        router.restore_cooldowns(now);
        router.schedule_silences(now);
        router.forget_ended(now);
        router
    }

    fn restore_groups(&mut self, now: Timestamp, saved: BTreeMap<GroupKey, SavedGroup>) {
        for (key, group) in saved {
            let Some(route) = self.tree.with_id(&key.route) else {
                self.forget(Key::Group(key));
                continue;
            };
            let interval = self.routing.routes[route].group_interval.millis().max(1);
            let late = now.since(group.next_flush).millis();
            let next_flush = match late >= 0 && !group.changed {
                // It was looked at in vain since; its next look is at the same beat.
                true => group.next_flush + self.routing.routes[route].group_interval * (late / interval + 1),
                false => group.next_flush,
            };
            self.add_group(route, key, SavedGroup { next_flush, ..group });
        }
    }

    fn restore_alerts(&mut self, now: Timestamp, saved: BTreeMap<Fingerprint, Alert>) {
        for (fingerprint, mut alert) in saved {
            // Its sender could not speak to us while we were away, and refreshes are not recorded.
            if alert.ends_at.is_some_and(|end| end > alert.updated_at) {
                alert.ends_at = alert.ends_at.max(Some(now + self.routing.resolve_timeout));
            }
            let places = self.places_of(&alert.labels);
            let is_over = alert.is_resolved_at(now);
            let index = self.add_alert(fingerprint, alert, places);
            self.rejoin(now, index, is_over);
        }
    }

    /// Puts an alert that belongs nowhere yet into its groups. New groups are made only for alerts that
    /// fire: of others either nobody knows, or their groups still exist.
    pub(super) fn rejoin(&mut self, now: Timestamp, index: u32, is_over: bool) {
        for place in 0..self.alerts.at(index).places.len() {
            let route = self.alerts.at(index).places[place].route as RouteIndex;
            let labels = self.group_labels_of(route, index);
            if let Some(group) = self.groups.find(route, &labels) {
                self.attach(index, place, group);
            }
        }
        if !is_over {
            self.join_all(now, index);
        }
        if self.alerts.at(index).places.iter().all(|place| place.group.is_none())
            && let Some(slot) = self.remove_alert(index)
        {
            self.forget(Key::Alert(slot.fingerprint));
        }
    }

    pub(super) fn drop_empty_groups(&mut self, now: Timestamp) -> usize {
        let empty = self.groups.iter().filter(|(_, group)| group.members.is_empty());
        let empty: Vec<_> = empty.map(|(index, _)| index).collect();
        for index in &empty {
            self.drop_group(now, *index);
        }
        empty.len()
    }

    fn restore_pending(&mut self, now: Timestamp, key: DeliveryKey, pending: Arc<Pending>, in_flight: bool) {
        let Some((index, place)) = self.find_delivery(&key) else { return self.forget(Key::Pending(key)) };
        if in_flight {
            self.note_unknown_outcome(now, index, place, &pending);
        }
        let delivery = &mut self.groups.at_mut(index).deliveries[place];
        delivery.state =
            State::Waiting { attempts: 0, wait: Wait::Until(now), pending: Arc::clone(&pending) };
        self.waiting += 1;
        match self.routing.strict {
            true => self.set_delivery_timer(index, place, Some(now)),
            // Not all at once.
            false => self.wait_in_line(now, index, place, pending, 0),
        }
    }

    /// What changed during a cooldown was not told; it is looked at when the cooldown ends.
    pub(super) fn restore_cooldowns(&mut self, now: Timestamp) {
        let mut ends = Vec::new();
        for (index, group) in self.groups.iter() {
            let cooldown = self.routing.routes[group.route].cooldown;
            for (place, delivery) in group.deliveries.iter().enumerate() {
                match (&delivery.state, cooldown::until(delivery.told.as_ref(), cooldown, now)) {
                    (State::Idle, Some(end)) => ends.push((index, place, end)),
                    (State::Idle | State::InFlight { .. } | State::Waiting { .. }, _) => {}
                }
            }
        }
        for (index, place, end) in ends {
            self.set_delivery_timer(index, place, Some(end));
        }
    }
}
