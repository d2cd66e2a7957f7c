//! All alerts that the router knows, each once, found by fingerprint.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::groups::GroupIndex;
use super::inhibition::Roles;
use super::silences::SilenceIndex;
use crate::model::finder::hash_of;
use crate::model::{Alert, Finder, Fingerprint, Interner, Timestamp};

/// The place of an alert in [`Alerts`]; used again once the alert is forgotten.
pub(super) type AlertIndex = u32;

/// An alert and where it belongs.
#[derive(Debug)]
pub(super) struct Slot {
    /// The alert as last received.
    pub(super) alert: Alert,
    /// Of its labels.
    pub(super) fingerprint: Fingerprint,
    /// The routes it takes: they depend on its labels only, so they are found once.
    pub(super) places: Places,
    /// What it is in inhibition rules.
    pub(super) roles: Roles,
    /// What may mute it or be muted by it; `None` for almost every alert.
    pub(super) muting: Option<Box<Muting>>,
}

/// What may mute an alert, and what it may mute, now or at another time.
#[derive(Debug, Default)]
pub(super) struct Muting {
    /// The silences that match it and have not ended, in order of their places.
    pub(super) silences: Vec<SilenceIndex>,
}

impl Muting {
    fn is_empty(&self) -> bool {
        let Self { silences } = self;
        silences.is_empty()
    }

    /// Adds a silence that matches the alert.
    pub(super) fn add_silence(&mut self, silence: SilenceIndex) {
        if let Err(at) = self.silences.binary_search(&silence) {
            self.silences.insert(at, silence);
        }
    }
}

impl Slot {
    /// What may mute it, to be added to.
    pub(super) fn muting_mut(&mut self) -> &mut Muting {
        self.muting.get_or_insert_default()
    }

    /// Takes out a silence that has ended.
    pub(super) fn drop_silence(&mut self, silence: SilenceIndex) {
        let Some(muting) = &mut self.muting else { return };
        muting.silences.retain(|known| *known != silence);
        if muting.is_empty() {
            self.muting = None;
        }
    }
}

/// An alert's places in order of their routes. Almost every alert has one, which needs no allocation.
#[derive(Debug)]
pub(super) enum Places {
    One([Place; 1]),
    Many(Box<[Place]>),
}

impl From<Vec<Place>> for Places {
    fn from(places: Vec<Place>) -> Self {
        match places[..] {
            [place] => Self::One([place]),
            _ => Self::Many(places.into()),
        }
    }
}

impl std::ops::Deref for Places {
    type Target = [Place];

    fn deref(&self) -> &[Place] {
        match self {
            Self::One(place) => place,
            Self::Many(places) => places,
        }
    }
}

impl std::ops::DerefMut for Places {
    fn deref_mut(&mut self) -> &mut [Place] {
        match self {
            Self::One(place) => place,
            Self::Many(places) => places,
        }
    }
}

/// An alert's place under one route.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// The route: a [`crate::config::routes::RouteIndex`] in half the space.
    pub(super) route: u32,
    /// The group it is in; `None` once it is resolved there and nobody has to be told any more.
    pub(super) group: Option<GroupIndex>,
}

/// Alerts in slots.
#[derive(Debug, Default)]
pub(super) struct Alerts {
    slots: Vec<Option<Slot>>,
    free: Vec<AlertIndex>,
    by_fingerprint: Finder<AlertIndex>,
    /// What raised the alerts: those of one rule share it.
    links: Interner,
    /// How many alerts end at which time; those without an end are not in it.
    ends: BTreeMap<Timestamp, usize>,
}

impl Alerts {
    /// The place of the alert with this fingerprint.
    pub(super) fn find(&self, fingerprint: Fingerprint) -> Option<AlertIndex> {
        let is_it = |index: &AlertIndex| self.at(*index).fingerprint == fingerprint;
        self.by_fingerprint.find(hash_of(&fingerprint), is_it).copied()
    }

