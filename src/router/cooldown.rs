//! `cooldown`: the least time between two notifications of a group to an integration, whatever changed.
//!
//! It counts from the last delivery and outlives the group: the notification log remembers it. When it ends
//! the group is looked at once, and what differs from what was told is told in one notification. So is an
//! alert that flapped meanwhile, with the number of times, also if it fires as it did before.

use super::Told;
use super::groups::GroupIndex;
use super::machine::Router;
use crate::model::{Duration, Fingerprint, Timestamp};

/// Until when the integration must be left alone, if that is later than `now`.
pub(super) fn until(told: Option<&Told>, cooldown: Duration, now: Timestamp) -> Option<Timestamp> {
    let end = told?.sent_at? + cooldown;
    (end > now).then_some(end)
}

impl Router {
    /// An alert fires again. Whoever knows that it fired, and may not be told before a cooldown ends, will
    /// hear then how often that happened.
    pub(super) fn count_flap(&mut self, now: Timestamp, group: GroupIndex, alert: Fingerprint) {
        if self.routing.strict {
            return; // Alertmanager has no cooldown
        }
        let cooldown = self.route_of(group).cooldown;
        for place in 0..self.groups.at(group).deliveries.len() {
            let told = self.groups.at_mut(group).deliveries[place].told.as_mut();
            let runs = |told: &&mut Told| until(Some(told), cooldown, now).is_some();
            let Some(told) = told.filter(runs).filter(|told| told.firing.binary_search(&alert).is_ok())
            else {
                continue;
            };
            match told.flaps.binary_search_by_key(&alert, |(known, _)| *known) {
                Ok(at) => told.flaps[at].1 = told.flaps[at].1.saturating_add(1),
                Err(at) => told.flaps.insert(at, (alert, 1)),
            }
            self.keep_told(group, place);
        }
    }
}
