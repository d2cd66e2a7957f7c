//! What mutes an alert: silences, inhibition, and the time intervals of its route.

use super::alerts::{AlertIndex, Slot};
use super::machine::Router;
use crate::config::routes::RouteIndex;
use crate::model::{Fingerprint, Silence, SilenceId, SilenceState, Str, Timestamp};

/// All that mutes one alert at one instant, with the names that Alertmanager's API has for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mutes {
    /// The active silences that match it, in order of their ids.
    pub silenced_by: Vec<SilenceId>,
    /// The unresolved alerts that inhibit it, in order.
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

    pub(super) fn is_silenced(&self, now: Timestamp, alert: AlertIndex) -> bool {
        self.active_silences(now, alert).next().is_some()
    }

    pub(super) fn is_inhibited(&self, _now: Timestamp, _alert: AlertIndex) -> bool {
        false
    }

    /// Everything that mutes an alert: for people.
    pub(super) fn mutes(&self, now: Timestamp, alert: AlertIndex) -> Mutes {
        let mut silenced_by: Vec<SilenceId> =
            self.active_silences(now, alert).map(|silence| silence.id.clone()).collect();
        silenced_by.sort();
        Mutes { silenced_by, inhibited_by: Vec::new() }
    }

    /// The active silences that match an alert.
    fn active_silences(&self, now: Timestamp, alert: AlertIndex) -> impl Iterator<Item = &Silence> {
        let muting = self.alerts.at(alert).muting.as_ref();
        let silences = muting.into_iter().flat_map(|muting| &muting.silences);
        let silences = silences.map(|index| &self.silences.at(*index).silence);
        silences.filter(move |silence| silence.state_at(now) == SilenceState::Active)
    }

    /// Forgets an alert, and that it mutes or is muted.
    pub(super) fn forget_alert(&mut self, alert: AlertIndex) -> Option<Slot> {
        let slot = self.alerts.remove(alert)?;
        if let Some(muting) = &slot.muting {
            self.silences.forget_alert(alert, &muting.silences);
        }
        Some(slot)
    }

    /// The names of the time intervals that make a route quiet at `now`; empty: it may tell. As in
    /// Alertmanager's `mutedBy`, a route that is quiet because no active interval holds names all of them.
    pub(super) fn quiet_by(&self, _now: Timestamp, _route: RouteIndex) -> Vec<Str> {
        Vec::new()
    }
}
