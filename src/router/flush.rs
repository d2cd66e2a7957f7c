//! A group is looked at: what each integration is told now, and which alerts and groups are done with.

use std::sync::Arc;

use super::alerts::AlertIndex;
use super::attempts::Begun;
use super::dedup::{Decision, Question, decide_in_time};
use super::fallback;
use super::groups::{Delivery, Group, GroupIndex, State, Wait};
use super::intake::ended_by_time;
use super::machine::Router;
use super::snapshot::{Heading, Snapshot, group_key, notification};
use super::timers::Timer;
use super::tree::Destination;
use super::{AlertChange, Event, GroupName, Key, NotTold, Pending, Reason, Record, Told};
use super::{cooldown, retry};
use crate::config::routes::Route;
use crate::model::{Fingerprint, Timestamp};

impl Router {
    /// The group's timer has come: the next one is set, then each integration is looked at.
    pub(super) fn flush(&mut self, now: Timestamp, index: GroupIndex) {
        let interval = self.route_of(index).group_interval;
        let group = self.groups.at_mut(index);
        group.next_flush = now + interval;
        group.flushed_at = Some(now);
        let next_flush = group.next_flush;
        self.unseen.remove(&index);
        let group = self.groups.at_mut(index);
        if std::mem::replace(&mut group.changed, false) {
            self.keep_group(index);
        }
        self.timers.set(next_flush, Timer::Flush(index));
        let snapshot = self.snapshot(now, index);
        self.note_suppressed(index, &snapshot);
        for place in 0..self.groups.at(index).deliveries.len() {
            self.look(index, place, &snapshot);
        }
        self.prune(now, index);
    }

    /// The group as it is now. An alert that ended because its sender said no more of it is recorded as
    /// ended from here on: what follows may be told, so a restart must not bring the alert back.
    pub(super) fn snapshot(&mut self, now: Timestamp, index: GroupIndex) -> Snapshot {
        let group = self.groups.at(index);
        let snapshot = self.look_at(now, group);
        let members = group.members.values().copied();
        let ended: Vec<AlertIndex> =
            members.filter(|alert| self.alerts.at(*alert).alert.is_resolved_at(now)).collect();
        for alert in ended {
            let slot = self.alerts.at_mut(alert);
            if let Some(end) = slot.alert.ends_at.filter(|_| ended_by_time(&slot.alert)) {
                slot.alert.updated_at = end;
                self.note_alert(alert, AlertChange::Ended, false);
                self.keep_alert(alert);
            }
        }
        snapshot
    }

    /// Decides what one integration is told of the group.
    pub(super) fn look(&mut self, index: GroupIndex, place: usize, snapshot: &Snapshot) {
        let now = snapshot.at;
        let Some(seen) = self.seen_by(index, place, snapshot) else { return self.stand_by(index, place) };
        let snapshot = &*seen.snapshot;
        let (route, group) = (self.route_of(index), self.groups.at(index));
        let delivery = &group.deliveries[place];
        let question = Question {
            told: delivery.told.as_ref(),
            firing: &snapshot.firing,
            resolved: &snapshot.resolved,
            any_held: !snapshot.held.is_empty(),
            send_resolved: delivery.destination.integration.send_resolved,
            repeat_interval: route.repeat_interval,
            now,
            strict: self.routing.strict,
        };
        let decision = decide_in_time(&question, snapshot.quiet);
        let decision = if seen.only_ends { fallback::only_ends(decision) } else { decision };
        let resolved = match question.strict {
            true => snapshot.resolved.clone(),
            false => question.ended().collect(),
        };
        let same = delivery
            .pending()
            .is_some_and(|pending| pending.firing == snapshot.firing && pending.resolved == resolved);
        match (&delivery.state, decision) {
            (State::InFlight { .. } | State::Waiting { .. }, Decision::Tell(_)) if same => {}
            (State::InFlight { .. }, _) => self.overtake(index, place, same),
            (State::Waiting { .. }, Decision::Tell(reason)) => {
                let pending = self.compose(index, place, reason, snapshot, resolved);
                self.supersede(index, place, pending);
            }
            (State::Waiting { .. }, Decision::Note(why)) => {
                self.withdraw(index, place);
                self.note_in_log(index, place, snapshot, resolved, why);
            }
            (State::Waiting { .. }, Decision::Quiet(why)) => {
                self.withdraw(index, place);
                self.stay_quiet(index, place, why);
            }
            (State::Idle, Decision::Tell(reason)) => {
                match cooldown::until(delivery.told.as_ref(), route.cooldown, now) {
                    Some(end) => {
                        self.set_delivery_timer(index, place, Some(end));
                        self.stay_quiet(index, place, NotTold::Cooldown(end));
                    }
                    None if !self.take_token(now, index, place) => {
                        self.stay_quiet(index, place, NotTold::RateLimited);
                    }
                    None => {
                        let pending = self.compose(index, place, reason, snapshot, resolved);
                        self.try_attempt(now, index, place, Arc::new(pending), 1);
                    }
                }
            }
            (State::Idle, Decision::Note(why)) => self.note_in_log(index, place, snapshot, resolved, why),
            (State::Idle, Decision::Quiet(why)) => self.stay_quiet(index, place, why),
        }
    }

