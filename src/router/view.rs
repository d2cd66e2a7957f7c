//! What the router shows of itself. Pure reads.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::alerts::AlertIndex;
use super::groups::{Delivery, Group, GroupIndex, State, Wait};
use super::machine::Router;
use super::silences::Slot as SilenceSlot;
use super::snapshot::group_key;
use super::{IntegrationName, NotTold, Reason, Told};
use crate::config::routes::Routing;
use crate::model::{Alert, Duration, LabelSet, SilenceState, Str, Timestamp};

/// Counts for metrics and health: cheap enough for every scrape. [`super::Router::groups`] has the details.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct View {
    /// Alerts by state.
    pub alerts: AlertCounts,
    /// Alert groups (`alertmanager_dispatcher_aggregation_groups`).
    pub groups: usize,
    /// Attempts without an outcome yet.
    pub in_flight: usize,
    /// Notifications that failed and wait for their next attempt.
    pub retrying: usize,
    /// Groups that a rate limit holds back from an integration.
    pub held_back: usize,
    /// Notifications that were given up (`sereno_dead_letters`).
    pub dead_letters: usize,
    /// Entries of the notification log whose group is gone.
    pub remembered: usize,
    /// Silences by state (`alertmanager_silences{state}`).
    pub silences: SilenceCounts,
}

/// Silences by state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SilenceCounts {
    /// Silences that mute.
    pub active: usize,
    /// Silences that will mute.
    pub pending: usize,
    /// Silences that have ended and are still kept.
    pub expired: usize,
}

/// Alerts by state (`alertmanager_alerts{state}`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AlertCounts {
    /// Alerts that fire.
    pub firing: usize,
    /// Those that fire and are muted by silences or inhibition.
    pub suppressed: usize,
    /// Those that fire, are not muted, and are only in groups that were not looked at yet.
    pub unprocessed: usize,
    /// Alerts that are resolved and of which somebody may still have to be told.
    pub resolved: usize,
}

/// One alert group in detail.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupView {
    /// `{}/{severity="page"}:{alertname="Down"}`.
    pub key: Str,
    /// The place of its route in the tree, unique.
    pub route: Str,
    /// The key of its route, `{}/{severity="page"}`.
    pub route_key: Str,
    /// The labels that it shares.
    pub labels: LabelSet,
    /// The receiver of its route.
    pub receiver: Str,
    /// When it is looked at next.
    pub next_flush: Timestamp,
    /// When it was looked at last, by this process.
    pub flushed_at: Option<Timestamp>,
    /// Its alerts in order of their fingerprints.
    pub alerts: Vec<Alert>,
    /// What each integration of the receiver knows.
    pub deliveries: Vec<DeliveryView>,
}

/// What one integration knows of a group.
#[derive(Clone, Debug, PartialEq)]
pub struct DeliveryView {
    /// The integration.
    pub integration: IntegrationName,
    /// What it was last told.
    pub told: Option<Told>,
    /// Why it was not told when the group was looked at last.
    pub not_told: Option<NotTold>,
    /// Whether something is on its way.
    pub state: DeliveryState,
    /// What the receiver said when an attempt failed last, until one succeeds.
    pub last_error: Option<Str>,
    /// How long the last attempt took.
    pub last_latency: Option<Duration>,
}

/// Whether a notification is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryState {
    /// Nothing is on its way.
    Idle,
    /// An attempt has no outcome yet.
    InFlight {
        /// Why it is told.
        reason: Reason,
        /// The attempt's number.
        number: u32,
        /// When the attempt is given up.
        deadline: Timestamp,
    },
    /// The last attempt failed.
    Retrying {
        /// Why it is told.
        reason: Reason,
        /// How many attempts were made.
        attempts: u32,
        /// When the next one is made; `None`: when it is its turn at a server that does not answer yet.
        at: Option<Timestamp>,
    },
}

impl Router {
    /// The routes and receivers that are in force.
    #[must_use]
    pub fn routing(&self) -> &Arc<Routing> {
        &self.routing
    }

    /// Counts for metrics and health. With inhibition rules it walks over all alerts, else only over silences
    /// with what they match and over groups that are new.
    #[must_use]
    pub fn view(&self, now: Timestamp) -> View {
        let resolved = self.alerts.resolved_at(now);
        View {
            alerts: AlertCounts {
                firing: self.alerts.len() - resolved,
                suppressed: self.count_silenced(now) + self.count_only_inhibited(now),
                unprocessed: self.count_unprocessed(now),
                resolved,
            },
            groups: self.groups.len(),
            in_flight: self.in_flight.len(),
            retrying: self.waiting,
            held_back: self.limiters.len(),
            dead_letters: self.dead_letters.len(),
            remembered: self.memory.len(),
            silences: self.count_silences(now),
        }
    }

    fn count_silences(&self, now: Timestamp) -> SilenceCounts {
        let mut counts = SilenceCounts::default();
        for slot in self.silences.iter() {
            match slot.silence.state_at(now) {
                SilenceState::Active => counts.active += 1,
                SilenceState::Pending => counts.pending += 1,
                SilenceState::Expired => counts.expired += 1,
            }
        }
        counts
    }

