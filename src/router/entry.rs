//! What must survive a restart: keys and records. How they are stored is the shell's business.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Memory, Notification, Reason};
use crate::model::{Alert, Fingerprint, LabelSet, Silence, SilenceId, Str, Timestamp};

/// A record to keep under a key until the next entry with this key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// What it is about.
    pub key: Key,
    /// What to keep; `None`: forget it.
    pub record: Option<Record>,
}

/// What a record is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Key {
    /// An alert; its record is [`Record::Alert`].
    Alert(Fingerprint),
    /// An alert group; its record is [`Record::Group`].
    Group(GroupKey),
    /// What an integration was told of a group; its record is [`Record::Told`].
    Told(DeliveryKey),
    /// What an integration is being told of a group; its record is [`Record::Pending`].
    Pending(DeliveryKey),
    /// A silence; its record is [`Record::Silence`].
    Silence(SilenceId),
    /// A notification that was given up; its record is [`Record::DeadLetter`].
    DeadLetter(DeliveryKey),
    /// What an integration got under its rate limit; its record is [`Record::Limiter`].
    Limiter(IntegrationName),
}

/// The content of an [`Entry`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Record {
    /// An alert as last received.
    Alert(Alert),
    /// A group and its timer. Its members are found again by routing the alerts.
    Group(SavedGroup),
    /// An entry of the notification log.
    Told(Told),
    /// A notification that is decided and not yet taken by its receiver.
    Pending {
        /// What is said.
        pending: Arc<Pending>,
        /// Whether an attempt is under way: after a restart nobody knows how it went.
        in_flight: bool,
    },
    /// A silence, also one that has ended, until its retention is over.
    Silence(Silence),
    /// The last notification of a group that an integration did not take.
    DeadLetter(DeadLetter),
    /// A rate limit.
    Limiter(SavedLimiter),
}

/// Names a group: it is the same group after a restart, and after a reload that keeps its route.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct GroupKey {
    /// [`crate::config::routes::Route::id`].
    pub route: Str,
    /// The labels that the group shares.
    pub labels: LabelSet,
}

/// Names an integration of a receiver.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct IntegrationName {
    /// The receiver's name.
    pub receiver: Str,
    /// `webhook`, `email`, …
    pub kind: Str,
    /// Its place among the receiver's integrations of the same kind.
    pub index: usize,
}

impl fmt::Display for IntegrationName {
    /// `ops/webhook[0]`, as in Alertmanager's log lines.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}[{}]", self.receiver, self.kind, self.index)
    }
}

/// Names what one integration knows of one group.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DeliveryKey {
    /// The group.
    pub group: GroupKey,
    /// The integration.
    pub integration: IntegrationName,
}

/// The timer of a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedGroup {
    /// When it is looked at next. A group that did not change since is looked at every `group_interval`
    /// from here on without a new record.
    pub next_flush: Timestamp,
    /// Whether something changed since it was looked at last.
    pub changed: bool,
}

/// What an integration was last told of a group: an entry of the notification log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// The alerts that it knows as firing, sorted.
    pub firing: Vec<Fingerprint>,
    /// The alerts that were resolved at the time, sorted; whether it wanted to hear of them or not.
    pub resolved: Vec<Fingerprint>,
    /// The alerts of which it may or may not know that they fire, sorted and none of them in `firing`: an
    /// attempt to tell of them, or of their end, has no known outcome; or it was told that they fire, and
    /// later of the others without them, because they were muted. If they fire they are told as new; if they
    /// are resolved that is told too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unsure: Vec<Fingerprint>,
    /// When this became so: the repeat interval counts from here.
    pub at: Timestamp,
    /// When a notification was last delivered, if ever: the cooldown counts from here. It differs from
    /// `at` when only the log changed, as after the end of an alert the integration does not want to hear.
    pub sent_at: Option<Timestamp>,
    /// How many times alerts in `firing` ended and fired again since the last delivery while a cooldown ran,
    /// in order of the alerts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flaps: Vec<(Fingerprint, u32)>,
    /// What the integration remembers of the group, if anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<Arc<Memory>>,
}

