//! Alert groups: their members, their timer, and what each integration knows of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::alerts::AlertIndex;
use super::endpoints::Ticket;
use super::tree::Destination;
use super::{AttemptId, DeliveryKey, GroupKey, NotTold, Pending, Reason, Told};
use crate::config::routes::RouteIndex;
use crate::model::{Duration, Fingerprint, LabelSet, Lookup, Str, Timestamp};

/// The place of a group in [`Groups`]; used again once the group is gone.
pub(super) type GroupIndex = u32;

/// Alerts that are told together.
#[derive(Debug)]
pub(super) struct Group {
    /// Its name across restarts.
    pub(super) key: GroupKey,
    /// Its route.
    pub(super) route: RouteIndex,
    /// Its alerts. Those that are resolved stay until all integrations that have to know do.
    pub(super) members: BTreeMap<Fingerprint, AlertIndex>,
    /// When it is looked at next; there is a timer for it.
    pub(super) next_flush: Timestamp,
    /// When it was looked at last.
    pub(super) flushed_at: Option<Timestamp>,
    /// Whether an alert came, or began or ceased to fire, since it was looked at.
    pub(super) changed: bool,
    /// One for each integration of the receiver.
    pub(super) deliveries: Vec<Delivery>,
}

/// What one integration knows of a group, and what is on its way to it.
#[derive(Debug)]
pub(super) struct Delivery {
    /// The integration.
    pub(super) destination: Arc<Destination>,
    /// What it was told last.
    pub(super) told: Option<Told>,
    /// Why it was told last, if this process did it.
    pub(super) told_reason: Option<Reason>,
    /// What is on its way.
    pub(super) state: State,
    /// Its timer, if one is set.
    pub(super) timer: Option<Timestamp>,
    /// Attempts that failed in a row.
    pub(super) failures: u32,
    /// Whether the last notification was given up, and nothing was delivered since.
    pub(super) given_up: bool,
    /// Its place among those that the receiver's rate limit holds back, if it does.
    pub(super) held_back: Option<Ticket>,
    /// Why it was not told when it was looked at last.
    pub(super) not_told: Option<NotTold>,
    /// What the receiver said when an attempt failed last.
    pub(super) last_error: Option<Str>,
    /// How long the last attempt took.
    pub(super) last_latency: Option<Duration>,
}

/// What is on its way to an integration: never more than one notification.
#[derive(Clone, Debug)]
pub(super) enum State {
    /// Nothing. A timer, if set, is the end of a cooldown.
    Idle,
    /// An attempt has no outcome yet. The timer is the time at which it is taken as lost.
    InFlight {
        /// Its id.
        attempt: AttemptId,
        /// Its number.
        number: u32,
        /// When it began.
        since: Timestamp,
        /// When it is given up.
        deadline: Timestamp,
        /// What it says.
        pending: Arc<Pending>,
        /// Whether a flush meanwhile found something else to tell: it is looked at again right after.
        overtaken: bool,
    },
    /// The last attempt failed, or none could be made yet. The timer is the next one, or when the fallback is
    /// told, or when it is given up.
    Waiting {
        /// How many attempts were made for this notification.
        attempts: u32,
        /// For what it waits.
        wait: Wait,
        /// What it says.
        pending: Arc<Pending>,
    },
}

/// For what a delivery waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wait {
    /// For the time of its next attempt.
    Until(Timestamp),
    /// For its turn at its endpoint.
    InLine(Ticket),
}

impl Delivery {
    /// A delivery that begins with what an earlier group left in the log.
    pub(super) fn new(destination: Arc<Destination>, told: Option<Told>) -> Self {
        Self {
            destination,
            told,
            told_reason: None,
            state: State::Idle,
            timer: None,
            failures: 0,
            given_up: false,
            held_back: None,
            not_told: None,
            last_error: None,
            last_latency: None,
        }
    }

