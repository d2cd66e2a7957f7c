//! What mutes an alert: silences, inhibition, and the time intervals of its route.

use super::alerts::AlertIndex;
use super::machine::Router;
use crate::config::routes::RouteIndex;
use crate::model::{Fingerprint, SilenceId, Str, Timestamp};

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
    pub(super) fn is_muted(&self, _now: Timestamp, _alert: AlertIndex) -> bool {
        false
    }

    /// Everything that mutes an alert: for people.
    pub(super) fn mutes(&self, _now: Timestamp, _alert: AlertIndex) -> Mutes {
        Mutes::default()
    }

    /// The names of the time intervals that make a route quiet at `now`; empty: it may tell. As in
    /// Alertmanager's `mutedBy`, a route that is quiet because no active interval holds names all of them.
    pub(super) fn quiet_by(&self, _now: Timestamp, _route: RouteIndex) -> Vec<Str> {
        Vec::new()
    }
}
