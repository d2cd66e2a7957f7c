//! `rate_limit`: the most notifications that an integration gets, and the digest of what is held back.
//!
//! `30/1h` is a bucket of 30 notifications that fills evenly, in an hour, for each integration of the receiver. A
//! notification takes one when it is first sent; its further tries, and digests, take none. A group for which there
//! is none left is not told: it stands in line and is looked at again when its turn comes, so that nothing is lost
//! and what it tells is the truth of that time. Once something has been held back for a minute the integration
//! gets one digest, an alert `NotificationsHeldBack` that says how much it is; another one in each further window;
//! and its end when nothing was held back for a while.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use super::attempts::{Begun, Ended};
use super::endpoints::{Slot, Ticket};
use super::groups::GroupIndex;
use super::machine::Router;
use super::tree::Destination;
use super::{
    AttemptId, GroupName, IntegrationName, Key, Notification, NotifiedAlert, Outcome, Reason, Record,
    SavedLimiter, retry,
};
use crate::config::routes::RateLimit;
use crate::model::{Annotations, Duration, LabelSet, Timestamp};

/// For how long something is held back before that is told.
const DIGEST_AFTER: Duration = Duration::from_mins(1);

/// For how long nothing is held back before that is told.
const OVER_AFTER: Duration = Duration::from_mins(5);

/// How many groups a digest names.
const MOST_NAMED: usize = 10;

/// The alert that a digest is about.
const ALERT_NAME: &str = "NotificationsHeldBack";

/// A digest whose attempt has no outcome yet.
#[derive(Debug)]
struct Sending {
    attempt: AttemptId,
    since: Timestamp,
    deadline: Timestamp,
}

/// The bucket of one integration, and who waits for it.
#[derive(Debug)]
struct Limiter {
    destination: Arc<Destination>,
    limit: RateLimit,
    saved: SavedLimiter,
    line: BTreeMap<Ticket, Slot>,
    /// Whether the first in line is being looked at.
    serving: bool,
    /// Whether a digest was under way when an earlier process ended: it is sent again as it was.
    restored: bool,
    /// Since when nobody waits.
    empty_since: Timestamp,
    sending: Option<Sending>,
    retry_at: Option<Timestamp>,
    failures: u32,
    timer: Option<Timestamp>,
}

impl Limiter {
    /// In how much time the bucket gets one more.
    fn step(&self) -> Duration {
        let count = i64::try_from(self.limit.notifications).unwrap_or(i64::MAX);
        Duration::from_millis((self.limit.per.millis() / count).max(1))
    }

    /// When the next notification may be sent.
    fn next_free(&self) -> Timestamp {
        self.saved.full_at + self.step() - self.limit.per
    }

    fn has_token(&self, now: Timestamp) -> bool {
        self.next_free() <= now
    }

    /// When a digest is due, if nothing changes; second: whether it tells of the end.
    fn digest_due(&self) -> Option<(Timestamp, bool)> {
        let due = match (self.line.is_empty(), self.saved.told) {
            (false, told) => {
                let first = self.saved.since.unwrap_or(self.empty_since) + DIGEST_AFTER;
                let is_retry = self.saved.pending.as_deref().is_some_and(|digest| !says_end(digest));
                let told = told.filter(|_| !is_retry);
                (told.map_or(first, |(at, _)| first.max(at + self.limit.per)), false)
            }
            (true, _) if self.restored => {
                (self.empty_since, self.saved.pending.as_deref().is_some_and(says_end))
            }
            (true, Some((_, true))) if self.destination.integration.send_resolved => {
                (self.empty_since + OVER_AFTER, true)
            }
            (true, _) => return None,
        };
        Some((self.retry_at.map_or(due.0, |retry_at| retry_at.max(due.0)), due.1))
    }

    /// The digest that is being sent may have arrived: then its end has to be told.
    fn may_know(&mut self, now: Timestamp) {
        if self.saved.pending.as_deref().is_some_and(|digest| !says_end(digest)) {
            self.saved.told = Some((self.saved.told.map_or(now, |(at, _)| at), true));
        }
    }