    /// Writes the notification and what the log will say after it.
    fn compose(
        &mut self,
        index: GroupIndex,
        place: usize,
        reason: Reason,
        snapshot: &Snapshot,
        resolved: Vec<Fingerprint>,
    ) -> Pending {
        let group = self.groups.at(index);
        let delivery = &group.deliveries[place];
        let heading = Heading {
            key: &delivery.key(&group.key),
            route: self.route_of(index),
            reason,
            at: snapshot.at,
            strict: self.routing.strict,
            level: delivery.destination.level,
            flaps: match &delivery.told {
                Some(told) if !self.routing.strict => &told.flaps,
                Some(_) | None => &[],
            },
        };
        let ended: &[Fingerprint] =
            if delivery.destination.integration.send_resolved { &resolved } else { &[] };
        let alerts = snapshot.firing.iter().chain(ended).copied();
        let mut notification = notification(&heading, group, &self.alerts, alerts);
        let mut held = snapshot.held.clone();
        held.retain(|alert| {
            !self.routing.strict && delivery.told.as_ref().is_some_and(|told| told.may_know(*alert))
        });
        // Whoever was told that all is over begins anew, as with Alertmanager's receiver data.
        let memory = match reason {
            Reason::First => None,
            Reason::NewAlerts
            | Reason::AllResolved
            | Reason::SomeResolved
            | Reason::Repeat
            | Reason::Flapped => delivery.told.as_ref().and_then(|told| told.memory.clone()),
        };
        self.render_route_labels(index, &mut notification);
        let notification = Arc::new(notification);
        Pending { notification, firing: snapshot.firing.clone(), resolved, held, since: None, memory }
    }

    /// Persists what is on its way, and whether an attempt is being made.
    pub(super) fn keep_pending(
        &mut self,
        index: GroupIndex,
        place: usize,
        pending: &Arc<Pending>,
        in_flight: bool,
    ) {
        let key = Key::Pending(self.delivery_key(index, place));
        self.keep(key, Record::Pending { pending: Arc::clone(pending), in_flight });
    }

    /// Makes one attempt.
    pub(super) fn attempt(
        &mut self,
        now: Timestamp,
        index: GroupIndex,
        place: usize,
        pending: Arc<Pending>,
        number: u32,
    ) {
        self.keep_pending(index, place, &pending, true);
        let deadline = retry::deadline(now, self.route_of(index).group_interval, self.routing.strict);
        self.set_delivery_timer(index, place, Some(deadline + retry::GRACE));
        let (notification, memory) = (Arc::clone(&pending.notification), pending.memory.clone());
        let begun = Begun { number, deadline, notification, memory };
        let attempt = self.begin_attempt(&self.destination_of(index, place), begun);
        self.in_flight.insert(attempt, (index, place));
        let delivery = &mut self.groups.at_mut(index).deliveries[place];
        delivery.not_told = None;
        self.waiting -= usize::from(delivery.is_waiting());
        delivery.state = State::InFlight { attempt, number, since: now, deadline, pending, overtaken: false };
    }

    /// A flush finds an attempt without an outcome: sends of a group to an integration never overlap.
    fn overtake(&mut self, index: GroupIndex, place: usize, same: bool) {
        if let State::InFlight { overtaken, .. } = &mut self.groups.at_mut(index).deliveries[place].state {
            *overtaken = !same;
        }
        if !same {
            self.stay_quiet(index, place, NotTold::InFlight);
        }
    }