    /// Whether the last attempt failed and another one will be made.
    pub(super) fn is_waiting(&self) -> bool {
        matches!(self.state, State::Waiting { .. })
    }

    /// Its key in a group.
    pub(super) fn key(&self, group: &GroupKey) -> DeliveryKey {
        DeliveryKey { group: group.clone(), integration: self.destination.name.clone() }
    }

    /// What is on its way.
    pub(super) fn pending(&self) -> Option<&Arc<Pending>> {
        match &self.state {
            State::Idle => None,
            State::InFlight { pending, .. } | State::Waiting { pending, .. } => Some(pending),
        }
    }

    /// Whether a resolved alert must stay in the group for this integration's sake: it knows, or may know, the
    /// alert as firing, or is being told of it.
    pub(super) fn needs(&self, alert: Fingerprint) -> bool {
        self.told.as_ref().is_some_and(|told| told.may_know(alert)) || self.is_telling(alert)
    }

    /// Whether something is on its way, was refused, or waits for the end of a cooldown.
    pub(super) fn is_unfinished(&self) -> bool {
        self.pending().is_some() || self.last_error.is_some() || self.timer.is_some()
    }

    /// Whether this integration is being told of an alert.
    pub(super) fn is_telling(&self, alert: Fingerprint) -> bool {
        let known = |alerts: &[Fingerprint]| alerts.binary_search(&alert).is_ok();
        self.pending().is_some_and(|pending| known(&pending.firing) || known(&pending.resolved))
    }
}

/// Groups in slots, found by route and labels.
#[derive(Debug, Default)]
pub(super) struct Groups {
    slots: Vec<Option<Group>>,
    free: Vec<GroupIndex>,
    by_place: Lookup<(RouteIndex, LabelSet), GroupIndex>,
}

impl Groups {
    /// The group of a route with these labels.
    pub(super) fn find(&self, route: RouteIndex, labels: &LabelSet) -> Option<GroupIndex> {
        // The pair is cheap to make: cloning labels copies a pointer.
        self.by_place.get(&(route, labels.clone())).copied()
    }

    /// Adds a group.
    pub(super) fn insert(&mut self, group: Group) -> GroupIndex {
        let place = (group.route, group.key.labels.clone());
        let index = match self.free.pop() {
            Some(index) => {
                self.slots[index as usize] = Some(group);
                index
            }
            None => {
                self.slots.push(Some(group));
                u32::try_from(self.slots.len() - 1).expect("fewer than four billion groups fit in memory")
            }
        };
        self.by_place.insert(place, index);
        index
    }

    /// Takes a group out.
    pub(super) fn remove(&mut self, index: GroupIndex) -> Option<Group> {
        let group = self.slots[index as usize].take()?;
        self.by_place.remove(&(group.route, group.key.labels.clone()));
        self.free.push(index);
        Some(group)
    }

    /// The group at a place, if it is in use.
    pub(super) fn get(&self, index: GroupIndex) -> Option<&Group> {
        self.slots.get(index as usize)?.as_ref()
    }

    /// The group at a place that is in use.
    pub(super) fn at(&self, index: GroupIndex) -> &Group {
        self.get(index).expect("timers, alerts and attempts name only groups that exist")
    }

    /// The group at a place that is in use, to be changed.
    pub(super) fn at_mut(&mut self, index: GroupIndex) -> &mut Group {
        let slot = self.slots[index as usize].as_mut();
        slot.expect("timers, alerts and attempts name only groups that exist")
    }

    /// All groups with their places, in order of these.
    pub(super) fn iter(&self) -> impl Iterator<Item = (GroupIndex, &Group)> {
        (0..).zip(&self.slots).filter_map(|(index, slot)| Some((index, slot.as_ref()?)))
    }

    /// The place after all that are in use.
    pub(super) fn end(&self) -> GroupIndex {
        u32::try_from(self.slots.len()).expect("fewer than four billion groups fit in memory")
    }

    /// How many groups there are.
    pub(super) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }
}
