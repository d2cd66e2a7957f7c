//! What follows from an attempt's outcome, and from a delivery's timer.

use std::sync::Arc;

use super::alerts::AlertIndex;
use super::attempts::Ended;
use super::endpoints::LONGEST_HOLD;
use super::groups::{GroupIndex, State, Wait};
use super::machine::Router;
use super::{AttemptId, DeadReason, Failure, Key, Memory, Notified, Outcome, Pending, Told, retry};
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
        let Some((index, place)) = self.in_flight.remove(&attempt) else {
            return self.on_other_outcome(now, attempt, outcome);
        };
        let destination = self.destination_of(index, place);
        self.hear(now, &destination, attempt, &outcome);
        self.on_outcome(now, attempt, (index, place), outcome, memory);
        self.release(now, &destination.endpoint);
    }

    fn on_outcome(
        &mut self,
        now: Timestamp,
        attempt: AttemptId,
        (index, place): (GroupIndex, usize),
        outcome: Outcome,
        memory: Option<Memory>,
    ) {
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
                self.on_refused(now, finished, failure, message);
                self.look_at_fallbacks(now, index);
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
        let (index, place, pending) = (finished.index, finished.place, Arc::clone(&finished.pending));
        let delivery = &mut self.groups.at_mut(index).deliveries[place];
        let (firing, resolved) = (pending.firing.clone(), pending.resolved.clone());
        let unsure = pending.held.clone();
        let (sent_at, flaps) = (Some(now), Vec::new());
        let memory = pending.memory.clone();
        delivery.told = Some(Told { firing, resolved, unsure, at: now, sent_at, flaps, memory });
        delivery.told_reason = Some(pending.notification.reason);
        delivery.failures = 0;
        delivery.given_up = false;
        delivery.last_error = None;
        self.settle_dead_letter(&self.delivery_key(index, place));
        self.keep_told(index, place);
        self.forget(Key::Pending(self.delivery_key(index, place)));
        let ended = self.ended(finished);
        self.note(ended.sent(now));
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
        let mut retry_at = now + wait.max(Duration::from_millis(1));
        let (attempts, pending) = (finished.number, Arc::clone(&finished.pending));
        let endpoint = delivery.destination.endpoint.clone();
        let asks_for_long = retry_after.is_some_and(|time| time > LONGEST_HOLD);
        if !asks_for_long && self.endpoints.has_line(now, &endpoint) {
            self.wait_in_line(now, index, place, pending, attempts);
            retry_at = self.endpoints.next_try(now, &endpoint).unwrap_or(retry_at);
        } else {
            delivery.state =
                State::Waiting { attempts, wait: Wait::Until(retry_at), pending: Arc::clone(&pending) };
            self.waiting += 1;
            self.keep_pending(index, place, &pending, false);
            self.set_wait_timer(now, index, place);
        }
        self.note_failure(finished, failure, message, Some(retry_at));
        if self.needs_fallback(now, index, place) {
            self.call_fallbacks(now, index);
        }
    }

    fn on_refused(&mut self, now: Timestamp, finished: Finished, failure: Failure, message: String) {
        let (index, place) = (finished.index, finished.place);
        let delivery = &mut self.groups.at_mut(index).deliveries[place];
        (delivery.failures, delivery.given_up) = (0, true);
        self.forget(Key::Pending(self.delivery_key(index, place)));
        let (pending, attempts) = (Arc::clone(&finished.pending), finished.number);
        self.note_failure(finished, failure, message, None);
        self.bury(now, index, place, pending, attempts, DeadReason::Refused);
    }

    /// A notification that nobody took is given up. Its group is looked at again at its next flush, and finds
    /// what there is to tell then.
    fn give_up(&mut self, now: Timestamp, index: GroupIndex, place: usize) {
        self.leave_line(index, place);
        let delivery = &mut self.groups.at_mut(index).deliveries[place];
        let State::Waiting { attempts, pending, .. } = std::mem::replace(&mut delivery.state, State::Idle)
        else {
            return;
        };
        delivery.given_up = true;
        self.waiting -= 1;
        self.set_delivery_timer(index, place, None);
        self.forget(Key::Pending(self.delivery_key(index, place)));
        self.bury(now, index, place, pending, attempts, DeadReason::TooOld);
        self.look_at_fallbacks(now, index);
        self.prune(now, index);
    }

    /// Sets the timer of a delivery that waits: for its next attempt, for the time at which its fallback is
    /// told, or the one at which it is given up, whichever comes first.
    pub(super) fn set_wait_timer(&mut self, now: Timestamp, index: GroupIndex, place: usize) {
        let delivery = &self.groups.at(index).deliveries[place];
        let State::Waiting { wait, pending, .. } = &delivery.state else { return };
        let retry_at = match wait {
            Wait::Until(at) => Some(*at),
            Wait::InLine(_) => None,
        };
        let fallback_at = delivery.destination.fallback_after.map(|after| pending.since() + after);
        let end = pending.since() + self.routing.limits.outbox_max_age;
        let next = [retry_at, fallback_at.filter(|at| *at > now), Some(end)].into_iter().flatten().min();
        // At least a millisecond, so that a wake never finds at once what it has just set.
        self.set_delivery_timer(index, place, next.map(|at| at.max(now + Duration::from_millis(1))));
    }

    fn note_failure(
        &mut self,
        finished: Finished,
        failure: Failure,
        message: String,
        retry_at: Option<Timestamp>,
    ) {
        let message: Str = message.into();
        let delivery = &mut self.groups.at_mut(finished.index).deliveries[finished.place];
        delivery.last_error = Some(Arc::clone(&message));
        let ended = self.ended(finished);
        self.note(ended.failed(failure, message, retry_at));
    }

    fn ended(&self, finished: Finished) -> Ended {
        let Finished { index, place, attempt, number, latency, pending } = finished;
        let integration = self.groups.at(index).deliveries[place].destination.name.clone();
        let (group, notification) = (self.name_of(index), Arc::clone(&pending.notification));
        Ended { group, integration, attempt, number, notification, latency }
    }

    /// Makes the next attempt. What was muted meanwhile is not sent: the group is looked at again. Alertmanager
    /// does not, so with `strict` neither do we.
    pub(super) fn retry(&mut self, now: Timestamp, index: GroupIndex, place: usize) {
        self.look_before_retry(now, index, place);
        if let State::Waiting { attempts, pending, .. } = &self.groups.at(index).deliveries[place].state {
            let (attempts, pending) = (*attempts, Arc::clone(pending));
            self.attempt(now, index, place, pending, attempts.saturating_add(1));
        }
    }

    fn look_before_retry(&mut self, now: Timestamp, index: GroupIndex, place: usize) {
        let group = self.groups.at(index);
        let Some(pending) = group.deliveries[place].pending() else { return };
        let mut firing = pending.firing.iter().map(|alert| group.members.get(alert));
        // Muted meanwhile, or taken to another group by new routes.
        let is_out = |alert: Option<&AlertIndex>| alert.is_none_or(|alert| self.is_muted(now, *alert));
        let is_quiet = !self.quiet_by(now, group.route).is_empty();
        if !self.routing.strict && (is_quiet || firing.any(is_out)) {
            let snapshot = self.snapshot(now, index);
            self.look(index, place, &snapshot);
        }
    }

    fn on_wait_over(
        &mut self,
        now: Timestamp,
        index: GroupIndex,
        place: usize,
        wait: Wait,
        pending: &Pending,
    ) {
        if pending.since() + self.routing.limits.outbox_max_age <= now {
            return self.give_up(now, index, place);
        }
        if self.needs_fallback(now, index, place) {
            self.call_fallbacks(now, index);
        }
        if matches!(wait, Wait::Until(at) if at <= now) {
            self.look_before_retry(now, index, place);
            if let State::Waiting { attempts, pending, .. } = &self.groups.at(index).deliveries[place].state {
                let (attempts, pending) = (*attempts, Arc::clone(pending));
                self.try_attempt(now, index, place, pending, attempts.saturating_add(1));
            }
        } else {
            self.set_wait_timer(now, index, place);
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
            State::Waiting { wait, pending, .. } => self.on_wait_over(now, index, place, wait, &pending),
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