    /// When there is something to do.
    fn next(&self) -> Option<Timestamp> {
        if let Some(sending) = &self.sending {
            let lost = sending.deadline + retry::GRACE;
            let turn = (!self.line.is_empty()).then(|| self.next_free());
            return turn.into_iter().chain([lost]).min();
        }
        let turn = (!self.line.is_empty()).then(|| self.next_free());
        let digest = self.digest_due().map(|(at, _)| at);
        turn.into_iter().chain(digest).min().or_else(|| Some(self.end()))
    }

    /// From when on nothing is lost if it is forgotten, unless somebody waits.
    fn end(&self) -> Timestamp {
        let told = self.saved.told.map(|(at, _)| at + self.limit.per);
        told.into_iter().chain([self.saved.full_at]).max().unwrap_or(self.saved.full_at)
    }
}

/// All buckets that are not full.
#[derive(Debug, Default)]
pub(super) struct Limiters {
    by_name: BTreeMap<IntegrationName, Limiter>,
    timers: BTreeSet<(Timestamp, IntegrationName)>,
}

impl Limiters {
    fn at(&mut self, now: Timestamp, destination: &Arc<Destination>, limit: RateLimit) -> &mut Limiter {
        self.by_name.entry(destination.name.clone()).or_insert_with(|| Limiter {
            destination: Arc::clone(destination),
            limit,
            saved: SavedLimiter { full_at: now, ..SavedLimiter::default() },
            line: BTreeMap::new(),
            serving: false,
            restored: false,
            empty_since: now,
            sending: None,
            retry_at: None,
            failures: 0,
            timer: None,
        })
    }

    /// Takes a delivery out of the line.
    pub(super) fn leave(&mut self, now: Timestamp, name: &IntegrationName, ticket: Ticket) {
        if let Some(limiter) = self.by_name.get_mut(name) {
            limiter.line.remove(&ticket);
            self.arm(now, name);
        }
    }

    /// Puts a delivery back in its place, as after a reload. Answers whether there is still a limit.
    pub(super) fn rejoin(
        &mut self,
        now: Timestamp,
        destination: &Arc<Destination>,
        ticket: Ticket,
        slot: Slot,
    ) -> bool {
        let Some(limit) = destination.rate_limit else { return false };
        self.at(now, destination, limit).line.insert(ticket, slot);
        self.arm(now, &destination.name);
        true
    }

    fn arm(&mut self, now: Timestamp, name: &IntegrationName) {
        let Some(limiter) = self.by_name.get_mut(name) else { return };
        if !limiter.line.is_empty() || limiter.saved.since.take().is_some() {
            limiter.empty_since = now;
        }
        let next = limiter.next();
        let before = std::mem::replace(&mut limiter.timer, next);
        if before != next {
            before.map(|at| self.timers.remove(&(at, name.clone())));
            next.map(|at| self.timers.insert((at, name.clone())));
        }
    }

    pub(super) fn pop_due(&mut self, now: Timestamp) -> Option<IntegrationName> {
        let (at, _) = self.timers.first()?;
        if *at > now {
            return None;
        }
        let (_, name) = self.timers.pop_first()?;
        if let Some(limiter) = self.by_name.get_mut(&name) {
            limiter.timer = None;
        }
        Some(name)
    }

    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.timers.first().map(|(at, _)| *at)
    }

    /// When somebody in line has a turn, if anybody waits.
    pub(super) fn next_free(&self, name: &IntegrationName) -> Option<Timestamp> {
        let limiter = self.by_name.get(name)?;
        (!limiter.line.is_empty() || limiter.next_free() > limiter.saved.full_at).then(|| limiter.next_free())
    }

    /// How many groups are held back.
    pub(super) fn len(&self) -> usize {
        self.by_name.values().map(|limiter| limiter.line.len()).sum()
    }

    /// New limits; nobody waits until entered anew. Answers those that are gone.
    pub(super) fn begin_reload<'a>(
        &mut self,
        destinations: impl Iterator<Item = &'a Arc<Destination>>,
    ) -> Vec<IntegrationName> {
        self.timers.clear();
        let known: BTreeMap<&IntegrationName, &Arc<Destination>> =
            destinations.map(|known| (&known.name, known)).collect();
        let mut gone = Vec::new();
        self.by_name.retain(|name, limiter| {
            (limiter.line, limiter.timer) = (BTreeMap::new(), None);
            // Who was told that something is held back hears the end of it also without a limit.
            let knows = limiter.saved.told.is_some_and(|(_, knows)| knows);
            match known.get(name).filter(|known| known.rate_limit.is_some() || knows) {
                Some(destination) => {
                    limiter.destination = Arc::clone(destination);
                    limiter.limit = destination.rate_limit.unwrap_or(limiter.limit);
                    true
                }
                None => {
                    gone.push(name.clone());
                    false
                }
            }
        });
        gone
    }

    pub(super) fn end_reload(&mut self, now: Timestamp) {
        let names: Vec<IntegrationName> = self.by_name.keys().cloned().collect();
        names.iter().for_each(|name| self.arm(now, name));
    }
}