impl Told {
    /// What is known after an attempt that may have arrived; `before` is what was known until then.
    pub(super) fn after_unknown_outcome(before: Option<&Self>, pending: &Pending, now: Timestamp) -> Self {
        let (known, mut unsure) = before
            .map_or((&[][..], BTreeSet::new()), |told| (&told.firing, told.unsure.iter().copied().collect()));
        let ends = |alert: &Fingerprint| pending.resolved.binary_search(alert).is_ok();
        let (ended, firing): (Vec<_>, Vec<_>) = known.iter().copied().partition(ends);
        unsure.extend(ended.iter().chain(&pending.firing).copied());
        unsure.retain(|alert| firing.binary_search(alert).is_err());
        Self {
            firing,
            resolved: before.map(|told| told.resolved.clone()).unwrap_or_default(),
            unsure: unsure.into_iter().collect(),
            at: before.map_or(now, |told| told.at),
            sent_at: before.and_then(|told| told.sent_at),
            flaps: before.map(|told| told.flaps.clone()).unwrap_or_default(),
            memory: before.and_then(|told| told.memory.clone()),
        }
    }

    /// Whether it knows, or may know, that an alert fires.
    pub(super) fn may_know(&self, alert: Fingerprint) -> bool {
        [&self.firing, &self.unsure].iter().any(|list| list.binary_search(&alert).is_ok())
    }

    /// What is known after something was noted without being told: what is still there of what was known.
    pub(super) fn without_ended(&self, resolved: Vec<Fingerprint>, still: &[&[Fingerprint]]) -> Self {
        let is_there = |alert: &Fingerprint| still.iter().any(|list| list.binary_search(alert).is_ok());
        Self {
            firing: self.firing.iter().copied().filter(is_there).collect(),
            resolved,
            unsure: self.unsure.iter().copied().filter(is_there).collect(),
            at: self.at,
            sent_at: self.sent_at,
            flaps: self.flaps.iter().copied().filter(|(alert, _)| is_there(alert)).collect(),
            memory: self.memory.clone(),
        }
    }
}

/// The last notification of a group that an integration did not take.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// What was to be told.
    pub pending: Arc<Pending>,
    /// Why it was given up.
    pub why: DeadReason,
    /// What went wrong last; never holds a secret.
    pub error: Str,
    /// How many attempts were made.
    pub attempts: u32,
    /// How many notifications of the group were given up in a row, this one included.
    pub times: u32,
    /// When the first of them was given up.
    pub first_at: Timestamp,
    /// When this one was given up.
    pub at: Timestamp,
}

/// Why a notification was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeadReason {
    /// The receiver refused it.
    Refused,
    /// It could not be delivered for too long.
    TooOld,
}

/// What an integration got under its rate limit.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SavedLimiter {
    /// When it may get all that the limit allows again.
    pub full_at: Timestamp,
    /// Since when something is held back.
    #[serde(default)]
    pub since: Option<Timestamp>,
    /// When it was last told that something is held back, and whether that still holds for all it knows.
    #[serde(default)]
    pub told: Option<(Timestamp, bool)>,
    /// What it is being told of that.
    #[serde(default)]
    pub pending: Option<Arc<Notification>>,
}

/// A notification on its way, with what the log will say once it has arrived.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pending {
    /// What is said.
    pub notification: Arc<Notification>,
    /// The alerts that fire, sorted.
    pub firing: Vec<Fingerprint>,
    /// The alerts that are resolved, sorted; also those that are not said.
    pub resolved: Vec<Fingerprint>,
    /// The alerts that are muted and of which the integration knows, or may know, that they fire; sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held: Vec<Fingerprint>,
    /// Since when the integration has not heard what it should have: what was composed first and could not
    /// be delivered may have given way to this. `None`: since this was composed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// What the next attempt is to remember of the group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<Arc<Memory>>,
}

impl Pending {
    /// Since when there is something that could not be delivered.
    pub(super) fn since(&self) -> Timestamp {
        self.since.unwrap_or(self.notification.at)
    }

    /// This, in the place of what could not be delivered.
    pub(super) fn instead_of(mut self, older: &Self) -> Self {
        self.since = Some(older.since());
        let forgets = |pending: &Self| pending.notification.reason == Reason::First;
        // A failed attempt may have left something behind, such as the message that is to be changed.
        if forgets(older) || !forgets(&self) {
            self.memory.clone_from(&older.memory);
        }
        self
    }
}