    /// A newer notification takes the place of one that failed; when it is tried does not change.
    fn supersede(&mut self, index: GroupIndex, place: usize, newer: Pending) {
        let newer = Arc::new(match self.groups.at(index).deliveries[place].pending() {
            Some(older) => newer.instead_of(older),
            None => newer,
        });
        self.keep_pending(index, place, &newer, false);
        let group = self.name_of(index);
        let delivery = &mut self.groups.at_mut(index).deliveries[place];
        let integration = delivery.destination.name.clone();
        if let State::Waiting { attempts, pending, .. } = &mut delivery.state {
            let (old, new) = (pending.notification.reason, Some(newer.notification.reason));
            (*attempts, *pending) = (0, newer);
            self.note(Event::Superseded { group, integration, old, new });
        }
    }

    /// A notification that failed has nothing left to tell.
    fn withdraw(&mut self, index: GroupIndex, place: usize) {
        self.leave_line(index, place);
        let group = self.name_of(index);
        let delivery = &mut self.groups.at_mut(index).deliveries[place];
        let integration = delivery.destination.name.clone();
        if let State::Waiting { pending, .. } = std::mem::replace(&mut delivery.state, State::Idle) {
            self.waiting -= 1;
            let old = pending.notification.reason;
            self.note(Event::Superseded { group, integration, old, new: None });
        }
        self.set_delivery_timer(index, place, None);
        self.forget(Key::Pending(self.delivery_key(index, place)));
    }

    /// What is true now goes into the log without anybody being told.
    fn note_in_log(
        &mut self,
        index: GroupIndex,
        place: usize,
        snapshot: &Snapshot,
        resolved: Vec<Fingerprint>,
        why: NotTold,
    ) {
        let strict = self.routing.strict;
        let delivery = &mut self.groups.at_mut(index).deliveries[place];
        if let Some(told) = &mut delivery.told {
            // Whoever knows of a muted alert goes on knowing of it.
            let held: &[Fingerprint] = if strict { &[] } else { &snapshot.held };
            *told = told.without_ended(resolved, &[&snapshot.firing, held]);
            // While something fires the repeat interval goes on counting from the last notification.
            if told.firing.is_empty() {
                told.at = snapshot.at;
            }
        }
        self.keep_told(index, place);
        self.stay_quiet(index, place, why);
    }

    /// An attempt may have arrived or not: what the integration knows is unsure until it has been told more.
    pub(super) fn note_unknown_outcome(
        &mut self,
        now: Timestamp,
        index: GroupIndex,
        place: usize,
        sent: &Pending,
    ) {
        if self.routing.strict {
            return; // Alertmanager takes such an attempt as one that did not arrive
        }
        let delivery = &mut self.groups.at_mut(index).deliveries[place];
        let told = Told::after_unknown_outcome(delivery.told.as_ref(), sent, now);
        if delivery.told.as_ref() != Some(&told) {
            delivery.told = Some(told);
            self.keep_told(index, place);
        }
    }

    /// Persists what an integration was told.
    pub(super) fn keep_told(&mut self, index: GroupIndex, place: usize) {
        if let Some(told) = self.groups.at(index).deliveries[place].told.clone() {
            self.keep(Key::Told(self.delivery_key(index, place)), Record::Told(told));
        }
    }

    /// Notes why an integration is not told, if that is another reason than at the last look.
    pub(super) fn stay_quiet(&mut self, index: GroupIndex, place: usize, why: NotTold) {
        if why != NotTold::RateLimited {
            self.leave_limiter(index, place);
        }
        let delivery = &mut self.groups.at_mut(index).deliveries[place];
        delivery.given_up &= why.leaves_something_to_tell();
        if delivery.not_told.replace(why) != Some(why) {
            let integration = delivery.destination.name.clone();
            let group = self.name_of(index);
            self.note(Event::NotTold { group, integration, why });
        }
    }

