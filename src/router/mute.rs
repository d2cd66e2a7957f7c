//! What mutes an alert: silences, inhibition, and the time intervals of its route.

use std::collections::BTreeSet;

use super::alerts::AlertIndex;
use super::groups::GroupIndex;
use super::inhibition::Inhibitor;
use super::machine::Router;
use super::snapshot::Snapshot;
use super::{Event, Suppression};
use crate::config::routes::RouteIndex;
use crate::model::{Fingerprint, Silence, SilenceId, SilenceState, Str, Timestamp};

/// The most alerts that are named as the reason for muting another: enough for people, and a page of alerts
/// that ten thousand others inhibit stays small.
const MOST_INHIBITORS: usize = 10;

/// All that mutes one alert at one instant, with the names that Alertmanager's API has for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mutes {
    /// The active silences that match it, in order of their ids.
    pub silenced_by: Vec<SilenceId>,
    /// Unresolved alerts that inhibit it, in order: all of them if they are few, else some. Alertmanager
    /// names only one.
    pub inhibited_by: Vec<Fingerprint>,
}

impl Mutes {
    /// Whether anything mutes it.
    #[must_use]
    pub fn any(&self) -> bool {
        !(self.silenced_by.is_empty() && self.inhibited_by.is_empty())
    }
}

impl Router {
    /// Whether silences or inhibition mute an alert: for decisions, so it stops at the first reason.
    pub(super) fn is_muted(&self, now: Timestamp, alert: AlertIndex) -> bool {
        self.is_inhibited(now, alert) || self.is_silenced(now, alert)
    }

    /// Everything that mutes an alert: for people.
    pub(super) fn mutes(&self, now: Timestamp, alert: AlertIndex) -> Mutes {
        let mut silenced_by: Vec<SilenceId> =
            self.active_silences(now, alert).map(|silence| silence.id.clone()).collect();
        silenced_by.sort();
        Mutes { silenced_by, inhibited_by: self.inhibited_by(now, alert) }
    }

    /// Whether an active silence mutes this alert.
    pub(super) fn is_silenced(&self, now: Timestamp, alert: AlertIndex) -> bool {
        self.active_silences(now, alert).next().is_some()
    }

    /// The active silences that match an alert.
    pub(super) fn active_silences(
        &self,
        now: Timestamp,
        alert: AlertIndex,
    ) -> impl Iterator<Item = &Silence> {
        let muting = self.alerts.at(alert).muting.as_ref();
        let silences = muting.into_iter().flat_map(|muting| &muting.silences);
        let silences = silences.map(|index| &self.silences.at(*index).silence);
        silences.filter(move |silence| silence.state_at(now) == SilenceState::Active)
    }

    /// Whether an unresolved alert inhibits this one.
    pub(super) fn is_inhibited(&self, now: Timestamp, alert: AlertIndex) -> bool {
        let slot = self.alerts.at(alert);
        self.inhibition.inhibits(now, slot.roles, &slot.alert.labels)
    }

    /// The alerts that inhibit this one, each with its rule: a few of each rule.
    pub(super) fn inhibitors(&self, now: Timestamp, alert: AlertIndex) -> Vec<Inhibitor> {
        let slot = self.alerts.at(alert);
        self.inhibition.inhibitors(now, slot.roles, &slot.alert.labels, MOST_INHIBITORS)
    }

    /// The fingerprints of the alerts that inhibit this one.
    fn inhibited_by(&self, now: Timestamp, alert: AlertIndex) -> Vec<Fingerprint> {
        let inhibitors = self.inhibitors(now, alert);
        let fingerprints: BTreeSet<Fingerprint> =
            inhibitors.iter().map(|inhibitor| self.alerts.at(inhibitor.source).fingerprint).collect();
        fingerprints.into_iter().take(MOST_INHIBITORS).collect()
    }

    /// The names of the time intervals that make a route quiet at `now`; empty: it may tell. As in
    /// Alertmanager's `mutedBy`, a route that is quiet because no active interval holds names all of them.
    pub(super) fn quiet_by(&self, now: Timestamp, route: RouteIndex) -> Vec<Str> {
        self.routing.quiet_by(now, route)
    }

    /// Counts what is left out, with Alertmanager's reasons in its order.
    pub(super) fn note_suppressed(&mut self, index: GroupIndex, snapshot: &Snapshot) {
        if snapshot.held.is_empty() && !snapshot.quiet {
            return;
        }
        let group = self.groups.at(index);
        let held = snapshot.held.iter().filter_map(|alert| group.members.get(alert));
        let inhibited = held.filter(|alert| self.is_inhibited(snapshot.at, **alert)).count();
        let others = snapshot.held.len() - inhibited;
        let (intervals, silenced) = match snapshot.quiet {
            true => (others + snapshot.firing.len(), 0),
            false => (0, others),
        };
        let route = self.route_of(index);
        let by_active = self
            .quiet_by(snapshot.at, group.route)
            .first()
            .is_some_and(|name| route.active_time_intervals.contains(name));
        let interval = if by_active { Suppression::ActiveInterval } else { Suppression::MuteInterval };
        let counts =
            [(Suppression::Inhibition, inhibited), (interval, intervals), (Suppression::Silence, silenced)];
        for (why, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
            self.note(Event::Suppressed { why, count });
        }
    }
}
