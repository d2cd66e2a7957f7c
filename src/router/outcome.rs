//! What follows from an attempt's outcome, and from a delivery's timer.

use std::sync::Arc;

use super::groups::{GroupIndex, State};
use super::machine::Router;
use super::{Event, Failure, Key, Notified, Outcome, Pending, Told, retry};
use crate::model::{Duration, Str, Timestamp};

/// The attempt that has an outcome.
struct Finished {
    index: GroupIndex,
    place: usize,
    attempt: super::AttemptId,
    number: u32,
    latency: Duration,
    pending: Arc<Pending>,
}

impl Router {
    pub(super) fn on_notified(&mut self, now: Timestamp, notified: Notified) {
        let Notified { attempt, outcome, memory } = notified;
        let Some((index, place)) = self.in_flight.remove(&attempt) else { return };
        let delivery = &mut self.groups.at_mut(index).deliveries[place];
        let State::InFlight { number, since, mut pending, overtaken, .. } =
            std::mem::replace(&mut delivery.state, State::Idle)
        else {
            return;
        };
        if let Some(memory) = memory {
            Arc::make_mut(&mut pending).memory = Some(Arc::new(memory)).filter(|memory| !memory.is_empty());
        }
        let latency = now.since(since);
        delivery.last_latency = Some(latency);
        self.set_delivery_timer(index, place, None);
        let finished = Finished { index, place, attempt, number, latency, pending };
        match outcome {
            Outcome::Delivered => self.on_delivered(now, finished),
            Outcome::Retryable { failure, message, retry_after, maybe_taken } => {
                if maybe_taken {
                    self.note_unknown_outcome(now, index, place, &finished.pending);
                }
                self.on_failed(now, finished, failure, message, retry_after);
            }
            // Its next try is the next flush, which finds the same to tell: as in Alertmanager.
            Outcome::Refused { failure, message } => {
                self.on_refused(finished, failure, message);
                self.prune(now, index);
                return;
            }
        }
        if overtaken {
            let snapshot = self.snapshot(now, index);
            self.look(index, place, &snapshot);
        }
        self.prune(now, index);
    }

    fn on_delivered(&mut self, now: Timestamp, finished: Finished) {
        let Finished { index, place, attempt, number, latency, pending } = finished;
        let delivery = &mut self.groups.at_mut(index).deliveries[place];
        let (firing, resolved) = (pending.firing.clone(), pending.resolved.clone());
        let unsure = pending.held.clone();
        let (sent_at, flaps) = (Some(now), Vec::new());
        let memory = pending.memory.clone();
        delivery.told = Some(Told { firing, resolved, unsure, at: now, sent_at, flaps, memory });
        delivery.told_reason = Some(pending.notification.reason);
        delivery.failures = 0;
        delivery.last_error = None;
        let integration = delivery.destination.name.clone();
        self.keep_told(index, place);
        self.forget(Key::Pending(self.delivery_key(index, place)));
        let notification = &pending.notification;
        let resolved = notification.alerts.iter().filter(|alert| alert.resolved).count();
        self.note(Event::NotificationSent {
            group: self.name_of(index),
            integration,
            attempt,
            number,
            notification: Arc::clone(notification),
            firing: notification.alerts.len() - resolved,
            resolved,
            latency,
            since_decision: now.since(notification.at),
        });
    }

    fn on_failed(
        &mut self,
        now: Timestamp,
        finished: Finished,
        failure: Failure,
        message: String,
        retry_after: Option<Duration>,
    ) {
        let (index, place) = (finished.index, finished.place);
        let delivery = &mut self.groups.at_mut(index).deliveries[place];
        delivery.failures = delivery.failures.saturating_add(1);
        // At least a millisecond, so that a wake never finds at once what it has just set.
        let wait = retry::backoff(delivery.failures, retry_after, &mut self.random);
        let retry_at = now + wait.max(Duration::from_millis(1));
        let (attempts, pending) = (finished.number, Arc::clone(&finished.pending));
        delivery.state = State::Waiting { attempts, retry_at, pending: Arc::clone(&pending) };
        self.waiting += 1;
        self.keep_pending(index, place, &pending, false);
        self.set_delivery_timer(index, place, Some(retry_at));
        self.note_failure(finished, failure, message, Some(retry_at));
    }

    fn on_refused(&mut self, finished: Finished, failure: Failure, message: String) {
        self.groups.at_mut(finished.index).deliveries[finished.place].failures = 0;
        self.forget(Key::Pending(self.delivery_key(finished.index, finished.place)));
        self.note_failure(finished, failure, message, None);
    }

    fn note_failure(
        &mut self,
        finished: Finished,
        failure: Failure,
        message: String,
        retry_at: Option<Timestamp>,
    ) {
        let Finished { index, place, attempt, number, latency, pending } = finished;
        let message: Str = message.into();
        let delivery = &mut self.groups.at_mut(index).deliveries[place];
        delivery.last_error = Some(Arc::clone(&message));
        let integration = delivery.destination.name.clone();
        let group = self.name_of(index);
        let notification = Arc::clone(&pending.notification);
        self.note(Event::AttemptFailed {
            group,
            integration,
            attempt,
            number,
            notification,
            failure,
            message,
            latency,
            retry_at,
        });
    }

    /// Makes the next attempt. What was muted meanwhile is not sent: the group is looked at again. Alertmanager
    /// does not, so with `strict` neither do we.
    fn retry(&mut self, now: Timestamp, index: GroupIndex, place: usize, pending: &Pending) {
        let group = self.groups.at(index);
        let mut firing = pending.firing.iter().filter_map(|alert| group.members.get(alert));
        let is_quiet = !self.quiet_by(now, group.route).is_empty();
        if !self.routing.strict && (is_quiet || firing.any(|alert| self.is_muted(now, *alert))) {
            let snapshot = self.snapshot(now, index);
            self.look(index, place, &snapshot);
        }
        if let State::Waiting { attempts, pending, .. } = &self.groups.at(index).deliveries[place].state {
            let (attempts, pending) = (*attempts, Arc::clone(pending));
            self.attempt(now, index, place, pending, attempts.saturating_add(1));
        }
    }

    /// A delivery's timer has come; what it means depends on the delivery's state.
    pub(super) fn on_delivery_timer(&mut self, now: Timestamp, index: GroupIndex, place: usize) {
        let delivery = &mut self.groups.at_mut(index).deliveries[place];
        delivery.timer = None;
        match delivery.state.clone() {
            State::Idle => {
                let snapshot = self.snapshot(now, index);
                self.look(index, place, &snapshot);
            }
            State::Waiting { pending, .. } => self.retry(now, index, place, &pending),
            State::InFlight { attempt, .. } => {
                let outcome = Outcome::Retryable {
                    failure: Failure::DeadlineExceeded,
                    message: "no outcome within the attempt's deadline".to_owned(),
                    retry_after: None,
                    maybe_taken: true,
                };
                self.on_notified(now, Notified { attempt, outcome, memory: None });
            }
        }
    }
}
