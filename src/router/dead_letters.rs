//! Dead letters: notifications that were given up, because they were refused or could not be delivered for too
//! long. People can look at them, send them again, or drop them.
//!
//! There is at most one for each group and integration, the newest; it is gone once a later notification of the
//! group is delivered. Its group goes on meanwhile: the next flush finds what there is to tell.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::attempts::{Begun, Ended};
use super::groups::{GroupIndex, State};
use super::machine::Router;
use super::tree::Destination;
use super::{
    AttemptId, DeadLetter, DeadLetterChange, DeadReason, DeliveryKey, Event, GroupName, Key, NotTold,
    Outcome, Pending, Record, Refusal, Resent, retry,
};
use crate::model::lookup::StableHasher;
use crate::model::{Duration, Fingerprint, Str, Timestamp};

/// How many are kept; the oldest give way.
const MOST: usize = 10_000;

/// For how long one is kept.
const RETENTION: Duration = Duration::from_mins(30 * 24 * 60);

/// Why a dead letter does not say what is to be told now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stale {
    /// There is no such group any more.
    #[error("superseded: the group is over")]
    GroupOver,
    /// Something newer is on its way.
    #[error("superseded: a newer notification of the group is on its way")]
    OnItsWay,
    /// The group has changed.
    #[error("superseded: the group has changed since")]
    Changed,
    /// An attempt is being made.
    #[error("an attempt to tell the integration of the group is being made: try again when it is over")]
    InFlight,
    /// There is no such integration any more.
    #[error("the configuration has no such integration any more")]
    NoIntegration,
}

/// A dead letter with what belongs to it.
#[derive(Clone, Debug, PartialEq)]
pub struct DeadLetterView {
    /// Its id, the same as long as it exists.
    pub id: Str,
    /// Its group and integration.
    pub key: DeliveryKey,
    /// What is known of it.
    pub letter: DeadLetter,
    /// Why it does not say what is to be told now.
    pub stale: Option<Stale>,
}

/// The dead letters by what they are about, and by age.
#[derive(Debug, Default)]
pub(super) struct DeadLetters {
    by_key: BTreeMap<DeliveryKey, DeadLetter>,
    by_age: BTreeSet<(Timestamp, DeliveryKey)>,
    by_id: BTreeMap<Str, DeliveryKey>,
    /// Attempts beside a group, with how long they may take.
    resent: BTreeMap<AttemptId, (DeliveryKey, Timestamp)>,
}

impl DeadLetters {
    fn put(&mut self, key: DeliveryKey, letter: DeadLetter) {
        self.remove(&key);
        self.by_age.insert((letter.at, key.clone()));
        self.by_id.insert(id_of(&key), key.clone());
        self.by_key.insert(key, letter);
    }

    fn remove(&mut self, key: &DeliveryKey) -> Option<DeadLetter> {
        let letter = self.by_key.remove(key)?;
        self.by_age.remove(&(letter.at, key.clone()));
        self.by_id.remove(&id_of(key));
        Some(letter)
    }

    /// When the oldest is forgotten.
    pub(super) fn next_end(&self) -> Option<Timestamp> {
        self.by_age.first().map(|(at, _)| *at + RETENTION)
    }

    pub(super) fn len(&self) -> usize {
        self.by_key.len()
    }
}

/// The same for a group and an integration in each process.
fn id_of(key: &DeliveryKey) -> Str {
    let mut hasher = StableHasher::default();
    key.hash(&mut hasher);
    format!("{:016x}", hasher.finish()).into()
}