impl Router {
    /// Whether a delivery may be told now; if so that is counted, else it stands in line.
    pub(super) fn take_token(&mut self, now: Timestamp, index: GroupIndex, place: usize) -> bool {
        let destination = self.destination_of(index, place);
        let Some(limit) = destination.rate_limit else { return true };
        let held_back = self.groups.at(index).deliveries[place].held_back;
        let limiter = self.limiters.at(now, &destination, limit);
        let is_turn =
            limiter.serving || limiter.line.keys().next().is_none_or(|first| held_back == Some(*first));
        let may = limiter.has_token(now) && is_turn;
        let is_news = match (may, held_back) {
            (true, ticket) => {
                limiter.saved.full_at = limiter.saved.full_at.max(now) + limiter.step();
                ticket.map(|ticket| limiter.line.remove(&ticket));
                self.groups.at_mut(index).deliveries[place].held_back = None;
                true
            }
            (false, Some(_)) => false,
            (false, None) => {
                self.last_ticket += 1;
                limiter.line.insert(self.last_ticket, (index, place));
                self.groups.at_mut(index).deliveries[place].held_back = Some(self.last_ticket);
                limiter.saved.since.replace(limiter.saved.since.unwrap_or(now)).is_none()
            }
        };
        self.limiters.arm(now, &destination.name);
        if is_news {
            self.keep_limiter(&destination.name);
        }
        may
    }

    /// Takes a delivery out of its line: it has nothing to tell, or is told otherwise.
    pub(super) fn leave_limiter(&mut self, index: GroupIndex, place: usize) {
        let delivery = &mut self.groups.at_mut(index).deliveries[place];
        if let Some(ticket) = delivery.held_back.take() {
            let name = delivery.destination.name.clone();
            if let Some(limiter) = self.limiters.by_name.get_mut(&name) {
                limiter.line.remove(&ticket);
            }
        }
    }

    fn keep_limiter(&mut self, name: &IntegrationName) {
        if let Some(limiter) = self.limiters.by_name.get(name) {
            let record = Record::Limiter(limiter.saved.clone());
            self.keep(Key::Limiter(name.clone()), record);
        }
    }

    /// Takes a bucket of an earlier run. Who waited is found again when its group is looked at.
    pub(super) fn restore_limiter(&mut self, now: Timestamp, name: IntegrationName, saved: SavedLimiter) {
        let destination = self.tree.all_destinations().find(|known| known.name == name).cloned();
        let knows = saved.told.is_some_and(|(_, knows)| knows);
        let Some(destination) = destination.filter(|known| known.rate_limit.is_some() || knows) else {
            return self.forget(Key::Limiter(name));
        };
        let none = RateLimit { notifications: 1, per: DIGEST_AFTER }; // it only has its end to tell
        let limit = destination.rate_limit.unwrap_or(none);
        let limiter = self.limiters.at(now, &destination, limit);
        limiter.saved = saved;
        limiter.restored = limiter.saved.pending.is_some();
        limiter.may_know(now);
        self.limiters.arm(now, &name);
    }