    fn count_silenced(&self, now: Timestamp) -> usize {
        let silenced = |slot: &SilenceSlot| {
            // An alert counts for the first silence that mutes it.
            let counts = |alert: &&AlertIndex| {
                let first = self.active_silences(now, **alert).next();
                self.fires(now, **alert) && first.is_some_and(|first| first.id == slot.silence.id)
            };
            slot.alerts.iter().filter(counts).count()
        };
        let active = self.silences.iter().filter(|slot| slot.silence.state_at(now) == SilenceState::Active);
        active.map(silenced).sum()
    }

    fn count_only_inhibited(&self, now: Timestamp) -> usize {
        if self.routing.inhibit_rules.is_empty() {
            return 0;
        }
        let is_inhibited = |alert: AlertIndex| {
            self.fires(now, alert) && self.is_inhibited(now, alert) && !self.is_silenced(now, alert)
        };
        self.alerts.iter_from(0).filter(|(alert, _)| is_inhibited(*alert)).count()
    }

    fn count_unprocessed(&self, now: Timestamp) -> usize {
        let is_new = |(group, alert): &(GroupIndex, AlertIndex)| {
            let places = &self.alerts.at(*alert).places;
            let mut groups = places.iter().filter_map(|place| place.group);
            // An alert counts for its first group.
            groups.clone().next() == Some(*group)
                && groups.all(|group| self.unseen.contains(&group))
                && self.fires(now, *alert)
                && !self.is_muted(now, *alert)
        };
        let members = |group: &GroupIndex| {
            let group = *group;
            self.groups.at(group).members.values().map(move |alert| (group, *alert))
        };
        self.unseen.iter().flat_map(members).filter(is_new).count()
    }

    fn fires(&self, now: Timestamp, alert: AlertIndex) -> bool {
        !self.alerts.at(alert).alert.is_resolved_at(now)
    }

    /// How many notifications are on their way to each integration, or wait for another attempt. Walks over all
    /// groups.
    #[must_use]
    pub fn outbox(&self) -> BTreeMap<IntegrationName, usize> {
        let mut counts: BTreeMap<&IntegrationName, usize> =
            self.tree.all_destinations().map(|known| (&known.name, 0)).collect();
        if self.waiting + self.in_flight.len() > 0 {
            let deliveries = self.groups.iter().flat_map(|(_, group)| &group.deliveries);
            for delivery in deliveries.filter(|delivery| delivery.pending().is_some()) {
                *counts.entry(&delivery.destination.name).or_default() += 1;
            }
        }
        counts.into_iter().map(|(name, count)| (name.clone(), count)).collect()
    }

    /// Every group in detail, in order of route and labels. Copies pointers, not texts.
    #[must_use]
    pub fn groups(&self) -> Vec<GroupView> {
        let mut groups: Vec<&Group> = self.groups.iter().map(|(_, group)| group).collect();
        groups.sort_by(|a, b| (a.route, &a.key.labels).cmp(&(b.route, &b.key.labels)));
        groups.into_iter().map(|group| self.group_view(group)).collect()
    }

    /// Every known alert, also those that are resolved and not forgotten yet, in no particular but stable
    /// order.
    pub fn alerts(&self) -> impl Iterator<Item = &Alert> {
        self.alerts.iter().map(|slot| &slot.alert)
    }

    pub(super) fn group_view(&self, group: &Group) -> GroupView {
        let alerts = group.members.values().map(|index| self.alerts.at(*index).alert.clone()).collect();
        GroupView { alerts, ..self.group_heading(group) }
    }

    /// A group without its alerts, which may be many.
    pub(super) fn group_heading(&self, group: &Group) -> GroupView {
        let route = &self.routing.routes[group.route];
        GroupView {
            key: group_key(route, &group.key.labels),
            route: Arc::clone(&group.key.route),
            route_key: Arc::clone(&route.key),
            labels: group.key.labels.clone(),
            receiver: Arc::clone(&route.receiver),
            next_flush: group.next_flush,
            flushed_at: group.flushed_at,
            alerts: Vec::new(),
            deliveries: group.deliveries.iter().map(delivery_view).collect(),
        }
    }
}

fn delivery_view(delivery: &Delivery) -> DeliveryView {
    DeliveryView {
        integration: delivery.destination.name.clone(),
        told: delivery.told.clone(),
        not_told: delivery.not_told,
        state: match &delivery.state {
            State::Idle => DeliveryState::Idle,
            State::InFlight { number, deadline, pending, .. } => DeliveryState::InFlight {
                reason: pending.notification.reason,
                number: *number,
                deadline: *deadline,
            },
            State::Waiting { attempts, wait, pending } => DeliveryState::Retrying {
                reason: pending.notification.reason,
                attempts: *attempts,
                at: match wait {
                    Wait::Until(at) => Some(*at),
                    Wait::InLine(_) => None,
                },
            },
        },
        last_error: delivery.last_error.clone(),
        last_latency: delivery.last_latency,
    }
}
