//! What integrations were told of groups that are gone: the part of the notification log without a group.
//!
//! A group that is resolved and told leaves nothing to remember but its cooldown: an entry in which nothing
//! fires decides like no entry. Others are kept as long as Alertmanager keeps them.

use std::collections::{BTreeMap, BTreeSet};

use super::{DeliveryKey, Told, cooldown};
use crate::config::routes::Route;
use crate::model::{Duration, Timestamp};

/// Alertmanager's `--data.retention` default.
const RETENTION: Duration = Duration::from_mins(120 * 60);

/// Log entries by their key, each with its end.
#[derive(Debug, Default)]
pub(super) struct Memory {
    entries: BTreeMap<DeliveryKey, (Told, Timestamp)>,
    ends: BTreeSet<(Timestamp, DeliveryKey)>,
}

impl Memory {
    /// Keeps an entry as long as it can matter. Returns whether that is any longer than `now`.
    ///
    /// `route` is the route that the group had, if it still exists.
    pub(super) fn keep(
        &mut self,
        key: DeliveryKey,
        told: Told,
        route: Option<&Route>,
        now: Timestamp,
    ) -> bool {
        let Some(end) = end_of(&told, route, now) else { return false };
        self.put(key, told, end);
        true
    }

    /// Keeps an entry whose group may be about to come back, whatever its age: an entry of a group that
    /// exists does not end. Returns whether there is anything worth keeping.
    pub(super) fn keep_for_group(
        &mut self,
        key: DeliveryKey,
        told: Told,
        route: Option<&Route>,
        now: Timestamp,
    ) -> bool {
        let end = end_of(&told, route, now).or(knows_any(&told).then_some(now));
        let Some(end) = end else { return false };
        self.put(key, told, end);
        true
    }

    fn put(&mut self, key: DeliveryKey, told: Told, end: Timestamp) {
        self.ends.insert((end, key.clone()));
        self.entries.insert(key, (told, end));
    }

    /// An entry, to be read.
    pub(super) fn peek(&self, key: &DeliveryKey) -> Option<&Told> {
        self.entries.get(key).map(|(told, _)| told)
    }

    /// Takes an entry out, because its group is back.
    pub(super) fn take(&mut self, key: &DeliveryKey) -> Option<Told> {
        let (told, end) = self.entries.remove(key)?;
        self.ends.remove(&(end, key.clone()));
        Some(told)
    }

    /// Forgets one entry that has ended at `now`, and returns its key.
    pub(super) fn forget_ended(&mut self, now: Timestamp) -> Option<DeliveryKey> {
        let (end, _) = self.ends.first()?;
        if *end > now {
            return None;
        }
        let (_, key) = self.ends.pop_first()?;
        self.entries.remove(&key);
        Some(key)
    }

    /// When the next entry ends.
    pub(super) fn next_end(&self) -> Option<Timestamp> {
        self.ends.first().map(|(end, _)| *end)
    }

    /// How many entries there are.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }
}

/// When an entry stops to matter, if that is later than `now`.
fn end_of(told: &Told, route: Option<&Route>, now: Timestamp) -> Option<Timestamp> {
    let retention = route.map_or(RETENTION, |route| RETENTION.min(route.repeat_interval * 2));
    let quiet = route.and_then(|route| cooldown::until(Some(told), route.cooldown, now));
    let known = knows_any(told).then_some(told.at + retention);
    quiet.max(known).filter(|end| *end > now)
}

/// Whether there is an alert that the integration knows, or may know, as firing.
pub(super) fn knows_any(told: &Told) -> bool {
    !(told.firing.is_empty() && told.unsure.is_empty())
}