    /// Those whose turn it is are looked at; a digest is sent if it is due; what is over is forgotten.
    pub(super) fn on_limiter_timer(&mut self, now: Timestamp, name: &IntegrationName) {
        while let Some(limiter) = self.limiters.by_name.get_mut(name).filter(|limiter| limiter.has_token(now))
            && let Some((_, (index, place))) = limiter.line.pop_first()
        {
            limiter.serving = true;
            self.groups.at_mut(index).deliveries[place].held_back = None;
            let snapshot = self.snapshot(now, index);
            self.look(index, place, &snapshot);
            if let Some(limiter) = self.limiters.by_name.get_mut(name) {
                limiter.serving = false;
            }
        }
        self.limiters.arm(now, name);
        self.digest(now, name);
        let Some(limiter) = self.limiters.by_name.get(name) else { return };
        let is_over = limiter.line.is_empty() && limiter.sending.is_none() && limiter.digest_due().is_none();
        if is_over && limiter.end() <= now {
            let timer = limiter.timer;
            timer.map(|at| self.limiters.timers.remove(&(at, name.clone())));
            self.limiters.by_name.remove(name);
            self.forget(Key::Limiter(name.clone()));
        } else {
            self.limiters.arm(now, name);
        }
    }

    /// Sends a digest if one is due.
    fn digest(&mut self, now: Timestamp, name: &IntegrationName) {
        let Some(limiter) = self.limiters.by_name.get_mut(name) else { return };
        if let Some(sending) = limiter.sending.take_if(|sending| sending.deadline + retry::GRACE <= now) {
            limiter.may_know(now);
            self.endpoints.forget(now, &limiter.destination.endpoint, sending.attempt);
        }
        let Some((at, is_end)) = limiter.digest_due() else {
            limiter.saved.pending = None;
            return;
        };
        if at > now || limiter.sending.is_some() {
            return;
        }
        let destination = Arc::clone(&limiter.destination);
        if self.endpoints.has_line(now, &destination.endpoint) {
            let next = self.endpoints.next_try(now, &destination.endpoint).unwrap_or(now);
            limiter.retry_at = Some(next.max(now) + Duration::from_secs(1));
            return;
        }
        // A try of the same digest has its key; one that does not hold any more is written anew.
        let written = limiter.saved.pending.take().filter(|digest| says_end(digest) == is_end);
        let notification = written.unwrap_or_else(|| self.write_digest(now, &destination, is_end));
        let deadline = self.deadline_beside(now);
        let Some(limiter) = self.limiters.by_name.get_mut(name) else { return };
        limiter.saved.pending = Some(Arc::clone(&notification));
        let number = limiter.failures.saturating_add(1);
        self.keep_limiter(name);
        let begun = Begun { number, deadline, notification, memory: None };
        let attempt = self.begin_attempt(&destination, begun);
        if let Some(limiter) = self.limiters.by_name.get_mut(name) {
            limiter.sending = Some(Sending { attempt, since: now, deadline });
        }
    }

    /// The digest as a notification about an alert of its own, so that each kind of receiver can show it, and
    /// hears its end.
    fn write_digest(&self, now: Timestamp, to: &Destination, is_end: bool) -> Arc<Notification> {
        let limiter = self.limiters.by_name.get(&to.name);
        let since = limiter.and_then(|limiter| limiter.saved.since).unwrap_or(now);
        let limit =
            to.rate_limit.map_or_else(String::new, |limit| format!("{}/{}", limit.notifications, limit.per));
        let (groups, alerts, names) =
            limiter.map_or((0, 0, String::new()), |limiter| self.held_back(now, limiter));
        let summary = match is_end {
            true => format!("rate_limit {limit} holds back nothing any more"),
            false => format!(
                "rate_limit {limit} holds back {groups} alert groups with {alerts} firing alerts; each is told \
                 when its turn comes"
            ),
        };
        let labels = LabelSet::from_pairs([("alertname", ALERT_NAME), ("receiver", &to.name.receiver)]);
        let mut annotations = vec![("summary", summary)];
        annotations.extend((!is_end).then_some(("groups", names)));
        let told_at = limiter.and_then(|limiter| limiter.saved.told).map_or(since, |(at, _)| at);
        let alert = NotifiedAlert {
            resolved: is_end,
            fingerprint: labels.fingerprint(),
            annotations: Annotations::from_pairs(annotations),
            starts_at: if is_end { told_at } else { since },
            ends_at: is_end.then_some(now),
            generator_url: "".into(),
            flaps: 0,
            labels: labels.clone(),
        };
        Arc::new(Notification {
            idempotency_key: format!("held-back-{}-{}", to.name, now.millis()).into(),
            receiver: to.name.receiver.clone(),
            group_key: format!("rate_limit:{labels}").into(),
            group_labels: labels,
            route_labels: BTreeMap::new(),
            reason: if is_end { Reason::AllResolved } else { Reason::First },
            at: now,
            strict: self.routing.strict,
            fallback_for: None,
            alerts: vec![alert],
        })
    }