impl Router {
    /// Keeps a notification that is given up.
    pub(super) fn bury(
        &mut self,
        now: Timestamp,
        index: GroupIndex,
        place: usize,
        pending: Arc<Pending>,
        attempts: u32,
        why: DeadReason,
    ) {
        let key = self.delivery_key(index, place);
        let error = self.groups.at(index).deliveries[place].last_error.clone();
        let before = self.dead_letters.by_key.get(&key);
        let letter = DeadLetter {
            pending,
            why,
            error: error.unwrap_or_else(|| "its server did not answer others".into()),
            attempts,
            times: before.map_or(0, |before| before.times).saturating_add(1),
            first_at: before.map_or(now, |before| before.first_at),
            at: now,
        };
        let change = match why {
            DeadReason::Refused => DeadLetterChange::Refused,
            DeadReason::TooOld => DeadLetterChange::TooOld,
        };
        self.note_dead_letter(&key, &letter, change);
        self.keep(Key::DeadLetter(key.clone()), Record::DeadLetter(letter.clone()));
        self.dead_letters.put(key, letter);
        while self.dead_letters.len() > MOST
            && let Some((_, oldest)) = self.dead_letters.by_age.first().cloned()
        {
            self.remove_dead_letter(&oldest, DeadLetterChange::Forgotten);
        }
    }

    /// A later notification of the group was delivered, or this one at last.
    pub(super) fn settle_dead_letter(&mut self, key: &DeliveryKey) {
        self.remove_dead_letter(key, DeadLetterChange::Settled);
    }

    pub(super) fn forget_dead_letters(&mut self, now: Timestamp) {
        while self.dead_letters.next_end().is_some_and(|end| end <= now)
            && let Some((_, oldest)) = self.dead_letters.by_age.first().cloned()
        {
            self.remove_dead_letter(&oldest, DeadLetterChange::Forgotten);
        }
    }

    /// Takes a dead letter of an earlier run; its group knows that it was given up.
    pub(super) fn restore_dead_letter(&mut self, key: DeliveryKey, letter: DeadLetter) {
        if let Some((index, place)) = self.find_delivery(&key) {
            let delivery = &mut self.groups.at_mut(index).deliveries[place];
            delivery.given_up = true;
            delivery.last_error = Some(letter.error.clone());
        }
        self.dead_letters.put(key, letter);
    }

    fn remove_dead_letter(&mut self, key: &DeliveryKey, change: DeadLetterChange) {
        if let Some(letter) = self.dead_letters.remove(key) {
            self.note_dead_letter(key, &letter, change);
            self.forget(Key::DeadLetter(key.clone()));
        }
    }

    fn note_dead_letter(&mut self, key: &DeliveryKey, letter: &DeadLetter, change: DeadLetterChange) {
        let notification = Arc::clone(&letter.pending.notification);
        self.note(Event::DeadLetter {
            change,
            id: id_of(key),
            group: name_of(key, letter),
            integration: key.integration.clone(),
            notification,
            error: letter.error.clone(),
        });
    }

