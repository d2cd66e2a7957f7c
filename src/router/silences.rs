//! All silences that the router keeps, ended ones included, and which alerts they match.
//!
//! `draft` says whether a silence may be as it is wanted, `requests` makes, changes and ends them. Which alerts a silence matches is known at any time; whether it
//! mutes them is a question of the time at which that is asked.

mod draft;
mod requests;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use super::alerts::AlertIndex;
use super::matcher_index::MatcherIndex;
use crate::model::{Duration, LabelSet, Silence, SilenceId, SilenceKind, SilenceState, Timestamp};

/// The place of a silence in [`Silences`]; used again once the silence is forgotten.
pub(super) type SilenceIndex = u32;

/// A silence and what it matches.
#[derive(Debug)]
pub(super) struct Slot {
    /// The silence.
    pub(super) silence: Silence,
    /// The alerts that it matches, until it has ended.
    pub(super) alerts: BTreeSet<AlertIndex>,
    /// Whether it is known to have ended: it matches nothing any more.
    pub(super) ended: bool,
    /// When it is to be looked at.
    due: Timestamp,
    /// If it ends on its own: the alert that kept it going when it was looked at last. As long as that one
    /// fires no other has to be looked at.
    witness: AlertIndex,
}

/// Silences in slots, found by id and by the labels of an alert.
#[derive(Debug, Default)]
pub(super) struct Silences {
    slots: Vec<Option<Slot>>,
    free: Vec<SilenceIndex>,
    by_id: BTreeMap<SilenceId, SilenceIndex>,
    /// Those that have not ended.
    index: MatcherIndex,
    due: BTreeSet<(Timestamp, SilenceIndex)>,
}

impl Silences {
    /// The place of the silence with this id.
    pub(super) fn find(&self, id: &SilenceId) -> Option<SilenceIndex> {
        self.by_id.get(id).copied()
    }

    /// The silence at a place that is in use.
    pub(super) fn at(&self, index: SilenceIndex) -> &Slot {
        self.slots[index as usize].as_ref().expect("alerts and ids name only silences that are kept")
    }

    fn at_mut(&mut self, index: SilenceIndex) -> &mut Slot {
        self.slots[index as usize].as_mut().expect("alerts and ids name only silences that are kept")
    }

    /// All places in use, in order of the silences' ids.
    fn places(&self) -> Vec<SilenceIndex> {
        self.by_id.values().copied().collect()
    }

    /// How many silences are kept.
    pub(super) fn len(&self) -> usize {
        self.by_id.len()
    }

    /// All silences in order of their ids.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Slot> {
        self.by_id.values().map(|index| self.at(*index))
    }

    /// The silences whose ids come after this one, or all, in order of their ids.
    pub(super) fn iter_after(&self, id: Option<&SilenceId>) -> impl Iterator<Item = &Slot> {
        let after = id.map_or(Bound::Unbounded, Bound::Excluded);
        self.by_id.range::<SilenceId, _>((after, Bound::Unbounded)).map(|(_, index)| self.at(*index))
    }

    /// The silences that have not ended and match these labels, in order of their places.
    pub(super) fn matching(&self, labels: &LabelSet) -> Vec<SilenceIndex> {
        let mut found = self.index.candidates(labels);
        found.retain(|index| self.at(*index).silence.matches(labels));
        found
    }

    /// Adds a silence that has not ended and matches these alerts.
    fn insert(&mut self, silence: Silence, alerts: BTreeSet<AlertIndex>) -> SilenceIndex {
        let (id, matchers, due) = (silence.id.clone(), silence.matchers.clone(), silence.ends_at);
        let slot = Some(Slot { silence, alerts, ended: false, due, witness: 0 });
        let index = match self.free.pop() {
            Some(index) => {
                self.slots[index as usize] = slot;
                index
            }
            None => {
                self.slots.push(slot);
                u32::try_from(self.slots.len() - 1).expect("fewer than four billion silences fit in memory")
            }
        };
        self.index.insert(index, &matchers);
        self.by_id.insert(id, index);
        index
    }

    /// Notes that a silence has ended, and returns the alerts that it matched.
    fn end(&mut self, index: SilenceIndex) -> BTreeSet<AlertIndex> {
        let slot = self.at_mut(index);
        slot.ended = true;
        let alerts = std::mem::take(&mut slot.alerts);
        let matchers = slot.silence.matchers.clone();
        self.index.remove(index, &matchers);
        alerts
    }

    /// Takes a silence that has ended out.
    fn remove(&mut self, index: SilenceIndex) -> Option<Silence> {
        let slot = self.slots[index as usize].take()?;
        self.due.remove(&(slot.due, index));
        self.by_id.remove(&slot.silence.id);
        self.free.push(index);
        Some(slot.silence)
    }

    fn look_again_at(&mut self, index: SilenceIndex, due: Timestamp) {
        let old = std::mem::replace(&mut self.at_mut(index).due, due);
        self.due.remove(&(old, index));
        self.due.insert((due, index));
    }

    /// The next silence that is to be looked at by `now`.
    fn next_due(&self, now: Timestamp) -> Option<SilenceIndex> {
        self.due.first().filter(|(due, _)| *due <= now).map(|(_, index)| *index)
    }

    /// When a silence is to be looked at next.
    pub(super) fn next(&self) -> Option<Timestamp> {
        self.due.first().map(|(due, _)| *due)
    }

    /// Notes that an alert is gone, which these silences matched.
    pub(super) fn forget_alert(&mut self, alert: AlertIndex, silences: &[SilenceIndex]) {
        for index in silences {
            self.at_mut(*index).alerts.remove(&alert);
        }
    }

    /// Notes that an alert is there, which these silences match.
    pub(super) fn note_alert(&mut self, alert: AlertIndex, silences: &[SilenceIndex]) {
        for index in silences {
            self.at_mut(*index).alerts.insert(alert);
        }
    }
}

/// The first instant after a silence's end.
fn after(silence: &Silence) -> Timestamp {
    silence.ends_at + Duration::from_millis(1)
}

/// Ends a silence so that it is expired at `now`: its end is the last instant at which it mutes.
fn end_before(silence: &mut Silence, now: Timestamp) {
    silence.ends_at = now - Duration::from_millis(1);
    silence.starts_at = silence.starts_at.min(silence.ends_at);
    silence.updated_at = now;
}

/// Whether a silence ends once nothing that it matches fires.
fn ends_on_its_own(silence: &Silence) -> bool {
    match silence.kind {
        SilenceKind::Plain => false,
        SilenceKind::UntilResolved | SilenceKind::Ack => true,
    }
}

fn is_over(silence: &Silence, now: Timestamp) -> bool {
    silence.state_at(now) == SilenceState::Expired
}