    /// How many groups with how many firing alerts wait, and the first of them by name.
    fn held_back(&self, now: Timestamp, limiter: &Limiter) -> (usize, usize, String) {
        let (mut alerts, mut names) = (0, String::new());
        for (number, (index, _)) in limiter.line.values().enumerate() {
            let group = self.groups.at(*index);
            let fires = |alert: &&u32| !self.alerts.at(**alert).alert.is_resolved_at(now);
            alerts += group.members.values().filter(fires).count();
            if number < MOST_NAMED {
                let _ = writeln!(names, "{}", group.key.labels); // writing to a text cannot fail
            }
        }
        let more = limiter.line.len().saturating_sub(MOST_NAMED);
        if more > 0 {
            let _ = write!(names, "and {more} more");
        }
        (limiter.line.len(), alerts, names.trim_end().to_owned())
    }

    /// Takes the outcome of an attempt that is of no group: a digest, or a dead letter that was sent again.
    pub(super) fn on_other_outcome(&mut self, now: Timestamp, attempt: AttemptId, outcome: Outcome) {
        if self.on_resent(now, attempt, &outcome) {
            return;
        }
        let is_it =
            |limiter: &&Limiter| limiter.sending.as_ref().is_some_and(|sending| sending.attempt == attempt);
        let Some(limiter) = self.limiters.by_name.values().find(is_it) else { return };
        let destination = Arc::clone(&limiter.destination);
        self.hear(now, &destination, attempt, &outcome);
        self.on_digest_outcome(now, &destination, outcome);
        self.limiters.arm(now, &destination.name);
        self.release(now, &destination.endpoint);
    }

    fn on_digest_outcome(&mut self, now: Timestamp, to: &Destination, outcome: Outcome) {
        let Some(limiter) = self.limiters.by_name.get_mut(&to.name) else { return };
        let Some(Sending { attempt, since, .. }) = limiter.sending.take() else { return };
        limiter.restored = false;
        let Some(notification) = limiter.saved.pending.clone() else { return };
        let number = limiter.failures.saturating_add(1);
        let is_end = says_end(&notification);
        let group = Arc::new(GroupName {
            key: notification.group_key.clone(),
            route: "".into(),
            labels: notification.group_labels.clone(),
            receiver: to.name.receiver.clone(),
        });
        let (integration, latency) = (to.name.clone(), now.since(since));
        let ended = Ended { group, integration, attempt, number, notification, latency };
        let settled = |limiter: &mut Limiter, knows: bool| {
            let told_at = if is_end { limiter.saved.told.map_or(now, |(at, _)| at) } else { now };
            (limiter.saved.told, limiter.saved.pending) = (Some((told_at, knows)), None);
            (limiter.failures, limiter.retry_at) = (0, None);
        };
        let (failure, message) = match outcome {
            Outcome::Delivered => {
                settled(limiter, !is_end);
                self.keep_limiter(&to.name);
                return self.note(ended.sent(now));
            }
            Outcome::Retryable { failure, message, retry_after, maybe_taken } => {
                if maybe_taken {
                    limiter.may_know(now);
                }
                limiter.failures = number;
                let wait = retry::backoff(number, retry_after, &mut self.random);
                limiter.retry_at = Some(now + wait.max(Duration::from_millis(1)));
                (failure, message)
            }
            Outcome::Refused { failure, message } => {
                let knows = limiter.saved.told.is_some_and(|(_, knows)| knows);
                settled(limiter, knows);
                // Whoever knows the beginning has to hear the end.
                limiter.retry_at = (is_end && knows).then(|| now + OVER_AFTER);
                (failure, message)
            }
        };
        let retry_at = limiter.retry_at;
        self.keep_limiter(&to.name);
        self.note(ended.failed(failure, message.into(), retry_at));
    }

    /// When a delivery that is held back has its turn at the earliest.
    pub(super) fn turn_of(&self, name: &IntegrationName) -> Option<Timestamp> {
        self.limiters.next_free(name)
    }
}

/// Whether a digest tells that nothing is held back any more.
fn says_end(digest: &Notification) -> bool {
    digest.alerts.iter().all(|alert| alert.resolved)
}