    /// Adds an alert that is not known yet. Its link becomes a shared one.
    pub(super) fn insert(&mut self, fingerprint: Fingerprint, alert: Alert, places: Places) -> AlertIndex {
        let alert = Alert { generator_url: self.links.intern(&alert.generator_url), ..alert };
        self.move_end(None, alert.ends_at);
        let slot = Slot { alert, fingerprint, places, roles: Roles::default(), muting: None };
        let index = match self.free.pop() {
            Some(index) => {
                self.slots[index as usize] = Some(slot);
                index
            }
            None => {
                self.slots.push(Some(slot));
                u32::try_from(self.slots.len() - 1).expect("fewer than four billion alerts fit in memory")
            }
        };
        let slots = &self.slots;
        let hash =
            |index: &AlertIndex| slots[*index as usize].as_ref().map_or(0, |slot| hash_of(&slot.fingerprint));
        self.by_fingerprint.insert(hash_of(&fingerprint), index, hash);
        index
    }

    /// Replaces what is known of an alert; its labels are the same.
    pub(super) fn update(&mut self, index: AlertIndex, alert: Alert) {
        let generator_url = self.links.intern(&alert.generator_url);
        self.move_end(self.at(index).alert.ends_at, alert.ends_at);
        let slot = self.at_mut(index);
        slot.alert = Alert { labels: slot.alert.labels.clone(), generator_url, ..alert };
    }

    /// Notes that an alert is still there, and when it ends.
    pub(super) fn refresh(&mut self, index: AlertIndex, ends_at: Option<Timestamp>, updated_at: Timestamp) {
        self.move_end(self.at(index).alert.ends_at, ends_at);
        let alert = &mut self.at_mut(index).alert;
        alert.ends_at = ends_at;
        alert.updated_at = alert.updated_at.max(updated_at);
    }

    fn move_end(&mut self, from: Option<Timestamp>, to: Option<Timestamp>) {
        if from == to {
            return;
        }
        if let Some(from) = from
            && let Entry::Occupied(mut known) = self.ends.entry(from)
        {
            *known.get_mut() -= 1;
            if *known.get() == 0 {
                known.remove();
            }
        }
        if let Some(to) = to {
            *self.ends.entry(to).or_default() += 1;
        }
    }

    /// How many alerts are known.
    pub(super) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// How many alerts are resolved at `now`. Those are soon forgotten, so there are few ends to sum up.
    pub(super) fn resolved_at(&self, now: Timestamp) -> usize {
        self.ends.range(..=now).map(|(_, count)| count).sum()
    }

    /// Forgets an alert.
    pub(super) fn remove(&mut self, index: AlertIndex) -> Option<Slot> {
        let slot = self.slots[index as usize].take()?;
        self.by_fingerprint.remove(hash_of(&slot.fingerprint), |known| *known == index);
        self.move_end(slot.alert.ends_at, None);
        self.free.push(index);
        Some(slot)
    }

    /// The alert at a place, if it is in use.
    pub(super) fn get(&self, index: AlertIndex) -> Option<&Slot> {
        self.slots.get(index as usize)?.as_ref()
    }

    /// The place after all that are in use.
    pub(super) fn end(&self) -> AlertIndex {
        u32::try_from(self.slots.len()).expect("fewer than four billion alerts fit in memory")
    }

    /// The alert at a place that is in use.
    pub(super) fn at(&self, index: AlertIndex) -> &Slot {
        self.slots[index as usize].as_ref().expect("groups hold only alerts that are known")
    }

    /// The alert at a place that is in use, to be changed.
    pub(super) fn at_mut(&mut self, index: AlertIndex) -> &mut Slot {
        self.slots[index as usize].as_mut().expect("groups hold only alerts that are known")
    }

    /// All places in use, in order.
    pub(super) fn indexes(&self) -> Vec<AlertIndex> {
        let used = self.slots.iter().zip(0..).filter(|(slot, _)| slot.is_some());
        used.map(|(_, index)| index).collect()
    }

    /// All alerts from a place on, with their places in order.
    pub(super) fn iter_from(&self, from: AlertIndex) -> impl Iterator<Item = (AlertIndex, &Slot)> {
        let slots = self.slots.iter().zip(0..).skip(from as usize);
        slots.filter_map(|(slot, index)| Some((index, slot.as_ref()?)))
    }

    /// All alerts.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Slot> {
        self.slots.iter().flatten()
    }
}