    /// Dead letters, the newest first: all, or those to one receiver.
    pub fn dead_letters<'a>(
        &'a self,
        now: Timestamp,
        receiver: Option<&'a str>,
    ) -> impl Iterator<Item = DeadLetterView> + 'a {
        let keys = self.dead_letters.by_age.iter().rev().map(|(_, key)| key);
        let wanted = keys.filter(move |key| receiver.is_none_or(|name| *key.integration.receiver == *name));
        wanted.filter_map(move |key| self.dead_letter_view(now, key))
    }

    /// How many dead letters there are: all, or those to one receiver.
    #[must_use]
    pub fn dead_letter_count(&self, receiver: Option<&str>) -> usize {
        let wanted = |key: &&DeliveryKey| receiver.is_none_or(|name| *key.integration.receiver == *name);
        self.dead_letters.by_key.keys().filter(wanted).count()
    }

    /// The dead letter with this id.
    #[must_use]
    pub fn dead_letter(&self, now: Timestamp, id: &str) -> Option<DeadLetterView> {
        self.dead_letter_view(now, self.dead_letters.by_id.get(id)?)
    }

    fn dead_letter_view(&self, now: Timestamp, key: &DeliveryKey) -> Option<DeadLetterView> {
        let letter = self.dead_letters.by_key.get(key)?.clone();
        let stale = self.place_of_letter(now, key, &letter).err();
        Some(DeadLetterView { id: id_of(key), key: key.clone(), letter, stale })
    }

    /// The id of the dead letter of a group and an integration.
    pub(super) fn dead_letter_of(&self, key: &DeliveryKey) -> Option<Str> {
        self.dead_letters.by_key.contains_key(key).then(|| id_of(key))
    }

    /// Drops a dead letter.
    pub(super) fn drop_dead_letter(&mut self, id: &Str) -> Result<(), Refusal> {
        let key = self.dead_letters.by_id.get(id).cloned();
        let key = key.ok_or_else(|| Refusal::UnknownDeadLetter(id.clone()))?;
        self.remove_dead_letter(&key, DeadLetterChange::Dropped);
        Ok(())
    }

    /// Sends a dead letter again, with the idempotency key that it has.
    pub(super) fn retry_dead_letter(
        &mut self,
        now: Timestamp,
        id: &Str,
        force: bool,
    ) -> Result<Resent, Refusal> {
        let unknown = || Refusal::UnknownDeadLetter(id.clone());
        let key = self.dead_letters.by_id.get(id).cloned().ok_or_else(unknown)?;
        let letter = self.dead_letters.by_key.get(&key).cloned().ok_or_else(unknown)?;
        let is_under_way = |(of, end): &(DeliveryKey, Timestamp)| *of == key && *end > now;
        if self.dead_letters.resent.values().any(is_under_way) {
            return Err(Refusal::StuckDeadLetter(Stale::InFlight));
        }
        match self.place_of_letter(now, &key, &letter) {
            Ok((index, place)) => {
                self.note_dead_letter(&key, &letter, DeadLetterChange::Resent);
                self.leave_limiter(index, place);
                // It is as urgent as if it had been decided now.
                let pending = Pending { since: Some(now), ..Pending::clone(&letter.pending) };
                self.set_delivery_timer(index, place, None);
                let number = letter.attempts.saturating_add(1);
                self.try_attempt(now, index, place, Arc::new(pending), number);
                Ok(Resent::AsNews)
            }
            Err(stale @ (Stale::InFlight | Stale::NoIntegration)) => Err(Refusal::StuckDeadLetter(stale)),
            Err(stale) if !force => Err(Refusal::StaleDeadLetter(stale)),
            Err(_) => {
                let destination = self.tree.all_destinations().find(|known| known.name == key.integration);
                let gone = Refusal::StuckDeadLetter(Stale::NoIntegration);
                let destination = Arc::clone(destination.ok_or(gone)?);
                self.note_dead_letter(&key, &letter, DeadLetterChange::Resent);
                self.send_beside(now, key, letter, &destination);
                Ok(Resent::AsItWas)
            }
        }
    }

    /// The delivery that would tell exactly what the letter says, if it were looked at now.
    fn place_of_letter(
        &self,
        now: Timestamp,
        key: &DeliveryKey,
        letter: &DeadLetter,
    ) -> Result<(GroupIndex, usize), Stale> {
        if !self.tree.all_destinations().any(|known| known.name == key.integration) {
            return Err(Stale::NoIntegration);
        }
        let (index, place) = self.find_delivery(key).ok_or(Stale::GroupOver)?;
        let group = self.groups.at(index);
        let delivery = &group.deliveries[place];
        match &delivery.state {
            State::InFlight { .. } => return Err(Stale::InFlight),
            State::Waiting { .. } => return Err(Stale::OnItsWay),
            State::Idle => {}
        }
        let snapshot = self.look_at(now, group);
        let told = delivery.told.as_ref();
        let mut ended = snapshot.resolved;
        if !self.routing.strict {
            ended.retain(|alert: &Fingerprint| told.is_some_and(|told| told.may_know(*alert)));
        }
        let pending = &letter.pending;
        let is_new = told.is_none_or(|told| told.firing != pending.firing || !ended.is_empty());
        let same = pending.firing == snapshot.firing && pending.resolved == ended;
        let quiet = matches!(delivery.not_told, Some(NotTold::Muted | NotTold::QuietTime));
        if same && is_new && !quiet { Ok((index, place)) } else { Err(Stale::Changed) }
    }

    /// Finds a delivery by its names.
    pub(super) fn find_delivery(&self, key: &DeliveryKey) -> Option<(GroupIndex, usize)> {
        let route = self.tree.with_id(&key.group.route)?;
        let index = self.groups.find(route, &key.group.labels)?;
        let deliveries = &self.groups.at(index).deliveries;
        let place = deliveries.iter().position(|known| known.destination.name == key.integration)?;
        Some((index, place))
    }

    /// Makes one attempt that changes nothing of what its group knows.
    fn send_beside(&mut self, now: Timestamp, key: DeliveryKey, letter: DeadLetter, to: &Destination) {
        let deadline = self.deadline_beside(now);
        let letter = DeadLetter { attempts: letter.attempts.saturating_add(1), ..letter };
        self.keep(Key::DeadLetter(key.clone()), Record::DeadLetter(letter.clone()));
        let (notification, memory) =
            (Arc::clone(&letter.pending.notification), letter.pending.memory.clone());
        let id = self.begin_attempt(to, Begun { number: letter.attempts, deadline, notification, memory });
        self.dead_letters.resent.insert(id, (key.clone(), deadline + retry::GRACE));
        self.dead_letters.put(key, letter);
    }

    /// Takes the outcome of an attempt beside a group. Answers whether it was one.
    pub(super) fn on_resent(&mut self, now: Timestamp, attempt: AttemptId, outcome: &Outcome) -> bool {
        self.dead_letters.resent.retain(|id, (_, end)| *id == attempt || *end > now);
        let Some((key, end)) = self.dead_letters.resent.remove(&attempt) else { return false };
        let destination = self.tree.all_destinations().find(|known| known.name == key.integration).cloned();
        if let Some(to) = &destination {
            self.hear(now, to, attempt, outcome);
        }
        if let Some(letter) = self.dead_letters.by_key.get(&key).cloned() {
            let began = end - retry::GRACE - Duration::from_mins(1);
            self.note_resent(now, &key, &letter, (attempt, now.since(began)), outcome);
        }
        if let Some(to) = destination {
            self.release(now, &to.endpoint);
        }
        true
    }

    fn note_resent(
        &mut self,
        now: Timestamp,
        key: &DeliveryKey,
        letter: &DeadLetter,
        (attempt, latency): (AttemptId, Duration),
        outcome: &Outcome,
    ) {
        let ended = Ended {
            group: name_of(key, letter),
            integration: key.integration.clone(),
            attempt,
            number: letter.attempts,
            notification: Arc::clone(&letter.pending.notification),
            latency,
        };
        match outcome {
            Outcome::Delivered => {
                self.note(ended.sent(now));
                self.settle_dead_letter(key);
            }
            Outcome::Retryable { failure, message, .. } | Outcome::Refused { failure, message } => {
                let message = Str::from(message.as_str());
                let letter = DeadLetter { error: message.clone(), ..letter.clone() };
                self.keep(Key::DeadLetter(key.clone()), Record::DeadLetter(letter.clone()));
                self.dead_letters.put(key.clone(), letter);
                self.note(ended.failed(*failure, message, None));
            }
        }
    }
}

/// The group as it is named where people see it; it may be gone.
fn name_of(key: &DeliveryKey, letter: &DeadLetter) -> Arc<GroupName> {
    Arc::new(GroupName {
        key: letter.pending.notification.group_key.clone(),
        route: key.group.route.clone(),
        labels: key.group.labels.clone(),
        receiver: key.integration.receiver.clone(),
    })
}