    /// Lets go of alerts that were resolved when the group was looked at last, have not been heard of
    /// since, and that no integration needs; then of the group, if nothing is left.
    pub(super) fn prune(&mut self, now: Timestamp, index: GroupIndex) {
        let group = self.groups.at(index);
        let Some(looked_at) = group.flushed_at else { return };
        let done = |(fingerprint, alert): (&Fingerprint, &AlertIndex)| {
            let at = &self.alerts.at(*alert).alert;
            let over = at.is_resolved_at(looked_at) && at.updated_at <= looked_at;
            let needed = |delivery: &Delivery| {
                // Alertmanager lets go of what is resolved once a flush went well, whoever knows that it
                // fired: also if it was muted, or only others were told.
                let is_open =
                    !self.routing.strict || delivery.is_unfinished() || delivery.destination.level > 0;
                is_open && delivery.needs(*fingerprint)
            };
            (over && !group.deliveries.iter().any(needed)).then_some((*fingerprint, *alert))
        };
        let done: Vec<_> = group.members.iter().filter_map(done).collect();
        for (fingerprint, alert) in done {
            self.groups.at_mut(index).members.remove(&fingerprint);
            let slot = self.alerts.at_mut(alert);
            for place in slot.places.iter_mut().filter(|place| place.group == Some(index)) {
                place.group = None;
            }
            if slot.places.iter().all(|place| place.group.is_none()) {
                self.remove_alert(alert);
                self.forget(Key::Alert(fingerprint));
            }
        }
        if self.groups.at(index).members.is_empty() {
            self.drop_group(now, index);
        }
    }

    /// Lets go of a group. The log remembers what may matter if it comes back.
    pub(super) fn drop_group(&mut self, now: Timestamp, index: GroupIndex) {
        let name = self.name_of(index);
        let Some(Group { key, route, next_flush, deliveries, .. }) = self.groups.remove(index) else {
            return;
        };
        self.unseen.remove(&index);
        self.timers.clear(next_flush, Timer::Flush(index));
        for (place, delivery) in deliveries.into_iter().enumerate() {
            if let Some(at) = delivery.timer {
                self.timers.clear(at, Timer::Delivery(index, place));
            }
            self.retire(now, &key, Some(route), delivery);
        }
        self.forget(Key::Group(key));
        self.note(Event::GroupDropped { group: name });
    }

    /// Lets go of a delivery whose group or integration is gone.
    pub(super) fn retire(
        &mut self,
        now: Timestamp,
        group: &super::GroupKey,
        route: Option<usize>,
        delivery: Delivery,
    ) {
        let key = delivery.key(group);
        self.waiting -= usize::from(delivery.is_waiting());
        if delivery.pending().is_some() {
            self.forget(Key::Pending(key.clone()));
        }
        let Destination { endpoint, name, .. } = &*delivery.destination;
        match delivery.state {
            State::InFlight { attempt, .. } => {
                self.in_flight.remove(&attempt);
                self.endpoints.forget(now, endpoint, attempt);
            }
            State::Waiting { wait: Wait::InLine(ticket), .. } => self.endpoints.leave(endpoint, name, ticket),
            State::Waiting { wait: Wait::Until(_), .. } | State::Idle => {}
        }
        if let Some(ticket) = delivery.held_back {
            self.limiters.leave(now, name, ticket);
        }
        let route = route.map(|route| &self.routing.routes[route]);
        if let Some(told) = delivery.told
            && !self.memory.keep(key.clone(), told, route, now)
        {
            self.forget(Key::Told(key));
        }
    }

    pub(super) fn set_delivery_timer(&mut self, index: GroupIndex, place: usize, at: Option<Timestamp>) {
        let timer = Timer::Delivery(index, place);
        let delivery = &mut self.groups.at_mut(index).deliveries[place];
        if let Some(old) = std::mem::replace(&mut delivery.timer, at) {
            self.timers.clear(old, timer);
        }
        if let Some(at) = at {
            self.timers.set(at, timer);
        }
    }

    pub(super) fn delivery_key(&self, index: GroupIndex, place: usize) -> super::DeliveryKey {
        let group = self.groups.at(index);
        group.deliveries[place].key(&group.key)
    }

    pub(super) fn route_of(&self, index: GroupIndex) -> &Route {
        &self.routing.routes[self.groups.at(index).route]
    }

    pub(super) fn name_of(&self, index: GroupIndex) -> Arc<GroupName> {
        let (route, key) = (self.route_of(index), &self.groups.at(index).key);
        Arc::new(GroupName {
            key: group_key(route, &key.labels),
            route: Arc::clone(&key.route),
            labels: key.labels.clone(),
            receiver: Arc::clone(&route.receiver),
        })
    }
}
